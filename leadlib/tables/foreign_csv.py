"""Text files: encoding, delimiter and header found; every row that does not fit kept with its line number."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from leadlib.errors import refuse
from leadlib.numbers import plural
from leadlib.tables.foreign import MAX_BYTES, SMALLER, Foreign, Line
from leadlib.tables.foreign_rows import Gather, find_header, finish

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
HEAD = 60
MOST_RAGGED = 10_000
_BLOCK = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BATCH = 8_192
_LINE_END = re.compile(r"\r\n|\r|\n")
_NAMES = {"utf-8": "UTF-8", "cp1252": "Windows-1252"}


def read(
    file: Path, header_line: int | None, header_like: Collection[str], encoding: str | None, delimiter: str | None
) -> Foreign:
    """Read a text file; see `leadlib.tables.foreign.read`."""
    encoding, ends = _encoding(file, encoding)
    with _open(file) as binary:
        stream = io.TextIOWrapper(binary, encoding=encoding, newline="")
        head = list(islice(stream, HEAD))
        if not any(line.strip() for line in head):
            raise refuse(file.name, "holds nothing but empty lines", "export it again")
        excel = re.fullmatch(r"sep=(.)", head[0].strip("\ufeff\r\n"), re.IGNORECASE)
        delimiter = delimiter or (excel.group(1) if excel else _delimiter(head))
        notes = [f"encoding {_NAMES.get(encoding, encoding.upper())}, cells separated by {_called(delimiter)}"]
        head[0] = head[0].lstrip("\ufeff")
        rows = _Rows(file, chain(head, stream), delimiter)
        return rows.table(header_line, header_like, encoding=encoding, delimiter=delimiter, line_ends=ends, notes=notes)


def _open(file: Path) -> BinaryIO:
    if file.name.lower().endswith(".gz"):
        return gzip.open(file, "rb")  # type: ignore[return-value]
    return file.open("rb")


def _called(delimiter: str) -> str:
    return DELIMITERS.get(delimiter, repr(delimiter))


# -- encoding ----------------------------------------------------------------------------------------------------------


def _encoding(file: Path, told: str | None) -> tuple[str, tuple[str, ...]]:
    """Find the encoding by reading the file to its end, and which line ends it has."""
    with _open(file) as stream:
        start = stream.read(4096)
    if told is not None:
        try:
            told = codecs.lookup(told).name
        except LookupError:
            raise refuse(f"encoding {told!r}", "is not known", "use utf-8, cp1252 or utf-16") from None
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    wide = _unmarked_utf16(start)
    tried = [told] if told else [marked] if marked else [wide] if wide else ["utf-8", "cp1252"]
    failures = []
    for name in tried:
        try:
            return name, _line_ends(file, name)
        except UnicodeDecodeError as error:
            failures.append(error)
    at = " or ".join(_NAMES.get(n, n.upper()) for n in tried)
    raise refuse(file.name, f"is not {at} text ({failures[-1].reason})", "save it as CSV UTF-8")


def _unmarked_utf16(start: bytes) -> str | None:
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > len(start) // 5 and even < odd // 8:
        return "utf-16-le"
    return "utf-16-be" if even > len(start) // 5 and odd < even // 8 else None


def _line_ends(file: Path, encoding: str) -> tuple[str, ...]:
    """Decode the whole file strictly, refuse NUL characters, and say which line ends there are."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    size, line, both, single, lone, after = 0, 1, 0, 0, 0, ""
    with _open(file) as stream:
        while True:
            block = stream.read(_BLOCK)
            size += len(block)
            if size > MAX_BYTES:
                raise refuse(file.name, f"unpacks to more than {MAX_BYTES / 1e6:,.0f} MB", SMALLER)
            text = after + decoder.decode(block, final=not block)
            after = "\r" if text.endswith("\r") and block else ""
            text = text[: len(text) - len(after)]
            if "\0" in text:
                at = line + len(_LINE_END.findall(text[: text.index("\0")]))
                raise refuse(f"{file.name}, row {at}", "holds a NUL character: the file is damaged", "export it again")
            pairs = text.count("\r\n")
            returns, feeds = text.count("\r") - pairs, text.count("\n") - pairs
            both, lone, single, line = both + pairs, lone + returns, single + feeds, line + pairs + returns + feeds
            if not block:
                return tuple(n for n, count in (("CRLF", both), ("LF", single), ("CR", lone)) if count)


# -- delimiter ---------------------------------------------------------------------------------------------------------


def _delimiter(head: list[str]) -> str:
    """Choose the delimiter that splits the most lines into the same number of cells."""
    best, score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=delimiter) if any(row)]
        except csv.Error:
            continue
        several = [w for w in widths if w > 1]
        if several:
            usual = max(dict.fromkeys(several), key=lambda w: (several.count(w), w))
            found = (round(several.count(usual) / len(widths), 1), usual)
            if found > score:
                best, score = delimiter, found
    return best


# -- rows --------------------------------------------------------------------------------------------------------------


