"""What the figures of money say: what it goes to, how it changed, who spends much, and what more of it would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadlib.measures.groups import THIS
from leadlib.measures.money_change import DOLLARS, PART, PUPILS, WHOLE
from leadlib.measures.money_panel import THIRDS
from leadlib.measures.spending import ALL, INSTRUCTION, label
from leadlib.numbers import listing, lower_first, phrase, plural, show, span
from leadlib.results import Result
from leadlib.words.captions import at_whom

if TYPE_CHECKING:
    from leadlib.designs.expecting import Expected


def at(group: str) -> str:
    """Name the median school of a group inside a sentence."""
    return f"the median of {at_whom(group)}"


def mix(result: Result) -> tuple[str, str]:
    """Give title and alt text of what the money goes to: the share of instruction, or else of the largest line."""
    lines = result.table[result.table["measure"] != ALL]
    here = lines[lines["group"] == THIS]
    named = here[here["measure"] == label(INSTRUCTION)]
    lead = (named if len(named) else here.sort_values("share", ascending=False)).iloc[0]
    beside = lines[(lines["group"] != THIS) & (lines["measure"] == lead["measure"]) & lines["value"].notna()]
    title = f"{lead['measure']}: {show(lead['share'], 'pct')} of current spending here"
    for row in beside.to_dict("records"):
        title += f", {show(row['share'], 'pct')} at {at(row['group'])}"
    alt = "Bars in dollars a pupil. " + " ".join(f"{r['measure']}: {r['shown']}." for r in here.to_dict("records"))
    for group in dict.fromkeys(lines.loc[lines["group"] != THIS, "group"]):
        part = lines[(lines["group"] == group) & lines["value"].notna()].to_dict("records")
        alt += f" {group}, median: " + "; ".join(f"{r['measure']} {r['shown']}" for r in part) + "."
    return title, alt


def change(result: Result) -> tuple[str, str]:
    """Give title and alt text of how spending changed."""
    table = result.table
    first = table[table["group"] == PART["pupils"]].set_index("measure")["value"]
    moved = {PUPILS: "with pupils", DOLLARS: "with dollars a pupil"}
    parts = [f"{show(first[name], 'usd', sign=True)} {words}" for name, words in moved.items()]
    title = f"Spending changed by {show(first[WHOLE], 'usd', sign=True)}: {listing(parts)}"
    told = [
        f"{way}: " + "; ".join(f"{r['measure']} {r['shown']}" for r in part.to_dict("records")) + "."
        for way, part in table.groupby("group", sort=False)
    ]
    return title, "Bars to the left and right of zero. " + " ".join(told)


_ENDS = {
    "spending": ("spends most", "spends least"),
    "instruction": ("gives instruction the largest share", "gives it the smallest"),
}


def against(result: Result) -> tuple[str, str]:
    """Give title and alt text of what schools score by what they spend; it says who spends, not what spending does."""
    about = result.frame.attrs
    rows = result.table[result.table["measure"] == about["y"]].set_index("group")
    low, high = (float(rows.loc[third, "value"]) for third in (THIRDS[0], THIRDS[-1]))
    most, least = _ENDS[about["by"]]
    unit = {"pct": "pct_points"}.get(about["y_unit"], about["y_unit"])
    gap = high - low
    side = "as high as" if show(gap, unit) == show(0.0, unit) else "higher than" if gap > 0 else "lower than"
    size = "" if side == "as high as" else f" {phrase(abs(gap), unit)}"
    title = f"The third of the schools that {most} scores{size} {side} the third that {least}"
    points = "; ".join(f"{third.lower()} {show(rows.loc[third, 'value'], about['y_unit'])}" for third in THIRDS)
    here = result.frame[result.frame["here"]]
    mine = f" {THIS} has no dot."
    if len(here):
        x, y = show(here["x"].iloc[0], about["x_unit"]), show(here["value"].iloc[0], about["y_unit"])
        mine = f" {THIS}: {x} across, {y} upward."
    return title, (
        f"A dot is a school, {plural(len(result.frame), 'school')} in all: {lower_first(about['x'])} across,"
        f" {lower_first(about['y'])} upward. Median of the {points}.{mine}"
    )


def gain(result: Expected) -> tuple[str, str]:
    """Give title and alt text of what a sum would be expected to do."""
    sum_ = f"{show(result.dollars, 'usd', sign=True)} a pupil"
    title = (
        f"{sum_}: about {phrase(result.value, 'sd_fine', sign=True)}, and for one place anything from"
        f" {span(result.low, result.high, 'sd_fine', sign=True)}"
    )
    told = [
        f"{r['name']}: {show(r['value'], 'sd_fine', sign=True)} ({span(r['low'], r['high'], 'sd_fine', sign=True)})"
        for r in result.frame.to_dict("records")
    ]
    return title, f"Dots with {100 * result.level:g}% intervals around zero, in standard deviations. {'; '.join(told)}."
