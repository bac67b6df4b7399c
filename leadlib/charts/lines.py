"""Outcomes over time with their intervals, and change against school size."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, PEERS, QUIET, SCHOOL, apart, drawing, finished, label_end, unit_axis
from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import school_year
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions

MOST_YEARS = 6
_PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1}
_GROUPS = {THIS: SCHOOL, SIMILAR: PEERS}


@quiet_about_missing
def trend(result: Result) -> Figure:
    """See how this school's outcomes moved, with their intervals, beside similar schools.

    One panel a measure; the line is the value, the bars and the band are 95% intervals.
    A year without a value leaves a gap.

    Parameters
    ----------
    result
        What `designs.trend` gives: one row a measure, group and year.
    """
    table = result.table[result.table["group"].isin(list(_GROUPS))]
    measures = list(dict.fromkeys(table["measure"]))
    with drawing(0.5 + 2.3 * max(len(measures), 1), rows=max(len(measures), 1)) as (canvas, axes):
        for ax, measure in zip(axes[:, 0], measures, strict=False):
            _trend_panel(ax, table[table["measure"] == measure])
            ax.set_title(measure if len(measures) > 1 else "")
        title, alt = captions.trend(result)
        drawn = {c: table[c].tolist() for c in ("measure", "group", "year", "value", "low", "high")}
        return finished(canvas, id="trend-figure", title=title, alt=alt, drawn=drawn)


def _trend_panel(ax: Axes, rows: pd.DataFrame) -> None:
    years = list(range(int(rows["year"].min()), int(rows["year"].max()) + 1))
    signed = bool(rows["relative"].iloc[0])
    ends = []
    for group, colour in _GROUPS.items():
        line = rows[rows["group"] == group].set_index("year").reindex(years)
        if line["value"].notna().any():
            _draw_line(ax, line, colour, banded=group != THIS)
            last = line["value"].last_valid_index()
            ends.append((last, float(line.loc[last, "value"]), group, colour))
    if signed:
        ax.axhline(0, color=QUIET, linewidth=1)
        ax.annotate(
            "average of all schools",
            (years[0], 0),
            xytext=(-12, 3),
            textcoords="offset points",
            fontsize=8,
            color=INK,
            bbox=_PAPER,
        )
    low, high = ax.get_ylim()
    for (x, _, group, colour), y in zip(ends, apart([e[1] for e in ends], 0.09 * (high - low)), strict=True):
        label_end(ax, x, y, group, colour)
    shown = years[:: -(-len(years) // MOST_YEARS)]
    ax.set_xticks(shown, [school_year(y) for y in shown])
    ax.set_xlim(years[0] - 0.25, years[-1] + 0.25 + 0.28 * max(len(years) - 1, 1))
    ax.grid(axis="x", visible=False)
    unit_axis(ax.yaxis, str(rows["unit"].iloc[0]), sign=signed)


def _draw_line(ax: Axes, line: pd.DataFrame, colour: str, *, banded: bool) -> None:
    x, y = line.index.to_numpy(), line["value"].to_numpy(float)
    low, high = line["low"].to_numpy(float), line["high"].to_numpy(float)
    if banded:
        ax.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)
        ax.plot(x, y, color=colour, linestyle="--")
    else:
        ax.plot(x, y, color=colour, marker="o", markersize=5.5)
        ax.vlines(x, low, high, color=colour, linewidth=1.4)


@quiet_about_missing
def funnel(result: Result) -> Figure:
    """See why a small school's bad year may be chance: change against size, with the limits of chance alone.

    Parameters
    ----------
    result
        What `designs.funnel` gives; its `frame` holds one row a school: `size, change`, its own limits
        `limit_low, limit_high`, and those of a middling school of its size, `band_low, band_high`.
    """
    frame = result.frame.dropna(subset=["size", "change"]).sort_values(["size", "school_id"])
    frame = frame[frame["measure"] == frame["measure"].iloc[0]]
    here = frame[frame["school_id"] == result.frame.attrs.get("school_id")]
    with drawing(3.4) as (canvas, axes):
        ax = axes[0, 0]
        ax.scatter(frame["size"], frame["change"], s=5, color=QUIET, alpha=0.35, linewidths=0, rasterized=True)
        ax.fill_between(
            frame["size"], frame["band_low"], frame["band_high"], color=PALE, alpha=0.75, linewidth=0, zorder=0
        )
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.scatter(here["size"], here["change"], s=70, color=SCHOOL, edgecolor="white", zorder=5)
        for x, y in zip(here["size"], here["change"], strict=True):
            ax.annotate(THIS, (x, y), xytext=(8, 6), textcoords="offset points", color=SCHOOL, fontweight="bold")
        _name_band(ax, frame)
        ax.set_xscale("log")
        _size_ticks(ax, frame["size"].to_numpy(float))
        ax.set_xlabel("Size of the school (log scale)")
        ax.set_ylabel("Change from the year before")
        unit_axis(ax.yaxis, str(result.table["unit"].iloc[0]), sign=True)
        title, alt = captions.funnel(result)
        drawn = {c: here[c].tolist() for c in ("size", "change", "limit_low", "limit_high")}
        return finished(canvas, id="funnel-figure", title=title, alt=alt, drawn=drawn)


def _name_band(ax: Axes, frame: pd.DataFrame) -> None:
    reach = float(np.nanquantile(np.abs(frame["change"]), 0.995)) * 1.25
    ax.set_ylim(-reach, reach)
    spot = frame.iloc[len(frame) // 12]
    ax.annotate(
        "gray band: chance alone",
        (float(spot["size"]), max(float(spot["limit_low"]), -0.9 * reach)),
        xytext=(0, 4),
        textcoords="offset points",
        fontsize=8.5,
        color=INK,
        bbox=_PAPER,
    )


def _size_ticks(ax: Axes, size: np.ndarray) -> None:
    ticks = [t for t in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if size.min() * 0.8 <= t <= size.max() * 1.2]
    ax.set_xticks(ticks, [f"{t:,}" for t in ticks])
    ax.minorticks_off()
