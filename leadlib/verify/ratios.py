"""Published numbers of shares and their ratios: Koopman's, Newcombe's and Wilson's intervals, the federal rule."""

from __future__ import annotations

import pandas as pd

from leadlib.designs import disproportion
from leadlib.designs.disproportions.shares import difference_interval, ratio_interval, wilson
from leadlib.verify import Number

_KOOPMAN = "Koopman (1984), Biometrics 40, p. 517"
_BOOK = "Fagerland, Lydersen and Laake (2017), Perondi trial; R contingencytables, its own tests"
_NEWCOMBE = "Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10"
_WILSON = "Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3"
_RULE = "34 CFR 300.647: risk over the risk of all other groups"


def _ratio() -> float:
    table = pd.DataFrame({"group": ["one", "others"], "outcome_n": [18, 5000], "total_n": [120, 100_000]})
    found = disproportion(table, group="group", outcome_n="outcome_n", total_n="total_n")
    return float(found.frame.loc[found.frame["group"] == "one", "ratio"].iloc[0])


def _koopman(a: int, m: int, b: int, n: int, source: str, low: str, high: str) -> tuple[Number, Number]:
    what = f"Ratio {a}/{m} to {b}/{n}, score interval"
    return (
        Number(f"{what}, low", source, low, lambda: float(ratio_interval(a, m, b, n)[0])),
        Number(f"{what}, high", source, high, lambda: float(ratio_interval(a, m, b, n)[1])),
    )


def _newcombe(a: int, m: int, b: int, n: int, low: str, high: str, source: str = _NEWCOMBE) -> tuple[Number, Number]:
    what = f"Difference {a}/{m} minus {b}/{n}"
    return (
        Number(f"{what}, low", source, low, lambda: float(difference_interval(a, m, b, n)[0])),
        Number(f"{what}, high", source, high, lambda: float(difference_interval(a, m, b, n)[1])),
    )


def _share(x: int, n: int, low: str, high: str) -> tuple[Number, Number]:
    return (
        Number(f"Share {x}/{n}, low", _WILSON, low, lambda: float(wilson(x, n)[0])),
        Number(f"Share {x}/{n}, high", _WILSON, high, lambda: float(wilson(x, n)[1])),
    )


NUMBERS: tuple[Number, ...] = (
    Number("Risk ratio, 18 of 120 against 5,000 of 100,000", _RULE, "3.0", _ratio),
    *_koopman(36, 40, 16, 80, _KOOPMAN, "2.94", "7.15"),
    *_koopman(7, 34, 1, 34, _BOOK, "1.2209", "42.5757"),
    *_newcombe(7, 34, 1, 34, "0.0189", "0.3404", _BOOK),
    *_newcombe(56, 70, 48, 80, "0.0524", "0.3339"),
    *_newcombe(9, 10, 3, 10, "0.1705", "0.8090"),
    *_newcombe(6, 7, 2, 7, "0.0582", "0.8062"),
    *_newcombe(5, 56, 0, 29, "-0.0381", "0.1926"),
    *_newcombe(10, 10, 0, 20, "0.6791", "1.0000"),
    *_share(81, 263, "0.2553", "0.3662"),
    *_share(15, 148, "0.0624", "0.1605"),
    *_share(0, 20, "0.0000", "0.1611"),
    *_share(1, 29, "0.0061", "0.1718"),
)
