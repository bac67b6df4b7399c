"""What a teacher costs here, and what a sum for each pupil comes to in dollars and posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.errors import refuse
from leadlib.measures.groups import SIMILAR, THIS, groups_of, middle, nearest_year, peers_may_be_missing
from leadlib.measures.spending import current_lines, enrolled
from leadlib.numbers import phrase, school_year, show
from leadlib.privacy import K, small
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

PAY, EXPERIENCE, STAFFED = "Average salary of a teacher", "Average experience", "Teachers for 100 pupils"
SAME = "The same, at the others' average salary"
_PEOPLE = (PAY, EXPERIENCE, STAFFED)
_UNITS = {PAY: "usd", EXPERIENCE: "years", STAFFED: "fte"}


@peers_may_be_missing
@passes_missing
def salaries(school: School, peers: Peers | Missing | None, *, privacy_k: int = K) -> Result | Missing:
    """See why the same share of a budget can mean more teachers in one school than in another: what a teacher costs.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them the other schools of its district or level.
    privacy_k : int
        The fewest teachers that may stand behind an average.

    Returns
    -------
    Result or Missing
        Table: average base salary (dollars of the year), average years of experience, teachers (full-time posts) for
        100 pupils, and how many the same salary dollars would pay if each cost what one costs at the middle one of the
        similar schools. For groups `value` is the median, `low` and `high` the quartiles. An average of fewer than
        privacy_k teachers is not shown and is in no median. Missing where the pack has no salaries of this school.

    Notes
    -----
    Last row: teachers for 100 pupils x average salary here / median average salary of the group. It describes what the
    salary schedule does; it is no advice to hire beginners.
    """
    section = "The section on what teachers cost"
    staff = _staff(school, privacy_k)
    if isinstance(staff, Missing):
        return Missing(section, staff.reason)
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    chosen = SIMILAR if SIMILAR in groups else next(iter(groups), "")
    here = staff.loc[school.school_id]
    rows: list[tuple[Any, ...]] = []
    for name in _PEOPLE:
        few = f"fewer than {privacy_k} teachers" if name != STAFFED and not np.isfinite(here[name]) else ""
        rows.append((name, THIS, float(here[name]), np.nan, np.nan, 1, _UNITS[name], few))
        if chosen:
            value, low, high, n = middle(staff[name].reindex(groups[chosen]))
            rows.append((name, chosen, value, low, high, n, _UNITS[name], ""))
    if chosen and np.isfinite(here[PAY]):
        usual = middle(staff[PAY].reindex(groups[chosen]))[0]
        rows.append((SAME, THIS, float(here[STAFFED] * here[PAY] / usual), np.nan, np.nan, 1, "fte", ""))
    year = int(staff.attrs["year"])
    return Result(
        id="money-salaries",
        title=f"What teachers cost, {school_year(year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text="A salary schedule pays for years and degrees. Where it is one for the whole district, a school with many"
        " beginners pays less for each teacher, and a budget that counts posts rather than dollars hides that.",
        limits=(
            *(t for t in left_out if "similar" in t),
            "Salaries are base pay without benefits. Nothing here says who teaches well.",
        ),
        note="Groups: the median school, in brackets the middle half. Last row: the teachers that the same salary"
        " dollars would pay, if each cost what one costs at the median school.",
        wide=True,
    )


def _staff(school: School, k: int) -> pd.DataFrame | Missing:
    """Give pay, experience and teachers for 100 pupils of every school in the year nearest to the school's."""
    if not (school.has("teachers") and school.has("school_years")):
        return Missing("Teachers", "this pack holds no salaries of teachers.")
    table = school.table("teachers").dropna(subset=["salary_usd", "fte"])
    year = nearest_year(table.loc[table["school_id"] == school.school_id, "year"].unique(), school.year)
    if year is None:
        return Missing("Teachers", "the pack has no salaries of this school's teachers.")
    each = table[table["year"] == year].groupby("school_id")
    pupils = enrolled(school)
    here = pupils[pupils["year"] == year].set_index("school_id")["pupils"]
    frame = pd.DataFrame({PAY: each["salary_usd"].mean(), EXPERIENCE: each["experience_years"].mean()})
    frame.loc[small(each.size().to_numpy(), k)] = np.nan
    frame[STAFFED] = 100 * each["fte"].sum() / here.reindex(frame.index)
    frame.attrs["year"] = year
    return frame


