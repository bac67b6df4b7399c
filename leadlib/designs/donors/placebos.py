"""What the same method gives for donors, which no program came to: the measure of chance for a synthetic control."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leadlib.designs.donors.weights import Floats, by_predictors, left_out_years, nearest_mix, polished, root_mean

FOLDS = 10
DRAWS = 199
MOST_POOL, MOST_PLACEBOS = 100, 199
"""Of many donors, mixes are made of those nearest to a unit before the start, and chance is measured on those nearest
to the treated one."""
Lots = Sequence[tuple[int, ...]]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Gaps:
    """A unit minus its mix of donors: gaps of every period, errors of fit before the start, and the weights."""

    gaps: Floats
    fit: float
    error: float
    weights: Floats
    predictors: Floats


def gaps_of(
    unit: Floats, pool: Floats, before: int, predictors: tuple[Floats, Floats] | None = None, *, exact: bool = False
) -> Gaps:
    """Mix the donors of a pool (rows) to be like a unit in its first `before` periods, and give the gaps.

    `error` is the root mean square gap of earlier years left out of the weights in turn; with predictors, which are
    what the weights see instead of the years, it is that of the fit.
    """
    shares, every = np.empty(0), len(pool)
    near = nearest_to(unit, pool, before, MOST_POOL)
    pool = pool[near]
    away = (pool - unit[None, :]).T
    if predictors is None:
        mix = (polished if exact else nearest_mix)(away[:before])
        error = root_mean(left_out_years(away[:before], FOLDS))
    else:
        mix, shares = by_predictors(away[:before], (predictors[1][near] - predictors[0][None, :]).T)
        error = root_mean(away[:before] @ mix)
    gaps = -(away @ mix)
    weights = np.zeros(every)
    weights[near] = mix
    return Gaps(gaps, root_mean(gaps[:before]), error, weights, shares)


def nearest_to(unit: Floats, pool: Floats, before: int, most: int) -> Places:
    """Give the places of the units of a pool that lie nearest before the start, in the pool's order; all if few."""
    if len(pool) <= most:
        return np.arange(len(pool))
    apart = ((pool[:, :before] - unit[None, :before]) ** 2).sum(axis=1)
    return np.asarray(np.sort(np.argsort(apart, kind="stable")[:most]))


def drawn(lots: Lots, donors: Floats, before: int, predictors: Floats | None) -> list[Gaps]:
    """Give the gaps of each lot of donors, averaged, against all other donors."""
    found = []
    for lot in lots:
        rest = np.setdiff1d(np.arange(len(donors)), lot)
        x = None if predictors is None else (predictors[list(lot)].mean(axis=0), predictors[rest])
        found.append(gaps_of(donors[list(lot)].mean(axis=0), donors[rest], before, x))
    return found


def lots_of(donors: Places, size: int, seed: int | None) -> Lots:
    """Give each donor by itself, or for several treated units as many lots of that size as are drawn."""
    if size == 1:
        return [(int(k),) for k in donors]
    rng = np.random.default_rng(seed)
    return [tuple(sorted(int(k) for k in rng.choice(donors, size, replace=False))) for _ in range(DRAWS)]


@dataclass(frozen=True)
class Rank:
    """Where a unit's gap stands among placebo gaps, each in units of its own error before the start."""

    p: float
    low: float
    high: float


def ranked(gap: float, error: float, gaps: Floats, errors: Floats, level: float) -> Rank:
    """Give the share of gaps as large, and the interval of effects that a test by rank does not rule out.

    With J placebos and k the whole part of (1 - level)(J + 1), the interval is the gap plus and minus the k-th largest
    placebo ratio times the unit's own error; it holds the truth in 1 - k/(J + 1), if the treated unit is like a draw
    from the donors.
    """
    ratios = np.abs(gaps) / np.where(errors > 0, errors, np.inf)
    ratios[(errors == 0) & (gaps != 0)] = np.inf
    own = abs(gap) / error
    reach = float(np.sort(ratios)[::-1][allowed(len(ratios), level) - 1]) * error
    # Ties count against the treated unit.
    as_large = int((ratios >= own * (1 - 1e-9)).sum())
    return Rank((1 + as_large) / (len(ratios) + 1), gap - reach, gap + reach)


def allowed(placebos: int, level: float) -> int:
    """Give how many of J + 1 ranks may lie outside an interval of this level."""
    return int((1 - level) * (placebos + 1) + 1e-9)
