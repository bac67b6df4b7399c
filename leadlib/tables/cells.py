"""One cell of a table somebody filled in: what is wrong with it, and what should stand there instead."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from leadlib.errors import nearest
from leadlib.tables.check import _BAD, _advice, _cell, _rule, _wrong
from leadlib.tables.dictionary import Field

CODES: Mapping[str, str] = {
    "-1": "not_reported",
    "-2": "not_applicable",
    "-3": "suppressed",
    "-9": "suppressed",
    "-99999999": "not_reported",
}
"""What federal files write for a missing number."""

_LISTED = "* ** *** s ps n/a na n.a. lne lt - -- – — x . ? null none nan tfc n<10 redacted missing unknown tbd <n"
MARKS = frozenset(_LISTED.split())
"""What people write for a missing value without saying why it is missing."""
IDS = ("ncessch", "leaid", "seasch", "state_leaid", "fips")
_DESTROYED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,2}")
_ERRORS = ("#N/A", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#####")
_MOJIBAKE = re.compile("[\u00c3\u00c2][\u0080-\u00bf]|\u00e2\u20ac|\u00c3[\u2018-\u2122\u0152-\u017e]|\ufffd")
_INTERVAL = re.compile(r"(?i)(?:(?:[<>≤≥]=?|ge|le|gt|lt)\s*[0-9.]+%?|[0-9.]+%?\s*(?:-|–|to)\s*[0-9.]+%?)")
_SCHOOL_YEAR = re.compile(r"((?:19|20)[0-9]{2})\s*[-–/]?\s*((?:19|20)?[0-9]{2})")
_SHORT_YEAR = re.compile(r"([0-9]{2})\s*[-–/]\s*([0-9]{2})")
_DATE = re.compile(
    r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4}|[0-9]{2})|[0-9]{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-[0-9]{2}"
)
_ISO = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9](?: [0-9:]{5,8})?")
_CLOCK = re.compile(r"(?i)([0-9]{1,2}):([0-9]{2})(?::[0-9]{2})?\s*([ap])?\.?m?\.?")
_TRUE, _FALSE = ("yes", "y", "t", "1", "1.0", "x"), ("no", "n", "f", "0", "0.0")
_WORDS: Mapping[str, Mapping[str, str]] = {
    "grade": {
        "-1": "PK", "pre-k": "PK", "prek": "PK", "0": "K", "kg": "K", "kk": "K", "0k": "K", "kindergarten": "K",
        "14": "Adult", "15": "Ungraded", "ug": "Ungraded", "99": "All", "total": "All", "all grades": "All",
    },
    "": {
        "total": "All", "99": "All", "all students": "All", "all pupils": "All",
        "male": "Male", "m": "Male", "female": "Female", "f": "Female",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a cell: the rule it breaks, what is wrong, and what to do."""

    rule: str
    what: str
    fix: str


def clean(word: str) -> str:
    """Take off what nobody meant: spaces around, `="..."` of a spreadsheet, full-width digits, a long minus."""
    text = word
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).replace("\u00a0", " ").replace("\u202f", " ").replace("\ufeff", "")
        text = text.translate(_PLAIN)
        text = "-" + text[1:] if text[:1] == "\u2212" and text[1:2].isdigit() else text
    text = text.strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        text = text[2:-1].strip()
    return text


_PLAIN = {0xFF10 + k: str(k) for k in range(10)} | {0x200B: None}


def is_id(field: Field) -> bool:
    """Whether a field holds ids."""
    return field.type == "string" and (field.name in IDS or field.name.endswith("_id"))


def judge(word: str, field: Field) -> Wrong | None:
    """Say what is wrong with a cleaned cell, if anything is. An empty cell is wrong only where a value is needed."""
    if not word:
        return Wrong("empty", "the cell is empty", _need(field)) if field.required else None
    if any(m.value == word for m in field.marks):
        return None
    if word in _ERRORS:
        return Wrong("Excel error", f"{word!r} is an error of a formula", "correct the formula, or paste its value")
    if field.type == "string":
        return _text(word, field)
    return _boolean(word, field) if field.type == "boolean" else _number(word, field)


