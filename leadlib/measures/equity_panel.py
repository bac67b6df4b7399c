"""Every school's results by group of pupils in one frame, protected so that no small group can be worked out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.outcomes import panel as of_all
from leadlib.privacy import K, code_extremes
from leadlib.results import Missing, passes_missing
from leadlib.tables.packs import find

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "What groups of pupils reached"
ALL = "All"
KEY = ["source", "measure", "school_id", "year"]
COLUMNS = [
    *KEY, "label", "unit", "group", "value", "value__why", "sd", "n", "leaid", "school_level", "school_name",
]  # fmt: skip
SHOWN, SMALL, COMPLEMENT, RANGE, ABSENT = "reported", "suppressed", "complement", "range", "not_reported"


@dataclass(frozen=True)
class Pair:
    """Two groups that together are all pupils: their names in the pack, and what a reader calls them."""

    key: str
    group: str
    other: str
    who: str
    whom: str

    @property
    def minus(self) -> str:
        """Name the difference."""
        return f"{self.who} minus {self.whom}"


PAIRS = {
    pair.key: pair
    for pair in (
        Pair(
            "money",
            "Economically disadvantaged",
            "Not economically disadvantaged",
            "pupils from households with little money",
            "other pupils",
        ),
        Pair("language", "English learners", "Not English learners", "pupils who are learning English", "other pupils"),
        Pair(
            "disability",
            "Students with disabilities",
            "Students without disabilities",
            "pupils with disabilities",
            "pupils without disabilities",
        ),
        Pair("gender", "Female", "Male", "girls", "boys"),
    )
}
RACES = (
    "American Indian or Alaska Native",
    "Asian",
    "Black",
    "Hispanic",
    "Native Hawaiian or Pacific Islander",
    "Two or more races",
    "White",
)
SETS: tuple[tuple[str, ...], ...] = (*((p.group, p.other) for p in PAIRS.values()), RACES)
"""Sets of groups that do not overlap: within each, a hidden group must not follow from the others and all pupils."""
COURSES = {"algebra_1_grade_8": "Took algebra I in grade 8", "ap_any": "Took an advanced placement course"}
_LUNCH = {"free": "Economically disadvantaged", "non-free": "Not economically disadvantaged"}
_GENDER = {"female": "Female", "male": "Male"}


@passes_missing
def panel(school: School, *, k: int = K) -> pd.DataFrame | Missing:
    """See what each group of pupils reached and was given, at every school, as far as it may be shown.

    One row a school, year, measure and group, "All" included. Nothing computed from this frame can give away what it
    hides.

    Parameters
    ----------
    school : School
        The school; the frame holds all schools of its pack.
    k : int
        The fewest pupils that may stand behind a value.

    Returns
    -------
    DataFrame or Missing
        source (the table), measure, school_id, year, label, unit, group, value (in the unit), sd (between pupils), n
        (pupils), leaid, school_level, school_name, value__why: reported, suppressed (fewer than k pupils), complement
        (hidden so that another cannot be found by subtraction), range (a percent coded near its end) or not_reported.
        Missing where the pack tells groups of pupils apart in no table.

    Missing data
        A row the source does not have counts as fewer than k pupils. Values given as a range alone are left out.

    Notes
    -----
    Outcomes come from `outcomes`, or, where that has no groups, as means of `pupil_years`; shares of pupils from
    `attendance`, `discipline` and `course_access`. Within a set of groups that do not overlap (`SETS`) a group of fewer
    than k, or a share behind or outside which fewer than k stand, is hidden, and with it the smallest of the others
    until two or more are hidden that together hold k pupils or more: complementary suppression within each table (FCSM,
    Statistical Policy Working Paper 22). Of two groups either both are shown or neither.
    """
    made = _made(school, k, _stamp(school))[0]
    if isinstance(made, Missing):
        return made
    frame = made.copy()
    frame.attrs["year"] = school.year
    return frame


def _stamp(school: School) -> tuple[tuple[str, int, int], ...]:
    """Give what changes when a file of the pack does."""
    files = sorted(find(school.pack).iterdir())
    return tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files)


@functools.lru_cache(maxsize=4)
def _made(school: School, k: int, stamp: tuple[Any, ...]) -> tuple[pd.DataFrame | Missing, pd.DataFrame | Missing]:
    """Make the frame and the spreads once a school, since every measure of two groups asks for both."""
    del stamp
    parts = [part for part in (_outcomes(school), *_counts(school)) if part is not None and len(part)]
    if not parts or not any((p["group"] != ALL).any() for p in parts):
        none = Missing(SECTION, "no table of this pack tells groups of pupils apart.")
        return none, none
    frame = protected(pd.concat(parts, ignore_index=True), k)
    schools = school.table("schools").drop_duplicates("school_id")
    frame = frame.merge(
        schools.reindex(columns=["school_id", "leaid", "school_level", "school_name"]), on="school_id", how="left"
    )
    frame = frame.reindex(columns=COLUMNS).sort_values([*KEY, "group"], kind="stable").reset_index(drop=True)
    return frame, _spreads(school, k)


def _outcomes(school: School) -> pd.DataFrame | None:
    """Give results by group from the table of outcomes, or from pupils where that has no groups."""
    if not (school.has("outcomes") and school.has("measures")):
        return None
    raw = school.table("outcomes")
    if (raw["group"] != ALL).any():
        frame = _whole_school(raw)
    elif school.has("pupil_years"):
        frame = _of_pupils(school.table("pupil_years"), set(raw["measure"]))
    else:
        return None
    about = school.table("measures")[["measure", "label", "unit"]]
    frame = frame.merge(about, on="measure", how="left").assign(source="outcomes", x=np.nan)
    percent = frame["unit"] == "pct"
    share = frame["value"].clip(0, 100)
    spread = np.sqrt(share * (100 - share))
    return frame.assign(sd=frame["sd"].where(~percent, spread))


def _whole_school(raw: pd.DataFrame) -> pd.DataFrame:
    """Give one row a school, year, measure and group: that of all grades, else the grades pooled by pupils tested."""
    keys = ["school_id", "year", "measure", "group"]
    frame = raw.reindex(columns=[*keys, "grade", "value", "value_sd", "tested_n"])
    frame = frame.rename(columns={"value_sd": "sd", "tested_n": "n"}).astype({c: float for c in ("value", "sd", "n")})
    whole = frame[frame["grade"] == ALL].drop(columns="grade")
    rest = frame[frame["grade"] != ALL].merge(whole[keys], on=keys, how="left", indicator=True)
    rest = rest[(rest["_merge"] == "left_only") & rest["value"].notna() & rest["n"].notna()]
    if rest.empty:
        return whole
    rest = rest.assign(sum=rest["n"] * rest["value"], square=rest["n"] * (rest["sd"] ** 2 + rest["value"] ** 2))
    sums = rest.groupby(keys, sort=True)[["n", "sum", "square"]].sum(min_count=1).reset_index()
    value = sums["sum"] / sums["n"]
    pooled = sums[keys].assign(value=value, sd=np.sqrt((sums["square"] / sums["n"] - value**2).clip(lower=0)))
    return pd.concat([whole, pooled.assign(n=sums["n"])], ignore_index=True)


def _of_pupils(pupils: pd.DataFrame, measures: set[str]) -> pd.DataFrame:
    """Give means, spreads and numbers of pupils by group; no row of a pupil leaves this function."""
    labeled = [pupils.assign(group=ALL)]
    for column, names in (("lunch", _LUNCH), ("gender", _GENDER)):
        if column in pupils:
            labeled.append(pupils.assign(group=pupils[column].map(names)).dropna(subset=["group"]))
    every = pd.concat(labeled, ignore_index=True)
    parts = []
    for measure in sorted(measures & set(pupils.columns)):
        found = every.groupby(["school_id", "year", "group"], sort=True)[measure].agg(["mean", "std", "count"])
        parts.append(found.reset_index().set_axis(["school_id", "year", "group", "value", "sd", "n"], axis=1))
        parts[-1]["measure"] = measure
    return pd.concat(parts, ignore_index=True).astype({"n": float})


def _counts(school: School) -> list[pd.DataFrame]:
    """Give shares of pupils from the tables that count them by group."""
    found = []
    if school.has("attendance"):
        table = school.table("attendance")
        found.append(
            _share(table, "attendance", "absent_10_pct_n", "enrolled_n", "absent_10_pct", "Absent 10% of days or more")
        )
    if school.has("discipline"):
        for action, part in school.table("discipline").groupby("action", sort=True):
            found.append(_share(part, "discipline", "pupils_n", "enrolled_n", str(action), str(action).capitalize()))
    if school.has("course_access"):
        table = school.table("course_access")
        for course, part in table[table["offered"].astype("boolean").fillna(False)].groupby("course", sort=True):
            label = COURSES.get(str(course), f"Took {str(course).replace('_', ' ')}")
            found.append(_share(part, "course_access", "enrolled_n", "eligible_n", str(course), label))
    return found


def _share(table: pd.DataFrame, source: str, count: str, total: str, measure: str, label: str) -> pd.DataFrame:
    x, n = table[count].astype(float), table[total].astype(float)
    value = 100 * x / n.where(n > 0)
    frame = table[["school_id", "year", "group"]].assign(value=value, sd=np.sqrt(value * (100 - value)), n=n, x=x)
    return frame.assign(source=source, measure=measure, label=label, unit="pct")


def protected(frame: pd.DataFrame, k: int) -> pd.DataFrame:
    """Hide what fewer than k pupils stand behind, and what would give it away by subtraction within its table.

    Parameters
    ----------
    frame : DataFrame
        Columns source, measure, school_id, year, group, unit, value, sd, n, and x (a count behind a share; NaN where
        there is none).
    k : int
        The fewest pupils that may be seen.

    Returns
    -------
    DataFrame
        The rows with `value__why`; value, sd and n of a hidden group are missing.
    """
    out = frame.copy()
    counted = out["x"].notna()
    few = (out["n"] < k) | out["n"].isna() | (counted & ((out["x"] < k) | (out["n"] - out["x"] < k)))
    lost = out["value"].isna() & ~(out["n"] < k)
    out["value__why"] = np.where(lost, ABSENT, np.where(few, SMALL, SHOWN))
    coded, how = code_extremes(out["value"], out["n"])
    at_end = (out["unit"] == "pct") & (how == "range") & ~counted & (out["value__why"] == SHOWN)
    out.loc[at_end, "value__why"] = RANGE
    for groups in SETS:
        mine = out["group"].isin(groups)
        out.loc[mine, "value__why"] = _complemented(out[mine], out[out["group"] == ALL], groups, k)
    out["value"] = out["value"].where(~at_end, coded)
    hidden = ~out["value__why"].isin([SHOWN, RANGE])
    out[["value", "sd", "n"]] = out[["value", "sd", "n"]].mask(hidden)
    return out.drop(columns="x")


def _complemented(part: pd.DataFrame, whole: pd.DataFrame, groups: tuple[str, ...], k: int) -> pd.Series:
    """Hide the smallest groups until nothing hidden follows from what is shown."""
    why = part["value__why"].copy()
    keys = part.set_index(KEY).index
    place = pd.Series(pd.factorize(keys)[0], index=part.index)
    wholes = whole.drop_duplicates(KEY).set_index(KEY)[["n", "x"]].reindex(keys).set_axis(part.index)
    rows = place.groupby(place).transform("size")
    for _ in range(len(groups)):
        shown = why == SHOWN
        counts = part[["n", "x"]].where(shown, 0.0).fillna(0.0)
        left = (wholes - counts.groupby(place).transform("sum")).min(axis=1)
        gone = (~shown).groupby(place).transform("sum") + (len(groups) - rows if len(groups) == 2 else 0)
        # One hidden group is found by subtraction; several that hold fewer than k together are as small as one.
        open_ = shown & (gone > 0) & ((gone == 1) | (left < k) | (len(groups) == 2))
        if not open_.any():
            break
        smallest = part["n"].where(open_).groupby(place).transform("min")
        take = open_ & (part["n"] == smallest)
        first = take & ~place.where(take).duplicated()
        why = why.mask(first, COMPLEMENT)
    return why


def spreads(school: School, k: int = K) -> pd.DataFrame | Missing:
    """Give mean and standard deviation of all pupils of the pack by measure and year, where sources give the spread.

    Notes
    -----
    mean = sum n m / sum n, SD^2 = sum n (sd^2 + (m - mean)^2) / sum n over the schools' values for all pupils.
    """
    made = _made(school, k, _stamp(school))[1]
    return made if isinstance(made, Missing) else made.copy()


def _spreads(school: School, k: int) -> pd.DataFrame | Missing:
    every: Any = of_all(school, k=k)
    if isinstance(every, Missing):
        return every
    known = every[every["value"].notna() & every["sd"].notna() & every["size"].notna() & (every["unit"] != "pct")]
    by = [known["measure"], known["year"]]
    weight = known["size"].groupby(by).sum()
    mean = (known["size"] * known["value"]).groupby(by).sum() / weight
    square = (known["size"] * (known["sd"] ** 2 + known["value"] ** 2)).groupby(by).sum() / weight
    return pd.DataFrame({"mean": mean, "sd": np.sqrt((square - mean**2).clip(lower=0))})
