"""Coaching: dose and reach worked out apart, few teachers not shown, no look ahead, a real trial beside it."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import leadlib as ll
from leadlib.measures import coaching
from leadlib.measures.coaching_prior import facts
from leadlib.measures.groups import THIS
from leadlib.results import Missing
from leadlib.simulate import planted as simulated

PACK, SCHOOL, YEAR = "cedar-valley", "990000100023", 2021
FEW, NONE = "990000100004", "990000100001"
D = ll.designs.coaching


@pytest.fixture(scope="module")
def school():
    return ll.school(PACK, SCHOOL, YEAR)


@pytest.fixture(scope="module")
def study():
    return coaching.study(PACK, YEAR)


@pytest.fixture(scope="module")
def star():
    return coaching.study("tennessee-star", 1985)


@pytest.fixture(scope="module")
def estimate(study):
    return D.effect(study)


def teachers(school_id: str) -> pd.DataFrame:
    table = ll.load(f"{PACK}/teachers")
    return table[(table["year"] == YEAR) & (table["school_id"] == school_id)]


def here(result) -> pd.DataFrame:
    return result.table[result.table["group"] == THIS].set_index("measure")


def test_the_dose_of_a_school_is_what_its_teachers_add_up_to(school):
    own, rows = teachers(SCHOOL), here(coaching.dose(school, None))
    minutes = own["coaching_min"]
    assert rows.loc["Teachers coached", "value"] == pytest.approx(100 * (minutes > 0).mean())
    assert rows.loc["Share of a full dose, all teachers", "value"] == pytest.approx(
        100 * (minutes / 600).clip(upper=1).mean()
    )
    assert rows.loc["Hours with a coach, all teachers", "value"] == pytest.approx(minutes.sum() / 60 / len(own))
    assert rows.loc["Hours with a coach, coached teachers", "value"] == pytest.approx(minutes[minutes > 0].mean() / 60)
    assert rows.loc["Hours with a coach, coached teachers", "n"] == (minutes > 0).sum()


def test_a_full_dose_is_what_the_simulated_effects_were_planted_at():
    assert coaching.FULL_DOSE_MIN == simulated.FULL_DOSE_MIN


def test_where_fewer_than_ten_are_coached_no_figure_on_them_is_shown():
    few = ll.school(PACK, FEW, YEAR)
    coached = int((teachers(FEW)["coaching_min"] > 0).sum())
    assert 0 < coached < 20 and len(teachers(FEW)) < 20
    rows = here(coaching.dose(few, None))
    hidden = rows.loc[["Teachers coached", "Coaching cycles finished"]]
    assert (hidden["shown"] == "not shown").all() and hidden["value"].isna().all()
    assert set(here(coaching.focus(few))["shown"]) == {"not shown"}


def test_every_school_keeps_the_rule_of_ten():
    table = ll.load(f"{PACK}/teachers")
    coached = table[(table["year"] == YEAR) & (table["coaching_min"] > 0)].groupby("school_id").size()
    for school_id in sorted(coached[coached < 10].index):
        rows = here(coaching.dose(ll.school(PACK, school_id, YEAR), None))
        hours = rows.loc[["Hours with a coach, coached teachers", "Hours with a coach, all teachers"]]
        assert hours["value"].isna().all() and (hours["shown"] == "not shown").all()


def test_a_school_without_coaching_is_told_so_and_drawn():
    none = coaching.dose(ll.school(PACK, NONE, YEAR), None)
    assert "None of them was coached" in none.text and (here(none)["shown"] == "none").all()
    figure = ll.charts.dose(none)
    assert figure.title.startswith("Teachers coached: none here") and "not shown" not in figure.alt


def test_who_is_coached_counts_teachers_of_all_coached_schools_together(school):
    table = ll.load(f"{PACK}/teachers")
    table = table[table["year"] == YEAR].assign(had=lambda t: t["coaching_min"] > 0)
    table = table[table["school_id"].isin(set(table.loc[table["had"], "school_id"]))]
    new = table["experience_years"] < 2
    found = coaching.reach(school).table
    found = found[found["group"] == "Schools with coaching"].set_index("measure")["value"]
    assert found["New teachers coached (first two years)"] == pytest.approx(100 * table.loc[new, "had"].mean())
    assert found["Other teachers coached"] == pytest.approx(100 * table.loc[~new, "had"].mean())


def test_feedback_counts_formal_observations_a_teacher_observed(school):
    table = ll.load(f"{PACK}/observations")
    own = table[(table["year"] == YEAR) & (table["school_id"] == SCHOOL)]
    rows = here(coaching.feedback(school, None))
    people = own["teacher_id"].nunique()
    assert rows.loc["Formal observations a teacher", "value"] == pytest.approx((own["kind"] == "formal").sum() / people)
    assert rows.loc["School days until feedback", "value"] == own["feedback_days"].median()


@pytest.mark.parametrize("pack", ["california-2000", "michigan-1993-98", "tennessee-star"])
def test_packs_without_coaching_get_sentences(pack):
    row = ll.load(f"{pack}/school_years").iloc[0]
    found = ll.school(pack, row["school_id"], int(row["year"]))
    given = [coaching.dose(found, None), coaching.reach(found), coaching.focus(found), coaching.feedback(found, None)]
    assert all(isinstance(g, Missing) and g.reason.endswith(".") for g in given)


def test_before_the_first_start_there_is_no_study_and_one_sentence_passes_through():
    nothing = coaching.study(PACK, 2016)
    assert isinstance(nothing, Missing) and "no school had begun" in nothing.reason
    assert D.effect(nothing) == nothing and D.decision(nothing, nothing, threshold=0.05) == nothing


def test_a_study_knows_nothing_of_later_years():
    early = coaching.study(PACK, 2018)
    assert set(early.program.started.index) == {2017}
    frame = coaching.panel(early)
    assert frame["year"].max() == 2018 and frame.loc[frame["first_year"].notna(), "first_year"].max() == 2017
    assert coaching.teachers(early)["year"].max() == 2018
    assert coaching.latest(early).year == 2023


def test_the_panel_holds_the_mean_of_both_subjects_dose_and_reach(study):
    frame = coaching.panel(study)
    made = study.program
    parts = [ll.measures.programs.panel(made, m).set_index(["school_id", "year"])[m] for m in ("math", "read")]
    row = frame.set_index(["school_id", "year"]).loc[(SCHOOL, YEAR)]
    assert row["both"] == pytest.approx(sum(p[(SCHOOL, YEAR)] for p in parts) / 2)
    assert row["dose"] == pytest.approx((teachers(SCHOOL)["coaching_min"] / 600).clip(upper=1).mean())
    there = ll.load(f"{PACK}/school_years").query("year == @YEAR")["school_id"].nunique()
    assert row["reached"] == pytest.approx(31 / there)


def test_the_published_numbers_are_those_of_the_review_and_say_where_they_come_from():
    data = facts()
    assert (data["studies"], data["instruction_sd"], data["achievement_sd"]) == (60, 0.49, 0.18)
    assert data["verified"] is True and "Kraft" in data["source"] and data["prior"]["verified"] is False
    told = coaching.published()
    assert "say which one you cite" in told.text and set(told.table["unit"]) == {"sd"}


def test_what_is_expected_is_half_the_published_effect_at_the_dose_there_was(study):
    frame = coaching.panel(study)
    dose = frame.loc[frame["running"] == 1, "dose"].mean()
    before = coaching.prior(study)
    assert before.mean == pytest.approx(0.5 * 0.18 * dose) and before.sd == before.mean
    assert "this workbook's choice" in before.text


def test_the_plan_is_fixed_on_starts_alone(study):
    plan = D.fix(study, threshold=0.05)
    assert plan.design == "staggered" and plan.outcome == ("both",) and plan.thresholds == {"decision": 0.05}
    assert D.ways(study).chosen == "staggered"


def test_the_tempting_comparison_has_the_wrong_sign_and_says_it_does_not_know_why(study, estimate):
    naive = D.naive(study)
    assert naive.high < 0 < estimate.value and "does not say what made the difference" in naive.text
    frame = coaching.panel(study)
    year = frame[(frame["year"] == YEAR) & frame["both"].notna()].groupby("running")["both"].mean()
    assert naive.value == pytest.approx(year[1] - year[0])


def test_the_dose_is_the_slope_that_statsmodels_finds_with_school_and_year_effects(study):
    frame = coaching.panel(study).dropna(subset=["both", "dose"])
    fit = smf.ols("both ~ dose + C(school_id) + C(year)", frame).fit()
    assert D.dose(study).value == pytest.approx(fit.params["dose"], rel=1e-8)
    frame = frame.assign(counted=frame["dose"] * (1 - 0.9 * frame["reached"]))
    fit = smf.ols("both ~ counted + C(school_id) + C(year)", frame).fit()
    assert D.dose(study, loss=0.9).value == pytest.approx(fit.params["counted"], rel=1e-8)


def test_power_tells_nothing_of_the_estimate(study, estimate):
    power = D.effect(study, look="power")
    assert power.mdes == pytest.approx(estimate.mdes) and f"{estimate.value:.6f}" not in json.dumps(power.data())
    assert not hasattr(power, "value")


def test_the_experiment_gives_the_numbers_that_are_known(star):
    alone = D.naive(star)
    assert alone.value == pytest.approx(13.898994, abs=1e-6) and alone.se == pytest.approx(2.454, abs=0.001)
    within = D.effect(star)
    frame = coaching.pupils(star).dropna(subset=["score"])
    fit = smf.ols("score ~ small + C(school_id)", frame).fit()
    assert within.value == pytest.approx(fit.params["small"], rel=1e-8)
    assert 1.5 * alone.se < within.se < 5 and frame.shape[0] == 3743
    assert "too narrow" in " ".join(alone.limits)


def test_the_card_of_the_experiment_counts_those_who_were_lost(star):
    card = D.card(star, D.effect(star))
    frame = coaching.pupils(star)
    lost = 100 * frame["score"].isna().mean()
    assert frame.attrs["drawn"] == (1900, 2194) and f"{lost:.1f}% of pupils" in card.plain()
    assert "Meets standards without reservations" in card.text


def test_what_needs_coaching_is_left_out_of_the_experiment_with_its_reason(star):
    left_out = (coaching.prior(star), D.dose(star), D.instruction(star), D.growth(star), coaching.panel(star))
    assert all(isinstance(x, Missing) for x in left_out)
    assert D.afterwards(star).value > 0 and "no longer a matter of chance" in D.afterwards(star).limits[0]


def test_the_prior_moves_the_chance_toward_itself(study, estimate):
    alone = D.decision(study, estimate, threshold=0.05)
    together = D.decision(study, estimate, threshold=0.05, with_prior=True)
    assert coaching.prior(study).mean < 0.05 < estimate.value and together.beats < alone.beats


def test_the_district_stands_beside_the_published_means(study, estimate):
    found = coaching.beside(estimate, D.dose(study), D.instruction(study))
    table = found.table.set_index(["measure", "group"])["value"]
    assert table["Rated instruction, full dose", "Published mean"] == 0.49
    assert table["Pupils' scores, program as run", "This district"] == estimate.value
    figure = ll.charts.beside_published(found)
    assert "published mean +0.18" in figure.alt and len(figure.drawn["value"]) == 5


def test_observers_rate_the_same_teacher_higher_with_coaching_than_a_year_by_year_look_shows(study):
    naive, seen = D.naive_teachers(study), D.instruction(study)
    assert naive.value < seen.value and seen.low > 0 and seen.claim == "compare"
    assert "first year of teaching" in " ".join(seen.assumptions) and not math.isnan(seen.df)
    pairs = coaching.teachers(study).query("coached == 0").dropna(subset=["once"])
    assert 0.3 < np.sqrt(np.cov(pairs["once"], pairs["again"])[0, 1]) < 0.5
