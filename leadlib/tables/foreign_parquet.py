"""Parquet files: every value as text, in batches."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from leadlib.errors import InputError, Problem, refuse
from leadlib.tables.foreign import MAX_CELLS, MAX_COLUMNS, SMALLER, Foreign
from leadlib.tables.foreign_rows import Gather, finish
from leadlib.tables.foreign_xlsx import text

_BATCH = 50_000


def read(file: Path) -> Foreign:
    """Read a Parquet file; see `leadlib.tables.foreign.read`."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        what = "is a Parquet file, and the package pyarrow, which reads them, is not installed"
        raise refuse(file.name, what, "run `pip install pyarrow`, or save the table as CSV") from None
    with pq.ParquetFile(file) as parquet:
        schema = parquet.schema_arrow
        _hold(file, schema, parquet.metadata, pa)
        gather, number = Gather(file.name, len(schema)), 0
        for batch in parquet.iter_batches(batch_size=max(1, _BATCH // max(1, len(schema) // 20))):
            columns = [[_text(v) for v in column.to_pylist()] for column in batch.columns]
            for row in zip(*columns, strict=True):
                number += 1
                gather.add(number, row)
    found, lines = gather.done()
    return finish(
        file, "parquet", list(schema.names), found, lines, header_line=0, notes=["Parquet; rows are counted from 1"]
    )


def _hold(file: Path, schema: Any, about: Any, pa: Any) -> None:
    """Refuse what is too large or cannot be a cell."""
    if not len(schema):
        raise refuse(file.name, "has no columns", "export it again")
    if len(schema) > MAX_COLUMNS or about.num_rows * len(schema) > MAX_CELLS:
        raise refuse(file.name, f"has {about.num_rows:,} rows of {len(schema):,} columns", SMALLER)
    odd = [
        Problem(f"{file.name}, column {f.name}", f"holds {f.type}, not single values", "save it as text or numbers")
        for f in schema
        if pa.types.is_nested(f.type) or pa.types.is_binary(f.type) or pa.types.is_large_binary(f.type)
    ]
    if odd:
        raise InputError(odd)


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    return text(value.isoformat() if isinstance(value, dt.date) and not isinstance(value, dt.datetime) else value)
