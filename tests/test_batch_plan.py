"""The plan: everything is checked, and nothing is written, before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import batch_samples as samples
import nbformat
import pytest

from leadlib.batch import Plan, Request, plan
from leadlib.errors import InputError


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.pack(tmp_path_factory.mktemp("packs") / "tiny")


@pytest.fixture
def request_(pack: Path, tmp_path: Path) -> Request:
    notebook = samples.notebook(tmp_path / "n.ipynb")
    return Request(notebook, str(pack), {"district": "Small Valley"}, name="b", out=tmp_path / "out")


def problems_of(request: Request) -> list[str]:
    before = sorted(request.out.parent.rglob("*"))
    with pytest.raises(InputError) as error:
        plan(request)
    assert sorted(request.out.parent.rglob("*")) == before, "bad input left something behind"
    return [str(p) for p in error.value.problems]


def test_a_plan_has_one_job_a_school_sorted_by_file_name(request_: Request) -> None:
    made = plan(request_)
    assert [(j.slug, j.school_id, j.title) for j in made.jobs] == [
        ("low-elementary-002", "002", "Low Elementary, Small Valley"),
        ("pena-s-high-001", "001", "Peña's High, Small Valley"),
    ]
    assert made.folder == request_.out / "b" and not request_.out.exists()


def test_a_value_is_given_with_the_type_its_parameter_declares(request_: Request) -> None:
    made = plan(replace(request_, parameters={"year": "1998", "share": "1", "deep": "no", "audience": "board"}))
    assert made.jobs[0].parameters | {"pack": ""} == {
        "pack": "",
        "school_id": "002",
        "year": 1998,
        "share": 1.0,
        "deep": False,
        "audience": "board",
    }


def test_the_newest_year_is_taken_when_none_is_given(request_: Request) -> None:
    assert plan(request_).parameters["year"] == 1999
    assert plan(replace(request_, where={"district": "Big Hill"})).parameters["year"] == 1998


def test_a_school_without_the_year_is_left_out_and_said(request_: Request) -> None:
    made = plan(replace(request_, where={}, schools=("all",)))
    assert [j.school_id for j in made.jobs] == ["002", "001"] and made.left_out == (("003", "Old Mill"),)


def test_a_school_asked_for_by_its_id_is_not_left_out_in_silence(request_: Request) -> None:
    (problem,) = problems_of(replace(request_, where={}, schools=("001", "003"), parameters={"year": "1999"}))
    assert "school '003' has no data for 1999 -> it has 1997, 1998" in problem


def test_a_year_that_no_school_has_is_refused_with_the_nearest(request_: Request) -> None:
    (problem,) = problems_of(replace(request_, parameters={"year": "1989"}))
    assert "no school chosen has data for 1989 -> did you mean" in problem


def test_a_pack_given_as_a_folder_is_named_from_where_the_notebook_stands(request_: Request, pack: Path) -> None:
    named = plan(request_).jobs[0].parameters["pack"]
    assert not os.path.isabs(named) and "/" in named
    assert (request_.notebook.parent / named).samefile(pack)


def test_a_pack_found_by_its_name_keeps_it(request_: Request, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pack.parent)
    assert plan(replace(request_, pack="tiny")).jobs[0].parameters["pack"] != "tiny"  # a folder, found from here alone
    monkeypatch.setenv("LEADLIB_DATA", str(pack.parent))
    assert plan(replace(request_, pack="tiny")).jobs[0].parameters["pack"] == "tiny"


def test_an_id_keeps_its_zeros(request_: Request) -> None:
    assert plan(replace(request_, where={}, schools=("002",))).jobs[0].parameters["school_id"] == "002"
    (problem,) = problems_of(replace(request_, where={}, schools=("2",)))
    assert "'2' is no school" in problem


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"pack": "tyni"}, "there is no such pack"),
    ({"where": {"distrct": "x"}}, "did you mean 'district'?"),
    ({"where": {"district": "Smal Valley"}}, "did you mean 'Small Valley'"),
    ({"where": {"district": "Big Hill", "level": "High"}}, "no school fits all of this"),
    ({"where": {}}, "no school is chosen"),
    ({"schools": ("003",)}, "'003' is no school of"),
    ({"where": {}, "schools": ("01",)}, "'01' is no school of"),
    ({"parameters": {"audence": "board"}}, "did you mean 'audience'?"),
    ({"parameters": {"year": "last"}}, "'last' is not a whole number"),
    ({"parameters": {"audience": "parent"}}, "is not a value it takes"),
    ({"parameters": {"school_id": "001"}}, "'school_id' is set for each school by the batch"),
    ({"parameters": {"x=1;import os": "1"}}, "cannot be the name of a parameter"),
    ({"to": ("html", "pfd")}, "there is no format 'pfd' -> did you mean 'pdf'?"),
    ({"to": ()}, "no format is named"),
    ({"name": "../x"}, "cannot be the name of a folder"),
    ({"notebook": Path("absent.ipynb")}, "there is no such notebook"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES, ids=[said for _, said in CHANGES])
def test_bad_input_is_one_clear_problem_and_nothing_is_written(
    change: dict[str, Any], said: str, request_: Request
) -> None:
    (problem,) = problems_of(replace(request_, **change))
    assert said in problem


def test_all_problems_are_told_at_once(request_: Request) -> None:
    wrong = {"audence": "x", "year": "x"}
    found = problems_of(replace(request_, pack="tyni", parameters=wrong, to=("doc",), name="con"))
    assert [sum(said in p for p in found) for said in ("tyni", "audence", "whole number", "'doc'", "'con'")] == [1] * 5


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (None, ["no cell is tagged 'parameters'"]),
        ("school_id: str = '1'\nyear: int = 1999", ["no text parameter 'pack'"]),
        ("pack: str = 'x'\nyear: int = 1999", ["no text parameter 'school_id'"]),
        ("pack: str = 'x'\nschool_id: int = 1", ["no text parameter 'school_id'"]),
        ("year: int = 1999", ["no text parameter 'pack'", "no text parameter 'school_id'"]),
    ],
)
def test_a_notebook_that_cannot_be_told_the_school_is_refused(
    parameters: str | None, said: list[str], request_: Request
) -> None:
    samples.notebook(request_.notebook, parameters=parameters)
    assert [any(s in p for p in problems_of(request_)) for s in said] == [True] * len(said)


def test_a_notebook_without_a_year_is_not_given_one(request_: Request) -> None:
    samples.notebook(request_.notebook, parameters="pack: str = 'x'\nschool_id: str = '1'")
    assert "year" not in plan(request_).jobs[0].parameters


def test_schools_whose_files_would_collide_are_refused(request_: Request, tmp_path: Path) -> None:
    rows = [(i, "Oak", "1", "Hill", "High") for i in ("a:b", "a?b", "c")]
    clash = samples.pack(tmp_path / "clash", rows, {})
    (problem,) = problems_of(replace(request_, pack=str(clash), where={"district": "Hill"}))
    assert "'a:b', 'a?b' would all be written to 'oak-a-b'" in problem


def test_hostile_schools_are_planned_inside_the_folder(request_: Request, tmp_path: Path) -> None:
    ids = ["../x", "a:b|c?", "S1\nS2", "y" * 300, "con", "http://host/x"]
    hostile = samples.pack(tmp_path / "hostile", [(i, i, "1", "Hill", "High") for i in ids], {})
    made = plan(replace(request_, pack=str(hostile), where={"district": "Hill"}))
    assert sorted(j.school_id for j in made.jobs) == sorted(ids)
    pages = [(made.folder / "html" / f"{j.slug}.html").resolve() for j in made.jobs]
    assert [p.parent for p in pages] == [(made.folder / "html").resolve()] * len(ids)


def test_a_table_that_breaks_its_dictionary_is_told_before_anything_runs(request_: Request, tmp_path: Path) -> None:
    broken = samples.pack(tmp_path / "broken")
    for table in ("schools", "school_years"):
        (broken / f"{table}.csv.gz").write_bytes(b"not what the dictionary describes")
    found = problems_of(replace(request_, pack=str(broken)))
    assert [any(f"broken/{t}.csv.gz" in p for p in found) for t in ("schools", "school_years")] == [True, True]


def a_file(path: Path) -> None:
    path.write_text("in the way", encoding="utf-8")


@pytest.mark.parametrize("place", ["out", "out/b"])
def test_a_file_in_the_way_of_the_folder_is_refused(place: str, request_: Request) -> None:
    path = request_.out.parent / place
    path.parent.mkdir(exist_ok=True)
    a_file(path)
    (problem,) = problems_of(request_)
    assert "is a file, so no folder can be made here -> choose another folder" in problem


def test_a_folder_that_cannot_be_written_is_refused(request_: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", denied)
    (problem,) = problems_of(request_)
    assert "cannot be written (Permission denied)" in problem


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_read_only_folder_is_refused(request_: Request) -> None:
    request_.out.mkdir()
    request_.out.chmod(0o500)
    (problem,) = problems_of(request_)
    assert "cannot be written" in problem


def test_a_folder_with_files_of_somebody_else_is_refused(request_: Request) -> None:
    (request_.out / "b").mkdir(parents=True)
    a_file(request_.out / "b" / "thesis.docx")
    (problem,) = problems_of(request_)
    assert "holds files that no batch made" in problem


@pytest.mark.parametrize(
    "prepare",
    [
        lambda f: None,
        lambda f: f.mkdir(parents=True),
        lambda f: (f.mkdir(parents=True), a_file(f / ".lock")),
        lambda f: (f.mkdir(parents=True), a_file(f / "manifest.json")),
    ],
)
def test_a_new_an_empty_and_an_earlier_folder_are_taken(prepare: Callable[[Path], Any], request_: Request) -> None:
    prepare(request_.out / "b")
    assert isinstance(plan(request_), Plan)


def test_a_batch_without_a_name_is_named_after_what_it_holds(request_: Request) -> None:
    assert plan(replace(request_, name="")).name == "tiny-small-valley"


def test_a_notebook_that_asks_for_a_program_is_run_once_a_program(tmp_path):
    notebook = tmp_path / "programs.ipynb"
    cell = nbformat.v4.new_code_cell(
        'pack: str = "cedar-valley"\nprogram_id: str = "coaching"', metadata={"tags": ["parameters"]}
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), notebook)
    asked = Request(notebook, "cedar-valley", {}, ("all",), out=tmp_path / "out")
    planned = plan(asked)
    assert planned.unit.word == "program" and len(planned.jobs) == 9
    assert {job.parameters["program_id"] for job in planned.jobs} == {job.school_id for job in planned.jobs}
    assert all("school_id" not in job.parameters for job in planned.jobs)
    assert [job.school_name for job in planned.jobs if job.school_id == "coaching"] == ["Instructional coaching"]
    one = plan(replace(asked, schools=("coaching",)))
    assert [job.school_id for job in one.jobs] == ["coaching"]


@pytest.mark.parametrize(
    ("pack", "where", "ids", "message"),
    [
        ("cedar-valley", {}, ("coachin",), "is no program of 'cedar-valley'"),
        ("cedar-valley", {"level": "High"}, (), "is run for programs, not for schools"),
        ("california-2000", {}, ("all",), "has no tables programs"),
        ("cedar-valley", {}, (), "no program is chosen"),
    ],
)
def test_programs_that_cannot_be_chosen_are_told(pack, where, ids, message, tmp_path):
    notebook = tmp_path / "programs.ipynb"
    cell = nbformat.v4.new_code_cell('pack: str = "x"\nprogram_id: str = "y"', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), notebook)
    with pytest.raises(InputError, match=message):
        plan(Request(notebook, pack, where, ids, out=tmp_path / "out"))
