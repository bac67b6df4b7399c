"""What a school has to work with: money (administrative leadership), staff and classes (instructional leadership)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Prose, Stack, Table
from leadlib.measures.groups import (
    LEAST,
    THIS,
    by_school,
    groups_of,
    middle,
    nearest_year,
    numeric_fields,
    peers_may_be_missing,
)
from leadlib.numbers import lower_first, school_year
from leadlib.privacy import NOT_SHOWN, K, code_shares, share_text, small
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing, wide_table

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

SECTION = "The section on what the school has to work with"
TABLES = ("budget", "staff_years")
KINDS = ("administrative", "instructional")
_CARE = {"administrative": "Administrative leadership", "instructional": "Instructional leadership"}
_PERSONNEL = "principal_rating"
"""Ratings of one person are a personnel record: they are not among what a school has to work with."""
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
def profile(school: School, peers: Peers | Missing | None, *, privacy_k: int = K) -> Result | Missing:
    """See what the school spends and how it is staffed, beside similar schools, its district and its level.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them their column is left out.
    privacy_k : int
        The fewest people, pupils or teachers, that may be seen in a share or a mean.

    Returns
    -------
    Result or Missing
        Table: one row a field of `budget` and `staff_years` and group, with `leadership` (administrative or
        instructional, as the pack's dictionary says) and `shown`, the protected text where a figure may not be shown
        exactly. For groups `value` is the median, `low` and `high` the quartiles, `n` the schools with a figure; a
        share of teachers is that of all the group's teachers together, without quartiles. Missing where the pack has no
        such figures for this school.

    Notes
    -----
    A field without a figure in the school's year is taken from the nearest year in which the school has one, for all
    schools, and that year stands in its name. A field that this school never reports is a dash; one that most schools
    either is left out. Shares of pupils (their title begins with the
    word) and of teachers are coded (`privacy.code_shares`, `share_text`) by the pupils enrolled and the teachers' posts
    of the year; where the pack does not count them, those under 5 and over 95 percent. Means of fewer than privacy_k
    teachers are not shown. In a school of 24 teachers almost every share of teachers is coded, and a median of coded
    shares would say nothing: therefore the groups' shares of teachers are pooled. Evaluators' ratings of a principal
    are left out: they are about one person.
    """
    fields = [(t, f) for t in TABLES if school.has(t) for f in numeric_fields(school, t) if _wanted(f)]
    ordered = sorted(fields, key=lambda pair: KINDS.index(pair[1].leadership))
    found, left_out = groups_of(school.table("schools"), school.school_id, peers)
    groups = {name: pd.Index(ids) for name, ids in found.items()}
    rows: list[tuple[Any, ...]] = []
    for table, field in ordered:
        rows += _rows(school, table, field, groups, privacy_k)
    frame = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "leadership", "shown"])
    here = frame[frame["group"] == THIS]
    if not (here["value"].notna() | (here["shown"] == NOT_SHOWN)).any():
        return Missing(SECTION, "the pack holds no figures on this school's spending or staff.")
    return _result(school, frame, left_out, privacy_k)


def _wanted(field: Any) -> bool:
    return field.leadership in KINDS and not field.name.startswith(_PERSONNEL)


def _rows(school: School, table_name: str, field: Any, groups: dict[str, pd.Index], k: int) -> list[tuple[Any, ...]]:
    table = school.table(table_name)
    known = table[table[field.name].notna()]
    own = known.loc[known["school_id"] == school.school_id, "year"]
    year = nearest_year(own if len(own) else known["year"].unique(), school.year)
    if year is None:
        return []
    values = by_school(known, year)[field.name].astype(float)
    widest: Any = max(groups.values(), key=len, default=[])
    if not len(own) and values.reindex(widest).notna().sum() < COMMON * len(widest):
        return []
    name = field.title if year == school.year else f"{field.title} ({school_year(year)})"
    people = _people(school, table_name, field, year)
    coded, shown = _protected(values, people, field.unit, k, school.school_id)
    of_teachers = field.unit == "pct" and people is not None and not field.title.startswith("Pupils")
    same = (field.unit, field.leadership)
    own_value = float(coded.get(school.school_id, np.nan))
    rows: list[tuple[Any, ...]] = [(name, THIS, own_value, np.nan, np.nan, 1, *same, shown)]
    for group, ids in groups.items():
        if of_teachers and people is not None and people.notna().any():
            rows.append((name, group, *_together(values.reindex(ids), people.reindex(ids), k), *same, ""))
        else:
            found = middle(coded.reindex(ids))
            rows.append((name, group, *found, *same, _limits(*found[:3]) if of_teachers else ""))
    return rows


def _people(school: School, table: str, field: Any, year: int) -> pd.Series | None:
    """Give how many pupils or teachers stand behind a share or a mean at each school; None for other figures."""
    if table != "staff_years" or not (field.unit == "pct" or field.name.startswith("teacher_")):
        return None
    if field.title.startswith("Pupils"):
        size = next((f.name for f in school.fields("school_years") if f.role == "size"), None)
        return _sizes(school, "school_years", size, year)
    posts = "teachers_fte" if "teachers_fte" in {f.name for f in school.fields(table)} else None
    return _sizes(school, table, posts, year)


def _sizes(school: School, table: str, field: str | None, year: int) -> pd.Series:
    if field is None or not school.has(table):
        return pd.Series(dtype=float)
    return by_school(school.table(table), year)[field].astype(float)


def _protected(values: pd.Series, people: pd.Series | None, unit: str, k: int, school_id: str) -> tuple[pd.Series, str]:
    """Give the values that may be worked on, and the text of this school's value where it may not be shown exactly."""
    own = float(values.get(school_id, np.nan))
    if people is None:
        return values, ""
    n = people.reindex(values.index)
    behind = float(n.get(school_id, np.nan))
    if unit == "pct":
        coded = pd.Series(code_shares(values, n, k), index=values.index)
        return coded, share_text(own, behind, k) if np.isfinite(own) else ""
    return values.mask(small(n, k)), NOT_SHOWN if np.isfinite(own) and small(behind, k) else ""


def _limits(value: float, low: float, high: float) -> str:
    """Write a median and its quartiles where one of them is a coded share of an unknown number of teachers."""
    texts = [share_text(v, np.nan) for v in (value, low, high)]
    return f"{texts[0]} ({texts[1]} to {texts[2]})" if any(t.startswith(("under", "over")) for t in texts) else ""


def _together(values: pd.Series, teachers: pd.Series, k: int) -> tuple[float, float, float, int]:
    """Give the share of all teachers of a group's schools, coded by their number; no quartiles, and the schools."""
    both = pd.DataFrame({"pct": values, "n": teachers}).dropna()
    whole = float(both["n"].sum())
    if len(both) < LEAST or not whole > 0:
        return np.nan, np.nan, np.nan, len(both)
    share = float((both["pct"] * both["n"]).sum()) / whole
    return float(code_shares([share], [whole], k)[0]), np.nan, np.nan, len(both)


def _result(school: School, table: pd.DataFrame, left_out: tuple[str, ...], k: int) -> Result:
    pooled = ((table["group"] != THIS) & table["value"].notna() & table["low"].isna()).any()
    here = table[table["group"] == THIS]
    gone = here.loc[here["value"].isna() & (here["shown"] == ""), "measure"].tolist()
    text = []
    if gone:
        text.append(f"A dash stands where this school reports no figure: {'; '.join(lower_first(m) for m in gone)}.")
    if here["shown"].str.startswith(("under", "over", NOT_SHOWN)).any():
        text.append(
            f"A share behind which stand fewer than {k} teachers or pupils, or all but fewer than {k}, is given as"
            " under or over a limit."
        )
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
        note="Groups: the median school, in brackets the middle half of the schools. This school is not in its groups."
        + (" A share without brackets is that of all teachers of the group together." if pooled else ""),
        wide=True,
    )
