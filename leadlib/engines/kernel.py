"""The kernel of a process of its own, for the plain engine: how it is started, and what it is.

It is ipykernel's, which notes what is read while the cells run, if a file to note it in is named.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

from leadlib.engines import reads
from leadlib.pages.files import write_whole

NOTE = "LEADLIB_READS"


class Kernel(AsyncKernelManager):
    """Starts the kernel of this very Python, whatever kernels the user has."""

    @default("transport_encryption")
    def _encrypted(self) -> str:
        # ipykernel warns in every cell's output stream of a kernel that talks in clear over TCP.
        return "auto"

    @property
    def kernel_spec(self) -> KernelSpec:
        """The installed kernels may belong to other environments; this one has what the manifest lists."""
        about = get_kernel_dict(extra_arguments=["--HistoryManager.enabled=False"])
        about["argv"] = [__name__ if word == "ipykernel_launcher" else word for word in about["argv"]]
        return KernelSpec(**about)


def noting(notebook: Path, into: Path) -> dict[str, str]:
    """Give the surroundings in which a kernel notes what it reads."""
    return {NOTE: json.dumps([str(notebook.resolve()), str(into.resolve())])}


def noted(path: Path) -> dict[str, str]:
    """Give what a kernel has noted; nothing when it did not come that far."""
    try:
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def main() -> None:
    """Be a kernel until there is nobody to serve."""
    if sys.path and Path(sys.path[0] or ".").resolve() == Path.cwd().resolve():
        del sys.path[0]  # as ipykernel does, which then puts the notebook's folder there itself
    from ipykernel.kernelapp import IPKernelApp

    asked = os.environ.pop(NOTE, "")
    app = IPKernelApp.instance()
    if asked:
        notebook, into = json.loads(asked)
        reads.record(notebook)
        app.initialize()
        assert app.shell
        app.shell.events.register("post_run_cell", lambda *_: write_whole(Path(into), json.dumps(reads.so_far())))
    else:
        app.initialize()
    app.start()


if __name__ == "__main__":
    main()
