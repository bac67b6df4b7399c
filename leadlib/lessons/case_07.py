"""Case 07, a policy lands in waves: keys worked out from the results of the school that a learner looks at."""

from __future__ import annotations

from typing import Any

from leadlib.lessons.keys import Choice, Number, Text, exercise
from leadlib.results import Missing

THIS = "This exercise"


@exercise("07.1")
def change_less_change(both: Any) -> Number:
    """Say by how much more schools with the policy moved than schools without it."""
    moved = both.table[both.table["group"] == "Change"]
    with_it, without = (float(v) for v in moved["value"])
    later = both.table.drop_duplicates(["measure", "group"], keep="last").set_index(["group", "measure"])["value"]
    groups = list(dict.fromkeys(both.table["group"]))
    names = list(dict.fromkeys(both.table["measure"]))
    gap = float(later[groups[1], names[0]] - later[groups[1], names[1]])
    slips = {
        "That is what schools with the policy moved by. What moved all schools alike is still in it.": with_it,
        "That is what the other schools moved by. Set it against what schools with the policy moved by.": without,
        "That is how far the two groups lie apart in the later year. They did not begin level.": gap,
        "That adds the two changes. What both groups have in common should drop out.": with_it + without,
    }
    value, within = with_it - without, 0.15
    return Number(value, unit=str(moved["unit"].iloc[0]), within=within, slips=_apart(slips, value, within))


@exercise("07.2")
def one_school(changes: Any) -> Choice:
    """Say what one school's own change can carry."""
    return Choice(
        right="c",
        hints={
            "a": "Look at the dots of the bottom row. Did the schools in it stay where they were, with nothing new?",
            "b": "A picture of scatter is no proof that nothing happened. Where do the middle lines of the rows stand?",
        },
    )


@exercise("07.3")
def why_too_small(usual: Any) -> Choice | Missing:
    """Say why the usual regression goes wrong where schools begin at different times."""
    if usual.frame["wave"].nunique() < 2:
        return Missing(
            THIS, "all schools that began did so in one year, and the usual regression has nothing to mix up."
        )
    return Choice(
        right="b",
        hints={
            "a": "All the schools are in it. Look at the tiles again: what differs between them is not size.",
            "c": "Both ways of reckoning rest on that belief. So it cannot be why they differ.",
        },
    )


@exercise("07.4")
def first_years(ages: Any) -> Number | Missing:
    """Say how far the first years of the first and of the last wave lie apart."""
    table = ages.table
    first = table[table["group"] == "First year"]["value"]
    if len(first) < 2:
        return Missing(THIS, "there are no two waves whose first years could be set side by side.")
    value = float(first.iloc[0] - first.iloc[-1])
    unit = str(table["unit"].iloc[0])
    within = 0.015 if unit == "sd" else 0.15
    own = table[table["measure"] == table["measure"].iloc[0]]["value"]
    slips = {
        "That takes the newest year of the first wave. Set the two waves side by side at the same age.": (
            float(own.iloc[-1] - first.iloc[-1])
        ),
        "That is the first year of the first wave alone. Set the last wave's first year against it.": float(
            first.iloc[0]
        ),
        "That is the first year of the last wave alone. Set it against the first wave's first year.": float(
            first.iloc[-1]
        ),
    }
    return Number(value, unit=unit, within=within, slips=_apart(slips, value, within))


@exercise("07.5")
def yearly_cost(left: Any) -> Number | Missing:
    """Say what the policy would cost in a year for the schools that have not had it, in thousands of dollars."""
    rows = left.table.set_index("measure")["value"]
    if "Cost for one pupil and year" not in rows:
        return Missing(THIS, "the pack does not say what the policy costs.")
    schools, pupils, each = (float(v) for v in rows)
    value = pupils * each / 1000
    slips = {
        "That is the cost of one pupil in each school. Count pupils.": schools * each / 1000,
        "That is in dollars. The question asks for thousands of dollars.": pupils * each,
    }
    within = max(0.01 * value, 0.5)
    return Number(value, unit="value", within=within, slips=_apart(slips, value, within))


@exercise("07.6")
def motion(estimate: Any) -> Text:
    """Look at the form of a sentence for the board: a size, its range, what it rests on, and nothing too strong."""
    return Text(
        least=15,
        most=70,
        needs={
            "Say how large it is: give a number.": (r"\d",),
            "Say between what and what it may lie: the board should see the range.": (
                r"\bto\b.*\d",
                r"between",
                r"interval",
                r"range",
                r"±",
            ),
            "Say what has to hold for it: how would the schools have moved without the policy?": (
                r"without",
                r"alike",
                r"otherwise",
                r"provided",
                r"\bif\b",
                r"by lot",
                r"lottery",
            ),
        },
        avoid={
            "One study proves nothing. Say what the data are consistent with.": (r"\bprov(?:e|es|ed|en)\b",),
            "A board hears 'significant' as 'large'. Give the size and its range instead.": (r"significan",),
            "That an effect is not seen does not say that there is none.": (r"\bno effect\b", r"does nothing"),
        },
    )


def _apart(slips: dict[str, float], right: float, within: float) -> dict[str, float]:
    """Leave out slips that give the right answer for this school."""
    return {hint: value for hint, value in slips.items() if abs(value - right) > within}
