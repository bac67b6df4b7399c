"""Counts and means of people turned into figures that may be shown, each with its standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.privacy import K, code_shares
from leadlib.tables.packs import load

if TYPE_CHECKING:
    from leadlib.tables import School

ALL = "All"
MEANS = ("school_id", "year", "value", "sd", "n")


def counts_of(school: School, table: str) -> pd.DataFrame:
    """Give a table of counts of pupils; a count that the source held back as too small stands as 0, and is coded later.

    To leave such schools out would make the others' mean too high: they are those where it seldom happens.
    """
    frame = load(f"{school.pack}/{table}", why=True)
    for column in [c.removesuffix("__why") for c in frame.columns if c.endswith("_n__why")]:
        held = frame[f"{column}__why"].astype(object) == "suppressed"
        frame = frame.assign(**{column: frame[column].astype(float).mask(held & frame[column].isna(), 0.0)})
    return frame[[c for c in frame.columns if not c.endswith("__why")]]


def counted(rows: pd.DataFrame, inside: str, of: str, *, label: str, k: int = K, **about: Any) -> pd.DataFrame:
    """Give shares in percent from counts of people, coded so that no group of fewer than k can be counted.

    Parameters
    ----------
    rows : DataFrame
        school_id, year, the two counts and, where rows are to be left blank for another reason, a column `hidden`.
    inside, of : str
        Columns: the people counted, and all of whom they are.
    about
        Further columns of the result, alike in all rows.

    Returns
    -------
    DataFrame
        school_id, year, value (percent), value__why, se (percentage points), size, width (of the range a coded value is
        the middle of), and what `about` says.
    """
    n = rows[of].astype(float)
    n = n.where(n > 0)
    share = 100 * rows[inside].astype(float) / n
    hidden = rows["hidden"].astype(bool) if "hidden" in rows else pd.Series(False, index=rows.index)
    coded = pd.Series(code_shares(share, n, k), index=rows.index).mask(hidden | n.isna())
    few = rows[inside].astype(float)
    moved = coded.notna() & ((few < k) | (n - few < k) | ((coded - share).abs() > 1e-9))
    width = (2 * np.minimum(coded, 100 - coded)).where(moved, 0.0)
    middle = (coded / 100 * n + 2) / (n + 4)  # two of each kind more (Agresti and Coull 1998)
    se = 100 * np.sqrt(middle * (1 - middle) / n + (width / 100) ** 2 / 12)
    why = np.where(
        share.isna(), "not_reported", np.where(coded.isna(), "suppressed", np.where(moved, "range", "reported"))
    )
    frame = rows[["school_id", "year"]].assign(
        value=coded,
        value__why=why,
        se=se.where(coded.notna()),
        sd=np.nan,
        size=n.mask(coded.isna()),
        width=width.mask(coded.isna(), 0.0),
        unit="pct",
        label=label,
        value_low=0.0,
        value_high=100.0,
    )
    return frame.assign(group=_group_of(str(about["measure"])), **about)


def _group_of(measure: str) -> str:
    return measure.partition("|")[2] or ALL


def without_remainder(rows: pd.DataFrame, whole: pd.DataFrame, k: int = K) -> pd.DataFrame:
    """Mark as hidden a group's counts that, taken from those of all, would give away fewer than k others.

    Parameters
    ----------
    rows, whole : DataFrame
        school_id, year, inside and enrolled_n, of the group and of all.
    """
    both = rows.merge(whole, on=["school_id", "year"], how="left", suffixes=("", "_all"))
    others = both["enrolled_n_all"] - both["enrolled_n"]
    among = both["inside_all"] - both["inside"]
    told = (others > 0) & ((others < k) | (among < k) | (others - among < k))
    return both.assign(hidden=told | others.isna() | among.isna())[
        ["school_id", "year", "inside", "enrolled_n", "hidden"]
    ]


def means(rows: pd.DataFrame, *, label: str, unit: str = "level", k: int = K, **about: Any) -> pd.DataFrame:
    """Give means of people's values with their standard errors, blank where fewer than k stand behind.

    Parameters
    ----------
    rows : DataFrame
        The columns `MEANS`: school_id, year, value, sd, n.
    """
    n = rows["n"].astype(float)
    hidden = ~(n >= k)
    value = rows["value"].astype(float)
    why = np.where(value.isna(), "not_reported", np.where(hidden, "suppressed", "reported"))
    sd = rows["sd"].astype(float).mask(hidden)
    frame = rows[["school_id", "year"]].assign(
        value=value.mask(hidden), value__why=why, se=sd / np.sqrt(n), sd=sd, size=n.mask(hidden), unit=unit, label=label
    )
    return frame.assign(group=ALL, **about)


def pooled(counts: pd.DataFrame, columns: list[str], *, of: str, years: int) -> pd.DataFrame:
    """Add up each school's year with the years before it, so that so few people may be shown at all.

    One row a school and year of `counts`. A window that does not hold `years` years with anybody in `of` is blank: from
    windows of unlike length a single year could be worked out by subtraction.
    """
    keys = ["school_id", "year"]
    each = counts[[*keys, *columns]].assign(held=(counts[of] > 0).astype(float))
    moved = [each.assign(year=each["year"] + back) for back in range(years)]
    summed = pd.concat(moved).groupby(keys, sort=True).sum().reset_index()
    summed[columns] = summed[columns].where(summed["held"] == years)
    return counts[keys].merge(summed[[*keys, *columns]], on=keys, how="left")
