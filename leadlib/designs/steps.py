"""The steps of an evaluation, for packs that may lack any of them: each hands on the sentence of the one before."""

from __future__ import annotations

import math
import os
from typing import Any

import pandas as pd

from leadlib.blocks import Block
from leadlib.designs.decisions import Better, decide
from leadlib.designs.estimates import Estimate, Look
from leadlib.designs.evaluating import evaluate
from leadlib.designs.offers import NONE, Adjust, Menu
from leadlib.errors import InputError
from leadlib.measures.programs import Program, behind
from leadlib.plans import Plan, plan
from leadlib.results import Missing, passes_missing


@passes_missing
def freeze(
    program: Program,
    menu: Menu,
    *,
    outcome: str,
    threshold: float,
    adjust: Adjust = "nothing",
    file: str | os.PathLike[str] = "",
) -> Plan | Missing:
    """Fix, before any outcome is read, what will be looked at, by which design, and what would be enough.

    Parameters
    ----------
    program : Program
        The policy, from `measures.policies.known_by`.
    menu : Menu
        From `designs.menu`: its chosen design is planned.
    outcome : str
        From `measures.policies.aim`.
    threshold : float
        The least effect worth having, in the outcome's unit.
    adjust : "nothing" or "needs"
        What is adjusted for.
    file : path
        File or folder where the plan is frozen; empty: it is shown but not frozen.

    Returns
    -------
    Plan, or Missing where the policy is missing or no design is allowed
    """
    if menu.chosen == NONE:
        return Missing("The plan", "these data allow no design; the table of designs says why.")
    return plan(
        file,
        question=f"Did the policy (name: {program.name}) change the outcome?",
        outcome=outcome,
        design=menu.chosen,
        pack=program.pack,
        program=program.program_id,
        covariates=menu.covariates(adjust),
        thresholds={"decision": threshold},
    )


@passes_missing
def departures(frozen: Plan, estimate: Estimate, *, threshold: float) -> Block | Missing:
    """See where the analysis left the plan: `Plan.departures` for plans and estimates that may be missing."""
    return frozen.departures(estimate, threshold=threshold)


@passes_missing
def planned(
    panel: pd.DataFrame,
    program: Program,
    menu: Menu,
    *,
    look: Look = "estimate",
    adjust: Adjust = "nothing",
    seed: int = 1,
) -> Any:
    """See what the planned design finds, or, with `look="power"`, what it could find: `evaluate` by the menu's design.

    Returns
    -------
    Estimate, Detectable, or Missing
    """
    return evaluate(panel, program, design=menu.chosen, adjust=adjust, look=look, seed=seed)


@passes_missing
def graded(estimate: Estimate, panel: pd.DataFrame, *, better: Better = "higher") -> Any:
    """See how a reviewer would grade the estimate: `wwc.card` with what stands behind the panel."""
    from leadlib.designs.wwc import card

    return card(estimate, favors=better, **behind(panel))


@passes_missing
def weigh(estimate: Estimate, program: Program, *, threshold: float, better: Better = "higher") -> Any:
    """See what the estimate means for a decision: `decide` at the program's cost, where the pack knows it."""
    cost = program.cost_per_pupil_usd
    return decide(
        estimate,
        threshold=threshold,
        better=better,
        cost_per_pupil_usd=cost if math.isfinite(cost) and cost >= 0 else None,
    )


@passes_missing
def more_of_it(doses: pd.DataFrame) -> Any:
    """See whether results were higher in the years in which a school had more of a policy, where all schools had some.

    Parameters
    ----------
    doses : DataFrame
        From `measures.policies.doses`.

    Returns
    -------
    Slopes, or Missing where the years tell nothing
        What goes with a thousand dollars more for each pupil, within schools, by `within`; errors by district.
    """
    from leadlib.designs.slopes import within

    try:
        return within(
            doses,
            outcome=str(doses.attrs["outcome"]),
            of="dose",
            unit="school_id",
            time="year",
            cluster=doses.attrs["cluster"],
            label=str(doses.attrs["label"]),
            labels={"dose": "A thousand dollars more for each pupil"},
            unit_of=str(doses.attrs["unit"]),
        )
    except InputError as error:
        return Missing("How much, not whether", "; ".join(p.what for p in error.problems) + ".")
