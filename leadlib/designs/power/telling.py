"""How a planned study is told: its result, what it stands on, and what its smallest detectable effect means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from leadlib.blocks import Block, Prose, Stack
from leadlib.designs.estimates import LARGE_SD, POWER
from leadlib.designs.power.formulas import chance_found, critical, multiplier
from leadlib.designs.power.plans import GROWS, Plan
from leadlib.designs.power.yardsticks import place
from leadlib.numbers import show
from leadlib.results import RESULT_COLUMNS, Result, long_table

HOPEFUL = 0.005
"""So much less than the power asked for is worth a word."""


@dataclass(frozen=True, repr=False)
class Planned(Result):
    """A planned study: what it could find, how surely, and from what.

    `se` and `df` are those of its estimate in pupils' standard deviations; `mdes` with `low, high` the effect found
    with power `power`; `effect` what was asked about (missing in `mdes`); `needed` the count that `sample_size` found.
    """

    design: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    se: float = math.nan
    df: float = math.nan
    alpha: float = 0.05
    two_tailed: bool = True
    power: float = POWER
    mdes: float = math.nan
    low: float = math.nan
    high: float = math.nan
    effect: float = math.nan
    needed: int | None = None

    def block(self) -> Block:
        """Give the table, the sentences, and what they rest on."""
        rests = (*self.assumptions, *self.checks, *self.limits)
        return Stack((long_table(self), Prose(tuple(self.text.split("\n"))), Prose(rests, "note", bullets=True)))


def verdict(mdes_sd: float) -> str:
    """Say what a smallest detectable effect means beside published ones."""
    beside = f"That is {place(mdes_sd)} (Kraft 2020)"
    if mdes_sd >= LARGE_SD:
        return f"{beside}: expect it to miss what such programs usually do."
    return f"{beside}: within what programs in schools have reached."


def measured(plan: Plan, power: float, alpha: float, two_tailed: bool) -> dict[str, Any]:
    """Give all numbers of a planned study by the names that `Planned` has for them."""
    se, df = plan.precision()
    smallest_found = multiplier(df, power, alpha, two_tailed) * se
    half = critical(df, alpha, two_tailed) * se
    return {
        "se": se,
        "df": df,
        "alpha": alpha,
        "two_tailed": two_tailed,
        "power": power,
        "mdes": smallest_found,
        "low": smallest_found - half,
        "high": smallest_found + half,
    }


def result(plan: Plan, rows: list[tuple[Any, ...]], text: str, *, title: str, **found: Any) -> Planned:
    """Make the result: the table and text given, what they stand on, and where they do not hold."""
    level = f"{100 * (1 - found['alpha'] * (1 if found['two_tailed'] else 2)):g}%"
    return Planned(
        id="power-plan",
        title=title,
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=text,
        assumptions=_assumed(plan),
        checks=(
            f"Standard error {show(found['se'], 'level')} standard deviations, {found['df']:g} degrees of freedom,"
            f" {'two' if found['two_tailed'] else 'one'}-sided test at {100 * found['alpha']:g}%.",
            *plan.chosen,
        ),
        limits=_limited(plan, found),
        note="n: the schools or pupils that are drawn. The interval is that of an estimate as large as the value.",
        interval_label=f"{level} interval",
        design=plan.design,
        settings=dict(plan.values),
        **found,
    )


def _assumed(plan: Plan) -> tuple[str, ...]:
    """List what the numbers stand on, in words."""
    v = plan.values
    shares = {
        "icc": "between schools",
        "icc_class": "between classes of a school",
        "icc_block": "between blocks",
        "icc_year": "from year to year within a school",
    }
    if plan.design == "blocked individual":
        shares["icc"] = "between blocks"
    told = [f"{100 * v[n]:g}% of the differences among pupils lie {w}" for n, w in shares.items() if v.get(n, 0) > 0]
    words = {"r2_pupil": "pupils", "r2_class": "classes", "r2_school": "schools", "r2_year": "a school's years"}
    told += [
        f"covariates explain {100 * v[n]:g}% of the differences among {w}" for n, w in words.items() if v.get(n, 0) > 0
    ]
    if "effect_sd" in v:
        told.append(f"the effect differs from block to block with a standard deviation of {v['effect_sd']:g}")
    if "autocorrelation" in v:
        told.append(f"a school's years are correlated {v['autocorrelation']:g} from one to the next")
    said = [t[:1].upper() + t[1:] + "." for t in told]
    if plan.design == "comparative series":
        expected = "their mean before" if v["trend"] == "common" else "their own straight line before"
        said.append(f"Without the program, both groups of schools would have moved alike, measured from {expected}.")
        said.append("Each year tests new pupils, and each school's change is taken as one number.")
    if plan.variant.endswith(("fixed", "constant")):
        said.append("The result holds for these blocks; effects are in standard deviations of pupils within a block.")
    return tuple(said)


def _limited(plan: Plan, found: Mapping[str, Any]) -> tuple[str, ...]:
    said = []
    true = chance_found(found["mdes"], found["se"], found["df"], found["alpha"], found["two_tailed"])
    if "effect" not in found and found["power"] - true > HOPEFUL:
        said.append(
            f"With {found['df']:g} degrees of freedom the formula is a little hopeful: it finds such an effect in"
            f" {show(100 * true, 'pct')} of cases."
        )
    covariates = plan.values.get("covariates_school", 0)
    loss = covariates / max(found["df"] - 1, 1)
    if loss > 0.05:
        said.append(
            "With so few schools, chance differences between the arms in the covariates cost more than the formula"
            f" counts: about {100 * (math.sqrt(1 + loss) - 1):.0f}% on the standard error."
        )
    said.append("No pupil or school is assumed to drop out, and all treated take part.")
    return tuple(said)


def odd(plan: Plan, free: str, needed: int) -> str:
    """Say where the number found cannot be split as planned."""
    share = plan.values["share_treated"]
    if free != GROWS[plan.design] or plan.design.startswith("blocked") or float(share * needed).is_integer():
        return ""
    return f" {needed:,} cannot be split at {100 * share:g}%: take the next number that can."


def label(plan: Plan) -> str:
    """Name a design for a table."""
    said = plan.variant.replace(", ", ", effects of blocks ")
    return f"{said[:1].upper()}{said[1:]} design"


def top(plan: Plan) -> float:
    """Count what is drawn or observed: schools, or pupils where these are drawn."""
    blocks = plan.values.get("blocks", 1)
    each = plan.values.get("clusters", plan.values.get("block_n", plan.values.get("pupils", 1)))
    return float(blocks * each)


def often(power: float) -> str:
    """Say a power in words."""
    return "four times in five" if power == POWER else f"in {100 * power:g}% of cases"
