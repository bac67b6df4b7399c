"""What a figure says: a title that is the finding, and alt text that gives the numbers to those who cannot see it.

How far a title may go is set by the result's own interval: where it includes zero, the title says that the data do not
separate the two.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from leadlib.measures.groups import DISTRICT, SIMILAR, THIS
from leadlib.numbers import NO_VALUE, listing, lower_first, phrase, plural, school_year, show, span
from leadlib.results import Result


def rows(result: Result, group: str | None = None) -> list[dict[Any, Any]]:
    """Give the rows of a result that hold a value, for one group or for all."""
    table = result.table[result.table["value"].notna()]
    return (table if group is None else table[table["group"] == group]).to_dict("records")


def beside_similar(result: Result) -> list[tuple[dict[Any, Any], dict[Any, Any]]]:
    """Pair this school's row of each measure with that of similar schools, in the result's order."""
    return _beside(result, SIMILAR)


def at_whom(group: str) -> str:
    """Name the schools of a group inside a sentence: `other schools of its district`."""
    if group == DISTRICT:
        return "other schools of its district"
    return lower_first(group.replace("All ", "Other ", 1))


def position(row: dict[Any, Any]) -> str:
    """Say on which side of zero a difference lies, or that the data do not tell."""
    if row["low"] > 0:
        return "higher"
    return "lower" if row["high"] < 0 else "not separated"


def trend(result: Result) -> tuple[str, str]:
    """Give title and alt text of the outcomes over time."""
    school = rows(result, THIS)
    if not school:
        return (
            "No outcome of this school can be shown",
            "No point is drawn: this school has no outcome that may be shown.",
        )
    first, last = school[0], [r for r in school if r["measure"] == school[0]["measure"]][-1]
    signed = bool(first.get("relative"))
    move = f"{phrase(first['value'], first['unit'], sign=signed)} in {school_year(first['year'])}"
    if last["year"] != first["year"]:
        move += f", {phrase(last['value'], last['unit'], sign=signed)} in {school_year(last['year'])}"
    points = [
        f"{school_year(r['year'])}: {show(r['value'], r['unit'], sign=signed)}"
        f" (95% interval {span(r['low'], r['high'], r['unit'], sign=signed)})"
        for r in school
    ]
    others = [f"{school_year(r['year'])}: {show(r['value'], r['unit'], sign=signed)}" for r in rows(result, SIMILAR)]
    alt = f"Line with intervals. {THIS}: {'; '.join(points)}."
    return f"{first['measure']}: {move}", alt + (f" {SIMILAR}: {'; '.join(others)}." if others else "")


def profile(result: Result) -> tuple[str, str]:
    """Give title and alt text of who the school serves: the share that differs most from similar schools leads."""
    pairs = [pair for pair in beside_similar(result) if pair[0]["unit"] == "pct"]
    if not pairs:
        return "Whom the school serves", "No share is drawn: none may be shown or none is reported."
    far = max(pairs, key=lambda p: abs(p[0]["value"] - p[1]["value"]))
    title = f"{far[0]['measure']}: {_cell(far[0])} here, {_cell(far[1])} in the middle one of the similar schools"
    alt = "Dots on a scale from 0 to 100%. " + " ".join(
        f"{a['measure']}: this school {_cell(a)}, similar schools {_cell(b)}." for a, b in pairs
    )
    return title, alt


def _cell(row: dict[Any, Any]) -> str:
    shown = row.get("shown")
    return str(shown) if isinstance(shown, str) and shown else show(row["value"], row["unit"])


def comparison(result: Result) -> tuple[str, str]:
    """Give title and alt text of the school against others."""
    drawn = rows(result)
    if not drawn:
        return "No comparison can be drawn", "Nothing is drawn: there is no comparison with a value."
    lead = drawn[0]
    side, others = position(lead), at_whom(lead["group"])
    size = phrase(abs(lead["value"]), lead["unit"])
    title = (
        f"{lead['measure']}: {size} {side} than at {others}"
        if side != "not separated"
        else f"{lead['measure']}: the data do not separate this school from {others}"
    )
    alt = "Dots with 95% intervals around a line at zero. " + " ".join(
        f"{r['measure']}, against {lower_first(r['group'])}: {show(r['value'], r['unit'], sign=True)}"
        f" ({span(r['low'], r['high'], r['unit'], sign=True)})."
        for r in drawn
    )
    return title, alt


def standing(result: Result, *, schools_n: int) -> tuple[str, str]:
    """Give title and alt text of this school among the similar ones, drawn back towards what such schools scored."""
    if not rows(result):
        return "This school's place cannot be drawn", "Nothing is drawn: this school has no value that year."
    row = rows(result)[0]
    between = span(row["low"], row["high"], row["unit"])
    title = f"{row['measure']}: this school most likely lies between {between.replace(' to ', ' and ')}"
    alt = (
        f"Dots with 95% intervals for {plural(schools_n, 'school')}, sorted. This school, steadied:"
        f" {show(row['value'], row['unit'])} ({between}). Hollow dots show the values as reported."
    )
    return title, alt


def funnel(result: Result) -> tuple[str, str]:
    """Give title and alt text of change against size."""
    here = rows(result, THIS)
    title = "The smaller the school, the further chance alone moves its result"
    if not here:
        return (
            title,
            "Change from the year before against school size, with the limits of chance; this school has no point.",
        )
    row = here[0]
    inside = row["low"] <= row["value"] <= row["high"]
    place = "inside" if inside else "outside"
    alt = (
        f"Each dot is a school: size across, change from the year before upwards. The band is what chance alone gives."
        f" This school's change, {phrase(row['value'], row['unit'], sign=True)}, lies {place} its band of"
        f" {span(row['low'], row['high'], row['unit'], sign=True)}."
    )
    return title, alt


def progress(result: Result) -> tuple[str, str]:
    """Give title and alt text of the year's growth against its target."""
    drawn = {r["group"]: r for r in rows(result)}
    if not drawn:
        return "No target and no change to draw", "Nothing is drawn: neither target nor change is reported."
    parts = [f"{g}: {phrase(r['value'], r['unit'], sign=True)}" for g, r in drawn.items()]
    title = listing(
        [
            f"{lower_first(g) if k else g} {phrase(r['value'], r['unit'], sign=True)}"
            for k, (g, r) in enumerate(drawn.items())
        ],
        last="against",
    )
    return title, "Dots on a line. " + "; ".join(parts) + "."


