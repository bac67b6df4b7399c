"""Change against size: limits of chance, planted chance within them, and words for this school."""

import designs_samples as make
import numpy as np
import pandas as pd
import pytest

from leadlib import designs, measures
from leadlib.results import Missing


def chance_alone(seed=1, schools=400, shift=0.0, unit="points"):
    """Make a panel in which nothing but chance moves schools; the first moves by `shift` more."""
    rng = np.random.default_rng(seed)
    n = make.sizes(schools, rng)
    level = rng.normal(650, 80, schools)
    value = level[:, None] + rng.normal(0, 1, (schools, 2)) * np.sqrt(40_000 / n)[:, None]
    value[0, 1] += shift
    return make.panel(value, n, unit=unit), n


def test_chance_alone_leaves_about_five_in_a_hundred_outside_in_small_and_large_schools():
    outside = []
    for seed in range(30):
        frame, _ = chance_alone(seed)
        found = designs.funnel(frame, make.fitted(frame), school_id="s0000", year=2001).frame
        outside.append(found.groupby("half")["outside"].mean())
    share = pd.concat(outside, axis=1).mean(axis=1)
    assert 0.03 <= share["smaller"] <= 0.07 and 0.03 <= share["larger"] <= 0.07


def test_change_and_limits_by_hand():
    frame, n = chance_alone()
    chance = make.fitted(frame)
    found = designs.funnel(frame, chance, school_id="s0000", year=2001).frame.set_index("school_id")
    wide = frame.pivot_table(index="school_id", columns="year", values="value")
    moved = wide[2001] - wide[2000]
    assert found["change"].to_dict() == pytest.approx((moved - moved.mean()).to_dict())
    limit = 1.959964 * np.sqrt(chance.frame["B"].iloc[0] * 2 / n)
    assert found["limit_high"].to_numpy() == pytest.approx(limit, rel=1e-5)
    assert found["limit_low"].to_numpy() == pytest.approx(-limit, rel=1e-5)
    assert found["size"].tolist() == pytest.approx(list(n))


@pytest.mark.parametrize(("shift", "place"), [(0.0, "inside"), (900.0, "outside")])
def test_this_school_is_told_to_lie_inside_or_outside_its_limits(shift, place):
    frame, _ = chance_alone(shift=shift)
    found = designs.funnel(frame, make.fitted(frame), school_id="s0000", year=2001)
    assert f"{place} its limits" in found.text and found.frame.attrs["school_id"] == "s0000"
    row = found.table.iloc[0]
    assert (row["low"] <= row["value"] <= row["high"]) == (place == "inside")


def test_the_band_is_a_curve_in_size_alone():
    school = make.pack(unit="pct")
    panel = measures.outcomes.panel(school)
    frame = designs.funnel(panel, designs.noise(panel), school_id="s00", year=2001).frame.sort_values("size")
    assert (np.diff(frame["band_high"]) <= 1e-9).all() and (frame["band_low"] == -frame["band_high"]).all()


def test_years_that_test_other_grades_are_put_in_standard_deviations_first():
    frame, _ = chance_alone()
    frame = frame.assign(sd=30.0, comparable=False, grade=np.tile(["1", "2"], 400))
    found = designs.funnel(frame, make.fitted(frame), school_id="s0000", year=2001)
    wide = frame.pivot_table(index="school_id", columns="year", values="value")
    scaled = wide / wide.std()
    moved = scaled[2001] - scaled[2000]
    assert found.table["unit"].tolist() == ["sd"]
    assert found.table["value"].iloc[0] == pytest.approx(moved["s0000"] - moved.mean())


def test_one_year_and_a_school_without_a_change_say_why():
    frame, _ = chance_alone()
    chance = make.fitted(frame)
    first = designs.funnel(frame, chance, school_id="s0000", year=2000)
    assert isinstance(first, Missing) and first.reason == "the pack has no year before 2000–01."
    frame.loc[(frame["school_id"] == "s0000") & (frame["year"] == 2000), "value"] = np.nan
    gone = designs.funnel(frame, chance, school_id="s0000", year=2001)
    assert isinstance(gone, Missing) and "no change" in gone.reason


def test_few_schools_make_no_funnel():
    frame, _ = chance_alone()
    few = frame[frame["school_id"] < "s0005"]
    found = designs.funnel(few, make.fitted(frame), school_id="s0000", year=2001)
    assert isinstance(found, Missing) and "only 5 schools" in found.reason


def test_rows_do_not_depend_on_the_order_of_the_panel():
    frame, _ = chance_alone()
    chance = make.fitted(frame)
    one, two = (designs.funnel(f, chance, school_id="s0000", year=2001) for f in (frame, make.shuffled(frame)))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert one.plain() == two.plain()
