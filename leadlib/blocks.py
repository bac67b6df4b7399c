"""The pieces a page is made of: prose, tables, figures, notices.

Each piece shows itself in a notebook as HTML and carries the same content as plain data under one MIME type. Pages,
PDF, index and findings are all made from that data, so that every format says the same.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

MIME = "application/vnd.leadlib.v1+json"
Role = Literal["lead", "finding", "note", "question", "plain"]


class Block:
    """A piece of a page. Subclasses give `data()`, `html()` and `plain()`."""

    def data(self) -> dict[str, Any]:
        """Give the content as plain data: only dicts, lists, text, numbers and None."""
        raise TypeError(f"{type(self).__name__} gives no data")

    def html(self) -> str:
        """Give the content as HTML with every text escaped."""
        raise TypeError(f"{type(self).__name__} gives no HTML")

    def plain(self) -> str:
        """Give the content as text for a terminal."""
        raise TypeError(f"{type(self).__name__} gives no text")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return {"text/plain": self.plain(), "text/html": self.html(), MIME: self.data()}

    def __repr__(self) -> str:
        """Show in a terminal what a notebook shows."""
        return self.plain()


@dataclass(frozen=True, repr=False)
class Prose(Block):
    """Paragraphs, or a list of sentences; `role` says how a page sets them."""

    paragraphs: tuple[str, ...]
    role: Role = "plain"
    title: str = ""
    bullets: bool = False
    level: int = 0

    def data(self) -> dict[str, Any]:
        """Give kind, role, title, paragraphs, and whether they are list items."""
        return {
            "kind": "prose",
            "role": self.role,
            "title": self.title,
            "level": self.level,
            "paragraphs": list(self.paragraphs),
            "bullets": self.bullets,
        }

    def html(self) -> str:
        """Give paragraphs or a list in a box of its role; a title with a level is a heading."""
        tag = f"h{self.level}" if self.level else "p"
        css = "" if self.level else ' class="ll-title"'
        head = f"<{tag}{css}>{escape(self.title)}</{tag}>" if self.title else ""
        if self.bullets:
            body = "<ul>" + "".join(f"<li>{escape(p)}</li>" for p in self.paragraphs) + "</ul>"
        else:
            body = "".join(f"<p>{escape(p)}</p>" for p in self.paragraphs)
        return f'<div class="ll-prose ll-{self.role}">{head}{body}</div>'

    def plain(self) -> str:
        """Give the title and the paragraphs, one a line."""
        mark = "- " if self.bullets else ""
        return "\n".join([*([self.title] if self.title else []), *(mark + p for p in self.paragraphs)])


@dataclass(frozen=True)
class Column:
    """A table column: its key, the heading a reader sees, and how it is aligned."""

    key: str
    label: str
    align: Literal["left", "right"] = "right"


@dataclass(frozen=True, repr=False)
class Table(Block):
    """A table ready to be read: text cells, headings, a caption, a note.

    `cells` are what is shown; `values` (same shape, optional) are the numbers behind them for findings files.
    The first column names the row. `mark` lists the rows to set off, such as the school itself.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    cells: tuple[tuple[str, ...], ...]
    values: tuple[tuple[Any, ...], ...] = ()
    note: str = ""
    mark: tuple[int, ...] = ()

    def data(self) -> dict[str, Any]:
        """Give headings, shown cells, and the numbers behind them."""
        return {
            "kind": "table",
            "id": self.id,
            "title": self.title,
            "note": self.note,
            "mark": list(self.mark),
            "columns": [{"key": c.key, "label": c.label, "align": c.align} for c in self.columns],
            "cells": [list(r) for r in self.cells],
            "values": [list(r) for r in self.values],
        }

    def html(self) -> str:
        """Give a table with caption and scoped headings."""
        heads = "".join(f'<th scope="col" class="ll-{c.align}">{escape(c.label)}</th>' for c in self.columns)
        body = "".join(self._row(k, row) for k, row in enumerate(self.cells))
        note = f'<p class="ll-note">{escape(self.note)}</p>' if self.note else ""
        return (
            f'<div class="ll-table"><table><caption>{escape(self.title)}</caption><thead><tr>{heads}</tr></thead>'
            f"<tbody>{body}</tbody></table>{note}</div>"
        )

    def _row(self, k: int, row: tuple[str, ...]) -> str:
        css = ' class="ll-mark"' if k in self.mark else ""
        first = f'<th scope="row" class="ll-{self.columns[0].align}">{escape(row[0])}</th>'
        rest = "".join(
            f'<td class="ll-{c.align}">{escape(t)}</td>' for c, t in zip(self.columns[1:], row[1:], strict=True)
        )
        return f"<tr{css}>{first}{rest}</tr>"

    def plain(self) -> str:
        """Give the table as text with aligned columns."""
        rows = [tuple(c.label for c in self.columns), *self.cells]
        wide = [max(len(r[k]) for r in rows) for k in range(len(self.columns))]
        lines = [
            "  ".join(
                t.ljust(w) if c.align == "left" else t.rjust(w) for t, w, c in zip(r, wide, self.columns, strict=True)
            ).rstrip()
            for r in rows
        ]
        return "\n".join([self.title, *lines, *([self.note] if self.note else [])])


