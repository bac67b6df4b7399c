"""Matching: MatchIt's pairs and errors, recovery under selection on what is measured, and what it refuses."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from truth import recover

from leadlib import charts, designs
from leadlib.designs.estimates import interval
from leadlib.designs.matching import balance, e_value, e_values
from leadlib.designs.matching.design import LEAST
from leadlib.designs.matching.fits import Data, fit_of, sets_of
from leadlib.designs.matching.sets import few, nearest_sets
from leadlib.errors import InputError
from leadlib.results import Missing

ORACLES = Path(__file__).parent / "oracles"
SAMPLE = pd.read_csv(ORACLES / "matching_small.csv")
EXPECTED = pd.read_csv(ORACLES / "matching_expected.csv").set_index("what")["value"]
COVARIATES = ["poverty_pct", "prior_sd", "enrol_n"]
R = 1e-9
NO_CALIPER = float("inf")


def run(frame=SAMPLE, **more):
    given = {"outcome": "outcome_sd", "treated": "treated", "covariates": COVARIATES, "unit": "school_id"} | more
    return designs.matched(frame, **given)


# --- numbers of MatchIt 4.5.1 and clubSandwich 0.5.8, made by oracles/make_matching_oracle.R


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("one", {"caliper": NO_CALIPER}),
        ("two", {"caliper": NO_CALIPER, "ratio": 2}),
        ("level", {"caliper": NO_CALIPER, "exact": ["level"]}),
        ("coarsened", {"method": "coarsened", "bins": 4}),
    ],
)
def test_estimate_error_and_balance_are_those_of_matchit_and_clubsandwich(name, options):
    found = run(**options)
    expected = {key.split(": ", 1)[1]: float(v) for key, v in EXPECTED.items() if key.startswith(f"{name}: ")}
    ours = {
        "matched treated": found.evidence.units[0],
        "matched others": found.evidence.units[1],
        "estimate": found.value,
        "error": found.se,
        "degrees of freedom": found.df,
    }
    for row in found.balance[found.balance["when"] == "after"].to_dict("records"):
        ours[f"mean treated {row['measure']}"] = row["treated_mean"]
        ours[f"mean others {row['measure']}"] = row["comparison_mean"]
        ours[f"variance ratio {row['measure']}"] = row["variance_ratio"]
    assert ours == pytest.approx(expected, rel=R)


def test_pairs_are_those_of_matchit():
    pairs = run(caliper=NO_CALIPER).pairs
    others = pairs[~pairs["treated"]].set_index("set")["school_id"]
    expected = {k.removeprefix("pair: "): v for k, v in EXPECTED.items() if k.startswith("pair: ")}
    assert others.to_dict() == expected


def test_nearest_within_the_caliper_is_what_looking_at_every_pair_gives():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        score, treated = rng.normal(0, 1, 40).round(rng.integers(1, 4)), rng.random(40) < 0.4
        most = 0.3 * np.sqrt((score[treated].var(ddof=1) + score[~treated].var(ddof=1)) / 2)
        free, gaps = set(np.flatnonzero(~treated).tolist()), []
        for i in sorted(np.flatnonzero(treated).tolist(), key=lambda i: (-score[i], i)):
            j = min(free, key=lambda j: (abs(score[j] - score[i]), score[j]), default=None)
            if j is not None and abs(score[j] - score[i]) <= most:
                free.discard(j)
                gaps.append(abs(score[j] - score[i]))
        sets = nearest_sets(score, treated, np.zeros(40, dtype=int), ratio=1, caliper=0.3)
        own = np.flatnonzero(treated & sets.kept)
        ours = [abs(score[np.flatnonzero((sets.sets == i) & ~treated)[0]] - score[i]) for i in own]
        assert sorted(ours) == pytest.approx(sorted(gaps))


def test_e_values_of_the_paper():
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value(1 / 3.9) == pytest.approx(e_value(3.9))
    strong, weak = e_values(0.5, -0.1, 1.1, 1.0)
    assert strong == pytest.approx(e_value(np.exp(0.455))) and weak == 1.0
    assert e_values(-0.5, -0.8, -0.2, 1.0)[1] == pytest.approx(e_value(np.exp(0.182)))


def test_balance_by_hand():
    x, treated = np.array([[1.0], [3], [0], [2], [4]]), np.array([True, True, False, False, False])
    before, after = balance(x, treated, np.array([1.0, 1, 0, 1, 1]), ("prior",)).to_dict("records")
    sd = np.sqrt((2 + 4) / 2)
    assert (before["difference_sd"], before["sd"]) == (0.0, sd)
    assert after["difference_sd"] == pytest.approx((2 - 3) / sd) and after["comparison_n"] == 2


def test_a_job_training_experiment_is_recovered_by_strata_of_its_own_arms():
    nsw = (
        pd.read_csv(Path(designs.__file__).parents[1] / "verify" / "data" / "nsw_re74.csv")
        .rename_axis("id")
        .reset_index()
    )
    found = run(
        nsw,
        outcome="re78",
        treated="treat",
        covariates=["black", "hisp", "marr", "nodegree"],
        unit="id",
        method="exact",
    )
    assert found.low < 1794 < found.high  # the experiment's own, Dehejia and Wahba 1999
    assert (found.balance.query("when == 'after'")["difference_sd"].abs() < 1e-12).all()


# --- truth: what it makes of schools whose effect is known


def schools(rng, n, effect, treated_n=None, curve=0.0, uneven=False):
    """Give schools of which the poorer, lower and larger take up a program more often; all three matter besides."""
    poor = rng.normal(0, 1, n)
    prior, big = -0.4 * poor + rng.normal(0, 0.9, n), rng.exponential(1, n)
    lean = 0.7 * poor - 0.5 * prior + 0.2 * big
    if treated_n:
        treated = np.zeros(n)
        treated[np.argsort(-(lean + rng.logistic(0, 1, n)), kind="stable")[:treated_n]] = 1
    else:
        treated = (rng.random(n) < 1 / (1 + np.exp(1 - lean))).astype(float)
    noise = np.sqrt(0.1 + 20 / rng.integers(15, 400, n)) if uneven else 1.0
    y = -0.8 * poor + 0.6 * prior - 0.2 * big + curve * (poor**2 - 1) + effect * treated + noise * rng.normal(0, 1, n)
    return pd.DataFrame({"id": np.arange(n), "poor": poor, "prior": prior, "big": big, "treated": treated, "y": y})


def estimate(frame, *, method="propensity", bins=None, adjust=True, covariates=("poor", "prior", "big"), clusters=None):
    """Take the numbers' way alone: no table, no words; `test_the_numbers_way_is_the_designs` holds the two together."""
    y, treated = frame["y"].to_numpy(), frame["treated"].to_numpy() == 1
    x, none = frame[list(covariates)].to_numpy(), np.zeros((len(y), 0))
    data = Data(y, treated, x, tuple(covariates), frame["id"].to_numpy(), none, clusters, ())
    sets, _ = sets_of(data, method, 1, 0.2, bins)
    few(int((sets.kept & treated).sum()), int(treated.sum()), LEAST)
    value, se, df = fit_of(data, sets, by_set=method == "propensity", adjust=adjust).term("treated")
    low, high = interval(value, se, df, 0.95)
    return SimpleNamespace(value=value, low=low, high=high)


