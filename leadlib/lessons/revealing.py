"""The planted truth of a simulated district, beside what the evidence said: the last exhibit of a case."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from leadlib import simulate
from leadlib.blocks import Block, Column, Notice, Prose, Stack, Table
from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import NO_VALUE, UNITS, plural, show, significant, span
from leadlib.results import Missing, Result
from leadlib.tables.dictionary import FILE
from leadlib.tables.packs import find
from leadlib.tables.school import School

REAL = (
    "Nobody knows the truth here. These are records of real schools, and no answer sheet lies in a drawer. All that "
    "can be had is a design that could find out, a range of values the data allow, and what would change your mind."
)
NO_SHEET = (
    "This pack is not one that leadlib simulated as it stands, so nobody has written down what was planted in it; "
    "cedar-valley, or a district made with `leadlib simulate`, comes with its truth."
)
ONE_IN_TWENTY = (
    "A 95% interval misses the truth about one time in twenty, even where the design is right. One miss is no proof "
    "against a design, and one hit is no proof for it."
)
NAIVE = "Where the simple comparison ends up"
HOLDS, MISSES = "yes", "no"
SD = UNITS["sd"].word
SHOWN_IN = {"pupil SD": "sd_fine", "SD": "sd", "percentage points": "score", "share": "ratio"}


@dataclass(frozen=True)
class Beside:
    """An estimate in the planted value's own unit, with its interval; or why it cannot stand there."""

    value: float
    low: float
    high: float
    unit: str = "value"
    why_not: str = ""

    @property
    def shown(self) -> str:
        """The estimate with its interval, as a reader sees it."""
        if self.why_not:
            return self.why_not
        between = span(self.low, self.high, self.unit)
        return show(self.value, self.unit) + ("" if between == NO_VALUE else f" ({between})")

    def holds(self, planted: float) -> bool | None:
        """Whether the interval holds the planted value; None where that cannot be said."""
        if self.why_not or not (math.isfinite(self.low) and math.isfinite(self.high)):
            return None
        return bool(self.low <= planted <= self.high)


def truth(school: School | Missing, parameters: str | Sequence[str], beside: Any = None) -> Block:
    """Show what was planted in a simulated district, beside what the evidence of the case said. One row a parameter.

    Parameters
    ----------
    school
        The school of the case; its pack says with which size and seed it was simulated.
    parameters
        Names of planted parameters, as `ll.simulate.truth()` lists them.
    beside
        What the case estimated: a list of results in the order of the parameters, a dict from parameter to result, or
        one result that has a row for each parameter, in their order. `(value, low, high)` in the planted unit will do
        for a result. Estimates with a pupils' standard deviation are turned into the planted unit; so are percent and
        shares.

    Returns
    -------
    Block
        A table with planted value, estimate and whether its interval holds the truth, and a few sentences. For records
        of real schools: a sentence that nobody knows.

    Raises
    ------
    InputError
        No such parameter (all at once, with the nearest), or results that do not fit the parameters.
    """
    if isinstance(school, Missing):
        return school
    names = (parameters,) if isinstance(parameters, str) else tuple(parameters)
    results = _by_parameter(names, beside)
    if school.record_type != "synthetic":
        return Notice(REAL)
    sheet = answer_sheet(school.pack)
    if sheet is None:
        return Notice(NO_SHEET)
    return _shown(_rows(names, sheet), results)


def answer_sheet(pack: str) -> pd.DataFrame | None:
    """Give what was planted in a simulated pack, or None where its dictionary does not say how it was made."""
    made = json.loads((find(pack) / FILE).read_text(encoding="utf-8")).get("simulated")
    if not isinstance(made, dict) or not all(isinstance(made.get(k), int) for k in ("schools", "years", "seed")):
        return None
    return simulate.truth(made["schools"], made["years"], seed=made["seed"])


def _by_parameter(names: tuple[str, ...], beside: Any) -> dict[str, Any]:
    if beside is None:
        return {}
    if isinstance(beside, Mapping):
        unknown = [str(name) for name in beside if name not in names]
        if unknown:
            raise refuse("beside", f"{unknown[0]!r} is not among the parameters shown", nearest(unknown[0], names))
        return dict(beside)
    numbers = isinstance(beside, tuple) and len(beside) == 3 and all(isinstance(b, int | float) for b in beside)
    several = list(beside) if isinstance(beside, list | tuple) and not numbers else _row_by_row(beside, len(names))
    if len(several) != len(names):
        what = f"there are {plural(len(several), 'result')} for {plural(len(names), 'parameter')}"
        raise refuse("beside", what, "give one for each, in their order, or a dict from parameter to result")
    return dict(zip(names, several, strict=True))


def _row_by_row(result: Any, wanted: int) -> list[Any]:
    """Part one result into its rows, each beside the parameter of its place; a sentence is told once for all."""
    if isinstance(result, Missing):
        return [result] * wanted
    if wanted == 1 or not isinstance(result, Result):
        return [result]
    return [replace(result, table=result.table.iloc[[k]]) for k in range(len(result.table))]


