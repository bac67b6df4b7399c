"""Files as others made them: CSV, Excel and Parquet read into cells of text, with line numbers and nothing guessed.

Limits, so that a wrong file ends in a sentence and not in a full memory: a file of `MAX_BYTES` once unpacked,
`MAX_COLUMNS` columns, `MAX_CELLS` cells, `MAX_WORDS` different texts (all columns together). At these limits reading
takes about 2 GB.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from leadlib.errors import InputError, Problem, nearest, refuse

MAX_BYTES = 600_000_000
MAX_COLUMNS = 16_384
MAX_CELLS = 50_000_000
MAX_WORDS = 10_000_000
SMALLER = "split the file, by year say, or take out the columns that are not needed"

TEXT = (".csv", ".tsv", ".tab", ".txt")
EXCEL = (".xlsx", ".xlsm")
PARQUET = (".parquet",)
KINDS = (*TEXT, *EXCEL, *PARQUET)

Kind = Literal["csv", "xlsx", "parquet"]


@dataclass(frozen=True)
class Line:
    """A line that is no row of the table: its number, its cells, and why it is set aside."""

    number: int
    cells: tuple[str, ...]
    why: str = ""

    @property
    def text(self) -> str:
        """The cells that hold anything, as one text."""
        return " ".join(c.strip() for c in self.cells if c.strip())


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook."""

    name: str
    hidden: bool


@dataclass(frozen=True, eq=False)
class Column:
    """A column's cells: its different texts in the order in which they first come, and for each row which one it is."""

    words: tuple[str, ...]
    codes: np.ndarray

    def texts(self) -> np.ndarray:
        """Give the text of every row."""
        return np.array(self.words, dtype=object)[self.codes] if self.words else np.array([], dtype=object)


@dataclass(frozen=True, eq=False)
class Foreign:
    """A table of a foreign file, every cell as text.

    `lines` says for each row on which line of the file it begins (in Parquet: which record it is). What is no row is
    kept beside: `preamble`, `footnotes`, `blank` lines, `repeated` headers, and `ragged` rows whose cells do not fit
    the header. `notes` say what was found out about the file; `problems` what somebody should mend in it.
    """

    path: Path
    kind: Kind
    header: tuple[str, ...]
    header_line: int
    columns: tuple[Column, ...]
    lines: np.ndarray
    sheet: str = ""
    sheets: tuple[Sheet, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    line_ends: tuple[str, ...] = ()
    preamble: tuple[Line, ...] = ()
    footnotes: tuple[Line, ...] = ()
    ragged: tuple[Line, ...] = ()
    repeated: tuple[int, ...] = ()
    blank: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def name(self) -> str:
        """The file's name, with the sheet's if the file is a workbook of several."""
        several = len(self.sheets) > 1
        return f"{self.path.name}, sheet {self.sheet}" if self.sheet and several else self.path.name

    def __len__(self) -> int:
        """How many rows the table has."""
        return len(self.lines)

    def column(self, name: str) -> Column:
        """Give a column by the name in the header.

        Raises
        ------
        InputError
            No such column (with the nearest), or two of that name.
        """
        where = [k for k, h in enumerate(self.header) if h == name]
        if len(where) == 1:
            return self.columns[where[0]]
        if where:
            raise refuse(f"{self.name}, column {name}", "stands in the header twice", "rename or delete one of them")
        raise refuse(self.name, f"has no column {name!r}", nearest(name, self.header))

    def frame(self) -> pd.DataFrame:
        """Give the table as a frame of text; an empty cell is an empty text.

        Raises
        ------
        InputError
            Two columns have the same name.
        """
        return pd.DataFrame({h: pd.Series(self.column(h).texts(), dtype="str") for h in self.header})


def read(
    path: str | os.PathLike[str],
    *,
    sheet: str | None = None,
    header_line: int | None = None,
    header_like: Collection[str] = (),
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Foreign:
    """Read a foreign file as text: CSV (also .tsv, .txt, .gz), Excel (.xlsx) or Parquet.

    Parameters
    ----------
    path : path
        The file.
    sheet : str, optional
        Sheet of a workbook; needed where several visible sheets hold something.
    header_line : int, optional
        Line of the header (1 is the first). If left out, it is the first line filled as a header would be.
    header_like : collection of str
        Names that the header probably holds, by which it is found below a preamble.
    encoding, delimiter : str, optional
        If left out, they are found: by byte-order mark, then UTF-8 or else Windows-1252, both strict; comma,
        semicolon, tab or bar.

    Raises
    ------
    InputError
        No such file, not a table, damaged, above a limit, or not to be understood without being told more.
    """
    from leadlib.tables import foreign_csv, foreign_parquet, foreign_xlsx

    file = Path(path)
    kind = kind_of(file)
    with damaged(file, kind):
        if kind == "csv":
            return foreign_csv.read(file, header_line, header_like, encoding, delimiter)
        if kind == "xlsx":
            return foreign_xlsx.read(file, sheet, header_line, header_like)
        return foreign_parquet.read(file)


def sheets(path: str | os.PathLike[str]) -> tuple[Sheet, ...]:
    """Name the sheets of a workbook; none for a file of another kind."""
    from leadlib.tables import foreign_xlsx

    file = Path(path)
    if kind_of(file) != "xlsx":
        return ()
    with damaged(file, "xlsx"):
        return foreign_xlsx.sheets(file)


_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "xlsx", ""),
    (b"PAR1", "parquet", ""),
    (b"\xd0\xcf\x11\xe0", "", "is an old or locked Excel workbook"),
    (b"%PDF", "", "is a PDF"),
    (b"{\\rtf", "", "is a word processor's file"),
    (b"\x89PNG", "", "is a picture"),
)


