"""Whom a school is set beside: similar schools, its district, all of its level; and what a group's middle is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from leadlib.results import Missing

if TYPE_CHECKING:
    from leadlib.tables import School

THIS, SIMILAR, DISTRICT = "This school", "Similar schools", "Same district"
LEAST = 3
"""Fewer schools than this make no group: its middle would be one school's number."""

F = TypeVar("F", bound=Callable[..., Any])


def peers_may_be_missing(function: F) -> F:
    """Let a function do without similar schools: a `Missing` in their place becomes None."""
    place = list(inspect.signature(function).parameters).index("peers")

    @functools.wraps(function)
    def doing_without(*args: Any, **kwargs: Any) -> Any:
        if isinstance(kwargs.get("peers"), Missing):
            kwargs["peers"] = None
        given = (None if k == place and isinstance(a, Missing) else a for k, a in enumerate(args))
        return function(*given, **kwargs)

    return doing_without  # type: ignore[return-value]


def level_group(level: Any) -> str:
    """Name all schools of a level: `All primary schools`."""
    if not isinstance(level, str):
        return "All schools"
    return f"All {level.lower()} schools" if level in ("Primary", "Middle", "High") else "All schools of its kind"


def groups_of(schools: pd.DataFrame, school_id: str, peers: Any = None) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Give the ids of the schools in each group, without the school itself, and a sentence for each group left out.

    Parameters
    ----------
    schools : DataFrame
        One row a school: school_id and, where the pack has them, leaid and school_level.
    school_id : str
        The school that is set beside the others.
    peers : Peers or None
        Its similar schools.
    """
    table = schools.drop_duplicates("school_id").sort_values("school_id")
    own = table[table["school_id"] == school_id].iloc[0]
    others = table[table["school_id"] != school_id]
    level = own.get("school_level")
    if isinstance(level, str):
        others = others[others["school_level"] == level]
    found = {SIMILAR: sorted(peers.school_ids) if peers is not None else []}
    if isinstance(own.get("leaid"), str):
        found[DISTRICT] = others.loc[others["leaid"] == own["leaid"], "school_id"].tolist()
    found[level_group(level)] = others["school_id"].tolist()
    left_out = tuple(_too_few(name, len(ids)) for name, ids in found.items() if len(ids) < LEAST)
    return {name: ids for name, ids in found.items() if len(ids) >= LEAST}, left_out


def _too_few(name: str, n: int) -> str:
    if name == SIMILAR:
        return "There is no row for similar schools: too few are close enough to this one."
    where = "district and level" if name == DISTRICT else "level"
    having = "no other school" if n == 0 else f"only {n} other school{'s' if n > 1 else ''}"
    return f"There is no row for its {where}, which has {having}: a group needs at least {LEAST}."


def middle(values: Any) -> tuple[float, float, float, int]:
    """Give median, lower and upper quartile, and the number of schools behind them; missing values are passed over."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if len(known) < LEAST:
        return np.nan, np.nan, np.nan, len(known)
    low, mid, high = np.quantile(known, [0.25, 0.5, 0.75])
    return float(mid), float(low), float(high), len(known)


def nearest_year(years: Iterable[int], year: int) -> int | None:
    """Give the year closest to the one wanted, the earlier of two; None if there is none."""
    return min(sorted(int(y) for y in years), key=lambda y: abs(y - year), default=None)


def by_school(table: pd.DataFrame, year: int) -> pd.DataFrame:
    """Give one year of a table, one row a school, by its id."""
    return table[table["year"] == year].drop_duplicates("school_id").set_index("school_id").sort_index()


def numeric_fields(school: School, table: str) -> list[Any]:
    """Give the fields of a table that hold a quantity, in the dictionary's order."""
    return [f for f in school.fields(table) if f.type in ("number", "integer") and f.unit]
