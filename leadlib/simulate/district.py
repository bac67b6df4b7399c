"""The whole district in one go: each part made once, handed on to those that need it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate import (
    absence,
    coaching,
    money,
    outcomes,
    people,
    programs,
    pupils,
    survey,
    time_use,
    timetable,
    world,
)
from leadlib.simulate.streams import ids, standard

ORDER = (
    "schools", "school_years", "enrollment", "measures", "outcomes", "targets", "staff_years", "teachers",
    "observations", "coaching_cycles", "principal_time", "leadership_survey", "budget", "budget_lines", "sections",
    "bells", "facilities", "attendance", "discipline", "course_access", "support_staff", "student_climate", "programs",
    "program_starts",
)  # fmt: skip


@dataclass(frozen=True)
class District:
    """A simulated district: its tables, and what is hidden behind them."""

    world: world.World
    programs: programs.Programs
    tables: dict[str, pd.DataFrame]
    hidden: dict[str, pd.DataFrame]


@functools.lru_cache(maxsize=1)
def make(schools: int, years: int, seed: int) -> District:
    """Make a district. The last one made is kept; nobody may change its tables."""
    w = world.build(schools, years, seed)
    plan = programs.assign(w)
    kids = pupils.enrol(w)
    day = timetable.plan(w, plan, kids)
    staff = people.careers(w, plan, day)
    coached = coaching.coach(w, plan, staff)
    seen, hours = coaching.observations(w, staff, coached)
    use = time_use.weeks(w)
    built = money.buildings(w)
    adults, counselors = absence.support(w, plan, kids)
    away = absence.true_rate(w, plan, kids, counselors, built.index)
    causes = outcomes.Causes(
        coached.dose,
        coached.scale,
        use.coaching_min / 60,
        hours,
        use.shares[:, time_use.ORGANIZATION],
        _before(w, staff),
    )
    parts = outcomes.effects(w, plan, causes)
    means = outcomes.true_means(w, parts)
    scores, plan.start["targeted-support"] = outcomes.support(w, outcomes.sit(w, kids, means, away["absence_rate"]))
    base, lines = money.budget(w, plan, kids, staff, coached.minutes, counselors)
    marks = outcomes.table(w, kids, scores)
    tables = pupils.tables(w, kids) | programs.tables(w, plan)
    tables |= {
        "schools": pupils.schools(w),
        "measures": outcomes.measures(w.years),
        "outcomes": marks,
        "targets": outcomes.targets(w, marks),
        "staff_years": staff_years(w, kids, staff, coached, use),
        "teachers": people.table(w, day, staff, coached.minutes),
        "observations": seen,
        "coaching_cycles": coaching.cycles(w, staff, coached),
        "principal_time": time_use.table(w, use),
        "leadership_survey": survey.leadership(w, staff),
        "budget": base,
        "budget_lines": lines,
        "sections": timetable.sections(w, day, staff.first, ids("T", staff.number + 1, 6)),
        "bells": timetable.bells(w, tables["school_years"]["day_min"].to_numpy()),
        "facilities": money.facilities(w, built),
        "attendance": absence.attendance(w, kids, away["absence_rate"]),
        "discipline": absence.discipline(w, kids),
        "course_access": timetable.course_access(w, kids, day),
        "support_staff": adults,
        "student_climate": survey.climate(w, kids),
    }
    hidden = _hidden(w, kids, causes, parts | away, means, use, built.index)
    return District(w, plan, {name: tables[name] for name in ORDER}, hidden | {"teachers": _taught(w, staff, coached)})


def _before(w: world.World, staff: people.Teachers) -> np.ndarray:
    """Give the share of last year's teachers who left, 0 where there was no last year."""
    left = np.nan_to_num(w.grid(people.left_share(staff)))
    earlier: np.ndarray = w.at(np.concatenate([np.zeros((w.schools, 1)), left[:, :-1]], axis=1))
    return earlier


def staff_years(
    w: world.World,
    kids: pupils.Pupils,
    staff: people.Teachers,
    coached: coaching.Coaching,
    use: time_use.TimeUse,
) -> pd.DataFrame:
    """Make `staff_years`: every figure is the sum or mean of the school's rows of `teachers`."""
    at, count, last = staff.row, staff.count, w.t == w.years - 1

    def share(flag: np.ndarray) -> np.ndarray:
        percent: np.ndarray = np.round(100 * np.bincount(at, flag, len(count)) / count, 1)
        return percent

    minutes = np.bincount(at, coached.minutes, len(count))
    person = w.principal
    goes = np.concatenate([person[:, 1:] != person[:, :-1], np.zeros((w.schools, 1), dtype=bool)], axis=1)
    shut = np.concatenate([w.open[:, :-1] & ~w.open[:, 1:], np.zeros((w.schools, 1), dtype=bool)], axis=1)
    first, second = time_use.ratings(w)
    tenure = np.minimum(w.tenure, np.cumsum(w.open, axis=1) + np.where(w.open[:, :1], 50, 0))
    return pd.DataFrame(
        {
            "school_id": w.school_id[w.s],
            "year": w.year,
            "teachers_fte": count.astype(float),
            "pupils_per_teacher": np.round(kids.enrollment / count, 1),
            "teacher_experience_years": np.round(np.bincount(at, staff.experience, len(count)) / count, 1),
            "first_year_teachers_pct": share(staff.novice),
            "teacher_masters_pct": share(staff.masters),
            "full_credential_pct": share(staff.certified),
            "teachers_left_pct": np.where(last, np.nan, share(staff.left)),
            "coaches_fte": np.round(minutes / 45_000, 2),
            "school_administrators_fte": 1.0 + np.maximum(kids.enrollment // 400, 0),
            "principal_id": ids("H", w.at(person) + 1, 5),
            "principal_tenure_years": w.at(tenure),
            "principal_left_next_year": pd.Series(w.at(goes | shut), dtype="boolean").mask(last),
            "principal_week_min": use.week_min.astype(np.int64),
            "principal_rating_instructional": first,
            "principal_rating_managerial": second,
        }
    )


def _hidden(
    w: world.World,
    kids: pupils.Pupils,
    causes: outcomes.Causes,
    parts: dict[str, np.ndarray],
    means: dict[str, np.ndarray],
    use: time_use.TimeUse,
    index: np.ndarray,
) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame(
        {
            "school_id": w.school_id[w.s],
            "year": w.year,
            "need": w.need[w.s],
            "lunch": w.at(w.lunch),
            "effective": w.at(w.effective),
            "leads": w.at(w.leads),
            "belonging": w.at(w.belonging),
            "instruction_hours": (use.minutes(time_use.DAY_TO_DAY) + use.minutes(time_use.PROGRAM)) / 60,
            "walkthrough_hours": use.minutes(time_use.DAY_TO_DAY) * use.walkthrough / 60,
            "condition_index": index,
        }
        | {name: getattr(causes, name) for name in vars(causes)}
        | {f"effect_{name}": values for name, values in parts.items()}
        | {f"true_{name}": values for name, values in means.items()}
    )
    return {"school_years": frame}


def _taught(w: world.World, staff: people.Teachers, coached: coaching.Coaching) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "teacher_id": ids("T", staff.number + 1, 6),
            "year": w.year[staff.row],
            "school_id": w.school_id[w.s][staff.row],
            "instruction": coached.instruction,
            "dose": np.minimum(coached.minutes / coaching.FULL_DOSE_MIN, 1) * coached.scale[staff.row],
            "novice": staff.novice,
            "left": staff.left,
            "leads": standard(w.at(w.leads))[staff.row],
        }
    )
