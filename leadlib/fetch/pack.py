"""A data pack of public data for a state or some districts: planned, fetched, made into tables, written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.fetch import district_tables, outcome_tables, rights_tables, school_tables
from leadlib.fetch.answers import Answer, ask, offered, years_of
from leadlib.fetch.client import UnreachedError
from leadlib.fetch.endpoints import EDFACTS_GRADES, GRADES, catalogue, endpoint
from leadlib.fetch.paging import Source
from leadlib.fetch.plans import Got, Part, Plan
from leadlib.fetch.selection import Selection
from leadlib.fetch.years import runs
from leadlib.numbers import listing
from leadlib.tables import standard, write_pack
from leadlib.tables.dictionary import FILE, Package

PLANS: Mapping[str, Plan] = {
    p.table: p for m in (school_tables, outcome_tables, rights_tables, district_tables) for p in m.PLANS
}
"""Every table that can be fetched."""
OWN = "district_years"
USUAL = ("schools", "school_years", "staff_years", "measures", "outcomes")
FETCHED = "fetched"


@dataclass(frozen=True)
class Order:
    """What a pack shall hold: where, when, which tables, which grades, and whether with more groups of pupils.

    `grades` are as the portal writes them (pk, k, 1 ... 99 for all together); `extra` adds English learners, students
    with disabilities and other groups beside race and sex.
    """

    selection: Selection
    years: tuple[int, ...]
    tables: tuple[str, ...] = USUAL
    grades: tuple[str, ...] = ("99",)
    extra: bool = False
    title: str = ""


def order(
    chosen: Selection,
    years: Sequence[int],
    tables: Iterable[str] = USUAL,
    *,
    grades: Iterable[str] = ("99",),
    extra: bool = False,
    title: str = "",
) -> Order:
    """Check what a pack shall hold; tables that others need are added.

    Raises
    ------
    InputError
        Every unknown table and grade, with the nearest there are.
    """
    asked, marks = [t.strip() for t in tables if t.strip()], [g.strip().lower() for g in grades if g.strip()]
    problems = [Problem(f"table {t!r}", "cannot be fetched", nearest(t, PLANS)) for t in asked if t not in PLANS]
    known = (*GRADES, "all")
    problems += [Problem(f"grade {g!r}", "is not a grade", nearest(g, known)) for g in marks if g not in known]
    if not asked:
        problems.append(Problem("tables", "none is named", nearest("", PLANS)))
    if problems:
        raise InputError(problems)
    needed = dict.fromkeys(["schools"] if set(asked) - {"budget_lines", OWN, "measures"} else [])
    for name in asked:
        needed |= dict.fromkeys([*PLANS[name].needs, name])
    in_order = tuple(t for t in (*standard.tables(), OWN) if t in needed)
    every = GRADES if "all" in marks else tuple(g for g in GRADES if g in marks)
    return Order(chosen, tuple(years), in_order, every or ("99",), extra, title)


def fetch_pack(source: Source, asked: Order, out: str | os.PathLike[str]) -> Package:
    """Fetch what is asked for and write it as a data pack; nothing is written if anything is wrong.

    The pack has the standard's tables (and `district_years`), a missing value with its reason, the citation and terms
    of the portal, what was set aside and why, and for every answer its address, time, count and the sha256 of its
    pages. From the same cache, the same bytes.

    Parameters
    ----------
    source : Source
        The portal, the cache, or both.
    asked : Order
        What the pack shall hold.
    out : path
        The pack's folder; its name is the pack's name. A pack there that was not fetched is not overwritten.

    Raises
    ------
    InputError
        Everything that is wrong with what came, or with the folder.
    """
    folder = Path(out)
    _free(folder)
    notes: list[str] = []
    answers = _answers(source, asked, notes)
    got = Got(answers, notes)
    frames = _tables(asked, got)
    document = _document(folder.resolve().name, asked, source, answers, list(dict.fromkeys(got.notes)))
    document["resources"] = [_cut(box, frames[box["name"]]) for box in _resources(tuple(frames))]
    return write_pack(folder, document, frames)


def _free(folder: Path) -> None:
    """Refuse to write over what was not fetched."""
    if folder.exists() and not folder.is_dir():
        raise refuse(str(folder), "is a file", "give a folder")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        fetched = FETCHED in json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        fetched = False
    if not fetched:
        raise refuse(str(folder), "is not empty and holds no fetched pack", "give a new folder")


def _answers(source: Source, asked: Order, notes: list[str]) -> dict[tuple[str, str], Answer]:
    """Ask for every answer the tables need, each once; all problems at once."""
    wanted: dict[tuple[str, str], dict[str, None]] = {}
    for part in _parts(asked):
        wanted.setdefault((part.endpoint, part.by), {}).update(dict.fromkeys(part.fields))
    lists = offered(source, notes)
    _hold_years(asked, lists)
    answers: dict[tuple[str, str], Answer] = {}
    problems: list[Problem] = []
    for (name, by), fields in wanted.items():
        point = endpoint(name)
        there = [y for y in asked.years if y in years_of(point, by, lists)]
        lost = [y for y in asked.years if y not in there]
        if lost:
            notes.append(f"{point.title}: not collected, or not on offer, for {runs(lost)}.")
        grades = (
            tuple(g for g in asked.grades if g in EDFACTS_GRADES) if point.grade == "grade_edfacts" else asked.grades
        )
        try:
            answer = ask(source, point, there, asked.selection, by=by, grades=grades, fields=fields)
        except UnreachedError:
            raise
        except InputError as error:
            problems += [p for p in error.problems if p not in problems]
            continue
        answers[name, by] = answer
        notes += answer.notes
        if answer.new:
            notes.append(f"{name}: the portal has fields that leadlib does not know: {listing(list(answer.new))}.")
    if problems:
        raise InputError(problems)
    return answers


def _hold_years(asked: Order, lists: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse a table of which the portal has none of the years."""
    problems = []
    for name in asked.tables:
        parts = [p for p in PLANS[name].parts if not p.beside]
        there = sorted({y for p in parts for y in years_of(endpoint(p.endpoint), p.by, lists)})
        if not set(there) & set(asked.years):
            what = f"the portal has it for no year of {runs(asked.years)}"
            problems.append(
                Problem(
                    f"table {name}",
                    what,
                    f"it has {runs(there)} (--refresh asks what is new); else leave the table out",
                )
            )
    if problems:
        raise InputError(problems)


