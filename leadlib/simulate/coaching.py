"""What happens in classrooms: coaching cycles, true instruction, and what observers write down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate.people import Teachers
from leadlib.simulate.planted import FIRST_YEAR, FULL_DOSE_MIN, planted
from leadlib.simulate.programs import Programs
from leadlib.simulate.streams import ids, within
from leadlib.simulate.world import World

RUBRIC_MEAN, RUBRIC_POINTS = 2.8, 0.4
FOCUS = np.array(["questions that make pupils think", "checking for understanding", "time on task",
                  "reading in every subject"], dtype=object)  # fmt: skip


@dataclass(frozen=True)
class Coaching:
    """Coaching of every teacher and year, and what it adds up to in a school."""

    cycles: np.ndarray  # teachers' years: how many
    minutes: np.ndarray  # teachers' years
    cycle_min: np.ndarray  # cycles, laid end to end
    sessions: np.ndarray
    dose: np.ndarray  # open school years: mean share of a full dose over all teachers
    scale: np.ndarray  # open school years: what is left of the effect as the program grows
    instruction: np.ndarray  # teachers' years, standardized true quality of instruction


def coach(world: World, programs: Programs, teachers: Teachers) -> Coaching:
    """Coach the teachers of schools in the program, new ones first."""
    rng = world.streams.of("coaching")
    on = programs.on("coaching", world) & world.open
    eager = np.clip(0.6 + 0.2 * rng.normal(size=on.shape), 0.15, 1)
    chance = world.at(on * eager)[teachers.row] * np.where(teachers.novice, 1.2, 0.9)
    n = (rng.random(len(chance)) < chance) * (1 + (rng.random(len(chance)) < 0.6))
    owner, _ = within(n)
    sessions = 4 + rng.binomial(6, 0.5, len(owner))
    length = 5 * rng.integers(6, 13, len(owner))
    cycle_min = sessions * length
    minutes = np.bincount(owner, cycle_min, len(n)).astype(np.int64)
    dose = np.bincount(teachers.row, np.minimum(minutes / FULL_DOSE_MIN, 1), len(world.s)) / teachers.count
    share = on.sum(axis=0) / np.maximum(world.open.sum(axis=0), 1)
    scale = (1 - planted()["coaching_scale_loss"] * share)[world.t]
    learned = -0.45 * (teachers.experience == 0) - 0.2 * (teachers.experience == 1)
    added = planted()["coaching_instruction"] * np.minimum(minutes / FULL_DOSE_MIN, 1) * scale[teachers.row]
    yearly = world.streams.of("instruction").normal(0, 0.3, len(n))
    return Coaching(n, minutes, cycle_min, sessions, dose, scale, teachers.skill * 0.95 + learned + added + yearly)


def days(year: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Write the school day nearest to so many days after 1 September as a date."""
    falls, codes = np.unique(year, return_inverse=True)
    start = np.array([f"{y}-09-01" for y in falls.tolist()], dtype="datetime64[D]")
    found = start[:, None] + np.arange(int(day.max(initial=0)) + 1)
    written: np.ndarray = _school_days(found).astype(str).astype(object)[codes, day]
    return written


def _school_days(dates: np.ndarray) -> np.ndarray:
    """Move days of the winter break behind it, and days of a weekend to the Friday before or the Monday after."""
    month = dates.astype("datetime64[M]")
    which, of_month = month.astype(int) % 12, (dates - month).astype(int) + 1
    rest = ((which == 11) & (of_month >= 22)) | ((which == 0) & (of_month <= 2))
    moved = dates + np.where(rest, 14, 0)
    weekday = (moved.astype(int) + 3) % 7  # the first day of the count was a Thursday
    found: np.ndarray = moved + np.where(weekday == 5, -1, np.where(weekday == 6, 1, 0))
    return found


def cycles(world: World, teachers: Teachers, coaching: Coaching) -> pd.DataFrame:
    """Make `coaching_cycles`."""
    owner, turn = within(coaching.cycles)
    at, rng = teachers.row[owner], world.streams.of("cycles")
    begin = 14 + 110 * turn + rng.integers(0, 40, len(owner))
    year = world.t[at] + FIRST_YEAR
    return pd.DataFrame(
        {
            "cycle_id": [f"C{n:07d}" for n in range(1, len(owner) + 1)],
            "teacher_id": ids("T", teachers.number[owner] + 1, 6),
            "school_id": world.school_id[world.s][at],
            "year": year,
            "coach_id": ids("K", world.s[at] + 1, 5),
            "start_date": days(year, begin),
            "end_date": days(year, begin + 7 * coaching.sessions),
            "sessions_n": coaching.sessions,
            "coaching_min": coaching.cycle_min,
            "focus": FOCUS[rng.integers(0, len(FOCUS), len(owner))],
            "completed": coaching.sessions >= 6,
        }
    )


def observations(world: World, teachers: Teachers, coaching: Coaching) -> tuple[pd.DataFrame, np.ndarray]:
    """Make `observations`, and the hours of formal observation for each teacher of an open school year."""
    rng, people = world.streams.of("observations"), len(teachers.row)
    often = np.clip(0.5 + 0.25 * rng.normal(size=len(world.s)), 0, 1)
    long = 45 + 8 * rng.normal(size=len(world.s))
    brisk = 1.1 * np.exp(0.2 * world.need[world.s] + 0.25 * rng.normal(size=len(world.s)))
    formal = 1 + (rng.random(people) < often[teachers.row])
    brief = rng.poisson(brisk[teachers.row])
    who = np.concatenate([np.repeat(np.arange(people), formal), np.repeat(np.arange(people), brief)])
    kind = np.repeat([True, False], [formal.sum(), brief.sum()])
    at, n = teachers.row[who], len(who)
    minutes = np.where(kind, np.clip(np.rint(long[at] + 4 * rng.normal(size=n)), 15, 90), 5 * rng.integers(1, 4, n))
    noise = rng.normal(size=n) * np.where(kind, 0.35, 0.55)
    score = np.clip(RUBRIC_MEAN + RUBRIC_POINTS * coaching.instruction[who] + noise, 1, 4)
    day, told = rng.integers(7, 270, n), kind | (rng.random(n) < 0.3)
    observer = np.where(rng.random(n) < 0.7, "principal", "assistant principal").astype(object)
    order = np.lexsort((day, at))
    wait = np.where(told, 1.0 + rng.poisson(4, n), np.nan)
    frame = pd.DataFrame(
        {
            "teacher_id": ids("T", teachers.number[who] + 1, 6),
            "school_id": world.school_id[world.s][at],
            "year": world.year[at],
            "date": days(world.year[at], day),
            "kind": np.where(kind, "formal", "walkthrough").astype(object),
            "observer_role": observer,
            "observation_min": minutes.astype(np.int64),
            "rubric_score": np.round(score, 1),
            "feedback_given": told,
            "feedback_days": wait,
        }
    ).iloc[order]
    frame = frame.reset_index(drop=True)
    frame.insert(0, "observation_id", [f"V{k:07d}" for k in range(1, n + 1)])
    hours = np.bincount(at[kind], minutes[kind], len(world.s)) / 60 / teachers.count
    return frame, hours
