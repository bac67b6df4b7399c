"""The best fit of a mixed model: several engines, one judge, and no fit rather than one that has not converged."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq, minimize

from leadlib.designs.levels.likelihood import Criterion, diagonal, triangle
from leadlib.designs.levels.sums import Floats, Rows, Sums
from leadlib.errors import refuse
from leadlib.numbers import listing

_GRID = np.r_[0.0, np.geomspace(1e-3, 1e3, 49)]
_MOST = 200.0
"""A group's deviation 200 times the error: nothing varies within groups."""
_NEAR = 1e-6
"""A fit whose deviance could still fall by more than this has not converged."""
_APART = 1e-3
"""Engines whose deviances lie further apart than this disagree; likelihood ratios are read to two decimals at most."""
_MIXEDLM_ROWS, _STATSMODELS_ROWS = 50_000, 20_000
_DEAD = 1e-4
_STARTS, _STEPS = 4, 100
Found = dict[str, tuple[Floats, float]]


@dataclass(frozen=True)
class Best:
    """The fit kept: theta, its deviance (standardized data), each engine's deviance, whether a variance is zero."""

    theta: Floats
    deviance: float
    engines: dict[str, float]
    boundary: bool

    def said(self) -> str:
        """Say which engines fitted the model and whether they agreed."""
        names = [*self.engines]
        if names == ["profile"]:
            return "The fit is the exact maximum of the likelihood in its one free parameter."
        if len(names) == 1:
            return f"Fitted by {names[0]} from several starts; slope and curvature of the likelihood were checked."
        off = [n for n, d in self.engines.items() if d > self.deviance + _APART]
        if not off:
            return f"Fitted by {listing(names)}; their log-likelihoods agree."
        worst = max(self.engines[n] for n in off)
        return (
            f"Fitted by {listing(names)}; {listing(off)} stopped short (log-likelihood lower by"
            f" {(worst - self.deviance) / 2:.3g}), and the best fit was kept."
        )


def best(rows: Rows, sums: Sums, *, restricted: bool = True, beside: bool = True) -> Best:
    """Fit by every engine that is of use, and keep the fit with the highest log-likelihood.

    A model with one free parameter is solved exactly. Others are fitted by L-BFGS from several starts and by
    `mixedlm`; where neither reaches the top, by statsmodels too. All are judged by the same likelihood. Without
    `beside` the others are asked only where the first has not reached the top.

    Raises
    ------
    InputError
        Where no engine reaches a point at which the likelihood is flat, or its top on the edge of what is possible.
    """
    judge = Criterion(sums, restricted)
    if sums.parameters == 1:
        theta = _exact(judge)
        found = {"profile": (theta, judge.value(theta))}
    else:
        found = {"L-BFGS": _own(judge)}
        if beside and sums.n <= _MIXEDLM_ROWS:
            found |= _judged(judge, "mixedlm", _mixedlm(rows, judge))
    theta, converged = _polished(judge, _lowest(found))
    for name, engine in (("mixedlm", _mixedlm), ("statsmodels", _statsmodels)):
        if not converged and sums.parameters > 1 and name not in found and sums.n <= _STATSMODELS_ROWS:
            found |= _judged(judge, name, engine(rows, judge))
            theta, converged = _polished(judge, _lowest(found))
    if np.abs(theta).max() > _MOST:
        raise refuse(rows.where, "nothing varies within the groups", "analyze one row a group instead")
    if not converged:
        raise refuse(
            rows.where,
            "the mixed model does not converge",
            "leave out the random slope or a level, or give more groups; no unconverged fit is reported",
        )
    zero = any(theta[k] == 0.0 for k in diagonal(sums))
    return Best(theta, judge.value(theta), {k: d for k, (_, d) in found.items()}, zero)


def _lowest(found: Found) -> Floats:
    return min(found.values(), key=lambda pair: pair[1])[0]


def _judged(judge: Criterion, name: str, theta: Floats | None) -> Found:
    return {} if theta is None or not np.isfinite(theta).all() else {name: (theta, judge.value(theta))}


def _exact(judge: Criterion) -> Floats:
    """Find the top of a likelihood with one parameter: a scan of all that is possible, then the root of its slope."""
    values = judge(_GRID[:, None])
    k = int(np.argmin(values))
    low, high = _GRID[max(k - 1, 0)], _GRID[min(k + 1, len(_GRID) - 1)]
    if k == 0:
        # The deviance is even in theta: at zero its slope is zero, and its curvature tells whether zero is the top.
        if judge.curvature(np.zeros(1))[0, 0] >= 0:
            return np.zeros(1)
        low = 1e-6

    def slope(x: float) -> float:
        return float(judge.gradient(np.array([x]))[0])

    low = max(low, 1e-6)
    if slope(low) >= 0:
        return np.zeros(1) if judge.value(np.zeros(1)) <= judge.value(np.array([low])) else np.array([low])
    if slope(high) <= 0:
        return np.array([high])
    return np.array([brentq(slope, low, high, xtol=1e-12, rtol=1e-13)])


