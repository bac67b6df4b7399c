"""Which program starts where and when, and why there: chance, need, or who asked first."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadlib.simulate.planted import FIRST_YEAR
from leadlib.simulate.streams import standard
from leadlib.simulate.world import HIGHEST, LOWEST, World

ABOUT: tuple[tuple[str, str, str, str, float | None, str], ...] = (
    ("coaching", "Instructional coaching", "coaching", "Cycles of classroom coaching for a share of the teachers; the"
     " district chose schools with much need first, in three waves.", 180.0, "chosen by the district"),
    ("literacy-block", "Daily literacy block", "policy", "A policy on reading time that came to three groups of"
     " schools in turn; a fourth group never took it up. Schools were drawn by lot.", 25.0, "lottery"),
    ("counselors", "More counselors", "support", "One and a half counselors more per 1,000 pupils in the schools"
     " where most pupils were often absent.", 130.0, "chosen by the district"),
    ("mentoring", "Mentors for new teachers", "staffing", "An experienced mentor for each teacher in the first two"
     " years; principals applied.", 40.0, "application"),
    ("device-carts", "Device carts", "technology", "A cart of tablets for each grade; schools applied, mostly those"
     " with little need.", 95.0, "application"),
    ("school-grant", "School grant", "other", "$1,000 or $2,000 more per pupil and year for schools drawn by lot.",
     1500.0, "lottery"),
    ("automatic-algebra", "Automatic enrolment in algebra", "curriculum", "Every pupil in grade 8 whose earlier"
     " results show readiness is enrolled in Algebra 1 unless the family declines.", 0.0, "lottery"),
    ("boundary-change", "New attendance zones", "policy", "Pairs of primary schools with much and with little need"
     " exchange part of their zones.", 60.0, "chosen by the district"),
    ("targeted-support", "Targeted support", "policy", "Support for schools in the lowest 5% of the accountability"
     " index of the year before.", 210.0, "by rule"),
)  # fmt: skip


@dataclass(frozen=True)
class Programs:
    """First year of each program by school (index of the year; the number of years means never), and grant dollars."""

    start: dict[str, np.ndarray]
    wave: np.ndarray  # schools; 0 for schools that never have the literacy policy
    grant_usd: np.ndarray  # schools; dollars per pupil while the grant runs

    def on(self, program: str, world: World) -> np.ndarray:
        """Say for every school and year whether the program runs."""
        running: np.ndarray = np.arange(world.years) >= self.start[program][:, None]
        return running

    def exposure(self, program: str, world: World) -> np.ndarray:
        """Count years since the start, the first as 1; 0 before."""
        counted: np.ndarray = np.maximum(np.arange(world.years) - self.start[program][:, None] + 1, 0)
        return counted


def assign(world: World) -> Programs:
    """Assign schools to programs; those that close or open on the way take part in none."""
    stays, never, need, chance = world.always, world.years, world.need, functools.partial(_chance, world)
    eight = stays & (LOWEST[world.level] <= 8) & (HIGHEST[world.level] >= 8)
    zones = _waves(chance("literacy"), (0.25, 0.25, 0.2), stays)
    plan = {
        "coaching": (_waves(need + 0.7 * chance("coaching"), (0.2, 0.2, 0.15), stays), (1, 3, 5)),
        "literacy-block": (zones, (2, 3, 5)),
        "counselors": (_waves(need + chance("absence"), (0.4,), stays), (3,)),
        "mentoring": (_waves(standard(world.leads[:, 0]) + chance("mentoring"), (0.5,), stays), (2,)),
        "device-carts": (_waves(chance("devices") - 1.2 * need, (0.4,), stays), (2,)),
        "school-grant": (_waves(chance("grant"), (0.6,), stays), (1,)),
        "automatic-algebra": (_waves(chance("algebra"), (0.5,), eight), (3,)),
    }
    start = {}
    for program, (wave, eighths) in plan.items():
        begins = np.array([never, *(eighth * world.years // 8 for eighth in eighths)])
        start[program] = begins[wave]
    start["boundary-change"] = np.where(world.paired >= 0, world.boundary_year, never)
    double = world.streams.of("grant size").random(world.schools) < 0.5
    grant = np.where(start["school-grant"] < never, np.where(double, 2000.0, 1000.0), 0.0)
    return Programs(start, zones, grant)


def _chance(world: World, name: str) -> np.ndarray:
    drawn: np.ndarray = world.streams.of(f"program {name}").normal(size=world.schools)
    return drawn


def _waves(score: np.ndarray, shares: tuple[float, ...], able: np.ndarray) -> np.ndarray:
    """Give each wave, from 1 on, the next share of the able schools, highest score first; 0 is no wave."""
    wave = np.zeros(len(score), dtype=np.int64)
    place = np.flatnonzero(able)
    order = place[np.argsort(-score[place], kind="stable")]
    ends = np.rint(np.cumsum([0.0, *shares]) * len(order)).astype(int)
    for number, (low, high) in enumerate(itertools.pairwise(ends.tolist()), 1):
        wave[order[low:high]] = number
    return wave


def tables(world: World, programs: Programs) -> dict[str, pd.DataFrame]:
    """Make the tables of programs and of where each started."""
    about = [{"program_id": i, "name": n, "kind": k, "description": d, "cost_per_pupil_usd": c}
             for i, n, k, d, c, _ in ABOUT]  # fmt: skip
    starts: list[pd.DataFrame] = []
    for program, _, _, _, _, how in ABOUT:
        first = programs.start[program]
        box: dict[str, Any] = {"program_id": program, "school_id": world.school_id}
        box["first_year"] = np.where(first < world.years, first + float(FIRST_YEAR), np.nan)
        starts.append(pd.DataFrame(box | {"assignment": how}))
    frame = pd.concat(starts, ignore_index=True)
    return {"programs": pd.DataFrame(about), "program_starts": frame}
