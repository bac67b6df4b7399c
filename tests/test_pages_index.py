"""The index of a batch: who has a report, how results ran, what failed."""

import json
import re

import pytest
from pages_samples import HOSTILE, Page, nothing_runs_or_loads

from leadlib.errors import InputError
from leadlib.pages import index

API = "Academic Performance Index"


def school(name, points=((1998, 600), (1999, 640)), **other):
    slug = f"s-{name.lower()[:5]}"
    trend = [{"measure": API, "points": [list(p) for p in points]}] if points else []
    facts = {"school_id": slug, "school_name": name, "slug": slug, "status": "done", "lea_name": "Cedar Valley Unified"}
    return {**facts, "school_level": "Primary", "outputs": {}, "trend": trend, **other}


def manifest(*schools, **other):
    facts = {
        "batch": "cedar",
        "notebook": {"path": "notebooks/a.ipynb", "sha256": "ab" * 32},
        "pack": {"name": "california"},
    }
    return {**facts, "code": "cd" * 32, "versions": {"python": "3.11.7"}, "schools": list(schools), **other}


def text_of(folder, *schools, **other) -> str:
    return index(folder, manifest(*schools, **other)).read_text(encoding="utf-8")


def paths(text) -> list[str]:
    return re.findall(r'<path d="([^"]*)"', text)


def test_each_school_has_a_row_with_its_values_and_a_small_picture_in_words(tmp_path):
    text = text_of(tmp_path, school("Lincoln"), school("Adams", [(1999, 500)]))
    page = Page(text)
    assert re.findall(r'<th scope="row">(.*?)</th>', text) == ["Adams", "Lincoln"]
    assert [s["aria-label"] for s in page.all("svg")] == ["Only 1999–00: 500", "600 in 1998–99, 640 in 1999–00"]
    assert all(s["role"] == "img" for s in page.all("svg"))
    assert "+40" in page.text and "2 schools, 2 reports." in page.text


def test_small_pictures_of_a_measure_share_one_scale(tmp_path):
    text = text_of(tmp_path, school("A", [(1998, 400), (1999, 600)]), school("B", [(1998, 600), (1999, 800)]))
    first, second = (re.findall(r"[\d.]+ ([\d.]+)", p) for p in paths(text))
    assert first[1] == second[0] and float(first[0]) > float(second[0]) > float(second[1])
    assert "drawn from 400 to 800 for every school" in text


def test_a_year_that_is_missing_breaks_the_line(tmp_path):
    assert paths(text_of(tmp_path, school("A", [(1996, 1), (1997, 2), (1999, 3)])))[0].count("M") == 2


def test_values_are_sorted_as_numbers_and_missing_ones_are_marked(tmp_path):
    page = Page(text_of(tmp_path, school("A"), school("B", ())))
    assert [c["data-v"] for c in page.all("td") if "data-v" in c] == ["640", "40", "", ""]


