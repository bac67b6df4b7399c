"""The school week, the sizes of sections, and whether teachers of a subject can plan together."""

import designs_samples as make
import ledger_samples as samples
import pandas as pd
import pytest

from leadlib import measures
from leadlib.measures import schedule
from leadlib.results import Missing

WEEK, SECTIONS = schedule.week, schedule.sections


def timetable(*rows, school_id="a"):
    columns = ["course", "subject", "teacher_id", "period", "enrolled_n", "capacity_n"]
    return pd.DataFrame(rows, columns=columns).assign(school_id=school_id, year=2001, term="year")


def school_with(table):
    school = samples.school()
    return make.FakeSchool(school.tables | {"sections": table}, school.dictionary, school_id="a")


DAY = timetable(
    ("Math 7", "math", "t1", "1", 30, 28),
    ("Math 7", "math", "t2", "1", 20, 28),
    ("Math 8", "math", "t1", "2", 25, 28),
    ("Art 7", "art", "t3", "1", 24, 28),
    ("Art 8", "art", "t4", "2", 12, 28),
    ("Gym 7", "gym", "t5", "3", 19, 28),
    ("Math 9", "math", "t2", "2", 10, 28),
)


def test_minutes_of_a_week_are_those_of_the_day_times_the_days():
    found = WEEK(samples.school(), None)
    own = found.table.query("group == 'This school'").set_index("period")["value"].to_dict()
    assert own == {"class": 300.0, "passing": 50.0, "lunch": 150.0}
    assert found.text == "The timetable keeps 300 minutes of 500 a week for classes."
    assert set(found.table["kind"]) == {"instructional", "administrative", "neither"}


def test_a_kind_that_no_school_here_has_gets_no_row_and_one_that_only_others_have_gets_a_zero():
    school = make.changed(samples.school(), "bells", "kind", "recess", school_id="b", period="lunch")
    found = WEEK(school, None).table
    assert found.query("period == 'recess' and group == 'This school'")["value"].to_list() == [0.0]
    assert "advisory" not in set(found["period"])


def test_packs_without_bells_or_sections_say_so():
    assert "no bell schedule" in WEEK(make.without(samples.school(), "bells"), None).text
    assert "no sections" in SECTIONS(samples.school(), None).text
    away = school_with(DAY.assign(school_id="b"))
    assert isinstance(SECTIONS(away, None), Missing)


def test_subjects_plan_together_where_a_period_is_free_for_all_their_teachers():
    row = schedule.balance(DAY).iloc[0]
    assert row["subjects_n"] == 2 and row["together_n"] == 0
    # math and art fill periods 1 and 2; with gym and a club in period 3 both are free in it
    longer = pd.concat([DAY, timetable(("Club", "club", "t6", "3", 20, 28))])
    row = schedule.balance(longer).iloc[0]
    assert row["subjects_n"] == 2 and row["together_n"] == 2 and row[schedule.PLANNING] == 100.0
    busy = pd.concat([longer, timetable(("Math 10", "math", "t2", "3", 20, 28))])
    assert schedule.balance(busy).iloc[0]["together_n"] == 1


def test_sections_are_compared_within_their_course_and_small_ones_are_not_shown():
    row = schedule.balance(DAY).iloc[0]
    assert row[schedule.SIZE] == pytest.approx((30 + 20 + 25 + 24 + 12 + 19 + 10) / 7)
    assert row[schedule.UNEVEN] == 10.0  # Math 7: 30 and 20
    assert row[schedule.FULL] == pytest.approx(100 / 7)
    small = pd.concat([DAY, timetable(("Math 7", "math", "t2", "3", 4, 28))])
    assert schedule.balance(small).iloc[0][schedule.UNEVEN] == 10.0


def test_classes_that_stay_with_one_teacher_are_told_and_have_no_row_on_planning():
    table = timetable(
        ("Homeroom K", "homeroom", "t1", "morning", 20, 26), ("Homeroom 1", "homeroom", "t2", "morning", 22, 26)
    )
    found = SECTIONS(school_with(table), None)
    assert "stay with one teacher" in found.text and schedule.PLANNING not in set(found.table["measure"])


def test_a_vacant_post_is_nobody_who_could_plan():
    table = DAY.assign(teacher_id=DAY["teacher_id"].mask(DAY["teacher_id"] == "t4"))
    assert schedule.balance(table).iloc[0]["subjects_n"] == 1


def test_the_week_of_a_pack_agrees_with_its_bells():
    import leadlib as ll

    school = ll.school("cedar-valley", "990000100001", 2021)
    bells = ll.load("cedar-valley/bells").query("school_id == '990000100001' and year == 2021 and kind == 'class'")
    own = measures.schedule.week(school, None).table.query("period == 'class' and group == 'This school'").iloc[0]
    assert own["value"] == (bells["minutes"] * bells["days_per_week"]).sum()
