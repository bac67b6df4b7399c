"""Whom a school serves, beside similar schools, its district and all schools of its level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.groups import (
    THIS,
    by_school,
    groups_of,
    middle,
    nearest_year,
    numeric_fields,
    peers_may_be_missing,
)
from leadlib.numbers import school_year, show
from leadlib.privacy import K, code_shares, share_text, small
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

SECTION = "The section on whom the school serves"


@peers_may_be_missing
@passes_missing
def serves(school: School, peers: Peers | Missing | None, *, privacy_k: int = K) -> Result | Missing:
    """See whom the school serves, and how that differs from similar schools, its district and its level.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them their column is left out.
    privacy_k : int
        The fewest pupils that may be seen in a share.

    Returns
    -------
    Result or Missing
        Table: one row a field of `school_years` and group. For groups `value` is the median of the schools, `low` and
        `high` their quartiles, `n` the schools with a figure; for this school `n` is its pupils. `shown` is the
        protected text where the share may not be shown exactly; its `value` is then the middle of the shown range.
        Missing where the pack has no figures on this school's pupils.

    Notes
    -----
    Where the school has no figures for its year, the nearest year it has is used for all schools and named in the
    title. Every median is taken of coded shares (`privacy.code_shares`).
    """
    table = school.table("school_years") if school.has("school_years") else pd.DataFrame({"school_id": [], "year": []})
    fields = numeric_fields(school, "school_years") if school.has("school_years") else []
    own = table[table["school_id"] == school.school_id]
    years: Any = own.loc[own[[f.name for f in fields]].notna().any(axis=1), "year"] if fields else []
    year = nearest_year(years, school.year)
    if year is None:
        return Missing(SECTION, "the pack holds no figures on this school's pupils.")
    frame = by_school(table, year)
    size = next((f.name for f in fields if f.role == "size"), None)
    n = frame[size].astype(float) if size else pd.Series(np.nan, index=frame.index)
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    places = {name: frame.index.get_indexer(pd.Index(ids)) for name, ids in groups.items()}
    rows = [r for f in fields for r in _rows(f, frame, n, school.school_id, places, privacy_k)]
    return _result(school, year, pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]), left_out, privacy_k)


def _rows(
    field: Any, frame: pd.DataFrame, n: pd.Series, school_id: str, places: dict[str, Any], k: int
) -> list[tuple[Any, ...]]:
    """Give one field's row for this school and for each group, whose schools stand at these places (-1: no row)."""
    raw, pupils = frame[field.name].astype(float), float(n[school_id])
    unit = field.unit
    coded = pd.Series(code_shares(raw, n, k), index=frame.index) if unit == "pct" else _counted(raw, unit, k)
    shown = _shown(float(raw[school_id]), unit, pupils, k)
    behind = np.nan if small(pupils, k) else pupils
    rows = [(field.title, THIS, float(coded[school_id]), np.nan, np.nan, behind, unit, shown)]
    known = coded.to_numpy(float)
    for name, at in places.items():
        value, low, high, schools_n = middle(known[at[at >= 0]])
        rows.append((field.title, name, value, low, high, schools_n, unit, ""))
    return rows


def _counted(raw: pd.Series, unit: str, k: int) -> pd.Series:
    return raw.mask(raw < k) if unit == "pupils" else raw


def _shown(value: float, unit: str, pupils: float, k: int) -> str:
    if unit == "pct":
        return share_text(value, pupils, k)
    return f"under {k}" if unit == "pupils" and small(value, k) else show(value, unit)


def _result(school: School, year: int, table: pd.DataFrame, left_out: tuple[str, ...], k: int) -> Result:
    gone = [str(m) for m in table.loc[(table["group"] == THIS) & table["value"].isna(), "measure"]]
    coded = table["shown"].str.startswith(("under", "over", "not shown")).any()
    parts = []
    if coded:
        parts.append(
            f"A share behind which stand fewer than {k} pupils, or all but fewer than {k}, is given as under or over a"
            " limit."
        )
    if gone:
        parts.append(f"No figure for this school: {', '.join(gone)}.")
    if year != school.year:
        parts.append(f"The figures are those of {school_year(year)}, the nearest year the pack has.")
    return Result(
        id="serves",
        title=f"Whom the school serves, {school_year(year)}",
        table=table,
        text=" ".join(parts),
        limits=(
            *left_out,
            "Need is what the source counts, such as meals and language; it is not all that pupils bring to school.",
        ),
        note="Groups: the median school, in brackets the middle half of the schools. This school is not in its groups.",
        wide=True,
    )
