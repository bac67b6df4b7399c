"""Sums of products by group: all that the likelihood of a mixed model needs, however many pupils there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadlib.errors import refuse

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
_SHARE = 1e-10
"""A column of which less than this share of variance is its own is one that the others determine."""
_CHUNK = 200_000
_MANY, _PATTERNS = 60, 100


@dataclass(frozen=True)
class Group:
    """One level of grouping: which columns vary by group (0 is the intercept), and each group's sums Z'[X y].

    `packed` holds the same with groups of one pattern (one Z'Z) put together: as many rows as tell their products
    apart, each with its Z'Z and the number of groups it stands for. `cells` are, where patterns are few, each
    pattern's Z'Z and its sums by parent group.
    """

    columns: tuple[int, ...]
    sums: Floats
    sizes: Ints
    packed: tuple[Floats, Floats, Floats]
    cells: tuple[Floats, Floats] | None = None

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.sums)

    @property
    def parameters(self) -> int:
        """How many variances and covariances it adds."""
        return len(self.columns) * (len(self.columns) + 1) // 2


@dataclass(frozen=True)
class Sums:
    """The data of a mixed model in sums, on a scale where every column has mean 0 and standard deviation 1.

    `outer` are the groups of the highest level; `inner`, where given, lie within them, and `parents` gives where each
    outer group's inner ones begin. `total` is [X y]'[X y]. `shift` and `scale` (the outcome last) lead back.
    """

    names: tuple[str, ...]
    n: int
    total: Floats
    outer: Group
    inner: Group | None
    parents: Ints
    shift: Floats
    scale: Floats

    @property
    def p(self) -> int:
        """How many fixed coefficients there are."""
        return len(self.names)

    @property
    def parameters(self) -> int:
        """How many relative variances and covariances there are."""
        return self.outer.parameters + (self.inner.parameters if self.inner else 0)

    @property
    def back(self) -> Floats:
        """The matrix that turns coefficients of standardized columns into those of the columns as given."""
        turn = np.diag(1.0 / self.scale[:-1])
        turn[0] -= self.shift[:-1] / self.scale[:-1]
        turn[0, 0] = 1.0
        return turn


@dataclass(frozen=True)
class Rows:
    """The rows as given: outcome, columns (the first is the constant), groups, and the columns that vary by them."""

    where: str
    names: tuple[str, ...]
    y: Floats
    x: Floats
    outer: Ints
    inner: Ints | None = None
    outer_columns: tuple[int, ...] = (0,)
    inner_columns: tuple[int, ...] = (0,)


def codes(values: Any) -> Ints:
    """Number the groups in the order of their names."""
    _, found = np.unique(np.asarray(values, dtype=object).astype(str), return_inverse=True)
    return np.asarray(found, dtype=np.intp)


def summed(rows: Rows) -> Sums:
    """Add the rows up by group.

    Raises
    ------
    InputError
        A constant outcome, columns that are constant or determined by others, as many coefficients as rows.
    """
    n, p = rows.x.shape
    if n <= p + 1:
        raise refuse(rows.where, f"has {n} rows for {p} coefficients", "give more rows or fewer controls")
    order, outer_at, inner_at, parents = _ordered(rows)
    shift = np.r_[0.0, rows.x[:, 1:].mean(axis=0), rows.y.mean()]
    spread = np.r_[rows.x[:, 1:].std(axis=0), rows.y.std()]
    _refuse_constant(rows, spread, shift)
    scale = np.r_[1.0, spread]
    # A million pupils are standardized by the slice, so that no second table of their size is made.
    total = np.zeros((p + 1, p + 1))
    q_out, q_in = len(rows.outer_columns), len(rows.inner_columns)
    outer = np.zeros((len(outer_at), q_out, p + 1))
    inner = np.zeros((len(inner_at), q_in, p + 1))
    outer_of, inner_of = _of(outer_at, n), _of(inner_at, n)
    for begin in range(0, n, _CHUNK):
        part = order[begin : begin + _CHUNK]
        c = (np.column_stack([rows.x[part], rows.y[part]]) - shift) / scale
        total += c.T @ c
        span = slice(begin, begin + len(part))
        _add(outer, c, rows.outer_columns, outer_of[span])
        if len(inner_at):
            _add(inner, c, rows.inner_columns, inner_of[span])
    _refuse_determined(rows, total[:-1, :-1])
    return Sums(
        rows.names,
        n,
        total,
        _group(rows.outer_columns, outer, np.diff(np.r_[outer_at, n])),
        _group(rows.inner_columns, inner, np.diff(np.r_[inner_at, n]), parents, rows.outer_columns)
        if len(inner_at)
        else None,
        parents,
        shift,
        scale,
    )


def _ordered(rows: Rows) -> tuple[Ints, Ints, Ints, Ints]:
    """Give an order in which groups stand together, where they begin, and each outer group's first inner one."""
    n, none = len(rows.y), np.zeros(0, dtype=np.intp)
    if rows.inner is None:
        order = np.argsort(rows.outer, kind="stable")
        return order, _begins(rows.outer[order]), none, none
    order = np.lexsort((rows.inner, rows.outer))
    out, within = rows.outer[order], rows.inner[order]
    outer_at = _begins(out)
    inner_at = np.flatnonzero(np.r_[True, (np.diff(out) != 0) | (np.diff(within) != 0)][:n])
    return order, outer_at, inner_at, np.searchsorted(inner_at, outer_at)


def _begins(sorted_codes: Ints) -> Ints:
    return np.flatnonzero(np.r_[True, np.diff(sorted_codes) != 0])


def _of(begins: Ints, n: int) -> Ints:
    return np.repeat(np.arange(len(begins)), np.diff(np.r_[begins, n])) if len(begins) else np.zeros(0, dtype=np.intp)


def _add(into: Floats, c: Floats, columns: Sequence[int], of: Ints) -> None:
    """Add the rows' products to their groups' sums; rows of a group stand together."""
    begins = _begins(of)
    for k, column in enumerate(columns):
        into[of[begins], k] += np.add.reduceat(c * c[:, [column]] if column else c, begins, axis=0)


def _group(
    columns: tuple[int, ...], sums: Floats, sizes: Ints, parents: Ints | None = None, above: tuple[int, ...] = ()
) -> Group:
    """Pack the groups by pattern where many share few: pupils seen in the same years, classes of one size."""
    gram = sums[:, :, list(columns)]
    raw = (sums, gram, np.ones(len(sums)))
    if len(sums) < _MANY:
        return Group(columns, sums, sizes, raw)
    _, first, pattern = np.unique(
        np.round(gram.reshape(len(gram), -1), 9), axis=0, return_index=True, return_inverse=True
    )
    pattern = pattern.ravel()
    if len(first) > _PATTERNS:
        return Group(columns, sums, sizes, raw)
    shape, rows, stands = sums.shape[1:], [], []
    for k in range(len(first)):
        flat = sums[pattern == k].reshape(-1, shape[0] * shape[1])
        small = np.asarray(np.linalg.qr(flat, mode="r")) if len(flat) > flat.shape[1] else flat
        rows.append(small.reshape(-1, *shape))
        stands.append(np.r_[float(len(flat)), np.zeros(len(small) - 1)])
    packed = (np.concatenate(rows), np.repeat(gram[first], [len(r) for r in rows], axis=0), np.concatenate(stands))
    if parents is None or not set(above) <= set(columns):
        return Group(columns, sums, sizes, packed)
    parent = _of(parents, len(sums))
    cells = np.zeros((len(first), len(parents), *shape))
    np.add.at(cells, (pattern, parent), sums)
    return Group(columns, sums, sizes, packed, (gram[first], cells))


def _refuse_constant(rows: Rows, spread: Floats, shift: Floats) -> None:
    flat = spread <= 1e-12 * np.maximum(1e-300, np.abs(shift[1:]))
    if flat[-1] or not np.isfinite(spread).all():
        raise refuse(rows.where, "the outcome is the same in every row", "there is no difference to explain")
    if flat[:-1].any():
        name = rows.names[1 + int(np.flatnonzero(flat[:-1])[0])]
        raise refuse(f"{rows.where}, {name}", "is the same in every row", "leave it out")


def _refuse_determined(rows: Rows, gram: Floats) -> None:
    """Refuse a column that those before it determine, by name (Cholesky in the given order)."""
    size = np.sqrt(np.diag(gram))
    left = gram / np.outer(size, size)
    for k in range(len(left)):
        if left[k, k] < _SHARE:
            before = ", ".join(rows.names[1:k]) or "the constant"
            raise refuse(
                f"{rows.where}, {rows.names[k]}",
                f"is determined by the columns before it ({before})",
                "leave one of them out",
            )
        left = left - np.outer(left[k], left[k]) / left[k, k]
