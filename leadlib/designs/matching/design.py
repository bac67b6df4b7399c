"""Matching: treated units beside like ones that were not treated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.estimates import BASELINE, Detectable, Estimate, Evidence, Look, Wording, finish, interval
from leadlib.designs.frames import prepared
from leadlib.designs.matching.balances import AFTER, FAR, balance, e_values
from leadlib.designs.matching.fits import Data, fit_of, sets_of
from leadlib.designs.matching.sets import WHERE, Floats, Sets, few
from leadlib.designs.matching.told import checks, limits
from leadlib.designs.options import checked_options
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import difference_unit

Method = Literal["propensity", "exact", "coarsened"]
LEAST = 4
"""Fewer matched treated units are refused: an interval from them says more about its own error than about a program."""
_NOTHING = 1e-10
_WORDING = Wording(
    who="the treated",
    whom="the like units beside them",
    provided="nothing that was not measured set the two apart",
)


@dataclass(frozen=True, repr=False)
class Matched(Estimate):
    """A matched comparison: `balance` as in `frame`, and `pairs`, one row a unit: its set, arm, weight and log odds."""

    balance: pd.DataFrame = field(default_factory=pd.DataFrame)
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)


@checked_options
def matched(
    frame: pd.DataFrame,
    *,
    outcome: str,
    treated: str,
    covariates: Sequence[str],
    unit: str,
    method: Method = "propensity",
    exact: Sequence[str] = (),
    cluster: str | None = None,
    ratio: int = 1,
    caliper: float = 0.2,
    bins: int | None = None,
    adjust: bool = True,
    level: float = 0.95,
    unit_of: str = "value",
    label: str = "",
    unit_word: str = "school",
    sd: float | None = None,
    sd_of: str = "",
    look: Look = "estimate",
) -> Matched | Detectable:
    """See how treated units fared beside untreated ones that were like them beforehand, and how alike they were.

    Parameters
    ----------
    frame : DataFrame
        One row a unit.
    outcome, treated, unit : str
        Columns: numbers; 0 and 1; an id that is there once.
    covariates : sequence of str
        Columns of numbers from before the treatment. Earlier values of the outcome belong here above all.
    method : {"propensity", "exact", "coarsened"}
        Nearest on the log odds of being treated; the same values; the same bins.
    exact : sequence of str
        Columns of names or codes in which a set must agree, such as the school's level.
    cluster : str, optional
        What was treated together, such as a district.
    ratio, caliper
        For "propensity": comparisons wanted for each treated unit; the largest distance, in standard deviations of the
        log odds. Each untreated unit is used at most once.
    bins : int, optional
        For "coarsened": bins of equal width for each covariate (Sturges' number without).
    adjust : bool
        Whether a regression on the covariates takes away what differences are left.
    level, unit_of, label, unit_word, sd, sd_of, look
        As in every design; `sd` defaults to the matched units' own, pooled within arms.

    Returns
    -------
    Matched, or Detectable where `look` is "power"
        `frame` (also `balance`): `measure, when, difference_sd, variance_ratio, treated_mean, comparison_mean, sd,
        treated_n, comparison_n`, a row before and one after matching for each covariate. Rows without a value in any
        column asked for are left out and counted in `limits`; treated units without a comparison are described there.

    Raises
    ------
    InputError
        Fewer than two treated or untreated units, or fewer than 4 treated that found a comparison; covariates that
        repeat each other or that part the arms without error; a constant outcome; one cluster an arm.

    Notes
    -----
    The effect on the matched treated: least squares of the outcome on treatment (and covariates), comparisons weighted
    in proportion to the treated beside them, with CR2 errors clustered by set (Abadie and Spiess 2022; by
    unit for strata; by `cluster` where given). Caliper after Austin (2011). Checked against R: MatchIt 4.5.1
    matchit(method = "nearest", distance = <all distances>, m.order = "data") from the highest log odds down, "exact"
    and "cem", for pairs, balance and strata, and clubSandwich's CR2 with inverse_var = TRUE. Unlike MatchIt, ties go by
    the unit's id, not by row, and the caliper is in the root of the mean of both arms' variances.
    """
    _sizes(ratio, caliper, bins)
    data = _data(frame, outcome, treated, covariates, unit, exact, cluster)
    name = label or outcome
    sets, score = sets_of(data, method, ratio, caliper, bins)
    few(int((sets.kept & data.treated).sum()), int(data.treated.sum()), LEAST)
    fit = fit_of(data, sets, by_set=method == "propensity", adjust=adjust)
    value, se, df = fit.term("treated")
    if not (se > _NOTHING * float(np.ptp(data.y)) and math.isfinite(df)):
        raise refuse(
            f"{WHERE}, outcome", "does not vary around what the covariates explain", "give an outcome that varies"
        )
    table = balance(data.x, data.treated, sets.weights, data.names)
    own_sd = _pooled(data, sets) if sd is None else sd
    low, high = interval(value, se, df, level)
    after = table[table["when"] == AFTER]
    apart = after[after["difference_sd"].abs() > FAR]["measure"].tolist()
    return finish(
        id="matched",
        title=f"{name}: the treated beside like units",
        design="matched",
        outcome=outcome,
        label=name,
        unit=difference_unit(unit_of),
        value=value,
        se=se,
        df=df,
        level=level,
        look=look,
        claim="compare" if apart else "estimate",
        evidence=_evidence(data, sets, after, unit_word, cluster, adjust),
        wording=_WORDING,
        asked={
            "treated": treated,
            "unit": unit,
            "covariates": list(covariates),
            "method": method,
            "exact": list(exact),
            "cluster": cluster or "",
            "ratio": ratio,
            "caliper": caliper,
            "bins": bins or "",
            "adjust": adjust,
        },
        sd=own_sd,
        sd_of=sd_of or (f"matched {unit_word}s" if sd is None else "units"),
        assumptions=(
            "Treated and untreated units that are alike on what was measured are alike in all that matters besides.",
            "One unit's treatment does not change another's outcome.",
        ),
        checks=checks(table, e_values(value, low, high, own_sd) if own_sd > 0 else None),
        limits=(*data.left_out, *limits(data.x, data.treated, data.names, sets, apart, unit_word)),
        note="n: matched units of both arms.",
        frame=table,
        kind=Matched,
        balance=table,
        pairs=_pairs(data, sets, score, unit),
    )


def _sizes(ratio: int, caliper: float, bins: int | None) -> None:
    wrong = []
    if ratio < 1:
        wrong.append(Problem(f"{WHERE}, ratio", f"is {ratio}", "give 1 or more"))
    if not caliper > 0:
        wrong.append(Problem(f"{WHERE}, caliper", f"is {caliper}", "give a positive number of standard deviations"))
    if bins is not None and bins < 1:
        wrong.append(Problem(f"{WHERE}, bins", f"is {bins}", "give 1 or more"))
    if wrong:
        raise InputError(wrong)


def _data(
    frame: Any,
    outcome: str,
    treated: str,
    covariates: Sequence[str],
    unit: str,
    exact: Sequence[str],
    cluster: str | None,
) -> Data:
    if not covariates:
        raise refuse(f"{WHERE}, covariates", "names none", "say on which measures the units are to be alike")
    labels = [unit, *exact, *([cluster] if cluster else [])]
    found = prepared(frame, WHERE, numbers=[outcome, *covariates], flags=[treated], labels=labels, key=[unit])
    table = found.frame
    arm = table[treated].to_numpy() == 1.0
    for mine, name in ((arm, "treated"), (~arm, "untreated")):
        if mine.sum() < 2:
            n = "no" if not mine.any() else "only one"
            raise refuse(f"{WHERE}, {treated}", f"marks {n} {name} unit", "the design needs at least two in each arm")
        if cluster and table.loc[mine, cluster].nunique() < 2:
            raise refuse(
                f"{WHERE}, {cluster}",
                f"puts all {name} units in one cluster",
                "the design needs at least two clusters in each arm",
            )
    y = table[outcome].to_numpy(float)
    if np.ptp(y) == 0:
        raise refuse(f"{WHERE}, {outcome}", "is the same for all", "give an outcome that varies")
    x = table[list(covariates)].to_numpy(float)
    for name in [c for c, reach in zip(covariates, np.ptp(x, axis=0), strict=True) if reach == 0]:
        raise refuse(f"{WHERE}, {name}", "is the same for all", "leave it out: it cannot make units alike")
    return Data(
        y=y,
        treated=arm,
        x=x,
        names=tuple(covariates),
        units=table[unit].to_numpy(),
        exact=np.column_stack([pd.factorize(table[c], sort=True)[0] for c in exact])
        if exact
        else np.zeros((len(y), 0)),
        clusters=table[cluster].to_numpy() if cluster else None,
        left_out=found.limits(),
    )


def _pooled(data: Data, sets: Sets) -> float:
    arms = [data.y[sets.kept & arm] for arm in (data.treated, ~data.treated)]
    squares = sum(float(((a - a.mean()) ** 2).sum()) for a in arms)
    return math.sqrt(squares / max(sum(len(a) for a in arms) - 2, 1))


def _pairs(data: Data, sets: Sets, score: Floats, unit: str) -> pd.DataFrame:
    table = pd.DataFrame(
        {unit: data.units, "treated": data.treated, "set": "", "weight": sets.weights, "log_odds": score}
    )
    own = np.flatnonzero(data.treated & sets.kept)
    of, first = np.unique(sets.sets[own], return_index=True)
    names = dict(zip(of.tolist(), data.units[own[first]].tolist(), strict=True))
    table["set"] = [names.get(int(s), "") for s in sets.sets]
    return table[sets.kept].reset_index(drop=True)


def _evidence(data: Data, sets: Sets, after: pd.DataFrame, word: str, cluster: str | None, adjust: bool) -> Evidence:
    kept = sets.kept
    arms = kept & data.treated, kept & ~data.treated
    clusters = None if data.clusters is None else tuple(len(np.unique(data.clusters[a])) for a in arms)
    return Evidence(
        assignment="not random",
        units=(int(arms[0].sum()), int(arms[1].sum())),
        clusters=clusters,  # type: ignore[arg-type]
        unit_word=word,
        cluster_word=cluster or "school",
        baseline=after.assign(adjusted=adjust)[list(BASELINE)].reset_index(drop=True),
        adjusted=data.names if adjust else (),
    )
