"""The benchmark of designs runs every job, sets each beside its peers, and says what is lacking, late or otherwise."""

import json
import math
import shutil

import pytest

from leadlib import designs
from tools.bench_designs import __main__ as command
from tools.bench_designs import data
from tools.bench_designs.jobs import EXACT, Job, Peer, every
from tools.bench_designs.sides import Installed, Runner, installed

NO_JOB = {
    "Estimate": "a class",
    "Noise": "a class",
    "between_within": "sums over the schools of a district",
    "by_wave": "calls staggered",
    "coaching": "calls staggered, within and compare",
    "comparisons": "sums over a list",
    "departures": "estimates nothing",
    "doubts": "calls sensitivity",
    "evaluate": "calls another design",
    "expected": "one school's report",
    "freeze": "estimates nothing",
    "funnel": "one school's report",
    "gap_part": "estimates nothing",
    "goals": "one school's report",
    "goals_each": "one school's report",
    "graded": "estimates nothing",
    "looks": "estimates nothing",
    "menu": "estimates nothing",
    "money_slope": "calls within",
    "more_of_it": "calls within",
    "noise": "one school's report",
    "planned": "calls another design",
    "priorities": "one school's report",
    "progress": "one school's report",
    "same_age": "estimates nothing",
    "school_gap": "one school's report",
    "shrink": "one school's report",
    "trend": "one school's report",
    "usual": "one regression on school years",
    "ways": "calls specifications",
    "weigh": "calls decide",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run all jobs in this process, on 60 schools, as on a machine without R and without other Pythons."""
    path = tmp_path_factory.mktemp("bench") / "found.json"
    shown: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tools.bench_designs.child.SHORT", 0.0)
        patch.setattr("builtins.print", lambda *words, **_: shown.append(" ".join(map(str, words))))
        command.main(["--scale", "0.01", "--rounds", "1", "--rscript", "no-such-r", "--json", str(path)], apart=False)
    return json.loads(path.read_text(encoding="utf-8")), "\n".join(shown)


def test_every_design_has_a_job():
    covered = {job.estimator.partition(",")[0].partition(" ")[0] for job in every()}
    named = {"randomization" if name == "compare" else name for name in designs.__all__} | {"compare"}
    parts = {"power": "power.from_data", "survey": "survey.alpha", "wwc": "wwc.card"}
    assert {parts.get(name, name) for name in named} - covered == set(NO_JOB)
    assert len({job.name for job in every()}) == len(every())


def test_every_job_runs_and_gives_its_figures(run):
    found, shown = run
    assert [job["job"] for job in found["jobs"]] == [job.name for job in every()]
    for job in found["jobs"]:
        own = job["sides"][0]
        assert own["side"] == "leadlib" and own["seconds"] > 0 and own["peak_mb"] > 10 and not math.isnan(own["value"])
        assert job["job"] in shown
    assert found["rows"]["panel"] == 60 * len(data.CALENDAR) and found["rows"]["pupils"] == 10_000


def test_peers_that_are_here_run_and_give_the_same_number(run):
    found, shown = run
    held = [side for job in found["jobs"] for side in job["sides"][1:] if side.get("said") != "not installed"]
    assert len(held) > 10 and [side for side in held if "said" in side] == []
    exact = [side for side in held if side.get("within") == EXACT]
    assert len(exact) > 5 and all(side["agrees"] for side in exact)
    one = next(job for job in found["jobs"] if job["job"] == "compare on pupils")["sides"]
    assert one[1]["ratio"]["seconds"] == one[1]["seconds"] / one[0]["seconds"]
    assert "statsmodels OLS, cluster errors" in shown


def test_peers_that_are_not_here_are_said_and_no_error(run):
    found, shown = run
    assert "R is not installed: its rows are left out." in shown and "R MatchIt" not in shown
    here = installed([p for job in every() for p in job.peers], None, "no-such-r").here
    for module in ("pyfixest", "csdid"):
        assert (module in here) != any(module in line and "--peers" in line for line in found["lacking"])


def test_each_side_runs_in_a_process_of_its_own_and_r_reads_the_same_table(tmp_path, capsys):
    arguments = ["--scale", "0.01", "--rounds", "1", "--only", "survey.alpha", "--json", str(tmp_path / "found.json")]
    command.main(arguments)
    sides = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["jobs"][0]["sides"]
    shown = capsys.readouterr().out
    assert sides[0]["seconds"] > 0 and sides[1]["agrees"]
    if shutil.which("Rscript") and "psych" not in shown.partition("Versions")[0]:
        assert sides[2]["agrees"] and sides[2]["cpu_seconds"] >= 0


def test_a_side_that_takes_too_long_is_stopped_and_not_tried_again(tmp_path):
    job = next(job for job in every() if job.estimator == "decide")
    runner = Runner(tmp_path, Installed({}, {}, {}, None, None), 0.02)
    assert runner(job, 0) == {"said": "over 0.02 s"} and (job.name, 0) in runner.over
    assert runner(job, 0) == {"said": "over 0.02 s"}


def test_a_side_that_fails_says_why(tmp_path):
    job = next(job for job in every() if job.estimator == "decide")
    said = Runner(tmp_path, Installed({}, {}, {}, None, None), 60)(job, 0)["said"]  # there is no table
    assert said.startswith("failed: FileNotFoundError")


def test_a_disagreement_is_told_in_words_and_what_another_formula_gives_is_not():
    peers = (Peer("near", (), float), Peer("far", (), float), Peer("other", (), float, None))
    values = iter([2.0, 2.0 + 1e-9, 2.1, 3.0])
    jobs = command.bench(
        [Job("did", "panel", float, peers)], 1,
        lambda job, side: {"seconds": 1.0, "cpu_seconds": 1.0, "peak_mb": 9.0, "value": next(values)},
    )  # fmt: skip
    assert command.disagreements(jobs) == [
        "Disagreement, did on panel: far gives 2.1, leadlib 2; 5.0e-02 apart, where 1e-06 is allowed."
    ]


def test_a_leadlib_that_fails_ends_the_run_with_an_error(monkeypatch, capsys):
    monkeypatch.setattr(
        command,
        "bench",
        lambda *_: [{"job": "did on panel", "sides": [{"side": "leadlib", "said": "failed: x", "note": ""}]}],
    )
    with pytest.raises(SystemExit, match="leadlib did not get through: did on panel"):
        command.main(["--scale", "0.001", "--only", "did", "--rscript", "no-such-r"])
    assert "did on panel: leadlib: failed: x." in capsys.readouterr().out


def test_an_estimator_that_is_not_there_is_refused_with_those_that_are(capsys):
    with pytest.raises(SystemExit):
        command.main(["--only", "horoscope"])
    assert "value_added" in capsys.readouterr().err


def test_the_same_seed_makes_the_same_tables_and_programs_go_to_whole_districts():
    first, again = (data.tables(60, 0.01, seed=1) for _ in range(2))
    assert all(first[name].equals(again[name]) for name in first)
    panel = first["panel"]
    assert (panel.groupby("school")["year"].nunique() == 10).all() and 2020 not in set(panel["year"])
    assert (panel.groupby("district")["adopter"].nunique() == 1).all()
    assert set(panel["first"].dropna()) == set(data.STARTS) and panel["first"].isna().any()
