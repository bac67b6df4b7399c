"""What the figures of differences in differences say: the path by year since the start, and what straying leaves."""

from __future__ import annotations

import math
from typing import Any

from leadlib.numbers import phrase, plural, show, span


def event_study(result: Any) -> tuple[str, str]:
    """Give title and alt text of a path by year since the start."""
    name = str(result.table["measure"].iloc[0])
    path = result.events.to_dict("records")
    after = [r for r in path if r["event"] >= 0]
    apart = [r for r in after if not r["low"] <= 0 <= r["high"]]
    before = [r for r in path if r["event"] < 0 and not r["base"]]
    strayed = [r for r in before if not r["low"] <= 0 <= r["high"]]
    if not apart:
        title = f"{name}: no year from the start on is told apart from the year before it"
    elif len({r["value"] > 0 for r in apart}) > 1:
        title = f"{name}: the gap rose in some years from the start on and fell in others"
    else:
        way = "higher" if apart[0]["value"] > 0 else "lower"
        count = f"all {len(after)}" if len(apart) == len(after) else f"{len(apart)} of {len(after)}"
        title = f"{name}: {way} than expected in {count} years from the start on"
    if strayed:
        title += f"; {plural(len(strayed), 'year')} before it strayed too"
    level = result.interval_label
    alt = "Dots with intervals, one a year since the start. " + " ".join(_year(r, result.unit, level) for r in path)
    return title, alt


def _year(row: dict[Any, Any], unit: str, level: str) -> str:
    when = f"Year {show(row['event'], 'value' if not float(row['event']).is_integer() else 'count', sign=True)}"
    if row["base"]:
        return f"{when}: the year compared with."
    return f"{when}: {show(row['value'], unit, sign=True)} ({level} {span(row['low'], row['high'], unit, sign=True)})."


def sensitivity(result: Any) -> tuple[str, str]:
    """Give title and alt text of intervals by how far trends may have strayed."""
    name = str(result.table["measure"].iloc[0])
    limit = float(result.breakdown)
    times = result.rule == "relative"
    stray = f"stray {show(limit, 'ratio')} times as much as in the worst year before"
    bend = f"bend by {phrase(limit, result.unit)} a year"
    if limit == 0:
        title = f"{name}: the interval holds zero from the first"
    elif math.isinf(limit):
        title = f"{name}: the interval stays clear of zero by this rule"
    else:
        title = f"{name}: clear of zero until trends {stray if times else bend}"
    rows = result.table.to_dict("records")
    alt = "One interval for each size of straying. " + " ".join(
        f"{r['group']}: {span(r['low'], r['high'], r['unit'], sign=True)}." for r in rows
    )
    return title, alt
