"""What the standards say, each fact with its source and whether the source was seen."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
UNCONFIRMED = "not confirmed in the source"


@dataclass(frozen=True)
class Fact:
    """One statement of the standards: its value if it has one, its text, where it stands, whether that was seen."""

    id: str
    value: Any
    text: str
    source: str
    verified: bool

    def told(self) -> str:
        """Give the text; where the source was not seen, that is said with it."""
        return self.text if self.verified else f"{self.text} ({UNCONFIRMED})"


@dataclass(frozen=True)
class Tier:
    """One tier of evidence under the Every Student Succeeds Act and what it asks."""

    tier: int
    name: str
    asks: str
    source: str
    verified: bool


@functools.cache
def facts() -> dict[str, Fact]:
    """Give every fact by its id."""
    found = json.loads((HERE / "facts.json").read_text(encoding="utf-8"))
    return {key: Fact(key, **value) for key, value in found.items()}


def fact(key: str) -> Fact:
    """Give one fact."""
    return facts()[key]


@functools.cache
def tiers() -> tuple[Tier, ...]:
    """Give the four tiers, the strongest first."""
    return tuple(Tier(**row) for row in json.loads((HERE / "tiers.json").read_text(encoding="utf-8")))


@functools.cache
def boundaries() -> dict[str, Any]:
    """Give the published attrition table and the constants of the curve drawn through it."""
    found: dict[str, Any] = json.loads((HERE / "boundaries.json").read_text(encoding="utf-8"))
    return found
