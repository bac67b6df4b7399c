"""How often something happens to one group beside all others: risk ratios by the federal rule, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from leadlib.designs.disproportions.counts import WHERE, compared, read
from leadlib.designs.disproportions.years import with_years
from leadlib.designs.options import checked_options
from leadlib.errors import refuse
from leadlib.numbers import listing, plural, school_year, show, span
from leadlib.results import RESULT_COLUMNS, Result, passes_missing

PRESUMED = (10, 30)
MOST_ROWS = 60
QUESTION = (
    "A high ratio is a question to look into (who is referred, by whom, under which policy), not a finding of"
    " discrimination."
)


@dataclass(frozen=True, repr=False)
class Disproportion(Result):
    """Risk ratios by unit, time and group.

    `frame` has them all (see `disproportion`); `latest` those of the last time; `named` those above the threshold for
    as many years as asked, in the last time.
    """

    threshold: float | None = None
    years: int = 3
    latest: pd.DataFrame = field(default_factory=pd.DataFrame)
    named: pd.DataFrame = field(default_factory=pd.DataFrame)
    level: float = 0.95


@passes_missing
@checked_options
def disproportion(
    frame: pd.DataFrame,
    *,
    group: str,
    outcome_n: str,
    total_n: str,
    unit: str | None = None,
    time: str | None = None,
    groups: Sequence[str] | None = None,
    everyone: str | None = None,
    state: pd.DataFrame | None = None,
    minimum_cell: int = 10,
    minimum_n: int = 30,
    threshold: float | None = None,
    years: int = 3,
    progress: float | None = None,
    level: float = 0.95,
    label: str = "",
) -> Any:
    """See to which groups something happens more often than to all others, and how sure that is.

    Parameters
    ----------
    frame : DataFrame
        One row a unit, time and group.
    group : column
        The group; groups may not overlap and together are everyone (or give `everyone`).
    outcome_n, total_n : column
        Persons with the outcome, and all persons of the group. A suppressed count is a missing value and stays one.
    unit, time : column, optional
        The district (or school), and the year.
    groups : sequence of str, optional
        The groups to compare, such as the seven race and ethnic groups; else all in the table.
    everyone : str, optional
        The group whose row counts everyone. "All others" is then everyone less the group, known also where counts of
        other groups are suppressed.
    state : DataFrame, optional
        The State's counts in the same columns (no unit). Used for the alternate risk ratio where a district's other
        groups are fewer than the minimums.
    minimum_cell, minimum_n : int
        Fewest persons with the outcome, and in the group; 10 and 30 are the most that the federal rule presumes
        reasonable. They hold for the group and for those it is compared with.
    threshold : float, optional
        The State's threshold; without it nothing is flagged.
    years : int
        Years in a row above the threshold, up to three, before a district is named.
    progress : float, optional
        By how much a ratio must fall in each of two years to count as reasonable progress; the State sets that.

    Returns
    -------
    Disproportion
        `frame`: `unit, time, group, outcome_n, total_n` (persons), `risk_pct, others_risk_pct, difference` with its
        interval (percent, percentage points), `against` ("unit", or "state" for an alternate ratio), `others_n,
        others_total_n`, `ratio, low, high`, `odds_ratio`, `reason` (why there is no ratio; the ratio is then missing,
        never zero), `above, running, falling, status`.

    Raises
    ------
    InputError
        Counts below zero or above their total, groups that overlap, a unit, time and group twice, unknown groups.

    Notes
    -----
    34 CFR 300.647: risk of a group over that of all other groups of the district; alternate: over that of all other
    groups in the State. Interval: Koopman's (1984) score interval, which holds for counts of ten; difference:
    Newcombe's (1998) hybrid score interval. As R: contingencytables, Koopman_asymptotic_score_CI_2x2 and
    Newcombe_hybrid_score_CI_2x2.
    """
    if not 1 <= years <= 3:
        raise refuse(f"{WHERE}, years", "is not 1, 2 or 3", "the rule allows up to three prior years in a row")
    if threshold is not None and not threshold > 1:
        raise refuse(f"{WHERE}, threshold", "is not above 1", "give the State's threshold, such as 3.0")
    columns = {"group": group, "outcome_n": outcome_n, "total_n": total_n, "time": time, "everyone": everyone}
    table = read(frame, unit=unit, groups=groups, **columns)  # type: ignore[arg-type]
    wide = None
    if state is not None:
        wide = read(state, unit=None, groups=groups, where=f"{WHERE}, state", **columns)  # type: ignore[arg-type]
    found = compared(table, state=wide, everyone=everyone, minimum_cell=minimum_cell, minimum_n=minimum_n, level=level)
    every = with_years(found, threshold, years, progress)
    if not time:
        every["time"] = math.nan
    latest = every[every["time"] == every["time"].max()] if time else every
    named = latest[latest["running"] >= (years if time else 1)] if threshold is not None else latest.iloc[:0]
    said = label or outcome_n
    return Disproportion(
        id="disproportion",
        title=f"{said}: risk of each group beside all others",
        table=_table(latest, said, threshold, unit is not None),
        text=_text(latest, named, said, threshold, years, level, time is not None),
        claim="compare",
        assumptions=("Each person counts once, and persons are independent of each other.",),
        checks=_checks(latest),
        limits=_limits(minimum_cell, minimum_n, years, time is not None, threshold),
        note="n: persons in the group.",
        frame=every,
        interval_label=f"{100 * level:g}% interval",
        threshold=threshold,
        years=years,
        latest=latest,
        named=named,
        level=level,
    )


def _table(latest: pd.DataFrame, said: str, threshold: float | None, many: bool) -> pd.DataFrame:
    rows = latest[latest["ratio"].notna()]
    if len(rows) > MOST_ROWS and threshold is not None and rows["above"].any():
        rows = rows[rows["above"]]
    rows = rows.sort_values(["ratio", "unit", "group"], ascending=[False, True, True]).head(MOST_ROWS)
    records = [
        (r["unit"] if many else said, r["group"], r["ratio"], r["low"], r["high"], r["total_n"], "ratio")
        for r in rows.to_dict("records")
    ]
    return pd.DataFrame(records, columns=list(RESULT_COLUMNS))


def _name(row: dict[Any, Any]) -> str:
    return f"{row['group']}, {row['unit']}" if row["unit"] else str(row["group"])


def _text(
    latest: pd.DataFrame,
    named: pd.DataFrame,
    said: str,
    threshold: float | None,
    years: int,
    level: float,
    timed: bool,
) -> str:
    known = latest[latest["ratio"].notna()]
    when = f" in {school_year(int(latest['time'].iloc[0]))}" if timed and len(latest) else ""
    if known.empty:
        return f"{said}: no ratio can be computed{when}; the reasons stand in the frame."
    top = known.sort_values(["ratio", "unit", "group"], ascending=[False, True, True]).iloc[0].to_dict()
    between = f"{100 * level:g}% interval {span(top['low'], top['high'], 'ratio')}"
    whom = "all others in the State" if top["against"] == "state" else "all others"
    unclear = "; the data do not tell it from an equal risk" if top["low"] <= 1 <= top["high"] else ""
    lines = [
        f"{said}: {len(known):,} of {plural(len(latest), 'ratio')} computed{when}. The highest is {_name(top)}:"
        f" {show(top['ratio'], 'ratio')} times the risk of {whom} ({between}){unclear}."
    ]
    if threshold is not None:
        lines.append(_flagged(known, named, threshold, years if timed else 1))
    lines.append(QUESTION)
    return "\n".join(lines)


def _flagged(known: pd.DataFrame, named: pd.DataFrame, threshold: float, years: int) -> str:
    above = known[known["above"]]
    if above.empty:
        return f"None lies above the threshold of {show(threshold, 'ratio')}."
    sure = int((above["low"] > threshold).sum())
    text = (
        f"{len(above):,} of them above the threshold of {show(threshold, 'ratio')}, {sure:,} with the whole interval"
        " above it."
    )
    if years > 1:
        who = [_name(r) for r in named.head(5).to_dict("records")]
        more = f" and {len(named) - 5:,} more" if len(named) > 5 else ""
        text += f" {years} years running: {listing(who) + more if who else 'none'}."
        down = int(named["falling"].sum())
        if down:
            text += f" Of these, {down:,} fell in each of the two last years, which a State may accept as progress."
    return text


def _checks(latest: pd.DataFrame) -> tuple[str, ...]:
    why = latest.loc[latest["reason"] != "", "reason"].value_counts().sort_index()
    checks = [f"Not computed, {reason}: {count:,}." for reason, count in why.items()]
    instead = int((latest["against"] == "state").sum())
    if instead:
        checks.append(f"Alternate risk ratio, against the State's other groups: {instead:,}.")
    return tuple(checks)


def _limits(cell: int, n: int, years: int, timed: bool, threshold: float | None) -> tuple[str, ...]:
    limits = [
        "Where outcomes of persons hang together (one incident, one classroom) the intervals are too narrow.",
        "Many ratios are looked at: some pass a threshold by chance alone.",
    ]
    if cell > PRESUMED[0] or n > PRESUMED[1]:
        limits.append("The minimums are above 10 and 30, which the federal rule no longer presumes reasonable.")
    if threshold is not None and years > 1 and not timed:
        limits.append("Without a time column no run of years can be seen.")
    return tuple(limits)
