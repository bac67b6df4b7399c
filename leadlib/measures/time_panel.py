"""Principals' hours and pupils' results side by side, one row a school and year, with what the log leaves to chance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures import outcomes
from leadlib.measures.time_parts import evaluation, hours
from leadlib.measures.timelogs import KEYS, read
from leadlib.privacy import K, code_shares
from leadlib.results import Missing, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The comparison of principals' time with results"
EXPOSURES = {
    "walkthrough_hours": "Walkthroughs, an hour a week more",
    "other_instruction_hours": "Other instruction, an hour a week more",
    "instruction_hours": "All instruction but coaching, an hour a week more",
    "coaching_hours": "Coaching of teachers, an hour a week more",
    "evaluation_hours": "Formal observation, an hour a teacher a year more",
    "organization_tenths": "Organization management, a tenth of the week more",
}
"""What is set beside results, with names for readers."""
KINDS = {
    "walkthrough_hours": "walkthrough_achievement",
    "other_instruction_hours": "instruction_time_achievement",
    "coaching_hours": "principal_coaching_achievement",
    "evaluation_hours": "evaluation_achievement",
    "organization_tenths": "organization_achievement",
}
"""Those that share no minute with each other, and the name under which a made district's truth has each."""
LOGGED = [name for name in EXPOSURES if name != "evaluation_hours"]
OUTCOME = "outcome_sd"


@passes_missing
def panel(school: School, outcome: str = "math", *, k: int = K) -> pd.DataFrame | Missing:
    """See principals' hours and pupils' results side by side, for every school and year of the pack.

    One row a school and year with a log and a result.

    Parameters
    ----------
    school : School
        A school of the pack.
    outcome : str
        A measure of the pack, such as math or read.
    k : int
        The fewest pupils, or teachers, that may stand behind a value.

    Returns
    -------
    DataFrame or Missing
        school_id, year, outcome_sd (in standard deviations of the pack's pupils of that year, from their mean; in the
        measure's own unit where the pack gives no pupil standard deviations), walkthrough_hours,
        other_instruction_hours, coaching_hours (a week), instruction_hours (a week, both kinds of instruction less
        coaching), organization_tenths (tenths of the working week), evaluation_hours (formal observation, a teacher a
        year), the need fields in percent (coded for privacy), log_size (logarithm of enrollment), weeks.
        `attrs`: year; kinds (the exposures that share no minute, with the name of each in a made district's truth);
        labels and units (for readers, by column); needs (names of need columns and log_size); noise (covariance of the
        logged means' errors); reliability (of a school year's logged mean). Missing where the pack has no log or not
        this outcome.

    Missing data
        Weeks that are not whole are left out, as in `week`. A value that may not be shown is missing.

    Notes
    -----
    Pupil standard deviation of a year: the root of the tested pupils' mean of sd^2 + (mean - grand mean)^2. Noise: the
    covariance of weeks within school years, pooled, times the mean of 1 / weeks. Reliability: (B - E) / B, with B the
    variance of the logged means over school years and E their error variance.
    """
    log = read(school)
    if isinstance(log, Missing):
        return Missing(SECTION, "the pack holds no log of principals' time.")
    results = outcomes.panel(school, k=k)
    if isinstance(results, Missing):
        return Missing(SECTION, "the pack holds no outcomes.")
    mine = results[results["measure"] == outcome]
    if mine["value"].notna().sum() == 0:
        return Missing(SECTION, f"the pack holds no outcome {outcome!r} that may be shown.")
    scored, unit = _scaled(mine)
    logged = hours(log.frame)
    means = logged.groupby(KEYS)[LOGGED].mean()
    frame = means.assign(weeks=logged.groupby(KEYS)["week"].count()).reset_index()
    frame = scored.merge(frame, on=KEYS)
    taught = evaluation(school)
    if taught is not None:
        hidden = taught.assign(evaluation_hours=taught["hours"].mask(taught["teachers"] < k))
        frame = frame.merge(hidden[[*KEYS, "evaluation_hours"]], on=KEYS, how="left")
    needs, titles = _needs(school, k)
    frame = frame.merge(needs, on=KEYS, how="left").sort_values(KEYS).reset_index(drop=True)
    noise = _noise(logged)
    frame.attrs = {
        "year": school.year,
        "kinds": {name: planted for name, planted in KINDS.items() if name in frame},
        "labels": {name: label for name, label in EXPOSURES.items() if name in frame}
        | titles
        | {OUTCOME: str(mine["label"].iloc[0]).removesuffix(", mean score")},
        "units": {OUTCOME: unit},
        "needs": [c for c in needs.columns if c not in KEYS],
        "noise": noise,
        "reliability": {c: _share(means[c], noise[c][c]) for c in LOGGED},
    }
    return frame


