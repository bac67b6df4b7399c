"""What is needed to ask whether coaching worked: who began when, outcomes and doses beside it; or a real experiment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from leadlib.errors import nearest, refuse
from leadlib.measures import programs
from leadlib.measures.coaching_dose import marked
from leadlib.measures.policies_rollout import rollout
from leadlib.measures.policies_starts import known_by
from leadlib.measures.programs import Program
from leadlib.numbers import school_year
from leadlib.privacy import K
from leadlib.results import Missing, passes_missing
from leadlib.tables.packs import load, package

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The study"
BOTH = "both"
SUBJECTS = {"math": "Mathematics", "read": "Reading"}
SMALL, REGULAR = "small", "regular"
BEFORE = ("free lunch", "black", "male")
FIRST, SECOND = "first year of teaching", "second year of teaching"


@dataclass(frozen=True)
class Study:
    """What a pack lets one study: its coaching program as known by a year, or an experiment that stands in for it.

    `kind` is "program" or "experiment"; `program` is None for an experiment.
    """

    pack: str
    year: int
    kind: Literal["program", "experiment"]
    program: Program | None
    name: str
    record_type: str

    @property
    def program_id(self) -> str:
        """Name of the program in the pack, or of what was drawn by lot."""
        return self.program.program_id if self.program else "small-classes"

    @property
    def cost_per_pupil_usd(self) -> float | None:
        """Dollars per pupil and year, where the pack says."""
        cost = self.program.cost_per_pupil_usd if self.program else float("nan")
        return cost if cost == cost else None


def study(pack: str | os.PathLike[str], year: int) -> Study | Missing:
    """See what a pack lets one ask about coaching by the end of a school year. No outcome is read.

    Parameters
    ----------
    pack : str
        The name of a pack, or the path of its folder.
    year : int
        The fall of the school year in which it is asked.

    Returns
    -------
    Study or Missing
        Missing where the pack has neither a coaching program that had begun nor an experiment.
    """
    return _at(pack, year)


def _at(pack: str | os.PathLike[str], year: int) -> Study | Missing:
    info = package(pack)
    if info.has("programs") and info.has("program_starts"):
        known = load(f"{pack}/programs")
        ids = sorted(known.loc[known["kind"] == "coaching", "program_id"]) if "kind" in known else []
        if ids:
            made = known_by(programs.program(pack, ids[0]), year)
            if isinstance(made, Missing):
                return Missing(SECTION, made.reason)
            return Study(str(pack), year, "program", made, made.name, info.record_type)
    if info.has("pupil_years") and "class_type" in {f.name for f in info.table("pupil_years").fields}:
        return Study(str(pack), year, "experiment", None, "Small classes", info.record_type)
    return Missing(SECTION, "this pack records no coaching, and no experiment that could stand in for it.")


@passes_missing
def latest(study: Study) -> Study | Missing:
    """Get the study as it stands at the end of the pack's last year: what part B of a case looks at."""
    table = "school_years" if package(study.pack).has("school_years") else "pupil_years"
    last = int(load(f"{study.pack}/{table}")["year"].max())
    return study if study.program is None else _at(study.pack, max(last, study.year))


@passes_missing
def starts(school: School, study: Study) -> Any:
    """See who began coaching when, and where this school stands: the calendar of `measures.policies.rollout`.

    Returns
    -------
    Rollout or Missing
        Missing for an experiment, in which nobody waits for a wave.
    """
    if study.program is None:
        return Missing("The calendar of starts", "chance drew classes within every school, all in the same year.")
    return rollout(school, study.program)


@passes_missing
def panel(study: Study, outcome: str = BOTH, *, k: int = K) -> pd.DataFrame | Missing:
    """Put the outcome and the dose of coaching side by side, one row a school and year, up to the study's year.

    Parameters
    ----------
    study : Study
        From `study`.
    outcome : str
        A measure of the pack, or "both" for the mean of mathematics and reading.
    k : int
        Values behind which fewer pupils stand are missing.

    Returns
    -------
    DataFrame or Missing
        As `measures.programs.panel`, and `dose` (mean over the school's teachers of coaching minutes / 600, at most 1;
        0 to 1) and `reached` (share of the year's schools in which coaching runs, 0 to 1). Missing for an experiment,
        which has no years before.

    Raises
    ------
    InputError
        An outcome that the pack does not have.
    """
    if study.program is None:
        return Missing("The panel of schools", "chance drew the classes here, so no school is followed over years.")
    made = study.program
    frame = _both(made, k) if outcome == BOTH else programs.panel(made, outcome, k=k)
    attrs = dict(frame.attrs)
    frame = frame[frame["year"] <= study.year].merge(_reached(study), on="year", how="left")
    frame = frame.merge(doses(study), on=["school_id", "year"], how="left").reset_index(drop=True)
    frame.attrs = attrs
    return frame


def _both(made: Program, k: int) -> pd.DataFrame:
    """Give the mean of mathematics and reading, in pupil SD, with the smaller number of pupils."""
    math, read = (programs.panel(made, m, k=k) for m in SUBJECTS)
    if math.attrs["unit"] != "sd" or read.attrs["unit"] != "sd":
        raise refuse(f"outcome {BOTH!r}", "needs mathematics and reading in standard deviations", "choose one measure")
    both = math.merge(read[["school_id", "year", "read", "size"]], on=["school_id", "year"], suffixes=("", "_read"))
    both[BOTH] = (both["math"] + both["read"]) / 2
    both["size"] = both[["size", "size_read"]].min(axis=1)
    both = both.drop(columns=["math", "read", "size_read"])
    both.attrs = {**math.attrs, "outcome": BOTH, "label": "Mean of mathematics and reading"}
    return both


