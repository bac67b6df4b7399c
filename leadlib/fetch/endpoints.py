"""What the portal offers: its addresses, years, fields and codes, as data with their sources (`endpoints.json`)."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from leadlib.errors import nearest, refuse
from leadlib.fetch.years import parse_years

GRADES = ("pk", "k", *map(str, range(1, 16)), "99")
"""How the portal writes grades in an address: pk, k, 1 to 12, 13, 14 (adult education), 15 (ungraded), 99 (all)."""
EDFACTS_GRADES = ("3", "4", "5", "6", "7", "8", "9", "99")
"""In EDFacts, 9 is grades 9 to 12 together."""


@dataclass(frozen=True)
class Rule:
    """How a field is read: its kind, the codes that mean missing, its bounds, and what it is multiplied by."""

    kind: str
    codes: Mapping[int, str]
    width: int = 0
    lowest: float | None = 0.0
    highest: float | None = None
    times: float = 1.0


@dataclass(frozen=True)
class Endpoint:
    """One kind of answer of the portal.

    `key` names what tells two rows apart (dimensions such as race are added where an answer has them), `need` the
    fields without which an answer is refused, `known` the other fields it is known to have.
    """

    name: str
    title: str
    path: str
    by: Mapping[str, str]
    years: tuple[int, ...]
    key: tuple[str, ...]
    need: tuple[str, ...]
    known: tuple[str, ...]
    source: str
    note: str = ""

    @property
    def grade(self) -> str | None:
        """The field whose value stands in the address as a grade, if any."""
        return next((g for g in ("grade", "grade_edfacts") if f"{{{g}}}" in self.path), None)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that is known, the key first."""
        return tuple(dict.fromkeys([*self.key, *self.need, *self.known]))

    def template(self, by: str = "") -> str:
        """Give the address as the portal's own list of endpoints writes it."""
        return "/api/v1/" + self.path + self.split(by)

    def expected(self, by: str = "") -> tuple[str, ...]:
        """Give the fields that every row of an answer must have."""
        split = [d for d in self.split(by).split("/") if d in catalogue().dimensions]
        always = [k for k in self.key if k not in catalogue().dimensions or f"{{{k}}}" in self.path]
        return tuple(dict.fromkeys([*always, *split, *self.need]))

    def split(self, by: str) -> str:
        """Give the part of the address that splits the rows by race, sex and so on."""
        if by not in self.by:
            raise refuse(f"{self.name}, by {by!r}", "is not a way the portal splits it", nearest(by, self.by))
        return self.by[by]


@dataclass(frozen=True)
class Query:
    """One question to the portal: an endpoint, a year, where it has them a grade and a split, and a selection."""

    endpoint: Endpoint
    year: int
    grade: str = "99"
    by: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The endpoint's name."""
        return self.endpoint.name

    @property
    def address(self) -> str:
        """The address below the portal's base."""
        parts = {"year": str(self.year), "grade": f"grade-{self.grade}", "grade_edfacts": f"grade-{self.grade}"}
        path = self.endpoint.path.format(**parts) + self.endpoint.split(self.by)
        asked = "&".join(f"{name}={quote(','.join(values), safe=',')}" for name, values in self.filters.items())
        return f"{path}?{asked}" if asked else path

    def __str__(self) -> str:
        """What is asked for, as an error names it."""
        grade = f", grade {self.grade}" if self.endpoint.grade and self.grade != "99" else ""
        split = f" by {self.by.replace('-', ' and ')}" if self.by else ""
        return f"{self.endpoint.name} {self.year}{grade}{split}"


@dataclass(frozen=True)
class Catalogue:
    """All that is known of the portal, and when that was checked."""

    host: str
    pages: str
    terms: str
    checked: str
    dimensions: tuple[str, ...]
    rules: Mapping[str, Rule]
    families: Mapping[str, Rule]
    endpoints: Mapping[str, Endpoint]


@functools.cache
def catalogue() -> Catalogue:
    """Give what is known of the portal."""
    box: dict[str, Any] = json.loads(Path(__file__).with_name("endpoints.json").read_text(encoding="utf-8"))
    codes = {name: {int(k): v for k, v in pairs.items()} for name, pairs in box["codes"].items()}
    return Catalogue(
        box["host"],
        box["pages"],
        box["terms"],
        box["checked"],
        tuple(box["dimensions"]),
        {name: _rule(about, codes) for name, about in box["fields"].items()},
        {name: _rule(about, codes) for name, about in box["families"].items()},
        {about["name"]: _endpoint(about) for about in box["endpoints"]},
    )


def _rule(about: Mapping[str, Any], codes: Mapping[str, Mapping[int, str]]) -> Rule:
    return Rule(
        about["kind"],
        codes[about.get("codes", "all")],
        about.get("width", 0),
        about.get("lowest", 0.0),
        about.get("highest"),
        about.get("times", 1.0),
    )


def _endpoint(about: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        about["name"],
        about["title"],
        about["path"],
        about.get("by", {"": ""}),
        parse_years(about["years"]),
        tuple(about["key"]),
        tuple(about["need"]),
        tuple(about["known"]),
        about["source"],
        about.get("note", ""),
    )


def endpoint(name: str) -> Endpoint:
    """Give an endpoint by its name.

    Raises
    ------
    InputError
        Unknown name, with the nearest there are.
    """
    known = catalogue().endpoints
    if name not in known:
        raise refuse(f"endpoint {name!r}", "is not one that leadlib knows", nearest(name, known))
    return known[name]


def rule(name: str) -> Rule:
    """Say how a field is read: by its own rule, that of its family (`exp_`, `rev_` ...), or as a count or measure."""
    found = catalogue()
    if name in found.rules:
        return found.rules[name]
    for start, family in found.families.items():
        if name.startswith(start):
            return family
    return Rule("number", {-1: "not_reported", -2: "not_applicable", -3: "suppressed"})
