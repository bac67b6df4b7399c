"""A gap and its parts: sums that hold exactly, errors as R finds them, honest coverage, words that blame nobody."""

import csv
from pathlib import Path

import compare_samples as make
import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from leadlib import charts, designs
from leadlib.designs.jackknifed import cluster_codes, leaving_one_out
from leadlib.designs.splitting import by_category, kitagawa_parts, moments, oaxaca_parts
from leadlib.errors import InputError

ORACLE = Path(__file__).parent / "oracles" / "decomposition.csv"
SHARES = np.array([[0.5, 0.3, 0.2], [0.3, 0.3, 0.4]])
RATES = np.array([[10.0, 14, 18], [12, 15, 21]])


def oracle(case):
    rows = [r for r in csv.DictReader(ORACLE.read_text().splitlines()) if r["case"] == case]
    return [float(r["value"]) for r in rows], [float(r["se"]) for r in rows]


def split(d, **more):
    return designs.kitagawa(d, outcome="y", group="a", category="c", cluster="g", **more)


def explained(d, **more):
    return designs.oaxaca(d, outcome="y", group="a", covariates=["x", "z"], cluster="g", **more)


@pytest.mark.parametrize("mixed", [False, True])
def test_parts_and_their_errors_are_those_of_a_plain_loop_in_r(mixed):
    d, kind = make.parts(mixed), "mixed" if mixed else "nested"
    for name, found in (("kitagawa", split(d, weights="w")), ("oaxaca", explained(d, weights="w"))):
        value, se = oracle(f"{name}-{kind}")
        assert found.frame["value"].tolist() == pytest.approx(value, rel=1e-8)
        assert found.frame["se"].tolist() == pytest.approx(se, rel=1e-8)


def test_kitagawas_parts_by_hand_in_percent():
    rows = [(a, c, y) for a, c, ones, n in ((0, "p", 1, 4), (0, "q", 1, 2), (1, "p", 1, 2), (1, "q", 3, 4))
            for y in [1] * ones + [0] * (n - ones)]  # fmt: skip
    d = pd.DataFrame(rows, columns=["a", "c", "y"])
    found = designs.kitagawa(d, outcome="y", group="a", category="c", unit_of="pct")
    # shares 2/3 and 1/3 against 1/3 and 2/3; rates 25 and 50 against 50 and 75
    assert found.value == pytest.approx(100 * (4 / 6 - 2 / 6))
    assert found.part("composition")["value"] == pytest.approx((-1 / 3) * 37.5 + (1 / 3) * 62.5)
    assert found.part("rates")["value"] == pytest.approx(0.5 * 25 + 0.5 * 25)
    assert found.unit == "pct_points"


def test_a_table_of_counts_gives_what_its_rows_give():
    d = make.parts()
    whole = split(d)
    counted = d.groupby(["g", "a", "c"], as_index=False).agg(y=("y", "mean"), n=("y", "size"))
    table = split(counted, weights="n")
    assert table.frame["value"].tolist() == pytest.approx(whole.frame["value"].tolist())
    assert table.frame["se"].tolist() == pytest.approx(whole.frame["se"].tolist())


def test_oaxacas_parts_are_those_that_stata_prints():
    # Stata's oaxaca on the credit card data, as the tests of statsmodels quote it.
    from statsmodels.datasets.ccard.data import load_pandas

    data = load_pandas()
    d = data.exog.assign(y=data.endog)
    found = designs.oaxaca(d, outcome="y", group="OWNRENT", covariates=["AGE", "INCOME", "INCOMESQ"])
    three = found.frame[found.frame["kind"] == "threefold"]["value"].tolist()
    assert [found.value, found.part("measured")["value"], found.part("unmeasured")["value"]] == pytest.approx(
        [158.7504, 130.8095, 27.94091], abs=5e-5
    )
    assert three == pytest.approx([321.7482, 75.45371, -238.4515], abs=5e-5)


def test_every_reference_adds_up_and_the_two_groups_own_are_the_textbooks():
    d = make.parts()
    for reference in ("pooled", "pooled without group", "group", "comparison"):
        found = explained(d, reference=reference)
        parts = found.part("measured")["value"], found.part("unmeasured")["value"]
        assert sum(parts) == pytest.approx(found.value)
        detail = found.frame[found.frame["kind"] == "detail"]["value"]
        assert detail.sum() == pytest.approx(parts[0])
    three = explained(d).frame.query("kind == 'threefold'")["value"].to_numpy()
    assert explained(d, reference="comparison").part("measured")["value"] == pytest.approx(three[0])
    assert explained(d, reference="group").part("unmeasured")["value"] == pytest.approx(three[1])


def test_order_scale_and_input():
    d = make.parts()
    kept = d.copy()
    for run in (split, explained):
        found = run(d)
        assert run(d.sample(frac=1, random_state=2)).plain() == found.plain()
        ten = run(d.assign(y=10 * d["y"]))
        assert (ten.frame["value"] / 10).tolist() == pytest.approx(found.frame["value"].tolist())
        assert (ten.frame["se"] / 10).tolist() == pytest.approx(found.frame["se"].tolist())
    pd.testing.assert_frame_equal(d, kept)


def test_words_split_and_blame_nobody():
    for found in (split(make.parts()), explained(make.parts())):
        said = " ".join([found.plain(), *charts.decomposition(found).data()["alt"].split()]).lower()
        assert found.claim == "compare"
        banned = ("discriminat", "bias", "unfair", "deficit", "caused", "significant", "no effect", "ability", "fault")
        assert not [w for w in banned if w in said]
    assert "does not say what made it" in split(make.parts()).text
    assert "everything that was not measured" in explained(make.parts()).text


