"""Two groups and one start: R's numbers, planted effects, what years before could have shown, straying, refusals."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from truth import recover

from leadlib import charts
from leadlib.designs import did, sensitivity
from leadlib.designs.differences.bounds import Smooth, relative
from leadlib.errors import InputError
from leadlib.verify.differences import medicaid

ORACLES = Path(__file__).parent / "oracles"
START, YEARS = 2015, np.arange(2010, 2018)
COLUMNS = {"outcome": "y", "unit": "school", "time": "year"}
GROUP = {**COLUMNS, "treated": "treated", "start": START}
TOLERANCE = 1e-6
"""R prints eight decimals of estimates, six of degrees of freedom."""


def wandering(rng, n, rho=0.5):
    """Give errors that carry on from year to year (AR1) with standard deviation 1."""
    e = rng.normal(size=(n, len(YEARS)))
    for t in range(1, len(YEARS)):
        e[:, t] = rho * e[:, t - 1] + np.sqrt(1 - rho**2) * e[:, t]
    return e


def schools(rng, *, effect=0.0, n=60, treated_n=20, districts=None, icc=0.4, gaps=False, drift=0.0):
    """Make a district of schools whose treated ones lie lower and are visited by the same years as all."""
    cluster = np.arange(n) if districts is None else np.repeat(np.arange(len(districts)), districts)
    treated = cluster < treated_n
    e = wandering(rng, len(cluster))
    if districts is not None:
        e = np.sqrt(1 - icc) * e + np.sqrt(icc) * wandering(rng, len(districts))[cluster]
    since = YEARS - START
    y = 50 - 2 * treated[:, None] + rng.normal(0, 2, (len(cluster), 1)) + rng.normal(0, 1, len(YEARS)) + e
    y = y + treated[:, None] * (effect * (since >= 0) + drift * since)
    row = np.repeat(np.arange(len(cluster)), len(YEARS))
    columns = {"school": row, "year": np.tile(YEARS, len(cluster)), "y": y.ravel(), "treated": treated[row] * 1}
    frame = pd.DataFrame({**columns, "district": cluster[row]})
    if gaps:
        lost = ((frame["year"] == 2011) & (row % 3 == 0)) | ((frame["year"] == 2016) & (row % 4 == 1))
        frame = frame[~lost]
    return frame


def six():
    """Give three treated and three other schools over four years: changes of 4, 6, 5 against 1, 2, 0."""
    values = [[1, 2, 5, 6], [2, 2, 8, 8], [1, 3, 6, 8], [3, 3, 4, 4], [1, 2, 3, 4], [4, 5, 5, 4]]
    frame = pd.DataFrame({"school": np.repeat(list("abcdef"), 4), "year": np.tile([2013, 2014, 2015, 2016], 6)})
    return frame.assign(y=np.ravel(values).astype(float), treated=frame["school"].isin(["a", "b", "c"]) * 1)


@pytest.fixture(scope="module")
def drawn():
    return pd.read_csv(ORACLES / "did_panel.csv").assign(first=lambda d: np.where(d["treated"] == 1, 2018, np.nan))


@pytest.fixture(scope="module")
def found():
    return did(schools(np.random.default_rng(1), effect=1.5), **GROUP, unit_of="score", label="Reading", seed=1)


def test_estimate_and_interval_of_six_schools_by_hand():
    got = did(six(), **GROUP)
    half = student.ppf(0.975, 4) * np.sqrt(1 / 3 + 1 / 3)  # both variances of the three changes are 1
    assert [got.value, got.low, got.high, got.df] == pytest.approx([4, 4 - half, 4 + half, 4])


@pytest.mark.parametrize(
    ("options", "value", "se", "df"),
    [
        ({}, 1.19939191, 0.34067292, 15.571350),
        ({"cluster": "district"}, 1.19939191, 0.47408412, 3.573626),
        ({"covariates": ["need"]}, 1.21359545, 0.33306389, 15.299208),
    ],
)
def test_with_missing_years_it_gives_what_clubsandwich_gives(drawn, options, value, se, df):
    got = did(drawn, **COLUMNS, first_treated="first", **options)
    assert [got.value, got.se, got.df] == pytest.approx([value, se, df], rel=TOLERANCE)


def test_each_year_against_the_last_before_is_what_clubsandwich_gives(drawn):
    got = did(drawn, **COLUMNS, first_treated="first").events.set_index("event")
    assert got.loc[-3, ["value", "se", "df"]].tolist() == pytest.approx([-1.94402833, 0.91175183, 15.498545], rel=1e-6)
    assert got.loc[-2, ["value", "se", "df"]].tolist() == pytest.approx([-0.20979348, 0.74365387, 15.068877], rel=1e-6)
    assert got.loc[1, ["value", "se", "df"]].tolist() == pytest.approx([0.11936307, 0.68565880, 14.842087], rel=1e-6)
    assert got.loc[2, ["value", "se", "df"]].tolist() == pytest.approx([1.44945389, 0.62179592, 15.498545], rel=1e-6)
    assert got.loc[-1, "base"] and got.loc[-1, "value"] == 0


def test_without_missing_years_it_is_the_comparison_of_changes(drawn):
    whole = drawn[drawn.groupby("school")["year"].transform("size") == 6]
    got = did(whole, **COLUMNS, first_treated="first")
    assert [got.value, got.se, got.df] == pytest.approx([1.08444872, 0.31111294, 12.403101], rel=TOLERANCE)


def test_a_missing_year_does_not_bias_where_the_mean_change_would():
    """The year 2014 was good for all; a school that lacks it seems to have gained more than the others."""
    frame = six().assign(y=lambda d: d["y"] / 100 + 3 * d["treated"] * (d["year"] >= 2015) + 10 * (d["year"] == 2014))
    gap = frame[~frame["school"].isin(["a", "b"]) | (frame["year"] != 2014)]
    whole, short = did(frame, **GROUP), did(gap, **GROUP)
    assert [whole.value, short.value] == pytest.approx([3.04, 3.04], abs=0.02)
    assert "2 units of 6 have no value in some year; each counts in the years it has." in short.limits


def test_all_ways_to_say_who_was_treated_agree(drawn):
    one = did(drawn, **COLUMNS, first_treated="first")
    group = did(drawn, **COLUMNS, treated="treated", start=2018)
    turned = did(drawn.assign(on=drawn["treated"] * (drawn["year"] >= 2018)), **COLUMNS, treated="on")
    infinite = did(drawn.assign(first=drawn["first"].fillna(np.inf)), **COLUMNS, first_treated="first")
    assert one.value == group.value == turned.value == infinite.value
    assert one.low == group.low == turned.low == infinite.low


def test_order_names_and_scale_change_nothing_else(drawn):
    one = did(drawn, **COLUMNS, first_treated="first", cluster="district")
    mixed = drawn.sample(frac=1, random_state=3)
    assert did(mixed, **COLUMNS, first_treated="first", cluster="district").plain() == one.plain()
    scaled = did(drawn.assign(y=1000 * drawn["y"] + 7), **COLUMNS, first_treated="first", cluster="district")
    assert [scaled.value, scaled.se, scaled.df] == pytest.approx([1000 * one.value, 1000 * one.se, one.df])
    assert scaled.p == pytest.approx(one.p) and scaled.pretrend.p == pytest.approx(one.pretrend.p)
    before = drawn.copy()
    did(drawn, **COLUMNS, first_treated="first")
    pd.testing.assert_frame_equal(drawn, before)


def test_weights_count_like_copies():
    frame = schools(np.random.default_rng(4), n=12, treated_n=5)
    heavy = frame.assign(w=np.where(frame["school"] % 2 == 0, 2, 1))
    copies = pd.concat([frame, frame[frame["school"] % 2 == 0].assign(school=lambda d: d["school"] + 100)])
    assert did(heavy, **GROUP, weights="w").value == pytest.approx(did(copies, **GROUP).value)


def test_power_is_told_without_the_estimate(found):
    frame = schools(np.random.default_rng(1), effect=1.5)
    power = did(frame, **GROUP, unit_of="score", look="power")
    assert not hasattr(power, "value") and power.mdes == pytest.approx(found.mdes)
    assert f"{found.value:.1f}" not in power.text


def test_the_card_is_given_baselines_and_counts(found):
    card = found.evidence
    assert (card.units, card.clusters, card.assignment) == ((20, 40), None, "not random")
    row = card.baseline.iloc[0]
    assert row["treated_mean"] < row["comparison_mean"] and (row["treated_n"], row["comparison_n"]) == (20, 40)
    assert found.asked["start"] == START and found.sd == pytest.approx(2.2, abs=0.4)


def test_words_go_no_further_than_the_design(found):
    text = found.plain().lower()
    assert "consistent with an increase" in text and "simpler comparisons mislead" in text
    assert not [word for word in ("significant", "proves", "caused", "no effect") if word in text]
    one_before = schools(np.random.default_rng(1), effect=3.0).query("year >= 2014")
    assert did(one_before, **GROUP, assignment="random").claim == "estimate"
    short = did(one_before, **GROUP)
    assert short.claim == "compare" and short.pretrend is None and "consistent with" not in short.text


@pytest.mark.slow
def test_a_planted_effect_is_recovered_over_1000_districts_with_missing_years():
    got = recover(lambda rng: schools(rng, effect=0.3, gaps=True), lambda frame: did(frame, **GROUP), 0.3)
    assert got.holds(), got


@pytest.mark.slow
def test_eight_uneven_districts_three_of_them_treated_raise_few_false_alarms():
    sizes = [5, 11, 8, 4, 6, 9, 3, 13]
    got = recover(
        lambda rng: schools(rng, districts=sizes, treated_n=3, gaps=True),
        lambda frame: did(frame, **GROUP, cluster="district"),
        0.0,
    )
    assert got.holds() and 0.03 <= got.found <= 0.07, got


def test_two_small_treated_districts_of_eight_are_refused_since_the_interval_would_say_nothing():
    frame = schools(np.random.default_rng(0), districts=[3, 5, 8, 4, 6, 9, 12, 13], treated_n=2)
    with pytest.raises(InputError, match="degrees of freedom: too few clusters"):
        did(frame, **GROUP, cluster="district")


@pytest.mark.slow
def test_the_years_before_raise_few_false_alarms_and_find_what_they_say_they_would():
    """The drift said to be found four times in five is; and it moves the estimate by as much as is said."""
    false, joint, seen, moved = [], [], [], []
    usual = did(schools(np.random.default_rng(0), n=40, treated_n=15), **GROUP).pretrend
    size = float(np.mean([did(schools(np.random.default_rng(s), n=40, treated_n=15), **GROUP).pretrend.found
                          for s in range(1000, 1060)]))  # fmt: skip
    for seed in range(250):
        frame = schools(np.random.default_rng(seed), n=40, treated_n=15)
        still = did(frame, **GROUP)
        drifting = did(frame.assign(y=frame["y"] + size * frame["treated"] * (frame["year"] - START)), **GROUP)
        false.append(still.pretrend.p < 0.05)
        joint.append(still.pretrend.joint_p < 0.05)
        seen.append(drifting.pretrend.p < 0.05)
        moved.append(drifting.value - still.value)
    assert 0.02 <= np.mean(false) <= 0.08 and 0.02 <= np.mean(joint) <= 0.08
    assert 0.73 <= np.mean(seen) <= 0.87
    assert moved == pytest.approx([4 * size] * 250)  # means of years 0..2 and -5..-1 lie four years apart
    assert usual.left == pytest.approx(4 * usual.found)


# Straying trends


def test_smooth_intervals_are_those_that_honestdid_prints():
    smooth = Smooth(medicaid())
    printed = {0.01: (0.0132, 0.0787), 0.02: (0.00286, 0.0907), 0.03: (-0.00714, 0.101), 0.05: (-0.0271, 0.121)}
    for m, ends in printed.items():
        assert smooth.at(m)[:2] == pytest.approx(ends, abs=6e-4 if max(ends) > 0.1 else 1e-4)


@pytest.mark.parametrize(
    ("m", "low", "high"), [(0.5, 0.0240, 0.0672), (1, 0.0170, 0.0720), (1.5, 0.00824, 0.0797), (2, -0.000916, 0.0881)]
)
def test_relative_intervals_hold_those_of_honestdid_and_are_little_wider(m, low, high):
    ours = relative(medicaid(), m)
    assert ours[0] <= low and high <= ours[1]
    assert ours[1] - ours[0] <= 1.15 * (high - low)


def test_without_straying_the_interval_is_that_of_the_path(found):
    got = sensitivity(found, at="first", grid=[0.0])
    row = found.events.set_index("event").loc[0]
    free = found.events["df"].min()
    assert got.frame.loc[0, "range_low"] == pytest.approx(row["value"])
    assert got.frame.loc[0, "high"] - got.frame.loc[0, "low"] == pytest.approx(row["high"] - row["low"], rel=0.01)
    assert free <= row["df"]


def test_a_drift_in_a_straight_line_is_taken_out_whole():
    frame = schools(np.random.default_rng(2), effect=1.0)
    drifting = frame.assign(y=frame["y"] + 5 * frame["treated"] * (frame["year"] - START))
    one, two = (sensitivity(did(f, **GROUP), rule="smooth", grid=[0.0, 0.1]) for f in (frame, drifting))
    np.testing.assert_allclose(one.frame, two.frame, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("rule", ["relative", "smooth"])
def test_breakdown_is_where_the_interval_meets_zero(found, rule):
    limit = sensitivity(found, rule=rule).breakdown
    inside, outside = sensitivity(found, rule=rule, grid=[limit * 0.999, limit * 1.001]).frame["low"]
    assert inside > 0 >= outside
    wide = sensitivity(found, rule=rule).frame
    assert (wide["high"] - wide["low"]).diff().dropna().gt(0).all()


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "m"), [("relative", 1.0), ("smooth", 0.05)])
def test_the_interval_covers_when_trends_stray_within_m_and_the_plain_one_does_not(rule, m):
    strays = {
        "relative": np.array([-0.3, 0, 0, 0, 0, 0.3, 0.6, 0.9]),  # worst before: 0.3 a year; after: 0.3 a year
        "smooth": np.array([-0.8, -0.6, -0.4, -0.2, 0, 0.25, 0.55, 0.9]),  # drift 0.2, bending by 0.05 a year
    }[rule]
    plain = []

    def run(frame):
        path = did(frame, **GROUP)
        zero = sensitivity(path, grid=[0.0]).frame.iloc[0]
        plain.append(zero["low"] <= 0.5 <= zero["high"])
        row = sensitivity(path, rule=rule, grid=[m]).frame.iloc[0]
        return SimpleNamespace(value=0.0, low=row["low"], high=row["high"])

    def make(rng):
        frame = schools(rng, effect=0.5, n=40, treated_n=15)
        return frame.assign(y=frame["y"] + frame["treated"] * strays[frame["year"] - 2010])

    assert recover(make, run, 0.5).covered >= 0.93
    assert np.mean(plain) < 0.8


def test_sensitivity_says_what_it_needs(found):
    for options, match in (
        ({"rule": "smoth"}, "did you mean 'smooth'"),
        ({"grid": [-1]}, "negative"),
        ({"at": 9.0}, "not a year from the start on"),
    ):
        with pytest.raises(InputError, match=match):
            sensitivity(found, **options)
    with pytest.raises(InputError, match="two years before the start"):
        sensitivity(did(schools(np.random.default_rng(1)).query("year >= 2014"), **GROUP))
    with pytest.raises(InputError, match="what did or staggered returns"):
        sensitivity("found")
    said = sensitivity(did(schools(np.random.default_rng(2)), **GROUP))
    assert said.breakdown == 0 and "straying can only widen it" in said.text


# Figures


def test_the_figures_draw_the_path_and_the_intervals(found):
    figure = charts.event_study(found)
    assert figure.drawn["event"] == [-5, -4, -3, -2, -1, 0, 1, 2]
    assert figure.drawn["value"][4] == 0 and figure.drawn["low"][4] is None
    assert figure.title == "Reading: higher than expected in all 3 years from the start on"
    assert (
        "Year −1: the year compared with." in figure.alt
        and f"Year +2: +{found.events['value'].iloc[-1]:.1f} (95% interval" in figure.alt
    )
    limit = sensitivity(found)
    drawn = charts.sensitivity(limit)
    assert drawn.drawn["m"] == [0, 0.5, 1, 1.5, 2] and f"{limit.breakdown:.2f}" in drawn.title
    assert "Strayed at most 0.5 times as before" in drawn.alt
    assert "bend by" in charts.sensitivity(sensitivity(found, rule="smooth")).title


# Refusals


def spoiled(**changes):
    return six().assign(**changes)


@pytest.mark.parametrize(
    ("frame", "options", "match"),
    [
        (spoiled(treated=1), {}, "no unit stays untreated: all started at once"),
        (spoiled(treated=0), {}, "no unit is treated in any year"),
        (
            six()[lambda d: ~d["school"].isin(["a", "b"])],
            {},
            "one treated unit .* needs at least two units on each side",
        ),
        (six()[lambda d: ~d["school"].isin(["d", "e"])], {}, "one untreated unit"),
        (six()[lambda d: d["year"] >= 2015], {}, "treated already in 2015, the first year"),
        (six()[lambda d: d["year"] <= 2014], {}, "no unit is treated in any year"),
        (spoiled(y=5.0), {}, "never changes within a unit"),
        (spoiled(y=lambda d: d["year"] * 1.0), {}, "changes do not vary between units"),
        (pd.concat([six(), six()[:1]]), {}, "share their school and year"),
        (spoiled(treated=[0, 1, 0, 0] * 2 + [0] * 16), {"start": None}, "is switched off again in a and b"),
        (spoiled(treated=[0, 1, 0, 0] * 2 + [0] * 16), {}, "changes within a and b, and a start is given too"),
        (six(), {"start": None}, "never turns on within a unit"),
        (spoiled(first=2015), {"first_treated": "first"}, "is told twice"),
        (spoiled(first=[2014, 2015] * 12), {"first_treated": "first", "treated": None}, "first treated year changes"),
        (
            spoiled(first=[2014] * 4 + [2015] * 4 + [0] * 16),
            {"first_treated": "first", "treated": None},
            "use staggered",
        ),
        (six()[:2], {}, "2 rows"),
        (spoiled(c=1), {"cluster": "c"}, "one treated cluster"),
        (spoiled(c=lambda d: d["year"]), {"cluster": "c"}, "the cluster changes within"),
        (spoiled(w=0), {"weights": "w"}, "not above zero"),
        (spoiled(x=1), {"covariates": ["x"]}, "is the same for all units"),
        (
            spoiled(x=[1] * 4 + [2] * 20, z=[2] * 4 + [4] * 20),
            {"covariates": ["x", "z"]},
            "say the same as one another",
        ),
        (spoiled(y="high"), {}, "does not hold a finite number"),
        (six(), {"unit": "schol"}, "did you mean 'school'"),
        (six(), {"unit_of": "inches"}, "is not a unit"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_it_cannot_work_with_is_refused_with_what_it_needs(frame, options, match):
    with pytest.raises(InputError, match=match):
        did(frame, **{**GROUP, **options})
