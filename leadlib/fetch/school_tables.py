"""Schools, who they serve and who teaches there: from the Common Core of Data."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from leadlib.fetch.plans import Got, Part, Plan
from leadlib.fetch.shape import GRADES, RACES, SEXES, copied, joined, put, share, unique, words, yes_no

LEVELS: Mapping[int, str] = {1: "Primary", 2: "Middle", 3: "High", **dict.fromkeys((0, 4, 5, 6, 7), "Other")}
TYPES: Mapping[int, str] = {
    1: "Regular",
    2: "Special education",
    3: "Vocational",
    4: "Alternative",
    5: "Reportable program",
}
PLACES: Mapping[int, str] = {
    11: "City, large", 12: "City, midsize", 13: "City, small", 21: "Suburb, large", 22: "Suburb, midsize",
    23: "Suburb, small", 31: "Town, fringe", 32: "Town, distant", 33: "Town, remote", 41: "Rural, fringe",
    42: "Rural, distant", 43: "Rural, remote", 1: "Large city", 2: "Midsize city", 3: "Urban fringe of large city",
    4: "Urban fringe of midsize city", 5: "Large town", 6: "Small town", 7: "Rural, outside CBSA",
    8: "Rural, inside CBSA",
}  # fmt: skip
STATUS: Mapping[int, str] = {
    1: "open", 2: "closed", 3: "new", 4: "open", 5: "changed district", 6: "temporarily closed", 8: "reopened",
}  # fmt: skip
FUTURE = 7
TITLE_I: Mapping[int, str] = {
    1: "eligible, no program",
    2: "targeted assistance",
    3: "targeted assistance",
    4: "eligible, no program",
    5: "schoolwide",
    6: "not eligible",
}
DIRECTORY = "school-directory"


def _directory(got: Got) -> pd.DataFrame | None:
    """Give the directory without schools that are yet to open."""
    frame = got.frame(DIRECTORY)
    return None if frame is None else frame[frame["school_status"].ne(FUTURE)].reset_index(drop=True)


def schools(got: Got) -> pd.DataFrame | None:
    """Make the table of schools: each school once, as its newest year has it."""
    frame = _directory(got)
    if frame is None:
        return None
    frame = frame.sort_values(["ncessch", "year"], kind="stable")
    newest = frame.drop_duplicates("ncessch", keep="last").reset_index(drop=True)
    for name in ("school_name", "lea_name", "leaid", "school_level"):  # what the newest year lacks, an older may have
        last = frame.dropna(subset=[name]).drop_duplicates("ncessch", keep="last").set_index("ncessch")[name]
        newest[name] = newest["ncessch"].map(last)
    made: dict[str, pd.Series] = {"school_id": newest["ncessch"], "ncessch": newest["ncessch"]}
    for name in ("school_name", "leaid", "lea_name"):
        made[name] = newest[name].fillna("(not named)")
        got.note(int(newest[name].isna().sum()), f"schools have no {name} in the source.")
    level = newest["school_level"].map(LEVELS)
    got.note(int(level.isna().sum()), "schools have no level in the source and are given as Other.")
    secondary = int(newest["school_level"].eq(7).sum())
    got.note(secondary, "secondary schools (of which the source does not say Middle or High) are given as Other.")
    made["school_level"] = level.fillna("Other")
    for name in ("seasch", "state_leaid", "fips", "lowest_grade_offered", "highest_grade_offered"):
        copied(made, newest, name)
    put(made, "school_type", *words(newest, "school_type", TYPES))
    put(made, "urbanicity", *words(newest, "urban_centric_locale", PLACES))
    for name in ("charter", "magnet"):
        put(made, name, *yes_no(newest, name))
    put(made, "virtual", *words(newest, "virtual", {0: False, 1: True, 2: False, 3: False}))
    return pd.DataFrame(made)


def school_years(got: Got) -> pd.DataFrame | None:
    """Make the table of school years: enrollment and need, shares made of the source's counts."""
    frame = _directory(got)
    if frame is None:
        return None
    made: dict[str, pd.Series] = {"school_id": frame["ncessch"], "year": frame["year"].astype(int)}
    copied(made, frame, "enrollment")
    shares = {
        "free_or_reduced_price_lunch": "pupils eligible for free or reduced-price lunch",
        "free_lunch": "pupils eligible for free lunch",
        "direct_certification": "pupils certified directly",
    }
    for name, called in shares.items():
        if name in frame.columns:
            value, why, above = share(frame, name, "enrollment")
            put(made, f"{name}_pct", value, why)
            got.note(above, f"school years have more {called} than pupils; their share is given as not reported.")
    put(made, "school_status", *words(frame, "school_status", STATUS))
    put(made, "title_i_status", *words(frame, "title_i_status", TITLE_I))
    if "lunch_program" in frame.columns:
        put(made, "community_eligibility", *words(frame, "lunch_program", {k: k == 2 for k in range(6)}))
    return pd.DataFrame(made)


