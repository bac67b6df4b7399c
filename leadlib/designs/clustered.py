"""Least squares with errors that hold for few clusters: CR2 with Bell and McCaffrey's degrees of freedom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.errors import refuse

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
_RANK = 1e-7
_FULL = 1e-8
_CELLS = 500_000
"""Numbers worked on at a time, so that a million rows need no more memory than a few copies of the table."""


@dataclass(frozen=True)
class _Piece:
    """Clusters of one size: with few rows their X and A, with many X'AX and X'AAX, whichever is smaller."""

    x: Floats
    a: Floats
    small: bool

    def parts(self, mc: Floats) -> tuple[Floats, Floats]:
        """Give for each cluster p'p and X'A p with p = A X M c."""
        if not self.small:
            return np.einsum("i,gij,j->g", mc, self.a, mc), np.einsum("gij,j->gi", self.x, mc)
        p = np.einsum("gij,gj->gi", self.a, self.x @ mc)
        return (p**2).sum(axis=1), np.einsum("gik,gi->gk", self.x, p)


@dataclass(frozen=True)
class Fit:
    """A least squares fit: coefficients by name, their CR2 covariance, residuals, and what degrees of freedom need."""

    names: tuple[str, ...]
    coef: Floats
    cov: Floats
    residuals: Floats
    clusters_n: int
    _bread: Floats
    _raw: Floats
    _pieces: tuple[_Piece, ...]

    def term(self, name: str) -> tuple[float, float, float]:
        """Give one coefficient, its standard error and its degrees of freedom."""
        return self.contrast(self._picked(name))

    def contrast(self, c: Any) -> tuple[float, float, float]:
        """Give a linear combination of coefficients, its standard error and its degrees of freedom."""
        weights = np.asarray(c, dtype=float)
        value, variance = float(weights @ self.coef), float(weights @ self.cov @ weights)
        return value, float(np.sqrt(max(variance, 0.0))), self._free(weights)

    def textbook(self, name: str, kind: Literal["classical", "CR1"]) -> float:
        """Give the standard error that most books and programs print, for setting beside theirs.

        "classical" takes errors as independent and of one variance. "CR1" is Stata's cluster error, with the factor
        G/(G-1) (n-1)/(n-k); where each row is a cluster that is HC1. Both are too small with few clusters.
        """
        c, (n, k, groups) = self._picked(name), (len(self.residuals), len(self.names), self.clusters_n)
        if kind == "classical":
            variance = float(c @ self._bread @ c) * float(self.residuals @ self.residuals) / (n - k)
        else:
            mc = self._bread @ c
            variance = float(mc @ self._raw @ mc) * groups / (groups - 1) * (n - 1) / (n - k)
        return float(np.sqrt(variance))

    def _picked(self, name: str) -> Floats:
        c = np.zeros(len(self.names))
        c[self.names.index(name)] = 1.0
        return c

    def _free(self, c: Floats) -> float:
        """Satterthwaite: 2 E(V)^2 / Var(V) for independent errors of one variance (Bell and McCaffrey 2002).

        With p_g = A_g X_g M c and s_g = X_g' A_g p_g, the matrix of the quadratic form is diag(p_g'p_g) - S M S'; its
        trace and its squares' sum need no more than k by k products.
        """
        bread = self._bread
        mc = bread @ c
        trace = squares = 0.0
        cross = np.zeros_like(bread)
        for piece in self._pieces:
            d, s = piece.parts(mc)
            own = np.einsum("gi,gi->g", s @ bread, s)
            trace += float(d.sum() - own.sum())
            squares += float((d**2).sum() - 2 * (d * own).sum())
            cross += s.T @ s
        cross = cross @ bread
        squares += float(np.trace(cross @ cross))
        return trace**2 / squares if squares > 0 and trace > 0 else float("nan")


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
    V = M (sum_g X_g' A_g e_g e_g' A_g X_g) M with M = (X'X)^-1 and A_g = (I - X_g M X_g')^(-1/2), X and e times the
    root of the weights. As R's clubSandwich, vcovCR(lm(...), cluster, type = "CR2") and coef_test(test =
    "Satterthwaite"); with weights as the same for lm on rows that are multiplied by their root. (Given the weights
    themselves, clubSandwich takes other roots: with target = 1 / w, inverse_var = TRUE another one of the same matrix,
    about a thousandth off; by default, for sampling weights, a working variance of one for every row.)
    Pustejovsky and Tipton 2018, Journal of Business and Economic Statistics 36, 672-683. A cluster that a column of its
    own fits whole adds nothing.

    The fit is by QR, which keeps the digits that the normal equations lose. Memory: about two copies of x.
    """
    target, design = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    if weights is not None:
        root = np.sqrt(np.asarray(weights, dtype=float))
        target, design = target * root, design * root[:, None]
    n, k = design.shape
    if n <= k:
        raise refuse(where, f"has {n} rows for {k} coefficients", "give more rows or fewer controls")
    r, coef = solved(design, target, names, where)
    back: Floats = np.asarray(np.linalg.inv(r), dtype=float)
    residuals = target - design @ coef
    order, begins, sizes = _runs(clusters, n)
    if len(sizes) < 2:
        raise refuse(where, "all rows lie in one cluster", "the design needs at least two clusters in each group")
    meat, raw, pieces = np.zeros((k, k)), np.zeros((k, k)), []
    for rows in _same_size(order, begins, sizes, k):
        piece, scores, plain = _adjusted(design[rows], residuals[rows], back, r)
        pieces.append(piece)
        meat += scores.T @ scores
        raw += plain.T @ plain
    bread = back @ back.T
    return Fit(tuple(names), coef, bread @ meat @ bread, residuals, len(sizes), bread, raw, tuple(pieces))


