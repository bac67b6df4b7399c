"""Money that chance gave to some schools and not to others: who won, were they alike before, and what they score."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures import programs
from leadlib.measures.groups import middle
from leadlib.measures.money_panel import in_order, results
from leadlib.measures.spending import published
from leadlib.numbers import plural, school_year
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The section on money given by lottery"
GRANT = "grant"
WON, DID_NOT = "Won", "Did not win"


@passes_missing
def granted(school: School, *, program_id: str = "school-grant", outcome: str = "") -> pd.DataFrame | Missing:
    """Put the money that schools won by lottery beside one outcome, year by year, for `designs.money_slope`.

    One row a school and year, sorted: schools that won and schools that did not.

    Parameters
    ----------
    school : School
        The school; years after its own are left out: nobody knew them.
    program_id : str
        The program that gave the money.
    outcome
        As for `panel`.

    Returns
    -------
    DataFrame or Missing
        As `panel` gives it, with `grant` in place of `spending`: thousands of dollars per pupil that the lottery
        brought, the mean of the year and the three before. Missing where the pack has no such program, or where chance
        did not decide who got it.

    Notes
    -----
    How much a school won is its federal money per pupil after the start less that before it, and less what the schools
    that did not win gained in that time (median); where the pack has no federal money, the program's cost per pupil.

    Raises
    ------
    InputError
        If the pack has no such outcome.
    """
    starts = _starts(school, program_id)
    found = starts if isinstance(starts, Missing) else results(school, outcome)
    if isinstance(starts, Missing) or isinstance(found, Missing):
        return found
    frame = found.merge(starts[["school_id", "first_year"]], on="school_id")
    frame = frame.merge(_won(school, starts, program_id).rename("won").reset_index(), on="school_id", how="left")
    running = (frame["year"] - frame["first_year"] + 1).clip(0, published().years).fillna(0) / published().years
    frame[GRANT] = running * frame["won"].fillna(0.0) / 1000
    if not (frame[GRANT] > 0).any():
        return Missing(SECTION, f"the money had not come yet in {school_year(school.year)}.")
    return in_order(frame.drop(columns=["won", "first_year"]), {**found.attrs, "of": GRANT})


def _starts(school: School, program_id: str) -> pd.DataFrame | Missing:
    """Give school_id, first_year (NaN: did not win) of the schools that were there when the lots were drawn."""
    if not (school.has("programs") and school.has("program_starts")):
        return Missing(SECTION, "this pack knows of no money that was given out by lottery.")
    starts = school.table("program_starts")
    starts = starts[starts["program_id"] == program_id].drop_duplicates("school_id")
    won = starts["first_year"].notna()
    if not won.any() or won.all() or not starts.loc[won, "assignment"].isin(programs.LOTTERY).all():
        return Missing(SECTION, f"this pack knows of no program {program_id!r} that went by lottery.")
    if not school.has("school_years"):
        return starts[["school_id", "first_year"]]
    years = school.table("school_years")
    there = years.loc[years["year"] == starts["first_year"].min() - 1, "school_id"]
    return starts.loc[starts["school_id"].isin(there), ["school_id", "first_year"]]


def _won(school: School, starts: pd.DataFrame, program_id: str) -> pd.Series:
    """Give the dollars per pupil and year that each school won; those that won nothing are not in it."""
    first = starts.set_index("school_id")["first_year"].dropna()
    field = "spend_federal_per_pupil_usd"
    about = school.table("programs").set_index("program_id")["cost_per_pupil_usd"]
    cost = pd.Series(float(about.get(program_id, np.nan)), index=first.index)
    if not (school.has("budget") and field in school.table("budget")):
        return cost
    money = school.table("budget")[["school_id", "year", field]].dropna()
    began = money["school_id"].map(first).fillna(first.min())
    sides = [money[side].groupby("school_id")[field].mean() for side in (money["year"] >= began, money["year"] < began)]
    gained = sides[0] - sides[1]
    others = gained[~gained.index.isin(first.index)].median()
    return (gained - (0.0 if np.isnan(others) else others)).reindex(first.index).fillna(cost)


@passes_missing
def lottery(school: School, *, program_id: str = "school-grant", outcome: str = "") -> Result | Missing:
    """See which money chance gave out, and whether winners and others were alike before.

    Parameters
    ----------
    school : School
        The school.
    program_id, outcome
        As for `granted`.

    Returns
    -------
    Result or Missing
        Table: one row a measure and group (won, did not win): schools, dollars won per pupil and year, and, in the last
        year before the money, the outcome and the needs of the pupils; `value` is the mean of the schools, `low` and
        `high` their quartiles. Missing as in `granted`, or where no year before the money is known.

    Raises
    ------
    InputError
        If the pack has no such outcome.
    """
    starts = _starts(school, program_id)
    found = starts if isinstance(starts, Missing) else results(school, outcome)
    if isinstance(starts, Missing) or isinstance(found, Missing):
        return found
    first = int(starts["first_year"].min())
    before = found[found["year"] == first - 1].merge(starts, on="school_id")
    if before.empty or school.year < first:
        return Missing(SECTION, f"no year before {school_year(first)}, when the money came, is known.")
    before["won"] = np.where(before["first_year"].notna(), WON, DID_NOT)
    unit = {"pct_points": "pct"}.get(str(found.attrs["unit"]), str(found.attrs["unit"]))
    needs = [c for c in before.columns[found.columns.get_loc("size") + 1 : len(found.columns)]]
    when = school_year(first - 1)
    columns = [
        (f"{found.attrs['label']}, {when}", found.attrs["outcome"], unit),
        *((f"{c}, {when}", c, "pct") for c in needs),
    ]
    rows = _counted(school, starts, program_id)
    for measure, column, of in columns:
        for group in (WON, DID_NOT):
            part = before.loc[before["won"] == group, column]
            _, low, high, n = middle(part)
            rows.append((measure, group, float(part.mean()), low, high, n, of))
    about = school.table("programs").set_index("program_id")
    return Result(
        id="money-lottery",
        title=f"Who won the money, and were they alike before, {when}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=_told(school, starts, str(about["name"].get(program_id, program_id)), first),
        limits=("Chance makes groups alike on average. With few schools they can still differ by luck.",),
        note="The mean of the schools, in brackets the middle half."
        + (f" {found.attrs['note']}" if unit == "sd" else ""),
        wide=True,
    )


def _counted(school: School, starts: pd.DataFrame, program_id: str) -> list[tuple[Any, ...]]:
    won = starts["first_year"].notna()
    sums = _won(school, starts, program_id)
    rows: list[tuple[Any, ...]] = [
        ("Schools", group, float(n), np.nan, np.nan, n, "schools")
        for group, n in ((WON, won.sum()), (DID_NOT, (~won).sum()))
    ]
    _, low, high, n = middle(sums)
    rows.append(("Dollars a pupil and year that the lottery brought", WON, float(sums.mean()), low, high, n, "usd"))
    return rows


def _told(school: School, starts: pd.DataFrame, name: str, first: int) -> str:
    mine = starts[starts["school_id"] == school.school_id]["first_year"]
    drawn = plural(int(starts["first_year"].notna().sum()), "school")
    which = (
        "This school was not in it."
        if mine.empty
        else "This school won."
        if mine.notna().any()
        else "This school did not win."
    )
    return f"{name}: {drawn} won by lot, and the money came from {school_year(first)} on. {which}"
