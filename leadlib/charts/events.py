"""The gap between groups by year since a program's start, and what straying trends would leave of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, PEERS, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.numbers import MINUS, UNITS, show
from leadlib.results import quiet_about_missing
from leadlib.words import captions_events as captions

_PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}


@quiet_about_missing
def event_study(result: Any) -> Figure:
    """See the gap of each year against the last year before the start: steady before, and moved after, or not.

    Parameters
    ----------
    result
        What `designs.did` or `designs.staggered` gives. Years before the start are gray; the band, where a seed
        was given, holds all years at once.
    """
    path = result.events
    with drawing(3.3) as (canvas, axes):
        ax = axes[0, 0]
        ax.axhline(0, color=INK, linewidth=0.8)
        _band(ax, path)
        _dots(ax, path[path["event"] < 0], QUIET)
        _dots(ax, path[path["event"] >= 0], SCHOOL)
        _start(ax, path)
        ax.set_xlabel("Years since the first treated year")
        ax.set_ylabel("Gap against the year before the start")
        ax.grid(axis="x", visible=False)
        _unit_axis(ax, result.unit)
        title, alt = captions.event_study(result)
        drawn = {c: path[c].tolist() for c in ("event", "value", "low", "high")}
        return finished(canvas, id="event-study-figure", title=title, alt=alt, drawn=drawn)


def _dots(ax: Axes, rows: pd.DataFrame, colour: str) -> None:
    own = rows[~rows["base"]]
    ax.vlines(own["event"], own["low"], own["high"], color=colour, linewidth=2)
    ax.plot(own["event"], own["value"], linestyle="none", marker="o", markersize=6.5, color=colour)
    base = rows[rows["base"]]
    ax.plot(base["event"], base["value"], linestyle="none", marker="o", markersize=6.5, color=colour, mfc="white")


def _band(ax: Axes, path: pd.DataFrame) -> None:
    if "band_low" not in path.columns:
        return
    for side in (path["event"] < 0, path["event"] >= 0):
        part = path[side & ~path["base"]]
        if len(part) == 1:
            ax.bar(part["event"], part["band_high"] - part["band_low"], 0.3, part["band_low"], color=PALE, zorder=0)
        ax.fill_between(
            part["event"], part["band_low"], part["band_high"], color=PALE, alpha=0.7, linewidth=0, zorder=0
        )


def _start(ax: Axes, path: pd.DataFrame) -> None:
    events = path["event"].to_numpy(float)
    before = events[events < 0]
    line = (before.max() + events[events >= 0].min()) / 2 if len(before) else -0.5
    ax.axvline(line, color=PEERS, linewidth=1.2, linestyle="--")
    ax.annotate(
        "start",
        (line, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, -4),
        textcoords="offset points",
        va="top",
        color=PEERS,
        fontsize=9,
        fontweight="bold",
        bbox=_PAPER,
    )
    whole = np.unique(np.round(events))
    shown = whole[:: -(-len(whole) // 12)]
    ax.set_xticks(shown, [show(t, "count", sign=True) for t in shown])


def _unit_axis(ax: Axes, unit: str) -> None:
    """Write the ticks in the unit; one whose size is not known gets the digits that it needs."""
    if UNITS[unit].decimals >= 0:
        unit_axis(ax.yaxis, unit, sign=True)
        return
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:+.6g}".replace("-", MINUS) if value else "0")


@quiet_about_missing
def sensitivity(result: Any) -> Figure:
    """See how the interval grows with how far trends may have strayed, and where it meets zero.

    Parameters
    ----------
    result
        What `designs.sensitivity` gives. Intervals that hold zero are gray; the thick part is what straying alone
        leaves, without chance.
    """
    frame = result.frame
    with drawing(3.1) as (canvas, axes):
        ax = axes[0, 0]
        ax.axhline(0, color=INK, linewidth=0.8)
        for k, r in enumerate(frame.to_dict("records")):
            colour = QUIET if r["low"] <= 0 <= r["high"] else SCHOOL
            ax.plot([k, k], [r["low"], r["high"]], color=colour, linewidth=2, solid_capstyle="butt")
            ax.plot(
                [k, k], [r["range_low"], r["range_high"]], color=colour, linewidth=7, solid_capstyle="butt", alpha=0.45
            )
            ax.plot([k], [(r["range_low"] + r["range_high"]) / 2], marker="o", color=colour, markersize=6)
        times = result.rule == "relative"
        ax.set_xticks(range(len(frame)), [show(m, "ratio" if times else result.unit) for m in frame["m"]])
        ax.set_xlabel(
            "Stray after the start, in multiples of the worst year before"
            if times
            else "Bend of the drift a year, at most"
        )
        ax.set_ylabel("Effect")
        ax.set_xlim(-0.5, len(frame) - 0.5)
        ax.grid(axis="x", visible=False)
        _unit_axis(ax, result.unit)
        title, alt = captions.sensitivity(result)
        drawn = {c: frame[c].tolist() for c in ("m", "low", "high")}
        return finished(canvas, id="sensitivity-figure", title=title, alt=alt, drawn=drawn)
