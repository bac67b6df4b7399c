"""Whether the number of units jumps at the cutoff: a sign that scores were moved across it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm

from leadlib.designs.cutoffs.local import Floats, coefficient_weights, first_bandwidth

LEAST_NEAR = 10
"""Fewer on a side within the bandwidth say nothing about a density (the test then rejects too seldom)."""
LEAST_NEAREST, MOST_NEAREST = 20, 60
_DISTINCT = 0.9
_ORDER = 3


@dataclass(frozen=True)
class Density:
    """The score's density just left and right of the cutoff, and two tests of their being one.

    `z` and `p` belong to the densities; `nearest` counts those left and right among the nearest, `nearest_p` is the
    exact test of their being even (nan where scores repeat or are too few). A cubic beside a gap can go anywhere,
    counts cannot: so both are looked at, and `doubt` is the smaller p, doubled.
    """

    left: float
    right: float
    z: float
    p: float
    nearest: tuple[int, int] = (0, 0)
    nearest_p: float = math.nan

    @property
    def doubt(self) -> float:
        """The p-value of both tests together (Bonferroni)."""
        return self.p if math.isnan(self.nearest_p) else min(1.0, 2 * min(self.p, self.nearest_p))


def density_jump(x: Floats, right: np.ndarray, bandwidth: tuple[float, float] | None = None) -> Density | None:
    """Test whether the score's density is the same on both sides of the cutoff (score less cutoff); None where too few.

    Notes
    -----
    Cattaneo, Jansson and Ma (2020): a local cubic is fitted to the cumulative distribution on each side, whose slope at
    the cutoff is the density; its error from the rows' own shares, as in R: rddensity::rddensity(h =), with the
    triangular kernel. Bandwidth where none is given: the rule of thumb 2.576 min(SD, IQR / 1.349) n^(-1/5).
    """
    order = np.argsort(x, kind="stable")
    x, right = x[order], right[order]
    n = len(x)
    if n < 2 * LEAST_NEAR:
        return None
    h = bandwidth or (first_bandwidth(x),) * 2
    found = []
    for keep, reach in ((~right, h[0]), (right, h[1])):
        near = keep & (np.abs(x) < reach)
        if len(np.unique(x[near])) < LEAST_NEAR:
            return None
        w = np.zeros(n)
        w[near] = coefficient_weights(x[near], reach, _ORDER, 1, "triangular")
        # The slope of the cumulative distribution is a mean over rows of the weights at or above each.
        shares = np.cumsum(w[::-1])[::-1][np.searchsorted(x, x, side="left")] / (n - 1)
        found.append((float(w @ np.arange(n)) / (n - 1), float(shares @ shares)))
    (f0, v0), (f1, v1) = found
    z = (f1 - f0) / math.sqrt(v0 + v1)
    return Density(f0, f1, z, float(2 * norm.sf(abs(z))), *_counted(x, right))


def _counted(x: Floats, right: np.ndarray) -> tuple[tuple[int, int], float]:
    """Count sides among the nearest tenth (20 to 60 rows), with the exact binomial test (Cattaneo et al. 2017)."""
    m = min(len(x) // 10, MOST_NEAREST)
    nearest = np.argsort(np.abs(x), kind="stable")[:m]
    if m < LEAST_NEAREST or len(np.unique(x[nearest])) < _DISTINCT * m:
        return (0, 0), math.nan
    k = int(right[nearest].sum())
    return (m - k, k), float(binomtest(k, m).pvalue)
