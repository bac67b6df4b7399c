"""What must not be shown exactly, and how it is coded, so that no pupil can be told from a school's numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.numbers import NO_VALUE, show

K = 10
"""The fewest pupils that may stand behind a number: the most common minimum of the states (NCES 2011-603)."""

NOT_SHOWN = "not shown"

_FROM_N = (0, 20, 40, 100, 300)
_BAND_PCT = (20.0, 10.0, 5.0, 2.0, 1.0)
_UNKNOWN_N_PCT = 5.0

Floats = npt.NDArray[np.float64]


def small(n: Any, k: int = K) -> Any:
    """Say whether a number of pupils is too small to show anything about them; an unknown number is not small.

    Parameters
    ----------
    n : number or array of numbers
        Pupils.
    k : int
        The fewest that may be shown.
    """
    return np.asarray(n, dtype=float) < k if np.ndim(n) else bool(float(n) < k)


def band(n: Any = None) -> Floats:
    """Give how far from 0 and 100 percent a share must stay to be shown exactly, by the number of pupils behind it.

    20 points for fewer than 20 pupils, 10 for fewer than 40, 5 for fewer than 100 or an unknown number, 2 for fewer
    than 300, else 1: the end bands of state report cards (coding at 80/20, 90/10, 95/5, 98/2, 99/1).
    """
    size = np.atleast_1d(np.asarray(np.nan if n is None else n, dtype=float))
    place = np.searchsorted(_FROM_N, np.where(np.isnan(size), 0, size), side="right") - 1
    return np.where(np.isnan(size), _UNKNOWN_N_PCT, np.asarray(_BAND_PCT)[np.clip(place, 0, None)])


def code_extremes(value_pct: Any, n: Any = None) -> tuple[pd.Series, pd.Series]:
    """Code shares near 0 and 100 percent: 99.3% of 60 pupils becomes 95%, to be read as "95% or more".

    Parameters
    ----------
    value_pct : Series or array
        Percentages from 0 to 100.
    n : number, Series or array, optional
        Pupils behind each; unknown ones are coded at 95 and 5.

    Returns
    -------
    tuple of Series
        The values (a missing one stays missing) and for each why it is as it is: "reported" or "range".
    """
    value = pd.Series(value_pct, dtype=float)
    margin = np.broadcast_to(band(n), value.shape)
    coded = value.clip(lower=margin, upper=100 - margin)
    changed = coded.notna() & (coded != value)
    return coded, pd.Series(np.where(changed, "range", "reported"), index=value.index)


def code_shares(pct: Any, n: Any, k: int = K) -> Floats:
    """Code the shares of pupils in a group: where fewer than k are in it, or outside it, take the range's middle.

    Parameters
    ----------
    pct : array
        Shares of the pupils, 0 to 100.
    n : array
        Pupils in all; where unknown, shares under 5 and over 95 are coded.
    k : int
        The fewest pupils that may be seen.

    Returns
    -------
    array
        The coded shares; missing where fewer than 2k pupils leave no range that hides anything.
    """
    share, size = np.asarray(pct, dtype=float), np.asarray(n, dtype=float)
    low, high = _limits(size, k)
    few, most = _ends(share, size, k)
    coded = np.where(few, low / 2, np.where(most, (100 + high) / 2, share))
    return np.where(size < 2 * k, np.nan, coded)


def share_text(pct: float, n: float, k: int = K) -> str:
    """Write a share of pupils so that no group of fewer than k can be counted: `31.0%`, `under 3.9%`, `over 96.1%`.

    Parameters
    ----------
    pct : float
        The share, 0 to 100.
    n : float
        Pupils in all; where unknown, the limits are 5% and 95%.
    k : int
        The fewest pupils that may be seen.
    """
    if not math.isfinite(pct):
        return NO_VALUE
    if n < 2 * k:
        return NOT_SHOWN
    share, size = np.asarray([pct], dtype=float), np.asarray([n], dtype=float)
    low, high = _limits(size, k)
    few, most = _ends(share, size, k)
    if few[0]:
        return f"under {show(low[0], 'pct')}"
    return f"over {show(high[0], 'pct')}" if most[0] else show(pct, "pct")


def _ends(share: Floats, size: Floats, k: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    known = np.isfinite(size)
    inside = np.where(known, share * size / 100, np.nan)
    few = np.where(known, inside < k, share < _UNKNOWN_N_PCT)
    most = np.where(known, size - inside < k, share > 100 - _UNKNOWN_N_PCT)
    return few, most


def _limits(size: Floats, k: int) -> tuple[Floats, Floats]:
    """Give what a coded share is under or over, rounded outwards to a tenth so that the words stay true."""
    known = np.isfinite(size) & (size > 0)
    low = np.where(known, np.ceil(1000 * k / np.where(known, size, 1) - 1e-9) / 10, _UNKNOWN_N_PCT)
    return low, np.round(100 - low, 1)
