"""A file's rows against the rules of its table: cells, percents, keys and links, each rule told once with its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from leadlib.errors import nearest
from leadlib.numbers import listing, plural, school_year
from leadlib.tables.cells import CODES, Wrong, is_id, judge
from leadlib.tables.check import _NUMBER
from leadlib.tables.dictionary import REASONS, Field, ForeignKey
from leadlib.tables.folder_match import WHY, Held, first_rows
from leadlib.tables.foreign import Column
from leadlib.tables.report import SHOWN, Example, Finding

_ENOUGH = 3
_NEAR = 20_000  # ids among which the nearest is still looked for


def cells(held: Held) -> tuple[list[Finding], list[str], dict[str, np.ndarray]]:
    """Judge every cell; give also for each field which of its words may be used."""
    findings, notes, good = list[Finding](), list[str](), dict[str, np.ndarray]()
    for field in held.fields:
        column = held.columns[field.name]
        wrongs = _judged(column.words, field)
        _short_ids(column.words, field, wrongs)
        usable = np.array([w is None for w in wrongs], dtype=bool)
        marks = {m.value for m in field.marks} | {""}
        good[field.name] = usable & np.array([w not in marks for w in column.words], dtype=bool)
        findings += _by_rule(column, held.lines, field.name, wrongs)
        if not field.required and "" in column.words:
            empty = int(np.count_nonzero(column.codes == column.words.index("")))
            notes.append(f"column {field.name}: {plural(empty, 'empty cell')} will be read as not_reported")
        if field.unit == "pct" and field.constraints.get("maximum") == 100:
            findings += _fractions(held, field)
        elif field.type in ("integer", "number") and field.constraints.get("minimum") is None:
            notes += _codes(column, field)
    for name in (n for n in held.columns if n.endswith(WHY)):
        findings += _whys(held, name)
    return findings, notes, good


def _judged(words: Sequence[str], field: Field) -> list[Wrong | None]:
    """Judge every word; plain numbers within bounds, which most are, are passed quickly."""
    if field.type != "number" or "enum" in field.constraints:
        return [judge(w, field) for w in words]
    low, high = field.constraints.get("minimum", -1e300), field.constraints.get("maximum", 1e300)
    plain = _NUMBER.fullmatch
    return [None if plain(w) and low <= float(w) <= high else judge(w, field) for w in words]


def _short_ids(words: Sequence[str], field: Field, wrongs: list[Wrong | None]) -> None:
    """Find ids that have lost the leading zeros which others of their column have."""
    if not is_id(field):
        return
    wide = [len(w) for w in words if w.startswith("0") and w.isdecimal()]
    if not wide or min(wide) != max(wide):
        return
    for k, word in enumerate(words):
        if wrongs[k] is None and word.isdecimal() and len(word) < wide[0]:
            what = f"{word!r} has {len(word)} digits, where others that begin with 0 have {wide[0]}"
            fix = f"write {word.zfill(wide[0])!r} if its leading zeros are lost, and keep the column as text"
            wrongs[k] = Wrong("leading zeros", what, fix)


def _by_rule(column: Column, lines: np.ndarray, name: str, wrongs: Sequence[Wrong | None]) -> list[Finding]:
    if not any(wrongs):
        return []
    counts, first = np.bincount(column.codes, minlength=len(column.words)), first_rows(column)
    groups: dict[str, list[int]] = {}
    for k, wrong in enumerate(wrongs):
        if wrong is not None and counts[k]:
            groups.setdefault(wrong.rule, []).append(k)
    found = []
    for rule, words in groups.items():
        examples = tuple(
            Example(int(lines[first[k]]), column.words[k], w.what[:300], w.fix[:400], int(counts[k]))
            for k in words[:SHOWN]
            if (w := wrongs[k]) is not None
        )
        found.append(Finding(rule, name, int(counts[words].sum()), examples, len(words)))
    return found


def _whys(held: Held, name: str) -> list[Finding]:
    column, allowed = held.columns[name], ["reported", *dict.fromkeys((*REASONS, "range"))]
    wrongs = [
        None if w in allowed or not w else Wrong("not allowed", f"{w!r} is no reason", nearest(w, allowed))
        for w in column.words
    ]
    return _by_rule(column, held.lines, name, wrongs)


# -- numbers -----------------------------------------------------------------------------------------------------------


def numbers(column: Column) -> np.ndarray:
    """Give every row's number; NaN where there is none."""
    read = np.array([float(w) if _NUMBER.fullmatch(w) else np.nan for w in column.words], dtype=float)
    return read[column.codes] if len(read) else read


