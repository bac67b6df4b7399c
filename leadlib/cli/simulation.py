"""`leadlib simulate`: write a district with a known truth. It hands on what is typed; nothing is worked out here."""

from __future__ import annotations

from pathlib import Path

import click

from leadlib.cli.told import told
from leadlib.simulate import SEED


def register(group: click.Group) -> None:
    """Add the command to the command line."""
    group.add_command(simulate)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--schools", default=60, show_default=True, help="Schools in all.")
@click.option("--years", default=8, show_default=True, help="School years, from the fall of 2016 on.")
@click.option("--seed", default=SEED, show_default=True, help="The same seed gives the same district.")
@click.option(
    "--truth", type=click.Path(dir_okay=False, path_type=Path), help="Write what was planted to this CSV file."
)
def simulate(folder: Path, schools: int, years: int, seed: int, truth: Path | None) -> None:
    """Write a simulated district with known effects into FOLDER, as a data pack.

    \b
    leadlib simulate my-district --schools 60 --years 8 --seed 1 --truth answers.csv
    """  # noqa: D301  (click wants the character that \\b stands for)
    from leadlib import simulate as simulation

    with told():
        pack = simulation.write(folder, schools, years, seed=seed)
        if truth is not None:
            simulation.write_truth(truth, schools, years, seed=seed)
    rows = sum(table.rows or 0 for table in pack.tables)
    click.echo(f"{folder}: {len(pack.tables)} tables, {rows:,} rows, seed {seed}")
