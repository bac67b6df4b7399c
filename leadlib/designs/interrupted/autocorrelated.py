"""Regression on one series whose neighboring years are alike, honest for short series: nothing about frames here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.float64]
LAGS: Floats = np.round(np.arange(-0.80, 0.901, 0.05), 2)
"""Correlations of neighboring years that are weighed against each other."""
_NO_NOISE = 1e-20


@dataclass(frozen=True)
class Weighed:
    """Fits for every correlation of neighboring years, each with its weight in the light of the data."""

    lags: Floats
    weights: Floats
    coef: Floats
    cov: Floats
    df: int

    @property
    def lag(self) -> float:
        """The correlation of neighboring years that the data point to: the weighted mean."""
        return float(self.weights @ self.lags)

    def value(self, c: Any) -> float:
        """Give a combination of coefficients by itself."""
        return float(self.weights @ (self.coef @ np.asarray(c, dtype=float)))

    def contrast(self, c: Any, level: float) -> tuple[float, float, float, float, float]:
        """Give a combination of coefficients: value, standard error, low, high, p.

        A weighted sum of t distributions, one a correlation; the standard error is that of a t distribution with an
        interval of this length.
        """
        c = np.asarray(c, dtype=float)
        centers = self.coef @ c
        spreads = np.sqrt(np.einsum("i,gij,j->g", c, self.cov, c))
        tail = (1 - level) / 2
        low = self._quantile(tail, centers, spreads)
        high = self._quantile(1 - tail, centers, spreads)
        below = float(self.weights @ stdtr(self.df, -centers / spreads))
        se = (high - low) / (2 * float(stdtrit(self.df, 1 - tail)))
        return float(self.weights @ centers), se, low, high, 2 * min(below, 1 - below)

    def _quantile(self, share: float, centers: Floats, spreads: Floats) -> float:
        # Between the lowest and the highest of the single distributions' own quantiles; in units of their scale, so
        # that a rescaled outcome takes the same steps.
        scale, middle = float(spreads.max()), float(centers.mean())
        m, s = (centers - middle) / scale, spreads / scale
        own = m + s * float(stdtrit(self.df, share))

        def off(x: float) -> float:
            return float(self.weights @ stdtr(self.df, (x - m) / s)) - share

        span = float(own.max() - own.min())
        if span <= 1e-12:
            return middle + scale * float(own.mean())
        return middle + scale * float(brentq(off, own.min() - 1e-9, own.max() + 1e-9, xtol=1e-10))


def without_noise(y: Any, x: Any) -> bool:
    """Say whether the columns fit the series whole, so that nothing is left to measure chance by."""
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return bool(rest @ rest <= _NO_NOISE * max(float(((y - y.mean()) ** 2).sum()), 1e-300))


def weighed(y: Any, x: Any, times: Any) -> Weighed:
    """Fit y on x for each correlation of neighboring years, and weigh the fits by how well they explain the series.

    Parameters
    ----------
    y, x, times : array
        Outcome, columns, and whole numbers of the periods; a period may be missing.

    Notes
    -----
    Errors e_t with corr(e_s, e_t) = rho^|s - t|. With a flat prior on the coefficients, 1/sigma on sigma and
    (1 - rho^2)^(-1/2) on rho, a correlation has the weight |V|^(-1/2) |X'V^-1 X|^(-1/2) q^(-(n-k)/2) (1 - rho^2)^(-1/2)
    with q the generalized sum of squares: the restricted likelihood with sigma taken out, times the prior.
    """
    df = len(np.asarray(y)) - np.asarray(x).shape[1]
    coef, cov, logs = _fitted(y, x, times, LAGS)
    logs = logs - 0.5 * np.log(1 - LAGS**2)
    weights = np.exp(logs - logs.max())
    return Weighed(LAGS, weights / weights.sum(), coef, cov, df)


def _fitted(y: Any, x: Any, times: Any, lags: Floats) -> tuple[Floats, Floats, Floats]:
    """Give for each correlation the coefficients, their covariance, and the log of the restricted likelihood."""
    y, x, times = (np.asarray(a, dtype=float) for a in (y, x, times))
    n, k = x.shape
    apart = np.abs(times[:, None] - times[None, :])
    # The inverse root of the correlation matrix turns the fit into least squares.
    root = np.linalg.cholesky(np.where(apart == 0, 1.0, np.power(lags[:, None, None], apart)))
    z = np.linalg.solve(root, np.broadcast_to(np.column_stack([x, y]), (len(lags), n, k + 1)))
    q, r = np.linalg.qr(z[:, :, :k])
    inverse = np.linalg.inv(r)
    turned = np.einsum("gni,gn->gi", q, z[:, :, k])
    rest = z[:, :, k] - np.einsum("gni,gi->gn", q, turned)
    squares = (rest**2).sum(axis=1)
    half = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    half = half + np.log(np.abs(np.diagonal(r, axis1=1, axis2=2))).sum(axis=1)
    cov = inverse @ np.swapaxes(inverse, 1, 2) * (squares / (n - k))[:, None, None]
    return np.einsum("gij,gj->gi", inverse, turned), cov, -half - 0.5 * (n - k) * np.log(squares)


def restricted(y: Any, x: Any, times: Any) -> tuple[float, Floats, Floats]:
    """Give the single best correlation (REML), the coefficients and their standard errors, as most programs print them.

    Checked against R: nlme::gls(correlation = corAR1(form = ~ t), method = "REML").
    """
    best = minimize_scalar(
        lambda rho: -float(_fitted(y, x, times, np.array([rho]))[2][0]),
        bounds=(-0.98, 0.98),
        method="bounded",
        options={"xatol": 1e-9},
    )
    coef, cov, _ = _fitted(y, x, times, np.array([best.x]))
    return float(best.x), coef[0], np.sqrt(np.diag(cov[0]))


def newey_west(y: Any, x: Any, lags: int = 1) -> tuple[Floats, Floats]:
    """Give least squares coefficients and Newey and West's standard errors, times n/(n-k): Stata's newey and itsa.

    Checked against R: sandwich::NeweyWest(lag, prewhite = FALSE, adjust = TRUE). In short series they are too small.
    """
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    n, k = x.shape
    bread = np.linalg.inv(x.T @ x)
    coef = bread @ (x.T @ y)
    scores = x * (y - x @ coef)[:, None]
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        across = scores[lag:].T @ scores[:-lag]
        meat = meat + (1 - lag / (lags + 1)) * (across + across.T)
    return coef, np.sqrt(np.diag(bread @ meat @ bread) * n / (n - k))


def durbin_watson(rest: Any) -> float:
    """Give Durbin and Watson's statistic of residuals: 2 where neighbors are unrelated, less where they are alike."""
    rest = np.asarray(rest, dtype=float)
    return float((np.diff(rest) ** 2).sum() / (rest**2).sum())
