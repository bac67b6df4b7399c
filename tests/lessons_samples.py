"""A case that is not there: its keys are put in place for a test, and taken away after it."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from leadlib.lessons.keys import exercise
from leadlib.results import RESULT_COLUMNS, Result


def put_case(monkeypatch: pytest.MonkeyPatch, **keyed: Any) -> None:
    """Put case 99 in place, with what the key of each exercise gives: `one=Number(3)` is the key of 99.1."""
    module = ModuleType("leadlib.lessons.case_99")
    module.__spec__ = ModuleSpec("leadlib.lessons.case_99", None)
    for k, (name, found) in enumerate(keyed.items(), 1):
        setattr(
            module, name, exercise(f"99.{k}")(lambda *given, found=found: found(*given) if callable(found) else found)
        )
    monkeypatch.setitem(sys.modules, "leadlib.lessons.case_99", module)


def result(*rows: dict[str, Any], unit: str = "sd") -> Result:
    """Give a result with these rows; what a row leaves out is filled in."""
    blank = {"measure": "m", "group": "g", "value": 0.1, "low": 0.0, "high": 0.2, "n": 9, "unit": unit}
    table = pd.DataFrame([blank | row for row in rows], columns=list(RESULT_COLUMNS))
    return Result("r", "A result", table, "")