def _codes(column: Column, field: Field) -> list[str]:
    below = [w for w in column.words if w.startswith("-") and _NUMBER.fullmatch(w)]
    if below and all(w in CODES for w in below):
        said = listing([f"{w} ({CODES[w]})" for w in below])
        return [f"column {field.name}: {said} would be codes in a federal file; they are read as values here"]
    return []


def _fractions(held: Held, field: Field) -> list[Finding]:
    """Find percents that are written as fractions: all of them, those of some years, or some among the others."""
    column = held.columns[field.name]
    values = numbers(column)
    part = (values > 0) & (values < 1)
    if np.count_nonzero(part) < _ENOUGH:
        return []
    filled = ~np.isnan(values) & (values != 0)
    if np.nanmax(values) <= 1:
        what = f"the largest value is {np.nanmax(values):g}: these seem to be fractions, where percents are asked for"
        return [_fraction(held, field, filled, what)]
    years = held.columns.get("year")
    if years is not None:
        most = pd.Series(values).groupby(years.codes).max()
        low = [k for k, v in most.items() if v <= 1 and np.count_nonzero(part & (years.codes == k)) >= _ENOUGH]
        if low:
            said = listing([years.words[k] for k in low][:SHOWN])
            what = f"the values of {said} seem to be fractions, those of other years percents"
            return [_fraction(held, field, filled & np.isin(years.codes, low), what)]
    percent_sign = any(w.endswith("%") for w in column.words)
    if percent_sign or not np.any((values > 1) & (values <= 2)):
        return [_fraction(held, field, part, "some values seem to be fractions, others percents")]
    return []


def _fraction(held: Held, field: Field, rows: np.ndarray, what: str) -> Finding:
    at = int(np.flatnonzero(rows)[0])
    column, count = held.columns[field.name], int(np.count_nonzero(rows))
    fix = "write percents from 0 to 100: 0.5 stands for half of one percent"
    return Finding(
        "fraction",
        field.name,
        count,
        (Example(int(held.lines[at]), column.words[column.codes[at]], what, fix, count),),
        1,
    )


def measures(held: Held, about: dict[str, tuple[str, float, float]]) -> list[Finding]:
    """Hold the values of outcomes to the scale of their measure: its ends, and percents that are fractions."""
    if "measure" not in held.columns or "value" not in held.columns:
        return []
    which, values, found = held.columns["measure"], numbers(held.columns["value"]), []
    for k, name in enumerate(which.words):
        unit, low, high = about.get(name, ("", -np.inf, np.inf))
        mine = (which.codes == k) & ~np.isnan(values)
        if (
            unit == "pct"
            and np.count_nonzero(mine & (values > 0) & (values < 1)) >= _ENOUGH
            and values[mine].max() <= 1
        ):
            what = f"the values of {name} seem to be fractions, where percents are asked for"
            found.append(_fraction(held, held.table.field("value"), mine, what))
        outside = np.flatnonzero(mine & ((values < low) | (values > high)))
        if len(outside):
            at = int(outside[0])
            word = held.columns["value"].words[held.columns["value"].codes[at]]
            what = f"{word} is outside the scale of {name}, {low:g} to {high:g}"
            code = f"write {CODES[word]} if it is a code for a missing number; otherwise " if word in CODES else ""
            fix = f"{code}correct it, or correct the scale in the table measures"
            example = Example(int(held.lines[at]), word, what, fix, len(outside))
            found.append(Finding("out of range", "value", len(outside), (example,), 1))
    return found


