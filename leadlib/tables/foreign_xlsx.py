"""Excel workbooks: every cell as the text that a reader of the sheet sees, as exact as it is stored."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Collection, Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any

from leadlib.errors import Problem, nearest, refuse
from leadlib.numbers import listing, plural
from leadlib.tables.foreign import MAX_BYTES, MAX_COLUMNS, SMALLER, Foreign, Line, Sheet
from leadlib.tables.foreign_rows import Gather, find_header, finish

HEAD = 60
MAX_ROWS = 1_048_576
_BLOCK = 1 << 20
_EXACT = 10**15  # Excel keeps 15 digits of a number


def sheets(file: Path) -> tuple[Sheet, ...]:
    """Name a workbook's sheets."""
    _hold_size(file)
    with closing(_workbook(file)) as book:
        return _sheets(book)


def _sheets(book: Any) -> tuple[Sheet, ...]:
    return tuple(Sheet(s.title, s.sheet_state != "visible") for s in book.worksheets)


def _workbook(file: Path) -> Any:
    try:
        import openpyxl
    except ImportError:  # pragma: no cover
        raise refuse(file.name, "cannot be read: the package openpyxl is not installed", "install openpyxl") from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about parts of the workbook that are not cells
        return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)


def _hold_size(file: Path) -> None:
    """Refuse a workbook that unpacks to more than a machine can hold."""
    with zipfile.ZipFile(file) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > 2 * MAX_BYTES:
        raise refuse(file.name, f"unpacks to {size / 1e6:,.0f} MB; the most is {2 * MAX_BYTES / 1e6:,.0f} MB", SMALLER)


def read(file: Path, sheet: str | None, header_line: int | None, header_like: Collection[str]) -> Foreign:
    """Read a sheet of a workbook; see `leadlib.tables.foreign.read`."""
    _hold_size(file)
    with warnings.catch_warnings(), closing(_workbook(file)) as book:
        warnings.simplefilter("ignore")
        known = _sheets(book)
        chosen = _chosen(file, book, known, sheet)
        hidden = [s.name for s in known if s.hidden and s.name != chosen.title]
        notes = [f"{plural(len(hidden), 'hidden sheet')} not read: {listing(hidden)}"] if hidden else []
        where = f"{file.name}, sheet {chosen.title}" if len(known) > 1 else file.name
        problems = _formulas(file, chosen, where, notes)
        return _rows(file, chosen, where, header_line, header_like, sheets=known, notes=notes, problems=problems)


def _chosen(file: Path, book: Any, known: tuple[Sheet, ...], sheet: str | None) -> Any:
    """Take the sheet that was named, or else the only visible one that holds anything."""
    named = {s.title: s for s in book.worksheets}
    if sheet is not None:
        if sheet not in named:
            raise refuse(f"{file.name}, sheet {sheet!r}", "there is no such sheet", nearest(sheet, named))
        return named[sheet]
    filled = [named[s.name] for s in known if not s.hidden and _filled(named[s.name])]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        raise refuse(file.name, "has no visible sheet that holds anything", "unhide the sheet, or export it again")
    names = listing([repr(s.title) for s in filled])
    raise refuse(file.name, f"has {len(filled)} sheets: {names}", "say which one is meant, or save it alone")


def _filled(sheet: Any) -> bool:
    sheet.reset_dimensions()
    rows = islice(sheet.iter_rows(values_only=True), 200)
    return any(cell is not None and str(cell).strip() for row in rows for cell in row)


def _formulas(file: Path, sheet: Any, where: str, notes: list[str]) -> list[Problem]:
    """Say how many cells are formulas, and which have no stored result to read."""
    part = getattr(sheet, "_worksheet_path", None)
    count, without, merged, before = 0, 0, 0, b""
    with zipfile.ZipFile(file) as archive, archive.open(part or "") as stream:
        while block := stream.read(_BLOCK):
            text = before + block
            cut = max(text.rfind(b"<c "), text.rfind(b"<row"), 0) if len(block) == _BLOCK else len(text)
            before, text = text[cut:][-_BLOCK:], text[:cut]
            count += len(re.findall(rb"<f[ >/]", text))
            without += len(re.findall(rb"(?:</f>|<f[^>]*/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>", text))
            merged += text.count(b"<mergeCell ")
    if count:
        notes.append(f"{plural(count, 'formula')}: the results stored in the file are read")
    if merged:
        notes.append(f"{plural(merged, 'merged range')}: the value stands in the first cell only")
    if not without:
        return []
    what = f"{plural(without, 'formula')} without a stored result, read as empty"
    return [Problem(where, what, "open it in Excel, save it, and try again; or paste the values over the formulas")]


