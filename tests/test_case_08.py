"""Case 08: the keys follow the school's own exhibits, and the design holds what was planted in other districts too."""

from __future__ import annotations

from dataclasses import replace

import pytest

import leadlib as ll
from leadlib import simulate
from leadlib.lessons import case_08, check
from leadlib.measures import coaching
from leadlib.results import Missing

D = ll.designs.coaching
PACK, YEAR = "cedar-valley", 2021


@pytest.fixture(scope="module")
def study():
    return coaching.study(PACK, YEAR)


@pytest.fixture(scope="module")
def estimate(study):
    return D.effect(study)


def test_exercise_1_wants_the_difference_of_two_shares_and_tells_one_share_from_it():
    reach = coaching.reach(ll.school(PACK, "990000100023", YEAR))
    table = ll.load(f"{PACK}/teachers").query("year == @YEAR")
    had = table["coaching_min"] > 0
    inside = table["school_id"].isin(set(table.loc[had, "school_id"]))
    new = table["experience_years"] < 2
    right = 100 * (had[inside & new].mean() - had[inside & ~new].mean())
    assert case_08.newer_first(reach).value == pytest.approx(right)
    assert "agrees" in check("08.1", round(right, 1), reach).plain().lower()
    wrong = check("08.1", round(100 * had[inside & new].mean(), 1), reach).plain()
    assert "take the one from the other" in wrong and f"{right:.1f}" not in wrong


def test_exercise_2_is_the_published_effect_times_the_dose_without_the_half(study):
    prior = coaching.prior(study)
    key = case_08.expected_as_run(prior)
    assert key.value == pytest.approx(2 * prior.mean) and key.value == pytest.approx(0.18 * _dose(study), rel=1e-6)
    assert "has the half" in check("08.2", round(prior.mean, 3), prior).plain()


def _dose(study) -> float:
    frame = coaching.panel(study)
    return float(frame.loc[frame["running"] == 1, "dose"].mean())


def test_exercise_3_is_left_out_where_chance_drew_the_groups(study):
    assert case_08.why_lower(D.naive(study)).right == "b"
    drawn = case_08.why_lower(D.naive(coaching.study("tennessee-star", 1985)))
    assert isinstance(drawn, Missing) and "chance drew" in drawn.reason


@pytest.mark.parametrize(("low", "high", "right"), [(0.06, 0.2, "a"), (0.0, 0.2, "b"), (-0.1, 0.04, "c")])
def test_exercise_5_follows_both_ends_of_the_interval(study, estimate, low, high, right):
    decision = D.decision(study, estimate, threshold=0.05)
    key = case_08.enough(replace(estimate, low=low, high=high), decision)
    assert key.right == right and right not in key.hints and len(key.hints) == 2


@pytest.mark.parametrize("seed", [101])
def test_in_another_district_the_design_holds_what_was_planted_and_the_two_slides_do_not(tmp_path, seed):
    simulate.write(tmp_path / "district", 60, 8, seed=seed)
    study = coaching.study(tmp_path / "district", 2023)
    hidden = simulate.hidden(60, 8, seed=seed)["school_years"].merge(study.program.starts, on="school_id")
    true = float(hidden.loc[hidden["year"] >= hidden["first_year"], "effect_coaching"].mean())
    estimate, naive = D.effect(study), D.naive(study)
    assert estimate.low <= true <= estimate.high and not naive.low <= true <= naive.high
    seen, slide = D.instruction(study, loss=0.9), D.naive_teachers(study)
    assert seen.low <= 0.49 <= seen.high and slide.high < 0.49
    full = D.dose(study, loss=0.9)
    assert full.low <= 0.18 <= full.high
