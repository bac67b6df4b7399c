"""Pupils: enrolment by grade, race and sex, and how many belong to each group that is reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate.planted import FIRST_YEAR, LEAID
from leadlib.simulate.streams import within
from leadlib.simulate.world import GRADES, HIGHEST, LEVELS, LOWEST, RACES, World

SEXES = np.array(["Female", "Male"], dtype=object)
PAIRS = {
    "sex": ("Female", "Male"),
    "lunch": ("Economically disadvantaged", "Not economically disadvantaged"),
    "english": ("English learners", "Not English learners"),
    "disability": ("Students with disabilities", "Students without disabilities"),
}
"""Groups that part all pupils in two; the counts of the first stand in `Pupils.first`."""
K = 10


@dataclass(frozen=True)
class Pupils:
    """Counts of pupils. `cells` is open school years x grades x races x sexes; `first` the first group of each pair."""

    cells: np.ndarray
    first: dict[str, np.ndarray]

    @property
    def enrollment(self) -> np.ndarray:
        """Pupils of each open school year."""
        total: np.ndarray = self.cells.sum(axis=(1, 2, 3))
        return total

    @property
    def by_race(self) -> np.ndarray:
        """Pupils of each open school year and race."""
        races: np.ndarray = self.cells.sum(axis=(1, 3))
        return races

    @property
    def by_grade(self) -> np.ndarray:
        """Pupils of each open school year and grade."""
        grades: np.ndarray = self.cells.sum(axis=(2, 3))
        return grades


def enrol(world: World) -> Pupils:
    """Draw the pupils of every open school year."""
    rng, level = world.streams.of("enrollment"), world.level[world.s]
    wide = HIGHEST[level] - LOWEST[level] + 1
    at, place = within(wide)
    grade = LOWEST[level][at] + place
    expected = world.at(world.size)[at] / wide[at]
    n = np.maximum(rng.poisson(expected), 1)
    shares = world.race[world.s, world.t][at]
    female = 0.487
    p = np.concatenate([shares * female, shares * (1 - female)], axis=1)
    drawn = rng.multinomial(n, p / p.sum(axis=1, keepdims=True)).reshape(-1, 2, len(RACES)).transpose(0, 2, 1)
    cells = np.zeros((len(world.s), len(GRADES), len(RACES), 2), dtype=np.int64)
    cells[at, grade] = drawn
    total = cells.sum(axis=(1, 2, 3))
    return Pupils(cells, _firsts(world, cells, total))


def _firsts(world: World, cells: np.ndarray, total: np.ndarray) -> dict[str, np.ndarray]:
    need, rng = world.need[world.s], world.streams.of("groups")
    hispanic = cells.sum(axis=(1, 3))[:, 2] / total
    own = world.streams.of("english").normal(0, 0.35, world.schools)[world.s]
    english = np.clip(0.03 + 0.32 * hispanic * np.exp(own) + 0.02 * need, 0.005, 0.7)
    disability = np.clip(0.145 + 0.012 * need, 0.05, 0.4)
    return {
        "sex": cells.sum(axis=(1, 2))[:, 0],
        "lunch": rng.binomial(total, np.clip(world.at(world.lunch), 0.01, 0.995)),
        "english": rng.binomial(total, english),
        "disability": rng.binomial(total, disability),
    }


def tables(world: World, pupils: Pupils) -> dict[str, pd.DataFrame]:
    """Make `enrollment` and `school_years`."""
    a, g = np.nonzero(pupils.by_grade > 0)
    full = pupils.cells[a, g]
    rows, races, sexes = full.shape
    frame = pd.DataFrame(
        {
            "school_id": np.repeat(world.school_id[world.s][a], races * sexes),
            "year": np.repeat(world.year[a], races * sexes),
            "grade": np.repeat(GRADES[g], races * sexes),
            "race": np.tile(np.repeat(RACES, sexes), rows),
            "sex": np.tile(SEXES, rows * races),
            "enrollment": full.ravel(),
        }
    )
    return {"enrollment": frame, "school_years": _school_years(world, pupils)}


def _school_years(world: World, pupils: Pupils) -> pd.DataFrame:
    total, rng = pupils.enrollment, world.streams.of("school_years")
    lunch = 100 * pupils.first["lunch"] / total
    mobility = np.clip(9 + 4 * world.need[world.s] + rng.normal(0, 2, len(total)), 1, 60)
    opened = np.argmax(world.open, axis=1)[world.s]
    return pd.DataFrame(
        {
            "school_id": world.school_id[world.s],
            "year": world.year,
            "enrollment": total,
            "free_or_reduced_price_lunch_pct": np.round(lunch, 1),
            "english_language_learners_pct": np.round(100 * pupils.first["english"] / total, 1),
            "students_with_disabilities_pct": np.round(100 * pupils.first["disability"] / total, 1),
            "mobility_pct": np.round(mobility, 1),
            "school_status": np.where((world.t == opened) & (opened > 0), "new", "open"),
            "title_i_status": np.where(lunch >= 40, "schoolwide", np.where(lunch >= 30, "targeted assistance",
                                                                          "not eligible")),
            "instructional_days": session_days(world),
            "day_min": np.array([390, 410, 420, 400])[world.level[world.s]],
        }
    )  # fmt: skip


def session_days(world: World) -> np.ndarray:
    """Give the days of instruction of each open school year: 180, less a few lost to weather."""
    lost: np.ndarray = world.streams.of("days").binomial(6, 0.25, world.years)
    days: np.ndarray = 180 - lost[world.t]
    return days


def schools(world: World) -> pd.DataFrame:
    """Make the table of schools."""
    first = np.argmax(world.open, axis=1)
    last = world.years - 1 - np.argmax(world.open[:, ::-1], axis=1)
    falls = np.arange(world.years) + float(FIRST_YEAR)

    after = np.array([None if k < 0 else world.school_id[k] for k in world.successor.tolist()], dtype=object)
    return pd.DataFrame(
        {
            "school_id": world.school_id,
            "school_name": world.name,
            "leaid": LEAID,
            "lea_name": "Cedar Valley Public Schools",
            "school_level": LEVELS[world.level],
            "lowest_grade_offered": LOWEST[world.level],
            "highest_grade_offered": HIGHEST[world.level],
            "opened_year": np.where(first > 0, falls[first], np.nan),
            "closed_year": np.where(last < world.years - 1, falls[last], np.nan),
            "successor_id": after,
        }
    )


def split(
    count: np.ndarray, inside: np.ndarray, outside: np.ndarray, ratio: float, rng: np.random.Generator
) -> np.ndarray:
    """Say how many of those counted are in the first of two groups, their risk being `ratio` times the other's."""
    weight = inside * ratio / np.maximum(inside * ratio + outside, 1e-9)
    drawn: np.ndarray = np.clip(rng.binomial(count, weight), np.maximum(count - outside, 0), np.minimum(inside, count))
    return drawn


