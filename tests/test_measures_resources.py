"""What a school has to work with: administrative and instructional, as conditions and not causes."""

import designs_samples as make
import numpy as np

from leadlib import measures
from leadlib.results import Missing

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
