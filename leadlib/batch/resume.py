"""What has changed since the last run, by content: only schools whose report could come out otherwise are run again."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leadlib.batch import journal, manifest, naming
from leadlib.batch.manifest import DONE, UNCHANGED
from leadlib.batch.plan import Job, Plan
from leadlib.engines.places import Place
from leadlib.errors import refuse

KINDS = ("notebooks", "html", "pdf", "findings", "failed")
OF_RUNS = ("execution", "papermill")
OF_PYTHON = ("language_info", "papermill", "signature", "widgets")
MOST_NAMED = 3
NEW = "new"
BEFORE = {"failed": "failed before", "interrupted": "interrupted before", "running": "interrupted before"}
READERS = 8

Book = Mapping[str, Any]


@dataclass(frozen=True)
class Decision:
    """What is to be done with each school of a plan: why it is run (`unchanged`: it is not), and what is kept."""

    because: tuple[str, ...]
    kept: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def places(self) -> tuple[int, ...]:
        """The places in the plan of the schools that are to be run."""
        return tuple(k for k, why in enumerate(self.because) if why != UNCHANGED)

    @property
    def first(self) -> bool:
        """Whether nothing of this plan has been run before."""
        return all(why == NEW for why in self.because)

    def __str__(self) -> str:
        """Say it in a line: `812 of 1,000 unchanged, 188 to run (data changed: outcomes)`."""
        counts = Counter(why for why in self.because if why != UNCHANGED)
        total, run = len(self.because), sum(counts.values())
        told = [why if len(counts) == 1 else f"{why}: {n:,}" for why, n in counts.most_common(MOST_NAMED)]
        more = ["..."] if len(counts) > MOST_NAMED else []
        return f"{total - run:,} of {total:,} unchanged, {run:,} to run" + (
            f" ({'; '.join(told + more)})" if run else ""
        )


class Makings:
    """Digests of everything that a report of this plan is made from, but for the data that it read."""

    def __init__(self, plan: Plan) -> None:
        request = plan.request
        self.notebook = request.notebook
        self._stamp = _stamp(self.notebook)
        self._shared = {
            "notebook": notebook_sha256(self.notebook),
            "formats": _sha256([*request.to]),
            "teaching notes": _sha256(request.instructor),
            "leadlib": manifest.code_sha256(),
            "environment": environment_sha256(),
        }

    def of(self, job: Job) -> dict[str, Any]:
        """Give the digests for one school, each under the word that a reader is told when it has changed."""
        return self._shared | {"parameters": _sha256(job.parameters), "title": _sha256(job.title)}

    def after(self, job: Job, reads: Mapping[str, str]) -> dict[str, Any]:
        """Give them for a school that has just ended, with what it read; a notebook may have changed meanwhile."""
        since = {} if _stamp(self.notebook) == self._stamp else {"notebook": "changed while the batch ran"}
        return self.of(job) | since | {"reads": {sys.intern(key): sys.intern(digest) for key, digest in reads.items()}}


def decide(
    plan: Plan, earlier: Book | None, makings: Makings, *, fresh: bool = False, place: Place | None = None
) -> Decision:
    """Hold a plan to what an earlier run of it has left, and say which schools are to be run, and why.

    A report is kept when it is done, when everything that it was made from and every row that it read is unchanged, and
    when each of its files has the bytes that were recorded.
    """
    known = {} if earlier is None else {school.get("school_id"): school for school in earlier["schools"]}
    because, kept, digests = list[str](), dict[int, dict[str, Any]](), dict[str, str | None]()
    for k, job in enumerate(plan.jobs):
        school = known.get(job.school_id)
        why = "asked to be made afresh" if fresh and school else _why(plan, job, school, makings, digests)
        because.append(why)
        if why == UNCHANGED and school is not None:
            kept[k] = school
    for k, why in _outputs(plan, kept) if place is None else _outputs_there(plan, kept, place):
        because[k] = why
        del kept[k]
    return Decision(tuple(because), kept)


def _why(plan: Plan, job: Job, school: Book | None, makings: Makings, digests: dict[str, str | None]) -> str:
    if school is None or school.get("slug") != job.slug:
        return NEW
    if school.get("status") != DONE:
        return BEFORE.get(str(school.get("status")), "not run before")
    made_from = school.get("made_from") or {}
    reads = made_from.get("reads") or {}
    if "watched" not in reads:
        return "what it was made from is not known"
    for word, digest in makings.of(job).items():
        if made_from.get(word) != digest:
            return f"{word} changed"
    changed = [key for key in reads if reads[key] != _now(key, plan, digests)]
    return _told(changed) if changed else UNCHANGED


def _now(key: str, plan: Plan, digests: dict[str, str | None]) -> str | None:
    if key not in digests:
        from leadlib.engines.reads import digest

        digests[key] = digest(key, plan.request.notebook.resolve().parent)
    return digests[key]


def _told(keys: Sequence[str]) -> str:
    """Say which tables, or else which files, have changed."""
    tables = dict.fromkeys(_table(key) for key in keys if not key.startswith("file "))
    names = list(tables) or [key.removeprefix("file ") for key in keys]
    shown = ", ".join([*names[:MOST_NAMED], *(["..."] if len(names) > MOST_NAMED else [])])
    return f"{'data' if tables else 'file'} changed: {shown}"


def _table(key: str) -> str:
    if key.startswith("table "):
        from leadlib.engines.reads import TABLE_KEY

        parts = TABLE_KEY.fullmatch(key)
        return parts[2] if parts else key
    return "datapackage.json" if key.startswith("dictionary ") else key


# -- digests -----------------------------------------------------------------------------------------------------------


def notebook_sha256(path: Path) -> str:
    """Give a digest of a notebook's cells and what is said about them; outputs that are stored in it do not count."""
    from leadlib.engines.books import load

    book = load(path)
    cells = [
        {k: v for k, v in cell.items() if k not in ("outputs", "execution_count", "metadata")}
        | {"metadata": {k: v for k, v in cell.metadata.items() if k not in OF_RUNS}}
        for cell in book.cells
    ]
    about = {k: v for k, v in book.metadata.items() if k not in OF_PYTHON}
    return _sha256([book.nbformat, book.nbformat_minor, about, cells])


