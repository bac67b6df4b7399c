"""The evidence card: one estimate, or several of one domain, against the standards line by line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.designs.estimates import Detectable, Estimate
from leadlib.designs.wwc.balance import Baseline
from leadlib.designs.wwc.clusters import Kind
from leadlib.designs.wwc.criteria import (
    NO_COMPARISON,
    NOT,
    NOT_TOLD,
    OWN_STANDARDS,
    WITH,
    WITHOUT,
    Line,
    effect_lines,
    rating_line,
    study,
)
from leadlib.designs.wwc.facts import fact, tiers
from leadlib.designs.wwc.findings import Favors, Given, sized
from leadlib.designs.wwc.losses import BOUNDARIES, Attrition, Boundary
from leadlib.designs.wwc.verdicts import Judged, asks, chance_line, tier_of, together, told
from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import significant
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

ORDER = (WITHOUT, WITH, OWN_STANDARDS, NOT_TOLD, NO_COMPARISON, NOT)
FRAME = (
    "outcome", "kind", "effect_size", "se", "low", "high", "p", "limit", "stands_out", "favorable", "improvement",
    "of_pupils", "rating", "tier",
)  # fmt: skip
NOT_JUDGED = (
    "Not judged here: whether the outcome is valid, reliable and not taught to by the program; whether it was collected"
    " alike in both groups; whether units joined later; whether a lottery was kept to.",
    "A card says what a review is likely to find. It is not a review by the What Works Clearinghouse.",
)


@dataclass(frozen=True, repr=False)
class Card(Result):
    """A graded study. `lines` are what the table shows; `frame` has one row a finding.

    `rating` is the finding's rating (the lowest where several differ), `tier` its tier of evidence under the Every
    Student Succeeds Act, None where it reaches none of the first three.
    """

    lines: tuple[Line, ...] = ()
    rating: str = ""
    tier: int | None = None
    attrition: Attrition | None = None
    baseline: Baseline | None = None

    def line(self, criterion: str) -> Line:
        """Give the first line on a criterion, as in `card.line("Attrition")`."""
        found = [line for line in self.lines if line.criterion == criterion]
        if not found:
            raise refuse(
                f"card, line {criterion!r}", "is not on it", nearest(criterion, [x.criterion for x in self.lines])
            )
        return found[0]

    def block(self) -> Block:
        """Give the table of criteria, the verdict in words, and what was not judged."""
        return Stack((_shown(self), Prose(tuple(self.text.split("\n"))), Prose(self.limits, "note", bullets=True)))


def _shown(card: Card) -> Table:
    many = len(card.frame) > 1
    columns = [
        Column("criterion", "Criterion", "left"),
        Column("finding", "Finding", "left"),
        Column("why", "Why", "left"),
    ]
    cells, values = [], []
    for line in card.lines:
        name = f"{line.criterion}: {line.outcome}" if many and line.outcome else line.criterion
        number = significant(line.number)
        cells.append((name, line.finding, line.why))
        values.append((name, line.finding if number is None else number, line.status))
    mark = tuple(k for k, line in enumerate(card.lines) if line.criterion in ("Rating", "ESSA tier"))
    return Table(card.id, card.title, tuple(columns), tuple(cells), tuple(values), card.note, mark)


@passes_missing
def card(
    estimate: Estimate | Sequence[Estimate],
    *,
    attrition: Attrition | None = None,
    baseline: Baseline | None = None,
    boundary: Boundary = "cautious",
    confounds: Sequence[str] = (),
    rates: Any = None,
    sd: float | None = None,
    icc: float | None = None,
    kind: Kind = "achievement",
    correlation: float | None = None,
    favors: Favors = "higher",
    pupils: int | None = None,
    sites: int | None = None,
    q: float = 0.05,
) -> Card | Missing:
    """See how a reviewer would grade a finding, criterion by criterion, each with its reason.

    Parameters
    ----------
    estimate : Estimate or sequence of Estimate
        What any design gave. Several are taken as the outcomes of one domain: their p-values are then judged together.
    attrition, baseline : optional
        What `wwc.attrition` and `wwc.baseline` gave; else they are made from what the design knows. Where that is not
        known the card says so and takes attrition as high, equivalence as not shown.
    boundary : {"cautious", "optimistic"}
        For attrition made here.
    confounds : sequence of str
        What else was always there for one group and never for the other.
    rates : pair, or a mapping from outcome to pair, optional
        For a yes or no: shares from 0 to 1 (treated, comparison), adjusted as the estimate is. Gives the Cox index.
    sd : float, optional
        Standard deviation of the outcome over pupils, where the design knows only that over schools.
    icc, kind : float, {"achievement", "other"}
        Intraclass correlation for clusters, or which of the WWC's defaults to take.
    correlation : float, optional
        Of pretest and posttest, for designs that adjust by differencing.
    favors : {"higher", "lower"}
        Which direction of the outcome is good: lower for absence.
    pupils, sites : int, optional
        How many stand behind the finding, where the design does not know.
    q : float
        Of Benjamini and Hochberg's procedure, and the limit for a single p-value.

    Returns
    -------
    Card
        Table: a row a finding with its effect size, and one with the improvement index where there is one. `frame`: a
        row a finding with `outcome, kind, effect_size, se, low, high, p, limit, stands_out, favorable, improvement,
        of_pupils, rating, tier`. `lines`: what the page shows.

    Raises
    ------
    InputError
        Something that is no estimate, or one whose size was not looked at (`look="power"`).

    Notes
    -----
    WWC Standards and Procedures Handbooks 4.1 and Handbook 5.0; ESSA section 8101(21)(A). Every fact with its source
    stands in JSON files beside this module. The effect size's interval is the design's own, put into standard
    deviations.
    """
    given = Given(boundary, tuple(confounds), rates, sd, icc, kind, correlation, favors, pupils, sites, q)
    found = _checked(estimate, given)
    studies = [study(one, given, attrition, baseline) for one in found]
    sizes = [sized(one, given) for one in found]
    labels = _labels(found)
    judged = [Judged(*row) for row in zip(found, labels, studies, sizes, strict=True)]
    rows = _frame(judged, given)
    lines = _lines(judged, rows, given)
    rating = max(rows["rating"], key=ORDER.index)
    reached = [int(t) for t in rows["tier"] if not pd.isna(t)]
    return Card(
        id="wwc-card",
        title=f"Evidence card: {', '.join(labels)}",
        table=_table(judged),
        text=told(judged, rows, rating, min(reached) if reached else None),
        claim="compare" if any(one.claim != "estimate" for one in found) else "estimate",
        limits=NOT_JUDGED,
        note="Standards of the What Works Clearinghouse, versions 4.1 and 5.0.",
        frame=rows,
        interval_label=f"{100 * found[0].level:g}% interval",
        lines=tuple(lines),
        rating=rating,
        tier=min(reached) if reached else None,
        attrition=studies[0].lost,
        baseline=studies[0].balance,
    )


def _checked(estimate: Any, given: Given) -> list[Estimate]:
    found = list(estimate) if isinstance(estimate, (list, tuple)) else [estimate]
    problems = [] if found else [Problem("card", "is given no estimate", "give what a design returned")]
    for k, one in enumerate(found):
        where = "card" if len(found) == 1 else f"card, estimate {k + 1}"
        if isinstance(one, Detectable):
            problems.append(
                Problem(where, "holds only what the study could find", 'run the design with look="estimate"')
            )
        elif not isinstance(one, Estimate):
            problems.append(Problem(where, f"is no estimate ({type(one).__name__})", "give what a design returned"))
    for name, value, options in (
        ("boundary", given.boundary, BOUNDARIES),
        ("kind", given.kind, tuple(fact("default_icc").value)),
        ("favors", given.favors, ("higher", "lower")),
    ):
        if value not in options:
            problems.append(Problem(f"card, {name} {value!r}", "is not one of them", nearest(value, options)))
    if problems:
        raise InputError(problems)
    return found


def _labels(found: list[Estimate]) -> list[str]:
    names = [str(one.table["measure"].iloc[0]) for one in found]
    return [f"{name} ({k + 1})" if names.count(name) > 1 else name for k, name in enumerate(names)]


def _frame(judged: list[Judged], given: Given) -> pd.DataFrame:
    several = together([one.size.p for one in judged], given.q)
    good = [(one.estimate.value > 0) == (given.favors == "higher") for one in judged]
    against = any(kept and not fine for (kept, _), fine in zip(several, good, strict=True))
    rows = []
    for one, (kept, limit), fine in zip(judged, several, good, strict=True):
        rating = rating_line(one.study).finding
        tier = tier_of(one, given, rating, kept and fine, against)[0]
        size = one.size
        measured = (size.kind, size.value, size.se, size.low, size.high, size.p)
        rows.append((one.label, *measured, limit, kept, fine, size.improvement, size.of_pupils, rating, tier))
    frame = pd.DataFrame(rows, columns=list(FRAME))
    frame["tier"] = frame["tier"].astype("Int64")
    return frame


def _lines(judged: list[Judged], rows: pd.DataFrame, given: Given) -> list[Line]:
    lines = _shared([one.study.lines for one in judged], [one.label for one in judged])
    for k, one in enumerate(judged):
        lines += effect_lines(one.estimate, one.size, one.label)
        lines.append(chance_line(rows.iloc[k], len(judged), given))
    ratings: list[tuple[Line, ...]] = [(rating_line(one.study),) for one in judged]
    lines += _shared(ratings, [one.label for one in judged])
    against = bool((rows["stands_out"] & ~rows["favorable"]).any())
    for k, one in enumerate(judged):
        good = bool(rows["stands_out"].iloc[k] and rows["favorable"].iloc[k])
        tier, why = tier_of(one, given, rows["rating"].iloc[k], good, against)
        four = "" if tier else f" Tier 4 asks for {asks(4)}."
        shown = f"Tier {tier}: {tiers()[tier - 1].name}" if tier else "None of tiers 1 to 3"
        status = "met" if tier else "not met"
        lines.append(Line("ESSA tier", shown, why + four, status, float(tier or math.nan), one.label))  # type: ignore[arg-type]
    return lines


def _shared(groups: list[tuple[Line, ...]], labels: list[str]) -> list[Line]:
    """Give lines once where all findings share them, else once a finding."""
    if all(group == groups[0] for group in groups):
        return list(groups[0])
    names = list(dict.fromkeys(line.criterion for group in groups for line in group))
    found: list[Line] = []
    for name in names:
        own = [[line for line in group if line.criterion == name] for group in groups]
        if all(lines == own[0] for lines in own):
            found += own[0]
        else:
            found += [replace(line, outcome=label) for lines, label in zip(own, labels, strict=True) for line in lines]
    return found


def _table(judged: list[Judged]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for one in judged:
        n, size = sum(one.estimate.evidence.units), one.size
        rows.append((one.label, f"Effect size ({size.kind})", size.value, size.low, size.high, n, "sd"))
        if size.of_pupils:
            rows.append((one.label, "Improvement index", size.improvement, math.nan, math.nan, n, "score"))
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
