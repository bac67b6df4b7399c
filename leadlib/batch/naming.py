"""File names made from what data holds: plain, short, safe on every system, and never a way out of a folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from leadlib.errors import Problem

LONGEST = 80
LONGEST_ID = 32
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
RESERVED = ("con", "prn", "aux", "nul", *(f"{device}{k}" for device in ("com", "lpt") for k in range(10)))


def plain(text: str) -> str:
    """Write a text with the letters a-z, digits and single hyphens alone: `Peña's High` is `pena-s-high`."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")


def slug(name: str, school_id: str) -> str:
    """Make the file name of a school: its name, a hyphen, its id; at most 80 characters.

    An id too long to be kept, or with nothing left once cleaned, ends in (or is) eight digits of its checksum.
    """
    tail = plain(school_id)
    mark = hashlib.sha256(school_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if not tail:
        tail = mark
    elif len(tail) > LONGEST_ID:
        tail = f"{tail[: LONGEST_ID - 9].strip('-')}-{mark}"
    head = plain(name)[: LONGEST - 1 - len(tail)].strip("-") or "school"
    return f"{head}-{tail}"


def collisions(slugs: Iterable[tuple[str, str]]) -> list[Problem]:
    """Name the schools whose file names would be the same; given are pairs of school id and slug."""
    users: dict[str, list[str]] = {}
    for school_id, name in slugs:
        users.setdefault(name, []).append(school_id)
    return [
        Problem("schools", f"{', '.join(map(repr, ids))} would all be written to {name!r}", "run them in batches apart")
        for name, ids in users.items()
        if len(ids) > 1
    ]


def check_batch_name(name: str) -> list[Problem]:
    """Say what is wrong with a batch's name, which becomes a folder."""
    if PLAIN.fullmatch(name) and name.lower() not in RESERVED:
        return []
    better = plain(name)[:LONGEST] or "my-batch"
    better = f"batch-{better}" if better in RESERVED else better
    return [
        Problem(
            "name",
            f"{name[:LONGEST]!r} cannot be the name of a folder on every system",
            f"use letters, digits and hyphens, such as {better!r}",
        )
    ]
