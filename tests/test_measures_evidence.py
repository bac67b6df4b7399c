"""The evidence shelf holds what was read, says where, and says where it holds nothing."""

from __future__ import annotations

import pandas as pd
import pytest

import leadlib as ll
from leadlib.errors import InputError
from leadlib.measures import evidence
from leadlib.results import Missing

READ = {"coaching-achievement": 0.18, "coaching-instruction": 0.49, "teacher-learning": 0.84, "money": 0.0316}


def test_numbers_are_those_of_the_studies():
    claims = {c["id"]: c for c in evidence.published()["claims"]}
    for name, value in READ.items():
        assert claims[name]["value"] == value
        assert claims[name]["verified"] is True
    assert claims["coaching-achievement"]["studies_n"] == 60
    assert (claims["money"]["low"], claims["money"]["high"]) == (-0.004, 0.067)


def test_every_claim_has_source_population_caution_and_a_mark():
    for c in evidence.published()["claims"]:
        assert c["source"] and c["population"] and c["cautions"] and c["tier"]
        assert isinstance(c["verified"], bool)
        assert set(c["themes"]) <= set(evidence.published()["themes"])


def test_what_was_not_read_is_marked_and_said():
    claims = {c["id"]: c for c in evidence.published()["claims"]}
    assert claims["planning-teaching"]["verified"] is False
    assert claims["orderly"]["verified"] is False
    assert any("not yet checked" in t for t in evidence.shelf("learning").limits)


def test_a_theme_without_a_study_says_so():
    made = evidence.shelf("access")
    assert isinstance(made, Missing)
    assert "holds no study" in made.text


def test_a_need_finds_its_shelf_and_an_unknown_theme_is_refused():
    assert evidence.shelf(pd.Series({"theme": "learning"})).theme == "learning"
    with pytest.raises(InputError, match="did you mean 'learning'"):
        evidence.shelf("learnin")


def test_the_yardstick_stands_beside_every_shelf():
    text = evidence.shelf("learning").plain()
    for part in ("1,942", "747", "0.10", "0.47", "0.05", "0.20"):
        assert part in text


def test_every_theme_that_can_be_a_need_has_a_step_with_an_owner_and_something_to_watch():
    known = {c["id"] for c in evidence.published()["claims"]}
    for theme in ("learning", "attendance", "climate", "discipline", "access", "staffing"):
        steps = evidence.steps(theme)
        assert len(steps) >= 1
        assert steps[["step", "owner", "look_for"]].ne("").all().all()
        assert steps["weeks"].between(2, 10).all()
        assert {c for claims in steps["claims"] for c in claims} <= known


def test_programs_of_the_pack_are_offered_where_schools_of_the_level_have_them():
    school = ll.school("cedar-valley", "990000100004", 2021)
    made = evidence.offered(school, "learning")
    assert "Instructional coaching" in set(made["name"])
    assert "Automatic enrolment in algebra" not in set(made["name"])  # a primary school
    assert evidence.offered(ll.school("tennessee-star", "01", 1988), "learning").empty
