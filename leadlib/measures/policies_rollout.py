"""The calendar of a policy's waves, where one school stands in it, and how the waves differed before anyone began."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.measures.groups import by_school, middle
from leadlib.measures.policies_grant import GRANT, MOST_RAISED
from leadlib.measures.policies_starts import Wave, waves
from leadlib.measures.programs import Program
from leadlib.numbers import plural, school_year, show
from leadlib.privacy import K, code_shares
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School


F = TypeVar("F", bound=Callable[..., Any])
WORDS, GRANT_WORDS = ("runs", "does not run"), ("grant, much raised", "no grant, or little raised")
"""What a filled tile and an empty one stand for."""


def panel_may_be_missing(function: F) -> F:
    """Let a function do without the outcome: a `Missing` in place of its panel becomes None."""

    @functools.wraps(function)
    def doing_without(school: Any, program: Any, panel: Any = None, **more: Any) -> Any:
        return function(school, program, None if isinstance(panel, Missing) else panel, **more)

    return doing_without  # type: ignore[return-value]


@dataclass(frozen=True, repr=False)
class Rollout(Result):
    """The calendar of waves; `own` is the name of this school's wave, empty where it is in none."""

    own: str = ""

    def block(self) -> Block:
        """Give the waves with this school's own marked, then where it stands."""
        columns = (Column("wave", "Wave", "left"), Column("start", "Start", "left"), Column("schools", "Schools"))
        rows = self.table.to_dict("records")
        cells = tuple((r["measure"], r["group"], show(r["value"], "schools")) for r in rows)
        values = tuple((r["measure"], r["group"], int(r["value"])) for r in rows)
        mark = tuple(k for k, r in enumerate(rows) if r["measure"] == self.own)
        table = Table(self.id, self.title, columns, cells, values, self.note, mark)
        return Stack((table, Prose(tuple(self.text.split("\n")))))


@passes_missing
def rollout(school: School, program: Program) -> Rollout | Missing:
    """See the calendar of the waves, and in which of them this school is.

    Parameters
    ----------
    school : School
        The school; what begins after its year was planned then.
    program : Program
        From `policy`, with all its starts.

    Returns
    -------
    Rollout or Missing
        Table: one row a wave and one for schools that never began; `value` and `n` count schools. `frame`: one row a
        wave and year of the pack: wave, schools_n, first_year, year, running, planned (after this school's year), own
        (whether this school is in the wave).
    """
    found = waves(program)
    own = next((w for w in found if school.school_id in w.school_ids), None)
    rows = [
        (w.name, _when(program, w, school.year), len(w.school_ids), np.nan, np.nan, len(w.school_ids)) for w in found
    ]
    table = pd.DataFrame([(*r, "schools") for r in rows], columns=list(RESULT_COLUMNS))
    cells = [
        (w.name, len(w.school_ids), w.first, y, y >= w.first, y > school.year, w is own)
        for w in found
        for y in program.years
    ]
    columns = ["wave", "schools_n", "first_year", "year", "running", "planned", "own"]
    frame = pd.DataFrame(cells, columns=columns)
    frame.attrs = {"words": GRANT_WORDS if program.program_id == GRANT else WORDS}
    return Rollout(
        id="rollout",
        title=f"{program.name}: who began when",
        table=table,
        text="\n".join((program.description, _standing(school, program, own), _reach(school, program))),
        limits=("A start says that the policy was to run from then on, not how well it was run.",),
        note=f"How schools came to it: {program.assignment}.",
        frame=frame,
        own=own.name if own else "",
    )


def _when(program: Program, wave: Wave, year: int) -> str:
    if program.program_id == GRANT:
        start = school_year(int(program.starts["first_year"].min()))
        return f"{start}, {'much' if wave.name == MOST_RAISED else 'little'}"
    if np.isnan(wave.first):
        return "Not begun"
    return f"{'Planned for' if wave.first > year else 'Began in'} {school_year(int(wave.first))}"


def _standing(school: School, program: Program, own: Wave | None) -> str:
    """Say in which wave the school is, and what that makes of it in this case."""
    if own is None:
        return f"{school.name} is in none of the groups: {_outside(program)}."
    if program.program_id == GRANT:
        side = "least, so the grant raised it most" if own.name == MOST_RAISED else "most, so the grant raised it least"
        return f"{school.name} is in a district that had spent {side}."
    if np.isnan(own.first):
        return f"{school.name} has not begun: it is one of the schools that the decision is about."
    when = school_year(int(own.first))
    if own.first > school.year:
        return f"{school.name} is in {_named(own)}, planned for {when}: it has not begun yet."
    years = school.year - int(own.first) + 1
    return f"{school.name} is in {_named(own)}, which began in {when}: {school_year(school.year)} is year {years}."


