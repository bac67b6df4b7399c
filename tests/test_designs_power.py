"""Power: the formulas' numbers, what simulated studies find, and refusals that say what a study needs."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import t as student
from truth import recover

from leadlib import charts
from leadlib.charts import powers, style
from leadlib.designs import power
from leadlib.designs.power import formulas, planning
from leadlib.designs.power.answers import smallest
from leadlib.errors import InputError
from leadlib.verify.power import NUMBERS, translated

SEEDS = 4000
MC = 3 * np.sqrt(0.8 * 0.2 / SEEDS)  # three Monte Carlo errors of a power of 80%: 1.9 points
NULL = 3 * np.sqrt(0.05 * 0.95 / SEEDS)  # the same of 5% false positives: 1.0 point
TWENTY = {"design": "cluster", "clusters": 20, "cluster_n": 15, "icc": 0.17}
SCHOOLS = {"design": "cluster", "cluster_n": 60, "icc": 0.2}

# PowerUpR 1.1.0, tests/oracles/make_power_oracle.R: schools, icc, covariates; MDES, low, high, power of 0.3 sd.
POWERUPR = (
    (8, 0.05, 0, 0.7032504839, 0.1899819239, 1.2165190439, 0.2271524718),
    (8, 0.05, 1, 0.6435473655, 0.1695554952, 1.1175392358, 0.2635149624),
    (8, 0.2, 0, 1.1418595699, 0.3084714235, 1.9752477162, 0.1160978708),
    (8, 0.2, 1, 0.9621612328, 0.2535007259, 1.6708217397, 0.1449554991),
    (12, 0.05, 0, 0.5321688537, 0.1505560301, 0.9137816773, 0.3538660741),
    (12, 0.05, 1, 0.4735784630, 0.1330004534, 0.8141564727, 0.4287632730),
    (12, 0.2, 0, 0.8640763317, 0.2444560618, 1.4836966016, 0.1646640631),
    (12, 0.2, 1, 0.7080424258, 0.1988476483, 1.2172372033, 0.2225414260),
    (40, 0.05, 0, 0.2697530261, 0.0798480203, 0.4596580319, 0.8762107015),
    (40, 0.05, 1, 0.2372959843, 0.0702118735, 0.4043800952, 0.9431888237),
    (40, 0.2, 0, 0.4379948275, 0.1296482949, 0.7463413601, 0.4840057373),
    (40, 0.2, 1, 0.3547788540, 0.1049730701, 0.6045846378, 0.6590431939),
)


@pytest.mark.parametrize(("schools", "icc", "covariates", "mdes", "low", "high", "reached"), POWERUPR)
def test_effects_and_power_of_school_studies_are_those_of_powerupr(schools, icc, covariates, mdes, low, high, reached):
    plan = {
        "design": "cluster",
        "clusters": schools,
        "cluster_n": 25,
        "icc": icc,
        "covariates_school": covariates,
        "r2_school": 0.4 * covariates,
    }
    found = power.mdes(**plan)
    assert [found.mdes, found.low, found.high] == pytest.approx([mdes, low, high], rel=2e-9)
    assert power.power(effect=0.3, **plan).power == pytest.approx(reached, rel=2e-9)


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: n.what)
def test_every_published_number_is_reproduced(number):
    assert abs(number.ours() - float(number.printed)) <= number.tolerance()


def test_a_call_of_powerupr_is_translated_setting_by_setting():
    asked, effect, ours = translated("power.bira2(es=.3, rho2=.2, omega2=.45, n=15, J=20, two.tailed=FALSE)")
    assert (asked, effect) == ("power", 0.3)
    assert ours.pop("effect_sd") == pytest.approx(0.3)
    assert ours == {
        "design": "blocked individual",
        "block_effects": "random",
        "icc": 0.2,
        "block_n": 15.0,
        "blocks": 20.0,
        "two_tailed": False,
    }


def fitted(y, treated, covariate=None):
    """Fit each seed's schools on the program (and a covariate) and give t and its degrees of freedom."""
    columns = [np.ones_like(y), treated.astype(float)] + ([] if covariate is None else [covariate])
    x = np.stack(columns, axis=2)
    cross = np.linalg.inv(np.einsum("sjk,sjl->skl", x, x))
    coef = np.einsum("skl,sjl,sj->sk", cross, x, y)
    df = y.shape[1] - x.shape[2]
    variance = ((y - np.einsum("sjk,sk->sj", x, coef)) ** 2).sum(axis=1) / df
    return coef[:, 1] / np.sqrt(variance * cross[:, 1, 1]), df


def found_in(t, df):
    return float((np.abs(t) > student.ppf(0.975, df)).mean())


