"""The portal's rows as typed columns: codes are reasons, ids are text, and changes are noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from portal_server import Portal, Row, client, directory, only_this_machine, rights, running, school

from leadlib.errors import InputError
from leadlib.fetch import Answer, Cache, Source, ask, catalogue, endpoint, selection
from leadlib.fetch.codes import Columns
from leadlib.fetch.endpoints import Query, rule
from leadlib.numbers import UNITS
from leadlib.tables import standard

PATH = "schools/ccd/directory/2018/"
DIRECTORY = endpoint("school-directory")


def frame(rows: list[Row], name: str = "school-directory", by: str = "") -> pd.DataFrame:
    columns = Columns(endpoint(name).fields)
    columns.add(rows, Query(endpoint(name), 2018, by=by))
    return columns.frame()


def one(field: str, value: Any) -> tuple[Any, str]:
    made = frame([school("060000100001") | {field: value}])
    return made[field].iloc[0], made[f"{field}__why"].iloc[0]


@pytest.mark.parametrize(
    ("code", "why"), [(-1, "not_reported"), (-2, "not_applicable"), (-3, "suppressed"), (None, "not_reported"),
                      ("-2", "not_applicable"), (-3.0, "suppressed"), ("", "not_reported")],
)  # fmt: skip
def test_codes_become_reasons_and_never_numbers(code: Any, why: str) -> None:
    value, reason = one("enrollment", code)
    assert pd.isna(value) and reason == why


@pytest.mark.parametrize("field", ["lowest_grade_offered", "highest_grade_offered"])
def test_pre_kindergarten_is_a_grade_and_not_a_gap(field: str) -> None:
    assert one(field, -1) == (-1, "reported")
    assert one(field, -2)[1] == "not_applicable"


def test_pre_kindergarten_enrollment_keeps_its_grade() -> None:
    rows = [{"ncessch": "060000100001", "year": 2018, "grade": -1, "race": 99, "sex": 99, "enrollment": -1}]
    made = frame(rows, "school-enrollment", "race-sex")
    assert made["grade"].tolist() == [-1] and made["grade__why"].tolist() == ["reported"]
    assert made["enrollment"].isna().all() and made["enrollment__why"].tolist() == ["not_reported"]


def test_a_code_that_a_field_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match=r"field virtual: -2 is below 0 and no known code"):
        one("virtual", -2)
    assert one("virtual", -1)[1] == "not_reported"


@given(st.integers(-3, 10**14) | st.floats(0, 1e14) | st.none())
def test_a_mark_never_becomes_a_number_and_a_number_never_a_mark(value: Any) -> None:
    got, why = one("enrollment", value)
    assert pd.isna(got) == (why != "reported") == (value is None or value < 0)
    assert pd.isna(got) or got == value


@pytest.mark.parametrize(
    ("value", "said"),
    [("1,204", "is not a number"), ("n/a", "is not a number"), (True, "is not a number"), ([4], "is not a number"),
     (-9, "is below 0 and no known code"), (1e400, "cannot be right"), (10**400, "cannot be right"),
     (2 * 10**15, "cannot be right")],
    ids=range(8),
)  # fmt: skip
def test_what_cannot_be_a_count_is_named(value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        one("enrollment", value)
    assert error.value.problems[0].where == "school-directory 2018, field enrollment"


def test_numbers_in_text_are_numbers() -> None:
    assert one("enrollment", "401") == (401, "reported")


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [("ncessch", 60000100001, "060000100001"), ("ncessch", "60000100001", "060000100001"), ("leaid", 600001, "0600001"),
     ("fips", 6, "06"), ("fips", "6", "06"), ("ncessch", 60000100001.0, "060000100001")],
)  # fmt: skip
def test_ids_are_text_of_their_full_width(field: str, value: Any, text: str) -> None:
    assert one(field, value) == (text, "reported")


@given(st.integers(0, 10**12 - 1))
def test_an_id_that_lost_its_zeros_comes_back_whole(number: int) -> None:
    assert one("ncessch", number)[0] == f"{number:012d}"


@pytest.mark.parametrize("value", ["49E000100001", "0600001000011", 4.8e11 + 0.5, "06 0000100001"])
def test_what_is_not_an_id_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="is not an id of 12 digits"):
        one("ncessch", value)


def test_text_keeps_its_zeros_and_codes_in_text_are_reasons() -> None:
    assert one("county_code", "06001") == ("06001", "reported")
    assert one("state_leg_district_lower", "-2")[1] == "not_applicable"
    assert one("school_name", "  P.S.  1 ") == ("P.S. 1", "reported")
    assert one("school_name", None)[1] == "not_reported"


def test_shares_of_the_census_become_percent() -> None:
    row = {"leaid": "0600001", "year": 2018, "est_population_5_17": 900, "est_population_5_17_poverty": 90}
    made = frame([row | {"est_population_5_17_poverty_pct": 0.1}], "district-poverty")
    assert made["est_population_5_17_poverty_pct"].tolist() == [10.0]
    with pytest.raises(InputError, match="is above 1"):
        frame([row | {"est_population_5_17_poverty_pct": 10.0}], "district-poverty")


def test_money_may_be_below_zero_but_for_the_codes() -> None:
    row = {"leaid": "0600001", "year": 2018, "exp_total": -500, "exp_current_instruction_total": -2, "rev_total": 5}
    made = frame([row], "district-finance")
    assert made["exp_total"].tolist() == [-500]
    assert made["exp_current_instruction_total__why"].tolist() == ["not_applicable"]


def test_a_missing_field_is_an_error_that_names_it_and_what_is_new() -> None:
    rows = [{("pupils" if k == "enrollment" else k): v for k, v in r.items()} for r in directory(2018)]
    with pytest.raises(InputError, match="field enrollment: is missing; new are pupils"):
        frame(rows)


def test_a_field_missing_in_some_rows_is_an_error_that_counts_them() -> None:
    rows = directory(2018)
    del rows[1]["enrollment"]
    with pytest.raises(InputError, match="field enrollment: is missing in 1 row"):
        frame(rows)


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(InputError) as error:
        frame([school("060000100001", enrollment="x", teachers_fte="y", fips="abc")])
    assert [p.where.rpartition(" ")[2] for p in error.value.problems] == ["enrollment", "teachers_fte", "fips"]


def test_many_wrong_cells_are_shown_as_a_few() -> None:
    with pytest.raises(InputError, match=r"'x', 'x' or 'x' and 7 more is not a number"):
        frame([school(f"06000010000{k}", enrollment="x") for k in range(10)])


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    only_this_machine(monkeypatch)
    with running() as made:
        made.rows[PATH] = directory(2018)
        made.page_size = 2
        yield made


def asked(portal: Portal, folder: Path, name: str = "school-directory", **more: Any) -> Answer:
    chosen = selection(["06"], more.pop("districts", ()))
    return ask(Source(client(portal, attempts=2), Cache(folder)), endpoint(name), (2018,), chosen, **more)


def test_a_new_field_is_listed(portal: Portal, tmp_path: Path) -> None:
    portal.rows[PATH] = directory(2018, robots=3)
    answer = asked(portal, tmp_path)
    assert answer.new == ("robots",) and "robots" not in answer.frame


def test_an_answer_has_the_rows_with_reasons_beside(portal: Portal, tmp_path: Path) -> None:
    made = asked(portal, tmp_path, fields=["enrollment"]).frame
    assert made["ncessch"].tolist() == [r["ncessch"] for r in portal.rows[PATH]]
    assert list(made.columns) == ["ncessch", "ncessch__why", "year", "year__why", "enrollment", "enrollment__why"]


def test_an_answer_without_rows_has_its_columns(portal: Portal, tmp_path: Path) -> None:
    portal.rows[PATH] = []
    answer = asked(portal, tmp_path, fields=["enrollment"])
    assert list(answer.frame.columns) == [
        "ncessch",
        "ncessch__why",
        "year",
        "year__why",
        "enrollment",
        "enrollment__why",
    ]
    assert answer.notes == ("school-directory: the portal has no rows for school-directory 2018.",)


def test_rows_that_come_twice_are_refused_and_forgotten(portal: Portal, tmp_path: Path) -> None:
    whole = portal.rows[PATH]
    portal.rows[PATH] = [whole[0], whole[1], whole[1]]
    with pytest.raises(InputError, match="1 row came twice, the first with ncessch 060000100002, year 2018; as many"):
        asked(portal, tmp_path)
    portal.rows[PATH] = whole
    assert len(asked(portal, tmp_path).frame) == 3


def test_rows_of_groups_are_not_taken_for_the_same(portal: Portal, tmp_path: Path) -> None:
    rows = [rights("060000100001", 2018, race=r, enrollment_crdc=9) for r in (1, 2, 99)]
    portal.rows["schools/crdc/enrollment/2018/race/sex/"] = rows
    assert len(asked(portal, tmp_path, "crdc-enrollment", by="race-sex").frame) == 3


def test_a_selection_that_the_portal_does_not_heed_is_noticed(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"results": [r | {"fips": 8} for r in page["results"]]})
    with pytest.raises(InputError, match="3 rows of fips 08 came, which were not asked for"):
        asked(portal, tmp_path)


def test_rows_of_another_year_are_noticed(portal: Portal, tmp_path: Path) -> None:
    portal.change(lambda page: page | {"results": [r | {"year": 2017} for r in page["results"]]})
    with pytest.raises(InputError, match="3 rows of 2017 came"):
        asked(portal, tmp_path)


def test_rows_without_an_id_are_set_aside_and_counted(portal: Portal, tmp_path: Path) -> None:
    rows = [rights("060000100001", 2018), rights("060000100002", 2018) | {"ncessch": "-1"}]
    portal.rows["schools/crdc/teachers-staff/2018/"] = [r | {"teachers_fte_crdc": 4, "counselors_fte": 1} for r in rows]
    answer = asked(portal, tmp_path, "crdc-staff")
    assert len(answer.frame) == 1 and answer.notes == ("crdc-staff: 1 row without an id set aside.",)


def test_districts_are_asked_for_by_their_ids(portal: Portal, tmp_path: Path) -> None:
    made = asked(portal, tmp_path, districts=["0600002"]).frame
    assert made["ncessch"].tolist() == ["060000200003"]
    assert portal.requests == ["/api/v1/schools/ccd/directory/2018/?leaid=0600002"]


def test_many_districts_are_asked_for_in_parts() -> None:
    chosen = selection(districts=[f"06{k:05d}" for k in range(60)])
    assert [len(f["leaid"]) for f in chosen.filters()] == [25, 25, 10]


@pytest.mark.parametrize("word", ["06", "6", "CA", "ca", "California"])
def test_a_state_may_be_named_in_any_way(word: str) -> None:
    assert selection([word]).filters() == [{"fips": ("6",)}]


def test_every_wrong_state_and_district_is_named_at_once() -> None:
    with pytest.raises(InputError) as error:
        selection(["Kalifornia", "99"], ["622710", "x", "0622710"])
    said = [str(p) for p in error.value.problems]
    assert len(said) == 4 and "'California'" in said[0] and "did you mean 0622710?" in said[2]
    with pytest.raises(InputError, match="lies in state 06, not in 08"):
        selection(["08"], ["0622710"])
    with pytest.raises(InputError, match="no state and no district"):
        selection()


@pytest.mark.parametrize("name", catalogue().endpoints)
def test_every_endpoint_says_where_it_is_from_and_reads_its_own_fields(name: str) -> None:
    found = endpoint(name)
    assert found.source and found.years and set(found.need) <= set(found.fields)
    assert all(rule(f).kind in ("id", "text", "whole", "number") for f in found.fields)
    for by in found.by:
        address = Query(found, 2018, by=by).address
        assert "{" not in address and address.startswith(("schools/", "school-districts/"))


def test_an_unknown_endpoint_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'school-directory'"):
        endpoint("schools-directory")
    with pytest.raises(InputError, match="is not a way the portal splits it"):
        DIRECTORY.template("race")


def test_the_standard_knows_the_units_used_here() -> None:
    assert {"pupils", "usd", "pct", "ratio"} <= set(UNITS) and "outcomes" in standard.tables()
