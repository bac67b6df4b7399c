"""A gap between two groups, split into what goes with who is in them and what goes with how they fare."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from leadlib.designs.decomposed import Parted, Parts, parted
from leadlib.designs.estimates import Detectable, Look, Wording
from leadlib.designs.frames import Prepared, prepared
from leadlib.designs.jackknifed import cluster_codes, leaving_one_out
from leadlib.designs.options import checked_options
from leadlib.designs.splitting import Reference, by_category, kitagawa_parts, moments, oaxaca_parts
from leadlib.errors import refuse
from leadlib.numbers import plural


@checked_options
def kitagawa(
    frame: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    category: str,
    weights: str | None = None,
    cluster: str | None = None,
    unit_of: str = "value",
    label: str | None = None,
    level: float = 0.95,
    look: Look = "estimate",
    who: str = "the one group",
    whom: str = "the other group",
    unit_word: str = "pupil",
    cluster_word: str = "school",
) -> Parts | Detectable:
    """See how much of a gap goes with who is in each group, and how much with how the same categories fare.

    Parameters
    ----------
    frame : DataFrame
        One row a unit, such as a pupil; or one row a group, category and cluster, with `weights` counting its pupils.
    outcome, group, category : str
        Columns: a number (0 and 1 for a rate), 0 or 1, and what the groups are made up of, such as the school, the
        grade or the program.
    weights : str, optional
        Column of positive weights or counts.
    cluster : str, optional
        What was sampled or acts as a whole, such as the school; without it each row counts as one.
    unit_of : str
        Unit of the outcome; with "pct" an outcome of 0 and 1 is given in percent, its gap in percentage points.

    Returns
    -------
    Parts, or Detectable where `look` is "power"
        Table: the gap, its part by composition, its part by rates; the two add up to the gap. `frame`: `part, kind,
        category, value, low, high, se, df, share, unit`; kind is "gap", "part" or "detail" (one row a category
        and part); share is the part over the gap, where the gap stands apart from zero.

    Missing data
        Rows without outcome, group, category, weight or cluster are left out, and a limit says how many.

    Raises
    ------
    InputError
        A category that one of the groups has nobody in, or in one cluster only (its rate there is not known without
        that cluster); one group only; a constant outcome.

    Notes
    -----
    gap = sum_c (p1 - p0)(r1 + r0)/2 + sum_c (r1 - r0)(p1 + p0)/2, p the share of a category in its group and r its
    rate (Kitagawa 1955, Journal of the American Statistical Association 50, 1168-1194). Errors by leaving out one
    cluster at a time: see `jackknifed.leaving_one_out`. Points checked against examples of Das Gupta (1993, U.S.
    Bureau of the Census P23-186); errors against a plain loop in R.
    """
    where = "kitagawa"
    data = _read(frame, where, outcome, group, cluster, weights, [category], [], unit_of)
    rows = data.frame
    codes = cluster_codes(rows, cluster)
    names, sums = by_category(rows, codes, where, outcome, group, category, weights, cluster)
    found = leaving_one_out(sums, lambda s: kitagawa_parts(s, len(names)), where)
    lines = [("gap", "gap", ""), ("composition", "part", ""), ("rates", "part", "")]
    lines += [(part, "detail", name) for part in ("composition", "rates") for name in names]
    asked = {"group": group, "category": category, "weights": weights, "cluster": cluster, "unit_of": unit_of}
    return parted(
        Parted(
            where, outcome, label or outcome, unit_of, level, look, Wording(who, whom), unit_word, cluster_word, asked
        ),
        data,
        found,
        lines,
        codes=codes,
        group=rows[group].to_numpy(),
        clustered=cluster is not None,
        over=[category],
    )


@checked_options
def oaxaca(
    frame: pd.DataFrame,
    *,
    outcome: str,
    group: str,
    covariates: Sequence[str],
    cluster: str | None = None,
    weights: str | None = None,
    reference: Reference = "pooled",
    detail: bool = True,
    unit_of: str = "value",
    label: str | None = None,
    level: float = 0.95,
    look: Look = "estimate",
    who: str = "the one group",
    whom: str = "the other group",
    unit_word: str = "unit",
    cluster_word: str = "school",
) -> Parts | Detectable:
    """See how much of a gap goes with differences in what was measured, and how much is left.

    What is left holds everything that was not measured: it says neither that the groups were served alike nor that
    they were not.

    Parameters
    ----------
    frame : DataFrame
        One row a unit.
    outcome, group, covariates : str, str, sequence of str
        Columns: numbers, 0 or 1, numbers.
    cluster, weights : str, optional
        As in `kitagawa`.
    reference : str
        What a unit of a covariate is taken to be worth: as in both groups together with a level for each ("pooled",
        Jann 2008), without it ("pooled without group", Neumark 1988), as in group 1 ("group") or in group 0
        ("comparison").
    detail : bool
        Whether the measured part is also given by covariate.

    Returns
    -------
    Parts, or Detectable where `look` is "power"
        Table: the gap, its measured and its unmeasured part, which add up to it, and the measured part by covariate.
        `frame` as in `kitagawa` (the covariate stands in `category`), with kind "threefold" for the three parts of the
        threefold form: endowments, coefficients, interaction.

    Missing data
        Rows without outcome, group, covariate, weight or cluster are left out, and a limit says how many.

    Raises
    ------
    InputError
        Covariates that the others determine within a group, also when one cluster is left out; one group only; a
        constant outcome.

    Notes
    -----
    gap = (x1 - x0)'b + [x1'(b1 - b) + x0'(b - b0)], x means and b1, b0, b coefficients of the groups and the reference.
    Threefold: (x1 - x0)'b0 + x0'(b1 - b0) + (x1 - x0)'(b1 - b0). (Oaxaca 1973, International Economic Review 14,
    693-709; Blinder 1973; Jann 2008, Stata Journal 8, 453-479.) The unmeasured part is not split by covariate: that
    split hangs on where each covariate has its zero. Errors by leaving out one cluster at a time. Points checked
    against Stata's oaxaca as statsmodels quotes it, errors against a plain loop in R.
    """
    where = "oaxaca"
    names = list(covariates)
    if not names:
        raise refuse(f"{where}, covariates", "are not given", "name the columns that the gap may go with")
    data = _read(frame, where, outcome, group, cluster, weights, [], names, unit_of)
    rows = data.frame
    codes = cluster_codes(rows, cluster)
    sums = moments(rows, codes, where, outcome, group, names, weights)
    found = leaving_one_out(sums, lambda s: oaxaca_parts(s, len(names) + 1, reference, where), where)
    lines = [("gap", "gap", ""), ("measured", "part", ""), ("unmeasured", "part", "")]
    lines += [(part, "threefold", "") for part in ("endowments", "coefficients", "interaction")]
    lines += [("measured", "detail", name) for name in names]
    asked = {"group": group, "covariates": names, "weights": weights, "cluster": cluster, "unit_of": unit_of}
    asked |= {"reference": reference}
    return parted(
        Parted(
            where, outcome, label or outcome, unit_of, level, look, Wording(who, whom), unit_word, cluster_word, asked
        ),
        data,
        found,
        lines,
        codes=codes,
        group=rows[group].to_numpy(),
        clustered=cluster is not None,
        over=names,
        detail=detail,
    )


def _read(
    frame: pd.DataFrame,
    where: str,
    outcome: str,
    group: str,
    cluster: str | None,
    weights: str | None,
    labels: list[str],
    numbers: list[str],
    unit_of: str,
) -> Prepared:
    """Give the rows to work on; refuse what cannot be split."""
    more = [weights] if weights else []
    data = prepared(
        frame,
        where,
        numbers=[outcome, *numbers, *more],
        flags=[group],
        labels=[*labels, *([cluster] if cluster else [])],
    )
    rows = data.frame
    codes = cluster_codes(rows, cluster) if len(rows) else np.zeros(0, dtype=np.intp)
    for arm in (1.0, 0.0):
        n = len(np.unique(codes[rows[group].to_numpy() == arm]))
        if n < 2:
            word = "cluster" if cluster else "row"
            raise refuse(f"{where}, {group} = {arm:.0f}", f"has {plural(n, word)}", "each group needs two or more")
    if weights and (rows[weights] <= 0).any():
        raise refuse(f"{where}, weights {weights!r}", "are not all above zero", "leave rows without weight out")
    if rows[outcome].nunique() < 2:
        raise refuse(f"{where}, outcome {outcome!r}", "is the same in every row", "there is no gap to split")
    if unit_of == "pct" and rows[outcome].isin([0.0, 1.0]).all():
        rows = rows.assign(**{outcome: 100 * rows[outcome]})
    return Prepared(rows, data.left_out, data.without)
