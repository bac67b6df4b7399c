"""A policy that comes in waves: what the usual regression makes of it, and what it did wave by wave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.clustered import least_squares
from leadlib.designs.differences.groups import demeaned, evidence, spread
from leadlib.designs.differences.reading import Floats, Panel, read
from leadlib.designs.estimates import Assignment, Estimate, Wording, finish
from leadlib.errors import InputError
from leadlib.measures.programs import Program
from leadlib.numbers import school_year
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

BY_WAVE = "Wave by wave"
USUAL = "The usual regression"
RUNS = "runs"


@passes_missing
def usual(panel: pd.DataFrame, program: Program, *, level: float = 0.95) -> Any:
    """See what the usual two-way regression says: one effect for all schools and years, every school a comparison.

    For cases that show why it misleads: where effects grow with the years, schools that began earlier and are still
    gaining serve as comparisons for those that begin, and the answer comes out too small. `by_wave`, `evaluate` do
    without that.

    Parameters
    ----------
    panel, program
        From `measures.policies`.

    Returns
    -------
    Estimate (claim "compare"), or Missing where the regression refuses the data
        `frame` has one row a wave and year with the policy: `wave`, `year`, `weight` (what the results of that wave and
        year count in the answer; they add up to 1, and some may lie below zero), and `fair` (its share of all school
        years with the policy, which is what it would count if each counted alike).

    Notes
    -----
    The coefficient of "runs in this year" with school and year effects; CR2 errors by school (or by district, where
    districts began together) with Satterthwaite's degrees of freedom. R: fixest::feols(y ~ running | school + year).
    Weights: Goodman-Bacon 2021; de Chaisemartin and D'Haultfoeuille 2020.
    """
    try:
        return _usual(panel, program, level)
    except InputError as error:
        return Missing(USUAL, "; ".join(p.what for p in error.problems) + ".")


def _usual(panel: pd.DataFrame, program: Program, level: float) -> Estimate:
    outcome, unit, sd = str(panel.attrs["outcome"]), str(panel.attrs["unit"]), float(panel.attrs["sd"])
    roles: Any = {"unit": "school_id", "time": "year", "first_treated": "first_year"}
    whole = read(panel, "usual", outcome=outcome, cluster=panel.attrs.get("cluster"), **roles).not_yet()
    seen = whole.seen
    on = (whole.years[None, :] >= whole.first[:, None]).astype(float)
    layers = [*(np.broadcast_to(row, seen.shape) for row in np.eye(len(whole.years))[1:]), on]
    x = np.stack([demeaned(layer, seen)[seen] for layer in layers], axis=1)
    rows = np.broadcast_to(whole.cluster[:, None], seen.shape)[seen]
    names = [*(f"year {y:.0f}" for y in whole.years[1:]), RUNS]
    fit = least_squares(demeaned(whole.y, seen)[seen], x, names=names, where="usual", clusters=rows)
    value, se, df = fit.term(RUNS)
    label = str(panel.attrs["label"])
    found: Estimate = finish(
        id=f"usual-{outcome}",
        title=f"{label}: the usual regression, with school and year effects",
        design="usual",
        outcome=outcome,
        label=label,
        unit=unit,
        value=value,
        se=se,
        df=df,
        level=level,
        sd=sd if sd > 0 else spread(whole),
        claim="compare",
        evidence=evidence(whole, "not random", "school", "district", label, (), "cluster" in panel.attrs),
        wording=Wording("years with the policy", "years without it", "the policy did the same in every year"),
        asked={},
        assumptions=("The policy did the same in every wave and in every year since its start.",),
        frame=_counted(whole, x, on),
    )
    return found


def _counted(whole: Panel, x: Floats, on: Floats) -> pd.DataFrame:
    """Give what each wave and year with the policy counts in the answer, and what it would if all counted alike."""
    seen = whole.seen
    left = x[:, -1] - x[:, :-1] @ np.linalg.lstsq(x[:, :-1], x[:, -1], rcond=None)[0]
    running = on[seen] > 0
    wave = np.broadcast_to(whole.first[:, None], seen.shape)[seen][running]
    year = np.broadcast_to(whole.years[None, :], seen.shape)[seen][running]
    weight = left[running] / left[running].sum()
    frame = pd.DataFrame({"wave": wave.astype(int), "year": year.astype(int), "weight": weight})
    cells = frame.groupby(["wave", "year"], as_index=False)["weight"].agg(["sum", "size"])
    return cells.assign(fair=cells["size"] / len(frame)).rename(columns={"sum": "weight"}).drop(columns="size")


@passes_missing
def by_wave(panel: pd.DataFrame, program: Program, *, level: float = 0.95, seed: int = 1) -> Any:
    """See whether the policy did the same in every wave: one estimate a wave, each against schools without it.

    Parameters
    ----------
    panel, program
        From `measures.policies`.

    Returns
    -------
    GroupTime, or Missing where all began in one year or the design refuses the data
        Table: the mean over waves, then a row a wave, each over the years it has had. A wave has few schools: its
        interval is wide, and two waves differ only if the interval of their difference says so.
    """
    from leadlib.designs.differences import staggered

    if len(program.started) < 2:
        return Missing(BY_WAVE, "all schools that began did so in one year.")
    assignment: Assignment = "random" if program.lottery else "not random"
    more: dict[str, Any] = {"sd": float(panel.attrs["sd"])} if panel.attrs["sd"] > 0 else {}
    try:
        return staggered(
            panel,
            outcome=str(panel.attrs["outcome"]),
            unit="school_id",
            time="year",
            first_treated="first_year",
            aggregate="cohort",
            cluster=panel.attrs.get("cluster"),
            assignment=assignment,
            level=level,
            seed=seed,
            unit_of=panel.attrs["unit"],
            label=panel.attrs["label"],
            **more,
        )
    except InputError as error:
        return Missing(BY_WAVE, "; ".join(p.what for p in error.problems) + ".")


@passes_missing
def same_age(waves: Any) -> Result | Missing:
    """See the waves at the same age: each one's effect in its first year, its second, and so on.

    Parameters
    ----------
    waves : GroupTime
        From `by_wave`.

    Returns
    -------
    Result or Missing
        Table: one row a wave and year since its start, with interval; `n` counts the wave's schools.
    """
    cells = waves.cells[waves.cells["event"] >= 0].sort_values(["cohort", "event"])
    rows = [
        (
            f"Began {school_year(int(c['cohort']))}",
            "First year" if c["event"] == 0 else f"Year {int(c['event']) + 1}",
            *(c["value"], c["low"], c["high"], int(c["treated_n"]), waves.unit),
        )
        for c in cells.to_dict("records")
    ]
    return Result(
        id="same-age",
        title=f"{waves.table['measure'].iloc[0]}: each wave, by year since its own start",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text="",
        claim=waves.claim,
        assumptions=waves.assumptions,
        note=f"In brackets the {waves.interval_label}.",
        wide=True,
    )
