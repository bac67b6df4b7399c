"""Findings: everything a report says, as plain data in the order of the page."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from leadlib.blocks import MIME

if TYPE_CHECKING:
    from nbformat import NotebookNode

TEACHING = frozenset({"instructor", "solution"})
"""Tags of cells for those who teach: they reach a page only where it is made for them, and are never a finding."""
NO_FINDING = ("caption", "exercise")


def findings(notebook: NotebookNode) -> dict[str, Any]:
    """Give what a report found: its parameters, and every table, sentence, drawn figure and notice in order.

    What learners answer, and what is shown to instructors alone, is no finding.

    Missing numbers are None. The same notebook gives the same data, which `json.dumps(..., sort_keys=True)` can write.

    Returns
    -------
    dict
        `title` (first heading, or None), `parameters` (name to value) and `blocks` (each with its `kind`:
        prose, table, figure or notice).
    """
    found = [block for output in _outputs(notebook) for block in _flat(output)]
    return {"title": _title(notebook, found), "parameters": parameters(notebook), "blocks": [_plain(b) for b in found]}


def parameters(notebook: NotebookNode) -> dict[str, Any]:
    """Give the parameters a notebook ran with: the defaults of its parameters cell, then what papermill put in."""
    values: dict[str, Any] = {}
    for tag in ("parameters", "injected-parameters"):
        for cell in notebook.cells:
            if tag in cell.metadata.get("tags", []):
                values |= _assigned(cell.source)
    return values


def _assigned(source: str) -> dict[str, Any]:
    try:
        lines = ast.parse(source).body
    except SyntaxError:
        return {}
    values = {}
    for line in lines:
        if not isinstance(line, (ast.Assign, ast.AnnAssign)) or line.value is None:
            continue
        target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
        with suppress(ValueError):
            if isinstance(target, ast.Name):
                values[target.id] = _plain(ast.literal_eval(line.value))
    return values


def _outputs(notebook: NotebookNode) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        if TEACHING.intersection(cell.metadata.get("tags", [])):
            continue
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if MIME in data:
                yield data[MIME]


def _flat(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block.get("kind") == "stack":
        for part in block.get("parts", []):
            yield from _flat(part)
    elif block.get("kind") not in NO_FINDING:
        yield block


def _title(notebook: NotebookNode, blocks: list[dict[str, Any]]) -> str | None:
    for block in blocks:
        if block.get("kind") == "prose" and block.get("level") == 1:
            return str(block["title"])
    for cell in notebook.cells:
        lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
        found = next((line[2:].strip() for line in lines if line.startswith("# ")), None)
        if found:
            return found
    return None


def _plain(value: Any) -> Any:
    """Give a value that JSON can hold; a number that is not one is None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value if isinstance(value, (str, int, bool)) or value is None else str(value)
