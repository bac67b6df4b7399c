"""Results by year: intervals, differences where years are not comparable, gaps told, the shape the batch reads."""

from types import SimpleNamespace

import designs_samples as make
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from leadlib import designs, measures
from leadlib.results import Missing


def given(value, size=100, **more):
    """Make a panel whose spread between pupils is given, and its chance."""
    value = np.asarray(value, float)
    frame = make.panel(value, np.full(len(value), size), unit="score", sd=40.0, **more)
    return frame, make.fitted(frame)


def trend(value, peers=None, school_id="s0000", **more):
    frame, chance = given(value, **more)
    found = SimpleNamespace(school_ids=tuple(peers)) if peers else None
    return designs.trend(frame, chance, school_id=school_id, peers=found)


VALUES = [[500, 520, 540], [480, 490, 500], [500, 510, 520], [520, 530, 540]]


def test_this_school_and_the_mean_of_similar_schools_by_hand():
    found = trend(VALUES, peers=["s0001", "s0002", "s0003"]).table
    own = found[found["group"] == "This school"]
    half = student.ppf(0.975, 99) * 4
    assert own["value"].tolist() == [500, 520, 540] and own["year"].tolist() == [2000, 2001, 2002]
    assert own["high"].tolist() == pytest.approx([500 + half, 520 + half, 540 + half])
    assert own["n"].tolist() == [100] * 3
    peers = found[found["group"] == "Similar schools"]
    wide = student.ppf(0.975, 2) * 20 / np.sqrt(3)
    assert peers["value"].tolist() == pytest.approx([500, 510, 520]) and peers["n"].tolist() == [3] * 3
    assert (peers["high"] - peers["value"]).tolist() == pytest.approx([wide] * 3)


def test_years_that_are_not_comparable_are_shown_against_all_schools_in_the_measures_unit():
    found = trend(VALUES, comparable=False)
    assert found.table["value"].tolist() == pytest.approx([0, 7.5, 15])
    assert set(found.table["unit"]) == {"score"}
    assert "differences from the mean of all schools that year." in found.text


def test_years_that_test_other_grades_are_shown_in_standard_deviations_of_schools():
    grades = np.tile(["K", "1", "2"], 4)
    found = trend(VALUES, comparable=False, grade=grades)
    spread = np.std(np.array(VALUES), axis=0, ddof=1)
    assert found.table["value"].tolist() == pytest.approx(list(np.array([0, 7.5, 15]) / spread))
    assert set(found.table["unit"]) == {"sd"} and "standard deviations of schools" in found.text


def test_percents_that_are_not_comparable_are_in_percentage_points():
    rng = np.random.default_rng(3)
    n = make.sizes(60, rng)
    value = np.clip(100 * rng.binomial(n.astype(int)[:, None], 0.6, (60, 3)) / n[:, None], 5, 95)
    frame = make.panel(value, n, unit="pct", comparable=False)
    found = designs.trend(frame, make.fitted(frame), school_id="s0000")
    assert set(found.table["unit"]) == {"pct_points"}
    assert found.table["value"].tolist() == pytest.approx(list(value[0] - value.mean(axis=0)))


def test_a_year_without_a_value_has_no_row_and_is_named():
    found = trend([[500, np.nan, 540], *VALUES[1:]])
    assert found.table["year"].tolist() == [2000, 2002]
    assert "No result that may be shown for 2001–02." in found.text


def test_the_report_year_is_the_last_one_shown():
    frame, chance = given(VALUES)
    frame.attrs["year"] = 2001
    assert designs.trend(frame, chance, school_id="s0000").table["year"].max() == 2001
    assert designs.trend(frame, chance, school_id="s0000", year=2000).table["year"].max() == 2000


@pytest.mark.parametrize(("last", "said"), [(503.0, "can be chance"), (560.0, "more than chance alone usually gives")])
def test_a_move_is_told_by_its_own_interval(last, said):
    assert said in trend([[500, 510, last], *VALUES[1:]]).text


def test_a_coded_percent_is_shown_as_at_least():
    school = make.changed(make.pack(unit="pct"), "outcomes", "value", 100.0, school_id="s00", year=2001)
    panel = measures.outcomes.panel(school)
    found = designs.trend(panel, designs.noise(panel), school_id="s00")
    assert found.table["mark"].tolist() == ["", "at least "] and found.table["high"].iloc[1] == 100
    assert "at least 98.0%" in found.plain()


def test_the_block_has_a_table_a_measure_with_the_years_and_numbers_that_the_batch_reads():
    table = trend(VALUES, peers=["s0001", "s0002", "s0003"]).data()["parts"][0]
    keys = [c["key"] for c in table["columns"]]
    assert table["id"] == "trend" and table["title"] == "Mathematics"
    assert keys == ["year", "value", "interval", "n", "similar_value", "similar_interval", "similar_n"]
    rows = [dict(zip(keys, row, strict=True)) for row in table["values"]]
    assert [(r["year"], r["value"], r["similar_value"]) for r in rows] == [
        (2000, 500.0, 500.0),
        (2001, 520.0, 510.0),
        (2002, 540.0, 520.0),
    ]
    assert isinstance(rows[0]["year"], int)


def test_without_similar_schools_the_school_is_shown_alone_and_it_is_said():
    frame, chance = given(VALUES)
    found = designs.trend(frame, chance, school_id="s0000", peers=Missing("Peers", "none"))
    assert set(found.table["group"]) == {"This school"}
    assert any(limit.startswith("Similar schools are not shown") for limit in found.limits)


def test_a_school_without_any_value_says_so():
    assert isinstance(trend([[np.nan] * 3, *VALUES[1:]]), Missing)


def test_a_school_without_size_has_values_and_no_interval():
    frame, chance = given(VALUES)
    frame.loc[frame["school_id"] == "s0000", "size"] = np.nan
    found = designs.trend(frame, chance, school_id="s0000")
    assert found.table["value"].notna().all() and found.table[["low", "high"]].isna().all().all()
    assert "nan" not in found.plain()


def test_rows_do_not_depend_on_the_order_of_the_panel():
    school = make.pack()
    panel = measures.outcomes.panel(school)
    chance, peers = designs.noise(panel), measures.similar.schools(school)
    one, two = (designs.trend(p, chance, school_id="s00", peers=peers) for p in (panel, make.shuffled(panel)))
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.plain() == two.plain()
