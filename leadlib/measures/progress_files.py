"""The file in which a school keeps its leading indicators: a date, what was counted, and the number."""

from __future__ import annotations

import csv
import datetime
import math
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from leadlib.blocks import Column, Table
from leadlib.errors import InputError, Problem, refuse

if TYPE_CHECKING:
    from leadlib.tables import School

HEADER = ("date", "indicator", "value")
MOST_PROBLEMS = 50


def read(progress_file: str | Path, *, school_id: str = "") -> pd.DataFrame:
    """Read a school's leading indicators as they come in.

    One row a day and indicator, in order of time: date (text), indicator, value. Rows whose value is still empty are
    passed over.

    Parameters
    ----------
    progress_file : str or Path
        A CSV file in UTF-8 with the columns date (2023-10-05), indicator, value (a number with a point). A column
        school_id is optional; other columns are passed over.
    school_id : str
        Whose rows are wanted, where the file has a column school_id.

    Raises
    ------
    InputError
        Everything that is wrong with the file, line by line.
    """
    path = Path(progress_file)
    lines = _lines(path)
    header = [c.strip().lower() for c in lines[0]] if lines else []
    lost = [c for c in HEADER if c not in header]
    if lost:
        raise refuse(
            f"progress file {path.name}",
            f"has no column {', '.join(lost)}",
            f"its first line must be {','.join(HEADER)}",
        )
    problems: list[Problem] = []
    rows: list[tuple[str, str, float]] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, cells in enumerate(lines[1:], 2):
        row = dict(zip(header, [c.strip() for c in cells], strict=False))
        if not any(row.values()):
            continue
        where = f"progress file {path.name}, line {number}"
        found = _problems(row, where)
        key = (row.get("school_id", ""), row.get("date", ""), row.get("indicator", ""))
        if not found and key in seen:
            found = [Problem(where, f"repeats the day and indicator of line {seen[key]}", "keep one of the two")]
        seen.setdefault(key, number)
        problems += found
        if not found and row["value"] and row.get("school_id", school_id) in (school_id, ""):
            rows.append((row["date"], row["indicator"], float(row["value"])))
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])
    frame = pd.DataFrame(rows, columns=list(HEADER)).astype({"value": float})
    return frame.sort_values("date", kind="stable").reset_index(drop=True)


def _lines(path: Path) -> list[list[str]]:
    where = f"progress file {path.name}"
    if not path.is_file():
        raise refuse(where, "is not there", "give the path of a CSV file, or leave it empty")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise refuse(where, "is not in UTF-8", "save it as CSV UTF-8") from None
    if "\0" in text:
        raise refuse(where, "is not a text file", "save it as CSV UTF-8")
    found = list(csv.reader(text.splitlines()))
    if not found:
        raise refuse(where, "is empty", f"its first line must be {','.join(HEADER)}")
    return found


def _problems(row: dict[str, str], where: str) -> list[Problem]:
    found = []
    try:
        if len(row.get("date", "")) != len("2023-10-05"):
            raise ValueError
        datetime.date.fromisoformat(row["date"])
    except ValueError:
        found.append(Problem(where, f"date {row.get('date', '')!r} is no day", "write it as 2023-10-05"))
    if not row.get("indicator"):
        found.append(Problem(where, "names no indicator", "say what was counted, in the same words each time"))
    value = row.get("value", "")
    try:
        sound = not value or math.isfinite(float(value))
    except ValueError:
        sound = False
    if not sound:
        found.append(Problem(where, f"value {value!r} is no number", "write it with a point, as 12.5, without signs"))
    return found


def begins(year: int) -> datetime.date:
    """Give the day on which work on a plan begins after a school year: the Tuesday after Labor Day.

    Tuesdays, because most school holidays fall on a Monday.
    """
    first = datetime.date(year + 1, 9, 1)
    return first + datetime.timedelta(days=(7 - first.weekday()) % 7 + 1)


def template(school: School, indicator: str = "", *, weeks: int = 6) -> Table:
    """Read how to keep the file: its columns, and one line a week to fill in from the fall after the school's year.

    Parameters
    ----------
    school : School
        The school.
    indicator : str
        What is to be counted; empty: a line that says what to write there.
    weeks : int
        How many lines.
    """
    days = [(begins(school.year) + datetime.timedelta(weeks=k)).isoformat() for k in range(weeks)]
    cells = tuple((day, indicator or "what is counted, in the same words each time", "") for day in days)
    return Table(
        "progress-template",
        "A progress file to fill in",
        (Column("date", "date", "left"), Column("indicator", "indicator", "left"), Column("value", "value")),
        cells,
        cells,
        "Save it as CSV. An empty value is passed over, so lines may be written ahead.",
    )
