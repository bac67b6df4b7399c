"""Worker processes, and what to do when one of them dies.

Each is a Python started afresh (nothing is forked, so it works the same on every system) that imports once and then
runs one notebook after the other.
"""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from leadlib.engines.books import short
from leadlib.engines.one import Outcome, Task
from leadlib.engines.processes import end_orphan, ending
from leadlib.engines.surroundings import environment, python

WAIT_SECONDS = 5


class Worker:
    """One worker process, started when first needed and again when it has died."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.process: subprocess.Popen[str] | None = None
        self.kernel: int | None = None

    def run(self, task: Task) -> Outcome:
        """Have one school's report made; a worker that dies is a failed school."""
        process = self._started()
        try:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps(asdict(task)) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                answer = json.loads(line)
                if "outcome" in answer:
                    return Outcome(**answer["outcome"])
                self.kernel = answer["kernel"]
        except (OSError, ValueError):
            pass  # the pipe broke: the process is gone
        return self._died(process)

    def close(self) -> None:
        """End the process; it kills its kernel first."""
        process, self.process = self.process, None
        if process is not None:
            _end(process)

    def _started(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self.scratch.mkdir(parents=True, exist_ok=True)
            with self._log().open("w", encoding="utf-8") as log:
                # A group of its own: Ctrl-C is for the batch, which then ends its workers in good order.
                self.process = subprocess.Popen(
                    [*python(), "-m", "leadlib.engines.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                    env=environment(self.scratch),
                    cwd=self.scratch,
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
        return self.process

    def _log(self) -> Path:
        return self.scratch / "worker.log"

    def _died(self, process: subprocess.Popen[str]) -> Outcome:
        self.process = None
        code = _end(process)
        if self.kernel:
            end_orphan(self.kernel)
        said = self._log().read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        return Outcome("failed", cause="worker died", message=short(" ".join([ending(code), *said])))


def _end(process: subprocess.Popen[str]) -> int:
    """Close the input of a worker, which ends it; one that does not end is killed. Gives its exit code."""
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
    try:
        code = process.wait(WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if process.stdout:
        process.stdout.close()
    return code


class Pool:
    """Several workers that share a list of tasks; outcomes come as they are ready."""

    def __init__(self, workers: int) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="leadlib-", ignore_cleanup_errors=True)
        self._workers = [Worker(Path(self._scratch.name) / f"worker-{k}") for k in range(workers)]
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
        threads = [threading.Thread(target=self._work, args=(w, waiting, ready, began), daemon=True) for w in self._workers]
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
            begun = time.monotonic()
            began(place)
            try:
                outcome = worker.run(task)
            except Exception as error:
                outcome = Outcome("failed", cause="worker", message=short(f"{type(error).__name__}: {error}"))
            ready.put((place, replace(outcome, seconds=round(time.monotonic() - begun, 2))))

    def close(self) -> None:
        """End all workers and remove what they left."""
        self._stop.set()
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
