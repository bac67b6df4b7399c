"""One style for every figure: colours that colour-blind readers tell apart, direct labels, the same bytes each time."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from PIL import Image

from leadlib.blocks import Figure
from leadlib.numbers import UNITS, significant

# Okabe and Ito's colours: the pairs used together stay apart under the three common kinds of colour blindness.
SCHOOL = "#0072B2"
PEERS = "#B3531C"
DISTRICT = "#007A5A"
QUIET = "#767676"
PALE = "#D9D9D9"
INK = "#222222"

WIDTH_IN = 5.0
DOTS_PER_INCH = 192
SHOWN_PX = 560

_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "axes.edgecolor": "#666666",
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "axes.grid": True,
    "grid.color": "#E8E8E8",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "figure.dpi": DOTS_PER_INCH,
}


@functools.cache
def _house_style() -> Any:
    """Give seaborn's plain style with ours above it; worked out once, since a report opens many canvases."""
    return {**sns.axes_style("ticks"), **_RC}


@contextmanager
def drawing(height_in: float, rows: int = 1, columns: int = 1, **options: Any) -> Iterator[tuple[Canvas, np.ndarray]]:
    """Open a canvas in the house style, apart from pyplot so that nothing is shown twice or left open.

    The style holds until the block is left: a figure is `finished` inside it.
    """
    with mpl.rc_context(_house_style()):
        canvas = Canvas(figsize=(WIDTH_IN, height_in), layout="constrained")
        FigureCanvasAgg(canvas)
        axes = canvas.subplots(rows, columns, squeeze=False, **options)
        yield canvas, axes


def finished(canvas: Canvas, *, id: str, title: str, alt: str, drawn: dict[str, list[Any]]) -> Figure:
    """Turn a canvas into a figure block; the picture carries no date, version or path."""
    sns.despine(fig=canvas)
    paper = cast(FigureCanvasAgg, canvas.canvas)
    paper.draw()  # lays the figure out and draws it once; savefig would draw it twice
    png = _small(Image.frombuffer("RGBA", paper.get_width_height(), paper.buffer_rgba(), "raw", "RGBA", 0, 1))
    return Figure(id, title, alt, png, {k: [_plain(v) for v in vs] for k, vs in drawn.items()}, SHOWN_PX)


def _small(picture: Image.Image) -> bytes:
    # 64 colours are enough for flat figures and make a page a quarter of the size: it counts over thousands of schools.
    flat = picture.convert("RGB").quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = flat.getpalette() or []
    flat.putpalette([255 if tone > 250 else tone for tone in palette])  # white paper stays white in print
    with io.BytesIO() as small:
        flat.save(small, format="png", compress_level=8)  # level 9 takes twice the time for a hundredth less
        return small.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    return significant(float(value))


def key(canvas: Canvas, entries: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    """Name the marks in one line above the picture, each in its colour."""
    handles = [Line2D([], [], label=label, **{"linestyle": "none", "markersize": 7, **mark}) for label, mark in entries]
    legend = canvas.legend(
        handles=handles,
        loc="outside upper left",
        ncols=len(handles),
        frameon=False,
        fontsize=8.5,
        handletextpad=0.3,
        columnspacing=1.2,
        borderpad=0.2,
    )
    for text, handle in zip(legend.get_texts(), handles, strict=True):
        text.set_color(handle.get_color())


def unit_axis(axis: Any, unit: str, *, sign: bool = False) -> None:
    """Write an axis' ticks in the unit: `$4,000`, `40%`, `+10`."""
    form = UNITS[unit]
    mark = "+" if sign else ""

    def text(value: float, _: int) -> str:
        number = f"{abs(value):,.{0 if float(value).is_integer() else max(form.decimals, 1)}f}"
        before = "\N{MINUS SIGN}" if value < 0 else (mark if value > 0 else "")
        return f"{before}{form.before}{number}{form.after}"

    axis.set_major_formatter(mpl.ticker.FuncFormatter(text))


def label_end(ax: Axes, x: float, y: float, text: str, colour: str, *, dy: float = 0.0) -> None:
    """Name a line at its end, in its colour, instead of in a legend."""
    ax.annotate(
        text,
        (x, y),
        xytext=(7, dy),
        textcoords="offset points",
        va="center",
        ha="left",
        color=colour,
        fontsize=9,
        fontweight="bold",
        annotation_clip=False,
    )


def apart(values: list[float], least: float) -> list[float]:
    """Move labels that would overlap to at least `least` from each other, keeping their order and their middle."""
    order = np.argsort(values, kind="stable")
    placed = np.asarray(values, dtype=float)[order].copy()
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + least)
    placed -= placed.mean() - float(np.mean(values))
    out = np.empty_like(placed)
    out[order] = placed
    return [float(v) for v in out]
