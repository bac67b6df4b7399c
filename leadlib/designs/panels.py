"""What every design asks of a panel: its columns, one row a school, year and measure, in an order of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import difference_unit

Z = 1.959963984540054
"""The 97.5th percentile of the normal distribution: 95% intervals."""
NEEDED = ("school_id", "year", "measure", "label", "unit", "value", "sd", "size", "comparable")
KEY = ["measure", "school_id", "year"]


def checked(panel: Any, where: str) -> pd.DataFrame:
    """Give the panel in the order of measure, school and year; refuse one that lacks columns or has double rows.

    Raises
    ------
    InputError
        Every column that is missing or is not a number, and rows that stand twice.
    """
    if not isinstance(panel, pd.DataFrame):
        raise refuse(f"{where}, panel", "is not a table", "give what leadlib.measures.outcomes.panel returns")
    lost = [c for c in NEEDED if c not in panel.columns]
    fix = "give what leadlib.measures.outcomes.panel returns"
    problems = [Problem(f"{where}, panel, column {c}", "is missing", fix) for c in lost]
    numbers = [c for c in ("year", "value", "sd", "size") if c not in lost]
    wrong = [c for c in numbers if not pd.api.types.is_numeric_dtype(panel[c])]
    problems += [Problem(f"{where}, panel, column {c}", "does not hold numbers", "turn it into numbers") for c in wrong]
    if problems:
        raise InputError(problems)
    frame = panel if _in_order(panel) else _ordered(panel, where)
    frame = frame.reset_index(drop=True)
    # Infinite values and empty or negative sizes are no information; what is computed must not warn of them.
    value = frame["value"].astype(float).where(np.isfinite(frame["value"].astype(float)))
    size = frame["size"].astype(float)
    frame = frame.assign(value=value, size=size.where((size > 0) & np.isfinite(size)))
    frame.attrs = dict(panel.attrs)
    return frame


def _in_order(panel: pd.DataFrame) -> bool:
    """Say whether every row comes after the one before it, as in the panel that `measures` gives: none stands twice."""
    if any(panel[c].isna().any() for c in KEY):
        return False
    try:
        measure, school, year = (panel[c].to_numpy(object if c != "year" else None) for c in KEY)
        same = measure[1:] == measure[:-1]
        later = (school[1:] > school[:-1]) | ((school[1:] == school[:-1]) & (year[1:] > year[:-1]))
        return bool(np.all(np.where(same, later, measure[1:] > measure[:-1])))
    except TypeError:  # ids of several types have no order here
        return False


def _ordered(panel: pd.DataFrame, where: str) -> pd.DataFrame:
    twice = int(panel.duplicated(KEY).sum())
    if twice:
        raise refuse(f"{where}, panel", f"{twice} rows stand twice for a school, year and measure", "keep one of each")
    return panel.sort_values(KEY, kind="stable")


def require_school(frame: pd.DataFrame, school_id: str, where: str) -> None:
    """Refuse a school that the panel does not have."""
    known = frame["school_id"].unique()
    if school_id not in known:
        raise refuse(f"{where}, school_id {school_id!r}", "is not in the panel", nearest(school_id, known))


def each_measure(frame: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """Give every measure's description and its rows, in the order of their names."""
    for name, part in frame.groupby("measure", sort=True):
        first = part.iloc[0]
        about = {c: first.get(c) for c in ("label", "unit", "comparable", "value_low", "value_high")}
        yield {"measure": name, **about, "difference": difference_unit(str(first["unit"]))}, part


def in_year(part: pd.DataFrame, year: int) -> pd.DataFrame:
    """Give a measure's rows of one year by school."""
    return part[part["year"] == year].set_index("school_id")


def year_before(part: pd.DataFrame, year: int) -> int | None:
    """Give the last year before this one in which any school has a value."""
    years = part.loc[part["value"].notna() & (part["year"] < year), "year"]
    return int(years.max()) if len(years) else None


def grades_change(part: pd.DataFrame) -> bool:
    """Say whether the years test different grades, so that their scales differ."""
    if "grade" not in part:
        return False
    tested = part.loc[part["value"].notna(), ["year", "grade"]].drop_duplicates()
    if len(tested["grade"].unique()) < 2:
        return False
    grades = tested.groupby("year")["grade"].agg(lambda g: "|".join(sorted(g.dropna().unique())))
    return len(grades.unique()) > 1


def scales(part: pd.DataFrame) -> pd.DataFrame:
    """Give for each year what a value is measured from and in: columns centre and unit_of, by year.

    Comparable measures: 0 and 1. Others: the mean of all schools that year, and 1; or, where the years test different
    grades, the standard deviation of all schools that year.
    """
    years = part.groupby("year")["value"]
    if bool(part["comparable"].iloc[0]):
        return pd.DataFrame({"centre": 0.0, "unit_of": 1.0}, index=years.mean().index)
    spread = years.std(ddof=1) if grades_change(part) else years.mean() * 0 + 1
    return pd.DataFrame({"centre": years.mean(), "unit_of": spread.where(spread > 0)})


def scale_words(part: pd.DataFrame, about: dict[str, Any]) -> tuple[str, str]:
    """Give the unit of scaled values and a sentence that says what they are; both fit `scales`."""
    if bool(about["comparable"]):
        return str(about["unit"]), ""
    if grades_change(part):
        return "sd", (
            f"{about['label']}: each year tests another grade, so values are differences from the mean of all schools"
            " that year, in standard deviations of schools."
        )
    return about["difference"], (
        f"{about['label']}: years are not on one scale, so values are differences from the mean of all schools that"
        " year."
    )


def coded_limit(rows: pd.DataFrame) -> tuple[str, ...]:
    """Give the sentence that a reader needs where any of these rows holds a coded percent or a range."""
    said = {
        "range": "A percent near 0 or 100 is coded at a limit to protect pupils; the true one lies there or beyond.",
        "between": "Where the source gives a range alone, its middle is used and its width counted in the interval.",
    }
    why = set(rows["value__why"]) if "value__why" in rows else set()
    return tuple(sentence for reason, sentence in said.items() if reason in why)


def bounded(low: Any, high: Any, about: dict[str, Any]) -> tuple[Any, Any]:
    """Keep an interval on the measure's scale."""
    floor, top = (about.get(c) for c in ("value_low", "value_high"))
    widest = (0.0, 100.0) if about.get("unit") == "pct" else (-np.inf, np.inf)
    ends = widest[0] if pd.isna(floor) else floor, widest[1] if pd.isna(top) else top
    return np.clip(low, *ends), np.clip(high, *ends)
