"""The piece of one table from the rows of one file that belong to it: cells read, made long, held to their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from leadlib.errors import nearest
from leadlib.importing import shape
from leadlib.importing.cells import RANGE
from leadlib.importing.context import FILE, ROW, Context, Measure, Opened
from leadlib.importing.ledger import COLUMN, DETAIL, LINE, REASON, TABLE, TableLine, key_texts
from leadlib.importing.plan import Entry, Source, Target
from leadlib.importing.values import REPORTED, Cell, Column, Rule, is_id
from leadlib.importing.values import column as read_column
from leadlib.tables import standard
from leadlib.tables.dictionary import Field


class Maker:
    """Makes the piece of one table from the rows of one file that belong to it."""

    def __init__(
        self,
        opened: Opened,
        entry: Entry,
        target: Target,
        names: Mapping[str, str],
        falls: np.ndarray | None,
        taken: np.ndarray,
        context: Context,
    ) -> None:
        self.opened, self.entry, self.target, self.names = opened, entry, target, names
        self.context, self.taken, self.ledger = context, taken, context.ledger
        self.info = standard.table(target.table)
        whole = len(taken) == len(opened.frame)
        self.frame = opened.frame if whole else opened.frame.iloc[taken]
        self.falls = None if falls is None else falls[taken]
        self.shared: dict[str, Column] = {}

    def piece(self) -> pd.DataFrame:
        """Give the rows for the table, each field with its reason beside it, and file and line at the end."""
        shown = [shape.Shown({}, {})]
        if self.target.long is not None:
            where, header = self.opened.name, list(self.opened.frame.columns)
            shown = shape.long_rows(self.target.long, header, self.names, where, self.ledger.problems)
        n = len(self.taken)
        line = TableLine(self.opened.name, self.target.table, n, n * len(shown), len(shown))
        self.ledger.tables.append(line)
        parts = [self._one(s, line) for s in shown]
        made = pd.concat(parts, ignore_index=True) if len(parts) != 1 else parts[0]
        for why in [c for c in made if c.endswith("__why")]:
            made[why] = made[why].where(made[why].notna(), "")
        line.kept = len(made)
        return made

    def _one(self, shown: shape.Shown, line: TableLine) -> pd.DataFrame:
        """Make the rows of one column of a wide file, or all rows of a long one."""
        made: dict[str, Any] = {}
        bad: dict[int, tuple[str, str]] = {}
        parts = []
        for name, source in self.target.fields.items():
            read = self._field(name, source, shown)
            if read is None:
                continue
            made[name], made[f"{name}__why"] = read.values, read.why
            self._bad(name, source, read, shown, bad)
            parts += [name] if source.kind == "part" else []
            self._ends(name, read, made)
        self._spread(made)
        if "year" in [f.name for f in self.info.fields] and "year" not in self.target.fields:
            if self.falls is None:
                fix = "say `year` of these files in the crosswalk"
                self.ledger.problem(self.opened.name, f"no year is known for the table {self.target.table}", fix)
                return pd.DataFrame()
            made["year"], made["year__why"] = self.falls, np.full(len(self.taken), REPORTED, dtype=object)
        elif self.falls is not None and "year" not in made:
            made["__year"] = self.falls
        made[FILE], made[ROW] = np.full(len(self.taken), len(self.ledger.files) - 1), self.opened.lines[self.taken]
        frame = pd.DataFrame(made)
        return self._without(frame, bad, parts, shown, line)

    def _ends(self, name: str, read: Column, made: dict[str, Any]) -> None:
        """Put the ends of ranges into the fields beside, where the table has such fields."""
        ranged = ~(np.isnan(read.low) & np.isnan(read.high)) if len(read.low) else np.zeros(0, bool)
        if not ranged.any():
            return
        known = [f.name for f in self.info.fields]
        middle = int((ranged & (read.why == REPORTED)).sum())
        if middle:
            said = f"{middle:,} values of {self.target.table}.{name} in {self.opened.name} are the middle of a range"
            self.ledger.notes.append(said)
        for end, values in ((f"{name}_low", read.low), (f"{name}_high", read.high)):
            if end in known and end not in self.target.fields:
                made[end] = values
                open_end = np.where(ranged & np.isnan(values), "not_reported", "not_applicable")
                made[f"{end}__why"] = np.where(np.isnan(values), open_end, REPORTED).astype(object)
        if f"{name}_low" not in known:
            said = f"{self.target.table}.{name}: {int(ranged.sum()):,} ranges in {self.opened.name}"
            self.ledger.notes.append(f"{said}; the table has no place for their ends, which are in the source only")

    def _spread(self, made: dict[str, Any]) -> None:
        """Take a value away that the source gives as the middle of two ends that differ, unless it is asked for."""
        for name, source in self.target.fields.items():
            low, high = made.get(f"{name}_low"), made.get(f"{name}_high")
            if name not in made or low is None or high is None or source.rule.midpoint:
                continue
            wide = (low < high) & (made[f"{name}__why"] == REPORTED)
            if not wide.any() or f"{name}_low" not in self.target.fields:
                continue
            made[name] = np.where(wide, np.nan, made[name])
            made[f"{name}__why"] = np.where(wide, RANGE, made[f"{name}__why"]).astype(object)
            mark = (self.opened.name, f"{self.target.table}.{name}", "(two ends that differ)", RANGE)
            self.ledger.marks[mark] += int(wide.sum())

    def _field(self, name: str, source: Source, shown: shape.Shown) -> Column | None:
        own = source.kind in ("part", "key") or self._known(name, shown) is not self.info.field(name)
        if not own and name in self.shared:
            return self.shared[name]
        words = self._words(name, source, shown)
        if words is None:
            return None
        field = (
            replace(self._known(name, shown), unit="count", constraints={}) if source.of else self._known(name, shown)
        )
        read = read_column(words, source.rule, field) if name != "year" else _years_of(words, source)
        if source.of:
            read = self._share(name, source, read)
        if source.flag:
            read = self._flagged(name, source, read)
        for (mark, reason), n in read.marks.items():
            self.ledger.marks[(self.opened.name, f"{self.target.table}.{name}", mark, reason)] += n
        if not own:
            self.shared[name] = replace(read, marks={})
        return read

    def _words(self, name: str, source: Source, shown: shape.Shown) -> Any:
        """Give a field's cells as they stand in the file."""
        n, first = len(self.taken), source.names[0] if source.names else ""
        if source.kind == "value":
            return _constant(first, n)
        if source.kind == "key":
            if first not in shown.keys:
                fix = nearest(first, shown.keys)
                self.ledger.problem(self.opened.name, f"{name}: there is no key {first!r} in `long`", fix)
            return _constant(shown.keys.get(first, ""), n)
        if source.kind == "part":
            column = shown.parts.get(first)
            return None if column is None else self.frame[column]
        wanted = [*source.names, *filter(None, (source.flag, source.of))]
        found = [c for c in (shape.resolve(w, self.names) for w in wanted) if c is not None]
        if len(found) < len(wanted):
            return None
        there = found[: len(source.names)]
        if source.kind == "column" and not source.pad:
            return self.frame[there[0]]
        series = [self.frame[c].reset_index(drop=True) for c in there]
        made = shape.joined(series, source.pad, source.separator)
        self._padded(name, source, series, made)
        return made.to_numpy(dtype=object)

    def _padded(self, name: str, source: Source, series: list[pd.Series], made: pd.Series) -> None:
        """Write down which ids padding has changed, to be held against the directory of schools."""
        if not source.pad or not is_id(self.info.field(name)):
            return
        changed = shape.joined(series, (), source.separator) != made
        found = self.context.padded.setdefault((self.target.table, name), {})
        for word in made[changed].unique():
            found.setdefault(word, source.unchecked)

    def _known(self, name: str, shown: shape.Shown) -> Field:
        """Give what the dictionary says of a field; the unit of an outcome stands with its measure."""
        field = self.info.field(name)
        source = self.target.fields.get("measure")
        if field.unit_from != "measures.unit" or source is None:
            return field
        measure = self._measure(source, shown)
        if measure is None or name not in ("value", "value_low", "value_high", "target"):
            return field
        limits = {"minimum": measure.low, "maximum": measure.high}
        held = {k: v for k, v in limits.items() if v is not None}
        return replace(field, unit=measure.unit, unit_from=None, constraints={**held, **field.constraints})

    def _measure(self, source: Source, shown: shape.Shown) -> Measure | None:
        """Give the measure that values belong to; where each row names its own, what all of them have in common."""
        known = self.context.measures
        if source.kind in ("value", "key"):
            word = source.names[0] if source.kind == "value" else shown.keys.get(source.names[0], "")
            return known.get(source.rule.mapping.get(word.casefold(), word))
        every = list(dict.fromkeys(known.values()))
        return every[0] if len(every) == 1 else None

    def _share(self, name: str, source: Source, read: Column) -> Column:
        """Make a percent of a count and the count it is a part of; a share of nothing is no share."""
        count = replace(self.info.field(name), unit="count", constraints={"minimum": 0})
        whole = read_column(self.frame[shape.resolve(source.of, self.names) or ""], source.rule, count)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.round(100.0 * read.values / whole.values, 10)
        why = np.where(read.why == REPORTED, whole.why, read.why)
        why = np.where((why == REPORTED) & (whole.values == 0), "not_applicable", why)
        why = np.where(read.why == "range", "suppressed", why)  # the ends would need the whole to be of the same size
        values[why != REPORTED] = np.nan
        none = np.full(len(values), np.nan)
        bad = dict(whole.bad) | dict(read.bad)
        for k in np.flatnonzero((why == REPORTED) & ((values > 100) | (values < 0))).tolist():
            said = f"{read.values[k]:g} of {whole.values[k]:g} is no share"
            bad[k] = Cell(wrong=said, fix="check the two columns, or set such rows aside by a rule")
        return Column(values, why, none, none, bad, read.marks)

    def _flagged(self, name: str, source: Source, read: Column) -> Column:
        """Take values away that a flag in a second column says are none."""
        flags = read_column(
            self.frame[shape.resolve(source.flag, self.names) or ""],
            Rule(marks=source.flags, blank=REPORTED),
            replace(self.info.field(name), name="flag", type="string", constraints={}),
        )
        stray = np.array([v is not None for v in flags.values], dtype=bool)
        gone = (flags.why != REPORTED) & ~stray
        values, why = read.values.copy(), read.why.copy()
        values[gone] = None if values.dtype == object else np.nan
        why[gone] = flags.why[gone]
        bad = {k: c for k, c in read.bad.items() if not gone[k]}
        for k in np.flatnonzero(stray):
            near = nearest(flags.values[k], source.flags)
            fix = f"add it to `flags` with its reason, or `reported` if the value counts: {near}"
            bad[int(k)] = Cell(wrong=f"the flag {flags.values[k]!r} is not declared", fix=fix)
        marks = {(m, why_): n for (m, why_), n in flags.marks.items() if m}
        low, high = (np.where(gone, np.nan, e) for e in (read.low, read.high))
        return Column(values, why, low, high, bad, {**read.marks, **marks})

    def _bad(
        self, name: str, source: Source, read: Column, shown: shape.Shown, bad: dict[int, tuple[str, str]]
    ) -> None:
        """Note the cells that cannot be read, and the required ones that hold nothing."""
        found = {k: (c.wrong, c.fix) for k, c in read.bad.items()}
        if self.info.field(name).required:
            fix = "correct the cell, or set such rows aside by a rule"
            for k in np.flatnonzero(read.why != REPORTED).tolist():
                found.setdefault(k, (f"{name} needs a value, and the cell holds none", fix))
        if not found:
            return
        at = shown.parts.get(source.names[0], "") if source.kind == "part" else ", ".join(source.names[:3])
        order = sorted(found)
        if "unreadable" not in self.context.allow:
            lines = [int(self.opened.lines[self.taken[k]]) for k in order]
            self.ledger.told(f"{self.opened.name}, column {at or name}", lines, [found[k] for k in order])
        for k in order:
            bad.setdefault(k, (at or name, found[k][0]))

    def _without(
        self,
        frame: pd.DataFrame,
        bad: dict[int, tuple[str, str]],
        parts: list[str],
        shown: shape.Shown,
        line: TableLine,
    ) -> pd.DataFrame:
        """Leave out rows that cannot be read, and those that the crosswalk passes over because they hold nothing."""
        keep = np.ones(len(frame), dtype=bool)
        rows = sorted(bad)
        keep[rows] = False
        if rows:
            line.left_out["a cell cannot be read"] += len(rows)
        self._aside(frame, rows, [bad[k][0] for k in rows], [bad[k][1] for k in rows])
        if self.target.skip:
            what = parts or [f for f in self.target.fields if f in frame and f not in self.info.key]
            empty = np.ones(len(frame), dtype=bool)
            for name in what:
                empty &= frame[f"{name}__why"].isin(self.target.skip).to_numpy()
            empty &= keep if what else False
            at = np.flatnonzero(empty).tolist()
            why = frame[f"{what[0]}__why"].to_numpy()[at] if what else []
            for reason in why:
                line.left_out[f"no value: {reason}"] += 1
            self._aside(frame, at, [shown.parts.get(p, p) for p in what[:1]] * len(at), [f"no value: {r}" for r in why])
            keep &= ~empty
        return frame if keep.all() else frame[keep]

    def _aside(self, frame: pd.DataFrame, rows: list[int], columns: list[str], reasons: list[str]) -> None:
        if not rows:
            return
        key = [k for k in self.info.key if k in frame]
        said = key_texts(frame.iloc[rows][key]) if key else ""
        head = {
            LINE: frame[ROW].to_numpy()[rows],
            TABLE: self.target.table,
            COLUMN: columns,
            REASON: reasons,
            DETAIL: said,
        }
        self.ledger.keep_aside(self.opened.name, pd.DataFrame(head))


def _years_of(words: Any, source: Source) -> Column:
    """Read a field `year` that the crosswalk maps itself."""
    series = words if isinstance(words, pd.Series) else pd.Series(words, dtype="object")
    falls, wrong = shape.years(series, source.season)
    bad = {k: Cell(wrong=what, fix="say `season`, or correct the cell") for k, what in wrong.items()}
    none = np.full(len(falls), np.nan)
    return Column(falls, np.full(len(falls), REPORTED, dtype=object), none, none, bad, {})


def _constant(word: str, n: int) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(np.zeros(n, dtype="int8"), [word]))
