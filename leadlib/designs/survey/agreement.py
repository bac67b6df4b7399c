"""How far the respondents of one school agree: r_wg for an item, r_wg(j) for a scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.survey.answers import Answers, answers
from leadlib.errors import nearest, refuse
from leadlib.numbers import plural, show, span
from leadlib.results import RESULT_COLUMNS, Result, passes_missing

Floats = npt.NDArray[np.float64]
NULLS = ("uniform", "slight skew")
_SLIGHT_SKEW = (0.05, 0.15, 0.20, 0.35, 0.25)
"""James, Demaree and Wolf (1984): shares of five answers when people lean a little to the favorable side."""
HIDDEN_BELOW = 10


@dataclass(frozen=True, repr=False)
class Agreement(Result):
    """Agreement within schools: `value` is the median over schools; `frame` has a row a school."""

    value: float = math.nan
    groups_n: int = 0
    null: float = math.nan


def null_variance(scale: tuple[float, float], null: str | float) -> float:
    """Give the variance of answers that follow nothing: uniform (A^2 - 1) / 12 for A answers; slight skew for five."""
    if not isinstance(null, str):
        if not null > 0:
            raise refuse("r_wg, null", "is not above zero", "give the variance of answers without agreement")
        return float(null)
    if null not in NULLS:
        raise refuse("r_wg, null", f"{null!r} is not one of them", nearest(null, NULLS))
    answers_n = round(scale[1] - scale[0]) + 1
    if null == "uniform":
        return (answers_n**2 - 1) / 12
    if answers_n != len(_SLIGHT_SKEW):
        raise refuse(
            "r_wg, null", "the slightly skewed one is printed for five answers", "give its variance as a number"
        )
    at, share = np.arange(1.0, 6.0), np.array(_SLIGHT_SKEW)
    return float((share * at**2).sum() - (share * at).sum() ** 2)


def within(given: Answers, null: float) -> pd.DataFrame:
    """Give for each school the number of respondents, the mean variance of items, and r_wg(j).

    r_wg(j) = J (1 - s^2 / v) / (J (1 - s^2 / v) + s^2 / v), s^2 the mean of the items' variances and v that of answers
    that follow nothing; for one item that is 1 - s^2 / v. Less agreement than chance gives zero, as its authors say.
    """
    groups, codes = len(given.unit_names), given.units
    seen = np.isfinite(given.values)
    filled = np.where(seen, given.values, 0.0)
    variance = np.full((groups, len(given.items)), np.nan)
    for k in range(len(given.items)):
        n = np.bincount(codes, seen[:, k], groups)
        mean = np.bincount(codes, filled[:, k], groups) / np.maximum(n, 1)
        apart = np.where(seen[:, k], (filled[:, k] - mean[codes]) ** 2, 0.0)
        variance[:, k] = np.where(n > 1, np.bincount(codes, apart, groups) / np.maximum(n - 1, 1), np.nan)
    whole = np.isfinite(variance).all(axis=1)
    ratio = np.where(whole, np.where(whole[:, None], variance, 0.0).mean(axis=1), np.nan) / null
    j = len(given.items)
    agreed = j * (1 - ratio) / (j * (1 - ratio) + ratio)
    return pd.DataFrame(
        {
            "unit": given.unit_names,
            "n": np.bincount(codes, seen.any(axis=1), groups).astype(int),
            "variance": ratio * null,
            "r_wg": np.where(ratio > 1, 0.0, agreed),
            "less_than_chance": ratio > 1,
        }
    )


@passes_missing
def r_wg(
    frame: pd.DataFrame,
    *,
    unit: str,
    items: Sequence[str] = (),
    item: str | None = None,
    response: str | None = None,
    respondent: str | None = None,
    scale: tuple[float, float],
    reverse: Sequence[str] = (),
    null: str | float = "uniform",
    hidden_below: int = HIDDEN_BELOW,
    label: str = "The scale",
) -> Any:
    """See how far the people of one school give the same answer: r_wg for one item, r_wg(j) for several.

    Parameters
    ----------
    frame : DataFrame
        One row a respondent with `items` as columns, or one row a respondent and item.
    unit : column
        The school.
    scale : pair of numbers
        Lowest and highest answer that could be given.
    null : {"uniform", "slight skew"} or number
        What answers without agreement look like, or their variance. "uniform" flatters where people lean to one side.
    hidden_below : int
        Schools with fewer respondents get no value: their answers could be told from it.

    Returns
    -------
    Agreement
        `frame`: one row a school: `unit, n, variance, r_wg, less_than_chance`; NaN for hidden schools.

    Raises
    ------
    InputError
        No school with enough respondents, an unknown null, answers outside the scale.

    Notes
    -----
    James, Demaree and Wolf (1984). Answers left out are left out item by item.
    """
    given = answers(
        frame, "r_wg", items=items, item=item, response=response, respondent=respondent, unit=unit, reverse=reverse,
        scale=scale,
    )  # fmt: skip
    against = null_variance(given.scale, null)
    by_unit = within(given, against)
    hidden = (by_unit["n"] < max(hidden_below, 2)).to_numpy()
    by_unit.loc[hidden, ["variance", "r_wg"]] = np.nan
    by_unit.loc[hidden, "less_than_chance"] = False
    shown = by_unit["r_wg"].dropna()
    if shown.empty:
        raise refuse("r_wg", f"no school has {max(hidden_below, 2)} respondents", "pool schools or years")
    name = "r_wg" if len(given.items) == 1 else f"r_wg(j) over {len(given.items)} items"
    value = float(shown.median())
    quarter = [float(shown.quantile(q)) for q in (0.25, 0.75)]
    below = int(by_unit["less_than_chance"].sum())
    gone = int(hidden.sum())
    return Agreement(
        id="r_wg",
        title="Agreement within schools",
        table=pd.DataFrame(
            [(label, f"Median {name}", value, math.nan, math.nan, len(shown), "ratio")], columns=list(RESULT_COLUMNS)
        ),
        text=f"{label}: in the middle one of {plural(len(shown), 'school')} {name} is {show(value, 'ratio')}; the"
        f" middle half of schools lies from {span(quarter[0], quarter[1], 'ratio')}.",
        claim="describe",
        assumptions=(f"Answers without agreement would have a variance of {show(against, 'ratio')} ({null}).",),
        checks=(f"{plural(below, 'school')} with less agreement than chance, set to zero.",) if below else (),
        limits=(f"{plural(gone, 'school')} with fewer than {hidden_below} respondents hidden.",) if gone else (),
        frame=by_unit,
        value=value,
        groups_n=len(shown),
        null=against,
    )
