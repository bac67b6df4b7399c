"""Keys of case 01, a principal's week: read a share, work out minutes, and choose what the evidence carries."""

from __future__ import annotations

import numpy as np

from leadlib.lessons.keys import Choice, Number, exercise
from leadlib.measures.groups import THIS
from leadlib.measures.time_parts import posts
from leadlib.results import Missing, Result
from leadlib.tables import School

SECTION = "This exercise"
STEADY = 0.9
"""From this reliability on a single week tells nearly what many weeks tell."""
FREED, HOURS = 6, 3
"""The hours that are freed, and those of them that go to coaching in exercise 3."""


@exercise("01.1")
def share_with_six_hours(week: Result) -> Number:
    """Add the six hours to the two instructional kinds of work of this school."""
    own = week.table[week.table["group"].eq(THIS)]
    inside = own["leadership"].eq("instructional")
    share, length = float(own.loc[inside, "value"].sum()), float(own["minutes"].sum())
    gained = 100 * FREED * 60 / length if length > 0 else np.nan
    return Number(
        share + gained,
        unit="pct",
        within=0.7,
        slips={
            "That is the present share; the six hours are not in it yet.": share,
            "Hours and percent were added; first turn the six hours into a share of the week.": share + FREED,
            "That is the share of the six hours alone; add what goes to instruction already.": gained,
            "The week stays as long as it is: the six hours come out of other work.": 100
            * (share / 100 * length + FREED * 60)
            / (length + FREED * 60),
        },
        look="Hours and share in the sentence below the table tell how long the week is. Add six hours, and divide.",
    )


@exercise("01.2")
def how_many_weeks(weeks: Result) -> Choice:
    """One week holds much luck, the mean of many weeks less; where one week is as steady as many, it is enough."""
    steady = weeks.table.loc[weeks.table["group"].eq("Reliability of a single week"), "value"]
    return Choice(
        ("a", "b") if len(steady) and float(steady.iloc[0]) > STEADY else "b",
        hints={
            "a": "Look at the lowest and the highest week in Exhibit 2: would both have told the same story?",
            "c": "Compare the reliability of one week with that of the mean of all weeks: what do more weeks do?",
        },
        options="abc",
    )


@exercise("01.3")
def minutes_a_teacher(school: School) -> Number | Missing:
    """Share three hours among the teachers' full-time posts."""
    found = posts(school)
    if found is None:
        return Missing(SECTION, "the pack does not say how many teachers this school has.")
    return Number(
        HOURS * 60 / found,
        unit="minutes",
        within=max(0.5, 0.02 * HOURS * 60 / found),
        slips={
            "That is the share of all six hours; three of them go to coaching.": FREED * 60 / found,
            "That is how many posts share the hours; how many minutes is it for each?": found,
            "That is posts an hour, the wrong way round.": found / HOURS,
        },
        look="Turn three hours into minutes and divide by the teachers' full-time posts of this school in this year.",
    )


@exercise("01.4")
def why_it_points_the_wrong_way(across: Result) -> Choice:
    """Need stands behind both the hours and the results."""
    return Choice(
        "b",
        hints={
            "a": "Could a comparison of different schools in one year show that? What else sets the schools apart?",
            "c": "A shaky measure makes a difference look smaller than it is. Can it turn it round?",
        },
    )


@exercise("01.5")
def what_may_go_on_the_page(inside: Result) -> Choice:
    """Only what stays inside the data."""
    return Choice(
        "c",
        hints={
            "a": "How much coaching did the principals of the log do? Does the comparison reach as far as six hours?",
            "b": "Read the two ends of the interval of walkthroughs: which values does it leave open?",
        },
    )
