"""A policy that came to every district at once: a basic grant that raised some much and others little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leadlib.measures.programs import Program
from leadlib.numbers import plural, school_year, show
from leadlib.results import Missing
from leadlib.tables.packs import package

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The policy"
GRANT = "foundation-grant"
FIELD = "foundation_grant_usd"
SPENT = ("spend_per_pupil_real_usd", "spend_per_pupil_usd")
"""Spending per pupil, the first of these that a pack has: at the prices of one year, or of each year."""
MOST_RAISED, LEAST_RAISED = "Raised most", "Raised least"
ASSIGNMENT = "by law, to every district at once"


def grant(school: School) -> Program | Missing:
    """See a grant that began for all districts in one year as a policy: those raised most beside those raised least.

    Nobody stayed without such a grant, so schools with it cannot be set against schools without. It raised most those
    that had spent least: schools of the third of districts that had spent least before it (`first_year` is the grant's
    first) stand beside those of the third that had spent most (`first_year` NaN). Both thirds are of schools, by the
    mean spending per pupil of their district over the years before the grant. Schools between them, or of districts
    whose spending before is not known, are in neither.

    Returns
    -------
    Program or Missing
        `cost_per_pupil_usd` is by how much more spending rose in the first group than in the second, in dollars per
        pupil, up to this school's year (NaN before the start). Missing where no grant begins within the pack's years.

    Notes
    -----
    Grouping by what was spent before, not by how spending moved afterwards, keeps out what schools did with the money.
    """
    found = _began(school)
    if found is None:
        return Missing(SECTION, "this pack says nothing of a program or a grant that began at its schools.")
    start, table = found
    name = next(c for c in SPENT if c in table)
    schools = school.table("schools")[["school_id", "leaid", "school_level"]].drop_duplicates("school_id")
    early = table[table["year"] < start].merge(schools, on="school_id")
    district = early.groupby("leaid")[name].mean()
    spent = schools["leaid"].map(district)
    low, high = spent.quantile([1 / 3, 2 / 3])
    first = pd.Series(np.where(spent <= low, float(start), np.nan), index=schools.index)
    starts = schools.assign(first_year=first)[(spent <= low) | (spent >= high)].drop(columns="leaid")
    starts = starts.sort_values("school_id").reset_index(drop=True)
    return Program(
        school.pack,
        GRANT,
        "The foundation grant",
        "policy",
        _described(start, low, high, len(schools) - len(starts)),
        _more(table[table["year"] <= school.year], starts, start, name),
        starts,
        ASSIGNMENT,
        tuple(int(y) for y in sorted(table["year"].unique())),
        tuple(f.title for f in package(school.pack).table("school_years").fields if f.role == "need")
        if school.has("school_years")
        else (),
        school.record_type,
    )


def _began(school: School) -> tuple[int, pd.DataFrame] | None:
    """Give the first year of a grant that no school had before and every school has from then on, and the budgets."""
    if not school.has("budget"):
        return None
    table = school.table("budget")
    if FIELD not in table or not any(c in table for c in SPENT):
        return None
    given = table[FIELD].notna().groupby(table["year"]).mean()
    started = given[given > 0]
    if started.empty or not (started == 1).all() or started.index[0] == given.index[0]:
        return None
    return int(started.index[0]), table


def _described(start: int, low: float, high: float, between: int) -> str:
    return (
        f"From {school_year(start)} on every district was given a basic grant for each pupil, and those that had spent"
        " least were raised most. No school stayed without it. So what is compared is more with less: schools of"
        f" districts that had spent {show(low, 'usd')} or less per pupil (\N{LEFT DOUBLE QUOTATION MARK}with the"
        " program\N{RIGHT DOUBLE QUOTATION MARK} in what follows) with those of districts that had spent"
        f" {show(high, 'usd')} or more (\N{LEFT DOUBLE QUOTATION MARK}without\N{RIGHT DOUBLE QUOTATION MARK})."
        f" {plural(between, 'school')} in between, or of unknown spending, count in neither."
    )


def _more(table: pd.DataFrame, starts: pd.DataFrame, start: int, name: str) -> float:
    """Give by how much more spending per pupil rose where the grant raised it most, in dollars."""
    after = table["year"] >= start
    rise = table[after].groupby("school_id")[name].mean() - table[~after].groupby("school_id")[name].mean()
    known = starts.assign(rise=starts["school_id"].map(rise))
    most = known["first_year"].notna()
    return float(known.loc[most, "rise"].mean() - known.loc[~most, "rise"].mean())
