"""Goals beside what similar schools really reached and what later data can tell from chance."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from leadlib.blocks import Figure
from leadlib.charts.dots import wrapped
from leadlib.charts.style import INK, PEERS, QUIET, SCHOOL, drawing, finished, key, unit_axis
from leadlib.numbers import difference_unit, plural, show
from leadlib.results import Missing, quiet_about_missing
from leadlib.words import captions_actions

_KEY = (
    ("goal", {"marker": "D", "color": SCHOOL}),
    ("similar schools: half and eight in ten", {"marker": "s", "color": PEERS}),
    ("data can show", {"marker": "|", "color": INK, "markeredgewidth": 2, "markersize": 10}),
)


@quiet_about_missing
def goals(result: Any) -> Figure | Missing:
    """See whether a goal lies within what similar schools reached, and beyond what chance alone can do.

    Parameters
    ----------
    result
        What `designs.goals` or `designs.goals_each` gives; needs without a goal are left out.
    """
    each = [g for g in getattr(result, "each", (result,)) if not isinstance(g, Missing)]
    if not each:
        return Missing("The picture of goals", "no need has a goal.", told=True)
    with drawing(0.5 + 1.05 * len(each), rows=len(each)) as (canvas, axes):
        for ax, goal in zip(axes[:, 0], each, strict=False):
            _panel(ax, goal)
        key(canvas, _KEY)
        title, alt = captions_actions.goals(each)
        drawn: dict[str, list[Any]] = {
            "label": [g.label for g in each],
            "goal": [g.goal for g in each],
            "detectable": [g.detectable for g in each],
            "place": [g.place for g in each],
        }
        return finished(canvas, id="goals-figure", title=title, alt=alt, drawn=drawn)


def _panel(ax: Axes, goal: Any) -> None:
    unit = difference_unit(goal.unit)
    spots = goal.table.loc[goal.table["n"] > 1, "value"].tolist()
    ax.axvline(0, color=QUIET, linewidth=1)
    ax.plot([spots[0], spots[4]], [0, 0], color=PEERS, alpha=0.3, linewidth=5, solid_capstyle="butt")
    ax.plot([spots[1], spots[3]], [0, 0], color=PEERS, alpha=0.45, linewidth=10, solid_capstyle="butt")
    ax.plot([goal.detectable], [0], marker="|", markersize=16, markeredgewidth=2, color=INK)
    ax.plot([goal.goal], [0], marker="D", markersize=7.5, color=SCHOOL)
    ax.annotate(
        show(goal.goal, unit, sign=True),
        (goal.goal, 0),
        xytext=(0, 10),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        fontweight="bold",
        color=SCHOOL,
    )
    ax.set_title(
        wrapped(f"{goal.label}, change over {plural(goal.years, 'year')}", 60), fontsize=9, fontweight="normal", pad=4
    )
    ax.set_yticks([])
    ax.spines["left"].set_color("none")
    ax.set_ylim(-0.6, 1.0)
    ax.margins(x=0.1)
    ax.grid(axis="y", visible=False)
    ax.locator_params(axis="x", nbins=6)
    unit_axis(ax.xaxis, unit, sign=True)
