"""A stranger's folder becomes a pack by one crosswalk and one command, and every row and cell is accounted for."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner

import leadlib as ll
from leadlib.cli.importing import import_
from leadlib.importing import import_folder
from tests.importing_samples import FILES, stranger


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stranger")
    truth = stranger(folder / "files")
    arguments = [str(folder / "files"), "--crosswalk", str(folder / "stranger.yml"), "--out", str(folder / "mine")]
    result = CliRunner().invoke(import_, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return folder, truth, result.output


def facts(folder):
    return json.loads((folder / "mine-import" / "reconciliation.json").read_text(encoding="utf-8"))


def test_every_school_can_be_picked_with_its_years(done):
    folder, truth, _ = done
    schools = ll.load(f"{folder / 'mine'}/schools")
    assert tuple(schools["school_id"]) == truth.schools
    school = ll.school(folder / "mine", truth.schools[0], 2014)
    assert (
        school.years == (2014, 2015, 2016, 2017)
        and school.name.startswith("Escuela Peña")
        and school.level == "Primary"
    )


def test_every_outcome_is_the_number_the_range_or_the_mark_that_stood_there(done):
    folder, truth, _ = done
    rows = ll.load(f"{folder / 'mine'}/outcomes", why=True).to_dict("records")
    assert len(rows) == len(truth.outcomes)
    for row in rows:
        value, why, ends = truth.outcomes[row["school_id"], row["year"], row["measure"]]
        assert row["value__why"] == why
        assert (row["value"] == value) if value is not None else row["value"] != row["value"]
        if ends:
            assert (row["value_low"], row["value_high"]) == ends
        else:
            assert row["value_low__why"] == "not_applicable"


def test_thousands_dollars_and_flags_are_read(done):
    folder, truth, _ = done
    years = ll.load(f"{folder / 'mine'}/school_years", why=True).set_index(["school_id", "year"])
    assert {k: years.loc[k, "enrollment"] for k in truth.enrollment} == truth.enrollment
    spend = ll.load(f"{folder / 'mine'}/budget").set_index(["school_id", "year"])["spend_per_pupil_usd"]
    assert spend.to_dict() == truth.spend
    for key, (value, why) in truth.mobility.items():
        assert years.loc[key, "mobility_pct__why"] == why
        assert value is None or years.loc[key, "mobility_pct"] == pytest.approx(value, abs=1e-9)
    assert (years.loc[(slice(None), [2016, 2017]), "mobility_pct__why"] == "not_reported").all()


def test_the_reconciliation_balances_to_the_row(done):
    folder, truth, output = done
    said = facts(folder)
    assert said["balanced"] and "Every row is accounted for." in output
    for line in said["files"]:
        assert line["rows"] == line["used"] + sum(line["aside"].values())
        kept = sum(n for reason, n in line["aside"].items() if reason.startswith("row of"))
        assert kept == truth.aside.get(line["file"], 0)
    for line in said["tables"]:
        gone = line["identical"] + line["joined"] + line["superseded"] + line["unmatched"] + line["different"]
        assert line["came"] == line["out"] + gone
        assert line["out"] == len(ll.load(f"{folder / 'mine'}/{line['table']}"))
    assert said["files_not_read"] == ["read me.docx"]


def test_rows_set_aside_stand_in_a_file_with_line_and_reason(done):
    folder, truth, _ = done
    for name in FILES.values():
        path = folder / "mine-import" / "set_aside" / (name if name.endswith(".csv") else f"{name}.csv")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert sum(r["reason"].startswith("row of") for r in rows) == truth.aside[name]
        assert all(r["line"].isdigit() and r["reason"] for r in rows)
    with (folder / "mine-import" / "set_aside" / FILES[2016]).open(encoding="utf-8", newline="") as file:
        assert [r["detail"] for r in csv.DictReader(file) if "header" in r["reason"]][:2] == [
            "State report card",
            "Extracted 8/1/2016",
        ]
    with (folder / "mine-import" / "set_aside" / FILES[2017]).open(encoding="utf-8", newline="") as file:
        assert "* fewer than 10 pupils" in [r["detail"] for r in csv.DictReader(file)]


def test_an_identical_row_is_dropped_with_a_count_and_a_key_without_school_is_set_aside(done):
    folder, truth, _ = done
    said = facts(folder)
    table = next(t for t in said["tables"] if t["table"] == "school_years")
    assert (table["identical"], table["unmatched"]) == (1, truth.city_unmatched)
    assert table["joined"] == len(truth.mobility)
    assert said["keys_unmatched"][0]["examples"] == ["9999999"]


def test_the_page_says_the_same_and_loads_nothing(done):
    folder, _, _ = done
    page = (folder / "mine-import" / "reconciliation.html").read_text(encoding="utf-8")
    assert "Every row is accounted for." in page and "<script" not in page and "report_card_2015.csv" in page


def test_a_second_import_gives_the_same_bytes(done, tmp_path):
    folder, _, _ = done
    import_folder(folder / "files", folder / "stranger.yml", tmp_path / "mine")
    for part in ("mine", "mine-import"):
        names = sorted(p.relative_to(folder / part) for p in (folder / part).rglob("*") if p.is_file())
        assert names == sorted(p.relative_to(tmp_path / part) for p in (tmp_path / part).rglob("*") if p.is_file())
        for name in names:
            assert (folder / part / name).read_bytes() == (tmp_path / part / name).read_bytes(), name


@pytest.mark.parametrize("seed", range(2, 6))
def test_other_folders_balance_too(tmp_path, seed):
    truth = stranger(tmp_path / "files", seed=seed, schools=9)
    result = import_folder(tmp_path / "files", tmp_path / "stranger.yml", tmp_path / "mine")
    assert result.balanced
    rows = ll.load(f"{tmp_path / 'mine'}/outcomes", why=True)
    marked = sum(why == "suppressed" for _, why, _ in truth.outcomes.values())
    ranges = sum(why == "range" for _, why, _ in truth.outcomes.values())
    assert (rows["value__why"] == "suppressed").sum() == marked and (rows["value__why"] == "range").sum() == ranges


def test_the_school_report_runs_on_it_as_it_stands(done):
    folder, truth, _ = done
    made = ll.lab.report(str(folder / "mine"), truth.schools[0], 2017)
    assert "Escuela Pe\u00f1a" in made.page and "could not be made" not in made.page
    assert "Outcomes over time" in made.page and "about \N{MINUS SIGN}" in made.page  # the middle of a range
    assert "Progress against the target is left out" in made.page
