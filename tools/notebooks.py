"""Run every notebook and store its outputs: `make notebooks`. Nothing else writes them; a second run changes nothing.

What differs from run to run or from machine to machine is left out: pictures' bytes, times, widget models, versions.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from traitlets import default

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# The interpreter's version stays out: the same notebook is run on several.
LANGUAGE = {"name": "python"}
KEPT_IN_NOTEBOOK = ("authors", "leadlib", "title")
DROPPED_FROM_CELL = ("ExecuteTime", "collapsed", "execution", "papermill", "scrolled", "trusted")
# Pictures are drawn anew for every page, and a widget's model id is another one in every run.
DROPPED_FROM_OUTPUT = ("image/png", "image/jpeg", "image/svg+xml", "application/vnd.jupyter.widget-view+json")
SECONDS_A_CELL = 600


class KernelManager(AsyncKernelManager):
    """A kernel that is spoken to in cipher where the installed packages can, so that it warns of nothing."""

    @default("transport_encryption")
    def _encrypt_where_possible(self) -> str:
        return "auto"


def read(path: Path) -> NotebookNode:
    """Read a notebook; cells without an id get one from their place, since nbformat's own would be random."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    if raw.get("nbformat") != 4:
        raise SystemExit(f"{path}: is not a version 4 notebook; save it once with JupyterLab")
    taken = {cell["id"] for cell in raw["cells"] if cell.get("id")}
    for place, cell in enumerate(raw["cells"]):
        if not cell.get("id"):
            cell["id"] = _free(f"cell-{place:02d}", taken)
    raw["nbformat_minor"] = max(5, raw.get("nbformat_minor", 0))
    return nbformat.reads(json.dumps(raw), as_version=4)


def _free(wish: str, taken: set[str]) -> str:
    while wish in taken:
        wish += "-x"
    taken.add(wish)
    return wish


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in place in a fresh kernel of this very Python, standing in the notebook's folder."""
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name=KERNEL["name"],
        kernel_manager_class=KernelManager,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        coalesce_streams=True,
    )
    client.execute()


def tidy(notebook: NotebookNode) -> None:
    """Leave out whatever would differ in the next run."""
    kept = {key: notebook.metadata[key] for key in KEPT_IN_NOTEBOOK if key in notebook.metadata}
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE, **kept)
    for cell in notebook.cells:
        _drop(cell.metadata, DROPPED_FROM_CELL)
        for output in cell.get("outputs", []):
            _drop(output.get("data", {}), DROPPED_FROM_OUTPUT)


def _drop(mapping: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        mapping.pop(key, None)


def refresh(path: Path) -> bool:
    """Run a notebook and store it where that changes it; say whether it did. A failing one is left as it was."""
    notebook = read(path)
    execute(notebook, path.parent)
    tidy(notebook)
    nbformat.validate(notebook)
    new = (nbformat.writes(notebook).rstrip("\n") + "\n").encode("utf-8")
    if path.read_bytes() == new:
        return False
    part = path.with_suffix(".part")
    part.write_bytes(new)
    os.replace(part, path)
    return True


def every_notebook(folder: Path = NOTEBOOKS) -> list[Path]:
    """List the notebooks below a folder in order, JupyterLab's own copies left aside."""
    return sorted(p for p in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)


def main(arguments: list[str] | None = None) -> int:
    """Refresh the notebooks named, or all; give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all in notebooks/")
    paths = parser.parse_args(arguments).notebooks or every_notebook()
    # Both would reach the kernel: one hides every figure, the other makes each start slow.
    for name in ("MPLBACKEND", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(name, None)
    failed = 0
    for path in paths:
        try:
            print(f"{'changed' if refresh(path) else 'same':<9}{path.name}", flush=True)
        except CellExecutionError as error:
            failed += 1
            print(f"{'failed':<9}{path.name}\n{error}", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
