"""The shape of foreign tables: names of columns by year, the year itself, rows by rule, and wide made long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.errors import Problem, nearest
from leadlib.importing.plan import Aside, Condition, Entry, Long, Year
from leadlib.importing.values import coded, tidy

PART = "part"
VALUE = "value"
_SPAN = re.compile(r"(?:SY\s*)?([12][0-9]{3})\s*[-/_\u2013 ]?\s*([12][0-9]{3}|[0-9]{2})", re.IGNORECASE)
_SHORT = re.compile(r"([0-9]{2})\s*[-/_\u2013]?\s*([0-9]{2})")
_ONE = re.compile(r"[12][0-9]{3}(?:\.0)?")


@dataclass(frozen=True)
class Shown:
    """One row that a wide file makes: the column that gives each part, and the keys that its names hold."""

    parts: Mapping[str, str]
    keys: Mapping[str, str]


def plain(name: str) -> str:
    """Give a column name as it is compared: without capitals and doubled spaces."""
    return tidy(str(name)).casefold()


def fall(text: str, season: str | None) -> int | str:
    """Give the fall of the school year a text names: `2005-06`, `20052006`, `SY 2012-13`; a single year needs a season.

    Returns
    -------
    int or str
        The fall; or, as text, why there is none.
    """
    word = tidy(text)
    span = _SPAN.fullmatch(word)
    if _ONE.fullmatch(word):
        if season is None:
            return "is a single year: say `season: fall` or `season: spring`"
        return int(word[:4]) - (season == "spring")
    if span:
        first, second = int(span[1]), int(span[2])
        return first if second % 100 == (first + 1) % 100 and second in (first + 1, (first + 1) % 100) else _NO_SPAN
    short = _SHORT.fullmatch(word)
    if short and int(short[2]) == (int(short[1]) + 1) % 100:
        return (1900 if int(short[1]) >= 70 else 2000) + int(short[1])
    return "is no school year"


_NO_SPAN = "names two years that do not follow one another"


def year_in_name(name: str, year: Year | None, where: str, problems: list[Problem]) -> int | None:
    """Give the fall that a file's name or the crosswalk names; None where the year stands in a column or nowhere."""
    if year is None or year.kind == "column":
        return None
    text = year.text
    if year.kind == "name":
        found = re.search(year.text, name)
        if not found:
            problems.append(Problem(where, f"no year is found in the name by {year.text!r}", "correct the pattern"))
            return None
        text = "-".join(g for g in found.groups() if g)
    made = fall(text, year.season)
    if isinstance(made, str):
        problems.append(Problem(where, f"the year {text!r} {made}", "correct `year` in the crosswalk"))
        return None
    return made


def years(words: pd.Series, season: str | None) -> tuple[np.ndarray, dict[int, str]]:
    """Give the fall for each cell of a year column, and the cells that name none, by their place."""
    codes, unique = coded(words)
    made = [fall(w, season) for w in unique]
    numbers = np.array([y if isinstance(y, int) else 0 for y in made], dtype="int64")
    bad = [k for k, y in enumerate(made) if isinstance(y, str)]
    wrong = {int(i): f"{unique[k]!r} {made[k]}" for k in bad for i in np.flatnonzero(codes == k)}
    return (numbers[codes] if len(unique) else np.empty(0, "int64")), wrong


def renamed(
    header: Sequence[str], entry: Entry, year: int | None, where: str, problems: list[Problem]
) -> dict[str, str]:
    """Give for every name that a crosswalk may use the column of this file: its own name, or an alias of the year."""
    names = {plain(c): c for c in reversed(header)}
    found = {c: c for c in header}
    for alias, ways in entry.columns.items():
        fit = [w.name for w in ways if w.years is None or year is None or w.years[0] <= year <= w.years[1]]
        there = list(dict.fromkeys(names[plain(n)] for n in fit if plain(n) in names))
        if len(there) > 1:
            what = f"{alias!r} could be {' or '.join(map(repr, there))}: both stand in the file"
            problems.append(Problem(where, what, "name for each the years in which it holds"))
        if there:
            found[alias] = there[0]
    return found


