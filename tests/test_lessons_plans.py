"""A decision is kept and not judged; an action plan is read row by row for what it lacks."""

from __future__ import annotations

import datetime
from typing import Any

import pandas as pd
import pytest

import leadlib as ll
from leadlib.lessons import dates

GOOD = {
    "finding": "Exhibit 3: a small part of the instructional time is coaching",
    "step": "The assistant takes over bus duty on Tuesdays and Thursdays",
    "owner": "Assistant principal",
    "by": "April 4",
    "look_for": "Minutes of coaching in the log, each month",
}
OPTIONS = ("rounds", "coaching", "log first")
REASON = "Exhibit 7 speaks for coaching."


def lacks(**changes: Any) -> list[str]:
    """Give what a good row lacks after a change, without its number."""
    found = ll.lessons.check_plan([GOOD | changes])
    assert (found.state == "done") == (not changes) or found.state in ("again", "done")
    return [s.removeprefix("Row 1, ") for s in found.sentences] if found.state == "again" else []


def test_a_row_that_somebody_else_could_carry_out_lacks_nothing() -> None:
    found = ll.lessons.check_plan([GOOD])
    assert found.state == "done" and found.heading == "A plan that can be carried out"
    assert found.sentences[0].startswith("1 row: each says what was found")


@pytest.mark.parametrize("rows", [[], None, ..., "", [dict.fromkeys(GOOD, "")], [{}], [dict.fromkeys(GOOD)]])
def test_an_empty_plan_is_not_written_yet(rows: Any) -> None:
    found = ll.lessons.check_plan(rows)
    assert found.state == "open" and found.heading == "Not written yet" and found.lines > 3


def test_everything_that_all_rows_lack_is_told_at_once() -> None:
    bad = {
        "finding": "Scores are low",
        "step": "Improve coaching",
        "owner": "Everyone",
        "by": "soon",
        "look_for": "gains",
    }
    found = ll.lessons.check_plan([bad, {"step": "The AP reads the log", "owner": "AP"}])
    assert found.heading == "5 things to add or to sharpen"
    assert [s.split(":")[0] for s in found.sentences] == [
        "Row 1, step",
        "Row 1, owner",
        "Row 1, by",
        "Row 1, look_for",
        "Row 2, finding, by and look_for",
    ]


@pytest.mark.parametrize(
    "owner",
    ["everyone", "Staff", "all staff", "The teachers", "we", "the leadership team", "TBD", "All teachers.", "families"],
)
def test_an_owner_who_is_everybody_is_nobody(owner: str) -> None:
    assert "nobody in particular" in lacks(owner=owner)[0]


@pytest.mark.parametrize(
    "owner", ["AP", "M. V.", "Principal", "Grade 3 team lead", "Office manager", "Counselor and AP"]
)
def test_a_role_or_initials_may_own_a_step(owner: str) -> None:
    assert lacks(owner=owner) == []


def test_a_teacher_is_not_named_in_a_plan_that_goes_round() -> None:
    assert "role or initials, not a name" in lacks(owner="Ms. Alvarez")[0]
    assert "three owners are none" in lacks(owner="AP, counselor and nurse")[0]


@pytest.mark.parametrize(
    "by",
    ["March 18", "march 18th", "18 March 2022", "2022-03-18", "3/18/2022", "3/18", "End of October", "Sept. 5", "May 2",
     "first week of April", "February 29", "First Monday of each month", "every Friday",
     datetime.date(2022, 3, 18), pd.Timestamp("2022-03-18")],
)  # fmt: skip
def test_a_day_or_a_month_by_its_name_can_be_read(by: Any) -> None:
    assert dates.trouble(by) == "" and lacks(by=by) == []


@pytest.mark.parametrize(
    "by",
    [
        "soon",
        "ASAP",
        "ongoing",
        "next year",
        "spring",
        "as time may allow",
        "week 3",
        "2022",
        2022,
        "each week",
        "marked days",
        "with the vote",
    ],
)
def test_what_is_in_no_calendar_is_no_date(by: Any) -> None:
    assert "is no date" in lacks(by=by)[0]


@pytest.mark.parametrize(
    ("by", "named"),
    [
        ("February 30", "February 30"),
        ("2022-02-29", "2022-02-29"),
        ("13/45/2022", "13/45/2022"),
        ("31 April", "31 April"),
    ],
)
def test_a_day_that_no_calendar_has_is_named(by: str, named: str) -> None:
    assert lacks(by=by) == [f"by: {by!r} names a day that no calendar has: {named}."]


