"""Effects that come in groups, as schools of one district do: two variances, and errors that hold for few groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import chi2

Floats = npt.NDArray[np.float64]
_STARTS = ((0.5, 0.5), (1.0, 0.02), (0.02, 1.0))


@dataclass(frozen=True)
class Nested:
    """A three-level average or regression: coefficients, model covariance, variance between and within groups."""

    coef: Floats
    cov: Floats
    between: float
    within: float
    log_likelihood: float
    q: float
    typical: float


@dataclass(frozen=True)
class _Data:
    """Effects in an order in which groups stand together, in units of a typical standard error."""

    y: Floats
    v: Floats
    x: Floats
    begins: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.intp]

    def sums(self, values: Floats) -> Floats:
        return np.add.reduceat(values, self.begins, axis=0)


def nested(y: Floats, v: Floats, x: Floats, groups: npt.NDArray[np.intp]) -> Nested:
    """Fit y = X b + u_group + w + e by REML over both variances; `groups` are codes in ascending order."""
    scale = float(np.sqrt(np.median(v)))
    data = _data(y / scale, v / scale**2, x, groups)
    between, within = _likeliest(data)
    ll, coef, cov = _fit(data, between, within)[:3]
    _, cov0, e0 = _plain(data)
    free = len(y) - x.shape[1]
    trace = float((1 / data.v).sum() - np.trace(cov0 @ (x.T @ (x / data.v[:, None] ** 2))))
    return Nested(
        coef * scale,
        cov * scale**2,
        between * scale**2,
        within * scale**2,
        ll - free * np.log(scale) + float(np.linalg.slogdet(x.T @ x)[1]) / 2,
        float((e0**2 / data.v).sum()),
        free / trace * scale**2,
    )


def _data(y: Floats, v: Floats, x: Floats, groups: npt.NDArray[np.intp]) -> _Data:
    begins = np.flatnonzero(np.r_[True, np.diff(groups) != 0])
    return _Data(y, v, x, begins, np.diff(np.r_[begins, len(y)]))


def _plain(data: _Data) -> tuple[Floats, Floats, Floats]:
    w = 1 / data.v
    cov = np.asarray(np.linalg.inv(data.x.T @ (data.x * w[:, None])), dtype=np.float64)
    coef = cov @ (data.x.T @ (w * data.y))
    return coef, cov, data.y - data.x @ coef


def _fit(data: _Data, between: float, within: float) -> tuple[float, Floats, Floats, Floats]:
    """Give the restricted log-likelihood, coefficients, covariance, and its slopes by the two variances.

    V_g = D + between 1 1' is inverted by V^-1 a = D^-1 a - f (1'D^-1 a) D^-1 1, f = between / (1 + between 1'D^-1 1).
    """
    d = 1 / (data.v + within)
    total = data.sums(d)
    f = between / (1 + between * total)

    def solved(a: Floats) -> Floats:
        da = a * (d if a.ndim == 1 else d[:, None])
        pulled = data.sums(da) * (f if a.ndim == 1 else f[:, None])
        return np.asarray(da - np.repeat(pulled, data.sizes, axis=0) * (d if a.ndim == 1 else d[:, None]))

    vx = solved(data.x)
    xvx = data.x.T @ vx
    cov = np.asarray(np.linalg.inv(xvx), dtype=np.float64)
    coef = cov @ (vx.T @ data.y)
    e = data.y - data.x @ coef
    py = solved(e)
    det = float(np.log(d).sum() - np.log1p(between * total).sum())
    free = len(data.y) - data.x.shape[1]
    ll = 0.5 * (det - float(np.linalg.slogdet(xvx)[1]) - float(e @ py) - free * np.log(2 * np.pi))
    # The slopes are those of tr(P dV), by parts.
    summed = data.sums(vx)
    trace_between = float((total - f * total**2).sum() - np.trace(cov @ (summed.T @ summed)))
    trace_within = float(d.sum() - (f * data.sums(d**2)).sum() - np.trace(cov @ (vx.T @ vx)))
    slopes = 0.5 * np.array([float((data.sums(py) ** 2).sum()) - trace_between, float((py**2).sum()) - trace_within])
    return ll, coef, cov, slopes


def _likeliest(data: _Data) -> tuple[float, float]:
    """Climb from several starts, keep the highest."""

    def down(theta: Floats) -> tuple[float, Floats]:
        ll, _, _, slopes = _fit(data, float(theta[0]), float(theta[1]))
        return -ll, -slopes

    spread = float(_plain(data)[2].var()) + 1e-3
    found = [
        minimize(
            down,
            np.array(start) * spread,
            jac=True,
            method="L-BFGS-B",
            bounds=((0, None), (0, None)),
            options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 200},
        )
        for start in _STARTS
    ]
    best = min(found, key=lambda r: float(r.fun))
    return float(best.x[0]), float(best.x[1])


def variance_intervals(
    y: Floats, v: Floats, x: Floats, groups: npt.NDArray[np.intp], fit: Nested, level: float = 0.95
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give profile likelihood intervals of the variance between and within groups."""
    scale = float(np.median(v))
    data = _data(y / np.sqrt(scale), v / scale, x, groups)
    best = _fit(data, fit.between / scale, fit.within / scale)[0]
    cut = float(chi2.ppf(level, 1)) / 2

    def profile(at: float, which: int) -> float:
        def down(other: float) -> float:
            pair = (at, other) if which == 0 else (other, at)
            return -_fit(data, *pair)[0]

        top = 10 * (fit.between + fit.within) / scale + 10 * at + 10
        inner = minimize_scalar(down, bounds=(0, top), method="bounded", options={"xatol": 1e-9 * top})
        return max(-float(inner.fun), -down(0.0)) - best + cut

    ends = [
        _where_zero(lambda t, k=which: profile(t, k), centre / scale)  # type: ignore[misc]
        for which, centre in enumerate((fit.between, fit.within))
    ]
    return tuple((low * scale, high * scale) for low, high in ends)  # type: ignore[return-value]


def _where_zero(above: Callable[[float], float], centre: float) -> tuple[float, float]:
    low = 0.0 if centre == 0 or above(0.0) >= 0 else float(brentq(above, 0.0, centre, xtol=1e-10, rtol=1e-9))
    step = max(centre, 0.1)
    high = centre + step
    while above(high) > 0 and high < 1e9:
        step *= 2
        high += step
    return low, float(brentq(above, centre, high, xtol=1e-10, rtol=1e-9))


def robust(
    y: Floats,
    v: Floats,
    x: Floats,
    clusters: npt.NDArray[np.intp],
    fit: tuple[Floats, Floats],
    covariance: Callable[[npt.NDArray[np.intp]], Floats],
) -> tuple[Floats, Callable[[Floats], float]]:
    """Give the CR2 covariance of coefficients, and the degrees of freedom of a contrast (Pustejovsky and Tipton 2018).

    Parameters
    ----------
    clusters
        Codes of what is independent of each other.
    fit
        Coefficients and their covariance under the working model.
    covariance
        Gives the working model's covariance matrix of these rows.

    Notes
    -----
    A = F (F C F)^(-1/2) F with F^2 = V_c the working covariance of a cluster and C = V_c - X_c M X_c'; as R:
    clubSandwich::vcovCR(rma.mv object, type = "CR2").
    """
    coef, m = fit
    k = x.shape[1]
    halves, owns, scores = [], [], []
    for code in range(int(clusters.max()) + 1):
        rows = np.flatnonzero(clusters == code)
        phi, xc = covariance(rows), x[rows]
        root = _power(phi, 0.5)
        adjust = root @ _power(root @ (phi - xc @ m @ xc.T) @ root, -0.5) @ root
        turned = adjust @ np.linalg.solve(phi, xc) @ m  # rows of p_c, one column a coefficient
        scores.append(turned.T @ (y[rows] - xc @ coef))
        halves.append(xc.T @ turned)
        owns.append(turned.T @ phi @ turned)
    score = np.array(scores)
    half, own = np.array(halves), np.array(owns)

    def free(c: Floats) -> float:
        d = np.einsum("i,gij,j->g", c, own, c)
        s = half @ c
        inner = np.diag(d) - s @ m @ s.T
        squares = float((inner**2).sum())
        return float(np.trace(inner)) ** 2 / squares if squares > 0 else float("nan")

    return score.T @ score if k else np.zeros((0, 0)), free


def _power(a: Floats, power: float) -> Floats:
    values, vectors = np.linalg.eigh((a + a.T) / 2)
    full = values > 1e-10 * max(float(values.max()), 1e-300)
    raised = np.where(full, np.where(full, values, 1.0) ** power, 0.0)
    return np.asarray((vectors * raised) @ vectors.T)
