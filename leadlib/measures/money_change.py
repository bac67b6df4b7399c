"""Why a school's spending changed: more or fewer pupils, more or fewer dollars for each, and what they were for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.measures import taxonomy
from leadlib.measures.spending import OBJECTS, current_lines, enrolled, label, no_lines
from leadlib.numbers import lower_first, phrase, school_year, show, significant
from leadlib.privacy import K, small
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The section on how spending changed"
WHOLE, PUPILS, DOLLARS = "The whole change", "More or fewer pupils", "More or fewer dollars a pupil"
PART = {"pupils": "Pupils and dollars a pupil", "function": "What it is for", "object": "What it buys"}
REAL, NOMINAL = "spend_per_pupil_real_usd", "spend_per_pupil_usd"


@dataclass(frozen=True, repr=False)
class Change(Result):
    """A change in spending, split in several ways; its block has one table a way, then the sentences."""

    def block(self) -> Block:
        """Give one table a way of splitting, then the sentences."""
        ways = list(dict.fromkeys(self.table["group"]))
        return Stack((*(self._table(way) for way in ways), Prose((self.text,))))

    def _table(self, way: str) -> Table:
        rows = self.table[self.table["group"] == way].to_dict("records")
        columns = (Column("part", way, "left"), Column("value", "Change"))
        cells = tuple((r["measure"], r["shown"]) for r in rows)
        values = tuple((r["measure"], significant(r["value"])) for r in rows)
        key = next(k for k, v in PART.items() if v == way)
        title = f"{self.title}: {lower_first(way)}"
        return Table(f"{self.id}-{key}", title, columns, cells, values, self.note, (len(rows) - 1,))


@passes_missing
def change(school: School, *, since: int | None = None, privacy_k: int = K) -> Result | Missing:
    """See how much of the change in a school's spending goes with pupils and how much with dollars for each pupil.

    Parameters
    ----------
    school : School
        The school; its year is the later one.
    since : int, optional
        The fall of the earlier school year; the first year the pack knows, where it is left out.
    privacy_k : int
        The fewest pupils whose number is shown.

    Returns
    -------
    Result or Missing
        Table: `value` in dollars of the whole school; `group` says in which way the change is split: by pupils and
        dollars a pupil, by function, by object. Each way adds up to the whole change exactly. `share` is the percent of
        the earlier year's spending. `frame` has a row for each of the two years: year, pupils, per_pupil, spend.
        Missing where the pack lacks money or pupils of this school in its year, or has no earlier year.

    Notes
    -----
    With pupils P and dollars a pupil D, spending is PD, and its change (P2 - P1)(D1 + D2)/2 + (D2 - D1)(P1 + P2)/2:
    each factor moves with the other at its middle, so that neither gets the part that belongs to both (Kitagawa, E. M.
    (1955), Journal of the American Statistical Association 50, 1168-1194). Dollars are at constant prices where the
    pack has them, else of the year.
    """
    years = _years(school)
    if isinstance(years, Missing):
        return years
    if school.year not in years.index:
        return Missing(SECTION, f"spending or pupils of {school_year(school.year)} are not known for this school.")
    earlier = [int(y) for y in years.index if y < school.year]
    first = earlier[0] if since is None and earlier else since
    if first not in earlier:
        when = "no earlier year" if since is None else f"no figures of {school_year(since)} before this year"
        return Missing(SECTION, f"the pack has {when} for this school.")
    then, now = years.loc[first], years.loc[school.year]
    if small(min(then["pupils"], now["pupils"]), privacy_k):
        return Missing(SECTION, f"in one of the two years the school had fewer than {privacy_k} pupils.")
    rows = _factors(then, now)
    lined = school.has("budget_lines")
    if lined:
        rows += [r for by in ("function", "object") for r in _lines(school, first, by)]
    frame = pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
    frame["share"] = 100 * frame["value"] / then["spend"]
    frame["shown"] = [_cell(v, s) for v, s in zip(frame["value"], frame["share"], strict=True)]
    both = years.loc[[first, school.year]].reset_index()
    return _result(school, frame, both, first, real=bool(years.attrs["real"]), lined=lined)


def _cell(value: float, share: float) -> str:
    return f"{show(value, 'usd', sign=True)} ({show(share, 'pct', sign=True)})"


def _years(school: School) -> pd.DataFrame | Missing:
    """Give pupils, per_pupil and spend of this school by year, where both are known."""
    if not school.has("budget") or not school.has("school_years"):
        return Missing(SECTION, "this pack holds no figures on money." if not school.has("budget") else _NO_PUPILS)
    table = school.table("budget")
    field = REAL if REAL in table and table[REAL].notna().any() else NOMINAL
    columns = ["school_id", "year", field, "spend_usd"]
    both = table.reindex(columns=columns).merge(enrolled(school), on=["school_id", "year"])
    own = both[(both["school_id"] == school.school_id) & both[field].notna()].sort_values("year")
    if own.empty:
        return Missing(SECTION, "the pack holds no spending, or no count of pupils, for this school.")
    frame = own.set_index("year")[["pupils", field, "spend_usd"]].astype(float)
    frame["spend"] = frame["pupils"] * frame[field]
    if field == NOMINAL:  # a total, where there is one, is exact; dollars a pupil are rounded
        frame["spend"] = frame["spend_usd"].fillna(frame["spend"])
    frame["per_pupil"] = frame["spend"] / frame["pupils"]
    frame = frame[["pupils", "per_pupil", "spend"]]
    frame.attrs["real"] = field == REAL
    return frame


_NO_PUPILS = "this pack does not say how many pupils a school has."


def _factors(then: pd.Series, now: pd.Series) -> list[tuple[Any, ...]]:
    pupils = (now["pupils"] - then["pupils"]) * (then["per_pupil"] + now["per_pupil"]) / 2
    dollars = (now["per_pupil"] - then["per_pupil"]) * (then["pupils"] + now["pupils"]) / 2
    return _tuples({PUPILS: pupils, DOLLARS: dollars, WHOLE: pupils + dollars}, PART["pupils"])


def _tuples(parts: dict[str, float], group: str) -> list[tuple[Any, ...]]:
    return [(name, group, float(value), np.nan, np.nan, 1, "usd") for name, value in parts.items()]


def _lines(school: School, first: int, by: str) -> list[tuple[Any, ...]]:
    """Give the change of each of the school's own lines, and their sum."""
    lines = current_lines(school)
    own = lines[(lines["school_id"] == school.school_id) & lines["year"].isin([first, school.year])]
    sums = own.pivot_table(index=by, columns="year", values="spend_usd", aggfunc="sum")
    sums = sums.reindex(columns=[first, school.year])
    order = [line.key for line in taxonomy.lines("dollars")] if by == "function" else list(OBJECTS)
    if not sums.notna().any().all():
        return []
    moved = (sums[school.year].fillna(0) - sums[first].fillna(0)).reindex([k for k in order if k in sums.index])
    return _tuples({label(str(k)): float(v) for k, v in moved.items()} | {WHOLE: float(moved.sum())}, PART[by])


def _result(school: School, table: pd.DataFrame, years: pd.DataFrame, first: int, *, real: bool, lined: bool) -> Result:
    then, now = years.iloc[0], years.iloc[1]
    told = (
        f"From {school_year(first)} to {school_year(school.year)} the school went from"
        f" {phrase(then['pupils'], 'pupils')} at {show(then['per_pupil'], 'usd')} each to"
        f" {phrase(now['pupils'], 'pupils')} at {show(now['per_pupil'], 'usd')} each."
    )
    prices = (
        "Dollars are at constant prices."
        if real
        else "Dollars are those of each year: a part of the change is prices, and the pack does not say how large."
    )
    limits = ["A change is described, not explained: who decided it, and what for, is not in the budget."]
    if not lined:
        limits.append(f"By function: {no_lines(school)}")
    return Change(
        id="money-change",
        title=f"How spending changed, {school_year(first)} to {school_year(school.year)}",
        table=table,
        text=f"{told} {prices}",
        limits=tuple(limits),
        note="In brackets: percent of what the school spent in the earlier year. Each way of splitting adds up to the"
        " whole.",
        frame=years,
    )
