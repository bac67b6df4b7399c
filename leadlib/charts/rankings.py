"""Units' contributions, each with its interval: what data can tell apart, and what they cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions_levels

MOST_BARS = 300
"""More units than this are drawn as a band: lines would run into each other."""


@quiet_about_missing
def ranking(result: Result) -> Figure:
    """See how far units' contributions can be told from the middle and from each other; it ranks nobody.

    Units stand in the order of their values, without names or places: the intervals are the finding.

    Parameters
    ----------
    result
        What `designs.value_added` gives; its `frame` has one row a unit: unit, value, low, high, highlighted.
    """
    about: Any = result
    frame = result.frame.sort_values(["value", "unit"], kind="stable").reset_index(drop=True)
    frame["place"] = np.arange(len(frame))
    with drawing(3.4) as (canvas, axes):
        ax = axes[0, 0]
        _others(ax, frame)
        ax.axhline(0, color=INK, linewidth=1)
        _highlight(ax, frame, about.unit_word)
        ax.annotate(
            "as expected",
            (1.0, 0),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=INK,
            annotation_clip=False,
        )
        ax.set_xticks([])
        ax.set_xlim(-1, len(frame))
        ax.set_xlabel(f"{len(frame):,} {about.unit_word}s, dark where the interval leaves zero out")
        ax.set_ylabel("Beyond expectation")
        ax.grid(axis="x", visible=False)
        unit_axis(ax.yaxis, about.unit, sign=True)
        title, alt = captions_levels.ranking(result)
        drawn = {c: frame[c].tolist() for c in ("value", "low", "high", "highlighted")}
        return finished(canvas, id="ranking-figure", title=title, alt=alt, drawn=drawn)


def _others(ax: Axes, frame: pd.DataFrame) -> None:
    """Draw all units' intervals; those that leave zero out are darker."""
    rest = frame[~frame["highlighted"]]
    if len(rest) > MOST_BARS:
        ax.fill_between(rest["place"], rest["low"], rest["high"], color=PALE, linewidth=0)
        ax.plot(rest["place"], rest["value"], color=QUIET, linewidth=1.4)
        return
    for inside, colour in ((True, PALE), (False, QUIET)):
        part = rest[((rest["low"] <= 0) & (rest["high"] >= 0)) == inside]
        ax.vlines(part["place"], part["low"], part["high"], color=colour, linewidth=1.6)
        ax.scatter(part["place"], part["value"], s=7, color=QUIET, zorder=3, linewidths=0)


def _highlight(ax: Axes, frame: pd.DataFrame, word: str) -> None:
    for r in frame[frame["highlighted"]].to_dict("records"):
        ax.vlines([r["place"]], [r["low"]], [r["high"]], color=SCHOOL, linewidth=2.4, zorder=4)
        ax.scatter([r["place"]], [r["value"]], s=42, color=SCHOOL, zorder=5, edgecolor="white")
        left = r["place"] > len(frame) / 2
        ax.annotate(
            f"{word} {r['unit']}",
            (r["place"], r["high"]),
            xytext=(-4 if left else 4, 4),
            textcoords="offset points",
            ha="right" if left else "left",
            color=SCHOOL,
            fontweight="bold",
        )
