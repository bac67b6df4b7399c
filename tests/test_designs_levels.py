"""Pupils in classes in schools: lme4's numbers coverage that holds, refusals where it would not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from truth import recover

from leadlib import charts, designs
from leadlib.designs.estimates import Detectable
from leadlib.designs.levels import engines, shared
from leadlib.designs.levels.fitting import fitted
from leadlib.designs.levels.likelihood import Criterion
from leadlib.designs.levels.sums import Rows, codes, summed
from leadlib.errors import InputError
from leadlib.verify import verify

ORACLES = Path(__file__).parent / "oracles"
CLOSE = 3e-6  # lme4's optimizer stops about there in variances; coefficients agree far closer
GROWN = {"outcome": "y", "time": "t", "unit": "u", "treated": "on"}
"""Two and a half Monte Carlo errors of a coverage of 95%; over 1,000 seeds it was found within 93 to 97%."""
SIZES = (5, 10, 20, 40, 60, 15, 80, 8)


def pupils():
    return pd.read_csv(ORACLES / "levels_pupils.csv")


def lines():
    return pd.read_csv(ORACLES / "levels_growth.csv")


def rows_of(model):
    """Give the rows of a model that lme4 fitted (see make_levels_oracle.R)."""
    if model in ("two", "slope", "three"):
        p = pupils()
        s = codes(p["school"])
        inner = shared.nested(s, p["class"]) if model == "three" else None
        x = np.column_stack([np.ones(len(p)), p["treated"], p["x"]])
        names, y = ("(Intercept)", "treated", "x"), p["y"].to_numpy()
        return Rows("test", names, y, x, s, inner, (0, 2) if model == "slope" else (0,))
    g = lines()
    t = g["year"] - 2001
    x = np.column_stack([np.ones(len(g)), t, g["treated"], t * g["treated"]])
    names, y = ("(Intercept)", "t", "treated", "t:treated"), g["y"].to_numpy()
    if model == "growth":
        return Rows("test", names, y, x, codes(g["pupil"]), None, (0, 1))
    s = codes(g["school"])
    return Rows("test", names, y, x, s, shared.nested(s, g["pupil"]), (0, 1), (0, 1))


def ours(fit, model, what, term):
    """Give our figure for a line of levels_lme4.csv."""
    if what in ("coef", "se", "df"):
        return fit.term(term)[("coef", "se", "df").index(what)]
    if what == "loglik":
        return fit.log_likelihood
    if what == "blup":
        return fit.deviations().value[sorted(pupils()["school"].unique()).index(term)]
    group, first, second = term.split("|")
    if group == "Residual":
        return fit.residual_variance
    of = fit.outer if group == "school" or model == "growth" else fit.inner
    i = 0 if first == "(Intercept)" else 1
    return of[i, i if not second else 1]


LME4 = pd.read_csv(ORACLES / "levels_lme4.csv", keep_default_na=False)


@pytest.mark.parametrize("reml", [1, 0])
@pytest.mark.parametrize("model", ["two", "slope", "three", "growth", "growth3"])
def test_every_figure_of_lme4_and_lmertest_is_met(model, reml):
    fit = fitted(rows_of(model), restricted=bool(reml))
    part = LME4[(LME4["model"] == model) & (LME4["reml"] == reml) & (LME4["what"] != "condvar")]
    assert len(part) >= 9
    got = [ours(fit, model, r["what"], r["term"]) for r in part.to_dict("records")]
    np.testing.assert_allclose(got, part["value"].astype(float), rtol=CLOSE, atol=1e-6)


def test_the_public_functions_give_the_same_estimate_as_the_fit():
    found = designs.multilevel(pupils(), outcome="y", treated="treated", cluster="school", covariates=["x"])
    value, se, df = fitted(rows_of("two")).term("treated")
    assert (found.value, found.se) == pytest.approx((value, se), rel=1e-9)
    assert found.df == pytest.approx(min(df, 8))  # ten schools less two columns that vary between schools only
    grown = designs.growth(lines(), outcome="y", time="year", unit="pupil", cluster="school", treated="treated")
    value, se, df = fitted(rows_of("growth3")).term("t:treated")
    assert (grown.value, grown.se) == pytest.approx((value, se), rel=1e-7)
    assert grown.df == pytest.approx(min(df, 7))


def test_published_numbers_are_met_where_no_file_is_needed():
    found = verify(["multilevel"])
    run = found[found["status"] != "not run"]
    assert set(run["status"]) == {"same"} and len(run) >= 30
    assert set(found.loc[found["status"] == "not run", "note"]) == {"needs hsb82.csv"}


@pytest.mark.parametrize("model", ["slope", "three", "growth", "growth3"])
def test_gradient_and_curvature_are_those_of_the_deviance(model):
    judge = Criterion(summed(rows_of(model)))
    theta = np.linspace(0.3, 0.7, judge.sums.parameters)
    step = 1e-5 * np.eye(len(theta))
    rough = (judge(theta + step) - judge(theta - step)) / 2e-5
    np.testing.assert_allclose(judge.gradient(theta), rough, rtol=1e-6, atol=1e-6)
    ahead, behind = (np.array([judge.gradient(theta + k * s) for s in step]) for k in (1, -1))
    np.testing.assert_allclose(judge.curvature(theta), (ahead - behind) / 2e-5, rtol=1e-5, atol=1e-5)


def test_the_likelihood_is_that_of_the_whole_covariance_matrix():
    r = rows_of("three")
    judge = Criterion(summed(r))
    outer, inner = (np.equal.outer(c, c).astype(float) for c in (r.outer, r.inner))
    y, s = (r.y - r.y.mean()) / r.y.std(), np.r_[1.0, r.x[:, 1:].std(axis=0)]
    x = (r.x - np.r_[0.0, r.x[:, 1:].mean(axis=0)]) / s
    v = np.eye(len(y)) + 0.5**2 * outer + 0.3**2 * inner
    bread = x.T @ np.linalg.solve(v, x)
    left = y - x @ np.linalg.solve(bread, x.T @ np.linalg.solve(v, y))
    free = len(y) - x.shape[1]
    squares = left @ np.linalg.solve(v, left)
    dets = np.linalg.slogdet(v)[1] + np.linalg.slogdet(bread)[1]
    assert judge.value(np.array([0.5, 0.3])) == pytest.approx(dets + free * (1 + np.log(2 * np.pi * squares / free)))


def test_groups_put_together_by_pattern_give_the_fit_of_groups_apart(monkeypatch):
    data = grow(np.random.default_rng(3), schools=10, pupils=12, miss=0.2)
    ask = {**GROWN, "cluster": "s"}
    packed = designs.growth(data, **ask)
    monkeypatch.setattr("leadlib.designs.levels.sums._MANY", 10**9)
    apart = designs.growth(data, **ask)
    assert (packed.value, packed.se, packed.df) == pytest.approx((apart.value, apart.se, apart.df), rel=1e-7)


def test_engines_are_judged_by_one_likelihood_and_a_worse_one_is_named(monkeypatch):
    monkeypatch.setattr(engines, "_mixedlm", lambda rows, judge: np.array([0.9, 0.2, 0.9]))
    fit = fitted(rows_of("slope"))
    assert fit.top.engines["mixedlm"] > fit.top.engines["L-BFGS"] + 1
    assert "mixedlm stopped short" in fit.top.said()
    assert fit.log_likelihood == pytest.approx(
        float(LME4[LME4["model"].eq("slope") & LME4["what"].eq("loglik")].iloc[0]["value"])
    )


@pytest.mark.parametrize("model", ["slope", "three", "growth3"])
def test_mixedlm_comes_to_the_same_top(model):
    pytest.importorskip("mixedlm")
    rows = rows_of(model)
    judge = Criterion(summed(rows))
    assert judge.value(engines._mixedlm(rows, judge)) == pytest.approx(
        engines.best(rows, judge.sums).deviance, abs=1e-4
    )


@pytest.mark.parametrize("model", ["slope", "three"])
def test_statsmodels_stands_in_where_the_first_engine_stops_short(model, monkeypatch):
    rows = rows_of(model)
    judge = Criterion(summed(rows))
    right = engines.best(rows, judge.sums).deviance
    monkeypatch.setattr(engines, "_mixedlm", lambda rows, judge: None)
    assert judge.value(engines._statsmodels(rows, judge)) == pytest.approx(right, abs=1e-3)


def test_an_unconverged_fit_is_refused(monkeypatch):
    monkeypatch.setattr(engines, "_newton", lambda judge, theta, edge: (np.zeros(len(theta)), 1.0))
    with pytest.raises(InputError, match="no unconverged fit is reported"):
        designs.multilevel(pupils(), outcome="y", treated="treated", cluster="school", covariates=["x"], slope="x")


@pytest.mark.parametrize("seed", [388, 831])
def test_a_top_on_the_edge_at_the_end_of_a_bent_ridge_is_reached(seed):
    found = designs.growth(
        grow(np.random.default_rng(seed)), **GROWN, cluster="s"
    )  # correlation of one, hardly a start
    assert np.isfinite(found.se) and any("estimated as zero" in check for check in found.checks)


def test_a_variance_of_zero_is_kept_and_said():
    y = np.tile([1.0, 2.0, 3.0, 4.0], 8)  # every school has the same mean: less spread than chance gives
    data = pd.DataFrame({"y": y, "s": np.repeat(range(8), 4), "on": np.repeat([0, 1], 16)})
    found = designs.multilevel(data, outcome="y", treated="on", cluster="s")
    assert found.icc == 0.0 and found.df == 6
    assert any("estimated as zero" in check for check in found.checks)


# Truth


def school_study(rng, sizes=SIZES, effect=0.0, icc=0.15, miss=0.1):
    """Give schools of unequal sizes, half of them with the program, and pupils without a score."""
    g = np.repeat(np.arange(len(sizes)), sizes)
    y = effect * (g % 2) + np.sqrt(icc) * rng.normal(size=len(sizes))[g] + np.sqrt(1 - icc) * rng.normal(size=len(g))
    y[rng.random(len(g)) < miss] = np.nan
    return pd.DataFrame({"y": y, "s": g, "on": g % 2})


def by_school(data):
    return designs.multilevel(data, outcome="y", treated="on", cluster="s")


@pytest.mark.parametrize(
    ("sizes", "effect"),
    [((12, 30, 20, 25) * 10, 0.25), ((*SIZES, 25, 12, 50, 18), 0.0), (SIZES, 0.0)],
)
def test_over_1000_seeds_a_school_level_effect_is_recovered_and_covered(sizes, effect):
    got = recover(lambda rng: school_study(rng, sizes, effect), by_school, effect)
    assert got.holds(), got
    assert effect or 0.03 <= got.found <= 0.07, got


def class_study(rng, schools=8):
    """Give schools with two to four classes of unequal sizes; schools alternate in having the program."""
    classes = rng.integers(2, 5, schools)
    school = np.repeat(np.arange(schools), classes)
    n = rng.integers(5, 26, len(school))
    c, s = np.repeat(np.arange(len(school)), n), np.repeat(school, n)
    y = 0.39 * rng.normal(size=schools)[s] + 0.32 * rng.normal(size=len(school))[c] + 0.87 * rng.normal(size=len(s))
    return pd.DataFrame({"y": y, "s": s, "c": c, "on": s % 2, "small": c % 2})


@pytest.mark.slow
@pytest.mark.parametrize("treated", ["on", "small"])
def test_a_program_of_schools_or_of_classes_is_covered_with_three_levels(treated):
    ask = {"outcome": "y", "treated": treated, "cluster": "s", "within": "c"}
    got = recover(class_study, lambda d: designs.multilevel(d, **ask), 0.0)
    assert got.holds() and 0.03 <= got.found <= 0.07, got


def grow(rng, schools=8, pupils=6, effect=0.0, miss=0.1, by="s"):
    """Give pupils of schools at four times with lines of their own, some times missing."""
    i = np.arange(schools * pupils * 4)
    u, t = i // 4, i % 4
    s = u // pupils
    on = s % 2 if by == "s" else u % 2
    y = 100 + (10 + effect * on) * t + 8 * rng.normal(size=schools * pupils)[u] + 5 * rng.normal(size=len(i))
    y += 2 * rng.normal(size=schools * pupils)[u] * t
    if by == "s":
        y += 4 * rng.normal(size=schools)[s] + 1.5 * rng.normal(size=schools)[s] * t
    data = pd.DataFrame({"y": y, "t": t, "u": u, "s": s, "on": on})
    return data[rng.random(len(data)) > miss]


@pytest.mark.slow
def test_a_difference_in_growth_between_pupils_is_recovered_and_covered():
    got = recover(lambda rng: grow(rng, 6, 4, 2.0, by="u"), lambda d: designs.growth(d, **GROWN), 2.0)
    assert got.holds(), got


@pytest.mark.slow
def test_a_program_of_schools_finds_no_difference_in_growth_where_there_is_none():
    got = recover(grow, lambda d: designs.growth(d, **GROWN, cluster="s"), 0.0)
    assert got.holds() and 0.03 <= got.found <= 0.07, got


def contributions(rng, units=30, variance=0.1):
    n = rng.integers(5, 50, units)
    g, u = np.repeat(np.arange(units), n), np.sqrt(variance) * rng.normal(size=units)
    x = rng.normal(size=len(g)) + 0.3 * rng.normal(size=units)[g]
    y = 0.7 * x + u[g] + np.sqrt(1 - variance) * rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "s": [f"s{k:03d}" for k in g]}), u


@pytest.mark.parametrize(("units", "variance"), [(30, 0.1), (10, 0.15), (40, 0.03)])
def test_intervals_of_contributions_cover_and_reliability_is_what_it_says(units, variance):
    covered, share, gain, said = [], [], [], []
    for seed in range(1000):
        data, true = contributions(np.random.default_rng(seed), units, variance)
        found = designs.value_added(data, outcome="y", prior="x", unit="s")
        f = found.frame
        covered.append(((f["low"] <= true) & (true <= f["high"])).mean())
        share.append(found.share)
        gain.append(np.mean(true**2) - np.mean((f["value"] - true) ** 2))
        said.append(found.reliability * found.spread**2)
    assert 0.93 <= np.mean(covered) <= 0.97
    assert np.mean(share) == pytest.approx(variance, abs=0.01)  # the intraclass correlation has next to no bias
    # The part of the true variance that predictions take up; the overall mean's own error costs one unit's share.
    assert np.mean(gain) == pytest.approx(np.mean(said), abs=variance * (0.08 + 1 / units))


def test_years_part_what_lasts_from_what_comes_and_goes():
    rng = np.random.default_rng(1)
    s, year, x = np.repeat(np.arange(200), 120), np.tile(np.repeat([1, 2, 3], 40), 200), rng.normal(size=24_000)
    lasting, passing = 0.3 * rng.normal(size=200)[s], 0.3 * rng.normal(size=600)[s * 3 + year - 1]
    data = pd.DataFrame({"y": x + lasting + passing + rng.normal(size=24_000) + year, "x": x, "s": s, "year": year})
    found = designs.value_added(data, outcome="y", prior="x", unit="s", time="year")
    assert found.steadiness == pytest.approx(0.5, abs=0.1)
    assert found.spread == pytest.approx(0.3, abs=0.05)


# Awkward input


def test_order_of_rows_and_names_of_schools_do_not_matter():
    data = pupils()
    ask = {"outcome": "y", "treated": "treated", "cluster": "school", "within": "class", "covariates": ["x"]}
    one = designs.multilevel(data, **ask)
    two = designs.multilevel(data.sample(frac=1, random_state=1), **ask)
    assert (one.value, one.se, one.df) == (two.value, two.se, two.df)
    assert one.plain() == two.plain()


def test_scaling_the_outcome_scales_the_estimate_and_nothing_else():
    data = pupils()
    ask = {"treated": "treated", "cluster": "school", "covariates": ["x"], "slope": "x"}
    one = designs.multilevel(data, outcome="y", **ask)
    two = designs.multilevel(data.assign(y=1000 * data["y"] + 7), outcome="y", **ask)
    assert (two.value, two.se) == pytest.approx((1000 * one.value, 1000 * one.se), rel=1e-7)
    assert (two.df, two.p, two.icc) == pytest.approx((one.df, one.p, one.icc), rel=1e-6)


def test_input_is_not_changed_and_rows_left_out_are_said():
    data = school_study(np.random.default_rng(0))
    before = data.copy()
    found = by_school(data)
    pd.testing.assert_frame_equal(data, before)
    assert any("without a value in y" in limit for limit in found.limits)


def test_centering_on_schools_parts_a_covariate_and_on_the_whole_leaves_the_estimate():
    data = pupils()
    ask = {"outcome": "y", "treated": "treated", "cluster": "school", "covariates": ["x"]}
    plain, grand = designs.multilevel(data, **ask), designs.multilevel(data, **ask, center="grand")
    assert grand.value == pytest.approx(plain.value, rel=1e-9)
    parted = designs.multilevel(data, **ask, center="cluster")
    assert parted.coefficients["term"].tolist() == ["constant", "treated", "x", "x, school mean"]


def test_power_hides_the_estimate():
    found = designs.multilevel(pupils(), outcome="y", treated="treated", cluster="school", look="power")
    assert isinstance(found, Detectable) and not hasattr(found, "value")
    assert found.mdes > 0


def test_nothing_causal_is_said_without_a_lottery():
    data = school_study(np.random.default_rng(2), effect=3.0)
    told = designs.multilevel(data, outcome="y", treated="on", cluster="s")
    assert told.claim == "compare" and "does not say what made the difference" in told.text
    drawn = designs.multilevel(data, outcome="y", treated="on", cluster="s", assignment="random")
    assert drawn.claim == "estimate" and "consistent with an increase" in drawn.text
    assert drawn.evidence.clusters == (4, 4) and drawn.evidence.assignment == "random"


GOOD = school_study(np.random.default_rng(5), miss=0.0)


@pytest.mark.parametrize(
    ("data", "more", "said"),
    [
        (GOOD.assign(on=1), {}, "no untreated pupil is left"),
        (GOOD[GOOD["s"].isin([0, 1, 2, 3])], {}, "needs at least 3 in each group"),
        (GOOD[GOOD["s"].isin([0, 1])], {}, "1 treated school"),
        (GOOD.drop_duplicates("s"), {}, "every school has one pupil"),
        (GOOD.head(2), {}, "2 rows with values"),
        (GOOD.assign(y=5.0), {}, "the same in every row"),
        (GOOD.assign(x=GOOD["y"] * 0 + 1), {"covariates": ["x"]}, "x: is the same in every row"),
        (GOOD.assign(x=2 * GOOD["on"] + 1), {"covariates": ["x"]}, "x: is determined by the columns before it"),
        (GOOD, {"slope": "on"}, "given to whole clusters"),
        (GOOD, {"slope": "z"}, "is no covariate"),
        (GOOD, {"covariates": ["y"]}, "is both outcome and covariates"),
        (GOOD.assign(c="one"), {"within": "c"}, "every school has one class"),
        (GOOD.assign(x=0.1 * GOOD["s"] ** 2), {"covariates": ["x"], "slope": "x"}, "does not vary within any cluster"),
        (GOOD, {"center": "mean"}, "use one of: grand, cluster, None"),
        (GOOD.assign(y=GOOD["s"] * 1.0), {}, "nothing varies within the groups"),
    ],
)
def test_what_the_design_cannot_carry_is_refused_with_the_reason(data, more, said):
    with pytest.raises(InputError) as told:
        designs.multilevel(data, outcome="y", treated="on", cluster="s", **more)
    assert said in str(told.value)


LINES = grow(np.random.default_rng(1), miss=0.0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LINES[LINES["t"] < 2], "a line of growth needs three"),
        (LINES.assign(on=(LINES["t"] > 1).astype(int)), "changes within a pupil"),
        (LINES.assign(on=0), "no treated pupil is left"),
        (LINES[LINES["u"].isin([0, 1, 6, 7])], "needs at least 4"),
        (pd.concat([LINES, LINES.head(1)]), "share their u and t"),
        (LINES.assign(y=1.0), "the same in every row"),
    ],
)
def test_growth_refuses_what_it_cannot_carry(data, said):
    with pytest.raises(InputError) as told:
        designs.growth(data, **GROWN)
    assert said in str(told.value)


def test_mean_growth_is_told_without_a_program():
    found = designs.growth(lines(), outcome="y", time="year", unit="pupil", label="Reading")
    assert found.low < 10.9 < found.high and found.evidence.assignment == "none"
    assert "higher for values a year later" in found.text
    assert list(found.frame.columns) == ["arm", "time", "n", "mean", "fitted", "low", "high"]
    assert found.frame["time"].tolist() == [2001, 2002, 2003, 2004, 2005]


@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (lambda d: d[d["s"] < "s009"], {}, "at least 10 are needed"),
        (lambda d: d.drop_duplicates("s"), {}, "every school has one pupil"),
        (lambda d: d.assign(x=np.nan), {}, "no row has all values"),
        (lambda d: d.assign(t=1), {"time": "t"}, "has one value"),
        (lambda d: d, {"highlight": "s99"}, "is not among the units"),
        (lambda d: d.assign(y=1.0), {}, "the same in every row"),
    ],
)
def test_contributions_are_refused_with_the_reason(change, more, said):
    data, _ = contributions(np.random.default_rng(1))
    with pytest.raises(InputError) as told:
        designs.value_added(change(data), outcome="y", prior="x", unit="s", **more)
    assert said in str(told.value)


def test_contributions_rate_nobody():
    data, _ = contributions(np.random.default_rng(1))
    said = designs.value_added(data, outcome="y", prior="x", unit="s", highlight="s003").plain().lower()
    assert not [w for w in ("rank", "best", "worst", "effective", "fail", "significant", "caused") if w in said]
    assert "rates no person" in said


def test_the_figure_draws_every_interval_and_names_one_unit_only():
    data, _ = contributions(np.random.default_rng(1))
    found = designs.value_added(data, outcome="y", prior="x", unit="s", highlight="s003", label="Reading")
    figure = charts.ranking(found)
    assert len(figure.drawn["value"]) == 30 and sum(figure.drawn["highlighted"]) == 1
    assert figure.drawn["value"] == sorted(figure.drawn["value"])
    assert "school s003" in figure.title and figure.title.startswith("Reading: ")
    assert "Mean reliability" in figure.alt and "School s003: " in figure.alt
    bare = charts.ranking(designs.value_added(data, outcome="y", prior="x", unit="s"))
    assert "of 30 schools can be told from the middle" in bare.title


def test_a_million_pupils_take_seconds():
    rng = np.random.default_rng(0)
    s = np.repeat(np.arange(6000), 167)[:1_000_000]
    data = pd.DataFrame({"y": rng.normal(size=10**6) + 0.3 * rng.normal(size=6000)[s], "s": s, "on": s % 2})
    found = designs.multilevel(data, outcome="y", treated="on", cluster="s")
    assert found.icc == pytest.approx(0.09 / 1.09, abs=0.01)
    assert found.df == pytest.approx(int(s.max()) + 1 - 2, abs=1)
