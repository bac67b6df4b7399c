"""The keys of exercises: how an answer is worked out from the results of one school, and what each wrong one shows.

A key is a function marked `@exercise("01.1")` in `leadlib.lessons.case_01`. It gets the results that the learner looks
at and gives a `Number`, a `Choice` or a `Text`; or a `Missing`, where this school has no such figure.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from leadlib.errors import nearest, refuse
from leadlib.numbers import UNITS

EXERCISE = re.compile(r"(\d\d)\.(\d{1,2})")
SIGNIFICANT_SHARE = 0.01
"""Where a unit does not say its decimals, answers within one percent agree."""

F = TypeVar("F", bound=Callable[..., Any])
Key = Callable[..., Any]


@dataclass(frozen=True)
class Number:
    """A number that a learner reads or works out.

    Attributes
    ----------
    value
        The right one. NaN where this school has none: then the exercise is left out.
    unit
        A key of `numbers.UNITS`: what the learner is asked to give it in.
    within
        How far an answer may lie off, in that unit. If left out: one step of the last decimal that the unit shows, for
        what may be added up from rounded numbers; in units without decimals, what rounds to the same.
    slips
        What a learner should be told, and the wrong value that calls for it. No hint may name the right value.
    look
        Where to look again, as a sentence, when nothing else is known about a wrong answer.
    """

    value: float
    unit: str = "value"
    within: float | None = None
    slips: Mapping[str, float] = field(default_factory=dict)
    look: str = ""

    def __post_init__(self) -> None:
        """Refuse a key that its author has not thought through."""
        if self.unit not in UNITS:
            raise refuse(f"unit {self.unit!r}", "is no unit", nearest(self.unit, UNITS))
        if self.within is not None and not (math.isfinite(self.within) and self.within > 0):
            raise refuse(f"within={self.within!r}", "is no distance", "give a number over zero, in the answer's unit")

    @property
    def known(self) -> bool:
        """Whether this school has such a number."""
        return self.value is not None and math.isfinite(self.value)

    @property
    def tolerance(self) -> float:
        """How far an answer may lie off."""
        if self.within is not None:
            return float(self.within)
        decimals = UNITS[self.unit].decimals
        if decimals < 0:
            return max(SIGNIFICANT_SHARE * abs(self.value), 1e-9)
        return 10.0**-decimals if decimals else 0.5

    def agrees(self, answer: float) -> bool:
        """Whether an answer is close enough; the last bits of a computer's arithmetic do not count."""
        return abs(answer - self.value) <= self.tolerance * (1 + 1e-9)


@dataclass(frozen=True)
class Choice:
    """One of several answers, each with a letter.

    Attributes
    ----------
    right
        The letter, or several where more than one is right for this school.
    hints
        For each wrong letter why it does not fit, without naming the right one.
    options
        All letters, where some wrong one has no hint.
    """

    right: str | tuple[str, ...]
    hints: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] | str = ()

    @property
    def rights(self) -> tuple[str, ...]:
        """The right letters, small."""
        return tuple(r.casefold() for r in ((self.right,) if isinstance(self.right, str) else self.right))

    @property
    def letters(self) -> list[str]:
        """All letters, in order, so that their order tells nothing."""
        return sorted({*self.rights, *(h.casefold() for h in self.hints), *(o.casefold() for o in self.options)})


@dataclass(frozen=True)
class Text:
    """A sentence or two that a learner writes. Its form is looked at, its thought is not judged.

    Attributes
    ----------
    least, most
        Words.
    needs
        What to add, and the patterns (regular expressions) of which one must be found.
    avoid
        Why something should not be said, and the patterns that say it.
    """

    least: int = 8
    most: int = 80
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    avoid: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def exercise(name: str) -> Callable[[F], F]:
    """Mark a function as the key of an exercise: two digits of the case, a dot, its number, as in "01.3"."""
    if not EXERCISE.fullmatch(name):
        raise refuse(f"exercise {name!r}", "is no name of an exercise", 'write case and number, as in "01.3"')

    def mark(function: F) -> F:
        function.exercise = name  # type: ignore[attr-defined]
        return function

    return mark


def keys(case: str) -> dict[str, Key]:
    """Give the keys of a case, such as "01", by the exercise's name; none where the case has no module."""
    where = f"leadlib.lessons.case_{case}"
    if importlib.util.find_spec(where) is None:
        return {}
    module = importlib.import_module(where)
    found = [value for value in vars(module).values() if callable(value) and hasattr(value, "exercise")]
    twice = {f.exercise for f in found if sum(g.exercise == f.exercise for g in found) > 1}
    if twice:
        raise refuse(where, f"holds two keys for {', '.join(sorted(twice))}", "give each exercise one")
    return {f.exercise: f for f in found}


def key(name: object) -> Key:
    """Give the key of an exercise.

    Raises
    ------
    InputError
        There is no such exercise; with the nearest.
    """
    matched = EXERCISE.fullmatch(name) if isinstance(name, str) else None
    there = keys(matched[1]) if matched else {}
    if matched is None or name not in there:
        fix = nearest(name, there) if there else 'write case and number, as in "01.3"'
        raise refuse(f"exercise {name!r}", "there is no such exercise", fix)
    return there[name]