def whole(frame, **more):
    return run(frame, outcome="y", covariates=["poor", "prior", "big"], unit="id", **more)


def test_the_numbers_way_is_the_designs():
    frame = schools(np.random.default_rng(4), 120, 0.3)
    for options in ({}, {"adjust": False}, {"method": "coarsened", "bins": 4}):
        one, two = estimate(frame, **options), whole(frame, **options)
        assert [one.value, one.low, one.high] == pytest.approx([two.value, two.low, two.high], rel=1e-12)


@pytest.mark.parametrize(("n", "effect"), [(60, 0.5), (200, 0.0)])
def test_an_effect_is_recovered_where_all_that_matters_is_measured(n, effect):
    found = recover(lambda rng: schools(rng, n, effect), estimate, effect, refusals=True)
    assert found.holds() and found.refused < 0.01
    if effect == 0:
        assert 0.03 <= found.found <= 0.07


def test_the_plain_comparison_is_biased_and_pairs_without_adjustment_are_still_a_little():
    def naive(rng):
        by = schools(rng, 200, 0.0).groupby("treated")["y"].mean()
        return by[1.0] - by[0.0]

    assert np.mean([naive(np.random.default_rng(s)) for s in range(200)]) < -0.8
    left = recover(lambda rng: schools(rng, 200, 0.0), lambda f: estimate(f, adjust=False), 0.0, seeds=500)
    taken = recover(lambda rng: schools(rng, 200, 0.0), estimate, 0.0, seeds=500)
    assert -0.1 < left.error < -3 * left.error_mc
    assert abs(taken.error) < 3 * taken.error_mc


