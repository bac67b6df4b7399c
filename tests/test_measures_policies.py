"""Policies in waves: who had begun by a year, where a school stands, how the waves and single schools moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import leadlib as ll
from leadlib.errors import InputError
from leadlib.measures import policies
from leadlib.privacy import K
from leadlib.results import Missing

PACK, BLOCK, MICHIGAN = "cedar-valley", "literacy-block", "michigan-1993-98"
NEVER, FIRST, LAST = "990000100009", "990000100024", "990000100017"


@pytest.fixture(scope="module")
def starts():
    table = ll.load(f"{PACK}/program_starts")
    return table[table["program_id"] == BLOCK].set_index("school_id")["first_year"]


@pytest.fixture(scope="module")
def reading():
    table = ll.load(f"{PACK}/outcomes")
    rows = table[(table["measure"] == "read") & (table["grade"] == "All") & (table["group"] == "All")]
    return rows.pivot_table(index="school_id", columns="year", values="value")


def set_at(school_id, year, pack=PACK):
    school = ll.school(pack, school_id, year)
    policy = policies.policy(school, BLOCK)
    return school, policy, policies.known_by(policy, year)


def test_what_begins_after_the_year_has_not_begun(starts):
    _, policy, known = set_at(NEVER, 2019)
    assert known.started.to_dict() == starts[starts <= 2019].value_counts().to_dict()
    assert policy.started.index.max() == 2021 and max(known.years) == 2019
    assert known.never_n == len(policy.starts) - (starts <= 2019).sum()


def test_before_anyone_began_there_is_a_sentence_and_it_goes_all_the_way():
    school, _, known = set_at(NEVER, 2017)
    assert isinstance(known, Missing) and "2018" in known.reason
    panel = policies.panel(known, "read")
    for made in (panel, policies.headline(school, known, "read"), policies.changes(school, known, panel)):
        assert isinstance(made, Missing) and made.reason == known.reason


def test_the_panel_holds_no_year_that_is_not_known_yet():
    _, _, known = set_at(NEVER, 2020)
    panel = policies.panel(known, "read")
    assert panel["year"].max() == 2020 and panel["first_year"].max() <= 2020
    assert panel.attrs["unit"] == "sd" and "cluster" not in panel.attrs


@pytest.mark.parametrize(
    ("school_id", "year", "said"),
    [
        (FIRST, 2021, "wave 1, which began in 2018\N{EN DASH}19: 2021\N{EN DASH}22 is year 4"),
        (LAST, 2021, "wave 3, which began in 2021\N{EN DASH}22: 2021\N{EN DASH}22 is year 1"),
        (LAST, 2019, "planned for 2021\N{EN DASH}22: it has not begun yet"),
        (NEVER, 2021, "one of the schools that the decision is about"),
    ],
)
def test_the_calendar_says_where_the_school_stands(school_id, year, said):
    school, policy, _ = set_at(school_id, year)
    made = policies.rollout(school, policy)
    assert said in made.text
    own = made.frame[made.frame["own"]]
    assert len(set(own["wave"])) == 1 and (own["planned"] == (own["year"] > year)).all()
    assert made.table["value"].sum() == len(policy.starts)


def test_schools_that_are_open_are_counted_and_no_others(starts):
    school, policy, _ = set_at(NEVER, 2021)
    open_ = ll.load(f"{PACK}/school_years").query("year == 2021")["school_id"]
    running = (starts.reindex(open_) <= 2021).sum()
    assert f"it runs in {running} of the {len(open_)} schools open that year" in policies.rollout(school, policy).text


def test_a_school_in_none_of_the_groups_is_told_so():
    school, policy, _ = set_at(NEVER, 2021)
    other = policies.rollout(school, policies.policy(school, "automatic-algebra"))
    assert "in none of the groups" in other.text and other.own == "" and not other.frame["own"].any()
    assert policies.rollout(school, policy).own == policies.WITHOUT


def test_waves_before_the_start_are_medians_of_their_schools(starts):
    school, policy, known = set_at(NEVER, 2021)
    made = policies.alike(school, policy, policies.panel(known, "read")).table
    size = ll.load(f"{PACK}/school_years").query("year == 2017").set_index("school_id")["enrollment"]
    wave = size.reindex(starts.index[starts == 2019])
    row = made[(made["measure"] == "Pupils enrolled") & (made["group"] == "Wave 2")].iloc[0]
    assert row["value"] == wave.median() and row["n"] == wave.notna().sum() and wave.min() >= K
    assert "Reading, mean score" in set(made["measure"])


def test_the_waves_are_shown_before_any_outcome_can_be_read():
    school, policy, known = set_at(NEVER, 2016)
    made = policies.alike(school, policy, policies.panel(known, "read"))
    assert "2016" in made.title and "Reading, mean score" not in set(made.table["measure"])


def test_the_headline_is_the_mean_of_schools_that_have_both_years(starts, reading):
    school, _, known = set_at(NEVER, 2021)
    both = policies.headline(school, known, "read", beside=True).table.set_index(["measure", "group"])["value"]
    whole = reading[[2017, 2021]].dropna()
    begun = whole.index.isin(starts.index[starts <= 2021])
    for name, side in (("Schools with the policy", begun), ("Schools without it", ~begun)):
        then, now = whole[side].mean()
        assert both[name, "2017\N{EN DASH}18"] == pytest.approx(then)
        assert both[name, "Change"] == pytest.approx(now - then)
    alone = policies.headline(school, known, "read")
    assert set(alone.table["measure"]) == {"Schools with the policy"} and "rose by" in alone.text


def test_one_schools_change_is_told_beside_those_without(starts):
    school, _, known = set_at(LAST, 2021)
    panel = policies.panel(known, "read")
    made = policies.changes(school, known, panel)
    wide = panel.pivot_table(index="school_id", columns="year", values="read")
    moved = (wide[2021] - wide[[2016, 2017]].mean(axis=1)).dropna()
    still = moved[~moved.index.isin(starts.index[starts <= 2021])]
    own = made.table[made.table["group"] == "Own change"].iloc[0]
    assert own["value"] == pytest.approx(moved[LAST] - still.mean())
    assert (made.frame.attrs["low"], made.frame.attrs["high"]) == pytest.approx(
        tuple(np.quantile(still - still.mean(), [0.1, 0.9]))
    )
    assert len(made.frame) == len(moved) and "does not tell a policy from its own luck" in made.text


def test_a_closed_school_has_no_change_of_its_own():
    school, _, known = set_at("990000100020", 2020)
    closed = ll.school(PACK, "990000100020", 2020)
    assert closed.years[-1] == 2020
    short = policies.panel(known, "read")
    lost = short[(short["school_id"] != "990000100020") | (short["year"] < 2020)]
    lost.attrs = dict(short.attrs)
    made = policies.changes(school, known, lost)
    assert "its own change is not known" in made.text and not made.frame["own"].any()


def test_what_the_decision_is_about_counts_open_schools_and_their_pupils(starts):
    school, _, known = set_at(NEVER, 2021)
    rows = policies.remaining(school, known).table.set_index("measure")["value"]
    size = ll.load(f"{PACK}/school_years").query("year == 2021").set_index("school_id")["enrollment"]
    left = size[size.index.isin(starts.index[~(starts <= 2021)])]
    assert rows.tolist() == [len(left), left.sum(), 25.0]


def test_after_the_packs_last_year_nothing_is_known():
    _, policy, _ = set_at(NEVER, 2023)
    assert isinstance(policies.afterwards(policy, 2023), Missing)
    assert policies.afterwards(policy, 2019).started.index.max() == 2021


def test_the_outcome_is_reading_where_there_is_reading_and_the_first_measure_elsewhere():
    cedar, michigan = ll.school(PACK, NEVER, 2021), ll.school(MICHIGAN, "00001", 1996)
    assert (policies.aim(cedar), policies.another(cedar, "read")) == ("read", "math")
    assert (policies.aim(michigan), policies.another(michigan, "math4_pass_pct")) == ("math4_pass_pct", "")
    assert policies.aim(cedar, "index") == "index"
    assert policies.enough(cedar, "read") == 0.05 and policies.enough(michigan, "math4_pass_pct") == 2.0
    assert policies.enough(cedar, "read", 0.1) == 0.1


def test_an_unknown_policy_or_outcome_is_refused():
    school, _, known = set_at(NEVER, 2021)
    with pytest.raises(InputError, match="did you mean 'literacy-block'"):
        policies.policy(school, "literacy-blok")
    with pytest.raises(InputError, match="is no measure of this pack"):
        policies.panel(known, "reed")


@pytest.fixture(scope="module")
def michigan():
    return set_at("00001", 1996, MICHIGAN)


def test_a_grant_for_all_sets_districts_that_had_spent_least_beside_those_that_had_spent_most(michigan):
    _, grant, _ = michigan
    budget = ll.load(f"{MICHIGAN}/budget").merge(ll.load(f"{MICHIGAN}/schools")[["school_id", "leaid"]], on="school_id")
    early = budget[budget["year"] < 1994].groupby("leaid")["spend_per_pupil_real_usd"].mean()
    spent = budget.drop_duplicates("school_id").set_index("school_id")["leaid"].map(early)
    low, high = spent.quantile([1 / 3, 2 / 3])
    first = grant.starts.set_index("school_id")["first_year"]
    assert set(first.index[first == 1994]) == set(spent.index[spent <= low])
    assert set(first.index[first.isna()]) == set(spent.index[spent >= high])
    whole = ll.school(MICHIGAN, "00001", 1996).table("schools").set_index("school_id")["leaid"]
    assert whole[first.index].groupby(whole[first.index]).size().index.isin(early.index).all()
    assert not grant.lottery and 100 < grant.cost_per_pupil_usd < 1000


def test_schools_of_one_district_came_to_a_grant_together(michigan):
    _, grant, known = michigan
    leaid = ll.load(f"{MICHIGAN}/schools").set_index("school_id")["leaid"]
    starts = grant.starts.set_index("school_id")["first_year"].fillna(0)
    assert all(len(set(part)) == 1 for _, part in starts.groupby(leaid.reindex(starts.index)))
    assert policies.panel(known, "math4_pass_pct").attrs["cluster"] == "leaid"


def test_of_a_grant_nobody_is_said_to_have_stayed_without(michigan):
    school, grant, known = michigan
    made = policies.rollout(school, grant)
    assert "no school stayed without" in made.text and "Not begun" not in set(made.table["group"])
    both = policies.headline(school, known, "math4_pass_pct", beside=True)
    assert set(both.table["measure"]) == {"Schools raised most", "Schools raised least"}
    doses = policies.doses(school, grant, "math4_pass_pct")
    assert doses["year"].max() == 1996 and doses["school_id"].nunique() > len(grant.starts)


def test_a_policy_that_schools_have_or_have_not_has_no_dose():
    school, policy, _ = set_at(NEVER, 2021)
    assert isinstance(policies.doses(school, policy, "read"), Missing)


@pytest.mark.parametrize(("pack", "year"), [("california-2000", 1999), ("tennessee-star", 1987)])
def test_a_pack_without_a_policy_says_so(pack, year):
    rows = ll.load(f"{pack}/school_years")
    school = ll.school(pack, str(rows.loc[rows["year"] == year, "school_id"].iloc[0]), year)
    policy = policies.policy(school, BLOCK)
    assert isinstance(policy, Missing) and "says nothing of a program" in policy.reason
    assert isinstance(policies.rollout(school, policy), Missing)
    assert isinstance(policies.alike(school, policy, policies.panel(policy, "read")), Missing)


def test_a_grant_that_some_schools_had_before_is_no_start(monkeypatch):
    school = ll.school(PACK, NEVER, 2021)
    table = school.table("budget")
    assert table["foundation_grant_usd"].notna().groupby(table["year"]).mean().iloc[0] > 0
    monkeypatch.setattr(type(school), "has", lambda self, name: name == "budget")
    assert isinstance(policies.policy(school, BLOCK), Missing)


def test_nothing_depends_on_the_order_of_rows():
    school, _, known = set_at(LAST, 2021)
    panel = policies.panel(known, "read")
    turned = panel.iloc[::-1].reset_index(drop=True)
    turned.attrs = dict(panel.attrs)
    one, two = (policies.changes(school, known, p) for p in (panel, turned))
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.frame, two.frame)
