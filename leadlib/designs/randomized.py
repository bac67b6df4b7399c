"""What other lotteries would have given: randomization inference for a difference of two groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.errors import refuse

Floats = npt.NDArray[np.float64]
EXACT = 20_000
"""Up to so many possible assignments each of them is gone through; beyond, a random sample of them."""
_TIE = 1e-9
_CELLS = 4_000_000


@dataclass(frozen=True)
class Reassigned:
    """Two-sided p-value and interval over other assignments, how many there were, and whether these were all."""

    value: float
    low: float
    high: float
    p: float
    assignments: int
    exact: bool
    least_p: float


def reassigned(
    y: Any,
    treated: Any,
    x: Any,
    *,
    clusters: Any = None,
    blocks: Any = None,
    weights: Any = None,
    level: float = 0.95,
    seed: int,
    draws: int = 4999,
    where: str = "randomization",
) -> Reassigned:
    """Set a difference beside those that other assignments of the same clusters would have given.

    Parameters
    ----------
    y, treated, x : array
        Outcome; 0 or 1, the same in a whole cluster; columns to adjust for, a constant among them.
    clusters, blocks : array, optional
        What was assigned (else each row), and within what it was assigned.
    weights : array, optional
        Of the rows.
    seed, draws : int
        For the random sample of assignments where there are more than `EXACT`.

    Raises
    ------
    InputError
        Treated and untreated rows in one cluster; a cluster in two blocks; only one assignment possible.

    Notes
    -----
    The statistic is the least squares coefficient b of the group. Under an effect t that is the same for everybody, an
    assignment T* would have given b* - t c*, b* and c* being the coefficients of T* for y and for T. It counts against
    t where |b* - t c*| >= |b - t| (ties count). p(t) = share of all assignments, the actual one among them; for a
    sample of R, (1 + count) / (R + 1) (Phipson and Smyth 2010). The interval holds every t with p(t) > 1 - level: each
    assignment counts between the two t where both sides are equal, so it is exact, without a grid (Rosenbaum 2002,
    Observational Studies, ch. 2). With covariates these t need not be in one piece: that around b is given.
    Checked against a plain enumeration in R (combn and lm).
    """
    units, t, sums = _collapsed(y, treated, x, clusters, blocks, weights, where)
    lots = _lots(t, units)
    total = 1
    for places, k in lots:
        total *= comb(len(places), k)
    if total < 2:
        raise refuse(where, "only one assignment was possible", "each block needs treated and untreated clusters")
    exact = total <= EXACT
    most = max(1, _CELLS // len(t))
    stream = _every(lots, len(t), most) if exact else _some(lots, t, draws, most, np.random.default_rng(seed))
    value = _coefficients(t[None, :], t, *sums)[0][0]
    others = [_coefficients(p, t, *sums) for p in stream]
    b, c = (np.concatenate(part) for part in zip(*others, strict=True))
    lows, highs = _where_it_counts(value, b, c)
    n = total if exact else draws + 1
    counted = int(np.sum((lows <= 0) & (highs >= 0))) + (0 if exact else 1)
    # b, c of an exact run hold the actual assignment, which counts for every t.
    keep = int(np.floor((1 - level) * n + _TIE)) - (0 if exact else 1)
    low, high = (-np.inf, np.inf) if keep < 0 else (float(np.sort(lows)[keep]), float(np.sort(highs)[::-1][keep]))
    return Reassigned(float(value), low, high, counted / n, total, exact, (1 + _mirrored(lots)) / n)


def _mirrored(lots: list[tuple[Any, int]]) -> int:
    return int(all(2 * k == len(places) for places, k in lots))


def _collapsed(
    y: Any, treated: Any, x: Any, clusters: Any, blocks: Any, weights: Any, where: str
) -> tuple[Any, Floats, tuple[Floats, Floats, Floats, Floats]]:
    """Give each assigned unit's block and group, and what the coefficient of any assignment is worked out from."""
    y, treated, x = np.asarray(y, float), np.asarray(treated, float), np.asarray(x, float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    codes = np.arange(len(y)) if clusters is None else pd.factorize(np.asarray(clusters), sort=True)[0]
    groups = int(codes.max()) + 1
    size = np.bincount(codes, minlength=groups)
    t = np.bincount(codes, treated, groups) / size
    if np.any((t > 0) & (t < 1)):
        raise refuse(
            where,
            "a cluster holds treated and untreated rows",
            "name as `cluster` what was assigned, the rest as `blocks`",
        )
    block = np.zeros(len(y), dtype=np.intp) if blocks is None else pd.factorize(np.asarray(blocks), sort=True)[0]
    first = np.zeros(groups, dtype=np.intp)
    first[codes] = block
    if np.any(first[codes] != block):
        raise refuse(where, "a cluster lies in two blocks", "clusters are assigned within blocks")
    root = np.sqrt(w)
    q, _ = np.linalg.qr(x * root[:, None])
    rest = y - (q @ (q.T @ (y * root))) / root
    r = np.bincount(codes, w * rest, groups)
    b = np.column_stack([np.bincount(codes, q[:, j] * root, groups) for j in range(q.shape[1])])
    mass = np.bincount(codes, w, groups).astype(float)
    return first, np.round(t).astype(float), (r.astype(float), mass, b.astype(float), mass * t - b @ (b.T @ t))


def _lots(t: Floats, blocks: Any) -> list[tuple[Any, int]]:
    """Give for each block the places of its units and how many of them are treated."""
    return [(np.flatnonzero(blocks == k), int(t[blocks == k].sum())) for k in np.unique(blocks)]


def _every(lots: list[tuple[Any, int]], n: int, most: int) -> Iterator[Floats]:
    """Give every possible assignment, a bounded number of rows at a time."""
    whole = np.zeros((1, n))
    for places, k in lots:
        chosen = [list(c) for c in combinations(places.tolist(), k)]
        own = np.zeros((len(chosen), n))
        if k:
            own[np.arange(len(chosen))[:, None], np.array(chosen)] = 1.0
        whole = (whole[:, None, :] + own[None, :, :]).reshape(-1, n)
    for first in range(0, len(whole), most):
        yield whole[first : first + most]


def _some(lots: list[tuple[Any, int]], t: Floats, draws: int, most: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Give a random sample of assignments."""
    for first in range(0, draws, most):
        p = np.tile(t, (min(most, draws - first), 1))
        for places, _ in lots:
            p[:, places] = rng.permuted(p[:, places], axis=1)
        yield p


def _coefficients(p: Floats, t: Floats, r: Floats, mass: Floats, b: Floats, kt: Floats) -> tuple[Floats, Floats]:
    """Give for each assignment its coefficient for the outcome and for the actual assignment."""
    left = p @ mass - ((p @ b) ** 2).sum(axis=1)
    sound = left > _TIE * float(mass.sum())
    down = np.where(sound, left, 1.0)
    return np.where(sound, (p @ r) / down, 0.0), np.where(sound, (p @ kt) / down, 0.0)


def _where_it_counts(value: float, b: Floats, c: Floats) -> tuple[Floats, Floats]:
    """Give for each assignment the least and the greatest effect against which it counts; both sides of the value."""
    tie = _TIE * (abs(value) + float(np.abs(b).max()) + 1e-300)
    ends, always = [], np.zeros(len(b), dtype=bool)
    for sign in (1.0, -1.0):  # where value - t = +-(b - t c)
        over, under = value - sign * b, 1 - sign * c
        flat = np.abs(under) <= _TIE
        always |= flat & (np.abs(over) <= tie)
        ends.append(over / np.where(flat, _TIE, under))
    near, far = np.minimum(*ends), np.maximum(*ends)
    # |c| > 1 is possible with covariates: then it counts outwards, from the nearer end to beyond the value.
    beyond = np.abs(c) > 1 + _TIE
    above = near >= value
    low = np.where(beyond, np.where(above, -np.inf, far), near)
    high = np.where(beyond, np.where(above, near, np.inf), far)
    low, high = np.where(always, -np.inf, low), np.where(always, np.inf, high)
    return np.minimum(low, value) - tie, np.maximum(high, value) + tie
