"""Results by year since the start, what they said before it, and bands that hold for all years at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import f as fisher
from scipy.stats import t as student

from leadlib.designs.differences.reading import Floats
from leadlib.designs.estimates import Estimate, detectable, interval, p_value
from leadlib.numbers import phrase, plural, span

EVENTS = ("event", "value", "se", "df", "low", "high", "treated_n", "comparison_n", "base")
"""Columns of `EventStudy.events`: years since the first treated one, and the effect against the base year."""
DRAWS = 5_000
_SPARE_DF = 3.0


@dataclass(frozen=True)
class Pretrend:
    """What the years before the start say about parallel trends, and what they could have said.

    `slope` is how much the gap between the groups changed a year, with `se` and `df`; `joint_p` tests all years before
    at once (nan where there are too few units for it); `found` is the slope that such data show four times in five, and
    `left` what a slope of that size would add to the estimate unseen (Roth 2022).
    """

    slope: float
    se: float
    df: float
    p: float
    joint_p: float
    years_n: int
    found: float
    left: float


@dataclass(frozen=True, repr=False)
class EventStudy(Estimate):
    """An estimate with its path by year since the start.

    `events` has the columns of `EVENTS`, and `band_low, band_high` where a seed was given; `covariance` is that of
    `events.value` without the base year, labelled by event; `pretrend` is None with a single year before the start, and
    with a moving base.
    """

    events: pd.DataFrame = field(default_factory=pd.DataFrame)
    covariance: pd.DataFrame = field(default_factory=pd.DataFrame)
    pretrend: Pretrend | None = None


@dataclass(frozen=True, repr=False)
class GroupTime(EventStudy):
    """An event study over several starts; `cells` holds one row a cohort and year."""

    cells: pd.DataFrame = field(default_factory=pd.DataFrame)


Measure = Callable[[Floats], tuple[float, float, float]]


def pretrend(
    events: Floats, values: Floats, cov: Floats, df: Floats, measure: Measure, drift: float, base: float, level: float
) -> Pretrend | None:
    """Judge the years before the start.

    Parameters
    ----------
    events, values, cov, df
        The path without the base year.
    measure
        Gives value, standard error and degrees of freedom of a weighted sum of `values`.
    drift
        What a gap that grows by 1 a year adds to the estimate.

    Notes
    -----
    The slope is that of a straight line through the years before, the base year among them at 0. The joint test is
    F = Q (f - q + 1) / (f q) on q and f - q + 1 degrees of freedom with Q the Wald statistic and f the mean degrees
    of freedom of the q coefficients (Hotelling's T^2 with CR2 errors; Pustejovsky and Tipton 2018).
    """
    before = events < base
    if not before.any():
        return None
    x = np.append(events[before], base) - np.append(events[before], base).mean()
    weights = np.zeros(len(events))
    weights[before] = x[:-1] / (x**2).sum()
    slope, se, free = measure(weights)
    found = detectable(se, free, level)
    joint = _joint(values[before], cov[np.ix_(before, before)], float(df[before].mean()))
    return Pretrend(slope, se, free, p_value(slope, se, free), joint, int(before.sum()) + 1, found, abs(found * drift))


def _joint(values: Floats, cov: Floats, free: float) -> float:
    q = len(values)
    left = free - q + 1
    if left < _SPARE_DF or np.linalg.cond(cov) > 1e10:
        return np.nan
    wald = float(values @ np.linalg.solve(cov, values))
    if not np.isfinite(free):
        from scipy.stats import chi2

        return float(chi2.sf(wald, q))
    return float(fisher.sf(wald * left / (free * q), q, left))


def told(found: Pretrend | None, unit: str, level: float) -> str:
    """Say what the years before the start say, and what they would have missed."""
    if found is None:
        return "No two years before the start are set against the same year: parallel trends before it are not judged."
    low, high = interval(found.slope, found.se, found.df, level)
    joint = f"; all years before at once: p = {found.joint_p:.2f}" if np.isfinite(found.joint_p) else ""
    return (
        f"Before the start, over {plural(found.years_n, 'year')}, the gap between the groups changed by"
        f" {phrase(found.slope, unit, sign=True)} a year ({100 * level:g}% interval {span(low, high, unit, sign=True)};"
        f" p = {found.p:.2f}{joint}). A drift of {phrase(found.found, unit)} a year would have been seen four times in"
        f" five; going on unseen, it would move the estimate by {phrase(found.left, unit)}."
    )


def path(
    events: Floats, values: Floats, se: Floats, df: Floats, counts: Any, base: float, level: float
) -> pd.DataFrame:
    """Make the frame of a path, its base year among it."""
    half = student.ppf(1 - (1 - level) / 2, df) * se
    columns = dict(zip(EVENTS, (events, values, se, df, values - half, values + half, *counts), strict=False))
    columns["base"] = np.zeros(len(events), dtype=bool)
    if base not in set(events.tolist()):
        at = int(np.searchsorted(events, base))
        own = (base, 0.0, 0.0, np.nan, np.nan, np.nan, 0, 0, True)
        columns = {name: np.insert(columns[name], at, v) for name, v in zip(EVENTS, own, strict=True)}
    return pd.DataFrame({name: columns[name] for name in EVENTS})


def banded(frame: pd.DataFrame, cov: Floats, level: float, seed: int) -> pd.DataFrame:
    """Add bands that hold the whole path at once.

    Notes
    -----
    The largest |t| over the path, from normal multipliers on the clusters' parts in the errors (which is to draw from a
    normal distribution with their covariance), each draw divided by the root of a chi-square over its degrees of
    freedom, the least of the path's (Callaway and Sant'Anna 2021, algorithm 1, with t for normal).
    """
    own = ~frame["base"].to_numpy()
    critical = sup_t(cov, float(frame["df"][own].min()), level, seed)
    half = critical * frame["se"].where(own)
    return frame.assign(band_low=frame["value"] - half, band_high=frame["value"] + half)


def sup_t(cov: Floats, free: float, level: float, seed: int) -> float:
    """Give the critical value of the largest |t| among estimates with this covariance."""
    rng = np.random.default_rng(seed)
    se = np.sqrt(np.diag(cov))
    values, vectors = np.linalg.eigh(cov / np.outer(se, se))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    largest = np.abs(rng.standard_normal((DRAWS, len(se))) @ root.T).max(axis=1)
    if np.isfinite(free):
        largest /= np.sqrt(rng.chisquare(free, DRAWS) / free)
    return float(np.quantile(largest, level))
