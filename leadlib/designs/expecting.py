"""What a sum of money would buy at a place that no study has looked at: the average, and how places differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from leadlib.designs.estimates import Estimate
from leadlib.errors import InputError, Problem
from leadlib.measures.spending import Published
from leadlib.numbers import in_100, phrase, show
from leadlib.results import RESULT_COLUMNS, Missing, Result

NEW, OWN, BOTH = "One new place", "This district's own lottery", "Research and own lottery together"


@dataclass(frozen=True, repr=False)
class Expected(Result):
    """What to expect of a sum of money at one new place: `value`, and `low` to `high`, in SD of pupils.

    `positive` is the chance that the effect lies above zero (for a cut: below), `frame` has a row a line of evidence:
    name, value, low, high, level.
    """

    dollars: float = math.nan
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    positive: float = math.nan
    level: float = 0.9


def expected(
    found: Published,
    *,
    dollars: float,
    own: Estimate | Missing | None = None,
    panel: pd.DataFrame | Missing | None = None,
    school_id: str = "",
    year: int = 0,
    measure: str = "",
    level: float = 0.9,
) -> Expected:
    """See what research leads one to expect of more dollars a pupil here, and how far one place may lie from that.

    Parameters
    ----------
    found : Published
        The published average and spread, from `measures.money.published`.
    dollars : float
        More dollars per pupil in each of the years that the published effect is about; below zero for less.
    own : Estimate, Missing or None
        What an own study found, in SD of pupils for $1,000 in each of as many years; it is told beside the research and
        put together with it. One that is missing, or in another unit, is passed over.
    panel, school_id, year, measure
        From `measures.outcomes.panel`: whose scores, in whose units, the effect is also told in; mathematics where no
        measure is named, or else the first.
    level : float
        The share of places that lie in the interval.

    Returns
    -------
    Expected
        Table: rows for one new place in SD of pupils, in percentile points of the average pupil, and in the unit of the
        school's own test where it is known; then the own study, and both together.

    Notes
    -----
    The effect is taken to grow in proportion to the dollars. A new place's effect is taken to be normal about the
    published average, with the spread that the published range gives: s = (high - low) / (2 z). Percentile points:
    100 (Phi(d) - 1/2). A share of pupils p above a cut moves to Phi(z_p + d). With an own estimate b (standard error
    e): weights 1/s^2 and 1/e^2, as for a normal prior and a normal likelihood.

    Raises
    ------
    InputError
        If `dollars` is zero or not finite, or `level` is not between 0 and 1.
    """
    _refuse(dollars, level)
    times = dollars / found.dollars
    spread = (found.high - found.low) / (2 * float(norm.ppf(0.5 + found.range_pct / 200)))
    rows = [(NEW, found.value * times, spread * abs(times), level)]
    if isinstance(own, Estimate) and own.unit == "sd" and own.se > 0:
        weight = spread**-2 / (spread**-2 + own.se**-2)
        both = weight * found.value + (1 - weight) * own.value
        rows.append((OWN, own.value * times, own.se * abs(times), level))
        rows.append((BOTH, both * times, (spread**-2 + own.se**-2) ** -0.5 * abs(times), level))
    frame = pd.DataFrame([_interval(*row) for row in rows])
    head = frame.iloc[0]
    lines = _lines(frame, _told_in(panel, school_id, year, measure))
    positive = float(norm.cdf(head["value"] / rows[0][2] * math.copysign(1, dollars)))
    return Expected(
        id="expected",
        title=f"What {show(dollars, 'usd', sign=True)} a pupil in each of {found.years} years would be expected to do",
        table=pd.DataFrame(lines, columns=list(RESULT_COLUMNS)),
        text=_text(found, dollars, head, positive),
        claim="estimate",
        assumptions=(
            f"The effect of {show(found.dollars, 'usd')} over {found.years} years scales: half of it, half the effect.",
            "This place is one like those that were studied.",
        ),
        limits=found.cautions,
        note=f"Source: {found.source}{'' if found.source[-1] in '.?' else '.'}"
        + ("" if found.verified else " This figure was not checked in the source."),
        frame=frame,
        interval_label=f"{100 * level:g} in 100 places lie in",
        dollars=float(dollars),
        value=float(head["value"]),
        low=float(head["low"]),
        high=float(head["high"]),
        positive=positive,
        level=level,
    )


def _refuse(dollars: float, level: float) -> None:
    problems = []
    if not isinstance(dollars, (int, float, np.number)) or not math.isfinite(dollars) or dollars == 0:
        problems.append(Problem(f"expected, dollars={dollars!r}", "is no sum to add or to cut", "give dollars a pupil"))
    if not 0 < level < 1:
        problems.append(Problem(f"expected, level={level!r}", "is no share of places", "give one such as 0.9"))
    if problems:
        raise InputError(problems)


def _interval(name: str, value: float, spread: float, level: float) -> dict[str, Any]:
    half = float(norm.ppf(0.5 + level / 2)) * spread
    return {"name": name, "value": value, "low": value - half, "high": value + half, "level": level}


@dataclass(frozen=True)
class _Scale:
    """How an effect in SD is told on a test: points an SD, or the share of pupils above a cut before."""

    label: str
    unit: str
    points: float = math.nan
    share: float = math.nan

    def of(self, effect: float) -> float:
        if self.unit != "pct_points":
            return effect * self.points
        return 100 * float(norm.cdf(norm.ppf(self.share / 100) + effect)) - self.share


def _told_in(panel: Any, school_id: str, year: int, measure: str) -> _Scale | None:
    """Give the scale of the school's own test in the year, where the panel knows it."""
    if not isinstance(panel, pd.DataFrame):
        return None
    names = sorted(panel["measure"].unique())
    chosen = measure or next((n for n in names if n.startswith("math")), names[0] if names else "")
    rows = panel[panel["measure"] == chosen]
    here = rows[(rows["school_id"] == school_id) & (rows["year"] == year) & rows["value"].notna()]
    if here.empty:
        return None
    first = here.iloc[0]
    if first["unit"] == "pct":
        inside = 0 < first["value"] < 100
        return _Scale(str(first["label"]), "pct_points", share=float(first["value"])) if inside else None
    same = rows[(rows["measure"] == first["measure"]) & (rows["year"] == year)].dropna(subset=["value", "sd", "size"])
    if same.empty:
        return None
    mean = np.average(same["value"], weights=same["size"])
    points = float(np.sqrt(np.average(same["sd"] ** 2 + (same["value"] - mean) ** 2, weights=same["size"])))
    return _Scale(str(first["label"]), str(first["unit"]), points=points)


