"""A folder of foreign files to a data pack: one crosswalk, one call, and every row accounted for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import InputError, Problem, nearest
from leadlib.importing import crosswalk as crosswalks
from leadlib.importing import files, merge
from leadlib.importing.context import FILE, ROW, Context, Measure
from leadlib.importing.ledger import FileLine, Ledger, TableLine
from leadlib.importing.pieces import pieces
from leadlib.importing.plan import Crosswalk, Target
from leadlib.importing.reconcile import Reconciliation
from leadlib.importing.values import Rule, column
from leadlib.numbers import listing
from leadlib.tables import standard
from leadlib.tables.write import write_pack

ALLOW = {
    "unmatched": "set rows aside whose key is not in the table it points to",
    "unreadable": "set rows aside that have a cell which cannot be read",
    "different": "set rows aside that have the same key and contradict each other",
    "ragged": "set rows aside that have more or fewer cells than the header",
    "missing-files": "go on where no file fits an entry of the crosswalk",
}
"""What is refused unless it is allowed; allowing it never drops a row in silence."""
LABELS = {
    "not_reported": "the source gives no figure",
    "not_applicable": "the source says that there can be no figure",
    "suppressed": "the source holds the figure back",
    "range": "the source gives a range instead of a figure",
}
Gathered = dict[str, list[tuple[Target, pd.DataFrame]]]


def import_folder(
    folder: str | Path, crosswalk: str | Path | Crosswalk, out: str | Path, *, allow: Collection[str] = ()
) -> Reconciliation:
    """Make a data pack of a folder of foreign files, and account for every row.

    The crosswalk says which file, column and cell becomes which table, field and value. The pack is written whole or
    not at all; beside it, in `<pack>-import`, stand reconciliation.json, reconciliation.html and the rows set aside.

    Parameters
    ----------
    folder : path
        The folder with the foreign files.
    crosswalk : path, str or Crosswalk
        A YAML file, the name of a ready crosswalk, or one that is read already.
    out : path
        The folder of the pack to be written; its name is the pack's name.
    allow : collection of str
        What may pass though it is refused otherwise: keys of `ALLOW`. Such rows are set aside and counted.

    Raises
    ------
    InputError
        Everything that is wrong with crosswalk, files and rows, at once; nothing is written then.
    """
    plan = crosswalk if isinstance(crosswalk, Crosswalk) else crosswalks.read(crosswalk)
    allowed, source, pack = _allowed(allow), Path(folder), Path(out)
    ledger = Ledger()
    context = Context(ledger, _measures(plan), allowed, {})
    gathered = _gathered(source, pack, plan, context)
    _raise(ledger)
    tables = {t: merge.together(t, gathered[t], context) for t in standard.tables() if t in gathered}
    _padded(tables, context)
    tables = merge.matched(tables, {t: [x for x, _ in gathered[t]] for t in gathered}, context)
    _required(tables, plan, ledger)
    done = Reconciliation(ledger, plan, pack)
    if not done.balanced:
        what = f"does not balance: {'; '.join(done.unbalanced())}"
        ledger.problem("reconciliation", what, "this is a fault of leadlib: please report it with the crosswalk")
    _raise(ledger)
    _written(done, plan, tables)
    return done


def _allowed(allow: Collection[str]) -> frozenset[str]:
    unknown = [Problem(f"--allow {a}", "is not known", nearest(a, ALLOW)) for a in allow if a not in ALLOW]
    if unknown:
        raise InputError(unknown)
    return frozenset(allow)


def _raise(ledger: Ledger) -> None:
    if ledger.problems:
        raise InputError(list(dict.fromkeys(ledger.problems)))


def _gathered(source: Path, pack: Path, plan: Crosswalk, context: Context) -> Gathered:
    """Give the pieces of every table, from every file and from the crosswalk itself."""
    found: Gathered = {}
    names = files.listed(source, pack)
    _inline(plan, context, found)
    for name, entry in files.matched(names, plan, context.ledger, context.allow):
        opened = files.opened(source, name, entry, context.ledger, context.allow)
        if opened is None:
            continue
        for target, frame in pieces(opened, entry, context):
            found.setdefault(target.table, []).append((target, frame))
    return found


def _measures(plan: Crosswalk) -> dict[str, Measure]:
    found = {}
    for row in plan.rows.get("measures", ()):
        low, high = (_float(row.get(k, "")) for k in ("value_low", "value_high"))
        unit = row.get("unit", "")
        low, high = (0.0 if unit == "pct" and low is None else low), (100.0 if unit == "pct" and high is None else high)
        found[row.get("measure", "")] = Measure(unit, low, high)
    return found


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _inline(plan: Crosswalk, context: Context, found: Gathered) -> None:
    """Read the rows that the crosswalk itself gives."""
    ledger = context.ledger
    for table, rows in plan.rows.items():
        info = standard.table(table)
        names = [f.name for f in info.fields if any(f.name in row for row in rows)]
        line = FileLine(plan.path, f"rows of {table}", "", "crosswalk", (), 0, 0, len(rows), len(rows))
        ledger.files.append(line)
        made: dict[str, Any] = {}
        for name in names:
            read = column([row.get(name, "") for row in rows], Rule(), info.field(name))
            made[name], made[f"{name}__why"] = read.values, read.why
            for k, cell in read.bad.items():
                ledger.problem(f"{plan.path}, rows of {table}, number {k + 1}, {name}", cell.wrong, cell.fix)
        made |= {FILE: np.full(len(rows), len(ledger.files) - 1), ROW: np.arange(1, len(rows) + 1)}
        frame = pd.DataFrame(made)
        ledger.tables.append(TableLine(plan.path, table, len(rows), len(rows), 1, kept=len(rows)))
        found.setdefault(table, []).append((Target(table, (), None, {}, "same", "refuse", ()), frame))


def _padded(tables: dict[str, pd.DataFrame], context: Context) -> None:
    """Hold every id that was given leading zeros to the directory of schools."""
    known = {
        f: set(tables["schools"][f].dropna())
        for f in ("school_id", "leaid")
        if "schools" in tables and f in tables["schools"]
    }
    for (table, name), ids in context.padded.items():
        if not ids:
            continue
        reason = next((why for why in ids.values() if why), "")
        fix = "the ids may not be padded: correct `pad`, or add the schools to the directory"
        lost = [] if reason else [i for i in ids if i not in known.get(name, ())]
        if table == "schools" or name not in known:
            lost = [] if reason else list(ids)
            fix = "there is no directory to hold them to: give the source's rule as `unchecked: why`"
        if lost:
            what = f"{len(lost):,} of {len(ids):,} padded ids are not in the directory: {listing(lost[:5])}"
            context.ledger.problem(f"{table}, column {name}", what, fix)
        item = {"field": f"{table}.{name}", "ids": len(ids), "why": reason}
        context.ledger.padded.append(item)


def _required(tables: dict[str, pd.DataFrame], plan: Crosswalk, ledger: Ledger) -> None:
    """Hold every table to the fields it must have, and say which table is empty."""
    for name, rows in tables.items():
        for field in standard.table(name).fields:
            if field.required and (field.name not in rows or (rows[f"{field.name}__why"] == "").any()):
                where = f"{plan.path}, table {name}"
                ledger.problem(
                    where, f"{field.name} is needed in every row and is not mapped", f"map it: {field.description}"
                )
        if rows.empty:
            ledger.problem(
                f"{plan.path}, table {name}", "gets no row", "check `match`, `when` and `skip`, or take it out"
            )
    if not tables:
        ledger.problem(plan.path, "nothing was imported", "check `match` of each entry")


def _written(done: Reconciliation, plan: Crosswalk, tables: dict[str, pd.DataFrame]) -> None:
    """Write the pack, then what stands beside it."""
    from leadlib.pages.files import write_whole

    boxes = standard.resources(list(tables))
    frames = {}
    for box in boxes:
        rows = tables.pop(box["name"])
        fields = [f for f in box["schema"]["fields"] if f["name"] in rows]
        frames[box["name"]] = merge.filled(rows, [f["name"] for f in fields])
        box["schema"] = {**box["schema"], "fields": fields}
        _marks(box, frames[box["name"]])
        _links(box)
    beside = done.files()
    write_pack(done.pack, _document(done, plan, boxes), frames)
    old = done.folder / "set_aside"
    for stale in sorted(old.rglob("*.csv")) if old.is_dir() else []:
        stale.unlink()
    for name, text in beside.items():
        write_whole(done.folder / name, text)


def _marks(box: dict[str, Any], rows: pd.DataFrame) -> None:
    """Let every field have the marks that its values need."""
    shared = box["schema"].get("missingValues", [])
    for k, field in enumerate(box["schema"]["fields"]):
        if field.get("constraints", {}).get("required"):
            continue
        why = f"{field['name']}__why"
        marks = field.get("missingValues", shared)
        there = [m.get("reason", m["value"]) for m in marks]
        more = [r for r in LABELS if r not in there and (rows[why] == r).any()]
        if more:
            added = [{"value": r, "label": LABELS[r]} for r in more]
            box["schema"]["fields"][k] = {**field, "missingValues": [*marks, *added]}


def _links(box: dict[str, Any]) -> None:
    names = [f["name"] for f in box["schema"]["fields"]]
    links = [link for link in box["schema"].pop("foreignKeys", []) if set(_list(link["fields"])) <= set(names)]
    if links:
        box["schema"]["foreignKeys"] = links


def _list(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _document(done: Reconciliation, plan: Crosswalk, boxes: list[dict[str, Any]]) -> dict[str, Any]:
    """Make the dictionary of the pack."""
    read = [f for f in done.ledger.files if f.sha256]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": done.pack.name,
        "title": plan.title,
        "description": plan.description,
        "record_type": plan.record_type,
        "sources": [{"title": s} for s in plan.sources],
        "terms": plan.terms,
        "notes": [*plan.notes, *done.ledger.notes],
        "raw_files": [{"name": f.file, "sha256": f.sha256.removeprefix("sha256:")} for f in read],
        "crosswalk": plan.name,
        "resources": boxes,
    }
