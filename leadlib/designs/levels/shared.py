"""What programs, growth and contributions have in common: columns, arms, evidence, words for variances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import BASELINE
from leadlib.designs.levels.sums import Floats, Ints
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import listing, phrase, plural, show

LEAST_ARM = 3
"""Clusters an arm that a cluster-level effect needs: with two, coverage depends on which two they are."""
LEAST_GROUPS = 10
"""Units that a spread between units needs before contributions are told apart from chance."""


def as_list(columns: Any) -> list[str]:
    """Give column names as a list, also where a single name was given."""
    return [columns] if isinstance(columns, str) else list(columns)


def refuse_twice(where: str, roles: Mapping[str, Any]) -> None:
    """Refuse one column in two roles."""
    seen: dict[str, str] = {}
    problems = []
    for role, names in roles.items():
        for name in [] if names is None else as_list(names):
            if name in seen:
                problems.append(
                    Problem(f"{where}, column {name!r}", f"is both {seen[name]} and {role}", "give each role its own")
                )
            seen.setdefault(name, role)
    if problems:
        raise InputError(problems)


def nested(outer: Ints, inner: Any) -> Ints:
    """Number inner groups within outer ones, so that class 1 of two schools is two classes."""
    _, own = np.unique(np.asarray(inner, dtype=object).astype(str), return_inverse=True)
    joined = outer.astype(np.int64) * (int(own.max()) + 1) + own
    return np.asarray(np.unique(joined, return_inverse=True)[1], dtype=np.intp)


def many(word: str) -> str:
    """Give the plural of what groups are called."""
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def constant_within(values: Floats, groups: Ints) -> bool:
    """Say whether a column has one value in each group."""
    count = np.bincount(groups)
    mean = np.bincount(groups, values) / count
    scale = float(np.abs(values).max()) or 1.0
    return bool((np.abs(values - mean[groups]) <= 1e-9 * scale).all())


def firsts(groups: Ints) -> Ints:
    """Give the row where each group stands first."""
    return np.asarray(np.unique(groups, return_index=True)[1], dtype=np.intp)


def between_free(x: Floats, groups: Ints) -> float:
    """Give the degrees of freedom left between groups: groups less the columns that vary between groups only."""
    at = firsts(groups)
    steady = [k for k in range(x.shape[1]) if constant_within(x[:, k], groups)]
    return float(len(at) - np.linalg.matrix_rank(x[at][:, steady]))


def need_arms(where: str, treated: Floats, word: str, least: int = 1) -> tuple[int, int]:
    """Give how many are treated and not; refuse where one side has fewer than the design needs."""
    counts = int(treated.sum()), int(len(treated) - treated.sum())
    for side, other, n in (("treated", "untreated", counts[0]), ("untreated", "treated", counts[1])):
        if n == 0:
            raise refuse(where, f"no {side} {word} is left", f"the design compares treated with {other} ones")
    if min(counts) < least:
        raise refuse(
            where,
            f"{plural(counts[0], 'treated ' + word)} and {plural(counts[1], 'untreated ' + word)}",
            f"the design needs at least {least} in each group: with fewer, chance and effect cannot be told apart",
        )
    return counts


def need_within(where: str, groups: Ints, word: str, inside: str) -> None:
    """Refuse groups of one row everywhere: nothing could be told to lie within them."""
    if len(np.unique(groups)) < 2:
        raise refuse(where, f"all lie in one {word}", f"what varies between {many(word)} needs several of them")
    if len(np.unique(groups)) == len(groups):
        raise refuse(
            where,
            f"every {word} has one {inside}",
            f"differences within a {word} need several in some; for one row a {word}, use compare",
        )


def baseline_of(frame: pd.DataFrame, treated: Floats, measures: Sequence[str]) -> pd.DataFrame:
    """Give the covariates' means by arm, with the pooled standard deviation, for the card."""
    rows = []
    on = treated == 1
    for name in measures:
        values = frame[name].to_numpy(dtype=float)
        a, b = values[on], values[~on]
        rows.append((name, a.mean(), b.mean(), pooled_sd(values, treated), len(a), len(b), True))
    return pd.DataFrame(rows, columns=list(BASELINE))


def pooled_sd(values: Floats, treated: Floats) -> float:
    """Give the standard deviation within arms, pooled."""
    on = treated == 1
    parts = [v for v in (values[on], values[~on]) if len(v) > 1]
    squares = sum(float(((v - v.mean()) ** 2).sum()) for v in parts)
    free = sum(len(v) - 1 for v in parts)
    return float(np.sqrt(squares / free)) if free > 0 else float("nan")


def shares(variances: Mapping[str, float], unit: str) -> str:
    """Say how the spread of the outcome parts into levels."""
    total = sum(variances.values())
    parts = [
        f"{show(100 * v / total, 'pct')} {where} (standard deviation {phrase(float(np.sqrt(v)), unit)})"
        for where, v in variances.items()
    ]
    return f"Of what the model leaves unexplained, {listing(parts)}."


def zero_said(variances: Mapping[str, float]) -> tuple[str, ...]:
    """Say where a variance came out as zero."""
    return tuple(
        f"The variance {where} is estimated as zero: the data show no more spread there than chance would give."
        for where, v in variances.items()
        if v == 0
    )
