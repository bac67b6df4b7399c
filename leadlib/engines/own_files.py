"""Which files are a report's own business: not Python's, not the system's, not settings and caches of the user."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
import tempfile
from pathlib import Path

OF_PYTHON = ("lib", "lib64", "Lib", "DLLs", "libs", "share", "etc", "bin", "Scripts", "include")
OF_THE_SYSTEM = (
    *("/proc", "/sys", "/dev", "/run", "/etc", "/bin", "/sbin", "/lib", "/lib64"),
    *("/usr/lib", "/usr/lib64", "/usr/share", "/usr/bin", "/usr/include", "/usr/local/lib", "/usr/local/share"),
    *("/System", "/Library", "/private/etc"),
)
OF_THE_USER = (".cache", ".config", ".ipython", ".jupyter", ".matplotlib", ".local", ".netrc", "Library", "AppData")
NAMED = (
    *("SystemRoot", "ProgramFiles", "ProgramFiles(x86)", "ProgramData", "APPDATA", "LOCALAPPDATA"),
    *("MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    *("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"),
)


class OwnFiles:
    """Tells whether a file counts for a notebook that stands in a folder."""

    def __init__(self, folder: Path) -> None:
        scratch = os.path.join(tempfile.gettempdir(), "leadlib-")
        self._never = (*_both(_of_python()), *_forms(scratch))
        self._own = _both([str(folder)])
        self._elsewhere = _both([*_of_the_machine(), tempfile.gettempdir()])

    def count(self, path: str) -> bool:
        """Whether this file counts. What lies beside or below the notebook does, wherever that is."""
        name = os.path.normcase(path)
        if name.startswith(self._never):
            return False
        return name.startswith(self._own) or not name.startswith(self._elsewhere)


def _of_python() -> list[str]:
    """Name Python's own folders, and leadlib's; not the whole of an environment, which may be made around a project."""
    found = [os.path.join(p, part) for p in (sys.prefix, sys.base_prefix) for part in OF_PYTHON]
    paths = sysconfig.get_paths()
    found += [paths[k] for k in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")]
    return [*found, *site.getsitepackages(), site.getusersitepackages(), str(Path(__file__).resolve().parents[1])]


def _of_the_machine() -> list[str]:
    home = os.path.expanduser("~")
    found = [*OF_THE_SYSTEM] if os.name == "posix" else []
    found += [os.path.join(home, part) for part in OF_THE_USER]
    return [*found, *(os.environ[name] for name in NAMED if os.environ.get(name))]


def _both(folders: list[str]) -> tuple[str, ...]:
    """Give each folder as it is named and as it really lies, ready to be compared with the beginning of a path."""
    return tuple(dict.fromkeys(os.path.join(form, "") for folder in folders for form in _forms(folder)))


def _forms(path: str) -> list[str]:
    return [os.path.normcase(os.path.abspath(path)), os.path.normcase(os.path.realpath(path))]
