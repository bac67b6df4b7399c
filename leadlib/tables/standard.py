"""The standard: what each table that a school can keep is called, what its fields mean, what may stand in them.

One JSON file a table, in the dialect of `datapackage.json`. A pack holds those of the tables that its source allows,
and of a table at least the key and the fields that are required.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from leadlib.errors import InputError, Problem, nearest
from leadlib.tables.dictionary import Package, TableInfo
from leadlib.tables.reading import parse

NAME = "standard"
TABLES = (
    "schools",
    "school_years",
    "enrollment",
    "measures",
    "outcomes",
    "targets",
    "staff_years",
    "teachers",
    "observations",
    "coaching_cycles",
    "principal_time",
    "leadership_survey",
    "budget",
    "budget_lines",
    "sections",
    "bells",
    "facilities",
    "attendance",
    "discipline",
    "course_access",
    "support_staff",
    "student_climate",
    "programs",
    "program_starts",
    "pupil_years",
)
"""In the order in which a reader should meet them; a table stands after those it points to, as far as that goes."""

ABOUT = {
    "name": NAME,
    "title": "The standard dictionary",
    "description": "The tables that leadlib knows, linked by school_id, leaid, teacher_id and year (the fall of the "
    "school year). Ids are text. A missing value has a reason; it is never a zero.",
    "record_type": "synthetic",
    "sources": [
        {"title": "leadlib; federal fields keep the names of the Education Data Portal of the Urban Institute."}
    ],
    "terms": "MIT, as leadlib itself.",
}
_FOLDER = Path(__file__).with_name("standard")


def tables() -> tuple[str, ...]:
    """Name every table of the standard."""
    return TABLES


@functools.cache
def table(name: str) -> TableInfo:
    """Give what the standard says of a table: what a row is, its key, its fields.

    Raises
    ------
    InputError
        Unknown table, with the nearest there are.
    """
    return package().table(name)


@functools.cache
def package() -> Package:
    """Give the whole standard as the dictionary of a pack that would hold every table."""
    return parse({**ABOUT, "resources": resources()}, NAME)


def resources(names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Give tables of the standard as `resources` of a datapackage.json, to be kept or cut down.

    Each is the caller's own. Its path is `<table>.csv.gz`. A foreign key to a table that is not among the names is
    left out, because a pack may hold any of the tables.

    Parameters
    ----------
    names : sequence of str, optional
        Which tables; all of them if left out.

    Raises
    ------
    InputError
        Every unknown name, with the nearest there are.
    """
    wanted = TABLES if names is None else tuple(dict.fromkeys(names))
    unknown = [Problem(f"table {n!r}", "is not in the standard", nearest(n, TABLES)) for n in wanted if n not in TABLES]
    if unknown:
        raise InputError(unknown)
    return [_resource(name, wanted) for name in wanted]


def _resource(name: str, among: tuple[str, ...]) -> dict[str, Any]:
    box = copy.deepcopy(_stored(name))
    schema = box["schema"]
    links = [k for k in schema.get("foreignKeys", []) if k["reference"]["resource"] in among]
    schema.pop("foreignKeys", None)
    if links:
        schema["foreignKeys"] = links
    return {"name": name, "title": box.pop("title"), "path": f"{name}.csv.gz", **box}


@functools.cache
def _stored(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document
