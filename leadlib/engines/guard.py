"""Keeps a school within its limits: seconds for a cell, seconds for all of it, memory for all its processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil

from leadlib.engines.books import HEAVY, SLOW, Trouble
from leadlib.engines.one import Task
from leadlib.engines.processes import kill

LOOK_SECONDS, WEIGH_SECONDS = 0.1, 0.5
MEGABYTE = 1 << 20
SHARE_OF_MACHINE = 0.8
START_SECONDS = 300  # what a process may take to import and read before its first cell


class Guard:
    """Watches one run from another thread; what breaks a limit is killed with all that it started.

    The clock of a school begins with its first cell. `verdict` says which limit was broken, None while all is well.
    Memory is what the processes do not share.
    """

    def __init__(self, task: Task, memory_mb: int, cell_grace: float = 0.0) -> None:
        self.task, self.memory_mb = task, task.memory_mb or memory_mb
        self.cell_grace = cell_grace
        self.verdict: Trouble | None = None
        self.root: int | None = None
        self.cell: int | None = None
        self._begun = self._cell_begun = time.monotonic()
        self._allowed, self._started = task.school_seconds + START_SECONDS, False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def at(self, cell: int) -> None:
        """Hear that a cell has begun; 0: the last one has ended, and pages are made."""
        now = time.monotonic()
        if not self._started:
            self._started, self._begun, self._allowed = True, now, self.task.school_seconds
        self.cell, self._cell_begun = cell or None, now

    def done(self) -> None:
        """Watch no longer."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        weighed = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            now = time.monotonic()
            trouble = self._late(now)
            if trouble is None and now - weighed >= WEIGH_SECONDS:
                weighed, trouble = now, self._heavy()
            if trouble is not None and self.root is not None:
                self.verdict = self.verdict or trouble
                kill(self.root)

    def _late(self, now: float) -> Trouble | None:
        if now - self._begun > self._allowed:
            return Trouble(SLOW, f"all of it did not end in {self.task.school_seconds} seconds", self.cell)
        if self.cell and now - self._cell_begun > self.task.cell_seconds + self.cell_grace:
            return Trouble(SLOW, f"the cell did not end in {self.task.cell_seconds} seconds", self.cell)
        return None

    def _heavy(self) -> Trouble | None:
        if self.root is None or not self.memory_mb:
            return None
        used = weight(self.root, self.memory_mb * MEGABYTE) // MEGABYTE
        if used <= self.memory_mb:
            return None
        return Trouble(HEAVY, f"it used more than {self.memory_mb:,} megabytes", self.cell)


def weight(pid: int, limit: int = 0) -> int:
    """Give the bytes that a process and all that it started hold for themselves.

    What they hold shared and for themselves together is known at once. Only where that passes `limit` are the shared
    pages told apart, which takes the system longer.
    """
    with suppress(psutil.Error):
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
        held = _sum(family, lambda process: process.memory_info().rss)
        return held if held <= limit else _sum(family, lambda process: process.memory_full_info().uss)
    return 0


def _sum(family: list[psutil.Process], bytes_of: Callable[[psutil.Process], int]) -> int:
    total = 0
    for process in family:
        with suppress(psutil.Error):
            total += bytes_of(process)
    return total


def fair_share(workers: int) -> int:
    """Give the megabytes that each of so many schools may use at a time, where no limit is given."""
    return int(psutil.virtual_memory().total * SHARE_OF_MACHINE / workers) // MEGABYTE
