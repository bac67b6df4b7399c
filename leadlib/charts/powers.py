"""What a planned study could find over a range of sizes, beside the effects that programs have reached."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, PEERS, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.results import Missing, quiet_about_missing
from leadlib.words import captions_power

_TINTS = ("#FFFFFF", "#E9EDF2", "#D3D9E1")
_HEADROOM = 1.12


@quiet_about_missing
def power_curve(result: Any) -> Figure | Missing:
    """See how the smallest effect found, or the power, moves with the size of a study.

    Beside the line of smallest effects stand Kraft's sizes of effects as gray bands and the quantiles of published
    effects as lines, so that a reader sees which programs such a study would miss.

    Parameters
    ----------
    result
        What `designs.power.curve` gives; its `frame` holds one row a value: `x, value`.
    """
    frame = result.frame
    with drawing(3.6) as (canvas, axes):
        ax = axes[0, 0]
        _beside(ax, result) if result.kind == "mdes" else _wanted(ax, result)
        ax.plot(frame["x"], frame["value"], color=SCHOOL, marker="o", markersize=5, zorder=4)
        for place in (0, -1):
            _name(ax, frame["x"].iloc[place], frame["value"].iloc[place], result)
        ax.set_xlabel(result.x_label[:1].upper() + result.x_label[1:])
        ax.set_ylabel("Smallest effect found (sd)" if result.kind == "mdes" else "Power")
        ax.grid(axis="x", visible=False)
        if result.kind == "power":
            unit_axis(ax.yaxis, "pct")
        else:
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.2f}"))
        title, alt = captions_power.power_curve(result)
        drawn = {c: frame[c].tolist() for c in ("x", "value")}
        return finished(canvas, id="power-curve-figure", title=title, alt=alt, drawn=drawn)


def _beside(ax: Axes, result: Any) -> None:
    """Draw the bands and lines of published effects as far up as the study's own line reaches."""
    frame = result.frame
    high = _HEADROOM * max(float(frame["value"].max()), 1.3 * result.bands[-1][1])
    x = _edges(ax, frame["x"])
    begins = [value for _, value in result.bands]
    for (name, low), end, tint in zip(result.bands, [*begins[1:], high], _TINTS, strict=False):
        ax.axhspan(low, end, color=tint, zorder=0, linewidth=0)
        if end - low > 0.03 * high:
            ax.annotate(
                name,
                (x[0], (low + min(end, 2 * low or end)) / 2),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                color=INK,
                fontstyle="italic",
            )
    for label, value in result.marks:
        if value < high:
            ax.axhline(value, color=PEERS, linewidth=0.9, linestyle=":", zorder=1)
            ax.annotate(
                label,
                (x[1], value),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
                color=PEERS,
                annotation_clip=False,
            )
    ax.set_ylim(0, high)


def _wanted(ax: Axes, result: Any) -> None:
    x = _edges(ax, result.frame["x"])
    ax.axhline(100 * result.power, color=QUIET, linewidth=1, linestyle="--")
    ax.annotate(
        f"{100 * result.power:g}% wanted",
        (x[0], 100 * result.power),
        xytext=(4, 4),
        textcoords="offset points",
        fontsize=8.5,
        color=INK,
    )
    ax.set_ylim(0, 105)
    ax.axhline(0, color=PALE, linewidth=0.8)


def _edges(ax: Axes, x: Any) -> tuple[float, float]:
    low, high = float(x.min()), float(x.max())
    room = 0.08 * (high - low) or 1.0
    ax.set_xlim(low - room, high + room)
    return low - room, high + room


def _name(ax: Axes, x: float, y: float, result: Any) -> None:
    text = f"{y:.2f}" if result.kind == "mdes" else f"{y:.0f}%"
    ax.annotate(
        text,
        (x, y),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        fontweight="bold",
        color=SCHOOL,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        zorder=5,
    )
