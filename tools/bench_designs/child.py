"""One side of one job, in a process of its own: imports, loading and a small run first, then the call on the clock."""

from __future__ import annotations

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench import peak_mb
from tools.bench_designs import data
from tools.bench_designs.jobs import Job, every

SHORT, MOST = 0.3, 20
"""Calls are repeated until they have taken so many seconds, at most so often; the median counts."""


def measured(job: Job, side: int, folder: Path) -> dict[str, Any]:
    """Run leadlib (side 0) or a peer of the job and give seconds, CPU seconds, peak memory and its number."""
    run = job.run if side == 0 else job.peers[side - 1].run
    assert callable(run)
    ready: Callable[[Any], Any] = job.given if side == 0 else lambda table: table
    small = ready(data.load(folder, job.table, "small"))
    given = ready(data.load(folder, job.table, job.extent))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers' remarks on convergence; their numbers are compared
        run(small)
        return _timed(run, given)


def _timed(run: Callable[[Any], float], given: Any) -> dict[str, Any]:
    turns: list[tuple[float, float]] = []
    value = float("nan")
    while not turns or (sum(t for t, _ in turns) < SHORT and len(turns) < MOST):
        begun = time.perf_counter(), time.process_time()
        value = run(given)
        turns.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
    seconds, cpu = (statistics.median(column) for column in zip(*turns, strict=True))
    return {"seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak_mb(), "value": value}


def main() -> None:
    """Take folder, name of the job and side from the command line, and print the figures as the last line."""
    folder, name, side = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    job = next(j for j in every() if j.name == name)
    print("\n" + json.dumps(measured(job, side, folder)))


if __name__ == "__main__":
    main()
