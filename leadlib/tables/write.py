"""Tables to pack: the one way from frames to the files of a data pack, checked before anything is written."""

from __future__ import annotations

import argparse
import contextlib
import copy
import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import InputError, LeadlibError, Problem, nearest, refuse
from leadlib.tables.dictionary import FILE, Field, Package, TableInfo
from leadlib.tables.files import examine, fingerprint, sha256
from leadlib.tables.reading import parse, read

_COMPRESSION = 9
_EXACT = 1e15  # above it a float is no longer written digit by digit


def write_pack(folder: Path | str, document: Mapping[str, Any], frames: Mapping[str, pd.DataFrame]) -> Package:
    """Write a pack's tables and dictionary into a folder, all or none of them.

    Rows are sorted by the table's key, columns follow the dictionary, a number is written in the shortest form that
    reads back as the same number. A missing value is written as its mark: that of the column `<field>__why` beside
    it, or, where a field allows one mark only, that one. Hash, row count and years are put into the dictionary.

    Parameters
    ----------
    folder : Path
        Where the pack stands or shall stand; its name is the pack's name.
    document : mapping
        The dictionary as it stands in datapackage.json.
    frames : mapping of str to DataFrame
        One frame for each table of the dictionary.

    Raises
    ------
    InputError
        If a frame breaks the dictionary: all problems at once, with nothing written.
    """
    folder = Path(folder)
    files, filled = rendered(document, frames, folder.name)
    files[FILE] = (json.dumps(filled, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
    _all_or_none(folder, files)
    return parse(filled)


def rendered(
    document: Mapping[str, Any], frames: Mapping[str, pd.DataFrame], name: str
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Give the table files of a pack as bytes by path, and the dictionary with hashes, rows and years filled in."""
    filled: dict[str, Any] = copy.deepcopy(dict(document))
    info = parse(filled, f"{name}/{FILE}")
    problems = [
        Problem(f"pack {name}, table {t}", "is not in the dictionary", nearest(t, [i.name for i in info.tables]))
        for t in frames
        if not info.has(t)
    ]
    problems += [
        Problem(f"pack {name}, table {t.name}", "has no frame", "give one") for t in info.tables if t.name not in frames
    ]
    if problems:
        raise InputError(problems)
    texts = {t.name: as_csv(frames[t.name], t, f"{name}/{t.path}", problems) for t in info.tables}
    blobs: dict[str, bytes | None] = {n: squeezed(text, info.table(n).path) for n, text in texts.items()}
    years: set[int] = set()
    for box in filled["resources"]:
        blob = blobs[box["name"]] or b""
        table = replace(info.table(box["name"]), rows=len(frames[box["name"]]))
        parsed = examine(blob, info, table, blobs, f"{name}/{table.path}", problems)
        box |= {"hash": sha256(blob), "rows": table.rows, "checked": fingerprint(info, table, blobs)}
        if parsed is not None and "year" in parsed.values:
            years.update(parsed.values["year"].dropna().astype(int).tolist())
    if problems:
        raise InputError(problems)
    filled["years"] = sorted(years)
    return {t.path: blobs[t.name] or b"" for t in info.tables}, filled


def as_csv(frame: pd.DataFrame, table: TableInfo, where: str, problems: list[Problem]) -> str:
    """Write a frame as CSV text in the dictionary's order of columns and the key's order of rows."""
    known = [f.name for f in table.fields]
    for column in dict.fromkeys(frame.columns):
        if column not in known and str(column).removesuffix("__why") not in known:
            problems.append(Problem(f"{where}, column {column}", "is not in the dictionary", "describe it or drop it"))
    if frame.columns.has_duplicates:
        problems.append(Problem(where, "two columns have the same name", "keep one"))
        frame = frame.loc[:, ~frame.columns.duplicated()]
    lost = [name for name in known if name not in frame]
    for name in lost:
        problems.append(Problem(f"{where}, column {name}", "is missing", "add it or take it out of the dictionary"))
    columns = {f.name: _words(frame, f, where, problems) for f in table.fields if f.name in frame}
    text = pd.DataFrame(columns, dtype="object")
    if not lost:
        text = text.sort_values(list(table.key), kind="stable")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(list(text.columns))
    writer.writerows(text.itertuples(index=False, name=None))
    return out.getvalue()


def _words(frame: pd.DataFrame, field: Field, where: str, problems: list[Problem]) -> list[str]:
    """Write one column as words; a missing value as its mark."""
    here, values = f"{where}, column {field.name}", frame[field.name].tolist()
    gaps = frame[field.name].isna().tolist()
    marks = _marks(frame, field)
    words = [(mark or "") if gap else _word(v) for v, gap, mark in zip(values, gaps, marks, strict=True)]
    unsaid = sum(gap and mark is None for gap, mark in zip(gaps, marks, strict=True))
    if unsaid:
        allowed = ", ".join(m.reason for m in field.marks)
        fix = f"add {field.name}__why with one of: {allowed}" if allowed else "fill them in: this field needs a value"
        problems.append(Problem(here, f"{unsaid} missing values do not say why", fix))
    if field.type == "string" and not all(gap or isinstance(v, str) for v, gap in zip(values, gaps, strict=True)):
        problems.append(Problem(here, "holds values that are not text", "give ids as text, with their leading zeros"))
    if any("\r" in word for word in words):  # the CSV writer quotes it only in some versions of Python
        problems.append(Problem(here, "holds a carriage return", "end lines within a cell with a line feed alone"))
    reserved = [m.value for m in field.marks]
    if any(word in reserved and not gap for word, gap in zip(words, gaps, strict=True)):
        problems.append(
            Problem(here, f"holds {' or '.join(reserved)} as a value", "such a word would be read as missing")
        )
    return words


def _marks(frame: pd.DataFrame, field: Field) -> list[str | None]:
    """Give for each row the mark its value would have if it were missing; None where nothing says."""
    if f"{field.name}__why" in frame:
        by_reason = {m.reason: m.value for m in field.marks}
        return [by_reason.get(str(reason)) for reason in frame[f"{field.name}__why"].tolist()]
    return [field.marks[0].value if len(field.marks) == 1 else None] * len(frame)


def _word(value: Any) -> str:
    """Write one value: a whole number without a point, any other in the shortest form that reads back the same."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        whole = float(value).is_integer() and abs(float(value)) < _EXACT
        return str(int(value)) if whole else repr(float(value))
    return str(value)


def single(values: pd.Series) -> pd.Series:
    """Take single-precision noise away: 39.79999923706055 was 39.8.

    Sources stored as four-byte numbers come with digits that were never measured. The shortest decimal that reads back
    as the same four-byte number is what was typed in; nothing is lost by it.
    """
    short = [
        np.nan if gap else float(str(np.float32(v))) for v, gap in zip(values.tolist(), values.isna(), strict=True)
    ]
    return pd.Series(short, index=values.index, dtype="float64")


def squeezed(text: str, path: str) -> bytes:
    """Compress a table's text; the bytes carry no date and no name."""
    data = text.encode("utf-8")
    if not path.endswith(".gz"):
        return data
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION, fileobj=out, mtime=0) as file:
        file.write(data)
    return out.getvalue()


def _all_or_none(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write every file beside its place first, then move them there; if one cannot be moved, put the others back."""
    parts = {name: folder / f"{name}.part" for name in files}
    before: dict[str, bytes | None] = {}
    try:
        for name, part in parts.items():
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(files[name])
        for name, part in parts.items():
            old = folder / name
            before[name] = old.read_bytes() if old.exists() else None
            os.replace(part, old)
    except OSError as error:
        _put_back(folder, before)
        fix = "check the folder and your rights to it"
        raise refuse(str(folder), f"cannot be written: {error.strerror}", fix) from None
    finally:
        for part in parts.values():
            with contextlib.suppress(OSError):
                part.unlink()


def _put_back(folder: Path, before: Mapping[str, bytes | None]) -> None:
    for name, blob in before.items():
        with contextlib.suppress(OSError):
            if blob is None:
                (folder / name).unlink(missing_ok=True)
            else:
                (folder / name).write_bytes(blob)


def build(
    folder: Path, tables: Callable[[Path], Mapping[str, pd.DataFrame]], arguments: Sequence[str] | None = None
) -> int:
    """Build a pack from its raw file: what `python data/<pack>/build.py --raw PATH` runs.

    The raw file is held to the sha256 that the dictionary names under `raw`. Gives the exit code: 0, or 2 with the
    problems printed.
    """
    parser = argparse.ArgumentParser(description=f"Build the data pack {folder.name} from its raw file.")
    parser.add_argument("--raw", required=True, type=Path, help="the raw file named in datapackage.json")
    given = parser.parse_args(arguments)
    try:
        document, _ = read(folder)
        hold_raw(given.raw, document, folder.name)
        info = write_pack(folder, document, tables(given.raw))
    except LeadlibError as error:
        print(error)
        return 2
    for table in info.tables:
        print(f"{folder.name}/{table.path}: {table.rows:,} rows")
    return 0


def hold_raw(raw: Path, document: Mapping[str, Any], name: str) -> None:
    """Refuse a raw file that is not the one the pack is built from."""
    expected = document.get("raw", {}).get("sha256")
    try:
        found = sha256(raw.read_bytes()).removeprefix("sha256:")
    except OSError as error:
        raise refuse(str(raw), f"cannot be read: {error.strerror}", "give the path of the raw file") from None
    if found != expected:
        raise refuse(
            str(raw),
            f"is not the file that {name} is built from (sha256 {found[:8]}, expected {str(expected)[:8]})",
            f"give the file that 'raw' in {name}/{FILE} names",
        )
