"""The files of a folder: found, matched to the crosswalk, opened as text, with every line around the table kept."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import numpy as np
import pandas as pd

from leadlib.errors import InputError, nearest, refuse
from leadlib.importing.context import Opened
from leadlib.importing.ledger import COLUMN, DETAIL, LINE, REASON, TABLE, FileLine, Ledger
from leadlib.importing.plan import Crosswalk, Entry
from leadlib.tables import foreign
from leadlib.tables.files import sha256

PREAMBLE, FOOTNOTE, BLANK, REPEATED, RAGGED = (
    "stands above the header",
    "footnote below the table",
    "empty line",
    "repeats the header",
    "has not as many cells as the header",
)


def listed(folder: Path, besides: Path | None = None) -> list[str]:
    """Name every file below a folder, with forward slashes; hidden ones and those of the new pack are left out."""
    if not folder.is_dir():
        raise refuse(str(folder), "is not a folder", "give the folder that holds the files")
    found = []
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        ours = besides is not None and path.resolve().is_relative_to(besides.resolve())
        if path.is_file() and not ours and not any(p.startswith((".", "~$")) for p in inside.parts):
            found.append(inside.as_posix())
    return sorted(found)


def matched(names: list[str], crosswalk: Crosswalk, ledger: Ledger, allow: frozenset[str]) -> list[tuple[str, Entry]]:
    """Give for every file that the crosswalk speaks of its entry; the others are listed as not read."""
    found: list[tuple[str, Entry]] = []
    for name in names:
        fits = [e for e in crosswalk.entries if any(_fits(name, p) for p in e.match)]
        if len(fits) > 1:
            both = " and ".join(repr(e.name) for e in fits)
            ledger.problem(name, f"fits more than one entry of the crosswalk: {both}", "make one pattern narrower")
        found += [(name, e) for e in fits[:1]]
        if not fits:
            ledger.not_read.append(name)
    met = {e.name for _, e in found}
    for entry in crosswalk.entries:
        if entry.name not in met and not entry.optional and "missing-files" not in allow:
            fix = f"{nearest(entry.match[0] if entry.match else '', names)}; or say `optional: true`"
            ledger.problem(f"{crosswalk.path}, {entry.name}", f"no file fits {', '.join(entry.match)}", fix)
    return found


def _fits(name: str, pattern: str) -> bool:
    folded, wanted = name.casefold(), pattern.casefold()
    return fnmatch.fnmatchcase(folded, wanted) or fnmatch.fnmatchcase(folded.rpartition("/")[2], wanted)


def opened(folder: Path, name: str, entry: Entry, ledger: Ledger, allow: frozenset[str]) -> Opened | None:
    """Open a file as text, and write down everything in it that is no row of its table."""
    try:
        read = foreign.read(folder / name, sheet=entry.sheet, header_like=_likely(entry))
        sha = sha256((folder / name).read_bytes())
    except InputError as error:
        for problem in error.problems:
            ledger.problem(f"{name}: {problem.where}", problem.what, problem.fix)
        return None
    _told(read, name, ledger, allow)
    frame = pd.DataFrame(
        {
            h: pd.Categorical.from_codes(c.codes, list(c.words) or [""])
            for h, c in zip(_header(read.header), read.columns, strict=True)
        }
    )
    blank = _blank(read)
    around = _around(read, blank)
    line = FileLine(
        name,
        entry.name,
        sha,
        read.notes[0] if read.notes else read.kind,
        tuple(read.notes[1:]),
        len(read.preamble),
        len(read.footnotes),
        len(read.lines),
    )
    for what, n in ((RAGGED, len(read.ragged)), (BLANK, len(blank)), (REPEATED, len(read.repeated))):
        line.rows += n
        if n:
            line.aside[what] += n
    ledger.files.append(line)
    return Opened(name, frame, read.lines, line, around)


def _likely(entry: Entry) -> frozenset[str]:
    """Give the names that the header of these files probably holds."""
    names = [w.name for ways in entry.columns.values() for w in ways]
    names += [n for t in entry.targets for s in t.fields.values() if s.kind in ("column", "join") for n in s.names]
    return frozenset(n.strip().lower() for n in names)


def _header(names: tuple[str, ...]) -> list[str]:
    """Give every column a name of its own."""
    made: list[str] = []
    for name in names:
        base = name.strip() or "(no name)"
        made.append(next(n for n in (base, *(f"{base} ({k})" for k in range(2, len(names) + 2))) if n not in made))
    return made


def _told(read: foreign.Foreign, name: str, ledger: Ledger, allow: frozenset[str]) -> None:
    for problem in read.problems:
        if problem.what == "repeats the header" or ("(no name)" in problem.where and "twice" in problem.what):
            continue
        if "ragged" in allow and any(line.why == problem.what for line in read.ragged):
            continue
        ledger.problem(f"{name}{problem.where.removeprefix(read.path.name)}", problem.what, problem.fix)


def _blank(read: foreign.Foreign) -> list[int]:
    """Give the empty lines, those above the header among them."""
    above = {line.number for line in read.preamble}
    first = [n for n in range(1, read.header_line) if n not in above] if read.kind == "csv" else []
    return sorted(dict.fromkeys([*first, *read.blank]))


def _around(read: foreign.Foreign, blank: list[int]) -> pd.DataFrame:
    """Give the lines that are no rows of the table, as they are set aside."""
    rows = [(line.number, PREAMBLE, line.text) for line in read.preamble]
    rows += [(line.number, FOOTNOTE, line.text) for line in read.footnotes]
    rows += [(line.number, RAGGED, line.text) for line in read.ragged]
    rows += [(n, BLANK, "") for n in blank] + [(n, REPEATED, "") for n in read.repeated]
    made = pd.DataFrame(sorted(rows), columns=[LINE, REASON, DETAIL])
    made.insert(1, TABLE, "")
    made.insert(2, COLUMN, "")
    return made.astype({LINE: np.int64})
