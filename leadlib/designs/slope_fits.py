"""Slopes on exposures with or without effects of units and times, and the correction for exposures that hold error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from leadlib.designs.clustered import least_squares

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Effects = Literal["both", "time", "none"]


@dataclass(frozen=True)
class Rows:
    """The arrays a fit works on: outcome, exposures, covariates, and codes of unit, time and cluster from 0 on."""

    y: Floats
    of: Floats
    covariates: Floats
    unit: Places
    time: Places
    cluster: Places

    def design(self, effects: Effects) -> tuple[Floats, Floats, int]:
        """Give outcome, columns (exposures, covariates, then times or the constant), and effects taken out beforehand.

        Unit effects are taken out as each unit's mean: clusters hold whole units, so CR2 is the same as with a column
        for each unit (Pustejovsky and Tipton 2018, theorem 2).
        """
        times = int(self.time.max()) + 1
        first = 1 if effects == "both" else 0
        steps = (self.time[:, None] == np.arange(first, times)).astype(float)
        if effects == "none":
            steps = np.ones((len(self.y), 1))
        x = np.column_stack([self.of, self.covariates, steps])
        if effects != "both":
            return self.y, x, 0
        both = within(np.column_stack([self.y, x]), self.unit)
        return both[:, 0], both[:, 1:], int(self.unit.max()) + 1


@dataclass(frozen=True)
class Slope:
    """One exposure's slope: as fitted, corrected, the corrected one's error, degrees of freedom, and reliability.

    `used` is the share of the exposure's variation that effects and covariates leave.
    """

    raw: float
    raw_se: float
    value: float
    se: float
    df: float
    reliability: float
    used: float


def within(columns: Floats, unit: Places) -> Floats:
    """Take each unit's mean out of columns."""
    n = np.bincount(unit).astype(float)
    means = np.column_stack([np.bincount(unit, c) / n for c in columns.T])
    return np.asarray(columns - means[unit], dtype=float)


def slopes(rows: Rows, names: Sequence[str], effects: Effects, where: str, noise: Floats | None) -> tuple[Slope, ...]:
    """Fit all exposures at once; `names` are those of exposures and covariates, `noise` the covariance of errors.

    Notes
    -----
    With noise S the corrected slopes are b = (Z'Z - c S)^-1 Z'y, Z the columns less unit effects and c the trace of
    what takes effects and covariates out (Fuller 1987, Measurement Error Models, section 2.2): c S is what errors
    add to the sums of squares. Their errors: the jackknife over clusters, all of it with fewer rows, units and c,
    times CR2 over jackknife of the slopes as fitted (the jackknife alone is too wide where clusters are few and
    unequal); degrees of freedom those of the slope as fitted (Satterthwaite).
    """
    y, z, absorbed = rows.design(effects)
    fit = least_squares(
        y, z, names=_named(names, z.shape[1], effects), where=where, clusters=rows.cluster.astype(np.int64)
    )
    wanted = rows.of.shape[1]
    plain = [fit.contrast(np.eye(z.shape[1])[j]) for j in range(wanted)]
    squares = _left(wanted, z)
    used = squares / ((rows.of - rows.of.mean(axis=0)) ** 2).sum(axis=0)
    if noise is None or not noise.any():
        return tuple(Slope(v, se, v, se, df, 1.0, float(used[j])) for j, (v, se, df) in enumerate(plain))
    free = len(y) - absorbed - (z.shape[1] - wanted)
    kept = 1 - free * np.diag(noise) / squares
    value, jackknifed, bare = _corrected(rows, y, z, effects, noise, free)
    return tuple(
        Slope(v, e, float(value[j]), float(e * jackknifed[j] / bare[j]), df, float(kept[j]), float(used[j]))
        for j, (v, e, df) in enumerate(plain)
    )


def left(rows: Rows, effects: Effects) -> tuple[Floats, int]:
    """Give each exposure's sum of squares less effects and covariates, and the degrees of freedom that leaves."""
    y, z, absorbed = rows.design(effects)
    wanted = rows.of.shape[1]
    return _left(wanted, z), len(y) - absorbed - (z.shape[1] - wanted)


def _left(wanted: int, z: Floats) -> Floats:
    others, own = z[:, wanted:], z[:, :wanted]
    if not others.shape[1]:
        return np.asarray((own**2).sum(axis=0))
    rest = own - others @ np.linalg.lstsq(others, own, rcond=None)[0]
    return np.asarray((rest**2).sum(axis=0))


def _named(names: Sequence[str], k: int, effects: Effects) -> list[str]:
    rest = k - len(names)
    return [*names, *(["the constant"] if effects == "none" else [f"time {j + 1}" for j in range(rest)])]


def _corrected(
    rows: Rows, y: Floats, z: Floats, effects: Effects, noise: Floats, free: int
) -> tuple[Floats, Floats, Floats]:
    """Give corrected slopes, their jackknife errors over clusters, and those of the slopes as fitted."""
    k, groups, wanted = z.shape[1], int(rows.cluster.max()) + 1, len(noise)
    order = np.argsort(rows.cluster, kind="stable")
    begins = np.flatnonzero(np.r_[True, np.diff(rows.cluster[order]) > 0])
    stacked = np.column_stack([z, y])[order]
    square, cross = np.empty((groups, k, k)), np.empty((groups, k))
    for g, part in enumerate(np.split(stacked, begins[1:])):
        square[g], cross[g] = part[:, :k].T @ part[:, :k], part[:, :k].T @ part[:, k]
    whole, target = square.sum(axis=0), cross.sum(axis=0)
    n = np.bincount(rows.cluster, minlength=groups)
    gone = n - (_units(rows, groups) if effects == "both" else 0)
    padded = np.zeros((k, k))
    padded[:wanted, :wanted] = noise
    scale = 1 / np.sqrt(np.diag(whole))
    value = _solved(whole - free * padded, target, scale)[:wanted]
    found = []
    for kept in (padded, 0 * padded):
        each = _solved(whole - square - (free - gone)[:, None, None] * kept, target - cross, scale)[:, :wanted]
        found.append(np.sqrt((groups - 1) / groups * ((each - each.mean(axis=0)) ** 2).sum(axis=0)))
    return value, found[0], found[1]


def _units(rows: Rows, groups: int) -> Places:
    """Count the units of each cluster."""
    _, first = np.unique(rows.unit, return_index=True)
    return np.asarray(np.bincount(rows.cluster[first], minlength=groups))


def _solved(square: Floats, cross: Floats, scale: Floats) -> Floats:
    """Solve one or many systems; a column that is gone with a cluster (its only year) counts as zero."""
    scaled = square * scale[:, None] * scale
    inverse = np.linalg.pinv(scaled, rcond=1e-10, hermitian=True)
    return np.asarray((inverse @ (cross * scale)[..., None])[..., 0] * scale)


def errors_of(reliability: Sequence[float], squares: Floats, free: int) -> Floats:
    """Give the error covariance that goes with known reliabilities of what effects and covariates leave."""
    shares = np.asarray([1 - r for r in reliability], dtype=float)
    return np.diag(shares * squares / max(free, 1)) if free > 0 else np.full((len(shares),) * 2, math.nan)
