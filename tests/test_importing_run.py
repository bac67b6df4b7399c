"""Folders to packs: rows filtered, shaped, joined, padded, held to each other, and none lost without a word."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadlib.cli.importing import import_
from leadlib.errors import InputError
from leadlib.importing import ALLOW, import_folder
from leadlib.importing.crosswalk import parse
from leadlib.importing.document import load_yaml
from leadlib.tables import load

HEAD = "name: t\ntitle: T\nsources: [S]\nterms: free\nfiles:\n"
SCHOOLS = """\
  - name: directory
    match: schools.csv
    tables:
      - table: schools
        fields:
          {school_id: id, school_name: name, leaid: {value: "1"}, lea_name: {value: D}, school_level: {value: High}}
"""
YEARS = """\
  - name: years
    match: "years*.csv"
    year: {column: year, season: fall}
    tables:
      - table: school_years
        fields: {school_id: ID, enrollment: n}
"""
DIRECTORY = "id,name\n01,One\n02,Two\n"


def run(folder: Path, files: dict[str, str], text: str, allow=()):
    (folder / "in").mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / "in" / name).write_text(content, encoding="utf-8", newline="")
    return import_folder(folder / "in", parse(load_yaml(HEAD + text), "t.yml"), folder / "pack", allow=allow)


def refused(folder: Path, files: dict[str, str], text: str, allow=()) -> str:
    with pytest.raises(InputError) as error:
        run(folder, files, text, allow)
    assert not (folder / "pack").exists() and not (folder / "pack-import").exists()
    return str(error.value)


def aside(folder: Path, name: str) -> list[dict[str, str]]:
    path = folder / "pack-import" / "set_aside" / name
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def with_id(how: str) -> str:
    return SCHOOLS + YEARS.replace("school_id: ID", f"school_id: {how}")


def test_identical_rows_are_one_row_and_counted(tmp_path):
    done = run(tmp_path, {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n01,2010,5\n01,2010,5\n"}, with_id("id"))
    merged = next(m for m in done.ledger.merged if m.table == "school_years")
    assert (merged.came, merged.identical, merged.out) == (2, 1, 1)


def test_rows_of_one_key_that_contradict_each_other_are_refused_with_file_row_and_values(tmp_path):
    files = {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n01,2010,5\n01,2010,6\n02,2010,1\n"}
    said = refused(tmp_path, files, with_id("id"))
    assert "years.csv row 2 and years.csv row 3" in said and "enrollment (5.0 and 6.0)" in said
    run(tmp_path, files, with_id("id"), allow=["different"])
    assert [r["line"] for r in aside(tmp_path, "years.csv")] == ["2", "3"]
    assert load(f"{tmp_path / 'pack'}/school_years")["school_id"].tolist() == ["02"]


def test_fields_of_two_files_are_put_side_by_side(tmp_path):
    more = YEARS.replace("years*", "poor*").replace("name: years", "name: poor")
    more = more.replace("school_id: ID, enrollment: n", "school_id: id, mobility_pct: {column: m, scale: percent}")
    files = {
        "schools.csv": DIRECTORY,
        "years.csv": "id,year,n\n01,2010,5\n",
        "poor.csv": "id,year,m\n01,2010,7\n02,2010,*\n",
    }
    run(tmp_path, files, with_id("id") + more)
    rows = load(f"{tmp_path / 'pack'}/school_years", why=True)
    assert rows["enrollment"].fillna(-1).tolist() == [5, -1] and rows["mobility_pct"].fillna(-1).tolist() == [7, -1]
    assert rows["mobility_pct__why"].tolist() == ["reported", "suppressed"]


def test_ids_are_padded_only_if_every_one_is_then_in_the_directory(tmp_path):
    good = {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n1,2010,5\n02,2010,6\n"}
    done = run(tmp_path, good, with_id("{column: id, pad: 2}"))
    assert load(f"{tmp_path / 'pack'}/school_years")["school_id"].tolist() == ["01", "02"]
    assert done.ledger.padded == [{"field": "school_years.school_id", "ids": 1, "why": ""}]
    (tmp_path / "b").mkdir()
    bad = good | {"years.csv": "id,year,n\n1,2010,5\n7,2010,6\n"}
    assert "1 of 2 padded ids are not in the directory: 07" in refused(
        tmp_path / "b", bad, with_id("{column: id, pad: 2}")
    )


def test_a_key_that_is_in_no_directory_is_refused_or_set_aside_where_allowed(tmp_path):
    files = {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n1,2010,5\n02,2010,6\n"}
    said = refused(tmp_path, files, with_id("id"))
    assert "not in schools: 1" in said and "01 and 02" in said
    done = run(tmp_path, files, with_id("id"), allow=["unmatched"])
    assert done.balanced and aside(tmp_path, "years.csv")[0]["detail"] == "1, 2010"


def test_ids_of_a_broken_spreadsheet_are_refused_with_row_column_and_advice(tmp_path):
    said = refused(tmp_path, {"schools.csv": "id,name\n4.8E+11,One\n49E000,Two\n"}, SCHOOLS)
    assert (
        "schools.csv, row 2, column id: '4.8E+11'" in said and "from its source again" in said and "49E000" not in said
    )


def test_all_problems_of_all_files_are_told_at_once_and_nothing_is_written(tmp_path):
    files = {
        "schools.csv": DIRECTORY,
        "years1.csv": "id,year,n\n01,2010,abc\n01,20x0,5\n",
        "years2.csv": "ID,yr,n\n01,2010,5\n",
    }
    said = refused(tmp_path, files, with_id("id"))
    assert "'abc' is not a number" in said and "'20x0' is no school year" in said and "has no column 'year'" in said


def test_rows_of_several_grains_go_where_the_rule_says_and_the_rest_is_set_aside(tmp_path):
    text = SCHOOLS.replace("        fields", "        when: {kind: [S]}\n        fields")
    text = text.replace("    tables:", "    aside: [{when: {kind: {matches: 'ST|D'}}, reason: totals}]\n    tables:")
    done = run(tmp_path, {"schools.csv": "id,name,kind\n0,All,ST\n1,Dist,D\n01,One,S\n9,?,\n"}, text)
    assert done.ledger.files[0].aside == {"totals": 2, "no rule takes this row": 1}
    assert [(r["line"], r["reason"], r["name"]) for r in aside(tmp_path, "schools.csv")] == [
        ("2", "totals", "All"),
        ("3", "totals", "Dist"),
        ("5", "no rule takes this row", "?"),
    ]


def test_wide_columns_become_rows_by_a_pattern_with_parts(tmp_path):
    text = (
        SCHOOLS.replace("schools.csv", "wide.csv")
        + """\
      - table: discipline
        long: {pattern: "(?P<group>M|F)_(?P<action>oss|exp)_(?P<part>n|days)_(?P<year>20[0-9]{2}-[0-9]{2})"}
        fields:
          school_id: id
          year: {key: year}
          group: {key: group, map: standard}
          action: {key: action, map: {oss: out-of-school suspension, exp: expulsion without services}}
          pupils_n: {part: n}
          days_missed_n: {part: days}
