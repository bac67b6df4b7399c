"""How long the large jobs take and what they need, beside pandas reading the same file once: `make bench`.

Every job runs in a process of its own, the jobs take turns, and what counts is the ratio of medians within one run: the
seconds of one machine say little about another. Nothing here is a test of speed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
YEARS, MEASURES = range(2010, 2020), ("math", "read")
GRADES = ("3", "4", "5", "6", "7", "8", "9", "10", "11", "All")
GROUPS = ("All", "White", "Black", "Hispanic", "Asian", "Female", "Male", "English learners", "Homeless", "Migrant")
ROWS_A_SCHOOL = len(YEARS) * len(MEASURES) * len(GRADES) * len(GROUPS)
FIELDS = ("school_id", "year", "measure", "grade", "group", "value", "tested_n")

CROSSWALK = """\
name: bench
title: A made-up state
sources: ["made by tools/bench.py"]
terms: none
record_type: synthetic
files:
  - name: schools
    match: schools.csv
    tables: [{table: schools, fields: {school_id: school_id, school_name: school_name, leaid: leaid, lea_name: lea_name,
      school_level: school_level}}]
  - name: measures
    match: measures.csv
    tables: [{table: measures, fields: {measure: measure, label: label, unit: unit,
      comparable_over_years: comparable_over_years, description: description}}]
  - name: outcomes
    match: outcomes.csv
    tables: [{table: outcomes, fields: {school_id: school_id, year: {column: year, season: fall},
      measure: measure, grade: grade, group: group, value: value, tested_n: tested_n}}]
"""

JOBS = {
    "pandas.read_csv": "import pandas; pandas.read_csv(f'{folder}/outcomes.csv')",
    "pandas.read_csv, all as text": "import pandas; pandas.read_csv(f'{folder}/outcomes.csv', dtype=str)",
    "leadlib check": "from leadlib.tables import folder as f; assert f.check(folder).ok",
    "leadlib import": "from leadlib import importing; assert importing.import_folder(folder, f'{folder}.yml', out)",
    "ll.load of the pack": "import leadlib as ll; assert len(ll.load(f'{folder}-pack/outcomes')) == rows",
    "ll.simulate, schools x 8 years": "import leadlib as ll; ll.simulate.simulate(schools, 8, seed=1)",
}
"""Each job as the code of its process; the first is what the others are measured against."""

CHILD = """
import json, sys, time
from tools.bench import peak_mb
folder, out, rows, schools = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
begun = time.perf_counter(), time.process_time()
{job}
used = time.perf_counter() - begun[0], time.process_time() - begun[1]
print(json.dumps({{"seconds": used[0], "cpu_seconds": used[1], "peak_mb": peak_mb()}}))
"""


def peak_mb() -> float:
    """Give the most memory that this process has held so far.

    Linux counts what the parent held into `ru_maxrss`, so the process's own high-water mark is read where there is one.
    """
    own = Path("/proc/self/status")
    mark = own.read_text().partition("VmHWM:")[2].split() if own.exists() else []
    if mark:
        return int(mark[0]) / 2**10
    try:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    except ImportError:
        import psutil

        return float(psutil.Process().memory_info().peak_wset / 2**20)


def medians(turns: list[dict[str, float]]) -> dict[str, float]:
    """Give the median of each figure over a job's turns."""
    return {what: statistics.median(t[what] for t in turns) for what in turns[0]}


def write(found: dict[str, Any], path: Path) -> None:
    """Write the figures as JSON."""
    path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")


def make(folder: Path, rows: int, seed: int = 1) -> int:
    """Write a state's files: outcomes with a suppressed mark in one row of twenty, schools, measures. Give the rows."""
    rng = np.random.default_rng(seed)
    schools = max(1, rows // ROWS_A_SCHOOL)
    folder.mkdir(parents=True)
    ids = [f"01000{k:07d}" for k in range(schools)]
    listed = "".join(f"{i},School {k},0100005,East,Primary\n" for k, i in enumerate(ids))
    (folder / "schools.csv").write_text(
        f"school_id,school_name,leaid,lea_name,school_level\n{listed}", encoding="utf-8"
    )
    about = "".join(f"{m},{m.title()},pct,true,State test\n" for m in MEASURES)
    head = "measure,label,unit,comparable_over_years,description\n"
    (folder / "measures.csv").write_text(head + about, encoding="utf-8")
    with (folder / "outcomes.csv").open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(FIELDS) + "\n")
        for school in ids:
            keys = ((y, m, g, p) for y in YEARS for m in MEASURES for g in GRADES for p in GROUPS)
            values = rng.uniform(10, 90, ROWS_A_SCHOOL)
            sizes = rng.integers(10, 300, ROWS_A_SCHOOL)
            hidden = rng.random(ROWS_A_SCHOOL) < 0.05
            for key, value, size, gone in zip(keys, values, sizes, hidden, strict=True):
                shown = "suppressed" if gone else f"{value:.1f}"
                file.write(f"{school},{','.join(map(str, key))},{shown},{size}\n")
    folder.with_suffix(".yml").write_text(CROSSWALK, encoding="utf-8")
    return schools * ROWS_A_SCHOOL


def run(job: str, folder: Path, out: Path, rows: int, schools: int) -> dict[str, float]:
    """Run one job in a process of its own and give its seconds, CPU seconds and peak memory."""
    code = CHILD.format(job=JOBS[job])
    command = [sys.executable, "-c", code, str(folder), str(out), str(rows), str(schools)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{job} failed:\n{done.stderr}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def bench(rows: int, rounds: int, schools: int, work: Path) -> dict[str, Any]:
    """Let the jobs take turns for some rounds; give medians, and ratios to the first job."""
    folder = work / "state"
    made = make(folder, rows)
    pack = work / "state-pack"
    run("leadlib import", folder, pack, made, schools)
    taken: dict[str, list[dict[str, float]]] = {job: [] for job in JOBS}
    for turn in range(rounds):
        for job in JOBS:
            taken[job].append(run(job, folder, work / f"out-{turn}", made, schools))
    median = {job: medians(turns) for job, turns in taken.items()}
    first = median[next(iter(JOBS))]
    ratios = {job: {what: m[what] / first[what] for what in m} for job, m in median.items()}
    size = (folder / "outcomes.csv").stat().st_size / 1e6
    return {"rows": made, "file_mb": size, "rounds": rounds, "schools": schools, "median": median, "ratio": ratios}


def said(found: dict[str, Any]) -> str:
    """Give the table that a person reads."""
    lines = [
        f"{found['rows']:,} rows, {found['file_mb']:.0f} MB, {found['schools']:,} schools to simulate; medians of"
        f" {found['rounds']} rounds, jobs in turn; ratio to {next(iter(JOBS))} in the same run",
        f"{'job':32}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'x time':>9}{'x memory':>9}",
    ]
    for job, m in found["median"].items():
        r = found["ratio"][job]
        lines.append(
            f"{job:32}{m['seconds']:>9.2f}{m['cpu_seconds']:>9.2f}{m['peak_mb']:>9.0f}"
            f"{r['seconds']:>9.1f}{r['peak_mb']:>9.1f}"
        )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark and print its table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rows", type=int, default=1_000_000)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--schools", type=int, default=1_000, help="schools of the simulated district")
    ask.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = ask.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="leadlib-bench-") as work:
        found = bench(asked.rows, asked.rounds, asked.schools, Path(work))
    print(said(found))
    if asked.json:
        write(found, asked.json)


if __name__ == "__main__":
    main()
