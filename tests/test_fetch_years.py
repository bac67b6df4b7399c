"""Years as people and the portal write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlib.errors import InputError
from leadlib.fetch.years import FIRST, LAST, parse_years, runs

SOME = st.lists(st.integers(FIRST, LAST), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("2009-2018, 2020", 11),
        ("1991, 1994-2020", 28),
        ("1986&ndash;2024", 39),
        ("2003–2014, 2018", 13),
        ("1995, 1997, and 1999–2024", 28),
        ("2011, 2013, 2015 and 2017", 4),
        ("2018", 1),
        (" 2018 to 2021 ; 2020", 4),
    ],
)
def test_years_of_the_catalogue_are_counted_right(text: str, n: int) -> None:
    assert len(parse_years(text)) == n


def test_years_come_sorted_and_once() -> None:
    assert parse_years("2020, 2018-2019, 2019") == (2018, 2019, 2020)
    assert parse_years(2018) == (2018,)


@given(SOME)
def test_years_written_as_runs_read_back_the_same(years: list[int]) -> None:
    assert parse_years(runs(years)) == tuple(sorted(set(years)))


@given(SOME, st.sampled_from(["-", "–", "—", " - ", " to ", "&ndash;", "&mdash;", "−", "–"]),
       st.sampled_from([", ", ",", ";", " and ", ", and ", " & "]))  # fmt: skip
def test_any_dash_and_any_list_say_the_same(years: list[int], dash: str, comma: str) -> None:
    text = comma.join(part.replace("-", dash) for part in runs(years).split(", "))
    assert parse_years(text) == tuple(sorted(set(years)))


@given(st.text(max_size=40))
def test_any_text_gives_years_or_says_what_is_wrong(text: str) -> None:
    try:
        years = parse_years(text)
    except InputError as error:
        assert all(p.what and p.fix for p in error.problems)
    else:
        assert years and all(FIRST <= y <= LAST for y in years) and list(years) == sorted(set(years))


def test_a_school_year_that_may_be_a_range_is_refused() -> None:
    with pytest.raises(InputError, match="may mean one school year or several"):
        parse_years("2018-19")


def test_every_wrong_part_is_named_at_once() -> None:
    with pytest.raises(InputError) as error:
        parse_years("2021-2018, soon, 20, 1500, 2018")
    assert [p.what.split("'")[1] for p in error.value.problems] == ["2021-2018", "soon", "20", "1500"]
    assert "2018-2021" in error.value.problems[0].fix


@pytest.mark.parametrize("text", ["", "  ", ",", "and"])
def test_no_year_at_all_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no year is named"):
        parse_years(text)
