"""The school week as the timetable sets it: minutes by kind of period, sizes of sections, periods to plan together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.compositions import KEYS, amounts
from leadlib.measures.groups import SIMILAR, THIS, groups_of, middle, nearest_year, peers_may_be_missing
from leadlib.measures.taxonomy import kinds, labels
from leadlib.numbers import phrase, plural, school_year, show
from leadlib.privacy import K
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

WEEK = "The section on the school week"
SECTIONS = "The section on classes and planning"
SIZE, UNEVEN, FULL, PLANNING = (
    "Pupils in a section, mean",
    "Largest less smallest section of a course, mean",
    "Sections with more pupils than seats",
    "Subjects whose teachers share a free period",
)


@peers_may_be_missing
@passes_missing
def week(school: School, peers: Peers | Missing | None) -> Result | Missing:
    """See where the minutes of the school week go, beside similar schools: classes, passing, lunch.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them all schools of its level stand in their place.

    Returns
    -------
    Result or Missing
        Table: one row a kind of period and group, in minutes a week, with the further columns period and kind (of the
        taxonomy). For other schools `value` is the median, `low` and `high` the quartiles, `n` the schools that have a
        bell schedule. Missing where the pack has none of this school.

    Notes
    -----
    Minutes of a period times the days of a week on which it meets. A kind that a school does not have counts as 0. The
    nearest year with a bell schedule of this school is used for all schools. Class minutes are those that the timetable
    protects for teaching; interruptions are not in the data.
    """
    found = amounts(school, "periods")
    if isinstance(found, Missing):
        return Missing(WEEK, found.reason)
    year = nearest_year(found.loc[found["school_id"] == school.school_id, "year"], school.year)
    if year is None:
        return Missing(WEEK, "the pack holds no bell schedule of this school.")
    at = found[found["year"] == year]
    wide = at.pivot_table(index="school_id", columns="key", values="amount", fill_value=0.0)
    beside, ids, left_out = _beside(school, peers)
    rows: list[tuple[Any, ...]] = []
    for key, label in labels("periods").items():
        if key in wide and (wide.loc[[school.school_id, *wide.index.intersection(ids)], key] > 0).any():
            own = float(wide.loc[school.school_id, key])
            more = (key, kinds("periods")[key])
            rows += [(*row, *more) for row in _two(label, own, wide[key], "minutes", beside, ids)]
    table = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "period", "kind"])
    return _week_result(year, table, left_out)


def _beside(school: School, peers: Any) -> tuple[str, list[str], tuple[str, ...]]:
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    beside = SIMILAR if SIMILAR in groups else next(reversed(groups), "")
    return beside, groups.get(beside, []), left_out


def _two(label: str, own: float, values: pd.Series, unit: str, beside: str, ids: list[str]) -> list[tuple[Any, ...]]:
    """Give the row of this school and, where there are others, theirs."""
    rows: list[tuple[Any, ...]] = [(label, THIS, own, np.nan, np.nan, 1, unit)]
    if beside:
        rows.append((label, beside, *middle(values.reindex(ids)), unit))
    return rows


def _week_result(year: int, table: pd.DataFrame, left_out: tuple[str, ...]) -> Result:
    own = table[table["group"] == THIS].set_index("period")["value"]
    taught, whole = float(own.get("class", 0.0)), float(own.sum())
    return Result(
        id="week",
        title=f"Minutes of the school week, {school_year(year)}",
        table=table,
        text=f"The timetable keeps {phrase(taught, 'minutes')} of {show(whole, 'minutes')} a week for classes.",
        limits=(*left_out, "Minutes are those of the timetable: interruptions and late starts are not in the data."),
        note="In brackets the middle half of the schools.",
        wide=True,
    )


@peers_may_be_missing
@passes_missing
def sections(school: School, peers: Peers | Missing | None) -> Result | Missing:
    """See how evenly classes are filled and whether teachers of a subject can plan together, beside similar schools.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them all schools of its level stand in their place.

    Returns
    -------
    Result or Missing
        Table: one row a measure and group: pupils in a section (mean), the largest less the smallest section of a
        course (mean over courses of two sections or more, in pupils), the percent of sections with more pupils than
        seats, and the percent of subjects whose teachers share a free period. For others `value` is the median, `low`
        and `high` the quartiles, `n` the schools. A measure that this school cannot have has no row. Missing where it
        has no sections of this school.

    Notes
    -----
    Planning together counts subjects of two teachers or more, in schools whose sections meet in two periods or more: a
    period of the day in which none of a subject's teachers has a section. Sections of fewer than 10 pupils are not used
    for the largest less the smallest.
    """
    if not school.has("sections"):
        return Missing(SECTIONS, "the pack holds no sections.")
    table = school.table("sections")
    year = nearest_year(table.loc[table["school_id"] == school.school_id, "year"].unique(), school.year)
    if year is None:
        return Missing(SECTIONS, "the pack holds no sections of this school.")
    frame = balance(table[table["year"] == year]).set_index("school_id")
    beside, ids, left_out = _beside(school, peers)
    rows: list[tuple[Any, ...]] = []
    for label, unit in ((SIZE, "pupils"), (UNEVEN, "pupils"), (FULL, "pct"), (PLANNING, "pct")):
        own = float(frame.loc[school.school_id, label])
        if np.isfinite(own):
            rows += _two(label, own, frame[label], unit, beside, ids)
    return _sections_result(
        year, pd.DataFrame(rows, columns=list(RESULT_COLUMNS)), frame.loc[school.school_id], left_out
    )


def balance(table: pd.DataFrame) -> pd.DataFrame:
    """See how evenly the sections of each school and year are filled, and how many subjects can plan together.

    Parameters
    ----------
    table : DataFrame
        One row a section: school_id, year, course, subject, teacher_id, term, period, enrolled_n, capacity_n.

    Returns
    -------
    DataFrame
        One row a school and year: the measures of `sections`, sections_n, subjects_n (of two teachers or more) and
        together_n (of those, the ones that share a free period). A measure without a figure is missing.
    """
    grouped = table.groupby(KEYS, sort=True)
    frame = pd.DataFrame({SIZE: grouped["enrolled_n"].mean(), "sections_n": grouped.size()})
    shown = table[table["enrolled_n"] >= K]
    course = shown.groupby([*KEYS, "course", "term"])["enrolled_n"].agg(["max", "min", "size"])
    course = course[course["size"] > 1]
    frame[UNEVEN] = (course["max"] - course["min"]).groupby(KEYS).mean()
    over = (table["enrolled_n"] > table["capacity_n"]).groupby([table[k] for k in KEYS]).mean()
    frame[FULL] = 100 * over
    together = pd.DataFrame(
        [_together(key, part) for key, part in grouped], columns=[*KEYS, "subjects_n", "together_n"]
    )
    frame = frame.reset_index().merge(together, on=KEYS)
    frame[PLANNING] = 100 * frame["together_n"] / frame["subjects_n"].where(frame["subjects_n"] > 0)
    return frame


def _together(key: Any, part: pd.DataFrame) -> tuple[Any, ...]:
    """Count the subjects of two teachers or more, and those in which none of them teaches in some period of the day."""
    periods = part.groupby("teacher_id")["period"].agg(set)
    day = set(part.loc[part["period"].isin(_numbered(part)), "period"])
    if len(day) < 2:
        return (*key, 0, 0)
    counted = together = 0
    for _, teachers in part.dropna(subset=["teacher_id"]).groupby("subject")["teacher_id"]:
        busy = [periods[t] for t in sorted(set(teachers))]
        if len(busy) > 1 and all(b <= day for b in busy):
            counted += 1
            together += bool(day - set().union(*busy))
    return (*key, counted, together)


def _numbered(part: pd.DataFrame) -> list[str]:
    """Give the periods in which more than one grade's or subject's sections meet, the home room apart."""
    met = part.groupby("period")["subject"].nunique()
    return [str(p) for p in met[met > 1].index]


def _sections_result(year: int, table: pd.DataFrame, own: Any, left_out: tuple[str, ...]) -> Result:
    if own["subjects_n"] > 0:
        told = (
            f"In {show(own['together_n'])} of {plural(int(own['subjects_n']), 'subject')} with two teachers or more,"
            " all of them are free in the same period."
        )
    else:
        told = "Classes here stay with one teacher, so that free periods cannot be read from the sections."
    return Result(
        id="sections",
        title=f"Classes and planning, {school_year(year)}",
        table=table,
        text=told,
        limits=(*left_out, "A free period in the timetable is an opportunity; whether teachers use it is not known."),
        note="In brackets the middle half of the schools.",
        wide=True,
    )
