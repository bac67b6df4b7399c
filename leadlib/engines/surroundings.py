"""What every process of a batch is surrounded by: one thread, no personal settings, this very Python."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def environment(scratch: Path) -> dict[str, str]:
    """Give the environment that workers and kernels run in: one thread each, no personal settings."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    here = Path(__file__).resolve().parents[2]
    known = [Path(p).resolve() for p in (*site.getsitepackages(), site.getusersitepackages())]
    paths = [p for p in (_absolute(kept.get("PYTHONPATH", "")), "" if here in known else str(here)) if p]
    data = {"LEADLIB_DATA": _absolute(kept["LEADLIB_DATA"])} if "LEADLIB_DATA" in kept else {}
    return (
        kept
        | data
        | dict.fromkeys(THREADS, "1")
        | {
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONIOENCODING": "utf-8",
            "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
            "IPYTHONDIR": str(scratch / "ipython"),
            "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", "315532800"),
        }
    )


def _absolute(paths: str) -> str:
    """Name folders in full, for workers and kernels stand in folders of their own."""
    return os.pathsep.join(os.path.abspath(p) for p in paths.split(os.pathsep) if p)


def python() -> list[str]:
    """Give the command that starts this Python."""
    return [sys.executable, "-X", "utf8"]