def resolve(name: str, names: Mapping[str, str]) -> str | None:
    """Give the column of the file that a name in the crosswalk means."""
    if name in names:
        return names[name]
    by_plain = {plain(c): c for c in names.values()}
    return by_plain.get(plain(name))


def lacking(name: str, entry: Entry, header: Sequence[str], where: str) -> Problem:
    """Say that a column is not there, with the nearest that is."""
    said = [
        f"{w.name!r}" + (f" in the falls {w.years[0]} to {w.years[1]}" if w.years else "")
        for w in entry.columns.get(name, ())
    ]
    ways = ", ".join(said)
    what = f"has no column {name!r}" + (f" (looked for {ways})" if ways else "")
    return Problem(where, what, nearest(name, header))


def mask(frame: pd.DataFrame, conditions: Sequence[Condition], names: Mapping[str, str]) -> np.ndarray:
    """Say which rows hold every condition."""
    keep = np.ones(len(frame), dtype=bool)
    for rule in conditions:
        codes, unique = coded(frame[resolve(rule.column, names)])
        fits = np.array([_fits(tidy(w), rule) for w in unique], dtype=bool)
        keep &= fits[codes] if len(unique) else keep
    return keep


def _fits(word: str, rule: Condition) -> bool:
    if rule.blank is not None and rule.blank is bool(word):
        return False
    if rule.any_of and word not in rule.any_of:
        return False
    if rule.none_of and word in rule.none_of:
        return False
    return rule.matches is None or re.fullmatch(rule.matches, word) is not None


def set_aside(frame: pd.DataFrame, rules: Sequence[Aside], names: Mapping[str, str]) -> np.ndarray:
    """Give for each row the reason it is set aside for, or None. The first rule that fits counts."""
    reasons = np.full(len(frame), None, dtype=object)
    for rule in rules:
        reasons[mask(frame, rule.when, names) & (reasons == None)] = rule.reason  # noqa: E711  (by element)
    return reasons


def long_rows(
    long: Long, header: Sequence[str], names: Mapping[str, str], where: str, problems: list[Problem]
) -> list[Shown]:
    """Give the rows that each row of a wide file makes, in the order of its columns."""
    if long.pattern is None:
        return _listed(long, header, names, where, problems)
    made: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for column in header:
        found = re.fullmatch(long.pattern, tidy(column))
        if not found:
            continue
        keys = {k: v or "" for k, v in found.groupdict().items()} or {"key": found[1] if found.groups() else column}
        part = keys.pop(PART, VALUE)
        parts = made.setdefault(tuple(keys.items()), {})
        if part in parts:
            problems.append(Problem(where, f"{column!r} and {parts[part]!r} say the same", "correct the pattern"))
        parts[part] = column
    if not made:
        problems.append(Problem(where, f"no column fits the pattern {long.pattern!r}", "correct the pattern"))
    return [Shown(parts, dict(keys)) for keys, parts in made.items()]


def _listed(
    long: Long, header: Sequence[str], names: Mapping[str, str], where: str, problems: list[Problem]
) -> list[Shown]:
    made = []
    for one in long.cells:
        there = {part: resolve(column, names) for part, column in one.columns.items()}
        if not any(there.values()):
            first = next(iter(one.columns.values()))
            problems.append(Problem(where, f"has no column {first!r}", nearest(first, header)))
            continue
        made.append(Shown({p: c for p, c in there.items() if c is not None}, one.keys))
    return made


def joined(columns: Sequence[pd.Series], pads: Sequence[int], separator: str) -> pd.Series:
    """Make one id of several columns, each padded with zeros to its width; an id with an empty part is empty."""
    parts = []
    for k, words in enumerate(columns):
        codes, unique = coded(words)
        clean = pd.Series(np.array([tidy(w) for w in unique], dtype=object)[codes] if unique else [], dtype="object")
        parts.append(clean.str.zfill(pads[k]).where(clean != "", "") if k < len(pads) and pads[k] else clean)
    made = parts[0]
    for part in parts[1:]:
        made = (made + separator + part).where((made != "") & (part != ""), "")
    return made
