"""Bringing a school's files to a place, seeing which are still there, and keeping a place for one batch at a time."""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from leadlib.engines.books import short
from leadlib.engines.one import Outcome
from leadlib.engines.places import Place
from leadlib.errors import InputError, Locked, Problem, refuse

LOCK = ".lock"


def deliver(outcome: Outcome, staged: Path, place: Place) -> Outcome:
    """Bring the files of one school from a folder of this machine to a place; when one cannot be, none stays there.

    The files leave the folder in either case. Each output is entered with its tag, by which a later run sees in one
    listing whether it is still the same file. A school whose files do not arrive has failed, by cause `writing`.
    """
    names = {kind: output["path"] for kind, output in outcome.outputs.items()}
    sent: list[str] = []
    outputs: dict[str, dict[str, str]] = {}
    try:
        for kind, name in names.items():
            content = (staged / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != outcome.outputs[kind]["sha256"]:
                raise refuse(name, "was changed between being made and being sent")
            sent.append(name)
            outputs[kind] = {**outcome.outputs[kind], "tag": place.write(name, content)}
    except (InputError, OSError) as error:
        with suppress(InputError, OSError):  # a place that is gone is not asked again for each file
            for name in sent:
                place.remove(name)
        return Outcome("failed", outcome.seconds, "writing", message=short(str(error)), attempts=outcome.attempts)
    finally:
        for name in names.values():
            with suppress(OSError):
                (staged / name).unlink()
    return replace(outcome, outputs=outputs)


def changed(place: Place, tags: Mapping[str, str]) -> set[str]:
    """Name the files, given with their tags, that are no longer in a place or no longer the same."""
    there = place.tags()
    return {name for name, tag in tags.items() if there.get(name) != tag}


@contextmanager
def held(place: Place) -> Iterator[bool]:
    """Keep a place for one batch, on whatever machine; gives whether the place can really promise that.

    A lock that a batch of this machine left when it was killed counts for nothing. One of another machine cannot be
    asked whether its batch still runs, so it stands until somebody removes it.

    Raises
    ------
    Locked
        Another batch is writing there; it says from which machine and since when.
    """
    mine = json.dumps(_me()).encode()
    if not place.claim(LOCK, mine):
        _make_way(place)
        if not place.claim(LOCK, mine):
            raise _taken(place, _owner(place))
    try:
        # A store that lets a name be claimed twice ignores the question, and can keep nobody out.
        yield not place.claim(LOCK, mine)
    finally:
        with suppress(InputError, OSError):
            if _owner(place) == json.loads(mine):
                place.remove(LOCK)


def _me() -> dict[str, Any]:
    born = psutil.Process().create_time()
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": born, "since": since}


def _owner(place: Place) -> dict[str, Any]:
    try:
        found = json.loads(place.read(LOCK))
    except (InputError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _make_way(place: Place) -> None:
    """Remove the lock of a batch of this machine that is gone; refuse to go on when it runs, or may run."""
    owner = _owner(place)
    here = owner.get("host") == socket.gethostname()
    if not here or _alive(owner):
        raise _taken(place, owner)
    place.remove(LOCK)


def _alive(owner: Mapping[str, Any]) -> bool:
    try:
        return psutil.Process(int(owner["pid"])).create_time() == float(owner["born"])
    except (KeyError, TypeError, ValueError, psutil.Error):
        return False


def _taken(place: Place, owner: Mapping[str, Any]) -> Locked:
    who = f"on {owner['host']} since {owner['since']}" if {"host", "since"} <= owner.keys() else "of an unknown machine"
    fix = f"wait for it to end; if it was killed, remove {place.address}/{LOCK}"
    return Locked(Problem(place.address, f"another batch is writing here ({who})", fix))