def _scaled(mine: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Give each result in pupil standard deviations of its year from the pupils' mean; else as it is."""
    known = mine.dropna(subset=["value", "sd", "size"])
    if known.empty:
        whole = mine.dropna(subset=["value"])
        return whole[KEYS].assign(**{OUTCOME: whole["value"].astype(float)}), str(mine["unit"].iloc[0])
    year, n = known["year"], known["size"].astype(float)
    total = n.groupby(year).sum()
    mean = (known["value"] * n).groupby(year).sum() / total
    apart = known["value"] - year.map(mean)
    spread = np.sqrt((n * (known["sd"] ** 2 + apart**2)).groupby(year).sum() / total)
    return known[KEYS].assign(**{OUTCOME: (apart / year.map(spread)).astype(float)}), "sd_fine"


def _needs(school: School, k: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Give the need fields, coded, and the logarithm of enrollment, one row a school and year; and their names."""
    if not school.has("school_years"):
        return pd.DataFrame({c: school.table("principal_time")[c].iloc[:0] for c in KEYS}), {}
    roles = {f.name: f for f in school.fields("school_years") if f.role in ("need", "size")}
    table = school.table("school_years").drop_duplicates(KEYS)
    size = next((name for name, f in roles.items() if f.role == "size"), None)
    n = table[size].astype(float) if size else pd.Series(np.nan, index=table.index)
    found = table[KEYS].copy()
    for name, f in roles.items():
        if f.role == "need":
            found[name] = code_shares(table[name], n, k) if f.unit == "pct" else table[name].astype(float)
    titles = {name: f.title for name, f in roles.items() if f.role == "need"}
    if not size:
        return found, titles
    return found.assign(log_size=np.log(n.where(n >= max(k, 1)))), titles | {"log_size": "Enrollment (its logarithm)"}


def _noise(weeks: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Give the covariance of the errors of a school year's logged means, as nested names."""
    known = weeks.dropna(subset=LOGGED)
    n = known.groupby(KEYS)["week"].transform("count")
    known, n = known[n > 1], n[n > 1]
    apart = (known[LOGGED] - known.groupby(KEYS)[LOGGED].transform("mean")).to_numpy(float)
    each = known.groupby(KEYS)["week"].count()
    free = len(known) - len(each)
    spread = apart.T @ apart / free * float((1 / each).mean()) if free > 0 else np.full((len(LOGGED),) * 2, np.nan)
    return {a: {b: float(spread[i, j]) for j, b in enumerate(LOGGED)} for i, a in enumerate(LOGGED)}


def _share(means: pd.Series, error: float) -> float:
    total = float(means.var(ddof=1))
    return max(total - error, 0.0) / total if total > 0 else math.nan


def held(panel: pd.DataFrame | Missing) -> dict[str, Any]:
    """Give what a comparison of hours with results has to reckon with, for `designs.within`.

    Parameters
    ----------
    panel : DataFrame or Missing
        What `panel` gave.

    Returns
    -------
    dict
        `covariates`, what is known of pupils' needs and the school's size; `noise`, how far chance moves the means of a
        few logged weeks. Nothing where there is no panel.
    """
    return {} if isinstance(panel, Missing) else {"covariates": panel.attrs["needs"], "noise": panel.attrs["noise"]}
