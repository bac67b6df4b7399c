"""Probabilities against the reader's own threshold: calibrated, turned the right way, priced honestly."""

import math

import numpy as np
import pytest
from scipy.stats import kstest, norm
from scipy.stats import t as student

from leadlib import designs
from leadlib.designs.decisions import posterior
from leadlib.designs.estimates import Evidence, Wording, finish
from leadlib.errors import InputError, Problem


def estimate(value, se, df=20.0, *, unit="sd", sd=1.0, claim="estimate"):
    return finish(
        id="e", title="E", design="did", outcome="read", label="Reading", unit=unit, value=value, se=se, df=df, sd=sd,
        evidence=Evidence(units=(20, 20)), wording=Wording(), asked={}, claim=claim,
    )  # fmt: skip


def test_without_a_prior_the_probability_is_the_t_tail_by_hand():
    found = designs.decide(estimate(0.10, 0.05), threshold=0.05)
    assert found.beats == pytest.approx(student.sf(-1, 20))
    assert found.helps == pytest.approx(student.sf(-2, 20))
    assert found.table["value"].tolist()[2] == pytest.approx(100 * student.cdf(-3, 20))


def test_where_less_is_better_everything_is_turned():
    up = designs.decide(estimate(0.10, 0.05), threshold=0.05)
    down = designs.decide(estimate(-0.10, 0.05), threshold=0.05, better="lower")
    assert (down.beats, down.helps) == pytest.approx((up.beats, up.helps))
    assert "−0.05 standard deviations or less" in down.text


def test_a_normal_prior_combines_as_precisions_do():
    found = designs.decide(estimate(0.20, 0.10, df=1e6), threshold=0.05, prior=(0.0, 0.10))
    assert found.beats == pytest.approx(norm.sf(0.05, 0.10, math.sqrt(0.005)), abs=1e-3)
    grid, mass = posterior(0.20, 0.10, 1e6, 0.0, 0.10)
    assert float(grid @ mass) == pytest.approx(0.10, abs=1e-4)


def test_over_many_studies_the_probability_is_uniform_when_the_effect_is_just_the_threshold():
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(1000):
        values = rng.normal(0.05, 0.3, 12)
        one = estimate(values.mean(), values.std(ddof=1) / np.sqrt(12), 11.0)
        shares.append(designs.decide(one, threshold=0.05).beats)
    assert kstest(shares, "uniform").pvalue > 0.01


def test_with_a_true_prior_the_probabilities_come_true():
    rng = np.random.default_rng(2)
    true = rng.normal(0.05, 0.1, 1000)
    said = [
        designs.decide(estimate(rng.normal(t, 0.08), 0.08, 1e6), threshold=0.1, prior=(0.05, 0.1)).beats for t in true
    ]
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 1.0)):
        inside = (np.array(said) >= low) & (np.array(said) < high)
        share, n = float((true[inside] >= 0.1).mean()), int(inside.sum())
        assert abs(share - np.mean(np.array(said)[inside])) < 3 * math.sqrt(share * (1 - share) / n)


def test_cost_is_open_above_where_the_interval_includes_zero():
    sure = designs.decide(estimate(0.10, 0.01, df=1e6), threshold=0, cost_per_pupil_usd=200)
    row = sure.table.iloc[-1]
    assert row["value"] == pytest.approx(200) and row["unit"] == "usd"
    assert [row["low"], row["high"]] == pytest.approx([20 / (0.10 + 1.96 * 0.01), 20 / (0.10 - 1.96 * 0.01)], rel=1e-4)
    open_ = designs.decide(estimate(0.10, 0.10), threshold=0, cost_per_pupil_usd=200)
    assert math.isnan(open_.table["high"].iloc[-1]) and "without an upper limit" in open_.text
    none = designs.decide(estimate(-0.10, 0.01), threshold=0, cost_per_pupil_usd=200)
    assert math.isnan(none.cost_per_tenth_sd) and "buys no gain" in none.text


