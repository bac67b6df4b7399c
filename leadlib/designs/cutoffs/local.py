"""Local polynomials at a cutoff: weights, errors from nearest neighbors, and the bandwidth with the least error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Kernel = Literal["triangular", "uniform", "epanechnikov"]
KERNELS: dict[str, float] = {"triangular": 2.576, "epanechnikov": 2.34, "uniform": 1.843}
"""Kernels, and the constant of each in the rule of thumb for a first bandwidth (Calonico et al. 2014)."""
NEIGHBORS = 3
_REGULARIZED = 3.0


@dataclass(frozen=True)
class Jump:
    """The jump at the cutoff: by local lines, corrected for their bias, and the error of each."""

    lines: float
    lines_se: float
    corrected: float
    corrected_se: float


@dataclass(frozen=True)
class Bandwidths:
    """Bandwidth of the lines, and of the curves that their bias is read from."""

    lines: float
    curves: float


def kernel_weights(x: Floats, h: float, kernel: str) -> Floats:
    """Give the kernel's weight of each distance from the cutoff; zero beyond the bandwidth."""
    u = np.abs(x) / h
    if kernel == "triangular":
        return np.asarray(np.maximum(1 - u, 0.0))
    if kernel == "epanechnikov":
        return np.asarray(np.maximum(1 - u**2, 0.0))
    return (u <= 1).astype(float)


def powers(x: Floats, order: int) -> Floats:
    """Give the columns 1, x, x^2, ... up to the order."""
    return np.vander(x, order + 1, increasing=True)


def coefficient_weights(x: Floats, h: float, order: int, which: int, kernel: str) -> Floats:
    """Give each row's weight in the coefficient of x^which of the polynomial at the cutoff."""
    k, r = kernel_weights(x, h, kernel), powers(x / h, order)
    inverse = np.linalg.pinv((r * k[:, None]).T @ r, hermitian=True)
    return np.asarray((r @ inverse[which]) * k / h**which)


def neighbor_residuals(x: Floats, y: Floats, matches: int = NEIGHBORS) -> Floats:
    """Give sqrt(J / (J + 1)) (y - mean of its J nearest on x, with all ties), for sorted x (Abadie and Imbens 2006)."""
    n = len(x)
    j = min(matches, n - 1)
    if j < 1:
        return np.zeros(n)
    # Of the windows of j + 1 rows around a row, the nearest j lie in the one whose farther end is closest.
    rows = np.arange(n)
    reach = np.full(n, np.inf)
    for left in range(j + 1):
        first = rows - left
        fits = (first >= 0) & (first + j < n)
        a, b = x[np.clip(first, 0, n - 1)], x[np.clip(first + j, 0, n - 1)]
        reach = np.where(fits, np.minimum(reach, np.maximum(x - a, b - x)), reach)
    slack = 1e-10 * (x[-1] - x[0])
    low = np.searchsorted(x, x - reach - slack, side="left")
    high = np.searchsorted(x, x + reach + slack, side="right")
    total = np.r_[0.0, np.cumsum(y - y.mean())]
    count = high - low - 1
    own = y - y.mean()
    mean = (total[high] - total[low] - own) / count
    return np.asarray(np.sqrt(count / (count + 1)) * (own - mean))


def squared_error(weights: Floats, residuals: Floats, clusters: npt.NDArray[np.intp] | None) -> float:
    """Give the variance of a weighted sum of outcomes; clusters' residuals are added up first."""
    parts = weights * residuals
    sums = parts if clusters is None else np.bincount(clusters, weights=parts)
    return float(sums @ sums)


@dataclass(frozen=True)
class Side:
    """The rows on one side of the cutoff, sorted by the score's distance from it (with its sign)."""

    x: Floats
    y: Floats
    clusters: npt.NDArray[np.intp] | None
    kernel: str

    def near(self, h: float) -> Side:
        """Give the rows that a bandwidth weighs."""
        keep = kernel_weights(self.x, h, self.kernel) > 0
        return Side(self.x[keep], self.y[keep], None if self.clusters is None else self.clusters[keep], self.kernel)

    def residuals(self, h: float, order: int) -> Floats:
        """Give residuals: from neighbors; with clusters from the polynomial, as neighbors may share a cluster."""
        if self.clusters is None:
            return neighbor_residuals(self.x, self.y)
        r, k = powers(self.x / h, order), kernel_weights(self.x, h, self.kernel)
        root = np.sqrt(k)
        coef, *_ = np.linalg.lstsq(r * root[:, None], self.y * root, rcond=None)
        spare = max(len(self.y) - order - 1, 1)
        return np.asarray((self.y - r @ coef) * np.sqrt(len(self.y) / spare))


