"""The jump of an outcome at a rule's cutoff."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import PEERS, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.errors import refuse
from leadlib.results import quiet_about_missing
from leadlib.words import captions_cutoffs as captions

_SIDES = {"comparison": (PEERS, "not treated"), "treated": (SCHOOL, "treated")}


@quiet_about_missing
def discontinuity(result: Any) -> Figure:
    """See whether the outcome jumps where the rule begins to treat, and how sure the jump is.

    Dots are means of neighbors on the score, curves what the estimate is read from, the bar at the cutoff the jump's
    interval.

    Parameters
    ----------
    result
        What `designs.rd` gives.
    """
    frame = result.frame
    if frame.empty:
        raise refuse(
            "charts.discontinuity", "is given what a study could find, not its estimate", "run rd with look='estimate'"
        )
    with drawing(3.4) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(result.cutoff, color=QUIET, linewidth=1, linestyle=":")
        for side, (colour, name) in _SIDES.items():
            _side(ax, frame[frame["side"] == side], colour, name)
        ends = frame[frame["kind"] == "limit"].set_index("side")
        ax.vlines(
            result.cutoff,
            ends.loc["treated", "low"],
            ends.loc["treated", "high"],
            color=SCHOOL,
            linewidth=2.4,
            zorder=4,
        )
        ax.set_xlabel(result.score)
        ax.set_ylabel(str(result.table["measure"].iloc[0]))
        ax.margins(x=0.04, y=0.1)
        unit_axis(ax.yaxis, "pct" if result.unit == "pct_points" else result.unit)
        title, alt = captions.discontinuity(result)
        bins = frame[frame["kind"] == "bin"]
        drawn = {c: bins[c].tolist() for c in ("side", "score", "value", "n")}
        drawn |= {"jump": [result.value, result.low, result.high]}
        return finished(canvas, id="discontinuity-figure", title=title, alt=alt, drawn=drawn)


def _side(ax: Axes, rows: Any, colour: str, name: str) -> None:
    bins, curve, end = (rows[rows["kind"] == kind] for kind in ("bin", "curve", "limit"))
    ax.scatter(bins["score"], bins["value"], s=24, color=colour, alpha=0.55, linewidths=0)
    ax.plot(curve["score"], curve["value"], color=colour)
    ax.plot(end["score"], end["value"], "o", color=colour, markersize=7, markeredgecolor="white", zorder=5)
    right = bool(curve["score"].iloc[-1] > end["score"].iloc[0])
    ax.text(
        0.99 if right else 0.01,
        1.02,
        name,
        transform=ax.transAxes,
        ha="right" if right else "left",
        color=colour,
        fontsize=9,
        fontweight="bold",
    )
