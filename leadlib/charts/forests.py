"""Studies beside each other: the forest of effects with their average, and effects against their precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, PEERS, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.numbers import show
from leadlib.results import quiet_about_missing
from leadlib.words import captions_pooling as captions

MOST = 40
_LONGEST = 26


@quiet_about_missing
def forest(result: Any) -> Figure:
    """See every study with its interval, their average, and where a new study would lie.

    Squares grow with the weight of a study; the diamond is the average with its interval, the bar below it the
    prediction. Of more than 40 effects the 40 with most weight are drawn.

    Parameters
    ----------
    result
        What `designs.meta` gives.
    """
    rows = result.frame
    if len(rows) > MOST:
        rows = rows.loc[rows["weight_pct"].nlargest(MOST).sort_index().index]
    k = len(rows)
    with drawing(1.3 + 0.21 * k) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(0, color=INK, linewidth=0.8)
        y = np.arange(k)[::-1] + 2.0
        ax.hlines(y, rows["low"], rows["high"], color=QUIET, linewidth=1.2)
        ax.scatter(rows["effect"], y, s=10 + 6 * rows["weight_pct"], marker="s", color=SCHOOL, linewidths=0, zorder=3)
        _average(ax, result)
        names = [_short(s, w) for s, w in zip(rows["study"], rows["within"], strict=True)]
        ax.set_yticks([*y, 1.0, 0.0], [*names, "Average", "A new study"], fontsize=8)
        ax.set_ylim(-0.7, k + 1.8)
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("Effect")
        unit_axis(ax.xaxis, result.unit, sign=True)
        title, alt = captions.forest(result, k)
        drawn = {c: rows[c].tolist() for c in ("study", "effect", "low", "high", "weight_pct")}
        drawn |= {"average": [result.value, result.low, result.high]}
        drawn |= {"new_study": [result.prediction_low, result.prediction_high]}
        return finished(canvas, id="forest-figure", title=title, alt=alt, drawn=drawn)


def _average(ax: Axes, result: Any) -> None:
    ax.axhline(1.5, color=PALE, linewidth=1)
    ax.fill(
        [result.low, result.value, result.high, result.value],
        [1.0, 1.32, 1.0, 0.68],
        color=PEERS,
        linewidth=0,
        zorder=3,
    )
    ax.plot(
        [result.prediction_low, result.prediction_high], [0, 0], color=PEERS, linewidth=3.5, alpha=0.5,
        solid_capstyle="butt",
    )  # fmt: skip
    ax.annotate(
        show(result.value, result.unit, sign=True), (result.high, 1.0), xytext=(5, 0), textcoords="offset points",
        va="center", fontsize=9, fontweight="bold", color=PEERS,
    )  # fmt: skip


def _short(study: str, within: str) -> str:
    name = f"{study}, {within}" if within else str(study)
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


@quiet_about_missing
def small_studies(result: Any) -> Figure:
    """See whether small studies found other effects than large ones: effects against their standard errors.

    Without bias, dots lie evenly on both sides of the average, inside the funnel if studies differ by chance alone.
    A gap at the lower corner may mean studies that were never published.

    Parameters
    ----------
    result
        What `designs.meta` gives.
    """
    rows = result.frame
    top = float(rows["se"].max()) * 1.08
    with drawing(3.4) as (canvas, axes):
        ax = axes[0, 0]
        ends = [result.value - 1.96 * top, result.value, result.value + 1.96 * top]
        ax.fill(ends, [top, 0, top], color=PALE, alpha=0.6, linewidth=0, zorder=0)
        ax.plot([result.value, result.value], [0, top], color=PEERS, linewidth=1.4)
        ax.scatter(rows["effect"], rows["se"], s=26, color=SCHOOL, edgecolor="white", linewidths=0.6, zorder=3)
        ax.annotate(
            "average", (result.value, 0), xytext=(4, 4), textcoords="offset points", fontsize=8.5, color=PEERS,
            fontweight="bold",
        )  # fmt: skip
        ax.annotate(
            "gray: chance alone", (ends[0], top), xytext=(6, 4), textcoords="offset points", fontsize=8.5, color=INK
        )
        ax.set_ylim(top, -0.06 * top)
        ax.set_xlabel("Effect")
        ax.set_ylabel("Standard error (large studies on top)")
        unit_axis(ax.xaxis, result.unit, sign=True)
        title, alt = captions.small_studies(result)
        drawn = {c: rows[c].tolist() for c in ("study", "effect", "se")} | {"average": [result.value]}
        return finished(canvas, id="small-studies-figure", title=title, alt=alt, drawn=drawn)
