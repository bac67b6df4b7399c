"""Intervals that allow for trends that were not parallel, in plain arrays (Rambachan and Roth 2023)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtr
from scipy.stats import t as student

from leadlib.designs.differences.reading import Floats

_PENALTIES = np.logspace(-4, 4, 41)
_ROUNDS = 40
_BETWEEN = 8
_RATIOS = np.linspace(0.0, 8.0, 801)
_CLOSE = 1e-4


@dataclass(frozen=True)
class Path:
    """A path by year since the start without its base year, and the weighted sum of years after it that is asked for.

    `weights` has one number an event, zero before the base.
    """

    events: Floats
    values: Floats
    cov: Floats
    base: float
    weights: Floats
    df: float
    level: float

    @property
    def before(self) -> Floats:
        """Say which events lie before the base."""
        return np.asarray(self.events < self.base)

    def points(self) -> Floats:
        """Give all events in order, the base among them."""
        return np.sort(np.append(self.events, self.base))

    def steps(self) -> Floats:
        """Give as rows the weights that turn values into changes a year, from one event to the next, up to the base."""
        at = self.points()
        place = np.zeros((len(at), len(self.events)))
        place[at != self.base] = np.eye(len(self.events))
        rows = np.diff(place, axis=0) / np.diff(at)[:, None]
        return np.asarray(rows[at[1:] <= self.base])


def relative(path: Path, m: float) -> tuple[float, float, float, float]:
    """Give the interval, and the range without sampling error, if trends strayed at most m times as before.

    Notes
    -----
    A gap that drifts by at most m times the largest change a year seen before the start moves the sum by no more than
    m c max_s |d_s|, with c the sum of weight times years since the base. The true lower end is the least of linear
    functions of the path, so the least of their one-sided limits at (1 - level)/2 holds it (a union of intervals); the
    upper end likewise. Wider than the conditional and hybrid limits of Rambachan and Roth, never narrower than they
    need be by the rule, and free of grids.
    """
    reach = float(np.abs(path.weights) @ np.maximum(path.events - path.base, 0.0))
    critical = float(student.ppf(1 - (1 - path.level) / 2, path.df))
    centre, changes = float(path.weights @ path.values), path.steps()
    ways = np.concatenate([path.weights + m * reach * changes, path.weights - m * reach * changes])
    ends = ways @ path.values
    se = np.sqrt(np.einsum("ij,jk,ik->i", ways, path.cov, ways))
    largest = m * reach * float(np.abs(changes @ path.values).max())
    return float((ends - critical * se).min()), float((ends + critical * se).max()), centre - largest, centre + largest


class Smooth:
    """Intervals of fixed length if the drift of the gap bends by at most m a year (Rambachan and Roth 2023, 3.2).

    Notes
    -----
    A linear estimator continues the drift before the start in a straight line; its weights on the years before give up
    bias for precision. Of all that have no bias under a straight line, the frontier of variance against the largest
    bias is traced once (a quadratic program whose penalty on the sum of absolute values is met by reweighting); for
    each m the one with the shortest interval is taken: half = se cv(bias / se), where cv(b) is the quantile of |t + b|.
    R: HonestDiD::createSensitivityResults(method = "FLCI"), with t in place of the normal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        slope, self.bends = _shape(path)
        self.ways = _frontier(path, slope, self.bends)
        self.se = np.sqrt(np.einsum("ij,jk,ik->i", self.ways, path.cov, self.ways))
        self.reach = np.abs(self.ways @ self.bends.T).sum(axis=1)
        self.table = _quantiles(path.df, path.level)
        self.far = float(student.ppf(path.level, path.df))

    def at(self, m: float) -> tuple[float, float, float, float]:
        """Give the interval for this m, and the range without sampling error around its estimate."""
        bias = m * self.reach
        half = self.se * self._critical(bias / self.se)
        best = int(np.argmin(half))
        value = float(self.ways[best] @ self.path.values)
        return value - half[best], value + half[best], value - bias[best], value + bias[best]

    def largest_bend(self) -> float:
        """Give the largest bend a year that was seen before the start; nan with one change only."""
        at = self.path.points()
        at = at[at <= self.path.base]
        changes = self.path.steps() @ self.path.values
        if len(changes) < 2:
            return float("nan")
        return float(np.abs(np.diff(changes) / ((at[2:] - at[:-2]) / 2)).max())

    def _critical(self, ratio: Floats) -> Floats:
        return np.where(ratio <= _RATIOS[-1], np.interp(ratio, _RATIOS, self.table), ratio + self.far)


