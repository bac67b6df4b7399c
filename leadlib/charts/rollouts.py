"""A policy in waves: who began when, one school's change among all, what a regression counts, each wave's path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from leadlib.blocks import Figure
from leadlib.charts.style import (
    DISTRICT,
    INK,
    PALE,
    PEERS,
    QUIET,
    SCHOOL,
    apart,
    drawing,
    finished,
    key,
    label_end,
    unit_axis,
)
from leadlib.numbers import plural, school_year, show
from leadlib.results import quiet_about_missing
from leadlib.words import captions_policies as captions

_WAVES = (SCHOOL, PEERS, DISTRICT, INK)
_MARKS = ("o", "s", "D", "^")


@quiet_about_missing
def rollout(result: Any) -> Figure:
    """See the waves as rows of tiles, one a year, filled from the start on; this school's row is marked.

    Parameters
    ----------
    result
        What `measures.policies.rollout` gives. Years after the school's own are outlined: they were planned then.
    """
    frame = result.frame
    names = list(dict.fromkeys(frame["wave"]))
    years = sorted(frame["year"].unique())
    with drawing(0.95 + 0.5 * len(names)) as (canvas, axes):
        ax = axes[0, 0]
        for r in frame.to_dict("records"):
            _tile(ax, years.index(r["year"]), len(names) - 1 - names.index(r["wave"]), r)
        ax.set_xlim(-0.5, len(years) - 0.5)
        ax.set_ylim(-0.5, len(names) - 0.5)
        shown = range(0, len(years), 1 if len(years) < 5 else 2)
        ax.set_xticks(list(shown), [school_year(years[k]) for k in shown])
        ax.set_yticks(range(len(names)), [_named(frame, n) for n in names[::-1]])
        _mark_own(ax, frame, names)
        ax.tick_params(length=0)
        ax.grid(visible=False)
        for spine in ax.spines.values():
            spine.set_color("none")
        key(canvas, _keys(frame))
        title, alt = captions.rollout(result)
        drawn = {c: frame[c].tolist() for c in ("wave", "year", "running", "planned")}
        return finished(canvas, id="rollout-figure", title=title, alt=alt, drawn=drawn)


def _keys(frame: pd.DataFrame) -> tuple[tuple[str, dict[str, Any]], ...]:
    square = {"marker": "s", "markersize": 9}
    on, off = frame.attrs["words"]
    entries = [(on, square | {"color": SCHOOL})]
    if (frame["running"] & frame["planned"]).any():
        entries.append(("still to come", square | {"color": SCHOOL, "markerfacecolor": "white"}))
    return (*entries, (off, square | {"color": QUIET, "markerfacecolor": PALE}))


def _tile(ax: Axes, x: int, y: int, row: dict[Any, Any]) -> None:
    face = "white" if row["planned"] and row["running"] else SCHOOL if row["running"] else PALE
    edge = SCHOOL if row["running"] else PALE
    if row["planned"] and not row["running"]:
        face = "white"
    tile = Rectangle((x - 0.46, y - 0.36), 0.92, 0.72, facecolor=face, edgecolor=edge, linewidth=1.4)
    ax.add_patch(tile)


def _named(frame: pd.DataFrame, name: str) -> str:
    n = int(frame.loc[frame["wave"] == name, "schools_n"].iloc[0])
    return f"{name}\n{plural(n, 'school')}"


def _mark_own(ax: Axes, frame: pd.DataFrame, names: list[str]) -> None:
    """Set this school's row off: its name in bold, and a sign at its end."""
    own = frame.loc[frame["own"], "wave"].unique()
    for name in own:
        y = len(names) - 1 - names.index(name)
        tick = ax.get_yticklabels()[y]
        tick.set_fontweight("bold")
        ax.annotate(
            "\N{BLACK LEFT-POINTING TRIANGLE} this school",
            (1.0, y),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            fontweight="bold",
            annotation_clip=False,
        )


