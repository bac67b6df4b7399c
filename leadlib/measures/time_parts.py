"""What a logged week holds in minutes, and in the units that are set beside results; formal observation in hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.groups import by_school
from leadlib.measures.timelogs import DAY_TO_DAY, KEYS, ORGANIZATION, PROGRAM

if TYPE_CHECKING:
    from leadlib.tables import School

MEASURES = {
    "walkthroughs": "Walkthroughs",
    "coaching": "Coaching of teachers",
    "other": "Other day-to-day instruction",
    "program": "Instructional program",
    "instruction": "All instruction",
    "organization": "Organization management",
}
"""What `minutes` gives of a logged week, with names for readers."""


def minutes(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the logged weeks in the minutes of `MEASURES`: school_id, year, week and these."""
    day, program = frame[DAY_TO_DAY], frame[PROGRAM]
    found = frame[[*KEYS, "week"]].assign(
        walkthroughs=frame["walkthrough"],
        coaching=frame["coaching"],
        other=day - frame["walkthrough"] - (frame["coaching"] - frame["coached_program"]),
        program=program - frame["coached_program"],
        instruction=day + program,
        organization=frame[ORGANIZATION],
        total=frame["total"],
    )
    return found.reset_index(drop=True)


def hours(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the logged weeks in the units of the slopes: school_id, year, week, and hours or tenths."""
    known = minutes(frame)
    return known[[*KEYS, "week"]].assign(
        walkthrough_hours=known["walkthroughs"] / 60,
        coaching_hours=known["coaching"] / 60,
        other_instruction_hours=(known["other"] + known["program"]) / 60,
        instruction_hours=(known["instruction"] - known["coaching"]) / 60,
        organization_tenths=10 * known["organization"] / known["total"],
    )


def evaluation(school: School) -> pd.DataFrame | None:
    """Give teachers, and hours of formal observation for each of them, by school and year; None without tables."""
    if not (school.has("observations") and school.has("teachers")):
        return None
    seen = school.table("observations")
    formal = seen[seen["kind"] == "formal"].groupby(KEYS)["observation_min"].sum()
    staff = school.table("teachers").groupby(KEYS)["teacher_id"].nunique()
    known = formal.index.get_level_values("year").unique()
    staff = staff[staff.index.get_level_values("year").isin(known) & (staff > 0)]
    spent = formal.reindex(staff.index).fillna(0.0).astype(float) / 60 / staff
    return pd.DataFrame({"teachers": staff, "hours": spent}).reset_index()


def posts(school: School) -> float | None:
    """Give the full-time posts of this school's teachers in its year; None where the pack does not count them."""
    if not school.has("staff_years"):
        return None
    table = school.table("staff_years")
    if "teachers_fte" not in table:
        return None
    found: Any = by_school(table, school.year)["teachers_fte"].get(school.school_id)
    return float(found) if found is not None and np.isfinite(found) and found > 0 else None
