"""Interrupted series: what the years from a start on say, against the years before, alone or beside others."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leadlib.designs.estimates import Look
from leadlib.designs.interrupted.alone import alone
from leadlib.designs.interrupted.beside import beside
from leadlib.designs.interrupted.forecasts import Baseline
from leadlib.designs.interrupted.table import wide
from leadlib.designs.interrupted.told import Asked, Interruption
from leadlib.designs.options import checked_options
from leadlib.numbers import difference_unit

__all__ = ["Interruption", "series"]


@checked_options
def series(
    frame: pd.DataFrame,
    *,
    outcome: str,
    time: str,
    start: float,
    unit: str | None = None,
    treated: str | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    baseline: Baseline = "trend",
    unit_of: str = "value",
    label: str | None = None,
    sd: float | None = None,
    level: float = 0.95,
    look: Look = "estimate",
    who: str = "the treated group",
    whom: str = "the comparison group",
    unit_word: str = "school",
    cluster_word: str = "district",
) -> Any:
    """See whether years from a start on leave the trend of the years before, and whether comparison units do so too.

    With `treated`, each unit is set beside the forecast from its own earlier years, and treated units' deviations
    beside those of comparison units. Without it, all units together are one series that is set beside its own earlier
    trend; that compares, and cannot say what made a difference.

    Parameters
    ----------
    frame : DataFrame
        One row a unit and year. Units may miss years. Rows without a value in a column asked for are left out and
        counted; a unit with fewer than three years before the start (two for `baseline="mean"`), or with none from it
        on, is left out and counted. A series alone averages the units seen in every year.
    outcome, time : str
        Columns: the outcome; the year or period, whole numbers.
    start : number
        The first year with the program.
    unit, treated, cluster : str, optional
        Columns: the unit; 1 for treated units in all their years, else 0; what was assigned or sampled together, such
        as the district (else each unit by itself). `unit` is needed with `treated`.
    weights : str, optional
        Column of sizes; each unit counts by its mean before the start.
    baseline : "trend" or "mean"
        What a comparison forecasts from: a line through each unit's earlier years, or their mean. The other one is
        given as a further row where there are years enough.
    unit_of : str
        The outcome's measuring unit, a key of `numbers.UNITS`.
    label : str, optional
        The outcome's name for readers.
    sd : float, optional
        Standard deviation of pupils, for effect sizes; else that of units before the start (none for a series alone).
    level : float
        Of intervals.
    look : "estimate" or "power"
        "power" tells the smallest effect that would be found, and hides the estimate.
    who, whom, unit_word, cluster_word : str
        Words for readers.

    Returns
    -------
    Interruption, or Detectable where `look` is "power"
        `value`: mean deviation over the years from the start on, each year once, in the outcome's unit. Further rows:
        each year, level in the first year, change in slope a year, the other baseline. `placebos`: the same analysis
        at false starts. `frame`: one row a year: `time, after, treated, expected, low, high, comparison, effect`.

    Raises
    ------
    InputError
        No year before or after the start; fewer than eight earlier years for a series alone, three or two for a
        comparison; every unit treated, or none; one unit or one cluster in a group; a constant outcome; a `treated`
        that changes within a unit.

    Notes
    -----
    Comparison: d_it = y_it minus the forecast for t from the least squares line (or mean) of unit i's own years before
    the start, period effects of comparison units taken off before; the difference of the groups' means of d, each
    period once. Errors are CR2 over clusters (or units) with Bell and McCaffrey's degrees of freedom: each unit's whole
    series is one draw, so they hold for any likeness of its years. Somers, Zhu, Jacob and Bloom (2013), The validity
    and precision of the comparative interrupted time series design (MDRC). Checked against R: lm on units' deviations
    with clubSandwich::coef_test(vcov = "CR2", test = "Satterthwaite").

    Alone: y = a + b t + post (c + d (t - start)) + e, errors with corr(e_s, e_t) = rho^|s-t|; rho is not fixed at one
    value but integrated over with Jeffreys' prior, which is what makes intervals hold in short series (95% intervals
    held the truth in 93 to 97 of 100 series with eight or more earlier years and rho from 0 to 0.5). Checks give the
    usual fits beside it: R's nlme::gls(corAR1, REML), and Newey and West's errors as Stata's itsa (Linden 2015).
    """
    table = wide(
        frame, outcome=outcome, time=time, start=start, unit=unit, treated=treated, cluster=cluster, weights=weights
    )
    plain = {
        "time": time,
        "start": start,
        "unit": unit,
        "treated": treated,
        "cluster": cluster,
        "weights": weights,
        "baseline": baseline,
    }
    asked = Asked(
        outcome,
        label or outcome,
        difference_unit(unit_of),
        float(start),
        level,
        look,
        sd,
        who,
        whom,
        unit_word,
        cluster_word,
        plain,
    )
    return alone(table, asked) if treated is None else beside(table, asked, baseline)
