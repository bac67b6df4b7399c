"""What a report read is known: tables, own rows, files, modules; and nothing that is not its business."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import batch_samples as samples
import pytest

import leadlib as ll
from leadlib.engines import reads
from leadlib.engines.own_files import OwnFiles
from leadlib.tables.packs import seen


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    samples.pack(tmp_path / "tiny")
    (tmp_path / "own.csv").write_text("a\n1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    reads.record(tmp_path / "n.ipynb")
    return tmp_path


def test_a_report_that_read_nothing_was_watched(place: Path) -> None:
    assert reads.found() == {"watched": "yes"}


def test_a_table_in_memory_counts_each_time_that_it_is_asked_for(place: Path) -> None:
    first = [ll.load("./tiny/schools"), reads.found()][1]
    reads.record(place / "n.ipynb")
    ll.load("./tiny/schools")
    assert reads.found() == first and sorted(first) == ["dictionary ./tiny", "table ./tiny/schools", "watched"]


def test_own_rows_count_apart_unless_all_are_read(place: Path) -> None:
    here = ll.school("./tiny", "001", 1999)
    assert len(here.rows("schools")) == 1 and len(here.table("schools")) == 3
    assert [key for key in reads.found() if key.startswith("table")] == [
        "table ./tiny/school_years for 001",
        "table ./tiny/schools",
    ]


def test_own_rows_have_the_digest_of_their_content_alone(place: Path) -> None:
    keys = [f"table ./tiny/schools for {i}" for i in ("001", "002", "none")]
    before = [reads.digest(key, place) for key in keys]
    samples.pack(place / "tiny", [*samples.ROWS[:1], (*samples.ROWS[1][:4], "Middle")])
    after = [reads.digest(key, place) for key in keys]
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    assert before[2] == after[2] == reads.ABSENT
    assert len({*before, *after}) == 4


def test_an_id_may_hold_any_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.pack(tmp_path / "tiny", [("a/b for c", "Odd", "1", "Hill", "High")])
    monkeypatch.chdir(tmp_path)
    reads.record()
    ll.school("./tiny", "a/b for c", 1999)
    found = reads.found()
    assert "table ./tiny/schools for a%2Fb%20for%20c" in found and reads.ABSENT not in found.values()
    assert {key: reads.digest(key, tmp_path) for key in found} == found


def test_files_count_by_their_way_from_the_notebook(place: Path) -> None:
    (place / "sub").mkdir()
    (place / "sub" / "x.bin").write_bytes(b"1")
    reads.record(place / "n.ipynb")
    for path in ("own.csv", place / "sub" / "x.bin", "own.csv"):
        with open(path, "rb") as file:
            file.read()
    with pytest.raises(FileNotFoundError):
        Path("later.csv").read_bytes()
    found = reads.found()
    assert sorted(found) == ["file later.csv", "file own.csv", "file sub/x.bin", "watched"]
    assert found["file later.csv"] == reads.ABSENT
    assert {key: reads.digest(key, place) for key in found} == found
    (place / "later.csv").write_text("there", encoding="utf-8")
    assert reads.digest("file later.csv", place) != reads.ABSENT


def test_what_the_run_wrote_itself_is_not_what_it_was_made_from(place: Path) -> None:
    Path("made.txt").write_text("x", encoding="utf-8")
    Path("made.txt").read_text(encoding="utf-8")
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    assert sorted(reads.found()) == ["watched"]


def test_what_is_read_and_then_written_counts_as_changed(place: Path) -> None:
    Path("own.csv").read_text(encoding="utf-8")
    Path("own.csv").write_text("a\n22\n", encoding="utf-8")
    assert reads.found()["file own.csv"] == reads.CHANGED


def test_a_table_that_changes_after_it_was_read_counts_as_changed(place: Path) -> None:
    ll.load("./tiny/schools")
    samples.pack(place / "tiny", samples.ROWS[:2])
    found = reads.found()
    assert found["table ./tiny/schools"] == found["dictionary ./tiny"] == reads.CHANGED


def test_a_module_beside_the_notebook_counts_also_when_it_is_in_memory(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(place)
    (place / "module_of_reads.py").write_text("WORD = 1", encoding="utf-8")
    __import__("module_of_reads")
    first = reads.found()
    reads.record(place / "n.ipynb")
    assert reads.found() == first and "file module_of_reads.py" in first
    monkeypatch.delitem(sys.modules, "module_of_reads")
    reads.record(place / "n.ipynb")
    __import__("module_of_reads")  # from its compiled form this time
    assert reads.found() == first


def test_a_packs_file_counts_when_the_notebook_itself_opens_it(place: Path) -> None:
    (place / "tiny" / "schools.csv.gz").read_bytes()
    assert "file tiny/schools.csv.gz" in reads.found()


def test_the_notebook_and_other_files_of_the_machine_do_not_count(place: Path) -> None:
    (place / "n.ipynb").write_text("{}", encoding="utf-8")
    for path in (place / "n.ipynb", Path(os.__file__), Path(ll.__file__), Path(pytest.__file__)):
        path.read_bytes()
    assert sorted(reads.found()) == ["watched"]


def test_which_files_are_a_reports_own(tmp_path: Path) -> None:
    own = OwnFiles(tmp_path / "project")
    temp, home = Path(tempfile.gettempdir()), Path.home()
    yes = [tmp_path / "project" / "a.csv", tmp_path / "project" / "deep" / "b.py", home / "data" / "x.csv"]
    no = [temp / "x.csv", temp / "leadlib-1" / "y", home / ".cache" / "z", home / ".ipython" / "startup" / "s.py"]
    no += [Path(sys.prefix) / "lib" / "x.py", Path(ll.__file__).parent / "new.json"]
    assert [own.count(str(p)) for p in (*yes, *no)] == [True] * len(yes) + [False] * len(no)


def test_nothing_is_noted_when_nobody_asked(place: Path) -> None:
    first = reads.found()
    Path("own.csv").read_text(encoding="utf-8")
    ll.load("./tiny/schools")
    assert reads.found() == first


def test_preparing_is_no_look_at_the_data(place: Path) -> None:
    before = seen()
    reads.prepare(place / "tiny")
    assert seen() == before and sorted(reads.found()) == ["watched"]


def test_an_answer_is_plain_json_in_one_order(place: Path) -> None:
    Path("own.csv").read_text(encoding="utf-8")
    ll.load("./tiny/schools")
    found = reads.found()
    assert json.loads(json.dumps(found)) == found and list(found) == sorted(found)


def test_a_key_that_nothing_answers_to_has_no_digest(tmp_path: Path) -> None:
    for key in ("table ./no/schools", "dictionary ./no", "table odd", "else", "table nowhere/schools for 1"):
        assert reads.digest(key, tmp_path) is None
