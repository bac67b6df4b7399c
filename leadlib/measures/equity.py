"""Two groups of pupils: what each reached and was given, here, at similar schools and over the district.

What a group is called says what a household or a record says, never what a pupil can learn. A gap is a difference in
what pupils reached or were given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.errors import refuse
from leadlib.measures.equity_exposure import exposure
from leadlib.measures.equity_pairs import SIDES, both, hidden_here, named, pair_of
from leadlib.measures.equity_panel import ALL, PAIRS, RACES, SECTION, SHOWN, Pair, panel
from leadlib.measures.equity_places import attending, group_targets, risks
from leadlib.measures.equity_standing import ranked, side_by_side
from leadlib.measures.groups import LEAST, SIMILAR, THIS, middle, peers_may_be_missing
from leadlib.numbers import plural, school_year, show
from leadlib.privacy import K
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.plans import Plan
    from leadlib.tables import School

__all__ = [
    "PAIRS",
    "RACES",
    "attending",
    "both",
    "exposure",
    "gaps",
    "group_targets",
    "pair_of",
    "panel",
    "planned",
    "ranked",
    "reached",
    "risks",
    "side_by_side",
]


@peers_may_be_missing
@passes_missing
def reached(
    school: School,
    peers: Peers | Missing | None,
    *,
    pair: str = "money",
    source: str = "outcomes",
    measure: str = "",
    k: int = K,
) -> Result | Missing:
    """See what each of two groups reached here and at similar schools, and from how many pupils.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them their column is left out.
    pair : str
        The two groups, as in `both`.
    source : str
        The table: "outcomes", "attendance", "discipline" or "course_access".
    measure : str
        One measure of it; all where left out.

    Returns
    -------
    Result or Missing
        Table: one row a measure, group of pupils and place. For this school `value` is its figure in the source's unit
        and `n` its pupils; `shown` gives figure, spread and number. For similar schools `value` is the median school,
        `low` and `high` the middle half of the schools, `n` the schools. Missing where a group is too small here.
    """
    two, wide = pair_of(pair), both(school, pair=pair, k=k)
    if isinstance(wide, Missing):
        return wide
    rows = wide[(wide["source"] == source) & (wide["year"] == school.year)]
    rows = rows[rows["measure"] == named(measure, set(wide["measure"]))] if measure else rows
    if rows.empty or not (rows["school_id"] == school.school_id).any():
        return Missing(SECTION, hidden_here(two, school))
    lines = [line for _, part in rows.groupby("measure", sort=True) for line in _lines(part, school, peers, two)]
    return Result(
        id=f"reached-{pair}-{source}",
        title=f"Two groups of pupils, {school_year(school.year)}",
        table=pd.DataFrame(lines, columns=[*RESULT_COLUMNS, "shown"]),
        text=(
            f"“{two.who[:1].upper()}{two.who[1:]}” and “{two.whom}” are the groups as the source counts them."
            " A group says what a household or a record says; it does not say what a pupil can learn."
        ),
        limits=("A difference between groups does not say what made it.",),
        note=(
            f"This school: figure, in brackets spread between pupils and number of pupils; groups of fewer than {k} are"
            f" not shown, nor what would give them away.{_MIDDLE if any(r[1] == SIMILAR for r in lines) else ''}"
        ),
        wide=True,
    )


_MIDDLE = " Similar schools: the median school and the middle half."


def _lines(part: pd.DataFrame, school: School, peers: Any, two: Pair) -> list[tuple[Any, ...]]:
    own = part[part["school_id"] == school.school_id]
    if own.empty:
        return []
    here, unit = own.iloc[0], str(own["raw_unit"].iloc[0])
    others = part[part["school_id"].isin(peers.school_ids if peers is not None else [])]
    lines: list[tuple[Any, ...]] = []
    for side, name in (("group", two.who), ("other", two.whom)):
        label, value, n = f"{here['label']}: {name}", float(here[f"raw_{side}"]), float(here[f"n_{side}"])
        spread = float(here[f"sd_{side}"]) * float(here["scale"])
        more = f"spread {show(spread, unit)}, " if unit != "pct" else ""
        lines.append((label, THIS, value, np.nan, np.nan, n, unit, f"{show(value, unit)} ({more}n {show(n)})"))
        mid, low, high, count = middle(others[f"raw_{side}"])
        if count >= LEAST:
            lines.append((label, SIMILAR, mid, low, high, count, unit, ""))
    return lines


@passes_missing
def gaps(
    school: School, *, measure: str = "", pair: str = "money", source: str = "outcomes", k: int = K
) -> pd.DataFrame | Missing:
    """See the gap inside each school, year by year, in the form that `designs.noise` and its kin ask for.

    One row a school, year and measure, as `measures.outcomes.panel` has it: `value` is the gap, `size` the pupils of
    both groups, and `sd` such that sd / sqrt(size) is the gap's standard error.

    Parameters
    ----------
    school, pair, k
        As in `both`.
    measure : str
        One measure; all of the table where left out.
    source : str
        The table that the measures stand in.

    Returns
    -------
    DataFrame or Missing
        Ready for `designs.noise`, `designs.school_gap` and `designs.shrink`.
    """
    wide = both(school, pair=pair, k=k)
    if isinstance(wide, Missing):
        return wide
    if not (wide["school_id"] == school.school_id).any():
        return Missing(SECTION, hidden_here(pair_of(pair), school))
    wide = wide[wide["source"] == source]
    if wide.empty:
        return Missing(SECTION, f"no school shows a gap in the table {source}.")
    wide = wide[wide["measure"] == named(measure, set(wide["measure"]))] if measure else wide
    size = wide["n_group"] + wide["n_other"]
    frame = wide[["measure", "school_id", "year", "leaid", "school_level", "unit", "label"]].assign(
        label=wide["label"] + ", gap",
        value=wide["gap"],
        value__why=SHOWN,
        sd=wide["se"] * np.sqrt(size),
        size=size,
        size_basis="pupils of both groups",
        comparable=True,
        value_low=np.nan,
        value_high=np.nan,
        grade=ALL,
        width=0.0,
    )
    frame.attrs["year"] = school.year
    return frame.reset_index(drop=True)


@passes_missing
def planned(school: School, plan: Plan, *, k: int = K) -> pd.DataFrame | Missing:
    """See every comparison of a frozen list, and none beside it: one row a planned outcome and pair of groups.

    Parameters
    ----------
    school : School
        The school.
    plan : Plan
        From `ll.plan`: `outcome` lists measures, `subgroups` pairs of groups ("money", "language", "disability").

    Returns
    -------
    DataFrame or Missing
        name, measure, pair, value_group, value_other, sd_group, sd_other, n_group, n_other, unit; `reason` where a
        comparison of the list cannot be made. Missing where none can.

    Raises
    ------
    InputError
        A pair that does not exist; a list without pairs.
    """
    if not plan.subgroups:
        raise refuse("plan, subgroups", "are not given", "name pairs of groups, such as money and language")
    if isinstance(every := panel(school, k=k), Missing):
        return every
    labels = every.drop_duplicates("measure").set_index("measure")["label"]
    rows = []
    for key in plan.subgroups:
        wide = both(school, pair=key, k=k)
        rows += [_listed(school, outcome, key, wide, labels) for outcome in plan.outcome]
    frame = pd.DataFrame(rows, columns=["name", "measure", "pair", *SIDES, "unit", "reason"])
    if frame["unit"].isna().all():
        return Missing(SECTION, f"none of the {plural(len(frame), 'comparison')} on the list can be made here.")
    return frame


def _listed(school: School, outcome: str, key: str, wide: Any, labels: pd.Series) -> dict[str, Any]:
    """Give one comparison of the list, or the reason why it cannot be made."""
    two = pair_of(key)
    known = set(labels.index)
    if not any(name.startswith(outcome) for name in known):
        named_so = {"name": f"{outcome}: {two.minus}", "measure": outcome, "pair": key}
        return named_so | {"reason": "the pack has no such outcome by group"}
    measure = named(outcome, known)
    row: dict[str, Any] = {"name": f"{labels[measure]}: {two.minus}", "measure": measure, "pair": key, "reason": ""}
    if isinstance(wide, Missing):
        return row | {"reason": "the pack does not tell these groups apart"}
    own = wide[(wide["school_id"] == school.school_id) & (wide["year"] == school.year) & (wide["measure"] == measure)]
    if own.empty:
        return row | {"reason": "too few, or not reported"}
    return row | own.iloc[0][[*SIDES, "unit"]].to_dict()
