"""The school day: who gets algebra, classes that hold every pupil once, sections, teachers' posts and bells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate.planted import planted
from leadlib.simulate.programs import Programs
from leadlib.simulate.pupils import K, Pupils, hide_small
from leadlib.simulate.streams import ids, within
from leadlib.simulate.world import GRADES, RACES, World

SUBJECTS = np.array(["english", "mathematics", "science", "social studies", "arts and movement", "electives"],
                    dtype=object)  # fmt: skip
PERIODS = len(SUBJECTS)
LOAD = 5  # sections a teacher teaches in a day of six periods
CLASS, CAPACITY = (22, 26), (26, 30)  # mean at most, room for: grades K to 5, and above
EXTRA = 0.18  # teachers without a section of their own, for each with one
READY = np.array([0.06, -0.05, -0.04, 0.1, -0.04, -0.02, 0.0])


@dataclass(frozen=True)
class Timetable:
    """Classes that stay together all day. `row` is the place of the open school year, `track` 1 for algebra."""

    ready: np.ndarray  # open school years x races x sexes
    algebra: np.ndarray
    row: np.ndarray
    grade: np.ndarray
    track: np.ndarray
    size: np.ndarray
    homerooms: np.ndarray  # open school years
    classes: np.ndarray  # open school years; classes that move from period to period

    @property
    def per_subject(self) -> np.ndarray:
        """Teachers needed in each subject, open school years."""
        needed: np.ndarray = -(-self.classes // LOAD)
        return needed

    @property
    def posts(self) -> np.ndarray:
        """Teachers needed in all, open school years."""
        own = self.homerooms + PERIODS * self.per_subject
        total: np.ndarray = own + np.rint(EXTRA * own).astype(np.int64)
        return total


def plan(world: World, programs: Programs, pupils: Pupils) -> Timetable:
    """Part the pupils of every grade into classes."""
    ready, algebra = _algebra(world, programs, pupils)
    taking = algebra.sum(axis=(1, 2))
    n = np.repeat(pupils.by_grade[:, :, None], 2, axis=2)
    n[:, :, 1] = 0
    n[:, 8, 1], n[:, 8, 0] = taking, n[:, 8, 0] - taking
    at, grade, track = np.nonzero(n > 0)
    count = n[at, grade, track]
    per = np.where(grade <= 5, CLASS[0], CLASS[1])
    group, _ = within(-(-count // per))
    weight = world.streams.of("classes").uniform(0.94, 1.06, len(group))
    size = portion(count, group, weight)
    at, grade, track = at[group], grade[group], track[group]
    home = np.bincount(at[grade <= 5], minlength=len(world.s))
    moving = np.bincount(at[grade > 5], minlength=len(world.s))
    return Timetable(ready, algebra, at, grade, track, size, home, moving)


def portion(total: np.ndarray, group: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Split whole numbers over the members of each group by weight so that each group adds up exactly."""
    share = total[group] * weight / np.bincount(group, weight)[group]
    whole = np.floor(share).astype(np.int64)
    lack = total - np.bincount(group, whole).astype(np.int64)
    order = np.lexsort((whole - share, group))
    _, place = within(np.bincount(group, minlength=len(total)))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = place
    parts: np.ndarray = whole + (rank < lack[group])
    return parts


def _algebra(world: World, programs: Programs, pupils: Pupils) -> tuple[np.ndarray, np.ndarray]:
    """Draw who is ready for algebra in grade 8 and who is enrolled, by race and sex."""
    rng, eighth = world.streams.of("algebra"), pupils.cells[:, 8]
    chance = np.clip(0.4 - 0.13 * world.need[world.s][:, None, None] + READY[:, None], 0.05, 0.9)
    ready = rng.binomial(eighth, np.broadcast_to(chance, eighth.shape))
    p = planted()
    chosen = np.full(len(RACES), p["algebra_choice_other"])
    chosen[[0, 3]] = p["algebra_choice_white"]
    automatic = world.at(programs.on("automatic-algebra", world))[:, None, None]
    rate = np.where(automatic, p["algebra_automatic"], np.broadcast_to(chosen[:, None], eighth.shape[1:]))
    return ready, rng.binomial(ready, rate)


