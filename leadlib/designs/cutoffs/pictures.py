"""What the chart of a cutoff draws: means of bins, a curve on each side, and the two ends of the jump."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadlib.designs.cutoffs.fits import Local, Rows
from leadlib.designs.cutoffs.local import powers
from leadlib.designs.estimates import interval

COLUMNS = ("kind", "side", "score", "value", "low", "high", "n")
MOST_BINS, LEAST_IN_BIN = 12, 5
_REACH = 2.0
_POINTS = 25


def drawn(rows: Rows, main: Local, cutoff: float, level: float) -> pd.DataFrame:
    """Give the frame of a cutoff's chart: bins of equal count within twice the bandwidth, curves, and the jump's ends.

    The comparison's end has no interval; the treated end's is that of the jump.
    """
    table = []
    low, high = interval(main.value, main.se, main.df, level)
    # The drawn jump is the estimate: where its curves had a bandwidth of their own, the treated curve is shifted to it.
    shift = main.limit + main.value - float(main.curves[1][0])
    for name, keep in (("comparison", ~rows.treated), ("treated", rows.treated)):
        near = keep & (np.abs(rows.x) <= _REACH * main.bandwidth)
        table += [("bin", name, x + cutoff, y, np.nan, np.nan, n) for x, y, n in _bins(rows.x[near], rows.y[near])]
        sign = 1.0 if (name == "treated") == rows.treated_right else -1.0
        u = np.linspace(0, sign, _POINTS)
        curve = powers(u, 2) @ main.curves[name == "treated"] + (shift if name == "treated" else 0.0)
        table += [
            ("curve", name, x * main.bandwidth + cutoff, y, np.nan, np.nan, 0) for x, y in zip(u, curve, strict=True)
        ]
    table.append(("limit", "comparison", cutoff, main.limit, np.nan, np.nan, main.comparison_n))
    table.append(
        ("limit", "treated", cutoff, main.limit + main.value, main.limit + low, main.limit + high, main.treated_n)
    )
    return pd.DataFrame(table, columns=list(COLUMNS))


def _bins(x: np.ndarray, y: np.ndarray) -> list[tuple[float, float, int]]:
    """Give mean score, mean outcome and count of bins of about equal count; scores that are equal share a bin."""
    bins = max(1, min(MOST_BINS, len(x) // LEAST_IN_BIN))
    edges = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)))
    where = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, max(len(edges) - 2, 0))
    return [(float(x[k].mean()), float(y[k].mean()), int(k.sum())) for k in (where == b for b in np.unique(where))]
