"""The content of a page: what an executed notebook says, cleaned, with its headings in order.

Both the web page and the PDF are made from a `Document`, so that they cannot differ.
"""

from __future__ import annotations

import copy
import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadlib.blocks import MIME
from leadlib.errors import refuse
from leadlib.pages import clean
from leadlib.pages.findings import TEACHING

if TYPE_CHECKING:
    from nbconvert.exporters import HTMLExporter
    from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
HIDDEN = frozenset({"remove", "remove-cell", "parameters", "injected-parameters", "papermill-error-cell-tag"})
NO_CODE = frozenset({"remove-input", "hide-input"})
NO_OUTPUT = frozenset({"remove-output", "hide-output"})


@dataclass(frozen=True)
class Document:
    """What a page shows: its titles, its table of contents, and its body as clean HTML."""

    title: str
    heading: str
    kicker: str
    lang: str
    body: str
    contents: tuple[clean.Entry, ...]


def build(
    notebook: NotebookNode,
    *,
    title: str | None = None,
    lang: str = "en",
    code: bool = False,
    instructor: bool = False,
) -> Document:
    """Give the content of an executed notebook, ready to be set as a web page or a PDF.

    Cells tagged `remove`, `parameters` or `injected-parameters` are left out, those for instructors too unless they are
    asked for, and so is code. Where an exercise is not answered yet, there is room to write. Text that came from data
    can hold anything: what is not plain content is taken out.

    Raises
    ------
    InputError
        The language is not a two-letter code.
    """
    if not (len(lang) == 2 and lang.isascii() and lang.islower()):
        raise refuse("lang", f"{lang!r} is not a language code", "use a two-letter code such as 'en' or 'es'")
    raw, _ = _exporter().from_notebook_node(_shown(notebook, code, instructor))
    case = notebook.metadata.get("leadlib", {}).get("kind") == "case"
    body = clean.tidy(raw, title, case=case)
    named = (body.heading, title) if case else (title or body.heading,)
    name = " \N{EM DASH} ".join(t.strip() for t in named if t and t.strip()) or "Report"
    return Document(name, body.heading or name, body.kicker, lang, body.html, body.contents)


@functools.cache
def _exporter() -> HTMLExporter:
    """Make the exporter once a process: reading its templates takes longer than using them."""
    from nbconvert.exporters import HTMLExporter
    from nbconvert.filters import Highlight2HTML
    from traitlets.config import Config

    class Pieces(HTMLExporter):
        def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> Any:
            # HTMLExporter's own reads the whole page once more to find pictures without words; `clean.tidy` does that.
            about = nb.metadata.get("language_info", {})
            lexer = about.get("pygments_lexer", about.get("name"))
            self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
            return super(HTMLExporter, self).from_notebook_node(nb, resources, **kw)

    off = {"enabled": False}
    settings = Config(CSSHTMLHeaderPreprocessor=off, HighlightMagicsPreprocessor=off)
    exporter = Pieces(
        config=settings,
        optimistic_validation=True,  # one check of the notebook instead of one after every step
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_anchor_links=True,
        filters={"best": best, "base64": base64_only},
    )
    return exporter


def best(data: dict[str, Any]) -> str:
    """Name the form of an output that a page shows; `figure`, `caption` and `room` are pieces of leadlib."""
    piece = data.get(MIME, {})
    kind = piece.get("kind")
    if kind in ("figure", "caption"):
        return str(kind)
    if kind == "exercise" and piece.get("state") == "open":
        return "room"
    order = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")
    return next((name for name in order if name in data), "")


def base64_only(text: str) -> str:
    """Give base64 text without line breaks, and without anything that could end the attribute it stands in."""
    return re.sub(r"[^A-Za-z0-9+/=]", "", text)


def _shown(notebook: NotebookNode, code: bool, instructor: bool) -> NotebookNode:
    """Give a copy that holds only what is shown, each cell saying whether its code is."""
    shown = copy.deepcopy(notebook)
    hidden = HIDDEN if instructor else HIDDEN | TEACHING
    shown.cells = [c for c in shown.cells if not hidden.intersection(c.metadata.get("tags", []))]
    shown.metadata.pop("widgets", None)
    for cell in shown.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata["ll_code"] = code and not NO_CODE.intersection(tags)
        cell.metadata["ll_all"] = code
        if NO_OUTPUT.intersection(tags):
            cell.outputs = []
    return shown
