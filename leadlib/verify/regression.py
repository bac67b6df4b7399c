"""Published numbers for least squares, experiments, comparisons of two groups and decompositions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.clustered import Fit, least_squares
from leadlib.designs.comparing import compare
from leadlib.designs.splitting import kitagawa_parts
from leadlib.designs.subgroups import partly_pooled
from leadlib.verify import FILES, Number

_NIST = "NIST Statistical Reference Datasets"
_DIGITS = "certified in exact arithmetic; double precision keeps this many digits of so ill-conditioned a set"
_STAR = "tennessee-star/pupil_years.csv.gz"
_DISTRICTS = "california_districts_1999.csv"
_API = "california-2000/outcomes.csv.gz"
_BOOK = "Stock and Watson, Introduction to Econometrics, 3rd ed."


@cache
def _norris() -> Fit:
    d = pd.read_csv(FILES / "nist_norris.csv")
    x = np.column_stack([np.ones(len(d)), d["x"]])
    return least_squares(d["y"], x, names=["B0", "B1"], where="Norris")


@cache
def _longley() -> Fit:
    d = pd.read_csv(FILES / "nist_longley.csv")
    x = np.column_stack([np.ones(len(d)), d.drop(columns="y")])
    return least_squares(d["y"], x, names=[f"B{k}" for k in range(7)], where="Longley")


@cache
def _wampler(which: int) -> Fit:
    """Fit the polynomials that Wampler made up: exact, exact with five decimals, and with errors of two sizes."""
    x = np.arange(21.0)
    powers = np.column_stack([x**k for k in range(6)])
    jumps = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048]
    errors = np.array([*jumps, *jumps[9::-1]], dtype=float)
    y = powers @ (np.full(6, 1.0) if which != 2 else 10.0 ** -np.arange(6.0))
    y = y + {1: 0.0, 2: 0.0, 3: 1.0, 4: 100.0}[which] * errors
    return least_squares(y, powers, names=[f"B{k}" for k in range(6)], where=f"Wampler{which}")


def _term(fit: Callable[[], Fit], name: str, error: bool) -> Callable[[], float]:
    return lambda: fit().textbook(name, "classical") if error else fit().term(name)[0]


def _certified(
    name: str, fit: Callable[[], Fit], values: tuple[str, ...], errors: tuple[str, ...], digits: int
) -> tuple[Number, ...]:
    """Make the entries of one reference set: each coefficient, and each standard error."""
    found = []
    for kind, printed in (("coefficient", values), ("standard error", errors)):
        for k, text in enumerate(printed):
            within = 10.0**-digits * abs(float(text))
            ours = _term(fit, f"B{k}", kind == "standard error")
            found.append(Number(f"{name}: {kind} B{k}", f"{_NIST}, {name}", text, ours, within, _DIGITS))
    return tuple(found)


def _silver() -> float:
    """Give F of the one-way analysis of silver's atomic weight; for two equal groups it is t squared."""
    d = pd.read_csv(FILES / "nist_atmwtag.csv")
    found: Any = compare(d.assign(first=d["instrument"] == 1), outcome="y", group="first")
    return float((found.value / found.se) ** 2)


@cache
def _kindergarten(path: Path) -> pd.DataFrame:
    d = pd.read_csv(path, dtype={"school_id": str}, low_memory=False)
    d = d[d["grade"] == "K"]
    score = pd.to_numeric(d["read_score"], errors="coerce") + pd.to_numeric(d["math_score"], errors="coerce")
    return d.assign(score=score)[score.notna()].sort_values("pupil_id")


def _star(kind: str, *, schools: bool = False, clustered: bool = False) -> Callable[[Path], float]:
    """Give a function for the effect of a small class in kindergarten, or its error; `schools` adds experience too."""

    def ours(path: Path) -> float:
        d = _kindergarten(path)
        years = pd.to_numeric(d["teacher_experience_years"], errors="coerce")
        d = d[years.notna()] if schools else d
        columns = [np.ones(len(d)), d["class_type"] == "small", d["class_type"] == "regular+aide"]
        if schools:
            columns += [years[d.index], *(d["school_id"] == s for s in sorted(d["school_id"].unique())[1:])]
        names = ["constant", "small", "aide", *(f"column {k}" for k in range(len(columns) - 3))]
        x = np.column_stack(columns).astype(float)
        fit = least_squares(
            d["score"], x, names=names, where="STAR", clusters=d["school_id"].to_numpy() if clustered else None
        )
        return fit.term("small")[0] if kind == "value" else fit.textbook("small", "CR1")

    return ours


def _districts(kind: str, *columns: str) -> Callable[[Path], float]:
    def ours(path: Path) -> float:
        d = pd.read_csv(path)
        d = d.assign(size=d["students"] / d["teachers"], score=(d["read"] + d["math"]) / 2)
        x = np.column_stack([np.ones(len(d)), d[["size", *columns]]])
        fit = least_squares(d["score"], x, names=["constant", "size", *columns], where="districts")
        return fit.term("size")[0] if kind == "value" else fit.textbook("size", "CR1")

    return ours


def _api(path: Path) -> float:
    d = pd.read_csv(path, low_memory=False)
    values = pd.to_numeric(d.loc[(d["year"] == 1999) & (d["measure"] == "api"), "value"], errors="coerce").dropna()
    return least_squares(values, np.ones((len(values), 1)), names=["constant"], where="api").term("constant")[0]


