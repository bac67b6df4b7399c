"""How much coaching a school has beside others, and what was found in a district beside the published studies."""

from __future__ import annotations

import math
from typing import Any

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PEERS, QUIET, SCHOOL, drawing, finished, key, unit_axis
from leadlib.measures.groups import THIS
from leadlib.numbers import show
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions_coaching

Row = dict[str, Any]


@quiet_about_missing
def dose(result: Result) -> Figure:
    """See how many teachers are coached, how near to a full dose, and how many cycles are finished, beside others.

    Parameters
    ----------
    result
        What `measures.coaching.dose` gives; only its shares are drawn.
    """
    pairs = _pairs(result)
    with drawing(0.9 + 0.5 * max(len(pairs), 1)) as (canvas, axes):
        ax = axes[0, 0]
        for y, (_, here, other) in enumerate(pairs[::-1]):
            _range(ax, y, here, other)
        ax.set_yticks(range(len(pairs)), [m.replace(", ", ",\n") for m, _, _ in pairs[::-1]])
        ax.set_ylim(-0.6, max(len(pairs), 1) - 0.3)
        ax.set_xlim(-1, 101)
        ax.grid(axis="y", visible=False)
        unit_axis(ax.xaxis, "pct")
        _key(canvas, pairs)
        title, alt = captions_coaching.dose(pairs)
        drawn = [r for _, a, b in pairs for r in (a, b) if r is not None]
        return finished(canvas, id="dose-figure", title=title, alt=alt, drawn=_columns(drawn))


def _pairs(result: Result) -> list[tuple[str, Row, Row | None]]:
    table = result.table[result.table["unit"] == "pct"]
    found: list[tuple[str, Row, Row | None]] = []
    for measure in dict.fromkeys(table["measure"]):
        rows: list[Any] = table[table["measure"] == measure].to_dict("records")
        here = next((r for r in rows if r["group"] == THIS), None)
        others = [r for r in rows if r["group"] != THIS and math.isfinite(r["value"])]
        if here is not None and (math.isfinite(here["value"]) or others):
            found.append((str(measure), here, others[0] if others else None))
    return found


def _range(ax: Any, y: float, here: Row, other: Row | None) -> None:
    if other is not None:
        ax.plot([other["low"], other["high"]], [y, y], color=PEERS, alpha=0.3, linewidth=9, solid_capstyle="butt")
        ax.plot([other["value"]], [y], marker="|", markersize=12, markeredgewidth=2, color=PEERS)
    known = math.isfinite(here["value"])
    if known:
        ax.plot([here["value"]], [y], marker="o", markersize=8, color=SCHOOL, clip_on=False)
    text = here["shown"] or show(here["value"], "pct")
    side = "left" if not known or here["value"] < 10 else "center"
    ax.annotate(
        text if known else f"this school: {text}", (here["value"] if known else 0, y), textcoords="offset points",
        xytext=(3 if side == "left" else 0, 9), va="bottom", ha=side, fontsize=9,
        fontweight="bold", color=SCHOOL if known else QUIET,
    )  # fmt: skip


def _key(canvas: Any, pairs: list[tuple[str, Row, Row | None]]) -> None:
    marks: list[tuple[str, dict[str, Any]]] = [("this school", {"marker": "o", "color": SCHOOL})]
    other = next((b for _, _, b in pairs if b is not None), None)
    if other is not None:
        name = f"{str(other['group'])[:1].lower()}{str(other['group'])[1:]}, middle half"
        marks.append((name, {"marker": "|", "color": PEERS, "markeredgewidth": 2, "markersize": 10}))
    key(canvas, tuple(marks))


@quiet_about_missing
def beside_published(result: Result) -> Figure:
    """See what was found in the district, with intervals, beside the means of the published studies.

    Parameters
    ----------
    result
        What `measures.coaching.beside` gives.
    """
    rows: list[Any] = result.table.to_dict("records")
    names = list(dict.fromkeys(r["measure"] for r in rows))[::-1]
    with drawing(1.0 + 0.55 * len(names)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(0, color=INK, linewidth=1)
        for r in rows:
            _found(ax, names.index(r["measure"]), r)
        ax.set_yticks(range(len(names)), [n.replace(", ", ",\n") for n in names])
        ax.set_ylim(-0.6, len(names) - 0.25)
        ax.set_xlabel("Standard deviations")
        ax.grid(axis="y", visible=False)
        unit_axis(ax.xaxis, "sd", sign=True)
        key(canvas, (("this district, 95% interval", {"marker": "o", "color": SCHOOL}),
                     ("published mean", {"marker": "D", "color": PEERS, "markersize": 6})))  # fmt: skip
        title, alt = captions_coaching.beside_published(rows)
        return finished(canvas, id="beside-published", title=title, alt=alt, drawn=_columns(rows))


def _found(ax: Any, y: int, r: Row) -> None:
    own = math.isfinite(r["low"])
    colour = SCHOOL if own else PEERS
    if own:
        ax.plot([r["low"], r["high"]], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
    ax.plot([r["value"]], [y], marker="o" if own else "D", markersize=7 if own else 6, color=colour)
    ax.annotate(
        show(r["value"], "sd", sign=True), (r["value"], y), textcoords="offset points", xytext=(0, 8 if own else -17),
        ha="center", fontsize=9, fontweight="bold", color=colour,
    )  # fmt: skip


def _columns(rows: list[Row]) -> dict[str, list[Any]]:
    return {c: [r[c] for r in rows] for c in ("measure", "group", "value", "low", "high")}
