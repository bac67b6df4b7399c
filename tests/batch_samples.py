"""A pack of a few schools and a notebook of a few cells, made afresh, for the tests of batch, command and lab."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from leadlib.tables import write_pack

PARAMETERS = """pack: str = "tiny"  # the data pack
school_id: str = "001"  # the school's id
year: int = 1999  # the fall of the school year
audience: str = "principal"  # one of: principal, board
share: float = 0.5  # a share
deep: bool = False  # more detail
"""
# Shows what it was given, a trend, a table and a warning, and fails in its own way for some schools.
SHOW = """import os, sys, warnings
from leadlib.blocks import Column, Prose, Table
print(school_id, year, audience, share, deep)
print({"one", "two", "three"} == {1}, object())
warnings.warn("look out")"""
TREND = """Table("trend", "Results", (Column("measure", "Measure", "left"), Column("group", "Group", "left"),
      Column("year", "Year"), Column("value", "Value")),
      (("Score", "This school", "1998-99", "700"), ("Score", "Similar schools", "1998-99", "1"),
       ("Score", "This school", "1999-00", "710")),
      (("Score", "This school", 1998, 700.0), ("Score", "Similar schools", 1998, 1.0),
       ("Score", "This school", 1999, 710.0)))"""
FAIL = """if school_id == "bad": raise ValueError("no pupils <b>here</b>")
if school_id == "exit": sys.exit(0)
if school_id == "dead": os.kill(os.getpid(), 9)
if school_id == "gone": os.kill(os.getppid(), 9); sum(range(10 ** 12))"""  # a loop in C hears nothing
LAST = 'Prose(("The end of " + school_id,))'

ROWS = [
    ("001", "Peña's High", "100", "Small Valley", "High"),
    ("002", "Low Elementary", "100", "Small Valley", "Primary"),
    ("003", "Old Mill", "200", "Big Hill", "Primary"),
]
YEARS = {"003": (1997, 1998)}


def notebook(
    path: Path, cells: Sequence[str] = (SHOW, TREND, FAIL, LAST), *, parameters: str | None = PARAMETERS
) -> Path:
    """Write a notebook with a parameters cell (or none) and these code cells."""
    made = [new_markdown_cell("# Small report", id="title")]
    if parameters is not None:
        made.append(new_code_cell(parameters, id="given", metadata={"tags": ["parameters"]}))
    made += [new_code_cell(source, id=f"code-{k}") for k, source in enumerate(cells)]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    path.write_text(nbformat.writes(new_notebook(cells=made, metadata={"kernelspec": kernel})), encoding="utf-8")
    return path


def field(name: str, kind: str = "string", **about: Any) -> dict[str, Any]:
    """Give one field of a dictionary."""
    unit = {"unit": "pupils"} if kind == "number" else {}
    return (
        {
            "name": name,
            "title": name.replace("_", " "),
            "type": kind,
            "description": f"The {name}.",
            "constraints": {"required": True},
        }
        | unit
        | about
    )


def pack(folder: Path, rows: Sequence[tuple[str, ...]] = ROWS, years: Mapping[str, Sequence[int]] = YEARS) -> Path:
    """Write a data pack with these schools; each has the years 1998 and 1999 unless told otherwise."""
    columns = ["school_id", "school_name", "leaid", "lea_name", "school_level"]
    schools = pd.DataFrame(rows, columns=columns)
    held = [(s, year, 100.0) for s in schools["school_id"] for year in years.get(s, (1998, 1999))]
    school_years = pd.DataFrame(held, columns=["school_id", "year", "enrollment"])
    tables = [
        {
            "name": "schools",
            "title": "Schools",
            "path": "schools.csv.gz",
            "format": "csv",
            "grain": "a school",
            "schema": {"fields": [field(c) for c in columns], "primaryKey": ["school_id"]},
        },
        {
            "name": "school_years",
            "title": "Years",
            "path": "school_years.csv.gz",
            "format": "csv",
            "grain": "a school in a year",
            "schema": {
                "fields": [field("school_id"), field("year", "year"), field("enrollment", "number")],
                "primaryKey": ["school_id", "year"],
            },
        },
    ]
    about = {
        "name": folder.name,
        "title": "A few schools",
        "description": "Made up.",
        "record_type": "synthetic",
        "sources": [{"title": "Nowhere"}],
        "terms": "None.",
        "resources": tables,
    }
    write_pack(folder, about, {"schools": schools, "school_years": school_years})
    return folder
