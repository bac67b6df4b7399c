"""A pack of a few schools and a notebook of a few cells, made afresh, for the tests of batch, command and lab."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import pandas as pd
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from leadlib.engines import one, reads
from leadlib.engines.one import Outcome, Task
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


class Mill:
    """Stands in for the pool of workers: runs the cells here and now, with what they read noted, in no time."""

    scratch = ""
    ran: ClassVar[list[str]] = []

    def __init__(self, workers: int, after: Callable[[Outcome], Outcome] = lambda outcome: outcome) -> None:
        self.workers, self.after = workers, after

    def __enter__(self) -> Mill:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is to be ended."""

    def outcomes(self, tasks: Sequence[Task], began: Callable[[int], None]) -> Iterator[tuple[int, Outcome]]:
        """Run one after the other."""
        for place, task in enumerate(tasks):
            began(place)
            self.ran.append(str(task.parameters["school_id"]))
            yield place, self.after(self.outcome(task))

    def outcome(self, task: Task) -> Outcome:
        """Run the code cells of a notebook in its folder; what they print is the report."""
        said, space = io.StringIO(), dict[str, Any]()
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__dict__", {}).get("__file__")).startswith(str(Path(task.notebook).parent)):
                del sys.modules[name]
        cells = [c for c in nbformat.read(task.notebook, as_version=4).cells if c.cell_type == "code"]
        with contextlib.chdir(Path(task.notebook).parent), contextlib.redirect_stdout(said):
            reads.record(task.notebook)
            try:
                for number, cell in enumerate(cells, 1):
                    exec(cell.source, space)
                    if number == 1:
                        space |= task.parameters
            except Exception as error:
                failed = one.publish(task, {"failed": str(error).encode()})
                return Outcome("failed", 0.1, type(error).__name__, number, str(error), failed, reads=reads.found())
        text = said.getvalue().encode()
        kinds = {"notebooks": text, "findings": text, **{kind: kind.encode() + text for kind in task.to}}
        return Outcome("done", 0.1, outputs=one.publish(task, kinds), reads=reads.found())