def split(
    x: Floats, y: Floats, clusters: npt.NDArray[np.intp] | None, right: npt.NDArray[np.bool_], kernel: str
) -> tuple[Side, Side]:
    """Give the rows left and right of the cutoff, each sorted by its distance from it."""
    sides = []
    for keep in (~right, right):
        order: npt.NDArray[np.intp] = np.argsort(x[keep], kind="stable")
        own = None if clusters is None else clusters[keep][order]
        sides.append(Side(x[keep][order], y[keep][order], own, kernel))
    return sides[0], sides[1]


def _terms(
    side: Side, order: int, which: int, h_variance: float, order_bias: int, h_bias: float
) -> tuple[float, float, float]:
    """Give the variance, bias and regularization constants of one side's coefficient of x^which.

    With bandwidth h the coefficient has variance V / h^(1 + 2 which) and bias B h^(order + 1 - which).
    """
    near = side.near(h_variance)
    w = coefficient_weights(near.x, h_variance, order, which, side.kernel)
    v = squared_error(w, near.residuals(h_variance, order), near.clusters) * h_variance ** (2 * which + 1)
    # How much of x^(order + 1) leaks into the coefficient, free of the bandwidth.
    leak = float(w @ near.x ** (order + 1)) / h_variance ** (order + 1 - which)
    wide = side.near(h_bias)
    wb = coefficient_weights(wide.x, h_bias, order_bias, order + 1, side.kernel)
    slope = float(wb @ wide.y)
    slope_var = squared_error(wb, wide.residuals(h_bias, order_bias), wide.clusters)
    return v, leak * slope, _REGULARIZED * leak**2 * slope_var


def _best(
    sides: tuple[Side, Side],
    order: int,
    which: int,
    h_variance: float,
    order_bias: int,
    h_bias: tuple[float, float],
    penalty: float,
) -> float:
    """Give the bandwidth with the least mean squared error of the difference between the sides' coefficients."""
    (v0, b0, r0), (v1, b1, r1) = (
        _terms(s, order, which, h_variance, order_bias, h) for s, h in zip(sides, h_bias, strict=True)
    )
    squared_bias = (b1 - b0) ** 2 + penalty * (r0 + r1)
    top, below = (2 * which + 1) * (v0 + v1), 2 * (order + 1 - which) * squared_bias
    return float((top / below) ** (1 / (2 * order + 3))) if top > 0 and below > 0 else np.inf


def first_bandwidth(x: Floats, kernel: str = "triangular") -> float:
    """Give the rule of thumb that the search starts from: c min(SD, IQR / 1.349) n^(-1/5)."""
    quarters = np.quantile(x, [0.25, 0.75])
    sd = float(x.std(ddof=1))
    spread = min(sd, float(quarters[1] - quarters[0]) / 1.349) or sd
    return float(KERNELS[kernel] * spread * len(np.unique(x)) ** (-0.2))


def bandwidths(sides: tuple[Side, Side]) -> Bandwidths:
    """Give the bandwidths with the least mean squared error, found in three steps from a rule of thumb.

    Notes
    -----
    Calonico, Cattaneo and Titiunik (2014), with one bandwidth on both sides (Calonico, Cattaneo and Farrell 2020), as
    in R: rdrobust::rdbwselect(bwselect = "mserd"). Order 1 for the lines, 2 for the curves, regularized by three times
    the variance of the curvature (Imbens and Kalyanaraman 2012).
    """
    ends = tuple(float(np.abs(s.x).max()) for s in sides)
    most = max(ends)
    pilot = min(first_bandwidth(np.concatenate([s.x for s in sides]), sides[0].kernel), most)
    outer = min(_best(sides, 3, 3, pilot, 4, (ends[0] * (1 + 1e-12), ends[1] * (1 + 1e-12)), 0.0), most)
    curves = min(_best(sides, 2, 2, pilot, 3, (outer, outer), 1.0), most)
    lines = min(_best(sides, 1, 0, pilot, 2, (curves, curves), 1.0), most)
    return Bandwidths(lines, curves)


def jump(sides: tuple[Side, Side], h: float, b: float) -> Jump:
    """Give the jump from left to right by lines within h, and corrected for the bias read from curves within b.

    Notes
    -----
    Calonico, Cattaneo and Titiunik (2014): the error of the corrected jump allows for that of the correction. Errors
    from three nearest neighbors, as in R: rdrobust::rdrobust(h =, b =) with its defaults.
    """
    total, corrected, var, var_corrected = 0.0, 0.0, 0.0, 0.0
    for side, sign in zip(sides, (-1.0, 1.0), strict=True):
        near = side.near(max(h, b))
        w = coefficient_weights(near.x, h, 1, 0, side.kernel)
        curve = coefficient_weights(near.x, b, 2, 2, side.kernel)
        robust = w - float(w @ near.x**2) * curve
        residuals = neighbor_residuals(near.x, near.y)
        total += sign * float(w @ near.y)
        corrected += sign * float(robust @ near.y)
        var += squared_error(w, residuals, None)
        var_corrected += squared_error(robust, residuals, None)
    return Jump(total, float(np.sqrt(var)), corrected, float(np.sqrt(var_corrected)))
