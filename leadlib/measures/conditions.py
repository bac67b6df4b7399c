"""Who teaches, who coaches and who supports: what stands behind a school's results, as indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.shares import counted, means, pooled
from leadlib.privacy import K

if TYPE_CHECKING:
    from leadlib.tables import School

POOLED_YEARS = 3
"""A school has few teachers: shares of them are of this many years together, so that they may be shown at all."""
NOVICE_YEARS = 2
_POOLED = f"{POOLED_YEARS} years together"


def staffing(school: School, k: int = K) -> pd.DataFrame:
    """Give the share of teachers who left, and of those in their first two years, over three years together.

    One row a school, year (the last of the three) and measure.
    """
    if not school.has("teachers"):
        return pd.DataFrame()
    table = school.table("teachers")
    known = table[table["school_id"].notna()]
    kinds: tuple[tuple[str, str, Any, str], ...] = (
        ("teachers_left", f"Teachers who left, {_POOLED}", known.get("left_next_year"), "result"),
        ("novices", f"Teachers in their first or second year, {_POOLED}", _novice(known), "condition"),
    )
    parts = []
    for name, label, flag, kind in kinds:
        if flag is None or not flag.notna().any():
            continue
        each = known[["school_id", "year"]].assign(inside=flag.astype(float))[flag.notna()]
        sums = each.groupby(["school_id", "year"])["inside"].agg(["sum", "size"]).reset_index()
        about = {"theme": "staffing", "better": "lower", "kind": kind, "size_basis": f"teachers, {_POOLED}"}
        years = min(POOLED_YEARS, sums["year"].nunique())
        together = pooled(sums, ["sum", "size"], of="size", years=years)
        parts.append(counted(together, "sum", "size", measure=name, label=label, k=k, **about))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _novice(table: pd.DataFrame) -> pd.Series | None:
    if "experience_years" not in table:
        return None
    years = table["experience_years"].astype(float)
    return (years < NOVICE_YEARS).where(years.notna())


def coaching(school: School, k: int = K) -> pd.DataFrame:
    """Give the coaching a teacher got in the year, and the principal's own coaching a week, in minutes."""
    parts = [_of_teachers(school, k), _of_principal(school)]
    found = [p for p in parts if len(p)]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _of_teachers(school: School, k: int) -> pd.DataFrame:
    if not school.has("teachers") or "coaching_min" not in school.table("teachers"):
        return pd.DataFrame()
    table = school.table("teachers")
    table = table[table["coaching_min"].notna() & table["school_id"].notna()]
    minutes = table.groupby(["school_id", "year"])["coaching_min"].agg(["mean", "size"]).reset_index()
    rows = minutes.rename(columns={"mean": "value", "size": "n"}).assign(sd=0.0)
    about: dict[str, Any] = {"theme": "coaching", "better": "higher", "kind": "condition", "size_basis": "teachers"}
    return means(rows, measure="coaching", label="Coaching a teacher got in the year", unit="minutes", k=k, **about)


def _of_principal(school: School) -> pd.DataFrame:
    """Give the mean of the logged weeks, with the error of a sample of weeks."""
    weeks = weekly_coaching(school)
    if weeks.empty:
        return pd.DataFrame()
    each = weeks.groupby(["school_id", "year"])["minutes"].agg(["mean", "std", "size"]).reset_index()
    rows = each.rename(columns={"mean": "value", "std": "sd", "size": "n"})
    about: dict[str, Any] = {"theme": "coaching", "better": "higher", "kind": "condition", "size_basis": "weeks logged"}
    label = "Principal's coaching of teachers, a week"
    return means(rows, measure="principal_coaching", label=label, unit="minutes", k=1, **about)


def weekly_coaching(school: School) -> pd.DataFrame:
    """Give the principal's minutes of coaching teachers in each logged week: school_id, year, week, minutes."""
    if not school.has("principal_time") or "coaching_min" not in school.table("principal_time"):
        return pd.DataFrame(columns=["school_id", "year", "week", "minutes"])
    table = school.table("principal_time")
    every = table[table["coaching_min"].notna()]
    sums = every.groupby(["school_id", "year", "week"], as_index=False)["coaching_min"].sum()
    return sums.rename(columns={"coaching_min": "minutes"})


def support(school: School, k: int = K) -> pd.DataFrame:
    """Give the pupils for one full-time counselor; a count, without chance."""
    if not school.has("support_staff"):
        return pd.DataFrame()
    table = school.table("support_staff")
    rows = table[(table["role"] == "counselor") & table["pupils_per_fte"].notna()]
    if rows.empty:
        return pd.DataFrame()
    return rows[["school_id", "year"]].assign(
        measure="pupils_per_counselor",
        label="Pupils for one counselor",
        theme="support",
        group="All",
        kind="condition",
        better="lower",
        unit="pupils",
        value=rows["pupils_per_fte"].astype(float),
        value__why="reported",
        se=0.0,
        size=np.nan,
        size_basis="",
    )
