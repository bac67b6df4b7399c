"""Values of many units, some of them small, each drawn towards what units like it have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

from leadlib.designs.clustered import solved
from leadlib.designs.frames import prepared
from leadlib.designs.options import checked_options
from leadlib.designs.steadying import LEAST, fay_herriot
from leadlib.errors import refuse
from leadlib.numbers import difference_unit, listing, phrase, plural, show
from leadlib.results import RESULT_COLUMNS, Result

WHERE = "steadied"
FRAME = ("unit", "value", "se", "expected", "steadied", "low", "high", "reliability")


@checked_options
def steadied(
    frame: pd.DataFrame,
    *,
    value: str,
    se: str,
    unit: str,
    covariates: Sequence[str] = (),
    unit_of: str = "value",
    label: str | None = None,
    level: float = 0.95,
    unit_word: str = "school",
) -> Result:
    """See where each unit most likely stands once the chance in its own value is allowed for.

    Parameters
    ----------
    frame : DataFrame
        One row a unit (a school, a teacher's classes, a district), 20 or more.
    value, se, unit : str
        Columns: the value, its standard error (above zero), and the unit's name, each once.
    covariates : sequence of str
        Columns of numbers that say what to expect of a unit, such as need or size.
    unit_of : str
        Unit of the values.

    Returns
    -------
    Result
        Table: one row a unit with its steadied value and interval. `frame`: `unit, value, se, expected, steadied, low,
        high, reliability` (the share of the weight on the unit's own value).

    Missing data
        Rows without any of these are left out, and a limit says how many.

    Raises
    ------
    InputError
        Fewer than 20 units, a unit twice, errors that are not above zero.

    Notes
    -----
    The area-level model of Fay and Herriot (1979), as in `steadying.shrink`, where the formulas and what they were
    checked against stand.
    """
    data = prepared(frame, WHERE, numbers=[value, se, *covariates], labels=[unit], key=[unit])
    rows = data.frame
    if (rows[se] <= 0).any():
        name = rows.loc[rows[se] <= 0, unit].iloc[0]
        raise refuse(f"{WHERE}, {se!r} of {name}", "is not above zero", "a value without error needs no steadying")
    if len(rows) < LEAST:
        raise refuse(WHERE, f"has {plural(len(rows), 'unit')}", f"what to expect of one takes {LEAST} or more")
    x = rows[list(covariates)].to_numpy(float)
    spread = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    design = np.column_stack([np.ones(len(rows)), (x - x.mean(axis=0)) / spread])
    solved(design, rows[value].to_numpy(), ["constant", *covariates], WHERE)
    fit = fay_herriot(rows[value].to_numpy(), design, rows[se].to_numpy() ** 2)
    half = float(norm.ppf(0.5 + level / 2)) * np.sqrt(fit.wide_mse)
    low, high = fit.shrunken - half, fit.shrunken + half
    columns = (rows[unit], rows[value], rows[se], fit.expected, fit.shrunken, low, high, fit.reliability)
    out = pd.DataFrame(dict(zip(FRAME, columns, strict=True)))
    name = label or value
    table = pd.DataFrame(
        {"measure": name, "group": out["unit"], "value": out["steadied"], "low": low, "high": high, "n": 1}
    ).assign(unit=unit_of)
    like = f" of the same {listing(list(covariates))}" if covariates else ""
    truly = phrase(fit.omega2**0.5, difference_unit(unit_of))
    return Result(
        id="steadied",
        title=f"{name}: where each {unit_word} most likely stands",
        table=table[list(RESULT_COLUMNS)],
        text=(
            f"{name}: {unit_word}s{like} differ by a true standard deviation of about {truly}; between"
            f" {show(100 * fit.reliability.min())}% and {show(100 * fit.reliability.max())}% of the weight lies on a"
            f" {unit_word}'s own value."
        ),
        claim="describe",
        assumptions=(
            f"{unit_word.capitalize()}s{like} scatter around one expected value in the manner of a bell curve.",
        ),
        checks=(
            f"{plural(len(rows), unit_word)}; errors between {show(rows[se].min(), unit_of)} and"
            f" {show(rows[se].max(), unit_of)}.",
        ),
        limits=(*data.limits(), "A steadied value is a best guess about the level, no forecast and no judgement."),
        frame=out,
        interval_label=f"{100 * level:g}% interval",
    )
