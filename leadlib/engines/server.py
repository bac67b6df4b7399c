"""The process that schools are forked from: it imports and reads once, then only forks.

It has one thread, always: a fork copies no other, and what another thread held would stay locked for ever. When it
finds a second one it refuses to fork. For each school it forks a keeper, which forks the process that does the work,
waits for it, and ends whatever that left behind: one tree of processes a school, with one that answers for it.

Who wants a school forked sends one byte and, with it, an end of a line; the task is read from the line, and what there
is to tell is told on it. The last thing told is how the tree ended.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from leadlib.engines.processes import adopt, die_with, end_children, kill


def main() -> None:
    """Fork what is asked for until nobody can ask any more; then end all that was forked."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _warm(sys.argv[2], sys.argv[3])
    adopt()
    heard, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    keepers: dict[int, socket.socket] = {}
    while True:
        ready = select.select([control.fileno(), heard], [], [])[0]
        if heard in ready:
            os.read(heard, 512)
            _reap(keepers)
        if control.fileno() in ready and not _serve(control, keepers):
            _end(keepers)


def _warm(pack: str, cwd: str) -> None:
    from leadlib.engines.warm import warm_up

    warm_up(pack, cwd)
    gc.collect()
    gc.freeze()  # collecting would touch, and so copy, every page that the forked processes share


def _serve(control: socket.socket, keepers: dict[int, socket.socket]) -> bool:
    """Fork a keeper for whoever asks; false when nobody can ask any more."""
    asked, ends, _, _ = socket.recv_fds(control, 1, 1)
    if not asked:
        return False
    line = socket.socket(fileno=ends[0])
    if (count := threads()) > 1:
        _tell(line, {"refused": f"the process that forks has {count} threads"})
        line.close()
        return True
    server = os.getpid()
    pid = os.fork()
    if pid == 0:
        _keep(line, server, [control, *keepers.values()])
    keepers[pid] = line
    return True


def _reap(keepers: dict[int, socket.socket]) -> None:
    """Tell how each tree ended whose keeper is gone; a process that lost its keeper is ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        line = keepers.pop(pid, None)
        if line is not None:
            if status:
                _orphans(keepers)
                _tell(line, {"ended": os.waitstatus_to_exitcode(status)})
            line.close()


def _orphans(keepers: dict[int, socket.socket]) -> None:
    """End those that came to this process because their keeper was killed."""
    import psutil

    for process in psutil.Process().children():
        if process.pid not in keepers:
            kill(process.pid)


def _end(keepers: dict[int, socket.socket]) -> None:
    end_children()
    os._exit(0)


def _keep(line: socket.socket, server: int, others: list[socket.socket]) -> None:
    """Be the keeper of one school: fork the worker, wait for it, end what it left, and tell how it ended."""
    try:
        die_with(server)
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for other in others:
            other.close()
        adopt()
        keeper = os.getpid()
        pid = os.fork()
        if pid == 0:
            _work(line, keeper)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if _has_children():
            end_children()
        _tell(line, {"ended": code})
        os._exit(0)
    finally:
        os._exit(1)


def _has_children() -> bool:
    """Whether anything is left that this process is the parent of; those that have ended are let go."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return True
        except ChildProcessError:
            return False


def _work(line: socket.socket, keeper: int) -> None:
    code = 1
    try:
        die_with(keeper)
        os.setpgid(0, 0)
        _fresh_chance()
        from leadlib.engines.life import live

        live(line)
        code = 0
    finally:
        if code:
            import traceback

            traceback.print_exc()
        os._exit(code)


def _fresh_chance() -> None:
    """Seed what a new process would seed; Python's own `random` does so by itself after a fork."""
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def _tell(line: socket.socket, message: dict[str, Any]) -> None:
    with suppress(OSError):
        line.sendall(json.dumps(message).encode() + b"\n")


def threads() -> int:
    """Count this process's threads, those of C libraries too where the system tells."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        import psutil

        return psutil.Process().num_threads()


if __name__ == "__main__":
    main()
