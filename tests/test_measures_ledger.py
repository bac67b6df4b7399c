"""The leadership ledger: one taxonomy, four resources, and no more than research says."""

import json

import designs_samples as make
import ledger_samples as samples
import numpy as np
import pandas as pd
import pytest

from leadlib import charts, measures
from leadlib.errors import InputError
from leadlib.measures import compositions, taxonomy
from leadlib.numbers import UNITS
from leadlib.results import Missing
from leadlib.words import captions_ledger

LEDGER = measures.ledger.ledger


def shares(result, group="This school"):
    table = result.table[result.table["group"] == group]
    return {r: list(part["value"]) for r, part in table.groupby("resource", sort=False)}


def enum(root, table, column):
    told = json.loads((root / f"leadlib/tables/standard/{table}.json").read_text(encoding="utf-8"))
    return next(f for f in told["schema"]["fields"] if f["name"] == column)["constraints"]["enum"]


def test_every_value_that_the_standard_tables_allow_has_a_line_in_the_taxonomy(root):
    allowed = {
        ("minutes", "principal_time", "activity"),
        ("dollars", "budget_lines", "function"),
        ("people", "support_staff", "role"),
        ("periods", "bells", "kind"),
    }
    for resource, table, column in allowed:
        named = enum(root, table, column)
        assert set(named) <= set(taxonomy.kinds(resource)), resource


def test_each_line_has_one_of_four_kinds_a_reason_and_a_source():
    frame = taxonomy.taxonomy()
    assert set(frame["kind"]) <= set(taxonomy.KINDS) and set(frame["resource"]) == set(taxonomy.RESOURCES)
    assert frame["why"].str.len().gt(15).all() and frame["source"].str.len().gt(10).all()
    assert not frame.duplicated(["resource", "key"]).any()
    assert set(taxonomy.kinds("minutes", shown=True).values()) == {"instructional", "administrative", "other"}


def test_organization_management_is_administrative_and_is_said_to_go_with_better_outcomes():
    line = next(x for x in taxonomy.lines("minutes") if x.key == "organization management")
    assert line.kind == "administrative" and "better outcomes" in line.why


def test_an_unknown_resource_is_refused_with_the_right_ones():
    with pytest.raises(InputError, match="minutes"):
        taxonomy.lines("minute")


def test_the_shares_are_those_worked_out_by_hand():
    found = LEDGER(samples.school(), None)
    assert shares(found) == {
        "minutes": [30.0, 45.0, 25.0],
        "dollars": [65.0, 15.0, 20.0],  # 650, 150 and 200 of 1,000; the capital outlay of 9,000 is not counted
        "people": [85.0, 5.0, 10.0],  # 16 teachers and a librarian, 1 administrator, 2 counselors
        "periods": [60.0, 10.0, 30.0],
    }
    assert shares(found, samples.LEVEL)["minutes"] == [10.0, 50.0, 40.0]


def test_the_three_kinds_of_a_resource_add_up_to_a_hundred_in_a_real_pack():
    import leadlib as ll

    school = ll.school("cedar-valley", "990000100004", 2021)
    for resource in taxonomy.RESOURCES:
        frame = compositions.compositions(school, resource)
        assert np.allclose(frame[list(taxonomy.SHOWN)].sum(axis=1), 100)
        assert not frame.duplicated(["school_id", "year"]).any()


def test_dollars_of_a_real_pack_agree_with_its_own_lines():
    import leadlib as ll

    school = ll.school("cedar-valley", "990000100004", 2021)
    lines = ll.load("cedar-valley/budget_lines").query("school_id == '990000100004' and year == 2021")
    taught = lines["function"].isin(["exp_current_instruction_total", "exp_current_instruc_staff"])
    expected = 100 * lines.loc[taught, "spend_usd"].sum() / lines["spend_usd"].sum()
    frame = compositions.compositions(school, "dollars").set_index(["school_id", "year"])
    assert frame.loc[("990000100004", 2021), "instructional"] == pytest.approx(expected, abs=1e-9)


def test_the_text_names_what_stands_out_and_passes_over_what_is_like_the_others():
    said = LEDGER(samples.school(), None).text
    assert "Instructional here: 30.0% of the principal's logged minutes, 65.0% of current dollars" in said
    assert "Larger than in the middle half of all primary schools: the share of instructional minutes." in said
    assert "Smaller than in the middle half of all primary schools: the share of administrative minutes." in said
    assert "dollars." not in said.split("Smaller")[1]
    like = LEDGER(samples.school("b"), None)
    assert measures.ledger.outside(like.table, samples.LEVEL) == []
    assert "No instructional or administrative share stands out" in like.text


def test_a_share_less_than_a_point_from_the_middle_one_is_not_spoken_of():
    school = make.changed(
        samples.school("b"), "principal_time", "minutes", 10.9, school_id="b", activity="day-to-day instruction"
    )
    assert "stands out" in LEDGER(school, None).text
    school = make.changed(school, "principal_time", "minutes", 25.0, school_id="b", activity="day-to-day instruction")
    assert "the share of instructional minutes" in LEDGER(school, None).text


def test_what_a_pack_lacks_is_told_in_one_sentence_and_what_it_has_is_shown():
    found = LEDGER(make.without(samples.school(), "principal_time", "bells"), None)
    assert set(found.table["resource"]) == {"dollars", "people"}
    assert "Left out: the principal's minutes and periods, because the pack has no log" in found.text
    only = make.changed(samples.school(), "bells", "minutes", np.nan, school_id="a")
    assert "because this school has no bell schedule" in LEDGER(only, None).text


