"""Two groups and one start: whether the gap between them changed when the program came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.clustered import Fit, least_squares
from leadlib.designs.differences import events as ev
from leadlib.designs.differences.groups import covariate_means, demeaned, evidence, row_means, spread
from leadlib.designs.differences.reading import Floats, Panel, read, year_text
from leadlib.designs.estimates import Assignment, Look, Wording, finish
from leadlib.designs.options import checked_options
from leadlib.errors import refuse
from leadlib.numbers import difference_unit, listing, phrase, plural

WHERE = "did"
LEAST_DF = 2.5
"""Below it an interval spans nearly everything and covers far more often than it says (tests/test_designs_did.py)."""
EFFECT = "program"


@checked_options
def did(
    panel: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    time: str,
    first_treated: str | None = None,
    treated: str | None = None,
    start: float | None = None,
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    assignment: Assignment = "not random",
    level: float = 0.95,
    seed: int | None = None,
    unit_of: str = "value",
    label: str | None = None,
    unit_word: str = "school",
    cluster_word: str = "school",
    sd: float | None = None,
    look: Look = "estimate",
) -> Any:
    """See whether the gap between units with and without a program changed when it came, beyond chance.

    Parameters
    ----------
    panel : DataFrame
        One row a unit and year. A unit may miss years; one without a value before or after the start is left out, and
        counted.
    outcome, unit, time : str
        Columns: the outcome, the unit (such as the school), the year (a number).
    first_treated : str, optional
        Column of the unit's first treated year, the same in all its rows; missing, 0 or infinite for those never
        treated. All treated units must share one year: `staggered` takes several.
    treated, start : str and number, optional
        Instead: a column of 0 and 1, either of the group (with `start`, the first treated year), or one that turns to 1
        in the first treated year and stays (without `start`).
    cluster : str, optional
        What was assigned together, such as the district; the unit itself if left out.
    covariates : sequence of str
        Columns whose mean over the years before the start may go with another change (they enter times "after").
    weights : str, optional
        Column of weights; a unit counts with its mean weight.
    seed : int, optional
        With it, `events` has a band that holds all years at once.
    sd : float, optional
        Standard deviation for effect sizes; else that of units within groups and years before the start.

    Returns
    -------
    EventStudy, or Detectable where `look` is "power"
        Table: the headline, then a row each year since the start, against the last year before it. With one year before
        the start, and no lottery, the claim is no more than "compare".

    Raises
    ------
    InputError
        Where no unit stays untreated, or none is treated; where fewer than two units (or clusters) lie on a side; where
        there is no year before the start, or none after it; for several starts; for treatment that is switched off; for
        rows that stand twice; for an outcome that never changes, and covariates that say the same.

    Notes
    -----
    The coefficient of treated x after in a regression with unit and year effects; with all years there it is the mean
    change of the treated less that of the others. CR2 errors with Satterthwaite's degrees of freedom (Pustejovsky and
    Tipton 2018). R: clubSandwich::coef_test(lm(y ~ treated:after + unit + year), "CR2", cluster, "Satterthwaite").
    """
    _options(first_treated, treated, unit_of)
    whole = read(
        panel,
        WHERE,
        outcome=outcome,
        unit=unit,
        time=time,
        first_treated=first_treated,
        treated=treated,
        start=start,
        cluster=cluster,
        weights=weights,
        covariates=covariates,
    )
    whole = whole.not_yet()
    begun = _start(whole)
    used, x = covariate_means(_both(whole, begun), WHERE)
    _sides(used)
    fit, drift = _headline(used, begun, x)
    value, se, df = fit.term(EFFECT)
    _holds(used, se, df)
    shown, name = difference_unit(unit_of), label or outcome
    path, covariance, before = _path(used, begun, x, drift, level, seed)
    size, size_of = (sd, "given") if sd is not None else (spread(used), f"{unit_word}s")
    return finish(
        id=f"did-{outcome}",
        title=f"{name}: difference in differences, start {year_text(begun)}",
        design="did",
        outcome=outcome,
        label=name,
        unit=shown,
        value=value,
        se=se,
        df=df,
        level=level,
        look=look,
        sd=size,
        sd_of=size_of,
        claim="estimate" if before or assignment == "random" else "compare",
        evidence=evidence(used, assignment, unit_word, cluster_word, name, covariates, cluster is not None),
        wording=Wording("the change of the treated", "that of the others", "both would have moved alike without it"),
        asked={
            "unit": unit,
            "time": time,
            "first_treated": first_treated,
            "treated": treated,
            "start": start,
            "cluster": cluster,
            "covariates": list(covariates),
            "weights": weights,
            "assignment": assignment,
            "seed": seed,
        },
        rows=_rows(path, name, shown),
        assumptions=_assumptions(covariates),
        checks=(ev.told(before, shown, level), _plainer(used, begun, shown)),
        limits=used.limits,
        note="n counts units; years since the start are set against the last year before it.",
        frame=path,
        kind=ev.EventStudy,
        events=path,
        covariance=covariance,
        pretrend=before,
    )


def _options(first_treated: str | None, treated: str | None, unit_of: str) -> None:
    if (first_treated is None) == (treated is None):
        raise refuse(
            WHERE,
            "is not told who was treated when" if treated is None else "is told twice who was treated",
            "name either first_treated= (a year for each unit) or treated= (0 and 1)",
        )


def _start(panel: Panel) -> float:
    """Give the one start; refuse panels that have none, several, or nothing before or after it."""
    starts = np.unique(panel.first[np.isfinite(panel.first)])
    if not len(starts):
        raise refuse(WHERE, "no unit is treated in any year there is", "check the column that says who was, and when")
    if not np.isinf(panel.first).any():
        raise refuse(
            WHERE,
            "no unit stays untreated" + (": all started at once" if len(starts) == 1 else ""),
            "give units that did not start" + ("" if len(starts) == 1 else ', or use staggered(controls="not yet")'),
        )
    if len(starts) > 1:
        raise refuse(
            WHERE,
            f"units started in {len(starts)} different years ({listing([year_text(s) for s in starts[:4]])})",
            "use staggered, which compares each start with units not treated",
        )
    begun, years = float(starts[0]), panel.years
    if begun <= years[0]:
        raise refuse(WHERE, f"all were treated already in {year_text(years[0])}, the first year", "give years before")
    return begun


def _both(panel: Panel, begun: float) -> Panel:
    """Keep the units that have a value before and after the start."""
    after = panel.years >= begun
    both = panel.seen[:, after].any(axis=1) & panel.seen[:, ~after].any(axis=1)
    if both.all():
        return panel
    lost = plural(int((~both).sum()), "unit")
    return panel.keep(both, f"{lost} without a value before and after the start left out.")


def _sides(panel: Panel) -> None:
    """Refuse a side with fewer than two clusters."""
    treated = np.isfinite(panel.first)
    what = "unit" if panel.by_unit else "cluster"
    for side, name in ((treated, "treated"), (~treated, "untreated")):
        n = len(np.unique(panel.cluster[side]))
        if n < 2:
            held = f"there is {'one' if n else 'no'} {name} {what} with values before and after the start"
            raise refuse(
                WHERE,
                held,
                f"the design needs at least two {what}s on each side: with one, chance and program look alike",
            )


def _columns(panel: Panel, x: Floats | None, when: Any) -> list[tuple[str, Floats]]:
    """Give the columns for years, and for covariates in the years that `when` lists."""
    shape = panel.y.shape
    found = [
        (f"year {year_text(panel.years[k])}", np.broadcast_to(np.eye(shape[1])[k], shape))
        for k in range(1, shape[1])
        if panel.seen[:, k].any()
    ]
    if x is not None:
        names = list(panel.extra)
        found += [(f"{n} x {k}", x[:, [j]] * row) for j, n in enumerate(names) for k, row in enumerate(when)]
    return found


def _regress(panel: Panel, columns: list[tuple[str, Floats]]) -> tuple[Fit, Floats]:
    """Regress on these columns and unit effects, which are taken out as means; give the matrix too."""
    seen = panel.seen
    matrix = np.stack([demeaned(layer, seen)[seen] for _, layer in columns], axis=1)
    rows = np.broadcast_to(panel.cluster[:, None], seen.shape)[seen]
    weight = np.broadcast_to(panel.weight[:, None], seen.shape)[seen]
    names = [name for name, _ in columns]
    y = demeaned(panel.y, seen)[seen]
    return least_squares(y, matrix, names=names, where=WHERE, clusters=rows, weights=weight), matrix


def _headline(panel: Panel, begun: float, x: Floats | None) -> tuple[Fit, float]:
    """Fit the one effect, and say what a gap growing by 1 a year would make of it."""
    after = (panel.years >= begun).astype(float)
    treated = np.isfinite(panel.first).astype(float)[:, None]
    columns = [*_columns(panel, x, [after]), (EFFECT, treated * after)]
    fit, matrix = _regress(panel, columns)
    drifting = demeaned(treated * (panel.years - begun), panel.seen)[panel.seen]
    root = np.sqrt(np.broadcast_to(panel.weight[:, None], panel.seen.shape)[panel.seen])
    drift = np.linalg.lstsq(matrix * root[:, None], drifting * root, rcond=None)[0][-1]
    return fit, float(drift)


def _path(
    panel: Panel, begun: float, x: Floats | None, drift: float, level: float, seed: int | None
) -> tuple[pd.DataFrame, pd.DataFrame, ev.Pretrend | None]:
    """Fit the gap of each year against the last year before the start."""
    seen, years, treated = panel.seen, panel.years, np.isfinite(panel.first)
    counted = np.array([seen[treated].sum(axis=0), seen[~treated].sum(axis=0)])
    known = np.asarray((counted > 0).all(axis=0))
    base = int(np.flatnonzero(known & (years < begun))[-1])
    at = [k for k in range(len(years)) if known[k] and k != base]
    eye = np.eye(len(years))
    when = [eye[k] for k in range(1, len(years)) if seen[:, k].any()]
    columns = [*_columns(panel, x, when), *((f"event {k}", treated[:, None] * eye[k]) for k in at)]
    fit, _ = _regress(panel, columns)
    skip = len(columns) - len(at)

    def measure(c: Floats) -> tuple[float, float, float]:
        return fit.contrast(np.r_[np.zeros(skip), c])

    each = np.array([measure(row) for row in np.eye(len(at))])
    events, cov = years[at] - begun, fit.cov[skip:, skip:]
    before = ev.pretrend(events, each[:, 0], cov, each[:, 2], measure, drift, years[base] - begun, level)
    frame = ev.path(events, each[:, 0], each[:, 1], each[:, 2], counted[:, at], years[base] - begun, level)
    if seed is not None:
        frame = ev.banded(frame, cov, level, seed)
    named = pd.Index(events, name="event")
    return frame, pd.DataFrame(cov, index=named, columns=named), before


def _holds(panel: Panel, se: float, df: float) -> None:
    size = float(np.abs(panel.y[panel.seen]).max())
    if not se > 1e-12 * size:
        raise refuse(
            WHERE, "changes do not vary between units", "the design needs units whose changes differ by chance"
        )
    if not df >= LEAST_DF:
        raise refuse(
            WHERE,
            f"the estimate would stand on {df:.1f} degrees of freedom: too few clusters, or one far larger than others",
            "give more clusters on the smaller side; below 2.5 of them the interval says next to nothing",
        )


def _rows(path: pd.DataFrame, name: str, unit: str) -> tuple[tuple[Any, ...], ...]:
    after = path[path["event"] >= 0].to_dict("records")
    return tuple(
        (name, _since(r["event"]), r["value"], r["low"], r["high"], int(r["treated_n"] + r["comparison_n"]), unit)
        for r in after
    )


def _since(event: float) -> str:
    if event == 0:
        return "First treated year"
    return f"{year_text(event)} year{'' if event == 1 else 's'} after the first"


def _assumptions(covariates: Sequence[str]) -> tuple[str, ...]:
    alike = f" among units alike in {listing(list(covariates))}" if covariates else ""
    return (
        f"Without the program, the outcome of the treated would have moved as that of the others did{alike} (parallel"
        " trends).",
        "The outcome did not move because of the program before its first year.",
        "The program left the outcomes of the others alone.",
    )


def _plainer(panel: Panel, begun: float, unit: str) -> str:
    """Set beside the estimate what simpler comparisons would say."""
    after, treated = panel.years >= begun, np.isfinite(panel.first)
    late, early = row_means(panel.y, after), row_means(panel.y, ~after)
    w = panel.weight
    change = float(np.average((late - early)[treated], weights=w[treated]))
    gap = float(np.average(late[treated], weights=w[treated]) - np.average(late[~treated], weights=w[~treated]))
    return (
        f"Simpler comparisons mislead: the treated alone changed by {phrase(change, unit, sign=True)}, which holds what"
        f" moved everyone; after the start they lie {phrase(gap, unit, sign=True)} from the others, which holds what"
        " set them apart before."
    )
