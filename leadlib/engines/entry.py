"""What papermill finds by its entry points.

papermill loads every entry point while it is itself being imported, so the engines are looked up only when used.
"""

from __future__ import annotations

from typing import Any


class Late:
    """Stands for an engine until something is asked of it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        from leadlib.engines import engine

        return getattr(getattr(engine, self._name), name)


shell, plain = Late("ShellEngine"), Late("PlainEngine")
