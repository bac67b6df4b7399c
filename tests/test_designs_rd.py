"""Regression discontinuity: rdrobust's numbers, honest coverage, and what it refuses."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from truth import recover

from leadlib import charts, designs
from leadlib.designs.cutoffs import density_jump
from leadlib.designs.cutoffs.fits import Rows, fitted
from leadlib.designs.cutoffs.local import bandwidths, jump, neighbor_residuals, split
from leadlib.designs.estimates import interval
from leadlib.errors import InputError
from leadlib.results import Missing
from leadlib.verify.cutoffs import NUMBERS

SAMPLE = pd.read_csv(Path(__file__).parent / "oracles" / "cutoff_small.csv")
R = 2e-7  # what rdrobust printed has eight digits


def run(frame=SAMPLE, **more):
    given = {"outcome": "outcome_sd", "score": "need", "cutoff": 40, "robustness": False} | more
    return designs.rd(frame, **given)


def schools(rng, n=300, jump=0.5, curve=lambda u: 0.4 * u + 0.6 * u**2 - 0.4 * u**3, noise=1.0):
    u = rng.normal(0.1, 1, n)
    return pd.DataFrame({"need": u, "y": curve(u) + jump * (u >= 0) + rng.normal(0, noise, n)})


# --- numbers of rdrobust 2.1.1 and rddensity 3.0, printed by oracles/make_cutoff_oracle.py


@pytest.mark.parametrize(
    ("kernel", "lines", "corrected", "lines_se", "corrected_se", "h", "b"),
    [
        ("triangular", 0.32481794, 0.30961406, 0.16420264, 0.19598408, 9.49321168, 14.10620365),
        ("uniform", 0.31393149, 0.2748356, 0.1619956, 0.19127242, 8.073914, 14.18088022),
        ("epanechnikov", 0.30279451, 0.30043603, 0.16691909, 0.20101293, 8.3145757, 12.95571604),
    ],
)
def test_bandwidths_jump_and_neighbor_errors_are_those_of_rdrobust(
    kernel, lines, corrected, lines_se, corrected_se, h, b
):
    found = run(kernel=kernel, errors="neighbors")
    ours = [found.lines, found.value, found.lines_se, found.se, found.bandwidth, found.bias_bandwidth]
    assert ours == pytest.approx([lines, corrected, lines_se, corrected_se, h, b], rel=R)
    assert found.low == pytest.approx(corrected - 1.959963985 * corrected_se, abs=1e-6)


def test_with_one_bandwidth_the_corrected_jump_is_rdrobusts_with_hc2():
    found = run(bandwidth=20)
    assert (found.lines, found.value) == pytest.approx((0.4320274, 0.29183061), rel=R)
    # rdrobust takes leverages on each side alone, as least squares does with a curve a side.
    assert found.se == pytest.approx(0.1642312, rel=R)
    sides = split(
        SAMPLE["need"].to_numpy() - 40, SAMPLE["outcome_sd"].to_numpy(), None, SAMPLE["need"] >= 40, "triangular"
    )
    assert jump(sides, 20, 20).corrected_se == pytest.approx(0.16913908, rel=R)


def test_density_at_the_cutoff_is_that_of_rddensity():
    x = SAMPLE["need"].to_numpy() - 40
    found = density_jump(x, x >= 0, (20, 15))
    ours = [found.left, found.right, found.z, found.p]
    assert ours == pytest.approx([0.016774580014477892, 0.012753840900766514, -0.4130349613, 0.6795809992], rel=1e-9)


def test_neighbors_are_the_three_nearest_with_all_ties():
    x, y = np.array([0.0, 1, 2, 4, 7]), np.array([1.0, 3, 2, 6, 10])
    by_hand = [1 - 11 / 3, 3 - 9 / 3, 2 - 10 / 3, 6 - 15 / 3, 10 - 11 / 3]
    # The row at 4 has 2, 1 and 7 beside it: 1 and 7 are as far.
    assert neighbor_residuals(x, y) == pytest.approx(np.sqrt(0.75) * np.array(by_hand))
    tied = neighbor_residuals(np.zeros(6), np.arange(6.0))
    assert tied == pytest.approx(np.sqrt(5 / 6) * (np.arange(6) - (15 - np.arange(6)) / 5))


def test_a_straight_line_is_found_exactly_and_its_bandwidth_is_all_there_is():
    x = np.linspace(-1, 1, 60)
    y = 2 * x + 3 * (x >= 0)
    sides = split(x, y, None, x >= 0, "triangular")
    assert jump(sides, 0.8, 0.8).corrected == pytest.approx(3)
    assert bandwidths(sides).lines <= 1.0


def test_published_numbers_that_need_no_file_are_reproduced():
    off = [n.what for n in NUMBERS if not n.needs and abs(n.ours() - float(n.printed)) > n.tolerance()]
    assert not off and sum(not n.needs for n in NUMBERS) >= 25


# --- truth: what it makes of schools whose jump is known


def local(frame, clusters=None, donut=0.0):
    x = frame["need"].to_numpy()
    rows = Rows(x, frame["y"].to_numpy(), x >= 0, True, clusters)
    found = fitted(rows.only(np.abs(x) >= donut) if donut else rows)
    low, high = interval(found.value, found.se, found.df, 0.95)
    return SimpleNamespace(value=found.value, low=low, high=high)


def lee(u):
    """Give the curve of the House elections (Lee 2008) that Calonico, Cattaneo and Titiunik simulate, jump left out."""
    left = 1.27 * u + 7.18 * u**2 + 20.21 * u**3 + 21.54 * u**4 + 7.33 * u**5
    right = 0.84 * u - 3.00 * u**2 + 7.99 * u**3 - 9.01 * u**4 + 3.56 * u**5
    return 0.48 + np.where(u < 0, left, right)


def elections(rng, n, jump):
    u = 2 * rng.beta(2, 4, n) - 1
    return pd.DataFrame({"need": u, "y": lee(u) + jump * (u >= 0) + rng.normal(0, 0.1295, n)})


def test_an_effect_of_a_fifth_of_a_sd_among_500_schools_is_recovered():
    found = recover(lambda rng: schools(rng, 500, 0.2), local, 0.2)
    assert found.holds()


def test_a_curve_as_bent_as_lees_does_not_pass_for_a_jump_among_1000_units():
    found = recover(lambda rng: elections(rng, 1000, 0.0), local, 0.0)
    assert found.holds() and found.found < 0.07


def test_without_an_effect_few_of_500_schools_show_one():
    found = recover(lambda rng: schools(rng, 500, 0.0), local, 0.0)
    assert found.holds() and 0.03 <= found.found <= 0.07


def test_so_it_is_with_150_schools_of_uneven_size():
    def uneven(rng):
        frame = schools(rng, 150, 0.5, noise=0.0)
        return frame.assign(y=frame["y"] + rng.normal(0, 1, 150) * np.sqrt(0.3 + 20 / rng.integers(15, 400, 150)))

    found = recover(uneven, local, 0.5, refusals=True)
    assert found.holds() and found.refused < 0.01


def test_schools_that_share_a_score_by_district_are_taken_as_one():
    def by_district(rng):
        frame = schools(rng, 200, 0.4, noise=0.5)
        of = np.repeat(np.arange(200), rng.integers(2, 8, 200))
        pupils = frame.iloc[of].reset_index(drop=True)
        return pupils.assign(y=pupils["y"] + rng.normal(0, 1, len(of)), of=of)

    found = recover(by_district, lambda f: local(f, f["of"].to_numpy()), 0.4)
    assert found.holds()


def test_a_donut_takes_moved_scores_out_and_without_it_they_mislead():
    def moved(rng):
        frame = schools(rng, 1000, 0.0, noise=0.5)
        near = (frame["need"] < 0) & (frame["need"] > -0.08)
        strong = near & (rng.random(1000) < 0.7)
        return frame.assign(need=frame["need"].where(~strong, -frame["need"]), y=frame["y"] + 0.8 * strong)

    assert recover(moved, lambda f: local(f, donut=0.09), 0.0).holds()
    assert recover(moved, local, 0.0, seeds=200).covered < 0.8


def test_covariates_leave_the_jump_and_shorten_the_interval():
    def with_prior(rng):
        frame = schools(rng, 300, 0.4, noise=0.4)
        prior = rng.normal(0, 1, 300)
        return frame.assign(prior=prior, y=frame["y"] + prior)

    def adjusted(frame):
        return run(frame, outcome="y", cutoff=0, covariates=["prior"])

    assert recover(with_prior, adjusted, 0.4).holds()
    frame = with_prior(np.random.default_rng(1))
    assert adjusted(frame).se < 0.6 * run(frame, outcome="y", cutoff=0).se


def test_the_density_test_is_honest_and_sees_scores_moved_over_the_cutoff():
    def p(rng, moved):
        x = rng.normal(0.2, 1, 400)
        x = np.where((x < 0) & (x > -0.25) & (rng.random(400) < moved), -x, x)
        found = density_jump(x, x >= 0)
        return found.p < 0.05, found.doubt < 0.05

    false = np.mean([p(np.random.default_rng(s), 0.0) for s in range(1000)], axis=0)
    assert 0.03 <= false[0] <= 0.07 and 0.02 <= false[1] <= 0.07  # the exact test keeps below its level
    assert np.mean([p(np.random.default_rng(s), 0.8)[1] for s in range(200)]) > 0.9


# --- what does not matter, and what is said


def test_rows_order_and_units_do_not_matter():
    one, two = run(robustness=True), run(SAMPLE.sample(frac=1, random_state=3), robustness=True)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.plain() == two.plain()
    scaled = run(SAMPLE.assign(outcome_sd=SAMPLE["outcome_sd"] * 1000, need=SAMPLE["need"] / 100), cutoff=0.4)
    assert [scaled.value, scaled.se, scaled.bandwidth] == pytest.approx(
        [1000 * one.value, 1000 * one.se, one.bandwidth / 100], rel=1e-7
    )


def test_treating_those_below_turns_the_sign_alone():
    above, below = run(), run(side="below")
    assert below.value == pytest.approx(-above.value) and below.se == pytest.approx(above.se)
    assert below.evidence.units == above.evidence.units[::-1]


def test_a_score_right_on_the_cutoff_goes_where_the_rule_says():
    frame = schools(np.random.default_rng(5)).assign(treated=lambda f: (f["need"] > 0).astype(int))
    frame.loc[0, ["need", "treated"]] = [0.0, 0]
    run(frame, outcome="y", cutoff=0, side="above", treated="treated")
    with pytest.raises(InputError, match="on the treated side 1 were not treated"):
        run(frame, outcome="y", cutoff=0, side="at or above", treated="treated")


def test_the_input_is_not_changed():
    frame = SAMPLE.copy()
    run(frame, robustness=True)
    pd.testing.assert_frame_equal(frame, SAMPLE)


def test_rows_checks_and_evidence_are_filled():
    found = run(covariates=["enrol_n"], robustness=True)
    groups = found.table["group"].tolist()
    assert groups[1] == "By straight lines, not corrected for curves"
    assert {"Half the bandwidth", "Twice the bandwidth", "Without the nearest tenth of the bandwidth"} <= set(groups)
    assert sum(g.startswith("False cutoff") for g in groups) == 2
    assert found.evidence.assignment == "cutoff" and found.evidence.adjusted == ("enrol_n",)
    assert found.evidence.baseline["measure"].tolist() == ["enrol_n"]
    assert any("that jump at the cutoff by more than chance usually gives: 0 of 1" in c for c in found.checks)
    assert found.asked["cutoff"] == 40 and found.asked["bandwidth"] == "chosen by the data"
    assert found.claim == "estimate" and "provided that" not in found.text  # the interval holds zero
    assert sum(found.evidence.units) == found.table["n"].iloc[0]


def test_a_crowd_on_one_side_takes_the_claim_down():
    rng = np.random.default_rng(1)
    frame = schools(rng, 800, 1.0)
    moved = (frame["need"] < 0) & (frame["need"] > -0.3)
    found = run(frame.assign(need=frame["need"].where(~moved, -frame["need"])), outcome="y", cutoff=0)
    assert found.claim == "compare" and found.density_p < 0.05
    assert any("scores may have been moved" in limit for limit in found.limits)
    assert "consistent with" not in found.text


def test_a_coarse_score_is_hedged_and_a_coarser_one_refused():
    frame = schools(np.random.default_rng(2), 2000)
    hedged = run(frame.assign(need=np.floor(frame["need"] * 12) / 12), outcome="y", cutoff=0)
    assert any("distinct values" in limit for limit in hedged.limits)
    with pytest.raises(InputError, match=r"takes only . values"):
        run(frame.assign(need=np.floor(frame["need"] * 2) / 2), outcome="y", cutoff=0)


def test_power_hides_the_estimate():
    found = run(look="power", robustness=True)
    shown = run()
    assert found.mdes == pytest.approx(shown.mdes)
    assert f"{shown.value:.2f}" not in found.plain()


def test_missing_rows_are_counted():
    frame = SAMPLE.copy()
    frame.loc[[3, 7], "outcome_sd"] = np.nan
    assert any("2 rows without a value in outcome_sd were left out" in limit for limit in run(frame).limits)


# --- what it refuses


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda f: f, {"cutoff": 101}, "no school on the treated side|no schools on the treated side"),
        (lambda f: f[f["need"] > 40], {}, "no schools on the other side"),
        (lambda f: f.iloc[:2], {}, "needs at least 10"),
        (lambda f: f.iloc[:28], {}, "needs at least 10"),
        (lambda f: f, {"bandwidth": 1.5}, "within 1.50 of the cutoff"),
        (lambda f: f.assign(outcome_sd=2.0), {}, "is the same for all near the cutoff"),
        (lambda f: f.assign(outcome_sd=f["need"] >= 40), {}, "does not vary around"),
        (lambda f: f.assign(again=f["enrol_n"] * 2), {"covariates": ["enrol_n", "again"]}, "determined by the columns"),
        (lambda f: f.assign(t=(f["need"] >= 45).astype(int)), {"treated": "t"}, "does not follow the rule"),
        (lambda f: f, {"side": "over"}, "not one of the choices"),
        (lambda f: f, {"kernel": "gaussian"}, "not one of the choices"),
        (lambda f: f, {"bandwidth": -1.0}, "give a positive number"),
        (lambda f: f, {"donut": -1.0}, "zero or a positive number"),
        (lambda f: f, {"errors": "neighbors", "cluster": "district"}, "neither clusters nor covariates"),
        (lambda f: f, {"score": "neeed"}, "did you mean 'need'"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_answered_is_refused_with_the_reason(change, options, message):
    with pytest.raises(InputError, match=message):
        run(change(SAMPLE), **options)


def test_a_million_pupils_take_seconds():
    rng = np.random.default_rng(0)
    frame = schools(rng, 1_000_000, 0.1)
    found = run(frame, outcome="y", cutoff=0, robustness=False)
    assert found.low < 0.1 < found.high and found.se < 0.02


# --- the picture


@pytest.mark.filterwarnings("error")
def test_the_chart_draws_the_jump_with_its_interval_and_says_so():
    found = run(bandwidth=20, unit_of="sd", label="Math")
    figure = charts.discontinuity(found)
    assert figure.drawn["jump"] == pytest.approx([found.value, found.low, found.high], rel=1e-5)
    assert set(figure.drawn["side"]) == {"treated", "comparison"} and min(figure.drawn["n"]) >= 5
    assert figure.title == "Math: at the cutoff of 40 the data do not tell a jump from none"
    assert "+0.29 standard deviations (95% interval" in figure.alt
    curve = found.frame[found.frame["kind"] == "curve"]
    ends = [curve[(curve["side"] == s) & (curve["score"] == 40)]["value"].item() for s in ("treated", "comparison")]
    assert ends[0] - ends[1] == pytest.approx(found.value)


def test_the_chart_names_a_jump_that_stands_out_and_shows_nothing_for_a_missing_result():
    frame = schools(np.random.default_rng(1), 800, 3.0)
    figure = charts.discontinuity(run(frame, outcome="y", cutoff=0))
    assert "a jump up of" in figure.title
    assert isinstance(charts.discontinuity(Missing("Cutoff", "no rule.")), Missing)
    with pytest.raises(InputError, match="look='estimate'"):
        charts.discontinuity(run(look="power"))
