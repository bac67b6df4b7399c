"""The web page: stands alone, is read by everyone, and runs nothing that data brought along."""

import nbformat.v4 as v4
import pandas as pd
import pytest
from pages_samples import (
    FIGURE,
    HOSTILE,
    TABLE,
    Page,
    html_cell,
    markdown,
    notebook,
    nothing_runs_or_loads,
    report,
    shown,
)

from leadlib.blocks import Prose
from leadlib.pages import document, html


def text_of(*cells, **options) -> str:
    return html.page(document.build(notebook(*cells), **options))


def page_of(*cells, **options) -> Page:
    return Page(text_of(*cells, **options))


@pytest.fixture(scope="module")
def whole() -> Page:
    return Page(html.page(document.build(report(), title="Lincoln: school report", lang="en")))


def test_page_names_its_language_its_title_and_one_heading(whole):
    assert whole.all("html") == [{"lang": "en"}]
    assert len(whole.all("h1")) == 1 and len(whole.all("title")) == 1
    assert {"charset": "utf-8"} in whole.all("meta")


def test_page_has_each_landmark_once_and_a_link_past_the_head(whole):
    assert [len(whole.all(name)) for name in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert whole.all("a")[0] == {"class": "ll-skip", "href": "#content"} and whole.all("main")[0]["id"] == "content"


def test_every_line_of_the_contents_leads_to_a_heading_and_anchors_are_unique(whole):
    ids = whole.ids()
    inner = [a["href"][1:] for a in whole.all("a") if a.get("href", "").startswith("#")]
    assert len(ids) == len(set(ids))
    assert {"results", "method"} <= set(inner) <= set(ids)


def test_page_runs_nothing_and_loads_nothing(whole):
    assert nothing_runs_or_loads(whole)


def test_code_and_tagged_cells_are_not_shown():
    page = page_of(shown(TABLE), markdown("hidden words", tags=("remove",)), *report().cells[1:3])
    assert "secret_code" not in page.text and "hidden words" not in page.text and "california" not in page.text


def test_code_is_shown_on_request_save_where_a_tag_forbids_it():
    assert "secret_code" in page_of(shown(TABLE), code=True).text
    assert "secret_code" not in page_of(shown(TABLE, tags=("remove-input",)), code=True).text


def test_heading_of_the_results_is_the_title_and_that_of_the_markdown_stands_above_it(whole):
    body = document.build(report(), title="Lincoln: school report")
    assert (body.heading, body.kicker) == ("Lincoln Elementary, 1999-00", "School report")
    assert body.title == "Lincoln: school report"


@pytest.mark.parametrize(
    ("title", "expected"),
    [(None, ("Reading coach", "")), ("Lincoln", ("Lincoln", "Reading coach")), ("", ("Reading coach", ""))],
)
def test_without_a_heading_in_the_results_the_title_given_comes_first(title, expected):
    body = document.build(notebook(markdown("# Reading coach\n\nText")), title=title)
    assert (body.heading, body.kicker) == expected


def test_headings_never_skip_a_level_and_equal_ones_get_different_anchors():
    page = page_of(markdown("# A\n\n## Same\n\n#### Deep\n\n# Late\n\n## Same\n\n## 學校\n\n## Content"))
    assert [tag for tag, _ in page.tags if tag[0] == "h" and tag[1:].isdigit()] == [
        "h1",
        "h2",
        "h3",
        "h2",
        "h2",
        "h2",
        "h2",
    ]
    assert [i for i in page.ids() if i not in ("content", "contents")] == [
        "same",
        "deep",
        "late",
        "same-2",
        "section",
        "content-2",
    ]


def test_figure_has_alt_text_caption_and_width(whole):
    assert [(i["alt"], i["width"]) for i in whole.all("img")] == [("Line from 602 to 640.", "40")]
    assert "Results rose" in whole.text and len(whole.all("figcaption")) == 1


def test_figure_whose_picture_was_taken_out_says_so_in_words():
    cell = shown(FIGURE)
    del cell.outputs[0].data["image/png"]
    page = page_of(cell)
    assert page.all("img") == [] and "holds no picture here. Line from 602 to 640." in page.text


def test_any_picture_has_an_alt_text():
    picture = shown(FIGURE).outputs[0].data["image/png"]
    output = v4.new_output("display_data", data={"image/png": picture})
    page = page_of(v4.new_code_cell("plot", outputs=[output]))
    assert [i["alt"] for i in page.all("img")] == ["A figure without a description"]


def test_our_tables_keep_scopes_marked_row_and_caption(whole):
    assert {h["scope"] for h in whole.all("th")} == {"col", "row"} and len(whole.all("caption")) == 1
    assert [r.get("class") for r in whole.all("tr")] == [None, "ll-mark", None]
    boxes = [d for d in whole.all("div") if d.get("role") == "region"]
    assert boxes == [{"class": "ll-scroll", "role": "region", "tabindex": "0", "aria-label": "Similar schools"}]


def test_data_frames_get_scopes_and_lose_their_looks():
    frame = pd.DataFrame({"school": ["A", "B"], "score": [1.5, -20.0]}, index=pd.Index([7, 8], name="id"))
    page = page_of(html_cell(frame._repr_html_()))
    assert [h.get("scope") for h in page.all("th")] == ["col", "col", "col", "row", "row"]
    assert page.all("table") == [{}] and "a frame" not in page.text
    assert [c["class"] for c in page.all("td")] == ["ll-left ll-short", "ll-right ll-short"] * 2


def test_frames_of_several_levels_head_their_groups():
    columns = pd.MultiIndex.from_tuples([("year", "a"), ("year", "b")])
    page = page_of(html_cell(pd.DataFrame([[1, 2]], columns=columns)._repr_html_()))
    assert [h["scope"] for h in page.all("th")] == ["colgroup", "col", "col", "row"]


def test_error_is_shown_in_a_box_without_colour_codes():
    error = v4.new_output(
        "error", ename="InputError", evalue="\x1b[31mno such school\x1b[0m", traceback=["secret path"]
    )
    page = page_of(v4.new_code_cell("x", outputs=[error]))
    assert "This part could not be made: InputError" in page.text and "no such school" in page.text
    assert "\x1b" not in page.text and "secret path" not in page.text


def test_warnings_are_kept_from_readers_of_a_report():
    streams = [v4.new_output("stream", name="stderr", text="FutureWarning"), v4.new_output("stream", text="printed")]
    cell = v4.new_code_cell("x", outputs=streams)
    assert "FutureWarning" not in page_of(cell).text and "printed" in page_of(cell).text


@pytest.mark.parametrize(
    "bad",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<img src="http://evil.example/x.png" alt="">',
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<a href='javascript:alert(1)'>x</a><a href='java&#115;cript:alert(1)'>x</a><a href=' JaVaScript:x'>x</a>",
        "<a href='data:text/html;base64,AAAA'>x</a><iframe src='http://evil.example'></iframe>",
        "<div onclick='x()' style='background:url(http://evil.example)'>x</div><form action='http://evil.example'></form>",
        "<style>body{background:url(http://evil.example)}</style><base href='http://evil.example'><link href='http://e'>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "</main></body><script>alert(1)</script><!-- <b>",
        '"><script>alert(1)</script>',
    ],
)
def test_nothing_that_data_brings_can_run_or_load(bad):
    frame = pd.DataFrame({bad: [bad]})
    cells = [
        markdown(f"# {bad}\n\n## {bad}\n\n{bad} [x](javascript:alert(1)) ![x](http://evil.example/y.png) **{bad}**"),
        shown(Prose((bad,), "lead", bad, level=2)),
        html_cell(frame.to_html(escape=False)),
        html_cell(bad),
        v4.new_code_cell("x", outputs=[v4.new_output("display_data", data={"text/markdown": bad})]),
        v4.new_code_cell("x", outputs=[v4.new_output("display_data", data={"image/png": bad})]),
        v4.new_code_cell(
            "x",
            outputs=[v4.new_output("stream", text=bad), v4.new_output("error", ename=bad, evalue=bad, traceback=[bad])],
        ),
        v4.new_code_cell("x", outputs=[v4.new_output("display_data", data={"application/javascript": "alert(1)"})]),
    ]
    text = text_of(*cells, title=bad)
    page = Page(text)
    assert nothing_runs_or_loads(page)
    assert len(page.all("main")) == 1 and text.count("</main>") == 1
    assert all(i["alt"] for i in page.all("img"))


