"""YAML documents read so that nothing in them is guessed, and everything wrong in them is told with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from leadlib.errors import Problem, nearest, refuse

_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


class Box(dict[str, Any]):
    """A mapping that knows the line it begins on."""

    def __init__(self, items: Any = (), line: int = 0) -> None:
        super().__init__(items)
        self.line = line


class _Loader(yaml.BaseLoader):  # every scalar stays text: `NO` is no falsehood, `01` no number
    def flatten_mapping(self, node: Any) -> None:
        """Leave `<<` as it is written: it is refused as an unknown key."""


def _mapping(loader: _Loader, node: yaml.MappingNode, deep: bool = True) -> Box:
    made = Box(line=node.start_mark.line + 1)
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key_node.start_mark)
        if key in made:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> Any:
    """Read a YAML file: mappings, lists and text, nothing else.

    Raises
    ------
    InputError
        The file cannot be read, is not UTF-8, or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise refuse(str(path), f"cannot be read: {error.strerror}", "check the file and your rights to it") from None
    except UnicodeDecodeError as error:
        raise refuse(str(path), f"is not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    return load_yaml(text, path.name)


def load_yaml(text: str, where: str = "crosswalk") -> Any:
    """Read YAML text."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise refuse(f"{where}, line {line}", f"is not valid YAML: {error.problem}", "correct the line") from None
    except yaml.YAMLError as error:
        said = str(error).splitlines()[0]
        raise refuse(where, f"is not valid YAML: {said}", "correct the file") from None
    except (RecursionError, ValueError):
        raise refuse(where, "is not valid YAML: nested too deeply or not text", "correct the file") from None


class Reader:
    """Takes entries out of boxes and notes every problem instead of stopping at the first."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def note(self, box: Any, what: str, fix: str = "") -> None:
        """Note a problem at a box."""
        line = getattr(box, "line", 0)
        self.problems.append(Problem(f"{self.where}, line {line}" if line else self.where, what, fix))

    def known(self, box: Any, key: str, allowed: Sequence[str], what: str = "key") -> bool:
        """Hold a key to those there are."""
        if key not in allowed:
            self.note(box, f"the {what} {key!r} is not known", nearest(key, allowed))
        return key in allowed

    def box(self, value: Any, allowed: Sequence[str], *, must: Iterable[str] = (), what: str = "key") -> Box:
        """Take a mapping whose keys are known; the unknown ones are told with the nearest that is."""
        if not isinstance(value, Box):
            self.note(value, f"must be a mapping, not {str(value)[:60]!r}", f"write {', '.join(allowed[:6])} below it")
            return Box()
        for key in must:
            if key not in value or value[key] in ("", [], {}):
                self.note(value, f"{key!r} is missing", f"add {key!r}")
        return Box({k: v for k, v in value.items() if self.known(value, k, allowed, what)}, value.line)

    def inner(self, box: Box, key: str) -> Box:
        """Take a mapping inside a mapping; an absent one is empty."""
        value = box.get(key, "")
        if isinstance(value, Box):
            return value
        if value != "":
            self.note(box, f"{key!r} must be a mapping, not {str(value)[:60]!r}", "write `name: value` lines below it")
        return Box(line=box.line)

    def several(self, box: Box, key: str) -> list[Any]:
        """Take a list; a single item may stand without one."""
        value = box.get(key, "")
        if value == "":
            return []
        return value if isinstance(value, list) else [value]

    def items(self, box: Box, key: str) -> list[Box]:
        """Take a list of mappings."""
        found = self.several(box, key)
        for item in found:
            if not isinstance(item, Box):
                self.note(box, f"each item of {key!r} must be a mapping, not {str(item)[:60]!r}", "correct it")
        return [item for item in found if isinstance(item, Box)]

    def text(self, box: Box, key: str) -> str:
        """Take text; an absent one is empty."""
        value = box.get(key, "")
        if isinstance(value, str):
            return value
        self.note(box, f"{key!r} must be text, not {str(value)[:60]!r}", "correct it")
        return ""

    def texts(self, box: Box, key: str) -> tuple[str, ...]:
        """Take text or a list of texts."""
        value = box.get(key)
        if value is None:
            return ()
        found = value if isinstance(value, list) else [value]
        if not all(isinstance(v, str) for v in found):
            self.note(box, f"{key!r} must be text or a list of texts", "correct it")
        return tuple(v for v in found if isinstance(v, str))

    def choice(self, box: Box, key: str, allowed: Sequence[str], default: str) -> Any:
        """Take one of a few words."""
        value = self.text(box, key)
        if value and value not in allowed:
            self.note(box, f"{key!r} is {value!r}", nearest(value, allowed))
            return default
        return value or default

    def truth(self, box: Box, key: str, default: bool) -> bool:
        """Take true or false."""
        value = self.text(box, key).casefold()
        if value and value not in _TRUTH:
            self.note(box, f"{key!r} is {value!r}", "write true or false")
        return _TRUTH.get(value, default)

    def number(self, box: Box, key: str) -> float | None:
        """Take a number, where there is one."""
        value = self.text(box, key)
        if not value:
            return None
        if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", value):
            self.note(box, f"{key!r} must be a number, not {value!r}", "correct it")
            return None
        return float(value)

    def years(self, box: Box, key: str) -> tuple[int, int] | None:
        """Take years: `2012` or `2012-2016`, the fall of the first and the last."""
        value = self.text(box, key)
        found = re.fullmatch(r"([12][0-9]{3})(?:\s*(?:-|to)\s*([12][0-9]{3}))?", value)
        if not value:
            return None
        if not found or int(found[2] or found[1]) < int(found[1]):
            self.note(box, f"{key!r} must be years, not {value!r}", "write 2012 or 2012-2016 (falls)")
            return None
        return int(found[1]), int(found[2] or found[1])

    def regular(self, box: Box, key: str, groups: int = 0) -> str:
        """Take a regular expression with so many groups at least."""
        value = self.text(box, key)
        try:
            made = re.compile(value)
        except (re.error, RecursionError, OverflowError) as error:
            self.note(box, f"the pattern {value!r} cannot be read: {error}", "correct it")
            return ""
        if made.groups < groups:
            self.note(box, f"the pattern {value!r} has no group", "put round brackets about the year")
        return value

    def one_of(self, box: Box, keys: Sequence[str]) -> str | None:
        """Say which one of several keys is given."""
        given = [k for k in keys if k in box]
        if len(given) != 1:
            both = f"both {' and '.join(given)}" if given else "none"
            self.note(box, f"needs one of {', '.join(keys)}, and has {both}", "give exactly one")
            return None
        return given[0]
