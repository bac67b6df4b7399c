"""How often a school's teachers are observed, for how long, and how soon they hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.groups import SIMILAR, THIS, groups_of, middle, peers_may_be_missing
from leadlib.numbers import school_year, show
from leadlib.privacy import NOT_SHOWN, K, code_shares
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

OBSERVED = "The section on observations"
NOTE = "Groups: the median school, in brackets the middle half. This school is not in its groups."
Row = tuple[Any, ...]


@peers_may_be_missing
@passes_missing
def feedback(school: School, peers: Peers | Missing | None, *, privacy_k: int = K) -> Result | Missing:
    """See how often teachers are observed, for how long, and how soon they hear of it, beside similar schools.

    Parameters
    ----------
    school, peers, privacy_k
        As for `coaching_dose.dose`.

    Returns
    -------
    Result or Missing
        Table: formal observations and walkthroughs a teacher observed, minutes of a formal observation, school days
        until feedback (median), and share of walkthroughs with feedback. No rubric score. Missing where the pack has no
        observations of this school in its year.
    """
    if not school.has("observations"):
        return Missing(OBSERVED, "the pack holds no observations of teaching.")
    table = school.table("observations")
    table = table[table["year"] == school.year]
    own = table[table["school_id"] == school.school_id]
    if own.empty:
        return Missing(OBSERVED, f"the pack knows no observations of this school in {school_year(school.year)}.")
    if own["teacher_id"].nunique() < privacy_k:
        return Missing(OBSERVED, f"fewer than {privacy_k} teachers of this school were observed.")
    by = _observed(table, privacy_k)
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    wanted = [g for g in groups if g == SIMILAR or g.startswith("All ")]
    rows: list[Row] = []
    for column, unit in _OBSERVED.items():
        value = float(by.loc[school.school_id, column])
        rows.append((column, THIS, value, np.nan, np.nan, 1, unit, "" if np.isfinite(value) else NOT_SHOWN))
        for group in wanted:
            rows.append((column, group, *middle(by[column].reindex(groups[group])), unit, ""))
    days = by.loc[school.school_id, "School days until feedback"]
    return Result(
        id="observations",
        title=f"Observations and feedback, {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text=f"In the middle case a teacher here hears after {show(days, 'days')} school days. The table counts; it"
        " does not say what was said.",
        limits=left_out,
        note=NOTE,
        wide=True,
    )


_OBSERVED = {
    "Formal observations a teacher": "ratio",
    "Minutes of a formal observation": "minutes",
    "School days until feedback": "days",
    "Walkthroughs a teacher": "ratio",
    "Walkthroughs with feedback": "pct",
}


def _observed(table: pd.DataFrame, k: int) -> pd.DataFrame:
    formal, short = table[table["kind"] == "formal"], table[table["kind"] != "formal"]
    people = table.groupby("school_id")["teacher_id"].nunique()
    n = people.where(people >= k)
    walks = short.groupby("school_id").size().reindex(people.index).fillna(0)
    told = 100 * short["feedback_given"].astype(float).groupby(short["school_id"]).mean()
    return pd.DataFrame(
        {
            "Formal observations a teacher": formal.groupby("school_id").size().reindex(people.index).fillna(0) / n,
            "Minutes of a formal observation": formal.groupby("school_id")["observation_min"].mean().where(n.notna()),
            "School days until feedback": table.groupby("school_id")["feedback_days"].median().where(n.notna()),
            "Walkthroughs a teacher": walks / n,
            "Walkthroughs with feedback": pd.Series(code_shares(told.reindex(people.index), walks, k), people.index),
        }
    )
