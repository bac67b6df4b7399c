"""How much of what respondents say belongs to their school: ICC(1), and how steady a school's mean is: ICC(2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import f as fisher

from leadlib.designs.frames import prepared
from leadlib.designs.options import checked_options
from leadlib.errors import nearest, refuse
from leadlib.numbers import plural, show, span
from leadlib.results import RESULT_COLUMNS, Result, passes_missing

Floats = npt.NDArray[np.float64]
Size = Literal["weighted", "mean"]
FEW = 10


def spearman_brown(icc1: float, k: float) -> float:
    """Give the reliability of a mean of k respondents: k ICC(1) / (1 + (k - 1) ICC(1))."""
    return k * icc1 / (1 + (k - 1) * icc1)


def respondents_for(icc1: float, wanted: float) -> float:
    """Give how many respondents a mean needs for this reliability; infinite where schools do not differ."""
    return wanted * (1 - icc1) / ((1 - wanted) * icc1) if icc1 > 0 else math.inf


@dataclass(frozen=True)
class Variances:
    """One-way analysis of variance: mean squares, sizes and means of groups."""

    between: float
    within: float
    sizes: Floats
    means: Floats

    @property
    def n(self) -> int:
        """Number of respondents."""
        return int(self.sizes.sum())

    @property
    def groups(self) -> int:
        """Number of groups."""
        return len(self.sizes)

    def typical(self, size: Size) -> float:
        """Give the mean group size, or the one that unequal groups count as: (N - sum n^2 / N) / (J - 1)."""
        if size == "mean":
            return self.n / self.groups
        return float((self.n - (self.sizes**2).sum() / self.n) / (self.groups - 1))

    def icc1(self, k: float) -> float:
        """Give (MSB - MSW) / (MSB + (k - 1) MSW)."""
        return (self.between - self.within) / (self.between + (k - 1) * self.within)


def variances(values: Floats, codes: npt.NDArray[np.intp]) -> Variances:
    """Split the variance into that between and within groups (codes 0 to J - 1, each at least once)."""
    sizes = np.bincount(codes).astype(float)
    centred = values - values.mean()  # digits are lost otherwise where the mean is far from zero
    means = np.bincount(codes, centred) / sizes
    within = float(((centred - means[codes]) ** 2).sum()) / (len(values) - len(sizes))
    between = float((sizes * means**2).sum()) / (len(sizes) - 1)
    return Variances(between, within, sizes, means + values.mean())


def ratio_interval(v: Variances, level: float) -> tuple[float, float]:
    """Give Wald's (1940) interval of theta, variance between over within: exact for normal values, any group sizes.

    sum w_j (mean_j - weighted mean)^2 / (J - 1) / MSW with w_j = n_j / (1 + n_j theta) is F with J - 1 and N - J
    degrees of freedom at the true theta, and falls as theta grows.
    """
    tail = (1 - level) / 2
    free = v.groups - 1, v.n - v.groups
    least = -1 / float(v.sizes.max())

    def ratio(theta: float) -> float:
        w = v.sizes / (1 + v.sizes * theta)
        centre = float((w * v.means).sum() / w.sum())
        return float((w * (v.means - centre) ** 2).sum()) / (v.groups - 1) / v.within

    def root(target: float) -> float:
        low = least * (1 - 1e-9)
        if ratio(low) <= target:
            return least
        high = 1.0
        while ratio(high) > target:
            high *= 4
        return float(brentq(lambda t: ratio(t) - target, low, high, xtol=1e-13, rtol=1e-12))

    return root(float(fisher.ppf(1 - tail, *free))), root(float(fisher.ppf(tail, *free)))


@dataclass(frozen=True, repr=False)
class Grouping(Result):
    """ICC(1) as `value, low, high`; ICC(2) for a school of typical size `size` as `icc2, icc2_low, icc2_high`."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    icc2: float = math.nan
    icc2_low: float = math.nan
    icc2_high: float = math.nan
    size: float = math.nan
    n: int = 0
    groups_n: int = 0
    between: float = math.nan
    within: float = math.nan
    p: float = math.nan
    level: float = 0.95


