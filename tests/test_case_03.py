"""Case 03, follow the money: its keys fit the school, each slip gets its hint, and no hint gives the answer away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from leadlib import designs, lessons
from leadlib.designs.estimates import Detectable
from leadlib.measures import money
from leadlib.results import Missing
from leadlib.tables import School, load
from leadlib.tables import school as pick

HERE = "990000100004"


@pytest.fixture(scope="module")
def school() -> School:
    return pick("cedar-valley", HERE, 2021)


def said(name: str, answer: Any, *given: Any) -> str:
    return lessons.check(name, answer, *given).plain()


def own_lines(school: School) -> Any:
    lines = school.table("budget_lines")
    return lines[(lines["school_id"] == HERE) & (lines["year"] == 2021)]


def test_the_share_is_that_of_the_money_the_school_itself_spends(school: School) -> None:
    mix, lines = money.functions(school, None), own_lines(school)
    paid = lines.loc[lines["function"] == "exp_current_instruction_total", "spend_usd"].sum()
    share = 100 * paid / lines["spend_usd"].sum()
    assert "agrees" in said("03.1", round(share, 1), mix)
    with_district = float(mix.table.query("measure == 'Instruction' and group == 'This school'")["share"].iloc[0])
    wrong = said("03.1", round(with_district, 1), mix)
    assert "does the school not decide on" in wrong and f"{share:.1f}" not in wrong


def test_the_change_is_that_of_one_pupils_dollars(school: School) -> None:
    change = money.change(school)
    budget = school.table("budget").query("school_id == @HERE").set_index("year")["spend_per_pupil_usd"]
    moved = 100 * (budget[2021] / budget[2016] - 1)
    assert "agrees" in said("03.2", round(moved, 1), change)
    whole = school.table("budget").query("school_id == @HERE").set_index("year")["spend_usd"]
    assert "the whole school" in said("03.2", round(100 * (whole[2021] / whole[2016] - 1), 1), change)
    assert "was added to it" in said("03.2", 100 + round(moved, 1), change)


def test_schools_are_not_alike_in_all_but_money(school: School) -> None:
    against = money.against(school)
    assert "agrees" in said("03.3", "b", against)
    assert "Look at whom" in said("03.3", "a", against)
    assert "alike" in said("03.3", "c", against)


@pytest.mark.parametrize(("dollars", "right"), [(500.0, 0.0158), (1000.0, 0.0316), (-500.0, -0.0158), (250.0, 0.0079)])
def test_the_published_effect_is_scaled_by_the_dollars_alone(dollars: float, right: float) -> None:
    found = money.published()
    assert "agrees" in said("03.4", right, found, dollars)
    assert "agrees" not in said("03.4", 4 * right, found, dollars)
    assert ("twice" in said("03.4", 4 * right, found, dollars)) is (dollars != 250)  # there it is the published number
    assert "share it out" in said("03.4", right / 4, found, dollars)


def test_a_small_lottery_is_fair_and_dull(school: School) -> None:
    power = designs.money_slope(money.granted(school), look="power")
    assert isinstance(power, Detectable)
    found = money.published()
    assert "agrees" in said("03.5", "c", power, found)
    assert "most of the time" in said("03.5", "a", power, found)
    assert "left out" in said("03.5", "c", replace(power, mdes=0.01), found), "a lottery that large could tell"


def test_a_pack_with_one_total_leaves_the_exercises_on_functions_out() -> None:
    real = pick("michigan-1993-98", "00001", 1997)
    assert "left out" in said("03.1", 60.0, money.functions(real, None))
    assert "Not answered" in said("03.2", None, money.change(real))
    assert isinstance(money.granted(real), Missing)
    assert "left out" in said("03.5", "c", designs.money_slope(money.granted(real), look="power"), money.published())


@pytest.mark.parametrize("pack", ["california-2000", "tennessee-star"])
def test_a_pack_without_money_still_has_the_exercise_on_research(pack: str) -> None:
    assert "Not answered" in said("03.4", None, money.published(), 500.0)
    table = load(f"{pack}/school_years")
    school = pick(pack, table["school_id"].iloc[0], int(table["year"].iloc[0]))
    for found in (money.functions(school, None), money.change(school), money.against(school)):
        assert isinstance(found, Missing) and "no figures on money" in found.text
