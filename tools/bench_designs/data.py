"""The tables that the designs are timed on, made from a seed: whole, a tenth of the schools, a small one to warm up."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SCHOOLS, PUPILS, CLASS = 6_000, 1_000_000, 25
CALENDAR = (2011, 2012, 2013, 2014, 2015, 2016, 2017, 2018, 2019, 2021)
"""Ten school years; in 2020 nobody was tested."""
START, STARTS = 2017, (2015, 2017, 2018)
EFFECTS, DONORS, WARM = 500, 200, 60
RESPONDENTS, ITEMS = 25, 8
EXTENTS = ("whole", "tenth", "small")


def make(folder: Path, scale: float = 1.0, seed: int = 1, *, csv: bool = True) -> dict[str, int]:
    """Write every table in each extent, as arrays for Python and CSV for R; give the rows of the whole ones."""
    rows = {}
    schools = max(WARM, round(SCHOOLS * scale))
    for extent, n in zip(EXTENTS, (schools, max(WARM, schools // 10), WARM), strict=True):
        for name, table in tables(n, scale if extent == "whole" else scale / 10, seed).items():
            np.savez(folder / f"{name}-{extent}.npz", **{c: _array(table[c]) for c in table})
            if csv:
                table.to_csv(folder / f"{name}-{extent}.csv", index=False)
            rows.setdefault(name, len(table))
    return rows


def load(folder: Path, name: str, extent: str) -> pd.DataFrame:
    """Read a table; arrays rather than a pickle, since a peer's interpreter may have another pandas."""
    with np.load(folder / f"{name}-{extent}.npz") as held:
        return pd.DataFrame({c: held[c] for c in held.files})


def _array(column: pd.Series) -> Any:
    return column.to_numpy() if pd.api.types.is_numeric_dtype(column) else column.to_numpy().astype("U")


