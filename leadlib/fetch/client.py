"""One page from the portal: asked for again when the network or the portal fails, not when the request is wrong."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests

from leadlib import __version__
from leadlib.errors import InputError, Problem

ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
TIMEOUT = (10.0, 60.0)
PAGE_SECONDS = 300.0
PAGE_BYTES = 512 * 2**20
REDIRECTS = 4
_CHUNK = 2**16
_SAYS = ("API ERROR", "message", "detail", "error", "errors")


class PortalError(InputError):
    """The portal did not give what was asked for; `problems` says what, and what to do."""


class UnreachedError(PortalError):
    """The portal cannot be reached, or keeps failing: there is no use in asking it for more now."""


def failed(where: str, what: str, fix: str = "") -> PortalError:
    """Make the error for a single problem with the portal."""
    return PortalError(Problem(where, what, fix))


class _Passing(Exception):
    """A fault that may be gone at the next attempt; `wait` is what the portal asks us to wait, in seconds."""

    def __init__(self, what: str, wait: float = 0.0) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass
class Client:
    """Asks the portal for pages, politely.

    Answers 429 and 5xx, time-outs, cut connections and half a body are passing faults: the page is asked for again, up
    to `attempts` times, after waits that double and are spread by `seed` (or as long as the portal asks). Any other
    answer ends it at once with what the portal says. Nothing is asked of any host but that of `base`.

    Parameters
    ----------
    base : str
        Address under which the portal's paths stand, such as `http://127.0.0.1:8000/api/v1`.
    attempts : int
        How often a page is asked for before giving up.
    seed : int
        Seed of the spread of the waits.
    timeout : tuple of float
        Seconds to wait for a connection and between two pieces of an answer.
    page_seconds : float
        Seconds a whole page may take.
    sleep, clock, now : callable
        How to wait; a running clock in seconds; the time of day in seconds since 1970.
    """

    base: str
    attempts: int = ATTEMPTS
    seed: int = 0
    timeout: tuple[float, float] = TIMEOUT
    page_seconds: float = PAGE_SECONDS
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    asked: int = 0
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        """Hold the base to an address that can be asked."""
        parts = urlsplit(self.base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise failed(f"portal {self.base!r}", "is not an address", "give one such as https://example.org/api/v1")
        self.base = self.base.rstrip("/")
        self._chance = random.Random(self.seed)
        self.session.headers["User-Agent"] = f"leadlib/{__version__}"
        self.session.headers["Accept"] = "application/json"

    def get(self, url: str, where: str) -> tuple[bytes, Any]:
        """Give a page's bytes and what they say; `where` names the page in an error."""
        for attempt in range(1, self.attempts + 1):
            try:
                body = self._once(self.same_place(url, where), where)
                return body, _document(body, where)
            except _Passing as fault:
                if attempt == self.attempts:
                    what = f"{fault} ({attempt} attempts)"
                    fix = "try again later: what has come is kept, and only what is missing is fetched"
                    raise UnreachedError(Problem(where, what, fix)) from None
                self.sleep(self._wait(attempt, fault.wait))
        raise AssertionError("unreachable")

    def _wait(self, attempt: int, asked: float) -> float:
        """Give the seconds to wait: doubling, spread over the upper half, never less than asked for."""
        full = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1))
        return max(full * (0.5 + self._chance.random() / 2), min(asked, 2 * LONGEST_WAIT))

    def same_place(self, url: str, where: str) -> str:
        """Give an address of the portal, made absolute; refuse one that leads away from it."""
        home, there = urlsplit(self.base), urlsplit(urljoin(self.base + "/", url))
        ports = {"http": 80, "https": 443}
        try:
            usual = there.port in (None, ports.get(there.scheme)) and home.port in (None, ports[home.scheme])
            same = there.hostname == home.hostname and (there.port == home.port or usual)
        except ValueError:  # a port that is no number
            same = False
        if not same or there.scheme not in ports or "@" in there.netloc:
            raise failed(where, f"leads to another host: {there.geturl()[:200]}", "do not follow it; tell the portal")
        return urlunsplit((home.scheme, home.netloc, there.path, there.query, ""))  # never down from https

    def _once(self, url: str, where: str) -> bytes:
        """Ask once, following redirects within the portal."""
        for _ in range(REDIRECTS):
            self.asked += 1
            began = self.clock()
            try:
                with self.session.get(url, timeout=self.timeout, stream=True, allow_redirects=False) as answer:
                    if answer.is_redirect or answer.is_permanent_redirect:
                        url = self.same_place(urljoin(url, answer.headers["Location"]), where)
                        continue
                    body = self._body(answer, began, where)
                    self._judge(answer, body, where)
                    return body
            except requests.Timeout:
                raise _Passing("the portal did not answer in time") from None
            except requests.exceptions.ContentDecodingError:
                raise _Passing("the answer came damaged") from None
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
                raise _Passing(_unreached(error)) from None
            except requests.RequestException as error:
                raise failed(where, f"cannot be asked for: {error}"[:300], "check the portal's address") from None
        raise failed(where, "the portal sends the request in a circle", "check the portal's address")

    def _body(self, answer: requests.Response, began: float, where: str) -> bytes:
        """Read the answer to its end, within the page's time and size."""
        pieces, size = [], 0
        for piece in answer.iter_content(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > PAGE_BYTES:
                raise failed(where, f"is larger than {PAGE_BYTES // 2**20} MB", "ask for fewer years or one district")
            if self.clock() - began > self.page_seconds:
                raise _Passing(f"the page took more than {self.page_seconds:.0f} seconds")
        return b"".join(pieces)

    def _judge(self, answer: requests.Response, body: bytes, where: str) -> None:
        """Say what an answer means that is not a page."""
        status, said = answer.status_code, _said(body)
        if status == 200:
            return
        if status == 429 or status >= 500:
            words = {429: "too many requests at once", 504: "the portal is not available now"}
            what = f"{words.get(status, 'the portal failed')} (status {status}){said}"
            raise _Passing(what, self._asked_wait(answer))
        words = {400: "the portal refuses the request", 404: "the portal has no such page", 413: "too many records"}
        fixes = {413: "ask for one district or fewer years", 404: "check the years and the portal's address"}
        what = f"{words.get(status, 'the portal refuses the request')} (status {status}){said}"
        raise failed(where, what, fixes.get(status, "check the selection"))

    def _asked_wait(self, answer: requests.Response) -> float:
        """Give the seconds that the portal asks us to wait."""
        text = answer.headers.get("Retry-After", "").strip()
        if re.fullmatch(r"[0-9]{1,6}", text):
            return float(text)
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - self.now())
        except (TypeError, ValueError):
            return 0.0


