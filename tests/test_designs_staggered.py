"""Several starts: R's numbers, planted effects where the usual regression fails, few units, bands, refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from simulate_oracles import scores
from truth import recover

from leadlib import charts, simulate
from leadlib.designs import did, sensitivity, staggered
from leadlib.errors import InputError
from leadlib.verify.differences import counties

ORACLES = Path(__file__).parent / "oracles"
YEARS = np.arange(2010, 2018)
COLUMNS = {"outcome": "y", "unit": "school", "time": "year", "first_treated": "first"}
AS_R = {"base": "moving", "cohort_sizes": "sampled", "small_sample": False}
EXACT = 1e-9
"""R's figures are kept to twelve digits."""
WAVES = {2013: (15, 0.30), 2014: (12, 0.15), 2016: (10, 0.06)}
"""Start: schools, and what each further year with the program adds."""


def waved(rng, *, waves=WAVES, never=23, gaps=False, rho=0.5, districts=None, factor=1.0):
    """Make schools that start in waves, earlier ones gaining more with each year; errors carry on (AR1)."""
    first = np.repeat([*waves, 0], [*(n for n, _ in waves.values()), never])
    step = np.repeat([*(s for _, s in waves.values()), 0.0], [*(n for n, _ in waves.values()), never])
    e = rng.normal(size=(len(first), len(YEARS)))
    for t in range(1, len(YEARS)):
        e[:, t] = rho * e[:, t - 1] + np.sqrt(1 - rho**2) * e[:, t]
    since = np.where(first[:, None] > 0, np.maximum(YEARS - first[:, None] + 1, 0), 0)
    y = 20 - (first[:, None] > 0) + rng.normal(0, 2, (len(first), 1)) + rng.normal(0, 1, len(YEARS)) + e
    row = np.repeat(np.arange(len(first)), len(YEARS))
    frame = pd.DataFrame({"school": row, "year": np.tile(YEARS, len(first)), "first": first[row]})
    frame["y"] = (y + factor * step[:, None] * since).ravel()
    if districts is not None:
        own = np.concatenate([np.arange(n) % k + 100 * j for j, (n, k) in enumerate(districts)])
        shock = rng.normal(0, 0.7, (own.max() + 1, len(YEARS)))
        frame["district"] = own[row]
        frame["y"] += shock[own].ravel()
    if gaps:
        lost = ((frame["year"] == 2011) & (row % 3 == 0)) | ((frame["year"] == 2016) & (row % 4 == 1))
        frame = frame[~lost]
    return frame


def planted(waves=WAVES):
    """Give the mean over all treated schools and years."""
    cells = [(n, s * (y - g + 1)) for g, (n, s) in waves.items() for y in YEARS if y >= g]
    return float(np.average([v for _, v in cells], weights=[n for n, _ in cells]))


def usual(got):
    """Read the two-way regression's coefficient from the check that tells it."""
    return float(got.checks[1].split("gives ")[1].split(" ")[0].replace("−", "-"))


@pytest.fixture(scope="module")
def found():
    return staggered(waved(np.random.default_rng(3)), **COLUMNS, label="Reading", unit_of="score", seed=1)


@pytest.mark.parametrize("scenario", ["never", "not yet", "covariate"])
def test_every_cohort_and_year_is_as_in_r_did(scenario):
    expected = pd.read_csv(ORACLES / "did_group_time.csv").query("scenario == @scenario")
    more = {"covariates": ["lpop"]} if scenario == "covariate" else {}
    controls = "not yet" if scenario == "not yet" else "never"
    got = staggered(
        counties(), outcome="lemp", unit="county", time="year", first_treated="first_treated", controls=controls,
        **AS_R, **more,
    ).cells.sort_values(["cohort", "year"])  # fmt: skip
    assert got[["cohort", "year"]].to_numpy().tolist() == expected[["group", "t"]].to_numpy().tolist()
    np.testing.assert_allclose(got["value"], expected["att"], atol=EXACT)
    np.testing.assert_allclose(got["se"], expected["se"], atol=EXACT)


