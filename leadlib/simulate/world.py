"""The district before anything is measured: its schools, who they serve and who leads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from leadlib.errors import InputError, Problem
from leadlib.simulate.names import school_names
from leadlib.simulate.planted import FIRST_YEAR, LEAID, planted
from leadlib.simulate.streams import Streams, logistic, standard

LEVELS = np.array(["Primary", "Middle", "High", "Other"], dtype=object)
GRADES = np.array(["K", *(str(g) for g in range(1, 13))], dtype=object)
LOWEST, HIGHEST = np.array([0, 6, 9, 0]), np.array([5, 8, 12, 8])
MEDIAN_SIZE, SPREAD_SIZE, SMALLEST = np.array([410.0, 640.0, 1100.0, 480.0]), 0.42, 30.0
RACES = np.array(["White", "Black", "Hispanic", "Asian", "American Indian or Alaska Native",
                  "Native Hawaiian or Pacific Islander", "Two or more races"], dtype=object)  # fmt: skip
RACE_LOG_ODDS = np.log(np.array([0.42, 0.19, 0.26, 0.06, 0.01, 0.005, 0.055]))
RACE_NEED = np.array([-0.7, 0.7, 0.55, -0.4, 0.2, 0.2, 0.0])
SMALL_TOWN = 6  # below this many schools none closes and none merges
LIMIT = 20_000
PRINCIPAL_LEAVES = 0.215


@dataclass(frozen=True)
class World:
    """The district as it truly is.

    Arrays are schools x years unless said otherwise; `s` and `t` list the school years in which a school is open, by
    school and then year.
    """

    seed: int
    streams: Streams
    level: np.ndarray  # schools
    name: tuple[str, ...]
    school_id: np.ndarray  # schools
    open: np.ndarray
    successor: np.ndarray  # schools; -1 where there is none
    size: np.ndarray  # pupils expected
    need: np.ndarray  # standardized, schools
    lunch: np.ndarray  # expected share
    race: np.ndarray  # schools x years x races, expected shares
    paired: np.ndarray  # schools; the other school of a boundary change, -1 where there is none
    boundary_year: int  # index of the year, or the number of years where there is no change
    principal: np.ndarray  # running number of the person
    tenure: np.ndarray
    effective: np.ndarray  # true effectiveness, standardized
    leads: np.ndarray  # what teachers see of leadership, true part
    belonging: np.ndarray  # standardized
    s: np.ndarray
    t: np.ndarray

    @property
    def schools(self) -> int:
        """Schools in all, those that close or open on the way counted."""
        return len(self.level)

    @property
    def years(self) -> int:
        """School years."""
        return int(self.open.shape[1])

    @property
    def year(self) -> np.ndarray:
        """The fall of each open school year."""
        falls: np.ndarray = self.t + FIRST_YEAR
        return falls

    @property
    def always(self) -> np.ndarray:
        """Schools that are open in every year."""
        stay: np.ndarray = np.asarray(self.open.all(axis=1))
        return stay

    def at(self, grid: np.ndarray) -> np.ndarray:
        """Pick the open school years of a grid schools x years."""
        picked: np.ndarray = grid[self.s, self.t]
        return picked

    def grid(self, flat: np.ndarray, empty: float = np.nan) -> np.ndarray:
        """Spread one value an open school year over a grid schools x years."""
        full = np.full(self.open.shape, empty, dtype=float)
        full[self.s, self.t] = flat
        return full


def build(schools: int, years: int, seed: int) -> World:
    """Make the district."""
    refuse_odd(schools, years, seed)
    streams = Streams(int(seed))
    rng = streams.of("schools")
    level = _levels(schools, rng)
    opened, successor = _lives(level, years)
    size = _sizes(level, opened, successor, years, rng)
    need = standard(rng.normal(size=schools) - 0.35 * standard(np.log(size.max(axis=1))) * (level == 2))
    paired, change = _pairs(level, need, opened, years)
    lunch, race = _pupils(need, paired, change, years, streams.of("pupils"))
    people = _principals(need, years, streams.of("principals"))
    belonging = standard(streams.of("belonging").normal(size=(schools, 1)) - 0.6 * need[:, None])
    belonging = belonging + streams.of("belonging years").normal(0, 0.3, size=(schools, years))
    s, t = np.nonzero(opened)
    number = 1 + streams.of("ids").permutation(schools)
    return World(
        int(seed), streams, level, tuple(school_names(LEVELS[level], streams.of("names"))),
        np.array([f"{LEAID}{n:05d}" for n in number.tolist()], dtype=object), opened, successor, size, need,
        lunch, race, paired, change, *people, belonging, s, t,
    )  # fmt: skip


def refuse_odd(schools: Any, years: Any, seed: Any) -> None:
    """Refuse sizes and seeds that no district can be made of, all at once."""
    rules = {"schools": (schools, 1, LIMIT), "years": (years, 1, 40), "seed": (seed, 0, 2**63 - 1)}
    problems = [
        Problem(f"simulate, {name}", f"is {value!r}", f"give a whole number from {low} to {high}")
        for name, (value, low, high) in rules.items()
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not low <= value <= high
    ]
    if problems:
        raise InputError(problems)


def _levels(schools: int, rng: np.random.Generator) -> np.ndarray:
    """Give each school its level: about six in ten primary, two middle, a sixth high, a few of all grades."""
    high, middle, other = int(0.17 * schools + 0.5), int(0.2 * schools + 0.5), int(0.03 * schools)
    counts = [schools - high - middle - other, middle, high, other]
    levels: np.ndarray = rng.permutation(np.repeat(np.arange(4), counts))
    return levels


def _lives(level: np.ndarray, years: int) -> tuple[np.ndarray, np.ndarray]:
    """Say when each school is open: one primary school closes, and two others merge into a new one."""
    opened = np.ones((len(level), years), dtype=bool)
    successor = np.full(len(level), -1)
    primary = np.flatnonzero(level == 0)
    if len(level) >= SMALL_TOWN and len(primary) >= 5 and years >= 4:
        closing, taker, first, second, merged = primary[:5].tolist()
        opened[closing, years // 2 :] = False
        opened[first, years // 2 + 1 :] = opened[second, years // 2 + 1 :] = False
        opened[merged, : years // 2 + 1] = False
        successor[closing], successor[first], successor[second] = taker, merged, merged
    return opened, successor


def _sizes(
    level: np.ndarray, opened: np.ndarray, successor: np.ndarray, years: int, rng: np.random.Generator
) -> np.ndarray:
    """Give the pupils expected each year; a closed school's pupils are at its successor."""
    start = np.maximum(MEDIAN_SIZE[level] * np.exp(rng.normal(0, SPREAD_SIZE, len(level))), SMALLEST)
    few = max(int(0.04 * len(level)), 1) if len(level) >= SMALL_TOWN else 0
    tiny = rng.permutation(len(level)) < few
    start = np.where(tiny, SMALLEST + 60 * rng.random(len(level)), start)
    drift = np.cumsum(rng.normal(-0.004, 0.02, (len(level), years)), axis=1)
    alone = start[:, None] * np.exp(drift)
    size = alone * opened
    for school in np.flatnonzero(successor >= 0).tolist():
        gone = ~opened[school]
        new = ~opened[successor[school]]
        size[successor[school]] += np.where(gone, alone[school] * (0.9 if new.any() else 0.85), 0)
    for school in np.flatnonzero(~opened[:, 0]).tolist():
        size[school] -= np.where(opened[school], alone[school], 0)
    return np.maximum(size, SMALLEST / 2) * opened


