"""A goal that similar schools have reached, and that later data can tell from chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from leadlib.blocks import Block, Prose, Stack
from leadlib.designs.behind import last_year, steadied_by_need, with_errors
from leadlib.designs.estimates import detectable
from leadlib.designs.panels import bounded, checked, grades_change, require_school
from leadlib.designs.steadying import LEAST
from leadlib.errors import nearest, refuse
from leadlib.measures.conditions import POOLED_YEARS
from leadlib.measures.groups import level_group, peers_may_be_missing
from leadlib.measures.needs import needs
from leadlib.numbers import difference_unit, in_100, phrase, plural, school_year
from leadlib.results import RESULT_COLUMNS, Missing, Result, long_table, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "A goal"
LEAST_SCHOOLS, LEAST_CHANGES = 8, 15
PLACES = ((10, "Nine in ten did better than"), (25, "Three in four did better than"), (50, "The middle one"))
PLACES_UP = ((75, "One in four did better than"), (90, "One in ten did better than"))
GOAL_PLACE, TOO_FAR = 75, 90
POWER = 0.80


@dataclass(frozen=True, repr=False)
class Goals(Result):
    """One goal: what it is, how many similar schools got so far, and whether later data can tell it from chance.

    `goal` is a change in the result's difference unit (below zero where lower is better) over `years` years, from
    `start` (the school's steadied value in `year`; `value` is the value itself) to `aim` (missing where years are not
    on one scale). `place` says how many in 100 similar schools gained less; `power` is the chance that one later
    year's data show the goal, if it is fully reached; `detectable` the change shown four times in five; `by_itself`
    the change to expect if nothing is done. `frame` has a row a change of a similar school: school_id, since, year,
    change, se.
    """

    measure: str = ""
    label: str = ""
    unit: str = "value"
    better: str = "higher"
    year: int = 0
    years: int = 0
    value: float = np.nan
    start: float = np.nan
    goal: float = np.nan
    aim: float = np.nan
    place: float = np.nan
    power: float = np.nan
    detectable: float = np.nan
    by_itself: float = np.nan
    others: str = ""

    @property
    def too_far(self) -> bool:
        """Whether fewer than one in ten similar schools got so far."""
        return self.place > TOO_FAR

    @property
    def told_from_chance(self) -> bool:
        """Whether one later year's data would show the goal, if reached, four times in five."""
        return self.power >= POWER

    def block(self) -> Block:
        """Give the table with signs, then the sentences."""
        return Stack((long_table(self, signed=True), Prose(tuple(self.text.split("\n")))))


@dataclass(frozen=True)
class _Moves:
    """True changes in the good direction: mean, spread, and the errors of both by leaving out a school at a time."""

    mean: float
    spread: float
    left_out: np.ndarray
    schools_n: int

    def at(self, place: float) -> tuple[float, float, float]:
        """Give a percentile and its 95% interval."""
        z = float(norm.ppf(place / 100))
        value, each = self.mean + z * self.spread, self.left_out[:, 0] + z * self.left_out[:, 1]
        k = self.schools_n
        error = float(np.sqrt((k - 1) / k * np.sum((each - each.mean()) ** 2)))
        half = float(student.ppf(0.975, k - 1)) * error
        return value, value - half, value + half

    def place(self, gain: float) -> float:
        """Give how many in 100 gained less."""
        if self.spread <= 0:
            return 100.0 if gain > self.mean else 50.0
        return 100 * float(norm.cdf((gain - self.mean) / self.spread))


