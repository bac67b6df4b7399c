"""What an import writes down on its way, so that at its end every row can be accounted for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.errors import Problem

SHOWN = 5
LINE, TABLE, COLUMN, REASON, DETAIL = "line", "table", "column", "reason", "detail"


@dataclass
class FileLine:
    """One file: how it was read, its rows, how many were used, and how many set aside for which reason."""

    file: str
    entry: str
    sha256: str
    read_as: str
    notes: tuple[str, ...]
    preamble: int
    footnotes: int
    rows: int
    used: int = 0
    aside: Counter[str] = field(default_factory=Counter)
    unused_columns: tuple[str, ...] = ()

    @property
    def balanced(self) -> bool:
        """Whether every row was used or set aside."""
        return self.rows == self.used + sum(self.aside.values())


@dataclass
class TableLine:
    """What one file gave to one table: rows taken, rows made of them, rows left out again and why."""

    file: str
    table: str
    taken: int
    made: int
    per_row: int
    left_out: Counter[str] = field(default_factory=Counter)
    kept: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every row made was kept or left out."""
        return self.made == self.taken * self.per_row == self.kept + sum(self.left_out.values())


@dataclass
class Merged:
    """A table put together: rows that came, rows out, and what became of the difference."""

    table: str
    came: int
    identical: int = 0
    joined: int = 0
    superseded: int = 0
    unmatched: int = 0
    different: int = 0
    out: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every row that came is in the table or accounted for."""
        gone = self.identical + self.joined + self.superseded + self.unmatched + self.different
        return self.came == self.out + gone


@dataclass
class Ledger:
    """Everything an import wrote down: counts, cells, keys, rows set aside, and problems."""

    files: list[FileLine] = field(default_factory=list)
    tables: list[TableLine] = field(default_factory=list)
    merged: list[Merged] = field(default_factory=list)
    marks: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    unmatched: list[dict[str, Any]] = field(default_factory=list)
    padded: list[dict[str, Any]] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    aside_rows: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    def problem(self, where: str, what: str, fix: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(where, what, fix))

    def keep_aside(self, file: str, rows: pd.DataFrame) -> None:
        """Keep rows that are set aside, each with its line and reason."""
        if len(rows):
            self.aside_rows.setdefault(file, []).append(rows)

    def told(self, where: str, lines: list[int], what: list[tuple[str, str]]) -> None:
        """Note cells with a problem: the first few of a column, and how many more there are."""
        for line, (wrong, fix) in list(zip(lines, what, strict=True))[:SHOWN]:
            at, _, column = where.partition(", column ")
            self.problem(f"{at}, row {line}" + (f", column {column}" if column else ""), wrong, fix)
        if len(lines) > SHOWN:
            self.problem(where, f"and {len(lines) - SHOWN:,} more rows with a problem")


def key_texts(rows: pd.DataFrame) -> list[str]:
    """Give the key of each row as text, as it is shown to a reader."""
    columns = [[_shown(v) for v in rows[c].tolist()] for c in rows]
    return [", ".join(parts) for parts in zip(*columns, strict=True)]


def _shown(value: Any) -> str:
    if value is None or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def safe_name(file: str, taken: set[str]) -> Path:
    """Give the CSV that a file's rows are set aside in, below `set_aside`."""
    path = Path(*file.split("/"))
    name = path if path.suffix.lower() == ".csv" else path.with_name(path.name + ".csv")
    while name.as_posix().casefold() in taken:
        name = name.with_name(name.stem + "-2.csv")
    taken.add(name.as_posix().casefold())
    return name