def _need(field: Field) -> str:
    return f"fill it in: every row needs {field.name}"


def _missing(field: Field) -> str:
    marks = " or ".join(m.value for m in field.marks)
    return f"write {marks} instead" if marks else _need(field)


# -- text --------------------------------------------------------------------------------------------------------------


def _text(word: str, field: Field) -> Wrong | None:
    if is_id(field) and (found := _id(word, field)):
        return found
    if _MOJIBAKE.search(word):
        fix = "save the file as CSV UTF-8 from the program it came from"
        return Wrong("broken letters", f"{word!r} has letters that were broken by a wrong encoding", fix)
    allowed = field.constraints.get("enum")
    if allowed is not None and word not in allowed:
        return _choice(word, field, [str(a) for a in allowed])
    pattern = field.constraints.get("pattern")
    return _form(word, field, pattern) if pattern and not re.fullmatch(pattern, word) else None


def _id(word: str, field: Field) -> Wrong | None:
    if _DESTROYED.fullmatch(word):
        fix = "take the ids anew from where they come from and keep the column as text; what is lost cannot be guessed"
        return Wrong("destroyed id", f"{word!r} is what is left of an id after Excel made a number of it", fix)
    if re.fullmatch(r"[0-9]+\.0+", word):
        return Wrong("id as number", f"{word!r} is an id that was read as a number", f"write {word.split('.')[0]!r}")
    wide = re.fullmatch(r"\[0-9\]\{([0-9]+)\}", str(field.constraints.get("pattern", "")))
    if wide and word.isdigit() and int(wide[1]) - 3 < len(word) < int(wide[1]):
        what = f"{word!r} has {len(word)} digits of {wide[1]}: its leading zeros are lost"
        return Wrong("leading zeros", what, f"write {word.zfill(int(wide[1]))!r}, and keep the column as text")
    return None


def _choice(word: str, field: Field, allowed: list[str]) -> Wrong:
    low = word.casefold()
    same = [a for a in allowed if a.casefold() == low or a.casefold() == low.replace("_", " ")]
    known = _WORDS.get(field.name, _WORDS[""]).get(low) or (low.lstrip("0") if field.name == "grade" else "")
    if not same and known in allowed:
        same = [known]
    if same:
        return Wrong("wording", f"{word!r} is not written as in the dictionary", f"write {same[0]!r}")
    if low in MARKS and field.marks:
        return _mark(word, field)
    close = nearest(word, allowed)
    return Wrong("not allowed", f"{word!r} is not one of the words allowed", close)


def _form(word: str, field: Field, pattern: str) -> Wrong:
    if word.casefold() in MARKS and field.marks:
        return _mark(word, field)
    if "date" in field.name and (m := _DATE.fullmatch(word)) and m[3]:
        year = m[3] if len(m[3]) == 4 else f"20{m[3]}"
        fix = f"write {year}-{int(m[1]):02d}-{int(m[2]):02d} if {m[1]} is the month"
        return Wrong("date", f"{word!r} is not a date written as 2023-10-05", fix)
    if "time" in field.name and (m := _CLOCK.fullmatch(word)):
        hour = int(m[1]) % 12 + 12 * (m[3].lower() == "p") if m[3] else int(m[1])
        return Wrong("time", f"{word!r} is not a time written as 08:05", f"write '{hour:02d}:{m[2]}'")
    return Wrong(*_rule("pattern", word, field)[:2], f"correct it; the form is {_words_for(pattern)}")


def _words_for(pattern: str) -> str:
    if m := re.fullmatch(r"\[0-9\]\{([0-9]+)\}", pattern):
        return f"{m[1]} digits"
    return {"[a-z][a-z0-9_]*": "small letters, digits and _"}.get(pattern, pattern)


