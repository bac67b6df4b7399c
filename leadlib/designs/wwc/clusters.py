"""What clusters do to an effect size and its p-value, and what several outcomes do to p-values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

from leadlib.designs.wwc.facts import fact
from leadlib.designs.wwc.sizes import EffectSize, Pair, _sized, plain, pooled_sd
from leadlib.errors import nearest, refuse

Kind = Literal["achievement", "other"]


@dataclass(frozen=True)
class Corrected:
    """A t statistic that ignored clusters, put right: t, degrees of freedom, p, and the correlation it rests on."""

    t: Any
    df: Any
    p: Any
    icc: Any


def cluster_df(n: Any, clusters: Any, icc: Any) -> Any:
    """Give the degrees of freedom that pupils in clusters leave (WWC Handbook 5.0, equation E.21).

    Parameters
    ----------
    n, clusters : number or array
        Pupils and clusters in both groups together.
    icc : number or array
        Intraclass correlation.
    """
    n, m, rho = (np.asarray(x, dtype=float) for x in (n, clusters, icc))
    size = n / m
    top = (n - 2 - 2 * (size - 1) * rho) ** 2
    rest = n - 2 * size
    return plain(top / ((n - 2) * (1 - rho) ** 2 + size * rest * rho**2 + 2 * rest * rho * (1 - rho)))


def cluster_gamma(n: Any, clusters: Any, icc: Any) -> Any:
    """Give the square of the factor for a standard deviation that ignored clusters: 1 - 2(n/M - 1) rho / (n - 2)."""
    n, m, rho = (np.asarray(x, dtype=float) for x in (n, clusters, icc))
    return plain(1 - 2 * (n / m - 1) * rho / (n - 2))


def cluster_correction(
    t: Any,
    *,
    n: Any = None,
    clusters: Any = None,
    icc: Any = None,
    outcome: Kind = "achievement",
    sizes: tuple[Sequence[int], Sequence[int]] | None = None,
) -> Corrected:
    """See what is left of a result that took pupils as independent although whole schools or classes were assigned.

    Parameters
    ----------
    t : number or array
        The t statistic as reported.
    n, clusters : number or array
        Pupils and clusters in both groups together, for clusters of about the same size.
    icc : number or array, optional
        Intraclass correlation of the outcome; else 0.20 for achievement and 0.10 for other outcomes.
    outcome : {"achievement", "other"}
        Chooses the correlation where none is given.
    sizes : pair of sequences, optional
        Pupils of each treated and each comparison cluster, in place of `n` and `clusters`. Where sizes differ by half,
        the correction from the mean size alone lets through 6 to 7 false alarms in a hundred; with them it is 5.

    Returns
    -------
    Corrected
        Missing numbers give missing ones.

    Raises
    ------
    InputError
        Fewer than four clusters (or two in a group), fewer pupils than clusters, a correlation outside 0 to 1.

    Notes
    -----
    t sqrt{[(N - 2) - 2(n - 1) rho] / [(N - 2)(1 + (n - 1) rho)]} with n = N/M, degrees of freedom from equation E.21
    (Hedges 2007, Correcting a significance test for clustering; WWC Procedures Handbook 4.1, Appendix F). With `sizes`,
    mean and variance of the pooled variance are worked out for those sizes in the same way. It holds where the
    correlation is the true one; one taken too low leaves too many false alarms. Checked against the R package baselinr
    (cluster_correction).
    """
    rho = _icc(icc, outcome)
    if sizes is not None:
        factor, df = _uneven(sizes, float(rho))
    else:
        size, m = np.asarray(n, dtype=float), np.asarray(clusters, dtype=float)
        if n is None or clusters is None:
            raise refuse("cluster_correction", "lacks pupils or clusters", "give n= and clusters=, or sizes=")
        if np.any(m < 4):
            raise refuse("cluster_correction, clusters", "fewer than four", "two in each group are the least")
        if np.any(size < m):
            raise refuse("cluster_correction, n", "fewer pupils than clusters", "give pupils first, then clusters")
        factor = np.sqrt(((size - 2) - 2 * (size / m - 1) * rho) / ((size - 2) * (1 + (size / m - 1) * rho)))
        df = cluster_df(size, m, rho)
    own = np.asarray(t, dtype=float) * factor
    return Corrected(plain(own), df, plain(2 * student.sf(np.abs(own), df)), plain(rho))


def _uneven(sizes: tuple[Sequence[int], Sequence[int]], rho: float) -> tuple[float, float]:
    """Give the factor for t and the degrees of freedom for clusters of these sizes: 2 E(Q)^2 / Var(Q), Q pooled."""
    groups = [np.asarray(list(one), dtype=float) for one in sizes]
    if any(len(m) < 2 or np.any(m < 1) for m in groups):
        raise refuse("cluster_correction, sizes", "a group has fewer than two clusters", "two in each are the least")
    n_t, n_c = (m.sum() for m in groups)
    mean = variance = spread = 0.0
    for m in groups:
        n, whole = m.sum(), 1 - rho + m * rho
        inside, squares = (m * whole).sum(), ((m - 1) * (1 - rho) ** 2 + whole**2).sum()
        mean += n - inside / n
        variance += squares - 2 * (m * whole**2).sum() / n + (inside / n) ** 2
        spread += inside / n**2
    free = n_t + n_c - 2
    return float(np.sqrt((1 / n_t + 1 / n_c) / spread * mean / free)), float(mean**2 / variance)


def cluster_g(
    *,
    ns: Pair,
    clusters: Any,
    icc: Any = None,
    outcome: Kind = "achievement",
    means: Pair,
    sds: Pair,
    se: Any = None,
    level: float = 0.95,
) -> EffectSize:
    """See how large a difference between groups of whole clusters is, in standard deviations of all pupils.

    Parameters
    ----------
    ns, means, sds : pair
        Pupils, means and standard deviations over pupils (clusters ignored): treated, comparison.
    clusters : number
        Clusters in both groups together.
    icc : number, optional
        As in `cluster_correction`.
    se : number, optional
        Standard error of the difference from an analysis that allowed for clusters.

    Returns
    -------
    EffectSize

    Notes
    -----
    g = omega_h (Yt - Yc)/S sqrt(gamma), gamma = 1 - 2(n - 1) rho / (N - 2), omega_h = 1 - 3/(4h - 1) with h from
    equation E.21; se = sqrt[(1/nt + 1/nc) eta + g^2/(2h)] with eta = 1 + (n - 1) rho, or (se/S)^2 gamma in place of
    its first term (supplement to the WWC Procedures Handbook 4.1; Hedges 2007, Effect sizes in cluster-randomized
    designs).
    """
    rho = _icc(icc, outcome)
    n_t, n_c = (np.asarray(x, dtype=float) for x in ns)
    n, m = n_t + n_c, np.asarray(clusters, dtype=float)
    if np.any(m < 4) or np.any(n < m):
        raise refuse(
            "cluster_g, clusters", "fewer than four, or more than pupils", "give clusters of both groups together"
        )
    spread = pooled_sd(np.asarray(sds[0], dtype=float), np.asarray(sds[1], dtype=float), n_t, n_c)
    if np.any(spread <= 0):
        raise refuse("cluster_g, sds", "are not positive", "an outcome that does not vary has no effect size")
    h, gamma = cluster_df(n, m, rho), cluster_gamma(n, m, rho)
    gap = np.asarray(means[0], dtype=float) - np.asarray(means[1], dtype=float)
    g = (1 - 3 / (4 * h - 1)) * gap / spread * np.sqrt(gamma)
    first = (1 / n_t + 1 / n_c) * (1 + (n / m - 1) * rho)
    first = first if se is None else (np.asarray(se, dtype=float) / spread) ** 2 * gamma
    used = f"pupils' standard deviation with the factor for clusters (intraclass correlation {float(np.mean(rho)):.2f})"
    return _sized("Hedges' g", g, np.sqrt(first + g**2 / (2 * h)), h, level, used)


def _icc(icc: Any, outcome: str) -> Any:
    known = fact("default_icc").value
    if icc is None and outcome not in known:
        raise refuse(f"cluster correction, outcome {outcome!r}", "is not one of them", nearest(outcome, known))
    rho = np.asarray(known[outcome] if icc is None else icc, dtype=float)
    if np.any((rho < 0) | (rho > 1)):
        raise refuse("cluster correction, icc", "does not lie between 0 and 1", "give 0.20 for 20%")
    return rho


@dataclass(frozen=True)
class Several:
    """What is left of several p-values: which are kept, each one's limit and rank, and adjusted p-values."""

    p: np.ndarray
    kept: np.ndarray
    limit: np.ndarray
    rank: np.ndarray
    adjusted: np.ndarray
    q: float

    def frame(self) -> pd.DataFrame:
        """Give one row a p-value, in the order given."""
        return pd.DataFrame({k: getattr(self, k) for k in ("p", "rank", "limit", "adjusted", "kept")})


