"""A table that breaks its dictionary is refused with file, row, column and rule; all problems at once."""

from __future__ import annotations

import gzip

import pytest
import tables_samples as sample
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadlib.errors import InputError
from leadlib.tables import load


@pytest.fixture
def pack(tmp_path):
    return sample.tiny(tmp_path)


def refused(pack, table="years") -> list[str]:
    with pytest.raises(InputError) as caught:
        load(f"{pack}/{table}")
    return [str(problem) for problem in caught.value.problems]


def test_an_untouched_pack_loads(pack):
    years = load(f"{pack}/years")
    assert years["lunch_pct"].tolist()[:2] == [0.0, 39.8] and years["note"].tolist()[2] == "line one\nline two"
    assert load(f"{pack}/schools")["school_id"].tolist() == ["007", "010"]


def test_a_pack_written_by_hand_without_fingerprints_loads(pack):
    sample.forget(pack)
    assert len(load(f"{pack}/years")) == 4


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("007,1998,20,", "007,1998,twenty,", "row 2, column enrollment: 'twenty' is not a whole number"),
        ("007,1998,20,", "007,1998,20.5,", "row 2, column enrollment: '20.5' is not a whole number"),
        ("007,1998,20,", "007,1998,020,", "row 2, column enrollment: '020' is not a whole number"),
        ("007,1998,20,", "007,1998,,", "row 2, column enrollment: the cell is empty"),
        ("007,1998,20,", "007,1998,NA,", "row 2, column enrollment: 'NA' is not a whole number"),
        ("007,1998,20,", "007,1998, 20,", "row 2, column enrollment: ' 20' is not a whole number"),
        ("007,1998,20,", "007,1998,99999999999999999999,", "column enrollment: '99999999999999999999' is not a whole"),
        ("007,1998,20,", "007,1998,0,", "row 2, column enrollment: 0 is below the lowest value allowed, 1"),
        ("39.8", "nan", "row 3, column lunch_pct: 'nan' is not a number"),
        ("39.8", "1e999", "row 3, column lunch_pct: '1e999' is not a number"),
        ("39.8", "39,8", "row 3: has 7 cells; the header has 6"),
        ("39.8", "100.1", "row 3, column lunch_pct: 100.1 is above the highest value allowed, 100"),
        ("39.8", "-0.5", "row 3, column lunch_pct: -0.5 is below the lowest value allowed, 0"),
        ("39.8,false", "39.8,no", "row 3, column charter: 'no' is not true or false"),
        ("39.8,false", "39.8,False", "row 3, column charter: 'False' is not true or false"),
        ("39.8,false", "39.8", "row 3: has 5 cells; the header has 6"),
        ("007,1999", "007,99", "row 3, column year: '99' is not a year of four digits"),
        ("007,1999", "007,1989", "row 3, column year: 1989 is below the lowest value allowed, 1990"),
        ("007,1999", "007,not_reported", "row 3, column year: 'not_reported' is not a year"),
        ("007,1999", "007,1998", "column school_id, year: the key 007, 1998 stands in rows 2, 3"),
        ("007,1999", "7,1999", "row 3, column school_id: '7' is not in the table schools"),
        ("007,1999", ",1999", "row 3, column school_id: the cell is empty"),
        ("enrollment", "enrolment", "row 1, column enrolment: is not in the dictionary -> did you mean 'enrollment'?"),
        ("charter", "year", "row 1, column year: stands there twice"),
        (",note\n", ",note,extra\n", "row 1, column extra: is not in the dictionary"),
        ('two"', "two", "cannot be read as CSV"),
        ("39.8", "\u0663", "row 3, column lunch_pct: '\u0663' is not a number"),
    ],
)
def test_each_fault_names_file_row_column_and_rule(pack, old, new, says):
    sample.edit(pack, "years", old, new)
    problems = refused(pack)
    assert any(p.startswith("tiny/years.csv, ") and says in p for p in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("007", "7", "row 2, column school_id: '7' does not have the form \\d{3}"),
        ("007", "007x", "row 2, column school_id: '007x' does not have the form \\d{3}"),
        ("Primary", "Elementary", "row 2, column school_level: 'Elementary' is not one of Primary, High"),
        ("010", "007", "column school_id: the key 007 stands in rows 2, 3"),
    ],
)
def test_each_fault_of_a_compressed_table_is_named_too(pack, old, new, says):
    sample.edit(pack, "schools", old, new)
    assert any(p.startswith("tiny/schools.csv.gz, ") and says in p for p in refused(pack, "schools"))