def _headship(part: int) -> Callable[[], float]:
    """Give the change in household heads from 1970 to 1985 (0), its part by age (1) and by rates (2)."""

    def ours() -> float:
        d = pd.read_csv(FILES / "das_gupta_headship.csv").sort_values(["year", "age"], kind="stable")
        w = d["share_pct"].to_numpy()
        return float(kitagawa_parts(np.concatenate([w, w * d["heads_pct"].to_numpy()]), 13)[part])

    return ours


def _coaching(school: int) -> Callable[[], float]:
    """Give a school's partly pooled effect of coaching, of Rubin's eight."""
    effect = np.array([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16])
    error = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
    return lambda: float(partly_pooled(effect, np.diag(error**2)).value[school])


_ROUGH = "printed from 200 draws of a simulation and rounded to whole points; ours is integrated"
_GELMAN = "Gelman et al., Bayesian Data Analysis, table 5.3 (Rubin 1981)"
_GUPTA = "Das Gupta 1993, U.S. Bureau of the Census P23-186, example 5.1 (digits as printed by R's DasGuptR 2.1)"
_TEXT = f"{_BOOK}, chapter 13, Project STAR"

NUMBERS: tuple[Number, ...] = (
    *_certified(
        "Norris",
        _norris,
        ("-0.262323073774029", "1.00211681802045"),
        ("0.232818234301152", "0.429796848199937E-03"),
        11,
    ),
    *_certified(
        "Longley",
        _longley,
        (
            "-3482258.63459582",
            "15.0618722713733",
            "-0.358191792925910E-01",
            "-2.02022980381683",
            "-1.03322686717359",
            "-0.511041056535807E-01",
            "1829.15146461355",
        ),
        (
            "890420.383607373",
            "84.9149257747669",
            "0.334910077722432E-01",
            "0.488399681651699",
            "0.214274163161675",
            "0.226073200069370",
            "455.478499142212",
        ),
        9,
    ),
    *_certified("Wampler1", lambda: _wampler(1), ("1.00000000000000",) * 6, (), 7),
    *_certified(
        "Wampler2",
        lambda: _wampler(2),
        (
            "1.00000000000000",
            "0.100000000000000",
            "0.100000000000000E-01",
            "0.100000000000000E-02",
            "0.100000000000000E-03",
            "0.100000000000000E-04",
        ),
        (),
        9,
    ),
    *_certified(
        "Wampler3",
        lambda: _wampler(3),
        ("1.00000000000000",) * 6,
        (
            "2152.32624678170",
            "2363.55173469681",
            "779.343524331583",
            "101.475507550350",
            "5.64566512170752",
            "0.112324854679312",
        ),
        7,
    ),
    *_certified(
        "Wampler4",
        lambda: _wampler(4),
        (),
        (
            "215232.624678170",
            "236355.173469681",
            "77934.3524331583",
            "10147.5507550350",
            "564.566512170752",
            "11.2324854679312",
        ),
        7,
    ),
    Number("AtmWtAg: F of two instruments", f"{_NIST}, AtmWtAg", "1.59467335677930E+01", _silver, 1e-6, _DIGITS),
    Number("Household heads 1985 minus 1970: change", _GUPTA, "2.9672", _headship(0)),
    Number("Household heads 1985 minus 1970: part by age", _GUPTA, "1.2269", _headship(1)),
    Number("Household heads 1985 minus 1970: part by rates", _GUPTA, "1.7403", _headship(2)),
    *(
        Number(f"Coaching in eight schools: school {name}, partly pooled", _GELMAN, text, _coaching(k), 1.5, _ROUGH)
        for k, (name, text) in enumerate(zip("ABCDEFGH", ("10", "8", "7", "8", "5", "6", "10", "8"), strict=True))
    ),
    Number("STAR kindergarten: small class", _TEXT, "13.898994", _star("value"), needs=_STAR),
    Number("STAR kindergarten: small class, HC1 error", _TEXT, "2.454093", _star("se"), needs=_STAR),
    Number(
        "STAR kindergarten: small class, given teachers' experience and school",
        _TEXT,
        "15.93",
        _star("value", schools=True),
        needs=_STAR,
    ),
    Number("STAR kindergarten: the same, HC1 error", _TEXT, "2.24", _star("se", schools=True), needs=_STAR),
    Number(
        "STAR kindergarten: small class, error clustered by school",
        "R 4.2.2, sandwich::vcovCL(lm(score ~ class_type), cluster = ~school_id, type = 'HC1')",
        "4.2",
        _star("se", clustered=True),
        needs=_STAR,
        why="1.7 times the error that takes pupils of one school as independent",
    ),
    Number(
        "California districts: score on class size",
        f"{_BOOK}, ch. 4",
        "-2.279808",
        _districts("value"),
        needs=_DISTRICTS,
    ),
    Number(
        "California districts: the same, HC1 error", f"{_BOOK}, ch. 5", "0.519489", _districts("se"), needs=_DISTRICTS
    ),
    Number(
        "California districts: with English learners",
        f"{_BOOK}, ch. 7",
        "-1.101296",
        _districts("value", "english"),
        needs=_DISTRICTS,
    ),
    Number(
        "California districts: the same, HC1 error",
        f"{_BOOK}, ch. 7",
        "0.432847",
        _districts("se", "english"),
        needs=_DISTRICTS,
    ),
    Number(
        "California schools: mean Academic Performance Index 2000 (N 6,194)",
        "R survey, apipop: mean(api00)",
        "664.71263",
        _api,
        needs=_API,
    ),
)
