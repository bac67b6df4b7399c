"""Estimates as dots with intervals around zero: one, several, or one with its subgroups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import DISTRICT, INK, PEERS, SCHOOL, drawing, finished, key, unit_axis
from leadlib.errors import refuse
from leadlib.numbers import show
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions_compare as captions

if TYPE_CHECKING:
    from leadlib.designs.estimates import Estimate

_COLOURS = {"difference": SCHOOL, "subgroup": SCHOOL, "steadied": PEERS, "gap": DISTRICT}
_KINDS = ("difference", "subgroup", "gap")
_WIDTH = 30


@quiet_about_missing
def effects(*results: Estimate) -> Figure:
    """See each difference with its interval; one whose bar crosses the line is not told from zero.

    Parameters
    ----------
    results
        Estimates of any design; those of different units get panels of their own. What `designs.compare` gives with
        `by` shows its subgroups (with their steadied differences below, in the second color) and the gaps between them.
    """
    rows = [row for result in results for row in _rows(result, several=len(results) > 1)]
    units = list(dict.fromkeys(r["unit"] for r in rows))
    lines = {u: [r for r in rows if r["unit"] == u] for u in units}
    steadied = any(r["steadied"] is not None for r in rows)
    heights = [0.5 + 0.46 * len(lines[u]) for u in units] or [1.0]
    with drawing(0.55 + sum(heights), rows=len(heights), gridspec_kw={"height_ratios": heights}) as (canvas, axes):
        for ax, unit in zip(axes[:, 0], units, strict=False):
            _panel(ax, lines[unit][::-1], unit)
        if steadied:
            key(
                canvas,
                (
                    ("as estimated", {"marker": "o", "color": SCHOOL}),
                    ("drawn towards the others", {"marker": "s", "color": PEERS, "markersize": 5}),
                ),
            )
        flat = [e for r in rows for e in (r, r["steadied"]) if e is not None]
        title, alt = captions.effects(flat, _level(results))
        drawn = {c: [r[c] for r in flat] for c in ("name", "kind", "value", "low", "high", "unit")}
        return finished(canvas, id="effects-figure", title=title, alt=alt, drawn=drawn)


def _level(results: tuple[Estimate, ...]) -> float:
    levels = {getattr(r, "level", 0.95) for r in results}
    if len(levels) > 1:
        raise refuse("effects, level", "is not the same for all estimates", "draw those of one level together")
    return float(levels.pop()) if levels else 0.95


def _rows(result: Estimate, *, several: bool) -> list[dict[str, Any]]:
    """Give a row a dot, with the steadied value beside the subgroup's own."""
    if not isinstance(result, Result) or not hasattr(result, "value"):
        raise refuse("effects", "is not given an estimate", "give what a design returned with look='estimate'")
    head = {c: getattr(result, c) for c in ("value", "low", "high", "unit")}
    label = str(result.table["measure"].iloc[0])
    found = [{"name": label, "kind": "difference", "steadied": None, **head}]
    frame = result.frame
    if several or not {"kind", "group"} <= set(frame.columns) or result.design != "compare":
        return found
    for r in frame[frame["kind"].isin(_KINDS[1:])].to_dict("records"):
        same = frame[(frame["kind"] == "steadied") & (frame["group"] == r["group"])].to_dict("records")
        beside = {"name": f"{r['group']}, steadied", **_of(same[0])} if same and r["kind"] == "subgroup" else None
        found.append({"name": str(r["group"]), "steadied": beside, **_of(r)})
    return found


def _of(row: dict[Any, Any]) -> dict[str, Any]:
    return {c: row[c] for c in ("kind", "value", "low", "high", "unit")}


def _panel(ax: Axes, rows: list[dict[str, Any]], unit: str) -> None:
    ax.axvline(0, color=INK, linewidth=1)
    for y, r in enumerate(rows):
        dot(ax, y, r, _COLOURS[r["kind"]], wide=r["kind"] == "difference")
        if r["steadied"] is not None:
            s = r["steadied"]
            ax.plot([s["low"], s["high"]], [y - 0.24] * 2, color=PEERS, linewidth=1.4)
            ax.plot([s["value"]], [y - 0.24], marker="s", color=PEERS, markersize=4)
    ax.set_yticks(range(len(rows)), [wrapped(r["name"]) for r in rows])
    ax.set_ylim(-0.6, len(rows) - 0.35)
    ax.grid(axis="y", visible=False)
    ax.margins(x=0.08)
    unit_axis(ax.xaxis, unit, sign=True)


def dot(ax: Axes, y: float, row: dict[str, Any], colour: str, *, wide: bool) -> None:
    """Draw one value with its interval and its number above."""
    if pd.notna(row["low"]):
        ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2.6 if wide else 1.8, solid_capstyle="butt")
    ax.plot([row["value"]], [y], marker="o", color=colour, markersize=8 if wide else 6)
    ax.annotate(
        show(row["value"], row["unit"], sign=True),
        (row["value"], y),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
        fontsize=8.5,
        fontweight="bold" if wide else "normal",
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5},
    )


def wrapped(text: str, width: int = _WIDTH) -> str:
    """Break a name into lines."""
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
