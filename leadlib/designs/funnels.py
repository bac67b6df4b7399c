"""How far schools move from one year to the next, by size, and how much of that chance alone would give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.chance import Noise
from leadlib.designs.panels import Z, checked, coded_limit, each_measure, grades_change, require_school, year_before
from leadlib.designs.variance import company, pairs
from leadlib.measures.groups import THIS, level_group
from leadlib.numbers import lower_first, phrase, plural, school_year, show, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

SECTION = "Change against size"
FRAME = (
    "measure",
    "school_id",
    "size",
    "change",
    "limit_low",
    "limit_high",
    "band_low",
    "band_high",
    "outside",
    "half",
    "against",
    "value",
    "value_before",
)
LEAST = 10
"""Fewer schools make no funnel."""


@passes_missing
def funnel(panel: pd.DataFrame, noise: Noise, *, school_id: str, year: int) -> Result | Missing:
    """See how far schools of every size moved within a year, how far chance alone moves them, and where this one lies.

    Parameters
    ----------
    panel : DataFrame
        What `measures.outcomes.panel` gives.
    noise : Noise
        Chance variation, from `noise(panel)`.
    school_id : str
        The school.
    year : int
        The fall of the later year; the earlier is the last before it with any value.

    Returns
    -------
    Result or Missing
        Table: one row a measure for this school: `value` is its change less the mean change of the schools in
        `against` (its level, or all schools where its level has few), `low` and
        `high` the limits within which chance alone keeps 95 of 100 schools that did not change, `n` its size. `frame`,
        one row a measure and school, sorted by measure and school_id: size (harmonic mean of the two years), change,
        limit_low, limit_high (for this school's own level), band_low, band_high (for the typical level: a smooth curve
        in size), outside, half ("smaller" or "larger", around the median size), against, value, value_before;
        `attrs["school_id"]` marks the school. Missing where the school has no change.

    Notes
    -----
    Limits: +- 1.96 sqrt(v1 + v2), v the sampling variance of each year's value. Change is in the measure's difference
    unit; where the years test different grades, values are first put in standard deviations of schools that year.
    Funnel plots: Spiegelhalter, D. J. (2005), Statistics in Medicine 24(8), 1185-1202.
    """
    frame = checked(panel, "funnel")
    require_school(frame, school_id, "funnel")
    found: list[pd.DataFrame] = []
    rows: list[tuple[Any, ...]] = []
    said: list[str] = []
    reasons: list[str] = []
    for about, part in each_measure(frame):
        changes = _changes(about, part, noise, year) if noise.has(about["measure"]) else "chance is not known"
        if isinstance(changes, str):
            reasons.append(changes)
            continue
        unit = "sd" if grades_change(_two_years(part, year)) else about["difference"]
        found.append(changes)
        mine = changes[changes["school_id"] == school_id].dropna(subset=["limit_high"])
        rows += [
            (about["label"], THIS, r["change"], r["limit_low"], r["limit_high"], r["size"], unit, r["against"])
            for r in mine.to_dict("records")
        ]
        said.append(_told(about, changes, rows[-1] if len(mine) else None, unit, year))
    if not rows:
        why = reasons[0] if reasons else f"this school has no change from the year before to {school_year(year)}"
        return Missing(SECTION, f"{why}.")
    own = frame[(frame["school_id"] == school_id) & frame["year"].isin([year - 1, year])]
    return _result(rows, said, pd.concat(found, ignore_index=True), school_id, year, coded_limit(own))


def _named(level: str) -> str:
    return lower_first(level_group(level or None))


def _two_years(part: pd.DataFrame, year: int) -> pd.DataFrame:
    return part[part["year"].isin([year, year_before(part, year)])]


def _changes(about: dict[str, Any], part: pd.DataFrame, noise: Noise, year: int) -> pd.DataFrame | str:
    """Give every school's change and limits; or say why there is none."""
    earlier = year_before(part, year)
    if earlier is None:
        return f"the pack has no year before {school_year(year)}"
    both = pairs(_two_years(part, year))
    both = both[(both["year"] == year) & both["value"].notna() & both["value_before"].notna()].reset_index(drop=True)
    if len(both) < LEAST:
        return f"only {plural(len(both), 'school')} of the pack {'has' if len(both) == 1 else 'have'} a change"
    now, then = _units(both, "value", part, year), _units(both, "value_before", part, earlier)
    raw = both["value"] / now - both["value_before"] / then
    beside = company(both)
    change = raw - raw.groupby([beside["year"], beside["level"]]).transform("mean")
    limit = Z * _change_se(both, noise, now, then)
    typical = both.assign(value=both["value"].mean(), value_before=both["value_before"].mean(), sd=np.nan, width=0.0)
    size = 2 / (1 / both["size"] + 1 / both["size_before"])
    band = Z * _change_se(
        typical.assign(sd_before=np.nan, width_before=0.0, size=size, size_before=size), noise, now, then
    )
    return pd.DataFrame(
        {
            "measure": about["label"],
            "school_id": both["school_id"],
            "size": size,
            "change": change,
            "against": beside["level"].map({level: _named(level) for level in beside["level"].unique()}),
            "limit_low": -limit,
            "limit_high": limit,
            "band_low": -band,
            "band_high": band,
            "outside": change.abs() > limit,
            "half": np.where(size.isna(), "", np.where(size <= size.median(), "smaller", "larger")),
            "value": both["value"],
            "value_before": both["value_before"],
        }
    )[list(FRAME)]


