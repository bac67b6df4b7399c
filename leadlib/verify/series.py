"""Published and printed numbers of interrupted series and synthetic controls."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs import synthetic
from leadlib.designs.donors.table import Pool, pooled
from leadlib.designs.donors.weights import by_predictors
from leadlib.designs.interrupted.alone import columns
from leadlib.designs.interrupted.autocorrelated import durbin_watson, newey_west, restricted
from leadlib.verify import FILES, Number

_R = "R 4.2.2:"
_GLS = f"{_R} nlme 3.1-162, gls(y ~ t + post + since, correlation = corAR1(form = ~ t), method = 'REML') on Nile, 1899"
_NEWEY = (
    f"{_R} sandwich 3.0-2, NeweyWest(lm(y ~ t + post + since), lag = 1, prewhite = FALSE, adjust = TRUE) on Nile, 1899"
)
_ITSA = "Linden 2015, Stata Journal 15, 480-500: itsa cigsale, single trperiod(1989) lag(1)"
_ITSA_R = f"{_ITSA}; digits from sandwich 3.0-2, NeweyWest(lag = 1, prewhite = FALSE, adjust = TRUE)"
_ADH = "Abadie, Diamond and Hainmueller 2010, JASA 105, 493-505"
_MLSYNTH = "mlsynth (Python), benchmark synth_prop99: outcomes only"
_AUGSYNTH = "augsynth (R), vignette on the Basque Country from 1975, progfunc = 'None', weightfunc = 'SCM'"
_SMOKING, _BASQUE = "smoking.csv", "basque.csv"
_NEARER = "the search over predictors' weights ends at a slightly nearer fit before 1989 than the paper's"
_REML = "optimizers stop at slightly different correlations"

PREDICTORS = (
    ("lnincome", 1980, 1988),
    ("retprice", 1980, 1988),
    ("age15to24", 1980, 1988),
    ("beer", 1984, 1988),
    ("cigsale", 1975, 1975),
    ("cigsale", 1980, 1980),
    ("cigsale", 1988, 1988),
)


@functools.cache
def _nile() -> tuple[Any, Any, Any]:
    rows = pd.read_csv(FILES / "nile.csv")
    times = rows["year"].to_numpy(float)
    return rows["volume"].to_numpy(float), columns(times, 1899), times


@functools.cache
def _nile_restricted() -> tuple[float, Any, Any]:
    return restricted(*_nile())


def _gls(part: int, k: int) -> Callable[[], float]:
    def ours() -> float:
        lag, coef, errors = _nile_restricted()
        return (lag, float(coef[k]), float(errors[k]))[part]

    return ours


def _newey(part: int, k: int) -> Callable[[], float]:
    return lambda: float(newey_west(*_nile()[:2])[part][k])


def _watson() -> float:
    y, x, _ = _nile()
    return durbin_watson(y - x @ newey_west(y, x)[0])


@functools.cache
def _california(path: Path) -> pd.DataFrame:
    """Read a copy of the tobacco panel: state, year, cigsale, lnincome, beer, age15to24, retprice."""
    return pd.read_csv(path)


def _itsa(part: int, k: int) -> Callable[[Path], float]:
    def ours(path: Path) -> float:
        rows = _california(path)
        rows = rows[rows["state"] == "California"].sort_values("year")
        found = newey_west(rows["cigsale"], columns(rows["year"], 1989))[part]
        return float(found[k])

    return ours


@functools.cache
def _mixed(path: Path) -> tuple[Pool, Any]:
    pool = pooled(
        _california(path),
        outcome="cigsale",
        unit="state",
        time="year",
        treated="California",
        start=1989,
        donors=None,
        predictors=PREDICTORS,
        level=0.95,
        word="state",
    )
    if pool.predictors is None or pool.own_predictors is None:
        raise TypeError("the pool has no predictors")
    away = (pool.others - pool.own).T[: pool.before]
    return pool, by_predictors(away, (pool.predictors - pool.own_predictors).T)[0]


def _share(state: str) -> Callable[[Path], float]:
    def ours(path: Path) -> float:
        pool, shares = _mixed(path)
        return float(shares[list(pool.donors).index(state)])

    return ours


def _packs(year: int) -> Callable[[Path], float]:
    """Give cigarette sales of synthetic California in a year."""

    def ours(path: Path) -> float:
        pool, shares = _mixed(path)
        return float(shares @ pool.others[:, int(np.searchsorted(pool.times, year))])

    return ours


def _gap(path: Path) -> float:
    pool, shares = _mixed(path)
    return float(pool.own[-1] - shares @ pool.others[:, -1])


@functools.cache
def _outcomes_only(path: Path) -> Any:
    return synthetic(_california(path), outcome="cigsale", unit="state", time="year", treated="California", start=1989)


@functools.cache
def _basque(path: Path) -> Any:
    rows = pd.read_csv(path)
    rows = rows[rows["regionno"] != 1]
    return synthetic(rows, outcome="gdpcap", unit="regionno", time="year", treated=17, start=1975, level=0.9)


def _before(result: Any) -> Any:
    return result.frame["gap"][~result.frame["after"]].to_numpy(float)


def _evenly(path: Path) -> float:
    """Give the imbalance as a share of that of equal weights."""
    rows = pd.read_csv(path)
    wide = rows[rows["regionno"] != 1].pivot_table(index="regionno", columns="year", values="gdpcap")
    early = wide.loc[:, wide.columns < 1975]
    even = early.loc[17] - early.drop(index=17).mean()
    return float(np.linalg.norm(_before(_basque(path))) / np.linalg.norm(even))


def _california_number(what: str, printed: str, take: Callable[[Any], float], why: str = "") -> Number:
    return Number(what, _MLSYNTH, printed, lambda path: take(_outcomes_only(path)), why=why, needs=_SMOKING)


NUMBERS: tuple[Number, ...] = (
    Number("Nile: correlation of neighboring years", _GLS, "0.1974741954", _gls(0, 0), 1e-5, _REML),
    Number("Nile: level change", _GLS, "-289.6889641", _gls(1, 2), 1e-3, _REML),
    Number("Nile: standard error of the level change", _GLS, "69.358452976", _gls(2, 2), 1e-3, _REML),
    Number("Nile: change in slope", _GLS, "-0.5026057759", _gls(1, 3), 1e-5, _REML),
    Number("Nile: standard error of the change in slope", _GLS, "3.720219140", _gls(2, 3), 1e-4, _REML),
    Number("Nile: level change by least squares", _NEWEY, "-289.1026853664", _newey(0, 2)),
    Number("Nile: Newey and West's error of the level change", _NEWEY, "59.1569846", _newey(1, 2)),
    Number("Nile: Newey and West's error of the change in slope", _NEWEY, "2.861606555", _newey(1, 3)),
    Number("Nile: Durbin and Watson's statistic", f"{_R} lmtest, dwtest of the same lm", "1.687845765", _watson),
    Number("California: trend before 1989", _ITSA, "-1.779474", _itsa(0, 1), needs=_SMOKING),
    Number("California: level change in 1989", _ITSA, "-20.0581", _itsa(0, 2), needs=_SMOKING),
    Number("California: change in slope", _ITSA, "-1.494652", _itsa(0, 3), needs=_SMOKING),
    Number("California: error of the trend before", _ITSA_R, "0.38341882", _itsa(1, 1), needs=_SMOKING),
    Number("California: error of the level change", _ITSA_R, "4.72439512", _itsa(1, 2), needs=_SMOKING),
    Number("California: error of the change in slope", _ITSA_R, "0.43682011", _itsa(1, 3), needs=_SMOKING),
    Number(
        "Synthetic California: weight of Utah", f"{_ADH}, table 2", "0.334", _share("Utah"), 0.005, _NEARER, _SMOKING
    ),
    Number(
        "Synthetic California: weight of Nevada",
        f"{_ADH}, table 2",
        "0.234",
        _share("Nevada"),
        0.005,
        _NEARER,
        _SMOKING,
    ),
    Number(
        "Synthetic California: weight of Montana",
        f"{_ADH}, table 2",
        "0.199",
        _share("Montana"),
        0.005,
        _NEARER,
        _SMOKING,
    ),
    Number(
        "Synthetic California: weight of Colorado",
        f"{_ADH}, table 2",
        "0.164",
        _share("Colorado"),
        0.005,
        _NEARER,
        _SMOKING,
    ),
    Number(
        "Synthetic California: weight of Connecticut",
        f"{_ADH}, table 2",
        "0.069",
        _share("Connecticut"),
        0.005,
        _NEARER,
        _SMOKING,
    ),
    Number("Synthetic California: packs in 1988", f"{_ADH}, table 1", "91.62", _packs(1988), 0.2, _NEARER, _SMOKING),
    Number("Synthetic California: packs in 1980", f"{_ADH}, table 1", "120.43", _packs(1980), 0.2, _NEARER, _SMOKING),
    Number("California minus synthetic in 2000, packs", f"{_ADH}, section 3.3", "-26", _gap, needs=_SMOKING),
    _california_number("California, outcomes only: mean gap", "-19.51363", lambda r: float(r.value)),
    _california_number(
        "California, outcomes only: squared gaps before 1989", "52.129571", lambda r: float((_before(r) ** 2).sum())
    ),
    _california_number(
        "California, outcomes only: weight of Utah", "0.393908", lambda r: float(r.weights["weight"].iloc[0])
    ),
    _california_number("California, outcomes only: rank of the ratio", "3", lambda r: float(39 * r.ratio_p)),
    Number(
        "Basque Country, outcomes only: imbalance before 1975",
        _AUGSYNTH,
        "0.377",
        lambda path: float(np.linalg.norm(_before(_basque(path)))),
        needs=_BASQUE,
    ),
    Number("Basque Country: imbalance beside equal weights", _AUGSYNTH, "0.052", _evenly, needs=_BASQUE),
)
