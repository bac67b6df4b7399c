"""A batch on Dask: a real scheduler and real workers, one of them killed, all schools done and nothing left running."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

pytest.importorskip("distributed")

from leadlib.batch import on_dask, on_worker
from leadlib.engines.one import Task
from leadlib.errors import InputError
from tests import batch_samples as samples
from tests.s3_server import KEYS, free_port, serving

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[1]
SECONDS = 60
# Two schools kill the Dask worker that has them made: one each time, one only the first time.
KILL = """import os, sys, time
from pathlib import Path
Path("begun-" + school_id).touch()
if school_id == "hang":
    time.sleep(300)
if school_id == "poison" or school_id == "once" and not Path("family").exists():
    import psutil
    lines = {p: " ".join(p.cmdline()) for p in psutil.Process().parents()}
    dask = next(p for p, line in lines.items() if "spawn_main" in line or "dask_worker" in line)
    Path("family").write_text(" ".join(str(p.pid) for p in [dask, *dask.children(recursive=True)]))
    dask.kill()
    time.sleep(60)"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    samples.notebook(folder / "small.ipynb", (KILL, samples.SHOW, samples.FAIL, samples.LAST))
    samples.pack(folder / "tiny")
    return folder


@pytest.fixture
def tasks(made: Path, tmp_path: Path) -> Callable[..., list[Task]]:
    (tmp_path / "out").mkdir()
    for old in [*made.glob("begun-*"), *made.glob("family")]:
        old.unlink()

    def give(*ids: str) -> list[Task]:
        return [
            Task(str(made / "small.ipynb"), {"pack": "./tiny", "school_id": s}, f"s-{s}", s, str(tmp_path / "out"), [])
            for s in ids
        ]

    return give