@passes_missing
def buys(school: School, *, dollars: float, privacy_k: int = K) -> Result | Missing:
    """See what a sum for each pupil comes to at this school: in dollars, as a share of its spending, in posts.

    Parameters
    ----------
    school : School
        The school.
    dollars : float
        More dollars per pupil and year; below zero for less.
    privacy_k : int
        The fewest teachers that may stand behind an average salary; with fewer the district's average is used.

    Returns
    -------
    Result or Missing
        Table: dollars a year in all; percent of what the school spends; teachers with benefits that this pays, and
        teachers with benefits for each 100 pupils. Rows that the pack has no figures for are left out and told. Missing
        where it does not say how many pupils the school has.

    Raises
    ------
    InputError
        If `dollars` is not a finite number, or zero.

    Notes
    -----
    A post: average base salary of the school's teachers x (1 + benefits / salaries of its spending on instruction).
    """
    if not np.isfinite(dollars) or dollars == 0:
        raise refuse(f"dollars={dollars!r}", "is no sum to spend or to cut", "give dollars a pupil, such as 500")
    section = "The section on what the money would come to"
    if not school.has("school_years"):
        return Missing(section, "this pack does not say how many pupils a school has.")
    pupils = enrolled(school)
    own = pupils[pupils["school_id"] == school.school_id].set_index("year")["pupils"]
    year = nearest_year(own.index, school.year)
    if year is None:
        return Missing(section, "the pack does not say how many pupils this school has.")
    if small(float(own[year]), privacy_k):
        return Missing(section, f"the school has fewer than {privacy_k} pupils.")
    total = dollars * float(own[year])
    rows: list[tuple[Any, ...]] = [("In a year", THIS, total, np.nan, np.nan, own[year], "usd")]
    said = [f"Counted for {phrase(float(own[year]), 'pupils')} in {school_year(year)}."]
    spent = _spent(school)
    if np.isfinite(spent):
        rows.append(("As a share of what it spends", THIS, 100 * dollars / spent, np.nan, np.nan, 1, "pct"))
    cost, whose = _post(school, privacy_k)
    if np.isfinite(cost):
        rows.append(("Teachers with benefits", THIS, total / cost, np.nan, np.nan, 1, "fte"))
        said.append(f"A teacher with benefits is counted at {show(cost, 'usd')} a year, the average {whose}.")
    else:
        said.append("What a teacher costs here is not in the pack, so the sum is not turned into posts.")
    return Result(
        id="money-buys",
        title=f"What {show(dollars, 'usd', sign=True)} a pupil comes to",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=" ".join(said),
        limits=("Posts are a way to picture a sum. Money for four years does not pay for a post that stays.",),
        note="A sum below zero is a cut." if dollars < 0 else "",
        wide=True,
    )


def _spent(school: School) -> float:
    """Give what the school spends for each pupil in its nearest year, dollars of the year."""
    table = school.table("budget") if school.has("budget") else pd.DataFrame(columns=["school_id", "year"])
    own = table[table["school_id"] == school.school_id].reindex(columns=["year", "spend_per_pupil_usd"]).dropna()
    year = nearest_year(own["year"], school.year)
    return float("nan") if year is None else float(own.set_index("year")["spend_per_pupil_usd"][year])


def _post(school: School, k: int) -> tuple[float, str]:
    """Give what a teacher with benefits costs, and whose average that is."""
    nothing = float("nan"), ""
    if not school.has("teachers"):
        return nothing
    table = school.table("teachers").dropna(subset=["salary_usd"])
    own = table[table["school_id"] == school.school_id]
    year = nearest_year(own["year"].unique(), school.year)
    if year is None:
        return nothing
    pay, whose = own.loc[own["year"] == year, "salary_usd"], "of this school"
    if small(len(pay), k):
        pay, whose = table.loc[table["year"] == year, "salary_usd"], "of all schools, since this one has few teachers"
        if small(len(pay), k):
            return nothing
    return float(pay.mean()) * (1 + _benefits(school)), whose


def _benefits(school: School) -> float:
    """Give benefits over salaries of spending on instruction; the whole pack's, and 0 where it is not split."""
    if not school.has("budget_lines"):
        return 0.0
    lines = current_lines(school)
    sums = lines[lines["function"] == "exp_current_instruction_total"].groupby("object")["spend_usd"].sum()
    pay = float(sums.get("salaries", 0.0))
    return float(sums.get("benefits", 0.0)) / pay if pay > 0 else 0.0
