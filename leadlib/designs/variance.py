"""Changes between neighbouring years, and how their variance depends on size: the regression below `noise`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar

from leadlib.designs.panels import Z

Floats = npt.NDArray[np.float64]
LEAST_COMPANY = 20


@dataclass(frozen=True)
class Fit:
    """E[y] = A + B x: real change A, chance B and its standard error.

    `said` names what could not be told ("chance" or "real change", else empty), `clustered` says whether schools have
    several changes, `by_level` whether A may differ by level.
    """

    a: float
    b: float
    b_se: float
    said: str
    clustered: bool
    by_level: bool = False

    def interval(self) -> tuple[float, float]:
        """Give B's 95% interval, even on the log scale: a variance is never below zero."""
        times = float(np.exp(Z * self.b_se / self.b)) if self.b > 0 else 1.0
        return self.b / times, self.b * times


def pairs(part: pd.DataFrame) -> pd.DataFrame:
    """Give a measure's pairs of neighbouring years: each row with value, size and sd of the year before beside it."""
    years = {y: k for k, y in enumerate(sorted(part.loc[part["value"].notna(), "year"].unique()))}
    rows = part[part["year"].isin(list(years))].sort_values(["school_id", "year"], kind="stable")
    place = rows["year"].map(years).to_numpy()
    ids = rows["school_id"].to_numpy()
    follows = np.r_[False, (ids[1:] == ids[:-1]) & (np.diff(place) == 1)] if len(rows) else np.zeros(0, bool)
    columns = [c for c in ("year", "value", "size", "sd", "width") if c in rows]
    before = rows[columns].shift().add_suffix("_before")
    return pd.concat([rows, before], axis=1)[follows]


def company(frame: pd.DataFrame) -> pd.DataFrame:
    """Give what each change is set beside: its year, and its level where that has enough schools with a change.

    High schools may move otherwise than primary schools for reasons that have nothing to do with their size.
    """
    level = frame["school_level"].fillna("") if "school_level" in frame else pd.Series("", index=frame.index)
    n = level.groupby([frame["year"], level]).transform("size")
    return pd.DataFrame({"year": frame["year"], "level": level.where(n >= LEAST_COMPANY, "")})


def centred(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the change less the mean change of its company; the mean's own share of chance is given back."""
    raw = frame["value"] - frame["value_before"]
    beside = raw.groupby([*company(frame).to_dict("series").values()])
    n = beside.transform("count")
    return frame.assign(change=(raw - beside.transform("mean")) * np.sqrt(n / (n - 1).where(n > 1)))


def fit_variance(y: Floats, x: Floats, school: npt.NDArray[np.intp], level: Any = None) -> Fit:
    """Fit E[y] = A + B x to squared changes by Gamma regression with identity link, A and B not below zero.

    Parameters
    ----------
    y, x : array
        Squared changes, and what their chance part is proportional to.
    school : array of int
        Which school each belongs to: several of one school are taken as one cluster.
    level : array of int, optional
        Which level (0, 1, ...): real change A may then differ by level, and A is given as the mean over the changes.
    """
    unit_y, unit_x = float(y.mean()), float(x.mean())
    v, u = y / unit_y, x / unit_x
    share = _share_of_chance(v, u)
    start = float(np.mean(v / (1 - share + share * u)))
    inside = 1e-6 < share < 1 - 1e-6
    if level is not None and level.max() > 0:
        apart = _by_level(v, u, school, level, start * min(max(share, 0.05), 0.95))
        if apart is not None:
            a, b, b_se = apart
            return Fit(a * unit_y, b * unit_y / unit_x, b_se * unit_y / unit_x, "", _several(school), True)
    columns = np.column_stack([np.ones_like(u), u]) if inside else (u if share > 0.5 else np.ones_like(u))[:, None]
    first = np.array([start * (1 - share), start * share]) if inside else np.array([start])
    estimate, errors, _ = _gamma(v, columns, first, school if _several(school) else None)
    a, b = (estimate[0], estimate[1]) if inside else ((0.0, estimate[0]) if share > 0.5 else (estimate[0], 0.0))
    b_se = errors[-1] if inside or share > 0.5 else 0.0
    said = "" if inside else ("real change" if share > 0.5 else "chance")
    return Fit(float(a) * unit_y, float(b) * unit_y / unit_x, float(b_se) * unit_y / unit_x, said, _several(school))


def _several(school: npt.NDArray[np.intp]) -> bool:
    return bool(len(school) > len(np.unique(school)))


def _by_level(v: Floats, u: Floats, school: Any, level: Any, start: float) -> tuple[float, float, float] | None:
    """Fit one A a level and one B; None where any of them would be below zero."""
    columns = np.column_stack([*((level == k).astype(float) for k in range(level.max() + 1)), u])
    rests = [max(float((v - start * u)[level == k].mean()), 0.01) for k in range(level.max() + 1)]
    first = np.array([*rests, start])
    estimate, errors, found = _gamma(v, columns, first, school if _several(school) else None)
    if not found or not np.all(estimate > 0) or not np.all(np.isfinite(errors)):
        return None
    return float(np.mean(columns[:, :-1] @ estimate[:-1])), float(estimate[-1]), float(errors[-1])


def _share_of_chance(v: Floats, u: Floats) -> float:
    """Give the w in E[v] = c (1 - w + w u) that maximises the likelihood; a safe start, and on the edge the answer."""

    def loss(w: float) -> float:
        shape = 1 - w + w * u
        return float(np.log(np.mean(v / shape)) + np.mean(np.log(shape)))

    best = minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-10})
    edges = {0.0: loss(0.0), 1.0: loss(1.0), float(best.x): float(best.fun)}
    return min(edges, key=lambda w: edges[w])


def _gamma(v: Floats, columns: Floats, start: Floats, clusters: Any) -> tuple[Floats, Floats, bool]:
    """Give estimates and standard errors, and whether they were found; where not, they are those at the start."""
    from statsmodels.genmod.families import Gamma
    from statsmodels.genmod.families.links import Identity
    from statsmodels.genmod.generalized_linear_model import GLM

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the identity link draws a domain warning whatever the data
        model = GLM(np.maximum(v, 1e-12), columns, family=Gamma(Identity()))
        options = {} if clusters is None else {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
        fit = model.fit(start_params=start, maxiter=100, tol=1e-12, **options)
        sound = np.all(np.isfinite(fit.params)) and np.all(columns @ fit.params > 0) and np.all(fit.params >= 0)
        good = bool(sound and fit.converged)
        if not good:
            fit = model.fit(start_params=start, maxiter=0, **options)
    return np.asarray(fit.params, dtype=float), np.asarray(fit.bse, dtype=float), good
