"""Averages of group-time effects: over all, by year since the start, by cohort, by calendar year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from leadlib.designs.differences import events as ev
from leadlib.designs.differences.cells import Average, Base, Cells, average, post, proportional, share_scores
from leadlib.designs.differences.reading import Floats, Panel, year_text

Named = list[tuple[str, Average, int]]


@dataclass(frozen=True)
class Waves:
    """The panel that could be used, its cells, and how errors are counted."""

    panel: Panel
    found: Cells
    sampled: bool
    small: bool
    anticipation: float
    base: Base

    def over(self, chosen: Any) -> Average:
        """Average the chosen cells by the size of their cohort."""
        extra = share_scores(self.found, chosen, self.panel.weight) if self.sampled else None
        return average(self.found, proportional(self.found, chosen), small_sample=self.small, extra=extra)

    def combined(self, parts: list[Average], weights: Any) -> Average:
        """Average averages."""
        share = np.asarray(weights, dtype=float)
        plain = average(self.found, share @ np.array([p.weights for p in parts]), small_sample=self.small)
        return Average(plain.weights, plain.value, share @ np.array([p.scores for p in parts]), plain.df)

    def units(self, chosen: Any) -> int:
        """Count the treated units behind the chosen cells."""
        return int((self.found.loads[chosen] > 0).any(axis=0).sum())

    def frame(self, level: float) -> pd.DataFrame:
        """Give one row a cohort and year."""
        f = self.found
        one = [average(f, row, small_sample=self.small) for row in np.eye(len(f.att))]
        se, df = np.array([a.se for a in one]), np.array([a.df for a in one])
        half = student.ppf(1 - (1 - level) / 2, df) * se
        return pd.DataFrame(
            {
                "cohort": f.cohort,
                "year": f.year,
                "base_year": f.base,
                "event": f.event,
                "value": f.att,
                "se": se,
                "df": df,
                "low": f.att - half,
                "high": f.att + half,
                "treated_n": f.treated_n,
                "comparison_n": f.comparison_n,
            }
        )


def aggregated(fit: Waves, how: str) -> tuple[Average, Named]:
    """Give the headline and the rows under it.

    Notes
    -----
    Within a year since the start, and over cohorts, effects are weighted by the size of the cohort; over years, and
    within a cohort, each year counts alike (Callaway and Sant'Anna 2021, table 1).
    """
    after, f = post(fit.found), fit.found
    if how == "cohort":
        return _by_cohort(fit, after)
    key = f.year if how == "calendar" else f.event
    values = [v for v in np.unique(key[after])]
    parts = [fit.over(after & (key == v)) for v in values]
    rows = [(_named(how, v), p, fit.units(after & (key == v))) for v, p in zip(values, parts, strict=True)]
    if how == "simple":
        return fit.over(after), rows
    return fit.combined(parts, np.full(len(parts), 1 / len(parts))), rows


def _by_cohort(fit: Waves, after: Any) -> tuple[Average, Named]:
    f = fit.found
    cohorts = np.unique(f.cohort[after])
    chosen = [after & (f.cohort == g) for g in cohorts]
    parts = [average(f, c / c.sum(), small_sample=fit.small) for c in chosen]
    share = np.array([f.share[c][0] for c in chosen])
    head = fit.combined(parts, share / share.sum())
    if fit.sampled:
        head = Average(head.weights, head.value, head.scores + _cohort_shares(fit, chosen, parts), head.df)
    return head, [(_named("cohort", g), p, fit.units(c)) for g, p, c in zip(cohorts, parts, chosen, strict=True)]


def _cohort_shares(fit: Waves, chosen: list[Any], parts: list[Average]) -> Floats:
    """Give the error of the cohorts' shares where each cohort has one effect."""
    from dataclasses import replace

    f = fit.found
    pick = np.array([int(np.flatnonzero(c)[0]) for c in chosen])
    one = replace(f, share=f.share[pick], member=f.member[pick], att=np.array([p.value for p in parts]))
    return share_scores(one, np.ones(len(pick), dtype=bool), fit.panel.weight)


def _named(how: str, value: float) -> str:
    if how == "cohort":
        return f"Started in {year_text(value)}"
    if how == "calendar":
        return f"In {year_text(value)}"
    return "First treated year" if value == 0 else f"{year_text(value)} year{'' if value == 1 else 's'} after the first"


def path(fit: Waves, head: Average, level: float, seed: int | None) -> tuple[pd.DataFrame, pd.DataFrame, Any]:
    """Give the path by year since the start, its covariance, and what the years before say."""
    f = fit.found
    events = np.unique(f.event)
    parts = [fit.over(f.event == e) for e in events]
    values, df = np.array([p.value for p in parts]), np.array([p.df for p in parts])
    scores, weights = np.array([p.scores for p in parts]), np.array([p.weights for p in parts])
    cov = scores @ scores.T
    counts = [fit.units(f.event == e) for e in events], [_others(f, f.event == e) for e in events]
    base = -1.0 - fit.anticipation

    def measure(c: Floats) -> tuple[float, float, float]:
        plain = average(f, c @ weights, small_sample=fit.small)
        return plain.value, float(np.sqrt(c @ cov @ c)), plain.df

    drift = float(head.weights @ (f.year - f.base))
    before = ev.pretrend(events, values, cov, df, measure, drift, base, level) if fit.base == "fixed" else None
    frame = ev.path(events, values, np.sqrt(np.diag(cov)), df, counts, base, level)
    if seed is not None:
        frame = ev.banded(frame, cov, level, seed)
    named = pd.Index(events, name="event")
    return frame, pd.DataFrame(cov, index=named, columns=named), before


def _others(f: Cells, chosen: Any) -> int:
    return int((f.loads[chosen] < 0).any(axis=0).sum())
