"""Meta-analysis: metafor's numbers, honest coverage for few and unequal studies, words that stay with the interval."""

import numpy as np
import pandas as pd
import pytest
from truth import recover

from leadlib import charts, designs
from leadlib.designs.pooling.inputs import Studies
from leadlib.designs.pooling.models import answer
from leadlib.errors import InputError
from leadlib.verify import FILES

# Printed by tests/oracles/make_meta_oracle.R: average, its error, interval, tau2, I2, Q, prediction.
METAFOR = {
    ("REML", "normal"): (0.08370124188, 0.05164067136, -0.01751261413, 0.1849150979, 0.01881828814, -0.2035859378),
    ("REML", "knapp-hartung"): (0.08370124188, 0.06157931947, -0.04567210761, 0.2130745914, 0.0188182881, -0.232208564),
    ("ML", "normal"): (0.07773652594, 0.04749104852, -0.01534421875, 0.1708172706, 0.01255189475, -0.1607621362),
    ("PM", "knapp-hartung"): (0.1039569702, 0.06820838732, -0.03934353401, 0.2472574745, 0.0517733101, -0.3950980085),
    ("DL", "knapp-hartung"): (0.08932208443, 0.06357555508, -0.04424520046, 0.2228893693, 0.0259036723, -0.2742377459),
}  # fmt: skip
SEARCH = 1e-7  # both sides search for tau2
MC = 0.007  # one Monte Carlo error of a coverage of 95% over 1,000 seeds


def expectancy():
    return pd.read_csv(FILES / "expectancy_1985.csv", dtype={"study": str})


def calendar():
    return pd.read_csv(FILES / "calendar_2011.csv", dtype={"district": str, "study": str})


def run(frame, **more):
    return designs.meta(frame, effect="effect", variance="variance", **{"study": "study", "influence": False} | more)


@pytest.mark.parametrize(("method", "interval"), list(METAFOR))
def test_metafor_gives_the_same(method, interval):
    found = run(expectancy(), method=method, interval=interval)
    ours = (found.value, found.se, found.low, found.high, found.tau2, found.prediction_low)
    assert ours == pytest.approx(METAFOR[method, interval], abs=SEARCH)


def test_three_levels_and_robust_errors_as_metafor_and_clubsandwich():
    found = run(calendar(), study="district", within="study")
    assert found.value == pytest.approx(0.18471316, abs=1e-7)
    assert (found.model_se, found.tau2, found.tau2_within) == pytest.approx((0.0845559, 0.0650619, 0.0327365), abs=1e-6)
    assert (round(found.se, 4), round(found.df, 2)) == (0.0845, 9.86)
    assert (round(found.tau2_within_low, 4), round(found.tau2_within_high, 4)) == (0.0163, 0.0628)


def test_the_default_interval_allows_for_not_knowing_the_spread():
    plain, kh = run(expectancy()), run(expectancy(), interval="knapp-hartung")
    assert plain.value == kh.value
    assert plain.high - plain.low > kh.high - kh.low
    assert plain.prediction_low < plain.low < plain.high < plain.prediction_high
    same = expectancy().assign(variance=0.04)
    wide, narrow = run(same), run(same, interval="knapp-hartung")
    assert [wide.low, wide.high] == pytest.approx([narrow.low, narrow.high])  # equal sizes: both are the t interval


def test_equal_variances_give_the_plain_t_interval():
    frame = pd.DataFrame({"study": list("abcd"), "effect": [0.1, 0.5, -0.2, 0.4], "variance": 0.01})
    found = run(frame)
    half = 3.182446305 * frame["effect"].std() / 2
    assert [found.value, found.low, found.high] == pytest.approx([0.2, 0.2 - half, 0.2 + half])
    assert found.tau2 == pytest.approx(frame["effect"].var() - 0.01)


def test_the_floor_keeps_agreeing_studies_from_a_narrow_interval():
    frame = pd.DataFrame({"study": list("abcdef"), "effect": [0.2, 0.21, 0.19, 0.2, 0.22, 0.18], "variance": 0.04})
    found = run(frame, interval="knapp-hartung")
    assert found.tau2 == 0.0 and found.i2 == 0.0
    assert found.floored[1] - found.floored[0] == pytest.approx(2 * 2.570581836 * np.sqrt(0.04 / 6))
    assert found.knapp_hartung[1] - found.knapp_hartung[0] < 0.1 * (found.floored[1] - found.floored[0])
    assert any("held to at least the usual width" in line for line in found.checks)


# --- truth -----------------------------------------------------------------------------------------------------------


def of(y, v, groups=None, *, brief=True):
    n = len(y)
    nested = groups is not None
    codes = np.asarray(groups) if nested else np.arange(n)
    data = Studies(y, v, np.ones((n, 1)), ("average",), [""] * n, [""] * n, codes, codes, nested, nested, ())
    return answer(data, method="REML", interval="averaged", level=0.95, brief=brief)


