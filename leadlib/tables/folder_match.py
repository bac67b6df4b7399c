"""Which table of the standard a file is, and which of its columns is which field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leadlib.errors import nearest
from leadlib.numbers import listing, plural
from leadlib.tables import standard
from leadlib.tables.cells import clean
from leadlib.tables.dictionary import Field, TableInfo
from leadlib.tables.foreign import Column, Foreign
from leadlib.tables.report import SHOWN, Example, Finding

WHY = "__why"


@dataclass(frozen=True, eq=False)
class Held:
    """A foreign table that is held against a table of the standard: its fields, with cleaned cells."""

    file: str
    sheet: str
    foreign: Foreign
    table: TableInfo
    matched: str
    columns: dict[str, Column]

    @property
    def lines(self) -> np.ndarray:
        """The line of every row."""
        return self.foreign.lines

    @property
    def fields(self) -> list[Field]:
        """The fields that the file has, in the order of the dictionary."""
        return [f for f in self.table.fields if f.name in self.columns]


def plain_name(text: str) -> str:
    """Write a name as the standard would: small letters and _."""
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")


def table_named(text: str) -> str:
    """Give the table that a file or sheet is named after, such as `Outcomes 2023-24 (1)`; nothing if none is."""
    name = re.sub(r"^(copy_of|final|new)_", "", plain_name(text))
    fits = [
        t for t in standard.tables() if name == t or re.fullmatch(rf"{t}_(?:[0-9_]+|final|new|copy|v[0-9]+)+", name)
    ]
    return max(fits, key=len, default="")


def match(foreign: Foreign, stem: str) -> tuple[str, str]:
    """Give the table a file is, and why it is thought so; or nothing, and what to do about it."""
    for text, kind in ((foreign.sheet, "sheet's"), (stem, "file's")):
        if text and (name := table_named(text)):
            return name, f"the table {name}, by the {kind} name"
    heads = [plain_name(h).removesuffix(WHY) for h in foreign.header if h.strip()]
    fits = []
    for name in standard.tables():
        table = standard.table(name)
        known = [f.name for f in table.fields]
        hits = [h for h in heads if h in known]
        if all(k in heads for k in table.key) and len(hits) * 2 >= len(heads):
            fits.append((len(hits), name))
    best = [name for hits, name in fits if hits == max(fits)[0]]
    if len(best) == 1:
        return best[0], f"the table {best[0]}, by its columns"
    if best:
        return "", f"could be the table {listing(best, 'or')}: give the file the name of the table"
    return (
        "",
        f"give the file the name of its table ({nearest(plain_name(stem), standard.tables())}), or use a crosswalk",
    )


def hold(file: str, foreign: Foreign, table: TableInfo, matched: str) -> tuple[Held, list[Finding], list[str]]:
    """Find the fields among the columns, and say which names are wrong, missing or not used."""
    columns: dict[str, Column] = {}
    names, titles = {f.name for f in table.fields}, {plain_name(f.title): f.name for f in table.fields}
    wrong, unused = list[Example](), list[str]()
    row = foreign.header_line
    for head, column in zip(foreign.header, foreign.columns, strict=True):
        name = head.strip()
        base = name.removesuffix(WHY)
        if base not in names:
            close = plain_name(base) if plain_name(base) in names else titles.get(plain_name(base), "")
            if close and close not in columns:
                wrong.append(Example(row, name, f"{name!r} is meant to be {close!r}", f"rename it to {close!r}", 1))
                name = close
            else:
                unused.append(name)
                continue
        columns.setdefault(name, _cleaned(column))
    lost = [f.name for f in table.fields if f.required and f.name not in columns]
    for name in list(unused):
        free = [f.name for f in table.fields if f.name not in columns]
        if name and (like := difflib.get_close_matches(plain_name(name), free, n=1, cutoff=0.8)):
            wrong.append(Example(row, name, f"{name!r} is not in the dictionary", f"did you mean {like[0]!r}?", 1))
            unused.remove(name)
    findings = [Finding("column name", "", len(wrong), tuple(wrong[: SHOWN * 2]), len(wrong))] if wrong else []
    if lost:
        many = tuple(Example(row, n, f"the column {n!r} is missing", f"add it: {_about(table, n)}", 1) for n in lost)
        findings.append(Finding("column missing", "", len(lost), many, len(lost)))
    notes = []
    if unused:
        shown = [repr(u) if u else "(no name)" for u in unused[:SHOWN]]
        more = f" and {len(unused) - SHOWN} more" if len(unused) > SHOWN else ""
        notes.append(f"{plural(len(unused), 'column')} not in the dictionary, not checked: {', '.join(shown)}{more}")
    sheet = foreign.sheet if len(foreign.sheets) > 1 else ""
    return Held(file, sheet, foreign, table, matched, columns), findings, notes


def _about(table: TableInfo, name: str) -> str:
    return table.field(name).description.rstrip(".")


def _cleaned(column: Column) -> Column:
    """Clean every cell; cells that only differed in what nobody meant become the same."""
    words = [clean(w) for w in column.words]
    if all(a is b or a == b for a, b in zip(words, column.words, strict=True)):
        return column
    book: dict[str, int] = {}
    to = np.array([book.setdefault(w, len(book)) for w in words], dtype=np.int32)
    return Column(tuple(book), to[column.codes])


def changed(raw: Column, cleaned: Column) -> int:
    """Count the cells in which something nobody meant was passed over."""
    if raw is cleaned:
        return 0
    odd = np.array([clean(w) != w and bool(w.strip()) for w in raw.words], dtype=bool)
    return int(np.count_nonzero(odd[raw.codes])) if len(raw.words) else 0


def first_rows(column: Column) -> Sequence[int]:
    """Give for each word the first row it stands in."""
    first = np.zeros(len(column.words), dtype=np.int64)
    first[column.codes[::-1]] = np.arange(len(column.codes) - 1, -1, -1)
    return first.tolist()
