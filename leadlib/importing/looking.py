"""What can be seen of a column without knowing what it is."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from leadlib.importing import shape
from leadlib.importing.values import MARKS, Rule, interval, number, tidy
from leadlib.tables import foreign

MOST = 6
UNSURE = {"-": "not_reported", "x": "suppressed", "-1": "not_reported", "-2": "not_applicable", "-3": "suppressed"}
"""Marks that mean different things to different agencies."""

__all__ = ["MARKS", "UNSURE", "Seen", "seen"]


@dataclass(frozen=True)
class Seen:
    """A column as it was seen: its name, how many rows, what part of its cells are numbers, marks, different."""

    name: str
    rows: int
    filled: int
    different: int
    numbers: float
    low: float
    high: float
    whole: bool
    years: bool
    ranges: int
    marks: tuple[str, ...]
    sample: tuple[str, ...]


def seen(name: str, column: foreign.Column) -> Seen:
    """Look at a column's cells."""
    words = [tidy(w) for w in column.words]
    counts = np.bincount(column.codes, minlength=len(words))
    read = [number(w) for w in words]
    numbers = [v for v in read if v is not None]
    filled = int(sum(n for w, n in zip(words, counts, strict=True) if w))
    count = int(sum(n for v, n in zip(read, counts, strict=True) if v is not None))
    other = [w for w, v in zip(words, read, strict=True) if w and v is None]
    ranges = [w for w in other if interval(w.replace("%", ""), Rule())]
    share = count / filled if filled else 0.0
    marks = [w for w in other if w not in ranges]
    short = len(marks) <= MOST and all(len(w) < 12 for w in marks)
    marks = marks if short and (share > 0.3 or ranges) else []
    if numbers and min(numbers) < 0:
        marks += [w for w in words if w in UNSURE and w not in marks]
    years = bool(words) and all(isinstance(shape.fall(w, "fall"), int) for w in words if w) and filled > 0
    sample = tuple(json.dumps(w, ensure_ascii=False) for w in [w for w in words if w][:3])
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 0.0)
    whole = all(v.is_integer() for v in numbers)
    return Seen(
        name, len(column.codes), filled, len(words), share, low, high, whole, years, len(ranges), tuple(marks), sample
    )
