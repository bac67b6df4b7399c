"""Reading `datapackage.json`, the only dictionary of a pack: all that is wrong with it is said at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import UNITS
from leadlib.tables.dictionary import FILE, REASONS, Field, ForeignKey, Mark, Package, TableInfo

TYPES = ("string", "integer", "number", "boolean", "year")
CONSTRAINTS: dict[str, tuple[type, ...]] = {
    "required": (bool,),
    "unique": (bool,),
    "minimum": (int, float),
    "maximum": (int, float),
    "enum": (list,),
    "pattern": (str,),
}
ROLES = ("need", "size", "level")
LEADERSHIP = ("administrative", "instructional")
RECORD_TYPES = ("real", "synthetic")
EMPTY_CELL = (Mark("", "not_reported", "the cell is empty"),)
"""The missing mark of a table that names none, as Frictionless has it."""


def read(folder: Path) -> tuple[dict[str, Any], Package]:
    """Read a pack's dictionary: the document as it stands, and what it says.

    Raises
    ------
    InputError
        With everything that is wrong with the document: no file, no JSON, missing or unknown entries.
    """
    where = f"{folder.name}/{FILE}"
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise refuse(str(folder), f"has no {FILE}", "give a folder that holds a data pack") from None
    except OSError as error:
        raise refuse(where, f"cannot be read: {error.strerror}", "check the file and your rights to it") from None
    except UnicodeDecodeError as error:
        raise refuse(where, f"is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise refuse(f"{where}, line {error.lineno}", f"is not valid JSON: {error.msg}", "correct the line") from None
    return document, parse(document, where)


def parse(document: Any, where: str = FILE) -> Package:
    """Make a `Package` of a dictionary document, or raise one error with all that is wrong in it."""
    reader = _Reader([])
    package = reader.package(document, where)
    if reader.problems:
        raise InputError(reader.problems)
    return package


@dataclass
class _Reader:
    """Reads a document and notes every problem instead of stopping at the first."""

    problems: list[Problem]

    def note(self, where: str, what: str, fix: str = "") -> None:
        self.problems.append(Problem(where, what, fix))

    def get(self, box: Mapping[str, Any], key: str, kind: type, where: str, *, must: bool = True) -> Any:
        """Take an entry of the right kind; where it is absent, empty or of another kind, note that."""
        words = {str: "text", list: "a list", dict: "an object", int: "a whole number"}
        value = box.get(key)
        if value is None:
            if must:
                self.note(where, f"{key!r} is missing", f"add {key!r} ({words[kind]})")
        elif not isinstance(value, kind) or isinstance(value, bool):
            self.note(where, f"{key!r} must be {words[kind]}, not {value!r}"[:200], f"correct {key!r}")
        elif must and value in ("", [], {}):
            self.note(where, f"{key!r} is empty", f"fill in {key!r}")
        else:
            return value
        return kind()

    def objects(self, box: Mapping[str, Any], key: str, where: str, *, must: bool = True) -> list[dict[str, Any]]:
        """Take a list of objects."""
        found = self.get(box, key, list, where, must=must)
        for item in found:
            if not isinstance(item, dict):
                self.note(where, f"each item of {key!r} must be an object, not {item!r}", f"correct {key!r}")
        return [item for item in found if isinstance(item, dict)]

    def choice(self, box: Mapping[str, Any], key: str, allowed: tuple[str, ...], where: str) -> Any:
        """Take an optional entry that must be one of a few words."""
        value = box.get(key)
        if value is not None and value not in allowed:
            self.note(where, f"{key!r} is {value!r}", nearest(value, allowed))
        return value

    def names(self, box: Mapping[str, Any], key: str, where: str, *, must: bool = True) -> tuple[str, ...]:
        """Take a name or a list of names."""
        value = box.get(key)
        value = [value] if isinstance(value, str) else value
        if value is None and not must:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            self.note(where, f"{key!r} must be a list of column names", f"correct {key!r}")
            return ()
        return tuple(value)

    def package(self, document: Any, where: str) -> Package:
        if not isinstance(document, dict):
            self.note(where, f"must hold a JSON object, not {type(document).__name__}", "see any pack in data/")
            document = {}
        sources = self.objects(document, "sources", where)
        tables = tuple(
            self.table(r, f"{where}, table {r.get('name') or k}")
            for k, r in enumerate(self.objects(document, "resources", where), 1)
        )
        record_type = self.get(document, "record_type", str, where)
        if record_type:
            self.choice(document, "record_type", RECORD_TYPES, where)
        self.references(tables, where)
        return Package(
            self.get(document, "name", str, where),
            self.get(document, "title", str, where),
            self.get(document, "description", str, where, must=False),
            record_type,
            tuple(self.get(s, "title", str, f"{where}, source {k}") for k, s in enumerate(sources, 1)),
            self.get(document, "terms", str, where),
            tuple(map(str, self.get(document, "notes", list, where, must=False))),
            tuple(y for y in self.get(document, "years", list, where, must=False) if isinstance(y, int)),
            tables,
        )

    def table(self, box: dict[str, Any], where: str) -> TableInfo:
        name, path = self.get(box, "name", str, where), self.get(box, "path", str, where)
        if name and not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            self.note(where, f"the name {name!r} is not in snake_case", "use small letters, digits and _")
        self.path(path, where)
        schema = self.get(box, "schema", dict, where)
        marks = self.marks(schema, where, EMPTY_CELL)
        fields = (
            tuple(
                self.field(f, f"{where}, field {f.get('name') or k}", marks)
                for k, f in enumerate(self.objects(schema, "fields", where), 1)
            )
            if schema
            else ()
        )
        key = self.names(schema, "primaryKey", where) if schema else ()
        self.key(key, fields, where)
        foreign = tuple(self.foreign(k, where) for k in self.objects(schema, "foreignKeys", where, must=False))
        sha = self.get(box, "hash", str, where, must=False) or None
        if sha and not re.fullmatch(r"sha256:[0-9a-f]{64}", sha):
            self.note(where, f"'hash' is {sha!r}", "write sha256: and 64 hexadecimal digits, or leave it out")
        rows = self.get(box, "rows", int, where) if "rows" in box else None
        return TableInfo(
            name,
            self.get(box, "title", str, where, must=False) or name,
            path,
            self.get(box, "grain", str, where),
            self.get(box, "description", str, where, must=False),
            fields,
            key,
            foreign,
            schema,
            sha,
            rows,
            self.get(box, "checked", str, where, must=False) or None,
        )

    def path(self, path: str, where: str) -> None:
        parts = PurePosixPath(path.replace("\\", "/"))
        if path and (parts.is_absolute() or ".." in parts.parts or ":" in path):
            self.note(where, f"the path {path!r} leaves the pack's folder", "give a path below the folder")
        if path and not path.endswith((".csv", ".csv.gz")):
            self.note(where, f"the path {path!r} is neither .csv nor .csv.gz", "store the table as CSV")

    def marks(self, box: Mapping[str, Any], where: str, default: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Read missing marks: each is a word of REASONS, or any word with a `reason`."""
        if "missingValues" not in box:
            return default
        here, found = f"{where}, missingValues", []
        for item in self.get(box, "missingValues", list, where):
            item = {"value": item} if isinstance(item, str) else item
            if not isinstance(item, dict) or not isinstance(item.get("value"), str):
                self.note(here, f"a mark must be text, not {item!r}", 'write {"value": "not_reported", "label": "why"}')
                continue
            reason = item.get("reason", item["value"])
            if reason not in REASONS:
                self.note(
                    here,
                    f"the mark {item['value']!r} does not say why a value is missing",
                    f'add "reason": one of {", ".join(REASONS)}',
                )
                continue
            found.append(Mark(item["value"], reason, str(item.get("label", ""))))
        return tuple(found)

    def field(self, box: dict[str, Any], where: str, marks: tuple[Mark, ...]) -> Field:
        name, kind = self.get(box, "name", str, where), self.get(box, "type", str, where)
        if kind:
            self.choice(box, "type", TYPES, where)
        unit = self.choice(box, "unit", tuple(UNITS), where)
        unit_from = self.get(box, "unitFrom", str, where, must=False) or None
        if kind in ("integer", "number") and not unit and not unit_from:
            self.note(where, "a number needs a unit", f"add 'unit': {nearest('', UNITS)}")
        constraints = self.constraints(self.get(box, "constraints", dict, where, must=False), kind, where)
        return Field(
            name,
            self.get(box, "title", str, where, must=False) or name,
            kind,
            unit,
            self.get(box, "description", str, where),
            self.choice(box, "role", ROLES, where),
            self.choice(box, "leadership", LEADERSHIP, where),
            unit_from,
            constraints,
            () if constraints.get("required") else self.marks(box, where, marks),
        )

    def constraints(self, box: dict[str, Any], kind: str, where: str) -> dict[str, Any]:
        good = {}
        for rule, value in box.items():
            if rule not in CONSTRAINTS:
                self.note(
                    where,
                    f"the constraint {rule!r} is not known, so it would not be checked",
                    nearest(rule, CONSTRAINTS),
                )
            elif not isinstance(value, CONSTRAINTS[rule]) or (
                isinstance(value, bool) and bool not in CONSTRAINTS[rule]
            ):
                self.note(where, f"the constraint {rule!r} cannot be {value!r}", "correct it")
            elif rule in ("minimum", "maximum") and kind in ("string", "boolean"):
                self.note(where, f"{rule!r} makes no sense for type {kind!r}", "take it out or correct the type")
            elif rule == "pattern" and not self.regular(value, where):
                continue
            else:
                good[rule] = value
        return good

    def regular(self, pattern: Any, where: str) -> bool:
        try:
            re.compile(pattern)
        except re.error as error:
            self.note(where, f"the pattern {pattern!r} cannot be read: {error}", "correct it")
            return False
        return True

    def key(self, key: tuple[str, ...], fields: tuple[Field, ...], where: str) -> None:
        named = [f.name for f in fields]
        for twice in sorted(n for n in dict.fromkeys(named) if named.count(n) > 1):
            self.note(where, f"the field {twice!r} is listed twice", "list it once")
        for name in key:
            if name not in named:
                self.note(where, f"the key column {name!r} is not a field", nearest(name, named))
            elif not next(f for f in fields if f.name == name).required:
                self.note(where, f"the key column {name!r} may be missing", 'add "required": true to its constraints')

    def foreign(self, box: dict[str, Any], where: str) -> ForeignKey:
        to = self.get(box, "reference", dict, where)
        return ForeignKey(
            self.names(box, "fields", where),
            self.get(to, "resource", str, where) if to else "",
            self.names(to, "fields", where) if to else (),
        )

    def references(self, tables: tuple[TableInfo, ...], where: str) -> None:
        """Hold table names unique and every foreign key to a table and columns that are there."""
        named = {t.name: [f.name for f in t.fields] for t in tables}
        for twice in sorted(n for n in named if sum(t.name == n for t in tables) > 1):
            self.note(where, f"the table {twice!r} is listed twice", "list it once")
        for table in tables:
            own = named[table.name]
            for link in table.foreign:
                here = f"{where}, table {table.name}, foreign key {', '.join(link.fields)}"
                if link.table not in named:
                    self.note(
                        here, f"points to the table {link.table!r}, which is not there", nearest(link.table, named)
                    )
                    continue
                absent = [c for c in link.fields if c not in own] + [c for c in link.to if c not in named[link.table]]
                for column in absent:
                    self.note(here, f"names the column {column!r}, which is not there", "correct the name")
                if len(link.fields) != len(link.to):
                    self.note(here, "has not as many columns on both sides", "correct the lists")
