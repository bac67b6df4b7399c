"""Dots with intervals: whom a school serves, how it compares, where it stands, what it grew by, what it works with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import DISTRICT, INK, PEERS, QUIET, SCHOOL, drawing, finished, key, unit_axis
from leadlib.measures.groups import DISTRICT as SAME_DISTRICT
from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import show
from leadlib.results import Missing, Result, quiet_about_missing
from leadlib.words import captions


@quiet_about_missing
def profile(result: Result) -> Figure:
    """See whom the school serves: its shares beside similar schools and its district.

    Parameters
    ----------
    result
        What `measures.context.serves` gives; only shares (unit `pct`) are drawn, on one scale from 0 to 100%.
    """
    table = result.table[(result.table["unit"] == "pct") & result.table["value"].notna()]
    measures = list(dict.fromkeys(table["measure"]))[::-1]
    with drawing(0.9 + 0.42 * max(len(measures), 1)) as (canvas, axes):
        ax = axes[0, 0]
        _ranges(ax, table.to_dict("records"), measures)
        ax.grid(axis="y", visible=False)
        ax.set_yticks(range(len(measures)), [wrapped(m) for m in measures])
        ax.set_ylim(-0.6, len(measures) - 0.25)
        ax.set_xlim(-1, 101)
        unit_axis(ax.xaxis, "pct")
        key(canvas, _KEY)
        title, alt = captions.profile(result)
        return finished(canvas, id="profile-figure", title=title, alt=alt, drawn=_drawn(table))


def _ranges(ax: Axes, rows: list[dict[Any, Any]], measures: list[str]) -> None:
    """Draw one line a measure, from below: each kind of mark at once, since each call takes its time."""
    places = {measure: y for y, measure in enumerate(measures)}
    of: dict[str, list[tuple[float, dict[Any, Any]]]] = {group: [] for group in (SIMILAR, SAME_DISTRICT, THIS)}
    for row in rows:
        if row["group"] in of:
            of[row["group"]].append((places[row["measure"]], row))
    beside_similar = {y for y, _ in of[SIMILAR]}
    _halves(ax, of[SIMILAR], PEERS)
    _marks(ax, of[SIMILAR], "|", PEERS, markersize=11, markeredgewidth=2)
    _halves(ax, [(y, r) for y, r in of[SAME_DISTRICT] if y not in beside_similar], DISTRICT)
    _marks(ax, of[SAME_DISTRICT], "D", DISTRICT, markersize=5, markerfacecolor="white")
    _marks(ax, of[THIS], "o", SCHOOL, markersize=8)


def _halves(ax: Axes, rows: list[tuple[float, dict[Any, Any]]], colour: str) -> None:
    """Draw the middle half of a group as a pale bar."""
    spans = [(y, r["low"], r["high"]) for y, r in rows]
    _bars(ax, spans, color=colour, alpha=0.3, linewidth=8, solid_capstyle="butt")


def _bars(ax: Axes, spans: list[tuple[float, float, float]], **style: Any) -> None:
    """Draw level bars, each from low to high, as one line with gaps."""
    if spans:
        x = [v for _, low, high in spans for v in (low, high, np.nan)]
        ax.plot(x, np.repeat([y for y, _, _ in spans], 3), **style)


def _marks(ax: Axes, rows: list[tuple[float, dict[Any, Any]]], marker: str, colour: str, **style: Any) -> None:
    """Draw the marks of one kind at their values."""
    if rows:
        x, y = [r["value"] for _, r in rows], [y for y, _ in rows]
        ax.plot(x, y, marker=marker, color=colour, linestyle="none", **style)


_GROUPS = (THIS, SIMILAR, SAME_DISTRICT)
_KEY: tuple[tuple[str, dict[str, Any]], ...] = (
    ("this school", {"marker": "o", "color": SCHOOL}),
    (
        "similar schools, with their middle half",
        {"marker": "|", "color": PEERS, "markeredgewidth": 2, "markersize": 10},
    ),
    (SAME_DISTRICT.lower(), {"marker": "D", "color": DISTRICT, "markerfacecolor": "white", "markersize": 5}),
)


@quiet_about_missing
def comparison(result: Result) -> Figure:
    """See how far this school lies from others, with the interval; a bar that crosses the line tells of no difference.

    Parameters
    ----------
    result
        What `designs.school_gap` gives: differences, one row a measure and group compared with.
    """
    rows = captions.rows(result)[::-1]
    many = len({r["measure"] for r in rows}) > 1
    names = [f"{r['measure']}\n{r['group']}" if many else r["group"] for r in rows]
    with drawing(0.8 + (0.55 if many else 0.45) * max(len(rows), 1)) as (canvas, axes):
        ax = axes[0, 0]
        _differences(ax, rows, names)
        ax.set_xlabel("This school minus the others")
        title, alt = captions.comparison(result)
        return finished(canvas, id="comparison-figure", title=title, alt=alt, drawn=_drawn(pd.DataFrame(rows)))


def _differences(ax: Axes, rows: list[dict[Any, Any]], names: list[str]) -> None:
    """Draw one row a difference around zero; a diamond is a figure that has no interval, such as a target."""
    ax.axvline(0, color=INK, linewidth=1)
    for y, r in enumerate(rows):
        ranged = pd.notna(r["low"])
        colour = SCHOOL if ranged else PEERS
        if ranged:
            ax.plot([r["low"], r["high"]], [y, y], color=colour, linewidth=2.2, solid_capstyle="butt")
        ax.plot([r["value"]], [y], marker="o" if ranged else "D", color=colour, markersize=7)
        ax.annotate(
            show(r["value"], r["unit"], sign=True),
            (r["value"], y),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            fontweight="bold",
            color=colour,
        )
    ax.grid(axis="y", visible=False)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(-0.5, len(rows) - 0.3)
    unit_axis(ax.xaxis, rows[0]["unit"] if rows else "count", sign=True)


@quiet_about_missing
def standing(result: Result, peers: Result) -> Figure:
    """See where the school stands among similar ones once chance is allowed for.

    Filled dots are steadied (shrunken) values with 95% intervals, hollow ones the values as reported.

    Parameters
    ----------
    result
        What `designs.shrink` gives; its `frame` has a row a school.
    peers
        The similar schools.
    """
    here = result.frame.attrs.get("school_id")
    frame = result.frame[result.frame["school_id"].isin([here, *peers.school_ids])]  # type: ignore[attr-defined]
    frame = frame[frame["measure"] == frame["measure"].iloc[0]] if len(frame) else frame
    frame = frame.sort_values(["shrunken", "school_id"]).reset_index(drop=True)
    with drawing(0.9 + 0.2 * max(len(frame), 3)) as (canvas, axes):
        ax = axes[0, 0]
        own = (frame["school_id"] == here).to_numpy()
        _standings(ax, frame[~own], QUIET, 1.2)
        _standings(ax, frame[own], SCHOOL, 2)
        ax.grid(axis="y", visible=False)
        ax.tick_params(axis="y", length=0)
        ax.set_yticks(np.flatnonzero(own), [THIS] * int(own.sum()), color=SCHOOL, fontweight="bold")
        key(
            canvas,
            (
                ("this school", {"marker": "o", "color": SCHOOL}),
                ("similar schools", {"marker": "o", "color": QUIET}),
                ("hollow: as reported", {"marker": "o", "color": INK, "markerfacecolor": "white", "markersize": 5}),
            ),
        )
        unit_axis(ax.xaxis, str(result.table["unit"].iloc[0]))
        title, alt = captions.standing(result, schools_n=len(frame))
        return finished(
            canvas,
            id="standing-figure",
            title=title,
            alt=alt,
            drawn={c: frame[c].tolist() for c in ("value", "shrunken", "low", "high")},
        )


def _standings(ax: Axes, frame: pd.DataFrame, colour: str, linewidth: float) -> None:
    """Draw schools with their intervals, the place of each in the frame's index."""
    y = frame.index.to_numpy(float)
    _bars(ax, list(zip(y, frame["low"], frame["high"], strict=True)), color=colour, linewidth=linewidth)
    dots: dict[str, Any] = {"marker": "o", "color": colour, "linestyle": "none"}
    ax.plot(frame["value"].to_numpy(), y, markersize=5, markerfacecolor="white", **dots)
    ax.plot(frame["shrunken"].to_numpy(), y, markersize=5.5, **dots)


