"""Weights of donors: none below zero, together one, as near to the treated unit's earlier years as they come."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, nnls

Floats = npt.NDArray[np.float64]
_HEAVY = 1e3
_TINY = 1e-9
_TRIES, _POLISHED, _LOOKS, _STEPS, _STRIDE = 1, 2, 60, 400, 1.5


def nearest_mix(away: Floats) -> Floats:
    """Give the weights whose mix of columns lies nearest to zero.

    `away` holds donors minus the treated unit, one column a donor. Non-negative least squares with a heavy row that
    makes the weights add to one: exact to about one in a million, a hundred times quicker than a general optimizer, and
    the same for any unit of measurement.
    """
    scale = float(np.abs(away).max())
    if scale == 0:
        return np.full(away.shape[1], 1 / away.shape[1])
    rows = np.vstack([away / scale, np.full(away.shape[1], _HEAVY)])
    found, _ = nnls(rows, np.r_[np.zeros(len(away)), _HEAVY], maxiter=100 * away.shape[1])
    return np.asarray(found / found.sum())


def polished(away: Floats) -> Floats:
    """Give the same weights to the last digits: least squares on the donors in use, adding to one exactly."""
    found = nearest_mix(away)
    used = np.flatnonzero(found > _TINY)
    if len(used) < 2 or not away.any():
        return found
    scale = float(np.abs(away).max())
    first, others = away[:, used[0]] / scale, away[:, used[1:]] / scale
    rest = np.linalg.lstsq(others - first[:, None], -first, rcond=None)[0]
    exact = np.zeros(len(found))
    exact[used] = np.r_[1 - rest.sum(), rest]
    return exact if exact.min() >= 0 else found


def by_predictors(away: Floats, predictors: Floats) -> tuple[Floats, Floats]:
    """Give donors' weights and predictors' weights, as Abadie, Diamond and Hainmueller (2010) choose them.

    `predictors` holds scaled predictors, donors minus the treated unit. For given weights of predictors the donors'
    weights are those nearest in the predictors; the predictors' weights are those whose donors come nearest in the
    outcome before the start. That search has many valleys: it begins at equal weights and at each predictor in turn,
    and goes on from the two best places.
    """
    k = len(predictors)

    def mix(logs: Floats) -> Floats:
        shares = np.exp(np.clip(logs - logs.max(), -30, 0))
        return nearest_mix(predictors * np.sqrt(shares / shares.sum())[:, None])

    scale = float((away**2).mean())

    def loss(logs: Floats) -> float:
        return float(((away @ mix(logs)) ** 2).mean() / scale)

    def search(begin: Floats, steps: int) -> tuple[float, Floats]:
        corners = np.vstack([begin, begin + _STRIDE * np.eye(k)])
        options = {"maxfev": steps, "maxiter": steps, "xatol": 1e-3, "fatol": 1e-9, "initial_simplex": corners}
        found = minimize(loss, begin, method="Nelder-Mead", options=options)
        return float(found.fun), np.asarray(found.x)

    if k == 1:
        return nearest_mix(predictors), np.ones(1)
    begins = [np.zeros(k), *(np.where(np.arange(k) == j, np.log(6.0 * k), 0.0) for j in range(k))]
    places = sorted((search(b, _LOOKS) for b in begins), key=lambda place: place[0])[:_POLISHED]
    for _ in range(_TRIES):
        places = [search(place[1], _STEPS) for place in places]
    best = min(places, key=lambda place: place[0])[1]
    shares = np.exp(np.clip(best - best.max(), -30, 0))
    return mix(best), shares / shares.sum()


def left_out_years(away: Floats, folds: int) -> Floats:
    """Give the gaps of years before the start, each from weights that did not see it.

    In sample, a unit amid its donors fits its own noise, so that gaps after the start look large beside it; years
    left out in turn (in at most `folds` blocks) have errors like those after the start.
    """
    n = len(away)
    block = -(-n // folds)
    gaps = np.empty(n)
    for first in range(0, n, block):
        out = np.arange(first, min(first + block, n))
        gaps[out] = -(away[out] @ nearest_mix(np.delete(away, out, axis=0)))
    return gaps


def root_mean(values: Any) -> float:
    """Give the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
