"""The draft of a crosswalk: what a person would otherwise type, with a confidence and a reason a line."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from leadlib.cli.importing import import_
from leadlib.errors import InputError
from leadlib.importing import import_folder
from leadlib.importing.crosswalk import parse
from leadlib.importing.document import load_yaml
from leadlib.importing.suggest import likeness, suggest
from tests.importing_samples import stranger

CARD = """\
NCESSCH,SCH_NAME,LEAID,LEA_NAME,LEVEL,Total Enrollment,grade3,grade4,grade5,math4,MATH_N,note
480000101145,One,4800001,First,Primary,"1,200",10,20,*,55%,100,a
480000101146,Two,4800001,First,High,900,11,s,12,21-39,90,b
"""


def draft(folder, name="card_2015-16.csv", text=CARD):
    (folder / name).write_text(text, encoding="utf-8")
    return suggest(folder)


def test_known_columns_are_found_with_confidence_and_reason(tmp_path):
    text = draft(tmp_path)
    for line in (
        'school_id: {column: "NCESSCH"}',
        'leaid: {column: "LEAID"}',
        'enrollment: {column: "Total Enrollment"}',
    ):
        found = next(x for x in text.splitlines() if line in x)
        assert float(re.search(r"# ([01]\.[0-9]{2}): .+", found)[1]) > 0.9
    assert 'school_level: {column: "LEVEL", map: standard}' in text


def test_wide_columns_marks_and_the_year_in_the_name_are_seen(tmp_path):
    text = draft(tmp_path)
    assert '{columns: {n: "grade4"}, keys: {grade: "4"}}' in text and 'keys: {measure: math, grade: "4"}' in text
    assert '"*": suppressed  # 0.90' in text and "the name holds two years" in text
    assert '# not used: "note", such as "a", "b"' in text


def test_a_draft_with_open_places_is_refused_until_a_person_fills_them(tmp_path):
    with pytest.raises(InputError, match="is not finished"):
        parse(load_yaml(draft(tmp_path)))


def test_a_finished_draft_imports(tmp_path):
    (tmp_path / "in").mkdir()
    text = (
        draft(tmp_path / "in").replace("TO DO: what these data are", "Mine").replace("TO DO: who published them", "S")
    )
    text = text.replace("TO DO: on which terms they may be used", "free").split("      - table: outcomes")[0]
    done = import_folder(tmp_path / "in", parse(load_yaml(text)), tmp_path / "pack")
    assert done.balanced and {m.table: m.out for m in done.ledger.merged} == {
        "schools": 2,
        "school_years": 2,
        "enrollment": 6,
    }


def test_names_that_change_from_file_to_file_are_gathered(tmp_path):
    draft(tmp_path, "card_2014.csv")
    text = draft(
        tmp_path, "card_2015.csv", CARD.replace("Total Enrollment", "MEMBER").replace("SCH_NAME", "School Name")
    )
    assert '"school_years.enrollment": ["Total Enrollment", "MEMBER"]' in text
    assert 'school_name: {column: "schools.school_name"}' in text and "spring is a guess" in text


def test_a_stranger_s_folder_is_drafted_and_the_unreadable_file_named(tmp_path):
    stranger(tmp_path / "in")
    text = suggest(tmp_path / "in")
    assert load_yaml(text)["files"] and "read me.docx" in text


def test_short_names_are_not_alike_by_chance():
    assert likeness("TYPE", ["stype"]) == 0.0 and likeness("Stype", ["stype"]) == 1.0
    assert likeness("Total Enrolment", ["total enrollment"]) > 0.9


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(InputError, match="no file that can be read"):
        suggest(tmp_path)


def test_the_command_writes_a_draft_and_never_over_another(tmp_path):
    (tmp_path / "in").mkdir()
    draft(tmp_path / "in")
    arguments = [str(tmp_path / "in"), "--suggest", "--out", str(tmp_path / "mine.yml")]
    assert CliRunner().invoke(import_, arguments).exit_code == 0
    again = CliRunner().invoke(import_, arguments)
    assert again.exit_code == 2 and "is already there" in again.output
    assert CliRunner().invoke(import_, arguments[:2]).output == (tmp_path / "mine.yml").read_text(encoding="utf-8")
