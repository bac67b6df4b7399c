"""Published numbers on pupils in schools, growth and schools' contributions, worked out again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.designs.levels import Multilevel, growth, multilevel, value_added
from leadlib.designs.levels.fitting import Mixed, fitted
from leadlib.designs.levels.sums import Rows, codes
from leadlib.tables import load
from leadlib.verify import FILES, Number

_HSB = "hsb82.csv"
_LME4 = "R 4.2.2, lme4 1.1.31 and lmerTest 3.1.3, {}"
_NLME = "R 4.2.2, nlme 3.1-162, {} on Potthoff and Roy (1964), Table 1"
_BOOK = "Raudenbush and Bryk (2002), Hierarchical Linear Models, Table {}"


@functools.lru_cache(maxsize=4)
def _hsb(path: Path) -> pd.DataFrame:
    """Read the High School and Beyond file as R's mlmRev has it: school, mAch, ses, meanses, sector, cses."""
    table = pd.read_csv(path, dtype={"school": str})
    table["catholic"] = (table["sector"] == "Catholic").astype(int)
    return table.assign(catholic_cses=table["catholic"] * table["cses"], meanses_cses=table["meanses"] * table["cses"])


@functools.lru_cache(maxsize=8)
def _plain(path: Path, columns: tuple[str, ...], varying: bool = False) -> Mixed:
    table = _hsb(path)
    x = table.assign(constant=1.0)[["constant", *columns]].to_numpy(dtype=float)
    names, y = ("constant", *columns), table["mAch"].to_numpy(dtype=float)
    return fitted(Rows("verify", names, y, x, codes(table["school"]), None, (0, 1) if varying else (0,)))


@functools.lru_cache(maxsize=4)
def _sectors(path: Path, varying: bool) -> Any:
    more = ["catholic_cses", "meanses_cses"] if varying else []
    return multilevel(
        _hsb(path),
        outcome="mAch",
        treated="catholic",
        cluster="school",
        covariates=["meanses", "cses", *more],
        slope="cses" if varying else None,
    )


def _of(fit: Callable[..., Mixed], name: str, part: int) -> Callable[..., float]:
    return lambda *path: fit(*path).term(name)[part]


def _row(result: Callable[..., Multilevel], name: str, column: str) -> Callable[..., float]:
    def ours(*path: Path) -> float:
        table = result(*path).coefficients
        return float(table.loc[table["term"] == name, column].iloc[0])

    return ours


def _null(path: Path) -> Mixed:
    return _plain(path, ())


def _means(path: Path) -> Mixed:
    return _plain(path, ("meanses",))


def _slopes(path: Path) -> Mixed:
    return _plain(path, ("cses",), True)


def _icc(path: Path) -> float:
    fit = _null(path)
    return float(fit.outer[0, 0] / (fit.outer[0, 0] + fit.residual_variance))


@functools.lru_cache(maxsize=1)
def _kindergarten() -> pd.DataFrame:
    table = load("tennessee-star/pupil_years")
    return table[table["grade"] == "K"].assign(small=lambda d: (d["class_type"] == "small").astype(int))


@functools.lru_cache(maxsize=4)
def _star(outcome: str, varying: bool) -> Any:
    return multilevel(
        _kindergarten(),
        outcome=outcome,
        treated="small",
        cluster="school_id",
        slope="small" if varying else None,
        assignment="random",
    )


def _math() -> Any:
    return _star("math_score", False)


def _math_slope() -> Any:
    return _star("math_score", True)


def _reading() -> Any:
    return _star("read_score", False)


@functools.lru_cache(maxsize=1)
def _contributions() -> Any:
    table = load("tennessee-star/pupil_years")
    early = table[table["grade"] == "K"].set_index("pupil_id")["math_score"].rename("prior")
    late = table[table["grade"] == "1"].join(early, on="pupil_id")
    return value_added(late, outcome="math_score", prior="prior", unit="school_id")


def _school(place: int) -> Callable[[], float]:
    return lambda: float(_contributions().frame["value"].iloc[place])


@functools.lru_cache(maxsize=2)
def _children(by_sex: bool) -> Any:
    table = pd.read_csv(FILES / "potthoff_roy_1964.csv")
    flag = "boy" if by_sex else None
    return growth(table, outcome="distance_mm", time="age", unit="child", treated=flag)


def _children_row(by_sex: bool, measure: str, group: str) -> Callable[[], float]:
    def ours() -> float:
        table = _children(by_sex).table
        found = table[table["measure"].str.contains(measure, regex=False) & (table["group"] == group)]
        return float(found["value"].iloc[0])

    return ours


def _between(variance: str, result: Callable[[], Multilevel]) -> Callable[[], float]:
    return lambda: result().variances[variance]


