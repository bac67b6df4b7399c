"""Processes: how one ended, how to end it with all that it started, and how to be told when a parent is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

import psutil

PDEATHSIG, CHILD_SUBREAPER = 1, 36


def kill_tree(process: psutil.Process, *, itself: bool = True) -> None:
    """Kill the processes that a process started, and it too."""
    try:
        family = process.children(recursive=True)
    except psutil.Error:
        family = []
    for member in [*([process] if itself else []), *family]:
        with suppress(psutil.Error):
            member.kill()


def kill(pid: int) -> None:
    """Kill a process with all that it started, if it is still there."""
    with suppress(psutil.Error):
        kill_tree(psutil.Process(pid))


def end_children() -> None:
    """Kill whatever this process started, directly or not, and wait until it is gone."""
    for _ in range(100):  # a child may start another while it is being killed
        family = psutil.Process().children(recursive=True)
        for member in family:
            with suppress(psutil.Error):
                member.kill()
        psutil.wait_procs(family, timeout=2)
        if not family:
            return


def sweep(mark: str) -> None:
    """Kill every process that was started with this text in its surroundings: what slipped out of its family."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and mark in process.environ().values():
                process.kill()


def die_with(parent: int) -> None:
    """Be killed when the process that started this one dies, also in the midst of a loop in C (Linux alone)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def adopt() -> None:
    """Be the parent of all that is started below and left by its own parent, so that it can be ended (Linux alone)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(CHILD_SUBREAPER, 1)


def ending(code: int) -> str:
    """Say how a process ended, from its exit code."""
    if code >= 0:
        return f"its process ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process was ended by {name}" + ("; often the memory ran out" if name == "SIGKILL" else "")
