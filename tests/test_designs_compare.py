"""Two groups side by side: the numbers, honest coverage with few schools, subgroups, reassignment, refusals, words."""

import csv
from itertools import combinations
from pathlib import Path

import compare_samples as make
import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind
from truth import recover

from leadlib import charts, designs
from leadlib.designs import randomized
from leadlib.designs.clustered import least_squares
from leadlib.designs.randomized import reassigned
from leadlib.designs.subgroups import holm_adjusted, partly_pooled, told_apart
from leadlib.errors import InputError
from leadlib.results import Missing

ORACLES = Path(__file__).parent / "oracles"


def small(**more):
    """Give six schools of three pupils: the first three treated, two kinds of pupils."""
    school = np.repeat(["a", "b", "c", "d", "e", "f"], 3)
    d = pd.DataFrame({"school": school, "t": (school < "d").astype(int), "kind": ["x", "y", "y"] * 6})
    y = [5.0, 7, 6, 9, 8, 9, 7, 7, 6, 4, 5, 5, 6, 8, 6, 3, 4, 4]
    return d.assign(**({"y": y} | more))


def compared(d, **more):
    return designs.compare(d, outcome="y", group="t", cluster="school", **more)


def test_the_difference_is_that_of_the_means_and_each_groups_mean_stands_below():
    found = compared(small())
    assert found.value == pytest.approx(64 / 9 - 45 / 9)
    assert found.table["value"].tolist() == pytest.approx([19 / 9, 64 / 9, 5.0])
    assert found.table["n"].tolist() == [18, 9, 9]
    assert found.evidence.clusters == (3, 3) and found.evidence.units == (9, 9)
    assert list(found.frame["kind"]) == ["difference", "mean", "mean"]


def test_one_row_a_unit_is_welchs_test_with_a_close_count_of_degrees_of_freedom():
    d = pd.DataFrame({"y": [3.0, 5, 4, 6, 9, 7, 8, 9, 6, 8], "t": [0] * 4 + [1] * 6})
    found = designs.compare(d, outcome="y", group="t")
    welch = ttest_ind(d["y"][4:], d["y"][:4], equal_var=False)
    assert found.value / found.se == pytest.approx(welch.statistic)
    assert found.evidence.clusters is None and not found.evidence.inference_clustered


def test_a_rate_is_given_in_percent_and_its_difference_in_points():
    found = compared(small(y=[1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0]), unit_of="pct", label="Passed")
    assert found.value == pytest.approx(100 * (7 - 2) / 9) and found.unit == "pct_points"
    assert found.table["unit"].tolist() == ["pct_points", "pct", "pct"]
    assert (found.table["low"][1:] >= 0).all() and (found.table["high"][1:] <= 100).all()
    assert found.evidence.rates == pytest.approx((7 / 9, 2 / 9)) and compared(small()).evidence.rates is None


def test_covariates_blocks_and_weights_are_those_of_least_squares():
    d = small(x=np.arange(18.0) % 5, w=np.tile([1.0, 2, 3], 6), lot=["p", "q", "r"] * 6)
    found = compared(d, covariates=["x"], blocks="lot", weights="w")
    root = np.sqrt(d["w"])
    columns = [np.ones(18), d["t"], d["x"], d["lot"] == "q", d["lot"] == "r"]
    x = np.column_stack(columns).astype(float) * root.to_numpy()[:, None]
    assert found.value == pytest.approx(np.linalg.lstsq(x, d["y"] * root, rcond=None)[0][1])
    assert found.evidence.adjusted == ("x", "lot")


def test_only_a_lottery_lets_the_words_speak_of_an_effect():
    d = small().assign(y=lambda f: f["y"] + 5 * f["t"])
    one, two = compared(d), compared(d, assignment="random")
    assert (one.claim, two.claim) == ("compare", "estimate")
    assert "does not say what made the difference" in one.text and "consistent with an increase" in two.text
    assert any("not drawn by lottery" in limit for limit in one.limits)
    for found in (one, two):
        assert not [w for w in ("no effect", "significant", "caused", "proves") if w in found.plain().lower()]