def _rows(names: tuple[str, ...], sheet: pd.DataFrame) -> list[dict[str, Any]]:
    there = list(dict.fromkeys(sheet["parameter"]))
    unknown = [name for name in names if name not in there]
    if unknown:
        fixes = (Problem(f"parameter {n!r}", "was not planted in this district", nearest(n, there)) for n in unknown)
        raise InputError(fixes)
    found = sheet.drop_duplicates("parameter").set_index("parameter", drop=False)
    return [{str(k): v for k, v in found.loc[name].items()} for name in names]


# -- an estimate in the planted unit -----------------------------------------------------------------------------------


def _beside(result: Any, planted_unit: str) -> Beside:
    """Read an estimate, and say by what it is to be divided to stand in the planted unit."""
    if isinstance(result, Missing):
        return Beside(math.nan, math.nan, math.nan, why_not=result.text)
    if isinstance(result, tuple | list):
        value, low, high = (float(part) for part in result)
        return Beside(value, low, high, _shown_in(planted_unit))
    row = result.table.iloc[0]
    value, low, high = (float(row[name]) for name in ("value", "low", "high"))
    unit = str(row["unit"])
    factor = _factor(result, unit, planted_unit)
    if factor is None:
        words = UNITS[unit].word or unit
        text = f"{show(value, unit)} ({span(low, high, unit)}), in {words}: another unit"
        return Beside(value, low, high, why_not=text)
    return Beside(value / factor, low / factor, high / factor, _shown_in(planted_unit))


def _shown_in(planted_unit: str) -> str:
    """Name the unit whose decimals suit estimates of what was planted."""
    found = (unit for begins, unit in SHOWN_IN.items() if planted_unit.startswith(begins))
    return next(found, "value")


def _factor(result: Any, unit: str, planted_unit: str) -> float | None:
    """By what an estimate is divided to be in the planted unit; None where the two cannot be compared."""
    if planted_unit.startswith(("pupil SD", "SD")):
        sd, whose = getattr(result, "sd", math.nan), getattr(result, "sd_of", "")
        if unit == "value" or UNITS[unit].word == SD:
            return 1.0
        return float(sd) if math.isfinite(sd) and sd > 0 and "pupil" in whose else None
    if planted_unit.startswith("percentage points"):
        return 1.0 if unit in ("pct", "whole_pct", "pct_points", "value") else None
    if planted_unit.startswith("share"):
        return (
            100.0
            if unit in ("pct", "whole_pct", "pct_points")
            else 1.0
            if unit in ("ratio", "value", "level")
            else None
        )
    return 1.0


# -- what is shown -----------------------------------------------------------------------------------------------------


def _shown(rows: list[dict[str, Any]], results: dict[str, Any]) -> Block:
    read = {r["parameter"]: _beside(results[r["parameter"]], r["unit"]) for r in rows if r["parameter"] in results}
    verdicts = {name: one.holds(next(r["value"] for r in rows if r["parameter"] == name)) for name, one in read.items()}
    parts: list[Block] = [_table(rows, read, verdicts)]
    naive = [f"{r['question']} {r['naive']}" for r in rows if r["naive"]]
    if naive:
        parts.append(Prose(tuple(dict.fromkeys(naive)), title=NAIVE, bullets=len(naive) > 1))
    said = [v for v in verdicts.values() if v is not None]
    if said:
        parts.append(Prose((f"{_count(said)} {ONE_IN_TWENTY}",), "note"))
    return Stack(tuple(parts))


def _count(said: list[bool]) -> str:
    if len(said) == 1:
        return "The interval holds the planted value." if said[0] else "The interval does not hold the planted value."
    return f"Of {len(said)} intervals, {sum(said)} {'holds' if sum(said) == 1 else 'hold'} the planted value."


def _table(rows: list[dict[str, Any]], read: dict[str, Beside], verdicts: dict[str, bool | None]) -> Table:
    columns = [Column("question", "Question", "left"), Column("planted", "Planted"), Column("unit", "In what", "left")]
    if read:
        columns += [Column("estimate", "Estimate and its interval"), Column("holds", "Holds it?")]
    cells, values = [], []
    for row in rows:
        one, held = read.get(row["parameter"]), verdicts.get(row["parameter"])
        more = (one.shown if one else NO_VALUE, {True: HOLDS, False: MISSES, None: NO_VALUE}[held]) if read else ()
        twice = sum(other["question"] == row["question"] for other in rows) > 1
        question = f"{row['question']} ({row['acts_on']})" if twice else str(row["question"])
        cells.append((question, _number(row["value"], row["unit"]), str(row["unit"]), *more))
        numbers = ([significant(one.value), significant(one.low), significant(one.high)] if one else None, held)
        values.append((question, significant(row["value"]), row["unit"], *(numbers if read else ())))
    note = "The truth stands here because this district is simulated; no leader of a real school is ever shown it."
    return Table("truth", "What was planted", tuple(columns), tuple(cells), tuple(values), note)


def _number(value: float, unit: str) -> str:
    """Write a planted value with the digits that it was planted with, at most three; a year as a year."""
    if "first fall" in unit or "last fall" in unit:
        return f"{value:.0f}"
    text = show(value, "value")
    return text.rstrip("0").rstrip(".") if "." in text else text
