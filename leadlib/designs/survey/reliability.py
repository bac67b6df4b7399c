"""How far the items of a scale say the same: alpha and omega, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.options import checked_options
from leadlib.designs.survey import scales
from leadlib.designs.survey.answers import Answers, answers, complete
from leadlib.errors import refuse
from leadlib.numbers import plural, show, span
from leadlib.results import RESULT_COLUMNS, Result, passes_missing

FEW = 30


@dataclass(frozen=True, repr=False)
class Reliability(Result):
    """A coefficient of reliability, 0 to 1: `value, low, high`, from `n` respondents and `items_n` items."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n: int = 0
    items_n: int = 0
    level: float = 0.95


@passes_missing
@checked_options
def alpha(
    frame: pd.DataFrame,
    *,
    items: Sequence[str] = (),
    item: str | None = None,
    response: str | None = None,
    respondent: str | None = None,
    cluster: str | None = None,
    reverse: Sequence[str] = (),
    scale: tuple[float, float] | None = None,
    level: float = 0.95,
    label: str = "The scale",
) -> Any:
    """See how far the items of a scale go together: Cronbach's alpha, with its interval.

    Parameters
    ----------
    frame : DataFrame
        One row a respondent with `items` as columns, or one row a respondent and item with `item, response,
        respondent`.
    cluster : column, optional
        The school; respondents of one school are not independent, and the interval then allows for that.
    reverse : sequence of items
        Items worded the other way, to be turned on the `scale` (lowest and highest answer; else those found).

    Returns
    -------
    Reliability
        `frame`: one row an item: `item, mean, sd, rest_r` (correlation with the sum of the others),
        `alpha_without` (alpha if it were left out).

    Raises
    ------
    InputError
        Fewer than two items or three respondents who answered all of them, an item with one answer from everyone.

    Notes
    -----
    Respondents who left out an item are left out, and counted. Interval without clusters: Feldt (1965); with clusters:
    the jackknife over clusters on log(1 - alpha), centred on its own estimate. As R: psych::alpha(x), raw_alpha.
    """
    given = answers(
        frame, "alpha", items=items, item=item, response=response, respondent=respondent, unit=cluster,
        reverse=reverse, scale=scale,
    )  # fmt: skip
    kept, said = complete(given, "alpha", 2)
    cov = np.cov(kept.values.T)
    value = scales.cronbach(cov)
    if not math.isfinite(value):
        raise refuse("alpha", "the items' sum does not vary", "look whether items are worded the other way: reverse=")
    if cluster:
        _several(kept, "alpha")
        low, high = scales.alpha_by_cluster(kept.values, kept.units, level)
    else:
        low, high = scales.feldt(value, kept.n, len(kept.items), level)
    return _result("alpha", "Cronbach's alpha", label, value, low, high, kept, said, level, _by_item(kept))