def holds_in_simulation(plan, simulate):
    """Hold the share of simulated studies that find the MDES to the power said, and that of false positives to 5%."""
    planned = power.mdes(**plan)
    said = power.power(effect=planned.mdes, **plan).power
    t, df = simulate(planned.mdes)
    assert df == planned.df
    assert found_in(t, df) == pytest.approx(said, abs=MC)
    assert said == pytest.approx(0.80, abs=0.01)
    assert found_in(*simulate(0.0)) == pytest.approx(0.05, abs=NULL)


def halves(count):
    return np.broadcast_to(np.arange(count) % 2 == 0, (SEEDS, count))


def test_1_pupils_drawn_by_lot_find_the_mdes_four_times_in_five():
    def simulate(effect):
        y = np.random.default_rng(1).normal(size=(SEEDS, 120))
        return fitted(y + effect * halves(120), halves(120))

    holds_in_simulation({"design": "individual", "pupils": 120}, simulate)


def test_2_schools_drawn_by_lot_find_the_mdes_four_times_in_five():
    def simulate(effect):
        rng = np.random.default_rng(2)
        school = rng.normal(0, np.sqrt(0.2), (SEEDS, 20))
        y = (school[:, :, None] + rng.normal(0, np.sqrt(0.8), (SEEDS, 20, 30))).mean(axis=2)
        return fitted(y + effect * halves(20), halves(20))

    holds_in_simulation({"design": "cluster", "clusters": 20, "cluster_n": 30, "icc": 0.2}, simulate)


def test_3_eight_schools_of_unequal_size_find_the_mdes_of_their_harmonic_mean():
    sizes = np.array([12, 15, 20, 30, 40, 60, 90, 120])

    def simulate(effect):
        rng = np.random.default_rng(3)
        n = rng.permuted(np.tile(sizes, (SEEDS, 1)), axis=1)
        y = rng.normal(0, np.sqrt(0.1), n.shape) + rng.normal(size=n.shape) * np.sqrt(0.9 / n)
        return fitted(y + effect * halves(8), halves(8))

    plan = {"design": "cluster", "clusters": 8, "cluster_n": sizes.tolist(), "icc": 0.1}
    holds_in_simulation(plan, simulate)
    assert power.mdes(**plan).settings["cluster_n"] == pytest.approx(len(sizes) / (1 / sizes).sum())


def test_4_three_levels_find_the_mdes_four_times_in_five():
    def simulate(effect):
        rng = np.random.default_rng(4)
        classes = rng.normal(0, np.sqrt(0.1), (SEEDS, 16, 3)) + rng.normal(size=(SEEDS, 16, 3)) * np.sqrt(0.75 / 20)
        y = rng.normal(0, np.sqrt(0.15), (SEEDS, 16)) + classes.mean(axis=2)
        treated = np.broadcast_to(np.arange(16) < 6, (SEEDS, 16))
        return fitted(y + effect * treated, treated)

    plan = {"clusters": 16, "classes": 3, "class_n": 20, "icc": 0.15, "icc_class": 0.1, "share_treated": 6 / 16}
    holds_in_simulation({"design": "three-level cluster", **plan}, simulate)


def test_5_a_pretest_of_schools_buys_what_the_formula_says():
    def simulate(effect):
        rng = np.random.default_rng(5)
        pretest = rng.normal(size=(SEEDS, 60))
        y = np.sqrt(0.2) * (np.sqrt(0.6) * pretest + np.sqrt(0.4) * rng.normal(size=(SEEDS, 60)))
        y = y + rng.normal(size=(SEEDS, 60)) * np.sqrt(0.8 / 30)
        return fitted(y + effect * halves(60), halves(60), pretest)

    plan = {"clusters": 60, "cluster_n": 30, "icc": 0.2, "r2_school": 0.6, "covariates_school": 1}
    holds_in_simulation({"design": "cluster", **plan}, simulate)