@pytest.mark.parametrize("scenario", ["never", "not yet", "covariate"])
@pytest.mark.parametrize(("how", "named"), [("dynamic", "dynamic"), ("cohort", "group"), ("calendar", "calendar")])
def test_every_average_is_as_in_r_did(scenario, how, named):
    expected = pd.read_csv(ORACLES / "did_averages.csv").query("scenario == @scenario and type == @named")
    more = {"covariates": ["lpop"]} if scenario == "covariate" else {}
    got = staggered(
        counties(), outcome="lemp", unit="county", time="year", first_treated="first_treated", aggregate=how,
        controls="not yet" if scenario == "not yet" else "never", **AS_R, **more,
    )  # fmt: skip
    assert [got.value, got.se] == pytest.approx(expected[["overall_att", "overall_se"]].iloc[0].tolist(), abs=EXACT)
    rows = got.table.iloc[1:]
    below = expected[expected["egt"] >= 0] if how == "dynamic" else expected
    np.testing.assert_allclose(rows["value"], below["att_egt"], atol=EXACT)
    np.testing.assert_allclose((rows["high"] - rows["low"]) / 2 / 1.959963985, below["se_egt"], atol=EXACT)


def test_small_sample_errors_are_a_little_larger_and_points_the_same():
    plain, ours = (
        staggered(counties(), outcome="lemp", unit="county", time="year", first_treated="first_treated", small_sample=s)
        for s in (False, True)
    )
    assert ours.value == plain.value
    assert 1 < ours.se / plain.se < 1.05 and ours.df < 499 and np.isinf(plain.df)


def test_one_start_gives_the_path_and_errors_of_two_groups():
    frame = waved(np.random.default_rng(1), waves={2014: (12, 0.3)})
    one = staggered(frame, **COLUMNS).events.set_index("event")
    two = did(frame, **COLUMNS).events.set_index("event")
    np.testing.assert_allclose(one[["value", "se"]], two[["value", "se"]], atol=1e-12)
    after = one.loc[0:]
    assert after["df"].to_numpy() == pytest.approx(two.loc[0:, "df"].to_numpy(), rel=1e-9)


@pytest.mark.slow
def test_planted_effects_are_recovered_where_the_usual_regression_is_biased():
    biased = []

    def run(frame):
        got = staggered(frame, **COLUMNS)
        biased.append(usual(got))
        return got

    got = recover(lambda rng: waved(rng, gaps=True), run, planted())
    assert got.holds(), got
    assert np.mean(biased) < planted() - 0.1


@pytest.mark.slow
def test_few_schools_in_uneven_waves_raise_few_false_alarms():
    waves = {2013: (3, 0.0), 2014: (5, 0.0), 2016: (2, 0.0)}
    got = recover(
        lambda rng: waved(rng, waves=waves, never=8, gaps=True),
        lambda frame: staggered(frame, **COLUMNS, controls="not yet"),
        0.0,
    )
    assert got.holds() and 0.03 <= got.found <= 0.07, got


@pytest.mark.slow
def test_eight_districts_in_two_waves_are_covered_as_often_as_said():
    waves = {2013: (9, 0.3), 2015: (7, 0.1)}
    got = recover(
        lambda rng: waved(rng, waves=waves, never=20, districts=[(9, 3), (7, 2), (20, 3)]),
        lambda frame: staggered(frame, **COLUMNS, cluster="district"),
        planted(waves),
    )
    assert got.holds(), got


