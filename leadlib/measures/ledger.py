"""The leadership ledger: how a school's minutes, dollars, people and periods part into the two kinds of leadership."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Prose, Stack
from leadlib.measures.compositions import compositions, of_district
from leadlib.measures.groups import SIMILAR, THIS, groups_of, middle, nearest_year, peers_may_be_missing
from leadlib.measures.taxonomy import PUBLISHED, RESOURCES, SHOWN
from leadlib.numbers import listing, school_year, show
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing, wide_table

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

SECTION = "The leadership ledger"
NEAR = 1.0
"""A share closer than this many percentage points to the middle one is not spoken of as different."""
NAMES = {
    "minutes": "the principal's logged minutes",
    "dollars": "current dollars",
    "people": "posts",
    "periods": "minutes on the bell schedule",
}
_LACKING = {
    "minutes": "no log of the principal's time",
    "dollars": "no spending by function",
    "people": "no count of both teachers and administrators",
    "periods": "no bell schedule",
}
_NOT_SHOWN = {
    "minutes": "the principal's minutes",
    "dollars": "dollars",
    "people": "people",
    "periods": "periods",
}


@dataclass(frozen=True, repr=False)
class Ledger(Result):
    """Compositions of four resources, and what research says about them."""

    evidence: tuple[str, ...] = ()
    beside: str = SIMILAR

    def block(self) -> Block:
        """Give the table, the sentences, and what research says and how far."""
        research = Prose(self.evidence, role="note", title="What research says, and no more", bullets=True)
        return Stack((wide_table(self), Prose((self.text,)), research))


@functools.cache
def evidence() -> tuple[dict[str, Any], ...]:
    """Give what research says about the two kinds of leadership: id, sentence, number, source, verified."""
    found: list[dict[str, Any]] = json.loads((PUBLISHED / "leadership_evidence.json").read_text(encoding="utf-8"))
    return tuple(found)


@peers_may_be_missing
@passes_missing
def ledger(school: School, peers: Peers | Missing | None) -> Ledger | Missing:
    """See how a school's minutes, dollars, people and periods part into instructional, administrative and other.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them all schools of its level stand in their place.

    Returns
    -------
    Ledger or Missing
        Table: one row a resource, kind and group, in percent (the three kinds of a resource add up to 100), with the
        further columns resource, kind and year. For similar schools `value` is the median of the schools, `low` and
        `high` the quartiles, `n` the schools with a figure; so their three medians need not add up to 100. A resource
        that the pack or the school lacks has no row and is named in the text. Missing where all four are lacking.

    Notes
    -----
    What counts as which kind is `measures.taxonomy`: shared and neither are `other`. A resource without a figure in the
    school's year is taken from the nearest year in which the school has one, for all schools. Shares are of logged
    minutes, of current spending (without building and debt), of full-time posts, and of the minutes of the bell
    schedule. Shares of posts count jobs and show nothing of those who hold them, so they are not coded.
    """
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    beside = SIMILAR if SIMILAR in groups else list(groups)[-1] if groups else ""
    rows: list[tuple[Any, ...]] = []
    lacking: dict[str, bool] = {}
    for resource in RESOURCES:
        found = compositions(school, resource)
        years: Any = [] if isinstance(found, Missing) else found.loc[found["school_id"] == school.school_id, "year"]
        year = nearest_year(years, school.year)
        if isinstance(found, Missing) or year is None:
            lacking[resource] = isinstance(found, Missing)
            continue
        frame = found[found["year"] == year].set_index("school_id")
        rows += _rows(school, resource, year, frame, {beside: groups[beside]} if beside else {})
    if not rows:
        return Missing(SECTION, _nothing(lacking))
    table = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "resource", "kind", "year"])
    return _result(school, table, beside, lacking, left_out)


def _rows(
    school: School, resource: str, year: int, frame: pd.DataFrame, groups: dict[str, list[str]]
) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for kind in SHOWN:
        name = f"{title(resource)}: {kind}" + (f" ({school_year(year)})" if year != school.year else "")
        own = float(frame.loc[school.school_id, kind])
        rows.append((name, THIS, own, np.nan, np.nan, 1, "pct", resource, kind, year))
        for group, ids in groups.items():
            value, low, high, n = middle(frame[kind].reindex(ids))
            rows.append((name, group, value, low, high, n, "pct", resource, kind, year))
    return rows


def title(resource: str) -> str:
    """Name a resource at the head of a row: `Minutes`."""
    return resource.capitalize()


def _nothing(lacking: dict[str, bool]) -> str:
    holder = "the pack holds" if all(lacking.values()) else "the data of this school hold"
    return f"{holder} {listing([_LACKING[r] for r in lacking], last='and')}."


def _result(
    school: School, table: pd.DataFrame, beside: str, lacking: dict[str, bool], left_out: tuple[str, ...]
) -> Ledger:
    told = [_shares(table), _outside(table, beside), _gone(lacking)]
    if "dollars" in set(table["resource"]) and of_district(school):
        told.append("Dollars are those of the whole district: the pack does not part a school's spending by function.")
    unchecked = any(not e["verified"] for e in evidence())
    limits = (
        *(left_out if not beside else ()),
        "The ledger sorts resources by name. It does not show how well they are used, and it rates nobody.",
        "What counts as instructional, administrative or neither is a judgment of this workbook"
        " (its taxonomy gives a reason for each line); in minutes and dollars it rests on published categories.",
        *(("Some of the research quoted with the ledger is not yet checked against its source.",) if unchecked else ()),
    )
    return Ledger(
        id="ledger",
        title=f"The leadership ledger, {school_year(school.year)}",
        table=table,
        text=" ".join(t for t in told if t),
        limits=limits,
        note="In brackets the middle half of the schools. Other: work, money, posts and time that are both kinds or"
        " neither. The middle values of a group need not add up to 100%.",
        wide=True,
        evidence=tuple(e["sentence"] + ("" if e["verified"] else " (Not yet checked.)") for e in evidence()),
        beside=beside,
    )


def _shares(table: pd.DataFrame) -> str:
    own = table[(table["group"] == THIS) & (table["kind"] == "instructional")]
    parts = [f"{show(r['value'], 'pct')} of {NAMES[r['resource']]}" for r in own.to_dict("records")]
    return f"Instructional here: {listing(parts)}."


def outside(table: pd.DataFrame, beside: str) -> list[tuple[str, str, str]]:
    """List what lies outside the middle half of the other schools: resource, kind, and whether larger or smaller.

    A share less than one percentage point from the middle one is passed over: too little to speak of.
    """
    found = []
    theirs = {(r["resource"], r["kind"]): r for r in table[table["group"] == beside].to_dict("records")}
    for row in table[(table["group"] == THIS) & (table["kind"] != "other")].to_dict("records"):
        other = theirs.get((row["resource"], row["kind"]))
        if other is None or not np.isfinite(other["low"]) or abs(row["value"] - other["value"]) < NEAR:
            continue
        if not other["low"] <= row["value"] <= other["high"]:
            side = "larger" if row["value"] > other["high"] else "smaller"
            found.append((row["resource"], row["kind"], side))
    return found


def _outside(table: pd.DataFrame, beside: str) -> str:
    theirs = table.loc[table["group"] == beside, "value"]
    if not theirs.notna().any():
        return ""
    others = others_named(beside)
    found = outside(table, beside)
    if not found:
        return f"No instructional or administrative share stands out from the middle half of {others}."
    told = []
    for side in ("smaller", "larger"):
        shares = [f"of {kind} {resource}" for resource, kind, which in found if which == side]
        if shares:
            told.append(f"{side.capitalize()} than in the middle half of {others}: the share {listing(shares)}.")
    return " ".join(told)


def others_named(beside: str) -> str:
    """Name the schools beside this one inside a sentence: `similar schools`, `all middle schools`."""
    return beside[:1].lower() + beside[1:]


def _gone(lacking: dict[str, bool]) -> str:
    told = []
    for holder, here in (("the pack", True), ("this school", False)):
        gone = [r for r, of_pack in lacking.items() if of_pack is here]
        if gone:
            told.append(f"{holder} has {listing([_LACKING[r] for r in gone])}")
    if not told:
        return ""
    parts = listing([_NOT_SHOWN[r] for r in lacking])
    return f"Left out: {parts}, because {listing(told)}."