def benjamini_hochberg(p: Any, *, q: float = 0.05) -> Several:
    """See which of several outcomes still stand out once it counts how many were looked at.

    Parameters
    ----------
    p : sequence of float
        p-values of one domain, each outcome once.
    q : float
        The share of false ones among those kept that is accepted on average.

    Returns
    -------
    Several
        `limit` is rank q / M; `adjusted` is the smallest q at which an outcome would be kept.

    Raises
    ------
    InputError
        No p-value, one that is missing, or one outside 0 to 1.

    Notes
    -----
    All p(i) up to the largest i with p(i) <= i q / M are kept (Benjamini and Hochberg 1995; WWC Procedures Handbook
    4.1, section VI.A). Adjusted p-values as in R: p.adjust(p, "BH").
    """
    values = np.asarray(p, dtype=float).ravel()
    if not len(values) or not np.all((values >= 0) & (values <= 1)):
        raise refuse(
            "benjamini_hochberg, p", "is empty, or holds something that is no p-value", "give one p-value an outcome"
        )
    if not 0 < q < 1:
        raise refuse("benjamini_hochberg, q", f"{q} does not lie between 0 and 1", "give 0.05")
    m = len(values)
    order = np.argsort(values, kind="stable")
    rank = np.empty(m, dtype=int)
    rank[order] = np.arange(1, m + 1)
    stepped = values[order] * m / np.arange(1, m + 1)
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 1.0)
    passing = np.flatnonzero(values[order] <= np.arange(1, m + 1) * q / m)
    last = passing[-1] + 1 if len(passing) else 0
    return Several(values, rank <= last, rank * q / m, rank, adjusted, q)
