"""What changes in a case from school to school: its opening, the day of the decision, and what comes after it."""

from __future__ import annotations

import pytest

import leadlib as ll
from leadlib.errors import InputError
from leadlib.words import cases

PRACTICE = ll.school("cedar-valley", "990000100004", 2021)


def opened(school: object, due: str = "March 18") -> str:
    return cases.opening(
        school,  # type: ignore[arg-type]
        person="Marisol Vega",
        role="the principal",
        decides="what the hours go to",
        due=due,
    ).plain()


def test_the_opening_names_the_school_who_decides_what_and_the_day() -> None:
    said = opened(PRACTICE)
    assert "set at Green Trail Elementary School, a primary school in Cedar Valley Public Schools, in 2021–22." in said
    assert "Marisol Vega, the principal, decides what the hours go to. The day is Friday, March 18, 2022." in said


def test_a_school_of_no_common_level_is_just_a_school() -> None:
    assert "at Stony Run School, a school in Cedar" in opened(ll.school("cedar-valley", "990000100046", 2021))


def test_an_invented_school_is_said_to_be_invented_and_a_real_one_to_be_real() -> None:
    real = ll.school("california-2000", "28662666027007", 1999)
    assert "so are the school and its figures" in opened(PRACTICE)
    assert "The figures are real" in opened(real) and "nobody in this case works at the school" in opened(real)


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("October 5", "Tuesday, October 5, 2021"),  # the fall of the school year
        ("March 19", "Friday, March 18, 2022"),  # a Saturday
        ("March 20", "Friday, March 18, 2022"),  # a Sunday
    ],
)
def test_the_day_of_the_decision_is_a_school_day_of_that_school_year(due: str, day: str) -> None:
    assert cases.day(due, 2021) == day


@pytest.mark.parametrize("due", ["", "Marsh 1", "March", "3/18", None])
def test_a_day_that_cannot_be_read_is_refused(due: str) -> None:
    with pytest.raises(InputError, match="no month and day"):
        cases.day(due, 2021)


def test_part_b_says_which_years_came_after_the_decision_or_that_none_did() -> None:
    assert "what came next: 2022–23 and 2023–24" in cases.afterwards(PRACTICE).plain()
    assert "no year after 2023–24" in cases.afterwards(ll.school("cedar-valley", "990000100004", 2023)).plain()


def test_the_years_after_the_decision_are_those_of_the_table_that_is_read() -> None:
    assert cases.later(PRACTICE, table="no_such_table") == ()
    assert cases.later(PRACTICE) == (2022, 2023)
