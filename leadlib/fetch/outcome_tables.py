"""What pupils reached: proficiency and graduation from EDFacts, with the ranges it gives for small groups."""

from __future__ import annotations

import pandas as pd

from leadlib.fetch.plans import Got, Part, Plan, stacked
from leadlib.fetch.shape import GRADES, groups

TESTS = {"read": "read_test_pct_prof", "math": "math_test_pct_prof"}
TESTED = {"read": "read_test_num_valid", "math": "math_test_num_valid"}
SPLITS = ("", "race", "sex", "special-populations")
HIGH_SCHOOL = 9
KEY = ["school_id", "year", "measure", "grade", "group"]
_CHANGES = (
    "Each state has its own test and its own line for proficient, and states have changed both: a change from year to "
    "year may be a change of the test, and states cannot be compared."
)
MEASURES = {
    "read": ("Proficient in reading", "reading", False, f"Share of the pupils tested in reading or language arts who "
             f"scored proficient or better (EDFacts). {_CHANGES}"),
    "math": ("Proficient in mathematics", "mathematics", False, f"Share of the pupils tested in mathematics who scored "
             f"proficient or better (EDFacts). {_CHANGES}"),
    "grad_rate": ("Graduated in four years", "graduation", True, "Adjusted cohort graduation rate: share of those who "
                  "entered grade 9 four years before, with those who came and without those who left for another "
                  "school, who graduated (EDFacts). One definition in all years and states."),
}  # fmt: skip


def outcomes(got: Got) -> pd.DataFrame | None:
    """Make the table of outcomes: one row for each school, year, measure, grade and group."""
    found = []
    for by in SPLITS:
        frame = got.frame("school-assessments", by)
        if frame is not None:
            found += [_measure(frame, m, f, TESTED[m], frame["grade_edfacts"], got) for m, f in TESTS.items()]
    frame = got.frame("school-grad-rates")
    if frame is not None:
        all_grades = pd.Series(99, index=frame.index)
        found.append(_measure(frame, "grad_rate", "grad_rate", "cohort_num", all_grades, got))
    return stacked(found, KEY)


def _measure(frame: pd.DataFrame, measure: str, field: str, tested: str, grades: pd.Series, got: Got) -> pd.DataFrame:
    """Give one measure's rows: a value where both ends agree, else the word range and the two ends."""
    low, high = frame[f"{field}_low"], frame[f"{field}_high"]
    spread = low.lt(high)
    why = frame[f"{field}_midpt__why"].astype("str")
    ends = frame[f"{field}_low__why"].astype("str")
    why = why.where(~spread, "range")
    made = pd.DataFrame(
        {
            "school_id": frame["ncessch"],
            "year": frame["year"].astype(int),
            "measure": measure,
            "grade": grades.map(GRADES),
            "group": groups(frame),
            "value": frame[f"{field}_midpt"].where(why.eq("reported")),
            "value__why": why,
            "value_low": low.where(spread),
            "value_low__why": ends.where(spread | ends.ne("reported"), "not_applicable"),
            "value_high": high.where(spread),
            "value_high__why": ends.where(spread | ends.ne("reported"), "not_applicable"),
            "tested_n": frame[tested],
            "tested_n__why": frame[f"{tested}__why"].astype("str"),
        }
    )
    banded = grades.eq(HIGH_SCHOOL)
    got.note(int(banded.sum()), f"rows of {measure} are for grades 9 to 12 together, which the table has no name for.")
    nameless = made["group"].isna() & ~banded
    got.note(int(nameless.sum()), f"rows of {measure} are for groups that the table has no name for.")
    return made[~banded & ~nameless]


def measures(got: Got) -> pd.DataFrame | None:
    """Make the table of measures that the outcomes have."""
    table = outcomes(Got(got.answers))
    if table is None:
        return None
    there = [m for m in MEASURES if table["measure"].eq(m).any()]
    rows = [
        {
            "measure": m,
            "label": MEASURES[m][0],
            "unit": "pct",
            "subject": MEASURES[m][1],
            "subject__why": "reported",
            "value_low": 0.0,
            "value_low__why": "reported",
            "value_high": 100.0,
            "value_high__why": "reported",
            "comparable_over_years": MEASURES[m][2],
            "description": MEASURES[m][3],
        }
        for m in there
    ]
    return pd.DataFrame(rows) if rows else None


def _fields() -> tuple[str, ...]:
    ends = [f"{f}_{e}" for f in TESTS.values() for e in ("low", "high", "midpt")]
    return ("ncessch", "leaid", "fips", *ends, *TESTED.values())


_GRADUATED = ("ncessch", "leaid", "fips", "cohort_num", "grad_rate_low", "grad_rate_high", "grad_rate_midpt")
_PARTS = (
    *(Part("school-assessments", _fields(), by, extra=bool(by)) for by in SPLITS),
    Part("school-grad-rates", _GRADUATED),
)
PLANS = (Plan("measures", _PARTS, measures), Plan("outcomes", _PARTS, outcomes, needs=("measures",)))
