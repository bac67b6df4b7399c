"""Whether one school's survey mean is shown: enough people, a steady mean, and people who agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.survey.advice import rules
from leadlib.numbers import show


def decided(units: pd.DataFrame, apart: bool, least: int) -> pd.DataFrame:
    """Say for each school whether its mean is shown and why (not), and hide the numbers of those that are not."""
    limit = rules()
    reasons = [_why(r, apart, least, limit) for r in units.to_dict("records")]
    units = units.assign(shown=[not r.startswith("!") for r in reasons], reason=[r.removeprefix("!") for r in reasons])
    units.loc[~units["shown"], ["mean", "low", "high"]] = np.nan
    units.loc[units["n"] < least, ["reliability", "r_wg"]] = np.nan
    return units


def _why(row: dict[Any, Any], apart: bool, least: int, limit: dict[str, Any]) -> str:
    if row["n"] < least:
        return f"!fewer than {least} people answered"
    if not apart:
        return "!the survey does not tell schools apart"
    if not row["reliability"] >= limit["icc2"].value:
        told, asked = show(row["reliability"], "ratio"), show(limit["icc2"].value, "ratio")
        return f"!the mean of so few is unsteady (reliability {told}, asked for is {asked})"
    agreed = show(row["r_wg"], "ratio")
    if not row["r_wg"] > limit["r_wg_least"].value:
        return f"!people here hardly agree (r_wg {agreed}), so a mean stands for nobody"
    if not row["r_wg"] >= limit["r_wg"].value:
        return f"people here differ in what they say (r_wg {agreed}): the mean is an average of different experiences"
    return ""
