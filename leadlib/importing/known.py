"""What is commonly known about files of schools: names that columns have, words that stand in them. A data file."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from leadlib.importing.document import load_yaml

_FILE = Path(__file__).with_name("known.yml")
SAME = {"lowest_grade_offered": "grade_number", "highest_grade_offered": "grade_number"}


@functools.cache
def _all() -> Any:
    return load_yaml(_FILE.read_text(encoding="utf-8"), _FILE.name)


def words(field: str) -> dict[str, str]:
    """Give for a field the words that stand for each of its words, in small letters."""
    boxes = _all()["words"]
    found = boxes.get(SAME.get(field, field), {})
    return {w.casefold(): right for right, several in found.items() for w in [right, *several]}


def names() -> dict[str, dict[str, list[str]]]:
    """Give for each table and field the names that columns of that meaning have in the files of others."""
    found: dict[str, dict[str, list[str]]] = _all()["names"]
    return found
