"""Sentences say what the results hold, no more, and change with them."""

import pytest
import samples

from leadlib.results import Missing
from leadlib.words import captions, cover, findings, method, questions, record

GONE = Missing("Section", "no data")


def text(block) -> str:
    return block.plain()


def test_the_cover_names_school_year_pack_and_reader():
    said = text(cover(samples.SCHOOL, audience="board"))
    for part in ("Yountville <Elementary>", "Napa Valley", "1999–00", "California 2000", "school board"):
        assert part in said


def test_an_invented_school_is_said_to_be_invented():
    invented = type(samples.SCHOOL)(**{**vars(samples.SCHOOL), "record_type": "synthetic"})
    assert "invented" in text(cover(invented, audience="board"))
    assert "invented" not in text(cover(samples.SCHOOL, audience="board"))


def test_the_first_finding_gives_size_side_n_and_interval():
    said = findings(samples.gap(), samples.change(), samples.aim(), samples.serves()).paragraphs
    assert len(said) == 3
    assert "49 points higher" in said[0] and "20 similar schools" in said[0] and "+22 to +76" in said[0]


@pytest.mark.parametrize(("value", "word"), [(49.0, "higher"), (-49.0, "lower")])
def test_a_difference_is_told_on_its_side(value, word):
    assert f"49 points {word}" in findings(samples.gap(value), GONE, GONE, GONE).paragraphs[0]


def test_a_difference_whose_interval_holds_zero_is_told_as_not_separated():
    said = findings(samples.gap(10.0), GONE, GONE, GONE).paragraphs[0]
    assert "do not separate" in said and "higher" not in said
    assert "do not separate" in captions.comparison(samples.gap(10.0))[0]


def test_without_similar_schools_the_finding_names_those_it_compares_with():
    district = samples.gap()
    only = samples.result(
        "gap", [tuple(r) for r in district.table[district.table["group"] == "Same district"].to_numpy()]
    )
    assert "62 points higher than at 15 other schools of its district" in findings(only, GONE, GONE, GONE).paragraphs[0]
    assert captions.at_whom("All primary schools") == "other primary schools"
    assert captions.at_whom("Similar schools") == "similar schools"


def test_a_change_within_chance_and_one_beyond_it_are_told_apart():
    assert "no more than chance" in findings(GONE, samples.change(14.0), GONE, GONE).paragraphs[0]
    assert "more than chance alone would usually" in findings(GONE, samples.change(30.0), GONE, GONE).paragraphs[0]


def test_missing_results_make_room_and_a_report_without_any_says_so():
    assert len(findings(GONE, GONE, samples.aim(), GONE).paragraphs) == 1
    assert "do not allow a finding" in findings(GONE, GONE, GONE, GONE).paragraphs[0]


def test_questions_follow_the_results_and_the_reader():
    high = text(questions(samples.gap(), samples.change(), samples.serves(), samples.resources(), audience="principal"))
    low = text(questions(samples.gap(-49.0), samples.change(30.0), samples.serves(), GONE, audience="board"))
    assert "could learn from" in high and "could learn from" not in low
    assert "coaches new teachers" in high and "coaches new teachers" not in low
    assert "from the board" in low and "from the board" not in high
    assert "change may be chance" in high and "What changed in the school" in low


def test_only_an_evaluator_reads_the_checks_and_points_are_told_once():
    one = samples.result(
        "one", [("M", "G", 1.0, 0.0, 2.0, 9, "points")], assumptions=("A",), checks=("C",), limits=("L",)
    )
    assert text(method(one, one, GONE, audience="evaluator")).count("- A") == 1
    assert "Checks" in text(method(one, audience="evaluator"))
    assert "Checks" not in text(method(one, audience="principal"))


def test_the_record_names_pack_source_and_version():
    said = text(record(samples.SCHOOL, audience="board"))
    assert "california-2000" in said and "A source" in said and "leadlib 0." in said


def test_no_sentence_claims_a_cause_or_uses_the_word_significant():
    all_said = " ".join(
        [
            text(findings(samples.gap(), samples.change(), samples.aim(), samples.serves())),
            text(
                questions(samples.gap(), samples.change(), samples.serves(), samples.resources(), audience="evaluator")
            ),
            *captions.comparison(samples.gap()),
            *captions.trend(samples.trend()),
        ]
    ).lower()
    assert not [w for w in ("caused", "because of", "significant", "effect of", "thanks to", "failed") if w in all_said]


def test_figures_titles_say_the_finding():
    assert captions.trend(samples.trend())[0] == (
        "Academic Performance Index: 765 points in 1998–99, 820 points in 1999–00"
    )
    assert captions.profile(samples.serves())[0].startswith("English language learners: under 7.2% here, 26.0%")
    assert captions.resources(samples.resources())[0] == (
        "Outside the middle half of similar schools: fully credentialed teachers"
    )
    assert "790 points and 830 points" not in captions.standing(samples.steady(), schools_n=3)[0]


@pytest.mark.parametrize(
    "say",
    [
        captions.trend,
        captions.profile,
        captions.comparison,
        captions.funnel,
        captions.progress,
        captions.resources,
        lambda r: captions.standing(r, schools_n=0),
    ],
)
def test_a_result_without_any_value_still_gets_an_honest_title(say):
    empty = samples.result("empty", [], ("year", "leadership", "relative"))
    title, alt = say(empty)
    assert title and alt and "nan" not in (title + alt).lower()
