"""CR2 errors as clubSandwich prints them; few clusters, many rows, and what cannot be fitted."""

import csv
import tracemalloc
from pathlib import Path

import compare_samples as make
import numpy as np
import pytest
from scipy.stats import t as student

from leadlib.designs.clustered import least_squares
from leadlib.errors import InputError
from leadlib.verify import verify

ORACLE = Path(__file__).parent / "oracles" / "clustered.csv"
PRINTED = 1e-9  # clubSandwich was asked for 12 digits; the last two are its own rounding


def cases():
    """Give each case of make_clustered_oracle.R: rows, columns, and how it clusters and weighs."""
    three = make.clusters([12, 7, 9, 15, 6, 8, 10, 5, 11, 13], 1, 0.6)
    blocks = make.clusters([6] * 10, 1, 0.3)
    return {
        "unbalanced": (make.clusters([5, 9, 3, 14, 7, 2, 11, 6, 8, 4, 10, 12], 2, 0.1), ["t", "x1", "x2"], True, False),
        "eight": (make.clusters([3, 1, 9, 20, 4, 2, 6, 5], 1, 0.4), ["t", "x1"], True, False),
        "eight-bare": (make.clusters([3, 1, 9, 20, 4, 2, 6, 5], 1, 0.4), ["t"], True, False),
        "singletons": (make.clusters([1] * 25, 2, 0.9), ["t", "x1", "x2"], False, False),
        "weighted": (make.clusters([5, 9, 3, 14, 7, 2, 11, 6, 8, 4], 2, 0.7), ["t", "x1", "x2"], True, True),
        "pairs": (make.clusters([2] * 10 + [30, 1], 3, 0.2), ["t", "x1", "x2", "x3"], True, False),
        "three-treated": (three.assign(t=(three["g"] <= 3).astype(float)), ["t", "x1"], True, False),
        "blocks": (blocks.assign(b=np.repeat([0.0, 1.0], 30)), ["t", "b", "x1"], True, False),
    }


def fitted(d, columns, clustered, weighted):
    return least_squares(
        d["y"],
        np.column_stack([np.ones(len(d)), d[columns]]),
        names=["(Intercept)", *columns],
        where="here",
        clusters=d["g"].to_numpy() if clustered else None,
        weights=d["w"] if weighted else None,
    )


@pytest.mark.parametrize("case", cases())
def test_coefficients_errors_and_degrees_of_freedom_are_those_of_clubsandwich(case):
    fit = fitted(*cases()[case])
    rows = [r for r in csv.DictReader(ORACLE.read_text().splitlines()) if r["case"] == case]
    assert len(rows) == len(fit.names)
    for row in rows:
        expected = [float(row[c]) for c in ("value", "se", "df")]
        assert fit.term(row["term"].replace("one", "(Intercept)")) == pytest.approx(expected, rel=PRINTED)


def test_a_contrast_of_one_coefficient_is_that_coefficient_and_of_two_is_their_difference():
    fit = fitted(*cases()["unbalanced"])
    assert fit.contrast([0, 1, 0, 0]) == fit.term("t")
    value, se, df = fit.contrast([0, 0, 1, -1])
    assert value == pytest.approx(fit.term("x1")[0] - fit.term("x2")[0])
    assert se == pytest.approx(np.sqrt([0, 0, 1, -1] @ fit.cov @ [0, 0, 1, -1])) and 2 < df < 12


def test_two_groups_without_clusters_are_welchs_test():
    rng = np.random.default_rng(1)
    y, t = rng.normal(size=30), np.r_[np.ones(9), np.zeros(21)]
    _, se, _ = least_squares(y, np.column_stack([np.ones(30), t]), names=["constant", "t"], where="here").term("t")
    assert se == pytest.approx(np.sqrt(y[:9].var(ddof=1) / 9 + y[9:].var(ddof=1) / 21))


