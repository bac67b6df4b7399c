"""Values known as a range, and percents of a known number of pupils, get intervals that hold."""

import designs_samples as make
import numpy as np
import pandas as pd
import pytest

from leadlib import designs
from leadlib.measures.outcomes import panel
from leadlib.results import Missing

NAN = float("nan")


def frame(value, *, tested, width=0.0, unit="pct", schools=None, basis="pupils tested", years=(2000, 2001)):
    """Make a panel of percents, one row a school and year."""
    ids = [f"s{k:04d}" for k in range(schools or len(value) // len(years))]
    rows = pd.DataFrame([(i, y) for i in ids for y in years], columns=["school_id", "year"])
    about = {"measure": "m", "label": "Reading", "unit": unit, "sd": NAN, "comparable": True, "grade": "All"}
    return rows.assign(
        **about, value=value, size=np.asarray(tested, float), size_basis=basis, value__why="reported", width=width,
        value_low=0.0, value_high=100.0, leaid="1", school_level="Primary",
    )  # fmt: skip


def test_a_range_is_used_at_its_middle_and_says_so():
    school = make.pack(unit="pct")
    outcomes = school.table("outcomes").assign(value_low=NAN, value_high=NAN)
    mine = (outcomes["school_id"] == "s00") & (outcomes["year"] == 2001)
    outcomes.loc[mine, ["value", "value_low", "value_high"]] = NAN, 40.0, 60.0
    found = panel(make.FakeSchool(school.tables | {"outcomes": outcomes}, school.dictionary))
    row = found[(found["school_id"] == "s00") & (found["year"] == 2001)].iloc[0]
    assert (row["value"], row["width"], row["value__why"]) == (50.0, 20.0, "between")
    others = found.drop(row.name)
    assert (others["width"] == 0).all() and not (others["value__why"] == "between").any()


def test_a_range_with_one_end_unknown_stays_missing():
    school = make.pack(unit="pct")
    outcomes = school.table("outcomes").assign(value_low=40.0, value_high=NAN, value=NAN)
    assert isinstance(panel(make.FakeSchool(school.tables | {"outcomes": outcomes}, school.dictionary)), Missing)


def test_a_range_at_the_top_is_coded_at_the_limit_and_its_width_is_not_used_twice():
    school = make.pack(unit="pct")
    outcomes = school.table("outcomes").assign(value_low=NAN, value_high=NAN)
    outcomes.loc[outcomes["school_id"] == "s00", ["value", "value_low", "value_high"]] = NAN, 98.0, 100.0
    found = panel(make.FakeSchool(school.tables | {"outcomes": outcomes}, school.dictionary))
    mine = found[found["school_id"] == "s00"]
    assert set(mine["value__why"]) == {"range"} and (mine["width"] == 0).all() and (mine["value"] < 99).all()


def test_few_schools_with_a_known_number_tested_get_the_binomial_range_and_it_is_said():
    rows = frame([50.0, 60.0, 40.0, 45.0], tested=[100, 100, 25, 25])
    chance = designs.noise(rows)
    assert chance.se(rows).tolist()[0] == pytest.approx(5.0, rel=0.02)
    assert "binomial" in " ".join(chance.checks)
    assert any("too narrow" in limit for limit in chance.limits)


@pytest.mark.parametrize("change", [{"unit": "points"}, {"basis": "pupils enrolled"}])
def test_without_percents_or_the_number_tested_few_schools_get_no_range(change):
    assert isinstance(designs.noise(frame([50.0, 60.0, 40.0, 45.0], tested=[100, 100, 25, 25], **change)), Missing)


def test_the_interval_of_a_range_reaches_from_end_to_end_and_beyond():
    exact = frame([40.0, 60.0], tested=[100, 100])
    ranged = frame([50.0, 50.0], tested=[100, 100], width=20.0)
    chance = designs.noise(exact)
    low, high = chance.interval(exact)["low"].iloc[0], chance.interval(exact)["high"].iloc[1]
    got = chance.interval(ranged).iloc[0]
    assert (got["low"], got["high"]) == (pytest.approx(low), pytest.approx(high))


def test_a_range_adds_a_twelfth_of_its_squared_width_to_the_variance():
    chance = designs.noise(frame([50.0, 50.0], tested=[100, 100]))
    plain, wide = frame([50.0, 50.0], tested=[100, 100]), frame([50.0, 50.0], tested=[100, 100], width=12.0)
    assert (chance.se(wide) ** 2 - chance.se(plain) ** 2).tolist() == pytest.approx([12.0, 12.0])


def test_ranges_do_not_teach_how_far_chance_moves_schools():
    rng = np.random.default_rng(5)
    n = np.repeat(rng.integers(40, 400, 200), 2)
    p = np.repeat(rng.uniform(30, 70, 200), 2)
    exact = frame(100 * rng.binomial(n, p / 100) / n, tested=n)
    mixed = pd.concat([exact, frame(np.tile([20.0, 80.0], 60), tested=np.full(120, 50), width=20.0)], ignore_index=True)
    mixed["school_id"] = [f"{i}{'x' if w else ''}" for i, w in zip(mixed["school_id"], mixed["width"], strict=True)]
    assert designs.noise(mixed).frame["B"].iloc[0] == pytest.approx(designs.noise(exact).frame["B"].iloc[0])


def test_in_95_of_100_schools_the_range_holds_the_true_percent():
    rng = np.random.default_rng(11)
    n = np.repeat(rng.integers(20, 300, 4000), 2)
    p = rng.uniform(15, 85, len(n))
    got = 100 * rng.binomial(n, p / 100) / n
    few = frame([50.0, 50.0], tested=[100, 100])  # chance from the number tested
    chance = designs.noise(few)
    exact = chance.interval(frame(got, tested=n))
    assert 0.93 <= ((exact["low"] <= p) & (p <= exact["high"])).mean() <= 0.97
    middles = np.floor(got / 10) * 10 + 5  # what a source that reports tenths would give
    ranged = chance.interval(frame(middles, tested=n, width=10.0))
    assert ((ranged["low"] <= p) & (p <= ranged["high"])).mean() >= 0.95


def test_a_trend_says_about_before_the_middle_of_a_range():
    rows = frame([50.0, 60.0, 40.0, 45.0], tested=[100, 100, 25, 25])
    rows.loc[0, ["width", "value__why"]] = 20.0, "between"
    shown = designs.trend(rows, designs.noise(rows), school_id="s0000")
    assert "about 50.0%" in shown.plain()
    assert any(limit.startswith("About:") for limit in shown.limits)


def test_a_percent_without_stated_ends_still_stays_between_0_and_100():
    rng = np.random.default_rng(3)
    rows = frame(rng.uniform(1, 6, 80), tested=np.full(80, 30), schools=40).assign(value_low=NAN, value_high=NAN)
    shown = designs.trend(rows, designs.noise(rows), school_id="s0000")
    assert (shown.table["low"] >= 0).all() and (shown.table["high"] <= 100).all()
    from leadlib.designs.panels import bounded

    assert bounded(-3.0, 104.0, {"unit": "pct", "value_low": NAN, "value_high": NAN}) == (0.0, 100.0)
    assert bounded(-3.0, 104.0, {"unit": "points", "value_low": NAN, "value_high": NAN}) == (-3.0, 104.0)
