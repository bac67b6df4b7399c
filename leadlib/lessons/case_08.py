"""Keys of case 08, coaching that works: worked out from the results that the learner looks at."""

from __future__ import annotations

import math
from typing import Any

from leadlib.lessons.keys import Choice, Number, exercise
from leadlib.measures.coaching_dose import WITH
from leadlib.measures.coaching_prior import facts
from leadlib.results import Missing

HERE = "This exercise"


def _share(reach: Any, start: str) -> float:
    table = reach.table
    row = table[table["measure"].str.startswith(start) & (table["group"] == WITH)]
    return float(row["value"].iloc[0]) if len(row) else math.nan


@exercise("08.1")
def newer_first(reach: Any) -> Number:
    """By how many points new teachers are coached more often than others, in schools with coaching."""
    new, others = _share(reach, "New teachers"), _share(reach, "Other teachers")
    return Number(
        new - others,
        unit="pct_points",
        within=0.15,
        slips={
            "That is one of the two shares; take the one from the other.": new,
            "That is the share of the other teachers; set it against that of new ones.": others,
            "That is how many times as often. You are asked for points: take one share from the other.": new / others,
        },
        look="Look again at the first two rows, in the column of all schools with coaching.",
    )


@exercise("08.2")
def expected_as_run(prior: Any) -> Number:
    """What the published effect on pupils comes to at the program's dose, before anything is taken off for growth."""
    data = facts()
    halved = data["prior"]["share_of_published"]
    value = prior.mean / halved
    dose = value / data["achievement_sd"]
    return Number(
        value,
        unit="sd",
        within=0.006,
        slips={
            "That is the published effect at a full dose. Few teachers here had one.": data["achievement_sd"],
            "You took the effect on instruction; you are asked about pupils' scores.": data["instruction_sd"] * dose,
            "That has the half for growing programs in it already; leave the half out here.": prior.mean,
        },
        look="Multiply the published effect on pupils' scores by the share of a full dose.",
    )


@exercise("08.3")
def why_lower(naive: Any) -> Choice | Missing:
    """Why schools with coaching stand where they stand in one year."""
    if naive.evidence.assignment == "random":
        return Missing(HERE, "chance drew the groups of this pack, so the tempting comparison errs in another way.")
    return Choice(
        right="b",
        hints={
            "a": "Then the gap should have opened when coaching began. Who was chosen first, and why?",
            "c": "Look at the interval: chance of that size would have to be very large.",
        },
    )


@exercise("08.4")
def teachers_too_low(naive_teachers: Any) -> Choice:
    """Why coached and other teachers, compared in one year, make coaching look small."""
    return Choice(
        right="c",
        hints={
            "a": "That is part of it. Is there a second reason, in the table of who is coached?",
            "b": "That is part of it. Is there a second reason, in the table of who is coached?",
        },
        options="abc",
    )


@exercise("08.5")
def enough(estimate: Any, decision: Any) -> Choice:
    """What the interval says, held against what was fixed as enough."""
    mark = decision.threshold
    right = "a" if estimate.low >= mark else "c" if estimate.high < mark else "b"
    hints = {
        "a": "Read the lower end of the interval against what was fixed as enough.",
        "b": "Read both ends of the interval against what was fixed as enough.",
        "c": "Read the upper end of the interval against what was fixed as enough.",
    }
    return Choice(right=right, hints={k: v for k, v in hints.items() if k != right})
