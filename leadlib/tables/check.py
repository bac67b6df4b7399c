"""A table's text against its dictionary: every cell read by its type, every rule held, all problems at once."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import Problem, nearest
from leadlib.numbers import plural
from leadlib.tables.dictionary import Field, TableInfo

VERSION = 1
"""Raised when the rules below change, so that every table is checked anew."""
REPORTED = "reported"
SHOWN_ROWS = 5

# [0-9] and not \d, which takes the digits of every script
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_YEAR = re.compile(r"[12][0-9]{3}")
_BAD = object()


@dataclass(frozen=True)
class Rows:
    """A table as text: its header, its rows, and the line each row begins on."""

    header: list[str]
    cells: list[list[str]]
    lines: list[int]


@dataclass(frozen=True)
class Failure:
    """A cell that breaks a rule."""

    line: int
    column: str
    rule: str
    what: str
    fix: str


@dataclass(frozen=True)
class Parsed:
    """A table with its values typed: `values`, and in `why` why a value is missing (or `reported`)."""

    values: pd.DataFrame
    why: pd.DataFrame


def unpack(blob: bytes, path: str, where: str, problems: list[Problem]) -> str | None:
    """Give the text of a table file, or note why there is none."""
    fix = "restore the file, or build the pack again"
    try:
        data = gzip.decompress(blob) if path.endswith(".gz") else blob
        return data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        problems.append(Problem(where, f"the compressed file is damaged: {error}", fix))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.append(
            Problem(f"{where}, row {line}", f"is not UTF-8 text (byte {error.start})", "save the table as UTF-8")
        )
    return None


def rows_of(text: str, table: TableInfo, where: str, problems: list[Problem]) -> Rows | None:
    """Split a table's text into rows that fit its header, and note those that do not."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    cells: list[list[str]] = []
    lines: list[int] = []
    try:
        header = next(reader, [])
        if not _header(header, table, where, problems):
            return None
        begin, wide, odd = reader.line_num + 1, len(header), []
        for row in reader:
            if len(row) == wide:
                cells.append(row)
                lines.append(begin)
            else:
                odd.append(
                    Failure(
                        begin,
                        "",
                        "cells",
                        f"has {plural(len(row), 'cell')}; the header has {wide}",
                        "check for a comma, a quotation mark or an empty line",
                    )
                )
            begin = reader.line_num + 1
    except csv.Error as error:
        problems.append(
            Problem(
                f"{where}, row {reader.line_num}",
                f"cannot be read as CSV: {error}",
                "check the quotation marks of this row",
            )
        )
        return None
    problems.extend(told(odd, where))
    return Rows(header, cells, lines)


def _header(header: Sequence[str], table: TableInfo, where: str, problems: list[Problem]) -> bool:
    """Hold the header to the dictionary: every field once, no other column."""
    known, before = [f.name for f in table.fields], len(problems)
    if not header:
        problems.append(Problem(where, "the file is empty", "restore the file, or build the pack again"))
        return False
    for name in dict.fromkeys(header):
        if name not in known:
            problems.append(
                Problem(
                    f"{where}, row 1, column {name or '(no name)'}",
                    "is not in the dictionary",
                    f"{nearest(name, [k for k in known if k not in header] or known)}, or describe it",
                )
            )
        if header.count(name) > 1:
            problems.append(Problem(f"{where}, row 1, column {name or '(no name)'}", "stands there twice", "keep one"))
    problems.extend(
        Problem(f"{where}, row 1, column {name}", "is missing", "add the column, or take it out of the dictionary")
        for name in known
        if name not in header
    )
    return len(problems) == before


def typed(rows: Rows, table: TableInfo, failures: list[Failure]) -> Parsed:
    """Read every cell by its type. Ids stay text; only the declared marks count as missing."""
    columns = (
        dict(zip(rows.header, zip(*rows.cells, strict=True), strict=True))
        if rows.cells
        else dict.fromkeys(rows.header, ())
    )
    values, why = {}, {}
    for field in table.fields:
        values[field.name], why[field.name] = _column(columns[field.name], rows.lines, field, failures)
    return Parsed(pd.DataFrame(values), pd.DataFrame(why))