def grouped(world: World, pupils: Pupils, pairs: tuple[str, ...]) -> tuple[list[str], list[np.ndarray]]:
    """List the groups that are reported and how many pupils each has, every open school year: All, races, pairs."""
    names, sizes = ["All", *RACES.tolist()], [pupils.enrollment, *pupils.by_race.T]
    for pair in pairs:
        names += PAIRS[pair]
        sizes += [pupils.first[pair], pupils.enrollment - pupils.first[pair]]
    return names, sizes


def long(world: World, names: list[str], columns: dict[str, list[np.ndarray]]) -> pd.DataFrame:
    """Lay the groups of each school year under one another, groups without pupils left out by the caller."""
    width = len(names)
    box = {"school_id": np.repeat(world.school_id[world.s], width), "year": np.repeat(world.year, width)}
    box["group"] = np.tile(np.array(names, dtype=object), len(world.s))
    return pd.DataFrame(box | {name: np.stack(list_, axis=1).ravel() for name, list_ in columns.items()})


def hide_small(frame: pd.DataFrame, columns: tuple[str, ...], few: np.ndarray) -> pd.DataFrame:
    """Hold back values that too few pupils stand behind: a missing value that says `suppressed`."""
    for column in columns:
        frame[column] = frame[column].astype(float).mask(few)
        why = np.where(few, "suppressed", np.where(frame[column].isna(), "not_reported", "reported"))
        frame[f"{column}__why"] = why.astype(object)
    return frame