def test_errors_as_books_print_them_by_hand():
    d, columns, clustered, weighted = cases()["unbalanced"]
    fit = fitted(d, columns, clustered, weighted)
    x, (n, k) = np.column_stack([np.ones(len(d)), d[columns]]), (len(d), 4)
    bread = np.linalg.inv(x.T @ x)
    e = d["y"].to_numpy() - x @ fit.coef
    s = np.array([x[d["g"] == g].T @ e[d["g"] == g] for g in range(1, 13)])
    cr1 = np.sqrt((bread @ s.T @ s @ bread)[1, 1] * 12 / 11 * (n - 1) / (n - k))
    assert fit.textbook("t", "CR1") == pytest.approx(cr1)
    assert fit.textbook("t", "classical") == pytest.approx(np.sqrt(bread[1, 1] * e @ e / (n - k)))


def test_row_order_and_cluster_names_change_nothing_and_scale_only_scales():
    d, columns, *_ = cases()["unbalanced"]
    first = fitted(d, columns, True, False)
    mixed = d.sample(frac=1, random_state=3).assign(g=lambda f: f["g"].astype(str))
    for term in first.names:
        assert fitted(mixed, columns, True, False).term(term) == pytest.approx(first.term(term), rel=1e-12)
    value, se, df = fitted(d.assign(y=1000 * d["y"]), columns, True, False).term("t")
    assert (value / 1000, se / 1000, df) == pytest.approx(first.term("t"), rel=1e-10)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1, 2, 3, 4, 5, 6], "b": [2, 4, 6, 8, 10, 12]}, "here, b: is determined by the columns before it .a."),
        ({"a": [1, 2, 3, 4, 5, 7], "b": [0] * 6}, "here, b: is zero in every row"),
        ({"a": [2] * 6}, "here, a: is determined by the columns before it .the constant."),
    ],
)
def test_columns_that_say_the_same_are_refused_by_name(columns, message):
    x = np.column_stack([np.ones(6), *columns.values()])
    with pytest.raises(InputError, match=message):
        least_squares(np.arange(6.0), x, names=["constant", *columns], where="here")


def test_one_cluster_or_as_many_columns_as_rows_is_refused():
    x = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    with pytest.raises(InputError, match="all rows lie in one cluster"):
        least_squares(np.arange(4.0), x, names=["constant", "t"], where="here", clusters=["a"] * 4)
    with pytest.raises(InputError, match="2 rows for 2 coefficients"):
        least_squares([1.0, 2.0], x[1:3], names=["constant", "t"], where="here")


def test_memory_stays_near_two_copies_of_a_long_table():
    n, k = 200_000, 20
    x = np.random.default_rng(0).normal(size=(n, k))
    tracemalloc.start()
    fit = least_squares(x[:, 1] + x[:, 0], x, names=[f"x{j}" for j in range(k)], where="here")
    assert fit.term("x3")[2] > 10_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * x.nbytes  # a square of columns for each row would be 20 times that


@pytest.mark.parametrize(
    ("treated", "untreated", "low", "high"), [(20, 20, 5, 30), (6, 6, 10, 60), (4, 4, 10, 60), (4, 16, 5, 120)]
)
def test_over_1000_districts_the_interval_covers_the_truth(treated, untreated, low, high):
    inside, error = [], []
    for seed in range(1000):
        d = make.schools(np.random.default_rng(seed), treated, untreated, low, high, effect=3.0)
        x = np.column_stack([np.ones(len(d)), d["t"]])
        value, se, df = least_squares(
            d["y"].to_numpy(), x, names=["constant", "t"], where="here", clusters=d["school"].to_numpy()
        ).term("t")
        error.append(value - 3.0)
        inside.append(abs(value - 3.0) <= student.ppf(0.975, df) * se)
    assert abs(np.mean(error)) <= 3 * np.std(error) / np.sqrt(1000)
    assert 0.93 <= np.mean(inside) <= 0.97


def test_published_numbers_come_out_again():
    found = verify(["regression"], data=Path(__file__).parents[1] / "data")
    assert not len(found[found["status"] == "differs"]) and (found["status"] == "same").sum() >= 66
