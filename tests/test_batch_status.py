"""How far a batch is can be asked at any time, and the answer is true."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import batch_samples as samples
import pytest
from click.testing import CliRunner, Result
from test_batch_journal import Killed, cut_short

from leadlib import cli
from leadlib.batch import Request, journal, lock, plan, run
from leadlib.batch.status import status
from leadlib.errors import InputError

CELL = "if school_id == '002' and open('mode.txt').read() == 'fail': raise ValueError('no pupils')"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr("leadlib.engines.pool.Pool", samples.Mill)
    monkeypatch.setattr(samples.Mill, "ran", [])
    (tmp_path / "mode.txt").write_text("fine", encoding="utf-8")
    notebook, pack = samples.notebook(tmp_path / "n.ipynb", [CELL]), samples.pack(tmp_path / "tiny", years={})
    return Request(notebook, str(pack), {}, ("all",), to=("html",), name="b", out=tmp_path / "out")


def told(request: Request, *words: str) -> Result:
    return CliRunner().invoke(cli.cli, ["status", "b", "--out", str(request.out), *words])


def test_a_batch_that_ended_well(asked: Request) -> None:
    run(plan(asked))
    run(plan(asked))
    said = told(asked)
    assert (said.exit_code, said.output) == (0, "b: ended\n3 schools: 3 done (3 unchanged)\n")


def test_failures_are_told_with_cell_cause_and_message(asked: Request) -> None:
    (asked.notebook.parent / "mode.txt").write_text("fail", encoding="utf-8")
    run(plan(asked))
    said = told(asked)
    assert said.exit_code == 1 and "3 schools: 2 done, 1 failed\n0.1 s a school\n" in said.output
    assert "Low Elementary (002)  2     ValueError  no pupils" in said.output
    (failure,) = json.loads(told(asked, "--json").output)["failures"]
    assert failure == {
        "school_id": "002",
        "school_name": "Low Elementary",
        "cell": 2,
        "cause": "ValueError",
        "message": "no pupils",
    }


@pytest.mark.parametrize(
    ("end", "said"), [(Killed, "its process is gone: run it again"), (KeyboardInterrupt, "stopped before its end")]
)
def test_a_batch_that_was_cut_short(
    end: type[BaseException], said: str, asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(asked, monkeypatch, end)
    answer = told(asked)
    assert answer.exit_code == 130 and said in answer.output
    assert "3 schools: 1 done, 1 cut short, 1 not run" in answer.output and "now:" not in answer.output


def test_a_batch_that_runs_tells_what_it_does_and_how_long_it_will_take(asked: Request) -> None:
    seen: list[Result] = []
    plain: list[Any] = []

    def watch(job: Any, _: Any) -> None:
        book = folder / journal.FILE
        event = {"event": "began", "place": len(seen) + 1, "slug": "x", "at": time.time() - 75}
        with book.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
        seen.append(told(asked))
        plain.append(json.loads(told(asked, "--json").output))

    folder = asked.out / "b"
    run(plan(asked), watch=watch)
    assert [s.exit_code for s in seen[:2]] == [3, 3]
    assert "running since 20" in seen[0].output and "(process " in seen[0].output
    assert "3 schools: 1 done, 1 running, 1 not run" in seen[0].output
    assert " left" in seen[0].output and "now: " in seen[0].output and "for 75 s" in seen[0].output
    assert plain[0]["running"] == 1 and 140 <= plain[0]["seconds_left"] <= 170
    assert told(asked).exit_code == 0


def test_a_batch_that_another_process_has_is_running(asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(asked, monkeypatch)
    with lock.locked(asked.out / "b"):
        found = status(asked.out / "b")
    assert (found.state, found.exit_code, found.running, found.interrupted) == ("running", 3, 1, 0)


def test_a_batch_is_named_by_its_folder_its_name_or_its_plan(asked: Request, tmp_path: Path) -> None:
    file = tmp_path / "b.yml"
    file.write_text("notebook: n.ipynb\npack: ./tiny\nschools: all\n", encoding="utf-8")
    run(plan(asked))
    for words in ([str(asked.out / "b")], ["b", "--out", str(asked.out)], [str(file), "--out", str(asked.out)]):
        said = CliRunner().invoke(cli.cli, ["status", *words])
        assert (said.exit_code, said.output) == (0, "b: ended\n3 schools: 3 done\n0.1 s a school\n")


def test_no_such_batch_is_told_with_those_there_are(asked: Request) -> None:
    run(plan(asked))
    said = CliRunner().invoke(cli.cli, ["status", "bb", "--out", str(asked.out)])
    assert said.exit_code == 2 and "holds no batch -> did you mean 'b'?" in said.output
    with pytest.raises(InputError, match="holds no batch"):
        status(asked.out)


def test_asking_loads_nothing_heavy(asked: Request) -> None:
    run(plan(asked))
    code = (
        "import sys; from leadlib.cli import cli\n"
        f"try: cli(['status', {str(asked.out / 'b')!r}])\n"
        "except SystemExit: print({'pandas', 'numpy', 'nbformat', 'papermill'} & set(sys.modules))"
    )
    root = Path(__file__).parents[1]
    ended = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ended.stdout.endswith("set()\n")


def test_asking_changes_nothing(asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(asked, monkeypatch)
    before = {p: p.read_bytes() for p in asked.out.rglob("*") if p.is_file()}
    told(asked)
    assert {p: p.read_bytes() for p in asked.out.rglob("*") if p.is_file()} == before
