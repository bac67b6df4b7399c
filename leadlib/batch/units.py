"""What a batch runs over: the schools of a pack, or its programs, by the parameter that the notebook asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadlib.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"


@dataclass(frozen=True)
class Unit:
    """One kind of thing that gets a report of its own: its word, the parameter that names it, the option that picks."""

    word: str
    parameter: str
    option: str

    @property
    def many(self) -> str:
        """The word for several."""
        return self.word + "s"


SCHOOL = Unit("school", "school_id", "--school")
PROGRAM = Unit("program", "program_id", "--program")


def unit_of(declared: Mapping[str, Any]) -> Unit:
    """Tell what a notebook is run for: programs, where it asks for a program and for no school."""
    return PROGRAM if PROGRAM.parameter in declared and SCHOOL.parameter not in declared else SCHOOL


def chosen(unit: Unit, pack: str, where: Mapping[str, str], ids: Sequence[str], source: str) -> pd.DataFrame:
    """Give the rows asked for, with the columns school_id, school_name, lea_name, school_level for either kind.

    Raises
    ------
    InputError
        Nothing chosen, an unknown id, a condition on schools for a notebook of programs, a pack without programs.
    """
    from leadlib.tables.packs import select

    spot = f"{source}, {unit.many}"
    if not where and not ids:
        ways = (
            "--where district=..., --school ID, or --school all" if unit is SCHOOL else "--program ID or --program all"
        )
        raise InputError(Problem(spot, f"no {unit.word} is chosen", f"give {ways}"))
    rows = select(pack, dict(where)) if unit is SCHOOL else _programs(pack, where, spot)
    wanted = [i for i in ids if i != ALL]
    if not wanted:
        return rows
    known = rows["school_id"].astype(str)
    among = " of those chosen by where" if where else ""
    there = set(known)
    unknown = [i for i in wanted if i not in there]
    if unknown:
        problems = [Problem(spot, f"{i!r} is no {unit.word} of {pack!r}{among}", nearest(i, known)) for i in unknown]
        raise InputError(problems)
    return rows[known.isin(wanted)]


def _programs(pack: str, where: Mapping[str, str], spot: str) -> pd.DataFrame:
    """Give the programs that some school has begun."""
    import pandas as pd

    from leadlib.tables.packs import load, package

    if where:
        raise InputError(Problem(spot, "the notebook is run for programs, not for schools", "leave out --where"))
    info = package(pack)
    if not (info.has("programs") and info.has("program_starts")):
        raise InputError(Problem(spot, f"{pack!r} has no tables programs and program_starts", "choose another pack"))
    starts = load(f"{pack}/program_starts")
    begun = set(starts.loc[starts["first_year"].notna(), "program_id"])
    rows = load(f"{pack}/programs")
    rows = rows[rows["program_id"].isin(begun)]
    kind = rows.get("kind", "")
    named = {"school_id": rows["program_id"], "school_name": rows["name"], "lea_name": "", "school_level": kind}
    return pd.DataFrame(named).reset_index(drop=True)
