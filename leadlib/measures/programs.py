"""Programs: which school began what and when, and one frame of outcomes beside it, ready for a design."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import nearest, refuse
from leadlib.measures import outcomes
from leadlib.numbers import UNITS, difference_unit
from leadlib.privacy import K
from leadlib.results import Missing
from leadlib.tables.dictionary import Field
from leadlib.tables.packs import load, package

LOTTERY = ("lottery", "random", "randomized")
BY_RULE = ("by rule", "rule", "cutoff")
ALL = "All"


@dataclass(frozen=True)
class Program:
    """One program of a pack: what it is, what it costs, and where it began when.

    `starts` has one row a school that could have had it: school_id, school_level, first_year (NaN: never). Schools of
    levels at which no school has the program are not among them. `assignment` is how schools came to it, in the pack's
    words; `years` are the years for which the pack knows its schools; `needs` name what it knows of their needs.
    """

    pack: str
    program_id: str
    name: str
    kind: str
    description: str
    cost_per_pupil_usd: float
    starts: pd.DataFrame
    assignment: str
    years: tuple[int, ...]
    needs: tuple[str, ...]
    record_type: str

    @property
    def lottery(self) -> bool:
        """Whether chance decided which school had it."""
        return self.assignment in LOTTERY

    @property
    def by_rule(self) -> bool:
        """Whether a rule on a score decided."""
        return self.assignment in BY_RULE

    @property
    def started(self) -> pd.Series:
        """How many schools began in each year."""
        return self.starts["first_year"].dropna().astype(int).value_counts().sort_index()

    @property
    def never_n(self) -> int:
        """How many schools never had it."""
        return int(self.starts["first_year"].isna().sum())


def program(pack: str | os.PathLike[str], program_id: str) -> Program:
    """See what a program is, whom it reached and when.

    Only the tables that say what there is are read (programs, program_starts, schools, school_years), no outcome: so a
    plan can be frozen on it.

    Raises
    ------
    InputError
        A pack without programs, an unknown program, a program that no school has.
    """
    info = package(pack)
    if not (info.has("programs") and info.has("program_starts")):
        raise refuse(
            f"pack {Path(pack).name}", "has no tables programs and program_starts", "see ll.describe('standard')"
        )
    known = load(f"{pack}/programs")
    row = known[known["program_id"] == program_id]
    if row.empty:
        raise refuse(
            f"program_id {program_id!r}",
            f"is no program of {Path(pack).name}",
            nearest(program_id, known["program_id"]),
        )
    about = row.iloc[0].to_dict()
    starts, assignment = _starts(pack, program_id)
    years = sorted(load(f"{pack}/school_years")["year"].unique()) if info.has("school_years") else []
    cost = about.get("cost_per_pupil_usd")
    return Program(
        str(pack),
        program_id,
        _text(about.get("name")) or program_id,
        _text(about.get("kind")),
        _text(about.get("description")),
        float("nan") if cost is None or pd.isna(cost) else float(cost),
        starts,
        assignment,
        tuple(int(y) for y in years),
        tuple(title for _, title in _need_fields(pack)),
        info.record_type,
    )


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _starts(pack: str | os.PathLike[str], program_id: str) -> tuple[pd.DataFrame, str]:
    """Give school_id, school_level and first_year of the schools that could have had it, and how they came to it."""
    table = load(f"{pack}/program_starts")
    mine = table[table["program_id"] == program_id]
    if not mine["first_year"].notna().any():
        raise refuse(f"program_id {program_id!r}", "was begun by no school", "choose another program")
    schools = load(f"{pack}/schools").reindex(columns=["school_id", "school_level"])
    schools["school_level"] = schools["school_level"].fillna("")
    starts = schools.merge(mine[["school_id", "first_year"]], on="school_id", how="left")
    levels = set(starts.loc[starts["first_year"].notna(), "school_level"])
    starts = starts[starts["school_level"].isin(levels)].sort_values("school_id").reset_index(drop=True)
    ways = sorted(mine.loc[mine["first_year"].notna(), "assignment"].dropna().unique()) if "assignment" in mine else []
    return starts, ways[0] if len(ways) == 1 else ("mixed" if ways else "not recorded")


def panel(made: Program, outcome: str, *, score: str = "", k: int = K) -> pd.DataFrame:
    """Put a program's schools and one outcome side by side, year by year.

    One row a school and year, sorted. Values behind which stand fewer than k pupils are missing, and extreme percents
    are coded, as in every report.

    Parameters
    ----------
    made : Program
        From `program`.
    outcome : str
        A measure of the pack's outcomes (`"math"`), or `"table.column"` for a yearly figure of schools
        (`"staff_years.teachers_left_pct"`); a column of counts such as `"attendance.absent_10_pct_n"` is divided by
        `enrolled_n` of its row and given in percent.
    score : str
        What a rule on who gets the program looked at, named like an outcome: its value in the year before the first
        start is put beside every row of the school, in the column `score`.

    Returns
    -------
    DataFrame
        school_id, year, a column named like the outcome, size (pupils behind it, where known), first_year (NaN: never),
        running (1 from the first year on), school_level, leaid, and the needs of the school (percent), named by their
        titles. `attrs` holds
        label, unit (of a difference), sd (of one pupil; 1 where the outcome is in pupil SD; NaN where unknown), note.

    Raises
    ------
    InputError
        An unknown measure, table or column.

    Notes
    -----
    Scores whose spread between pupils is known are turned into standard deviations: (value - mean of the year) / SD of
    the year's pupils, so that a new test does not look like a change; the mean is over all schools of the pack.
    """
    values, about = _measured(made, outcome, k) if "." not in outcome else _column(made, outcome, k)
    frame = values.merge(made.starts, on="school_id", how="inner")
    frame["running"] = (frame["year"] >= frame["first_year"]).astype(float)
    frame = frame.merge(_needs(made), on=["school_id", "year"], how="left")
    if score:
        frame = frame.merge(_score(made, score, k), on="school_id", how="left")
    frame = frame.rename(columns={"value": outcome}).sort_values(["school_id", "year"]).reset_index(drop=True)
    frame.attrs = {"outcome": outcome, **about}
    return frame


def _score(made: Program, score: str, k: int) -> pd.DataFrame:
    """Give each school's score in the year before the first start, in its own unit."""
    values = _column(made, score, k)[0] if "." in score else _rows_of(made, score, k)
    before = values[values["year"] == int(made.starts["first_year"].min()) - 1]
    if not before["value"].notna().any():
        raise refuse(f"score {score!r}", "has no value in the year before the first start", "choose another score")
    return before[["school_id", "value"]].rename(columns={"value": "score"})


