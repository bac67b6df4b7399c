"""How far schools' results moved around a policy's start: the headline, and one school's own change among others'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures import outcomes
from leadlib.measures.groups import LEAST, THIS, by_school, middle
from leadlib.measures.policies_starts import waves, whom
from leadlib.measures.programs import Program
from leadlib.numbers import difference_unit, lower_first, phrase, school_year, show
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

HEADLINE, OWN, REMAINING = "The headline", "This school's own change", "What the decision is about"


@passes_missing
def headline(school: School, program: Program, outcome: str, *, beside: bool = False) -> Result | Missing:
    """See how the results of schools with the policy changed from before anyone began to this year, as a paper would.

    Parameters
    ----------
    school : School
        The school; its year is the later one.
    program : Program
        From `policies.known_by`.
    outcome : str
        A measure of the pack, in its own unit.
    beside : bool
        Whether schools without the policy stand beside them.

    Returns
    -------
    Result or Missing
        Table: one row a group of schools and year, and their change; `value` is the mean of schools that have both
        years, `n` their number. Missing for an outcome that is no measure, and where a year has no values.
    """
    values, about = _raw(school, outcome)
    before, after = int(program.starts["first_year"].min()) - 1, school.year
    if values is None or not {before, after} <= set(values.columns):
        return Missing(HEADLINE, f"there are no such results for {school_year(before)} and {school_year(after)}.")
    both = values[[before, after]].dropna()
    begun = set(program.starts.loc[program.starts["first_year"].notna(), "school_id"])
    known = set(program.starts["school_id"])
    sides = {whom(program)[0]: [s for s in both.index if s in begun]}
    if beside:
        sides[whom(program)[1]] = [s for s in both.index if s in known - begun]
    few = [name.lower() for name, ids in sides.items() if len(ids) < LEAST]
    if few:
        return Missing(HEADLINE, f"fewer than {LEAST} {few[0]} have results in both years.")
    rows = [row for name, ids in sides.items() for row in _moved(name, both.loc[ids], before, after, about["unit"])]
    table = pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
    return Result(
        id="headline-beside" if beside else "headline",
        title=f"{about['label']}: {school_year(before)} and {school_year(after)}",
        table=table,
        text="" if beside else _printed(table, before, about["label"]),
        limits=("A change over time holds everything that changed in those years.",),
        note=f"Means of schools that have both years. {_scale(about)}".strip(),
        wide=True,
    )


def _raw(school: School, outcome: str) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Give one measure's values by school and year as the pack has them, coded for privacy; and what it is."""
    every = outcomes.panel(school)
    if isinstance(every, Missing):
        return None, {}
    rows = every[every["measure"] == outcome]
    if rows.empty:
        return None, {}
    about = {c: rows[c].iloc[0] for c in ("label", "unit", "comparable")}
    return rows.pivot_table(index="school_id", columns="year", values="value", aggfunc="first"), about


def _moved(name: str, both: pd.DataFrame, before: int, after: int, unit: str) -> list[tuple[Any, ...]]:
    n, one, two = len(both), float(both[before].mean()), float(both[after].mean())
    return [
        (name, school_year(before), one, np.nan, np.nan, n, unit),
        (name, school_year(after), two, np.nan, np.nan, n, unit),
        (name, "Change", two - one, np.nan, np.nan, n, difference_unit(unit)),
    ]


def _printed(table: pd.DataFrame, before: int, label: str) -> str:
    change = table[table["group"] == "Change"].iloc[0]
    way = "rose" if change["value"] > 0 else "fell"
    moved, who = phrase(abs(change["value"]), change["unit"]), lower_first(str(change["measure"]))
    return f"{label}: {who} {way} by {moved} since {school_year(before)}."


def _scale(about: dict[str, Any]) -> str:
    return "" if about["comparable"] else "The pack says that the years of this measure are not comparable."


@passes_missing
def remaining(school: School, program: Program) -> Result | Missing:
    """See how many schools and pupils a decision is about: those that have not had the policy, or least of it.

    Parameters
    ----------
    school : School
        The school; pupils are those of its year.
    program : Program
        From `policies.known_by`.

    Returns
    -------
    Result or Missing
        Table: schools, their pupils, and the policy's yearly cost for one pupil in dollars, where it is known. Missing
        where fewer than three such schools are open that year, or the pack does not count pupils.
    """
    ids = program.starts.loc[program.starts["first_year"].isna(), "school_id"]
    size = (
        next((f.name for f in school.fields("school_years") if f.role == "size"), None)
        if (school.has("school_years"))
        else None
    )
    if size is None:
        return Missing(REMAINING, "the pack does not count pupils.")
    pupils = by_school(school.table("school_years"), school.year)[size].reindex(list(ids)).astype(float)
    pupils = pupils[pupils > 0]
    if len(pupils) < LEAST:
        return Missing(REMAINING, f"fewer than {LEAST} such schools are open in {school_year(school.year)}.")
    who, n = whom(program)[1], len(pupils)
    rows: list[tuple[Any, ...]] = [
        ("Schools", who, float(n), np.nan, np.nan, n, "schools"),
        ("Pupils", who, float(pupils.sum()), np.nan, np.nan, n, "pupils"),
    ]
    if np.isfinite(program.cost_per_pupil_usd):
        rows.append(("Cost for one pupil and year", who, program.cost_per_pupil_usd, np.nan, np.nan, n, "usd"))
    return Result(
        id="remaining",
        title=f"What the decision is about, {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text="",
        note="" if len(rows) > 2 else "The pack does not say what the policy costs.",
        wide=True,
    )


