"""Case 07: its keys fit what the learner sees, its pictures tell what they show, and it runs where something lacks."""

from __future__ import annotations

import re
import warnings

import pytest

import leadlib as ll
from leadlib.lessons import case_07
from leadlib.lessons.keys import Number
from leadlib.results import Missing

policies, designs = ll.measures.policies, ll.designs
PACK, NEVER = "cedar-valley", "990000100009"


def exhibits(pack=PACK, school_id=NEVER, year=2021):
    school = ll.school(pack, school_id, year)
    policy = policies.policy(school, "literacy-block")
    known, aim = policies.known_by(policy, year), policies.aim(school)
    panel = policies.panel(known, aim)
    waves = designs.by_wave(panel, known)
    return {
        "school": school,
        "rollout": policies.rollout(school, policy),
        "both": policies.headline(school, known, aim, beside=True),
        "changes": policies.changes(school, known, panel),
        "usual": designs.usual(panel, known),
        "waves": waves,
        "ages": designs.same_age(waves),
        "left": policies.remaining(school, known),
        "estimate": designs.planned(panel, known, designs.menu(known)),
    }


@pytest.fixture(scope="module")
def shown():
    return exhibits()


def seen(table, measure, group):
    """Read a number as a learner does, off the table."""
    cells = [row for row in table.splitlines() if row.startswith(measure)]
    heads = next(line for line in table.splitlines() if line.startswith("Measure"))
    place = re.split(r"\s{2,}", heads).index(group)
    return float(re.split(r"\s{2,}", cells[0])[place].split(" (")[0].replace("\N{MINUS SIGN}", "-").replace(",", ""))


def test_the_first_answer_can_be_read_off_the_exhibit(shown):
    table = shown["both"].plain()
    mine = seen(table, "Schools with the policy", "Change") - seen(table, "Schools without it", "Change")
    assert ll.lessons.check("07.1", mine, shown["both"]).state == "done"
    alone = ll.lessons.check("07.1", seen(table, "Schools with the policy", "Change"), shown["both"])
    assert alone.state == "again" and "moved all schools alike" in alone.sentences[0]


def test_the_first_years_can_be_read_off_the_exhibit(shown):
    table = shown["ages"].plain()
    first, last = (seen(table, f"Began {y}", "First year") for y in ("2018", "2021"))
    assert ll.lessons.check("07.4", first - last, shown["ages"]).state == "done"
    old = seen(table, "Began 2018", "Year 4")
    assert "same age" in ll.lessons.check("07.4", old - last, shown["ages"]).sentences[0]


def test_the_cost_is_pupils_times_the_cost_for_one(shown):
    rows = shown["left"].table.set_index("measure")["value"]
    assert ll.lessons.check("07.5", rows["Pupils"] * 25 / 1000, shown["left"]).state == "done"
    assert "Count pupils" in ll.lessons.check("07.5", rows["Schools"] * 25 / 1000, shown["left"]).sentences[0]


@pytest.mark.parametrize(("name", "given", "right"), [("07.2", "changes", "c"), ("07.3", "usual", "b")])
def test_choices_agree_and_each_wrong_one_has_a_hint(shown, name, given, right):
    for letter in "abc":
        state = ll.lessons.check(name, letter, shown[given]).state
        assert state == ("done" if letter == right else "again")


def test_a_motion_needs_a_size_a_range_and_a_condition(shown):
    good = (
        "The data are consistent with a gain of 0.13 standard deviations, with a range of 0.07 to 0.19, provided that"
        " schools with and without the policy would otherwise have moved alike."
    )
    assert ll.lessons.check("07.6", good, shown["estimate"]).state == "done"
    bad = ll.lessons.check("07.6", good.replace("are consistent with", "prove"), shown["estimate"])
    assert bad.state == "again" and "proves nothing" in bad.plain()


def test_no_hint_holds_a_figure():
    keys = [v for v in vars(case_07).values() if hasattr(v, "exercise")]
    assert len(keys) == 6
    made = exhibits()
    for name, given in (("change_less_change", "both"), ("first_years", "ages"), ("yearly_cost", "left")):
        found = getattr(case_07, name)(made[given])
        assert isinstance(found, Number) and len(found.slips) >= 2
        assert not any(re.search(r"\d", hint) for hint in found.slips)


def test_pictures_say_what_they_show_and_give_the_numbers(shown):
    figures = {
        "rollout": ll.charts.rollout(shown["rollout"]),
        "changes": ll.charts.own_change(shown["changes"]),
        "usual": ll.charts.usual_weights(shown["usual"]),
        "waves": ll.charts.wave_paths(shown["waves"]),
    }
    assert "this school is in the row" in figures["rollout"].title
    assert "against the policy" in figures["usual"].title and "\N{MINUS SIGN}2%" in figures["usual"].alt
    assert all(f.png[:4] == b"\x89PNG" and re.search(r"\d", f.alt) for f in figures.values())
    again = ll.charts.own_change(exhibits()["changes"])
    assert again.png == figures["changes"].png
    told = " ".join(f.title + f.alt for f in figures.values()).casefold()
    assert not re.search(r"significan|\bprove|\bcaused|no effect", told)


SOME = [
    (PACK, "990000100017", 2016),
    (PACK, "990000100024", 2018),
    (PACK, "990000100002", 2019),
    (PACK, "990000100013", 2020),
    (PACK, "990000100032", 2023),
    ("michigan-1993-98", "00001", 1993),
    ("michigan-1993-98", "00002", 1996),
    ("california-2000", "", 1999),
    ("tennessee-star", "", 1987),
]


@pytest.mark.parametrize(("pack", "school_id", "year"), SOME)
def test_every_exhibit_and_key_is_there_or_says_why_not(pack, school_id, year):
    rows = ll.load(f"{pack}/school_years")
    school_id = school_id or str(rows.loc[rows["year"] == year, "school_id"].iloc[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = exhibits(pack, school_id, year)
        for name, given in (
            ("07.1", "both"),
            ("07.2", "changes"),
            ("07.3", "usual"),
            ("07.4", "ages"),
            ("07.5", "left"),
            ("07.6", "estimate"),
        ):
            assert ll.lessons.check(name, None, made[given]).state in ("open", "left out")
    for result in made.values():
        if isinstance(result, Missing):
            assert result.reason.endswith(".") and "Error" not in result.reason
    no_start = isinstance(made["rollout"], Missing)
    assert no_start == (pack in ("california-2000", "tennessee-star"))
