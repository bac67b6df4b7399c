"""What a check of a folder found: by file and rule, each with the rows to mend and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from leadlib.errors import Problem
from leadlib.numbers import plural

SHOWN = 8
"""How many different values are shown for one rule in one column; the rest are counted."""


@dataclass(frozen=True)
class Example:
    """A value that breaks a rule: the first row it stands in, and in how many rows it stands."""

    row: int
    value: str
    what: str
    fix: str
    rows: int


@dataclass(frozen=True)
class Finding:
    """Everything in one column that breaks the same rule."""

    rule: str
    column: str
    rows: int
    examples: tuple[Example, ...]
    values: int

    @property
    def more(self) -> str:
        """What is not shown, in words; empty where all is shown."""
        hidden = self.values - len(self.examples)
        return f"and {plural(hidden, 'more value')} ({plural(self.rows, 'row')} in all)" if hidden > 0 else ""


@dataclass(frozen=True)
class Checked:
    """A file, or a sheet of one, after the check."""

    file: str
    sheet: str
    table: str
    title: str
    matched: str
    rows: int
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """File and sheet."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file

    @property
    def count(self) -> int:
        """How many rows, cells or columns have to be mended."""
        return sum(f.rows for f in self.findings)


@dataclass(frozen=True)
class Report:
    """What is wrong with a folder, everything at once."""

    folder: str
    files: tuple[Checked, ...]
    passed_over: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended."""
        return not any(f.findings for f in self.files)

    @property
    def count(self) -> int:
        """How many places have to be mended."""
        return sum(f.count for f in self.files)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems as others of this library are given: where, what, what to do."""
        return tuple(
            Problem(place(f, finding, e), e.what + also(e), e.fix)
            for f in self.files
            for finding in f.findings
            for e in finding.examples
        )

    @property
    def summary(self) -> str:
        """One sentence: how many files, rows and problems."""
        tables, rows = len([f for f in self.files if f.table]), sum(f.rows for f in self.files)
        good = f"{plural(tables, 'table')} with {plural(rows, 'row')} checked"
        if self.ok:
            return f"{good}: nothing to mend."
        bad = len([f for f in self.files if f.findings])
        return f"{good}: {plural(self.count, 'place')} to mend in {plural(bad, 'file')}."

    def plain(self) -> str:
        """Give the report as text for a terminal."""
        lines = [self.summary]
        for file in self.files:
            lines += ["", f"{file.name}: {file.matched}"]
            lines += [f"  note: {note}" for note in file.notes]
            for finding in file.findings:
                lines += [f"  {place_in_file(finding, e)}{e.what}{also(e)} -> {e.fix}" for e in finding.examples]
                lines += [f"    {finding.more}"] if finding.more else []
        if self.passed_over:
            lines += ["", f"Not looked at: {', '.join(self.passed_over)}"]
        return "\n".join(lines)


def also(example: Example) -> str:
    """Say in how many further rows a value stands."""
    return f" (and in {plural(example.rows - 1, 'more row')})" if example.rows > 1 else ""


def place_in_file(finding: Finding, example: Example) -> str:
    """Say where in its file a value stands."""
    at = [f"row {example.row}"] if example.row else []
    at += [f"column {finding.column}"] if finding.column else []
    return f"{', '.join(at)}: " if at else ""


def place(file: Checked, finding: Finding, example: Example) -> str:
    """Say where a value stands."""
    inside = place_in_file(finding, example).removesuffix(": ")
    return f"{file.name}, {inside}" if inside else file.name
