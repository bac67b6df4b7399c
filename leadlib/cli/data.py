"""The commands about your own data: check a folder, get empty files to fill in, read the dictionary."""

from __future__ import annotations

from pathlib import Path

import click

from leadlib.cli.told import told
from leadlib.errors import refuse

MENDED, TO_MEND = 0, 2


def register(group: click.Group) -> None:
    """Add the commands to the command line; `describe` takes the place of the one for packs alone."""
    for command in (check, template, describe):
        group.add_command(command)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Also write a page for the office.")
def check(folder: Path, html: Path | None) -> None:
    """Check the files of a FOLDER against the dictionary: every problem at once, and what to do.

    CSV of any encoding and delimiter, Excel and Parquet. Leaves with 0 if there is nothing to mend, and with 2 if there
    is.

    \b
    leadlib check my-files --html to-mend.html
    """  # noqa: D301  (click wants the character that \\b stands for)
    from leadlib.pages.problems import write_problems
    from leadlib.tables import folder as folders

    with told():
        report = folders.check(folder)
        page = write_problems(report, html) if html else None
    click.echo(report.plain())
    if page:
        click.echo(f"\nThe page: {page}")
    raise SystemExit(MENDED if report.ok else TO_MEND)


@click.command()
@click.argument("table")
@click.option("--out", type=click.Path(path_type=Path), default=Path("."), metavar="FOLDER", help="Where to put them.")
def template(table: str, out: Path) -> None:
    """Write an empty CSV and workbook of a TABLE to fill in; `all` for every table.

    \b
    leadlib template observations --out for-the-office
    """  # noqa: D301
    from leadlib.tables import template as templates

    with told():
        for path in templates.write(table, out):
            click.echo(str(path))


@click.command()
@click.argument("what", metavar="PACK[/TABLE]|standard[/TABLE]")
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE", help="Write the standard as a page.")
def describe(what: str, html: Path | None) -> None:
    """Say what a pack, the standard dictionary, or one of their tables holds.

    \b
    leadlib describe standard --html dictionary.html
    leadlib describe standard/outcomes
    """  # noqa: D301
    from leadlib.pages.dictionary import write_dictionary
    from leadlib.tables import describe as pack
    from leadlib.tables.standard_page import is_standard, standard_text

    with told():
        if html and not is_standard(what):
            raise refuse("--html", "writes the page of the standard only", "leave it out, or describe standard")
        if html:
            click.echo(str(write_dictionary(html, what.strip().partition("/")[2] or None)))
        else:
            click.echo(standard_text(what) if is_standard(what) else pack(what).plain())
