"""Data packs: which there are, their tables, loaded and checked."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import listing, school_year
from leadlib.tables import check
from leadlib.tables.dictionary import FILE, Package
from leadlib.tables.files import examine, fingerprint, read_bytes, sha256, short
from leadlib.tables.finding import ENVIRONMENT as ENVIRONMENT
from leadlib.tables.finding import find as find
from leadlib.tables.finding import folders
from leadlib.tables.finding import named as named
from leadlib.tables.finding import roots as roots
from leadlib.tables.reading import read

ALIASES = {
    "district": ("lea_name", "leaid"),
    "county": ("county_name",),
    "level": ("school_level",),
    "school": ("school_name", "school_id"),
}
"""Short names that `select` takes for columns of `schools`."""

Stamp = tuple[tuple[str, int, int], ...]


def _stamp(folder: Path, names: Iterable[str]) -> Stamp:
    """Give what tells that files have changed since they were read."""
    stamps = []
    for name in names:
        try:
            about = (folder / name).stat()
            stamps.append((name, about.st_mtime_ns, about.st_size))
        except OSError:
            stamps.append((name, -1, -1))
    return tuple(stamps)


def package(pack: str | os.PathLike[str]) -> Package:
    """Give a pack's dictionary."""
    folder = find(pack)
    stamp = _stamp(folder, [FILE])
    _tell(folder, "", "", stamp[0])
    return _package(folder, stamp)


def quiet_package(folder: Path) -> Package:
    """Give the dictionary of a pack's folder; this counts for no look at the data."""
    return _package(folder, _stamp(folder, [FILE]))


@functools.lru_cache(maxsize=32)
def _package(folder: Path, stamp: Stamp) -> Package:
    return read(folder)[1]


def load(table: str | os.PathLike[str], *, why: bool = False) -> pd.DataFrame:
    """Give a table of a pack, every cell checked against the pack's dictionary.

    One row is what the table's grain says (`describe` tells). Ids are text. Units are the dictionary's; nothing is
    rounded. A missing value is NaN; `why=True` puts beside every field that may be missing a column `<field>__why`:
    reported, not_reported, not_applicable or suppressed. The frame is the caller's own: changing it changes no other.

    Parameters
    ----------
    table : str
        Pack and table, as in `"california-2000/outcomes"`; the pack may be the path of a folder.
    why : bool
        Whether to say why each missing value is missing.

    Raises
    ------
    InputError
        Unknown pack or table; or everything that is wrong with the table, with file, row, column and rule.
    """
    return _told(table, "", why)


def own_rows(table: str | os.PathLike[str], school_id: str) -> pd.DataFrame:
    """Give one school's own rows of a table: what `load` gives, less the rows of all others.

    Raises
    ------
    InputError
        As for `load`; or the table has no school_id.
    """
    rows = _told(table, school_id, False)
    return rows[rows["school_id"] == school_id].reset_index(drop=True)


def _told(table: str | os.PathLike[str], scope: str, why: bool) -> pd.DataFrame:
    """Give a table, and tell whoever listens which one, and whether all of it is used or one school's rows alone."""
    pack, name = _split(table)
    folder = find(pack)
    info = _package(folder, _stamp(folder, [FILE]))
    wanted = info.table(name)
    if scope:
        wanted.field("school_id")
    stamp = _stamp(folder, [FILE, *(t.path for t in info.tables)])
    _SEEN.add(f"{folder.name}/{wanted.name}")
    _tell(folder, "", "", stamp[0])
    _tell(folder, wanted.name, scope, stamp[1 + info.tables.index(wanted)])
    return _frame(folder, stamp, wanted.name, bool(why)).copy(deep=False)


def _tell(folder: Path, table: str, scope: str, stamp: tuple[str, int, int]) -> None:
    # A table that is in memory already is read from no file, so opened files alone would not tell what a report used.
    sys.audit("leadlib.load", f"{folder}/{table}", scope, stamp)


