"""Money and buildings: lines that add up to the school's and the district's spending, and every building's state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate.people import Teachers, left_share, salaries
from leadlib.simulate.planted import FIRST_YEAR, LEAID, planted
from leadlib.simulate.programs import Programs
from leadlib.simulate.pupils import Pupils
from leadlib.simulate.streams import spread_over, within
from leadlib.simulate.world import World

OBJECTS = np.array(["salaries", "benefits", "purchased services", "supplies", "other"], dtype=object)
FUNCTIONS = {
    "exp_current_instruction_total": (0.0, (0.66, 0.25, 0.04, 0.04, 0.01)),
    "exp_current_pupils": (0.065, (0.66, 0.25, 0.06, 0.02, 0.01)),
    "exp_current_instruc_staff": (0.05, (0.6, 0.22, 0.12, 0.05, 0.01)),
    "exp_current_sch_admin": (0.06, (0.68, 0.26, 0.03, 0.02, 0.01)),
    "exp_current_operation_plant": (0.1, (0.36, 0.15, 0.26, 0.22, 0.01)),
    "exp_current_food_serv": (0.05, (0.32, 0.12, 0.08, 0.46, 0.02)),
}
CENTRAL = {
    "exp_current_general_admin": (0.024, (0.5, 0.19, 0.25, 0.03, 0.03)),
    "exp_current_student_transport": (0.045, (0.38, 0.17, 0.32, 0.12, 0.01)),
    "exp_current_bco": (0.036, (0.52, 0.2, 0.22, 0.04, 0.02)),
}
"""Share of the schools' own spending, and how each function splits over objects; instruction follows from salaries."""
COUNSELOR_USD, COACH_HOUR_USD = 92_000.0, 110.0


@dataclass(frozen=True)
class Buildings:
    """One entry a building and open school year."""

    at: np.ndarray
    which: np.ndarray
    area: np.ndarray
    capacity: np.ndarray
    built: np.ndarray
    renovated: np.ndarray
    value: np.ndarray
    deferred: np.ndarray
    index: np.ndarray  # open school years: deferred maintenance over replacement value


