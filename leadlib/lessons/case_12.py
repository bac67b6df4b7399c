"""Case 12, two gaps: keys worked out from the results of the school that a learner looks at."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leadlib.lessons.keys import Choice, Number, exercise
from leadlib.measures.groups import DISTRICT, SIMILAR
from leadlib.results import Missing

EXERCISE = "The exercise"


@exercise("12.1")
def twice_as_long(luck: Any) -> Number:
    """Say how many of a list twice as long would stand apart by luck."""
    value = luck.table.set_index("measure")["value"]
    on_list, by_luck = float(value.iloc[0]), float(value.iloc[1])
    return Number(
        2 * by_luck,
        unit="ratio",
        within=0.02,
        slips={
            "That is for the list as it stands. How long would it be with the second grade level?": by_luck,
            "That is how long the list would be. How many of those would stand apart by luck?": 2 * on_list,
            "That is the chance that at least one does. The question asks how many, on average.": float(value.iloc[2]),
        },
        look="Look at the second row of Exhibit 1, and at what it does when the first row doubles.",
    )


@exercise("12.2")
def what_the_whole_gap_says(whole: Any) -> Choice:
    """Say what the district's gap can and cannot tell of a school."""
    del whole
    return Choice(
        right="b",
        hints={
            "a": "For that, the two groups would have to sit in the same schools in the same shares. Do they?",
            "c": "The number is a difference between real means of many pupils. Ask what it is a difference of.",
        },
    )


@exercise("12.3")
def near_the_line(both: Any) -> Choice:
    """Say what a dot near the diagonal means."""
    del both
    return Choice(
        right="c",
        hints={
            "a": "Read the two axes at that dot before you call it good news.",
            "b": "How many pupils stand behind it, the picture does not show. Can it be far left for another reason?",
        },
    )


@exercise("12.4")
def share_inside(parts: Any) -> Number | Missing:
    """Say what share of the gap lies between pupils of the same school."""
    rows = parts.frame.set_index("part")
    if rows["share"].isna().any():
        return Missing(EXERCISE, "here the gap as a whole is not told from zero, so that it has no shares.")
    value = rows["value"]
    right = 100 * float(value["within"] / value["gap"])
    slips = {
        "That is the share that goes with who attends which school. Take the other part.": 100
        * float(value["between"] / value["gap"]),
        "That is one part over the other. Divide by the whole gap.": 100 * float(value["within"] / value["between"]),
    }
    slips = {hint: wrong for hint, wrong in slips.items() if abs(wrong - right) > 3}
    return Number(right, unit="pct", within=2.5, slips=slips, look="Divide the part inside schools by the whole gap.")


@exercise("12.5")
def against_similar(beside: Any) -> Number | Missing:
    """Read the far end of the interval of this school's gap beside that at similar schools."""
    row = _row_beside(beside.table)
    if row is None:
        return Missing(EXERCISE, "there are too few schools to set this one beside.")
    return Number(
        float(row["low"]),
        unit=str(row["unit"]),
        within=0.006 if row["unit"] == "sd" else 0.06,
        slips={
            "That is the other end, with which these pupils stand closest. Which end is the worse?": float(row["high"]),
            "That is the middle of the interval. How far down do the data reach?": float(row["value"]),
        },
        look="Look at the interval in the table, and at what below zero means.",
    )


def _row_beside(table: pd.DataFrame) -> Any:
    """Give the row of similar schools, else of the district, else of the level."""
    order = [SIMILAR, DISTRICT, *table["group"]]
    found = [table[table["group"] == name] for name in order if (table["group"] == name).any()]
    return found[0].iloc[0] if found else None


@exercise("12.6")
def left_on_the_list(found: Any) -> Number:
    """Say how many comparisons stand apart alone and no longer once the whole list counts."""
    frame = found.frame
    alone = (frame["alone_low"] > 0) | (frame["alone_high"] < 0)
    whole = (frame["low"] > 0) | (frame["high"] < 0)
    right = float((alone & ~whole).sum())
    slips = {
        "That counts the intervals alone. How many of these cross zero in the column for the whole list?": alone.sum(),
        "That counts those that are left with the whole list. How many fell away?": whole.sum(),
    }
    slips = {hint: float(wrong) for hint, wrong in slips.items() if wrong != right}
    return Number(right, unit="count", within=0.4, slips=slips, look="Hold the two columns of intervals side by side.")
