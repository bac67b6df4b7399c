"""The list of notebooks a learner chooses from; the lists of standards and concepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import leadlib as ll
from leadlib.errors import InputError
from leadlib.lessons import listed

ENTRY = {"kind": "case", "minutes": 90, "standards": ["PSEL 4", "PSEL 9", "NELP 6"], "question": "What works?"}
CASES: list[dict[str, Any]] = [
    {**ENTRY, "id": "start-here", "file": "00.ipynb", "title": "Start", "tables": ["schools"]},
    {**ENTRY, "id": "one", "file": "cases/01-a.ipynb", "title": "A & B?", "tables": ["schools", "principal_time"]},
    {**ENTRY, "id": "two", "file": "cases/02-b.ipynb", "title": "C?", "tables": ["schools", "nothing"]},
    {
        **ENTRY,
        "id": "four",
        "file": "cases/03-c.ipynb",
        "title": "D?",
        "tables": ["schools"],
        "any_of": [["bells"], ["pupil_years"]],
    },
    {**ENTRY, "id": "three", "file": "reports/r.ipynb", "title": "R", "tables": ["schools"], "kind": "report"},
]


@pytest.fixture
def these(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "contents.yml").write_text(yaml.safe_dump(CASES), encoding="utf-8")
    monkeypatch.setattr(listed, "place", lambda: tmp_path / "contents.yml")


@pytest.mark.usefixtures("these")
def test_each_case_is_a_row_with_the_packs_that_have_its_tables() -> None:
    table = ll.lessons.contents().table
    assert [row[0] for row in table.cells] == ["1. A & B?", "2. C?", "3. D?"]
    assert table.cells[0][1:] == ("What works?", "90", "PSEL 4 and 9; NELP 6", "cedar-valley")
    assert table.note.startswith(
        "PSEL 4: Curriculum, Instruction, and Assessment; PSEL 9: Operations and Management; NELP 6"
    )
    assert table.note.endswith("published text.") and "PSEL 5" not in table.note
    assert table.cells[1][-1] == "none here"
    assert table.cells[2][-1] == "cedar-valley and tennessee-star"
    assert ll.lessons.contents("report").table.cells[0][-1].startswith("california-2000, cedar-valley")


@pytest.mark.usefixtures("these")
def test_titles_are_links_that_open_the_notebook() -> None:
    html = ll.lessons.contents().html()
    assert '<th scope="row" class="ll-left"><a href="cases/01-a.ipynb">1. A &amp; B?</a></th>' in html
    assert html.count("<a ") == 3


@pytest.mark.usefixtures("these")
def test_a_kind_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'case'"):
        ll.lessons.contents("cases")


def test_the_list_is_found_from_the_library_and_from_where_somebody_stands(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert listed.place() == root / "notebooks/contents.yml"
    monkeypatch.setattr(listed, "WORKBOOK", tmp_path / "site")
    monkeypatch.chdir(root / "notebooks")
    assert listed.place() == root / "notebooks/contents.yml"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="start from the workbook's folder"):
        listed.place()


def test_there_are_ten_standards_of_one_set_and_eight_of_the_other() -> None:
    assert list(ll.lessons.listed.standards()) == [f"PSEL {k}" for k in range(1, 11)] + [
        f"NELP {k}" for k in range(1, 9)
    ]
    for about in listed.standards().values():
        assert about["name"] and about["source"] and isinstance(about["verified"], bool)


def test_every_case_of_the_catalog_teaches_something() -> None:
    assert sorted({case for cases in listed.concepts().values() for case in cases} - {"00"})[0] == "01"
    assert {"01", "03", "07", "08", "12", "19"} <= {case for cases in listed.concepts().values() for case in cases}
