"""Needs are ranked by the evidence for them, and the chances said hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from action_samples import THEMES, Bare, Like, district, ids, rows

from leadlib.designs.ranking_needs import priorities
from leadlib.errors import InputError
from leadlib.results import Missing


def one(measure: str, own: float, seed: int = 0, error: float = 0.3, **more) -> pd.DataFrame:
    """A measure in which the first of 40 schools is `own` standard deviations behind."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, 40)
    truth[0] = own
    return rows(measure, truth, np.full(40, error), rng, **more)


def test_a_planted_need_is_ranked_first_whichever_direction_is_good():
    for better in ("higher", "lower"):
        panel = pd.concat([one("a", 0.0, 1), one("b", 2.0, 2, better=better, theme="climate"), one("c", -1.0, 3)])
        found = priorities(panel, school=Bare(), peers=Like(tuple(ids(40)[1:21])))
        assert found.needs["measure"].tolist() == ["b"]
        assert found.frame["measure"].iloc[0] == "b"
        row = found.needs.iloc[0]
        assert (row["difference"] < 0) == (better == "higher")
        assert row["low"] < row["difference"] < row["high"]


def test_a_school_that_is_ahead_in_everything_is_told_that_nothing_stands_out():
    found = priorities(pd.concat([one("a", -1.5, 1), one("b", -1.0, 2)]), school=Bare())
    assert found.needs.empty
    assert found.text.startswith("Nothing stands out: of 2 results")
    assert "no effect" not in found.text


def test_one_need_a_theme_and_the_whole_before_its_groups():
    panel = pd.concat(
        [
            one("a", 1.8, 1),
            one("a|English learners", 2.6, 2, group="English learners"),
            one("b", 2.0, 3, theme="climate"),
            one("c", 2.0, 4, theme="attendance"),
            one("d", 1.7, 5, theme="staffing"),
        ]
    )
    found = priorities(panel, school=Bare())
    assert len(found.needs) == 3
    assert found.needs["theme"].is_unique
    assert "a|English learners" not in set(found.needs["measure"])


def test_a_group_is_named_where_the_whole_does_not_stand_out():
    panel = pd.concat([one("a", -0.5, 1), one("a|English learners", 2.6, 2, group="English learners")])
    assert priorities(panel, school=Bare()).needs["measure"].tolist() == ["a|English learners"]


def test_noise_alone_makes_no_need():
    rng = np.random.default_rng(4)
    panel = rows("a", np.zeros(40), np.full(40, 3.0), rng)
    found = priorities(panel, school=Bare())
    if isinstance(found, Missing):
        assert "more than chance" in found.text
    else:
        assert found.needs.empty


def test_a_noisy_value_is_drawn_further_than_a_sure_one():
    sure = priorities(one("a", 2.0, 1, 0.1), school=Bare()).frame.iloc[0]
    rough = priorities(one("a", 2.0, 1, 1.0), school=Bare()).frame.iloc[0]
    assert sure["reliability"] > 0.9 > rough["reliability"]
    assert rough["behind_high"] - rough["behind_low"] > sure["behind_high"] - sure["behind_low"]


def test_the_plain_difference_is_that_of_a_hand_calculation():
    panel = one("a", 1.0, 1)
    value = panel.set_index("school_id")["value"]
    near = ids(40)[1:11]
    row = priorities(panel, school=Bare(), peers=Like(tuple(near))).frame.iloc[0]
    assert row["similar"] == pytest.approx(value[near].mean())
    assert row["difference"] == pytest.approx(value["s00"] - value[near].mean())
    error = np.sqrt(0.3**2 + value[near].var(ddof=1) / 10)
    assert 1.96 * error < row["high"] - row["difference"] < 2.4 * error


def test_growth_is_against_similar_schools():
    rng = np.random.default_rng(0)
    old = rows("a", np.zeros(40), np.full(40, 0.1), rng, year=2017)
    truth = np.r_[1.0, np.zeros(39)]
    new = rows("a", truth, np.full(40, 0.1), rng, year=2020)
    spread = np.random.default_rng(1).normal(0, 1, 40)
    panel = pd.concat([old, new]).assign(value=lambda f: f["value"] + np.r_[spread, spread])
    row = priorities(panel, school=Bare(), peers=Like(tuple(ids(40)[1:21]))).frame.iloc[0]
    assert row["since"] == 2017
    assert row["growth"] == pytest.approx(-1.0, abs=0.5)
    assert row["growth_high"] < 0


def test_too_few_schools_and_the_only_school_of_its_level_get_a_sentence():
    few = one("a", 1.0)
    assert "fewer than 20 schools" in priorities(few[few["school_id"] < "s15"], school=Bare()).text
    alone = one("a", 1.0)
    alone.loc[alone["school_id"] == "s00", "school_level"] = "Other"
    assert "other schools of its level" in priorities(alone, school=Bare()).text


def test_an_older_value_is_used_for_two_years_and_no_longer():
    panel = one("a", 2.0)
    assert priorities(panel, school=Bare(year=2022)).frame["year"].item() == 2020
    assert isinstance(priorities(panel, school=Bare(year=2023)), Missing)


def test_nothing_after_the_school_s_year_is_used():
    panel = pd.concat([one("a", 0.0, 1), one("a", 3.0, 2, year=2021)])
    assert priorities(panel, school=Bare(year=2020)).frame["year"].item() == 2020


@pytest.mark.parametrize("wrong", [{"worth": 0}, {"sure": 0.2}, {"sure": 1.0}, {"most": 0}])
def test_options_that_cannot_be_used_are_refused(wrong):
    with pytest.raises(InputError, match="cannot be used"):
        priorities(one("a", 1.0), school=Bare(), **wrong)


def test_a_panel_of_something_else_is_refused():
    with pytest.raises(InputError, match="lacks"):
        priorities(one("a", 1.0).drop(columns="better"), school=Bare())


def test_the_order_of_the_rows_changes_nothing():
    panel, _ = district(np.random.default_rng(3), measures=4)
    once = priorities(panel, school=Bare()).frame
    again = priorities(panel.sample(frac=1, random_state=1), school=Bare()).frame
    pd.testing.assert_frame_equal(once, again)


def test_the_chances_said_are_those_that_come_true():
    said, true, inside = [], [], []
    for seed in range(40):
        panel, truth = district(np.random.default_rng(seed), measures=6)
        for school in ("s00", "s30"):
            for r in priorities(panel, school=Bare(school)).frame.to_dict("records"):
                u = truth[r["measure"]][int(school[1:])]
                said.append(r["chance"])
                true.append(u >= 0.25)
                inside.append(r["behind_low"] <= u <= r["behind_high"])
    said, true = np.array(said), np.array(true)
    assert 0.92 <= np.mean(inside) <= 0.98
    for low, high in ((0.0, 0.3), (0.3, 0.7), (0.7, 1.01)):
        part = (said >= low) & (said < high)
        slack = 3 * np.sqrt(0.25 / part.sum())
        assert abs(said[part].mean() - true[part].mean()) < slack


def test_a_school_behind_in_nothing_is_given_a_need_about_as_often_as_said():
    named, alarm = [], []
    for seed in range(100, 200):
        rng = np.random.default_rng(seed)
        parts = []
        for k in range(3):
            u = rng.normal(0, 1, 60)
            u[0] = 0.0
            parts.append(rows(f"m{k}", u, np.full(60, 0.5), rng, theme=THEMES[k]))
        found = priorities(pd.concat(parts), school=Bare())
        named.append(not found.needs.empty)
        alarm.append(found.false_alarm)
    assert abs(np.mean(named) - np.mean(alarm)) < 0.14
