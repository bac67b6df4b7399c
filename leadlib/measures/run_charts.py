"""Run charts: a few numbers a month, their median, and the rules that tell a change from the usual ups and downs."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.errors import nearest, refuse
from leadlib.measures.conditions import weekly_coaching
from leadlib.measures.progress_files import read
from leadlib.numbers import listing, phrase, plural, school_year, show, significant
from leadlib.results import RESULT_COLUMNS, Missing, Result

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The run chart"
WEEKS_YEARS = 3
LEAST_YEARLY = 5
MOST_ROWS = 12
_FILE = Path(__file__).parent / "published" / "run_rules.json"


@functools.cache
def rules() -> dict[str, Any]:
    """Give the run rules with their source: how many points make a shift and a trend, how rare a number of runs."""
    return dict(json.loads(_FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True, repr=False)
class Run(Result):
    """A series about its median: `frame` has when (text), value, side (+1, -1, 0: on it), shift, trend (yes or no).

    `signals` are the rules that found something, `median` is of the points before `start` where there are enough.
    """

    label: str = ""
    unit: str = "value"
    median: float = np.nan
    signals: tuple[str, ...] = ()
    origin: str = ""

    def block(self) -> Block:
        """Give the points as a table, then what the rules say."""
        heads = (Column("when", "When", "left"), Column("value", self.label), Column("side", "Median", "left"))
        words = {1: "above", -1: "below", 0: "on it"}
        rows = self.frame.tail(MOST_ROWS).to_dict("records")
        cells = tuple((r["when"], show(r["value"], self.unit), words[int(r["side"])]) for r in rows)
        values = tuple((r["when"], significant(r["value"]), int(r["side"])) for r in rows)
        left = len(self.frame) - len(rows)
        note = f"{self.note} The last {len(rows)} of {len(self.frame)} points." if left else self.note
        table = Table(self.id, self.title, heads, cells, values, note.strip())
        return Stack((table, Prose(tuple(self.text.split("\n")))))


def run(
    school: School,
    needs: Any = None,
    *,
    panel: Any = None,
    progress_file: str = "",
    indicator: str = "",
    start: str = "",
) -> Run | Missing:
    """See whether the leading indicator has begun to move, or only goes up and down as it always did.

    One row a day, week or year.

    Parameters
    ----------
    school : School
        The school.
    needs : Priorities, optional
        What `designs.priorities` gives: without a file, the series of the pack that belongs to the first need is shown.
    panel : DataFrame, optional
        What `measures.indicators.panel` gives, for the yearly series of the first need where the pack has no weekly
        one.
    progress_file : str
        A CSV with date, indicator, value (see `progress_files.template`); with a column school_id, only this school's
        rows count.
    indicator : str
        Which indicator of the file; empty: the first.
    start : str
        The day the work began, as 2023-10-05: with enough points before it, the median is of those.

    Returns
    -------
    Run or Missing
        Missing where there is neither a file nor a series of the pack.

    Notes
    -----
    Shift: six or more points in a row on one side of the median. Trend: five or more in a row, all rising or all
    falling. Runs: fewer or more stretches on one side than chance gives in 95 of 100 series, exactly (Wald and
    Wolfowitz 1940). Perla, Provost and Murray (2011), as in `published/run_rules.json`. Rules are read from ten points
    on. Taken together they also fire now and then where nothing has changed.

    Raises
    ------
    InputError
        Everything that is wrong with the file, at once.
    """
    if progress_file:
        rows = read(progress_file, school_id=school.school_id)
        names = list(dict.fromkeys(rows["indicator"]))
        if not names:
            return Missing(SECTION, "the progress file holds no value of this school yet.")
        if indicator and indicator not in names:
            raise refuse(f"progress file, indicator {indicator!r}", "is not in the file", nearest(indicator, names))
        chosen = indicator or names[0]
        points = rows[rows["indicator"] == chosen].rename(columns={"date": "when"})[["when", "value"]]
        return follow(points, label=chosen, origin="the progress file", start=start)
    made = _weekly(school, needs)
    return made if made is not None else _yearly(school, needs, panel)


def _weekly(school: School, needs: Any) -> Run | None:
    """Give the principal's logged weeks of coaching, where the first need is of learning or there is none."""
    themes = list(needs.needs["theme"]) if needs is not None and not isinstance(needs, Missing) else []
    if themes and themes[0] not in ("learning", "coaching"):
        return None
    weeks = weekly_coaching(school)
    own = weeks[
        (weeks["school_id"] == school.school_id)
        & (weeks["year"] <= school.year)
        & (weeks["year"] > school.year - WEEKS_YEARS)
    ].sort_values(["year", "week"])
    if len(own) < rules()["least_points"]:
        return None
    when = [f"{school_year(y)}, week {w}" for y, w in zip(own["year"], own["week"], strict=True)]
    points = pd.DataFrame({"when": when, "value": own["minutes"].to_numpy(float)})
    made = follow(points, label="Principal's coaching of teachers in the week", unit="minutes", origin="the pack")
    return replace(made, limits=(*made.limits, "The weeks may be of more than one principal."))


