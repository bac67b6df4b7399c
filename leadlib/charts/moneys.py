"""Pictures of money: what it goes to, how it changed, who spends much, and what more of it would be expected to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.estimates import dot, wrapped
from leadlib.charts.style import DISTRICT, INK, PEERS, QUIET, SCHOOL, drawing, finished, key, unit_axis
from leadlib.measures.groups import THIS
from leadlib.measures.money_change import WHOLE
from leadlib.measures.spending import ALL, CENTRAL
from leadlib.numbers import lower_first, show
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions_money as captions

if TYPE_CHECKING:
    from leadlib.designs.expecting import Expected

PALE_SCHOOL = "#A9CCE3"


@quiet_about_missing
def spending_mix(result: Result) -> Figure:
    """See what the money goes to: a bar for each line here, a mark for similar schools.

    Parameters
    ----------
    result
        What `measures.money.functions` gives. Lines of the district are drawn paler; the school does not decide on
        them.
    """
    table = result.table[result.table["measure"] != ALL]
    here = table[table["group"] == THIS].to_dict("records")[::-1]
    group = next((g for g in table["group"] if g != THIS), "")
    beside = table[table["group"] == group].set_index("measure")
    widest = max([r["value"] for r in here] + [float(v) for v in beside["high"].dropna()] + [1.0])
    with drawing(0.7 + 0.36 * max(len(here), 1)) as (canvas, axes):
        ax = axes[0, 0]
        for y, row in enumerate(here):
            pale = row["measure"].endswith(CENTRAL)
            ax.barh(y, row["value"], height=0.55, color=PALE_SCHOOL if pale else SCHOOL)
            _mark(ax, y, beside, row["measure"])
            ends = [row["value"], *beside.reindex([row["measure"]])["high"].dropna()]
            ax.annotate(
                row["shown"], (max(ends), y), xytext=(6, 0), textcoords="offset points", va="center",
                fontsize=8.5, fontweight="bold", color=SCHOOL,
            )  # fmt: skip
        ax.set_yticks(range(len(here)), [wrapped(r["measure"], 26) for r in here], fontsize=8.5)
        ax.set_xlim(0, widest * 1.55)
        ax.grid(axis="y", visible=False)
        ax.locator_params(axis="x", nbins=5)
        unit_axis(ax.xaxis, "usd")
        marks: tuple = (("this school", {"marker": "s", "color": SCHOOL}),)
        if any(r["measure"].endswith(CENTRAL) for r in here):
            marks += (("the district's own", {"marker": "s", "color": "#5B9BC4"}),)
        if group:
            name = f"{lower_first(group)}, middle half"
            marks += ((name, {"marker": "|", "color": PEERS, "markeredgewidth": 2, "markersize": 10}),)
        key(canvas, marks)
        title, alt = captions.mix(result)
        drawn = {c: table[c].tolist() for c in ("measure", "group", "value", "low", "high", "share")}
        return finished(canvas, id=f"{result.id}-figure", title=title, alt=alt, drawn=drawn)


def _mark(ax: Axes, y: float, beside: pd.DataFrame, measure: str) -> None:
    """Mark the middle half and the median of the other schools."""
    if measure not in beside.index or pd.isna(beside.loc[measure, "value"]):
        return
    row = beside.loc[measure]
    ax.plot([row["low"], row["high"]], [y, y], color=PEERS, linewidth=1.6, solid_capstyle="butt")
    ax.plot([row["value"]], [y], marker="|", markersize=12, markeredgewidth=2.2, color=PEERS)


@quiet_about_missing
def spending_change(result: Result) -> Figure:
    """See how much of the change in spending goes with pupils, with dollars a pupil, and what it was for.

    Parameters
    ----------
    result
        What `measures.money.change` gives; the whole change is drawn once, at the top.
    """
    table = result.table
    ways = list(dict.fromkeys(table["group"]))
    rows: list[tuple[str, float, str]] = []
    for k, way in enumerate(ways):
        part = table[(table["group"] == way) & (table["measure"] != WHOLE)]
        if not k:
            whole = table[(table["group"] == way) & (table["measure"] == WHOLE)]
            rows.append((WHOLE, float(whole["value"].iloc[0]), INK))
        rows += [
            (m, float(v), (SCHOOL, DISTRICT, PEERS)[k]) for m, v in zip(part["measure"], part["value"], strict=True)
        ]
    with drawing(0.7 + 0.32 * len(rows)) as (canvas, axes):
        ax = axes[0, 0]
        for y, (_, value, colour) in enumerate(rows[::-1]):
            ax.barh(y, value, height=0.55, color=colour)
            # A bar to the left has its number to the right of zero, where nothing is drawn.
            ax.annotate(
                show(value, "usd", sign=True), (max(value, 0.0), y), xytext=(4, 0), va="center",
                textcoords="offset points", ha="left", fontsize=8.5, color=colour, fontweight="bold",
            )  # fmt: skip
        ax.axvline(0, color=INK, linewidth=1)
        ax.set_yticks(range(len(rows)), [wrapped(name, 26) for name, _, _ in rows[::-1]], fontsize=8.5)
        for tick, (_, _, colour) in zip(ax.get_yticklabels(), rows[::-1], strict=True):
            tick.set_color(colour)
        low, high = min(v for _, v, _ in rows), max(v for _, v, _ in rows)
        low, high = min(low, 0.0), max(high, 0.0)
        ax.set_xlim(1.03 * low, high + 0.5 * (high - low or 1.0))
        ax.grid(axis="y", visible=False)
        ax.locator_params(axis="x", nbins=3)
        unit_axis(ax.xaxis, "usd", sign=True)
        names = tuple(
            (lower_first(w), {"marker": "s", "color": (SCHOOL, DISTRICT, PEERS)[k]}) for k, w in enumerate(ways)
        )
        key(canvas, names)
        title, alt = captions.change(result)
        drawn: dict[str, list] = {"part": [r[0] for r in rows], "value": [r[1] for r in rows]}
        return finished(canvas, id="spending-change-figure", title=title, alt=alt, drawn=drawn)


@quiet_about_missing
def spending_and_scores(result: Result) -> Figure:
    """See which schools spend much and what they score: a cloud of schools, with the median of each third.

    Parameters
    ----------
    result
        What `measures.money.against` gives.
    """
    frame, about = result.frame, result.frame.attrs
    with drawing(3.3) as (canvas, axes):
        ax = axes[0, 0]
        others, here = frame[~frame["here"]], frame[frame["here"]]
        many = len(frame) > 300
        ax.scatter(others["x"], others["value"], s=6 if many else 18, color=QUIET, alpha=0.35 if many else 0.6,
                   linewidths=0, rasterized=many)  # fmt: skip
        for _, part in frame.groupby("third", sort=False):
            ax.plot([part["x"].min(), part["x"].max()], [part["value"].median()] * 2, color=PEERS, linewidth=2.6)
        ax.scatter(here["x"], here["value"], s=70, color=SCHOOL, edgecolor="white", zorder=5)
        for x, y in zip(here["x"], here["value"], strict=True):
            left = x > frame["x"].quantile(0.75)
            ax.annotate(
                THIS, (x, y), xytext=(-8 if left else 8, 6), textcoords="offset points", color=SCHOOL,
                fontweight="bold", ha="right" if left else "left",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1},
            )  # fmt: skip
        if many:  # a few far-off figures would push all others into a corner
            low, high = frame["x"].quantile([0.005, 0.995])
            ax.set_xlim(min(low, *here["x"], low) * 0.97, max(high, *here["x"], high) * 1.03)
        ax.set_xlabel(about["x"])
        ax.set_ylabel(wrapped(about["y"], 34))
        ax.locator_params(axis="x", nbins=6)
        unit_axis(ax.xaxis, about["x_unit"])
        unit_axis(ax.yaxis, about["y_unit"], sign=about["y_unit"] == "sd")
        dot_mark = {"marker": "o", "color": QUIET, "markersize": 5}
        line_mark = {"marker": "_", "color": PEERS, "markeredgewidth": 2.6}
        key(canvas, (("a school", dot_mark), ("median of a third of the schools", line_mark)))
        title, alt = captions.against(result)
        rows = result.table[result.table["measure"] == about["y"]]
        return finished(canvas, id=f"{result.id}-figure", title=title, alt=alt,
                        drawn={"third": rows["group"].tolist(), "median": rows["value"].tolist()})  # fmt: skip


@quiet_about_missing
def expected_gain(result: Expected) -> Figure:
    """See what a sum would be expected to do at one new place, and how far places differ.

    Parameters
    ----------
    result
        What `designs.expected` gives.
    """
    rows = [{**r, "unit": "sd_fine"} for r in result.frame.to_dict("records")][::-1]
    with drawing(1.05 + 0.5 * len(rows)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(0, color=INK, linewidth=1)
        colours = (SCHOOL, PEERS, DISTRICT)
        for y, row in enumerate(rows):
            dot(ax, y, row, colours[len(rows) - 1 - y], wide=True)
        ax.set_yticks(range(len(rows)), [wrapped(r["name"], 20) for r in rows])
        ax.set_ylim(-0.5, len(rows) - 0.3)
        ax.grid(axis="y", visible=False)
        ax.margins(x=0.08)
        ax.locator_params(axis="x", nbins=6)
        ax.set_xlabel(f"Change in scores, in standard deviations\nof pupils ({100 * result.level:g}% intervals)")
        unit_axis(ax.xaxis, "sd_fine", sign=True)
        title, alt = captions.gain(result)
        drawn = {c: [r[c] for r in rows[::-1]] for c in ("name", "value", "low", "high")}
        return finished(canvas, id="expected-figure", title=title, alt=alt, drawn=drawn)
