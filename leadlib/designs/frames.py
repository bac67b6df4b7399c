"""What a design asks of a table: its columns by role, numbers that are numbers, and an order of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import InputError, Problem, nearest
from leadlib.numbers import plural


@dataclass(frozen=True)
class Prepared:
    """The rows a design works on, in an order that does not depend on how they came, and how many were left out."""

    frame: pd.DataFrame
    left_out: int
    without: tuple[str, ...]

    def limits(self) -> tuple[str, ...]:
        """Give the sentence on rows left out, if there are any."""
        if not self.left_out:
            return ()
        were = "was" if self.left_out == 1 else "were"
        return (f"{plural(self.left_out, 'row')} without a value in {', '.join(self.without)} {were} left out.",)


def prepared(
    frame: Any,
    where: str,
    *,
    numbers: Sequence[str] = (),
    flags: Sequence[str] = (),
    labels: Sequence[str] = (),
    optional: Sequence[str] = (),
    key: Sequence[str] = (),
) -> Prepared:
    """Give the rows that have a value in every column asked for, sorted; refuse everything that is wrong at once.

    Parameters
    ----------
    where : str
        The design, for messages.
    numbers, flags, labels : sequence of str
        Columns that must hold numbers; 0 and 1 (or true and false; given back as 0.0 and 1.0); names or codes (given
        back as text, whole numbers without a point).
    optional : sequence of str
        Columns of numbers whose missing values stay.
    key : sequence of str
        Columns that may not hold the same values twice.

    Raises
    ------
    InputError
        Columns that are missing, hold something else, or rows that stand twice: all of them, with an example row.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(Problem(where, "is not given a table", "give a pandas DataFrame"))
    wanted = list(dict.fromkeys([*labels, *flags, *numbers, *optional]))
    lost = [c for c in wanted if c not in frame.columns]
    problems = [Problem(f"{where}, column {c!r}", "is not in the table", nearest(c, frame.columns)) for c in lost]
    table = pd.DataFrame(index=frame.index)
    for column in wanted:
        if column in lost:
            continue
        kind = "label" if column in labels else "flag" if column in flags else "number"
        table[column], wrong = _converted(frame[column], kind)
        problems += (
            [Problem(f"{where}, column {column!r}, {_row(frame, wrong)}", *_KINDS[kind])] if wrong is not None else []
        )
    if problems:
        raise InputError(problems)
    needed = [c for c in wanted if c not in optional]
    whole = table[needed].notna().all(axis=1)
    without = tuple(c for c in needed if table[c].isna().any())
    rows = table[whole]
    if key and rows.duplicated(list(key)).any():
        twice = rows[rows.duplicated(list(key), keep=False)]
        example = ", ".join(f"{c} {twice[c].iloc[0]}" for c in key)
        raise InputError(
            Problem(
                f"{where}, rows",
                f"{plural(len(twice), 'row')} share their {' and '.join(key)} ({example})",
                "keep one of each",
            )
        )
    order = [*key, *(c for c in wanted if c not in key)]
    rows = rows.take(_order(rows, order)).reset_index(drop=True) if order else rows
    return Prepared(rows, int((~whole).sum()), without)


def _order(rows: pd.DataFrame, columns: list[str]) -> Any:
    """Give the order of the rows by these columns; text by its codes, which is quick also for a million rows."""
    keys = [pd.factorize(rows[c], sort=True)[0] if rows[c].dtype == object else rows[c].to_numpy() for c in columns]
    return np.lexsort(keys[::-1])


_KINDS = {
    "number": ("does not hold a finite number", "turn marks into missing values first"),
    "flag": ("holds something other than 0 and 1", "give 1 for the treated and 0 for the comparison"),
    "label": ("cannot be read as a name or a code", "give text or whole numbers"),
}


def _row(frame: pd.DataFrame, place: int) -> str:
    return f"row {place + 1} of {len(frame)}"


def _converted(column: pd.Series, kind: str) -> tuple[pd.Series, int | None]:
    """Give the column as its kind, and the place of the first value that is not of it."""
    missing = column.isna()
    if kind == "label":
        codes, uniques = pd.factorize(column)
        names = np.array([*(_name(value) for value in uniques), None], dtype=object)
        return pd.Series(names[codes], index=column.index, dtype=object), None
    as_numbers = _numbers(column)
    wrong = ~missing & ~np.isfinite(as_numbers.to_numpy(dtype=float))
    if kind == "flag":
        wrong = wrong | (~missing & ~as_numbers.isin([0.0, 1.0]))
    return as_numbers.astype(float), int(np.flatnonzero(wrong.to_numpy())[0]) if wrong.any() else None


def _numbers(column: pd.Series) -> pd.Series:
    # Text that looks like a number is refused rather than guessed at; a column of objects may hold real numbers.
    if pd.api.types.is_string_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return column.map(_nan)
    if column.dtype == object:
        column = column.where(~column.map(lambda value: isinstance(value, str)))
    return pd.to_numeric(column, errors="coerce").astype("float64")


def _nan(_: Any) -> float:
    return float("nan")


def _name(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and float(value).is_integer() else str(value)
