"""Schools that can be held in the head, and simulated panels whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs import Noise, noise

NAN = float("nan")


def about(name: str, title: str, unit: str | None = "pct", **more: Any) -> SimpleNamespace:
    """Make a dictionary entry of a field."""
    kind = "string" if unit is None else "boolean" if unit == "yes" else "number"
    told = {"role": None, "leadership": None, "description": ""} | more
    return SimpleNamespace(name=name, title=title, type=kind, unit=None if unit in (None, "yes") else unit, **told)


@dataclass(frozen=True)
class FakeSchool:
    """What `leadlib.tables.School` is to measures and designs."""

    tables: dict[str, pd.DataFrame]
    dictionary: dict[str, tuple[Any, ...]]
    school_id: str = "s00"
    year: int = 2001
    pack: str = "fake"
    changes: dict[str, Any] = field(default_factory=dict)

    def has(self, table: str) -> bool:
        return table in self.tables

    def table(self, table: str) -> pd.DataFrame:
        return self.tables[table].copy()

    def fields(self, table: str) -> tuple[Any, ...]:
        return self.dictionary[table]

    @property
    def row(self) -> dict[Any, Any]:
        schools = self.tables["schools"]
        return schools[schools["school_id"] == self.school_id].iloc[0].to_dict()

    @property
    def name(self) -> str:
        return str(self.row["school_name"])

    @property
    def lea_name(self) -> str:
        return str(self.row["lea_name"])

    @property
    def level(self) -> str | None:
        value = self.row.get("school_level")
        return value if isinstance(value, str) else None


DICTIONARY: dict[str, tuple[Any, ...]] = {
    "schools": (about("school_id", "School", None),),
    "school_years": (
        about("school_id", "School", None),
        about("enrollment", "Pupils enrolled", "pupils", role="size"),
        about("free_lunch_pct", "Free lunch", role="need"),
        about("english_language_learners_pct", "English learners", role="need"),
        about("parent_education_level", "Parents' education", "level"),
    ),
    "measures": (about("measure", "Measure", None),),
    "outcomes": (about("value", "Value", "pct"),),
    "staff_years": (about("full_credential_pct", "Fully credentialed", leadership="instructional"),),
    "budget": (about("spend_per_pupil_usd", "Spending per pupil", "usd", leadership="administrative"),),
    "targets": (about("growth_target", "Target", "points"), about("met", "Met the target", "yes")),
}


def pack(n: int = 40, years: tuple[int, ...] = (2000, 2001), unit: str = "points", **options: Any) -> FakeSchool:
    """Make a pack of n primary schools in districts of five; school s00 has the middle of everything."""
    ids = [f"s{k:02d}" for k in range(n)]
    place = np.arange(n)
    schools = pd.DataFrame(
        {
            "school_id": ids,
            "school_name": [f"School {k}" for k in place],
            "leaid": [f"d{k // 5}" for k in place],
            "lea_name": [f"District {k // 5}" for k in place],
            "school_level": "Primary",
        }
    )
    spread = (place * 7 % n - n / 2) / n
    spread[0] = 0.0  # and sin(0) is 0
    chance = {year: np.random.default_rng(year).normal(size=n) for year in years}
    each = [
        pd.DataFrame(
            {
                "school_id": ids,
                "year": year,
                "enrollment": np.round(300 * np.exp(2 * spread)),
                "free_lunch_pct": np.round(40 + 30 * spread, 1),
                "english_language_learners_pct": np.round(20 + 10 * spread + np.sin(place), 1),
                "parent_education_level": np.round(3 + spread, 2),
                "value": np.round(60 + 20 * spread + 40 * chance[year] / np.sqrt(100 * np.exp(2 * spread)), 1),
                "tested_n": np.round(100 * np.exp(2 * spread)),
                "full_credential_pct": np.round(90 + 5 * spread, 1),
                "spend_per_pupil_usd": np.round(4000 + 500 * spread),
                "growth_target": 5.0,
                "met": place % 2 == 0,
            }
        )
        for year in years
    ]
    every = pd.concat(each, ignore_index=True)
    outcomes = every[["school_id", "year", "value", "tested_n"]].assign(measure="m", grade="4", group="All")
    measures = pd.DataFrame(
        {
            "measure": ["m"],
            "label": ["Mathematics"],
            "unit": [unit],
            "value_low": [0.0 if unit == "pct" else NAN],
            "value_high": [100.0 if unit == "pct" else NAN],
            "comparable_over_years": [True],
        }
    )
    keys = ["school_id", "year"]
    tables = {
        "schools": schools,
        "school_years": every[[*keys, *(f.name for f in DICTIONARY["school_years"][1:])]],
        "measures": measures,
        "outcomes": outcomes,
        "staff_years": every[[*keys, "full_credential_pct"]],
        "budget": every[[*keys, "spend_per_pupil_usd"]],
        "targets": every[[*keys, "growth_target", "met"]].assign(measure="m"),
    }
    return FakeSchool(tables, DICTIONARY, year=years[-1], **options)


def changed(school: FakeSchool, table: str, column: str, value: Any, **where: Any) -> FakeSchool:
    """Give the pack with one column changed in the rows that fit."""
    frame = school.tables[table].copy()
    rows = np.logical_and.reduce([frame[c] == v for c, v in where.items()]) if where else np.ones(len(frame), bool)
    if frame[column].dtype.kind in "ib" and isinstance(value, float):
        frame[column] = frame[column].astype(float)
    frame.loc[rows, column] = value
    return FakeSchool(school.tables | {table: frame}, school.dictionary, school.school_id, school.year)


def without(school: FakeSchool, *tables: str) -> FakeSchool:
    """Give the pack without some tables."""
    kept = {name: t for name, t in school.tables.items() if name not in tables}
    return FakeSchool(kept, school.dictionary, school.school_id, school.year)


def shuffled(frame: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Give the rows in another order."""
    mixed = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    mixed.attrs = dict(frame.attrs)
    return mixed


def panel(value: np.ndarray, size: np.ndarray, *, unit: str = "points", sd: float = NAN, **more: Any) -> pd.DataFrame:
    """Make a panel of one measure from a matrix of schools by years and sizes (of the same shape, or one a school)."""
    schools, years = value.shape
    sizes = np.broadcast_to(size if np.ndim(size) == 2 else np.asarray(size)[:, None], value.shape)
    ids = np.array([f"s{k:04d}" for k in range(schools)])
    frame = pd.DataFrame(
        {
            "school_id": np.repeat(ids, years),
            "year": np.tile(2000 + np.arange(years), schools),
            "measure": "m",
            "label": "Mathematics",
            "unit": unit,
            "value": value.ravel().astype(float),
            "sd": sd,
            "size": sizes.ravel().astype(float),
            "comparable": True,
            "value_low": 0.0 if unit == "pct" else NAN,
            "value_high": 100.0 if unit == "pct" else NAN,
        }
    )
    return frame.assign(**more)


def sizes(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw school sizes: most around 60 tested pupils, few under 20, some above 200."""
    return np.clip(np.round(np.exp(rng.normal(4.1, 0.75, n))), 10, 500)


def fitted(frame: pd.DataFrame) -> Noise:
    """Give the chance variation of a panel that has one."""
    found = noise(frame)
    assert isinstance(found, Noise)
    return found
