"""Survey means of one school with their intervals, beside the middle half of similar schools."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import PEERS, QUIET, SCHOOL, drawing, finished, key
from leadlib.measures.groups import THIS
from leadlib.numbers import show
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions_climate

Row = dict[str, Any]


@quiet_about_missing
def survey_means(result: Result) -> Figure:
    """See the school's survey means that may be shown, each with its interval, beside similar schools.

    Parameters
    ----------
    result
        What `designs.survey.leadership` or `designs.survey.climate` gives.
    """
    pairs = _pairs(result)
    with drawing(1.0 + 0.5 * len(pairs)) as (canvas, axes):
        ax = axes[0, 0]
        for y, (_, here, other) in enumerate(pairs[::-1]):
            _row(ax, y, here, other)
        ax.set_yticks(range(len(pairs)), [name.replace(" view of", "\nview of") for name, _, _ in pairs[::-1]])
        ax.set_ylim(-0.6, len(pairs) - 0.3)
        ax.set_xlim(0.95, 5.05)
        ax.set_xlabel("Mean on the scale from 1 to 5")
        ax.grid(axis="y", visible=False)
        _named(canvas, pairs)
        title, alt = captions_climate.survey_means(result, pairs)
        return finished(canvas, id=f"{result.id}-figure", title=title, alt=alt, drawn=_drawn(pairs))


def _pairs(result: Result) -> list[tuple[str, Row, Row | None]]:
    """Give each mean's row of this school, and that of similar schools or else of its level."""
    table = result.table[result.table["unit"] == "level"]
    pairs: list[tuple[str, Row, Row | None]] = []
    for measure in dict.fromkeys(table["measure"]):
        rows = table[table["measure"] == measure].to_dict("records")
        here = next((r for r in rows if r["group"] == THIS), None)
        others = [r for r in rows if r["group"] != THIS and math.isfinite(r["value"])]
        if here is not None and (math.isfinite(here["value"]) or others):
            pairs.append((str(measure), here, others[0] if others else None))  # type: ignore[arg-type]
    return pairs


def _row(ax: Axes, y: float, here: Row, other: Row | None) -> None:
    if other is not None:
        ax.plot([other["low"], other["high"]], [y, y], color=PEERS, alpha=0.3, linewidth=9, solid_capstyle="butt")
        ax.plot([other["value"]], [y], marker="|", markersize=12, markeredgewidth=2, color=PEERS)
    if math.isfinite(here["value"]):
        ax.plot([here["low"], here["high"]], [y, y], color=SCHOOL, linewidth=2, solid_capstyle="butt")
        ax.plot([here["value"]], [y], marker="o", markersize=7, color=SCHOOL)
        place, text, colour = here["value"], show(here["value"], "level"), SCHOOL
    else:
        place, text, colour = 1.0, "this school: not shown", QUIET
    ax.annotate(text, (place, y), xytext=(0, 8) if place > 1 else (4, 0), textcoords="offset points",
                ha="center" if place > 1 else "left", va="baseline" if place > 1 else "center", fontsize=9,
                fontweight="bold", color=colour)  # fmt: skip


def _named(canvas: Any, pairs: list[tuple[str, Row, Row | None]]) -> None:
    other = next((o for _, _, o in pairs if o is not None), None)
    marks: list[tuple[str, dict[str, Any]]] = [("this school, 95% interval", {"marker": "o", "color": SCHOOL})]
    if other is not None:
        marks.append((captions_climate.beside(str(other["group"])),
                      {"marker": "|", "color": PEERS, "markeredgewidth": 2, "markersize": 10}))  # fmt: skip
    key(canvas, tuple(marks))


def _drawn(pairs: list[tuple[str, Row, Row | None]]) -> dict[str, list[Any]]:
    rows = [r for _, here, other in pairs for r in (here, other) if r is not None]
    return {c: [r[c] for r in rows] for c in ("measure", "group", "value", "low", "high")}
