"""Run a plan: every school whose report may have changed; none stops another, and the folder tells the truth."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from leadlib.batch import journal
from leadlib.batch import manifest as ledger
from leadlib.batch.lock import Owner, locked
from leadlib.batch.plan import DASK, Job, Plan
from leadlib.errors import InputError

if TYPE_CHECKING:
    from leadlib.batch.resume import Book, Decision, Makings
    from leadlib.engines.one import Outcome, Task
    from leadlib.engines.places import Place

Watch = Callable[[Job, "Outcome"], None]
Hear = Callable[["Decision"], None]


@dataclass(frozen=True)
class Summary:
    """How a batch ended: each job with its outcome (None: it did not end), seconds, and whether it was stopped.

    `unchanged` schools are among those done. `unsaved` says why the manifest or the index page could not be written.
    """

    plan: Plan
    outcomes: tuple[Outcome | None, ...]
    seconds: float
    stopped: bool = False
    unchanged: int = 0
    unsaved: str = ""

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
        """0 when every school is done, 1 when one failed or nothing can be said of it, 130 when it was stopped."""
        return 130 if self.stopped else int(bool(self.failed or self.unsaved))

    def failures(self) -> str:
        """Give the table of failures: school, cell, cause, message."""
        rows = [(self.plan.unit.word.capitalize(), "Cell", "Cause", "Message")]
        rows += [
            (f"{job.school_name} ({job.school_id})", str(o.cell or "-"), o.cause or "", o.message or "")
            for job, o in self.failed
        ]
        return columns(rows)


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    """Lay out rows of text, the last column as wide as it comes."""
    wide = [max(len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
    lines = ([*(t.ljust(w) for t, w in zip(row[:-1], wide, strict=True)), row[-1]] for row in rows)
    return "\n".join("  ".join(line).rstrip() for line in lines)


class _Batch:
    """A batch in its folder while it runs: manifest, journal and outcomes, which say the same."""

    def __init__(self, plan: Plan, owner: Owner, place: Place | None, fresh: bool) -> None:
        from leadlib.batch import resume

        self.plan, self.place = plan, place
        self.makings: Makings = resume.Makings(plan)
        earlier = _earlier(plan.folder)
        self.decision: Decision = resume.decide(plan, earlier, self.makings, fresh=fresh, place=place)
        self.book = ledger.begin(plan, owner.since, self.decision.kept, self.decision.because)
        self.outcomes = [_kept(self.decision.kept.get(place)) for place in range(len(plan.jobs))]
        stale = resume.stale(plan, earlier, self.decision)
        # From here on the manifest knows of nothing that is removed next, also when this process is killed meanwhile.
        ledger.save(plan.folder, {**self.book, "removing": stale})
        resume.clear(plan.folder, stale, place)
        self.journal = journal.Journal(plan.folder, self.book["run"], pid=owner.pid, create_time=owner.create_time)

    def began(self, place: int) -> None:
        self.book["schools"][place]["status"] = ledger.RUNNING
        self.journal.began(place, self.plan.jobs[place].slug)

    def ended(self, place: int, outcome: Outcome) -> None:
        made_from = self.makings.after(self.plan.jobs[place], outcome.reads)
        entry = ledger.record(self.book["schools"][place], outcome, made_from)
        self.journal.ended(place, entry)
        self.book["schools"][place] = entry
        self.outcomes[place] = replace(outcome, reads=made_from["reads"])

    def finish(self, seconds: float, stopped: bool) -> str:
        """Write the manifest and the index page; give why that failed, if it did."""
        from leadlib import pages
        from leadlib.batch import resume

        folder = self.plan.folder
        journal.drop_ballast(folder)
        self.book |= {"status": "stopped" if stopped else "finished", "seconds": seconds}
        ledger.explain(self.book, "the batch was stopped")
        waiting = [s["slug"] for s in self.book["schools"] if s["status"] in (ledger.INTERRUPTED, ledger.NOT_RUN)]
        unsaved = ""
        try:
            ledger.save(folder, self.book)
            if waiting:
                resume.clear(folder, waiting, self.place)  # a worker may have been done that could no longer say so
            pages.index(folder, self.book)
            if self.place is not None:
                for name in (ledger.FILE, "index.html"):
                    self.place.write(name, (folder / name).read_bytes())
        except (InputError, OSError) as error:
            unsaved = str(error)
        self.journal.close(remove=_stands(folder, self.book["run"], unsaved))
        return unsaved


def run(
    plan: Plan, *, workers: int | None = None, watch: Watch | None = None, fresh: bool = False, hear: Hear | None = None
) -> Summary:
    """Make the report of every school of a plan that is not there yet as it would come out now.

    What happens is told in a journal as it happens; the manifest and the index page are written at the end. `workers`
    notebooks run at a time (as many as the machine has processors). Ctrl-C ends the batch in good order. `hear` is
    told which schools are to be run, and why, before the first one is; `watch` of each that has ended. `fresh` makes
    every report anew. Older files of schools that are run, or no longer asked for, are removed first: a folder never
    mixes two runs.

    Raises
    ------
    Locked
        When another batch is writing to the folder.
    InputError
        When the folder cannot be written, or holds something else.
    """
    begun = time.monotonic()
    with locked(plan.folder) as owner, _place(plan) as place:
        batch = _Batch(plan, owner, place, fresh)
        stopped = False
        try:
            if hear:
                hear(batch.decision)
            with closing(_outcomes(batch, workers)) as ended:
                for k, outcome in ended:
                    batch.ended(k, outcome)
                    if watch:
                        watch(plan.jobs[k], outcome)
        except KeyboardInterrupt:
            stopped = True
        except InputError:  # such as a Dask worker that differs: nothing is left as if it still ran
            batch.finish(round(time.monotonic() - begun, 2), stopped=True)
            raise
        seconds = round(time.monotonic() - begun, 2)
        unsaved = batch.finish(seconds, stopped)
    return Summary(plan, tuple(batch.outcomes), seconds, stopped, len(batch.decision.kept), unsaved)


@contextmanager
def _place(plan: Plan) -> Iterator[Place | None]:
    """Keep the bucket that the reports go to for this batch; None: they stay in the folder."""
    if not plan.place:
        yield None
        return
    from leadlib.engines.delivery import held
    from leadlib.engines.places import place_of

    place = place_of(plan.place)
    with held(place):
        yield place


def _outcomes(batch: _Batch, workers: int | None) -> Generator[tuple[int, Outcome]]:
    """Run what is to be run; give the place of each school in the plan with its outcome, as they end."""
    places, plan = batch.decision.places, batch.plan
    if not places:
        return
    journal.lay_ballast(plan.folder, len(plan.jobs))
    tasks = [task(plan, plan.jobs[place]) for place in places]
    many = max(1, min(workers or os.cpu_count() or 2, len(tasks)))
    ways = _on_dask if plan.request.on == DASK else _here
    with closing(ways(batch, tasks, many, lambda k: batch.began(places[k]))) as ended:
        for k, outcome in ended:
            yield places[k], outcome


def _here(
    batch: _Batch, tasks: list[Task], workers: int, began: Callable[[int], None]
) -> Generator[tuple[int, Outcome]]:
    from leadlib.engines.delivery import deliver
    from leadlib.engines.pool import Pool

    after = partial(deliver, staged=batch.plan.folder, place=batch.place) if batch.place else _as_it_is
    with Pool(workers, after) as pool:
        batch.journal.workers(str(pool.scratch))
        yield from pool.outcomes(tasks, began)


def _on_dask(
    batch: _Batch, tasks: list[Task], workers: int, began: Callable[[int], None]
) -> Generator[tuple[int, Outcome]]:
    from leadlib.batch import on_dask

    plan = batch.plan
    yield from on_dask.outcomes(tasks, plan.request.scheduler or None, workers, began, place=plan.place)


def _as_it_is(outcome: Outcome) -> Outcome:
    return outcome


def task(plan: Plan, job: Job) -> Task:
    """Give what a worker needs for one job."""
    from leadlib.engines.one import Task

    request = plan.request
    return Task(
        str(request.notebook.resolve()),
        job.parameters,
        job.slug,
        job.title,
        str(plan.folder.resolve()),
        list(request.to),
        cell_seconds=request.cell_seconds,
        instructor=request.instructor,
        engine=request.engine,
        school_seconds=request.school_seconds,
        memory_mb=request.memory_mb,
    )


def _earlier(folder: Path) -> Book | None:
    """Read what an earlier run has left, its workers' folder removed if it was killed; None: nothing."""
    if not (folder / ledger.FILE).exists():
        return None
    book, events = ledger.read_with(folder, alive=False)
    scratch = Path(events.scratch) if events.scratch else None
    if scratch and scratch.parent == Path(tempfile.gettempdir()) and scratch.name.startswith("leadlib-"):
        shutil.rmtree(scratch, ignore_errors=True)
    return book


def _kept(school: Book | None) -> Outcome | None:
    if school is None:
        return None
    from leadlib.engines.one import Outcome

    return Outcome("done", school["seconds"], outputs=school["outputs"], trend=school["trend"])


def _stands(folder: Path, run: str, unsaved: str) -> bool:
    """Whether the manifest on the disk says how this run ended, so that the journal is no longer needed."""
    if not unsaved:
        return True
    try:
        book = ledger.read_with(folder, alive=True)[0]
    except InputError:
        return False
    return book.get("run") == run and book["status"] != ledger.RUNNING
