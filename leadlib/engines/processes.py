"""Processes: how one ended, and how to end it with all that it started."""

from __future__ import annotations

import signal

import psutil


def kill_tree(process: psutil.Process, *, itself: bool = True) -> None:
    """Kill the processes that a process started, and it too."""
    try:
        family = process.children(recursive=True)
    except psutil.Error:
        family = []
    for member in [*family, *([process] if itself else [])]:
        try:
            member.kill()
        except psutil.Error:
            continue


def end_orphan(pid: int) -> None:
    """End a kernel whose worker is gone; a process number that now belongs to another program is let be."""
    try:
        process = psutil.Process(pid)
        if any("ipykernel" in word for word in process.cmdline()):
            kill_tree(process)
    except psutil.Error:
        return


def ending(code: int) -> str:
    """Say how a process ended, from its exit code."""
    if code >= 0:
        return f"its process ended with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process was ended by {name}; often the memory ran out"