@passes_missing
def changes(school: School, program: Program, panel: pd.DataFrame) -> Result | Missing:
    """See this school's own change among those of all schools, each less the mean change of schools without the policy.

    A school's change is its result of this year less its mean over the years before anyone began. Schools without the
    policy show how far a single school moves with nothing new.

    Parameters
    ----------
    school : School
        The school; its year is the later one.
    program : Program
        From `policies.known_by`.
    panel : DataFrame
        From `policies.panel`.

    Returns
    -------
    Result or Missing
        Table: this school (where it has a change) and one row a wave: median, quartiles, n. `frame`: one row a school:
        wave, change, own; no school but this one is named. Missing where fewer than three schools without the policy
        have a change.
    """
    moved = _own_changes(school, program, panel)
    groups = [(w.name, moved.reindex(list(w.school_ids)).dropna(), np.isnan(w.first)) for w in waves(program)]
    still = next((values for _, values, never in groups if never), pd.Series(dtype=float))
    if len(still) < LEAST:
        return Missing(OWN, f"fewer than {LEAST} schools without the policy have results before and after.")
    level, unit = float(still.mean()), str(panel.attrs["unit"])
    own = float(moved[school.school_id] - level) if school.school_id in moved.index else np.nan
    shown = [(name, values - level) for name, values, _ in groups]
    rows: list[tuple[Any, ...]] = [(THIS, "Own change", own, np.nan, np.nan, 1, unit)] if np.isfinite(own) else []
    rows += [(name, "Median school", *middle(values), unit) for name, values in shown]
    cells = [(name, v, s == school.school_id) for name, values in shown for s, v in sorted(values.items())]
    ends = np.quantile(still - level, [0.1, 0.9])
    frame = pd.DataFrame(cells, columns=["wave", "change", "own"])
    frame.attrs = {"unit": unit, "label": str(panel.attrs["label"]), "low": float(ends[0]), "high": float(ends[1])}
    frame.attrs["whom"] = lower_first(whom(program)[1])
    first = int(panel["first_year"].min())
    return Result(
        id="own-change",
        title=f"{panel.attrs['label']}: change from before {school_year(first)} to {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=_said(school, program, own, ends, unit),
        claim="compare",
        limits=("One school's change holds its own luck, its other programs and its pupils of that year.",),
        note=f"Changes less the mean change of {frame.attrs['whom']}. Groups: the median school, and the middle half.",
        frame=frame,
        interval_label="Middle half",
    )


def _own_changes(school: School, program: Program, panel: pd.DataFrame) -> pd.Series:
    """Give each school's result of this year less its mean before the first start, for schools that have both."""
    outcome, first = str(panel.attrs["outcome"]), int(program.starts["first_year"].min())
    early = panel[panel["year"] < first].groupby("school_id")[outcome].mean()
    now = by_school(panel, school.year)[outcome].astype(float)
    return (now - early).dropna()


def _said(school: School, program: Program, own: float, ends: Any, unit: str) -> str:
    low, high = show(ends[0], unit, sign=True), phrase(ends[1], unit, sign=True)
    having, lacking = (lower_first(name) for name in whom(program))
    among = f"Eight in ten {lacking} moved by between {low} and {high} around their own mean."
    starts = program.starts.set_index("school_id")["first_year"]
    if school.school_id not in starts.index:
        return f"{among}\nThis school is in none of the groups."
    if not np.isfinite(own):
        return f"{among}\nThis school has no result on both sides of the first start: its own change is not known."
    side = having if np.isfinite(starts[school.school_id]) else lacking
    inside = ends[0] <= own <= ends[1]
    lies = "within that range" if inside else "outside that range, where two in ten of them lie too"
    return (
        f"{among}\nThis school is one of the {side}: its change is"
        f" {phrase(own, unit, sign=True)}, {lies}. One school by itself does not tell a policy from its own luck."
    )