def _yearly(school: School, needs: Any, panel: Any) -> Run | Missing:
    """Give the yearly values of the first need, or of the result closest to one."""
    absent = "the pack holds no weekly figures, and no progress file is given. Its template stands below."
    if needs is None or isinstance(needs, Missing) or panel is None or isinstance(panel, Missing):
        return Missing(SECTION, absent)
    first = needs.frame.iloc[0] if needs.needs.empty else needs.needs.iloc[0]
    own = panel[(panel["school_id"] == school.school_id) & (panel["measure"] == first["measure"])]
    own = own[own["value"].notna() & (own["year"] <= school.year)].sort_values("year")
    if len(own) < LEAST_YEARLY or not bool(own["comparable"].all()):
        return Missing(SECTION, absent)
    points = pd.DataFrame({"when": [school_year(y) for y in own["year"]], "value": own["value"].to_numpy(float)})
    return follow(points, label=str(first["label"]), unit=str(first["unit"]), origin="the pack")


def follow(points: pd.DataFrame, *, label: str, unit: str = "value", origin: str = "", start: str = "") -> Run:
    """See what the run rules say of a series.

    Parameters
    ----------
    points : DataFrame
        when (text, in order) and value.
    label, unit, origin : str
        What it is, its unit, and where it comes from ("the pack").
    start : str
        With ten points or more before it, the median is of those.
    """
    least = int(rules()["least_points"])
    value = points["value"].to_numpy(float)
    before = points["when"].astype(str).to_numpy() < start if start else np.zeros(len(value), dtype=bool)
    held = int(before.sum()) >= least
    median = float(np.median(value[before] if held else value))
    side = np.sign(np.round(value - median, 9)).astype(int)
    enough = len(value) >= least
    shift, trend = (_shift(side), _trend(value)) if enough else (np.zeros(len(value), bool),) * 2
    signals = _signals(side, shift, trend, held) if enough else ()
    frame = pd.DataFrame(
        {"when": points["when"].astype(str).to_numpy(), "value": value, "side": side, "shift": shift, "trend": trend}
    )
    text = _told(label, unit, median, len(value), signals, enough, held)
    row = (label, "Median", median, np.nan, np.nan, len(value), unit)
    return Run(
        id="run-chart",
        title=f"{label}: {plural(len(value), 'point')} about their median",
        table=pd.DataFrame([row], columns=list(RESULT_COLUMNS)),
        text=text,
        claim="describe",
        limits=("A run chart shows that something moved. It does not show what moved it.",),
        checks=(
            f"Run rules: {rules()['source']}; {'checked' if rules()['verified'] else 'not yet checked'} against it.",
        ),
        note=f"Source: {origin}." if origin else "",
        frame=frame,
        label=label,
        unit=unit,
        median=median,
        signals=signals,
        origin=origin,
    )


