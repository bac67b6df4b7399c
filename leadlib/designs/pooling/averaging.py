"""Intervals that allow for not knowing how far studies lie apart: averaged over every spread that fits the data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtr, stdtr

from leadlib.designs.pooling.between import fits, spread_quantiles

Floats = npt.NDArray[np.float64]
_SPREADS = 51
_FEW_DF = 2
"""Up to three studies, Knapp and Hartung's errors come out too small too often; known-variance errors are used."""


class Averaged:
    """The distribution of an average and of a new study's effect, mixed over the confidence distribution of tau2.

    For each of 51 equally likely values of tau2: for the average, the coefficients at that value plus Knapp and
    Hartung's error times t; for a new study, a normal with the variance of the average at that value plus tau2.
    """

    def __init__(self, y: Floats, v: Floats, x: Floats) -> None:
        at = (np.arange(_SPREADS) + 0.5) / _SPREADS
        self.tau2 = spread_quantiles(y, v, x, at)
        self.coef, xwx, q = fits(y, v, x, self.tau2)
        self.free = len(y) - x.shape[1]
        self.known = np.linalg.inv(xwx)
        self.stretch = np.ones(_SPREADS) if self.free <= _FEW_DF else q / self.free

    def interval(self, c: Floats, level: float) -> tuple[float, float]:
        """Give the interval of a linear combination of coefficients."""
        centre, error = self.coef @ c, self._error(c)
        return _quantiles(lambda at: self._below((at - centre) / error), centre, error, level)

    def p_value(self, c: Floats) -> float:
        """Give the two-sided p-value against zero that goes with the interval."""
        below = self._below(-(self.coef @ c) / self._error(c))
        return 2 * min(below, 1 - below)

    def new(self, c: Floats, level: float) -> tuple[float, float]:
        """Give the interval for the effect in a new study of the same kind."""
        centre = self.coef @ c
        error = np.sqrt(self._variance(c) + self.tau2)
        return _quantiles(lambda at: float(ndtr((at - centre) / error).mean()), centre, error, level)

    def _variance(self, c: Floats) -> Floats:
        return np.asarray(np.einsum("i,gij,j->g", c, self.known, c))

    def _error(self, c: Floats) -> Floats:
        # Effects that agree to the last digit leave no squares; an error of nothing would be divided by.
        return np.sqrt(self._variance(c) * np.maximum(self.stretch, 1e-18))

    def _below(self, z: Floats) -> float:
        return float((ndtr(z) if self.free <= _FEW_DF else stdtr(self.free, z)).mean())


def _quantiles(below: Callable[[float], float], centre: Floats, error: Floats, level: float) -> tuple[float, float]:
    """Give the values below which these tails of a mixture lie."""
    tail = (1 - level) / 2
    middle, width = float(centre.mean()), 8 * float(error.max()) + float(np.ptp(centre))

    def root(share: float) -> float:
        low, high, step = middle - width, middle + width, width
        while below(low) > share:
            step *= 2
            low -= step
        while below(high) < share:
            step *= 2
            high += step
        return float(brentq(lambda at: below(at) - share, low, high, xtol=1e-10 * width, rtol=1e-12))

    return root(tail), root(1 - tail)