@quiet_about_missing
def progress(result: Result) -> Figure:
    """See the year's change beside its target, with what chance alone would give a school of this size.

    Parameters
    ----------
    result
        What `designs.progress` gives: rows for the target and for the change.
    """
    rows = captions.rows(result)[::-1]
    with drawing(0.8 + 0.45 * max(len(rows), 1)) as (canvas, axes):
        ax = axes[0, 0]
        _differences(ax, rows, [wrapped(r["group"]) for r in rows])
        title, alt = captions.progress(result)
        return finished(canvas, id="progress-figure", title=title, alt=alt, drawn=_drawn(pd.DataFrame(rows)))


@quiet_about_missing
def resources(result: Result) -> Figure | Missing:
    """See what the school has to work with beside similar schools, each resource on its own scale.

    Parameters
    ----------
    result
        What `measures.resources.profile` gives; its column `leadership` parts administrative from instructional. Of
        more than ten resources the ten farthest from the middle of similar schools are drawn: a page has no room for
        more, and the table has them all. Where there is no school to set them beside, a sentence says so.
    """
    table = result.table[result.table["value"].notna()]
    measures = captions.drawn_resources(result)
    if not measures:
        return Missing("The figure of resources", "there are too few schools to set this one beside.")
    by_measure = {m: table[table["measure"] == m].to_dict("records") for m in measures}
    with drawing(0.72 * max(len(measures), 1) + 0.3, rows=max(len(measures), 1)) as (canvas, axes):
        for ax, measure in zip(axes[:, 0], measures, strict=False):
            part = by_measure[measure]
            _ranges(ax, part, [measure])
            ax.set_title(f"{measure} ({part[0]['leadership']})", fontsize=9, fontweight="normal", color=INK, pad=3)
            ax.grid(axis="y", visible=False)
            ax.set_yticks([])
            ax.spines["left"].set_color("none")
            ax.set_ylim(-0.6, 0.6)
            ax.margins(x=0.12)
            ax.locator_params(axis="x", nbins=5, steps=[1, 2, 5, 10])
            ax.tick_params(axis="x", labelsize=8)
            unit_axis(ax.xaxis, str(part[0]["unit"]))
        there = set(table["group"])
        key(canvas, tuple(entry for group, entry in zip(_GROUPS, _KEY, strict=True) if group in there))
        title, alt = captions.resources(result)
        told = _drawn(table[table["measure"].isin(measures)])
        return finished(canvas, id="resources-figure", title=title, alt=alt, drawn=told)


def _drawn(table: pd.DataFrame) -> dict[str, list]:
    return {c: table[c].tolist() for c in ("measure", "group", "value", "low", "high") if c in table}


def wrapped(text: str, width: int = 26) -> str:
    """Break a label into lines of at most so many letters."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])
