"""Blocks carry the same content as HTML, text and data, and nothing in them can run."""

from html.parser import HTMLParser

import pytest

from leadlib.blocks import MIME, Block, Caption, Column, Figure, Notice, Prose, Stack, Table

HOSTILE = '<script>alert(1)</script>" onload="x'


class Tags(HTMLParser):
    """Collect tags and attributes as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def blocks_with(text: str) -> list[Block]:
    columns = (Column("a", text, "left"), Column("b", text))
    table = Table("t", text, columns, ((text, text), (text, text)), note=text, mark=(1,))
    return [
        Prose((text, text), title=text),
        Prose((text,), title=text, level=3, bullets=True),
        table,
        Notice(text),
        Figure("f", text, text, b"png"),
        Caption(text),
        Stack((Notice(text), table)),
    ]


@pytest.mark.parametrize("block", blocks_with(HOSTILE), ids=lambda b: type(b).__name__)
def test_hostile_text_is_shown_and_never_becomes_a_tag_or_an_attribute(block):
    seen = Tags(block.html())
    assert not [t for t, _ in seen.tags if t == "script"]
    assert not [a for _, attrs in seen.tags for a in attrs if a.startswith("on")]
    assert HOSTILE in seen.text


@pytest.mark.parametrize("block", blocks_with("A & B"), ids=lambda b: type(b).__name__)
def test_every_form_holds_the_same_text(block):
    assert "A & B" in block.plain()
    assert "A & B" in str(block.data())
    assert "A &amp; B" in block.html()
    assert repr(block) == block.plain()


def test_table_headings_are_scoped_and_the_own_row_is_marked():
    table = Table(
        "t", "Title", (Column("m", "Measure", "left"), Column("v", "Value")), (("a", "1"), ("b", "2")), mark=(1,)
    )
    tags = Tags(table.html()).tags
    assert [a.get("scope") for t, a in tags if t == "th"] == ["col", "col", "row", "row"]
    assert [a.get("class") for t, a in tags if t == "tr"] == [None, None, "ll-mark"]


def test_a_row_that_lacks_a_cell_is_refused():
    table = Table("t", "Title", (Column("m", "Measure"), Column("v", "Value")), (("a",),))
    with pytest.raises(ValueError, match="shorter"):
        table.html()


def test_a_figure_gives_its_alt_text_to_the_picture_and_its_title_as_a_caption(monkeypatch):
    published = []
    monkeypatch.setattr("IPython.display.publish_display_data", lambda *a, **k: published.append(a))
    Figure("f", "The finding", "What is drawn", b"png", width_px=600)._ipython_display_()
    (caption,), (picture, about) = published
    assert caption[MIME] == {"kind": "caption", "text": "The finding"}
    assert picture["image/png"] and picture[MIME]["alt"] == about["image/png"]["alt"] == "What is drawn"


def test_a_notebook_gets_html_text_and_data_in_one_bundle():
    assert set(Notice("x")._repr_mimebundle_()) == {"text/plain", "text/html", MIME}
