"""Where a school stands among all schools of its level, figure by figure: the red, yellow and green of many offices.

This is the tempting way to choose what to work on. It is here to be set beside `designs.priorities`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.measures.groups import by_school, level_group
from leadlib.numbers import lower_first, plural, school_year, show
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The list of places"
LEAST = 5
"""Among fewer schools than this a place says nothing."""
RED, YELLOW = 0.2, 0.4
"""The lowest fifth of places is red, the next fifth yellow: a custom of many offices, with no reason behind it."""


@dataclass(frozen=True, repr=False)
class Places(Result):
    """Places of one school; `frame` has a row a figure: measure, label, value, shown, place, schools_n, color."""

    def block(self) -> Block:
        """Give one row a figure, the lowest places first, then the sentences."""
        heads = (
            Column("label", "Figure", "left"),
            Column("shown", "This school"),
            Column("place", "Place from the bottom"),
            Column("color", "Color", "left"),
        )
        rows = self.frame.to_dict("records")
        cells = tuple((r["label"], r["shown"], f"{r['place']:.0f} of {r['schools_n']:.0f}", r["color"]) for r in rows)
        values = tuple((r["label"], None, r["place"], r["color"]) for r in rows)
        return Stack((Table(self.id, self.title, heads, cells, values, self.note), Prose((self.text,))))


@passes_missing
def places(panel: pd.DataFrame, school: School) -> Places | Missing:
    """See the school's place from the bottom among all schools of its level, in every result of the pack.

    Parameters
    ----------
    panel : DataFrame
        What `measures.indicators.panel` gives; only its results count, not what the school has to work with.
    school : School
        The school, in the year that is looked at.

    Returns
    -------
    Places or Missing
        Table: one row a result that the school has in its year; `value` is its place from the bottom (1: no school of
        the level is worse), `n` the schools of the level with a figure. Equal figures share the middle of their places.
        `frame` also has the value as it may be shown, and the color that many offices would give it: red for the lowest
        fifth of places, yellow for the next. Missing where the school has no result, or too few share its level.

    Notes
    -----
    Values are those of the panel, so that what too few pupils stand behind is not in it. Nothing is adjusted, and no
    chance is counted.
    """
    now = panel[panel["year"].eq(school.year) & panel["kind"].eq("result") & panel["value"].notna()]
    if school.level is not None:
        now = now[now["school_level"].eq(school.level)]
    rows = [r for _, part in now.groupby("measure", sort=True) if (r := _row(part, school)) is not None]
    if not rows:
        return Missing(
            SECTION, f"no result of {school_year(school.year)} can be set beside {LEAST} schools of its level."
        )
    found = pd.DataFrame(rows).sort_values(["share", "measure"], kind="stable").reset_index(drop=True)
    table = pd.DataFrame(
        {"measure": found["label"], "group": "Place from the bottom", "value": found["place"], "low": np.nan}
        | {"high": np.nan, "n": found["schools_n"], "unit": "count"}
    )
    group = lower_first(level_group(school.level))
    return Places(
        id="places",
        title=f"Places among {group}, {school_year(school.year)}",
        table=table[list(RESULT_COLUMNS)],
        text=_told(found),
        limits=("A place counts neither whom a school serves nor what chance does to few pupils.",),
        note=f"Red: the lowest {RED:.0%} of places. Yellow: up to {YELLOW:.0%}. Green: the rest.",
        frame=found,
    )


def _row(part: pd.DataFrame, school: School) -> dict[str, Any] | None:
    """Place one result of the school among the schools of its level."""
    values = by_school(part, school.year)["value"].astype(float)
    if school.school_id not in values.index or len(values) < LEAST:
        return None
    own = part[part["school_id"].eq(school.school_id)].iloc[0]
    good = values if own["better"] == "higher" else -values
    place = float(good.rank(method="average")[school.school_id])
    share = place / len(values)
    return {
        "measure": own["measure"],
        "label": own["label"],
        "value": float(own["value"]),
        "shown": _shown(own),
        "place": place,
        "schools_n": len(values),
        "share": share,
        "color": "red" if share <= RED else "yellow" if share <= YELLOW else "green",
    }


def _shown(own: Any) -> str:
    """Write a value as it may be shown: a coded one is not exact."""
    text = show(float(own["value"]), own["unit"])
    return f"about {text}" if own["value__why"] in ("range", "between") else text


def _told(found: pd.DataFrame) -> str:
    reds = int((found["color"] == "red").sum())
    worst = found.iloc[0]
    return (
        f"{plural(len(found), 'result')} looked at, {reds or 'none'} of them red. The lowest place is that of"
        f" {lower_first(str(worst['label']))}. One in five figures of any school would be red if chance alone dealt the"
        " places."
    )
