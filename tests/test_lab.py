"""Reports inside a notebook: lists that follow one from the other, a page, and a clear word when there is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import batch_samples as samples
import pytest

from leadlib import lab
from leadlib.errors import InputError

ROWS = [
    ("001", "Oak", "100", "Small Valley", "High"),
    ("002", "Elm", "100", "Small Valley", "Primary"),
    ("003", "Oak", "200", "Big Hill", "High"),
    ("004", "Oak", "200", "Big Hill", "Primary"),
    ("005", "Ash", "300", "Big Hill", "Primary"),
    ("bad", "Bad", "400", "Hollow", "High"),
]
YEARS = {"002": (1997, 1999)}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    samples.pack(folder / "packs" / "tiny", ROWS, YEARS)
    samples.pack(folder / "packs" / "other", ROWS[:1], {})
    samples.notebook(folder / "n.ipynb", [samples.SHOW, samples.FAIL, "from leadlib.blocks import Prose", samples.LAST])
    return folder


@pytest.fixture(autouse=True)
def _data(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LEADLIB_DATA", str(place / "packs"))
    monkeypatch.setattr(lab, "_warm", [])
    yield
    for worker in lab._warm:
        worker.close()


@pytest.fixture
def picker(place: Path) -> lab.Picker:
    return lab.picker(pack="tiny", notebook=place / "n.ipynb")


def options(box: object) -> list[object]:
    return list(box.options)  # type: ignore[attr-defined]


def test_the_lists_start_at_the_first_of_each_and_the_newest_year(picker: lab.Picker) -> None:
    assert ("A few schools", "tiny") in options(picker.pack)
    assert (picker.pack.value, picker.district.value, picker.school.value) == ("tiny", "Big Hill (200)", "003")
    assert options(picker.year) == [("1999–00", 1999), ("1998–99", 1998)] and picker.year.value == 1999
    assert options(picker.audience) == ["principal", "board"]


def test_schools_and_districts_of_one_name_are_told_apart(picker: lab.Picker) -> None:
    assert options(picker.district) == ["Big Hill (200)", "Big Hill (300)", "Hollow", "Small Valley"]
    assert options(picker.school) == [("Oak (003)", "003"), ("Oak (004)", "004")]


def test_a_district_brings_its_schools_and_a_school_its_years(picker: lab.Picker) -> None:
    picker.district.value = "Small Valley"
    assert options(picker.school) == [("Elm", "002"), ("Oak", "001")]
    assert options(picker.year) == [("1999–00", 1999), ("1997–98", 1997)]
    picker.school.value = "001"
    assert options(picker.year) == [("1999–00", 1999), ("1998–99", 1998)]


def test_a_pack_brings_its_districts(picker: lab.Picker) -> None:
    picker.pack.value = "other"
    assert options(picker.district) == ["Small Valley"] and options(picker.school) == [("Oak", "001")]


def test_what_is_given_is_picked(place: Path) -> None:
    given = lab.picker("tiny", "002", 1997, "board", notebook=place / "n.ipynb")
    assert (given.district.value, given.school.value, given.year.value, given.audience.value) == (
        "Small Valley",
        "002",
        1997,
        "board",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("tinny",), "did you mean 'tiny'"),
        (("tiny", "01"), "there is no school '01'"),
        (("tiny", "001", 1990), "there is no 1990"),
        (("tiny", "001", 1999, "bord"), "did you mean 'board'"),
    ],
)
def test_what_is_not_there_is_refused_with_the_nearest(given: tuple, said: str, place: Path) -> None:
    with pytest.raises(InputError, match=said):
        lab.picker(*given, notebook=place / "n.ipynb")


def page_in(html: str) -> str:
    found = re.search(r'<iframe title="([^"]*)" srcdoc="([^"]*)" sandbox="allow-popups"', html)
    assert found
    return unescape(found.group(2))


def test_the_button_shows_the_page_of_the_school_that_is_picked(picker: lab.Picker, place: Path) -> None:
    said: list[str] = []
    picker.status.observe(lambda change: said.append(change["new"]), "value")
    before = sorted(place.rglob("*"))
    picker.district.value, picker.school.value, picker.year.value = "Small Valley", "001", 1998
    picker.button.click()
    assert "Making the report of Oak" in said[0] and "Oak, Small Valley, 1998–99. The page is also kept as" in said[-1]
    assert "The end of 001" in page_in(picker.page.value)
    assert sorted(place.rglob("*")) == before, "the report was written beside the notebook"
    assert not picker.button.disabled
    picker.district.value = "Hollow"
    picker.button.click()
    assert "Not done." in said[-1] and "Bad, cell 4: ValueError: no pupils &lt;b&gt;here&lt;/b&gt;" in said[-1]
    assert picker.page.value == "" and not picker.button.disabled


def test_a_report_shows_itself_with_text_that_stays_the_same(place: Path) -> None:
    made = [lab.report("tiny", "002", 1999, "board", notebook=place / "n.ipynb") for _ in range(2)]
    assert repr(made[0]) == "Report: Elm, Small Valley, 1999–00"
    assert made[0]._repr_mimebundle_() == made[1]._repr_mimebundle_()
    assert made[0].path != made[1].path and made[0].path.read_text(encoding="utf-8") == made[0].page
    assert page_in(made[0].html()) == made[0].page and "The end of 002" in made[0].page
    assert 'download="elm-002.html"' in made[0].html()


def test_a_school_or_reader_that_is_not_there_is_refused(place: Path) -> None:
    with pytest.raises(InputError) as error:
        lab.report("tiny", "01", 1999, "bord", notebook=place / "n.ipynb")
    assert len(error.value.problems) == 2


def test_the_picker_is_a_widget_with_a_text_beside_it(picker: lab.Picker) -> None:
    shown = picker._repr_mimebundle_()
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == picker.widget.model_id
    assert shown["text/plain"].startswith("Lists to pick a school from")


def test_reports_and_cases_of_the_workbook_can_be_picked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEADLIB_DATA")
    shown = lab.picker(pack="tennessee-star", audience="board")
    names = [name for name, _ in options(shown.notebook)]
    assert names[:2] == ["School report", "Action plan"] and names[2].startswith("1. A principal's week")
    assert "Program evaluation" not in names, "that one is run for a program"
    assert (shown.audience.value, shown.audience.disabled) == ("board", False)
    shown.notebook.value = dict(options(shown.notebook))[names[2]]
    assert (shown.audience.value, shown.audience.disabled) == (None, True)
    shown.notebook.value = dict(options(shown.notebook))["School report"]
    assert shown.audience.value == "principal" and shown.notebook in shown.widget.children


def test_one_notebook_needs_no_list(picker: lab.Picker) -> None:
    assert picker.notebook not in picker.widget.children


def test_a_workbook_without_its_list_has_its_report_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> Path:
        raise InputError([])

    monkeypatch.setattr("leadlib.lessons.listed.place", absent)
    assert [name for name, _ in lab._offered()] == ["School report"]


def test_the_workbooks_own_report_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert lab._notebook(None).name == "school-report.ipynb"
