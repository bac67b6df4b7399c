"""Titles and alt texts of figures of surveys."""

from __future__ import annotations

from typing import Any

from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import lower_first, show, span


def survey_means(result: Any, pairs: list[tuple[str, dict[str, Any], dict[str, Any] | None]]) -> tuple[str, str]:
    """Give title and alt text of a school's survey means beside the middle half of other schools.

    Parameters
    ----------
    result
        What `designs.survey.leadership` or `climate` gives.
    pairs
        For each measure its name, this school's row and the row of the schools beside it.
    """
    if not any(here.get("value") == here.get("value") for _, here, _ in pairs):
        return "No mean of this school may be shown", _hidden(pairs)
    lead = next((p for p in pairs if p[0] in result.shown), pairs[0])
    measure, here, other = lead
    title = f"{measure}: {show(here['value'], 'level')} here"
    if other is not None:
        title += f", {show(other['value'], 'level')} in the middle one of {_whom(other)}"
    alt = "Dots on a scale from 1 to 5, with 95% intervals. " + " ".join(_one(*p) for p in pairs)
    return title, alt


def _whom(row: dict[str, Any]) -> str:
    return lower_first(str(row["group"]))


def _one(measure: str, here: dict[str, Any], other: dict[str, Any] | None) -> str:
    own = (
        f"{show(here['value'], 'level')} ({span(here['low'], here['high'], 'level')})"
        if here["value"] == here["value"]
        else "not shown"
    )
    beside = f"; {_whom(other)} {span(other['low'], other['high'], 'level')}" if other is not None else ""
    return f"{measure}: {THIS.lower()} {own}{beside}."


def _hidden(pairs: list[tuple[str, dict[str, Any], dict[str, Any] | None]]) -> str:
    known = [p for p in pairs if p[2] is not None]
    if not known:
        return "Nothing is drawn: no mean may be shown."
    return f"Only other schools are drawn. {' '.join(_one(*p) for p in known)}"


def beside(group: str) -> str:
    """Name the schools drawn beside this one, for the line above the picture."""
    return "similar schools, middle half" if group == SIMILAR else f"{lower_first(group)}, middle half"
