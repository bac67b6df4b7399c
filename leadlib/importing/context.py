"""What the reading of a file hands on: the file as text, and what must be known beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.importing.ledger import FileLine, Ledger

FILE, ROW = "__file", "__line"


@dataclass(frozen=True)
class Opened:
    """A foreign file as text: its name, its cells, the line of each row, and what stood around them."""

    name: str
    frame: pd.DataFrame
    lines: np.ndarray
    line: FileLine
    around: pd.DataFrame


@dataclass(frozen=True)
class Measure:
    """What a measure says of its values."""

    unit: str
    low: float | None
    high: float | None


@dataclass
class Context:
    """What reading a file needs to know beyond the file: measures, what is allowed, and where to write down."""

    ledger: Ledger
    measures: Mapping[str, Measure]
    allow: frozenset[str]
    padded: dict[tuple[str, str], dict[str, str]]
