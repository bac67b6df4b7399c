"""The lock: a plan is frozen once, shows any change, and what departs from it is found by comparing."""

import json
import sys
from types import SimpleNamespace

import pytest

import leadlib as ll
from leadlib import plans
from leadlib.errors import InputError

ASKED = {"question": "Did it help?", "outcome": "read", "design": "staggered", "thresholds": {"decision": 0.05}}


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(sys.modules["leadlib.tables.packs"], "_SEEN", set())
    monkeypatch.setattr(plans, "_FROZEN_HERE", set())


def earlier(file, **more):
    """Freeze a plan as a session before this one."""
    frozen = ll.plan(file, **ASKED | more)
    plans._FROZEN_HERE.clear()
    return frozen


def run(**asked):
    return SimpleNamespace(asked={"design": "staggered", "outcome": "read", "level": 0.95, **asked})


def test_the_same_plan_has_the_same_fingerprint_and_another_one_another(tmp_path):
    one, two = ll.plan(tmp_path / "a.json", **ASKED), ll.plan(tmp_path / "b.json", **ASKED)
    other = ll.plan(**ASKED | {"outcome": "math"})
    assert one.digest == two.digest != other.digest
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_later_call_leaves_the_file_alone_and_lists_what_it_asks_for_otherwise(tmp_path):
    file = tmp_path / "plan.json"
    earlier(file)
    before = file.read_bytes()
    again = ll.plan(file, **ASKED | {"outcome": ("read", "math"), "thresholds": {"decision": 0.1}})
    assert file.read_bytes() == before and again.outcome == ("read",)
    assert [c[0] for c in again.changed] == ["outcome", "thresholds"]
    said = again.departures(run()).plain()
    assert "the plan says read; this session asked for read, math" in said
    assert "the plan says decision 0.05; this session asked for decision 0.1" in said


def test_a_plan_that_was_kept_has_no_departures(tmp_path):
    earlier(tmp_path / "plan.json")
    said = ll.plan(tmp_path / "plan.json", **ASKED).departures(run(), threshold=0.05).plain()
    assert "None: what was run is what was planned." in said and "earlier session that had read no outcomes" in said


@pytest.mark.parametrize(
    ("estimates", "sentence"),
    [
        ([run(outcome="math")], "Outcome math: reported, not planned."),
        ([run(outcome="math")], "Outcome read: planned with this design, not reported."),
        ([run(design="matched")], "Design matched: reported for read; the plan says staggered."),
        ([run(covariates=["need"])], "Adjusted for: the plan says nothing; need was."),
        ([run(level=0.9)], "Confidence level: the plan says 0.95; 0.9 was used."),
        ([run(by="level")], "Subgroups by level: reported, not planned."),
    ],
)
def test_each_kind_of_departure_is_found(estimates, sentence, tmp_path):
    assert sentence in ll.plan(tmp_path / "p.json", **ASKED).departures(*estimates).plain()


def test_another_threshold_of_the_decision_is_a_departure():
    assert "the plan says 0.05; 0.02 was used" in ll.plan(**ASKED).departures(run(), threshold=0.02).plain()


@pytest.mark.parametrize("old, new", [('"staggered"', '"matched"'), ("0.05", "0.01"), ("help", "hurt")])
def test_a_changed_file_is_refused(tmp_path, old, new):
    file = tmp_path / "plan.json"
    ll.plan(file, **ASKED)
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match="was changed after it was frozen"):
        ll.plan(file, **ASKED)


@pytest.mark.parametrize(
    "text", ["", "not json", "[]", '{"leadlib_plan": 2}', '{"leadlib_plan": 1, "sha256": "x", "odd": 1}']
)
def test_a_file_that_is_no_plan_is_refused_and_kept(tmp_path, text):
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not a frozen plan"):
        ll.plan(file, **ASKED)
    assert file.read_text(encoding="utf-8") == text


def test_outcomes_read_before_the_freezing_are_told_and_stay_told(tmp_path):
    ll.load("cedar-valley/programs")
    assert ll.plan(tmp_path / "a.json", **ASKED, pack="cedar-valley").seen_before == ()
    ll.load("cedar-valley/targets")
    late = earlier(tmp_path / "b.json", pack="cedar-valley")
    assert late.seen_before == ("cedar-valley/targets",)
    later = ll.plan(tmp_path / "b.json", **ASKED, pack="cedar-valley")
    assert "may have been chosen with the outcomes in view" in later.standing() and not later.blind


def test_only_a_plan_of_an_earlier_session_counts_as_blind(tmp_path):
    assert not ll.plan(**ASKED).blind and "not frozen to a file" in ll.plan(**ASKED).standing()
    new = ll.plan(tmp_path / "p.json", **ASKED)
    assert not new.blind and "in this very run" in new.standing()
    assert not ll.plan(tmp_path / "p.json", **ASKED).blind
    plans._FROZEN_HERE.clear()
    assert ll.plan(tmp_path / "p.json", **ASKED).blind


def test_data_that_changed_since_the_freezing_are_a_departure(tmp_path):
    file = tmp_path / "p.json"
    earlier(file, pack="cedar-valley")
    raw = json.loads(file.read_text(encoding="utf-8"))
    raw["tables"]["programs"] = "sha256:other"
    digest = plans._digest(
        plans.Plan(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in raw.items() if k not in ("leadlib_plan", "sha256")}
        )
    )
    file.write_text(json.dumps(raw | {"sha256": digest}), encoding="utf-8")
    found = ll.plan(file, **ASKED, pack="cedar-valley")
    assert found.changed == (("pack", "the tables as they were", "other contents in programs"),)


def test_everything_empty_is_told_at_once():
    with pytest.raises(InputError) as caught:
        ll.plan(question=" ", outcome="", design="", level=95)
    assert len(caught.value.problems) == 4


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        ll.plan(tmp_path / "none" / "p.json", **ASKED)


def test_a_plan_shows_itself_as_table_and_sentence():
    shown = ll.plan(**ASKED, subgroups=["level"])
    assert "Did it help?" in shown.html() and "Subgroups" in shown.plain()
    assert shown.data()["kind"] == "stack"


def test_in_a_folder_each_program_has_a_plan_of_its_own(tmp_path):
    ll.plan(tmp_path, **ASKED, program="coaching")
    ll.plan(tmp_path, **ASKED, program="device-carts")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coaching.json", "device-carts.json"]
