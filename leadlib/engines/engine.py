"""The engines that papermill is given: nbclient in charge of a kernel in this process, or of one of its own.

papermill finds them by their entry points: `papermill --engine leadlib ...`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode
from papermill.engines import NBClientEngine

from leadlib.engines.books import failed, number_of

if TYPE_CHECKING:
    from leadlib.engines.record import Record


def _nobody(number: int) -> None:
    """Nobody wants to hear."""


class Watch:
    """Holds on to the notebook while it runs, for papermill hands out none after a failure; tells of each cell."""

    def __init__(self, told: Callable[[int], None] = _nobody, record: Record | None = None) -> None:
        self.told, self.record = told, record
        self.book: NotebookNode | None = None
        self.index: int | None = None

    def begin(self, book: NotebookNode) -> None:
        """Take hold of the notebook with its parameters in it."""
        self.book = book
        if self.record:
            self.record.begin(book)

    def cell(self, cell: NotebookNode, cell_index: int, **_: Any) -> None:
        """A cell begins."""
        self.index = cell_index
        if self.record:
            self.record.cell(cell_index)
        self.told(self.number or 0)

    def ran(self, cell: NotebookNode, cell_index: int, **_: Any) -> None:
        """A cell has ended."""
        if self.record:
            for output in cell.outputs:
                self.record.output(output)

    def message(self, message: dict[str, Any]) -> None:
        """A kernel in this process puts something out."""
        if self.record:
            self.record.message(message)

    @property
    def number(self) -> int | None:
        """The number of the cell that ran last, counted as Jupyter counts."""
        return None if self.book is None or self.index is None else number_of(self.book, self.index)


class _Engine(NBClientEngine):
    """papermill's own engine with the settings that make its outputs the same each time."""

    @classmethod
    def options(cls, watch: Watch) -> dict[str, Any]:
        """Give what starts kernels, and who hears of them."""
        raise NotImplementedError

    @classmethod
    def execute_notebook(cls, nb: NotebookNode, kernel_name: str, output_path: Any = None, **kwargs: Any) -> Any:
        """Run the notebook; where papermill is to write no file it is handed no cells, which it would spell out."""
        made = super().execute_notebook(nb, kernel_name, output_path=output_path, **kwargs)
        return made if output_path or failed(made) else NotebookNode({**made, "cells": []})

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, watch: Watch | None = None, **kwargs: Any
    ) -> Any:
        """Run the cells."""
        watch = watch or Watch()
        watch.begin(nb_man.nb)
        return super().execute_managed_notebook(
            nb_man,
            "python3",
            **{
                "on_cell_execute": watch.cell,
                "record_timing": False,
                "coalesce_streams": True,
                "shutdown_kernel": "immediate",
                **kwargs,
                **cls.options(watch),
            },
        )


class PlainEngine(_Engine):
    """Runs the cells in a kernel of its own process."""

    @classmethod
    def options(cls, watch: Watch) -> dict[str, Any]:
        """Give what starts kernels, and who hears of them."""
        from leadlib.engines.kernel import Kernel

        return {"kernel_manager_class": Kernel, "on_cell_executed": watch.ran}


class ShellEngine(_Engine):
    """Runs the cells in this process."""

    @classmethod
    def options(cls, watch: Watch) -> dict[str, Any]:
        """Give what is a kernel here, and who hears of it."""
        from leadlib.engines.shell import manager

        return {"kernel_manager_class": manager(watch.message)}
