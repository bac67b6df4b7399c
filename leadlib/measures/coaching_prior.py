"""What sixty studies of coaching found, and what may be expected from it of a program that grows."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadlib.measures.coaching_study import Study, doses
from leadlib.numbers import show
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

_FILE = Path(__file__).parent / "published" / "coaching.json"
MEAN_OVER = "Published, mean over studies"


@functools.cache
def facts() -> dict[str, Any]:
    """Give the data file: effects, sources, and whether each was looked up in its source."""
    return dict(json.loads(_FILE.read_text(encoding="utf-8")))


def published() -> Result:
    """See what studies of coaching found, in standard deviations, with the version of the review.

    Returns
    -------
    Result
        Table: one row an outcome and version; `n` counts studies. The review's own intervals are not in the file, so
        `low` and `high` are missing.
    """
    data = facts()
    before = data["earlier"]
    rows = []
    for name, key in (("Instruction, as observers rated it", "instruction_sd"), ("Pupils' scores", "achievement_sd")):
        rows.append((name, f"{data['studies']} studies, 2018", data[key], np.nan, np.nan, data["studies"], "sd"))
        old = f"{before['studies']} studies, working paper"
        rows.append((name, old, before[key], np.nan, np.nan, before["studies"], "sd"))
    checked = "" if data["verified"] and before["verified"] else " Not every number was read in its source."
    return Result(
        id="coaching-published",
        title="What studies of coaching found",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=f"{data['scale']} An earlier version of the review, with {before['studies']} studies, gave other numbers:"
        f" say which one you cite.{checked}",
        limits=("Coached teachers of other places, in programs that somebody thought worth studying.",),
        note=f"{data['source']}.",
        wide=True,
    )


AS_RUN, FULL, SEEN = "Pupils' scores, program as run", "Pupils' scores, full dose", "Rated instruction, full dose"
HERE, ELSEWHERE = "This district", "Published mean"


@passes_missing
def beside(effect: Any, dose: Any, instruction: Any) -> Result:
    """See what was found here beside the mean of the published studies, each in standard deviations.

    Parameters
    ----------
    effect, dose, instruction
        From `designs.coaching.effect`, `dose` and `instruction`.

    Returns
    -------
    Result
        Table: for each the district's value with its interval, and the published mean where one is to be set beside it.
    """
    data = facts()
    rows = []
    pairs = ((AS_RUN, effect, None), (FULL, dose, "achievement_sd"), (SEEN, instruction, "instruction_sd"))
    for name, found, key in pairs:
        rows.append((name, HERE, found.value, found.low, found.high, np.nan, "sd"))
        if key:
            rows.append((name, ELSEWHERE, data[key], np.nan, np.nan, data["studies"], "sd"))
    return Result(
        id="coaching-beside",
        title="This district beside the published studies",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text="The published means are of coached teachers, mostly in small programs. The first row is what the district"
        " gets for its money: the program as it was run, with the dose it had.",
        claim="compare",
        limits=("Other places, other coaches, other tests: one number beside another, not a test of either.",),
        note=f"{data['source']}.",
        wide=True,
    )


@dataclass(frozen=True, repr=False)
class Prior(Result):
    """What was to be expected before the data: `mean` and `sd`, in pupil SD, of a program of the district's dose."""

    mean: float = float("nan")
    sd: float = float("nan")

    @property
    def pair(self) -> tuple[float, float]:
        """Mean and standard deviation, as `designs.decide` takes them."""
        return self.mean, self.sd


@passes_missing
def prior(study: Study) -> Prior | Missing:
    """See what the published studies let one expect of this program, at its dose and while it grows.

    Returns
    -------
    Prior or Missing
        Pupil SD. Missing where the study is not of coaching, or the pack does not say how much coaching there was.

    Notes
    -----
    Mean: published effect x mean dose of the school years with coaching x one half, since larger programs reached a
    fraction. Standard deviation: as large as the mean. Both choices are our own (`published/coaching.json`), and are
    made without a look at outcomes.
    """
    if study.program is None:
        return Missing("What was to be expected", "the published studies are of coaching, and this is none.")
    dose = _mean_dose(study)
    if not dose > 0:
        return Missing("What was to be expected", "the pack does not say how much coaching there was.")
    own = facts()["prior"]
    mean = facts()["achievement_sd"] * dose * own["share_of_published"]
    sd = mean * own["spread"]
    row = (
        "Expected effect of the program as it is run",
        MEAN_OVER,
        mean,
        mean - 1.96 * sd,
        mean + 1.96 * sd,
        np.nan,
        "sd",
    )
    return Prior(
        id="coaching-prior",
        title="What the published studies let one expect here",
        table=pd.DataFrame([row], columns=list(RESULT_COLUMNS)),
        text=f"In schools with coaching the average teacher had {show(100 * dose, 'pct')} of a full dose. Half of the"
        f" published effect, times that, is {show(mean, 'sd')} standard deviations. The half, for a program that grows,"
        " and the spread around it are this workbook's choice: change them, and see whether the decision changes.",
        mean=mean,
        sd=sd,
    )


def _mean_dose(study: Study) -> float:
    had = doses(study).merge(study.program.starts, on="school_id")  # type: ignore[union-attr]
    inside = (had["year"] >= had["first_year"]) & (had["year"] <= study.year)
    return float(had.loc[inside, "dose"].mean()) if inside.any() else float("nan")
