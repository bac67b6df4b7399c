"""Years as people and the portal write them, made into numbers."""

from __future__ import annotations

import html
import re

from leadlib.errors import InputError, Problem, refuse

FIRST, LAST = 1900, 2100
EXAMPLE = "write years such as 2018, 2018-2021 or 1991, 1994-2020"

_DASHES = re.compile(r"\s*(?:[-\u2010-\u2015\u2212~]+|\bto\b|\bthrough\b)\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;]|\band\b|&", re.IGNORECASE)
_ONE = re.compile(r"([0-9]{4})(?:-([0-9]+))?")


def parse_years(text: str | int) -> tuple[int, ...]:
    """Give the years that a text names, each once, in order: `2009-2018, 2020` is eleven years.

    A year is the fall of its school year. Takes what the portal's catalogue and people write: single years, ranges with
    any kind of dash (also as `&ndash;`) or `to`, lists with commas, semicolons or `and`.

    Raises
    ------
    InputError
        With every part that is not a year or a range of years; `2018-19` is one, for it may mean one year or two.
    """
    plain = _DASHES.sub("-", html.unescape(str(text))).strip()
    parts = [p.strip() for p in _BETWEEN.split(plain)]
    parts = [p for p in parts if p]
    if not parts:
        raise refuse("years", "no year is named", EXAMPLE)
    found: list[int] = []
    problems: list[Problem] = []
    for part in parts:
        found += _part(part, problems)
    if problems:
        raise InputError(problems)
    return tuple(sorted(dict.fromkeys(found)))


def _part(part: str, problems: list[Problem]) -> list[int]:
    """Give the years of one year or one range."""
    match = _ONE.fullmatch(part)
    if match is None:
        problems.append(Problem("years", f"{part!r} is neither a year nor a range of years", EXAMPLE))
        return []
    first, end = match.groups()
    if end is not None and len(end) != 4:
        fix = f"write {first} for one school year (its fall), or {first}-YYYY for several"
        problems.append(Problem("years", f"{part!r} may mean one school year or several", fix))
        return []
    low, high = int(first), int(end or first)
    if not (FIRST <= low <= LAST and FIRST <= high <= LAST):
        problems.append(Problem("years", f"{part!r} is not between {FIRST} and {LAST}", EXAMPLE))
    elif low > high:
        problems.append(Problem("years", f"{part!r} runs backwards", f"write {high}-{low}"))
    else:
        return list(range(low, high + 1))
    return []


def runs(years: tuple[int, ...] | list[int]) -> str:
    """Write years as `parse_years` reads them: `1991, 1994-2020`."""
    spans: list[list[int]] = []
    for year in sorted(dict.fromkeys(years)):
        if spans and year == spans[-1][-1] + 1:
            spans[-1].append(year)
        else:
            spans.append([year])
    return ", ".join(str(s[0]) if len(s) == 1 else f"{s[0]}-{s[-1]}" for s in spans)
