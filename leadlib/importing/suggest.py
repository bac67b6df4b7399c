"""A first draft of a crosswalk, made by looking at the files: a person finishes it.

Every line that was guessed carries its confidence (0 to 1) and the reason. Nothing is imported by a draft as it stands
where it says TO DO.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from leadlib.errors import InputError, refuse
from leadlib.importing import known
from leadlib.importing.files import listed
from leadlib.importing.looking import MARKS, UNSURE, Seen, seen
from leadlib.importing.suggest_wide import wide_tables
from leadlib.importing.values import is_id
from leadlib.tables import foreign, standard
from leadlib.tables.dictionary import Field

LEAST, SHORT = 0.6, 5
NAMES, VALUES, AGAINST = 0.85, 0.12, 0.5
YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:[-_]?(?:(?:19|20)?[0-9]{2}))?")
HEAD = """\
# A draft made by `leadlib import --suggest`. After each line: confidence (0 to 1), and why. Go through the lines from
# the lowest confidence up; write what TO DO stands for; delete what you do not need.
name: {name}
title: "TO DO: what these data are"
sources: ["TO DO: who published them"]
terms: "TO DO: on which terms they may be used"
files:
"""


@dataclass(frozen=True)
class Guess:
    """A field that a column could be, how sure that is, and why."""

    table: str
    field: str
    column: Seen
    sure: float
    why: str


def suggest(folder: str | Path) -> str:
    """Draft a crosswalk for a folder: its text, to be finished by a person.

    Raises
    ------
    InputError
        No folder, or no file in it that can be read.
    """
    source = Path(folder)
    groups: dict[str, list[str]] = {}
    for name in listed(source):
        groups.setdefault(YEAR.sub("*", name), []).append(name)
    parts, unread = [], []
    for pattern, names in groups.items():
        try:
            tables = [foreign.read(source / n) for n in (names if len(names) < 4 else [names[0], names[-1]])]
        except InputError as error:
            unread.append(f"# {pattern}: {error.problems[0].what}")
            continue
        parts.append(_entry(pattern, names, tables))
    if not parts:
        raise refuse(str(folder), "holds no file that can be read", "give a folder with .csv, .xlsx or .parquet files")
    name = re.sub(r"[^a-z0-9]+", "-", source.resolve().name.lower()).strip("-") or "mine"
    return HEAD.format(name=name) + "\n".join([*parts, *unread]) + "\n"


def likeness(name: str, others: Sequence[str]) -> float:
    """Say how much a name is like the likest of several, from 0 to 1."""
    plain = re.sub(r"[^a-z0-9]+", " ", name.casefold()).strip()
    forms = [re.sub(r"[^a-z0-9]+", " ", o.casefold()).strip() for o in others]
    if plain in forms:
        return 1.0
    long = [f for f in forms if min(len(f), len(plain)) > SHORT]  # short names are alike by chance
    return max((difflib.SequenceMatcher(None, plain, f).ratio() for f in long), default=0.0)


def guesses(columns: Sequence[Seen]) -> list[Guess]:
    """Give for each column the field it is likest to, where it is like one at all; each field once."""
    found = []
    for column in columns:
        best: Guess | None = None
        for table, fields in known.names().items():
            info = {f.name: f for f in standard.table(table).fields}
            for field, names in fields.items():
                like = likeness(column.name, [field, *names])
                sure, why = _weighed(like, column, info[field])
                if like > 0.72 and sure >= LEAST and (best is None or sure > best.sure):
                    best = Guess(table, field, column, sure, why)
        found += [best] if best else []
    once: dict[tuple[str, str], Guess] = {}
    for guess in sorted(found, key=lambda g: -g.sure):
        once.setdefault((guess.table, guess.field), guess)
    return sorted(once.values(), key=lambda g: standard.TABLES.index(g.table))


def _weighed(like: float, column: Seen, field: Field) -> tuple[float, str]:
    """Weigh how like the name is against what the cells hold."""
    fits, why = _fits(column, field)
    name = "the name is known" if like == 1.0 else f"the name is like a known one ({like:.2f})"
    sure = NAMES * like + (VALUES if fits else 0)
    return (sure if fits else sure * AGAINST), f"{name}; {why}"


def _fits(column: Seen, field: Field) -> tuple[bool, str]:
    if is_id(field):
        return column.different > 1 or column.rows < 3, f"{column.different:,} different in {column.rows:,} rows"
    if field.type in ("integer", "number"):
        said = f"numbers from {column.low:g} to {column.high:g}" if column.numbers else "no numbers"
        limit = field.constraints.get("maximum", float("inf"))
        inside = (column.numbers > 0.3 or column.ranges > 0) and column.high <= limit
        return inside and (column.whole or field.type == "number"), said
    if field.name in ("grade", "group", "race", "sex", "school_level"):
        words = known.words(field.name)
        hits = sum(json.loads(w).casefold() in words for w in column.sample)
        return hits > 0, f"{hits} of the first {len(column.sample)} words are known"
    return column.numbers < 0.9, "text" if column.numbers < 0.9 else "numbers"


def _entry(pattern: str, names: Sequence[str], tables: Sequence[foreign.Foreign]) -> str:
    """Draft the entry of files that differ in their year only."""
    columns = [[seen(h, c) for h, c in zip(t.header, t.columns, strict=True) if h.strip()] for t in tables]
    found = [guesses(c) for c in columns]
    by_field: dict[tuple[str, str], list[Guess]] = {}
    for guess in (g for several in found for g in several):
        by_field.setdefault((guess.table, guess.field), []).append(guess)
    lines = [
        f"  - name: {json.dumps(Path(pattern).stem.strip('*_- ') or 'files')}",
        f"    match: {json.dumps(pattern)}",
    ]
    lines[-1] += f"  # {len(names)} file{'s' if len(names) > 1 else ''}: {', '.join(names[:3])}"
    lines += _year(names, columns[0])
    renamed = {k: list(dict.fromkeys(g.column.name for g in v)) for k, v in by_field.items()}
    several = {f"{t}.{f}": names_ for (t, f), names_ in renamed.items() if len(names_) > 1}
    if several:
        lines += ["    columns:  # the name changes from file to file"]
        lines += [f"      {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in several.items()]
    lines += _marks([c for group in columns for c in group])
    key = by_field.get(("schools", "school_id"))
    wide, used = wide_tables(columns[0], _line("schools", "school_id", key, renamed) if key else "")
    lines += _tables(by_field, renamed, wide)
    taken = {n for v in renamed.values() for n in v} | used
    rest = [c for c in columns[0] if c.name not in taken and json.dumps(c.name) not in lines[2]]
    lines += [
        f"    # not used: {json.dumps(c.name, ensure_ascii=False)}, such as {', '.join(c.sample) or 'nothing'}"
        for c in rest
    ]
    return "\n".join(lines)


def _year(names: Sequence[str], columns: Sequence[Seen]) -> list[str]:
    for column in columns:
        if column.years and (
            column.different > 1 or "year" in column.name.casefold() or "yr" in column.name.casefold()
        ):
            spans = any(not re.fullmatch(r"[0-9]{4}", json.loads(w)) for w in column.sample)
            season = "" if spans else ", season: spring"
            why = "each cell names two years" if spans else "cells name one year: spring is a guess"
            sure = 0.9 if spans else 0.5
            return [f"    year: {{column: {json.dumps(column.name)}{season}}}  # {sure:.2f}: {why}"]
    if all(YEAR.search(n) for n in names):
        spans = len(YEAR.findall(names[0])[0]) > 4
        season, sure = ("", 0.8) if spans else (", season: spring", 0.5)
        pattern = "((?:19|20)[0-9]{2}(?:[-_]?(?:(?:19|20)?[0-9]{2}))?)"
        why = "the name holds two years" if spans else "the name holds one year: spring is a guess"
        return [f"    year: {{name: {json.dumps(pattern)}{season}}}  # {sure:.2f}: {why}"]
    return ['    year: {fixed: "TO DO", season: fall}  # 0.00: no year in a column or in the name']


def _marks(columns: Sequence[Seen]) -> list[str]:
    """Draft the marks: those that are commonly known are read as such anyway and are listed to be seen."""
    found = list(dict.fromkeys(m for c in columns for m in c.marks))
    lines = []
    for mark in found:
        reason = MARKS.get(mark.casefold()) or UNSURE.get(mark.casefold())
        sure = 0.9 if mark.casefold() in MARKS else 0.4 if reason else 0.0
        where = [c.name for c in columns if mark in c.marks]
        said = f"# {sure:.2f}: stands among numbers in {', '.join(dict.fromkeys(where[:3]))}"
        start = "      " if reason else "      # TO DO "
        lines.append(f"{start}{json.dumps(mark, ensure_ascii=False)}: {reason or 'not_reported'}  {said}")
    real = [line for line in lines if "TO DO" not in line]
    return ["    marks:" if real else "    # marks:", *lines] if lines else []


def _tables(
    by_field: dict[tuple[str, str], list[Guess]], renamed: dict[tuple[str, str], list[str]], wide: list[str]
) -> list[str]:
    """Draft the tables: those for which more than a key was found."""
    own = {t: [f for table, f in by_field if table == t and f not in standard.table(t).key] for t, _ in by_field}
    tables = [t for t in standard.TABLES if own.get(t)]
    key = by_field.get(("schools", "school_id"))
    if not tables and not wide:
        return ['    aside: [{reason: "TO DO: no column is like a known one"}]']
    lines = ["    tables:"]
    for table in tables:
        info = standard.table(table)
        needed = [f.name for f in info.fields if f.required and f.name != "year"]
        here = {f: g for (t, f), g in by_field.items() if t == table}
        lines += [f"      - table: {table}"]
        lines += ["        duplicates: newest"] if table == "schools" else []
        lines += ["        fields:"]
        for field in dict.fromkeys([*needed, *here]):
            if field == "school_id" and key and field not in here:
                lines.append(_line("schools", field, key, renamed))
            elif field in here:
                lines.append(_line(table, field, here[field], renamed))
            else:
                first = {"grade": "All", "group": "All", "race": "All", "sex": "All", "school_level": "Other"}.get(
                    field
                )
                said = "no column is like it" if first else "TO DO: no column is like it"
                lines.append(f"          {field}: {{value: {json.dumps(first or 'TO DO')}}}  # 0.00: {said}")
    return lines + wide


def _line(table: str, field: str, several: list[Guess], renamed: dict[tuple[str, str], list[str]]) -> str:
    guess = min(several, key=lambda g: g.sure)
    names = renamed[(table, field)]
    column = json.dumps(f"{table}.{field}" if len(names) > 1 else names[0], ensure_ascii=False)
    about = standard.table(guess.table).field(guess.field)
    more = ""
    if about.unit == "pct" or (guess.field == "value" and guess.column.high <= 100):
        more = f", scale: {'fraction' if 0 < guess.column.high <= 1 else 'percent'}"
    if guess.field in ("grade", "group", "race", "sex", "school_level", "charter", "school_type", "urbanicity"):
        more = ", map: standard"
    more += (
        ", pad: 12"
        if guess.field == "school_id" and re.fullmatch(r'"[0-9]{11}"', (guess.column.sample or ("",))[0])
        else ""
    )
    return f"          {field}: {{column: {column}{more}}}  # {guess.sure:.2f}: {guess.why}"
