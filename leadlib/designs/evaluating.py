"""One program, one outcome, one design: the frame each design needs, and the call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Assignment, Estimate, Look
from leadlib.designs.offers import EARLIER, NONE, Adjust, Menu, covariates_of
from leadlib.errors import InputError, nearest, refuse
from leadlib.measures.programs import Program
from leadlib.results import Missing, passes_missing

SECTION = "The estimate"
SCORE = "score"
Side = Literal["at or above", "above", "at or below", "below"]


@passes_missing
def evaluate(
    panel: pd.DataFrame,
    program: Program,
    *,
    design: str,
    adjust: Adjust = "nothing",
    cutoff: float | None = None,
    side: Side = "at or below",
    leave_out: Sequence[int] = (),
    controls: Literal["never", "not yet"] = "never",
    level: float = 0.95,
    seed: int = 1,
    look: Look = "estimate",
) -> Any:
    """See what a program did to an outcome, by the design that was planned.

    Parameters
    ----------
    panel : DataFrame
        From `measures.programs.panel`: one row a school and year.
    program : Program
        From `measures.programs.program`.
    design : str
        "compare", "did", "staggered", "series", "matched", "synthetic" or "rd" (as `menu` lists them).
    adjust : "nothing" or "needs"
        Whether to adjust for the schools' needs, as they were in the last year before the first start.
    cutoff, side
        For "rd": where the panel's `score` decided, and on which side of it the program is.
    leave_out : years
        Years not used.
    controls : "never" or "not yet"
        For "staggered": whether schools that begin later count as comparisons until they do.
    look : "estimate" or "power"
        "power" hides the estimate.

    Returns
    -------
    Estimate, Detectable, or Missing where the design refuses the data (its reason is the sentence)

    Notes
    -----
    "compare" sets each school's mean over the years from the start on against the other group's, adjusted for its mean
    over the years before, schools as units. "matched" does so after matching on need and that earlier mean.
    """
    if design == NONE:
        return Missing(SECTION, "these data allow no design; the table of designs says why.")
    if design not in _RUN:
        raise refuse(f"evaluate, design {design!r}", "is not one of them", nearest(design, _RUN))
    frame = panel[~panel["year"].isin(list(leave_out))]
    frame.attrs = dict(panel.attrs)
    covariates = list(covariates_of(program, design, adjust))
    more = {"level": level, "look": look, "label": panel.attrs["label"], "unit_of": panel.attrs["unit"]}
    own = {"seed": seed, "cutoff": cutoff, "side": side, "controls": controls}
    sd = panel.attrs["sd"]
    more |= {"sd": sd} if np.isfinite(sd) else {}
    if design in ("did", "staggered") and "cluster" in panel.attrs:
        more |= {"cluster": panel.attrs["cluster"], "cluster_word": "district"}
    try:
        made = _RUN[design](frame, program, covariates, own, more)
        return _with_outset(made, program)
    except InputError as error:
        return Missing(SECTION, "; ".join(f"{p.what} ({p.fix})" if p.fix else p.what for p in error.problems) + ".")


def ways(
    panel: pd.DataFrame, program: Program, menu: Menu, *, adjust: Adjust = "nothing", seed: int = 1, **cut: Any
) -> Any:
    """See whether the finding hangs on the design, on what is adjusted for, or on the last year of the data.

    Parameters
    ----------
    panel, program
        From `measures.programs`.
    menu : Menu
        The designs on offer; every allowed one is tried.
    adjust
        What the plan adjusts for: that way is marked, with the planned design and all years.
    cut
        `cutoff` and `side`, as for `evaluate`.

    Returns
    -------
    Specifications, or Missing where no way can be followed
    """
    from leadlib.designs.choices import specifications

    if not menu.allowed:
        return Missing("Every defensible choice", "these data allow no design.")
    last = int(panel["year"].max())
    choices = {"design": menu.allowed, "adjust": ("nothing", "needs"), "leave_out": ((), (last,))}
    labels = {"design": "design", "adjust": "adjusted for", "leave_out": "year left out", "controls": "compared with"}
    planned = {"design": menu.chosen, "adjust": adjust, "leave_out": ()}
    if "staggered" in menu.allowed:
        choices |= {"controls": ("never", "not yet")}
        planned |= {"controls": "never"}
    try:
        return specifications(
            lambda **way: evaluate(panel, program, seed=seed, **cut, **way),
            choices=choices,
            preferred=planned,
            labels=labels,
            titles={"staggered": "staggered start", "did": "two groups over time", "compare": "after the lottery"}
            | {"series": "own trends", "matched": "matched schools", "synthetic": "synthetic control"},
        )
    except InputError as error:
        return Missing("Every defensible choice", error.problems[0].what + ".")


def doubts(estimate: Any) -> Any:
    """See how far the estimate stands up if the groups would not have moved alike; made for event studies.

    Returns
    -------
    Result, or Missing where the design has no years before the start to go by
    """
    if isinstance(estimate, Missing):
        return estimate
    if estimate.design not in ("did", "staggered"):
        return Missing("Sensitivity to trends", "this design does not rest on the groups moving alike.")
    from leadlib.designs.differences import sensitivity

    try:
        return sensitivity(estimate)
    except InputError as error:
        return Missing("Sensitivity to trends", error.problems[0].what + ".")


def _with_outset(made: Any, program: Program) -> Any:
    """Add how many schools a lottery began with, which the pack knows and a design does not."""
    if not (program.lottery and isinstance(made, Estimate)) or made.evidence.randomized:
        return made
    return replace(made, evidence=replace(made.evidence, randomized=_randomized(program)))


def _first(panel: pd.DataFrame) -> int:
    return int(panel["first_year"].min())


def schools(panel: pd.DataFrame, covariates: Sequence[str] = ()) -> pd.DataFrame:
    """Give one row a school: its mean outcome from the first start on, the one before it, `treated`, needs before.

    A school without a value on either side has none there; needs are those of the last year before the first start.
    """
    outcome, first = str(panel.attrs["outcome"]), _first(panel)
    later = panel["year"] >= first
    after = panel[later].groupby("school_id")[outcome].mean()
    before = panel[~later].groupby("school_id")[outcome].mean().rename(EARLIER)
    about = panel.groupby("school_id")[["first_year", "school_level"]].first()
    wanted = [c for c in covariates if c != EARLIER]
    needs = panel[~later].sort_values("year").groupby("school_id")[wanted].last()
    frame = pd.concat([about, after, before, needs], axis=1)
    frame["treated"] = frame["first_year"].notna().astype(float)
    return frame.reset_index()


def _assignment(program: Program) -> Assignment:
    return "random" if program.lottery else "not random"


def _compare(panel: pd.DataFrame, program: Program, covariates: list[str], own: Any, more: dict[str, Any]) -> Any:
    from leadlib.designs.comparing import compare

    return compare(
        schools(panel, covariates),
        outcome=str(panel.attrs["outcome"]),
        group="treated",
        covariates=covariates,
        baseline=covariates,
        assignment="random" if program.lottery else "not random",
        who="schools with the program",
        whom="schools without it",
        unit_word="school",
        **more,
    )


def _randomized(program: Program) -> tuple[int, int]:
    """Count the schools at the outset: all that could have had it, as the pack lists them."""
    treated = int(program.starts["first_year"].notna().sum())
    return treated, len(program.starts) - treated


_PANEL: dict[str, Any] = {"unit": "school_id", "time": "year"}


def _did(panel: pd.DataFrame, program: Program, covariates: list[str], own: Any, more: dict[str, Any]) -> Any:
    from leadlib.designs.differences import did

    return did(
        _with_needs_before(panel, covariates),
        outcome=str(panel.attrs["outcome"]),
        first_treated="first_year",
        covariates=covariates,
        assignment=_assignment(program),
        **_PANEL,
        **more,
    )


def _staggered(panel: pd.DataFrame, program: Program, covariates: list[str], own: Any, more: dict[str, Any]) -> Any:
    from leadlib.designs.differences import staggered

    return staggered(
        _with_needs_before(panel, covariates),
        outcome=str(panel.attrs["outcome"]),
        first_treated="first_year",
        covariates=covariates,
        assignment=_assignment(program),
        seed=own["seed"],
        controls=own["controls"],
        **_PANEL,
        **more,
    )


def _with_needs_before(panel: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Give the panel with each school's needs as they were just before the first start, the same in all its years."""
    if not covariates:
        return panel
    early = panel[panel["year"] < _first(panel)].sort_values("year").groupby("school_id")[list(covariates)].last()
    return panel.drop(columns=list(covariates)).merge(early, left_on="school_id", right_index=True, how="left")


