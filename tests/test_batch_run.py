"""A batch with every kind of failure in it: each is told truly, none stops the rest, no half file stays."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import batch_samples as samples
import nbformat
import psutil
import pytest
from traitlets import default

from leadlib import pages
from leadlib.batch import Request, manifest, plan, resume, run
from leadlib.engines import books, execute, kernel, one, surroundings
from leadlib.errors import InputError

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are sent as on Linux and macOS")
HARD = [
    ("001", "Peña's High"),
    ("002", "Low Elementary"),
    ("bad", "Bad"),
    ("exit", "Exit"),
    *([("dead", "Dead"), ("gone", "Gone")] if os.name == "posix" else []),
]
ROWS = [(i, name, "1", "Hill", "High") for i, name in HARD]
KINDS = ("findings", "html", "notebooks", "pdf")


@dataclass(frozen=True)
class Ran:
    """A finished batch, its folder and its manifest."""

    summary: Any
    folder: Path
    left: list[int] = field(default_factory=list)

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))

    def school(self, school_id: str) -> dict[str, Any]:
        return next(s for s in self.manifest["schools"] if s["school_id"] == school_id)

    def files(self) -> list[str]:
        return sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*") if p.is_file())


def ask(folder: Path, rows: list[tuple[str, ...]] = ROWS, **change: Any) -> Request:
    """Ask for every school of a new pack."""
    folder.mkdir(exist_ok=True)
    notebook, pack = samples.notebook(folder / "n.ipynb"), samples.pack(folder / "tiny", rows, {})
    asked = Request(notebook, str(pack), schools=("all",), name="b", out=folder / "out")
    return replace(asked, **change)


def running(folder: Path) -> list[int]:
    """Give the processes that this one has started, and those that work in a folder, whoever started them."""
    found = [p.pid for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.cwd() == str(folder.resolve()):
                found.append(process.pid)
    return found


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    request = ask(tmp_path_factory.mktemp("batch"))
    before = running(request.notebook.parent)
    summary = run(plan(request), workers=2)
    return Ran(summary, request.out / "b", [p for p in running(request.notebook.parent) if p not in before])


def test_good_schools_are_done_although_others_fail(ran: Ran) -> None:
    assert {s["school_id"]: s["status"] for s in ran.manifest["schools"]} == {
        i: "done" if i in ("001", "002") else "failed" for i, _ in HARD
    }
    assert ran.summary.exit_code == 1 and ran.summary.done == 2


@pytest.mark.parametrize(
    ("school_id", "cause", "message"),
    [
        ("bad", "ValueError", "no pupils <b>here</b>"),
        ("exit", "stopped early", "the cell called exit"),
        pytest.param("dead", "process died", "SIGKILL", marks=POSIX),
    ],
)
def test_a_failure_is_told_with_cell_and_message(school_id: str, cause: str, message: str, ran: Ran) -> None:
    school = ran.school(school_id)
    assert (school["cause"], school["cell"]) == (cause, 5) and message in school["message"]
    line = next(x for x in ran.summary.failures().splitlines() if f"({school_id})" in x)
    assert re.search(rf"\b5\b.*{cause}.*{re.escape(message)}", line)


@POSIX
def test_a_worker_that_is_killed_fails_its_school_alone(ran: Ran) -> None:
    school = ran.school("gone")
    assert school["cause"] == "process died" and "SIGKILL" in school["message"]


def test_a_failed_notebook_is_kept_with_its_error_in_it(ran: Ran) -> None:
    book = nbformat.read(ran.folder / ran.school("bad")["outputs"]["failed"]["path"], as_version=4)
    errors = [o.evalue for c in book.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert errors == ["no pupils <b>here</b>"]


def test_a_failed_school_has_no_page(ran: Ran) -> None:
    named = [f for f in ran.files() if f.split("/")[0] in KINDS]
    assert named == sorted(o["path"] for i in ("001", "002") for o in ran.school(i)["outputs"].values())
    assert len(named) == 2 * len(KINDS)


def test_no_part_of_a_file_and_no_lock_is_left(ran: Ran) -> None:
    assert [f for f in ran.files() if f.split("/")[0] not in (*KINDS, "failed")] == ["index.html", "manifest.json"]
    assert not [f for f in ran.files() if Path(f).name.startswith(".")]


def test_no_process_is_left(ran: Ran) -> None:
    assert ran.left == []


def test_the_manifest_holds_the_checksum_of_every_file(ran: Ran) -> None:
    listed = {o["path"]: o["sha256"] for s in ran.manifest["schools"] for o in s["outputs"].values()}
    assert listed == {f: hashlib.sha256((ran.folder / f).read_bytes()).hexdigest() for f in ran.files() if "/" in f}


def test_the_manifest_says_what_went_in(ran: Ran) -> None:
    told = ran.manifest
    notebook = ran.summary.plan.request.notebook
    assert told["notebook"] == {"path": "n.ipynb", "sha256": hashlib.sha256(notebook.read_bytes()).hexdigest()}
    assert [f["name"] for f in told["pack"]["files"]] == ["datapackage.json", "schools.csv.gz", "school_years.csv.gz"]
    assert re.fullmatch("[0-9a-f]{64}", told["code"]["sha256"])
    assert told["status"] == "finished" and told["parameters"] == {"year": 1999} and told["formats"] == ["html", "pdf"]
    assert told["versions"]["python"] == ".".join(map(str, sys.version_info[:3])) and "papermill" in told["versions"]


def test_the_checksum_of_the_code_changes_with_any_byte_and_name_but_not_with_compiled_files(tmp_path: Path) -> None:
    (tmp_path / "templates" / "__pycache__").mkdir(parents=True)
    page = tmp_path / "templates" / "page.j2"
    page.write_text("<p>", encoding="utf-8")
    found = [manifest.code_sha256(tmp_path)]
    (tmp_path / "templates" / "__pycache__" / "x.pyc").write_bytes(b"1")
    assert manifest.code_sha256(tmp_path) == found[0]
    page.write_text("<b>", encoding="utf-8")
    found.append(manifest.code_sha256(tmp_path))
    page.rename(tmp_path / "templates" / "other.j2")
    found.append(manifest.code_sha256(tmp_path))
    assert len(set(found)) == 3


def test_the_manifest_names_no_folder_of_the_machine(ran: Ran) -> None:
    assert str(ran.folder.parent) not in (ran.folder / "manifest.json").read_text(encoding="utf-8")


def test_the_schools_own_trend_is_copied_for_the_index(ran: Ran) -> None:
    assert ran.school("001")["trend"] == [{"measure": "Score", "points": [[1998, 700.0], [1999, 710.0]]}]


def test_findings_are_those_of_the_notebook(ran: Ran) -> None:
    found = json.loads((ran.folder / ran.school("001")["outputs"]["findings"]["path"]).read_text(encoding="utf-8"))
    assert found["parameters"]["school_id"] == "001"
    assert found["blocks"][-1]["paragraphs"] == ["The end of 001"]


def test_the_index_lists_every_school(ran: Ran) -> None:
    page = (ran.folder / "index.html").read_text(encoding="utf-8")
    assert [name in page.replace("&#39;", "'") for _, name in HARD] == [True] * len(HARD)


def test_a_notebook_holds_no_clock_no_path_and_no_chance(ran: Ran) -> None:
    text = (ran.folder / "notebooks" / "pena-s-high-001.ipynb").read_text(encoding="utf-8")
    book = nbformat.reads(text, as_version=4)
    ids = ["title", "given", "injected-parameters", "code-0", "code-1", "code-2", "code-3"]
    assert [c.id for c in book.cells] == ids
    assert book.metadata.papermill == {"parameters": {"pack": "./tiny", "school_id": "001", "year": 1999}}
    assert not re.search(r"ipykernel_\d|0x[0-9a-f]{4}|\d\d:\d\d:\d\d", text) and str(ran.folder.parent) not in text
    assert "cell-" in text and "UserWarning: look out" in text


def test_a_second_run_removes_what_the_first_left(ran: Ran, tmp_path: Path) -> None:
    request = ask(tmp_path, ROWS[:3])
    folder = request.out / "b"
    samples.notebook(request.notebook, ["1"])
    run(plan(request), workers=2)
    assert (folder / "html" / "bad-bad.html").is_file()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    samples.notebook(request.notebook, [samples.FAIL])
    again = Ran(run(plan(replace(request, where={}, schools=("bad",))), workers=1), folder)
    assert again.files() == ["failed/bad-bad.ipynb", "index.html", "manifest.json", "notes.txt"]


def test_a_file_beside_is_never_removed_however_the_manifest_reads(tmp_path: Path) -> None:
    (tmp_path / "b" / "html").mkdir(parents=True)
    (tmp_path / "keep.ipynb").write_text("", encoding="utf-8")
    resume.clear(tmp_path / "b", ["../../keep", "../keep"])
    assert (tmp_path / "keep.ipynb").is_file()


def test_a_manifest_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "my web app"}', encoding="utf-8")
    with pytest.raises(InputError, match="not a batch's manifest"):
        manifest.read(tmp_path)


def test_two_batches_do_not_write_to_one_folder(tmp_path: Path) -> None:
    request = ask(tmp_path, ROWS[:1])
    lock = request.out / "b" / ".lock"
    lock.parent.mkdir(parents=True)
    lock.write_text(f"{os.getpid()} {psutil.Process().create_time()}", encoding="utf-8")
    with pytest.raises(InputError, match="another batch is writing here"):
        run(plan(request))
    assert sorted(p.name for p in lock.parent.iterdir()) == [".lock"]


def test_parts_of_files_that_a_killed_run_left_are_removed(tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    for name in (".ab12.part", "html/.cd34.part", "html/mine.part"):
        (tmp_path / name).write_text("half", encoding="utf-8")
    resume.clear(tmp_path, [])
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == ["html", "html/mine.part"]


@pytest.mark.parametrize("owner", ["", "999999999 1.0", "nonsense", "{pid} 1.0"])
def test_the_lock_of_a_process_that_is_gone_counts_for_nothing(owner: str, tmp_path: Path) -> None:
    from leadlib.batch.lock import locked

    (tmp_path / ".lock").write_text(owner.format(pid=os.getpid()), encoding="utf-8")
    with locked(tmp_path):
        assert str(os.getpid()) in (tmp_path / ".lock").read_text(encoding="utf-8")
    assert not (tmp_path / ".lock").exists()


# -- one school --------------------------------------------------------------------------------------------------------


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> one.Task:
    """Give a task whose notebook has already run."""
    book = nbformat.read(samples.notebook(tmp_path / "n.ipynb", ["1"]), as_version=4)
    monkeypatch.setattr(one, "_executed", lambda *_: (book, None, {}))
    return one.Task(str(tmp_path / "n.ipynb"), {}, "oak-1", "Oak", str(tmp_path / "out"), ["html", "pdf"])


def files(task: one.Task) -> list[str]:
    return sorted(p.relative_to(task.folder).as_posix() for p in Path(task.folder).rglob("*") if p.is_file())


def test_all_files_of_a_school_appear_together(task: one.Task) -> None:
    assert one.report(task).status == "done"
    assert files(task) == ["findings/oak-1.json", "html/oak-1.html", "notebooks/oak-1.ipynb", "pdf/oak-1.pdf"]


def test_a_page_that_cannot_be_made_leaves_no_file_but_the_failed_notebook(
    task: one.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, to: list[str], out: dict[str, Path], **__: Any) -> None:
        out["html"].write_text("half a pa", encoding="utf-8")
        raise RuntimeError("no such font")

    monkeypatch.setattr(pages, "render", broken)
    outcome = one.report(task)
    assert (outcome.status, outcome.cause, outcome.message) == ("failed", "page", "RuntimeError: no such font")
    assert files(task) == ["failed/oak-1.ipynb"]


def test_a_disk_that_fills_up_leaves_no_file_of_the_school(task: one.Task, monkeypatch: pytest.MonkeyPatch) -> None:
    write, count = one.write_whole, iter(range(9))

    def full(path: Path, content: bytes) -> Path:
        if next(count) == 2:
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(one, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        one.report(task)
    assert files(task) == []


# -- one notebook ------------------------------------------------------------------------------------------------------


def book_of(*cells: tuple[str, int | None, list[Any]]) -> Any:
    made = [nbformat.v4.new_code_cell(s, execution_count=n, outputs=o) for s, n, o in cells]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("words"), *made])


def test_a_notebook_in_which_every_cell_ran_is_finished() -> None:
    assert books.unfinished(book_of(("a", 1, []), ("  ", None, []), ("b", 2, []))) is None


def test_a_cell_that_did_not_run_or_holds_an_error_is_found() -> None:
    error = nbformat.v4.new_output("error", ename="KeyError", evalue="x", traceback=[])
    assert books.unfinished(book_of(("a", 1, []), ("b", None, []))).cell == 2
    assert books.unfinished(book_of(("a", 1, []), ("b", 2, [error]))).cause == "KeyError"


def test_a_message_is_one_short_line() -> None:
    assert books.short("a\n  b") == "a b"
    assert len(books.short("x" * 999)) == 300


def test_a_cell_that_takes_too_long_is_told(tmp_path: Path) -> None:
    path = samples.notebook(tmp_path / "n.ipynb", ["import time", "time.sleep(60)"])
    _, trouble = execute.execute(path, {}, cell_seconds=1)
    assert trouble is not None and (trouble.cause, trouble.cell) == ("too slow", 3)


def test_cells_run_where_the_notebook_stands_with_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here.txt").write_text("yes", encoding="utf-8")
    code = "print(open('here.txt').read(), os.environ['OMP_NUM_THREADS'], 'PYTHONDONTWRITEBYTECODE' in os.environ)"
    path = samples.notebook(tmp_path / "n.ipynb", ["import os", code])
    for name, value in surroundings.environment(tmp_path / "scratch").items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    book, trouble = execute.execute(path, {}, cell_seconds=60)
    assert trouble is None and book.cells[-1].outputs[0].text == "yes 1 False\n"


@pytest.mark.parametrize(("encryption", "warns"), [("auto", False), ("disabled", True)])
def test_a_kernel_does_not_warn_of_talk_in_clear(
    encryption: str, warns: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    path = samples.notebook(tmp_path / "n.ipynb", ["1"])
    other = type("Other", (kernel.Kernel,), {"_encrypted": default("transport_encryption")(lambda _: encryption)})
    if warns:
        monkeypatch.setattr(kernel, "Kernel", other)
    assert execute.execute(path, {}, cell_seconds=60)[1] is None
    assert ("encryption" in capfd.readouterr().err) == warns


def test_workers_do_not_inherit_the_ban_on_compiled_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    made = surroundings.environment(tmp_path)
    assert "PYTHONDONTWRITEBYTECODE" not in made
    assert os.path.abspath("somewhere") in made["PYTHONPATH"].split(os.pathsep)


# -- the whole, from outside -------------------------------------------------------------------------------------------


def command(request: Request) -> list[str]:
    return [
        sys.executable,
        "-m",
        "leadlib",
        "run",
        str(request.notebook),
        "--pack",
        request.pack,
        "--school",
        "all",
        "--name",
        "b",
        "--out",
        str(request.out),
        "--jobs",
        "2",
    ]


def environment(seed: str = "0") -> dict[str, str]:
    return os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])}


def released(folder: Path) -> dict[str, bytes]:
    """Give the files of every school; the manifest beside them holds times, the index the checksum of the code."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*") if p.parent != folder}