def _own(judge: Criterion) -> tuple[Floats, float]:
    """Minimize the deviance with exact gradients from the best points of a coarse grid; from more of them on the edge.

    On the edge, where a variance is zero or a correlation is one, a likelihood can have several tops.
    """
    starts = _starts(judge.sums)
    order = np.argsort(judge(starts), kind="stable")
    edge = diagonal(judge.sums)
    bounds = [(0.0, None) if k in edge else (None, None) for k in range(judge.sums.parameters)]
    tried: list[tuple[Floats, float]] = []
    for place, k in enumerate(order[:_STARTS]):
        if place >= 2 and _inside(tried, edge):
            break
        got = minimize(
            lambda t: _value_and_slope(judge, t),
            starts[k],
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"ftol": 1e-10, "gtol": 1e-4, "maxiter": 200},
        )
        tried.append((np.asarray(got.x), float(got.fun)))
    return min(tried, key=lambda pair: pair[1])


def _inside(tried: list[tuple[Floats, float]], edge: tuple[int, ...]) -> bool:
    """Say whether the best fit so far lies off the edge."""
    return bool(min(tried, key=lambda pair: pair[1])[0][list(edge)].min() > _DEAD)


def _value_and_slope(judge: Criterion, theta: Floats) -> tuple[float, Floats]:
    ahead = theta + 1j * 1e-20 * np.eye(len(theta))
    both = judge(ahead)
    return float(both[0].real), np.asarray(both.imag / 1e-20)


def _starts(sums: Sums) -> Floats:
    """Give combinations of small, middling and large deviations for every level."""
    places: list[tuple[float, ...]] = []
    for group in (sums.outer, sums.inner):
        if group is not None:
            sizes: tuple[float, ...] = (0.1, 0.4, 1.2)
            places += [sizes] if len(group.columns) == 1 else [sizes, (-0.1, 0.1), (0.05, 0.3)]
    return np.array(list(product(*places)))


def _standardized(rows: Rows, sums: Sums) -> tuple[Floats, Floats]:
    return (rows.x - sums.shift[:-1]) / sums.scale[:-1], (rows.y - sums.shift[-1]) / sums.scale[-1]


def _mixedlm(rows: Rows, judge: Criterion) -> Floats | None:
    """Fit by mixedlm; its formulas know plain columns only, so the columns are made here."""
    try:
        import mixedlm
    except ImportError:
        return None
    x, y = _standardized(rows, judge.sums)
    table = pd.DataFrame({"y": y, **{f"x{k}": x[:, k] for k in range(1, x.shape[1])}})
    fixed = " + ".join(f"x{k}" for k in range(1, x.shape[1])) or "1"
    table["outer"] = [f"g{c}" for c in rows.outer]
    formula = f"y ~ {fixed} + ({_terms(rows.outer_columns)} | outer)"
    if rows.inner is not None:
        table["inner"] = [f"c{c}" for c in rows.inner]
        formula += f" + ({_terms(rows.inner_columns)} | inner)"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            control = mixedlm.lmerControl(optimizer="L-BFGS-B", use_analytic_gradient=True, calc_derivs=False)
            fit = mixedlm.lmer(formula, table, REML=judge.restricted, control=control)
            spread = fit.VarCorr()
            levels = ["outer", "inner"] if rows.inner is not None else ["outer"]
            return np.concatenate([_relative(np.asarray(spread.get_cov(g)) / fit.sigma**2) for g in levels])
    except Exception:  # whatever stops another engine: the judge then has one candidate less
        return None


def _terms(columns: tuple[int, ...]) -> str:
    return " + ".join("1" if c == 0 else f"x{c}" for c in columns)


