"""The plan: everything that is asked is checked, and every job is known, before anything runs or is written."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leadlib.batch import journal, lock, naming, units
from leadlib.engines import ENGINES
from leadlib.errors import InputError, Problem, nearest
from leadlib.pages import FORMATS

FOLDER = Path("reports/build")
DASK = "dask"
LEAST = {"cell_seconds": 1, "school_seconds": 1, "memory_mb": 0}
"""The limits of a run that can be asked for, with the smallest value of each."""


@dataclass(frozen=True)
class Request:
    """What somebody asks for: a notebook, for which schools of which pack, with which parameters, as which formats."""

    notebook: Path
    pack: str
    where: Mapping[str, str] = field(default_factory=dict)
    schools: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    to: tuple[str, ...] = FORMATS
    name: str = ""
    out: Path = FOLDER
    source: str = "command line"
    instructor: bool = False
    engine: str = "auto"
    cell_seconds: int = 600
    school_seconds: int = 3600
    memory_mb: int = 0
    bucket: str = ""
    on: str = ""
    scheduler: str = ""


@dataclass(frozen=True)
class Job:
    """One report to be made: of a school, or of what else the notebook is run for."""

    school_id: str
    school_name: str
    lea_name: str
    school_level: str
    slug: str
    parameters: dict[str, Any]

    @property
    def title(self) -> str:
        """Title of the school's page."""
        return ", ".join(t for t in (self.school_name, self.lea_name) if t)


@dataclass(frozen=True)
class Plan:
    """A checked request: what runs, and where it goes."""

    request: Request
    name: str
    folder: Path
    parameters: dict[str, Any]
    jobs: tuple[Job, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    unit: units.Unit = units.SCHOOL

    @property
    def place(self) -> str:
        """Address that the reports go to, where that is not the folder on this machine."""
        return f"{self.request.bucket.rstrip('/')}/{self.name}" if self.request.bucket else ""


def plan(request: Request) -> Plan:
    """Check a request and give the plan for it: one job a school, sorted by file name. Nothing is written.

    Raises
    ------
    InputError
        With everything that is wrong: notebook, parameters, pack, schools, year, formats, file names, output folder.
    """
    from leadlib.batch import jobs, parameters

    problems = jobs.Problems()
    name = request.name or _default_name(request)
    folder = request.out / name
    unnamed = naming.check_batch_name(name)
    problems.found += unnamed or _check_mine(folder)
    problems.found += _check_folder(request.out if unnamed else folder)
    problems.found += _check_formats(request) + _check_limits(request) + _check_machines(request)
    values = problems.attempt(jobs.values_of, request)
    rows = problems.attempt(jobs.chosen, request)
    planned = None
    if values is not None and rows is not None:
        planned = problems.attempt(jobs.jobs_of, request, values, rows)
    if problems.found or planned is None or values is None:
        raise InputError(problems.found)
    made, left_out, shared = planned
    unit = units.unit_of(parameters.read(request.notebook))
    return Plan(request, name, folder, shared, made, left_out, unit)


def every_notebook(request: Request) -> tuple[Request, ...]:
    """Give a request for each notebook of a folder, in the order of their names; of a single notebook, itself.

    Each becomes a batch with a folder of its own, named after the request and the notebook.

    Raises
    ------
    InputError
        When the folder holds no notebook.
    """
    if not request.notebook.is_dir():
        return (request,)
    found = sorted(request.notebook.glob("*.ipynb"), key=lambda path: path.name)
    if not found:
        raise InputError(Problem(str(request.notebook), "holds no notebook", "give a folder with .ipynb files"))
    named = request.name or _default_name(request)
    return tuple(
        replace(request, notebook=path, name=f"{named}-{naming.plain(path.stem)}"[: naming.LONGEST]) for path in found
    )


def years_of(pack: str, ids: list[str]) -> dict[str, list[int]]:
    """Give the years that any table of the pack has for each school."""
    from leadlib.batch import jobs

    return jobs.years_of(pack, ids)


def _default_name(request: Request) -> str:
    words = [Path(request.pack).name, *(request.where[k] for k in sorted(request.where)), *request.schools[:3]]
    return naming.plain(" ".join(words))[: naming.LONGEST].strip("-") or "batch"


def _check_formats(request: Request) -> list[Problem]:
    where = f"{request.source}, to"
    if not request.to:
        return [Problem(where, "no format is named", nearest("", FORMATS))]
    return [Problem(where, f"there is no format {t!r}", nearest(t, FORMATS)) for t in request.to if t not in FORMATS]


def _check_limits(request: Request) -> list[Problem]:
    where = f"{request.source}, "
    problems = [
        Problem(f"{where}{name}", f"{getattr(request, name)!r} is not a whole number of at least {least}")
        for name, least in LEAST.items()
        if type(getattr(request, name)) is not int or getattr(request, name) < least
    ]
    if request.engine not in ENGINES:
        fix = nearest(request.engine, ENGINES)
        problems.append(Problem(f"{where}engine", f"there is no engine {request.engine!r}", fix))
    elif request.engine == "fork":
        from leadlib.engines.pool import engine_of

        try:
            engine_of(request.engine)
        except InputError as error:
            problems += error.problems
    return problems


def _check_machines(request: Request) -> list[Problem]:
    """Say what is wrong with where a batch is to run, and with the bucket that its reports are to go to."""
    problems = []
    if request.on not in ("", DASK):
        problems.append(Problem("--on", f"there is no {request.on!r} to run on", nearest(request.on, (DASK,))))
    if request.scheduler and request.on != DASK:
        problems.append(Problem("--scheduler", "is the address of a Dask scheduler", f"add --on {DASK}"))
    if request.bucket:
        from leadlib.engines.places import place_of

        try:
            place_of(request.bucket).check()
        except InputError as error:
            problems += error.problems
    return problems


def _check_folder(folder: Path) -> list[Problem]:
    """Say why a batch cannot be written here. The check leaves nothing behind."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return [Problem(str(folder), f"{there} is a file, so no folder can be made here", lock.ELSEWHERE)]
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return [Problem(str(folder), f"cannot be written ({error.strerror or error})", lock.ELSEWHERE)]
    return []


def _check_mine(folder: Path) -> list[Problem]:
    """Refuse a folder with files that no batch made: they would be mixed with ours."""
    others = [p for p in folder.iterdir() if not _made_by_a_batch(p.name)] if folder.is_dir() else []
    if others and not (folder / "manifest.json").is_file():
        return [Problem(str(folder), "holds files that no batch made", "choose another --name, or empty the folder")]
    return []


def _made_by_a_batch(name: str) -> bool:
    """Whether it is what a batch leaves that was killed before its manifest stood."""
    return name in (lock.FILE, journal.BALLAST) or (name.startswith(".") and name.endswith(".part"))
