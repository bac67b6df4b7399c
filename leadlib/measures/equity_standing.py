"""Where a school's two groups stand among those of other schools: how high both are, and how far apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.errors import refuse
from leadlib.measures.equity_pairs import both, hidden_here, named, pair_of
from leadlib.measures.equity_panel import SECTION
from leadlib.measures.groups import LEAST, SIMILAR, THIS, middle, peers_may_be_missing
from leadlib.numbers import listing, phrase, school_year, show
from leadlib.privacy import K
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

GROUP, OTHER, GAP = "First group", "Second group", "Gap"


def _of_year(school: School, measure: str, pair: str, year: int, k: int) -> pd.DataFrame | Missing:
    """Give one measure of one year at the schools of this school's level."""
    wide = both(school, pair=pair, k=k)
    if isinstance(wide, Missing):
        return wide
    rows = wide[(wide["measure"] == named(measure, set(wide["measure"]))) & (wide["year"] == year)]
    return rows[rows["school_level"] == school.level] if school.level else rows


@peers_may_be_missing
@passes_missing
def side_by_side(
    school: School, peers: Peers | Missing | None, *, measure: str, pair: str = "money", k: int = K
) -> Result | Missing:
    """See how high both groups stand and how far apart they are, here and at every school of the level.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools.
    measure : str
        One measure of `both`.
    pair : str
        The two groups.

    Returns
    -------
    Result or Missing
        Table: one row a group of pupils (and the gap) and place: this school, similar schools (median, middle half).
        Scores in standard deviations from the mean of all pupils of the pack, shares in percent. `n`: pupils, for
        similar schools the schools. `frame`, one row a school: school_id, school_name, value_group, value_other, gap,
        se, n_group, n_other, unit, place ("This school", "Similar schools" or ""). Missing where this school shows no
        two groups.
    """
    two, rows = pair_of(pair), _of_year(school, measure, pair, school.year, k)
    if isinstance(rows, Missing):
        return rows
    if not (rows["school_id"] == school.school_id).any():
        return Missing(SECTION, hidden_here(two, school))
    similar = set(peers.school_ids) if peers is not None else set()
    place = np.where(
        rows["school_id"] == school.school_id, THIS, np.where(rows["school_id"].isin(similar), SIMILAR, "")
    )
    wanted = ["school_id", "school_name", "value_group", "value_other", "gap", "se", "n_group", "n_other", "unit"]
    frame = rows[wanted].assign(place=place).reset_index(drop=True)
    label = str(rows["label"].iloc[0])
    frame.attrs = {"who": two.who, "whom": two.whom, "label": label}
    table = pd.DataFrame(_rows(frame, two), columns=list(RESULT_COLUMNS))
    return Result(
        id=f"side-by-side-{measure}",
        title=f"{label}: two groups, {school_year(school.year)}",
        table=table,
        text=_told(table, label),
        limits=("A small gap is no good news where both groups stand low.",),
        note="Scores are standard deviations from the mean of all pupils of the pack in that year."
        if frame["unit"].iloc[0] == "sd"
        else "Shares of the pupils of each group.",
        frame=frame,
        wide=True,
    )


def _rows(frame: pd.DataFrame, two: Any) -> list[tuple[Any, ...]]:
    own = frame[frame["place"] == THIS].iloc[0]
    others = frame[frame["place"] == SIMILAR]
    level = "sd" if own["unit"] == "sd" else "pct"
    lines: list[tuple[Any, ...]] = []
    for column, name, unit, n in (
        ("value_group", two.who, level, own["n_group"]),
        ("value_other", two.whom, level, own["n_other"]),
        ("gap", "the gap (first minus second)", own["unit"], own["n_group"] + own["n_other"]),
    ):
        name = f"{name[:1].upper()}{name[1:]}"
        lines.append((name, THIS, float(own[column]), np.nan, np.nan, float(n), unit))
        mid, low, high, count = middle(others[column])
        if count >= LEAST:
            lines.append((name, SIMILAR, mid, low, high, count, unit))
    return lines


