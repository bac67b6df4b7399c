"""The command line: what is typed, what is told, and how it exits."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import batch_samples as samples
import pytest
from click.testing import CliRunner, Result

from leadlib import cli
from leadlib.batch import Request, Summary, lock, plan
from leadlib.batch.resume import Decision
from leadlib.engines.one import Outcome


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    samples.pack(folder / "tiny")
    samples.notebook(folder / "n.ipynb", ["1"])
    samples.notebook(folder / "fails.ipynb", ["1", "raise ValueError('no pupils')"])
    return folder


@pytest.fixture(autouse=True)
def _there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)


def typed(*words: str) -> Result:
    return CliRunner().invoke(cli.cli, words)


GOOD = ("run", "n.ipynb", "--pack", "./tiny", "--where", "level=High", "--jobs", "1")


def test_a_run_writes_reports_and_exits_with_0(place: Path) -> None:
    ended = typed(*GOOD, "--name", "good", "--year", "1998", "-p", "audience=board", "--to", "html", "--out", "build")
    assert ended.exit_code == 0, ended.output
    assert "[1/1] Peña's High: done" in ended.stderr
    assert ended.stdout.startswith("1 of 1 reports in ") and str(Path("build/good/index.html")) in ended.stdout
    told = json.loads((place / "build/good/manifest.json").read_text(encoding="utf-8"))
    assert told["parameters"] == {"audience": "board", "year": 1998} and told["formats"] == ["html"]
    assert sorted(p.name for p in (place / "build/good").iterdir()) == [
        "findings",
        "html",
        "index.html",
        "manifest.json",
        "notebooks",
    ]


def test_a_failed_school_is_told_in_a_table_and_the_command_exits_with_1() -> None:
    ended = typed("run", "fails.ipynb", *GOOD[2:], "--out", "failing")
    assert ended.exit_code == 1
    assert "1 of 1 schools failed:\nSchool             Cell  Cause       Message\n" in ended.stderr
    assert "Peña's High (001)  4     ValueError  no pupils" in ended.stderr


def test_plan_files_do_what_the_options_do(place: Path) -> None:
    text = "notebook: {}\npack: ./tiny\nwhere: {{level: High}}\nparameters: {{year: 1998}}\nto: html\n"
    (place / "first.yml").write_text(text.format("n.ipynb"), encoding="utf-8")
    (place / "second.yaml").write_text(text.format("fails.ipynb"), encoding="utf-8")
    ended = typed("run", "first.yml", "second.yaml", "--out", "planned", "--jobs", "1")
    assert ended.exit_code == 1
    assert [
        json.loads((place / "planned" / n / "manifest.json").read_text(encoding="utf-8"))["schools"][0]["status"]
        for n in ("first", "second")
    ] == ["done", "failed"]


def test_a_school_without_the_year_is_said_to_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadlib.batch.run", lambda made, **_: Summary(made, (None,) * len(made.jobs), 1.0))
    ended = typed("run", "n.ipynb", "--pack", "./tiny", "--school", "all")
    assert "left out: Old Mill (003) has no data for 1999" in ended.stderr


BAD = {
    "no such plan file": ["run", "absent.yml"],
    "no such notebook": ["run", "absent.ipynb", *GOOD[2:]],
    "no data pack is named -> leadlib packs lists them": ["run", "n.ipynb"],
    "'district' is not NAME=VALUE": [*GOOD, "--where", "district"],
    "'level' is given twice": [*GOOD, "--where", "level=Low"],
    "the year is given twice": [*GOOD, "--year", "1998", "-p", "year=1999"],
    "the notebook has no parameter 'audence' -> did you mean 'audience'?": [*GOOD, "-p", "audence=board"],
    "'x' is not a whole number": [*GOOD, "--year", "x"],
    "'404' is no school": [*GOOD, "--school", "404"],
    "did you mean 'pdf'?": [*GOOD, "--to", "html,pfd"],
    "no format is named": [*GOOD, "--to", ","],
    "n.ipynb is a file, so no folder can be made here": [*GOOD, "--out", "n.ipynb"],
    "give one notebook or folder of notebooks, or one or more plan files": [
        "run",
        "n.ipynb",
        "fails.ipynb",
        "--pack",
        "tiny",
    ],
    "--pack does not go with a plan file": ["run", "ok.yml", "--pack", "tiny"],
    "two plans would be written to": ["run", "ok.yml", "ok.yml"],
    "there is no such pack": ["describe", "tyni"],
    "there is no such pack ": ["schools", "tyni"],
    "did you mean 'district'?": ["schools", "./tiny", "--where", "distrct=x"],
    "is not NAME=VALUE": ["schools", "./tiny", "--where", "x"],
}


@pytest.mark.parametrize("said", BAD)
def test_bad_input_is_told_without_a_call_stack_and_exits_with_2(said: str, place: Path) -> None:
    (place / "ok.yml").write_text("notebook: n.ipynb\npack: ./tiny\nschools: '001'\n", encoding="utf-8")
    before = sorted(place.rglob("*"))
    ended = typed(*BAD[said])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("leadlib: ") and said.strip() in ended.stderr and "Traceback" not in ended.stderr
    assert sorted(place.rglob("*")) == before


def test_problems_of_all_plan_files_are_told_at_once(place: Path) -> None:
    for k in (1, 2):
        (place / f"bad{k}.yml").write_text(f"notebook: n.ipynb\npack: tyni{k}\nschools: all\n", encoding="utf-8")
    ended = typed("run", "bad1.yml", "bad2.yml")
    assert "2 problems found" in ended.stderr and "'tyni1'" in ended.stderr and "'tyni2'" in ended.stderr


def test_packs_tables_and_schools_can_be_looked_at(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("LEADLIB_DATA", str(place))
    assert "tiny\n    A few schools\n    3 schools" in typed("packs").stdout
    assert "One row is a school in a year" in typed("describe", "tiny/school_years").stdout
    listed = typed("schools", "tiny", "--where", "district=small valley").stdout.splitlines()
    assert listed == ["001  Peña's High     Small Valley  High", "002  Low Elementary  Small Valley  Primary"]


def test_the_module_is_the_command_and_a_call_stack_is_never_shown(place: Path) -> None:
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run(
        [sys.executable, "-m", "leadlib", *GOOD, "--year", "x"],
        cwd=place,
        env=here,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "leadlib: command line, parameters: parameter 'year': 'x' is not a whole number"
        " -> the fall of the school year\n"
    )


def test_a_second_run_says_how_much_is_unchanged(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadlib.engines.pool.Pool", samples.Mill)
    words = (*GOOD, "--name", "again", "--to", "html", "--out", "resumed")
    first, second, third = typed(*words), typed(*words), typed(*words, "--fresh")
    assert "unchanged" not in first.stderr and "[1/1] Peña's High: done" in first.stderr
    assert second.stderr == "1 of 1 unchanged, 0 to run\n" and "1 of 1 reports" in second.stdout
    assert third.stderr.startswith("0 of 1 unchanged, 1 to run (asked to be made afresh)\n[1/1]")


def test_a_folder_that_another_batch_writes_to_is_told_and_exits_with_3(place: Path) -> None:
    with lock.locked(place / "taken" / "b"):
        ended = typed(*GOOD, "--name", "b", "--out", "taken")
    assert ended.exit_code == 3 and "another batch is writing here since" in ended.stderr


def test_what_could_not_be_written_down_is_told_and_exits_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    unsaved = "manifest.json: cannot be written"
    monkeypatch.setattr(
        "leadlib.batch.run", lambda made, **_: Summary(made, (Outcome("done"),) * len(made.jobs), 1.0, unsaved=unsaved)
    )
    ended = typed(*GOOD)
    assert ended.exit_code == 1 and f"could not be written down: {unsaved}" in ended.stderr


def test_limits_and_engine_reach_the_task_from_options_and_plan_files(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from leadlib.batch.run import task

    seen: list[tuple[object, ...]] = []

    def note(made: Any, **_: Any) -> Summary:
        one = task(made, made.jobs[0])
        seen.append((one.engine, one.cell_seconds, one.school_seconds, one.memory_mb))
        return Summary(made, (None,) * len(made.jobs), 1.0)

    monkeypatch.setattr("leadlib.batch.run", note)
    limits = "engine: plain\ncell_seconds: 5\nschool_seconds: 50\nmemory_mb: 500\n"
    (place / "limits.yml").write_text(f"notebook: n.ipynb\npack: ./tiny\nschools: '001'\n{limits}", encoding="utf-8")
    typed(*GOOD)
    typed(*GOOD, "--engine", "warm", "--cell-seconds", "7", "--school-seconds", "70", "--memory-mb", "0")
    typed("run", "limits.yml")
    typed("run", "limits.yml", "--memory-mb", "900")
    assert seen == [("auto", 600, 3600, 0), ("warm", 7, 70, 0), ("plain", 5, 50, 500), ("plain", 5, 50, 900)]


@pytest.mark.parametrize("words", [("--engine", "fast"), ("--cell-seconds", "0"), ("--memory-mb", "-1")])
def test_limits_that_make_no_sense_exit_with_2(words: tuple[str, ...]) -> None:
    assert typed(*GOOD, *words).exit_code == 2


def test_help_shows_how_a_run_is_typed() -> None:
    assert (
        'leadlib run notebooks/reports/school-report.ipynb --pack california-2000 --where district="Napa'
        in typed("run", "--help").stdout
    )


def test_a_terminal_gets_a_bar_with_the_time_left(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    made = plan(Request(Path("n.ipynb"), "./tiny", {"district": "Small Valley"}, name="bar"))
    with cli._Progress(made) as shown:
        shown.hear(Decision(("new",) * len(made.jobs)))
        for job in made.jobs:
            shown.watch(job, Outcome("done", 1.0))
    assert "bar:" in screen.getvalue() and "2/2 [00:00<00:00" in screen.getvalue()


def test_a_folder_of_notebooks_is_a_batch_for_each_of_them(place: Path, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    samples.notebook(tmp_path / "cases" / "01-first.ipynb", ["1"])
    samples.notebook(tmp_path / "cases" / "02-second.ipynb", ["2"])
    asked = ("--where", "level=High", "--to", "html", "--name", "all", "--out", str(tmp_path / "out"), "--jobs", "1")
    said = typed("run", str(tmp_path / "cases"), "--pack", "./tiny", *asked)
    assert said.exit_code == 0, said.output
    made = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").glob("*/html/*"))
    assert made == ["all-01-first/html/pena-s-high-001.html", "all-02-second/html/pena-s-high-001.html"]


def test_what_is_wrong_with_each_notebook_of_a_folder_is_told_before_one_runs(place: Path, tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    samples.notebook(tmp_path / "cases" / "01-first.ipynb", ["1"])
    (tmp_path / "cases" / "02-second.ipynb").write_text("{}", encoding="utf-8")
    (tmp_path / "cases" / "03-third.ipynb").write_text("[]", encoding="utf-8")
    (tmp_path / "none").mkdir()
    asked = ("--pack", "./tiny", "--school", "all", "--out", str(tmp_path / "out"))
    said = typed("run", str(tmp_path / "cases"), *asked)
    assert said.exit_code == 2 and "02-second" in said.output and "03-third" in said.output
    assert "holds no notebook" in typed("run", str(tmp_path / "none"), *asked).output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [(), ("--instructor",)])
def test_teaching_notes_reach_a_page_of_a_batch_only_when_asked_for(words: tuple[str, ...], place: Path) -> None:
    import nbformat

    book = nbformat.read(place / "n.ipynb", as_version=4)
    book.cells.append(nbformat.v4.new_markdown_cell("The rubric.", id="notes", metadata={"tags": ["instructor"]}))
    nbformat.write(book, place / "case.ipynb")
    out = f"notes{len(words)}"
    ended = typed("run", "case.ipynb", *GOOD[2:], "--to", "html", "--name", "b", "--out", out, *words)
    assert ended.exit_code == 0, ended.output
    (page,) = (place / out / "b/html").iterdir()
    assert ("The rubric." in page.read_text(encoding="utf-8")) == bool(words)
