"""A pack is written from frames: checked before, the same bytes every time, all of it or nothing."""

from __future__ import annotations

import gzip
import math
import os

import numpy as np
import pandas as pd
import pytest
import tables_samples as sample
from hypothesis import given, settings
from hypothesis import strategies as st

from leadlib.errors import InputError
from leadlib.tables import load, write_pack
from leadlib.tables.write import build, single


def everything(folder) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())} if folder.exists() else {}


def broken(**changes) -> dict[str, pd.DataFrame]:
    return {"schools": sample.SCHOOLS, "years": sample.YEARS.assign(**changes)}


def test_what_is_loaded_and_written_again_has_the_same_bytes(tmp_path):
    pack = sample.tiny(tmp_path)
    frames = {t: load(f"{pack}/{t}", why=True).sample(frac=1, random_state=1) for t in ("schools", "years")}
    write_pack(tmp_path / "again" / "tiny", sample.read(pack), frames)
    assert everything(tmp_path / "again" / "tiny") == everything(pack)


def test_the_compressed_bytes_carry_no_date_and_no_name(tmp_path):
    blob = (sample.tiny(tmp_path) / "schools.csv.gz").read_bytes()
    assert blob[3] == 0 and blob[4:8] == b"\0\0\0\0"
    assert b"\r" not in gzip.decompress(blob)


def test_the_dictionary_gets_hash_rows_and_years_and_keeps_the_rest(tmp_path):
    box = sample.read(sample.tiny(tmp_path))
    assert box["years"] == [1998, 1999] and [t["rows"] for t in box["resources"]] == [2, 4]
    for table in box["resources"]:
        for name in ("hash", "rows", "checked"):
            table.pop(name)
    box.pop("years")
    assert box == sample.DOCUMENT


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ({"schools": sample.SCHOOLS}, "table years: has no frame"),
        ({**sample.FRAMES, "other": sample.YEARS}, "table other: is not in the dictionary"),
        (broken(extra=1), "column extra: is not in the dictionary"),
        ({"schools": sample.SCHOOLS, "years": sample.YEARS.drop(columns="note")}, "column note: is missing"),
        (broken(lunch_pct=[0, 1, None, 101.0]), "row 6, column lunch_pct: 101 is above"),
        (broken(enrollment=[1.5, None, 1, 1]), "row 2, column enrollment: '1.5' is not a whole number"),
        (broken(lunch_pct=[math.inf, 1, None, 1]), "row 2, column lunch_pct: 'inf' is not a number"),
        (broken(year=[1998, 1998, 1998, 1999]), "the key 007, 1998 stands in rows 2, 3"),
        (broken(school_id=["007", "007", "010", "999"]), "'999' is not in the table schools"),
        (broken(school_id=[7, 7, 10, 10]), "column school_id: holds values that are not text"),
        (
            broken(school_id=[None, "007", "010", "010"]),
            "column school_id: 1 missing values do not say why -> fill them in",
        ),
        (broken(lunch_pct__why="reported"), "column lunch_pct: 1 missing values do not say why"),
        (broken(note=["a\r", None, "a", "b"]), "column note: holds a carriage return"),
        (broken(note=["suppressed", None, "a", "b"]), "column note: holds not_reported or suppressed"),
        (
            {"schools": sample.SCHOOLS, "years": pd.concat([sample.YEARS, sample.YEARS["year"]], axis=1)},
            "have the same name",
        ),
    ],
)
def test_frames_that_break_the_dictionary_are_refused_and_nothing_is_written(tmp_path, frames, says):
    pack = sample.tiny(tmp_path)
    before = everything(pack)
    with pytest.raises(InputError) as caught:
        write_pack(pack, sample.document(), frames)
    assert says in str(caught.value), caught.value
    assert everything(pack) == before


def test_a_file_that_cannot_be_put_in_place_puts_the_others_back(tmp_path, monkeypatch):
    pack = sample.tiny(tmp_path)
    before, real = everything(pack), os.replace

    def locked(source, target):
        if str(target).endswith("years.csv"):
            raise PermissionError(13, "in use")
        real(source, target)

    monkeypatch.setattr(os, "replace", locked)
    changed = {"schools": sample.SCHOOLS.assign(lea_name="West"), "years": sample.YEARS}
    with pytest.raises(InputError, match="cannot be written: in use"):
        write_pack(pack, sample.document(), changed)
    assert everything(pack) == before
    with pytest.raises(InputError, match="cannot be written"):
        write_pack(tmp_path / "new", sample.document(), sample.FRAMES)
    assert everything(tmp_path / "new") == {}


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        write_pack(tmp_path / "file", sample.document(), sample.FRAMES)


