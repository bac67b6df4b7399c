"""Run a plan: every school in its turn, one failure stops no other, and the folder says truly what is in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from leadlib.batch import manifest as ledger
from leadlib.batch.plan import ELSEWHERE, LOCK, Job, Plan
from leadlib.engines.one import Outcome, Task
from leadlib.engines.pool import Pool
from leadlib.errors import refuse

CELL_SECONDS = 600
Watch = Callable[[Job, Outcome], None]


@dataclass(frozen=True)
class Summary:
    """How a batch ended: each job with its outcome (None: not run), seconds, and whether it was stopped."""

    plan: Plan
    outcomes: tuple[Outcome | None, ...]
    seconds: float
    stopped: bool = False

    @property
    def failed(self) -> tuple[tuple[Job, Outcome], ...]:
        """The schools that failed."""
        pairs = zip(self.plan.jobs, self.outcomes, strict=True)
        return tuple((job, o) for job, o in pairs if o is not None and o.status != "done")

    @property
    def done(self) -> int:
        """How many schools have their report."""
        return sum(o is not None and o.status == "done" for o in self.outcomes)

    @property
    def exit_code(self) -> int:
        """0 when every school is done, 1 when one failed, 130 when the batch was stopped."""
        return 130 if self.stopped else int(bool(self.failed))

    def failures(self) -> str:
        """Give the table of failures: school, cell, cause, message."""
        rows = [(self.plan.unit.word.capitalize(), "Cell", "Cause", "Message")]
        rows += [
            (f"{job.school_name} ({job.school_id})", str(o.cell or "-"), o.cause or "", o.message or "")
            for job, o in self.failed
        ]
        wide = [max(len(row[k]) for row in rows) for k in range(3)]
        lines = ([t.ljust(w) for t, w in zip(row[:3], wide, strict=True)] + [row[3]] for row in rows)
        return "\n".join("  ".join(line).rstrip() for line in lines)


def run(
    plan: Plan, *, workers: int | None = None, watch: Watch | None = None, cell_seconds: int = CELL_SECONDS
) -> Summary:
    """Make the report of every school of a plan; write the manifest as it goes and the index page at the end.

    `workers` notebooks run at a time (as many as the machine has processors). A cell may take `cell_seconds`. Ctrl-C
    ends the batch in good order. Older files of the same batch are removed first: a folder never mixes two runs.

    Raises
    ------
    InputError
        When the folder cannot be written, or another batch is writing to it.
    """
    begun = time.monotonic()
    with _locked(plan.folder):
        ledger.clear(plan.folder)
        book = ledger.begin(plan, datetime.now(UTC).isoformat(timespec="seconds"))
        ledger.save(plan.folder, book)
        outcomes: list[Outcome | None] = [None] * len(plan.jobs)
        stopped = False
        try:
            with closing(_outcomes(plan, workers, cell_seconds)) as ended:
                for place, outcome in ended:
                    outcomes[place] = outcome
                    ledger.record(book, place, plan.jobs[place], outcome)
                    ledger.save(plan.folder, book)
                    if watch:
                        watch(plan.jobs[place], outcome)
        except KeyboardInterrupt:
            stopped = True
        summary = Summary(plan, tuple(outcomes), round(time.monotonic() - begun, 2), stopped)
        _finish(summary, book)
    return summary


def _outcomes(plan: Plan, workers: int | None, cell_seconds: int) -> Generator[tuple[int, Outcome]]:
    tasks = [task(plan, job, cell_seconds) for job in plan.jobs]
    with Pool(max(1, min(workers or os.cpu_count() or 2, len(tasks)))) as pool:
        yield from pool.outcomes(tasks)


def task(plan: Plan, job: Job, cell_seconds: int = CELL_SECONDS) -> Task:
    """Give what a worker needs for one job."""
    return Task(
        str(plan.request.notebook.resolve()),
        job.parameters,
        job.slug,
        job.title,
        str(plan.folder.resolve()),
        list(plan.request.to),
        cell_seconds,
        plan.request.instructor,
    )


def _finish(summary: Summary, book: dict[str, Any]) -> None:
    from leadlib import pages

    book["status"] = "stopped" if summary.stopped else "finished"
    book["seconds"] = summary.seconds
    for school in book["schools"]:
        if school["status"] == "not_run":
            school["message"] = "not run, for the batch was stopped before it"
    ledger.save(summary.plan.folder, book)
    pages.index(summary.plan.folder, book)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep the folder for one batch; a lock whose process is gone counts for nothing."""
    path = folder / LOCK
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _take(path)
    except OSError as error:
        raise refuse(str(folder), f"cannot be written ({error.strerror or error})", ELSEWHERE) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _take(path: Path) -> None:
    mine = f"{os.getpid()} {psutil.Process().create_time()}"
    for _ in range(2):
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(mine)
            return
        except FileExistsError:
            if _alive(path.read_text(encoding="utf-8")):
                raise refuse(str(path.parent), "another batch is writing here", "wait for it to end") from None
            path.unlink(missing_ok=True)


def _alive(owner: str) -> bool:
    try:
        pid, since = owner.split()
        return psutil.Process(int(pid)).create_time() == float(since)
    except (ValueError, psutil.Error):
        return False
