"""Similar schools are the nearest in need and size within the level, by a rule that is stated."""

import designs_samples as make
import numpy as np
import pytest

from leadlib.errors import InputError
from leadlib.measures import similar
from leadlib.results import Missing


def test_the_nearest_schools_are_found_by_hand():
    school = make.pack(12)
    for field in ("english_language_learners_pct", "enrollment"):
        school = make.changed(school, "school_years", field, 50.0 if field.endswith("pct") else 300.0)
    shares = 40.0 + np.arange(12)
    for k, share in enumerate(shares):
        school = make.changed(school, "school_years", "free_lunch_pct", share, school_id=f"s{k:02d}")
    found = similar.schools(school, k=8, caliper=5.0)
    assert found.school_ids == tuple(f"s{k:02d}" for k in range(1, 9))
    assert found.frame["distance"].tolist() == pytest.approx(list(np.arange(1, 9) / np.std(shares, ddof=1)))


def test_the_school_is_never_its_own_peer_and_other_levels_are_left_out():
    school = make.pack()
    schools = school.tables["schools"]
    schools.loc[schools.index % 3 == 1, "school_level"] = "High"
    found = similar.schools(school)
    high = set(schools.loc[schools["school_level"] == "High", "school_id"])
    assert "s00" not in found.school_ids and not high & set(found.school_ids)


def test_ties_are_broken_by_the_schools_id_and_rows_may_come_in_any_order():
    school = make.pack()
    school = make.changed(school, "school_years", "free_lunch_pct", 40.0)
    school = make.changed(school, "school_years", "english_language_learners_pct", 20.0)
    school = make.changed(school, "school_years", "enrollment", 250.0, school_id="s39")
    mixed = make.FakeSchool({n: make.shuffled(t) for n, t in school.tables.items()}, school.dictionary)
    one, two = similar.schools(school), similar.schools(mixed)
    assert one.school_ids == two.school_ids and one.plain() == two.plain()
    twins = one.frame[one.frame["distance"] == one.frame["distance"].iloc[0]]
    assert list(twins["school_id"]) == sorted(twins["school_id"])


def test_no_matched_school_lies_beyond_the_caliper_on_average_or_twice_it_in_one_field():
    school = make.pack(60)
    found = similar.schools(school, k=50, caliper=0.8)
    frame = school.tables["school_years"]
    now = frame[frame["year"] == 2001].set_index("school_id")
    fields = ["free_lunch_pct", "english_language_learners_pct"]
    apart = (now[fields] - now.loc["s00", fields]) / now[fields].std()
    apart["size"] = (np.log(now["enrollment"]) - np.log(300.0)) / np.log(now["enrollment"]).std()
    inside = (apart**2).mean(axis=1).pow(0.5).le(0.8) & apart.abs().max(axis=1).le(1.6)
    assert set(found.school_ids) == set(now.index[inside]) - {"s00"}
    assert found.frame["distance"].max() <= 0.8 and 8 <= len(found.school_ids) < 50


def test_a_school_alike_in_all_fields_but_one_is_not_matched_if_that_one_lies_too_far():
    school = make.pack()
    extra = [f"need_{k}" for k in range(5)]
    years = school.tables["school_years"].assign(**{name: np.tile(np.arange(40.0) % 5, 2) for name in extra})
    fields = ["free_lunch_pct", "english_language_learners_pct", "enrollment"]
    now = years[years["school_id"] == "s00"].iloc[0]
    years.loc[years["school_id"] == "s05", [*fields, *extra]] = now[[*fields, *extra]].to_numpy()
    spread = years.loc[years["year"] == 2001, "need_0"].std()
    years.loc[years["school_id"] == "s05", "need_0"] = now["need_0"] + 2.6 * spread
    needs = tuple(make.about(name, name, "level", role="need") for name in extra)
    told = school.dictionary | {"school_years": school.dictionary["school_years"] + needs}
    wide = make.FakeSchool(school.tables | {"school_years": years}, told)
    assert "s05" not in similar.schools(wide, k=39).school_ids
    assert "s05" in similar.schools(wide, k=39, caliper=1.4).school_ids


def test_a_school_unlike_all_others_gets_a_reason_in_plain_words():
    school = make.changed(make.pack(), "school_years", "free_lunch_pct", 90.0, school_id="s00")
    school = make.changed(school, "school_years", "enrollment", 4000.0, school_id="s00")
    found = similar.schools(school)
    assert isinstance(found, Missing)
    assert found.text == (
        "The comparison with similar schools is left out: none of 39 primary schools is close enough to this one in"
        " need and size (within 1.00 standard deviations)."
    )


def test_schools_without_a_figure_are_not_matched_and_are_counted():
    school = make.changed(make.pack(), "school_years", "free_lunch_pct", np.nan, school_id="s07")
    school = make.changed(school, "school_years", "enrollment", np.nan, school_id="s11")
    found = similar.schools(school)
    assert not {"s07", "s11"} & set(found.school_ids)
    assert any(limit.startswith("2 schools of the level could not be matched") for limit in found.limits)


def test_a_field_this_school_lacks_is_not_used():
    school = make.changed(make.pack(), "school_years", "free_lunch_pct", np.nan, school_id="s00")
    found = similar.schools(school)
    assert "free lunch" not in found.rule and "English learners" in found.rule


def test_figures_of_the_nearest_year_are_used_and_named():
    school = make.pack()
    for field in ("free_lunch_pct", "english_language_learners_pct", "enrollment"):
        school = make.changed(school, "school_years", field, np.nan, year=2001)
    found = similar.schools(school)
    assert "For 2001–02 the pack has no such figures; those of 2000–01 are used." in found.rule


def test_the_matched_list_shows_the_school_first_and_marks_it():
    found = similar.schools(make.pack())
    table = found.data()["parts"][0]
    assert table["mark"] == [0] and table["cells"][0][0] == "School 0 (this school)"
    assert len(table["cells"]) == len(found.school_ids) + 1 == 21
    assert found.rule in found.plain()


def test_a_pack_without_need_or_size_gets_a_reason():
    assert isinstance(similar.schools(make.without(make.pack(), "school_years")), Missing)
    empty = make.pack()
    for field in ("free_lunch_pct", "english_language_learners_pct", "enrollment"):
        empty = make.changed(empty, "school_years", field, np.nan)
    assert isinstance(similar.schools(empty), Missing)


def test_a_pack_of_one_school_and_one_of_equal_schools_get_a_reason():
    assert isinstance(similar.schools(make.pack(1)), Missing)
    same = make.pack()
    for field, value in (("free_lunch_pct", 40.0), ("english_language_learners_pct", 20.0), ("enrollment", 300.0)):
        same = make.changed(same, "school_years", field, value)
    assert isinstance(similar.schools(same), Missing)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"caliper": 0.0}, {"caliper": float("nan")}])
def test_a_wrong_number_of_schools_or_caliper_is_refused(wrong):
    with pytest.raises(InputError, match="must be positive"):
        similar.schools(make.pack(), **wrong)
