"""What the schools have that the average pupil of each of two groups attends: staff, money, results of all pupils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.equity_pairs import pair_of
from leadlib.measures.groups import LEAST, by_school, nearest_year, numeric_fields
from leadlib.measures.needs import needs
from leadlib.measures.outcomes import panel as of_all
from leadlib.numbers import difference_unit, phrase, school_year
from leadlib.privacy import K
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The school of the average pupil"
SHARES = {
    "money": ("free_or_reduced_price_lunch_pct", "free_lunch_pct"),
    "language": ("english_language_learners_pct",),
    "disability": ("students_with_disabilities_pct",),
}
"""Columns of `school_years` that count the first group of a pair."""
FIGURES = {
    "staff_years": (
        "first_year_teachers_pct",
        "teacher_experience_years",
        "pupils_per_teacher",
        "full_credential_pct",
        "teachers_left_pct",
    ),
    "budget": ("spend_per_pupil_usd",),
}


@passes_missing
def exposure(school: School, *, measure: str = "", pair: str = "money", k: int = K) -> Result | Missing:
    """See at what kind of school the average pupil of each group is: its results, its teachers, its money.

    All schools of this school's district and level count, or, where they are fewer than three, all of its level in the
    pack. Nothing here says how a school serves either group: both are given the figure of the whole school.

    Parameters
    ----------
    school : School
        The school.
    measure : str
        The outcome that stands first and is told; the others follow.
    pair : str
        "money", "language" or "disability".
    k : int
        The fewest pupils that may be seen in a share.

    Returns
    -------
    Result or Missing
        Table: one row a figure and group: `value` is the mean over pupils of the group, `n` the schools with a figure;
        the rows of the group "Difference" are the first group minus the other. Missing where the pack does not say
        which pupils attend which school.

    Missing data
        A school without share, size or figure is left out of that figure.

    Notes
    -----
    Mean of x over pupils of a group: sum n p x / sum n p, for the others with 1 - p; n pupils enrolled, p the group's
    share, coded for privacy. For a result of all pupils the difference is what would be left of the district's gap if,
    in each school, both groups had reached the mean of all: the exposure of one group to x (Lieberson 1981) as used in
    studies of segregation and achievement.
    """
    two, columns = pair_of(pair), SHARES.get(pair, ())
    known = needs(school, school.year, k)
    if isinstance(known, Missing):
        return Missing(SECTION, known.reason)
    column = next((c for c in columns if c in known.fields), None)
    if column is None:
        return Missing(SECTION, f"the pack does not say how many {two.who} each school has.")
    frame = known.frame
    frame = frame[frame["school_level"] == school.level] if school.level and "school_level" in frame else frame
    own = frame[frame["leaid"] == school.row.get("leaid")] if "leaid" in frame else frame
    usable = [part[part[column].notna() & part["size"].notna()] for part in (own, frame)]
    here, where = (usable[0], "its district and level") if len(usable[0]) >= LEAST else (usable[1], "its level")
    rows = [r for about in _figures(school, measure, k) for r in _rows(about, here, column, two)]
    if not rows:
        return Missing(SECTION, "no figure of the schools is known beside who attends them.")
    return _result(pd.DataFrame(rows, columns=list(RESULT_COLUMNS)), two, where, known.year, school)


def _figures(school: School, first: str, k: int) -> list[tuple[str, str, pd.Series]]:
    """Give label, unit and values by school of what schools have and what all their pupils reached."""
    found: list[tuple[str, str, pd.Series]] = []
    every: Any = of_all(school, k=k)
    if not isinstance(every, Missing):
        named = dict(list(every[every["year"] == school.year].groupby("measure", sort=True)))
        for name in sorted(named, key=lambda m: (not (first and m.startswith(first)), m)):
            part = named[name]
            label, unit = str(part["label"].iloc[0]), str(part["unit"].iloc[0])
            found.append((f"{label}, all pupils", unit, part.set_index("school_id")["value"].astype(float)))
    for table, wanted in FIGURES.items():
        fields = {f.name: f for f in numeric_fields(school, table)} if school.has(table) else {}
        for name in wanted:
            if name in fields:
                rows = school.table(table)
                year = nearest_year(rows.loc[rows[name].notna(), "year"], school.year)
                if year is not None:
                    values = by_school(rows, year)[name].astype(float)
                    when = "" if year == school.year else f", {school_year(year)}"
                    found.append((fields[name].title + when, str(fields[name].unit), values))
    return found


def _rows(about: tuple[str, str, pd.Series], here: pd.DataFrame, column: str, two: Any) -> list[tuple[Any, ...]]:
    label, unit, values = about
    x = values.reindex(here.index)
    known = x.notna()
    share, size, x = here.loc[known, column] / 100, here.loc[known, "size"], x[known]
    if known.sum() < LEAST or not (size * share).sum() > 0 or not (size * (1 - share)).sum() > 0:
        return []
    means = [float(np.average(x, weights=size * p)) for p in (share, 1 - share)]
    n = int(known.sum())
    lines = [(label, name, m, np.nan, np.nan, n, unit) for name, m in zip((two.who, two.whom), means, strict=True)]
    return [*lines, (label, "Difference", means[0] - means[1], np.nan, np.nan, n, difference_unit(unit))]


def _result(table: pd.DataFrame, two: Any, where: str, year: int, school: School) -> Result:
    first = table[table["group"] == "Difference"].iloc[0]
    side = "lower" if first["value"] < 0 else "higher"
    when = "" if year == school.year else f" Who attends which school is that of {school_year(year)}."
    named = table.assign(group=table["group"].map(lambda g: f"{g[:1].upper()}{g[1:]}"))
    apart = phrase(abs(first["value"]), first["unit"])
    return Result(
        id="exposure",
        title="The school of the average pupil of each group",
        table=named,
        text=(
            f"{first['measure']}: the school that the average pupil among {two.who} attends is {apart} {side} than that"
            f" of the average pupil among {two.whom}, over the {first['n']:,} schools of {where}. That is about who"
            f" attends which school alone.{when}"
        ),
        claim="compare",
        assumptions=("Both groups are given the figure of their whole school.",),
        limits=("It does not say how a school serves either group, nor why a school has what it has.",),
        note=f"Mean over the pupils of each group, schools of {where}.",
        wide=True,
    )
