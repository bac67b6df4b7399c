"""Numbers as a reader sees them: units, intervals, school years. Rounding happens here and nowhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass

MINUS = "\N{MINUS SIGN}"
NO_VALUE = "\N{EM DASH}"


@dataclass(frozen=True)
class Unit:
    """How a quantity is written: decimals, what stands before and after it, and its name in a sentence."""

    decimals: int
    before: str = ""
    after: str = ""
    word: str = ""


SIGNIFICANT = -3
"""Decimals of a unit whose size is not known: three significant digits."""

UNITS: dict[str, Unit] = {
    "value": Unit(SIGNIFICANT),
    "pct": Unit(1, after="%", word="percent"),
    "whole_pct": Unit(0, after="%", word="percent"),
    "pct_points": Unit(1, word="percentage points"),
    "points": Unit(0, word="points"),
    "score": Unit(1, word="points"),
    "sd": Unit(2, word="standard deviations"),
    "sd_fine": Unit(3, word="standard deviations"),
    "ranks": Unit(1, word="places in 100"),
    "usd": Unit(0, before="$", word="dollars"),
    "pupils": Unit(0, word="pupils"),
    "schools": Unit(0, word="schools"),
    "count": Unit(0),
    "ratio": Unit(2),
    "pupils_per_teacher": Unit(1, word="pupils a class"),
    "years": Unit(1, word="years"),
    "days": Unit(0, word="days"),
    "minutes": Unit(0, word="minutes"),
    "hours": Unit(1, word="hours"),
    "fte": Unit(2, word="full-time posts"),
    "sqft": Unit(0, word="square feet"),
    "level": Unit(2),
}
"""Every unit a table may name. A difference between two `pct` values has the unit `pct_points`."""


def difference_unit(unit: str) -> str:
    """Name the unit of a difference between two values of this unit."""
    return "pct_points" if unit == "pct" else unit


def show(value: float | None, unit: str = "count", *, sign: bool = False) -> str:
    """Write a value in its unit: `show(46.6, "pct")` is `46.6%`; a missing value is a dash."""
    if value is None or not math.isfinite(value):
        return NO_VALUE
    form = UNITS[unit]
    decimals = form.decimals if form.decimals >= 0 else _decimals(float(value), -form.decimals)
    rounded = round(float(value), decimals) + 0.0
    mark = MINUS if rounded < 0 else ("+" if sign and rounded > 0 else "")
    return f"{mark}{form.before}{abs(rounded):,.{max(decimals, 0)}f}{form.after}"


def _decimals(value: float, digits: int) -> int:
    """Say how many decimals show this many significant digits; at most eight."""
    return min(8, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0


def phrase(value: float | None, unit: str = "count", *, sign: bool = False) -> str:
    """Write a value with its unit in words, for a sentence: `12 points`, `46.6%`, `$4,176`."""
    form = UNITS[unit]
    text = show(value, unit, sign=sign)
    if text == NO_VALUE or form.before or form.after or not form.word:
        return text
    word = form.word[:-1] if text.strip("+" + MINUS) == "1" and form.word.endswith("s") else form.word
    return f"{text} {word}"


def span(low: float | None, high: float | None, unit: str = "count", *, sign: bool = False) -> str:
    """Write an interval: `712 to 750`; a dash where there is none."""
    ends = show(low, unit, sign=sign), show(high, unit, sign=sign)
    return NO_VALUE if NO_VALUE in ends else f"{ends[0]} to {ends[1]}"


def in_100(probability: float) -> str:
    """Write a probability as people count: `72 in 100`; never as certain."""
    if probability >= 0.995:
        return "more than 99 in 100"
    return "less than 1 in 100" if probability < 0.01 else f"{round(100 * probability)} in 100"


def school_year(fall: int) -> str:
    """Write a school year from its fall: 1999 is `1999-00`."""
    return f"{int(fall)}\N{EN DASH}{(int(fall) + 1) % 100:02d}"


def significant(value: float, digits: int = 6) -> float | None:
    """Round to significant digits, so that files do not carry a processor's last bits; missing is None."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.{digits}g}")


_PROPER = ("English", "American", "Hispanic", "African", "Asian", "Title ")


def lower_first(text: str) -> str:
    """Write a title inside a sentence: with a small letter, unless it is an abbreviation or a name of its own."""
    named = any(word[:1].isupper() for word in text.split()[1:])
    return text if named or text[1:2].isupper() or text.startswith(_PROPER) else text[:1].lower() + text[1:]


def plural(n: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: `1 school`, `20 schools`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listing(items: list[str], last: str = "and") -> str:
    """Write a list as English does: `a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