def test_a_field_with_one_mark_needs_no_column_of_reasons(tmp_path):
    box = sample.document()
    box["resources"][1]["schema"]["missingValues"] = [{"value": "not_reported", "label": "nobody said"}]
    plain = sample.YEARS[[c for c in sample.YEARS if not c.endswith("__why")]]
    write_pack(tmp_path / "tiny", box, {"schools": sample.SCHOOLS, "years": plain})
    assert load(f"{tmp_path}/tiny/years", why=True)["enrollment__why"][1] == "not_reported"


def test_single_precision_noise_goes_and_nothing_else():
    noisy = pd.Series([39.79999923706055, 2506.0, np.nan, 0.10000000149011612, 2783.48095703125])
    assert single(noisy).tolist()[:2] == [39.8, 2506.0] and single(noisy).tolist()[3:] == [0.1, 2783.481]
    assert np.array_equal(single(noisy).astype("float32"), noisy.astype("float32"), equal_nan=True)


def raw_pack(tmp_path) -> tuple:
    import hashlib

    pack, raw = sample.tiny(tmp_path), tmp_path / "raw.csv"
    raw.write_text("anything", encoding="utf-8")
    box = sample.read(pack) | {"raw": {"name": "raw.csv", "sha256": hashlib.sha256(b"anything").hexdigest()}}
    sample.save(pack, box)
    return pack, raw


def test_build_writes_the_pack_from_its_raw_file_and_says_so(tmp_path, capsys):
    pack, raw = raw_pack(tmp_path)
    assert build(pack, lambda path: sample.FRAMES, ["--raw", str(raw)]) == 0
    assert capsys.readouterr().out.splitlines() == ["tiny/schools.csv.gz: 2 rows", "tiny/years.csv: 4 rows"]


def test_build_refuses_another_raw_file_or_none_with_exit_code_2(tmp_path, capsys):
    pack, raw = raw_pack(tmp_path)
    raw.write_text("something else", encoding="utf-8")
    assert build(pack, lambda path: sample.FRAMES, ["--raw", str(raw)]) == 2
    assert "is not the file that tiny is built from" in capsys.readouterr().out
    assert build(pack, lambda path: sample.FRAMES, ["--raw", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().out


VALUES = st.one_of(st.none(), st.floats(0, 100), st.integers(0, 100).map(float))
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r"), min_size=1).filter(str.strip)
WORDS = st.one_of(st.none(), TEXT)
REASONS = st.sampled_from(["not_reported", "suppressed", "not_applicable"])


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(VALUES, WORDS, st.sampled_from([True, False, None]), REASONS), min_size=1, max_size=5))
def test_any_frame_that_is_written_comes_back_the_same(tmp_path_factory, rows):
    taken = ("not_reported", "suppressed", "not_applicable")
    frame = pd.DataFrame(
        {
            "school_id": "007",
            "year": [1990 + k for k in range(len(rows))],
            "enrollment": 5,
            "lunch_pct": pd.array([r[0] for r in rows], dtype="float64"),
            "note": pd.array([None if r[1] in taken else r[1] for r in rows], dtype="object"),
            "charter": pd.array([r[2] for r in rows], dtype="boolean"),
        }
    )
    for name in ("lunch_pct", "note", "charter"):
        gaps = zip(frame[name].isna(), rows, strict=True)
        frame[f"{name}__why"] = [row[3] if gap else "reported" for gap, row in gaps]
    folder = tmp_path_factory.mktemp("any") / "tiny"
    write_pack(folder, sample.document(), {"schools": sample.SCHOOLS, "years": frame})
    back = load(f"{folder}/years", why=True)
    for name in ("lunch_pct", "note", "charter"):
        assert back[f"{name}__why"].tolist() == frame[f"{name}__why"].tolist()
        assert back[name].isna().tolist() == frame[name].isna().tolist()
        assert back[name].dropna().tolist() == frame[name].dropna().tolist()


def test_no_path_of_this_machine_is_in_the_files(tmp_path):
    pack = sample.tiny(tmp_path)
    assert not [name for name, blob in everything(pack).items() if str(tmp_path).encode() in blob]
