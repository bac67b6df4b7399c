"""All pages of an answer: from the cache or the portal, in order, held to the number of rows that the portal names."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from leadlib.errors import InputError
from leadlib.fetch.cache import Cache, Entry
from leadlib.fetch.client import Client, failed
from leadlib.numbers import plural

AGAIN = "fetch it again with --refresh; if it stays so, tell the portal"


class Asked(Protocol):
    """What is asked for: its address below the portal's base, its kind, and (as text) what an error calls it."""

    @property
    def address(self) -> str:
        """The address below the base."""

    @property
    def name(self) -> str:
        """The kind of answer."""


Watch = Callable[[Asked, int, int], None]
"""Called after each page with what is asked for, the pages that have come, and the pages to come in all."""


@dataclass
class Source:
    """Where pages come from: the portal through a client, a cache, or (offline) the cache alone.

    Parameters
    ----------
    client : Client
        Asks the portal; offline it only gives the address under which pages were kept.
    cache : Cache
        Where pages are kept.
    offline : bool
        Whether only what is kept may be used.
    refresh : bool
        Whether what is kept is asked for again.
    watch : callable, optional
        Told of each page.
    """

    client: Client
    cache: Cache
    offline: bool = False
    refresh: bool = False
    watch: Watch | None = None
    manifests: list[dict[str, Any]] = field(default_factory=list)

    def pages(self, query: Asked) -> Iterator[list[dict[str, Any]]]:
        """Give the rows of an answer, page by page, and after the last one refuse an answer that is not whole.

        Only pages that are not kept are asked for. When the answer turns out not to be whole, its pages are
        forgotten, so that the next run asks for them anew.

        Raises
        ------
        InputError
            A page that cannot be had (its rows before it have come); fewer or more rows than the portal's count;
            pages that lead elsewhere or in a circle; offline, a page that is not kept.
        """
        run = _Run(str(query), f"{self.client.base}/{query.address}")
        try:
            while run.url is not None:
                entry, page = self._page(run)
                run.take(entry)
                if self.watch:
                    self.watch(query, len(run.entries), run.expected)
                yield page["results"]
            run.settle()
        except _Broken as fault:
            self.cache.drop(run.seen)
            raise fault.error from None
        self.manifests.append(run.manifest(query))
        self.cache.record(self.manifests[-1])

    def forget(self, query: Asked) -> None:
        """Forget what is kept of an answer."""
        url: str | None = f"{self.client.base}/{query.address}"
        while url is not None and (entry := self.cache.entry(url)):
            self.cache.drop([url])
            url = entry.next

    def _page(self, run: _Run) -> tuple[Entry, dict[str, Any]]:
        url, where = str(run.url), run.where_page
        kept = None if self.refresh else self.cache.get(url)
        if kept is not None:
            return kept[0], json.loads(kept[1])
        if self.offline:
            fix = "run it once without --offline"
            raise failed(where, "is not in the cache, or is damaged there", fix)
        body, document = self.client.get(url, where)
        page = _checked(document, where)
        when = datetime.fromtimestamp(self.client.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if page["next"] is not None:
            page["next"] = _next(page["next"], url, where, self.client)
        return self.cache.put(url, body, page, when), page


class _Broken(Exception):
    """An answer that is not whole, though its pages came."""

    def __init__(self, where: str, what: str, fix: str = AGAIN) -> None:
        super().__init__(what)
        self.error: InputError = failed(where, what, fix)


@dataclass
class _Run:
    """One answer while its pages come."""

    where: str
    first: str
    url: str | None = None
    entries: list[Entry] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    rows: int = 0
    expected: int = 1

    def __post_init__(self) -> None:
        self.url = self.first

    @property
    def where_page(self) -> str:
        number = len(self.entries) + 1
        return f"{self.where}, page {number}" + (f" of {max(number, self.expected)}" if self.entries else "")

    def take(self, entry: Entry) -> None:
        """Note a page that has come, and where the next one is."""
        self.seen.append(str(self.url))
        if self.entries and entry.count != self.entries[0].count:
            what = f"the portal counts {entry.count:,} rows and counted {self.entries[0].count:,} before"
            raise _Broken(self.where_page, what)
        if not entry.rows and entry.next is not None:
            raise _Broken(self.where_page, "has no rows, though more pages follow it")
        self.entries.append(entry)
        self.rows += entry.rows
        left = max(0, entry.count - self.rows)
        self.expected = len(self.entries) + (math.ceil(left / entry.rows) if entry.rows else 0)
        if self.rows > entry.count:
            what = f"gives {self.rows:,} rows on {plural(len(self.entries), 'page')}; the portal counts {entry.count:,}"
            raise _Broken(self.where, f"{what}, so {self.rows - entry.count:,} are too many")
        if entry.next in self.seen:
            raise _Broken(self.where_page, "the pages lead in a circle")
        self.url = entry.next

    def settle(self) -> None:
        """Hold the rows that came to the portal's count."""
        count = self.entries[0].count
        if self.rows != count:
            last, of = len(self.entries), self.expected
            here = f"page {last + 1}" if of == last + 1 else f"pages {last + 1} to {of}"
            what = f"the portal counts {count:,} rows and gave {self.rows:,} on {plural(last, 'page')}"
            raise _Broken(self.where, f"{what}: {count - self.rows:,} rows are missing ({here} did not follow)")

    def manifest(self, query: Asked) -> dict[str, Any]:
        """Give the record of a whole answer."""
        times = [e.fetched for e in self.entries]
        return {
            "query": self.where,
            "endpoint": query.name,
            "url": self.first,
            "fetched": [min(times), max(times)],
            "count": self.entries[0].count,
            "rows": self.rows,
            "pages": [{"url": e.url, "sha256": e.sha256, "rows": e.rows} for e in self.entries],
        }


def _checked(document: Any, where: str) -> dict[str, Any]:
    """Hold a page to the form that the portal documents: count, next, results."""
    fix = "the portal may have changed; look for a newer leadlib"
    if not isinstance(document, dict):
        raise failed(where, f"is not an object with count, next and results, but {str(document)[:80]}", fix)
    absent = [k for k in ("count", "next", "results") if k not in document]
    if absent:
        raise failed(where, f"has no {', '.join(absent)}; it has {', '.join(list(document)[:8]) or 'nothing'}", fix)
    count, following, rows = document["count"], document["next"], document["results"]
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise failed(where, f"count is {str(count)[:40]!r}, not a number of rows", fix)
    if following is not None and not isinstance(following, str):
        raise failed(where, f"next is {str(following)[:40]!r}, not an address", fix)
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise failed(where, "results is not a list of rows", fix)
    return {"count": count, "next": following, "results": rows}


def _next(following: str, url: str, where: str, client: Client) -> str:
    """Give the address of the next page; it must be another page of the same answer."""
    made = client.same_place(following, f"{where}: next")
    if urlsplit(made).path.rstrip("/") != urlsplit(url).path.rstrip("/"):
        raise failed(f"{where}: next", f"leads to another answer: {made[:200]}", "tell the portal")
    return made