def _lines(frame: pd.DataFrame, scale: _Scale | None) -> list[tuple[Any, ...]]:
    """Give the rows of the table: each line of evidence in SD, and the first in other units too."""
    lines: list[tuple[Any, ...]] = []
    for k, row in enumerate(frame.to_dict("records")):
        ends = row["value"], row["low"], row["high"]
        lines.append(("Scores, in standard deviations of pupils", row["name"], *ends, np.nan, "sd_fine"))
        if k:
            continue
        moved = (100 * float(norm.cdf(end)) - 50 for end in ends)
        lines.append(("The average pupil's rank among 100", row["name"], *moved, np.nan, "ranks"))
        if scale is not None:
            lines.append((scale.label, row["name"], *(scale.of(end) for end in ends), np.nan, scale.unit))
    return lines


def _text(found: Published, dollars: float, head: Any, positive: float) -> str:
    more, side = ("more", "gain") if dollars > 0 else ("less", "lose")
    ends = (show(head[end], "sd_fine", sign=True) for end in ("low", "high"))
    return (
        f"Where pupils had {show(abs(dollars), 'usd')} {more} in each of {found.years} years, research would lead one"
        f" to expect scores to {side} {phrase(abs(head['value']), 'sd_fine')} on average. Places differ:"
        f" {round(100 * head['level'])} in 100 would lie between {' and '.join(ends)} standard deviations, and in"
        f" {in_100(positive)} of them scores would {side} at all."
    )