def quiet_load(folder: Path, name: str, *, why: bool = False) -> pd.DataFrame:
    """Give a table as `load` does; this counts for no look at the data."""
    info = quiet_package(folder)
    return _frame(folder, _stamp(folder, [FILE, *(t.path for t in info.tables)]), name, why)


def keep(pack: str | os.PathLike[str]) -> None:
    """Hold every table of a pack ready, so that `load` finds it; this counts for no look at the data."""
    folder = find(pack)
    info = _package(folder, _stamp(folder, [FILE]))
    stamp = _stamp(folder, [FILE, *(t.path for t in info.tables)])
    for table in info.tables:
        _frame(folder, stamp, table.name, False)
        _frame(folder, stamp, table.name, True)


_SEEN: set[str] = set()


def seen() -> tuple[str, ...]:
    """Give the tables that this session has read so far, as pack/table: what a plan made now could have known."""
    return tuple(sorted(_SEEN))


def forget_seen() -> None:
    """Begin anew: no table counts as read, though those in memory stay there."""
    _SEEN.clear()


def _split(table: str | os.PathLike[str]) -> tuple[str, str]:
    text = named(table)
    pack, _, name = text.rpartition("/")
    if not pack:
        raise refuse(f"table {text!r}", "is not written as pack/table", "write for example california-2000/schools")
    return pack, name


@functools.lru_cache(maxsize=64)
def _frame(folder: Path, stamp: Stamp, name: str, why: bool) -> pd.DataFrame:
    parsed = _checked(folder, stamp, name)
    info = _package(folder, stamp[:1])
    if not why:
        return parsed.values
    columns: dict[str, pd.Series] = {}
    for field in info.table(name).fields:
        columns[field.name] = parsed.values[field.name]
        if not field.required:
            columns[f"{field.name}__why"] = parsed.why[field.name]
    return pd.DataFrame(columns)


@functools.lru_cache(maxsize=64)
def _checked(folder: Path, stamp: Stamp, name: str) -> check.Parsed:
    """Read and check a table; an untouched one that passed when it was written is only read."""
    info = _package(folder, stamp[:1])
    table = info.table(name)
    blobs = {t: read_bytes(folder, info.table(t).path) for t in (name, *(link.table for link in table.foreign))}
    where = f"{folder.name}/{table.path}"
    blob = blobs[name]
    if blob is None:
        raise refuse(where, "the table's file is missing", "restore the file, or build the pack again")
    problems: list[Problem] = []
    if table.hash and table.hash != sha256(blob):
        problems.append(
            Problem(
                where,
                f"is not the file the dictionary describes (its {short(sha256(blob))}, expected {short(table.hash)})",
                "restore the file; if the change is meant, write the pack again with leadlib.tables.write",
            )
        )
    trusted = not problems and table.checked == fingerprint(info, table, blobs)
    parsed = examine(blob, info, table, blobs, where, problems, trusted=trusted)
    if problems or parsed is None:
        raise InputError(problems)
    return parsed


def packs() -> pd.DataFrame:
    """Show which data packs there are: one row a pack, with its tables, number of schools, years and kind of records.

    Columns: pack, title, tables (text), schools_n, years (text), record_type. A folder whose dictionary cannot be read
    is listed with the reason as its title, so that one bad pack does not hide the others.
    """
    rows = [_overview(folder) for folder in folders()]
    return pd.DataFrame(rows, columns=["pack", "title", "tables", "schools_n", "years", "record_type"])


def _overview(folder: Path) -> dict[str, Any]:
    try:
        info = _package(folder, _stamp(folder, [FILE]))
        count = schools_n(folder)
    except InputError as error:
        return {
            "pack": folder.name,
            "title": f"cannot be read: {error.problems[0]}",
            "tables": "",
            "schools_n": 0,
            "years": "",
            "record_type": "",
        }
    return {
        "pack": folder.name,
        "title": info.title,
        "tables": ", ".join(t.name for t in info.tables),
        "schools_n": count,
        "years": years_text(pack_years(folder)),
        "record_type": info.record_type,
    }