def _rule(key: str) -> dict[str, Any]:
    return next(dict(r) for r in rules()["rules"] if r["key"] == key)


def _stretches(marks: np.ndarray, at: np.ndarray, least: int, size: int) -> np.ndarray:
    """Say of each of `size` points whether it is in a stretch of `least` or more equal marks that are not 0."""
    out = np.zeros(size, dtype=bool)
    ends = [*np.flatnonzero(np.diff(marks)) + 1, len(marks)]
    begin = 0
    for end in ends:
        if end - begin >= least and marks[begin] != 0:
            out[at[begin:end]] = True
        begin = end
    return out


def _shift(side: np.ndarray) -> np.ndarray:
    at = np.flatnonzero(side)
    return _stretches(side[at], at, int(_rule("shift")["points"]), len(side)) if len(at) else np.zeros(len(side), bool)


def _trend(value: np.ndarray) -> np.ndarray:
    """Mark points that all rise or all fall; `points` points have one step fewer."""
    kept = np.flatnonzero(np.r_[True, np.diff(value) != 0])
    steps = np.sign(np.diff(value[kept])).astype(int)
    if not len(steps):
        return np.zeros(len(value), bool)
    found = _stretches(steps, np.arange(len(steps)), int(_rule("trend")["points"]) - 1, len(steps))
    out = np.zeros(len(value), bool)
    out[kept[1:][found]] = True
    out[kept[:-1][found]] = True
    return out


def runs_limits(above: int, below: int, alpha: float) -> tuple[int, int]:
    """Give the most runs that are too few and the fewest that are too many, each with at most alpha / 2 by chance."""
    every = math.comb(above + below, above)
    counts = {r: _ways(r, above, below) for r in range(2, above + below + 1)}
    low, high, under, over = 0, above + below + 1, 0, 0
    for r in sorted(counts):
        under += counts[r]
        if under <= alpha / 2 * every:
            low = r
    for r in sorted(counts, reverse=True):
        over += counts[r]
        if over <= alpha / 2 * every:
            high = r
    return low, high


def _ways(runs: int, above: int, below: int) -> int:
    half, odd = divmod(runs, 2)
    if not odd:
        return 2 * math.comb(above - 1, half - 1) * math.comb(below - 1, half - 1)
    one = math.comb(above - 1, half) * math.comb(below - 1, half - 1)
    return one + math.comb(above - 1, half - 1) * math.comb(below - 1, half)


def _signals(side: np.ndarray, shift: np.ndarray, trend: np.ndarray, held: bool) -> tuple[str, ...]:
    found = []
    if shift.any():
        found.append("a shift")
    if trend.any():
        found.append("a trend")
    marks = side[side != 0]
    above, below = int((marks > 0).sum()), int((marks < 0).sum())
    if above and below and not held:
        runs = 1 + int((np.diff(marks) != 0).sum())
        low, high = runs_limits(above, below, float(_rule("runs")["alpha"]))
        found += ["too few runs"] if runs <= low else ["too many runs"] if runs >= high else []
    return tuple(found)


def _told(label: str, unit: str, median: float, n: int, signals: tuple[str, ...], enough: bool, held: bool) -> str:
    whose = "of the points before the work began" if held else f"of all {n} points"
    first = f"{label}: the median {whose} is {phrase(median, unit)}."
    if not enough:
        return f"{first} There are {n} points; the rules are read from {rules()['least_points']} on."
    if not signals:
        return f"{first} No rule finds a change: the points go up and down about the median as chance alone makes them."
    words = {"a shift": "shift", "a trend": "trend", "too few runs": "runs", "too many runs": "runs"}
    why = listing([f"{s} ({_rule(words[s])['words']})" for s in signals])
    return f"{first} The rules find {why}. Ask what happened then."
