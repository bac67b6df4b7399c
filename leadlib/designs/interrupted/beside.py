"""A series beside comparison units: do treated units leave their own earlier trends more than the others do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from leadlib.designs.estimates import BASELINE, Evidence, Wording, finish, interval, p_value
from leadlib.designs.interrupted import forecasts
from leadlib.designs.interrupted.forecasts import NEEDED, Baseline, Difference
from leadlib.designs.interrupted.table import WHERE, Floats, Wide
from leadlib.designs.interrupted.told import (
    PLACEBOS,
    Asked,
    Interruption,
    alike,
    astray,
    between,
    placebo_sentence,
    row,
    spread_out,
)
from leadlib.errors import InputError, refuse
from leadlib.numbers import plural, show

_NO_NOISE = 1e-10
_MODEL = {"trend": "own earlier trend", "mean": "own earlier mean"}
Analysis = tuple[Wide, Floats, Difference]


def beside(wide: Wide, asked: Asked, baseline: Baseline) -> Any:
    """Compare treated and comparison units, each with the forecast from its own earlier years."""
    _refuse(wide, asked, baseline)
    kept, deviation, found = analysis(wide, baseline)
    out = len(wide.units) - len(kept.units)
    unit, level = asked.unit_of, asked.level
    placebos = _placebos(wide, asked, baseline)
    sd = _spread(kept) if asked.sd is None else asked.sd
    late = ~kept.before
    wording = Wording(
        asked.who, asked.whom, f"{asked.who} would have kept as close to its {_MODEL[baseline]} as {asked.whom} did"
    )
    pair = f"{asked.who[:1].upper()}{asked.who[1:]} minus {asked.whom}"
    return finish(
        id="series",
        title=f"{asked.label} from {asked.start:g} on, against earlier {baseline}s and comparison units",
        design="series",
        outcome=asked.outcome,
        label=asked.label,
        unit=unit,
        value=found.value,
        se=found.se,
        df=found.df,
        level=level,
        look=asked.look,
        evidence=_evidence(kept, asked, baseline),
        wording=wording,
        asked=asked.plain,
        sd=sd,
        sd_of=f"{asked.unit_word}s" if asked.sd is None else "pupils",
        rows=_rows(wide, kept, deviation, asked, baseline, pair),
        assumptions=(
            f"Without the program, {asked.who} would have left its {_MODEL[baseline]} by as much as {asked.whom} did.",
            "Nothing else came to one of the two groups at the start.",
            f"{asked.cluster_word if kept.clusters is not None else asked.unit_word}s".capitalize()
            + " are independent of each other; years within one may be alike in any way.",
        ),
        checks=_checks(wide, kept, deviation, found, placebos, asked, baseline),
        limits=(
            *_left_out(out, asked, baseline),
            *wide.limits,
            *_years_left(wide, kept),
            *astray(placebos, asked.level),
        ),
        note=f"n: {asked.unit_word}s. {int(kept.before.sum())} years before the start, {int(late.sum())} from it on.",
        frame=_frame(kept, deviation, asked),
        kind=Interruption,
        start=asked.start,
        baseline=baseline,
        lag=forecasts.neighbors(deviation, kept.times, kept.before, baseline)[0],
        placebos=placebos,
    )


def _refuse(wide: Wide, asked: Asked, baseline: Baseline) -> None:
    treated, others = int(wide.treated.sum()), int((~wide.treated).sum())
    if not others:
        raise refuse(
            WHERE,
            f"every {asked.unit_word} is treated",
            "a comparison needs some without; leave `treated` out for a series alone",
        )
    if not treated:
        raise refuse(WHERE, f"no {asked.unit_word} is treated", "mark the treated with 1")
    if min(treated, others) < 2:
        raise refuse(
            WHERE,
            f"has 1 {asked.unit_word} in one group",
            "each group needs two or more; for one treated unit use designs.synthetic, or its series alone",
        )
    early = int(wide.before.sum())
    if early < NEEDED[baseline]:
        other = ', or baseline="mean", which takes 2' if baseline == "trend" and early >= NEEDED["mean"] else ""
        raise refuse(
            f"{WHERE}, start {asked.start:g}",
            f"has {plural(early, 'year')} before it, where an earlier {baseline} takes {NEEDED[baseline]}",
            f"give earlier years{other}",
        )
    _refuse_clusters(wide, asked)


def _refuse_clusters(wide: Wide, asked: Asked) -> None:
    if wide.clusters is None:
        return
    for name, rows in ((asked.who, wide.treated), (asked.whom, ~wide.treated)):
        if len(set(wide.clusters[rows])) < 2:
            raise refuse(
                WHERE,
                f"{name} lies in one {asked.cluster_word}",
                f"what moves that {asked.cluster_word} cannot be told from the program; each group needs two or more",
            )


def analysis(wide: Wide, baseline: Baseline) -> Analysis:
    """Give the units and periods used, their deviations from forecast, and the average difference from the start on."""
    values = wide.values - forecasts.shared(wide.values[~wide.treated])[None, :]
    deviation = forecasts.deviations(values, wide.times, wide.before, baseline)
    keep = np.isfinite(deviation[:, ~wide.before]).any(axis=1)
    kept, deviation = wide.only(keep), deviation[keep]
    late = np.flatnonzero(~wide.before)
    enough = (
        forecasts.usable(deviation[:, late], kept.treated, kept.clusters) if keep.any() else np.zeros(len(late), bool)
    )
    if not enough.any():
        raise refuse(
            WHERE,
            "no year from the start on has two units (and two clusters) in each group with enough earlier years",
            f"an earlier {baseline} takes {NEEDED[baseline]} years a unit",
        )
    stay = np.r_[np.flatnonzero(wide.before), late[enough]]
    kept = Wide(
        kept.units,
        kept.times[stay],
        kept.values[:, stay],
        kept.treated,
        kept.clusters,
        kept.weights,
        kept.before[stay],
        kept.limits,
    )
    deviation = deviation[:, stay]
    seen = np.isfinite(deviation[:, ~kept.before]).any(axis=1)
    kept, deviation = kept.only(seen), deviation[seen]
    found = forecasts.average(deviation[:, ~kept.before], kept)
    if not found.se > _NO_NOISE * float(np.nanstd(kept.values)) or not np.isfinite(found.df):
        raise refuse(WHERE, "all units leave their forecasts alike", "without chance variation nothing can be weighed")
    return kept, deviation, found


def _placebos(wide: Wide, asked: Asked, baseline: Baseline) -> pd.DataFrame:
    """Give the same analysis at earlier starts, on the years before the true one, over at most as many years."""
    early = np.flatnonzero(wide.before)
    late = int((~wide.before).sum())
    rows = []
    for false in spread_out(wide.times[early[NEEDED[baseline] :]]):
        first = int(np.searchsorted(wide.times, false))
        use = early[early < first + late]
        part = Wide(
            wide.units, wide.times[use], wide.values[:, use], wide.treated, wide.clusters, wide.weights, use < first, ()
        )
        try:
            found = analysis(part, baseline)[2]
        except InputError:
            continue
        rows.append((false, found.value, *_ends(found, asked.level), p_value(found.value, found.se, found.df)))
    return pd.DataFrame(rows, columns=list(PLACEBOS))


def _ends(found: Difference, level: float) -> tuple[float, float]:
    return interval(found.value, found.se, found.df, level) if found.se > 0 else (np.nan, np.nan)


def _told(found: Difference, level: float) -> tuple[float, float, float]:
    return (found.value, *_ends(found, level))


def _rows(
    wide: Wide, kept: Wide, deviation: Floats, asked: Asked, baseline: Baseline, pair: str
) -> tuple[tuple[Any, ...], ...]:
    n, unit, level = len(kept.units), asked.unit_of, asked.level
    late = ~kept.before
    years = kept.times[late]
    rows = []
    if len(years) > 1:
        for k, found in enumerate(forecasts.each(deviation[:, late], kept)):
            seen = int(np.isfinite(deviation[:, late][:, k]).sum())
            rows.append(row(f"In {years[k]:g}", pair, _told(found, level), seen, unit))
    parts = forecasts.level_and_slope(deviation[:, late], years, asked.start, kept)
    if parts:
        rows.append(row("Level in the first year", pair, _told(parts[0], level), n, unit))
        rows.append(row("Change in slope, a year", pair, _told(parts[1], level), n, unit))
    other: Baseline = "mean" if baseline == "trend" else "trend"
    if int(wide.before.sum()) >= NEEDED[other]:
        try:
            with_other, _, found = analysis(wide, other)
        except InputError:
            return tuple(rows)
        rows.append(row(f"Against earlier {other}s instead", pair, _told(found, level), len(with_other.units), unit))
    return tuple(rows)


def _checks(
    wide: Wide,
    kept: Wide,
    deviation: Floats,
    found: Difference,
    placebos: pd.DataFrame,
    asked: Asked,
    baseline: Baseline,
) -> tuple[str, ...]:
    unit = asked.unit_of
    said = []
    slope = forecasts.earlier_slope(kept.values, kept.times, kept.before, kept)
    if slope is not None and slope.se > 0:
        allowed = "which the forecasts allow for" if baseline == "trend" else "which earlier means do not allow for"
        said.append(
            f"Earlier trends: those of {asked.who} differ by {show(slope.value, unit, sign=True)} a year"
            f" ({100 * asked.level:g}% interval {between(*_ends(slope, asked.level), unit)}), {allowed}."
        )
    lag, alone, watson = forecasts.neighbors(deviation, kept.times, kept.before, baseline)
    if np.isfinite(lag):
        said.append(alike(lag, alone, watson) + " The errors hold for any such likeness.")
    said.append(
        placebo_sentence(placebos, found.value, unit, asked.level, f"that takes {NEEDED[baseline] + 1} earlier years")
    )
    return tuple(said)


def _spread(kept: Wide) -> float:
    """Give the standard deviation of units' values before the start, within groups and years."""
    squares, free = 0.0, 0
    for rows in (kept.treated, ~kept.treated):
        part = kept.values[rows][:, kept.before]
        n = np.isfinite(part).sum(axis=0)
        means = np.nansum(part, axis=0) / np.maximum(n, 1)
        squares += float(np.nansum((part - means) ** 2))
        free += int(np.maximum(n - 1, 0).sum())
    return float(np.sqrt(squares / free)) if free else float("nan")


