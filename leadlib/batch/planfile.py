"""Plan files: what to run for whom, kept in a few lines of YAML.

Every value is read as the text that stands there. YAML itself would turn the school id 010000500770 into 1073906168,
`NO` into false and 4.8E+11 into a number; here the notebook's typed parameters say what a text means.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from leadlib.batch.plan import LEAST, Request
from leadlib.errors import InputError, Problem, nearest

WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
KEYS = ("notebook", "pack", "where", "schools", "programs", "parameters", "to", "name", "engine", *LEAST)


class _TextLoader(yaml.BaseLoader):
    """Keeps every value as text and refuses a key that stands twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(k) for k in keys if keys.count(k) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def read_plan_file(path: str | Path) -> Request:
    """Read a plan file: notebook, pack, where, schools (or programs), parameters, to, name; engine and limits.

    Raises
    ------
    InputError
        With everything that is wrong: no such file, no YAML, an unknown key, a value of the wrong shape.
    """
    file = Path(path)
    content = _content(file)
    problems = [Problem(str(file), f"unknown key {key!r}", nearest(key, KEYS)) for key in content if key not in KEYS]
    problems += [
        Problem(str(file), f"the key {key!r} is missing", f"add a line `{key}: ...`")
        for key in ("notebook", "pack")
        if not content.get(key)
    ]
    notebook, pack, name, engine = (
        _text(content, key, file, problems) for key in ("notebook", "pack", "name", "engine")
    )
    limits: dict[str, Any] = {key: _number(content, key, file, problems) for key in LEAST if content.get(key)}
    where, parameters = (_pairs(content, key, file, problems) for key in ("where", "parameters"))
    schools, programs, to = (_texts(content, key, file, problems) for key in ("schools", "programs", "to"))
    if problems:
        raise InputError(problems)
    request = Request(
        _nearby(notebook, file),
        _pack(pack, file),
        where,
        (*schools, *programs),
        parameters,
        to or Request.to,
        name or file.stem,
        source=str(file),
        engine=engine or Request.engine,
    )
    return replace(request, **limits)


def _content(file: Path) -> dict[Any, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=_TextLoader)
    except FileNotFoundError:
        raise InputError(Problem(str(file), "there is no such plan file", "check the path")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(str(file), f"the plan file cannot be read: {error}")) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}, line {mark.line + 1}" if mark else str(file)
        raise InputError(Problem(place, f"this is not YAML: {getattr(error, 'problem', None) or error}")) from None
    if not isinstance(content, dict):
        raise InputError(Problem(str(file), "this is not a plan", f"give lines `key: value`: {', '.join(KEYS)}"))
    return content


def _text(content: dict[Any, Any], key: str, file: Path, problems: list[Problem]) -> str:
    value = content.get(key, "")
    if isinstance(value, str):
        return value.strip()
    problems.append(Problem(f"{file}, {key}", "one value is expected here"))
    return ""


def _number(content: dict[Any, Any], key: str, file: Path, problems: list[Problem]) -> int:
    text = _text(content, key, file, problems)
    if WHOLE_NUMBER.fullmatch(text):
        return int(text)
    problems.append(Problem(f"{file}, {key}", f"{text!r} is not a whole number", f"write for example `{key}: 600`"))
    return 0


def _texts(content: dict[Any, Any], key: str, file: Path, problems: list[Problem]) -> tuple[str, ...]:
    value = content.get(key, [])
    values = [t.strip() for t in value.split(",")] if isinstance(value, str) else value
    if isinstance(values, list) and all(isinstance(v, str) for v in values):
        return tuple(v for v in values if v)
    problems.append(Problem(f"{file}, {key}", "a list of values is expected here"))
    return ()


def _pairs(content: dict[Any, Any], key: str, file: Path, problems: list[Problem]) -> dict[str, str]:
    value = content.get(key) or {}
    if isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
        return value
    problems.append(Problem(f"{file}, {key}", "lines `name: value` are expected here"))
    return {}


def _nearby(text: str, file: Path) -> Path:
    """Find a file named in a plan: from here, from the plan's folder, or from a folder above it."""
    for folder in (Path(), *file.resolve().parents):
        if (folder / text).exists():
            return folder / text
    return Path(text)


def _pack(text: str, file: Path) -> str:
    is_path = "/" in text or "\\" in text
    return str(_nearby(text, file)) if is_path else text
