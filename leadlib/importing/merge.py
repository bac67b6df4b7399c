"""Pieces of tables put together: the same row once, fields from several files side by side, keys that must be found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from leadlib.importing.context import FILE, ROW, Context
from leadlib.importing.ledger import COLUMN, DETAIL, LINE, REASON, SHOWN, TABLE, Ledger, Merged, key_texts
from leadlib.importing.plan import Target
from leadlib.importing.values import NOT_REPORTED, REPORTED
from leadlib.numbers import listing, plural
from leadlib.tables import standard
from leadlib.tables.dictionary import TableInfo

PIECE = "__piece"
NEWER = "a newer year has this key"
Pieces = Sequence[tuple[Target, pd.DataFrame]]


def together(table: str, pieces: Pieces, context: Context) -> pd.DataFrame:
    """Make one table of its pieces.

    Rows of the same key that say the same are one row; rows of the same key with different fields are joined; rows of
    the same key that contradict each other are a problem, unless the crosswalk takes the newest or --allow sets them
    aside.
    """
    info = standard.table(table)
    names = [f.name for f in info.fields if any(f.name in frame for _, frame in pieces)]
    frames = [_full(frame, names, k) for k, (_, frame) in enumerate(pieces) if len(frame.columns)]
    rows = pd.concat(frames, ignore_index=True) if len(frames) != 1 else frames[0].reset_index(drop=True)
    merged = Merged(table, len(rows))
    context.ledger.merged.append(merged)
    key = [k for k in info.key if k in rows]
    codes = pd.factorize(pd.MultiIndex.from_frame(rows[key]))[0] if len(key) > 1 else pd.factorize(rows[key[0]])[0]
    if any(t.duplicates == "newest" for t, _ in pieces):
        rows, codes = _newest(rows, codes, info, merged, context)
    rows = _once(rows, codes, names, info, merged, context)
    return rows


def _full(frame: pd.DataFrame, names: Sequence[str], piece: int) -> pd.DataFrame:
    """Give a piece every field of the table: those it does not have say so by an empty reason."""
    made = {}
    for name in names:
        if name in frame:
            made[name], made[f"{name}__why"] = frame[name], frame[f"{name}__why"]
        else:
            made[name] = pd.Series(np.full(len(frame), None, dtype=object), index=frame.index)
            made[f"{name}__why"] = pd.Series(np.full(len(frame), "", dtype=object), index=frame.index)
    made[FILE], made[ROW] = frame[FILE], frame[ROW]
    made[PIECE] = pd.Series(np.full(len(frame), piece), index=frame.index)
    if "__year" in frame:
        made["__year"] = frame["__year"]
    return pd.DataFrame(made)


def _newest(
    rows: pd.DataFrame, codes: np.ndarray, info: TableInfo, merged: Merged, context: Context
) -> tuple[pd.DataFrame, np.ndarray]:
    """Keep of each key the rows of its newest year."""
    year = (rows["__year"] if "__year" in rows else rows["year"]).to_numpy(dtype="int64")
    newest = pd.Series(year).groupby(codes).transform("max").to_numpy()
    old = year < newest
    merged.superseded = int(old.sum())
    set_aside(rows[old], NEWER, info, context.ledger)
    return rows[~old].reset_index(drop=True), codes[~old]


def _once(
    rows: pd.DataFrame, codes: np.ndarray, names: Sequence[str], info: TableInfo, merged: Merged, context: Context
) -> pd.DataFrame:
    """Make one row of all rows of a key."""
    counts = np.bincount(codes, minlength=1)
    twice = counts[codes] > 1
    if not twice.any():
        return rows
    some, groups = rows[twice], codes[twice]
    fields = [n for n in names if n not in info.key]
    clash = _clashes(some, groups, fields)
    if clash.any():
        _contradictions(some[clash], groups[clash], fields, info, merged, context)
        some, groups = some[~clash], groups[~clash]
    one = _joined(some, groups, fields)
    sets = pd.Series(some[PIECE].to_numpy()).groupby(groups).nunique()
    merged.joined = int((sets - 1).sum())
    merged.identical = len(some) - len(one) - merged.joined
    return pd.concat([rows[~twice], one], ignore_index=True)


def _signs(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Give a number for what each row says of a field: the same for the same value or reason, -1 for nothing."""
    why = rows[f"{name}__why"].to_numpy(dtype=object)
    text = [f"{w}\0{'' if w != REPORTED else v!r}" for v, w in zip(rows[name].tolist(), why, strict=True)]
    codes = pd.factorize(np.array(text, dtype=object))[0]
    return np.where(why == "", -1, codes)


def _clashes(rows: pd.DataFrame, groups: np.ndarray, fields: Sequence[str]) -> np.ndarray:
    """Say which rows have a key whose rows contradict each other."""
    clash = np.zeros(len(rows), dtype=bool)
    for name in fields:
        signs = pd.Series(_signs(rows, name).astype("float64"))
        kinds = signs.where(signs >= 0).groupby(groups).transform("nunique")
        clash |= kinds.to_numpy() > 1
    return clash


