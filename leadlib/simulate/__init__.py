"""A district with a known truth: simulated tables of any size, what was planted in them, and how to write the pack."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from leadlib.simulate.district import District
    from leadlib.tables.dictionary import Package

SEED = 7
"""The seed of the pack cedar-valley: of twelve tried, one whose estimates lie near the truth; others show chance."""

__all__ = ["SEED", "hidden", "simulate", "truth", "write", "write_truth"]


def simulate(schools: int = 60, years: int = 8, *, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Make a district whose true effects are known: all tables of the dictionary, linked and adding up.

    Parameters
    ----------
    schools : int
        Schools in all; from six on, one of them closes and two merge into a new one.
    years : int
        School years, the first beginning in the fall of 2016.
    seed : int
        The same seed gives the same tables; each table has a random stream of its own.

    Returns
    -------
    dict of str to DataFrame
        One frame a table, with the columns of the standard dictionary; beside a field that may be missing for more
        than one reason stands `<field>__why`. Tables without a row are left out. All rates, scores and dollars are
        invented; `truth` says which effects are in them.

    Raises
    ------
    InputError
        If a number is not whole or out of range, all at once.
    """
    made = _made(schools, years, seed)
    return {name: frame.copy(deep=False) for name, frame in made.tables.items() if len(frame)}


def truth(schools: int = 60, years: int = 8, *, seed: int = SEED) -> pd.DataFrame:
    """Show what was planted in a simulated district: the answer sheet.

    Returns
    -------
    DataFrame
        One row a parameter: `question`, `parameter`, `value`, `unit`, `acts_on` (table and field), `recover` (the
        design that finds it), `naive` (where the simple comparison ends up), `case` and `source`. After the planted
        parameters come what they amount to in this district (source `this district`).
    """
    from leadlib.simulate.answers import frame

    return frame(_made(schools, years, seed))


def hidden(schools: int = 60, years: int = 8, *, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Give the true model behind a simulated district, for testing designs: what no leader ever sees.

    Returns
    -------
    dict of str to DataFrame
        `school_years` has one row a school and year: need, causes (`dose`, `evaluation_hours`), what each adds
        (`effect_*`, in pupil SD, for absence in percentage points) and true means (`true_mathematics`, `true_reading`,
        before targeted support). `teachers` has one row a teacher and year: true instruction and dose.
    """
    return {name: frame.copy(deep=False) for name, frame in _made(schools, years, seed).hidden.items()}


def write(folder: Path | str, schools: int = 60, years: int = 8, *, seed: int = SEED) -> Package:
    """Write a simulated district as a data pack that `ll.load` and the reports read.

    The tables are checked against their dictionary first; nothing is written if one breaks it. Any size gives valid
    tables; the folder's name becomes the name of the pack.
    """
    from leadlib.simulate.document import document
    from leadlib.tables.write import write_pack

    frames: Mapping[str, pd.DataFrame] = simulate(schools, years, seed=seed)
    made = {"schools": int(schools), "years": int(years), "seed": int(seed)}
    name = os.path.basename(os.path.abspath(folder))
    return write_pack(folder, document(frames, name, made), frames)


def write_truth(path: Path | str, schools: int = 60, years: int = 8, *, seed: int = SEED) -> None:
    """Write the answer sheet of `truth` as a CSV file."""
    from leadlib.errors import refuse

    text = truth(schools, years, seed=seed).to_csv(index=False, lineterminator="\n")
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise refuse(
            str(path), f"cannot be written: {error.strerror}", "check the folder and your rights to it"
        ) from None


def _made(schools: int, years: int, seed: int) -> District:
    from leadlib.simulate.district import make
    from leadlib.simulate.world import refuse_odd

    refuse_odd(schools, years, seed)
    return make(int(schools), int(years), int(seed))
