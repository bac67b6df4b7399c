"""One series without comparison: how far the years from the start on lie from the earlier trend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Evidence, Wording, finish
from leadlib.designs.interrupted.autocorrelated import (
    Weighed,
    durbin_watson,
    newey_west,
    restricted,
    weighed,
    without_noise,
)
from leadlib.designs.interrupted.table import WHERE, Floats, Wide
from leadlib.designs.interrupted.told import PLACEBOS, Asked, Interruption, astray, placebo_sentence, row, spread_out
from leadlib.errors import refuse
from leadlib.numbers import plural, show

LEAST = 8
"""Earlier years needed. In 10,000 simulated series an interval of 95% held the truth in 93 to 97 of 100, for
correlations of neighboring years from 0 to 0.5; with six years or fewer it fell below."""
LEAST_PLACEBO = 5


def alone(wide: Wide, asked: Asked) -> Any:
    """Compare the years from the start on with the trend of the years before."""
    wide, series, limits = _one_series(wide, asked)
    seen = np.isfinite(series)
    y, times = series[seen], wide.times[seen]
    _refuse(y, times, asked)
    x = columns(times, asked.start)
    if without_noise(y, x):
        raise refuse(WHERE, "the series lies on straight lines", "without chance variation nothing can be weighed")
    fit = weighed(y, x, times)
    value, se, low, high, p = fit.contrast(mean_contrast(times, asked.start), asked.level)
    placebos = _placebos(y, times, asked)
    n = len(wide.units)
    who, whom = f"the years from {asked.start:g} on", "the trend of the years before"
    pair = f"{who[:1].upper()}{who[1:]} minus {whom}"
    return finish(
        id="series",
        title=f"{asked.label} from {asked.start:g} on, against its earlier trend",
        design="series",
        outcome=asked.outcome,
        label=asked.label,
        unit=asked.unit_of,
        value=value,
        se=se,
        df=float(fit.df),
        low=low,
        high=high,
        p=p,
        claim="compare",
        level=asked.level,
        look=asked.look,
        evidence=Evidence(
            assignment="none",
            units=(n, 0),
            unit_word=asked.unit_word,
            adjusted=("own earlier trend",),
            inference_clustered=False,
        ),
        wording=Wording(who, whom, "nothing else changed when it started"),
        asked=asked.plain,
        sd=float("nan") if asked.sd is None else asked.sd,
        sd_of="" if asked.sd is None else "pupils",
        rows=_rows(fit, times, asked, pair, n),
        assumptions=(
            "The earlier trend, a straight line, would have gone on.",
            "Nothing else changed with the start: no other program, no new test, no other pupils.",
            "Years are the more alike the closer they are, by one correlation (first-order autoregression).",
        ),
        checks=_checks(y, x, times, fit, placebos, asked, value),
        limits=(*limits, *wide.limits, *_LIMITS, *_carried(fit), *astray(placebos, asked.level)),
        note=f"n: {asked.unit_word}s in the series. It has {plural(int((times < asked.start).sum()), 'year')} before"
        f" the start and {(times >= asked.start).sum()} from it on.",
        frame=_frame(y, x, times, fit, asked),
        kind=Interruption,
        start=asked.start,
        lag=fit.lag,
        alone=True,
        placebos=placebos,
    )


_LIMITS = (
    "A series alone cannot say what made the difference: whatever else came in the same year is in it. Units without"
    " the program, in the same years, would say more.",
    "Where neighboring years correlate by more than 0.5 the interval is too narrow: at 0.8 it held the truth in 88 to"
    " 93 of 100 simulated series.",
)
MOST_LAG = 0.6


def _carried(fit: Weighed) -> tuple[str, ...]:
    if fit.lag <= MOST_LAG:
        return ()
    return (f"Here they correlate by about {show(fit.lag, 'ratio')}: take the interval as too narrow.",)


def _one_series(wide: Wide, asked: Asked) -> tuple[Wide, Floats, tuple[str, ...]]:
    """Average several units, those seen in every year; a unit that comes and goes would move the average by itself."""
    if len(wide.units) == 1:
        return wide, wide.values[0], ()
    whole = np.isfinite(wide.values).all(axis=1)
    if not whole.any():
        raise refuse(
            WHERE, f"no {asked.unit_word} has a value in every year", "an average over changing units moves by itself"
        )
    kept = wide.only(whole)
    out = len(wide.units) - len(kept.units)
    weights = np.ones(len(kept.units)) if kept.weights is None else kept.weights
    said = (f"{plural(out, asked.unit_word)} without a value in every year left out of the average.",) if out else ()
    return kept, np.average(kept.values, axis=0, weights=weights), said


def _refuse(y: Floats, times: Floats, asked: Asked) -> None:
    early = int((times < asked.start).sum())
    if early < LEAST:
        raise refuse(
            f"{WHERE}, start {asked.start:g}",
            f"has {plural(early, 'year')} before it; a series without comparison units needs {LEAST}",
            "with fewer, chance that carries over from year to year cannot be told from a change (with 6, intervals of"
            " 95% held the truth in as few as 92 of 100 simulated series, those of least squares in 84); give units"
            " without the program, or earlier years",
        )
    if not (times >= asked.start).any():
        raise refuse(f"{WHERE}, start {asked.start:g}", "no value lies at or after it", "check `start`")
    if y.min() == y.max():
        raise refuse(f"{WHERE}, column {asked.outcome!r}", "is constant", "there is nothing to compare")


def columns(times: Any, start: float) -> Floats:
    """Give the regression's columns: constant, trend, level from the start on and, with two years of it, slope."""
    times = np.asarray(times, dtype=float)
    after = (times >= start).astype(float)
    x = [np.ones(len(times)), times - start, after]
    return np.column_stack([*x, after * (times - start)] if after.sum() > 1 else x)


