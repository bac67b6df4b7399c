"""A dictionary that is wrong is refused with all that is wrong in it; a right one says what it says."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import tables_samples as sample
from hypothesis import given, settings
from hypothesis import strategies as st

from leadlib.blocks import Table
from leadlib.errors import InputError
from leadlib.tables import describe, load
from leadlib.tables.dictionary import REASONS
from leadlib.tables.reading import parse


def at(box: Any, *path: Any) -> Any:
    for step in path:
        box = box[step]
    return box


YEARS = ("resources", 1)
FIELDS = ("resources", 1, "schema", "fields")


def test_a_right_dictionary_says_what_it_says():
    info = parse(sample.document())
    lunch = info.table("years").field("lunch_pct")
    assert (lunch.title, lunch.unit, lunch.role, lunch.required) == ("Lunch pct", "pct", "need", False)
    assert [m.reason for m in lunch.marks] == ["not_reported", "suppressed", "not_applicable"]
    assert info.table("years").field("year").marks == ()


def test_an_unknown_table_or_column_is_refused_with_the_nearest():
    info = parse(sample.document())
    with pytest.raises(InputError, match="did you mean 'years'"):
        info.table("year")
    with pytest.raises(InputError, match="did you mean 'lunch_pct'"):
        info.table("years").field("lunch")


@pytest.mark.parametrize(
    ("path", "key", "value", "says"),
    [
        ((), "title", None, "'title' is missing"),
        ((), "sources", [], "'sources' is empty"),
        ((), "sources", [{"path": "x"}], "source 1: 'title' is missing"),
        ((), "terms", 5, "'terms' must be text, not 5"),
        ((), "record_type", "imagined", "'record_type' is 'imagined'"),
        ((), "resources", {}, "'resources' must be a list"),
        ((), "resources", ["x"], "each item of 'resources' must be an object"),
        (YEARS, "grain", None, "table years: 'grain' is missing"),
        (YEARS, "name", "School Years", "is not in snake_case"),
        (YEARS, "path", "../other.csv", "leaves the pack's folder"),
        (YEARS, "path", "/etc/years.csv", "leaves the pack's folder"),
        (YEARS, "path", "C:\\years.csv", "leaves the pack's folder"),
        (YEARS, "path", "years.xlsx", "is neither .csv nor .csv.gz"),
        (YEARS, "hash", "md5:1", "write sha256:"),
        (YEARS, "rows", "four", "'rows' must be a whole number"),
        (("resources", 1, "schema"), "primaryKey", ["school"], "the key column 'school' is not a field"),
        (("resources", 1, "schema"), "primaryKey", ["note"], "the key column 'note' may be missing"),
        (("resources", 1, "schema"), "primaryKey", None, "'primaryKey' must be a list of column names"),
        (("resources", 1, "schema"), "missingValues", ["NA"], "the mark 'NA' does not say why"),
        (("resources", 1, "schema"), "missingValues", [5], "a mark must be text, not 5"),
        (("resources", 1, "schema"), "missingValues", 5, "'missingValues' must be a list"),
        (
            ("resources", 1, "schema", "foreignKeys", 0, "reference"),
            "resource",
            "school",
            "points to the table 'school'",
        ),
        (("resources", 1, "schema", "foreignKeys", 0, "reference"), "fields", ["id"], "names the column 'id'"),
        (
            ("resources", 1, "schema", "foreignKeys", 0),
            "fields",
            ["school_id", "year"],
            "not as many columns on both sides",
        ),
        ((*FIELDS, 2), "type", "int", "'type' is 'int'"),
        ((*FIELDS, 2), "unit", "people", "'unit' is 'people'"),
        ((*FIELDS, 2), "unit", None, "a number needs a unit"),
        ((*FIELDS, 2), "description", "", "field enrollment: 'description' is empty"),
        ((*FIELDS, 2), "role", "needy", "'role' is 'needy'"),
        ((*FIELDS, 2), "leadership", "both", "'leadership' is 'both'"),
        ((*FIELDS, 2), "name", "year", "the field 'year' is listed twice"),
        ((*FIELDS, 2), "constraints", {"minLength": 2}, "the constraint 'minLength' is not known"),
        ((*FIELDS, 2), "constraints", {"minimum": "1"}, "the constraint 'minimum' cannot be '1'"),
        ((*FIELDS, 2), "constraints", {"minimum": True}, "the constraint 'minimum' cannot be True"),
        ((*FIELDS, 5), "constraints", {"minimum": 1}, "'minimum' makes no sense for type 'string'"),
        ((*FIELDS, 5), "constraints", {"pattern": "("}, "the pattern '(' cannot be read"),
    ],
)
def test_each_fault_of_a_dictionary_is_named(path, key, value, says):
    box = sample.document()
    at(box, *path)[key] = value
    with pytest.raises(InputError) as caught:
        parse(box, "tiny/datapackage.json")
    found = [str(p) for p in caught.value.problems if p.where.startswith("tiny/datapackage.json")]
    assert any(says in problem for problem in found), caught.value


def test_all_faults_of_a_dictionary_come_at_once():
    box = sample.document()
    box["title"] = None
    at(box, *YEARS)["grain"] = None
    at(box, *FIELDS, 2)["type"] = "int"
    with pytest.raises(InputError) as caught:
        parse(box)
    assert len(caught.value.problems) == 3


def test_a_dictionary_that_is_no_json_or_not_there_is_refused_in_one_line(tmp_path):
    pack = sample.tiny(tmp_path)
    (pack / "datapackage.json").write_text('{"name": "tiny",\n oops}', encoding="utf-8")
    with pytest.raises(InputError, match=r"tiny/datapackage.json, line 2: is not valid JSON"):
        load(f"{pack}/years")
    (pack / "datapackage.json").write_bytes(b'{"name": "\xff"}')
    with pytest.raises(InputError, match=r"is not UTF-8 text"):
        load(f"{pack}/years")
    (pack / "datapackage.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match=r"must hold a JSON object"):
        load(f"{pack}/years")
    (pack / "datapackage.json").unlink()
    with pytest.raises(InputError, match=r"is not a folder with a datapackage.json"):
        load(f"{pack}/years")


def places(box: Any, path: tuple = ()) -> list[tuple]:
    inside = box.items() if isinstance(box, dict) else enumerate(box) if isinstance(box, list) else ()
    return [path, *(p for key, value in inside for p in places(value, (*path, key)))]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(where=st.sampled_from(places(sample.DOCUMENT)[1:]), value=JSON)
def test_whatever_is_put_anywhere_in_a_dictionary_it_is_read_or_refused(where, value):
    box = copy.deepcopy(sample.DOCUMENT)
    at(box, *where[:-1])[where[-1]] = value
    try:
        parse(json.loads(json.dumps(box)))
    except InputError as error:
        assert error.problems


def test_describe_shows_grain_keys_units_ranges_and_reasons_for_missing_values(tmp_path):
    pack = sample.tiny(tmp_path)
    shown = describe(f"{pack}/years")
    text = shown.plain()
    for words in (
        "One row is a school and year. 4 rows.",
        "Key: school_id, year. school_id is found in the table schools.",
        "0 to 100",
        "suppressed: too few pupils",
        "never missing",
        "Used to find similar schools.",
        "Nobody counted this.",
        "Do what you like with it.",
    ):
        assert words in text
    fields = next(part for part in shown.parts if isinstance(part, Table))
    assert [row[0] for row in fields.cells] == ["school_id", "year", "enrollment", "lunch_pct", "charter", "note"]
    assert describe(f"{pack}/years").data() == shown.data()


def test_describe_of_a_pack_lists_its_tables_and_says_that_it_is_synthetic(tmp_path):
    text = describe(sample.tiny(tmp_path)).plain()
    assert "Synthetic records" in text and "1998–99 to 1999–00" in text and "a school and year" in text


def test_describe_refuses_what_is_not_there(tmp_path):
    pack = sample.tiny(tmp_path)
    with pytest.raises(InputError, match="did you mean 'years'"):
        describe(f"{pack}/yeers")
    with pytest.raises(InputError, match="did you mean 'california-2000'"):
        describe("california-200")


def test_the_reasons_for_a_missing_value_are_those_of_the_contract():
    assert REASONS == ("not_reported", "not_applicable", "suppressed", "range")
