"""Survey scales: psych's and aov's numbers, intervals that cover few and unequal schools, advice that hides few."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from truth import recover

from leadlib import designs
from leadlib.designs.survey import scales
from leadlib.designs.survey.answers import Answers
from leadlib.designs.survey.grouping import checked, grouping, ratio_interval
from leadlib.errors import InputError

ITEMS = [f"q{k}" for k in range(1, 7)]
SMALL = Path(__file__).parent / "oracles" / "survey_small.csv"
S = designs.survey


def small():
    return pd.read_csv(SMALL)


def long():
    frame = small().assign(person=lambda d: [f"p{k:03d}" for k in range(len(d))])
    return frame.melt(["school", "person"], ITEMS, "item", "answer")


# --- oracles: printed by tests/oracles/make_survey_oracle.R ---------------------------------------------------------


def test_psych_gives_the_same_alpha_and_feldts_interval():
    found = S.alpha(small(), items=ITEMS)
    assert (found.value, found.low, found.high) == pytest.approx((0.8218365683, 0.7537322851, 0.8761268764))
    without = [0.8122507093, 0.8193554562, 0.7833195852, 0.7731269229, 0.7767925283, 0.7881902580]
    assert found.frame["alpha_without"].tolist() == pytest.approx(without)


def test_factanal_gives_the_same_omega_and_loadings():
    found = S.omega(small(), items=ITEMS)
    assert found.value == pytest.approx(0.8324619220, abs=1e-6)
    assert S.omega(small(), items=ITEMS, standardized=True).value == pytest.approx(0.8213768534, abs=1e-6)
    loadings = [0.5157198878, 0.4861344129, 0.6777310888, 0.7680673290, 0.7594422192, 0.7198411426]
    assert found.frame["loading"].tolist() == pytest.approx(loadings, abs=1e-5)


def test_analysis_of_variance_gives_the_same_icc():
    frame = small().assign(score=lambda d: d[ITEMS].mean(axis=1))
    found = S.icc(frame, outcome="score", unit="school")
    assert (found.value, found.icc2, found.size) == pytest.approx((0.1009308133, 0.5570901949, 11.2041666667))
    assert S.icc(frame, outcome="score", unit="school", size="mean").value == pytest.approx(0.09914548313)
    assert found.icc2 == pytest.approx(S.spearman_brown(found.value, found.size))


def test_r_wg_by_hand():
    frame = pd.DataFrame({"school": ["a"] * 10 + ["b"] * 10, "x": [4, 5] * 5 + [1, 5] * 5, "y": [4] * 10 + [1, 5] * 5})
    one = S.r_wg(frame, unit="school", items=["x"], scale=(1, 5))
    variance = 10 * 0.25 / 9
    assert one.frame["r_wg"].tolist() == pytest.approx([1 - variance / 2, 0.0])  # less than chance is zero
    assert one.frame["less_than_chance"].tolist() == [False, True]
    both = S.r_wg(frame, unit="school", items=["x", "y"], scale=(1, 5))
    ratio = variance / 2 / 2
    assert both.frame["r_wg"].iloc[0] == pytest.approx(2 * (1 - ratio) / (2 * (1 - ratio) + ratio))
    skewed = S.r_wg(frame, unit="school", items=["x"], scale=(1, 5), null="slight skew")
    assert skewed.frame["r_wg"].iloc[0] == pytest.approx(1 - variance / 1.34)


# --- truth ----------------------------------------------------------------------------------------------------------

LOADINGS = np.array([0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
UNIQUE = 1 - LOADINGS**2
COV = np.outer(LOADINGS, LOADINGS) + np.diag(UNIQUE)


class Got:
    def __init__(self, value, low, high):
        self.value, self.low, self.high = value, low, high


def answers_of(n, schools):
    """Draw answers; with schools, of unequal size, which share a part of the factor and of each item."""

    def make(rng):
        if not schools:
            return rng.normal(size=n)[:, None] * LOADINGS + rng.normal(size=(n, 6)) * np.sqrt(UNIQUE), None
        share = rng.dirichlet(np.full(schools, 5.0))
        code = np.r_[np.repeat(np.arange(schools), 3), rng.choice(schools, n - 3 * schools, p=share)]
        factor = np.sqrt(0.15) * rng.normal(size=schools)[code] + np.sqrt(0.85) * rng.normal(size=n)
        own = np.sqrt(0.05) * rng.normal(size=(schools, 6))[code] + np.sqrt(0.95) * rng.normal(size=(n, 6))
        return factor[:, None] * LOADINGS + own * np.sqrt(UNIQUE), code

    return make


def alpha_of(drawn):
    x, code = drawn
    value = scales.cronbach(np.cov(x.T))
    ends = scales.feldt(value, *x.shape, 0.95) if code is None else scales.alpha_by_cluster(x, code, 0.95)
    return Got(value, *ends)


def omega_of(drawn):
    x, code = drawn
    fit = scales.one_factor(np.cov(x.T))
    value = scales.omega_of(*fit)
    parts = scales.omega_parts(x, *fit, scales.omega_of)
    return Got(value, *scales.interval_from_parts(value, parts, code, 0.95)[:2])


@pytest.mark.parametrize(("n", "schools"), [(300, 0), (300, 8), (600, 40)])
def test_alpha_covers_also_with_eight_unequal_schools(n, schools):
    found = recover(answers_of(n, schools), alpha_of, scales.cronbach(COV))
    assert 0.93 <= found.covered <= 0.97, found
    assert abs(found.error) < 0.006, (
        found
    )  # alpha is known to come out low, by 2 (1 - alpha) / (n - 3) and with clusters


@pytest.mark.parametrize(("n", "schools"), [(300, 0), (300, 8)])
def test_omega_covers_also_with_eight_unequal_schools(n, schools):
    found = recover(answers_of(n, schools), omega_of, scales.omega_of(LOADINGS, UNIQUE))
    assert 0.93 <= found.covered <= 0.97, found
    assert abs(found.error) < 0.006, found


def schools_of(sizes, share):
    def make(rng):
        n = rng.permutation(sizes)
        code = np.repeat(np.arange(len(n)), n)
        return np.sqrt(share) * rng.normal(size=len(n))[code] + np.sqrt(1 - share) * rng.normal(size=len(code)), code

    return make


def icc_of(drawn):
    v = checked(*drawn, "icc")
    low, high = (t / (1 + t) for t in ratio_interval(v, 0.95))
    return Got(v.icc1(v.typical("weighted")), low, high)


@pytest.mark.parametrize("sizes", [[5, 8, 10, 12, 15, 20, 30, 60], [3, 40] * 20], ids=["8 schools", "40 schools"])
@pytest.mark.parametrize("share", [0.0, 0.15])
def test_icc_covers_with_unequal_schools_and_finds_nothing_where_nothing_is(sizes, share):
    found = recover(schools_of(sizes, share), icc_of, share)
    assert 0.93 <= found.covered <= 0.97, found
    if share == 0:
        assert found.holds(), found  # unbiased where schools do not differ
        assert 0.03 <= found.found <= 0.07, found
    else:
        assert -0.02 < found.error < 0.005, found  # ICC(1) comes out a little low with few schools, as the limits say


def test_reliability_of_a_schools_mean_covers_with_the_same_interval():
    def run(drawn):
        v = checked(*drawn, "icc")
        found = grouping(v, tuple(str(k) for k in range(v.groups)), "x", "weighted", 0.95)
        return Got(found.icc2, found.icc2_low, found.icc2_high)

    sizes = [5, 8, 10, 12, 15, 20, 30, 60]
    n = np.array(sizes)
    k = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    found = recover(schools_of(sizes, 0.15), run, S.spearman_brown(0.15, k))
    assert 0.93 <= found.covered <= 0.97, found


# --- advice ---------------------------------------------------------------------------------------------------------


def survey(share=0.4, sizes=(30, 25, 20, 15, 12, 11, 10, 9), seed=0):
    rng = np.random.default_rng(seed)
    x, code = schools_of(np.array(sizes), share)(rng)
    level = np.clip(np.round(3 + x[:, None] + 0.6 * rng.normal(size=(len(x), 4))), 1, 5)
    frame = pd.DataFrame(level, columns=["a", "b", "c", "d"])
    return frame.assign(school=[f"s{k}" for k in code])


def advice(frame, **more):
    return S.quality(frame, **{"unit": "school", "items": ["a", "b", "c", "d"], "scale": (1, 5)} | more)


def test_a_good_scale_may_be_shown_and_few_respondents_stay_hidden():
    found = advice(survey())
    assert found.verdict in ("show", "show with care")
    hidden = found.units[~found.units["shown"]]
    assert hidden["n"].tolist() == [9] and hidden[["mean", "low", "high", "r_wg"]].isna().all(axis=None)
    assert "mean" not in found.grouping.frame
    assert "1 school with fewer than 10 respondents hidden." in found.text
    assert (found.units.loc[found.units["shown"], "low"] < found.units.loc[found.units["shown"], "mean"]).all()


def test_where_schools_do_not_differ_no_mean_is_shown():
    found = advice(survey(share=0.0))
    assert found.verdict == "do not show"
    assert "the data do not tell schools apart" in found.text


def test_views_are_never_called_a_measure_of_leadership():
    found = advice(survey(), self_report=True)
    assert any("no measure of what leaders do" in line for line in found.limits)
    assert any("mostly measure one thing" in line for line in found.limits)
    assert any("that is no measure of leadership" in line for line in found.limits)


def test_an_item_worded_the_other_way_is_found_named_and_turned_on_demand():
    frame = survey()
    turned = frame.assign(c=6 - frame["c"])
    found = advice(turned)
    assert found.items.loc[found.items["reversed"], "item"].tolist() == ["c"]
    assert any("worded the other way: c" in line for line in found.checks)
    assert found.verdict != "show"
    right = advice(turned, reverse=["c"])
    assert right.alpha == pytest.approx(advice(frame).alpha) and not right.items["reversed"].any()


def test_an_item_that_all_answer_alike_is_left_out_and_said():
    found = advice(survey().assign(d=3.0))
    assert any("everyone gives the same answer: d" in line for line in found.checks)
    assert found.alpha == pytest.approx(S.alpha(survey(), items=["a", "b", "c"]).value)


def test_half_the_items_are_enough_for_a_score_and_fewer_are_counted_out():
    frame = survey()
    frame.loc[0, ["a", "b"]] = np.nan
    frame.loc[1, ["a", "b", "c"]] = np.nan
    found = advice(frame)
    assert found.grouping.n == len(frame) - 1
    assert "1 respondent with fewer than 50% of the items answered left out." in found.limits


def test_long_and_wide_say_the_same_in_any_order():
    rows = long()
    one = S.quality(small(), unit="school", items=ITEMS)
    two = S.quality(
        rows.sample(frac=1, random_state=1), unit="school", item="item", response="answer", respondent="person"
    )
    assert one.plain() == two.plain()
    assert S.alpha(rows, item="item", response="answer", respondent="person").value == pytest.approx(0.8218365683)


def test_what_the_thresholds_rest_on_is_said():
    rules = S.rules()
    assert {"respondents", "alpha", "icc2", "r_wg"} <= set(rules)
    assert all(rule.source and isinstance(rule.verified, bool) for rule in rules.values())


def test_how_many_respondents_a_school_needs():
    assert S.respondents_for(0.15, 0.70) == pytest.approx(0.7 * 0.85 / (0.3 * 0.15))
    assert S.spearman_brown(0.15, S.respondents_for(0.15, 0.70)) == pytest.approx(0.70)
    assert S.respondents_for(0.0, 0.7) == np.inf


def test_shifting_or_stretching_answers_leaves_icc_alone():
    frame = small().assign(score=lambda d: d[ITEMS].mean(axis=1))
    one = S.icc(frame, outcome="score", unit="school")
    two = S.icc(frame.assign(score=1e6 + 100 * frame["score"]), outcome="score", unit="school")
    assert [two.value, two.low, two.high] == pytest.approx([one.value, one.low, one.high], rel=1e-6)


def test_respondents_who_leave_out_items_are_counted():
    frame = small()
    frame.loc[[0, 1], "q1"] = np.nan
    found = S.alpha(frame, items=ITEMS)
    assert found.n == 78 and "2 respondents who left out an item were left out." in found.limits


BAD = {
    "one item": (lambda d: S.alpha(d, items=["q1"]), "1 item"),
    "no shape": (lambda d: S.alpha(d), "needs items="),
    "a constant item": (lambda d: S.alpha(d.assign(q2=3), items=ITEMS), "same answer from everyone"),
    "two respondents": (lambda d: S.alpha(d.head(2), items=ITEMS), "three or more"),
    "omega of two": (lambda d: S.omega(d, items=ITEMS[:2]), "give 3 or more"),
    "outside the scale": (lambda d: advice(d.assign(q1=9), items=ITEMS), "outside 1 to 5"),
    "an unknown item": (lambda d: S.alpha(d, items=[*ITEMS, "q9"]), "not in the table"),
    "an unknown reverse": (lambda d: S.alpha(d, items=ITEMS, reverse=["x"]), "not an item"),
    "one cluster": (lambda d: S.alpha(d.assign(team="a"), items=ITEMS, cluster="team"), "in one cluster"),
    "one school": (lambda d: S.icc(d.assign(school="a"), outcome="q1", unit="school"), "two or more"),
    "one a school": (lambda d: S.icc(d.assign(school=range(80)), outcome="q1", unit="school"), "two or more in some"),
    "school means": (lambda d: S.icc(d.assign(q1=d["school"].str[1].astype(int)), outcome="q1", unit="school"), "own"),
    "all hidden": (lambda d: S.r_wg(d, unit="school", items=ITEMS, scale=(1, 5), hidden_below=50), "no school has 50"),
    "seven and skew": (lambda d: S.r_wg(d, unit="school", items=ITEMS, scale=(1, 7), null="slight skew"), "five"),
    "twice": (
        lambda d: S.alpha(
            pd.concat([long(), long()]), item="item", response="answer", respondent="person"
        ),
        "answer twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD))
def test_what_has_no_reliability_is_refused_with_the_way_out(case):
    call, said = BAD[case]
    with pytest.raises(InputError, match=said):
        call(small())


def test_a_hundred_thousand_answers_take_moments():
    rng = np.random.default_rng(0)
    given = Answers(rng.integers(1, 6, (5000, 20)).astype(float), (), np.array([], dtype=int), (), (1, 5))
    frame = pd.DataFrame(given.values, columns=[f"i{k}" for k in range(20)]).assign(school=rng.integers(0, 60, 5000))
    found = S.quality(frame, unit="school", items=[f"i{k}" for k in range(20)])
    assert found.verdict == "do not show"
