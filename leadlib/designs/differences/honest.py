"""How much of a finding is left if trends were not parallel."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.differences.bounds import Path, Smooth, relative
from leadlib.designs.differences.events import EventStudy
from leadlib.designs.differences.reading import year_text
from leadlib.errors import nearest, refuse
from leadlib.numbers import phrase, show
from leadlib.results import RESULT_COLUMNS, Result, passes_missing

WHERE = "sensitivity"
Rule = Literal["relative", "smooth"]
Ends = Callable[[float], tuple[float, float, float, float]]
GRID = (0.0, 0.5, 1.0, 1.5, 2.0)
FRAME = ("m", "low", "high", "range_low", "range_high")
_FAR = 1e4


@dataclass(frozen=True, repr=False)
class Sensitivity(Result):
    """Intervals by how far trends may have strayed.

    `breakdown` is the first m (a multiple, or a bend a year in the outcome's unit) at which the interval holds zero: 0
    where it does at 0, infinite where it never does. `frame`: one row an m: `m, low, high`, and the range that straying
    alone leaves without sampling error, `range_low, range_high`.
    """

    rule: Rule = "relative"
    breakdown: float = math.nan
    unit: str = "value"


@passes_missing
def sensitivity(
    estimate: EventStudy,
    *,
    rule: Rule = "relative",
    grid: Sequence[float] | None = None,
    at: Literal["average", "first"] | float = "average",
    level: float | None = None,
) -> Sensitivity:
    """See how far trends may have strayed from parallel before a finding is gone.

    Parameters
    ----------
    estimate : EventStudy
        What `did` or `staggered` gives, with at least two years before the start.
    rule : {"relative", "smooth"}
        "relative": a year after the start, the gap strayed at most m times as much as in its worst year before.
        "smooth": the gap would have gone on drifting as before, its drift bending by at most m a year.
    grid : sequence of numbers, optional
        The values of m. Left out: 0, 0.5, 1, 1.5 and 2, for "smooth" times the largest bend seen before the start.
    at : {"average", "first"} or number
        The effect asked about: the mean over the years from the start on, each counting alike, the first treated year,
        or a certain year since the start. It is set against the last year before the start.

    Returns
    -------
    Sensitivity

    Raises
    ------
    InputError
        For an estimate without years before the start to judge by, a rule or year that is not there, a grid with
        negative values.

    Notes
    -----
    Rambachan and Roth (2023): Delta RM and Delta SD. "smooth" gives their fixed-length intervals (R:
    HonestDiD::createSensitivityResults), "relative" a union of intervals, somewhat wider than their hybrid ones (R:
    createSensitivityResults_relativeMagnitudes; by up to 15% in their example). Quantiles are of t with the least
    degrees of freedom of the path.
    """
    path = _asked(estimate, at, level, rule)
    ends, usual = _rule(path, rule)
    values = tuple(float(m) for m in (usual if grid is None else grid))
    if not values or min(values) < 0 or not np.isfinite(values).all():
        raise refuse(f"{WHERE}, grid", "holds a negative number, or none", "give multiples from 0 on")
    rows = [(m, *ends(m)) for m in values]
    frame = pd.DataFrame(rows, columns=list(FRAME))
    limit = _breakdown(ends)
    name = str(estimate.table["measure"].iloc[0])
    n = int(estimate.table["n"].iloc[0])
    table = pd.DataFrame(
        [
            (name, _named(rule, m, estimate.unit), (a + b) / 2, low, high, n, estimate.unit)
            for m, low, high, a, b in rows
        ],
        columns=list(RESULT_COLUMNS),
    )
    return Sensitivity(
        id=f"sensitivity-{rule}-{estimate.outcome}",
        title=f"{name}: what is left if trends were not parallel",
        table=table,
        text=_told(name, rule, limit, estimate.unit, ends(0.0)),
        claim=estimate.claim,
        assumptions=(_ASSUMED[rule], "The path's errors are about normally distributed."),
        checks=(_seen(path, rule, estimate.unit),),
        limits=("How far trends may have strayed after the start cannot be read from the data: it is a judgment.",),
        note=f"The effect is {_which(at)}, against the last year before the start.",
        frame=frame,
        interval_label=f"{100 * path.level:g}% interval",
        rule=rule,
        breakdown=limit,
        unit=estimate.unit,
    )


_WHICH = {"average": "the mean over the years from the start on", "first": "that of the first treated year"}


def _which(at: str | float) -> str:
    return _WHICH[at] if isinstance(at, str) else f"that {year_text(at)} years after the first"


_ASSUMED = {
    "relative": "A year after the start, the gap strayed at most m times as much as in the worst year before.",
    "smooth": "Without the program, the gap would have drifted on as before the start, bending by at most m a year.",
}


def _asked(estimate: Any, at: Any, level: float | None, rule: Any) -> Path:
    """Read the path and what is asked about; refuse what has none."""
    if not isinstance(estimate, EventStudy):
        raise refuse(WHERE, "is not given a difference in differences", "give what did or staggered returns")
    if rule not in _ASSUMED:
        raise refuse(f"{WHERE}, rule {rule!r}", "is not one of the choices", nearest(rule, _ASSUMED))
    if estimate.pretrend is None:
        raise refuse(
            WHERE,
            "the path has no two years before the start that are set against the same year",
            'give earlier years (and staggered base="fixed"): what came before is the measure of what may come after',
        )
    own = estimate.events[~estimate.events["base"]]
    events = own["event"].to_numpy(float)
    base = float(estimate.events.loc[estimate.events["base"], "event"].iloc[0])
    after = events >= 0
    chosen = {"average": after, "first": events == events[after].min()}.get(at) if isinstance(at, str) else events == at
    if chosen is None or not (chosen & after).any():
        there = ["average", "first", *(year_text(e) for e in events[after])]
        raise refuse(f"{WHERE}, at {at!r}", "is not a year from the start on", nearest(at, there))
    used = (events < base) | chosen
    weights = (chosen / chosen.sum())[used]
    cov = estimate.covariance.to_numpy(float)[np.ix_(used, used)]
    free = float(own["df"].to_numpy(float)[used].min())
    return Path(
        events[used],
        own["value"].to_numpy(float)[used],
        cov,
        base,
        weights,
        free,
        estimate.level if level is None else level,
    )


def _rule(path: Path, rule: str) -> tuple[Ends, list[float]]:
    if rule == "relative":
        return lambda m: relative(path, m), list(GRID)
    smooth = Smooth(path)
    bend = smooth.largest_bend()
    size = bend if np.isfinite(bend) and bend > 0 else float(np.sqrt(path.weights @ path.cov @ path.weights))
    return smooth.at, [m * size for m in GRID]


def _breakdown(ends: Ends) -> float:
    """Give the first m at which the interval holds zero, by doubling and bisection."""
    low, high, *_ = ends(0.0)
    if low <= 0 <= high:
        return 0.0
    size = max(abs(low), abs(high))
    least, most = 0.0, 1e-3 * size
    while not _holds_zero(ends(most)):
        least, most = most, 2 * most
        if most > _FAR * max(size, 1.0):
            return math.inf
    for _ in range(60):
        middle = (least + most) / 2
        least, most = (least, middle) if _holds_zero(ends(middle)) else (middle, most)
    return most


def _holds_zero(ends: tuple[float, float, float, float]) -> bool:
    return ends[0] <= 0 <= ends[1]


def _named(rule: str, m: float, unit: str) -> str:
    if rule == "relative":
        return "Parallel trends" if m == 0 else f"Strayed at most {m:g} times as before"
    return "Drift in a straight line" if m == 0 else f"Drift bends by at most {phrase(m, unit)} a year"


def _told(name: str, rule: str, limit: float, unit: str, ends: tuple[float, float, float, float]) -> str:
    """Say how much straying a finding stands, no further than that."""
    if limit == 0:
        begin = "with parallel trends" if rule == "relative" else "if the gap had gone on drifting in a straight line"
        return f"{name}: already {begin}, the interval holds zero; straying can only widen it."
    side = "above" if ends[0] > 0 else "below"
    if math.isinf(limit):
        return f"{name}: the interval stays {side} zero however far trends strayed by this rule."
    if rule == "relative":
        return (
            f"{name}: the interval stays {side} zero as long as trends strayed, a year after the start, less than"
            f" {show(limit, 'ratio')} times as much as in the worst year before it. Whether they did is a judgment:"
            f" {_weigh(limit)}"
        )
    return (
        f"{name}: carrying on the drift from before the start, the interval stays {side} zero as long as that drift"
        f" bends by less than {phrase(limit, unit)} a year. Compare that with the bends seen before the start."
    )


def _weigh(limit: float) -> str:
    if limit < 1:
        return "a stray no larger than one already seen would undo the finding."
    return "it would take a larger stray than any seen before the start to undo the finding."


def _seen(path: Path, rule: str, unit: str) -> str:
    changes = path.steps() @ path.values
    moved = phrase(float(np.abs(changes).max()), unit)
    worst = f"Before the start, the gap moved by at most {moved} from a year to the next"
    if rule == "relative" or len(changes) < 2:
        return f"{worst}; some of that is chance."
    at = path.points()
    at = at[at <= path.base]
    bend = float(np.abs(np.diff(changes) / ((at[2:] - at[:-2]) / 2)).max())
    return f"{worst}, and its drift bent by at most {phrase(bend, unit)} a year; some of that is chance."
