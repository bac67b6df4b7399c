"""What a school has to work with: money (administrative leadership), staff and classes (instructional leadership)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Prose, Stack, Table
from leadlib.measures.groups import (
    THIS,
    by_school,
    groups_of,
    middle,
    nearest_year,
    numeric_fields,
    peers_may_be_missing,
)
from leadlib.numbers import lower_first, school_year
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing, wide_table

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

SECTION = "The section on what the school has to work with"
TABLES = ("budget", "staff_years")
KINDS = ("administrative", "instructional")
_CARE = {"administrative": "Administrative leadership", "instructional": "Instructional leadership"}
COMMON = 0.5
"""A field that this school lacks is shown, with a dash, only where at least this share of its level has it."""


@dataclass(frozen=True, repr=False)
class Profile(Result):
    """Resources by group; its block has a table for the administrative and one for the instructional."""

    def block(self) -> Block:
        """Give one table a kind of leadership, then the sentences."""
        tables = [self._table(kind) for kind in KINDS if (self.table["leadership"] == kind).any()]
        return Stack((*tables, Prose((self.text,))))

    def _table(self, kind: str) -> Table:
        part = replace(self, table=self.table[self.table["leadership"] == kind])
        return replace(wide_table(part), id=f"{self.id}-{kind}", title=f"{_CARE[kind]}: {lower_first(self.title)}")


@peers_may_be_missing
@passes_missing
def profile(school: School, peers: Peers | Missing | None) -> Result | Missing:
    """See what the school spends and how it is staffed, beside similar schools, its district and its level.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them their column is left out.

    Returns
    -------
    Result or Missing
        Table: one row a field of `budget` and `staff_years` and group, with `leadership` (administrative or
        instructional, as the pack's dictionary says). For groups `value` is the median, `low` and `high` the quartiles,
        `n` the schools with a figure. Missing where the pack has no such figures for this school.

    Notes
    -----
    A field without a figure in the school's year is taken from the nearest year in which the school has one, for all
    schools, and that year stands in its name. A field that this school never reports is a dash; one that most schools
    of its level do not have either is left out. Shares are not coded, as if all were about staff and
    money; two of the STAR pack count pupils.
    """
    fields = [(t, f) for t in TABLES if school.has(t) for f in numeric_fields(school, t) if f.leadership in KINDS]
    ordered = sorted(fields, key=lambda pair: KINDS.index(pair[1].leadership))
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    rows: list[tuple[Any, ...]] = []
    for table, field in ordered:
        rows += _rows(school, school.table(table), field, groups)
    frame = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "leadership"])
    if not frame.loc[frame["group"] == THIS, "value"].notna().any():
        return Missing(SECTION, "the pack holds no figures on this school's spending or staff.")
    return _result(school, frame, left_out)


def _rows(school: School, table: pd.DataFrame, field: Any, groups: dict[str, list[str]]) -> list[tuple[Any, ...]]:
    known = table[table[field.name].notna()]
    own = known.loc[known["school_id"] == school.school_id, "year"]
    year = nearest_year(own if len(own) else known["year"].unique(), school.year)
    if year is None:
        return []
    values = by_school(known, year)[field.name].astype(float)
    widest = max(groups.values(), key=len, default=[])
    if not len(own) and values.reindex(widest).notna().sum() < COMMON * len(widest):
        return []
    name = field.title if year == school.year else f"{field.title} ({school_year(year)})"
    rows = [(name, THIS, float(values.get(school.school_id, np.nan)), np.nan, np.nan, 1, field.unit, field.leadership)]
    for group, ids in groups.items():
        value, low, high, n = middle(values.reindex(ids))
        rows.append((name, group, value, low, high, n, field.unit, field.leadership))
    return rows


def _result(school: School, table: pd.DataFrame, left_out: tuple[str, ...]) -> Result:
    here = table[table["group"] == THIS]
    gone = here.loc[here["value"].isna(), "measure"].tolist()
    text = []
    if gone:
        text.append(f"A dash stands where this school reports no figure: {'; '.join(lower_first(m) for m in gone)}.")
    text.append("Money, credentials and class sizes are conditions of the work. They are not causes of its results.")
    return Profile(
        id="resources",
        title=f"What the school has to work with, {school_year(school.year)}",
        table=table,
        text=" ".join(text),
        limits=(
            *left_out,
            "Spending and staffing are as reported; what they buy, and why they differ, is not in the data.",
        ),
        note="Groups: the median school, in brackets the middle half of the schools. This school is not in its groups.",
        wide=True,
    )
