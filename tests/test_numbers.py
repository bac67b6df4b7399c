"""Numbers are written in their unit, the same way everywhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlib import numbers as n


@pytest.mark.parametrize(
    ("value", "unit", "sign", "text"),
    [
        (46.64, "pct", False, "46.6%"),
        (4176.4, "usd", False, "$4,176"),
        (-12.4, "points", True, "\N{MINUS SIGN}12"),
        (12.4, "points", True, "+12"),
        (0.2, "points", True, "0"),
        (-0.2, "points", True, "0"),
        (None, "pct", False, n.NO_VALUE),
        (math.nan, "usd", False, n.NO_VALUE),
        (math.inf, "usd", False, n.NO_VALUE),
        (-3.25, "usd", False, "\N{MINUS SIGN}$3"),
        (1234.0, "pupils", False, "1,234"),
        (0.456, "sd", True, "+0.46"),
    ],
)
def test_a_value_is_written_in_its_unit(value, unit, sign, text):
    assert n.show(value, unit, sign=sign) == text


def test_a_sentence_gets_the_unit_in_words_and_one_is_singular():
    assert n.phrase(12, "points") == "12 points"
    assert n.phrase(1, "points", sign=True) == "+1 point"
    assert n.phrase(46.6, "pct") == "46.6%"
    assert n.phrase(3.2, "pct_points") == "3.2 percentage points"
    assert n.phrase(None, "points") == n.NO_VALUE


def test_an_interval_without_one_end_is_a_dash():
    assert n.span(712, 750, "points") == "712 to 750"
    assert n.span(math.nan, 750, "points") == n.NO_VALUE


def test_school_years_are_named_from_their_fall():
    assert [n.school_year(y) for y in (1998, 1999, 2009)] == ["1998–99", "1999–00", "2009–10"]


def test_a_difference_of_percents_is_in_percentage_points():
    assert n.difference_unit("pct") == "pct_points"
    assert n.difference_unit("usd") == "usd"


def test_lists_and_counts_read_as_english():
    assert n.listing(["a"]) == "a"
    assert n.listing(["a", "b", "c"]) == "a, b and c"
    assert n.listing(["a", "b"], last="or") == "a or b"
    assert n.plural(1, "school") == "1 school"
    assert n.plural(1200, "pupil") == "1,200 pupils"
    assert n.plural(2, "child", "children") == "2 children"


@given(st.floats(min_value=-1e9, max_value=1e9, allow_nan=False))
def test_six_digits_keep_a_number_and_drop_a_processors_last_bits(value):
    kept = n.significant(value)
    assert kept == n.significant(value * (1 + 1e-15)) or abs(kept - value) <= abs(value) * 1e-5
    assert abs(kept - value) <= abs(value) * 5e-6 + 1e-300


@given(st.floats(min_value=-1e6, max_value=1e6, allow_nan=False), st.sampled_from(sorted(n.UNITS)))
def test_no_number_is_ever_shown_as_minus_zero(value, unit):
    text = n.show(value, unit)
    digits = [c for c in text if c.isdigit()]
    assert digits and (set(digits) != {"0"} or n.MINUS not in text)


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.724, "72 in 100"), (1.0, "more than 99 in 100"), (0.0, "less than 1 in 100"), (0.0099, "less than 1 in 100")],
)
def test_a_probability_is_counted_and_never_certain(probability, said):
    assert n.in_100(probability) == said
