"""Run one notebook through papermill and say honestly how it ended.

papermill marks every cell as completed when a kernel dies, and takes `sys.exit(0)` for the end of a report. So the
cells themselves are looked at: each must have run, none may hold an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill import execute_notebook
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError

from leadlib.engines import PLAIN, SHELL
from leadlib.engines.books import DIED, SLOW, Trouble, load, short, unfinished
from leadlib.engines.engine import PlainEngine, ShellEngine, Watch
from leadlib.engines.scrub import scrub

# Known by their entry points where leadlib is installed, and also where it is only on the path.
papermill_engines.register(PLAIN, PlainEngine)
papermill_engines.register(SHELL, ShellEngine)


def execute(
    notebook: Path,
    parameters: Mapping[str, Any],
    *,
    cell_seconds: int | None = None,
    engine: str = PLAIN,
    watch: Watch | None = None,
) -> tuple[NotebookNode, Trouble | None]:
    """Run a notebook with these parameters; give it executed and clean, and what went wrong if anything did.

    Cells run in the notebook's own folder, as they do when the notebook is opened in JupyterLab. A kernel in this very
    process (`SHELL`) keeps no time: who started the process does.
    """
    source = load(notebook)
    watch = watch or Watch()
    trouble = None
    try:
        execute_notebook(
            _named(notebook, source),
            None,
            dict(parameters),
            engine_name=engine,
            kernel_name="python3",
            language="python",
            request_save_on_cell_execute=False,
            progress_bar=False,
            cwd=notebook.parent,
            execution_timeout=cell_seconds if engine == PLAIN else None,
            watch=watch,
        )
    except Exception as error:  # whatever ends a notebook is a failed school, never a failed batch
        trouble = _trouble(error, watch, cell_seconds)
    book = watch.book if watch.book is not None else source
    book = scrub(book, known_ids(source))
    return book, trouble or unfinished(book)


def _named(notebook: Path, source: NotebookNode) -> str | NotebookNode:
    """Give the notebook by its name, which is quicker, unless papermill would read something else into the name."""
    name = str(notebook.resolve())
    return source if set(name) & {"{", "}"} or "://" in name else name


def known_ids(source: NotebookNode) -> tuple[str, ...]:
    """Give the ids of cells that the notebook's file has."""
    return tuple(str(c.id) for c in source.cells if "id" in c) if source.nbformat_minor >= 5 else ()


def _trouble(error: Exception, watch: Watch, cell_seconds: int | None) -> Trouble:
    if isinstance(error, PapermillExecutionError):
        return Trouble(error.ename, short(error.evalue), error.exec_count or watch.number)
    if isinstance(error, DeadKernelError):
        return Trouble(DIED, "its process ended while the cell ran; often the memory ran out", watch.number)
    if isinstance(error, CellTimeoutError):
        return Trouble(SLOW, f"the cell did not end in {cell_seconds} seconds", watch.number)
    return Trouble(type(error).__name__, short(str(error)), watch.number)