def drawn(k, tau2, true, sizes):
    def make(rng):
        v = rng.choice(sizes, k)
        return rng.normal(true, np.sqrt(tau2 + v)), v

    return make


UNEQUAL = (0.005, 0.02, 0.08, 0.20)  # the largest study forty times the smallest
SCENES = {
    "5 unequal studies": (5, 0.04, 0.2, UNEQUAL),
    "8 unequal studies, nothing there": (8, 0.04, 0.0, UNEQUAL),
    "20 studies, nothing there": (20, 0.03, 0.0, (0.02, 0.04, 0.08)),
    "8 equal studies, no spread": (8, 0.0, 0.2, (0.04,)),
}


@pytest.mark.parametrize("scene", list(SCENES))
def test_the_interval_of_the_average_covers_as_often_as_it_says(scene):
    k, tau2, true, sizes = SCENES[scene]
    found = recover(drawn(k, tau2, true, sizes), lambda d: of(*d), true)
    assert found.holds(), found
    if true == 0:
        assert 0.03 <= found.found <= 0.07, found


def test_knapp_and_hartungs_interval_alone_would_miss_too_often():
    def kh(d):
        n = len(d[0])
        data = Studies(
            *d, np.ones((n, 1)), ("average",), [""] * n, [""] * n, np.arange(n), np.arange(n), False, False, ()
        )
        return answer(data, method="REML", interval="knapp-hartung", level=0.95, brief=True)

    found = recover(drawn(5, 0.04, 0.2, UNEQUAL), kh, 0.2)
    assert found.covered < 0.925, found


@pytest.mark.parametrize(("k", "tau2"), [(5, 0.04), (8, 0.2), (20, 0.04)])
def test_the_prediction_interval_holds_the_effect_of_a_new_study(k, tau2):
    inside = []
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        y, v = drawn(k, tau2, 0.2, UNEQUAL)(rng)
        low, high = of(y, v, brief=False).new
        inside.append(low <= rng.normal(0.2, np.sqrt(tau2)) <= high)
    assert 0.93 - MC <= np.mean(inside) <= 0.97


def nested(groups, between, within, true):
    def make(rng):
        code = np.repeat(np.arange(groups), rng.integers(1, 10, groups))
        v = rng.choice((0.005, 0.02, 0.08), len(code))
        own = rng.normal(0, np.sqrt(between), groups)[code]
        return true + own + rng.normal(0, np.sqrt(within + v)), v, code

    return make


@pytest.mark.parametrize(("groups", "between", "within", "true"), [(8, 0.03, 0.02, 0.0), (20, 0.03, 0.02, 0.2)])
def test_nested_effects_cover_also_with_eight_unequal_studies(groups, between, within, true):
    found = recover(nested(groups, between, within, true), lambda d: of(*d), true)
    assert found.holds(), found
    if true == 0:
        assert 0.03 <= found.found <= 0.07, found


# --- the result ------------------------------------------------------------------------------------------------------


def test_the_words_stay_with_the_interval_and_say_what_a_new_school_could_expect():
    found = run(expectancy(), unit_of="sd", label="Expectancy", influence=True)
    assert "which does not tell it from zero" in found.text
    assert "A new school or district like those studied could expect" in found.text
    assert not [w for w in ("significant", "no effect", "proves", "caused") if w in found.plain().lower()]
    strong = run(expectancy().assign(effect=lambda d: d["effect"] + 1), unit_of="sd")
    assert "does not tell it from zero" not in strong.text


def test_an_average_above_zero_may_still_run_from_losses_to_gains_elsewhere():
    frame = pd.DataFrame(
        {"study": [f"s{k}" for k in range(24)], "effect": np.tile([0.7, 0.1, -0.15], 8), "variance": 0.01}
    )
    found = run(frame)
    assert found.low > 0 > found.prediction_low
    assert "runs from losses to gains" in found.text


def test_moderators_are_told_as_a_comparison_of_studies():
    found = run(expectancy(), moderators=["weeks"], interval="knapp-hartung")
    weeks = found.coefficients.iloc[1]
    assert (weeks["value"], weeks["se"]) == pytest.approx((-0.01574270331, 0.006412600561), abs=1e-7)
    assert "they differ in other ways too" in found.text
    assert found.table["group"].iloc[0].endswith("at the moderators' means")


def test_kinds_of_study_are_compared_with_the_first():
    frame = expectancy().assign(kind=["blind", "open"] * 9 + ["open"])
    found = run(frame, moderators=["kind"], interval="knapp-hartung")
    assert found.coefficients["term"].tolist() == ["average", "kind: open against blind"]


