"""What runs inside a Dask worker: say what this machine would make reports from, and make one school's report.

Each thread of a Dask worker keeps one of our own watched workers, which holds the limits and ends what it started. Only
plain values come in and go out. A school that fails is a value too, so Dask never runs it again.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadlib.batch.manifest import code_sha256, sha256_of, versions
from leadlib.engines.books import short
from leadlib.engines.one import Outcome, Task
from leadlib.errors import LeadlibError
from leadlib.tables.packs import pack_files

if TYPE_CHECKING:
    from leadlib.engines.pool import Worker

PROJECT = "<project>/"
ROOT = Path(__file__).resolve().parents[2]
ABSENT = "not there"

_hands: dict[int, tuple[str, Worker]] = {}
_agreed: dict[str, str] = {}
_guard = threading.Lock()


def portable(path: Path) -> str:
    """Name a file so that another machine finds it: from the folder that leadlib stands in, else by its full path."""
    try:
        return PROJECT + path.resolve().relative_to(ROOT).as_posix()
    except ValueError:
        return str(path.resolve())


def here(name: str) -> Path:
    """Give the file of this machine that a portable name means."""
    return ROOT / name.removeprefix(PROJECT) if name.startswith(PROJECT) else Path(name)


def sources(notebook: str, pack: str, folder: str) -> dict[str, str]:
    """Give the checksums and versions of all that reports are made from on this machine, part by part.

    `folder`, where reports go on a shared disk, is there or not; with none given they go to a bucket.
    """
    book = here(notebook)
    return {
        "leadlib": code_sha256(),
        **{f"package {name}": version for name, version in versions().items() if name != "leadlib"},
        "the notebook": sha256_of(book) if book.is_file() else ABSENT,
        "the data pack": _pack_sha256(book, pack),
        "the folder for reports": "there" if not folder or Path(folder).is_dir() else ABSENT,
    }


def _pack_sha256(notebook: Path, pack: str) -> str:
    if not pack:
        return ""
    try:
        # A pack given as a folder is named from where the notebook stands.
        files = pack_files(str(notebook.parent / pack) if "/" in pack else pack)
    except LeadlibError:
        return ABSENT
    return " ".join(f"{name} {digest}" for name, digest in files)


def differences(mine: dict[str, str], theirs: dict[str, str]) -> str:
    """Say in words what differs between two machines; empty when nothing does."""
    found = []
    for part, value in mine.items():
        other = theirs.get(part, ABSENT)
        if other == value:
            continue
        if part.startswith("package "):
            found.append(f"{part} {other} instead of {value}")
        else:
            found.append(f"{part} is {ABSENT}" if other == ABSENT else f"another {part.removeprefix('the ')}")
    return "; ".join(found)


def make(asked: dict[str, Any]) -> dict[str, Any]:
    """Make one school's report; gives its outcome, or what differs on a worker that came later than the check.

    Asked are `task`, `place` (where the reports go, empty for the task's own folder), `sources`, `batch` (whose hand
    this is) and `beside` (how many schools run on a machine at a time, by its address).
    """
    if told := _disagrees(asked):
        return {"differs": told, "worker": _dask_worker().address}
    try:
        outcome = _made(asked)
    except Exception as error:
        outcome = Outcome("failed", cause="worker", message=short(f"{type(error).__name__}: {error}"))
    return {"outcome": asdict(outcome)}


def release(batch: str) -> None:
    """End what this process keeps for a batch."""
    with _guard:
        mine = [thread for thread, (owner, _) in _hands.items() if owner == batch]
        ended = [_hands.pop(thread)[1] for thread in mine]
        _agreed.pop(batch, None)
    for worker in ended:
        worker.close()


def _disagrees(asked: dict[str, Any]) -> str:
    batch = asked["batch"]
    if batch not in _agreed:
        task = asked["task"]
        found = sources(task["notebook"], task["parameters"].get("pack", ""), "" if asked["place"] else task["folder"])
        _agreed[batch] = differences(asked["sources"], found)
    return _agreed[batch]


def _made(asked: dict[str, Any]) -> Outcome:
    task = Task(**asked["task"])
    task = replace(task, notebook=str(here(task.notebook)))
    worker, scratch = _hand(asked)
    if not asked["place"]:
        return worker.run(task)
    from leadlib.engines.delivery import deliver
    from leadlib.engines.places import place_of

    staged = scratch / "staged"
    return deliver(worker.run(replace(task, folder=str(staged))), staged, place_of(asked["place"]))


def _hand(asked: dict[str, Any]) -> tuple[Worker, Path]:
    """Give the worker that this thread keeps for a batch; one that was kept for another batch is ended."""
    from leadlib.engines.guard import fair_share
    from leadlib.engines.pool import Worker

    thread, batch = threading.get_ident(), asked["batch"]
    dask_worker = _dask_worker()
    scratch = Path(dask_worker.local_directory) / f"leadlib-{os.getpid()}-{thread}"
    with _guard:
        owner, worker = _hands.get(thread, ("", None))
        if worker is None or owner != batch:
            if worker is not None:
                with suppress(Exception):
                    worker.close()
            share = fair_share(asked["beside"].get(host_of(dask_worker.address), 1))
            worker = Worker(scratch, memory_mb=share)
            _hands[thread] = (batch, worker)
    return worker, scratch


def host_of(address: str) -> str:
    """Give the machine in a Dask address such as `tcp://10.0.0.7:40123`."""
    return address.split("://")[-1].rsplit(":", 1)[0]


def _dask_worker() -> Any:
    from distributed import get_worker

    return get_worker()
