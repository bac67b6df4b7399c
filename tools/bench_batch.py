"""How long one report takes by several ways of running the same notebook for the same schools: part of `make bench`.

The ways take turns, each in a process of its own, and what counts is the ratio of medians within one run. Each way is
asked for the same executed notebooks; pages are left out, for papermill makes none. The last way is no notebook at all:
the code of its cells in a forked process that has imported and read everything, which nothing that runs notebooks can
beat. Every way holds sums to one thread. CPU seconds are those of the whole machine, idle time left out (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from leadlib.engines.surroundings import THREADS
from tools.bench import ROOT, medians, write

NOTEBOOK = ROOT / "notebooks/reports/school-report.ipynb"
PACK, YEAR = "california-2000", 1999
WORKERS = 2

CLI = """
import subprocess, sys
for school in schools:
    words = ["-p", "pack", pack, "-r", "school_id", school, "-p", "year", str(year), "--cwd", cwd, "--no-progress-bar"]
    subprocess.run([sys.executable, "-m", "papermill", notebook, f"{out}/{school}.ipynb", *words], check=True,
                   capture_output=True)
"""
POOL = """
import multiprocessing, papermill
def work(school):
    papermill.execute_notebook(notebook, f"{out}/{school}.ipynb", {"pack": pack, "school_id": school, "year": year},
                               cwd=cwd, progress_bar=False)
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        pool.map(work, schools, chunksize=1)
"""
OURS = """
from leadlib.engines.one import Task
from leadlib.engines.pool import Pool
tasks = [Task(notebook, {"pack": pack, "school_id": s, "year": year}, s, s, out, [], engine="%s") for s in schools]
with Pool(workers) as pool:
    assert all(o.status == "done" for _, o in pool.outcomes(tasks))
"""
SCRIPT = """
import ast, multiprocessing, os
from leadlib.engines.books import load
from leadlib.engines.warm import warm_up
from pathlib import Path
cells = [c.source for c in load(Path(notebook)).cells if c.cell_type == "code"]
warm_up(pack, cwd)
os.chdir(cwd)
def shown(source):
    tree = ast.parse(source)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        tree.body[-1] = ast.Assign([ast.Name("_value", ast.Store())], tree.body[-1].value)
    return compile(ast.fix_missing_locations(tree), "cell", "exec")
cells = [shown(c) for c in cells]
def work(school):
    from IPython.core.formatters import DisplayFormatter
    form = DisplayFormatter()
    space = {"__name__": "__main__"}
    for cell in cells:
        space.pop("_value", None)
        exec(cell, space)
        if "school_id" in space:
            space.update(pack=pack, school_id=school, year=year)
        if space.get("_value") is not None:
            form.format(space["_value"])
with multiprocessing.get_context("fork").Pool(workers, maxtasksperchild=1) as pool:
    pool.map(work, schools, chunksize=1)
"""
LIMIT, FORKED = "plain script, forked (the limit)", "leadlib, forked"
WAYS = {
    "papermill, command line in a loop": CLI,
    "papermill, a pool of processes": POOL,
    "leadlib, a kernel for each (plain)": OURS % "plain",
    "leadlib, processes used again (warm)": OURS % "warm",
    FORKED: OURS % "fork",
    LIMIT: SCRIPT,
}
HEAD = """
import json, sys
notebook, pack, year, cwd, out, schools, workers = json.loads(sys.argv[1])
"""


def once(code: str, schools: list[str]) -> dict[str, float]:
    """Run one way for these schools; give its seconds, CPU seconds with those of its children, and peak memory."""
    with tempfile.TemporaryDirectory(prefix="bench-") as out:
        script = Path(out) / "way.py"
        script.write_text(HEAD + code, encoding="utf-8")
        asked = json.dumps([str(NOTEBOOK), PACK, YEAR, str(NOTEBOOK.parent), out, schools, WORKERS])
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"} | dict.fromkeys(THREADS, "1")
        before, begun = busy_seconds(), time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, str(script), asked], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        peak, stop = [0.0], threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, peak, stop))
        watch.start()
        _, err = process.communicate()
        seconds = time.perf_counter() - begun
        stop.set()
        watch.join()
        if process.returncode:
            raise SystemExit(f"a way failed:\n{err.decode()[-2000:]}")
        cpu = busy_seconds() - before
        size = sum(p.stat().st_size for p in Path(out).rglob("*") if p.is_file())
    each = len(schools)
    return {
        "seconds_a_school": seconds / each,
        "cpu_seconds_a_school": cpu / each,
        "peak_mb": peak[0],
        "output_kb_a_school": size / 1000 / each,
    }


def busy_seconds() -> float:
    """Give the seconds that this machine's processors have worked so far, for whomever; 0 where that is not known."""
    try:
        used = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    except OSError:
        return 0.0
    user, nice, system, _, _, interrupts, soft, *_ = map(int, used)
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def _watch(pid: int, peak: list[float], stop: threading.Event) -> None:
    """Note the most memory that a process and its children hold at a time; shared pages count once (Linux)."""
    while not stop.wait(0.2):
        held = 0.0
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            continue
        for process in family:
            try:
                memory = process.memory_full_info()
                held += getattr(memory, "pss", memory.uss) / 2**20
            except psutil.Error:
                continue
        peak[0] = max(peak[0], held)


def chosen(count: int) -> list[str]:
    """Give schools spread over the pack that have a report for the year."""
    from leadlib.tables import load

    years = load(f"{PACK}/school_years")
    ids = sorted(years.loc[years["year"] == YEAR, "school_id"].astype(str).unique())
    return ids[:: max(1, len(ids) // count)][:count]


def main(words: list[str] | None = None) -> None:
    """Time every way, in turns, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schools", type=int, default=40, help="how many schools in each turn")
    parser.add_argument("--turns", type=int, default=1, help="how often each way has its turn")
    parser.add_argument(
        "--ways", default="", help="only the ways whose names hold one of these words, such as pool,forked"
    )
    parser.add_argument("--out", type=Path, help="a file to write the figures to as well")
    asked = parser.parse_args(words)
    schools = chosen(asked.schools)
    ways = {way: code for way, code in WAYS.items() if any(word in way for word in asked.ways.split(","))}
    turns: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    for _ in range(asked.turns):
        for way, code in ways.items():
            turns[way].append(once(code, schools))
    found: dict[str, Any] = {way: medians(each) for way, each in turns.items()}
    for figures in found.values():
        for name, base in (("times_leadlib_forked", FORKED), ("times_the_limit", LIMIT)):
            if base in found:
                figures[name] = figures["seconds_a_school"] / found[base]["seconds_a_school"]
    found = {"schools": len(schools), "workers": WORKERS, "turns": asked.turns, "ways": found}
    print(json.dumps(found, indent=1))
    if asked.out:
        write(found, asked.out)


if __name__ == "__main__":
    main()
