"""The result of a comparison of two groups: its table, its words, what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.estimates import BASELINE, Detectable, Estimate, Evidence, Look, Wording, finish, interval, p_value
from leadlib.designs.frames import Prepared
from leadlib.designs.randomized import EXACT, Reassigned
from leadlib.designs.subgroups import ROW
from leadlib.numbers import difference_unit, listing, phrase, plural, show, span

Inference = Literal["clustered", "randomization"]
FEW = 4
"""Below so many degrees of freedom Satterthwaite's interval is a rough one (Pustejovsky and Tipton 2018)."""
FRAME = ("measure", *ROW, "unit")


@dataclass(frozen=True)
class Asked:
    """What was asked for: the columns by role, and how the result is told."""

    outcome: str
    group: str
    cluster: str | None
    covariates: tuple[str, ...]
    weights: str | None
    by: str | None
    blocks: str | None
    inference: Inference
    seed: int | None
    assignment: Literal["random", "not random"]
    randomized: tuple[int, int] | None
    baseline: tuple[str, ...]
    unit_of: str
    label: str
    sd: float | None
    level: float
    look: Look
    words: Wording
    unit_word: str
    cluster_word: str


def compared(
    asked: Asked,
    data: Prepared,
    term: tuple[float, float, float],
    lots: Reassigned | None,
    parts: pd.DataFrame,
    said: Sequence[str],
) -> Estimate | Detectable:
    """Make the result from the fitted difference, the groups' means and the subgroups.

    Parameters
    ----------
    term
        Difference, standard error, degrees of freedom.
    lots
        What other assignments gave, where that was asked for.
    parts
        Rows of means, subgroups, gaps and steadied differences.
    said
        Sentences about the subgroups.
    """
    value, se, df = term
    rows = data.frame
    own = interval(value, se, df, asked.level)
    low, high, p = (lots.low, lots.high, lots.p) if lots else (*own, p_value(value, se, df))
    unit = difference_unit(asked.unit_of)
    first = ("difference", _pair(asked), value, low, high, len(rows), se, df, p)
    frame = pd.concat([pd.DataFrame([first], columns=list(ROW)), parts], ignore_index=True)
    frame["unit"] = np.where(frame["kind"] == "mean", asked.unit_of, unit)
    frame.insert(0, "measure", asked.label)
    evidence = _evidence(rows, asked, value, float(parts["value"].iloc[1]))
    result: Estimate | Detectable = finish(
        id=f"compare-{asked.outcome}",
        title=f"{asked.label}: {_pair(asked)[:1].lower()}{_pair(asked)[1:]}",
        design="compare",
        outcome=asked.outcome,
        label=asked.label,
        unit=unit,
        value=value,
        se=se,
        df=df,
        low=low,
        high=high,
        p=p,
        evidence=evidence,
        wording=asked.words,
        asked=_plain(asked),
        claim="estimate" if asked.assignment == "random" else "compare",
        level=asked.level,
        look=asked.look,
        sd=_spread(rows, asked) if asked.sd is None else asked.sd,
        sd_of=f"{asked.unit_word}s" if asked.sd is None else "pupils",
        rows=_table(frame),
        assumptions=_assumptions(asked),
        checks=(*_checks(asked, evidence, rows, df, lots), *said),
        limits=(*data.limits(), *_limits(rows, asked, df)),
        note=_note(asked),
        frame=frame[list(FRAME)],
    )
    if isinstance(result, Detectable) or asked.by is None:
        return result
    return replace(result, text=f"{result.text}\n{_by(frame, asked, unit)}")


def _pair(asked: Asked) -> str:
    return f"{asked.words.who[:1].upper()}{asked.words.who[1:]} minus {asked.words.whom}"


def _plain(asked: Asked) -> dict[str, Any]:
    """Give the arguments as plain data."""
    names = ("group", "cluster", "weights", "by", "blocks", "inference", "seed", "assignment", "unit_of")
    return {n: getattr(asked, n) for n in names} | {
        "covariates": list(asked.covariates),
        "baseline": list(asked.baseline),
    }


def _evidence(rows: pd.DataFrame, asked: Asked, value: float, without: float) -> Evidence:
    """Give what the card is made from; `without` is the comparison group's mean."""
    treated = rows[asked.group].to_numpy() == 1.0
    clusters = None
    if asked.cluster:
        codes = pd.factorize(rows[asked.cluster])[0]
        arms = np.unique(codes[treated]), np.unique(codes[~treated])
        clusters = None if len(np.intersect1d(*arms)) else (len(arms[0]), len(arms[1]))
    return Evidence(
        assignment=asked.assignment,
        units=(int(treated.sum()), int((~treated).sum())),
        clusters=clusters,
        unit_word=asked.unit_word,
        cluster_word=asked.cluster_word,
        baseline=_baseline(rows, treated, asked),
        randomized=asked.randomized,
        adjusted=(*asked.covariates, *([asked.blocks] if asked.blocks else [])),
        inference_clustered=asked.cluster is not None,
        rates=_rates(rows[asked.outcome], value, without),
    )


def _rates(outcome: pd.Series, value: float, without: float) -> tuple[float, float] | None:
    """Give the shares of a yes or no: the comparison group's own, and that plus the (adjusted) difference."""
    top = float(outcome.max())
    if top not in (1.0, 100.0) or not outcome.isin([0.0, top]).all():
        return None
    return min(max((without + value) / top, 0.0), 1.0), without / top


