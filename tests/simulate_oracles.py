"""Plain estimators for testing what is planted: written here on purpose, apart from the library's own designs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def balanced(frame: pd.DataFrame, unit: str = "school_id", time: str = "year") -> pd.DataFrame:
    """Keep the units that are there in every year, in order."""
    years = frame[time].nunique()
    full = frame.groupby(unit)[time].transform("nunique") == years
    return frame[full].sort_values([unit, time], kind="stable").reset_index(drop=True)


def within(values: pd.Series, frame: pd.DataFrame, unit: str, time: str) -> np.ndarray:
    """Take unit and time means out of a balanced panel."""
    means = values.groupby(frame[unit]).transform("mean") + values.groupby(frame[time]).transform("mean")
    return (values - means + values.mean()).to_numpy(dtype=float)


def least_squares(y: np.ndarray, x: np.ndarray, cluster: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give coefficients and their standard errors clustered by unit."""
    bread = np.linalg.pinv(x.T @ x)
    beta = bread @ x.T @ y
    scores = x * (y - x @ beta)[:, None]
    codes = np.unique(cluster, return_inverse=True)[1]
    sums = np.stack([np.bincount(codes, scores[:, k]) for k in range(x.shape[1])], axis=1)
    groups = sums.shape[0]
    return beta, np.sqrt(np.diag(bread @ (sums.T @ sums) @ bread) * groups / max(groups - 1, 1))


def two_way(frame: pd.DataFrame, outcome: str, causes: list[str]) -> dict[str, tuple[float, float]]:
    """Regress on causes with school and year effects: coefficient and standard error of each."""
    panel = balanced(frame)
    y = within(panel[outcome], panel, "school_id", "year")
    x = np.stack([within(panel[c].astype(float), panel, "school_id", "year") for c in causes], axis=1)
    beta, se = least_squares(y, x, panel["school_id"].to_numpy())
    return {c: (float(b), float(s)) for c, b, s in zip(causes, beta, se, strict=True)}


def across(frame: pd.DataFrame, outcome: str, causes: list[str]) -> dict[str, tuple[float, float]]:
    """Regress across schools without any effects: what a naive comparison does."""
    x = np.column_stack([np.ones(len(frame)), frame[causes].astype(float)])
    beta, se = least_squares(frame[outcome].to_numpy(dtype=float), x, frame["school_id"].to_numpy())
    return {c: (float(b), float(s)) for c, b, s in zip(causes, beta[1:], se[1:], strict=True)}


def group_time(frame: pd.DataFrame, outcome: str, first: str) -> dict[tuple[int, int], tuple[float, float]]:
    """Give group-time averages against the never treated, the year before the start being the base, with errors."""
    wide = frame.pivot_table(index="school_id", columns="year", values=outcome)
    start = frame.groupby("school_id")[first].first().reindex(wide.index)
    never = start.isna()
    found = {}
    for group in sorted(start.dropna().unique().astype(int)):
        for year in [y for y in wide.columns if y >= group]:
            change = wide[year] - wide[group - 1]
            a, b = change[start == group].dropna(), change[never].dropna()
            error = np.sqrt(a.var() / len(a) + b.var() / len(b))
            found[int(group), int(year)] = (float(a.mean() - b.mean()), float(error))
    return found


def scores(tables: dict[str, pd.DataFrame], measure: str) -> pd.DataFrame:
    """Give a school's mean score by year in pupil SD, old and new test each on its own scale."""
    frame = tables["outcomes"]
    frame = frame[(frame["measure"] == measure) & (frame["grade"] == "All") & (frame["group"] == "All")]
    frame = frame.dropna(subset=["value"])
    years = sorted(tables["school_years"]["year"].unique())
    new = frame["year"] >= years[len(years) // 2]
    sd = np.where(new, (frame["value"] - 700) / 50, (frame["value"] - 650) / 40)
    return frame[["school_id", "year", "tested_n"]].assign(**{measure: sd})


def correlation(frame: pd.DataFrame, a: str, b: str) -> float:
    return float(np.corrcoef(frame[a].astype(float), frame[b].astype(float))[0, 1])


def icc(values: pd.Series, groups: pd.Series) -> float:
    """Give the one-way ICC(1) of single answers."""
    grouped: Any = values.groupby(groups)
    n, means = grouped.size(), grouped.mean()
    k, total = len(n), len(values)
    between = float((n * (means - values.mean()) ** 2).sum() / (k - 1))
    inside = float(((values - grouped.transform("mean")) ** 2).sum() / (total - k))
    size = (total - float((n**2).sum()) / total) / (k - 1)
    return (between - inside) / (between + (size - 1) * inside)
