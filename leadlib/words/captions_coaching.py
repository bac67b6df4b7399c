"""Titles and alt texts of figures of coaching."""

from __future__ import annotations

from typing import Any

from leadlib.measures.groups import THIS
from leadlib.numbers import lower_first, show, span

Row = dict[str, Any]


def dose(pairs: list[tuple[str, Row, Row | None]]) -> tuple[str, str]:
    """Give title and alt text of how much coaching the school has, beside schools with coaching.

    Parameters
    ----------
    pairs
        For each measure its name, this school's row and the row of the schools beside it.
    """
    if not pairs:
        return "No share of coaching may be drawn", "Nothing is drawn: no share may be shown."
    name, here, other = pairs[0]
    title = f"{name}: {_cell(here)} here"
    if other is not None:
        title += f", {show(other['value'], 'pct')} at the middle one of {lower_first(str(other['group']))}"
    alt = "Dots on a scale from 0 to 100%. " + " ".join(
        f"{m}: {THIS.lower()} {_cell(a)}" + (f"; {lower_first(str(b['group']))} {_span(b)}." if b is not None else ".")
        for m, a, b in pairs
    )
    return title, alt


def _cell(row: Row) -> str:
    return str(row["shown"]) or show(row["value"], row["unit"])


def _span(row: Row) -> str:
    return f"{show(row['value'], 'pct')}, middle half {span(row['low'], row['high'], 'pct')}"


def beside_published(rows: list[Row]) -> tuple[str, str]:
    """Give title and alt text of the district's estimates beside the published means."""
    own = {r["measure"]: r for r in rows if r["low"] == r["low"]}
    others = {r["measure"]: r for r in rows if r["low"] != r["low"]}
    told = []
    for name, r in own.items():
        text = f"{name}: {show(r['value'], 'sd', sign=True)} ({span(r['low'], r['high'], 'sd', sign=True)})"
        text += f"; published mean {show(others[name]['value'], 'sd', sign=True)}" if name in others else ""
        told.append(f"{text}.")
    inside = [n for n, r in own.items() if n in others and r["low"] <= others[n]["value"] <= r["high"]]
    title = (
        "The published means lie within the district's intervals"
        if len(inside) == len(others)
        else "Not every published mean lies within the district's interval"
    )
    return title, "Dots with 95% intervals, in standard deviations; diamonds are published means. " + " ".join(told)
