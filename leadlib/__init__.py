"""leadlib: the helper library of the leadership workbook.

Instructional and administrative leadership in PK-12 schools, shown with evidence. `import leadlib as ll` is quick:
every part below is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PARTS = (
    "batch",
    "blocks",
    "charts",
    "designs",
    "engines",
    "errors",
    "fetch",
    "importing",
    "lab",
    "lessons",
    "measures",
    "numbers",
    "pages",
    "plans",
    "privacy",
    "results",
    "simulate",
    "tables",
    "verify",
    "words",
)
_NAMES = {name: "leadlib.tables" for name in ("describe", "load", "packs", "school")} | {"plan": "leadlib.plans"}

__all__ = ["__version__", *_PARTS, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"leadlib.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"leadlib has no part {name!r}; it has: {', '.join(sorted((*_PARTS, *_NAMES)))}")


def __dir__() -> list[str]:
    return sorted(__all__)
