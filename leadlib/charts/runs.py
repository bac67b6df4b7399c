"""Series with a start: observed beside expected, and a treated unit beside its synthetic control."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, PEERS, QUIET, SCHOOL, apart, drawing, finished, label_end, unit_axis
from leadlib.results import quiet_about_missing
from leadlib.words import captions_runs

MOST_YEARS = 7
MOST_PLACEBOS = 80
WORST_FIT = 5.0
"""Placebos whose gaps before the start are more than so many times as wide are not drawn: they would hide others."""


@quiet_about_missing
def interruption(result: Any) -> Figure:
    """See where a series went from a start on, beside where its earlier years, and comparison units, pointed.

    The solid line is observed, the dashed one expected, with its interval from the start on.

    Parameters
    ----------
    result
        What `designs.series` gives; its `frame` holds one row a year.
    """
    frame = result.frame
    with drawing(3.4) as (canvas, axes):
        ax = axes[0, 0]
        late = frame[frame["after"]]
        ax.fill_between(late["time"], late["low"], late["high"], color=QUIET, alpha=0.2, linewidth=0)
        lines = [("expected", "expected", QUIET, "--", ""), ("treated", _own(result), SCHOOL, "-", "o")]
        if frame["comparison"].notna().any():
            lines.insert(0, ("comparison", "comparison", PEERS, "-", ""))
        _lines(ax, frame, lines, result)
        title, alt = captions_runs.interruption(result)
        return finished(canvas, id="interruption-figure", title=title, alt=alt, drawn=_drawn(frame))


def _own(result: Any) -> str:
    return "observed" if result.alone else "treated"


@quiet_about_missing
def synthetic(result: Any) -> Figure:
    """See a treated unit beside the mix of donors that was like it, and its gap beside gaps that chance makes.

    Parameters
    ----------
    result
        What `designs.synthetic` gives: `frame`, one row a year, and `gaps`, one row a placebo and year.
    """
    frame = result.frame
    with drawing(5.4, rows=2, sharex=True) as (canvas, axes):
        lines = [("synthetic", "synthetic", QUIET, "--", ""), ("treated", "treated", SCHOOL, "-", "o")]
        _lines(axes[0, 0], frame, lines, result)
        _gaps(axes[1, 0], result)
        title, alt = captions_runs.synthetic(result)
        drawn = _drawn(frame) | {"placebos": [_placebos(result)["unit"].nunique()]}
        return finished(canvas, id="synthetic-figure", title=title, alt=alt, drawn=drawn)


def _placebos(result: Any) -> pd.DataFrame:
    near = result.gaps[result.gaps["fit"] <= WORST_FIT * result.fit]
    return near[near["unit"].isin(list(dict.fromkeys(near["unit"]))[:MOST_PLACEBOS])]


def _gaps(ax: Axes, result: Any) -> None:
    placebos = _placebos(result)
    for _, rows in placebos.groupby("unit", sort=True):
        ax.plot(rows["time"], rows["gap"], color=PALE, linewidth=1)
    frame = result.frame
    ax.axhline(0, color=QUIET, linewidth=1)
    ax.plot(frame["time"], frame["gap"], color=SCHOOL, marker="o", markersize=4.5)
    reach = 1.25 * float(frame["gap"].abs().max())
    if len(placebos):
        reach = max(reach, 1.1 * float(placebos["gap"].abs().quantile(0.97)))
    ax.set_ylim(-reach, reach)
    _start(ax, frame, named=False)
    ax.set_ylabel("Gap")
    label_end(ax, float(frame["time"].iloc[-1]), float(frame["gap"].iloc[-1]), "treated", SCHOOL)
    ax.annotate(
        "pale: donors treated alike",
        (float(frame["time"].iloc[0]), reach),
        xytext=(2, -9),
        textcoords="offset points",
        fontsize=8.5,
        color=INK,
    )
    unit_axis(ax.yaxis, "value" if result.unit == "value" else result.unit, sign=True)
    _years(ax, frame)


def _lines(ax: Axes, frame: pd.DataFrame, lines: list[tuple[str, str, str, str, str]], result: Any) -> None:
    ends = []
    for column, name, colour, style, marker in lines:
        ax.plot(frame["time"], frame[column], color=colour, linestyle=style, marker=marker, markersize=5)
        seen = frame[frame[column].notna()]
        ends.append((float(seen["time"].iloc[-1]), float(seen[column].iloc[-1]), name, colour))
    _start(ax, frame, named=True)
    low, high = ax.get_ylim()
    for (x, _, name, colour), y in zip(ends, apart([e[1] for e in ends], 0.075 * (high - low)), strict=True):
        label_end(ax, x, y, name, INK if colour == QUIET else colour)
    ax.set_ylabel(str(result.table["measure"].iloc[0]))
    unit_axis(ax.yaxis, "pct" if result.unit == "pct_points" else result.unit)
    _years(ax, frame)


def _start(ax: Axes, frame: pd.DataFrame, *, named: bool) -> None:
    """Draw the start between the last year before it and the first with it."""
    before, after = frame["time"][~frame["after"]], frame["time"][frame["after"]]
    x = (float(before.iloc[-1]) + float(after.iloc[0])) / 2
    ax.axvline(x, color=INK, linewidth=1, linestyle=":")
    if named:
        ax.annotate(
            "program starts",
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            color=INK,
        )


def _years(ax: Axes, frame: pd.DataFrame) -> None:
    years = frame["time"].to_numpy(float)
    shown = years[:: -(-len(years) // MOST_YEARS)]
    ax.set_xticks(shown, [f"{y:g}" for y in shown])
    ax.set_xlim(years[0] - 0.3, years[-1] + 0.3 + 0.22 * max(float(np.ptp(years)), 1.0))
    ax.grid(axis="x", visible=False)


def _drawn(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {c: frame[c].tolist() for c in frame.columns if c != "after"}
