"""Published numbers for regression discontinuity and for matching."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.clustered import Fit, least_squares
from leadlib.designs.cutoffs import Cutoff, Density, density_jump, rd
from leadlib.designs.matching import Matched, balance, e_value, matched
from leadlib.verify import FILES, Number

_SENATE = "rdrobust_RDsenate.csv"
_CPS = "cps_mixtape.dta"
_STATA = "rdrobust for Stata, vote on margin (README of rdboottest; Calonico et al. 2017, Stata Journal 17)"
_DENSITY = "Cattaneo, Jansson and Ma 2018, Stata Journal 18: rddensity margin"
_DW = "Dehejia and Wahba 1999, JASA 94"
_MATCHIT = "R MatchIt 4.5.1 and clubSandwich 0.5.8 (CR2, inverse_var)"
_EVALUE = "VanderWeele and Ding 2017, Annals of Internal Medicine 167"
_VIGNETTE = "R EValue, vignette on unmeasured confounding (Hammond and Horn)"
_COVARIATES = ("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75")


@cache
def _senate(path: Path) -> Cutoff:
    found = rd(pd.read_csv(path), outcome="vote", score="margin", errors="neighbors", robustness=False)
    assert isinstance(found, Cutoff)
    return found


def _rd(of: Callable[[Cutoff], float]) -> Callable[[Path], float]:
    return lambda path: of(_senate(path))


def _arm(which: int) -> Callable[[Cutoff], float]:
    return lambda found: float(found.evidence.units[which])


@cache
def _crowd(path: Path) -> Density:
    x = pd.read_csv(path)["margin"].dropna().to_numpy(float)
    found = density_jump(x, x >= 0, (19.841, 27.119))
    assert found is not None
    return found


@cache
def _nsw() -> pd.DataFrame:
    return pd.read_csv(FILES / "nsw_re74.csv").rename_axis("id").reset_index()


@cache
def _means() -> pd.DataFrame:
    d = _nsw()
    table = balance(d[list(_COVARIATES)].to_numpy(float), (d["treat"] == 1).to_numpy(), np.ones(len(d)), _COVARIATES)
    return table[table["when"] == "before"].set_index("measure")


def _mean(name: str, arm: str) -> Callable[[], float]:
    return lambda: float(_means().loc[name, f"{arm}_mean"])


@cache
def _experiment() -> Fit:
    d = _nsw()
    x = np.column_stack([np.ones(len(d)), d["treat"]])
    return least_squares(d["re78"], x, names=["constant", "treat"], where="NSW")


def _matched(frame: pd.DataFrame, **options: Any) -> Matched:
    found = matched(frame, outcome="re78", treated="treat", unit="id", **options)
    assert isinstance(found, Matched)
    return found


def _classical() -> float:
    return _experiment().textbook("treat", "classical")


@cache
def _exact(adjust: bool) -> Matched:
    return _matched(_nsw(), covariates=["black", "hisp", "marr", "nodegree"], method="exact", adjust=adjust)


@cache
def _against_cps(path: Path) -> Matched:
    columns = ["treat", *_COVARIATES, "re78"]
    both = pd.concat([_nsw().query("treat == 1")[columns], pd.read_stata(path)[columns]], ignore_index=True)
    frame = both.rename_axis("id").reset_index()
    return _matched(frame, covariates=list(_COVARIATES), method="coarsened", bins=6)


def _senate_numbers() -> tuple[Number, ...]:
    entries: list[tuple[str, str, Callable[[Path], float]]] = [
        ("jump by lines", "7.4141", _rd(lambda r: r.lines)),
        ("its standard error", "1.4587", _rd(lambda r: r.lines_se)),
        ("its z", "5.0826", _rd(lambda r: r.lines / r.lines_se)),
        ("its interval, low", "4.5551", _rd(lambda r: r.lines - 1.959963985 * r.lines_se)),
        ("its interval, high", "10.2732", _rd(lambda r: r.lines + 1.959963985 * r.lines_se)),
        ("bandwidth of the lines", "17.754", _rd(lambda r: r.bandwidth)),
        ("bandwidth of the curves", "28.028", _rd(lambda r: r.bias_bandwidth)),
        ("robust z", "4.3110", _rd(lambda r: r.value / r.se)),
        ("robust interval, low", "4.0937", _rd(lambda r: r.low)),
        ("robust interval, high", "10.9193", _rd(lambda r: r.high)),
        ("units left within the bandwidth", "360", _rd(_arm(1))),
        ("units right within the bandwidth", "323", _rd(_arm(0))),
    ]
    return tuple(Number(f"Senate: {what}", _STATA, printed, ours, needs=_SENATE) for what, printed, ours in entries)


def _density_numbers() -> tuple[Number, ...]:
    return (
        Number("Senate: density test, T", _DENSITY, "-0.8753", lambda p: _crowd(p).z, needs=_SENATE),
        Number("Senate: density test, p", _DENSITY, "0.3814", lambda p: _crowd(p).p, needs=_SENATE),
    )


def _nsw_numbers() -> tuple[Number, ...]:
    printed = {
        "treated": ("25.81", "10.35", ".84", ".059", ".19", ".71", "2096", "1532"),
        "comparison": ("25.05", "10.09", ".83", "", ".15", ".83", "2107", "1267"),
    }
    # 25.816 stands in the paper as 25.81: it cuts.
    cut = {("treated", "age"): (0.01, "the paper cuts off after two decimals (25.816)")}
    means = tuple(
        Number(f"NSW: mean {name}, {arm}", f"{_DW}, Table 1", text, _mean(name, arm), *cut.get((arm, name), ()))
        for arm, texts in printed.items()
        for name, text in zip(_COVARIATES, texts, strict=True)
        if text
    )
    return (
        *means,
        Number("NSW: effect on earnings", f"{_DW}, Table 3", "1794", lambda: _experiment().term("treat")[0]),
        Number(
            "NSW: its standard error", f"{_DW}, Table 3", "633", lambda: _experiment().textbook("treat", "classical")
        ),
        Number(
            "NSW: normalized difference, no degree",
            "Imbens 2015, Journal of Human Resources 50 (largest: 0.30)",
            "0.30",
            lambda: abs(float(_means().loc["nodegree", "difference_sd"])),
        ),
    )


def _matching_numbers() -> tuple[Number, ...]:
    exact = f"{_MATCHIT}: exact on black, hisp, marr, nodegree"
    cem = f"{_MATCHIT}: cem, six bins, against CPS-1"
    return (
        Number("NSW, exact: effect", exact, "1853.51191", lambda: _exact(True).value, 0.01, "earnings kept to cents"),
        Number("NSW, exact: error", exact, "685.15733", lambda: _exact(True).se, 0.01, "earnings kept to cents"),
        Number("NSW, exact: degrees of freedom", exact, "371.83084", lambda: _exact(True).df),
        Number("NSW, exact: treated", exact, "183", lambda: float(_exact(True).evidence.units[0])),
        Number("NSW, exact, not adjusted: error", exact, "691.09742", lambda: _exact(False).se, 0.01, "kept to cents"),
        Number("NSW and CPS: effect", cem, "2225.72154", lambda p: _against_cps(p).value, 0.01, "kept to cents", _CPS),
        Number("NSW and CPS: error", cem, "769.11659", lambda p: _against_cps(p).se, 0.01, "kept to cents", _CPS),
        Number("NSW and CPS: comparisons", cem, "1980", lambda p: float(_against_cps(p).evidence.units[1]), needs=_CPS),
    )


def _e_numbers() -> tuple[Number, ...]:
    entries = (
        ("3.9", "7.26", _EVALUE),
        ("1.8", "3.0", _EVALUE),
        ("10.73", "20.94777", _VIGNETTE),
        ("8.02", "15.52336", _VIGNETTE),
    )
    return tuple(
        Number(f"E-value of a risk ratio of {rr}", source, printed, lambda rr=rr: e_value(float(rr)))  # type: ignore[misc]
        for rr, printed, source in entries
    )


NUMBERS: tuple[Number, ...] = (
    *_senate_numbers(),
    *_density_numbers(),
    *_nsw_numbers(),
    *_matching_numbers(),
    *_e_numbers(),
)
"""The senate's need rdrobust_RDsenate.csv (Python package rdrobust), the CPS's cps_mixtape.dta (causaldata)."""
