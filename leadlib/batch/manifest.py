"""The manifest: what went in, what came out, with checksums, so that a reader can check, repeat and resume a batch.

While a batch runs, the manifest says what was so at its beginning and the journal beside it what has happened since;
`read` puts both together.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadlib.batch import journal, lock
from leadlib.errors import refuse
from leadlib.pages.files import write_whole

if TYPE_CHECKING:
    from leadlib.batch.plan import Job, Plan
    from leadlib.engines.one import Outcome

FILE = "manifest.json"
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
NOT_RUN, RUNNING, INTERRUPTED, DONE, FAILED = "not_run", "running", "interrupted", "done", "failed"
UNCHANGED = "unchanged"
KEPT = ("status", "cell", "cause", "message", "seconds", "attempts", "outputs", "trend", "made_from")


def sha256_of(path: Path) -> str:
    """Give the checksum of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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


def begin(plan: Plan, started: str, kept: Mapping[int, Mapping[str, Any]], because: Sequence[str]) -> dict[str, Any]:
    """Make the manifest of a batch that begins: schools that are kept as they are, the others not run yet."""
    from leadlib.tables.packs import pack_files

    request = plan.request
    files = [{"name": name, "sha256": digest} for name, digest in pack_files(request.pack)]
    return {
        "batch": plan.name,
        "run": f"{os.getpid()}-{time.time_ns()}",
        "status": RUNNING,
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
        "schools": [
            _waiting(job, why, kept.get(place)) for place, (job, why) in enumerate(zip(plan.jobs, because, strict=True))
        ],
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


def _waiting(job: Job, because: str, kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give the entry of a school before it runs, or as it stands since an earlier run."""
    entry: dict[str, Any] = {
        "school_id": job.school_id,
        "school_name": job.school_name,
        "lea_name": job.lea_name,
        "school_level": job.school_level,
        "slug": job.slug,
        "because": because,
    }
    blank: dict[str, Any] = {"status": NOT_RUN, "attempts": 0, "outputs": {}, "trend": [], "made_from": {}}
    return entry | {name: (blank if kept is None else kept).get(name) for name in KEPT}


def record(school: Mapping[str, Any], outcome: Outcome, made_from: dict[str, Any]) -> dict[str, Any]:
    """Give a school's entry with how it ended in it."""
    told = {name: getattr(outcome, name) for name in KEPT if name != "made_from"}
    return {**school, **told, "made_from": made_from}


def save(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the manifest, whole."""
    write_whole(folder / FILE, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def read(folder: Path) -> dict[str, Any]:
    """Give the truth about a batch, at any time: its manifest with what its journal has told since.

    A batch that was killed has the status `killed`: what ended is as it ended, what ran is `interrupted`, the rest
    is `not_run`. While it runs, what runs is `running`.

    Raises
    ------
    InputError
        When the folder holds no manifest, or one that is not ours.
    """
    owner = lock.owner(folder)
    return read_with(folder, alive=owner is not None and owner.alive)[0]


def read_with(folder: Path, *, alive: bool) -> tuple[dict[str, Any], journal.Events]:
    """Give the truth about a batch together with the journal's events, when it is known whether its process lives."""
    book = _read(folder)
    if book.get("status") != RUNNING:
        return book, journal.Events()
    events = journal.read(folder, str(book.get("run")))
    if not events.about and (later := _read(folder)) != book:  # it ended while it was looked at
        return read_with(folder, alive=alive) if later.get("status") == RUNNING else (later, journal.Events())
    schools = book["schools"]
    for place, school in events.schools.items():
        if place < len(schools) and schools[place]["slug"] == school.get("slug"):
            schools[place] = school
    for place in events.began:
        if place < len(schools) and place not in events.schools:
            schools[place]["status"] = RUNNING if alive else INTERRUPTED
    if not alive:
        book["status"] = "killed"
        explain(book, "the batch was killed")
    return book, events


def explain(book: dict[str, Any], why: str) -> None:
    """Say of each school that did not end why it did not."""
    for school in book["schools"]:
        if school["status"] in (RUNNING, INTERRUPTED):
            school.update(status=INTERRUPTED, message=f"cut short, for {why} while it ran")
        elif school["status"] == NOT_RUN:
            school["message"] = f"not run, for {why} before it"


def _read(folder: Path) -> dict[str, Any]:
    try:
        book = json.loads((folder / FILE).read_text(encoding="utf-8"))
        _ = [(school["slug"], school.setdefault("status", NOT_RUN)) for school in book["schools"]]
        return dict(book)
    except FileNotFoundError:
        raise refuse(str(folder), "holds no batch", "give the folder of a batch") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise refuse(str(folder / FILE), "is not a batch's manifest", "choose another --name") from None
