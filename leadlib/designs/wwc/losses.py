"""How much of a randomized sample was lost, and whether that is more than the published boundaries allow."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import norm

from leadlib.designs.wwc.facts import boundaries, fact
from leadlib.errors import InputError, Problem, nearest
from leadlib.numbers import plural, show
from leadlib.results import RESULT_COLUMNS, Result

Boundary = Literal["cautious", "optimistic"]
BOUNDARIES: tuple[Boundary, ...] = ("cautious", "optimistic")
STEP = 0.5
TINY = 1e-9
Counts = tuple[int, int]


@dataclass(frozen=True)
class Loss:
    """What one level (pupils or clusters) lost: percent overall, points apart, what each boundary allows."""

    of: str
    randomized: Counts
    analyzed: Counts
    overall: float
    differential: float
    allowed: dict[Boundary, float]
    low: dict[Boundary, bool]


@dataclass(frozen=True, repr=False)
class Attrition(Result):
    """Attrition against both boundaries; `low` is the verdict under the chosen one, over all levels given."""

    boundary: Boundary = "cautious"
    losses: tuple[Loss, ...] = ()
    low: bool = False
    low_under: dict[Boundary, bool] = field(default_factory=dict)


def allowed_difference(overall: float, boundary: Boundary = "cautious") -> float:
    """Give the largest difference in attrition (percentage points) that counts as low at an overall percentage.

    The published table has whole percents; between two of them the value lies on the straight line. Beyond its last row
    no difference is low, and the value is missing.
    """
    table = boundaries()[boundary]
    if not 0 <= overall <= len(table) - 1 + TINY:
        return math.nan
    return float(np.interp(overall, np.arange(len(table)), table))


@functools.cache
def curve(boundary: Boundary = "cautious") -> tuple[tuple[float, float], ...]:
    """Give the boundary as a selection model draws it: pairs of overall attrition and largest difference.

    Whoever stays is above average by lam(P) = phi(Phi^-1(1 - P)) / P times how closely staying goes with the outcome,
    P the share that stays. The curve holds the gap between the groups' selections, a_t lam(P_t) - a_c lam(P_c), at
    0.05 standard deviations. It bends because few lost pupils select hardly at all, and many lost pupils leave little
    room for a gap. The constants are leadlib's own fit to the published table (within 0.10 points of every row that
    can occur).
    """
    model = boundaries()["model"]
    a_t, a_c = model[boundary]
    found = []
    for overall in np.arange(0, len(boundaries()[boundary]) - 1 + STEP / 2, STEP):
        # A hair less than all of one group, whose selection would be without bound.
        stay, most = 1 - overall / 100, 2 * min(overall, 100 - overall) / 100 * (1 - 1e-9)

        def over(gap: float, stay: float = stay) -> float:
            return float(a_t * _selected(stay - gap / 2) - a_c * _selected(stay + gap / 2) - model["bias"])

        if over(0.0) > 0:
            found.append((float(overall), 0.0))
        elif most > 0 and over(most) >= 0:
            found.append((float(overall), 100 * float(brentq(over, 0.0, most, xtol=1e-12))))
    return tuple(found)


def _selected(stay: float) -> float:
    return float(norm.pdf(norm.isf(stay)) / stay)


def attrition(
    *,
    randomized: Counts,
    analyzed: Counts,
    boundary: Boundary = "cautious",
    clusters_randomized: Counts | None = None,
    clusters_analyzed: Counts | None = None,
    unit_word: str = "pupil",
    cluster_word: str = "school",
) -> Attrition:
    """See whether so many were lost, or so unevenly, that a randomized study counts as a comparison of unlike groups.

    Parameters
    ----------
    randomized, analyzed : pair of int
        How many were assigned and how many were analyzed: treated, comparison. Where clusters were assigned and are
        given too, count only those in clusters that were analyzed.
    boundary : {"cautious", "optimistic"}
        Cautious where the program could affect who leaves; a review protocol sets it beforehand.
    clusters_randomized, clusters_analyzed : pair of int, optional
        The same for clusters. Both levels have to be low.
    unit_word, cluster_word : str
        What they are.

    Returns
    -------
    Attrition
        Table: overall attrition (percent), difference between the groups and what each boundary allows (percentage
        points), with `n` randomized. `frame`: `boundary, kind, overall, differential`; kind is "table" (published),
        "curve" (selection model) or "study".

    Raises
    ------
    InputError
        An empty group, more analyzed than randomized, counts that are not whole, an unknown boundary: all at once.

    Notes
    -----
    WWC Standards Handbook 4.1, Table II.1; model: Deke and Chiang (2017), The WWC attrition standard. Between whole
    percents of overall attrition the boundary is taken along the straight line. Checked against the R package baselinr
    (attrition_boundary), which rounds overall attrition to whole percents instead.
    """
    if boundary not in BOUNDARIES:
        raise InputError(
            Problem(f"attrition, boundary {boundary!r}", "is not one of them", nearest(boundary, BOUNDARIES))
        )
    levels = [(unit_word, randomized, analyzed)]
    if (clusters_randomized is None) != (clusters_analyzed is None):
        raise InputError(Problem("attrition, clusters", "are given on one side only", "give both counts or none"))
    if clusters_randomized is not None and clusters_analyzed is not None:
        levels.insert(0, (cluster_word, clusters_randomized, clusters_analyzed))
    problems = [problem for level in levels for problem in _problems(*level)]
    if problems:
        raise InputError(problems)
    losses = tuple(_loss(*level) for level in levels)
    low_under = {b: all(loss.low[b] for loss in losses) for b in BOUNDARIES}
    return Attrition(
        id="attrition",
        title="Attrition against the WWC boundaries",
        table=pd.DataFrame([row for loss in losses for row in _rows(loss)], columns=list(RESULT_COLUMNS)),
        text="\n".join(_told(loss, boundary) for loss in losses),
        checks=tuple(sentence for loss in losses for sentence in _checks(loss)),
        limits=("The boundaries bound a bias of 0.05 standard deviations under a model; they do not measure it.",),
        note=f"{fact('attrition_boundary').told()[:1].upper()}{fact('attrition_boundary').told()[1:]}.",
        frame=_frame(losses),
        boundary=boundary,
        losses=losses,
        low=low_under[boundary],
        low_under=low_under,
    )


def _problems(of: str, randomized: Sequence[float], analyzed: Sequence[float]) -> list[Problem]:
    if len(randomized) != 2 or len(analyzed) != 2:
        return [Problem(f"attrition, {of}s", "are not counts of two groups", "give (treated, comparison)")]
    found = []
    for arm, begun, ended in zip(("treated", "comparison"), randomized, analyzed, strict=True):
        where = f"attrition, {arm} {of}s"
        if any(not math.isfinite(n) or n != int(n) for n in (begun, ended)):
            found.append(Problem(where, "are not whole numbers", "give counts, not shares"))
        elif begun < 1:
            found.append(Problem(where, "none was randomized", "attrition needs two groups"))
        elif not 0 <= ended <= begun:
            found.append(
                Problem(where, f"{ended} analyzed of {begun} randomized", "leave out those who joined later: no loss")
            )
    return found


def _loss(of: str, randomized: Counts, analyzed: Counts) -> Loss:
    begun, ended = np.asarray(randomized, dtype=float), np.asarray(analyzed, dtype=float)
    rates = 100 * (1 - ended / begun)
    overall, apart = float(100 * (1 - ended.sum() / begun.sum())), float(abs(rates[0] - rates[1]))
    allowed = {b: allowed_difference(overall, b) for b in BOUNDARIES}
    low = {b: bool(apart <= allowed[b] + TINY) for b in BOUNDARIES}
    return Loss(of, randomized, analyzed, overall, apart, allowed, low)


def _rows(loss: Loss) -> list[tuple[object, ...]]:
    n, nan = sum(loss.randomized), math.nan
    of = f"of {loss.of}s"
    return [
        ("Overall attrition", of, loss.overall, nan, nan, n, "pct"),
        ("Difference between the groups", of, loss.differential, nan, nan, n, "pct_points"),
        *((f"Allowed, {b} boundary", of, loss.allowed[b], nan, nan, n, "pct_points") for b in BOUNDARIES),
    ]


def _told(loss: Loss, boundary: Boundary) -> str:
    lost = sum(loss.randomized) - sum(loss.analyzed)
    word = plural(lost, loss.of)
    apart = show(loss.differential, "pct_points")
    begin = f"{word} of {sum(loss.randomized):,} lost ({show(loss.overall, 'pct')}), {apart}"
    most = loss.allowed[boundary]
    if math.isnan(most):
        return f"{begin} points apart: so large a loss lies beyond the {boundary} boundary. Attrition is high."
    verdict = "low" if loss.low[boundary] else "high"
    return f"{begin} points apart; the {boundary} boundary allows {show(most, 'pct_points')}. Attrition is {verdict}."


def _checks(loss: Loss) -> list[str]:
    """Say what the other boundary makes of it, and where rounding to whole percents would judge otherwise."""
    found = [
        f"{loss.of.capitalize()}s, {b} boundary: {'low' if loss.low[b] else 'high'} attrition"
        f" ({show(loss.differential, 'pct_points')} points against {show(loss.allowed[b], 'pct_points')} allowed)."
        for b in BOUNDARIES
    ]
    for b in BOUNDARIES:
        rounded = allowed_difference(float(round(loss.overall)), b)
        if bool(loss.differential <= rounded + TINY) != loss.low[b]:
            found.append(
                f"{loss.of.capitalize()}s, {b} boundary: with overall attrition rounded to {round(loss.overall)}% the"
                " verdict would be the other one; it is that close."
            )
    return found


def _frame(losses: tuple[Loss, ...]) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float]] = []
    for b in BOUNDARIES:
        rows += [(b, "table", float(k), float(v)) for k, v in enumerate(boundaries()[b])]
        rows += [(b, "curve", x, y) for x, y in curve(b)]
    rows += [(loss.of, "study", loss.overall, loss.differential) for loss in losses]
    return pd.DataFrame(rows, columns=["boundary", "kind", "overall", "differential"])
