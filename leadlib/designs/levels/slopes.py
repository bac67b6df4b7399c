"""Whether those with a program grow faster: lines over time, one a pupil (or school), around lines of their schools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Assignment, Detectable, Estimate, Evidence, Look, Wording, finish
from leadlib.designs.frames import Prepared, prepared
from leadlib.designs.levels import shared
from leadlib.designs.levels.fitting import Mixed, columns, fitted
from leadlib.designs.levels.sums import Floats, Ints, Rows, codes
from leadlib.designs.options import checked_options
from leadlib.errors import refuse
from leadlib.numbers import difference_unit, lower_first, plural, show

WHERE = "growth"
LEAST_TIMES = 3
LEAST_UNITS = 4
"""Units an arm that a difference in growth needs; units also where no program is compared."""
_TIME, _TREATED, _BOTH = 1, 2, 3
"""Places of the coefficients, since a covariate may have any name."""


@dataclass(frozen=True)
class _Panel:
    """The rows by role, time counted from its first value."""

    y: Floats
    time: Floats
    start: float
    unit: Ints
    cluster: Ints | None
    treated: Floats | None
    covariates: Floats
    names: tuple[str, ...]
    by_cluster: bool


@checked_options
def growth(
    frame: pd.DataFrame,
    *,
    outcome: str,
    time: str,
    unit: str,
    cluster: str | None = None,
    treated: str | None = None,
    covariates: Sequence[str] = (),
    assignment: Assignment = "not random",
    randomized: tuple[int, int] | None = None,
    sd: float | None = None,
    unit_of: str = "value",
    label: str | None = None,
    unit_word: str = "pupil",
    cluster_word: str = "school",
    time_word: str = "year",
    level: float = 0.95,
    look: Look = "estimate",
) -> Estimate | Detectable:
    """See how fast an outcome grows, and whether it grows faster with a program, each unit having a line of its own.

    Parameters
    ----------
    frame : DataFrame
        One row a unit and point in time.
    outcome, time : str
        Columns of numbers; growth is told for one step of `time`. At least three points in time.
    unit, cluster : str
        Who grows, and the school they are in, if they are in one.
    treated : str, optional
        0 and 1, one value a unit; without it the mean growth is told.
    covariates : sequence of str
        Numbers that the starting level adjusts for.
    assignment, randomized, sd, unit_of, label, level, look
        As in every design; `sd` is the units' standard deviation at the first point in time if left out.
    unit_word, cluster_word, time_word : str
        What they are called in sentences.

    Returns
    -------
    Estimate, or Detectable where `look` is "power"
        The difference in growth for one step of time (or the mean growth). Table: also each arm's start and growth, and
        how far units differ in both. `frame`: one row an arm and point in time: arm, time, n, mean, fitted, low, high.
        Rows without a value in any column are left out, and a limit says so; units need not have all points in time.

    Raises
    ------
    InputError
        Columns that are missing or in two roles; a unit twice at one time; fewer than three points in time; a program
        that changes within a unit; too few units or clusters in an arm; a constant outcome; a fit that does not
        converge.

    Notes
    -----
    y_it = b0 + b1 t + b2 T + b3 T t + (u0_i + u1_i t) + (v0_s + v1_s t) + e_it by restricted maximum likelihood, as
    in R: lme4::lmer(y ~ t * T + (1 + t | unit) + (1 + t | cluster)); see `multilevel` for the degrees of freedom.
    Singer and Willett (2003), Applied Longitudinal Data Analysis, ch. 4.
    """
    asked = {k: v for k, v in locals().items() if k not in ("frame", "look", "outcome", "level")}
    kept, panel = _panel(frame, outcome, time, unit, cluster, treated, covariates, (unit_word, cluster_word))
    fit = _fit(panel)
    measured = label or outcome
    value, se, df = fit.term(_TIME if panel.treated is None else _BOTH)
    df = min(df, _most_free(panel))
    step = f"{measured}, growth a {time_word}"
    found = finish(
        id="growth",
        title=f"Growth of {lower_first(measured)}: {plural(int(panel.unit.max()) + 1, unit_word)}",
        design=WHERE,
        outcome=outcome,
        label=step,
        unit=difference_unit(unit_of),
        value=value,
        se=se,
        df=df,
        evidence=_evidence(panel, kept.frame, covariates, assignment, randomized, (unit_word, cluster_word)),
        wording=_wording(panel, assignment, (unit_word, cluster_word), time_word),
        asked={k: list(v) if isinstance(v, (tuple, list)) else v for k, v in asked.items()},
        claim="estimate" if panel.treated is not None and assignment in ("random", "cutoff") else "compare",
        level=level,
        look=look,
        sd=_start_sd(panel) if sd is None else sd,
        sd_of=f"{unit_word}s",
        rows=_rows(panel, fit, measured, difference_unit(unit_of), unit_of, (unit_word, cluster_word), time_word),
        assumptions=(
            f"Each {unit_word} grows along a straight line: as much in the first {time_word} as in the last.",
            "Values missing at some point do not hang on what they would have been, given those that are there.",
            *(() if panel.treated is None else ("Without the program both groups would have grown alike.",)),
        ),
        checks=(
            f"The interval uses {df:.1f} degrees of freedom (Satterthwaite, bounded by the number of groups).",
            fit.top.said(),
            _straight(panel, fit),
            *_zeros(fit, unit_word, cluster_word),
        ),
        limits=kept.limits(),
        frame=_lines(panel, fit, level),
    )
    return found  # type: ignore[no-any-return]


def _panel(
    frame: Any,
    outcome: str,
    time: str,
    unit: str,
    cluster: str | None,
    treated: str | None,
    covariates: Sequence[str],
    words: tuple[str, str],
) -> tuple[Prepared, _Panel]:
    given = shared.as_list(covariates)
    shared.refuse_twice(
        WHERE,
        {"outcome": outcome, "time": time, "unit": unit, "cluster": cluster, "treated": treated, "covariates": given},
    )
    labels = [unit] if cluster is None else [cluster, unit]
    flags = [] if treated is None else [treated]
    kept = prepared(frame, WHERE, numbers=[time, outcome, *given], flags=flags, labels=labels, key=[*labels, time])
    rows = kept.frame
    t = rows[time].to_numpy(dtype=float)
    points = len(np.unique(t))
    if points < LEAST_TIMES:
        raise refuse(
            f"{WHERE}, {time}",
            f"has {plural(points, 'point')} in time",
            "a line of growth needs three; for two, compare the change",
        )
    group = None if cluster is None else codes(rows[cluster])
    who = codes(rows[unit]) if group is None else shared.nested(group, rows[unit])
    flag = None if treated is None else rows[treated].to_numpy(dtype=float)
    by_cluster = group is not None and flag is not None and shared.constant_within(flag, group)
    panel = _Panel(
        rows[outcome].to_numpy(dtype=float),
        t - t.min(),
        float(t.min()),
        who,
        group,
        flag,
        rows[given].to_numpy(dtype=float),
        tuple(given),
        by_cluster,
    )
    _refuse_few(panel, words)
    return kept, panel


def _refuse_few(panel: _Panel, words: tuple[str, str]) -> None:
    shared.need_within(WHERE, panel.unit, words[0], "point in time")
    if np.bincount(panel.unit).max() < LEAST_TIMES:
        raise refuse(WHERE, f"no {words[0]} has three points in time", "a line of growth needs them")
    if panel.cluster is not None:
        shared.need_within(WHERE, panel.cluster[shared.firsts(panel.unit)], words[1], words[0])
    if panel.treated is None:
        groups, word = (panel.unit, words[0]) if panel.cluster is None else (panel.cluster, words[1])
        if int(groups.max()) + 1 < LEAST_UNITS:
            raise refuse(WHERE, plural(int(groups.max()) + 1, word), f"the design needs at least {LEAST_UNITS}")
        return
    if not shared.constant_within(panel.treated, panel.unit):
        raise refuse(
            f"{WHERE}, treated",
            f"changes within a {words[0]}",
            "give each unit one value; for a program that starts midway, use did or series",
        )
    arms = panel.treated[shared.firsts(panel.unit)]
    shared.need_arms(WHERE, arms, words[0], LEAST_UNITS)
    if panel.by_cluster and panel.cluster is not None:
        shared.need_arms(WHERE, panel.treated[shared.firsts(panel.cluster)], words[1], shared.LEAST_ARM)


def _fit(panel: _Panel) -> Mixed:
    names, parts = ["constant", "time"], [panel.time]
    if panel.treated is not None:
        names += ["treated", "treated x time"]
        parts += [panel.treated, panel.treated * panel.time]
    names += panel.names
    x = columns(*parts, *panel.covariates.T)
    both = (0, 1)
    if panel.cluster is None:
        return fitted(Rows(WHERE, tuple(names), panel.y, x, panel.unit, None, both))
    return fitted(Rows(WHERE, tuple(names), panel.y, x, panel.cluster, panel.unit, both, both))


def _most_free(panel: _Panel) -> float:
    """Give groups less arms: each group has one slope."""
    arms = 1 if panel.treated is None else 2
    groups = panel.unit if panel.cluster is None or not (panel.by_cluster or arms == 1) else panel.cluster
    return float(groups.max()) + 1 - arms


def _start_sd(panel: _Panel) -> float:
    at = panel.time == 0
    arm = np.zeros(int(at.sum())) if panel.treated is None else panel.treated[at]
    return shared.pooled_sd(panel.y[at], arm)


def _evidence(
    panel: _Panel,
    frame: pd.DataFrame,
    covariates: Sequence[str],
    assignment: Assignment,
    randomized: tuple[int, int] | None,
    words: tuple[str, str],
) -> Evidence:
    at = shared.firsts(panel.unit)
    if panel.treated is None:
        return Evidence("none", (0, len(at)), unit_word=words[0], cluster_word=words[1])
    arms, clusters = panel.treated[at], None
    if panel.by_cluster and panel.cluster is not None:
        whole = panel.treated[shared.firsts(panel.cluster)]
        clusters = (int(whole.sum()), int(len(whole) - whole.sum()))
    given = tuple(shared.as_list(covariates))
    return Evidence(
        assignment,
        (int(arms.sum()), int(len(arms) - arms.sum())),
        clusters,
        words[0],
        words[1],
        shared.baseline_of(frame.iloc[at], arms, given),
        randomized,
        given,
    )


def _wording(panel: _Panel, assignment: Assignment, words: tuple[str, str], time_word: str) -> Wording:
    if panel.treated is None:
        return Wording(f"values a {time_word} later", f"those a {time_word} before")
    noun = f"{words[1] if panel.by_cluster else words[0]}s"
    provided = (
        "chance alone decided who got the program and those who left did not change the groups"
        if assignment == "random"
        else "both groups would have grown alike without the program"
    )
    return Wording(f"{noun} with the program", f"{noun} without it", provided)


def _rows(
    panel: _Panel, fit: Mixed, label: str, change: str, unit: str, words: tuple[str, str], time_word: str
) -> tuple[tuple[Any, ...], ...]:
    nan, sums = float("nan"), fit.sums
    who = fit.outer if fit.inner is None else fit.inner
    count = int(panel.unit.max()) + 1
    rows: list[tuple[Any, ...]] = []
    if panel.treated is not None:
        for arm, name in ((1.0, "With the program"), (0.0, "Without it")):
            start, slope = _arm(fit, arm)
            n = int((panel.treated[shared.firsts(panel.unit)] == arm).sum())
            rows += [(f"{label}, growth a {time_word}", name, slope, nan, nan, n, change)]
            rows += [(f"{label}, level at the start", name, start, nan, nan, n, unit)]
    rows += [
        (f"{label}, standard deviation of growth", f"Between {words[0]}s", who[1, 1] ** 0.5, nan, nan, count, change)
    ]
    rows += [
        (f"{label}, standard deviation at the start", f"Between {words[0]}s", who[0, 0] ** 0.5, nan, nan, count, change)
    ]
    if fit.inner is not None:
        spread, n = fit.outer[1, 1] ** 0.5, sums.outer.count
        rows += [(f"{label}, standard deviation of growth", f"Between {words[1]}s", spread, nan, nan, n, change)]
    return tuple(rows)


def _arm(fit: Mixed, arm: float) -> tuple[float, float]:
    """Give an arm's start, at the mean of the covariates, and its growth."""
    b, mean = fit.coef, fit.sums.shift[:-1]
    start = b[0] + arm * b[_TREATED] + b[_BOTH + 1 :] @ mean[_BOTH + 1 :]
    return float(start), float(b[_TIME] + arm * b[_BOTH])


