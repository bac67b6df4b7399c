"""How far a batch is: asked at any time, from its folder alone, without disturbing it."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from leadlib.batch import lock, manifest
from leadlib.batch.journal import Events
from leadlib.errors import nearest, refuse

RUNNING, STOPPED, KILLED, ENDED = "running", "stopped", "killed", "ended"
EXIT_CODES = {RUNNING: 3, STOPPED: 130, KILLED: 130}


@dataclass(frozen=True)
class Status:
    """One batch: its state, how many schools are how far, what runs now and for how many seconds, what failed.

    `done` counts the `unchanged` ones too. `seconds_a_school` is the median of those made in this run; `seconds_left`
    is what the rest would take at the speed so far (None: not running, or none has ended yet).
    """

    batch: str
    folder: str
    state: str
    started: str
    process: int | None
    unit: str
    schools: int
    done: int
    unchanged: int
    failed: int
    running: int
    interrupted: int
    not_run: int
    seconds_a_school: float | None
    seconds_left: float | None
    now: tuple[dict[str, Any], ...]
    failures: tuple[dict[str, Any], ...]

    @property
    def exit_code(self) -> int:
        """0 all done, 1 some failed, 3 running, 130 stopped or killed."""
        return EXIT_CODES.get(self.state, int(self.done < self.schools))

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {**asdict(self), "exit_code": self.exit_code}


def status(folder: str | Path) -> Status:
    """Tell how far the batch in a folder is.

    Raises
    ------
    InputError
        When the folder holds no batch; the nearest names of those beside it are told.
    """
    place = Path(folder)
    owner = lock.owner(place)
    alive = owner is not None and owner.alive
    if not (place / manifest.FILE).is_file():
        raise refuse(str(folder), "holds no batch", _nearest(place))
    book, events = manifest.read_with(place, alive=alive)
    schools = book["schools"]
    count = Counter(str(school["status"]) for school in schools)
    made = [s["seconds"] for s in schools if s.get("because") != manifest.UNCHANGED and s.get("seconds") is not None]
    state = RUNNING if alive else {"stopped": STOPPED, "killed": KILLED}.get(str(book["status"]), ENDED)
    return Status(
        str(book.get("batch", place.name)),
        place.as_posix(),
        state,
        (owner.since if owner and alive else "") or str(book.get("started", "")),
        owner.pid if owner and alive else None,
        str(book.get("unit") or "school"),
        len(schools),
        count["done"],
        sum(s["status"] == "done" and s.get("because") == manifest.UNCHANGED for s in schools),
        count["failed"],
        count["running"],
        count["interrupted"],
        count["not_run"],
        round(statistics.median(made), 1) if made else None,
        _left(events, count["running"] + count["not_run"]) if alive else None,
        tuple(_now(schools[k], at) for k, at in events.began.items() if k < len(schools) and k not in events.ended)
        if alive
        else (),
        tuple(_failure(school) for school in schools if school["status"] == "failed"),
    )


def _left(events: Events, waiting: int) -> float | None:
    """Give the seconds that the rest takes at the speed since the first school began."""
    if not events.ended:
        return None
    first = min(events.began.values(), default=min(events.ended.values()))
    return round(waiting * max(time.time() - first, 0.0) / len(events.ended), 0)


def _now(school: Mapping[str, Any], at: float) -> dict[str, Any]:
    return {**_named(school), "seconds": round(max(time.time() - at, 0.0), 1)}


def _failure(school: Mapping[str, Any]) -> dict[str, Any]:
    return {**_named(school), **{name: school.get(name) for name in ("cell", "cause", "message")}}


def _named(school: Mapping[str, Any]) -> dict[str, Any]:
    return {"school_id": school["school_id"], "school_name": school["school_name"]}


def _nearest(place: Path) -> str:
    beside = place.parent.iterdir() if place.parent.is_dir() else ()
    names = sorted(p.name for p in beside if (p / manifest.FILE).is_file())
    return nearest(place.name, names) if names else "give the folder of a batch, its name, or its plan file"
