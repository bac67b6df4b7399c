"""A pack's files: their bytes, their fingerprints, and what a check of one finds."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.errors import Problem, refuse
from leadlib.tables import check
from leadlib.tables.dictionary import Package, TableInfo


def examine(
    blob: bytes,
    info: Package,
    table: TableInfo,
    blobs: Mapping[str, bytes | None],
    where: str,
    problems: list[Problem],
    *,
    trusted: bool = False,
) -> check.Parsed | None:
    """Read one table file and note all its problems; a trusted one is read without holding it to its rules."""
    text = check.unpack(blob, table.path, where, problems)
    rows = None if text is None else check.rows_of(text, table, where, problems)
    if rows is None:
        return None
    failures: list[check.Failure] = []
    parsed = check.typed(rows, table, failures)
    if not trusted:
        failures += check.failing_rules(parsed, rows, table, failures)
        failures += check.failing_links(parsed, rows, table, functools.partial(_target, info, blobs), where, problems)
        if table.rows is not None and table.rows != len(rows.cells):
            problems.append(
                Problem(
                    where,
                    f"has {len(rows.cells):,} rows; the dictionary says {table.rows:,}",
                    "restore the file, or correct 'rows'",
                )
            )
    problems += check.told(failures, where)
    return parsed


def _target(info: Package, blobs: Mapping[str, bytes | None], name: str) -> pd.DataFrame | None:
    """Give the table a foreign key points to, as far as it can be read; its own problems are told when it is loaded."""
    blob, unheard = blobs.get(name), list[Problem]()
    table = info.table(name)
    text = None if blob is None else check.unpack(blob, table.path, "", unheard)
    rows = None if text is None else check.rows_of(text, table, "", unheard)
    return None if rows is None else check.typed(rows, table, []).values


def read_bytes(folder: Path, path: str) -> bytes | None:
    """Read a file of a pack; None where there is none."""
    try:
        return (folder / path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refuse(
            f"{folder.name}/{path}", f"cannot be read: {error.strerror}", "check the file and your rights to it"
        ) from None


def sha256(blob: bytes) -> str:
    """Give the fingerprint of a file as the dictionary writes it."""
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def short(sha: str) -> str:
    """Give the part of a fingerprint that a reader can compare by eye."""
    return sha.replace("sha256:", "sha256 ")[:15]


def fingerprint(info: Package, table: TableInfo, blobs: Mapping[str, bytes | None]) -> str:
    """Give one fingerprint over all that a check looks at: rules, data, the tables pointed to, and the check itself."""
    parts: list[Any] = [check.VERSION, table.rows]
    for name in (table.name, *(link.table for link in table.foreign)):
        blob = blobs[name]
        parts.append([name, info.table(name).schema, None if blob is None else sha256(blob)])
    return sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode("ascii"))