def _hsb_numbers() -> tuple[Number, ...]:
    null, means, slopes = "mAch ~ 1 + (1 | school)", "4.3, means as outcomes", "mAch ~ cses + (1 + cses | school)"
    r, b = _LME4.format, _BOOK.format
    rows: list[tuple[str, str, str, Callable[..., float]]] = [
        ("HSB, mean achievement", b("4.2, one-way ANOVA"), "12.64", _of(_null, "constant", 0)),
        ("HSB, its standard error", b("4.2, one-way ANOVA"), "0.24", _of(_null, "constant", 1)),
        ("HSB, variance between schools", b("4.2, one-way ANOVA"), "8.61", lambda p: _null(p).outer[0, 0]),
        ("HSB, variance within schools", b("4.2, one-way ANOVA"), "39.15", lambda p: _null(p).residual_variance),
        ("HSB, intraclass correlation", b("4.2 and page 71"), "0.18", _icc),
        ("HSB, slope on the school's mean SES", b(means), "5.86", _of(_means, "meanses", 0)),
        ("HSB, its standard error", b(means), "0.36", _of(_means, "meanses", 1)),
        ("HSB, variance left between schools", b(means), "2.64", lambda p: _means(p).outer[0, 0]),
        ("HSB, variance within schools", b(means), "39.16", lambda p: _means(p).residual_variance),
        ("HSB, mean slope on SES", b("4.4, random coefficients"), "2.19", _of(_slopes, "cses", 0)),
        ("HSB, its standard error", b("4.4, random coefficients"), "0.128", _of(_slopes, "cses", 1)),
        ("HSB, variance of intercepts", b("4.4, random coefficients"), "8.68", lambda p: _slopes(p).outer[0, 0]),
        (
            "HSB, variance within schools",
            b("4.4, random coefficients"),
            "36.70",
            lambda p: _slopes(p).residual_variance,
        ),
        ("HSB, mean achievement", r(null), "12.636974", _of(_null, "constant", 0)),
        ("HSB, its standard error", r(null), "0.244394", _of(_null, "constant", 1)),
        ("HSB, its degrees of freedom", r(null), "156.647", _of(_null, "constant", 2)),
        ("HSB, variance between schools", r(null), "8.6140", lambda p: _null(p).outer[0, 0]),
        ("HSB, variance within schools", r(null), "39.1483", lambda p: _null(p).residual_variance),
        ("HSB, intraclass correlation", r(null), "0.180352", _icc),
        ("HSB, restricted log-likelihood", r(null), "-23558.3967", lambda p: _null(p).log_likelihood),
        ("HSB, intercept", r(slopes), "12.636193", _of(_slopes, "constant", 0)),
        ("HSB, mean slope", r(slopes), "2.193196", _of(_slopes, "cses", 0)),
        ("HSB, its standard error", r(slopes), "0.128259", _of(_slopes, "cses", 1)),
        ("HSB, its degrees of freedom", r(slopes), "155.22", _of(_slopes, "cses", 2)),
        ("HSB, variance of slopes", r(slopes), "0.6940", lambda p: _slopes(p).outer[1, 1]),
        ("HSB, variance within schools", r(slopes), "36.7002", lambda p: _slopes(p).residual_variance),
        ("HSB, restricted log-likelihood", r(slopes), "-23357.1170", lambda p: _slopes(p).log_likelihood),
    ]
    return tuple(Number(what, source, printed, ours, needs=_HSB) for what, source, printed, ours in rows)


def _sector_numbers() -> tuple[Number, ...]:
    """Catholic and public schools, with and without a slope of its own for each school."""

    def even(path: Path) -> Any:
        return _sectors(path, False)

    def varying(path: Path) -> Any:
        return _sectors(path, True)

    one = _LME4.format("mAch ~ sector + meanses + cses + (1 | school)")
    two = _LME4.format("mAch ~ (sector + meanses) * cses + (1 + cses | school)")
    rows: list[tuple[str, str, str, Callable[..., float]]] = [
        ("HSB, Catholic schools", one, "1.224620", _row(even, "catholic", "value")),
        ("HSB, its standard error", one, "0.306081", _row(even, "catholic", "se")),
        ("HSB, its degrees of freedom", one, "149.687", _row(even, "catholic", "df")),
        ("HSB, variance left between schools", one, "2.36872", lambda p: even(p).variances["between schools"]),
        ("HSB, Catholic schools", two, "1.226579", _row(varying, "catholic", "value")),
        ("HSB, its standard error", two, "0.306269", _row(varying, "catholic", "se")),
        ("HSB, SES slope in Catholic schools, less", two, "-1.642674", _row(varying, "catholic_cses", "value")),
        ("HSB, its standard error", two, "0.239778", _row(varying, "catholic_cses", "se")),
        ("HSB, its degrees of freedom", two, "143.35", _row(varying, "catholic_cses", "df")),
        ("HSB, restricted log-likelihood", two, "-23251.8314", lambda p: varying(p).log_likelihood),
        ("HSB, school mean SES", _BOOK.format("4.5"), "5.33", _row(varying, "meanses", "value")),
        ("HSB, Catholic schools", _BOOK.format("4.5"), "1.23", _row(varying, "catholic", "value")),
        (
            "HSB, SES slope in Catholic schools, less",
            _BOOK.format("4.5"),
            "-1.64",
            _row(varying, "catholic_cses", "value"),
        ),
    ]
    return tuple(Number(what, source, printed, ours, needs=_HSB) for what, source, printed, ours in rows)


