"""Wide files: columns whose names hold a grade, a race, a sex or a subject, drafted as rows."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from leadlib.importing import known
from leadlib.importing.looking import Seen

SUBJECTS = {
    "math": ("math", "mathematics", "mth"),
    "read": ("read", "reading", "rla", "ela", "english"),
    "science": ("science", "sci"),
}
COUNTS = {"n", "num", "number", "tested", "valid", "count", "numvalid"}
DEFINED = "write the measure into `rows`"


def wide_tables(columns: Sequence[Seen], school: str) -> tuple[list[str], set[str]]:
    """Draft tables of wide columns: their lines, and the columns they take."""
    lines, used = list[str](), set[str]()
    for key, least in (("grade", 3), ("race", 3), ("sex", 2)):
        words = known.words(key)
        cores = {c.name: _core(c.name) for c in columns if _counts(c)}
        found = {n: words[core] for n, core in cores.items() if core in words and (key == "grade" or len(core) > 2)}
        found = {n: w for n, w in found.items() if w not in ("All", "Other", "Unknown")}
        if len(found) >= least and len(set(found.values())) == len(found):
            lines += _enrollment(key, found, school)
            used |= set(found)
    subjects = {c.name: s for c in columns if c.numbers > 0.3 or c.ranges for s in [_subject(c.name)] if s}
    if subjects:
        lines += _outcomes(subjects, {c.name: c for c in columns}, school)
        used |= set(subjects)
    return lines, used


def _counts(column: Seen) -> bool:
    return column.numbers > 0.3 and column.whole and column.low >= 0


def _core(name: str) -> str:
    """Give a column's name without what says that it counts."""
    plain = re.sub(r"[^a-z0-9]+", " ", name.casefold()).strip()
    plain = re.sub(r"(^| )(num|n|number|count|enrollment|students|of)(?= |$)", " ", plain).strip()
    return re.sub(r"^grade ?0?(?=[0-9])", "", plain) or plain


def _subject(name: str) -> tuple[str, str, bool] | None:
    """Give subject, grade and whether it is a number of pupils, where a name holds a subject."""
    words = re.findall(r"[a-z]+|[0-9]+", name.casefold())
    subject = next((s for s, forms in SUBJECTS.items() if any(w in forms for w in words)), None)
    if subject is None:
        return None
    grade = next((str(int(w)) for w in words if w.isdigit() and 1 <= int(w) <= 12), "All")
    return subject, grade, any(w in COUNTS for w in words)


def _fixed(school: str) -> list[str]:
    return [school or '          school_id: {column: "TO DO"}  # 0.00: TO DO: no column is like an id of schools']


def _enrollment(key: str, found: dict[str, str], school: str) -> list[str]:
    lines = ["      - table: enrollment", "        long:", f"          cells:  # 0.80: the columns are words of {key}"]
    lines += [
        f"            - {{columns: {{n: {json.dumps(c)}}}, keys: {{{key}: {json.dumps(w)}}}}}" for c, w in found.items()
    ]
    lines += ["        fields:", *_fixed(school)]
    for other in ("grade", "race", "sex"):
        lines.append(f"          {other}: {{{'key: ' + other if other == key else 'value: All'}}}")
    return [*lines, "          enrollment: {part: n}"]


def _outcomes(subjects: dict[str, tuple[str, str, bool]], columns: dict[str, Seen], school: str) -> list[str]:
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for name, (subject, grade, is_count) in subjects.items():
        rows.setdefault((subject, grade), {}).setdefault("n" if is_count else "value", name)
    rows = {k: parts for k, parts in rows.items() if "value" in parts}
    if not rows:
        return []
    lines = ["      - table: outcomes", "        long:", "          cells:  # 0.70: the names hold a subject"]
    for (subject, grade), parts in rows.items():
        keys = f'{{measure: {subject}, grade: "{grade}"}}'
        lines.append(f"            - {{columns: {json.dumps(parts)}, keys: {keys}}}  # TO DO: {DEFINED}")
    high = max(columns[p["value"]].high for p in rows.values())
    scale = ", scale: fraction" if high <= 1 else ", scale: percent" if high <= 100 else ""
    lines += ["        fields:", *_fixed(school), "          measure: {key: measure}", "          grade: {key: grade}"]
    lines += ["          group: {value: All}  # 0.50: no column of groups is looked for in wide files"]
    lines += [f"          value: {{part: value{scale}}}  # 0.60: numbers up to {high:g}"]
    return [*lines, *(["          tested_n: {part: n}"] if any("n" in p for p in rows.values()) else [])]
