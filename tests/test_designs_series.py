"""Interrupted series: R's numbers, honest coverage alone and beside comparison units, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from truth import recover

from leadlib import charts, designs
from leadlib.designs.interrupted.alone import LEAST, columns, mean_contrast
from leadlib.designs.interrupted.autocorrelated import weighed
from leadlib.designs.interrupted.beside import analysis
from leadlib.designs.interrupted.table import Wide
from leadlib.errors import InputError
from leadlib.verify import _row, numbers

R_DIGITS = 1e-8  # R printed ten digits
ROLES = {"outcome": "score", "unit": "school", "time": "year", "treated": "treated", "start": 2005}


def oracle(root):
    frame = pd.read_csv(root / "tests/oracles/series_panel.csv", dtype={"school": str, "district": str})
    return frame, frame[~frame["school"].isin(frame["school"][frame["score"].isna()])]


def noise(rng, rows, years, rho):
    """Draw errors of variance one whose neighbors correlate by rho."""
    z = rng.normal(size=(rows, years))
    e = z.copy()
    for k in range(1, years):
        e[:, k] = rho * e[:, k - 1] + np.sqrt(1 - rho**2) * z[:, k]
    return e


def panel(rng, *, effect=0.0, rho=0.3, clusters=0, gaps=0.0, shock=1.0):
    """Draw 60 schools in 8 years, 5 before; treated ones have steeper trends. Clusters have 2 to 13 schools."""
    sizes = rng.permutation([2, 4, 5, 6, 8, 10, 12, 13]) if clusters else np.ones(60, int)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    n, years = len(cluster), np.arange(8.0)
    treated = cluster % 2 == 0
    y = noise(rng, n, 8, rho) + rng.normal(0, 2, n)[:, None] + rng.normal(0, 0.2, n)[:, None] * years
    y += rng.normal(0, shock, 8)
    if clusters:
        y += (0.5 * rng.normal(size=(8, 8)))[cluster] + rng.normal(0, 0.15, 8)[cluster][:, None] * years
    y[treated] += 0.3 * years
    y[np.ix_(treated, years >= 5)] += effect
    y[rng.random(y.shape) < gaps] = np.nan
    ids = np.array([f"s{k:02d}" for k in range(n)], dtype=object)
    return Wide(ids, years, y, treated, cluster.astype(str).astype(object), None, years < 5, ())


def long(wide):
    """Turn such a panel into a table."""
    unit, year = np.nonzero(np.isfinite(wide.values))
    return pd.DataFrame(
        {
            "school": wide.units[unit],
            "year": year + 2000,
            "score": wide.values[unit, year],
            "treated": wide.treated[unit].astype(int),
            "district": wide.clusters[unit],
        }
    )


def with_interval(wide, baseline="trend"):
    found = analysis(wide, baseline)[2]
    low, high = designs.estimates.interval(found.value, found.se, found.df, 0.95)
    return SimpleNamespace(value=found.value, low=low, high=high)


def one_series(rng, before, after, rho, effect=0.0):
    times = np.arange(before + after, dtype=float)
    y = 3 + 0.2 * times + noise(rng, 1, before + after, rho)[0] + effect * (times >= before)
    return pd.DataFrame({"year": times + 2000, "score": y})


def alone_interval(frame, before):
    times = frame["year"].to_numpy() - 2000
    fit = weighed(frame["score"], columns(times, before), times)
    value, _, low, high, _ = fit.contrast(mean_contrast(times, before), 0.95)
    return SimpleNamespace(value=value, low=low, high=high)


# R 4.2.2, lm and clubSandwich 0.5.8: tests/oracles/make_series_oracle.R
@pytest.mark.parametrize(
    ("complete", "baseline", "cluster", "value", "se", "df"),
    [
        (True, "trend", None, 1.10637037, 1.650500587, 16.79069767),
        (True, "trend", "district", 1.10637037, 1.99835401, 4.598726115),
        (True, "mean", None, -1.835407407, 1.748853834, 16.79069767),
        (True, "mean", "district", -1.835407407, 2.051026346, 4.598726115),
        (False, "trend", "district", 1.327225028, 1.367212061, 5.336282016),
        (False, "mean", "district", -1.15916518, 1.61528847, 5.336282016),
    ],
)
def test_forecast_deviations_equal_those_of_r_with_complete_and_missing_years(
    root, complete, baseline, cluster, value, se, df
):
    found = designs.series(oracle(root)[complete], cluster=cluster, baseline=baseline, **ROLES)
    assert [found.value, found.se, found.df] == pytest.approx([value, se, df], rel=R_DIGITS)


def test_each_year_equals_r_and_averages_to_the_whole(root):
    rows = designs.series(oracle(root)[1], cluster="district", **ROLES).table.set_index("measure")["value"]
    years = [rows[f"In {y}"] for y in (2005, 2006, 2007)]
    assert years == pytest.approx([0.855, 1.006, 1.458111111], rel=R_DIGITS)
    assert rows["score"] == pytest.approx(np.mean(years))
    level, slope = rows["Level in the first year"], rows["Change in slope, a year"]
    assert level + slope == pytest.approx(rows["score"])


def test_michigans_schools_of_poor_districts_after_the_reform_equal_r(root):
    data = root / "data/michigan-1993-98"
    read = {"dtype": {"school_id": str, "leaid": str}, "na_values": ["not_reported", "not_applicable"]}
    rows = pd.read_csv(data / "outcomes.csv.gz", **read).dropna(subset=["value"])
    spend = pd.read_csv(data / "budget.csv.gz", **read)
    schools = pd.read_csv(data / "schools.csv.gz", **read)
    early = spend[spend["year"] == 1993].dropna(subset=["spend_per_pupil_real_usd"]).merge(schools, on="school_id")
    district = early.groupby("leaid")["spend_per_pupil_real_usd"].mean()
    rows = rows.merge(schools[["school_id", "leaid"]], on="school_id")
    rows = rows[rows["leaid"].isin(district.index)]
    rows = rows[rows.groupby("school_id")["year"].transform("size") == 6]
    rows = rows.assign(low=(rows["leaid"].map(district) < district.median()).astype(int))
    asked = {"outcome": "value", "unit": "school_id", "time": "year", "start": 1994}
    found = designs.series(rows, treated="low", cluster="leaid", baseline="mean", unit_of="pct", **asked)
    assert [found.value, found.se, found.df] == pytest.approx([0.1633602314, 1.2779101476, 80.68487499], rel=R_DIGITS)
    assert sum(found.evidence.units) == 1268 and sum(found.evidence.clusters) == 318
    assert found.unit == "pct_points"
    with pytest.raises(InputError, match=r"has 2 years before it, where an earlier trend takes 3 .*baseline=\"mean\""):
        designs.series(rows, treated="low", cluster="leaid", **asked)
    with pytest.raises(InputError, match="has 2 years before it; a series without comparison units needs 8"):
        designs.series(rows, **asked)


def test_the_published_numbers_that_need_no_file_come_out():
    shown = [_row(area, number, None) for area, number in numbers(["series"]) if not number.needs]
    assert len(shown) == 9
    assert [row[1] for row in shown if row[7] != "same"] == []


@pytest.mark.parametrize(("before", "after"), [(8, 3), (14, 4)])
@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_alone_over_1000_series_the_interval_holds(before, after, rho):
    found = recover(
        lambda rng: one_series(rng, before, after, rho, effect=1.5), lambda f: alone_interval(f, before), 1.5
    )
    assert found.holds(), found


def test_alone_over_1000_series_of_no_effect_one_in_twenty_is_found():
    found = recover(lambda rng: one_series(rng, 12, 4, 0.3), lambda f: alone_interval(f, 12), 0.0)
    assert found.holds() and 0.03 <= found.found <= 0.07, found


def test_alone_the_result_is_what_the_truth_tests_hold():
    frame = one_series(np.random.default_rng(5), 10, 3, 0.3, effect=2.0)
    found, by_hand = designs.series(frame, outcome="score", time="year", start=2010), alone_interval(frame, 10)
    assert [found.value, found.low, found.high] == pytest.approx([by_hand.value, by_hand.low, by_hand.high])


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_over_1000_panels_of_60_schools_with_missing_years_the_interval_holds(rho):
    found = recover(lambda rng: panel(rng, effect=0.5, rho=rho, gaps=0.1, shock=3.0), with_interval, 0.5)
    assert found.holds(), found


def test_the_result_is_what_the_truth_tests_hold():
    wide = panel(np.random.default_rng(11), effect=0.5, clusters=8, gaps=0.1)
    found, by_hand = designs.series(long(wide), cluster="district", **ROLES), with_interval(wide)
    assert [found.value, found.low, found.high] == pytest.approx([by_hand.value, by_hand.low, by_hand.high])


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_over_1000_panels_of_8_unequal_clusters_with_missing_years_the_interval_holds(rho):
    found = recover(lambda rng: panel(rng, effect=1.0, rho=rho, clusters=8, gaps=0.1), with_interval, 1.0)
    assert found.holds(), found


def test_over_1000_panels_of_no_effect_one_in_twenty_is_found_in_8_clusters_and_without():
    for clusters in (0, 8):
        found = recover(lambda rng, c=clusters: panel(rng, clusters=c), with_interval, 0.0)
        assert found.holds() and 0.03 <= found.found <= 0.07, found


def test_an_earlier_mean_takes_a_steeper_trend_for_an_effect_and_the_forecast_does_not():
    made = [panel(np.random.default_rng(k)) for k in range(60)]
    trend, mean = (np.mean([with_interval(w, b).value for w in made]) for b in ("trend", "mean"))
    assert abs(trend) < 0.15 and mean == pytest.approx(0.3 * 4, abs=0.2)


def test_a_year_that_moves_all_schools_is_not_read_as_the_schools_own_where_some_miss_it():
    wide = panel(np.random.default_rng(3), gaps=0.1)
    moved = wide.values + np.where(wide.times == 2, 50.0, 0.0)
    after = Wide(wide.units, wide.times, moved, wide.treated, wide.clusters, None, wide.before, ())
    assert with_interval(after).value == pytest.approx(with_interval(wide).value)


def test_false_starts_are_few_where_nothing_came_and_said_to_be_many_where_trends_bend():
    rng = np.random.default_rng(1)
    frame = one_series(rng, 20, 4, 0.0)
    calm = designs.series(frame, outcome="score", time="year", start=2020)
    assert len(calm.placebos) == 15 and not any("stand out" in limit for limit in calm.limits)
    bent = frame.assign(score=frame["score"] - 0.1 * (frame["year"] - 2010) ** 2)
    found = designs.series(bent, outcome="score", time="year", start=2020)
    assert any("stand out like a true one" in limit for limit in found.limits)


def test_a_series_alone_compares_and_says_that_it_cannot_say_what_made_the_difference():
    found = designs.series(one_series(np.random.default_rng(2), 14, 4, 0.2, effect=6), outcome="score", time="year",
                           start=2014)  # fmt: skip
    assert (
        found.claim == "compare"
        and "higher for" in found.text
        and "does not say what made the difference" in found.text
    )
    assert any("cannot say what made the difference" in limit for limit in found.limits)
    assert not [w for w in ("caused", "significant", "no effect", "proves") if w in found.plain().lower()]


def test_several_treated_schools_alone_are_averaged_over_those_seen_every_year():
    frame = long(panel(np.random.default_rng(4)))
    more = pd.concat([frame.assign(year=frame["year"] - 8), frame])
    gone = more.drop(index=more[(more["school"] == "s00") & (more["year"] == 1999)].index)
    one, two = (
        designs.series(f, outcome="score", unit="school", time="year", start=2005)
        for f in (gone, more[more["school"] != "s00"])
    )
    assert one.value == two.value and any("1 school without a value in every year" in limit for limit in one.limits)


def test_row_order_and_units_change_nothing_but_the_scale(root):
    frame = oracle(root)[0]
    asked = {"cluster": "district", **ROLES}
    one, two = designs.series(frame, **asked), designs.series(frame.sample(frac=1, random_state=3), **asked)
    assert one.plain() == two.plain() and one.value == two.value
    large = designs.series(frame.assign(score=frame["score"] * 1000), **asked)
    assert [large.value, large.low, large.df, large.p] == pytest.approx([one.value * 1e3, one.low * 1e3, one.df, one.p])
    series = one_series(np.random.default_rng(0), 12, 3, 0.3)
    small, same = (
        designs.series(f, outcome="score", time="year", start=2012)
        for f in (series.assign(score=series["score"] / 1000), series)
    )
    assert [small.value * 1e3, small.high * 1e3, small.p] == pytest.approx([same.value, same.high, same.p])


def test_power_hides_the_estimate(root):
    found = designs.series(oracle(root)[0], cluster="district", look="power", **ROLES)
    assert not hasattr(found, "value") and found.mdes > 0 and found.mdes_sd > 0


@pytest.mark.parametrize(
    ("make", "asked", "said"),
    [
        (lambda f: f, {"start": 2010}, "no row lies at or after it"),
        (lambda f: f, {"start": 1990}, "no row lies before it"),
        (lambda f: f, {"start": 2002}, r"has 2 years before it, where an earlier trend takes 3"),
        (lambda f: f, {"start": 2001, "baseline": "mean"}, r"has 1 year before it"),
        (lambda f: f.assign(score=5.0), {}, "has the same value in every row"),
        (lambda f: f.assign(treated=1), {}, "every school is treated"),
        (lambda f: f.assign(treated=0), {}, "no school is treated"),
        (lambda f: f.assign(treated=(f["school"] == "s00").astype(int)), {}, "has 1 school in one group"),
        (
            lambda f: f.assign(district=f["treated"].map({0: "a", 1: "b"})),
            {"cluster": "district"},
            "lies in one district",
        ),
        (
            lambda f: f.assign(treated=((f["treated"] == 1) & (f["year"] > 2004)).astype(int)),
            {},
            "changes within school",
        ),
        (lambda f: f.head(2), {}, "has 2 rows"),
        (lambda f: pd.concat([f, f.head(1)]), {}, "share their school and year"),
        (lambda f: f.assign(year=f["year"] + 0.5), {}, "holds parts of a period"),
        (lambda f: f, {"baseline": "line"}, "use one of: trend, mean"),
        (lambda f: f.assign(score=f["year"] * 1.0), {}, "leave their forecasts alike"),
        (lambda f: f.drop(columns="score"), {}, "'score': is not in the table"),
    ],
)
def test_what_no_comparison_can_be_made_of_is_refused_with_what_it_needs(make, asked, said):
    with pytest.raises(InputError, match=said):
        designs.series(make(long(panel(np.random.default_rng(0)))), **{**ROLES, **asked})


def test_alone_too_few_years_a_constant_and_a_line_are_refused():
    asked = {"outcome": "score", "time": "year"}
    frame = one_series(np.random.default_rng(0), LEAST - 1, 3, 0.0)
    with pytest.raises(InputError, match=r"has 7 years before it; .* needs 8 .*92 of 100"):
        designs.series(frame, start=2000 + LEAST - 1, **asked)
    line = pd.DataFrame({"year": range(2000, 2012), "score": [0.1 * k for k in range(12)]})
    with pytest.raises(InputError, match="lies on straight lines"):
        designs.series(line, start=2009, **asked)


def test_alone_a_missing_year_keeps_its_place():
    frame = one_series(np.random.default_rng(7), 12, 3, 0.5, effect=2)
    found = designs.series(frame[frame["year"] != 2005], outcome="score", time="year", start=2012)
    assert any("No unit has a value in 2005" in limit for limit in found.limits)
    assert len(found.frame) == 14 and found.low < found.value < found.high


def test_the_figure_draws_observed_expected_and_comparison_and_says_the_finding(root):
    found = designs.series(oracle(root)[0], cluster="district", label="Attendance", unit_of="pct", **ROLES)
    figure = charts.interruption(found)
    assert figure.title.startswith("Attendance: from 2005 on not told apart from")
    assert figure.drawn["time"] == list(range(2000, 2008)) and len(figure.drawn["comparison"]) == 8
    effect = np.subtract(figure.drawn["treated"][5:], figure.drawn["expected"][5:])
    assert effect.mean() == pytest.approx(found.value, abs=1e-3)
    assert "95% interval" in figure.alt and "2007:" in figure.alt
    strong = one_series(np.random.default_rng(2), 14, 4, 0.0, effect=6)
    alone = charts.interruption(designs.series(strong, outcome="score", time="year", start=2014))
    assert "above the trend of the years before" in alone.title and alone.png[:4] == b"\x89PNG"
