"""A panel as a matrix: one row a unit, one column a year, gaps where a unit has no value; and when each one started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.frames import Prepared, prepared
from leadlib.errors import refuse
from leadlib.numbers import listing, plural, show

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
NEVER = np.inf
_SHOWN = 5


@dataclass(frozen=True)
class Panel:
    """Outcomes by unit and year, sorted; `first` is each unit's first treated year, infinite for those never treated.

    `weight` is a unit's mean weight over its years (1 without weights), `cluster` its cluster's number, `extra`
    a matrix of its own for each covariate.
    """

    y: Floats
    years: Floats
    units: npt.NDArray[np.object_]
    first: Floats
    weight: Floats
    cluster: Codes
    extra: dict[str, Floats]
    limits: tuple[str, ...]

    @property
    def seen(self) -> npt.NDArray[np.bool_]:
        """Say where there is a value."""
        return np.isfinite(self.y)

    @property
    def by_unit(self) -> bool:
        """Say whether every unit is a cluster of its own."""
        return len(np.unique(self.cluster)) == len(self.units)

    def not_yet(self, anticipation: float = 0) -> Panel:
        """Count units that start only after the last year as untreated, and say so."""
        late = np.isfinite(self.first) & (self.first - anticipation > self.years[-1])
        if not late.any():
            return self
        said = f"{plural(int(late.sum()), 'unit')} starting after the last year: counted as untreated."
        return replace(self, first=np.where(late, NEVER, self.first), limits=(*self.limits, said))

    def keep(self, rows: Any, *limits: str) -> Panel:
        """Give the panel of some units, with what is to be said about the others."""
        kept = {name: values[rows] for name, values in self.extra.items()}
        _, cluster = np.unique(self.cluster[rows], return_inverse=True)
        return Panel(
            self.y[rows],
            self.years,
            self.units[rows],
            self.first[rows],
            self.weight[rows],
            cluster,
            kept,
            (*self.limits, *limits),
        )


def read(
    frame: Any,
    where: str,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str | None,
    treated: str | None = None,
    start: float | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    covariates: Sequence[str] = (),
) -> Panel:
    """Read a panel; refuse what no comparison of differences can work with.

    Raises
    ------
    InputError
        As `prepared`; a unit whose start or cluster changes; treatment that is switched off; weights that are not
        above zero; an outcome that never moves.
    """
    ready = prepared(
        _without_infinite(frame, first_treated),
        where,
        labels=[unit, *([cluster] if cluster and cluster != unit else [])],
        flags=[treated] if treated else [],
        numbers=[time, outcome, *([weights] if weights else [])],
        optional=[*([first_treated] if first_treated else []), *covariates],
        key=[unit, time],
    )
    rows = ready.frame
    if len(rows) < 4:
        raise refuse(where, f"has {plural(len(rows), 'row')}", "give at least two units in at least two years")
    codes, units = _codes(rows[unit])
    years, at = np.unique(rows[time].to_numpy(float), return_inverse=True)
    grid = _Grid(codes, at, len(units), len(years))
    y = grid.matrix(rows[outcome])
    _moves(y, outcome, where)
    first = (
        _starts(grid, rows, first_treated, units, where)
        if first_treated
        else _from_flag(grid, rows, str(treated), start, years, units, where)
    )
    return Panel(
        y,
        years,
        units,
        first,
        _weights(grid, rows, weights, where),
        _clusters(grid, rows, cluster or unit, unit, units, where),
        {c: grid.matrix(rows[c]) for c in covariates},
        _said(ready, y, years),
    )


@dataclass(frozen=True)
class _Grid:
    """Where each row stands in the matrix."""

    unit: Codes
    year: Codes
    units_n: int
    years_n: int

    def matrix(self, column: pd.Series) -> Floats:
        out = np.full((self.units_n, self.years_n), np.nan)
        out[self.unit, self.year] = column.to_numpy(float)
        return out

    def own(self, values: npt.NDArray[Any], units: Any, where: str, what: str, fix: str) -> npt.NDArray[Any]:
        """Give each unit's one value; refuse units that have several."""
        begins = np.flatnonzero(np.r_[True, np.diff(self.unit) > 0])
        one = values[begins]
        changes = np.unique(self.unit[values != one[self.unit]])
        if len(changes):
            raise refuse(where, f"{what} changes within {named(units[changes])}", fix)
        return one