def _straight(panel: _Panel, fit: Mixed) -> str:
    """Say how far the mean lies off its straight line at most, as a check on straightness."""
    frame = _lines(panel, fit, 0.95)
    off = float((frame["mean"] - frame["fitted"]).abs().max())
    sd = _start_sd(panel)
    return f"Means lie at most {show(off / sd, 'ratio')} standard deviations off their straight line." if sd > 0 else ""


def _zeros(fit: Mixed, unit_word: str, cluster_word: str) -> tuple[str, ...]:
    if not fit.top.boundary:
        return ()
    at = f"{unit_word}s" if fit.inner is None else f"{unit_word}s or {cluster_word}s"
    return (
        f"A variance between {at} is estimated as zero, or start and growth as moving in step: chance may do that.",
    )


def _lines(panel: _Panel, fit: Mixed, level: float) -> pd.DataFrame:
    """Give mean and fitted line by arm and time, with the line's interval."""
    from scipy.stats import t as student

    rows = []
    half = float(student.ppf(0.5 + level / 2, max(_most_free(panel), 1.0)))
    arms = (0.0,) if panel.treated is None else (1.0, 0.0)
    flag = np.zeros(len(panel.y)) if panel.treated is None else panel.treated
    for arm in arms:
        for t in np.unique(panel.time):
            at = (panel.time == t) & (flag == arm)
            c = np.r_[1.0, fit.sums.shift[1:-1]]
            c[_TIME] = t
            if panel.treated is not None:
                c[_TREATED], c[_BOTH] = arm, arm * t
            line, se = float(c @ fit.coef), float(np.sqrt(c @ fit.cov @ c))
            mean = float(panel.y[at].mean()) if at.any() else float("nan")
            name = "All" if panel.treated is None else "With the program" if arm else "Without it"
            rows.append((name, t + panel.start, int(at.sum()), mean, line, line - half * se, line + half * se))
    return pd.DataFrame(rows, columns=["arm", "time", "n", "mean", "fitted", "low", "high"])