def _unreached(error: Exception) -> str:
    """Say why an answer did not come whole."""
    cut = isinstance(error, requests.exceptions.ChunkedEncodingError) or "aborted" in str(error).lower()
    return "the connection was cut" if cut else "the portal cannot be reached"


def _document(body: bytes, where: str) -> Any:
    """Read a page as JSON; half a page is a passing fault, a web page is not."""

    def no_number(word: str) -> Any:
        raise ValueError(f"{word} is not a number")

    try:
        return json.loads(body, parse_constant=no_number)
    except (ValueError, RecursionError) as error:
        start = body[:200].decode("utf-8", "replace").strip()
        if start[:1] in ("{", "[", ""):
            raise _Passing(f"the answer is not whole, or not JSON: {error}"[:200]) from None
        what = f"the answer is not JSON; it begins {start[:60]!r}"
        fix = "check the portal's address, and whether your network asks you to sign in"
        raise failed(where, what, fix) from None


def _said(body: bytes) -> str:
    """Give what the portal says about a failure, as `: words`, or nothing."""
    text = body[:2000].decode("utf-8", "replace")
    try:
        found = _message(json.loads(text))
    except (ValueError, RecursionError):
        found = text
    plain = " ".join(re.sub(r"<[^>]*>", " ", found).split())
    return f": {plain[:300]}" if plain else ""


def _message(document: Any) -> str:
    """Find the sentence in a JSON answer."""
    if isinstance(document, list):
        return "; ".join(filter(None, map(_message, document[:3])))
    if isinstance(document, dict):
        named = [document[key] for key in _SAYS if document.get(key)]
        return _message(named[0]) if named else json.dumps(document)[:300]
    return "" if document is None else str(document)
