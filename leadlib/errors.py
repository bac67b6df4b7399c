"""Errors that say what is wrong, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what is wrong with it, and what to do."""

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        """One line: where, what, and the way out."""
        line = f"{self.where}: {self.what}"
        return f"{line} -> {self.fix}" if self.fix else line


class LeadlibError(Exception):
    """Base of every error that leadlib raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """Show a reader in a notebook the message alone, not our call stack."""
        return [f"{type(self).__name__}: {self}"]


class InputError(LeadlibError):
    """What was given cannot be used; `problems` lists everything that is wrong with it.

    The command line prints all problems at once and leaves with exit code 2.
    """

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        """All problems, one a line."""
        if len(self.problems) == 1:
            return str(self.problems[0])
        lines = [f"{len(self.problems)} problems found"]
        return "\n".join([*lines, *(f"  {k}. {p}" for k, p in enumerate(self.problems, 1))])


class Locked(InputError):
    """Another batch is writing to the folder or the bucket; the command line leaves with exit code 3."""

    exit_code = 3


def refuse(where: str, what: str, fix: str = "") -> InputError:
    """Make the error for a single problem, to be raised by the caller."""
    return InputError(Problem(where, what, fix))


def nearest(wrong: object, right: Iterable[object], *, most: int = 12) -> str:
    """Say which right value is closest to a wrong one, or list what there is."""
    options = [str(r) for r in right]
    folded: dict[str, str] = {}
    for option in options:
        folded.setdefault(option.casefold(), option)
    given = str(wrong).strip().casefold()
    holding = [key for key in folded if len(given) >= 3 and given in key]
    like = holding or difflib.get_close_matches(given, list(folded), n=3, cutoff=0.6)
    close = [folded[key] for key in sorted(like, key=len)[:3]] if holding else [folded[key] for key in like]
    if close:
        return "did you mean " + " or ".join(repr(c) for c in close) + "?"
    shown = ", ".join(options[:most])
    more = f", and {len(options) - most} more" if len(options) > most else ""
    return f"use one of: {shown}{more}" if options else "there is none to choose from"
