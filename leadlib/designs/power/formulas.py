"""Standard errors and degrees of freedom of study designs, and what they can find; plain numbers in, plain numbers out.

Effects are in pupils' standard deviations. Each count is a count within one unit of the level above: pupils in a class,
classes in a school, schools in a block. The signature of a formula is what its design needs and may have.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.special import nctdtr, stdtrit


class Precision(NamedTuple):
    """How exact a design is: the standard error of its estimate in pupils' standard deviations, and its df."""

    se: float
    df: float


def critical(df: float, alpha: float = 0.05, two_tailed: bool = True) -> float:
    """Give the t value from which on a test finds a difference."""
    return float(stdtrit(df, 1 - (alpha / 2 if two_tailed else alpha)))


def multiplier(df: float, power: float = 0.80, alpha: float = 0.05, two_tailed: bool = True) -> float:
    """Give M: how many standard errors an effect must measure to be found with this power (Bloom 1995)."""
    return critical(df, alpha, two_tailed) + float(stdtrit(df, power))


def chance_found(effect: float, se: float, df: float, alpha: float = 0.05, two_tailed: bool = True) -> float:
    """Give the power: how often a t test finds this effect, from the noncentral t distribution."""
    t = critical(df, alpha, two_tailed)
    upper = 1 - float(nctdtr(df, effect / se, t))
    lower = float(nctdtr(df, effect / se, -t)) if two_tailed else 0.0
    # The far tail is given as "no number" where it is too small to be computed.
    return min(1.0, upper + (lower if math.isfinite(lower) else 0.0))


def individual(
    *, pupils: float, share_treated: float = 0.5, r2_pupil: float = 0.0, covariates_pupil: int = 0
) -> Precision:
    """Pupils drawn by lot, in no groups: se^2 = (1 - R2) / (P (1 - P) n), df = n - g - 2."""
    return Precision(math.sqrt((1 - r2_pupil) / (_split(share_treated) * pupils)), pupils - covariates_pupil - 2)


def individual_fixed(
    *, blocks: float, block_n: float, share_treated: float = 0.5, r2_pupil: float = 0.0, covariates_pupil: int = 0
) -> Precision:
    """Pupils drawn within blocks, for these blocks alone: se^2 = (1 - R2) / (P (1 - P) J n), df = J (n - 2) - g."""
    se = math.sqrt((1 - r2_pupil) / (_split(share_treated) * blocks * block_n))
    return Precision(se, blocks * (block_n - 2) - covariates_pupil)


def individual_constant(
    *, blocks: float, block_n: float, share_treated: float = 0.5, r2_pupil: float = 0.0, covariates_pupil: int = 0
) -> Precision:
    """Pupils drawn within blocks in all of which the effect is taken to be one: df = J (n - 1) - g - 1."""
    se = math.sqrt((1 - r2_pupil) / (_split(share_treated) * blocks * block_n))
    return Precision(se, blocks * (block_n - 1) - covariates_pupil - 1)


def individual_random(
    *,
    blocks: float,
    block_n: float,
    icc: float,
    effect_sd: float,
    share_treated: float = 0.5,
    r2_pupil: float = 0.0,
    r2_effect: float = 0.0,
    covariates_block: int = 0,
) -> Precision:
    """Pupils drawn within blocks that stand for others like them; the effect differs by `effect_sd` between blocks.

    se^2 = v (1 - R2t) / J + (1 - rho) (1 - R2) / (P (1 - P) J n), df = J - g - 1, with v = effect_sd^2 (rho omega).
    """
    pupil = (1 - icc) * (1 - r2_pupil) / (_split(share_treated) * blocks * block_n)
    return Precision(
        math.sqrt(effect_sd**2 * (1 - r2_effect) / blocks + max(pupil, 0.0)), blocks - covariates_block - 1
    )


def cluster(
    *,
    clusters: float,
    cluster_n: float,
    icc: float,
    share_treated: float = 0.5,
    r2_pupil: float = 0.0,
    r2_school: float = 0.0,
    covariates_school: int = 0,
) -> Precision:
    """Whole schools drawn by lot: se^2 = (rho (1 - R2s) + (1 - rho) (1 - R2p) / n) / (P (1 - P) J), df = J - g - 2."""
    school = icc * (1 - r2_school) + (1 - icc) * (1 - r2_pupil) / cluster_n
    return Precision(math.sqrt(school / (_split(share_treated) * clusters)), clusters - covariates_school - 2)


