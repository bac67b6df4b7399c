"""Keys of case 19: what was looked at, what a sentence for the board needs, and what can be seen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import leadlib as ll
from leadlib.lessons.case_19 import looked_at, what_can_be_seen
from leadlib.results import Missing

SCHOOL = ll.school("cedar-valley", "990000100004", 2021)


@pytest.fixture(scope="module")
def found() -> tuple[Any, Any]:
    peers = ll.measures.similar.schools(SCHOOL)
    panel = ll.measures.indicators.panel(SCHOOL)
    needs = ll.designs.priorities(panel, school=SCHOOL, peers=peers)
    return needs, ll.designs.goals_each(panel, needs, school=SCHOOL, peers=peers, years=2)


def test_the_number_looked_at_is_the_number_of_rows_shown(found: tuple[Any, Any]) -> None:
    needs, _ = found
    assert looked_at(needs).value == len(needs.frame)
    assert f"Looked at: {len(needs.frame)} results" in needs.plain()
    assert "stand out" in ll.lessons.check("19.2", len(needs.needs), needs).plain()


def test_the_change_that_can_be_seen_is_that_of_the_first_goal_without_a_sign(found: tuple[Any, Any]) -> None:
    _, aims = found
    first = next(goal for goal in aims.each if not isinstance(goal, Missing))
    key = what_can_be_seen(aims)
    assert key.value == abs(first.detectable) > 0  # type: ignore[union-attr]
    assert "goal" in ll.lessons.check("19.5", abs(first.goal), aims).plain()


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        ("Mathematics is our lowest figure and we will work on it all of next year together.", "compared"),
        ("Similar schools serve the same pupils and stand no higher than we do in this figure now.", "chance"),
        ("The lazy teachers are to blame for this low figure, whatever similar schools and chance may say.", "effort"),
    ],
)
def test_a_sentence_for_the_board_lacks_something_that_is_named(
    found: tuple[Any, Any], answer: str, asked: str
) -> None:
    assert asked in ll.lessons.check("19.3", answer, found[0]).plain()


def test_a_sentence_that_names_comparison_and_chance_is_taken(found: tuple[Any, Any]) -> None:
    good = "We stand low among all schools, but not against similar schools. With so few pupils much of it is chance."
    said = ll.lessons.check("19.3", good, found[0]).plain()
    assert "compared" not in said and "effort" not in said


def test_without_a_goal_there_is_none_to_be_seen() -> None:
    none = SimpleNamespace(each=(Missing("A goal", "nothing stands out."),))
    assert isinstance(what_can_be_seen(none), Missing)