@contextmanager
def started(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program of Dask; it and what it started are gone at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        cwd=tempfile.gettempdir(),  # the folder that Python starts in may hold a leadlib too
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        family = family_of(process.pid)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        for member in family:
            with suppress(psutil.Error):
                member.kill()
        process.wait()


def family_of(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


@contextmanager
def scheduler() -> Iterator[str]:
    port = str(free_port())
    with started(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show"
    ):
        yield f"tcp://127.0.0.1:{port}"


@contextmanager
def worker(address: str, folder: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    options = ("--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(folder))
    with started("distributed.cli.dask_worker", address, *options, **environment) as process:
        yield process


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def alive_of(pids: str) -> list[psutil.Process]:
    found = []
    for pid in pids.split():
        with suppress(psutil.Error):
            found.append(psutil.Process(int(pid)))
    return alive(found)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        with suppress(psutil.Error):
            # Python's own helper for multiprocessing ends with the test's process.
            if process.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in " ".join(process.cmdline()):
                found.append(process)
    return found


def workers_of(address: str) -> dict[str, int]:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return dict(client.run(os.getpid))


def test_a_cluster_of_this_machine_makes_what_one_process_makes_and_is_gone(tasks, tmp_path: Path) -> None:
    from leadlib.engines.pool import Pool

    asked = tasks("001", "bad")
    begun: list[int] = []
    before = set(psutil.Process().children(recursive=True))
    outcomes = on_dask.outcomes(asked, None, 1, begun.append)
    found = dict([next(outcomes)])
    started_now = set(psutil.Process().children(recursive=True)) - before
    found |= dict(outcomes)
    assert len(started_now) >= 2 and alive(list(started_now)) == []
    assert [found[k].status for k in range(2)] == ["done", "failed"] and sorted(begun) == [0, 1]
    assert (found[1].cause, found[1].message) == ("ValueError", "no pupils <b>here</b>")
    made = {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / "out").rglob("*.*")}
    shutil.rmtree(tmp_path / "out")
    with Pool(1) as pool:
        plain = dict(pool.outcomes(asked))
    assert made == {p.relative_to(tmp_path): p.read_bytes() for p in (tmp_path / "out").rglob("*.*")}
    assert [found[k].outputs for k in range(2)] == [plain[k].outputs for k in range(2)]


def test_a_school_whose_worker_is_killed_is_done_by_another_and_no_worker_keeps_anything(
    tasks, made: Path, tmp_path: Path
) -> None:
    ids = ("001", "once", "bad", "002", "003", "004")
    with scheduler() as address, worker(address, tmp_path / "a"), worker(address, tmp_path / "b"):
        until(lambda: len(workers_of(address)) == 2, "the workers did not come")
        found = dict(on_dask.outcomes(tasks(*ids), address))
        assert len(workers_of(address)) == 1
        until(lambda: not alive_of((made / "family").read_text()), "what the killed worker had started stayed")
        (left,) = workers_of(address).values()
        until(lambda: len(alive(family_of(left))) == 1, "the other worker kept something after the batch")

        def stop(place: int) -> None:
            until((made / "begun-hang").exists, "the hanging school did not begin")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            list(on_dask.outcomes(tasks("hang"), address, began=stop))
        until(lambda: len(alive(family_of(left))) == 1, "the other worker went on after the batch was stopped")
    assert {ids[k]: o.status for k, o in found.items()} == dict.fromkeys(ids, "done") | {"bad": "failed"}
    assert found[2].cause == "ValueError"
    names = sorted(p.name for p in (tmp_path / "out" / "notebooks").iterdir())
    assert names == sorted(f"s-{s}.ipynb" for s in ids if s != "bad")


def test_a_school_that_kills_its_worker_twice_has_failed_and_the_next_has_not(tasks) -> None:
    found = dict(on_dask.outcomes(tasks("poison", "002"), None, 1))
    assert [found[k].status for k in range(2)] == ["failed", "done"]
    assert (found[0].cause, found[0].attempts) == ("worker died", 2)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent otherwise there")
def test_ctrl_c_ends_the_batch_and_all_that_it_started(made: Path, tasks, tmp_path: Path) -> None:
    (asked,) = tasks("hang")
    code = f"""if __name__ == "__main__":
    import time
    from leadlib.batch import on_dask
    from leadlib.engines.one import Task
    try:
        list(on_dask.outcomes([Task(**{vars(asked)!r})], None, 1))
    except KeyboardInterrupt:
        print("stopped")"""
    (tmp_path / "stop.py").write_text(code)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "stop.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    until((made / "begun-hang").exists, "the school did not begin")
    family = family_of(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all in the foreground
    said, wrong = process.communicate(timeout=SECONDS)
    assert said == "stopped\n", wrong
    until(lambda: not alive(family), "something was left running")


def test_a_batch_that_is_killed_leaves_nothing_running(made: Path, tasks, tmp_path: Path) -> None:
    (asked,) = tasks("hang")
    code = f"""if __name__ == "__main__":
    from leadlib.batch import on_dask
    from leadlib.engines.one import Task
    list(on_dask.outcomes([Task(**{vars(asked)!r})], None, 1))"""
    (tmp_path / "killed.py").write_text(code)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "killed.py")], env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    until((made / "begun-hang").exists, "the school did not begin")
    family = family_of(process.pid)
    process.kill()
    process.wait()
    until(lambda: not alive(family), "something was left running")


def test_reports_go_to_a_bucket_from_a_worker_that_sees_no_shared_folder(tasks, tmp_path: Path, monkeypatch) -> None:
    from leadlib.engines.places import place_of

    shutil.rmtree(tmp_path / "out")
    with serving() as server:
        for name, value in (KEYS | {"AWS_ENDPOINT_URL": server.url}).items():
            monkeypatch.setenv(name, value)
        place = server.bucket("reports") + "/batch"
        found = dict(on_dask.outcomes(tasks("001", "bad"), None, 1, place=place))
        names = sorted(place_of(place).tags())
    assert [found[0].status, found[1].status] == ["done", "failed"]
    assert names == ["failed/s-bad.ipynb", "findings/s-001.json", "notebooks/s-001.ipynb"]
    assert not (tmp_path / "out").exists()


def test_a_worker_with_another_leadlib_is_named_before_anything_runs(tasks, made: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(ROOT / "leadlib", other / "leadlib", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "leadlib" / "numbers.py").open("a") as file:
        file.write("\n# changed\n")
    with scheduler() as address, worker(address, tmp_path / "a", PYTHONPATH=str(other)):
        until(lambda: workers_of(address), "the worker did not come")
        with pytest.raises(
            InputError, match=r"worker tcp://127\.0\.0\.1:\d+: has another leadlib -> give each machine"
        ):
            list(on_dask.outcomes(tasks("001"), address))
    assert list(made.glob("begun-*")) == []


def test_a_scheduler_that_is_not_there_or_is_no_address_is_refused(tasks, monkeypatch) -> None:
    monkeypatch.setattr(on_dask, "CONNECT_SECONDS", 0.5)
    with pytest.raises(InputError, match=r"does not answer .* start it with `dask scheduler`"):
        list(on_dask.outcomes(tasks("001"), f"tcp://127.0.0.1:{free_port()}"))
    with pytest.raises(InputError, match="is not the address of a Dask scheduler"):
        list(on_dask.outcomes(tasks("001"), "http://10.0.0.7:8786"))


def test_a_scheduler_without_workers_is_refused(tasks, monkeypatch) -> None:
    monkeypatch.setattr(on_dask, "WORKERS_SECONDS", 0.5)
    with scheduler() as address, pytest.raises(InputError, match="has no workers -> start some"):
        list(on_dask.outcomes(tasks("001"), address))


def test_what_differs_between_two_machines_is_said_in_words() -> None:
    mine = {
        "leadlib": "1",
        "package pandas": "3.1",
        "the notebook": "a",
        "the data pack": "p",
        "package python": "3.11",
    }
    theirs = mine | {"package pandas": "3.0", "the notebook": on_worker.ABSENT, "the data pack": "q", "leadlib": "2"}
    said = "another leadlib; package pandas 3.0 instead of 3.1; the notebook is not there; another data pack"
    assert on_worker.differences(mine, theirs) == said and on_worker.differences(mine, mine) == ""


def test_a_file_of_the_project_is_found_where_the_project_stands_elsewhere(tmp_path: Path, monkeypatch) -> None:
    named = on_worker.portable(ROOT / "notebooks" / "a.ipynb")
    monkeypatch.setattr(on_worker, "ROOT", tmp_path)
    assert on_worker.here(named) == tmp_path / "notebooks" / "a.ipynb"
    assert on_worker.here(on_worker.portable(ROOT / "b.ipynb")) == ROOT / "b.ipynb"


def test_the_command_runs_a_batch_on_dask_and_resumes_it(tmp_path: Path) -> None:
    notebook = samples.notebook(tmp_path / "n.ipynb", (samples.SHOW, samples.LAST))
    pack = samples.pack(tmp_path / "tiny")
    words = ["run", str(notebook), "--pack", str(pack), "--school", "001", "--school", "002", "--to", "html"]
    command = [sys.executable, "-m", "leadlib", *words, "--name", "b", "--out", str(tmp_path / "out"), "--on", "dask"]
    first = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert first.returncode == 0, first.stderr
    assert len(list((tmp_path / "out" / "b" / "html").glob("*.html"))) == 2
    second = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert second.returncode == 0 and "2 of 2 unchanged, 0 to run" in second.stderr
