"""What every design hands on: one estimate with its interval, power and evidence, and the words its design allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
from scipy.stats import t as student

from leadlib.blocks import Block, Prose, Stack
from leadlib.numbers import phrase, plural, span
from leadlib.results import RESULT_COLUMNS, Claim, Result, long_table

Look = Literal["estimate", "power"]
Assignment = Literal["random", "not random", "cutoff", "none"]
SMALL_SD, LARGE_SD = 0.05, 0.20
"""Kraft (2020): effects under 0.05 SD are small, from 0.20 SD on large."""
POWER = 0.80
FEW_DF = 10
BASELINE = ("measure", "treated_mean", "comparison_mean", "sd", "treated_n", "comparison_n", "adjusted")


@dataclass(frozen=True)
class Wording:
    """How an estimate is told: who is compared with whom, and what has to hold for the difference to be an effect."""

    who: str = "the treated group"
    whom: str = "the comparison group"
    provided: str = "nothing else set the two groups apart"


@dataclass(frozen=True)
class Evidence:
    """What the design knows about how its estimate came about, for a card that grades it.

    Attributes
    ----------
    assignment
        "random" (a lottery), "cutoff" (a rule on a score), "not random", or "none" (nothing was assigned).
    units, clusters
        Counts analyzed: treated, comparison. `clusters` are what was assigned and is None where units were.
    cluster_word, unit_word
        What they are, as in "school".
    baseline
        One row a baseline measure: columns `measure, treated_mean, comparison_mean, sd, treated_n, comparison_n,
        adjusted` (whether the estimate adjusts for it). Empty where none was given.
    randomized
        Units or clusters at the outset (treated, comparison), for attrition; None where it is not known.
    adjusted
        What the estimate adjusts for.
    inference_clustered
        Whether the errors allow for clusters.
    confounds
        What else was always there for one group and never for the other, in words.
    rates
        For a yes or no: shares from 0 to 1 (treated, comparison), adjusted as the estimate is.
    pupils, sites
        How many pupils and sites stand behind it, where units are something else.
    """

    assignment: Assignment = "not random"
    units: tuple[int, int] = (0, 0)
    clusters: tuple[int, int] | None = None
    unit_word: str = "school"
    cluster_word: str = "school"
    baseline: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(BASELINE)))
    randomized: tuple[int, int] | None = None
    adjusted: tuple[str, ...] = ()
    inference_clustered: bool = True
    confounds: tuple[str, ...] = ()
    rates: tuple[float, float] | None = None
    pupils: int | None = None
    sites: int | None = None


@dataclass(frozen=True, repr=False)
class Detectable(Result):
    """What a design could find, told before its estimate is looked at."""

    mdes: float = math.nan
    mdes_sd: float = math.nan


@dataclass(frozen=True, repr=False)
class Estimate(Result):
    """One estimated quantity and all that is needed to weigh it.

    `value, se, df, low, high, p` are in the outcome's unit (`unit`); `sd` is the standard deviation that turns them
    into effect sizes and `sd_of` says whose it is (such as "pupils" or "schools"). `mdes` is the effect that such a
    study finds with 80% power. `evidence` is for the WWC card, `asked` for the pre-analysis lock: what was run.
    """

    design: str = ""
    outcome: str = ""
    unit: str = "value"
    value: float = math.nan
    se: float = math.nan
    df: float = math.inf
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    level: float = 0.95
    sd: float = math.nan
    sd_of: str = ""
    evidence: Evidence = field(default_factory=Evidence)
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mdes(self) -> float:
        """The effect, in the outcome's unit, that a study with this standard error finds four times in five."""
        return detectable(self.se, self.df, self.level)

    @property
    def mdes_sd(self) -> float:
        """The same in standard deviations."""
        return self.mdes / self.sd if self.sd > 0 else math.nan

    def block(self) -> Block:
        """Give the table, the sentences, and what they rest on."""
        said = Prose(tuple(self.text.split("\n")))
        rests = (*self.assumptions, *self.checks, *self.limits)
        return Stack((long_table(self, signed=False), said, *([Prose(rests, "note", bullets=True)] if rests else [])))


def detectable(se: float, df: float, level: float = 0.95, power: float = POWER) -> float:
    """Give the effect found with this power in a two-sided test: (t(1 - alpha/2) + t(power)) standard errors."""
    return float((student.ppf(1 - (1 - level) / 2, df) + student.ppf(power, df)) * se)


def interval(value: float, se: float, df: float, level: float) -> tuple[float, float]:
    """Give the two-sided t interval."""
    half = float(student.ppf(1 - (1 - level) / 2, df)) * se
    return value - half, value + half


def p_value(value: float, se: float, df: float) -> float:
    """Give the two-sided p-value of a t test against zero."""
    return float(2 * student.sf(abs(value / se), df)) if se > 0 else math.nan


