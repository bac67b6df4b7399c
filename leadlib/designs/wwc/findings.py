"""One finding as the card sees it: its effect size, whose standard deviation that is, and its p-value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scipy.stats import t as student

from leadlib.designs.estimates import Estimate, Evidence
from leadlib.designs.wwc.clusters import Kind, cluster_correction, cluster_df, cluster_gamma
from leadlib.designs.wwc.facts import fact
from leadlib.designs.wwc.sizes import cox_index, improvement_index, omega
from leadlib.errors import refuse

WHOLE = ("school", "district", "class", "grade", "site", "campus")
Favors = Literal["higher", "lower"]


@dataclass(frozen=True)
class Given:
    """What the caller of a card adds to what the design knows."""

    boundary: Any = "cautious"
    confounds: tuple[str, ...] = ()
    rates: Any = None
    sd: float | None = None
    icc: float | None = None
    kind: Kind = "achievement"
    correlation: float | None = None
    favors: Favors = "higher"
    pupils: int | None = None
    sites: int | None = None
    q: float = 0.05


@dataclass(frozen=True)
class Sized:
    """The effect size of one estimate and what was used; `of_pupils` says whether the WWC would take it as one."""

    kind: str
    value: float
    se: float
    low: float
    high: float
    p: float
    corrected: bool
    of_pupils: bool
    used: str

    @property
    def improvement(self) -> float:
        """Percentile points; missing where the effect size is not in standard deviations of pupils."""
        return float(improvement_index(self.value)) if self.of_pupils else math.nan


def icc_of(given: Given) -> float:
    """Give the intraclass correlation: the caller's, else the WWC's default for the kind of outcome."""
    return float(fact("default_icc").value[given.kind] if given.icc is None else given.icc)


def counted_pupils(evidence: Evidence, given: Given) -> int | None:
    """Give how many pupils stand behind an estimate, where that is known."""
    known = given.pupils or evidence.pupils
    if known:
        return int(known)
    return sum(evidence.units) if not of_wholes(evidence.unit_word) else None


def counted_sites(evidence: Evidence, given: Given) -> int | None:
    """Give how many sites (schools) stand behind an estimate, where that is known."""
    known = given.sites or evidence.sites
    if known:
        return int(known)
    if evidence.clusters and "school" in evidence.cluster_word:
        return sum(evidence.clusters)
    return sum(evidence.units) if "school" in evidence.unit_word else None


def of_wholes(word: str) -> bool:
    """Say whether a word names whole groups of pupils, such as schools."""
    return any(part in word.lower() for part in WHOLE)


def sized(estimate: Estimate, given: Given) -> Sized:
    """Put an estimate into standard deviations, with its p-value corrected where clusters were assigned and ignored."""
    t, df, p, corrected = _tested(estimate, given)
    rates = _rates(estimate, given)
    if rates is not None:
        return _as_cox(estimate, rates, df, p, corrected)
    sd, of = _spread(estimate, given)
    if not sd > 0:
        nan = math.nan
        return Sized("not known", nan, nan, nan, nan, p, corrected, False, "no standard deviation was given (sd=)")
    return _as_g(estimate, given, sd, of, (t, df, p), corrected)


def _tested(estimate: Estimate, given: Given) -> tuple[float, float, float, bool]:
    """Give t, df and p; corrected for clusters where they were assigned and the errors ignore them."""
    evidence = estimate.evidence
    t = estimate.value / estimate.se if estimate.se > 0 else math.nan
    if evidence.clusters is None or evidence.inference_clustered or sum(evidence.clusters) < 4:
        return t, estimate.df, estimate.p, False
    n = max(sum(evidence.units), sum(evidence.clusters))
    done = cluster_correction(t, n=n, clusters=sum(evidence.clusters), icc=icc_of(given))
    return done.t, done.df, done.p, True


def _rates(estimate: Estimate, given: Given) -> tuple[float, float] | None:
    rates = given.rates
    if isinstance(rates, Mapping):
        rates = rates.get(estimate.outcome)
    return estimate.evidence.rates if rates is None else rates


def _as_cox(estimate: Estimate, rates: tuple[float, float], df: float, p: float, corrected: bool) -> Sized:
    found = cox_index(rates=rates)
    middle = (rates[0] + rates[1]) / 2
    scale = (0.01 if estimate.unit in ("pct", "pct_points") else 1.0) / (fact("cox").value * middle * (1 - middle))
    t = abs(student.ppf(p / 2, df)) if 0 < p < 1 else math.nan
    error = abs(estimate.value) * scale / t if corrected and t > 0 else estimate.se * scale
    half = float(student.ppf(1 - (1 - estimate.level) / 2, df)) * error
    used = (
        f"Cox index of {100 * rates[0]:.1f}% against {100 * rates[1]:.1f}%; its error is the estimate's at their middle"
    )
    return Sized(found.kind, found.value, error, found.value - half, found.value + half, p, corrected, True, used)


def _spread(estimate: Estimate, given: Given) -> tuple[float, str]:
    if given.sd is not None:
        if not given.sd > 0:
            raise refuse(
                "card, sd", f"{given.sd} is not positive", "give the standard deviation of the outcome over pupils"
            )
        return float(given.sd), "pupils"
    if estimate.unit == "sd":
        return 1.0, estimate.sd_of or "pupils"
    return estimate.sd, estimate.sd_of or f"{estimate.evidence.unit_word}s"


def _as_g(
    estimate: Estimate,
    given: Given,
    sd: float,
    of: str,
    test: tuple[float, float, float],
    corrected: bool,
) -> Sized:
    evidence = estimate.evidence
    of_pupils = not of_wholes(
        of if of not in ("given", "units") else ("pupil" if of == "given" else evidence.unit_word)
    )
    n = counted_pupils(evidence, given) if of_pupils else sum(evidence.units)
    factor, h, eta, words = _small(evidence, given, n, of_pupils)
    g = factor * estimate.value / sd
    inner = eta if corrected else 1.0
    se = math.sqrt((factor * estimate.se / sd) ** 2 * inner + (g**2 / (2 * h) if h else 0.0))
    low, high = factor * estimate.low / sd, factor * estimate.high / sd
    if corrected:
        half = float(student.ppf(1 - (1 - estimate.level) / 2, test[1])) * se
        low, high = g - half, g + half
    used = (
        f"Hedges' g: the estimate over the standard deviation of {'pupils, as given' if of == 'given' else of}; {words}"
    )
    return Sized("Hedges' g", g, se, low, high, test[2], corrected, of_pupils, used)


def _small(evidence: Evidence, given: Given, n: int | None, of_pupils: bool) -> tuple[float, float, float, str]:
    """Give the small-sample factor, its degrees of freedom, what ignored clusters do to the variance, and words."""
    if n is None:
        return 1.0, 0.0, 1.0, "without a small-sample factor, since the number of pupils is not known"
    if n < 4:
        return 1.0, float(n), 1.0, "without a small-sample factor: the sample is too small for it"
    clusters = sum(evidence.clusters) if evidence.clusters else (sum(evidence.units) if n > sum(evidence.units) else 0)
    if of_pupils and 4 <= clusters < n:
        rho = icc_of(given)
        h = float(cluster_df(n, clusters, rho))
        gamma = float(cluster_gamma(n, clusters, rho))
        words = f"with the factors for small samples and clusters (intraclass correlation {rho:.2f})"
        eta = (1 + (n / clusters - 1) * rho) / gamma
        return (1 - 3 / (4 * h - 1)) * math.sqrt(gamma), h, eta, words
    return float(omega(n)), float(n), 1.0, "with the small-sample factor"
