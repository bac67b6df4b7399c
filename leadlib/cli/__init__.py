"""The command line. It reads what is typed, hands it on, and shows what comes back; nothing is worked out here."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from leadlib import __version__
from leadlib.cli import copying, data, fetching, importing, simulation, verifying
from leadlib.cli.told import told
from leadlib.errors import InputError, Problem, refuse

if TYPE_CHECKING:
    from leadlib.batch import Plan, Request, Summary
    from leadlib.batch.plan import Job
    from leadlib.engines.one import Outcome

WHERE = 'Choose schools, such as district="Napa Valley Unified".'
PLAN_FILES = (".yml", ".yaml")
STOPPED = 130

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
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the batches (reports/build if left out).")
@click.option("--jobs", type=click.IntRange(1, 64), help="How many notebooks run at a time.")
@click.option("--instructor", is_flag=True, help="Show the teaching notes of a case too.")
def run(what: tuple[str, ...], jobs: int | None, **asked: Any) -> None:
    """Run a NOTEBOOK, or each one of a folder, for many schools or programs, or what PLAN.yml files say.

    \b
    leadlib run notebooks/reports/school-report.ipynb --pack california-2000 --where district="Napa Valley Unified"
    leadlib run reports/batches/*.yml
    """  # noqa: D301  (click wants the character that \\b stands for)
    from leadlib import batch

    with told():
        plans = _all_planned(_requests(what, asked))
        summaries: list[Summary] = []
        with _ctrl_c_on_end():
            for plan in plans:
                summaries.append(_run_one(plan, jobs, batch))
                if summaries[-1].stopped:
                    break
    raise SystemExit(max(s.exit_code for s in summaries))


def _run_one(plan: Plan, jobs: int | None, batch: Any) -> Summary:
    for school_id, name in plan.left_out:
        click.echo(f"left out: {name} ({school_id}) has no data for {plan.parameters['year']}", err=True)
    with _progress(plan) as watch:
        summary: Summary = batch.run(plan, workers=jobs, watch=watch)
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
            f"stopped; {total - summary.done - len(summary.failed)} of {total} {summary.plan.unit.many} were not run",
            err=True,
        )
    folder = summary.plan.folder
    click.echo(f"{summary.done} of {total} reports in {summary.seconds:.0f} s: {folder / 'index.html'}")


def _requests(what: Sequence[str], asked: dict[str, Any]) -> list[Request]:
    """Turn what was typed into requests: from plan files, or from the options beside one notebook."""
    are_plans = [Path(w).suffix.lower() in PLAN_FILES for w in what]
    if not any(are_plans) and len(what) == 1:
        return [_typed_request(what[0], asked)]
    if not all(are_plans):
        raise refuse(
            "leadlib run",
            "give one notebook or folder of notebooks, or one or more plan files",
            "see leadlib run --help",
        )
    return _plan_file_requests(what, asked)


def _plan_file_requests(what: Sequence[str], asked: dict[str, Any]) -> list[Request]:
    from dataclasses import replace

    from leadlib.batch import read_plan_file

    problems = [
        Problem("leadlib run", f"--{name} does not go with a plan file", "write it into the file")
        for name in ("pack", "where", "schools", "programs", "year", "parameters", "name")
        if asked[name]
    ]
    changes = {"out": asked["out"]} if asked["out"] else {}
    changes |= {"to": _formats(asked["to"])} if asked["to"] else {}
    changes |= {"instructor": asked["instructor"]}
    found = []
    for path in what:
        try:
            found.append(replace(read_plan_file(path), **changes))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return found


def _typed_request(notebook: str, asked: dict[str, Any]) -> Request:
    from leadlib.batch import Request

    problems: list[Problem] = []
    where, parameters = _pairs("--where", asked["where"], problems), _pairs("-p", asked["parameters"], problems)
    if asked["year"]:
        if "year" in parameters:
            problems.append(Problem("--year", "the year is given twice", "leave one out"))
        parameters["year"] = asked["year"]
    if not asked["pack"]:
        problems.append(Problem("--pack", "no data pack is named", "leadlib packs lists them"))
    if problems:
        raise InputError(problems)
    rest = {"out": asked["out"]} if asked["out"] else {}
    rest |= {"to": _formats(asked["to"])} if asked["to"] else {}
    rest |= {"name": asked["name"]} if asked["name"] else {}
    rest |= {"instructor": asked["instructor"]}
    return Request(Path(notebook), asked["pack"], where, (*asked["schools"], *asked["programs"]), parameters, **rest)


def _pairs(option: str, texts: Sequence[str], problems: list[Problem]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            problems.append(Problem(option, f"{text!r} is not NAME=VALUE", f"such as {option} level=High"))
        elif name.strip() in found:
            problems.append(Problem(option, f"{name.strip()!r} is given twice", "leave one out"))
        found[name.strip()] = value
    return found


def _formats(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t.strip().lower() for t in text.split(",") if t.strip()))


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
    """Let a request to end (from a job scheduler, say) stop the batch as Ctrl-C does."""

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(plan: Plan) -> Iterator[Any]:
    """Show a bar with the time left on a terminal, and a line a school elsewhere."""
    total = len(plan.jobs)
    if sys.stderr.isatty():
        from tqdm import tqdm

        with tqdm(total=total, desc=plan.name, unit=plan.unit.word, dynamic_ncols=True) as bar:
            yield lambda job, outcome: bar.update()
        return
    count = iter(range(1, total + 1))
    yield lambda job, outcome: click.echo(f"[{next(count)}/{total}] {_line(job, outcome)}", err=True)


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
    pairs = _pairs("--where", where, problems)
    with told():
        if problems:
            raise InputError(problems)
        rows = select(pack, pairs)
    columns = [c for c in ("school_id", "school_name", "lea_name", "school_level") if c in rows]
    table = rows[columns].astype(str).to_dict("split")["data"]
    wide = [max(len(row[k]) for row in table) for k in range(len(columns))]
    for row in table:
        click.echo("  ".join(t.ljust(w) for t, w in zip(row, wide, strict=True)).rstrip())


for _part in (copying, data, fetching, importing, simulation, verifying):
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
