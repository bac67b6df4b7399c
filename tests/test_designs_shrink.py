"""Steadied values: by hand, against published figures, and with planted truth."""

from pathlib import Path

import designs_samples as make
import numpy as np
import pandas as pd
import pytest

from leadlib import designs, measures
from leadlib.designs.steadying import fay_herriot
from leadlib.results import Missing

ORACLES = Path(__file__).with_name("oracles")
ROUNDED = 1e-6  # the published figures have six decimals (estimates) and nine (errors)


def test_five_schools_by_hand():
    # All se^2 = 100, so the mean is 50 and the moment equation is 1000 / (omega2 + 100) = 4: omega2 = 150, g = 0.6.
    y = np.array([30.0, 40.0, 50.0, 60.0, 70.0])
    fit = fay_herriot(y, np.ones((5, 1)), np.full(5, 100.0))
    assert fit.omega2 == pytest.approx(150)
    assert fit.reliability.tolist() == pytest.approx([0.6] * 5)
    assert fit.shrunken.tolist() == pytest.approx([38, 44, 50, 56, 62])
    # 0.6 x 100 + 0.4^2 x 250/5 + 2 x (100^2 / 250^3) x (2 x 250^2 / 5) = 60 + 8 + 32, and no bias with equal variances.
    assert fit.mse.tolist() == pytest.approx([100] * 5)


def test_the_published_example_comes_back():
    milk = pd.read_csv(ORACLES / "fay_herriot_milk.csv")
    areas = pd.get_dummies(milk["major_area"], drop_first=True).to_numpy(float)
    x = np.column_stack([np.ones(len(milk)), areas])
    fit = fay_herriot(milk["value"].to_numpy(), x, milk["se"].to_numpy() ** 2)
    assert np.abs(fit.shrunken - milk["eblup"]).max() < ROUNDED
    assert np.abs(fit.mse - milk["mse"]).max() < ROUNDED


@pytest.mark.parametrize(("schools", "omega2"), [(60, 400.0), (100, 3000.0)])
def test_over_1000_states_the_interval_covers_and_errors_are_smaller_than_raw(schools, omega2):
    covered, smallest, steadied, raw = [], [], [], []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        n = make.sizes(schools, rng)
        variance = 60_000 / n
        x = np.column_stack([np.ones(schools), rng.normal(size=schools), np.log(n)])
        true = x @ [600, 30, 5] + rng.normal(0, np.sqrt(omega2), schools)
        y = true + rng.normal(size=schools) * np.sqrt(variance)
        fit = fay_herriot(y, x, variance)
        inside = np.abs(fit.shrunken - true) <= 1.96 * np.sqrt(fit.wide_mse)
        covered.append(inside.mean())
        smallest.append(inside[n <= np.quantile(n, 0.2)].mean())
        steadied.append(np.mean((fit.shrunken - true) ** 2))
        raw.append(np.mean((y - true) ** 2))
    assert 0.93 <= np.mean(covered) <= 0.97
    assert 0.93 <= np.mean(smallest) <= 0.97
    assert np.mean(steadied) < 0.8 * np.mean(raw)


def test_schools_that_do_not_differ_are_drawn_wholly_to_what_is_expected():
    fit = fay_herriot(np.array([49.0, 50.0, 51.0, 50.0]), np.ones((4, 1)), np.full(4, 100.0))
    assert fit.omega2 == 0 and fit.shrunken.tolist() == pytest.approx([50] * 4)
    assert (fit.wide_mse > 25).all()  # more than the 25 of the mean itself, though omega2 came out as zero


def test_values_without_chance_stay_as_they_are():
    y = np.array([1.0, 5.0, 2.0, 8.0])
    fit = fay_herriot(y, np.ones((4, 1)), np.zeros(4))
    assert fit.shrunken.tolist() == pytest.approx(list(y)) and fit.reliability.tolist() == pytest.approx([1] * 4)


def steadied(school, **options):
    panel = measures.outcomes.panel(school)
    chance = designs.noise(panel)
    return designs.shrink(panel, chance, year=options.get("year", school.year), school=school), panel


def test_the_frame_has_every_school_and_lies_between_reported_and_expected():
    found, _ = steadied(make.pack())
    frame = found.frame
    assert list(frame.columns) == [
        "measure",
        "school_id",
        "value",
        "expected",
        "shrunken",
        "low",
        "high",
        "reliability",
        "se",
    ]
    assert frame["school_id"].tolist() == sorted(frame["school_id"]) and len(frame) == 40
    between = (frame["shrunken"] - frame["expected"]) * (frame["value"] - frame["shrunken"])
    assert (between >= -1e-9).all()
    assert ((frame["low"] <= frame["shrunken"]) & (frame["shrunken"] <= frame["high"])).all()
    assert found.frame.attrs["school_id"] == "s00"
    own = frame[frame["school_id"] == "s00"].iloc[0]
    assert found.table["value"].tolist() == [own["shrunken"]] and found.table["n"].tolist() == [100]


def test_a_smaller_school_is_drawn_further_towards_what_is_expected():
    found, panel = steadied(make.pack())
    size = panel[panel["year"] == 2001].set_index("school_id")["size"]
    frame = found.frame.set_index("school_id")
    assert frame["reliability"].corr(size, method="spearman") == pytest.approx(1)
    assert frame["reliability"].between(0.01, 0.99).all()


def test_schools_without_need_figures_stay_in_and_are_counted():
    school = make.changed(make.pack(), "school_years", "free_lunch_pct", np.nan, school_id="s07", year=2001)
    found, _ = steadied(school)
    assert "s07" in set(found.frame["school_id"]) and "1 school without a need figure" in found.checks[0]


def test_without_need_figures_schools_are_drawn_to_their_level_and_it_is_said():
    found, _ = steadied(make.without(make.pack(), "school_years"))
    assert any("no figures on need" in limit for limit in found.limits)
    assert len(found.frame["expected"].unique()) == 1


def test_need_of_another_year_is_named():
    school = make.pack(years=(1999, 2000, 2001))
    for field in ("free_lunch_pct", "english_language_learners_pct", "enrollment"):
        school = make.changed(school, "school_years", field, np.nan, year=2001)
    found, _ = steadied(school)
    assert "Need and size are those of 2000–01." in found.limits


def test_percents_stay_within_their_scale():
    found, _ = steadied(make.changed(make.pack(unit="pct"), "outcomes", "value", 99.0, school_id="s03"))
    assert found.frame[["low", "shrunken"]].min().min() >= 0 and found.frame[["high", "expected"]].max().max() <= 100


def test_a_school_without_a_value_and_a_year_with_few_say_so():
    gone, _ = steadied(make.changed(make.pack(), "outcomes", "value", np.nan, school_id="s00", year=2001))
    assert isinstance(gone, Missing) and "this school has no result" in gone.reason
    school = make.pack()
    for k in range(1, 25):
        school = make.changed(school, "outcomes", "value", np.nan, school_id=f"s{k:02d}", year=2001)
    chance = designs.noise(measures.outcomes.panel(make.pack()))
    few = designs.shrink(measures.outcomes.panel(school), chance, year=2001, school=school)
    assert isinstance(few, Missing) and "fewer than 20 schools" in few.reason


def test_rows_do_not_depend_on_the_order_of_the_panel():
    school = make.pack()
    panel = measures.outcomes.panel(school)
    chance = designs.noise(panel)
    one, two = (designs.shrink(p, chance, year=2001, school=school) for p in (panel, make.shuffled(panel)))
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert one.plain() == two.plain()
