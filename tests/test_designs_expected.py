"""What a sum would be expected to do at one new place: the published numbers, scaled, and never surer than they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import designs_samples as make
import numpy as np
import pytest

from leadlib import designs
from leadlib.charts import moneys
from leadlib.designs.estimates import Estimate, Evidence, Wording, finish
from leadlib.errors import InputError
from leadlib.measures import money
from leadlib.results import Missing

FOUND = money.published()


def own(value: float, se: float, unit: str = "sd") -> Estimate:
    wording = Wording("winners", "others", "chance drew")
    made: Estimate = finish(
        id="x", title="x", design="within", outcome="m", label="M", unit=unit, value=value, se=se, df=50.0,
        evidence=Evidence(units=(5, 5)), wording=wording, asked={},
    )  # fmt: skip
    return made


def test_the_published_range_of_nine_places_in_ten_comes_back() -> None:
    """Jackson and Mackevicius (2023): 0.0316, and 90% of effects in (-0.004, 0.067)."""
    result = designs.expected(FOUND, dollars=1000)
    assert FOUND.verified and "Mackevicius" in result.note
    assert result.value == 0.0316
    assert round(result.low, 3) == -0.004 and round(result.high, 3) == 0.067


def test_the_spread_of_places_is_two_thirds_of_the_mean() -> None:
    """The paper gives it so; with it 90% would lie within 0.0316 -+ 1.645 x 0.0211."""
    result = designs.expected(FOUND, dollars=1000)
    assert (result.high - result.low) / 2 / 1.645 == pytest.approx(2 / 3 * 0.0316, rel=0.03)


def test_half_the_dollars_do_half_and_a_cut_does_the_reverse() -> None:
    whole, half, cut = (designs.expected(FOUND, dollars=d) for d in (1000, 500, -500))
    assert half.value == pytest.approx(whole.value / 2) and half.high == pytest.approx(whole.high / 2)
    assert (cut.value, cut.low, cut.high) == pytest.approx((-half.value, -half.high, -half.low))
    assert cut.positive == half.positive == pytest.approx(0.928, abs=0.001)
    assert "scores to gain 0.016" in half.text and "scores to lose 0.016" in cut.text
    assert "between −0.002 and +0.034" in half.text and "93 in 100" in half.text


def test_a_wider_level_gives_a_wider_range_of_places() -> None:
    """0.0316 -+ 1.959964 x 0.0355 / 1.644854."""
    result = designs.expected(FOUND, dollars=1000, level=0.95)
    assert (result.low, result.high) == pytest.approx((0.0316 - 0.0423, 0.0316 + 0.0423), abs=1e-4)
    assert result.interval_label == "95 in 100 places lie in"


def test_a_small_own_study_hardly_moves_what_research_says() -> None:
    """Weights 1/s2 and 1/e2 by hand: s = 0.0355 / 1.644854 = 0.021582; e = s weighs as much, e = 0.2 about 1%."""
    equal = designs.expected(FOUND, dollars=1000, own=own(0.1316, 0.0355 / 1.6448536)).frame.set_index("name")
    assert equal.loc["Research and own lottery together", "value"] == pytest.approx((0.0316 + 0.1316) / 2)
    half = (equal["high"] - equal["low"]) / 2
    assert half.iloc[2] == pytest.approx(half.iloc[0] / np.sqrt(2))
    small = designs.expected(FOUND, dollars=500, own=own(1.0, 0.2)).frame.set_index("name")
    assert small.loc["Research and own lottery together", "value"] == pytest.approx(
        0.5 * (0.0316 + 0.01151 * 0.9684), abs=1e-4
    )
    assert small.loc["This district's own lottery", "value"] == 0.5


def test_an_own_study_that_is_missing_or_in_another_unit_is_passed_over() -> None:
    for passed in (None, Missing("The lottery", "there was none."), own(3.0, 1.0, "pct_points")):
        assert len(designs.expected(FOUND, dollars=500, own=passed).frame) == 1


def test_a_share_above_a_cut_moves_as_the_normal_curve_has_it() -> None:
    """Phi(0.1) = 0.53983: half the pupils above the cut become 53.98% when all move by 0.1 SD."""
    panel = make.panel(np.full((3, 2), 50.0), np.array([60.0, 60.0, 60.0]), unit="pct")
    result = designs.expected(replace(FOUND, value=0.1), dollars=1000, panel=panel, school_id="s0000", year=2000)
    row = result.table[result.table["unit"] == "pct_points"].iloc[0]
    assert row["value"] == pytest.approx(3.983, abs=0.001) and row["measure"] == "Mathematics"
    rank = result.table[result.table["unit"] == "ranks"].iloc[0]
    assert rank["value"] == pytest.approx(3.983, abs=0.001)


def test_points_are_those_of_all_pupils_of_the_year() -> None:
    """Two schools of equal size at 50 and 70, 8 points between their pupils: SD = sqrt(64 + 100)."""
    panel = make.panel(np.array([[50.0], [70.0]]), np.array([60.0, 60.0]), sd=8.0)
    result = designs.expected(FOUND, dollars=1000, panel=panel, school_id="s0001", year=2000)
    row = result.table[result.table["unit"] == "points"].iloc[0]
    assert row["value"] == pytest.approx(0.0316 * np.sqrt(164))


def test_a_school_without_a_score_or_spread_is_told_in_standard_deviations_alone() -> None:
    unknown = make.panel(np.array([[50.0]]), np.array([60.0]))
    for panel in (None, Missing("Outcomes", "there are none."), unknown):
        result = designs.expected(FOUND, dollars=500, panel=panel, school_id="s0000", year=2000)
        assert list(result.table["unit"]) == ["sd_fine", "ranks"]
    extreme = make.panel(np.array([[100.0]]), np.array([60.0]), unit="pct")
    assert len(designs.expected(FOUND, dollars=500, panel=extreme, school_id="s0000", year=2000).table) == 2


@pytest.mark.parametrize(("dollars", "level", "said"), [
    (0, 0.9, "no sum"), (float("nan"), 0.9, "no sum"), ("500", 0.9, "no sum"), (500, 1.0, "no share"),
])  # fmt: skip
def test_bad_sums_and_levels_are_refused(dollars: Any, level: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        designs.expected(FOUND, dollars=dollars, level=level)


def test_what_was_not_checked_in_its_source_says_so() -> None:
    assert "not checked" in designs.expected(replace(FOUND, verified=False), dollars=500).note


def test_the_words_never_say_more_than_a_prediction() -> None:
    said = designs.expected(FOUND, dollars=500, own=own(0.1, 0.02)).plain().lower()
    for word in ("no effect", "significant", "proves", "caused", "will "):
        assert word not in said


def test_the_figure_draws_each_line_of_evidence_with_its_interval() -> None:
    figure = moneys.expected_gain(designs.expected(FOUND, dollars=500, own=own(0.04, 0.02)))
    assert figure.drawn["name"] == ["One new place", "This district's own lottery", "Research and own lottery together"]
    assert figure.drawn["value"][:2] == [0.0158, 0.02]
    assert "anything from −0.002 to +0.034" in figure.title and "90% intervals" in figure.alt
