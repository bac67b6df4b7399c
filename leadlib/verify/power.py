"""Published and printed numbers of power analysis: what studies find, how surely, and how large they have to be.

Each entry is a call as it stands in PowerUpR's or PowerUp!'s notation; it is translated into ours and worked out.
"""

from __future__ import annotations

import math
from typing import Any

from leadlib.designs.power import formulas, mdes, power, sample_size
from leadlib.verify import Number

_RUN = "PowerUpR 1.1.0 (source of 2021-08-25, R 4.2.2)"
_SEL = "Stallasch and others, Design parameters for social and emotional learning, supplement B:"
_GEBF = "Stallasch and others, Power analysis workshop (GEBF 2024):"
_PY = "pypowerup's own tests, which hold it to the Excel tool PowerUp! (Dong and Maynard 2013):"
_ROUNDED = "PowerUpR rounds its solution to the nearest number; ours is the smallest that reaches the power"

_ALL = {"p": "share_treated", "alpha": "alpha", "power": "power", "two.tailed": "two_tailed", "r21": "r2_pupil"}
_PUPILS = {"g1": "covariates_pupil", "n": "block_n", "J": "blocks"}
_SCHOOLS = {"rho2": "icc", "r22": "r2_school", "g2": "covariates_school", "n": "cluster_n"}
_NAMES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "ira": ({"design": "individual"}, {"n": "pupils", "g1": "covariates_pupil"}),
    "bira2c1": ({"design": "blocked individual", "block_effects": "constant"}, _PUPILS),
    "bira2f1": ({"design": "blocked individual", "block_effects": "fixed"}, _PUPILS),
    "bira2": (
        {"design": "blocked individual", "block_effects": "random"},
        {"rho2": "icc", "omega2": "omega", "g2": "covariates_block", "n": "block_n", "J": "blocks"},
    ),
    "cra2": ({"design": "cluster"}, {**_SCHOOLS, "J": "clusters"}),
    "cra3": (
        {"design": "three-level cluster"},
        {
            "rho3": "icc",
            "rho2": "icc_class",
            "r22": "r2_class",
            "r23": "r2_school",
            "g3": "covariates_school",
            "n": "class_n",
            "J": "classes",
            "K": "clusters",
        },
    ),
    "bcra3f2": ({"design": "blocked cluster", "block_effects": "fixed"}, {**_SCHOOLS, "J": "clusters", "K": "blocks"}),
    "bcra3r2": (
        {"design": "blocked cluster", "block_effects": "random"},
        {**_SCHOOLS, "rho3": "icc_block", "omega3": "omega", "J": "clusters", "K": "blocks"},
    ),
}


def translated(call: str) -> tuple[str, Any, dict[str, Any]]:
    """Turn `mdes.cra2(rho2=.17, n=15, J=20)` into what it asks, its effect if it has one, and our settings."""
    head, _, inside = call.rstrip(")").partition("(")
    asked, _, name = head.partition(".")
    fixed, names = _NAMES[name]
    given = dict(part.strip().split("=") for part in inside.split(","))
    effect = float(given.pop("es", ".25"))
    settings: dict[str, Any] = dict(fixed)
    for key, value in given.items():
        settings[{**_ALL, **names}[key]] = value == "TRUE" if value in ("TRUE", "FALSE") else float(value)
    if "omega" in settings:
        # omega is the variance of effects over that of blocks; ours is the effects' standard deviation.
        share = settings["icc_block"] if "icc_block" in settings else settings["icc"]
        settings["effect_sd"] = math.sqrt(share * settings.pop("omega"))
    return asked, effect, settings


def worked_out(call: str, field: str) -> float:
    """Work a call out with our functions."""
    asked, effect, settings = translated(call)
    if asked == "mdes":
        return float(getattr(mdes(**settings), field))
    if asked == "power":
        return float(power(effect=effect, **settings).power)
    return float(sample_size(effect=effect, **settings).needed or math.nan)


def _at(
    source: str,
    what: str,
    call: str,
    printed: str,
    field: str = "mdes",
    within: float | None = None,
    why: str = "",
) -> Number:
    return Number(what, f"{source} {call}", printed, lambda: worked_out(call, field), within, why)


def _r(what: str, call: str, printed: str, field: str = "mdes") -> Number:
    return _at(_RUN, what, call, printed, field)


def _one_more(source: str, what: str, call: str, printed: str) -> Number:
    return _at(source, what, call, printed, within=1, why=_ROUNDED)


