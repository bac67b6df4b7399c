"""Did coaching work: the tempting comparisons, the planned design, the dose, what observers saw, and the card.

Use it by its name: `ll.designs.coaching.effect(...)`. Each function takes what `measures.coaching.study` gives, and
hands on the sentence where a pack has none. Where the study is an experiment, `effect` compares what chance drew.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pandas as pd

from leadlib.blocks import Block, Prose
from leadlib.designs.coaching_seen import instruction, naive_teachers, told
from leadlib.designs.comparing import compare
from leadlib.designs.decisions import Decision, decide
from leadlib.designs.estimates import Estimate, Look
from leadlib.designs.evaluating import evaluate
from leadlib.designs.offers import NONE, menu
from leadlib.designs.slopes import within
from leadlib.measures.coaching_prior import prior as expected
from leadlib.measures.coaching_study import BEFORE, BOTH, Study, latest, panel, pupils
from leadlib.measures.programs import behind
from leadlib.numbers import lower_first, school_year
from leadlib.plans import Plan, plan
from leadlib.results import Missing, passes_missing

__all__ = [
    "afterwards",
    "card",
    "decision",
    "dose",
    "effect",
    "fix",
    "growth",
    "instruction",
    "naive",
    "naive_teachers",
    "ways",
]

DOSE, GROWTH = "The effect of a full dose", "Coaching as it grew"
A_FULL_DOSE = "A full dose for every teacher"
BLOCKED = "compare"


@passes_missing
def ways(study: Study) -> Block:
    """See which designs the data allow and why the others are not allowed, before any outcome is read."""
    if study.program is not None:
        return menu(study.program)
    return Prose(
        (
            "In each school chance drew which pupils and teachers went to a small class and which to a regular one.",
            "So the groups differ by chance alone, and the design is a comparison within schools. What has to hold: the"
            " draw was kept to, and those who were lost do not set the groups apart.",
        )
    )


@passes_missing
def fix(study: Study, *, outcome: str = BOTH, threshold: float, file: str | os.PathLike[str] = "") -> Plan | Missing:
    """Fix, before outcomes are read, what will be looked at, by which design, and what would be enough.

    Parameters
    ----------
    study : Study
        From `measures.coaching.study`.
    outcome : str
        A measure of the pack, or "both".
    threshold : float
        The least effect worth having, in pupil SD.
    file : path
        File or folder where the plan is frozen; empty: it is shown but not frozen.
    """
    common: dict[str, Any] = {"pack": study.pack, "program": study.program_id, "thresholds": {"decision": threshold}}
    if study.program is None:
        question, who = "Do pupils learn more in small classes?", "pupils in small and in regular classes of one school"
        return plan(file, question=question, outcome="score", design=BLOCKED, comparison=who, **common)
    offered = menu(study.program)
    if offered.chosen == NONE:
        return Missing("The plan", "these data allow no design; the table of designs says why.")
    question = f"Did {lower_first(study.name)} change what pupils learn?"
    covariates = offered.covariates()
    return plan(file, question=question, outcome=outcome, design=offered.chosen, covariates=covariates, **common)


@passes_missing
def naive(study: Study, *, outcome: str = BOTH) -> Any:
    """See the tempting comparison: coached schools and the others in one year.

    For an experiment: all pupils as if each had been drawn alone, whatever their school, which makes it look too sure.

    Returns
    -------
    Estimate (claim "compare") or Missing
    """
    if study.program is None:
        frame = pupils(study, outcome)
        made = frame if isinstance(frame, Missing) else _experiment(frame, cluster=False)
        return replace(made, limits=(_ALONE, *made.limits)) if isinstance(made, Estimate) else made
    frame = panel(study, outcome)
    if isinstance(frame, Missing):
        return frame
    year = frame[(frame["year"] == study.year) & frame[frame.attrs["outcome"]].notna()]
    return told(
        lambda: compare(
            year, outcome=frame.attrs["outcome"], group="running", label=frame.attrs["label"],
            unit_of=frame.attrs["unit"], who="schools with coaching", whom="schools without it", unit_word="school",
        ),
        "The comparison of schools",
    )  # fmt: skip


_ALONE = (
    "Pupils are counted as if each had been drawn alone, from anywhere. Pupils of one school are alike, so the interval"
    " is too narrow."
)


@passes_missing
def effect(study: Study, *, outcome: str = BOTH, look: Look = "estimate") -> Any:
    """See what the program did to what pupils learn, by the design that was planned.

    Parameters
    ----------
    study, outcome
        As for `fix`.
    look : "estimate" or "power"
        "power" hides the estimate.

    Returns
    -------
    Estimate, Detectable, or Missing where the design refuses the data
        For a program: of having it as it was run, not of a full dose, in pupil SD. For an experiment: of a small class,
        in points, within schools, with errors clustered by school.
    """
    if study.program is None:
        frame = pupils(study, outcome)
        return frame if isinstance(frame, Missing) else _experiment(frame, cluster=True, look=look)
    frame = panel(study, outcome)
    chosen = menu(study.program).chosen
    if chosen == NONE:
        return Missing("The estimate", "these data allow no design; the table of designs says why.")
    return frame if isinstance(frame, Missing) else evaluate(frame, study.program, design=chosen, look=look)


def _experiment(frame: pd.DataFrame, *, cluster: bool, look: Look = "estimate") -> Any:
    known = frame["score"].notna()
    sd = float(frame.loc[known, "score"].std())
    drawn = frame.attrs["drawn"]
    blocks: dict[str, Any] = {"cluster": "school_id", "blocks": "school_id"} if cluster else {}

    def run() -> Any:
        made = compare(
            frame, outcome="score", group="small", assignment="random", randomized=drawn, unit_of="score", sd=sd,
            baseline=list(BEFORE), label=frame.attrs["label"], who="pupils in small classes",
            whom="pupils in regular classes", unit_word="pupil", look=look, **blocks,
        )  # fmt: skip
        return replace(made, sd_of="pupils") if isinstance(made, Estimate) else made

    return told(run, "The experiment")


@passes_missing
def dose(study: Study, *, outcome: str = BOTH, loss: float = 0.0, look: Look = "estimate") -> Any:
    """See what goes with a full dose of coaching for every teacher: the same schools in years with more and with less.

    Parameters
    ----------
    study, outcome, look
        As for `effect`.
    loss : float
        What share of its effect coaching is taken to lose for each share of the district's schools that it reaches:
        with 0.9 and a third of the schools reached, a dose counts 0.7. With 0 every year's dose counts alike.

    Returns
    -------
    Slopes (claim "compare", pupil SD), Detectable or Missing
    """
    frame = panel(study, outcome)
    if isinstance(frame, Missing):
        return Missing(DOSE, "in an experiment every pupil of a small class has the whole of it.")
    frame = frame.assign(counted=frame["dose"] * (1 - loss * frame["reached"]))
    return told(
        lambda: within(
            frame, outcome=frame.attrs["outcome"], of="counted", unit="school_id", time="year", look=look,
            label=frame.attrs["label"], labels={"counted": A_FULL_DOSE}, unit_of=frame.attrs["unit"],
        ),
        DOSE,
    )  # fmt: skip


@passes_missing
def growth(study: Study, *, outcome: str = BOTH) -> Any:
    """See whether a dose went with less once many schools were coached: a slope for each half of the program's growth.

    Returns
    -------
    Slopes (claim "compare", pupil SD) or Missing
        Two rows: a full dose while few schools were coached, and when many were (more than halfway between the least
        and the most that were reached).
    """
    frame = panel(study, outcome)
    if isinstance(frame, Missing):
        return Missing(GROWTH, "the experiment did not grow.")
    running = frame.loc[frame["reached"] > 0, "reached"]
    cut = float((running.min() + running.max()) / 2)
    if not running.max() > running.min():
        return Missing(GROWTH, "the program has not grown yet: the same share of schools had it in every year.")
    many = frame["reached"] > cut
    frame = frame.assign(few=frame["dose"].where(~many, 0.0), many=frame["dose"].where(many, 0.0))
    names = {
        "few": f"A full dose, while up to {100 * cut:.0f}% of schools had coaching",
        "many": "A full dose, when more had it",
    }
    return told(
        lambda: within(
            frame, outcome=frame.attrs["outcome"], of=["few", "many"], unit="school_id", time="year", labels=names,
            label=frame.attrs["label"], unit_of=frame.attrs["unit"],
        ),
        GROWTH,
    )  # fmt: skip


@passes_missing
def card(study: Study, estimate: Estimate, *, outcome: str = BOTH) -> Any:
    """See how a reviewer would grade the estimate, criterion by criterion, each with its reason."""
    from leadlib.designs import wwc

    if study.program is not None:
        frame = panel(study, outcome)
        return frame if isinstance(frame, Missing) else wwc.card(estimate, **behind(frame))
    frame = pupils(study, outcome)
    if isinstance(frame, Missing):
        return frame
    known = frame[frame["score"].notna()]
    small = int(known["small"].sum())
    lost = wwc.attrition(randomized=frame.attrs["drawn"], analyzed=(small, len(known) - small), unit_word="pupil")
    return wwc.card(estimate, attrition=lost, pupils=len(known), sites=int(known["school_id"].nunique()))


@passes_missing
def decision(study: Study, estimate: Estimate, *, threshold: float, with_prior: bool = False) -> Decision | Missing:
    """See how probable it is that the effect is at least what would be enough, with or without earlier studies.

    Parameters
    ----------
    study, estimate
        From `measures.coaching.study` and `effect`.
    threshold : float
        In pupil SD, said beforehand.
    with_prior : bool
        Whether to start from what the published studies let one expect (`measures.coaching.prior`).
    """
    factor = estimate.sd if estimate.unit != "sd" and estimate.sd > 0 else 1.0
    if not with_prior:
        return decide(estimate, threshold=threshold * factor, cost_per_pupil_usd=study.cost_per_pupil_usd)
    before = expected(study)
    if isinstance(before, Missing):
        return before
    return decide(
        estimate, threshold=threshold * factor, prior=before.pair, cost_per_pupil_usd=study.cost_per_pupil_usd
    )


@passes_missing
def afterwards(study: Study, *, outcome: str = BOTH) -> Any:
    """See what became of it: the same design a year or more later, with all that the pack holds.

    Returns
    -------
    Estimate or Missing
        For a program: `effect` at the end of the pack's last year. For an experiment: the scores of the next year by
        the class that was drawn, wherever pupils went. Missing where the pack ends with the study's year.
    """
    if study.program is not None:
        last = latest(study)
        if isinstance(last, Missing) or last.year == study.year:
            return Missing("What came afterwards", f"the pack ends with {school_year(study.year)}.")
        return effect(last, outcome=outcome)
    frame = pupils(study, outcome, later=1)
    made = frame if isinstance(frame, Missing) else _experiment(frame, cluster=True)
    if isinstance(made, Missing):
        return made
    said = f"The score is that of {school_year(study.year + 1)}, the class that of {school_year(study.year)}."
    said += " Who was still there to be tested was no longer a matter of chance."
    return replace(made, limits=(said, *made.limits))