@peers_may_be_missing
@passes_missing
def goals(
    panel: pd.DataFrame, *, school: School, peers: Any = None, indicator: str, years: int = 2, goal: float | None = None
) -> Goals | Missing:
    """See which goal similar schools have reached over so many years, and whether later data could tell it from chance.

    Parameters
    ----------
    panel : DataFrame
        What `measures.indicators.panel` gives.
    school : School
        The school; nothing after its year is used.
    peers : Peers, None or Missing
        Its similar schools; without enough of them with changes, all schools of the level stand in, which is said.
    indicator : str
        A measure of the panel.
    years : int
        Over how many years; figures that pool several years need as many, and a pack of fewer years gives the longest
        window it has.
    goal : float, optional
        A change of one's own, in the difference unit (below zero where lower is better). Without it: what one in four
        of them surpassed (the 75th percentile of gains), or one in ten where that is no gain.

    Returns
    -------
    Goals or Missing
        Table: the goal, five percentiles of similar schools' true changes with 95% intervals (`n` changes), the change
        that later data can tell from chance, and what would happen by itself, all in the difference unit. Missing where
        the measure, the school's value, its error or enough schools' changes are not known, where the years test
        different grades, or where hardly any similar school gained.

    Notes
    -----
    d_jt = y_j,t+h - y_j,t over every window that ends by the school's year; true changes: mean(d), variance var(d) -
    mean (se_t^2 + se_t+h^2), at least 0, percentiles of the normal distribution. Intervals: jackknife over schools, t
    with k - 1 degrees of freedom. Detectable: (1.96 + 0.84) sqrt(2) se, if as many stand behind the later value as now
    (Dong and Maynard 2013, Journal of Research on Educational Effectiveness 6, 24-67, for the multiplier). By itself:
    steadied value less value; a school chosen because its value is low has a part of that by chance, and chance does
    not come back. Years not on one scale: changes are less the mean change of all schools.

    Raises
    ------
    InputError
        An unknown measure, `years` below 1, a goal that is no number, a school that is not in the panel.
    """
    frame = checked(panel, "goals")
    require_school(frame, school.school_id, "goals")
    part = frame[frame["measure"] == indicator]
    if part.empty:
        raise refuse(
            f"goals, indicator {indicator!r}",
            "is no measure of the panel",
            nearest(indicator, frame["measure"].unique()),
        )
    if years < 1 or (goal is not None and not np.isfinite(goal)):
        raise refuse("goals", f"years={years}, goal={goal} cannot be used", "give whole years from 1 on, and a number")
    part = with_errors(part)
    year = last_year(part, school)
    if year is None:
        return Missing(SECTION, f"for {school_year(school.year)} the school has no such value whose range is known.")
    if grades_change(part):
        return Missing(SECTION, "each year tests another grade, so what schools gained over the years cannot be read.")
    pooled = part["size_basis"].astype(str).str.contains("years together").any()
    years = _window(part, year, max(years, POOLED_YEARS) if pooled else years, POOLED_YEARS if pooled else 1)
    sign = 1.0 if part["better"].iloc[0] == "higher" else -1.0
    changes, others = _changes(part, school, peers, year, years)
    if len(changes) < LEAST_CHANGES or changes["school_id"].nunique() < LEAST_SCHOOLS:
        return Missing(
            SECTION,
            f"only {plural(len(changes), 'change')} over {plural(years, 'year')} of schools like this one"
            f" {'is' if len(changes) == 1 else 'are'} known; a goal from fewer than {LEAST_CHANGES} would be invented.",
        )
    moves = _true_moves(changes, sign)
    gain = _chosen(moves) if goal is None else sign * goal
    if gain is None:
        return Missing(
            SECTION,
            f"over {plural(years, 'year')} hardly any of these schools gained; a goal from their changes would be"
            " invented.",
        )
    return _result(part, school, year, years, sign, moves, gain, changes, others)


def _window(part: pd.DataFrame, year: int, wanted: int, least: int) -> int:
    """Give the longest window up to the one wanted for which the pack has years enough."""
    known = sorted(part.loc[part["value"].notna() & (part["year"] <= year), "year"].unique())
    spans = {int(b - a) for a in known for b in known if b > a}
    return max((h for h in spans if least <= h <= wanted), default=wanted)


def _changes(part: pd.DataFrame, school: School, peers: Any, year: int, years: int) -> tuple[pd.DataFrame, str]:
    """Give the changes of similar schools, or of the level's where these are too few, and who they are."""
    known = part[part["value"].notna() & part["se"].notna() & (part["year"] <= year)]
    if not bool(part["comparable"].iloc[0]):
        known = known.assign(value=known["value"] - known.groupby("year")["value"].transform("mean"))
    rows = known[["school_id", "year", "value", "se", "school_level"]]
    before = rows.drop(columns="school_level").assign(since=rows["year"], year=rows["year"] + years)
    both = rows.merge(before, on=["school_id", "year"], suffixes=("", "_before"))
    both = both.assign(
        change=both["value"] - both["value_before"], se=np.sqrt(both["se"] ** 2 + both["se_before"] ** 2)
    )
    both = both[both["school_id"] != school.school_id].sort_values(["school_id", "year"], kind="stable")
    ids = list(peers.school_ids) if peers is not None else []
    near = both[both["school_id"].isin(ids)]
    columns = ["school_id", "since", "year", "change", "se"]
    if len(near) >= LEAST_CHANGES and near["school_id"].nunique() >= LEAST_SCHOOLS:
        return near[columns].reset_index(drop=True), "similar schools"
    if school.level is not None:
        both = both[both["school_level"] == school.level]
    group = level_group(school.level)
    return both[columns].reset_index(drop=True), group.replace("All ", "", 1) if group.startswith("All ") else group


def _true_moves(changes: pd.DataFrame, sign: float) -> _Moves:
    d, noise = sign * changes["change"].to_numpy(float), changes["se"].to_numpy(float) ** 2
    codes, ids = pd.factorize(changes["school_id"])

    def of(keep: np.ndarray) -> tuple[float, float]:
        n = int(keep.sum())
        if n < 2:
            return float(d.mean()), 0.0
        return float(d[keep].mean()), float(np.sqrt(max(d[keep].var(ddof=1) - noise[keep].mean(), 0.0)))

    mean, spread = of(np.ones(len(d), dtype=bool))
    each = np.array([of(codes != k) for k in range(len(ids))])
    return _Moves(mean, spread, each, len(ids))


