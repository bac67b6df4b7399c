"""What the figure of units' contributions says: where one lies, as far as its interval tells, and nobody's rank."""

from __future__ import annotations

from typing import Any

from leadlib.numbers import phrase, plural, show, span
from leadlib.results import Result


def highlighted(result: Result) -> dict[Any, Any] | None:
    """Give the highlighted unit's row of the frame, if there is one."""
    rows = result.frame[result.frame["highlighted"]].to_dict("records")
    return rows[0] if rows else None


def ranking(result: Result) -> tuple[str, str]:
    """Give title and alt text of units' contributions: what the interval of the highlighted one says, or of all."""
    about: Any = result
    unit, word, frame = about.unit, about.unit_word, result.frame
    here = highlighted(result)
    apart = f"{about.told_apart:,} of {plural(len(frame), word)} can be told from the middle"
    reach = span(float(frame["value"].min()), float(frame["value"].max()), unit, sign=True)
    alt = (
        f"Dots with {100 * about.level:g}% intervals for {plural(len(frame), word)}, sorted, around a line at zero."
        f" Values drawn back towards zero reach from {reach}; {apart}."
        f" Mean reliability {show(about.reliability, 'ratio')}."
    )
    if here is None:
        return f"{about.label}: {apart}", alt
    name = f"{word} {here['unit']}"
    between = span(here["low"], here["high"], unit, sign=True)
    alt += (
        f" {name[:1].upper()}{name[1:]}: {show(here['value'], unit, sign=True)} ({between}),"
        f" {here['n']:,} behind it, reliability {show(here['reliability'], 'ratio')}."
    )
    if here["low"] <= 0 <= here["high"]:
        return f"{about.label}: the data do not tell {name} from the middle", alt
    side = "above" if here["value"] > 0 else "below"
    size = phrase(abs(here["value"]), unit)
    return f"{about.label}: {name} lies {size} {side} expectation (interval {between})", alt