def order(held: Held, good: dict[str, np.ndarray]) -> list[Finding]:
    """Hold ends to beginnings: `_low` not above `_high`, `start_` not after `end_`."""
    found = []
    for low in list(held.columns):
        high = re.sub("_low$", "_high", low) if low.endswith("_low") else low.replace("start_", "end_")
        if high == low or high not in held.columns:
            continue
        a, b = held.columns[low], held.columns[high]
        usable = good[low][a.codes] & good[high][b.codes] if len(a.codes) else np.array([], dtype=bool)
        later = numbers(a) > numbers(b) if low.endswith("_low") else a.texts() > b.texts()
        wrong = np.flatnonzero(usable & later.astype(bool))
        if len(wrong):
            at = int(wrong[0])
            first, last = a.words[a.codes[at]], b.words[b.codes[at]]
            what = f"{low} is {first!r}, which comes after {high}, {last!r}"
            example = Example(int(held.lines[at]), first, what, "correct one of the two", len(wrong))
            found.append(Finding("order", low, len(wrong), (example,), 1))
    return found


# -- keys --------------------------------------------------------------------------------------------------------------


def _joined(several: Sequence[Column]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Number the words of one field through all files."""
    book: dict[str, int] = {}
    codes = []
    for column in several:
        to = np.array([book.setdefault(w, len(book)) for w in column.words], dtype=np.int64)
        codes.append(to[column.codes] if len(to) else column.codes.astype(np.int64))
    return np.concatenate(codes), tuple(book)


def _combined(parts: Sequence[tuple[np.ndarray, int]]) -> np.ndarray:
    """Make one number of several, the same for the same ones."""
    ids, size = parts[0][0], max(1, parts[0][1])
    for codes, count in parts[1:]:
        if size * max(1, count) > 2**62:
            ids = np.unique(ids, return_inverse=True)[1]
            size = int(ids.max()) + 1 if len(ids) else 1
        ids, size = ids * max(1, count) + codes, size * max(1, count)
    return ids


def keys(group: Sequence[tuple[Held, dict[str, np.ndarray]]]) -> dict[int, list[Finding]]:
    """Find rows with the same key in all files of a table: by the number of the file, what is wrong with it."""
    key = group[0][0].table.key
    whole = [(k, h, g) for k, (h, g) in enumerate(group) if all(name in h.columns for name in key) and len(h.lines)]
    if not whole:
        return {}
    usable = np.concatenate([np.all([g[n][h.columns[n].codes] for n in key], axis=0) for _, h, g in whole])
    parts = [_joined([h.columns[n] for _, h, _ in whole]) for n in key]
    ids = _combined([(codes, len(words)) for codes, words in parts])
    rows = np.flatnonzero(usable)
    rows = rows[pd.Series(ids[rows]).duplicated(keep=False).to_numpy()]
    if not len(rows):
        return {}
    files = np.repeat([k for k, _, _ in whole], [len(h.lines) for _, h, _ in whole])
    lines = np.concatenate([h.lines for _, h, _ in whole])
    frame = pd.DataFrame({"id": ids[rows], "row": rows, "all": _signature([h for _, h, _ in whole], rows)})
    found: dict[int, list[Finding]] = {}
    alike = frame.groupby("id")["all"].transform("nunique") == 1
    for same, part in ((True, frame[alike]), (False, frame[~alike])):
        later = part[part.duplicated("id")]
        for k in sorted(dict.fromkeys(files[later["row"]].tolist())):
            mine = later[files[later["row"]] == k]
            examples = []
            for entry in mine.drop_duplicates("id").head(SHOWN).itertuples():
                where = part.loc[part["id"] == entry.id, "row"].tolist()
                said = [words[codes[entry.row]] for codes, words in parts]
                examples.append(_twice(said, where, files, lines, group, k, int(entry.row), same))
            rule = "same row twice" if same else "same key"
            total = int(mine["id"].nunique())
            found.setdefault(k, []).append(Finding(rule, ", ".join(key), len(mine), tuple(examples), total))
    return found


def _twice(
    said: list[str],
    where: list[int],
    files: np.ndarray,
    lines: np.ndarray,
    group: Sequence[tuple[Held, dict[str, np.ndarray]]],
    k: int,
    row: int,
    same: bool,
) -> Example:
    places = [str(lines[w]) if files[w] == k else f"{lines[w]} of {group[files[w]][0].file}" for w in where[:5]]
    more = f" and {len(where) - 5} more" if len(where) > 5 else ""
    begin = f"{', '.join(said)} stands in rows {', '.join(places)}{more}"
    what = f"{begin}, all the same" if same else f"{begin}, which differ"
    fix = "delete all but one" if same else "find out which one is right and delete the others"
    mine = [w for w in where if files[w] == k]
    return Example(int(lines[row]), ", ".join(said), what, fix, max(1, len(mine) - 1))


def _signature(several: Sequence[Held], rows: np.ndarray) -> np.ndarray:
    """Number rows so that two have the same number only if all their cells are the same."""
    names = dict.fromkeys(n for h in several for n in h.columns)
    parts = []
    for name in names:
        columns = [h.columns.get(name) or Column(("",), np.zeros(len(h.lines), dtype=np.int32)) for h in several]
        codes, words = _joined(columns)
        parts.append((codes[rows], len(words)))
    return _combined(parts)


# -- links -------------------------------------------------------------------------------------------------------------


def links(
    held: Held, good: dict[str, np.ndarray], link: ForeignKey, target: Sequence[tuple[Held, dict[str, np.ndarray]]]
) -> list[Finding]:
    """Find values that are not in the table they point to."""
    if not all(n in held.columns for n in link.fields):
        return []
    known = dict.fromkeys(v for h, _ in target for v in _tuples(h, link.to)[0])
    here, first, counts = _tuples(held, link.fields)
    columns = [held.columns[n] for n in link.fields]
    bad = [
        k
        for k, v in enumerate(here)
        if v not in known and all(good[n][c.codes[first[k]]] for n, c in zip(link.fields, columns, strict=True))
    ]
    if not bad:
        return []
    examples = tuple(
        Example(
            int(held.lines[first[k]]),
            ", ".join(here[k]),
            f"{', '.join(map(repr, here[k]))} is not in the table {link.table}",
            _closest(here[k], known, link.table),
            int(counts[k]),
        )
        for k in bad[:SHOWN]
    )
    rows = int(sum(counts[k] for k in bad))
    return [Finding("not found", ", ".join(link.fields), rows, examples, len(bad))]


def _tuples(held: Held, names: Iterable[str]) -> tuple[list[tuple[str, ...]], np.ndarray, np.ndarray]:
    """Give the different values of several columns together, with the first row of each and how often it comes."""
    columns = [held.columns[n] for n in names if n in held.columns]
    ids = _combined([(c.codes.astype(np.int64), len(c.words)) for c in columns])
    _, first, counts = np.unique(ids, return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    first, counts = first[order], counts[order]
    return [tuple(c.words[c.codes[row]] for c in columns) for row in first.tolist()], first, counts


def _closest(value: tuple[str, ...], known: dict[tuple[str, ...], None], table: str) -> str:
    """Say which value of the other table is meant, where leading zeros or a letter are the difference."""
    add = f"or add it to {table}"
    if len(value) > 1:
        years = [w for w in value if re.fullmatch("[12][0-9]{3}", w)]
        said = f" ({school_year(int(years[0]))})" if years else ""
        return f"correct it, {add}{said}"
    word = value[0]
    bare = word.lstrip("0")
    for (other,) in known:
        if other != word and bare and other.lstrip("0") == bare:
            return f"write {other!r}: leading zeros are lost or too many"
    if len(known) > _NEAR:
        return f"correct it, {add}"
    return f"{nearest(word, [k[0] for k in known], most=3)} {add}"
