"""Posts for 100 pupils, teachers who stay, teachers who are new: and no small group of teachers is seen."""

import json

import designs_samples as make
import ledger_samples as samples
import numpy as np
import pandas as pd
import pytest

from leadlib import measures, privacy
from leadlib.errors import InputError
from leadlib.results import Missing

PEOPLE, STAY, RETENTION = measures.staffing.people, measures.staffing.stay, measures.staffing.retention


def with_teachers(*tables):
    school = samples.school()
    return make.FakeSchool(school.tables | {"teachers": pd.concat(tables)}, school.dictionary, "a", 2003)


def test_posts_are_counted_for_a_hundred_pupils():
    found = PEOPLE(samples.school(), None).table.query("group == 'This school'").set_index("role")
    assert found["value"].to_dict() == {
        "teachers_fte": 4.0,  # 16 for 400 pupils
        "librarian": 0.25,
        "school_administrators_fte": 0.25,
        "counselor": 0.5,
    }
    assert found.loc["counselor", "pupils_per_post"] == 200.0
    assert found.loc["counselor", "kind"] == "neither" and found.loc["teachers_fte", "kind"] == "instructional"


def test_the_recommended_ratio_stands_beside_counselors_with_who_recommends_it():
    found = PEOPLE(samples.school(), None)
    asked = found.table.query("role == 'counselor' and group == 'Recommended'").iloc[0]
    assert asked["value"] == 0.4  # one for 250
    assert (
        "There is one counselor for 200 pupils; the American School Counselor Association recommends"
        " at most 250 pupils for one." in found.text
    )
    assert "Recommended" not in set(found.table.query("role == 'teachers_fte'")["group"])


def test_the_published_case_of_376_pupils_for_a_counselor_needs_four_posts_at_a_thousand_pupils():
    ratio = next(r for r in measures.staffing.ratios() if r.role == "counselor")
    assert ratio.verified and 1000 / ratio.pupils == 4.0 and round(1000 / 376, 2) == 2.66


def test_ratios_not_yet_checked_are_named_where_they_are_shown():
    school = make.changed(samples.school(), "support_staff", "role", "nurse", role="librarian")
    assert "Not yet checked in the associations' own documents: NASN (nurse)." in PEOPLE(school, None).note
    assert "Not yet checked" not in PEOPLE(samples.school(), None).note


def test_a_school_without_a_counselor_is_told_so_and_not_divided_by_zero():
    school = make.changed(samples.school(), "support_staff", "fte", 0.0, role="counselor", school_id="a")
    assert (
        "The school has no counselor; the American School Counselor Association recommends" in PEOPLE(school, None).text
    )


def test_too_few_pupils_or_no_posts_leave_the_section_out_with_a_reason():
    few = make.changed(samples.school(), "school_years", "enrollment", 9.0, school_id="a")
    assert isinstance(PEOPLE(few, None), Missing)
    assert isinstance(PEOPLE(make.without(samples.school(), "staff_years", "support_staff"), None), Missing)
    assert isinstance(RETENTION(samples.school(), None), Missing)


def test_three_years_are_counted_together_so_that_leavers_can_be_shown():
    school = with_teachers(samples.teachers({2001: 3, 2002: 4, 2003: 5}))
    row = STAY(school).query("year == 2003").iloc[0]
    assert row["teachers_n"] == 60.0 and row["stayed_pct"] == 80.0 and row["stayed_shown"] == "80.0%"
    assert row["early_pct"] == 20.0
    found = RETENTION(school, None)
    assert "stayed for the next year: 80.0%" in found.text and "3 school years to 2003–04" in found.title


def test_fewer_than_ten_leavers_are_not_shown_exactly():
    counts = {2001: 3, 2002: 3, 2003: 3}
    row = STAY(with_teachers(samples.teachers(counts))).query("year == 2003").iloc[0]
    assert row["stayed_shown"] == "over 83.3%" and row["stayed_pct"] != 85.0
    one_more = STAY(with_teachers(samples.teachers(counts | {2003: 2}))).query("year == 2003").iloc[0]
    assert one_more["stayed_pct"] == row["stayed_pct"]  # every hidden count looks the same


def test_no_window_is_shorter_than_the_others_so_that_no_single_year_comes_out_by_subtraction():
    found = STAY(with_teachers(samples.teachers({2001: 3, 2002: 4, 2003: 5, 2004: 6})))
    assert found.set_index("year")["stayed_shown"].to_dict() == {
        2001: privacy.NOT_SHOWN,
        2002: privacy.NOT_SHOWN,
        2003: "80.0%",
        2004: "75.0%",
    }
    assert found.set_index("year")["teachers_n"].isna().to_list() == [True, True, False, False]


def test_a_last_year_whose_leavers_are_not_known_yet_is_not_half_counted():
    table = samples.teachers({2001: 3, 2002: 4, 2003: 5, 2004: 6})
    table.loc[table["year"] == 2004, "left_next_year"] = pd.NA
    school = with_teachers(table)
    assert STAY(school).set_index("year")["stayed_shown"][2004] == privacy.NOT_SHOWN
    late = make.FakeSchool(school.tables, school.dictionary, "a", 2004)
    assert "2003–04" in RETENTION(late, None).title


def test_a_school_of_three_teachers_says_why_nothing_is_shown():
    found = RETENTION(with_teachers(samples.teachers({2001: 1, 2002: 0, 2003: 1}, n=3)), None)
    assert isinstance(found, Missing) and "too few" in found.text


def test_one_year_alone_can_be_asked_for_and_a_wrong_number_is_refused():
    row = STAY(with_teachers(samples.teachers({2003: 12}, n=40)), pool=1).iloc[0]
    assert row["stayed_pct"] == 70.0
    for wrong in (0, 1.5, True, "3"):
        with pytest.raises(InputError, match="whole number"):
            STAY(samples.school(), pool=wrong)


def test_shares_of_staff_years_do_where_there_are_no_teachers():
    school = samples.school()
    staff = school.tables["staff_years"].assign(teachers_fte=80.0, teachers_left_pct=25.0, first_year_teachers_pct=20.0)
    fields = school.dictionary["staff_years"] + tuple(
        make.about(n, n, "pct") for n in ("teachers_left_pct", "first_year_teachers_pct")
    )
    school = make.FakeSchool(school.tables | {"staff_years": staff}, school.dictionary | {"staff_years": fields}, "a")
    row = STAY(school).query("school_id == 'a'").iloc[0]  # a pack of one year pools one year
    assert (row["stayed_pct"], row["early_pct"], row["teachers_n"]) == (75.0, 20.0, 80.0)


def test_no_teacher_stands_in_a_row_of_anything_that_is_handed_on():
    school = with_teachers(samples.teachers({2001: 3, 2002: 4, 2003: 5}))
    found = RETENTION(school, None)
    told = json.dumps(found.data()) + found.frame.to_csv() + found.table.to_csv()
    assert "teacher_id" not in told and "t1" not in told


def test_retention_of_a_pack_agrees_with_its_teachers():
    import leadlib as ll

    school = ll.school("cedar-valley", "990000100001", 2021)
    rows = ll.load("cedar-valley/teachers").query("school_id == '990000100001' and 2019 <= year <= 2021")
    expected = 100 * (1 - rows["left_next_year"].astype(float).mean())
    own = RETENTION(school, None).table.iloc[0]
    assert own["value"] == pytest.approx(expected, abs=1e-9) and own["n"] == len(rows)
    assert np.isfinite(own["value"])
