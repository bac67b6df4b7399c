"""How far studies lie apart: the variance between studies and the average that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import chi2

Floats = npt.NDArray[np.float64]
Method = Literal["REML", "DL", "ML", "PM"]
_FAR = 1e6


@dataclass(frozen=True)
class Pooled:
    """A weighted average (or regression) of effects: coefficients, their covariance, spread between studies.

    `cov` is (X'WX)^-1, the covariance if the variances were known; `stretch` is Knapp and Hartung's factor.
    """

    coef: Floats
    cov: Floats
    tau2: float
    weights: Floats
    q: float
    typical: float
    stretch: float

    @property
    def free(self) -> int:
        """Degrees of freedom: studies less coefficients."""
        return len(self.weights) - len(self.coef)

    @property
    def i2(self) -> float:
        """The share, in percent, of the spread of effects that is more than chance in the studies."""
        return 100 * self.tau2 / (self.tau2 + self.typical)


def weighted(y: Floats, x: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """Give coefficients, (X'WX)^-1 and residuals of weighted least squares."""
    xw = x * w[:, None]
    cov = np.asarray(np.linalg.inv(x.T @ xw), dtype=np.float64)
    coef = cov @ (xw.T @ y)
    return coef, cov, y - x @ coef


def pooled(y: Floats, v: Floats, x: Floats, method: Method = "REML") -> Pooled:
    """Fit y = X b + u + e with Var(e) = v known and Var(u) = tau2 estimated."""
    scale = float(np.sqrt(np.median(v)))
    y1, v1 = y / scale, v / scale**2
    tau2 = _ESTIMATORS[method](y1, v1, x)
    w = 1 / (v1 + tau2)
    coef, cov, e = weighted(y1, x, w)
    free = len(y) - x.shape[1]
    _, cov0, e0 = weighted(y1, x, 1 / v1)
    trace = float((1 / v1).sum() - np.trace(cov0 @ (x.T @ (x / v1[:, None] ** 2))))
    return Pooled(
        coef * scale,
        cov * scale**2,
        tau2 * scale**2,
        w / scale**2,
        float((e0**2 / v1).sum()),
        free / trace * scale**2,
        float((w * e**2).sum() / free) if free else float("nan"),
    )


def spread_interval(y: Floats, v: Floats, x: Floats, level: float = 0.95) -> tuple[float, float]:
    """Give the Q-profile interval of tau2 (Viechtbauer 2007): exact where effects are normal."""
    scale = float(np.median(v))
    free = len(y) - x.shape[1]
    ends = chi2.ppf([1 - (1 - level) / 2, (1 - level) / 2], free)
    return tuple(_q_root(y / np.sqrt(scale), v / scale, x, float(q)) * scale for q in ends)  # type: ignore[return-value]


def spread_quantiles(y: Floats, v: Floats, x: Floats, at: Floats) -> Floats:
    """Give the values of tau2 below which its confidence distribution has these shares (the pivot of Q-profile)."""
    scale = float(np.median(v))
    y1, v1 = y / np.sqrt(scale), v / scale
    free = len(y) - x.shape[1]
    squares = float((weighted(y1, x, np.ones_like(v1))[2] ** 2).sum())
    top = 2 * squares / float(chi2.ppf(1 - at.max(), free)) + 10.0
    grid = np.r_[0.0, np.geomspace(1e-4, top, 120)]
    q = fits(y1, v1, x, grid)[2]
    # Q falls as tau2 grows, about as 1 / tau2 in the end.
    return np.asarray(np.interp(-np.log(chi2.ppf(1 - at, free)), -np.log(np.maximum(q, 1e-300)), grid) * scale)


def fits(y: Floats, v: Floats, x: Floats, tau2: Floats) -> tuple[Floats, Floats, Floats]:
    """Give for each tau2 the coefficients, X'WX and the weighted squares that remain."""
    w = 1 / (v[None, :] + tau2[:, None])
    xwx = np.einsum("gi,ij,ik->gjk", w, x, x, optimize=True)
    coef = np.linalg.solve(xwx, ((w * y) @ x)[:, :, None])[:, :, 0]
    return coef, xwx, (w * (y - coef @ x.T) ** 2).sum(axis=1)


def _q(y: Floats, v: Floats, x: Floats, tau2: float) -> float:
    w = 1 / (v + tau2)
    return float((w * weighted(y, x, w)[2] ** 2).sum())


def _q_root(y: Floats, v: Floats, x: Floats, target: float) -> float:
    """Give tau2 at which the weighted squares are this large; zero where they never are."""
    if _q(y, v, x, 0.0) <= target:
        return 0.0
    high = 1.0
    while _q(y, v, x, high) > target:
        high *= 4
        if high > _FAR**2:
            return float("inf")
    return float(brentq(lambda t: _q(y, v, x, t) - target, 0.0, high, xtol=1e-12, rtol=1e-12))


def _dersimonian_laird(y: Floats, v: Floats, x: Floats) -> float:
    w = 1 / v
    _, cov, e = weighted(y, x, w)
    trace = w.sum() - np.trace(cov @ (x.T @ (x * (w**2)[:, None])))
    return max(0.0, float(((w * e**2).sum() - (len(y) - x.shape[1])) / trace))


def _paule_mandel(y: Floats, v: Floats, x: Floats) -> float:
    return _q_root(y, v, x, float(len(y) - x.shape[1]))


def _restricted(y: Floats, v: Floats, x: Floats) -> float:
    return _likeliest(y, v, x, restricted=True)


def _full(y: Floats, v: Floats, x: Floats) -> float:
    return _likeliest(y, v, x, restricted=False)


_ESTIMATORS = {"REML": _restricted, "ML": _full, "DL": _dersimonian_laird, "PM": _paule_mandel}


def _grid(y: Floats, v: Floats, x: Floats) -> Floats:
    e = weighted(y, x, np.ones_like(v))[2]
    top = 30 * float((e**2).sum() / max(len(y) - x.shape[1], 1)) + 30.0
    return np.geomspace(1e-4, top, 40)


def _likeliest(y: Floats, v: Floats, x: Floats, *, restricted: bool) -> float:
    """Give the tau2 of the highest likelihood: the best of a grid (there may be several peaks), then the root there."""
    grid = np.r_[0.0, _grid(y, v, x)]
    best = int(np.argmax(_log_likelihoods(y, v, x, grid, restricted=restricted)))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, len(grid) - 1)])

    def slope(t: float) -> float:
        return _score(y, v, x, t, restricted=restricted)

    at_low, at_high = slope(low), slope(high)
    if at_low <= 0:
        return low if best <= 1 else float(grid[best])
    return float(brentq(slope, low, high, xtol=1e-13, rtol=1e-13)) if at_high < 0 else high


def _log_likelihoods(y: Floats, v: Floats, x: Floats, tau2: Floats, *, restricted: bool) -> Floats:
    _, xwx, q = fits(y, v, x, tau2)
    found = -np.log(v[None, :] + tau2[:, None]).sum(axis=1) - q
    return np.asarray((found - np.linalg.slogdet(xwx)[1] if restricted else found) / 2)


def _score(y: Floats, v: Floats, x: Floats, tau2: float, *, restricted: bool) -> float:
    w = 1 / (v + tau2)
    _, cov, e = weighted(y, x, w)
    trace = w.sum()
    if restricted:
        trace -= np.trace(cov @ (x.T @ (x * (w**2)[:, None])))
    return float(((w * e) ** 2).sum() - trace) / 2
