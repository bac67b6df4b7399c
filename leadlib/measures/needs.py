"""The need and size of every school in one year: what schools are matched on and expected from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leadlib.measures.groups import by_school, nearest_year
from leadlib.privacy import K, code_shares
from leadlib.results import Missing

if TYPE_CHECKING:
    from leadlib.tables import School

LOG_SIZE = "log_size"


@dataclass(frozen=True)
class Needs:
    """One row a school, by its id: school_name, leaid, lea_name, school_level, the need fields (coded), size, log_size.

    `fields` are the names of the need fields, `titles` what a reader calls them and the size, `year` the year of the
    figures, which is the nearest one the school has.
    """

    frame: pd.DataFrame
    fields: tuple[str, ...]
    titles: dict[str, str]
    year: int


def needs(school: School, year: int, k: int = K) -> Needs | Missing:
    """Give need and size of all schools of the pack in the year nearest to the one wanted.

    Shares behind which stand fewer than k pupils are coded here, once, so that nothing computed later can give
    them away; a size below k is left blank.
    """
    if not school.has("school_years"):
        return Missing("Need and size", "this pack does not say whom its schools serve.")
    roles = {f.name: f for f in school.fields("school_years") if f.role in ("need", "size")}
    fields = tuple(name for name, f in roles.items() if f.role == "need")
    size = next((name for name, f in roles.items() if f.role == "size"), None)
    table = school.table("school_years")
    own = table[table["school_id"] == school.school_id]
    wanted = [*fields, *([size] if size else [])]
    filled = own[wanted].notna().sum(axis=1) if wanted else pd.Series(dtype=float)
    if filled.empty or filled.max() == 0:
        return Missing("Need and size", "the pack holds no figures on this school's pupils or its size.")
    chosen = nearest_year(own.loc[filled == filled.max(), "year"], year)
    assert chosen is not None
    return Needs(
        _frame(school, by_school(table, chosen), fields, size, roles, k),
        fields,
        {name: f.title for name, f in roles.items()} | ({LOG_SIZE: roles[size].title} if size else {}),
        chosen,
    )


def _frame(
    school: School, figures: pd.DataFrame, fields: tuple[str, ...], size: str | None, roles: dict, k: int
) -> pd.DataFrame:
    schools = school.table("schools").drop_duplicates("school_id").set_index("school_id").sort_index()
    about = [c for c in ("school_name", "leaid", "lea_name", "school_level") if c in schools]
    frame = schools[about].join(figures[[*fields, *([size] if size else [])]], how="left")
    n = frame[size].astype(float) if size else pd.Series(np.nan, index=frame.index)
    for name in fields:
        if roles[name].unit == "pct":
            frame[name] = code_shares(frame[name], n, k)
    frame["size"] = n.where(n >= max(k, 1))
    frame[LOG_SIZE] = np.log(frame["size"])
    return frame.drop(columns=[size] if size and size != "size" else [])
