"""What goes with more of something: slopes within the same units over years, or between units, never more than that."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import (
    Detectable,
    Look,
)
from leadlib.designs.frames import Prepared, prepared
from leadlib.designs.options import checked_options
from leadlib.designs.slope_fits import Effects, Floats, Rows, Slope, errors_of, left, slopes
from leadlib.designs.slope_fits import within as demeaned
from leadlib.designs.sloped import Asked, Slopes, slope_frame, sloped
from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import plural

WHERE = "within"
LEAST_CLUSTERS = 4
LEAST_DF = 2.5
LEAST_RELIABILITY = 0.2
"""Less than this of an exposure's variation being real, the correction would multiply what is left by five or more."""


@checked_options
def within(
    frame: pd.DataFrame,
    *,
    outcome: str,
    of: str | Sequence[str],
    unit: str,
    time: str,
    covariates: Sequence[str] = (),
    cluster: str | None = None,
    effects: Effects = "both",
    reliability: Mapping[str, float] | Sequence[float] | None = None,
    noise: Mapping[str, Mapping[str, float]] | Sequence[Sequence[float]] | None = None,
    sd: float | None = None,
    level: float = 0.95,
    look: Look = "estimate",
    label: str | None = None,
    labels: Mapping[str, str] | None = None,
    unit_of: str | None = None,
    unit_word: str = "school",
) -> Slopes | Detectable:
    """See whether an outcome is higher in the years in which a unit has more of something, beyond chance.

    Parameters
    ----------
    frame : DataFrame
        One row a unit and time; units may miss times.
    outcome, unit, time : str
        Columns: a number; the unit, such as the school; the year.
    of : str or sequence of str
        Columns of the exposures, which enter together: hours a week, for example.
    covariates : sequence of str
        Columns of numbers to hold constant.
    cluster : str, optional
        What varies together, such as the district; units lie whole in a cluster. The unit itself if left out.
    effects : "both", "time" or "none"
        "both" takes out what stays the same about each unit, and what each year does to all: only change within units
        counts. "time" compares units with each other in the same year; "none" compares all rows.
    reliability : mapping or sequence, optional
        For an exposure that is measured with error: the share of its variation that is real, of that variation which
        effects and covariates leave. By name (what is not named has no error), or in the order of `of`.
    noise : mapping of mappings or square table, optional
        Instead: the covariance of the exposures' errors, by names, or in the order of `of`.
    sd : float, optional
        Standard deviation of the outcome for effect sizes; that of the rows if left out.
    label, labels, unit_of, unit_word
        Names for readers: of the outcome, of exposures by column ("Coaching, an hour a week more"), the outcome's unit,
        and what a unit is. What is left out is taken from `frame.attrs["labels"]` and `frame.attrs["units"]` where the
        frame brings them, as that of `ll.measures.time.panel` does.

    Returns
    -------
    Slopes, or Detectable where `look` is "power"
        Table: one row an exposure, the difference in the outcome that goes with one unit more of it. The claim is
        "compare": nobody gave out the exposure, so what else changed with it stays open.

    Missing data
        Rows without outcome, exposure, covariate, unit, time or cluster are left out; with "both" so are units with a
        single row. A limit says how many.

    Raises
    ------
    InputError
        Fewer than four clusters; an exposure or covariate that never changes within units (with "both"), or at all;
        units in two clusters; rows that stand twice; a reliability outside 0.2 to 1, or noise that leaves less than
        that.

    Notes
    -----
    y_it = a_i + g_t + b'x_it + e_it. Errors: CR2 with Satterthwaite's degrees of freedom, as R's
    clubSandwich::coef_test(plm(y ~ x, effect = "twoways"), vcov = "CR2"). Correction for error in x: see
    `slope_fits.slopes`. Several exposures: Benjamini and Hochberg's adjusted p-values. The 95% interval held planted
    slopes in 94 to 97 of 100 over 1,000 simulated panels (tests/test_designs_within.py).
    """
    names = (of,) if isinstance(of, str) else tuple(of)
    brought = getattr(frame, "attrs", {})
    known = labels if labels is not None else brought.get("labels", {})
    asked = Asked(outcome, names, unit, time, tuple(covariates), cluster, effects, known, unit_word)
    told, shown = label or str(known.get(outcome, outcome)), unit_of or brought.get("units", {}).get(outcome, "value")
    given = _by_name(reliability, names, 1), _by_name(noise, names, 2)
    _options(asked, *given)
    data, rows = _read(frame, asked)
    errors = _errors(rows, asked, *given)
    fitted = slopes(rows, [*names, *asked.covariates], effects, WHERE, errors)
    _holds(fitted, asked)
    found = slope_frame(fitted, asked, level)
    repeat = {"reliability": reliability, "noise": noise}
    return sloped(asked, data, rows, found, repeat, level, look, told, shown, sd)


