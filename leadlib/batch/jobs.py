"""The jobs of a plan: the notebook's parameters, the schools and the year, checked against the pack."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from leadlib.batch import naming, parameters, units
from leadlib.batch.plan import Job, Request
from leadlib.errors import InputError, Problem, nearest
from leadlib.tables.packs import find, load, package, roots

PACK = "pack"

T = TypeVar("T")


class Problems:
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


def values_of(request: Request) -> dict[str, Any]:
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


def chosen(request: Request) -> pd.DataFrame:
    """Give the rows asked for, when every table of the pack is sound."""
    unit = units.unit_of(parameters.read(request.notebook))
    if request.where or request.schools:
        _check_tables(request.pack)
    return units.chosen(unit, request.pack, request.where, request.schools, request.source)


def _check_tables(pack: str) -> None:
    """Load every table of a pack, so that all that is wrong in it is told before the first school runs."""
    problems = Problems()
    for table in package(pack).tables:
        problems.attempt(load, f"{pack}/{table.name}")
    if problems.found:
        raise InputError(problems.found)


def jobs_of(
    request: Request, values: dict[str, Any], rows: pd.DataFrame
) -> tuple[tuple[Job, ...], tuple[tuple[str, str], ...], dict[str, Any]]:
    """Give a job for each school that has the year, the names of those that have not, and the shared parameters."""
    ids = [str(s) for s in rows["school_id"]]
    shared, without = dict(values), list[str]()
    if "year" in values:
        shared["year"], without = _year(request, values["year"], ids)
    pack = _pack_from(request)
    unit = units.unit_of(parameters.read(request.notebook))
    out = set(without)
    made = [_job(pack, unit, shared, row) for row in rows.to_dict("records") if row["school_id"] not in out]
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