def per_block(y, treated):
    """Give each block's difference, and the variance within blocks and arms pooled over blocks, with its df."""
    n = y.shape[2]
    one, none = y[:, :, treated], y[:, :, ~treated]
    within = (n // 2) * (one.var(axis=2) + none.var(axis=2))
    df = y.shape[1] * (n - 2)
    return one.mean(axis=2) - none.mean(axis=2), within.sum(axis=1) / df, df


def test_6_blocks_that_are_all_there_is_find_the_mdes_of_pupils_and_of_schools():
    def pupils(effect):
        y = np.random.default_rng(6).normal(size=(SEEDS, 10, 12)) + effect * halves(12)[0]
        difference, within, df = per_block(y, halves(12)[0])
        return difference.mean(axis=1) / np.sqrt(4 * within / 120), df

    def schools(effect):
        y = np.random.default_rng(7).normal(size=(SEEDS, 5, 6)) * np.sqrt(0.1 + 0.9 / 25) + effect * halves(6)[0]
        difference, within, df = per_block(y, halves(6)[0])
        return difference.mean(axis=1) / np.sqrt(4 * within / 30), df

    holds_in_simulation({"design": "blocked individual", "blocks": 10, "block_n": 12}, pupils)
    holds_in_simulation({"design": "blocked cluster", "blocks": 5, "clusters": 6, "cluster_n": 25, "icc": 0.1}, schools)


def test_7_blocks_that_stand_for_others_find_the_mdes_of_pupils_and_of_schools():
    def differences(effect, blocks, drawn, spread, each, seed):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=(SEEDS, blocks, drawn)) * np.sqrt(spread)
        own = effect + rng.normal(0, each, (SEEDS, blocks))
        d = own + y[:, :, halves(drawn)[0]].mean(axis=2) - y[:, :, ~halves(drawn)[0]].mean(axis=2)
        return d.mean(axis=1) / (d.std(axis=1, ddof=1) / np.sqrt(blocks)), blocks - 1

    holds_in_simulation(
        {
            "design": "blocked individual",
            "block_effects": "random",
            "blocks": 12,
            "block_n": 20,
            "icc": 0.2,
            "effect_sd": 0.25,
        },
        lambda effect: differences(effect, 12, 20, 0.8, 0.25, 8),
    )
    holds_in_simulation(
        {
            "design": "blocked cluster",
            "block_effects": "random",
            "blocks": 14,
            "clusters": 4,
            "cluster_n": 25,
            "icc": 0.1,
            "icc_block": 0.1,
            "effect_sd": 0.2,
        },
        lambda effect: differences(effect, 14, 4, 0.1 + 0.8 / 25, 0.2, 9),
    )


def years_of_schools(rng, schools, years, shock, autocorrelation, pupil):
    """Draw schools' years: what schools share, a level of their own, first-order shocks, and new pupils each year."""
    moved = np.empty((SEEDS, schools, years))
    moved[:, :, 0] = rng.normal(size=(SEEDS, schools))
    for k in range(1, years):
        fresh = rng.normal(size=(SEEDS, schools)) * np.sqrt(1 - autocorrelation**2)
        moved[:, :, k] = autocorrelation * moved[:, :, k - 1] + fresh
    level = rng.normal(size=(SEEDS, schools, 1)) + rng.normal(size=(SEEDS, 1, years))
    return level + np.sqrt(shock) * moved + np.sqrt(pupil) * rng.normal(size=(SEEDS, schools, years))


@pytest.mark.parametrize(
    ("schools", "trend", "autocorrelation", "year"),
    [(16, "common", 0.5, None), (8, "common", 0.8, None), (16, "own", 0.3, None), (16, "own", -0.4, 2)],
)
def test_8_comparative_series_find_the_mdes_whatever_the_autocorrelation(schools, trend, autocorrelation, year):
    before, after = 5, 3

    def simulate(effect):
        y = years_of_schools(np.random.default_rng(10), schools, before + after, 0.03, autocorrelation, 0.87 / 50)
        y[:, :, before:] += effect * halves(schools)[:, :, None]
        past, future = np.arange(before), np.arange(before, before + after)
        chosen = future if year is None else future[[year - 1]]
        if trend == "common":
            expected = y[:, :, :before].mean(axis=2)
        else:  # each school's own line, fitted by numpy
            flat = y[:, :, :before].reshape(-1, before).T
            slope, start = np.polyfit(past, flat, 1)
            expected = (start + slope * chosen.mean()).reshape(SEEDS, schools)
        return fitted(y[:, :, chosen].mean(axis=2) - expected, halves(schools))

    plan = {
        "design": "comparative series",
        "clusters": schools,
        "cluster_n": 50,
        "years_before": before,
        "years_after": after,
        "icc": 0.1,
        "icc_year": 0.03,
        "autocorrelation": autocorrelation,
        "trend": trend,
        "year_after": year,
    }
    holds_in_simulation(plan, simulate)