def _by_name(given: Any, names: Sequence[str], depth: int) -> Any:
    """Give what came in the order of the exposures by their names; leave alone what is something else."""
    if isinstance(given, Mapping | str) or not hasattr(given, "__len__") or len(given) != len(names):
        return given
    return {c: _by_name(part, names, depth - 1) if depth > 1 else part for c, part in zip(names, given, strict=True)}


def _options(asked: Asked, reliability: Any, noise: Any) -> None:
    problems = []
    roles = [asked.outcome, *asked.of, *asked.covariates, asked.unit, asked.time]
    twice = [c for c in dict.fromkeys(roles) if roles.count(c) > 1]
    problems += [Problem(f"{WHERE}, column {c!r}", "is given two roles", "each column has one") for c in twice]
    if not asked.of:
        problems.append(Problem(f"{WHERE}, of", "names no column", "name one exposure or several"))
    if reliability is not None and noise is not None:
        problems.append(Problem(f"{WHERE}, noise", "is given beside reliability", "give one of the two"))
    for given, name in ((reliability, "reliability"), (noise, "noise")):
        if given is not None and not isinstance(given, Mapping):
            problems.append(Problem(f"{WHERE}, {name}", "does not fit the exposures", 'write it as {"column": number}'))
    if isinstance(reliability, Mapping):
        for c, r in reliability.items():
            if c not in asked.of:
                problems.append(Problem(f"{WHERE}, reliability of {c!r}", "names no exposure", nearest(c, asked.of)))
            elif not (isinstance(r, (int, float)) and LEAST_RELIABILITY <= r <= 1):
                problems.append(
                    Problem(
                        f"{WHERE}, reliability of {c!r}", f"{r} is not between {LEAST_RELIABILITY} and 1", _LOG_MORE
                    )
                )
    if problems:
        raise InputError(problems)


_LOG_MORE = "too little of what was measured is real; measure longer, or leave it out"


def _read(frame: pd.DataFrame, asked: Asked) -> tuple[Prepared, Rows]:
    some = [asked.cluster] if asked.cluster and asked.cluster != asked.unit else []
    data = prepared(
        frame,
        WHERE,
        numbers=[asked.outcome, *asked.of, *asked.covariates, asked.time],
        labels=[asked.unit, *some],
        key=[asked.unit, asked.time],
    )
    rows, without = data.frame, ""
    if asked.effects == "both":
        often = rows.groupby(asked.unit, sort=False)[asked.time].transform("size") > 1
        lone = int((~often).sum())
        rows, without = rows[often].reset_index(drop=True), plural(lone, asked.unit_word) if lone else ""
    if rows.empty:
        raise refuse(WHERE, f"no {asked.unit_word} has two rows or more", "give several years of each")
    _checked(rows, asked)
    arrays = _arrays(rows, asked)
    if without:
        said = f"{without} with a single row left out: nothing changes there."
        return replace(data, frame=rows, without=(*data.without, said)), arrays
    return replace(data, frame=rows), arrays


