"""Programs that came to some schools earlier than to others: group-time effects, averaged without the usual bias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.differences import events as ev
from leadlib.designs.differences.averaging import Waves, aggregated, path
from leadlib.designs.differences.cells import Average, Base, Controls, cells, post
from leadlib.designs.differences.groups import covariate_means, evidence, spread, two_way
from leadlib.designs.differences.reading import Panel, named, read, year_text
from leadlib.designs.estimates import Assignment, Look, Wording, finish, interval
from leadlib.designs.options import checked_options
from leadlib.errors import refuse
from leadlib.numbers import difference_unit, listing, phrase, plural

Aggregate = Literal["simple", "dynamic", "cohort", "calendar"]
Sizes = Literal["given", "sampled"]
WHERE = "staggered"
LEAST_DF = 3.0
_TOLD = {
    "simple": "averaged over all treated units and years",
    "dynamic": "averaged over the years since the start",
    "cohort": "averaged over cohorts, each over its years",
    "calendar": "averaged over calendar years",
}
PARALLEL = (
    "Had the program not come, each cohort's outcome would have moved as that of its comparisons did (parallel trends)."
)


@checked_options
def staggered(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str,
    controls: Controls = "never",
    aggregate: Aggregate = "simple",
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    anticipation: float = 0,
    base: Base = "fixed",
    cohort_sizes: Sizes = "given",
    small_sample: bool = True,
    assignment: Assignment = "not random",
    seed: int | None = None,
    level: float = 0.95,
    unit_of: str = "value",
    label: str | None = None,
    unit_word: str = "school",
    cluster_word: str = "school",
    sd: float | None = None,
    look: Look = "estimate",
) -> Any:
    """See what a program did where schools started in different years, each against schools that had not started.

    Parameters
    ----------
    panel : DataFrame
        One row a unit and year. A unit may miss years: it counts in the changes between years that it has.
    outcome, unit, time, first_treated : str
        Columns: the outcome; the unit; the year (a number); the unit's first treated year (missing, 0 or infinite for
        units never treated). Units treated from the first year on are left out, and counted.
    controls : {"never", "not yet"}
        Compare with units that never start, or with all that have not started yet.
    aggregate : {"simple", "dynamic", "cohort", "calendar"}
        The headline: over all treated units and years; over years since the start; over cohorts; over calendar years.
    cluster : str, optional
        What was assigned together, such as the district; the unit itself if left out.
    covariates : sequence of str
        Columns whose mean over the years before anyone started enters a regression of the comparisons' changes.
    weights : str, optional
        Column of weights; a unit counts with its mean weight.
    anticipation : float
        Years before the start in which the outcome may already have moved.
    base : {"fixed", "moving"}
        Years before the start are set against the last year before it, or each against the year before itself.
    cohort_sizes : {"given", "sampled"}
        Whether the estimate is about these cohorts as they are, or sizes count as drawn by chance (as in R's did).
    small_sample : bool
        False gives the plain errors and normal intervals that R's did prints; they are too narrow for few units.
    seed : int, optional
        With it, `events` has a band that holds all years at once.
    sd : float, optional
        Standard deviation for effect sizes; else that of the units before the start.

    Returns
    -------
    GroupTime, or Detectable where `look` is "power"
        Table: the headline, then a row each year since the start, cohort or calendar year. `events`: one row a year
        since the start; `cells`: one row a cohort and year; `frame`: the events. With
        one year before every start, and no lottery, the claim is no more than "compare".

    Raises
    ------
    InputError
        Where no unit stays untreated or all started at once with none left; where no cohort has a year before its
        start; for a cohort of one unit (or one cluster), whose error cannot be known; and for input as in `did`.

    Notes
    -----
    Callaway and Sant'Anna (2021) with outcome regression; R: did::att_gt(est_method = "reg"), aggte(). Errors are
    CR2-corrected and intervals use t with Satterthwaite's degrees of freedom.
    """
    if not anticipation >= 0:
        raise refuse(f"{WHERE}, anticipation {anticipation}", "is not a number of years", "give 0 or more")
    whole = read(
        panel,
        WHERE,
        outcome=outcome,
        unit=unit,
        time=time,
        first_treated=first_treated,
        cluster=cluster,
        weights=weights,
        covariates=covariates,
    )
    fit = _fit(_usable(whole, controls, anticipation), controls, anticipation, base, cohort_sizes, small_sample)
    head, rows = aggregated(fit, aggregate)
    _holds(head, fit)
    shown = difference_unit(unit_of)
    name = label or outcome
    years, covariance, before = path(fit, head, level, seed)
    size, size_of = (sd, "given") if sd is not None else (spread(fit.panel), f"{unit_word}s")
    frame = fit.frame(level)
    return finish(
        id=f"staggered-{outcome}",
        title=f"{name}: difference in differences over {plural(len(np.unique(frame['cohort'])), 'start')}",
        design="staggered",
        outcome=outcome,
        label=name,
        unit=shown,
        value=head.value,
        se=head.se,
        df=head.df,
        level=level,
        look=look,
        sd=size,
        sd_of=size_of,
        claim="estimate" if before or assignment == "random" else "compare",
        evidence=evidence(fit.panel, assignment, unit_word, cluster_word, name, covariates, cluster is not None),
        wording=Wording("units with the program", "units without it yet", "both would have moved alike without it"),
        asked={
            "unit": unit,
            "time": time,
            "first_treated": first_treated,
            "controls": controls,
            "aggregate": aggregate,
            "cluster": cluster,
            "covariates": list(covariates),
            "weights": weights,
            "anticipation": anticipation,
            "base": base,
            "cohort_sizes": cohort_sizes,
            "small_sample": small_sample,
            "assignment": assignment,
            "seed": seed,
        },
        rows=tuple(_row(name, text, a, n, level, shown) for text, a, n in rows),
        assumptions=_assumptions(anticipation, covariates),
        checks=(ev.told(before, shown, level), _usual(fit.panel, head.value, shown), _cover(fit)),
        limits=_limits(fit),
        note=f"The headline is {_TOLD[aggregate]}; n counts units.",
        frame=years,
        kind=ev.GroupTime,
        events=years,
        covariance=covariance,
        pretrend=before,
        cells=frame,
    )


def _usable(panel: Panel, controls: Controls, anticipation: float) -> Panel:
    """Leave out units without a year before their start; refuse panels without treated or without comparisons."""
    panel = panel.not_yet(anticipation)
    never = np.isinf(panel.first)
    if never.all():
        raise refuse(WHERE, "no unit is treated in any year there is", "check the column of first treated years")
    always = panel.first - anticipation <= panel.years[0]
    if (always | never).all():
        first = year_text(panel.years[0])
        raise refuse(
            WHERE, f"every treated unit was treated already in {first}, the first year", "give years before the start"
        )
    if controls == "never" and not never.any():
        starts = np.unique(panel.first[~always])
        if len(starts) == 1:
            raise refuse(WHERE, "no unit stays untreated: all started at once", "give units that did not start")
        raise refuse(WHERE, "no unit stays untreated", 'use controls="not yet", or give units that never start')
    if controls == "not yet" and len(np.unique(panel.first[~always])) == 1:
        raise refuse(WHERE, "all started at once, and none is left to compare with", "give units that did not start")
    if always.any():
        text = f"{plural(int(always.sum()), 'unit')} treated from the first year on {_was(always)} left out."
        panel = panel.keep(~always, text)
    return panel


def _was(flags: Any) -> str:
    return "was" if int(flags.sum()) == 1 else "were"


def _fit(panel: Panel, controls: Controls, anticipation: float, base: Base, sizes: Sizes, small: bool) -> Waves:
    """Work out the cells; refuse cohorts whose error cannot be known."""
    panel, x = covariate_means(panel, WHERE)
    _alone(panel, controls)
    found = cells(panel, controls=controls, anticipation=anticipation, base=base, small_sample=small, x=x)
    if not post(found).any():
        raise refuse(
            WHERE,
            "no cohort can be compared in any year after its start",
            "each needs two units (or clusters) with values before and after, and two comparisons in the same years",
        )
    return Waves(panel, found, sizes == "sampled", small, anticipation, base)


def _alone(panel: Panel, controls: Controls) -> None:
    """Refuse a cohort, or a comparison group, of one unit or one cluster."""
    what = "unit" if panel.by_unit else "cluster"
    for first in np.unique(panel.first):
        never = np.isinf(first)
        if len(np.unique(panel.cluster[panel.first == first])) > 1 or (never and controls == "not yet"):
            continue
        if never:
            raise refuse(WHERE, f"there is one untreated {what}", "the design needs at least two")
        own = named(panel.units[panel.first == first])
        raise refuse(
            f"{WHERE}, start {year_text(first)}",
            f"one {what} started then ({own}): how far it strayed by chance cannot be known",
            "join it with a start nearby if both began much alike, or leave it out; a case study is the better design",
        )


def _holds(head: Average, fit: Waves) -> None:
    """Refuse where the data do not vary, or the interval would stand on next to nothing."""
    size = float(np.abs(fit.panel.y[fit.panel.seen]).max())
    if not head.se > 1e-12 * size:
        raise refuse(
            WHERE, "changes do not vary between units", "the design needs units whose changes differ by chance"
        )
    if head.df < LEAST_DF:
        raise refuse(
            WHERE,
            f"the estimate would stand on {head.df:.1f} degrees of freedom: too few units or clusters on one side",
            "give more of them, or join cohorts; below three degrees of freedom the interval cannot be trusted",
        )


def _row(name: str, text: str, one: Average, n: int, level: float, unit: str) -> tuple[Any, ...]:
    low, high = interval(one.value, one.se, one.df, level)
    return name, text, one.value, low, high, n, unit


def _assumptions(anticipation: float, covariates: Sequence[str]) -> tuple[str, ...]:
    alike = f", among units alike in {listing(list(covariates))}" if covariates else ""
    early = (
        f"The outcome did not move because of the program more than {plural(int(anticipation), 'year')} ahead of it."
        if anticipation
        else "The outcome did not move because of the program before its first year."
    )
    return (
        PARALLEL.replace("of its comparisons did", f"of its comparisons did{alike}"),
        early,
        "One unit's program leaves other units' outcomes alone.",
    )


def _usual(panel: Panel, value: float, unit: str) -> str:
    """Set the usual two-way regression beside the estimate, and say why it is not used."""
    usual, negative = two_way(panel)
    return (
        f"The usual regression with unit and year effects gives {phrase(usual, unit, sign=True)} (here"
        f" {phrase(value, unit, sign=True)}). It also compares units with others that started earlier and may still be"
        f" gaining; {100 * negative:.0f}% of treated unit-years count with a negative sign in it."
    )


def _cover(fit: Waves) -> str:
    after = post(fit.found)
    return (
        f"The estimate averages {plural(int(after.sum()), 'effect')} of a cohort in a year; the fewest treated in one:"
        f" {int(fit.found.treated_n[after].min())}, the fewest comparisons: {int(fit.found.comparison_n[after].min())}."
    )


def _limits(fit: Waves) -> tuple[str, ...]:
    said = list(fit.panel.limits)
    if fit.found.lost:
        cells_lost = [f"{year_text(g)} in {year_text(t)}" for g, t in fit.found.lost]
        said.append(f"Without two treated units and two comparisons, and left out: start {named(cells_lost)}.")
    if len(np.unique(fit.found.cohort)) > 1:
        said.append("Later years since the start are known only for those that started early.")
    return tuple(said)
