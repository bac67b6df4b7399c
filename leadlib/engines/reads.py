"""What a report read: tables of packs, a school's own rows of them, and other files, each with a digest of its content.

The process that runs a notebook's cells is listened to with Python's audit events. A table counts also when it was in
memory already, for `leadlib.tables` tells of every call. What a program in another process reads is not heard.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote, unquote

from leadlib.engines.own_files import OwnFiles

WATCHED = {"watched": "yes"}
"""Stands in every answer: a report that read nothing differs from one that nobody watched."""
CHANGED = "changed while it was read"
ABSENT = "absent"
DICTIONARY = "datapackage.json"
FINGERPRINTS = ("hash", "rows", "checked")
TABLE_KEY = re.compile(r"table (.+)/([^/ ]+?)(?: for ([^/ ]+))?", re.DOTALL)

Stamp = tuple[int, int] | None


class _Ear:
    """Notes what is read while it is open; one for the process, since an audit hook cannot be taken out again."""

    def __init__(self) -> None:
        self.open = self.hooked = False
        self.known_modules: frozenset[str] = frozenset()
        self.begin(Path())

    def begin(self, folder: Path, notebook: str = "") -> None:
        self.folder, self.notebook = folder, notebook
        self.own = OwnFiles(folder)
        self.files: dict[str, Stamp] = {}
        self.written: dict[str, None] = {}
        self.tables: dict[tuple[str, str], tuple[Any, ...]] = {}

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        # Python tells of every id() and frame too: what is not for us has to pass at once.
        if event == "open":
            if self.open:
                self.opened(args[0], args[2])
        elif event == "leadlib.load":
            if self.open:
                self.tables.setdefault((args[0], args[1]), args[2])
        elif event == "sqlite3.connect" and self.open:
            self.opened(args[0], 0)

    def opened(self, what: Any, flags: int) -> None:
        try:
            path = os.path.abspath(os.fsdecode(what))
        except (TypeError, ValueError, OSError):  # a number of an open file, or no folder to stand in
            return
        if flags & (os.O_WRONLY | os.O_TRUNC | os.O_CREAT | os.O_APPEND):
            if path not in self.files:
                self.written[path] = None
        elif path not in self.files and path not in self.written and self.own.count(path):
            source = _source(path)
            if not (_of_a_pack(source) and _asked_by_tables()):
                self.files.setdefault(source, stamp(source))


EAR = _Ear()


def record(notebook: str | os.PathLike[str] | None = None) -> None:
    """Begin to listen, with nothing noted yet. Without a notebook, the present folder counts as the notebook's own.

    The notebook itself is not noted: what is in it is known before it runs.
    """
    if not EAR.hooked:
        EAR.known_modules = frozenset(sys.modules)
        sys.addaudithook(EAR.hook)
        EAR.hooked = True
    path = "" if notebook is None else os.path.abspath(notebook)
    EAR.begin(Path(path).parent if path else Path.cwd(), path)
    EAR.open = True


def found() -> dict[str, str]:
    """Stop listening, and give a digest of everything that was read, as plain text by plain text.

    Keys are `dictionary PACK`, `table PACK/TABLE`, `table PACK/TABLE for SCHOOL`, and `file PATH` from the notebook's
    folder. What changed after it was read has a digest that no content has.
    """
    seen = so_far()
    EAR.open = False
    return seen


def so_far() -> dict[str, str]:
    """Give what `found` would give now, and go on listening."""
    listening, EAR.open = EAR.open, False  # what is read to work out digests is not the notebook's
    seen = dict(WATCHED)
    for (where, scope), stamped in EAR.tables.items():
        folder, table = os.path.split(where)
        if not scope or (where, "") not in EAR.tables:
            seen[_table_key(folder, table, scope)] = _still(Path(folder), table, scope, stamped)
    for path, before in (EAR.files | _modules()).items():
        if path != EAR.notebook and (os.path.isfile(path) or not os.path.exists(path)):
            seen[f"file {_relative(path)}"] = _file(path) if stamp(path) == before else CHANGED
    EAR.open = listening
    return {sys.intern(key): sys.intern(seen[key]) for key in sorted(seen)}


def prepare(pack: str | os.PathLike[str]) -> None:
    """Work out the digests of a pack once, before processes are forked that will be asked for them.

    Raises
    ------
    InputError
        The pack or one of its tables cannot be read.
    """
    from leadlib.tables.packs import find, quiet_package

    was_open, EAR.open = EAR.open, False
    try:
        folder = find(pack)
        _dictionary(folder, stamp(folder / DICTIONARY))
        for table in quiet_package(folder).tables:
            _sha256(str(folder / table.path), stamp(folder / table.path))
            if any(field.name == "school_id" for field in table.fields):
                _rows(folder, table.name, _table_stamp(folder, table.name))
    finally:
        EAR.open = was_open


def digest(key: str, folder: Path) -> str | None:
    """Give the digest that a key of `found` has now, for a notebook that stands in `folder`; None: it is not there."""
    from leadlib.errors import InputError

    kind, _, what = key.partition(" ")
    try:
        if kind == "file":
            return _file(os.path.join(folder, what))
        if kind == "dictionary":
            found_in = _folder(what, str(folder))
            return _dictionary(found_in, stamp(found_in / DICTIONARY))
        if kind == "table" and (parts := TABLE_KEY.fullmatch(key)):
            return _table(_folder(parts[1], str(folder)), parts[2], unquote(parts[3] or ""))
    except (InputError, OSError, ValueError):
        return None
    return WATCHED.get(key)


def stamp(path: str | Path) -> Stamp:
    """Give what tells that a file has changed: time and size; None where there is none."""
    try:
        about = os.stat(path)
    except (OSError, ValueError):
        return None
    return about.st_mtime_ns, about.st_size


# -- what was noted ----------------------------------------------------------------------------------------------------


def _source(path: str) -> str:
    """Name the file of a module that was read in its compiled form."""
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except (ValueError, NotImplementedError):
            pass
    return path


def _of_a_pack(path: str) -> bool:
    return os.path.isfile(os.path.join(os.path.dirname(path), DICTIONARY))


def _asked_by_tables() -> bool:
    """Whether it is leadlib's own reading of a pack, of which an event tells better."""
    frame: FrameType | None = sys._getframe(3)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith("leadlib.tables"):
            return True
        frame = frame.f_back
    return False