def _series(panel: pd.DataFrame, program: Program, covariates: list[str], own: Any, more: dict[str, Any]) -> Any:
    from leadlib.designs.interrupted import series

    frame = panel.assign(treated=panel["first_year"].notna().astype(float))
    return series(frame, outcome=str(panel.attrs["outcome"]), treated="treated", start=_first(panel), **_PANEL, **more)


def _matched(panel: pd.DataFrame, program: Program, covariates: list[str], own: Any, more: dict[str, Any]) -> Any:
    from leadlib.designs.matching import matched

    return matched(
        schools(panel, covariates),
        outcome=str(panel.attrs["outcome"]),
        treated="treated",
        covariates=covariates,
        unit="school_id",
        **more,
    )


def _synthetic(panel: pd.DataFrame, program: Program, covariates: list[str], own: Any, more: dict[str, Any]) -> Any:
    from leadlib.designs.donors import synthetic

    frame = panel.assign(treated=panel["first_year"].notna().astype(float))
    return synthetic(
        frame, outcome=str(panel.attrs["outcome"]), treated="treated", start=_first(panel), **_PANEL, **more
    )


def _rd(panel: pd.DataFrame, program: Program, covariates: list[str], own: Any, more: dict[str, Any]) -> Any:
    from leadlib.designs.cutoffs import rd

    if own["cutoff"] is None or SCORE not in panel:
        raise refuse("evaluate, rd", "the score or its cut is not given", "name the score when the panel is made")
    outcome = str(panel.attrs["outcome"])
    frame = schools(panel, [SCORE])
    return rd(frame, outcome=outcome, score=SCORE, cutoff=own["cutoff"], side=own["side"], treated="treated", **more)


_RUN: dict[str, Callable[..., Any]] = {
    "compare": _compare,
    "did": _did,
    "staggered": _staggered,
    "series": _series,
    "matched": _matched,
    "synthetic": _synthetic,
    "rd": _rd,
}
