"""Whether a text names a day or a month that stands in a calendar."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator

MONTHS = {name.casefold(): k for k, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.casefold(): k for k, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_NAME = "|".join(sorted(MONTHS, key=len, reverse=True))
_DAY = "monday|tuesday|wednesday|thursday|friday"
LEAP = 2024

_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_SLASHED = re.compile(r"\b(\d{1,2})/(\d{1,2})(?:/(\d{4}|\d{2}))?\b")
_MONTH_FIRST = re.compile(rf"\b({_NAME})\b\.?(?:\s+(\d{{1,2}})(?:st|nd|rd|th)?\b)?(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({_NAME})\b\.?(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
_RHYTHM = re.compile(
    rf"\b(each|every) ({_DAY})\b|\b(first|second|third|fourth|last) ({_DAY}|day|week)s? of (each|every|the)\b",
    re.IGNORECASE,
)


def trouble(given: object) -> str:
    """Say why something is no date; nothing where it is one: a day, a month by its name, a day of each month."""
    if isinstance(given, datetime.date) or _RHYTHM.search(str(given)):
        return ""
    named = list(_dates(str(given)))
    if not named:
        return "is no date: name a day, such as March 18"
    wrong = [shown for shown, year, month, day in named if not _stands(year, month, day)]
    return f"names a day that no calendar has: {wrong[0]}" if wrong else ""


def names_one(text: str) -> bool:
    """Whether a text names a day or a month."""
    return any(_stands(year, month, day) for _, year, month, day in _dates(text))


def _dates(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Give each date in a text as it is written, with year, month and day; a month alone is its first day."""
    for found in _ISO.finditer(text):
        yield found[0], int(found[1]), int(found[2]), int(found[3])
    for found in _SLASHED.finditer(text):
        yield found[0], _year(found[3]), int(found[1]), int(found[2])
    rest = text
    for found in _DAY_FIRST.finditer(text):
        yield found[0], _year(found[3]), MONTHS[found[2].casefold()], int(found[1])
        rest = rest.replace(found[0], " ")
    for found in _MONTH_FIRST.finditer(rest):
        if found[1] != "may":  # "teachers may ask" is no date
            yield found[0].strip(), _year(found[3]), MONTHS[found[1].casefold()], int(found[2] or 1)


def _year(text: str | None) -> int:
    return LEAP if text is None else int(text) + (2000 if len(text) == 2 else 0)


def _stands(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True
