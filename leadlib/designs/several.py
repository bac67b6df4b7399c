"""A fixed list of comparisons: each with its interval, and with the interval that holds for the whole list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.designs.disproportions.shares import difference_interval
from leadlib.designs.estimates import interval, p_value
from leadlib.designs.options import checked_options
from leadlib.designs.wwc.clusters import benjamini_hochberg
from leadlib.errors import refuse
from leadlib.numbers import plural, show, significant, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

WHERE = "comparisons"
FRAME = (
    "name", "value", "low", "high", "alone_low", "alone_high", "n", "unit", "p", "adjusted", "kept", "reason",
)  # fmt: skip
_NEEDED = ("name", "value_group", "value_other", "sd_group", "sd_other", "n_group", "n_other", "unit", "reason")


@dataclass(frozen=True, repr=False)
class Comparisons(Result):
    """A list of comparisons; `listed` counts them, `alone` and `together` those that stand apart from zero.

    `frame` has a row for every one on the list: name, value, low and high (interval for the whole list), alone_low and
    alone_high, n, unit, p, adjusted and kept (Benjamini and Hochberg), and the reason where it could not be made.
    """

    listed: int = 0
    alone: int = 0
    together: int = 0
    level: float = 0.95
    left: pd.DataFrame = field(default_factory=pd.DataFrame)

    def block(self) -> Block:
        """Give the list in the order it was fixed, then what stands apart."""
        columns = (
            Column("name", "On the list", "left"),
            Column("value", "Difference"),
            Column("alone", f"{100 * self.level:g}% interval, alone"),
            Column("list", f"{100 * self.level:g}% interval, whole list"),
            Column("n", "Pupils"),
        )
        cells, values = [], []
        for r in self.frame.to_dict("records"):
            unit = r["unit"] if isinstance(r["unit"], str) else "value"
            alone = span(r["alone_low"], r["alone_high"], unit, sign=True)
            every = span(r["low"], r["high"], unit, sign=True)
            cells.append((r["name"], r["reason"] or show(r["value"], unit, sign=True), alone, every, show(r["n"])))
            numbers = [significant(r[c]) for c in ("value", "alone_low", "alone_high", "low", "high", "n")]
            values.append((r["name"], numbers[0], numbers[1:3], numbers[3:5], numbers[5]))
        table = Table(self.id, self.title, columns, tuple(cells), tuple(values), self.note)
        return Stack((table, Prose((self.text,)), Prose((*self.checks, *self.limits), "note", bullets=True)))


@passes_missing
@checked_options
def comparisons(cells: pd.DataFrame, *, level: float = 0.95, q: float = 0.05) -> Comparisons | Missing:
    """See which differences of a list fixed beforehand still stand apart once it counts how many were looked at.

    Parameters
    ----------
    cells : DataFrame
        From `measures.equity.planned`: name, value_group, value_other, sd_group, sd_other, n_group, n_other, unit ("sd"
        or "pct_points", then values in percent) and reason (why a comparison of the list cannot be made).
    level : float
        Of the intervals.
    q : float
        The share of false ones among those kept that Benjamini and Hochberg's rule accepts.

    Returns
    -------
    Comparisons
        Table: the comparisons made; `low` and `high` hold for the whole list: all of them hold the truth at once in at
        least `level` of all such lists.

    Raises
    ------
    InputError
        An empty list, columns that are missing, a level or q outside 0 to 1.

    Notes
    -----
    Means: Welch's interval. Shares: Newcombe's hybrid score interval. Whole list: each at level 1 - (1 - level) / m
    (Bonferroni), m all on the list, made or not, because the list was fixed before anybody knew which could be made.
    p: Welch's t; shares the normal test with the pooled share. Kept: see `wwc.benjamini_hochberg`, over those made.
    """
    lost = [c for c in _NEEDED if c not in cells.columns]
    if lost or cells.empty:
        raise refuse(f"{WHERE}, list", f"lacks {', '.join(lost)}" if lost else "is empty", "give equity.planned(...)")
    if not 0 < level < 1:
        raise refuse(f"{WHERE}, level", f"{level} does not lie between 0 and 1", "give 0.95")
    m = len(cells)
    rows = [_row(r, level, 1 - (1 - level) / m) for r in cells.to_dict("records")]
    frame = pd.DataFrame(rows, columns=[c for c in FRAME if c not in ("adjusted", "kept")])
    made = frame["value"].notna()
    if not made.any():
        return Missing("The list of comparisons", "none of them can be made at this school.")
    several = benjamini_hochberg(frame.loc[made, "p"], q=q)
    frame["adjusted"], frame["kept"] = np.nan, False
    frame.loc[made, "adjusted"], frame.loc[made, "kept"] = several.adjusted, several.kept
    return _result(frame[list(FRAME)], level, q)


def _row(r: dict[Any, Any], level: float, wide: float) -> tuple[Any, ...]:
    if r["reason"] or not np.isfinite(float(r["value_group"])):
        return (r["name"], *[np.nan] * 5, np.nan, None, np.nan, r["reason"] or "no figure")
    n1, n0 = float(r["n_group"]), float(r["n_other"])
    value = float(r["value_group"]) - float(r["value_other"])
    if r["unit"] == "pct_points":
        x1, x0 = r["value_group"] * n1 / 100, r["value_other"] * n0 / 100
        ends = [100 * float(e) for one in (wide, level) for e in difference_interval(x1, n1, x0, n0, one)]
        pooled = (x1 + x0) / (n1 + n0)
        p = p_value(value / 100, (pooled * (1 - pooled) * (1 / n1 + 1 / n0)) ** 0.5, np.inf)
    else:
        v1, v0 = r["sd_group"] ** 2 / n1, r["sd_other"] ** 2 / n0
        se, df = (v1 + v0) ** 0.5, (v1 + v0) ** 2 / (v1**2 / (n1 - 1) + v0**2 / (n0 - 1))
        ends = [e for one in (wide, level) for e in interval(value, se, df, one)]
        p = p_value(value, se, df)
    return (r["name"], value, *ends, n1 + n0, r["unit"], p, "")


def _result(frame: pd.DataFrame, level: float, q: float) -> Comparisons:
    made = frame[frame["value"].notna()]
    alone, together = (int(((made[f"{side}low"] > 0) | (made[f"{side}high"] < 0)).sum()) for side in ("alone_", ""))
    m = len(frame)
    table = made.assign(measure=made["name"], group="Difference")[list(RESULT_COLUMNS)].reset_index(drop=True)
    text = (
        f"Of {plural(m, 'comparison')} on the list, {len(made)} could be made. {alone} of them"
        f" {'stands' if alone == 1 else 'stand'} apart from zero taken alone, {together} once it counts that"
        f" {m} were on the list."
    )
    return Comparisons(
        id=WHERE,
        title="Every comparison on the list",
        table=table,
        text=text,
        claim="compare",
        assumptions=("The list was fixed before any of these figures was looked at.",),
        checks=(
            f"By the rule of Benjamini and Hochberg, under which about {100 * q:g} in 100 of those kept are luck,"
            f" {int(frame['kept'].sum())} are kept.",
        ),
        limits=("The interval for the whole list is wider than it need be where outcomes hang together.",),
        note="First group of a pair minus the second. Scores in standard deviations, shares in percentage points.",
        frame=frame,
        listed=m,
        alone=alone,
        together=together,
        level=level,
    )


@checked_options
def looks(many: int, *, level: float = 0.95) -> Result:
    """See how often chance alone makes something stand apart in a list of this many comparisons.

    Parameters
    ----------
    many : int
        Comparisons on the list.
    level : float
        Of each interval.

    Returns
    -------
    Result
        Table: how many would stand apart by luck if nothing differed at all; the chance (percent) that at least one
        does, where comparisons are independent of each other; the level that each interval needs.

    Raises
    ------
    InputError
        A count that is not a whole number above zero.

    Notes
    -----
    many (1 - level); 1 - level^many; 1 - (1 - level)/many.
    """
    if not isinstance(many, (int, np.integer)) or many < 1:
        raise refuse("looks, many", f"{many!r} is not a whole number above zero", "give how many are on the list")
    luck, one = many * (1 - level), 100 * (1 - level**many)
    rows = [
        ("Comparisons on the list", "All", float(many), "count"),
        ("Stand apart by luck alone, on average", "All", luck, "ratio"),
        ("Chance that at least one does", "All", one, "pct"),
        ("Level each interval needs for the whole list", "All", 100 * (1 - (1 - level) / many), "pct"),
    ]
    table = pd.DataFrame([(m, g, v, np.nan, np.nan, many, u) for m, g, v, u in rows], columns=list(RESULT_COLUMNS))
    return Result(
        id="looks",
        title="What chance alone does to a list",
        table=table,
        text=(
            f"Suppose that no two groups differed at all. Then, of {plural(int(many), 'comparison')}, about"
            f" {show(luck, 'ratio')} would still stand apart by luck, and in {show(one, 'pct')} of such schools at"
            " least one would."
        ),
        assumptions=("The comparisons are independent of each other; where they are not, the chance is smaller.",),
        wide=True,
    )
