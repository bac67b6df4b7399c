"""What the figures of a principal's time say: titles that hold the finding, alt text that holds the numbers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import listing, lower_first, phrase, plural, show, span
from leadlib.results import Result


def composition(result: Result) -> tuple[str, str]:
    """Give title and alt text of a week in seven kinds of work."""
    table = result.table
    parts = {g: table[table["group"] == g] for g in dict.fromkeys(table["group"])}
    here, theirs = (_instructional(parts.get(g)) for g in (THIS, SIMILAR))
    title = f"Instructional work takes {show(here, 'pct')} of this week"
    if theirs is not None:
        title += f", {show(theirs, 'pct')} at the center of similar schools"
    alt = "Dots with intervals, one row a kind of work, in percent of the working week. " + " ".join(
        f"{group}: {'; '.join(_share(r) for r in rows.to_dict('records'))}." for group, rows in parts.items()
    )
    return title, alt


def _instructional(rows: pd.DataFrame | None) -> float | None:
    return None if rows is None else float(rows.loc[rows["leadership"] == "instructional", "value"].sum())


def _share(row: dict[Any, Any]) -> str:
    between = f" ({span(row['low'], row['high'], 'pct')})" if pd.notna(row["low"]) else ""
    return f"{lower_first(row['measure'])} {show(row['value'], 'pct')}{between}"


def weeks(result: Result) -> tuple[str, str]:
    """Give title and alt text of the logged weeks, one by one."""
    minutes, label = result.frame["minutes"], lower_first(str(result.table["measure"].iloc[0])).removeprefix("all ")
    least, most, mean = float(minutes.min()), float(minutes.max()), float(result.frame["mean"].iloc[0])
    title = (
        f"A single week shows anything from {show(least, 'minutes')} to {phrase(most, 'minutes')} of {label}"
        if most > least
        else f"Every logged week has {phrase(most, 'minutes')} of {label}"
    )
    each = "; ".join(f"week {int(w)}: {show(m, 'minutes')}" for w, m in zip(result.frame["week"], minutes, strict=True))
    first = result.table.iloc[0]
    alt = (
        f"One dot a logged week, in minutes. {each}. Mean of {plural(len(minutes), 'week')}:"
        f" {phrase(mean, 'minutes')} ({result.interval_label.split(' or')[0]}"
        f" {span(first['low'], first['high'], 'minutes')})."
    )
    return title, alt


def slopes(results: list[Result]) -> tuple[str, str]:
    """Give title and alt text of slopes from one comparison or several: the last one leads."""
    lead = results[-1].table
    apart = lead[(lead["low"] > 0) | (lead["high"] < 0)]
    group = str(lead["group"].iloc[0])
    if apart.empty:
        title = f"{group}: the data tell none of these slopes from zero"
    else:
        told = [f"{_short(r)} ({'higher' if r['value'] > 0 else 'lower'})" for r in apart.to_dict("records")]
        rest = "" if len(apart) == len(lead) else "; the rest is not told from zero"
        title = f"{group}: results differ with {listing(told)}{rest}"
    alt = "Dots with intervals around a line at zero. " + " ".join(
        f"{result.table['group'].iloc[0]}: " + "; ".join(_slope(r) for r in result.table.to_dict("records")) + "."
        for result in results
    )
    return title, alt


def _short(row: dict[Any, Any]) -> str:
    return lower_first(str(row["measure"]).split(",")[0])


def _slope(row: dict[Any, Any]) -> str:
    between = span(row["low"], row["high"], row["unit"], sign=True)
    return f"{lower_first(str(row['measure']))} {show(row['value'], row['unit'], sign=True)} ({between})"


def outcome(results: list[Result]) -> str:
    """Name what the slopes are of, with its unit, for an axis."""
    first = results[-1]
    unit = phrase(2.0, str(first.table["unit"].iloc[0])).split(" ", 1)
    return f"results, in {unit[1]}" if len(unit) == 2 else "results"
