"""Cells of foreign files read for what they say, and never for more: values, marks, ranges, and what is wrong."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import nearest
from leadlib.importing.cells import (
    BROKEN_ID,
    FALSE,
    MARKS,
    NOT_REPORTED,
    PERCENT,
    RANGE,
    REPORTED,
    TRUE,
    Cell,
    Column,
    Rule,
    interval,
    number,
    tidy,
)
from leadlib.tables.dictionary import REASONS, Field

__all__ = [
    "MARKS",
    "NOT_REPORTED",
    "REPORTED",
    "Cell",
    "Column",
    "Rule",
    "cell",
    "coded",
    "column",
    "interval",
    "is_id",
    "number",
    "tidy",
]


def cell(text: str, rule: Rule, field_: Field) -> Cell:
    """Read one cell for a field of the dictionary."""
    word = tidy(text)
    folded = word.casefold()
    if folded in rule.marks and folded not in rule.mapping:
        return Cell(why=rule.marks[folded])
    if not word and "" not in rule.mapping:
        return Cell(why=rule.blank)
    if rule.take:
        found = re.search(rule.take, word)
        if not found:
            return Cell(wrong=f"{word!r} does not fit {rule.take!r}", fix="correct `take`, or add the cell to `marks`")
        word = (found[1] if found.re.groups else found[0]) or ""
        folded = word.casefold()
    if folded in rule.mapping:
        word = rule.mapping[folded]
        if word in REASONS:
            return Cell(why=word)
    elif rule.mapping and "else" in rule.mapping:
        word = rule.mapping["else"]
    if field_.type == "string":
        cased = getattr(word, rule.case)() if rule.case else word
        return _text(rule.prefix + cased, rule, field_)
    if field_.type == "boolean":
        return _boolean(word)
    if folded in MARKS:
        return Cell(why=MARKS[folded])
    return _quantity(word, rule, field_)


def _text(word: str, rule: Rule, field_: Field) -> Cell:
    if is_id(field_):
        return _id(word, rule)
    words, pattern = field_.constraints.get("enum"), field_.constraints.get("pattern")
    if words and word not in words:
        return Cell(wrong=f"{word!r} is no word of {field_.name}", fix=f"add it to `map`; {nearest(word, words)}")
    if pattern and not re.fullmatch(pattern, word):
        return Cell(wrong=f"{word!r} does not have the form {pattern}", fix="correct it, or map another column")
    return Cell(word)


def _id(word: str, rule: Rule) -> Cell:
    if BROKEN_ID.fullmatch(word):
        return Cell(
            wrong=f"{word!r} is an id that a spreadsheet has turned into a number; its digits are lost",
            fix="get the file from its source again and open it with the column set to text",
        )
    if re.fullmatch(r"[0-9]+\.0+", word):
        if rule.whole:
            return Cell(word.split(".")[0])
        return Cell(wrong=f"{word!r} is an id written as a number", fix="say `whole: true` if the zeros are not part")
    if re.fullmatch(r"[1-9][0-9]{6}00000", word):
        return Cell(
            wrong=f"{word!r} ends in five zeros: a spreadsheet has rounded it, or it is a district's row",
            fix="get the file again with ids as text, or set district rows aside by a rule",
        )
    return Cell(word)


def _boolean(word: str) -> Cell:
    folded = word.casefold()
    if folded in TRUE or folded in FALSE:
        return Cell(folded in TRUE)
    if folded in MARKS:
        return Cell(why=MARKS[folded])
    return Cell(wrong=f"{word!r} is neither yes nor no", fix="say with `map` what it means: true or false")


def _quantity(word: str, rule: Rule, field_: Field) -> Cell:
    whole = field_.type in ("integer", "year")
    found = number(word, rule.decimal)
    signed = "%" in word
    if signed and field_.unit != PERCENT and field_.unit_from is None and rule.scale is None:
        return Cell(wrong=f"{word!r} is a percent; the field is not", fix="map the column to a field in percent")
    if found is not None:
        return _held(found, word, rule, field_, whole, signed)
    ends = interval(word.replace("%", ""), _open(rule, field_, signed), whole)
    if ends is None:
        return Cell(
            wrong=f"{word!r} is not a number, a range or a known mark",
            fix=f"add it to `marks` with its reason, or correct it; marks: {nearest(word, [*rule.marks, *MARKS])}",
        )
    times = 100.0 if rule.scale == "fraction" and not signed else 1.0
    low, high = (None if e is None else _round(e * times, times) for e in ends)
    middle = (low + high) / 2 if rule.midpoint and low is not None and high is not None else None
    return Cell(middle, RANGE if middle is None else REPORTED, low, high, signed=signed)


def _open(rule: Rule, field_: Field, signed: bool) -> Rule:
    """Give the limits that close an open range, in the scale the file writes."""
    limits = field_.constraints
    percent = field_.unit == PERCENT or rule.scale is not None
    low = rule.minimum if rule.minimum is not None else limits.get("minimum", 0.0 if percent else None)
    high = rule.maximum if rule.maximum is not None else limits.get("maximum", 100.0 if percent else None)
    by = 100.0 if rule.scale == "fraction" and not signed else 1.0
    ends = [None if e is None else float(e) / by for e in (low, high)]
    return Rule(minimum=ends[0], maximum=ends[1], decimal=rule.decimal)


def _held(found: float, word: str, rule: Rule, field_: Field, whole: bool, signed: bool) -> Cell:
    """Scale a number and hold it to its field."""
    if rule.scale == "fraction" and not signed:
        if abs(found) > 1.0 + 1e-9:
            return Cell(wrong=f"{word!r} is above 1 in a column of fractions", fix="check `scale`, or the cell")
        found = _round(found * 100.0, 100.0)
    if rule.single:
        found = float(str(np.float32(found)))
    if whole and not found.is_integer():
        return Cell(wrong=f"{word!r} is not a whole number", fix="check the column, or map it to another field")
    low, high = field_.constraints.get("minimum"), field_.constraints.get("maximum")
    if (low is not None and found < low) or (high is not None and found > high):
        is_code = found < 0 and found.is_integer()
        fix = f'if it is a code, declare it: marks: {{"{word}": not_reported}}' if is_code else "correct the cell"
        return Cell(wrong=f"{word!r} lies outside {_limits(low, high)}", fix=fix)
    return Cell(found, signed=signed)


def _limits(low: Any, high: Any) -> str:
    if low is None or high is None:
        return f"at least {low}" if high is None else f"at most {high}"
    return f"{low} to {high}"


def _round(value: float, times: float) -> float:
    return round(value, 10) if times != 1.0 else value


def is_id(field_: Field) -> bool:
    """Whether a field holds ids: text whose digits are no quantity."""
    return field_.type == "string" and (field_.name.endswith("_id") or field_.name in ("leaid", "ncessch", "crdc_id"))


def coded(words: Any) -> tuple[np.ndarray, list[str]]:
    """Give a column's different cells, and for each row which of them it holds."""
    if isinstance(words, pd.Series) and isinstance(words.dtype, pd.CategoricalDtype):
        return words.cat.codes.to_numpy(), list(words.cat.categories)
    codes, unique = pd.factorize(np.asarray(words, dtype=object))
    return codes, list(unique)


