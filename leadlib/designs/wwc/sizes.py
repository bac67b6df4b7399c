"""Effect sizes as the What Works Clearinghouse computes them: Hedges' g, the Cox index, differences in differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from leadlib.designs.wwc.facts import fact
from leadlib.errors import InputError, Problem, refuse

Pair = tuple[Any, Any]


@dataclass(frozen=True)
class EffectSize:
    """An effect size with its standard error, interval and p-value; arrays where arrays were given.

    Attributes
    ----------
    kind
        "Hedges' g" or "Cox index".
    value, se, low, high
        In standard deviations.
    df
        Of the t distribution behind interval and p; infinite for the Cox index.
    used
        What it was made of, in words.
    """

    kind: str
    value: Any
    se: Any
    df: Any
    low: Any
    high: Any
    p: Any
    level: float
    used: str


def omega(n: Any) -> Any:
    """Give the factor that takes out the small-sample bias of a standardized difference: 1 - 3/(4N - 9)."""
    return plain(1 - 3 / (4 * np.asarray(n, dtype=float) - 9))


def improvement_index(g: Any) -> Any:
    """See by how many percentile points an average pupil of the comparison group would be expected to move.

    Parameters
    ----------
    g : float or array
        Effect sizes in standard deviations of pupils.

    Returns
    -------
    float or array
        Between -50 and 50; missing stays missing.

    Notes
    -----
    100 (Phi(g) - 0.5) (WWC Procedures Handbook 4.1, section VI; WWC Handbook 2.0, Appendix F).
    """
    return plain(100 * (norm.cdf(np.asarray(g, dtype=float)) - 0.5))


def hedges_g(
    *,
    ns: Pair,
    means: Pair | None = None,
    difference: Any = None,
    sds: Pair | None = None,
    sd: Any = None,
    r2: Any = 0.0,
    covariates: Any = 0,
    se: Any = None,
    level: float = 0.95,
) -> EffectSize:
    """See how large a difference between two groups is, in standard deviations of pupils.

    Parameters
    ----------
    ns : pair
        Pupils: treated, comparison. Here and below numbers or arrays.
    means, difference : pair; number
        Means of both groups, or their (adjusted) difference.
    sds, sd : pair; number
        Unadjusted standard deviations of the outcome in both groups, which are pooled; or the pooled one.
    r2, covariates : number
        Share of the outcome's variance that the adjustment explains, and how many covariates took part.
    se : number, optional
        The study's own standard error of the difference (it takes the place of the first term below).
    level : float
        Of the interval.

    Returns
    -------
    EffectSize
        In standard deviations. Missing numbers give missing ones.

    Raises
    ------
    InputError
        Groups of fewer than two pupils; standard deviations that are not positive; both or neither of two ways to say
        the same thing; r2 outside [0, 1).

    Notes
    -----
    g = omega (Yt - Yc) / S, S^2 = [(nt - 1) St^2 + (nc - 1) Sc^2] / (nt + nc - 2), omega = 1 - 3/(4N - 9);
    se = omega sqrt[(1 - R^2)(nt + nc)/(nt nc) + g^2 / (2N)] with N = nt + nc; interval and p from t with N - 2
    degrees of freedom less the covariates (WWC Procedures Handbook 4.1, Appendix E; Hedges 1981). That the standard
    error carries omega is not confirmed in the source; it makes the interval of an effect of zero exact. g was
    checked against the R package baselinr (hedges_g), omega against reproducer (calculateSmallSampleSizeAdjustment).
    """
    where = "hedges_g"
    n_t, n_c = _counts(ns, where)
    gap = _one_of(where, "means", means, "difference", difference)
    spread = _one_of(where, "sds", sds, "sd", sd)
    gap = _minus(means) if means is not None else gap
    spread = pooled_sd(_floats(sds[0]), _floats(sds[1]), n_t, n_c) if sds is not None else spread
    _positive(spread, where, "standard deviation")
    explained = _floats(r2)
    if np.any((explained < 0) | (explained >= 1)):
        raise refuse(f"{where}, r2", "is not a share from 0 to below 1", "give 0.4 for 40%")
    n = n_t + n_c
    df = n - 2 - _floats(covariates)
    if np.any(df < 1):
        raise refuse(f"{where}, ns", "leave no degrees of freedom", "give at least three pupils more than covariates")
    factor = omega(n)
    g = factor * gap / spread
    first = (1 - explained) * n / (n_t * n_c) if se is None else (_floats(se) / spread) ** 2
    error = factor * np.sqrt(first + g**2 / (2 * n))
    used = "the difference between the groups over the pooled standard deviation, with the small-sample factor"
    return _sized("Hedges' g", g, error, df, level, used)


def cox_index(*, rates: Pair, ns: Pair | None = None, level: float = 0.95) -> EffectSize:
    """See how large a difference between two rates is, in standard deviations of what might lie behind a yes or no.

    Parameters
    ----------
    rates : pair
        Shares from 0 to 1: treated, comparison (numbers or arrays).
    ns : pair, optional
        Pupils: treated, comparison; without them no standard error.
    level : float
        Of the interval.

    Returns
    -------
    EffectSize
        In standard deviations; missing rates give missing values.

    Raises
    ------
    InputError
        Rates outside 0 to 1 (such as percents), and rates of exactly 0 or 1, whose log odds do not exist.

    Notes
    -----
    d = [ln(pt / (1 - pt)) - ln(pc / (1 - pc))] / 1.65, without a small-sample factor (WWC Procedures Handbook 4.1,
    VI.1.2; Cox 1970); se = sqrt[1/(nt pt (1 - pt)) + 1/(nc pc (1 - pc))] / 1.65. Checked against baselinr (cox_index).
    """
    p_t, p_c = _floats(rates[0]), _floats(rates[1])
    for name, p in (("treated", p_t), ("comparison", p_c)):
        _rate(name, p)
    d = (np.log(p_t / (1 - p_t)) - np.log(p_c / (1 - p_c))) / fact("cox").value
    error = np.full(np.shape(d), np.nan)
    if ns is not None:
        n_t, n_c = _counts(ns, "cox_index")
        error = np.sqrt(1 / (n_t * p_t * (1 - p_t)) + 1 / (n_c * p_c * (1 - p_c))) / fact("cox").value
    used = "the difference between the groups' log odds over 1.65, without a small-sample factor"
    return _sized("Cox index", d, error, np.inf, level, used)


def did_effect(
    *,
    pre: Pair,
    post: Pair,
    sds: Pair,
    ns: Pair,
    pre_sds: Pair | None = None,
    correlation: Any = None,
    level: float = 0.95,
) -> EffectSize:
    """See how much more one group gained than the other, in standard deviations of pupils.

    Parameters
    ----------
    pre, post : pair
        Means before and after: treated, comparison.
    sds, pre_sds : pair
        Standard deviations after. Those before are needed where the pretest has another scale: the difference before
        is then put into its own standard deviations.
    ns : pair
        Pupils: treated, comparison.
    correlation : number, optional
        Of pretest and posttest over pupils within groups; 0.50 is taken where it is not known.

    Returns
    -------
    EffectSize
        In standard deviations; `used` says which correlation was taken, and when it is too low to count.

    Raises
    ------
    InputError
        As `hedges_g`; a correlation outside -1 to 1.

    Notes
    -----
    omega [(post_t - pre_t) - (post_c - pre_c)] / S_post, se = omega sqrt[2 (1 - r)(1/nt + 1/nc) + g^2 / (2N)] (WWC
    Procedures Handbook 4.1, Appendix E; Hedges, Tipton, Zejnullahi and Diaz 2023).
    """
    n_t, n_c = _counts(ns, "did_effect")
    n = n_t + n_c
    r = _floats(fact("prepost_imputed").value if correlation is None else correlation)
    if np.any(np.abs(r) >= 1):
        raise refuse("did_effect, correlation", "does not lie between -1 and 1", "give it as in 0.7")
    spread = pooled_sd(_floats(sds[0]), _floats(sds[1]), n_t, n_c)
    before = spread if pre_sds is None else pooled_sd(_floats(pre_sds[0]), _floats(pre_sds[1]), n_t, n_c)
    for one in (spread, before):
        _positive(one, "did_effect", "standard deviation")
    g = omega(n) * (_minus(post) / spread - _minus(pre) / before)
    error = omega(n) * np.sqrt(2 * (1 - r) * (1 / n_t + 1 / n_c) + g**2 / (2 * n))
    return _sized("Hedges' g", g, error, n - 2, level, _gains_used(r, correlation is None))


def _gains_used(r: Any, imputed: bool) -> str:
    rule = fact("prepost_rule")
    said = "the difference between the groups' gains over the pooled standard deviation after, small-sample factor"
    if imputed:
        return f"{said}; {fact('prepost_imputed').told()}; {rule.told()}, so whether it counts is not known"
    return f"{said}; {rule.told()}" + ("" if np.all(r >= rule.value) else ", which this one does not reach")


def equivalence(size: Any) -> Any:
    """See what a baseline difference asks for: "satisfied", "needs adjustment" or "not satisfied".

    Up to 0.05 standard deviations is satisfied, up to 0.25 needs an adjusted estimate, both ends included.
    """
    far = np.abs(np.asarray(size, dtype=float))
    small, large = fact("baseline_satisfied").value + ROUND, fact("baseline_adjust").value + ROUND
    words = np.select(
        [np.isnan(far), far <= small, far <= large], ["not known", "satisfied", "needs adjustment"], "not satisfied"
    )
    return str(words) if words.ndim == 0 else words


ROUND = 1e-12
"""Two roundings of a computer's last digit: 0.05 worked out another way is still 0.05."""