def test_years_taken_for_schools_would_find_far_too_much():
    # The reason for one number a school: with correlated years, a fit on school years calls chance an effect.
    rng = np.random.default_rng(11)
    y = years_of_schools(rng, 8, 8, 0.1, 0.8, 0.9 / 50)[:1000]
    y = y - y.mean(axis=2, keepdims=True) - y.mean(axis=1, keepdims=True) + y.mean(axis=(1, 2), keepdims=True)
    on = np.outer(np.arange(8) % 2 == 0, np.arange(8) >= 5).astype(float)
    on = on - on.mean(axis=0) - on.mean(axis=1, keepdims=True) + on.mean()
    slope = np.einsum("sjt,jt->s", y, on) / (on**2).sum()
    left = ((y - slope[:, None, None] * on) ** 2).sum(axis=(1, 2)) / (64 - 8 - 8)
    assert found_in(slope / np.sqrt(left / (on**2).sum()), 48) > 0.15


def test_a_series_of_one_year_each_side_is_twice_the_noise_of_one_year():
    found = formulas.comparative_series(clusters=20, cluster_n=50, years_before=1, years_after=1, icc_year=0.04)
    assert found.se == pytest.approx(np.sqrt(2 * (0.04 + 0.96 / 50) / (0.25 * 20)))
    assert found.df == 18


def test_power_agrees_with_the_noncentral_t_of_scipy_and_is_alpha_without_an_effect():
    from scipy.stats import nct

    t = student.ppf(0.975, 18)
    by_hand = nct.sf(t, 18, 2.0) + nct.cdf(-t, 18, 2.0)
    assert formulas.chance_found(0.4, 0.2, 18) == pytest.approx(by_hand, rel=1e-10)
    assert formulas.chance_found(1e-12, 0.2, 18) == pytest.approx(0.05)
    assert formulas.chance_found(1e-12, 0.2, 18, two_tailed=False) == pytest.approx(0.05)


def test_a_huge_effect_is_found_for_sure_and_never_without_a_number():
    for df in (1, 3, 10, 1000):
        for size in (8, 12, 30, 100):
            assert 0.3 < formulas.chance_found(size, 1.0, df) <= 1
    assert power.power(effect=20.0, **TWENTY).power == 1


@pytest.mark.parametrize(
    "plan",
    [
        {"design": "individual"},
        {"design": "blocked individual", "block_n": 8},
        {"design": "cluster", "cluster_n": 40, "icc": 0.12},
        {"design": "three-level cluster", "classes": 2, "class_n": 20, "icc": 0.1, "icc_class": 0.05},
        {"design": "blocked cluster", "clusters": 4, "cluster_n": 40, "icc": 0.12},
        {"design": "comparative series", "cluster_n": 60, "years_before": 4, "years_after": 2, "icc_year": 0.03},
    ],
    ids=lambda p: p["design"],
)
def test_the_number_needed_reaches_the_power_and_one_fewer_does_not(plan):
    found = power.sample_size(effect=0.25, **plan)
    name = {"individual": "pupils", "blocked individual": "blocks", "blocked cluster": "blocks"}.get(
        plan["design"], "clusters"
    )
    assert found.power >= 0.80 and found.settings[name] == found.needed
    assert power.power(effect=0.25, **plan, **{name: found.needed - 1}).power < 0.80


def test_where_no_number_is_enough_the_text_says_so_and_what_the_limit_is():
    found = power.sample_size(effect=0.1, design="cluster", clusters=20, icc=0.2, of="cluster_n", at_most=5000)
    assert found.needed is None and np.isnan(found.table["value"].iloc[0])
    assert "No number of pupils in each school up to 5,000" in found.text
    assert smallest(lambda n: n >= 7, 100) == 7
    assert smallest(lambda n: n >= 7, 6) is None
    assert smallest(lambda n: True, 100) == 1


