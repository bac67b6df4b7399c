"""What observers saw of coached teachers: the tempting comparison in one year, and the same teachers over years."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.comparing import compare
from leadlib.designs.estimates import Look
from leadlib.designs.slopes import within
from leadlib.errors import InputError
from leadlib.measures.coaching_study import FIRST, SECOND, Study, teachers
from leadlib.results import Missing, passes_missing

RUBRIC = "What observers saw"
_OBSERVED = "Instruction as observers rate it"


def told(function: Callable[[], Any], section: str) -> Any:
    """Run a design; where it refuses the data, give its reason as a sentence."""
    try:
        return function()
    except InputError as error:
        return Missing(section, "; ".join(p.what for p in error.problems) + ".")


@passes_missing
def naive_teachers(study: Study) -> Any:
    """See the second tempting comparison: what observers noted of coached and of other teachers in one year.

    Returns
    -------
    Estimate (claim "compare", standard deviations of instruction) or Missing
    """
    frame = _instruction(study)
    if isinstance(frame, Missing):
        return frame
    year = frame[frame["year"] == study.year]
    return told(
        lambda: compare(
            year, outcome="instruction", group="coached", cluster="school_id", label=_OBSERVED, unit_of="sd",
            who="coached teachers", whom="other teachers", unit_word="teacher",
        ),
        "The comparison of teachers",
    )  # fmt: skip


@passes_missing
def instruction(study: Study, *, loss: float = 0.0, look: Look = "estimate") -> Any:
    """See what goes with a full dose in what observers saw: the same teachers in years with and without coaching.

    Parameters
    ----------
    study, loss, look
        As for `dose`.

    Returns
    -------
    Slopes (claim "compare", standard deviations of instruction between teachers), Detectable or Missing

    Notes
    -----
    One row a teacher at a school and year; effects of teacher and year; first and second year of teaching held
    constant, since new teachers are coached first and grow anyway; errors by school. The standard deviation of
    instruction is the root of the covariance of a teacher's two formal scores of a year, over teachers who were not
    coached: what one observer's luck adds is not in it.
    """
    frame = _instruction(study)
    if isinstance(frame, Missing):
        return frame
    frame = frame.assign(counted=frame["dose"] * (1 - loss * frame["reached"]))
    return told(
        lambda: within(
            frame, outcome="instruction", of="counted", unit="spell", time="year", cluster="school_id",
            covariates=[FIRST, SECOND], look=look, label=_OBSERVED, labels={"counted": "A full dose for a teacher"},
            unit_of="sd", unit_word="teacher",
        ),
        RUBRIC,
    )  # fmt: skip


def _instruction(study: Study) -> pd.DataFrame | Missing:
    """Give the teachers' frame with the rubric in standard deviations of instruction."""
    frame = teachers(study)
    if isinstance(frame, Missing):
        return frame
    pairs = frame[(frame["coached"] == 0) & frame["once"].notna()]
    shared = float(np.cov(pairs["once"], pairs["again"])[0, 1]) if len(pairs) > 2 else float("nan")
    if not shared > 0:
        return Missing(RUBRIC, "two observations of the same teacher have nothing in common.")
    return frame.assign(instruction=(frame["rubric"] - frame["rubric"].mean()) / np.sqrt(shared))
