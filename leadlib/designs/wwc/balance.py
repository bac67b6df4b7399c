"""Whether two groups were alike before the program, measure by measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import BASELINE
from leadlib.designs.frames import prepared
from leadlib.designs.wwc.facts import fact
from leadlib.designs.wwc.sizes import cox_index, equivalence, hedges_g, omega
from leadlib.errors import InputError, Problem, nearest, refuse
from leadlib.numbers import listing, show
from leadlib.results import RESULT_COLUMNS, Result

WHERE = "baseline"
KINDS = ("mean", "rate")


@dataclass(frozen=True, repr=False)
class Baseline(Result):
    """Baseline differences; `verdict` is the worst of them, given what the estimate adjusts for."""

    verdict: str = "not known"

    @property
    def satisfied(self) -> bool:
        """Whether every measure is close enough, or close enough once adjusted for and is adjusted for."""
        return self.verdict in ("satisfied", "satisfied with adjustment")


def baseline(
    data: pd.DataFrame,
    *,
    treated: str | None = None,
    measures: Sequence[str] = (),
    adjusted: Sequence[str] = (),
    level: float = 0.95,
) -> Baseline:
    """See whether the groups were alike before the program, or how far apart and whether adjusting can mend it.

    Parameters
    ----------
    data : DataFrame
        One row a unit analyzed (then name `treated` and `measures`), or an `Evidence.baseline`: one row a measure with
        `measure, treated_mean, comparison_mean, sd, treated_n, comparison_n, adjusted`; a further column `kind` may say
        "rate" for shares of yes from 0 to 1.
    treated : str, optional
        Column of 0 and 1.
    measures : sequence of str
        Columns measured before the program. One that holds nothing but 0 and 1 is compared as a rate. Missing values
        are left out measure by measure.
    adjusted : sequence of str
        Measures that the estimate adjusts for.
    level : float
        Of the intervals, which are shown and not judged.

    Returns
    -------
    Baseline
        Table: one row a measure, `value` in standard deviations, with `status` (satisfied, needs adjustment, not
        satisfied, not known), `adjusted` and `kind` as further columns.

    Raises
    ------
    InputError
        Columns that are not there or hold no numbers, no unit in a group, no measure.

    Notes
    -----
    Hedges' g for means, the Cox index for rates. At most 0.05 is satisfied, more than 0.05 and at most 0.25 needs an
    adjusted estimate, more is not satisfied: by size, not by a test (WWC Standards Handbook 4.1, section II.A).
    """
    rows = _summed(data, treated, measures, adjusted) if treated is not None else _given(data, adjusted)
    found = [_line(row, level) for row in rows.to_dict("records")]
    table = pd.DataFrame(found, columns=[*RESULT_COLUMNS, "status", "adjusted", "kind"])
    verdict = _verdict(table)
    return Baseline(
        id="baseline",
        title="Baseline differences between the groups",
        table=table,
        text="\n".join(_told(row) for row in table.to_dict("records")),
        limits=(
            "What was not measured before is not compared here.",
            *(("A rate of exactly 0 or 1 has no effect size.",) if _lost_rate(table) else ()),
        ),
        note=f"{fact('baseline_adjust').told()[:1].upper()}{fact('baseline_adjust').told()[1:]}.",
        frame=rows,
        interval_label=f"{100 * level:g}% interval",
        verdict=verdict,
    )


def _given(data: Any, adjusted: Sequence[str]) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        raise refuse(WHERE, "is not given a table", "give a DataFrame")
    needed = [c for c in BASELINE if c != "adjusted"]
    lost = [c for c in needed if c not in data.columns]
    if lost:
        raise InputError(
            [Problem(f"{WHERE}, column {c!r}", "is not in the table", "name treated= if these are units") for c in lost]
        )
    if not len(data):
        raise refuse(WHERE, "holds no measure", "give at least one measure taken before the program")
    rows = data.reset_index(drop=True).copy()
    rows["adjusted"] = rows.get("adjusted", False)
    rows["adjusted"] = rows["adjusted"].astype(bool) | rows["measure"].isin(list(adjusted))
    rows["kind"] = rows["kind"].fillna("mean") if "kind" in rows else "mean"
    wrong = [k for k in rows["kind"] if k not in KINDS]
    if wrong:
        raise refuse(f"{WHERE}, kind {wrong[0]!r}", "is not one of them", nearest(wrong[0], KINDS))
    return rows


def _summed(data: Any, treated: str, measures: Sequence[str], adjusted: Sequence[str]) -> pd.DataFrame:
    if isinstance(measures, str) or not len(measures):
        raise refuse(f"{WHERE}, measures", "name no column", "give a list of columns measured before the program")
    units = prepared(data, WHERE, flags=[treated], optional=list(measures)).frame
    arms = units[treated] == 1.0
    if arms.all() or not arms.any():
        raise refuse(
            f"{WHERE}, column {treated!r}", "holds one group only", "both a treated and a comparison group are needed"
        )
    rows = []
    for measure in measures:
        values = units[measure]
        t, c = values[arms].dropna().to_numpy(), values[~arms].dropna().to_numpy()
        kind = "rate" if len(t) + len(c) and np.isin(np.concatenate([t, c]), (0.0, 1.0)).all() else "mean"
        rows.append((measure, *_means(t, c), len(t), len(c), measure in adjusted, kind))
    return pd.DataFrame(rows, columns=[*BASELINE, "kind"])


def _means(t: Any, c: Any) -> tuple[float, float, float]:
    free = len(t) + len(c) - 2
    if not len(t) or not len(c) or free < 1:
        return math.nan, math.nan, math.nan
    squares = float(((t - t.mean()) ** 2).sum() + ((c - c.mean()) ** 2).sum())
    return float(t.mean()), float(c.mean()), math.sqrt(squares / free)


def _line(row: dict[Any, Any], level: float) -> tuple[Any, ...]:
    size, low, high = _size(row, level)
    n = int(row["treated_n"]) + int(row["comparison_n"])
    pair = "Treated minus comparison"
    return (row["measure"], pair, size, low, high, n, "sd", equivalence(size), bool(row["adjusted"]), row["kind"])


def _size(row: dict[Any, Any], level: float) -> tuple[float, float, float]:
    """Give the effect size and its interval; missing where there is none, such as for a rate of 0."""
    nothing = math.nan, math.nan, math.nan
    means, ns = (row["treated_mean"], row["comparison_mean"]), (row["treated_n"], row["comparison_n"])
    if not all(math.isfinite(m) for m in means):
        return nothing
    if row["kind"] == "rate":
        if not all(0 < m < 1 for m in means) or min(ns) < 2:
            return nothing
        found = cox_index(rates=means, ns=ns, level=level)
        return found.value, found.low, found.high
    if not row["sd"] > 0:
        return (0.0, math.nan, math.nan) if means[0] == means[1] else nothing
    if min(ns) < 2:
        n = sum(ns)
        return (float(omega(n)) if n >= 4 else 1.0) * (means[0] - means[1]) / row["sd"], math.nan, math.nan
    found = hedges_g(means=means, sd=row["sd"], ns=ns, level=level)
    return found.value, found.low, found.high


def _verdict(table: pd.DataFrame) -> str:
    status = table["status"]
    if (status == "not satisfied").any():
        return "not satisfied"
    if (status == "not known").any():
        return "not known"
    wanting = status == "needs adjustment"
    if not wanting.any():
        return "satisfied"
    return "satisfied with adjustment" if table.loc[wanting, "adjusted"].all() else "not adjusted"


def _told(row: dict[Any, Any]) -> str:
    size = f"{row['measure']}: {show(abs(row['value']), 'sd')} standard deviations apart"
    if row["status"] == "not known":
        return f"{row['measure']}: its difference has no effect size, so it cannot be judged."
    if row["status"] == "satisfied":
        return f"{size}: close enough as it is."
    if row["status"] == "not satisfied":
        return f"{size}: too far for any adjustment to be accepted."
    mended = "the estimate adjusts for it" if row["adjusted"] else "the estimate does not adjust for it"
    return f"{size}: close enough only for an adjusted estimate; {mended}."


def _lost_rate(table: pd.DataFrame) -> bool:
    return bool(((table["kind"] == "rate") & (table["status"] == "not known")).any())


def worst(found: Baseline) -> str:
    """Say which measures lie farthest apart, for one line of a card."""
    rows = found.table.sort_values("value", key=lambda v: -v.abs(), kind="stable").to_dict("records")
    shown = [f"{r['measure']} {show(r['value'], 'sd', sign=True)}" for r in rows[:3]]
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"{listing(shown) if not more else ', '.join(shown)}{more} standard deviations"
