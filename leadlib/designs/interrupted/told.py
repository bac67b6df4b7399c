"""The parts that both kinds of series share: what was asked, the result's class, rows and sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Estimate, Look
from leadlib.numbers import listing, plural, show, span

PLACEBOS = ("start", "value", "low", "high", "p")
MOST_PLACEBOS = 20


@dataclass(frozen=True)
class Asked:
    """How a series is to be told and measured, apart from its data."""

    outcome: str
    label: str
    unit_of: str
    start: float
    level: float
    look: Look
    sd: float | None
    who: str
    whom: str
    unit_word: str
    cluster_word: str
    plain: Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Interruption(Estimate):
    """What a series says about a start, and what the same analysis says about starts that never were.

    `placebos`: one row a false start: `start, value, low, high, p`. `lag` is the correlation of neighboring years'
    deviations. `baseline` is "trend" or "mean". `alone` says that there are no comparison units.
    """

    start: float = float("nan")
    baseline: str = "trend"
    lag: float = float("nan")
    alone: bool = False
    placebos: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(PLACEBOS)))


def spread_out(starts: Any) -> list[float]:
    """Give at most twenty false starts, evenly among all."""
    starts = [float(s) for s in starts]
    if len(starts) <= MOST_PLACEBOS:
        return starts
    return [starts[int(k)] for k in np.linspace(0, len(starts) - 1, MOST_PLACEBOS).round()]


def placebo_sentence(placebos: pd.DataFrame, value: float, unit: str, level: float, needs: str) -> str:
    """Say what the same analysis gave at starts that never were."""
    if placebos.empty:
        return f"No false start could be tried: {needs}."
    known = placebos.dropna(subset=["low"])
    apart = int(((known["low"] > 0) | (known["high"] < 0)).sum())
    larger = int((placebos["value"].abs() >= abs(value)).sum())
    years = listing([show(s) if s >= 10_000 else f"{s:g}" for s in placebos["start"]])
    found = f"{show(placebos['value'].min(), unit, sign=True)} to {show(placebos['value'].max(), unit, sign=True)}"
    if len(placebos) == 1:
        found = show(placebos["value"].iloc[0], unit, sign=True)
    said = (
        f"False starts in earlier years ({years}): the same analysis gives {found}, where the true start gives"
        f" {show(value, unit, sign=True)}; {larger} of {len(placebos)} are at least as large"
    )
    expected = 100 * (1 - level)
    return f"{said}, and {apart} of {plural(len(known), 'interval')} leave out zero ({expected:g}% would by chance)."


def astray(placebos: pd.DataFrame, level: float) -> tuple[str, ...]:
    """Say so where far more false starts stand out than chance would have it: the forecasts themselves go astray."""
    known = placebos.dropna(subset=["low"])
    apart = int(((known["low"] > 0) | (known["high"] < 0)).sum())
    if apart < 2 or apart <= 4 * (1 - level) * len(known):
        return ()
    return (
        f"{apart} of {plural(len(known), 'false start')} stand out like a true one: the earlier years do not keep to"
        " their forecasts, so that leaving them at the start says little.",
    )


def row(measure: str, pair: str, found: tuple[float, float, float], n: int, unit: str) -> tuple[Any, ...]:
    """Give one row of the result's table."""
    return (measure, pair, *found, n, unit)


def alike(lag: float, alone: float, watson: float) -> str:
    """Say how alike neighboring years are."""
    by_itself = f", where unrelated years would give {show(alone, 'ratio')}" if np.isfinite(alone) else ""
    return (
        f"Neighboring years before the start: correlation of deviations {show(lag, 'ratio')}{by_itself}; Durbin-Watson"
        f" {show(watson, 'ratio')} (2: unrelated)."
    )


def between(low: float, high: float, unit: str) -> str:
    """Write an interval with signs."""
    return span(low, high, unit, sign=True)