@pytest.mark.parametrize("new", ["007,abcd", ",1999"])
def test_a_cell_is_reported_once(pack, new):
    sample.edit(pack, "years", "007,1999", new)
    assert len(refused(pack)) == 1


def test_two_broken_keys_are_two_type_faults_and_no_doubled_key(pack):
    sample.edit(pack, "years", "007,1998", "007,abcd")
    sample.edit(pack, "years", "007,1999", "007,efgh")
    assert [p.split("column ")[1][:4] for p in refused(pack)] == ["year", "year"]


def test_a_fault_after_a_cell_with_line_breaks_names_the_line_of_the_file(pack):
    sample.edit(pack, "years", "010,1999,310", "010,1999,x")
    assert any("row 6, column enrollment" in p for p in refused(pack))
    assert sample.text(pack, "years").splitlines()[5].startswith("010,1999,x")


def test_all_problems_of_a_table_come_at_once(pack):
    for old, new in [("007,1998,20,", "007,1998,x,"), ("39.8", "101"), ("010,1999", "011,1999")]:
        sample.edit(pack, "years", old, new)
    assert len(refused(pack)) == 3


def test_many_rows_with_the_same_fault_are_counted_not_listed(pack):
    lines = sample.text(pack, "years").splitlines()[:1]
    sample.put(pack, "years", "\n".join([*lines, *(f"007,{1990 + k},0,1,true,a" for k in range(9))]) + "\n")
    sample.forget(pack)
    problems = refused(pack)
    assert len(problems) == 6
    assert problems[-1] == "tiny/years.csv, column enrollment: and 4 more rows with the same problem (minimum)"


def test_a_unique_column_may_not_hold_a_value_twice(pack):
    box = sample.read(pack)
    box["resources"][0]["schema"]["fields"][1]["constraints"]["unique"] = True
    sample.save(pack, box)
    sample.edit(pack, "schools", "Élm", '"Ash, ""the"" School"')
    assert all("column school_name" in p and "in more than one row" in p for p in refused(pack, "schools"))


def test_an_edited_table_reports_the_wrong_checksum_and_what_the_edit_broke(pack):
    sample.edit(pack, "years", "39.8", "139.8", unhashed=False)
    problems = refused(pack)
    assert "is not the file the dictionary describes" in problems[0] and "139.8 is above" in problems[1]


def test_an_edit_that_breaks_no_rule_is_refused_for_its_checksum_alone(pack):
    sample.edit(pack, "years", "39.8", "39.9", unhashed=False)
    assert len(refused(pack)) == 1


def test_a_hash_made_to_fit_does_not_hide_a_fault(pack):
    sample.edit(pack, "years", "39.8", "139.8", unhashed=False)
    box = sample.read(pack)
    from leadlib.tables.files import sha256

    box["resources"][1]["hash"] = sha256((pack / "years.csv").read_bytes())
    sample.save(pack, box)
    assert "139.8 is above" in refused(pack)[0]


def test_a_rule_changed_in_the_dictionary_is_checked_anew(pack):
    box = sample.read(pack)
    box["resources"][1]["schema"]["fields"][3]["constraints"]["maximum"] = 50
    sample.save(pack, box)
    assert "100 is above the highest value allowed, 50" in refused(pack)[0]


def test_a_school_taken_out_of_schools_is_missed_in_an_untouched_table_of_years(pack):
    sample.edit(pack, "schools", "010", "011", unhashed=False)
    assert "'010' is not in the table schools" in refused(pack)[0]


def test_a_wrong_row_count_is_told(pack):
    box = sample.read(pack)
    box["resources"][1]["rows"] = 5
    sample.save(pack, box)
    assert refused(pack) == ["tiny/years.csv: has 4 rows; the dictionary says 5 -> restore the file, or correct 'rows'"]


