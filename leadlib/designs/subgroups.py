"""Differences by subgroup: each with its interval, the gaps between them, and each drawn towards what all share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr
from scipy.stats import false_discovery_control, norm
from scipy.stats import t as student

from leadlib.designs.clustered import Fit
from leadlib.designs.estimates import interval, p_value
from leadlib.errors import InputError, Problem
from leadlib.numbers import plural

Floats = npt.NDArray[np.float64]
LEAST = 3
"""Two subgroups do not tell how far subgroups differ, so none of them is drawn anywhere."""
ROW = ("kind", "group", "value", "low", "high", "n", "se", "df", "p")
_GRID = 200


@dataclass(frozen=True)
class Pooled:
    """Partly pooled values with their intervals, the mean they are drawn towards, and how far they truly differ."""

    value: Floats
    low: Floats
    high: Floats
    mean: float
    spread: float


def partly_pooled(value: Any, cov: Any, *, level: float = 0.95) -> Pooled:
    """Draw estimates of the same thing in several groups towards their mean, the less certain ones further.

    Parameters
    ----------
    value : array
        The estimates: three or more.
    cov : array
        Their covariance.

    Notes
    -----
    y ~ N(theta, V), theta ~ N(m, s^2), m and s with flat priors, integrated over s on a grid: an s estimated at zero
    and taken for known would give intervals that are too narrow (Rubin 1981, Journal of Educational Statistics 6,
    377-401; Gelman et al. 2013, Bayesian Data Analysis, ch. 5). The value is the median, the interval the two quantiles
    of the mixture; `spread` is the median of s. Checked on Rubin's eight schools and against a plain simulation.
    """
    y, v = np.asarray(value, float), np.asarray(cov, float)
    scale = float(np.sqrt(np.median(np.diag(v))))
    u = (np.arange(_GRID) + 0.5) / _GRID
    s = scale * u / (1 - u)
    log, centre, middle, spread = _given(y, v, s)
    weight = np.exp(log - log.max()) / (1 - u) ** 2  # the last factor is ds/du
    weight /= weight.sum()
    tail = (1 - level) / 2
    low, mid, high = (_quantile(q, weight, middle, spread) for q in (tail, 0.5, 1 - tail))
    return Pooled(mid, low, high, float(weight @ centre), float(s[np.searchsorted(np.cumsum(weight), 0.5)]))


def _given(y: Floats, v: Floats, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Give for each s its log likelihood, the mean, and each group's mean and standard deviation."""
    one = np.ones(len(y))
    w = np.linalg.inv(v[None] + (s**2)[:, None, None] * np.eye(len(y)))
    total = np.einsum("i,sij,j->s", one, w, one)
    centre = np.einsum("i,sij,j->s", one, w, y) / total
    off = y[None] - centre[:, None]
    pulled = np.einsum("sij,sj->si", w, off)
    log = 0.5 * (np.linalg.slogdet(w)[1] - np.log(total) - np.einsum("si,si->s", off, pulled))
    share = np.einsum("ij,sjk,k->si", v, w, one)
    variance = np.diag(v)[None] - np.einsum("ij,sjk,ki->si", v, w, v) + share**2 / total[:, None]
    return log, centre, y[None] - pulled @ v, np.sqrt(np.maximum(variance, 1e-300))


def _quantile(q: float, weight: Floats, middle: Floats, spread: Floats) -> Floats:
    low, high = (middle - 12 * spread).min(axis=0), (middle + 12 * spread).max(axis=0)
    for _ in range(50):
        half = (low + high) / 2
        below = weight @ ndtr((half[None] - middle) / spread) < q
        low, high = np.where(below, half, low), np.where(below, high, half)
    return np.asarray((low + high) / 2)


def check_subgroups(rows: pd.DataFrame, by: str, group: str, cluster: str | None, where: str) -> list[str]:
    """Give the subgroups; refuse all that lack two clusters in a group at once."""
    names = sorted(rows[by].unique())
    if len(names) < 2:
        raise InputError(
            Problem(
                f"{where}, by {by!r}", "holds one subgroup only", "leave `by` out, or name a column that parts the rows"
            )
        )
    units = pd.factorize(rows[cluster])[0] if cluster else np.arange(len(rows))
    counted = {
        str(name): [len(np.unique(units[(rows[by] == name) & (rows[group] == arm)])) for arm in (1.0, 0.0)]
        for name in names
    }
    word = "cluster" if cluster else "row"
    problems = [
        Problem(
            f"{where}, {by} {name!r}",
            f"has {plural(c[0], f'treated {word}')} and {plural(c[1], f'untreated {word}')}",
            "each subgroup needs two of each: merge it with another, or leave it out",
        )
        for name, c in counted.items()
        if min(c) < 2
    ]
    if problems:
        raise InputError(problems)
    return [str(n) for n in names]


