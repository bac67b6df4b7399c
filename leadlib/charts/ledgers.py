"""The leadership ledger as a school board reads it in ten seconds: one bar a resource, two kinds of leadership."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, PEERS, QUIET, SCHOOL, drawing, finished, key
from leadlib.measures.groups import THIS
from leadlib.measures.ledger import others_named
from leadlib.measures.taxonomy import SHOWN
from leadlib.results import quiet_about_missing
from leadlib.words import captions_ledger as captions

if TYPE_CHECKING:
    from leadlib.measures.ledger import Ledger

_COLOURS = {"instructional": SCHOOL, "administrative": PEERS, "other": PALE}
_HIGH = 0.5
_ROOM = 9.0
"""Percent of the bar that a number needs to stand inside its part."""


@quiet_about_missing
def ledger(result: Ledger) -> Figure:
    """See how minutes, dollars, people and periods part into instructional, administrative and other.

    Instructional grows from the left, administrative from the right, so that each has an edge to be read from; a
    triangle below the bar shows where the middle one of the other schools has the edge of that part.

    Parameters
    ----------
    result
        What `measures.ledger.ledger` gives.
    """
    cells = {(r["resource"], r["group"], r["kind"]): r for r in result.table.to_dict("records")}
    resources = list(dict.fromkeys(result.table["resource"]))
    with drawing(0.8 + 0.62 * len(resources)) as (canvas, axes):
        ax = axes[0, 0]
        for y, resource in enumerate(resources[::-1]):
            _bar(ax, y, {kind: float(cells[resource, THIS, kind]["value"]) for kind in SHOWN})
            for kind in ("instructional", "administrative"):
                _mark(ax, y, kind, cells.get((resource, result.beside, kind)))
        _headings(ax, len(resources))
        ax.set_yticks(range(len(resources)), [captions.ROWS[r] for r in resources[::-1]])
        ax.tick_params(axis="y", length=0)
        ax.set_xticks([])
        ax.set_xlim(0, 106)
        ax.set_ylim(-0.62, len(resources) - 0.2)
        ax.grid(visible=False)
        ax.spines[["left", "bottom"]].set_color("none")
        if result.table["group"].eq(result.beside).any():
            named = f"{others_named(result.beside)}: the middle one, and the middle half"
            key(canvas, ((named, {"marker": "^", "color": INK, "markersize": 6}),))
        title, alt = captions.ledger(result)
        figure = finished(canvas, id="ledger-figure", title=title, alt=alt, drawn=_drawn(result))
    return figure


def _bar(ax: Axes, y: float, share: dict[str, float]) -> None:
    """Draw the three parts of a bar, each with its number in it or, where it is too thin, beside it."""
    left, right = share["instructional"], 100 - share["administrative"]
    ax.barh(y, 100, height=_HIGH, color=PALE)
    ax.barh(y, left, height=_HIGH, color=SCHOOL)
    ax.barh(y, 100 - right, left=right, height=_HIGH, color=PEERS)
    _number(ax, left / 2 if left >= _ROOM else left + 1, y, share["instructional"], SCHOOL, inside=left >= _ROOM)
    inside = 100 - right >= _ROOM
    _number(ax, (right + 100) / 2 if inside else 101, y, share["administrative"], PEERS, inside=inside)
    if right - left >= 2 * _ROOM:
        ax.text((left + right) / 2, y, captions.percent(share["other"]), ha="center", va="center", fontsize=8.5)


def _number(ax: Axes, x: float, y: float, value: float, colour: str, *, inside: bool) -> None:
    ax.text(
        x,
        y,
        captions.percent(value),
        ha="center" if inside else "left",
        va="center",
        color="white" if inside else colour,
        fontsize=9.5,
        fontweight="bold",
    )


def _mark(ax: Axes, y: float, kind: str, row: dict[Any, Any] | None) -> None:
    """Mark below the bar where this part ends at the middle one of the other schools."""
    if row is None or row["value"] != row["value"]:
        return
    at = [row["value"], row["low"], row["high"]]
    middle, low, high = at if kind == "instructional" else [100 - v for v in at]
    below = y - _HIGH / 2 - 0.09
    ax.plot([low, high], [below, below], color=_COLOURS[kind], linewidth=2.4, solid_capstyle="butt", zorder=3)
    ax.plot([middle], [below], marker="^", color=_COLOURS[kind], markersize=6.5, zorder=4, markeredgecolor="white",
            markeredgewidth=0.6)  # fmt: skip


def _headings(ax: Axes, n: int) -> None:
    y = n - 1 + _HIGH / 2 + 0.1
    heads = (
        (0, "left", "Instructional", SCHOOL),
        (100, "right", "Administrative", PEERS),
        (50, "center", "other", QUIET),
    )
    for x, side, text, colour in heads:
        ax.text(x, y, text, ha=side, va="bottom", color=colour, fontsize=9.5,
                fontweight="normal" if side == "center" else "bold")  # fmt: skip


def _drawn(result: Ledger) -> dict[str, list]:
    table = result.table[result.table["value"].notna()]
    return {c: table[c].tolist() for c in ("resource", "kind", "group", "value", "low", "high")}
