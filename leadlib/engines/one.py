"""One school: run the notebook, make its pages, and put them under their names only when all of them stand."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbformat import NotebookNode

from leadlib.engines import PLAIN, SHELL
from leadlib.engines.books import Trouble, load, short, writes
from leadlib.pages.files import write_whole

if TYPE_CHECKING:
    from leadlib.engines.engine import Watch

SUFFIX = {"notebooks": ".ipynb", "html": ".html", "pdf": ".pdf", "findings": ".json", "failed": ".ipynb"}
THIS_SCHOOL = "This school"


@dataclass(frozen=True)
class Task:
    """What a worker needs to know to make one school's report; only plain values, for it goes through a pipe."""

    notebook: str
    parameters: dict[str, Any]
    slug: str
    title: str
    folder: str
    to: list[str]
    cell_seconds: int = 600
    instructor: bool = False
    engine: str = "auto"
    school_seconds: int = 3600
    memory_mb: int = 0


@dataclass(frozen=True)
class Outcome:
    """How one school ended: its files with their checksums, or the cause of the failure."""

    status: str
    seconds: float = 0.0
    cause: str | None = None
    cell: int | None = None
    message: str | None = None
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    trend: list[dict[str, Any]] = field(default_factory=list)
    attempts: int = 1
    reads: dict[str, str] = field(default_factory=dict)


def path_of(folder: Path, kind: str, slug: str) -> Path:
    """Give the place of a school's file of one kind."""
    return folder / kind / f"{slug}{SUFFIX[kind]}"


def report(
    task: Task,
    engine: str = PLAIN,
    told: Callable[[int], None] = lambda cell: None,
    record: Path | None = None,
) -> Outcome:
    """Make all files of one school, or none; a failed notebook is kept in `failed` with its error in it.

    `told` hears the number of each cell when it begins, and 0 after the last; `record` is a file for what must outlive
    this process.
    """
    from leadlib.engines.engine import Watch
    from leadlib.engines.record import Record

    begun = time.monotonic()
    watch = Watch(told, Record(record) if record else None)
    book, trouble, read = _executed(task, engine, watch)
    told(0)
    made: dict[str, bytes] = {}
    trend: list[dict[str, Any]] = []
    if trouble is None:
        try:
            made, trend = _pages(task, book)
        except Exception as error:  # a page that cannot be made is a failed school, never a failed batch
            trouble = Trouble("page", short(f"{type(error).__name__}: {error}"))
    if trouble:
        made = {"failed": writes(book)}
    outputs = publish(task, made)
    seconds = round(time.monotonic() - begun, 2)
    if trouble:
        return Outcome("failed", seconds, **asdict(trouble), outputs=outputs)
    return Outcome("done", seconds, outputs=outputs, trend=trend, reads=read)


def _executed(task: Task, engine: str, watch: Watch) -> tuple[NotebookNode, Trouble | None, dict[str, str]]:
    """Run the notebook and give with it what it read."""
    from leadlib.engines import reads
    from leadlib.engines.execute import execute
    from leadlib.engines.kernel import NOTE, noted, noting

    notebook = Path(task.notebook)
    asked: dict[str, Any] = {"cell_seconds": task.cell_seconds, "engine": engine, "watch": watch}
    if engine == SHELL:
        reads.record(notebook)
        book, trouble = execute(notebook, task.parameters, **asked)
        return book, trouble, reads.found()
    with tempfile.TemporaryDirectory(prefix="leadlib-") as work:
        into = Path(work) / "reads.json"
        os.environ |= noting(notebook, into)
        try:
            book, trouble = execute(notebook, task.parameters, **asked)
        finally:
            del os.environ[NOTE]
        return book, trouble, noted(into)


def _pages(task: Task, book: NotebookNode) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    from leadlib import pages

    found = pages.findings(book)
    made = {"notebooks": writes(book)}
    if task.to:
        with tempfile.TemporaryDirectory(prefix="leadlib-") as work:
            names = {kind: Path(work) / f"page.{kind}" for kind in task.to}
            pages.render(book, to=task.to, out=names, title=task.title, instructor=task.instructor)
            made |= {kind: name.read_bytes() for kind, name in names.items()}
    text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True) + "\n"
    return made | {"findings": text.encode("utf-8")}, trend_of(found)


def publish(task: Task, made: dict[str, bytes]) -> dict[str, dict[str, str]]:
    """Write the files of one school under their names; when one cannot be written, none stays."""
    folder = Path(task.folder)
    written: list[Path] = []
    try:
        for kind, content in made.items():
            written.append(path_of(folder, kind, task.slug))
            write_whole(written[-1], content)
    except BaseException:
        for path in written:
            with suppress(OSError):
                path.unlink()
        raise
    return {
        kind: {"path": path_of(Path(), kind, task.slug).as_posix(), "sha256": hashlib.sha256(content).hexdigest()}
        for kind, content in made.items()
    }


def withdraw(task: Task) -> None:
    """Remove what a process that died in the midst of it may have written of a school."""
    for kind in SUFFIX:
        path = path_of(Path(task.folder), kind, task.slug)
        for file in (path, *path.parent.glob(f".{path.name}.*.part")):
            with suppress(OSError):
                file.unlink()


def keep_failed(task: Task, record: Path, trouble: Trouble) -> dict[str, dict[str, str]]:
    """Write the notebook of a run that was cut short as far as it came, if it came anywhere."""
    from leadlib.engines.execute import known_ids
    from leadlib.engines.record import restored
    from leadlib.engines.scrub import scrub

    book = restored(record, trouble)
    if book is None:
        return {}
    return publish(task, {"failed": writes(scrub(book, known_ids(load(Path(task.notebook)))))})


def trend_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Give this school's own line from the findings: for each measure its (year, value) points, for the index page.

    A table with groups tells which rows are this school's; one without holds this school in its column `value`,
    and one without measures holds the one it is named after.
    """
    lines: dict[str, list[list[Any]]] = {}
    for table in _tables(found, "trend"):
        keys = [c["key"] for c in table.get("columns", [])]
        for row in table.get("values", []):
            cell = dict(zip(keys, row, strict=False))
            if cell.get("group", THIS_SCHOOL) == THIS_SCHOOL and cell.get("value") is not None:
                lines.setdefault(str(cell.get("measure", table.get("title"))), []).append(
                    [cell.get("year"), cell["value"]]
                )
    return [{"measure": measure, "points": points} for measure, points in lines.items()]


def _tables(found: Any, name: str) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        if found.get("kind") == "table" and found.get("id") == name:
            yield found
        for part in found.values():
            yield from _tables(part, name)
    elif isinstance(found, Sequence) and not isinstance(found, str):
        for part in found:
            yield from _tables(part, name)
