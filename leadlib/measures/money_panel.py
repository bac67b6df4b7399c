"""Spending beside what pupils score: by thirds of schools, and over the years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from leadlib.errors import nearest, refuse
from leadlib.measures import outcomes, programs
from leadlib.measures.groups import THIS, middle
from leadlib.measures.money_change import NOMINAL, REAL
from leadlib.measures.needs import needs
from leadlib.measures.spending import ALL, CENTRAL, INSTRUCTION, label, per_pupil, published
from leadlib.numbers import UNITS, difference_unit, lower_first, school_year
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The section on spending and results"
SPENDING = "spending"
BY: dict[str, str] = {"spending": "spending per pupil", "instruction": "share of spending that goes to instruction"}
THIRDS = ("Lowest third", "Middle third", "Highest third")
WITHIN = "The comparison of schools with themselves"
LEAST_YEARS = 2
LEAST = 15
"""Fewer schools than this are not parted into thirds."""
By = Literal["spending", "instruction"]


def main_outcome(school: School) -> str:
    """Name the outcome that is looked at where none is named: mathematics if there is one, else the pack's first."""
    table = school.table("measures")
    subject = table["subject"] if "subject" in table else pd.Series("", index=table.index)
    maths = (subject == "mathematics") | table["measure"].str.startswith("math")
    chosen = table[maths] if maths.any() else table
    return str(chosen["measure"].iloc[0])


@passes_missing
def panel(school: School, *, outcome: str = "") -> pd.DataFrame | Missing:
    """Put every school's spending and one outcome side by side, year by year, for `designs.money_slope`.

    One row a school and year with both, sorted.

    Parameters
    ----------
    school : School
        The school; years after its own are left out: nobody knew them.
    outcome : str
        A measure of the pack; mathematics where it is left out, or else the pack's first.

    Returns
    -------
    DataFrame or Missing
        school_id, year, leaid, school_level, a column named like the outcome, size (pupils behind it), `spending`
        (thousands of dollars per pupil, the mean of the year and the three before; years without all four are left
        out), and the needs of the school (percent). `attrs` as those of `measures.programs.panel`. Missing where the
        pack has no spending or outcomes, or fewer than two such years: then no school can be set beside itself.

    Notes
    -----
    Four years, because the published effect is that of four years. Dollars are at constant prices where the pack has
    them. Scores whose spread between pupils is known are in standard deviations of the pupils of their year.

    Raises
    ------
    InputError
        If the pack has no such outcome.
    """
    spent = _spending(school)
    found = spent if isinstance(spent, Missing) else results(school, outcome)
    if isinstance(spent, Missing) or isinstance(found, Missing):
        return found
    years = published().years
    before = [spent.assign(year=spent["year"] + back) for back in range(years)]
    mean = pd.concat(before).groupby(["school_id", "year"])["dollars"].agg(["mean", "count"])
    whole = mean.loc[mean["count"] == years, "mean"].rename(SPENDING) / 1000
    frame = found.merge(whole.reset_index(), on=["school_id", "year"], how="inner")
    if frame["year"].nunique() < LEAST_YEARS:
        known = "no year" if frame.empty else "one year alone"
        return Missing(WITHIN, f"{known} so far has outcomes and the spending of {years} years up to it.")
    return in_order(frame, {**found.attrs, "of": SPENDING})


def in_order(frame: pd.DataFrame, attrs: Any) -> pd.DataFrame:
    """Sort rows by school and year, and tell what is known of the outcome."""
    frame = frame.sort_values(["school_id", "year"]).reset_index(drop=True)
    frame.attrs = dict(attrs)
    return frame


def _spending(school: School) -> pd.DataFrame | Missing:
    """Give school_id, year, dollars (per pupil; at constant prices where known) of all schools."""
    table = school.table("budget") if school.has("budget") else pd.DataFrame()
    field = next((f for f in (REAL, NOMINAL) if f in table and table[f].notna().any()), None)
    if field is None:
        return Missing(SECTION, "this pack holds no figures on money.")
    found = table[["school_id", "year", field]].rename(columns={field: "dollars"}).dropna()
    return found.drop_duplicates(["school_id", "year"])


def results(school: School, outcome: str) -> pd.DataFrame | Missing:
    """Give one outcome of all schools with their needs, in SD of pupils where that is known."""
    every = outcomes.panel(school)
    if isinstance(every, Missing):
        return Missing(SECTION, every.reason)
    name = outcome or main_outcome(school)
    rows = every[every["measure"] == name]
    if rows.empty:
        raise refuse(f"outcome {name!r}", "is no measure of this pack", nearest(name, every["measure"].unique()))
    rows = rows[rows["year"] <= school.year]
    keep = rows[["school_id", "year", "leaid", "school_level", "value", "sd", "size"]]
    unit, title = str(rows["unit"].iloc[0]), str(rows["label"].iloc[0])
    scaled = unit != "pct" and rows["sd"].notna().mean() > 0.5
    values = programs._in_pupil_sd(keep) if scaled else keep.drop(columns="sd")
    frame = values.dropna(subset=["value"]).rename(columns={"value": name})
    frame = frame.merge(_needs(school), on=["school_id", "year"], how="left")
    frame.attrs = {
        "outcome": name,
        "label": title,
        "unit": "sd" if scaled else difference_unit(unit),
        "sd": 1.0 if scaled else float("nan"),
        "note": programs._SCALED if scaled else "",
    }
    return frame


