"""What every design promises: the same numbers however the table comes, refusals that help, words within bounds."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import os
import re
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import promises
import pytest
from promises import ESTIMATES, EVERY, Case, pieces

from leadlib import designs
from leadlib.designs.estimates import Detectable, Estimate
from leadlib.errors import InputError
from leadlib.numbers import phrase, show

NUMBER = re.compile(r"(?<![A-Za-z_])[−-]?\d+(?:,\d{3})*(?:\.\d+)?")
FITTED = 1e-6  # fits that are searched for stop within about this of the best
SHOWN: dict[str, Any] = {}


def every(cases: Any = EVERY) -> Any:
    return pytest.mark.parametrize("case", cases, ids=lambda c: c.name)


def usual(case: Case) -> Any:
    """Give the result on the sample as it is, once for all tests."""
    if case.name not in SHOWN:
        SHOWN[case.name] = case.run()
    return SHOWN[case.name]


@pytest.fixture(autouse=True)
def no_warnings() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def same(found: Any, expected: Any, rel: float = 0.0, skip: tuple[str, ...] = ()) -> None:
    """Hold two results to each other, piece by piece; with `rel`, numbers within that of each other."""
    one, other = ([(p, v) for p, v in pieces(x) if not p.startswith(skip or "\0")] for x in (found, expected))
    assert [p for p, _ in one] == [p for p, _ in other]
    for (place, a), (_, b) in zip(one, other, strict=True):
        if rel and isinstance(a, float) and isinstance(b, float) and math.isfinite(a):
            assert a == pytest.approx(b, rel=rel, abs=1e-9), place
        else:
            assert a == b, place


# The table as it comes -----------------------------------------------------------------------------------------------


@every()
def test_row_order_changes_no_bit(case: Case) -> None:
    data = case.make()
    same(case.run(data.sample(frac=1, random_state=1)), usual(case))


@every()
def test_the_table_given_is_not_changed(case: Case) -> None:
    data = case.make()
    before = data.copy(deep=True)
    case.run(data)
    pd.testing.assert_frame_equal(data, before, check_exact=True)


def odd_index(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    return data.set_index(pd.Index([7] * len(data), name=case.used()[0]))


def multi_index(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    return data.set_index([case.used()[0], case.used()[-1]], drop=False)


def more_columns(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    names = ("constant", "index", "level_0", "arm", "time", "group", "unit", "weights", "_w", "y", "x", "t", 3)
    more = data.assign(note="n/a", nothing=np.nan)
    for name in names:
        if name not in data.columns:
            more[name] = "?"
    return more


def text_ids(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    return data.astype({c: str for c in case.ids})


def object_ids(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    return data.astype({c: object for c in case.ids})


def float_ids(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    return data.astype({c: float for c in case.ids})


def categories(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    unused = data.astype({c: str for c in case.ids})
    return unused.assign(
        **{c: pd.Categorical(unused[c], categories=["none", *sorted(set(unused[c]))[::-1]]) for c in case.ids}
    )


def true_and_false(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    return data.astype({c: bool for c in case.flags})


def nullable(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    kinds = {c: "string" for c in case.ids} | {c: "boolean" for c in case.flags}
    return data.astype(kinds).convert_dtypes()


def objects(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    return data.astype(object)


def read_only(data: pd.DataFrame, case: Case) -> pd.DataFrame:
    kept = data.copy()
    for column in kept.columns:
        values = kept[column].to_numpy()
        if isinstance(values, np.ndarray):
            values.flags.writeable = False
    return kept


FORMS = {
    "text ids, one index for all rows": (text_ids, odd_index),
    "true and false, a double index, more columns": (true_and_false, multi_index, more_columns),
    "ids as floats, read-only": (float_ids, read_only),
    "categories": (categories,),
    "nullable": (nullable,),
    "objects": (objects, object_ids),
}


@pytest.mark.parametrize("form", FORMS)
@every()
def test_how_columns_are_stored_changes_nothing(case: Case, form: str) -> None:
    data = case.make()
    for change in FORMS[form]:
        data = change(data, case)
    same(case.run(data), usual(case))


AWKWARD = "{} of 2012 (1 + x) [%]: C({})"


@every()
def test_columns_may_have_any_name(case: Case) -> None:
    plain, odd = case.make(), {}
    for c in case.used():
        odd[c] = AWKWARD.format(c, c)
    columns = {k: odd[v] if isinstance(v, str) else [odd[c] for c in v] for k, v in case.columns.items()}
    found, expected = dataclasses.replace(case, columns=columns).run(plain.rename(columns=odd)), usual(case)
    assert numbers(found) == pytest.approx(numbers(expected), rel=FITTED, abs=1e-9, nan_ok=True)


@every()
def test_columns_may_be_called_what_designs_call_theirs(case: Case) -> None:
    taken = ["constant", "treated", "y", "time", "weight", "cluster", "unit", "value"]
    odd = dict(zip(case.used()[::-1], taken, strict=False))
    columns = {k: odd.get(v, v) if isinstance(v, str) else [odd.get(c, c) for c in v] for k, v in case.columns.items()}
    data = case.make()[case.used()].rename(columns=odd)
    found, expected = dataclasses.replace(case, columns=columns).run(data), usual(case)
    assert numbers(found) == pytest.approx(numbers(expected), rel=FITTED, abs=1e-9, nan_ok=True)


def numbers(result: Any) -> list[float]:
    """Give the table's numbers, and the estimate's."""
    table = result.table[["value", "low", "high", "n"]].to_numpy(dtype=float).ravel().tolist()
    own = [getattr(result, k) for k in ("value", "se", "df", "low", "high", "p", "sd") if hasattr(result, k)]
    return [*table, *own]


# Units ---------------------------------------------------------------------------------------------------------------


def rescaled(case: Case, times: float, plus: float) -> Any:
    data = case.make()
    for column in case.outcomes:
        data[column] = data[column] * times + plus
    for column in case.squares:
        data[column] = data[column] * times**2
    return case.run(data)


@pytest.mark.parametrize(("times", "plus"), [(1000.0, 0.0), (1.0, 500.0), (-1.0, 0.0)], ids=["times", "plus", "turned"])
@every(ESTIMATES)
def test_the_outcomes_unit_scales_the_estimate_and_nothing_else(case: Case, times: float, plus: float) -> None:
    if not case.moves and (plus or times < 0):
        pytest.skip("an effect has its zero, and an error is never below it")
    one, many = usual(case), rescaled(case, times, plus)
    ends = (one.low, one.high) if times > 0 else (one.high, one.low)
    found = [many.value, many.se, many.low, many.high, many.mdes, many.sd]
    told = [one.value * times, one.se * abs(times), *(e * times for e in ends), one.mdes * abs(times)]
    near = {"rel": FITTED, "abs": 1e-7 * abs(times) * one.se, "nan_ok": True}
    assert found == pytest.approx([*told, one.sd * abs(times)], **near)
    assert [many.p, many.df, many.mdes_sd] == pytest.approx([one.p, one.df, one.mdes_sd], rel=1e-5, nan_ok=True)
    assert many.claim == one.claim and len(many.limits) == len(one.limits)
    if times > 0:
        for a, b in ((many.text, one.text), *zip(many.checks, one.checks, strict=True)):
            assert NUMBER.sub("#", a) == NUMBER.sub("#", b)


@every([c for c in EVERY if c not in ESTIMATES and c.outcomes])
def test_the_outcomes_unit_changes_no_share(case: Case) -> None:
    one, many = usual(case), rescaled(case, 1000.0, 500.0 if case.moves else 0.0)
    for a, b in zip(one.table.to_dict("records"), many.table.to_dict("records"), strict=True):
        times = 1000.0 if a["unit"] == "value" else 1.0
        told, found = ([row[k] for k in ("value", "low", "high")] for row in (a, b))
        assert found == pytest.approx([times * v for v in told], rel=1e-5, abs=1e-9, nan_ok=True)


@every([c for c in EVERY if c.extras])
def test_the_units_of_controls_change_nothing(case: Case) -> None:
    data = case.make()
    for column in case.extras:
        data[column] = data[column] * 1000 + 3
    assert numbers(case.run(data)) == pytest.approx(numbers(usual(case)), rel=1e-5, abs=1e-7, nan_ok=True)


@every([c for c in EVERY if "weights" in c.columns])
def test_the_scale_of_weights_changes_nothing(case: Case) -> None:
    data = case.make()
    data[case.columns["weights"]] *= 40
    assert numbers(case.run(data)) == pytest.approx(numbers(usual(case)), rel=FITTED, abs=1e-9, nan_ok=True)


@every([c for c in EVERY if "start" in c.options or "cutoff" in c.options or "begun" in c.used()])
def test_where_years_and_scores_begin_changes_nothing(case: Case) -> None:
    data, by = case.make(), -2000.0
    column = case.columns.get("time", case.columns.get("score"))
    moved = [c for c in (column, "begun") if c in data]
    data[moved] = data[moved] + by
    options = {k: case.options[k] + by for k in ("start", "cutoff") if k in case.options}
    assert numbers(case.run(data, **options)) == pytest.approx(numbers(usual(case)), rel=FITTED, abs=1e-9, nan_ok=True)


# Hash seed and threads -----------------------------------------------------------------------------------------------


def test_hash_seed_and_threads_change_no_digit(root: Any) -> None:
    told = []
    for seed, threads in (("0", "1"), ("77", "2")):
        bound = {f"{name}_NUM_THREADS": threads for name in ("OMP", "OPENBLAS", "MKL")}
        path = {"PYTHONPATH": os.pathsep.join([str(root), str(root / "tests")])}
        run = subprocess.run(
            [sys.executable, str(root / "tests" / "promises.py")],
            capture_output=True,
            text=True,
            env=os.environ | bound | path | {"PYTHONHASHSEED": seed},
            timeout=120,
        )
        assert run.returncode == 0, run.stderr[-2000:]
        told.append(run.stdout.splitlines())
    assert len(told[0]) == len(EVERY)
    assert told[0] == told[1]


# Bad input -----------------------------------------------------------------------------------------------------------


PARTS = {"survey.quality": ("r_wg", "icc"), "synthetic": ("treated",)}  # whose refusals they hand on


def refused(case: Case, data: Any, *words: str, **more: Any) -> str:
    """Run what has to be refused; give the message, which says where, what is wrong, and what to do."""
    with pytest.raises(InputError) as caught:
        case.run(data, **more)
    for problem in caught.value.problems:
        assert problem.where and problem.what and problem.fix, str(problem)
    said = str(caught.value)
    names = (case.function.split(".")[-1], *case.used(), *PARTS.get(case.function, ()))
    assert any(name in said for name in names), said
    for word in words:
        assert re.search(word, said), said
    return said


def roles(*kinds: str) -> list[Any]:
    """Give each design with each of its columns of a kind."""
    found = []
    for case in EVERY:
        for kind in kinds:
            found += [pytest.param(case, c, id=f"{case.name}-{c}") for c in getattr(case, kind)]
    return found


@every()
def test_a_missing_column_is_named_with_the_nearest(case: Case) -> None:
    for role, value in case.columns.items():
        wrong = f"{value}x" if isinstance(value, str) else [f"{value[0]}x", *value[1:]]
        near = value if isinstance(value, str) else value[0]
        refused(dataclasses.replace(case, columns=case.columns | {role: wrong}), case.make(), f"{near}x", f"'{near}'")


@every()
def test_what_is_no_table_is_refused(case: Case) -> None:
    for thing in (None, case.make().to_dict("records"), case.make().to_numpy(), case.make()[case.used()[0]]):
        refused(case, thing, "DataFrame|table")


@every()
def test_an_empty_table_is_refused(case: Case) -> None:
    refused(case, case.make().head(0))


@every()
def test_a_table_of_missing_values_is_refused(case: Case) -> None:
    data = case.make()
    for column in {*case.outcomes[:1], case.used()[0]}:
        refused(case, data.assign(**{column: np.nan}))


@every()
def test_two_observations_are_refused(case: Case) -> None:
    data = case.make()
    if case.function == "disproportion":
        pytest.skip("counts of two groups are enough")
    if case.name == "meta":  # two studies can be averaged, with a wide interval and a limit that says so; one cannot
        refused(case, data.head(1), "two")
        return
    refused(case, data.head(2))
    refused(case, data.iloc[[0, -1]])


@pytest.mark.parametrize(("case", "column"), roles("outcomes", "squares", "extras", "flags"))
def test_text_and_infinity_are_no_numbers(case: Case, column: str) -> None:
    data = case.make()
    for wrong in ("n/a", "12", math.inf, -math.inf):
        bad = data.astype({column: object})
        bad.loc[bad.index[1], column] = wrong
        refused(case, bad, column)
    refused(case, data.assign(**{column: data[column].astype(str)}), column)


@pytest.mark.parametrize(("case", "column"), roles("flags"))
def test_a_flag_holds_0_and_1_alone(case: Case, column: str) -> None:
    data = case.make()
    refused(case, data.assign(**{column: data[column] + 1}), column, "0 and 1")


@pytest.mark.parametrize(("case", "column"), roles("flags"))
def test_no_treated_or_no_untreated_is_refused(case: Case, column: str) -> None:
    data = case.make()
    for value in (0, 1):
        refused(case, data.assign(**{column: value}), "treated|untreated|group|without|both|constant|rule")


@every([c for c in EVERY if c.key])
def test_rows_that_stand_twice_are_refused(case: Case) -> None:
    data = case.make()
    refused(case, pd.concat([data, data.iloc[[3]]]), "twice|share|keep one|more than once")


@every([c for c in EVERY if c.outcomes])
def test_a_constant_outcome_is_refused(case: Case) -> None:
    if case.function in ("meta", "steadied"):
        pytest.skip("studies may agree")
    data = case.make().assign(**dict.fromkeys(case.outcomes, 7.1))
    refused(case, data, "same|constant|vary|varies|differ|change|one value")


@every([c for c in EVERY if "covariates" in c.columns and c.name != "matched, exact"])
def test_collinear_controls_are_refused(case: Case) -> None:
    data = case.make()
    first = case.columns["covariates"][0]
    data["again"] = 2 * data[first] + 1
    refused(case, data, "again", covariates=[first, "again"])
    refused(case, data.assign(flat=1.0), "flat", covariates=["flat"])


@every([c for c in EVERY if {"cluster", "weights"} & set(c.columns) or c.name.startswith(("meta", "steadied"))])
def test_weights_and_variances_are_above_zero(case: Case) -> None:
    data = case.make()
    for role in ("weights", "variance", "se"):
        if role in case.columns:
            for wrong in (-1.0, 0.0):
                column = case.columns[role]
                bad = data.copy()
                bad.loc[bad.index[2], column] = wrong
                refused(case, bad, column)


@every([c for c in EVERY if "cluster" in c.columns and c.function not in ("meta", "series", "did")])
def test_one_cluster_an_arm_is_refused(case: Case) -> None:
    data = case.make()
    flag = case.flags[0] if case.flags else None
    arm = data[flag] if flag else 0
    refused(case, data.assign(**{case.columns["cluster"]: arm}), "cluster|school|district|two|at least")


@every([c for c in EVERY if "cluster" in c.columns])
def test_one_cluster_in_all_is_refused(case: Case) -> None:
    refused(case, case.make().assign(**{case.columns["cluster"]: 1}), "cluster|school|district|team|two|at least")


@every([c for c in ESTIMATES if "unit" in c.columns and "time" in c.columns and c.function != "growth"])
def test_one_unit_an_arm_is_refused(case: Case) -> None:
    data = case.make()
    few = data["school"] <= 3 if case.function == "synthetic" else data["school"].isin([1, 16])
    refused(case, data[few])


def test_everybody_treated_at_once_is_refused() -> None:
    data = promises.waves().assign(begun=2012.0)
    for case in EVERY:
        if "first_treated" in case.columns:
            refused(case, data, "never|untreated|without|at once")


@every()
def test_misspelt_choices_are_refused_with_the_right_ones(case: Case) -> None:
    choices = {
        "look": "powr", "inference": "clusterd", "method": "propensty", "errors": "CR3x", "kernel": "trianglar",
        "controls": "nevr", "aggregate": "simpel", "base": "fixd", "baseline": "trendy", "side": "abov",
        "reference": "pooledd", "interval": "averagd", "assignment": "randomly", "unit_of": "percent",
        "size": "weigted",
        "center": "grandd", "cohort_sizes": "givn", "null": "unifrm",
    }  # fmt: skip
    takes = inspect.signature(case.call()).parameters
    for name, wrong in choices.items():
        if name in takes and not (case.function == "compare" and name == "baseline"):
            refused(case, case.make(), wrong, "did you mean|use one of|use |one of", **{name: wrong})


@every([c for c in EVERY if c.function not in ("survey.r_wg",)])
def test_a_level_lies_between_0_and_1(case: Case) -> None:
    for wrong in (95, 0, 1, -0.5, math.nan, "0.95"):
        refused(case, case.make(), "level", "0.95", level=wrong)


@every(ESTIMATES)
def test_a_standard_deviation_is_above_zero(case: Case) -> None:
    if "sd" in inspect.signature(case.call()).parameters:
        assert case.run(sd=2.5).sd == 2.5
        for wrong in (-1.0, 0.0, math.inf, math.nan, "2"):
            refused(case, case.make(), "sd", sd=wrong)


# Power before the estimate -------------------------------------------------------------------------------------------


@every(ESTIMATES)
def test_what_could_be_found_is_told_without_the_estimate(case: Case) -> None:
    full, first = usual(case), case.run(look="power")
    assert type(first) is Detectable
    assert first.mdes == pytest.approx(full.mdes, rel=1e-12)
    assert first.mdes_sd == pytest.approx(full.mdes_sd, rel=1e-12, nan_ok=True)
    said = "\n".join((first.plain(), first.html(), json.dumps(first.data()), repr(first), *first.assumptions))
    for hidden in (full.value, full.low, full.high):
        for form in (show(hidden, full.unit), f"{hidden:.6g}", f"{abs(hidden):.4g}", phrase(abs(hidden), full.unit)):
            assert not re.search(rf"(?<![\d.]){re.escape(form)}(?![\d])", said), form
        held = [v for _, v in pieces(first) if isinstance(v, float)]
        assert not any(v == pytest.approx(hidden, rel=1e-6) for v in held)
    assert phrase(full.mdes, full.unit) in first.text


# Words ---------------------------------------------------------------------------------------------------------------

FORBIDDEN = re.compile(
    r"(?i:no effect(?! size)|no impact|no difference|significan|\bprov(es|ed|en)\b|\bcaus(ed|es|ing)\b|impact of zero"
    r"|effect of zero|statistically|\breject|null hypothes|due to the program|did not work|\bworked\b|\bit works\b"
    r"|\bnan\b)|\binf\b"
)
OPEN = re.compile(r"is no sign that there is none|smaller ones may (exist|be there)")
SEEDS = (1, 2, 3)


def words(result: Any) -> str:
    """Give all that a reader sees."""
    return "\n".join((result.plain(), result.title, result.note, *result.assumptions, *result.checks, *result.limits))


@pytest.mark.parametrize("effect", [0.0, 12.0], ids=["none", "planted"])
@every(ESTIMATES)
def test_words_stay_within_what_the_data_say(case: Case, effect: float) -> None:
    told = 0
    for seed in SEEDS:
        try:
            found = case.run(case.make(effect, seed))
        except InputError:
            continue
        told += 1
        said = words(found)
        assert not FORBIDDEN.search(said), FORBIDDEN.search(said)
        if found.low <= 0 <= found.high:
            assert re.search(r"do(es)? not tell", found.text) and OPEN.search(found.text), found.text
            assert not re.search(r"higher than|lower than|an increase of|a decrease of", found.text.split("\n")[0])
        elif found.claim == "estimate":
            assert "are consistent with" in found.text and "provided that" in found.text
        if found.claim != "estimate":
            assert not re.search(r"effect of the program|(increase|decrease) of .* provided|an effect from none", said)
    assert told >= 2


@every([c for c in EVERY if c not in ESTIMATES])
def test_other_words_stay_within_bounds_too(case: Case) -> None:
    for effect in (0.0, 12.0):
        for seed in SEEDS[:2]:
            try:
                said = words(case.run(case.make(effect, seed)))
            except InputError:
                continue
            assert not FORBIDDEN.search(said), FORBIDDEN.search(said)


# One shape for all ---------------------------------------------------------------------------------------------------


@every(ESTIMATES)
def test_every_estimate_is_whole(case: Case) -> None:
    found = usual(case)
    evidence = found.evidence
    assert isinstance(found, Estimate)
    assert found.low <= found.value <= found.high and found.se > 0 and found.df > 0 and 0 <= found.p <= 1
    assert found.design == case.design
    assert found.asked["design"] == found.design and found.asked["outcome"] == "score"
    assert json.loads(json.dumps(dict(found.asked))) is not None
    for role, value in case.columns.items():
        held = found.asked[role]
        assert held == value or held == [value] or list(held) == list(value), role
    for name, value in case.options.items():
        if name in ("randomized", "influence"):  # what is told besides, not how the estimate is made
            continue
        held = found.asked[name]
        assert held == value or list(held) == list(value), name
    head = found.table.iloc[0]
    assert (head["value"], head["low"], head["high"], head["unit"]) == (found.value, found.low, found.high, found.unit)
    assert head["n"] == sum(evidence.units)
    if found.design != "meta":
        assert sum(evidence.units) > 0
        assert evidence.clusters is None or all(
            1 <= c <= u for c, u in zip(evidence.clusters, evidence.units, strict=True)
        )
    assert found.sd > 0 and found.sd_of if found.design not in ("meta",) and case.name != "series, alone" else True
    for name in ("title", "text", "id"):
        assert getattr(found, name)
    assert found.assumptions and found.checks


@every(ESTIMATES)
def test_every_estimate_has_a_card_a_decision_and_all_formats(case: Case) -> None:
    found = usual(case)
    card = designs.wwc.card(found)
    assert card.rating and len(card.lines) > 1 and not FORBIDDEN.search(card.plain())
    choice = designs.decide(found, threshold=1.0)
    assert 0 <= choice.beats <= choice.helps <= 1
    for thing in (found, card, choice):
        assert "<table" in thing.html() and thing.plain() and json.dumps(thing.data(), allow_nan=False)


@every()
def test_every_result_shows_itself(case: Case) -> None:
    found = usual(case)
    assert "<table" in found.html() and found.plain() and json.dumps(found.data(), allow_nan=False)
    assert found.title and found.text and found.table["n"].notna().any()
