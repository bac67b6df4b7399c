"""Intervals for two shares: their ratio, their difference, one share; good also for small counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

Floats = npt.NDArray[np.float64]
_WIDEST = 40.0
_STEPS = 46  # halvings: to 12 digits


def wilson(x: Any, n: Any, level: float = 0.95) -> tuple[Floats, Floats]:
    """Give Wilson's (1927) score interval of a share; NaN where n is zero."""
    count, size = np.asarray(x, dtype=float), np.asarray(n, dtype=float)
    z2 = float(norm.ppf(1 - (1 - level) / 2)) ** 2
    full = np.where(size > 0, size, np.nan)
    p = count / full
    middle = (p + z2 / (2 * full)) / (1 + z2 / full)
    half = np.sqrt(z2 * (p * (1 - p) / full + z2 / (4 * full**2))) / (1 + z2 / full)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def difference_interval(x1: Any, n1: Any, x2: Any, n2: Any, level: float = 0.95) -> tuple[Floats, Floats]:
    """Give Newcombe's (1998) hybrid score interval of p1 - p2, from Wilson's intervals of both."""
    p1, p2 = np.asarray(x1, dtype=float) / np.asarray(n1), np.asarray(x2, dtype=float) / np.asarray(n2)
    (l1, u1), (l2, u2) = wilson(x1, n1, level), wilson(x2, n2, level)
    gap = p1 - p2
    return gap - np.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2), gap + np.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)


def ratio_interval(x1: Any, n1: Any, x2: Any, n2: Any, level: float = 0.95) -> tuple[Floats, Floats]:
    """Give Koopman's (1984) score interval of p1 / p2; 0 or infinity where a count is zero, NaN where both are.

    Notes
    -----
    The ratios r at which (p1 - r p2)^2 / (q1 (1 - q1) / n1 + r^2 q2 (1 - q2) / n2) stays below chi-squared, with q1 = r
    q2 the likeliest shares of that ratio. Found by halving on log r, all rows at once.
    """
    a, m, b, n = (np.asarray(v, dtype=float) for v in np.broadcast_arrays(x1, n1, x2, n2))
    z = float(norm.ppf(1 - (1 - level) / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log(np.where(a > 0, a, 0.5) / m / (np.where(b > 0, b, 0.5) / n))
    unknown = ~np.isfinite(centre) | ((a == 0) & (b == 0))
    at = np.where(unknown, 0.0, centre)
    low, high = (_edge(a, m, b, n, at, z, side) for side in (-1.0, 1.0))
    low = np.where(a > 0, np.exp(low), 0.0)
    high = np.where(b > 0, np.exp(high), np.inf)
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _edge(a: Floats, m: Floats, b: Floats, n: Floats, centre: Floats, z: float, side: float) -> Floats:
    """Give log r where the score statistic reaches z on this side of the centre."""
    inner, outer = centre.copy(), centre + side * _WIDEST
    for _ in range(_STEPS):
        middle = (inner + outer) / 2
        inside = _score(a, m, b, n, np.exp(middle)) * -side < z
        inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
    return np.asarray((inner + outer) / 2)


def _score(a: Floats, m: Floats, b: Floats, n: Floats, r: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        q, two = (n + m) * r, -(m * r + a + n + b * r)
        # The smaller root, in the form that keeps its digits.
        p2 = 2 * (a + b) / (-two + np.sqrt(np.maximum(two**2 - 4 * q * (a + b), 0.0)))
        p1 = np.minimum(r * p2, 1.0)
        spread = p1 * (1 - p1) / m + r**2 * p2 * (1 - p2) / n
        found = (a / m - r * b / n) / np.sqrt(spread)
    return np.asarray(np.where(np.isfinite(found), found, np.sign(np.nan_to_num(found)) * 1e9))
