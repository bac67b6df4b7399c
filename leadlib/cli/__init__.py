"""The command line. It reads what is typed, hands it on, and shows what comes back; nothing is worked out here."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from leadlib import __version__
from leadlib.cli import copying, data, fetching, importing, simulation, status, verifying
from leadlib.cli.asked import pairs, requests
from leadlib.cli.told import told
from leadlib.errors import InputError, Problem

if TYPE_CHECKING:
    from leadlib.batch import Plan, Request, Summary
    from leadlib.batch.plan import Job
    from leadlib.batch.resume import Decision
    from leadlib.engines.one import Outcome

WHERE = 'Choose schools, such as district="Napa Valley Unified".'
STOPPED = 130
ENGINES = ("auto", "fork", "warm", "plain")
STOPPING = ("SIGTERM", "SIGHUP", "SIGBREAK")

T = TypeVar("T")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="leadlib")
def cli() -> None:
    """Reports on PK-12 schools, from public or your own data."""


@cli.command()
@click.argument("what", nargs=-1, required=True)
@click.option("--pack", help="Data pack, or the folder of your own.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help=WHERE)
@click.option("--school", "schools", multiple=True, metavar="ID", help="Choose a school by its id; `all` for all.")
@click.option(
    "--program", "programs", multiple=True, metavar="ID", help="Choose a program, for a notebook of programs."
)
@click.option("--year", metavar="YEAR", help="Fall of the school year; the newest if left out.")
@click.option("-p", "--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Set a notebook parameter.")
@click.option("--to", metavar="FORMATS", help="Formats, such as html,pdf (both if left out).")
@click.option("--name", help="Name of the batch and of its folder.")
@click.option(
    "--out", metavar="FOLDER", help="Folder of the batches (reports/build if left out), or s3://bucket/folder."
)
@click.option("--jobs", type=click.IntRange(1, 64), help="How many notebooks run at a time.")
@click.option("--fresh", is_flag=True, help="Make every report anew, also those that have not changed.")
@click.option("--engine", type=click.Choice(ENGINES), help="How notebooks are run; auto takes the fastest there is.")
@click.option("--cell-seconds", type=click.IntRange(1), help="How long a cell may take (600).")
@click.option("--school-seconds", type=click.IntRange(1), help="How long a whole notebook may take (3600).")
@click.option(
    "--memory-mb", type=click.IntRange(0), help="Memory that a notebook may take (0: a share of what there is)."
)
@click.option("--on", type=click.Choice(["dask"]), help="Run on a Dask cluster: one of this machine, or --scheduler.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler to run on, such as tcp://10.0.0.7:8786.")
@click.option("--instructor", is_flag=True, help="Show the teaching notes of a case too.")
def run(what: tuple[str, ...], jobs: int | None, fresh: bool, **asked: Any) -> None:
    """Run a NOTEBOOK, or each one of a folder, for many schools or programs, or what PLAN.yml files say.

    A report that would come out as it is stays as it is: the same command goes on after a stop, and brings up to date
    after a change. `leadlib status` tells how far a batch is.

    Exit codes: 0 all done, 1 some failed, 2 bad input, 3 another batch is writing to the folder, 130 stopped.

    \b
    leadlib run notebooks/reports/school-report.ipynb --pack california-2000 --where district="Napa Valley Unified"
    leadlib run reports/batches/*.yml
    """  # noqa: D301  (click wants the character that \\b stands for)
    from leadlib import batch

    with told():
        plans = _all_planned(requests(what, asked))
        summaries: list[Summary] = []
        with _ctrl_c_on_end():
            for plan in plans:
                summaries.append(_run_one(plan, jobs, fresh, batch))
                if summaries[-1].stopped:
                    break
    raise SystemExit(max(s.exit_code for s in summaries))


def _run_one(plan: Plan, jobs: int | None, fresh: bool, batch: Any) -> Summary:
    for school_id, name in plan.left_out:
        click.echo(f"left out: {name} ({school_id}) has no data for {plan.parameters['year']}", err=True)
    with _Progress(plan) as shown:
        summary: Summary = batch.run(plan, workers=jobs, fresh=fresh, hear=shown.hear, watch=shown.watch)
    _say(summary)
    return summary


def _say(summary: Summary) -> None:
    total = len(summary.plan.jobs)
    if summary.failed:
        click.echo(
            f"\n{len(summary.failed)} of {total} {summary.plan.unit.many} failed:\n{summary.failures()}\n", err=True
        )
    if summary.stopped:
        click.echo(
            f"stopped; {total - summary.done - len(summary.failed)} of {total} {summary.plan.unit.many} were not run:"
            " the same command goes on",
            err=True,
        )
    if summary.unsaved:
        click.echo(f"what was run could not be written down: {summary.unsaved}", err=True)
    folder = summary.plan.folder
    click.echo(f"{summary.done} of {total} reports in {summary.seconds:.0f} s: {folder / 'index.html'}")


def _all_planned(requests: Sequence[Request]) -> list[Plan]:
    """Check every request before the first one runs, and tell all problems at once."""
    from leadlib.batch import every_notebook, plan

    problems: list[Problem] = []
    each = [one for request in requests for one in _noting(every_notebook, request, problems) or ()]
    plans: list[Plan] = [made for one in each if (made := _noting(plan, one, problems))]
    names = [p.folder for p in plans]
    problems += [
        Problem("name", f"two plans would be written to {folder}", "give each a name of its own")
        for k, folder in enumerate(names)
        if folder in names[:k]
    ]
    if problems:
        raise InputError(problems)
    return plans


def _noting(step: Callable[[Request], T], request: Request, problems: list[Problem]) -> T | None:
    """Take a step; note what is wrong with the request."""
    try:
        return step(request)
    except InputError as error:
        problems += [p for p in error.problems if p not in problems]
        return None


@contextmanager
def _ctrl_c_on_end() -> Iterator[None]:
    """Let a request to end (from a job scheduler, or a terminal that is closed) stop the batch as Ctrl-C does."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    kinds = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
    # Who starts a batch so that it outlives the terminal has told it to ignore the terminal's end.
    before = {kind: signal.signal(kind, stop) for kind in kinds if signal.getsignal(kind) != signal.SIG_IGN}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


class _Progress:
    """Shows a bar with the time left on a terminal, and a line a school elsewhere."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.total, self.count = plan, len(plan.jobs), 0
        self.bar: Any = None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def hear(self, decision: Decision) -> None:
        """Say how many schools are to be run, and why, where not all are new."""
        if not decision.first:
            click.echo(str(decision), err=True)
        self.total = len(decision.places)
        if self.total and sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=self.total, desc=self.plan.name, unit=self.plan.unit.word, dynamic_ncols=True)

    def watch(self, job: Job, outcome: Outcome) -> None:
        """Show that a school has ended."""
        self.count += 1
        if self.bar is not None:
            self.bar.update()
        else:
            click.echo(f"[{self.count}/{self.total}] {_line(job, outcome)}", err=True)


def _line(job: Job, outcome: Outcome) -> str:
    why = f" ({outcome.cause})" if outcome.cause else ""
    return f"{job.school_name}: {outcome.status} in {outcome.seconds:.1f} s{why}"


@cli.command()
def packs() -> None:
    """List the data packs."""
    import leadlib as ll

    with told():
        table = ll.packs()
    for row in table.to_dict("records"):
        what = f"{row['schools_n']:,} schools, {row['years']}; {row['record_type']} records"
        click.echo(f"{row['pack']}\n    {row['title']}\n    {what}\n    tables: {row['tables']}")


@cli.command()
@click.argument("pack")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help=WHERE)
def schools(pack: str, where: tuple[str, ...]) -> None:
    """List the schools of a PACK with their ids."""
    from leadlib.tables import select

    problems: list[Problem] = []
    conditions = pairs("--where", where, problems)
    with told():
        if problems:
            raise InputError(problems)
        rows = select(pack, conditions)
    columns = [c for c in ("school_id", "school_name", "lea_name", "school_level") if c in rows]
    table = rows[columns].astype(str).to_dict("split")["data"]
    wide = [max(len(row[k]) for row in table) for k in range(len(columns))]
    for row in table:
        click.echo("  ".join(t.ljust(w) for t, w in zip(row, wide, strict=True)).rstrip())


for _part in (copying, data, fetching, importing, simulation, status, verifying):
    _part.register(cli)


def main() -> None:
    """Run the command line; no reader is ever shown a call stack for what they typed."""
    _let_any_text_be_printed()
    try:
        cli.main(prog_name="leadlib", standalone_mode=True)
    except KeyboardInterrupt:
        raise SystemExit(STOPPED) from None
    except BrokenPipeError:  # such as `leadlib schools ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None


def _let_any_text_be_printed() -> None:
    # A Windows console may not know every letter of a school's name; a question mark is better than a stop.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