def _modules() -> dict[str, Stamp]:
    """Give the files of modules that a notebook brought in, also where an earlier notebook of this process did."""
    found = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__dict__", {}).get("__file__")
        if name not in EAR.known_modules and isinstance(path, str) and EAR.own.count(os.path.abspath(path)):
            found[os.path.abspath(path)] = stamp(path)
    return found


def _relative(path: str) -> str:
    try:
        return Path(os.path.relpath(path, EAR.folder)).as_posix()
    except ValueError:  # another drive
        return Path(path).as_posix()


def _table_key(folder: str, table: str, scope: str) -> str:
    pack = _pack_name(folder, str(EAR.folder))
    if not table:
        return f"dictionary {pack}"
    return f"table {pack}/{table}" + (f" for {quote(scope, safe='')}" if scope else "")


@functools.lru_cache(maxsize=64)
def _pack_name(folder: str, base: str) -> str:
    """Name a pack by its name alone where that finds it, and by its way from the notebook's folder elsewhere."""
    from leadlib.tables.packs import roots

    if Path(folder).parent in roots():
        return os.path.basename(folder)
    try:
        near = Path(os.path.relpath(folder, base)).as_posix()
    except ValueError:
        return Path(folder).as_posix()
    return near if "/" in near else f"./{near}"


@functools.lru_cache(maxsize=64)
def _folder(pack: str, base: str) -> Path:
    from leadlib.tables.packs import find

    return Path(os.path.realpath(os.path.join(base, pack))) if "/" in pack else find(pack)


def _still(folder: Path, table: str, scope: str, stamped: tuple[Any, ...]) -> str:
    """Give a table's digest, if its file is still the one that was read."""
    path = folder / (stamped[0] if table else DICTIONARY)
    if stamp(path) != tuple(stamped[1:]):
        return CHANGED
    return _table(folder, table, scope) if table else _dictionary(folder, stamp(path))


# -- digests -----------------------------------------------------------------------------------------------------------


def _file(path: str) -> str:
    now = stamp(path)
    return ABSENT if now is None else _sha256(path, now)


@functools.lru_cache(maxsize=4096)
def _sha256(path: str, stamped: Stamp) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.lru_cache(maxsize=64)
def _dictionary(folder: Path, stamped: Stamp) -> str:
    """Give a digest of what a pack says about its data, without the fingerprints of tables that may not be read."""
    about = json.loads((folder / DICTIONARY).read_text(encoding="utf-8-sig"))
    about.pop("raw", None)
    for table in about["resources"]:
        for name in FINGERPRINTS:
            table.pop(name, None)
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode("ascii")).hexdigest()


def _table(folder: Path, table: str, scope: str) -> str:
    stamped = _table_stamp(folder, table)
    if not scope:
        return _sha256(str(folder / stamped[0]), stamped[1])
    return _rows(folder, table, stamped).get(scope, ABSENT)


def _table_stamp(folder: Path, table: str) -> tuple[str, Stamp]:
    from leadlib.tables.packs import quiet_package

    path = quiet_package(folder).table(table).path
    return path, stamp(folder / path)


@functools.lru_cache(maxsize=64)
def _rows(folder: Path, table: str, stamped: tuple[str, Stamp]) -> dict[str, str]:
    """Give a digest of each school's rows of a table, reasons of missing values included."""
    import pandas as pd

    from leadlib.tables.packs import quiet_load

    frame = quiet_load(folder, table, why=True)
    each = pd.util.hash_pandas_object(frame, index=False).to_numpy().astype("<u8")
    heads = "\0".join(frame.columns).encode()
    places = frame.groupby("school_id", sort=False, observed=True).indices
    return {str(s): hashlib.sha256(heads + each[rows].tobytes()).hexdigest() for s, rows in places.items()}
