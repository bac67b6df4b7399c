"""The menu of designs follows from who began when; each design gets the frame it needs; refusals become sentences."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from leadlib import designs
from leadlib.designs.evaluating import schools
from leadlib.designs.offers import EARLIER
from leadlib.errors import InputError
from leadlib.measures import programs
from leadlib.results import Missing

YEARS = tuple(range(2010, 2018))


def program(starts, assignment="chosen by the district", years=YEARS):
    """Make a program of schools with these first years (None: never)."""
    first = pd.DataFrame(
        {"school_id": [f"s{k:02d}" for k in range(len(starts))], "school_level": "Primary", "first_year": starts}
    ).astype({"first_year": float})
    return programs.Program("p", "x", "Block", "policy", "A block.", 10.0, first, assignment, years, (), "synthetic")


def panel(made, effect=0.0, seed=0, years=YEARS):
    rng = np.random.default_rng(seed)
    rows = made.starts.merge(pd.DataFrame({"year": years}), how="cross")
    level = dict(zip(made.starts["school_id"], rng.normal(0, 1, len(made.starts)), strict=True))
    on = (rows["year"] >= rows["first_year"]).astype(float)
    value = rows["school_id"].map(level) + 0.05 * (rows["year"] - 2010) + effect * on + rng.normal(0, 0.1, len(rows))
    frame = rows.assign(y=value, size=100.0, running=on, leaid="d")
    frame.attrs = {"outcome": "y", "label": "Score", "unit": "sd", "sd": 1.0, "note": ""}
    return frame


ONE, TWO = [2014] * 10 + [None] * 10, [2013] * 6 + [2015] * 6 + [None] * 8


@pytest.mark.parametrize(
    ("made", "allowed"),
    [
        (program(ONE, "lottery"), ("compare", "did", "series")),
        (program(ONE), ("did", "series", "matched")),
        (program(TWO), ("staggered",)),
        (program(TWO, "lottery"), ("staggered",)),
        (program([2011] * 10 + [None] * 10), ("did", "matched")),
        (program([2010] * 10 + [None] * 10), ()),
        (program([2016] + [None] * 25), ("synthetic",)),
        (program([2014] * 20), ()),
        (program([2013] * 9 + [2015] + [None] * 9), ()),
    ],
)
def test_who_began_when_decides_what_is_allowed(made, allowed):
    found = designs.menu(made)
    assert found.allowed == allowed
    assert found.chosen == (allowed[0] if allowed else "none")
    assert all(o.why for o in found.offers)


def test_a_design_that_is_not_allowed_is_refused_with_its_reason():
    with pytest.raises(InputError, match=r"began in different years .* choose from staggered"):
        designs.menu(program(TWO), design="did")
    with pytest.raises(InputError, match="did you mean 'staggered'"):
        designs.menu(program(TWO), design="stagered")


def test_a_rule_on_a_score_allows_the_jump_at_the_cut_when_the_score_is_named():
    made = program([2014] * 30 + [None] * 60, "by rule")
    assert "rd" not in designs.menu(made).allowed
    assert designs.menu(made, score="index").chosen == "rd"


def test_before_and_after_is_never_offered_and_says_why():
    offer = designs.menu(program([2014] * 20)).offer("before-after")
    assert not offer.allowed and "all else that changed" in offer.why


@pytest.mark.parametrize("design", ["compare", "did", "series"])
def test_each_design_finds_a_planted_effect(design):
    made = program(ONE, "lottery")
    found = designs.evaluate(panel(made, effect=0.5, seed=1), made, design=design)
    assert found.low <= 0.5 <= found.high and found.high - found.low < 0.5
    assert found.design == design and found.outcome == "y"


def test_staggered_starts_find_a_planted_effect():
    made = program(TWO)
    found = designs.evaluate(panel(made, effect=0.5), made, design="staggered")
    assert found.low <= 0.5 <= found.high


def test_the_power_look_hides_the_estimate_in_every_design():
    made = program(ONE, "lottery")
    for design in ("compare", "did", "series"):
        shown = designs.evaluate(panel(made, effect=0.5), made, design=design, look="power")
        full = designs.evaluate(panel(made, effect=0.5), made, design=design)
        assert f"{full.value:.2f}" not in shown.plain()
        assert shown.mdes == pytest.approx(full.mdes)


def test_a_lottery_knows_how_many_it_began_with():
    made = program(ONE, "lottery")
    frame = panel(made)
    frame.loc[frame["school_id"] == "s00", "y"] = np.nan
    found = designs.evaluate(frame, made, design="compare")
    assert found.evidence.randomized == (10, 10) and found.evidence.units == (9, 10)
    assert designs.evaluate(panel(program(ONE)), program(ONE), design="did").evidence.randomized is None


def test_what_a_design_refuses_is_told_in_a_sentence():
    made = program(ONE)
    flat = panel(made).assign(y=1.0)
    flat.attrs = panel(made).attrs
    found = designs.evaluate(flat, made, design="did")
    assert isinstance(found, Missing) and found.text.startswith("The estimate is left out")
    assert isinstance(designs.evaluate(flat, made, design="none"), Missing)


def test_one_row_a_school_with_its_means_before_and_after():
    made = program([2012, None], years=(2010, 2011, 2012, 2013))
    frame = panel(made, years=(2010, 2011, 2012, 2013)).assign(y=[1.0, 3.0, 5.0, 9.0, 0.0, 2.0, 4.0, np.nan])
    frame.attrs = {"outcome": "y"}
    found = schools(frame)
    assert found[["treated", EARLIER, "y"]].to_numpy().tolist() == [[1.0, 2.0, 7.0], [0.0, 1.0, 4.0]]


def test_the_ways_hold_every_allowed_design_and_mark_the_planned_one():
    made = program(ONE)
    menu = designs.menu(made)
    found = designs.ways(panel(made, effect=0.5), made, menu)
    assert found.frame["design"].nunique() == len(menu.allowed)
    assert found.frame.loc[found.frame["preferred"], "design"].tolist() == ["two groups over time"]


def test_doubts_are_for_differences_over_time_alone():
    made = program(ONE, "lottery")
    frame = panel(made, effect=0.5)
    assert isinstance(designs.doubts(designs.evaluate(frame, made, design="compare")), Missing)
    assert not isinstance(designs.doubts(designs.evaluate(frame, made, design="did")), Missing)


def test_needs_are_adjusted_for_as_they_were_before_the_start():
    made = replace(program(ONE), needs=("Need",))
    frame = panel(made, effect=0.5)
    need = frame["school_id"].str[1:].astype(float) % 7
    frame = frame.assign(Need=need + 50 * frame["running"])  # a need that the program changed
    frame.attrs = panel(made).attrs
    assert designs.menu(made).covariates("needs") == ("Need",)
    found = designs.evaluate(frame, made, design="did", adjust="needs")
    assert found.low <= 0.5 <= found.high and list(found.asked["covariates"]) == ["Need"]


def test_a_rule_on_a_score_is_evaluated_at_its_cut():
    need = np.random.default_rng(3).uniform(-1, 1, 200)
    made = program([2014 if x <= 0 else None for x in need], "by rule")
    frame = panel(made, effect=0.5)
    frame = frame.assign(score=frame["school_id"].str[1:].astype(int).map(dict(enumerate(need))))
    frame = frame.assign(y=frame["y"] + frame["score"])
    frame.attrs = panel(made).attrs
    menu = designs.menu(made, score="need")
    found = designs.evaluate(frame, made, design=menu.chosen, cutoff=0.0, side="at or below")
    assert found.design == "rd" and found.low <= 0.5 + 0.4 and found.high >= 0.1
    wrong = designs.evaluate(frame, made, design="rd", cutoff=0.0, side="at or above")
    assert isinstance(wrong, Missing)
    assert isinstance(designs.evaluate(frame.drop(columns="score"), made, design="rd", cutoff=0.0), Missing)
