"""A gap and the parts it falls into, as dots with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadlib.blocks import Figure
from leadlib.charts.estimates import dot, wrapped
from leadlib.charts.style import DISTRICT, INK, SCHOOL, drawing, finished, unit_axis
from leadlib.results import quiet_about_missing
from leadlib.words import captions_compare as captions

if TYPE_CHECKING:
    from leadlib.designs.decomposed import Parts

MOST = 12
"""Categories drawn at most: those with the largest parts."""
_COLOURS = {"gap": INK, "composition": DISTRICT, "measured": DISTRICT, "rates": SCHOOL, "unmeasured": SCHOOL}


@quiet_about_missing
def decomposition(result: Parts, *, detail: bool = True) -> Figure:
    """See a gap, its two parts, and which categories or covariates they go with.

    Parameters
    ----------
    result
        What `designs.kitagawa` or `designs.oaxaca` gives.
    detail
        Whether the categories' or covariates' shares in the parts are drawn too; the twelve largest.
    """
    frame = result.frame
    rows = frame[frame["kind"].isin(["gap", "part"])].to_dict("records")
    if detail:
        small = frame[frame["kind"] == "detail"]
        keep = small["value"].abs().sort_values(ascending=False, kind="stable").index[:MOST]
        rows += small.loc[sorted(keep)].to_dict("records")
    order = {"gap": 0, "composition": 1, "measured": 1, "rates": 2, "unmeasured": 2}
    rows = sorted(rows, key=lambda r: order[r["part"]])[::-1]  # a part's details stand below it
    rows = [r for part in dict.fromkeys(r["part"] for r in rows) for r in _last_first(rows, part)]
    with drawing(0.8 + 0.4 * len(rows)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(0, color=INK, linewidth=1)
        for y, r in enumerate(rows):
            dot(ax, y, r, _COLOURS[r["part"]], wide=r["kind"] != "detail")
        ax.set_yticks(range(len(rows)), [wrapped(captions.part_name(r)) for r in rows])
        for tick, r in zip(ax.get_yticklabels(), rows, strict=True):
            tick.set_color(_COLOURS[r["part"]])
            tick.set_fontweight("normal" if r["kind"] == "detail" else "bold")
        ax.set_ylim(-0.6, len(rows) - 0.3)
        ax.grid(axis="y", visible=False)
        unit_axis(ax.xaxis, result.unit, sign=True)
        title, alt = captions.decomposition(result)
        drawn = {c: [r[c] for r in rows[::-1]] for c in ("part", "kind", "category", "value", "low", "high")}
        return finished(canvas, id="decomposition-figure", title=title, alt=alt, drawn=drawn)


def _last_first(rows: list[dict], part: str) -> list[dict]:
    """Give a part's rows with its details first, since rows are drawn from the bottom up."""
    own = [r for r in rows if r["part"] == part]
    return sorted(own, key=lambda r: r["kind"] != "detail")
