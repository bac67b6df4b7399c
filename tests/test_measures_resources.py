"""What a school has to work with: administrative and instructional, as conditions and not causes."""

import designs_samples as make
import numpy as np

from leadlib import charts, measures
from leadlib.results import Missing
from leadlib.words import captions

PROFILE = measures.resources.profile


def test_money_comes_first_and_each_row_says_which_leadership_cares_for_it():
    found = PROFILE(make.pack(), None)
    kinds = found.table.drop_duplicates("measure").set_index("measure")["leadership"]
    assert kinds.to_dict() == {"Spending per pupil": "administrative", "Fully credentialed": "instructional"}
    assert list(kinds.index) == ["Spending per pupil", "Fully credentialed"]
    tables = [part for part in found.data()["parts"] if part["kind"] == "table"]
    assert [t["title"].split(":")[0] for t in tables] == ["Administrative leadership", "Instructional leadership"]
    assert [[row[0] for row in t["cells"]] for t in tables] == [["Spending per pupil"], ["Fully credentialed"]]


def test_the_text_says_that_these_are_conditions_and_no_causes():
    said = PROFILE(make.pack(), None).text
    assert "conditions of the work" in said and "not causes" in said


def test_medians_are_those_of_the_other_schools():
    school = make.pack()
    found = PROFILE(school, measures.similar.schools(school))
    frame = school.tables["budget"].query("year == 2001 and school_id != 's00'")
    every = found.table.query("measure == 'Spending per pupil' and group == 'All primary schools'").iloc[0]
    assert every["value"] == frame["spend_per_pupil_usd"].median() and every["n"] == 39
    assert list(dict.fromkeys(found.table["group"])) == [
        "This school",
        "Similar schools",
        "Same district",
        "All primary schools",
    ]


def test_a_blank_year_is_taken_from_the_nearest_year_which_stands_in_the_name():
    school = make.changed(make.pack(), "budget", "spend_per_pupil_usd", np.nan, school_id="s00", year=2001)
    found = PROFILE(school, None)
    own = found.table.query("group == 'This school'").iloc[0]
    assert own["measure"] == "Spending per pupil (2000–01)" and own["value"] == 4000.0


def test_a_field_the_school_never_reports_is_a_dash_and_is_told():
    school = make.changed(make.pack(), "budget", "spend_per_pupil_usd", np.nan, school_id="s00")
    found = PROFILE(school, None)
    assert "A dash stands where this school reports no figure: spending per pupil." in found.text
    assert found.data()["parts"][0]["cells"][0][1] == "—"


def test_a_field_that_hardly_any_school_of_the_level_has_is_left_out():
    school = make.changed(make.pack(), "budget", "spend_per_pupil_usd", np.nan)
    school = make.changed(school, "budget", "spend_per_pupil_usd", 5000.0, school_id="s39")
    assert set(PROFILE(school, None).table["measure"]) == {"Fully credentialed"}


def test_a_pack_without_money_or_staff_and_a_school_without_any_figure_say_so():
    assert isinstance(PROFILE(make.without(make.pack(), "budget", "staff_years"), None), Missing)
    school = make.changed(make.without(make.pack(), "budget"), "staff_years", "full_credential_pct", np.nan)
    assert isinstance(PROFILE(school, None), Missing)
    only_money = PROFILE(make.without(make.pack(), "staff_years"), None)
    assert set(only_money.table["leadership"]) == {"administrative"}


def staffed(left: float = 10.0, teachers: float = 60.0, **changes):
    """Give the pack with teachers' posts, and a share of teachers and one of pupils."""
    school = make.pack()
    staff = school.tables["staff_years"].assign(
        teachers_fte=teachers, teachers_left_pct=left, small_class_pct=4.0, teacher_absent_days=7.0
    )
    fields = (
        make.about("teachers_fte", "Teachers", "fte", leadership="instructional"),
        make.about("teachers_left_pct", "Teachers who left", "pct", leadership="administrative"),
        make.about("small_class_pct", "Pupils in a small class", "pct", leadership="instructional"),
        make.about("teacher_absent_days", "Teachers' days absent, mean", "days", leadership="administrative"),
        make.about("principal_rating_instructional", "Evaluator's rating", "level", leadership="instructional"),
    )
    staff["principal_rating_instructional"] = 4.0
    tables = school.tables | {"staff_years": staff}
    return make.FakeSchool(tables, school.dictionary | {"staff_years": fields}, school.school_id, school.year)


def own(found):
    return found.table.query("group == 'This school'").set_index("measure")


