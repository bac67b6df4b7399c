"""How far a school's result lies from those of similar schools, of its district and of its level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from leadlib.blocks import Block, Prose, Stack
from leadlib.designs.chance import Noise
from leadlib.designs.panels import checked, coded_limit, each_measure, in_year, require_school
from leadlib.measures.groups import DISTRICT, LEAST, SIMILAR, groups_of, peers_may_be_missing
from leadlib.numbers import lower_first, phrase, school_year, show, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, long_table, passes_missing

SECTION = "The school against others"
FRAME = ("measure", "group", "school_value", "others_mean", "others_sd", "n", "percentile")


class Gap(Result):
    """Differences from others; its block shows them with their sign."""

    def block(self) -> Block:
        """Give the table with signs, then the sentences."""
        return Stack((long_table(self, signed=True), Prose(tuple(self.text.split("\n")))))


@peers_may_be_missing
@passes_missing
def school_gap(panel: pd.DataFrame, noise: Noise, *, school_id: str, peers: Any = None, year: int) -> Result | Missing:
    """See how this school's result differs from those of similar schools, and whether the data tell the two apart.

    Parameters
    ----------
    panel : DataFrame
        What `measures.outcomes.panel` gives.
    noise : Noise
        Chance variation, from `noise(panel)`.
    school_id : str
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them the school is set beside its district and level only.
    year : int
        The fall of the school year that is compared; all schools are taken in this year.

    Returns
    -------
    Result or Missing
        Table: one row a measure and group ("Similar schools", "Same district", "All primary schools"): `value` is this
        school minus the mean of the group (the school itself not in it), with 95% interval, in the measure's difference
        unit; `n` counts the group's schools with a value. `frame`: measure, group, school_value, others_mean,
        others_sd, n, percentile (share of the group below this school, ties counted half). A group of fewer than three
        schools has no row, and a limit says so. Missing where the school has no value or no size that year.

    Notes
    -----
    Similar schools stand for all schools of their kind: variance = se^2 + s^2/k with s the standard deviation of the k
    values (it holds real differences and chance), t with the degrees of freedom of Welch and Satterthwaite,
    (se^2 + s^2/k)^2 / (se^4/f + (s^2/k)^2/(k-1)), f those of the school's own se (infinite where chance was
    fitted over all schools). A district and a level are complete: only chance in their schools' values is counted,
    variance = se^2 + sum(se_j^2)/k^2.
    """
    frame = checked(panel, "school_gap")
    require_school(frame, school_id, "school_gap")
    about_schools = frame.reindex(columns=["school_id", "leaid", "school_level"])
    groups, left_out = groups_of(about_schools, school_id, peers)
    rows: list[tuple[Any, ...]] = []
    extra: list[tuple[Any, ...]] = []
    for about, part in each_measure(frame):
        values = in_year(part, year)
        values = values[values["value"].notna()]
        if school_id in values.index and noise.has(about["measure"]):
            _compared(about, values, noise, school_id, groups, rows, extra)
    if not rows:
        return Missing(SECTION, f"this school has no result for {school_year(year)} whose range is known.")
    own = frame[(frame["school_id"] == school_id) & (frame["year"] == year)]
    return _result(rows, extra, (*left_out, *coded_limit(own)), year)


def _compared(
    about: dict[str, Any],
    values: pd.DataFrame,
    noise: Noise,
    school_id: str,
    groups: dict[str, list[str]],
    rows: list[tuple[Any, ...]],
    extra: list[tuple[Any, ...]],
) -> None:
    """Add one measure's rows for every group with enough values."""
    errors, free = noise.se(values), noise.degrees(values)
    own, se = float(values["value"][school_id]), float(errors[school_id])
    if not np.isfinite(se):
        return
    for group, ids in groups.items():
        theirs = values["value"].reindex(ids).dropna()
        if len(theirs) < LEAST:
            continue
        part = _sampled(theirs) if group == SIMILAR else _complete(errors.reindex(theirs.index))
        half = half_width(se**2, float(free[school_id]), *part)
        value = own - float(theirs.mean())
        rows.append((about["label"], group, value, value - half, value + half, len(theirs), about["difference"]))
        below = 100 * float((theirs < own).mean() + (theirs == own).mean() / 2)
        spread = float(theirs.std(ddof=1))
        extra.append((about["label"], group, own, float(theirs.mean()), spread, len(theirs), below))


def _sampled(values: pd.Series) -> tuple[float, float]:
    """Give the variance of the mean of schools that stand for their kind, and its degrees of freedom."""
    return float(values.var(ddof=1)) / len(values), float(len(values) - 1)


def _complete(errors: pd.Series) -> tuple[float, float]:
    """Give the variance that chance leaves in the mean of a complete group; an unknown one counts like the mean one."""
    squares = errors**2
    mean = float(squares.mean()) if squares.notna().any() else 0.0
    return mean / len(errors), np.inf


def half_width(own: float, own_free: float, others: float, others_free: float) -> float:
    """Give half the 95% interval of a difference of two independent estimates (Welch and Satterthwaite).

    Parameters
    ----------
    own, others : float
        Variances.
    own_free, others_free : float
        Their degrees of freedom.
    """
    total = own + others
    if total <= 0:
        return 0.0
    weight = own**2 / own_free + others**2 / others_free
    return float(student.ppf(0.975, total**2 / weight if weight > 0 else np.inf) * np.sqrt(total))


def _result(rows: list[tuple[Any, ...]], extra: list[tuple[Any, ...]], limits: tuple[str, ...], year: int) -> Result:
    first = {row[0]: row for row in reversed(rows)}
    spoken = [(r, e) for r, e in zip(rows, extra, strict=True) if len(first) == 1 or first[r[0]] is r]
    told = [_told(row, more) for row, more in spoken]
    return Gap(
        id="gap",
        title=f"This school minus others, {school_year(year)}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text="\n".join(told),
        claim="compare",
        assumptions=("Chance moves this school's value independently of the others' values.",),
        checks=tuple(
            f"{e[0]}, {lower_first(e[1])}: this school {show(e[2], 'ratio')}, mean {show(e[3], 'ratio')}, standard"
            f" deviation {show(e[4], 'ratio')}, {e[5]} schools."
            for e in extra
        ),
        limits=(
            *limits,
            "Similar schools differ in ways that are not measured here; a difference does not say what made it.",
        ),
        note="n: the schools compared with. This school is not among them.",
        frame=pd.DataFrame(extra, columns=list(FRAME)),
    )


def _told(row: tuple[Any, ...], more: tuple[Any, ...]) -> str:
    label, group, value, low, high, n, unit = row
    name = {SIMILAR: "similar schools", DISTRICT: "other schools of its district and level"}.get(
        group, group.replace("All ", "other ", 1)
    )
    between = span(low, high, unit, sign=True)
    if low <= 0 <= high:
        known = f"{phrase(value, unit, sign=True)}, 95% interval {between}"
        return f"{label}: the data do not separate this school from the {n:,} {name} ({known})."
    side = "higher" if value > 0 else "lower"
    place = f"{show(more[6], 'count')} in 100 of them lie lower"
    size = f"{phrase(abs(value), unit)} {side} than the mean of the {n:,} {name}"
    return f"{label}: {size} (95% interval {between}); {place}."
