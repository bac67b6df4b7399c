"""Places: where the files of a batch go, a folder on a disk or a bucket of a cloud; each file whole or not at all.

A bucket is reached through fsspec, which is asked for only when an address such as `s3://bucket/reports` is given. Keys
and endpoints come from the environment, as the packages behind fsspec take them (`AWS_PROFILE`, `AWS_ENDPOINT_URL`);
an address that holds a password is refused.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit
from urllib.request import url2pathname

from leadlib.engines.books import short
from leadlib.errors import InputError, nearest, refuse
from leadlib.pages.files import write_whole

T = TypeVar("T")

ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)
PASSWORD = re.compile(r"[^/@]*:[^/@]*@")
PART = re.compile(r"[A-Za-z0-9._-]{1,200}")
PROBE = ".leadlib-can-write"
# A file put into one of these appears whole; elsewhere it is put under another name and then renamed.
BUCKETS = ("abfs", "abfss", "az", "gcs", "gs", "memory", "oci", "oss", "s3", "s3a")
SAMPLES = ("s3://", "gs://", "abfs://", "file://")
WAITS = (0.5, 2.0, 8.0)
PASSING = {errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ETIMEDOUT, getattr(errno, "EREMOTEIO", errno.EIO)}
PASSING_NAMES = {"ClientConnectionError", "ClientPayloadError", "ConnectionError", "EndpointConnectionError"}
PASSING_NAMES |= {"FSTimeoutError", "HTTPClientError", "ServiceRequestError", "ServiceResponseError"}
NO_KEYS = {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "ClientAuthenticationError"}
# Without a type a browser saves a page from a bucket instead of showing it.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".pdf": "application/pdf",
}
TYPE_OPTION = {"s3": "ContentType", "s3a": "ContentType", "gs": "content_type", "gcs": "content_type"}


class Place(Protocol):
    """The folder of a batch's files, wherever it is. A name is a path below it, such as `html/old-mill-003.html`."""

    address: str

    def check(self) -> None:
        """Write and remove a small file.

        Raises
        ------
        InputError
            Nothing can be written here: no such bucket, access refused, no answer.
        """

    def write(self, name: str, content: bytes) -> str:
        """Put a file there, whole or not at all; give its tag, which changes when the file is written again."""

    def read(self, name: str) -> bytes:
        """Give the bytes of a file."""

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""

    def tags(self) -> dict[str, str]:
        """Give every file's name and tag, without reading any."""

    def claim(self, name: str, content: bytes) -> bool:
        """Put a file there only if none has the name; say whether it was put."""


