"""What is said of a jump at a cutoff: its checks with their numbers, and how far it reaches."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import t as student

from leadlib.designs.cutoffs.density import Density
from leadlib.designs.cutoffs.fits import Local, Rows
from leadlib.numbers import listing, plural, show, span

FEW_VALUES = 12
"""With fewer distinct scores on a side, a reader is told that the curve between them is a guess."""
DENSITY_LEVEL = 0.05
"""Below, the number of units is said to jump, and the claim goes down to a comparison."""
FALSE = "False cutoff"


def apart(one: Local, level: float) -> bool:
    """Say whether a jump lies further from zero than its interval reaches."""
    return abs(one.value) > float(student.ppf(1 - (1 - level) / 2, one.df)) * one.se


def checks(
    main: Local,
    base: list[tuple[str, Local, float]],
    crowd: Density | None,
    others: list[tuple[str, Local]],
    chosen: bool,
    word: str,
    level: float,
    unit: str,
) -> tuple[str, ...]:
    """Give one sentence a check: bandwidth, density, baseline measures, false cutoffs, other choices."""
    how = "chosen as the one with the least mean squared error" if chosen else "as given"
    said = [
        f"Bandwidth: {show(main.bandwidth, 'value')} to each side of the cutoff, {how}; within it lie"
        f" {plural(main.treated_n, word)} on the treated side and {main.comparison_n:,} on the other.",
        _crowd(crowd),
    ]
    if base:
        jumps = [m for m, one, _ in base if apart(one, level)]
        said.append(
            f"Baseline measures that jump at the cutoff by more than chance usually gives: {len(jumps)} of {len(base)}"
            + (f" ({listing(jumps)})." if jumps else ".")
        )
    false = [one for what, one in others if what.startswith(FALSE)]
    if false:
        seen = sum(apart(one, level) for one in false)
        said.append(f"False cutoffs with a jump beyond what chance usually gives: {seen} of {len(false)}.")
    same = [one for what, one in others if not what.startswith(FALSE)]
    if same:
        ends = min(one.value for one in same), max(one.value for one in same)
        said.append(
            f"Over {plural(len(same), 'other choice')} of bandwidth and donut the jump runs from"
            f" {span(*ends, unit, sign=True)}."
        )
    return tuple(said)


def _crowd(crowd: Density | None) -> str:
    if crowd is None:
        return "Whether the number of units jumps at the cutoff cannot be tested: too few distinct scores lie near it."
    than = "more" if crowd.doubt < DENSITY_LEVEL else "no more"
    counted = "" if math.isnan(crowd.nearest_p) else f"; of the nearest, {crowd.nearest[0]} and {crowd.nearest[1]}"
    return (
        f"The number of units jumps at the cutoff by {than} than chance usually gives (density"
        f" {show(crowd.left, 'value')} left and {show(crowd.right, 'value')} right of it{counted};"
        f" p = {crowd.doubt:.2f})."
    )


def limits(near: Rows, cutoff: float, moved: bool, score: str) -> tuple[str, ...]:
    """Say for whom the estimate speaks, and what weakens it."""
    said = [f"The estimate speaks for those whose {score} is near {cutoff:g}, not for those far from it."]
    if moved:
        said.append("More units than chance gives lie on one side of the cutoff: scores may have been moved across it.")
    values = min(len(np.unique(near.x[k])) for k in (near.treated, ~near.treated))
    if values < FEW_VALUES and len(np.unique(near.x)) < len(near.x) and near.clusters is None:
        said.append(
            f"The score takes only {values} distinct values near the cutoff on one side: the curve between them is a"
            " guess."
        )
    return tuple(said)
