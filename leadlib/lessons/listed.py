"""The list of notebooks: which there are, what each asks, which standards it serves, and which packs it runs on."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from leadlib.blocks import Block, Column, Table
from leadlib.errors import nearest, refuse
from leadlib.numbers import listing
from leadlib.tables.packs import package, packs

WORKBOOK = Path(__file__).resolve().parents[2]
LIST = Path("notebooks/contents.yml")
KINDS = ("case", "report")
OPENS_WITH = "start-here"
NONE = "none here"
UNVERIFIED = " The names are quoted as they are commonly told; they have not been held against the published text."


@dataclass(frozen=True, repr=False)
class Contents(Block):
    """A table of notebooks whose titles are links to them."""

    table: Table
    links: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """Give the table as plain data."""
        return self.table.data()

    def html(self) -> str:
        """Give the table, each title a link that opens the notebook."""
        text = self.table.html()
        for row, link in zip(self.table.cells, self.links, strict=True):
            title = escape(row[0])
            text = text.replace(f">{title}</th>", f'><a href="{escape(link)}">{title}</a></th>', 1)
        return text

    def plain(self) -> str:
        """Give the table as text."""
        return self.table.plain()


def contents(kind: str = "case") -> Contents:
    """List the notebooks of a kind: title (a link), question, minutes, standards, and the packs that have its tables.

    Parameters
    ----------
    kind
        `case` for learners, `report` for readers.

    Raises
    ------
    InputError
        There is no such kind, or this copy of leadlib comes without notebooks.
    """
    if kind not in KINDS:
        raise refuse(f"kind {kind!r}", "there is no such kind of notebook", nearest(kind, KINDS))
    found = [e for e in entries() if e["kind"] == kind and e["id"] != OPENS_WITH]
    columns = (
        Column("title", "Notebook", "left"),
        Column("question", "What it asks", "left"),
        Column("minutes", "Minutes"),
        Column("standards", "Standards", "left"),
        Column("packs", "Runs on", "left"),
    )
    cells = tuple(
        (numbered(e), e["question"], str(e["minutes"]), _short(e["standards"]), listing(_packs(e)) or NONE)
        for e in found
    )
    title = {"case": "Cases", "report": "Reports"}[kind]
    return Contents(Table("contents", title, columns, cells, note=_named(found)), tuple(e["file"] for e in found))


@functools.cache
def standards() -> dict[str, dict[str, Any]]:
    """Give each standard as notebooks name it ("PSEL 4"): its name, where it is from, whether the name was verified."""
    sets = json.loads((Path(__file__).parent / "standards.json").read_text(encoding="utf-8"))
    return {
        f"{one['set']} {number}": {
            "name": name,
            "title": one["title"],
            "source": one["source"],
            "verified": one["verified"],
        }
        for one in sets
        for number, name in one["standards"].items()
    }


@functools.cache
def concepts() -> dict[str, list[str]]:
    """Give what the workbook is to teach, and the cases of the catalog that teach it."""
    rows = json.loads((Path(__file__).parent / "concepts.json").read_text(encoding="utf-8"))
    return {row["concept"]: row["cases"] for row in rows}


def entries() -> list[dict[str, Any]]:
    """Give every entry of the list of notebooks."""
    import yaml

    found: list[dict[str, Any]] = yaml.safe_load(place().read_text(encoding="utf-8"))
    return found


def place() -> Path:
    """Find the list: beside the library, or in the workbook that somebody stands in."""
    here = Path.cwd()
    for folder in (WORKBOOK, here, *here.parents):
        if (folder / LIST).is_file():
            return folder / LIST
    raise refuse(str(LIST), "is not here", "start from the workbook's folder")


def numbered(entry: Mapping[str, Any]) -> str:
    """Write a title with the number of its case, by which its exercises are called."""
    number = re.match(r"cases/(\d+)", entry["file"])
    return f"{int(number[1])}. {entry['title']}" if number else str(entry["title"])


def _short(standards: Sequence[str]) -> str:
    """Write standards as a line does: `PSEL 4 and 9, NELP 6`."""
    sets: dict[str, list[str]] = {}
    for one in standards:
        name, _, number = one.partition(" ")
        sets.setdefault(name, []).append(number)
    return "; ".join(f"{name} {listing(numbers)}" for name, numbers in sets.items())


def _named(found: Sequence[Mapping[str, Any]]) -> str:
    """Name the standards that these notebooks serve, and say so where nobody has held the names against the source."""
    used = {one for entry in found for one in entry["standards"]}
    about = {name: one for name, one in standards().items() if name in used}
    names = "; ".join(f"{name}: {one['name']}" for name, one in about.items())
    unverified = "" if all(one["verified"] for one in about.values()) else UNVERIFIED
    return f"{names}.{unverified}" if names else ""


def _packs(entry: Mapping[str, Any]) -> list[str]:
    """Give the packs that have all tables of a notebook, and all of at least one set where any of several will do."""
    sets = [[*entry["tables"], *more] for more in entry.get("any_of", [[]])]
    there = [str(name) for name in packs()["pack"]]
    return [name for name in there if any(all(package(name).has(table) for table in one) for one in sets)]
