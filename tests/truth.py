"""What a design makes of districts whose truth is known: bias, coverage, false positives over many seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadlib.errors import InputError

SEEDS = 1000


@dataclass(frozen=True)
class Recovery:
    """What came out over the seeds: mean error and its Monte Carlo error, coverage, share of intervals without zero."""

    error: float
    error_mc: float
    covered: float
    found: float
    refused: float

    def holds(self, low: float = 0.93, high: float = 0.97) -> bool:
        """Say whether bias is within three Monte Carlo errors of zero and the interval covers as often as it says."""
        return abs(self.error) <= 3 * self.error_mc and low <= self.covered <= high


def recover(
    make: Callable[[np.random.Generator], Any],
    run: Callable[[Any], Any],
    true: float,
    *,
    seeds: int = SEEDS,
    refusals: bool = False,
) -> Recovery:
    """Run a design on what `make` draws for each seed; `run` gives an object with value, low and high.

    A refusal (InputError) fails, unless `refusals` says that they are to be counted.
    """
    values, inside, apart, refused = [], [], [], 0
    for seed in range(seeds):
        try:
            got = run(make(np.random.default_rng(seed)))
        except InputError:
            if not refusals:
                raise
            refused += 1
            continue
        values.append(got.value)
        inside.append(got.low <= true <= got.high)
        apart.append(not got.low <= 0 <= got.high)
    error = np.asarray(values) - true
    return Recovery(
        float(error.mean()),
        float(error.std(ddof=1) / np.sqrt(len(error))),
        float(np.mean(inside)),
        float(np.mean(apart)),
        refused / seeds,
    )
