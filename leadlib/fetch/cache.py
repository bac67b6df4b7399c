"""What has been fetched, kept on disk: every page under its sha256, safe for several processes without a lock."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import sys
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from leadlib.errors import refuse

ENVIRONMENT = "LEADLIB_CACHE"


def default_folder() -> Path:
    """Give the folder where pages are kept: LEADLIB_CACHE, or the user's own folder for such things."""
    if named := os.environ.get(ENVIRONMENT, "").strip():
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "leadlib" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "leadlib"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "leadlib"


@dataclass(frozen=True)
class Entry:
    """One page: its address, its fingerprint, what it says of the whole, and when it came (UTC)."""

    url: str
    sha256: str
    rows: int
    count: int
    next: str | None
    fetched: str


class Cache:
    """Pages on disk, each found by its address and held to its fingerprint.

    A page's file is named by the sha256 of its bytes and is never changed; a small file for each address names the
    page. Both are written beside their place and then moved there, so that a reader sees a whole file or none, and
    two processes that fetch the same page cannot spoil it for each other. A damaged file counts as absent.

    Parameters
    ----------
    folder : Path
        Where the pages are kept; made when the first one comes.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def get(self, url: str) -> tuple[Entry, bytes] | None:
        """Give a page that is kept whole, or None."""
        entry = self.entry(url)
        if entry is None:
            return None
        try:
            body = gzip.decompress(self._page(entry.sha256).read_bytes())
        except (OSError, EOFError, zlib.error):
            return None
        return (entry, body) if hashlib.sha256(body).hexdigest() == entry.sha256 else None

    def entry(self, url: str) -> Entry | None:
        """Give what is known about the page of an address, or None."""
        try:
            entry = Entry(**json.loads(self._address(url).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return entry if entry.url == url else None

    def put(self, url: str, body: bytes, page: Mapping[str, Any], fetched: str) -> Entry:
        """Keep a page and give its entry."""
        sha = hashlib.sha256(body).hexdigest()
        entry = Entry(url, sha, len(page["results"]), page["count"], page["next"], fetched)
        self._write(self._page(sha), gzip.compress(body, 6, mtime=0))
        self._write(self._address(url), _json(asdict(entry)))
        return entry

    def drop(self, urls: Iterable[str]) -> None:
        """Forget the pages of these addresses, so that they are asked for anew."""
        for url in urls:
            with contextlib.suppress(OSError):
                self._address(url).unlink()

    def record(self, manifest: Mapping[str, Any]) -> Path:
        """Write down that a query is complete: address, time, count, and each page with its sha256."""
        path = self.folder / "queries" / f"{_key(manifest['url'])}.json"
        self._write(path, _json(manifest))
        return path

    def _page(self, sha: str) -> Path:
        return self.folder / "pages" / sha[:2] / f"{sha}.json.gz"

    def _address(self, url: str) -> Path:
        return self.folder / "addresses" / f"{_key(url)}.json"

    def _write(self, path: Path, blob: bytes) -> None:
        """Write a file whole or not at all."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(prefix=".part-", dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(blob)
                os.replace(part, path)
            except BaseException as error:
                with contextlib.suppress(OSError):
                    os.unlink(part)
                # Windows does not replace a file that another process reads; then that process has written it.
                if not (isinstance(error, PermissionError) and path.exists()):
                    raise
        except OSError as error:
            fix = f"check the folder, the space on the disk and your rights, or set {ENVIRONMENT}"
            raise refuse(str(self.folder), f"the cache cannot be written: {error.strerror}", fix) from None


def _key(url: str) -> str:
    return hashlib.sha256(url.encode("utf-8")).hexdigest()[:40]


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
