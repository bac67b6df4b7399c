"""Group-time effects in plain arrays: the change of each cohort beside that of its comparisons, and averages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadlib.designs.differences.reading import Codes, Floats, Panel

Controls = Literal["never", "not yet"]
Base = Literal["fixed", "moving"]
LEAST = 2
ALIKE = 1e12
"""Condition number from which covariates (in standard deviations) say the same."""


@dataclass(frozen=True)
class Cells:
    """Effects of each cohort in each year, and what their covariance and degrees of freedom need.

    `loads` (cells by units) is what a unit's change counts in a cell, `spans` (cells by years) between which years
    the change is taken, `scores` (cells by clusters) each cluster's part in a cell's error: the covariance of the
    effects is `scores @ scores.T`.
    """

    cohort: Floats
    year: Floats
    base: Floats
    att: Floats
    treated_n: Codes
    comparison_n: Codes
    loads: Floats
    spans: Floats
    scores: Floats
    share: Floats
    member: npt.NDArray[np.bool_]
    arm: Codes
    arm_df: Floats
    cluster: Codes
    lost: tuple[tuple[float, float], ...]

    @property
    def event(self) -> Floats:
        """Years since the first treated one, which is 0."""
        return np.asarray(self.year - self.cohort)


@dataclass(frozen=True)
class Average:
    """A weighted average of effects: its value, each cluster's part in its error, and its degrees of freedom."""

    weights: Floats
    value: float
    scores: Floats
    df: float

    @property
    def se(self) -> float:
        """The standard error."""
        return float(np.sqrt(self.scores @ self.scores))


def cells(
    panel: Panel, *, controls: Controls, anticipation: float, base: Base, small_sample: bool, x: Floats | None = None
) -> Cells:
    """Work out every effect that has at least two clusters on each side.

    Notes
    -----
    ATT(g, t) = mean of Y_t - Y_b over cohort g less what its comparisons lead to expect, for units seen in both years
    (Callaway and Sant'Anna 2021, outcome regression): the comparisons' mean, or with covariates `x` the prediction of
    their regression at the cohort's mean. Each cluster's part in the error is divided by the root of 1 - its leverage
    on its side, which makes the variance of a mean unbiased (CR2; the factor n/(n-1) where units are clusters).
    """
    cohorts = np.unique(panel.first[np.isfinite(panel.first)])
    plan, lost = _plan(panel, cohorts, controls, anticipation, base)
    treated, others, g, t, b = plan
    change = np.nan_to_num(panel.y.T[t] - panel.y.T[b])
    loads_t, loads_c = _shares(treated, panel.weight), _shares(others, panel.weight)
    expected, pull = (loads_c * change).sum(axis=1, keepdims=True), loads_c
    if x is not None:
        loads_c, expected, pull = _regressed(change, others, loads_t, x, panel.weight)
    att = (loads_t * (change - expected)).sum(axis=1)
    parts = loads_t * (change - expected - att[:, None]) * _lift(loads_t, panel, small_sample)
    parts -= loads_c * (change - expected) * _lift(pull, panel, small_sample)
    spans = np.zeros((len(t), len(panel.years)))
    spans[np.arange(len(t)), t] = 1.0
    spans[np.arange(len(t)), b] -= 1.0
    member = panel.first[None, :] == cohorts[g][:, None]
    arm = np.unique(panel.first, return_inverse=True)[1]
    return Cells(
        cohorts[g],
        panel.years[t],
        panel.years[b],
        att,
        treated.sum(axis=1),
        others.sum(axis=1),
        loads_t - loads_c,
        spans,
        by_cluster(parts, panel.cluster),
        member @ panel.weight / panel.weight.sum(),
        member,
        arm,
        _arms_free(panel, arm),
        panel.cluster,
        tuple(lost),
    )


def _plan(panel: Panel, cohorts: Floats, controls: Controls, anticipation: float, base: Base) -> Any:
    """Say for each cell which units are compared, and between which years."""
    years, first, seen = panel.years, panel.first, panel.seen
    found: list[tuple[Any, Any, int, int, int]] = []
    lost: list[tuple[float, float]] = []
    for k, g in enumerate(cohorts):
        own = first == g
        before = [j for j in range(len(years)) if years[j] < g - anticipation]
        usual = next((j for j in reversed(before) if _enough(panel, own & seen[:, j])), None)
        if usual is None:
            lost += [(g, y) for y in years if y >= g]
            continue
        for j in range(len(years)):
            b = j - 1 if base == "moving" and years[j] < g - anticipation else usual
            if b == j or b < 0:
                continue
            both = seen[:, j] & seen[:, b]
            late = np.isinf(first) if controls == "never" else first > max(years[j], years[b]) + anticipation
            sides = own & both, late & both & ~own
            if all(_enough(panel, side) for side in sides):
                found.append((*sides, k, j, b))
            elif years[j] >= g:
                lost.append((g, years[j]))
    if not found:
        empty = np.zeros((0, len(first)), dtype=bool)
        none = np.zeros(0, dtype=np.intp)
        return (empty, empty, none, none, none), lost
    t, c, g_, j_, b_ = zip(*found, strict=True)
    return (np.array(t), np.array(c), np.array(g_), np.array(j_), np.array(b_)), lost


def _enough(panel: Panel, side: npt.NDArray[np.bool_]) -> bool:
    """Say whether a side has two clusters."""
    own = panel.cluster[side]
    return len(own) >= LEAST and bool((own != own[0]).any())


