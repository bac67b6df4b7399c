"""The parts of a crosswalk, as they are after it has been read and held to the dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from leadlib.importing.values import Rule

Season = Literal["spring", "fall"]
Duplicates = Literal["same", "newest"]
Unmatched = Literal["refuse", "aside"]


@dataclass(frozen=True)
class Condition:
    """What a column must hold for a row to be taken."""

    column: str
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    matches: str | None = None
    blank: bool | None = None


@dataclass(frozen=True)
class Alias:
    """A name a column has in the files, in all years or in some."""

    name: str
    years: tuple[int, int] | None = None


@dataclass(frozen=True)
class Year:
    """Where a file's year stands: in its name (a pattern with a group), in a column, or here. Spring is told apart."""

    kind: Literal["name", "column", "fixed"]
    text: str
    season: Season | None


@dataclass(frozen=True)
class Source:
    """Where a field's value comes from, and how its cells are read."""

    kind: Literal["column", "value", "join", "part", "key", "year"]
    names: tuple[str, ...]
    rule: Rule
    pad: tuple[int, ...] = ()
    unchecked: str = ""
    separator: str = ""
    flag: str = ""
    flags: Mapping[str, str] = field(default_factory=dict)
    of: str = ""
    season: Season | None = None
    optional: bool = False


@dataclass(frozen=True)
class LongCell:
    """Columns of a wide file that make one row: which part each gives, and the keys they share."""

    columns: Mapping[str, str]
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Long:
    """How a wide file becomes long: a pattern whose named groups are keys, or the cells one by one."""

    pattern: str | None
    cells: tuple[LongCell, ...]


@dataclass(frozen=True)
class Target:
    """A table that rows of a file go to."""

    table: str
    when: tuple[Condition, ...]
    long: Long | None
    fields: Mapping[str, Source]
    duplicates: Duplicates
    unmatched: Unmatched
    skip: tuple[str, ...]


@dataclass(frozen=True)
class Aside:
    """Rows that are set aside, and why."""

    when: tuple[Condition, ...]
    reason: str


@dataclass(frozen=True)
class Entry:
    """Files of one kind: how to find and read them, and what becomes of their rows."""

    name: str
    match: tuple[str, ...]
    sheet: str | None
    year: Year | None
    optional: bool
    columns: Mapping[str, tuple[Alias, ...]]
    aside: tuple[Aside, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Crosswalk:
    """A whole crosswalk, read and held to the dictionary."""

    name: str
    title: str
    description: str
    sources: tuple[str, ...]
    terms: str
    record_type: str
    notes: tuple[str, ...]
    rows: Mapping[str, tuple[Mapping[str, str], ...]]
    entries: tuple[Entry, ...]
    path: str
    unverified: tuple[str, ...]
