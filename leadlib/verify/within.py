"""Published numbers for slopes with unit and time effects: Grunfeld's ten firms."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from leadlib.designs.slope_fits import Effects, Rows, slopes
from leadlib.verify import FILES, Number

_SAYS = 'R 4.2.2, summary(plm(inv ~ value + capital, Grunfeld, model = "{}"{}))'


@cache
def _grunfeld(effects: Effects) -> tuple[float, ...]:
    """Give the slopes of investment on value and capital."""
    d = pd.read_csv(FILES / "grunfeld.csv")
    codes = [pd.factorize(d[c])[0] for c in ("firm", "year", "firm")]
    rows = Rows(d["inv"].to_numpy(float), d[["value", "capital"]].to_numpy(float), np.empty((len(d), 0)), *codes)
    return tuple(s.value for s in slopes(rows, ["value", "capital"], effects, "Grunfeld", None))


def _slope(effects: Effects, which: int) -> Callable[[], float]:
    return lambda: _grunfeld(effects)[which]


NUMBERS = (
    Number(
        "Investment on value, firm and year effects", _SAYS.format("within", ', effect = "twoways"'), "0.117716",
        _slope("both", 0),
    ),
    Number(
        "Investment on capital, firm and year effects", _SAYS.format("within", ', effect = "twoways"'), "0.357916",
        _slope("both", 1),
    ),
    Number("Investment on value, all rows together", _SAYS.format("pooling", ""), "0.115562", _slope("none", 0)),
    Number("Investment on capital, all rows together", _SAYS.format("pooling", ""), "0.230678", _slope("none", 1)),
)  # fmt: skip