def test_power_hides_the_gap_and_its_parts():
    found = split(make.parts(), look="power")
    assert found.mdes > 0 and not hasattr(found, "part") and "make-up" not in found.plain()


@pytest.mark.parametrize(
    ("run", "change", "more", "message"),
    [
        (split, {"a": 1.0}, {}, "a = 0: has 0 clusters"),
        (split, {"a": lambda d: (d["g"] == 1).astype(float)}, {}, "a = 1: has 1 cluster: each|a = 1: has 1 cluster"),
        (split, {"y": 3.0}, {}, "is the same in every row"),
        (split, {"c": lambda d: np.where(d["g"] == 2, "z", "u")}, {}, "c 'z', a = 0: has 0 clusters"),
        (split, {"w": 0.0}, {"weights": "w"}, "are not all above zero"),
        (explained, {"z": lambda d: 2 * d["x"]}, {}, "oaxaca, a = 1, z: is determined by the columns before it"),
        (explained, {"z": lambda d: (d["g"] == 2).astype(float)}, {}, "a = 0, z: is zero in every row"),
        (explained, {"z": lambda d: d["g"].isin([2, 9]) * d["x"]}, {}, "once a single cluster is left out"),
        (explained, {}, {"reference": "neumark"}, "reference 'neumark': is not one of the choices"),
    ],
)
def test_what_cannot_be_split_is_refused(run, change, more, message):
    with pytest.raises(InputError, match=message):
        run(make.parts().assign(**change), **more)


def test_no_covariates_and_two_observations_are_refused():
    with pytest.raises(InputError, match="covariates: are not given"):
        designs.oaxaca(make.parts(), outcome="y", group="a", covariates=[])
    two = pd.DataFrame({"y": [1.0, 2], "a": [0, 1], "c": ["p", "p"]})
    with pytest.raises(InputError, match="each group needs two or more"):
        designs.kitagawa(two, outcome="y", group="a", category="c")


def drawn(rng, one, other, low, high, mixed=False):
    """Draw pupils whose make-up and results by category are known; schools differ in both."""
    n = one + other
    g = np.repeat(np.arange(n), rng.integers(low, high, n))
    a = (rng.random(len(g)) < rng.beta(4, 4, n)[g]).astype(int) if mixed else (g < one).astype(int)
    made = np.stack([rng.dirichlet(20 * SHARES[k], n) for k in (0, 1)], axis=1)[g, a]
    c = (rng.random(len(g))[:, None] > made.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    y = RATES[a, c] + 2 * rng.normal(size=n)[g] + 6 * rng.normal(size=len(g))
    x = 0.7 * rng.normal(size=n)[g] + rng.normal(size=len(g)) + 0.8 * a
    return pd.DataFrame({"g": g, "a": a, "c": c, "y": y, "x": x, "v": 2 * x + 1.5 * a + y - RATES[a, c]})


TRUE = {
    "composition": float(((SHARES[1] - SHARES[0]) * (RATES[1] + RATES[0]) / 2).sum()),
    "rates": float(((RATES[1] - RATES[0]) * (SHARES[1] + SHARES[0]) / 2).sum()),
}


def held(shape, run, true):
    """Run over 1,000 seeds; give each part's mean error in Monte Carlo errors, and its coverage."""
    error, inside = [], []
    for seed in range(1000):
        d = drawn(np.random.default_rng(seed), *shape).astype({"g": str, "c": str, "a": float})
        found = run(d, cluster_codes(d, "g"))
        half = student.ppf(0.975, found.df[1:3]) * found.se[1:3]
        error.append(found.value[1:3] - true)
        inside.append(np.abs(error[-1]) <= half)
    return np.mean(error, axis=0) / np.std(error, axis=0) * np.sqrt(1000), np.mean(inside, axis=0)


@pytest.mark.parametrize("shape", [(20, 20, 8, 25), (4, 4, 20, 50), (4, 16, 15, 90), (4, 4, 20, 50, True)])
def test_over_1000_districts_kitagawas_parts_are_found_and_covered(shape):
    def run(d, codes):
        _, sums = by_category(d, codes, "here", "y", "a", "c", None, "g")
        return leaving_one_out(sums, lambda s: kitagawa_parts(s, 3), "here")

    off, share = held(shape, run, [TRUE["composition"], TRUE["rates"]])
    assert (np.abs(off) <= 3).all() and ((share >= 0.93) & (share <= 0.97)).all()


@pytest.mark.parametrize("shape", [(4, 4, 20, 50), (4, 16, 15, 90)])
def test_over_1000_districts_oaxacas_parts_are_found_and_covered(shape):
    def run(d, codes):
        sums = moments(d, codes, "here", "v", "a", ["x"], None)
        return leaving_one_out(sums, lambda s: oaxaca_parts(s, 2, "pooled", "here"), "here")

    off, share = held(shape, run, [1.6, 1.5])
    assert (np.abs(off) <= 3).all() and ((share >= 0.93) & (share <= 0.97)).all()


def test_the_figure_draws_the_gap_its_parts_and_their_details():
    found = split(make.parts(), label="Reading")
    figure = charts.decomposition(found)
    assert figure.drawn["kind"] == ["gap", "part", *["detail"] * 3, "part", *["detail"] * 3]
    assert figure.drawn["value"][0] == pytest.approx(found.value, rel=1e-5)
    assert figure.title.startswith("The gap of +1.53 falls into +0.114 and +1.41") and "The gap: +1.53" in figure.alt
    assert charts.decomposition(found, detail=False).drawn["kind"] == ["gap", "part", "part"]
    flat = explained(make.parts().assign(y=lambda d: d["y"] - 1.54 * d["a"]))
    assert charts.decomposition(flat).title == "The data do not tell the gap from zero"
