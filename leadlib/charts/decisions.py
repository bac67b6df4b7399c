"""The chance that an effect is at least so large, with the reader's threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadlib.blocks import Figure
from leadlib.charts.style import INK, PALE, QUIET, SCHOOL, drawing, finished, unit_axis
from leadlib.numbers import in_100
from leadlib.results import quiet_about_missing
from leadlib.words import captions_decisions

if TYPE_CHECKING:
    from leadlib.designs.decisions import Decision


@quiet_about_missing
def decision(result: Decision) -> Figure:
    """See how the chance falls as more is asked of the program.

    Parameters
    ----------
    result
        What `designs.decide` gives; its `frame` has `threshold` and `probability`.
    """
    frame, sign = result.frame, float(result.frame.attrs["sign"])
    unit = str(frame.attrs["unit"])
    x, y = sign * frame["threshold"].to_numpy(float), 100 * frame["probability"].to_numpy(float)
    mark = sign * result.threshold
    with drawing(3.0) as (canvas, axes):
        ax = axes[0, 0]
        ax.fill_between(x, y, color=PALE, alpha=0.5, linewidth=0)
        ax.plot(x, y, color=SCHOOL)
        ax.axvline(0, color=QUIET, linewidth=1)
        ax.plot([mark, mark], [0, 100 * result.beats], color=INK, linewidth=1, linestyle="--")
        ax.plot([mark], [100 * result.beats], marker="o", color=SCHOOL, markersize=7)
        ax.annotate(
            f"{in_100(result.beats)}\nfor your threshold",
            (mark, 100 * result.beats),
            xytext=(9, 4),
            textcoords="offset points",
            color=SCHOOL,
            fontweight="bold",
            fontsize=9,
        )
        ax.set_ylim(0, 104)
        ax.set_yticks([0, 20, 40, 60, 80, 100])
        if sign < 0:
            ax.invert_xaxis()
        ax.set_xlabel("Effect at least as good as")
        ax.set_ylabel("Chances in 100")
        unit_axis(ax.xaxis, unit, sign=True)
        title, alt = captions_decisions.decision(result)
        drawn = {c: frame[c].tolist() for c in ("threshold", "probability")}
        return finished(canvas, id="decision-figure", title=title, alt=alt, drawn=drawn)
