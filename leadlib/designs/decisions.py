"""From an estimate to a decision: how probable it is that the effect beats the reader's threshold, and its price."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.designs.estimates import Estimate
from leadlib.errors import InputError, Problem
from leadlib.numbers import in_100, phrase, show, significant, span
from leadlib.results import RESULT_COLUMNS, Claim, Result, passes_missing

Floats = npt.NDArray[np.float64]
Better = Literal["higher", "lower"]
LIKELY, UNLIKELY = 0.8, 0.2
TENTH_SD = 0.1
_GRID = 4001
_CURVE = 81


@dataclass(frozen=True, repr=False)
class Decision(Result):
    """Probabilities for a decision: `beats` that the effect reaches the threshold, `helps` that it is above zero."""

    threshold: float = math.nan
    beats: float = math.nan
    helps: float = math.nan
    cost_per_tenth_sd: float = math.nan

    def block(self) -> Block:
        """Give chances as a reader counts them, the cost with its range, and the sentences."""
        rows = self.table.to_dict("records")
        cells = tuple((r["measure"], r["group"], _shown(r), span(r["low"], r["high"], "usd")) for r in rows)
        columns = (
            Column("what", "What", "left"),
            Column("against", "Held against", "left"),
            Column("value", "Chance or cost"),
            Column("range", "Range"),
        )
        values = tuple((r["measure"], r["group"], significant(r["value"]), None) for r in rows)
        table = Table(self.id, self.title, columns, cells, values, self.note)
        return Stack((table, Prose(tuple(self.text.split("\n")))))


@passes_missing
def decide(
    estimate: Estimate,
    *,
    threshold: float,
    better: Better = "higher",
    prior: tuple[float, float] | None = None,
    cost_per_pupil_usd: float | None = None,
    sd: float | None = None,
) -> Decision:
    """See how probable it is that the effect is at least what you would need to go on with the program.

    Parameters
    ----------
    estimate : Estimate
        What a design gave.
    threshold : float
        The smallest effect worth having, in the estimate's unit; say it before you see the estimate.
    better : "higher" or "lower"
        Whether more of the outcome is better; with "lower" an effect of -threshold or below beats it.
    prior : (mean, standard deviation), optional
        What was known before, in the estimate's unit (with its sign), such as an average of earlier studies. Without
        it, every effect counts as equally likely beforehand.
    cost_per_pupil_usd : float, optional
        Dollars per pupil and year; gives the cost of a tenth of a standard deviation.
    sd : float, optional
        The standard deviation for that; the estimate's own if left out.

    Returns
    -------
    Decision
        Table: the probabilities (percent) and the cost of 0.1 SD in dollars, with the interval that the estimate's
        interval gives; where that includes zero its upper end is open and shown as a dash. `frame`: one row a possible
        threshold (`threshold`, `probability`): the chance that the effect is at least that.

    Raises
    ------
    InputError
        A threshold below zero or not finite, a prior without spread, a cost below zero: all at once.

    Notes
    -----
    Without a prior the effect is value + se T with T Student's t of the estimate's degrees of freedom: the probability
    is the one-sided p-value against the threshold, and in repeated studies it is as often above 0.95 as it should be.
    With a prior, likelihood (the same t) times a normal prior, on a grid. The probability counts chance alone: not
    whether the design's assumptions hold.
    """
    problems = _problems(threshold, prior, cost_per_pupil_usd)
    if problems:
        raise InputError(problems)
    sign = -1.0 if better == "lower" else 1.0
    at = _tail(estimate, sign, prior)
    beats, helps, harms = at(threshold), at(0.0), 1.0 - at(-threshold)
    spread = estimate.sd if sd is None else float(sd)
    price = _price(estimate, sign, cost_per_pupil_usd, spread)
    mark = threshold * sign
    rows = [
        ("Chance that the effect is at least as good as the threshold", phrase(mark, estimate.unit), beats),
        ("Chance that it is on the right side of zero", "above zero" if sign > 0 else "below zero", helps),
        ("Chance that it is as far on the wrong side", phrase(-mark, estimate.unit), harms),
    ]
    n = sum(estimate.evidence.units)
    table = [(m, g, 100 * p, math.nan, math.nan, n, "pct") for m, g, p in rows]
    if cost_per_pupil_usd is not None:
        table.append(("Cost per pupil of 0.1 standard deviations", "dollars a year", *price, n, "usd"))
    return Decision(
        id="decision",
        title="What the estimate means for a decision",
        table=pd.DataFrame(table, columns=list(RESULT_COLUMNS)),
        text="\n".join(_said(estimate, mark, beats, cost_per_pupil_usd, price)),
        claim=estimate.claim,
        assumptions=(_before(prior, estimate.unit), *estimate.assumptions),
        limits=("These probabilities count chance alone. They are worth as much as the design's assumptions.",),
        note=_NOTE if cost_per_pupil_usd is not None else "",
        frame=_curve(estimate, sign, at, threshold),
        threshold=threshold,
        beats=beats,
        helps=helps,
        cost_per_tenth_sd=price[0],
    )


_NOTE = "A dash: the data do not rule out that the program buys nothing, so no upper end of the cost can be given."


def _problems(threshold: float, prior: Any, cost: float | None) -> list[Problem]:
    found = []
    if not (math.isfinite(threshold) and threshold >= 0):
        found.append(
            Problem("decide, threshold", f"{threshold} is not a size", "give the least effect worth having, 0 or more")
        )
    if prior is not None and not (len(prior) == 2 and math.isfinite(prior[0]) and 0 < prior[1] < math.inf):
        found.append(
            Problem("decide, prior", f"{prior} is not a mean and a spread", "give (mean, standard deviation > 0)")
        )
    if cost is not None and not (math.isfinite(cost) and cost >= 0):
        found.append(
            Problem("decide, cost_per_pupil_usd", f"{cost} is not a cost", "give dollars per pupil, 0 or more")
        )
    return found


def _tail(estimate: Estimate, sign: float, prior: tuple[float, float] | None) -> Any:
    """Give the function: chance that the effect, turned so that higher is better, is at least x."""
    value, se, df = sign * estimate.value, estimate.se, estimate.df
    if prior is None:
        return lambda x: float(student.sf((x - value) / se, df))
    grid, mass = posterior(value, se, df, sign * prior[0], prior[1])
    above = np.r_[np.cumsum(mass[::-1])[::-1], 0.0]
    edges = np.r_[grid - (grid[1] - grid[0]) / 2, grid[-1] + (grid[1] - grid[0]) / 2]
    return lambda x: float(np.interp(x, edges, above))


def posterior(value: float, se: float, df: float, mean: float, sd: float) -> tuple[Floats, Floats]:
    """Give a grid of effects and the probability of each: t likelihood times normal prior."""
    low = min(value - 12 * se, mean - 8 * sd)
    high = max(value + 12 * se, mean + 8 * sd)
    narrow = min(se, sd)
    points = int(min(200_001, max(_GRID, 20 * (high - low) / narrow)))
    grid = np.linspace(low, high, points)
    log = student.logpdf((grid - value) / se, df) + norm.logpdf(grid, mean, sd)
    mass = np.exp(log - log.max())
    return grid, mass / mass.sum()


def _price(estimate: Estimate, sign: float, cost: float | None, sd: float) -> tuple[float, float, float]:
    """Give the cost of a tenth of an SD at the estimate, at the better and at the worse end of its interval."""
    if cost is None or not sd > 0:
        return math.nan, math.nan, math.nan
    ends = sorted(sign * e for e in (estimate.low, estimate.high))
    gains = (sign * estimate.value / sd, ends[1] / sd, ends[0] / sd)
    value, low, high = (cost * TENTH_SD / g if g > 0 else math.nan for g in gains)
    return value, low, high


def _said(
    estimate: Estimate, mark: float, beats: float, cost: float | None, price: tuple[float, float, float]
) -> list[str]:
    bound = "or more" if mark >= 0 else "or less"
    first = f"The chance that the effect is {phrase(mark, estimate.unit)} {bound} is {in_100(beats)}."
    lean = (
        "The data lean towards a program that does what was asked of it."
        if beats >= LIKELY
        else "The data lean against: an effect as large as was asked for is unlikely."
        if beats <= UNLIKELY
        else "The data leave the decision open: weigh the cost of being wrong either way, or learn more first."
    )
    told = [first, lean]
    if cost is not None:
        told.append(_cost_told(cost, price))
    if estimate.claim != "estimate":
        told.append(_NOT_CAUSAL)
    return told


_NOT_CAUSAL = (
    "The design compares and does not say what made the difference, so this is no basis for a decision by itself."
)


def _cost_told(cost: float, price: tuple[float, float, float]) -> str:
    base = f"The program costs {show(cost, 'usd')} per pupil a year"
    if not math.isfinite(price[0]):
        return f"{base}; at the estimate it buys no gain, so no cost of a gain can be given."
    at_best = f"{show(price[1], 'usd')} at best" if math.isfinite(price[1]) else ""
    worst = f"{show(price[2], 'usd')} at worst" if math.isfinite(price[2]) else "without an upper limit"
    return f"{base}: {show(price[0], 'usd')} for each 0.1 standard deviations ({at_best}, {worst})."


def _shown(row: dict[Any, Any]) -> str:
    return show(row["value"], "usd") if row["unit"] == "usd" else in_100(row["value"] / 100)


def _before(prior: tuple[float, float] | None, unit: str) -> str:
    if prior is None:
        return "Before the study every size of effect counted as equally likely."
    return (
        f"Before the study the effect was taken to be around {phrase(prior[0], unit, sign=True)}, with a standard"
        f" deviation of {phrase(prior[1], unit)}."
    )


def _curve(estimate: Estimate, sign: float, at: Any, threshold: float) -> pd.DataFrame:
    reach = 3.2 * estimate.se
    middle = sign * estimate.value
    ends = min(middle - reach, 0.0), max(middle + reach, threshold * 1.1)
    points = np.union1d(np.linspace(*ends, _CURVE), [0.0, threshold])
    frame = pd.DataFrame({"threshold": points, "probability": [at(float(x)) for x in points]})
    claim: Claim = estimate.claim
    frame.attrs = {"unit": estimate.unit, "sign": sign, "mark": threshold, "claim": claim}
    return frame