def _pairs(level: np.ndarray, need: np.ndarray, opened: np.ndarray, years: int) -> tuple[np.ndarray, int]:
    """Pair the neediest primary schools with the least needy ones for the boundary change."""
    paired = np.full(len(level), -1)
    there = np.flatnonzero((level == 0) & opened.all(axis=1))
    pairs = len(there) // 6
    if not pairs or years < 4:
        return paired, years
    order = there[np.argsort(need[there], kind="stable")]
    low, high = order[:pairs], order[::-1][:pairs]
    paired[low], paired[high] = high, low
    return paired, (5 * years) // 8


def _pupils(
    need: np.ndarray, paired: np.ndarray, change: int, years: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give the expected shares of pupils with free or reduced-price meals and of each race."""
    drift = np.cumsum(rng.normal(0, 0.05, (len(need), years)), axis=1)
    lunch = logistic(0.05 + 1.35 * need[:, None] + drift)
    odds = RACE_LOG_ODDS + need[:, None] * RACE_NEED + rng.normal(0, 0.35, (len(need), len(RACES)))
    shares = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    race = np.repeat(shares[:, None, :], years, axis=1)
    inside, mix = np.flatnonzero(paired >= 0), planted()["boundary_mix"]
    before, lunch_before = race.copy(), lunch.copy()
    race[inside, change:] += mix * (before[paired[inside], change:] - before[inside, change:])
    lunch[inside, change:] += mix * (lunch_before[paired[inside], change:] - lunch_before[inside, change:])
    return lunch, race


def _principals(
    need: np.ndarray, years: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Say who leads each school, for how long, how effective they truly are and what of it shows."""
    schools = len(need)
    leaves = rng.random((schools, years)) < np.clip(PRINCIPAL_LEAVES + 0.05 * need[:, None], 0.04, 0.6)
    leaves[:, 0] = False
    spell = np.cumsum(leaves, axis=1)
    number = np.cumsum(np.concatenate([[0], spell[:-1, -1] + 1]))[:, None] + spell
    tenure = np.zeros((schools, years), dtype=np.int64)
    tenure[:, 0] = 1 + rng.geometric(0.22, schools) - 1
    for year in range(1, years):
        tenure[:, year] = np.where(leaves[:, year], 1, tenure[:, year - 1] + 1)
    people = int(number.max()) + 1
    effective = rng.normal(size=people)[number]
    own = 0.35 * effective + np.sqrt(1 - 0.35**2) * rng.normal(size=people)[number]
    leads = 0.75 * own - 0.35 * need[:, None] + rng.normal(0, 0.45, (schools, years))
    return number, tenure, effective, leads
