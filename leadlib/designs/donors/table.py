"""What a synthetic control makes of a table: the treated unit, its donors, the years all of them have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.donors.placebos import allowed
from leadlib.designs.donors.weights import Floats
from leadlib.designs.frames import prepared
from leadlib.errors import nearest, refuse
from leadlib.numbers import listing, plural

WHERE = "synthetic"
LEAST_YEARS = 5
Predictor = str | tuple[str, float, float]


@dataclass(frozen=True)
class Pool:
    """The treated units' mean and each donor's values, years in columns; predictors one row a unit, scaled."""

    names: tuple[str, ...]
    donors: npt.NDArray[np.object_]
    times: Floats
    own: Floats
    others: Floats
    before: int
    own_predictors: Floats | None
    predictors: Floats | None
    predictor_names: tuple[str, ...]
    limits: tuple[str, ...]


def pooled(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    treated: Any,
    start: float,
    donors: Sequence[Any] | None,
    predictors: Sequence[Predictor],
    level: float,
    word: str,
) -> Pool:
    """Set treated units and donors apart; refuse what no synthetic control can be made of."""
    extra = list(dict.fromkeys(p if isinstance(p, str) else p[0] for p in predictors))
    flagged = isinstance(treated, str) and isinstance(panel, pd.DataFrame) and treated in panel.columns
    ready = prepared(
        panel,
        WHERE,
        numbers=[outcome, time],
        labels=[unit],
        flags=[treated] if flagged else [],
        optional=[c for c in extra if c not in (outcome, time)],
        key=[unit, time],
    )
    rows = ready.frame
    wide = rows.pivot_table(index=unit, columns=time, values=outcome)
    _refuse_years(wide, outcome, start)
    ids = (
        _flagged(rows, unit, treated)
        if flagged
        else _named(treated, wide.index, unit, [c for c in panel.columns if c not in (outcome, unit, time)])
    )
    _refuse_gaps(wide.loc[ids], word)
    chosen = _chosen(donors, wide.index, ids, unit, word)
    whole = [d for d in chosen if wide.loc[d].notna().all()]
    _refuse_few(len(chosen), len(whole), len(ids), level, word)
    limits = ready.limits()
    if len(whole) < len(chosen):
        limits = (*limits, f"{plural(len(chosen) - len(whole), 'donor')} with a missing year left out.")
    table = _predictors(rows, unit, time, start, predictors, [*ids, *whole])
    times = wide.columns.to_numpy(float)
    return Pool(
        tuple(ids),
        np.asarray(whole, dtype=object),
        times,
        wide.loc[ids].to_numpy(float).mean(axis=0),
        wide.loc[whole].to_numpy(float),
        int((times < start).sum()),
        None if table is None else table[: len(ids)].mean(axis=0),
        None if table is None else table[len(ids) :],
        tuple(_name(p) for p in predictors),
        limits,
    )


def _refuse_years(wide: pd.DataFrame, outcome: str, start: float) -> None:
    times = wide.columns.to_numpy(float)
    if not len(times) or not (times >= start).any():
        raise refuse(f"{WHERE}, start {start:g}", "no year lies at or after it", "check `start`")
    early = int((times < start).sum())
    if early < LEAST_YEARS:
        raise refuse(
            f"{WHERE}, start {start:g}",
            f"has {plural(early, 'year')} before it, where a synthetic control needs {LEAST_YEARS}",
            "with fewer, donors fit by chance; give earlier years, or use designs.did",
        )
    values = wide.to_numpy(float)
    if np.nanmin(values) == np.nanmax(values):
        raise refuse(f"{WHERE}, column {outcome!r}", "has the same value in every row", "there is nothing to compare")


def _flagged(rows: pd.DataFrame, unit: str, treated: str) -> list[str]:
    ever = rows.groupby(unit)[treated].max()
    if not (ever > 0).any():
        raise refuse(f"{WHERE}, column {treated!r}", "marks no unit", "give 1 for the treated unit")
    if (ever > 0).all():
        raise refuse(WHERE, "every unit is treated", "a synthetic control is made of units without the program")
    return [str(u) for u in ever.index[ever > 0]]


def _named(treated: Any, units: pd.Index, unit: str, columns: pd.Index) -> list[str]:
    asked = list(treated) if isinstance(treated, (list, tuple)) else [treated]
    names = [str(int(a)) if isinstance(a, float) and a.is_integer() else str(a) for a in asked]
    for name in names:
        if name not in units:
            raise refuse(
                f"{WHERE}, treated {name!r}",
                f"is no {unit} and no column of the table",
                nearest(name, [*units, *columns]),
            )
    if not names:
        raise refuse(WHERE, "no unit is treated", "name one, or a column that marks it")
    if len(set(names)) == len(units):
        raise refuse(WHERE, "every unit is treated", "a synthetic control is made of units without the program")
    return sorted(set(names))


def _refuse_gaps(treated: pd.DataFrame, word: str) -> None:
    for name, row in treated.iterrows():
        gone = [f"{t:g}" for t in row.index[row.isna()]]
        if gone:
            raise refuse(
                f"{WHERE}, treated {word} {name}",
                f"has no value in {listing(gone[:6])}",
                "it needs one in every year of the table: give it, or leave that year out for all",
            )


def _chosen(donors: Sequence[Any] | None, units: pd.Index, ids: list[str], unit: str, word: str) -> list[str]:
    if donors is None:
        return [str(u) for u in units if u not in ids]
    names = sorted({str(d) for d in donors})
    for name in names:
        if name in ids:
            raise refuse(f"{WHERE}, donor {name!r}", "is the treated one", f"a donor is a {word} without the program")
        if name not in units:
            raise refuse(f"{WHERE}, donor {name!r}", f"is no {unit} of the table", nearest(name, units))
    return names


def _refuse_few(chosen: int, whole: int, treated: int, level: float, word: str) -> None:
    needed = max(2, int(np.ceil(1 / (1 - level) - 1e-9)) - 1) + (treated - 1)
    if whole >= needed and allowed(whole, level) >= 1:
        return
    have = f"has {plural(whole, 'donor')}" + (f" with every year (of {chosen})" if whole < chosen else "")
    if whole < 2:
        raise refuse(WHERE, have, f"chance is measured on donors: give {needed} for an interval of {100 * level:g}%")
    best = int(100 * whole / (whole + 1))
    raise refuse(
        WHERE,
        f"{have}; the smallest p-value there can be is 1/{whole + 1}, and {100 * level:g}% takes {needed} donors",
        f"add {word}s without the program, or ask for a level of at most {best / 100:g}",
    )


def _name(predictor: Predictor) -> str:
    if isinstance(predictor, str):
        return predictor
    column, first, last = predictor
    return f"{column}, {first:g}" if first == last else f"{column}, {first:g} to {last:g}"


def _predictors(
    rows: pd.DataFrame, unit: str, time: str, start: float, predictors: Sequence[Predictor], units: list[str]
) -> Floats | None:
    """Give predictors' means over their years, divided by their standard deviation over units (Abadie's scaling)."""
    if not predictors:
        return None
    columns = []
    for predictor in predictors:
        column, first, last = (predictor, -np.inf, np.inf) if isinstance(predictor, str) else predictor
        use = rows[(rows[time] >= first) & (rows[time] <= last) & (rows[time] < start)]
        means = use.groupby(unit)[column].mean().reindex(units).to_numpy(float)
        if not np.isfinite(means).all():
            lost = units[int(np.flatnonzero(~np.isfinite(means))[0])]
            raise refuse(f"{WHERE}, predictor {_name(predictor)}", f"has no value before the start for {lost}")
        spread = float(means.std(ddof=1))
        if spread == 0:
            raise refuse(f"{WHERE}, predictor {_name(predictor)}", "is the same for all units", "leave it out")
        columns.append(means / spread)
    return np.column_stack(columns)
