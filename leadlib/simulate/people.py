"""Teachers: careers over the years, who leaves and where new ones go, and the staff of each school."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate.planted import planted
from leadlib.simulate.programs import Programs
from leadlib.simulate.streams import ids
from leadlib.simulate.timetable import PERIODS, SUBJECTS, Timetable
from leadlib.simulate.world import World

NEW_LEAVES, LEAVES, RETIRES = 0.24, 0.125, 0.2
STAYS, MOVES, GOES, ENDS = "stays", "moves in the district", "leaves the district", "retires"


@dataclass(frozen=True)
class Teachers:
    """One entry a teacher a year, by open school year; `first` and `count` say where each school year's stand."""

    number: np.ndarray
    row: np.ndarray  # place of the open school year
    experience: np.ndarray
    masters: np.ndarray
    certified: np.ndarray
    skill: np.ndarray  # of the person, standardized
    new_here: np.ndarray
    left: np.ndarray
    after: np.ndarray  # what the teacher does next year
    first: np.ndarray
    count: np.ndarray

    @property
    def novice(self) -> np.ndarray:
        """Whether in the first two years of teaching."""
        early: np.ndarray = self.experience < 2
        return early


@dataclass
class _Staff:
    """The teachers of one year."""

    number: np.ndarray
    school: np.ndarray
    experience: np.ndarray
    masters: np.ndarray
    certified: np.ndarray
    skill: np.ndarray
    line: np.ndarray  # fixes the order of a school's teachers, and with it what they teach
    new_here: np.ndarray

    def pick(self, which: np.ndarray) -> _Staff:
        return _Staff(*(column[which] for column in vars(self).values()))

    def join(self, other: _Staff) -> _Staff:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return _Staff(*(np.concatenate([a, b]) for a, b in pairs))


def careers(world: World, programs: Programs, table: Timetable) -> Teachers:
    """Follow every teacher from year to year: leave, move, be replaced; nobody is let go while a school is open."""
    rng = world.streams.of("teachers")
    posts = world.grid(table.posts, 0).astype(np.int64)
    mentors = programs.on("mentoring", world)
    staff, known, years = _hired(world, posts[:, 0], 0, rng, start=True), int(posts[:, 0].sum()), []
    for year in range(world.years):
        staff = staff.pick(np.lexsort((staff.line, staff.school)))
        leaves = rng.random(len(staff.school)) < _risk(world, staff, mentors[:, year], year)
        after = np.where(leaves, GOES, STAYS).astype(object)
        after[leaves & (rng.random(len(leaves)) < 0.35)] = MOVES
        after[leaves & (staff.experience > 28)] = ENDS
        if year + 1 < world.years:
            shut = ~world.open[:, year + 1][staff.school]
            after[shut & ~leaves] = MOVES
            next_, after = _next(world, staff, after, posts[:, year + 1], known, rng)
            known = max(known, int(next_.number.max()) + 1)
        years.append((staff, after))
        staff = next_ if year + 1 < world.years else staff
    return _gather(world, years)


def _risk(world: World, staff: _Staff, mentored: np.ndarray, year: int) -> np.ndarray:
    """Say how likely each teacher is to leave the school after this year."""
    need, leads = world.need[staff.school], world.leads[staff.school, year]
    help_ = planted()["mentoring_retention"] / 100 * mentored[staff.school]
    base = np.where(staff.experience < 2, NEW_LEAVES - help_, LEAVES + RETIRES * (staff.experience > 28))
    risk: np.ndarray = np.clip(base + 0.03 * need - 0.02 * leads, 0.01, 0.9)
    return risk


def _hired(world: World, posts: np.ndarray, known: int, rng: np.random.Generator, *, start: bool = False) -> _Staff:
    """Hire teachers for these posts by school: all ages at the start, mostly new ones later."""
    school = np.repeat(np.arange(world.schools), posts)
    n, need = len(school), world.need[school]
    years = np.floor(rng.gamma(1.15, 10.5 * np.exp(-0.2 * need))).clip(0, 38).astype(np.int64)
    new = rng.random(n) < (0.0 if start else 0.6)
    experience = np.where(new, 0, years)
    masters = rng.random(n) < np.clip(0.25 + 0.035 * experience - 0.03 * need, 0.05, 0.8)
    certified = rng.random(n) < np.clip(0.985 - 0.08 * (experience < 2) - 0.02 * need, 0.5, 1)
    return _Staff(known + np.arange(n), school, experience, masters, certified, rng.normal(size=n), rng.random(n),
                  np.full(n, not start))  # fmt: skip