def _rows(file: Path, sheet: Any, where: str, header_line: int | None, like: Collection[str], **more: Any) -> Foreign:
    rows = _texts(sheet, where)
    first = list(islice(rows, max(HEAD, header_line or 0)))
    at = _header(first, where, header_line, like)
    header = [c.strip() for c in first[at]]
    width = max(len(r) for r in first[at:])
    gather = Gather(where, width)
    blank = [k for k, row in enumerate(first[:at], 1) if not any(c.strip() for c in row)]
    repeated, ragged = list[int](), list[Line]()
    number = at + 1
    for cells in chain(first[at + 1 :], rows):
        number += 1
        if len(cells) > width:
            ragged.append(
                Line(number, tuple(cells), f"has a cell in column {len(cells)}; the header has {len(header)}")
            )
        elif not any(c.strip() for c in cells):
            blank.append(number)
        elif [c.strip() for c in cells] == header:
            repeated.append(number)
        else:
            gather.add(number, cells + [""] * (width - len(cells)))
        if len(ragged) > MAX_COLUMNS:
            raise refuse(where, "has too many rows with cells beyond the header", "export it again")
    while blank and blank[-1] == number:  # rows that Excel formatted below the table
        blank.pop()
        number -= 1
    columns, lines = gather.done()
    preamble = tuple(Line(k, tuple(r)) for k, r in enumerate(first[:at], 1) if any(c.strip() for c in r))
    return finish(
        file,
        "xlsx",
        header + [""] * (width - len(header)),
        columns,
        lines,
        sheet=sheet.title,
        header_line=at + 1,
        preamble=preamble,
        ragged=ragged,
        repeated=tuple(repeated),
        blank=tuple(blank),
        **more,
    )


def _header(first: list[list[str]], where: str, told: int | None, like: Collection[str]) -> int:
    at = told - 1 if told is not None else find_header(first, like)
    if not 0 <= at < len(first) or not any(c.strip() for c in first[at]):
        raise refuse(where, "has no line that could be the header", "put the names of the columns into a line")
    return at


def _texts(sheet: Any, where: str) -> Iterator[list[str]]:
    """Give every row of a sheet as texts, from its first line on; empty cells at the right are left out."""
    sheet.reset_dimensions()  # what a file says about its size is often wrong
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number > MAX_ROWS:
            raise refuse(where, f"has more than {MAX_ROWS:,} rows, which no sheet can have", "export it again")
        if len(row) > MAX_COLUMNS:
            raise refuse(where, f"has more than {MAX_COLUMNS:,} columns, which no sheet can have", "export it again")
        cells = ["" if c.value is None else text(c.value, c) for c in row]
        while cells and not cells[-1].strip():
            cells.pop()
        yield cells


def text(value: Any, cell: Any = None) -> str:
    """Write a cell's value: whole numbers without a point, percents as percents, dates as 2023-10-05, times as 08:05.

    A number whose format is made of zeros (`00000`) is shown with them, as in the sheet.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value, str(getattr(cell, "number_format", "") or ""))
    if isinstance(value, dt.datetime):
        day = value.date().isoformat()
        return day if value.time() == dt.time() else f"{day} {_time(value.time())}"
    if isinstance(value, dt.time):
        return _time(value)
    return str(value)


def _time(value: dt.time) -> str:
    return value.strftime("%H:%M" if not value.second else "%H:%M:%S")


def _number(value: int | float, form: str) -> str:
    if isinstance(value, float) and not value.is_integer():
        return f"{value * 100:.12g}%" if "%" in form and abs(value) < 1e6 else repr(value)
    if "%" in form:
        return f"{int(value) * 100}%"
    if isinstance(value, float) and abs(value) >= _EXACT:
        return repr(value)
    return str(int(value)).zfill(len(form)) if re.fullmatch(r"0{2,18}", form) and value >= 0 else str(int(value))
