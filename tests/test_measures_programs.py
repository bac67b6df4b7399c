"""Programs: who could have had one, who began when, and outcomes on one scale beside it."""

import sys

import numpy as np
import pandas as pd
import pytest

from leadlib.errors import InputError
from leadlib.measures import programs
from leadlib.tables import load
from leadlib.tables.packs import seen

PACK = "cedar-valley"


@pytest.fixture(scope="module")
def block():
    return programs.program(PACK, "literacy-block")


def test_a_program_tells_what_it_is_without_reading_an_outcome(monkeypatch):
    monkeypatch.setattr(sys.modules["leadlib.tables.packs"], "_SEEN", set())
    made = programs.program(PACK, "literacy-block")
    assert made.lottery and made.cost_per_pupil_usd == 25.0 and made.never_n > 0
    assert {t.split("/")[1] for t in seen()} <= {"programs", "program_starts", "schools", "school_years"}


def test_schools_of_levels_without_the_program_are_not_compared_with():
    algebra = programs.program(PACK, "automatic-algebra")
    assert set(algebra.starts["school_level"]) == {"Middle"}
    assert algebra.starts["first_year"].notna().sum() == algebra.started.sum() == 6


def test_scores_become_standard_deviations_of_the_years_pupils(block):
    frame = programs.panel(block, "read")
    raw = load(f"{PACK}/outcomes")
    raw = raw[(raw["measure"] == "read") & (raw["grade"] == "All") & (raw["group"] == "All") & (raw["year"] == 2018)]
    mean = np.average(raw["value"], weights=raw["tested_n"])
    spread = np.sqrt(np.average(raw["value_sd"] ** 2 + (raw["value"] - mean) ** 2, weights=raw["tested_n"]))
    one = raw[raw["school_id"] == "990000100001"].iloc[0]
    here = frame[(frame["school_id"] == "990000100001") & (frame["year"] == 2018)].iloc[0]
    assert here["read"] == pytest.approx((one["value"] - mean) / spread)
    assert frame.attrs["unit"] == "sd" and frame.attrs["sd"] == 1.0


def test_running_begins_in_the_first_year_and_never_where_there_is_none(block):
    frame = programs.panel(block, "read")
    assert (frame.loc[frame["first_year"].isna(), "running"] == 0).all()
    begun = frame[frame["first_year"].notna()]
    assert (begun["running"] == (begun["year"] >= begun["first_year"])).all()
    assert not frame.duplicated(["school_id", "year"]).any()


def test_counts_become_percents_of_those_enrolled_and_few_are_left_out(block):
    frame = programs.panel(block, "attendance.absent_10_pct_n")
    raw = load(f"{PACK}/attendance")
    raw = raw[(raw["group"] == "All") & raw["school_id"].isin(frame["school_id"])]
    merged = frame.merge(raw, on=["school_id", "year"])
    shown = merged[merged["attendance.absent_10_pct_n"].notna()]
    assert np.allclose(shown["attendance.absent_10_pct_n"], 100 * shown["absent_10_pct_n"] / shown["enrolled_n"])
    assert (shown["absent_10_pct_n"] >= 10).all()
    assert frame.attrs["unit"] == "pct_points"


def test_needs_stand_in_the_panel_under_their_titles(block):
    frame = programs.panel(block, "read")
    assert list(block.needs) == [c for c in frame if c in block.needs] and len(block.needs) == 2


@pytest.mark.parametrize(
    ("pack", "program", "message"),
    [
        ("california-2000", "coaching", "has no tables programs"),
        (PACK, "coachin", "did you mean 'coaching'"),
    ],
)
def test_a_program_that_is_not_there_is_refused(pack, program, message):
    with pytest.raises(InputError, match=message):
        programs.program(pack, program)


@pytest.mark.parametrize(
    "outcome", ["reed", "nothing.x", "attendance.nothing", "teachers.coaching_min", "discipline.pupils_n"]
)
def test_an_outcome_that_is_not_there_or_not_one_a_school_and_year_is_refused(outcome, block):
    with pytest.raises(InputError):
        programs.panel(block, outcome)


def test_the_order_of_the_packs_rows_does_not_matter(block, monkeypatch):
    one = programs.panel(block, "read")
    monkeypatch.setattr(programs, "load", lambda t: load(t).sample(frac=1, random_state=3).reset_index(drop=True))
    two = programs.panel(programs.program(PACK, "literacy-block"), "read")
    pd.testing.assert_frame_equal(one, two)


def test_the_score_is_that_of_the_year_before_the_first_start():
    made = programs.program(PACK, "targeted-support")
    frame = programs.panel(made, "math", score="index")
    raw = load(f"{PACK}/outcomes")
    raw = raw[(raw["measure"] == "index") & (raw["year"] == 2018) & (raw["group"] == "All")].set_index("school_id")
    shown = frame.dropna(subset=["score"])
    assert len(shown) and (shown["score"] == shown["school_id"].map(raw["value"])).all()
    with pytest.raises(InputError, match="did you mean 'index'"):
        programs.panel(made, "math", score="indx")
