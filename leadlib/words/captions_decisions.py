"""What the figures of a decision and of a specification curve say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadlib.numbers import in_100, phrase, plural, show

if TYPE_CHECKING:
    from leadlib.designs.choices import Specifications
    from leadlib.designs.decisions import Decision


def decision(result: Decision) -> tuple[str, str]:
    """Give title and alt text of the chance that the effect is at least so large."""
    unit, sign = str(result.frame.attrs["unit"]), float(result.frame.attrs["sign"])
    mark = phrase(sign * result.threshold, unit)
    title = f"The chance that the effect beats {mark} is {in_100(result.beats)}"
    points = ", ".join(
        f"{phrase(sign * r['threshold'], unit, sign=True)}: {in_100(r['probability'])}"
        for r in result.frame.iloc[:: max(1, len(result.frame) // 6)].to_dict("records")
    )
    alt = (
        f"A falling curve: for each size of effect, the chance that the true one is at least as good. {points}."
        f" At the threshold of {mark}: {in_100(result.beats)}; at zero: {in_100(result.helps)}."
    )
    return title, alt


def specifications(result: Specifications) -> tuple[str, str]:
    """Give title and alt text of the specification curve."""
    known = result.frame[result.frame["value"].notna()]
    low, high = float(known["value"].min()), float(known["value"].max())
    ends = f"{show(low, result.unit, sign=True)} to {phrase(high, result.unit, sign=True)}"
    above, below = int((known["low"] > 0).sum()), int((known["high"] < 0).sum())
    if len(known) == above or len(known) == below:
        title = f"All {plural(len(known), 'way')} of analysis point the same way, {ends}"
    elif above == 0 and below == 0:
        title = f"No way of analysis tells the effect from zero: {ends}"
    else:
        title = f"The answer depends on the way of analysis: {ends}"
    each = "; ".join(
        f"{', '.join(str(r[n]) for n in result.names)}: {show(r['value'], result.unit, sign=True)}"
        for r in known.to_dict("records")[:12]
    )
    more = f"; and {len(known) - 12} more" if len(known) > 12 else ""
    alt = (
        f"Estimates of {plural(len(known), 'way')} in order of size, with intervals, and below them what each way"
        f" chose. {above} intervals lie above zero, {below} below. {each}{more}."
    )
    return title, alt