def mean_contrast(times: Any, start: float) -> Floats:
    """Give the combination that is the mean deviation from the earlier trend over the years from the start on."""
    x = columns(times, start)
    late = x[:, 2] > 0
    return np.asarray(np.r_[0.0, 0.0, x[late, 2:].mean(axis=0)])


def _placebos(y: Floats, times: Floats, asked: Asked) -> pd.DataFrame:
    """Give the same analysis at earlier starts, on the years before the true one, over as many years."""
    early = times < asked.start
    late, y, times = int((~early).sum()), y[early], times[early]
    rows = []
    for false in spread_out(times[LEAST_PLACEBO:]):
        until = times < (times[times >= false][late] if (times >= false).sum() > late else np.inf)
        x = columns(times[until], false)
        if until.sum() > x.shape[1] + 1 and not without_noise(y[until], x):
            found = weighed(y[until], x, times[until]).contrast(mean_contrast(times[until], false), asked.level)
            rows.append((false, found[0], found[2], found[3], found[4]))
    return pd.DataFrame(rows, columns=list(PLACEBOS))


def _rows(fit: Weighed, times: Floats, asked: Asked, pair: str, n: int) -> tuple[tuple[Any, ...], ...]:
    k = fit.coef.shape[1]
    level = fit.contrast(np.eye(k)[2], asked.level)
    found = [row("Level in the first year", pair, (level[0], level[2], level[3]), n, asked.unit_of)]
    if k > 3:
        slope = fit.contrast(np.eye(k)[3], asked.level)
        found.append(row("Change in slope, a year", pair, (slope[0], slope[2], slope[3]), n, asked.unit_of))
    return tuple(found)


def _checks(
    y: Floats, x: Floats, times: Floats, fit: Weighed, placebos: pd.DataFrame, asked: Asked, value: float
) -> tuple[str, ...]:
    lag, best, errors = restricted(y, x, times)
    plain, robust = newey_west(y, x)
    watson = durbin_watson(y - x @ plain)
    unit = asked.unit_of
    said = [
        f"Neighboring years: weighed correlation {show(fit.lag, 'ratio')}, best single one (REML) {show(lag, 'ratio')};"
        f" Durbin-Watson of plain least squares {show(watson, 'ratio')} (2: unrelated).",
        f"Level in the first year in other programs' models: {show(best[2], unit, sign=True)} (standard error"
        f" {show(errors[2], unit)}) by REML with that correlation; {show(plain[2], unit, sign=True)}"
        f" ({show(robust[2], unit)}) by least squares with Newey and West's errors, too small in short series.",
        placebo_sentence(placebos, value, unit, asked.level, f"that takes {LEAST_PLACEBO + 1} earlier years"),
    ]
    gaps = not np.all(np.diff(times) == 1)  # Newey and West's errors know of no missing year
    return tuple(said[:1] + said[2:]) if gaps else tuple(said)


def _frame(y: Floats, x: Floats, times: Floats, fit: Weighed, asked: Asked) -> pd.DataFrame:
    """Give what the chart draws: observed, and where the earlier trend leads, with an interval from the start on."""
    rows = []
    for k, t in enumerate(times):
        trend = np.r_[x[k, :2], np.zeros(x.shape[1] - 2)]
        after, expected, low, high = bool(t >= asked.start), fit.value(trend), np.nan, np.nan
        if after:
            expected, _, low, high, _ = fit.contrast(trend, asked.level)
        rows.append((t, after, y[k], expected, low, high, np.nan, fit.value(x[k] - trend)))
    return pd.DataFrame(rows, columns=["time", "after", "treated", "expected", "low", "high", "comparison", "effect"])