def test_a_share_with_few_teachers_behind_it_is_given_as_under_a_limit():
    few = own(PROFILE(staffed(10.0, 60.0), None)).loc["Teachers who left"]  # 6 of 60
    assert few["shown"] == "under 16.7%" and few["value"] != 10.0
    enough = own(PROFILE(staffed(25.0, 60.0), None)).loc["Teachers who left"]  # 15 of 60
    assert enough["shown"] == "25.0%" and enough["value"] == 25.0
    tiny = own(PROFILE(staffed(25.0, 12.0), None)).loc["Teachers who left"]
    assert tiny["shown"] == "not shown" and np.isnan(tiny["value"])


def test_a_share_of_pupils_is_coded_by_the_pupils_and_not_by_the_teachers():
    school = make.changed(staffed(), "school_years", "enrollment", 100.0, school_id="s00")
    assert own(PROFILE(school, None)).loc["Pupils in a small class", "shown"] == "under 10.0%"  # 4 of 100
    school = make.changed(staffed(), "school_years", "enrollment", 500.0, school_id="s00")
    assert own(PROFILE(school, None)).loc["Pupils in a small class", "shown"] == "4.0%"  # 20 of 500


def test_the_share_of_a_groups_teachers_is_that_of_all_of_them_together():
    school = make.changed(staffed(10.0, 60.0), "staff_years", "teachers_fte", 30.0, school_id="s01")
    school = make.changed(school, "staff_years", "teachers_left_pct", 40.0, school_id="s01")
    row = PROFILE(school, None).table.query("measure == 'Teachers who left' and group == 'All primary schools'").iloc[0]
    assert np.isclose(row["value"], (38 * 60 * 10 + 30 * 40) / (38 * 60 + 30)) and np.isnan(row["low"])
    assert row["n"] == 39


def test_the_text_tells_of_limits_only_where_there_are_some():
    assert "under or over a limit" in PROFILE(staffed(10.0), None).text
    exact = make.changed(staffed(25.0), "staff_years", "small_class_pct", 50.0)
    assert "under or over a limit" not in PROFILE(exact, None).text
    assert "stands where this school reports no figure" not in PROFILE(staffed(25.0, 12.0), None).text


def test_a_mean_of_few_teachers_is_not_shown_and_no_rating_of_one_person_ever_is():
    row = own(PROFILE(staffed(25.0, 9.0), None)).loc["Teachers' days absent, mean"]
    assert row["shown"] == "not shown" and np.isnan(row["value"])
    assert own(PROFILE(staffed(), None)).loc["Teachers' days absent, mean", "value"] == 7.0
    assert "Evaluator's rating" not in set(PROFILE(staffed(), None).table["measure"])


def test_shares_of_teachers_whose_number_is_not_known_are_coded_at_five_and_ninety_five_percent():
    school = make.changed(make.pack(), "staff_years", "full_credential_pct", 98.0)
    fields = (make.about("full_credential_pct", "Teachers with a full credential", leadership="instructional"),)
    school = make.FakeSchool(school.tables, school.dictionary | {"staff_years": fields}, "s00", 2001)
    rows = PROFILE(school, None).table.query("measure == 'Teachers with a full credential'").set_index("group")["shown"]
    assert rows["This school"] == "over 95.0%"
    assert rows["All primary schools"] == "over 95.0% (over 95.0% to over 95.0%)"


def test_the_picture_does_not_say_that_a_coded_share_lies_outside_a_range():
    found = PROFILE(staffed(10.0), measures.similar.schools(staffed()))
    title, alt = captions.resources(found)
    assert "teachers who left" not in title
    assert "Teachers who left: this school under 16.7%; similar schools 10.0%." in alt


def test_of_many_resources_the_ten_farthest_from_the_others_are_drawn():
    school = make.pack()
    spread = np.arange(40.0)
    money = school.tables["budget"][["school_id", "year"]].copy()
    for k in range(12):
        values = np.tile(100.0 + spread, 2)
        values[[0, 40]] = 120.0 + 10 * k  # school s00 lies the farther out the higher k
        money[f"b{k:02d}_usd"] = values
    fields = tuple(make.about(c, f"Item {c[1:3]}", "usd", leadership="administrative") for c in money.columns[2:])
    school = make.FakeSchool(school.tables | {"budget": money}, school.dictionary | {"budget": fields}, "s00", 2001)
    found = PROFILE(make.without(school, "staff_years"), None)
    assert captions.drawn_resources(found) == [f"Item {k:02d}" for k in range(2, 12)]
    title, _ = captions.resources(found)
    assert title.startswith("Outside the middle half of the schools of its district: item 02, item 03")
    assert title.endswith("and 6 more")
    assert set(charts.resources(found).drawn["measure"]) == {f"Item {k:02d}" for k in range(2, 12)}
