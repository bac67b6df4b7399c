"""Attendance, discipline, access to courses and support staff: from the Civil Rights Data Collection."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leadlib.fetch.plans import Got, Part, Plan, stacked
from leadlib.fetch.shape import TOTAL, groups, joined, unique

RACE, EXTRA = "race-sex", ("disability-sex", "lep-sex")
WHO = ["school_id", "year", "group"]
ACTIONS: Mapping[str, str] = {
    "students_susp_in_sch": "in-school suspension",
    "students_susp_out_sch_single": "one out-of-school suspension",
    "students_susp_out_sch_multiple": "more than one out-of-school suspension",
    "expulsions_with_ed_serv": "expulsion with services",
    "expulsions_no_ed_serv": "expulsion without services",
    "transfers_alt_sch_disc": "transfer to alternative school",
    "students_referred_law_enforce": "referral to law enforcement",
    "students_arrested": "school-related arrest",
}
COURSES: Mapping[str, Mapping[str, str]] = {
    "crdc-ap-ib": {
        "enrl_ap": "ap_any",
        "enrl_ap_math": "ap_mathematics",
        "enrl_ap_science": "ap_science",
        "enrl_ap_language": "ap_language",
        "enrl_ap_compsci": "ap_computer_science",
        "enrl_ib": "ib_diploma",
        "enrl_gifted_talented": "gifted",
    },
    "crdc-math-science": {
        "enrl_geometry": "geometry",
        "enrl_algebra2": "algebra_2",
        "enrl_advanced_math": "advanced_mathematics",
        "enrl_calculus": "calculus",
        "enrl_biology": "biology",
        "enrl_chemistry": "chemistry",
        "enrl_physics": "physics",
    },
    "crdc-dual-enrollment": {"enrl_dual_enrollment": "dual_enrollment"},
}
ALGEBRA: Mapping[int, str] = {
    20: "algebra_1_grades_7_8",
    21: "algebra_1_grades_9_10",
    22: "algebra_1_grades_11_12",
    TOTAL: "algebra_1",
}
ROLES: Mapping[str, str] = {
    "counselors_fte": "counselor",
    "psychologists_fte": "psychologist",
    "social_workers_fte": "social worker",
    "nurses_fte": "nurse",
    "security_guard_fte": "security guard",
    "law_enforcement_fte": "law enforcement officer",
}


def _rows(got: Got, endpoint: str, splits: tuple[str, ...]) -> list[pd.DataFrame]:
    """Give an endpoint's answers with school_id, year and group, rows of no group left out."""
    found = []
    for by in splits:
        frame = got.frame(endpoint, by)
        if frame is not None:
            named = frame.assign(school_id=frame["ncessch"], year=frame["year"].astype(int), group=groups(frame))
            other = int(named["group"].isna().sum())
            got.note(
                other, f"rows of {endpoint} by {by} are of two groups at once or of one without a name: not taken."
            )
            named = named[named["group"].notna()].reset_index(drop=True)
            if named.empty:
                got.notes.append(f"{endpoint} by {by}: the source has no totals of a single group; nothing is taken.")
            else:
                found.append(named)
    return found


def _counts(rows: pd.DataFrame, field: str, name: str) -> pd.DataFrame:
    """Give one field of rows as a count under its name in the table."""
    made = rows[[*WHO]].copy()
    if field in rows.columns:
        made[name], made[f"{name}__why"] = rows[field], rows[f"{field}__why"].astype("str")
    else:
        made[name], made[f"{name}__why"] = float("nan"), "not_reported"
    return made


def _one_each(table: pd.DataFrame | None, key: list[str], got: Got, called: str) -> pd.DataFrame | None:
    """Set aside rows of schools that share their id."""
    if table is None:
        return None
    table, shared = unique(table, key)
    got.note(shared, f"rows on {called} of the Civil Rights Data share their school's id and are set aside.")
    return table if len(table) else None


def _enrolled(got: Got) -> pd.DataFrame | None:
    """Give the pupils enrolled of each group, as the same collection counts them."""
    parts = []
    for rows in _rows(got, "crdc-enrollment", (RACE, *EXTRA)):
        part, _ = unique(_counts(rows, "enrollment_crdc", "enrolled_n"), WHO)
        parts.append(part)
    return stacked(parts, WHO)


def _with_enrolled(table: pd.DataFrame | None, got: Got) -> pd.DataFrame | None:
    enrolled = _enrolled(got)
    return table if table is None or enrolled is None else joined(table, enrolled, WHO, "enrolled_n")


