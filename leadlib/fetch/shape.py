"""What the portal's codes are called in the standard tables, and small steps that every table needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

TOTAL = 99
GRADES: Mapping[int, str] = {
    -1: "PK", 0: "K", **{g: str(g) for g in range(1, 14)}, 14: "Adult", 15: "Ungraded", TOTAL: "All",
}  # fmt: skip
RACES: Mapping[int, str] = {
    1: "White",
    2: "Black",
    3: "Hispanic",
    4: "Asian",
    5: "American Indian or Alaska Native",
    6: "Native Hawaiian or Pacific Islander",
    7: "Two or more races",
    8: "Nonresident",
    9: "Unknown",
    20: "Other",
    TOTAL: "All",
}
SEXES: Mapping[int, str] = {1: "Male", 2: "Female", 3: "Another gender", 9: "Unknown", TOTAL: "All"}
GROUPS: Mapping[str, Mapping[int, str]] = {
    "race": RACES,
    "sex": {k: v for k, v in SEXES.items() if v != "Unknown"},  # as a group, Unknown is of race
    "disability": {0: "Students without disabilities", 1: "Students with disabilities", TOTAL: "All"},
    "lep": {1: "English learners", TOTAL: "All"},
    "homeless": {1: "Homeless", TOTAL: "All"},
    "migrant": {1: "Migrant", TOTAL: "All"},
    "econ_disadvantaged": {1: "Economically disadvantaged", TOTAL: "All"},
    "foster_care": {1: "Foster care", TOTAL: "All"},
    "military_connected": {1: "Military connected", TOTAL: "All"},
}
"""What one value of a dimension is called as a group of pupils; values left out (such as Section 504) have no name."""


def groups(frame: pd.DataFrame) -> pd.Series:
    """Name each row's group of pupils: All, or what the one dimension says that is not a total; else None.

    A dimension that an answer does not have, or leaves empty, is a total. A row of two dimensions at once (Black girls)
    has no name among the groups.
    """
    name = pd.Series("All", index=frame.index, dtype="object")
    for dimension, words in GROUPS.items():
        if dimension not in frame.columns:
            continue
        values = frame[dimension].fillna(TOTAL)
        split = values.ne(TOTAL)
        said = values[split].map(words)
        alone = name[split].eq("All")
        name[split] = said.where(alone & said.notna(), None)
    return name


def words(frame: pd.DataFrame, column: str, names: Mapping[int, object]) -> tuple[pd.Series, pd.Series]:
    """Give a coded field in words, with its reasons; a code without a word is not reported."""
    value = frame[column].map(names)
    why = frame[f"{column}__why"].astype("str")
    return value, why.where(value.notna() | why.ne("reported"), "not_reported")


def yes_no(frame: pd.DataFrame, column: str) -> tuple[pd.Series, pd.Series]:
    """Give a field of 0 and 1 (or more) as no and yes."""
    there = frame[column].notna()
    value = pd.Series(pd.NA, index=frame.index, dtype="boolean")
    value[there] = frame.loc[there, column].ge(1)
    return value, frame[f"{column}__why"].astype("str")


def share(top: pd.DataFrame, column: str, of: str) -> tuple[pd.Series, pd.Series, int]:
    """Give one count as a percent of another, its reasons, and how many were above 100 and set aside."""
    part, whole = top[column], top[of]
    why = top[f"{column}__why"].astype("str")
    why = why.where(why.ne("reported"), top[f"{of}__why"].astype("str"))
    why = why.where(~whole.eq(0) | why.ne("reported"), "not_applicable")
    value = (100 * part / whole.where(whole.gt(0))).round(6)
    above = value.gt(100)
    value = value.where(why.eq("reported") & ~above)
    return value, why.where(~above, "not_reported"), int(above.sum())


def put(made: dict[str, pd.Series], name: str, value: pd.Series, why: pd.Series) -> None:
    """Set a field and its reasons into a table."""
    made[name], made[f"{name}__why"] = value, why.astype("str")


def copied(made: dict[str, pd.Series], frame: pd.DataFrame, name: str, column: str | None = None) -> None:
    """Set a field into a table as the portal has it; one that the answer lacks is not reported."""
    source = column or name
    if source in frame.columns:
        put(made, name, frame[source], frame[f"{source}__why"])
    else:
        nothing = pd.Series(np.nan, index=frame.index)
        put(made, name, nothing, pd.Series("not_reported", index=frame.index))


def unique(frame: pd.DataFrame, key: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """Give the rows whose key is theirs alone, and how many are not."""
    shared = frame.duplicated(list(key), keep=False)
    return frame[~shared].reset_index(drop=True), int(shared.sum())


def joined(left: pd.DataFrame, right: pd.DataFrame, key: Sequence[str], name: str) -> pd.DataFrame:
    """Set a field of another table beside, with its reasons; not reported where that table has no such row."""
    both = left.merge(right[[*key, name, f"{name}__why"]], on=list(key), how="left", validate="many_to_one")
    both[f"{name}__why"] = both[f"{name}__why"].astype("str").fillna("not_reported")
    return both