def test_a_number_that_cannot_be_split_is_said_to_be_one():
    found = power.sample_size(effect=0.5, design="cluster", cluster_n=60, icc=0.08)
    odd = bool(found.needed % 2)
    assert ("cannot be split" in found.text) == odd
    assert "cannot be split" in power.sample_size(effect=0.22, design="individual").text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"design": "clusters"}, "did you mean 'cluster'"),
        ({**TWENTY, "icc": 1.2}, "icc 1.2: is not a share"),
        ({**TWENTY, "icc": -0.1}, "is not a share"),
        ({**TWENTY, "share_treated": 0}, "leaves an arm empty"),
        ({**TWENTY, "share_treated": 1}, "leaves an arm empty"),
        ({**TWENTY, "share_treated": 0.05}, "each arm needs at least 2"),
        ({**TWENTY, "clusters": 2}, "each arm needs at least 2"),
        ({**TWENTY, "clusters": 4, "covariates_school": 2}, "fewer covariates"),
        ({**TWENTY, "clusters": 20.5}, "is not a count"),
        ({**TWENTY, "cluster_n": 0}, "is less than one"),
        ({**TWENTY, "cluster_n": [10, 0]}, "is not a number"),
        ({**TWENTY, "cluster_n": []}, "is not a number"),
        ({**TWENTY, "cluster_n": float("nan")}, "is not a number"),
        ({**TWENTY, "icc": "achievment"}, "is no published value"),
        ({**TWENTY, "r2_school": "x"}, "is no published value"),
        ({**TWENTY, "clusters": True}, "is not a number"),
        ({**TWENTY, "effect_sd": 0.1}, "has no meaning for 'cluster'"),
        ({**TWENTY, "r2_schools": 0.1}, "did you mean 'r2_school'"),
        ({**TWENTY, "power": 1}, "power 1: is not a share"),
        ({**TWENTY, "alpha": 0}, "alpha 0: is not a share"),
        ({**TWENTY, "power": 0.04}, "is no more than alpha"),
        ({**TWENTY, "icc": 1.0, "r2_school": 1.0}, "leaves nothing to chance"),
        ({"design": "individual", "pupils": 2}, "each arm needs at least 2"),
        ({"design": "blocked cluster", "blocks": 5, "clusters": 2, "cluster_n": 20, "icc": 0.1}, "`clusters`"),
        ({"design": "blocked individual", "blocks": 5, "block_n": 9, "block_effects": "mixed"}, "did you mean 'fixed'"),
        ({"design": "blocked individual", "blocks": 5, "block_n": 9, "effect_sd": 0.1}, 'block_effects="random"'),
    ],
)
def test_what_a_study_cannot_be_is_refused_with_what_to_do(settings, said):
    with pytest.raises(InputError, match=said):
        power.mdes(**settings)


def test_what_a_series_cannot_be_is_refused():
    plan = {"design": "comparative series", "clusters": 20, "cluster_n": 50, "years_after": 2, "icc_year": 0.03}
    for wrong, said in (
        ({"years_before": 1, "trend": "own"}, "2 years or more"),
        ({"years_before": 3, "trend": "line"}, "use one of: common, own"),
        ({"years_before": 3, "year_after": 3}, "is not one of the 2 years after"),
        ({"years_before": 3, "autocorrelation": 1}, "not between -1 and 1"),
        ({"years_before": 3, "icc": 0.99}, "more than all variance"),
        ({"years_before": 0}, "is not a count"),
    ):
        with pytest.raises(InputError, match=said):
            power.mdes(**plan, **wrong)


def test_everything_wrong_is_said_at_once():
    with pytest.raises(InputError) as caught:
        power.mdes(design="cluster", clusters=3, icc=2, share_treated=1, classes=2)
    assert len(caught.value.problems) == 4


def test_what_cannot_be_looked_for_is_refused():
    for effect in (0, float("nan"), "large"):
        with pytest.raises(InputError, match="cannot be looked for"):
            power.power(effect=effect, **TWENTY)
    with pytest.raises(InputError, match="is to be found"):
        power.sample_size(effect=0.2, **TWENTY)
    with pytest.raises(InputError, match="is no count of 'cluster'"):
        power.sample_size(effect=0.2, of="icc", design="cluster", clusters=20, cluster_n=15)


def test_published_shares_are_taken_by_name_with_their_source():
    by_name = power.mdes(**{**TWENTY, "icc": "WWC achievement"})
    assert by_name.mdes == power.mdes(**{**TWENTY, "icc": 0.2}).mdes
    assert any("What Works Clearinghouse" in c for c in by_name.checks)
    unchecked = power.mdes(**{**TWENTY, "icc": "US achievement"})
    assert any("not checked in the source" in c for c in unchecked.checks)


def test_every_published_value_has_a_source_and_says_whether_it_was_checked():
    table = power.benchmarks()
    assert table[["source", "what"]].map(len).gt(10).all(axis=None)
    assert set(table["verified"]) == {True, False}
    assert not table.duplicated(["key", "setting"]).any()


def test_the_result_tells_what_it_rests_on_and_never_claims_an_effect():
    found = power.mdes(**SCHOOLS, clusters=8, r2_school=0.5, covariates_school=2)
    said = found.plain().lower()
    assert "20% of the differences among pupils lie between schools" in said
    assert any("hopeful" in limit for limit in found.limits)
    assert any("chance differences between the arms" in limit for limit in found.limits)
    assert found.claim == "describe" and found.table["unit"].tolist() == ["sd"]
    assert not [w for w in ("significant", "no effect", "proves", "caused") if w in said]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.mdes = 0.1