def attendance(got: Got) -> pd.DataFrame | None:
    """Make the table of attendance: pupils absent on 15 or more days."""
    parts = []
    for rows in _rows(got, "crdc-chronic-absenteeism", (RACE, *EXTRA)):
        counts = _counts(rows, "students_chronically_absent", "absent_15_days_n")
        one = _one_each(counts, WHO, got, "absence")
        parts += [] if one is None else [one]
    return _with_enrolled(stacked(parts, WHO), got)


def discipline(got: Got) -> pd.DataFrame | None:
    """Make the table of discipline: pupils, by action; all pupils first, then races."""
    parts = []
    for rows in _rows(got, "crdc-discipline", ("disability-sex", "disability-race-sex", "disability-lep-sex")):
        got.notes.append(
            "crdc-discipline: corporal punishment and zero tolerance have no name in the table: not taken."
        )
        for field, action in ACTIONS.items():
            if field in rows.columns:
                counts = _counts(rows, field, "pupils_n").assign(action=action)
                one = _one_each(counts, WHO, got, f"discipline ({action})")
                parts += [] if one is None else [one]
    return _with_enrolled(stacked(parts, [*WHO, "action"]), got)


def course_access(got: Got) -> pd.DataFrame | None:
    """Make the table of access to courses: pupils enrolled, by course."""
    parts = []
    for endpoint, courses in COURSES.items():
        for rows in _rows(got, endpoint, (RACE, *EXTRA)):
            for field, course in courses.items():
                if field in rows.columns:
                    one = _one_each(_counts(rows, field, "enrolled_n").assign(course=course), WHO, got, course)
                    parts += [] if one is None else [_passed(one)]
    for rows in _rows(got, "crdc-algebra1", (RACE, *EXTRA)):
        for code, course in ALGEBRA.items():
            here = rows[rows["grade_crdc"].fillna(TOTAL).eq(code)] if "grade_crdc" in rows.columns else rows.iloc[:0]
            counts = _counts(here, "enrl_algebra1", "enrolled_n").assign(course=course)
            passed = _counts(here, "students_passing_algebra1", "passed_n")
            counts = counts.assign(passed_n=passed["passed_n"], passed_n__why=passed["passed_n__why"])
            one = _one_each(counts, WHO, got, course)
            parts += [] if one is None else [one]
    return stacked(parts, [*WHO, "course"])


def _passed(table: pd.DataFrame) -> pd.DataFrame:
    """Say that the collection does not ask who passed."""
    return table.assign(passed_n=float("nan"), passed_n__why="not_reported")


def support_staff(got: Got) -> pd.DataFrame | None:
    """Make the table of support staff: full-time equivalents, by role."""
    frame = got.frame("crdc-staff")
    if frame is None:
        return None
    rows = frame.assign(school_id=frame["ncessch"], year=frame["year"].astype(int), group="All")
    parts = []
    for field, role in ROLES.items():
        if field in rows.columns:
            counts = _counts(rows, field, "fte").assign(role=role).drop(columns="group")
            one = _one_each(counts, ["school_id", "year"], got, role)
            parts += [] if one is None else [one]
    return stacked(parts, ["school_id", "year", "role"])


def _parts(endpoint: str, fields: tuple[str, ...], *, beside: bool = False) -> tuple[Part, ...]:
    wanted = ("ncessch", "leaid", "fips", *fields)
    more = (Part(endpoint, wanted, by, extra=True, beside=beside) for by in EXTRA)
    return (Part(endpoint, wanted, RACE, beside=beside), *more)


_PUPILS = _parts("crdc-enrollment", ("enrollment_crdc",), beside=True)
_ACTIONS = ("ncessch", "leaid", "fips", *ACTIONS)
PLANS = (
    Plan("attendance", (*_parts("crdc-chronic-absenteeism", ("students_chronically_absent",)), *_PUPILS), attendance),
    Plan(
        "discipline",
        (
            Part("crdc-discipline", _ACTIONS, "disability-sex"),
            Part("crdc-discipline", _ACTIONS, "disability-race-sex"),
            Part("crdc-discipline", _ACTIONS, "disability-lep-sex", extra=True),
            *_PUPILS,
        ),
        discipline,
    ),
    Plan(
        "course_access",
        (
            *(p for endpoint, courses in COURSES.items() for p in _parts(endpoint, tuple(courses))),
            *_parts("crdc-algebra1", ("enrl_algebra1", "students_passing_algebra1")),
        ),
        course_access,
    ),
    Plan("support_staff", (Part("crdc-staff", ("ncessch", "leaid", "fips", *ROLES)),), support_staff),
)
