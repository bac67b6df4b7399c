"""Risk ratios: the federal rule to the letter, intervals that cover small counts, no ratio where none may be."""

import numpy as np
import pandas as pd
import pytest

from leadlib import charts, designs
from leadlib.designs.disproportions.shares import difference_interval, ratio_interval
from leadlib.errors import InputError

COLUMNS = {"group": "group", "outcome_n": "out", "total_n": "all"}


def table(*rows, **more):
    return pd.DataFrame(rows, columns=["group", "out", "all"]).assign(**more)


def run(frame, **more):
    return designs.disproportion(frame, **COLUMNS, **more)


def of(found, group, column="ratio"):
    return found.frame.loc[found.frame["group"] == group, column].iloc[0]


def test_a_ratio_is_the_risk_of_a_group_over_that_of_all_others():
    found = run(table(("A", 18, 120), ("B", 3000, 50_000), ("C", 2000, 50_000)))
    assert of(found, "A") == pytest.approx(3.0)
    assert (of(found, "A", "risk_pct"), of(found, "A", "others_risk_pct")) == pytest.approx((15.0, 5.0))
    assert of(found, "A", "difference") == pytest.approx(10.0)
    assert of(found, "A", "odds_ratio") == pytest.approx((18 / 102) / (5000 / 95_000))


@pytest.mark.parametrize(
    ("out", "n", "reason"),
    [(9, 100, "too few with the outcome"), (10, 29, "group too small"), (10, 30, ""), (np.nan, 100, "count not known")],
)
def test_below_the_minimums_there_is_a_reason_and_never_a_zero(out, n, reason):
    found = run(table(("A", out, n), ("B", 500, 5000)))
    assert of(found, "A", "reason") == reason
    assert np.isnan(of(found, "A")) == bool(reason)
    assert not (found.frame["ratio"] == 0).any()


def test_others_too_few_are_looked_for_in_the_state():
    frame = table(("A", 30, 100), ("B", 4, 60), unit="d1")
    assert of(run(frame, unit="unit"), "A", "reason") == "others too few, and no State figures given"
    state = table(("A", 900, 9000), ("B", 500, 10_000))
    found = run(frame, unit="unit", state=state)
    assert (of(found, "A"), of(found, "A", "against")) == (pytest.approx(0.30 / 0.05), "state")
    assert any("Alternate risk ratio" in line for line in found.checks)
    small = table(("A", 900, 9000), ("B", 9, 10_000))
    assert of(run(frame, unit="unit", state=small), "A", "reason") == "others too few, in the State as well"


def test_a_suppressed_count_of_others_leaves_a_ratio_only_where_everyone_is_known():
    rows = table(("A", 30, 100), ("B", np.nan, 60), ("C", 40, 400), ("All", 80, 560))
    alone = run(rows, groups=["A", "B", "C"])
    assert of(alone, "A", "reason") == "counts of the other groups not known"
    found = run(rows, groups=["A", "B", "C"], everyone="All")
    assert of(found, "A") == pytest.approx(0.30 / (50 / 460))
    assert of(found, "B", "reason") == "count not known"


def years(ratios, first=2018, gap=None):
    rows = []
    for k, r in enumerate(ratios):
        year = first + k + (1 if gap is not None and k >= gap else 0)
        rows += [("A", round(1000 * 0.05 * r), 1000, year), ("B", 500, 10_000, year)]
    return pd.DataFrame(rows, columns=["group", "out", "all", "year"])


def test_three_years_running_and_no_fewer():
    found = run(years([3.2, 3.2, 3.2]), time="year", threshold=3.0)
    rows = found.frame[found.frame["group"] == "A"]
    assert rows["running"].tolist() == [1, 2, 3]
    assert rows["status"].tolist() == ["above", "above", "above 3 years running"]
    assert found.named["group"].tolist() == ["A"]
    assert "3 years running: A." in found.text


@pytest.mark.parametrize("case", ["a year below", "a year missing", "a year not computed", "at the threshold"])
def test_a_run_of_years_is_broken(case):
    frame = {
        "a year below": years([3.2, 2.0, 3.2]),
        "a year missing": years([3.2, 3.2, 3.2], gap=2),
        "a year not computed": years([3.2, 0.1, 3.2]),
        "at the threshold": years([3.2, 3.0, 3.2]),
    }[case]
    found = run(frame, time="year", threshold=3.0)
    assert found.named.empty


def test_a_ratio_that_fell_two_years_running_may_count_as_progress():
    falling = run(years([4.0, 3.6, 3.2]), time="year", threshold=3.0)
    assert falling.named["falling"].tolist() == [True]
    assert "fell in each of the two last years" in falling.text
    fast = run(years([4.0, 3.6, 3.2]), time="year", threshold=3.0, progress=0.3)
    assert fast.named["status"].tolist() == ["above, making progress"]
    slow = run(years([4.0, 3.6, 3.2]), time="year", threshold=3.0, progress=0.5)
    assert slow.named["status"].tolist() == ["above 3 years running"]


def test_a_high_ratio_is_a_question_and_never_a_verdict():
    found = run(table(("A", 60, 200), ("B", 500, 10_000)), threshold=3.0)
    assert "a question to look into" in found.text and "not a finding of discrimination" in found.text
    assert "1 of them above the threshold of 3.00, 1 with the whole interval above it." in found.text
    assert found.claim == "compare"
    assert not [w for w in ("significant", "proves", "caused", "biased") if w in found.plain().lower()]
    unsure = run(table(("A", 12, 200), ("B", 500, 10_000)))
    assert "do not tell it from an equal risk" in unsure.text


# --- truth ----------------------------------------------------------------------------------------------------------