@dataclass(frozen=True, repr=False)
class Caption(Block):
    """The title of the figure that follows. Pages take it from the figure itself and pass this one over."""

    text: str

    def data(self) -> dict[str, Any]:
        """Give the title."""
        return {"kind": "caption", "text": self.text}

    def html(self) -> str:
        """Give the title as a bold line."""
        return f'<p class="ll-caption"><strong>{escape(self.text)}</strong></p>'

    def plain(self) -> str:
        """Give the title."""
        return self.text


@dataclass(frozen=True, repr=False)
class Figure(Block):
    """A drawn figure: the picture, a title that says the finding, alt text, and the data drawn."""

    id: str
    title: str
    alt: str
    png: bytes
    drawn: dict[str, list[Any]] = field(default_factory=dict)
    width_px: int = 0

    def data(self) -> dict[str, Any]:
        """Give title, alt text and the drawn data; the picture itself is beside it as image/png."""
        return {"kind": "figure", "id": self.id, "title": self.title, "alt": self.alt, "drawn": self.drawn}

    def html(self) -> str:
        """Give a figure with its picture inside, alt text and a caption."""
        picture = base64.b64encode(self.png).decode("ascii")
        return (
            f'<figure class="ll-figure"><img src="data:image/png;base64,{picture}" alt="{escape(self.alt)}">'
            f"<figcaption>{escape(self.title)}</figcaption></figure>"
        )

    def plain(self) -> str:
        """Give the title and what the picture shows."""
        return f"Figure: {self.title}\n{self.alt}"

    def _ipython_display_(self) -> None:
        """Show the title as text of its own and the picture below it, so that both are read on any screen."""
        from IPython.display import publish_display_data

        caption = Caption(self.title)
        publish_display_data(caption._repr_mimebundle_())
        bundle, about = self._repr_mimebundle_()
        publish_display_data(bundle, about)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        picture = base64.b64encode(self.png).decode("ascii")
        about: dict[str, Any] = {"alt": self.alt} | ({"width": self.width_px} if self.width_px else {})
        return {"text/plain": self.plain(), "image/png": picture, MIME: self.data()}, {"image/png": about}


@dataclass(frozen=True, repr=False)
class Notice(Block):
    """A sentence in place of a section that cannot be shown."""

    text: str

    def data(self) -> dict[str, Any]:
        """Give the sentence."""
        return {"kind": "notice", "text": self.text}

    def html(self) -> str:
        """Give the sentence in a quiet box."""
        return f'<p class="ll-notice">{escape(self.text)}</p>'

    def plain(self) -> str:
        """Give the sentence."""
        return self.text


@dataclass(frozen=True, repr=False)
class Stack(Block):
    """Several pieces shown one after the other. It may hold no figure, whose picture needs an output of its own."""

    parts: tuple[Block, ...]

    def data(self) -> dict[str, Any]:
        """Give the data of every part in order."""
        return {"kind": "stack", "parts": [p.data() for p in self.parts]}

    def html(self) -> str:
        """Give the HTML of every part in order."""
        return "".join(p.html() for p in self.parts)

    def plain(self) -> str:
        """Give the text of every part in order."""
        return "\n\n".join(p.plain() for p in self.parts)
