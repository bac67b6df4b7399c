"""Slips that everybody makes with numbers: found without knowing the exercise, told without naming the answer."""

from __future__ import annotations

from collections.abc import Iterator

from leadlib.lessons.keys import Number

HOUR_MIN = 60.0
CLEAR = 3.0
"""A slip of scale is only seen where the right value stands this many tolerances away from zero."""

SIGN = "The size is right; look at the sign. Which way does it go?"
FRACTION = "This looks like a fraction of one. Give it in percent: parts of a hundred."
PERCENT = "This looks like percent. Give it as a fraction of one."
HOURS = "This looks like hours. Give it in minutes."
MINUTES = "This looks like minutes. Give it in hours."
THOUSANDS = "This looks like thousands of dollars. Give it in dollars."
MAGNITUDE = "The digits are right; look at the decimal point. The size is off by a power of ten."


def general(asked: Number, answer: float) -> Iterator[str]:
    """Give what may have gone wrong with a wrong number, the likeliest first."""
    if asked.agrees(-answer) and answer:
        yield SIGN
    if abs(asked.value) < CLEAR * asked.tolerance:
        return
    if asked.unit in ("pct", "whole_pct", "pct_points"):
        yield from [FRACTION] * _times(asked, answer, 100)
    if asked.unit in ("ratio", "level", "value", "sd"):
        yield from [PERCENT] * _times(asked, answer, 1 / 100)
    if asked.unit == "minutes":
        yield from [HOURS] * _times(asked, answer, HOUR_MIN)
    if asked.unit == "hours":
        yield from [MINUTES] * _times(asked, answer, 1 / HOUR_MIN)
    if asked.unit == "usd":
        yield from [THOUSANDS] * _times(asked, answer, 1000)
    if any(_times(asked, answer, 10.0**power) for power in (-3, -2, -1, 1, 2, 3)):
        yield MAGNITUDE


def _times(asked: Number, answer: float, factor: float) -> bool:
    """Whether the answer times a factor would be right, allowing for what a learner rounds away in a smaller unit.

    A learner who writes hours gives them to a tenth: times sixty, that is three minutes either way.
    """
    rounded = min(0.03 * abs(asked.value), 0.05 * factor) if factor > 1 else 0.0
    return abs(answer * factor - asked.value) <= max(asked.tolerance, rounded) * (1 + 1e-9)
