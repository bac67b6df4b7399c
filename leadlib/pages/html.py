"""The web page: one file that stands alone, for screen, phone, paper and screen readers."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from leadlib.pages.document import TEMPLATES, Document

if TYPE_CHECKING:
    from leadlib.pages.clean import Entry


def page(document: Document) -> str:
    """Give the whole page as text. It loads nothing from elsewhere and holds no script."""
    return (
        environment()
        .get_template("page.html.j2")
        .render(document=document, contents=_nested(document.contents), style=style())
    )


@functools.cache
def environment() -> Environment:
    """Give the templates, with every value escaped unless it says that it is clean."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@functools.cache
def style() -> str:
    """Give the style sheet that every page carries."""
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


def _nested(contents: tuple[Entry, ...]) -> list[tuple[Entry, list[Entry]]]:
    """Put the entries of level 3 under the one of level 2 that they follow."""
    lines: list[tuple[Entry, list[Entry]]] = []
    for entry in contents:
        if entry.level == 2 or not lines:
            lines.append((entry, []))
        else:
            lines[-1][1].append(entry)
    return lines
