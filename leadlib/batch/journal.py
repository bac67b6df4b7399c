"""The journal of a batch that runs: one line an event, so that what is known outlives the batch's own process.

A line that was cut off is passed over. A line that a full disk does not take is kept and written when there is room.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

FILE = "journal.jsonl"
BALLAST = ".ballast"
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
SYNC_SECONDS = 2.0
BALLAST_BYTES, BALLAST_A_SCHOOL = 1 << 18, 6 << 10


class Journal:
    """Takes notes of one run, from any thread."""

    def __init__(self, folder: Path, run: str, **about: Any) -> None:
        self._path = folder / FILE
        self._path.unlink(missing_ok=True)  # of a run that the manifest no longer speaks of
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._file: int | None = None
        self._torn = False
        self._synced = 0.0
        self._note("batch", run=run, **about)

    def workers(self, scratch: str) -> None:
        """Note the folder in which the workers stand, so that the next run can remove what a killed one left."""
        self._note("workers", scratch=scratch)

    def began(self, place: int, slug: str) -> None:
        """Note that a school begins."""
        self._note("began", place=place, slug=slug, at=round(time.time(), 2))

    def ended(self, place: int, school: dict[str, Any]) -> None:
        """Note how a school ended, with its whole entry in the manifest."""
        self._note("ended", place=place, slug=school["slug"], at=round(time.time(), 2), school=school)

    def close(self, *, remove: bool) -> None:
        """End; the journal goes when all of it stands in the manifest."""
        with self._lock:
            self._write()
            if self._file is not None:
                os.close(self._file)
                self._file = None
        if remove:
            with suppress(OSError):
                self._path.unlink()

    def _note(self, event: str, **facts: Any) -> None:
        line = json.dumps({"event": event, **facts}, ensure_ascii=False, separators=(",", ":"))
        with self._lock:
            self._waiting.append(line.encode() + b"\n")
            self._write()

    def _write(self) -> None:
        """Hand the lines to the system, each whole; after a crash of the machine itself, two seconds may be missing."""
        try:
            if self._file is None:
                self._file = os.open(self._path, APPEND, 0o666)
            while self._waiting:
                line = b"\n" + self._waiting[0] if self._torn else self._waiting[0]
                self._torn = True
                if os.write(self._file, line) < len(line):
                    return  # the disk is full; the piece is passed over on reading
                self._torn = False
                self._waiting.pop(0)
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file)
                self._synced = time.monotonic()
        except OSError:
            return


@dataclass
class Events:
    """What a journal tells: its first line, schools by place that began and ended, the workers' folder."""

    about: dict[str, Any] = field(default_factory=dict)
    began: dict[int, float] = field(default_factory=dict)
    ended: dict[int, float] = field(default_factory=dict)
    schools: dict[int, dict[str, Any]] = field(default_factory=dict)
    scratch: str = ""


def read(folder: Path, run: str) -> Events:
    """Read the journal of a run; that of another run tells nothing."""
    events = Events()
    for line in _lines(folder / FILE):
        kind = line.get("event")
        if kind == "batch":
            if line.get("run") != run:
                return Events()
            events.about = line
        elif not events.about:
            return Events()
        elif kind == "workers":
            events.scratch = str(line["scratch"])
        elif kind == "began":
            events.began[int(line["place"])] = float(line["at"])
        elif kind == "ended":
            events.ended[int(line["place"])] = float(line["at"])
            events.schools[int(line["place"])] = line["school"]
    return events


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for line in file:
                with suppress(ValueError):
                    told = json.loads(line)
                    if isinstance(told, dict):
                        yield told
    except OSError:
        return


def lay_ballast(folder: Path, schools: int) -> None:
    """Keep room for the last manifest and the index, in case the disk fills up meanwhile."""
    # Chance bytes, for a disk that packs its files would give zeros no room.
    with suppress(OSError):
        (folder / BALLAST).write_bytes(Random(0).randbytes(BALLAST_BYTES + schools * BALLAST_A_SCHOOL))


def drop_ballast(folder: Path) -> None:
    """Give the room free."""
    with suppress(OSError):
        (folder / BALLAST).unlink()
