"""Cells of foreign files: a mark is never a number, a range keeps its ends in order, an id stays as it was."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadlib.importing.cells import MARKS, Rule, number, tidy
from leadlib.importing.values import cell, column
from leadlib.tables import standard

PCT = standard.table("school_years").field("tested_pct")
COUNT = standard.table("school_years").field("enrollment")
USD = standard.table("budget").field("spend_per_pupil_usd")
SCHOOL = standard.table("schools").field("school_id")
NAME = standard.table("schools").field("school_name")
LEVEL = standard.table("schools").field("school_level")
YES = standard.table("schools").field("charter")
PERCENT = Rule(scale="percent")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,792", 1792.0),
        ("$31,141.72 ", 31141.72),
        ("89%", 89.0),
        ("(1,250)", -1250.0),
        ("-$5", -5.0),
        ("\u221212", -12.0),
        ("\uff11\uff12", 12.0),
        ("12\xa0", 12.0),
        (".5", 0.5),
        ("7.", 7.0),
        ("1e-05", 1e-05),
        ("0012", 12.0),
    ],
)
def test_a_number_is_read_as_people_write_it(text, value):
    assert number(tidy(text)) == value


@pytest.mark.parametrize(
    "text",
    ["", "49E000", "1,2,3", "1,79", "--5", "1.2.3", "inf", "nan", "1e+999", "(5", "5)", "%", "$", "-", "12a", "1 2 b"],
)
def test_what_is_no_number_is_not_read_as_one(text):
    assert number(tidy(text)) is None


def test_a_decimal_comma_is_read_where_it_is_declared():
    assert number("1.234,5", ",") == 1234.5 and number("1,5") is None


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("21-39", (21, 39)),
        ("21% - 39%", (21, 39)),
        ("21\u201339", (21, 39)),
        ("21 to 39", (21, 39)),
        ("<5", (0, 5)),
        ("\u22645%", (0, 5)),
        ("<= 5", (0, 5)),
        ("LE20", (0, 20)),
        ("LT50", (0, 50)),
        ("GE50", (50, 100)),
        (">95", (95, 100)),
        (">=95", (95, 100)),
    ],
)
def test_a_range_gives_its_two_ends_and_no_value(text, ends):
    got = cell(text, PERCENT, PCT)
    assert (got.low, got.high) == ends and got.value is None and got.why == "range"


def test_a_range_of_counts_leaves_out_an_end_that_is_not_meant():
    assert (cell("<5", Rule(), COUNT).low, cell("<5", Rule(), COUNT).high) == (0, 4)
    assert (cell(">95", Rule(), COUNT).low, cell(">95", Rule(), COUNT).high) == (96, None)


def test_the_middle_of_a_range_is_taken_only_when_asked():
    got = cell("21-39", Rule(scale="percent", midpoint=True), PCT)
    assert (got.value, got.why, got.low, got.high) == (30, "reported", 21, 39)


@pytest.mark.parametrize("text", ["39-21", ">120", "<-3", "1-2-3", "5-Jan"])
def test_what_is_no_range_is_refused(text):
    assert cell(text, PERCENT, PCT).wrong


@pytest.mark.parametrize("mark", ["*", "s", "S", "PS", "N/A", "NA", "n/a", "LNE", "suppressed", "."])
@pytest.mark.parametrize("field", [PCT, COUNT, USD])
def test_a_known_mark_is_never_a_number(mark, field):
    got = cell(f" {mark} ", Rule(), field)
    assert got.value is None and got.why in ("suppressed", "not_reported") and not got.wrong


@pytest.mark.parametrize("mark", ["-", "x", "tba", "-1", "-9"])
def test_a_mark_that_means_different_things_must_be_declared(mark):
    assert cell(mark, Rule(), COUNT).wrong
    assert cell(mark, Rule(marks={mark: "suppressed"}), COUNT).why == "suppressed"


def test_a_declared_mark_wins_over_a_range_and_a_number():
    rule = Rule(marks={"<15": "suppressed", "-1": "not_reported"})
    assert cell("<15", rule, COUNT).why == "suppressed" and cell("-1", rule, COUNT).why == "not_reported"


def test_a_school_called_na_keeps_its_name():
    assert cell("NA", Rule(), NAME).value == "NA" and cell("None", Rule(), NAME).value == "None"


def test_an_id_keeps_its_zeros_and_letters():
    for text in ("0100", "49E000", "1E5", '="0100"', " 01M015 "):
        assert cell(text, Rule(), SCHOOL).value == tidy(text)


@pytest.mark.parametrize("text", ["4.8E+11", "4.80001E+11", "5E+11", "4.8e11", "480000000000", "12.0"])
def test_an_id_that_a_spreadsheet_has_broken_is_refused_with_advice(text):
    got = cell(text, Rule(), SCHOOL)
    assert got.value is None and got.wrong and got.fix


def test_words_are_mapped_and_others_are_refused_with_the_nearest():
    rule = Rule(mapping={"e": "Primary", "x": "not_reported"})
    assert cell("E", rule, LEVEL).value == "Primary" and cell("x", rule, LEVEL).why == "not_reported"
    assert "Middle" in cell("Midle", rule, LEVEL).fix
    assert cell("K-12", Rule(mapping={"else": "Other"}), LEVEL).value == "Other"


def test_yes_and_no_are_read_and_perhaps_is_not():
    assert cell("Yes", Rule(), YES).value is True and cell("N", Rule(), YES).value is False
    assert cell("perhaps", Rule(), YES).wrong


def read(words, rule=Rule(), field=PCT):  # noqa: B008  (a frozen rule)
    return column(words, rule, field)


def test_fractions_become_percents_where_they_are_declared():
    got = read(["0.25", "1", "0", "<.05"], Rule(scale="fraction"))
    assert got.values[:3].tolist() == [25, 100, 0] and (got.low[3], got.high[3]) == (0, 5) and not got.bad


@pytest.mark.parametrize("words", [["0.5", "0.7"], ["0.5", "50"], ["0", "1", "1"]])
def test_a_column_that_could_be_fractions_or_percents_is_refused(words):
    assert read(words).bad


@pytest.mark.parametrize(
    ("words", "scale"),
    [(["50%", "0.5"], None), (["50%", "0.5"], "percent"), (["50%", "0.5"], "fraction"), (["0.5", "50"], "fraction")],
)
def test_a_column_that_mixes_percents_and_fractions_is_refused(words, scale):
    assert read(words, Rule(scale=scale)).bad


def test_a_declared_percent_may_be_below_one():
    got = read(["0.5", "50"], PERCENT)
    assert got.values.tolist() == [0.5, 50] and not got.bad


def test_a_percent_in_a_field_of_dollars_is_refused_and_so_is_what_lies_outside_the_limits():
    assert read(["5%"], field=USD).bad and read(["101"], PERCENT).bad and read(["3.5"], field=COUNT).bad


def test_marks_are_counted_by_kind_over_all_their_spellings():
    got = read(["", "   ", "*", "* ", "21-39", "5"], PERCENT)
    assert dict(got.marks) == {("", "not_reported"): 2, ("*", "suppressed"): 2, ("21-39", "range"): 1}


def test_noise_of_single_precision_is_taken_away():
    assert read(["39.79999923706055"], Rule(scale="percent", single=True)).values[0] == 39.8


FIELDS = st.sampled_from([PCT, COUNT, USD, YES, replace(PCT, unit=None, unit_from="measures.unit", constraints={})])
RULES = st.builds(
    Rule,
    scale=st.sampled_from([None, "percent", "fraction"]),
    midpoint=st.booleans(),
    decimal=st.sampled_from([".", ","]),
)
TEXTS = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[<>=GELT$(\-]{0,3}[0-9.,]{0,8}[%)E+\-]{0,2}[0-9]{0,4}", fullmatch=True),
    st.sampled_from(sorted(MARKS)),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS, RULES, FIELDS)
def test_any_cell_is_a_value_a_reason_a_range_or_a_problem_and_never_two(text, rule, field):
    got = cell(text, rule, field)
    if got.wrong:
        assert got.value is None and got.fix
    elif got.value is None:
        assert got.why in ("not_reported", "not_applicable", "suppressed", "range")
    else:
        assert got.why == "reported" and (isinstance(got.value, bool) or math.isfinite(got.value))
    if got.low is not None and got.high is not None:
        assert got.low <= got.high
    if tidy(text).casefold() in MARKS and field is not YES:
        assert got.value is None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20))
def test_an_id_is_given_back_as_it_was_or_refused(text):
    got = cell(text, Rule(), SCHOOL)
    assert got.value == tidy(text) if tidy(text) and not got.wrong else got.value is None


@settings(max_examples=200, deadline=None)
@given(st.floats(-1e9, 1e9, allow_nan=False), st.sampled_from(["{}", "${:,.2f}", "{:,.2f}%", "{:.2f} "]))
def test_a_number_comes_back_as_it_was_written(value, form):
    text = form.format(round(value, 2))
    assert number(tidy(text.replace("$-", "-$"))) == round(value, 2)


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, max_size=20), RULES, FIELDS)
def test_a_column_is_read_cell_by_cell_whatever_holds_it(words, rule, field):
    plain = column(words, rule, field)
    coded = column(pd.Series(pd.Categorical(words, categories=list(dict.fromkeys(words)))), rule, field)
    assert len(plain.values) == len(words) and sorted(plain.bad) == sorted(coded.bad)
    assert plain.why.tolist() == coded.why.tolist() and sum(plain.marks.values()) >= np.sum(plain.why == "range")
