"""Part B of a case: the same school after the decision."""

from __future__ import annotations

from typing import Any

import pytest

import leadlib as ll
from leadlib.errors import InputError
from leadlib.results import Missing

SCHOOL = ll.school("cedar-valley", "990000100004", 2021)


def test_the_same_school_is_seen_in_a_later_year() -> None:
    found = ll.lessons.later(SCHOOL, years=2)
    assert (found.pack, found.school_id, found.year) == (SCHOOL.pack, SCHOOL.school_id, 2023)


def test_where_the_pack_ends_a_sentence_says_so_and_is_handed_on() -> None:
    gone = ll.lessons.later(SCHOOL, years=3)
    assert isinstance(gone, Missing) and "2024–25, 3 years after the decision" in gone.text
    assert ll.lessons.later(gone).text == gone.text


def test_a_school_that_closed_has_no_later_year() -> None:
    closed = ll.school("cedar-valley", "990000100013", 2019)
    assert isinstance(ll.lessons.later(closed, years=2), Missing)


@pytest.mark.parametrize("years", [0, -1, 1.5, "2", True])
def test_a_number_of_years_that_is_none_is_refused(years: Any) -> None:
    with pytest.raises(InputError, match="no number of years"):
        ll.lessons.later(SCHOOL, years=years)
