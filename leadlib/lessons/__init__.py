"""Lessons: what a case needs beside its evidence: answers that are checked, decisions that are kept, the planted truth.

The keys of a case stand in `case_NN.py` and are worked out from the results of the very school that a learner looks at.
No answer stands in a notebook. Every part is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "check": "checking",
    "check_plan": "plan_rows",
    "commit": "deciding",
    "contents": "listed",
    "copies": "copying",
    "later": "following",
    "solution": "checking",
    "truth": "revealing",
}

__all__ = list(_NAMES)


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"leadlib.lessons.{_NAMES[name]}"), name)
    raise AttributeError(f"leadlib.lessons has no {name!r}; it has: {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted(__all__)
