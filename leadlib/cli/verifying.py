"""The command that works published numbers out again."""

from __future__ import annotations

from pathlib import Path

import click

from leadlib.cli.told import told

SAME, DIFFERS = 0, 1


def register(group: click.Group) -> None:
    """Add the command to the command line."""
    group.add_command(verify)


@click.command()
@click.argument("areas", nargs=-1)
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="FOLDER", help="Your own copies of files we may not ship."
)
@click.option("--csv", "table", type=click.Path(path_type=Path), metavar="FILE", help="Also write the table to a file.")
def verify(areas: tuple[str, ...], data: Path | None, table: Path | None) -> None:
    """Work published numbers out again on this machine: what, source, printed, ours, difference.

    AREAS picks some (power, effect_sizes, regression, ...); all are worked out if none is named. Leaves with 0 if every
    number that was run is the same to the last printed digit, and with 1 if one differs.

    \b
    leadlib verify
    leadlib verify multilevel --data my-copies
    """  # noqa: D301  (click wants the character that \\b stands for)
    from leadlib import verify as published
    from leadlib.verify.told import plain

    with told():
        found = published.verify(areas, data=data)
        if table is not None:
            from leadlib.pages.files import write_whole

            write_whole(table, found.to_csv(index=False, lineterminator="\n"))
    click.echo(plain(found))
    raise SystemExit(DIFFERS if (found["status"] == "differs").any() else SAME)