def course_access(world: World, pupils: Pupils, table: Timetable) -> pd.DataFrame:
    """Make `course_access`: Algebra 1 in grade 8 and advanced courses in grades 11 and 12."""
    eighth = np.flatnonzero(pupils.by_grade[:, 8] > 0)
    upper = np.flatnonzero(pupils.by_grade[:, 12] > 0)
    rng = world.streams.of("advanced")
    older = pupils.cells[upper][:, 11:13].sum(axis=1)
    chance = np.clip(0.26 - 0.08 * world.need[world.s][upper][:, None, None] + READY[:, None], 0.03, 0.8)
    taken = rng.binomial(older, np.broadcast_to(chance, older.shape))
    passed = rng.binomial(taken, 0.7), world.streams.of("passed").binomial(table.algebra[eighth], 0.86)
    sections = np.bincount(table.row[table.track == 1], minlength=len(world.s))[eighth]
    one = _access(world, eighth, "algebra_1_grade_8", pupils.cells[eighth, 8], table.ready[eighth],
                  table.algebra[eighth], passed[1], sections)  # fmt: skip
    two = _access(world, upper, "ap_any", older, None, taken, passed[0], None)
    frame = pd.concat([one, two], ignore_index=True)
    few = frame["eligible_n"].lt(K).to_numpy()
    counts = frame[["ready_n", "enrolled_n", "passed_n"]]
    hide_small(frame, ("ready_n", "enrolled_n", "passed_n"), few | (counts.lt(K) & counts.gt(0)).any(axis=1).to_numpy())
    absent = (frame["course"] == "ap_any").to_numpy() & ~few & (frame["ready_n__why"] != "suppressed").to_numpy()
    frame.loc[absent, "ready_n__why"] = "not_applicable"
    return frame


def _access(
    world: World,
    at: np.ndarray,
    course: str,
    eligible: np.ndarray,
    ready: np.ndarray | None,
    enrolled: np.ndarray,
    passed: np.ndarray,
    sections: np.ndarray | None,
) -> pd.DataFrame:
    def margins(cells: np.ndarray) -> np.ndarray:
        by_sex = cells.sum(axis=1)
        all_: np.ndarray = np.concatenate([by_sex.sum(axis=1)[:, None], cells.sum(axis=2), by_sex], axis=1)
        return all_.astype(float)

    names = np.array(["All", *RACES, "Female", "Male"], dtype=object)
    offered = enrolled.sum(axis=(1, 2)) > 0
    blank = np.full((len(at), len(names)), np.nan)
    box = {
        "school_id": np.repeat(world.school_id[world.s][at], len(names)),
        "year": np.repeat(world.year[at], len(names)),
        "course": course,
        "group": np.tile(names, len(at)),
        "offered": np.repeat(offered, len(names)),
        "eligible_n": margins(eligible).ravel(),
        "ready_n": (blank if ready is None else margins(ready)).ravel(),
        "enrolled_n": margins(enrolled).ravel(),
        "passed_n": margins(passed).ravel(),
    }
    counted = blank[:, 0] if sections is None else sections.astype(float)
    shown = np.where(np.tile(names == "All", len(at)), np.repeat(counted, len(names)), np.nan)
    why = np.where(
        np.isnan(shown), np.where(np.tile(names == "All", len(at)), "not_reported", "not_applicable"), "reported"
    )
    return pd.DataFrame(box | {"sections_n": shown, "sections_n__why": why.astype(object)})


def sections(world: World, table: Timetable, first_teacher: np.ndarray, teacher_id: np.ndarray) -> pd.DataFrame:
    """Make `sections`: every pupil sits in one class in every period, a teacher in one room at a time.

    `first_teacher` is the place of each open school year's first teacher in `teacher_id`.
    """
    _, seat = within(np.bincount(table.row, minlength=len(world.s)))
    low = np.flatnonzero(table.grade <= 5)
    high = np.flatnonzero(table.grade > 5)
    turn = seat[high] - table.homerooms[table.row[high]]
    cohort, period = np.repeat(high, PERIODS), np.tile(np.arange(PERIODS), len(high))
    subject = (np.repeat(turn, PERIODS) + period) % PERIODS
    at = table.row[cohort]
    order = np.lexsort((np.repeat(turn, PERIODS), period, subject, at))
    _, place = within(np.bincount(at * PERIODS + subject, minlength=len(world.s) * PERIODS))
    nth = np.empty(len(order), dtype=np.int64)
    nth[order] = place
    post = table.homerooms[at] + subject * table.per_subject[at] + nth % table.per_subject[at]
    who = np.concatenate([first_teacher[table.row[low]] + seat[low], first_teacher[at] + post])
    cohort = np.concatenate([low, cohort])
    at, grade = table.row[cohort], table.grade[cohort]
    name = np.concatenate([np.full(len(low), "homeroom", dtype=object), SUBJECTS[subject]])
    track = (table.track[cohort] == 1) & (name == "mathematics")
    primary = world.level[world.s][table.row[low]] == 0
    meets = np.concatenate([np.where(primary, "morning", "1"), np.array(list("123456"), dtype=object)[period]])
    rooms = np.concatenate([seat[low], post])
    frame = pd.DataFrame(
        {
            "school_id": world.school_id[world.s][at],
            "year": world.year[at],
            "course": np.where(track, "Algebra 1", _courses(name, grade)),
            "course_level": np.where(track, "honors", "regular"),
            "subject": name,
            "grade": GRADES[grade],
            "teacher_id": teacher_id[who],
            "term": "year",
            "period": meets.astype(object),
            "room": ids("R", rooms + 1, 3),
            "enrolled_n": table.size[cohort],
            "capacity_n": np.where(grade <= 5, *CAPACITY),
        }
    )
    frame = frame.iloc[np.lexsort((rooms, period_order(meets), at))].reset_index(drop=True)
    frame.insert(0, "section_id", [f"X{n:07d}" for n in range(1, len(frame) + 1)])
    return frame


