"""The only way from the raw file to this pack's tables: `python data/tennessee-star/build.py --raw PATH`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from leadlib.tables.write import build

GRADES = {"k": ("K", 1985), "1": ("1", 1986), "2": ("2", 1987), "3": ("3", 1988)}
BY_GRADE = {
    "star": "class_type",
    "read": "read_score",
    "math": "math_score",
    "lunch": "lunch",
    "school": "urbanicity",
    "degree": "teacher_degree",
    "ladder": "teacher_ladder",
    "experience": "teacher_experience_years",
    "tethnicity": "teacher_ethnicity",
    "system": "leaid",
    "schoolid": "school_id",
}
WHERE = {"inner-city": "Inner city", "urban": "Urban", "suburban": "Suburban", "rural": "Rural"}
ADVANCED = ["master", "master+", "specialist", "phd"]
NOT_COMPARABLE = (
    " Each year is another grade, and pupils score higher because they are older: a school is shown against all"
    " schools of the study in the same year."
)
MEASURES = {
    "read_score": (
        "Reading, mean scaled score",
        "Total reading scaled score of the Stanford Achievement Test." + NOT_COMPARABLE,
    ),
    "math_score": (
        "Mathematics, mean scaled score",
        "Total mathematics scaled score of the Stanford Achievement Test." + NOT_COMPARABLE,
    ),
}
KEYS = ["school_id", "year"]


def tables(raw: Path) -> dict[str, pd.DataFrame]:
    """Make the pack's tables of the raw file."""
    pupils = long(pd.read_csv(raw, dtype=str))
    places = pupils[["school_id", "leaid", "urbanicity"]].drop_duplicates()
    schools = places.assign(
        school_name="STAR school " + places["school_id"].str.lstrip("0"),
        school_level="Primary",
        lea_name="STAR system " + places["leaid"].str.lstrip("0"),
    )
    measures = [
        {
            "measure": m,
            "label": label,
            "unit": "score",
            "value_low": None,
            "value_high": None,
            "comparable_over_years": False,
            "description": text,
        }
        for m, (label, text) in MEASURES.items()
    ]
    return {
        "schools": schools,
        "school_years": school_years(pupils),
        "measures": pd.DataFrame(measures),
        "outcomes": pd.concat([outcomes(pupils, m) for m in MEASURES]),
        "staff_years": staff_years(pupils),
        "pupil_years": pupils.drop(columns=["leaid", "urbanicity"]),
    }


def long(source: pd.DataFrame) -> pd.DataFrame:
    """Make one row a pupil and year of the source's one row a pupil."""
    source = source.assign(
        pupil_id=[f"P{k:05d}" for k in range(1, len(source) + 1)], birth_quarter=quarter(source["birth"])
    )
    parts = []
    for suffix, (grade, year) in GRADES.items():
        part = source[["pupil_id", "gender", "ethnicity", "birth_quarter"]].assign(grade=grade, year=year)
        for old, new in BY_GRADE.items():
            part[new] = source[old + suffix]
        parts.append(part[part["class_type"].notna()])
    frame = pd.concat(parts, ignore_index=True)
    for column in ("read_score", "math_score", "teacher_experience_years"):
        frame[column] = frame[column].astype(float)
    return frame.assign(
        urbanicity=frame["urbanicity"].map(WHERE),
        school_id=frame["school_id"].str.zfill(2),
        leaid=frame["leaid"].str.zfill(2),
    )


def quarter(birth: pd.Series) -> pd.Series:
    """Write the source's 1979.5 as 1979-Q3; a blank stays one."""
    year, part = birth.astype(float).divmod(1)
    return year.astype("Int64").astype("string") + "-Q" + (part * 4 + 1).astype("Int64").astype("string")


def share(pupils: pd.DataFrame, column: str, values: list[str]) -> pd.Series:
    """Give the percent of pupils with one of these values, over the pupils whose value is known."""
    known = pupils[pupils[column].notna()]
    return known[column].isin(values).groupby([known[k] for k in KEYS]).mean().mul(100).round(4)


def school_years(pupils: pd.DataFrame) -> pd.DataFrame:
    """Count each school's pupils in the study and their lunch status."""
    frame = pupils.groupby(KEYS).size().to_frame("enrollment")
    return frame.assign(free_lunch_pct=share(pupils, "lunch", ["free"])).reset_index()


def outcomes(pupils: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Give each school's mean score, its spread, and the number of pupils behind it."""
    scores = pupils.groupby([*KEYS, "grade"])[measure].agg(value="mean", value_sd="std", tested_n="count").reset_index()
    return scores.round({"value": 4, "value_sd": 4}).assign(measure=measure, group="All")


def staff_years(pupils: pd.DataFrame) -> pd.DataFrame:
    """Give each school's teachers as its pupils have them: each pupil counts once."""
    years = pupils.groupby(KEYS)["teacher_experience_years"].mean().round(4).to_frame()
    return years.assign(
        teacher_masters_pct=share(pupils, "teacher_degree", ADVANCED),
        small_class_pct=share(pupils, "class_type", ["small"]),
    ).reset_index()


if __name__ == "__main__":
    sys.exit(build(Path(__file__).parent, tables))