SCENES = [
    (60, 0.30, 2000, 0.10),
    (120, 0.15, 900, 0.05),
    (30, 0.50, 60, 0.30),
    (40, 0.40, 5000, 0.25),
    (100, 0.2, 150, 0.2),
]


@pytest.mark.parametrize(("m", "p", "n", "q"), SCENES)
def test_intervals_of_ratio_and_difference_cover_with_counts_of_ten_to_thirty(m, p, n, q):
    rng = np.random.default_rng(0)
    a, b = rng.binomial(m, p, 5000), rng.binomial(n, q, 5000)
    low, high = ratio_interval(a, m, b, n)
    assert 0.93 <= np.mean((low <= p / q) & (p / q <= high)) <= 0.97
    told = (a >= 10) & (b >= 10)  # what the rule lets be computed
    assert 0.93 <= np.mean(((low <= p / q) & (p / q <= high))[told]) <= 0.97
    low, high = difference_interval(a, m, b, n)
    assert 0.93 <= np.mean((low <= p - q) & (p - q <= high)) <= 0.97
    if p == q:
        low, high = ratio_interval(a, m, b, n)
        assert 0.03 <= np.mean((low > 1) | (high < 1)) <= 0.07


def test_the_ratio_is_unbiased_on_the_log_scale_through_the_whole_design():
    rng = np.random.default_rng(0)
    a, b = rng.binomial(200, 0.2, 1000), rng.binomial(900, 0.1, 1000)
    unit = np.repeat([f"d{k:04d}" for k in range(1000)], 2)
    frame = pd.DataFrame(
        {"unit": unit, "group": ["A", "B"] * 1000, "out": np.c_[a, b].ravel(), "all": [200, 900] * 1000}
    )
    found = run(frame, unit="unit")
    rows = found.frame[(found.frame["group"] == "A")]
    error = np.log(rows["ratio"]) - np.log(2)
    assert abs(error.mean()) < 3 * error.std() / np.sqrt(1000) + 0.005  # log of a share bends: 1 / (2 n p)
    assert 0.93 <= ((rows["low"] <= 2) & (rows["high"] >= 2)).mean() <= 0.97


def test_both_ways_round_the_interval_is_the_same():
    low, high = ratio_interval(18, 120, 50, 900)
    other_low, other_high = ratio_interval(50, 900, 18, 120)
    assert [float(low), float(high)] == pytest.approx([1 / float(other_high), 1 / float(other_low)])


def test_counts_of_none_or_all_have_an_interval_without_a_warning():
    assert float(ratio_interval(0, 20, 5, 40)[0]) == 0.0
    low, high = ratio_interval(5, 20, 0, 40)
    assert low > 0 and high == np.inf
    assert np.isnan(ratio_interval(0, 20, 0, 40)).all()
    assert np.isfinite(ratio_interval(20, 20, 40, 40)).all()


# --- input ----------------------------------------------------------------------------------------------------------


def test_row_order_changes_nothing_and_nothing_given_is_changed():
    frame = years([3.2, 3.1, 3.4])
    before = frame.copy()
    one = run(frame, time="year", threshold=3.0)
    two = run(frame.sample(frac=1, random_state=1), time="year", threshold=3.0)
    assert one.plain() == two.plain()
    pd.testing.assert_frame_equal(one.frame, two.frame)
    pd.testing.assert_frame_equal(frame, before)


BAD = {
    "more than all": (table(("A", 20, 10), ("B", 5, 50)), {}, "20 with the outcome of 10"),
    "below zero": (table(("A", -1, 10), ("B", 5, 50)), {}, "-1 with the outcome"),
    "twice": (table(("A", 1, 10), ("A", 5, 50)), {}, "share their group"),
    "one group": (table(("A", 1, 10)), {}, "fewer than two"),
    "overlap by name": (table(("A", 1, 10), ("B", 5, 50), ("All", 6, 60)), {}, "overlap: All"),
    "overlap by count": (
        table(("A", 1, 40), ("B", 5, 50), ("All", 6, 60)), {"everyone": "All"}, "more people than 'All'",
    ),
    "unknown group": (table(("A", 1, 10), ("B", 5, 50)), {"groups": ["A", "b"]}, "not in the table"),
    "marks": (table(("A", "suppressed", 10), ("B", 5, 50)), {}, "turn marks into missing values"),
    "four years": (table(("A", 1, 10), ("B", 5, 50)), {"years": 4}, "up to three"),
    "a low threshold": (table(("A", 1, 10), ("B", 5, 50)), {"threshold": 0.8}, "not above 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(BAD))
def test_counts_that_cannot_be_are_refused_with_the_way_out(case):
    frame, more, said = BAD[case]
    with pytest.raises(InputError, match=said):
        run(frame, **more)


def test_nothing_to_compute_is_said_and_drawn_as_such():
    found = run(table(("A", 1, 10), ("B", 2, 20)))
    assert "no ratio can be computed" in found.text
    assert charts.risk_ratios(found).title == "No ratio can be computed"


def test_minimums_above_those_presumed_reasonable_are_said():
    found = run(table(("A", 60, 200), ("B", 500, 10_000)), minimum_cell=20)
    assert any("no longer presumes reasonable" in line for line in found.limits)


def test_the_chart_draws_ratios_with_their_intervals_highest_first():
    found = run(table(("A", 60, 200), ("B", 500, 10_000), ("C", 3, 60)), threshold=3.0)
    figure = charts.risk_ratios(found)
    assert figure.drawn["group"] == ["A", "B"]
    assert figure.drawn["above"] == [True, False]
    assert figure.title.startswith("Highest: A, 6.")
    assert "The threshold is 3.00." in figure.alt and "1 ratio not computed." in figure.alt
