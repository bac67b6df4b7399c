"""`leadlib status`: how far a batch is, while it runs and afterwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from leadlib.cli.told import told

if TYPE_CHECKING:
    from leadlib.batch.status import Status

PLAN_FILES = (".yml", ".yaml")
MOST_FAILURES = 20


def register(cli: click.Group) -> None:
    """Add the command."""
    cli.add_command(status)


@click.command()
@click.argument("batch")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the batches (reports/build if left out).")
@click.option("--json", "as_json", is_flag=True, help="Plain values for a program.")
def status(batch: str, out: Path | None, as_json: bool) -> None:
    """Tell how far a BATCH is: its folder, its name, or its PLAN.yml. The batch is not disturbed.

    Exit codes: 0 all done, 1 some failed, 2 no such batch, 3 it runs, 130 it was stopped or killed.
    """
    from leadlib.batch.status import status as asked

    with told():
        found = [asked(folder) for folder in _folders(batch, out)]
    if as_json:
        plain = [one.as_dict() for one in found]
        click.echo(json.dumps(plain[0] if len(plain) == 1 else plain, indent=1, ensure_ascii=False))
    else:
        click.echo("\n\n".join(_said(one) for one in found))
    raise SystemExit(max(one.exit_code for one in found))


def _folders(batch: str, out: Path | None) -> list[Path]:
    """Give the folders meant: a plan of a folder of notebooks has several."""
    from leadlib.batch import every_notebook, read_plan_file
    from leadlib.batch.plan import FOLDER

    base = out or FOLDER
    if Path(batch).suffix.lower() in PLAN_FILES:
        return [base / request.name for request in every_notebook(read_plan_file(batch))]
    return [Path(batch) if Path(batch).is_dir() else base / batch]


def _said(one: Status) -> str:
    many = f"{one.unit}s"
    parts = [
        f"{n:,} {word}"
        for n, word in (
            (one.done, f"done ({one.unchanged:,} unchanged)" if one.unchanged else "done"),
            (one.failed, "failed"),
            (one.running, "running"),
            (one.interrupted, "cut short"),
            (one.not_run, "not run"),
        )
        if n
    ]
    lines = [f"{one.batch}: {_state(one)}", f"{one.schools:,} {many}: {', '.join(parts) or 'none'}"]
    if one.seconds_a_school is not None:
        left = "" if one.seconds_left is None else f", about {_span(one.seconds_left)} left"
        lines.append(f"{one.seconds_a_school:.1f} s a {one.unit}{left}")
    lines += [f"  now: {s['school_name']} ({s['school_id']}), for {_span(s['seconds'])}" for s in one.now]
    return "\n".join([*lines, *_failures(one)])


def _state(one: Status) -> str:
    since = one.started.replace("T", " ").replace("+00:00", " UTC")
    return {
        "running": f"running since {since} (process {one.process})",
        "stopped": "stopped before its end: run it again to go on",
        "killed": "its process is gone: run it again to go on",
    }.get(one.state, "ended")


def _span(seconds: float) -> str:
    """Write a time as a reader says it."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"


def _failures(one: Status) -> Sequence[str]:
    if not one.failures:
        return []
    from leadlib.batch.run import columns

    rows = [(one.unit.capitalize(), "Cell", "Cause", "Message")]
    rows += [
        (f"{f['school_name']} ({f['school_id']})", str(f["cell"] or "-"), f["cause"] or "", f["message"] or "")
        for f in one.failures[:MOST_FAILURES]
    ]
    more = len(one.failures) - MOST_FAILURES
    return ["", columns(rows), *([f"and {more:,} more: --json gives all"] if more > 0 else [])]