def test_power_shows_what_could_be_found_and_hides_the_estimate():
    found = compared(small(), look="power")
    assert found.mdes == pytest.approx(compared(small()).mdes)
    assert not hasattr(found, "value") and "2.11" not in found.plain()


def test_the_baseline_table_has_both_means_and_says_what_is_adjusted_for():
    d = small(before=np.r_[np.arange(9.0), np.arange(9.0) + 1], more=[np.nan, *np.ones(17)])
    base = compared(d, covariates=["before"], baseline=["before", "more"]).evidence.baseline
    assert base["treated_mean"].tolist() == [4.0, 1.0] and base["comparison_mean"].tolist() == [5.0, 1.0]
    assert base["adjusted"].tolist() == [True, False] and base["treated_n"].tolist() == [9, 8]
    assert base["sd"][0] == pytest.approx(np.arange(9.0).std(ddof=1))


def test_rows_without_a_value_are_counted_and_order_and_input_stay():
    d = small()
    d.loc[0, "y"] = np.nan
    kept = d.copy()
    found = compared(d, by="kind")
    pd.testing.assert_frame_equal(d, kept)
    assert any("1 row without a value in y" in limit for limit in found.limits)
    assert compared(d.sample(frac=1, random_state=1), by="kind").plain() == found.plain()


def test_scaling_the_outcome_scales_the_estimate_and_nothing_else():
    one, ten = compared(small()), compared(small(y=10 * small()["y"]))
    assert (ten.value / 10, ten.se / 10, ten.df, ten.p) == pytest.approx((one.value, one.se, one.df, one.p))
    assert ten.mdes_sd == pytest.approx(one.mdes_sd)


