"""A batch through storms: processes killed at random and a disk that fills up. No wrong file, and the end is the same.

`LEADLIB_KILLS=200 pytest tests/test_batch_storms.py` is the long form.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import batch_samples as samples
import psutil
import pytest

from leadlib.batch import manifest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="schools are forked on Linux")]
KILLS = int(os.environ.get("LEADLIB_KILLS", "8"))
SCHOOLS = 12
KINDS = ("worker", "parent", "keeper", "worker", "server")
CELLS = (
    "import time; print('school', school_id); time.sleep(.1)",
    "from leadlib.blocks import Prose; time.sleep(.1)",
    "Prose(('The end of ' + school_id,))",
)
ROWS = [(f"{k:03d}", f"School {k}", "1", "Hill", "High") for k in range(SCHOOLS)]


class Batch:
    """One batch in a folder, run by a process of its own as a user would."""

    def __init__(self, folder: Path, out: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.notebook, self.out, self.folder = samples.notebook(folder / "n.ipynb", CELLS), out, out / "b"
        self.pack, self.log = samples.pack(folder / "tiny", ROWS, {}), folder / "log.txt"

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        words = ["run", str(self.notebook), "--pack", str(self.pack), "--school", "all", "--to", "html", "--name", "b"]
        command = [sys.executable, "-m", "leadlib", *words, "--out", str(self.out), "--jobs", "2", *more]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def finish(self) -> None:
        """Run until nothing has failed; a school that was killed twice is run again by the next run."""
        for _ in range(4):
            if self.start().wait(300) == 0:
                return
        raise AssertionError(self.log.read_text(encoding="utf-8")[-2000:])

    def files(self) -> dict[str, bytes]:
        """Give the reports; every one that has its final name must be whole."""
        found = {}
        for path in sorted(self.folder.glob("*/*")):
            if not path.name.startswith("."):
                with suppress(FileNotFoundError):  # a file that is taken away meanwhile
                    found[path.relative_to(self.folder).as_posix()] = whole(path)
        return found


def whole(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".html":
        assert content.rstrip().endswith(b"</html>"), path
    else:
        assert isinstance(json.loads(content), dict), path
    return content


def tree(parent: int) -> dict[str, list[psutil.Process]]:
    """Give a batch's processes by what they are."""
    found: dict[str, list[psutil.Process]] = {"parent": [], "server": [], "keeper": [], "worker": []}
    with suppress(psutil.Error):
        top = psutil.Process(parent)
        found["parent"] = [top]
        found["server"] = [p for p in top.children() if "leadlib.engines.server" in p.cmdline()]
        found["keeper"] = [p for server in found["server"] for p in server.children()]
        found["worker"] = [p for keeper in found["keeper"] for p in keeper.children()]
    return found


def until_a_school_runs(process: subprocess.Popen[bytes]) -> None:
    """Wait until there is something to be spoiled."""
    while process.poll() is None and not tree(process.pid)["worker"]:
        time.sleep(0.05)


def left(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Give those that still run after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        here = [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
        if not here or time.monotonic() > end:
            return here
        time.sleep(0.05)


def test_after_random_kills_the_reports_are_those_of_a_run_without_any(tmp_path: Path) -> None:
    calm, stormy = (Batch(tmp_path / "same", tmp_path / name) for name in ("calm", "stormy"))
    calm.finish()
    expected = calm.files()
    assert len(expected) == 3 * SCHOOLS
    chance, killed, at_work, process = random.Random(20), dict.fromkeys(tree(0), 0), 0, None
    while sum(killed.values()) < KILLS:
        if process is None or process.poll() is not None:
            process = stormy.start(*(["--fresh"] if len(stormy.files()) == len(expected) else []))
        if chance.random() < 0.9:
            until_a_school_runs(process)
        time.sleep(chance.uniform(0.0, 0.6))
        processes = tree(process.pid)
        kind = KINDS[sum(killed.values()) % len(KINDS)]
        if not processes[kind]:
            continue
        with suppress(psutil.NoSuchProcess):
            chance.choice(processes[kind]).kill()
            killed[kind] += 1
            at_work += bool(processes["worker"])
        if kind == "parent":
            process.wait()
            assert left([p for there in processes.values() for p in there], 2) == []
            told = manifest.read(stormy.folder) if (stormy.folder / "manifest.json").exists() else None
            if told:
                done = {s["slug"] for s in told["schools"] if s["status"] == "done"}
                assert all(f"html/{slug}.html" in stormy.files() for slug in done)
        stormy.files()
    if process is not None:
        process.wait(300)
    stormy.finish()
    assert stormy.files() == expected
    assert at_work > KILLS / 2 and min(killed.values()) > 0, killed


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk with room for a few reports and no more."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=520k", "tmpfs", str(disk)], capture_output=True)
    if made.returncode:
        pytest.skip("a disk of its own can be mounted by the system's owner alone")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_disk_that_fills_up_leaves_whole_files_and_a_true_record(small_disk: Path, tmp_path: Path) -> None:
    batch = Batch(tmp_path / "one", small_disk)
    assert batch.start().wait(300) == 1
    told = manifest.read(batch.folder)
    status = {s["slug"]: s["status"] for s in told["schools"]}
    assert told["status"] == "finished" and set(status.values()) == {"done", "failed"}
    assert {s["cause"] for s in told["schools"] if s["status"] == "failed"} == {"writing"}
    files = batch.files()
    done = sorted(slug for slug, how in status.items() if how == "done")
    assert sorted(Path(name).stem for name in files if name.startswith("html/")) == done
    assert not list(batch.folder.rglob(".*.part"))
