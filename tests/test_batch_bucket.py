"""A batch whose reports go to a bucket: whole there, resumed from there, and never mixed with what was there before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import batch_samples as samples
import pytest
from click.testing import CliRunner

from leadlib.batch import Request, manifest, plan, run
from leadlib.cli import cli
from leadlib.engines.places import Place, place_of
from leadlib.errors import InputError, Locked
from tests.s3_server import KEYS, Server, serving

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture
def bucket(server: Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": server.url}.items():
        monkeypatch.setenv(name, value)
    return server.bucket("".join(c for c in request.node.name if c.isalnum())[-40:].lower())


@pytest.fixture
def asked(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    """Ask for three schools, run by a stand-in for the workers."""
    monkeypatch.setattr("leadlib.engines.pool.Pool", samples.Mill)
    monkeypatch.setattr(samples.Mill, "ran", [])
    notebook = samples.notebook(tmp_path / "n.ipynb", ["print(school_id)"])
    pack = str(samples.pack(tmp_path / "tiny"))
    there = f"{bucket}/reports"
    return Request(notebook, pack, schools=("001", "002"), to=("html",), name="b", out=tmp_path / "out", bucket=there)


def there(request: Request) -> Place:
    return place_of(f"{request.bucket}/{request.name}")


def test_the_bucket_is_whole_and_the_same_as_a_folder(asked: Request) -> None:
    in_bucket, on_disk = run(plan(asked)), run(plan(replace(asked, bucket="", name="d")))
    assert in_bucket.exit_code == on_disk.exit_code == 0
    folder, place = asked.out / "d", there(asked)
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert sorted(place.tags()) == names and len(names) == 8
    assert all(place.read(n) == (folder / n).read_bytes() for n in names if "/" in n)
    assert sorted(p.name for p in (asked.out / "b").iterdir() if p.is_file()) == ["index.html", "manifest.json"]
    assert place.read("manifest.json") == (asked.out / "b" / "manifest.json").read_bytes()


def test_a_second_run_makes_only_what_changed_in_the_bucket(asked: Request) -> None:
    run(plan(asked))
    assert run(plan(asked)).unchanged == 2
    place = there(asked)
    first, second = sorted(n for n in place.tags() if n.startswith("html/"))
    good = place.read(first)
    place.write(first, b"not mine")
    place.remove(second)
    samples.Mill.ran.clear()
    assert run(plan(asked)).exit_code == 0
    assert sorted(samples.Mill.ran) == ["001", "002"] and place.read(first) == good and second in place.tags()


def test_files_of_schools_that_are_no_longer_asked_for_leave_the_bucket(asked: Request) -> None:
    run(plan(asked))
    there(asked).write("html/mine.html", b"by hand")
    run(plan(replace(asked, schools=("001",))))
    left = [n for n in there(asked).tags() if n.startswith("html/")]
    assert left == ["html/mine.html", "html/pena-s-high-001.html"]


def test_a_bucket_that_is_not_there_is_refused_before_anything_runs(asked: Request) -> None:
    with pytest.raises(InputError, match="is not there"):
        plan(replace(asked, bucket="s3://not-there-at-all"))
    assert not (asked.out / "b").exists() and samples.Mill.ran == []


def test_another_batch_that_writes_there_is_refused(asked: Request) -> None:
    from leadlib.engines.delivery import held

    with held(there(asked)), pytest.raises(Locked, match="another batch is writing here"):
        run(plan(asked))
    assert run(plan(asked)).exit_code == 0


def test_the_command_takes_the_address_of_a_bucket(asked: Request, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(asked.out.parent)
    words = ["run", str(asked.notebook), "--pack", asked.pack, "--school", "001", "--to", "html", "--name", "c"]
    done = CliRunner().invoke(cli, [*words, "--out", asked.bucket])
    assert done.exit_code == 0, done.output
    assert "html/pena-s-high-001.html" in place_of(f"{asked.bucket}/c").tags()
    assert Path("reports/build/c/manifest.json").is_file()


@pytest.mark.parametrize(
    ("change", "words"),
    [({"scheduler": "tcp://127.0.0.1:1"}, "add --on dask"), ({"on": "spark"}, "there is no 'spark' to run on")],
)
def test_a_cluster_that_cannot_be_meant_is_refused(change: dict[str, str], words: str, asked: Request) -> None:
    with pytest.raises(InputError, match=words):
        plan(replace(asked, bucket="", **change))


def test_a_batch_that_cannot_go_on_does_not_look_as_if_it_ran(asked: Request) -> None:
    pytest.importorskip("distributed")
    nowhere = replace(asked, bucket="", on="dask", scheduler="tcp://127.0.0.1:1")
    with pytest.raises(InputError, match="does not answer"):
        run(plan(nowhere))
    told = manifest.read(asked.out / "b")
    assert told["status"] == "stopped" and {s["status"] for s in told["schools"]} == {"not_run"}
    assert not (asked.out / "b" / "journal.jsonl").exists()
