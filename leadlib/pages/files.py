"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from leadlib.errors import refuse


def write_whole(path: Path, content: bytes | str) -> Path:
    """Write a file so that a reader finds either the old one or the complete new one, never a part.

    The content goes to a new file beside it, which then takes its name in one step. Text is written as UTF-8 with
    line feeds on every system.

    Raises
    ------
    InputError
        The folder cannot be made or written to.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise refuse(
            str(path), f"cannot be written ({error.strerror or error})", "choose a folder you may write to"
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _open_to_readers(name)
        os.replace(name, path)
    except OSError as error:
        raise refuse(
            str(path), f"cannot be written ({error.strerror or error})", "free some space or choose another folder"
        ) from error
    finally:
        with suppress(OSError):
            os.unlink(name)
    return path


def _open_to_readers(name: str) -> None:
    # A temporary file is private to its owner; a page is meant to be read by whoever may read the folder.
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
