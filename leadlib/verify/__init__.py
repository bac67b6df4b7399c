"""Published numbers worked out again on the user's own machine, side by side with what was printed.

Each area of designs has a module here with its `NUMBERS`. A number is reproduced when it equals what was printed to the
last printed digit, or to a wider tolerance that the entry gives with its reason.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leadlib.errors import refuse

if TYPE_CHECKING:
    import pandas as pd

AREAS = (
    "power",
    "effect_sizes",
    "regression",
    "multilevel",
    "differences",
    "series",
    "cutoffs",
    "pooling",
    "surveys",
    "ratios",
    "within",
)
COLUMNS = ("area", "what", "source", "printed", "ours", "difference", "within", "status", "note")
FILES = Path(__file__).parent / "data"
"""Small published tables that come with leadlib."""


@dataclass(frozen=True)
class Number:
    """One published number and how leadlib comes to it.

    Attributes
    ----------
    what, source
        What the number is, and where it is printed: author, year, table, or the program and call that printed it.
    printed
        The number as it stands there, as text: its digits say how closely it is known.
    ours
        Works the number out.
    within
        How far ours may lie off; half a unit of the last printed digit where it is not given.
    why
        The reason for a wider tolerance.
    needs
        A file that does not come with leadlib, looked for in the folder that the user names, and among the data packs
        (`pack/table.csv.gz`); `ours` takes its path.
    """

    what: str
    source: str
    printed: str
    ours: Callable[..., float]
    within: float | None = None
    why: str = ""
    needs: str = ""

    def tolerance(self) -> float:
        """Give half a unit of the last printed digit, or the wider tolerance."""
        if self.within is not None:
            return self.within
        mantissa, _, exponent = self.printed.replace("−", "-").lower().partition("e")
        digits = len(mantissa.partition(".")[2])
        return float(0.5 * 10.0 ** (int(exponent or 0) - digits) * (1 + 1e-9))


def numbers(areas: Iterable[str] = AREAS) -> list[tuple[str, Number]]:
    """Give every published number with its area, in order."""
    found = []
    for area in areas:
        module = importlib.import_module(f"leadlib.verify.{area}")
        found += [(area, number) for number in module.NUMBERS]
    return found


def verify(areas: Iterable[str] = (), *, data: Path | str | None = None) -> pd.DataFrame:
    """See whether leadlib gives the numbers that were published: what, source, printed, ours, difference.

    Parameters
    ----------
    areas : names of areas, optional
        All if left out.
    data : path, optional
        A folder with the user's own copies of the files that some numbers need and that do not come with leadlib.

    Returns
    -------
    DataFrame
        One row a number: `area, what, source, printed, ours, difference, within, status, note`; status is "same",
        "differs", or "not run" where a file is needed that is not there (the note names it).

    Raises
    ------
    InputError
        For an area or a folder that is not there.
    """
    import pandas as pd

    from leadlib.errors import nearest

    chosen = tuple(areas) or AREAS
    for area in chosen:
        if area not in AREAS:
            raise refuse(f"verify, area {area!r}", "is not one of them", nearest(area, AREAS))
    folder = None if data is None else Path(data)
    if folder is not None and not folder.is_dir():
        raise refuse(f"verify, data {folder}", "is not a folder", "name the folder that holds the files")
    rows = [_row(area, number, folder) for area, number in numbers(chosen)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _file(needs: str, folder: Path | None) -> Path | None:
    """Find a file that a number needs: in the user's folder, or in a data pack that is there."""
    from leadlib.tables.packs import roots

    places = [*([folder] if folder is not None else []), *roots()]
    return next((place / needs for place in places if needs and (place / needs).is_file()), None)


def _row(area: str, number: Number, folder: Path | None) -> tuple[object, ...]:
    begin = (area, number.what, number.source, number.printed)
    path = _file(number.needs, folder)
    if number.needs and path is None:
        return (*begin, None, None, number.tolerance(), "not run", f"needs {number.needs}")
    ours = float(number.ours(path) if number.needs else number.ours())
    off = ours - float(number.printed.replace("−", "-"))
    same = abs(off) <= number.tolerance()
    return (*begin, ours, off, number.tolerance(), "same" if same else "differs", number.why)
