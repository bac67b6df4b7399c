"""Each unit against the forecast from its own earlier years, and treated against comparison units: numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from leadlib.designs.clustered import Fit, least_squares
from leadlib.designs.interrupted.table import WHERE, Flags, Floats, Wide

Baseline = Literal["trend", "mean"]
NEEDED = {"trend": 3, "mean": 2}
"""Earlier years that a unit needs: for a line, one more than draws it; for a mean, two."""


@dataclass(frozen=True)
class Difference:
    """Treated minus comparison: value, its error and its degrees of freedom."""

    value: float
    se: float
    df: float


def shared(values: Floats) -> Floats:
    """Give what moved all these units from period to period: period effects beside each unit's own level.

    Taken off every unit, it changes no comparison of complete series; where a unit misses a year, it keeps that year's
    common rise or fall from being read as the unit's own.
    """
    seen = np.isfinite(values)
    filled = np.where(seen, values, 0.0)
    counts = seen.sum(axis=1)
    some = counts > 0
    o, n = seen[some].astype(float), counts[some].astype(float)
    means = filled[some].sum(axis=1) / n
    normal = np.diag(o.sum(axis=0)) - (o / n[:, None]).T @ o
    right = (filled[some] - o * means[:, None]).sum(axis=0)
    return np.asarray(np.linalg.lstsq(normal, right, rcond=1e-10)[0])


def deviations(values: Floats, times: Floats, before: Flags, baseline: Baseline) -> Floats:
    """Give each unit's values minus the forecast from its own values before; NaN throughout where it has too few."""
    early = np.isfinite(values) & before[None, :]
    n = early.sum(axis=1)
    weight = early / np.maximum(n, 1)[:, None]
    center = weight @ times
    level = (weight * np.where(early, values, 0.0)).sum(axis=1)
    forecast = np.broadcast_to(level[:, None], values.shape)
    if baseline == "trend":
        away = times[None, :] - center[:, None]
        spread = (early * away**2).sum(axis=1)
        slope = (early * away * np.where(early, values, 0.0)).sum(axis=1) / np.where(spread > 0, spread, 1.0)
        forecast = forecast + slope[:, None] * away
    out = values - forecast
    out[n < NEEDED[baseline]] = np.nan
    return np.asarray(out)


def usable(deviation: Floats, treated: Flags, clusters: Any) -> Flags:
    """Say in which periods both groups have two units or more, in two clusters or more."""
    seen = np.isfinite(deviation)

    def enough(rows: Flags) -> Flags:
        if clusters is None:
            return np.asarray(seen[rows].sum(axis=0) >= 2)
        _, codes = np.unique(clusters[rows].astype(str), return_inverse=True)
        table = np.zeros((codes.max() + 1, seen.shape[1]))
        np.add.at(table, codes, seen[rows])
        return np.asarray((table > 0).sum(axis=0) >= 2)

    return enough(treated) & enough(~treated)


def average(deviation: Floats, wide: Wide) -> Difference:
    """Give the treated units' mean deviation over periods minus the comparison units', each period counted once.

    With complete series this is one number a unit; otherwise each period has its own level, and the differences of
    the periods are averaged, so that a unit's missing year does not shift which years are compared.
    """
    if np.isfinite(deviation).all():
        return _two(deviation.mean(axis=1), wide)
    row, column = np.nonzero(np.isfinite(deviation))
    periods = deviation.shape[1]
    x = np.zeros((len(row), 2 * periods))
    x[np.arange(len(row)), column] = 1.0
    inside = wide.treated[row]
    x[np.flatnonzero(inside), periods + column[inside]] = 1.0
    names = [*(f"period {k + 1}" for k in range(periods)), *(f"treated, period {k + 1}" for k in range(periods))]
    clusters = (wide.units if wide.clusters is None else wide.clusters)[row]
    weights = None if wide.weights is None else wide.weights[row]
    fit = least_squares(deviation[row, column], x, names=names, where=WHERE, clusters=clusters, weights=weights)
    return Difference(*fit.contrast(np.r_[np.zeros(periods), np.full(periods, 1 / periods)]))


