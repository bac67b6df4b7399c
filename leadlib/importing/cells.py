"""What a single cell shows: numbers as people write them, ranges, and what stands around them unseen."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

REPORTED, NOT_REPORTED, RANGE = "reported", "not_reported", "range"
MARKS: Mapping[str, str] = {
    "*": "suppressed",
    "**": "suppressed",
    "s": "suppressed",
    "ps": "suppressed",
    "n<10": "suppressed",
    "suppressed": "suppressed",
    "tfc": "suppressed",
    "lne": "suppressed",
    "na": "not_reported",
    "n/a": "not_reported",
    "nan": "not_reported",
    "null": "not_reported",
    "none": "not_reported",
    ".": "not_reported",
    "--": "not_reported",
    "not_reported": "not_reported",
    "not_applicable": "not_applicable",
}
"""What stands for a missing number in files of schools when the crosswalk says nothing else. `-` and `x` mean different
things to different agencies, and `-1` may be a value: those a crosswalk must declare."""
TRUE, FALSE = ("yes", "y", "true", "t", "1"), ("no", "n", "false", "f", "0")
PERCENT = "pct"

_NUMBER = re.compile(
    r"([+-]?)(\()?\$?([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(\.[0-9]*)?([eE][+-][0-9]{1,3})?(\))?(%)?"
)
_SPAN = re.compile(r"(.+?)%?\s*(?:-|to|\.\.)\s*([^-].*)", re.IGNORECASE)
_END = re.compile(r"(<=|>=|<|>|le|ge|lt|gt)\s*(.+)", re.IGNORECASE)
BROKEN_ID = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+|[0-9]\.[0-9]+[eE][+-]?[0-9]+")
_SPACES = re.compile(r"[\s\u200b\u2060\ufeff]+")
_DASHES = str.maketrans({c: "-" for c in "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"})
_SIGNS = str.maketrans({"\u2264": "<=", "\u2265": ">="})


@dataclass(frozen=True)
class Rule:
    """How the cells of one column are read: what the crosswalk says beyond what a cell says by itself.

    `marks` are cells (small letters) that stand for a missing value, with the reason; `scale` is percent or fraction;
    `mapping` gives for a cell what is to stand in its place; `midpoint` takes a range's middle for its value; `single`
    takes away what single precision added; `whole` reads an id written as 12.0 as 12; `take` is a pattern whose group
    is the part of a cell that counts; `case` is upper, lower or title; `prefix` is put before a text.
    """

    marks: Mapping[str, str] = field(default_factory=dict)
    blank: str = NOT_REPORTED
    scale: Literal["percent", "fraction"] | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    midpoint: bool = False
    decimal: Literal[".", ","] = "."
    single: bool = False
    whole: bool = False
    take: str = ""
    case: str = ""
    prefix: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Cell:
    """What one cell says: a value, or why there is none; the ends of a range; or what is wrong with it."""

    value: Any = None
    why: str = REPORTED
    low: float | None = None
    high: float | None = None
    wrong: str = ""
    fix: str = ""
    signed: bool = False

    @property
    def is_range(self) -> bool:
        """Whether the cell gives two ends instead of a value."""
        return self.low is not None or self.high is not None


@dataclass(frozen=True)
class Column:
    """A column read: values, reasons, ends of ranges (NaN where there are none), and the rows that cannot be read."""

    values: np.ndarray
    why: np.ndarray
    low: np.ndarray
    high: np.ndarray
    bad: Mapping[int, Cell]
    marks: Mapping[tuple[str, str], int]


def tidy(text: str) -> str:
    """Take away what is not seen: outer spaces, wide digits, the equals sign and quotes that Excel puts about ids."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_DASHES)
    text = _SPACES.sub(" ", text).strip()
    if len(text) > 3 and text.startswith('="') and text.endswith('"'):
        text = text[2:-1].strip()
    return text


def number(text: str, decimal: str = ".") -> float | None:
    """Give the number a cell shows: `1,792`, `$31,141.72`, `(250)`, `89%`; None where it shows none.

    `49E000` and `1,2,3` are no numbers, and neither is anything that is not finite.
    """
    text = text.replace(" ", "").removesuffix("USD")
    if decimal == ",":
        text = text.replace(".", "\0").replace(",", ".").replace("\0", ",")
    found = _NUMBER.fullmatch(text)
    if not found or bool(found[2]) != bool(found[7]) or (found[1] and found[3]):
        return None
    whole, part = found[4] or "", found[5] or ""
    if not whole and len(part) < 2:
        return None
    value = float(f"{whole.replace(',', '') or '0'}{part}{found[6] or ''}")
    if not math.isfinite(value):
        return None
    negative = "-" in (found[1], found[3]) or bool(found[2])
    return -value if negative and value else value


def interval(text: str, rule: Rule, whole: bool = False) -> tuple[float | None, float | None] | None:
    """Give the two ends of a range: `21-39`, `<5`, `GE50`, `LE20`, `>95`, `21% to 39%`; None where it is none.

    An open end is closed by what the field can be at most or at least, and stays open where the dictionary names no
    limit. For counts, `<5` ends at 4. The lower end is never above the upper one.
    """
    end, span = _END.fullmatch(text), _SPAN.fullmatch(text)
    low: float | None
    high: float | None
    if end:
        at = number(end[2].strip(), rule.decimal)
        if at is None:
            return None
        word, step = end[1].lower(), 1.0 if whole else 0.0
        if word in ("<", "<=", "lt", "le"):
            low, high = rule.minimum, at - (step if word in ("<", "lt") else 0)
        else:
            low, high = at + (step if word in (">", "gt") else 0), rule.maximum
    elif span:
        low, high = number(span[1].strip(), rule.decimal), number(span[2].strip(), rule.decimal)
        if low is None or high is None:
            return None
    else:
        return None
    return None if low is not None and high is not None and low > high else (low, high)
