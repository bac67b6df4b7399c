"""A worker process that was started afresh, as every system can: it does one school after the other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from leadlib.engines.forks import Over
from leadlib.engines.processes import kill, sweep
from leadlib.engines.surroundings import environment, python

END_SECONDS = 1.5


class Spawned:
    """One worker process, started when first needed and again when it has died."""

    def __init__(self, scratch: Path, engine: str) -> None:
        self.scratch, self.engine = scratch, engine
        self.process: subprocess.Popen[str] | None = None
        self._closed = False

    @property
    def log(self) -> Path:
        """What it said on its error stream."""
        return self.scratch / "worker.log"

    def told(self, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Send what is asked, and give what is told until the outcome, or until the process is gone."""
        if self._closed:
            raise Over("the batch was stopped before its end")
        process = self._started()
        assert process.stdin and process.stdout
        yield {"pid": process.pid}
        with suppress(OSError, ValueError):  # the pipe broke: the process is gone
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                message = json.loads(line)
                yield message
                if "outcome" in message:
                    if message.get("spent"):
                        self._end()
                    return
        yield {"ended": self._end()}

    def _started(self) -> subprocess.Popen[str]:
        if self.process is None or self.process.poll() is not None:
            self._end()
            self.scratch.mkdir(parents=True, exist_ok=True)
            with self.log.open("w", encoding="utf-8") as log:
                # A group of its own: Ctrl-C is for the batch, which then ends its workers in good order.
                self.process = subprocess.Popen(
                    [*python(), "-m", "leadlib.engines.worker", self.engine],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    encoding="utf-8",
                    env=environment(self.scratch),
                    cwd=self.scratch,
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
        return self.process

    def close(self) -> None:
        """End the process with all that it started."""
        self._closed = True
        self._end()

    def _end(self) -> int:
        """Close its input, which ends it; one that does not end is killed. Gives its exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        with suppress(OSError):
            if process.stdin:
                process.stdin.close()
        try:
            code = process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            code = process.wait()
        if process.stdout:
            process.stdout.close()
        if code:
            sweep(str(self.scratch / "runtime"))
        return code
