"""A goal is one that similar schools reached and later data can show; where data lack, there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from action_samples import Bare, Like, ids, rows
from scipy.stats import norm

from leadlib.designs.aiming import goals
from leadlib.designs.aiming_each import goals_each
from leadlib.designs.ranking_needs import priorities
from leadlib.errors import InputError
from leadlib.results import Missing

PEERS = Like(tuple(ids(25)[1:21]))


def walk(seed: int = 0, *, drift: float = 1.0, tau: float = 2.0, error: float = 1.0, years=range(2015, 2021), **more):
    """Schools whose level moves by drift +- tau in two years (a walk of yearly steps)."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 5, 25)
    parts = []
    for k, year in enumerate(years):
        level = level + (rng.normal(drift / 2, tau / np.sqrt(2), 25) if k else 0)
        part = rows("a", np.zeros(25), np.full(25, error), rng, year=year, **more)
        parts.append(part.assign(value=50 + level + rng.normal(0, error, 25)))
    return pd.concat(parts, ignore_index=True)


def at(goal, words: str) -> pd.Series:
    return goal.table[goal.table["group"].str.startswith(words)].iloc[0]


def test_the_goal_is_what_one_in_four_similar_schools_surpassed():
    made = goals(walk(), school=Bare(), peers=PEERS, indicator="a")
    assert made.goal == pytest.approx(at(made, "One in four")["value"])
    assert made.place == pytest.approx(75.0)
    assert made.others == "similar schools"


def test_the_spread_of_changes_is_free_of_noise():
    wide = goals(walk(tau=2.0, error=4.0), school=Bare(), peers=PEERS, indicator="a")
    d = wide.frame["change"]
    spread = (at(wide, "One in ten")["value"] - at(wide, "The middle")["value"]) / norm.ppf(0.9)
    assert spread == pytest.approx(np.sqrt(max(d.var(ddof=1) - 2 * 4.0**2, 0)), abs=1e-9)
    assert spread < d.std()


def test_the_detectable_change_is_that_of_a_hand_calculation():
    made = goals(walk(error=1.5), school=Bare(), peers=PEERS, indicator="a")
    assert made.detectable == pytest.approx((1.959964 + 0.841621) * np.sqrt(2) * 1.5, rel=1e-5)


def test_a_goal_too_far_and_one_too_small_are_said_to_be_so():
    far = goals(walk(), school=Bare(), peers=PEERS, indicator="a", goal=15.0)
    assert far.too_far
    assert far.told_from_chance
    assert "farther than nine in ten" in far.text
    small = goals(walk(), school=Bare(), peers=PEERS, indicator="a", goal=0.5)
    assert not small.told_from_chance
    assert "too small" in small.text


def test_lower_is_better_turns_the_signs_and_nothing_else():
    up = goals(walk(), school=Bare(), peers=PEERS, indicator="a")
    mirrored = walk(better="lower").assign(value=lambda f: 100 - f["value"])
    down = goals(mirrored, school=Bare(), peers=PEERS, indicator="a")
    assert down.goal == pytest.approx(-up.goal)
    assert down.place == pytest.approx(up.place)
    assert down.aim == pytest.approx(100 - up.aim)
    row = at(down, "One in four")
    assert row["low"] < row["value"] < row["high"]


def test_where_nobody_gained_no_goal_is_invented():
    made = goals(walk(drift=-20, tau=0.5), school=Bare(), peers=PEERS, indicator="a")
    assert isinstance(made, Missing)
    assert "invented" in made.text


def test_where_changes_are_too_few_no_goal_is_invented():
    made = goals(walk(years=range(2020, 2021)), school=Bare(), peers=PEERS, indicator="a")
    assert isinstance(made, Missing)
    assert "0 changes" in made.text


def test_a_pack_of_two_years_gives_a_goal_over_one():
    made = goals(walk(years=range(2019, 2021)), school=Bare(), peers=PEERS, indicator="a", years=3)
    assert made.years == 1


def test_years_that_test_other_grades_give_no_goal():
    panel = walk()
    panel["grade"] = panel["year"].astype(str)
    assert "another grade" in goals(panel, school=Bare(), peers=PEERS, indicator="a").text


def test_without_similar_schools_the_level_stands_in():
    made = goals(walk(), school=Bare(), indicator="a")
    assert made.others == "primary schools"


def test_nothing_after_the_school_s_year_is_used():
    panel = walk(years=range(2015, 2024))
    made = goals(panel, school=Bare(year=2020), peers=PEERS, indicator="a")
    assert made.frame["year"].max() == 2020


def test_wrong_questions_are_refused():
    with pytest.raises(InputError, match="no measure"):
        goals(walk(), school=Bare(), peers=PEERS, indicator="b")
    with pytest.raises(InputError, match="cannot be used"):
        goals(walk(), school=Bare(), peers=PEERS, indicator="a", years=0)
    with pytest.raises(InputError, match="cannot be used"):
        goals(walk(), school=Bare(), peers=PEERS, indicator="a", goal=float("nan"))


def test_each_need_gets_a_goal_or_a_reason():
    panel = walk().assign(value=lambda f: f["value"] - 25 * (f["school_id"] == "s00"))
    needs = priorities(panel, school=Bare(), peers=PEERS)
    made = goals_each(panel, needs, school=Bare(), peers=PEERS)
    assert len(made.each) == 1
    assert made.table["measure"].unique().tolist() == ["Measure a"]
    ahead = walk().assign(value=lambda f: f["value"] + 25 * (f["school_id"] == "s00"))
    none = goals_each(ahead, priorities(ahead, school=Bare()), school=Bare())
    assert "no need stands out" in none.text


def test_intervals_of_what_others_reached_cover_the_truth():
    hits = {"The middle": 0, "One in four": 0, "One in ten": 0}
    true = {"The middle": 1.0, "One in four": 1 + 2 * norm.ppf(0.75), "One in ten": 1 + 2 * norm.ppf(0.9)}
    for seed in range(60):
        made = goals(walk(seed), school=Bare(), peers=PEERS, indicator="a")
        for words in hits:
            row = at(made, words)
            hits[words] += row["low"] <= true[words] <= row["high"]
    assert all(53 <= n <= 60 for n in hits.values())
