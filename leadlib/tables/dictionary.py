"""What a pack says about itself: its tables, fields, units, missing marks and sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadlib.errors import nearest, refuse

FILE = "datapackage.json"
REASONS = ("not_reported", "not_applicable", "suppressed", "range")
"""Why a value may be missing; a missing value is never a zero."""


@dataclass(frozen=True)
class Mark:
    """A word that stands in a cell for a missing value, and why the value is missing."""

    value: str
    reason: str
    label: str


@dataclass(frozen=True)
class Field:
    """One column of a table: what it is called, what it means, in which unit, and what may stand in it.

    `unit` is a key of `leadlib.numbers.UNITS`, or None for text, years and values whose unit stands in another table
    (`unit_from` says where). `role` is need, size or level; `leadership` is administrative or instructional.
    """

    name: str
    title: str
    type: str
    unit: str | None
    description: str
    role: str | None
    leadership: str | None
    unit_from: str | None
    constraints: Mapping[str, Any]
    marks: tuple[Mark, ...]

    @property
    def required(self) -> bool:
        """Whether a value must stand in every row."""
        return bool(self.constraints.get("required"))


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values must all be found in another table."""

    fields: tuple[str, ...]
    table: str
    to: tuple[str, ...]


@dataclass(frozen=True)
class TableInfo:
    """One table of a pack: what a row is, its key, its fields, and the fingerprint of its file."""

    name: str
    title: str
    path: str
    grain: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    foreign: tuple[ForeignKey, ...]
    schema: Mapping[str, Any]
    hash: str | None
    rows: int | None
    checked: str | None

    def field(self, name: str) -> Field:
        """Give a field by its name."""
        for field in self.fields:
            if field.name == name:
                return field
        raise refuse(f"table {self.name}", f"has no column {name!r}", nearest(name, [f.name for f in self.fields]))


@dataclass(frozen=True)
class Package:
    """A data pack: its tables and where they come from."""

    name: str
    title: str
    description: str
    record_type: str
    sources: tuple[str, ...]
    terms: str
    notes: tuple[str, ...]
    years: tuple[int, ...]
    tables: tuple[TableInfo, ...]

    def table(self, name: str) -> TableInfo:
        """Give a table by its name."""
        for table in self.tables:
            if table.name == name:
                return table
        raise refuse(f"pack {self.name}", f"has no table {name!r}", nearest(name, [t.name for t in self.tables]))

    def has(self, name: str) -> bool:
        """Whether the pack has this table."""
        return any(t.name == name for t in self.tables)
