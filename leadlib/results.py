"""Results: what a design or a measure hands on, with interval, n and limits; and the sentence where there is none."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import pandas as pd

from leadlib.blocks import Block, Column, Notice, Prose, Stack, Table
from leadlib.numbers import NO_VALUE, show, significant, span

Claim = Literal["describe", "compare", "estimate"]
RESULT_COLUMNS = ("measure", "group", "value", "low", "high", "n", "unit")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Missing(Block):
    """A section that this pack or this school cannot have, and why, in one sentence.

    Functions that compute hand it on, and functions that draw show nothing for it (`passes_missing`,
    `quiet_about_missing`): so a report needs no branch for it, and the sentence is read once a section.
    """

    section: str
    reason: str
    told: bool = False

    @property
    def text(self) -> str:
        """The sentence a reader sees."""
        return f"{self.section} is left out: {self.reason}"

    def data(self) -> dict[str, Any]:
        """Give the sentence as a notice."""
        return Notice(self.text).data()

    def html(self) -> str:
        """Give the sentence as a notice."""
        return Notice(self.text).html()

    def plain(self) -> str:
        """Give the sentence."""
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return Notice(self.text)._repr_mimebundle_()

    def __getattribute__(self, name: str) -> Any:
        if name == "_ipython_display_" and not object.__getattribute__(self, "told"):
            raise AttributeError(name)  # only a sentence already told shows nothing
        return super().__getattribute__(name)

    def _ipython_display_(self) -> None:
        """Show nothing: the sentence stands further up."""


def passes_missing(function: F) -> F:
    """Let a function that computes hand on a `Missing` argument instead of working on it; it can still be told."""
    return _handing_on(function, told=False)


def quiet_about_missing(function: F) -> F:
    """Let a function that draws show nothing for a `Missing` argument: its sentence stands above, where it was made."""
    return _handing_on(function, told=True)


def _handing_on(function: F, *, told: bool) -> F:
    @functools.wraps(function)
    def passing(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if isinstance(value, Missing):
                return replace(value, told=told)
        return function(*args, **kwargs)

    return passing  # type: ignore[return-value]


@dataclass(frozen=True, repr=False)
class Result(Block):
    """A claim with all that a reader needs to weigh it.

    `table` always has the columns `measure, group, value, low, high, n, unit` (others may follow), and is not rounded.
    `claim` is chosen by the design and sets how far the words may go: describe, compare or estimate.
    """

    id: str
    title: str
    table: pd.DataFrame
    text: str
    claim: Claim = "describe"
    assumptions: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    note: str = ""
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    wide: bool = False
    interval_label: str = "95% interval"

    def __post_init__(self) -> None:
        """Hold every result to the common columns."""
        absent = [c for c in RESULT_COLUMNS if c not in self.table.columns]
        if absent:
            raise TypeError(f"result {self.id!r} lacks the columns {absent}")

    def block(self) -> Block:
        """Give the pieces a page shows: the table, then the sentence."""
        table = wide_table(self) if self.wide else long_table(self)
        return Stack((table, Prose((self.text,)))) if self.text else table

    def data(self) -> dict[str, Any]:
        """Give the table and the sentence as plain data."""
        return self.block().data()

    def html(self) -> str:
        """Give the table and the sentence as HTML."""
        return self.block().html()

    def plain(self) -> str:
        """Give the table and the sentence as text."""
        return self.block().plain()


def long_table(result: Result, *, signed: bool = False) -> Table:
    """Show a result one row a value: measure, group, value, interval, n."""
    rows = result.table.to_dict("records")
    columns = (
        Column("measure", "Measure", "left"),
        Column("group", "Compared with" if signed else "Group", "left"),
        Column("value", "Value"),
        Column("interval", result.interval_label),
        Column("n", "n"),
    )
    cells = tuple(
        (
            r["measure"],
            r["group"],
            show(r["value"], r["unit"], sign=signed),
            span(r["low"], r["high"], r["unit"], sign=signed),
            show(r["n"]),
        )
        for r in rows
    )
    values = tuple(
        (
            r["measure"],
            r["group"],
            significant(r["value"]),
            [significant(r["low"]), significant(r["high"])],
            significant(r["n"]),
        )
        for r in rows
    )
    return Table(result.id, result.title, columns, cells, values, result.note)


def wide_table(result: Result) -> Table:
    """Show a result one row a measure and one column a group; a cell is the value, and in brackets its interval."""
    groups = list(dict.fromkeys(result.table["group"]))
    found = {(r["measure"], r["group"]): r for r in result.table.to_dict("records")}
    measures = list(dict.fromkeys(result.table["measure"]))
    columns = (Column("measure", "Measure", "left"), *(Column(f"group_{k}", g) for k, g in enumerate(groups)))
    cells = tuple((m, *(_wide_cell(found.get((m, g))) for g in groups)) for m in measures)
    values = tuple(
        (m, *(significant(found[m, g]["value"]) if (m, g) in found else None for g in groups)) for m in measures
    )
    return Table(result.id, result.title, columns, cells, values, result.note)


def _wide_cell(row: dict[Any, Any] | None) -> str:
    if row is None:
        return NO_VALUE
    if row.get("shown"):
        return str(row["shown"])
    value, between = show(row["value"], row["unit"]), span(row["low"], row["high"], row["unit"])
    return value if between == NO_VALUE else f"{value} ({between})"
