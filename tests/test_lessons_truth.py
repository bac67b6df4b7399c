"""The planted truth beside what was estimated; for real schools nobody knows it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from lessons_samples import result

import leadlib as ll
from leadlib.errors import InputError
from leadlib.numbers import UNITS
from leadlib.results import Missing, Result
from leadlib.tables import School

NAMES = ("policy_att", "devices_achievement")


@dataclass(frozen=True, repr=False)
class Scaled(Result):
    """A result that knows whose standard deviation turns it into an effect size."""

    sd: float = math.nan
    sd_of: str = ""


def first_school(pack: str) -> School:
    schools = ll.load(f"{pack}/schools")["school_id"]
    years = ll.load(f"{pack}/school_years")
    row = years[years["school_id"].isin(schools)].iloc[0]
    return ll.school(pack, row["school_id"], int(row["year"]))


@pytest.fixture(scope="module")
def school() -> School:
    return first_school("cedar-valley")


def rows(block: Any) -> list[dict[str, Any]]:
    """Give the rows of the first table that a block shows, by the keys of its columns."""
    table = block.parts[0]
    return [dict(zip([c.key for c in table.columns], cells, strict=True)) for cells in table.cells]


def test_planted_values_are_those_of_the_answer_sheet_of_this_very_district(school: Any) -> None:
    sheet = ll.simulate.truth(60, 8, seed=7).set_index("parameter")["value"]
    shown = rows(ll.lessons.truth(school, NAMES))
    assert [r["planted"] for r in shown] == ["0.126", "0.02"]
    assert math.isclose(sheet["policy_att"], 0.126, abs_tol=0.0005) and sheet["devices_achievement"] == 0.02
    assert "estimate" not in shown[0]


def test_an_own_simulated_pack_has_the_truth_of_its_own_seed(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    ll.simulate.write(folder, 6, 4, seed=3)
    sheet = ll.simulate.truth(6, 4, seed=3).set_index("parameter")["value"]
    table = ll.lessons.truth(first_school(str(folder)), "policy_att").parts[0]
    assert table.values[0][1] == pytest.approx(sheet["policy_att"], rel=1e-5)
    assert sheet["policy_att"] != pytest.approx(ll.simulate.truth().set_index("parameter")["value"]["policy_att"])


def test_a_synthetic_pack_that_does_not_say_how_it_was_made_has_no_answer_sheet(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    ll.simulate.write(folder, 6, 4, seed=3)
    about = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    del about["simulated"]
    (folder / "datapackage.json").write_text(json.dumps(about), encoding="utf-8")
    assert "nobody has written down" in ll.lessons.truth(first_school(str(folder)), NAMES).plain()


@pytest.mark.parametrize("pack", ["california-2000", "michigan-1993-98", "tennessee-star"])
def test_nobody_knows_the_truth_of_real_schools(pack: str) -> None:
    shown = ll.lessons.truth(first_school(pack), NAMES, beside=[result({}), result({})])
    assert shown.data()["kind"] == "notice" and "Nobody knows the truth here" in shown.plain()


@pytest.mark.parametrize(
    ("low", "high", "held"), [(0.1, 0.2, "yes"), (0.127, 0.2, "no"), (-0.2, 0.1, "no"), (math.nan, math.nan, "—")]
)
def test_it_says_whether_the_interval_holds_the_truth(school: Any, low: float, high: float, held: str) -> None:
    shown = ll.lessons.truth(school, "policy_att", beside=result({"value": 0.15, "low": low, "high": high}))
    assert rows(shown)[0]["holds"] == held
    assert ("one time in twenty" in shown.plain()) == (held != "—")


def test_several_estimates_are_counted(school: Any) -> None:
    shown = ll.lessons.truth(school, NAMES, beside={NAMES[1]: (0.5, 0.4, 0.6), NAMES[0]: (0.1, 0.0, 0.2)})
    assert [r["holds"] for r in rows(shown)] == ["yes", "no"]
    assert "Of 2 intervals, 1 holds the planted value." in shown.plain()
    listed = ll.lessons.truth(school, NAMES, beside=[(0.1, 0.0, 0.2), (0.5, 0.4, 0.6)])
    assert rows(listed) == rows(shown)


def test_one_result_with_a_row_for_each_parameter_is_read_row_by_row(school: Any) -> None:
    whole = result({"value": 0.1, "low": 0.0, "high": 0.2}, {"value": 0.5, "low": 0.4, "high": 0.6})
    assert [r["holds"] for r in rows(ll.lessons.truth(school, NAMES, beside=whole))] == ["yes", "no"]
    assert len(whole.table) == 2


def test_rows_that_answer_one_question_are_told_apart(school: Any) -> None:
    shown = rows(ll.lessons.truth(school, ("policy_wave_1", "policy_wave_2", "devices_achievement")))
    assert [r["question"] for r in shown] == [
        "Was the policy's effect the same in every wave? (policy_step, schools of the first wave)",
        "Was the policy's effect the same in every wave? (policy_step, schools of the second wave)",
        "Do device carts raise achievement?",
    ]


def test_where_the_simple_comparison_ends_up_is_told(school: Any) -> None:
    assert "Users and others compared: far too large" in ll.lessons.truth(school, NAMES).plain()


def test_an_estimate_in_scale_points_is_turned_into_standard_deviations_of_pupils(school: Any) -> None:
    points = result({"value": 5.0, "low": 2.5, "high": 10.0}, unit="score")
    about = {f: getattr(points, f) for f in ("id", "title", "table", "text")}
    scaled = Scaled(**about, sd=50.0, sd_of="pupils")
    assert rows(ll.lessons.truth(school, "policy_att", beside=scaled))[0] | {"question": ""} == {
        "question": "",
        "planted": "0.126",
        "unit": "pupil SD",
        "estimate": "0.100 (0.050 to 0.200)",
        "holds": "yes",
    }
    for other in (points, replace(scaled, sd_of="schools"), replace(scaled, sd=math.nan)):
        shown = rows(ll.lessons.truth(school, "policy_att", beside=other))[0]
        assert shown["holds"] == "—" and "another unit" in shown["estimate"]


@pytest.mark.parametrize("unit", sorted(name for name, one in UNITS.items() if one.word == "standard deviations"))
def test_standard_deviations_are_known_by_whatever_unit_shows_them(school: Any, unit: str) -> None:
    shown = rows(ll.lessons.truth(school, "policy_att", beside=result({"value": 0.1}, unit=unit)))[0]
    assert shown["holds"] == "yes" and "another unit" not in shown["estimate"]


def test_shares_are_planted_as_parts_of_one_and_estimated_in_percent(school: Any) -> None:
    share = result({"value": 94.0, "low": 90.0, "high": 98.0}, unit="pct")
    shown = rows(ll.lessons.truth(school, "algebra_automatic", beside=share))[0]
    assert (shown["planted"], shown["holds"]) == ("0.95", "yes")


def test_points_of_percent_are_compared_as_they_are(school: Any) -> None:
    points = result({"value": -1.0, "low": -2.0, "high": -0.1}, unit="pct_points")
    assert rows(ll.lessons.truth(school, "counselor_absence", beside=points))[0]["planted"] == "\N{MINUS SIGN}1.5"
    assert rows(ll.lessons.truth(school, "counselor_absence", beside=points))[0]["holds"] == "yes"


def test_what_could_not_be_estimated_is_one_sentence_in_its_row(school: Any) -> None:
    lacking = Missing("The estimate", "no school began.")
    for beside in (lacking, [lacking, (0.1, 0.0, 0.2)]):
        shown = rows(ll.lessons.truth(school, NAMES, beside=beside))
        assert shown[0]["estimate"] == "The estimate is left out: no school began."
        assert shown[0]["holds"] == "—"
    assert ll.lessons.truth(lacking, NAMES) is lacking


def test_dollars_and_years_are_written_as_whole_numbers(school: Any) -> None:
    shown = rows(ll.lessons.truth(school, ("turnover_cost", "new_test", "policy_wave_2")))
    assert [r["planted"] for r in shown] == ["12,000", "2020", "1"]


def test_what_does_not_fit_is_refused_all_at_once(school: Any) -> None:
    with pytest.raises(InputError) as caught:
        ll.lessons.truth(school, ("policy_at", "device_achievement"))
    assert len(caught.value.problems) == 2 and "did you mean 'policy_att'" in str(caught.value)
    with pytest.raises(InputError, match="1 result for 2 parameters"):
        ll.lessons.truth(school, NAMES, beside=[result({})])
    with pytest.raises(InputError, match="there are 3 results for 2 parameters"):
        ll.lessons.truth(school, NAMES, beside=result({}, {}, {}))
    with pytest.raises(InputError, match="is not among the parameters shown"):
        ll.lessons.truth(school, NAMES, beside={"policy_step": result({})})
