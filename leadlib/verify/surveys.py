"""Published numbers of survey scales: agreement of raters, one factor, answers that follow nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs import survey
from leadlib.designs.survey.agreement import null_variance
from leadlib.designs.survey.scales import cronbach, omega_of, one_factor, standard_omega_of
from leadlib.verify import Number

_SHROUT = "Shrout and Fleiss (1979), Psychological Bulletin 86, tables 2 and 4"
_PSYCH = "Shrout and Fleiss (1979) data; R psych 2.2.9, ICC()"
_JAMES = "James, Demaree and Wolf (1984), Journal of Applied Psychology 69"
_ABILITY = "Smith and Stanley (1983), covariances of six tests; R 4.2.2, factanal(factors = 1)"
_RATINGS = ((9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7))
_COVARIANCES = (
    (24.641, 5.991, 33.520, 6.023, 20.755, 29.701),
    (5.991, 6.700, 18.137, 1.782, 4.936, 7.204),
    (33.520, 18.137, 149.831, 19.424, 31.430, 50.753),
    (6.023, 1.782, 19.424, 12.711, 4.757, 9.075),
    (20.755, 4.936, 31.430, 4.757, 52.604, 66.762),
    (29.701, 7.204, 50.753, 9.075, 66.762, 135.292),
)


@cache
def _raters() -> Any:
    rows = [(str(k), value) for k, row in enumerate(_RATINGS) for value in row]
    return survey.icc(pd.DataFrame(rows, columns=["target", "rating"]), outcome="rating", unit="target")


@cache
def _factor() -> Any:
    return one_factor(np.array(_COVARIANCES))


def _loading(k: int) -> float:
    loadings, unique = _factor()
    return float(loadings[k] / np.sqrt(loadings[k] ** 2 + unique[k]))


NUMBERS: tuple[Number, ...] = (
    Number("ICC(1) of four raters", _SHROUT, "0.17", lambda: _raters().value),
    Number("ICC(2): mean of four raters", _SHROUT, "0.44", lambda: _raters().icc2),
    Number("Mean square between targets", _SHROUT, "11.24", lambda: _raters().between),
    Number("Mean square within targets", _SHROUT, "6.26", lambda: _raters().within),
    Number("Alpha of four raters, as ICC(3,4)", _SHROUT, "0.91", lambda: cronbach(np.cov(np.array(_RATINGS).T))),
    Number("Alpha of four raters, as ICC(3,4)", _PSYCH, "0.90932", lambda: cronbach(np.cov(np.array(_RATINGS).T))),
    Number("ICC(1) of four raters", _PSYCH, "0.1657418", lambda: _raters().value, 1e-6,
           "psych fits a mixed model, which stops close by"),
    Number("ICC(1), interval low", _PSYCH, "-0.13293", lambda: _raters().low),
    Number("ICC(1), interval high", _PSYCH, "0.72256", lambda: _raters().high),
    Number("ICC(2), interval low", _PSYCH, "-0.88444", lambda: _raters().icc2_low),
    Number("ICC(2), interval high", _PSYCH, "0.91242", lambda: _raters().icc2_high),
    Number("Variance of five answers, uniform", _JAMES, "2.00", lambda: null_variance((1, 5), "uniform")),
    Number("Variance of seven answers, uniform", _JAMES, "4.00", lambda: null_variance((1, 7), "uniform")),
    Number("Variance of five answers, slightly skewed", _JAMES, "1.34", lambda: null_variance((1, 5), "slight skew")),
    Number("Loading of general ability", _ABILITY, "0.6822031", lambda: _loading(0), 2e-6, "both searches stop"),
    Number("Loading of picture", _ABILITY, "0.3839544", lambda: _loading(1), 2e-6, "both searches stop"),
    Number("Loading of reading", _ABILITY, "0.8765181", lambda: _loading(4), 2e-6, "both searches stop"),
    Number("Omega, standardized, from factanal's loadings", _ABILITY, "0.78399", lambda: standard_omega_of(*_factor())),
    Number("Omega, from factanal's loadings", _ABILITY, "0.80074", lambda: omega_of(*_factor())),
)  # fmt: skip