def _mark(word: str, field: Field) -> Wrong:
    return Wrong("mark", f"{word!r} does not say why there is no value", _missing(field))


# -- true or false, numbers, years -------------------------------------------------------------------------------------


def _boolean(word: str, field: Field) -> Wrong | None:
    low = word.casefold()
    if low in ("true", "false"):
        return None
    if low in _TRUE or low in _FALSE:
        return Wrong("wording", f"{word!r} is not true or false", f"write {'true' if low in _TRUE else 'false'}")
    return _mark(word, field) if low in MARKS and field.marks else Wrong("type", _wrong(word, field), _missing(field))


def _number(word: str, field: Field) -> Wrong | None:
    value = _cell(word, field.type)
    if value is not _BAD:
        return _range(word, value, field)
    if word.casefold() in MARKS:
        return _mark(word, field)
    if field.type == "year":
        return _year(word, field)
    if _ISO.fullmatch(word) or _DATE.fullmatch(word):
        what = f"{word!r} is a date; Excel may have made it of a number or a range"
        return Wrong("date", what, "take the figure anew from where it comes from")
    if plain := _plain(word, field):
        return Wrong("number form", f"{word!r} is not a plain number", f"write {plain}")
    if _INTERVAL.fullmatch(word):
        return _interval(word, field)
    return Wrong("type", _wrong(word, field), _advice(word, field))


def _interval(word: str, field: Field) -> Wrong:
    ranged = any(m.reason == "range" for m in field.marks)
    fix = f"write range here and its ends into {field.name}_low and {field.name}_high" if ranged else _missing(field)
    return Wrong("range", f"{word!r} is a range, not a value", fix)


def _plain(word: str, field: Field) -> str:
    """Read a number that was written for people; nothing where it could mean two things."""
    text = re.sub(r"^[$€£]\s*|\s*%$|^\+", "", word).strip()
    text = f"-{text[1:-1]}" if re.fullmatch(r"\(.+\)", text) else text
    if re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"-?[0-9]+,[0-9]{1,2}", text):
        return f"{text.replace(',', '.')} if the comma is a decimal point"
    text = re.sub(r"^(-?)\.", r"\g<1>0.", text).removesuffix(".")
    text = re.sub(r"^(-?)0+(?=[0-9])", r"\1", text)
    if field.type == "integer":
        text = re.sub(r"\.0+$", "", text)
    return text if text != word and _cell(text, field.type) is not _BAD else ""


def _year(word: str, field: Field) -> Wrong:
    what = f"{word!r} is not a year of four digits"
    if m := _SCHOOL_YEAR.fullmatch(word):
        if (int(m[1]) + 1) % 100 == int(m[2][-2:]):
            return Wrong("year", what, f"write the fall of the school year: {m[1]}")
    elif (m := _SHORT_YEAR.fullmatch(word)) and (int(m[1]) + 1) % 100 == int(m[2]):
        return Wrong("year", what, f"write the fall of the school year: {'20' if int(m[1]) < 60 else '19'}{m[1]}")
    if re.fullmatch(r"[12][0-9]{3}\.0+", word):
        return Wrong("year", what, f"write {word[:4]}")
    return Wrong("type", what, _advice(word, field))


def _range(word: str, value: float, field: Field) -> Wrong | None:
    low, high = field.constraints.get("minimum"), field.constraints.get("maximum")
    below, above = low is not None and value < low, high is not None and value > high
    if below and word in CODES and not field.required:
        return Wrong("code", f"{word} is a code for a missing number, not a value", f"write {CODES[word]} instead")
    if below or above:
        _, what, _ = _rule("minimum" if below else "maximum", word, field)
        return Wrong("out of range", what, "correct it; if it is right, tell those who keep the dictionary")
    allowed = field.constraints.get("enum")
    if allowed is not None and not any(math.isclose(value, a) for a in allowed):
        return Wrong("not allowed", f"{word} is not one of {', '.join(map(str, allowed))}", "correct it")
    return None
