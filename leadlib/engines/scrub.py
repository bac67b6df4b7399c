"""Executed notebooks that are the same bytes each time: no clock, no machine, no chance numbers."""

from __future__ import annotations

import re
from typing import Any

from nbformat import NotebookNode

MARKER = "papermill-error-cell-tag"
INJECTED = "injected-parameters"
CELL_FILE = re.compile(r"[^\s\"'<>|]*ipykernel_\d+[/\\](\d+)\.py")
ADDRESS = re.compile(r"\bat 0x[0-9A-Fa-f]+")


def scrub(book: NotebookNode, known_ids: tuple[str, ...]) -> NotebookNode:
    """Take out what differs from run to run: times, papermill's notes, new cell ids, process numbers, addresses.

    The parameters stay under `metadata.papermill.parameters`. `known_ids` are the cell ids of the notebook as written.
    """
    given = book.metadata.get("papermill", {}).get("parameters", {})
    book.metadata["papermill"] = NotebookNode(parameters=given)
    book.cells = [c for c in book.cells if MARKER not in c.metadata.get("tags", [])]
    for place, cell in enumerate(book.cells):
        cell["id"] = _id(cell, place, known_ids)
        cell.metadata = NotebookNode(
            {k: v for k, v in cell.metadata.items() if k not in ("papermill", "execution") and (k, v) != ("tags", [])}
        )
        for output in cell.get("outputs", []):
            _scrub_output(output)
    return book


def _id(cell: NotebookNode, place: int, known_ids: tuple[str, ...]) -> str:
    if INJECTED in cell.metadata.get("tags", []):
        return INJECTED
    return str(cell.id) if cell.get("id") in known_ids else f"cell-{place}"


def _scrub_output(output: Any) -> None:
    if output.output_type == "stream":
        output["text"] = _scrub_text(output.text)
    elif output.output_type == "error":
        output["evalue"] = _scrub_text(output.evalue)
        output["traceback"] = [_scrub_text(line) for line in output.traceback]
    elif "text/plain" in output.data:
        output.data["text/plain"] = _scrub_text(output.data["text/plain"])


def _scrub_text(text: str) -> str:
    # A warning names the file that the kernel pretends to run, which holds its process number.
    return ADDRESS.sub("at 0x0", CELL_FILE.sub(r"cell-\1.py", text))
