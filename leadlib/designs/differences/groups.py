"""What both designs say about their groups: who was compared, how they began, and what plainer figures would say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.differences.reading import Floats, Panel
from leadlib.designs.estimates import BASELINE, Assignment, Evidence
from leadlib.errors import refuse
from leadlib.numbers import plural


def earliest(panel: Panel) -> npt.NDArray[np.bool_]:
    """Say which years lie before anyone started."""
    return np.asarray(panel.years < panel.first[np.isfinite(panel.first)].min())


def row_means(y: Floats, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Give each unit's mean over the chosen years that it has; nan where it has none."""
    part = y[:, chosen]
    seen = np.isfinite(part)
    n = seen.sum(axis=1)
    return np.asarray(np.where(n > 0, np.where(seen, part, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan))


def covariate_means(panel: Panel, where: str) -> tuple[Panel, Floats | None]:
    """Give units' covariates before anyone started, in standard deviations; units without them are left out.

    Raises
    ------
    InputError
        A covariate that does not vary, or that the others determine.
    """
    if not panel.extra:
        return panel, None
    x = np.column_stack([row_means(m, earliest(panel)) for m in panel.extra.values()])
    whole = np.isfinite(x).all(axis=1)
    if not whole.all():
        lost = plural(int((~whole).sum()), "unit")
        panel = panel.keep(whole, f"{lost} without a covariate before the start left out.")
        x = x[whole]
    names = list(panel.extra)
    centred = x - x.mean(axis=0)
    size = np.sqrt((centred**2).mean(axis=0))
    flat = [n for n, s, m in zip(names, size, np.abs(x).max(axis=0), strict=True) if not s > 1e-12 * m]
    if flat:
        raise refuse(f"{where}, column {flat[0]!r}", "is the same for all units before the start", "leave it out")
    scaled = centred / size
    if np.linalg.matrix_rank(scaled, tol=1e-8 * np.sqrt(len(x))) < len(names):
        raise refuse(f"{where}, covariates {', '.join(names)}", "say the same as one another", "leave one of them out")
    return panel, scaled


def spread(panel: Panel) -> float:
    """Give the standard deviation of units within a group and year, over the years before anyone started."""
    before = panel.y[:, earliest(panel)]
    squares, free = 0.0, 0
    for side in (np.isinf(panel.first), np.isfinite(panel.first)):
        part = before[side]
        seen = np.isfinite(part)
        n = seen.sum(axis=0)
        mean = np.where(seen, part, 0.0).sum(axis=0) / np.maximum(n, 1)
        squares += float(np.where(seen, part - mean, 0.0).__pow__(2).sum())
        free += int(np.maximum(n - 1, 0).sum())
    return float(np.sqrt(squares / free)) if free else float("nan")


def evidence(
    panel: Panel,
    assignment: Assignment,
    unit_word: str,
    cluster_word: str,
    label: str,
    covariates: Sequence[str],
    clustered: bool,
) -> Evidence:
    """Say how the estimate came about, for the card that grades it."""
    ever = np.isfinite(panel.first)
    if ever.all():
        ever = panel.first < panel.first.max()
    counts = int(ever.sum()), int((~ever).sum())
    groups = len(np.unique(panel.cluster[ever])), len(np.unique(panel.cluster[~ever]))
    measures = {f"{label}, before": panel.y, **{c: panel.extra[c] for c in covariates}}
    rows = [_baseline(name, row_means(y, earliest(panel)), ever) for name, y in measures.items()]
    return Evidence(
        assignment=assignment,
        units=counts,
        clusters=groups if clustered else None,
        unit_word=unit_word,
        cluster_word=cluster_word,
        baseline=pd.DataFrame(rows, columns=list(BASELINE)),
        adjusted=("unit effects", "year effects", *covariates),
        inference_clustered=True,
    )


def _baseline(name: str, values: Floats, ever: npt.NDArray[np.bool_]) -> tuple[object, ...]:
    sides = [values[side][np.isfinite(values[side])] for side in (ever, ~ever)]
    squares = sum(float(((s - s.mean()) ** 2).sum()) for s in sides if len(s))
    free = sum(max(len(s) - 1, 0) for s in sides)
    means = [float(s.mean()) if len(s) else float("nan") for s in sides]
    return name, *means, float(np.sqrt(squares / free)) if free else float("nan"), len(sides[0]), len(sides[1]), True


def demeaned(values: Floats, seen: npt.NDArray[np.bool_]) -> Floats:
    """Take each unit's mean over the years that it has from every layer of values; zero where there is no value."""
    n = np.maximum(seen.sum(axis=1), 1)
    held = np.where(seen, values, 0.0)
    return np.asarray(np.where(seen, held - (held.sum(axis=-1) / n)[..., None], 0.0))


def two_way(panel: Panel) -> tuple[float, float]:
    """Give the coefficient of treatment in a regression with unit and year effects, and the share with negative weight.

    Notes
    -----
    Units' means are taken out, years are columns: one order of columns, so that the last bits never depend on the run.
    R: fixest::feols(y ~ treated | unit + year).
    """
    seen = panel.seen
    root = np.sqrt(panel.weight)[:, None]
    on = (panel.years[None, :] >= panel.first[:, None]).astype(float)
    layers = [demeaned(np.broadcast_to(row, seen.shape), seen) for row in np.eye(len(panel.years))[1:]]
    x = np.stack([(layer * root)[seen] for layer in layers], axis=1)
    d = (demeaned(on, seen) * root)[seen]
    left = d - x @ np.linalg.lstsq(x, d, rcond=None)[0]
    y = (demeaned(panel.y, seen) * root)[seen]
    size = float(left @ left)
    if size <= 1e-12 * max(float(d @ d), 1e-300):
        return float("nan"), float("nan")
    treated = on[seen] > 0
    return float(left @ y) / size, float((left[treated] < -1e-12).mean())
