"""Copies of the notebooks for a class: for learners, with solutions, or whole; each from the one authored notebook."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.lessons.keys import EXERCISE
from leadlib.pages import read, write_whole

if TYPE_CHECKING:
    from nbformat import NotebookNode

AUDIENCES = ("learner", "solution", "instructor")
INSTRUCTOR = "instructor"
CHECKPOINTS = ".ipynb_checkpoints"


def copies(
    notebooks: str | Path | Sequence[str | Path], *, audience: str, to: str | Path, force: bool = False
) -> list[Path]:
    """Write copies of notebooks for those who learn from them, or for those who teach with them.

    Parameters
    ----------
    notebooks
        Notebooks, or folders of them.
    audience
        `learner`: cells tagged `instructor` and all outputs are left out. `solution`: the same, and below each exercise
        a cell that tells the answer for the school at hand. `instructor`: everything as authored.
    to
        The folder of the copies. A folder's notebooks keep their places below it.
    force
        Write over copies that are there. A notebook is never written over itself.

    Returns
    -------
    list of Path
        What was written, in order.

    Raises
    ------
    InputError
        All problems at once, and nothing is written: no notebook there, one that cannot be read, a copy that exists.
    """
    if audience not in AUDIENCES:
        raise refuse(f"audience {audience!r}", "there are no such copies", nearest(audience, AUDIENCES))
    given = [notebooks] if isinstance(notebooks, str | Path) else list(notebooks)
    pairs, problems = _pairs([Path(p) for p in given], Path(to))
    if not given:
        problems.append(Problem("notebooks", "none is named", "give a notebook, or a folder such as notebooks/cases"))
    made: list[tuple[Path, str]] = []
    for source, target in pairs:
        try:
            made.append((target, _text(copy_of(read(source), audience))))
        except InputError as error:
            problems += error.problems
    problems += _in_the_way(pairs, force)
    if problems:
        raise InputError(problems)
    return [write_whole(target, text) for target, text in made]


def copy_of(notebook: NotebookNode, audience: str) -> NotebookNode:
    """Give a copy of one notebook for an audience; the notebook given stays as it is."""
    import copy

    made = copy.deepcopy(notebook)
    if audience == "instructor":
        return made
    kept = [cell for cell in made.cells if INSTRUCTOR not in cell.metadata.get("tags", [])]
    made.cells = [part for cell in kept for part in (cell, *(_solutions(cell) if audience == "solution" else ()))]
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return made


def _solutions(cell: NotebookNode) -> Iterator[NotebookNode]:
    """Give a cell with the answer for each exercise that a cell checks."""
    from nbformat.v4 import new_code_cell

    for k, (name, given) in enumerate(checked(cell)):
        arguments = ", ".join([repr(name).replace("'", '"'), *given])
        yield new_code_cell(
            f"ll.lessons.solution({arguments})", id=f"{cell.id[:55]}-answer{k or ''}", metadata={"tags": ["solution"]}
        )


def checked(cell: Any) -> list[tuple[str, list[str]]]:
    """Give name and results of each exercise that a code cell checks with `ll.lessons.check`."""
    if cell["cell_type"] != "code" or "lessons.check(" not in cell["source"]:
        return []
    try:
        tree = ast.parse(cell["source"])
    except SyntaxError:
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_check(node.func)]
    named = [(c, c.args[0]) for c in calls if c.args]
    return [
        (first.value, [ast.unparse(a) for a in call.args[2:]])
        for call, first in named
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and EXERCISE.fullmatch(first.value)
    ]


def _is_check(function: ast.expr) -> bool:
    return re.fullmatch(r"(\w+\.)?lessons\.check", ast.unparse(function)) is not None


def _text(notebook: NotebookNode) -> str:
    import nbformat

    return nbformat.writes(notebook).rstrip("\n") + "\n"


def _pairs(given: list[Path], to: Path) -> tuple[list[tuple[Path, Path]], list[Problem]]:
    """Give each notebook with the path of its copy, and what is wrong with what was named."""
    pairs: list[tuple[Path, Path]] = []
    problems: list[Problem] = []
    for path in given:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*.ipynb") if CHECKPOINTS not in p.parts)
            if not inside:
                problems.append(Problem(str(path), "holds no notebook", "name another folder"))
            pairs += [(p, to / p.relative_to(path)) for p in inside]
        elif path.suffix != ".ipynb":
            fix = "name a file that ends in .ipynb, or a folder of them"
            problems.append(Problem(str(path), "is no notebook" if path.exists() else "is not there", fix))
        else:
            pairs.append((path, to / path.name))
    return pairs, problems


def _in_the_way(pairs: list[tuple[Path, Path]], force: bool) -> list[Problem]:
    """Say which copies cannot take their place."""
    problems, sources = [], {source.resolve() for source, _ in pairs}
    targets = [target.resolve() for _, target in pairs]
    for (_, target), whole in zip(pairs, targets, strict=True):
        if whole in sources:
            problems.append(Problem(str(target), "is an authored notebook itself", "choose another folder"))
        elif target.exists() and not force:
            problems.append(Problem(str(target), "is there already", "choose another folder, or add --force"))
    twice = sorted({str(t) for t in targets if targets.count(t) > 1})
    return problems + [Problem(t, "two notebooks would become this copy", "copy them one by one") for t in twice]
