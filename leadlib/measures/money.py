"""Where a school's money goes, beside similar schools; what it planned and spent; and what a sum would come to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures import taxonomy
from leadlib.measures.groups import SIMILAR, THIS, groups_of, middle, peers_may_be_missing
from leadlib.measures.money_change import change
from leadlib.measures.money_lottery import granted, lottery
from leadlib.measures.money_panel import against, main_outcome, panel
from leadlib.measures.money_people import buys, salaries
from leadlib.measures.spending import ALL, CENTRAL, By, Published, label, no_lines, per_pupil, published
from leadlib.numbers import lower_first, phrase, school_year, show
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

__all__ = [
    "Published",
    "against",
    "buys",
    "change",
    "functions",
    "granted",
    "lottery",
    "main_outcome",
    "panel",
    "planned",
    "published",
    "salaries",
    "sources",
]


@peers_may_be_missing
@passes_missing
def functions(school: School, peers: Peers | Missing | None, *, by: By = "function") -> Result | Missing:
    """See what a school's current spending goes to, per pupil and as a share, beside similar schools.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them the schools of its district stand there, or of its level.
    by : str
        `function`: what the money is for (F-33); `object`: what it buys, such as salaries.

    Returns
    -------
    Result or Missing
        Table: one row a line and group, the last line being all current spending. `value` is dollars per pupil of the
        year, not adjusted for prices; `share` its percent of all; `kind` is instructional, administrative, shared or
        neither (for objects empty). For groups `value` and `share` are medians, so that shares need not add up to 100;
        `low` and `high` are the quartiles of the dollars and `n` the schools. Missing where the pack has no lines or no
        pupils for this school.

    Notes
    -----
    Current spending as in the School District Finance Survey (F-33): capital outlay, interest on debt and programs
    outside elementary and secondary education are left out. A district's own lines are shared out by pupils, the same
    dollars for each pupil of the district, and are marked so. Where the school has no lines for its year, the nearest
    year it has is used and named.
    """
    spent = per_pupil(school, by)
    if isinstance(spent, Missing):
        return spent
    groups, left_out = _beside(school, peers)
    rows: list[tuple[Any, ...]] = []
    shares = 100 * spent.div(spent[ALL], axis=0)
    for line in spent.columns[spent.loc[school.school_id].notna()]:
        rows += _rows(line, spent[line], shares[line], school.school_id, groups)
    frame = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "share", "shown"])
    kinds = {label(key): kind for key, kind in taxonomy.kinds("dollars").items()}
    frame["kind"] = frame["measure"].str.removesuffix(CENTRAL).map(kinds).fillna("")
    return _mix(school, frame, int(spent.attrs["year"]), by, left_out)


def _beside(school: School, peers: Any) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Give the similar schools, or else the first other group there is."""
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    chosen = SIMILAR if SIMILAR in groups else next(iter(groups), "")
    said = tuple(t for t in left_out if "similar" in t)
    return {name: ids for name, ids in groups.items() if name == chosen}, said


def _rows(
    line: str, dollars: pd.Series, shares: pd.Series, school_id: str, groups: dict[str, list[str]]
) -> list[tuple[Any, ...]]:
    own, share = float(dollars[school_id]), float(shares[school_id])
    rows: list[tuple[Any, ...]] = [(line, THIS, own, np.nan, np.nan, 1, "usd", share, _cell(own, share))]
    for name, ids in groups.items():
        value, low, high, n = middle(dollars.reindex(ids))
        part = middle(shares.reindex(ids))[0]
        rows.append((line, name, value, low, high, n, "usd", part, _cell(value, part)))
    return rows


def _cell(dollars: float, share: float) -> str:
    return show(dollars, "usd") if not share < 100 else f"{show(dollars, 'usd')} ({show(share, 'pct')})"


def _mix(school: School, frame: pd.DataFrame, year: int, by: By, left_out: tuple[str, ...]) -> Result:
    here = frame[frame["group"] == THIS].set_index("measure")
    central = here.index[here.index.str.endswith(CENTRAL)]
    told = [f"Current spending comes to {phrase(here.loc[ALL, 'value'], 'usd')} a pupil."]
    if len(central):
        told.append(
            f"Of that, {phrase(here.loc[central, 'value'].sum(), 'usd')} a pupil is the district's own spending, shared"
            " out evenly over all its pupils; the school does not decide on it."
        )
    if year != school.year:
        told.append(f"The figures are those of {school_year(year)}, the nearest year the pack has.")
    what = "is for" if by == "function" else "buys"
    return Result(
        id=f"money-{by}s",
        title=f"What the money {what}, dollars a pupil and share of the whole, {school_year(year)}",
        table=frame,
        text=" ".join(told),
        limits=(
            *left_out,
            "What a line is called does not say what it bought: a good aide and a poor one cost the same.",
            "How a district books its spending differs; a coach can stand under instruction or under support.",
        ),
        note="Groups: the median school, line by line, so that their lines need not add up.",
        wide=True,
    )


