"""A pack that fits in the head: two schools of one district, two years, one measure."""

from __future__ import annotations

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.tables.write import write_pack

PATHS = {"schools": "schools.csv.gz", "years": "years.csv"}


def field(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "type": kind,
        "description": f"The {name}.",
        **more,
    }


REQUIRED = {"constraints": {"required": True}}
DOCUMENT: dict[str, Any] = {
    "name": "tiny",
    "title": "Two schools",
    "description": "Made up for tests.",
    "record_type": "synthetic",
    "sources": [{"title": "Nobody counted this."}],
    "terms": "Do what you like with it.",
    "notes": ["Only two schools."],
    "resources": [
        {
            "name": "schools",
            "title": "Schools",
            "path": PATHS["schools"],
            "grain": "a school",
            "schema": {
                "fields": [
                    field("school_id", constraints={"required": True, "pattern": r"\d{3}"}),
                    field("school_name", **REQUIRED),
                    field("leaid", **REQUIRED),
                    field("lea_name", **REQUIRED),
                    field("school_level", role="level", constraints={"required": True, "enum": ["Primary", "High"]}),
                ],
                "primaryKey": ["school_id"],
            },
        },
        {
            "name": "years",
            "title": "School years",
            "path": PATHS["years"],
            "grain": "a school and year",
            "schema": {
                "fields": [
                    field("school_id", **REQUIRED),
                    field("year", "year", constraints={"required": True, "minimum": 1990, "maximum": 2030}),
                    field("enrollment", "integer", unit="pupils", role="size", constraints={"minimum": 1}),
                    field("lunch_pct", "number", unit="pct", role="need", constraints={"minimum": 0, "maximum": 100}),
                    field("charter", "boolean"),
                    field("note"),
                ],
                "primaryKey": ["school_id", "year"],
                "missingValues": [
                    {"value": "not_reported", "label": "nobody said"},
                    {"value": "suppressed", "label": "too few pupils"},
                    {"value": "not_applicable", "label": "does not apply"},
                ],
                "foreignKeys": [
                    {"fields": ["school_id"], "reference": {"resource": "schools", "fields": ["school_id"]}}
                ],
            },
        },
    ],
}
SCHOOLS = pd.DataFrame(
    {
        "school_id": ["007", "010"],
        "school_name": ['Ash, "the" School', "Élm"],
        "leaid": ["01", "01"],
        "lea_name": ["East", "East"],
        "school_level": ["Primary", "High"],
    }
)
YEARS = pd.DataFrame(
    {
        "school_id": ["007", "007", "010", "010"],
        "year": [1998, 1999, 1998, 1999],
        "enrollment": [20.0, None, 300.0, 310.0],
        "enrollment__why": ["reported", "suppressed", "reported", "reported"],
        "lunch_pct": [0.0, 39.8, None, 100.0],
        "lunch_pct__why": ["reported", "reported", "not_reported", "reported"],
        "charter": pd.array([True, False, None, False], dtype="boolean"),
        "charter__why": ["", "", "not_applicable", ""],
        "note": ["a, b", None, "line one\nline two", "c"],
        "note__why": ["", "not_reported", "", ""],
    }
)
FRAMES = {"schools": SCHOOLS, "years": YEARS}


def document() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENT)


def tiny(folder: Path, frames: dict[str, pd.DataFrame] | None = None, name: str = "tiny") -> Path:
    """Write the pack below a folder and give its place."""
    write_pack(folder / name, DOCUMENT | {"name": name}, frames or FRAMES)
    return folder / name


def text(pack: Path, table: str) -> str:
    blob = (pack / PATHS[table]).read_bytes()
    return (gzip.decompress(blob) if PATHS[table].endswith(".gz") else blob).decode("utf-8")


def put(pack: Path, table: str, new: str | bytes) -> None:
    blob = new.encode("utf-8") if isinstance(new, str) else new
    (pack / PATHS[table]).write_bytes(gzip.compress(blob) if PATHS[table].endswith(".gz") else blob)


def edit(pack: Path, table: str, old: str, new: str, *, unhashed: bool = True) -> None:
    """Change a table by hand; `unhashed` takes the fingerprints out too, so that only its own faults are left."""
    before = text(pack, table)
    assert old in before
    put(pack, table, before.replace(old, new, 1))
    if unhashed:
        forget(pack)


def forget(pack: Path) -> None:
    """Take hash, rows and checked out of the dictionary, as in a pack that somebody wrote by hand."""
    box = read(pack)
    for table in box["resources"]:
        for name in ("hash", "rows", "checked"):
            table.pop(name, None)
    save(pack, box)


def read(pack: Path) -> dict[str, Any]:
    return json.loads((pack / "datapackage.json").read_text(encoding="utf-8"))


def save(pack: Path, box: Any) -> None:
    (pack / "datapackage.json").write_text(json.dumps(box), encoding="utf-8")
