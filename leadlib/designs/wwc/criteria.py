"""The lines of the card: one a criterion, each with what was found and why it counts as it does."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from leadlib.designs.estimates import Estimate, Evidence
from leadlib.designs.wwc.balance import Baseline, baseline, worst
from leadlib.designs.wwc.facts import fact
from leadlib.designs.wwc.findings import Given, Sized, icc_of, of_wholes
from leadlib.designs.wwc.losses import Attrition, attrition
from leadlib.errors import InputError
from leadlib.numbers import listing, plural, show, span

Status = Literal["met", "not met", "not known", "note"]
Design = Literal["randomized", "comparison", "cutoff", "no comparison", "not told"]
WITHOUT = "Meets standards without reservations"
WITH = "Meets standards with reservations"
NOT = "Does not meet standards"
NO_COMPARISON = "Not gradable: no comparison group"
NOT_TOLD = "Not gradable: the design does not say who was compared"
OWN_STANDARDS = "Not graded here: regression discontinuity standards apply"
DIFFERENCED = ("did", "staggered", "series")
STRICTER = "It is told in standard deviations of whole schools, a stricter yardstick than pupils'."
NAMES: dict[Design, str] = {
    "randomized": "Randomized controlled trial",
    "comparison": "Quasi-experiment with a comparison group",
    "cutoff": "Regression discontinuity",
    "no comparison": "No comparison group",
    "not told": "Not known",
}


@dataclass(frozen=True)
class Line:
    """One line of a card: the criterion, what was found, why, and whether it is met; `number` stands behind it."""

    criterion: str
    finding: str
    why: str
    status: Status = "note"
    number: float = math.nan
    outcome: str = ""


@dataclass(frozen=True)
class Study:
    """What the lines on design, attrition, baseline and confounds come to."""

    design: Design
    lines: tuple[Line, ...]
    low: bool = False
    balance: Baseline | None = None
    balanced: bool = False
    confounded: bool = False
    provided: str = ""
    lost: Attrition | None = field(default=None)


def study(estimate: Estimate, given: Given, lost: Attrition | None = None, balance: Baseline | None = None) -> Study:
    """Judge how an estimate came about."""
    evidence = estimate.evidence
    design = design_of(evidence)
    first = [_design_line(design, estimate), _assignment_line(design, evidence)]
    if design in ("no comparison", "not told"):
        return Study(design, tuple(first))
    lost, attrition_line = _attrition_line(design, evidence, given, lost)
    yardstick = f" {STRICTER}" if balance is None and of_wholes(evidence.unit_word) else ""
    balance = _measured(evidence) if balance is None else balance
    low = design == "randomized" and lost is not None and lost.low
    refused, adjustment = _adjustment_line(estimate, given)
    balanced, baseline_line = _baseline_line(design, low, balance, refused, yardstick)
    confounded, confound_line = _confound_line(evidence, given)
    lines = [*first, attrition_line, baseline_line, *adjustment, confound_line, _cluster_line(evidence, given)]
    lines += _cutoff_lines(design, estimate)
    open_rule = bool(adjustment) and adjustment[0].status == "not known"
    mended = balance is not None and balance.verdict == "satisfied with adjustment"
    provided = (
        f" That holds only if differencing counts: {fact('prepost_rule').told()}." if open_rule and mended else ""
    )
    return Study(design, tuple(lines), low, balance, balanced, confounded, provided, lost)


def design_of(evidence: Evidence) -> Design:
    """Name the design that the standards would see."""
    if evidence.assignment != "none" and not any(evidence.units):
        return "not told"
    if evidence.assignment == "none" or not all(evidence.units):
        return "no comparison"
    if evidence.assignment == "cutoff":
        return "cutoff"
    return "randomized" if evidence.assignment == "random" else "comparison"


def _design_line(design: Design, estimate: Estimate) -> Line:
    if design == "not told":
        return Line("Design", NAMES[design], "A pooled result is graded study by study.", "not known")
    if design == "no comparison":
        return Line(
            "Design", NAMES[design], f"{_up(fact('no_comparison').told())}: a trend of its own is none.", "not met"
        )
    if design == "cutoff":
        return Line("Design", NAMES[design], f"{_up(fact('rd').told())}. Those are not graded on this card.")
    if design == "randomized":
        return Line(
            "Design", NAMES[design], "A lottery makes the groups alike but for chance, as long as few are lost.", "met"
        )
    claim = "" if estimate.claim == "estimate" else " The design itself claims no more than a comparison."
    return Line("Design", NAMES[design], f"Nobody drew lots, so the best rating is the one with reservations.{claim}")


def _assignment_line(design: Design, evidence: Evidence) -> Line:
    how = {"random": "By lottery", "not random": "Not by lottery", "cutoff": "By a rule on a score", "none": "None"}
    treated, comparison = evidence.clusters or evidence.units
    word = evidence.cluster_word if evidence.clusters else evidence.unit_word
    groups = f"{plural(treated, word)} with the program and {comparison:,} without it analyzed"
    inside = f", {sum(evidence.units):,} {evidence.unit_word}s in them" if evidence.clusters else ""
    why = (
        "Whether the assignment was kept to is not judged here." if design == "randomized" else "Taken from the design."
    )
    return Line("Assignment", f"{how[evidence.assignment]}; {groups}{inside}", why)


def _attrition_line(
    design: Design, evidence: Evidence, given: Given, lost: Attrition | None
) -> tuple[Attrition | None, Line]:
    if design == "comparison":
        return lost, Line("Attrition", "Not asked", "Without a lottery the groups analyzed are what has to be alike.")
    why = ""
    if lost is None and evidence.randomized is not None:
        word = evidence.cluster_word if evidence.clusters else evidence.unit_word
        try:
            lost = attrition(
                randomized=evidence.randomized,
                analyzed=evidence.clusters or evidence.units,
                boundary=given.boundary,
                unit_word=word,
            )
        except InputError as wrong:
            why = f" The counts that the design gives do not fit together ({wrong.problems[0].what})."
    if lost is None and design == "cutoff":
        return None, Line("Attrition", "Not known", f"The standards for such designs ask for it too.{why}", "not known")
    if lost is None:
        return None, Line(
            "Attrition",
            "Not known",
            f"How many were assigned at the outset was not given: attrition cannot be judged and counts as high.{why}",
            "not known",
        )
    one = lost.losses[0]
    both = " and ".join(
        f"{_level(lost.low_under[b])} under the {b} boundary ({show(one.allowed[b], 'pct_points')} allowed)"
        for b in lost.low_under
    )
    levels = "; ".join(
        f"{show(x.overall, 'pct')} of {x.of}s, {show(x.differential, 'pct_points')} points apart" for x in lost.losses
    )
    finding = f"{levels}: {_level(lost.low)} ({lost.boundary})"
    return lost, Line("Attrition", finding, f"It is {both}.", "met" if lost.low else "not met", one.overall)


def _level(low: bool) -> str:
    return "low" if low else "high"


def _measured(evidence: Evidence) -> Baseline | None:
    return baseline(evidence.baseline) if len(evidence.baseline) else None


def _baseline_line(
    design: Design, low: bool, balance: Baseline | None, refused: str, yardstick: str
) -> tuple[bool, Line]:
    head = "Baseline equivalence"
    if balance is None:
        if design == "cutoff":
            return False, Line(head, "Asked at the cutoff only", "Those standards ask for it where attrition is high.")
        if low:
            return False, Line(head, "Not asked", f"{_up(fact('low_attrition').told())}.")
        why = "No measure from before the program was given, so it cannot be shown that the groups were alike."
        return False, Line(head, "Not known", why, "not known")
    size = f"{worst(balance)} apart"
    number = float(balance.table["value"].abs().max())
    if low:
        return balance.satisfied, Line(
            head, f"Not asked; {size}", f"{_up(fact('low_attrition').told())}.", "note", number
        )
    good = balance.verdict == "satisfied" or (balance.satisfied and not refused)
    refused = refused if balance.verdict == "satisfied with adjustment" else ""
    why = {
        "satisfied": f"{_up(fact('baseline_satisfied').told())}.",
        "satisfied with adjustment": f"{_up(fact('baseline_adjust').told())}. The estimate adjusts.",
        "not adjusted": f"{_up(fact('baseline_adjust').told())}. The estimate does not adjust for all of them.",
        "not satisfied": f"{_up(fact('baseline_adjust').told())}.",
        "not known": "At least one measure has no effect size, so it cannot be shown that the groups were alike.",
    }[balance.verdict]
    status: Status = "met" if good else "not known" if balance.verdict == "not known" else "not met"
    return good, Line(head, f"{_up(balance.verdict)}: {size}", why + refused + yardstick, status, number)


def _adjustment_line(estimate: Estimate, given: Given) -> tuple[str, list[Line]]:
    """Say what differencing counts for; the first text is why it does not count, if it does not."""
    rule, r = fact("prepost_rule"), given.correlation
    if estimate.design not in DIFFERENCED and r is None:
        return "", []
    if r is None:
        why = f"{_up(rule.told())}. The correlation was not given (correlation=), so this is not judged."
        return "", [Line("Adjustment by differencing", "Not known", why, "not known")]
    enough = r >= rule.value
    line = Line(
        "Adjustment by differencing",
        f"Correlation {r:.2f}: {'counts' if enough else 'does not count'}",
        f"{_up(rule.told())}.",
        "met" if enough else "not met",
        r,
    )
    return ("" if enough else " Differencing does not count as adjustment here."), [line]


def _confound_line(evidence: Evidence, given: Given) -> tuple[bool, Line]:
    named = [*evidence.confounds, *given.confounds]
    arms = evidence.clusters or evidence.units
    word = evidence.cluster_word if evidence.clusters else evidence.unit_word
    if 1 in arms:
        which = " and ".join(side for side, n in zip(("program", "comparison"), arms, strict=True) if n == 1)
        why = f"{_up(fact('one_unit').told())}: what is particular to it cannot be told from the program."
        return True, Line("Confounds", f"A single {word} in the {which} group", why, "not met")
    if named:
        return True, Line("Confounds", f"{_up(listing(named))}", f"{_up(fact('confound').told())}.", "not met")
    why = (
        "None was named, and each group has several units. Whether something else went with the program, readers judge."
    )
    return False, Line("Confounds", "None known", why, "met")


def _cluster_line(evidence: Evidence, given: Given) -> Line:
    head = "Clusters"
    if evidence.clusters is None:
        return Line(
            head, f"None: {evidence.unit_word}s are the units", "Errors are counted over the units that were compared."
        )
    m = sum(evidence.clusters)
    if evidence.inference_clustered:
        return Line(
            head,
            f"Errors allow for {plural(m, evidence.cluster_word)}",
            "Pupils of one cluster resemble each other.",
            "met",
        )
    if m < 4:
        why = "Two clusters in each group are the least that a correction can work with."
        return Line(head, "Errors ignore them, and they are too few to correct for", why, "not met")
    why = (
        f"The analysis took {evidence.unit_word}s as independent; t, p and the error below are corrected (Hedges 2007)."
    )
    return Line(head, f"Corrected with an intraclass correlation of {icc_of(given):.2f}", why, "note", icc_of(given))


def _cutoff_lines(design: Design, estimate: Estimate) -> list[Line]:
    if design != "cutoff":
        return []
    checks = " ".join(estimate.checks) or "The design gave none."
    return [Line("Checks at the cutoff", plural(len(estimate.checks), "check") + " by the design", checks)]


def effect_lines(estimate: Estimate, found: Sized, label: str) -> list[Line]:
    """Tell the size of one finding."""
    if math.isnan(found.value):
        return [Line("Effect size", "Not known", f"{_up(found.used)}.", "not known", outcome=label)]
    percent = f"{100 * estimate.level:g}% interval"
    between = span(found.low, found.high, "sd", sign=True)
    size = f"{show(found.value, 'sd', sign=True)} (error {show(found.se, 'sd')}; {percent} {between})"
    why = f"{_up(found.used)}."
    if not found.of_pupils:
        why += (
            " Schools differ less than pupils do, so this is no effect size in the WWC's sense: give sd= over pupils."
        )
    lines = [Line("Effect size", size, why, "note" if found.of_pupils else "not known", found.value, label)]
    if not found.of_pupils:
        needs = "It needs an effect size in standard deviations of pupils."
        return [*lines, Line("Improvement index", "Not given", needs, "not known", outcome=label)]
    index = f"{show(found.improvement, 'score', sign=True)} percentile points"
    return [
        *lines,
        Line("Improvement index", index, f"{_up(fact('improvement').told())}.", "note", found.improvement, label),
    ]


def rating_line(judged: Study, label: str = "") -> Line:
    """Rate a finding by what was judged; every branch says why."""
    rating, why = _rated(judged)
    status: Status = "met" if rating in (WITHOUT, WITH) else "not met" if rating == NOT else "note"
    return Line("Rating", rating, why, status, outcome=label)


def _rated(judged: Study) -> tuple[str, str]:
    if judged.design == "not told":
        return NOT_TOLD, "Give the estimates that were pooled, one by one."
    if judged.design == "no comparison":
        return NO_COMPARISON, f"{_up(fact('no_comparison').told())}."
    if judged.confounded:
        return NOT, "What else set the groups apart cannot be told from the program, whatever the rest looks like."
    if judged.design == "cutoff":
        return (
            OWN_STANDARDS,
            "Ask a reviewer for the regression discontinuity standards; the lines above help with them.",
        )
    if judged.low:
        return WITHOUT, "A lottery with low attrition and no known confound."
    kind = (
        "A lottery with high or unknown attrition is held to"
        if judged.design == "randomized"
        else "Without a lottery it takes"
    )
    if judged.balanced:
        return WITH, f"{kind} baseline equivalence, which is shown.{judged.provided}"
    return NOT, f"{kind} baseline equivalence, which is not shown."


def _up(text: str) -> str:
    return text[:1].upper() + text[1:]
