"""The PDF: the content of the web page, set by typst as tagged PDF/UA-1, with fonts that are the same on every machine.

Text reaches typst only as data, never as markup, so nothing in it can be a command.
"""

from __future__ import annotations

import base64
import functools
import json
import tempfile
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadlib.errors import refuse
from leadlib.pages.document import TEMPLATES, Document
from leadlib.pages.nodes import Node, nodes, seen

if TYPE_CHECKING:
    import typst

MOST_COLUMNS = 12
_ENDINGS = {"png": "png", "jpeg": "jpg", "gif": "gif", "svg+xml": "svg"}
# Shown for a letter that is in none of the fonts of the typst wheel, which have Latin, Greek, Cyrillic and Hebrew.
_NO_LETTER = "\N{WHITE SQUARE}"


def file(document: Document) -> bytes:
    """Give the PDF of a document, tagged for screen readers: title, language, bookmarks, page numbers, alt texts.

    A letter that the fonts lack is shown as an empty square. The same document gives the same bytes.

    Raises
    ------
    InputError
        A picture in the notebook is damaged.
    """
    parts: list[Node] = []
    for node in nodes(document.body):
        parts.extend(narrower(node))
    data = {
        "title": seen(document.title),
        "heading": seen(document.heading),
        "kicker": seen(document.kicker),
        "lang": document.lang,
        "parts": parts,
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _store(parts, root, [])
        return _compiled(data, root)


def _compiled(data: dict[str, Any], root: Path) -> bytes:
    """Set the data; letters that no font has give way to empty squares, a family of letters at a time."""
    import typst

    text = json.dumps(data, ensure_ascii=False)
    while True:
        (root / "data.json").write_text(text, encoding="utf-8", newline="\n")
        try:
            made = typst.compile(
                str(_template(root)),
                root=str(root),
                font_paths=_fonts(),
                ignore_system_fonts=True,
                format="pdf",
                pdf_standards=["ua-1"],
                timestamp=0,
            )
        except typst.TypstError as error:
            absent = _absent(error.message, text)
            if not absent:
                raise refuse(
                    data["title"], f"the PDF could not be made ({error.message})", "run the notebook again"
                ) from error
            text = text.translate(dict.fromkeys(map(ord, absent), _NO_LETTER))
        else:
            assert isinstance(made, bytes)
            return made


def _absent(message: str, text: str) -> list[str]:
    """Give the letters that typst says it cannot show, with all others in the text of the same family."""
    if "could not be displayed" not in message:
        return []
    used = sorted({c for c in text if not c.isascii() and c != _NO_LETTER})
    said = {f"\\u{{{ord(c):x}}}": c for c in used}
    refused = [c for c in used if c in message] or [c for code, c in said.items() if code in message]
    families = {_family(c) for c in refused}
    return [c for c in used if c in refused or _family(c) in families]


def _family(letter: str) -> str:
    """Name the script of a letter; a sign is a family of its own."""
    return unicodedata.name(letter, letter).split()[0] if unicodedata.category(letter)[0] in "LM" else letter


def _template(root: Path) -> Path:
    path = root / "report.typ"
    path.write_bytes((TEMPLATES / "report.typ").read_bytes())
    return path


@functools.cache
def _fonts() -> typst.Fonts:
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)


def _store(parts: list[Any], root: Path, stored: list[str]) -> None:
    """Put each picture in a file of its own and leave its name in the data."""
    for node in parts:
        if node["kind"] == "figure":
            head, _, text = node["picture"].partition(";base64,")
            name = f"picture-{len(stored) + 1}.{_ENDINGS[head.removeprefix('data:image/')]}"
            (root / name).write_bytes(base64.b64decode(text))
            stored.append(name)
            node["picture"] = name
        _store(node.get("parts", []), root, stored)
        for item in node.get("items", []):
            _store(item, root, stored)


def narrower(node: Node) -> list[Node]:
    """Cut a table of very many columns into tables that fit a page, each with the first column again."""
    if node["kind"] == "box":
        return [{**node, "parts": [part for inner in node["parts"] for part in narrower(inner)]}]
    if node["kind"] != "table":
        return [node]
    rows = [*node["head"], *(row["cells"] for row in node["rows"])]
    width = max((sum(cell["colspan"] for cell in row) for row in rows), default=0)
    even = all(len(row) == width and all(c["rowspan"] == 1 for c in row) for row in rows)
    node["columns"] = max(width, 1)
    # The first column of words takes the room that is left; a table of nothing but numbers stays as narrow as it is.
    node["wide"] = next((k for k, cell in enumerate(rows[-1]) if not cell["right"]), -1) if rows and even else 0
    if width <= MOST_COLUMNS or not even:
        return [node]
    count = -(-(width - 1) // (MOST_COLUMNS - 1))
    step = -(-(width - 1) // count)
    return [_slice(node, list(range(k, min(k + step, width))), k > 1) for k in range(1, width, step)]


def _slice(node: Node, columns: list[int], later: bool) -> Node:
    def cut(cells: list[Node]) -> list[Node]:
        return [cells[0], *(cells[k] for k in columns)]

    more = [{"text": " (continued)" if node["caption"] else "Continued", "marks": "", "link": ""}] if later else []
    return {
        **node,
        "caption": [*node["caption"], *more],
        "head": [cut(row) for row in node["head"]],
        "rows": [{**row, "cells": cut(row["cells"])} for row in node["rows"]],
        "columns": len(columns) + 1,
    }
