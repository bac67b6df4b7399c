"""The reconciliation: every row of every file accounted for, as text, as JSON and as a page."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.importing.ledger import COLUMN, DETAIL, LINE, REASON, TABLE, Ledger, safe_name
from leadlib.importing.plan import Crosswalk
from leadlib.numbers import plural

VERSION = 1
SHOWN = 40
SUFFIX = "-import"


@dataclass(frozen=True)
class Reconciliation:
    """What became of every row, cell mark and key of an import."""

    ledger: Ledger
    crosswalk: Crosswalk
    pack: Path

    @property
    def folder(self) -> Path:
        """The folder beside the pack that holds the reconciliation and the rows set aside."""
        return self.pack.with_name(self.pack.name + SUFFIX)

    @property
    def balanced(self) -> bool:
        """Whether every row is in a table or accounted for: in each file, in each table, and from one to the other."""
        kept = Counter[str]()
        for line in self.ledger.tables:
            kept[line.table] += line.kept
        return (
            all(line.balanced for line in self.ledger.files)
            and all(line.balanced for line in self.ledger.tables)
            and all(m.balanced and m.came == kept[m.table] for m in self.ledger.merged)
        )

    def unbalanced(self) -> list[str]:
        """Name what does not balance."""
        lines = [f"file {f.file}" for f in self.ledger.files if not f.balanced]
        lines += [f"{t.file} to {t.table}" for t in self.ledger.tables if not t.balanced]
        return lines + [f"table {m.table}" for m in self.ledger.merged if not m.balanced]

    def data(self) -> dict[str, Any]:
        """Give everything as plain data, as reconciliation.json holds it."""
        ledger = self.ledger
        files = [
            {**vars(f), "notes": list(f.notes), "aside": dict(f.aside), "unused_columns": list(f.unused_columns)}
            for f in ledger.files
        ]
        marks = [
            dict(zip(("file", "field", "mark", "reason"), k, strict=True)) | {"cells": n}
            for k, n in ledger.marks.items()
        ]
        return {
            "version": VERSION,
            "pack": self.pack.name,
            "crosswalk": self.crosswalk.name,
            "balanced": self.balanced,
            "files": files,
            "files_not_read": ledger.not_read,
            "rows_made": [{**vars(t), "left_out": dict(t.left_out)} for t in ledger.tables],
            "tables": [vars(m) for m in ledger.merged],
            "marks": marks,
            "keys_unmatched": ledger.unmatched,
            "ids_padded": ledger.padded,
            "unverified": list(self.crosswalk.unverified),
            "notes": ledger.notes,
        }

    def json(self) -> str:
        """Give the same as JSON text."""
        return json.dumps(self.data(), indent=2, ensure_ascii=False) + "\n"

    def block(self) -> Block:
        """Give the reconciliation as a piece of a page."""
        parts: list[Block] = [Prose(self.said(), role="lead")]
        parts += [
            _files(self.ledger),
            _asides(self.ledger),
            _made(self.ledger),
            _tables(self.ledger),
            _marks(self.ledger),
        ]
        parts += [_unused(self.ledger)]
        told = [*self.ledger.notes, *(f"not verified against a real file: {u}" for u in self.crosswalk.unverified)]
        told += [_padded(p) for p in self.ledger.padded] + [_keys(u) for u in self.ledger.unmatched]
        if told:
            parts.append(Prose(tuple(told), role="note", title="Notes", bullets=True, level=2))
        return Stack(tuple(p for p in parts if not (isinstance(p, Table) and not p.cells)))

    def said(self) -> tuple[str, ...]:
        """Say in sentences what came in and what went out."""
        ledger = self.ledger
        rows, used = sum(f.rows for f in ledger.files), sum(f.used for f in ledger.files)
        out = ", ".join(f"{m.table} {m.out:,}" for m in ledger.merged)
        said = [
            f"{plural(len(ledger.files), 'source')} with {plural(rows, 'row')}: {used:,} used, {rows - used:,} aside.",
            f"Rows in the tables: {out}." if out else "No table has a row.",
            "Every row is accounted for."
            if self.balanced
            else f"NOT every row is accounted for: {'; '.join(self.unbalanced())}.",
        ]
        if ledger.not_read:
            shown = ", ".join(ledger.not_read[:SHOWN])
            said.append(
                f"{plural(len(ledger.not_read), 'file')} not read, as the crosswalk does not name them: {shown}."
            )
        return tuple(said)

    def plain(self) -> str:
        """Give the reconciliation as text for a terminal."""
        return self.block().plain()

    def page(self) -> str:
        """Give the reconciliation as a web page that stands alone."""
        from leadlib.pages.document import Document
        from leadlib.pages.html import page

        title = f"Import of {self.pack.name}"
        body = self.block().html()
        return page(Document(title, title, f"Crosswalk: {self.crosswalk.title}", "en", body, ()))

    def files(self) -> dict[str, str]:
        """Give the files that stand beside the pack: JSON, page, and a CSV of rows set aside for each file."""
        made = {"reconciliation.json": self.json(), "reconciliation.html": self.page()}
        taken: set[str] = set()
        for name in sorted(self.ledger.aside_rows):
            path = safe_name(name, taken)
            made[f"set_aside/{path.as_posix()}"] = as_csv(self.ledger.aside_rows[name])
        return made


def as_csv(frames: Sequence[pd.DataFrame]) -> str:
    """Write rows that are set aside as CSV: line, table, column, reason, detail, then the row as it stood."""
    frame = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
    head = [LINE, TABLE, COLUMN, REASON, DETAIL]
    rest = [c for c in frame.columns if c not in head]
    frame = frame.sort_values(LINE, kind="stable")
    columns = [frame[c].astype("object").where(frame[c].notna(), "").tolist() for c in [*head, *rest]]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*head, *rest])
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def _table(
    id_: str, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], texts: int = 1, note: str = ""
) -> Table:
    """Make a table whose first columns are text and whose others are counts."""
    given = list(rows)
    columns = tuple(
        Column(h.casefold().replace(" ", "_"), h, "left" if k < texts else "right") for k, h in enumerate(heads)
    )
    cells = tuple(tuple(f"{v:,}" if isinstance(v, int) else str(v) for v in row) for row in given[:SHOWN])
    if len(given) > SHOWN:
        note = f"{note} {len(given) - SHOWN:,} more lines stand in reconciliation.json.".strip()
    return Table(id_, title, columns, cells, tuple(tuple(r) for r in given[:SHOWN]), note)


def _files(ledger: Ledger) -> Table:
    rows = [
        (f.file, f.entry, f.read_as, f.rows, f.used, sum(f.aside.values()), f.preamble, f.footnotes)
        for f in ledger.files
    ]
    heads = ("File", "Entry", "Read as", "Rows", "Used", "Set aside", "Lines above", "Footnotes")
    return _table("files", "Rows in", heads, rows, 3, "Rows = used + set aside, in each line.")


def _asides(ledger: Ledger) -> Table:
    rows = [(f.file, reason, n) for f in ledger.files for reason, n in f.aside.items()]
    note = "Each such row stands with its line in the folder set_aside."
    return _table("aside", "Rows set aside, and why", ("File", "Reason", "Rows"), rows, 2, note)


def _made(ledger: Ledger) -> Table:
    rows = [
        (
            t.file,
            t.table,
            t.taken,
            t.per_row,
            t.made,
            sum(t.left_out.values()),
            "; ".join(f"{r} ({n:,})" for r, n in t.left_out.items()),
            t.kept,
        )
        for t in ledger.tables
    ]
    heads = ("File", "Table", "Rows taken", "Made of each", "Rows made", "Left out", "Why", "Rows kept")
    return _table(
        "made", "From rows of files to rows of tables", heads, rows, 2, "Rows made = left out + kept, in each line."
    )


def _tables(ledger: Ledger) -> Table:
    rows = [
        (m.table, m.came, m.identical, m.joined, m.superseded, m.unmatched, m.different, m.out) for m in ledger.merged
    ]
    heads = ("Table", "Rows kept", "Identical", "Joined", "Superseded", "Key unmatched", "Contradicting", "Rows out")
    return _table("tables", "Rows out", heads, rows, 1, "Rows kept = all the columns to the right of it together.")


def _marks(ledger: Ledger) -> Table:
    """Count marks and ranges by kind; the single ranges are counted together."""
    counts = Counter[tuple[str, str, str]]()
    for (_, name, mark, reason), n in ledger.marks.items():
        counts[(name, "(a range)" if reason == "range" else mark or "(empty)", reason)] += n
    rows = [(*key, n) for key, n in counts.items()]
    return _table("marks", "Cells without a value, by mark", ("Field", "Mark", "Read as", "Cells"), rows, 3)


def _unused(ledger: Ledger) -> Table:
    rows = [(f.file, ", ".join(f.unused_columns)) for f in ledger.files if f.unused_columns]
    return _table("unused", "Columns that nothing is taken from", ("File", "Columns"), rows, 2)


def _padded(item: dict[str, Any]) -> str:
    said = f"{item['ids']:,} ids of {item['field']} were given leading zeros"
    return f"{said}: {item['why']}." if item["why"] else f"{said}; each is in the table schools."


def _keys(item: dict[str, Any]) -> str:
    what = f"{item['rows']:,} rows of {item['table']} have one of {plural(item['keys'], 'key')}"
    return f"{what} that {item['not_in']} does not have ({', '.join(item['examples'])}); they were set aside."