@pytest.mark.slow
def test_the_band_holds_the_whole_path_as_often_as_it_says():
    """Nothing is planted: a band that leaves out zero anywhere is a false alarm."""

    def run(pair):
        path = staggered(pair[0], **COLUMNS, seed=pair[1]).events
        own = path[~path["base"]]
        inside = ((own["band_low"] <= 0) & (own["band_high"] >= 0)).all()
        return SimpleNamespace(value=0.0, low=-1.0 if inside else 1.0, high=2.0)

    got = recover(lambda rng: (waved(rng, factor=0.0), int(rng.integers(1000))), run, 0.0)
    assert 0.93 <= got.covered <= 0.985, (
        got
    )  # the least degrees of freedom of the path: rather too wide than too narrow


@pytest.mark.parametrize("seed", [1, 2])
def test_the_policy_planted_in_a_simulated_district_comes_back(seed):
    tables = simulate.simulate(300, 8, seed=seed)
    truth = simulate.truth(300, 8, seed=seed).drop_duplicates("parameter").set_index("parameter")["value"]
    starts = tables["program_starts"].query("program_id == 'literacy-block'").set_index("school_id")["first_year"]
    panel = scores(tables, "read").assign(first=lambda d: d["school_id"].map(starts))
    got = staggered(panel, outcome="read", unit="school_id", time="year", first_treated="first")
    assert got.low <= truth["policy_att"] <= got.high
    assert usual(got) < truth["policy_att"] - 0.03
    cells = got.cells[got.cells["event"] >= 0]
    for g, y, value, se in cells[["cohort", "year", "value", "se"]].to_numpy():
        assert abs(value - truth[f"policy_att_{g:.0f}_{y:.0f}"]) < 3.5 * se


def test_a_seed_gives_the_same_band_and_none_gives_none(found):
    frame = waved(np.random.default_rng(3))
    again = staggered(frame.sample(frac=1, random_state=1), **COLUMNS, label="Reading", unit_of="score", seed=1)
    assert again.plain() == found.plain()
    pd.testing.assert_frame_equal(again.events, found.events)
    other = staggered(frame, **COLUMNS, seed=2).events
    assert (other["band_high"] != found.events["band_high"]).any()
    assert "band_low" not in staggered(frame, **COLUMNS).events
    own = found.events[~found.events["base"]]
    assert (own["band_low"] < own["low"]).all() and (own["band_high"] > own["high"]).all()


def test_nothing_depends_on_the_hash_seed():
    code = (
        "import numpy as np, test_designs_staggered as t;"
        "g = t.staggered(t.waved(np.random.default_rng(0), gaps=True), **t.COLUMNS, seed=1);"
        "print(repr([g.value, g.se, g.df, *g.events['band_low']]), g.plain())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=Path(__file__).parent, env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "7")
    ]  # fmt: skip
    assert said[0] == said[1] and said[0].startswith("[")


def test_scale_and_never_marks_change_nothing_else(found):
    frame = waved(np.random.default_rng(3))
    scaled = staggered(frame.assign(y=frame["y"] * 1000 - 4), **COLUMNS)
    assert [scaled.value, scaled.se, scaled.df] == pytest.approx([1000 * found.value, 1000 * found.se, found.df])
    for mark in (np.nan, np.inf):
        marked = frame.assign(first=frame["first"].astype(float).replace(0.0, mark))
        assert staggered(marked, **COLUMNS).value == found.value


def test_weights_count_like_copies():
    frame = waved(np.random.default_rng(4))
    heavy = frame.assign(w=np.where(frame["school"] % 2 == 0, 2, 1))
    copies = pd.concat([frame, frame[frame["school"] % 2 == 0].assign(school=lambda d: d["school"] + 100)])
    assert staggered(heavy, **COLUMNS, weights="w").value == pytest.approx(staggered(copies, **COLUMNS).value)


def test_anticipation_moves_the_year_compared_with():
    frame = waved(np.random.default_rng(2))
    got = staggered(frame, **COLUMNS, anticipation=1)
    assert got.events.loc[got.events["base"], "event"].tolist() == [-2]
    assert (got.cells["cohort"] - got.cells["base_year"]).eq(2).all()


