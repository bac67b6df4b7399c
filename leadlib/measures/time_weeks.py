"""One logged week or eight: how far a single week misleads, and how many weeks to log."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from leadlib.errors import nearest, refuse
from leadlib.measures.time_parts import MEASURES, minutes
from leadlib.measures.timelogs import LEAST_WEEKS, mean_interval, no_weeks, read, student
from leadlib.numbers import lower_first, phrase, plural, school_year, show
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

TAKEN = "Weeks are sampled. The intervals take them as drawn by chance from the year, which a chosen week is not."
YEAR_WEEKS = 36
_ONE = "The comparison of one week with several"


@passes_missing
def weeks(school: School, *, of: str = "instruction", within: float = 30, level: float = 0.95) -> Result | Missing:
    """See how far a single logged week can mislead, how steady the logged mean is, and how many weeks to log.

    Parameters
    ----------
    school : School
        The school and year.
    of : str
        What is looked at, in minutes a week: instruction (all of it), walkthroughs, coaching, other (day-to-day
        instruction), program, or organization.
    within : float
        The wanted precision: how far, in minutes, the logged mean may lie from the mean of all weeks of the year.

    Returns
    -------
    Result or Missing
        Table: the mean of the logged weeks with its interval; a single week, from the lowest to the highest (`value` is
        the median); the reliability of one week and of the mean; the weeks to log. `frame`: one row a logged week:
        week, minutes, and the mean with its interval.

    Notes
    -----
    Reliability: the one-way intraclass correlation over the schools of the pack in the year, ICC1 =
    (MSB - MSW) / (MSB + (k - 1) MSW), and of the mean by Spearman and Brown. Weeks to log: n = m / (1 + m / N), with
    m = (z s / within)^2, s the standard deviation of weeks within schools, pooled over the pack's schools of the year,
    and N the 36 weeks of a school year (Cochran 1977, Sampling Techniques, section 4.6).

    Raises
    ------
    InputError
        An unknown measure, or a precision that is not positive.
    """
    if of not in MEASURES:
        raise refuse(f"weeks, of={of!r}", "is nothing that the log holds", nearest(of, MEASURES))
    if not within > 0:
        raise refuse(f"weeks, within={within}", "is not above zero", "give minutes, such as 30")
    log = read(school)
    if isinstance(log, Missing):
        return log
    own = log.own(school)
    if len(own) < LEAST_WEEKS:
        return no_weeks(log, school) or Missing(
            _ONE, f"the log of this year has only {plural(len(own), 'whole week')}."
        )
    mine = minutes(own)[["week", of]].rename(columns={of: "minutes"}).reset_index(drop=True)
    if mine["minutes"].isna().any():
        return Missing(_ONE, "the log does not part instruction into kinds.")
    return _spread(
        school, of, mine, reliability(minutes(log.frame[log.frame["year"] == school.year]), of), within, level
    )


def _spread(
    school: School, of: str, mine: pd.DataFrame, known: tuple[float, float, float, int], within: float, level: float
) -> Result:
    label, n = MEASURES[of], len(mine)
    one, several, deviation, schools_n = known
    mean, low, high = mean_interval(mine["minutes"], level, floor=0.0)
    least, most = float(mine["minutes"].min()), float(mine["minutes"].max())
    needed = _needed(deviation, within, level)
    rows = [
        (label, f"Mean of {n} logged weeks", mean, low, high, n, "minutes"),
        (label, "A single week, lowest to highest", float(mine["minutes"].median()), least, most, n, "minutes"),
        (label, "Reliability of a single week", one, math.nan, math.nan, schools_n, "ratio"),
        (label, f"Reliability of the mean of {n} weeks", several, math.nan, math.nan, schools_n, "ratio"),
        (label, f"Weeks to log, to come within {show(within)} minutes", needed, math.nan, math.nan, schools_n, "count"),
    ]
    told = (
        f"{label}: the logged weeks lie between {show(least, 'minutes')} and {phrase(most, 'minutes')}; their mean is"
        f" {phrase(mean, 'minutes')}."
    )
    if math.isfinite(several) and math.isfinite(needed):
        told += (
            f" Of what sets the principals of this pack apart in a single week, {show(100 * one, 'whole_pct')} lasts;"
            f" in the mean of {n} weeks, {show(100 * several, 'whole_pct')}. To come within"
            f" {phrase(within, 'minutes')} of the mean of all {YEAR_WEEKS} weeks, about"
            f" {plural(int(needed), 'week')} would have to be logged."
        )
    else:
        told += " Too few schools kept a log to tell how much of that lasts."
    return Result(
        id=f"weeks-{of}",
        title=f"One week or {n}: {lower_first(label)}, {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=told,
        limits=(TAKEN,),
        note="n: weeks of this school; for reliability and the weeks to log, schools with a log in this year.",
        frame=mine.assign(mean=mean, low=low, high=high),
        interval_label=f"{100 * level:g}% interval or range",
    )


def _needed(deviation: float, within: float, level: float) -> float:
    """Give how many of a year's weeks have to be logged."""
    if not math.isfinite(deviation):
        return math.nan
    unbounded = (student(10**9, level) * deviation / within) ** 2
    return float(max(1, math.ceil(unbounded / (1 + unbounded / YEAR_WEEKS) - 1e-9)))


def reliability(weeks: pd.DataFrame, of: str) -> tuple[float, float, float, int]:
    """Give the reliability of one week and of the mean, the pooled deviation of weeks, and the schools behind them.

    One row of `weeks` is a logged week of a school; one-way analysis of variance, with k the harmonic-like mean number
    of weeks that unequal numbers call for, (N - sum k_i^2 / N) / (schools - 1).
    """
    by = weeks.dropna(subset=[of]).groupby("school_id")[of]
    n, mean, spread = by.count(), by.mean(), by.var(ddof=1)
    n, mean, spread = (s[by.count() > 1] for s in (n, mean, spread))
    if len(n) < 3:
        return math.nan, math.nan, math.nan, len(n)
    total = float(n.sum())
    inside = float((spread * (n - 1)).sum() / (total - len(n)))
    grand = float((mean * n).sum() / total)
    between = float((n * (mean - grand) ** 2).sum() / (len(n) - 1))
    k = (total - float((n**2).sum()) / total) / (len(n) - 1)
    lasting = max(between - inside, 0.0) / k
    one = lasting / (lasting + inside) if lasting + inside > 0 else math.nan
    several = lasting / (lasting + inside / k) if lasting + inside > 0 else math.nan
    return one, several, math.sqrt(inside), len(n)
