"""Risk ratios of groups, with their intervals, beside the line of equal risk and the threshold."""

from __future__ import annotations

from typing import Any

import numpy as np

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PEERS, QUIET, SCHOOL, drawing, finished
from leadlib.numbers import show
from leadlib.results import quiet_about_missing
from leadlib.words import captions_ratios as captions

MOST = 20
_TICKS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20)


@quiet_about_missing
def risk_ratios(result: Any) -> Figure:
    """See to which groups something happens more often than to all others, and how sure that is.

    Ratios of the last time on a log scale, highest first, 20 at the most; orange where the ratio is above the
    threshold, hollow where it is an alternate ratio against the State's other groups.

    Parameters
    ----------
    result
        What `designs.disproportion` gives.
    """
    rows = result.latest[result.latest["ratio"] > 0]
    rows = rows.sort_values(["ratio", "unit", "group"], ascending=[False, True, True]).head(MOST)
    with drawing(0.9 + 0.34 * max(len(rows), 1)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(1, color=INK, linewidth=1)
        for y, row in zip(np.arange(len(rows))[::-1], rows.to_dict("records"), strict=True):
            colour = PEERS if row["above"] else SCHOOL
            ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
            face = "white" if row["against"] == "state" else colour
            ax.plot([row["ratio"]], [y], marker="o", markersize=6.5, color=colour, markerfacecolor=face)
            ax.annotate(
                show(row["ratio"], "ratio"), (row["ratio"], y), xytext=(0, 6), textcoords="offset points", ha="center",
                fontsize=8.5, fontweight="bold", color=colour,
            )  # fmt: skip
        if result.threshold is not None:
            ax.axvline(result.threshold, color=PEERS, linestyle="--", linewidth=1.2)
            ax.annotate(
                "threshold", (result.threshold, len(rows) - 0.3), xytext=(4, 0), textcoords="offset points",
                fontsize=8.5, color=PEERS, va="bottom", annotation_clip=False,
            )  # fmt: skip
        ax.annotate(
            "equal risk", (1, len(rows) - 0.3), xytext=(-4, 0), textcoords="offset points", fontsize=8.5, color=QUIET,
            ha="right", va="bottom", annotation_clip=False,
        )  # fmt: skip
        ax.set_yticks(np.arange(len(rows))[::-1], [captions.name(r) for r in rows.to_dict("records")], fontsize=8.5)
        ax.set_ylim(-0.6, max(len(rows), 1) - 0.2)
        ax.set_xscale("log")
        ends = [*rows["low"], *rows["high"], result.threshold or 2.0, 0.8]
        ax.set_xlim(min(e for e in ends if e > 0) / 1.15, max(e for e in ends if np.isfinite(e)) * 1.15)
        shown = [t for t in _TICKS if ax.get_xlim()[0] <= t <= ax.get_xlim()[1]]
        ax.set_xticks(shown, [f"{t:g}" for t in shown])
        ax.minorticks_off()
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("Times the risk of all others (log scale)")
        title, alt = captions.risk_ratios(result, rows)
        drawn = {c: rows[c].tolist() for c in ("unit", "group", "ratio", "low", "high", "above", "against")}
        return finished(canvas, id="risk-ratios-figure", title=title, alt=alt, drawn=drawn)
