"""A fitted mixed model: coefficients with degrees of freedom, variances by level, groups' own deviations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.stats import t as student

from leadlib.designs.levels.engines import Best, best, covariance
from leadlib.designs.levels.likelihood import _DIFFERENCE, Criterion, outer_sums
from leadlib.designs.levels.sums import Floats, Rows, Sums, summed

_LEAST_FREE = 4.0


@dataclass(frozen=True)
class Deviations:
    """Each outer group's deviation (intercept): best prediction, standard error, degrees of freedom, reliability."""

    value: Floats
    se: Floats
    free: Floats
    reliability: Floats

    def half_width(self, level: float) -> Floats:
        """Give half the prediction intervals."""
        return np.asarray(student.ppf(0.5 + level / 2, self.free) * self.se)


@dataclass(frozen=True)
class Mixed:
    """A fitted mixed model in the outcome's unit."""

    sums: Sums
    judge: Criterion
    top: Best
    coef: Floats
    cov: Floats
    residual_variance: float
    outer: Floats
    inner: Floats | None
    log_likelihood: float

    def term(self, which: str | int) -> tuple[float, float, float]:
        """Give one coefficient, by name or place, its standard error and its Satterthwaite degrees of freedom."""
        k = which if isinstance(which, int) else self.sums.names.index(which)
        return float(self.coef[k]), float(np.sqrt(self.cov[k, k])), self._free(k)

    @cached_property
    def _moves(self) -> tuple[Floats, Floats]:
        """Give the covariance of (theta, log sigma) and how the coefficients' covariance moves with them.

        Twice the inverse of the observed curvature of the deviance; directions without curvature count for nothing
        (Kuznetsova, Brockhoff and Christensen 2017, as in R's lmerTest).
        """
        theta, judge, sums = self.top.theta, self.judge, self.sums
        m = len(theta)
        steps = _DIFFERENCE * np.eye(m)
        at = np.concatenate([theta[None], theta + steps, theta - steps])
        dets, squares, breads = judge.slopes(at)
        parts = judge.parts(theta[None])
        error = float(parts.squares[0]) / judge.free
        both = dets + squares / error
        second = (both[1 : m + 1] - both[m + 1 :]) / (2 * _DIFFERENCE)
        curve = np.zeros((m + 1, m + 1))
        curve[:m, :m] = (second + second.T) / 2
        curve[m, :m] = curve[:m, m] = -2 * squares[0] / error
        curve[m, m] = 4 * judge.free
        values, vectors = np.linalg.eigh(curve)
        sure = values > 1e-8 * max(1.0, float(values.max()))
        spread = 2 * (vectors[:, sure] / values[sure]) @ vectors[:, sure].T
        bread = np.linalg.inv(parts.cross[0, :-1, :-1])
        turn = sums.back * sums.scale[-1] * np.sqrt(error)
        moved = np.concatenate([breads[0], 2 * bread[None]])
        return spread, turn @ moved @ turn.T

    def _free(self, k: int) -> float:
        spread, moved = self._moves
        slope = moved[:, k, k]
        return float(2 * self.cov[k, k] ** 2 / (slope @ spread @ slope))

    def deviations(self) -> Deviations:
        """Give the outer groups' best predictions; intercepts only.

        A prediction's error has three parts: what is left with all parameters known, the coefficients' error, and
        that of the ratio of variances, twice, for the plug-in's own bias (Prasad and Rao 1990, Datta and Lahiri
        2000). The ratio's error also sets Satterthwaite degrees of freedom, so that a spread found small by chance
        makes no group certain.
        """
        own = outer_sums(self.sums, self.top.theta)[:, 0]
        parts = self.judge.parts(self.top.theta[None])
        inside = parts.cross[0, :-1, :-1]
        beta = np.linalg.solve(inside, parts.cross[0, :-1, -1])
        error, ratio = float(parts.squares[0]) / self.judge.free, float(self.top.theta[0]) ** 2
        size = own[:, 0]
        inflation = 1 + ratio * size
        shrink = ratio / inflation
        pull = shrink[:, None] * own[:, :-1]
        unsure = self._ratio_variance(ratio, size)
        squares = shrink + ((pull @ np.linalg.inv(inside)) * pull).sum(axis=1) + 2 * size * unsure / inflation**3
        free = 2 * squares**2 * inflation**4 / unsure
        back = self.sums.scale[-1]
        return Deviations(
            shrink * (own[:, -1] - own[:, :-1] @ beta) * back,
            np.sqrt(error * squares) * back,
            np.maximum(free, _LEAST_FREE),
            ratio * size / inflation,
        )

    def _ratio_variance(self, ratio: float, size: Floats) -> float:
        """Give the variance of the estimated ratio of variances, from its expected information."""
        share = size / (1 + ratio * size)
        return float(2 / ((share**2).sum() - share.sum() ** 2 / self.judge.free))


def fitted(rows: Rows, *, restricted: bool = True, beside: bool = True) -> Mixed:
    """Fit a mixed model by restricted (or full) maximum likelihood; see `engines.best` for what is refused."""
    sums = summed(rows)
    top = best(rows, sums, restricted=restricted, beside=beside)
    judge = Criterion(sums, restricted)
    parts = judge.parts(top.theta[None])
    inside = parts.cross[0, :-1, :-1]
    error = float(parts.squares[0]) / judge.free
    scale, back = sums.scale[-1], sums.back
    coef = scale * back @ np.linalg.solve(inside, parts.cross[0, :-1, -1])
    coef[0] += sums.shift[-1]
    outer, inner = covariance(top.theta, sums)
    deviance = top.deviance + 2 * judge.free * np.log(scale)
    if restricted:
        deviance += 2 * float(np.log(sums.scale[:-1]).sum())
    return Mixed(
        sums,
        judge,
        top,
        coef,
        scale**2 * error * back @ np.linalg.inv(inside) @ back.T,
        scale**2 * error,
        _as_given(outer, sums.outer.columns, sums, error),
        None if inner is None or sums.inner is None else _as_given(inner, sums.inner.columns, sums, error),
        -deviance / 2,
    )


def _as_given(relative: Floats, columns: tuple[int, ...], sums: Sums, error: float) -> Floats:
    """Turn a relative covariance of standardized columns into that of the columns as given."""
    turn = sums.back[np.ix_(columns, columns)]
    return np.asarray(sums.scale[-1] ** 2 * error * turn @ relative @ turn.T)


def columns(*parts: Any) -> Floats:
    """Put columns beside each other, a constant first."""
    first = np.asarray(parts[0], dtype=float)
    return np.column_stack([np.ones(len(first)), *(np.asarray(p, dtype=float) for p in parts)])
