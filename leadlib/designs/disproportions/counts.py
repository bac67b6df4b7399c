"""Counts by group turned into risks of a group and of all others, with the reason where there is no ratio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.disproportions.shares import difference_interval, ratio_interval
from leadlib.designs.frames import prepared
from leadlib.errors import nearest, refuse
from leadlib.numbers import listing

WHERE = "disproportion"
UNKNOWN = "count not known"
OTHERS_UNKNOWN = "counts of the other groups not known"
SMALL_CELL = "too few with the outcome"
SMALL_GROUP = "group too small"
OTHERS_SMALL = "others too few, and no State figures given"
STATE_SMALL = "others too few, in the State as well"
OTHERS_NONE = "none of the others has the outcome"
_OVERLAPPING = ("all", "total", "all students", "female", "male", "students with disabilities", "english learners")
COLUMNS = (
    "unit", "time", "group", "outcome_n", "total_n", "risk_pct", "against", "others_n", "others_total_n",
    "others_risk_pct", "ratio", "low", "high", "difference", "difference_low", "difference_high", "odds_ratio",
    "reason",
)  # fmt: skip


def read(
    frame: pd.DataFrame,
    *,
    group: str,
    outcome_n: str,
    total_n: str,
    unit: str | None,
    time: str | None,
    groups: Sequence[str] | None,
    everyone: str | None,
    where: str = WHERE,
) -> pd.DataFrame:
    """Give one row a unit, time and group: `unit, time, group, x, n`; refuse impossible counts and overlaps."""
    labels = [c for c in (unit, group) if c]
    numbers = [time] if time else []
    key = [*([unit] if unit else []), *numbers, group]
    rows = prepared(frame, where, labels=labels, numbers=numbers, optional=[outcome_n, total_n], key=key).frame
    table = pd.DataFrame(
        {
            "unit": rows[unit] if unit else "",
            "time": rows[time] if time else 0.0,
            "group": rows[group],
            "x": rows[outcome_n],
            "n": rows[total_n],
        }
    )
    names = sorted(table["group"].unique())
    lost = [g for g in (*(groups or ()), *([everyone] if everyone else ())) if g not in names]
    if lost:
        raise refuse(f"{where}, group {lost[0]!r}", "is not in the table", nearest(lost[0], names))
    wanted = list(groups) if groups else [g for g in names if g != everyone]
    _apart(wanted, groups is None, where)
    table = table[table["group"].isin([*wanted, *([everyone] if everyone else [])])].reset_index(drop=True)
    bad = (table["x"] < 0) | (table["n"] < 0) | (table["x"] > table["n"])
    if bad.any():
        row = table[bad].iloc[0]
        raise refuse(
            f"{where}, {row['unit']} {row['group']}".rstrip(),
            f"has {row['x']:g} with the outcome of {row['n']:g}",
            "give counts of people, each counted once",
        )
    return table


def _apart(wanted: list[str], guessed: bool, where: str) -> None:
    if len(wanted) < 2:
        raise refuse(f"{where}, groups", "are fewer than two", "give groups that together are everyone")
    doubtful = [g for g in wanted if g.casefold() in _OVERLAPPING]
    if guessed and doubtful:
        raise refuse(
            f"{where}, groups",
            f"overlap: {listing(doubtful)}",
            "name in groups= those that do not, such as the seven race and ethnic groups; a row of all in everyone=",
        )


def compared(
    table: pd.DataFrame,
    *,
    state: pd.DataFrame | None,
    everyone: str | None,
    minimum_cell: int,
    minimum_n: int,
    level: float,
) -> pd.DataFrame:
    """Give the ratio of each group's risk to that of all others, in the unit or else in the State, or why not."""
    own, others = _others(table, everyone)
    rows = own.reset_index(drop=True)
    x, n = rows["x"].to_numpy(float), rows["n"].to_numpy(float)
    there = others.to_numpy(float)
    fits = (there[:, 0] >= minimum_cell) & (there[:, 1] >= minimum_n)
    known = np.isfinite(there).all(axis=1)
    instead = _in_state(rows, state, everyone)
    use_state = known & ~fits & np.isfinite(instead).all(axis=1)
    ox, on = (np.where(use_state, instead[:, k], there[:, k]) for k in (0, 1))
    big = (ox >= minimum_cell) & (on >= minimum_n)
    reason = np.select(
        [
            ~(np.isfinite(x) & np.isfinite(n)), x < minimum_cell, n < max(minimum_n, 1), ~known, use_state & ~big, ~big,
            ox <= 0,
        ],
        [UNKNOWN, SMALL_CELL, SMALL_GROUP, OTHERS_UNKNOWN, STATE_SMALL, OTHERS_SMALL, OTHERS_NONE],
        default="",
    )  # fmt: skip
    return _filled(rows, x, n, ox, on, use_state, reason, level)


def _others(table: pd.DataFrame, everyone: str | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give each group's row and the sums over all others of its unit and time; unknown where one of them is unknown."""
    key = ["unit", "time"]
    if everyone is None:
        at = table.groupby(key, sort=False).ngroup().to_numpy()
        # A sum with an unknown in it is unknown: bincount carries NaN on.
        whole = np.column_stack([np.bincount(at, table[c].to_numpy(float))[at] for c in ("x", "n")])
        return table, table[["x", "n"]] * -1 + whole
    own = table[table["group"] != everyone]
    all_rows = table[table["group"] == everyone].set_index(key)[["x", "n"]]
    at = pd.MultiIndex.from_frame(own[key])
    rest = all_rows.reindex(at).to_numpy(float) - own[["x", "n"]].to_numpy(float)
    summed = own.groupby(key, sort=False)["n"].sum()
    over = summed > all_rows["n"].reindex(summed.index) * 1.001
    if (rest < 0).any() or over.any():
        raise refuse(WHERE, f"groups count more people than {everyone!r}", "give groups that do not overlap in groups=")
    return own, pd.DataFrame(rest, index=own.index, columns=["x", "n"])


def _in_state(rows: pd.DataFrame, state: pd.DataFrame | None, everyone: str | None) -> Any:
    if state is None:
        return np.full((len(rows), 2), np.nan)
    own, others = _others(state, everyone)
    at = pd.MultiIndex.from_frame(own[["time", "group"]])
    found = pd.DataFrame(others.to_numpy(float), index=at)
    return found.reindex(pd.MultiIndex.from_frame(rows[["time", "group"]])).to_numpy(float)


def _filled(
    rows: pd.DataFrame, x: Any, n: Any, ox: Any, on: Any, use_state: Any, reason: Any, level: float
) -> pd.DataFrame:
    good = reason == ""
    one = np.where(good, 1.0, np.nan)
    a, m, b, k = (np.where(good, v, 1.0) for v in (x, n, ox, on))
    p, q = a / m, b / k
    ends = np.full((4, len(rows)), np.nan)
    part = a[good], m[good], b[good], k[good]
    ends[:, good] = [*ratio_interval(*part, level), *difference_interval(*part, level)]
    low, high, d_low, d_high = ends
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(p < 1, (p / (1 - p)) / (q / (1 - q)), np.nan)
    columns = (
        rows["unit"], rows["time"], rows["group"], np.where(reason == SMALL_CELL, np.nan, x), n, 100 * p * one,
        np.where(good, np.where(use_state, "state", "unit"), ""), ox * one, on * one, 100 * q * one, p / q * one,
        low * one, high * one, 100 * (p - q) * one, 100 * d_low * one, 100 * d_high * one, odds * one, reason,
    )  # fmt: skip
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
