"""A difference between two groups in means or rates, with errors that hold for few clusters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.clustered import Fit, least_squares
from leadlib.designs.compared import Asked, Inference, compared
from leadlib.designs.estimates import Detectable, Estimate, Look, Wording, interval
from leadlib.designs.frames import Prepared, prepared
from leadlib.designs.options import checked_options
from leadlib.designs.randomized import Reassigned, reassigned
from leadlib.designs.subgroups import ROW, check_subgroups, columns_of, told_apart
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import plural

WHERE = "compare"


@checked_options
def compare(
    frame: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    cluster: str | None = None,
    covariates: Sequence[str] = (),
    weights: str | None = None,
    by: str | None = None,
    blocks: str | None = None,
    inference: Inference = "clustered",
    seed: int | None = None,
    assignment: Literal["random", "not random"] = "not random",
    randomized: tuple[int, int] | None = None,
    baseline: Sequence[str] = (),
    unit_of: str = "value",
    label: str | None = None,
    sd: float | None = None,
    level: float = 0.95,
    look: Look = "estimate",
    who: str = "the treated group",
    whom: str = "the comparison group",
    unit_word: str = "unit",
    cluster_word: str = "school",
) -> Estimate | Detectable:
    """See how far two groups lie apart, in the mean or the rate, and what chance leaves open.

    Parameters
    ----------
    frame : DataFrame
        One row a unit (a pupil, a teacher, a school).
    outcome, group : str
        Columns: a number, or 0 and 1 for a rate; 1 for the group compared and 0 for the one it is compared with.
    cluster : str, optional
        What was assigned or sampled as a whole, such as the school. Without it each row counts as one.
    covariates : sequence of str
        Columns of numbers to adjust for, as they stood before the groups began to differ.
    weights : str, optional
        Column of positive weights, taken as inverse variances: pupils behind a school's mean, for example.
    by : str, optional
        Column of subgroups: a difference for each, the gaps between them, and (three or more) steadied differences.
    blocks : str, optional
        Column of the strata within which the group was drawn: each has a level of its own.
    inference : "clustered" or "randomization"
        Whether chance is the sampling of clusters (CR2, t with Satterthwaite's degrees of freedom), or the drawing of
        the groups among clusters, within blocks: then `seed` is needed. Subgroups always have the former.
    assignment : "random" or "not random"
        Only a lottery lets the words speak of an effect.
    randomized : pair of int, optional
        Clusters (or units) at the outset, treated and comparison; for attrition.
    baseline : sequence of str
        Columns measured beforehand, for the table of baseline equivalence; missing values may stay.
    unit_of : str
        Unit of the outcome. With "pct" an outcome of 0 and 1 is given in percent and its difference in points.
    sd : float, optional
        Standard deviation of pupils, in the outcome's unit (percent with "pct"), where rows are not pupils.
    who, whom, unit_word, cluster_word : str
        Names for readers.

    Returns
    -------
    Estimate, or Detectable where `look` is "power"
        Table: the difference, each group's own mean or rate, and with `by` the subgroups' differences, gaps and
        steadied differences. `frame`: `measure, kind, group, value, low, high, n, se, df, p, unit`; kind is
        "difference", "mean", "subgroup", "gap" or "steadied".

    Missing data
        Rows without outcome, group, cluster, covariate, weight, subgroup or block are left out, and a limit says how
        many.

    Raises
    ------
    InputError
        Fewer than two clusters in a group, a constant outcome, columns that the others determine, weights that are not
        positive, a subgroup without two clusters in each group, randomization without seed or with mixed clusters.

    Notes
    -----
    Least squares of the outcome on the group, covariates and blocks; Bell and McCaffrey's CR2 errors: see
    `clustered.least_squares`, checked against R's clubSandwich. With `by`: one model in which each subgroup has its own
    level and difference and covariates act alike, so that pupils of one school count as one cluster in all subgroups.
    Over 1,000 simulated districts each, the 95% interval holds the truth in 94 to 97 of 100 with 8 to 40 schools, also
    with 4 treated of 20 and unequal sizes; with 2 treated of 20 in 99, which a limit says. Randomization: see
    `randomized.reassigned`.
    """
    asked = Asked(
        outcome, group, cluster, tuple(covariates), weights, by, blocks, inference, seed, assignment, randomized,
        tuple(baseline), unit_of, label or outcome, sd, level, look,
        Wording(who, whom, "the lottery was kept to and those who dropped out do not set the groups apart"), unit_word,
        cluster_word,
    )  # fmt: skip
    _options(asked)
    data = _read(frame, asked)
    rows = data.frame
    x, names = _design(rows, asked)
    lead = np.column_stack([np.ones(len(rows)), rows[group]])
    fit = _fit(rows, asked, np.column_stack([lead, x]), ["constant", group, *names])
    lots = _reassigned(rows, asked, x)
    parts, said = _subgroups(rows, asked, x, names)
    own = fit.contrast(np.eye(len(fit.names))[1])  # by place: a column may be called "constant"
    return compared(asked, data, own, lots, pd.concat([_means(rows, asked), *parts]), said)


def _options(asked: Asked) -> None:
    problems = []
    if asked.inference == "randomization" and asked.seed is None:
        problems.append(Problem(f"{WHERE}, seed", "is missing", "randomization draws by chance: give a whole number"))
    roles = [asked.outcome, asked.group, *asked.covariates, *(c for c in (asked.weights, asked.by, asked.blocks) if c)]
    twice = sorted({c for c in roles if roles.count(c) > 1})
    problems += [Problem(f"{WHERE}, column {c!r}", "is given two roles", "each column has one") for c in twice]
    if problems:
        raise InputError(problems)


def _read(frame: pd.DataFrame, asked: Asked) -> Prepared:
    """Give the rows to work on; refuse what the design cannot work with."""
    some = [c for c in (asked.cluster, asked.by, asked.blocks) if c]
    data = prepared(
        frame,
        WHERE,
        numbers=[asked.outcome, *asked.covariates, *([asked.weights] if asked.weights else [])],
        flags=[asked.group],
        labels=some,
        optional=[c for c in asked.baseline if c not in (*asked.covariates, *some)],
    )
    rows = data.frame
    _two_a_group(rows, asked)
    if asked.weights and (rows[asked.weights] <= 0).any():
        raise refuse(f"{WHERE}, weights {asked.weights!r}", "are not all above zero", "leave rows without weight out")
    if rows[asked.outcome].nunique() < 2:
        raise refuse(f"{WHERE}, outcome {asked.outcome!r}", "is the same in every row", "nothing can be compared")
    if asked.unit_of == "pct" and rows[asked.outcome].isin([0.0, 1.0]).all():
        rows = rows.assign(**{asked.outcome: 100 * rows[asked.outcome]})
    return replace(data, frame=rows)


def _two_a_group(rows: pd.DataFrame, asked: Asked) -> None:
    arms = rows[asked.group].to_numpy()
    codes = pd.factorize(rows[asked.cluster])[0] if asked.cluster else np.arange(len(rows))
    for arm, name in ((1.0, asked.words.who), (0.0, asked.words.whom)):
        n = len(np.unique(codes[arms == arm]))
        if n < 2:
            word = asked.cluster_word if asked.cluster else "row"
            raise refuse(
                f"{WHERE}, {name} ({asked.group} = {arm:.0f})",
                f"holds {plural(n, word)}" if n else "has no row",
                f"what sets one {word} apart cannot be told from the difference: each group needs two or more",
            )


def _design(rows: pd.DataFrame, asked: Asked) -> tuple[Any, list[str]]:
    """Give the columns to adjust for: covariates less their mean, and blocks."""
    columns = [rows[c].to_numpy(float) - float(rows[c].mean()) for c in asked.covariates]
    names = list(asked.covariates)
    for name in sorted(rows[asked.blocks].unique())[1:] if asked.blocks else []:
        columns.append((rows[asked.blocks] == name).to_numpy(float))
        names.append(f"{asked.blocks} {name}")
    return (np.column_stack(columns) if columns else np.empty((len(rows), 0))), names


def _fit(rows: pd.DataFrame, asked: Asked, x: Any, names: Sequence[str]) -> Fit:
    return least_squares(
        rows[asked.outcome].to_numpy(float),
        x,
        names=names,
        where=WHERE,
        clusters=rows[asked.cluster].to_numpy() if asked.cluster else None,
        weights=rows[asked.weights].to_numpy(float) if asked.weights else None,
    )


def _reassigned(rows: pd.DataFrame, asked: Asked, x: Any) -> Reassigned | None:
    if asked.inference != "randomization" or asked.seed is None:
        return None
    lots = reassigned(
        rows[asked.outcome],
        rows[asked.group],
        np.column_stack([np.ones(len(rows)), x]),
        clusters=rows[asked.cluster] if asked.cluster else None,
        blocks=rows[asked.blocks] if asked.blocks else None,
        weights=rows[asked.weights] if asked.weights else None,
        level=asked.level,
        seed=asked.seed,
        where=WHERE,
    )
    if not np.isfinite([lots.low, lots.high]).all():
        raise refuse(
            f"{WHERE}, randomization",
            f"{plural(lots.assignments, 'assignment')} were possible: too few for a {100 * asked.level:g}% interval",
            "give a lower level, or more clusters",
        )
    return lots


def _means(rows: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """Give each group's own mean with its interval; that of a rate stays between 0 and 100%."""
    group = rows[asked.group].to_numpy()
    fit = _fit(rows, asked, np.column_stack([group, 1 - group]), ["treated", "comparison"])
    rate = asked.unit_of == "pct" and rows[asked.outcome].min() >= 0 and rows[asked.outcome].max() <= 100
    lines = []
    for name, term, arm in ((asked.words.who, "treated", 1.0), (asked.words.whom, "comparison", 0.0)):
        value, se, df = fit.term(term)
        low, high = interval(value, se, df, asked.level)
        low, high = (max(low, 0.0), min(high, 100.0)) if rate else (low, high)
        n = int((group == arm).sum())
        lines.append(("mean", f"{name[:1].upper()}{name[1:]}", value, low, high, n, se, df, np.nan))
    return pd.DataFrame(lines, columns=list(ROW))


def _subgroups(rows: pd.DataFrame, asked: Asked, x: Any, names: list[str]) -> tuple[list[pd.DataFrame], list[str]]:
    if asked.by is None:
        return [], []
    found = check_subgroups(rows, asked.by, asked.group, asked.cluster, WHERE)
    lead, marks = columns_of(rows, asked.by, asked.group, found)
    fit = _fit(rows, asked, np.column_stack([lead, x]), [*marks, *names])
    parts, said = told_apart(fit, found, [int((rows[asked.by] == n).sum()) for n in found], asked.level)
    return [parts], said
