"""How alike treated and comparison units are, before and after matching."""

from __future__ import annotations

from typing import Any

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, PEERS, SCHOOL, drawing, finished, key
from leadlib.errors import refuse
from leadlib.results import quiet_about_missing
from leadlib.words import captions_matching as captions

_LONGEST = 26


@quiet_about_missing
def balance(result: Any) -> Figure:
    """See on which measures the treated differed from their comparisons, and whether matching took that away.

    Differences in standard deviations. The band is what What Works Clearinghouse can still adjust for (0.25), the inner
    one what it takes as equivalent (0.05).

    Parameters
    ----------
    result
        What `designs.matched` gives.
    """
    table = result.frame
    if table.empty:
        raise refuse(
            "charts.balance", "is given what a study could find, not its estimate", "run matched with look='estimate'"
        )
    before, after = (table[table["when"] == when].set_index("measure")["difference_sd"] for when in ("before", "after"))
    order = before.abs().sort_values(kind="stable").index
    with drawing(1.2 + 0.32 * len(order)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvspan(-0.25, 0.25, color=PALE, alpha=0.5, linewidth=0)
        ax.axvspan(-0.05, 0.05, color=PALE, alpha=0.9, linewidth=0)
        ax.axvline(0, color=INK, linewidth=0.8)
        y = range(len(order))
        ax.hlines(y, before[order], after[order], color=PALE, linewidth=2.4)
        ax.plot(before[order], y, "o", color=PEERS, markerfacecolor="white", markersize=6.5, linestyle="none")
        ax.plot(after[order], y, "o", color=SCHOOL, markersize=6.5, linestyle="none")
        ax.set_yticks(list(y), [n if len(n) <= _LONGEST else f"{n[: _LONGEST - 1]}…" for n in map(str, order)])
        ax.set_ylim(-0.6, len(order) - 0.4)
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("Treated minus comparison, in SD (gray: within 0.25 and 0.05)")
        key(
            canvas,
            (
                ("before matching", {"marker": "o", "color": PEERS, "markerfacecolor": "white", "markersize": 6}),
                ("after matching", {"marker": "o", "color": SCHOOL, "markersize": 6}),
            ),
        )
        title, alt = captions.balance(table)
        drawn = {c: table[c].tolist() for c in ("measure", "when", "difference_sd")}
        return finished(canvas, id="balance-figure", title=title, alt=alt, drawn=drawn)
