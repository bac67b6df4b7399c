"""Empty files for a school office to fill in: a CSV, and a workbook that carries the dictionary and its lists."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import UNITS, listing
from leadlib.tables import standard
from leadlib.tables.dictionary import Field, TableInfo

ALL = "all"
ROWS = 5_000
"""So many rows of a workbook are prepared: text format for ids, lists to choose from."""
TEXT = 49
"""Excel's own number of its text format."""
_CREATED = dt.datetime(2000, 1, 1)
_MOST_LISTED = 255  # characters that Excel takes for a list within a rule; longer ones stand on a sheet of their own
_COLUMNS = ("field", "title", "meaning", "type", "unit", "allowed", "needed", "if there is no value, write")


def write(table: str, folder: Path) -> list[Path]:
    """Write the empty CSV and workbook of a table into a folder; `all` writes those of every table.

    The workbook has a sheet named after the table, with its header frozen, ids and dates as text so that leading zeros
    stay, and lists to choose from; a second sheet holds the dictionary. The same table gives the same bytes.

    Raises
    ------
    InputError
        Unknown table; a file of that name is there already (it may have been filled in); or no right to write.
    """
    names = standard.tables() if table == ALL else (standard.table(table).name,) if table in standard.tables() else ()
    if not names:
        raise refuse(f"table {table!r}", "is not in the standard", nearest(table, (*standard.tables(), ALL)))
    files = {folder / f"{n}.csv": as_csv(standard.table(n)) for n in names}
    files |= {folder / f"{n}.xlsx": as_workbook(standard.table(n)) for n in names}
    there = [p for p in files if p.exists()]
    if there:
        fix = "give another folder, or move it away; it may have been filled in"
        raise InputError([Problem(str(p), "is there already", fix) for p in there])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, blob in files.items():
            path.write_bytes(blob)
    except OSError as error:
        raise refuse(str(folder), f"cannot be written: {error.strerror}", "choose a folder you may write to") from None
    return sorted(files)


def as_csv(table: TableInfo) -> bytes:
    """Give the header of a table as CSV. The mark at its beginning tells Excel that it is UTF-8."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([f.name for f in table.fields])
    return out.getvalue().encode("utf-8-sig")


def as_workbook(table: TableInfo) -> bytes:
    """Give the workbook of a table: a sheet to fill in, and one with the dictionary."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": table.title, "author": "leadlib", "created": _CREATED})
    looks = {
        "text": book.add_format({"num_format": TEXT}),
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 2, "num_format": TEXT}),
        "need": book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 2, "num_format": TEXT, "bg_color": "#E9F2F8"}
        ),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    _to_fill_in(book, table, looks)
    _dictionary(book, table, looks)
    book.close()
    return _undated(out.getvalue())


def _to_fill_in(book: Any, table: TableInfo, looks: dict[str, Any]) -> None:
    sheet = book.add_worksheet(table.name)
    sheet.freeze_panes(1, len(table.key) if len(table.key) < 4 else 1)
    lists = None
    for k, field in enumerate(table.fields):
        wide = max(12, min(28, len(field.name) + 3))
        sheet.set_column(k, k, wide, looks["text"] if field.type in ("string", "year") else None)
        sheet.write_string(0, k, field.name, looks["need"] if field.required else looks["head"])
        allowed = _list(field)
        if not allowed:
            continue
        source: Any = allowed
        if len(",".join(allowed)) > _MOST_LISTED or any("," in a for a in allowed):
            lists = lists or _hidden(book)
            lists.write_column(0, k, allowed)
            letter = _letter(k)
            source = f"=lists!${letter}$1:${letter}${len(allowed)}"
        told = {"error_title": field.name, "error_message": "Please choose from the list; see the sheet dictionary."}
        sheet.data_validation(1, k, ROWS, k, {"validate": "list", "source": source, **told})


def _hidden(book: Any) -> Any:
    sheet = book.add_worksheet("lists")
    sheet.hide()
    return sheet


def _letter(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column))


def _list(field: Field) -> list[str]:
    """Give what a cell may hold, where that is a list; a mark for a missing value is among it."""
    if field.type == "boolean":
        allowed = ["true", "false"]
    elif "enum" in field.constraints:
        allowed = [str(v) for v in field.constraints["enum"]]
    else:
        return []
    return [*allowed, *(m.value for m in field.marks if m.value)]


def _dictionary(book: Any, table: TableInfo, looks: dict[str, Any]) -> None:
    sheet = book.add_worksheet("dictionary")
    about = [
        f"{table.title}: one row is {table.grain}. {table.description}".strip(),
        f"No two rows may have the same {listing(list(table.key))}. Shaded columns are needed in every row.",
        "A missing value is never a zero: write why there is none.",
    ]
    for k, line in enumerate(about):
        sheet.write_string(k, 0, line)
    top = len(about) + 1
    for k, name in enumerate(_COLUMNS):
        sheet.write_string(top, k, name, looks["head"])
    for row, field in enumerate(table.fields, top + 1):
        for k, cell in enumerate(described(field)):
            sheet.write_string(row, k, cell, looks["wrap"])
    for k, wide in enumerate((26, 28, 60, 12, 12, 40, 8, 40)):
        sheet.set_column(k, k, wide)
    sheet.freeze_panes(top + 1, 1)


def described(field: Field) -> tuple[str, ...]:
    """Say in words what a field is: name, title, meaning, type, unit, what is allowed, whether needed, marks."""
    rules = field.constraints
    unit = f"that of {field.unit_from}" if field.unit_from else (UNITS[field.unit].word or "") if field.unit else ""
    low, high = rules.get("minimum"), rules.get("maximum")
    ends = f"{low} to {high}" if low is not None and high is not None else f"{low} or more" if low is not None else ""
    allowed = ", ".join(map(str, rules["enum"])) if "enum" in rules else ends or rules.get("pattern", "")
    kind = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(field.type, field.type)
    marks = "; ".join(f"{m.value} ({m.label})" if m.label else m.value for m in field.marks)
    return field.name, field.title, field.description, kind, unit, allowed, "yes" if field.required else "", marks


def _undated(blob: bytes) -> bytes:
    """Write the workbook's parts anew without the time, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(blob)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            about = zipfile.ZipInfo(part.filename, (1980, 1, 1, 0, 0, 0))
            about.compress_type, about.create_system, about.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            new.writestr(about, old.read(part.filename))
    return out.getvalue()