def test_a_damaged_file_is_told_without_a_traceback(pack):
    whole = (pack / "schools.csv.gz").read_bytes()
    for broken in (whole[:-9], b"no gzip", b"", whole[:20] + b"\x00\x00\x00" + whole[23:]):
        (pack / "schools.csv.gz").write_bytes(broken)
        problems = refused(pack, "schools")
        assert "is not the file" in problems[0] and len(problems) >= 2, problems
        assert "schools, which cannot be read" in refused(pack)[0] or broken == b""


def test_text_that_is_not_utf8_is_told_with_its_row(pack):
    (pack / "schools.csv.gz").write_bytes(gzip.compress(sample.text(pack, "schools").encode("latin-1")))
    sample.forget(pack)
    assert refused(pack, "schools")[0].startswith("tiny/schools.csv.gz, row 3: is not UTF-8 text")


def test_a_missing_file_is_told(pack):
    (pack / "years.csv").unlink()
    assert refused(pack)[0].startswith("tiny/years.csv: the table's file is missing")
    (pack / "schools.csv.gz").unlink()
    assert refused(pack, "schools")[0].startswith("tiny/schools.csv.gz: the table's file is missing")


def test_an_empty_file_is_told_and_a_table_without_rows_is_not(pack):
    sample.put(pack, "years", "")
    sample.forget(pack)
    assert refused(pack)[0].startswith("tiny/years.csv: the file is empty")
    sample.put(pack, "years", "school_id,year,enrollment,lunch_pct,charter,note\n")
    years = load(f"{pack}/years", why=True)
    assert len(years) == 0 and years["lunch_pct"].dtype == "float64"


def test_windows_line_ends_a_byte_order_mark_and_another_order_of_columns_do_no_harm(pack):
    plain = load(f"{pack}/schools")
    head, *rows = sample.text(pack, "schools").splitlines()
    turned = ["school_level," + head.removesuffix(",school_level")]
    turned += [r.rsplit(",", 1)[1] + "," + r.rsplit(",", 1)[0] for r in rows]
    sample.put(pack, "schools", "\ufeff" + "\r\n".join(turned) + "\r\n")
    sample.forget(pack)
    assert load(f"{pack}/schools").equals(plain)


def test_marks_of_ones_own_are_read_with_their_reason(pack):
    box = sample.read(pack)
    box["resources"][1]["schema"]["missingValues"] = [
        {"value": "*", "reason": "suppressed"},
        {"value": "", "reason": "not_reported"},
        "not_applicable",
    ]
    sample.save(pack, box)
    new = sample.text(pack, "years").replace("suppressed", "*").replace("not_reported", "")
    sample.put(pack, "years", new)
    sample.forget(pack)
    years = load(f"{pack}/years", why=True)
    assert years["enrollment__why"].tolist() == ["reported", "suppressed", "reported", "reported"]
    assert years["lunch_pct__why"].tolist()[2] == "not_reported"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8))
def test_whatever_stands_in_a_cell_it_is_the_number_written_or_one_error(pack, word):
    quoted = word.replace('"', '""')
    lines = ["school_id,year,enrollment,lunch_pct,charter,note", f'007,1998,20,"{quoted}",true,a']
    sample.put(pack, "years", "\n".join(lines) + "\n")
    sample.forget(pack)
    try:
        value = load(f"{pack}/years")["lunch_pct"].iloc[0]
    except InputError as error:
        assert all("row 2, column lunch_pct" in str(p) for p in error.problems)
    else:
        if word in ("not_reported", "suppressed", "not_applicable"):
            assert value != value  # NaN: a mark is never a number
        else:
            assert value == float(word) and word.isascii()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(blob=st.binary(max_size=60))
def test_whatever_bytes_a_file_holds_it_loads_or_gives_one_error(pack, blob):
    sample.put(pack, "years", b"school_id,year,enrollment,lunch_pct,charter,note\n" + blob)
    sample.forget(pack)
    try:
        load(f"{pack}/years")
    except InputError as error:
        assert error.problems
