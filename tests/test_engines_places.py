"""Files of a batch in a folder or a bucket: whole or not at all, refusals in words, one batch at a time."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leadlib.engines import delivery, places
from leadlib.engines.one import Outcome, Task
from leadlib.engines.places import Folder, Place, Store, place_of
from leadlib.errors import InputError
from tests import batch_samples as samples
from tests.s3_server import KEYS, Gate, Server, free_port, gated, serving

pytest.importorskip("s3fs")

MADE = {"notebooks": b"a notebook", "html": b"<p>a page</p>"}
PATHS = {"notebooks": "notebooks/old-mill-003.ipynb", "html": "html/old-mill-003.html"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let this process speak with the S3 server at an address, and not wait long."""
    monkeypatch.setattr(places, "WAITS", (0.01, 0.01))
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)

    def to(url: str) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        forget()

    yield to
    forget()


def forget() -> None:
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def bucket(server: Server, reach: Callable[[str], None], request: pytest.FixtureRequest) -> str:
    reach(server.url)
    return server.bucket(f"b{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]}") + "/reports/2026"


@pytest.fixture
def gate(server: Server, reach: Callable[[str], None]) -> Iterator[Gate]:
    with gated(server) as opened:
        reach(opened.url)
        yield opened


def staged(folder: Path) -> Outcome:
    """Give a school whose files stand in a folder of this machine."""
    for kind, content in MADE.items():
        (folder / PATHS[kind]).parent.mkdir(parents=True, exist_ok=True)
        (folder / PATHS[kind]).write_bytes(content)
    outputs = {k: {"path": PATHS[k], "sha256": hashlib.sha256(c).hexdigest()} for k, c in MADE.items()}
    return Outcome("done", 1.5, outputs=outputs)


