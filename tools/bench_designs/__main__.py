"""Time every design beside what people would call instead, and print a table: `make bench`."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.bench import ROOT, medians, write
from tools.bench_designs.jobs import Job, every
from tools.bench_designs.sides import Runner, installed

HOW = (
    "Each side runs in a process of its own, sides take turns, medians count; one thread each. On the clock is the call"
    " alone: after imports, loading, and the same call on 60 schools.",
    "x time, x CPU, x memory: the peer's over leadlib's, so above 1 leadlib needs less. peak MB is the whole process"
    " with its data, on which short calls leave no mark. apart: how far the peer's number lies from leadlib's.",
)
FIGURES = ("seconds", "cpu_seconds", "peak_mb")
Run = Callable[[Job, int], dict[str, Any]]


def bench(jobs: list[Job], rounds: int, run: Run) -> list[dict[str, Any]]:
    """Let the sides of each job take turns for some rounds; give medians, ratios to leadlib and how far numbers lie."""
    found = []
    for job in jobs:
        turns: list[list[dict[str, Any]]] = [[] for _ in range(len(job.peers) + 1)]
        for _ in range(rounds):
            for side, own in enumerate(turns):
                own.append(run(job, side))
        sides = [_side(job, k, own) for k, own in enumerate(turns)]
        first = sides[0]
        for peer, beside in zip(job.peers, sides[1:], strict=True):
            if "seconds" in beside and "seconds" in first:
                beside["ratio"] = {w: beside[w] / first[w] for w in FIGURES if first[w]}
                beside.update(_apart(beside, first, peer.within))
        about = {"job": job.name, "estimator": job.estimator, "table": job.table, "extent": job.extent}
        found.append({**about, "sides": sides})
        print(f"{job.name}: done", file=sys.stderr)
    return found


def _side(job: Job, side: int, turns: list[dict[str, Any]]) -> dict[str, Any]:
    name = job.peers[side - 1].name if side else "leadlib"
    note = job.peers[side - 1].note if side else job.note
    without = [t["said"] for t in turns if "said" in t]
    return {"side": name, "note": note} | ({"said": without[0]} if without else medians(turns))


def _apart(side: dict[str, Any], first: dict[str, Any], within: float | None) -> dict[str, Any]:
    """Give how far a peer's number lies from leadlib's, and whether that is nearer than it should be."""
    if within is None:
        return {}
    apart = abs(side["value"] - first["value"]) / max(abs(first["value"]), 1e-300)
    return {"apart": apart, "within": within, "agrees": bool(apart <= within)}


def said(found: dict[str, Any]) -> str:
    """Give the table that a person reads."""
    tables = "; ".join(f"{name} {rows:,}" for name, rows in found["rows"].items())
    lines = [
        f"{found['schools']:,} schools; rounds: {found['rounds']}. Rows: {tables}.",
        *HOW, *found["lacking"], "Versions: " + ", ".join(f"{n} {v}" for n, v in found["versions"].items()) + ".", "",
        f"{'':42}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}{'x time':>9}{'x CPU':>9}{'x memory':>9}{'apart':>9}",
    ]  # fmt: skip
    for job in found["jobs"]:
        lines.append(job["job"])
        lines += [_line(side) for side in job["sides"] if side.get("said") != "not installed"]
    told = list(disagreements(found["jobs"]))
    return "\n".join([*lines, "", *(told or ["Every peer gives leadlib's number, as nearly as it should."])])


def _line(side: dict[str, Any]) -> str:
    name = f"  {side['side']}"
    if "said" in side:
        return f"{name:42}  {side['said']}"
    figures = f"{_short(side['seconds']):>9}{_short(side['cpu_seconds']):>9}{side['peak_mb']:>9.0f}"
    ratio = side.get("ratio", {})
    more = "".join(f"{_short(ratio[w]) if w in ratio else '':>9}" for w in FIGURES)
    apart = f"{side['apart']:.0e}" if "apart" in side else ""
    return f"{name:42}{figures}{more}{apart:>9}{'  ' + side['note'] if side['note'] else ''}".rstrip()


def _short(value: float) -> str:
    """Give three significant digits, without an exponent."""
    if not math.isfinite(value) or value <= 0:
        return f"{value:.3f}"
    return f"{value:.{min(4, max(0, 2 - math.floor(math.log10(value))))}f}"


def disagreements(jobs: list[dict[str, Any]]) -> list[str]:
    """Say in words where a peer gives another number than it should, and what did not run."""
    lines = []
    for job in jobs:
        first = job["sides"][0]
        for side in job["sides"]:
            if side.get("agrees") is False:
                lines.append(
                    f"Disagreement, {job['job']}: {side['side']} gives {side['value']:.6g}, leadlib"
                    f" {first['value']:.6g}; {side['apart']:.1e} apart, where {side['within']:.0e} is allowed."
                )
            elif side.get("said", "").startswith(("failed", "over")):
                lines.append(f"{job['job']}: {side['side']}: {side['said']}.")
    return lines


def _made(folder: Path, scale: float, csv: bool) -> dict[str, int]:
    """Make the tables in a process of its own, which gives the memory back."""
    command = [sys.executable, "-m", "tools.bench_designs.data", str(folder), str(scale), "csv" if csv else ""]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=True)
    rows: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return rows


def main(arguments: list[str] | None = None, *, apart: bool = True) -> None:
    """Run the benchmark and print its table; without `apart` leadlib and Python's peers run in this process."""
    ask = argparse.ArgumentParser(prog="python -m tools.bench_designs", description=__doc__)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--scale", type=float, default=1.0, help="share of 6,000 schools and 1,000,000 pupils")
    ask.add_argument("--only", nargs="+", default=(), metavar="NAME", help="estimators, such as did or rd")
    ask.add_argument("--peers", metavar="PYTHON", help="another Python, for peers that this one lacks")
    ask.add_argument("--rscript", default="Rscript")
    ask.add_argument("--limit", type=float, default=600, help="seconds a process may take")
    ask.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = ask.parse_args(arguments)
    jobs = [j for j in every() if not asked.only or any(j.estimator.startswith(name) for name in asked.only)]
    if not jobs:
        ask.error(f"--only names none of: {', '.join(sorted({j.estimator for j in every()}))}")
    peers = [p for j in jobs for p in j.peers]
    there = installed(peers, asked.peers, asked.rscript)
    with tempfile.TemporaryDirectory(prefix="leadlib-bench-") as work:
        folder = Path(work)
        rows = _made(folder, asked.scale, there.rscript is not None)
        found: dict[str, Any] = {
            "schools": rows["schools"], "rows": rows, "rounds": asked.rounds, "lacking": there.lacking(peers),
            "versions": there.versions(),
            "jobs": bench(jobs, asked.rounds, Runner(folder, there, asked.limit, apart)),
        }  # fmt: skip
    print(said(found))
    if asked.json:
        write(found, asked.json)
    failed = [j["job"] for j in found["jobs"] if "said" in j["sides"][0]]
    if failed:
        raise SystemExit(f"leadlib did not get through: {', '.join(failed)}")


if __name__ == "__main__":
    main()
