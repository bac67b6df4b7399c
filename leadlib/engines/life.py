"""The life of a process that makes the report of one school and tells of it on a line."""

from __future__ import annotations

import json
import os
import socket
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from leadlib.engines import SHELL, books, one


def live(line: socket.socket) -> None:
    """Read the task, do it, and tell how it went: the process number, each cell, the outcome."""
    with line.makefile("rwb") as file:
        asked = json.loads(file.readline())
        lock = threading.Lock()

        def tell(message: dict[str, Any]) -> None:
            with lock:
                file.write(json.dumps(message).encode() + b"\n")
                file.flush()

        tell({"pid": os.getpid()})
        tell({"outcome": asdict(outcome(asked, tell, SHELL))})


def outcome(asked: dict[str, Any], tell: Any, engine: str) -> one.Outcome:
    """Make the report that is asked for; whatever goes wrong, such as a full disk, fails this school alone."""
    task, record = one.Task(**asked["task"]), asked["record"]
    try:
        return one.report(task, engine, lambda cell: tell({"cell": cell}), Path(record) if record else None)
    except Exception as error:
        return one.Outcome("failed", cause="writing", message=books.short(str(error) or type(error).__name__))
