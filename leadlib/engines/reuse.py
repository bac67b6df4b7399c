"""One process for many schools, where none can be forked: it is put back as it was, or it is not used again.

Put back are the settings that notebooks change: of pandas, numpy, matplotlib and seaborn, warnings, chance, folders,
surroundings, signals, and what was imported from the notebook's own folder. A process with a thread or a name in a
library that was not there before is not used again. A notebook that reaches deeper than that into a library needs
`--engine plain`.
"""

from __future__ import annotations

import builtins
import logging
import os
import signal
import sys
import threading
import warnings
from typing import Any

MOST_SCHOOLS = 50
LIBRARIES = ("pandas", "numpy", "matplotlib", "matplotlib.pyplot", "seaborn", "scipy", "statsmodels", "leadlib", "sys")
IPYTHON = {"display", "get_ipython", "_", "__IPYTHON__", "execfile", "runfile"}
"""What IPython and its debugger put among the built-in names."""
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name))


class Reuse:
    """What a warm process was like before its first school."""

    def __init__(self, task: dict[str, Any]) -> None:
        from leadlib.engines.warm import warm_up

        warm_up(str(task["parameters"].get("pack", "")), os.path.dirname(task["notebook"]))
        import matplotlib as mpl
        import numpy as np

        self.used = 0
        self.cwd, self.path, self.environ = os.getcwd(), list(sys.path), dict(os.environ)
        self.modules, self.threads = set(sys.modules), threading.active_count()
        self.filters, self.rc, self.print = list(warnings.filters), dict(mpl.rcParams), np.get_printoptions()
        self.options, self.errors = _pandas_options(), np.geterr()
        self.signals = {number: signal.getsignal(number) for number in SIGNALS}
        self.logging = (list(logging.root.handlers), logging.root.level)
        self.streams = (sys.stdout, sys.stderr, sys.displayhook, sys.excepthook)
        self.descriptors = [os.dup(number) for number in (1, 2)]
        self.names = self._names()

    def restore(self) -> bool:
        """Put everything back; false when this process is better not used again."""
        import matplotlib as mpl
        import numpy as np

        from leadlib.engines.shell import end
        from leadlib.engines.warm import forget_warnings
        from leadlib.tables.packs import forget_seen

        self.used += 1
        end()
        for number, kept in zip((1, 2), self.descriptors, strict=True):
            os.dup2(kept, number)
        sys.stdout, sys.stderr, sys.displayhook, sys.excepthook = self.streams
        os.chdir(self.cwd)
        sys.path[:] = self.path
        os.environ.clear()
        os.environ.update(self.environ)
        warnings.filters[:] = self.filters  # type: ignore[index]
        forget_warnings()
        forget_seen()
        self._forget_modules()
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")
        mpl.rcParams.update(self.rc)
        np.set_printoptions(**self.print)
        np.seterr(**self.errors)
        np.random.seed()  # noqa: NPY002  (notebooks may still use it)
        _set_pandas_options(self.options)
        logging.root.handlers[:], logging.root.level = self.logging
        for number, handler in self.signals.items():
            signal.signal(number, handler)
        return self.used < MOST_SCHOOLS and threading.active_count() <= self.threads and self._names() == self.names

    def _forget_modules(self) -> None:
        """Forget what was imported since, but for what is installed: a notebook's own modules may change."""
        for name in set(sys.modules) - self.modules:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if "site-packages" not in file and not file.startswith((sys.base_prefix, sys.prefix)):
                del sys.modules[name]

    def _names(self) -> dict[str, frozenset[str]]:
        spaces = {name: sys.modules[name] for name in LIBRARIES if name in self.modules and name in sys.modules}
        found = {name: frozenset(_own(vars(space))) for name, space in spaces.items()}
        return found | {"builtins": frozenset(vars(builtins)) - IPYTHON}


def _own(space: dict[str, Any]) -> set[str]:
    """Give the names in a module that are no modules: those may be imported later without harm."""
    kept = {k for k, v in space.items() if type(v) is not type(sys)}
    return kept - {"last_exc", "last_traceback", "last_type", "last_value", "ps1", "ps2", "ps3", "__warningregistry__"}


def _pandas_options() -> dict[str, Any]:
    import pandas as pd

    return {name: pd.get_option(name) for name in pd._config.config._registered_options if _plain(name)}


def _plain(name: str) -> bool:
    import pandas as pd

    return name not in pd._config.config._deprecated_options


def _set_pandas_options(kept: dict[str, Any]) -> None:
    import pandas as pd

    for name, value in kept.items():
        if pd.get_option(name) != value:
            pd.set_option(name, value)
