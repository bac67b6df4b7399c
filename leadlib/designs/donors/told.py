"""The result of a synthetic control: its numbers in rows, its checks and limits in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from leadlib.designs.donors.placebos import MOST_PLACEBOS, MOST_POOL, Gaps, Rank, allowed, gaps_of, ranked
from leadlib.designs.donors.table import WHERE, Pool
from leadlib.designs.donors.weights import root_mean
from leadlib.designs.estimates import BASELINE, Estimate, Evidence, Look, Wording, finish
from leadlib.errors import refuse
from leadlib.numbers import listing, plural, show

SHOWN_WEIGHT = 0.005
POOR_FIT = 0.5


@dataclass(frozen=True, repr=False)
class Synthetic(Estimate):
    """A treated unit beside its synthetic control, and what the same method gives for donors.

    `weights`: one row a donor in use, `unit, weight`, largest first. `predictors`: one row a predictor, `predictor,
    weight, treated, synthetic, donors_mean` (in standard deviations). `gaps`: one row a placebo and year, `unit, time,
    gap, fit`. `fit` is the root mean square gap before the start, `error` the same with each year left out of the
    weights in turn. `ratio` is that of root mean square gaps after and before, and `ratio_p` its rank among placebos
    (Abadie, Diamond and Hainmueller). `without` holds the value without each donor in use, `unit, value`.
    """

    start: float = float("nan")
    name: str = ""
    fit: float = float("nan")
    error: float = float("nan")
    ratio: float = float("nan")
    ratio_p: float = float("nan")
    weights: pd.DataFrame = field(default_factory=pd.DataFrame)
    predictors: pd.DataFrame = field(default_factory=pd.DataFrame)
    gaps: pd.DataFrame = field(default_factory=pd.DataFrame)
    without: pd.DataFrame = field(default_factory=pd.DataFrame)


def own_gaps(pool: Pool, keep: Any = slice(None)) -> Gaps:
    """Give the treated units' gaps from the mix of all donors, or of those kept."""
    x = None if pool.predictors is None or pool.own_predictors is None else (pool.own_predictors, pool.predictors[keep])
    return gaps_of(pool.own, pool.others[keep], pool.before, x, exact=True)


def refuse_outside(pool: Pool, word: str) -> None:
    """Refuse a treated unit that lies beyond all donors: no mix can be like it."""
    own, others = pool.own[: pool.before], pool.others[:, : pool.before]
    above, below = own > others.max(axis=0), own < others.min(axis=0)
    outside = int((above | below).sum())
    if 2 * outside <= pool.before:
        return
    side = "above" if above.sum() > below.sum() else "below"
    raise refuse(
        WHERE,
        f"the treated {word} lies {side} every donor in {outside} of {pool.before} years before the start",
        "no mix of donors can be like it; add donors that reach so far, or compare changes with designs.did or"
        " designs.series",
    )


