"""From covariates to sets, and from sets to the fit that compares their arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from leadlib.designs.clustered import Fit, least_squares
from leadlib.designs.matching.sets import (
    WHERE,
    Floats,
    Ints,
    Sets,
    coarsened,
    logits,
    nearest_sets,
    same,
    strata_sets,
)


@dataclass(frozen=True)
class Data:
    """What is matched: outcome, arm, covariates by name, ids, codes to agree in, clusters, and what was left out."""

    y: Floats
    treated: Any
    x: Floats
    names: tuple[str, ...]
    units: Any
    exact: Any
    clusters: Any
    left_out: tuple[str, ...]


def sets_of(data: Data, method: str, ratio: int, caliper: float, bins: int | None) -> tuple[Sets, Floats]:
    """Give the sets, and each row's log odds of being treated (nan where cells are matched)."""
    if method == "propensity":
        score = logits(data.x, data.treated, data.names)
        return nearest_sets(score, data.treated, same(data.exact), ratio=ratio, caliper=caliper), score
    cells: Ints = same(data.x) if method == "exact" else coarsened(data.x, bins)
    return strata_sets(same(np.column_stack([cells, data.exact])), data.treated), np.full(len(data.y), np.nan)


def fit_of(data: Data, sets: Sets, *, by_set: bool, adjust: bool) -> Fit:
    """Fit the outcome on treatment, and on the covariates that vary where they are adjusted for."""
    kept = sets.kept
    x, names = data.x[kept], list(data.names)
    varies = np.ptp(x, axis=0) > 0 if adjust else np.zeros(len(names), dtype=bool)
    columns = np.column_stack([np.ones(len(x)), data.treated[kept], (x - x.mean(axis=0))[:, varies]])
    clusters = data.clusters[kept] if data.clusters is not None else sets.sets[kept] if by_set else None
    used = ["constant", "treated", *(n for n, v in zip(names, varies, strict=True) if v)]
    return least_squares(data.y[kept], columns, names=used, where=WHERE, clusters=clusters, weights=sets.weights[kept])
