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
def against_similar(beside: Any) -> Choice | Missing:
    """Say what the data tell of this school's gap beside that at similar schools."""
    row = _row_beside(beside.table)
    if row is None:
        return Missing(EXERCISE, "there are too few schools to set this one beside.")
    hints = {
        "a": "Look at both ends of the interval: on which side of zero do they lie?",
        "b": "Look at both ends of the interval: on which side of zero do they lie?",
        "c": "Does the interval cross zero? If it does not, the data say more than that.",
    }
    right = "c" if row["low"] <= 0 <= row["high"] else ("a" if row["value"] > 0 else "b")
    return Choice(right=right, hints={letter: hint for letter, hint in hints.items() if letter != right})


def _row_beside(table: pd.DataFrame) -> Any:
    """Give the row of similar schools, else of the district, else of the level."""
    order = [SIMILAR, DISTRICT, *table["group"]]
    found = [table[table["group"] == name] for name in order if (table["group"] == name).any()]
    return found[0].iloc[0] if found else None


@exercise("12.6")
def left_on_the_list(found: Any) -> Number:
    """Say how many comparisons stand apart once the whole list counts."""
    slips = {}
    if found.alone != found.together:
        slips["That counts the intervals alone. Use the column for the whole list."] = float(found.alone)
    made = float(found.frame["value"].notna().sum())
    if made not in (found.together, found.alone):
        slips["That counts every comparison that could be made. Count those whose interval leaves zero out."] = made
    return Number(
        float(found.together), unit="count", within=0.4, slips=slips, look="Count rows, in the last interval."
    )