def _checked(rows: pd.DataFrame, asked: Asked) -> None:
    """Refuse what the design cannot carry: columns that do not change, split units, too few clusters."""
    problems = []
    codes = pd.factorize(rows[asked.unit])[0]
    if rows[asked.outcome].nunique() < 2:
        raise refuse(f"{WHERE}, outcome {asked.outcome!r}", "is the same in every row", "nothing can be compared")
    for c in (*asked.of, *asked.covariates):
        x = rows[c].to_numpy(float)
        moved = demeaned(x[:, None], codes)[:, 0] if asked.effects == "both" else x - x.mean()
        if np.abs(moved).max() <= 1e-10 * max(np.abs(x).max(), 1e-300):
            inside = (
                f"never changes within a {asked.unit_word}" if asked.effects == "both" else "is the same in every row"
            )
            problems.append(Problem(f"{WHERE}, column {c!r}", inside, "leave it out: its slope cannot be seen here"))
    if problems:
        raise InputError(problems)
    by = asked.cluster or asked.unit
    if by != asked.unit and rows[[asked.unit, by]].drop_duplicates()[asked.unit].duplicated().any():
        raise refuse(
            f"{WHERE}, cluster {by!r}", f"parts a {asked.unit_word}", f"a {asked.unit_word} lies in one cluster"
        )
    n = rows[by].nunique()
    if n < LEAST_CLUSTERS:
        raise refuse(
            f"{WHERE}, {'cluster' if asked.cluster else 'unit'} {by!r}",
            f"there {'is' if n == 1 else 'are'} {plural(n, asked.unit_word if by == asked.unit else 'cluster')}",
            f"at least {LEAST_CLUSTERS} are needed to tell a slope from chance",
        )


def _arrays(rows: pd.DataFrame, asked: Asked) -> Rows:
    def codes(column: str) -> Any:
        return pd.factorize(rows[column], sort=True)[0]

    covariates = rows[list(asked.covariates)].to_numpy(float)
    return Rows(
        rows[asked.outcome].to_numpy(float),
        rows[list(asked.of)].to_numpy(float),
        covariates - covariates.mean(axis=0) if covariates.shape[1] else covariates,
        codes(asked.unit),
        codes(asked.time),
        codes(asked.cluster or asked.unit),
    )


def _errors(rows: Rows, asked: Asked, reliability: Any, noise: Any) -> Floats | None:
    """Give the covariance of the exposures' errors; None where none is said to be there."""
    if reliability is None and noise is None:
        return None
    squares, free = left(rows, asked.effects)
    if reliability is not None:
        return errors_of([float(reliability.get(c, 1.0)) for c in asked.of], squares, free)
    try:
        found = np.array([[float(noise.get(a, {}).get(b, 0.0)) for b in asked.of] for a in asked.of])
    except (AttributeError, TypeError, ValueError):
        found = np.full((1, 1), np.nan)
    if not np.isfinite(found).all() or (np.diag(found) < 0).any():
        raise refuse(f"{WHERE}, noise", "does not hold variances from zero on", "give the covariance of the errors")
    kept = 1 - free * np.diag(found) / np.where(squares > 0, squares, np.nan)
    weak = [c for c, share in zip(asked.of, kept, strict=True) if share < LEAST_RELIABILITY]
    if weak:
        raise refuse(f"{WHERE}, noise of {', '.join(weak)}", "is nearly all that varies", _LOG_MORE)
    return found


def _holds(fitted: Sequence[Slope], asked: Asked) -> None:
    for slope, c in zip(fitted, asked.of, strict=True):
        if not (slope.df >= LEAST_DF and slope.se > 0 and math.isfinite(slope.se)):
            raise refuse(
                f"{WHERE}, column {c!r}",
                f"rests on too few {asked.unit_word}s: an interval would span nearly everything",
                f"give more {asked.unit_word}s or years in which it changes",
            )
