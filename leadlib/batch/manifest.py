"""The manifest: what went in, what came out, with checksums, so that a reader can check and repeat a batch."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leadlib.batch.plan import Job, Plan
from leadlib.engines.one import Outcome
from leadlib.errors import InputError, Problem
from leadlib.pages.files import write_whole
from leadlib.tables.packs import pack_files

FILE = "manifest.json"
KINDS = ("notebooks", "html", "pdf", "findings", "failed")
PACKAGES = (
    "leadlib",
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "matplotlib",
    "seaborn",
    "papermill",
    "nbclient",
    "ipykernel",
    "nbconvert",
    "typst",
)
CHUNK = 1 << 20


def sha256_of(path: Path) -> str:
    """Give the checksum of a file, read in pieces."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            found.update(piece)
    return found.hexdigest()


def code_sha256(package: Path | None = None) -> str:
    """Give one checksum of all of leadlib's files: names and contents, compiled files left out."""
    root = package or Path(__file__).resolve().parents[1]
    found = hashlib.sha256()
    for path in sorted(root.rglob("*"), key=lambda p: p.relative_to(root).as_posix()):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(root).as_posix()}\0{sha256_of(path)}\n".encode())
    return found.hexdigest()


def versions() -> dict[str, str]:
    """Give the versions that made a batch."""
    found = {"python": platform.python_version(), "system": sys.platform}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def begin(plan: Plan, started: str) -> dict[str, Any]:
    """Make the manifest of a batch of which nothing has run yet."""
    request = plan.request
    files = [{"name": name, "sha256": digest} for name, digest in pack_files(request.pack)]
    return {
        "batch": plan.name,
        "status": "running",
        "started": started,
        "seconds": None,
        "notebook": {"path": _shown(request.notebook), "sha256": sha256_of(request.notebook)},
        "pack": {"name": Path(request.pack).name, "files": files},
        "code": {"sha256": code_sha256()},
        "versions": versions(),
        "unit": plan.unit.word,
        "formats": list(request.to),
        "where": dict(request.where),
        "parameters": {k: v for k, v in plan.parameters.items()},
        "schools": [_school(job, None) for job in plan.jobs],
        "left_out": [
            {"school_id": s, "school_name": name, "reason": f"no data for {plan.parameters.get('year')}"}
            for s, name in plan.left_out
        ],
    }


def _shown(path: Path) -> str:
    """Name a file without the folders of the machine."""
    try:
        return Path(os.path.relpath(path)).as_posix() if not path.is_absolute() else path.name
    except ValueError:
        return path.name


def _school(job: Job, outcome: Outcome | None) -> dict[str, Any]:
    entry = {
        "school_id": job.school_id,
        "school_name": job.school_name,
        "lea_name": job.lea_name,
        "school_level": job.school_level,
        "slug": job.slug,
    }
    if outcome is None:
        return {
            **entry,
            "status": "not_run",
            "cell": None,
            "cause": None,
            "message": None,
            "seconds": None,
            "outputs": {},
            "trend": [],
        }
    return {
        **entry,
        "status": outcome.status,
        "cell": outcome.cell,
        "cause": outcome.cause,
        "message": outcome.message,
        "seconds": outcome.seconds,
        "outputs": outcome.outputs,
        "trend": outcome.trend,
    }


def record(manifest: dict[str, Any], place: int, job: Job, outcome: Outcome) -> None:
    """Enter how one school ended."""
    manifest["schools"][place] = _school(job, outcome)


def save(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, whole."""
    write_whole(folder / FILE, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def clear(folder: Path) -> None:
    """Remove what an earlier run left, so that a folder never mixes two runs.

    Only files that the earlier manifest can name are touched, and parts of files that a killed run left.

    Raises
    ------
    InputError
        When the folder holds a manifest that is not one of ours.
    """
    try:
        earlier = json.loads((folder / FILE).read_text(encoding="utf-8"))
        slugs = [str(school["slug"]) for school in earlier["schools"]]
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(Problem(str(folder / FILE), "is not a batch's manifest", "choose another --name")) from None
    parts = [p for place in (folder, *(folder / kind for kind in KINDS)) for p in place.glob(".*.part")]
    for path in sorted([*_files(folder, slugs), *parts]):
        path.unlink(missing_ok=True)


def _files(folder: Path, slugs: list[str]) -> list[Path]:
    from leadlib.batch.naming import plain
    from leadlib.engines.one import path_of

    safe = [s for s in slugs if s == plain(s)]
    return [folder / "index.html", *(path_of(folder, kind, s) for kind in KINDS for s in safe)]
