"""What happened in a batch is on the disk as it happens; however it ends, reading tells the truth."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import batch_samples as samples
import psutil
import pytest

from leadlib import pages
from leadlib.batch import Request, journal, lock, manifest, plan, run

STATES = ("done", "interrupted", "not_run")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setattr("leadlib.engines.pool.Pool", samples.Mill)
    monkeypatch.setattr(samples.Mill, "ran", [])
    notebook = samples.notebook(tmp_path / "n.ipynb", ["print(school_id)"])
    pack = samples.pack(tmp_path / "tiny", years={})
    return Request(notebook, str(pack), {}, ("all",), to=("html",), name="b", out=tmp_path / "out")


def folder(request: Request) -> Path:
    return request.out / "b"


class Killed(BaseException):
    """Ends a batch as a kill would: nothing after it is done."""


def cut_short(request: Request, monkeypatch: pytest.MonkeyPatch, end: type[BaseException] = Killed) -> Any:
    """Run a batch that ends while its second school runs, whose page stands although nobody could say so."""
    real = samples.Mill.outcome
    before = len(samples.Mill.ran)

    def outcome(self: samples.Mill, task: Any) -> Any:
        if len(self.ran) > before + 1:
            (folder(request) / "html" / f"{task.slug}.html").write_text("done but not told", encoding="utf-8")
            raise end
        return real(self, task)

    with monkeypatch.context() as patched:
        patched.setattr(samples.Mill, "outcome", outcome)
        try:
            return run(plan(request))
        except Killed:
            return None


def states(request: Request) -> tuple[str, ...]:
    return tuple(s["status"] for s in manifest.read(folder(request))["schools"])


def files(request: Request) -> dict[str, bytes]:
    base = folder(request)
    found = {p.relative_to(base).as_posix(): p.read_bytes() for p in base.rglob("*") if p.is_file()}
    return {name: content for name, content in found.items() if name != manifest.FILE}


def test_a_batch_that_ended_leaves_no_journal_and_no_ballast(asked: Request) -> None:
    run(plan(asked))
    left = sorted(p.name for p in folder(asked).iterdir())
    assert left == ["findings", "html", "index.html", "manifest.json", "notebooks"]
    assert states(asked) == ("done",) * 3


def test_after_a_kill_each_school_is_told_as_it_was(asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(asked, monkeypatch)
    told = manifest.read(folder(asked))
    assert told["status"] == "killed" and states(asked) == STATES
    assert told["schools"][0]["outputs"]["html"]["sha256"]
    assert "was killed while it ran" in told["schools"][1]["message"]
    assert "was killed before it" in told["schools"][2]["message"]


def test_a_stopped_batch_tells_what_was_cut_short_and_keeps_no_file_of_it(
    asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = cut_short(asked, monkeypatch, KeyboardInterrupt)
    assert summary.stopped and summary.exit_code == 130
    told = manifest.read(folder(asked))
    assert (told["status"], states(asked)) == ("stopped", STATES)
    assert [name for name in files(asked) if name.startswith("html/")] == [f"html/{told['schools'][0]['slug']}.html"]


@pytest.mark.parametrize("end", [Killed, KeyboardInterrupt])
def test_the_run_after_it_gives_what_one_run_would_have_given(
    end: type[BaseException], asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(plan(asked))
    whole = files(asked)
    for page in (folder(asked) / "html").iterdir():
        page.write_text("tampered", encoding="utf-8")
    cut_short(asked, monkeypatch, end)
    assert files(asked) != whole
    heard: list[str] = []
    run(plan(asked), hear=lambda decision: heard.extend(decision.because))
    assert heard == ["unchanged", "interrupted before", "not run before"]
    assert files(asked) == whole and states(asked) == ("done",) * 3


@pytest.mark.parametrize("torn", [b'{"event":"ended","pla', b"\0\0\0\xff", b"[1]\n", b"\n\n"])
def test_a_torn_line_is_passed_over(torn: bytes, asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(asked, monkeypatch)
    with (folder(asked) / journal.FILE).open("ab") as file:
        file.write(torn)
    assert states(asked) == STATES


def test_each_cut_of_a_journal_tells_a_beginning_of_what_happened(
    asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_short(asked, monkeypatch)
    path = folder(asked) / journal.FILE
    whole, seen = path.read_bytes(), list[tuple[str, ...]]()
    ends = [k for k in range(len(whole)) if whole[k : k + 1] == b"\n"]
    for length in sorted({0, *ends, *(k + 1 for k in ends), *(k - 9 for k in ends)}):
        path.write_bytes(whole[:length])
        if (now := states(asked)) not in seen:
            seen.append(now)
    assert seen == [("not_run",) * 3, ("interrupted", "not_run", "not_run"), ("done", "not_run", "not_run"), STATES]


def test_the_journal_of_another_run_tells_nothing(asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(asked, monkeypatch)
    path = folder(asked) / manifest.FILE
    told = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**told, "run": "other"}), encoding="utf-8")
    assert states(asked) == ("not_run",) * 3


def test_what_a_killed_batch_left_of_its_workers_is_removed_and_nothing_else(
    asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, other = tmp_path / "leadlib-abc", tmp_path / "mine"
    for place in (left, other):
        place.mkdir()
        monkeypatch.setattr(samples.Mill, "scratch", str(place))
        cut_short(asked, monkeypatch)
    run(plan(asked))
    assert other.is_dir() and not left.exists()


@pytest.mark.parametrize("takes", [0, 10, 150])
def test_lines_that_a_full_disk_does_not_take_are_written_when_there_is_room(
    takes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, write = [takes], os.write

    def some(handle: int, data: bytes) -> int:
        taken = min(room[0], len(data)) if room else len(data)
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        if room:
            room[0] -= taken
        return write(handle, data[:taken])

    monkeypatch.setattr(os, "write", some)
    notes = journal.Journal(tmp_path, "r", pid=1, create_time=2.0)
    for place in range(3):
        notes.began(place, "s")
        notes.ended(place, {"slug": "s", "status": "done"})
    assert len(journal.read(tmp_path, "r").ended) < 3
    room.clear()
    notes.close(remove=False)
    assert sorted(journal.read(tmp_path, "r").ended) == [0, 1, 2]


def test_room_is_kept_for_the_last_manifest(asked: Request) -> None:
    seen: list[bool] = []
    ballast = folder(asked) / journal.BALLAST
    run(plan(asked), watch=lambda *_: seen.append(ballast.stat().st_size > journal.BALLAST_BYTES))
    assert seen == [True] * 3 and not ballast.exists()


@pytest.mark.parametrize(("where", "status"), [("save", "killed"), ("index", "finished")])
def test_what_cannot_be_written_is_said_and_the_truth_is_still_there(
    where: str, status: str, asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = (manifest, "save") if where == "save" else (pages, "index")
    with monkeypatch.context() as patched:
        summary = run(plan(asked), watch=lambda *_: patched.setattr(*target, no_room))
    assert summary.exit_code == 1 and "No space left" in summary.unsaved
    assert states(asked) == ("done",) * 3 and manifest.read(folder(asked))["status"] == status
    samples.Mill.ran.clear()
    assert run(plan(asked)).exit_code == 0 and samples.Mill.ran == []


# -- the lock ----------------------------------------------------------------------------------------------------------


def test_a_second_batch_into_a_folder_is_refused_with_since_when_and_by_whom(asked: Request) -> None:
    with lock.locked(folder(asked)) as mine:
        with pytest.raises(lock.Locked) as refusal:
            run(plan(asked))
        assert [p.name for p in folder(asked).iterdir()] == [lock.FILE]
    assert refusal.value.exit_code == 3
    assert f"another batch is writing here since {mine.since[:10]}" in str(refusal.value)
    assert f"(process {os.getpid()})" in str(refusal.value)


@pytest.mark.parametrize("left", ["", "nonsense", "1", "MINE 12.5", "99999999 1.0 2026-01-01T00:00:00+00:00"])
def test_a_lock_whose_process_is_gone_counts_for_nothing(left: str, tmp_path: Path) -> None:
    (tmp_path / lock.FILE).write_text(left.replace("MINE", str(os.getpid())), encoding="utf-8")
    with lock.locked(tmp_path) as mine:
        assert lock.owner(tmp_path) == mine
    assert not (tmp_path / lock.FILE).exists()


def test_of_two_that_find_a_dead_lock_one_has_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / lock.FILE
    path.write_text("99999999 1.0", encoding="utf-8")
    other = lock.Owner(os.getppid(), psutil.Process(os.getppid()).create_time(), "now")
    monkeypatch.setattr(lock.time, "sleep", lambda _: path.write_text(str(other), encoding="utf-8"))
    with pytest.raises(lock.Locked, match=str(os.getppid())), lock.locked(tmp_path):
        pass
    assert lock.owner(tmp_path) == other
