"""What every design refuses before it looks at a row: choices it does not know, levels and sizes that are none."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import replace
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from leadlib.errors import InputError, Problem, nearest
from leadlib.numbers import UNITS
from leadlib.results import Missing

F = TypeVar("F", bound=Callable[..., Any])


def checked_options(function: F) -> F:
    """Let a design refuse wrong options, all at once, before it reads the table.

    A parameter that is annotated as a `Literal` takes one of its values: `look="powr"` must not show an estimate that
    was to stay hidden. `unit_of` is a key of `numbers.UNITS`, `level` lies between 0 and 1, `sd` is above zero. Where
    there is no table but a `Missing`, it is handed on.
    """
    choices: dict[str, tuple[Any, ...]] = {}

    @functools.wraps(function)
    def asked(*args: Any, **options: Any) -> Any:
        if not choices:  # read at the first call, when all modules are there
            choices.update(_choices(function), unit_of=tuple(UNITS))
        found = [_wrong(f"{function.__name__}, {name}", name, given, choices) for name, given in options.items()]
        problems = [p for p in found if p]
        if problems:
            raise InputError(problems)
        missing = next((given for given in args if isinstance(given, Missing)), None)
        return function(*args, **options) if missing is None else replace(missing, told=False)

    return asked  # type: ignore[return-value]


def _choices(function: Callable[..., Any]) -> dict[str, tuple[Any, ...]]:
    """Give the choices of each parameter that takes nothing but named choices (or None)."""
    found = {}
    for name, hint in get_type_hints(function).items():
        parts = (hint,) if get_origin(hint) is Literal else get_args(hint)
        named = [p for p in parts if get_origin(p) is Literal]
        if named and all(p in named or p is NoneType for p in parts):
            found[name] = (*(c for p in named for c in get_args(p)), *([None] if NoneType in parts else []))
    return found


def _wrong(where: str, name: str, given: Any, choices: dict[str, tuple[Any, ...]]) -> Problem | None:
    if name in choices and not (isinstance(given, str | None) and given in choices[name]):
        what = "is not a unit" if name == "unit_of" else "is not one of the choices"
        return Problem(f"{where} {given!r}", what, nearest(given, choices[name]))
    if name == "level" and not (_number(given) and 0 < given < 1):
        return Problem(f"{where} {given}", "is not between 0 and 1", "0.95 is usual")
    if name == "sd" and given is not None and not (_number(given) and 0 < given < math.inf):
        return Problem(f"{where} {given}", "is not above zero", "give a standard deviation, or leave it out")
    return None


def _number(given: Any) -> bool:
    try:
        return not isinstance(given, str) and math.isfinite(given)
    except TypeError:
        return False
