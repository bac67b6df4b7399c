"""One page: when it is asked for again, when not, and that nothing is asked of another host."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from portal_server import (
    Clock,
    Portal,
    client,
    cut,
    directory,
    hang_up,
    only_this_machine,
    running,
    says,
    send,
    stall,
    status,
)

from leadlib.fetch import Client, PortalError, UnreachedError

PATH = "schools/ccd/directory/2018/"


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    only_this_machine(monkeypatch)
    with running() as made:
        made.rows[PATH] = directory(2018)
        yield made


@pytest.mark.parametrize(
    "fault",
    [status(504), status(503), status(500, b"<h1>Server Error</h1>"), status(429), cut, hang_up,
     says(b'{"count": 3, "next": nul'), says(b""), status(200, b"\x00damaged", Content_Encoding="gzip")],
    ids=["504", "503", "500", "429", "cut", "hang up", "half JSON", "nothing", "damaged"],
)  # fmt: skip
def test_a_passing_fault_is_followed_by_another_attempt(fault: Any, portal: Portal) -> None:
    clock = Clock()
    portal.fault(fault, times=2)
    _, page = client(portal, clock).get(PATH, "page 1")
    assert (page["count"], portal.count(), len(clock.waits)) == (3, 3, 2)


def test_waits_double_are_spread_by_the_seed_and_capped(portal: Portal) -> None:
    def waits(seed: int) -> list[float]:
        clock = Clock()
        portal.faults.clear()
        portal.fault(status(504), times=99)
        with pytest.raises(UnreachedError, match=r"not available now \(status 504\) \(10 attempts\)"):
            client(portal, clock, seed=seed, attempts=10).get(PATH, "page 1")
        return clock.waits

    first = waits(1)
    assert first == waits(1) != waits(2)
    assert all(full / 2 <= w <= full for w, full in zip(first, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True))


@pytest.mark.parametrize(("header", "least"), [("7", 7.0), ("Sun, 13 Sep 2020 12:26:50 GMT", 10.0), ("soon", 0.5)])
def test_a_wait_the_portal_asks_for_is_kept(header: str, least: float, portal: Portal) -> None:
    clock = Clock()
    portal.fault(status(429, Retry_After=header))
    client(portal, clock).get(PATH, "page 1")
    assert clock.waits[0] >= least and clock.waits[0] < least + 1


def test_a_page_that_stalls_is_given_up_and_asked_for_again(portal: Portal) -> None:
    portal.fault(stall)
    _, page = client(portal, timeout=(1.0, 0.1)).get(PATH, "page 1")
    assert page["count"] == 3 and portal.count() == 2


def test_a_page_that_trickles_beyond_its_time_is_given_up(portal: Portal) -> None:
    with pytest.raises(UnreachedError, match="took more than 5 seconds"):
        client(portal, Clock(step=10.0), page_seconds=5.0, attempts=2).get(PATH, "page 1")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (status(400, b'[{"API ERROR": "\'rase\' is not a valid filter"}]'), "'rase' is not a valid filter"),
        (status(400, b'{"message": "Bad year"}'), r"refuses the request \(status 400\): Bad year"),
        (status(413, b"<html><b>Too large</b></html>"), r"too many records \(status 413\): Too large"),
        (status(404, b'{"detail": "Not found."}'), "no such page .*: Not found."),
        (status(403), r"\(status 403\)"),
        (says(b"<!doctype html><title>Sign in</title>", "text/html"), "is not JSON; it begins '<!doctype html>"),
    ],
)
def test_a_wrong_request_is_told_at_once_with_what_the_portal_says(fault: Any, said: str, portal: Portal) -> None:
    portal.fault(fault)
    with pytest.raises(PortalError, match=said) as error:
        client(portal).get(PATH, "directory 2018")
    assert portal.count() == 1
    assert error.value.problems[0].where == "directory 2018" and error.value.problems[0].fix


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"9" * 5000, b"[" * 100_000])
def test_numbers_that_are_none_and_depths_without_end_are_no_page(word: bytes, portal: Portal) -> None:
    portal.fault(says(b'{"count": ' + word + b"}"), times=9)
    with pytest.raises(UnreachedError, match="not whole, or not JSON"):
        client(portal, attempts=2).get(PATH, "page 1")


def test_a_redirect_within_the_portal_is_followed(portal: Portal) -> None:
    portal.fault(lambda h, _: send(h, 301, b"", Location=f"/api/v1/{PATH}"))
    assert client(portal).get(PATH.rstrip("/"), "page 1")[1]["count"] == 3


def test_a_redirect_to_another_host_is_refused(portal: Portal) -> None:
    portal.fault(status(302, b"", Location="http://elsewhere.example/api/v1/x"))
    with pytest.raises(PortalError, match=r"leads to another host: http://elsewhere\.example"):
        client(portal).get(PATH, "page 1")


def test_a_redirect_in_a_circle_ends(portal: Portal) -> None:
    portal.fault(lambda h, _: send(h, 302, b"", Location=h.path), times=99)
    with pytest.raises(PortalError, match="in a circle"):
        client(portal).get(PATH, "page 1")


def test_a_portal_that_is_not_there_is_told(portal: Portal) -> None:
    clock = Clock()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}/api/v1"
        with pytest.raises(UnreachedError, match="cannot be reached"):
            Client(base, attempts=2, sleep=clock.sleep).get(PATH, "page 1")


@pytest.mark.parametrize(
    "url",
    ["http://elsewhere.example/api/v1/x", "http://127.0.0.1:1/api/v1/x", "//elsewhere.example/x", "ftp://127.0.0.1/x",
     "http://user@elsewhere.example/", "http://127.0.0.1:x/"],
)  # fmt: skip
def test_no_other_place_is_asked(url: str, portal: Portal) -> None:
    with pytest.raises(PortalError, match="leads to another host"):
        client(portal).get(url, "next")
    assert portal.count() == 0


def test_an_address_of_the_same_host_is_never_asked_without_encryption() -> None:
    made = Client("https://portal.example/api/v1")
    assert (
        made.same_place("http://portal.example/api/v1/x/?page=2", "next") == "https://portal.example/api/v1/x/?page=2"
    )


@pytest.mark.parametrize("base", ["portal.example", "file:///etc", "https://", "https://x.example/?a=1"])
def test_a_base_that_is_no_address_is_refused(base: str) -> None:
    with pytest.raises(PortalError, match="is not an address"):
        Client(base)


def test_the_bytes_given_are_the_bytes_sent(portal: Portal) -> None:
    body, page = client(portal).get(PATH, "page 1")
    assert json.loads(body) == page
