"""A principal's working week in seven kinds of work, as logged in sampled weeks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate.streams import spread_over, standard
from leadlib.simulate.world import World

ACTIVITIES = np.array(["administration", "organization management", "day-to-day instruction", "instructional program",
                       "internal relations", "external relations", "other"], dtype=object)  # fmt: skip
SHARES = np.array([0.275, 0.21, 0.059, 0.067, 0.146, 0.047, 0.197])
WEEKS = np.array([3, 8, 13, 18, 22, 26, 31, 35])
STEP = 5  # minutes; the log is kept in steps of five
DAY_TO_DAY, PROGRAM, ORGANIZATION = 2, 3, 1


@dataclass(frozen=True)
class TimeUse:
    """The true week of each open school year, in minutes."""

    week_min: np.ndarray
    shares: np.ndarray  # open school years x activities
    walkthrough: np.ndarray  # share of day-to-day instruction
    coaching_min: np.ndarray

    def minutes(self, activity: int) -> np.ndarray:
        """Give the true minutes a week on an activity."""
        spent: np.ndarray = self.shares[:, activity] * self.week_min
        return spent


def weeks(world: World) -> TimeUse:
    """Draw how each principal's time truly goes; instruction takes more of it where need is great."""
    rng, number = world.streams.of("time"), world.at(world.principal)
    people = int(world.principal.max()) + 1
    habit = rng.normal(0, 0.25, (people, len(ACTIVITIES)))[number]
    yearly = rng.normal(0, 0.15, (len(number), len(ACTIVITIES)))
    leaning = np.zeros(len(ACTIVITIES))
    leaning[[DAY_TO_DAY, PROGRAM]] = 0.25
    drawn = np.exp(np.log(SHARES) + habit + yearly + world.need[world.s][:, None] * leaning)
    week = STEP * np.rint((3360 + 200 * rng.normal(size=len(number))) / STEP).clip(400, 900)
    looks = np.clip(0.9 + 0.06 * rng.normal(size=len(number)), 0.5, 1)
    return TimeUse(week, drawn / drawn.sum(axis=1, keepdims=True), looks, rng.gamma(1.1, 16.0, len(number)))


def table(world: World, use: TimeUse) -> pd.DataFrame:
    """Make `principal_time`: each logged week adds up to the working week."""
    rng, n, width = world.streams.of("time log"), len(world.s), len(ACTIVITIES)
    at = np.repeat(np.arange(n), len(WEEKS))
    shares = use.shares[at] * np.exp(rng.normal(0, 0.3, (len(at), width)))
    steps = spread_over((use.week_min[at] / STEP).astype(np.int64), shares)
    here = steps[:, DAY_TO_DAY]
    coached = np.minimum(rng.poisson(use.coaching_min[at] / STEP), here)
    walked = rng.binomial(here - coached, use.walkthrough[at])
    day = np.tile(np.arange(width) == DAY_TO_DAY, len(at))
    instruction = np.tile(np.isin(np.arange(width), (DAY_TO_DAY, PROGRAM)), len(at))
    walk, coach = np.full(len(day), np.nan), np.where(instruction, 0.0, np.nan)
    walk[day], coach[day] = STEP * walked, STEP * coached
    return pd.DataFrame(
        {
            "school_id": np.repeat(world.school_id[world.s][at], width),
            "year": np.repeat(world.year[at], width),
            "week": np.repeat(np.tile(WEEKS, n), width),
            "activity": np.tile(ACTIVITIES, len(at)),
            "minutes": STEP * steps.ravel(),
            "walkthrough_min": walk,
            "coaching_min": coach,
        }
    )


def ratings(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Give the evaluators' ratings of the two kinds of leadership: one impression, hardly related to effectiveness."""
    rng, n = world.streams.of("evaluators"), len(world.s)
    impression = rng.normal(size=n) + 0.12 * standard(world.at(world.effective))
    own = rng.normal(size=(2, n))
    both = np.sqrt(0.835) * impression + np.sqrt(0.165) * own
    first, second = np.round(np.clip(3.6 + 0.5 * both, 1, 5), 1)
    return first, second
