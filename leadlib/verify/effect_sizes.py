"""Published numbers on effect sizes, clusters, attrition and several outcomes, worked out again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from leadlib.designs import wwc
from leadlib.verify import Number

_HOCHBERG = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
)  # fmt: skip
_SLEEP = (
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
)
_BASELINR = "R package baselinr 0.6, example of {}"
_TABLE = "WWC Standards Handbook 4.1 (2020), Table II.1, {} boundary"
_BH = "Benjamini and Hochberg (1995), section 4, fifteen p-values"
_ADJUSTED = {
    4: "0.035625",
    5: "0.0603",
    6: "0.0638571429",
    8: "0.0645",
    9: "0.0765",
    11: "0.5811818182",
    12: "0.714875",
    13: "0.7532307692",
    14: "0.8132142857",
}


def _student_t() -> float:
    """Give t of Student's sleep data by way of g."""
    more, less = (np.asarray(x) for x in _SLEEP)
    g = wwc.hedges_g(means=(less.mean(), more.mean()), sds=(less.std(ddof=1), more.std(ddof=1)), ns=(10, 10)).value
    return float(g / wwc.omega(20) / np.sqrt(2 / 10))


def _corrected(part: str) -> Callable[[], float]:
    def ours() -> float:
        t = 0.30 / np.sqrt(400 / (200 * 200) + 0.30**2 / (2 * 400))
        return float(t if part == "before" else getattr(wwc.cluster_correction(t, n=400, clusters=20, icc=0.2), part))

    return ours


def _curve(boundary: str, overall: int, printed: str) -> Number:
    def ours() -> float:
        return dict(wwc.curve(boundary))[float(overall)]  # type: ignore[arg-type]

    what = f"largest difference in attrition (points) at {overall}% overall, from a selection model"
    why = "two constants are fitted to 124 printed cells; the curve stays within 0.10 points of each that can occur"
    return Number(what, _TABLE.format(boundary), printed, ours, within=0.10, why=why)


def _adjusted(place: int, printed: str) -> Number:
    def ours() -> float:
        return float(wwc.benjamini_hochberg(_HOCHBERG).adjusted[place - 1])

    return Number(f"adjusted p-value of the p-value at rank {place}", 'R 4.2.2, p.adjust(p, "BH")', printed, ours)


def _omega(df: int, printed: str) -> Number:
    source = f"R package reproducer, calculateSmallSampleSizeAdjustment(df = {df}, FALSE)"
    return Number(f"small-sample factor at {df} degrees of freedom", source, printed, lambda: float(wwc.omega(df + 2)))


NUMBERS: tuple[Number, ...] = (
    _omega(5, "0.8421053"),
    _omega(10, "0.9230769"),
    _omega(17, "0.9552239"),
    Number(
        "Hedges' g of 5, 6, 7 against 4, 5, 6",
        _BASELINR.format("hedges_g"),
        "0.8000000",
        lambda: float(wwc.hedges_g(means=(6, 5), sds=(1, 1), ns=(3, 3)).value),
    ),
    Number(
        "t of Student's sleep data, by way of g",
        "R 4.2.2, t.test(extra ~ group, var.equal = TRUE)",
        "-1.8608",
        _student_t,
    ),
    Number(
        "Cox index of 2/3 against 1/3",
        _BASELINR.format("cox_index"),
        "0.8401784",
        lambda: float(wwc.cox_index(rates=(2 / 3, 1 / 3)).value),
    ),
    Number(
        "Cox index, admission to department A by sex",
        "R 4.2.2, glm(binomial) on UCBAdmissions, coefficient over 1.65",
        "-0.637621792",
        lambda: float(wwc.cox_index(rates=(512 / 825, 89 / 108), ns=(825, 108)).value),
    ),
    Number(
        "its standard error",
        "R 4.2.2, glm(binomial) on UCBAdmissions, standard error over 1.65",
        "0.159217032",
        lambda: float(wwc.cox_index(rates=(512 / 825, 89 / 108), ns=(825, 108)).se),
        within=1e-7,
        why="glm stops iterating near the maximum",
    ),
    Number(
        "improvement index of an effect size of 0.25 (percentile points)",
        "WWC Procedures and Standards Handbook 2.0 (2008), Appendix F",
        "10",
        lambda: float(wwc.improvement_index(0.25)),
    ),
    Number(
        "t from g = 0.30, clusters ignored", _BASELINR.format("cluster_correction"), "2.983266", _corrected("before")
    ),
    Number("t corrected for 20 clusters", _BASELINR.format("cluster_correction"), "1.348605", _corrected("t")),
    Number("its degrees of freedom", _BASELINR.format("cluster_correction"), "231.6576", _corrected("df")),
    Number("its p-value", _BASELINR.format("cluster_correction"), "0.1787808", _corrected("p")),
    Number(
        "degrees of freedom, 100 pupils in clusters of 5, correlation 0.1",
        "R package VIVECampbell, example of df_h (WWC Handbook 5.0, equation E.21)",
        "94.4",
        lambda: float(wwc.cluster_df(100, 20, 0.1)),
    ),
    Number(
        "degrees of freedom where pupils of a cluster are alike, 20 clusters",
        "Hedges (2007), Correcting a significance test for clustering: those of cluster means",
        "18",
        lambda: float(wwc.cluster_df(400, 20, 1.0)),
        within=1e-9,
    ),
    Number(
        "degrees of freedom where clusters do not matter, 400 pupils",
        "Hedges (2007), Correcting a significance test for clustering: those of pupils",
        "398",
        lambda: float(wwc.cluster_df(400, 20, 0.0)),
        within=1e-9,
    ),
    Number(
        "how many of 15 are kept at 0.05",
        _BH,
        "4",
        lambda: float(wwc.benjamini_hochberg(_HOCHBERG).kept.sum()),
        within=0,
    ),
    Number(
        "limit of the largest p-value kept", _BH, "0.013", lambda: float(wwc.benjamini_hochberg(_HOCHBERG).limit[3])
    ),
    *(_adjusted(place, printed) for place, printed in _ADJUSTED.items()),
    *(
        _curve("cautious", *row)
        for row in ((5, "6.1"), (10, "6.3"), (20, "5.4"), (30, "4.1"), (40, "2.6"), (50, "1.0"))
    ),
    *(
        _curve("optimistic", *row)
        for row in ((10, "10.9"), (20, "10.0"), (30, "8.2"), (40, "6.0"), (50, "3.7"), (60, "1.4"))
    ),
)
