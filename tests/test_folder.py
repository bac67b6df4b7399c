"""Checking a folder: every problem at once, each with its row, its value and what to do."""

from __future__ import annotations

import random
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from click import Group
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadlib.cli.data import register
from leadlib.errors import InputError
from leadlib.pages.problems import problems
from leadlib.tables import standard
from leadlib.tables.cells import MARKS, Wrong, clean, judge
from leadlib.tables.folder import check
from leadlib.tables.folder_match import table_named
from leadlib.tables.report import SHOWN, Report

SCHOOLS = "school_id,school_name,leaid,lea_name,school_level\n0101,Ash,01,East,Primary\n0102,Elm,01,East,High\n"
MEASURES = "measure,label,unit,comparable_over_years,description\nmath,Math,pct,true,State test.\n"
OUTCOMES = """school_id,year,measure,grade,group,value,tested_n
0101,2022,math,4,All,50.5,20
0102,2022,math,4,All,suppressed,5
"""
ANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Give a folder of three files with nothing to mend."""
    folder = tmp_path / "office"
    folder.mkdir()
    for name, text in (("schools", SCHOOLS), ("measures", MEASURES), ("outcomes", OUTCOMES)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def said(report: Report) -> str:
    return "\n".join(map(str, report.problems))


def add(folder: Path, *rows: str) -> str:
    """Add rows to the outcomes and give what the check says."""
    put(folder, "outcomes.csv", OUTCOMES + "".join(r + "\n" for r in rows))
    return said(check(folder))


def test_a_good_folder_has_nothing_to_mend(office: Path) -> None:
    report = check(office)
    assert report.ok and report.problems == () and report.count == 0
    assert report.summary == "3 tables with 5 rows checked: nothing to mend."
    assert [(f.file, f.table, f.rows) for f in report.files] == [
        ("measures.csv", "measures", 1),
        ("outcomes.csv", "outcomes", 2),
        ("schools.csv", "schools", 2),
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            "0101,2022-23,math,5,All,50,20",
            "row 4, column year: '2022-23' is not a year of four digits -> write the fall",
        ),
        ("0101,2022,math,KG,All,50,20", "column grade: 'KG' is not written as in the dictionary -> write 'K'"),
        ("0101,2022,math,-1,All,50,20", "column grade: '-1' is not written as in the dictionary -> write 'PK'"),
        ("0101,2022,math,05,All,50,20", "column grade: '05' is not written as in the dictionary -> write '5'"),
        ("0101,2022,math,5,Hispanc,50,20", "column group: 'Hispanc' is not one of the words allowed -> did you mean"),
        ("0101,2022,math,5,All,89%,20", "column value: '89%' is not a plain number -> write 89"),
        ('0101,2022,math,5,All,50,"1,792"', "column tested_n: '1,792' is not a plain number -> write 1792"),
        ("0101,2022,math,5,All,50,20.0", "column tested_n: '20.0' is not a plain number -> write 20"),
        ("0101,2022,math,5,All,21-39,20", "column value: '21-39' is a range, not a value"),
        ("0101,2022,math,5,All,GE50,20", "column value: 'GE50' is a range, not a value"),
        ("0101,2022,math,5,All,*,20", "column value: '*' does not say why there is no value -> write not_reported or"),
        ("0101,2022,math,5,All,50,-3", "column tested_n: -3 is a code for a missing number, not a value -> write supp"),
        ("0101,2022,math,5,All,-3,20", "-3 is outside the scale of math, 0 to 100 -> write suppressed if it is a code"),
        ("0101,2022,math,5,All,101,20", "101 is outside the scale of math, 0 to 100"),
        ("0101,2022,math,5,All,50,-5", "-5 is below the lowest value allowed, 0"),
        ("0101,2022,math,5,All,1e400,20", "'1e400' is not a number"),
        ("0101,2022,math,5,All,#DIV/0!,20", "is an error of a formula"),
        ("0101,2022,math,5,All,6-Oct,20", "is a date; Excel may have made it"),
        ("101,2022,math,5,All,50,20", "'101' has 3 digits, where others that begin with 0 have 4 -> write '0101'"),
        ("1.01E+11,2022,math,5,All,50,20", "is what is left of an id after Excel made a number of it"),
        ("0109,2022,math,5,All,50,20", "'0109' is not in the table schools -> did you mean '0102' or '0101'?"),
        (",2022,math,5,All,50,20", "column school_id: the cell is empty -> fill it in"),
        ("0101,2022,math,4,All,50.5,20", "0101, 2022, math, 4, All stands in rows 2, 4, all the same -> delete all"),
        ("0101,2022,math,4,All,60,20", "0101, 2022, math, 4, All stands in rows 2, 4, which differ -> find out"),
        ("0101,2022,math,5,All", "row 4: the row has 5 cells; the header has 7"),
        ("school_id,year,measure,grade,group,value,tested_n", "row 4: the row repeats the header"),
    ],
)
def test_a_wrong_row_is_told_with_what_to_do(row: str, words: str, office: Path) -> None:
    assert words in add(office, row)


def test_every_problem_of_every_file_is_told_at_once(office: Path) -> None:
    put(office, "schools.csv", SCHOOLS + "0103,MuÃ±oz,01,East,Hgh\n")
    text = add(office, "0101,x,math,4,All,*,-3", "0102,2022,math,4,All,1,1")
    assert len([line for line in text.splitlines() if line.startswith("outcomes.csv")]) == 4
    assert "broken by a wrong encoding" in text and "'Hgh'" in text


def test_many_values_of_one_kind_are_shown_a_few_times_and_counted(office: Path) -> None:
    add(office, *(f"0101,{1900 + k},math,4,All,{k}%,20" for k in range(50)), "0101,1990,math,5,All,1%,1")
    (finding,) = [f for f in check(office).files[1].findings if f.rule == "number form"]
    assert (finding.rows, finding.values, len(finding.examples)) == (51, 50, SHOWN)
    assert finding.more == "and 42 more values (51 rows in all)"
    assert finding.examples[1].rows == 2


def test_percents_and_fractions_are_not_mixed(office: Path) -> None:
    head = "school_id,year,group,attendance_pct\n"
    rows = [f"0101,{2000 + k},All,0.{90 + k}\n" for k in range(5)]
    put(office, "attendance.csv", head + "".join(rows))
    assert "seem to be fractions, where percents are asked for (and in 4 more rows)" in said(check(office))
    put(office, "attendance.csv", head + "".join(rows) + "".join(f"0102,{2000 + k},All,9{k}.5\n" for k in range(5)))
    assert "some values seem to be fractions, others percents" in said(check(office))
    by_year = "".join(f"{s},2001,G,0.9{k}\n{s},2002,G,9{k}\n" for k, s in enumerate(("0101", "0102", "0103")))
    put(office, "attendance.csv", head + by_year.replace("G", "All"))
    assert "the values of 2001 seem to be fractions, those of other years percents" in said(check(office))
    put(office, "attendance.csv", head + "".join(f"0101,{2000 + k},All,{k / 4}\n" for k in range(20)))
    assert "fraction" not in said(check(office))  # a share may well be below one percent


def test_a_federal_code_is_a_value_where_the_dictionary_allows_it(office: Path) -> None:
    put(office, "schools.csv", "school_id,school_name,leaid,lea_name,school_level,lowest_grade_offered\n"
        "0101,Ash,01,East,Primary,-1\n0102,Elm,01,East,High,-2\n")  # fmt: skip
    text = said(check(office))
    assert "-2 is a code for a missing number" in text and "-1" not in text


def test_a_table_may_come_in_several_files_and_its_key_holds_through_all(office: Path) -> None:
    put(office, "Outcomes 2023-24.csv", OUTCOMES.replace("2022,math,4,All,50.5", "2022,math,4,All,51"))
    text = said(check(office))
    assert "stands in rows 2 of Outcomes 2023-24.csv, 2, which differ" in text
    assert "0102, 2022, math, 4, All stands in rows 3 of Outcomes 2023-24.csv, 3, all the same" in text


def test_a_file_is_known_by_its_columns_if_not_by_its_name(office: Path) -> None:
    (office / "outcomes.csv").rename(office / "results.csv")
    report = check(office)
    assert [f.matched for f in report.files if f.file == "results.csv"] == ["the table outcomes, by its columns"]
    put(office, "other.csv", "a,b\n1,2\n")
    assert "other.csv: it cannot be told which table this is" in said(check(office))


@pytest.mark.parametrize(
    ("name", "table"),
    [("Outcomes 2023-24", "outcomes"), ("SCHOOL YEARS (1)", "school_years"), ("copy of bells", "bells"),
     ("schools", "schools"), ("schoolsupplies", ""), ("budget_lines_2020", "budget_lines"), ("outcomes by grade", "")],
)  # fmt: skip
def test_a_name_tells_the_table(name: str, table: str) -> None:
    assert table_named(name) == table


def test_column_names_that_are_nearly_right_are_told_and_their_cells_still_checked(office: Path) -> None:
    put(office, "outcomes.csv", OUTCOMES.replace("school_id,", "School ID,").replace("tested_n", "testd_n"))
    text = said(check(office))
    assert "'School ID' is meant to be 'school_id' -> rename it to 'school_id'" in text
    assert "'testd_n' is not in the dictionary -> did you mean 'tested_n'?" in text
    put(office, "outcomes.csv", "year,group\n2022,All\n")
    assert "the column 'school_id' is missing -> add it: Id of the school" in said(check(office))


def test_what_is_passed_over_is_noted(office: Path) -> None:
    text = OUTCOMES.replace("tested_n", "tested_n,local").replace("\n01", "\n 01", 1)
    put(office, "outcomes.csv", text.replace(",20\n", ",20,x\n").replace(",5\n", ",,y\n"))
    put(office, "readme.md", "x")
    report = check(office)
    notes = "\n".join(report.files[1].notes)
    assert report.ok and report.passed_over == ("readme.md",)
    assert "1 column not in the dictionary, not checked: 'local'" in notes
    assert "column school_id: 1 cell read without the spaces" in notes
    assert "column tested_n: 1 empty cell will be read as not_reported" in notes


def test_reasons_beside_a_value_are_held_to_their_words(office: Path) -> None:
    put(
        office, "outcomes.csv", "school_id,year,measure,grade,group,value,value__why\n0101,2022,math,4,All,,supressed\n"
    )
    assert "'supressed' is no reason -> did you mean 'suppressed'" in said(check(office))


def test_ends_do_not_come_before_beginnings(office: Path) -> None:
    put(
        office,
        "bells.csv",
        "school_id,year,period,start_time,end_time\n0101,2022,1,09:05,08:00\n0101,2022,2,08:00,9:00\n",
    )
    text = said(check(office))
    assert "start_time is '09:05', which comes after end_time, '08:00'" in text
    assert "'9:00' is not a time written as 08:05 -> write '09:00'" in text


def test_links_of_several_columns_are_held(office: Path) -> None:
    put(office, "teachers.csv", "teacher_id,year,school_id\nt1,2022,0101\n")
    put(office, "coaching_cycles.csv", "cycle_id,teacher_id,school_id,year\nc1,t1,0101,2022\nc2,t1,0101,2021\n")
    assert "coaching_cycles.csv, row 3, column teacher_id, year: 't1', '2021' is not in the table teachers" in said(
        check(office)
    )
    (office / "teachers.csv").unlink()
    report = check(office)
    assert report.ok and "not held against the table teachers" in "\n".join(report.files[0].notes)


def test_a_file_that_cannot_be_read_does_not_hide_the_others(office: Path) -> None:
    (office / "bells.xlsx").write_bytes(b"PK\x03\x04")
    put(office, "attendance.csv", 'school_id,year\n"0101,2022\n')
    text = add(office, "0101,2022,math,5,All,*,20")
    assert "bells.xlsx: the file is damaged" in text and "'*'" in text
    assert "attendance.csv, row 2: has a quotation mark that is never closed" in text


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no file that could be a table"):
        check(tmp_path)
    with pytest.raises(InputError, match="there is no such folder"):
        check(tmp_path / "none")


# -- workbooks ---------------------------------------------------------------------------------------------------------


def test_the_sheets_of_a_workbook_are_checked_each_as_its_table(office: Path) -> None:
    pytest.importorskip("openpyxl")
    frames = {"outcomes": OUTCOMES, "schools": SCHOOLS, "notes": "a,b\n1,2\n"}
    for name in ("outcomes", "schools"):
        (office / f"{name}.csv").unlink()
    with pd.ExcelWriter(office / "all of it.xlsx", engine="openpyxl") as book:
        for name, text in frames.items():
            rows = [line.split(",") for line in text.splitlines()]
            pd.DataFrame(rows).to_excel(book, sheet_name=name, header=False, index=False)
    report = check(office)
    assert report.ok, report.plain()
    assert [f.name for f in report.files][:2] == ["all of it.xlsx, sheet outcomes", "all of it.xlsx, sheet schools"]


# -- the page and the command ------------------------------------------------------------------------------------------


def test_the_page_shows_every_problem_and_runs_nothing(office: Path) -> None:
    evil = "<script>alert(1)</script>"
    add(office, f'0101,2022,math,5,"{evil}",*,20', '"<img src=x onerror=alert(1)>",2022,math,5,All,1,1')
    (office / "<b>schools 2020.csv").write_text(SCHOOLS, encoding="utf-8")
    report = check(office)
    text = problems(report)
    page = BeautifulSoup(text, "html.parser")
    assert not page.find_all(["script", "img", "b"]) and not page.find_all(onerror=True)
    assert "http" not in text.split("<body>")[1]
    shown = page.find("main").get_text()
    for problem in report.problems:
        assert problem.what.split(" (and in")[0] in shown
    assert evil in shown and page.h1.text == "What to mend in office"
    assert len(page.find_all("h1")) == 1 and page.html["lang"] == "en"
    assert all(th.get("scope") for th in page.find_all("th"))
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.find_all("a")} <= set(ids)
    assert {tag["aria-labelledby"] for tag in page.find_all(attrs={"aria-labelledby": True})} <= set(ids)
    assert problems(check(office)) == text


def test_the_page_of_a_good_folder_says_so(office: Path) -> None:
    assert "Nothing to mend in office" in problems(check(office))


def test_the_command_leaves_with_0_or_2_and_writes_the_page(office: Path, tmp_path: Path) -> None:
    group = Group()
    register(group)
    good = CliRunner().invoke(group, ["check", str(office)])
    assert good.exit_code == 0 and "nothing to mend" in good.output
    add(office, "0101,2022,math,5,All,*,20")
    page = tmp_path / "out" / "p.html"
    bad = CliRunner().invoke(group, ["check", str(office), "--html", str(page)])
    assert bad.exit_code == 2 and "row 4, column value: '*'" in bad.output and page.is_file()
    none = CliRunner().invoke(group, ["check", str(tmp_path / "none")])
    assert none.exit_code == 2 and none.output.startswith("leadlib: ")


# -- cells -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "word"),
    [(" 0100 ", "0100"), ('="0100"', "0100"), ("\u00a012\u00a0", "12"), ("１２", "12"), ("−5", "-5"), ("", ""),
     ("José", "José"), ("Jose\u0301", "José"), ("= 1", "= 1")],
)  # fmt: skip
def test_what_nobody_meant_is_taken_off(raw: str, word: str) -> None:
    assert clean(raw) == word


def test_an_id_with_too_few_digits_is_padded_in_the_advice_only() -> None:
    field = standard.table("schools").field("ncessch")
    assert judge("010000500870", field) is None
    found = judge("10000500870", field)
    assert found and found.fix.startswith("write '010000500870'")
    assert judge("500870", field) and "zfill" not in str(judge("500870", field))


NUMBERS = [f for t in standard.tables() for f in standard.table(t).fields if f.type in ("integer", "number", "year")]


@ANY
@given(
    st.sampled_from(sorted(MARKS)) | st.sampled_from(["LE20", "GE50", "<5", ">=95", "21-39", "n<10", "PS"]),
    st.sampled_from(NUMBERS),
    st.sampled_from(["", " ", "\u00a0"]),
    st.booleans(),
)
def test_a_mark_never_becomes_a_number(mark: str, field: standard.Any, blank: str, upper: bool) -> None:
    word = clean(blank + (mark.upper() if upper else mark) + blank)
    assert isinstance(judge(word, field), Wrong)


@ANY
@given(st.text(max_size=20), st.sampled_from([f for t in standard.tables() for f in standard.table(t).fields]))
def test_any_cell_can_be_judged(word: str, field: standard.Any) -> None:
    found = judge(clean(word), field)
    assert found is None or (found.rule and found.what and found.fix)


@ANY
@given(st.text("0123456789ABCDE.+-", min_size=1, max_size=14).filter(lambda t: t.strip() == t))
def test_a_good_id_is_never_changed(word: str) -> None:
    assert clean(word) == word


def test_damaged_files_of_a_folder_are_checked_or_told(office: Path) -> None:
    chance, blobs = random.Random(5), {p: p.read_bytes() for p in sorted(office.iterdir())}
    for _ in range(60):
        for path, blob in blobs.items():
            data = bytearray(blob)
            for _ in range(chance.randint(0, 4)):
                data[chance.randrange(len(data))] = chance.choice(b'",\n\r;\x00-019eE%\xff')
            path.write_bytes(bytes(data))
        report = check(office)
        assert report.plain() and problems(report)