@pytest.mark.parametrize(
    ("effect", "size", "words"),
    [
        (0.0499, "small", "smaller than half"),
        (0.05, "medium", "smaller than half"),
        (0.10, "medium", "larger than half"),
        (0.1999, "medium", "larger than half"),
        (0.20, "large", "larger than half"),
        (0.25, "large", "larger than three in four"),
        (0.47, "large", "larger than nine in ten"),
    ],
)
def test_an_effect_is_placed_among_krafts_at_the_edges(effect, size, words):
    found = power.beside(effect)
    assert found.size == size and words in found.text


@pytest.mark.parametrize(("usd", "cost"), [(499.99, "low"), (500, "moderate"), (3999, "moderate"), (4000, "high")])
def test_costs_are_placed_and_said_to_be_unchecked(usd, cost):
    found = power.beside(0.1, cost_per_pupil_usd=usd)
    assert found.cost == cost and any("not checked" in limit for limit in found.limits)
    assert found.frame.set_index("size").loc["medium", cost] == "here"
    assert (found.frame[["low", "moderate", "high"]] == "here").to_numpy().sum() == 1


def test_an_effect_beside_others_takes_a_planned_study_and_refuses_nonsense():
    plan = power.mdes(**TWENTY)
    assert power.beside(plan).effect_sd == plan.mdes
    assert "loss" in power.beside(-0.1, cost_per_pupil_usd=10).text
    with pytest.raises(InputError) as caught:
        power.beside(float("nan"), cost_per_pupil_usd=-1)
    assert len(caught.value.problems) == 2


# Earlier-year data. R 4.2.2, lme4 1.1.31: lmer(y ~ 1 + (1 | g)) on the pupils of `balanced`.
LME4_ICC, LME4_BETWEEN, LME4_WITHIN = 0.4045395821, 17.5536331210, 25.8379999740


def balanced():
    rng = np.random.default_rng(3)
    school = np.round(rng.normal(0, 3, 12), 1)
    return pd.DataFrame(
        {"g": np.repeat(np.arange(12), 6), "y": np.round(np.repeat(school, 6) + rng.normal(0, 5, 72), 1)}
    )


def pupils(rng, sizes, icc=0.2, *, slope=0.0, own=0.0):
    """Draw pupils of schools: the pretest explains part of what differs within schools, and of schools."""
    school = np.repeat(np.arange(len(sizes)), sizes)
    shared, kept = rng.normal(size=len(sizes)), rng.normal(size=len(sizes))
    pretest = rng.normal(size=len(school))
    y = np.sqrt(icc) * (np.sqrt(own) * shared + np.sqrt(1 - own) * kept)[school]
    y = y + np.sqrt(1 - icc) * (np.sqrt(slope) * pretest + np.sqrt(1 - slope) * rng.normal(size=len(school)))
    return pd.DataFrame({"school": school, "y": y, "pretest": pretest, "prior": shared[school]})


def test_shares_of_equal_schools_are_those_of_lme4():
    found = power.from_data(balanced(), outcome="y", cluster="g")
    assert found.icc == pytest.approx(LME4_ICC, rel=1e-6)
    y = balanced()["y"].to_numpy().reshape(12, 6)
    within = y.var(axis=1, ddof=1).mean()
    assert within == pytest.approx(LME4_WITHIN, rel=1e-6)
    between = planning.between_variance(y.mean(axis=1), np.full(12, 6.0), within)
    assert between == pytest.approx(LME4_BETWEEN, rel=1e-6)


def test_the_interval_of_equal_schools_is_the_textbook_one_from_the_f_distribution():
    from scipy.stats import f

    found = power.from_data(balanced(), outcome="y", cluster="g")
    ratio = 1 + 6 * LME4_ICC / (1 - LME4_ICC)  # MSB / MSW
    ends = [ratio / f.ppf(q, 11, 60) for q in (0.975, 0.025)]
    by_hand = [(e - 1) / (e - 1 + 6) for e in ends]
    assert [found.icc_low, found.icc_high] == pytest.approx(by_hand, rel=1e-6)


@pytest.mark.parametrize(
    "sizes", [[30] * 30, [5, 8, 12, 20, 40, 60, 90, 150], list(range(4, 44))], ids=["30", "8", "40"]
)
def test_9_the_interval_of_the_share_covers_the_truth_for_unequal_and_few_schools(sizes):
    class Found:
        def __init__(self, result):
            self.value, self.low, self.high = result.icc, result.icc_low, result.icc_high

    out = recover(
        lambda rng: pupils(rng, sizes), lambda d: Found(power.from_data(d, outcome="y", cluster="school")), 0.2
    )
    assert 0.93 <= out.covered <= 0.97
    assert -0.25 / len(sizes) < out.error < 3 * out.error_mc  # the ratio leans low by less than a quarter over J


