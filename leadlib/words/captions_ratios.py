"""What the figure of risk ratios says."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leadlib.numbers import plural, show, span


def name(row: dict[Any, Any]) -> str:
    """Name a ratio: its group, and its district or school where there are several."""
    return f"{row['group']}, {row['unit']}" if row["unit"] else str(row["group"])


def risk_ratios(result: Any, drawn: pd.DataFrame) -> tuple[str, str]:
    """Give title and alt text of risk ratios."""
    if drawn.empty:
        return "No ratio can be computed", "Nothing is drawn: no group has enough persons, or counts are not known."
    rows = drawn.to_dict("records")
    top = rows[0]
    times = f"{show(top['ratio'], 'ratio')} times the risk of all others"
    tail = ", not told from an equal risk" if top["low"] <= 1 <= top["high"] else ""
    title = f"Highest: {name(top)}, {times}{tail}"
    each = "; ".join(f"{name(r)} {show(r['ratio'], 'ratio')} ({span(r['low'], r['high'], 'ratio')})" for r in rows)
    over = "" if result.threshold is None else f" The threshold is {show(result.threshold, 'ratio')}."
    missing = int((result.latest["ratio"].isna()).sum())
    gone = f" {plural(missing, 'ratio')} not computed." if missing else ""
    return title, f"Dots with {100 * result.level:g}% intervals, a line at 1: {each}.{over}{gone}"
