"""What teachers say of leadership and pupils of their school: who was asked, who answered, and the answers as frames.

No mean is made here: whether a school's mean may be shown is decided first, by `designs.survey.views`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.groups import SIMILAR, THIS, groups_of, level_group, middle, peers_may_be_missing
from leadlib.numbers import plural, school_year
from leadlib.privacy import K, code_shares, share_text, small
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

LEADERSHIP = "The section on how teachers see leadership"
CLIMATE = "The section on how pupils see their school"
WHO = "The section on who answered"
ALL = "All"
TEACHER, PRINCIPAL = "teacher", "principal"


@peers_may_be_missing
@passes_missing
def answers(school: School, peers: Peers | Missing | None) -> pd.DataFrame | Missing:
    """Get the answers of the last leadership survey up to the school's year, of all schools, ready for a design.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools.

    Returns
    -------
    DataFrame or Missing
        One row a respondent and item: respondent_id, school_id, respondent_role, item, function, response. No row of it
        is for showing. `attrs` has school_id, year, groups (ids of similar schools and of its level) and asked (the
        teachers of each school that year, where the pack knows them). Missing where the pack has no such survey, or
        none of a teacher of this school.
    """
    if not school.has("leadership_survey"):
        return Missing(LEADERSHIP, "the pack holds no survey of teachers.")
    table = school.table("leadership_survey")
    teachers = table[table["respondent_role"] == TEACHER]
    year = _last(teachers.loc[teachers["school_id"] == school.school_id, "year"], school.year)
    if year is None:
        return Missing(LEADERSHIP, f"no survey up to {school_year(school.year)} has answers of this school's teachers.")
    found = table[(table["year"] == year) & table["respondent_role"].isin([TEACHER, PRINCIPAL])]
    columns = ["respondent_id", "school_id", "respondent_role", "item", "function", "response"]
    found = found.reindex(columns=columns).sort_values(["school_id", "respondent_id", "item"]).reset_index(drop=True)
    found.attrs = {**_about(school, peers, year), "asked": _teachers(school, year)}
    return found


@peers_may_be_missing
@passes_missing
def pupils(school: School, peers: Peers | Missing | None) -> pd.DataFrame | Missing:
    """Get what pupils said of their school in the last survey up to the school's year, of all schools.

    Parameters
    ----------
    school, peers
        As for `answers`.

    Returns
    -------
    DataFrame or Missing
        One row a school and item, all pupils together: school_id, item, mean, sd, respondents_n, invited_n, scale_low,
        scale_high. `attrs` as of `answers`. Missing where the pack has no such survey, or none this school sent in.
    """
    table = _climate(school, groups=False)
    if isinstance(table, Missing):
        return table
    table, year = table
    found = table[table["mean"].notna()].sort_values(["item", "school_id"]).reset_index(drop=True)
    found.attrs = _about(school, peers, year)
    return found


@peers_may_be_missing
@passes_missing
def who_answered(school: School, peers: Peers | Missing | None, *, privacy_k: int = K) -> Result | Missing:
    """See which share of the pupils who were asked answered the climate survey, in all and by group.

    Parameters
    ----------
    school, peers
        As for `answers`.
    privacy_k : int
        The fewest pupils who may be seen, among those who answered and among those who did not.

    Returns
    -------
    Result or Missing
        Table: one row a group of pupils and group of schools; `value` in percent, `n` the pupils asked (this school) or
        the schools; `shown` is the protected text.

    Notes
    -----
    Where the items of a survey had different numbers of answers, the item with the fewest counts.
    """
    got = _climate(school, groups=True)
    if isinstance(got, Missing):
        return Missing(WHO, got.reason)
    table, year = got
    known = table[table["respondents_n"].notna() & (table["invited_n"] > 0)]
    least = known.sort_values(["group", "school_id", "respondents_n", "item"]).drop_duplicates(["group", "school_id"])
    groups = _about(school, peers, year)["groups"]
    rows: list[tuple[Any, ...]] = []
    for name in sorted(least["group"].unique(), key=lambda g: (g != ALL, g)):
        part = least[least["group"] == name].set_index("school_id")
        rows += _rates(name, part, school.school_id, groups, privacy_k)
    if not rows:
        return Missing(WHO, "this school's pupils sent in no answers.")
    return Result(
        id="who-answered",
        title=f"Pupils who answered the climate survey, {school_year(year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text="Those who do not answer often feel otherwise than those who do: the lower the share, the less a mean says"
        " of all pupils.",
        limits=("Nothing tells what those who did not answer would have said.",),
        note="Groups of schools: the median school, in brackets the middle half.",
        wide=True,
    )


def _rates(
    name: str, part: pd.DataFrame, school_id: str, groups: dict[str, list[str]], k: int
) -> list[tuple[Any, ...]]:
    """Give a group's share of answers at this school and at others."""
    title = "All pupils" if name == ALL else name
    asked = part["invited_n"].astype(float)
    rate = 100 * part["respondents_n"].astype(float) / asked
    coded = pd.Series(code_shares(rate, asked, k), index=part.index)
    rows = []
    if school_id in part.index:
        n = float(asked[school_id])
        text = share_text(float(rate[school_id]), n, k)
        behind = np.nan if small(n, k) else n
        rows.append((title, THIS, float(coded[school_id]), np.nan, np.nan, behind, "pct", text))
    for group, ids in groups.items():
        value, low, high, n_schools = middle(coded.reindex(ids))
        rows.append((title, group, value, low, high, n_schools, "pct", ""))
    return rows


def _climate(school: School, *, groups: bool) -> tuple[pd.DataFrame, int] | Missing:
    """Give the rows of the last climate survey up to the school's year, and that year."""
    if not school.has("student_climate"):
        return Missing(CLIMATE, "the pack holds no survey of pupils.")
    table = school.table("student_climate")
    table = table if groups else table[table["group"] == ALL]
    own = table[(table["school_id"] == school.school_id) & table["mean"].notna()]
    year = _last(own["year"], school.year)
    if year is None:
        return Missing(CLIMATE, f"no survey up to {school_year(school.year)} has answers of this school's pupils.")
    return table[table["year"] == year], year


def _last(years: Any, until: int) -> int | None:
    """Give the last year up to one: what came later is not yet known to those who decide."""
    return max((int(y) for y in years if y <= until), default=None)


def _about(school: School, peers: Any, year: int) -> dict[str, Any]:
    found, left_out = groups_of(school.table("schools"), school.school_id, peers)
    wanted = (SIMILAR, level_group(school.level))
    kept = {name: ids for name, ids in found.items() if name in wanted}
    return {"school_id": school.school_id, "year": year, "groups": kept, "left_out": left_out, "of": school.year}


def _teachers(school: School, year: int) -> dict[str, int]:
    """Count the teachers of each school, who were asked."""
    if not school.has("teachers"):
        return {}
    table = school.table("teachers")
    counts = table[table["year"] == year].groupby("school_id")["teacher_id"].nunique()
    return {str(s): int(n) for s, n in counts.items()}


def asked_text(year: int, of: int) -> str:
    """Say in a sentence where a survey is older than the report."""
    behind = of - year
    return "" if behind < 1 else f"The last survey was in {school_year(year)}, {plural(behind, 'year')} before."