def told(
    pool: Pool,
    own: Gaps,
    placebos: list[Gaps],
    lots: Any,
    name: str,
    outcome: str,
    label: str,
    unit: str,
    sd: float | None,
    level: float,
    look: Look,
    word: str,
    plain: dict[str, Any],
) -> Any:
    """Make the result."""
    late = slice(pool.before, None)
    errors = np.array([p.error for p in placebos])
    all_gaps = np.array([p.gaps for p in placebos])
    value = float(own.gaps[late].mean())
    rank = ranked(value, own.error, all_gaps[:, late].mean(axis=1), errors, level)
    ratio, ratio_p = _ratio(own, placebos, pool.before)
    spread = float(pool.others[:, pool.before - 1].std(ddof=1))
    poor = own.fit / float(pool.others[:, : pool.before].std(axis=0, ddof=1).mean())
    without = _without(pool, own)
    whom = "its synthetic control" if len(pool.names) == 1 else "their synthetic control"
    pair = f"{name[:1].upper()}{name[1:]} minus {whom}"
    years = pool.times[late]
    each = [
        ranked(float(own.gaps[k]), own.error, all_gaps[:, k], errors, level)
        for k in range(pool.before, len(pool.times))
    ]
    n = len(pool.donors) + len(pool.names)
    rows = tuple(
        (f"In {t:g}", pair, float(g), r.low, r.high, n, unit)
        for t, g, r in zip(years, own.gaps[late], each, strict=True)
    )
    return finish(
        id="synthetic",
        title=f"{label} from {years[0]:g} on, beside a synthetic control",
        design="synthetic",
        outcome=outcome,
        label=label,
        unit=unit,
        value=value,
        se=(rank.high - rank.low) / (2 * float(norm.ppf(0.5 + level / 2))),
        df=float("inf"),
        low=rank.low,
        high=rank.high,
        p=rank.p,
        level=level,
        look=look,
        claim="compare" if poor > POOR_FIT else "estimate",
        evidence=_evidence(pool, own, label, word),
        wording=Wording(name, whom, f"the mix of donors shows what {name} would have come to without the program"),
        asked=plain,
        sd=spread if sd is None else sd,
        sd_of=f"{word}s" if sd is None else "pupils",
        rows=rows if len(rows) > 1 else (),
        assumptions=(
            f"Without the program, {name} would have gone on like the mix of donors that was like it before.",
            "No donor was touched by the program, and nothing else set it apart from the start on.",
            "Errors before the start are like those after it, for donors and treated alike.",
        ),
        checks=_checks(pool, own, placebos, rank, ratio, ratio_p, poor, without, unit, level, value),
        limits=(
            *pool.limits,
            *_many(pool, word),
            *_limits(len(placebos), level, poor, own, name, pool.predictors is not None),
        ),
        note=f"n: {plural(len(pool.names), 'treated ' + word)} and {plural(len(pool.donors), 'donor')}."
        f" {pool.before} years before the start, {len(years)} from it on.",
        frame=pd.DataFrame(
            {
                "time": pool.times,
                "after": pool.times >= years[0],
                "treated": pool.own,
                "synthetic": pool.own - own.gaps,
                "gap": own.gaps,
            }
        ),
        kind=Synthetic,
        start=float(plain["start"]),
        name=name,
        fit=own.fit,
        error=own.error,
        ratio=ratio,
        ratio_p=ratio_p,
        weights=_weights(pool, own),
        predictors=_predictor_table(pool, own),
        gaps=_placebo_gaps(pool, placebos, lots),
        without=without,
    )


def _ratio(own: Gaps, placebos: list[Gaps], before: int) -> tuple[float, float]:
    def of(g: Gaps) -> float:
        return root_mean(g.gaps[before:]) / g.fit if g.fit > 0 else float("inf")

    mine = of(own)
    as_large = sum(of(g) >= mine * (1 - 1e-9) for g in placebos)
    return mine, (1 + as_large) / (len(placebos) + 1)


def _weights(pool: Pool, own: Gaps) -> pd.DataFrame:
    order = np.argsort(-own.weights, kind="stable")
    used = order[own.weights[order] >= SHOWN_WEIGHT]
    return pd.DataFrame({"unit": pool.donors[used], "weight": own.weights[used]})


def _predictor_table(pool: Pool, own: Gaps) -> pd.DataFrame:
    if pool.predictors is None or pool.own_predictors is None:
        return pd.DataFrame(columns=["predictor", "weight", "treated", "synthetic", "donors_mean"])
    return pd.DataFrame(
        {
            "predictor": pool.predictor_names,
            "weight": own.predictors,
            "treated": pool.own_predictors,
            "synthetic": own.weights @ pool.predictors,
            "donors_mean": pool.predictors.mean(axis=0),
        }
    )


def _placebo_gaps(pool: Pool, placebos: list[Gaps], lots: Any) -> pd.DataFrame:
    names = [" and ".join(str(pool.donors[k]) for k in lot) for lot in lots]
    periods = len(pool.times)
    return pd.DataFrame(
        {
            "unit": np.repeat(np.asarray(names, dtype=object), periods),
            "time": np.tile(pool.times, len(names)),
            "gap": np.concatenate([p.gaps for p in placebos]),
            "fit": np.repeat([p.fit for p in placebos], periods),
        }
    )


def _without(pool: Pool, own: Gaps) -> pd.DataFrame:
    """Give the value without each donor in use: whether one of them carries it."""
    rows = []
    for k in np.flatnonzero(own.weights >= SHOWN_WEIGHT):
        keep = np.arange(len(pool.donors)) != k
        rows.append((pool.donors[k], float(own_gaps(pool, keep).gaps[pool.before :].mean())))
    return pd.DataFrame(rows, columns=["unit", "value"])


