"""A folder of files that somebody filled in, held against the standard: every problem at once, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import plural
from leadlib.tables import folder_rules as rules
from leadlib.tables import standard
from leadlib.tables.dictionary import FILE
from leadlib.tables.folder_match import Held, changed, hold, match, table_named
from leadlib.tables.foreign import KINDS, Foreign, read, sheets
from leadlib.tables.report import SHOWN, Checked, Example, Finding, Report

MAX_FILES = 500
Good = dict[str, np.ndarray]


class _File:
    """A file or sheet on its way through the check."""

    def __init__(self, file: str, sheet: str = "", matched: str = "") -> None:
        self.file, self.sheet, self.matched = file, sheet, matched
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.held: Held | None = None
        self.good: Good = {}
        self.rows = 0

    def done(self) -> Checked:
        table = self.held.table.name if self.held else ""
        title = self.held.table.title if self.held else ""
        found = tuple(self.findings)
        return Checked(self.file, self.sheet, table, title, self.matched, self.rows, tuple(self.notes), found)


def check(folder: str | os.PathLike[str]) -> Report:
    """Check a folder of CSV, Excel and Parquet files against the standard dictionary.

    Each file is taken for the table it is named after (`outcomes.csv`, `Outcomes 2023-24.xlsx`), or else for the one
    whose columns it has. Several files may be parts of one table. Every problem is told at once, with file, row,
    column, value and what to do; values that break the same rule in the same column are shown a few times and counted.

    Ids stay text, a mark never becomes a number, and nothing is changed: what was passed over (spaces around a value,
    empty lines, columns that are not in the dictionary) stands in each file's notes.

    Parameters
    ----------
    folder : path
        A folder, searched with the folders in it; or a single file.

    Returns
    -------
    Report
        `.ok`, `.summary`, `.files`, `.problems`, `.plain()`.

    Raises
    ------
    InputError
        No such folder, or no file in it that can be read as a table.
    """
    root = Path(folder)
    paths, passed = _files(root)
    done: list[_File] = []
    for path in paths:
        done += _opened(path, path.name if path == root else path.relative_to(root).as_posix())
    for one in done:
        if one.held:
            found, notes, one.good = rules.cells(one.held)
            one.findings += found + rules.order(one.held, one.good)
            one.notes += notes
    _between(done)
    return Report(root.resolve().name or str(root), tuple(f.done() for f in done), tuple(passed))


def _files(root: Path) -> tuple[list[Path], list[str]]:
    """List the files to be checked, and the names of those that are not tables."""
    fix = "give a folder with .csv, .xlsx or .parquet files"
    try:
        if root.is_file():
            return [root], []
        if not root.is_dir():
            raise refuse(str(root), "there is no such folder", fix)
        inside = sorted(p for p in root.rglob("*") if p.is_file())
    except (OSError, ValueError) as error:
        raise refuse(str(root), f"cannot be read: {error}", fix) from None
    shown = [p for p in inside if not any(x.startswith((".", "~$")) for x in p.relative_to(root).parts)]
    tables = [p for p in shown if p.name.lower().removesuffix(".gz").endswith((*KINDS, ".xls")) and p.name != FILE]
    tables = [p for p in tables if p.suffix.lower() != ".txt" or table_named(p.stem)]
    if not tables:
        raise refuse(str(root), "holds no file that could be a table", fix)
    if len(tables) > MAX_FILES:
        raise refuse(
            str(root), f"holds {len(tables):,} files; the most that is checked is {MAX_FILES}", "give one folder"
        )
    return tables, [p.relative_to(root).as_posix() for p in shown if p not in tables]


def _opened(path: Path, name: str) -> list[_File]:
    """Read a file, each of its sheets that is a table, and find its fields."""
    stem = path.name.lower().removesuffix(".gz").rsplit(".", 1)[0]
    try:
        known = [s.name for s in sheets(path) if not s.hidden]
    except InputError as error:
        return [_unread(name, "", error.problems)]
    tables = [s for s in known if table_named(s)]
    chosen: Sequence[str | None] = tables if len(tables) > 1 or (len(known) > 1 and tables) else [None]
    return [_one(path, name, stem, sheet, many=len(chosen) > 1) for sheet in chosen]


def _one(path: Path, name: str, stem: str, sheet: str | None, *, many: bool) -> _File:
    try:
        foreign = read(path, sheet=sheet, header_like=_like(sheet or stem))
    except InputError as error:
        return _unread(name, sheet or "", error.problems)
    one = _File(name, foreign.sheet if len(foreign.sheets) > 1 else "")
    one.rows = len(foreign)
    table, said = match(foreign, "" if many else stem)
    one.notes += foreign.notes
    if not table:
        one.matched = "not a table of the standard"
        example = Example(0, "", "it cannot be told which table this is", said, 1)
        one.findings.append(Finding("table", "", 1, (example,), 1))
        return one
    one.matched = said
    one.held, found, notes = hold(name, foreign, standard.table(table), said)
    one.findings += _as_found(foreign) + found
    one.notes += notes + _cleaned(one.held)
    return one


def _like(name: str) -> frozenset[str]:
    """Give the names by which a header is found below a preamble: a table's own, or those of every table."""
    wanted = table_named(name)
    infos = [standard.table(t) for t in ([wanted] if wanted else standard.tables())]
    return frozenset(f.name for info in infos for f in info.fields)