def schools_n(pack: str | os.PathLike[str]) -> int:
    """Count the schools of a pack, from its dictionary or, where that does not say, from the table."""
    info = package(pack)
    if not info.has("schools"):
        return 0
    rows = info.table("schools").rows
    return len(load(f"{named(pack)}/schools")) if rows is None else rows


def pack_years(pack: str | os.PathLike[str]) -> tuple[int, ...]:
    """Give a pack's years (falls), from its dictionary or, where that does not say, from its tables."""
    info = package(pack)
    dated = [t.name for t in info.tables if any(f.name == "year" for f in t.fields)]
    found = [] if info.years else [load(f"{named(pack)}/{t}")["year"].dropna().astype(int) for t in dated]
    return info.years or tuple(sorted(dict.fromkeys(year for years in found for year in years.tolist())))


def years_text(years: Iterable[int]) -> str:
    """Write years as a reader would: runs of school years, `1992-93 to 1997-98`."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return listing([school_year(r[0]) if len(r) == 1 else f"{school_year(r[0])} to {school_year(r[-1])}" for r in runs])


def pack_files(pack: str | os.PathLike[str]) -> list[tuple[str, str]]:
    """List a pack's files with their sha256, the dictionary first: what a manifest records."""
    folder = find(pack)
    info = _package(folder, _stamp(folder, [FILE]))
    files = []
    for name in [FILE, *(t.path for t in info.tables)]:
        blob = read_bytes(folder, name)
        if blob is None:
            raise refuse(f"{folder.name}/{name}", "the file is missing", "restore the file, or build the pack again")
        files.append((name, sha256(blob).removeprefix("sha256:")))
    return files


def select(pack: str | os.PathLike[str], where: Mapping[str, str]) -> pd.DataFrame:
    """Give the rows of `schools` that fit every condition: `select(pack, {"district": "Alameda City Unified"})`.

    Conditions are column=value; capitals do not matter. `district` stands for the district's name or code, `county`,
    `level` and `school` likewise.

    Raises
    ------
    InputError
        Unknown column; a value no school has (with the nearest); conditions that together leave no school; or the name
        of several districts, which is not one district.
    """
    schools = load(f"{named(pack)}/schools")
    problems: list[Problem] = []
    masks = [_matching(schools, str(c), str(v).strip(), problems) for c, v in where.items()]
    if problems:
        raise InputError(problems)
    keep = pd.Series(True, index=schools.index)
    for mask in masks:
        keep &= mask
    chosen = schools[keep].reset_index(drop=True)
    said = listing([f"{c}={v}" for c, v in where.items()])
    if chosen.empty:
        raise refuse(f"pack {pack}, {said}", "no school fits all of this", "drop one of the conditions")
    _one_district(pack, chosen, where)
    return chosen


def _matching(schools: pd.DataFrame, column: str, value: str, problems: list[Problem]) -> pd.Series:
    columns = [c for c in ALIASES.get(column, (column,)) if c in schools.columns]
    if not columns:
        known = [*schools.columns, *(a for a, cs in ALIASES.items() if any(c in schools.columns for c in cs))]
        problems.append(Problem(f"column {column!r}", "is not in the table schools", nearest(column, known)))
        return pd.Series(False, index=schools.index)
    texts = {c: schools[c].astype("str") for c in columns}
    for text in texts.values():
        mask = (text.str.casefold() == value.casefold()).fillna(False).astype(bool)
        if mask.any():
            return mask
    values = [v for t in texts.values() for v in t.dropna().unique()]
    problems.append(Problem(f"{column}={value}", "no school has this value", nearest(value, values)))
    return pd.Series(False, index=schools.index)


def _one_district(pack: Any, chosen: pd.DataFrame, where: Mapping[str, str]) -> None:
    """Refuse a district name that several districts share, unless another condition settles which is meant."""
    if "leaid" not in chosen or not {"district", "lea_name"} & set(where):
        return
    codes = sorted(chosen["leaid"].unique())
    if len(codes) > 1:
        raise refuse(
            f"pack {pack}, district={where.get('district', where.get('lea_name'))}",
            f"is the name of {len(codes)} districts: {listing(codes)}",
            "give the code, or add the county",
        )