@dataclass(frozen=True)
class _Whole:
    """A pack as the measures of one school's report ask for it."""

    pack: str
    year: int

    def has(self, table: str) -> bool:
        return package(self.pack).has(table)

    def table(self, table: str) -> pd.DataFrame:
        return load(f"{self.pack}/{table}")

    def fields(self, table: str) -> tuple[Field, ...]:
        return package(self.pack).table(table).fields


def _rows_of(made: Program, measure: str, k: int) -> pd.DataFrame:
    """Give the coded rows of one measure."""
    every = outcomes.panel(_Whole(made.pack, max(made.years, default=0)), k=k)  # type: ignore[arg-type]
    if isinstance(every, Missing):
        raise refuse(f"outcome {measure!r}", every.reason, "choose table.column")
    rows = every[every["measure"] == measure]
    if rows.empty:
        raise refuse(f"outcome {measure!r}", "is no measure of this pack", nearest(measure, every["measure"].unique()))
    return rows


def _measured(made: Program, outcome: str, k: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    rows = _rows_of(made, outcome, k)
    label, unit = str(rows["label"].iloc[0]), str(rows["unit"].iloc[0])
    values = rows[["school_id", "year", "leaid", "value", "sd", "size"]]
    if unit != "pct" and rows["sd"].notna().mean() > 0.5:
        return _in_pupil_sd(values), {"label": label, "unit": "sd", "sd": 1.0, "note": _SCALED}
    note = "" if bool(rows["comparable"].all()) else _NEW_TEST
    return values.drop(columns="sd"), {"label": label, "unit": difference_unit(unit), "sd": float("nan"), "note": note}


_SCALED = (
    "Scores are in standard deviations of pupils of the same year, so a change of test does not look like a change."
)
_NEW_TEST = "The years are not on one scale; only the difference between groups of schools in the same year is read."


def _in_pupil_sd(values: pd.DataFrame) -> pd.DataFrame:
    """Scale values by the mean and the pupils' standard deviation of their year, weighted by pupils."""
    known = values[values["value"].notna() & values["sd"].notna() & values["size"].notna()]
    weight = known["size"].groupby(known["year"])
    mean = (known["value"] * known["size"]).groupby(known["year"]).sum() / weight.sum()
    apart = known["sd"] ** 2 + (known["value"] - known["year"].map(mean)) ** 2
    spread = np.sqrt((apart * known["size"]).groupby(known["year"]).sum() / weight.sum())
    scaled = (values["value"] - values["year"].map(mean)) / values["year"].map(spread)
    return values.assign(value=scaled).drop(columns="sd")


def _column(made: Program, outcome: str, k: int) -> tuple[pd.DataFrame, dict[str, Any]]:
    table, _, column = outcome.partition(".")
    info = package(made.pack)
    where = f"outcome {outcome!r}"
    if not info.has(table):
        raise refuse(where, f"the pack has no table {table!r}", nearest(table, [t.name for t in info.tables]))
    fields = {f.name: f for f in info.table(table).fields}
    if column not in fields or not {"school_id", "year"} <= set(fields):
        choose = [name for name, f in fields.items() if f.unit in UNITS and f.unit != "count"]
        raise refuse(where, f"the table {table!r} has no such yearly figure of schools", nearest(column, choose))
    rows = load(f"{made.pack}/{table}")
    rows = rows[rows["group"] == ALL] if "group" in rows else rows
    if rows.duplicated(["school_id", "year"]).any():
        raise refuse(where, "the table has several rows a school and year", "choose a table with one")
    counted = column.endswith("_n") and "enrolled_n" in rows
    size = rows["enrolled_n"].astype(float) if "enrolled_n" in rows else pd.Series(np.nan, index=rows.index)
    value = 100 * rows[column] / size.where(size > 0) if counted else rows[column].astype(float)
    # A share that few pupils stand behind, or stand out of, is left out, as in every report.
    hidden = (size < k) | ((rows[column] < k) | (size - rows[column] < k) if counted else False)
    frame = rows[["school_id", "year"]].assign(value=value.mask(hidden), size=size)
    schools = load(f"{made.pack}/schools").reindex(columns=["school_id", "leaid"])
    unit = "pct" if counted else str(fields[column].unit or "value")
    label = fields[column].title + (", share" if counted else "")
    about = {"label": label, "unit": difference_unit(unit), "sd": float("nan"), "note": ""}
    return frame.merge(schools, on="school_id", how="left"), about


def _need_fields(pack: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """Give name and title of the fields that the dictionary marks as a school's need."""
    if not package(pack).has("school_years"):
        return []
    return [(f.name, f.title) for f in package(pack).table("school_years").fields if f.role == "need"]


def _needs(made: Program) -> pd.DataFrame:
    """Give the need of each school and year (percent), named by its title."""
    fields = _need_fields(made.pack)
    if not fields:
        return pd.DataFrame(columns=["school_id", "year"])
    table = load(f"{made.pack}/school_years")[["school_id", "year", *(name for name, _ in fields)]]
    return table.rename(columns=dict(fields))


def behind(frame: pd.DataFrame) -> dict[str, Any]:
    """Count what stands behind a program's panel, as a WWC card asks for it.

    Returns
    -------
    dict
        `pupils`: pupils behind the values of the first year of the program, all schools together; left out where they
        are not known. `correlation`: of schools' mean outcome before the first start with that after it; left out
        where there are fewer than ten schools with both.
    """
    outcome, first = str(frame.attrs["outcome"]), frame["first_year"].min()
    here = frame[(frame["year"] == first) & frame[outcome].notna()]
    found: dict[str, Any] = {}
    if len(here) and here["size"].notna().all():
        found["pupils"] = int(here["size"].sum())
    later = frame["year"] >= first
    means = [frame[side].groupby("school_id")[outcome].mean() for side in (~later, later)]
    both = pd.concat(means, axis=1).dropna()
    if len(both) >= 10 and both.std().min() > 0:
        found["correlation"] = float(both.corr().iloc[0, 1])
    return found
