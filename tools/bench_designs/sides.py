"""Where each side runs: leadlib here, Python's peers here or in another Python, R's in R; and what is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.bench import ROOT
from tools.bench_designs.child import MOST, SHORT, measured
from tools.bench_designs.jobs import Job, Peer

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in THREADS} | {"POLARS_MAX_THREADS": "1"}

FIND = """
import importlib.metadata, importlib.util, json, sys
names = {"diff_diff": "diff-diff", "pymare": "PyMARE"}
print(json.dumps({m: importlib.metadata.version(names.get(m, m)) for m in sys.argv[1:] if importlib.util.find_spec(m)}))
"""

FIND_R = """
for (p in commandArgs(TRUE)) if (requireNamespace(p, quietly = TRUE)) cat(p, as.character(packageVersion(p)), "\\n")
"""

RUN_R = """
options(warn = -1)
at <- commandArgs(TRUE)
for (p in strsplit(at[3], ",")[[1]]) suppressWarnings(suppressMessages(library(p, character.only = TRUE)))
run <- function(d) {code}
invisible(run(read.csv(at[1])))
d <- read.csv(at[2])
invisible(gc())
times <- matrix(0, 0, 2)
while (nrow(times) == 0 || (sum(times[, 1]) < {short} && nrow(times) < {most})) {{
  begun <- proc.time()
  value <- run(d)
  used <- proc.time() - begun
  times <- rbind(times, c(used[["elapsed"]], used[["user.self"]] + used[["sys.self"]]))
}}
peak <- NA
if (file.exists("/proc/self/status")) {{
  line <- grep("VmHWM", readLines("/proc/self/status"), value = TRUE)
  peak <- as.numeric(gsub("[^0-9]", "", line)) / 1024
}}
cat(sprintf('\\n{{"seconds": %.6f, "cpu_seconds": %.6f, "peak_mb": %s, "value": %s}}\\n', median(times[, 1]),
  median(times[, 2]), if (is.na(peak)) "NaN" else sprintf("%.1f", peak),
  if (is.finite(value)) sprintf("%.15g", value) else "NaN"))
"""


@dataclass(frozen=True)
class Installed:
    """Which modules and packages there are, by version, and the programs that have them."""

    here: dict[str, str]
    there: dict[str, str]
    r: dict[str, str]
    python: str | None
    rscript: str | None

    def program(self, peer: Peer) -> str | None:
        """Give the program that runs a peer, or None where something is lacking."""
        if peer.in_r:
            return self.rscript if all(n in self.r for n in peer.needs) else None
        for program, held in ((sys.executable, self.here), (self.python, self.there)):
            if all(n in held for n in peer.needs):
                return program
        return None

    def versions(self) -> dict[str, str]:
        """Give what is used, by name."""
        return {**self.there, **self.here, **{f"R {name}": version for name, version in self.r.items()}}

    def lacking(self, peers: list[Peer]) -> list[str]:
        """Say what is not there."""
        r = {n for p in peers if p.in_r for n in p.needs}
        python = {n for p in peers if not p.in_r for n in p.needs}
        lines = []
        gone = sorted(n for n in python if n not in self.here and n not in self.there)
        if gone:
            where = "" if self.python else " (--peers names a Python that has them)"
            lines.append(f"Not installed in Python, so left out: {', '.join(gone)}{where}.")
        if r and not self.rscript:
            lines.append("R is not installed: its rows are left out.")
        elif r - set(self.r):
            lines.append(f"Not installed in R, so left out: {', '.join(sorted(r - set(self.r)))}.")
        return lines


def installed(peers: list[Peer], python: str | None, rscript: str) -> Installed:
    """Look up what there is for these peers."""
    modules = sorted({n for p in peers if not p.in_r for n in p.needs})
    packages = sorted({n for p in peers if p.in_r for n in p.needs})
    here, there = (_python(program, modules) if program else {} for program in (sys.executable, python))
    found = shutil.which(rscript)
    r: dict[str, str] = {}
    if found and packages:
        told = _output([found, "-e", FIND_R, *packages])
        r = dict(line.split() for line in told.splitlines() if len(line.split()) == 2)
    return Installed(here, there, r, python, found)


def _python(program: str, modules: list[str]) -> dict[str, str]:
    found: dict[str, str] = json.loads(_output([program, "-c", FIND, *modules]).splitlines()[-1])
    return found


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{command[0]} does not run:\n{done.stderr}")
    return done.stdout


@dataclass
class Runner:
    """Runs sides, and no longer than `limit` seconds; R aside, in this process where they need not be `apart`."""

    folder: Path
    installed: Installed
    limit: float
    apart: bool = True
    over: set[tuple[str, int]] = field(default_factory=set)

    def __call__(self, job: Job, side: int) -> dict[str, Any]:
        """Give a side's figures, or under "said" in words why there are none."""
        if (job.name, side) in self.over:
            return {"said": f"over {self.limit:g} s"}
        peer = job.peers[side - 1] if side else None
        program = self.installed.program(peer) if peer else sys.executable
        if program is None:
            return {"said": "not installed"}
        if not self.apart and program == sys.executable:
            return measured(job, side, self.folder)
        command = self._r(program, job, peer) if peer and peer.in_r else self._own(program, job, side)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | ONE_THREAD
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, env=environment, timeout=self.limit
            )
        except subprocess.TimeoutExpired:
            self.over.add((job.name, side))
            return {"said": f"over {self.limit:g} s"}
        if done.returncode:
            return {"said": f"failed: {_why(done.stderr) or f'ended with {done.returncode}'}"}
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def _own(self, program: str, job: Job, side: int) -> list[str]:
        return [program, "-m", "tools.bench_designs.child", str(self.folder), job.name, str(side)]

    def _r(self, program: str, job: Job, peer: Peer) -> list[str]:
        script = self.folder / "run.R"
        script.write_text(RUN_R.format(code=peer.run, short=SHORT, most=MOST), encoding="utf-8")
        tables = [str(self.folder / f"{job.table}-{extent}.csv") for extent in ("small", job.extent)]
        return [program, str(script), *tables, ",".join(peer.needs)]


def _why(stderr: str) -> str:
    """Give the last line that says what went wrong."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip() and line.strip() != "Execution halted"]
    return lines[-1][:160] if lines else ""
