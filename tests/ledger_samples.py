"""Five small schools with a log, a budget, staff, bells and sections: all numbers can be checked in the head."""

from __future__ import annotations

import designs_samples as make
import pandas as pd

IDS = ("a", "b", "c", "d", "e")
LEVEL = "All primary schools"


def _by_school(rows: dict[str, float], key: str, amount: str, **about: object) -> pd.DataFrame:
    frames = [pd.DataFrame({"school_id": s, "year": 2001, key: list(rows), amount: list(rows.values())}) for s in IDS]
    return pd.concat(frames, ignore_index=True).assign(**about)


def school(school_id: str = "a", year: int = 2001) -> make.FakeSchool:
    """Give a pack in which all schools are alike but for school a, whose principal coaches more."""
    schools = pd.DataFrame(
        {"school_id": IDS, "school_name": [f"School {s}" for s in IDS], "leaid": "L1", "lea_name": "District"}
    ).assign(school_level="Primary")
    log = _by_school(
        {"administration": 50.0, "day-to-day instruction": 10.0, "internal relations": 40.0},
        "activity",
        "minutes",
        week=1,
    )
    log.loc[log["school_id"] == "a", "minutes"] = [45.0, 30.0, 25.0]
    lines = _by_school(
        {
            "exp_current_instruction_total": 600.0,
            "exp_current_instruc_staff": 50.0,
            "exp_current_sch_admin": 150.0,
            "exp_current_operation_plant": 200.0,
            "outlay_capital_total": 9000.0,
        },
        "function",
        "spend_usd",
        object="all",
        leaid="L1",
    )
    lines["unit_id"] = lines["school_id"]
    staff = pd.DataFrame({"school_id": IDS, "year": 2001, "teachers_fte": 16.0, "school_administrators_fte": 1.0})
    support = _by_school({"counselor": 2.0, "librarian": 1.0}, "role", "fte")
    bells = _by_school({"1": 60.0, "passing 1": 10.0, "lunch": 30.0}, "period", "minutes", days_per_week=5.0)
    bells["kind"] = bells["period"].map({"1": "class", "passing 1": "passing", "lunch": "lunch"})
    years = pd.DataFrame({"school_id": IDS, "year": 2001, "enrollment": 400.0})
    fields = {
        "schools": (make.about("school_id", "School", None),),
        "school_years": (make.about("enrollment", "Pupils enrolled", "pupils", role="size"),),
        "staff_years": (
            make.about("teachers_fte", "Teachers", "fte", leadership="instructional"),
            make.about("school_administrators_fte", "Administrators", "fte", leadership="administrative"),
        ),
    }
    tables = {
        "schools": schools,
        "school_years": years,
        "principal_time": log,
        "budget_lines": lines,
        "staff_years": staff,
        "support_staff": support,
        "bells": bells,
    }
    return make.FakeSchool(tables, fields, school_id=school_id, year=year)


def teachers(left: dict[int, int], n: int = 20, school_id: str = "a", new: int = 4) -> pd.DataFrame:
    """Give n teachers a year, of whom so many leave and so many are new to teaching."""
    rows = [
        (f"t{k}", year, school_id, 0.0 if k < new else 9.0, k < gone) for year, gone in left.items() for k in range(n)
    ]
    columns = ["teacher_id", "year", "school_id", "experience_years", "left_next_year"]
    return pd.DataFrame(rows, columns=columns).astype({"left_next_year": "boolean"})
