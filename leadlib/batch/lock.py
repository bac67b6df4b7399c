"""One batch to a folder at a time: a file names the process that writes there, and counts while that is alive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from leadlib.errors import Locked, Problem, refuse

FILE = ".lock"
ELSEWHERE = "choose another folder with --out"
SETTLED = 0.2
"""Seconds that two batches which find the same dead lock give each other to be seen."""


@dataclass(frozen=True)
class Owner:
    """The process that has a folder, and since when."""

    pid: int
    create_time: float
    since: str = ""

    @property
    def alive(self) -> bool:
        """Whether it still runs. A number that another process has got since is told apart by when that began."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.create_time and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def __str__(self) -> str:
        """Write it as it stands in the file."""
        return f"{self.pid} {self.create_time} {self.since}"


def me() -> Owner:
    """Give this process."""
    return Owner(os.getpid(), psutil.Process().create_time(), datetime.now(UTC).isoformat(timespec="seconds"))


def owner(folder: Path) -> Owner | None:
    """Give the process that has a folder, alive or not; None where nobody left a name."""
    return _read(folder / FILE)


@contextmanager
def locked(folder: Path) -> Iterator[Owner]:
    """Keep the folder, which is made if need be, for one batch.

    Raises
    ------
    Locked
        When another batch is writing to it.
    InputError
        When it cannot be written.
    """
    mine = me()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take(folder / FILE, mine)
    except OSError as error:
        raise refuse(str(folder), f"cannot be written ({error.strerror or error})", ELSEWHERE) from None
    try:
        yield mine
    finally:
        if _read(folder / FILE) == mine:
            with suppress(OSError):
                (folder / FILE).unlink()


def _take(path: Path, mine: Owner) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(str(mine))
        return
    except FileExistsError:
        _refuse_if_alive(path)
    # Two may find the same dead lock: the one that wrote last has it, and the other sees so.
    path.write_text(str(mine), encoding="utf-8")
    time.sleep(SETTLED)
    if _read(path) != mine:
        _refuse_if_alive(path)
        raise _locked(path, None)


def _refuse_if_alive(path: Path) -> None:
    found = _read(path)
    if found is None:
        time.sleep(SETTLED)  # it may be about to write its name
        found = _read(path)
    if found is not None and found.alive:
        raise _locked(path, found)


def _locked(path: Path, found: Owner | None) -> Locked:
    since = f" since {found.since.replace('T', ' ').replace('+00:00', ' UTC')}" if found and found.since else ""
    which = f" (process {found.pid})" if found else ""
    fix = "wait for it to end; leadlib status tells how far it is"
    return Locked(Problem(str(path.parent), f"another batch is writing here{since}{which}", fix))


def _read(path: Path) -> Owner | None:
    try:
        pid, create_time, *since = path.read_text(encoding="utf-8").split()
        return Owner(int(pid), float(create_time), since[0] if since else "")
    except (OSError, ValueError):
        return None
