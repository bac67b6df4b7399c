"""Answers to a questionnaire as one table: a row a respondent, a column an item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.frames import prepared
from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import plural

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Answers:
    """Answers, NaN where there is none; `units` are codes into `unit_names` (empty without a unit)."""

    values: Floats
    items: tuple[str, ...]
    units: Codes
    unit_names: tuple[str, ...]
    scale: tuple[float, float]

    @property
    def n(self) -> int:
        """Number of respondents."""
        return len(self.values)

    def only(self, rows: npt.NDArray[np.bool_], columns: npt.NDArray[np.bool_] | None = None) -> Answers:
        """Give some of the respondents, and some of the items."""
        kept = np.ones(len(self.items), bool) if columns is None else columns
        names = tuple(name for name, keep in zip(self.items, kept, strict=True) if keep)
        units = self.units[rows] if len(self.units) else self.units
        return Answers(self.values[rows][:, kept], names, units, self.unit_names, self.scale)


def answers(
    frame: pd.DataFrame,
    where: str,
    *,
    items: Sequence[str] = (),
    item: str | None = None,
    response: str | None = None,
    respondent: str | None = None,
    unit: str | None = None,
    reverse: Sequence[str] = (),
    scale: tuple[float, float] | None = None,
) -> Answers:
    """Read answers, long (one row a respondent and item) or wide (one column an item), and turn reversed items.

    Raises
    ------
    InputError
        Neither or both shapes named, an item that stands twice for a respondent, a respondent in two units, answers
        outside the scale, a reversed item that is not there.
    """
    long = item is not None or response is not None
    if long == bool(items) or (long and not (item and response and respondent)):
        raise refuse(
            where, "needs items=, or item=, response= and respondent=", "name the columns of one of both shapes"
        )
    values, names, units, unit_names = (
        _long(frame, where, str(item), str(response), str(respondent), unit)
        if long
        else _wide(frame, where, list(items), unit)
    )
    ends = _scale(values, where, scale)
    lost = [r for r in reverse if r not in names]
    if lost:
        raise InputError([Problem(f"{where}, reverse {r!r}", "is not an item", nearest(r, names)) for r in lost])
    turned = np.isin(np.array(names), list(reverse))
    values[:, turned] = ends[0] + ends[1] - values[:, turned]
    return Answers(values, names, units, unit_names, ends)


def _wide(
    frame: pd.DataFrame, where: str, items: list[str], unit: str | None
) -> tuple[Floats, tuple[str, ...], Codes, tuple[str, ...]]:
    labels = [unit] if unit else []
    rows = prepared(frame, where, labels=labels, optional=items).frame
    codes, names = pd.factorize(rows[unit], sort=True) if unit else (np.array([], dtype=np.intp), [])
    return rows[items].to_numpy(float).copy(), tuple(items), np.asarray(codes, dtype=np.intp), tuple(names)


def _long(
    frame: pd.DataFrame, where: str, item: str, response: str, respondent: str, unit: str | None
) -> tuple[Floats, tuple[str, ...], Codes, tuple[str, ...]]:
    labels = [respondent, item, *([unit] if unit else [])]
    rows = prepared(frame, where, labels=labels, optional=[response]).frame
    who, people = pd.factorize(rows[respondent], sort=True)
    what, names = pd.factorize(rows[item], sort=True)
    cell = who.astype(np.int64) * len(names) + what
    if len(np.unique(cell)) < len(cell):
        k = int(np.flatnonzero(pd.Series(cell).duplicated())[0])
        raise refuse(
            f"{where}, rows", f"answer twice: respondent {people[who[k]]}, item {names[what[k]]}", "keep one of each"
        )
    values = np.full((len(people), len(names)), np.nan)
    values[who, what] = rows[response].to_numpy(float)
    if not unit:
        return values, tuple(names), np.array([], dtype=np.intp), ()
    codes, units = pd.factorize(rows[unit], sort=True)
    of = np.full(len(people), -1, dtype=np.intp)
    of[who] = codes
    if (of[who] != codes).any():
        k = int(np.flatnonzero(of[who] != codes)[0])
        raise refuse(
            f"{where}, column {unit!r}",
            f"differs for respondent {people[who[k]]}",
            "give each respondent one, and one survey at a time",
        )
    return values, tuple(names), of, tuple(units)


def _scale(values: Floats, where: str, scale: tuple[float, float] | None) -> tuple[float, float]:
    if not np.isfinite(values).any():
        raise refuse(where, "has no answer", "give a table with answers")
    found = float(np.nanmin(values)), float(np.nanmax(values))
    if scale is None:
        return found
    if found[0] < scale[0] or found[1] > scale[1]:
        raise refuse(
            f"{where}, answers", f"run from {found[0]:g} to {found[1]:g}, outside {scale[0]:g} to {scale[1]:g}",
            "turn marks such as 9 for no answer into missing values, or give another scale=",
        )  # fmt: skip
    return float(scale[0]), float(scale[1])


def complete(given: Answers, where: str, least_items: int) -> tuple[Answers, tuple[str, ...]]:
    """Give the respondents who answered every item, and the sentence on the others; refuse what has no reliability."""
    whole = np.asarray(np.isfinite(given.values).all(axis=1))
    kept = given.only(whole)
    if len(kept.items) < least_items:
        raise refuse(where, f"has {plural(len(kept.items), 'item')}", f"give {least_items} or more")
    if kept.n < 3:
        raise refuse(where, f"has {plural(kept.n, 'respondent')} who answered every item", "give three or more")
    flat = [name for name, range_ in zip(kept.items, np.ptp(kept.values, axis=0), strict=True) if range_ == 0]
    if flat:
        raise refuse(f"{where}, item {', '.join(flat)}", "has the same answer from everyone", "leave it out")
    gone = int((~whole).sum())
    said = (f"{plural(gone, 'respondent')} who left out an item {'was' if gone == 1 else 'were'} left out.",)
    return kept, said if gone else ()
