"""From prepared studies to the numbers of a result: the plain model, the nested one, and errors by cluster."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2
from scipy.stats import t as student

from leadlib.designs.estimates import interval as t_interval
from leadlib.designs.estimates import p_value
from leadlib.designs.pooling.averaging import Averaged
from leadlib.designs.pooling.between import Method, Pooled, pooled, spread_interval
from leadlib.designs.pooling.inputs import Studies
from leadlib.designs.pooling.nested import nested, robust, variance_intervals

Floats = npt.NDArray[np.float64]
Ends = tuple[float, float]
Told = tuple[float, float, float, float, float, float]
_NONE: Ends = (math.nan, math.nan)


@dataclass(frozen=True)
class Answer:
    """All numbers of a result. `se` is half the interval by its t quantile, so that it fits the interval."""

    value: float
    se: float
    df: float
    low: float
    high: float
    p: float
    model_se: float
    tau2: float
    tau2_ends: Ends
    within: float
    within_ends: Ends
    i2: float
    q: float
    q_df: int
    q_p: float
    new: Ends
    knapp_hartung: Ends
    floored: Ends
    coefficients: pd.DataFrame
    weight_pct: Floats


def answer(data: Studies, *, method: Method, interval: str, level: float, brief: bool = False) -> Answer:
    """Work out the average; `brief` leaves out what only the full result shows."""
    if data.nested:
        return _nested(data, level, brief=brief)
    fit = pooled(data.y, data.v, data.x, method)
    q = float(np.sqrt(fit.cov[0, 0] * fit.stretch)), float(np.sqrt(fit.cov[0, 0] * max(1.0, fit.stretch)))
    kh, floored = (t_interval(float(fit.coef[0]), s, fit.free, level) for s in q)
    each, new = _terms(data, fit, interval, level, brief=brief)
    return _answer(
        data, each, new, level,
        model_se=float(np.sqrt(fit.cov[0, 0])), tau2=fit.tau2,
        tau2_ends=_NONE if brief else spread_interval(data.y, data.v, data.x, level),
        within=math.nan, within_ends=_NONE, i2=fit.i2, q=fit.q, knapp_hartung=kh, floored=floored,
        weight_pct=100 * fit.weights / fit.weights.sum(),
    )  # fmt: skip


def _answer(data: Studies, each: list[Told], new: Ends, level: float, **more: object) -> Answer:
    """Put together what all models share; a term is `value, se, df, low, high, p`."""
    value, se, df, low, high, p = each[0]
    free = len(data.y) - data.x.shape[1]
    columns = ["value", "se", "df", "low", "high", "p"]
    coefficients = pd.DataFrame([(n, *e) for n, e in zip(data.names, each, strict=True)], columns=["term", *columns])
    q_p = float(chi2.sf(float(more["q"]), free))  # type: ignore[arg-type]
    return Answer(
        value,
        se,
        df,
        low,
        high,
        p,
        new=new,
        q_df=free,
        q_p=q_p,
        coefficients=coefficients,
        **more,  # type: ignore[arg-type]
    )


def _terms(data: Studies, fit: Pooled, interval: str, level: float, *, brief: bool) -> tuple[list[Told], Ends]:
    """Give each coefficient with its interval, and the interval of a new study's effect."""
    if data.robust:
        cov, free = _cluster_robust(data, fit.coef, fit.cov, lambda rows: np.diag(data.v[rows] + fit.tau2))
        return _by_cluster(fit.coef, cov, free, level, fit.tau2)
    units = list(np.eye(len(fit.coef)))
    if interval == "averaged":
        mixed = Averaged(data.y, data.v, data.x)
        crit = float(student.ppf(1 - (1 - level) / 2, fit.free))
        each = []
        for value, c in zip(fit.coef, units, strict=True):
            low, high = mixed.interval(c, level)
            each.append((float(value), (high - low) / 2 / crit, float(fit.free), low, high, mixed.p_value(c)))
        return each, _NONE if brief else mixed.new(units[0], level)
    df = float(fit.free) if interval == "knapp-hartung" else math.inf
    stretch = fit.stretch if interval == "knapp-hartung" else 1.0
    each = [
        _told(float(b), math.sqrt(s * stretch), df, level) for b, s in zip(fit.coef, fit.cov.diagonal(), strict=True)
    ]
    return each, t_interval(each[0][0], math.hypot(each[0][1], math.sqrt(fit.tau2)), df, level)


def _told(value: float, se: float, df: float, level: float) -> Told:
    return value, se, df, *t_interval(value, se, df, level), p_value(value, se, df)


def _by_cluster(
    coef: Floats, cov: Floats, free: Callable[[Floats], float], level: float, spread: float
) -> tuple[list[Told], Ends]:
    each = []
    for k, c in enumerate(np.eye(len(coef))):
        each.append(_told(float(coef[k]), math.sqrt(max(float(cov[k, k]), 0.0)), free(c), level))
    new = t_interval(each[0][0], math.hypot(each[0][1], math.sqrt(spread)), each[0][2], level)
    return each, new


def _cluster_robust(
    data: Studies, coef: Floats, cov: Floats, working: Callable[[npt.NDArray[np.intp]], Floats]
) -> tuple[Floats, Callable[[Floats], float]]:
    return robust(data.y, data.v, data.x, data.clusters, (coef, cov), working)


def _nested(data: Studies, level: float, *, brief: bool) -> Answer:
    fit = nested(data.y, data.v, data.x, data.groups)

    def working(rows: npt.NDArray[np.intp]) -> Floats:
        same = data.groups[rows][:, None] == data.groups[rows][None, :]
        return np.asarray(np.diag(data.v[rows] + fit.within) + fit.between * same)

    cov, free = _cluster_robust(data, fit.coef, fit.cov, working)
    each, new = _by_cluster(fit.coef, cov, free, level, fit.between + fit.within)
    ends = (_NONE, _NONE) if brief else variance_intervals(data.y, data.v, data.x, data.groups, fit, level)
    spread = fit.between + fit.within
    weights = _row_weights(data, fit.between, fit.within)
    return _answer(
        data, each, new, level,
        model_se=math.sqrt(float(fit.cov[0, 0])), tau2=fit.between, tau2_ends=ends[0], within=fit.within,
        within_ends=ends[1], i2=100 * spread / (spread + fit.typical), q=fit.q, knapp_hartung=_NONE, floored=_NONE,
        weight_pct=100 * weights / weights.sum(),
    )  # fmt: skip


def _row_weights(data: Studies, between: float, within: float) -> Floats:
    """Give 1'V^-1 by row: what each effect counts in the average."""
    d = 1 / (data.v + within)
    total = np.bincount(data.groups, d)
    return np.asarray(d / (1 + between * total)[data.groups])
