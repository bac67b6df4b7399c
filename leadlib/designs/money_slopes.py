"""What goes with more money: between schools, within them over years, and for money that chance gave out."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd

from leadlib.designs.estimates import Detectable, Evidence, Look, Wording, told
from leadlib.designs.options import checked_options
from leadlib.designs.slopes import Slopes, within
from leadlib.errors import InputError
from leadlib.results import Missing, passes_missing

Compare = Literal["years", "schools"]
NAMES = {
    "schools": "Between schools, $1,000 more a pupil in each of four years",
    "years": "Each school with itself, $1,000 more a pupil in each of four years",
    "lottery": "By lottery, $1,000 more a pupil in each of four years",
}
LEAST_DISTRICTS = 20
"""With so many districts, schools of one district are taken to move together: it sets their money."""


@passes_missing
@checked_options
def money_slope(
    panel: pd.DataFrame | Missing, *, compare: Compare = "years", look: Look = "estimate", level: float = 0.95
) -> Slopes | Detectable | Missing:
    """See how much higher or lower scores were with $1,000 more a pupil in each of four years.

    Parameters
    ----------
    panel : DataFrame
        From `measures.money.panel` (what schools spent), or `measures.money.granted` (what a lottery brought).
    compare : "years" or "schools"
        Each school with itself over the years, or schools with each other in the same year.
    look : "estimate" or "power"
        "power" tells what such a comparison could find and keeps the answer hidden.

    Returns
    -------
    Slopes, Detectable or Missing
        In the unit of the panel's outcome. The claim is "compare", but for a lottery seen within schools, where it is
        "estimate": chance decided who got the money. Missing where the schools of the panel are too few, or differ too
        little, to tell.

    Notes
    -----
    `designs.within` with school and year effects (or year effects alone) and CR2 errors by school; by district where
    there are 20 or more.
    """
    assert isinstance(panel, pd.DataFrame)  # a Missing was handed on
    about, lottery = panel.attrs, panel.attrs["of"] == "grant"
    districts = panel["leaid"].nunique() if "leaid" in panel and panel["leaid"].notna().all() else 0
    name = NAMES["lottery" if lottery and compare == "years" else compare]
    try:
        found = within(
            panel,
            outcome=about["outcome"],
            of=about["of"],
            unit="school_id",
            time="year",
            effects="both" if compare == "years" else "time",
            cluster="leaid" if districts >= LEAST_DISTRICTS else None,
            label=about["label"],
            labels={about["of"]: name},
            unit_of=about["unit"],
            look=look,
            level=level,
        )
    except InputError as error:  # the columns are the panel's own: what is refused is what these schools cannot tell
        return Missing(f"“{name}”", f"{error.problems[0].what}.")
    if not isinstance(found, Slopes):
        return found
    known = replace(found, sd=about["sd"], sd_of="pupils") if about["sd"] > 0 else found
    return _by_chance(known, panel, name) if lottery and compare == "years" else known


def _by_chance(found: Slopes, panel: pd.DataFrame, name: str) -> Slopes:
    """Tell a slope as far as chance carries it: the dollars were given out by lot."""
    won = panel.groupby("school_id", sort=True)["grant"].max() > 0
    units = (int(won.sum()), int((~won).sum()))
    wording = Wording("schools that won", "schools that did not", "nothing but the lot set the two apart")
    ends = found.value, found.low, found.high
    evidence = Evidence(assignment="random", units=units, randomized=units, adjusted=("school", "year"))
    return replace(
        found,
        claim="estimate",
        text=told(name, wording, "estimate", *ends, found.unit, found.mdes, found.sd, found.level),
        evidence=evidence,
        assumptions=(
            "Chance alone decided which schools got money, and how much.",
            "A quarter of the effect comes with each of the four years; the same dollars do the same everywhere.",
        ),
        limits=(
            "Winners may have used the money for different things; the estimate is an average of them.",
            *found.limits[1:],
        ),
    )