def budget(
    world: World,
    programs: Programs,
    pupils: Pupils,
    teachers: Teachers,
    coaching_min: np.ndarray,
    counselors: np.ndarray,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make `budget` and `budget_lines`; whole dollars, so that sums are exact."""
    rng, n = world.streams.of("money"), pupils.enrollment
    need = world.need[world.s]
    per_pupil = (10_700 + 900 * need + 350_000 / np.maximum(n, 60) + 250 * rng.normal(size=len(n))) * 1.025**world.t
    base = per_pupil * n
    grant = np.where(world.at(programs.on("school-grant", world)), programs.grant_usd[world.s], 0) * n
    names = list(FUNCTIONS)
    dollars = np.stack([base * share for share, _ in FUNCTIONS.values()], axis=1)
    dollars *= np.exp(0.04 * rng.normal(size=dollars.shape))
    paid = np.bincount(teachers.row, salaries(world, teachers), len(n))
    aides = np.maximum(1.3 + 0.1 * need + 0.04 * rng.normal(size=len(n)), 1.1)
    dollars[:, 0] = paid * aides / FUNCTIONS[names[0]][1][0] + 0.8 * grant
    dollars[:, 2] += 0.2 * grant + np.bincount(teachers.row, coaching_min, len(n)) / 60 * COACH_HOUR_USD
    dollars[:, 1] += counselors * COUNSELOR_USD
    lines = [spread_over(np.rint(dollars[:, k]).astype(np.int64), np.tile(FUNCTIONS[f][1], (len(n), 1)))
             for k, f in enumerate(names)]  # fmt: skip
    lines[3][:, 2] += (planted()["turnover_cost"] * _replaced(world, teachers)).astype(np.int64)
    full = np.stack(lines, axis=1)
    total = full.sum(axis=(1, 2))
    shared = np.round(total / n, 2)
    federal = np.round(np.minimum(grant + 420 * pupils.first["lunch"] + 260 * pupils.first["disability"], total) / n, 2)
    frame = pd.DataFrame(
        {
            "school_id": world.school_id[world.s],
            "year": world.year,
            "spend_usd": total,
            "spend_per_pupil_usd": shared,
            "spend_instruction_per_pupil_usd": np.round(full[:, 0].sum(axis=1) / n, 2),
            "spend_administration_per_pupil_usd": np.round(full[:, 3].sum(axis=1) / n, 2),
            "spend_federal_per_pupil_usd": federal,
            "spend_state_local_per_pupil_usd": np.round(shared - federal, 2),
            "foundation_grant_usd": np.rint(6_800 * 1.025**world.t / 10) * 10,
        }
    )
    planned = np.rint(full * np.exp(0.03 * rng.normal(size=full.shape))).astype(np.int64)
    at = np.repeat(np.arange(len(n)), full[0].size)
    own = pd.DataFrame(
        {
            "unit_id": world.school_id[world.s][at],
            "school_id": world.school_id[world.s][at],
            "leaid": LEAID,
            "year": world.year[at],
            "function": np.tile(np.repeat(np.array(names, dtype=object), len(OBJECTS)), len(n)),
            "object": np.tile(OBJECTS, len(n) * len(names)),
            "spend_usd": full.ravel(),
            "budgeted_usd": planned.ravel(),
        }
    )
    return frame, pd.concat([own, _central(world, total)], ignore_index=True)


def _replaced(world: World, teachers: Teachers) -> np.ndarray:
    """Count last year's leavers of each open school year; none are known before the first."""
    left = world.grid(left_share(teachers) * teachers.count, 0)
    before = np.concatenate([np.zeros((world.schools, 1)), left[:, :-1]], axis=1)
    counted: np.ndarray = np.rint(world.at(before))
    return counted


def _central(world: World, total: np.ndarray) -> pd.DataFrame:
    rng = world.streams.of("central money")
    yearly = np.bincount(world.t, total, world.years)
    frames = []
    for function, (share, split) in CENTRAL.items():
        dollars = spread_over(np.rint(yearly * share).astype(np.int64), np.tile(split, (world.years, 1)))
        planned = np.rint(dollars * np.exp(0.03 * rng.normal(size=dollars.shape)))
        frames.append(
            pd.DataFrame(
                {
                    "unit_id": LEAID,
                    "school_id": None,
                    "leaid": LEAID,
                    "year": np.repeat(np.arange(world.years) + FIRST_YEAR, len(OBJECTS)),
                    "function": function,
                    "object": np.tile(OBJECTS, world.years),
                    "spend_usd": dollars.ravel(),
                    "budgeted_usd": planned.ravel().astype(np.int64),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def buildings(world: World) -> Buildings:
    """Let every building age, the neediest schools' worst, and renovate a few."""
    rng, extra = world.streams.of("buildings"), world.streams.of("annexes").random(world.schools) < 0.25
    school, _ = within(1 + extra)
    main = np.concatenate([[True], school[1:] != school[:-1]]) if len(school) else np.empty(0, dtype=bool)
    peak = world.size.max(axis=1)[school] * 1.25
    capacity = 5 * np.rint(np.where(main, np.where(extra[school], 0.8, 1.0), 0.2) * peak / 5 + 2)
    area = 10 * np.rint(capacity * (150 + 15 * rng.normal(size=len(school))) / 10)
    built = (1968 + 17 * rng.normal(size=len(school)) - 4 * world.need[school]).clip(1915, FIRST_YEAR - 1).astype(int)
    start = np.clip(
        0.065 + 0.03 * world.need[school] + 0.0015 * (1968 - built) + 0.05 * rng.normal(size=len(school)), 0.005, 0.6
    )
    worn = start[:, None] + 0.009 * np.arange(world.years)
    mended = np.where(rng.random(len(school)) < 0.2, rng.integers(1, max(world.years, 2), len(school)), world.years)
    after = np.arange(world.years) >= mended[:, None]
    worn = np.where(after, 0.25 * worn, worn)
    price = 10 * np.rint(330 * 1.03 ** np.arange(world.years))[None, :] / 10
    value = np.rint(area[:, None] * price / 1000) * 1000
    deferred = np.rint(value * worn / 1000) * 1000
    place = world.grid(np.arange(len(world.s)), -1).astype(np.int64)
    which, year = np.nonzero(world.open[school])
    at = place[school[which], year]
    renovated = np.where(after[which, year], FIRST_YEAR + mended[which], np.nan)
    value, deferred = value[which, year], deferred[which, year]
    index = np.bincount(at, deferred, len(world.s)) / np.bincount(at, value, len(world.s))
    return Buildings(at, which, area[which], capacity[which], built[which], renovated, value, deferred, index)


def facilities(world: World, built: Buildings) -> pd.DataFrame:
    """Make `facilities`."""
    rng, index = world.streams.of("work orders"), built.deferred / built.value
    grade = np.digitize(index, (0.05, 0.1, 0.3), right=True)
    return pd.DataFrame(
        {
            "facility_id": np.array(
                [f"B{n + 1:05d}" for n in range(int(built.which.max(initial=-1)) + 1)], dtype=object
            )[built.which],
            "year": world.year[built.at],
            "school_id": world.school_id[world.s][built.at],
            "built_year": built.built,
            "renovated_year": built.renovated,
            "area_sqft": built.area,
            "capacity_n": built.capacity.astype(np.int64),
            "replacement_value_usd": built.value,
            "deferred_maintenance_usd": built.deferred,
            "condition": np.array(["good", "fair", "poor", "critical"], dtype=object)[grade],
            "work_orders_n": rng.poisson(10 + 250 * index),
        }
    )