def test_links_are_made_for_files_that_are_there_and_no_other(tmp_path):
    for kind, name in (("html", "s-linco.html"), ("pdf", "s-linco.pdf"), ("failed", "s-adams.ipynb")):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / name).write_text("x")
    bad = {"html": {"path": "../../secret.html"}}
    failed = school("Adams", status="failed", outputs={"failed": {"path": "failed/s-adams.ipynb"}})
    page = Page(text_of(tmp_path, school("Lincoln"), school("Other", outputs=bad), failed))
    links = [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    assert links == ["html/s-linco.html", "pdf/s-linco.pdf", "failed/s-adams.ipynb", "manifest.json"]


def test_failures_stand_in_a_section_of_their_own_with_cell_and_message(tmp_path):
    text = text_of(tmp_path, school("A"), school("B", status="failed", cell=7, message="InputError: no year <1998>"))
    below = Page(text[text.index("What failed") :]).text
    assert [t in below for t in ("B", "7", "InputError: no year <1998>")] == [True] * 3
    assert "1 failed" in Page(text).text


def test_a_batch_without_a_report_says_so(tmp_path):
    page = Page(text_of(tmp_path, school("B", status="failed", message="m")))
    assert "No report was finished." in page.text and page.all("script") == []


def test_page_is_readable_by_all_and_loads_nothing(tmp_path):
    page = Page(text_of(tmp_path, school("A"), school("B", status="failed", message="m")))
    assert nothing_runs_or_loads(page, scripts=1)
    assert page.all("html") == [{"lang": "en"}] and len(page.all("h1")) == 1 and len(page.ids()) == len(set(page.ids()))
    assert all(h["scope"] in ("col", "row") for h in page.all("th"))
    assert {"for": "find"} in page.all("label")


def test_names_and_messages_are_text_wherever_they_stand(tmp_path):
    bad = HOSTILE + "\" onclick='x' </script>"
    trend = [{"measure": bad, "points": [[1999, 1.5]]}, {"measure": "m", "points": [[1999, 2]]}]
    other = school("Evil", status="failed", message=bad, cell=bad, lea_name=bad)
    facts = {"batch": bad, "title": bad, "pack": {"name": bad}, "versions": {"python": bad}}
    text = text_of(tmp_path, school(bad, trend=trend, school_level=bad, lea_name=bad), other, **facts)
    assert nothing_runs_or_loads(Page(text), scripts=1) and Page(text).text.count(bad) >= 8


@pytest.mark.parametrize(
    ("decimals", "values", "shown"), [(0, (600, 640), "640"), (1, (600.25, 640.5), "640.5"), (2, (0.1, 0.35), "0.35")]
)
def test_numbers_of_a_measure_have_as_many_decimals_as_they_need(tmp_path, decimals, values, shown):
    assert f">{shown}<" in text_of(tmp_path, school("A", list(zip((1998, 1999), values, strict=True))))


def test_heading_is_the_district_when_there_is_one_and_else_the_batch(tmp_path):
    assert "<h1>Cedar Valley Unified</h1>" in text_of(tmp_path, school("A"))
    assert "<h1>Two districts</h1>" in text_of(
        tmp_path, school("A"), school("B", lea_name="Delta"), batch="two-districts"
    )


def test_only_the_measures_that_most_schools_have_get_a_column(tmp_path):
    def trends(*names):
        return [{"measure": n, "points": [[1999, 1]]} for n in names]

    text = text_of(tmp_path, school("A", trend=trends("rare", "m1", "m2")), school("B", trend=trends("m2", "m1")))
    assert re.findall(r'<th scope="col">(\w+)</th>', text) == ["m1", "m2"]


def test_the_same_batch_gives_the_same_bytes_whatever_the_clock_said(tmp_path):
    one = text_of(tmp_path, school("A", seconds=1.2), school("B"), started="2026-01-01T00:00:00")
    assert one == text_of(tmp_path, school("B"), school("A", seconds=9.9), started="2026-02-02T00:00:00")


def test_a_manifest_can_be_given_as_a_file_and_a_broken_one_is_named(tmp_path):
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest(school("A"))), encoding="utf-8")
    assert index(tmp_path, path) == tmp_path / "index.html"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json"):
        index(tmp_path, path)


def test_a_thousand_schools_stay_a_small_page(tmp_path):
    many = [school(f"School {k}", slug=f"s{k}") for k in range(1000)]
    assert len(text_of(tmp_path, *many)) < 800_000


def test_the_district_has_a_column_only_where_there_are_several(tmp_path):
    one = text_of(tmp_path, school("A", lea_name="North"), school("B", lea_name="North"))
    two = text_of(tmp_path, school("A", lea_name="North"), school("B", lea_name="South"))
    assert ">South<" in two and ">North<" in two
    assert "<td" in one and ">North</td>" not in one and ">North</td>" in two
