"""Notebooks as files and as cells: read, looked at after a run, written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from leadlib.errors import InputError, Problem

LONGEST_MESSAGE = 300


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