@passes_missing
@checked_options
def icc(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    size: Size = "weighted",
    level: float = 0.95,
    label: str = "",
) -> Any:
    """See how much of what people say belongs to their school, and how steady a school's mean is.

    Parameters
    ----------
    frame : DataFrame
        One row a respondent, in one survey.
    outcome : column
        The respondent's answer or scale score.
    unit : column
        The school.
    size : {"weighted", "mean"}
        The school size that ICC(2) is for, and that enters ICC(1) where schools differ in size: the one that unequal
        sizes count as, or the plain mean (as R's multilevel package).

    Returns
    -------
    Grouping
        `frame`: one row a school: `unit, n, reliability` (of its mean, at its own n); no means, for some may be of few.

    Raises
    ------
    InputError
        Fewer than two schools, none with two respondents, or no difference within schools.

    Notes
    -----
    Respondents without a value are left out, and counted. One-way random effects: ICC(1) = (MSB - MSW) / (MSB +
    (k - 1) MSW), ICC(2) = (MSB - MSW) / MSB = k ICC(1) / (1 + (k - 1) ICC(1)) (Shrout and Fleiss 1979; Bliese 2000).
    Intervals: Wald (1940), exact for normal values with any sizes. With few schools ICC(1) comes out a little low on
    average. As R: psych::ICC(), ICC1 and ICC1k, where sizes are equal.
    """
    if size not in ("weighted", "mean"):
        raise refuse("icc, size", f"{size!r} is not one of them", nearest(size, ("weighted", "mean")))
    ready = prepared(frame, "icc", numbers=[outcome], labels=[unit])
    codes, names = pd.factorize(ready.frame[unit], sort=True)
    values = ready.frame[outcome].to_numpy(float)
    v = checked(values, codes, "icc")
    return grouping(v, tuple(names), label or outcome, size, level, ready.limits())


def checked(values: Floats, codes: npt.NDArray[np.intp], where: str) -> Variances:
    """Give the variances; refuse what has none."""
    groups = len(np.unique(codes))
    if groups < 2:
        raise refuse(where, f"has {plural(groups, 'school')}", "give two or more")
    if len(values) <= groups:
        raise refuse(where, "has one respondent a school", "the spread within schools needs two or more in some")
    v = variances(values, codes)
    if v.within <= 1e-24 * max(float(np.abs(values).max()) ** 2, 1e-300):
        raise refuse(where, "values do not differ within schools", "give the respondents' own values, not school means")
    return v


def grouping(
    v: Variances, names: tuple[str, ...], label: str, size: Size, level: float, limits: tuple[str, ...] = ()
) -> Grouping:
    """Make the result from variances."""
    k = v.typical(size)
    value, theta = v.icc1(k), ratio_interval(v, level)
    low, high = (t / (1 + t) for t in theta)
    icc2 = (v.between - v.within) / v.between if v.between > 0 else -math.inf
    ends = tuple(k * t / (1 + k * t) if 1 + k * t > 0 else -math.inf for t in theta)
    own = max(value, 0.0)
    rows = [
        (label, "ICC(1): share that belongs to the school", value, low, high, v.n, "ratio"),
        (label, f"ICC(2): reliability of the mean of {k:.1f} respondents", icc2, ends[0], ends[1], v.groups, "ratio"),
    ]
    few = (
        (f"With {plural(v.groups, 'school')} both figures come out a little low on average.",) if v.groups < FEW else ()
    )
    return Grouping(
        id="icc",
        title="What respondents of one school share",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=_told(label, value, low, high, icc2, ends, k, level),
        claim="describe",
        assumptions=("Respondents answer independently once their school is given; values are about normal.",),
        checks=(f"{plural(v.groups, 'school')}, {plural(v.n, 'respondent')}; mean square between"
                f" {show(v.between, 'value')}, within {show(v.within, 'value')}.",),
        limits=(*limits, *few),
        frame=pd.DataFrame(
            {"unit": names, "n": v.sizes.astype(int), "reliability": [spearman_brown(own, float(s)) for s in v.sizes]}
        ),
        interval_label=f"{100 * level:g}% interval",
        value=value, low=low, high=high, icc2=icc2, icc2_low=ends[0], icc2_high=ends[1], size=k, n=v.n,
        groups_n=v.groups, between=v.between, within=v.within,
        p=float(fisher.sf(v.between / v.within, v.groups - 1, v.n - v.groups)), level=level,
    )  # fmt: skip


def _told(
    label: str, value: float, low: float, high: float, icc2: float, ends: tuple[float, ...], k: float, level: float
) -> str:
    of = f"{100 * level:g}% interval"
    if low <= 0:
        return (
            f"{label}: the data do not tell schools apart (ICC(1) {show(value, 'ratio')}, {of}"
            f" {span(low, high, 'ratio')}). A school's mean would say little about the school."
        )
    return (
        f"{label}: {show(100 * value, 'pct')} of the variation lies between schools (ICC(1) {show(value, 'ratio')},"
        f" {of} {span(low, high, 'ratio')}). The mean of {k:.0f} respondents has a reliability of {show(icc2, 'ratio')}"
        f" ({of} {span(ends[0], ends[1], 'ratio')})."
    )
