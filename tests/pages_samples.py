"""Executed notebooks made by hand, without a kernel: pieces of leadlib as outputs."""

import struct
import zlib
from html.parser import HTMLParser

import nbformat.v4 as v4
from nbformat import NotebookNode

from leadlib.blocks import Block, Column, Figure, Notice, Prose, Stack, Table


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


# A picture of one blue point.
PNG = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
PNG += _chunk(b"IDAT", zlib.compress(b"\x00\x00\x72\xb2")) + _chunk(b"IEND", b"")
HOSTILE = '<script>alert(1)</script> #read("/etc/passwd") $x$ *bold* @label \\ `raw` <img src=x onerror=alert(2)>'

TABLE = Table(
    "similar",
    "Similar schools",
    (Column("name", "School", "left"), Column("api", "API"), Column("range", "Range")),
    (("Lincoln", "1,640", "12.5% (10.0% to 15.0%)"), ("Adams", "633", "\N{EM DASH}")),
    (("Lincoln", 1640.0, [10.0, 15.0]), ("Adams", 633.0, None)),
    note="Nearest first.",
    mark=(0,),
)
FIGURE = Figure(
    "trend", "Results rose", "Line from 602 to 640.", PNG, {"year": [1998, 1999], "value": [602.0, 640.0]}, 40
)


def shown(*blocks: Block, tags: tuple[str, ...] = ()) -> NotebookNode:
    """Give a code cell that shows these pieces."""
    outputs = []
    for block in blocks:
        bundle = block._repr_mimebundle_()
        data, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        outputs.append(v4.new_output("display_data", data=data, metadata=about))
    return v4.new_code_cell("secret_code()", outputs=outputs, metadata={"tags": list(tags)})


def html_cell(html: str) -> NotebookNode:
    """Give a code cell whose result is HTML, as a data frame's is."""
    output = v4.new_output("execute_result", data={"text/html": html, "text/plain": "a frame"}, execution_count=1)
    return v4.new_code_cell("frame", outputs=[output])


def markdown(text: str, tags: tuple[str, ...] = ()) -> NotebookNode:
    return v4.new_markdown_cell(text, metadata={"tags": list(tags)})


def notebook(*cells: NotebookNode) -> NotebookNode:
    for k, cell in enumerate(cells):
        cell["id"] = f"cell-{k}"
    return v4.new_notebook(cells=list(cells))


def report() -> NotebookNode:
    """Give a small report with every kind of piece."""
    return notebook(
        markdown("# School report\n\nEvery number is *computed*."),
        v4.new_code_cell('pack = "california-2000"\nyear: int = 1998', metadata={"tags": ["parameters"]}),
        v4.new_code_cell("year = 1999", metadata={"tags": ["injected-parameters"]}),
        shown(Prose(("It enrolled 412 pupils.",), "lead", "Lincoln Elementary, 1999-00", level=1)),
        shown(Prose(("First.", "Second."), "finding", "In short", bullets=True)),
        markdown("## Results\n\nSee [method](#method)."),
        shown(FIGURE),
        shown(Stack((TABLE, Prose(("The gap is 7 points.",), "note")))),
        shown(Notice("Targets are left out: there are none.")),
        markdown("## Method\n\n1. one\n2. two"),
    )


class Page(HTMLParser):
    """The tags of a page, each with its attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data):
        if not {"style", "script"}.intersection(self._inside):
            self.text += data

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [about for tag, about in self.tags if tag in names]

    def ids(self) -> list[str]:
        return [about["id"] for _, about in self.tags if "id" in about]


def nothing_runs_or_loads(page: Page, scripts: int = 0) -> bool:
    """Say whether a page has no script but its own, no event, no frame, and loads nothing from elsewhere."""
    events = [k for _, about in page.tags for k in about if k.startswith("on") or k in ("style", "srcdoc", "action")]
    loads = [about["src"] for _, about in page.tags if "src" in about and not about["src"].startswith("data:image/")]
    links = [about.get("href", "") for tag, about in page.tags if tag == "link"]
    frames = page.all("iframe", "object", "embed", "base", "form", "svg" if not scripts else "object")
    bad = [a["href"] for a in page.all("a") if a.get("href", "").lower().startswith(("javascript", "data", "vbscript"))]
    return not (events or loads or frames or bad) and len(page.all("script")) == scripts and links == ["data:,"]
