"""What the figures of two groups of pupils say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import phrase, plural, show, span
from leadlib.words.captions import position

if TYPE_CHECKING:
    from leadlib.designs.decomposed import Parts
    from leadlib.designs.several import Comparisons
    from leadlib.results import Result

PARTS = {
    "gap": "The whole gap",
    "between": "Who attends which school",
    "within": "Inside the same schools",
}


def two_groups(result: Result) -> tuple[str, str]:
    """Give title and alt text of the map of both groups."""
    frame, about = result.frame, result.frame.attrs
    own = frame[frame["place"] == THIS].iloc[0]
    level = "sd" if own["unit"] == "sd" else "pct"
    here = " and ".join(show(own[f"value_{side}"], level, sign=level == "sd") for side in ("group", "other"))
    similar = int((frame["place"] == SIMILAR).sum())
    alt = (
        f"One dot a school, {plural(len(frame), 'school')}: across, what {about['whom']} reached; up, what"
        f" {about['who']} reached; on the diagonal both are alike. This school: {here}, gap"
        f" {show(own['gap'], own['unit'], sign=True)}. {plural(similar, 'similar school')} in a second color."
    )
    text = f"Here the gap reads {phrase(own['gap'], own['unit'], sign=True)}"
    beside = [r for r in result.table.to_dict("records") if r["group"] == SIMILAR]
    if not beside:
        return text, alt
    return f"{text}, at the median similar school {show(beside[-1]['value'], own['unit'], sign=True)}", alt


def split(result: Parts) -> tuple[str, str]:
    """Give title and alt text of a gap's two parts."""
    rows = {r["part"]: r for r in result.frame.to_dict("records")}
    told = "; ".join(
        f"{PARTS[k].lower()}: {show(r['value'], r['unit'], sign=True)}"
        f" (interval {span(r['low'], r['high'], r['unit'], sign=True)})"
        for k, r in rows.items()
    )
    alt = f"The gap and its two parts as dots with {100 * result.level:g}% intervals around zero. {told}."
    if position(rows["gap"]) == "not separated":
        return "The data do not tell this gap from zero", alt
    total = phrase(rows["gap"]["value"], rows["gap"]["unit"], sign=True)
    inside = show(rows["within"]["value"], rows["within"]["unit"], sign=True)
    if position(rows["within"]) == "not separated":
        return f"Of the gap of {total}, no part inside schools can be told from zero", alt
    return f"Of the gap of {total}, {inside} lies inside the same schools", alt


def listed(result: Comparisons) -> tuple[str, str]:
    """Give title and alt text of a fixed list of comparisons."""
    made = result.frame[result.frame["value"].notna()]
    told = "; ".join(
        f"{r['name']}: {show(r['value'], r['unit'], sign=True)}"
        f" (whole list {span(r['low'], r['high'], r['unit'], sign=True)})"
        for r in made.to_dict("records")
    )
    alt = (
        "Dots around zero with two intervals each: thick, taken alone; thin, for the whole list."
        f" {plural(len(made), 'comparison')} of {result.listed}. {told}."
    )
    if not result.alone:
        return f"None of {result.listed} stands apart", alt
    if result.together == result.alone:
        return f"{result.together} of {result.listed} stand apart, also once the whole list counts", alt
    return f"{result.alone} of {result.listed} stand apart alone, {result.together} once the whole list counts", alt


def name_of(row: dict[str, Any]) -> str:
    """Name a comparison on two lines: the figure, then the groups."""
    return str(row["name"]).replace(": ", "\n", 1)
