"""No share or value behind which stand too few pupils is shown exactly, whatever is asked for."""

import json
import math
import re

import designs_samples as make
import numpy as np
import pandas as pd
import pytest

from leadlib import designs, measures, privacy
from leadlib.results import Missing, Result


@pytest.mark.parametrize(
    ("n", "margin"),
    [(1, 20), (10, 20), (19, 20), (20, 10), (39, 10), (40, 5), (99, 5), (100, 2), (299, 2), (300, 1), (9999, 1)],
)
def test_the_band_that_is_coded_narrows_with_the_number_of_pupils(n, margin):
    assert privacy.band(n).tolist() == [margin]


def test_an_unknown_number_of_pupils_is_coded_at_95_and_5():
    value, why = privacy.code_extremes(pd.Series([0.0, 4.9, 5.0, 50.0, 95.0, 99.0, np.nan]))
    assert value.tolist()[:-1] == [5.0, 5.0, 5.0, 50.0, 95.0, 95.0] and math.isnan(value.iloc[-1])
    assert why.tolist() == ["range", "range", "reported", "reported", "reported", "range", "reported"]


def test_each_value_is_coded_by_its_own_number_of_pupils_and_keeps_its_row():
    value, why = privacy.code_extremes(pd.Series([99.5, 99.5, 99.5], index=[7, 3, 9]), [15, 120, np.nan])
    assert value.to_dict() == {7: 80.0, 3: 98.0, 9: 95.0}
    assert list(why) == ["range"] * 3


def test_a_number_of_pupils_is_small_below_ten_and_unknown_is_not_small():
    assert [privacy.small(n) for n in (0, 9, 10, math.nan)] == [True, True, False, False]
    assert privacy.small([9, 10, math.nan]).tolist() == [True, False, False]
    assert privacy.small(12, k=15)


@pytest.mark.parametrize(
    ("pct", "n", "text"),
    [
        (31.0, 256, "31.0%"),
        (3.0, 256, "under 4.0%"),
        (0.0, 256, "under 4.0%"),
        (97.0, 256, "over 96.0%"),
        (100.0, 256, "over 96.0%"),
        (20.0, 50, "20.0%"),
        (19.9, 50, "under 20.0%"),
        (40.0, 19, "not shown"),
        (50.0, 20, "50.0%"),
        (2.0, math.nan, "under 5.0%"),
        (98.0, math.nan, "over 95.0%"),
        (50.0, math.nan, "50.0%"),
        (math.nan, 256, "—"),
        (0.2, 3000, "under 0.4%"),
    ],
)
def test_a_share_is_written_so_that_no_small_group_can_be_counted(pct, n, text):
    assert privacy.share_text(pct, n) == text


@pytest.mark.parametrize("n", [*range(20, 400), 1000, 3000, 12345])
def test_what_a_coded_share_says_is_true_and_leaves_at_least_k_counts_open(n):
    k = privacy.K
    for count in {0, 1, k - 1}:
        said = privacy.share_text(100 * count / n, n)
        limit = float(re.findall(r"[\d.]+", said)[0])
        assert said.startswith("under") and 100 * count / n < limit
        assert math.ceil(limit * n / 100) >= k
        assert privacy.share_text(100 * (n - count) / n, n).startswith("over")


def test_every_hidden_count_gives_the_same_coded_share():
    coded = privacy.code_shares(100 * np.arange(10) / 256, np.full(10, 256.0))
    assert len(set(coded)) == 1 and 0 < coded[0] < 4
    assert np.isnan(privacy.code_shares([50.0], [19.0])).all()


def every_output(school):
    """Give everything that measures and designs hand on for a school: tables, frames, blocks and text."""
    peers = measures.similar.schools(school)
    panel = measures.outcomes.panel(school)
    chance = designs.noise(panel)
    known = {"school_id": school.school_id, "year": school.year}
    results = [
        peers,
        chance,
        measures.context.serves(school, peers),
        measures.resources.profile(school, peers),
        designs.trend(panel, chance, school_id=school.school_id, peers=peers),
        designs.school_gap(panel, chance, peers=peers, **known),
        designs.funnel(panel, chance, **known),
        designs.shrink(panel, chance, year=school.year, school=school),
        designs.progress(panel, measures.progress.targets(school), chance, **known),
    ]
    frames = [panel, *(f for r in results if isinstance(r, Result) for f in (r.table, r.frame))]
    texts = [json.dumps(r.data()) for r in results] + [r.plain() for r in results]
    return results, frames, texts


CANARY = 99.87654


@pytest.mark.parametrize("whose", ["s00", "s03"])
def test_no_output_holds_an_extreme_percent_or_share_or_a_count_below_ten(whose):
    school = make.pack(unit="pct", school_id="s00")
    for table, column in (("outcomes", "value"), ("school_years", "free_lunch_pct")):
        for one in (whose, "s05", "s07"):
            school = make.changed(school, table, column, CANARY, school_id=one)
    school = make.changed(school, "outcomes", "tested_n", 7.0, school_id="s09")
    results, frames, texts = every_output(school)
    assert [r.section for r in results if isinstance(r, Missing)] in ([], ["The comparison with similar schools"])
    for frame in frames:
        numbers = frame.select_dtypes("number").to_numpy(float)
        assert not np.isclose(numbers, CANARY, atol=0.02).any()
    found = [
        text[max(spot - 60, 0) : spot + 10]
        for text in texts
        for spot in [text.find("99.8"), text.find("99.9")]
        if spot >= 0
    ]
    assert found == []
    panel = frames[0]
    hidden = panel[panel["school_id"] == "s09"]
    assert hidden["value"].isna().all() and hidden["sd"].isna().all() and hidden["size"].isna().all()
    assert set(hidden["value__why"]) == {"suppressed"}
    assert panel["size"].min() >= privacy.K


def test_outputs_are_the_same_whatever_the_hidden_percent_was():
    one, two = (
        make.changed(make.pack(unit="pct"), "outcomes", "value", value, school_id="s00") for value in (98.4, 99.9)
    )
    assert every_output(one)[2] == every_output(two)[2]


def test_outputs_are_the_same_whatever_the_hidden_share_was():
    one, two = (
        make.changed(make.pack(), "school_years", "free_lunch_pct", share, school_id="s00") for share in (0.0, 2.9)
    )
    assert every_output(one)[2] == every_output(two)[2]
    exact = make.changed(make.pack(), "school_years", "free_lunch_pct", 3.9, school_id="s00")
    assert every_output(one)[2] != every_output(exact)[2]


def test_a_school_with_fewer_than_ten_pupils_is_nowhere_counted():
    school = make.pack()
    for one in ("s00", *(f"s{k}" for k in range(11, 31))):
        school = make.changed(school, "school_years", "enrollment", 7.0, school_id=one)
        school = make.changed(school, "outcomes", "tested_n", 7.0, school_id=one)
    results, frames, _ = every_output(school)
    assert len(results) == 9
    for frame in frames:
        for column in [c for c in frame.columns if c in ("size", "enrollment")]:
            assert not (frame[column] < privacy.K).any()
        if {"unit", "value"} <= {*frame.columns}:
            assert not (frame.loc[frame["unit"] == "pupils", "value"] < privacy.K).any()
    peers = measures.similar.schools(make.FakeSchool(school.tables, school.dictionary, "s01"))
    assert "s11" not in peers.school_ids