def period_order(period: np.ndarray) -> np.ndarray:
    """Number the periods of a day in their order."""
    known = {"morning": 0} | {str(n): n for n in range(1, PERIODS + 1)}
    order: np.ndarray = np.array([known[p] for p in period.tolist()], dtype=np.int64)
    return order


def _courses(subject: np.ndarray, grade: np.ndarray) -> np.ndarray:
    names = sorted({*SUBJECTS.tolist(), "homeroom"})
    words = np.array([[f"{n.capitalize()} {g}" for g in GRADES] for n in names], dtype=object)
    place = {n: k for k, n in enumerate(names)}
    chosen: np.ndarray = words[np.array([place[n] for n in subject.tolist()], dtype=np.int64), grade]
    return chosen


def bells(world: World, day_min: np.ndarray) -> pd.DataFrame:
    """Make `bells`: blocks that follow one another from the first bell to the last and fill the day."""
    rng = world.streams.of("bells")
    passing = rng.integers(3, 8, world.schools)[world.s]
    advisory = rng.integers(0, 5, world.schools)[world.s] * 5
    recess = rng.integers(3, 6, world.schools)[world.s] * 5
    first = 455 + 5 * rng.integers(0, 12, world.schools)[world.s]
    frames = []
    for low in (True, False):
        at = np.flatnonzero((world.level[world.s] == 0) == low)
        if low:
            names = ["morning", "recess", "midday", "lunch", "afternoon"]
            kinds = ["class", "recess", "class", "lunch", "class"]
            rest = day_min[at] - recess[at] - 30
            blocks = [rest * 2 // 5, recess[at], rest // 3, np.full(len(at), 30), rest - rest * 2 // 5 - rest // 3]
        else:
            names = [
                "advisory",
                "1",
                "passing 1",
                "2",
                "passing 2",
                "3",
                "lunch",
                "4",
                "passing 3",
                "5",
                "passing 4",
                "6",
            ]
            kinds = ["class" if n.isdigit() else n.split()[0] for n in names]
            each = (day_min[at] - advisory[at] - 30 - 4 * passing[at]) // PERIODS
            left = day_min[at] - 30 - 4 * passing[at] - PERIODS * each
            length = {"advisory": left, "passing": passing[at], "lunch": np.full(len(at), 30), "class": each}
            blocks = [length[k] for k in kinds]
        frames.append(_blocks(world, at, names, kinds, np.stack(blocks, axis=1), first[at]))
    return pd.concat(frames, ignore_index=True)


def _blocks(
    world: World, at: np.ndarray, names: list[str], kinds: list[str], minutes: np.ndarray, first: np.ndarray
) -> pd.DataFrame:
    clock = np.array([f"{m // 60:02d}:{m % 60:02d}" for m in range(24 * 60)], dtype=object)
    end = first[:, None] + np.cumsum(minutes, axis=1)
    return pd.DataFrame(
        {
            "school_id": np.repeat(world.school_id[world.s][at], len(names)),
            "year": np.repeat(world.year[at], len(names)),
            "period": np.tile(np.array(names, dtype=object), len(at)),
            "kind": np.tile(np.array(kinds, dtype=object), len(at)),
            "start_time": clock[(end - minutes).ravel()],
            "end_time": clock[end.ravel()],
            "minutes": minutes.ravel(),
            "days_per_week": 5,
        }
    )
