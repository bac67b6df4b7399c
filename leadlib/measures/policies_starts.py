"""A policy's starts: what it is, who had begun by a year, in which waves, and the outcome beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leadlib.measures import programs
from leadlib.measures.policies_grant import GRANT, LEAST_RAISED, MOST_RAISED, SPENT, grant
from leadlib.measures.programs import Program
from leadlib.numbers import school_year
from leadlib.privacy import K
from leadlib.results import Missing, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION, DOSES = "The policy", "How much, not whether"
WITHOUT = "Without it"
ENOUGH_SD, ENOUGH_POINTS = 0.05, 2.0
PREFERRED = "read"
"""The outcome looked at where none is named and the pack has it; else the first of the pack's measures."""


@dataclass(frozen=True)
class Wave:
    """Schools that began together: what they are called, their first year (NaN: never), and which they are."""

    name: str
    first: float
    school_ids: tuple[str, ...]


def policy(school: School, program_id: str) -> Program | Missing:
    """See what a policy is, whom it reached and when, by its pack's tables of programs.

    A pack without such tables whose districts began to be given a basic grant within its years has that grant as its
    policy (`policies_grant`).

    Parameters
    ----------
    school : School
        The school; only tables that say what there is, and a grant's dollars, are read.
    program_id : str
        The policy, as the pack names it; not looked at where a grant stands in.

    Returns
    -------
    Program or Missing
        Starts are those of the whole pack, planned ones among them; `known_by` cuts them at a year.

    Raises
    ------
    InputError
        An unknown program, or one that no school has.
    """
    if school.has("programs") and school.has("program_starts"):
        return programs.program(school.pack, program_id)
    return grant(school)


@passes_missing
def known_by(program: Program, year: int) -> Program | Missing:
    """See the policy as it stood at the end of a school year: schools that begin later have not begun.

    Returns
    -------
    Program or Missing
        Missing where no school had begun by then.
    """
    first = program.starts["first_year"]
    if not (first <= year).any():
        return Missing(
            SECTION, f"by {school_year(year)} no school had begun; the first did in {school_year(int(first.min()))}."
        )
    starts = program.starts.assign(first_year=first.where(first <= year))
    return replace(program, starts=starts, years=tuple(y for y in program.years if y <= year))


@passes_missing
def afterwards(program: Program, year: int) -> Program | Missing:
    """See the policy as it stands in the last year of the pack, for what came after a decision.

    Parameters
    ----------
    program : Program
        From `policy`, with all its starts.
    year : int
        The year of the decision.

    Returns
    -------
    Program or Missing
        Missing where the pack ends with that year.
    """
    last = max(program.years)
    if last <= year:
        return Missing("What came next", f"the pack ends with {school_year(last)}, the year of the decision.")
    found: Program | Missing = known_by(program, last)
    return found


def aim(school: School, outcome: str = "") -> str:
    """Name the outcome that is looked at: the one wanted, else reading, else the first measure of the pack.

    Returns
    -------
    str
        A measure, or `table.column`; empty where the pack has no outcomes.
    """
    if outcome or not school.has("measures"):
        return outcome
    known = sorted(str(m) for m in school.table("measures")["measure"])
    return PREFERRED if PREFERRED in known else known[0] if known else ""


def another(school: School, outcome: str) -> str:
    """Name an outcome that the policy was not meant to move: mathematics beside reading, reading beside another.

    Returns
    -------
    str
        Empty where the pack has none.
    """
    known = set(school.table("measures")["measure"]) if school.has("measures") else set()
    return next((m for m in ("math", "read") if m in known and m != outcome), "")


def enough(school: School, outcome: str, threshold: float = 0.0) -> float:
    """Give the least effect worth having, in the outcome's unit: the one wanted, or, for 0, a modest one.

    Returns
    -------
    float
        `threshold`; for 0, two percentage points for shares, else 0.05 standard deviations (Kraft 2020 calls effects
        below that small).
    """
    if threshold or not school.has("measures"):
        return threshold or ENOUGH_SD
    table = school.table("measures").set_index("measure")
    share = outcome in table.index and table.loc[outcome, "unit"] == "pct"
    return ENOUGH_POINTS if share or outcome.endswith(("_n", "_pct")) else ENOUGH_SD


@passes_missing
def panel(program: Program, outcome: str, *, k: int = K) -> pd.DataFrame | Missing:
    """Put schools' starts and one outcome side by side, year by year, no later than the policy is known.

    Returns
    -------
    DataFrame or Missing
        As `measures.programs.panel` gives it. Where districts came to the policy together, `attrs["cluster"]` names the
        column that says which schools did.
    """
    if not outcome:
        return Missing("The outcome", "this pack holds no such outcome.")
    whole = programs.panel(program, outcome, k=k)
    frame = whole[whole["year"] <= max(program.years)].reset_index(drop=True)
    frame.attrs = dict(whole.attrs) | ({"cluster": "leaid"} if program.program_id == GRANT else {})
    return frame


@passes_missing
def doses(school: School, program: Program, outcome: str, *, k: int = K) -> pd.DataFrame | Missing:
    """Put beside the outcome how much of the policy each school had, where all had it and some had more.

    Parameters
    ----------
    school : School
        The school; later years are left out.
    program : Program
        From `policy`: a grant.
    outcome : str
        From `aim`.

    Returns
    -------
    DataFrame or Missing
        As `panel`, for all schools of the pack and not only those raised most and least, with `dose`: spending per
        pupil in thousands of dollars. Missing for a policy that a school has or has not.
    """
    if program.program_id != GRANT:
        return Missing(DOSES, "a school had this policy or had it not, and the pack knows no more or less of it.")
    table = school.table("budget")
    name = next(c for c in SPENT if c in table)
    every = school.table("schools")[["school_id", "school_level"]].drop_duplicates("school_id")
    frame = programs.panel(replace(program, starts=every.assign(first_year=np.nan)), outcome, k=k)
    dose = table.assign(dose=table[name] / 1000)[["school_id", "year", "dose"]]
    wide = frame[frame["year"] <= school.year].merge(dose, on=["school_id", "year"], how="left")
    wide.attrs = dict(frame.attrs) | {"cluster": "leaid"}
    return wide


def waves(program: Program) -> tuple[Wave, ...]:
    """Give the waves in their order, and last the schools that never began."""
    starts = program.starts
    years = [float(y) for y in program.started.index]
    names = [f"Wave {k}" for k in range(1, len(years) + 1)] if len(years) > 1 else ["With it"]
    last = WITHOUT
    if program.program_id == GRANT:
        names, last = [MOST_RAISED], LEAST_RAISED
    found = [
        Wave(name, year, tuple(starts.loc[starts["first_year"] == year, "school_id"]))
        for name, year in zip(names, years, strict=True)
    ]
    never = tuple(starts.loc[starts["first_year"].isna(), "school_id"])
    return (*found, *([Wave(last, np.nan, never)] if never else []))


def whom(program: Program) -> tuple[str, str]:
    """Name the two sides: schools with the policy and without it, or, for a grant, those raised most and least."""
    if program.program_id == GRANT:
        return "Schools raised most", "Schools raised least"
    return "Schools with the policy", "Schools without it"
