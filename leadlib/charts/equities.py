"""Two groups of pupils: how high both stand at every school, what a gap falls into, and a list fixed beforehand."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import DISTRICT, INK, PEERS, QUIET, SCHOOL, drawing, finished, key, unit_axis
from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import show
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions_equity as captions

if TYPE_CHECKING:
    from leadlib.designs.decomposed import Parts
    from leadlib.designs.several import Comparisons

_PART_COLOURS = {"gap": INK, "between": DISTRICT, "within": SCHOOL}
_PLACES = (
    ("", {"color": QUIET, "markersize": 4.5, "alpha": 0.6}),
    (SIMILAR, {"color": PEERS, "markersize": 5.5}),
    (THIS, {"color": SCHOOL, "markersize": 10}),
)
_NAMES = {THIS: "this school", SIMILAR: "similar schools", "": "others of its level"}


@quiet_about_missing
def two_groups(result: Result) -> Figure:
    """See how high both groups stand at every school: on the diagonal they are alike, below it the first stands lower.

    Parameters
    ----------
    result
        What `measures.equity.side_by_side` gives; its `frame` has a row a school.
    """
    frame, about = result.frame, result.frame.attrs
    unit = "sd" if frame["unit"].iloc[0] == "sd" else "pct"
    with drawing(4.2) as (canvas, axes):
        ax = axes[0, 0]
        _diagonal(ax, frame)
        for place, mark in _PLACES:
            part = frame[frame["place"] == place]
            ax.plot(part["value_other"], part["value_group"], marker="o", linestyle="none", **mark)
        ax.set_xlabel(f"{about['whom'][:1].upper()}{about['whom'][1:]}{_scale(unit)}")
        ax.set_ylabel("\n".join(textwrap.wrap(f"{about['who'][:1].upper()}{about['who'][1:]}{_scale(unit)}", 44)))
        ax.locator_params(nbins=6, steps=[1, 2, 5, 10])
        for axis in (ax.xaxis, ax.yaxis):
            unit_axis(axis, unit, sign=unit == "sd")
        key(canvas, tuple((_NAMES[p], {"marker": "o", **m}) for p, m in _PLACES[::-1] if (frame["place"] == p).any()))
        title, alt = captions.two_groups(result)
        drawn = {c: frame[c].tolist() for c in ("school_name", "place", "value_group", "value_other", "gap")}
        return finished(canvas, id="two-groups-figure", title=title, alt=alt, drawn=drawn)


def _scale(unit: str) -> str:
    return ", SD from all pupils’ mean" if unit == "sd" else ", percent"


def _diagonal(ax: Axes, frame: Any) -> None:
    """Draw the line on which both groups are alike, and the mean gap beside it."""
    values = frame[["value_group", "value_other"]].to_numpy(float)
    low, high = float(values.min()), float(values.max())
    room = 0.06 * (high - low or 1.0)
    ends = np.array([low - room, high + room])
    ax.plot(ends, ends, color=INK, linewidth=1)
    ax.annotate(
        "both alike", (ends[1], ends[1]), xytext=(-8, 1), textcoords="offset points", ha="right", va="bottom",
        fontsize=8.5, rotation=45, rotation_mode="anchor", color=INK,
    )  # fmt: skip
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal")


@quiet_about_missing
def split(result: Parts) -> Figure:
    """See a gap and its two parts: who attends which school, and what differs inside the same schools.

    Parameters
    ----------
    result
        What `designs.between_within` gives.
    """
    rows = result.frame.to_dict("records")[::-1]
    with drawing(0.6 + 0.55 * len(rows)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(0, color=INK, linewidth=1)
        for y, r in enumerate(rows):
            colour = _PART_COLOURS[r["part"]]
            ax.barh(y, r["value"], height=0.5, color=colour, alpha=0.25, linewidth=0)
            ax.plot([r["low"], r["high"]], [y, y], color=colour, linewidth=2.4, solid_capstyle="butt")
            _dot(ax, r["value"], y, r["unit"], colour)
        ax.set_yticks(range(len(rows)), [captions.PARTS[r["part"]] for r in rows])
        for tick, r in zip(ax.get_yticklabels(), rows, strict=True):
            tick.set_color(_PART_COLOURS[r["part"]])
            tick.set_fontweight("bold")
        ax.set_ylim(-0.5, len(rows) - 0.25)
        ax.grid(axis="y", visible=False)
        unit_axis(ax.xaxis, result.unit, sign=True)
        ax.set_xlabel("Gap, standard deviations" if result.unit == "sd" else "Gap, percentage points")
        title, alt = captions.split(result)
        drawn = {c: [r[c] for r in rows[::-1]] for c in ("part", "value", "low", "high")}
        return finished(canvas, id="split-figure", title=title, alt=alt, drawn=drawn)


def _dot(ax: Axes, x: float, y: float, unit: str, colour: str) -> None:
    ax.plot([x], [y], marker="o", color=colour, markersize=7)
    ax.annotate(
        show(x, unit, sign=True), (x, y), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=9,
        fontweight="bold", color=colour,
    )  # fmt: skip


@quiet_about_missing
def listed(result: Comparisons) -> Figure:
    """See every comparison of a list fixed beforehand: thick its own interval, thin the one for the whole list.

    Parameters
    ----------
    result
        What `designs.comparisons` gives. Scores and shares stand in panels of their own.
    """
    made = result.frame[result.frame["value"].notna()]
    units = list(dict.fromkeys(made["unit"]))
    heights = [0.45 + 0.62 * int((made["unit"] == u).sum()) for u in units]
    with drawing(0.55 + sum(heights), rows=len(units), gridspec_kw={"height_ratios": heights}) as (canvas, axes):
        for ax, unit in zip(axes[:, 0], units, strict=True):
            _list_panel(ax, made[made["unit"] == unit].to_dict("records")[::-1], unit)
        key(
            canvas,
            (
                ("interval alone", {"marker": "", "color": SCHOOL, "linestyle": "-", "linewidth": 4}),
                ("interval for the whole list", {"marker": "", "color": SCHOOL, "linestyle": "-", "linewidth": 1.2}),
            ),
        )
        title, alt = captions.listed(result)
        drawn = {c: made[c].tolist() for c in ("name", "value", "low", "high", "alone_low", "alone_high", "unit")}
        return finished(canvas, id="listed-figure", title=title, alt=alt, drawn=drawn)


def _list_panel(ax: Axes, rows: list[dict[Any, Any]], unit: str) -> None:
    ax.axvline(0, color=INK, linewidth=1)
    for y, r in enumerate(rows):
        ax.plot([r["low"], r["high"]], [y, y], color=SCHOOL, linewidth=1.2)
        ax.plot([r["alone_low"], r["alone_high"]], [y, y], color=SCHOOL, linewidth=4, solid_capstyle="butt", alpha=0.55)
        _dot(ax, r["value"], y, unit, SCHOOL)
    ax.set_yticks(range(len(rows)), [_name(r) for r in rows], fontsize=8)
    ax.set_ylim(-0.5, len(rows) - 0.25)
    ax.grid(axis="y", visible=False)
    ax.locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10])
    unit_axis(ax.xaxis, unit, sign=True)
    ax.set_xlabel("Standard deviations" if unit == "sd" else "Percentage points")


def _name(row: dict[Any, Any]) -> str:
    return "\n".join(line for part in captions.name_of(row).split("\n") for line in textwrap.wrap(part, 34))
