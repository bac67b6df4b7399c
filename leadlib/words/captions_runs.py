"""What the figures of series say: whether the years from a start on leave what was to be expected, with the numbers."""

from __future__ import annotations

from typing import Any

from leadlib.numbers import phrase, plural, show, span

MOST_TOLD = 8


def interruption(result: Any) -> tuple[str, str]:
    """Give title and alt text of a series against what its earlier years, and others, lead to expect."""
    against = (
        "the trend of the years before" if result.alone else "what earlier years and the comparison lead to expect"
    )
    first = int(result.frame["time"][result.frame["after"]].iloc[0])
    title = _title(result, f"from {first} on", against)
    points = "; ".join(
        f"{r['time']:g}: {_value(r['treated'], result)} where {_value(r['expected'], result)} was to be expected"
        for r in _late(result)
    )
    other = "" if result.alone else " The comparison group's line is drawn beside it."
    alt = (
        f"Line of {_label(result)} with dots, and a dashed line of {against}, by year, with a line where the"
        f" program starts. {points}. Mean difference {_signed(result)}.{other}"
    )
    return title, alt


def synthetic(result: Any) -> tuple[str, str]:
    """Give title and alt text of a treated unit beside its synthetic control, and of its gaps beside placebos."""
    first = int(result.frame["time"][result.frame["after"]].iloc[0])
    title = _title(result, f"from {first} on, {result.name}", "its synthetic control")
    points = "; ".join(
        f"{r['time']:g}: {_value(r['treated'], result)} against {_value(r['synthetic'], result)}" for r in _late(result)
    )
    counted = plural(result.gaps["unit"].nunique(), "placebo")
    alt = (
        f"Above, two lines by year: {result.name} and its synthetic control, with a line where the program starts."
        f" {points}. Below, their gap beside the gaps of {counted}, which no program came to. Mean gap"
        f" {_signed(result)}."
    )
    return title, alt


def _label(result: Any) -> str:
    return str(result.table["measure"].iloc[0])


def _title(result: Any, when: str, against: str) -> str:
    label = _label(result)
    if result.low <= 0 <= result.high:
        return f"{label}: {when} not told apart from {against}"
    side = "above" if result.value > 0 else "below"
    return f"{label}: {when} {phrase(abs(result.value), result.unit)} {side} {against}"


def _signed(result: Any) -> str:
    between = span(result.low, result.high, result.unit, sign=True)
    return f"{phrase(result.value, result.unit, sign=True)} ({100 * result.level:g}% interval {between})"


def _value(value: float, result: Any) -> str:
    # A difference in percentage points is drawn between values that are percents.
    return show(value, "pct" if result.unit == "pct_points" else result.unit)


def _late(result: Any) -> list[dict[Any, Any]]:
    rows: list[dict[Any, Any]] = result.frame[result.frame["after"]].to_dict("records")
    if len(rows) <= MOST_TOLD:
        return rows
    return [*rows[:: -(-len(rows) // MOST_TOLD)], rows[-1]]
