"""Answers are checked: right ones agree, wrong ones get a hint that helps, and no word of it tells the answer."""

from __future__ import annotations

import datetime
import decimal
import json
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lessons_samples import put_case, result

import leadlib as ll
from leadlib.errors import InputError
from leadlib.lessons import checking, slips
from leadlib.lessons.feedback import Feedback
from leadlib.lessons.keys import Choice, Number, Text, exercise, keys
from leadlib.numbers import UNITS
from leadlib.results import Missing

SHARE = Number(46.63, "pct", slips={"That is the share of all instruction.": 30.0}, look="Read the second row.")
CHOICE = Choice("b", {"a": "Who chose the schools?", "c": "Logs can be held against each other."})


def said(key: Any, answer: Any, monkeypatch: pytest.MonkeyPatch) -> Feedback:
    put_case(monkeypatch, one=key)
    return ll.lessons.check("99.1", answer)


def hint(key: Any, answer: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    found = said(key, answer, monkeypatch)
    assert found.state == "again"
    return " ".join(found.sentences)


@pytest.mark.parametrize("answer", [None, ..., "", "...", "  "])
@pytest.mark.parametrize("key", [SHARE, CHOICE, Text()])
def test_what_is_not_answered_is_no_wrong_answer(key: Any, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = said(key, answer, monkeypatch)
    assert found.state == "open" and found.plain().startswith("Not answered yet:\n")
    if key is SHARE:
        assert found.sentences == ("Put your number in place of None and run the cell again.",)


@pytest.mark.parametrize("answer", [46.6, 46.7, 46.63, np.float64(46.6), np.float32(46.6), decimal.Decimal("46.6")])
def test_a_number_as_close_as_the_table_shows_it_agrees(answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(SHARE, answer, monkeypatch).state == "done"


@pytest.mark.parametrize(
    ("answer", "about"),
    [
        ("46.6%", "percent sign"),
        ("46.6 percent", "percent sign"),
        ("$46", "dollar sign"),
        ("46.6", "without quotation marks"),
        ("4,663", "without a comma between thousands"),
        ("about 46", "without words"),
        ("forty-six", "in digits"),
        (True, "not True or False"),
        ((46, 6), "A comma makes two numbers of one"),
        ([46.6], "Give one number"),
        ({"share": 46.6}, "Give one number"),
        (float("nan"), "that has a size"),
        (math.inf, "that has a size"),
        (46.6 + 0j, "not a column"),
        (pd.Series([46.6]), "not a column or a table"),
        (np.array([46.6]), "not a column or a table"),
        (result({}), "written in digits"),
        (pd.NA, "written in digits"),
        (datetime.date(2022, 3, 18), "written in digits"),
        (print, "written in digits"),
    ],
)
def test_what_is_no_number_is_told_what_to_do(answer: Any, about: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert about in hint(SHARE, answer, monkeypatch)


@pytest.mark.parametrize(
    ("value", "unit", "answer", "about"),
    [
        (46.63, "pct", -46.6, slips.SIGN),
        (46.63, "pct", 0.466, slips.FRACTION),
        (46.63, "pct", 4.66, slips.MAGNITUDE),
        (-12.0, "pct_points", 12.0, slips.SIGN),
        (-12.0, "pct_points", -0.12, slips.FRACTION),
        (0.31, "ratio", 31, slips.PERCENT),
        (330.0, "minutes", 5.5, slips.HOURS),
        (342.0, "minutes", 5.7, slips.HOURS),
        (330.0, "minutes", 33, slips.MAGNITUDE),
        (12_345.0, "usd", 12.3, slips.THOUSANDS),
        (12_345.0, "usd", 12.345, slips.THOUSANDS),
        (412.0, "pupils", 4120, slips.MAGNITUDE),
    ],
)
def test_common_slips_are_found_without_the_author(
    value: float, unit: str, answer: float, about: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hint(Number(value, unit), answer, monkeypatch) == about


def test_minutes_for_hours_are_found_too() -> None:
    if "hours" in UNITS:  # a unit that measures of time bring with them
        assert next(slips.general(Number(5.5, "hours"), 330)) == slips.MINUTES


def test_a_slip_that_the_author_knows_comes_before_the_common_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Number(46.63, "pct", slips={"You took the other side of the line.": -46.63})
    assert hint(key, -46.6, monkeypatch) == "You took the other side of the line."
    assert hint(SHARE, 30.04, monkeypatch) == "That is the share of all instruction."


def test_of_two_slips_the_nearer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Number(50, "pct", within=2, slips={"First.": 30.0, "Second.": 31.5})
    assert hint(key, 31, monkeypatch) == "Second."
    assert hint(key, 30.5, monkeypatch) == "First."


def test_a_slip_that_is_right_for_this_school_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Number(30.0, "pct", slips={"That is the district.": 30.0, "Not known here.": math.nan})
    assert said(key, 30, monkeypatch).state == "done"
    assert hint(key, 99, monkeypatch) == checking.LOOK


def test_a_number_that_nobody_expected_is_sent_back_to_the_exhibit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hint(SHARE, 12, monkeypatch) == "Read the second row."
    assert hint(Number(46.6, "pct"), 12, monkeypatch) == checking.LOOK


def test_a_small_number_has_no_slips_of_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Number(0.1, "pct", within=0.5)
    assert hint(key, 1.0, monkeypatch) == checking.LOOK


def test_a_hint_that_would_give_the_answer_away_is_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Number(5, "count", slips={"A week has 5 days.": 7}, look="Look at Exhibit 5.")
    assert hint(key, 7, monkeypatch) == checking.LOOK
    assert hint(Number(9, "count", slips={"A week has 5 days.": 7}), 7, monkeypatch) == "A week has 5 days."
    assert hint(Number(-5, "count", look="It fell by 5."), 7, monkeypatch) == checking.LOOK
    assert hint(Number(1200, "usd", look="It is $1,200 in all."), 7, monkeypatch) == checking.LOOK


ANYTHING = st.one_of(
    st.floats(-1e6, 1e6),
    st.integers(-5000, 5000),
    st.text(max_size=8),
    st.none(),
    st.booleans(),
    st.lists(st.integers()),
)


@given(value=st.floats(-1e5, 1e5).map(lambda v: round(v, 3)), unit=st.sampled_from(sorted(UNITS)), answer=ANYTHING)
def test_no_word_of_a_check_names_the_right_number(value: float, unit: str, answer: Any) -> None:
    key = Number(value, unit, slips={"There were 12 of 40 in 2021.": value / 3}, look="See Exhibit 2, row 4, or 0.5.")
    told = json.dumps(checking._number(key, answer).data()["sentences"]) + checking._number(key, answer).heading
    named = [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", told)]
    assert not [n for n in named if key.agrees(n) or key.agrees(-n)]


@given(value=st.floats(1, 1e5), unit=st.sampled_from(["pct", "minutes", "usd", "count"]), power=st.integers(-3, 3))
def test_a_right_number_agrees_and_a_shifted_one_never_does(value: float, unit: str, power: int) -> None:
    key = Number(value, unit)
    assert checking._number(key, value).state == "done"
    assume(power and abs(value * 10.0**power - value) > 2 * key.tolerance)
    assert checking._number(key, value * 10.0**power).state == "again"


@pytest.mark.parametrize("answer", ["b", "B", " b ", "(b)", "b."])
def test_a_letter_may_be_written_as_people_write_it(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(CHOICE, answer, monkeypatch).state == "done"


def test_a_wrong_choice_is_told_why_and_not_what_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hint(CHOICE, "A", monkeypatch) == "Who chose the schools?"
    assert hint(Choice("b", {"a": "No."}, options="abc"), "c", monkeypatch) == checking.READ
    for answer in ("d", "because", 2, ["b"], True):
        assert '"a", "b" or "c"' in hint(CHOICE, answer, monkeypatch)


def test_where_two_choices_are_right_both_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    key = Choice(("a", "b"), {"c": "No."})
    assert [said(key, letter, monkeypatch).state for letter in "abc"] == ["done", "done", "again"]


SENTENCE = Text(
    least=5,
    most=15,
    needs={"Say by how much.": (r"\d",)},
    avoid={"Nothing here shows what caused it.": (r"\bcaused?\b", r"\bproves?\b")},
)


def test_a_sentence_is_read_for_what_it_has_and_what_it_should_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    good = "Schools with more coaching had scores 4 points higher."
    assert said(SENTENCE, good, monkeypatch).state == "done"
    assert said(SENTENCE, "Coaching caused it.", monkeypatch).sentences == (
        "It has 3 words; say it in 5 or more, so that a reader can follow.",
        "Say by how much.",
        "Nothing here shows what caused it.",
    )
    assert "more than 15" in hint(SENTENCE, "4 " * 16, monkeypatch)
    assert hint(SENTENCE, 4, monkeypatch) == "Write a sentence in quotation marks."
    assert hint(SENTENCE, f"{good} It PROVES that.", monkeypatch) == "Nothing here shows what caused it."


def test_an_exercise_is_left_out_where_a_school_lacks_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = Missing("The week", "the pack has no time log.")
    put_case(monkeypatch, given=lambda week: Number(1 / 0), found=lambda: lacking, empty=Number(math.nan))
    told = "This exercise is left out: the pack has no time log."
    assert ll.lessons.check("99.1", 12, lacking).plain() == told
    assert ll.lessons.check("99.2", 12).plain() == told
    assert ll.lessons.check("99.3", 12).state == "left out"
    assert ll.lessons.solution("99.1", lacking).plain() == told


def test_whole_things_are_counted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [said(Number(5, "pupils"), n, monkeypatch).state for n in (4, 5, 6)] == ["again", "done", "again"]
    assert said(Number(412.4, "usd"), 412, monkeypatch).state == "done"


def test_a_key_is_worked_out_from_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    put_case(monkeypatch, one=lambda a, b: Number(a + b, "count"))
    assert [ll.lessons.check("99.1", 5, a, 2).state for a in (3, 4)] == ["done", "again"]


def test_a_key_is_worked_out_before_anybody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(week: Any) -> Number:
        raise KeyError("coaching")

    put_case(monkeypatch, one=broken)
    with pytest.raises(KeyError):
        ll.lessons.check("99.1", None, result({}))


@pytest.mark.parametrize("name", ["99.7", "98.1", "1.1", "99", "", None, 99.1, "../99.1"])
def test_an_exercise_that_is_not_there_is_refused(name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put_case(monkeypatch, one=SHARE)
    with pytest.raises(InputError, match="there is no such exercise"):
        ll.lessons.check(name, 1)


def test_the_nearest_exercise_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    put_case(monkeypatch, one=SHARE)
    with pytest.raises(InputError, match=r"did you mean '99\.1'"):
        ll.lessons.check("99.11", 1)


def test_a_key_that_its_author_has_not_thought_through_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="is no unit"):
        Number(1, "percent")
    with pytest.raises(InputError, match="is no distance"):
        Number(1, within=0)
    with pytest.raises(InputError, match="is no name of an exercise"):
        exercise("1.1")
    put_case(monkeypatch, one="forty")
    with pytest.raises(InputError, match="its key gives str"):
        ll.lessons.check("99.1", 1)


def test_one_exercise_has_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    put_case(monkeypatch, one=SHARE)
    sys.modules["leadlib.lessons.case_99"].again = exercise("99.1")(lambda: SHARE)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"holds two keys for 99\.1"):
        keys("99")
    assert keys("98") == {}


def test_a_solution_tells_an_instructor_what_a_check_never_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    put_case(monkeypatch, one=SHARE, two=CHOICE, three=SENTENCE)
    number, choice, text = (ll.lessons.solution(f"99.{k}").plain() for k in (1, 2, 3))
    assert "46.6%" in number and "30.0%: That is the share of all instruction." in number
    assert "b is right." in choice and "a: Who chose the schools?" in choice
    assert "Say by how much." in text


def test_feedback_shows_itself_with_every_word_escaped() -> None:
    shown = Feedback("again", ("<b>Look</b>", "again"), "1 < 2", bullets=True)
    assert shown.html() == (
        '<div class="ll-prose ll-note"><p class="ll-title">1 &lt; 2</p>'
        "<ul><li>&lt;b&gt;Look&lt;/b&gt;</li><li>again</li></ul></div>"
    )
    assert shown.plain() == "1 < 2:\n- <b>Look</b>\n- again"
    assert shown.data()["kind"] == "exercise"


def test_lessons_name_what_they_have() -> None:
    assert "check" in dir(ll.lessons)
    with pytest.raises(AttributeError, match="it has: check"):
        ll.lessons.grade  # noqa: B018
