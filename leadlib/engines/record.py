"""What is kept of a run in a file of its own, so that a notebook whose process died still shows how far it came."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from leadlib.engines.books import Trouble, number_of

SHOWN = {
    "stream": ("name", "text"),
    "display_data": ("data", "metadata"),
    "execute_result": ("data", "metadata", "execution_count"),
    "error": ("ename", "evalue", "traceback"),
}
"""What a notebook shows of the messages of a kernel."""


class Record:
    """Notes the notebook, each cell that begins, and each output, one a line; a full disk ends no run."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def begin(self, book: NotebookNode) -> None:
        """Note the notebook as it is to be run."""
        self._note({"book": book})

    def cell(self, index: int) -> None:
        """Note that a cell begins."""
        self._note({"cell": index})

    def output(self, output: dict[str, Any]) -> None:
        """Note what a cell put out."""
        self._note({"output": output})

    def message(self, message: dict[str, Any]) -> None:
        """Note what a kernel says, where it is something that a notebook shows."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind in SHOWN:
            self.output({"output_type": kind} | {name: content.get(name) for name in SHOWN[kind]})

    def _note(self, line: dict[str, Any]) -> None:
        with suppress(OSError, ValueError):
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


def restored(path: Path, trouble: Trouble) -> NotebookNode | None:
    """Make the notebook of a run that was cut short, an error in the cell that was running; None: there are no notes.

    What was taken back by the cell itself (`clear_output`) is shown all the same.
    """
    book, index = None, None
    for line in _lines(path):
        if "book" in line:
            book = nbformat.from_dict(line["book"])
            for cell in book.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
        elif book is not None and "cell" in line:
            index = int(line["cell"])
            book.cells[index].execution_count = number_of(book, index)
        elif book is not None and index is not None:
            _put(book.cells[index].outputs, nbformat.from_dict(line["output"]))
    if book is not None and index is not None and trouble.cell:
        told = {"ename": trouble.cause, "evalue": trouble.message, "traceback": [f"{trouble.cause}: {trouble.message}"]}
        book.cells[index].outputs.append(new_output("error", **told))
    return book


def _put(outputs: list[NotebookNode], output: NotebookNode) -> None:
    if output.output_type == "stream" and outputs and outputs[-1].get("name") == output.name:
        outputs[-1].text += output.text
    else:
        outputs.append(output)


def _lines(path: Path) -> list[dict[str, Any]]:
    """Read the notes; the last line may have been cut off."""
    found = []
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found