def _parts(asked: Order) -> list[Part]:
    return [p for t in asked.tables for p in PLANS[t].parts if asked.extra or not p.extra]


def _tables(asked: Order, got: Got) -> dict[str, pd.DataFrame]:
    """Make the tables; rows of schools that the directory does not have are set aside."""
    frames: dict[str, pd.DataFrame] = {}
    for name in asked.tables:
        frame = PLANS[name].build(got)
        if frame is not None and len(frame):
            frames[name] = _of_known_schools(frame, frames.get("schools"), name, got)
        else:
            got.notes.append(f"Table {name}: the portal has nothing for this selection and these years.")
    frames = {n: f for n, f in frames.items() if len(f)}
    if not frames or ("schools" in asked.tables and "schools" not in frames):
        where = f"{asked.selection}, {runs(asked.years)}"
        what = "the portal has no schools here" if "schools" in asked.tables else "the portal has nothing here"
        raise refuse(where, what, "check the state or district, and the years")
    if "measures" in frames:
        outcomes = frames.get("outcomes")
        if outcomes is not None:
            kept = frames["measures"]["measure"].isin(outcomes["measure"])
            frames["measures"] = frames["measures"][kept]
    return frames


def _of_known_schools(frame: pd.DataFrame, schools: pd.DataFrame | None, name: str, got: Got) -> pd.DataFrame:
    if schools is None or name == "schools" or "school_id" not in frame:
        return frame
    known = frame["school_id"].isna() | frame["school_id"].isin(schools["school_id"])
    got.note(int((~known).sum()), f"rows of {name} are of schools that the directory does not have and are set aside.")
    return frame[known].reset_index(drop=True)


def _resources(names: tuple[str, ...]) -> list[dict[str, Any]]:
    boxes = standard.resources([n for n in names if n != OWN])
    return [*boxes, district_tables.resource()] if OWN in names else boxes


def _cut(box: dict[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
    """Keep the fields of a table that the portal has, and the links that these fields make."""
    schema = box["schema"]
    schema["fields"] = [f for f in schema["fields"] if f["name"] in frame.columns]
    links = [k for k in schema.pop("foreignKeys", []) if all(name in frame.columns for name in k["fields"])]
    if links:
        schema["foreignKeys"] = links
    return box


def _document(
    name: str, asked: Order, source: Source, answers: Mapping[tuple[str, str], Answer], notes: list[str]
) -> dict[str, Any]:
    """Write what the pack says of itself."""
    manifests = sorted(source.manifests, key=lambda m: m["url"])
    where, when = str(asked.selection), runs(asked.years)
    titles = list(dict.fromkeys(a.endpoint.title for a in answers.values() if len(a.frame)))
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": asked.title or f"Public data of {where}, {when}",
        "description": f"Federal data on public schools of {where}, school years that began in {when}, as the "
        "Education Data Portal of the Urban Institute gives them.",
        "record_type": "real",
        "sources": [{"title": citation(titles, [m["fetched"][1] for m in manifests])}],
        "terms": catalogue().terms,
        "notes": notes,
        FETCHED: {
            "portal": source.client.base,
            "years": when,
            "tables": list(asked.tables),
            "grades": list(asked.grades),
            "states": list(asked.selection.states),
            "districts": list(asked.selection.districts),
            "answers": manifests,
        },
    }


def citation(titles: Sequence[str], fetched: Sequence[str]) -> str:
    """Give the line by which the portal asks to be named; the day is that on which the last page came."""
    last = max(fetched)[:10] if fetched else ""
    day = date.fromisoformat(last).strftime("%B %d, %Y") if last else ""
    return (
        f"{'; '.join(titles)}, Education Data Portal, Urban Institute, accessed {day}, {catalogue().pages}, "
        "made available under the ODC Attribution License."
    )
