"""Asks the process that forks for one school after the other, and hears what is told of each."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from leadlib.engines.processes import kill, sweep
from leadlib.engines.surroundings import environment, python

END_SECONDS = 1.5
STARTS = 2


class Server:
    """The process that schools are forked from, started when first needed and again when it has died.

    Several threads may ask it at a time.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._lock = threading.Lock()
        self._closed = False

    @property
    def log(self) -> Path:
        """What it and its children said on their error streams."""
        return self.scratch / "server.log"

    def ask(self, pack: str, cwd: str) -> socket.socket:
        """Have a process forked; give our end of the line to it.

        Raises
        ------
        Over
            When the batch has been stopped.
        Refused
            When the process that forks does not stay alive.
        """
        with self._lock:
            for _ in range(STARTS):
                if self._closed:
                    raise Over("the batch was stopped before its end")
                if self.process is None or self.process.poll() is not None:
                    self._start(pack, cwd)
                with suppress(OSError):  # it died in this moment
                    return self._line()
                self._end()
        raise Refused("the process that forks does not stay alive")

    def _line(self) -> socket.socket:
        assert self._control
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"."], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return ours

    def _start(self, pack: str, cwd: str) -> None:
        self._end()
        self.scratch.mkdir(parents=True, exist_ok=True)
        self._control, theirs = socket.socketpair()
        with theirs, self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*python(), "-m", "leadlib.engines.server", str(theirs.fileno()), pack, cwd],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(self.scratch),
                cwd=self.scratch,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the batch, which then ends its workers in good order
            )

    def close(self) -> None:
        """End it and all that it forked."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self.process is not None:
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                kill(self.process.pid)
                self.process.wait()
            if self.process.returncode:
                sweep(str(self.scratch / "runtime"))
        self.process = self._control = None


class Over(RuntimeError):
    """Nothing more is to be run."""


class Refused(RuntimeError):
    """The process that forks says that it cannot be done safely."""


def told(line: socket.socket, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Send what is asked, and give what is told until the line ends.

    Raises
    ------
    Refused
        When nothing can be forked, or nothing was.
    """
    begun = False
    with line, line.makefile("rwb") as file:
        with suppress(OSError):
            file.write(json.dumps(asked).encode() + b"\n")
            file.flush()
        while True:
            try:
                text = file.readline()
            except OSError:
                text = b""
            if not text.endswith(b"\n"):
                if begun:
                    return
                raise Refused("the process that forks ended before it forked")
            begun = True
            message = json.loads(text)
            if "refused" in message:
                raise Refused(message["refused"])
            yield message


def can_fork() -> bool:
    """Whether this system has what forking needs."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds") and hasattr(os, "waitstatus_to_exitcode")
