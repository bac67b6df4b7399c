"""The panel of outcomes: one row a school, year and measure, coded, with the number behind it."""

import designs_samples as make
import numpy as np
import pandas as pd
import pytest

from leadlib.measures.outcomes import COLUMNS, panel
from leadlib.results import Missing


def one(frame, school_id="s00", year=2001):
    return frame[(frame["school_id"] == school_id) & (frame["year"] == year)].iloc[0]


def test_the_panel_has_its_columns_every_school_and_an_order_of_its_own():
    school = make.pack()
    mixed = make.FakeSchool({n: make.shuffled(t) for n, t in school.tables.items()}, school.dictionary)
    found = panel(school)
    assert list(found.columns) == COLUMNS and len(found) == 80
    pd.testing.assert_frame_equal(found, panel(mixed))
    assert found.attrs["year"] == 2001


def test_size_is_the_tested_of_the_year_else_of_the_nearest_year_else_the_enrolled():
    school = make.changed(make.pack(), "outcomes", "tested_n", np.nan, year=2000)
    school = make.changed(school, "outcomes", "tested_n", np.nan, school_id="s01")
    school = make.changed(school, "school_years", "enrollment", np.nan, school_id="s01", year=2000)
    school = make.changed(school, "school_years", "enrollment", 333.0, school_id="s01", year=2001)
    found = panel(school)
    assert tuple(one(found)[["size", "size_basis"]]) == (100.0, "pupils tested")
    assert tuple(one(found, year=2000)[["size", "size_basis"]]) == (100.0, "pupils tested in 2001–02")
    assert tuple(one(found, "s01")[["size", "size_basis"]]) == (333.0, "pupils enrolled")
    assert tuple(one(found, "s01", 2000)[["size", "size_basis"]]) == (333.0, "pupils enrolled in 2001–02")


def test_values_of_fewer_than_k_pupils_are_suppressed_and_a_larger_k_hides_more():
    school = make.changed(make.pack(), "outcomes", "tested_n", 9.0, school_id="s00")
    row = one(panel(school))
    assert np.isnan(row["value"]) and np.isnan(row["size"]) and row["value__why"] == "suppressed"
    assert panel(school)["value"].isna().sum() == 2 < panel(school, k=90)["value"].isna().sum()


def test_where_the_tested_are_unknown_fewer_than_k_enrolled_suppress():
    school = make.changed(make.pack(), "outcomes", "tested_n", np.nan)
    school = make.changed(school, "school_years", "enrollment", 8.0, school_id="s00", year=2000)
    found = panel(school)
    assert one(found, year=2000)["value__why"] == "suppressed"
    assert one(found, year=2001)["value__why"] == "reported"


def test_a_size_borrowed_from_another_year_does_not_show_a_value_of_fewer_than_k_enrolled():
    school = make.changed(make.pack(), "outcomes", "tested_n", np.nan, school_id="s00", year=2000)
    school = make.changed(school, "school_years", "enrollment", 9.0, school_id="s00", year=2000)
    assert one(panel(school), year=2000)["value__why"] == "suppressed"
    assert one(panel(school), year=2001)["value__why"] == "reported"


@pytest.mark.parametrize(("tested", "coded"), [(15.0, 80.0), (30.0, 90.0), (60.0, 95.0), (150.0, 98.0), (500.0, 99.0)])
def test_percents_are_coded_by_the_number_tested(tested, coded):
    school = make.changed(make.pack(unit="pct"), "outcomes", "value", 100.0, school_id="s00")
    row = one(panel(make.changed(school, "outcomes", "tested_n", tested, school_id="s00")))
    assert row["value"] == coded and row["value__why"] == "range"


@pytest.mark.parametrize(("enrolled", "coded"), [(900.0, 95.0), (60.0, 95.0), (30.0, 90.0), (np.nan, 95.0)])
def test_percents_of_an_unknown_number_are_coded_at_95_or_wider(enrolled, coded):
    school = make.changed(make.pack(unit="pct"), "outcomes", "value", 100.0, school_id="s00")
    school = make.changed(school, "outcomes", "tested_n", np.nan)
    assert one(panel(make.changed(school, "school_years", "enrollment", enrolled, school_id="s00")))["value"] == coded


def test_points_are_not_coded_as_if_they_were_percents():
    school = make.changed(make.pack(), "outcomes", "value", 820.0, school_id="s00")
    assert one(panel(school))["value"] == 820.0


def test_several_grades_are_pooled_by_the_pupils_tested_and_a_row_of_all_grades_goes_first():
    school = make.pack()
    rows = school.tables["outcomes"].query("school_id == 's00' and year == 2001")
    third = rows.assign(grade="3", value=40.0, tested_n=100.0)
    fourth = rows.assign(grade="4", value=70.0, tested_n=50.0)
    rest = school.tables["outcomes"].drop(rows.index)
    pooled = make.FakeSchool(school.tables | {"outcomes": pd.concat([rest, third, fourth])}, school.dictionary)
    row = one(panel(pooled))
    assert (row["value"], row["size"], row["grade"]) == (50.0, 150.0, "3+4")
    whole = pd.concat([rest, third, fourth, rows.assign(grade="All", value=51.0)])
    assert one(panel(make.FakeSchool(school.tables | {"outcomes": whole}, school.dictionary)))["value"] == 51.0


def test_rows_of_all_grades_beside_single_grades_leave_the_columns_their_kinds():
    school = make.pack()
    outcomes = school.table("outcomes")
    alone = panel(make.FakeSchool(school.tables | {"outcomes": outcomes}, school.dictionary))
    both = pd.concat([outcomes.assign(grade="All"), outcomes.assign(grade="4")], ignore_index=True)
    many = panel(make.FakeSchool(school.tables | {"outcomes": both}, school.dictionary))
    assert many.dtypes.to_dict() == alone.dtypes.to_dict()
    assert many["year"].tolist() == alone["year"].tolist()


def test_groups_of_pupils_are_left_out():
    school = make.pack()
    table = school.tables["outcomes"]
    table = pd.concat([table, table.assign(group="Girls", value=1.0)])
    found = panel(make.FakeSchool(school.tables | {"outcomes": table}, school.dictionary))
    assert len(found) == 80 and found["value"].min() > 1


@pytest.mark.parametrize("table", ["outcomes", "measures"])
def test_a_pack_without_outcomes_says_so(table):
    assert panel(make.without(make.pack(), table)) == Missing("Outcomes", "this pack holds no outcomes.")


def test_a_pack_whose_values_are_all_blank_says_so():
    found = panel(make.changed(make.pack(), "outcomes", "value", np.nan))
    assert isinstance(found, Missing) and "no outcome for all pupils" in found.reason
