"""Synthetic control: weights that cannot be beaten, placebos that hold their size, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from truth import recover

from leadlib import charts, designs
from leadlib.designs.donors.placebos import drawn, gaps_of, lots_of, ranked
from leadlib.designs.donors.weights import by_predictors, left_out_years, nearest_mix, polished
from leadlib.errors import InputError

ROLES = {"outcome": "score", "unit": "school", "time": "year", "treated": "s00", "start": 2008}
DONORS, BEFORE, AFTER = 19, 8, 3


def values(rng, *, effect=0.0, rho=0.3, amid=False, donors=DONORS, after=AFTER):
    """Draw a treated school (first row) and its donors: levels, two common factors, errors whose neighbors are alike.

    `amid` draws the treated school near the middle of the donors; else it is like any of them.
    """
    n, years = donors + 1, BEFORE + after
    loads, level = rng.normal(size=(n, 2)), rng.normal(0, 1, n)
    if amid:
        loads[0], level[0] = 0.3 * loads[0], 0.3 * level[0]
    z = rng.normal(size=(n, years))
    e = z.copy()
    for k in range(1, years):
        e[:, k] = rho * e[:, k - 1] + np.sqrt(1 - rho**2) * z[:, k]
    y = level[:, None] + loads @ (0.5 * rng.normal(size=(2, years)).cumsum(axis=1)) + 0.3 * e
    y[0, BEFORE:] += effect
    return y


def table(y):
    names = [f"s{k:02d}" for k in range(len(y))]
    return pd.DataFrame(
        {
            "school": np.repeat(names, y.shape[1]),
            "year": np.tile(2000 + np.arange(y.shape[1]), len(y)),
            "score": y.ravel(),
        }
    )


def with_interval(y):
    own, placebos = gaps_of(y[0], y[1:], BEFORE), drawn(lots_of(np.arange(len(y) - 1), 1, None), y[1:], BEFORE, None)
    means = np.array([p.gaps[BEFORE:].mean() for p in placebos])
    value = float(own.gaps[BEFORE:].mean())
    rank = ranked(value, own.error, means, np.array([p.error for p in placebos]), 0.95)
    return SimpleNamespace(value=value, low=rank.low, high=rank.high)


def inside():
    """Give a panel whose treated school lies amid 19 donors."""
    return values(np.random.default_rng(12), amid=True)


def test_weights_are_those_of_a_general_optimizer_and_never_more_than_needed():
    for seed in range(5):
        y = values(np.random.default_rng(seed), donors=12)
        away = (y[1:, :BEFORE] - y[0, :BEFORE]).T
        found = polished(away)
        rule = {"type": "eq", "fun": lambda w: w.sum() - 1}
        start = np.full(12, 1 / 12)
        slow = minimize(lambda w, a=away: ((a @ w) ** 2).sum(), start, bounds=[(0, 1)] * 12, constraints=rule,
                        method="SLSQP", options={"ftol": 1e-14, "maxiter": 1000})  # fmt: skip
        assert found == pytest.approx(slow.x, abs=1e-4) and ((away @ found) ** 2).sum() <= slow.fun + 1e-9
        assert found.sum() == pytest.approx(1, abs=1e-12) and found.min() >= 0
        assert (found > 1e-6).sum() <= BEFORE + 1
        assert nearest_mix(away) == pytest.approx(found, abs=1e-5)


def test_a_mix_that_is_there_is_found_and_its_effect_read_off():
    rng = np.random.default_rng(0)
    donors = rng.normal(50, 5, (20, 11))
    y = np.vstack([0.6 * donors[3] + 0.4 * donors[7] + rng.normal(0, 0.01, 11), donors])
    y[0, BEFORE:] += 4
    found = designs.synthetic(table(y), **ROLES)
    assert found.weights["unit"].tolist() == ["s04", "s08"]
    assert found.weights["weight"].tolist() == pytest.approx([0.6, 0.4], abs=0.01)
    assert found.value == pytest.approx(4, abs=0.05)
    assert found.table["measure"].tolist() == ["score", "In 2008", "In 2009", "In 2010"]


def test_by_hand_the_interval_is_the_gap_and_the_largest_placebo_ratio_times_the_error():
    rank = ranked(2.0, 0.5, np.array([1.0, -3.0, *[0.0] * 17]), np.array([1.0, 1.0, *[1.0] * 17]), 0.95)
    assert (rank.p, rank.low, rank.high) == (1 / 20, 0.5, 3.5)
    assert ranked(1.0, 0.5, np.array([1.0, -3.0, *[0.0] * 17]), np.ones(19), 0.95).p == 2 / 20


def test_a_year_left_out_of_the_weights_is_predicted_without_it():
    away = values(np.random.default_rng(4), donors=6)[1:, :BEFORE].T
    left = left_out_years(away, 10)
    for k in (0, 5):
        assert left[k] == pytest.approx(-(away[k] @ nearest_mix(np.delete(away, k, axis=0))))


def test_with_predictors_the_mix_is_like_the_treated_unit_in_what_predicts_the_outcome():
    rng = np.random.default_rng(3)
    causes, noise = rng.normal(size=(20, 1)), rng.normal(size=(20, 2))
    y = 3 * causes + np.linspace(0, 1, BEFORE) + rng.normal(0, 0.05, (20, BEFORE))
    x = np.hstack([causes, noise])
    mix, shares = by_predictors((y[1:] - y[0]).T, (x[1:] - x[0]).T)
    assert shares[0] > 0.9 and mix @ causes[1:, 0] == pytest.approx(causes[0, 0], abs=0.05)
    frame = table(np.hstack([y, y[:, -3:]])).assign(cause=np.repeat(causes[:, 0], 11), other=np.repeat(noise[:, 0], 11))
    found = designs.synthetic(frame, predictors=["cause", ("other", 2003, 2005)], **ROLES)
    assert found.predictors["predictor"].tolist() == ["cause", "other, 2003 to 2005"]
    assert found.fit == found.error and any("predictors" in limit for limit in found.limits)


@pytest.mark.parametrize("amid", [False, True])
def test_over_1000_panels_the_interval_holds_for_a_unit_like_the_donors_and_for_one_amid_them(amid):
    found = recover(lambda rng: values(rng, effect=1.0, amid=amid), with_interval, 1.0)
    assert found.holds(), found


def test_over_1000_panels_of_no_effect_one_in_twenty_is_found():
    found = recover(lambda rng: values(rng, rho=0.0), with_interval, 0.0)
    assert found.holds() and 0.03 <= found.found <= 0.07, found


def test_the_result_is_what_the_truth_tests_hold():
    y = inside()
    found, by_hand = designs.synthetic(table(y), **ROLES), with_interval(y)
    assert [found.value, found.low, found.high] == pytest.approx([by_hand.value, by_hand.low, by_hand.high], abs=1e-4)


def test_row_order_and_units_change_nothing_but_the_scale():
    frame = table(inside())
    one, two = designs.synthetic(frame, **ROLES), designs.synthetic(frame.sample(frac=1, random_state=1), **ROLES)
    assert one.plain() == two.plain() and one.value == two.value
    for scale in (1e-4, 1e4):
        other = designs.synthetic(frame.assign(score=frame["score"] * scale), **ROLES)
        assert [other.value, other.low, other.high] == pytest.approx(
            [scale * v for v in (one.value, one.low, one.high)]
        )
        assert other.weights["weight"].tolist() == pytest.approx(one.weights["weight"].tolist())


def test_a_column_names_the_treated_unit_as_its_id_does():
    frame = table(inside())
    marked = frame.assign(program=((frame["school"] == "s00") & (frame["year"] >= 2008)).astype(int))
    one = designs.synthetic(frame, **ROLES)
    assert designs.synthetic(marked, **{**ROLES, "treated": "program"}).value == one.value


def test_several_treated_units_are_averaged_and_need_a_seed():
    frame = table(values(np.random.default_rng(2), donors=24))
    asked = {**ROLES, "treated": ["s00", "s01"]}
    with pytest.raises(InputError, match="seed: is needed with several treated units"):
        designs.synthetic(frame, **asked)
    one, two = (designs.synthetic(frame, seed=5, **asked) for _ in range(2))
    assert one.plain() == two.plain() and one.evidence.units == (2, 23)
    both = frame[frame["school"].isin(["s00", "s01"])].groupby("year")["score"].mean()
    assert one.frame["treated"].tolist() == pytest.approx(both.tolist())
    assert one.gaps["unit"].str.contains(" and ").all()


def test_donors_with_a_missing_year_are_left_out_and_said():
    frame = table(values(np.random.default_rng(12), amid=True, donors=20))
    gone = frame.drop(index=frame[(frame["school"] == "s05") & (frame["year"] == 2003)].index)
    found = designs.synthetic(gone, **ROLES)
    assert any("1 donor with a missing year left out" in limit for limit in found.limits)
    assert found.value == designs.synthetic(frame[frame["school"] != "s05"], **ROLES).value


def test_a_poor_fit_only_compares_and_says_so():
    y = values(np.random.default_rng(12), amid=True)
    y[0, :BEFORE] += np.where(np.arange(BEFORE) % 2, 1.5, -1.5) * y[1:].std(axis=0)[:BEFORE]
    found = designs.synthetic(table(y), **ROLES)
    assert found.claim == "compare" and any("fit before the start is poor" in limit for limit in found.limits)


def test_power_hides_the_estimate():
    found = designs.synthetic(table(inside()), look="power", **ROLES)
    assert not hasattr(found, "value") and found.mdes > 0


@pytest.mark.parametrize(
    ("make", "asked", "said"),
    [
        (lambda f: f, {"start": 2020}, "no year lies at or after it"),
        (lambda f: f, {"start": 2004}, "has 4 years before it, where a synthetic control needs 5"),
        (lambda f: f.assign(score=1.0), {}, "has the same value in every row"),
        (lambda f: f[f["school"].isin(["s00", "s01"])], {}, "has 1 donor -> chance is measured on donors"),
        (lambda f: f[f["school"] < "s13"], {}, r"has 12 donors; the smallest p-value .* 1/13, and 95% takes 19"),
        (lambda f: f, {"donors": ["s00", "s01"]}, "donor 's00': is the treated one"),
        (lambda f: f, {"donors": ["t01"]}, "is no school of the table"),
        (lambda f: f, {"treated": "s0"}, "is no school and no column of the table -> did you mean"),
        (lambda f: f[~((f["school"] == "s00") & (f["year"] == 2002))], {}, "s00: has no value in 2002"),
        (lambda f: f.assign(t=1), {"treated": "t"}, "every unit is treated"),
        (lambda f: f.assign(t=0), {"treated": "t"}, "marks no unit"),
        (
            lambda f: f.assign(score=f["score"] + 99 * (f["school"] == "s00")),
            {},
            "lies above every donor in 8 of 8 years",
        ),
        (lambda f: f.head(2), {}, "no year lies at or after it"),
        (lambda f: pd.concat([f, f.head(1)]), {}, "share their school and year"),
        (lambda f: f.assign(x=1.0), {"predictors": ["x"]}, "predictor x: is the same for all units"),
        (lambda f: f, {"predictors": ["x"]}, "'x': is not in the table"),
        (lambda f: f.assign(score=f["year"] * 1.0), {}, "no chance variation is left"),
    ],
)
def test_what_no_synthetic_control_can_be_made_of_is_refused_with_what_it_needs(make, asked, said):
    with pytest.raises(InputError, match=said):
        designs.synthetic(make(table(inside())), **{**ROLES, **asked})


def test_of_many_donors_the_nearest_are_used_and_that_is_said():
    found = designs.synthetic(table(values(np.random.default_rng(12), amid=True, donors=320)), **ROLES)
    assert found.gaps["unit"].nunique() == 199 and found.evidence.units == (1, 320)
    assert any("Of 320 donors the mix is made of the 100 nearest" in limit for limit in found.limits)
    frame = table(values(np.random.default_rng(12), amid=True, donors=320))
    with pytest.raises(InputError, match="name at most 199 that are like the treated school"):
        designs.synthetic(frame.assign(x=frame["score"] ** 2), predictors=["x"], **ROLES)


def test_fewer_donors_carry_an_interval_of_a_lower_level():
    frame = table(inside())
    found = designs.synthetic(frame[frame["school"] < "s13"], level=0.9, **ROLES)
    assert found.interval_label == "90% interval" and any("92.3%" in limit for limit in found.limits)


def test_the_figure_draws_both_lines_and_the_placebos_and_says_the_finding():
    y = inside()
    y[0, BEFORE:] += 6
    found = designs.synthetic(table(y), who="Oak School", label="Reading", unit_of="score", **ROLES)
    figure = charts.synthetic(found)
    assert (
        figure.title.startswith("Reading: from 2008 on, Oak School") and "above its synthetic control" in figure.title
    )
    gap = np.subtract(figure.drawn["treated"], figure.drawn["synthetic"])
    assert gap.tolist() == pytest.approx(figure.drawn["gap"], abs=1e-4)
    assert 0 < figure.drawn["placebos"][0] <= DONORS and "19 placebos" in figure.alt
    assert not [w for w in ("caused", "significant", "no effect", "proves") if w in found.plain().lower()]