def test_leaving_out_a_study_gives_what_a_run_without_it_gives():
    frame = expectancy()
    found = designs.meta(frame, effect="effect", variance="variance", study="study")
    other = run(frame[frame["study"] != "10"])
    row = found.frame[found.frame["study"] == "10"].iloc[0]
    assert [row["without_value"], row["without_low"]] == pytest.approx([other.value, other.low])
    assert any("moves the average most without 10" in line for line in found.checks)


def test_eggers_test_is_called_weak_where_studies_are_few():
    few = run(expectancy().head(6))
    assert any("weak" in line for line in few.checks)
    nested_ones = run(calendar(), study="district", within="study")
    assert nested_ones.egger is None
    assert any("needs effects that are independent" in line for line in nested_ones.checks)


def test_power_shows_the_smallest_effect_and_hides_the_estimate():
    found = run(expectancy(), look="power", unit_of="sd")
    assert "finds an effect of" in found.text and "0.08" not in found.plain()


def test_row_order_changes_nothing():
    frame = expectancy()
    one, two = (run(f, influence=True) for f in (frame, frame.sample(frac=1, random_state=3)))
    assert one.plain() == two.plain()
    pd.testing.assert_frame_equal(one.frame, two.frame)


def test_standard_errors_do_as_well_as_variances_and_units_scale():
    frame = expectancy().assign(se=lambda d: np.sqrt(d["variance"]))
    one = run(frame)
    two = designs.meta(frame, effect="effect", se="se", study="study", influence=False)
    assert two.low == pytest.approx(one.low)
    big = run(frame.assign(effect=frame["effect"] * 100, variance=frame["variance"] * 1e4))
    assert [big.value, big.low, big.prediction_high, big.i2] == pytest.approx(
        [100 * one.value, 100 * one.low, 100 * one.prediction_high, one.i2]
    )


def test_nothing_given_is_changed_and_missing_rows_are_counted():
    frame = expectancy()
    frame.loc[3, "effect"] = np.nan
    before = frame.copy()
    found = run(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert "1 row without a value in effect was left out." in found.limits


def test_few_studies_are_said_to_be_few():
    found = run(expectancy().head(2))
    assert np.isfinite([found.low, found.high, found.prediction_low]).all()
    assert any("five studies or more are better" in line for line in found.limits)


BAD = {
    "one study": (lambda d: d.head(1), {}, "give two or more"),
    "nothing": (lambda d: d.head(0), {}, "0 studies"),
    "a negative variance": (lambda d: d.assign(variance=-0.1), {}, "not above zero"),
    "a study twice": (lambda d: d.assign(study="a"), {}, "within="),
    "a constant moderator": (lambda d: d.assign(weeks=3), {"moderators": ["weeks"]}, "same in every study"),
    "moderators that follow": (
        lambda d: d.assign(days=d["weeks"] * 7),
        {"moderators": ["weeks", "days"]},
        "follows from",
    ),
    "too few for moderators": (lambda d: d.head(3), {"moderators": ["weeks"]}, "fewer moderators"),
    "one cluster": (lambda d: d.assign(team="a"), {"cluster": "team"}, "one cluster"),
    "an unknown method": (lambda d: d, {"method": "reml"}, "did you mean 'REML'"),
    "no variance": (lambda d: d, {"variance": None}, "either variance= or se="),
    "text": (lambda d: d.assign(effect="x"), {}, "finite number"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_what_cannot_be_averaged_is_refused_with_the_way_out(case):
    change, more, said = BAD[case]
    with pytest.raises(InputError, match=said):
        designs.meta(change(expectancy()), **{"effect": "effect", "variance": "variance", "study": "study"} | more)


def test_studies_that_agree_to_the_last_digit_give_an_interval_still():
    found = run(pd.DataFrame({"study": list("abc"), "effect": 0.3, "variance": [0.01, 0.02, 0.03]}))
    assert found.value == pytest.approx(0.3) and found.tau2 == 0.0
    assert np.isfinite([found.low, found.high]).all()


def test_the_forest_draws_each_study_and_the_average():
    figure = charts.forest(run(expectancy(), unit_of="sd"))
    assert len(figure.drawn["study"]) == 19
    assert figure.title == "The studies average +0.08 standard deviations, not told from zero"
    assert "a new study of this kind" in figure.alt
    many = pd.DataFrame(
        {"study": [f"s{k:03d}" for k in range(60)], "effect": 0.1, "variance": np.linspace(0.01, 0.1, 60)}
    )
    assert len(charts.forest(run(many.assign(effect=np.resize([0.1, 0.3], 60)))).drawn["study"]) == 40


def test_the_funnel_says_no_more_than_eggers_test():
    figure = charts.small_studies(run(expectancy(), unit_of="sd"))
    assert figure.title == "Small studies tend to other effects than large ones"
    few = charts.small_studies(run(expectancy().head(6), unit_of="sd"))
    assert few.title.startswith("With 6 effects, small studies cannot be judged")
