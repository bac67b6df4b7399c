"""What a meta-analysis is given: effects, their variances, who they belong to, and features of studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.frames import prepared
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import plural

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
WHERE = "meta"


@dataclass(frozen=True)
class Studies:
    """Effects and all that belongs to them; rows of one study stand together. Moderators are centred at their means."""

    y: Floats
    v: Floats
    x: Floats
    names: tuple[str, ...]
    study: list[str]
    within: list[str]
    groups: Codes
    clusters: Codes
    nested: bool
    robust: bool
    limits: tuple[str, ...]

    @property
    def groups_n(self) -> int:
        """Number of studies."""
        return int(self.groups.max()) + 1

    @property
    def clusters_n(self) -> int:
        """Number of clusters that are independent of each other."""
        return int(self.clusters.max()) + 1

    def without(self, code: int) -> Studies | None:
        """Give the data without one study; None where nothing can be averaged then."""
        keep = self.groups != code
        x = self.x[keep]
        if self.groups_n < 3 or len(x) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
            return None
        groups, clusters = (np.unique(c[keep], return_inverse=True)[1] for c in (self.groups, self.clusters))
        return replace(self, y=self.y[keep], v=self.v[keep], x=x, groups=groups, clusters=clusters)


def studies(
    frame: pd.DataFrame,
    *,
    effect: str,
    variance: str | None,
    se: str | None,
    study: str,
    within: str | None,
    cluster: str | None,
    moderators: Sequence[str],
) -> Studies:
    """Give the rows that have a value, checked; refuse what a meta-analysis cannot use."""
    if (variance is None) == (se is None):
        raise refuse(WHERE, "needs either variance= or se=", "name the column that holds one of them")
    error = variance or se or ""
    there = [m for m in moderators if isinstance(frame, pd.DataFrame) and m in frame]
    kinds = [m for m in there if not pd.api.types.is_numeric_dtype(frame[m].infer_objects())]
    labels = [study, *([within] if within else []), *([cluster] if cluster else []), *kinds]
    key = [study, within] if within else [study]
    ready = prepared(frame, WHERE, numbers=[effect, error, *(m for m in moderators if m not in kinds)], labels=labels)
    rows = ready.frame.sort_values([*key, effect, error], kind="stable").reset_index(drop=True)
    _unique(rows, key, within)
    spread = rows[error].to_numpy(float)
    bad = rows[spread <= 0]
    if len(bad):
        raise refuse(
            f"{WHERE}, column {error!r}",
            f"is not above zero for {bad[study].iloc[0]} and {plural(len(bad), 'row')} in all",
            "give each study's sampling variance or standard error",
        )
    groups = pd.factorize(rows[study], sort=True)[0]
    if len(rows) == 0 or groups.max() < 1:
        raise refuse(WHERE, f"has {plural(len(np.unique(groups)), 'study', 'studies')}", "give two or more")
    clusters = pd.factorize(rows[cluster], sort=True)[0] if cluster else groups
    _nested_in(rows, study, cluster)
    x, names = _moderators(rows, list(moderators), kinds)
    return Studies(
        rows[effect].to_numpy(float),
        spread if variance else spread**2,
        x,
        names,
        rows[study].tolist(),
        rows[within].tolist() if within else [""] * len(rows),
        groups,
        clusters,
        within is not None,
        within is not None or cluster is not None,
        ready.limits(),
    )


def _unique(rows: pd.DataFrame, key: list[str], within: str | None) -> None:
    twice = rows[rows.duplicated(key, keep=False)]
    if len(twice):
        example = ", ".join(str(twice[c].iloc[0]) for c in key)
        fix = "keep one of each" if within else "name in within= what tells the effects of one study apart, or keep one"
        raise refuse(f"{WHERE}, rows", f"{plural(len(twice), 'row')} share their {' and '.join(key)} ({example})", fix)


def _nested_in(rows: pd.DataFrame, study: str, cluster: str | None) -> None:
    if cluster is None:
        return
    if rows[cluster].nunique() < 2:
        raise refuse(f"{WHERE}, column {cluster!r}", "puts all studies in one cluster", "give two or more clusters")
    if rows[[study, cluster]].drop_duplicates()[study].duplicated().any():
        raise refuse(f"{WHERE}, column {cluster!r}", "splits a study over clusters", "give each study one cluster")


def _moderators(rows: pd.DataFrame, moderators: list[str], kinds: list[str]) -> tuple[Floats, tuple[str, ...]]:
    columns, names = [np.ones(len(rows))], ["average"]
    problems = []
    for m in moderators:
        if rows[m].nunique() < 2:
            problems.append(Problem(f"{WHERE}, column {m!r}", "is the same in every study", "leave it out"))
            continue
        levels = sorted(rows[m].unique())
        parts = (
            [((rows[m] == one).to_numpy(float), f"{m}: {one} against {levels[0]}") for one in levels[1:]]
            if m in kinds
            else [(rows[m].to_numpy(float), m)]
        )
        for values, name in parts:
            columns.append(values - values.mean())
            names.append(name)
    if problems:
        raise InputError(problems)
    x = np.column_stack(columns)
    if len(rows) < x.shape[1] + (2 if moderators else 1):
        raise refuse(WHERE, f"has {len(rows)} effects for {x.shape[1]} coefficients", "give fewer moderators")
    scaled = x / np.sqrt((x**2).mean(axis=0))
    for k in range(1, x.shape[1]):
        if np.linalg.matrix_rank(scaled[:, : k + 1], tol=1e-8 * np.sqrt(len(x))) <= k:
            raise refuse(f"{WHERE}, {names[k]}", "follows from the moderators before it", "leave one of them out")
    return x, tuple(names)