@pytest.mark.parametrize(
    ("change", "more", "message"),
    [
        ({"t": [1] * 3 + [0] * 15}, {}, "treated group .t = 1.: holds 1 school.*each group needs two or more"),
        ({"t": [1] * 18}, {}, "comparison group .t = 0.: has no row"),
        ({"t": [0] * 18}, {}, "treated group .t = 1.: has no row"),
        ({"y": [2.0] * 18}, {}, "outcome 'y': is the same in every row"),
        ({"x": [2.0] * 9 + [1.0] * 9}, {"covariates": ["x"]}, "compare, x: is determined by the columns before it"),
        ({"w": [0.0] + [1.0] * 17}, {"weights": "w"}, "weights 'w': are not all above zero"),
        ({"kind": ["x"] * 15 + ["y"] * 3}, {"by": "kind"}, "kind 'y': has 0 treated clusters and 1 untreated cluster"),
        ({"kind": ["x"] * 18}, {"by": "kind"}, "holds one subgroup only"),
        ({}, {"inference": "randomization"}, "seed: is missing"),
        ({}, {"inference": "bootstrap"}, "inference 'bootstrap': is not one of the choices"),
        ({}, {"assignment": "lottery"}, "assignment 'lottery'"),
        ({}, {"covariates": ["y"]}, "column 'y': is given two roles"),
        ({"t": [1, 0, 1] * 6}, {"inference": "randomization", "seed": 1}, "a cluster holds treated and untreated rows"),
        ({}, {"inference": "randomization", "seed": 1}, "20 assignments were possible: too few for a 95% interval"),
        ({}, {"level": 95}, "level 95: is not between 0 and 1"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_way_out(change, more, message):
    with pytest.raises(InputError, match=message):
        compared(small(**change), **more)


def test_two_observations_and_unknown_columns_are_refused():
    with pytest.raises(InputError, match="holds 1 row"):
        designs.compare(pd.DataFrame({"y": [1.0, 2], "t": [0, 1]}), outcome="y", group="t")
    with pytest.raises(InputError, match="did you mean 'school'"):
        designs.compare(small(), outcome="y", group="t", cluster="schol")


def test_two_treated_schools_are_said_to_give_a_rough_interval():
    d = make.schools(np.random.default_rng(3), 2, 18)
    assert any("too wide than too narrow" in limit for limit in compared(d).limits)


# Truth: what comes out over 1,000 districts.


@pytest.mark.parametrize(("treated", "untreated", "effect", "missing"), [(4, 4, 0.0, False), (4, 16, 3.0, True)])
def test_over_1000_districts_bias_is_near_zero_and_the_interval_covers_as_it_says(treated, untreated, effect, missing):
    found = recover(
        lambda rng: make.schools(rng, treated, untreated, 5, 30, effect, missing),
        lambda d: designs.compare(d, outcome="y", group="t", cluster="school"),
        effect,
    )
    assert found.holds()
    if not effect:
        assert 0.03 <= found.found <= 0.07


def test_with_two_treated_schools_of_twenty_the_interval_is_too_wide_rather_than_too_narrow():
    inside = []
    for seed in range(200):
        found = compared(make.schools(np.random.default_rng(seed), 2, 18, 5, 40, 3.0))
        inside.append(found.low <= 3.0 <= found.high)
        assert found.df < 4
    assert np.mean(inside) >= 0.95


def eight(rng, effect):
    """Draw the level of eight schools, and which four of them are treated."""
    t = np.zeros(8)
    t[rng.choice(8, 4, replace=False)] = 1
    return t, effect * t + 4 * rng.normal(size=8) + 10 * rng.normal(size=8) / np.sqrt(rng.integers(5, 60, 8))


@pytest.mark.parametrize("effect", [0.0, 5.0])
def test_reassignment_of_eight_schools_holds_its_size_and_covers_as_often_as_70_assignments_allow(effect):
    rejected, inside = [], []
    for seed in range(1000):
        t, y = eight(np.random.default_rng(seed), effect)
        found = reassigned(y, t, np.ones((8, 1)), seed=0)
        rejected.append(found.p <= 0.05)
        inside.append(found.low <= effect <= found.high)
    # 68 of 70 assignments are kept at the 95% level: the interval covers in 97.1 of 100, never in 95 exactly.
    assert abs(np.mean(inside) - 68 / 70) <= 3 * np.sqrt(68 / 70 * 2 / 70 / 1000)
    if not effect:
        assert np.mean(rejected) == pytest.approx(1 - np.mean(inside))


def test_reassignment_agrees_with_a_plain_enumeration_in_r():
    d = make.parts()
    d = d[d["g"] <= 8]
    t = d["g"].isin([1, 3, 6, 8]).astype(float)
    found = reassigned(d["y"], t, np.column_stack([np.ones(len(d)), d["x"]]), clusters=d["g"], seed=0)
    row = next(
        r for r in csv.DictReader((ORACLES / "decomposition.csv").read_text().splitlines()) if r["case"] == "reassigned"
    )
    assert found.exact and found.assignments == 70
    assert (found.value, found.p) == pytest.approx((float(row["value"]), float(row["se"])), rel=1e-9)


def test_the_interval_of_a_reassignment_ends_where_the_p_value_passes_the_level():
    t, y = eight(np.random.default_rng(5), 3.0)
    found = reassigned(y, t, np.ones((8, 1)), seed=0)

    def p(effect):
        rest = y - effect * t
        mine = abs(rest[t == 1].mean() - rest[t == 0].mean())
        out = []
        for who in combinations(range(8), 4):
            drawn = np.isin(np.arange(8), who)
            out.append(abs(rest[drawn].mean() - rest[~drawn].mean()) >= mine - 1e-9)
        return np.mean(out)

    assert found.p == pytest.approx(p(0.0))
    for end, inward in ((found.low, 1e-5), (found.high, -1e-5)):
        assert p(end + inward) > 0.05 >= p(end - inward)


def test_ties_count_and_blocks_are_kept_to():
    y, t = np.array([1.0, 1, 0, 0, 5, 5, 4, 4]), np.array([1.0, 0, 0, 1, 1, 0, 0, 1])
    blocks = np.repeat(["p", "q"], 4)
    x = np.column_stack([np.ones(8), blocks == "q"]).astype(float)
    found = reassigned(y, t, x, blocks=blocks, seed=0)
    assert found.assignments == 36 and found.value == pytest.approx(0) and found.p == 1.0


def test_a_sample_of_assignments_needs_its_seed_and_is_near_the_whole(monkeypatch):
    t, y = eight(np.random.default_rng(7), 6.0)
    whole = reassigned(y, t, np.ones((8, 1)), seed=0)
    monkeypatch.setattr(randomized, "EXACT", 10)
    one, same, other = (reassigned(y, t, np.ones((8, 1)), seed=s) for s in (1, 1, 2))
    assert one == same and one != other and not one.exact
    assert one.p == pytest.approx(whole.p, abs=0.02)


def test_reassignment_through_compare_gives_its_own_interval_and_says_how_many_ways_there_were():
    d = make.schools(np.random.default_rng(2), 4, 4, 5, 20, 8.0)
    found = compared(d, inference="randomization", seed=1, assignment="random")
    assert any("all 70 ways to draw the groups" in check for check in found.checks)
    plain = compared(d)
    assert found.value == plain.value and (found.low, found.high) != (plain.low, plain.high)
    assert found.frame["low"][0] == found.low


# Subgroups.


def test_subgroups_have_their_own_difference_and_the_gap_between_them():
    found = compared(small(), by="kind")
    rows = found.frame.set_index("group")
    assert rows.loc["x", "value"] == pytest.approx(7 - 13 / 3)
    assert rows.loc["x minus y", "value"] == pytest.approx(rows.loc["x", "value"] - rows.loc["y", "value"])
    assert "steadied" not in set(found.frame["kind"])
    assert any("Two subgroups do not tell" in check for check in found.checks)
    assert "By kind: x" in found.text


def test_holms_allowance_by_hand():
    assert holm_adjusted([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_partly_pooled_values_lie_between_their_own_and_the_mean_and_equal_ones_stay():
    got = partly_pooled([0.0, 4.0, 8.0], np.diag([1.0, 1.0, 9.0]))
    assert 0 < got.value[0] < got.mean < got.value[2] < 8
    same = partly_pooled([3.0, 3.0, 3.0], np.eye(3))
    assert same.value == pytest.approx([3.0] * 3, abs=1e-9)


def test_partly_pooled_values_equal_a_brute_integration():
    y, v = np.array([2.0, -1.0, 5.0, 1.0]), np.array([[4, 1, 0, 0], [1, 2, 0, 0], [0, 0, 6, 1], [0, 0, 1, 3.0]])
    spread = np.linspace(0, 400, 400_001)[1:]
    rng = np.random.default_rng(0)
    density = np.empty(len(spread))
    for k in range(0, len(spread), 1000):  # the density of s is smooth: every thousandth, then straight between
        w = np.linalg.inv(v + spread[k] ** 2 * np.eye(4))
        m = w.sum(axis=0) @ y / w.sum()
        density[k] = np.sqrt(np.linalg.det(w) / w.sum()) * np.exp(-0.5 * (y - m) @ w @ (y - m))
    density = np.interp(spread, spread[::1000], density[::1000])
    draws = []
    for s in rng.choice(spread, 4000, p=density / density.sum()):
        w = np.linalg.inv(v + s**2 * np.eye(4))
        m = rng.normal(w.sum(axis=0) @ y / w.sum(), 1 / np.sqrt(w.sum()))
        draws.append(rng.multivariate_normal(y - v @ w @ (y - m), v - v @ w @ v))
    got = partly_pooled(y, v)
    assert got.value == pytest.approx(np.median(draws, axis=0), abs=0.15)
    assert got.low == pytest.approx(np.quantile(draws, 0.025, axis=0), abs=0.3)


def test_over_1000_districts_steadied_differences_cover_the_truth_and_err_less():
    inside, squares = [], []
    for seed in range(1000):
        rng, spread = np.random.default_rng(seed), (0.0, 1.0, 3.0)[seed % 3]
        d = make.schools(rng, 12, 12, 8, 24)
        true = 2 + spread * rng.normal(size=4)
        kind, t = d["school"].to_numpy() % 4, d["t"].to_numpy()
        marks = (kind[:, None] == np.arange(4)).astype(float)
        fit = least_squares(
            d["y"].to_numpy() + true[kind] * t,
            np.column_stack([marks, marks * t[:, None]]),
            names=[str(k) for k in range(8)],
            where="here",
            clusters=d["school"].to_numpy(),
        )
        frame, _ = told_apart(fit, list("abcd"), [1] * 4, 0.95)
        own, steady = (frame[frame["kind"] == k] for k in ("subgroup", "steadied"))
        inside.append([((f["low"].to_numpy() <= true) & (true <= f["high"].to_numpy())).mean() for f in (own, steady)])
        squares.append([((f["value"].to_numpy() - true) ** 2).mean() for f in (own, steady)])
    assert all(0.93 <= share <= 0.97 for share in np.mean(inside, axis=0))
    assert np.mean(squares, axis=0)[1] < 0.8 * np.mean(squares, axis=0)[0]


# Many small units.


def test_steadied_units_are_those_of_saes_mseFH_on_the_milk_data():
    d = pd.read_csv(ORACLES / "fay_herriot_milk.csv")
    for k in (2, 3, 4):
        d[f"area{k}"] = (d["major_area"] == k).astype(float)
    found = designs.steadied(d, value="value", se="se", unit="area", covariates=["area2", "area3", "area4"])
    got = found.frame.assign(unit=found.frame["unit"].astype(int)).sort_values("unit")
    assert got["steadied"].tolist() == pytest.approx(d["eblup"].tolist(), abs=2e-4)


def test_too_few_units_and_errors_of_zero_are_refused():
    d = pd.DataFrame({"u": range(25), "v": np.arange(25.0), "s": 1.0})
    with pytest.raises(InputError, match="has 10 units"):
        designs.steadied(d[:10], value="v", se="s", unit="u")
    with pytest.raises(InputError, match="'s' of 0: is not above zero"):
        designs.steadied(d.assign(s=d["u"]), value="v", se="s", unit="u")


# The figure.


def test_the_figure_draws_what_the_result_holds_and_hedges_in_its_title():
    d = make.schools(np.random.default_rng(2), 10, 10, 5, 20)
    found = compared(d.assign(kind=np.arange(len(d)) % 3), by="kind", label="Reading")
    figure = charts.effects(found)
    assert figure.drawn["kind"] == ["difference", *["subgroup", "steadied"] * 3, "gap", "gap", "gap"]
    assert figure.title == "Reading: the data do not tell the difference from zero"
    assert figure.alt.count("interval ") == 10
    two = charts.effects(found, compared(d, label="Math"))
    assert two.drawn["name"] == ["Reading", "Math"] and "None of 2 differences" in two.title


def test_a_figure_takes_no_mixed_levels_and_hands_on_what_is_missing():
    d = make.schools(np.random.default_rng(2), 4, 4)
    with pytest.raises(InputError, match="is not the same for all"):
        charts.effects(compared(d), compared(d, level=0.9))
    with pytest.raises(InputError, match="is not given an estimate"):
        charts.effects(compared(d, look="power"))
    assert isinstance(charts.effects(Missing("Effects", "none")), Missing)