def _star_numbers() -> tuple[Number, ...]:
    even = _LME4.format("math ~ small + (1 | school), STAR kindergarten")
    own = _LME4.format("math ~ small + (1 + small | school), STAR kindergarten")
    read = _LME4.format("read ~ small + (1 | school), STAR kindergarten")
    after = _LME4.format("grade 1 math ~ kindergarten math + (1 | school), STAR")
    between, pupils = "between schools", "between pupils of a school"
    return (
        Number("STAR, small class, mathematics", even, "8.750501", lambda: _math().value),
        Number("STAR, its standard error", even, "1.226659", lambda: _math().se),
        Number("STAR, its degrees of freedom", even, "5805.59", lambda: _math().df),
        Number("STAR, variance between schools", even, "459.650", _between(between, _math)),
        Number("STAR, variance within schools", even, "1810.668", _between(pupils, _math)),
        Number("STAR, restricted log-likelihood", even, "-30463.5061", lambda: _math().log_likelihood),
        Number("STAR, small class, effect varying", own, "8.27576", lambda: _math_slope().value),
        Number("STAR, its standard error", own, "2.28737", lambda: _math_slope().se),
        Number("STAR, its degrees of freedom", own, "75.736", lambda: _math_slope().df),
        Number("STAR, variance within schools", own, "1753.06", _between(pupils, _math_slope)),
        Number("STAR, restricted log-likelihood", own, "-30417.6759", lambda: _math_slope().log_likelihood),
        Number("STAR, small class, reading", read, "6.000048", lambda: _reading().value),
        Number("STAR, its standard error", read, "0.823049", lambda: _reading().se),
        Number("STAR, variance between schools", read, "202.533", _between(between, _reading)),
        Number("STAR, standard deviation of contributions", after, "17.78603", lambda: _contributions().spread),
        Number("STAR, share of variance between schools", after, "0.250270", lambda: _contributions().share),
        Number("STAR, first school beyond expectation", after, "0.27488", _school(0)),
        Number("STAR, second school beyond expectation", after, "-19.0675", _school(1)),
        Number("STAR, third school beyond expectation", after, "25.9116", _school(2)),
    )


def _children_numbers() -> tuple[Number, ...]:
    both, sex = (
        _NLME.format("lme(distance ~ age, Orthodont)"),
        _NLME.format("lme(distance ~ age * Sex, ~ age | Subject)"),
    )
    rest = _LME4.format("distance ~ t * boy + (1 + t | child), t = age less 8")
    return (
        Number("Children's growth a year, mm", both, "0.660185", lambda: _children(False).value),
        Number("Its standard error", both, "0.0712533", lambda: _children(False).se),
        Number("Spread of growth", both, "0.22643", _children_row(False, "deviation of growth", "Between pupils")),
        Number("Boys' growth less girls', mm a year", sex, "0.304830", lambda: _children(True).value),
        Number("Its standard error", sex, "0.1347353", lambda: _children(True).se),
        Number("Its t", sex, "2.262432", lambda: _children(True).value / _children(True).se),
        Number("Its degrees of freedom", rest, "25.0000", lambda: _children(True).df),
        Number("Boys' growth a year, mm", sex, "0.784375", _children_row(True, "growth a year", "With the program")),
        Number("Girls' growth a year, mm", rest, "0.4795455", _children_row(True, "growth a year", "Without it")),
        Number("Girls at eight, mm", rest, "21.209091", _children_row(True, "level at the start", "Without it")),
        Number("Spread of growth", sex, "0.180345", _children_row(True, "deviation of growth", "Between pupils")),
        Number("Spread at eight", rest, "1.79832", _children_row(True, "deviation at the start", "Between pupils")),
    )


NUMBERS = (*_star_numbers(), *_children_numbers(), *_hsb_numbers(), *_sector_numbers())
