"""Workers that share a list of tasks: each does one school at a time, within its limits, and says truly how it ended.

A school whose process died is tried once more, for the cause may have been outside. One whose notebook failed, or that
broke a limit, is not: that would hide it.
"""

from __future__ import annotations

import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from leadlib.engines import ENGINES, books, one
from leadlib.engines.forks import Over, Refused, Server, can_fork, told
from leadlib.engines.guard import Guard, fair_share
from leadlib.engines.one import Outcome, Task
from leadlib.engines.processes import ending
from leadlib.engines.spawned import Spawned
from leadlib.errors import refuse

AUTO, FORK, WARM, PLAIN = ENGINES
TRIES = 2
MOST_REFUSALS = 2
PLAIN_GRACE_SECONDS = 10.0  # a plain kernel that is too slow is noticed by nbclient, which keeps its outputs


def engine_of(asked: str) -> str:
    """Settle the engine: schools are forked by themselves on Linux alone.

    On macOS the system's own libraries may have threads that a fork leaves half alive; there it must be asked for.

    Raises
    ------
    InputError
        When there is no such engine, or none on this system.
    """
    if asked not in ENGINES:
        raise refuse(f"engine {asked!r}", "there is no such engine", f"choose {', '.join(ENGINES[:-1])} or {PLAIN}")
    if asked == FORK and not can_fork():
        raise refuse("engine 'fork'", "this system cannot fork", f"leave it out, or choose {WARM}")
    if asked != AUTO:
        return asked
    return FORK if sys.platform == "linux" and can_fork() else WARM


class Worker:
    """Does one school at a time, in processes of its own that are watched."""

    def __init__(self, scratch: Path, server: Server | None = None, memory_mb: int = 0) -> None:
        self.scratch, self.memory_mb = scratch, memory_mb or fair_share(1)
        self._own_server = server is None
        self._server = server or Server(scratch / "server")
        self._spawned: Spawned | None = None
        self._refusals = 0
        self.over = False

    def run(self, task: Task) -> Outcome:
        """Have one school's report made; whatever happens to its processes is a failure of this school alone."""
        begun = time.monotonic()
        outcome, attempts = self._tried(task), 1
        while outcome.cause == books.DIED and attempts < TRIES:
            one.withdraw(task)
            outcome, attempts = self._tried(task), attempts + 1
        return replace(outcome, attempts=attempts, seconds=round(time.monotonic() - begun, 2))

    def close(self) -> None:
        """End what this worker started; it starts nothing any more."""
        self.over = True
        if self._spawned is not None:
            self._spawned.close()
        if self._own_server:
            self._server.close()

    def _tried(self, task: Task) -> Outcome:
        self.scratch.mkdir(parents=True, exist_ok=True)
        engine = engine_of(task.engine)
        if engine == FORK and self._refusals >= MOST_REFUSALS:
            engine = WARM
        try:
            try:
                return self._watched(task, engine)
            except Refused:
                self._refusals += 1
                return self._watched(task, WARM)
        except Over as error:
            return Outcome("failed", cause="stopped", message=str(error))

    def _watched(self, task: Task, engine: str) -> Outcome:
        guard = Guard(task, self.memory_mb, PLAIN_GRACE_SECONDS if engine == PLAIN else 0.0)
        outcome, code = None, None
        record = self.scratch / "record.jsonl"
        record.unlink(missing_ok=True)
        try:
            for message in self._messages(task, engine, {"task": asdict(task), "record": str(record)}):
                if "pid" in message:
                    guard.root = int(message["pid"])
                elif "cell" in message:
                    guard.at(int(message["cell"]))
                elif "outcome" in message:
                    outcome = Outcome(**message["outcome"])
                elif "ended" in message:
                    code = int(message["ended"])
        finally:
            guard.done()
        if outcome is not None and guard.verdict is None:
            return outcome
        return self._cut_short(task, guard, code, record)

    def _messages(self, task: Task, engine: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if self.over:
            raise Over("the batch was stopped before its end")
        if engine == FORK:
            line = self._server.ask(str(task.parameters.get("pack", "")), str(Path(task.notebook).parent))
            return told(line, asked)
        if self._spawned is None or self._spawned.engine != engine:
            if self._spawned is not None:
                self._spawned.close()
            self._spawned = Spawned(self.scratch, engine)
        return self._spawned.told(asked)

    def _cut_short(self, task: Task, guard: Guard, code: int | None, record: Path) -> Outcome:
        """Say why a run ended without an outcome, and keep its notebook as far as it came."""
        trouble = guard.verdict or books.Trouble(books.DIED, self._said(code), guard.cell)
        outputs: dict[str, dict[str, str]] = {}
        with suppress(OSError):
            one.withdraw(task)
            outputs = one.keep_failed(task, record, trouble)
        return Outcome("failed", **asdict(trouble), outputs=outputs)

    def _said(self, code: int | None) -> str:
        if code is not None:
            return ending(code)
        log = self._server.log  # only a server can be gone without a word of how its school ended
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if log.is_file() else []
        return books.short(" ".join(["the process that made it is gone", *lines]))


class Pool:
    """Several workers that share a list of tasks; outcomes come as they are ready.

    `after` is done with each outcome by the thread that has it, such as bringing its files to a bucket.
    """

    def __init__(self, workers: int, after: Callable[[Outcome], Outcome] = lambda outcome: outcome) -> None:
        self._after = after
        self._scratch = tempfile.TemporaryDirectory(prefix="leadlib-", ignore_cleanup_errors=True)
        self.scratch = Path(self._scratch.name)
        self._server = Server(self.scratch / "server")
        self._workers = [
            Worker(self.scratch / f"worker-{k}", self._server, fair_share(workers)) for k in range(workers)
        ]
        self._stop = threading.Event()

    def outcomes(
        self, tasks: Sequence[Task], began: Callable[[int], None] = lambda place: None
    ) -> Iterator[tuple[int, Outcome]]:
        """Give the place of each task in the list, and its outcome, in the order in which they end.

        `began` hears of the place of each task when it begins; it is called by several threads.
        """
        waiting: queue.SimpleQueue[tuple[int, Task]] = queue.SimpleQueue()
        ready: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        for numbered in enumerate(tasks):
            waiting.put(numbered)
        threads = [
            threading.Thread(target=self._work, args=(w, waiting, ready, began), daemon=True) for w in self._workers
        ]
        for thread in threads:
            thread.start()
        for _ in tasks:
            yield _next(ready)

    def _work(
        self,
        worker: Worker,
        waiting: queue.SimpleQueue[tuple[int, Task]],
        ready: queue.SimpleQueue[tuple[int, Outcome]],
        began: Callable[[int], None],
    ) -> None:
        while not self._stop.is_set():
            try:
                place, task = waiting.get_nowait()
            except queue.Empty:
                return
            began(place)
            try:
                outcome = self._after(worker.run(task))
            except Exception as error:
                outcome = Outcome("failed", cause="worker", message=books.short(f"{type(error).__name__}: {error}"))
            ready.put((place, outcome))

    def close(self) -> None:
        """End all workers and remove what they left."""
        self._stop.set()
        for worker in self._workers:
            worker.over = True
        self._server.close()
        for worker in self._workers:
            worker.close()
        self._scratch.cleanup()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _next(ready: queue.SimpleQueue[tuple[int, Outcome]]) -> tuple[int, Outcome]:
    while True:
        try:
            return ready.get(timeout=0.5)  # without a limit Windows would not notice Ctrl-C
        except queue.Empty:
            continue