def _without_infinite(frame: Any, column: str | None) -> Any:
    """Let an infinite first year stand for never, as a missing one and 0 do."""
    if not isinstance(frame, pd.DataFrame) or column is None or column not in frame.columns:
        return frame
    values = frame[column]
    if not pd.api.types.is_float_dtype(values):
        return frame
    return frame.assign(**{column: values.mask(np.isinf(values.to_numpy(dtype=float, na_value=np.nan)))})


def _codes(column: pd.Series) -> tuple[Codes, npt.NDArray[np.object_]]:
    codes, names = pd.factorize(column, sort=True)
    return codes.astype(np.intp), np.asarray(names, dtype=object)


def _moves(y: Floats, outcome: str, where: str) -> None:
    seen = np.isfinite(y)
    size = np.abs(y[seen]).max()
    mean = np.where(seen, y, 0.0).sum(axis=1) / seen.sum(axis=1)
    if np.abs(np.where(seen, y - mean[:, None], 0.0)).max() <= 1e-12 * size:
        raise refuse(
            f"{where}, column {outcome!r}", "never changes within a unit", "the design compares changes over time"
        )


def _starts(grid: _Grid, rows: pd.DataFrame, column: str, units: Any, where: str) -> Floats:
    given = rows[column].to_numpy(float)
    given = np.where(np.isnan(given) | (given <= 0), NEVER, given)
    return grid.own(
        given,
        units,
        f"{where}, column {column!r}",
        "the first treated year",
        "give each unit one year, the same in all its rows, and leave it empty for those never treated",
    ).astype(float)


def _from_flag(
    grid: _Grid, rows: pd.DataFrame, column: str, start: float | None, years: Floats, units: Any, where: str
) -> Floats:
    """Read the first treated year from a flag of the group, with a start, or from one that turns on in a year."""
    flags = grid.matrix(rows[column])
    place = f"{where}, column {column!r}"
    seen = np.isfinite(flags)
    on = np.where(seen, flags, 0.0) > 0
    steady = ~np.any(on, axis=1) | np.all(on | ~seen, axis=1)
    if start is not None:
        if not steady.all():
            raise refuse(
                place,
                f"changes within {named(units[~steady])}, and a start is given too",
                "give a flag of the group with start=, or a flag that turns on in the first treated year without it",
            )
        return np.where(on.any(axis=1), float(start), NEVER)
    off = np.any((np.maximum.accumulate(on, axis=1) & seen) & ~on, axis=1)
    if off.any():
        raise refuse(
            place,
            f"is switched off again in {named(units[off])}",
            "the design follows units from a first treated year on; leave those units or their later years out",
        )
    if steady.all() and on.any():
        raise refuse(place, "never turns on within a unit", "say with start= in which year the treatment began")
    return np.where(on.any(axis=1), years[np.argmax(on, axis=1)], NEVER)


def _weights(grid: _Grid, rows: pd.DataFrame, column: str | None, where: str) -> Floats:
    if column is None:
        return np.ones(grid.units_n)
    given = rows[column].to_numpy(float)
    if (given <= 0).any():
        raise refuse(f"{where}, column {column!r}", "holds weights that are not above zero", "leave those rows out")
    mean = np.bincount(grid.unit, given, grid.units_n) / np.bincount(grid.unit, minlength=grid.units_n)
    return mean / mean.mean()


def _clusters(grid: _Grid, rows: pd.DataFrame, column: str, unit: str, units: Any, where: str) -> Codes:
    if column == unit:
        return np.arange(grid.units_n)
    codes, _ = _codes(rows[column])
    own = grid.own(
        codes, units, f"{where}, column {column!r}", "the cluster", "each unit belongs to one cluster in all its years"
    )
    return np.unique(own, return_inverse=True)[1]


def _said(ready: Prepared, y: Floats, years: Floats) -> tuple[str, ...]:
    seen = np.isfinite(y)
    short = int((~seen.all(axis=1)).sum())
    said = list(ready.limits())
    if short:
        said.append(
            f"{plural(short, 'unit')} of {len(y):,} have no value in some year; each counts in the years it has."
        )
    steps = np.diff(years)
    if len(steps) and (steps != steps.min()).any():
        said.append("Years are missing for all units: changes are taken between the years there are.")
    return tuple(said)


def named(names: Any) -> str:
    """Name the first few units, and count the rest."""
    shown = [str(n) for n in names[:_SHOWN]]
    more = len(names) - len(shown)
    return listing([*shown, f"{more} more"]) if more > 0 else listing(shown)


def year_text(year: float) -> str:
    """Write a year as a whole number where it is one."""
    return str(int(year)) if float(year).is_integer() else show(year, "value")