class Folder:
    """A place on a disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = str(path)

    def check(self) -> None:
        """Write and remove a small file."""
        write_whole(self.path / PROBE, b"")
        (self.path / PROBE).unlink(missing_ok=True)

    def write(self, name: str, content: bytes) -> str:
        """Put a file there, whole or not at all."""
        return _file_tag(write_whole(self.path / checked(name), content))

    def read(self, name: str) -> bytes:
        """Give the bytes of a file."""
        path = self.path / checked(name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise refuse(str(path), f"cannot be read ({error.strerror or error})") from error

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""
        (self.path / checked(name)).unlink(missing_ok=True)

    def tags(self) -> dict[str, str]:
        """Give every file's name and tag."""
        files = sorted(p for p in self.path.rglob("*") if p.is_file() and not p.name.startswith("."))
        return {p.relative_to(self.path).as_posix(): _file_tag(p) for p in files}

    def claim(self, name: str, content: bytes) -> bool:
        """Put a file there only if none has the name."""
        path = self.path / checked(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            return False
        return True


class Store:
    """A place that fsspec reaches: a bucket of a cloud, or another machine."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.protocol = self.address.split("://")[0]

    def check(self) -> None:
        """Write and remove a small file."""
        self.write(PROBE, b"leadlib")
        self.remove(PROBE)

    def write(self, name: str, content: bytes) -> str:
        """Put a file there, whole or not at all; passing errors are waited out."""
        return self._patient(name, lambda: self._put(self._files(), self._path(name), content))

    def read(self, name: str) -> bytes:
        """Give the bytes of a file."""
        return self._patient(name, lambda: bytes(self._files().cat_file(self._path(name))))

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""

        def step() -> None:
            with suppress(FileNotFoundError):
                self._files().rm_file(self._path(name))

        self._patient(name, step)

    def tags(self) -> dict[str, str]:
        """Give every file's name and tag: one request for a thousand files."""

        def step() -> dict[str, str]:
            files, root = self._files(), self._root()
            files.invalidate_cache()
            found = files.find(root, detail=True)
            return {path.removeprefix(root).lstrip("/"): _tag(info) for path, info in sorted(found.items())}

        return self._patient("", step)

    def claim(self, name: str, content: bytes) -> bool:
        """Put a file there only if none has the name.

        Amazon's, Google's and Azure's stores decide in one step; others may look first and write then.
        """

        def step() -> bool:
            try:
                files, path = self._files(), self._path(name)
                if self.protocol not in BUCKETS:
                    files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
                files.pipe_file(path, content, mode="create")
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno == errno.EINVAL and self._files().exists(self._path(name)):
                    return False  # some stores refuse with fewer words than Amazon's
                raise
            return True

        return self._patient(name, step)

    def _put(self, files: Any, path: str, content: bytes) -> str:
        if self.protocol in BUCKETS:
            kind = TYPES.get(Path(path).suffix)
            option = TYPE_OPTION.get(self.protocol)
            answer = files.pipe_file(path, content, **({option: kind} if option and kind else {}))
            return _tag(answer if isinstance(answer, dict) and "ETag" in answer else files.info(path))
        parent, name = path.rsplit("/", 1)
        files.makedirs(parent, exist_ok=True)
        part = f"{parent}/.{name}.part"
        try:
            files.pipe_file(part, content)
            files.mv(part, path)
        except BaseException:
            with suppress(Exception):
                files.rm_file(part)
            raise
        return _tag(files.info(path))

    def _files(self) -> Any:
        """Give the file system; fsspec keeps one for each process and thread, so none crosses a fork."""
        import fsspec

        if self.protocol not in ("s3", "s3a"):
            return fsspec.core.url_to_fs(self.address)[0]
        # Waiting is done here, for all protocols alike; more tries below it would multiply to minutes.
        once = {"retries": {"total_max_attempts": 1}}
        files = fsspec.core.url_to_fs(self.address, config_kwargs=once)[0]
        files.retries = 1
        return files

    def _root(self) -> str:
        return str(self._files()._strip_protocol(self.address)).rstrip("/")

    def _path(self, name: str) -> str:
        return f"{self._root()}/{checked(name)}"

    def _patient(self, name: str, step: Callable[[], T]) -> T:
        """Take a step again after an error that may pass; never after a refusal."""
        where = f"{self.address}/{name}" if name else self.address
        for wait in (*WAITS, None):
            try:
                return step()
            except InputError:
                raise
            except Exception as error:
                if wait is None or not passing(error):
                    raise _told(where, error) from error
                time.sleep(wait)
        raise AssertionError  # the last round returns or raises


def place_of(text: str | os.PathLike[str]) -> Place:
    """Give the place that a text names: a folder, or an address such as `s3://bucket/reports`.

    Raises
    ------
    InputError
        No such kind of address, a package that is not installed, a password in the address, an unsafe path.
    """
    given = os.fspath(text)
    found = ADDRESS.fullmatch(given)
    if not found:
        return Folder(Path(given))
    protocol, rest = found[1].lower(), found[2]
    if protocol == "file":
        return Folder(Path(url2pathname(urlsplit(given).path)))
    if PASSWORD.match(rest):
        raise refuse(f"{protocol}://...", "an address must not hold a password", "put it into the environment")
    if any(p in ("", ".", "..") for p in rest.strip("/").split("/")) or re.search(r"[\s?#*\\]|::", rest):
        raise refuse(given, "is not an address to write to", f"write it like {protocol}://bucket/reports")
    _known(protocol)
    return Store(f"{protocol}://{rest}")


def _known(protocol: str) -> None:
    """Refuse a protocol that nothing here can speak, and say what to install."""
    where = f"{protocol}://"
    try:
        from fsspec import get_filesystem_class
        from fsspec.registry import known_implementations
    except ImportError:
        raise refuse(where, "needs a package that is not installed", "pip install fsspec s3fs") from None
    about = known_implementations.get(protocol)
    if about is None:
        raise refuse(where, "is no kind of address that can be written to", nearest(where, SAMPLES))
    try:
        get_filesystem_class(protocol)
    except ImportError as error:
        package = about["class"].split(".")[0]
        fix = f"pip install {package}" if package != "fsspec" else str(error)
        raise refuse(where, "needs a package that is not installed", fix) from None


def checked(name: str) -> str:
    """Give a name back when it is a plain path below a place: letters, digits, dots and hyphens, never a way out."""
    parts = name.split("/")
    if all(PART.fullmatch(p) and p not in (".", "..") for p in parts):
        return name
    raise refuse(repr(name), "is not a safe name for a file", "use letters, digits and hyphens")


def passing(error: BaseException) -> bool:
    """Whether an error may be gone in a moment: no answer, too many requests, an error of the server itself."""
    if isinstance(error, PermissionError | FileNotFoundError | FileExistsError):
        return False
    if isinstance(error, TimeoutError | ConnectionError):
        return True
    names = {kind.__name__ for kind in type(error).__mro__}
    code = getattr(error, "code", None) or getattr(error, "status_code", None)
    if names & PASSING_NAMES or (isinstance(code, int) and (code == 429 or code >= 500)):
        return True
    return isinstance(error, OSError) and error.errno in PASSING


def _told(where: str, error: Exception) -> InputError:
    said = short(getattr(error, "strerror", None) or str(error)) or type(error).__name__
    if isinstance(error, PermissionError) or {k.__name__ for k in type(error).__mro__} & NO_KEYS:
        return refuse(where, f"access is refused ({said})", "check the keys in the environment, and what they allow")
    if isinstance(error, FileNotFoundError):
        return refuse(where, f"is not there ({said})", "check the name; a bucket has to be made first")
    if passing(error):
        return refuse(where, f"does not answer ({said})", "check the network and the endpoint, and run it again")
    return refuse(where, f"cannot be used ({said})", "check the address")


def _tag(info: Mapping[str, Any]) -> str:
    """Give what tells one writing of a file from another: the store's own mark, else size and time."""
    for key in ("ETag", "etag", "md5Hash", "content_md5"):
        if info.get(key):
            return str(info[key]).strip('"')
    times = [info[key] for key in ("mtime", "last_modified", "updated", "created") if info.get(key)]
    since = [str(t.timestamp() if isinstance(t, datetime) else t) for t in times[:1]]
    return "-".join([str(info.get("size")), *since])


def _file_tag(path: Path) -> str:
    about = path.stat()
    return f"{about.st_size}-{about.st_mtime_ns}"
