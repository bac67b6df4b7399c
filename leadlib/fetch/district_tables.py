"""Districts: their money by function (F-33), and their pupils, staff, poverty and revenue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from leadlib.fetch.plans import Got, Part, Plan
from leadlib.fetch.shape import copied, put

FUNCTIONS = (
    "exp_current_instruction_total",
    "exp_current_pupils",
    "exp_current_instruc_staff",
    "exp_current_general_admin",
    "exp_current_sch_admin",
    "exp_current_operation_plant",
    "exp_current_student_transport",
    "exp_current_bco",
    "exp_current_supp_serv_nonspec",
    "exp_current_food_serv",
    "exp_current_enterprise",
    "exp_current_other_elsec",
    "exp_nonelsec",
    "outlay_capital_total",
    "debt_interest",
)
"""Lines that do not overlap; their totals (`exp_total`, `exp_current_elsec_total`) are left out."""
TITLES: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "district-directory": {
        "enrollment": ("integer", "pupils", "Pupils enrolled in the fall."),
        "number_of_schools": ("integer", "schools", "Schools of the district."),
        "english_language_learners": ("integer", "pupils", "Pupils who are English learners."),
        "spec_ed_students": ("integer", "pupils", "Pupils with an individualized education program."),
        "teachers_total_fte": ("number", "ratio", "Teachers in full-time equivalents."),
        "instructional_aides_fte": ("number", "ratio", "Instructional aides in full-time equivalents."),
        "coordinators_fte": ("number", "ratio", "Instructional coordinators and supervisors, among them coaches."),
        "guidance_counselors_total_fte": ("number", "ratio", "Guidance counselors in full-time equivalents."),
        "school_psychologists_fte": ("number", "ratio", "School psychologists in full-time equivalents."),
        "school_administrators_fte": ("number", "ratio", "School administrators in full-time equivalents."),
        "lea_administrators_fte": ("number", "ratio", "District administrators in full-time equivalents."),
        "staff_total_fte": ("number", "ratio", "All staff in full-time equivalents."),
    },
    "district-poverty": {
        "est_population_5_17": ("integer", "pupils", "Children of 5 to 17 years (Census estimate)."),
        "est_population_5_17_poverty": ("integer", "pupils", "Of them in poverty (Census estimate)."),
        "est_population_5_17_poverty_pct": (
            "number",
            "pct",
            "Share in poverty (Census estimate). Percent from 0 to 100.",
        ),
    },
    "district-finance": {
        "rev_total": ("number", "usd", "Revenue of the year, all sources."),
        "rev_fed_total": ("number", "usd", "Revenue from the federal government."),
        "rev_state_total": ("number", "usd", "Revenue from the state."),
        "rev_local_total": ("number", "usd", "Revenue from local sources."),
        "exp_total": ("number", "usd", "All spending of the year."),
        "exp_current_elsec_total": ("number", "usd", "Current spending on elementary and secondary schooling."),
    },
}


def budget_lines(got: Got) -> pd.DataFrame | None:
    """Make the table of budget lines: a line for each district, year and function."""
    frame = got.frame("district-finance")
    if frame is None:
        return None
    parts = []
    for function in (f for f in FUNCTIONS if f in frame.columns):
        made: dict[str, Any] = {
            "unit_id": frame["leaid"],
            "school_id": pd.Series(None, index=frame.index, dtype="str"),
            "school_id__why": "not_applicable",
            "leaid": frame["leaid"],
            "year": frame["year"].astype(int),
            "function": function,
            "object": "all",
        }
        put(made, "spend_usd", frame[function], frame[f"{function}__why"])
        parts.append(pd.DataFrame(made))
    return pd.concat(parts, ignore_index=True) if parts else None


def district_years(got: Got) -> pd.DataFrame | None:
    """Make the table of district years: all that is known of a district in a year."""
    table: pd.DataFrame | None = None
    for endpoint, fields in TITLES.items():
        frame = got.frame(endpoint)
        if frame is None:
            continue
        made: dict[str, pd.Series] = {"leaid": frame["leaid"], "year": frame["year"].astype(int)}
        for name in ("lea_name", *fields) if endpoint == "district-directory" else fields:
            copied(made, frame, name)
        part = pd.DataFrame(made)
        table = part if table is None else table.merge(part, on=["leaid", "year"], how="outer", validate="one_to_one")
    if table is None:
        return None
    for name in [c for c in table.columns if c.endswith("__why")]:
        table[name] = table[name].astype("str").fillna("not_reported")
    return table


def resource() -> dict[str, Any]:
    """Give the dictionary of the table of district years, which the standard does not have."""
    why = [
        {"value": "not_reported", "label": "nobody has given a figure"},
        {"value": "not_applicable", "label": "there can be no figure here"},
        {"value": "suppressed", "label": "held back because too few people stand behind it"},
    ]
    key = [
        _field(
            "leaid", "string", None, "National id of the district, 7 digits.", {"required": True, "pattern": "[0-9]{7}"}
        ),
        _field("year", "year", None, "Fall of the school year: 2023 is the school year 2023–24.", {"required": True}),
        _field("lea_name", "string", None, "Name of the district.", {}),
    ]
    rest = []
    for fields in TITLES.values():
        for name, (kind, unit, words) in fields.items():
            bounds = {} if unit == "usd" else {"minimum": 0, **({"maximum": 100} if unit == "pct" else {})}
            rest.append(_field(name, kind, unit, words, bounds))
    return {
        "name": "district_years",
        "title": "District years",
        "path": "district_years.csv.gz",
        "grain": "a district and school year",
        "schema": {"fields": [*key, *rest], "primaryKey": ["leaid", "year"], "missingValues": why},
    }


def _field(name: str, kind: str, unit: str | None, words: str, constraints: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {"name": name, "title": words.split(".")[0][:60], "type": kind, "description": words}
    return about | ({"unit": unit} if unit else {}) | ({"constraints": constraints} if constraints else {})


PLANS = (
    Plan("budget_lines", (Part("district-finance", ("leaid", "fips", *FUNCTIONS)),), budget_lines),
    Plan(
        "district_years",
        tuple(Part(e, ("leaid", "fips", "lea_name", *fields)) for e, fields in TITLES.items()),
        district_years,
    ),
)