def each(deviation: Floats, wide: Wide) -> list[Difference]:
    """Give the difference of every period by itself."""
    return [_two(deviation[:, k], wide) for k in range(deviation.shape[1])]


def level_and_slope(deviation: Floats, times: Floats, start: float, wide: Wide) -> tuple[Difference, Difference] | None:
    """Give how the treated units' deviations begin and how they grow a period, minus the comparison units'."""
    seen = np.isfinite(deviation)
    enough = seen.sum(axis=1) >= 2
    groups = [enough & wide.treated, enough & ~wide.treated]
    if deviation.shape[1] < 2 or min(g.sum() for g in groups) < 2:
        return None
    if wide.clusters is not None and min(len(set(wide.clusters[g])) for g in groups) < 2:
        return None
    d, o = np.where(seen, deviation, 0.0)[enough], seen[enough]
    since = times - start
    n = o.sum(axis=1)
    center = (o * since).sum(axis=1) / n
    away = since[None, :] - center[:, None]
    slope = (o * away * d).sum(axis=1) / (o * away**2).sum(axis=1)
    kept = wide.only(enough)
    return _two(d.sum(axis=1) / n - slope * center, kept), _two(slope, kept)


def _two(values: Floats, wide: Wide) -> Difference:
    seen = np.isfinite(values)
    kept = wide if seen.all() else wide.only(seen)
    x = np.column_stack([np.ones(int(seen.sum())), kept.treated])
    fit: Fit = least_squares(
        values[seen], x, names=("constant", "treated"), where=WHERE, clusters=kept.clusters, weights=kept.weights
    )
    return Difference(*fit.term("treated"))


def neighbors(deviation: Floats, times: Floats, before: Flags, baseline: Baseline) -> tuple[float, float, float]:
    """Give the correlation of neighboring years' deviations before, what the fit alone makes of it, and Durbin-Watson.

    Residuals of a line through few points go up and down even where errors are unrelated; that correlation is the
    ratio of the sums beside and on the diagonal of I - H.
    """
    e, t = deviation[:, before], times[before]
    next_to = np.diff(t) == 1
    first, second = e[:, :-1][:, next_to], e[:, 1:][:, next_to]
    both = np.isfinite(first) & np.isfinite(second)
    squares = float(np.nansum(e**2))
    if not both.any() or squares <= 0:
        return np.nan, np.nan, np.nan
    cross = float((first[both] * second[both]).sum())
    apart = float(((second[both] - first[both]) ** 2).sum())
    x = np.column_stack([np.ones(len(t)), t - t.mean()])[:, : 2 if baseline == "trend" else 1]
    rest = np.eye(len(t)) - x @ np.linalg.pinv(x)
    beside = float(np.diag(rest, 1)[next_to].sum())
    trace = float(np.trace(rest))
    return cross / squares, beside / trace if trace > 1e-9 else np.nan, apart / squares


def earlier_slope(values: Floats, times: Floats, before: Flags, wide: Wide) -> Difference | None:
    """Give how much steeper the treated units' trends were before the start."""
    early = np.isfinite(values) & before[None, :]
    n = early.sum(axis=1)
    keep = n >= 2
    if min((keep & wide.treated).sum(), (keep & ~wide.treated).sum()) < 2:
        return None
    away = times[None, :] - ((early * times).sum(axis=1) / np.maximum(n, 1))[:, None]
    spread = (early * away**2).sum(axis=1)
    slope = (early * away * np.where(early, values, 0.0)).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    kept = wide.only(keep)
    if (
        kept.clusters is not None
        and min(len(set(kept.clusters[kept.treated])), len(set(kept.clusters[~kept.treated]))) < 2
    ):
        return None
    return _two(slope[keep], kept)