def _baseline(rows: pd.DataFrame, treated: Any, asked: Asked) -> pd.DataFrame:
    lines = []
    for name in asked.baseline:
        column = rows[name].to_numpy(float)
        arms = [v[np.isfinite(v)] for v in (column[treated], column[~treated])]
        means = [float(v.mean()) if len(v) else float("nan") for v in arms]
        lines.append((name, *means, _pooled(arms), len(arms[0]), len(arms[1]), name in asked.covariates))
    return pd.DataFrame(lines, columns=list(BASELINE))


def _pooled(arms: Sequence[Any]) -> float:
    """Give the standard deviation within the groups."""
    free = sum(len(v) for v in arms) - len(arms)
    squares = sum(float(((v - v.mean()) ** 2).sum()) for v in arms if len(v))
    return float(np.sqrt(squares / free)) if free > 0 else float("nan")


def _spread(rows: pd.DataFrame, asked: Asked) -> float:
    y, treated = rows[asked.outcome].to_numpy(), rows[asked.group].to_numpy() == 1.0
    return _pooled([y[treated], y[~treated]])


def _table(frame: pd.DataFrame) -> tuple[tuple[Any, ...], ...]:
    """Give the rows of the table after the first, named for a reader."""
    named = {"mean": "{}", "subgroup": "{}", "gap": "{}", "steadied": "{}, steadied"}
    return tuple(
        (r["measure"], named[r["kind"]].format(r["group"]), r["value"], r["low"], r["high"], r["n"], r["unit"])
        for r in frame.iloc[1:].to_dict("records")
    )


def _assumptions(asked: Asked) -> tuple[str, ...]:
    apart = f"{asked.cluster_word}s" if asked.cluster else f"{asked.unit_word}s"
    inside = f"; those in one {asked.cluster_word} may be alike" if asked.cluster else ""
    lines = [f"What happens in one of the {apart} does not depend on the others{inside}."]
    if asked.assignment == "random":
        lines.insert(0, "The groups were drawn by lottery" + (" within blocks." if asked.blocks else "."))
    if asked.covariates:
        lines.append("What is adjusted for acts along a straight line and alike in both groups.")
    if asked.inference == "randomization":
        lines.append("The interval by reassignment takes the difference as the same for everybody.")
    return tuple(lines)


def _checks(
    asked: Asked, evidence: Evidence, rows: pd.DataFrame, df: float, lots: Reassigned | None
) -> tuple[str, ...]:
    counted, word = (
        (evidence.clusters or evidence.units),
        (asked.cluster_word if evidence.clusters else asked.unit_word),
    )
    shared = asked.cluster and not evidence.clusters
    inside = f" in {plural(rows[asked.cluster].nunique(), asked.cluster_word)}" if shared else ""
    lines = [
        f"{plural(counted[0], word)} against {counted[1]:,}{inside}; {df:.1f} degrees of freedom"
        " (CR2 errors, Bell and McCaffrey)."
    ]
    if lots:
        how = f"all {lots.assignments:,}" if lots.exact else f"a sample of those (more than {EXACT:,})"
        lines.append(
            f"Reassignment: {how} ways to draw the groups were gone through; p = {lots.p:.3g}"
            + (f", and the least that so few ways can give is {lots.least_p:.3g}." if lots.exact else ".")
        )
    lines += [
        f"Beforehand, {r['measure']}: {show(r['treated_mean'], 'value')} against {show(r['comparison_mean'], 'value')},"
        f" {phrase((r['treated_mean'] - r['comparison_mean']) / r['sd'] if r['sd'] > 0 else None, 'sd', sign=True)}."
        for r in evidence.baseline.to_dict("records")
    ]
    return tuple(lines)


def _limits(rows: pd.DataFrame, asked: Asked, df: float) -> tuple[str, ...]:
    lines = []
    if asked.assignment != "random":
        lines.append("The groups were not drawn by lottery: whatever else sets them apart is in the difference too.")
    if df < FEW and asked.inference == "clustered":
        lines.append(
            f"With {df:.1f} degrees of freedom the interval is a rough one, and rather too wide than too narrow."
        )
    if asked.blocks:
        alone = int((rows.groupby(asked.blocks)[asked.group].nunique() < 2).sum())
        if alone:
            lines.append(f"{plural(alone, 'block')} with one group only told nothing of the difference.")
    return tuple(lines)


def _note(asked: Asked) -> str:
    groups = "Each group's own mean is as observed, not adjusted." if asked.covariates or asked.blocks else ""
    return f"n: {asked.unit_word}s. {groups}".strip()


def _by(frame: pd.DataFrame, asked: Asked, unit: str) -> str:
    """Say what the subgroups show and whether they can be told apart."""
    parts = frame[frame["kind"] == "subgroup"].to_dict("records")
    gaps = frame[frame["kind"] == "gap"].to_dict("records")
    each = "; ".join(
        f"{r['group']} {phrase(r['value'], unit, sign=True)} ({span(r['low'], r['high'], unit, sign=True)})"
        for r in parts
    )
    clear = [r for r in gaps if not r["low"] <= 0 <= r["high"]]
    if not clear:
        end = "The data do not tell the subgroups' differences apart."
    else:
        end = "Apart from the rest by its own interval: " + listing(
            [f"{r['group']} {phrase(r['value'], unit, sign=True)}" for r in clear]
        )
        end += "." if len(gaps) == 1 else f"; {plural(len(gaps), 'gap')} were looked at."
    return f"By {asked.by}: {each}. {end}"