def columns_of(rows: pd.DataFrame, by: str, group: str, names: Sequence[str]) -> tuple[Floats, list[str]]:
    """Give for each subgroup a column that marks it and one that marks its treated rows."""
    marks = np.column_stack([(rows[by] == name).to_numpy(float) for name in names])
    treated = marks * rows[group].to_numpy(float)[:, None]
    return np.column_stack([marks, treated]), [*(f"{by} {n}" for n in names), *(f"{group}, {by} {n}" for n in names)]


def told_apart(fit: Fit, names: Sequence[str], sizes: Sequence[int], level: float) -> tuple[pd.DataFrame, list[str]]:
    """Give differences, gaps and partly pooled differences as rows, and what there is to say about them.

    The fit's first columns are those of `columns_of`.
    """
    k, n = len(names), sum(sizes)
    place = k + np.arange(k)
    rows: list[tuple[Any, ...]] = []
    for j, name in enumerate(names):
        rows.append(("subgroup", name, *_line(fit, _contrast(fit, {int(place[j]): 1.0}), level, sizes[j])))
    gaps = [("gap", *gap) for gap in _gaps(fit, names, place, level, n)]
    pooled, said = _steadied(fit, rows, place, sizes, level)
    frame = pd.DataFrame([*rows, *gaps, *pooled], columns=list(ROW))
    return frame, [*said, _many([float(r[8]) for r in rows], level)]


def _contrast(fit: Fit, at: dict[int, float]) -> Floats:
    c = np.zeros(len(fit.names))
    for place, weight in at.items():
        c[place] = weight
    return c


def _line(fit: Fit, c: Floats, level: float, n: int) -> tuple[Any, ...]:
    value, se, df = fit.contrast(c)
    return (value, *interval(value, se, df, level), n, se, df, p_value(value, se, df))


def _gaps(fit: Fit, names: Sequence[str], place: Any, level: float, n: int) -> list[tuple[Any, ...]]:
    """Give the gap between two subgroups; of more, each one's gap from the mean of the others."""
    k = len(names)
    if k == 2:
        c = _contrast(fit, {int(place[0]): 1.0, int(place[1]): -1.0})
        return [(f"{names[0]} minus {names[1]}", *_line(fit, c, level, n))]
    return [
        (
            f"{name} minus the other subgroups",
            *_line(
                fit, _contrast(fit, {int(p): 1.0 if m == j else -1 / (k - 1) for m, p in enumerate(place)}), level, n
            ),
        )
        for j, name in enumerate(names)
    ]


def _steadied(
    fit: Fit, rows: list[tuple[Any, ...]], place: Any, sizes: Sequence[int], level: float
) -> tuple[list[tuple[Any, ...]], list[str]]:
    if len(rows) < LEAST:
        return [], ["Two subgroups do not tell how far subgroups differ, so neither is drawn towards the other."]
    value, df = np.array([r[2] for r in rows]), np.array([r[7] for r in rows])
    # Errors from few clusters are themselves uncertain: each is widened as its own t interval is.
    wide = student.ppf(0.5 + level / 2, df) / norm.ppf(0.5 + level / 2)
    got = partly_pooled(value, fit.cov[np.ix_(place, place)] * np.outer(wide, wide), level=level)
    nan = float("nan")
    out = [
        ("steadied", r[1], v, low, high, size, nan, nan, nan)
        for r, v, low, high, size in zip(rows, got.value, got.low, got.high, sizes, strict=True)
    ]
    return out, [
        "Steadied: each subgroup's difference drawn towards what the subgroups share, the less certain ones further;"
        " how far they truly differ is not taken for known (Rubin 1981)."
    ]


def _many(p: list[float], level: float) -> str:
    """Say how many stand apart from zero once it is allowed for that several were looked at."""
    limit = 1 - level
    apart, holm = sum(v <= limit for v in p), int(np.sum(holm_adjusted(p) <= limit))
    spared = int(np.sum(false_discovery_control(p) <= limit))
    return (
        f"{plural(len(p), 'subgroup')} were looked at: {apart} of the differences stand apart from zero by their own"
        f" interval, {holm} after Holm's and {spared} after Benjamini and Hochberg's allowance for looking at several."
    )


def holm_adjusted(p: Sequence[float]) -> Floats:
    """Give Holm's adjusted p-values."""
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    out = np.empty_like(values)
    out[order] = np.minimum(steps, 1.0)
    return out
