"""Regression discontinuity: the jump of an outcome where a rule starts to treat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.cutoffs.density import density_jump
from leadlib.designs.cutoffs.fits import WHERE, Errors, Local, Rows, attempt, fitted, halves, one_per_cluster
from leadlib.designs.cutoffs.local import Kernel
from leadlib.designs.cutoffs.pictures import drawn
from leadlib.designs.cutoffs.told import DENSITY_LEVEL, FALSE, checks, limits
from leadlib.designs.estimates import BASELINE, Detectable, Estimate, Evidence, Look, Wording, finish, interval
from leadlib.designs.frames import prepared
from leadlib.designs.options import checked_options
from leadlib.errors import refuse
from leadlib.numbers import difference_unit, show

TreatedSide = Literal["at or above", "above", "at or below", "below"]
_WORDING = Wording(
    who="those just on the treated side of the cutoff",
    whom="those just on the other side",
    provided="nothing else changes at the cutoff and nobody was moved across it",
)


@dataclass(frozen=True, repr=False)
class Cutoff(Estimate):
    """A jump at a cutoff.

    `value` is corrected for the bias of straight lines and is the middle of the interval; `lines` and `lines_se` are
    the jump by straight lines within `bandwidth`. `density_p` tests whether the number of units jumps
    (nan: too few).
    """

    bandwidth: float = math.nan
    bias_bandwidth: float = math.nan
    lines: float = math.nan
    lines_se: float = math.nan
    density_p: float = math.nan
    score: str = ""
    cutoff: float = 0.0


@checked_options
def rd(
    frame: pd.DataFrame,
    *,
    outcome: str,
    score: str,
    cutoff: float = 0.0,
    side: TreatedSide = "at or above",
    treated: str | None = None,
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    bandwidth: float | None = None,
    kernel: Kernel = "triangular",
    errors: Errors = "CR2",
    donut: float = 0.0,
    robustness: bool = True,
    level: float = 0.95,
    unit_of: str = "value",
    label: str = "",
    unit_word: str = "school",
    sd: float | None = None,
    sd_of: str = "",
    look: Look = "estimate",
) -> Cutoff | Detectable:
    """See what a program did for those near the cutoff of the rule that gave it: the jump of the outcome there.

    Parameters
    ----------
    frame : DataFrame
        One row a unit (a school, a pupil) with its score and outcome.
    outcome, score : str
        Columns of numbers. The score must have decided alone who was treated.
    cutoff : float
        Where the rule begins, in the score's unit.
    side : {"at or above", "above", "at or below", "below"}
        Which scores the rule treats.
    treated : str, optional
        A column of 0 and 1, held against the rule.
    cluster : str, optional
        Units that were scored or sampled together.
    covariates : sequence of str
        Baseline columns of numbers: checked for a jump of their own, and adjusted for.
    bandwidth : float, optional
        How far from the cutoff units count, in the score's unit; without, the one with the least mean squared error.
    kernel : {"triangular", "epanechnikov", "uniform"}
        How the weight falls with distance.
    errors : {"CR2", "neighbors"}
        "CR2" holds also for few units. "neighbors" is the default of R's and Stata's rdrobust: curves from a bandwidth
        of their own, nearest-neighbor errors, normal quantiles; its intervals are somewhat too short in small samples.
        It knows neither clusters nor covariates.
    donut : float
        Units closer to the cutoff than this are left out.
    robustness : bool
        Whether to add the rows for other bandwidths, without the nearest units, and at false cutoffs.
    level, unit_of, label, unit_word, sd, sd_of, look
        As in every design; `sd` defaults to that of the untreated within the bandwidth.

    Returns
    -------
    Cutoff, or Detectable where `look` is "power"
        `frame`: columns `kind` (bin, curve, limit), `side` (treated, comparison), `score, value, low, high, n`.
        Rows without a score, outcome, cluster or covariate are left out and counted in `limits`.

    Raises
    ------
    InputError
        A treatment that does not follow the rule; fewer than 10 units or 6 distinct scores on a side within the
        bandwidth; an outcome that does not vary; covariates that repeat each other; unknown choices.

    Notes
    -----
    Lines are fitted on each side, weighted by the kernel, within the bandwidth of Calonico, Cattaneo and Titiunik
    (2014; R: rdrobust::rdbwselect, "mserd"). Lines are off where the truth is curved; taking that bias away with the
    same bandwidth gives a parabola on each side (their Remark 7), whose jump is `value`. CR2 errors with Bell and
    McCaffrey's degrees of freedom: in simulations from 10 units a side on, the 95% interval covers 94 to 98%, where
    that of rdrobust's default covers 90 to 94%. With clusters, the variances behind the bandwidth allow for them.
    Checked against rdrobust 2.1.1 (bandwidths, lines, corrected jump, both kinds of errors) and rddensity 3.0.
    """
    name = label or outcome
    rows, left_out = _rows(frame, outcome, score, cutoff, side, treated, cluster, covariates, kernel, errors, unit_word)
    _sound(bandwidth, donut)
    whole = rows.only(np.abs(rows.x) >= donut) if donut > 0 else rows
    main = fitted(whole, bandwidth)
    unit = difference_unit(unit_of)
    crowd = density_jump(*one_per_cluster(rows))
    near = whole.only(np.abs(whole.x) < main.bandwidth)
    base = _baseline(near, main, rows.control_names)
    own_sd = float(np.std(near.y[~near.treated], ddof=1)) if sd is None else sd
    others = _others(whole, main, cutoff) if robustness and look == "estimate" else []
    more = tuple(
        (name, what, v.value, *interval(v.value, v.se, v.df, level), v.treated_n + v.comparison_n, unit)
        for what, v in others
    )
    more = (
        (
            name,
            "By straight lines, not corrected for curves",
            main.lines,
            *_plain(main, level),
            main.treated_n + main.comparison_n,
            unit,
        ),
        *more,
    )
    moved = crowd is not None and crowd.doubt < DENSITY_LEVEL
    return finish(
        id="rd",
        title=f"{name} at the cutoff of {score}",
        design="rd",
        outcome=outcome,
        label=name,
        unit=unit,
        value=main.value,
        se=main.se,
        df=main.df,
        level=level,
        look=look,
        claim="compare" if moved else "estimate",
        evidence=_evidence(near, main, base, unit_word, cluster, tuple(covariates)),
        wording=_WORDING,
        asked={
            "score": score,
            "cutoff": cutoff,
            "side": side,
            "treated": treated or "",
            "bandwidth": "chosen by the data" if bandwidth is None else bandwidth,
            "kernel": kernel,
            "errors": errors,
            "donut": donut,
            "cluster": cluster or "",
            "covariates": list(covariates),
        },
        sd=own_sd,
        sd_of=sd_of or (f"{unit_word}s near the cutoff" if sd is None else "units"),
        rows=more,
        assumptions=(
            "The score alone decided who was treated, and nobody could place a score just on one side of the cutoff.",
            "Nothing else that matters for the outcome starts or stops at the same cutoff.",
            "Without the program, the outcome would have run on smoothly through the cutoff.",
        ),
        checks=checks(main, base, crowd, others, bandwidth is None, unit_word, level, unit),
        limits=(*left_out, *limits(near, cutoff, moved, score)),
        note="n: units within the bandwidth. Rows below the first are checks of it.",
        frame=drawn(rows, main, cutoff, level),
        kind=Cutoff,
        bandwidth=main.bandwidth,
        bias_bandwidth=main.bias_bandwidth,
        lines=main.lines,
        lines_se=main.lines_se,
        density_p=crowd.doubt if crowd is not None else math.nan,
        score=score,
        cutoff=cutoff,
    )


def _plain(main: Local, level: float) -> tuple[float, float]:
    return interval(main.lines, main.lines_se, main.df, level)


def _sound(bandwidth: float | None, donut: float) -> None:
    if bandwidth is not None and not (np.isfinite(bandwidth) and bandwidth > 0):
        raise refuse(f"{WHERE}, bandwidth", f"is {bandwidth}", "give a positive number in the score's unit")
    if not (np.isfinite(donut) and donut >= 0):
        raise refuse(f"{WHERE}, donut", f"is {donut}", "give zero or a positive number in the score's unit")


def _rows(
    frame: Any,
    outcome: str,
    score: str,
    cutoff: float,
    side: str,
    treated: str | None,
    cluster: str | None,
    covariates: Sequence[str],
    kernel: str,
    errors: str,
    word: str,
) -> tuple[Rows, tuple[str, ...]]:
    if errors == "neighbors" and (cluster or covariates):
        raise refuse(f"{WHERE}, errors", "from neighbors know neither clusters nor covariates", "use errors='CR2'")
    found = prepared(
        frame,
        WHERE,
        numbers=[outcome, score, *covariates],
        flags=[treated] if treated else [],
        labels=[cluster] if cluster else [],
    )
    table = found.frame
    x = table[score].to_numpy(float) - cutoff
    right = x >= 0 if side in ("at or above", "below") else x > 0
    rows = Rows(
        x=x,
        y=table[outcome].to_numpy(float),
        right=right,
        treated_right=side in ("at or above", "above"),
        clusters=pd.factorize(table[cluster], sort=True)[0] if cluster else None,
        controls=table[list(covariates)].to_numpy(float) if covariates else None,
        control_names=tuple(covariates),
        kernel=kernel,
        errors=errors,  # type: ignore[arg-type]
        word=word,
    )
    if treated:
        _follows(rows, table[treated].to_numpy() == 1.0)
    return rows, found.limits()


def _follows(rows: Rows, treated: Any) -> None:
    missed, crossed = int((rows.treated & ~treated).sum()), int((~rows.treated & treated).sum())
    if missed or crossed:
        raise refuse(
            f"{WHERE}, treated",
            f"does not follow the rule: on the treated side {missed:,} were not treated, on the other {crossed:,} were",
            "check cutoff= and side=; if the rule was not kept by all, leave treated= out: the jump is then what coming"
            " under the rule did, whether it was kept or not",
        )


def _baseline(near: Rows, main: Local, names: tuple[str, ...]) -> list[tuple[str, Local, float]]:
    """Give each covariate's own jump at the cutoff, within the outcome's bandwidth, and its SD."""
    found = []
    for k, name in enumerate(names):
        values = near.controls[:, k] if near.controls is not None else near.y
        bare = Rows(near.x, values, near.right, near.treated_right, near.clusters, kernel=near.kernel, word=near.word)
        one = attempt(bare, main.bandwidth)
        if one is not None:
            found.append((name, one, float(np.std(values, ddof=1))))
    return found


def _evidence(
    near: Rows,
    main: Local,
    base: list[tuple[str, Local, float]],
    word: str,
    cluster: str | None,
    covariates: tuple[str, ...],
) -> Evidence:
    clusters = None
    if near.clusters is not None:
        clusters = (len(np.unique(near.clusters[near.treated])), len(np.unique(near.clusters[~near.treated])))
    table = [(m, one.limit + one.value, one.limit, sd, main.treated_n, main.comparison_n, True) for m, one, sd in base]
    return Evidence(
        assignment="cutoff",
        units=(main.treated_n, main.comparison_n),
        clusters=clusters,
        unit_word=word,
        cluster_word=cluster or "school",
        baseline=pd.DataFrame(table, columns=list(BASELINE)),
        adjusted=covariates,
        inference_clustered=True,
    )


def _others(rows: Rows, main: Local, cutoff: float) -> list[tuple[str, Local]]:
    """Give the jump with half and double the bandwidth, without the nearest tenth, and at cutoffs that are none."""
    h = main.bandwidth
    tries = [
        ("Half the bandwidth", attempt(rows, h / 2)),
        ("Twice the bandwidth", attempt(rows, 2 * h)),
        ("Without the nearest tenth of the bandwidth", attempt(rows.only(np.abs(rows.x) >= h / 10), h)),
    ]
    for side, part, cut in halves(rows):
        tries.append((f"{FALSE} at {show(cutoff + cut, 'value')}, {side} side", attempt(part)))
    return [(what, one) for what, one in tries if one is not None]
