"""Differences from others: the formula, honest coverage, words that go no further than the interval."""

from types import SimpleNamespace

import designs_samples as make
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from leadlib import designs, measures
from leadlib.designs.gaps import half_width
from leadlib.errors import InputError
from leadlib.results import Missing

MC = 0.02  # 1,000 districts: two standard errors of a coverage of 95% are 1.4 points


def others(ids):
    return SimpleNamespace(school_ids=tuple(ids))


def given(value, size, sd=40.0, **more):
    """Make a panel of one year whose spread between pupils is given, and its chance."""
    frame = make.panel(np.asarray(value, float)[:, None], np.asarray(size), unit="score", sd=sd, **more)
    return frame, make.fitted(frame)


def test_value_interval_and_degrees_of_freedom_by_hand():
    frame, chance = given([530, 500, 510, 520], [101, 100, 100, 100])
    found = designs.school_gap(frame, chance, school_id="s0000", peers=others(["s0001", "s0002", "s0003"]), year=2000)
    row = found.table[found.table["group"] == "Similar schools"].iloc[0]
    own, mean = 1600 / 101, 100 / 3
    free = (own + mean) ** 2 / (own**2 / 100 + mean**2 / 2)
    half = student.ppf(0.975, free) * np.sqrt(own + mean)
    assert (row["value"], row["n"], row["unit"]) == (20.0, 3, "score")
    assert [row["low"], row["high"]] == pytest.approx([20 - half, 20 + half])
    assert half_width(own, 100, mean, 2) == pytest.approx(half)


def test_a_complete_group_is_uncertain_by_chance_alone():
    frame, chance = given([530, 400, 500, 600], [100] * 4, leaid="d", school_level="Primary")
    found = designs.school_gap(frame, chance, school_id="s0000", year=2000)
    assert found.table["group"].tolist() == ["Same district", "All primary schools"]
    row = found.table.iloc[0]
    half = student.ppf(0.975, (16 + 16 / 3) ** 2 / (16**2 / 99)) * np.sqrt(16 + 16 / 3)
    assert [row["value"], row["high"] - row["value"]] == pytest.approx([30, half])


def test_over_1000_districts_the_interval_covers_the_true_difference():
    covered, small = [], []
    base = np.random.default_rng(0)
    n = make.sizes(400, base)
    wide = base.normal(650, 60, 400)[:, None] + base.normal(0, 1, (400, 4)) * np.sqrt(60_000 / n)[:, None]
    chance = make.fitted(make.panel(wide, n))
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        size = np.r_[rng.choice([15, 60, 200]), make.sizes(20, rng)]
        true = 700 + rng.normal(0, 40, 21)
        value = true + rng.normal(0, 1, 21) * np.sqrt(60_000 / size)
        frame = make.panel(value[:, None], size)
        peers = others(f"s{k:04d}" for k in range(1, 21))
        row = designs.school_gap(frame, chance, school_id="s0000", peers=peers, year=2000).table.iloc[0]
        inside = row["low"] <= true[0] - 700 <= row["high"]
        covered.append(inside)
        if size[0] == 15:
            small.append(inside)
    assert 0.93 <= np.mean(covered) <= 0.97
    assert 0.95 - 2 * MC <= np.mean(small) <= 0.95 + 2 * MC


def test_percentile_counts_ties_half():
    frame, chance = given([500, 490, 500, 510, 480], [100] * 5)
    found = designs.school_gap(
        frame, chance, school_id="s0000", peers=others(f"s000{k}" for k in (1, 2, 3, 4)), year=2000
    )
    assert found.frame["percentile"].iloc[0] == pytest.approx(62.5)
    assert list(found.frame.columns) == [
        "measure",
        "group",
        "school_value",
        "others_mean",
        "others_sd",
        "n",
        "percentile",
    ]


@pytest.mark.parametrize(("own", "word"), [(700, "higher"), (300, "lower")])
def test_a_difference_is_told_on_its_side_with_its_interval(own, word):
    frame, chance = given([own, 490, 500, 510, 505], [100] * 5)
    said = designs.school_gap(frame, chance, school_id="s0000", year=2000).text
    assert word in said and "95% interval" in said


def test_a_difference_within_chance_is_told_as_not_separated_and_nothing_is_called_a_verdict():
    frame, chance = given([503, 490, 500, 510, 505], [100] * 5)
    found = designs.school_gap(frame, chance, school_id="s0000", year=2000)
    assert "do not separate this school from" in found.text
    assert found.claim == "compare"
    assert not [w for w in ("significant", "because", "caused", "better", "worse") if w in found.plain().lower()]
    assert any("not measured here" in limit for limit in found.limits)


def test_a_group_of_fewer_than_three_has_no_row_and_a_limit_says_so():
    frame, chance = given([503, 490, 500, 510, 505], [100] * 5, leaid=["a", "a", "b", "b", "b"], school_level="Primary")
    found = designs.school_gap(frame, chance, school_id="s0000", peers=Missing("Peers", "none"), year=2000)
    assert found.table["group"].tolist() == ["All primary schools"]
    assert any("only 1 other school" in limit for limit in found.limits)
    assert any("no row for similar schools" in limit for limit in found.limits)


def test_schools_of_other_years_levels_and_without_a_value_are_not_counted():
    value = np.array([[500, 510], [500, np.nan], [500, 500], [500, 500], [500, 500], [900, 900]], float)
    levels = np.repeat(["Primary"] * 5 + ["High"], 2)
    frame = make.panel(value, np.full(6, 100), unit="score", sd=40.0, school_level=levels)
    found = designs.school_gap(frame, make.fitted(frame), school_id="s0000", year=2001)
    assert found.table[["group", "value", "n"]].to_numpy().tolist() == [["All primary schools", 10.0, 3]]


def test_a_school_without_value_or_size_that_year_says_so():
    frame, chance = given([np.nan, 490, 500, 510], [100] * 4)
    gone = designs.school_gap(frame, chance, school_id="s0000", year=2000)
    assert isinstance(gone, Missing) and "no result for 2000–01" in gone.text
    frame, chance = given([500, 490, 500, 510], [np.nan, 100, 100, 100])
    assert isinstance(designs.school_gap(frame, chance, school_id="s0000", year=2000), Missing)


def test_an_unknown_school_is_refused_with_the_nearest():
    frame, chance = given([500, 490, 500, 510], [100] * 4)
    with pytest.raises(InputError, match="did you mean 's0001'"):
        designs.school_gap(frame, chance, school_id="s001", year=2000)


def test_a_coded_percent_is_said_to_be_one():
    school = make.changed(make.pack(unit="pct"), "outcomes", "value", 100.0, school_id="s00")
    panel = measures.outcomes.panel(school)
    found = designs.school_gap(panel, designs.noise(panel), school_id="s00", year=2001)
    assert any("is coded at a limit" in limit for limit in found.limits)


def test_rows_do_not_depend_on_the_order_of_the_panel():
    school = make.pack()
    panel = measures.outcomes.panel(school)
    chance, peers = designs.noise(panel), measures.similar.schools(school)
    one, two = (
        designs.school_gap(p, chance, school_id="s00", peers=peers, year=2001) for p in (panel, make.shuffled(panel))
    )
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.plain() == two.plain()


def test_missing_panel_or_chance_is_handed_on():
    gone = Missing("Outcomes", "none")
    frame, chance = given([500, 490, 500, 510], [100] * 4)
    assert isinstance(designs.school_gap(gone, chance, school_id="s0000", year=2000), Missing)
    assert isinstance(designs.school_gap(frame, gone, school_id="s0000", year=2000), Missing)
