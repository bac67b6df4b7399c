"""What the attrition figure says: title and alt text with the numbers."""

from __future__ import annotations

from leadlib.designs.wwc.losses import Attrition, Loss
from leadlib.numbers import NO_VALUE, show


def attrition(result: Attrition) -> tuple[str, str]:
    """Give title and alt text of a study's attrition beside the two boundaries."""
    one = max(result.losses, key=lambda loss: not loss.low[result.boundary])
    verdict = "low" if result.low else "high"
    other = [b for b, low in result.low_under.items() if low != result.low]
    also = f", {'high' if result.low else 'low'} under the {other[0]} one" if other else ""
    title = f"{_lost(one)}: {verdict} attrition under the {result.boundary} boundary{also}"
    alt = (
        "Overall attrition on the horizontal axis, the difference between the groups on the vertical one. Two"
        " boundaries rise a little and fall to zero: below a boundary attrition is low."
    )
    return title, f"{alt} {' '.join(_point(loss) for loss in result.losses)}"


def _lost(loss: Loss) -> str:
    return f"{show(loss.overall, 'pct')} of {loss.of}s lost, {show(loss.differential, 'pct_points')} points apart"


def _point(loss: Loss) -> str:
    most = {b: show(value, "pct_points") for b, value in loss.allowed.items()}
    told = [f"the {b} boundary allows {'no difference' if m == NO_VALUE else f'{m} points'}" for b, m in most.items()]
    return f"{_lost(loss)}; {' and '.join(told)} there."
