"""Keys of case 19, from data to action plan: chance, many looks at once, evidence from elsewhere, what can be seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from leadlib.lessons.keys import Choice, Number, Text, exercise
from leadlib.results import Missing

SECTION = "This exercise"


@exercise("19.1")
def inside_the_band(change: Any) -> Choice:
    """A change that chance alone can give is no reason for a goal."""
    return Choice(
        "b",
        hints={
            "a": "How far does chance alone move a school of this size? What would the plan have to answer?",
            "c": "Small schools move farther by chance. Are their figures worthless then, or only harder to read?",
        },
    )


@exercise("19.2")
def looked_at(needs: Any) -> Number:
    """Count the results that were ranked."""
    named = int((needs.frame["need"] > 0).sum())
    return Number(
        len(needs.frame),
        unit="count",
        within=0.5,
        slips={"Those are the needs that stand out; how many results were looked at to find them?": named},
        look="The sentence below the table of Exhibit 3 that begins with “Looked at” says it; so do its rows.",
    )


@exercise("19.3")
def two_sentences(needs: Any) -> Text:
    """An answer to a table of places that a board can follow."""
    return Text(
        least=12,
        most=70,
        needs={
            "Say against whom the school is compared.": (r"similar|like (it|this|ours)|same need|whom .* serve",),
            "Say what chance, or the number of pupils or figures, has to do with it.": (
                r"chance|luck|sure|certain|few|small|many",
            ),
        },
        avoid={
            "A place says nothing about anybody's effort; leave people out of it.": (
                r"\blazy\b|\bfault\b|\bblame\b|fail",
            )
        },
    )


@exercise("19.4")
def from_elsewhere() -> Choice:
    """An effect found elsewhere is an average with a wide range for one school."""
    return Choice(
        "c",
        hints={
            "a": "In the study some places gained much and some nothing. Which of them will this school be?",
            "b": "If nothing carried over, what would a plan rest on? Is there something between all and nothing?",
        },
    )


@exercise("19.5")
def what_can_be_seen(aims: Any) -> Number | Missing:
    """Read the smallest change that later data tell from chance."""
    first = next((goal for goal in aims.each if not isinstance(goal, Missing)), None)
    if first is None or not np.isfinite(first.detectable):
        return Missing(SECTION, "no goal can be set for this school, so there is none to be seen.")
    slips = {"That is the goal; how large must a change be to be seen?": abs(first.goal)}
    return Number(
        abs(first.detectable),
        unit=first.unit if first.unit != "pct" else "pct_points",
        slips={hint: value for hint, value in slips.items() if np.isfinite(value)},
        look="In Exhibit 5 it is the row that speaks of the smallest change, in the first table.",
    )
