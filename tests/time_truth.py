"""Made districts whose truth is known, from logged minutes to slopes: run it to see how often the intervals hold it."""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from leadlib import designs, simulate
from leadlib.measures import time
from leadlib.measures.time_panel import KINDS
from leadlib.simulate.planted import planted
from leadlib.tables.packs import package

TABLES = (
    "schools",
    "school_years",
    "staff_years",
    "teachers",
    "outcomes",
    "measures",
    "observations",
    "principal_time",
)


@dataclasses.dataclass(frozen=True)
class Made:
    """A school of a district that is held in memory; it answers as `leadlib.tables.School` does."""

    tables: dict[str, pd.DataFrame]
    school_id: str
    year: int = 2021

    def has(self, table: str) -> bool:
        return table in self.tables

    def table(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def fields(self, table: str) -> Any:
        return package("cedar-valley").table(table).fields


@functools.cache
def district(seed: int, schools: int = 60, years: int = 8) -> Made:
    """Make a district and give its first school."""
    found = simulate.simulate(schools, years, seed=seed)
    plain = {t: found[t][[c for c in found[t] if not c.endswith("__why")]] for t in TABLES}
    return Made(plain, str(plain["schools"]["school_id"].iloc[0]))


def slopes(made: Made, outcome: str = "math", **options: Any) -> Any:
    """Give the slopes within schools, corrected for the few weeks that are logged."""
    panel: Any = time.panel(made, outcome)  # type: ignore[arg-type]
    of = list(panel.attrs["kinds"])
    options = {"noise": panel.attrs["noise"], "covariates": panel.attrs["needs"]} | options
    return designs.within(panel, outcome="outcome_sd", of=of, unit="school_id", time="year", **options)


def rows(seeds: Iterator[int] | range, schools: int = 60, outcome: str = "math", **options: Any) -> pd.DataFrame:
    """Give one row a district and kind of time: slope, interval, as fitted, and what was planted."""
    truth, kinds, found = planted(), KINDS, []
    for seed in seeds:
        made = district(seed, schools)
        frame = slopes(made, outcome, **options).frame
        district.cache_clear()
        found.append(frame.assign(seed=seed, true=[float(truth[kinds[c]]) for c in frame["exposure"]]))
    return pd.concat(found, ignore_index=True)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Give for each kind of time the mean slope over districts, its error, and how often intervals held the truth."""
    held = (frame["low"] <= frame["true"]) & (frame["true"] <= frame["high"])
    apart = (frame["low"] > 0) | (frame["high"] < 0)
    by = frame.assign(held=held, apart=apart, wide=frame["high"] - frame["low"]).groupby("exposure", sort=False)
    n = by["value"].count()
    return pd.DataFrame(
        {
            "true": by["true"].first(),
            "mean": by["value"].mean(),
            "error": by["value"].std(ddof=1) / np.sqrt(n),
            "raw": by["raw"].mean(),
            "held": by["held"].mean(),
            "apart": by["apart"].mean(),
            "half": by["wide"].mean() / 2,
            "reliability": by["reliability"].mean(),
        }
    )


def main() -> None:
    """Print the summary over districts: python tests/time_truth.py 40 [math or read] [schools]."""
    n, outcome = int(sys.argv[1]), (sys.argv[2:] or ["math"])[0]
    schools = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    print(summary(rows(range(1000, 1000 + n), schools, outcome)).round(4).to_string())
    print(
        summary(rows(range(1000, 1000 + min(n, 10)), schools, outcome, effects="time", covariates=(), noise=None))
        .round(4)
        .to_string()
    )


if __name__ == "__main__":
    main()
