"""Chance variation: the fit against an independent one, planted truth found again, honest coverage, plain refusals."""

from pathlib import Path

import designs_samples as make
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from leadlib.designs import noise
from leadlib.designs.chance import wilson
from leadlib.designs.variance import fit_variance
from leadlib.errors import InputError
from leadlib.results import Missing

ORACLES = Path(__file__).with_name("oracles")
ORACLE_A, ORACLE_B = 153.669399, 41237.602196  # oracles/make_noise_oracle.py
SOLVER = 1e-5  # both maximise the same likelihood; the search there stops at about the sixth digit


def small() -> pd.DataFrame:
    """Give the stored panel of 40 schools and three years."""
    rows = pd.read_csv(ORACLES / "noise_small.csv")
    return rows.assign(measure="m", label="Mathematics", unit="points", sd=np.nan, comparable=True)


def test_the_fit_equals_a_direct_maximisation_of_the_normal_likelihood():
    fit = make.fitted(small()).frame.iloc[0]
    assert fit["A"] == pytest.approx(ORACLE_A, rel=SOLVER)
    assert fit["B"] == pytest.approx(ORACLE_B, rel=SOLVER)
    assert fit["pairs_n"] == 80 and fit["schools_n"] == 40


def simulate(rng, *, schools=200, years=3, a=100.0, b=2000.0, size=None):
    """Give true values, observed values and sizes of one district: real change a, chance b / size."""
    n = make.sizes(schools, rng) if size is None else size
    true = rng.normal(650, 80, schools)[:, None] + rng.normal(0, np.sqrt(a / 2), (schools, years))
    return true, true + rng.normal(0, 1, true.shape) * np.sqrt(b / n)[:, None], n


def squares(value, n):
    """Give squared centred changes and 1/n1 + 1/n2 of a district, as arrays."""
    change = np.diff(value, axis=1)
    change = (change - change.mean(axis=0)) * np.sqrt(len(n) / (len(n) - 1))
    return change.ravel() ** 2, np.repeat(2 / n, change.shape[1]), np.repeat(np.arange(len(n)), change.shape[1])


@pytest.mark.parametrize(("years", "a", "b"), [(2, 400.0, 60_000.0), (4, 100.0, 8_000.0)])
def test_over_1000_districts_real_change_and_chance_come_back_and_the_interval_of_b_covers(years, a, b):
    found = []
    for seed in range(500):
        _, value, n = simulate(np.random.default_rng(seed), years=years, a=a, b=b)
        fit = fit_variance(*squares(value, n))
        found.append((fit.a, fit.b, fit.interval()[0] <= b <= fit.interval()[1]))
    mean_a, mean_b, covered = np.mean(found, axis=0)
    error_a, error_b = np.std(found, axis=0)[:2] / np.sqrt(500)
    assert abs(mean_a - a) < 4 * error_a + 0.02 * a
    assert abs(mean_b - b) < 4 * error_b + 0.02 * b
    assert 0.91 <= covered <= 0.98


def covered(unit: str, runs: int) -> tuple[float, float]:
    """Give how often a value's interval holds the true value: over all schools, and over the smallest fifth."""
    every, smallest = [], []
    for seed in range(runs):
        rng = np.random.default_rng(1000 + seed)
        n = make.sizes(200, rng)
        if unit == "pct":
            true = np.clip(rng.normal(62, 15, 200)[:, None] + rng.normal(0, 4, (200, 3)), 6, 94)
            value = 100 * rng.binomial(n.astype(int)[:, None], true / 100) / n[:, None]
        else:
            true, value, _ = simulate(rng, size=n, b=8_000.0)
        value[0, 1] = np.nan
        frame = make.panel(value, n, unit=unit)
        ends = make.fitted(frame).interval(frame)
        inside = ((ends["low"] <= true.ravel()) & (true.ravel() <= ends["high"]))[frame["value"].notna()]
        every.append(inside.mean())
        smallest.append(inside[frame["size"] <= np.quantile(n, 0.2)].mean())
    return float(np.mean(every)), float(np.mean(smallest))


@pytest.mark.parametrize("unit", ["points", "pct"])
def test_the_interval_of_a_value_covers_the_true_value_in_small_schools_too(unit):
    every, smallest = covered(unit, runs=100)  # 60,000 values
    assert 0.93 <= every <= 0.97
    assert 0.93 <= smallest <= 0.97


def test_where_the_spread_between_pupils_is_given_it_is_used():
    value = np.full((3, 2), 500.0) + np.arange(3)[:, None]
    frame = make.panel(value, np.array([16, 25, 100]), unit="score", sd=40.0)
    found = make.fitted(frame)
    assert found.se(frame).tolist() == pytest.approx([10, 10, 8, 8, 4, 4])
    assert found.degrees(frame).tolist() == [15, 15, 24, 24, 99, 99]
    half = found.interval(frame)["high"] - frame["value"]
    assert half.iloc[0] == pytest.approx(2.13145 * 10, rel=1e-5)  # t with 15 degrees of freedom
    assert found.frame["basis"].tolist() == ["spread between pupils"]


def test_the_score_interval_is_that_of_wilson():
    low, high = wilson(np.array([90.0]), np.array([10.0]))
    p, n, z = 0.9, 10, norm.ppf(0.975)
    for end in (low[0] / 100, high[0] / 100):
        assert abs(p - end) == pytest.approx(z * np.sqrt(end * (1 - end) / n))


