"""The plan: everything that is asked is checked, and every job is known, before anything runs or is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from leadlib.batch import naming, parameters, units
from leadlib.errors import InputError, Problem, nearest
from leadlib.pages import FORMATS
from leadlib.tables.packs import find, load, package, roots

PACK = "pack"
LOCK = ".lock"
FOLDER = Path("reports/build")
ELSEWHERE = "choose another folder with --out"

T = TypeVar("T")


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


class _Problems:
    """Gathers what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def attempt(self, step: Callable[..., T], *args: Any) -> T | None:
        """Take a step; note what is wrong with it."""
        try:
            return step(*args)
        except InputError as error:
            self.found += [p for p in error.problems if p not in self.found]
            return None


def plan(request: Request) -> Plan:
    """Check a request and give the plan for it: one job a school, sorted by file name. Nothing is written.

    Raises
    ------
    InputError
        With everything that is wrong: notebook, parameters, pack, schools, year, formats, file names, output folder.
    """
    problems = _Problems()
    name = request.name or _default_name(request)
    folder = request.out / name
    unnamed = naming.check_batch_name(name)
    problems.found += unnamed or _check_mine(folder)
    problems.found += _check_folder(request.out if unnamed else folder)
    problems.found += _check_formats(request)
    values = problems.attempt(_values, request)
    rows = problems.attempt(_chosen, request)
    planned = None
    if values is not None and rows is not None:
        planned = problems.attempt(_jobs, request, values, rows)
    if problems.found or planned is None or values is None:
        raise InputError(problems.found)
    jobs, left_out, shared = planned
    unit = units.unit_of(parameters.read(request.notebook))
    return Plan(request, name, folder, shared, jobs, left_out, unit)


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


def _default_name(request: Request) -> str:
    words = [Path(request.pack).name, *(request.where[k] for k in sorted(request.where)), *request.schools[:3]]
    return naming.plain(" ".join(words))[: naming.LONGEST].strip("-") or "batch"


def _check_formats(request: Request) -> list[Problem]:
    where = f"{request.source}, to"
    if not request.to:
        return [Problem(where, "no format is named", nearest("", FORMATS))]
    return [Problem(where, f"there is no format {t!r}", nearest(t, FORMATS)) for t in request.to if t not in FORMATS]


def _values(request: Request) -> dict[str, Any]:
    """Check the parameters against the notebook; give the declared ones with the values that all schools share."""
    declared = parameters.read(request.notebook)
    where = f"{request.source}, parameters"
    unit = units.unit_of(declared)
    own = (PACK, unit.parameter)
    problems = [
        Problem(where, f"{name!r} is set for each {unit.word} by the batch", f"give --pack and {unit.option}")
        for name in own
        if name in request.parameters
    ]
    problems += [
        Problem(
            str(request.notebook),
            f"the notebook has no text parameter {name!r}, which a batch sets",
            f'add `{name}: str = "..."` to its parameters cell',
        )
        for name in own
        if name not in declared or declared[name].type != "str"
    ]
    given = {k: v for k, v in request.parameters.items() if k not in own}
    values, wrong = parameters.check(given, declared, where)
    if problems or wrong:
        raise InputError([*problems, *wrong])
    has_year = "year" in declared and declared["year"].type == "int"
    return {"year": None, **values} if has_year else values


def _chosen(request: Request) -> pd.DataFrame:
    """Give the rows asked for, when every table of the pack is sound."""
    unit = units.unit_of(parameters.read(request.notebook))
    if request.where or request.schools:
        _check_tables(request.pack)
    return units.chosen(unit, request.pack, request.where, request.schools, request.source)


def _check_tables(pack: str) -> None:
    """Load every table of a pack, so that all that is wrong in it is told before the first school runs."""
    problems = _Problems()
    for table in package(pack).tables:
        problems.attempt(load, f"{pack}/{table.name}")
    if problems.found:
        raise InputError(problems.found)