def _outside(program: Program) -> str:
    if program.program_id == GRANT:
        return "its district had spent neither little nor much, or its spending before the grant is not known"
    return "the policy reached no school of its level"


def _named(wave: Wave) -> str:
    return wave.name[:1].lower() + wave.name[1:] if wave.name.startswith("Wave") else "the one wave there is"


def _reach(school: School, program: Program) -> str:
    starts, year = program.starts.set_index("school_id")["first_year"], school.year
    if program.program_id == GRANT:
        return f"Every district was given the grant from {school_year(int(starts.min()))} on: no school stayed without."
    if school.has("school_years"):
        open_ = by_school(school.table("school_years"), year).index
        starts = starts[starts.index.isin(open_)]
    running, later = int((starts <= year).sum()), int((starts > year).sum())
    planned = f"; for {later} more it is planned" if later else ""
    return (
        f"In {school_year(year)} it runs in {running} of the {plural(len(starts), 'school')} open that year{planned}."
    )


@panel_may_be_missing
@passes_missing
def alike(school: School, program: Program, panel: Any = None, *, k: int = K) -> Result | Missing:
    """See how the waves differed before anyone began: need, size, spending and, where given, the outcome.

    Parameters
    ----------
    school : School
        A school of the pack.
    program : Program
        From `policy`.
    panel : DataFrame or Missing, optional
        From `panel`: adds the outcome. The year is the last one before the first start, and no later than the school's.

    Returns
    -------
    Result or Missing
        Table: one row a figure and wave; `value` is the median of the schools, `low` and `high` their quartiles, `n`
        the schools with a figure. Fewer than three schools have no median. Shares are coded (`privacy.code_shares`).
        Missing where the pack has no year before the first start.
    """
    year = min(int(program.starts["first_year"].min()) - 1, school.year)
    figures = _figures(school, program, year, k)
    if panel is not None and (panel["year"] == year).any():
        before = by_school(panel, year)[str(panel.attrs["outcome"])]
        unit = str(panel.attrs["unit"])
        figures.append((str(panel.attrs["label"]), before, {"pct_points": "pct"}.get(unit, unit)))
    if not figures:
        return Missing("How the waves began", "the pack holds no year before the first start.")
    rows = [
        (title, w.name, *middle(values.reindex(list(w.school_ids))), unit)
        for title, values, unit in figures
        for w in waves(program)
    ]
    drawn = "The waves were drawn by lot, so what sets them apart here is chance."
    chosen = f"The waves were not drawn by lot ({program.assignment}): what set them apart may have gone on working."
    return Result(
        id="waves-before",
        title=f"The waves before anyone began, {school_year(year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=drawn if program.lottery else chosen,
        claim="compare",
        limits=("What nobody measured may set the waves apart too.",),
        note=f"The median school of each wave, in brackets the middle half. {_units(panel)}".strip(),
        wide=True,
        interval_label="Middle half",
    )


def _units(panel: Any) -> str:
    return "" if panel is None else str(panel.attrs.get("note") or "")


def _figures(school: School, program: Program, year: int, k: int) -> list[tuple[str, pd.Series, str]]:
    """Give title, values by school, and unit of each figure on schools in one year."""
    found: list[tuple[str, pd.Series, str]] = []
    if school.has("school_years"):
        frame = by_school(school.table("school_years"), year)
        roles = {f.name: f for f in school.fields("school_years") if f.role in ("need", "size")}
        size = next((n for n, f in roles.items() if f.role == "size"), None)
        n = frame[size].astype(float) if size else pd.Series(np.nan, index=frame.index)
        for name, field in roles.items():
            coded = n.mask(n < k) if name == size else pd.Series(code_shares(frame[name].astype(float), n, k), n.index)
            found.append((field.title, coded, str(field.unit)))
    if school.has("budget"):
        found += _spending(school, program, year)
    return [(title, values, unit) for title, values, unit in found if values.notna().any()]


def _spending(school: School, program: Program, year: int) -> list[tuple[str, pd.Series, str]]:
    """Give spending per pupil before the start; for a grant also by how much it rose until the last year known."""
    columns = ("spend_per_pupil_real_usd", "spend_per_pupil_usd")
    fields = {f.name: f for f in school.fields("budget") if f.name in columns}
    name = next((c for c in columns if c in fields), None)
    if name is None:
        return []
    before = by_school(school.table("budget"), year)[name].astype(float)
    found = [(fields[name].title, before, "usd")]
    if program.program_id == GRANT:
        last = max(program.years)
        after = by_school(school.table("budget"), last)[name].astype(float)
        found.append((f"Rise of that until {school_year(last)}", after - before, "usd"))
    return found