def three_level(
    *,
    clusters: float,
    classes: float,
    class_n: float,
    icc: float,
    icc_class: float,
    share_treated: float = 0.5,
    r2_pupil: float = 0.0,
    r2_class: float = 0.0,
    r2_school: float = 0.0,
    covariates_school: int = 0,
) -> Precision:
    """Whole schools drawn by lot, pupils in classes: the cluster formula with a term for classes, df = K - g - 2."""
    school = (
        icc * (1 - r2_school)
        + icc_class * (1 - r2_class) / classes
        + (1 - icc - icc_class) * (1 - r2_pupil) / (classes * class_n)
    )
    return Precision(_root(school / (_split(share_treated) * clusters)), clusters - covariates_school - 2)


def cluster_fixed(
    *,
    blocks: float,
    clusters: float,
    cluster_n: float,
    icc: float,
    share_treated: float = 0.5,
    r2_pupil: float = 0.0,
    r2_school: float = 0.0,
    covariates_school: int = 0,
) -> Precision:
    """Schools drawn within blocks, for these blocks alone: the cluster formula with J K schools, df = K (J - 2) - g."""
    school = icc * (1 - r2_school) + (1 - icc) * (1 - r2_pupil) / cluster_n
    se = math.sqrt(school / (_split(share_treated) * clusters * blocks))
    return Precision(se, blocks * (clusters - 2) - covariates_school)


def cluster_random(
    *,
    blocks: float,
    clusters: float,
    cluster_n: float,
    icc: float,
    icc_block: float,
    effect_sd: float,
    share_treated: float = 0.5,
    r2_pupil: float = 0.0,
    r2_school: float = 0.0,
    r2_effect: float = 0.0,
    covariates_block: int = 0,
) -> Precision:
    """Schools drawn within blocks that stand for others like them; the effect differs between blocks.

    se^2 = v (1 - R2t) / K + (rho2 (1 - R2s) + (1 - rho2 - rho3) (1 - R2p) / n) / (P (1 - P) J K), df = K - g - 1.
    """
    school = icc * (1 - r2_school) + (1 - icc - icc_block) * (1 - r2_pupil) / cluster_n
    return Precision(
        _root(effect_sd**2 * (1 - r2_effect) / blocks + school / (_split(share_treated) * clusters * blocks)),
        blocks - covariates_block - 1,
    )


def year_weights(years_before: int, years_after: int, trend: str = "common", year_after: int | None = None) -> Any:
    """Give the weight of each year in a school's change: what came after minus what the years before let expect.

    "common" expects the mean of the years before; "own" carries the school's own straight line forward.
    """
    before = np.arange(years_before, dtype=float)
    after = np.arange(years_after) + float(years_before)
    chosen = np.full(years_after, 1 / years_after) if year_after is None else (np.arange(years_after) == year_after - 1)
    expected = np.full(years_before, 1 / years_before)
    if trend == "own":
        centred = before - before.mean()
        expected = expected + (float(chosen @ after) - before.mean()) * centred / (centred @ centred)
    return np.r_[-expected, chosen.astype(float)]


def comparative_series(
    *,
    clusters: float,
    cluster_n: float,
    years_before: int,
    years_after: int,
    icc_year: float,
    icc: float = 0.0,
    autocorrelation: float = 0.0,
    trend: str = "common",
    year_after: int | None = None,
    share_treated: float = 0.5,
    r2_pupil: float = 0.0,
    r2_year: float = 0.0,
    covariates_school: int = 0,
) -> Precision:
    """Program and comparison schools over years: each school is one number, its change, and the changes are compared.

    se^2 = c'S c / (P (1 - P) J), df = J - g - 2; c from `year_weights`; S = w R + (s / n) I with w the variance that a
    school has from year to year, R its first-order autocorrelation, s the variance of pupils, new ones each year.
    """
    c = year_weights(int(years_before), int(years_after), trend, year_after)
    place = np.arange(len(c))
    gaps = np.abs(place[:, None] - place[None, :])
    like = np.where(gaps == 0, 1.0, np.sign(autocorrelation) ** gaps * np.abs(autocorrelation) ** gaps)
    shocks = icc_year * (1 - r2_year) * float(c @ like @ c)
    pupil = (1 - icc - icc_year) * (1 - r2_pupil) / cluster_n * float(c @ c)
    return Precision(_root((shocks + pupil) / (_split(share_treated) * clusters)), clusters - covariates_school - 2)


def _split(share: float) -> float:
    return share * (1 - share)


def _root(value: float) -> float:
    # Shares that add up to one leave a rounding error below zero.
    return math.sqrt(max(value, 0.0))


FORMULAS: dict[str, Callable[..., Precision]] = {
    "individual": individual,
    "blocked individual, fixed": individual_fixed,
    "blocked individual, constant": individual_constant,
    "blocked individual, random": individual_random,
    "cluster": cluster,
    "three-level cluster": three_level,
    "blocked cluster, fixed": cluster_fixed,
    "blocked cluster, random": cluster_random,
    "comparative series": comparative_series,
}