def enrollment(got: Got) -> pd.DataFrame | None:
    """Make the table of enrollment by grade, race and sex."""
    frame = got.frame("school-enrollment", "race-sex")
    if frame is None:
        return None
    made: dict[str, pd.Series] = {"school_id": frame["ncessch"], "year": frame["year"].astype(int)}
    for name, called in (("grade", GRADES), ("race", RACES), ("sex", SEXES)):
        made[name] = frame[name].map(called)
    copied(made, frame, "enrollment")
    table = pd.DataFrame(made)
    whole = table[["grade", "race", "sex"]].notna().all(axis=1)
    got.note(int((~whole).sum()), "rows of enrollment have no grade, race or sex in the source and are set aside.")
    return table[whole].reset_index(drop=True)


def staff_years(got: Got) -> pd.DataFrame | None:
    """Make the table of staff: teachers from the Common Core, beginners and certificates from the Civil Rights Data."""
    frame = _directory(got)
    if frame is None:
        return None
    made: dict[str, pd.Series] = {"school_id": frame["ncessch"], "year": frame["year"].astype(int)}
    copied(made, frame, "teachers_fte")
    put(made, "pupils_per_teacher", *_per_teacher(frame, got))
    table = pd.DataFrame(made)
    rights = _rights(got)
    for name in ("first_year_teachers_pct", "full_credential_pct"):
        if rights is not None and name in rights:
            table = joined(table, rights, ["school_id", "year"], name)
    return table


def _per_teacher(frame: pd.DataFrame, got: Got) -> tuple[pd.Series, pd.Series]:
    teachers, why = frame["teachers_fte"], frame["enrollment__why"].astype("str")
    why = why.where(why.ne("reported"), frame["teachers_fte__why"].astype("str"))
    why = why.where(~teachers.eq(0) | why.ne("reported"), "not_applicable")
    value = (frame["enrollment"] / teachers.where(teachers.gt(0))).round(6)
    odd = value.gt(100)
    got.note(int(odd.sum()), "school years have over 100 pupils for a teacher; that is given as not reported.")
    return value.where(why.eq("reported") & ~odd), why.where(~odd, "not_reported")


def _rights(got: Got) -> pd.DataFrame | None:
    frame = got.frame("crdc-staff")
    if frame is None:
        return None
    frame = frame.assign(school_id=frame["ncessch"], year=frame["year"].astype(int))
    frame, shared = unique(frame, ["school_id", "year"])
    got.note(shared, "rows on staff of the Civil Rights Data share their school's id and are set aside.")
    made: dict[str, pd.Series] = {"school_id": frame["school_id"], "year": frame["year"]}
    first, second = "teachers_first_year_fte", "teachers_second_year_fte"
    if first in frame.columns and second in frame.columns:
        both = frame.assign(new=frame[first] + frame[second])
        why = frame[f"{first}__why"].astype("str")
        both["new__why"] = why.where(why.ne("reported"), frame[f"{second}__why"].astype("str"))
        value, reason, above = share(both, "new", "teachers_fte_crdc")
        put(made, "first_year_teachers_pct", value, reason)
        got.note(above, "schools have more first-year and second-year teachers than teachers; not reported.")
    if "teachers_certified_fte" in frame.columns:
        value, reason, above = share(frame, "teachers_certified_fte", "teachers_fte_crdc")
        put(made, "full_credential_pct", value, reason)
        got.note(above, "schools have more certified teachers than teachers; not reported.")
    return pd.DataFrame(made)


_WHO = ("ncessch", "leaid", "fips", "year", "school_status", "enrollment")
_SCHOOLS = (
    *_WHO, "school_name", "lea_name", "seasch", "state_leaid", "school_level", "school_type", "lowest_grade_offered",
    "highest_grade_offered", "urban_centric_locale", "charter", "magnet", "virtual",
)  # fmt: skip
_YEARS = (
    *_WHO, "free_or_reduced_price_lunch", "free_lunch", "direct_certification", "title_i_status", "lunch_program",
)  # fmt: skip
_STAFF = (
    "ncessch", "leaid", "fips", "teachers_fte_crdc", "teachers_first_year_fte", "teachers_second_year_fte",
    "teachers_certified_fte",
)  # fmt: skip
PLANS = (
    Plan("schools", (Part(DIRECTORY, _SCHOOLS),), schools),
    Plan("school_years", (Part(DIRECTORY, _YEARS),), school_years),
    Plan(
        "enrollment", (Part("school-enrollment", ("ncessch", "leaid", "fips", "enrollment"), "race-sex"),), enrollment
    ),
    Plan(
        "staff_years", (Part(DIRECTORY, (*_WHO, "teachers_fte")), Part("crdc-staff", _STAFF, beside=True)), staff_years
    ),
)
