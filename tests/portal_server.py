"""A portal on this machine that speaks the documented JSON, and fails as it is told to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from leadlib.fetch import Client

Row = dict[str, Any]
Action = Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose address holds these words."""

    words: str
    action: Action
    times: int


@dataclass
class Portal:
    """What the server gives: rows by path, filtered and paged, and the faults that are in store."""

    rows: dict[str, Sequence[Row]] = field(default_factory=dict)
    page_size: int = 10_000
    sizes: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    changes: list[tuple[str, Callable[[Row], Row]]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    base: str = ""
    end: threading.Event = field(default_factory=threading.Event)

    def fault(self, action: Action, words: str = "", times: int = 1) -> None:
        """Let something go wrong."""
        self.faults.append(Fault(words, action, times))

    def change(self, make: Callable[[Row], Row], words: str = "") -> None:
        """Change every page whose address holds these words."""
        self.changes.append((words, make))

    def page(self, path: str, asked: Mapping[str, str]) -> Row | None:
        """Give the page of an address, as the portal would."""
        if path not in self.rows:
            return None
        rows = [r for r in self.rows[path] if all(self._fits(r, k, v) for k, v in asked.items() if k != "page")]
        number = int(asked.get("page", 1))
        sizes = [*self.sizes, *[self.page_size] * number]
        first = sum(sizes[: number - 1])
        last = first + sizes[number - 1]
        more = {**asked, "page": str(number + 1)}
        following = f"{self.base}/{path}?{urlencode(more, safe=',')}" if last < len(rows) else None
        return {"count": len(rows), "next": following, "previous": None, "results": rows[first:last]}

    @staticmethod
    def _fits(row: Row, name: str, values: str) -> bool:
        return name not in row or str(row[name]) in values.split(",")

    def count(self, words: str = "") -> int:
        """Count the requests whose address holds these words."""
        return sum(words in r for r in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        portal: Portal = self.server.portal  # type: ignore[attr-defined]
        portal.requests.append(self.path)
        parts = urlsplit(self.path)
        asked = {k: v[0] for k, v in parse_qs(parts.query).items()}
        page = portal.page(parts.path.removeprefix("/api/v1/"), asked)
        for words, make in portal.changes:
            page = make(page) if page is not None and words in self.path else page
        body = b'{"detail": "Not found."}' if page is None else json.dumps(page).encode("utf-8")
        for fault in portal.faults:
            if fault.times and fault.words in self.path:
                fault.times -= 1
                fault.action(self, body)
                return
        send(self, 404 if page is None else 200, body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send a whole answer."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in ({"Content-Type": "application/json"} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def status(code: int, body: bytes = b"", **headers: str) -> Action:
    """Answer with a status."""
    return lambda handler, _: send(handler, code, body, **headers)


def says(body: bytes, kind: str = "application/json") -> Action:
    """Answer with other words than the page's."""
    return lambda handler, _: send(handler, 200, body, Content_Type=kind)


def cut(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Break off in the middle of the page."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def hang_up(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Close the connection without a word."""
    handler.close_connection = True


def stall(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Begin an answer and never end it, until the server is closed."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[:1])
    handler.server.portal.end.wait(30)  # type: ignore[attr-defined]
    handler.close_connection = True


@contextmanager
def running() -> Iterator[Portal]:
    """Run a portal on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    portal = Portal(base=f"http://127.0.0.1:{server.server_address[1]}/api/v1")
    server.portal = portal  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield portal
    finally:
        portal.end.set()
        server.shutdown()
        server.server_close()
        thread.join()


def school(ncessch: str, year: int = 2018, **fields: Any) -> Row:
    """Make a row of the school directory; its fields are those of a live answer."""
    state = int(ncessch[:2])
    return {
        "year": year, "ncessch": ncessch, "school_id": ncessch[7:], "school_name": f"School {ncessch[-3:]}",
        "leaid": ncessch[:7], "lea_name": f"District {ncessch[2:7]}", "state_leaid": f"S-{ncessch[2:7]}",
        "seasch": f"{ncessch[2:7]}-{ncessch[7:]}", "fips": state, "urban_centric_locale": 21, "county_code": "6001",
        "school_level": 1, "school_type": 1, "school_status": 1, "lowest_grade_offered": -1,
        "highest_grade_offered": 5, "title_i_status": 5, "charter": 0, "magnet": None, "virtual": 0,
        "teachers_fte": 20, "free_lunch": 150, "reduced_price_lunch": 50, "free_or_reduced_price_lunch": 200,
        "enrollment": 400, "state_leg_district_lower": "-2", "ncessch_num": int(ncessch), "direct_certification": 100,
        "lunch_program": 1, **fields,
    }  # fmt: skip


IDS = ("060000100001", "060000100002", "060000200003")


def directory(year: int, ids: Sequence[str] = IDS, **fields: Any) -> list[Row]:
    """Make the directory of a year."""
    return [school(i, year, **fields) for i in ids]


def scores(ncessch: str, year: int, **fields: Any) -> Row:
    """Make a row of EDFacts assessments."""
    made: Row = {"ncessch": ncessch, "year": year, "leaid": ncessch[:7], "fips": int(ncessch[:2])}
    made |= {"grade_edfacts": 99, "race": 99, "sex": 99, "lep": 99, "homeless": 99, "migrant": 99, "disability": 99}
    made |= {"econ_disadvantaged": 99, "foster_care": 99, "military_connected": 99}
    for test in ("read", "math"):
        made |= {f"{test}_test_num_valid": 60, f"{test}_test_pct_prof_midpt": 52}
        made |= {f"{test}_test_pct_prof_low": 50, f"{test}_test_pct_prof_high": 54}
    return made | fields


def rights(ncessch: str, year: int, **fields: Any) -> Row:
    """Make a row of the Civil Rights Data Collection."""
    made: Row = {"crdc_id": ncessch, "year": year, "ncessch": ncessch, "leaid": ncessch[:7], "fips": int(ncessch[:2])}
    return made | {"race": 99, "sex": 99, "disability": 99, "lep": 99} | fields


def endpoints(*lines: tuple[str, str]) -> list[Row]:
    """Make the portal's list of endpoints."""
    return [{"endpoint_id": k, "endpoint_url": u, "years_available": y} for k, (u, y) in enumerate(lines, 1)]


def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test reach any other machine."""
    reach = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", f"a test asks {address}"
        reach(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


class Clock:
    """A clock that moves when someone waits, or with each look at it."""

    def __init__(self, step: float = 0.0) -> None:
        self.waits: list[float] = []
        self.time, self.step = 0.0, step

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def __call__(self) -> float:
        self.time += self.step
        return self.time


def client(portal: Portal, clock: Clock | None = None, **more: Any) -> Client:
    clock = clock or Clock()
    return Client(portal.base, sleep=clock.sleep, clock=clock, now=lambda: 1_600_000_000.0, **more)