def solved(design: Floats, target: Floats, names: Sequence[str], where: str) -> tuple[Floats, Floats]:
    """Give R of the QR decomposition and the coefficients; refuse columns that are zero or a sum of others, by name."""
    k = design.shape[1]
    lengths = np.sqrt(np.einsum("ij,ij->j", design, design))
    empty = [names[int(j)] for j in np.flatnonzero(lengths == 0)]
    if empty:
        raise refuse(f"{where}, {', '.join(empty)}", "is zero in every row", "leave it out")
    # Without pivoting, R's diagonal is what is left of each column after those before it: it names the later of two.
    step = max(_CELLS // (k + 1), 2 * (k + 1))
    tall = np.empty((0, k + 1))
    for begin in range(0, len(design), step):
        part = np.column_stack([design[begin : begin + step], target[begin : begin + step]])
        tall = np.asarray(np.linalg.qr(np.vstack([tall, part]), mode="r"), dtype=float)
    for j in np.flatnonzero(np.abs(np.diag(tall)[:k]) <= _RANK * lengths)[:1]:
        before = ", ".join(str(m) for m in names[:j] if m != "constant") or "the constant"
        raise refuse(
            f"{where}, {names[j]}", f"is determined by the columns before it ({before})", "leave one of them out"
        )
    r = tall[:k, :k]
    return r, np.linalg.solve(r, tall[:k, k])


def _runs(clusters: Any, n: int) -> tuple[Places, Places, Places]:
    """Give an order in which clusters stand together, where each begins, and how many rows it has."""
    if clusters is None:
        return np.arange(n), np.arange(n), np.ones(n, dtype=np.intp)
    codes = _codes(np.asarray(clusters))
    order = np.argsort(codes, kind="stable")
    begins = np.flatnonzero(np.r_[True, np.diff(codes[order]) > 0])
    return order, begins, np.diff(np.r_[begins, n])


def _codes(clusters: Any) -> Places:
    """Number the clusters in the order of their names, so that the order of rows does not matter."""
    codes, names = pd.factorize(clusters)
    place = np.empty(len(names), dtype=np.intp)
    place[np.argsort(np.asarray(names).astype(str), kind="stable")] = np.arange(len(names))
    return place[codes]


def _same_size(order: Places, begins: Places, sizes: Places, k: int) -> Iterator[Places]:
    """Give the rows of clusters of one size, one cluster a line, a bounded number at a time."""
    by_size = np.argsort(sizes, kind="stable")
    for group in np.split(by_size, np.flatnonzero(np.diff(sizes[by_size])) + 1):
        m = int(sizes[group[0]])
        most = max(1, _CELLS // (m * max(k, min(m, k))))
        for first in range(0, len(group), most):
            yield order[begins[group[first : first + most], None] + np.arange(m)]


def _adjusted(x: Floats, e: Floats, back: Floats, r: Floats) -> tuple[_Piece, Floats, Floats]:
    """Give what the clusters of one size (clusters, rows, columns) leave: their piece, X'Ae and X'e."""
    m, k = x.shape[1:]
    z = x @ back  # H = Z Z'
    plain = np.einsum("gmk,gm->gk", x, e)
    if m <= k:
        squares, u = (z @ z.swapaxes(1, 2), np.ones((len(x), 1, 1))) if m == 1 else np.linalg.eigh(z @ z.swapaxes(1, 2))
        f = _stretch(squares.reshape(len(x), m))
        a = (u * f[:, None, :]) @ u.swapaxes(1, 2)
        return _Piece(x, a, True), np.einsum("gmk,gm->gk", x, np.einsum("gij,gj->gi", a, e)), plain
    # In the space of Z'Z (k by k): Z'A Z = V s^2 f V', (A Z)'(A Z) = V s^2 f^2 V', Z'A e = V f V' Z'e; X = Z R.
    squares, v = np.linalg.eigh(z.swapaxes(1, 2) @ z)
    f, s2 = _stretch(squares), np.clip(squares, 0.0, 1.0)
    turned = r.T @ ((v * (s2 * f)[:, None, :]) @ v.swapaxes(1, 2)) @ r
    own = r.T @ ((v * (s2 * f**2)[:, None, :]) @ v.swapaxes(1, 2)) @ r
    ze = np.einsum("gmk,gm->gk", z, e)
    scores = np.einsum("gij,gj->gi", v, f * np.einsum("gji,gj->gi", v, ze)) @ r
    return _Piece(turned, own, False), scores, plain


def _stretch(squares: Floats) -> Floats:
    """Give (1 - s^2)^(-1/2), and zero where nothing is left to stretch."""
    left = 1 - np.clip(squares, 0.0, 1.0)
    return np.where(left > _FULL, 1 / np.sqrt(np.where(left > _FULL, left, 1.0)), 0.0)