def _shape(path: Path) -> tuple[Floats, Floats]:
    """Write a drifting gap as its slope before the base, and its bends: one vector, and one row a bend of 1 a year."""
    at, own = path.points(), path.events
    bends = []
    for k in range(1, len(at) - 1):
        width = (at[k + 1] - at[k - 1]) / 2
        # A bend at or after the base lifts what follows; one before it what came earlier: the base itself stays at 0.
        lifted = np.maximum(own - at[k], 0.0) if at[k] >= path.base else np.maximum(at[k] - own, 0.0)
        bends.append(width * lifted)
    return own - path.base, np.array(bends).reshape(-1, len(own))


def _frontier(path: Path, slope: Floats, bends: Floats) -> Floats:
    """Trace the estimators without bias under a straight line, from the least variance to the least bias."""
    free = np.flatnonzero(path.before)
    fixed = path.weights
    found = []
    weight = np.full(len(bends), 1 / max(len(bends), 1))
    scale = 0.0
    for penalty in [0.0, *_PENALTIES]:
        for _ in range(1 if penalty == 0 or not len(bends) else _ROUNDS):
            grown = path.cov + penalty * scale * (bends.T / weight) @ bends
            way = _least(grown, slope, fixed, free)
            sizes = np.abs(bends @ way)
            if not sizes.sum() > 0:
                break
            new = np.maximum(sizes / sizes.sum(), 1e-9)
            new /= new.sum()
            still = np.abs(new - weight).max() < _CLOSE
            weight = new
            if still:
                break
        found.append(way)
        if penalty == 0 and sizes.sum() > 0:
            scale = float(way @ path.cov @ way) / float(sizes.sum()) ** 2
    # Mixtures of neighbours have no bias under a straight line either, and fill the frontier between them.
    traced = np.array(found)
    share = np.arange(_BETWEEN)[:, None, None] / _BETWEEN
    mixed = ((1 - share) * traced[:-1] + share * traced[1:]).reshape(-1, traced.shape[1])
    return np.concatenate([mixed, traced[-1:]])


def _least(matrix: Floats, slope: Floats, fixed: Floats, free: npt.NDArray[np.intp]) -> Floats:
    """Give the weights on the years before that make the quadratic form least, without bias under a straight line."""
    n = len(free)
    system = np.zeros((n + 1, n + 1))
    system[:n, :n] = matrix[np.ix_(free, free)]
    system[:n, n] = system[n, :n] = slope[free]
    right = np.append(-(matrix @ fixed)[free], -(slope @ fixed))
    size = np.append(np.sqrt(np.maximum(np.diag(system)[:n], 1e-300)), 1.0)
    size[n] = np.abs(slope[free] / size[:n]).max()
    solved = np.linalg.solve(system / np.outer(size, size), right / size) / size
    way = fixed.copy()
    way[free] = solved[:n]
    return way


def _quantiles(df: float, level: float) -> Floats:
    """Give the quantile of |t + b| for each b of the table, by bisection."""
    low, high = np.zeros(len(_RATIOS)), _RATIOS + student.ppf(1 - (1 - level) / 2, df) + 1e-9
    for _ in range(32):
        middle = (low + high) / 2
        inside = _below(middle - _RATIOS, df) - _below(-middle - _RATIOS, df)
        low, high = np.where(inside < level, middle, low), np.where(inside < level, high, middle)
    return np.asarray((low + high) / 2)


def _below(x: Floats, df: float) -> Floats:
    return np.asarray(stdtr(df, x) if np.isfinite(df) else ndtr(x))
