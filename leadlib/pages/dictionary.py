"""The standard dictionary as a page to read and to look things up in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from leadlib.pages.clean import Entry
from leadlib.pages.document import Document
from leadlib.pages.files import write_whole
from leadlib.pages.html import environment, page
from leadlib.tables import standard
from leadlib.tables.template import described


def dictionary(table: str | None = None) -> str:
    """Give the page of the standard, or of one of its tables.

    Raises
    ------
    InputError
        Unknown table, with the nearest there are.
    """
    info = standard.package()
    if table is not None:
        only = replace(standard.table(table), foreign=())
        info = replace(info, tables=(only,))
    body = environment().get_template("dictionary.html.j2").render(package=info, described=described)
    contents = tuple(Entry(2, t.title, t.name) for t in info.tables)
    heading = info.title if table is None else f"{info.title}: {info.tables[0].title}"
    return page(Document(heading, heading, "leadlib", "en", body, (*contents, Entry(2, "Missing values", "missing"))))


def write_dictionary(path: str | Path, table: str | None = None) -> Path:
    """Write the page of the standard to a file."""
    return write_whole(Path(path), dictionary(table))