def _evidence(kept: Wide, asked: Asked, baseline: Baseline) -> Evidence:
    treated, others = kept.treated, ~kept.treated
    early = kept.values[:, kept.before]
    means = np.nansum(early, axis=1) / np.isfinite(early).sum(axis=1)
    first = (
        f"{asked.label}, mean before the start",
        means[treated].mean(),
        means[others].mean(),
        _within(means, treated),
        int(treated.sum()),
        int(others.sum()),
        True,
    )
    counted = None
    if kept.clusters is not None:
        counted = (len(set(kept.clusters[treated])), len(set(kept.clusters[others])))
    return Evidence(
        assignment="not random",
        units=(int(treated.sum()), int(others.sum())),
        clusters=counted,
        unit_word=asked.unit_word,
        cluster_word=asked.cluster_word,
        baseline=pd.DataFrame([first], columns=list(BASELINE)),
        adjusted=(_MODEL[baseline],),
        inference_clustered=True,
    )


def _within(values: Floats, treated: Any) -> float:
    away = np.where(treated, values - values[treated].mean(), values - values[~treated].mean())
    return float(np.sqrt((away**2).sum() / max(len(values) - 2, 1)))


def _left_out(out: int, asked: Asked, baseline: Baseline) -> tuple[str, ...]:
    if not out:
        return ()
    were = "was" if out == 1 else "were"
    return (
        f"{plural(out, asked.unit_word)} {were} left out: fewer than {NEEDED[baseline]} values before the start, or"
        " none after it.",
    )