def test_10_schools_that_do_not_differ_are_told_apart_in_two_and_a_half_percent():
    low = []
    for seed in range(1000):
        data = pupils(np.random.default_rng(seed), [5, 8, 12, 20, 40, 60, 90, 150], icc=0.0)
        low.append(power.from_data(data, outcome="y", cluster="school").icc_low)
    assert np.mean(np.asarray(low) > 0) == pytest.approx(0.025, abs=3 * np.sqrt(0.025 * 0.975 / 1000))


def test_11_variances_given_covariates_are_unbiased_with_unequal_schools():
    sizes = np.array([5, 8, 12, 20, 40, 60, 90, 150, 25, 35])
    plain, given, inside = [], [], []
    for seed in range(1000):
        d = pupils(np.random.default_rng(seed), sizes, slope=0.4, own=0.5)
        codes, n = d["school"].to_numpy(), sizes.astype(float)
        y = planning.grouped(d["y"], codes, n)
        x = planning.grouped(d[["pretest", "prior"]], codes, n)
        within = (y.within**2).sum() / (len(d) - len(n))
        plain.append(planning.between_variance(y.means[:, 0], n, within))
        one, two, count = planning._given(y, x, ["pretest", "prior"])
        inside.append(one)
        given.append(two)
        assert count == 2
    for drawn, true in ((plain, 0.2), (given, 0.1), (inside, 0.8 * 0.6)):
        assert np.mean(drawn) == pytest.approx(true, abs=3 * np.std(drawn) / np.sqrt(1000))


def test_what_is_learned_goes_straight_into_a_plan():
    data = pupils(np.random.default_rng(0), [30] * 200, slope=0.4, own=0.5)
    found = power.from_data(data, outcome="y", cluster="school", covariates=("pretest", "prior"))
    assert found.settings["cluster_n"] == pytest.approx(30) and found.settings["covariates_school"] == 2
    assert [found.r2_pupil, found.r2_school] == pytest.approx([0.4, 0.5], abs=0.1)
    planned = power.mdes(design="cluster", clusters=40, **found.settings)
    assert planned.mdes < power.mdes(design="cluster", clusters=40, cluster_n=30, icc=found.icc).mdes


def test_neither_order_nor_unit_nor_labels_change_what_is_learned():
    data = pupils(np.random.default_rng(1), [4, 9, 14, 30, 8, 5], slope=0.3, own=0.4)
    one = power.from_data(data, outcome="y", cluster="school", covariates=("pretest",))
    other = data.sample(frac=1, random_state=2)
    other = other.assign(y=other["y"] * 1e6 + 5e7, pretest=other["pretest"] * 1e-4)
    two = power.from_data(other, outcome="y", cluster="school", covariates=("pretest",))
    assert [two.icc, two.icc_low, two.icc_high, two.r2_pupil, two.r2_school] == pytest.approx(
        [one.icc, one.icc_low, one.icc_high, one.r2_pupil, one.r2_school], rel=1e-6
    )
    again = power.from_data(data.iloc[::-1], outcome="y", cluster="school", covariates=("pretest",))
    assert again.plain() == one.plain() and again.icc == one.icc


def test_rows_without_a_value_are_left_out_and_counted():
    data = pupils(np.random.default_rng(1), [10] * 8)
    holed = data.assign(y=data["y"].where(data.index % 7 > 0))
    found = power.from_data(holed, outcome="y", cluster="school")
    kept = power.from_data(holed.dropna(), outcome="y", cluster="school")
    assert found.icc == kept.icc and any("left out" in limit for limit in found.limits)


def test_schools_alike_give_a_share_of_zero_and_say_so():
    data = pd.DataFrame({"school": np.repeat(range(6), 10), "y": np.tile(np.arange(10.0), 6)})
    found = power.from_data(data, outcome="y", cluster="school")
    assert found.icc == 0 and found.icc_low == 0
    assert any("set to zero" in limit for limit in found.limits)


@pytest.mark.parametrize(
    ("change", "covariates", "said"),
    [
        (lambda d: d.assign(y=1.0), (), "is the same for all pupils of each school"),
        (lambda d: d[d["school"] < 2], (), "come from 2 schools"),
        (lambda d: d.iloc[:2], (), "give more schools"),
        (lambda d: d.drop_duplicates("school"), (), "hardly more than one pupil"),
        (lambda d: d.assign(twice=2 * d["pretest"] + 1), ("pretest", "twice"), "say the same"),
        (lambda d: d.assign(same=3.0), ("same",), "is the same in every row"),
        (lambda d: d, ("pretest", "prior", "y", "a", "b"), "is not in the table"),
        (lambda d: d[d["school"] < 4], ("pretest", "prior"), "fewer covariates"),
    ],
)
def test_data_that_cannot_tell_are_refused_with_what_to_give(change, covariates, said):
    data = change(pupils(np.random.default_rng(0), [10] * 6))
    with pytest.raises(InputError, match=said):
        power.from_data(data, outcome="y", cluster="school", covariates=covariates)