_CODED = ("under", "over")
"""How a text begins that is not the exact value: it cannot be said to lie within or outside a range."""


MOST_RESOURCES, MOST_NAMED = 10, 4


def drawn_resources(result: Result) -> list[str]:
    """List the resources a picture has room for: those with something to compare with, the farthest from it if many."""
    here = {r["measure"]: r for r in rows(result, THIS)}
    counts = Counter(r["measure"] for r in rows(result))
    many = [m for m in here if counts[m] > 1]
    theirs = {a["measure"]: b for a, b in _beside(result, _others(result))}
    far = sorted(many, key=lambda m: (-_distance(here[m], theirs.get(m)), m))[:MOST_RESOURCES]
    return [m for m in many if m in far]


def _others(result: Result) -> str:
    """Name the group that a school is set beside: similar schools, or else its district, or else all of its level."""
    groups = [g for g in dict.fromkeys(r["group"] for r in rows(result)) if g != THIS]
    return next((g for g in (SIMILAR, DISTRICT) if g in groups), groups[-1] if groups else SIMILAR)


def _beside(result: Result, group: str) -> list[tuple[dict[Any, Any], dict[Any, Any]]]:
    theirs = {row["measure"]: row for row in rows(result, group)}
    return [(row, theirs[row["measure"]]) for row in rows(result, THIS) if row["measure"] in theirs]


def _distance(row: dict[Any, Any], other: dict[Any, Any] | None) -> float:
    """Say how many widths of their middle half this school lies from the middle of the others."""
    if other is None or other["low"] != other["low"]:
        return 0.0
    half = other["high"] - other["low"]
    apart = abs(row["value"] - other["value"])
    return apart / half if half > 0 else float(apart > 0)


def resources(result: Result) -> tuple[str, str]:
    """Give title and alt text of what the school spends or how it is staffed."""
    shown, group = drawn_resources(result), _others(result)
    pairs = [pair for pair in _beside(result, group) if pair[0]["measure"] in shown]
    if not pairs:
        return "No resource can be drawn", "Nothing is drawn: there is no school to set this one's resources beside."
    others = "the schools of its district" if group == DISTRICT else lower_first(group)
    exact = [(a, b) for a, b in pairs if b["low"] == b["low"] and not str(a.get("shown") or "").startswith(_CODED)]
    outside = [lower_first(a["measure"]) for a, b in exact if not b["low"] <= a["value"] <= b["high"]]
    more = [f"{len(outside) - MOST_NAMED} more"] if len(outside) > MOST_NAMED + 1 else []
    named = outside[:MOST_NAMED] if more else outside
    title = (
        f"Outside the middle half of {others}: {listing([*named, *more])}"
        if outside
        else f"Every resource drawn lies within the middle half of {others}"
    )
    alt = "One line a resource. " + " ".join(
        f"{a['measure']}: this school {_cell(a)}; {others} {_cell(b)}{_half(b)}." for a, b in pairs
    )
    return title, alt


def _half(row: dict[Any, Any]) -> str:
    between = span(row["low"], row["high"], row["unit"])
    return "" if between == NO_VALUE or row.get("shown") else f", middle half {between}"