def _column(cells: Sequence[str], lines: list[int], field: Field, failures: list[Failure]) -> tuple[Any, Any]:
    codes, words = pd.factorize(np.array(cells, dtype=object))
    marks = {m.value: m.reason for m in field.marks}
    read = [None if w in marks else _cell(w, field.type) for w in words]
    for k, value in enumerate(read):
        if value is _BAD:
            fix = _advice(words[k], field)
            failures.extend(
                Failure(lines[i], field.name, "type", _wrong(words[k], field), fix) for i in np.flatnonzero(codes == k)
            )
            read[k] = None
    why = np.array([marks.get(w, REPORTED) for w in words], dtype=object)
    return _series(read, codes, field), pd.Series(why[codes] if len(words) else [], dtype="str")


def _cell(word: str, kind: str) -> Any:
    """Read one cell, or give `_BAD`."""
    if kind == "string":
        return word if word.strip() else _BAD
    if kind == "boolean":
        return {"true": True, "false": False}.get(word, _BAD)
    if kind == "number":
        value = float(word) if _NUMBER.fullmatch(word) else math.inf
        return value if math.isfinite(value) else _BAD
    return int(word) if (_INTEGER if kind == "integer" else _YEAR).fullmatch(word) else _BAD


def _series(read: list[Any], codes: np.ndarray, field: Field) -> pd.Series:
    """Spread the read values over the rows, in a dtype that depends on the dictionary and not on the data."""
    gaps = any(v is None for v in read)
    if field.type == "string":
        return pd.Series(np.array(read, dtype=object)[codes] if read else [], dtype="str")
    if field.type == "boolean":
        kind: Any = "bool" if field.required and not gaps else "boolean"
        return pd.Series(
            np.array([pd.NA if v is None else v for v in read], dtype=object)[codes] if read else [], dtype=kind
        )
    whole = field.type in ("integer", "year") and field.required and not gaps
    numbers = np.array([np.nan if v is None else v for v in read], dtype="int64" if whole else "float64")
    return pd.Series(numbers[codes], dtype=numbers.dtype)


def _wrong(word: str, field: Field) -> str:
    kinds = {
        "string": "text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "year": "a year of four digits",
    }
    return f"{word!r} is not {kinds[field.type]}" if word else "the cell is empty"


def _advice(word: str, field: Field) -> str:
    marks = " or ".join(m.value for m in field.marks if m.value)
    if field.type in ("integer", "number") and re.fullmatch(r"-?0[0-9]+", word):
        return "drop the leading zeros, or give the field the type string if it is an id"
    return (
        f"correct the cell, or write {marks} if there is no value"
        if marks
        else "correct the cell; this field needs a value"
    )


