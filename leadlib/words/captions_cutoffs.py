"""What the figure of a regression discontinuity says."""

from __future__ import annotations

from typing import Any

from leadlib.numbers import phrase, plural, show, span


def discontinuity(result: Any) -> tuple[str, str]:
    """Give title and alt text of the jump at a cutoff, hedged by its interval."""
    unit, of = result.unit, f"{100 * result.level:g}%"
    label = str(result.table["measure"].iloc[0])
    between = span(result.low, result.high, unit, sign=True)
    at = f"{result.cutoff:g}"
    if result.low <= 0 <= result.high:
        title = f"{label}: at the cutoff of {at} the data do not tell a jump from none"
    else:
        way = "up" if result.value > 0 else "down"
        title = f"{label}: a jump {way} of {phrase(abs(result.value), unit)} at the cutoff of {at}"
    bins = result.frame[result.frame["kind"] == "bin"]
    ends = result.frame[result.frame["kind"] == "limit"].set_index("side")["value"]
    alt = (
        f"Dots: means of {plural(len(bins), 'group')} of neighbors on {result.score}; the curves meet the"
        f" cutoff at {show(ends['comparison'], 'value')} without and {show(ends['treated'], 'value')} with treatment."
        f" The jump is {phrase(result.value, unit, sign=True)} ({of} interval {between})."
    )
    return title, alt