def tables(schools: int, scale: float, seed: int) -> dict[str, pd.DataFrame]:
    """Give all tables for so many schools."""
    rng = np.random.default_rng(seed)
    pupils = PUPILS * schools // SCHOOLS
    one = _schools(rng, schools)
    return {
        "panel": _panel(rng, one),
        "schools": one.drop(columns=["level", "first", "adopter"]),
        "pupils": _pupils(rng, one, pupils),
        "pupil_years": _pupil_years(rng, one, pupils // 4),
        "survey": _survey(rng, max(10, schools * 5 // 6)),
        "effects": _effects(rng, max(30, min(EFFECTS, round(EFFECTS * scale)))),
        "donors": _donors(rng, max(20, min(DONORS, round(DONORS * scale)))),
        "leas": _leas(rng, max(10, schools // 4)),
    }


def _names(letter: str, codes: Any) -> Any:
    """Ids are text, as everywhere in leadlib."""
    return np.char.add(letter, np.char.zfill(np.asarray(codes).astype("U"), 7))


def _schools(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """One row a school; programs are given to whole districts of five schools."""
    district = np.arange(n) // 5
    districts = int(district.max()) + 1
    level = rng.normal(0, 0.3, districts)[district] + rng.normal(0, 0.3, n)
    need = np.clip(50 - 20 * level + rng.normal(0, 15, n), 0, 100)
    prior = 50 + 10 * level + rng.normal(0, 3, n)
    treated = rng.permutation(np.arange(districts) % 2)[district]
    enrolled = rng.integers(60, 900, n)
    joined = (rng.random(n) < 1 / (1 + np.exp(1.5 - 0.02 * (need - 50) + 0.05 * (prior - 50)))).astype(int)
    rank = rng.normal(0, 20, n)
    later = prior + 0.1 * rank + 2.0 * (rank >= 0) + rng.normal(0, 4, n)
    kind = rng.permutation(np.arange(districts) % 5)[district]
    first = np.choose(kind, [*map(float, STARTS), np.nan, np.nan])
    return pd.DataFrame(
        {
            "school": _names("s", np.arange(n)), "district": _names("d", district), "level": level, "need": need,
            "prior": prior, "enrolled": enrolled, "treated": treated, "joined": joined, "rank": rank,
            "later": later, "score": prior + 1.5 * treated + 1.0 * joined + rng.normal(0, 4, n), "first": first,
            "se": 30 / np.sqrt(enrolled), "adopter": rng.permutation(np.arange(districts) % 2)[district],
        }
    )  # fmt: skip


def _panel(rng: np.random.Generator, one: pd.DataFrame) -> pd.DataFrame:
    """One row a school and year, complete but for 2020: `score` has one start, `staged` several."""
    years = np.array(CALENDAR, dtype=float)
    n, t = len(one), len(years)
    noise = rng.normal(0, 2, (n, t)) + np.cumsum(rng.normal(0, 0.7, (n, t)), axis=1)
    base = 50 + 10 * one["level"].to_numpy()[:, None] + 0.4 * (years - years[0]) + noise
    slope = rng.normal(0, 0.2, n)[:, None] * (years - years[0])
    after = (years >= START)[None, :] * one["adopter"].to_numpy()[:, None]
    since = years - np.nan_to_num(one["first"].to_numpy(), nan=9999.0)[:, None]
    each = {
        "score": base + slope + 2.0 * after,
        "staged": base + np.where(since >= 0, 1.0 + 0.3 * since, 0.0),
        "post": np.broadcast_to((years >= START).astype(float), (n, t)),
        "on": after,
        "year": np.broadcast_to(years, (n, t)),
        "t": np.broadcast_to(years - years[0], (n, t)),
    }
    held = one[["school", "district", "need", "enrolled", "first", "adopter"]]
    rows = held.loc[held.index.repeat(t)].reset_index(drop=True)
    return rows.assign(**{name: values.ravel() for name, values in each.items()})


def _pupils(rng: np.random.Generator, one: pd.DataFrame, n: int) -> pd.DataFrame:
    """One row a pupil, in classes in schools of unequal size; the program is the school's, `coached` the pupil's."""
    weights = rng.uniform(0.3, 1.7, len(one))
    sizes = rng.multinomial(n - 10 * len(one), weights / weights.sum()) + 10
    school = np.repeat(np.arange(len(one)), sizes)
    place = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    room = np.unique(school * 1000 + place // CLASS, return_inverse=True)[1]
    prior = one["level"].to_numpy()[school] + rng.normal(0, 1, n)
    learner = (rng.random(n) < 0.1 + 0.1 * (one["need"].to_numpy()[school] > 50)).astype(int)
    coached = (rng.random(n) < 1 / (1 + np.exp(1.3 + 0.5 * prior))).astype(int)
    treated = one["treated"].to_numpy()[school]
    shared = rng.normal(0, 0.3, len(one))[school] + rng.normal(0, 0.25, int(room.max()) + 1)[room]
    grade = np.maximum(rng.integers(3, 9, n) - (learner & (rng.random(n) < 0.3)), 3)
    score = 0.6 * prior + 0.15 * treated + 0.1 * coached - 0.3 * learner + shared + rng.normal(0, 0.7, n)
    placement = prior + rng.normal(0, 0.5, n)
    return pd.DataFrame(
        {
            "pupil": _names("p", np.arange(n)), "school": one["school"].to_numpy()[school], "room": _names("r", room),
            "treated": treated, "coached": coached, "learner": learner, "grade": _names("g", grade), "prior": prior,
            "need": one["need"].to_numpy()[school], "score": score, "placement": placement,
            "later": 0.5 * placement + 0.2 * (placement >= 0) + rng.normal(0, 0.8, n),
        }
    )  # fmt: skip


def _pupil_years(rng: np.random.Generator, one: pd.DataFrame, n: int) -> pd.DataFrame:
    """One row a pupil and year, four years each."""
    school = np.sort(rng.integers(0, len(one), n))
    treated = one["treated"].to_numpy()[school]
    time = np.arange(4.0)
    start = rng.normal(0, 0.3, len(one))[school] + rng.normal(0, 0.8, n)
    slope = 0.3 + 0.05 * treated + rng.normal(0, 0.1, len(one))[school] + rng.normal(0, 0.15, n)
    score = start[:, None] + slope[:, None] * time + rng.normal(0, 0.5, (n, 4))
    return pd.DataFrame(
        {
            "pupil": np.repeat(_names("p", np.arange(n)), 4), "school": np.repeat(one["school"].to_numpy()[school], 4),
            "treated": np.repeat(treated, 4), "time": np.tile(time, n), "score": score.ravel(),
        }
    )  # fmt: skip


def _survey(rng: np.random.Generator, schools: int) -> pd.DataFrame:
    """One row a teacher with eight answers from 1 to 5; as many teachers in each school."""
    n = schools * RESPONDENTS
    school = np.repeat(np.arange(schools), RESPONDENTS)
    view = rng.normal(0, 0.4, schools)[school] + rng.normal(0, 0.8, n)
    answers = np.clip(np.round(3.3 + view[:, None] + rng.normal(0, 0.8, (n, ITEMS))), 1, 5)
    each = {f"q{k + 1}": answers[:, k] for k in range(ITEMS)}
    return pd.DataFrame(
        {"teacher": _names("t", np.arange(n)), "school": _names("s", school), **each, "view": answers.mean(axis=1)}
    )


def _effects(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """One row an effect; `group` are studies of five effects each."""
    group = np.arange(n) // 5
    variance = rng.uniform(0.002, 0.05, n)
    true = 0.12 + rng.normal(0, 0.1, int(group.max()) + 1)[group] + rng.normal(0, 0.08, n)
    return pd.DataFrame(
        {
            "study": _names("e", np.arange(n)), "group": _names("g", group),
            "effect": true + rng.normal(0, np.sqrt(variance)), "variance": variance,
        }
    )  # fmt: skip


def _donors(rng: np.random.Generator, donors: int, years: int = 36) -> pd.DataFrame:
    """One row a district and year: the first one has a program in its last eight years."""
    factors = np.cumsum(rng.normal(0, 1, (3, years)), axis=1)
    loads = rng.uniform(0, 1, (donors + 1, 3))
    loads[0] = loads[1:6].mean(axis=0)
    score = 50 + loads @ factors + 0.3 * np.arange(years) + rng.normal(0, 0.5, (donors + 1, years))
    score[0, -8:] += 3.0
    return pd.DataFrame(
        {
            "district": np.repeat(_names("d", np.arange(donors + 1)), years),
            "year": np.tile(np.arange(1990.0, 1990 + years), donors + 1),
            "treated": np.repeat((np.arange(donors + 1) == 0).astype(int), years), "score": score.ravel(),
        }
    )  # fmt: skip


def _leas(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """One row a district, school year and group of pupils, with how many there are and how many are identified."""
    groups, years = ("Asian", "Black", "Hispanic", "White"), (2021, 2022, 2023)
    rows = pd.MultiIndex.from_product([range(n), years, groups], names=["lea", "year", "group"]).to_frame(index=False)
    size = (
        np.exp(rng.normal(5.5, 1.0, n))[rows["lea"]]
        * rng.dirichlet((1, 2, 3, 6), n).ravel()[rows["lea"] * 4 + np.tile(np.arange(4), n * 3)]
    )
    enrolled = rng.poisson(size) + 5
    rate = np.clip(
        0.12 * np.exp(rng.normal(0, 0.25, len(rows))) * np.where(rows["group"] == "Black", 1.6, 1), 0.01, 0.6
    )
    identified = rng.binomial(enrolled, rate)
    return rows.assign(lea=_names("l", rows["lea"]), enrolled=enrolled, identified=identified)


if __name__ == "__main__":
    print(json.dumps(make(Path(sys.argv[1]), float(sys.argv[2]), csv=sys.argv[3] == "csv")))
