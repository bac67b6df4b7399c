"""The standard as blocks to read in a notebook or a terminal."""

from __future__ import annotations

from leadlib.blocks import Block, Stack
from leadlib.tables import standard
from leadlib.tables.describe import _pack, _table
from leadlib.tables.template import described


def is_standard(what: object) -> bool:
    """Whether `describe` is asked for the standard or one of its tables."""
    return isinstance(what, str) and what.strip().partition("/")[0] == standard.NAME


def describe_standard(what: str = standard.NAME) -> Block:
    """Show the standard (`"standard"`), or what each field of one of its tables means (`"standard/outcomes"`).

    Raises
    ------
    InputError
        Unknown table, with the nearest there are.
    """
    name = what.strip().rstrip("/").partition("/")[2]
    info = standard.package()
    shown = _table(info, standard.table(name)) if name else _pack(info, ())
    parts = shown.parts if isinstance(shown, Stack) else (shown,)
    return Stack(parts[: len(parts) - 2])  # without sources and terms, which the standard does not have


def standard_text(what: str = standard.NAME) -> str:
    """Give the same for a terminal, where a table of seven columns could not be read."""
    name = what.strip().rstrip("/").partition("/")[2]
    if not name:
        return describe_standard(what).plain()
    table = standard.table(name)
    lines = [f"{table.name}: one row is {table.grain}. {table.description}".strip(), f"key: {', '.join(table.key)}", ""]
    for field in table.fields:
        name, title, meaning, kind, unit, allowed, needed, _ = described(field)
        about = ", ".join(part for part in (kind, unit, "needed" if needed else "") if part)
        lines += [f"{name} ({about})", f"    {title}. {meaning}"]
        lines += [f"    {allowed}"] if allowed else []
    return "\n".join(lines)
