"""What is imported and read once, before kernels are forked: whatever every report needs and no notebook can notice."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import sys
import tempfile

PARTS = ("tables", "privacy", "measures", "plans", "designs", "words", "charts", "lessons", "verify", "pages")
MODULES = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.display",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "leadlib.engines.engine",
    "leadlib.engines.execute",
    "leadlib.engines.life",
    "leadlib.engines.record",
    "leadlib.engines.shell",
    "matplotlib_inline.config",
    "matplotlib.backends.backend_agg",
    "numpy.random",
    "pandas",
    "scipy.optimize",
    "scipy.stats",
    "statsmodels.api",
    "statsmodels.formula.api",
)


def warm_up(pack: str, cwd: str) -> None:
    """Import what notebooks need, draw once so that fonts are found, and read the tables of a pack.

    A warning that was given here would not be given again in a notebook, so all are forgotten.
    """
    from leadlib.engines.shell import BACKEND

    os.environ.setdefault("MPLBACKEND", BACKEND)  # as a kernel does, before matplotlib is imported
    for name in (*MODULES, *_library()):
        importlib.import_module(name)
    _draw()
    _set_a_page()
    here = os.getcwd()
    os.chdir(cwd)
    try:
        _read(pack)
    finally:
        os.chdir(here)
    forget_warnings()


def _library() -> list[str]:
    """Name the modules of leadlib that notebooks use."""
    found = []
    for part in PARTS:
        module = importlib.import_module(f"leadlib.{part}")
        found += [m.name for m in pkgutil.walk_packages(getattr(module, "__path__", []), f"leadlib.{part}.")]
    return [name for name in found if not name.endswith("__main__")]


def _draw() -> None:
    """Draw a figure without pyplot, which would choose the way of drawing for the notebook."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1])
    axes.set_title("$x$ Warm", fontweight="bold")
    canvas.print_png(io.BytesIO())


def _set_a_page() -> None:
    """Make a page of next to nothing, so that templates and what reads Markdown stand ready."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    from leadlib import pages

    shown = new_output("display_data", {"text/html": "<p>1</p>", "text/plain": "1"})
    book = new_notebook(cells=[new_markdown_cell("# Warm\n\n*1*"), new_code_cell("1", outputs=[shown])])
    pages.findings(book)
    with tempfile.TemporaryDirectory(prefix="leadlib-") as folder:
        pages.render(book, to=("html",), out=folder)


def _read(pack: str) -> None:
    if not pack:
        return
    from leadlib.engines import reads
    from leadlib.errors import InputError
    from leadlib.tables.packs import keep

    try:
        keep(pack)
        reads.prepare(pack)
    except InputError:
        return  # the notebook itself will say what is wrong


def forget_warnings() -> None:
    """Let every warning be given again."""
    for module in list(sys.modules.values()):
        registry = getattr(module, "__dict__", {}).get("__warningregistry__")
        if isinstance(registry, dict):
            registry.clear()
