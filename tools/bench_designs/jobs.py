"""The jobs: a call of leadlib on a table, and the calls that people would make instead, each giving the same number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

Run = Callable[[Any], float]
EXACT, FITTED, OTHER = 1e-6, 1e-3, None
"""How far a peer's number may lie from leadlib's: one formula; one maximum by another search; not compared."""


@dataclass(frozen=True)
class Peer:
    """What people would call instead.

    `run` is a function of the table for Python, for R an expression in `d`; `needs` are the modules or packages it
    loads, and `within` how far its number may lie from leadlib's (as a share), with the reason in `note`.
    """

    name: str
    needs: tuple[str, ...]
    run: Run | str
    within: float | None = EXACT
    note: str = ""

    @property
    def in_r(self) -> bool:
        """Whether R runs it."""
        return isinstance(self.run, str)


@dataclass(frozen=True)
class Job:
    """One design on one table (`extent`: whole or a tenth of the schools); `given` is made before the clock starts."""

    estimator: str
    table: str
    run: Run
    peers: tuple[Peer, ...] = ()
    extent: str = "whole"
    given: Callable[[pd.DataFrame], Any] = field(default=lambda table: table)
    note: str = ""

    @property
    def name(self) -> str:
        """What it is called, as in "did on panel"."""
        return f"{self.estimator} on {self.table}" + (", a tenth" if self.extent == "tenth" else "")


def every() -> tuple[Job, ...]:
    """Give all jobs."""
    from tools.bench_designs import groups, levels, results, scales, years

    return (*groups.JOBS, *levels.JOBS, *years.JOBS, *scales.JOBS, *results.JOBS)