def test_a_pack_without_any_of_it_gives_one_readable_sentence():
    school = make.without(samples.school(), "principal_time", "bells", "budget_lines", "staff_years", "support_staff")
    found = LEDGER(school, None)
    assert isinstance(found, Missing) and found.text.count(".") == 1
    assert isinstance(LEDGER(make.pack(), None), Missing)
    assert charts.ledger(found) == Missing(found.section, found.reason, told=True)


def test_a_year_without_a_log_takes_the_nearest_which_stands_in_the_name():
    found = LEDGER(samples.school(year=2003), None)
    assert found.table.iloc[0]["measure"] == "Minutes: instructional (2001–02)"


def test_spending_recorded_for_districts_alone_is_said_to_be_the_districts():
    school = samples.school()
    lines = school.tables["budget_lines"].query("school_id == 'a'").assign(school_id=None, unit_id="L1")
    school = make.FakeSchool(school.tables | {"budget_lines": lines}, school.dictionary, school_id="a")
    found = LEDGER(school, None)
    assert shares(found)["dollars"] == [65.0, 15.0, 20.0] and "those of the whole district" in found.text
    assert "whole district" not in LEDGER(samples.school(), None).text


def test_a_budget_with_instruction_and_administration_alone_calls_the_rest_other():
    school = make.without(samples.school(), "budget_lines")
    money = pd.DataFrame({"school_id": samples.IDS, "year": 2001, "spend_per_pupil_usd": 1000.0})
    money["spend_instruction_per_pupil_usd"], money["spend_administration_per_pupil_usd"] = 700.0, 100.0
    fields = tuple(make.about(c, c, "usd") for c in money.columns if c.endswith("usd"))
    school = make.FakeSchool(school.tables | {"budget": money}, school.dictionary | {"budget": fields}, school_id="a")
    assert shares(LEDGER(school, None))["dollars"] == [70.0, 10.0, 20.0]


def test_people_without_a_count_of_administrators_are_left_out():
    school = samples.school()
    fields = school.dictionary | {"staff_years": school.dictionary["staff_years"][:1]}
    found = LEDGER(make.FakeSchool(school.tables, fields, school_id="a"), None)
    assert "people" not in set(found.table["resource"]) and "teachers and administrators" in found.text


def test_each_published_number_stands_in_its_sentence_and_names_a_source():
    for row in measures.ledger.evidence():
        assert row["source"] and row["verified"] in (True, False)
        for number in row["number"]:
            assert f"{abs(number):g}" in row["sentence"], row["id"]
    assert {"kinds_differ", "ratings", "self_report"} <= {row["id"] for row in measures.ledger.evidence()}


def test_the_block_says_what_research_says_and_gives_no_verdict():
    found = LEDGER(samples.school(), None)
    said = json.dumps(found.data(), ensure_ascii=False)
    for row in measures.ledger.evidence():
        assert row["sentence"] in said
    told = " ".join([found.text, found.note, *found.limits, *found.evidence, *taxonomy.taxonomy()["why"]]).lower()
    assert not any(word in told for word in ("no effect", "significant", "proves", "caused", "should", "too much"))


def test_the_same_ledger_comes_from_shuffled_rows():
    school = samples.school()
    mixed = {name: make.shuffled(table) for name, table in school.tables.items()}
    again = make.FakeSchool(mixed, school.dictionary, school_id="a")
    pd.testing.assert_frame_equal(LEDGER(school, None).table, LEDGER(again, None).table)


def test_the_title_of_the_chart_says_the_finding_and_its_alt_text_the_numbers():
    figure = charts.ledger(LEDGER(samples.school(), None))
    assert figure.title == (
        "Instructional: 30% of the principal's minutes, 65% of dollars, 85% of people and 60% of periods;"
        " a larger share of minutes than at most primary schools"
    )
    assert "Minutes: instructional 30.0% (all primary schools 10.0%, middle half 10.0% to 10.0%)" in figure.alt
    assert charts.ledger(LEDGER(samples.school(), None)).png == figure.png


def test_the_bars_are_drawn_from_both_ends_with_a_mark_for_the_others(monkeypatch):
    seen = []
    from leadlib.charts import ledgers, style

    monkeypatch.setattr(
        ledgers, "finished", lambda canvas, **named: seen.append(canvas) or style.finished(canvas, **named)
    )
    charts.ledger(LEDGER(samples.school(), None))
    ax = seen[0].axes[0]
    minutes = [p for p in ax.patches if abs(p.get_y() + p.get_height() / 2 - 3) < 0.01]
    assert [(round(p.get_x(), 6), round(p.get_width(), 6)) for p in minutes] == [(0, 100), (0, 30), (55, 45)]
    marks = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "^"][-2:]
    assert marks == [10.0, 50.0]  # 50 from the left is 50% administrative from the right
    said = {t.get_text() for t in ax.texts}
    assert {"30%", "45%", "25%", "Instructional", "Administrative"} <= said
    assert [t.get_text().split("\n")[0] for t in ax.get_yticklabels()] == ["Periods", "People", "Dollars", "Minutes"]


def test_without_other_schools_the_chart_has_no_mark_and_no_key():
    alone = samples.school()
    alone = make.FakeSchool(
        alone.tables | {"schools": alone.tables["schools"].iloc[:1]}, alone.dictionary, school_id="a"
    )
    found = LEDGER(alone, None)
    assert set(found.table["group"]) == {"This school"} and "than" not in captions_ledger.ledger(found)[0]
    assert charts.ledger(found).png.startswith(b"\x89PNG")


def test_a_share_that_would_round_to_nothing_is_written_as_under_one():
    assert captions_ledger.percent(0.3) == "<1%" and captions_ledger.percent(0.0) == "0%"
    assert UNITS["whole_pct"].decimals == 0