def _units(both: pd.DataFrame, column: str, part: pd.DataFrame, year: int) -> float:
    """Give what a year's values are divided by: 1, or the schools' standard deviation where grades change."""
    if not grades_change(part):
        return 1.0
    spread = float(both[column].std(ddof=1))
    return spread if spread > 0 else 1.0


def _change_se(both: pd.DataFrame, noise: Noise, now: float, then: float) -> pd.Series:
    if now == then == 1.0:
        return noise.change_se(both)
    before = both.assign(value=both["value_before"], size=both["size_before"], sd=both["sd_before"])
    before = before.assign(width=both["width_before"]) if "width_before" in both else before
    return ((noise.se(both) / now) ** 2 + (noise.se(before) / then) ** 2) ** 0.5


def _told(about: dict[str, Any], changes: pd.DataFrame, own: tuple[Any, ...] | None, unit: str, year: int) -> str:
    parts = []
    for half in ("smaller", "larger"):
        part = changes[(changes["half"] == half) & changes["limit_high"].notna()]
        if len(part):
            move, share = phrase(float(part["change"].abs().median()), unit), show(100 * part["outside"].mean())
            parts.append(
                f"of the {len(part):,} {half} schools, half moved by {move} or more, and {share} in 100 lie outside the"
                " limits of chance"
            )
    text = f"{about['label']}: {'; '.join(parts)}. Chance alone would leave about 5 in 100 outside."
    if own is None:
        return text + " This school has no change to show."
    inside = own[3] <= own[2] <= own[4]
    return text + (
        f" This school moved by {phrase(own[2], unit, sign=True)} against the average move of {own[7]},"
        f" {'inside' if inside else 'outside'} its limits of {span(own[3], own[4], unit, sign=True)}:"
        f" {'chance alone can give that' if inside else 'chance alone seldom gives that'}."
    )


def _result(
    rows: list[tuple[Any, ...]],
    said: list[str],
    frame: pd.DataFrame,
    school_id: str,
    year: int,
    coded: tuple[str, ...],
) -> Result:
    frame.attrs["school_id"] = school_id
    return Result(
        id="change",
        title=f"Change from the year before, {school_year(year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "against"]),
        text=" ".join(said),
        claim="describe",
        assumptions=("Within the limits a school's true level need not have moved at all.",),
        limits=(
            "Inside the limits a school may still have changed; outside them something moved, and it is not said what.",
            "Among many schools some lie outside by chance.",
            *coded,
        ),
        note="Value: change less the average change of all schools of its level. Limits of chance: what 95 of 100"
        " schools that did not change stay within. n: size.",
        frame=frame,
        interval_label="Limits of chance",
    )