@passes_missing
def planned(school: School) -> Result | Missing:
    """See where a school spent more or less than it had planned.

    Parameters
    ----------
    school : School
        The school.

    Returns
    -------
    Result or Missing
        Table: for each function of the school's own lines, and for all, the dollars planned, spent, and spent minus
        planned; `share` is that difference in percent of what was planned. Missing where the pack has no lines or no
        plan for this school in its year.
    """
    section = "The section on what was planned and spent"
    if not school.has("budget_lines"):
        return Missing(section, no_lines(school))
    lines = school.table("budget_lines")
    own = lines[(lines["school_id"] == school.school_id) & (lines["year"] == school.year)]
    own = own.dropna(subset=["spend_usd", "budgeted_usd"])
    if own.empty:
        return Missing(section, f"the pack has no plan for this school in {school_year(school.year)}.")
    order = [line.key for line in taxonomy.lines("dollars") if line.key in set(own["function"])]
    sums = own.groupby("function")[["budgeted_usd", "spend_usd"]].sum().reindex(order).rename(index=label)
    sums.loc["All lines of the school"] = sums.sum()
    rows: list[tuple[Any, ...]] = []
    for line, (plan, spent) in zip(sums.index, sums.to_numpy(float), strict=True):
        part = 100 * (spent - plan) / plan if plan else np.nan
        moved = show(spent - plan, "usd", sign=True) + (f" ({show(part, 'pct', sign=True)})" if plan else "")
        for group, value, shown in zip(_PLANNED, (plan, spent, spent - plan), ("", "", moved), strict=True):
            rows.append((line, group, value, np.nan, np.nan, 1, "usd", part, shown))
    return Result(
        id="money-planned",
        title=f"Planned and spent, {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "share", "shown"]),
        text="A line over its plan is a question and no fault: a teacher on leave, a cold winter and a late bill all"
        " show up here.",
        limits=("What was planned is the plan as the source has it; plans are often changed during a year.",),
        wide=True,
    )


_PLANNED = ("Planned", "Spent", "Spent minus planned")


_SOURCES = (
    "foundation_grant_usd",
    "spend_state_local_per_pupil_usd",
    "spend_federal_per_pupil_usd",
    "spend_per_pupil_usd",
    "spend_per_pupil_real_usd",
)


@passes_missing
def sources(school: School) -> Result | Missing:
    """See where a school's money comes from and what it spends for each pupil, year by year.

    Parameters
    ----------
    school : School
        The school; years after its own are left out.

    Returns
    -------
    Result or Missing
        Table: `measure` is the school year, `group` the figure by its title in the pack's dictionary: the state's
        grant, state and local money, federal money, spending, and spending at constant prices, as far as the pack has
        them; dollars per pupil. Missing where the pack has none of them for this school.
    """
    section = "The section on where the money comes from"
    if not school.has("budget"):
        return Missing(section, "this pack holds no figures on money.")
    table = school.table("budget")
    own = table[(table["school_id"] == school.school_id) & (table["year"] <= school.year)].sort_values("year")
    fields = {f.name: f for f in school.fields("budget") if f.name in own and own[f.name].notna().any()}
    named = [fields[name] for name in _SOURCES if name in fields]
    if not named:
        return Missing(section, "the pack holds no figures on this school's money.")
    rows = [
        (school_year(row["year"]), f.title, float(row[f.name]), np.nan, np.nan, 1, "usd")
        for row in own.to_dict("records")
        for f in named
    ]
    gaps = ["A dash is a year without a figure."] if own[[f.name for f in named]].isna().any(axis=None) else []
    said = [_first_sentence(f.description) for f in named if f.name == "foundation_grant_usd"]
    return Result(
        id="money-sources",
        title="Where the money comes from and what is spent, dollars a pupil",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=" ".join([*gaps, *(f"The state's grant is {lower_first(s)}" for s in said)]),
        limits=("What the state grants is not what the school spends: the district decides in between.",),
        wide=True,
    )


def _first_sentence(description: str) -> str:
    """Give what a field means, without what the dictionary adds on its source."""
    return re.sub(r" \(source: [^)]*\)", "", description).split(". ")[0].rstrip(".") + "."