def _years_left(wide: Wide, kept: Wide) -> tuple[str, ...]:
    gone = sorted(set(wide.times) - set(kept.times))
    if not gone:
        return ()
    return (f"Not compared for want of units in both groups: {', '.join(f'{g:g}' for g in gone)}.",)


def _frame(kept: Wide, deviation: Floats, asked: Asked) -> pd.DataFrame:
    """Give what the chart draws: both groups' means, and where the treated would be had they moved as the others."""
    weights = np.ones(len(kept.units)) if kept.weights is None else kept.weights
    treated, others = (_means(kept.values, weights, rows) for rows in (kept.treated, ~kept.treated))
    away = _means(deviation, weights, kept.treated) - _means(deviation, weights, ~kept.treated)
    low, high = np.full(len(away), np.nan), np.full(len(away), np.nan)
    late = np.flatnonzero(~kept.before)
    for k, found in zip(late, forecasts.each(deviation[:, late], kept), strict=True):
        away[k] = found.value
        half = float(student.ppf(0.5 + asked.level / 2, found.df)) * found.se
        low[k], high[k] = treated[k] - found.value - half, treated[k] - found.value + half
    return pd.DataFrame(
        {
            "time": kept.times,
            "after": ~kept.before,
            "treated": treated,
            "expected": treated - away,
            "low": low,
            "high": high,
            "comparison": others,
            "effect": away,
        }
    )


def _means(values: Floats, weights: Floats, rows: Any) -> Floats:
    part, w = values[rows], weights[rows][:, None]
    seen = np.isfinite(part)
    total = (seen * w).sum(axis=0)
    sums = np.where(seen, part * w, 0.0).sum(axis=0)
    return np.asarray(np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan))
