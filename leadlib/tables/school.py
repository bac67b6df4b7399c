"""One school of a pack in one year: what a report is about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import nearest, refuse
from leadlib.numbers import school_year
from leadlib.tables.dictionary import Field
from leadlib.tables.packs import load, named, own_rows, package, years_text


@dataclass(frozen=True)
class School:
    """One school in one year, with everything its pack knows of it and of the other schools.

    `row` is its row of the table `schools`; `year` is the fall of the school year.
    """

    pack: str
    school_id: str
    year: int
    row: Mapping[str, Any] = field(compare=False, repr=False)

    def has(self, table: str) -> bool:
        """Whether the pack has this table."""
        return package(self.pack).has(table)

    def table(self, table: str) -> pd.DataFrame:
        """Give all rows of a table of the pack, of this school and of all others."""
        return load(f"{self.pack}/{table}")

    def rows(self, table: str) -> pd.DataFrame:
        """Give this school's own rows of a table. A report that uses no others need not be made again for theirs."""
        return own_rows(f"{self.pack}/{table}", self.school_id)

    def fields(self, table: str) -> tuple[Field, ...]:
        """Give what the dictionary says of each column of a table."""
        return package(self.pack).table(table).fields

    @property
    def name(self) -> str:
        """The school's name."""
        return str(self.row["school_name"])

    @property
    def lea_name(self) -> str:
        """The district's name."""
        return str(self.row["lea_name"])

    @property
    def level(self) -> str | None:
        """Primary, Middle, High or Other; None where the pack does not say."""
        value = self.row.get("school_level")
        return value if isinstance(value, str) else None

    @property
    def pack_title(self) -> str:
        """The pack's title."""
        return package(self.pack).title

    @property
    def record_type(self) -> str:
        """Whether the records are real or synthetic."""
        return package(self.pack).record_type

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the pack's figures come from."""
        return package(self.pack).sources

    @property
    def years(self) -> tuple[int, ...]:
        """The years the pack has for this school."""
        return _years(self.pack, self.school_id)


def school(pack: str | os.PathLike[str], school_id: str, year: int) -> School:
    """Pick one school of a pack in one year.

    Parameters
    ----------
    pack : str
        The name of a pack, or the path of its folder.
    school_id : str
        The school's id as text, leading zeros kept.
    year : int
        The fall of the school year: 1999 for 1999-00.

    Raises
    ------
    InputError
        Unknown pack, school or year, with the nearest there are.
    """
    name = named(pack)
    # Its own rows alone: whatever else the pack knows, a report that asks for no more need not be made again for it.
    row = own_rows(f"{name}/schools", school_id) if isinstance(school_id, str) else None
    if row is None or row.empty:
        where = f"pack {name}, school_id {school_id!r}"
        raise refuse(where, "there is no such school", _closest(school_id, load(f"{name}/schools")))
    years = _years(name, school_id)
    if not years:
        raise refuse(f"pack {name}, school {school_id}", "no table has a year of this school", "choose another school")
    if not isinstance(year, (int, np.integer)) or year not in years:
        fix = f"it has {years_text(years)}; give the fall of the year: {years[-1]} for {school_year(years[-1])}"
        raise refuse(
            f"pack {name}, school {school_id}, year {year!r}", "the pack has no such year for this school", fix
        )
    about = {str(column): value for column, value in row.iloc[0].items()}
    return School(name, school_id, int(year), MappingProxyType(about))


def _closest(school_id: object, schools: pd.DataFrame) -> str:
    """Say which id or name comes close to what was given."""
    ids, names = schools["school_id"], schools["school_name"].astype("str")
    given = str(school_id).strip()
    wide = int(ids.str.len().max()) if len(ids) else 0
    same = schools[(names.str.casefold() == given.casefold()) | (ids == given.zfill(wide))]
    if not same.empty:
        pairs = zip(same["school_id"], same["school_name"], strict=True)
        return "write the id as text: " + " or ".join(f"{id_!r} ({called})" for id_, called in list(pairs)[:5])
    return nearest(given, names if any(letter.isalpha() for letter in given) else ids)


def _years(pack: str, school_id: str) -> tuple[int, ...]:
    """Give the years for which any table by school and year has a row of this school."""
    dated = [t.name for t in package(pack).tables if t.key[:2] == ("school_id", "year")]
    found = [own_rows(f"{pack}/{name}", school_id)["year"].tolist() for name in dated]
    return tuple(sorted(dict.fromkeys(int(year) for years in found for year in years)))