def environment_sha256() -> str:
    """Give a digest of what runs the notebooks: Python, the kind of machine, and every package with its version."""
    packages = sorted({f"{d.name}=={d.version}" for d in importlib.metadata.distributions()})
    return _sha256([platform.python_version(), sys.platform, platform.machine(), packages])


def _sha256(what: Any) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode("ascii")).hexdigest()


def _stamp(path: Path) -> tuple[int, int] | None:
    from leadlib.engines.reads import stamp

    return stamp(path)


def _outputs(plan: Plan, kept: Mapping[int, Book]) -> Iterator[tuple[int, str]]:
    """Name the schools of which a file is missing or has other bytes than were recorded."""
    from leadlib.engines.one import path_of

    wanted = ("notebooks", "findings", *plan.request.to)
    files = [
        (
            place,
            kind,
            path_of(plan.folder, kind, plan.jobs[place].slug),
            (school["outputs"].get(kind) or {}).get("sha256"),
        )
        for place, school in kept.items()
        for kind in wanted
    ]
    with ThreadPoolExecutor(min(READERS, os.cpu_count() or 2)) as readers:
        found = list(readers.map(_sha256_of, [path for _, _, path, _ in files], chunksize=16))
    wrong: dict[int, str] = {}
    for (place, kind, _, recorded), digest in zip(files, found, strict=True):
        if digest != recorded or recorded is None:
            wrong.setdefault(place, f"output {'missing' if digest is None else 'changed'}: {kind}")
    yield from wrong.items()


def _outputs_there(plan: Plan, kept: Mapping[int, Book], place: Place) -> Iterator[tuple[int, str]]:
    """Name the schools of which a file in a bucket is missing or is another; one listing tells, nothing is fetched."""
    from leadlib.engines.delivery import changed

    wanted = ("notebooks", "findings", *plan.request.to)
    files = {
        (k, kind): (school["outputs"].get(kind) or {"path": f"{kind}/{plan.jobs[k].slug}"})
        for k, school in kept.items()
        for kind in wanted
    }
    others = changed(place, {file["path"]: file.get("tag", "") for file in files.values()}) if files else set()
    wrong: dict[int, str] = {}
    for (k, kind), file in files.items():
        if file["path"] in others or not file.get("tag"):
            wrong.setdefault(k, f"output changed: {kind}")
    yield from wrong.items()


def _sha256_of(path: Path) -> str | None:
    try:
        return manifest.sha256_of(path)
    except OSError:
        return None


# -- what an earlier run left ------------------------------------------------------------------------------------------


def stale(plan: Plan, earlier: Book | None, decision: Decision) -> list[str]:
    """Give the file names of schools of which nothing may stay: no longer in the plan, or to be run again."""
    kept = {plan.jobs[place].slug for place in decision.kept}
    before = (
        [] if earlier is None else [str(s["slug"]) for s in earlier["schools"]] + list(earlier.get("removing") or [])
    )
    slugs = dict.fromkeys([*before, *(job.slug for job in plan.jobs)])
    return [slug for slug in slugs if slug not in kept]


def clear(folder: Path, slugs: Sequence[str], place: Place | None = None) -> None:
    """Remove the files of these schools, the index page, and parts of files that a killed run left, there and here.

    Only names that a batch gives are touched, whatever a manifest says.
    """
    from leadlib.engines.one import path_of

    parts = [p for place in (folder, *(folder / kind for kind in KINDS)) for p in place.glob(".*.part")]
    safe = [slug for slug in slugs if slug == naming.plain(slug)]
    files = [path_of(folder, kind, slug) for kind in KINDS for slug in safe]
    for path in [folder / "index.html", folder / journal.BALLAST, *files, *parts]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            fix = "close the program that has it open, or mend the rights to it"
            raise refuse(str(path), f"cannot be removed ({error.strerror or error})", fix) from None
    if place is not None:
        gone = {"index.html", *(path_of(Path(), kind, slug).as_posix() for kind in KINDS for slug in safe)}
        for name in sorted(gone & set(place.tags())):
            place.remove(name)
