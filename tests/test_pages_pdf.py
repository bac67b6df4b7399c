"""The PDF: says what the page says, can be read aloud, and takes no text for a command."""

import io

import page as validation
import pandas as pd
import pypdf
import pytest
from pages_samples import FIGURE, HOSTILE, html_cell, markdown, notebook, report, shown

from leadlib.blocks import Column, Notice, Prose, Table
from leadlib.pages import document, pdf
from leadlib.pages.nodes import nodes


def pdf_of(book, **options) -> bytes:
    return pdf.file(document.build(book, **options))


def reader_of(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def text_of(made: bytes) -> str:
    return " ".join(" ".join(p.extract_text() for p in reader_of(made).pages).split())


def is_accessible(made: bytes, folder) -> bool:
    path = folder / "a.pdf"
    path.write_bytes(made)
    return validation.validate_pdf(path, profile=validation.ValidationProfile.PDF_UA_1).is_compliant


@pytest.fixture(scope="module")
def whole() -> bytes:
    return pdf_of(report(), title="Lincoln: school report", lang="en")


def test_pdf_meets_the_accessibility_standard(whole, tmp_path):
    assert is_accessible(whole, tmp_path)


def test_pdf_has_title_language_and_a_bookmark_for_each_heading(whole):
    reader = reader_of(whole)
    assert reader.metadata.title == "Lincoln: school report" and reader.trailer["/Root"]["/Lang"] == "en"
    flat = str(reader.outline)
    assert [name in flat for name in ("Lincoln Elementary, 1999-00", "Results", "Method")] == [True] * 3


def test_pdf_carries_no_date(whole):
    assert reader_of(whole).metadata.creation_date is None


def test_pdf_says_every_text_and_number_of_the_page(whole):
    text = text_of(whole)
    told = [
        "Every number is computed.",
        "It enrolled 412 pupils.",
        "First.",
        "Results rose",
        "1,640",
        "12.5% (10.0% to 15.0%)",
    ]
    told += ["Nearest first.", "The gap is 7 points.", "Targets are left out: there are none.", "Page 1 of 1"]
    assert [t for t in told if t not in text] == []
    assert "secret_code" not in text


def tagged(node, kind) -> list:
    """Give the elements of one kind in the tags that a screen reader follows."""
    node = node.get_object()
    if isinstance(node, list):
        return [found for child in node for found in tagged(child, kind)]
    if not isinstance(node, dict):
        return []
    return [*([node] if node.get("/S") == kind else []), *(tagged(node["/K"], kind) if "/K" in node else [])]


def test_tags_hold_alt_texts_headings_and_table_heads(whole):
    tree = reader_of(whole).trailer["/Root"]["/StructTreeRoot"]
    assert [f["/Alt"] for f in tagged(tree, "/Figure")] == ["Line from 602 to 640."]
    assert [len(tagged(tree, kind)) for kind in ("/H1", "/H2", "/Table", "/TH", "/TR", "/Caption")] == [
        1,
        2,
        1,
        3,
        3,
        2,
    ]


def test_hostile_text_is_shown_as_it_is(tmp_path):
    book = notebook(
        shown(Prose((HOSTILE,), "lead", HOSTILE, level=2)),
        shown(Table("t", HOSTILE, (Column("a", HOSTILE, "left"),), ((HOSTILE,),))),
        shown(Notice(HOSTILE)),
        html_cell(pd.DataFrame({"a": [HOSTILE]}).to_html()),
    )
    made = pdf_of(book, title=HOSTILE)
    assert text_of(made).replace(" ", "").count(HOSTILE.replace(" ", "")) >= 6
    assert "root:" not in text_of(made) and is_accessible(made, tmp_path)


def test_letters_that_the_fonts_lack_are_squares_and_the_rest_is_kept(tmp_path):
    made = pdf_of(notebook(markdown("# Escuela Niñez 學校 ok\n\nŁódź Αθήνα Київ 🎒 end")))
    text = text_of(made)
    assert "Escuela Niñez □□ ok" in text and "Łódź Αθήνα Київ □ end" in text and is_accessible(made, tmp_path)


def test_controls_and_turned_text_do_not_stop_the_pdf(tmp_path):
    made = pdf_of(notebook(shown(Prose(("a\x00b\u202ec\ud800d",)))))
    assert "abcd" in text_of(made)


def test_long_tables_run_over_pages_with_their_heads(tmp_path):
    rows = tuple((f"School {k}", str(k)) for k in range(120))
    made = pdf_of(notebook(shown(Table("t", "Long", (Column("a", "Name", "left"), Column("b", "Score")), rows))))
    sheets = reader_of(made).pages
    assert len(sheets) > 2 and all("Score" in sheet.extract_text() for sheet in sheets)
    assert "School 0" in text_of(made) and "School 119" in text_of(made) and is_accessible(made, tmp_path)


def test_very_wide_tables_are_cut_with_the_first_column_again(tmp_path):
    frame = pd.DataFrame([[f"v{r}x{c}" for c in range(30)] for r in range(2)], columns=[f"col{c}" for c in range(30)])
    body = document.build(notebook(html_cell(frame._repr_html_()))).body
    parts = [part for node in nodes(body) for part in pdf.narrower(node)]
    assert [part["columns"] for part in parts] == [11, 11, 11]
    assert all(row["cells"][0]["spans"][0]["text"] == str(k) for part in parts for k, row in enumerate(part["rows"]))
    text = text_of(pdf_of(notebook(html_cell(frame._repr_html_()))))
    assert [f"v{r}x{c}" for r in range(2) for c in range(30) if f"v{r}x{c}" not in text] == []


def test_frames_of_several_levels_are_set(tmp_path):
    rows = pd.MultiIndex.from_tuples([("p", "q"), ("p", "r")])
    columns = pd.MultiIndex.from_tuples([("year", "one"), ("year", "two")])
    made = pdf_of(notebook(html_cell(pd.DataFrame([[11, 12], [13, 14]], index=rows, columns=columns)._repr_html_())))
    assert [t in text_of(made) for t in ("year", "one", "11", "14")] == [True] * 4 and is_accessible(made, tmp_path)


def test_an_empty_notebook_makes_a_page_with_its_title(tmp_path):
    made = pdf_of(notebook(), title="Nothing yet")
    assert "Nothing yet" in text_of(made) and is_accessible(made, tmp_path)


def test_marks_links_and_lists_of_markdown_are_kept():
    words = "plain **bold** *slanted* `code`<br>next [web](https://a.org) [in](#b) [no](#none)"
    book = notebook(markdown(f"# A\n\n{words}\n\n## B\n\n3. c\n4. d"))
    found = nodes(document.build(book).body)
    marks = {s["text"].strip(): (s["marks"], s["link"]) for s in found[0]["spans"] if s["text"].strip()}
    assert marks["bold"] == ("b", "") and marks["slanted"] == ("i", "") and marks["code"] == ("c", "")
    assert marks["web"] == ("", "https://a.org") and marks["in"] == ("", "#b") and marks["no"] == ("", "")
    assert (found[2]["kind"], found[2]["ordered"], found[2]["start"]) == ("list", True, 3)
    assert "next web in no" in text_of(pdf_of(book))


def test_the_figure_stays_with_the_heading_and_the_line_that_introduce_it():
    book = notebook(markdown("## Results\n\nThe band is the interval."), shown(FIGURE), markdown("After."))
    assert [n.get("keep", False) for n in nodes(document.build(book).body)] == [False, True, False, False]


@pytest.mark.parametrize(
    "odd",
    [
        "- \n- a\n  - b\n    1. c",
        "<table></table>",
        "<table><thead><tr><th>a</th></tr></thead></table>",
        "<table><tr><td colspan=9999>x</td></tr><tr><td rowspan=9999>1</td></tr></table>",
        "<table><tr><td><h2>In</h2></td></tr></table>\n\n[a](#in)",
        "<h2></h2><ul></ul><ol start=-3><li></li></ol><blockquote></blockquote><figure></figure><pre></pre>",
        "![a](data:image/png;base64,AAAA)",
        "$$\\int x$$ \u2028 \N{REPLACEMENT CHARACTER} e\N{COMBINING ACUTE ACCENT}",
    ],
)
def test_odd_content_never_stops_the_pdf(odd, tmp_path):
    assert is_accessible(pdf_of(notebook(markdown("# T"), markdown(odd), html_cell(odd))), tmp_path)
