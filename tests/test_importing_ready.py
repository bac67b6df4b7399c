"""Ready crosswalks, each held against the real public file that it was written for, or an invented extract of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from leadlib.importing import import_folder
from leadlib.tables import load

ROOT = Path(__file__).resolve().parents[1]
RAW = Path(os.environ.get("LEADLIB_RAW") or ROOT.parent / "shared" / "data")
MARK = 1e-9
REAL = {
    "michigan-1993-98": (["michigan_schools_1993_98.csv"], {"schools": 1778, "outcomes": 10668, "budget": 10668}),
    "california-2000": (["california_api_2000.csv"], {"schools": 6194, "outcomes": 12388, "targets": 6194}),
    "star-kindergarten": (["tennessee_star.csv"], {"schools": 79}),
    "ccd-2013-campuses": (
        ["ccd_tx-campuses-ccd.csv", "ccd_tx-districts-ccd.csv"],
        {"schools": 9336, "school_years": 9336},
    ),
    "idea-child-count": (
        ["bchildcountandedenvironments2012.csv", "bchildcountandedenvironments2017-18.csv"],
        {"schools": 60, "enrollment": 1200},
    ),
    "nyc-schools": (
        [
            "2006_-_2012_School_Demographics_and_Accountability_Snapshot.csv",
            "2009_-_2010_Class_Size_-_School-level_Detail.csv",
        ],
        {"schools": 1594, "school_years": 10075, "staff_years": 1459, "course_access": 23890},
    ),
    "north-carolina-incidents": (["rcd_inc1.csv"], {"schools": 2598, "discipline": 24484}),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_file_becomes_a_pack_and_balances(name, tmp_path):
    files, counts = REAL[name]
    absent = [f for f in files if not (RAW / f).is_file()]
    if absent:
        pytest.skip(f"the public file {absent[0]} is not there")
    (tmp_path / "in").mkdir()
    for file in files:
        shutil.copy(RAW / file, tmp_path / "in" / file)
    done = import_folder(tmp_path / "in", name, tmp_path / name)
    assert done.balanced
    rows = {m.table: m.out for m in done.ledger.merged}
    assert {t: rows[t] for t in counts} == counts
    for line in done.ledger.files:
        if line.sha256:
            lines = (RAW / line.file).read_text(encoding="utf-8-sig").rstrip("\n").count("\n") + 1
            assert lines == line.rows + line.preamble + line.footnotes + 1


@pytest.mark.parametrize(
    ("name", "pack", "table", "field"),
    [
        ("michigan-1993-98", "michigan-1993-98", "outcomes", "value"),
        ("michigan-1993-98", "michigan-1993-98", "budget", "spend_per_pupil_usd"),
        ("california-2000", "california-2000", "outcomes", "value"),
        ("california-2000", "california-2000", "staff_years", "emergency_credential_pct"),
        ("california-2000", "california-2000", "targets", "growth_target"),
    ],
)
def test_the_crosswalk_gives_what_the_pack_s_own_script_gives(name, pack, table, field, tmp_path):
    file = REAL[name][0][0]
    if not (RAW / file).is_file():
        pytest.skip(f"the public file {file} is not there")
    (tmp_path / "in").mkdir()
    shutil.copy(RAW / file, tmp_path / "in" / file)
    import_folder(tmp_path / "in", name, tmp_path / name)
    mine, theirs = load(f"{tmp_path / name}/{table}"), load(f"{pack}/{table}")
    key = [k for k in ("school_id", "year", "measure", "grade", "group") if k in mine]
    both = mine.merge(theirs, on=key, suffixes=("", "_theirs"), how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    a, b = both[field], both[f"{field}_theirs"]
    assert ((a - b).abs().fillna(0) < MARK).all() and (a.isna() == b.isna()).all()


def extract(folder: Path, name: str, text: str, walk: str) -> None:
    (folder / "in").mkdir()
    (folder / "in" / name).write_text(text, encoding="utf-8")
    assert import_folder(folder / "in", walk, folder / "pack").balanced


def table(folder: Path, name: str) -> pd.DataFrame:
    return load(f"{folder / 'pack'}/{name}", why=True)


def test_portal_directory_keeps_pre_kindergarten_and_reads_codes(tmp_path):
    head = (
        "year,ncessch,seasch,school_name,leaid,state_leaid,lea_name,fips,school_level,school_type,lowest_grade_offered,"
    )
    head += (
        "highest_grade_offered,urban_centric_locale,charter,magnet,enrollment,free_or_reduced_price_lunch,free_lunch,"
    )
    head += "teachers_fte\n"
    rows = "2015,010000500870,0870,A,0100005,005,D,01,1,1,-1,5,32,0,-1,400,100,-3,20.5\n"
    rows += "2015,010000500871,0871,B,0100005,005,D,01,3,1,9,12,-1,1,0,0,0,-1,-1\n"
    extract(tmp_path, "schools_ccd_directory_2015.csv", head + rows, "ccd-portal")
    schools = table(tmp_path, "schools")
    assert schools["lowest_grade_offered"].tolist() == [-1, 9] and schools["magnet__why"].tolist() == [
        "not_reported",
        "reported",
    ]
    years = table(tmp_path, "school_years")
    assert years["free_or_reduced_price_lunch_pct"].fillna(-9).tolist() == [25, -9]
    assert years["free_lunch_pct__why"].tolist() == ["suppressed", "not_reported"]


def test_edfacts_file_gives_ranges_and_marks(tmp_path):
    text = "stnam,leaid,leanm,ncessch,schnam,ALL_MTH00NUMVALID_1516,ALL_MTH00PCTPROF_1516,"
    text += "MBL_RLA03NUMVALID_1516,MBL_RLA03PCTPROF_1516\n"
    text += "ALABAMA,0100005,D,010000500870,A,450,47,12,GE50\nALABAMA,0100005,D,010000500871,B,30,21-39,3,PS\n"
    extract(tmp_path, "math-achievement-sch-sy2015-16.csv", text, "edfacts-raw")
    rows = table(tmp_path, "outcomes").set_index(["school_id", "measure", "grade", "group"])
    assert rows.loc[("010000500870", "math_proficient_pct", "All", "All"), "value"] == 47
    black = rows.loc[("010000500870", "read_proficient_pct", "3", "Black")]
    assert (black["value_low"], black["value_high"]) == (50, 100)
    assert rows.loc[("010000500871", "read_proficient_pct", "3", "Black"), "value__why"] == "suppressed"


def test_portal_assessments_absences_and_finance_are_read(tmp_path):
    for part in "abc":
        (tmp_path / part).mkdir()
    groups = "sex,lep,homeless,migrant,disability,econ_disadvantaged,foster_care,military_connected"
    text = (
        f"ncessch,year,grade_edfacts,race,{groups},read_test_num_valid,read_test_pct_prof_low,read_test_pct_prof_high,"
    )
    text += "read_test_pct_prof_midpt,math_test_num_valid,math_test_pct_prof_low,math_test_pct_prof_high,"
    text += "math_test_pct_prof_midpt\n"
    text += "010000500870,2015,99,99,99,99,99,99,99,99,99,99,100,40,44,42,-3,-3,-3,-3\n"
    text += "010000500871,2015,99,99,99,99,99,99,99,99,99,99,900,47,47,47,20,21,39,30\n"
    extract(tmp_path / "a", "schools_edfacts_assessments.csv", text, "edfacts-portal")
    rows = table(tmp_path / "a", "outcomes").set_index(["school_id", "measure"])
    first, second = rows.loc["010000500870"], rows.loc["010000500871"]
    assert first.loc["read_proficient_pct", "value"] != 42 and first.loc["read_proficient_pct", "value_high"] == 44
    assert second.loc["read_proficient_pct", "value"] == 47
    assert first.loc["math_proficient_pct", "value__why"] == "suppressed"
    text = "ncessch,year,race,sex,disability,lep,students_chronically_absent\n010000500870,2015,99,99,99,99,40\n"
    text += "010000500870,2015,2,99,99,99,-3\n010000500870,2015,99,2,99,99,22\n010000500870,2015,2,2,99,99,9\n"
    extract(tmp_path / "b", "schools_crdc_chronic.csv", text, "crdc-portal")
    assert table(tmp_path / "b", "attendance")["group"].tolist() == ["All", "Black", "Female"]
    text = "leaid,year,exp_current_instruction_total,exp_current_sch_admin,exp_total\n"
    text += "0100005,2015,5000000,300000,9000000\n"
    extract(tmp_path / "c", "districts_ccd_finance_2015.csv", text + "0100006,2015,-2,1,1\n", "f33-portal")
    assert table(tmp_path / "c", "budget_lines")["spend_usd"].tolist() == [5000000, 300000, 1]
