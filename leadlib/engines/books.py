"""Notebooks as files and as cells: read, looked at after a run, written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

# jsonschema builds a whole grammar for checks of web addresses, which notebooks have no use for: a second a process.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

import nbformat  # noqa: E402
from nbformat import NotebookNode  # noqa: E402

from leadlib.errors import InputError, Problem  # noqa: E402

LONGEST_MESSAGE = 300
DIED, SLOW, HEAVY = "process died", "too slow", "too much memory"
"""Causes that lie in what a notebook is run by, and not in a cell's own error."""


@dataclass(frozen=True)
class Trouble:
    """Why a notebook did not become a report: the cause in a word or two, the cell (as in `In [7]`), and a message."""

    cause: str
    message: str
    cell: int | None = None


def load(notebook: Path) -> NotebookNode:
    """Read a notebook file.

    Raises
    ------
    InputError
        When there is no such file, or it is no notebook of a version that can be run.
    """
    try:
        return nbformat.reads(notebook.read_text(encoding="utf-8"), as_version=4)
    except FileNotFoundError:
        raise InputError(Problem(str(notebook), "there is no such notebook", "check the path")) from None
    except OSError as error:
        raise InputError(Problem(str(notebook), f"the notebook cannot be read: {error.strerror or error}")) from None
    except Exception:  # nbformat has a dozen ways to say that JSON is not a notebook
        raise InputError(Problem(str(notebook), "this is not a Jupyter notebook", "give a .ipynb file")) from None


def failed(book: NotebookNode) -> bool:
    """Whether a cell holds an error."""
    return any(o.output_type == "error" for c in book.cells if c.cell_type == "code" for o in c.outputs)


def unfinished(book: NotebookNode) -> Trouble | None:
    """Say which cell did not run or ended in an error, if one did."""
    for number, cell in enumerate((c for c in book.cells if runs(c)), 1):
        for output in cell.outputs:
            if output.output_type == "error" and output.ename == "SystemExit":
                return Trouble("stopped early", "the cell called exit, so the rest did not run", number)
            if output.output_type == "error":
                return Trouble(output.ename, short(output.evalue), number)
        if cell.execution_count is None:
            return Trouble("not run", "the notebook ended before this cell", number)
    return None


def number_of(book: NotebookNode, index: int) -> int:
    """Give the number of a cell, counted as Jupyter counts: code cells with something in them."""
    return sum(1 for cell in book.cells[: index + 1] if runs(cell))


def runs(cell: NotebookNode) -> bool:
    """Whether a cell is one that is run: code, not empty, not to be skipped."""
    skipped = "skip-execution" in cell.metadata.get("tags", [])
    return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped


def short(message: str) -> str:
    """Put a message on one line of at most 300 characters."""
    line = " ".join(message.split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 3] + "..."


def writes(book: NotebookNode) -> bytes:
    """Give the bytes of a notebook file."""
    return (nbformat.writes(book) + "\n").encode("utf-8")
