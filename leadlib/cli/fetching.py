"""The command `fetch`: it reads what is typed, hands it on, and shows what comes back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from leadlib.cli.told import told
from leadlib.errors import InputError, Problem

DEFAULT_TABLES = "schools,school_years,staff_years,outcomes"


def register(group: click.Group) -> None:
    """Add the command to the command line."""
    group.add_command(fetch)


@click.command()
@click.option("--state", "states", multiple=True, metavar="STATE", help="State: 06, CA or California. May be repeated.")
@click.option(
    "--district", "districts", multiple=True, metavar="LEAID", help="District, by its national id of 7 digits."
)
@click.option("--years", metavar="YEARS", help="Falls of school years, such as 2018-2021 or 2015, 2017.")
@click.option("--tables", default=DEFAULT_TABLES, show_default=True, metavar="TABLES", help="Tables, with commas.")
@click.option("--grades", default="99", metavar="GRADES", help="pk, k, 1 to 12; 99 is all together; all for each.")
@click.option("--groups", "extra", is_flag=True, help="More groups of pupils than race and sex.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the data pack.")
@click.option("--title", default="", help="Title of the pack.")
@click.option("--offline", is_flag=True, help="Use only what is in the cache.")
@click.option("--refresh", is_flag=True, help="Ask again for what is in the cache.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder of the cache.")
@click.option("--portal", "base", metavar="URL", help="Address of the portal (LEADLIB_PORTAL).")
@click.option("--seed", default=0, show_default=True, help="Seed of the spread of waits between attempts.")
@click.option("--list", "listed", is_flag=True, help="List what can be fetched, and stop.")
def fetch(listed: bool, **asked: Any) -> None:
    """Make a data pack of public data for a state or some districts.

    The data come from the Education Data Portal of the Urban Institute. What has come is kept: after an interruption
    the same command fetches only what is missing.

    \b
    leadlib fetch --state 06 --years 2018-2021 --tables schools,school_years,outcomes --out data/my-state
    leadlib fetch --district 0622710 --years 2013,2015,2017 --tables attendance,discipline --out data/my-district
    """  # noqa: D301  (click wants the character that \\b stands for)
    if listed:
        _list()
        return
    with told():
        _fetch(**asked)


def _list() -> None:
    from leadlib.fetch import PLANS, endpoint, runs

    for name, plan in PLANS.items():
        click.echo(name)
        for point in dict.fromkeys(p.endpoint for p in plan.parts):
            click.echo(f"    {endpoint(point).title}: {runs(endpoint(point).years)}")


def _fetch(out: Path | None, base: str | None, cache: Path | None, **asked: Any) -> None:
    from leadlib.fetch import fetch_pack, order, parse_years, portal, selection

    problems: list[Problem] = []
    if asked["offline"] and asked["refresh"]:
        problems.append(Problem("--refresh", "does not go with --offline", "leave one out"))
    if out is None:
        problems.append(Problem("--out", "no folder is named", "such as --out data/my-state"))
    chosen = _try(lambda: selection(asked["states"], asked["districts"]), problems)
    years = _try(lambda: parse_years(asked["years"] or ""), problems)
    rest = {"grades": asked["grades"].split(","), "extra": asked["extra"], "title": asked["title"]}
    wanted = _try(lambda: order(chosen, years or (), asked["tables"].split(","), **rest), problems)
    if problems or wanted is None or out is None:
        raise InputError(problems)
    with _progress() as watch:
        switches = {"offline": asked["offline"], "refresh": asked["refresh"], "seed": asked["seed"], "watch": watch}
        source = portal(base, cache, **switches)
        info = fetch_pack(source, wanted, out)
    for table in info.tables:
        click.echo(f"{out.name}/{table.path}: {table.rows or 0:,} rows")
    for note in info.notes:
        click.echo(f"note: {note}")
    click.echo(f"source: {info.sources[0]}\n{source.client.asked:,} requests; the rest was in the cache")


def _try(step: Callable[[], Any], problems: list[Problem]) -> Any:
    """Take a step; if it finds problems, note them and go on."""
    try:
        return step()
    except InputError as error:
        problems += error.problems
        return None


@contextmanager
def _progress() -> Iterator[Callable[[Any, int, int], None] | None]:
    """Show a bar of pages on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit="page", dynamic_ncols=True, total=0) as bar:

        def watch(what: Any, done: int, of: int) -> None:
            if done == 1:
                bar.total += of
                bar.set_description(str(what))
            bar.update()

        yield watch