def finish(
    *,
    id: str,
    title: str,
    design: str,
    outcome: str,
    label: str,
    unit: str,
    value: float,
    se: float,
    df: float,
    evidence: Evidence,
    wording: Wording,
    asked: Mapping[str, Any],
    claim: Claim = "estimate",
    low: float | None = None,
    high: float | None = None,
    p: float | None = None,
    level: float = 0.95,
    look: Look = "estimate",
    sd: float = math.nan,
    sd_of: str = "",
    rows: tuple[tuple[Any, ...], ...] = (),
    assumptions: tuple[str, ...] = (),
    checks: tuple[str, ...] = (),
    limits: tuple[str, ...] = (),
    note: str = "",
    frame: pd.DataFrame | None = None,
    kind: type[Estimate] = Estimate,
    **more: Any,
) -> Any:
    """Make the result of a design: the table, hedged words, the interval, and how small an effect it could find.

    Parameters
    ----------
    look
        "power" gives what the design could detect and nothing else: standard errors are computed, the estimate stays
        hidden. So a reader can decide beforehand whether the study is worth reading.
    rows
        Further rows of the table, as tuples of `measure, group, value, low, high, n, unit`, after the headline row.
    low, high, p
        Where the design has its own (randomization inference, placebos); else from the t distribution.
    kind, more
        A subclass of Estimate, and what it needs beyond.

    Returns
    -------
    Estimate, or Detectable where `look` is "power"
    """
    n = sum(evidence.units)
    if look == "power":
        return _power_only(id, label, unit, se, df, level, sd, sd_of, n, limits, assumptions)
    own = interval(value, se, df, level)
    low, high = own[0] if low is None else low, own[1] if high is None else high
    head = (label, _pair(wording), value, low, high, n, unit)
    table = pd.DataFrame([head, *rows], columns=list(RESULT_COLUMNS))
    text = told(label, wording, claim, value, low, high, unit, detectable(se, df, level), sd, level)
    return kind(
        id=id,
        title=title,
        table=table,
        text=text,
        claim=claim,
        assumptions=assumptions,
        checks=checks,
        limits=(*limits, *_small(evidence, df)),
        note=note,
        frame=pd.DataFrame() if frame is None else frame,
        interval_label=f"{100 * level:g}% interval",
        design=design,
        outcome=outcome,
        unit=unit,
        value=value,
        se=se,
        df=df,
        low=low,
        high=high,
        p=p_value(value, se, df) if p is None else p,
        level=level,
        sd=sd,
        sd_of=sd_of,
        evidence=evidence,
        asked={"design": design, "outcome": outcome, "level": level, **asked},
        **more,
    )


def _pair(wording: Wording) -> str:
    return f"{wording.who[:1].upper()}{wording.who[1:]} minus {wording.whom}"


def told(
    label: str,
    wording: Wording,
    claim: Claim,
    value: float,
    low: float,
    high: float,
    unit: str,
    mdes: float,
    sd: float,
    level: float,
) -> str:
    """Say what an estimate says, no further than its design reaches; never that there was no effect."""
    between = f"{100 * level:g}% interval {span(low, high, unit, sign=True)}"
    if low <= 0 <= high:
        apart = f"{wording.who} from {wording.whom}" if claim != "estimate" else "an effect from none"
        first = f"{label}: the data do not tell {apart} ({phrase(value, unit, sign=True)}, {between})."
        return f"{first}\n{_missed(low, high, unit, mdes, sd)}"
    side = ("higher", "an increase") if value > 0 else ("lower", "a decrease")
    if claim == "estimate":
        return (
            f"{label}: the data are consistent with {side[1]} of {phrase(abs(value), unit)} ({between}), provided that"
            f" {wording.provided}."
        )
    return (
        f"{label}: {phrase(abs(value), unit)} {side[0]} for {wording.who} than for {wording.whom} ({between}). That"
        " alone does not say what made the difference."
    )


def _missed(low: float, high: float, unit: str, mdes: float, sd: float) -> str:
    """Say what an interval with zero in it leaves open."""
    most = max(abs(low), abs(high))
    if sd > 0 and most <= SMALL_SD * sd:
        return f"Effects larger than {phrase(most, unit)} either way do not fit the data; smaller ones may be there."
    size = phrase(mdes, unit) + (f" ({phrase(mdes / sd, 'sd')})" if sd > 0 and unit != "sd" else "")
    if sd > 0 and mdes <= LARGE_SD * sd:
        return f"Effects of {size} or more would be found four times in five; smaller ones may exist."
    return (
        f"Such a study finds an effect of {size} or more four times in five and mostly misses smaller ones: that it"
        " does not see one is no sign that there is none."
    )


def _small(evidence: Evidence, df: float) -> tuple[str, ...]:
    if df >= FEW_DF:
        return ()
    counted = evidence.clusters or evidence.units
    word = evidence.cluster_word if evidence.clusters else evidence.unit_word
    return (
        f"The sample is small: the interval stands on {plural(sum(counted), word)} and {df:.1f} degrees of freedom, and"
        " leans on values being about normally distributed.",
    )


def _power_only(
    id: str,
    label: str,
    unit: str,
    se: float,
    df: float,
    level: float,
    sd: float,
    sd_of: str,
    n: int,
    limits: tuple[str, ...],
    assumptions: tuple[str, ...],
) -> Detectable:
    mdes = detectable(se, df, level)
    in_sd = mdes / sd if sd > 0 else math.nan
    rows = [(label, "Smallest effect found four times in five", mdes, math.nan, math.nan, n, unit)]
    if sd > 0 and unit != "sd":
        rows.append(
            (label, f"The same, in standard deviations of {sd_of or 'units'}", in_sd, math.nan, math.nan, n, "sd")
        )
    size = phrase(mdes, unit) + (f" ({phrase(in_sd, 'sd')})" if sd > 0 and unit != "sd" else "")
    large = in_sd if unit != "sd" else mdes
    verdict = (
        "Few programs in schools have effects that large: expect this study to say little."
        if large >= LARGE_SD
        else "That is within the range that programs in schools have reached."
        if large > 0
        else "Compare that with what programs of this kind have reached."
    )
    return Detectable(
        id=f"{id}-power",
        title="What this study could find, before its estimate is looked at",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=f"{label}: this study finds an effect of {size} or more four times in five. {verdict}",
        claim="describe",
        assumptions=assumptions,
        limits=limits,
        note="The standard error behind it is the study's own; the estimate was not shown.",
        mdes=mdes,
        mdes_sd=in_sd,
    )
