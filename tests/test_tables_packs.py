"""Packs are found, listed, loaded and selected from; a frame handed out is the caller's own."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import tables_samples as sample
from hypothesis import given, settings
from hypothesis import strategies as st

from leadlib.errors import InputError
from leadlib.tables import School, load, pack_files, packs, school, select
from leadlib.tables.packs import roots, years_text


@pytest.fixture
def pack(tmp_path):
    return sample.tiny(tmp_path)


@pytest.fixture
def named(tmp_path, monkeypatch):
    sample.tiny(tmp_path)
    monkeypatch.setenv("LEADLIB_DATA", str(tmp_path))
    return "tiny"


def test_a_pack_in_a_folder_of_ones_own_is_listed_beside_those_of_the_library(named):
    table = packs().set_index("pack")
    assert {"tiny", "california-2000", "michigan-1993-98", "tennessee-star"} <= set(table.index)
    assert table.loc["tiny"].to_dict() == {
        "title": "Two schools",
        "tables": "schools, years",
        "schools_n": 2,
        "years": "1998–99 to 1999–00",
        "record_type": "synthetic",
    }


def test_several_folders_are_searched_and_one_that_is_not_there_is_passed_over(tmp_path, monkeypatch):
    sample.tiny(tmp_path / "a", name="first")
    sample.tiny(tmp_path / "b", name="second")
    folders = [str(tmp_path / "a"), str(tmp_path / "none"), "", str(tmp_path / "b")]
    monkeypatch.setenv("LEADLIB_DATA", os.pathsep.join(folders))
    assert {"first", "second"} <= set(packs()["pack"])
    assert len(roots()) == 4


def test_a_pack_that_cannot_be_read_is_listed_with_the_reason(named, tmp_path):
    (tmp_path / "tiny" / "datapackage.json").write_text("{}", encoding="utf-8")
    row = packs().set_index("pack").loc["tiny"]
    assert row["title"].startswith("cannot be read: ") and row["schools_n"] == 0


def test_a_pack_written_by_hand_is_counted_from_its_tables(named, tmp_path):
    sample.forget(tmp_path / "tiny")
    box = sample.read(tmp_path / "tiny")
    box.pop("years")
    sample.save(tmp_path / "tiny", box)
    row = packs().set_index("pack").loc["tiny"]
    assert (row["schools_n"], row["years"]) == (2, "1998–99 to 1999–00")


def test_two_packs_of_one_name_are_refused_with_both_places(tmp_path, monkeypatch):
    sample.tiny(tmp_path / "a")
    sample.tiny(tmp_path / "b")
    monkeypatch.setenv("LEADLIB_DATA", os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))
    with pytest.raises(InputError, match="stands in"):
        load("tiny/schools")
    assert len(load(f"{tmp_path / 'a' / 'tiny'}/schools")) == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("californa-2000/schools", "did you mean 'california-2000'"),
        ("california-2000/scools", "did you mean 'schools'"),
        ("california-2000", "is not written as pack/table"),
        ("", "is not written as pack/table"),
        (None, "is not text"),
        (5, "is not text"),
        ("no/such/folder/schools", "is not a folder with a datapackage.json"),
        ("x" * 5000 + "/schools", "there is no such pack"),
    ],
)
def test_an_unknown_pack_or_table_is_refused_with_the_nearest(wrong, says):
    with pytest.raises(InputError, match=says):
        load(wrong)


def test_ids_stay_text_with_their_leading_zeros(pack):
    schools = load(f"{pack}/schools")
    assert schools["school_id"].tolist() == ["007", "010"] and schools["leaid"].tolist() == ["01", "01"]


def test_types_depend_on_the_dictionary_and_not_on_the_data(pack):
    types = load(f"{pack}/years").dtypes.astype(str).to_dict()
    assert types == {
        "school_id": "str",
        "year": "int64",
        "enrollment": "float64",
        "lunch_pct": "float64",
        "charter": "boolean",
        "note": "str",
    }


def test_a_missing_value_is_nan_and_never_a_zero_and_why_says_which_kind(pack):
    years = load(f"{pack}/years", why=True)
    assert list(years.columns) == [
        "school_id",
        "year",
        "enrollment",
        "enrollment__why",
        "lunch_pct",
        "lunch_pct__why",
        "charter",
        "charter__why",
        "note",
        "note__why",
    ]
    assert np.isnan(years["enrollment"][1]) and years["enrollment__why"][1] == "suppressed"
    assert years["lunch_pct"][0] == 0.0 and years["lunch_pct__why"][0] == "reported"
    assert years["charter"].isna().tolist() == [False, False, True, False]
    assert years["note__why"].tolist() == ["reported", "not_reported", "reported", "reported"]


def test_changing_a_loaded_frame_changes_no_other(pack):
    first = load(f"{pack}/years")
    first.loc[0, "lunch_pct"] = 55.0
    first["year"] += 1
    first.insert(0, "new", 1)
    del first["enrollment"]
    assert load(f"{pack}/years")["lunch_pct"].tolist()[:2] == [0.0, 39.8]
    assert next(iter(load(f"{pack}/years"))) == "school_id"
    view = load(f"{pack}/years")["lunch_pct"].to_numpy()
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1.0


def test_a_file_changed_after_it_was_loaded_is_read_again(pack):
    assert len(load(f"{pack}/years")) == 4
    sample.edit(pack, "years", "39.8", "40.25")
    assert load(f"{pack}/years")["lunch_pct"][1] == 40.25


def test_an_untouched_pack_of_the_library_loads_without_pandera(root):
    code = "import sys, leadlib as ll; ll.load('california-2000/outcomes'); sys.exit('pandera' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_pack_files_lists_every_file_with_its_hash(pack):
    import hashlib

    files = pack_files(pack)
    assert [name for name, _ in files] == ["datapackage.json", "schools.csv.gz", "years.csv"]
    assert all(hashlib.sha256((pack / name).read_bytes()).hexdigest() == sha for name, sha in files)
    (pack / "years.csv").unlink()
    with pytest.raises(InputError, match=r"tiny/years.csv: the file is missing"):
        pack_files(pack)


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"level": "high"}, ["010"]),
        ({"school_level": "High", "district": "EAST"}, ["010"]),
        ({"district": "01"}, ["007", "010"]),
        ({"school_id": "007"}, ["007"]),
        ({"school": "Élm"}, ["010"]),
        ({}, ["007", "010"]),
        ({"level": " High "}, ["010"]),
    ],
)
def test_select_gives_the_schools_that_fit_every_condition(pack, where, ids):
    assert select(pack, where)["school_id"].tolist() == ids


def test_select_refuses_unknown_columns_and_values_all_at_once(pack):
    with pytest.raises(InputError) as caught:
        select(pack, {"distrct": "East", "level": "Hihg", "county": "Kent"})
    assert [str(p) for p in caught.value.problems] == [
        "column 'distrct': is not in the table schools -> did you mean 'district'?",
        "level=Hihg: no school has this value -> did you mean 'High'?",
        "column 'county': is not in the table schools -> "
        "use one of: school_id, school_name, leaid, lea_name, school_level, district, level, school",
    ]


def test_select_refuses_an_empty_result(pack):
    with pytest.raises(InputError, match="no school fits all of this"):
        select(pack, {"level": "High", "school_id": "007"})


def test_a_name_that_two_districts_share_is_refused_unless_another_condition_settles_it(tmp_path):
    frames = {"schools": sample.SCHOOLS.assign(leaid=["01", "02"]), "years": sample.YEARS}
    pack = sample.tiny(tmp_path, frames)
    with pytest.raises(InputError, match="is the name of 2 districts: 01 and 02"):
        select(pack, {"district": "East"})
    assert select(pack, {"district": "East", "level": "High"})["leaid"].tolist() == ["02"]


def test_a_school_knows_its_names_years_tables_and_sources(pack):
    ash = school(str(pack), "007", 1999)
    assert isinstance(ash, School)
    assert (ash.name, ash.lea_name, ash.level) == ('Ash, "the" School', "East", "Primary")
    assert (ash.year, ash.years) == (1999, (1998, 1999))
    assert ash.has("years") and not ash.has("budget")
    assert len(ash.table("years")) == 4 and [f.role for f in ash.fields("years")][2:4] == ["size", "need"]
    assert (ash.pack_title, ash.record_type, ash.sources) == ("Two schools", "synthetic", ("Nobody counted this.",))
    assert ash == school(str(pack), "007", np.int64(1999)) and hash(ash)
    with pytest.raises(TypeError):
        ash.row["school_name"] = "other"


@pytest.mark.parametrize(
    ("school_id", "year", "says"),
    [
        ("7", 1999, r"write the id as text: '007'"),
        (7, 1999, r"write the id as text: '007'"),
        ("élm", 1999, r"'010' \(Élm\)"),
        ("Elm", 1999, "did you mean 'Élm'"),
        ("999", 1999, "use one of: 007, 010"),
        (None, 1999, "there is no such school"),
        ("007", 2000, "it has 1998–99 to 1999–00; give the fall of the year: 1999 for 1999–00"),
        ("007", "1999", "no such year"),
        ("007", True, "no such year"),
        ("007", 1999.0, "no such year"),
    ],
)
def test_an_unknown_school_or_year_is_refused_with_the_nearest(pack, school_id, year, says):
    with pytest.raises(InputError, match=says):
        school(str(pack), school_id, year)


def test_a_school_without_any_year_says_so(tmp_path):
    pack = sample.tiny(tmp_path, {"schools": sample.SCHOOLS, "years": sample.YEARS.iloc[:2]})
    with pytest.raises(InputError, match="no table has a year of this school"):
        school(str(pack), "010", 1999)


def test_years_are_written_as_runs_of_school_years():
    assert years_text([1999, 1992, 1993, 1994]) == "1992–93 to 1994–95 and 1999–00"
    assert years_text([]) == "" and years_text([2007]) == "2007–08"


IDS = st.lists(st.text("0123456789", min_size=1, max_size=14), min_size=1, max_size=6, unique=True)


@settings(max_examples=40, deadline=None)
@given(ids=IDS)
def test_any_id_comes_back_as_it_was_written(tmp_path_factory, ids):
    box = sample.document()
    box["resources"] = box["resources"][:1]
    box["resources"][0]["schema"]["fields"][0]["constraints"].pop("pattern")
    from leadlib.tables import write_pack

    folder = tmp_path_factory.mktemp("ids") / "tiny"
    frame = pd.DataFrame({"school_id": ids}).assign(school_name="A", leaid="1", lea_name="B", school_level="High")
    write_pack(folder, box, {"schools": frame})
    assert load(f"{folder}/schools")["school_id"].tolist() == sorted(ids)