def _told(table: pd.DataFrame, label: str) -> str:
    here = table[table["group"] == THIS].to_dict("records")
    similar = table[table["group"] == SIMILAR].to_dict("records")
    gap = f"{label}: the gap here is {phrase(here[2]['value'], here[2]['unit'], sign=True)}"
    if not similar:
        return f"{gap}. There are too few similar schools to set it beside."
    sides = [
        "above" if mine["value"] > other["value"] else "below"
        for mine, other in zip(here[:2], similar[:2], strict=True)
    ]
    where = f"both groups stand {sides[0]}" if sides[0] == sides[1] else f"one stands {sides[0]}, the other {sides[1]}"
    return (
        f"{gap}; at the median similar school it is {show(similar[2]['value'], similar[2]['unit'], sign=True)}."
        f" Set beside the same groups at the median similar school, {where}. How sure that is, the table does not say."
    )


@passes_missing
def ranked(
    school: School, *, measure: str, pair: str = "money", first: int = 5, later: int = 0, k: int = K
) -> Result | Missing:
    """See the list a newspaper would print, the schools with the smallest gaps, and where they stood later.

    Parameters
    ----------
    school : School
        The school; its year and level are ranked.
    measure, pair
        As in `both`.
    first : int
        How many schools are listed.
    later : int
        How many years on the same schools are looked up again; 0 for the year itself.

    Returns
    -------
    Result or Missing
        Table: one row a listed school (`measure`), its gap in the year of the list and in the later one (`group` is
        the school year), `n` the pupils of the first group. A gap counts as small by its distance from zero.
        Missing where fewer than `first` schools show both groups, or the later year has none.
    """
    two, rows = pair_of(pair), _of_year(school, measure, pair, school.year, k)
    if isinstance(rows, Missing):
        return rows
    if first < 1 or later < 0:
        raise refuse(f"first={first}, later={later}", "cannot be", "give how many schools, and how many years on")
    if len(rows) < first:
        return Missing("The list of small gaps", f"fewer than {first} schools of the level show both groups.")
    order = rows.assign(size=rows["gap"].abs()).sort_values(["size", "school_id"], kind="stable").head(first)
    then = _of_year(school, measure, pair, school.year + later, k) if later else rows
    if isinstance(then, Missing) or (later and then.empty):
        return Missing("The list of small gaps", f"{school_year(school.year + later)} has no gap of these schools.")
    mean, unit = float(rows["gap"].mean()), str(rows["unit"].iloc[0])
    lines: list[tuple[Any, ...]] = []
    for r in order.to_dict("records"):
        lines.append(_listed(r, school.year, unit))
        again = then[then["school_id"] == r["school_id"]].to_dict("records") if later else []
        lines += [_listed(x, school.year + later, unit) for x in again]
    table = pd.DataFrame(lines, columns=[*RESULT_COLUMNS, "shown"])
    label = str(rows["label"].iloc[0])
    return Result(
        id=f"ranked-{later}",
        title=f"{label}: the {first} smallest gaps of {school_year(school.year)}",
        table=table,
        text=_ranked_told(table, school, later, mean, unit, then),
        limits=("Of many schools some have a small gap by luck; the fewer pupils, the more luck.",),
        note=f"In brackets how many {two.who} stand behind the figure.",
        wide=True,
    )


def _listed(row: dict[Any, Any], year: int, unit: str) -> tuple[Any, ...]:
    n = float(row["n_group"])
    shown = f"{show(row['gap'], unit, sign=True)} (n {show(n)})"
    return (row["school_name"], school_year(year), float(row["gap"]), np.nan, np.nan, n, unit, shown)


def _ranked_told(table: pd.DataFrame, school: School, later: int, mean: float, unit: str, then: pd.DataFrame) -> str:
    now = table[table["group"] == school_year(school.year)]
    text = (
        f"The mean gap of these schools is {phrase(float(now['value'].mean()), unit, sign=True)}, of all schools of the"
        f" level {show(mean, unit, sign=True)}."
    )
    if not later:
        names = listing([str(n) for n in now["measure"].head(3)])
        return f"The first three are {names}. {text}"
    again = table[table["group"] == school_year(school.year + later)]
    if again.empty:
        return f"{text} In {school_year(school.year + later)} none of them shows both groups."
    return (
        f"{text} In {school_year(school.year + later)} the mean gap of the same schools is"
        f" {phrase(float(again['value'].mean()), unit, sign=True)}, of all schools of the level"
        f" {show(float(then['gap'].mean()), unit, sign=True)}."
    )
