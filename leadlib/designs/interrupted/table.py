"""What a series design makes of a table: one row a unit, one column a period, and which unit is treated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.frames import Prepared, prepared
from leadlib.errors import refuse
from leadlib.numbers import plural

WHERE = "series"
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Wide:
    """Values of units (rows) in periods (columns), missing ones as NaN; who is treated, in which cluster, how heavy."""

    units: npt.NDArray[np.object_]
    times: Floats
    values: Floats
    treated: Flags
    clusters: npt.NDArray[np.object_] | None
    weights: Floats | None
    before: Flags
    limits: tuple[str, ...]

    def only(self, keep: Any) -> Wide:
        """Give the units that stay."""
        keep = np.asarray(keep, dtype=bool)
        return Wide(
            self.units[keep],
            self.times,
            self.values[keep],
            self.treated[keep],
            None if self.clusters is None else self.clusters[keep],
            None if self.weights is None else self.weights[keep],
            self.before,
            self.limits,
        )


def wide(
    frame: pd.DataFrame,
    *,
    outcome: str,
    time: str,
    start: float,
    unit: str | None,
    treated: str | None,
    cluster: str | None,
    weights: str | None,
) -> Wide:
    """Turn rows of units and periods into one row a unit; refuse what no series design can use."""
    labels = [c for c in (unit, cluster) if c]
    ready = prepared(
        frame,
        WHERE,
        numbers=[outcome, time, *([weights] if weights else [])],
        flags=[treated] if treated else [],
        labels=labels,
        key=[unit, time] if unit else [time],
    )
    rows = ready.frame
    _refuse_times(rows, time, outcome, start)
    ids, names = pd.factorize(rows[unit], sort=True) if unit else (np.zeros(len(rows), int), np.array(["series"]))
    times = np.unique(rows[time].to_numpy())
    values = np.full((len(names), len(times)), np.nan)
    values[ids, np.searchsorted(times, rows[time].to_numpy())] = rows[outcome].to_numpy()
    return Wide(
        np.asarray(names, dtype=object),
        times,
        values,
        _constant(rows, ids, len(names), treated, unit).astype(float) > 0 if treated else np.ones(len(names), bool),
        _constant(rows, ids, len(names), cluster, unit) if cluster else None,
        _mean_weights(rows, ids, len(names), time, start, weights) if weights else None,
        times < start,
        _limits(ready, times),
    )


def _refuse_times(rows: pd.DataFrame, time: str, outcome: str, start: float) -> None:
    if len(rows) < 3:
        raise refuse(WHERE, f"has {plural(len(rows), 'row')}", "a series needs years before and after the start")
    periods = rows[time].to_numpy()
    if (periods != np.round(periods)).any():
        raise refuse(f"{WHERE}, column {time!r}", "holds parts of a period", "number the periods in whole steps")
    if not (periods >= start).any():
        raise refuse(
            f"{WHERE}, start {start:g}", f"no row lies at or after it (the last is {periods.max():g})", "check `start`"
        )
    if not (periods < start).any():
        raise refuse(
            f"{WHERE}, start {start:g}", f"no row lies before it (the first is {periods.min():g})", "check `start`"
        )
    values = rows[outcome].to_numpy()
    if values.min() == values.max():
        raise refuse(f"{WHERE}, column {outcome!r}", "has the same value in every row", "there is nothing to compare")


def _constant(rows: pd.DataFrame, ids: Any, n: int, column: str | None, unit: str | None) -> npt.NDArray[np.object_]:
    """Give each unit's one value of a column that may not change within a unit."""
    if unit is None:
        raise refuse(WHERE, f"is given {column!r} but not the units", "name their column as `unit`")
    codes, names = pd.factorize(rows[column])
    first = np.zeros(n, dtype=int)
    first[ids[::-1]] = codes[::-1]
    changed = np.flatnonzero(codes != first[ids])
    if len(changed):
        raise refuse(
            f"{WHERE}, column {column!r}",
            f"changes within {unit} {rows[unit].iloc[int(changed[0])]}",
            "give one value a unit (1 in all years of a treated unit); where programs start in different years use"
            " designs.staggered",
        )
    return np.asarray(names, dtype=object)[first]


def _mean_weights(rows: pd.DataFrame, ids: Any, n: int, time: str, start: float, weights: str | None) -> Floats:
    """Give each unit's mean weight before the start, so that a program that moves sizes does not move weights."""
    given = rows[weights].to_numpy()
    if (given <= 0).any():
        raise refuse(f"{WHERE}, column {weights!r}", "holds a weight that is not above zero", "leave those rows out")
    early = (rows[time] < start).to_numpy()
    sums, counts = np.bincount(ids[early], given[early], n), np.bincount(ids[early], minlength=n)
    whole = np.bincount(ids, given, n) / np.bincount(ids, minlength=n)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), whole))


def _limits(ready: Prepared, times: Floats) -> tuple[str, ...]:
    gaps = sorted(set(range(int(times[0]), int(times[-1]) + 1)) - {int(t) for t in times})
    said = ready.limits()
    if gaps and len(gaps) < len(times):
        many = ", ".join(str(g) for g in gaps[:6]) + (" and others" if len(gaps) > 6 else "")
        said = (*said, f"No unit has a value in {many}.")
    return said