def test_schools_treated_from_the_first_year_or_after_the_last_are_named():
    frame = waved(np.random.default_rng(2))
    frame["first"] = frame["first"].replace(2013, 2010).mask(frame["school"] == 59, 2030)
    got = staggered(frame, **COLUMNS)
    assert "15 units treated from the first year on were left out." in got.limits
    assert "1 unit starting after the last year: counted as untreated." in got.limits
    assert sorted(got.cells["cohort"].unique()) == [2014, 2016]


def test_without_never_treated_the_last_wave_serves_until_it_starts():
    frame = waved(np.random.default_rng(2), never=0)
    got = staggered(frame, **COLUMNS, controls="not yet")
    assert got.cells["year"].max() == 2015
    assert any(said.startswith("Without two treated units and two comparisons") for said in got.limits)
    assert sum(got.evidence.units) == 37


def test_words_and_checks_say_what_was_done(found):
    text = found.plain()
    assert "The usual regression with unit and year effects gives" in text
    assert "would have been seen four times in five" in text
    assert not [w for w in ("significant", "proves", "caused", "no effect") if w in text.lower()]
    assert found.asked["controls"] == "never" and found.evidence.units == (37, 23)
    moving = staggered(waved(np.random.default_rng(3)), **COLUMNS, base="moving")
    assert moving.pretrend is None
    with pytest.raises(InputError, match="two years before the start"):
        sensitivity(moving)


def test_the_figure_draws_the_path_with_its_band(found):
    figure = charts.event_study(found)
    assert figure.drawn["event"] == found.events["event"].tolist()
    assert "from the start on" in figure.title and figure.png[:4] == b"\x89PNG"
    assert sensitivity(found).frame["m"].tolist() == [0, 0.5, 1, 1.5, 2]


def spoiled(**changes):
    return waved(np.random.default_rng(0), waves={2013: (4, 0.1), 2015: (4, 0.1)}, never=4).assign(**changes)


def only(keep):
    return spoiled()[lambda d: d["school"].isin(keep)]


@pytest.mark.parametrize(
    ("frame", "options", "match"),
    [
        (spoiled(first=0), {}, "no unit is treated in any year"),
        (spoiled(first=2013), {}, "no unit stays untreated: all started at once"),
        (spoiled(first=2013), {"controls": "not yet"}, "all started at once, and none is left"),
        (only(range(8)), {}, 'use controls="not yet"'),
        (spoiled(first=lambda d: d["first"].mask(d["first"] > 0, 2009)), {}, "treated already in 2010, the first year"),
        (only([0, 4, 5, 6, 7, 8, 9, 10]), {}, r"start 2013: one unit started then \(0\)"),
        (only(range(9)), {}, "one untreated unit"),
        (only([0, 1, 4, 5, 8, 9]), {}, "degrees of freedom: too few"),
        (spoiled(y=1.0), {}, "never changes within a unit"),
        (spoiled(y=lambda d: d["year"] * 1.0), {}, "changes do not vary between units"),
        (spoiled(first=lambda d: d["first"] + (d["year"] > 2014)), {}, "first treated year changes within"),
        (pd.concat([spoiled(), spoiled()[:1]]), {}, "share their school and year"),
        (spoiled(c=lambda d: d["first"]), {"cluster": "c"}, "one untreated cluster|one cluster started then"),
        (spoiled(x=1), {"covariates": ["x"]}, "is the same for all units"),
        (spoiled(), {"controls": "nevr"}, "did you mean 'never'"),
        (spoiled(), {"aggregate": "all"}, "is not one of the choices"),
        (spoiled()[:2], {}, "2 rows"),
        (spoiled()[lambda d: d["year"] == 2014], {}, "is treated|already|never changes"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_it_cannot_work_with_is_refused_with_what_it_needs(frame, options, match):
    with pytest.raises(InputError, match=match):
        staggered(frame, **{**COLUMNS, **options})
