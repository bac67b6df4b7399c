"""Where a school most likely stands: its value drawn towards what schools like it scored, more so if it is small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from leadlib.designs.chance import Noise
from leadlib.designs.panels import Z, bounded, checked, coded_limit, each_measure, in_year, require_school
from leadlib.measures.groups import THIS
from leadlib.measures.needs import LOG_SIZE, Needs, needs
from leadlib.numbers import listing, lower_first, phrase, plural, school_year, show, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

Floats = npt.NDArray[np.float64]
SECTION = "The steadied result"
FRAME = ("measure", "school_id", "value", "expected", "shrunken", "low", "high", "reliability", "se")
LEAST = 20
"""Fewer schools do not tell what to expect of one."""


@dataclass(frozen=True)
class Steadied:
    """An area-level model fitted to y.

    Expected and shrunken values, their mean squared errors (`mse`, at the estimated omega2; `wide_mse`, at the mean of
    what omega2 may plausibly be, for intervals), reliability, omega2, and the rank of what they depend on.
    """

    expected: Floats
    shrunken: Floats
    mse: Floats
    wide_mse: Floats
    reliability: Floats
    omega2: float
    rank: int


@passes_missing
def shrink(panel: pd.DataFrame, noise: Noise, *, year: int, school: School) -> Result | Missing:
    """See where the school most likely stands once chance is allowed for.

    A small school's value says little by itself; it is drawn towards what schools of the same need, size and level
    scored. A large school's value hardly moves.

    Parameters
    ----------
    panel : DataFrame
        What `measures.outcomes.panel` gives.
    noise : Noise
        Chance variation, from `noise(panel)`.
    year : int
        The fall of the school year.
    school : School
        The school; its pack says which fields measure need (role "need") and size.

    Returns
    -------
    Result or Missing
        Table: one row a measure for this school: `value` is the steadied value with its 95% interval, `n` its size.
        `frame`, one row a measure and school with a value and a size, sorted by measure and school_id: value, expected,
        shrunken, low, high, reliability (share of the weight on the school's own value), se (of its value);
        `attrs["school_id"]` marks the school. Missing where this school has no value or size that year, or fewer than
        20 schools have.

    Notes
    -----
    y_i = x_i'b + u_i + e_i, var(u) = omega2, var(e_i) = se_i^2; x: need fields, level, log size. omega2 by the moment
    equation sum((y - x'b)^2 / (omega2 + se^2)) = m - p, b by weighted least squares (Fay and Herriot 1979, Journal of
    the American Statistical Association 74, 269-277). Reliability g = omega2 / (omega2 + se^2); steadied = x'b +
    g (y - x'b). Its mean squared error is g se^2 + (1-g)^2 x'Vx + 2 se^4/(omega2 + se^2)^3 var(omega2) - (1-g)^2
    bias(omega2): the later terms are for not knowing b and omega2 (Morris 1983, same journal 78, 47-55; Datta, Rao and
    Smith 2005, Biometrika 92, 183-196). Checked on the milk data of R's sae (`mseFH`, method "FH").

    The estimate of omega2 can be zero where schools really differ; an interval that took it at its word would be too
    narrow. So the interval, steadied +- 1.96 sqrt(mse), takes omega2 at the mean of a normal distribution around its
    estimate, with variance 2m / (sum(1/(omega2 + se^2)))^2, cut off below zero. For percents se is taken at the
    expected level, so that a lucky value does not lend itself weight. A school without a need figure is placed at the
    mean of those that have one.
    """
    frame = checked(panel, "shrink")
    require_school(frame, school.school_id, "shrink")
    known = needs(school, year)
    rows: list[tuple[Any, ...]] = []
    said: list[str] = []
    checks: list[str] = []
    found: list[pd.DataFrame] = []
    for about, part in each_measure(frame):
        values = in_year(part, year)
        values = values[values["value"].notna() & values["size"].notna()].sort_index()
        if school.school_id in values.index and noise.has(about["measure"]) and len(values) >= LEAST:
            steady = _steadied(about, values, noise, known, checks)
            found.append(steady)
            own = steady[steady["school_id"] == school.school_id].iloc[0]
            rows.append(_row(about, own, values))
            said.append(_told(about, own, float(values["size"][school.school_id])))
    if not rows:
        few = frame[(frame["year"] == year) & frame["value"].notna()]["school_id"].nunique() < LEAST
        why = f"fewer than {LEAST} schools have a result" if few else "this school has no result whose size is known"
        return Missing(SECTION, f"{why} for {school_year(year)}.")
    coded = coded_limit(frame[(frame["school_id"] == school.school_id) & (frame["year"] == year)])
    return _result(rows, said, checks, pd.concat(found, ignore_index=True), school, known, year, coded)


def _steadied(
    about: dict[str, Any], values: pd.DataFrame, noise: Noise, known: Needs | Missing, checks: list[str]
) -> pd.DataFrame:
    """Fit one measure and give its frame."""
    x, filled = on_need(values, known)
    y = values["value"].to_numpy(float)
    se = noise.se(values).to_numpy(float)
    fit = fay_herriot(y, x, se**2)
    if about["unit"] == "pct":
        level = pd.Series(np.clip(fit.expected, 0, 100), index=values.index)
        se = noise.se(values.assign(value=level)).to_numpy(float)
        fit = fay_herriot(y, x, se**2)
    half = Z * np.sqrt(fit.wide_mse)
    low, high = bounded(fit.shrunken - half, fit.shrunken + half, about)
    expected, shrunken = (bounded(v, v, about)[0] for v in (fit.expected, fit.shrunken))
    checks.append(
        f"{about['label']}: {plural(len(y), 'school')}; schools of the same need, size and level differ by a true"
        f" standard deviation of {phrase(fit.omega2**0.5, about['difference'])};"
        f" reliability between {show(fit.reliability.min(), 'ratio')} and {show(fit.reliability.max(), 'ratio')}."
        + (f" {plural(filled, 'school')} without a need figure placed at the mean." if filled else "")
    )
    columns = (about["label"], values.index, y, expected, shrunken, low, high, fit.reliability, se)
    return pd.DataFrame(dict(zip(FRAME, columns, strict=True)))


def on_need(values: pd.DataFrame, known: Needs | Missing) -> tuple[Floats, int]:
    """Give the columns what is expected depends on, standardised, and how many schools lack one of them."""
    columns = [np.ones(len(values))]
    filled = 0
    if not isinstance(known, Missing):
        about = known.frame.reindex(values.index)
        numbers = about[[*known.fields, LOG_SIZE]].astype(float)
        filled = int(numbers.isna().any(axis=1).sum())
        numbers = numbers.fillna(numbers.mean())
        spread, centre = numbers.std(ddof=0), numbers.mean()
        columns += [((numbers[c] - centre[c]) / spread[c]).to_numpy() for c in numbers.columns if spread[c] > 0]
    if "school_level" in values:
        levels = sorted(values["school_level"].dropna().unique())[1:]
        columns += [(values["school_level"] == level).to_numpy(float) for level in levels]
    return np.column_stack(columns), filled


def fay_herriot(y: Floats, x: Floats, variance: Floats) -> Steadied:
    """Fit the area-level model by the moment equation of Fay and Herriot (1979).

    Parameters
    ----------
    y : array
        One value a school.
    x : array
        One row a school: what its expectation depends on, the constant among them.
    variance : array
        Sampling variance of each value.
    """
    rank = int(np.linalg.matrix_rank(x))

    def weighted(omega2: float) -> tuple[Any, Any, Any]:
        w = 1 / np.maximum(omega2 + variance, 1e-12)
        bread = np.linalg.pinv((x * w[:, None]).T @ x, hermitian=True)
        return bread @ (x.T @ (w * y)), bread, w

    def excess(omega2: float) -> float:
        b, _, w = weighted(omega2)
        return float(np.sum(w * (y - x @ b) ** 2) - (len(y) - rank))

    omega2 = 0.0
    if excess(0.0) > 0:
        top = float(np.var(y)) + 1.0
        while excess(top) > 0:
            top *= 2
        omega2 = float(brentq(excess, 0.0, top, xtol=1e-10 * top, rtol=1e-10))
    b, bread, w = weighted(omega2)
    expected, g = x @ b, omega2 * w
    step = excess(0.0) / np.sum(1 / np.maximum(variance, 1e-12)) if omega2 == 0 else omega2
    plausible = _truncated_mean(float(step), float(np.sqrt(2 * len(y)) / np.sum(w)))
    _, wide_bread, wide_w = weighted(plausible)
    return Steadied(
        expected,
        expected + g * (y - expected),
        _mse(variance, x, omega2, bread, w),
        _mse(variance, x, plausible, wide_bread, wide_w),
        g,
        omega2,
        rank,
    )


def _mse(variance: Floats, x: Floats, omega2: float, bread: Any, w: Any) -> Floats:
    """Give the mean squared error of each steadied value (Datta, Rao and Smith 2005)."""
    g = omega2 * w
    unsure_b = (1 - g) ** 2 * np.einsum("ij,jk,ik->i", x, bread, x)
    unsure_omega2 = 2 * variance**2 * w**3 * (2 * len(w) / np.sum(w) ** 2)
    bias = 2 * (len(w) * np.sum(w**2) - np.sum(w) ** 2) / np.sum(w) ** 3
    known = g * variance + unsure_b
    return np.asarray(np.maximum(known + unsure_omega2 - bias * (1 - g) ** 2, known))


def _truncated_mean(centre: float, spread: float) -> float:
    """Give the mean of a normal distribution cut off below zero."""
    if spread <= 0:
        return max(centre, 0.0)
    z = centre / spread
    return centre + spread * float(np.exp(norm.logpdf(z) - norm.logcdf(z)))


def _row(about: dict[str, Any], own: pd.Series, values: pd.DataFrame) -> tuple[Any, ...]:
    size = float(values["size"][own["school_id"]])
    return (about["label"], THIS, own["shrunken"], own["low"], own["high"], size, about["unit"])


def _told(about: dict[str, Any], own: pd.Series, size: float) -> str:
    unit = str(about["unit"])
    return (
        f"{about['label']}: {phrase(own['value'], unit)} as reported; schools of the same need, size and level average"
        f" {phrase(own['expected'], unit)}. With {show(size)} pupils, {show(100 * own['reliability'])}% of the weight"
        f" lies on the school's own value. Its true value most likely lies near {phrase(own['shrunken'], unit)}"
        f" (95% interval {span(own['low'], own['high'], unit)})."
    )


def _result(
    rows: list[tuple[Any, ...]],
    said: list[str],
    checks: list[str],
    frame: pd.DataFrame,
    school: School,
    known: Needs | Missing,
    year: int,
    coded: tuple[str, ...],
) -> Result:
    frame.attrs["school_id"] = school.school_id
    limits = ["A steadied value is a best guess about the year's level, no forecast and no judgement.", *coded]
    if isinstance(known, Missing):
        limits.append("The pack has no figures on need; schools are drawn towards the mean of their level.")
    elif known.year != year:
        limits.append(f"Need and size are those of {school_year(known.year)}.")
    used = (
        [] if isinstance(known, Missing) else [known.titles[c] for c in (*known.fields, LOG_SIZE) if c in known.titles]
    )
    return Result(
        id="steady",
        title=f"Where the school most likely stands, {school_year(year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=" ".join(said),
        claim="estimate",
        assumptions=(
            f"Schools alike in {listing([*(lower_first(u) for u in used), 'level'])} scatter around one expected"
            " value in the manner of a bell curve.",
        ),
        checks=tuple(checks),
        limits=tuple(limits),
        note="n: pupils behind the school's value.",
        frame=frame,
    )