def pooled_sd(sd_t: Any, sd_c: Any, n_t: Any, n_c: Any) -> Any:
    """Give the standard deviation within groups, each weighted by its degrees of freedom."""
    return np.sqrt(((n_t - 1) * sd_t**2 + (n_c - 1) * sd_c**2) / (n_t + n_c - 2))


def _sized(kind: str, value: Any, se: Any, df: Any, level: float, used: str) -> EffectSize:
    if not 0 < level < 1:
        raise refuse("effect size, level", f"{level} does not lie between 0 and 1", "give 0.95")
    half = student.ppf(1 - (1 - level) / 2, df) * se
    p = 2 * student.sf(np.abs(value / se), df)
    low, high = value - half, value + half
    return EffectSize(kind, plain(value), plain(se), plain(df), plain(low), plain(high), plain(p), level, used)


def plain(value: Any) -> Any:
    """Give a number where one number was asked for, else an array."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value, dtype=float)


def _floats(value: Any) -> Any:
    return np.asarray(value, dtype=float)


def _minus(pair: Pair) -> Any:
    return _floats(pair[0]) - _floats(pair[1])


def _counts(ns: Pair, where: str) -> Pair:
    n_t, n_c = _floats(ns[0]), _floats(ns[1])
    if np.any(n_t < 2) or np.any(n_c < 2):
        raise refuse(f"{where}, ns", "a group has fewer than two pupils", "each group needs at least two")
    return n_t, n_c


def _positive(value: Any, where: str, what: str) -> None:
    if np.any(value <= 0):
        raise refuse(
            f"{where}, {what}", "is not positive", "an outcome that does not vary has no effect size; check the numbers"
        )


def _one_of(where: str, first: str, one: Any, second: str, other: Any) -> Any:
    if (one is None) == (other is None):
        raise refuse(f"{where}, {first} and {second}", "are both given or both missing", "give one of them")
    return _floats(other) if one is None else None


def _rate(name: str, p: Any) -> None:
    if np.any((p < 0) | (p > 1)):
        raise InputError(
            Problem(f"cox_index, {name} rate", "does not lie between 0 and 1", "give a share: 0.85 for 85%")
        )
    if np.any((p == 0) | (p == 1)):
        raise refuse(
            f"cox_index, {name} rate",
            "is exactly 0 or 1, where log odds do not exist",
            "report the counts and the percentage points between them, or pool years until both answers occur",
        )
