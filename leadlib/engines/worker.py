"""A worker process: reads tasks from its input one a line, answers with outcomes one a line.

When its input ends it kills its kernels and is gone at once. That happens when the batch is done, when it is stopped,
and also when the batch's own process is killed, so no kernel outlives a batch.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from dataclasses import asdict
from typing import Any, TextIO

import psutil

from leadlib.engines.processes import kill_tree


def main() -> None:
    """Work until the input ends."""
    answers = _answers()
    tasks: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()

    from leadlib.engines import books, execute, one

    execute.Kernel.started = staticmethod(lambda pid: _tell(answers, {"kernel": pid}))
    while True:
        task = one.Task(**json.loads(tasks.get()))
        try:
            outcome = one.report(task)
        except Exception as error:  # such as a full disk: this school fails, the next may not
            outcome = one.Outcome("failed", cause="writing", message=books.short(str(error)))
        _tell(answers, {"outcome": asdict(outcome)})


def _answers() -> TextIO:
    """Keep the output for answers alone; whatever else is printed goes to the error stream."""
    kept = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(kept, "w", encoding="utf-8", newline="\n")


def _tell(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


def _listen(tasks: queue.Queue[str]) -> None:
    for line in sys.stdin:
        tasks.put(line)
    kill_tree(psutil.Process(), itself=False)
    os._exit(0)


if __name__ == "__main__":
    main()
