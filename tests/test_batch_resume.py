"""A second run makes again what could come out otherwise, and nothing else: 25 edits, each with its reason."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import batch_samples as samples
import nbformat
import pytest

from leadlib.batch import Request, manifest, plan, resume, run
from leadlib.errors import InputError

CELLS = (
    "import leadlib as ll",
    "here = ll.school(pack, school_id, year)",
    "print(here.name, len(here.table('school_years')), open('note.txt').read(), share)",
    "import helper_of_tests; print(helper_of_tests.WORD)",
    "if school_id == '002' and open('mode.txt').read() == 'fail': raise ValueError('no pupils')",
)
IDS = ["001", "002", "003"]
EVERY_YEAR: dict[str, tuple[int, ...]] = {"001": (1997, 1998, 1999)}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadlib.engines.pool.Pool", samples.Mill)
    monkeypatch.setattr(samples.Mill, "ran", [])
    monkeypatch.delitem(sys.modules, "helper_of_tests", raising=False)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    """Ask for three schools, which have been run once."""
    monkeypatch.syspath_prepend(tmp_path)
    for name, text in (("note.txt", "a"), ("mode.txt", "fine"), ("helper_of_tests.py", "WORD = 1")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    notebook, pack = samples.notebook(tmp_path / "n.ipynb", CELLS), samples.pack(tmp_path / "tiny", years=EVERY_YEAR)
    given = {"year": "1999"}
    request = Request(notebook, str(pack), {}, ("all",), given, to=("html",), name="b", out=tmp_path / "out")
    assert run(plan(request)).exit_code == 0
    samples.Mill.ran.clear()
    return request


def folder(request: Request) -> Path:
    return request.out / request.name


def again(request: Request, **how: Any) -> tuple[list[str], set[str]]:
    """Run again; give the schools that were run, and the reasons told."""
    reasons: list[str] = []
    summary = run(plan(request), hear=lambda decision: reasons.extend(decision.because), **how)
    assert summary.unchanged == len(summary.outcomes) - len(samples.Mill.ran)
    return sorted(samples.Mill.ran), set(reasons)


def files(request: Request) -> dict[str, bytes]:
    base = folder(request)
    return {p.relative_to(base).as_posix(): p.read_bytes() for p in base.rglob("*") if p.is_file()}


def made(request: Request) -> dict[str, bytes]:
    """Give all files but the manifest, which holds times."""
    return {name: content for name, content in files(request).items() if name != "manifest.json"}


def test_nothing_is_run_when_nothing_has_changed(asked: Request) -> None:
    before = made(asked)
    assert again(asked) == ([], {"unchanged"})
    assert made(asked) == before
    assert run(plan(asked)).exit_code == 0 and run(plan(asked)).done == 3


def test_a_reason_is_told_for_each_school_that_is_new(asked: Request) -> None:
    some = replace(asked, schools=("001", "002"), name="c")
    run(plan(some))
    samples.Mill.ran.clear()
    assert again(replace(some, schools=("all",))) == (["003"], {"unchanged", "new"})


def rewritten(request: Request, **change: Any) -> None:
    samples.pack(Path(request.pack), **{"years": EVERY_YEAR, **change})


def one_more_year(request: Request) -> None:
    rewritten(request, years={**EVERY_YEAR, "003": (1997, 1998, 1999)})


def another_level(request: Request) -> None:
    rewritten(request, rows=[*samples.ROWS[:2], (*samples.ROWS[2][:4], "Middle")])


def another_name(request: Request) -> None:
    rewritten(request, rows=[(samples.ROWS[0][0], "Other Name", *samples.ROWS[0][2:]), *samples.ROWS[1:]])


def another_meaning(request: Request) -> None:
    path = Path(request.pack) / "datapackage.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about["title"] = "Other schools"
    path.write_text(json.dumps(about), encoding="utf-8")


def edit(request: Request, what: Callable[[Any], None]) -> None:
    book = nbformat.read(request.notebook, as_version=4)
    what(book)
    nbformat.write(book, request.notebook)


def another_source(request: Request) -> None:
    edit(request, lambda book: book.cells[-1].update(source=book.cells[-1].source + "  # more"))


def another_prose(request: Request) -> None:
    edit(request, lambda book: book.cells[0].update(source="# Another title"))


def another_tag(request: Request) -> None:
    edit(request, lambda book: book.cells[-1].metadata.update(tags=["exhibit"]))


def another_file(request: Request) -> None:
    (request.notebook.parent / "note.txt").write_text("b", encoding="utf-8")


def another_helper(request: Request) -> None:
    (request.notebook.parent / "helper_of_tests.py").write_text("WORD = 22", encoding="utf-8")


def output(request: Request, kind: str) -> Path:
    return next((folder(request) / kind).glob("*-002.*"))


def one_bit(request: Request) -> None:
    page = output(request, "html")
    content = bytearray(page.read_bytes())
    content[0] ^= 1
    page.write_bytes(content)


def same_bytes_later(request: Request) -> None:
    os.utime(output(request, "html"), (1, 1))


def outputs_stored(request: Request) -> None:
    def store(book: Any) -> None:
        book.cells[-1].update(outputs=[nbformat.v4.new_output("stream", text="seen")], execution_count=7)
        book.cells[-1].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
        book.metadata["language_info"] = {"name": "python", "version": "3.99"}

    edit(request, store)


def touched(request: Request) -> None:
    for path in (request.notebook, *Path(request.pack).iterdir()):
        os.utime(path, (1, 1))


EDITS: dict[str, tuple[Callable[[Request], None], list[str], str]] = {
    "rows of a table that is read whole": (one_more_year, IDS, "data changed: school_years"),
    "a school's own row": (another_level, ["003"], "data changed: schools"),
    "the dictionary": (another_meaning, IDS, "data changed: datapackage.json"),
    "the source of a cell": (another_source, IDS, "notebook changed"),
    "prose": (another_prose, IDS, "notebook changed"),
    "the tag of a cell": (another_tag, IDS, "notebook changed"),
    "a file that is read": (another_file, IDS, "file changed: note.txt"),
    "a module beside the notebook": (another_helper, IDS, "file changed: helper_of_tests.py"),
    "a bit of an output": (one_bit, ["002"], "output changed: html"),
    "a missing output": (lambda r: output(r, "findings").unlink(), ["002"], "output missing: findings"),
    "a missing notebook": (lambda r: output(r, "notebooks").unlink(), ["002"], "output missing: notebooks"),
}


@pytest.mark.parametrize("what", EDITS)
def test_what_has_changed_is_run_again_and_nothing_else(what: str, asked: Request) -> None:
    change, ids, reason = EDITS[what]
    change(asked)
    ran, reasons = again(asked)
    assert (sorted(ran), reasons) == (ids, {reason, *(() if ids == IDS else ("unchanged",))})
    samples.Mill.ran.clear()
    assert again(asked) == ([], {"unchanged"})
    fresh = replace(asked, name="fresh")
    run(plan(fresh))
    assert {k: v for k, v in made(asked).items() if k != "index.html"} == {
        k: v for k, v in made(fresh).items() if k != "index.html"
    }


@pytest.mark.parametrize("change", [same_bytes_later, outputs_stored, touched], ids=lambda f: f.__name__)
def test_what_makes_no_difference_runs_nothing(change: Callable[[Request], None], asked: Request) -> None:
    change(asked)
    assert again(asked) == ([], {"unchanged"})


def test_a_table_that_was_not_read_makes_no_difference(tmp_path: Path) -> None:
    cell = "import leadlib as ll; print(len(ll.load(f'{pack}/schools')))"
    notebook, pack = samples.notebook(tmp_path / "n.ipynb", [cell]), samples.pack(tmp_path / "tiny", years=EVERY_YEAR)
    request = Request(notebook, str(pack), {}, ("all",), {"year": "1999"}, to=("html",), name="b", out=tmp_path / "out")
    run(plan(request))
    samples.Mill.ran.clear()
    one_more_year(request)
    assert again(request) == ([], {"unchanged"})
    another_level(request)
    assert again(request) == (IDS, {"data changed: schools"})


def test_a_file_that_is_gone_counts_as_changed(asked: Request) -> None:
    (asked.notebook.parent / "mode.txt").unlink()
    assert again(asked) == (["002"], {"file changed: mode.txt", "unchanged"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"parameters": {"year": "1999", "share": "0.25"}}, "parameters changed"),
        ({"to": ("html", "pdf")}, "formats changed"),
        ({"instructor": True}, "teaching notes changed"),
    ],
)
def test_another_request_runs_every_school(change: dict[str, Any], reason: str, asked: Request) -> None:
    assert again(replace(asked, **change)) == (IDS, {reason})
    samples.Mill.ran.clear()
    assert again(replace(asked, **change)) == ([], {"unchanged"})


def test_another_name_in_the_data_is_another_file(asked: Request) -> None:
    another_name(asked)
    ran, reasons = again(asked)
    assert ran == ["001"] and reasons == {"new", "unchanged"}
    assert not [name for name in files(asked) if "pena" in name]


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("leadlib.batch.manifest.code_sha256", "leadlib changed"),
        ("leadlib.batch.resume.environment_sha256", "environment changed"),
    ],
)
def test_other_code_runs_every_school(where: str, reason: str, asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, lambda: "0" * 64)
    assert again(asked) == (IDS, {reason})


def test_another_package_is_another_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resume.environment_sha256()
    assert resume.environment_sha256() == before
    real = list(resume.importlib.metadata.distributions())
    monkeypatch.setattr("importlib.metadata.distributions", lambda: real[1:])
    assert resume.environment_sha256() != before


def test_a_failed_school_is_run_again(asked: Request) -> None:
    (asked.notebook.parent / "mode.txt").write_text("fail", encoding="utf-8")
    assert again(asked) == (["002"], {"unchanged", "file changed: mode.txt"})
    told = manifest.read(folder(asked))["schools"]
    assert [(s["school_id"], s["status"], s["cause"]) for s in told if s["status"] != "done"] == [
        ("002", "failed", "ValueError")
    ]
    assert [name for name in files(asked) if "-002." in name] == ["failed/low-elementary-002.ipynb"]
    samples.Mill.ran.clear()
    (asked.notebook.parent / "mode.txt").write_text("fine", encoding="utf-8")
    assert again(asked) == (["002"], {"unchanged", "failed before"})
    assert "failed/low-elementary-002.ipynb" not in files(asked) and output(asked, "html").is_file()


def test_everything_can_be_made_afresh(asked: Request) -> None:
    assert again(asked, fresh=True) == (IDS, {"asked to be made afresh"})


def test_a_report_that_nobody_watched_is_run_again(asked: Request) -> None:
    path = folder(asked) / "manifest.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["schools"][0]["made_from"]["reads"] = {}
    path.write_text(json.dumps(told), encoding="utf-8")
    ran, reasons = again(asked)
    assert len(ran) == 1 and reasons == {"unchanged", "what it was made from is not known"}


def test_a_notebook_that_is_edited_while_the_batch_runs_is_run_again(asked: Request) -> None:
    source = asked.notebook.read_bytes()
    seen: list[str] = []

    def watch(job: Any, _: Any) -> None:
        seen.append(job.school_id)
        asked.notebook.write_bytes(source + (b"\n" if len(seen) == 1 else b""))

    run(plan(asked), fresh=True, watch=watch)
    samples.Mill.ran.clear()
    asked.notebook.write_bytes(source)
    ran, reasons = again(asked)
    assert sorted(ran) == sorted(seen[1:]) and reasons == {"unchanged", "notebook changed"}


def test_a_school_no_longer_asked_for_leaves_no_file(asked: Request) -> None:
    other = folder(asked) / "html" / "mine.html"
    other.write_text("not of a batch", encoding="utf-8")
    assert again(replace(asked, schools=("001",))) == ([], {"unchanged"})
    assert sorted(made(asked)) == [
        "findings/pena-s-high-001.json",
        "html/mine.html",
        "html/pena-s-high-001.html",
        "index.html",
        "notebooks/pena-s-high-001.ipynb",
    ]


def test_files_of_an_aborted_start_are_still_removed_by_the_next(
    asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as killed, pytest.raises(MemoryError):
        killed.setattr(resume, "clear", dies)
        run(plan(replace(asked, schools=("001",))))
    assert [name for name in files(asked) if "-003." in name]
    run(plan(replace(asked, schools=("001",))))
    assert not [name for name in files(asked) if "-003." in name]


def test_a_manifest_tells_why_each_school_was_run_and_from_what(asked: Request) -> None:
    one_bit(asked)
    again(asked)
    told = {s["school_id"]: s for s in manifest.read(folder(asked))["schools"]}
    assert {i: s["because"] for i, s in told.items()} == {
        "001": "unchanged",
        "002": "output changed: html",
        "003": "unchanged",
    }
    assert sorted(told["001"]["made_from"]) == [
        "environment",
        "formats",
        "leadlib",
        "notebook",
        "parameters",
        "reads",
        "teaching notes",
        "title",
    ]
    assert sorted(told["001"]["made_from"]["reads"]) == [
        "dictionary ./tiny",
        "file helper_of_tests.py",
        "file note.txt",
        "table ./tiny/school_years",
        "table ./tiny/schools for 001",
        "watched",
    ]


def test_a_line_tells_how_much_is_to_be_done() -> None:
    decide = resume.Decision
    assert str(decide(("unchanged", "data changed: outcomes"))) == "1 of 2 unchanged, 1 to run (data changed: outcomes)"
    assert str(decide(("unchanged",) * 1200)) == "1,200 of 1,200 unchanged, 0 to run"
    many = decide(("a", "a", "b", "c", "d"))
    assert str(many) == "0 of 5 unchanged, 5 to run (a: 2; b: 1; c: 1; ...)"


def test_a_file_that_cannot_be_removed_is_told(asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(self: Path, **_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", held)
    with pytest.raises(InputError, match=r"cannot be removed .* -> close the program"):
        resume.clear(folder(asked), ["x"])