@pytest.mark.parametrize("options", [{"n": 60}, {"n": 200, "uneven": True}])
def test_eight_treated_schools_are_enough_for_an_honest_interval(options):
    found = recover(lambda rng: schools(rng, effect=0.0, treated_n=8, **options), estimate, 0.0, refusals=True)
    assert found.holds() and found.refused < 0.02


def test_a_bent_outcome_is_no_bias_within_the_caliper():
    found = recover(lambda rng: schools(rng, 200, 0.3, curve=0.25, uneven=True), estimate, 0.3)
    assert abs(found.error) <= 0.03 and 0.93 <= found.covered <= 0.97


def test_coarse_cells_recover_the_effect_too():
    found = recover(lambda rng: schools(rng, 200, 0.0), lambda f: estimate(f, method="coarsened", bins=4), 0.0)
    assert found.holds()


def test_districts_that_take_up_a_program_whole_are_the_clusters():
    def districts(rng):
        of = np.repeat(np.arange(30), 5)
        need, shock = rng.normal(0, 1, 30), rng.normal(0, 0.6, 30)
        treated = (rng.random(30) < 1 / (1 + np.exp(0.8 - 0.6 * need))).astype(float)
        poor = need[of] + rng.normal(0, 0.7, 150)
        y = -0.6 * poor + shock[of] + rng.normal(0, 0.8, 150)
        return pd.DataFrame({"id": np.arange(150), "of": of, "poor": poor, "treated": treated[of], "y": y})

    def clustered(frame, clusters=None):
        return estimate(frame, covariates=("poor",), clusters=clusters)

    found = recover(districts, lambda f: clustered(f, f["of"].to_numpy()), 0.0, refusals=True)
    assert found.holds() and found.refused < 0.02
    assert recover(districts, clustered, 0.0, seeds=200, refusals=True).covered < 0.85


# --- what does not matter, and what is said


