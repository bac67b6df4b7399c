"""The plan and its page for the wall: roles and dates, no verdict, and a sentence where nothing stands out."""

from __future__ import annotations

import datetime
import re

import numpy as np
import pandas as pd
import pytest
from action_samples import Bare, Like, ids, rows

from leadlib import charts
from leadlib.designs.aiming_each import goals_each
from leadlib.designs.ranking_needs import priorities
from leadlib.measures.run_charts import follow
from leadlib.results import Missing
from leadlib.words import actions

PEERS = Like(tuple(ids(40)[1:21]))
VERDICTS = re.compile(r"no effect|significant|proves|caused|fail|bad (school|principal|teacher)|to blame", re.I)


def panel(own: float) -> pd.DataFrame:
    parts = []
    for k, year in enumerate(range(2015, 2021)):
        rng = np.random.default_rng(k)
        truth = np.random.default_rng(99).normal(0, 1, 40) - 0.05 * k + rng.normal(0, 0.2, 40)
        truth[0] = own
        parts += [rows("a", truth, np.full(40, 0.3), rng, year=year)]
        parts += [rows("b", truth[::-1] * 0 + truth, np.full(40, 0.3), rng, year=year, theme="climate")]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def behind():
    needs = priorities(panel(2.5), school=Bare(), peers=PEERS)
    return needs, goals_each(panel(2.5), needs, school=Bare(), peers=PEERS)


@pytest.fixture(scope="module")
def ahead():
    needs = priorities(panel(-2.0), school=Bare(), peers=PEERS)
    return needs, goals_each(panel(-2.0), needs, school=Bare(), peers=PEERS)


NONE = Missing("The ranking of needs", "the pack holds no figure.")


def test_a_row_has_need_step_role_date_goal_and_what_to_watch(behind):
    made = actions.plan(Bare(), *behind)
    assert len(made.rows) == 2
    for row in made.rows:
        assert set(row) == {"finding", "evidence", "step", "owner", "by", "goal", "look_for"}
        assert all(row.values())
        assert re.fullmatch(r"(Sept|Octo|Novem|Decem)\w+ \d+, 2021", row["by"])
        assert "by 2022–23" in row["goal"]


def test_owners_are_roles():
    roles = {"Coach", "Principal", "Assistant principal", "Counselor", "Grade or subject lead", "Leadership team"}
    for own in (2.5, -2.0):
        needs = priorities(panel(own), school=Bare())
        for row in actions.plan(Bare(), needs, NONE).rows:
            assert any(row["owner"].startswith(r) for r in roles)


def test_where_nothing_stands_out_the_school_chooses(ahead):
    needs, aims = ahead
    assert isinstance(aims, Missing)
    (row,) = actions.plan(Bare(), needs, aims).rows
    assert row["finding"] == "No need stands out in these data"
    assert "none stands out" in actions.page(Bare(), needs, actions.plan(Bare(), needs, aims)).plain()


def test_where_nothing_can_be_ranked_the_page_says_why():
    made = actions.plan(Bare(), NONE, NONE)
    assert "the pack holds no figure" in actions.page(Bare(), NONE, made).plain()
    assert actions.questions(NONE).paragraphs


def test_the_plan_begins_on_the_day_after_labor_day():
    assert actions.starts(Bare(year=2021)) == datetime.date(2022, 9, 6)
    assert actions.starts(Bare(year=2025)) == datetime.date(2026, 9, 8)


@pytest.mark.parametrize(
    ("year", "january"), [(2021, "January 3, 2023"), (2023, "January 3, 2025"), (2024, "January 5, 2026")]
)
def test_the_team_never_meets_on_a_holiday(year, january):
    school = Bare(year=year)
    made = actions.plan(school, NONE, NONE)
    days = [row[0] for row in actions.page(school, NONE, made).parts[-1].cells]
    assert len(days) == 9 and january in days
    found = [datetime.datetime.strptime(day, "%B %d, %Y") for day in days]
    assert all(day.weekday() == 1 or day.month == 1 for day in found) and found == sorted(set(found))
    assert all(day.weekday() < 5 for day in found)
    assert not [day for day in found if (day.month, day.day) > (12, 20) or (day.month, day.day) < (1, 3)]


def test_inside_another_page_the_name_of_the_school_is_no_heading():
    made = actions.plan(Bare(), NONE, NONE)
    assert "<h1>" in actions.page(Bare(), NONE, made).html()
    assert not re.search(r"<h\d", actions.page(Bare(), NONE, made, level=0).html())


def test_a_single_result_is_spoken_of_as_one():
    needs = priorities(panel(-2.0).query("measure == 'a'"), school=Bare(), peers=PEERS)
    assert len(needs.frame) == 1
    assert "Only one result" in actions.page(Bare(), needs, actions.plan(Bare(), needs, NONE)).plain()
    assert charts.priorities(needs).title == "The one result does not stand out"


def test_no_verdict_is_said(behind, ahead):
    for needs, aims in (behind, ahead):
        made = actions.plan(Bare(), needs, aims)
        blocks = [actions.page(Bare(), needs, made), actions.summary(needs), actions.options(Bare(), needs)]
        blocks += [actions.questions(needs), needs, aims]
        for block in blocks:
            assert not VERDICTS.search(block.plain())


def test_an_invented_school_is_said_to_be_invented(behind):
    school = Bare(record_type="synthetic")
    assert "invented" in actions.page(school, behind[0], actions.plan(school, *behind)).plain()


def test_the_picture_of_needs_tells_what_it_draws(behind, ahead):
    figure = charts.priorities(behind[0])
    assert figure.title.startswith("Behind schools like it, most surely: measure")
    assert figure.drawn["need"] == [2, 1]
    assert charts.priorities(ahead[0]).title == "Nothing stands out among 2 results"


def test_the_picture_of_goals_names_those_that_data_can_show(behind, ahead):
    figure = charts.goals(behind[1])
    assert len(figure.drawn["goal"]) == 2
    assert "goal" in figure.title
    assert charts.goals(ahead[1]).told is True


def test_the_run_chart_says_whether_anything_moved():
    days = [f"2022-10-{d:02d}" for d in range(1, 13)]
    still = follow(pd.DataFrame({"when": days, "value": [3.0, 7, 7, 2, 8, 4, 4, 6, 9, 1, 1, 7]}), label="Calls")
    assert charts.run_chart(still).title == "No sign of a change yet: calls"
    moved = follow(pd.DataFrame({"when": days, "value": [1.0] * 6 + [9.0] * 6}), label="Calls")
    figure = charts.run_chart(moved)
    assert figure.title.startswith("Not only chance: a shift")
    assert sum(figure.drawn["shift"]) == 12
