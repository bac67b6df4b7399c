"""The only way from the raw file to this pack's tables: `python data/california-2000/build.py --raw PATH`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from leadlib.tables.write import build, single

LEVEL = {"E": "Primary", "M": "Middle", "H": "High"}
NEW = {
    "school_years": {
        "enroll": "enrollment",
        "meals": "free_or_reduced_price_lunch_pct",
        "ell": "english_language_learners_pct",
        "mobility": "mobility_pct",
        "pcttest": "tested_pct",
        "pct.resp": "parent_education_known_pct",
        "not.hsg": "parents_not_high_school_pct",
        "hsg": "parents_high_school_pct",
        "some.col": "parents_some_college_pct",
        "col.grad": "parents_college_pct",
        "grad.sch": "parents_graduate_school_pct",
        "avg.ed": "parent_education_level",
    },
    "staff_years": {
        "full": "full_credential_pct",
        "emer": "emergency_credential_pct",
        "acs.k3": "class_size_k3",
        "acs.46": "class_size_46",
        "acs.core": "class_size_core",
    },
    "targets": {
        "target": "growth_target",
        "growth": "growth",
        "sch.wide": "met_school_wide",
        "comp.imp": "met_comparable_improvement",
        "both": "met_both",
        "awards": "award",
    },
}
PARENTS = [c for c in NEW["school_years"].values() if c.startswith("parents_")]
NO_SUCH_CLASSES = {"class_size_k3": ["Middle", "High"], "class_size_46": ["High"], "class_size_core": ["Primary"]}
MEASURE = {
    "measure": "api",
    "label": "Academic Performance Index",
    "unit": "points",
    "value_low": 200.0,
    "value_high": 1000.0,
    "comparable_over_years": True,
    "description": "The state's index of a school's test results, from 200 to 1000; the state's goal for every school"
    " was 800. Both years are on one scale, and the state set a target for the growth between them.",
}


def tables(raw: Path) -> dict[str, pd.DataFrame]:
    """Make the pack's tables of the raw file."""
    source = pd.read_csv(raw, dtype={"cds": str})
    source = source.assign(
        school_id=source["cds"], leaid=source["cds"].str[:7], school_level=source["stype"].map(LEVEL), year=1999
    )
    return {
        "schools": schools(source),
        "school_years": school_years(source),
        "measures": pd.DataFrame([MEASURE]),
        "outcomes": outcomes(source),
        "targets": targets(source),
        "staff_years": staff_years(source),
    }


def schools(source: pd.DataFrame) -> pd.DataFrame:
    """Make one row a school; a district's name is the one most of its schools give (one school misspells it)."""
    common = source.groupby("leaid")["dname"].agg(lambda names: names.value_counts().index[0])
    return source[["school_id", "leaid", "school_level"]].assign(
        school_name=source["sname"].str.split().str.join(" "),
        lea_name=source["leaid"].map(common),
        county_name=source["cname"],
    )


def school_years(source: pd.DataFrame) -> pd.DataFrame:
    """Make who each school serves; where no parent's education is known, the source's zeros are no shares."""
    new = NEW["school_years"]
    frame = source[["school_id", "year", *new]].rename(columns=new)
    frame["parent_education_level"] = single(frame["parent_education_level"])
    unknown = frame["parent_education_level"].isna()
    frame[PARENTS] = frame[PARENTS].mask(unknown)
    return frame


def outcomes(source: pd.DataFrame) -> pd.DataFrame:
    """Make one row a school and year; the number of pupils in the index is given for the second year only."""
    both = [
        source[["school_id"]].assign(year=1998, value=source["api99"], tested_n=float("nan")),
        source[["school_id"]].assign(year=1999, value=source["api00"], tested_n=source["api.stu"]),
    ]
    return pd.concat(both, ignore_index=True).assign(measure=MEASURE["measure"], grade="All", group="All")


def targets(source: pd.DataFrame) -> pd.DataFrame:
    """Make each school's target and whether it was met; no target stands where the index was at or above 800."""
    new = NEW["targets"]
    frame = source[["school_id", "year", *new]].rename(columns=new).assign(measure=MEASURE["measure"])
    for column in ("met_school_wide", "met_comparable_improvement", "met_both", "award"):
        frame[column] = frame[column].map({"Yes": True, "No": False})
    if not (frame["growth_target"].isna() == (source["api99"] >= 800)).all():
        raise ValueError(
            "a school below 800 has no target, or one at 800 has: the reason given for a missing target is wrong"
        )
    return frame


def staff_years(source: pd.DataFrame) -> pd.DataFrame:
    """Make how each school is staffed, with the reason for each blank class size."""
    new = NEW["staff_years"]
    frame = source[["school_id", "year", *new]].rename(columns=new)
    for column, levels in NO_SUCH_CLASSES.items():
        frame[f"{column}__why"] = (
            source["school_level"].isin(levels).map({True: "not_applicable", False: "not_reported"})
        )
    return frame


if __name__ == "__main__":
    sys.exit(build(Path(__file__).parent, tables))
