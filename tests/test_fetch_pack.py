"""A pack of public data: its tables, its reasons, its source; and the command that makes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from portal_server import (
    IDS,
    Portal,
    client,
    directory,
    endpoints,
    only_this_machine,
    rights,
    running,
    school,
    scores,
    status,
)

from leadlib.cli import fetching as cli_fetch
from leadlib.errors import InputError
from leadlib.fetch import PLANS, Cache, Source, fetch_pack, order, selection
from leadlib.fetch.district_tables import FUNCTIONS
from leadlib.tables import dictionary, load, standard

YEARS = (2017, 2018)
DIRECTORY = "schools/ccd/directory/{}/"
TESTS = "schools/edfacts/assessments/2018/grade-99/"
SPENT = dict.fromkeys(FUNCTIONS, 1000) | {"exp_total": 15_000, "rev_total": 16_000}


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    only_this_machine(monkeypatch)
    with running() as made:
        for year in YEARS:
            made.rows[DIRECTORY.format(year)] = directory(year)
        made.rows[TESTS] = [scores(i, 2018, read_test_pct_prof_low=52, read_test_pct_prof_high=52) for i in IDS]
        made.rows[TESTS.replace("2018", "2017")] = []
        made.rows["api-endpoints/"] = []
        for year in YEARS:
            made.rows[f"schools/edfacts/grad-rates/{year}/"] = []
        yield made


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def made(portal: Portal, folder: Path, tables: str, years: tuple[int, ...] = YEARS, **more: Any) -> str:
    """Fetch tables into a pack and give its folder."""
    source = Source(client(portal, attempts=2), Cache(folder / "cache"), offline=more.pop("offline", False))
    out = folder / more.pop("out", "my-state")
    fetch_pack(source, order(selection(["06"]), years, tables.split(","), **more), out)
    return str(out)


def about(pack: str) -> dict[str, Any]:
    return json.loads((Path(pack) / "datapackage.json").read_text(encoding="utf-8"))


def test_schools_and_their_years_become_a_pack(portal: Portal, tmp_path: Path) -> None:
    pack = made(portal, tmp_path, "schools,school_years")
    schools, years = load(f"{pack}/schools"), load(f"{pack}/school_years", why=True)
    assert schools["school_id"].tolist() == list(IDS) == schools["ncessch"].tolist()
    assert schools["lowest_grade_offered"].tolist() == [-1, -1, -1]
    assert schools["school_level"].tolist() == ["Primary"] * 3
    assert years["free_or_reduced_price_lunch_pct"].tolist() == [50.0] * 6
    assert years["school_status"].tolist() == ["open"] * 6


def test_missing_values_keep_their_reason_on_the_way_into_the_pack(portal: Portal, tmp_path: Path) -> None:
    portal.rows[DIRECTORY.format(2018)] = [
        school(IDS[0], enrollment=-1), school(IDS[1], free_or_reduced_price_lunch=-3),
        school(IDS[2], enrollment=0, free_or_reduced_price_lunch=0, teachers_fte=-2),
    ]  # fmt: skip
    pack = made(portal, tmp_path, "school_years,staff_years", (2018,))
    years = load(f"{pack}/school_years", why=True)
    assert years["enrollment__why"].tolist() == ["not_reported", "reported", "reported"]
    lunch = years["free_or_reduced_price_lunch_pct__why"].tolist()
    assert lunch == ["not_reported", "suppressed", "not_applicable"]
    staff = load(f"{pack}/staff_years", why=True)
    assert staff["pupils_per_teacher__why"].tolist() == ["not_reported", "reported", "not_applicable"]


def test_the_newest_year_names_a_school_and_an_older_one_fills_what_it_lacks(portal: Portal, tmp_path: Path) -> None:
    portal.rows[DIRECTORY.format(2018)] = [
        school(IDS[0], school_name="New Name", school_level=-1), school(IDS[1], school_level=7)
    ]  # fmt: skip
    pack = made(portal, tmp_path, "schools")
    schools = load(f"{pack}/schools").set_index("school_id")
    assert schools["school_name"].tolist() == ["New Name", "School 002", "School 003"]
    assert schools["school_level"].tolist() == ["Primary", "Other", "Primary"]
    assert any(n.startswith("1 secondary schools") for n in about(pack)["notes"])


def test_schools_yet_to_open_are_left_out_and_closed_ones_stay(portal: Portal, tmp_path: Path) -> None:
    portal.rows[DIRECTORY.format(2018)] = [school(IDS[0], school_status=7), school(IDS[1], school_status=2)]
    pack = made(portal, tmp_path, "school_years", (2018,))
    assert load(f"{pack}/school_years")["school_status"].tolist() == ["closed"]


def test_a_share_above_100_is_not_reported_and_counted(portal: Portal, tmp_path: Path) -> None:
    portal.rows[DIRECTORY.format(2018)] = [school(IDS[0], free_lunch=401), school(IDS[1])]
    pack = made(portal, tmp_path, "school_years", (2018,))
    assert load(f"{pack}/school_years", why=True)["free_lunch_pct__why"].tolist() == ["not_reported", "reported"]
    assert any(n.startswith("1 school years have more pupils eligible for free lunch") for n in about(pack)["notes"])


def test_enrollment_comes_by_grade_race_and_sex(portal: Portal, tmp_path: Path) -> None:
    path = "schools/ccd/enrollment/2018/grade-{}/race/sex/"
    row = {"ncessch": IDS[0], "year": 2018, "leaid": IDS[0][:7], "fips": 6}
    portal.rows[path.format("pk")] = [row | {"grade": -1, "race": 2, "sex": 2, "enrollment": 7}]
    portal.rows[path.format("99")] = [row | {"grade": 99, "race": 99, "sex": 99, "enrollment": -3}]
    pack = made(portal, tmp_path, "enrollment", (2018,), grades=["99", "PK"])
    table = load(f"{pack}/enrollment", why=True)
    assert table[["grade", "race", "sex"]].to_numpy().tolist() == [["All"] * 3, ["PK", "Black", "Female"]]
    assert table["enrollment__why"].tolist() == ["suppressed", "reported"]


needs_range = pytest.mark.skipif("range" not in dictionary.REASONS, reason="packs cannot say range yet")


@needs_range
def test_a_range_is_kept_as_a_range_and_one_figure_as_a_value(portal: Portal, tmp_path: Path) -> None:
    pack = made(portal, tmp_path, "outcomes", (2018,))
    table = load(f"{pack}/outcomes", why=True).set_index("measure")
    assert table.loc["read", "value"].tolist() == [52.0] * 3
    assert table.loc["math", "value__why"].tolist() == ["range"] * 3 and table.loc["math", "value"].isna().all()
    assert table.loc["math", ["value_low", "value_high"]].to_numpy().tolist() == [[50.0, 54.0]] * 3
    assert load(f"{pack}/measures")["measure"].tolist() == ["math", "read"]


def test_suppressed_scores_are_suppressed_and_never_zero(portal: Portal, tmp_path: Path) -> None:
    hidden = {f"{t}_test_pct_prof_{e}": -3 for t in ("read", "math") for e in ("low", "high", "midpt")}
    portal.rows[TESTS] = [scores(i, 2018, **hidden) for i in IDS]
    table = load(f"{made(portal, tmp_path, 'outcomes', (2018,))}/outcomes", why=True)
    assert table["value"].isna().all() and set(table["value__why"]) == {"suppressed"}


def test_groups_come_when_they_are_asked_for(portal: Portal, tmp_path: Path) -> None:
    exact = {f"{t}_test_pct_prof_{e}": 40 for t in ("read", "math") for e in ("low", "high", "midpt")}
    portal.rows[TESTS] = [scores(IDS[0], 2018, **exact)]
    portal.rows[f"{TESTS}race/"] = [scores(IDS[0], 2018, race=r, **exact) for r in (1, 3)]
    portal.rows[f"{TESTS}sex/"] = [scores(IDS[0], 2018, sex=2, **exact)]
    special = [scores(IDS[0], 2018, **exact, **{d: 1}) for d in ("lep", "econ_disadvantaged", "disability")]
    portal.rows[f"{TESTS}special-populations/"] = [*special, scores(IDS[0], 2018, **exact, disability=2)]
    pack = made(portal, tmp_path, "outcomes", (2018,), extra=True)
    table = load(f"{pack}/outcomes")
    assert sorted(table.loc[table["measure"].eq("read"), "group"]) == [
        "All", "Economically disadvantaged", "English learners", "Female", "Hispanic", "Students with disabilities",
        "White",
    ]  # fmt: skip
    assert "1 rows of read are for groups that the table has no name for." in about(pack)["notes"]


def test_absence_has_its_enrollment_beside(portal: Portal, tmp_path: Path) -> None:
    split = [{"race": 99, "sex": 99}, {"race": 1}, {"sex": 2}, {"race": 1, "sex": 2}]
    portal.rows["schools/crdc/chronic-absenteeism/2017/race/sex/"] = [
        rights(IDS[0], 2017, students_chronically_absent=n, **s) for n, s in zip((40, -3, 20, 9), split, strict=True)
    ]
    portal.rows["schools/crdc/enrollment/2017/race/sex/"] = [
        rights(IDS[0], 2017, enrollment_crdc=400, **s) for s in split[:2]
    ]
    table = load(f"{made(portal, tmp_path, 'attendance', (2017,))}/attendance", why=True)
    assert table["group"].tolist() == ["All", "Female", "White"]
    assert table["absent_15_days_n__why"].tolist() == ["reported", "reported", "suppressed"]
    assert table["enrolled_n__why"].tolist() == ["reported", "not_reported", "reported"]
    said = (
        "1 rows of crdc-chronic-absenteeism by race-sex are of two groups at once or of one without a name: not taken."
    )
    assert said in about(str(tmp_path / "my-state"))["notes"]


def test_discipline_courses_and_support_staff_come_from_the_civil_rights_data(portal: Portal, tmp_path: Path) -> None:
    out = {"students_susp_in_sch": 5, "students_susp_out_sch_single": 3, "students_susp_out_sch_multiple": -1}
    portal.rows["schools/crdc/discipline/2017/disability/sex/"] = [rights(IDS[0], 2017, **out)]
    portal.rows["schools/crdc/discipline/2017/disability/race/sex/"] = [rights(IDS[0], 2017, race=2, **out)]
    portal.rows["schools/crdc/enrollment/2017/race/sex/"] = [rights(IDS[0], 2017, enrollment_crdc=400)]
    portal.rows["schools/crdc/ap-ib-enrollment/2017/race/sex/"] = [rights(IDS[0], 2017, enrl_ap=30)]
    portal.rows["schools/crdc/math-and-science/2017/race/sex/"] = [rights(IDS[0], 2017, enrl_calculus=-2)]
    portal.rows["schools/crdc/dual-enrollment/2017/race/sex"] = []
    portal.rows["schools/crdc/algebra1/2017/race/sex"] = [
        rights(IDS[0], 2017, grade_crdc=20, enrl_algebra1=12, students_passing_algebra1=10)
    ]
    staff = {"teachers_fte_crdc": 20, "teachers_first_year_fte": 1.5, "teachers_second_year_fte": 0.5}
    staff |= {"teachers_certified_fte": 19, "counselors_fte": 0, "nurses_fte": -1}
    portal.rows["schools/crdc/teachers-staff/2017/"] = [rights(IDS[0], 2017, **staff)]
    pack = made(portal, tmp_path, "discipline,course_access,support_staff,staff_years", (2017,))
    discipline = load(f"{pack}/discipline", why=True)
    assert len(discipline) == 6 and set(discipline["group"]) == {"All", "Black"}
    assert discipline["pupils_n__why"].tolist().count("not_reported") == 2
    courses = load(f"{pack}/course_access", why=True).set_index("course")
    assert courses.loc["algebra_1_grades_7_8", ["enrolled_n", "passed_n"]].tolist() == [12, 10]
    assert courses.loc["calculus", "enrolled_n__why"] == "not_applicable"
    roles = load(f"{pack}/support_staff", why=True).set_index("role")
    assert roles.loc["counselor", "fte"] == 0 and roles.loc["nurse", "fte__why"] == "not_reported"
    first = load(f"{pack}/staff_years").set_index("school_id").loc[IDS[0]]
    assert (first["first_year_teachers_pct"], first["full_credential_pct"]) == (10.0, 95.0)


def test_budget_lines_are_of_the_district_and_named_as_the_finance_survey_names_them(
    portal: Portal, tmp_path: Path
) -> None:
    row = {"leaid": 600001, "year": 2018, "fips": 6, **SPENT, "debt_interest": -1}
    portal.rows["school-districts/ccd/finance/2018/"] = [row]
    pack = made(portal, tmp_path, "budget_lines", (2018,))
    table = load(f"{pack}/budget_lines", why=True)
    assert set(table["unit_id"]) == {"0600001"} and set(table["school_id__why"]) == {"not_applicable"}
    assert sorted(table["function"]) == sorted(FUNCTIONS)
    assert table.set_index("function").loc["debt_interest", "spend_usd__why"] == "not_reported"
    assert [t["name"] for t in about(pack)["resources"]] == ["budget_lines"]


def test_district_years_bring_pupils_poverty_and_money_together(portal: Portal, tmp_path: Path) -> None:
    row = {"leaid": "0600001", "year": 2018, "fips": 6}
    portal.rows["school-districts/ccd/directory/2018/"] = [row | {"lea_name": "Unified", "enrollment": 900}]
    portal.rows["school-districts/ccd/finance/2018/"] = [row | SPENT]
    poor = {"est_population_5_17": 1000, "est_population_5_17_poverty": 125, "est_population_5_17_poverty_pct": 0.125}
    portal.rows["school-districts/saipe/2018/"] = [row | poor, row | poor | {"leaid": "0600002"}]
    table = load(f"{made(portal, tmp_path, 'district_years', (2018,))}/district_years", why=True)
    assert table["est_population_5_17_poverty_pct"].tolist() == [12.5, 12.5]
    assert table["exp_total__why"].tolist() == ["reported", "not_reported"]


def test_rows_of_schools_outside_the_directory_are_set_aside_and_counted(portal: Portal, tmp_path: Path) -> None:
    hidden = {f"{t}_test_pct_prof_{e}": -3 for t in ("read", "math") for e in ("low", "high", "midpt")}
    portal.rows[TESTS] = [scores(i, 2018, **hidden) for i in (IDS[0], "060000999999")]
    pack = made(portal, tmp_path, "outcomes", (2018,))
    assert set(load(f"{pack}/outcomes")["school_id"]) == {IDS[0]}
    said = "2 rows of outcomes are of schools that the directory does not have and are set aside."
    assert said in about(pack)["notes"]


def test_the_pack_names_its_source_its_terms_and_its_pages(portal: Portal, tmp_path: Path) -> None:
    found = about(made(portal, tmp_path, "schools"))
    assert found["sources"][0]["title"] == (
        "Common Core of Data: school directory, Education Data Portal, Urban Institute, accessed September 13, 2020, "
        "https://educationdata.urban.org/documentation/, made available under the ODC Attribution License."
    )
    assert "ODC-By" in found["terms"]
    answers = found["fetched"]["answers"]
    assert [a["count"] for a in answers if a["endpoint"] == "school-directory"] == [3, 3]
    assert all(len(p["sha256"]) == 64 for a in answers for p in a["pages"])


def test_from_the_same_cache_come_the_same_bytes(portal: Portal, tmp_path: Path) -> None:
    packs = [Path(made(portal, tmp_path, "schools,school_years"))]
    asked = portal.count()
    packs.append(Path(made(portal, tmp_path, "schools,school_years", out="copy/my-state", offline=True)))
    one, two = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in packs)
    assert one == two and portal.count() == asked


def test_the_years_on_offer_are_those_the_portal_lists(portal: Portal, tmp_path: Path) -> None:
    portal.rows["api-endpoints/"] = endpoints(("/api/v1/schools/ccd/directory/{year}/", "1986&ndash;2017"))
    pack = made(portal, tmp_path, "school_years")
    assert load(f"{pack}/school_years")["year"].unique().tolist() == [2017]
    assert "Common Core of Data: school directory: not collected, or not on offer, for 2018." in about(pack)["notes"]


def test_a_table_without_any_year_on_offer_is_refused_before_anything_is_fetched(
    portal: Portal, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        made(portal, tmp_path, "attendance,discipline", (2018,))
    assert [p.where for p in error.value.problems] == ["table attendance", "table discipline"]
    assert "it has 2013, 2015, 2017, 2020-2022 (--refresh" in error.value.problems[0].fix
    assert portal.count("crdc") == 0


def test_without_the_portals_list_what_is_known_holds_and_that_is_noted(portal: Portal, tmp_path: Path) -> None:
    del portal.rows["api-endpoints/"]
    assert "Years on offer are those known on 2026-08-07" in about(made(portal, tmp_path, "schools"))["notes"][0]


def test_a_new_field_is_noted_in_the_pack(portal: Portal, tmp_path: Path) -> None:
    portal.rows[DIRECTORY.format(2018)] = directory(2018, robots=1)
    notes = about(made(portal, tmp_path, "schools"))["notes"]
    assert "school-directory: the portal has fields that leadlib does not know: robots." in notes


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_written(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"count": 9}, words="directory/2017")
    portal.rows[TESTS] = [scores(IDS[0], 2018) | {"year": 2018, "read_test_pct_prof_low": 101}]
    with pytest.raises(InputError) as error:
        made(portal, tmp_path, "schools,outcomes")
    said = str(error.value)
    assert "6 rows are missing" in said and "read_test_pct_prof_low: 101 is above 100" in said
    assert not (tmp_path / "my-state").exists()


def test_a_portal_that_is_down_is_not_asked_for_more(portal: Portal, tmp_path: Path) -> None:
    portal.fault(status(504), words="directory", times=99)
    with pytest.raises(InputError, match="not available now"):
        made(portal, tmp_path, "schools,outcomes")
    assert portal.count("assessments") == 0


def test_no_schools_at_all_is_an_error(portal: Portal, tmp_path: Path) -> None:
    for year in YEARS:
        portal.rows[DIRECTORY.format(year)] = []
    with pytest.raises(InputError, match="California, 2017-2018: the portal has no schools here"):
        made(portal, tmp_path, "schools")


def test_a_folder_of_something_else_is_not_written_over(portal: Portal, tmp_path: Path) -> None:
    pack = made(portal, tmp_path, "schools")
    assert made(portal, tmp_path, "schools") == pack
    (Path(pack) / "datapackage.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="is not empty and holds no fetched pack"):
        made(portal, tmp_path, "schools")


def test_unknown_tables_and_grades_are_named_with_the_nearest() -> None:
    with pytest.raises(InputError) as error:
        order(selection(["06"]), YEARS, ["outcome", "teachers"], grades=["3rd"])
    assert len(error.value.problems) == 3 and "'outcomes'" in error.value.problems[0].fix


def test_every_table_is_one_of_the_standard_but_that_of_district_years() -> None:
    assert sorted(PLANS.keys() - set(standard.tables())) == ["district_years"]


def run(runner: CliRunner, portal: Portal, folder: Path, *words: str) -> Result:
    group = click.Group()
    cli_fetch.register(group)
    places = ["--portal", portal.base, "--cache", str(folder / "cache"), "--out", str(folder / "my-state")]
    return runner.invoke(group, ["fetch", *places, *words])


def test_the_command_makes_the_pack_and_says_what_it_holds(portal: Portal, runner: CliRunner, tmp_path: Path) -> None:
    words = ["--state", "CA", "--years", "2017-2018", "--tables", "schools,school_years"]
    done = run(runner, portal, tmp_path, *words)
    assert done.exit_code == 0, done.output
    assert "my-state/school_years.csv.gz: 6 rows" in done.output and "ODC Attribution License" in done.output
    again = run(runner, portal, tmp_path, *words, "--offline")
    assert again.exit_code == 0 and "0 requests" in again.output
    assert isinstance(load(str(tmp_path / "my-state/schools")), pd.DataFrame)


def test_the_command_tells_all_that_is_wrong_with_what_was_typed(
    portal: Portal, runner: CliRunner, tmp_path: Path
) -> None:
    done = run(runner, portal, tmp_path, "--state", "XX", "--years", "soon", "--tables", "x", "--offline", "--refresh")
    assert done.exit_code == 2 and "4 problems found" in done.output and portal.count() == 0


def test_the_command_lists_what_there_is(portal: Portal, runner: CliRunner, tmp_path: Path) -> None:
    done = run(runner, portal, tmp_path, "--list")
    assert done.exit_code == 0 and "attendance" in done.output and "2013, 2015, 2017, 2020-2022" in done.output
