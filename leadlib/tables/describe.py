"""The dictionary as a page to read."""

from __future__ import annotations

import os

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.errors import InputError
from leadlib.numbers import NO_VALUE, UNITS, listing
from leadlib.tables.dictionary import Field, Package, TableInfo
from leadlib.tables.packs import find, named, pack_years, package, years_text


def describe(what: str | os.PathLike[str]) -> Block:
    """Show what is known about a pack, or about one of its tables, as its dictionary says it.

    Parameters
    ----------
    what : str
        A pack (`"california-2000"`), a table (`"california-2000/outcomes"`), or the dictionary that every pack keeps to
        (`"standard"`, `"standard/outcomes"`).

    Raises
    ------
    InputError
        Unknown pack or table, with the nearest there are.
    """
    from leadlib.tables.standard_page import describe_standard, is_standard

    text = named(what)
    if is_standard(text):
        return describe_standard(text)
    pack, slash, table = text.rpartition("/")
    if slash and _is_pack(pack):
        return _table(package(pack), package(pack).table(table))
    return _pack(package(text), pack_years(text))


def _is_pack(name: str) -> bool:
    try:
        find(name)
    except InputError:
        return False
    return True


def _pack(info: Package, years: tuple[int, ...]) -> Block:
    kind = "Real records." if info.record_type == "real" else "Synthetic records: no real school, person or district."
    when = f"School years: {years_text(years)}." if years else ""
    about = Prose(tuple(p for p in (info.description, f"{kind} {when}".strip()) if p), title=info.title, level=2)
    columns = (
        Column("table", "Table", "left"),
        Column("grain", "One row is", "left"),
        Column("key", "Key", "left"),
        Column("rows", "Rows"),
    )
    cells = tuple(
        (t.name, t.grain, ", ".join(t.key), NO_VALUE if t.rows is None else f"{t.rows:,}") for t in info.tables
    )
    parts: list[Block] = [about, Table("tables", "Tables", columns, cells)]
    if info.notes:
        parts.append(Prose(info.notes, title="What to know before using it", bullets=True))
    return Stack((*parts, *_origin(info)))


def _origin(info: Package) -> tuple[Block, ...]:
    return Prose(info.sources, title="Sources", bullets=True), Prose((info.terms,), title="Terms")


def _table(info: Package, table: TableInfo) -> Block:
    rows = "" if table.rows is None else f" {table.rows:,} rows."
    links = [f"{listing(list(k.fields))} is found in the table {k.table}." for k in table.foreign]
    said = (
        f"One row is {table.grain}.{rows}",
        f"Key: {', '.join(table.key)}. {' '.join(links)}".strip(),
        table.description,
    )
    columns = (
        Column("field", "Field", "left"),
        Column("title", "Title", "left"),
        Column("type", "Type", "left"),
        Column("unit", "Unit", "left"),
        Column("meaning", "Meaning", "left"),
        Column("range", "Range", "left"),
        Column("missing", "May be missing because", "left"),
    )
    cells = tuple((f.name, f.title, f.type, _unit(f), _meaning(f), _range(f), _missing(f)) for f in table.fields)
    return Stack(
        (
            Prose(tuple(s for s in said if s), title=f"{info.title}: {table.title}", level=2),
            Table("fields", "Fields", columns, cells),
            *_origin(info),
        )
    )


def _unit(field: Field) -> str:
    if field.unit_from:
        return f"that of {field.unit_from}"
    return (UNITS[field.unit].word or field.unit) if field.unit else NO_VALUE


def _meaning(field: Field) -> str:
    used = {
        "need": "Used to find similar schools.",
        "size": "Used as the school's size.",
        "level": "Schools are compared within it.",
    }
    parts = [
        field.description,
        used.get(field.role or "", ""),
        f"Counted as {field.leadership}." if field.leadership and field.leadership not in field.description else "",
    ]
    return " ".join(p for p in parts if p)


def _range(field: Field) -> str:
    rules = field.constraints
    if "enum" in rules:
        return listing([str(v) for v in rules["enum"]], "or")
    low, high = rules.get("minimum"), rules.get("maximum")
    if low is not None and low == high:
        return f"{low}"
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"{low} or more"
    if high is not None:
        return f"{high} or less"
    return f"form {rules['pattern']}" if "pattern" in rules else NO_VALUE


def _missing(field: Field) -> str:
    if field.required:
        return "never missing"
    return "; ".join(f"{m.value or '(empty)'}: {m.label}" if m.label else m.value for m in field.marks)
