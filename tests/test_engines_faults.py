"""Whatever happens to a school's processes is told truly, with its cell; nothing is left; the next school goes on."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import batch_samples as samples
import nbformat
import psutil
import pytest

from leadlib.engines.forks import can_fork
from leadlib.engines.one import Outcome, Task, path_of
from leadlib.engines.pool import Worker, engine_of
from leadlib.errors import InputError

FORK = pytest.param("fork", marks=pytest.mark.skipif(not can_fork(), reason="this system cannot fork"))
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are sent as on Linux and macOS")
FIRST = "print('first')"
THEN = "print('then', flush=True); import time; time.sleep(.3)\n"
FOREVER = "sum(range(10 ** 12))"
DEAF = "import signal; [signal.signal(s, signal.SIG_IGN) for s in (signal.SIGTERM, signal.SIGINT)]; " + FOREVER


class School:
    """A worker, and one school at a time that it is given."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder, self.engine, self.worker = folder, engine, Worker(folder / "scratch")

    def run(self, *cells: str, **limits: int) -> Outcome:
        self.clear()
        notebook = samples.notebook(self.folder / "n.ipynb", cells, parameters=None)
        self.task = Task(str(notebook), {}, "oak-1", "Oak", str(self.folder / "out"), ["html"], engine=self.engine)
        self.task = Task(**{**vars(self.task), **limits})
        return self.worker.run(self.task)

    def clear(self) -> None:
        for path in (*self.folder.glob("out/*/*"), *self.folder.glob("seen*")):
            path.unlink()

    def files(self) -> list[str]:
        return sorted(p.parent.name for p in self.folder.glob("out/*/*"))

    def failed(self) -> list[str]:
        """What each cell of the failed notebook shows."""
        book = nbformat.read(path_of(self.folder / "out", "failed", "oak-1"), as_version=4)
        return ["".join(o.get("text", o.get("ename", "")) for o in c.outputs) for c in book.cells if "outputs" in c]