def _regressed(
    change: Floats, others: Any, loads_t: Floats, x: Floats, weight: Floats
) -> tuple[Floats, Floats, Floats]:
    """Give each comparison's load on the prediction at the cohort's mean, all predictions, and leverages."""
    full = np.column_stack([np.ones(len(x)), x])
    loads, expected, pull = (np.zeros_like(change) for _ in range(3))
    for k, side in enumerate(others):
        weighted = full[side] * weight[side, None]
        gram = weighted.T @ full[side]
        if side.sum() <= full.shape[1] + 1 or np.linalg.cond(gram) > ALIKE:
            raise ValueError("collinear")
        bread = np.linalg.inv(gram)
        expected[k] = full @ (bread @ (weighted.T @ change[k, side]))
        loads[k, side] = weighted @ (bread @ (loads_t[k] @ full))
        pull[k, side] = np.einsum("ij,jk,ik->i", weighted, bread, full[side])
    return loads, expected, pull


def _shares(side: npt.NDArray[np.bool_], weight: Floats) -> Floats:
    counted = side * weight
    return np.asarray(counted / counted.sum(axis=1, keepdims=True))


def _lift(shares: Floats, panel: Panel, small_sample: bool) -> Any:
    """Give each unit the factor that makes up for the mean having been fitted to its own cluster too."""
    if not small_sample:
        return 1.0
    whole = shares if panel.by_unit else by_cluster(shares, panel.cluster)[:, panel.cluster]
    return 1.0 / np.sqrt(np.maximum(1.0 - whole, 1e-12))


def by_cluster(parts: Floats, cluster: Codes) -> Floats:
    """Sum columns over each cluster."""
    order = np.argsort(cluster, kind="stable")
    begins = np.flatnonzero(np.r_[True, np.diff(cluster[order]) > 0])
    if len(begins) == parts.shape[-1]:
        return np.asarray(parts[..., order])
    return np.asarray(np.add.reduceat(parts[..., order], begins, axis=-1))


def _arms_free(panel: Panel, arm: Codes) -> Floats:
    """Give the degrees of freedom of each cohort's mean."""
    out = []
    for a in range(int(arm.max()) + 1):
        sizes = np.bincount(panel.cluster[arm == a], panel.weight[arm == a]).astype(float)
        out.append(mean_free(sizes[sizes > 0]))
    return np.array(out)


def mean_free(sizes: Floats) -> float:
    """Give the degrees of freedom of a mean over clusters of these sizes (Bell and McCaffrey 2002).

    Of the two working models, independent units and one shock a cluster, the one that leaves fewer counts.
    """
    if len(sizes) < LEAST:
        return 0.0
    share = sizes / sizes.sum()
    if np.ptp(share) <= 1e-12:
        return float(len(sizes) - 1)
    found = []
    for v in (share, share**2):
        # Parts d_c (r_c - share_c sum r), d = (1 - share)^(-1/2); no matrix of clusters by clusters.
        total, d2 = v.sum(), 1 / (1 - share)
        own = d2 * (v - 2 * share * v + share**2 * total)
        q = np.stack([v, share])
        gram = (q * d2) @ q.T
        # Omega = D (diag v - v s' - s v' + total s s') D
        mix = np.array([[0.0, -1.0], [-1.0, total]])
        squares = (d2**2 * v**2).sum() + 2 * np.trace(mix @ ((q * (d2**2 * v)) @ q.T))
        squares += np.trace(mix @ gram @ mix @ gram)
        found.append(own.sum() ** 2 / squares)
    return float(min(found))


def average(found: Cells, weights: Floats, *, small_sample: bool, extra: Floats | None = None) -> Average:
    """Average effects with these weights.

    Notes
    -----
    Degrees of freedom are Satterthwaite's: (sum e_a)^2 / sum(e_a^2 / f_a) over cohorts a, with e_a the variance that
    cohort a would add if outcomes moved independently, and f_a the degrees of freedom of its mean.
    """
    scores = weights @ found.scores + (0.0 if extra is None else extra)
    return Average(weights, float(weights @ found.att), scores, _free(found, weights) if small_sample else np.inf)


def _free(found: Cells, weights: Floats) -> float:
    used = weights != 0
    if not used.any():
        return np.inf
    loading = (found.loads[used] * weights[used, None]).T @ found.spans[used]
    expected = np.bincount(found.arm, (loading**2).sum(axis=1), len(found.arm_df))
    ok = expected > 1e-14 * expected.max()
    if (found.arm_df[ok] <= 0).any():
        return 0.0
    free = expected[ok].sum() ** 2 / (expected[ok] ** 2 / found.arm_df[ok]).sum()
    return float(min(free, found.scores.shape[1] - 1))


def proportional(found: Cells, chosen: npt.NDArray[np.bool_]) -> Floats:
    """Weight the chosen cells by the size of their cohort."""
    raw = np.where(chosen, found.share, 0.0)
    return np.asarray(raw / raw.sum())


def share_scores(found: Cells, chosen: npt.NDArray[np.bool_], weight: Floats) -> Floats:
    """Give each cluster's part in the error of the cohorts' shares, if schools were drawn from many.

    Notes
    -----
    As in R: did::aggte, whose standard errors count it always.
    """
    p, att, member = found.share[chosen], found.att[chosen], found.member[chosen] * weight / weight.mean()
    first = (member - p[:, None]) / p.sum()
    second = (member - p[:, None]).sum(axis=0) * (p / p.sum() ** 2)[:, None]
    return by_cluster(att @ (first - second) / member.shape[1], found.cluster)


Selection = Callable[[Cells], npt.NDArray[np.bool_]]


def post(found: Cells) -> npt.NDArray[np.bool_]:
    """Say which cells lie in or after their cohort's first treated year."""
    return np.asarray(found.year >= found.cohort)
