"""How alike pupils of one school are, from an earlier year's data: what planning a study needs to know."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.special import fdtri

from leadlib.designs.frames import Prepared, prepared
from leadlib.designs.options import checked_options
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import plural, show, span
from leadlib.results import RESULT_COLUMNS, Result

Floats = npt.NDArray[np.float64]
_SAME = 1e-9
_MOST = 1e9


@dataclass(frozen=True, repr=False)
class Inputs(Result):
    """What earlier data say for planning: shares of variance, what covariates explain, and sizes of schools."""

    icc: float = math.nan
    icc_low: float = math.nan
    icc_high: float = math.nan
    r2_pupil: float = 0.0
    r2_school: float = 0.0
    clusters: int = 0
    cluster_n: float = math.nan
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Groups:
    """Values by cluster: each row's cluster, the clusters' sizes and means, and what rows differ from their mean."""

    codes: npt.NDArray[np.intp]
    sizes: Floats
    means: Floats
    within: Floats


def grouped(values: Any, codes: npt.NDArray[np.intp], sizes: Floats) -> Groups:
    """Split columns of values into clusters' means and what rows differ from them."""
    table = np.asarray(values, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    sums = [np.bincount(codes, weights=table[:, k], minlength=len(sizes)) for k in range(table.shape[1])]
    means = np.column_stack(sums) / sizes[:, None] if sums else np.empty((len(sizes), 0))
    return Groups(codes, sizes, means, table - means[codes])


def between_variance(means: Floats, sizes: Floats, within: float, covariates: Floats | None = None) -> float:
    """Give the variance between clusters without bias, for unequal sizes; it may come out below zero.

    Henderson's third method: Q = sum n_j (ybar_j - fit)^2 has the mean within (J - k) + between trace, with the fit
    weighted by size on k columns. With a constant alone it is the analysis of variance's estimator.
    """
    x = np.ones((len(sizes), 1)) if covariates is None else np.column_stack([np.ones(len(sizes)), covariates])
    root = np.sqrt(sizes)
    q, _ = np.linalg.qr(x * root[:, None])
    residual = means * root - q @ (q.T @ (means * root))
    trace = sizes.sum() - float((q**2 * sizes[:, None]).sum())
    return float((residual @ residual - within * (len(sizes) - x.shape[1])) / trace)


def icc_interval(means: Floats, sizes: Floats, within: float, df: float, level: float = 0.95) -> tuple[float, float]:
    """Give the exact interval of the intraclass correlation for normal data of unequal sizes (Wald 1940).

    sum w_j (ybar_j - mean_w)^2 / ((J - 1) MSW) with w_j = n_j / (1 + n_j theta) is F(J - 1, N - J) at the true theta =
    between / within, and falls as theta grows; the interval holds the theta for which it lies inside the F quantiles.
    """
    j = len(sizes)

    def ratio(theta: float) -> float:
        w = sizes / (1 + sizes * theta)
        centre = (w @ means) / w.sum()
        return float(w @ (means - centre) ** 2 / ((j - 1) * within))

    def at(quantile: float) -> float:
        target = float(fdtri(j - 1, df, quantile))
        if ratio(0.0) <= target:
            return 0.0
        high = 1.0
        while ratio(high) > target and high < _MOST:
            high *= 4
        return float(brentq(lambda theta: ratio(theta) - target, 0.0, high)) if high < _MOST else math.inf

    low, high = at(1 - (1 - level) / 2), at((1 - level) / 2)
    return low / (1 + low), (high / (1 + high) if math.isfinite(high) else 1.0)


@checked_options
def from_data(
    frame: pd.DataFrame, *, outcome: str, cluster: str, covariates: Sequence[str] = (), level: float = 0.95
) -> Inputs:
    """Learn from an earlier year how alike a school's pupils are, and how much a study's covariates would explain.

    Parameters
    ----------
    frame : DataFrame
        One row a pupil, of a year before the study. Rows without a value in any of the columns are left out and
        counted.
    outcome : str
        The outcome, a number in any unit.
    cluster : str
        The school, or whatever is to be drawn.
    covariates : sequence of str
        Numbers, such as last year's score; a school's mean of them serves as covariate of the school.
    level : float
        Of the interval.

    Returns
    -------
    Inputs
        Table: the share of variance between schools with its interval, and the shares of each level's variance that
        the covariates explain (ratio; `n` counts schools). `settings` are arguments for
        `mdes(design="cluster", clusters=..., **found.settings)`; `cluster_n` is the harmonic mean of pupils a school.

    Raises
    ------
    InputError
        Columns that are missing or hold something else, an outcome that is constant, fewer than three schools, no
        school with two pupils, covariates that say the same, or more of them than schools allow.

    Notes
    -----
    Variances by the analysis of variance for unequal sizes (Searle, Casella and McCulloch 1992), given covariates by
    Henderson's third method with the covariates split into school means and differences from them; R2 = 1 - given /
    total. The variances are unbiased; their ratio leans low with few schools. Interval exact for normal data (Wald
    1940). R: lme4::lmer(y ~ 1 + (1 | school)) gives the same share for equal sizes.
    """
    if not 0 < level < 1:
        raise refuse(f"from_data, level {level!r}", "is not a share", "give a share, as 0.95")
    columns = list(dict.fromkeys(covariates))
    ready = prepared(frame, "from_data", numbers=[outcome, *columns], labels=[cluster])
    _, codes = np.unique(ready.frame[cluster].to_numpy(dtype=str), return_inverse=True)
    sizes = np.bincount(codes).astype(float)
    y = grouped(_standard(ready.frame[outcome].to_numpy(dtype=float)), codes, sizes)
    _enough(y, len(columns), outcome, cluster)
    return _inputs(ready, y, columns, level, cluster)


def _standard(values: Floats) -> Floats:
    # Shares do not depend on the unit; a common scale keeps sums of squares exact for any of them.
    centred = values - values.mean() if len(values) else values
    spread = float(np.abs(centred).max()) if len(values) else 0.0
    return np.asarray(centred / spread if spread > 0 else centred)


def _enough(y: Groups, covariates: int, outcome: str, cluster: str) -> None:
    schools, rows = len(y.sizes), len(y.codes)
    problems = []
    if schools < 3 + covariates:
        fix = "give more schools" + (" or fewer covariates" if covariates else "")
        problems.append(Problem("from_data, rows", f"come from {plural(schools, 'school')} of column {cluster!r}", fix))
    elif rows - schools < 1 + covariates:
        what = f"hold hardly more than one pupil a value of {cluster!r}"
        problems.append(Problem("from_data, rows", what, "give several pupils of each school"))
    if not problems and float(np.abs(y.within).max()) <= _SAME:
        what = "is the same for all pupils of each school"
        problems.append(Problem(f"from_data, outcome {outcome!r}", what, "give an outcome that differs among pupils"))
    if problems:
        raise InputError(problems)


def _inputs(ready: Prepared, y: Groups, columns: list[str], level: float, cluster: str) -> Inputs:
    schools, free = len(y.sizes), len(y.codes) - len(y.sizes)
    within = float((y.within**2).sum()) / free
    between = between_variance(y.means[:, 0], y.sizes, within)
    icc = max(between, 0.0) / (max(between, 0.0) + within)
    low, high = icc_interval(y.means[:, 0], y.sizes, within, free, level)
    values = [_standard(ready.frame[c].to_numpy(dtype=float)) for c in columns]
    x = grouped(np.column_stack(values) if values else np.empty((len(y.codes), 0)), y.codes, y.sizes)
    given_within, given_between, k = _given(y, x, columns)
    r2_pupil = _share(given_within, within)
    r2_school = _share(given_between, between)
    n = len(y.sizes) / float((1 / y.sizes).sum())
    rows = [("Share of variance between schools", "ICC", icc, low, high, schools, "ratio")]
    if columns:
        rows += [
            ("Explained by covariates", "Differences among pupils", r2_pupil, math.nan, math.nan, schools, "ratio"),
            ("Explained by covariates", "Differences among schools", r2_school, math.nan, math.nan, schools, "ratio"),
        ]
    return Inputs(
        id="power-inputs",
        title="What earlier data say for planning",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=_said(icc, low, high, level, columns, r2_pupil, r2_school),
        assumptions=("The schools of the study differ as these do, and the outcome behaves as in this year.",),
        checks=(f"{schools:,} schools, {len(y.codes):,} pupils; harmonic mean {show(n, 'level')} pupils a school.",),
        limits=(*ready.limits(), *_limits(between, columns)),
        interval_label=f"{100 * level:g}% interval",
        icc=icc,
        icc_low=low,
        icc_high=high,
        r2_pupil=r2_pupil,
        r2_school=r2_school,
        clusters=schools,
        cluster_n=n,
        settings={
            "icc": icc,
            "cluster_n": n,
            "r2_pupil": r2_pupil,
            "r2_school": r2_school,
            "covariates_school": k,
        },
    )


def _given(y: Groups, x: Groups, columns: list[str]) -> tuple[float, float, int]:
    """Give both variances given the covariates, and how many of these differ between schools."""
    inside = np.abs(x.within).max(axis=0, initial=0.0) > _SAME
    across = (np.ptp(x.means, axis=0) > _SAME) if len(columns) else np.zeros(0, dtype=bool)
    flat = [c for c, i, a in zip(columns, inside, across, strict=True) if not (i or a)]
    if flat:
        raise refuse(f"from_data, {', '.join(flat)}", "is the same in every row", "leave it out")
    left = _residual(y.within[:, 0], x.within[:, inside], [c for c, i in zip(columns, inside, strict=True) if i])
    free = len(y.codes) - len(y.sizes) - int(inside.sum())
    within = float(left @ left) / free
    means = x.means[:, across]
    _residual(y.means[:, 0], means - means.mean(axis=0), [c for c, a in zip(columns, across, strict=True) if a])
    return within, between_variance(y.means[:, 0], y.sizes, within, means), int(across.sum())


def _residual(y: Floats, x: Floats, names: list[str]) -> Floats:
    """Give what a fit on x leaves; refuse columns that others determine."""
    if not x.shape[1]:
        return y
    scaled = x / np.sqrt((x**2).mean(axis=0))
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    if values[0] <= _SAME:
        alike = [n for n, v in zip(names, np.abs(vectors[:, 0]), strict=True) if v > 0.01]
        raise refuse(f"from_data, covariates {', '.join(alike)}", "say the same", "leave one of them out")
    fit = vectors @ ((vectors.T @ (scaled.T @ y / len(y))) / values)
    return np.asarray(y - scaled @ fit)


def _share(given: float, total: float) -> float:
    return min(max(1 - max(given, 0.0) / total, 0.0), 1.0) if total > 0 else 0.0


def _said(
    icc: float, low: float, high: float, level: float, columns: list[str], r2_pupil: float, r2_school: float
) -> str:
    between = f"{100 * level:g}% interval {span(100 * low, 100 * high, 'pct')}"
    said = f"{show(100 * icc, 'pct')} of the differences among pupils lie between schools ({between})."
    if not columns:
        return said
    return (
        f"{said} The covariates explain {show(100 * r2_pupil, 'pct')} of the differences among pupils of a school and"
        f" {show(100 * r2_school, 'pct')} of those among schools. Plan with the interval's upper end too."
    )


def _limits(between: float, columns: list[str]) -> tuple[str, ...]:
    said = []
    if between <= 0:
        said.append("Schools differ no more than chance would let them: the share between schools is set to zero.")
    if columns:
        said.append("The shares explained carry no interval; with few schools they are rough.")
    return tuple(said)
