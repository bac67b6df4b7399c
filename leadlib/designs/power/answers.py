"""What a planned study could find, how surely it finds an effect, and how large it would have to be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Unpack

from leadlib.designs.estimates import POWER
from leadlib.designs.power.formulas import chance_found
from leadlib.designs.power.plans import GROWS, Design, Plan, Settings, measure_of, planned, sample
from leadlib.designs.power.telling import Planned, label, measured, odd, often, result, top, verdict
from leadlib.errors import InputError, Problem, nearest
from leadlib.numbers import phrase, show

AT_MOST = 100_000
FINDABLE = ("pupils", "blocks", "clusters", "classes", "cluster_n", "class_n", "block_n")


def mdes(
    *,
    design: Design,
    power: float = POWER,
    alpha: float = 0.05,
    two_tailed: bool = True,
    **settings: Unpack[Settings],
) -> Planned:
    """See how small an effect a planned study would find, before any outcome is looked at.

    Each count is a count within one unit of the level above. Sizes that differ from group to group can be given as a
    list; their harmonic mean is taken. A share of variance can be given by the key of a published value (`benchmarks`).

    Parameters
    ----------
    design : str
        "individual": pupils drawn by lot (`pupils`). "blocked individual": pupils drawn within schools or other blocks
        (`blocks, block_n`). "cluster": whole schools drawn (`clusters, cluster_n, icc`). "three-level cluster": the
        same, pupils in classes (`clusters, classes, class_n, icc, icc_class`). "blocked cluster": schools drawn within
        districts (`blocks, clusters, cluster_n, icc`; `clusters` counts the schools of one block). "comparative
        series": program and comparison schools over years (`clusters, cluster_n, years_before, years_after,
        icc_year`).
    power, alpha, two_tailed
        How surely the effect is to be found; how often a study without an effect may find one; whether in both
        directions.
    settings
        `share_treated` (0.5): of the units drawn. `icc, icc_class, icc_block, icc_year`: shares of the pupils' variance
        between schools (within blocks), classes, blocks, and from year to year within a school. `r2_pupil, r2_class,
        r2_school, r2_year`: shares of each level's variance that covariates explain (0). `covariates_pupil,
        covariates_school, covariates_block`: how many covariates at the level that is drawn (0). `block_effects`:
        "fixed" (these blocks alone), "random" (blocks stand for others; asks for `effect_sd`, how far the effect
        differs between blocks, and `icc` or `icc_block`) or, for pupils, "constant". `r2_effect`: share of the
        effect's differences that block covariates explain. `trend` ("common" or "own": whether each school's years
        before are averaged or carried forward as a line), `year_after` (one year after the start instead of their
        mean), `autocorrelation` of a school's years (0).

    Returns
    -------
    Planned
        Table: the smallest effect found (sd) with the interval of an estimate that large; `n` counts what was drawn.
        `mdes, low, high, se, df` as plain numbers.

    Raises
    ------
    InputError
        Everything that is wrong with the settings: unknown or lacking ones, shares outside 0 and 1, an empty arm or one
        school in it, no degrees of freedom.

    Notes
    -----
    MDES = M se, M = t(1 - alpha/2) + t(power) with the design's df; interval MDES (1 -+ t/M) (Bloom 1995; Dong and
    Maynard 2013). For "comparative series" the error is that of one change a school, its years correlated as by a
    first-order process (as in Schochet 2022), so that no count of years is taken for a count of schools (Bertrand,
    Duflo and Mullainathan 2004); without autocorrelation and with a line of its own it is Bloom's (1999). Checked
    against R: PowerUpR 1.1.0 mdes.ira1r1, mdes.bira2f1, mdes.bira2r1, mdes.cra2r2, mdes.cra3r3, mdes.bcra3f2 and
    mdes.bcra3r2 to 8 digits.
    """
    _levels("mdes", power, alpha)
    plan = planned("mdes", design, settings)
    found = measured(plan, power, alpha, two_tailed)
    row = ("Smallest effect found", label(plan), found["mdes"], found["low"], found["high"], top(plan), "sd")
    size = phrase(found["mdes"], "sd")
    return result(
        plan,
        [row],
        f"With {sample(plan)}, this study finds an effect of {size} or more {often(power)}. {verdict(found['mdes'])}",
        title="The smallest effect this study would find",
        **found,
    )


def power(
    *,
    effect: float,
    design: Design,
    alpha: float = 0.05,
    two_tailed: bool = True,
    **settings: Unpack[Settings],
) -> Planned:
    """See how surely a planned study would find an effect of a given size.

    Parameters
    ----------
    effect : float
        In pupils' standard deviations.
    design, alpha, two_tailed, settings
        As in `mdes`.

    Returns
    -------
    Planned
        Table: the power (pct). `power` as a share; `mdes` is what the study finds four times in five.

    Raises
    ------
    InputError
        As in `mdes`; an effect that is no number or zero.

    Notes
    -----
    From the noncentral t distribution with effect / se, as PowerUpR 1.1.0's power functions; so the power at the MDES
    is 80% to within a tenth of a point, but for a handful of schools, where it is less and `limits` says so.
    """
    _levels("power", POWER, alpha, effect)
    plan = planned("power", design, settings)
    se, df = plan.precision()
    reached = chance_found(abs(effect), se, df, alpha, two_tailed)
    found = measured(plan, POWER, alpha, two_tailed) | {"power": reached, "effect": effect}
    percent = show(100 * reached, "pct")
    said = f"With {sample(plan)}, this study finds an effect of {phrase(effect, 'sd')} in {percent} of cases."
    missed = f" In the others it does not, though the effect is there: {show(100 * (1 - reached), 'pct')}."
    return result(
        plan,
        [("Power", label(plan), 100 * reached, math.nan, math.nan, top(plan), "pct")],
        said + missed,
        title=f"How surely this study would find an effect of {phrase(effect, 'sd')}",
        **found,
    )


def sample_size(
    *,
    effect: float,
    design: Design,
    power: float = POWER,
    alpha: float = 0.05,
    two_tailed: bool = True,
    of: str = "",
    at_most: int = AT_MOST,
    **settings: Unpack[Settings],
) -> Planned:
    """See how many schools (or pupils, or blocks) a study needs to find an effect of a given size.

    Parameters
    ----------
    effect : float
        In pupils' standard deviations.
    power : float
        How surely it is to be found.
    of : str, optional
        The count that is to be found: by default what is drawn at the top (pupils, blocks or clusters); or
        "cluster_n", "classes", "class_n", "block_n".
    at_most : int
        Where the search ends.
    design, alpha, two_tailed, settings
        As in `mdes`, without the count that is to be found.

    Returns
    -------
    Planned
        `needed` is the smallest whole number that reaches the power; None where none up to `at_most` does, which the
        text says. The study described is the one with that number.

    Raises
    ------
    InputError
        As in `mdes`; the count that is to be found was given.

    Notes
    -----
    By bisection on the exact power. PowerUpR's mrss functions solve the MDES formula and round to the nearest number,
    which may fall one short of the power.
    """
    _levels("sample_size", power, alpha, effect)
    free = of or GROWS.get(design, "")
    plan = planned("sample_size", design, settings, free=free)
    _findable(plan, free, design)
    needed = smallest(lambda n: _reaches(plan.with_value(free, n), abs(effect), power, alpha, two_tailed), int(at_most))
    counted = measure_of(free, design)
    if needed is None:
        return _none_enough(
            plan.with_value(free, int(at_most)), counted, int(at_most), effect, power, alpha, two_tailed
        )
    done = plan.with_value(free, needed)
    reached = chance_found(abs(effect), *done.precision(), alpha, two_tailed)
    found = measured(done, power, alpha, two_tailed) | {"power": reached, "effect": effect, "needed": needed}
    percent = show(100 * reached, "pct")
    said = f"An effect of {phrase(effect, 'sd')} needs {needed:,} {counted}: with {sample(done)}, it is found in"
    return result(
        done,
        [(f"{counted[:1].upper()}{counted[1:]} needed", label(done), needed, math.nan, math.nan, needed, "count")],
        f"{said} {percent} of cases.{odd(done, free, needed)}",
        title=f"How large a study of an effect of {phrase(effect, 'sd')} has to be",
        **found,
    )


def smallest(enough: Callable[[int], bool], at_most: int) -> int | None:
    """Give the smallest whole number that is enough, where more is never less; None if not even the largest is."""
    if at_most < 1 or not enough(at_most):
        return None
    low, high = 0, at_most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _levels(where: str, power: float, alpha: float, effect: float | None = None) -> None:
    problems = [
        Problem(f"{where}, {name} {value!r}", "is not a share", fix)
        for name, value, fix in (("power", power, "give a share, as 0.80"), ("alpha", alpha, "give a share, as 0.05"))
        if not (isinstance(value, (int, float)) and 0 < value < 1)
    ]
    if effect is not None and not (isinstance(effect, (int, float)) and math.isfinite(effect) and effect != 0):
        problems.append(
            Problem(f"{where}, effect {effect!r}", "cannot be looked for", "give standard deviations, as 0.20")
        )
    if not problems and power <= alpha:
        problems.append(Problem(f"{where}, power {power}", "is no more than alpha", "give a share such as 0.80"))
    if problems:
        raise InputError(problems)


def _findable(plan: Plan, free: str, design: str) -> None:
    able = [n for n in FINDABLE if n in plan.values]
    if free not in able:
        raise InputError(Problem(f"sample_size, of {free!r}", f"is no count of {design!r}", nearest(free, able)))


def _reaches(plan: Plan, effect: float, power: float, alpha: float, two_tailed: bool) -> bool:
    if plan.problems("sample_size"):
        return False
    return chance_found(effect, *plan.precision(), alpha, two_tailed) >= power


def _none_enough(
    plan: Plan, counted: str, most: int, effect: float, power: float, alpha: float, two_tailed: bool
) -> Planned:
    found = measured(plan, power, alpha, two_tailed) | {"effect": effect}
    found["power"] = chance_found(abs(effect), found["se"], found["df"], alpha, two_tailed)
    row = (f"{counted[:1].upper()}{counted[1:]} needed", label(plan), math.nan, math.nan, math.nan, math.nan, "count")
    said = (
        f"No number of {counted} up to {most:,} finds an effect of {phrase(effect, 'sd')} in {100 * power:g}% of cases."
        f" With {most:,} the smallest effect found is {phrase(found['mdes'], 'sd')}: what differs between the"
        " units above them sets the limit."
    )
    return result(plan, [row], said, title=f"No study of this kind finds {phrase(effect, 'sd')}", **found)
