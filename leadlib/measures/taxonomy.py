"""One taxonomy of leadership: which minutes, dollars, people and periods are instructional, which administrative."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from leadlib.errors import nearest, refuse

RESOURCES = ("minutes", "dollars", "people", "periods")
KINDS = ("instructional", "administrative", "shared", "neither")
SHOWN = ("instructional", "administrative", "other")
"""What the ledger draws: `shared` and `neither` are one part there, because the field does not sort them."""

PUBLISHED = Path(__file__).parent / "published"


@dataclass(frozen=True)
class Line:
    """One line of the taxonomy: a key of the data, its label for readers, its kind, and why it is of that kind."""

    key: str
    label: str
    group: str
    kind: str
    why: str
    source: str
    verified: bool

    @property
    def shown(self) -> str:
        """Give the kind as the ledger draws it: instructional, administrative or other."""
        return self.kind if self.kind in SHOWN else "other"


@functools.cache
def _all() -> dict[str, tuple[Line, ...]]:
    found = json.loads((PUBLISHED / "taxonomy.json").read_text(encoding="utf-8"))
    return {resource: tuple(Line(**row) for row in rows) for resource, rows in found.items()}


def lines(resource: str) -> tuple[Line, ...]:
    """See how one resource is sorted into instructional and administrative, line by line.

    Parameters
    ----------
    resource : str
        One of minutes, dollars, people, periods.

    Raises
    ------
    InputError
        If there is no such resource.
    """
    if resource not in RESOURCES:
        raise refuse(f"resource {resource!r}", "the taxonomy has no such resource", nearest(resource, RESOURCES))
    return _all()[resource]


def kinds(resource: str, *, shown: bool = False) -> dict[str, str]:
    """Give the kind of each key of a resource; with `shown`, as the ledger draws it."""
    return {line.key: line.shown if shown else line.kind for line in lines(resource)}


def groups(resource: str) -> dict[str, str]:
    """Give the group of each key, such as plant or pupil support for the functions of spending."""
    return {line.key: line.group for line in lines(resource)}


def labels(resource: str) -> dict[str, str]:
    """Give the label for readers of each key."""
    return {line.key: line.label for line in lines(resource)}


def taxonomy(*resources: str) -> pd.DataFrame:
    """See what counts as instructional and what as administrative, and why.

    Parameters
    ----------
    *resources : str
        Some of minutes, dollars, people, periods; all of them when none is named.

    Returns
    -------
    DataFrame
        One row a line: resource, key, label, group, kind, why, source, verified. `kind` is instructional,
        administrative, shared (it can be either) or neither.

    Raises
    ------
    InputError
        If there is no such resource.
    """
    rows = [{"resource": r} | asdict(line) for r in resources or RESOURCES for line in lines(r)]
    return pd.DataFrame(rows)
