"""The principal's time log as it is kept: weeks that are whole, their compositions, and what chance leaves open."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.measures.taxonomy import lines
from leadlib.numbers import listing, plural
from leadlib.results import Missing

if TYPE_CHECKING:
    from leadlib.tables import School

Floats = npt.NDArray[np.float64]

SECTION = "The section on the principal's time"
DAY_TO_DAY, PROGRAM, ORGANIZATION = "day-to-day instruction", "instructional program", "organization management"
KEYS = ["school_id", "year"]
STEP = 5.0
"""Minutes: the log is kept in steps of five."""
LEAST_WEEKS = 4
"""With fewer logged weeks there is no interval."""
TOLERANCE = 0.05
"""A week whose minutes miss the working week by more than this share does not add up."""


@dataclass(frozen=True)
class Log:
    """The whole weeks of every school and year, and what was left out.

    `frame` has one row a school, year and week: a column of minutes for each of the seven kinds of work, `walkthrough`,
    `coaching`, `coached_program` (coaching within the instructional program) and `total`. `dropped` has school_id,
    year, week of weeks that lack a kind of work or do not add up.
    """

    frame: pd.DataFrame
    dropped: pd.DataFrame

    def own(self, school: School) -> pd.DataFrame:
        """Give the weeks of one school in its year."""
        return _of(self.frame, school)

    def said(self, school: School) -> str:
        """Say whether this school's weeks add up, and which were left out."""
        kept, gone = self.own(school), sorted(int(w) for w in _of(self.dropped, school)["week"])
        total = f"All seven kinds of work are there in {plural(len(kept), 'logged week')}, and each week adds up."
        if not gone:
            return total
        which = listing([str(w) for w in gone])
        weeks = f"Week {which} of the log is" if len(gone) == 1 else f"Weeks {which} of the log are"
        return f"{weeks} left out: a kind of work is missing, or the minutes do not add up to the working week. {total}"


def _of(frame: pd.DataFrame, school: School) -> pd.DataFrame:
    return frame[(frame["school_id"] == school.school_id) & (frame["year"] == school.year)]


def activities() -> dict[str, str]:
    """Give the seven kinds of work with their names for readers, in the taxonomy's order."""
    return {line.key: line.label for line in lines("minutes")}


def read(school: School) -> Log | Missing:
    """Read the log of all schools and years of the pack."""
    if not school.has("principal_time"):
        return Missing(SECTION, "the pack holds no log of principals' time.")
    raw = school.table("principal_time")
    keys = [*KEYS, "week"]
    wide = raw.pivot_table(index=keys, columns="activity", values="minutes", aggfunc="sum", min_count=1)
    wide = wide.reindex(columns=list(activities())).astype(float)
    parts = raw.groupby(keys)[["walkthrough_min", "coaching_min"]].sum(min_count=1)
    within = raw[raw["activity"] == PROGRAM].groupby(keys)["coaching_min"].sum()
    wide["total"] = wide.sum(axis=1, min_count=1)
    wide["walkthrough"] = parts["walkthrough_min"].astype(float)
    wide["coaching"] = parts["coaching_min"].astype(float)
    wide["coached_program"] = within.reindex(wide.index).fillna(0.0).astype(float)
    frame = wide.rename_axis(columns=None).reset_index()
    whole = frame[list(activities())].notna().all(axis=1) & (frame["total"] > 0)
    whole &= _adds_up(school, frame)
    return Log(frame[whole].reset_index(drop=True), frame.loc[~whole, keys].reset_index(drop=True))


def _adds_up(school: School, frame: pd.DataFrame) -> Any:
    """Say which weeks come to the working week, where the pack knows it, and hold no more than the whole in a part."""
    inside = frame["walkthrough"].fillna(0) + frame["coaching"].fillna(0) - frame["coached_program"]
    fits = (inside <= frame[DAY_TO_DAY] + 1e-9) & (frame["coached_program"] <= frame[PROGRAM] + 1e-9)
    if not (school.has("staff_years") and "principal_week_min" in school.table("staff_years")):
        return fits
    known = school.table("staff_years")[[*KEYS, "principal_week_min"]].drop_duplicates(KEYS)
    week = frame[KEYS].merge(known, on=KEYS, how="left")["principal_week_min"].astype(float).to_numpy()
    return fits & (np.isnan(week) | (np.abs(frame["total"] - week) <= TOLERANCE * week))


