"""The same batch on several machines: Dask hands out the schools, our own watched workers make the reports.

Dask knows which machines there are and notices when one is gone. What a school's processes may do, and how it ended, is
left to the workers of `leadlib.engines`, as on one machine.
"""

from __future__ import annotations

import importlib.util
import logging
import queue
import re
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from leadlib.batch import on_worker
from leadlib.engines.books import short
from leadlib.engines.one import Outcome, Task
from leadlib.errors import InputError, Problem, refuse

ADDRESS = re.compile(r"(tcp|tls)://[^\s/@]+:\d+")
CONNECT_SECONDS = 10
WORKERS_SECONDS = 60
RETRIES = 1
SAME = "give each machine the same project folder and environment, and start its Dask worker again"


def outcomes(
    tasks: Sequence[Task],
    scheduler: str | None = None,
    workers: int = 2,
    began: Callable[[int], None] = lambda place: None,
    *,
    place: str = "",
) -> Iterator[tuple[int, Outcome]]:
    """Give the place of each task in the list, and its outcome, in the order in which they end.

    Without `scheduler` a cluster of `workers` processes is started on this machine and ended at the end. `began` hears
    of each task when it is handed out. With `place` reports are made in a folder of the worker's own and brought to
    that address; without, each machine must see the tasks' own folder, on a shared disk. No more schools are under way
    than there are workers. One whose worker dies is run once more on another.

    Raises
    ------
    InputError
        Dask is not installed; the scheduler does not answer, or has no workers; a worker has another leadlib,
        environment, notebook or pack.
    """
    if not tasks:
        return
    with _client(scheduler, workers) as client:
        batch = _Batch(client, tasks, place, scheduler or "the cluster of this machine")
        try:
            batch.agree()
            yield from batch.outcomes(began)
        finally:
            batch.close()


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    """Connect to a scheduler, or start a cluster of this machine that is gone at the end."""
    if importlib.util.find_spec("distributed") is None:
        raise refuse("Dask", "is not installed", "pip install distributed")
    with _connected(scheduler) if scheduler else _local(workers) as client:
        yield client


@contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    from distributed import Client

    if not ADDRESS.fullmatch(scheduler):
        raise refuse(scheduler, "is not the address of a Dask scheduler", "write it like tcp://10.0.0.7:8786")
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise refuse(scheduler, f"does not answer ({short(str(error))})", "start it with `dask scheduler`") from None
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_SECONDS)


@contextmanager
def _local(workers: int) -> Iterator[Any]:
    from distributed import Client, LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="leadlib-", ignore_cleanup_errors=True) as scratch,
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            # With a certificate of its own, other people who use this machine cannot have it run things.
            security=importlib.util.find_spec("cryptography") is not None,
            dashboard_address="127.0.0.1:0",  # None would be one at the usual port, open to others
            # `allowed_failures`: so many workers may die of a school before it is given up.
            scheduler_kwargs={"dashboard": False, "allowed_failures": RETRIES},
            memory_limit=0,  # our own workers hold the limit, and say which school broke it
            local_directory=scratch,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


class _Batch:
    """The schools of one batch while they are handed out."""

    def __init__(self, client: Any, tasks: Sequence[Task], place: str, where: str) -> None:
        self.client, self.place, self.where = client, place, where
        self.tasks = [replace(t, notebook=on_worker.portable(Path(t.notebook))) for t in tasks]
        first = self.tasks[0]
        self._asked = (first.notebook, first.parameters.get("pack", ""), "" if place else first.folder)
        self.sources = on_worker.sources(*self._asked)
        self.token = uuid.uuid4().hex
        self._under_way: dict[int, Any] = {}
        self._ready: queue.SimpleQueue[int] = queue.SimpleQueue()

    def agree(self) -> None:
        """Ask every worker what it would make reports from, and refuse to begin when one differs."""
        try:
            self.client.wait_for_workers(1, timeout=WORKERS_SECONDS)
        except TimeoutError:
            raise refuse(self.where, "has no workers", "start some with `dask worker ADDRESS`") from None
        answers = self.client.run(on_worker.sources, *self._asked, on_error="return")
        problems = []
        for address, found in sorted(answers.items()):
            told = (
                on_worker.differences(self.sources, found)
                if isinstance(found, dict)
                else f"no leadlib that knows how to do it ({short(str(found))})"
            )
            if told:
                problems.append(_other(address, told))
        if problems:
            raise InputError(problems)

    def outcomes(self, began: Callable[[int], None]) -> Iterator[tuple[int, Outcome]]:
        """Hand out as many schools as there are hands, and the next whenever one has ended."""
        following = iter(range(len(self.tasks)))
        left = len(self.tasks)
        alone_since = None
        while left:
            hands = self._hands()
            while len(self._under_way) < sum(hands.values()) and (k := next(following, None)) is not None:
                self._submit(k, hands)
                began(k)
            try:
                place = self._ready.get(timeout=0.5)  # without a limit Windows would not notice Ctrl-C
            except queue.Empty:
                alone_since = None if hands else alone_since or time.monotonic()
                if alone_since and time.monotonic() - alone_since > WORKERS_SECONDS:
                    raise refuse(self.where, "has no workers left", "start some and run the batch again") from None
                continue
            yield place, self._ended(self._under_way.pop(place))
            left -= 1

    def close(self) -> None:
        """Call back what is under way, and end what the workers keep for this batch."""
        with suppress(Exception):
            self.client.cancel(list(self._under_way.values()), force=True)
        with suppress(Exception):
            self.client.run(on_worker.release, self.token, on_error="ignore")

    def _submit(self, place: int, hands: Mapping[str, int]) -> None:
        asked = {
            "task": asdict(self.tasks[place]),
            "place": self.place,
            "sources": self.sources,
            "batch": self.token,
            "beside": dict(hands),
        }
        future = self.client.submit(on_worker.make, asked, key=f"school-{self.token}-{place}", pure=False)
        self._under_way[place] = future
        future.add_done_callback(lambda _: self._ready.put(place))

    def _hands(self) -> Counter[str]:
        """Count the threads that can make a report, by machine; workers may come and go."""
        found: Counter[str] = Counter()
        with suppress(OSError, TimeoutError):
            for address, threads in self.client.nthreads().items():
                found[on_worker.host_of(address)] += threads
        return found

    def _ended(self, future: Any) -> Outcome:
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            answer = future.result()
        except KilledWorker:
            message = "the Dask worker that made it was gone, and so was the next; often the memory ran out"
            return Outcome("failed", cause="worker died", message=message, attempts=RETRIES + 1)
        except CancelledError:
            raise refuse(self.where, "is gone, or has called the batch back", "run the batch again") from None
        except Exception as error:  # such as a task that a worker cannot read
            return Outcome("failed", cause="worker", message=short(f"{type(error).__name__}: {error}"))
        if "differs" in answer:
            raise InputError(_other(answer["worker"], answer["differs"]))
        return Outcome(**answer["outcome"])


def _other(address: str, told: str) -> Problem:
    return Problem(f"worker {address}", f"has {told}", SAME)