def _needs(school: School) -> pd.DataFrame:
    """Give the need of each school and year (percent), named by its title."""
    if not school.has("school_years"):
        return pd.DataFrame(columns=["school_id", "year"])
    fields = {f.name: f.title for f in school.fields("school_years") if f.role == "need"}
    table = school.table("school_years")[["school_id", "year", *fields]].drop_duplicates(["school_id", "year"])
    return table.rename(columns=fields)


@passes_missing
def against(school: School, *, outcome: str = "", by: By = "spending", need: bool = False) -> Result | Missing:
    """See what schools score that spend little, middling and much, or that put little or much of it into instruction.

    This describes which schools spend what. It is no estimate of what spending does.

    Parameters
    ----------
    school : School
        The school; its year, or the nearest with both figures, is looked at.
    outcome : str
        A measure of the pack; mathematics where it is left out, or else the pack's first.
    by : str
        What schools are parted by: `spending` (dollars per pupil) or `instruction` (share of current spending).
    need : bool
        Whether whom the schools of each third serve is told beside what they score.

    Returns
    -------
    Result or Missing
        Table: one row a measure and third of the schools: what parts them, the outcome, and with `need` the needs of
        the pupils; `value` is the median school, `low` and `high` the quartiles, `n` the schools. `frame` has a row a
        school: school_id, x (what parts them), value (the outcome), third, here (this school). Missing where there are
        fewer than 15 schools with both figures.

    Raises
    ------
    InputError
        If the pack has no such outcome, or `by` is something else.
    """
    if by not in BY:
        raise refuse(f"by={by!r}", "schools cannot be parted so", nearest(by, BY))
    x = _parted_by(school, by)
    found = x if isinstance(x, Missing) else results(school, outcome)
    if isinstance(x, Missing) or isinstance(found, Missing):
        return found
    frame = found.merge(x, on=["school_id", "year"]).dropna(subset=["x"])
    years = frame.groupby("year")["school_id"].nunique()
    years = years[years >= LEAST]
    if years.empty:
        return Missing(SECTION, f"fewer than {LEAST} schools have both figures in a year.")
    year = int(years.index.max())
    frame = frame[frame["year"] == year].sort_values(["x", "school_id"]).reset_index(drop=True)
    frame["third"] = [THIRDS[3 * k // len(frame)] for k in range(len(frame))]
    return _thirds(school, frame, found.attrs, by, year, need)


def _parted_by(school: School, by: str) -> pd.DataFrame | Missing:
    spent = _spending(school)
    if by == "spending" or isinstance(spent, Missing):
        return spent if isinstance(spent, Missing) else spent.rename(columns={"dollars": "x"})
    lines = per_pupil(school)
    if isinstance(lines, Missing):
        return Missing(SECTION, lines.reason)
    instruction = [c for c in (label(INSTRUCTION), label(INSTRUCTION) + CENTRAL) if c in lines]
    share = 100 * lines[instruction].sum(axis=1) / lines[ALL]
    return pd.DataFrame({"school_id": share.index, "year": int(lines.attrs["year"]), "x": share.to_numpy()})


def _thirds(school: School, frame: pd.DataFrame, about: Any, by: str, year: int, need: bool) -> Result:
    unit = "sd" if about["unit"] == "sd" else {"pct_points": "pct"}.get(about["unit"], about["unit"])
    title = str(about["label"]) + (", against the mean of all pupils" if unit == "sd" else "")
    parted = _name(school) if by == "spending" else BY[by][:1].upper() + BY[by][1:]
    columns = [
        (parted, "x", "usd" if by == "spending" else "pct"),
        (title, about["outcome"], unit),
    ]
    if need and school.has("school_years"):
        coded = needs(school, year)
        titles = {} if isinstance(coded, Missing) else {coded.titles[f]: f for f in coded.fields}
        for name, field in titles.items():
            frame[name] = frame["school_id"].map(coded.frame[field])  # type: ignore[union-attr]
            columns.append((name, name, _unit(school, field)))
    rows: list[tuple[Any, ...]] = []
    for measure, column, of in columns:
        for third in THIRDS:
            value, low, high, n = middle(frame.loc[frame["third"] == third, column])
            rows.append((measure, third, value, low, high, n, of))
    drawn = frame[["school_id", "x", "third"]].assign(
        value=frame[about["outcome"]], here=frame["school_id"] == school.school_id
    )
    drawn.attrs = {"x": columns[0][0], "x_unit": columns[0][2], "y": title, "y_unit": unit, "by": by}
    place = frame.loc[frame["school_id"] == school.school_id, "third"]
    told = (
        f"{THIS} stands in the {lower_first(place.iloc[0])}." if len(place) else f"{THIS} has no figure in this year."
    )
    return Result(
        id=f"money-against-{by}" + ("-need" if need else ""),
        title=f"Schools by {BY[by]}, {school_year(year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=told,
        limits=("Schools that spend much differ from others in more than money; this table does not part the two.",),
        note="The median school of each third, in brackets the middle half. A third is a third of the schools.",
        frame=drawn,
        wide=True,
    )


def _name(school: School) -> str:
    """Give the dictionary's title of the spending that is looked at."""
    spent = {f.name: f.title for f in school.fields("budget")}
    table = school.table("budget")
    field = next(f for f in (REAL, NOMINAL) if f in table and table[f].notna().any())
    return spent.get(field, "Spending per pupil")


def _unit(school: School, field: str) -> str:
    unit = next((f.unit for f in school.fields("school_years") if f.name == field), None)
    return unit if unit in UNITS else "value"