def files_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.fixture(params=["folder", "s3", "memory", "local"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "s3":
        return place_of(request.getfixturevalue("bucket"))
    if request.param == "local" and os.name == "nt":
        pytest.skip("fsspec names local files otherwise there")
    addresses = {
        "folder": str(tmp_path / "out"),
        "memory": f"memory://{tmp_path.name}/out",
        "local": f"local://{tmp_path}/out",  # stands for what is no bucket, where a file is renamed into place
    }
    return place_of(addresses[request.param])


def test_every_kind_of_place_gives_back_what_was_put_there(place: Place) -> None:
    place.check()
    assert place.tags() == {}
    first = place.write("html/a.html", b"one")
    place.write("b.json", b"{}")
    assert place.read("html/a.html") == b"one"
    assert list(place.tags()) == ["b.json", "html/a.html"] and place.tags()["html/a.html"] == first
    place.remove("b.json")
    place.remove("b.json")
    assert list(place.tags()) == ["html/a.html"]


def test_every_kind_of_place_shows_that_a_file_was_written_over(place: Place) -> None:
    tags = {name: place.write(name, b"one") for name in ("same.json", "other.json", "gone.json")}
    assert delivery.changed(place, tags) == set()
    place.write("other.json", b"another")
    place.remove("gone.json")
    assert delivery.changed(place, tags) == {"other.json", "gone.json"}
    assert place.read("other.json") == b"another"


def test_every_kind_of_place_lets_a_name_be_claimed_once(place: Place) -> None:
    assert place.claim("x.lock", b"mine")
    assert not place.claim("x.lock", b"yours")
    assert place.read("x.lock") == b"mine"


@pytest.mark.parametrize("name", ["../up", "/root", "a//b", "a/../../b", "a b", "a\nb", "", "a\\b", "é", "x?y#z"])
def test_a_name_that_could_lead_out_of_a_place_is_refused(name: str, tmp_path: Path) -> None:
    for place in (Folder(tmp_path), Store("memory://out")):
        with pytest.raises(InputError, match="is not a safe name for a file"):
            place.write(name, b"")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "address, words",
    [
        ("s4://bucket/x", "s4://: is no kind of address that can be written to -> did you mean 's3://'"),
        ("s3://key:secret@bucket/x", "must not hold a password"),
        ("s3://bucket/../other", "is not an address to write to"),
        ("s3://", "is not an address to write to"),
        ("s3://bucket/a?b", "is not an address to write to"),
        ("memory::s3://bucket", "is not an address to write to"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_in_words(address: str, words: str) -> None:
    if address.startswith("memory::"):
        address = "simplecache://x::s3://bucket"
    with pytest.raises(InputError) as told:
        place_of(address)
    assert words in str(told.value) and "secret" not in str(told.value)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(InputError, match=r"gs://: needs a package that is not installed -> pip install gcsfs"):
        place_of("gs://bucket/reports")


def test_fsspec_is_not_imported_for_a_folder(tmp_path: Path) -> None:
    code = f"import sys; from leadlib.engines.places import place_of; place_of({str(tmp_path)!r}).check(); "
    code += "sys.exit('fsspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_file_address_is_a_folder(tmp_path: Path) -> None:
    place = place_of((tmp_path / "a b").as_uri())
    assert isinstance(place, Folder)
    place.write("x.json", b"{}")
    assert files_in(tmp_path) == ["a b/x.json"]


def test_a_bucket_that_is_not_there_is_refused_before_anything_runs(bucket: str) -> None:
    with pytest.raises(InputError, match=r"s3://no-such-bucket/x/.*is not there .* a bucket has to be made first"):
        place_of("s3://no-such-bucket/x").check()
    place_of(bucket).check()
    assert place_of(bucket).tags() == {}


def test_refused_access_is_told_at_once_and_not_tried_again(server: Server, gate: Gate) -> None:
    gate.decide = lambda method, path: (403, "AccessDenied")
    with pytest.raises(InputError, match=r"access is refused \(said by the gate\) -> check the keys"):
        place_of("s3://bucket/x").check()
    assert [method for method, _ in gate.seen] == ["PUT"]


def test_missing_keys_are_told_as_refused_access(server: Server, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(InputError, match=r"access is refused .* check the keys in the environment"):
        place_of("s3://bucket/x").check()
    assert gate.seen == []


@pytest.mark.parametrize("status, code", [(503, "ServiceUnavailable"), (503, "SlowDown"), (500, "InternalError")])
def test_a_server_that_fails_twice_and_then_works_is_waited_for(
    status: int, code: str, server: Server, gate: Gate
) -> None:
    address = server.bucket(f"twice-{code.lower()}")
    refused = iter([(status, code), (status, code)])
    gate.decide = lambda method, path: next(refused, None) if method == "PUT" else None
    place_of(address).write("x.json", b"{}")
    assert [method for method, _ in gate.seen] == ["PUT", "PUT", "PUT"]
    assert server.ask("GET", f"/twice-{code.lower()}/x.json") == 200


def test_a_server_that_goes_on_failing_is_given_up(server: Server, gate: Gate) -> None:
    gate.decide = lambda method, path: (503, "ServiceUnavailable")
    with pytest.raises(InputError, match=r"does not answer \(said by the gate\)"):
        place_of("s3://bucket").write("x.json", b"{}")
    assert len(gate.seen) == len(places.WAITS) + 1


def test_nobody_listening_is_told_as_no_answer(reach: Callable[[str], None]) -> None:
    reach(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(InputError, match="does not answer"):
        place_of("s3://bucket").check()


def test_a_page_in_a_bucket_says_that_it_is_a_page(bucket: str) -> None:
    import s3fs

    place_of(bucket).write("index.html", b"<p>")
    about = s3fs.S3FileSystem().info(f"{bucket}/index.html")
    assert about["ContentType"] == "text/html; charset=utf-8"


def test_a_delivered_school_leaves_the_machine_and_stands_in_the_bucket(bucket: str, tmp_path: Path) -> None:
    place = place_of(bucket)
    outcome = delivery.deliver(staged(tmp_path), tmp_path, place)
    assert (outcome.status, outcome.seconds, files_in(tmp_path)) == ("done", 1.5, [])
    assert {PATHS[k]: c for k, c in MADE.items()} == {name: place.read(name) for name in place.tags()}
    assert delivery.changed(place, {o["path"]: o["tag"] for o in outcome.outputs.values()}) == set()


def test_a_file_costs_one_request_and_a_look_at_all_of_them_one_more(
    server: Server, gate: Gate, tmp_path: Path
) -> None:
    place = place_of(server.bucket("counted") + "/batch")
    outcome = delivery.deliver(staged(tmp_path), tmp_path, place)
    assert [method for method, _ in gate.seen] == ["PUT", "PUT"]
    gate.seen.clear()
    assert delivery.changed(place, {o["path"]: o["tag"] for o in outcome.outputs.values()}) == set()
    assert [method for method, _ in gate.seen] == ["GET"]


def test_a_school_of_which_one_file_is_refused_leaves_none_there(server: Server, gate: Gate, tmp_path: Path) -> None:
    address = server.bucket("half")
    gate.decide = lambda method, path: (403, "AccessDenied") if method == "PUT" and path.endswith(".html") else None
    outcome = delivery.deliver(staged(tmp_path), tmp_path, place_of(address))
    assert (outcome.status, outcome.cause, outcome.outputs) == ("failed", "writing", {})
    assert "html/old-mill-003.html: access is refused" in str(outcome.message)
    assert place_of(address).tags() == {} and files_in(tmp_path) == []


def test_a_server_that_dies_in_the_middle_fails_the_school(reach: Callable[[str], None], tmp_path: Path) -> None:
    with serving() as mortal, gated(mortal) as gate:
        reach(gate.url)
        address = mortal.bucket("mortal")

        def decide(method: str, path: str) -> None:
            if method == "PUT" and path.endswith(".html"):
                mortal.kill()

        gate.decide = decide
        outcome = delivery.deliver(staged(tmp_path), tmp_path, place_of(address))
    assert (outcome.status, outcome.cause, outcome.outputs) == ("failed", "writing", {})
    assert "does not answer" in str(outcome.message) and files_in(tmp_path) == []


def test_a_file_that_changed_after_it_was_made_is_not_delivered(tmp_path: Path) -> None:
    outcome = staged(tmp_path / "here")
    (tmp_path / "here" / PATHS["html"]).write_bytes(b"<p>another</p>")
    there = Folder(tmp_path / "there")
    failed = delivery.deliver(outcome, tmp_path / "here", there)
    assert (failed.status, failed.cause) == ("failed", "writing") and there.tags() == {}


def test_one_batch_at_a_time_may_write_to_a_place(place: Place) -> None:
    with delivery.held(place) as sure:
        assert sure
        with pytest.raises(InputError, match=r"another batch is writing here \(on .* since 2.*remove .*\.lock"):
            delivery.held(place).__enter__()
    with delivery.held(place):
        pass
    assert delivery.LOCK not in place.tags()


@pytest.mark.parametrize("host, refused", [(socket.gethostname(), False), ("another-machine", True)])
def test_the_lock_of_a_killed_batch_counts_only_where_that_can_be_known(host: str, refused: bool, bucket: str) -> None:
    place = place_of(bucket)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    place.write(delivery.LOCK, json.dumps({"host": host, "pid": gone.pid, "born": 1.0, "since": "2026"}).encode())
    if refused:
        with pytest.raises(InputError, match="on another-machine since 2026"), delivery.held(place):
            pass
    else:
        with delivery.held(place) as sure:
            assert sure


def test_a_place_that_cannot_keep_others_out_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = Folder(tmp_path)
    monkeypatch.setattr(place, "claim", lambda name, content: bool(place.write(name, content)))
    with delivery.held(place) as sure:
        assert not sure


@pytest.mark.slow
def test_a_batch_in_a_bucket_is_byte_for_byte_the_batch_on_a_disk(bucket: str, tmp_path: Path) -> None:
    from leadlib.engines.pool import Pool

    notebook, pack = samples.notebook(tmp_path / "small.ipynb"), samples.pack(tmp_path / "tiny")
    place = place_of(bucket)

    def tasks(folder: Path) -> list[Task]:
        given = {"pack": f"./{pack.name}"}
        return [
            Task(str(notebook), given | {"school_id": s}, f"school-{s}", s, str(folder), ["html"])
            for s in ("001", "bad", "003")
        ]

    with Pool(1) as pool:
        local = dict(pool.outcomes(tasks(tmp_path / "disk")))
        sent = {
            k: delivery.deliver(o, tmp_path / "staged", place) for k, o in pool.outcomes(tasks(tmp_path / "staged"))
        }
    assert [local[k].status for k in range(3)] == [sent[k].status for k in range(3)] == ["done", "failed", "done"]
    there = {name: place.read(name) for name in place.tags()}
    assert there == {name: (tmp_path / "disk" / name).read_bytes() for name in files_in(tmp_path / "disk")}
    assert len(there) == 7 and files_in(tmp_path / "staged") == []
