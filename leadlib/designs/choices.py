"""Every defensible way to analyze the same data, side by side: the specification curve."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Estimate
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import phrase, plural
from leadlib.results import RESULT_COLUMNS, Missing, Result

MOST = 500
"""More ways than a reader can defend one by one."""


@dataclass(frozen=True, repr=False)
class Specifications(Result):
    """A specification curve; `frame` has a row a way, and `names` lists the choices."""

    names: tuple[str, ...] = ()
    unit: str = "value"


def specifications(
    run: Callable[..., Any],
    *,
    choices: Mapping[str, Sequence[Any]],
    preferred: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
    titles: Mapping[Any, str] | None = None,
) -> Specifications:
    """See whether a finding hangs on one choice: the estimate under every combination of defensible choices.

    Parameters
    ----------
    run : function
        Takes one value of each choice by name and gives an Estimate (all in one unit); it may refuse (InputError).
    choices : mapping of name to values
        What a reader might reasonably have done otherwise, such as `{"covariates": [(), ("need",)], "level": [...]}`.
        List only choices you would defend: a curve over bad choices says nothing.
    preferred : mapping, optional
        The way chosen beforehand (in the plan); it is marked.
    labels, titles : mapping, optional
        Names of the choices, and of their values, for readers.

    Returns
    -------
    Specifications
        Table: median, smallest and largest estimate, and the preferred one with its interval. `frame`, one row a way in
        the order of its estimate, refused ones last: one text column a choice, `value, low, high, se, n, preferred,
        refused` (why, or empty).

    Raises
    ------
    InputError
        No choice, a choice without a value, more than 500 ways, a preferred way that is not among them, estimates in
        different units, or when every way is refused.

    Notes
    -----
    The ways share their data, so they are no independent confirmations of each other, and no share of them is a
    probability (Simonsohn, Simmons & Nelson 2020).
    """
    ways = _ways(choices, preferred)
    rows, unit, label = [], "", ""
    for way in ways:
        got = _attempt(run, way)
        shown = {name: _text(value, titles or {}) for name, value in way.items()}
        mine = preferred is not None and all(way[k] == v for k, v in preferred.items())
        if isinstance(got, Estimate):
            if unit and got.unit != unit:
                raise refuse("specifications", f"gives estimates in {unit} and in {got.unit}", "keep to one unit")
            unit, label = got.unit, str(got.table["measure"].iloc[0])
            about = (got.value, got.low, got.high, got.se, float(sum(got.evidence.units)), mine, "")
        else:
            about = (math.nan, math.nan, math.nan, math.nan, math.nan, mine, got)
        rows.append({**shown, **dict(zip(_ABOUT, about, strict=True))})
    frame = pd.DataFrame(rows)
    if frame["value"].isna().all():
        raise InputError(
            [Problem("specifications", f"every way is refused: {frame['refused'].iloc[0]}", "see the design")]
        )
    frame = frame.sort_values(["value", *choices], kind="stable", na_position="last").reset_index(drop=True)
    return _result(frame, tuple(choices), label, unit, dict(labels or {}))


_ABOUT = ("value", "low", "high", "se", "n", "preferred", "refused")


def _ways(choices: Mapping[str, Sequence[Any]], preferred: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    problems = [] if choices else [Problem("specifications, choices", "there is none", "give at least one choice")]
    problems += [
        Problem(f"specifications, choice {name!r}", "has no value", "give the values to try")
        for name, values in choices.items()
        if isinstance(values, str) or not len(values)
    ]
    for name, value in (preferred or {}).items():
        if name not in choices:
            problems.append(
                Problem(f"specifications, preferred {name!r}", "is not a choice", f"use {', '.join(choices)}")
            )
        elif value not in list(choices[name]):
            problems.append(
                Problem(f"specifications, preferred {name!r}", f"{value!r} is not tried", "add it to the values")
            )
    count = math.prod(len(v) for v in choices.values())
    if count > MOST:
        problems.append(
            Problem("specifications", f"has {count} ways", f"keep to {MOST}: leave out what you would not defend")
        )
    if problems:
        raise InputError(problems)
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


def _attempt(run: Callable[..., Any], way: Mapping[str, Any]) -> Estimate | str:
    """Give the estimate, or why there is none."""
    try:
        got = run(**way)
    except InputError as error:
        return str(error.problems[0])
    if isinstance(got, Missing):
        return got.reason
    if not isinstance(got, Estimate):
        raise TypeError(f"specifications: run gives {type(got).__name__}, not an Estimate")
    return got


def _text(value: Any, titles: Mapping[Any, str]) -> str:
    if isinstance(value, str) and value in titles:
        return titles[value]
    if value is None or value == () or value == []:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def _result(
    frame: pd.DataFrame, names: tuple[str, ...], label: str, unit: str, labels: dict[str, str]
) -> Specifications:
    known = frame[frame["value"].notna()]
    values = known["value"].to_numpy(float)
    n = int(known["n"].max())
    rows = [
        (
            label,
            f"Median of {plural(len(values), 'way')}",
            float(np.median(values)),
            values.min(),
            values.max(),
            n,
            unit,
        )
    ]
    mine = known[known["preferred"].astype(bool)]
    rows += [
        (label, "The way planned beforehand", r["value"], r["low"], r["high"], r["n"], unit)
        for r in mine.to_dict("records")
    ]
    frame.attrs = {"labels": {name: labels.get(name, name.replace("_", " ")) for name in names}}
    return Specifications(
        id="specifications",
        title="The estimate under every defensible choice",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=_said(label, known, unit, len(frame) - len(known)),
        claim="describe",
        limits=("The ways share their data: they are no independent confirmations of each other.", *_refused(frame)),
        note="For the median: the smallest and the largest estimate. For the way planned: its own interval.",
        frame=frame,
        interval_label="Range",
        names=names,
        unit=unit,
    )


def _said(label: str, known: pd.DataFrame, unit: str, refused: int) -> str:
    values = known["value"]
    above, below = int((known["low"] > 0).sum()), int((known["high"] < 0).sum())
    ends = f"{phrase(values.min(), unit, sign=True)} to {phrase(values.max(), unit, sign=True)}"
    signs = "all on one side of zero" if (values > 0).all() or (values < 0).all() else "on both sides of zero"
    first = f"{label}: {plural(len(known), 'way')} of analysis give estimates from {ends}, {signs}."
    second = (
        f"Their intervals lie above zero in {above} of {len(known)}, below in {below}, and include it in the others."
    )
    return f"{first}\n{second}" + (f"\n{plural(refused, 'way')} could not be followed." if refused else "")


def _refused(frame: pd.DataFrame) -> tuple[str, ...]:
    reasons = frame.loc[frame["refused"] != "", "refused"].value_counts()
    return tuple(f"Not followed ({n} of {len(frame)}): {reason}" for reason, n in sorted(reasons.items()))
