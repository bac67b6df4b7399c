"""How far units' results lie from what their pupils' earlier results lead to expect, chance drawn out of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Prose, Stack
from leadlib.designs.frames import Prepared, prepared
from leadlib.designs.levels import shared
from leadlib.designs.levels.fitting import Deviations, Mixed, columns, fitted
from leadlib.designs.levels.sums import Floats, Ints, Rows, codes
from leadlib.designs.options import checked_options
from leadlib.errors import nearest, refuse
from leadlib.numbers import difference_unit, phrase, plural, show, span
from leadlib.results import RESULT_COLUMNS, Result, long_table

WHERE = "value_added"


@dataclass(frozen=True, repr=False)
class ValueAdded(Result):
    """Units' contributions as far as data can tell them, in the outcome's unit.

    `spread` is the standard deviation of true contributions, `share` the part of the outcome's unexplained variance
    that lies between units, `steadiness` the correlation of a unit's contributions in two years (None without years),
    `reliability` the mean over units, `told_apart` how many units' intervals do not hold zero.
    """

    spread: float = math.nan
    share: float = math.nan
    steadiness: float | None = None
    reliability: float = math.nan
    told_apart: int = 0
    units: int = 0
    highlight: str | None = None
    unit: str = "value"
    unit_word: str = "school"
    level: float = 0.95
    label: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)

    def block(self) -> Block:
        """Give the table, the sentences, and what they rest on."""
        rests = (*self.assumptions, *self.checks, *self.limits)
        return Stack(
            (long_table(self, signed=False), Prose(tuple(self.text.split("\n"))), Prose(rests, "note", bullets=True))
        )


@checked_options
def value_added(
    frame: pd.DataFrame,
    *,
    outcome: str,
    prior: str | Sequence[str],
    unit: str,
    covariates: Sequence[str] = (),
    time: str | None = None,
    highlight: str | None = None,
    unit_of: str = "value",
    label: str | None = None,
    unit_word: str = "school",
    pupil_word: str = "pupil",
    level: float = 0.95,
) -> ValueAdded:
    """See how far each unit's results lie from what was to be expected, how sure that is, and how much of it is chance.

    Parameters
    ----------
    frame : DataFrame
        One row a pupil (with `time`, a pupil and year).
    outcome, prior : str
        Columns of numbers: the result, and earlier results of the same pupil.
    unit : str
        The school, grade team or program.
    covariates : sequence of str
        Further numbers that the expectation rests on.
    time : str, optional
        The year, where there are several: each gets its own mean, and what a unit keeps from year to year is parted
        from what comes and goes.
    highlight : str, optional
        The unit that the chart and the table name.
    unit_of, label, level
        As in every design.
    unit_word, pupil_word : str
        What they are called in sentences.

    Returns
    -------
    ValueAdded
        Table: the spread of contributions, their share of variance, mean reliability, steadiness over years, and the
        highlighted unit. `frame`: one row a unit: unit, n, raw (mean distance from expectation), value (drawn back
        towards zero), se, low, high (prediction interval), reliability, highlighted. Rows without a value are left
        out, and a limit says so. There are no ranks.

    Raises
    ------
    InputError
        Columns that are missing or in two roles; fewer than ten units; one pupil in every unit; one year; a constant
        outcome; collinear columns; a highlighted unit that is not there; a fit that does not converge.

    Notes
    -----
    y = X b + u_unit (+ v_unit,year) + e by restricted maximum likelihood; best linear unbiased predictions of u as
    R's lme4::ranef gives, their variance with the parts for b and for the variances (Prasad and Rao 1990);
    reliability = tau^2 / (tau^2 + error variance of the unit's mean) (Raudenbush and Bryk 2002, ch. 3). Intervals
    hold on average over units, not for units chosen because they lie far out.
    """
    asked = {k: v for k, v in locals().items() if k != "frame"}
    priors = shared.as_list(prior)
    given = [*priors, *shared.as_list(covariates)]
    shared.refuse_twice(
        WHERE, {"outcome": outcome, "prior": priors, "unit": unit, "covariates": covariates, "time": time}
    )
    kept, group, inner, x, names = _rows_of(frame, outcome, given, unit, time, (unit_word, pupil_word))
    y = kept.frame[outcome].to_numpy(dtype=float)
    fit = fitted(Rows(WHERE, names, y, x, group, inner))
    own = fit.deviations()
    units = _units(kept.frame[unit], group, y - x @ fit.coef, own, highlight, level)
    lasting = float(fit.outer[0, 0])
    passing = 0.0 if fit.inner is None else float(fit.inner[0, 0])
    total = lasting + passing + fit.residual_variance
    steadiness = None if inner is None else lasting / (lasting + passing) if lasting + passing > 0 else math.nan
    change, name = difference_unit(unit_of), label or outcome
    told_apart = int(((units["low"] > 0) | (units["high"] < 0)).sum())
    return ValueAdded(
        id="value-added",
        title=f"{name} beyond what earlier results lead to expect, {plural(len(units), unit_word)}",
        table=_table(units, name, lasting, lasting / total, own, steadiness, len(y), change, unit_word),
        text=_text(units, name, lasting, lasting / total, own, steadiness, told_apart, change, unit_word, level),
        claim="compare",
        assumptions=(
            f"Earlier results and covariates are all that sets the {pupil_word}s of different {unit_word}s apart.",
            f"Contributions of {unit_word}s are about normal, and not tied to their {pupil_word}s' earlier results.",
        ),
        checks=(fit.top.said(), _sorting(fit, names, kept.frame, priors, group, x, y), *_zero(lasting, unit_word)),
        limits=(
            *kept.limits(),
            f"Such a number holds teachers, leaders, neighborhood, peers and the test together; it rates no person"
            f" and no {unit_word}.",
            "Intervals hold on average over all units, not for those picked because they lie far out.",
        ),
        note="Values are drawn back towards zero, the more so the fewer pupils stand behind them.",
        frame=units,
        interval_label=f"{100 * level:g}% interval",
        spread=math.sqrt(lasting),
        share=lasting / total,
        steadiness=steadiness,
        reliability=float(own.reliability.mean()),
        told_apart=told_apart,
        units=len(units),
        highlight=None if highlight is None else str(highlight),
        unit=change,
        unit_word=unit_word,
        level=level,
        label=name,
        asked={"design": WHERE, **{k: list(v) if isinstance(v, (tuple, list)) else v for k, v in asked.items()}},
    )


def _rows_of(
    frame: Any, outcome: str, given: list[str], unit: str, time: str | None, words: tuple[str, str]
) -> tuple[Prepared, Ints, Ints | None, Floats, tuple[str, ...]]:
    labels = [unit] if time is None else [unit, time]
    kept = prepared(frame, WHERE, numbers=[outcome, *given], labels=labels)
    if kept.frame.empty:
        raise refuse(WHERE, "no row has all values", "give the outcome, earlier results and the unit of each pupil")
    group = codes(kept.frame[unit])
    if int(group.max()) + 1 < shared.LEAST_GROUPS:
        raise refuse(
            WHERE,
            plural(int(group.max()) + 1, words[0]),
            f"at least {shared.LEAST_GROUPS} are needed to tell how far they differ beyond chance",
        )
    shared.need_within(WHERE, group, words[0], words[1])
    names, parts = ["constant", *given], [kept.frame[c].to_numpy(dtype=float) for c in given]
    inner = None
    if time is not None:
        inner = shared.nested(group, kept.frame[time])
        years = list(dict.fromkeys(sorted(kept.frame[time])))
        if len(years) < 2:
            raise refuse(f"{WHERE}, {time}", "has one value", "leave it out, or give several years")
        if int(inner.max()) == int(group.max()):
            raise refuse(f"{WHERE}, {time}", f"no {words[0]} has two years", "leave time out")
        shared.need_within(WHERE, inner, f"{words[0]} and year", words[1])
        parts += [(kept.frame[time] == year).to_numpy(dtype=float) for year in years[1:]]
        names += [f"{time} {year}" for year in years[1:]]
    return kept, group, inner, columns(*parts), tuple(names)


def _units(
    labels: pd.Series, group: Ints, left: Floats, own: Deviations, highlight: str | None, level: float
) -> pd.DataFrame:
    names = labels.to_numpy()[shared.firsts(group)]
    wanted = None if highlight is None else str(highlight)
    if wanted is not None and wanted not in set(names):
        raise refuse(f"{WHERE}, highlight {wanted!r}", "is not among the units", nearest(wanted, names))
    count = np.bincount(group)
    half = own.half_width(level)
    return pd.DataFrame(
        {
            "unit": names,
            "n": count,
            "raw": np.bincount(group, left) / count,
            "value": own.value,
            "se": own.se,
            "low": own.value - half,
            "high": own.value + half,
            "reliability": own.reliability,
            "highlighted": names == wanted if wanted is not None else np.zeros(len(names), dtype=bool),
        }
    )


def _table(
    units: pd.DataFrame,
    label: str,
    lasting: float,
    share: float,
    own: Deviations,
    steadiness: float | None,
    n: int,
    change: str,
    word: str,
) -> pd.DataFrame:
    nan, all_units = math.nan, f"All {word}s"
    rows: list[tuple[Any, ...]] = [
        (f"{label}, standard deviation between {word}s", all_units, math.sqrt(lasting), nan, nan, len(units), change),
        (f"Share of variance between {word}s", all_units, 100 * share, nan, nan, n, "pct"),
        ("Mean reliability", all_units, float(own.reliability.mean()), nan, nan, len(units), "ratio"),
    ]
    if steadiness is not None:
        rows.append(("Correlation of two years", all_units, steadiness, nan, nan, len(units), "ratio"))
    for r in units[units["highlighted"]].to_dict("records"):
        name = f"{word[:1].upper()}{word[1:]} {r['unit']}"
        rows.append((f"{label}, beyond expectation", name, r["value"], r["low"], r["high"], r["n"], change))
        rows.append(("Reliability", name, r["reliability"], nan, nan, r["n"], "ratio"))
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def _text(
    units: pd.DataFrame,
    label: str,
    lasting: float,
    share: float,
    own: Deviations,
    steadiness: float | None,
    told_apart: int,
    change: str,
    word: str,
    level: float,
) -> str:
    said = [
        f"{label}: {show(100 * share, 'pct')} of what earlier results leave open lies between {word}s (standard"
        f" deviation {phrase(math.sqrt(lasting), change)}); the rest lies within them.",
        f"The data tell {told_apart:,} of {plural(len(units), word)} from the middle ({100 * level:g}% intervals); mean"
        f" reliability {show(float(own.reliability.mean()), 'ratio')}, where 1 would be no chance at all.",
    ]
    if steadiness is not None and math.isfinite(steadiness):
        said.append(
            f"Two years of one {word} correlate {show(steadiness, 'ratio')} once chance in its pupils is drawn out: the"
            " rest comes and goes."
        )
    for r in units[units["highlighted"]].to_dict("records"):
        between = f"{100 * level:g}% interval {span(r['low'], r['high'], change, sign=True)}"
        inside = r["low"] <= 0 <= r["high"]
        size = phrase(r["value"], change, sign=True)
        said.append(
            f"{word[:1].upper()}{word[1:]} {r['unit']}: the data do not tell it from the middle ({size}, {between})."
            if inside
            else f"{word[:1].upper()}{word[1:]} {r['unit']}: results lie {phrase(abs(r['value']), change)}"
            f" {'above' if r['value'] > 0 else 'below'} what was to be expected ({between}). That does not say why."
        )
    return "\n".join(said)


def _sorting(
    fit: Mixed, names: Sequence[str], frame: pd.DataFrame, priors: Sequence[str], group: Ints, x: Floats, y: Floats
) -> str:
    """Say how the prior's slope within units compares with the one used: a gap tells of sorted pupils."""
    count = np.bincount(group)

    def inside(v: Floats) -> Floats:
        return np.asarray(v - (np.bincount(group, v) / count)[group])

    varying = [k for k in range(1, x.shape[1]) if not shared.constant_within(x[:, k], group)]
    own = np.column_stack([inside(x[:, k]) for k in varying])
    slopes = np.linalg.lstsq(own.T @ own, own.T @ inside(y), rcond=None)[0]
    place = list(names).index(priors[0])
    if place not in varying:
        return f"{priors[0]} does not vary within units: nothing tells its slope from sorting."
    within, used = float(slopes[varying.index(place)]), float(fit.coef[place])
    return (
        f"Slope on {priors[0]}: {show(used, 'value')} as used, {show(within, 'value')} within units alone; the further"
        " apart, the more do units' contributions hang on whom they serve."
    )


def _zero(lasting: float, word: str) -> tuple[str, ...]:
    if lasting > 0:
        return ()
    return (f"The variance between {word}s is estimated as zero: the data show no more than chance would give.",)
