"""What a program goes with where pupils sit in classes and schools."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Assignment, Detectable, Estimate, Evidence, Look, Wording, finish
from leadlib.designs.levels import shared
from leadlib.designs.levels.fitting import Mixed, fitted
from leadlib.designs.levels.studies import WHERE, Center, Study, fixed_part, study_of
from leadlib.designs.levels.sums import Floats, Rows
from leadlib.designs.options import checked_options
from leadlib.errors import refuse
from leadlib.numbers import difference_unit, plural, show


@dataclass(frozen=True, repr=False)
class Multilevel(Estimate):
    """A program's estimate with the spread at each level.

    `icc` is the share of the unexplained variance between clusters; `variances` gives each level's; `explained` the
    share of each level's variance that program and controls account for (negative where the level's came out larger);
    `coefficients` has one row a term: term, value, se, df.
    """

    icc: float = math.nan
    variances: Mapping[str, float] = field(default_factory=dict)
    explained: Mapping[str, float] = field(default_factory=dict)
    coefficients: pd.DataFrame = field(default_factory=pd.DataFrame)
    log_likelihood: float = math.nan


@checked_options
def multilevel(
    frame: pd.DataFrame,
    *,
    outcome: str,
    treated: str,
    cluster: str,
    within: str | None = None,
    covariates: Sequence[str] = (),
    center: Center | None = None,
    slope: str | None = None,
    assignment: Assignment = "not random",
    randomized: tuple[int, int] | None = None,
    sd: float | None = None,
    unit_of: str = "value",
    label: str | None = None,
    cluster_word: str = "school",
    within_word: str = "class",
    unit_word: str = "pupil",
    level: float = 0.95,
    look: Look = "estimate",
) -> Multilevel | Detectable:
    """See what a program goes with when pupils sit in schools, and how much of the spread lies between schools.

    Parameters
    ----------
    frame : DataFrame
        One row a pupil (or another lowest unit).
    outcome : str
        A column of numbers.
    treated : str
        0 and 1; given to schools, to classes or to pupils: the data tell which, and the degrees of freedom follow.
    cluster, within : str
        The school; and the class within it, for a third level.
    covariates : sequence of str
        Numbers that the estimate adjusts for.
    center : "grand", "cluster" or None
        "cluster" parts each covariate that varies within schools into the school's mean and the pupil's distance from
        it, and adjusts for both. "grand" takes distances from the overall mean: the estimate stays, the constant
        becomes that of a middling pupil.
    slope : str, optional
        A covariate, or `treated` itself, whose coefficient may differ from school to school.
    assignment, randomized
        How the program was given, and how many (treated, comparison) were assigned at the outset.
    sd : float, optional
        The pupils' standard deviation that gives effect sizes; the pooled one within arms if left out.
    unit_of, label, level, look
        As in every design.
    cluster_word, within_word, unit_word : str
        What they are called in sentences.

    Returns
    -------
    Multilevel, or Detectable where `look` is "power"
        Table: the estimate, then the spread (standard deviation) at each level, the share of variance between clusters
        and what is explained at each level. `frame`: one row a cluster: cluster, treated (share), n, mean (of the
        outcome), deviation, low, high (what the model does not explain, drawn back towards zero).
        Rows without a value in any column are left out, and a limit says so.

    Raises
    ------
    InputError
        Columns that are missing or in two roles; no untreated; fewer than three clusters in an arm where clusters
        have the program; one pupil in every cluster; a constant outcome; collinear covariates; a fit that does not
        converge.

    Notes
    -----
    y = X b + Z u + e by restricted maximum likelihood, as in R: lme4::lmer(y ~ t + x + (1 + slope | cluster) + (1 |
    cluster:within)). t interval with Satterthwaite's degrees of freedom (Kuznetsova, Brockhoff and Christensen 2017,
    as in R's lmerTest), and never more than the groups that share the program leave: groups less the columns that
    vary only between them (Raudenbush and Bryk 2002, ch. 3). Explained shares are reductions against the model
    without program and covariates (Raudenbush and Bryk 2002, p. 74 and 79).
    """
    asked = {k: v for k, v in locals().items() if k not in ("frame", "look", "outcome", "level")}
    kept, study = study_of(
        frame, outcome, treated, cluster, within, covariates, slope, (cluster_word, within_word, unit_word)
    )
    names, x = fixed_part(study, treated, covariates, center, slope)
    varying = (0,) if slope is None else (0, names.index(slope))
    y = study.frame[outcome].to_numpy(dtype=float)
    fit = fitted(Rows(WHERE, names, y, x, study.cluster, study.within, varying))
    empty = fitted(Rows(WHERE, names[:1], y, x[:, :1], study.cluster, study.within), beside=False)
    variances, before = _variances(fit, study, x), _variances(empty, study, x[:, :1])
    explained = {k: 1 - variances[k] / before[k] if before[k] > 0 else math.nan for k in before}
    value, se, df = fit.term(1)
    df = min(df, _most_free(study, x, slope == treated))
    pupils_sd = shared.pooled_sd(y, study.treated) if sd is None else sd
    icc = variances[f"between {cluster_word}s"] / sum(variances.values())
    found = finish(
        id="multilevel",
        title=f"{label or outcome}: {plural(len(y), unit_word)} in {plural(fit.sums.outer.count, cluster_word)}",
        design=WHERE,
        outcome=outcome,
        label=label or outcome,
        unit=difference_unit(unit_of),
        value=value,
        se=se,
        df=df,
        evidence=_evidence(study, covariates, assignment, randomized),
        wording=_wording(study, assignment),
        asked={k: list(v) if isinstance(v, (tuple, list)) else v for k, v in asked.items()},
        claim="estimate" if assignment in ("random", "cutoff") else "compare",
        level=level,
        look=look,
        sd=pupils_sd,
        sd_of=f"{unit_word}s",
        rows=_spread_rows(label or outcome, variances, explained, icc, difference_unit(unit_of), fit, cluster_word),
        assumptions=_assumptions(study, slope, assignment),
        checks=(_satterthwaite(df, study), fit.top.said(), *shared.zero_said(variances)),
        limits=(*kept.limits(), *_limits(study, slope, treated)),
        frame=_clusters(study, fit, kept.frame[cluster], y, level) if slope is None else pd.DataFrame(),
        kind=Multilevel,
        icc=icc,
        variances=variances,
        explained=explained,
        coefficients=_coefficients(fit),
        log_likelihood=fit.log_likelihood,
    )
    if look == "power":
        return found  # type: ignore[no-any-return]
    spread = shared.shares(variances, difference_unit(unit_of))
    return replace(found, text=f"{found.text}\n{spread}{_explained_said(explained)}")  # type: ignore[no-any-return]


def _variances(fit: Mixed, study: Study, x: Floats) -> dict[str, float]:
    """Give each level's variance; with a slope, that between clusters at the average of the slope's column."""
    cluster, within, unit = study.words
    at = np.array([1.0, *(x[:, k].mean() for k in fit.sums.outer.columns[1:])])
    out = {f"between {cluster}s": float(at @ fit.outer @ at)}
    if fit.inner is not None:
        out[f"between {shared.many(within)} of a {cluster}"] = float(fit.inner[0, 0])
    out[f"between {unit}s of a {within if fit.inner is not None else cluster}"] = fit.residual_variance
    return out


def _most_free(study: Study, x: Floats, varies: bool) -> float:
    """Give the most degrees of freedom that the groups which share the program leave."""
    if study.assigned is not None:
        free = shared.between_free(x, study.assigned)
        if free < 1:
            raise refuse(WHERE, "has as many group-level columns as groups", "leave out covariates of the groups")
        if study.level == "cluster":
            return free
        # Comparing classes of a school costs one degree of freedom a school; comparing schools leaves schools less two.
        return max(free - float(study.cluster.max()), float(study.cluster.max()) - 1)
    return float(study.cluster.max()) if varies else math.inf


def _evidence(
    study: Study, covariates: Sequence[str], assignment: Assignment, randomized: tuple[int, int] | None
) -> Evidence:
    groups, given = study.assigned, tuple(shared.as_list(covariates))
    n = int(study.treated.sum())
    clusters = None
    if groups is not None:
        arms = study.treated[shared.firsts(groups)]
        clusters = (int(arms.sum()), int(len(arms) - arms.sum()))
    return Evidence(
        assignment=assignment,
        units=(n, len(study.treated) - n),
        clusters=clusters,
        unit_word=study.words[2],
        cluster_word=study.words[1] if study.level == "within" else study.words[0],
        baseline=shared.baseline_of(study.frame, study.treated, given),
        randomized=randomized,
        adjusted=given,
    )


def _wording(study: Study, assignment: Assignment) -> Wording:
    given = {
        "cluster": shared.many(study.words[0]),
        "within": shared.many(study.words[1]),
        "unit": shared.many(study.words[2]),
    }
    noun = given[study.level]
    provided = {
        "random": "chance alone decided who got the program and those who left did not change the groups",
        "cutoff": "nothing but the program changes at the cutoff",
    }.get(assignment, "what is not adjusted for does not set the groups apart")
    return Wording(f"{noun} with the program", f"{noun} without it", provided)


def _assumptions(study: Study, slope: str | None, assignment: Assignment) -> tuple[str, ...]:
    cluster, unit = study.words[0], study.words[2]
    even = f"The program's effect is taken to be the same in every {cluster}." if slope is None else ""
    apart = (
        "The groups differ by chance and by the program alone."
        if assignment == "random"
        else f"Beyond the covariates, nothing that matters sets {unit}s with and without the program apart."
    )
    return tuple(
        s
        for s in (
            apart,
            f"Deviations of {shared.many(cluster)} and {shared.many(unit)} are about normal, not tied to covariates.",
            even,
        )
        if s
    )


def _satterthwaite(df: float, study: Study) -> str:
    shared_by = {"cluster": study.words[0], "within": study.words[1]}.get(study.level)
    whole = f", bounded by the number of {shared.many(shared_by)}" if shared_by else ""
    return f"The interval uses {df:.1f} degrees of freedom (Satterthwaite{whole})."


def _limits(study: Study, slope: str | None, treated: str) -> tuple[str, ...]:
    if study.level == "cluster" or slope == treated:
        return ()
    return (
        f"The interval speaks of these {shared.many(study.words[0])}: where the effect differs between them, give the"
        " program as slope to speak of others like them.",
    )


def _spread_rows(
    label: str,
    variances: Mapping[str, float],
    explained: Mapping[str, float],
    icc: float,
    unit: str,
    fit: Mixed,
    cluster: str,
) -> tuple[tuple[Any, ...], ...]:
    sums, nan = fit.sums, math.nan
    counts = [g.count for g in (sums.outer, sums.inner) if g is not None] + [sums.n]
    rows = [
        (f"{label}, standard deviation", f"{k[:1].upper()}{k[1:]}", math.sqrt(v), nan, nan, n, unit)
        for (k, v), n in zip(variances.items(), counts, strict=True)
    ]
    rows.append(("Share of variance left", f"Between {cluster}s", 100 * icc, nan, nan, counts[0], "pct"))
    return (
        *rows,
        *(
            ("Share of variance explained", f"{k[:1].upper()}{k[1:]}", 100 * v, nan, nan, n, "pct")
            for (k, v), n in zip(explained.items(), counts, strict=True)
        ),
    )


def _explained_said(explained: Mapping[str, float]) -> str:
    known = {k: v for k, v in explained.items() if math.isfinite(v) and v > 0.005}
    if not known:
        return ""
    parts = " and ".join(f"{show(100 * v, 'pct')} of the variance {k}" for k, v in known.items())
    return f" Program and covariates account for {parts}."


def _coefficients(fit: Mixed) -> pd.DataFrame:
    rows = [(name, *fit.term(k)) for k, name in enumerate(fit.sums.names)]
    return pd.DataFrame(rows, columns=["term", "value", "se", "df"])


def _clusters(study: Study, fit: Mixed, names: pd.Series, y: Floats, level: float) -> pd.DataFrame:
    at, count, own = shared.firsts(study.cluster), np.bincount(study.cluster), fit.deviations()
    half = own.half_width(level)
    return pd.DataFrame(
        {
            "cluster": names.to_numpy()[at],
            "treated": np.bincount(study.cluster, study.treated) / count,
            "n": count,
            "mean": np.bincount(study.cluster, y) / count,
            "deviation": own.value,
            "low": own.value - half,
            "high": own.value + half,
        }
    )
