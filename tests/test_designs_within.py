"""Slopes within units over years: R's numbers, errors in what was measured by hand, planted slopes, refusals, words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import time_truth

from leadlib import charts
from leadlib.designs import within
from leadlib.designs.estimates import interval
from leadlib.designs.slope_fits import Rows, slopes
from leadlib.errors import InputError

ORACLES = Path(__file__).parent / "oracles"
ROLES = {"outcome": "score", "of": ["hours", "visits"], "unit": "school", "time": "year"}
CASES = {
    "schools": {"covariates": ["need"]},
    "districts": {"covariates": ["need"], "cluster": "district"},
    "same year": {"covariates": ["need"], "effects": "time"},
    "all": {"effects": "none"},
}
NOISE = {"hours": {"hours": 0.30, "visits": 0.05}, "visits": {"hours": 0.05, "visits": 0.20}}


@pytest.fixture(scope="module")
def visited():
    return pd.read_csv(ORACLES / "within_panel.csv")


@pytest.mark.parametrize("case", CASES)
def test_slopes_errors_and_degrees_of_freedom_are_those_of_plm_and_clubsandwich(visited, case):
    expected = pd.read_csv(ORACLES / "within_expected.csv").query("case == @case").set_index("term")
    found = within(visited, **ROLES, **CASES[case]).frame.set_index("exposure")
    for term in ("hours", "visits"):
        got, told = found.loc[term, ["value", "se", "df"]], expected.loc[term, ["value", "se", "df"]]
        np.testing.assert_allclose(got.to_numpy(float), told.to_numpy(float), rtol=1e-9)


def by_hand(rows: pd.DataFrame, effects: str, noise: np.ndarray) -> np.ndarray:
    """Work out corrected slopes with a column for every school and year: (X'MX - tr(M) S)^-1 X'My."""
    dummies = [pd.get_dummies(rows["year"], dtype=float), rows[["need"]]]
    if effects == "both":
        dummies.append(pd.get_dummies(rows["school"], dtype=float))
    w = pd.concat(dummies, axis=1).to_numpy()
    m = np.eye(len(rows)) - w @ np.linalg.pinv(w)
    x, y = rows[["hours", "visits"]].to_numpy(), rows["score"].to_numpy()
    return np.linalg.solve(x.T @ m @ x - np.trace(m) * noise, x.T @ m @ y)


@pytest.mark.parametrize("effects", ["both", "time"])
@pytest.mark.parametrize("cluster", ["school", "district"])
def test_the_correction_is_that_of_the_moments_and_its_error_the_jackknifes(visited, effects, cluster):
    noise = np.array([[0.30, 0.05], [0.05, 0.20]])
    options = {"covariates": ["need"], "effects": effects, "cluster": cluster}
    found = within(visited, **ROLES, **options, noise=NOISE).frame
    np.testing.assert_allclose(found["value"], by_hand(visited, effects, noise), rtol=1e-9)
    errors = []
    for size in (noise, 0 * noise):
        left = [by_hand(visited[visited[cluster] != g], effects, size) for g in visited[cluster].unique()]
        g = len(left)
        errors.append(np.sqrt((g - 1) / g * ((left - np.mean(left, axis=0)) ** 2).sum(axis=0)))
    plain = within(visited, **ROLES, **options).frame
    np.testing.assert_allclose(found["se"], plain["se"] * errors[0] / errors[1], rtol=1e-8)
    np.testing.assert_allclose(found["raw"], plain["value"])
    np.testing.assert_allclose(found["df"], plain["df"])


def test_a_reliability_says_the_same_as_the_noise_that_goes_with_it(visited):
    only = {"hours": {"hours": 0.30}}
    first = within(visited, **ROLES, noise=only)
    share = float(first.frame["reliability"][0])
    assert 0.5 < share < 1 and first.frame["reliability"][1] == 1.0
    again = within(visited, **ROLES, reliability={"hours": share})
    in_order = within(visited, **ROLES, reliability=[share, 1])
    for column in ("value", "se", "low", "high"):
        np.testing.assert_allclose(again.frame[column], first.frame[column], rtol=1e-9)
        np.testing.assert_allclose(in_order.frame[column], first.frame[column], rtol=1e-9)
    assert abs(first.value) > abs(first.frame["raw"][0])


def test_error_free_exposures_are_left_as_they_are(visited):
    plain, told = within(visited, **ROLES), within(visited, **ROLES, reliability={"hours": 1.0})
    pd.testing.assert_frame_equal(plain.frame, told.frame)


# Planted slopes ------------------------------------------------------------------------------------------------------

SEEDS = 1000
SIZES = (2, 3, 4, 6, 8, 10, 12, 15)


def made(rng, *, slope=0.3, share=0.7, clusters=None):
    """Make 60 schools x 8 years, a tenth of the rows missing; where schools lie low, hours are long.

    Hours are logged with error (`share` of their variation within schools is real), calls play no part.
    """
    school, year = np.repeat(np.arange(60), 8), np.tile(np.arange(8), 60)
    own, cluster = (
        rng.normal(size=60)[school],
        school if clusters is None else np.repeat(np.arange(8), clusters)[school],
    )
    shock = rng.normal(0, 0.4, (2, 60, 8))[:, cluster, year] if clusters is not None else np.zeros((2, 480))
    hours = own + rng.normal(size=480) + shock[0] + rng.normal(0, 0.3, 8)[year]
    noisy = (0.5 + 0.5 * np.abs(hours - own)) * rng.normal(size=480)
    y = -own + slope * hours + rng.normal(0, 0.5, 8)[year] + noisy + shock[1]
    logged = hours + rng.normal(0, np.sqrt((1 - share) / share), 480)
    calls = own + rng.normal(size=480) + 0.5 * (hours - own)
    frame = pd.DataFrame({"school": school, "year": year, "c": cluster, "y": y, "hours": logged, "calls": calls})
    return frame[rng.random(480) > 0.1]


def over_seeds(**options):
    """Give slope, interval and slope as fitted for each seed; on arrays, as `within` calls it."""
    found = []
    for seed in range(SEEDS):
        data = made(np.random.default_rng(seed), **options)
        codes = [pd.factorize(data[c])[0] for c in ("school", "year", "c")]
        rows = Rows(data["y"].to_numpy(), data[["hours", "calls"]].to_numpy(), np.empty((len(data), 0)), *codes)
        told = slopes(rows, ["hours", "calls"], "both", "within", np.diag([0.3 / 0.7, 0.0]))
        found.append([(s.value, *interval(s.value, s.se, s.df, 0.95), s.raw) for s in told])
    return np.array(found)


def test_arrays_and_tables_give_the_same():
    data = made(np.random.default_rng(0), clusters=SIZES)
    roles = {"outcome": "y", "of": ["hours", "calls"], "unit": "school", "time": "year", "cluster": "c"}
    told = within(data, **roles, noise={"hours": {"hours": 0.3 / 0.7}}).frame[["value", "low", "high", "raw"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("test_designs_within.SEEDS", 1)
        np.testing.assert_allclose(over_seeds(clusters=SIZES)[0], told, rtol=1e-9)


@pytest.mark.parametrize("clusters", [None, SIZES], ids=["60 schools", "8 unequal clusters"])
def test_intervals_hold_planted_slopes_as_often_as_they_say(clusters):
    found = over_seeds(clusters=clusters)
    for k, true in ((0, 0.3), (1, 0.0)):
        value, low, high = found[:, k, 0], found[:, k, 1], found[:, k, 2]
        assert abs(value.mean() - true) < 3 * value.std(ddof=1) / np.sqrt(SEEDS)
        assert 0.93 <= ((low <= true) & (true <= high)).mean() <= 0.975
    assert found[:, 0, 3].mean() < 0.25, "without the correction the slope is too flat"


def test_a_comparison_across_schools_points_the_wrong_way_where_low_schools_have_long_hours():
    data = made(np.random.default_rng(3), share=1.0)
    roles = {"outcome": "y", "of": "hours", "unit": "school", "time": "year"}
    across, inside = within(data, **roles, effects="time"), within(data, **roles)
    assert across.high < 0 < inside.low
    assert "hours: y is" in across.text and "lower" in across.text.split("\n")[0]
    assert inside.table["group"][0] == "Within schools, over years"
    assert across.table["group"][0] == "Between schools, same year"


def test_from_logged_minutes_to_slopes_made_districts_keep_what_was_planted():
    found = time_truth.rows(range(5))
    by = time_truth.summary(found)
    assert list(by.index) == list(time_truth.KINDS)
    assert (found["low"] <= found["true"]).mean() > 0.85 and (found["high"] >= found["true"]).mean() > 0.85
    for r in by.itertuples():
        assert abs(r.mean - r.true) < 4.5 * max(r.error, r.half / 2 / np.sqrt(5)), r.Index
    across = time_truth.slopes(time_truth.district(0), effects="time", covariates=(), noise=None)
    assert (across.frame["value"][:2] < -0.05).all(), "walkthroughs and other instruction look harmful across schools"


# Refusals and words --------------------------------------------------------------------------------------------------


def refused(data, *words, **options):
    with pytest.raises(InputError) as caught:
        within(data, **{**ROLES, **options})
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_what_it_cannot_carry_is_refused(visited):
    refused(visited.assign(hours=visited["school"] * 1.0), "'hours'", "never changes within a school")
    refused(visited.assign(hours=2.0), "'hours'", "is the same in every row", effects="time")
    refused(visited.assign(district=visited["year"] % 4), "district", "parts a school", cluster="district")
    refused(visited[visited["school"] <= 3], "3 schools", "at least 4")
    refused(visited.groupby("school").head(1), "no school has two rows")
    refused(visited, "'hours'", "two roles", covariates=["hours"])
    refused(visited, "names no column", of=[])


def test_error_that_leaves_too_little_is_refused(visited):
    refused(visited, "hours", "nearly all that varies", noise={"hours": {"hours": 5.0}})
    refused(visited, "hours", "0.1 is not between", reliability={"hours": 0.1})
    refused(visited, "'hour'", "'hours'", reliability={"hour": 0.9})
    refused(visited, "does not fit", reliability=0.9)
    refused(visited, "noise", noise=[[1.0, 2.0], "ab"])
    refused(visited, "beside reliability", reliability=[0.9, 1], noise=NOISE)


def test_a_school_with_a_single_year_is_left_out_and_told(visited):
    lone = pd.concat([visited, visited.head(1).assign(school=99)], ignore_index=True)
    found = within(lone, **ROLES)
    np.testing.assert_array_equal(found.frame["value"], within(visited, **ROLES).frame["value"])
    assert any("1 school with a single row left out" in limit for limit in found.limits)


def test_names_and_units_come_with_the_frame_or_the_call(visited):
    told = visited.copy()
    told.attrs = {"labels": {"hours": "Hours, one more", "score": "Reading"}, "units": {"score": "sd_fine"}}
    found = within(told, **ROLES)
    assert list(found.table["measure"]) == ["Hours, one more", "visits"] and found.unit == "sd_fine"
    assert "Hours, one more: " in found.text and "standard deviations" in found.text
    other = within(told, **ROLES, labels={"visits": "Visits"}, unit_of="points", label="Points")
    assert list(other.table["measure"]) == ["hours", "Visits"] and other.unit == "points"


def test_several_slopes_are_counted_and_one_alone_is_not(visited):
    both, one = within(visited, **ROLES), within(visited, **{**ROLES, "of": "hours"})
    p = both.frame["p"].to_numpy()
    order = np.argsort(p)
    expected = np.empty(2)
    expected[order] = [min(2 * p[order[0]], p[order[1]]), p[order[1]]]
    np.testing.assert_allclose(both.frame["p_adjusted"], expected)
    assert "2 slopes were looked at together" in both.text and "looked at together" not in one.text
    assert both.claim == "compare" and "does not say what made the difference" in both.text


def test_the_figure_puts_comparisons_side_by_side(visited):
    across, inside = within(visited, **ROLES, effects="time"), within(visited, **ROLES)
    figure = charts.slopes(across, inside)
    assert figure.title.startswith("Within schools, over years: ")
    assert len(figure.drawn["value"]) == 4 and "Between schools, same year: hours" in figure.alt
    with pytest.raises(InputError):
        charts.slopes()
