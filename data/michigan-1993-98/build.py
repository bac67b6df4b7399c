"""The only way from the raw file to this pack's tables: `python data/michigan-1993-98/build.py --raw PATH`."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from leadlib.tables.write import build, single

MEASURE = {
    "measure": "math4_pass_pct",
    "label": "Grade 4 mathematics: satisfactory",
    "unit": "pct",
    "value_low": 0.0,
    "value_high": 100.0,
    "comparable_over_years": False,
    "description": "Share of a school's fourth-graders whose mathematics was satisfactory in the state test. The mean"
    " of all schools went from 42% to 74% in six years, and whether the test and its standard stayed the same is not"
    " in the source: do not read that rise as learning. A school is shown against all schools of the same year.",
}


def tables(raw: Path) -> dict[str, pd.DataFrame]:
    """Make the pack's tables of the raw file."""
    source = pd.read_csv(raw, dtype={"distid": str, "schid": str})
    source["school_id"], source["leaid"] = source["schid"].str.zfill(5), source["distid"].str.zfill(5)
    source["year"] = source["year"] - 1  # the source names a school year by its spring
    keys = source[["school_id", "year"]]
    return {
        "schools": schools(source),
        "school_years": keys.assign(enrollment=source["enrol"], free_lunch_pct=lunch(source)),
        "measures": pd.DataFrame([MEASURE]),
        "outcomes": keys.assign(
            measure=MEASURE["measure"], grade="4", group="All", value=single(source["math4"]), tested_n=float("nan")
        ),
        "budget": keys.assign(
            spend_per_pupil_usd=single(source["exppp"]),
            spend_per_pupil_real_usd=single(source["rexpp"]),
            foundation_grant_usd=source["found"],
        ),
    }


def schools(source: pd.DataFrame) -> pd.DataFrame:
    """Make one row a school; names are made of the codes, because the source has none."""
    found = source[["school_id", "leaid"]].drop_duplicates()
    return found.assign(
        school_name="School " + found["school_id"] + " (district " + found["leaid"] + ")",
        lea_name="District " + found["leaid"],
        school_level="Primary",
    )


def lunch(source: pd.DataFrame) -> pd.Series:
    """Give the share eligible for free lunch; why zeros of the last year are blanks, the field's description says."""
    return single(source["lunch"]).mask((source["lunch"] == 0) & (source["year"] == 1997))


if __name__ == "__main__":
    sys.exit(build(Path(__file__).parent, tables))