def _next(
    world: World, staff: _Staff, after: np.ndarray, posts: np.ndarray, known: int, rng: np.random.Generator
) -> tuple[_Staff, np.ndarray]:
    """Make next year's staff: those who stay, those who move to another school, and new ones."""
    stay = after == STAYS
    open_ = np.maximum(posts - np.bincount(staff.school[stay], minlength=world.schools), 0)
    slots = np.repeat(np.arange(world.schools), open_)
    pull = planted()["transfer_pull"]
    slots = slots[np.argsort(pull * world.need[slots] + rng.normal(size=len(slots)), kind="stable")]
    movers = rng.permutation(np.flatnonzero(after == MOVES))
    placed = min(len(movers), len(slots))
    fits = slots[:placed] != staff.school[movers[:placed]]
    goes = np.concatenate([movers[:placed][~fits], movers[placed:]])
    after[goes] = GOES
    moved = staff.pick(movers[:placed][fits])
    moved.school, moved.new_here = slots[:placed][fits], np.full(int(fits.sum()), True)
    kept = staff.pick(stay)
    kept.new_here = np.full(int(stay.sum()), False)
    old = kept.join(moved)
    old.experience = old.experience + 1
    rest = np.concatenate([slots[:placed][~fits], slots[placed:]])
    return old.join(_hired(world, np.bincount(rest, minlength=world.schools), known, rng)), after


def _gather(world: World, years: list[tuple[_Staff, np.ndarray]]) -> Teachers:
    place = world.grid(np.arange(len(world.s)), -1).astype(np.int64)
    at = np.concatenate([place[staff.school, year] for year, (staff, _) in enumerate(years)])
    order = np.argsort(at, kind="stable")

    def column(name: str) -> np.ndarray:
        whole: np.ndarray = np.concatenate([getattr(staff, name) for staff, _ in years])[order]
        return whole

    after = np.concatenate([a for _, a in years])[order]
    count = np.bincount(at, minlength=len(world.s))
    return Teachers(column("number"), at[order], column("experience"), column("masters"), column("certified"),
                    column("skill"), column("new_here"), after != STAYS, after, np.cumsum(count) - count,
                    count)  # fmt: skip


def table(world: World, timetable: Timetable, teachers: Teachers, coaching_min: np.ndarray) -> pd.DataFrame:
    """Make `teachers`; who leaves after the last year is not yet known."""
    at, rng = teachers.row, world.streams.of("teacher file")
    place = np.arange(len(at)) - teachers.first[at]
    home, each = timetable.homerooms[at], timetable.per_subject[at]
    turn = np.clip((place - home) // np.maximum(each, 1), 0, PERIODS - 1)
    extra = place >= home + PERIODS * each
    subject = np.where(place < home, "homeroom", np.where(extra, "special education and support", SUBJECTS[turn]))
    last = world.t[at] == world.years - 1
    why = np.where(last, "not_reported", "reported").astype(object)
    absent = rng.poisson(np.clip(8.5 + 0.8 * world.need[world.s][at] - 0.5 * world.at(world.leads)[at], 1, 25))
    return pd.DataFrame(
        {
            "teacher_id": ids("T", teachers.number + 1, 6),
            "year": world.year[at],
            "school_id": world.school_id[world.s][at],
            "fte": 1.0,
            "experience_years": teachers.experience,
            "degree": np.where(teachers.masters, "master", "bachelor").astype(object),
            "certified": teachers.certified,
            "subject": subject.astype(object),
            "new_to_school": teachers.new_here,
            "coached": coaching_min > 0,
            "coaching_min": coaching_min,
            "absent_days": absent,
            "salary_usd": salaries(world, teachers),
            "left_next_year": pd.Series(teachers.left, dtype="boolean").mask(last),
            "left_next_year__why": why,
            "next_year": pd.Series(teachers.after).mask(last),
            "next_year__why": why,
        }
    )


def salaries(world: World, teachers: Teachers) -> np.ndarray:
    """Give each teacher's salary by the district's schedule: steps for experience, and more for a master's degree."""
    steps = 1 + 0.018 * np.minimum(teachers.experience, 25) + 0.07 * teachers.masters
    pay: np.ndarray = 10 * np.rint(50_000 * 1.025 ** world.t[teachers.row] * steps / 10)
    return pay


def left_share(teachers: Teachers) -> np.ndarray:
    """Give the share of each open school year's teachers who leave after it."""
    share: np.ndarray = np.bincount(teachers.row, teachers.left, len(teachers.count)) / teachers.count
    return share
