"""What a notebook can be asked: the typed values of its parameters cell, and the check of values against them.

papermill reports a misspelt name in a log line only and then runs the default school, and it writes a name into the
notebook as code. So names, types and values are all checked here, before anything runs.
"""

from __future__ import annotations

import ast
import io
import keyword
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadlib.engines.books import load
from leadlib.errors import InputError, Problem, nearest

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "yes or no"}
YES_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NOTHING = ("", "none", "null", "~")
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
ONE_OF = re.compile(r"one of:\s*([^;.#]+)")


@dataclass(frozen=True)
class Parameter:
    """One value that a notebook can be asked for: name, type, default, help, and the values allowed (none: any)."""

    name: str
    type: str
    default: Any
    help: str = ""
    allowed: tuple[Any, ...] = ()
    optional: bool = False

    def __str__(self) -> str:
        """One line as a reader of `--help` wants it."""
        choice = f" (one of: {', '.join(map(str, self.allowed))})" if self.allowed else ""
        return f"{self.name}: {WORDS[self.type]}, default {self.default!r}{choice}"


def read(notebook: Path) -> dict[str, Parameter]:
    """Read the typed parameters of a notebook from its cell tagged `parameters`.

    A line is `name: type = default  # help`; type is str, int, float or bool, with `| None` where nothing may be given.
    A comment that holds `one of: a, b, c` names the values allowed, as does `Literal["a", "b"]`.

    Raises
    ------
    InputError
        When the notebook has no such cell, is not in Python, or a line of the cell cannot be read.
    """
    book = load(notebook)
    where = str(notebook)
    if book.metadata.get("kernelspec", {}).get("language", "python") != "python":
        raise InputError(Problem(where, "the notebook is not in Python", "reports are run with a Python kernel"))
    cells = [c for c in book.cells if c.cell_type == "code" and "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        found = "no cell is" if not cells else f"{len(cells)} cells are"
        raise InputError(
            Problem(
                where,
                f"{found} tagged 'parameters'",
                'tag the one cell that holds lines such as `school_id: str = "1"`',
            )
        )
    return read_cell(cells[0].source, where)


def read_cell(source: str, where: str) -> dict[str, Parameter]:
    """Read the parameters from the text of a parameters cell."""
    place = f"{where}, parameters cell"
    try:
        lines = ast.parse(source).body
    except SyntaxError as error:
        raise InputError(Problem(f"{place}, line {error.lineno}", "this is not Python", "mend the cell")) from None
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    problems: list[Problem] = []
    for line in lines:
        target = _target(line)
        if target is None:
            continue
        try:
            found[target] = _parameter(target, line, comments.get(line.end_lineno or 0, ""))
        except ValueError as error:
            problems.append(
                Problem(
                    f"{place}, line {line.lineno}",
                    f"{target}: {error}",
                    "write `name: type = value` with type str, int, float or bool",
                )
            )
    if problems:
        raise InputError(problems)
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").rstrip() for t in tokens if t.type == tokenize.COMMENT}


def _target(line: ast.stmt) -> str | None:
    if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
        return line.target.id
    if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
        return line.targets[0].id
    return None


def _parameter(name: str, line: ast.stmt, comment: str) -> Parameter:
    assert isinstance(line, ast.AnnAssign | ast.Assign)
    if line.value is None:
        raise ValueError("it has no default value")
    default = ast.literal_eval(line.value)
    if isinstance(line, ast.AnnAssign):
        kind, optional, literal = _declared(line.annotation)
    else:
        kind, optional, literal = type(default).__name__, False, ()
    if kind not in TYPES:
        raise ValueError(f"the type {kind!r} cannot be given from outside")
    plain = Parameter(name, kind, default, comment, (), optional)
    listed = ONE_OF.search(comment)
    texts = tuple(t.strip().strip("'\"`") for t in listed.group(1).split(",")) if listed else ()
    allowed = literal or tuple(convert(t, plain) for t in texts if t)
    checked = Parameter(name, kind, default, comment, allowed, optional)
    convert(default, checked)
    return checked


def _declared(note: ast.expr) -> tuple[str, bool, tuple[Any, ...]]:
    """Give type, whether None may be given, and the values of a Literal."""
    if isinstance(note, ast.BinOp) and isinstance(note.op, ast.BitOr):
        sides = [ast.unparse(side) for side in (note.left, note.right)]
        if "None" in sides:
            kind, _, literal = _declared(note.left if sides[1] == "None" else note.right)
            return kind, True, literal
    if isinstance(note, ast.Subscript) and ast.unparse(note.value).split(".")[-1] == "Literal":
        given = ast.literal_eval(note.slice)
        values = given if isinstance(given, tuple) else (given,)
        return type(values[0]).__name__, False, values
    return ast.unparse(note), False, ()


def convert(value: Any, parameter: Parameter) -> Any:
    """Turn a value, or the text of one, into the type a parameter declares; text is never turned into something else.

    Raises
    ------
    ValueError
        When the value is not of the type, or is not one of those allowed.
    """
    if parameter.optional and (value is None or str(value).lower() in NOTHING):
        return None
    made = _from_text(value, parameter.type) if isinstance(value, str) else _as_is(value, parameter.type)
    if parameter.allowed and made not in parameter.allowed:
        raise ValueError(f"{made!r} is not a value it takes; {nearest(made, parameter.allowed)}")
    return made


def _from_text(text: str, kind: str) -> Any:
    if kind == "str":
        return text
    bare = text.strip()
    if kind == "bool" and bare.lower() in YES_NO:
        return YES_NO[bare.lower()]
    if kind == "int" and WHOLE_NUMBER.fullmatch(bare):
        return int(bare)
    if kind == "float" and NUMBER.fullmatch(bare) and math.isfinite(float(bare)):
        return float(bare)
    raise ValueError(f"{text!r} is not {WORDS[kind]}")


def _as_is(value: Any, kind: str) -> Any:
    right = type(value) is TYPES[kind] or (kind == "float" and type(value) is int)
    if not right or (kind == "float" and not math.isfinite(value)):
        raise ValueError(f"{value!r} is not {WORDS[kind]}")
    return TYPES[kind](value)


def check(
    given: Mapping[Any, Any], declared: Mapping[str, Parameter], where: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Hold given values to the declared parameters; give the typed values, and everything that is wrong."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, value in given.items():
        if not _is_name(name):
            problems.append(Problem(where, f"{str(name)!r} cannot be the name of a parameter", nearest(name, declared)))
        elif name not in declared:
            problems.append(Problem(where, f"the notebook has no parameter {name!r}", nearest(name, declared)))
        else:
            try:
                values[name] = convert(value, declared[name])
            except ValueError as error:
                problems.append(
                    Problem(
                        where, f"parameter {name!r}: {error}", "" if declared[name].allowed else declared[name].help
                    )
                )
    return values, problems


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
