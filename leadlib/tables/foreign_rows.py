"""Rows to columns: gathering them within the limits, finding the header, taking footnotes off."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leadlib.errors import Problem, refuse
from leadlib.numbers import listing, plural
from leadlib.tables.foreign import MAX_CELLS, MAX_COLUMNS, MAX_WORDS, SMALLER, Column, Foreign, Kind, Line

_CHUNK = 400_000  # cells
_NAMED = 50  # how many set-aside lines a note names


class Gather:
    """Collects rows into columns, and stops at the limits."""

    def __init__(self, where: str, width: int) -> None:
        if width > MAX_COLUMNS:
            raise refuse(where, f"has {width:,} columns; the most that is read is {MAX_COLUMNS:,}", SMALLER)
        self._where, self._width = where, width
        self._books: list[dict[str, int]] = [{} for _ in range(width)]
        self._codes: list[list[np.ndarray]] = [[] for _ in range(width)]
        self._rows: list[Sequence[str]] = []
        self._lines: list[int] = []
        self._all_lines: list[np.ndarray] = []
        self._most = max(1, _CHUNK // max(1, width))
        self._cells = 0

    def add(self, line: int, row: Sequence[str]) -> None:
        """Take a row as wide as the header."""
        self._rows.append(row)
        self._lines.append(line)
        if len(self._rows) >= self._most:
            self._flush()

    def extend(self, lines: Sequence[int], rows: Sequence[Sequence[str]]) -> None:
        """Take rows as wide as the header."""
        for k in range(0, len(rows), self._most):
            self._rows, self._lines = (
                [*self._rows, *rows[k : k + self._most]],
                [*self._lines, *lines[k : k + self._most]],
            )
            self._flush()

    def _flush(self) -> None:
        count = len(self._rows)
        self._cells += count * self._width
        if self._cells > MAX_CELLS:
            raise refuse(self._where, f"has more than {MAX_CELLS:,} cells", SMALLER)
        for book, codes, cells in zip(self._books, self._codes, zip(*self._rows, strict=True), strict=True):
            for cell in dict.fromkeys(cells):
                book.setdefault(cell, len(book))
            codes.append(np.fromiter(map(book.__getitem__, cells), dtype=np.int32, count=count))
        if sum(map(len, self._books)) > MAX_WORDS:
            raise refuse(self._where, f"holds more than {MAX_WORDS:,} different values", SMALLER)
        self._all_lines.append(np.array(self._lines, dtype=np.int64))
        self._rows, self._lines = [], []

    def done(self) -> tuple[list[Column], np.ndarray]:
        """Give the columns, and the line on which each row begins."""
        if self._rows:
            self._flush()
        columns = []
        for k in range(self._width):
            codes = np.concatenate(self._codes[k]) if self._codes[k] else np.array([], dtype=np.int32)
            columns.append(Column(tuple(self._books[k]), codes))
            self._books[k], self._codes[k] = {}, []
        return columns, np.concatenate(self._all_lines) if self._all_lines else np.array([], dtype=np.int64)


def find_header(rows: Sequence[Sequence[str]], like: Collection[str]) -> int:
    """Say which of the first rows is the header: the first that holds known names, or else is filled as a header is."""
    filled = [sum(bool(c.strip()) for c in row) for row in rows]
    if like:
        for k, row in enumerate(rows):
            hits = sum(c.strip().strip("\ufeff").lower() in like for c in row)
            if hits and hits * 2 >= filled[k]:
                return k
    widths = [len(row) for row, n in zip(rows, filled, strict=True) if n]
    if not widths:
        return -1
    usual = max(dict.fromkeys(widths), key=lambda w: (widths.count(w), w))
    enough = max(min(2, usual), (usual * 3 + 4) // 5)
    return next((k for k, n in enumerate(filled) if n >= enough), next(k for k, n in enumerate(filled) if n))


def finish(
    file: Path, kind: Kind, header: Sequence[str], columns: list[Column], lines: np.ndarray, **more: Any
) -> Foreign:
    """Make the table: take unnamed empty columns off its right edge and footnotes off its end; say what was found."""
    names, notes, problems = list(header), list(more.pop("notes", ())), list(more.pop("problems", ()))
    while len(names) > 1 and not names[-1].strip() and all(not w.strip() for w in columns[-1].words):
        names.pop(), columns.pop()
    ragged, foot = list(more.pop("ragged", ())), list[Line]()
    if kind != "parquet":
        columns, lines, ragged, foot = _footnotes(columns, lines, ragged)
    where = file.name if not more.get("sheet") else f"{file.name}, sheet {more['sheet']}"
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        called = name or "(no name)"
        fix = "rename or delete one of them"
        problems.append(
            Problem(f"{where}, row {more['header_line']}, column {called}", "stands in the header twice", fix)
        )
    for line in ragged:
        problems.append(
            Problem(f"{where}, row {line.number}", line.why, "check for a comma, a quotation mark or a cut line")
        )
    for number in more.get("repeated", ()):
        problems.append(Problem(f"{where}, row {number}", "repeats the header", "delete the row"))
    for what, several in (("preamble", more.get("preamble", ())), ("footnotes", foot)):
        said = [line for line in several if line.text]
        if said:
            at = listing([str(line.number) for line in said[:_NAMED]])
            notes.append(f"{plural(len(said), 'line')} set aside as {what} (row {at}): {said[0].text[:80]}")
    if more.get("blank"):
        notes.append(f"{plural(len(more['blank']), 'empty line')} passed over")
    return Foreign(
        file,
        kind,
        tuple(names),
        columns=tuple(columns),
        lines=lines,
        ragged=tuple(ragged),
        footnotes=tuple(foot),
        notes=tuple(notes),
        problems=tuple(problems),
        **more,
    )


def _footnotes(
    columns: list[Column], lines: np.ndarray, ragged: list[Line]
) -> tuple[list[Column], np.ndarray, list[Line], list[Line]]:
    """Take off the last lines that hold one text alone, unless it is one that its column holds elsewhere too."""
    end, foot = len(lines), list[Line]()
    if len(columns) < 3:
        return columns, lines, ragged, foot
    while end or ragged:
        if ragged and (not end or ragged[-1].number > lines[end - 1]):
            if sum(bool(c.strip()) for c in ragged[-1].cells) > 1:
                break
            foot.append(ragged.pop())
            continue
        cells = tuple(c.words[c.codes[end - 1]] for c in columns)
        filled = [k for k, cell in enumerate(cells) if cell.strip()]
        if len(filled) != 1 or np.count_nonzero(columns[filled[0]].codes == columns[filled[0]].codes[end - 1]) > 1:
            break
        foot.append(Line(int(lines[end - 1]), cells, "footnote"))
        end -= 1
    return [_first(c, end) for c in columns], lines[:end], ragged, foot[::-1]


def _first(column: Column, end: int) -> Column:
    if end == len(column.codes):
        return column
    codes = column.codes[:end]
    last = int(codes.max()) + 1 if end else 0  # words are numbered as they come, so those of the footnotes are the last
    return Column(column.words[:last], codes)
