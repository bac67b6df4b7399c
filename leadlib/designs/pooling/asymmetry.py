"""Whether small studies tell another story than large ones, and whether one study carries the average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

Floats = npt.NDArray[np.float64]
FEW_FOR_TEST = 10
"""Sterne and others (2011): with fewer than ten studies tests of asymmetry cannot tell chance from real asymmetry."""


@dataclass(frozen=True)
class Egger:
    """Egger's regression of effects on standard errors: slope, its t test, and the effect at an error of zero."""

    slope: float
    se: float
    t: float
    df: int
    p: float
    limit: float
    limit_low: float
    limit_high: float


def egger(y: Floats, v: Floats, level: float = 0.95) -> Egger | None:
    """Regress effects on their standard errors, weighted by 1/v; None for fewer than three or equal standard errors.

    Notes
    -----
    As R: metafor::regtest(x, model = "lm"): errors with multiplicative dispersion, t with k - 2 degrees of freedom
    (Egger, Davey Smith, Schneider and Minder 1997; Sterne and Egger 2005).
    """
    se = np.sqrt(v)
    if len(y) < 3 or float(np.ptp(se)) <= 1e-9 * float(se.max()):
        return None
    x = np.column_stack([np.ones_like(se), se])
    cov = np.linalg.inv(x.T @ (x / v[:, None]))
    coef = cov @ (x.T @ (y / v))
    df = len(y) - 2
    cov = cov * float(((y - x @ coef) ** 2 / v).sum()) / df
    error = float(np.sqrt(cov[1, 1]))
    t = float(coef[1]) / error if error > 0 else float("nan")
    half = float(student.ppf(1 - (1 - level) / 2, df) * np.sqrt(cov[0, 0]))
    return Egger(
        float(coef[1]), error, t, df, float(2 * student.sf(abs(t), df)), float(coef[0]), coef[0] - half, coef[0] + half
    )


def told(test: Egger | None, studies: int, *, nested: bool = False) -> str:
    """Say what Egger's test says, and how weak it is with few studies."""
    if nested:
        return "Small studies are not set against large ones: Egger's test needs effects that are independent."
    if test is None:
        return "Small studies cannot be set against large ones: there are too few, or all are equally precise."
    numbers = f"Egger's test: t {test.t:.2f}, {test.df} degrees of freedom, {p_text(test.p)}"
    if studies < FEW_FOR_TEST:
        return f"{numbers}. With {studies} studies this test is weak: neither answer says much."
    if test.p < 0.10:
        return (
            f"{numbers}: small studies tend to other effects than large ones. Studies that found little may never have"
            " been published, or small studies differ in kind."
        )
    return f"{numbers}: no sign that small studies differ from large ones, which is no proof that none is missing."


def p_text(p: float) -> str:
    """Write a p-value: `p 0.041`, `p below 0.001`."""
    return "p below 0.001" if p < 0.001 else f"p {p:.3f}"