def kind_of(file: Path) -> Kind:
    """Say what kind of file it is, by what it holds rather than by what it is called.

    Raises
    ------
    InputError
        No such file, an empty one, or one of no kind that can be read.
    """
    fix = "give a .csv, .xlsx or .parquet file"
    try:
        with file.open("rb") as stream:
            start = stream.read(512)
        size = file.stat().st_size
    except OSError as error:
        raise refuse(str(file.name or file), f"cannot be read: {error.strerror or error}", fix) from None
    except ValueError:
        raise refuse(repr(str(file))[:120], "is not the name of a file", fix) from None
    if not size:
        raise refuse(file.name, "is empty", "export it again")
    if size > MAX_BYTES:
        raise refuse(
            file.name, f"has {size / 1e6:,.0f} MB; the most that is read is {MAX_BYTES / 1e6:,.0f} MB", SMALLER
        )
    for begin, kind, what in _STARTS:
        if start.startswith(begin):
            if not kind:
                raise refuse(
                    file.name, what, "open it in Excel and save it as .xlsx or as CSV UTF-8, without a password"
                )
            return "xlsx" if kind == "xlsx" else "parquet"
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<table", b"<?xml")):
        raise refuse(file.name, "is a web page, whatever it is called", "open it in Excel and save it as .xlsx")
    return _by_name(file, start, fix)


def _by_name(file: Path, start: bytes, fix: str) -> Kind:
    name = file.name.lower().removesuffix(".gz")
    if name.endswith((*EXCEL, *PARQUET)):
        raise refuse(file.name, "is not what its name says; it may be damaged", "export it again")
    if start.startswith(b"\x1f\x8b") and not file.name.lower().endswith(".gz"):
        raise refuse(file.name, "is compressed", "unpack it, or let its name end in .csv.gz")
    if not name.endswith(TEXT):
        raise refuse(file.name, f"is not a kind of file that can be read ({file.suffix or 'no ending'})", fix)
    return "csv"


@contextmanager
def damaged(file: Path, kind: str) -> Iterator[None]:
    """Turn whatever a reading library says about a damaged file into an error that names the file."""
    try:
        yield
    except InputError:
        raise
    except MemoryError:
        raise refuse(file.name, "is too large for this machine's memory", SMALLER) from None
    except (
        Exception
    ) as error:  # what the libraries raise on damaged bytes is not documented and comes in dozens of kinds
        said = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        fix = "export it again" if kind != "xlsx" else "open it in Excel, save it again, and try once more"
        raise refuse(file.name, f"is damaged or not what its name says ({said})", fix) from None
