"""The specification curve: every estimate in order, and below it the choices that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PEERS, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.results import quiet_about_missing
from leadlib.words import captions_decisions

if TYPE_CHECKING:
    from leadlib.designs.choices import Specifications


@quiet_about_missing
def specifications(result: Specifications) -> Figure:
    """See whether the estimate hangs on one choice.

    Parameters
    ----------
    result
        What `designs.specifications` gives; a way that was refused is not drawn.
    """
    frame = result.frame[result.frame["value"].notna()].reset_index(drop=True)
    rows = [(name, value) for name in result.names for value in sorted(frame[name].unique())]
    lower = 0.25 + 0.19 * (len(rows) + len(result.names))
    with drawing(2.3 + lower, rows=2, sharex=True, height_ratios=[2.3, lower]) as (canvas, axes):
        _estimates(axes[0, 0], frame, result.unit)
        _made(axes[1, 0], frame, result)
        title, alt = captions_decisions.specifications(result)
        drawn = {c: frame[c].tolist() for c in (*result.names, "value", "low", "high", "preferred")}
        return finished(canvas, id="specifications-figure", title=title, alt=alt, drawn=drawn)


def _colours(frame: pd.DataFrame) -> list[str]:
    return [PEERS if mine else SCHOOL for mine in frame["preferred"].astype(bool)]


def _estimates(ax: Axes, frame: pd.DataFrame, unit: str) -> None:
    x, colours = np.arange(len(frame)), _colours(frame)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.vlines(x, frame["low"], frame["high"], color=colours, linewidth=1.4, alpha=0.55)
    ax.scatter(x, frame["value"], color=colours, s=16, zorder=3)
    for k in np.flatnonzero(frame["preferred"].to_numpy(dtype=bool)):
        ax.annotate(
            "planned",
            (float(k), float(frame["high"].iloc[k])),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=PEERS,
            fontsize=8.5,
            fontweight="bold",
        )
    ax.set_ylabel("Estimate")
    ax.grid(axis="x", visible=False)
    unit_axis(ax.yaxis, unit, sign=True)


def _made(ax: Axes, frame: pd.DataFrame, result: Specifications) -> None:
    """Draw a row of marks for each value of each choice, under the estimates that it made."""
    x, colours = np.arange(len(frame)), _colours(frame)
    labels, places, y = [], [], 0.0
    told = result.frame.attrs.get("labels", {})
    for name in result.names:
        y -= 1.0
        labels.append(str(told.get(name, name)).capitalize())
        places.append(y)
        for value in sorted(frame[name].unique()):
            y -= 1.0
            here = (frame[name] == value).to_numpy()
            ax.scatter(
                x[here],
                np.full(here.sum(), y),
                s=11,
                marker="s",
                color=[c for c, h in zip(colours, here, strict=True) if h],
            )
            labels.append(str(value))
            places.append(y)
    ax.set_yticks(places, labels, fontsize=8.5)
    heads = {str(told.get(n, n)).capitalize() for n in result.names}
    for tick in ax.get_yticklabels():
        if tick.get_text() in heads:
            tick.set_fontweight("bold")
    ax.tick_params(axis="y", length=0)
    ax.tick_params(axis="x", bottom=False, labelbottom=False)
    ax.set_ylim(y - 0.7, -0.3)
    ax.grid(visible=False)
    ax.set_xlabel("Each column is one way to analyze the data", color=QUIET)
