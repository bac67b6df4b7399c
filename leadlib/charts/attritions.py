"""A randomized study's attrition beside the boundaries of the What Works Clearinghouse."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import DISTRICT, INK, PALE, PEERS, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.designs.wwc.losses import Attrition
from leadlib.results import quiet_about_missing
from leadlib.words import captions_wwc

_LINES = {"optimistic": (PEERS, "--", 50), "cautious": (DISTRICT, "-", 43)}
_PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1}


@quiet_about_missing
def attrition(result: Attrition) -> Figure:
    """See how close a study comes to losing too many, or too unevenly.

    Lines are the boundary as a selection model draws it, small dots the published table; below a line attrition is low.

    Parameters
    ----------
    result
        What `designs.wwc.attrition` gives.
    """
    frame = result.frame
    study = frame[frame["kind"] == "study"]
    with drawing(3.5) as (canvas, axes):
        ax = axes[0, 0]
        for boundary, (colour, dashes, x) in _LINES.items():
            _boundary(ax, frame[frame["boundary"] == boundary], colour, dashes)
            _name(ax, frame[(frame["boundary"] == boundary) & (frame["kind"] == "table")], boundary, colour, x)
        _study(ax, study)
        high = max(12.5, 1.15 * float(study["differential"].max()))
        ax.set_ylim(0, high)
        ax.set_xlim(0, max(68.0, 1.05 * float(study["overall"].max())))
        ax.annotate("low under both", (24, 0.05 * high), color=INK, fontsize=9, style="italic")
        ax.annotate("high under both", (64, 0.93 * high), color=INK, fontsize=9, style="italic", ha="right", va="top")
        ax.set_xlabel("Overall attrition")
        ax.set_ylabel("Percentage points between the groups")
        unit_axis(ax.xaxis, "pct")
        unit_axis(ax.yaxis, "pct_points")
        title, alt = captions_wwc.attrition(result)
        drawn = {c: study[c].tolist() for c in ("boundary", "overall", "differential")}
        drawn["low"] = [loss.low[result.boundary] for loss in result.losses]
        return finished(canvas, id="attrition-figure", title=title, alt=alt, drawn=drawn)


def _boundary(ax: Axes, rows: pd.DataFrame, colour: str, dashes: str) -> None:
    curve, table = (rows[rows["kind"] == kind] for kind in ("curve", "table"))
    ax.plot(curve["overall"], curve["differential"], color=colour, linestyle=dashes)
    ax.scatter(table["overall"], table["differential"], s=4, color=colour, linewidths=0, alpha=0.6)
    if dashes == "-":
        ax.fill_between(table["overall"], table["differential"], color=PALE, alpha=0.5, linewidth=0, zorder=0)


def _name(ax: Axes, table: pd.DataFrame, boundary: str, colour: str, x: int) -> None:
    y = float(table["differential"].iloc[x])
    ax.annotate(
        boundary,
        (x, y),
        xytext=(5, 3),
        textcoords="offset points",
        color=colour,
        fontsize=9,
        fontweight="bold",
    )


def _study(ax: Axes, study: pd.DataFrame) -> None:
    for row in study.to_dict("records"):
        ax.plot(
            [row["overall"]], [row["differential"]], marker="o", markersize=9, color=SCHOOL, markeredgecolor="white"
        )
        ax.vlines(row["overall"], 0, row["differential"], color=QUIET, linewidth=0.8, linestyle=":")
        ax.annotate(
            "this study" if len(study) == 1 else f"this study: {row['boundary']}s",
            (row["overall"], row["differential"]),
            xytext=(8, -3),
            textcoords="offset points",
            color=SCHOOL,
            fontsize=9,
            fontweight="bold",
            va="top",
            bbox=_PAPER,
        )
