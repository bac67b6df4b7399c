"""Spending as the measures of money read it: current lines, dollars per pupil, and what research found."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from leadlib.measures import taxonomy
from leadlib.measures.groups import nearest_year
from leadlib.results import Missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The section on what the money goes to"
ALL = "All current spending"
CENTRAL = " (district)"
"""Stands behind the label of a line that the district spends for all its schools."""
INSTRUCTION = "exp_current_instruction_total"
OBJECTS = {"salaries": "Salaries", "benefits": "Benefits", "purchased services": "Purchased services"} | {
    "supplies": "Supplies", "equipment": "Equipment", "other": "Other", "all": "Not split by the source",
}  # fmt: skip
By = Literal["function", "object"]


def label(key: str) -> str:
    """Give the readers' label of a function or an object; the key itself where there is none."""
    return taxonomy.labels("dollars").get(key) or OBJECTS.get(key, key)


def per_pupil(school: School, by: By = "function") -> pd.DataFrame | Missing:
    """Give every school's current spending by line, in dollars per pupil of one year.

    One row a school, by its id; one column a line, in the order of the taxonomy, district lines marked; the last is all
    together. `attrs["year"]` is the year.
    """
    if not (school.has("budget_lines") and school.has("school_years")):
        return Missing(SECTION, no_lines(school))
    lines, pupils = current_lines(school), enrolled(school)
    own = lines[lines["school_id"].notna()]
    both = own.merge(pupils, on=["school_id", "year"])
    year = nearest_year(both.loc[both["school_id"] == school.school_id, "year"].unique(), school.year)
    if year is None:
        return Missing(SECTION, "the pack has no budget lines, or no count of pupils, for this school.")
    wide = _wide(both[both["year"] == year], by, list(pupils.loc[pupils["year"] == year, "school_id"]))
    shared = _shared(school, lines[lines["school_id"].isna() & (lines["year"] == year)], pupils, year, by)
    found = wide.join(shared) if len(shared.columns) else wide
    found = found[found.notna().any(axis=1)]
    found[ALL] = found.sum(axis=1)
    found.attrs["year"] = year
    return found


def no_lines(school: School) -> str:
    """Say why there is no spending by function."""
    if school.has("budget"):
        return "this pack gives a school's spending as one total and does not say what it was for."
    return "this pack holds no figures on money."


def current_lines(school: School) -> pd.DataFrame:
    """Give the budget lines that are current spending."""
    lines = school.table("budget_lines")
    outside = [line.key for line in taxonomy.lines("dollars") if line.group == "not current"]
    return lines[~lines["function"].isin(outside)]


def enrolled(school: School) -> pd.DataFrame:
    """Give the pupils of every school and year: school_id, year, pupils (more than zero)."""
    name = next((f.name for f in school.fields("school_years") if f.role == "size"), "enrollment")
    table = school.table("school_years").reindex(columns=["school_id", "year", name])
    table = table.rename(columns={name: "pupils"}).drop_duplicates(["school_id", "year"])
    return table[table["pupils"].astype(float) > 0].assign(pupils=lambda f: f["pupils"].astype(float))


def _wide(lines: pd.DataFrame, by: By, ids: list[str]) -> pd.DataFrame:
    order = [line.key for line in taxonomy.lines("dollars")] if by == "function" else list(OBJECTS)
    sums = lines.pivot_table(index="school_id", columns=by, values="spend_usd", aggfunc="sum")
    wide = sums.reindex(columns=[key for key in order if key in sums]).reindex(ids)
    pupils = lines.drop_duplicates("school_id").set_index("school_id")["pupils"]
    return wide.div(pupils.reindex(ids), axis=0).rename(columns=label)


def _shared(school: School, lines: pd.DataFrame, pupils: pd.DataFrame, year: int, by: By) -> pd.DataFrame:
    """Give a district's own lines in dollars per pupil of the district, for each of its schools."""
    about = school.table("schools").drop_duplicates("school_id").set_index("school_id")
    here = pupils[pupils["year"] == year].set_index("school_id")["pupils"]
    lea = about["leaid"].reindex(here.index) if "leaid" in about else pd.Series(dtype=object)
    if lines.empty or lea.empty:
        return pd.DataFrame(index=here.index)
    order = [line.key for line in taxonomy.lines("dollars")] if by == "function" else list(OBJECTS)
    sums = lines.pivot_table(index="leaid", columns=by, values="spend_usd", aggfunc="sum")
    sums = sums.div(here.groupby(lea).sum(), axis=0)
    wide = sums.reindex(columns=[key for key in order if key in sums]).reindex(lea.to_numpy())
    wide.index = here.index
    return wide.rename(columns=lambda key: label(key) + CENTRAL)


@dataclass(frozen=True)
class Published:
    """A published average effect of money, with how far places differ from it.

    `value` is the average for `dollars` more per pupil in each of `years` years, in `unit`. `range_pct` percent of all
    places lie between `low` and `high`.
    """

    what: str
    dollars: float
    years: int
    unit: str
    value: float
    low: float
    high: float
    range_pct: float
    source: str
    verified: bool
    cautions: tuple[str, ...]


@functools.cache
def published() -> Published:
    """See what research on school spending found on average, and how far places differ from that average.

    Returns
    -------
    Published
        Test scores in standard deviations of pupils for $1,000 more per pupil in each of four years (Jackson and
        Mackevicius 2023), with the range that holds nine places in ten.
    """
    found: dict[str, Any] = json.loads((taxonomy.PUBLISHED / "spending.json").read_text(encoding="utf-8"))
    spread, cautions = found.pop("spread"), tuple(found.pop("cautions"))
    about = {name: spread[name] for name in ("low", "high", "range_pct")}
    return Published(**found, **about, cautions=cautions)