def _chosen(moves: _Moves) -> float | None:
    """Give the gain that one in four surpassed, or one in ten; None where even that is no gain."""
    return next((g for g in (moves.at(p)[0] for p in (GOAL_PLACE, TOO_FAR)) if g > 0), None)


def _result(
    part: pd.DataFrame,
    school: School,
    year: int,
    years: int,
    sign: float,
    moves: _Moves,
    gain: float,
    changes: pd.DataFrame,
    others: str,
) -> Goals:
    values = (
        part[(part["year"] == year) & part["value"].notna() & part["se"].notna()].set_index("school_id").sort_index()
    )
    own: Any = values.loc[school.school_id]
    value, se = float(own["value"]), float(own["se"]) * float(np.sqrt(2))
    start = _steadied(values, school, year)
    unit = difference_unit(str(own["unit"]))
    comparable = bool(own["comparable"])
    base = start if np.isfinite(start) else value
    aim = float(bounded(base + sign * gain, base + sign * gain, dict(own))[0]) if comparable else np.nan
    reach = detectable(se, np.inf)
    place, power = moves.place(gain), float(norm.sf(norm.ppf(0.975) - gain / se)) if se > 0 else np.nan
    label = str(own["label"])
    rows: list[tuple[Any, ...]] = [(label, f"Goal over {plural(years, 'year')}", sign * gain, np.nan, np.nan, 1, unit)]
    for at, words in (*PLACES, *PLACES_UP):
        mid, low, high = moves.at(at)
        ends = (low, high) if sign > 0 else (-high, -low)
        rows.append((label, f"{words}", sign * mid, *ends, len(changes), unit))
    rows.append((label, "Smallest change that later data tell from chance", sign * reach, np.nan, np.nan, 1, unit))
    by_itself = base - value
    rows.append((label, "To be expected if nothing is done", by_itself, np.nan, np.nan, 1, unit))
    result = Goals(
        id="goal",
        title=f"A goal for {label}",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text="",
        claim="describe",
        assumptions=(
            "True changes of schools scatter in the manner of a bell curve.",
            "As many people will stand behind the later value as stand behind this one.",
        ),
        checks=(
            f"{label}: {plural(len(changes), 'change')} of {plural(moves.schools_n, 'school')} ({others}); true"
            f" standard deviation of changes {phrase(moves.spread, unit)}.",
        ),
        limits=(
            "What similar schools reached does not say how they did it, or that this school can.",
            *(() if comparable else ("Years are not on one scale: changes are against the average of all schools.",)),
        ),
        note="n: changes. Changes below zero are gains where lower is better.",
        frame=changes,
        measure=str(own["measure"]),
        label=label,
        unit=str(own["unit"]),
        better=str(own["better"]),
        year=year,
        years=years,
        value=value,
        start=base,
        goal=sign * gain,
        aim=aim,
        place=place,
        power=power,
        detectable=sign * reach,
        by_itself=by_itself,
        others=others,
    )
    object.__setattr__(result, "text", "\n".join(_told(result, moves)))
    return result


def _steadied(values: pd.DataFrame, school: School, year: int) -> float:
    if len(values) < LEAST:
        return np.nan
    fit, _, _ = steadied_by_need(values, needs(school, year))
    return float(fit.shrunken[int(values.index.get_loc(school.school_id))])  # type: ignore[arg-type]


def _told(made: Goals, moves: _Moves) -> list[str]:
    unit, sign = difference_unit(made.unit), 1.0 if made.better == "higher" else -1.0
    far, until = phrase(made.goal, unit, sign=True), school_year(made.year + made.years)
    where = f", to {phrase(made.aim, made.unit)}" if np.isfinite(made.aim) else " against the average of all schools"
    share = 100 - made.place
    who = f"{made.others[0].lower()}{made.others[1:]}"
    told = [
        f"{made.label}: a change of {far} by {until}{where}, counted from the steadied value"
        f" {phrase(made.start, made.unit)}. Of {who}, {in_100(share / 100)} moved that far or farther over"
        f" {plural(made.years, 'year')}, chance taken out."
    ]
    if made.too_far:
        told.append(
            f"That is farther than nine in ten of them got ({phrase(sign * moves.at(TOO_FAR)[0], unit, sign=True)})."
        )
    size = phrase(abs(made.detectable), unit)
    if made.told_from_chance:
        told.append(
            f"Two single years' data tell a change of {size} from chance four times in five; this goal is as large."
        )
    else:
        told.append(
            f"It is too small for two single years' data: they tell a change of {size} from chance four times in five,"
            f" and this one, fully reached, {in_100(made.power)} times. Watch the leading indicator, and judge by"
            " several years."
        )
    if abs(made.by_itself) >= 0.1 * abs(made.goal):
        told.append(
            f"If nothing is done, a change of about {phrase(made.by_itself, unit, sign=True)} from this year's value"
            f" {phrase(made.value, made.unit)} can be expected by itself, because chance does not come back."
        )
    return told
