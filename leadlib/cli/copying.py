"""`leadlib copies`: the cases for a class, without answers or with them. It hands on what is typed."""

from __future__ import annotations

from pathlib import Path

import click

from leadlib.cli.told import told

AUDIENCES = ("learner", "solution", "instructor")


def register(group: click.Group) -> None:
    """Add the command to the command line."""
    group.add_command(copies)


@click.command()
@click.argument("notebooks", nargs=-1, type=click.Path(path_type=Path))
@click.option("--for", "audience", type=click.Choice(AUDIENCES), default="learner", show_default=True, help="For whom.")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the copies.")
@click.option("--force", is_flag=True, help="Write over copies that are there.")
def copies(notebooks: tuple[Path, ...], audience: str, to: Path, force: bool) -> None:
    """Copy NOTEBOOKS, or folders of them, for a class.

    For learners without teaching notes and outputs; for solutions with the answers for the school at hand below each
    exercise (run the copy to see them); for instructors as they were written.

    \b
    leadlib copies notebooks/cases --for learner --to my-class
    """  # noqa: D301  (click wants the character that \\b stands for)
    from leadlib.lessons.copying import copies as copied

    with told():
        written = copied(notebooks, audience=audience, to=to, force=force)
    for path in written:
        click.echo(str(path))
