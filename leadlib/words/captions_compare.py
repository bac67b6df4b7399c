"""What the figures of differences and of a gap's parts say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from leadlib.numbers import lower_first, phrase, plural, show, span
from leadlib.words.captions import position

if TYPE_CHECKING:
    from leadlib.designs.estimates import Estimate


def effects(rows: Sequence[dict[str, Any]], level: float) -> tuple[str, str]:
    """Give title and alt text of dots with intervals around zero.

    Parameters
    ----------
    rows
        One a dot: `name, value, low, high, unit, kind`.
    level
        Of the intervals.
    """
    if not rows:
        return "No difference can be drawn", "Nothing is drawn: there is no estimate with an interval."
    alt = f"Dots with {100 * level:g}% intervals around zero. {'; '.join(_told(r['name'], r) for r in rows)}."
    lead = [r for r in rows if r["kind"] == "difference"] or list(rows)
    if len(lead) == 1:
        return _one(lead[0]), alt
    apart = [r for r in lead if position(r) != "not separated"]
    if not apart:
        return f"None of {plural(len(lead), 'difference')} stands apart from zero", alt
    return f"{len(apart)} of {plural(len(lead), 'difference')} stand apart from zero by their own intervals", alt


def _told(name: str, row: dict[Any, Any]) -> str:
    unit = row["unit"]
    return f"{name}: {show(row['value'], unit, sign=True)} (interval {span(row['low'], row['high'], unit, sign=True)})"


def _one(row: dict[str, Any]) -> str:
    side = position(row)
    if side == "not separated":
        return f"{row['name']}: the data do not tell the difference from zero"
    return f"{row['name']}: {phrase(abs(row['value']), row['unit'])} {side}"


SHORT = {
    "gap": "The gap",
    "composition": "Goes with who is in each group",
    "rates": "Goes with how the same categories fare",
    "measured": "Goes with what was measured",
    "unmeasured": "Does not go with what was measured",
}


def decomposition(result: Estimate) -> tuple[str, str]:
    """Give title and alt text of a gap and its parts."""
    rows = result.frame[result.frame["kind"].isin(["gap", "part", "detail"])].to_dict("records")
    told = "; ".join(
        _told(part_name(r) if r["kind"] != "detail" else f"{r['category']}, {lower_first(SHORT[r['part']])}", r)
        for r in rows
    )
    alt = f"The gap and its parts as dots with {100 * result.level:g}% intervals around zero. {told}."
    gap = rows[0]
    if position(gap) == "not separated":
        return "The data do not tell the gap from zero", alt
    parts = [r for r in rows if r["kind"] == "part"]
    clear = [r for r in parts if position(r) != "not separated"]
    total = phrase(gap["value"], gap["unit"], sign=True)
    if len(clear) == 1:
        one = clear[0]
        name = lower_first(part_name(one))
        return f"Of the gap of {total}, {show(one['value'], one['unit'], sign=True)} {name}", alt
    if clear:
        both = " and ".join(show(r["value"], r["unit"], sign=True) for r in parts)
        return f"The gap of {total} falls into {both}", alt
    return f"The data do not tell how the gap of {total} falls apart", alt


def part_name(row: dict[str, Any]) -> str:
    """Name a part for a reader; a detail by its category."""
    return SHORT[row["part"]] if row["kind"] != "detail" else str(row["category"])
