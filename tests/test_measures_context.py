"""Whom a school serves: its shares beside the medians of its groups, protected."""

import designs_samples as make
import numpy as np
import pytest

from leadlib import measures
from leadlib.results import Missing

SERVES = measures.context.serves


def row(result, measure, group):
    table = result.table
    return table[(table["measure"] == measure) & (table["group"] == group)].iloc[0]


def test_groups_hold_median_and_quartiles_of_the_other_schools():
    school = make.pack()
    peers = measures.similar.schools(school)
    found = SERVES(school, peers)
    frame = school.tables["school_years"]
    now = frame[(frame["year"] == 2001) & (frame["school_id"] != "s00")].set_index("school_id")["free_lunch_pct"]
    every = row(found, "Free lunch", "All primary schools")
    assert [every["value"], every["low"], every["high"]] == pytest.approx(list(now.quantile([0.5, 0.25, 0.75])))
    assert every["n"] == 39
    assert row(found, "Free lunch", "Similar schools")["value"] == pytest.approx(now[list(peers.school_ids)].median())
    district = row(found, "Free lunch", "Same district")
    assert district["value"] == pytest.approx(now[["s01", "s02", "s03", "s04"]].median()) and district["n"] == 4


def test_this_school_comes_with_its_pupils_and_its_protected_share():
    school = make.changed(make.pack(), "school_years", "free_lunch_pct", 1.0, school_id="s00")
    own = row(SERVES(school, None), "Free lunch", "This school")
    assert own["shown"] == "under 3.4%" and own["value"] == pytest.approx(1.7) and own["n"] == 300


def test_without_similar_schools_their_column_is_left_out_and_said():
    found = SERVES(make.pack(), Missing("Peers", "none"))
    assert list(dict.fromkeys(found.table["group"])) == ["This school", "Same district", "All primary schools"]
    assert "There is no row for similar schools: too few are close enough to this one." in found.limits


def test_a_district_of_one_or_two_schools_is_no_group():
    school = make.changed(make.pack(), "schools", "leaid", "alone", school_id="s00")
    found = SERVES(school, None)
    assert "Same district" not in set(found.table["group"])
    assert any("which has no other school" in limit for limit in found.limits)


def test_the_nearest_year_is_used_where_the_schools_own_year_is_blank():
    school = make.pack(years=(1999, 2000, 2001))
    fields = [f.name for f in make.DICTIONARY["school_years"][1:]]
    for field in fields:
        school = make.changed(school, "school_years", field, np.nan, year=2001, school_id="s00")
    found = SERVES(school, None)
    assert "2000–01" in found.title and "those of 2000–01, the nearest year" in found.text


def test_a_tiny_school_shows_no_share_and_no_count():
    school = make.changed(make.pack(), "school_years", "enrollment", 7.0, school_id="s00")
    found = SERVES(school, None)
    own = found.table[found.table["group"] == "This school"].set_index("measure")
    assert own.loc["Pupils enrolled", "shown"] == "under 10" and np.isnan(own.loc["Pupils enrolled", "value"])
    assert own.loc["Free lunch", "shown"] == "not shown" and own["n"].isna().all()


def test_an_unknown_field_is_told_and_a_pack_without_figures_is_missing():
    school = make.changed(make.pack(), "school_years", "free_lunch_pct", np.nan, school_id="s00")
    assert "No figure for this school: Free lunch." in SERVES(school, None).text
    assert isinstance(SERVES(make.without(school, "school_years"), None), Missing)


def test_rows_do_not_depend_on_the_order_of_the_tables():
    school = make.pack()
    mixed = make.FakeSchool({n: make.shuffled(t) for n, t in school.tables.items()}, school.dictionary)
    assert SERVES(school, None).table.equals(SERVES(mixed, None).table)
