"""The year's growth beside its target, with what chance alone would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Prose, Stack
from leadlib.designs.chance import Noise
from leadlib.designs.panels import Z, checked, each_measure, require_school, year_before
from leadlib.designs.variance import pairs
from leadlib.errors import refuse
from leadlib.numbers import phrase, school_year, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, long_table, passes_missing

SECTION = "Progress against the target"
TARGET, GROWTH = "Growth target", "Growth"
NEEDED = ("school_id", "year", "measure", "growth_target", "source_says")


class Aim(Result):
    """Target and growth; its block shows them with their sign."""

    def block(self) -> Block:
        """Give the table with signs, then the sentences."""
        return Stack((long_table(self, signed=True), Prose(tuple(self.text.split("\n")))))


@passes_missing
def progress(
    panel: pd.DataFrame,
    targets: pd.DataFrame,
    noise: Noise,
    *,
    school_id: str,
    year: int,
) -> Result | Missing:
    """See what the school was asked to grow by, what it grew by, and how much of that chance alone would give.

    Parameters
    ----------
    panel : DataFrame
        What `measures.outcomes.panel` gives.
    targets : DataFrame
        What `measures.progress.targets` gives.
    noise : Noise
        Chance variation, from `noise(panel)`.
    school_id : str
        The school.
    year : int
        The fall of the later year.

    Returns
    -------
    Result or Missing
        Table: one row a measure and group: "Growth target" (no interval) and "Growth" (this school's value less that of
        the year before, with its 95% interval); `n` is the school's size. The text holds what the source says about
        meeting the target. Missing where there is no target row, no change, or no known chance for the school.

    Notes
    -----
    Interval: growth +- 1.96 sqrt(v1 + v2), v the sampling variance of each year's value. Growth needs both years on one
    scale: measures that are not comparable over years are left out.
    """
    frame = checked(panel, "progress")
    require_school(frame, school_id, "progress")
    lost = [c for c in NEEDED if c not in targets.columns]
    if lost:
        raise refuse(
            "progress, targets", f"lacks {', '.join(lost)}", "give what leadlib.measures.progress.targets returns"
        )
    asked = targets[(targets["school_id"] == school_id) & (targets["year"] == year)]
    rows: list[tuple[Any, ...]] = []
    said: list[str] = []
    for about, part in each_measure(frame):
        aim = asked[asked["measure"] == about["measure"]]
        grown = _growth(part, noise, school_id, year)
        if len(aim) and grown is not None and about["comparable"]:
            one = _rows(about, aim.iloc[0], grown)
            rows += one
            said.append(_told(about, aim.iloc[0], one))
    if not rows:
        why = "the pack has no target" if asked.empty else "this school has no growth whose range is known"
        return Missing(SECTION, f"{why} for {school_year(year)}.")
    return _result(rows, said, year)


def _growth(part: pd.DataFrame, noise: Noise, school_id: str, year: int) -> tuple[float, float, float] | None:
    """Give this school's growth, its standard error and its size."""
    years = [year_before(part, year), year]
    both = pairs(part[part["year"].isin(years)])
    own = both[(both["school_id"] == school_id) & (both["year"] == year)]
    if own.empty or own[["value", "value_before"]].isna().to_numpy().any():
        return None
    se = float(noise.change_se(own).iloc[0])
    r = own.iloc[0]
    return (float(r["value"] - r["value_before"]), se, float(r["size"])) if np.isfinite(se) else None


def _rows(about: dict[str, Any], aim: pd.Series, grown: tuple[float, float, float]) -> list[tuple[Any, ...]]:
    value, se, size = grown
    label, unit, target = about["label"], about["difference"], float(aim["growth_target"])
    rows: list[tuple[Any, ...]] = []
    if np.isfinite(target):
        rows.append((label, TARGET, target, np.nan, np.nan, size, unit))
    return [*rows, (label, GROWTH, value, value - Z * se, value + Z * se, size, unit)]


def _told(about: dict[str, Any], aim: pd.Series, rows: list[tuple[Any, ...]]) -> str:
    """Give the finding in one sentence, then what the source says."""
    label, unit = about["label"], about["difference"]
    _, _, value, low, high, _, _ = rows[-1]
    grew = f"{phrase(value, unit, sign=True)} (95% interval {span(low, high, unit, sign=True)})"
    if len(rows) == 1:
        text = f"{label}: growth of {grew}; no growth target was set for this school."
    else:
        target = rows[0][2]
        if low <= target <= high:
            side = "the data alone do not say on which side of the target its true growth lies"
        else:
            side = f"{'above' if value > target else 'below'} the target by more than chance alone usually gives"
        text = f"{label}: growth of {grew} against a target of {phrase(target, unit, sign=True)}; {side}."
    says = str(aim["source_says"])
    return text + (f"\nThe source says: {says}." if says else "")


def _result(rows: list[tuple[Any, ...]], said: list[str], year: int) -> Result:
    return Aim(
        id="aim",
        title=f"Growth and its target, {school_year(year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text="\n".join(said),
        claim="describe",
        assumptions=("Both years' values lie on one scale.",),
        limits=(
            "The pupils tested are others each year; growth of a school's value is not growth of the same pupils.",
            "Met or not is what the source says; its rules also look at groups of pupils that are not shown here.",
        ),
        note="95% interval: growth give or take what chance alone would give a school of this size. n: pupils tested.",
    )