@pytest.fixture(scope="module", params=[FORK, "warm", "plain"])
def school(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    made = School(tmp_path_factory.mktemp(request.param), request.param)
    yield made
    made.worker.close()
    assert gone(working_in(made.folder)) == []


def working_in(folder: Path) -> list[int]:
    """Give the processes that stand in a folder or below it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and Path(process.cwd()).is_relative_to(folder.resolve()):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def gone(pids: list[int]) -> list[int]:
    """Give those that are still there two seconds later."""
    end = time.monotonic() + 2
    while (left := [p for p in pids if alive(p)]) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


FAULTS = {
    "killed": ("import os; os.kill(os.getpid(), 9)", "process died"),
    "ends by itself": ("import os; os._exit(0)", "process died"),
    "crashes in C": ("import ctypes; ctypes.string_at(0)", "process died"),
    "sleeps": ("time.sleep(60)", "too slow"),
    "loops in C": (FOREVER, "too slow"),
    "hears no signal": (DEAF, "too slow"),
    "calls exit": ("import sys; sys.exit(0)", "stopped early"),
    "fails": ("1 / 0", "ZeroDivisionError"),
    "has no memory": ("raise MemoryError()", "MemoryError"),
}
SHORT, LONG = ("killed", "loops in C", "fails"), "LEADLIB_LONG" in os.environ
"""What the slower engines are put through each time, and whether they are put through all of it."""
ONLY_POSIX = ("killed", "crashes in C", "hears no signal")


@pytest.mark.parametrize("moment", ["first", "later"])
@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=POSIX if kind in ONLY_POSIX else ()) for kind in sorted(FAULTS)]
)
def test_a_failure_is_told_with_its_cell_and_cause_and_what_was_printed(kind: str, moment: str, school: School) -> None:
    if school.engine != "fork" and not LONG and (moment == "first" or kind not in SHORT):
        pytest.skip("each failure costs these engines a new process: set LEADLIB_LONG=1")
    fault, cause = FAULTS[kind]
    cells = [FIRST] * (3 if moment == "later" else 0)
    outcome = school.run(*cells, THEN + fault, FIRST, cell_seconds=2)
    assert (outcome.status, outcome.cause, outcome.cell) == ("failed", cause, len(cells) + 1)
    assert school.files() == ["failed"]
    shown = school.failed()
    assert shown[: len(cells)] == ["first\n"] * len(cells) and shown[-1] == ""
    assert shown[len(cells)].startswith("then\n") or (kind == "killed" and school.engine == "plain")


def test_only_a_process_that_died_is_tried_again(school: School) -> None:
    count = "open('seen', 'a').write('x'); "
    for fault, times in ((FAULTS["ends by itself"][0], 2), (FAULTS["fails"][0], 1), ("import time; time.sleep(60)", 1)):
        outcome = school.run(count + fault, cell_seconds=2)
        assert (outcome.attempts, len((school.folder / "seen").read_text())) == (times, times)


def test_a_school_whose_process_died_once_is_done_the_second_time(school: School) -> None:
    once = (
        "import os, pathlib\nif not pathlib.Path('seen').exists():\n    open('seen', 'w'); os._exit(9)\nprint('well')"
    )
    outcome = school.run(FIRST, once)
    assert (outcome.status, outcome.attempts, outcome.cause) == ("done", 2, None)
    assert school.files() == ["findings", "html", "notebooks"]


def test_a_whole_school_has_a_limit_too(school: School) -> None:
    outcome = school.run(*["import time; time.sleep(1.2)"] * 5, cell_seconds=60, school_seconds=3)
    assert outcome.cause == "too slow" and "all of it did not end in 3 seconds" in str(outcome.message)
    assert outcome.cell in (1, 2, 3) and school.files() == ["failed"]


def test_a_school_that_takes_too_much_memory_is_ended(school: School) -> None:
    outcome = school.run(FIRST, "import time; held = b'x' * 10 ** 9; time.sleep(60)", memory_mb=700)
    assert (outcome.cause, outcome.cell) == ("too much memory", 2) and "700 megabytes" in str(outcome.message)


def test_memory_is_that_of_all_processes_of_a_school(school: School) -> None:
    child = "import sys, time; held = b'x' * 10 ** 9; print(1, flush=True); time.sleep(60)"
    cell = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    assert school.run(cell, memory_mb=700).cause == "too much memory"


@POSIX
@pytest.mark.parametrize("end", ["1", "import os; os._exit(3)", "import time; time.sleep(60)"])
def test_what_a_cell_started_ends_with_its_school(end: str, school: School) -> None:
    start = """import os, subprocess, sys
far = "import os, sys; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0);"
far += "open('seen-far', 'w').write(str(os.getpid())); import time; time.sleep(99)"
pids = [subprocess.Popen(["sleep", "99"], start_new_session=s).pid for s in (False, True)]
subprocess.run([sys.executable, "-c", far])
import time
while not os.path.exists("seen-far"): time.sleep(.01)
open("seen-near", "w").write(" ".join(map(str, pids)))"""
    school.run(start, end, cell_seconds=4)
    near, far = ((school.folder / name).read_text().split() for name in ("seen-near", "seen-far"))
    known = [*near, *(far if sys.platform == "linux" else [])]
    assert len(near) == 2 and len(far) == 1 and gone([int(p) for p in known]) == []


def test_after_each_of_these_the_next_school_is_done(school: School) -> None:
    assert school.run(FIRST).status == "done" and school.files() == ["findings", "html", "notebooks"]


@POSIX
def test_a_worker_that_is_killed_is_started_again(school: School) -> None:
    """The process that forks, or the one that is handed the tasks, is killed from within: both tries end so."""
    chain = "import os, psutil; up = psutil.Process().parents()\n"
    chain += "known = [p for p in up if 'leadlib.engines' in ' '.join(p.cmdline())]\n"
    outcome = school.run(FIRST, chain + "known[-1].kill(); " + FOREVER, cell_seconds=30)
    assert (outcome.status, outcome.cause, outcome.cell) == ("failed", "process died", 2)
    assert gone([p for p in working_in(school.folder)]) == []
    assert school.run(FIRST).status == "done"


@POSIX
def test_closing_ends_a_school_that_never_gives_way(school: School, tmp_path: Path) -> None:
    import threading

    own = School(tmp_path, school.engine)
    thread = threading.Thread(target=own.run, args=("open('seen', 'w').close()\n" + DEAF,))
    thread.start()
    while not (tmp_path / "seen").exists():
        time.sleep(0.02)
    busy = working_in(tmp_path)
    own.worker.close()
    thread.join(20)
    assert busy and gone(busy) == [] and not thread.is_alive()


@pytest.mark.parametrize("engine", ["turbo", ""])
def test_an_engine_that_does_not_exist_is_refused(engine: str) -> None:
    with pytest.raises(InputError, match="there is no such engine"):
        engine_of(engine)


def test_the_engine_is_chosen_by_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert engine_of("auto") == "warm"
    monkeypatch.delattr(os, "fork", raising=False)
    with pytest.raises(InputError, match="cannot fork"):
        engine_of("fork")


def test_a_page_that_cannot_be_written_fails_its_school_alone(school: School, tmp_path: Path) -> None:
    notebook = samples.notebook(tmp_path / "n.ipynb", ["1"], parameters=None)
    (tmp_path / "out").write_text("in the way", encoding="utf-8")
    asked: dict[str, Any] = {"engine": school.engine}
    outcome = school.worker.run(Task(str(notebook), {}, "oak-1", "Oak", str(tmp_path / "out"), ["html"], **asked))
    assert (outcome.status, outcome.cause, outcome.attempts) == ("failed", "writing", 1)


def test_starting_up_counts_against_no_school(school: School, tmp_path: Path) -> None:
    """A new process takes longer to import than this school may take."""
    own = School(tmp_path, school.engine)
    try:
        assert own.run(FIRST, school_seconds=2).status == "done"
    finally:
        own.worker.close()


def test_pages_are_not_made_on_the_time_of_the_last_cell() -> None:
    from leadlib.engines import guard

    heard = guard.Guard(Task("n.ipynb", {}, "s", "S", "", [], cell_seconds=1), 0)
    try:
        heard.at(3)
        assert heard._late(time.monotonic() + 2) is not None
        heard.at(0)
        assert heard._late(time.monotonic() + 2) is None and heard.cell is None
    finally:
        heard.done()


def test_a_process_that_dies_over_its_pages_leaves_no_error_in_a_cell_that_ran(school: School) -> None:
    """What ends the process is set off by the last cell, and comes when the page is made."""
    late = "from leadlib import pages\nimport os\npages.findings = lambda *_: os._exit(7)"
    outcome = school.run(FIRST, late)
    if school.engine == "plain":  # pages are made elsewhere, so that nothing is wrong there
        assert outcome.status == "done"
    else:
        assert (outcome.cause, outcome.cell, outcome.attempts) == ("process died", None, 2)
        assert school.failed() == ["first\n", ""]


def test_a_closed_worker_starts_nothing_any_more(school: School, tmp_path: Path) -> None:
    own = School(tmp_path, school.engine)
    own.worker.close()
    assert own.run(FIRST).cause == "stopped" and working_in(tmp_path) == []
