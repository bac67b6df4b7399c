"""A policy in waves: what the usual regression counts, each wave by itself, and steps where something is missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from leadlib import designs
from leadlib.errors import InputError
from leadlib.measures import policies
from leadlib.measures.programs import Program
from leadlib.results import Missing

STEP, FACTORS, STARTS, YEARS = 0.04, (1.4, 1.0, 0.6), (2018, 2019, 2021), range(2016, 2024)
GONE = Missing("The policy", "there is none.")


def district(rng, sizes=(14, 14, 11, 18), step=STEP, luck=0.06):
    """Draw a panel whose effects grow with the years and shrink with the waves; give it with its true mean effect."""
    first = np.repeat([*STARTS, np.nan], sizes)
    year = np.array(YEARS, dtype=float)
    age = np.maximum(year - first[:, None] + 1, 0)
    factor = np.repeat([*FACTORS, 0.0], sizes)[:, None]
    effect = np.nan_to_num(step * np.minimum(age, 4)) * factor
    y = rng.normal(0, 0.3, (len(first), 1)) + rng.normal(0, 0.1, len(year)) + effect + rng.normal(0, luck, effect.shape)
    names = [f"{k:03d}" for k in range(len(first))]
    rows = [
        (names[i], int(t), y[i, j], first[i], float(t >= first[i]))
        for i in range(len(first))
        for j, t in enumerate(YEARS)
    ]
    panel = pd.DataFrame(rows, columns=["school_id", "year", "read", "first_year", "running"])
    panel.attrs = {"outcome": "read", "label": "Reading", "unit": "sd", "sd": 1.0, "note": ""}
    starts = pd.DataFrame({"school_id": names, "school_level": "Primary", "first_year": first})
    policy = Program("none", "p", "Policy", "policy", "", 25.0, starts, "lottery", tuple(YEARS), (), "synthetic")
    return panel, policy, float(effect[age > 0].mean())


@pytest.fixture(scope="module")
def made():
    return district(np.random.default_rng(7))


def test_the_usual_regression_is_that_of_dummies_for_schools_and_years(made):
    panel, policy, _ = made
    found = designs.usual(panel, policy)
    fit = smf.ols("read ~ running + C(school_id) + C(year)", panel).fit()
    assert found.value == pytest.approx(fit.params["running"], rel=1e-9)
    assert found.claim == "compare" and "effect" not in found.text.split("\n")[0].replace("no effect", "")


def test_what_it_counts_adds_up_to_its_answer_on_the_treated(made):
    panel, policy, _ = made
    frame = designs.usual(panel, policy).frame
    assert frame["weight"].sum() == pytest.approx(1.0) and frame["fair"].sum() == pytest.approx(1.0)
    left = smf.ols("running ~ C(school_id) + C(year)", panel).fit().resid
    on = panel["running"] == 1
    theirs = left[on].groupby([panel["first_year"][on], panel["year"][on]]).sum() / left[on].sum()
    assert frame["weight"].to_numpy() == pytest.approx(theirs.to_numpy(), abs=1e-9)
    assert frame.set_index(["wave", "year"])["weight"].idxmin()[0] == 2018
    assert frame["weight"].min() < 0


def test_with_one_start_every_year_counts_its_share():
    panel, policy, _ = district(np.random.default_rng(1), sizes=(14, 0, 0, 18))
    frame = designs.usual(panel, policy).frame
    assert frame["weight"].to_numpy() == pytest.approx(frame["fair"].to_numpy())
    assert isinstance(designs.by_wave(panel, policy), Missing)
    assert isinstance(designs.same_age(designs.by_wave(panel, policy)), Missing)


def test_over_60_districts_the_planned_estimate_covers_the_truth_and_the_usual_regression_does_not():
    held = []
    for seed in range(60):
        panel, policy, true = district(np.random.default_rng(seed))
        both = designs.planned(panel, policy, designs.menu(policy)), designs.usual(panel, policy)
        held.append([(e.low <= true <= e.high, e.value - true) for e in both])
    covered = np.array([[c for c, _ in pair] for pair in held]).mean(axis=0)
    error = np.array([[e for _, e in pair] for pair in held])
    assert covered[0] >= 0.88 and covered[1] <= 0.5
    assert abs(error[:, 0].mean()) < 4 * error[:, 0].std(ddof=1) / np.sqrt(60)
    assert error[:, 1].mean() < -0.02


def test_waves_at_the_same_age_are_the_cells_of_the_estimate(made):
    panel, policy, _ = made
    table = designs.same_age(designs.by_wave(panel, policy)).table
    first = table[table["group"] == "First year"]
    means = panel.groupby(["first_year", "year"], dropna=False)["read"].mean()
    never = panel[panel["first_year"].isna()].groupby("year")["read"].mean()
    for start, value in zip(STARTS, first["value"], strict=True):
        own = means[float(start)]
        assert value == pytest.approx(own[start] - own[start - 1] - (never[start] - never[start - 1]))
    assert first["n"].tolist() == [14, 14, 11]


def test_errors_are_those_of_districts_where_districts_began_together(made):
    panel, policy, _ = made
    grouped = panel.assign(leaid=(panel["first_year"].fillna(0).astype(int)).astype(str) + panel["school_id"].str[-1])
    grouped.attrs = dict(panel.attrs) | {"cluster": "leaid"}
    menu = designs.menu(policy)
    plain, wide = (designs.planned(p, policy, menu) for p in (panel, grouped))
    assert wide.value == pytest.approx(plain.value) and wide.se != pytest.approx(plain.se)
    assert wide.evidence.clusters is not None and wide.evidence.cluster_word == "district"


def test_a_plan_holds_what_was_asked_and_finds_a_departure(made, tmp_path):
    panel, policy, _ = made
    menu = designs.menu(policy)
    with pytest.raises(InputError):
        designs.freeze(policy, menu, outcome="read", threshold=0.05)  # no such pack whose tables could be sealed
    from dataclasses import replace

    here = replace(policy, pack="cedar-valley", program_id="literacy-block")
    plan = designs.freeze(here, menu, outcome="read", threshold=0.05, file=tmp_path / "plan.json")
    assert plan.design == "staggered" and plan.thresholds == {"decision": 0.05} and plan.file == "plan.json"
    estimate = designs.planned(panel, policy, menu)
    assert "None: what was run" in designs.departures(plan, estimate, threshold=0.05).plain()
    assert "0.2 was used" in designs.departures(plan, estimate, threshold=0.2).plain()


def test_looking_at_power_shows_no_estimate(made):
    panel, policy, _ = made
    shown = designs.planned(panel, policy, designs.menu(policy), look="power")
    assert not hasattr(shown, "value") and shown.mdes > 0


def test_a_cost_that_is_not_known_is_not_told(made):
    from dataclasses import replace

    panel, policy, _ = made
    estimate = designs.planned(panel, policy, designs.menu(policy))
    known = designs.weigh(estimate, policy, threshold=0.05)
    unknown = designs.weigh(estimate, replace(policy, cost_per_pupil_usd=float("nan")), threshold=0.05)
    assert "$25 per pupil" in known.text and "costs" not in unknown.text


def test_each_step_hands_on_why_there_is_no_policy(made):
    panel, policy, _ = made
    menu = designs.menu(GONE)
    steps = [
        menu,
        designs.freeze(GONE, menu, outcome="read", threshold=0.05),
        designs.planned(GONE, GONE, menu),
        designs.usual(GONE, GONE),
        designs.by_wave(GONE, policy),
        designs.graded(GONE, panel),
        designs.weigh(GONE, policy, threshold=0.05),
        designs.departures(GONE, GONE, threshold=0.05),
        designs.more_of_it(GONE),
    ]
    assert all(isinstance(s, Missing) and s.reason == GONE.reason for s in steps)


def test_more_of_a_grant_is_the_slope_within_schools():
    rng = np.random.default_rng(3)
    rows = [(f"{i:02d}", f"d{i // 3}", t) for i in range(30) for t in range(6)]
    frame = pd.DataFrame(rows, columns=["school_id", "leaid", "year"])
    frame["dose"] = rng.normal(4, 1, len(frame))
    frame["math"] = 2 * frame["dose"] + frame["year"] + rng.normal(0, 1, len(frame))
    frame.attrs = {"outcome": "math", "label": "Mathematics", "unit": "pct_points", "cluster": "leaid"}
    found = designs.more_of_it(frame)
    fit = smf.ols("math ~ dose + C(school_id) + C(year)", frame).fit()
    assert found.value == pytest.approx(fit.params["dose"], rel=1e-9) and found.claim == "compare"


def test_the_waves_are_named_in_their_order(made):
    _, policy, _ = made
    assert [(w.name, len(w.school_ids)) for w in policies.waves(policy)] == [
        ("Wave 1", 14),
        ("Wave 2", 14),
        ("Wave 3", 11),
        ("Without it", 18),
    ]
