"""The jump at a cutoff with an interval that holds also for few units, and the fits that check it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from leadlib.designs.clustered import least_squares
from leadlib.designs.cutoffs.local import Floats, bandwidths, jump, kernel_weights, neighbor_residuals, powers, split
from leadlib.errors import InputError, refuse
from leadlib.numbers import plural, show

Errors = Literal["CR2", "neighbors"]
WHERE = "rd"
LEAST_SIDE = 10
"""Fewer units on a side within the bandwidth are refused: curves through fewer leave their errors unknown."""
LEAST_VALUES = 6
"""Fewer distinct scores on a side within the bandwidth cannot tell a jump from a curve (Kolesár and Rothe 2018)."""
_NOTHING = 1e-10
_NAMES = ("constant", "treated", "score", "treated x score", "score squared", "treated x score squared")


@dataclass(frozen=True)
class Rows:
    """What is analyzed: score less cutoff, outcome, which rows lie on the right side, and the choices made."""

    x: Floats
    y: Floats
    right: npt.NDArray[np.bool_]
    treated_right: bool
    clusters: npt.NDArray[np.intp] | None = None
    controls: Floats | None = None
    control_names: tuple[str, ...] = ()
    kernel: str = "triangular"
    errors: Errors = "CR2"
    word: str = "school"

    @property
    def treated(self) -> npt.NDArray[np.bool_]:
        """Which rows the rule treats."""
        return self.right if self.treated_right else ~self.right

    def only(self, keep: npt.NDArray[np.bool_]) -> Rows:
        """Give some of the rows."""
        return replace(
            self,
            x=self.x[keep],
            y=self.y[keep],
            right=self.right[keep],
            clusters=None if self.clusters is None else self.clusters[keep],
            controls=None if self.controls is None else self.controls[keep],
        )


@dataclass(frozen=True)
class Local:
    """The jump (treated side less the other), its error, what it stands on, and the curves it was read from."""

    value: float
    se: float
    df: float
    lines: float
    lines_se: float
    bandwidth: float
    bias_bandwidth: float
    treated_n: int
    comparison_n: int
    limit: float
    curves: tuple[Floats, Floats]


def fitted(rows: Rows, bandwidth: float | None = None) -> Local:
    """Fit both sides within the bandwidth (the data's own where none is given) and give the jump.

    Raises
    ------
    InputError
        No rows on a side, fewer than LEAST_SIDE of them or LEAST_VALUES distinct scores within the bandwidth; an
        outcome without variation there.
    """
    _both_sides(rows)
    sides = split(rows.x, rows.y, rows.clusters, rows.right, rows.kernel)
    _varies(rows, max(float(np.abs(neighbor_residuals(s.x, s.y)).max()) for s in sides))
    if bandwidth is None:
        found = bandwidths(sides)
        h, b = found.lines, found.curves if rows.errors == "neighbors" else found.lines
    else:
        h = b = bandwidth
    near = rows.only(kernel_weights(rows.x, h, rows.kernel) > 0)
    _enough(near, h)
    by_curves = _curves(near, h)
    sign = 1.0 if rows.treated_right else -1.0
    if rows.errors == "neighbors":
        j = jump(sides, h, b)
        value, se, df, lines, lines_se = sign * j.corrected, j.corrected_se, math.inf, sign * j.lines, j.lines_se
    else:
        value, se, df = by_curves.value, by_curves.se, by_curves.df
        lines, lines_se = _lines(near, h)
    _varies(near, se)
    return replace(by_curves, value=value, se=se, df=df, lines=lines, lines_se=lines_se, bandwidth=h, bias_bandwidth=b)


def attempt(rows: Rows, bandwidth: float | None = None) -> Local | None:
    """Give the fit of a check, or None where the rows do not allow it."""
    try:
        return fitted(rows, bandwidth)
    except InputError:
        return None


def _both_sides(rows: Rows) -> None:
    for keep, side in ((rows.treated, "treated"), (~rows.treated, "other")):
        n = int(keep.sum())
        if n < LEAST_SIDE:
            none = "no" if n == 0 else f"only {n}"
            raise refuse(
                f"{WHERE}, score",
                f"puts {none} {rows.word if n == 1 else rows.word + 's'} on the {side} side of the cutoff",
                f"the design needs at least {LEAST_SIDE} near the cutoff on each side; check cutoff= and side=",
            )


def _varies(rows: Rows, spread: float) -> None:
    if np.ptp(rows.y) == 0:
        raise refuse(f"{WHERE}, outcome", "is the same for all near the cutoff", "give an outcome that varies")
    if not spread > _NOTHING * float(np.ptp(rows.y)):
        raise refuse(f"{WHERE}, outcome", "does not vary around what the score explains", "give an outcome that varies")


def _enough(near: Rows, h: float) -> None:
    reach = show(h, "value")
    for keep, side in ((near.treated, "treated"), (~near.treated, "other")):
        n, values = int(keep.sum()), len(np.unique(near.x[keep]))
        if n < LEAST_SIDE:
            raise refuse(
                f"{WHERE}, score",
                f"leaves {plural(n, near.word)} within {reach} of the cutoff on the {side} side",
                f"the design needs at least {LEAST_SIDE} on each side: more data near the cutoff, or a wider bandwidth="
                " that was chosen beforehand",
            )
        if values < LEAST_VALUES:
            raise refuse(
                f"{WHERE}, score",
                f"takes only {plural(values, 'value')} within {reach} of the cutoff on the {side} side",
                f"a jump cannot be told from a curve with fewer than {LEAST_VALUES}: give the score before rounding",
            )


def _design(near: Rows, h: float, order: int) -> tuple[Floats, tuple[str, ...]]:
    """Give the columns: a polynomial on each side, then the controls less their mean."""
    u, t = powers(near.x / h, order), near.treated.astype(float)
    x = np.column_stack([c for k in range(order + 1) for c in (u[:, k], t * u[:, k])])
    names = _NAMES[: 2 * (order + 1)]
    if near.controls is None or not near.control_names:
        return x, names
    return np.column_stack([x, near.controls - near.controls.mean(axis=0)]), (*names, *near.control_names)


def _curves(near: Rows, h: float) -> Local:
    """Fit a parabola on each side: what lines within h become once their bias is taken away with the same bandwidth."""
    x, names = _design(near, h, 2)
    fit = least_squares(
        near.y, x, names=names, where=WHERE, clusters=near.clusters, weights=kernel_weights(near.x, h, near.kernel)
    )
    value, se, df = fit.term("treated")
    c = fit.coef
    own = int(near.treated.sum())
    return Local(
        value, se, df, value, se, h, h, own, len(near.x) - own, float(c[0]), (c[[0, 2, 4]], c[[0, 2, 4]] + c[[1, 3, 5]])
    )


def _lines(near: Rows, h: float) -> tuple[float, float]:
    x, names = _design(near, h, 1)
    fit = least_squares(
        near.y, x, names=names, where=WHERE, clusters=near.clusters, weights=kernel_weights(near.x, h, near.kernel)
    )
    value, se, _ = fit.term("treated")
    return value, se


def halves(rows: Rows) -> list[tuple[str, Rows, float]]:
    """Give each side alone with a cut in its middle, where the rule makes no difference: for placebo jumps."""
    found = []
    for keep, side in ((rows.treated, "treated"), (~rows.treated, "other")):
        part = rows.only(keep)
        cut = float(np.median(part.x))
        found.append((side, replace(part, x=part.x - cut, right=part.x >= cut), cut))
    return found


def one_per_cluster(rows: Rows) -> tuple[Any, Any]:
    """Give score and side of what was scored: of each cluster once where its rows share a score, else of each row."""
    if rows.clusters is None:
        return rows.x, rows.right
    order = np.lexsort((rows.x, rows.clusters))
    c, x = rows.clusters[order], rows.x[order]
    first = np.r_[True, c[1:] != c[:-1]]
    if np.any(~first & (x != np.r_[x[:1], x[:-1]])):
        return rows.x, rows.right
    return x[first], rows.right[order][first]
