"""Several studies in one average: what they say together, how far they differ, and what a new school could expect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Estimate, Evidence, Look, Wording, finish
from leadlib.designs.options import checked_options
from leadlib.designs.pooling import asymmetry
from leadlib.designs.pooling.between import Method
from leadlib.designs.pooling.inputs import Studies, studies
from leadlib.designs.pooling.models import Answer, answer
from leadlib.errors import InputError, refuse
from leadlib.numbers import phrase, show, span
from leadlib.results import passes_missing

Interval = Literal["averaged", "knapp-hartung", "normal"]
WHERE = "meta"
FEW = 5
_MOST_LEFT_OUT = 200
_PROVIDED = "the studies' own estimates are sound, and none was left out for what it found"


@dataclass(frozen=True, repr=False)
class Pooling(Estimate):
    """An average of studies.

    `tau2` is the variance of true effects between studies (`tau2_within` that of effects within one study, where they
    are nested), with intervals; `i2` the percentage of the spread that is more than chance; `q, q_df, q_p` Cochran's
    test; `prediction_low, prediction_high` where the effect of a new study of this kind would lie; `knapp_hartung` and
    `floored` Knapp and Hartung's interval, plain and never narrower than the usual one; `model_se` the standard error
    if the spread were known; `coefficients` one row a term; `egger` the test on small studies.
    """

    method: str = "REML"
    tau2: float = math.nan
    tau2_low: float = math.nan
    tau2_high: float = math.nan
    tau2_within: float = math.nan
    tau2_within_low: float = math.nan
    tau2_within_high: float = math.nan
    i2: float = math.nan
    q: float = math.nan
    q_df: int = 0
    q_p: float = math.nan
    prediction_low: float = math.nan
    prediction_high: float = math.nan
    knapp_hartung: tuple[float, float] = (math.nan, math.nan)
    floored: tuple[float, float] = (math.nan, math.nan)
    model_se: float = math.nan
    coefficients: pd.DataFrame = field(default_factory=pd.DataFrame)
    egger: asymmetry.Egger | None = None


@passes_missing
@checked_options
def meta(
    frame: pd.DataFrame,
    *,
    effect: str,
    study: str,
    variance: str | None = None,
    se: str | None = None,
    within: str | None = None,
    cluster: str | None = None,
    moderators: Sequence[str] = (),
    method: Method = "REML",
    interval: Interval = "averaged",
    influence: bool = True,
    level: float = 0.95,
    unit_of: str = "value",
    label: str = "",
    look: Look = "estimate",
) -> Any:
    """See what several studies say together, how far they differ, and what a new school could expect.

    Parameters
    ----------
    frame : DataFrame
        One row a study; with `within`, one row an effect of a study.
    effect, variance, se : column
        The study's estimate, and its sampling variance or its standard error (one of both).
    study : column
        Names the study.
    within : column, optional
        Tells apart the effects of one study (schools of a district, outcomes of one sample). Then effects vary between
        and within studies (three levels), and the errors are CR2 by study.
    cluster : column, optional
        What is independent of each other, if that is larger than a study, such as a team of authors.
    moderators : sequence of columns, optional
        Features of studies; numbers, or names of kinds. The average is then that at the moderators' means.
    method : {"REML", "DL", "ML", "PM"}
        How the spread between studies is estimated; REML only, where effects are nested.
    interval : {"averaged", "knapp-hartung", "normal"}
        "averaged" is Knapp and Hartung's interval, averaged over every spread between studies that fits the data: it
        keeps its promise also where studies are few and differ in size. Not used for nested or clustered effects.
    influence : bool
        Whether to work out the average without each study.

    Returns
    -------
    Pooling, or Detectable where `look` is "power"
        `frame`: one row an effect: `study, within, effect, se, low, high, weight_pct`, and the average without the
        study, `without_value, without_low, without_high`, in the outcome's unit (percent for `weight_pct`).

    Raises
    ------
    InputError
        Fewer than two studies, a variance that is not above zero, a study that stands twice without `within`, a
        moderator that is constant or follows from others, too few studies for the moderators.

    Notes
    -----
    y = X b + u + e with Var(e) known. Rows without a value are left out and counted. Interval of tau2: Q-profile
    (Viechtbauer 2007), profile likelihood where effects are nested. "averaged" is a mixture over the confidence
    distribution that belongs to Q-profile, as Nagashima, Noma and Furukawa (2019) do for prediction. Prediction
    interval: the same mixture; for "knapp-hartung" and "normal" as metafor's predict(). Checked against R: metafor 3.8
    rma(), rma.mv(), predict(), confint(), regtest(model = "lm"), and clubSandwich 0.5.8 coef_test(vcov = "CR2").
    """
    if within is not None and method != "REML":
        raise refuse(f"{WHERE}, method", "for nested effects there is only REML", "leave method out")
    data = studies(
        frame,
        effect=effect,
        variance=variance,
        se=se,
        study=study,
        within=within,
        cluster=cluster,
        moderators=moderators,
    )
    found = answer(data, method=method, interval=interval, level=level)
    told = label or effect
    drawn = _frame(data, found, method, interval, level, influence=influence and look == "estimate")
    asked = {
        "effect": effect, "variance": variance, "se": se, "study": study, "within": within, "cluster": cluster,
        "moderators": list(moderators), "method": method, "interval": interval,
    }  # fmt: skip
    result = finish(
        id="meta",
        title=f"The average of {_count(data.groups_n)}",
        design="meta",
        outcome=effect,
        label=told,
        unit=unit_of,
        value=found.value,
        se=found.se,
        df=found.df,
        low=found.low,
        high=found.high,
        p=found.p,
        evidence=Evidence("none", (len(data.y), 0), (data.clusters_n, 0), "effect", "cluster"),
        wording=Wording("the average study", "zero", _PROVIDED),
        asked=asked,
        claim="compare",
        level=level,
        look=look,
        sd=1.0 if unit_of == "sd" else math.nan,
        sd_of="students" if unit_of == "sd" else "",
        rows=_rows(data, found, told, unit_of, level),
        assumptions=_assumptions(data),
        checks=_checks(data, found, unit_of, level, drawn),
        limits=(*data.limits, *_limits(data, found)),
        frame=drawn,
        kind=Pooling,
        **_more(found, method, data, level),
    )
    return _worded(result, data, told) if isinstance(result, Pooling) else result


def _more(found: Answer, method: str, data: Studies, level: float) -> dict[str, Any]:
    return {
        "method": method,
        "tau2": found.tau2, "tau2_low": found.tau2_ends[0], "tau2_high": found.tau2_ends[1],
        "tau2_within": found.within, "tau2_within_low": found.within_ends[0], "tau2_within_high": found.within_ends[1],
        "i2": found.i2, "q": found.q, "q_df": found.q_df, "q_p": found.q_p,
        "prediction_low": found.new[0], "prediction_high": found.new[1],
        "knapp_hartung": found.knapp_hartung, "floored": found.floored, "model_se": found.model_se,
        "coefficients": found.coefficients, "egger": _egger(data, level),
    }  # fmt: skip


def _egger(data: Studies, level: float) -> asymmetry.Egger | None:
    return None if data.robust else asymmetry.egger(data.y, data.v, level)


def _count(n: int) -> str:
    return f"{n:,} studies"


def _rows(data: Studies, found: Answer, label: str, unit: str, level: float) -> tuple[tuple[Any, ...], ...]:
    k = len(data.y)
    new = (label, "A new study of this kind", found.value, found.new[0], found.new[1], k, unit)
    terms = found.coefficients.iloc[1:].to_dict("records")
    return (new, *((label, f"Difference by {r['term']}", r["value"], r["low"], r["high"], k, unit) for r in terms))


def _worded(result: Pooling, data: Studies, label: str) -> Pooling:
    table = result.table.copy()
    at = " at the moderators' means" if data.names[1:] else ""
    table.loc[0, "group"] = f"Average of {_count(data.groups_n)}{at}"
    return replace(result, table=table, text=_text(result, data, label, at))


def _text(result: Pooling, data: Studies, label: str, at: str) -> str:
    unit, of = result.unit, f"{100 * result.level:g}%"
    between = f"{of} interval {span(result.low, result.high, unit, sign=True)}"
    zero = ", which does not tell it from zero" if result.low <= 0 <= result.high else ""
    size = phrase(result.value, unit, sign=True)
    lines = [f"{label}: {_count(data.groups_n)} average {size}{at} ({between}){zero}, provided that {_PROVIDED}."]
    if zero:
        lines.append(
            f"Such studies find an average of {phrase(result.mdes, unit)} or more four times in five; smaller ones may"
            " exist."
        )
    new = span(result.prediction_low, result.prediction_high, unit, sign=True)
    across = result.prediction_low <= 0 <= result.prediction_high
    turn = "; that runs from losses to gains" if across and not result.low <= 0 <= result.high else ""
    lines.append(
        f"A new school or district like those studied could expect an effect of {new} ({of} prediction){turn}."
    )
    for row in result.coefficients.iloc[1:].to_dict("records"):
        seen = "" if row["low"] <= 0 <= row["high"] else " This compares studies, and they differ in other ways too."
        clear = "do not tell whether effects change with it" if not seen else "point to effects that change with it"
        gap = f"{phrase(row['value'], unit, sign=True)}, interval {span(row['low'], row['high'], unit, sign=True)}"
        lines.append(f"{row['term']}: the studies {clear} ({gap}).{seen}")
    return "\n".join(lines)


def _assumptions(data: Studies) -> tuple[str, ...]:
    nested = " and, within a study, around its own mean" if data.nested else ""
    return (
        f"The studies' true effects lie about normally around their mean{nested}, and sampling variances are known.",
        "The average is worth what the studies are worth: it takes over every fault they share.",
    )


def _checks(data: Studies, found: Answer, unit: str, level: float, drawn: pd.DataFrame) -> tuple[str, ...]:
    of = f"{100 * level:g}%"
    ends = span(math.sqrt(found.tau2_ends[0]), math.sqrt(found.tau2_ends[1]), unit)
    spread = (
        f"Spread between studies: tau {show(math.sqrt(found.tau2), unit)} ({of} interval {ends}); I2 {found.i2:.0f}%:"
        f" the share of the spread that is more than chance; Q {found.q:.1f} with {found.q_df} degrees of freedom,"
        f" {asymmetry.p_text(found.q_p)}."
    )
    checks = [spread]
    if data.nested:
        ends = span(math.sqrt(found.within_ends[0]), math.sqrt(found.within_ends[1]), unit)
        checks.append(f"Spread within studies: tau {show(math.sqrt(found.within), unit)} ({of} interval {ends}).")
    elif math.isfinite(found.floored[0]):
        checks.append(
            f"Knapp and Hartung's interval: {span(*found.knapp_hartung, unit, sign=True)}; held to at least the usual"
            f" width: {span(*found.floored, unit, sign=True)}."
        )
    checks.append(asymmetry.told(_egger(data, level), len(data.y), nested=data.robust))
    if "without_value" in drawn and drawn["without_value"].notna().any():
        worst = drawn.loc[(drawn["without_value"] - found.value).abs().idxmax()]
        checks.append(
            f"Leaving out one study at a time moves the average most without {worst['study']}: to"
            f" {phrase(worst['without_value'], unit, sign=True)}."
        )
    return tuple(checks)


def _limits(data: Studies, found: Answer) -> tuple[str, ...]:
    limits = []
    if data.groups_n < FEW:
        limits.append(
            f"With {_count(data.groups_n)} the spread between studies is hardly known; the intervals are wide for that"
            " reason, and five studies or more are better."
        )
    if found.df < 4:
        limits.append(
            f"The errors stand on {found.df:.1f} degrees of freedom; below four they are not to be relied on."
        )
    if data.names[1:] and len(data.y) < 10 * (len(data.names) - 1):
        limits.append("Fewer than ten studies a moderator: differences between kinds of study are a lead, no finding.")
    return tuple(limits)


def _frame(
    data: Studies, found: Answer, method: Method, interval: Interval, level: float, *, influence: bool
) -> pd.DataFrame:
    from scipy.stats import norm

    z = float(norm.ppf(1 - (1 - level) / 2))
    se = np.sqrt(data.v)
    frame = pd.DataFrame(
        {
            "study": data.study, "within": data.within, "effect": data.y, "se": se,
            "low": data.y - z * se, "high": data.y + z * se, "weight_pct": found.weight_pct,
        }
    )  # fmt: skip
    ends = np.full((len(frame), 3), np.nan)
    if influence and data.groups_n <= _MOST_LEFT_OUT:
        for code in range(data.groups_n):
            left = data.without(code)
            if left is None:
                continue
            try:
                other = answer(left, method=method, interval=interval, level=level, brief=True)
            except InputError:
                continue
            ends[data.groups == code] = (other.value, other.low, other.high)
    frame[["without_value", "without_low", "without_high"]] = ends
    return frame