def _bloom(after: int, comparison_per_school: float | None) -> float:
    """Give the MDES of Bloom's short series as PowerUp! counts it: df from school years, sd of pupils within a year.

    10 program schools, 5 years before, 75 pupils a year, 3% of variance from year to year. (1 + 1/q) / K there is
    1 / (P (1 - P) J) here, with J = K (1 + q); without comparison schools that second arm is endless.
    """
    schools, icc = 10, 0.03
    q = comparison_per_school
    share, count = (1 / (1 + q), schools * (1 + q)) if q else (1e-9, schools * 1e9)
    se, _ = formulas.comparative_series(
        clusters=count,
        cluster_n=75,
        years_before=5,
        years_after=after,
        year_after=after,
        trend="own",
        icc_year=icc,
        share_treated=share,
    )
    return formulas.multiplier(schools * 5 - 1) * se / math.sqrt(1 - icc)


_C20 = "mdes.cra2(rho2=.17, n=15, J=20)"
_SAXON = "rho2=.06, rho3=.18, g3=1, r21=.55, r22=.50, r23=.45, p=.40, n=10, J=2, K=83)"
_BLOCKS_R = "rho2=.17, omega2=.50, n=15, J=20)"
_DISTRICTS_R = "rho3=.13, rho2=.10, omega3=.4, n=10, J=6, K=24)"
_SCENARIO_2 = "mdes.cra3(rho2=.08, rho3=.05, n=20, J=2, K=80)"