class _Rows:
    """Splits lines into rows, and sorts out those that do not fit the header."""

    def __init__(self, file: Path, lines: Iterable[str], delimiter: str) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n\0':
            raise refuse(f"delimiter {delimiter!r}", "cannot separate cells", "use one of , ; tab |")
        self._file = file
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._broken: list[tuple[int, int, str]] = []
        self._blank: list[int] = []
        self._ragged: list[Line] = []
        self._repeated: list[int] = []
        self._wider = 0

    def table(self, header_line: int | None, like: Collection[str], **about: Any) -> Foreign:
        """Give the whole table."""
        numbers, first = self._next(max(HEAD, header_line or 0))
        at = self._header_at(numbers, first, header_line, like)
        header = tuple(c.strip() for c in first[at])
        while len(header) > 1 and not header[-1] and all(len(cells) < len(header) for cells in first[at + 1 :]):
            header = header[:-1]
        gather = Gather(self._file.name, len(header))
        preamble = [Line(n, tuple(r)) for n, r in zip(numbers[:at], first, strict=False) if any(c.strip() for c in r)]
        self._blank = [n for n, r in zip(numbers[:at], first, strict=False) if not any(c.strip() for c in r)]
        self._sort(numbers[at + 1 :], first[at + 1 :], header, gather)
        above = numbers[at]
        numbers, rows = self._next(_BATCH)
        while rows:
            self._sort(numbers, rows, header, gather)
            numbers, rows = self._next(_BATCH)
        columns, lines = gather.done()
        if self._wider:
            about["notes"].append(f"{plural(self._wider, 'row')} had empty cells beyond the header")
        if len(header) == 1:
            about["notes"].append("only one column was found")
        ragged = sorted([*self._ragged, *self._unsplit(about["encoding"])], key=lambda line: line.number)
        return finish(
            self._file,
            "csv",
            header,
            columns,
            lines,
            header_line=above,
            preamble=(*preamble, *(line for line in ragged if line.number < above)),
            ragged=[line for line in ragged if line.number > above],
            repeated=tuple(self._repeated),
            blank=tuple(self._blank),
            **about,
        )

    def _next(self, most: int) -> tuple[Sequence[int], list[list[str]]]:
        """Give the next rows and the line each begins on; nothing at the end."""
        rows: list[list[str]] = []
        numbers: list[int] = []
        reader, begin = self._reader, self._reader.line_num + 1
        while len(rows) < most:
            start = len(rows)
            try:
                for row in reader:
                    rows.append(row)
                    if len(rows) >= most:
                        break
                else:
                    begin = self._number(rows[start:], begin, reader.line_num, numbers)
                    break
            except csv.Error as error:
                begin = self._number(rows[start:], begin, None, numbers)
                self._note(begin, reader.line_num, str(error))
                begin = reader.line_num + 1
                continue
            begin = self._number(rows[start:], begin, reader.line_num, numbers)
        return numbers, rows

    def _number(self, rows: list[list[str]], begin: int, last: int | None, numbers: list[int]) -> int:
        """Say on which line each row begins: one line a row, unless cells hold line ends. Gives the line after."""
        if last is not None and last - begin + 1 == len(rows):
            numbers.extend(range(begin, last + 1))
            return last + 1
        for row in rows:
            numbers.append(begin)
            begin += 1 + sum(len(_LINE_END.findall(cell)) for cell in row)
        return begin

    def _note(self, begin: int, last: int, said: str) -> None:
        if "unexpected end" in said or "field limit" in said:
            where = f"{self._file.name}, row {begin}"
            raise refuse(where, "has a quotation mark that is never closed", "close it or take it out")
        self._broken.append((begin, last, f"cannot be split into cells: {said}"))
        self._hold_count()

    def _hold_count(self) -> None:
        if len(self._ragged) + len(self._broken) > MOST_RAGGED:
            what = f"has more than {MOST_RAGGED:,} rows that do not fit the header"
            raise refuse(self._file.name, what, "export it again")

    def _header_at(
        self, numbers: Sequence[int], first: list[list[str]], told: int | None, like: Collection[str]
    ) -> int:
        if told is not None:
            if told in numbers and any(c.strip() for c in first[numbers.index(told)]):
                return numbers.index(told)
            where = f"{self._file.name}, row {told}"
            raise refuse(where, "is no line that could be the header", "give the line of the header")
        at = find_header(first, like)
        if at < 0:
            what = "has no line that could be the header"
            raise refuse(self._file.name, what, "put the names of the columns into a line")
        return at

    def _sort(self, numbers: Sequence[int], rows: list[list[str]], header: tuple[str, ...], gather: Gather) -> None:
        """Take the rows that fit; most often all of them do, which is seen at once."""
        width = len(header)
        same = all(map(width.__eq__, map(len, rows)))
        if same and not any(not c.strip() or c.strip() == header[0] for c in dict.fromkeys(row[0] for row in rows)):
            gather.extend(numbers, rows)
            return
        kept, at = list[list[str]](), list[int]()
        for number, row in zip(numbers, rows, strict=True):
            cells = row
            if len(cells) > width and not "".join(cells[width:]).strip():
                cells, self._wider = cells[:width], self._wider + 1
            if not "".join(cells).strip():
                self._blank.append(number)
            elif len(cells) != width:
                why = f"has {plural(len(cells), 'cell')}; the header has {width}"
                self._ragged.append(Line(number, tuple(cells), why))
                self._hold_count()
            elif cells[0].strip() == header[0] and tuple(c.strip() for c in cells) == header:
                self._repeated.append(number)
            else:
                kept.append(cells)
                at.append(number)
        gather.extend(at, kept)

    def _unsplit(self, encoding: str) -> list[Line]:
        """Give the text of rows that could not be split into cells; the file is read once more for it."""
        if not self._broken:
            return []
        found, wanted = [], iter(self._broken)
        begin, last, why = next(wanted)
        with _open(self._file) as binary, io.TextIOWrapper(binary, encoding=encoding, newline="") as stream:
            text: list[str] = []
            for number, line in enumerate(stream, 1):
                if number >= begin:
                    text.append(line)
                if number == last:
                    found.append(Line(begin, ("".join(text).rstrip("\r\n"),), why))
                    text = []
                    begin, last, why = next(wanted, (10**12, 10**12, ""))
        return found