def _unread(name: str, sheet: str, problems: Iterable[Problem]) -> _File:
    one = _File(name, sheet, "could not be read")
    examples = tuple(_example(p, name) for p in problems)
    one.findings.append(Finding("file", "", len(examples), examples[:SHOWN], len(examples)))
    return one


def _example(problem: Problem, name: str) -> Example:
    """Make an example of a reader's problem; its row stands in its place."""
    _, _, row = problem.where.partition(", row ")
    number = row.split(",")[0]
    _, _, column = problem.where.partition(", column ")
    what = f"column {column} {problem.what}" if column else f"the file {problem.what}" if not number else problem.what
    return Example(int(number) if number.isdigit() else 0, column, what, problem.fix, 1)


def _as_found(foreign: Foreign) -> list[Finding]:
    """Tell what is wrong with the file's form."""
    found = []
    if foreign.ragged:
        shown = [Example(r.number, r.text[:60], f"the row {r.why}", "", 1) for r in foreign.ragged[:SHOWN]]
        fix = "check for a comma, a quotation mark or a cut line"
        shown = [Example(e.row, e.value, e.what, fix, 1) for e in shown]
        found.append(Finding("row", "", len(foreign.ragged), tuple(shown), len(foreign.ragged)))
    if foreign.repeated:
        shown = [Example(n, "", "the row repeats the header", "delete the row", 1) for n in foreign.repeated[:SHOWN]]
        found.append(Finding("header again", "", len(foreign.repeated), tuple(shown), len(foreign.repeated)))
    rest = [p for p in foreign.problems if ", row " not in p.where or ", column " in p.where]
    if rest:
        found.append(Finding("file", "", len(rest), tuple(_example(p, foreign.name) for p in rest[:SHOWN]), len(rest)))
    return found


def _cleaned(held: Held) -> list[str]:
    """Count the cells with spaces around and the like, which are passed over."""
    heads = {h.strip(): c for h, c in zip(held.foreign.header, held.foreign.columns, strict=True)}
    counts = {n: changed(heads[n], c) for n, c in held.columns.items() if n in heads}
    return [
        f'column {name}: {plural(count, "cell")} read without the spaces or the ="" around'
        for name, count in counts.items()
        if count
    ]


def _between(done: Sequence[_File]) -> None:
    """Hold files against each other: keys through all parts of a table, links to other tables, scales of measures."""
    by_table: dict[str, list[_File]] = {}
    for one in done:
        if one.held:
            by_table.setdefault(one.held.table.name, []).append(one)
    about = _scales(by_table.get("measures", []))
    for several in by_table.values():
        group = [(f.held, f.good) for f in several if f.held]
        for k, found in rules.keys(group).items():
            several[k].findings += found
        for one in several:
            _linked(one, by_table)
            if one.held and about:
                one.findings += rules.measures(one.held, about)


def _linked(one: _File, by_table: dict[str, list[_File]]) -> None:
    if one.held is None:
        return
    absent = []
    for link in one.held.table.foreign:
        parts = by_table.get(link.table, [])
        target = [(f.held, f.good) for f in parts if f.held and all(n in f.held.columns for n in link.to)]
        if target:
            one.findings += rules.links(one.held, one.good, link, target)
        elif all(n in one.held.columns for n in link.fields):
            absent.append(link.table)
    for table in dict.fromkeys(absent):
        one.notes.append(f"not held against the table {table}, which is not in the folder")


def _scales(files: Sequence[_File]) -> dict[str, tuple[str, float, float]]:
    """Give unit and ends of the scale of each measure."""
    found = {}
    for held in (f.held for f in files if f.held and {"measure", "unit"} <= set(f.held.columns)):
        ends = [
            rules.numbers(held.columns[n]) if n in held.columns else np.full(len(held.lines), np.nan)
            for n in ("value_low", "value_high")
        ]
        names, units = held.columns["measure"].texts(), held.columns["unit"].texts()
        for name, unit, low, high in zip(names, units, *ends, strict=True):
            low, high = (0.0, 100.0) if unit == "pct" else (float(low), float(high))
            found[name] = (unit, -np.inf if np.isnan(low) else low, np.inf if np.isnan(high) else high)
    return found
