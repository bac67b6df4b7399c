"""Case 03, follow the money: keys worked out from the results of the school that a learner looks at."""

from __future__ import annotations

from typing import Any

from leadlib.lessons.keys import Choice, Number, exercise
from leadlib.measures.groups import THIS
from leadlib.measures.spending import ALL, CENTRAL, INSTRUCTION, Published, label
from leadlib.results import Missing

NO_LINE = "this school has no line for instruction."


@exercise("03.1")
def own_share(mix: Any) -> Number | Missing:
    """Say which share of the money that the school itself spends goes to instruction."""
    here = mix.table[mix.table["group"] == THIS].set_index("measure")["value"]
    if label(INSTRUCTION) not in here:
        return Missing("The exercise", NO_LINE)
    line, whole = float(here[label(INSTRUCTION)]), float(here[ALL])
    district = float(here[[m for m in here.index if m.endswith(CENTRAL)]].sum())
    support = float(here.get(label("exp_current_instruc_staff"), 0.0))
    slips = {
        "That counts instructional staff support as instruction. Leave it out here; whether it belongs in is the next"
        " question.": 100 * (line + support) / (whole - district),
        "That is dollars a pupil. The question asks for a share of a whole, in percent.": line,
    }
    if district:
        slips["That is the share of all current spending. Which lines of the table does the school not decide on?"] = (
            100 * line / whole
        )
    return Number(100 * line / (whole - district), unit="pct", within=0.25, slips=slips)


@exercise("03.2")
def per_pupil(change: Any) -> Number:
    """Say by how many percent dollars a pupil moved."""
    then, now = change.frame.iloc[0], change.frame.iloc[1]
    parts = change.table.drop_duplicates(["group", "measure"]).set_index("measure")
    moved = 100 * (now["per_pupil"] - then["per_pupil"]) / then["per_pupil"]
    whole = 100 * (now["spend"] - then["spend"]) / then["spend"]
    shown = float(parts.loc[["More or fewer dollars a pupil"], "share"].iloc[0])
    slips = {
        "That is the change of the whole school's spending. Ask for one pupil.": whole,
        "That is the later year as a percent of the earlier one. How much was added to it?": 100 + moved,
        "That divides by the later year. A change is told in percent of where it began.": 100
        * (now["per_pupil"] - then["per_pupil"])
        / now["per_pupil"],
    }
    if abs(shown - moved) > 0.6:
        slips["That is a part of the change of the whole school, with its pupils in it. Use dollars a pupil alone."] = (
            shown
        )
    return Number(float(moved), unit="pct", within=0.3, slips=_apart(slips, float(moved), 0.3))


def _apart(slips: dict[str, float], right: float, within: float) -> dict[str, float]:
    """Leave out slips that give the right answer for this school."""
    return {hint: value for hint, value in slips.items() if abs(value - right) > within}


@exercise("03.3")
def why_they_differ(against: Any) -> Choice:
    """Say what a table of schools by spending can and cannot tell."""
    del against
    return Choice(
        right="b",
        hints={
            "a": "For that, schools would have to be alike in everything but money. Look at whom the three groups of"
            " schools serve.",
            "c": "A mean would move the numbers a little. Would it make the schools alike?",
        },
    )


@exercise("03.4")
def research(found: Published, dollars: float) -> Number:
    """Say what the published average comes to for the sum of this case."""
    value = found.value * dollars / found.dollars
    slips = {
        "That is for the published sum. How much of it is the sum of this case?": found.value,
        "The published number is already for all four years together: do not count the years twice.": value
        * found.years,
        "The published number is for the same dollars in each of four years: do not share it out over the years.": value
        / found.years,
        "The sign: a cut and a gain point in opposite directions.": -value,
    }
    return Number(value, unit="sd_fine", within=max(0.03 * abs(value), 0.0004), slips=_apart(slips, value, 0.0004))


@exercise("03.5")
def small_lottery(power: Any, found: Published) -> Choice | Missing:
    """Say what a lottery of few schools can tell of an effect of the published size."""
    if power.mdes <= found.value:
        return Missing("The exercise", "the lottery of this district is large enough to find what research expects.")
    return Choice(
        right="c",
        hints={
            "a": "What would such a lottery have shown, most of the time, if money worked exactly as published?",
            "b": "Chance decided who won, so the comparison is fair. Is a fair comparison also a sharp one?",
        },
    )
