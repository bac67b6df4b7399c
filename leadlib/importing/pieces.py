"""One foreign file to pieces of tables: rows picked by rule, cells read, every row that is not used set aside."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from leadlib.importing import shape
from leadlib.importing.context import Context, Opened
from leadlib.importing.ledger import COLUMN, DETAIL, LINE, REASON, TABLE, Ledger
from leadlib.importing.maker import Maker
from leadlib.importing.plan import Entry, Target

NO_RULE = "no rule takes this row"


def pieces(opened: Opened, entry: Entry, context: Context) -> list[tuple[Target, pd.DataFrame]]:
    """Give the piece that a file gives to each table of its entry, and write down every row."""
    ledger, frame, where = context.ledger, opened.frame, opened.name
    before = len(ledger.problems)
    fixed = shape.year_in_name(opened.name, entry.year, where, ledger.problems)
    names = shape.renamed(list(frame.columns), entry, fixed, where, ledger.problems)
    _held_columns(opened, entry, names, ledger)
    if len(ledger.problems) > before:
        return []
    reasons = shape.set_aside(frame, entry.aside, names)
    falls = _years(opened, entry, fixed, names, reasons, context)
    free = reasons == None  # noqa: E711  (by element)
    made, used = [], np.zeros(len(frame), dtype=bool)
    for target in entry.targets:
        taken = np.flatnonzero(free & shape.mask(frame, target.when, names))
        used[taken] = True
        maker = Maker(opened, entry, target, names, falls, taken, context)
        made.append((target, maker.piece()))
    reasons[free & ~used] = NO_RULE
    _write_down(opened, reasons, ledger)
    return made


def _held_columns(opened: Opened, entry: Entry, names: Mapping[str, str], ledger: Ledger) -> None:
    """Hold every column that a crosswalk names to the file, and note the columns nobody asked for."""
    header, asked = list(opened.frame.columns), list[str]()
    for target in entry.targets:
        for source in target.fields.values():
            if source.kind in ("column", "join") and not source.optional:
                asked += source.names
            asked += [n for n in (source.flag, source.of) if n and not source.optional]
        asked += [c.column for c in target.when]
    asked += [c.column for rule in entry.aside for c in rule.when]
    asked += [entry.year.text] if entry.year and entry.year.kind == "column" else []
    for name in dict.fromkeys(asked):
        if shape.resolve(name, names) is None:
            ledger.problems.append(shape.lacking(name, entry, header, opened.name))
    optional = [n for t in entry.targets for s in t.fields.values() if s.kind in ("column", "join") for n in s.names]
    seen = {shape.resolve(n, names) for n in [*asked, *optional]}
    for target in entry.targets:
        if target.long is not None:
            shown = shape.long_rows(target.long, header, names, opened.name, [])
            seen |= {c for s in shown for c in s.parts.values()}
    opened.line.unused_columns = tuple(c for c in header if c not in seen)


def _years(
    opened: Opened, entry: Entry, fixed: int | None, names: Mapping[str, str], reasons: np.ndarray, context: Context
) -> np.ndarray | None:
    """Give the fall of each row; a year that cannot be read is a problem, or sets its row aside where allowed."""
    if entry.year is None:
        return None
    if entry.year.kind != "column":
        return np.full(len(opened.frame), fixed or 0, dtype="int64")
    name = shape.resolve(entry.year.text, names) or ""
    falls, wrong = shape.years(opened.frame[name], entry.year.season)
    lost = [k for k in wrong if reasons[k] is None]
    if "unreadable" in context.allow:
        reasons[lost] = "the year cannot be read"
        return falls
    fix = "correct the cell, or set such rows aside by a rule"
    lines = [int(opened.lines[k]) for k in lost]
    context.ledger.told(f"{opened.name}, column {name}", lines, [(wrong[k], fix) for k in lost])
    return falls


def _write_down(opened: Opened, reasons: np.ndarray, ledger: Ledger) -> None:
    """Count the rows of a file, and keep those that are set aside with all their cells."""
    line = opened.line
    gone = np.flatnonzero(reasons != None)  # noqa: E711  (by element)
    line.used = len(reasons) - len(gone)
    line.aside.update(str(r) for r in reasons[gone])
    head = {LINE: opened.lines[gone], TABLE: "", COLUMN: "", REASON: reasons[gone], DETAIL: ""}
    cells = opened.frame.iloc[gone].reset_index(drop=True).rename(columns={c: f"{c} (file)" for c in head})
    rows = pd.concat([pd.DataFrame(head), cells], axis=1)
    ledger.keep_aside(opened.name, opened.around)
    ledger.keep_aside(opened.name, rows)
