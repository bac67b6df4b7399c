"""Results of one school by how far behind schools like it they are, and how sure that is."""

from __future__ import annotations

from typing import Any

from leadlib.blocks import Figure
from leadlib.charts.dots import wrapped
from leadlib.charts.style import INK, PEERS, QUIET, SCHOOL, drawing, finished
from leadlib.numbers import in_100, show
from leadlib.results import quiet_about_missing
from leadlib.words import captions_actions

MOST_ROWS = 10
REACH = 3.0


@quiet_about_missing
def priorities(result: Any) -> Figure:
    """See which results lie behind what schools of the same kind have, and which of them may be chance.

    A dot is the steadied distance with its 95% interval; blue ones are the needs that stand out. At the right stands
    the chance, in 100, that the distance is worth acting on.

    Parameters
    ----------
    result
        What `designs.priorities` gives; the ten results with the most evidence are drawn.
    """
    rows = result.frame.head(MOST_ROWS).to_dict("records")[::-1]
    with drawing(1.0 + 0.46 * max(len(rows), 1)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(0, color=INK, linewidth=1)
        ax.axvline(result.worth, color=PEERS, linewidth=1, linestyle="--")
        for y, r in enumerate(rows):
            colour = SCHOOL if r["need"] else QUIET
            ends = max(r["behind_low"], -REACH), min(r["behind_high"], REACH)
            ax.plot(ends, [y, y], color=colour, linewidth=2, solid_capstyle="butt")
            ax.plot([r["behind"]], [y], marker="o", color=colour, markersize=7)
            chance = in_100(r["chance"]).replace("more than", ">").replace("less than", "<").removesuffix(" in 100")
            ax.annotate(
                chance,
                (1.0, y),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                fontweight="bold" if r["need"] else "normal",
                color=colour if r["need"] else INK,
                annotation_clip=False,
            )
        ax.set_yticks(range(len(rows)), [wrapped(r["label"], 30) for r in rows])
        ax.tick_params(axis="y", labelsize=8)
        ax.set_ylim(-0.6, len(rows) - 0.1)
        ax.annotate(
            f"worth acting on: {show(result.worth, 'ratio')}",
            (result.worth, len(rows) - 0.42),
            xytext=(3, 0),
            textcoords="offset points",
            fontsize=8,
            color=PEERS,
        )
        above = {"xycoords": "axes fraction", "xytext": (4, 4), "textcoords": "offset points"}
        ax.annotate("chance", (1.0, 1.0), fontsize=8, color=INK, annotation_clip=False, **above)
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("Behind, in standard deviations of schools")
        title, alt = captions_actions.priorities(result, len(rows))
        drawn = {k: [r[k] for r in rows] for k in ("label", "behind", "behind_low", "behind_high", "chance", "need")}
        return finished(canvas, id="needs-figure", title=title, alt=alt, drawn=drawn)