def failing_rules(parsed: Parsed, rows: Rows, table: TableInfo, broken: list[Failure]) -> list[Failure]:
    """Hold the typed table to the dictionary's rules and key, with pandera; cells already reported are passed over."""
    import pandera.pandas as pa

    try:
        _schema(table).validate(parsed.values, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    known = {(f.line, f.column) for f in broken}
    raw = {name: k for k, name in enumerate(rows.header)}
    keys = cases["check"] == "multiple_fields_uniqueness"
    twice = sorted(cases.loc[keys, "index"].astype(int).unique().tolist())
    found = _same_key(
        [i for i in twice if not any((rows.lines[i], k) in known for k in table.key)], parsed, rows, table
    )
    for case in cases.loc[~keys].sort_values(["index"], kind="stable").itertuples():
        line, column = rows.lines[int(case.index)], str(case.column)
        if (line, column) not in known:
            word = rows.cells[int(case.index)][raw[column]]
            found.append(Failure(line, column, *_rule(str(case.check), word, table.field(column))))
    return found


def _schema(table: TableInfo) -> Any:
    """Say the dictionary's constraints in pandera's words."""
    import pandera.pandas as pa

    def checks(rules: Any) -> list[Any]:
        made = {
            "minimum": lambda v: pa.Check.ge(v, error="minimum"),
            "maximum": lambda v: pa.Check.le(v, error="maximum"),
            "enum": lambda v: pa.Check.isin(v, error="enum"),
            "pattern": lambda v: pa.Check.str_matches(rf"^(?:{v})\Z", error="pattern"),
        }
        return [make(rules[rule]) for rule, make in made.items() if rule in rules]

    columns = {
        f.name: pa.Column(
            None, checks(f.constraints), nullable=not f.required, unique=bool(f.constraints.get("unique"))
        )
        for f in table.fields
    }
    return pa.DataFrameSchema(columns, unique=list(table.key), name=table.name)


def _rule(check: str, word: str, field: Field) -> tuple[str, str, str]:
    """Name a broken constraint, what it says, and the way out."""
    limit = field.constraints.get(check)
    what = {
        "minimum": f"{word} is below the lowest value allowed, {limit}",
        "not_nullable": f"{word!r} stands where a value is needed",
        "maximum": f"{word} is above the highest value allowed, {limit}",
        "field_uniqueness": f"{word!r} stands in more than one row",
        "pattern": f"{word!r} does not have the form {limit}",
        "enum": f"{word!r} is not one of {', '.join(map(str, limit))}" if isinstance(limit, list) else "",
    }
    rule = {"not_nullable": "required", "field_uniqueness": "unique"}.get(check, check)
    return (
        rule,
        what.get(check, f"{word!r} breaks {check}"),
        f"correct the cell, or change {rule!r} of this field in the dictionary",
    )


def _same_key(index: list[int], parsed: Parsed, rows: Rows, table: TableInfo) -> list[Failure]:
    """Say which rows have the same key."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for i in index:
        groups.setdefault(tuple(parsed.values.loc[i, list(table.key)]), []).append(rows.lines[i])
    found = []
    for key, lines in groups.items():
        what = f"the key {', '.join(map(str, key))} stands in rows {', '.join(map(str, lines[:SHOWN_ROWS]))}"
        more = f" and {len(lines) - SHOWN_ROWS} more" if len(lines) > SHOWN_ROWS else ""
        found.append(Failure(lines[-1], ", ".join(table.key), "key", what + more, "keep one row for each key"))
    return found


def failing_links(
    parsed: Parsed,
    rows: Rows,
    table: TableInfo,
    other: Callable[[str], pd.DataFrame | None],
    where: str,
    problems: list[Problem],
) -> list[Failure]:
    """Hold every foreign key to the table it points to."""
    found = []
    for link in table.foreign:
        target, column = other(link.table), ", ".join(link.fields)
        if target is None:
            what = f"could not be held against the table {link.table}, which cannot be read"
            problems.append(Problem(f"{where}, column {column}", what, f"mend {link.table} first"))
            continue
        here = parsed.values[list(link.fields)]
        known = pd.MultiIndex.from_frame(target[list(link.to)])
        lost = ~pd.MultiIndex.from_frame(here).isin(known) & here.notna().all(axis=1).to_numpy()
        for i in np.flatnonzero(lost).tolist():
            what = f"{', '.join(map(repr, here.iloc[i]))} is not in the table {link.table}"
            found.append(Failure(rows.lines[i], column, "foreign key", what, f"correct it, or add it to {link.table}"))
    return found


def told(failures: Sequence[Failure], where: str) -> list[Problem]:
    """Make problems of failures: a few rows for the same rule in the same column, and how many more there are."""
    groups: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        groups.setdefault((failure.column, failure.rule), []).append(failure)
    problems = []
    for (column, rule), group in groups.items():
        at = f", column {column}" if column else ""
        problems += [Problem(f"{where}, row {f.line}{at}", f.what, f.fix) for f in group[:SHOWN_ROWS]]
        if len(group) > SHOWN_ROWS:
            problems.append(
                Problem(
                    f"{where}{at}", f"and {plural(len(group) - SHOWN_ROWS, 'more row')} with the same problem ({rule})"
                )
            )
    return problems