def test_a_percent_is_never_given_an_interval_beyond_its_scale_and_a_coded_one_is_open():
    rng = np.random.default_rng(5)
    n = make.sizes(60, rng)
    value = 100 * rng.binomial(n.astype(int)[:, None], 0.9, (60, 3)) / n[:, None]
    frame = make.panel(np.clip(value, None, 95), n, unit="pct")
    frame["value__why"] = np.where(frame["value"] == 95, "range", "reported")
    ends = make.fitted(frame).interval(frame)
    assert ends["low"].min() >= 0 and ends["high"].max() <= 100
    assert (ends.loc[frame["value__why"] == "range", "high"] == 100).all()


def test_margins_shrink_with_size_and_the_table_says_for_which_schools():
    rng = np.random.default_rng(6)
    _, value, n = simulate(rng, b=60_000.0)
    found = make.fitted(make.panel(value, n))
    margins = found.table["value"].tolist()
    assert margins == sorted(margins, reverse=True) and len(margins) == 3
    b = found.frame["B"].iloc[0]
    assert margins == pytest.approx([1.959964 * np.sqrt(b / size) for size in found.table["size"]], rel=1e-5)
    assert (found.table["low"] < found.table["value"]).all() and (found.table["value"] < found.table["high"]).all()


def test_changes_that_do_not_depend_on_size_leave_no_chance_and_it_is_said():
    n = np.linspace(20, 400, 60).round()
    rng = np.random.default_rng(7)
    value = 600 + rng.normal(0, 1, (60, 4)) * np.sqrt(n)[:, None]
    found = make.fitted(make.panel(value, n))
    assert found.frame["B"].iloc[0] == 0 and "only A was fitted" in found.checks[0]
    assert (found.se(make.panel(value, n)) == 0).all()


def test_changes_that_are_chance_alone_leave_no_real_change_and_it_is_said():
    said = []
    for seed in range(12):
        _, value, n = simulate(np.random.default_rng(seed), a=0.0, schools=80)
        said += [c for c in make.fitted(make.panel(value, n)).checks if "only B was fitted" in c]
    assert 1 <= len(said) < 12


def test_real_change_may_differ_by_level_without_being_taken_for_chance():
    rng = np.random.default_rng(8)
    primary, high = simulate(rng, schools=600, a=1000.0, b=8_000.0), None
    large = np.round(np.exp(rng.normal(6.5, 0.4, 600)))
    high = simulate(rng, schools=600, a=50.0, b=8_000.0, size=large)
    frame = make.panel(np.vstack([primary[1], high[1]]), np.r_[primary[2], large])
    levels = np.repeat(["Primary", "High"], 1800)
    apart = make.fitted(frame.assign(school_level=levels)).frame["B"].iloc[0]
    together = make.fitted(frame).frame["B"].iloc[0]
    assert apart == pytest.approx(8_000, rel=0.3) and together > 1.5 * apart


def test_years_that_are_no_neighbours_make_no_change():
    rng = np.random.default_rng(9)
    _, value, n = simulate(rng, schools=40)
    value[:, 1] = np.where(np.arange(40) == 0, value[:, 1], np.nan)
    frame = make.panel(value, n)
    assert isinstance(noise(frame), Missing)
    assert isinstance(noise(frame.dropna(subset=["value"])), Missing)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f[f["year"] == 2000], "only one year is known"),
        (lambda f: f[f["school_id"] < "s0010"], "only 10 schools with size and two neighbouring years"),
        (lambda f: f[f["school_id"] == "s0001"], "only 0 schools with size"),
        (lambda f: f.assign(size=np.nan), "only 0 schools with size"),
        (lambda f: f.assign(size=0.0), "only 0 schools with size"),
        (lambda f: f.assign(value=np.nan), "only one year is known"),
        (lambda f: f.assign(value=600.0), "no school's value changes in any year"),
        (lambda f: f.assign(size=100.0), "all schools have the same size"),
        (lambda f: f[:0], "the panel has no row"),
    ],
)
def test_data_that_cannot_tell_chance_are_refused_in_plain_words(change, reason):
    _, value, n = simulate(np.random.default_rng(10), schools=60)
    found = noise(change(make.panel(value, n)))
    assert isinstance(found, Missing) and reason in found.text


def test_every_missing_column_and_wrong_type_is_told_at_once():
    frame = make.panel(np.ones((3, 2)), np.array([10, 20, 30]))
    with pytest.raises(InputError) as told:
        noise(frame.drop(columns=["size", "unit"]).assign(value="many"))
    said = str(told.value)
    assert "3 problems" in said and "size" in said and "unit" in said and "does not hold numbers" in said
    with pytest.raises(InputError, match="is not a table"):
        noise([1, 2])
    with pytest.raises(InputError, match="6 rows stand twice"):
        noise(pd.concat([frame, frame]))


def test_infinite_values_are_no_information():
    _, value, n = simulate(np.random.default_rng(11), schools=60)
    blank, infinite = value.copy(), value.copy()
    blank[3, 1], infinite[3, 1] = np.nan, np.inf
    assert noise(make.panel(blank, n)).frame.equals(noise(make.panel(infinite, n)).frame)


def test_nothing_depends_on_the_order_of_rows_or_on_what_the_caller_has():
    frame = small()
    before = frame.copy()
    one, two = make.fitted(frame), make.fitted(make.shuffled(frame))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert one.plain() == two.plain()
    pd.testing.assert_frame_equal(frame, before)


def test_a_missing_panel_is_handed_on():
    assert isinstance(noise(Missing("Outcomes", "none")), Missing)