NUMBERS: tuple[Number, ...] = (
    _r("MDES, 20 schools", _C20, "0.6290064177"),
    _r("its interval, low", _C20, "0.1830035454", "low"),
    _r("its interval, high", _C20, "1.0750092900", "high"),
    _r("MDES, 20 schools of 4", "mdes.cra2(rho2=.20, n=4, J=20)", "0.8380546721"),
    _r("MDES at alpha 1%", "mdes.cra2(rho2=.20, n=4, J=20, alpha=.01)", "1.0579700945"),
    _r("MDES, 8 schools", "mdes.cra2(rho2=.22, n=60, J=8, r21=.5, r22=.6, g2=1)", "0.7586508779"),
    _r(
        "MDES, one-sided, 30% treated",
        "mdes.cra2(rho2=.22, n=60, J=40, r21=.5, r22=.6, g2=1, p=.3, two.tailed=FALSE)",
        "0.26925257805",
    ),
    _r("MDES, Saxon Math example", f"mdes.cra3({_SAXON}", "0.23008783057"),
    _r("its interval, low", f"mdes.cra3({_SAXON}", "0.06864320356", "low"),
    _r("MDES, 60 schools of 3 classes", "mdes.cra3(rho3=.06, rho2=.17, n=15, J=3, K=60)", "0.26910837005"),
    _r("MDES, 250 pupils", "mdes.ira(n=250)", "0.3557750394"),
    _r("MDES, 400 pupils, covariates", "mdes.ira(n=400, r21=.5, g1=2, p=.3)", "0.2166806692"),
    _r("MDES, 20 blocks, constant effect", "mdes.bira2c1(n=15, J=20)", "0.3246341925"),
    _r("MDES, 20 blocks, fixed effects", "mdes.bira2f1(n=15, J=20)", "0.32471748229"),
    _r("MDES, 20 blocks, random effects", f"mdes.bira2({_BLOCKS_R}", "0.3655854374"),
    _r("MDES, 480 blocks, random effects", "mdes.bira2(rho2=.35, omega2=.10, n=83, J=480)", "0.032999548508"),
    _r("MDES, schools in 24 blocks, random", f"mdes.bcra3r2({_DISTRICTS_R}", "0.24627534762"),
    _r("MDES, schools in 5 blocks, fixed", "mdes.bcra3f2(rho2=.10, n=20, J=44, K=5)", "0.14452026590"),
    _r("power, 20 schools", "power.cra2(es=.629, rho2=.17, n=15, J=20)", "0.8000707502"),
    _r("power, Saxon Math example", f"power.cra3(es=.23, {_SAXON}", "0.7998176202"),
    _r("power, 60 schools of 3 classes", "power.cra3(es=.269, rho3=.06, rho2=.17, n=15, J=3, K=60)", "0.799830496"),
    _r("power, 250 pupils", "power.ira(es=.356, n=250)", "0.8005400571"),
    _r("power, 200 pupils", "power.ira(es=.25, n=200)", "0.4205382546"),
    _r("power, blocks fixed", "power.bira2f1(es=.325, n=15, J=20)", "0.8007242872"),
    _r("power, blocks random", f"power.bira2(es=.366, {_BLOCKS_R}", "0.8009889996"),
    _r("power, schools in blocks, random", f"power.bcra3r2(es=.246, {_DISTRICTS_R}", "0.7992827591"),
    _r("power, schools in blocks, fixed", "power.bcra3f2(es=.145, rho2=.10, n=20, J=44, K=5)", "0.8026448742"),
    _r("power, hopeless study", "power.cra2(es=.1, rho2=.2, n=20, J=10)", "0.05942123022"),
    _r("power, one-sided", "power.cra2(es=.25, rho2=.2, n=20, J=30, two.tailed=FALSE)", "0.3893048264"),
    _at(_SEL, "MDES, 80 schools of 2 classes", _SCENARIO_2, "0.212"),
    _at(_SEL, "its interval, high", _SCENARIO_2, "0.361", "high"),
    _at(_SEL, "MDES, cautious shares", "mdes.cra3(rho2=.12, rho3=.08, n=20, J=2, K=80)", "0.254"),
    _at(_SEL, "MDES, hopeful shares", "mdes.cra3(rho2=.03, rho3=.02, n=20, J=2, K=80)", "0.154"),
    _at(_SEL, "pupils needed for 0.22 sd", "mrss.ira(es=.22)", "651"),
    _at(_GEBF, "power, 250 pupils, 0.25 sd", "power.ira(es=.25, n=250)", "0.504"),
    _at(_GEBF, "MDES, 500 pupils, 25% treated", "mdes.ira(p=.25, n=500)", "0.290"),
    _at(_GEBF, "MDES, 500 pupils", "mdes.ira(n=500)", "0.251"),
    _one_more(_GEBF, "pupils needed for 0.25 sd", "mrss.ira(es=.25)", "504"),
    _one_more(_GEBF, "pupils needed at power 90%", "mrss.ira(power=.90, es=.22)", "870"),
    _one_more(_GEBF, "pupils needed at alpha 1%", "mrss.ira(alpha=.01, es=.22)", "968"),
    _one_more(_GEBF, "pupils needed, 75% treated", "mrss.ira(p=.75, es=.22)", "867"),
    _one_more(_GEBF, "schools needed, 40 pupils each", "mrss.cra2(n=40, rho2=.12, es=.25)", "73"),
    _one_more(_GEBF, "schools needed, 20% between", "mrss.cra2(n=40, rho2=.20, es=.25)", "112"),
    _at(_PY, "MDES, 400 pupils", "mdes.ira(n=400)", "0.28"),
    _at(_PY, "MDES, 14 blocks", "mdes.bira2c1(n=80, J=14, r21=.2, g1=1)", "0.15"),
    _at(_PY, "MDES, 480 blocks", "mdes.bira2f1(n=80, J=480)", "0.029"),
    _at(_PY, "MDES, 500 random blocks", "mdes.bira2(n=10, J=500, rho2=.35, omega2=.1)", "0.068"),
    _at(_PY, "MDES, 40 schools", "mdes.cra2(rho2=.15, r21=.40, r22=.53, g2=1, n=100, J=40)", "0.250"),
    _at(
        _PY,
        "MDES, 66 schools of 2 classes",
        "mdes.cra3(rho3=.38, rho2=.10, r21=.37, r22=.53, r23=.87, g3=1, n=20, J=2, K=66)",
        "0.199",
    ),
    _at(
        _PY, "MDES, 5 blocks of 44 schools", "mdes.bcra3f2(rho2=.10, r21=.50, r22=.50, g2=1, n=20, J=44, K=5)", "0.102"
    ),
    _at(
        _PY,
        "MDES, 64 random blocks of 2 schools",
        "mdes.bcra3r2(rho3=.38, rho2=.10, omega3=.50, r21=.37, r22=.53, n=20, J=2, K=64)",
        "0.200",
    ),
    Number("MDES, short series", f"{_PY} its_nocompare, after Bloom (1999)", "0.37", lambda: _bloom(3, None)),
    Number("MDES, short series with comparison", f"{_PY} its_wcompare, q=2", "0.45", lambda: _bloom(3, 2.0)),
)