def _in_time(pool: Pool) -> tuple[float, float, float] | None:
    """Give a false start two thirds into the earlier years, the mean gap from it on, and the error before it."""
    first = max(3, (2 * pool.before) // 3)
    if pool.before - first < 1 or pool.predictors is not None:
        return None
    found = gaps_of(pool.own[: pool.before], pool.others[:, : pool.before], first)
    return float(pool.times[first]), float(found.gaps[first:].mean()), found.error


def _checks(
    pool: Pool,
    own: Gaps,
    placebos: list[Gaps],
    rank: Rank,
    ratio: float,
    ratio_p: float,
    poor: float,
    without: pd.DataFrame,
    unit: str,
    level: float,
    value: float,
) -> tuple[str, ...]:
    shown = _weights(pool, own)
    parts = listing([f"{u} {show(100 * w, 'pct')}" for u, w in zip(shown["unit"], shown["weight"], strict=True)])
    left_out = f"; {show(own.error, unit)} in years left out of the weights" if pool.predictors is None else ""
    said = [
        f"Donors in use: {parts}.",
        f"Fit before the start: gaps of {show(own.fit, unit)} (root mean square), {show(poor, 'ratio')} standard"
        f" deviations of donors{left_out}.",
        f"Placebos: p = {show(rank.p, 'ratio')}, the rank of the gap among those of {_placebo_word(pool, placebos)},"
        f" each in units of its own error; the smallest there can be is {show(1 / (len(placebos) + 1), 'ratio')}.",
        f"Abadie's ratio of gaps after and before: {show(ratio, 'ratio')}, p = {show(ratio_p, 'ratio')} by rank.",
    ]
    if len(without):
        ends = f"{show(without['value'].min(), unit, sign=True)} to {show(without['value'].max(), unit, sign=True)}"
        said.append(f"Leaving out one donor in use at a time: {ends}, where all give {show(value, unit, sign=True)}.")
    false = _in_time(pool)
    if false:
        said.append(
            f"False start in {false[0]:g}: a mean gap of {show(false[1], unit, sign=True)}, with an error of"
            f" {show(false[2], unit)}."
        )
    return tuple(said)


def _placebo_word(pool: Pool, placebos: list[Gaps]) -> str:
    return (
        plural(len(placebos), "donor") if len(pool.names) == 1 else f"{len(placebos)} lots of {len(pool.names)} donors"
    )


def _many(pool: Pool, word: str) -> tuple[str, ...]:
    if len(pool.donors) <= MOST_POOL:
        return ()
    said = f"Of {len(pool.donors):,} donors the mix is made of the {MOST_POOL} nearest before the start"
    if len(pool.donors) <= MOST_PLACEBOS:
        return (f"{said}.",)
    return (f"{said}, and chance is measured on the {MOST_PLACEBOS} nearest to the treated {word}.",)


def _limits(placebos: int, level: float, poor: float, own: Gaps, name: str, with_predictors: bool) -> tuple[str, ...]:
    own_level = 1 - allowed(placebos, level) / (placebos + 1)
    said = [f"By its count of placebos the interval holds the truth in {100 * own_level:.1f}%, not more finely."]
    if poor > POOR_FIT:
        said.append(
            f"The fit before the start is poor: the donors' mix was not like {name}, so that a gap afterwards says"
            " little about the program."
        )
    if with_predictors:
        said.append(
            f"Chance is measured by the fit, which predictors were chosen for: where {name} lies amid its donors the"
            " interval is somewhat too narrow (it held the truth in 92 of 100 simulated panels)."
        )
    if own.weights.max() > 0.9:
        said.append("One donor makes up nearly all of the mix: whatever happened there is in the gap.")
    return tuple(said)


def _evidence(pool: Pool, own: Gaps, label: str, word: str) -> Evidence:
    early = slice(0, pool.before)
    means = pool.others[:, early].mean(axis=1)
    row = (
        f"{label}, mean before the start",
        float(pool.own[early].mean()),
        float(own.weights @ means),
        float(means.std(ddof=1)),
        len(pool.names),
        len(pool.donors),
        True,
    )
    return Evidence(
        assignment="not random",
        units=(len(pool.names), len(pool.donors)),
        unit_word=word,
        cluster_word=word,
        baseline=pd.DataFrame([row], columns=list(BASELINE)),
        adjusted=("earlier outcomes",) if pool.predictors is None else pool.predictor_names,
        inference_clustered=True,
    )
