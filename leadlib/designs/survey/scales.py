"""Numbers behind reliability: Cronbach's alpha, McDonald's omega from one factor, and what each respondent adds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.stats import f as fisher
from scipy.stats import t as student

Floats = npt.NDArray[np.float64]
LEAST_UNIQUE = 0.005
"""As R's factanal: an item's own share is not let fall below this."""


def cronbach(cov: Floats) -> float:
    """Give alpha = J / (J - 1) (1 - sum of variances / variance of the sum)."""
    j = len(cov)
    return float(j / (j - 1) * (1 - np.trace(cov) / cov.sum()))


def feldt(alpha: float, n: int, items: int, level: float) -> tuple[float, float]:
    """Give Feldt's (1965) interval: exact for normal, equally good items; F with n - 1 and (n - 1)(J - 1) degrees."""
    tail = (1 - level) / 2
    free = n - 1, (n - 1) * (items - 1)
    return 1 - (1 - alpha) * float(fisher.ppf(1 - tail, *free)), 1 - (1 - alpha) * float(fisher.ppf(tail, *free))


def one_factor(cov: Floats) -> tuple[Floats, Floats]:
    """Fit one factor by maximum likelihood; give loadings and unique variances on the items' own scales."""
    sd = np.sqrt(np.diag(cov))
    r = cov / np.outer(sd, sd)
    start = np.clip(0.5 / np.diag(np.linalg.pinv(r)), LEAST_UNIQUE, 1.0)
    found = minimize(
        _distance, start, args=(r,), jac=True, method="L-BFGS-B", bounds=[(LEAST_UNIQUE, 1.0)] * len(r),
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
    )  # fmt: skip
    loadings = _loadings(found.x, r)
    return loadings * sd, found.x * sd**2


def _loadings(unique: Floats, r: Floats) -> Floats:
    root = np.sqrt(unique)
    values, vectors = np.linalg.eigh(r / np.outer(root, root))
    v = vectors[:, -1] * np.sign(vectors[:, -1].sum() or 1.0)
    return np.asarray(root * v * np.sqrt(max(float(values[-1]) - 1, 0.0)))


def _distance(unique: Floats, r: Floats) -> tuple[float, Floats]:
    """Give the discrepancy with the loadings at their best, and its slope (Lawley and Maxwell 1971, as in factanal)."""
    root = np.sqrt(unique)
    rest = np.linalg.eigvalsh(r / np.outer(root, root))[:-1]
    loadings = _loadings(unique, r)
    slope = (loadings**2 + unique - np.diag(r)) / unique**2
    return float((rest - np.log(rest) - 1).sum()), np.asarray(slope)


def omega_of(loadings: Floats, unique: Floats) -> float:
    """Give omega total: (sum of loadings)^2 over itself plus the sum of unique variances."""
    common = float(loadings.sum()) ** 2
    return common / (common + float(unique.sum()))


def standard_omega_of(loadings: Floats, unique: Floats) -> float:
    """Give omega for items brought to one standard deviation first."""
    sd = np.sqrt(loadings**2 + unique)
    return omega_of(loadings / sd, unique / sd**2)


def omega_parts(values: Floats, loadings: Floats, unique: Floats, of: Callable[[Floats, Floats], float]) -> Floats:
    """Give what each respondent adds to omega: its slope times the inverse information times the respondent's score."""
    z = values - values.mean(axis=0)
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(unique))
    u = z @ inverse
    pull = inverse @ loadings
    score = np.column_stack([u * (u @ loadings)[:, None] - pull, (u**2 - np.diag(inverse)) / 2])
    j = len(loadings)
    info = np.empty((2 * j, 2 * j))
    info[:j, :j] = float(loadings @ pull) * inverse + np.outer(pull, pull)
    info[:j, j:] = inverse * pull[None, :]
    info[j:, :j] = info[:j, j:].T
    info[j:, j:] = inverse**2 / 2
    return np.asarray(score @ np.linalg.solve(info, _slope(loadings, unique, of)))


def _slope(loadings: Floats, unique: Floats, of: Callable[[Floats, Floats], float]) -> Floats:
    theta = np.concatenate([loadings, unique])
    step = 1e-6 * np.maximum(np.abs(theta), 1e-3 * np.abs(theta).max())
    j, slope = len(loadings), np.empty(len(theta))
    for k in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[k] += step[k]
        down[k] -= step[k]
        slope[k] = (of(up[:j], up[j:]) - of(down[:j], down[j:])) / (2 * step[k])
    return slope


def interval_from_parts(
    value: float, parts: Floats, clusters: npt.NDArray[np.intp] | None, level: float
) -> tuple[float, float, int]:
    """Give an interval on the scale log(1 - value), and how many clusters (or respondents) it stands on.

    Notes
    -----
    A cluster's sum counts n / (n - n_c) times, which is the jackknife that leaves out one cluster at a time; t with
    (sum of sizes)^2 / (sum of their squares) - 1 degrees of freedom, so that a few large clusters count as few.
    """
    n = len(parts)
    alone = clusters is None or not len(clusters)
    codes = np.arange(n) if alone else np.unique(np.asarray(clusters), return_inverse=True)[1]
    size = np.bincount(codes).astype(float)
    sums = np.bincount(codes, parts) / (1 - size / n)
    g = len(size)
    error = float(np.sqrt((g - 1) / g * (sums**2).sum())) / n / max(1 - value, 1e-12)
    free = max(n**2 / float((size**2).sum()) - 1, 1.0)
    half = float(student.ppf(1 - (1 - level) / 2, free)) * error
    return 1 - (1 - value) * float(np.exp(half)), 1 - (1 - value) * float(np.exp(-half)), g


def alpha_by_cluster(values: Floats, clusters: npt.NDArray[np.intp], level: float) -> tuple[float, float]:
    """Give alpha's interval from leaving out one cluster at a time, for clusters of any sizes, on log(1 - alpha).

    Notes
    -----
    Busing, Meijer and van der Leeden (1999), delete-m(j) jackknife, centred on its own estimate, since
    alpha comes out low with few clusters. Degrees of freedom as in `interval_from_parts`.
    """
    z = values - values.mean(axis=0)
    codes = np.unique(clusters, return_inverse=True)[1]
    size = np.bincount(codes).astype(float)
    n, g = len(z), len(size)
    columns = np.column_stack([z, z.sum(axis=1)])
    first = np.column_stack([np.bincount(codes, c) for c in columns.T])
    second = np.column_stack([np.bincount(codes, c**2) for c in columns.T])
    left = (n - size)[:, None]
    variance = (second.sum(axis=0) - second - (first.sum(axis=0) - first) ** 2 / left) / (left - 1)
    whole = columns.var(axis=0, ddof=1)
    at, without = (_log_rest(v[..., :-1].sum(axis=-1), v[..., -1], values.shape[1]) for v in (whole, variance))
    share = n / size
    pseudo = share * at - (share - 1) * without
    centre = g * at - ((1 - 1 / share) * without).sum()
    error = float(np.sqrt(((pseudo - centre) ** 2 / (share - 1)).mean()))
    free = max(n**2 / float((size**2).sum()) - 1, 1.0)
    half = float(student.ppf(1 - (1 - level) / 2, free)) * error
    return 1 - float(np.exp(centre + half)), 1 - float(np.exp(centre - half))


def _log_rest(own: Floats, total: Floats, items: int) -> Floats:
    """Give log(1 - alpha) from the sum of items' variances and the variance of their sum."""
    return np.asarray(np.log(1 - items / (items - 1) * (1 - own / total)))