def test_two_runs_give_the_same_bytes_under_different_hash_seeds(tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        request = ask(tmp_path / seed, ROWS[:3])
        ended = subprocess.run(command(request), env=environment(seed), capture_output=True, text=True, timeout=120)
        assert ended.returncode == 1, ended.stderr
        made.append(released(request.out / "b"))
    assert len(made[0]) == 9 and made[0] == made[1]


@pytest.mark.slow
def test_the_school_report_gives_the_same_bytes_under_different_hash_seeds(root: Path, tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        words = [
            sys.executable,
            "-m",
            "leadlib",
            "run",
            "notebooks/reports/school-report.ipynb",
            "--pack",
            "california-2000",
            "--school",
            "28662666027007",
            "--name",
            "b",
            "--out",
            str(tmp_path / seed),
        ]
        ended = subprocess.run(words, cwd=root, env=environment(seed), capture_output=True, text=True, timeout=300)
        assert ended.returncode == 0, ended.stderr
        made.append(released(tmp_path / seed / "b"))
    assert len(made[0]) == 4 and made[0] == made[1]


def endless(folder: Path) -> Request:
    """Ask for schools of which all but the first never end: a loop in C lets no other thread of the kernel run."""
    request = ask(folder, [(f"{k}", f"School {k}", "1", "Hill", "High") for k in range(4)])
    samples.notebook(
        request.notebook,
        [f"open(r'{folder}/started-' + school_id, 'w').close()", "sum(range(10 ** 12 if school_id != '0' else 0))"],
    )
    return request


def started(request: Request, folder: Path) -> subprocess.Popen[str]:
    """Start a batch and wait until its second school runs."""
    process = subprocess.Popen(
        command(request),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 60
    while not ((folder / "started-1").exists() and (folder / "started-2").exists()):
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.1)
    return process


def gone(pids: list[int], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not [p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE]:
            return True
        time.sleep(0.1)
    return False


@POSIX
@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
def test_a_batch_that_is_stopped_says_so_and_leaves_nothing_running(how: str, tmp_path: Path) -> None:
    request = endless(tmp_path)
    process = started(request, tmp_path)
    family = [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(getattr(signal, how))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "stopped; 3 of 4 schools were not run" in err and "Traceback" not in err
    told = Ran(None, request.out / "b").manifest
    assert told["status"] == "stopped"
    assert [s["status"] for s in told["schools"]] == ["done", "interrupted", "interrupted", "not_run"]
    assert "not run, for the batch was stopped" in (request.out / "b" / "index.html").read_text(encoding="utf-8")
    assert len(family) >= 4 and gone(family)


@POSIX
def test_nothing_runs_on_when_the_batch_itself_is_killed(tmp_path: Path) -> None:
    request = endless(tmp_path)
    process = started(request, tmp_path)
    family = [p.pid for p in psutil.Process(process.pid).children(recursive=True)]
    process.kill()
    process.communicate()
    assert len(family) >= 4 and gone(family)
    left = manifest.read(request.out / "b")
    assert left["status"] == "killed"
    assert [s["status"] for s in left["schools"]] == ["done", "interrupted", "interrupted", "not_run"]
    samples.notebook(request.notebook, ["1"])
    assert run(plan(request), workers=2).exit_code == 0
