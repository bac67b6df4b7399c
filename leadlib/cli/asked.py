"""What was typed after `leadlib run`, as requests: from plan files, or from the options beside one notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadlib.errors import InputError, Problem, refuse

if TYPE_CHECKING:
    from leadlib.batch import Request

PLAN_FILES = (".yml", ".yaml")
IN_THE_FILE = ("pack", "where", "schools", "programs", "year", "parameters", "name")
OF_THE_RUN = ("engine", "cell_seconds", "school_seconds", "memory_mb", "on", "scheduler")


def requests(what: Sequence[str], asked: dict[str, Any]) -> list[Request]:
    """Turn what was typed into requests.

    Raises
    ------
    InputError
        With everything that is wrong: kinds mixed, options that do not go with a plan file, pairs that are none.
    """
    are_plans = [Path(w).suffix.lower() in PLAN_FILES for w in what]
    if not any(are_plans) and len(what) == 1:
        return [_typed(what[0], asked)]
    if not all(are_plans):
        raise refuse(
            "leadlib run",
            "give one notebook or folder of notebooks, or one or more plan files",
            "see leadlib run --help",
        )
    return _from_files(what, asked)


def _from_files(what: Sequence[str], asked: dict[str, Any]) -> list[Request]:
    from leadlib.batch import read_plan_file

    problems = [
        Problem("leadlib run", f"--{name} does not go with a plan file", "write it into the file")
        for name in IN_THE_FILE
        if asked[name]
    ]
    found = []
    for path in what:
        try:
            found.append(replace(read_plan_file(path), **_changes(asked)))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _typed(notebook: str, asked: dict[str, Any]) -> Request:
    from leadlib.batch import Request

    problems: list[Problem] = []
    where, parameters = pairs("--where", asked["where"], problems), pairs("-p", asked["parameters"], problems)
    if asked["year"]:
        if "year" in parameters:
            problems.append(Problem("--year", "the year is given twice", "leave one out"))
        parameters["year"] = asked["year"]
    if not asked["pack"]:
        problems.append(Problem("--pack", "no data pack is named", "leadlib packs lists them"))
    if problems:
        raise InputError(problems)
    request = Request(Path(notebook), asked["pack"], where, (*asked["schools"], *asked["programs"]), parameters)
    return replace(request, name=asked["name"] or "", **_changes(asked))


def _changes(asked: dict[str, Any]) -> dict[str, Any]:
    """Give what an option says for any kind of request; what was not typed stays as it is."""
    found = {name: asked[name] for name in OF_THE_RUN if asked.get(name) is not None}
    if asked.get("out"):
        found |= {"bucket": asked["out"]} if "://" in asked["out"] else {"out": Path(asked["out"])}
    found |= {"to": _formats(asked["to"])} if asked["to"] else {}
    return found | {"instructor": asked["instructor"]}


def pairs(option: str, texts: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    """Read texts such as `level=High`; note what is wrong with them."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            problems.append(Problem(option, f"{text!r} is not NAME=VALUE", f"such as {option} level=High"))
        elif name.strip() in found:
            problems.append(Problem(option, f"{name.strip()!r} is given twice", "leave one out"))
        found[name.strip()] = value
    return found


def _formats(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.strip().lower() for t in text.split(",") if t.strip()))
