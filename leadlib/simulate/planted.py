"""What is planted: read from `planted.json`, the one place where the true effects stand."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

FULL_DOSE_MIN = 600.0
"""Minutes with a coach that count as a full dose."""
FIRST_YEAR = 2016
LEAID = "9900001"  # no state has the federal code 99


@functools.cache
def rows() -> tuple[dict[str, Any], ...]:
    """Give every planted effect with its question, unit, place, way to recover it and case."""
    text = (Path(__file__).parent / "planted.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


@functools.cache
def planted() -> MappingProxyType[str, float]:
    """Give the planted values by parameter."""
    return MappingProxyType({row["parameter"]: float(row["value"]) for row in rows()})