"""
    )
    run(tmp_path, {"wide.csv": "id,name,M_oss_n_2010-11,M_oss_days_2010-11,F_exp_n_2011-12\n01,One,5,*,s\n"}, text)
    rows = load(f"{tmp_path / 'pack'}/discipline", why=True).to_dict("records")
    assert [(r["year"], r["group"], r["pupils_n__why"], r["days_missed_n__why"]) for r in rows] == [
        (2010, "Male", "reported", "suppressed"),
        (2011, "Female", "suppressed", "not_reported"),
    ]


def test_a_share_is_made_of_two_counts_and_a_share_of_nothing_is_none(tmp_path):
    text = with_id("id, free_lunch_pct: {column: f, of: n}")
    files = {"schools.csv": DIRECTORY, "years.csv": "id,year,n,f\n01,2010,8,2\n01,2011,0,0\n02,2010,9,*\n"}
    run(tmp_path, files, text)
    rows = load(f"{tmp_path / 'pack'}/school_years", why=True)
    assert rows["free_lunch_pct"].fillna(-1).tolist() == [25, -1, -1]
    assert rows["free_lunch_pct__why"].tolist() == ["reported", "not_applicable", "suppressed"]


def test_a_flag_that_is_not_declared_is_refused(tmp_path):
    text = with_id("id").replace("enrollment: n", "enrollment: {column: n, flag: f, flags: {q: suppressed}}")
    files = {"schools.csv": DIRECTORY, "years.csv": "id,year,n,f\n01,2010,8,q\n02,2010,8,zz\n"}
    assert "the flag 'zz' is not declared" in refused(tmp_path, files, text)
    rows = run(tmp_path, files, text, allow=["unreadable"]) and load(f"{tmp_path / 'pack'}/school_years", why=True)
    assert rows["enrollment__why"].tolist() == ["suppressed"]


def test_a_file_that_fits_no_entry_is_named_and_an_entry_without_a_file_is_refused(tmp_path):
    done = run(tmp_path, {"schools.csv": DIRECTORY, "other.csv": "a\n"}, SCHOOLS)
    assert "1 file not read" in done.plain() and "other.csv" in done.plain()
    assert (
        "no file fits years*.csv" in refused(tmp_path, {}, with_id("id")) if not (tmp_path / "pack").exists() else True
    )


def test_an_entry_without_a_file_is_refused(tmp_path):
    assert "no file fits years*.csv" in refused(tmp_path, {"schools.csv": DIRECTORY}, with_id("id"))


def test_a_year_that_could_be_either_season_is_refused(tmp_path):
    files = {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n01,2010,5\n"}
    assert "say `season: fall` or `season: spring`" in refused(
        tmp_path, files, with_id("id").replace(", season: fall", "")
    )


def test_a_needed_field_that_is_not_mapped_is_named(tmp_path):
    text = SCHOOLS.replace(", school_level: {value: High}", "")
    assert "school_level is needed in every row and is not mapped" in refused(
        tmp_path, {"schools.csv": DIRECTORY}, text
    )


def test_ragged_rows_are_refused_or_set_aside_where_allowed(tmp_path):
    files = {"schools.csv": "id,name\n01,One\n02,Two,three\n03,Three\n"}
    assert "schools.csv, row 3" in refused(tmp_path, files, SCHOOLS)
    done = run(tmp_path, files, SCHOOLS, allow=["ragged"])
    assert done.balanced and [r["line"] for r in aside(tmp_path, "schools.csv")] == ["3"]


def test_what_may_be_allowed_is_known(tmp_path):
    assert "did you mean 'unmatched'" in refused(tmp_path, {"schools.csv": DIRECTORY}, SCHOOLS, allow=["unmatchd"])


def test_the_command_tells_problems_and_leaves_with_two(tmp_path):
    (tmp_path / "in").mkdir()
    got = CliRunner().invoke(
        import_, [str(tmp_path / "in"), "--crosswalk", "michigan-1993-98", "--out", str(tmp_path / "p")]
    )
    assert got.exit_code == 2 and "no file fits michigan_schools_1993_98.csv" in got.output
    assert CliRunner().invoke(import_, [str(tmp_path / "in")]).exit_code == 2


def test_a_middle_of_a_range_is_a_value_and_the_pack_says_so(tmp_path):
    text = with_id("id").replace("enrollment: n", "mobility_pct: {column: n, scale: percent, midpoint: true}")
    done = run(tmp_path, {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n01,2010,20-40\n"}, text)
    assert load(f"{tmp_path / 'pack'}/school_years")["mobility_pct"].tolist() == [30]
    notes = json.loads((tmp_path / "pack" / "datapackage.json").read_text(encoding="utf-8"))["notes"]
    assert any("the middle of a range" in note for note in notes) and done.balanced


def test_a_range_in_a_field_without_ends_is_missing_and_said_so(tmp_path):
    text = with_id("id").replace("enrollment: n", "mobility_pct: {column: n, scale: percent}")
    done = run(tmp_path, {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n01,2010,<5\n"}, text)
    rows = load(f"{tmp_path / 'pack'}/school_years", why=True)
    assert rows["mobility_pct"].isna().all() and rows["mobility_pct__why"].iloc[0] == "range"
    assert "no place for their ends" in done.plain()


def test_a_year_that_cannot_be_read_sets_its_row_aside_where_allowed(tmp_path):
    files = {"schools.csv": DIRECTORY, "years.csv": "id,year,n\n01,2010,5\n01,later,5\n"}
    done = run(tmp_path, files, with_id("id"), allow=["unreadable"])
    assert done.balanced and aside(tmp_path, "years.csv")[0]["reason"] == "the year cannot be read"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blob=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda t: ("id,name\n" + t).encode("utf-8"))))
def test_any_bytes_become_a_pack_or_a_clear_error(tmp_path_factory, blob):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "in").mkdir()
    (folder / "in" / "schools.csv").write_bytes(blob)
    try:
        done = import_folder(folder / "in", parse(load_yaml(HEAD + SCHOOLS)), folder / "pack", allow=list(ALLOW))
    except InputError as error:
        assert error.problems and all(p.where and p.what for p in error.problems)
        assert not (folder / "pack").exists()
    else:
        assert done.balanced and len(load(f"{folder / 'pack'}/schools"))


CELLS = st.sampled_from(
    ["5", "1,200", "*", "", "s", "<5", "abc", "-1", "3.5", "1e400", "N/A", "=1+1", "\u00e9", '"', "7%"]
)
IDS = st.sampled_from(["01", "02", "1", "", "4.8E+11", "ST", "49E000", "01 ", "="])
YEARS_SEEN = st.sampled_from(["2010", "2011", "2010-11", "", "x", "20102011"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(IDS, YEARS_SEEN, CELLS, CELLS), max_size=14), odd=st.booleans())
def test_no_row_is_ever_lost(tmp_path_factory, rows, odd):
    folder = tmp_path_factory.mktemp("lost")
    (folder / "in").mkdir()
    with (folder / "in" / "years.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["id", "year", "n", "m", "row"])
        writer.writerows([*row, str(k)] for k, row in enumerate([("03", "2010-11", "5", "6"), *rows]))
    text = with_id("id").replace("enrollment: n", "enrollment: n, mobility_pct: {column: m, scale: percent}")
    text = text.replace(
        "    year:",
        "    aside:\n      - {when: {id: [ST]}, reason: state}\n"
        "      - {when: {year: ['', x]}, reason: no year}\n    year:",
    )
    (folder / "in" / "schools.csv").write_text(DIRECTORY + "03,Three\n", encoding="utf-8")
    done = import_folder(
        folder / "in", parse(load_yaml(HEAD + text)), folder / "pack", allow=list(ALLOW) if odd else list(ALLOW)[:3]
    )
    told = json.loads((folder / "pack-import" / "reconciliation.json").read_text(encoding="utf-8"))
    assert done.balanced and told["balanced"]
    table = next(t for t in told["tables"] if t["table"] == "school_years")
    kept = len(load(f"{folder / 'pack'}/school_years"))
    path = folder / "pack-import" / "set_aside" / "years.csv"
    lines = [int(r["line"]) for r in aside(folder, "years.csv")] if path.exists() else []
    assert len(lines) == len(set(lines)) and set(lines) <= set(range(2, len(rows) + 3))
    assert len(rows) + 1 == kept + table["identical"] + len(lines)