def test_rows_order_and_units_do_not_matter():
    one, two = run(), run(SAMPLE.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(one.pairs, two.pairs)
    assert one.plain() == two.plain()
    scaled = run(SAMPLE.assign(outcome_sd=SAMPLE["outcome_sd"] * 1000, enrol_n=SAMPLE["enrol_n"] / 1000))
    assert [scaled.value, scaled.se] == pytest.approx([1000 * one.value, 1000 * one.se], rel=1e-7)


def test_ties_go_by_the_unit():
    frame = pd.DataFrame({"school_id": [f"s{k}" for k in range(20)], "x": np.tile([0.0, 1, 2, 3], 5)})
    frame["treated"] = [1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    frame["outcome_sd"] = np.sin(np.arange(20.0))
    one = run(frame, covariates=["x"])
    for seed in range(5):
        pd.testing.assert_frame_equal(one.pairs, run(frame.sample(frac=1, random_state=seed), covariates=["x"]).pairs)


def test_no_unit_is_used_twice_and_the_input_is_not_changed():
    frame = SAMPLE.copy()
    pairs = run(frame, ratio=2).pairs
    assert not pairs["school_id"].duplicated().any()
    assert pairs.groupby("set")["treated"].sum().eq(1).all()
    pd.testing.assert_frame_equal(frame, SAMPLE)


def test_exact_columns_hold_within_sets():
    pairs = run(exact=["level"]).pairs.merge(SAMPLE[["school_id", "level"]], on="school_id")
    assert pairs.groupby("set")["level"].nunique().eq(1).all()


def test_those_left_out_are_counted_and_described():
    found = run(caliper=0.2)
    lost = int(SAMPLE["treated"].sum()) - found.evidence.units[0]
    assert lost > 0
    assert any(f"{lost} of {SAMPLE['treated'].sum()} treated schools had nobody like them" in s for s in found.limits)


def test_evidence_holds_what_a_card_needs():
    found = run()
    base = found.evidence.baseline
    assert base["measure"].tolist() == COVARIATES and base["adjusted"].all()
    assert found.evidence.adjusted == tuple(COVARIATES) and found.evidence.assignment == "not random"
    assert run(adjust=False).evidence.adjusted == ()
    assert any("E-value" in c for c in found.checks)
    assert any("cannot do so on what was not" in s for s in found.limits)


def test_arms_that_stay_apart_take_the_claim_down():
    found = run(method="coarsened", bins=1)
    assert found.claim == "compare" and "consistent with" not in found.text
    assert any("still differ by more than 0.25" in s for s in found.limits)


def test_power_hides_the_estimate():
    found, shown = run(look="power"), run()
    assert found.mdes == pytest.approx(shown.mdes)
    assert "E-value" not in found.plain() and f"{shown.value:.3g}" not in found.plain()


# --- what it refuses


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f.assign(treated=0), {}, "marks no treated unit"),
        (lambda f: f.assign(treated=1), {}, "marks no untreated unit"),
        (lambda f: f.assign(treated=[1, *[0] * 119]), {}, "marks only one treated unit"),
        (lambda f: f.iloc[:2], {}, "needs at least two in each arm"),
        (lambda f: f.assign(outcome_sd=1.0), {}, "is the same for all"),
        (lambda f: f.assign(outcome_sd=f["prior_sd"]), {}, "does not vary around"),
        (lambda f: f.assign(twice=2 * f["prior_sd"]), {"covariates": ["prior_sd", "twice"]}, "twice: is determined"),
        (
            lambda f: f.assign(rule=f["treated"] * 5 + f["prior_sd"].rank() / 200),
            {"covariates": ["rule"]},
            "'rule': is higher for every",
        ),
        (
            lambda f: f.assign(a=f["prior_sd"] + 9 * f["treated"], b=f["prior_sd"]),
            {"covariates": ["b", "a"]},
            "nobody is comparable",
        ),
        (lambda f: f, {"caliper": 1e-9}, "none of 26 treated units found a comparison|only . of 26"),
        (lambda f: f, {"method": "exact"}, "none of 26 treated units"),
        (lambda f: f.assign(school_id="a"), {}, "share their school_id"),
        (lambda f: f.assign(d=f["treated"]), {"cluster": "d"}, "in one cluster"),
        (lambda f: f, {"method": "optimal"}, "not one of the choices"),
        (lambda f: f, {"ratio": 0}, "give 1 or more"),
        (lambda f: f, {"caliper": 0.0}, "positive number of standard deviations"),
        (lambda f: f, {"covariates": []}, "names none"),
        (lambda f: f, {"covariates": ["prior"]}, "did you mean 'prior_sd'"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_answered_is_refused_with_the_reason(change, options, message):
    with pytest.raises(InputError, match=message):
        run(change(SAMPLE), **options)


@pytest.mark.filterwarnings("error")
def test_arms_that_several_covariates_part_together_are_refused():
    frame = SAMPLE.assign(a=SAMPLE["prior_sd"], b=np.where(SAMPLE["treated"] == 1, 0.3, -0.3) - SAMPLE["prior_sd"])
    with pytest.raises(InputError, match="together tell the treated from the others without error"):
        run(frame, covariates=["a", "b"])


def test_two_hundred_thousand_pupils_take_seconds():
    frame = schools(np.random.default_rng(0), 200_000, 0.1)
    found = whole(frame)
    assert found.low < 0.1 < found.high and found.se < 0.02


# --- the picture


@pytest.mark.filterwarnings("error")
def test_the_love_plot_draws_before_and_after_and_says_what_is_left():
    found = run()
    figure = charts.balance(found)
    assert figure.drawn["when"] == ["before", "after"] * 3
    assert figure.drawn["difference_sd"] == pytest.approx(found.balance["difference_sd"].tolist(), rel=1e-5)
    assert figure.title == "After matching, no measured difference is larger than 0.17 SD"
    assert "prior_sd: \N{MINUS SIGN}0.72 before, +0.03 after" in figure.alt
    apart = charts.balance(run(method="coarsened", bins=1))
    assert apart.title == "After matching, 2 of 3 measures still differ by more than 0.25 SD"
    assert isinstance(charts.balance(Missing("Matching", "no program.")), Missing)
    with pytest.raises(InputError, match="look='estimate'"):
        charts.balance(run(look="power"))
