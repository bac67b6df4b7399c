"""Published numbers of meta-analysis: teachers' expectations, school calendars, BCG vaccine."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs import meta
from leadlib.verify import FILES, Number

_METAFOR = "R metafor 3.8-1"
_STOPS = "metafor's search stops at steps of 1e-5; with threshold = 1e-13 it prints what we give"
_WITHIN = 5e-5
_ORACLE = "Raudenbush (1985) data;"
_KONST = "Konstantopoulos (2011) data;"


@cache
def _expectancy(**more: Any) -> Any:
    frame = pd.read_csv(FILES / "expectancy_1985.csv", dtype={"study": str})
    moderators = ("weeks",) if more.pop("weeks", False) else ()
    return meta(frame, effect="effect", variance="variance", study="study", moderators=moderators, **more)


@cache
def _calendar(*, level3: bool = True, year: bool = False) -> Any:
    frame = pd.read_csv(FILES / "calendar_2011.csv", dtype={"district": str, "study": str})
    more: dict[str, Any] = {"study": "district", "within": "study"} if level3 else {"study": "study"}
    if not level3:
        more |= {"cluster": "district"}
    return meta(
        frame, effect="effect", variance="variance", moderators=("year",) if year else (), influence=False, **more
    )


@cache
def _bcg(*, moderators: tuple[str, ...] = (), interval: str = "normal") -> Any:
    t = pd.read_csv(FILES / "bcg_1994.csv", dtype={"trial": str})
    a, b, c, d = (t[k] for k in ("treated_cases", "treated_without", "control_cases", "control_without"))
    t["effect"] = np.log(a / (a + b) / (c / (c + d)))
    t["variance"] = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return meta(
        t, effect="effect", variance="variance", study="trial", moderators=moderators, interval=interval,  # type: ignore[arg-type]
        influence=False,
    )  # fmt: skip


def _term(fit: Any, k: int, column: str) -> float:
    return float(fit.coefficients[column].iloc[k])


def _without(trial: str) -> float:
    rows = _expectancy(interval="normal", influence=True).frame
    return float(rows.loc[rows["study"] == trial, "without_value"].iloc[0])


def _e(
    what: str, call: str, printed: str, of: Callable[[], float], within: float | None = None, why: str = ""
) -> Number:
    return Number(f"Teacher expectancy, 19 studies: {what}", f"{_ORACLE} {_METAFOR}, {call}", printed, of, within, why)


def _k(what: str, source: str, printed: str, of: Callable[[], float]) -> Number:
    return Number(f"School calendars, 56 effects in 11 districts: {what}", f"{_KONST} {source}", printed, of)


def _b(what: str, call: str, printed: str, of: Callable[[], float]) -> Number:
    source = f"Colditz and others (1994) data; {_METAFOR}, {call}"
    return Number(f"BCG vaccine, 13 trials, log risk ratio: {what}", source, printed, of)


def _plain() -> Any:
    return _expectancy(interval="normal", influence=False)


def _kh() -> Any:
    return _expectancy(interval="knapp-hartung", influence=False)


def _other(method: str) -> Any:
    return _expectancy(method=method, interval="normal", influence=False)


def _weeks() -> Any:
    return _expectancy(weeks=True, interval="knapp-hartung", influence=False)


NUMBERS: tuple[Number, ...] = (
    _e("average, REML", "rma()", "0.08371", lambda: _plain().value, _WITHIN, _STOPS),
    _e("standard error, REML", "rma()", "0.05165", lambda: _plain().model_se, _WITHIN, _STOPS),
    _e("tau2, REML", "rma()", "0.01883", lambda: _plain().tau2, _WITHIN, _STOPS),
    _e("tau2, REML, searched to the end", "rma(control = list(threshold = 1e-13))", "0.01881828814",
       lambda: _plain().tau2),
    _e("I2, percent", "rma()", "41.86", lambda: _plain().i2, 0.02, _STOPS),
    _e("Q with 18 degrees of freedom", "rma()", "35.82954", lambda: _plain().q),
    _e("prediction interval, low", "predict()", "-0.20364", lambda: _plain().prediction_low, 1e-4, _STOPS),
    _e("prediction interval, high", "predict()", "0.37105", lambda: _plain().prediction_high, 1e-4, _STOPS),
    _e("Knapp-Hartung standard error", 'rma(test = "knha")', "0.06158", lambda: _kh().se),
    _e("Knapp-Hartung interval, low", 'rma(test = "knha")', "-0.04567", lambda: _kh().low),
    _e("Knapp-Hartung interval, high", 'rma(test = "knha")', "0.21309", lambda: _kh().high, _WITHIN, _STOPS),
    _e("interval of tau2, low", "confint(control = list(tol = 1e-13))", "0.005861526616", lambda: _plain().tau2_low),
    _e("interval of tau2, high", "confint(control = list(tol = 1e-13))", "0.1977006663", lambda: _plain().tau2_high),
    _e("tau2, DerSimonian-Laird", 'rma(method = "DL")', "0.02590", lambda: _other("DL").tau2),
    _e("average, DerSimonian-Laird", 'rma(method = "DL")', "0.08932208443", lambda: _other("DL").value),
    _e("tau2, maximum likelihood", 'rma(method = "ML", control = list(threshold = 1e-13))', "0.01255189475",
       lambda: _other("ML").tau2),
    _e("tau2, Paule-Mandel", 'rma(method = "PM", control = list(tol = 1e-14))', "0.0517733101",
       lambda: _other("PM").tau2),
    _e("slope on weeks of contact", "rma(mods = ~ weeks, control = list(threshold = 1e-13))", "-0.01574270331",
       lambda: _term(_weeks(), 1, "value")),
    _e("tau2 with weeks of contact", "rma(mods = ~ weeks, control = list(threshold = 1e-13))", "0.01117451946",
       lambda: _weeks().tau2),
    _e("Egger's test, t", 'regtest(model = "lm")', "2.0380", lambda: _plain().egger.t),
    _e("Egger's test, p", 'regtest(model = "lm")', "0.0574", lambda: _plain().egger.p),
    _e("effect at a standard error of zero", 'regtest(model = "lm")', "-0.1790", lambda: _plain().egger.limit),
    _e("average without study 4", "leave1out()", "0.0577", lambda: _without("04")),
    _e("average without study 10", "leave1out()", "0.0473", lambda: _without("10")),
    _k("average, three levels", f"{_METAFOR}, rma.mv(random = ~ 1 | district/school)", "0.1847",
       lambda: _calendar().value),
    _k("standard error", f"{_METAFOR}, rma.mv()", "0.0846", lambda: _calendar().model_se),
    _k("variance between districts", f"{_METAFOR}, rma.mv()", "0.0651", lambda: _calendar().tau2),
    _k("variance within districts", f"{_METAFOR}, rma.mv()", "0.0327", lambda: _calendar().tau2_within),
    _k("variance between districts, interval low", f"{_METAFOR}, confint()", "0.0222", lambda: _calendar().tau2_low),
    _k("variance between districts, interval high", f"{_METAFOR}, confint()", "0.2072", lambda: _calendar().tau2_high),
    _k("variance within districts, interval low", f"{_METAFOR}, confint()", "0.0163",
       lambda: _calendar().tau2_within_low),
    _k("variance within districts, interval high", f"{_METAFOR}, confint()", "0.0628",
       lambda: _calendar().tau2_within_high),
    _k("Q with 55 degrees of freedom", f"{_METAFOR}, rma.mv()", "578.8640", lambda: _calendar().q),
    _k("CR2 standard error", "R clubSandwich 0.5.8, coef_test(vcov = \"CR2\")", "0.0845", lambda: _calendar().se),
    _k("CR2 degrees of freedom", "R clubSandwich 0.5.8, coef_test(vcov = \"CR2\")", "9.86", lambda: _calendar().df),
    _k("slope on year", f"{_METAFOR}, rma.mv(mods = ~ year)", "0.0053",
       lambda: _term(_calendar(year=True), 1, "value")),
    _k("slope on year, CR2 degrees of freedom", "R clubSandwich 0.5.8", "4.19",
       lambda: _term(_calendar(year=True), 1, "df")),
    _k("two levels, average", f"{_METAFOR}, rma()", "0.1279", lambda: _calendar(level3=False).value),
    _k("two levels, CR2 standard error", "R clubSandwich 0.5.8", "0.0782", lambda: _calendar(level3=False).se),
    _k("two levels, CR2 degrees of freedom", "R clubSandwich 0.5.8", "7.37", lambda: _calendar(level3=False).df),
    _b("average, REML", "rma()", "-0.7145", lambda: _bcg().value),
    _b("standard error", "rma()", "0.1798", lambda: _bcg().model_se),
    _b("tau2", "rma()", "0.3132", lambda: _bcg().tau2),
    _b("I2, percent", "rma()", "92.22", lambda: _bcg().i2),
    _b("Q with 12 degrees of freedom", "rma()", "152.2330", lambda: _bcg().q),
    _b("interval of tau2, low", "confint()", "0.1197", lambda: _bcg().tau2_low),
    _b("interval of tau2, high", "confint()", "1.1115", lambda: _bcg().tau2_high),
    _b("prediction interval, low", "predict()", "-1.8667", lambda: _bcg().prediction_low),
    _b("Knapp-Hartung interval, low", 'rma(test = "knha")', "-1.1084", lambda: _bcg(interval="knapp-hartung").low),
    _b("Knapp-Hartung interval, high", 'rma(test = "knha")', "-0.3206", lambda: _bcg(interval="knapp-hartung").high),
    _b("slope on latitude, with allocation", 'rma(mods = ~ ablat + alloc, test = "knha")', "-0.0273",
       lambda: _term(_bcg(moderators=("latitude", "allocation"), interval="knapp-hartung"), 1, "value")),
    _b("standard error of that slope", 'rma(mods = ~ ablat + alloc, test = "knha")', "0.0095",
       lambda: _term(_bcg(moderators=("latitude", "allocation"), interval="knapp-hartung"), 1, "se")),
    _b("tau2 left over", 'rma(mods = ~ ablat + alloc, test = "knha")', "0.1446",
       lambda: _bcg(moderators=("latitude", "allocation"), interval="knapp-hartung").tau2),
    _b("Egger's test, t", 'regtest(model = "lm")', "-1.4013", lambda: _bcg().egger.t),
)  # fmt: skip