@pytest.mark.parametrize(
    "step", ["Improve reading", "We will focus on equity", "Ensure that all pupils succeed", "Be better"]
)
def test_a_hope_is_no_step(step: str) -> None:
    assert "what is hoped for" in lacks(step=step)[0]


def test_a_step_says_what_is_done() -> None:
    assert lacks(step="More coaching") == ["step: say what will be done, with whom and how often."]


@pytest.mark.parametrize(
    "look_for", ["Teachers feel supported", "A better mood every month", "Progress", "More engagement"]
)
def test_what_to_look_for_can_be_counted_or_seen(look_for: str) -> None:
    assert lacks(look_for=look_for) == ["look_for: say what will be counted, or what will lie on the table."]


def test_what_a_finding_rests_on_and_when_somebody_looks_is_asked_once_more() -> None:
    asked = ll.lessons.check_plan([GOOD, GOOD | {"step": "The AP reads the log", "finding": "Coaching is rare"}])
    assert asked.state == "done" and asked.sentences[2:] == (
        "Ask once more of row 2: which exhibit or figure does the finding rest on?",
    )
    asked = ll.lessons.check_plan([GOOD | {"look_for": "Share of planned talks held"}])
    assert asked.sentences[2:] == ("Ask once more of row 1: on which day will somebody look for the evidence?",)
    assert len(ll.lessons.check_plan([GOOD | {"finding": "12% of the week is coaching"}]).sentences) == 2


@pytest.mark.parametrize(
    "look_for",
    [
        "Visits of ten minutes or more, weekly",
        "Posts open on May 1",
        "Number of absences by the end of term",
        "The list of applicants, in May",
    ],
)
def test_an_indicator_with_a_count_and_a_time_will_do(look_for: str) -> None:
    assert lacks(look_for=look_for) == []


def test_one_owner_of_every_step_is_asked_whose_work_changes() -> None:
    rows = [GOOD | {"step": f"{GOOD['step']} in week {k}"} for k in range(3)]
    assert "One person owns every step." in ll.lessons.check_plan(rows).plain()
    assert "One person" not in ll.lessons.check_plan([*rows[:2], GOOD | {"owner": "Counselor"}]).plain()
    assert "One person" not in ll.lessons.check_plan(rows[:2]).plain()


def test_the_same_step_twice_is_one_step() -> None:
    assert ll.lessons.check_plan([GOOD, GOOD]).sentences == ("Row 2, step: it is the same as in row 1.",)


def test_a_plan_may_be_a_table_or_a_single_row() -> None:
    frame = pd.DataFrame([GOOD, dict.fromkeys(GOOD)])
    assert ll.lessons.check_plan(frame).state == ll.lessons.check_plan(GOOD).state == "done"
    assert frame.equals(pd.DataFrame([GOOD, dict.fromkeys(GOOD)]))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("coach more", "Give the plan as a list of rows"),
        (["coach more"], "Row 1 is not a row"),
        ([GOOD, {"when": "May 2"}], "Row 2 has a part 'when'"),
        ([{"owners": "AP"}], "did you mean 'owner'?"),
    ],
)
def test_what_is_no_plan_is_told_in_a_sentence(rows: Any, told: str) -> None:
    found = ll.lessons.check_plan(rows)
    assert found.state == "again" and told in found.plain()


@pytest.mark.parametrize("decision", ["", "  ", None, ..., "..."])
def test_part_b_is_announced_to_those_who_have_not_decided(decision: Any) -> None:
    found = ll.lessons.commit(decision, REASON, options=OPTIONS)
    assert found.state == "open" and found.heading == "Not decided yet"
    assert found.sentences[0].startswith("Part B is more use to those who have decided.")


def test_a_decision_is_shown_with_its_reason_and_not_judged() -> None:
    found = ll.lessons.commit(" LOG  first ", "Exhibit 7 is too wide to decide on", options=OPTIONS)
    assert found.state == "done" and found.heading == "Decided"
    assert found.sentences[:2] == ("You decided: log first.", "Your reason: Exhibit 7 is too wide to decide on.")
    assert "Nobody judges this." in found.sentences[2]
    assert ll.lessons.commit("write to the board", REASON).state == "done"


def test_what_is_not_on_the_table_is_refused_in_a_sentence() -> None:
    found = ll.lessons.commit("round", REASON, options=OPTIONS)
    assert found.state == "again" and "did you mean 'rounds'?" in found.plain()


def test_a_decision_needs_a_reason() -> None:
    for reason in ("", None, "because"):
        found = ll.lessons.commit("coaching", reason, options=OPTIONS)
        assert found.state == "again" and "say why, in a sentence" in found.plain()
