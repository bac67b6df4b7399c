"""What the figures of an action plan say: needs, goals, and the run of a leading indicator."""

from __future__ import annotations

from typing import Any

from leadlib.numbers import difference_unit, in_100, listing, lower_first, phrase, plural, school_year, show, span


def priorities(result: Any, drawn: int) -> tuple[str, str]:
    """Give title and alt text of how far behind schools like it the school is, result by result."""
    needs, worth = result.needs, show(result.worth, "ratio")
    if needs.empty:
        only = len(result.frame) == 1
        title = "The one result does not stand out" if only else f"Nothing stands out among {len(result.frame)} results"
    else:
        title = f"Behind schools like it, most surely: {lower_first(needs['label'].iloc[0])}"
    rows = result.frame.head(drawn).to_dict("records")
    alt = (
        "Dots with 95% intervals, in standard deviations of schools; right of zero is behind, and a line stands at"
        f" {worth}. "
        + " ".join(
            f"{r['label']}: {show(r['behind'], 'ratio', sign=True)}"
            f" ({span(r['behind_low'], r['behind_high'], 'ratio', sign=True)}), chance {in_100(r['chance'])}."
            for r in rows
        )
    )
    return title, alt


def goals(each: list[Any]) -> tuple[str, str]:
    """Give title and alt text of the goals beside what similar schools reached."""
    unseen = [g for g in each if not g.told_from_chance]
    first = each[0]
    title = f"{first.label}: {phrase(first.goal, difference_unit(first.unit), sign=True)} by {_until(first)}"
    if len(each) > 1:
        title = f"{plural(len(each), 'goal')}; {_seen(len(each) - len(unseen))} large enough for later data to show"
    alt = "Bars of what similar schools changed by, chance taken out, with each goal as a diamond. " + " ".join(
        _goal(g) for g in each
    )
    return title, alt


def _until(goal: Any) -> str:
    return school_year(goal.year + goal.years)


def _seen(n: int) -> str:
    return "none is" if n == 0 else ("one is" if n == 1 else f"{n} are")


def _goal(g: Any) -> str:
    unit = difference_unit(g.unit)
    table = g.table
    spots = [
        f"{r['group'][0].lower()}{r['group'][1:]} {show(r['value'], unit, sign=True)}"
        for r in table[table["n"] > 1].to_dict("records")
    ]
    return (
        f"{g.label}: goal {show(g.goal, unit, sign=True)}; {listing(spots)};"
        f" later data tell {show(abs(g.detectable), unit)} from chance."
    )


def run_chart(result: Any) -> tuple[str, str]:
    """Give title and alt text of a run chart."""
    n = len(result.frame)
    where = lower_first(result.label)
    if result.signals:
        title = f"Not only chance: {listing(list(result.signals))} in {where}"
    elif n < 10:
        title = f"Too few points to tell: {where}"
    else:
        title = f"No sign of a change yet: {where}"
    points = "; ".join(f"{r['when']}: {show(r['value'], result.unit)}" for r in result.frame.to_dict("records"))
    return title, f"Line of {plural(n, 'point')} about their median {phrase(result.median, result.unit)}. {points}."