def _joined(rows: pd.DataFrame, groups: np.ndarray, fields: Sequence[str]) -> pd.DataFrame:
    """Put the fields of rows of the same key side by side; each is taken from the first row that says anything."""
    first = ~pd.Series(groups).duplicated().to_numpy()
    one, order = rows[first].copy(), groups[first]
    for name in fields:
        says = rows[f"{name}__why"].to_numpy(dtype=object) != ""
        whose = groups[says]
        once = ~pd.Series(whose).duplicated().to_numpy()
        place = pd.Series(np.flatnonzero(says)[once], index=whose[once]).reindex(order)
        at = place.notna().to_numpy()
        for column in (name, f"{name}__why"):
            values = one[column].to_numpy(dtype=object).copy()
            values[at] = rows[column].to_numpy(dtype=object)[place[at].astype(int).to_numpy()]
            one[column] = values
    return one


def _contradictions(
    rows: pd.DataFrame, groups: np.ndarray, fields: Sequence[str], info: TableInfo, merged: Merged, context: Context
) -> None:
    """Tell which keys have rows that contradict each other, or set them all aside where that is allowed."""
    merged.different = len(rows)
    set_aside(rows, "rows of this key contradict each other", info, context.ledger)
    if "different" in context.allow:
        return
    files = [line.file for line in context.ledger.files]
    shown = list(dict.fromkeys(groups.tolist()))
    for group in shown[:SHOWN]:
        own = rows[groups == group]
        differ = [n for n in fields if len({s for s in _signs(own, n).tolist() if s >= 0}) > 1]
        at = listing([f"{files[f]} row {r}" for f, r in list(zip(own[FILE], own[ROW], strict=True))[:3]])
        values = " and ".join(dict.fromkeys(_said(v) for v in own[differ[0]].tolist()[:3]))
        key = key_texts(own[list(info.key)])[0]
        context.ledger.problem(
            f"{at}",
            f"{info.name} has the key {key} more than once, with different {listing(differ[:4])} ({values})",
            "choose rows by `when`, take the newest with `duplicates: newest`, or give --allow different",
        )
    if len(shown) > SHOWN:
        context.ledger.problem(info.name, f"and {len(shown) - SHOWN:,} more keys with rows that contradict each other")


def _said(value: object) -> str:
    return "nothing" if value is None or value != value else f"{value!r}"


def set_aside(rows: pd.DataFrame, reason: str, info: TableInfo, ledger: Ledger) -> None:
    """Keep rows of a table aside, each with the file and line it came from, and its key."""
    if rows.empty:
        return
    key = [k for k in info.key if k in rows]
    said = pd.Series(key_texts(rows[key]), index=rows.index, dtype="object")
    for place, own in rows.groupby(FILE, sort=True):
        head = {LINE: own[ROW].to_numpy(), TABLE: info.name, COLUMN: "", REASON: reason}
        head[DETAIL] = said[own.index].to_numpy()
        ledger.keep_aside(ledger.files[int(place)].file, pd.DataFrame(head))  # type: ignore[call-overload]


def matched(
    tables: dict[str, pd.DataFrame], targets: Mapping[str, Sequence[Target]], context: Context
) -> dict[str, pd.DataFrame]:
    """Hold every key that points to another table to it; unmatched rows are a problem, or set aside where allowed."""
    merged = {m.table: m for m in context.ledger.merged}
    for name in [t for t in standard.tables() if t in tables]:
        for link in standard.table(name).foreign:
            if link.table not in tables or not set(link.fields) <= set(tables[name].columns):
                continue
            rows, there = tables[name], tables[link.table]
            here = rows[list(link.fields)]
            known = pd.MultiIndex.from_frame(there[list(link.to)])
            lost = ~pd.MultiIndex.from_frame(here).isin(known) & here.notna().all(axis=1).to_numpy()
            if not lost.any():
                continue
            may = [t.unmatched == "aside" or "unmatched" in context.allow for t in targets[name]]
            gone = lost & np.array(may, dtype=bool)[rows[PIECE].to_numpy()]
            for which, aside in ((gone, True), (lost & ~gone, False)):
                if which.any():
                    _unmatched(rows[which], here[which], there, link.table, name, aside, context.ledger)
            merged[name].unmatched += int(gone.sum())
            tables[name] = rows[~gone].reset_index(drop=True)
    for name, rows in tables.items():
        merged[name].out = len(rows)
    return tables


def _unmatched(
    rows: pd.DataFrame, keys: pd.DataFrame, there: pd.DataFrame, to: str, name: str, aside: bool, ledger: Ledger
) -> None:
    said = list(dict.fromkeys(key_texts(keys)))
    known = there[keys.columns[0]].astype("str").head(2).tolist() if keys.columns[0] in there else []
    item = {"table": name, "columns": list(keys.columns), "not_in": to, "rows": len(rows), "keys": len(said)}
    ledger.unmatched.append({**item, "examples": said[:SHOWN], "set_aside": aside})
    if aside:
        set_aside(rows, f"{', '.join(keys.columns)} is not in {to}", standard.table(name), ledger)
    else:
        what = f"{plural(len(rows), 'row')} with a key that is not in {to}: {', '.join(said[:SHOWN])}"
        fix = f"{to} has keys such as {' and '.join(known)}; mend the key, say `unmatched: aside`, or --allow unmatched"
        ledger.problem(f"{name}, column {', '.join(keys.columns)}", what, fix)


def filled(rows: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Give the fields that no file speaks of for a row the reason not_reported, and drop what only the import needs."""
    made = {}
    for name in names:
        why = rows[f"{name}__why"].to_numpy(dtype=object)
        made[name] = rows[name]
        is_end = name.endswith(("_low", "_high")) and name.rpartition("_")[0] in names
        made[f"{name}__why"] = np.where(why == "", "not_applicable" if is_end else NOT_REPORTED, why)
    return pd.DataFrame(made)