def test_hostile_text_of_our_own_pieces_is_shown_as_it_is():
    page = page_of(shown(Prose((HOSTILE,), "plain", HOSTILE)), title=HOSTILE)
    assert page.text.count(HOSTILE) >= 4


def test_links_to_the_web_are_kept_and_tell_nobody_where_they_are_from():
    page = page_of(markdown("[a](https://nces.ed.gov) <b>bold</b>"))
    assert {"href": "https://nces.ed.gov", "rel": "noopener noreferrer"} in page.all("a")


def test_a_cell_that_held_only_the_title_leaves_no_empty_box():
    assert "ll-text" not in document.build(notebook(markdown("# A case"), shown(TABLE))).body


def test_school_years_and_ranges_stay_on_one_line():
    text = text_of(markdown("In 1999–00, and `1999–00`."), shown(TABLE))
    assert 'In <span class="ll-short">1999–00</span>, and <code>1999–00</code>.' in text
    assert '<span class="ll-short">12.5%</span> <span class="ll-short ll-range">(10.0% to 15.0%)</span>' in text


def test_attribute_text_is_escaped_once():
    cell = shown(FIGURE)
    cell.outputs[0].metadata["image/png"]["alt"] = 'R&D <5% "low"'
    assert page_of(cell).all("img")[0]["alt"] == 'R&D <5% "low"'


def test_style_sheet_prints_without_the_contents_and_repeats_table_heads(whole):
    sheet = html.style()
    assert "@media print" in sheet and "table-header-group" in sheet and "@import" not in sheet and "url(" not in sheet


def test_a_case_keeps_its_own_title_and_the_school_stands_above_it():
    book = notebook(markdown("# What should six hours go to?"), shown(Prose(("x",), title="Lincoln", level=1)))
    book.metadata["leadlib"] = {"kind": "case"}
    made = document.build(book, title="Lincoln Elementary")
    assert (made.heading, made.kicker) == ("What should six hours go to?", "Lincoln Elementary")
    assert made.title == "What should six hours go to? — Lincoln Elementary"
    page = Page(html.page(made))
    assert len(page.all("h1")) == 1 and "<h2" in made.body


def test_a_case_without_a_school_has_its_title_alone():
    book = notebook(markdown("# Which three things?"))
    book.metadata["leadlib"] = {"kind": "case"}
    made = document.build(book)
    assert (made.title, made.heading, made.kicker) == ("Which three things?", "Which three things?", "")