def no_weeks(log: Log, school: School) -> Missing | None:
    """Give the sentence where this school has no whole week in its year."""
    if len(log.own(school)):
        return None
    kept = sorted({int(y) for y in log.frame.loc[log.frame["school_id"] == school.school_id, "year"]})
    gone = len(_of(log.dropped, school))
    if gone:
        return Missing(SECTION, f"none of the log's {plural(gone, 'week')} of this year is whole.")
    others = f"; there is one for {plural(len(kept), 'other year')}" if kept else ""
    return Missing(SECTION, f"this school's principal kept no log in this year{others}.")


def clr(minutes: Any) -> Floats:
    """Give the centered log-ratios of compositions, one a row: each logarithm less the row's mean logarithm.

    A zero is taken as 65% of the log's step and the other parts give that up in proportion (multiplicative replacement:
    Martin-Fernandez, Barcelo-Vidal and Pawlowsky-Glahn 2003, Mathematical Geology 35(3), 253-278).
    """
    x = np.atleast_2d(np.asarray(minutes, dtype=float))
    total = x.sum(axis=1, keepdims=True)
    zero = x <= 0
    small = 0.65 * STEP
    filled = np.where(zero, small, x * (total - small * zero.sum(axis=1, keepdims=True)) / total)
    logs = np.log(filled)
    return np.asarray(logs - logs.mean(axis=1, keepdims=True))


def closed(logs: Any) -> Floats:
    """Turn log-ratios back into shares that add up to 100."""
    raised = np.exp(np.asarray(logs, dtype=float))
    return np.asarray(100 * raised / raised.sum(axis=-1, keepdims=True))


def centers(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each school and year's center: mean log-ratios over its weeks, one column a kind of work."""
    names = list(activities())
    logs = pd.DataFrame(clr(frame[names]), columns=names, index=frame.index)
    return logs.assign(school_id=frame["school_id"], year=frame["year"]).groupby(KEYS).mean()


def share_intervals(logs: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Give the interval of each share of the center of several weeks' log-ratios.

    With p the center, a week's u_i = clr_i - sum_k p_k clr_k is what log p_i moves by; so logit p_i has the standard
    error of the mean of u_i, over 1 - p_i. The t interval on that scale, turned back, stays between 0 and 100.
    """
    weeks, parts = logs.shape
    if weeks < LEAST_WEEKS:
        return np.full(parts, np.nan), np.full(parts, np.nan)
    p = closed(logs.mean(axis=0)) / 100
    u = logs - (logs @ p)[:, None]
    se = u.std(axis=0, ddof=1) / math.sqrt(weeks) / (1 - p)
    half, middle = student(weeks - 1, level) * se, np.log(p / (1 - p))
    return 100 / (1 + np.exp(half - middle)), 100 / (1 + np.exp(-half - middle))


def mean_interval(values: Any, level: float = 0.95, *, floor: float = -math.inf) -> tuple[float, float, float]:
    """Give the mean over weeks and its t interval; none with fewer than four weeks."""
    x = np.asarray(values, dtype=float)
    x = x[np.isfinite(x)]
    mean = float(x.mean()) if len(x) else math.nan
    if len(x) < LEAST_WEEKS:
        return mean, math.nan, math.nan
    half = student(len(x) - 1, level) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return mean, max(mean - half, floor), mean + half


def student(df: float, level: float = 0.95) -> float:
    """Give the two-sided t quantile, to 0.005 from 3 degrees of freedom on (Abramowitz and Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(0.5 + level / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / df ** (k + 1) for k, term in enumerate(terms))


@functools.cache
def _studies() -> dict[str, dict[str, Any]]:
    path = Path(__file__).parent / "published" / "time_use.json"
    return {study["key"]: study for study in json.loads(path.read_text(encoding="utf-8"))["studies"]}


def study(key: str) -> dict[str, Any]:
    """Give a published study of principals' time: label, who, source, verified, note, shares_pct."""
    return _studies()[key]
