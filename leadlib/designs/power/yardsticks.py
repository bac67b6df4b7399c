"""Published values to plan with, and an effect set beside the effects and costs of programs that were tried before."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.errors import InputError, Problem
from leadlib.numbers import phrase, show
from leadlib.results import RESULT_COLUMNS, Result

SIZES = ("small", "medium", "large")
COSTS = ("low", "moderate", "high")


@functools.cache
def published() -> dict[str, Any]:
    """Give the data file of published values, as it stands."""
    return dict(json.loads((Path(__file__).parent / "benchmarks.json").read_text(encoding="utf-8")))


def benchmarks() -> pd.DataFrame:
    """See published values to plan a study with: one row a setting, with its source.

    Returns
    -------
    DataFrame
        `key, setting, value, what, source, verified`. A key can be given in place of its number, as in
        `mdes(design="cluster", icc="WWC achievement", ...)`. `verified` is false where a value is quoted from others.
    """
    return pd.DataFrame(published()["planning"])[["key", "setting", "value", "what", "source", "verified"]]


def points() -> list[dict[str, Any]]:
    """Give the quantiles of published effects: `share_below, words, label, value_sd`."""
    return list(published()["effects"]["points"])


def place(effect_sd: float) -> str:
    """Say how an effect compares with published ones: `larger than three in four of 1,942 effects ...`."""
    effects = published()["effects"]
    trials = f"{effects['effects_n']:,} effects in {effects['trials_n']:,} randomized trials"
    below = [p for p in points() if effect_sd >= p["value_sd"]]
    if not below:
        return f"smaller than {points()[0]['words']} of the {trials}"
    return f"as large as or larger than {below[-1]['words']} of the {trials}"


def size_of(effect_sd: float) -> str:
    """Name the size of an effect on achievement: small, medium or large (Kraft 2020)."""
    return _band(published()["sizes"]["bands"], "from_sd", abs(effect_sd))


def cost_of(cost_per_pupil_usd: float) -> str:
    """Name the cost of a program per pupil: low, moderate or high (Kraft 2020)."""
    return _band(published()["costs"]["bands"], "from_usd", cost_per_pupil_usd)


def _band(bands: list[dict[str, Any]], key: str, value: float) -> str:
    return str([b["name"] for b in bands if value >= b[key]][-1])


@dataclass(frozen=True, repr=False)
class Beside(Result):
    """An effect beside published ones: its size, and the program's cost class where a cost was given."""

    effect_sd: float = math.nan
    size: str = ""
    cost: str = ""


def beside(effect_sd: Any, *, cost_per_pupil_usd: float | None = None) -> Beside:
    """See how large an effect is beside those that programs in schools have reached, and what it costs.

    Parameters
    ----------
    effect_sd : float or a result of `mdes`
        An effect on achievement in pupils' standard deviations, or a planned study, whose smallest detectable effect
        is taken.
    cost_per_pupil_usd : float, optional
        What the program costs a pupil, in dollars.

    Returns
    -------
    Beside
        Table: the effect, the quantiles of published effects (sd; `n` counts those effects), and the cost (usd).
        `size`, `cost` name the classes. `frame` is the schedule: one row a size, one column a cost class, "here" where
        this program stands.

    Raises
    ------
    InputError
        For an effect or a cost that is no finite number, or a cost below zero.

    Notes
    -----
    Kraft (2020): 1,942 effects of 747 randomized trials with achievement outcomes. `benchmarks.json` says which of its
    figures were checked.
    """
    effect, cost = _checked(getattr(effect_sd, "mdes", effect_sd), cost_per_pupil_usd)
    source = published()["effects"]
    rows: list[tuple[Any, ...]] = [("This effect", "", effect, math.nan, math.nan, math.nan, "sd")]
    rows += [
        ("Published effects", p["label"], p["value_sd"], math.nan, math.nan, source["effects_n"], "sd")
        for p in points()
    ]
    if cost is not None:
        rows.append(("Cost per pupil", cost_of(cost), cost, math.nan, math.nan, math.nan, "usd"))
    return Beside(
        id="power-beside",
        title="An effect beside those of earlier programs",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=_said(effect, cost),
        limits=_limits(effect, cost),
        note=f"Published effects: {source['source']}.",
        frame=_schedule(effect, cost),
        effect_sd=effect,
        size=size_of(effect),
        cost="" if cost is None else cost_of(cost),
    )


def _checked(effect: Any, cost: Any) -> tuple[float, float | None]:
    problems = []
    if not _number(effect):
        problems.append(
            Problem(f"beside, effect_sd {effect!r}", "is not a number", "give standard deviations, as 0.15")
        )
    if cost is not None and (not _number(cost) or cost < 0):
        problems.append(Problem(f"beside, cost_per_pupil_usd {cost!r}", "is not an amount", "give dollars per pupil"))
    if problems:
        raise InputError(problems)
    return float(effect), None if cost is None else float(cost)


def _number(value: Any) -> bool:
    try:
        return not isinstance(value, (bool, str)) and math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _said(effect: float, cost: float | None) -> str:
    if effect < 0:
        return f"An effect of {phrase(effect, 'sd')} is a loss; the published effects are set out as gains."
    said = f"An effect of {phrase(effect, 'sd')} is {size_of(effect)} on Kraft's scale, {place(effect)}."
    if cost is None:
        return said
    each = f" That is {show(cost / effect * 0.1, 'usd')} for each 0.10 standard deviations." if effect > 0 else ""
    return f"{said}\nA program of {show(cost, 'usd')} per pupil is one of {cost_of(cost)} cost.{each}"


def _limits(effect: float, cost: float | None) -> tuple[str, ...]:
    said = ["The published effects are on achievement; other outcomes and later tests differ."]
    if cost is not None and not published()["costs"]["verified"]:
        said.append("The cost classes ($500 and $4,000) are quoted from memory and were not checked in the article.")
    return tuple(said)


def _schedule(effect: float, cost: float | None) -> pd.DataFrame:
    table = pd.DataFrame("", index=pd.Index(SIZES, name="size"), columns=list(COSTS))
    if cost is not None and effect >= 0:
        table.loc[size_of(effect), cost_of(cost)] = "here"
    return table.reset_index()
