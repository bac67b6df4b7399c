"""A leading indicator about its median, with what the run rules find."""

from __future__ import annotations

from typing import Any

import numpy as np

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PEERS, QUIET, SCHOOL, drawing, finished, label_end, unit_axis
from leadlib.numbers import phrase
from leadlib.results import quiet_about_missing
from leadlib.words import captions_actions

MOST_TICKS = 5


@quiet_about_missing
def run_chart(result: Any) -> Figure:
    """See whether a leading indicator has begun to move: points in order, their median, and what stands out.

    Parameters
    ----------
    result
        What `measures.run_charts.run` gives. Points of a shift or a trend are filled in another colour.
    """
    frame = result.frame
    x, y = np.arange(len(frame)), frame["value"].to_numpy(float)
    marked = (frame["shift"] | frame["trend"]).to_numpy(bool)
    with drawing(2.7) as (canvas, axes):
        ax = axes[0, 0]
        ax.axhline(result.median, color=INK, linewidth=1.2, linestyle="--")
        ax.plot(x, y, color=QUIET, linewidth=1.2)
        ax.plot(x[~marked], y[~marked], marker="o", markersize=5.5, linestyle="none", color=SCHOOL)
        ax.plot(x[marked], y[marked], marker="s", markersize=6.5, linestyle="none", color=PEERS)
        label_end(ax, float(x[-1]), result.median, f"median\n{phrase(result.median, result.unit)}", INK)
        shown = x[:: max(1, -(-len(x) // MOST_TICKS))]
        ax.set_xticks(shown, [frame["when"].iloc[k].replace(", ", "\n") for k in shown])
        ax.grid(axis="x", visible=False)
        ax.set_ylim(bottom=min(0.0, float(y.min())) if result.unit in ("minutes", "pct") else None)
        unit_axis(ax.yaxis, result.unit)
        title, alt = captions_actions.run_chart(result)
        drawn = {c: frame[c].tolist() for c in ("when", "value", "shift", "trend")} | {"median": [result.median]}
        return finished(canvas, id="run-chart-figure", title=title, alt=alt, drawn=drawn)
