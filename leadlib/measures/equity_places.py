"""Who attends which school: what a gap between two groups is split from, and what the schools they attend have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.errors import refuse
from leadlib.measures.equity_pairs import both, named, pair_of
from leadlib.measures.equity_panel import ALL, RACES, panel
from leadlib.measures.groups import LEAST, SIMILAR, THIS, peers_may_be_missing
from leadlib.numbers import listing, school_year, show
from leadlib.privacy import K
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

TARGETS = "The section on targets for groups of pupils"


@passes_missing
def attending(
    school: School, *, measure: str, pair: str = "money", years: int = 1, k: int = K
) -> pd.DataFrame | Missing:
    """See who attends which school, and what the two groups reached there: what a gap is split from.

    One row a school, year and group, of the school's district and level; where the district has fewer than three
    such schools, of its level in the whole pack.

    Parameters
    ----------
    school : School
        The school.
    measure : str
        One measure of `both`.
    pair : str
        The two groups.
    years : int
        How many years, the school's year being the last.

    Returns
    -------
    DataFrame or Missing
        school_id, school_name, year, group (1 for the first of the pair), n (pupils), value, sd, unit_of, for
        `designs.between_within`, and for `designs.kitagawa` with years over one. `attrs`: label, where (which schools
        these are, in words), who, whom, schools_n, left_out (schools of the place that show no two groups).

    Raises
    ------
    InputError
        A measure that no school has, or fewer than one year.
    """
    if years < 1:
        raise refuse(f"years {years!r}", "is not one or more", "give 1 for the school's own year")
    two, wide = pair_of(pair), both(school, pair=pair, k=k)
    if isinstance(wide, Missing):
        return wide
    measure = named(measure, set(wide["measure"]))
    last = wide[(wide["measure"] == measure) & wide["year"].between(school.year - years + 1, school.year)]
    found, where = _place(last, school)
    if found["school_id"].nunique() < LEAST:
        return Missing("The split of the gap", "fewer than three schools show both groups.")
    level = school.table("schools")
    level = level[level["leaid"] == school.row.get("leaid")] if where.startswith("its district") else level
    level = level[level["school_level"] == school.level] if school.level else level
    sides = [
        found[["school_id", "school_name", "year"]].assign(
            group=flag, n=found[f"n_{side}"], value=found[f"value_{side}"], sd=found[f"sd_{side}"],
            unit_of=np.where(found["unit"] == "sd", "sd", "pct"),
        )
        for flag, side in ((1.0, "group"), (0.0, "other"))
    ]  # fmt: skip
    frame = pd.concat(sides).sort_values(["school_id", "year", "group"], kind="stable").reset_index(drop=True)
    shown = found["school_id"].nunique()
    frame.attrs = {
        "label": str(found["label"].iloc[0]), "where": where, "who": two.who, "whom": two.whom, "schools_n": shown,
        "years": years, "left_out": max(int(level["school_id"].nunique()) - shown, 0), "measure": measure,
    }  # fmt: skip
    return frame


def _place(last: pd.DataFrame, school: School) -> tuple[pd.DataFrame, str]:
    same = last[last["school_level"] == school.level] if school.level else last
    level = (
        f"{school.level.lower()} schools" if school.level in ("Primary", "Middle", "High") else "schools of its kind"
    )
    own = same[same["leaid"] == school.row.get("leaid")]
    if own["school_id"].nunique() >= LEAST:
        return own, f"its district’s {level}"
    return same, f"all {level} of the pack"


@passes_missing
def risks(school: School, *, action: str = "out-of-school suspension", k: int = K) -> pd.DataFrame | Missing:
    """See how many pupils of each race or ethnic group something was done to, for `designs.disproportion`.

    One row a school and group, in the school's year, of all schools of its district.

    Returns
    -------
    DataFrame or Missing
        school_id, group, outcome_n, total_n; what is hidden in `panel` is missing. `attrs["groups"]` names the groups
        that together are all pupils, `attrs["label"]` the action. Pass the rows of this school as data and the
        district's sums (`district`) as `state` for an alternate ratio.
    """
    frame = panel(school, k=k)
    if isinstance(frame, Missing):
        return frame
    rows = frame[(frame["source"] == "discipline") & (frame["measure"] == action) & (frame["year"] == school.year)]
    rows = rows[(rows["leaid"] == school.row.get("leaid")) & rows["group"].isin([*RACES, ALL])]
    if not (rows["school_id"] == school.school_id).any():
        return Missing("The section on discipline", "this school has no counts of it by group.")
    counts = rows[["school_id", "group"]].assign(outcome_n=(rows["value"] * rows["n"] / 100).round(), total_n=rows["n"])
    counts = counts.reset_index(drop=True)
    counts.attrs = {"groups": [g for g in RACES if (counts["group"] == g).any()], "label": action}
    return counts


@peers_may_be_missing
@passes_missing
def group_targets(school: School, peers: Peers | Missing | None) -> Result | Missing:
    """See whether the school met its target as a whole and for its larger groups of pupils, beside similar schools.

    Returns
    -------
    Result or Missing
        Table: for this school 100 or 0 percent (met or not), for similar schools the percent that met it; `n` schools.
        Missing where the pack has no targets for groups.
    """
    fields = {"met_school_wide": "Target for all pupils", "met_comparable_improvement": "Target for groups of pupils"}
    if not school.has("targets") or "met_comparable_improvement" not in school.table("targets"):
        return Missing(TARGETS, "this pack has no target for groups of pupils.")
    rows = school.table("targets")
    rows = rows[rows["year"] == school.year].drop_duplicates("school_id").set_index("school_id")
    if school.school_id not in rows.index:
        return Missing(TARGETS, f"the pack has no target of this school for {school_year(school.year)}.")
    others = rows.reindex(peers.school_ids).dropna(subset=list(fields)) if peers is not None else rows.iloc[:0]
    lines: list[tuple[Any, ...]] = []
    for field, label in fields.items():
        met = bool(rows.loc[school.school_id, field])
        lines.append((label, THIS, 100.0 * met, np.nan, np.nan, 1, "pct", "met" if met else "not met"))
        if len(others) >= LEAST:
            share = 100 * float(others[field].astype(bool).mean())
            lines.append((label, SIMILAR, share, np.nan, np.nan, len(others), "pct", f"{show(share, 'pct')} met it"))
    states = listing([f"{line[0].lower()}: {line[7]}" for line in lines if line[1] == THIS])
    return Result(
        id="group-targets",
        title=f"Targets, {school_year(school.year)}",
        table=pd.DataFrame(lines, columns=[*RESULT_COLUMNS, "shown"]),
        text=f"This school, {states}. Which groups counted, and what each of them reached, the pack does not say.",
        limits=("A target that is met says that a group rose; it does not say how far apart groups are.",),
        wide=True,
    )