def test_an_input_frame_is_not_changed():
    data = pupils(np.random.default_rng(0), [10] * 6)
    before = data.copy()
    power.from_data(data, outcome="y", cluster="school", covariates=("pretest",))
    pd.testing.assert_frame_equal(data, before)


def test_a_curve_has_a_row_a_value_and_says_where_it_gets_small_enough():
    found = power.curve(over="clusters", values=(40, 10, 80, 160), **SCHOOLS, r2_school=0.5, covariates_school=1)
    assert found.frame["x"].tolist() == [10, 40, 80, 160]
    assert list(found.frame.columns) == ["x", "value", "low", "high", "se", "df"]
    each = power.mdes(**SCHOOLS, clusters=80, r2_school=0.5, covariates_school=1)
    assert found.frame["value"].iloc[2] == each.mdes
    assert "with 160 schools or more" in found.text
    assert found.table["n"].tolist() == [10, 40, 80, 160]


def test_a_curve_over_a_share_that_helps_or_harms_is_told_in_its_direction():
    plan = {"design": "cluster", "clusters": 60, "cluster_n": 60}
    worse = power.curve(over="icc", values=(0.02, 0.1, 0.3), **plan)
    assert "are found up to 0.02" in worse.text
    better = power.curve(over="r2_school", values=(0, 0.5, 0.9), **plan, icc=0.2)
    assert "are found at 0.9" in better.text


def test_a_curve_of_power_needs_an_effect_and_values():
    found = power.curve(over="clusters", values=range(20, 161, 20), kind="power", effect=0.25, **SCHOOLS)
    assert found.table["unit"].unique().tolist() == ["pct"]
    assert "120 schools is the first to reach 80%" in found.text
    with pytest.raises(InputError) as caught:
        power.curve(over="schools", values=(), kind="power", **SCHOOLS)
    assert len(caught.value.problems) == 3
    with pytest.raises(InputError, match="is to vary"):
        power.curve(over="icc", values=(0.1,), **SCHOOLS, clusters=20)
    with pytest.raises(InputError, match="each arm needs"):
        power.curve(over="clusters", values=(2, 20), **SCHOOLS)


@pytest.fixture
def canvases(monkeypatch):
    seen = []

    def keep(canvas, **named):
        seen.append(canvas)
        return style.finished(canvas, **named)

    monkeypatch.setattr(powers, "finished", keep)
    return seen


def test_the_figure_draws_the_curve_beside_published_effects(canvases):
    found = power.curve(over="clusters", values=range(10, 101, 10), **SCHOOLS, r2_school=0.6, covariates_school=1)
    figure = charts.power_curve(found)
    assert figure.drawn["x"] == list(range(10, 101, 10))
    assert figure.title == "80 schools: the first of these to find effects under 0.20 standard deviations"
    assert "10: 0.63" in figure.alt and "median effect 0.10" in figure.alt
    ax = canvases[0].axes[0]
    names = {t.get_text() for t in ax.texts}
    assert {"small", "medium", "large", "median effect", "3 in 4 are below", "9 in 10 are below"} <= names
    line = next(line for line in ax.lines if line.get_marker() == "o")
    assert line.get_ydata().tolist() == found.frame["value"].tolist()
    again = charts.power_curve(found)
    assert figure.png == again.png and set(Image.open(io.BytesIO(figure.png)).info) <= {"dpi"}


def test_the_figure_of_power_shows_the_power_wanted(canvases):
    found = power.curve(over="clusters", values=(20, 60), kind="power", effect=0.25, **SCHOOLS)
    figure = charts.power_curve(found)
    assert figure.title == "None of these studies finds 0.25 standard deviations in 80% of cases"
    assert any(t.get_text() == "80% wanted" for t in canvases[0].axes[0].texts)


def test_titles_say_when_all_or_none_of_the_studies_are_enough():
    none = charts.power_curve(power.curve(over="icc", values=(0.1, 0.2), design="cluster", clusters=12, cluster_n=60))
    every = charts.power_curve(power.curve(over="pupils", values=(900, 1800), design="individual"))
    assert none.title == "None of these studies is likely to see effects under 0.61 standard deviations"
    assert every.title == "All of these studies would find an effect of 0.20 standard deviations"
