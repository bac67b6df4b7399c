"""Which answers of the portal each table is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from leadlib.fetch.answers import Answer


@dataclass
class Got:
    """The answers that have come, by endpoint and split, and what was noticed while tables were made of them."""

    answers: Mapping[tuple[str, str], Answer]
    notes: list[str] = field(default_factory=list)

    def frame(self, endpoint: str, by: str = "") -> pd.DataFrame | None:
        """Give an answer's rows; None where it was not asked for or has none."""
        answer = self.answers.get((endpoint, by))
        return answer.frame if answer is not None and len(answer.frame) else None

    def note(self, n: int, what: str) -> None:
        """Note how many rows something was done with, if it was done with any."""
        if n:
            self.notes.append(f"{n:,} {what}")


@dataclass(frozen=True)
class Part:
    """An answer that a table needs.

    `extra` is for groups of pupils beside race and sex; without one that is `beside`, there is still a table.
    """

    endpoint: str
    fields: tuple[str, ...]
    by: str = ""
    extra: bool = False
    beside: bool = False


@dataclass(frozen=True)
class Plan:
    """A table: its answers and how it is made of them."""

    table: str
    parts: tuple[Part, ...]
    build: Callable[[Got], pd.DataFrame | None]
    needs: tuple[str, ...] = ()


def stacked(frames: list[pd.DataFrame], key: list[str]) -> pd.DataFrame | None:
    """Put tables below each other; of rows with the same key the first stays."""
    if not frames:
        return None
    made = pd.concat(frames, ignore_index=True)
    return made.drop_duplicates(key, ignore_index=True)
