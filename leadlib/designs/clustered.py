"""Least squares with errors that hold for few clusters: CR2 with Bell and McCaffrey's degrees of freedom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadlib.errors import refuse

Floats = npt.NDArray[np.float64]
_RANK = 1e-9
_FULL = 1e-8


@dataclass(frozen=True)
class Fit:
    """A least squares fit: coefficients by name, their CR2 covariance, residuals, and what degrees of freedom need."""

    names: tuple[str, ...]
    coef: Floats
    cov: Floats
    residuals: Floats
    clusters_n: int
    _bread: Floats
    _parts: tuple[Floats, Floats, Floats]

    def term(self, name: str) -> tuple[float, float, float]:
        """Give one coefficient, its standard error and its degrees of freedom."""
        c = np.zeros(len(self.names))
        c[self.names.index(name)] = 1.0
        return self.contrast(c)

    def contrast(self, c: Any) -> tuple[float, float, float]:
        """Give a linear combination of coefficients, its standard error and its degrees of freedom."""
        weights = np.asarray(c, dtype=float)
        value, variance = float(weights @ self.coef), float(weights @ self.cov @ weights)
        return value, float(np.sqrt(max(variance, 0.0))), self._free(weights)

    def _free(self, c: Floats) -> float:
        """Satterthwaite: 2 E(V)^2 / Var(V) for independent errors of one variance (Bell and McCaffrey 2002).

        With p_g = A_g X_g M c and s_g = X_g' p_g, the matrix of the quadratic form is diag(p_g'p_g) - S M S'; its trace
        and its squares' sum need no more than k by k products.
        """
        own, turned, bread = self._parts[0], self._parts[1], self._bread
        mc = bread @ c
        # own[g] = (A_g X_g)'(A_g X_g); turned[g] = X_g' A_g X_g
        d = np.einsum("i,gij,j->g", mc, own, mc)
        s = turned @ mc
        sm = s @ bread
        trace = d.sum() - np.einsum("gi,gi->", sm, s)
        cross = s.T @ s @ bread
        squares = (d**2).sum() - 2 * (d * np.einsum("gi,gi->g", sm, s)).sum() + np.trace(cross @ cross)
        return float(trace**2 / squares) if squares > 0 and trace > 0 else float("nan")


def least_squares(
    y: Any, x: Any, *, names: Sequence[str], where: str, clusters: Any = None, weights: Any = None
) -> Fit:
    """Fit y on the columns of x and give CR2 errors; clusters are whatever was assigned or sampled together.

    Parameters
    ----------
    y, x : array
        Outcome, and one column a name (a constant among them, if there is to be one).
    names : sequence of str
        The columns' names, for messages and for `Fit.term`.
    where : str
        The design, for messages.
    clusters : array, optional
        Each row's cluster; without, each row is one (HC2).
    weights : array, optional
        Taken as inverse variances.

    Raises
    ------
    InputError
        Columns that the others determine; fewer than two clusters; as many columns as rows.

    Notes
    -----
    V = M (sum_g X_g' A_g e_g e_g' A_g X_g) M with M = (X'X)^-1 and A_g = (I - X_g M X_g')^(-1/2), as in R:
    clubSandwich::vcovCR(lm(), type = "CR2") and coef_test(test = "Satterthwaite"), without weights (Pustejovsky and
    Tipton 2018). A cluster that a column of its own fits whole adds nothing.
    """
    target, design = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    if weights is not None:
        root = np.sqrt(np.asarray(weights, dtype=float))
        target, design = target * root, design * root[:, None]
    n, k = design.shape
    if n <= k:
        raise refuse(where, f"has {n} rows for {k} coefficients", "give more rows or fewer controls")
    scale = _full_rank(design, names, where)
    scaled = design / scale
    bread = np.linalg.inv(scaled.T @ scaled)
    coef = bread @ (scaled.T @ target)
    residuals = target - scaled @ coef
    order, bounds = _runs(clusters, n)
    if len(bounds) - 1 < 2:
        raise refuse(where, "all rows lie in one cluster", "the design needs at least two clusters in each group")
    own, turned, scores = _adjusted(scaled[order], residuals[order], bounds, bread)
    meat = scores.T @ scores
    back = 1.0 / scale
    return Fit(
        tuple(names),
        coef * back,
        (bread @ meat @ bread) * np.outer(back, back),
        residuals,
        len(bounds) - 1,
        bread * np.outer(back, back),
        (own * np.outer(scale, scale), turned * np.outer(scale, scale), scale),
    )


def _full_rank(design: Floats, names: Sequence[str], where: str) -> Floats:
    """Give each column's scale; refuse columns that are constant zero or a sum of others, by name."""
    scale = np.sqrt((design**2).mean(axis=0))
    empty = [names[int(k)] for k in np.flatnonzero(scale == 0)]
    if empty:
        raise refuse(f"{where}, {', '.join(empty)}", "is zero in every row", "leave it out")
    # Modified Gram-Schmidt in the given order names the later of two that say the same.
    q = design / scale
    basis: list[Floats] = []
    for k in range(q.shape[1]):
        rest = q[:, k].copy()
        for b in basis:
            rest -= (b @ rest) * b
        size = float(np.linalg.norm(rest))
        if size <= _RANK * np.sqrt(len(q)) * 100:
            before = ", ".join(str(n) for n in names[:k] if n != "constant") or "the constant"
            raise refuse(
                f"{where}, {names[k]}", f"is determined by the columns before it ({before})", "leave one of them out"
            )
        basis.append(rest / size)
    return np.asarray(scale)


