"""The benchmark makes what it says, measures every job, and sets each beside pandas."""

import json

import pandas as pd

from tools import bench


def test_the_made_state_has_every_row_once_and_marks_that_are_no_numbers(tmp_path):
    rows = bench.make(tmp_path / "state", 4_000)
    table = pd.read_csv(tmp_path / "state" / "outcomes.csv", dtype=str)
    assert rows == len(table) == 2 * bench.ROWS_A_SCHOOL
    assert not table.duplicated(["school_id", "year", "measure", "grade", "group"]).any()
    assert 0.02 < (table["value"] == "suppressed").mean() < 0.08
    again = tmp_path / "again"
    bench.make(again, 4_000)
    assert (again / "outcomes.csv").read_bytes() == (tmp_path / "state" / "outcomes.csv").read_bytes()


def test_every_job_is_run_and_measured_against_the_first(tmp_path, capsys):
    bench.main(["--rows", "2000", "--rounds", "1", "--schools", "3", "--json", str(tmp_path / "found.json")])
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert list(found["median"]) == sorted(bench.JOBS) and found["rows"] == bench.ROWS_A_SCHOOL
    first, check = found["median"]["pandas.read_csv"], found["median"]["leadlib check"]
    assert found["ratio"]["leadlib check"]["peak_mb"] == check["peak_mb"] / first["peak_mb"]
    assert found["ratio"]["pandas.read_csv"]["seconds"] == 1.0
    assert all(m["peak_mb"] > 10 and m["seconds"] > 0 for m in found["median"].values())
    shown = capsys.readouterr().out
    assert [job for job in bench.JOBS if job not in shown] == []
