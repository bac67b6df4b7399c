"""Keys of case 01, worked out by hand for one school and tried for others."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import leadlib as ll
from leadlib.lessons.case_01 import how_many_weeks, minutes_a_teacher, share_with_six_hours
from leadlib.results import Missing

SCHOOL = ll.school("cedar-valley", "990000100004", 2021)
PEERS = ll.measures.similar.schools(SCHOOL)


@pytest.fixture(scope="module")
def week() -> Any:
    return ll.measures.time.week(SCHOOL, PEERS)


def logged() -> Any:
    table = ll.load("cedar-valley/principal_time")
    return table[(table["school_id"] == SCHOOL.school_id) & (table["year"] == 2021)]


def test_six_hours_more_are_added_to_the_share_and_divided_by_the_logged_week(week: Any) -> None:
    length = logged().groupby("week")["minutes"].sum().mean()
    share = week.table.query("group == 'This school' and leadership == 'instructional'")["value"].sum()
    assert share_with_six_hours(week).value == pytest.approx(share + 100 * 360 / length)


@pytest.mark.parametrize(("slip", "hint"), [("share", "not in it yet"), ("sum", "added"), ("alone", "alone")])
def test_each_wrong_way_to_add_six_hours_gets_its_own_hint(week: Any, slip: str, hint: str) -> None:
    key = share_with_six_hours(week)
    share = week.table.query("group == 'This school' and leadership == 'instructional'")["value"].sum()
    wrong = {"share": share, "sum": share + 6, "alone": key.value - share}[slip]
    assert hint in ll.lessons.check("01.1", wrong, week).plain()


def test_one_week_is_enough_only_where_it_is_as_steady_as_many() -> None:
    found = ll.measures.time.weeks(SCHOOL)
    assert how_many_weeks(found).rights == ("b",)
    steady = found.table.assign(
        value=found.table["value"].where(~found.table["group"].str.contains("single week"), 0.99)
    )
    assert set(how_many_weeks(dataclasses.replace(found, table=steady)).rights) == {"a", "b"}


def test_three_hours_are_shared_among_the_posts_of_the_school_in_that_year() -> None:
    staff = ll.load("cedar-valley/staff_years")
    posts = staff.query("school_id == @SCHOOL.school_id and year == 2021")["teachers_fte"].iloc[0]
    assert minutes_a_teacher(SCHOOL).value == pytest.approx(180 / posts)  # type: ignore[union-attr]
    assert "wrong way round" in ll.lessons.check("01.3", posts / 3, SCHOOL).plain()


def test_a_pack_that_counts_no_teachers_leaves_the_exercise_out() -> None:
    assert isinstance(minutes_a_teacher(ll.school("california-2000", "28662666027007", 1999)), Missing)


@pytest.mark.parametrize(("name", "right", "wrong"), [("01.4", "b", "ac"), ("01.5", "c", "ab")])
def test_wrong_choices_get_a_question_that_does_not_name_the_right_one(name: str, right: str, wrong: str) -> None:
    result = ll.measures.time.weeks(SCHOOL)
    good = ll.lessons.check(name, right, result).plain()
    for letter in wrong:
        said = ll.lessons.check(name, letter, result).plain()
        assert said != good and "?" in said