@pytest.mark.parametrize(
    ("value", "said"), [(0.5, "lean towards"), (-0.5, "lean against"), (0.05, "leave the decision open")]
)
def test_words_follow_the_probability(value, said):
    assert said in designs.decide(estimate(value, 0.1), threshold=0.05).text


def test_a_comparison_is_no_basis_by_itself():
    assert "no basis for a decision" in designs.decide(estimate(0.5, 0.1, claim="compare"), threshold=0).text


def test_the_curve_falls_and_passes_through_the_threshold():
    found = designs.decide(estimate(0.1, 0.05), threshold=0.05)
    assert (np.diff(found.frame["probability"]) <= 0).all()
    at = found.frame.loc[found.frame["threshold"] == 0.05, "probability"].iloc[0]
    assert at == pytest.approx(found.beats)


def test_bad_choices_are_told_all_at_once():
    with pytest.raises(InputError) as caught:
        designs.decide(estimate(0.1, 0.1), threshold=-1, prior=(0, 0), cost_per_pupil_usd=-5)
    assert len(caught.value.problems) == 3


def test_an_estimate_never_says_that_there_is_no_effect():
    wide, narrow = estimate(0.01, 0.2), estimate(0.01, 0.01)
    assert "is no sign that there is none" in wide.text
    assert "do not fit the data" in narrow.text
    for one in (wide, narrow, estimate(0.3, 0.1), estimate(-0.3, 0.1, claim="compare")):
        assert not [w for w in ("no effect", "significant", "caused", "proves") if w in one.plain().lower()]


def test_asked_for_power_alone_the_estimate_is_nowhere():
    shown = finish(
        id="e", title="E", design="did", outcome="read", label="Reading", unit="score", value=123.456, se=2.0, df=30.0,
        evidence=Evidence(units=(20, 20)), wording=Wording(), asked={}, look="power", sd=40.0,
        rows=(("Reading", "2001", 987.6, 1.0, 2.0, 3, "score"),),
    )  # fmt: skip
    assert "123" not in shown.plain() + str(shown.data()) and "987" not in shown.plain()
    assert shown.mdes == pytest.approx((student.ppf(0.975, 30) + student.ppf(0.8, 30)) * 2)
    assert shown.mdes_sd == pytest.approx(shown.mdes / 40)


def test_every_combination_is_tried_and_the_planned_one_is_marked():
    found = designs.specifications(
        lambda adjust, years: estimate(0.1 * len(adjust) + 0.01 * years, 0.1),
        choices={"adjust": [(), ("need",)], "years": [1, 2, 3]},
        preferred={"adjust": ("need",), "years": 2},
    )
    assert len(found.frame) == 6 and found.frame["value"].is_monotonic_increasing
    assert found.frame.loc[found.frame["preferred"], ["adjust", "years"]].to_numpy().tolist() == [["need", "2"]]
    assert found.table["value"].tolist() == pytest.approx([np.median([0.01, 0.02, 0.03, 0.11, 0.12, 0.13]), 0.12])


def test_a_refused_way_is_counted_with_its_reason():
    def run(k):
        if k == 2:
            raise InputError(Problem("did", "has one school", "give more"))
        return estimate(0.1 * k, 0.1)

    found = designs.specifications(run, choices={"k": [1, 2, 3]})
    assert found.frame["refused"].tolist()[-1].startswith("did: has one school")
    assert "1 way could not be followed" in found.text and any("1 of 3" in limit for limit in found.limits)


@pytest.mark.parametrize(
    ("choices", "preferred", "message"),
    [
        ({}, None, "there is none"),
        ({"a": []}, None, "has no value"),
        ({"a": [1]}, {"b": 1}, "is not a choice"),
        ({"a": [1]}, {"a": 2}, "is not tried"),
        ({"a": range(30), "b": range(30)}, None, "has 900 ways"),
    ],
)
def test_choices_that_make_no_curve_are_refused(choices, preferred, message):
    with pytest.raises(InputError, match=message):
        designs.specifications(lambda **_: estimate(0.1, 0.1), choices=choices, preferred=preferred)
