"""The command `import`: foreign files to a data pack by a crosswalk, or a first draft of the crosswalk."""

from __future__ import annotations

from pathlib import Path

import click

from leadlib.cli.told import told
from leadlib.errors import refuse


def register(group: click.Group) -> None:
    """Put the command `import` into a group of commands."""
    group.add_command(import_)


@click.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--crosswalk", metavar="FILE", help="A crosswalk (.yml), or the name of a ready one.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the pack to be written.")
@click.option("--allow", multiple=True, metavar="WHAT", help="Set such rows aside instead of stopping (see below).")
@click.option("--suggest", is_flag=True, help="Draft a crosswalk by looking at the files; --out names the .yml.")
@click.option("--brief", is_flag=True, help="Print the summary alone; all of it stands beside the pack.")
def import_(
    folder: Path, crosswalk: str | None, out: Path | None, allow: tuple[str, ...], suggest: bool, brief: bool
) -> None:
    """Make a data pack of the files in FOLDER, with every row accounted for.

    \b
    leadlib import downloads --suggest --out mine.yml
    leadlib import downloads --crosswalk mine.yml --out packs/our-district

    \b
    --allow unmatched      rows whose key is not in the table it points to
    --allow unreadable     rows with a cell that cannot be read
    --allow different      rows of one key that contradict each other
    --allow ragged         rows with more or fewer cells than the header
    --allow missing-files  entries of the crosswalk that no file fits
    """  # noqa: D301  (click wants the character that \\b stands for)
    with told():
        if suggest:
            _suggest(folder, out)
        else:
            _import(folder, crosswalk, out, allow, brief)


def _suggest(folder: Path, out: Path | None) -> None:
    from leadlib.importing.suggest import suggest
    from leadlib.pages.files import write_whole

    text = suggest(folder)
    if out is None:
        click.echo(text, nl=False)
        return
    if out.exists():
        raise refuse(str(out), "is already there", "give another name, so that no work of yours is lost")
    write_whole(out, text)
    click.echo(f"{out}: a draft; go through its lines from the lowest confidence up, and see those that say TO DO")


def _import(folder: Path, crosswalk: str | None, out: Path | None, allow: tuple[str, ...], brief: bool) -> None:
    from leadlib.importing import import_folder, ready

    if crosswalk is None:
        known = ", ".join(ready())
        raise refuse("--crosswalk", "no crosswalk is named", f"draft one with --suggest, or give one of: {known}")
    if out is None:
        raise refuse("--out", "no folder is named for the pack", "such as --out packs/our-district")
    done = import_folder(folder, crosswalk, out, allow=allow)
    click.echo("\n".join(done.said()) if brief else done.plain())
    click.echo(f"\npack: {done.pack}\nreconciliation and rows set aside: {done.folder}")