@passes_missing
@checked_options
def omega(
    frame: pd.DataFrame,
    *,
    items: Sequence[str] = (),
    item: str | None = None,
    response: str | None = None,
    respondent: str | None = None,
    cluster: str | None = None,
    reverse: Sequence[str] = (),
    scale: tuple[float, float] | None = None,
    standardized: bool = False,
    level: float = 0.95,
    label: str = "The scale",
) -> Any:
    """See how much of a scale's sum comes from the one thing its items share: McDonald's omega, with its interval.

    Parameters
    ----------
    frame, items, item, response, respondent, cluster, reverse, scale
        As for `alpha`.
    standardized : bool
        For the sum of items brought to one standard deviation first.

    Returns
    -------
    Reliability
        `frame`: one row an item: `item, loading` (correlation with the factor), `unique_pct` (share of its own).

    Raises
    ------
    InputError
        As `alpha`, and for fewer than three items.

    Notes
    -----
    One factor by maximum likelihood; omega = (sum of loadings)^2 / ((sum of loadings)^2 + sum of unique variances).
    Unlike alpha, it does not need items that are equally good; both need that there is one factor. Interval: each
    respondent's influence on the fit, summed by cluster, on log(1 - omega). As R: psych::omega(x, nfactors = 1, fm =
    "ml"), omega.tot, which is the standardized one.
    """
    given = answers(
        frame, "omega", items=items, item=item, response=response, respondent=respondent, unit=cluster,
        reverse=reverse, scale=scale,
    )  # fmt: skip
    kept, said = complete(given, "omega", 3)
    if kept.n <= len(kept.items):
        raise refuse("omega", f"has {kept.n} respondents for {len(kept.items)} items", "give more respondents")
    if cluster:
        _several(kept, "omega")
    loadings, unique = scales.one_factor(np.cov(kept.values.T))
    of = scales.standard_omega_of if standardized else scales.omega_of
    value = of(loadings, unique)
    parts = scales.omega_parts(kept.values, loadings, unique, of)
    low, high, _ = scales.interval_from_parts(value, parts, kept.units if cluster else None, level)
    share = unique / (loadings**2 + unique)
    if (share <= scales.LEAST_UNIQUE * 1.01).any():
        one = kept.items[int(np.argmin(share))]
        said = (*said, f"Item {one} is fitted as if it were the factor itself: the fit stands at its bound.")
    by_item = pd.DataFrame(
        {"item": kept.items, "loading": loadings / np.sqrt(loadings**2 + unique), "unique_pct": 100 * share}
    )
    return _result("omega", "McDonald's omega", label, value, low, high, kept, said, level, by_item)


def _several(kept: Answers, where: str) -> None:
    largest = int(np.bincount(kept.units).max())
    if kept.n - largest < 3:
        raise refuse(
            where, f"has {largest} of {kept.n} respondents in one cluster", "give several, or leave cluster= out"
        )


def _by_item(kept: Answers) -> pd.DataFrame:
    values, j = kept.values, len(kept.items)
    cov = np.cov(values.T)
    without = [scales.cronbach(np.delete(np.delete(cov, k, 0), k, 1)) if j > 2 else math.nan for k in range(j)]
    return pd.DataFrame(
        {
            "item": kept.items,
            "mean": values.mean(axis=0),
            "sd": values.std(axis=0, ddof=1),
            "rest_r": rest_correlations(values),
            "alpha_without": without,
        }
    )


def rest_correlations(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give each item's correlation with the sum of the others."""
    z = values - values.mean(axis=0)
    rest = z.sum(axis=1)[:, None] - z
    size = np.sqrt((z**2).sum(axis=0) * (rest**2).sum(axis=0))
    return np.asarray(np.where(size > 0, (z * rest).sum(axis=0) / np.where(size > 0, size, 1.0), np.nan))


def _result(
    id: str,
    name: str,
    label: str,
    value: float,
    low: float,
    high: float,
    kept: Answers,
    said: tuple[str, ...],
    level: float,
    by_item: pd.DataFrame,
) -> Reliability:
    row = (label, name, value, low, high, kept.n, "ratio")
    few = (f"The interval stands on {plural(kept.n, 'respondent')} only.",) if kept.n < FEW else ()
    return Reliability(
        id=id,
        title=f"{name} of {len(kept.items)} items",
        table=pd.DataFrame([row], columns=list(RESULT_COLUMNS)),
        text=f"{label}: {name} is {show(value, 'ratio')} ({100 * level:g}% interval {span(low, high, 'ratio')}) over"
        f" {len(kept.items)} items and {plural(kept.n, 'respondent')}. That says how far the items agree, not that they"
        " measure what their name says.",
        claim="describe",
        assumptions=("The items share one factor; errors of items do not go together.",),
        limits=(*said, *few),
        frame=by_item,
        interval_label=f"{100 * level:g}% interval",
        value=value,
        low=low,
        high=high,
        n=kept.n,
        items_n=len(kept.items),
        level=level,
    )
