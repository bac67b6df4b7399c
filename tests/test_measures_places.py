"""Places among the schools of a level: what red, yellow and green say, and that nothing else is claimed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import leadlib as ll
from leadlib.measures.places import places
from leadlib.results import Missing

HERE: Any = SimpleNamespace(school_id="a", year=2020, level="Primary")


def panel(values: dict[str, float], better: str = "higher", **changed: object) -> pd.DataFrame:
    about = {"year": 2020, "measure": "m", "label": "Reading", "kind": "result", "school_level": "Primary"}
    about |= {"unit": "score", "better": better, "value__why": "reported", **changed}
    return pd.DataFrame([{"school_id": s, "value": v, **about} for s, v in values.items()])


FIVE = {"a": 10.0, "b": 11.0, "c": 12.0, "d": 13.0, "e": 14.0}


def row(frame: pd.DataFrame, school: Any = HERE) -> dict[Any, Any]:
    return places(frame, school).frame.iloc[0].to_dict()


def test_the_lowest_figure_has_the_first_place_from_the_bottom_and_is_red() -> None:
    found = row(panel(FIVE))
    assert (found["place"], found["schools_n"], found["color"]) == (1, 5, "red")


def test_where_lower_is_better_the_highest_figure_has_the_first_place() -> None:
    assert row(panel(FIVE, better="lower"))["place"] == 5
    assert row(panel(FIVE | {"a": 99.0}, better="lower"))["place"] == 1


def test_equal_figures_share_the_middle_of_their_places() -> None:
    assert row(panel(FIVE | {"b": 10.0}))["place"] == 1.5


@pytest.mark.parametrize(("value", "color"), [(10.5, "red"), (11.5, "yellow"), (12.5, "green"), (14.5, "green")])
def test_a_fifth_of_places_is_red_and_the_next_fifth_yellow(value: float, color: str) -> None:
    assert row(panel({"a": value, "b": 11, "c": 12, "d": 13, "e": 14}))["color"] == color


def test_schools_of_other_levels_other_years_and_conditions_do_not_count() -> None:
    others = [
        panel({"f": 1.0, "g": 2.0}, school_level="High"),
        panel({"f": 1.0, "g": 2.0}, year=2019),
        panel({"a": 1.0, "f": 2.0, "g": 3.0, "h": 4.0, "i": 5.0}, kind="condition", measure="k"),
    ]
    found = places(pd.concat([panel(FIVE), *others]), HERE)
    assert len(found.frame) == 1 and found.frame.iloc[0]["schools_n"] == 5


def test_a_hidden_figure_has_no_place_and_too_few_schools_give_a_sentence() -> None:
    assert isinstance(places(panel(FIVE | {"a": np.nan}), HERE), Missing)
    few = places(panel({"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}), HERE)
    assert isinstance(few, Missing) and "5 schools of its level" in few.text


def test_a_coded_figure_is_not_shown_as_if_it_were_exact() -> None:
    assert row(panel(FIVE, value__why="range"))["shown"] == "about 10.0"


def test_the_sentence_counts_what_was_looked_at_and_what_chance_would_make_red() -> None:
    told = places(panel(FIVE), HERE).text
    assert "1 result looked at, 1 of them red" in told and "chance" in told


def test_every_school_of_every_pack_has_places_or_a_sentence() -> None:
    for pack, year in (("cedar-valley", 2021), ("california-2000", 1999), ("michigan-1993-98", 1997)):
        ids = ll.load(f"{pack}/outcomes").query("year == @year")["school_id"].unique()
        frame = ll.measures.indicators.panel(ll.school(pack, ids[0], year))
        for school_id in ids[:40]:
            assert places(frame, ll.school(pack, school_id, year)).text
