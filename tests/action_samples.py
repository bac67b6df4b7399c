"""Panels of indicators whose truth is known: schools of one kind, some of them behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

THEMES = ("learning", "attendance", "climate", "discipline", "access", "staffing")


@dataclass(frozen=True)
class Bare:
    """A school of a pack that has no tables but the panel itself."""

    school_id: str = "s00"
    year: int = 2020
    level: str | None = "Primary"
    record_type: str = "real"
    name: str = "School s00"

    def has(self, table: str) -> bool:
        return False


@dataclass(frozen=True)
class Like:
    """Similar schools, named."""

    school_ids: tuple[str, ...]


def ids(n: int) -> list[str]:
    return [f"s{k:02d}" for k in range(n)]


def rows(
    measure: str,
    truth: np.ndarray,
    errors: np.ndarray,
    rng: np.random.Generator,
    *,
    year: int = 2020,
    better: str = "higher",
    theme: str = "learning",
    sd: float = 1.0,
    center: float = 50.0,
    **more: Any,
) -> pd.DataFrame:
    """One year of one measure: truth is in SD of schools, above zero is behind."""
    sign = -1.0 if better == "higher" else 1.0
    value = center + sign * truth * sd + rng.normal(0, errors)
    about = {
        "measure": measure,
        "label": f"Measure {measure}",
        "theme": theme,
        "group": "All",
        "kind": "result",
        "better": better,
        "unit": "level",
        "value__why": "reported",
        "sd": np.nan,
        "size": 100.0,
        "size_basis": "pupils",
        "width": 0.0,
        "comparable": True,
        "value_low": np.nan,
        "value_high": np.nan,
        "grade": "",
        "leaid": "d",
        "school_level": "Primary",
    }
    frame = pd.DataFrame({"school_id": ids(len(truth)), "year": year, "value": value, "se": errors})
    return frame.assign(**{**about, **more})


def district(rng: np.random.Generator, *, schools: int = 60, measures: int = 12, planted: float | None = None) -> Any:
    """Panel and truth (a column a measure); with `planted`, the first school is so far behind in the first measure."""
    parts, truth = [], {}
    for k in range(measures):
        u = rng.normal(0, 1, schools)
        if planted is not None:
            u[0] = planted if k == 0 else rng.normal(0, 0.3)
        better = "higher" if k % 2 else "lower"
        errors = rng.uniform(0.2, 0.9, schools) * 3
        name = f"m{k:02d}"
        parts.append(rows(name, u, errors, rng, better=better, theme=THEMES[k % 6], sd=3.0))
        truth[name] = u
    return pd.concat(parts, ignore_index=True), truth
