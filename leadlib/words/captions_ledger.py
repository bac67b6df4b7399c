"""What the picture of the leadership ledger says: a title that is the finding, and alt text that gives the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadlib.measures.groups import THIS
from leadlib.measures.ledger import others_named, outside
from leadlib.measures.taxonomy import SHOWN
from leadlib.numbers import listing, show, span

if TYPE_CHECKING:
    from leadlib.measures.ledger import Ledger

IN_TITLE = {"minutes": "the principal's minutes", "dollars": "dollars", "people": "people", "periods": "periods"}
ROWS = {
    "minutes": "Minutes\nof the principal",
    "dollars": "Dollars\nspent",
    "people": "People\nin posts",
    "periods": "Periods\nof the week",
}


def percent(value: float) -> str:
    """Write a share as a picture does: in whole percent, and what would round to nothing as under one."""
    return "<1%" if 0 < value < 0.5 else show(value, "whole_pct")


def ledger(result: Ledger) -> tuple[str, str]:
    """Give title and alt text: what is instructional, and which shares lie outside the middle half of other schools."""
    own = _rows(result, THIS)
    resources = list(dict.fromkeys(resource for resource, _ in own))
    parts = [f"{percent(own[r, 'instructional']['value'])} of {IN_TITLE[r]}" for r in resources]
    title = f"Instructional: {listing(parts)}"
    far = [(resource, side) for resource, kind, side in outside(result.table, result.beside) if kind == "instructional"]
    told = []
    for side in ("smaller", "larger"):
        which = [resource for resource, found in far if found == side]
        if which:
            told.append(f"a {side} share of {listing(which)}")
    if told:
        title += f"; {listing(told)} than at most {_plain(result)}"
    return title, _alt(result, own, resources)


def _alt(result: Ledger, own: dict[tuple[str, str], dict[Any, Any]], resources: list[str]) -> str:
    theirs = _rows(result, result.beside)
    told = []
    for resource in resources:
        parts = []
        for kind in SHOWN:
            part = f"{kind} {show(own[resource, kind]['value'], 'pct')}"
            other = theirs.get((resource, kind))
            if other and kind != "other":
                middle = span(other["low"], other["high"], "pct")
                part += f" ({others_named(result.beside)} {show(other['value'], 'pct')}, middle half {middle})"
            parts.append(part)
        told.append(f"{resource.capitalize()}: {listing(parts)}.")
    return (
        "One bar a resource, from 0 to 100 percent: instructional from the left, administrative from the right,"
        f" other between. {' '.join(told)}"
    )


def _plain(result: Ledger) -> str:
    return others_named(result.beside).removeprefix("all ")


def _rows(result: Ledger, group: str) -> dict[tuple[str, str], dict[Any, Any]]:
    table = result.table[(result.table["group"] == group) & result.table["value"].notna()]
    return {(r["resource"], r["kind"]): r for r in table.to_dict("records")}
