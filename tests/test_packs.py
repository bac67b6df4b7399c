"""The packs of the repository: what they hold, that they can be built again, and published numbers found in them."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadlib.tables import describe, load, packs, school, select
from leadlib.tables.packs import package
from leadlib.tables.reading import read
from leadlib.tables.write import hold_raw, rendered

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"
RAW = ROOT.parent / "shared" / "data"
NAMES = ("california-2000", "michigan-1993-98", "tennessee-star")
LARGEST = 1_500_000
ORACLE = 5e-6  # the published figures have five or six decimals


def tables() -> list[str]:
    return [f"{name}/{table.name}" for name in NAMES for table in package(name).tables]


def test_the_repository_has_its_three_packs():
    assert set(NAMES) <= set(packs()["pack"])
    counts = packs().set_index("pack")["schools_n"]
    assert [counts[name] for name in NAMES] == [6194, 1778, 80]


@pytest.mark.parametrize("name", NAMES)
def test_a_pack_is_named_after_its_folder_real_sourced_and_small(name):
    info, files = package(name), sorted(p.name for p in (DATA / name).iterdir() if p.name != "__pycache__")
    assert info.name == name and info.record_type == "real" and info.sources and info.terms
    assert files == sorted(["build.py", "datapackage.json", *(t.path for t in info.tables)])
    assert sum((DATA / name / file).stat().st_size for file in files) < LARGEST
    assert all(t.hash and t.checked and t.rows for t in info.tables)


@pytest.mark.parametrize("table", tables())
def test_every_table_loads_with_the_rows_its_dictionary_says(table):
    pack, _, name = table.partition("/")
    assert len(load(table)) == package(pack).table(name).rows


@pytest.mark.parametrize("table", tables())
def test_every_table_holds_its_dictionary_when_it_is_checked_in_full(table):
    from leadlib.tables.files import examine, read_bytes

    pack, _, name = table.partition("/")
    info, problems = package(pack), []
    blobs = {t.name: read_bytes(DATA / pack, t.path) for t in info.tables}
    examine(blobs[name], info, info.table(name), blobs, table, problems)
    assert problems == []


@pytest.mark.parametrize("table", tables())
def test_every_field_can_be_read_about(table):
    pack, _, name = table.partition("/")
    info = package(pack).table(name)
    assert all(len(f.description) >= 6 and f.title != f.name and f.description.endswith(".") for f in info.fields)
    assert all(mark.label for f in info.fields for mark in f.marks)
    assert info.grain in describe(table).plain()


@pytest.mark.parametrize("name", NAMES)
def test_resources_name_their_kind_of_leadership_and_say_why(name):
    for table in package(name).tables:
        for field in table.fields:
            if table.name in ("staff_years", "budget") and field.name not in table.key:
                assert field.leadership and "ounted as" in field.description
            else:
                assert field.leadership is None


def test_a_table_of_the_same_name_has_the_same_key_and_fields_the_same_meaning_in_every_pack():
    keys, kinds = {}, {}
    for name in NAMES:
        for table in package(name).tables:
            assert keys.setdefault(table.name, table.key) == table.key
            for field in table.fields:
                kind = (field.type, field.unit, field.unit_from, field.role)
                assert kinds.setdefault((table.name, field.name), kind) == kind, (name, table.name, field.name)


@pytest.mark.parametrize("name", NAMES)
def test_the_tables_that_a_report_needs_are_there(name):
    info = package(name)
    assert {"schools", "school_years", "measures", "outcomes"} <= {t.name for t in info.tables}
    roles = [f.role for f in info.table("school_years").fields]
    assert "size" in roles and "need" in roles
    measures = load(f"{name}/measures").set_index("measure")
    outcomes = load(f"{name}/outcomes")
    bounds = outcomes["measure"].map(measures["value_low"]), outcomes["measure"].map(measures["value_high"])
    inside = (outcomes["value"] >= bounds[0].fillna(-np.inf)) & (outcomes["value"] <= bounds[1].fillna(np.inf))
    assert (inside | outcomes["value"].isna()).all()


def builder(name: str):
    spec = importlib.util.spec_from_file_location(f"build_{name}".replace("-", "_"), DATA / name / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not RAW.is_dir(), reason="NOT TESTED: no raw files at ../shared/data, so no pack was built again")
@pytest.mark.parametrize("name", NAMES)
def test_a_pack_built_again_from_its_raw_file_has_the_same_tables(name):
    document, _ = read(DATA / name)
    raw = RAW / document["raw"]["name"]
    hold_raw(raw, document, name)
    files, filled = rendered(document, builder(name).tables(raw), name)
    for path, blob in files.items():
        # the compressed bytes may differ with the system's zlib; what is compressed may not
        assert gzip.decompress(blob) == gzip.decompress((DATA / name / path).read_bytes()), path
    assert filled["years"] == document["years"]


@pytest.mark.parametrize("name", NAMES)
def test_the_dictionary_stands_as_it_is_written(name):
    text = (DATA / name / "datapackage.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_california_mean_index_is_the_published_one():
    index = load("california-2000/outcomes").query("year == 1999")["value"]
    assert len(index) == 6194 and index.mean() == pytest.approx(664.71263, abs=ORACLE)


def test_star_small_class_effect_in_kindergarten_is_the_published_one():
    pupils = load("tennessee-star/pupil_years").query("year == 1985")
    pupils = pupils.assign(score=pupils["read_score"] + pupils["math_score"]).dropna(subset=["score"])
    design = np.column_stack([np.ones(len(pupils)), *(pupils["class_type"] == c for c in ("small", "regular+aide"))])
    effect = np.linalg.lstsq(design.astype(float), pupils["score"].to_numpy(), rcond=None)[0]
    assert len(pupils) == 5786 and effect[1] == pytest.approx(13.898994, abs=ORACLE)


def test_california_targets_are_missing_only_at_or_above_800_and_follow_the_states_rule():
    before = load("california-2000/outcomes").query("year == 1998").set_index("school_id")["value"]
    now = load("california-2000/outcomes").query("year == 1999").set_index("school_id")["value"]
    targets = load("california-2000/targets", why=True).set_index("school_id")
    assert (targets["growth_target"].isna() == (before >= 800)).all() and targets["growth_target"].isna().sum() == 740
    assert set(targets["growth_target__why"][before >= 800]) == {"not_applicable"}
    assert (targets["growth"] == now - before).all()
    rule = np.maximum(1, np.floor((800 - before) / 20 + 0.5))
    assert (targets["growth_target"] == rule)[before < 800].all()
    met = pd.Series(np.where(before < 800, targets["growth"] >= rule, now >= 800), index=before.index)
    assert (targets["met_school_wide"] == met).all()
    assert (targets["met_both"] == (targets["met_school_wide"] & targets["met_comparable_improvement"])).all()


def test_california_districts_have_one_name_each():
    schools = load("california-2000/schools")
    assert schools["leaid"].nunique() == 766 and schools["lea_name"].nunique() == 756
    assert len(schools[["leaid", "lea_name"]].drop_duplicates()) == 766
    assert len(select("california-2000", {"district": "Lakeside Union Elem", "county": "San Diego"})) > 0


def test_california_parents_of_unknown_education_are_not_zeros():
    years = load("california-2000/school_years", why=True)
    unknown = years["parent_education_level"].isna()
    shares = years[[c for c in years if c.startswith("parents_") and not c.endswith("__why")]]
    assert unknown.sum() == 178 and shares[unknown].isna().all().all()
    assert shares[~unknown].sum(axis=1).between(97, 103).all()


def test_california_blank_class_sizes_say_why():
    staff = load("california-2000/staff_years", why=True).merge(load("california-2000/schools"), on="school_id")
    assert set(staff.loc[staff["school_level"] == "High", "class_size_46__why"]) == {"reported", "not_applicable"}
    assert (staff.query("school_level == 'Primary' and class_size_k3__why == 'not_reported'").shape[0]) == 62


def test_michigan_years_are_falls_and_the_grant_begins_with_the_reform():
    budget = load("michigan-1993-98/budget", why=True)
    assert sorted(budget["year"].unique()) == list(range(1992, 1998))
    early = budget["year"] < 1994
    assert set(budget.loc[early, "foundation_grant_usd__why"]) == {"not_applicable"}
    assert budget.loc[~early, "foundation_grant_usd"].notna().all()
    assert budget["spend_per_pupil_usd"].min() == 254  # odd, and kept


def test_michigan_zero_lunch_shares_of_the_last_year_are_missing():
    years = load("michigan-1993-98/school_years", why=True)
    assert (years["free_lunch_pct"] > 0).sum() == 10668 - 303 - 43
    assert years.loc[years["year"] == 1997, "free_lunch_pct__why"].value_counts()["not_reported"] == 43


def test_michigan_real_spending_is_in_dollars_of_1997():
    budget = load("michigan-1993-98/budget").dropna(subset=["spend_per_pupil_usd"])
    ratio = budget["spend_per_pupil_real_usd"] / budget["spend_per_pupil_usd"]
    cpi = budget["year"].map({1992: 144.5, 1993: 148.2, 1994: 152.4, 1995: 156.9, 1996: 160.5, 1997: 163.0})
    assert np.allclose(ratio, 160.5 / cpi, rtol=1e-6)  # consumer price index, US city average, of the spring's year


def test_ids_keep_their_leading_zeros():
    assert school("michigan-1993-98", "00001", 1992).row["leaid"] == "34010"
    assert school("california-2000", "01611190130229", 1999).name == "Alameda High"
    assert set(load("tennessee-star/schools")["school_id"]) == {f"{k:02d}" for k in range(1, 81)}


def test_star_school_figures_are_those_of_its_pupils():
    pupils = load("tennessee-star/pupil_years")
    assert len(pupils) == 26796 and pupils["pupil_id"].nunique() == 11598
    one = pupils.query("school_id == '63' and year == 1986")
    years = load("tennessee-star/school_years").query("school_id == '63' and year == 1986").iloc[0]
    assert years["enrollment"] == len(one)
    free = 100 * (one["lunch"] == "free").sum() / one["lunch"].notna().sum()
    assert years["free_lunch_pct"] == pytest.approx(free, abs=1e-4)
    rows = load("tennessee-star/outcomes").query("school_id == '63' and year == 1986")
    row = rows.set_index("measure").loc["math_score"]
    scores = one["math_score"].dropna()
    assert (row["tested_n"], row["grade"]) == (len(scores), "1")
    assert [row["value"], row["value_sd"]] == pytest.approx([scores.mean(), scores.std()], abs=1e-4)
    staff = load("tennessee-star/staff_years").query("school_id == '63' and year == 1986").iloc[0]
    assert staff["small_class_pct"] == pytest.approx(100 * (one["class_type"] == "small").mean(), abs=1e-4)
    assert staff["teacher_experience_years"] == pytest.approx(one["teacher_experience_years"].mean(), abs=1e-4)
