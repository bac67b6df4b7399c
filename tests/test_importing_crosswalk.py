"""The crosswalk: read as text, held to the dictionary, every problem at once with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadlib.errors import InputError
from leadlib.importing import read, ready
from leadlib.importing.crosswalk import parse
from leadlib.importing.document import load_yaml

GOOD = """\
name: mine
title: Mine
sources: [A state]
terms: free
marks: {NO: suppressed}
files:
  - match: "*.csv"
    year: {column: yr, season: fall}
    tables:
      - table: school_years
        fields:
          school_id: code
          enrollment: {column: n, marks: {"-1": not_reported}}
"""


def problems(text: str) -> str:
    with pytest.raises(InputError) as error:
        parse(load_yaml(text), "mine.yml")
    return str(error.value)


def test_a_crosswalk_says_what_it_means():
    walk = parse(load_yaml(GOOD))
    target = walk.entries[0].targets[0]
    assert target.table == "school_years" and target.fields["school_id"].names == ("code",)
    assert target.fields["enrollment"].rule.marks == {"no": "suppressed", "-1": "not_reported"}


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("tables:", "tabels:", "did you mean 'tables'"),
        ("enrollment:", "enrolment:", "did you mean 'enrollment'"),
        ("table: school_years", "table: school_year", "did you mean 'school_years'"),
        ("season: fall", "season: autumn", "use one of: spring, fall"),
        ("column: n,", "colum: n,", "did you mean 'column'"),
        ("suppressed}", "supressed}", "did you mean 'suppressed'"),
        ("column: yr", "colunm: yr", "did you mean 'column'"),
        ("terms: free", "term: free", "'terms' is missing"),
        ("school_id: code", "leaid_: code", "the key school_id of school_years is not mapped"),
        ("column: n,", "part: n,", "`part` needs `long`"),
        ("column: n,", "column: n, value: x,", "both column and value"),
        ("title: Mine", 'title: "TO DO: a title"', "is not finished"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_nearest(right, wrong, said):
    assert said in problems(GOOD.replace(right, wrong, 1))


def test_all_problems_are_told_at_once_with_their_lines():
    said = problems(GOOD.replace("season: fall", "saeson: fall").replace("school_id: code", "schoolid: code"))
    assert "mine.yml, line 8" in said and "did you mean 'season'" in said and "did you mean 'school_id'" in said


def test_words_stay_as_they_are_written():
    text = GOOD.replace("{column: n, marks", "{column: NO, marks")
    assert parse(load_yaml(text)).entries[0].targets[0].fields["enrollment"].names == ("NO",)


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(InputError, match="stands twice"):
        load_yaml(GOOD + "title: again\n")


def test_a_file_that_is_not_there_is_refused_with_the_ready_ones(tmp_path):
    with pytest.raises(InputError, match="michigan-1993-98"):
        read(tmp_path / "none.yml")


@pytest.mark.parametrize("name", ready())
def test_every_ready_crosswalk_can_be_read(name):
    walk = read(name)
    assert walk.name == name and walk.sources and walk.terms and walk.entries


@pytest.mark.parametrize("name", ["ccd-raw", "edfacts-raw"])
def test_names_that_were_not_held_against_a_file_say_so(name):
    assert read(name).unverified


LINES = GOOD.splitlines()


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(LINES) - 1),
    st.one_of(st.text(max_size=30), st.sampled_from(["- [", "{a: ", "  x: &a *a", "? x"])),
)
def test_any_change_of_a_line_is_read_or_refused(k, text):
    lines = [*LINES[:k], text, *LINES[k + 1 :]]
    try:
        parse(load_yaml("\n".join(lines)))
    except InputError as error:
        assert error.problems


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        parse(load_yaml(text))
    except InputError as error:
        assert error.problems
