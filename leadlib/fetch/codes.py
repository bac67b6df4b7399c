"""From the portal's rows to typed columns: ids as text, codes as reasons, and every change of the fields noticed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import InputError, Problem
from leadlib.fetch.endpoints import Query, Rule, catalogue, rule
from leadlib.numbers import listing, plural

WHYS = ("reported", "not_reported", "not_applicable", "suppressed", "range")
LARGEST = 1e15
"""No count or sum of money of a school is larger; what is, is damage."""
SHOWN = 3
_DIGITS = re.compile(r"[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+)(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")


@dataclass
class Columns:
    """Collects the rows of answers of one kind, page by page, so that no more than a page is held as rows.

    Parameters
    ----------
    wanted : sequence of str
        Fields to keep; the key is always kept.
    """

    wanted: Sequence[str]
    chunks: list[pd.DataFrame] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    new: dict[str, None] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    _told: dict[str, None] = field(default_factory=dict)

    def add(self, rows: Sequence[Mapping[str, Any]], query: Query) -> None:
        """Take one page."""
        if not rows:
            self.empty.append(str(query))
            return
        if not self._fields(rows, query):
            return
        here = dict.fromkeys([*query.endpoint.key, *catalogue().dimensions, *self.wanted])
        columns: dict[str, Any] = {}
        for name in here:
            if any(name in row for row in (rows[0], rows[-1])):
                self._column(name, [row.get(name) for row in rows], query, columns)
        self.chunks.append(pd.DataFrame(columns, copy=False))

    def _fields(self, rows: Sequence[Mapping[str, Any]], query: Query) -> bool:
        """Hold the fields of every row to those expected; note new ones."""
        first, known = rows[0].keys(), dict.fromkeys(query.endpoint.fields)
        lost: dict[str, int] = {}
        for row in rows:
            if row is rows[0] or row.keys() != first:
                for name in row.keys() - known.keys():
                    self.new[name] = None
                for name in query.endpoint.expected(query.by):
                    if name not in row:
                        lost[name] = lost.get(name, 0) + 1
        for name, n in lost.items():
            every = len(rows) if name not in first and all(name not in r for r in rows) else n
            some = "" if every == len(rows) else f" in {plural(every, 'row')}"
            new = sorted(first - known.keys())
            instead = f"; new are {', '.join(new[:8])}" if new else ""
            fix = "the portal has changed; look for a newer leadlib"
            self.note(name, Problem(f"{query}, field {name}", f"is missing{some}{instead}", fix))
        return not lost

    def note(self, what: str, problem: Problem) -> None:
        """Note a problem, once for each field and kind."""
        mark = f"{what}|{problem.what[:24]}"
        if mark not in self._told:
            self._told[mark] = None
            self.problems.append(problem)

    def _column(self, name: str, cells: list[Any], query: Query, columns: dict[str, Any]) -> None:
        how = rule(name)
        read = {"id": _ids, "text": _texts}.get(how.kind, _numbers)
        values, why, wrong = read(cells, how)
        for what, examples in wrong.items():
            shown = listing([repr(e)[:40] for e in examples[:SHOWN]], "or")
            more = f" and {len(examples) - SHOWN:,} more" if len(examples) > SHOWN else ""
            self.note(name, Problem(f"{query}, field {name}", f"{shown}{more} {what}", "tell the portal"))
        columns[name] = values
        columns[f"{name}__why"] = pd.Categorical.from_codes(why, categories=list(WHYS))

    def frame(self, key: Sequence[str] = ()) -> pd.DataFrame:
        """Give all rows, or raise one error with all that is wrong; `key` names columns for when there are none."""
        if self.problems:
            raise InputError(self.problems)
        if not self.chunks:
            names = [n for name in dict.fromkeys([*key, *self.wanted]) for n in (name, f"{name}__why")]
            return pd.DataFrame({name: pd.Series(dtype="str") for name in names})
        made = pd.concat(self.chunks, ignore_index=True)
        for name in [c for c in made.columns if f"{c}__why" in made.columns]:  # an answer may lack what others have
            made[f"{name}__why"] = made[f"{name}__why"].fillna("not_applicable")
        self.chunks.clear()
        return made


Read = tuple[Any, np.ndarray, dict[str, list[Any]]]


def _numbers(cells: list[Any], how: Rule) -> Read:
    """Read numbers: the documented codes become reasons, all else must be a number within its bounds."""
    wrong: dict[str, list[Any]] = {}
    if {type(c) for c in cells} <= {int, float, type(None)}:
        try:
            values = np.array(cells, dtype="float64")
        except OverflowError:
            values = np.array([_number(c, wrong) for c in cells], dtype="float64")
        gaps = np.fromiter((c is None for c in cells), dtype=bool, count=len(cells))
    else:
        read = [_number(c, wrong) for c in cells]
        values = np.array(read, dtype="float64")
        gaps = np.fromiter((v is None for v in read), dtype=bool, count=len(cells))
    why = np.where(gaps, WHYS.index("not_reported"), 0).astype("int8")
    for code, reason in how.codes.items():
        hit = values == code
        why[hit] = WHYS.index(reason)
        values = np.where(hit, np.nan, values)
    _bounds(values, why, how, wrong)
    return values * how.times if how.times != 1 else values, why, wrong


def _bounds(values: np.ndarray, why: np.ndarray, how: Rule, wrong: dict[str, list[Any]]) -> None:
    """Note numbers that cannot be right."""
    there = why == 0
    # written so that an infinity and what could not be read fail as well
    checks = [(~(np.abs(values) < LARGEST), "cannot be right")]
    if how.lowest is not None:
        checks.append((values < how.lowest, f"is below {how.lowest:g} and no known code"))
    if how.highest is not None:
        checks.append((values > how.highest, f"is above {how.highest:g}"))
    if how.kind == "whole":
        checks.append((np.isfinite(values) & (values != np.floor(values)), "is not a whole number"))
    for failing, what in checks:
        found = values[failing & there & ~np.isnan(values)]
        if len(found):
            wrong.setdefault(what, []).extend(int(v) if v.is_integer() else v for v in found.tolist())


def _number(cell: Any, wrong: dict[str, list[Any]]) -> float | None:
    """Read a number that may come as text; give None for none."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()):
        return float(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        try:
            return float(cell)
        except OverflowError:
            return math.inf if cell > 0 else -math.inf
    wrong.setdefault("is not a number", []).append(cell)
    return None


def _ids(cells: list[Any], how: Rule) -> Read:
    """Read ids as text of their full width; a number has lost its zeros, which are put back."""
    wrong: dict[str, list[Any]] = {}
    codes = {str(code): reason for code, reason in how.codes.items()}
    values: list[str | None] = []
    why = np.zeros(len(cells), dtype="int8")
    for k, cell in enumerate(cells):
        word = _word(cell)
        if word is None or word in codes:
            values.append(None)
            why[k] = WHYS.index(codes.get(word or "", "not_reported"))
        elif _DIGITS.fullmatch(word) and len(word) <= how.width:
            values.append(word.zfill(how.width))
        else:
            values.append(None)
            why[k] = WHYS.index("not_reported")
            wrong.setdefault(f"is not an id of {how.width} digits", []).append(cell)
    return pd.array(values, dtype="str"), why, wrong


def _texts(cells: list[Any], how: Rule) -> Read:
    """Read text; a number is written as it came."""
    wrong: dict[str, list[Any]] = {}
    codes = {str(code): reason for code, reason in how.codes.items()}
    values: list[str | None] = []
    why = np.zeros(len(cells), dtype="int8")
    for k, cell in enumerate(cells):
        word = _word(cell)
        missing = word is None or word in codes
        values.append(None if missing else word)
        if missing:
            why[k] = WHYS.index(codes.get(word or "", "not_reported"))
        if isinstance(cell, (dict, list)):
            wrong.setdefault("is not text", []).append(cell)
    return pd.array(values, dtype="str"), why, wrong


def _word(cell: Any) -> str | None:
    """Write a cell as one line of text; nothing is None."""
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < LARGEST:
        cell = int(cell)
    text = " ".join(str(cell).split())
    return text or None


def repeated(frame: pd.DataFrame, key: Iterable[str]) -> pd.DataFrame:
    """Give the rows whose key has come before: the portal gave them twice, and others perhaps not at all."""
    dimensions = [d for d in catalogue().dimensions if d in frame.columns]
    columns = [c for c in dict.fromkeys([*key, *dimensions]) if c in frame.columns]
    return frame[frame.duplicated(columns)][columns]