def _statsmodels(rows: Rows, judge: Criterion) -> Floats | None:
    """Fit by statsmodels with two optimizers, for the structures that it knows."""
    if rows.inner is not None and (len(rows.inner_columns) > 1 or len(rows.outer_columns) > 1):
        return None
    from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

    x, y = _standardized(rows, judge.sums)
    more: dict[str, Any] = {}
    if rows.inner is not None:
        mats, names = [], []
        for g in np.unique(rows.outer):
            inside = rows.inner[rows.outer == g]
            own = np.unique(inside)
            mats.append((inside[:, None] == own).astype(float))
            names.append([str(c) for c in own])
        more["exog_vc"] = VCSpec(["inner"], [names], [mats])
    tried = []
    for method in ("lbfgs", "powell"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = MixedLM(y, x, groups=rows.outer, exog_re=x[:, list(rows.outer_columns)], **more)
                fit = model.fit(reml=judge.restricted, method=method)
            theta = _relative(np.asarray(fit.cov_re) / fit.scale)
            if rows.inner is not None:
                theta = np.r_[theta, np.sqrt(max(float(np.asarray(fit.vcomp)[0]) / fit.scale, 0.0))]
            tried.append((judge.value(theta), theta))
        except Exception:
            continue
    return min(tried, key=lambda pair: pair[0])[1] if tried else None


def _relative(cov: Floats) -> Floats:
    """Give theta for a relative covariance, also where it is singular."""
    a = np.sqrt(max(float(cov[0, 0]), 0.0))
    if len(cov) == 1:
        return np.array([a])
    b = float(cov[1, 0]) / a if a > 0 else 0.0
    return np.array([a, b, np.sqrt(max(float(cov[1, 1]) - b**2, 0.0))])


def _polished(judge: Criterion, theta: Floats) -> tuple[Floats, bool]:
    """Take Newton's last steps, put what is nearly zero on zero, and say whether the top is reached."""
    edge = np.zeros(len(theta), dtype=bool)
    edge[list(diagonal(judge.sums))] = True
    theta = _snapped(judge, np.where(edge, np.abs(theta), theta), edge)
    for _ in range(_STEPS):
        step, left = _newton(judge, theta, edge)
        ahead = _ahead(judge, theta, step, edge) if left > 1e-20 else None
        if ahead is None:
            break
        theta = _snapped(judge, ahead, edge)
    curve = judge.curvature(theta)
    lowest = float(np.linalg.eigvalsh(curve)[0])
    settled = _newton(judge, theta, edge)[1] < _NEAR
    return theta, settled and lowest > -1e-3 * max(1.0, float(np.abs(curve).max()))


def _snapped(judge: Criterion, theta: Floats, edge: npt.NDArray[np.bool_]) -> Floats:
    """Put deviations that are nearly zero on zero where the fit does not suffer."""
    for k in np.flatnonzero(edge & (theta > 0) & (theta < 100 * _DEAD)):
        flat = theta.copy()
        flat[k] = 0.0
        if judge.value(flat) <= judge.value(theta) + (_NEAR if theta[k] < _DEAD else 0.0):
            theta = flat
    return theta


def _ahead(judge: Criterion, theta: Floats, step: Floats, edge: npt.NDArray[np.bool_]) -> Floats | None:
    """Go along a step, halved until the fit is no worse; deviations do not go below zero."""
    now = judge.value(theta)
    for half in 0.5 ** np.arange(12):
        there = theta + half * step
        there = np.where(edge, np.maximum(there, 0.0), there)
        if judge.value(there) <= now + (1e-8 if half == 1.0 else 0.0):
            return np.asarray(there)
    return None


def _newton(judge: Criterion, theta: Floats, edge: npt.NDArray[np.bool_]) -> tuple[Floats, float]:
    """Give Newton's step and how much it would still lower the deviance; flat directions are left alone.

    A parameter on its edge has no slope there, the deviance being even in it, and stays; its curvature tells whether it
    belongs there.
    """
    slope, curve = judge.gradient(theta), judge.curvature(theta)
    held = edge & (theta == 0.0)
    slope = np.where(held, 0.0, slope)
    curve[held], curve[:, held] = 0.0, 0.0
    values, vectors = np.linalg.eigh(curve)
    sizes = np.abs(values)
    sure = sizes > 1e-7 * max(1e-12, float(sizes.max()))
    along = vectors[:, sure].T @ slope
    step = -(vectors[:, sure] @ (along / sizes[sure]))
    left = float((along**2 / sizes[sure]).sum() / 2)
    # What no curvature is known for counts by its slope alone.
    return step, left + float(np.abs(vectors[:, ~sure].T @ slope).sum())


def covariance(theta: Floats, sums: Sums) -> tuple[Floats, Floats | None]:
    """Give the relative covariances of the outer and inner deviations, of standardized columns."""
    first = triangle(theta[None, : sums.outer.parameters], len(sums.outer.columns))[0]
    if sums.inner is None:
        return first @ first.T, None
    second = triangle(theta[None, sums.outer.parameters :], len(sums.inner.columns))[0]
    return first @ first.T, second @ second.T