def _runs(clusters: Any, n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Give an order in which clusters stand together, and where each begins."""
    if clusters is None:
        return np.arange(n), np.arange(n + 1)
    _, codes = np.unique(np.asarray(clusters).astype(str), return_inverse=True)
    order = np.argsort(codes, kind="stable")
    begins = np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])
    return order, np.r_[begins, n]


def _adjusted(x: Floats, e: Floats, bounds: Any, bread: Floats) -> tuple[Floats, Floats, Floats]:
    """Give for each cluster (A X)'(A X), X'A X and X'A e."""
    root = np.linalg.cholesky(bread)
    z = x @ root  # H_gg = Z_g Z_g'
    if len(bounds) - 1 == len(x):
        left = 1 - (z**2).sum(axis=1)
        a = np.where(left > _FULL, 1 / np.sqrt(np.where(left > _FULL, left, 1.0)), 0.0)
        outer = x[:, :, None] * x[:, None, :]
        return outer * (a**2)[:, None, None], outer * a[:, None, None], x * (a * e)[:, None]
    # In the space of Z'Z (k by k): A X = X + U (f - 1) U'X with Z_g = U s V', f = (1 - s^2)^(-1/2); U = Z V / s.
    groups, k = len(bounds) - 1, x.shape[1]
    own, turned, scores = np.empty((groups, k, k)), np.empty((groups, k, k)), np.empty((groups, k))
    back = np.linalg.inv(root)
    for g in range(groups):
        part = slice(bounds[g], bounds[g + 1])
        zg, eg = z[part], e[part]
        inner = zg.T @ zg
        squares, v = np.linalg.eigh(inner)
        squares = np.clip(squares, 0.0, 1.0)
        left = 1 - squares
        f = np.where(left > _FULL, 1 / np.sqrt(np.where(left > _FULL, left, 1.0)), 0.0)
        # Z'A Z = V s^2 f V', (A Z)'(A Z) = V s^2 f^2 V', Z'A e = V f V' Z'e
        turned[g] = back.T @ ((v * (squares * f)) @ v.T) @ back
        own[g] = back.T @ ((v * (squares * f**2)) @ v.T) @ back
        scores[g] = back.T @ (v @ (f * (v.T @ (zg.T @ eg))))
    return own, turned, scores
