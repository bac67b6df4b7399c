"""The list of indicators: what is on it, how sure each figure is, and that it gives nobody away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import leadlib as ll
from leadlib.measures import indicators
from leadlib.measures.shares import counted, means, without_remainder
from leadlib.results import Missing


@pytest.fixture(scope="module")
def cedar() -> pd.DataFrame:
    return indicators.panel(ll.school("cedar-valley", "990000100004", 2021))


def counts(**columns) -> pd.DataFrame:
    return pd.DataFrame({"school_id": ["a", "b", "c"], "year": 2020, **columns})


def test_a_share_has_the_error_of_its_people_and_few_people_are_coded():
    made = counted(counts(inside=[20, 4, 3], of=[100, 100, 15]), "inside", "of", measure="x", label="X")
    assert made["value"].tolist()[:2] == [20.0, 5.0]  # 4 of 100 is "under 10%", whose middle is 5
    assert np.isnan(made["value"].iloc[2])  # of 15 people no share hides anybody
    assert made["value__why"].tolist() == ["reported", "range", "suppressed"]
    assert made["width"].tolist() == [0.0, 10.0, 0.0]
    p = 22 / 104
    assert made["se"].iloc[0] == pytest.approx(100 * np.sqrt(p * (1 - p) / 100))
    assert made["se"].iloc[1] > made["se"].iloc[0] * 0.9  # the range is counted in
    assert made["size"].isna().tolist() == [False, False, True]


def test_a_group_is_blank_where_the_pupils_outside_it_could_be_counted():
    whole = counts(inside=[30, 30, 30], enrolled_n=[200, 200, 200])
    group = counts(inside=[12, 25, 30], enrolled_n=[100, 100, 195])
    assert without_remainder(group, whole)["hidden"].tolist() == [False, True, True]


def test_a_group_that_is_everybody_hides_nobody():
    whole = counts(inside=[30, 30, 30], enrolled_n=[200, 200, 200])
    assert not without_remainder(whole, whole)["hidden"].any()


def test_a_mean_of_few_is_not_shown():
    rows = counts(value=[3.0, 4.0, np.nan], sd=[1.0, 1.0, 1.0], n=[25, 9, 40])
    made = means(rows, measure="x", label="X")
    assert made["value__why"].tolist() == ["reported", "suppressed", "not_reported"]
    assert made["se"].iloc[0] == pytest.approx(0.2)
    assert made["se"].isna().tolist()[1:] == [True, False]


def test_the_panel_has_one_row_a_school_year_and_measure(cedar):
    assert not cedar.duplicated(["school_id", "year", "measure"]).any()
    assert list(cedar.columns) == indicators.COLUMNS
    assert set(cedar["better"]) == {"higher", "lower"}
    assert {"learning", "attendance", "climate", "discipline", "access", "staffing", "coaching", "support"} == set(
        cedar["theme"]
    )


def test_no_share_stands_exactly_for_fewer_than_ten_people(cedar):
    shares = cedar[(cedar["unit"] == "pct") & (cedar["value__why"] == "reported") & (cedar["theme"] != "learning")]
    inside = shares["value"] * shares["size"] / 100
    assert len(shares) > 1000
    assert inside.min() >= 10 - 1e-9
    assert (shares["size"] - inside).min() >= 10 - 1e-9


def test_a_group_s_share_leaves_ten_of_the_others_on_each_side(cedar):
    whole = cedar[(cedar["measure"] == "absent_10") & (cedar["value__why"] == "reported")]
    group = cedar[cedar["measure"].eq("absent_10|Economically disadvantaged") & (cedar["value__why"] == "reported")]
    both = group.merge(whole, on=["school_id", "year"], suffixes=("", "_all"))
    among = both["value_all"] * both["size_all"] / 100 - both["value"] * both["size"] / 100
    assert len(both) > 100
    assert among.min() >= 10 - 1e-6


def test_teachers_are_taken_three_years_together_and_counted_right(cedar):
    teachers = ll.load("cedar-valley/teachers")
    own = teachers[(teachers["school_id"] == "990000100004") & teachers["left_next_year"].notna()]
    own = own[own["year"].isin([2019, 2020, 2021])]
    row = cedar[cedar["measure"].eq("teachers_left") & (cedar["school_id"] == "990000100004") & (cedar["year"] == 2021)]
    assert row["size"].item() == len(own)
    assert row["value"].item() == pytest.approx(100 * own["left_next_year"].astype(float).mean())


def test_a_count_held_back_by_the_source_is_a_range_and_no_gap(cedar):
    raw = ll.load("cedar-valley/discipline", why=True)
    rows = raw[(raw["group"] == "All") & (raw["action"] == "out-of-school suspension")]
    held = rows[rows["pupils_n__why"].astype(object) == "suppressed"]
    made = cedar[cedar["measure"] == "suspended_out"].merge(held[["school_id", "year"]], on=["school_id", "year"])
    assert len(made) > 0
    assert made["value__why"].isin(["range", "suppressed"]).all()
    assert made["width"].max() > 0


def test_one_measure_a_subject_and_no_index_beside_it(cedar):
    learning = cedar[(cedar["theme"] == "learning") & (cedar["group"] == "All")]
    assert set(learning["measure"]) == {"math", "read"}


@pytest.mark.parametrize(
    ("pack", "school_id", "year", "measures"),
    [
        ("california-2000", "28662666027007", 1999, {"api"}),
        ("michigan-1993-98", "00002", 1997, {"math4_pass_pct"}),
        ("tennessee-star", "01", 1988, {"math_score", "read_score"}),
    ],
)
def test_a_real_pack_has_what_it_holds_and_nothing_more(pack, school_id, year, measures):
    made = indicators.panel(ll.school(pack, school_id, year))
    assert set(made["measure"]) == measures


def test_a_pack_without_figures_gets_a_sentence():
    class Bare:
        year = 2020

        def has(self, table):
            return False

    made = indicators.panel(Bare())
    assert isinstance(made, Missing)
    assert "no figure" in made.text


def test_no_window_of_fewer_years_is_shown_from_which_a_single_year_could_be_worked_out() -> None:
    from leadlib.measures.shares import pooled

    counts = pd.DataFrame(
        {"school_id": ["a"] * 5 + ["b"] * 3, "year": [1, 2, 3, 4, 5, 1, 3, 4], "left": 2.0, "size": 20.0}
    )
    found = pooled(counts, ["left", "size"], of="size", years=3)
    shown = found.dropna()
    assert list(zip(shown["school_id"], shown["year"], shown["size"], strict=True)) == [
        ("a", 3, 60.0),
        ("a", 4, 60.0),
        ("a", 5, 60.0),
    ]
    assert len(found) == len(counts)


def test_the_pack_shows_teachers_who_left_only_from_its_third_year_on() -> None:
    school = ll.school("cedar-valley", "990000100004", 2021)
    frame = ll.measures.indicators.panel(school)
    left = frame[frame["measure"].eq("teachers_left") & frame["value"].notna()]
    assert left["year"].min() == 2018
