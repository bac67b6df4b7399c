"""The changing words of a case: which school it is set at, who decides there, by when, and what comes afterwards."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from leadlib.blocks import Block, Notice, Prose
from leadlib.errors import refuse
from leadlib.numbers import listing, school_year

if TYPE_CHECKING:
    from leadlib.tables import School

NO_KIND = ("other", "ungraded")
"""Levels that name no kind of school: "an other school" is no English."""
SUMMER = 8
"""The month in which a school year begins: a day before it falls in the year after that of the fall."""


def opening(school: School, *, person: str, role: str, decides: str, due: str) -> Block:
    """Read at which school this copy of the case is set, who decides what there, and by which day.

    Parameters
    ----------
    school : School
        The school, as `ll.school` gives it.
    person, role
        The invented person who decides, and what this person does: `"Marisol Vega"`, `"the principal"`.
    decides : str
        What is decided, to follow "decides": `"which of two proposals to put to the superintendent"`.
    due : str
        Month and day of the decision in the school's year: `"March 18"`.

    Raises
    ------
    InputError
        If `due` is no month and day.
    """
    kind = (school.level or "").lower()
    level = f"{kind} school" if kind and kind not in NO_KIND else "school"
    article = "an" if level[0] in "aeiou" else "a"
    where = f" in {school.lea_name}" if school.row.get("lea_name") is not None else ""
    told = (
        f"This copy of the case is set at {school.name}, {article} {level}{where}, in {school_year(school.year)}."
        f" {person}, {role}, decides {decides}. The day is {day(due, school.year)}.",
        f"{_invented(school)} Run the case with another school in the cell above, and its figures, and the sentences"
        " that rest on them, change with it.",
    )
    return Prose(told, role="lead")


def _invented(school: School) -> str:
    if school.record_type == "synthetic":
        return "The people are invented, and so are the school and its figures: they were made for teaching."
    return (
        f"The figures are real, from {school.pack_title}. The people and what they say are invented; nobody in this"
        " case works at the school or ever did."
    )


def day(due: str, year: int) -> str:
    """Write a month and day of the school year that began in the fall of `year`: `"March 18"` is a day in spring.

    A day that falls on a weekend moves to the Friday before it.
    """
    try:
        found = datetime.datetime.strptime(f"{due} 2000", "%B %d %Y").date()
        found = found.replace(year=year if found.month >= SUMMER else year + 1)
    except (TypeError, ValueError):
        raise refuse("due", f"{due!r} is no month and day", 'write it like "March 18"') from None
    found -= datetime.timedelta(days=max(0, found.weekday() - 4))
    return f"{found:%A}, {found:%B} {found.day}, {found.year}"


def afterwards(school: School, *, table: str = "outcomes") -> Block:
    """Read which years the pack holds after the decision: what part B of a case can look at.

    Parameters
    ----------
    school : School
        The school; its year is that of the decision.
    table : str
        The table that part B reads.
    """
    years = later(school, table=table)
    if not years:
        return Notice(
            f"The pack holds no year after {school_year(school.year)} for this school. What happened next is not known:"
            " run the case with an earlier year to see it."
        )
    spoken = listing([school_year(y) for y in years])
    return Prose((f"The pack knows what came next: {spoken}. Nobody knew it on the day of the decision.",), role="note")


def later(school: School, *, table: str = "outcomes") -> tuple[int, ...]:
    """Give the years after that of the decision for which a table has this school."""
    if not school.has(table):
        return ()
    rows: Any = school.table(table)
    years = rows.loc[rows["school_id"] == school.school_id, "year"].unique()
    return tuple(sorted(int(y) for y in years if y > school.year))
