"""Published numbers for differences in differences: staggered starts, the usual regression, straying trends."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pandas as pd

from leadlib.designs.differences import staggered
from leadlib.designs.differences.bounds import Path, Smooth
from leadlib.designs.differences.groups import two_way
from leadlib.designs.differences.reading import read
from leadlib.verify import FILES, Number

_R = "R did 2.5.0, att_gt and aggte on mpdta without bootstrap (recorded in csdid, csdid/test_csdid/r_ref)"
_HONEST = "README of R HonestDiD, Medicaid expansions, first year, createSensitivityResults (FLCI)"
_GRID = "their intervals' length is searched on a grid, and prints three digits"
_COUNTY: Any = {"outcome": "lemp", "unit": "county", "time": "year", "first_treated": "first_treated"}
_HOW = {"simple": "simple", "dynamic": "dynamic", "cohort": "group", "calendar": "calendar"}

NEVER = """2004 2004 -0.0105032 0.0232510|2004 2005 -0.0704232 0.0309848|2004 2006 -0.1372587 0.0364357
2004 2007 -0.1008114 0.0343592|2006 2004 0.0065201 0.0233268|2006 2005 -0.0027508 0.0195586
2006 2006 -0.0045946 0.0177552|2006 2007 -0.0412245 0.0202292|2007 2004 0.0305067 0.0150336
2007 2005 -0.0027259 0.0163958|2007 2006 -0.0310871 0.0178775|2007 2007 -0.0260544 0.0166554"""
"""Cohort, year, effect and standard error, against counties that never raised the minimum wage."""
AVERAGES = {
    "never": {
        "simple": ("-0.0399513", "0.0120340"),
        "dynamic": ("-0.0772398", "0.0199650"),
        "cohort": ("-0.0310183", "0.0124461"),
        "calendar": ("-0.0417004", "0.0159719"),
    },
    "not yet": {
        "simple": ("-0.0397636", "0.0120524"),
        "dynamic": ("-0.0773993", "0.0195602"),
        "cohort": ("-0.0304622", "0.0125751"),
        "calendar": ("-0.0442671", "0.0155709"),
    },
    "covariate": {
        "simple": ("-0.0419686", "0.0114448"),
        "dynamic": ("-0.0807817", "0.0187459"),
        "cohort": ("-0.0329292", "0.0118603"),
        "calendar": ("-0.0445323", "0.0148850"),
    },
}
SMOOTH = """0 0.0259 0.0607|0.01 0.0132 0.0787|0.02 0.00286 0.0907|0.03 -0.00714 0.101|0.04 -0.0171 0.111
0.05 -0.0271 0.121"""
"""Bend a year, lower and upper end."""


def _table(text: str) -> list[list[str]]:
    return [row.split() for row in text.replace("\n", "|").split("|")]


@cache
def counties() -> pd.DataFrame:
    """Give the 500 counties of Callaway and Sant'Anna."""
    return pd.read_csv(FILES / "mpdta.csv.gz")


@cache
def _fit(scenario: str, how: str) -> Any:
    given = {"covariates": ("lpop",)} if scenario == "covariate" else {}
    controls: Any = "not yet" if scenario == "not yet" else "never"
    options: Any = {"base": "moving", "cohort_sizes": "sampled", "small_sample": False, "aggregate": how, **given}
    return staggered(counties(), **_COUNTY, controls=controls, **options)


def _cell(cohort: float, year: float, column: str) -> float:
    cells = _fit("never", "simple").cells
    return float(cells.loc[(cells["cohort"] == cohort) & (cells["year"] == year), column].iloc[0])


def _head(scenario: str, how: str, what: str) -> float:
    return float(getattr(_fit(scenario, how), what))


def _usual() -> float:
    return two_way(read(counties(), "mpdta", **_COUNTY))[0]


@cache
def medicaid(weights: tuple[float, ...] = (1.0, 0.0)) -> Path:
    """Give the path of insurance coverage around the expansion of Medicaid; `weights` are on its two years after it."""
    table = pd.read_csv(FILES / "medicaid_event_study.csv")
    cov = table.filter(like="cov_").to_numpy(float)
    asked = pd.Series([0.0] * 5 + list(weights)).to_numpy(float)
    return Path(table["event"].to_numpy(float), table["value"].to_numpy(float), cov, -1.0, asked, float("inf"), 0.95)


@cache
def _smooth() -> Smooth:
    return Smooth(medicaid())


def _bent(m: float, end: int) -> float:
    return float(_smooth().at(m)[end])


def _numbers() -> tuple[Number, ...]:
    found = []
    for g, t, att, se in _table(NEVER):
        for column, printed, word in (("value", att, "effect"), ("se", se, "standard error")):
            ours: Callable[..., float] = partial(_cell, float(g), float(t), column)
            found.append(Number(f"teen employment, counties of {g} in {t}: {word}", _R, printed, ours))
    for scenario, averages in AVERAGES.items():
        which = {"never": "never treated", "not yet": "not yet treated", "covariate": "never treated, given population"}
        for how, pair in averages.items():
            for what, printed in zip(("value", "se"), pair, strict=True):
                text = (
                    f"average effect ({_HOW[how]}; {which[scenario]}): {'standard error' if what == 'se' else 'value'}"
                )
                found.append(Number(text, _R, printed, partial(_head, scenario, how, what)))
    usual = "pyfixest 0.60.0, feols('lemp ~ treated | county + year') on mpdta"
    found.append(Number("the usual two-way regression's coefficient, for contrast", usual, "-0.036549", _usual))
    for m, *ends in _table(SMOOTH):
        for k, printed in enumerate(ends):
            text = f"coverage after Medicaid, drift bends by at most {m}: {('lower', 'upper')[k]} end"
            within = 1e-4 if abs(float(printed)) < 0.1 else None
            found.append(Number(text, _HONEST, printed, partial(_bent, float(m), k), within, _GRID if within else ""))
    return tuple(found)


NUMBERS = _numbers()
