"""The body of a page as plain data for typesetting: paragraphs, lists, tables, figures, each text as spans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup, NavigableString, Tag

Node = dict[str, Any]
Span = dict[str, Any]

ROLES = ("lead", "finding", "question", "note", "notice", "error")
_MARKS = dict.fromkeys(["em", "i", "cite", "var"], "i") | dict.fromkeys(["strong", "b", "mark"], "b")
_MARKS |= dict.fromkeys(["code", "kbd", "samp"], "c")
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "ul",
        "ol",
        "dl",
        "table",
        "figure",
        "pre",
        "blockquote",
        "hr",
        "img",
        "details",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
MOST_SPAN = 60
_WIDTH = re.compile(r"[0-9]+")
# Controls, marks that turn the direction of text, and half characters have no picture in any font.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\uffff]"
)


def nodes(body: str) -> list[Node]:
    """Give the pieces of a clean body in order."""
    found = _kept(list(_pieces(BeautifulSoup(body, "html.parser"))))
    anchors = [part["anchor"] for part in _every(found) if "anchor" in part]
    for part in _every(found):
        if part.get("link", "").startswith("#") and part["link"][1:] not in anchors:
            part["link"] = ""
    return found


def _every(data: Any) -> Iterator[Node]:
    """Give every piece, cell and span in the data."""
    if isinstance(data, dict):
        yield data
    for child in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _every(child)


def _kept(found: list[Node]) -> list[Node]:
    """Keep the line between a heading and a figure or table on the page of what it introduces, and a question too."""
    for before, node, after in zip(found, found[1:], found[2:], strict=False):
        if (before["kind"], node["kind"]) == ("heading", "paragraph") and after["kind"] in ("figure", "table"):
            node["keep"] = True
        if (node["kind"], after["kind"]) == ("paragraph", "room"):
            node["keep"] = True
    return found


def _pieces(parent: Tag, role: str = "") -> Iterator[Node]:
    """Give the pieces inside a tag; text that stands bare among them is a paragraph of its own."""
    bare: list[Any] = []
    for child in parent.children:
        if isinstance(child, Tag) and (child.name in _BLOCKS or child.find(_holds_block)):
            yield from _paragraph(bare, role)
            bare = []
            yield from _piece(child, role)
        else:
            bare.append(child)
    yield from _paragraph(bare, role)


def _holds_block(tag: Tag) -> bool:
    return tag.name in _BLOCKS


def _piece(tag: Tag, role: str) -> Iterator[Node]:
    css = tag.get_attribute_list("class")
    box = next((r for r in ROLES if f"ll-{r}" in css), "")
    if re.fullmatch(r"h[1-6]", tag.name):
        yield {"kind": "heading", "level": int(tag.name[1]), "anchor": str(tag.get("id", "")), "spans": spans(tag)}
    elif tag.name == "table":
        yield _table(tag)
    elif tag.name == "figure":
        yield _figure(tag)
    elif tag.name == "img":
        yield {"kind": "figure", "caption": [], **_picture(tag)}
    elif tag.name == "pre":
        yield {"kind": "code", "text": seen(tag.get_text()).strip("\n")}
    elif tag.name in ("ul", "ol"):
        yield _list(tag)
    elif tag.name == "hr":
        yield {"kind": "rule"}
    elif "ll-room" in css:
        yield {"kind": "room", "text": seen(tag.get_text()).strip(), "lines": len(tag.find_all(class_="ll-line"))}
    elif tag.name == "blockquote":
        yield {"kind": "box", "role": "quote", "parts": list(_pieces(tag))}
    elif box and tag.name == "p":
        yield {"kind": "box", "role": box, "parts": list(_paragraph([tag], ""))}
    elif box:
        yield {"kind": "box", "role": box, "parts": list(_pieces(tag))}
    elif tag.name == "p" and not tag.find(_holds_block):
        yield from _paragraph([tag], "title" if "ll-title" in css or "ll-caption" in css else role)
    else:
        yield from _pieces(tag, role)


def _paragraph(bare: list[Any], role: str) -> Iterator[Node]:
    text = _joined([s for piece in bare for s in _spans(piece, "")])
    if text:
        yield {"kind": "paragraph", "title": role == "title", "spans": text}


def _list(tag: Tag) -> Node:
    start = str(tag.get("start", "1"))
    return {
        "kind": "list",
        "ordered": tag.name == "ol",
        "start": int(start) if _WIDTH.fullmatch(start) else 1,
        "items": [list(_pieces(item)) for item in tag.find_all("li", recursive=False)],
    }


# -- tables and figures ------------------------------------------------------------------------------------------------


def _table(tag: Tag) -> Node:
    caption = tag.find("caption")
    rows = [row for row in tag.find_all("tr") if row.find_parent("table") is tag]
    head = [row for row in rows if row.find_parent("thead")]
    if not head and rows and not rows[0].find("td"):
        head = rows[:1]
    body = [row for row in rows if not any(row is h for h in head)]
    return {
        "kind": "table",
        "caption": spans(caption) if caption else [],
        "head": [_cells(row, len(head) - k) for k, row in enumerate(head)],
        "rows": [
            {"mark": "ll-mark" in row.get_attribute_list("class"), "cells": _cells(row, len(body) - k)}
            for k, row in enumerate(body)
        ],
    }


def _cells(row: Tag, rows: int) -> list[Node]:
    """Give the cells of a row; none reaches further down than the `rows` that are left."""
    return [
        {
            "spans": spans(cell),
            "right": "ll-right" in cell.get_attribute_list("class"),
            "head": cell.name == "th",
            "colspan": _count(cell, "colspan"),
            "rowspan": min(_count(cell, "rowspan"), rows),
        }
        for cell in row.find_all(["th", "td"], recursive=False)
    ]


def _count(cell: Tag, name: str) -> int:
    text = str(cell.get(name, "1"))
    return min(max(int(text), 1), MOST_SPAN) if _WIDTH.fullmatch(text) and len(text) < 5 else 1


def _figure(tag: Tag) -> Node:
    caption, picture = tag.find("figcaption"), tag.find("img")
    title = spans(caption) if caption else []
    if picture is None:
        parts = [p for child in tag.find_all(recursive=False) if child.name != "figcaption" for p in _piece(child, "")]
        return {"kind": "box", "role": "plain", "parts": [*_paragraph([caption] if caption else [], "title"), *parts]}
    return {"kind": "figure", "caption": title, **_picture(picture)}


def _picture(tag: Tag) -> Node:
    width = str(tag.get("width", ""))
    return {
        "picture": str(tag["src"]),
        "alt": seen(str(tag["alt"])),
        "width": int(width) if _WIDTH.fullmatch(width) else 0,
    }


# -- text --------------------------------------------------------------------------------------------------------------


def seen(text: str) -> str:
    """Give a text without what no reader can see."""
    return _UNSEEN.sub("", text)


def spans(tag: Tag) -> list[Span]:
    """Give the text of a tag as spans, each with its marks: b(old), i(talic), c(ode); with link or line break."""
    return _joined([s for child in tag.children for s in _spans(child, "")])


def _spans(piece: Any, marks: str, link: str = "") -> Iterator[Span]:
    if isinstance(piece, NavigableString):
        if type(piece) is NavigableString:
            yield {"text": seen(re.sub(r"\s+", " ", str(piece))), "marks": marks, "link": link}
    elif isinstance(piece, Tag):
        if piece.name == "br":
            yield {"text": "\n", "marks": "", "link": ""}
        elif piece.name == "img":
            yield {"text": str(piece.get("alt", "")), "marks": marks, "link": link}
        mark = _MARKS.get(piece.name, "")
        here = str(piece.get("href", "")) if piece.name == "a" else link
        for child in piece.children:
            yield from _spans(child, marks + (mark if mark not in marks else ""), here)


def _joined(found: list[Span]) -> list[Span]:
    """Join neighbours with the same marks, and take off spaces at both ends and around line breaks."""
    joined: list[Span] = []
    for span in found:
        before = joined[-1] if joined else None
        text = span["text"].lstrip(" ") if before is None or before["text"].endswith(("\n", " ")) else span["text"]
        if not text:
            continue
        if before and "\n" not in (text, before["text"]) and all(before[k] == span[k] for k in ("marks", "link")):
            before["text"] += text
        else:
            joined.append({**span, "text": text})
    while joined and not joined[-1]["text"].rstrip():
        joined.pop()
    if joined:
        joined[-1]["text"] = joined[-1]["text"].rstrip()
    return joined