@quiet_about_missing
def own_change(result: Any) -> Figure:
    """See each school's change as a dot, wave by wave, this school's among them; a band shows what others do by luck.

    Parameters
    ----------
    result
        What `measures.policies.changes` gives.
    """
    frame = result.frame
    names = list(dict.fromkeys(frame["wave"]))
    with drawing(1.0 + 0.55 * len(names)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvspan(frame.attrs["low"], frame.attrs["high"], color=PALE, alpha=0.6, linewidth=0, zorder=0)
        ax.axvline(0, color=INK, linewidth=0.8)
        for k, name in enumerate(names[::-1]):
            _strip(ax, k, frame[frame["wave"] == name])
        ax.set_yticks(range(len(names)), names[::-1])
        ax.set_ylim(-0.55, len(names) - 0.45)
        ax.set_xlabel(f"Change, less the mean change of {frame.attrs['whom']}")
        ax.grid(axis="y", visible=False)
        unit_axis(ax.xaxis, frame.attrs["unit"], sign=True)
        key(canvas, _dots_key(frame))
        title, alt = captions.own_change(result)
        drawn = {"wave": names, "median": [_median(frame, n) for n in names]}
        return finished(canvas, id="own-change-figure", title=title, alt=alt, drawn=drawn)


def _dots_key(frame: pd.DataFrame) -> tuple[tuple[str, dict[str, Any]], ...]:
    entries = [("a school", {"marker": "o", "color": QUIET, "markersize": 5})]
    if frame["own"].any():
        entries.append(("this school", {"marker": "o", "color": SCHOOL}))
    return (
        *entries,
        ("median", {"marker": "|", "color": PEERS, "markeredgewidth": 2.2, "markersize": 11}),
        ("eight in ten of the last row", {"marker": "s", "color": QUIET, "markerfacecolor": PALE, "markersize": 8}),
    )


def _median(frame: pd.DataFrame, name: str) -> float:
    return float(frame.loc[frame["wave"] == name, "change"].median())


def _strip(ax: Axes, y: int, rows: pd.DataFrame) -> None:
    """Draw one wave's dots, spread a little so that none hides another: by place in the order, not by chance."""
    ordered = rows.sort_values("change").reset_index(drop=True)
    off = y + 0.13 * (np.arange(len(ordered)) % 5 - 2)
    own = ordered["own"].to_numpy(bool)
    size = 14 if len(ordered) <= 60 else 4
    ax.scatter(ordered["change"][~own], off[~own], s=size, color=QUIET, alpha=0.6, linewidths=0)
    ax.scatter(ordered["change"][own], off[own], s=62, color=SCHOOL, edgecolor="white", zorder=5)
    middle = float(ordered["change"].median())
    ax.plot([middle, middle], [y - 0.36, y + 0.36], color=PEERS, linewidth=2.2)


@quiet_about_missing
def usual_weights(result: Any) -> Figure:
    """See what each wave and year counts in the usual regression, beside what it would count if all counted alike.

    Parameters
    ----------
    result
        What `designs.usual` gives; tiles below zero stand out.
    """
    frame = result.frame
    waves, years = sorted(frame["wave"].unique()), sorted(frame["year"].unique())
    with drawing(1.0 + 0.62 * len(waves)) as (canvas, axes):
        ax = axes[0, 0]
        for r in frame.to_dict("records"):
            x, y = years.index(r["year"]), len(waves) - 1 - waves.index(r["wave"])
            short = r["weight"] < 0.75 * r["fair"]
            colour = PEERS if r["weight"] < 0 else QUIET if short else SCHOOL
            ax.add_patch(Rectangle((x - 0.46, y - 0.42), 0.92, 0.84, facecolor=colour, edgecolor="white"))
            text = f"{_percent(r['weight'])}\nfair: {_percent(r['fair'])}"
            ax.text(x, y, text, ha="center", va="center", color="white", fontsize=8.5)
        ax.set_xlim(-0.5, len(years) - 0.5)
        ax.set_ylim(-0.5, len(waves) - 0.5)
        ax.set_xticks(range(len(years)), [school_year(int(t)) for t in years])
        ax.set_yticks(range(len(waves)), [f"began\n{school_year(int(w))}" for w in waves[::-1]])
        ax.tick_params(length=0)
        ax.grid(visible=False)
        for spine in ax.spines.values():
            spine.set_color("none")
        key(canvas, _weight_keys(frame))
        title, alt = captions.usual_weights(result)
        drawn = {c: frame[c].tolist() for c in ("wave", "year", "weight", "fair")}
        return finished(canvas, id="usual-weights-figure", title=title, alt=alt, drawn=drawn)


def _weight_keys(frame: pd.DataFrame) -> tuple[tuple[str, dict[str, Any]], ...]:
    square = {"marker": "s", "markersize": 9}
    short = (frame["weight"] >= 0) & (frame["weight"] < 0.75 * frame["fair"])
    entries = [("counts", square | {"color": SCHOOL})]
    if short.any():
        entries.append(("counts for too little", square | {"color": QUIET}))
    if (frame["weight"] < 0).any():
        entries.append(("counts against the policy", square | {"color": PEERS}))
    return tuple(entries)


def _percent(share: float) -> str:
    return show(round(100 * share), "count") + "%"


@quiet_about_missing
def wave_paths(result: Any) -> Figure:
    """See each wave's effect by year since its own start, so that waves are read at the same age.

    Parameters
    ----------
    result
        What `designs.by_wave` gives: its `cells` hold one row a wave and year. Bars are intervals.
    """
    cells = result.cells[result.cells["event"] >= 0]
    waves = sorted(cells["cohort"].unique())
    with drawing(3.2) as (canvas, axes):
        ax = axes[0, 0]
        ax.axhline(0, color=INK, linewidth=0.8)
        ends = []
        for k, wave in enumerate(waves):
            own = cells[cells["cohort"] == wave].sort_values("event")
            x, colour = own["event"] + 0.07 * (k - (len(waves) - 1) / 2), _WAVES[k % len(_WAVES)]
            ax.vlines(x, own["low"], own["high"], color=colour, linewidth=1.4, alpha=0.6)
            ax.plot(x, own["value"], color=colour, marker=_MARKS[k % len(_MARKS)], markersize=6)
            name = f"began {school_year(int(wave))}"
            ends.append((float(x.iloc[-1]), float(own["value"].iloc[-1]), name, colour))
        low, high = ax.get_ylim()
        places = apart([e[1] for e in ends], 0.08 * (high - low))
        for (x, _, name, colour), y in zip(ends, places, strict=True):
            label_end(ax, x, y, name, colour)
        last = int(cells["event"].max())
        ax.set_xlim(-0.35, last + 0.4 + 0.36 * max(last, 1))
        ax.set_xticks(range(last + 1), ["first year", *(f"year {t + 1}" for t in range(1, last + 1))])
        ax.set_ylabel("Effect")
        ax.grid(axis="x", visible=False)
        unit_axis(ax.yaxis, result.unit, sign=True)
        title, alt = captions.wave_paths(result)
        drawn = {c: cells[c].tolist() for c in ("cohort", "event", "value", "low", "high")}
        return finished(canvas, id="wave-paths-figure", title=title, alt=alt, drawn=drawn)