def _reached(study: Study) -> pd.DataFrame:
    """Give for each year the share of its schools in which coaching runs."""
    assert study.program is not None
    there = load(f"{study.pack}/school_years").groupby("year")["school_id"].nunique()
    first = study.program.starts["first_year"]
    years = [y for y in there.index if y <= study.year]
    return pd.DataFrame({"year": years, "reached": [float((first <= y).sum() / there[y]) for y in years]})


def doses(study: Study) -> pd.DataFrame:
    """Give the mean dose of each school and year, 0 to 1; empty where the pack does not say."""
    info = package(study.pack)
    if not info.has("teachers") or "coaching_min" not in {f.name for f in info.table("teachers").fields}:
        return pd.DataFrame(columns=["school_id", "year", "dose"])
    table = load(f"{study.pack}/teachers")
    table = marked(table[table["coaching_min"].notna()])
    return table.groupby(["school_id", "year"], as_index=False)["dose"].mean()


@passes_missing
def teachers(study: Study) -> pd.DataFrame | Missing:
    """Put what observers wrote down beside coaching, one row a teacher, school and year, up to the study's year.

    No row of it is for showing.

    Returns
    -------
    DataFrame or Missing
        spell (a teacher at a school), school_id, year, rubric (mean of the formal observations), once and again (first
        and second formal score, where there are two), dose (0 to 1), coached, whether it is the teacher's first and
        second year of teaching, new, reached. Missing where the pack has no observations or does
        not say who was coached.
    """
    info = package(study.pack)
    if study.program is None or not (info.has("observations") and info.has("teachers")):
        return Missing("What observers saw", "the pack holds no observations beside coaching.")
    seen = load(f"{study.pack}/observations")
    seen = seen[(seen["kind"] == "formal") & seen["rubric_score"].notna() & (seen["year"] <= study.year)]
    key = ["teacher_id", "school_id", "year"]
    seen = seen.sort_values([*key, "date", "observation_id"])
    scores = seen.groupby(key)["rubric_score"].agg(["mean", "first", "last", "size"]).reset_index()
    table = marked(load(f"{study.pack}/teachers"))
    frame = scores.merge(table[[*key, "dose", "coached", "new", "experience_years"]], on=key, how="inner")
    frame = frame[frame["dose"].notna()].merge(_reached(study), on="year", how="left")
    two = frame["size"] == 2
    years = frame["experience_years"].astype(float)
    found = pd.DataFrame(
        {
            "spell": frame["teacher_id"] + "@" + frame["school_id"], "school_id": frame["school_id"],
            "year": frame["year"], "rubric": frame["mean"], "once": frame["first"].where(two),
            "again": frame["last"].where(two), "dose": frame["dose"], "coached": frame["coached"],
            FIRST: (years == 0).astype(float), SECOND: (years == 1).astype(float), "new": frame["new"],
            "reached": frame["reached"],
        }
    )  # fmt: skip
    return found.sort_values(["school_id", "spell", "year"]).reset_index(drop=True)


@passes_missing
def pupils(study: Study, outcome: str = BOTH, *, later: int = 0) -> pd.DataFrame | Missing:
    """Get the pupils whom chance put into a small or a regular class when they entered the experiment in its year.

    Parameters
    ----------
    study : Study
        From `study`.
    outcome : str
        "math", "read", or "both" for the sum of the two scores.
    later : int
        How many years after they entered the score is taken; the class stays that of entry.

    Returns
    -------
    DataFrame or Missing
        One row a pupil: school_id (of entry), small (1 or 0), score (NaN where there is none), free lunch, black, male
        (1 or 0, NaN where unknown). No row is for showing. `attrs` holds label, drawn (how many of each kind). Missing
        for a program, and where nobody entered or nobody was tested that year.
    """
    if study.kind != "experiment":
        return Missing("The experiment", "nobody drew lots here: the district chose its schools.")
    if outcome not in (BOTH, *SUBJECTS):
        raise refuse(f"outcome {outcome!r}", "is no score of this experiment", nearest(outcome, [BOTH, *SUBJECTS]))
    table = load(f"{study.pack}/pupil_years")
    first = table.groupby("pupil_id")["year"].transform("min")
    kinds = table["class_type"].isin([SMALL, REGULAR])
    entered = table[(table["year"] == study.year) & (first == study.year) & kinds & table["school_id"].notna()]
    then = table[table["year"] == study.year + later].set_index("pupil_id")
    score = _score(then, outcome).reindex(entered["pupil_id"]).to_numpy()
    if not np.isfinite(score).any():
        return Missing("The experiment", f"no pupil has a score {_when(study.year, later)}.")
    frame = pd.DataFrame(
        {
            "school_id": entered["school_id"].to_numpy(), "small": (entered["class_type"] == SMALL).to_numpy(float),
            "score": score, "free lunch": _flag(entered["lunch"], "free"), "black": _flag(entered["ethnicity"], "afam"),
            "male": _flag(entered["gender"], "male"),
        }
    )  # fmt: skip
    small = int(frame["small"].sum())
    label = "Sum of the mathematics and reading scores" if outcome == BOTH else f"{SUBJECTS[outcome]} score"
    frame.attrs = {"label": label, "outcome": outcome, "drawn": (small, len(frame) - small), "later": later}
    return frame


def _score(table: pd.DataFrame, outcome: str) -> pd.Series:
    columns = [f"{s}_score" for s in (SUBJECTS if outcome == BOTH else (outcome,))]
    return table[columns].astype(float).sum(axis=1, skipna=False)


def _flag(values: Any, one: str) -> Any:
    return np.where(values.isna(), np.nan, (values == one).astype(float))


def _when(year: int, later: int) -> str:
    return f"in {school_year(year + later)}"
