"""Who is set beside whom: nearest neighbors on a propensity score, or strata of like units."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leadlib.designs.clustered import least_squares
from leadlib.errors import refuse
from leadlib.numbers import plural

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
WHERE = "matched"
_SURE = 1e-6
_STEEP = 15.0


@dataclass(frozen=True)
class Sets:
    """Each row's set (-1: left out) and its weight.

    The treated weigh 1; the others of a set weigh as its treated do in proportion, 1 on average over all sets.
    """

    sets: Ints
    weights: Floats
    distance: float = math.nan

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Which rows stand in a set."""
        return self.sets >= 0


def logits(x: Floats, treated: npt.NDArray[np.bool_], names: Sequence[str]) -> Floats:
    """Give each row's log odds of being treated, by logistic regression on the covariates.

    Raises
    ------
    InputError
        Covariates that repeat each other, or that tell the treated from the others without error.
    """
    columns = np.column_stack([np.ones(len(x)), (x - x.mean(axis=0)) / _spread(x)])
    least_squares(treated.astype(float), columns, names=["constant", *names], where=f"{WHERE}, covariates")
    _overlap(x, treated, names)
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.tools.sm_exceptions import PerfectSeparationError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they would say is looked at below, and refused with its reason
        try:
            fit = Logit(treated.astype(float), columns).fit(method="newton", maxiter=50, disp=0, warn_convergence=False)
        except (np.linalg.LinAlgError, PerfectSeparationError):
            raise _separated(names, None) from None
        steep = np.abs(np.asarray(fit.params)[1:])
        odds = np.asarray(columns @ np.asarray(fit.params), dtype=float)
    with np.errstate(over="ignore"):
        sure = float(np.abs(treated - 1 / (1 + np.exp(-odds))).max()) < _SURE
    if sure or not np.all(np.isfinite(odds)) or float(steep.max()) > _STEEP:
        raise _separated(names, steep)
    if not fit.mle_retvals["converged"]:
        raise refuse(
            f"{WHERE}, covariates", "the propensity score was not found", "use fewer covariates, or method='coarsened'"
        )
    return odds


def _spread(x: Floats) -> Floats:
    sd = x.std(axis=0)
    return np.where(sd > 0, sd, 1.0)


def _overlap(x: Floats, treated: npt.NDArray[np.bool_], names: Sequence[str]) -> None:
    for k, name in enumerate(names):
        a, b = x[treated, k], x[~treated, k]
        if a.min() > b.max() or b.min() > a.max():
            more = "higher" if a.min() > b.max() else "lower"
            raise refuse(
                f"{WHERE}, covariate {name!r}",
                f"is {more} for every treated unit than for any other: nobody is comparable",
                "look for a comparison group that overlaps; if a rule on it decided who was treated, use rd",
            )


def _separated(names: Sequence[str], steep: Floats | None) -> Exception:
    worst = f" ({names[int(np.nanargmax(steep))]!r} most of all)" if steep is not None and len(steep) else ""
    return refuse(
        f"{WHERE}, covariates",
        f"together tell the treated from the others without error{worst}: nobody is comparable",
        "use fewer covariates, or look for a comparison group that overlaps",
    )


def nearest_sets(score: Floats, treated: npt.NDArray[np.bool_], within: Ints, *, ratio: int, caliper: float) -> Sets:
    """Set each treated unit beside its nearest untreated ones, each used once.

    The treated choose from the highest score down, one round for each comparison wanted; ties go by the rows' order.
    `within` are groups that may not be mixed; `caliper` is in standard deviations of the score (the root of the mean of
    both arms' variances).
    """
    most = caliper * float(np.sqrt((score[treated].var(ddof=1) + score[~treated].var(ddof=1)) / 2))
    sets = np.full(len(score), -1, dtype=np.intp)
    for group in range(int(within.max()) + 1 if len(within) else 0):
        rows = np.flatnonzero(within == group)
        own, others = rows[treated[rows]], rows[~treated[rows]]
        own = own[np.argsort(-score[own], kind="stable")]
        others = others[np.argsort(score[others], kind="stable")]
        free = _Free(score[others].tolist())
        for _ in range(ratio):
            for row in own.tolist():
                place = free.nearest(float(score[row]), most)
                if place is not None:
                    sets[others[place]] = row
                    sets[row] = row
    return Sets(sets, _weights(sets, treated), most)


class _Free:
    """Sorted scores of which the nearest free one is found and taken, in nearly constant time."""

    def __init__(self, scores: list[float]) -> None:
        self.scores = scores
        self.array = np.asarray(scores)
        self.up = list(range(len(scores) + 1))
        self.down = list(range(len(scores) + 1))

    def nearest(self, score: float, most: float) -> int | None:
        """Give the place of the nearest free score and take it; the lower of two as near."""
        at = int(np.searchsorted(self.array, score))
        above, below = self._find(self.up, at), self._find(self.down, at) - 1
        gap_above = self.scores[above] - score if above < len(self.scores) else math.inf
        gap_below = score - self.scores[below] if below >= 0 else math.inf
        if min(gap_above, gap_below) > most:
            return None
        place = below if gap_below <= gap_above else above
        self.up[place] = place + 1
        self.down[place + 1] = place
        return place

    @staticmethod
    def _find(next_free: list[int], k: int) -> int:
        end = k
        while next_free[end] != end:
            end = next_free[end]
        while next_free[k] != end:
            next_free[k], k = end, next_free[k]
        return end


def strata_sets(cells: Ints, treated: npt.NDArray[np.bool_]) -> Sets:
    """Put units of one cell in one set, where it holds treated and others."""
    own, others = np.bincount(cells, weights=treated), np.bincount(cells, weights=~treated)
    both = (own > 0) & (others > 0)
    sets = np.where(both[cells], cells, -1).astype(np.intp)
    return Sets(sets, _weights(sets, treated))


def _weights(sets: Ints, treated: npt.NDArray[np.bool_]) -> Floats:
    """Give the weights with which the untreated of a set stand for its treated, 1 on average."""
    kept = sets >= 0
    weights = np.zeros(len(sets))
    if not kept.any():
        return weights
    own = np.bincount(sets[kept], weights=treated[kept])
    others = np.bincount(sets[kept], weights=~treated[kept])
    share = np.divide(own, others, out=np.zeros_like(own), where=others > 0)
    level = float(others.sum() / own.sum())
    weights[kept] = np.where(treated[kept], 1.0, level * share[sets[kept]])
    return weights


def coarsened(x: Floats, bins: int | None) -> Ints:
    """Give each row's cell when each covariate is cut into bins of equal width (Sturges' number if none is given)."""
    count = bins or math.ceil(math.log2(len(x)) + 1)
    low, high = x.min(axis=0), x.max(axis=0)
    width = np.where(high > low, high - low, 1.0)
    return same(np.minimum(np.floor((x - low) / width * count), count - 1))


def same(x: npt.NDArray) -> Ints:
    """Give a number to each distinct row."""
    if x.shape[1] == 0:
        return np.zeros(len(x), dtype=np.intp)
    _, cells = np.unique(x, axis=0, return_inverse=True)
    return np.asarray(cells, dtype=np.intp).ravel()


def few(kept_treated: int, treated: int, least: int) -> None:
    """Refuse too few matched units."""
    if kept_treated >= least:
        return
    found = "none" if kept_treated == 0 else f"only {kept_treated}"
    raise refuse(
        f"{WHERE}, pairs",
        f"{found} of {plural(treated, 'treated unit')} found a comparison",
        f"the design needs at least {least}: a wider caliper=, fewer covariates or bins, or another comparison group",
    )
