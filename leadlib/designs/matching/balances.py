"""How alike the arms are before and after matching, and how strong an unmeasured difference would have to be."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
COLUMNS = (
    "measure",
    "when",
    "difference_sd",
    "variance_ratio",
    "treated_mean",
    "comparison_mean",
    "sd",
    "treated_n",
    "comparison_n",
)
BEFORE, AFTER = "before", "after"
CLOSE, FAR = 0.05, 0.25
"""What Works Clearinghouse: differences to 0.05 SD are equivalent, beyond 0.25 they are not, whatever is adjusted."""


def balance(x: Floats, treated: npt.NDArray[np.bool_], weights: Floats, names: tuple[str, ...]) -> pd.DataFrame:
    """Give means, their difference in SDs and the variances' ratio for each covariate, before and after matching.

    SDs are those before matching, the root of the mean of both arms' variances, so that the two rows compare.
    """
    found = []
    for k, name in enumerate(names):
        column = x[:, k]
        sd = math.sqrt((column[treated].var(ddof=1) + column[~treated].var(ddof=1)) / 2)
        for when, w in ((BEFORE, np.ones(len(column))), (AFTER, weights)):
            (m1, v1), (m0, v0) = (_moments(column[arm], w[arm]) for arm in (treated, ~treated))
            gap = (m1 - m0) / sd if sd > 0 else 0.0
            ratio = v1 / v0 if v0 > 0 else math.nan
            n = int((w[treated] > 0).sum()), int((w[~treated] > 0).sum())
            found.append((name, when, gap, ratio, m1, m0, sd, *n))
    return pd.DataFrame(found, columns=list(COLUMNS))


def _moments(values: Floats, weights: Floats) -> tuple[float, float]:
    """Give the weighted mean, and the variance with the correction for weights that R's MatchIt uses."""
    total = float(weights.sum())
    mean = float(weights @ values) / total
    spare = total - float(weights @ weights) / total
    return mean, float(weights @ (values - mean) ** 2) / spare if spare > 0 else math.nan


def e_value(risk_ratio: float) -> float:
    """Say how strongly something unmeasured would have to be tied to treatment and to outcome to explain a risk ratio.

    Parameters
    ----------
    risk_ratio : float
        Above 0; below 1 it is turned over.

    Notes
    -----
    RR + sqrt(RR (RR - 1)): VanderWeele and Ding (2017). Checked against the examples printed there.
    """
    rr = max(risk_ratio, 1 / risk_ratio)
    return rr + math.sqrt(rr * (rr - 1))


def e_values(value: float, low: float, high: float, sd: float) -> tuple[float, float]:
    """Give the E-value of a difference and of its interval's end nearest zero (1 where zero lies inside).

    A difference of d standard deviations counts as the risk ratio exp(0.91 d) (VanderWeele and Ding 2017, Table 2).
    """
    near = 0.0 if low <= 0 <= high else low if low > 0 else high
    first, second = (e_value(math.exp(min(0.91 * abs(v) / sd, 700.0))) for v in (value, near))
    return first, second