def _jobs(
    request: Request, values: dict[str, Any], rows: pd.DataFrame
) -> tuple[tuple[Job, ...], tuple[tuple[str, str], ...], dict[str, Any]]:
    """Give a job for each school that has the year, the names of those that have not, and the shared parameters."""
    ids = [str(s) for s in rows["school_id"]]
    shared, without = dict(values), list[str]()
    if "year" in values:
        shared["year"], without = _year(request, values["year"], ids)
    pack = _pack_from(request)
    unit = units.unit_of(parameters.read(request.notebook))
    made = [_job(pack, unit, shared, row) for row in rows.to_dict("records") if row["school_id"] not in without]
    jobs = tuple(sorted(made, key=lambda job: job.slug))
    if clash := naming.collisions((job.school_id, job.slug) for job in jobs):
        raise InputError(clash)
    names = dict(zip(ids, rows["school_name"].astype(str), strict=True))
    return jobs, tuple((s, names[s]) for s in sorted(without)), shared


def _job(pack: str, unit: units.Unit, shared: Mapping[str, Any], row: Mapping[Any, Any]) -> Job:
    school_id, name, lea = str(row["school_id"]), _text(row.get("school_name")), _text(row.get("lea_name"))
    return Job(
        school_id,
        name or school_id,
        lea,
        _text(row.get("school_level")),
        naming.slug(name, school_id),
        {PACK: pack, unit.parameter: school_id, **shared},
    )


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _pack_from(request: Request) -> str:
    """Give the pack as the notebook is to name it: a folder is named from where the notebook stands."""
    folder = find(request.pack)
    if folder.parent in roots():
        return folder.name
    try:
        near = Path(os.path.relpath(folder, request.notebook.resolve().parent)).as_posix()
        return near if "/" in near else f"./{near}"  # a bare word is the name of a pack
    except ValueError:  # another drive
        return folder.as_posix()


def _year(request: Request, year: int | None, ids: list[str]) -> tuple[int, list[str]]:
    """Settle the year (the newest there is, if none is given), and name the schools that have no data for it."""
    has = years_of(request.pack, ids)
    known = sorted({y for years in has.values() for y in years})
    where = f"{request.source}, year"
    if not known:
        raise InputError(Problem(where, f"{request.pack!r} has no year of the schools chosen"))
    settled = known[-1] if year is None else year
    without = [s for s in ids if settled not in has[s]]
    asked = [s for s in without if s in request.schools]
    if settled not in known:
        raise InputError(Problem(where, f"no school chosen has data for {settled}", nearest(settled, known)))
    if asked:
        raise InputError(
            [
                Problem(
                    where,
                    f"school {s!r} has no data for {settled}",
                    f"it has {', '.join(map(str, has[s])) or 'no year at all'}",
                )
                for s in asked
            ]
        )
    return settled, without


def years_of(pack: str, ids: list[str]) -> dict[str, list[int]]:
    """Give the years that any table of the pack has for each school."""
    found: dict[str, dict[int, None]] = {s: {} for s in ids}
    for table in package(pack).tables:
        if {"school_id", "year"} <= {f.name for f in table.fields}:
            pairs = load(f"{pack}/{table.name}")[["school_id", "year"]].drop_duplicates()
            for school_id, year in pairs[pairs["school_id"].isin(ids)].itertuples(index=False):
                found[str(school_id)][int(year)] = None
    return {s: sorted(years) for s, years in found.items()}


def _check_folder(folder: Path) -> list[Problem]:
    """Say why a batch cannot be written here. The check leaves nothing behind."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        return [Problem(str(folder), f"{there} is a file, so no folder can be made here", ELSEWHERE)]
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return [Problem(str(folder), f"cannot be written ({error.strerror or error})", ELSEWHERE)]
    return []


def _check_mine(folder: Path) -> list[Problem]:
    """Refuse a folder with files that no batch made: they would be mixed with ours."""
    others = [p for p in folder.iterdir() if p.name != LOCK] if folder.is_dir() else []
    if others and not (folder / "manifest.json").is_file():
        return [Problem(str(folder), "holds files that no batch made", "choose another --name, or empty the folder")]
    return []