def column(words: Sequence[str] | pd.Series, rule: Rule, field_: Field) -> Column:
    """Read a whole column; each different cell is read once.

    A column of percents whose scale is not declared is refused where it could be fractions or mixes the two.
    """
    codes, unique = coded(words)
    read = [cell(w, rule, field_) for w in unique]
    read = _one_scale(read, [tidy(w) for w in unique], rule, field_)
    counts = np.bincount(codes, minlength=len(unique))
    marks = Counter[tuple[str, str]]()
    for w, c, n in zip(unique, read, counts, strict=True):
        if n and (c.why != REPORTED or c.is_range):
            marks[(tidy(w), c.why)] += int(n)
    kind: Any = object if field_.type in ("string", "boolean") else "float64"
    empty = None if kind is object else math.nan

    def spread(items: list[Any], dtype: Any = "float64") -> np.ndarray:
        made = np.empty(len(items), dtype=dtype)
        made[:] = items
        return made[codes] if len(items) else made

    wrong = np.flatnonzero(spread([bool(c.wrong) for c in read], bool))
    return Column(
        spread([empty if c.value is None else c.value for c in read], kind),
        spread([c.why for c in read], object),
        spread([math.nan if c.low is None else c.low for c in read]),
        spread([math.nan if c.high is None else c.high for c in read]),
        {int(i): read[codes[i]] for i in wrong},
        marks,
    )


def _one_scale(read: list[Cell], words: list[str], rule: Rule, field_: Field) -> list[Cell]:
    """Refuse a column of percents that could be fractions, or mixes the two."""
    shown = [k for k, c in enumerate(read) if isinstance(c.value, float) and not c.is_range]
    if field_.type != "number" or not shown or not (field_.unit == PERCENT or rule.scale):
        return read
    parts = [k for k in shown if not read[k].signed and 0 < read[k].value < 1] if rule.scale != "fraction" else []
    signed, plain = (any(read[k].signed is s for k in shown) for s in (True, False))
    large = any(read[k].value > 1 for k in shown)
    if signed and plain and (parts or rule.scale == "fraction"):
        what, fix = "stands without % in a column where others have it", "write all cells alike"
        parts = parts or [k for k in shown if not read[k].signed]
    elif rule.scale is None and parts:
        what = "could be a fraction or a percent" + (": the column has values above 1 too" if large else "")
        fix = "declare `scale: percent` or `scale: fraction`"
    elif rule.scale is None and not large and not signed and any(read[k].value == 1 for k in shown):
        what, fix, parts = "could be a fraction or a percent", "declare `scale: percent` or `scale: fraction`", shown
    else:
        return read
    wrong = dict.fromkeys(parts)
    return [Cell(wrong=f"{words[k]!r} {what}", fix=fix) if k in wrong else c for k, c in enumerate(read)]
