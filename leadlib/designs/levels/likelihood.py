"""The likelihood of a mixed model from its groups' sums, exact derivatives included.

Rows of a group share a deviation; relative to the error's variance, the deviations' covariance is L L' with L lower
triangular (L L' sigma^2 is their covariance). `theta` holds L by column, outer groups first, as in R's lme4 (Bates,
Maechler, Bolker and Walker 2015). Derivatives are taken along an imaginary step, which leaves no rounding error
behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadlib.designs.levels.sums import Floats, Sums

Numbers = npt.NDArray[Any]
_STEP = 1e-20
_DIFFERENCE = 1e-4
_CELLS = 2_000_000


@dataclass(frozen=True)
class Parts:
    """For each theta: the determinants' part, the residual sum of squares, [X y]'V^-1[X y] with error variance 1."""

    dets: Numbers
    squares: Numbers
    cross: Numbers


@dataclass(frozen=True)
class Criterion:
    """Minus twice the restricted (or full) log-likelihood of standardized data, the error's variance profiled out."""

    sums: Sums
    restricted: bool = True

    @property
    def free(self) -> int:
        """What the residual sum of squares is divided by."""
        return self.sums.n - (self.sums.p if self.restricted else 0)

    def parts(self, thetas: Numbers) -> Parts:
        """Work out the pieces at each row of `thetas`."""
        step = max(1, _CELLS // self._cells())
        pieces = [self._parts(thetas[k : k + step]) for k in range(0, len(thetas), step)]
        if len(pieces) == 1:
            return pieces[0]
        return Parts(*(np.concatenate([getattr(x, f) for x in pieces]) for f in ("dets", "squares", "cross")))

    def _cells(self) -> int:
        sums = self.sums
        if sums.inner is None:
            return int(sums.outer.packed[0].size)
        inner = sums.inner.packed[0].size if sums.inner.cells else sums.inner.sums.size * len(sums.outer.columns)
        return int(sums.outer.sums.size + inner)

    def _parts(self, thetas: Numbers) -> Parts:
        sums = self.sums
        own = thetas[:, : sums.outer.parameters]
        if sums.inner is None:
            turned, dets = _collapsed(*sums.outer.packed, own)
            cross = sums.total - _products(turned)
        else:
            below = thetas[:, sums.outer.parameters :]
            turned, dets = _collapsed(*sums.inner.packed, below)
            outer = sums.outer.sums - _carried(sums, below, turned)
            cross = sums.total - _products(turned)
            turned, more = _collapsed(outer, outer[..., list(sums.outer.columns)], np.ones(outer.shape[1]), own)
            cross, dets = cross - _products(turned), dets + more
        inside = cross[:, :-1, :-1]
        right = cross[:, :-1, -1]
        solved = np.linalg.solve(inside, right[..., None])[..., 0]
        squares = cross[:, -1, -1] - (right * solved).sum(axis=1)
        if self.restricted:
            sign, size = np.linalg.slogdet(inside)
            dets = dets + size + (1j * np.angle(sign) if np.iscomplexobj(inside) else 0.0)
        return Parts(dets, squares, cross)

    def __call__(self, thetas: Numbers) -> Numbers:
        """Give the deviance at each row of `thetas`."""
        parts = self.parts(thetas)
        return parts.dets + self.free * (1 + np.log(2 * np.pi * parts.squares / self.free))

    def value(self, theta: Floats) -> float:
        """Give the deviance at one theta."""
        return float(self(theta[None])[0])

    def gradient(self, theta: Floats) -> Floats:
        """Give the deviance's exact gradient."""
        return self._gradients(theta[None])[0]

    def curvature(self, theta: Floats) -> Floats:
        """Give the deviance's second derivatives: central differences of exact gradients."""
        m = len(theta)
        steps = _DIFFERENCE * np.eye(m)
        slopes = self._gradients(np.concatenate([theta + steps, theta - steps]))
        rough = (slopes[:m] - slopes[m:]) / (2 * _DIFFERENCE)
        return np.asarray((rough + rough.T) / 2)

    def _gradients(self, thetas: Floats) -> Floats:
        m = thetas.shape[1]
        ahead = thetas[:, None, :] + 1j * _STEP * np.eye(m)
        return np.asarray(self(ahead.reshape(-1, m)).imag / _STEP).reshape(len(thetas), m)

    def slopes(self, thetas: Floats) -> tuple[Floats, Floats, Floats]:
        """Give for each theta the exact gradients of the determinants' part, the squares, and (X'V^-1X)^-1."""
        m, k = thetas.shape[1], self.sums.p
        ahead = (thetas[:, None, :] + 1j * _STEP * np.eye(m)).reshape(-1, m)
        parts = self.parts(ahead)
        bread = np.linalg.inv(parts.cross[:, :-1, :-1]).imag / _STEP
        shape = (len(thetas), m)
        return (
            (parts.dets.imag / _STEP).reshape(shape),
            (parts.squares.imag / _STEP).reshape(shape),
            bread.reshape(*shape, k, k),
        )


def triangle(theta: Numbers, q: int) -> Numbers:
    """Give the lower triangular matrices that rows of theta hold by column."""
    out = np.zeros((len(theta), q, q), dtype=theta.dtype)
    rows, columns = zip(*((i, j) for j in range(q) for i in range(j, q)), strict=True)
    out[:, rows, columns] = theta
    return out


def diagonal(sums: Sums) -> tuple[int, ...]:
    """Name the places in theta that may not be negative."""
    places, begin = [], 0
    for group in (sums.outer, sums.inner):
        if group is not None:
            q = len(group.columns)
            places += [begin + (0 if j == 0 else q) for j in range(q)]
            begin += group.parameters
    return tuple(places)


def _collapsed(sums: Numbers, gram: Numbers, stands: Floats, theta: Numbers) -> tuple[Numbers, Numbers]:
    """Give U, U'U being what deviations take out of [X y]'[X y], and log|I + L'Z'ZL|; at most two columns vary.

    `sums` are Z'[X y], `gram` Z'Z, one group a row (after an axis of thetas, if there is one); `stands` says for how
    many groups a row counts in the determinant.
    """
    if gram.shape[-1] == 1:
        own = theta[:, 0, None]
        inflation = 1 + own**2 * gram[..., 0, 0]
        return (own / np.sqrt(inflation))[..., None, None] * sums, np.log(inflation) @ stands
    a, b, c = (theta[:, k, None] for k in range(3))
    near, cross, far = gram[..., 0, 0], gram[..., 0, 1], gram[..., 1, 1]
    upper = 1 + a**2 * near + 2 * a * b * cross + b**2 * far
    across, lower = c * (a * cross + b * far), 1 + c**2 * far
    root, rest = np.sqrt(upper), lower - across**2 / upper
    tall = np.sqrt(rest)
    # U = K'^-1 L'Z'[X y] with K K' = I + L'Z'ZL, written out for two columns.
    turned = np.empty((len(theta), *sums.shape[-3:]), dtype=theta.dtype)
    first, second = sums[..., 0, :], sums[..., 1, :]
    turned[..., 0, :] = (a / root)[..., None] * first + (b / root)[..., None] * second
    lean = across / (root * tall)
    turned[..., 1, :] = (c / tall)[..., None] * second - lean[..., None] * turned[..., 0, :]
    return turned, np.log(upper * rest) @ stands


def _products(turned: Numbers) -> Numbers:
    flat = turned.reshape(len(turned), -1, turned.shape[-1])
    return np.matmul(flat.transpose(0, 2, 1), flat)


def _carried(sums: Sums, theta: Numbers, turned: Numbers | None = None) -> Numbers:
    """Give what inner groups' deviations take out of their outer groups' sums."""
    group = sums.inner
    if group is None:
        return np.zeros(1)
    columns = list(sums.outer.columns)
    if group.cells is None:
        if turned is None:
            turned = _collapsed(*group.packed, theta)[0]
        taken = np.matmul(turned[..., columns].swapaxes(-1, -2), turned)
        return np.asarray(np.add.reduceat(taken, sums.parents, axis=1))
    gram, cells = group.cells
    q, places = len(group.columns), [group.columns.index(c) for c in columns]
    half, _ = _collapsed(np.broadcast_to(np.eye(q), gram.shape), gram, np.zeros(len(gram)), theta)
    weights = np.matmul(gram[:, places], np.matmul(half.swapaxes(-1, -2), half))
    # One product for all: (theta, column) by (pattern, row) times (pattern, row) by (outer group, column of [X y]).
    left = weights.transpose(0, 2, 1, 3).reshape(len(theta) * len(places), -1)
    right = cells.transpose(0, 2, 1, 3).reshape(len(gram) * q, -1)
    done = (left @ right).reshape(len(theta), len(places), cells.shape[1], cells.shape[3])
    return np.asarray(done.swapaxes(1, 2))


def outer_sums(sums: Sums, theta: Floats) -> Floats:
    """Give the outer groups' sums Z'V^-1[X y], V holding the inner groups and the error (variance 1)."""
    if sums.inner is None:
        return sums.outer.sums
    return np.asarray(sums.outer.sums - _carried(sums, theta[None, sums.outer.parameters :])[0])
