"""Run one notebook through papermill and say honestly how it ended.

papermill marks every cell as completed when a kernel dies, and takes `sys.exit(0)` for the end of a report. So the
cells themselves are looked at: each must have run, none may hold an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill import execute_notebook
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets import default

from leadlib.engines.books import Trouble, load, runs, short, unfinished
from leadlib.engines.scrub import scrub

ENGINE = "leadlib"


class Kernel(AsyncKernelManager):
    """Starts the kernel of this very Python, whatever kernels the user has, and tells its process number."""

    started: Callable[[int], None] = staticmethod(lambda pid: None)

    @default("transport_encryption")
    def _encrypted(self) -> str:
        # ipykernel warns in every cell's output stream of a kernel that talks in clear over TCP.
        return "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """The installed kernels may belong to other environments; this one has what the manifest lists."""
        return KernelSpec(**get_kernel_dict(extra_arguments=["--HistoryManager.enabled=False"]))

    async def _async_post_start_kernel(self, **kw: Any) -> None:
        await super()._async_post_start_kernel(**kw)
        pid = getattr(self.provisioner, "pid", None)
        if pid:
            type(self).started(pid)


class _Watch:
    """Holds on to the notebook while it runs, for papermill hands out none after a failure."""

    book: NotebookNode | None = None
    index: int | None = None

    def cell(self, cell: NotebookNode, cell_index: int, **_: Any) -> None:
        self.index = cell_index


class Engine(NBClientEngine):
    """papermill's engine, with our kernel manager and a hold on the notebook."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, watch: _Watch, **kwargs: Any) -> Any:
        """Run the cells."""
        watch.book = nb_man.nb
        return super().execute_managed_notebook(
            nb_man,
            "python3",
            kernel_manager_class=Kernel,
            on_cell_execute=watch.cell,
            record_timing=False,
            coalesce_streams=True,
            shutdown_kernel="immediate",
            **kwargs,
        )


papermill_engines.register(ENGINE, Engine)


def execute(notebook: Path, parameters: Mapping[str, Any], *, cell_seconds: int) -> tuple[NotebookNode, Trouble | None]:
    """Run a notebook with these parameters; give it executed and clean, and what went wrong if anything did.

    Cells run in the notebook's own folder, as they do when the notebook is opened in JupyterLab.
    """
    source = load(notebook)
    watch = _Watch()
    trouble = None
    try:
        execute_notebook(
            source,
            None,
            dict(parameters),
            engine_name=ENGINE,
            kernel_name="python3",
            language="python",
            request_save_on_cell_execute=False,
            progress_bar=False,
            cwd=notebook.parent,
            execution_timeout=cell_seconds,
            watch=watch,
        )
    except Exception as error:  # whatever ends a notebook is a failed school, never a failed batch
        trouble = _trouble(error, watch)
    book = watch.book if watch.book is not None else source
    known = tuple(str(c.id) for c in source.cells if "id" in c) if source.nbformat_minor >= 5 else ()
    book = scrub(book, known)
    return book, trouble or unfinished(book)


def _trouble(error: Exception, watch: _Watch) -> Trouble:
    cell = _number(watch)
    if isinstance(error, PapermillExecutionError):
        return Trouble(error.ename, short(error.evalue), error.exec_count or cell)
    if isinstance(error, DeadKernelError):
        return Trouble("kernel died", "its process ended while the cell ran; often the memory ran out", cell)
    if isinstance(error, CellTimeoutError):
        return Trouble("too slow", "the cell did not end in the time allowed", cell)
    return Trouble(type(error).__name__, short(str(error)), cell)


def _number(watch: _Watch) -> int | None:
    """Give the number of the cell that ran last, counted as Jupyter counts: code cells with something in them."""
    if watch.book is None or watch.index is None:
        return None
    return sum(1 for c in watch.book.cells[: watch.index + 1] if runs(c))
