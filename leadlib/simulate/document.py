"""The pack's dictionary: the standard tables, cut to what the simulation fills in."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.tables import standard

LABELS = {
    "not_reported": "nobody has given a figure",
    "not_applicable": "there can be no figure here",
    "suppressed": "held back because fewer than ten pupils stand behind it",
}


@functools.cache
def _own() -> dict[str, Any]:
    box: dict[str, Any] = json.loads((Path(__file__).parent / "pack.json").read_text(encoding="utf-8"))
    return box


def document(frames: Mapping[str, pd.DataFrame], name: str, made: Mapping[str, int]) -> dict[str, Any]:
    """Make the dictionary of a pack with these tables.

    A field is required unless the simulation may leave it out; then its reasons are those named in `pack.json`.
    """
    own = _own()
    sizes = ", ".join(f"{key} {value}" for key, value in made.items())
    first = f"Made by leadlib.simulate with {sizes}; the same three numbers give the same tables again."
    head = copy.deepcopy(own["head"]) | {"name": name}
    head |= {"notes": [first, *own["notes"]], "simulated": dict(made)}
    resources = [_cut(box, frames[box["name"]]) for box in standard.resources(list(frames))]
    return head | {"resources": resources}


def _cut(box: dict[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
    """Keep of a standard table the fields that are there."""
    schema, name = box["schema"], box["name"]
    may_lack = _own()["missing"].get(name, {})
    fields = [f for f in [*schema["fields"], *_own()["extra"].get(name, [])] if f["name"] in frame]
    schema["fields"] = [_field(dict(f), may_lack.get(f["name"])) for f in fields]
    links = [k for k in schema.pop("foreignKeys", []) if set(_list(k["fields"])) <= set(frame.columns)]
    return box | {"schema": schema | ({"foreignKeys": links} if links else {})}


def _list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _field(field: dict[str, Any], reasons: list[str] | None) -> dict[str, Any]:
    if reasons:
        return field | {"missingValues": [{"value": r, "label": LABELS[r]} for r in reasons]}
    field.pop("missingValues", None)
    return field | {"constraints": {"required": True} | dict(field.get("constraints", {}))}
