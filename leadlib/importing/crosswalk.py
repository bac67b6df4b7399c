"""The crosswalk: which foreign file, column and cell becomes which table, field and value of the dictionary.

A crosswalk is a YAML file. Every scalar in it is text (`NO`, `01` and `1.0` stay as they are written), a key it does
not know is refused with the nearest one it knows, and all problems are told at once, each with its line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from leadlib.errors import InputError, refuse
from leadlib.importing import known
from leadlib.importing.document import Box, Reader, read_yaml
from leadlib.importing.plan import (
    Alias,
    Aside,
    Condition,
    Crosswalk,
    Duplicates,
    Entry,
    Long,
    LongCell,
    Season,
    Source,
    Target,
    Unmatched,
    Year,
)
from leadlib.importing.values import Rule
from leadlib.tables import standard
from leadlib.tables.dictionary import REASONS, TableInfo
from leadlib.tables.reading import RECORD_TYPES

READY = Path(__file__).parent / "crosswalks"

UNFINISHED = "TO DO"
TOP = ("name", "title", "description", "sources", "terms", "record_type", "notes", "marks", "rows", "files")
FILE = ("name", "match", "sheet", "year", "optional", "columns", "marks", "decimal", "aside", "tables", "verified")
YEAR = ("name", "column", "fixed", "season")
TABLE = ("table", "when", "long", "fields", "duplicates", "unmatched", "skip")
LONG = ("pattern", "cells")
CELL = ("columns", "keys")
ALIAS = ("name", "years", "verified")
READS = ("marks", "blank", "scale", "map", "midpoint", "decimal", "single", "whole", "take", "case", "prefix")
ENDS = ("minimum", "maximum")
SOURCES = ("column", "value", "join", "part", "key")
SOURCE = (
    *SOURCES,
    *READS,
    *ENDS,
    "separator",
    "pad",
    "unchecked",
    "flag",
    "flags",
    "of",
    "season",
    "optional",
    "verified",
)
CONDITION = ("is", "not", "matches", "blank")
ASIDE = ("when", "reason")


def ready() -> tuple[str, ...]:
    """Name the crosswalks that come with the library."""
    return tuple(sorted(p.stem for p in READY.glob("*.yml")))


def read(path: str | Path) -> Crosswalk:
    """Read a crosswalk from a YAML file, or one of the ready ones by its name.

    Raises
    ------
    InputError
        With everything that is wrong with it: no file, no YAML, unknown keys, tables or fields.
    """
    text = str(path)
    given = READY / f"{text}.yml" if text in ready() and not Path(path).exists() else Path(path)
    if not given.is_file():
        raise refuse(f"crosswalk {text}", "there is no such file", f"give a .yml file, or one of: {', '.join(ready())}")
    return parse(read_yaml(given), given.name)


def parse(document: Any, where: str = "crosswalk") -> Crosswalk:
    """Make a `Crosswalk` of a YAML document, or raise one error with all that is wrong in it."""
    maker = _Maker(Reader(where))
    made = maker.crosswalk(document, where)
    if maker.read.problems:
        raise InputError(maker.read.problems)
    return made


class _Maker:
    """Makes the parts of a crosswalk and notes every problem on the way."""

    def __init__(self, reader: Reader) -> None:
        self.read = reader
        self.unverified: list[str] = []

    def crosswalk(self, document: Any, where: str) -> Crosswalk:
        read = self.read
        self.unfinished(document, Box())
        box = read.box(document, TOP, must=("name", "title", "sources", "terms", "files"))
        shared = Rule(marks=self.marks(box, "marks"))
        record_type = read.choice(box, "record_type", RECORD_TYPES, "real")
        entries = tuple(self.entry(b, k, shared) for k, b in enumerate(read.items(box, "files"), 1))
        return Crosswalk(
            read.text(box, "name"),
            read.text(box, "title"),
            read.text(box, "description"),
            read.texts(box, "sources"),
            read.text(box, "terms"),
            record_type,
            read.texts(box, "notes"),
            self.rows(read.inner(box, "rows")),
            entries,
            where,
            tuple(dict.fromkeys(self.unverified)),
        )

    def unfinished(self, value: Any, box: Box) -> None:
        """Note every place that a draft has left open."""
        if isinstance(value, dict):
            for inner in value.values():
                self.unfinished(inner, value if isinstance(value, Box) else box)
        elif isinstance(value, list):
            for inner in value:
                self.unfinished(inner, box)
        elif isinstance(value, str) and UNFINISHED in value:
            self.read.note(box, f"is not finished: {value}", "write what belongs there, or take the line out")

    def rows(self, box: Box) -> dict[str, tuple[Mapping[str, str], ...]]:
        found: dict[str, tuple[Mapping[str, str], ...]] = {}
        for name in box:
            info = self.table(box, name)
            items = self.read.items(box, name)
            known = [f.name for f in info.fields] if info else []
            found[name] = tuple(
                {k: self.read.text(row, k) for k in self.read.box(row, known, what="field")} for row in items
            )
        return found

    def table(self, box: Box, name: str) -> TableInfo | None:
        if not self.read.known(box, name, standard.tables(), "table"):
            return None
        return standard.table(name)

    def marks(self, box: Box, key: str, allowed: Sequence[str] = REASONS) -> dict[str, str]:
        inner = self.read.inner(box, key)
        found = {}
        for mark in inner:
            reason = self.read.choice(inner, mark, allowed, "")
            if reason:
                found[mark.strip().casefold()] = reason
        return found

    def entry(self, box: Box, k: int, shared: Rule) -> Entry:
        read = self.read
        box = read.box(box, FILE, must=("match",))
        name = read.text(box, "name") or f"files {k}"
        rule = replace(shared, marks={**shared.marks, **self.marks(box, "marks")})
        rule = replace(rule, decimal=read.choice(box, "decimal", (".", ","), "."))
        if "verified" in box and not read.truth(box, "verified", True):
            self.unverified.append(f"{name}: the whole entry")
        if "tables" not in box and "aside" not in box:
            read.note(box, "'tables' is missing", "say which tables the rows go to, or set them `aside` with a reason")
        columns = read.inner(box, "columns")
        return Entry(
            name,
            read.texts(box, "match"),
            read.text(box, "sheet") or None,
            self.year(read.inner(box, "year")) if "year" in box else None,
            read.truth(box, "optional", False),
            {c: self.aliases(columns, c, name) for c in columns},
            tuple(self.aside(b) for b in read.items(box, "aside")),
            tuple(self.target(b, rule, name) for b in read.items(box, "tables")),
        )

    def year(self, box: Box) -> Year | None:
        read = self.read
        box = read.box(box, YEAR)
        kind = read.one_of(box, ("name", "column", "fixed"))
        if kind is None:
            return None
        text = read.regular(box, "name", groups=1) if kind == "name" else read.text(box, kind)
        season = read.choice(box, "season", get_args(Season), "") or None
        return Year(kind, text, season)  # type: ignore[arg-type]

    def aliases(self, box: Box, key: str, entry: str) -> tuple[Alias, ...]:
        found = []
        for item in self.read.several(box, key):
            if not isinstance(item, Box):
                found.append(Alias(str(item)))
                continue
            inner = self.read.box(item, ALIAS, must=("name",))
            found.append(Alias(self.read.text(inner, "name"), self.read.years(inner, "years")))
            if not self.read.truth(inner, "verified", True):
                self.unverified.append(f"{entry}: column {found[-1].name}")
        return tuple(found)

    def conditions(self, box: Box, key: str) -> tuple[Condition, ...]:
        inner, found = self.read.inner(box, key), []
        for column in inner:
            if not isinstance(inner[column], Box):
                found.append(Condition(column, any_of=self.read.texts(inner, column)))
                continue
            rule = self.read.box(inner[column], CONDITION)
            blank = self.read.truth(rule, "blank", True) if "blank" in rule else None
            pattern = self.read.regular(rule, "matches") if "matches" in rule else None
            any_of, none_of = self.read.texts(rule, "is"), self.read.texts(rule, "not")
            found.append(Condition(column, any_of, none_of, pattern, blank))
        return tuple(found)

    def aside(self, box: Box) -> Aside:
        box = self.read.box(box, ASIDE, must=("reason",))
        return Aside(self.conditions(box, "when"), self.read.text(box, "reason"))

    def target(self, box: Box, rule: Rule, entry: str) -> Target:
        read = self.read
        box = read.box(box, TABLE, must=("table", "fields"))
        name = read.text(box, "table")
        info = self.table(Box({name: ""}, box.line), name) if name else None
        fields = read.inner(box, "fields")
        known = [f.name for f in info.fields] if info else list(fields)
        found = {}
        for f in fields:
            if read.known(fields, f, known, f"field of {name}"):
                found[f] = self.source(fields, f, rule, f"{entry}: {name}.{f}")
        lost = [k for k in (info.key if info else ()) if k not in fields and k != "year"]
        if lost:
            read.note(fields, f"the key {', '.join(lost)} of {name} is not mapped", "say where it comes from")
        if "part" in {s.kind for s in found.values()} and "long" not in box:
            read.note(box, "`part` needs `long`", "say with `long` which columns become rows")
        asked = [Box({"skip": word}, box.line) for word in read.texts(box, "skip")]
        skip = tuple(read.choice(word, "skip", REASONS, "") for word in asked)
        return Target(
            name,
            self.conditions(box, "when"),
            self.long(read.inner(box, "long")) if "long" in box else None,
            found,
            read.choice(box, "duplicates", get_args(Duplicates), "same"),
            read.choice(box, "unmatched", get_args(Unmatched), "refuse"),
            skip,
        )

    def long(self, box: Box) -> Long:
        read = self.read
        box = read.box(box, LONG)
        kind = read.one_of(box, LONG)
        if kind == "pattern":
            return Long(read.regular(box, "pattern"), ())
        cells = []
        for item in read.items(box, "cells"):
            inner = read.box(item, CELL, must=("columns",))
            columns, keys = read.inner(inner, "columns"), read.inner(inner, "keys")
            cells.append(LongCell({p: read.text(columns, p) for p in columns}, {k: read.text(keys, k) for k in keys}))
        return Long(None, tuple(cells))

    def source(self, box: Box, key: str, rule: Rule, where: str) -> Source:
        read = self.read
        if not isinstance(box[key], Box):
            return Source("column", (read.text(box, key),), rule)
        inner = read.box(box[key], SOURCE)
        kind = read.one_of(inner, SOURCES)
        if not read.truth(inner, "verified", True):
            self.unverified.append(where)
        return Source(
            kind or "column",  # type: ignore[arg-type]
            read.texts(inner, kind) if kind else (),
            self.rule(inner, rule, key),
            tuple(int(read.number(Box({"pad": p}, inner.line), "pad") or 0) for p in read.texts(inner, "pad")),
            read.text(inner, "unchecked"),
            read.text(inner, "separator"),
            read.text(inner, "flag"),
            self.marks(inner, "flags", (*REASONS, "reported")),
            read.text(inner, "of"),
            read.choice(inner, "season", get_args(Season), "") or None,
            read.truth(inner, "optional", False),
        )

    def words(self, box: Box, key: str) -> dict[str, str]:
        """Read what stands for what: a mapping, or `standard` for the words that schools' files commonly use."""
        if box.get("map") == "standard":
            return known.words(key)
        inner = self.read.inner(box, "map")
        base = known.words(key) if self.read.truth(inner, "standard", False) else {}
        return base | {m.strip().casefold(): self.read.text(inner, m) for m in inner if m != "standard"}

    def rule(self, box: Box, shared: Rule, key: str) -> Rule:
        read = self.read
        mapping = self.words(box, key)
        return Rule(
            {**shared.marks, **self.marks(box, "marks")},
            read.choice(box, "blank", REASONS, shared.blank),
            read.choice(box, "scale", ("percent", "fraction"), "") or None,
            mapping,
            read.truth(box, "midpoint", False),
            read.choice(box, "decimal", (".", ","), shared.decimal),
            read.truth(box, "single", False),
            read.truth(box, "whole", False),
            read.regular(box, "take") if "take" in box else "",
            read.choice(box, "case", ("upper", "lower", "title"), ""),
            read.text(box, "prefix"),
            read.number(box, "minimum"),
            read.number(box, "maximum"),
        )
