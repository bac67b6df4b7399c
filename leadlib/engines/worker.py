"""A worker process: reads tasks from its input one a line, answers on its output one message a line.

`plain`: each school has a kernel of its own process. `warm`: the schools are done one after the other in one process
that has imported everything, a `runner`, and is replaced when it is no longer as it was. A runner is watched by a small
process that does nothing else, so that it ends with the batch even when a cell never gives way.

When its input ends, a worker kills what it started and is gone at once. That happens when the batch is done, when it
is stopped, and also when the batch's own process is killed, so nothing outlives a batch.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TextIO

import psutil

from leadlib.engines.processes import adopt, die_with, end_children, kill_tree
from leadlib.engines.surroundings import python

WARM, RUNNER = "warm", "runner"


def main() -> None:
    """Work until the input ends."""
    adopt()
    engine = sys.argv[1]
    if engine == WARM:
        _watch_a_runner()
    elif engine == RUNNER:
        die_with(int(sys.argv[2]))
        _run_warm(_answers(), sys.stdin)
    else:
        _run_plain(_answers(), _heard())


def _run_plain(answers: TextIO, tasks: Iterator[str]) -> None:
    from leadlib import engines
    from leadlib.engines import life

    for line in tasks:
        outcome = life.outcome(json.loads(line), lambda message: _tell(answers, message), engines.PLAIN)
        end_children()
        _tell(answers, {"outcome": asdict(outcome)})


def _run_warm(answers: TextIO, tasks: Iterator[str]) -> None:
    from leadlib import engines
    from leadlib.engines import life
    from leadlib.engines.reuse import Reuse

    reuse = None
    for line in tasks:
        asked = json.loads(line)
        reuse = reuse or Reuse(asked["task"])
        outcome = life.outcome(asked, lambda message: _tell(answers, message), engines.SHELL)
        end_children()
        usable = outcome.status == "done" and reuse.restore()
        _tell(answers, {"outcome": asdict(outcome), "spent": not usable})


def _watch_a_runner() -> None:
    """Start the runner, hand on what is heard, and end with it; it speaks for itself."""
    words = [*python(), "-m", "leadlib.engines.worker", RUNNER, str(os.getpid())]
    runner = subprocess.Popen(words, stdin=subprocess.PIPE, text=True, encoding="utf-8")
    assert runner.stdin
    threading.Thread(target=lambda: os._exit(_code(runner.wait())), daemon=True).start()
    for line in _heard():
        runner.stdin.write(line)
        runner.stdin.flush()


def _code(code: int) -> int:
    """Give an exit code that says that a signal ended the runner, as shells do."""
    return code if code >= 0 else 128 - code


def _heard() -> Iterator[str]:
    """Give what is read from the input; when it ends, so does this process with all that it started."""
    tasks: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(tasks,), daemon=True).start()
    while True:
        yield tasks.get()


def _listen(tasks: queue.Queue[str]) -> None:
    for line in sys.stdin:
        tasks.put(line)
    kill_tree(psutil.Process(), itself=False)
    os._exit(0)


def _answers() -> TextIO:
    """Keep the output for answers alone; whatever else is printed goes to the error stream."""
    kept = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(kept, "w", encoding="utf-8", newline="\n")


def _tell(answers: TextIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
