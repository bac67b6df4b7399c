"""One result of one school against schools like it: plain difference, steadied distance, chance, and growth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from leadlib.designs.chance import Noise, noise
from leadlib.designs.gaps import half_width
from leadlib.designs.panels import Z, each_measure, grades_change
from leadlib.designs.steadying import LEAST, Steadied, fay_herriot, on_need
from leadlib.measures.groups import LEAST as LEAST_SIMILAR
from leadlib.measures.needs import Needs, needs
from leadlib.numbers import show
from leadlib.results import Missing

if TYPE_CHECKING:
    from leadlib.tables import School

FRAME = (
    "measure",
    "label",
    "theme",
    "group",
    "unit",
    "difference_unit",
    "better",
    "year",
    "value",
    "why",
    "shown",
    "size",
    "size_basis",
    "similar",
    "difference",
    "low",
    "high",
    "similar_n",
    "expected",
    "steadied",
    "sd",
    "reliability",
    "behind",
    "behind_low",
    "behind_high",
    "chance",
    "by_luck",
    "since",
    "growth",
    "growth_low",
    "growth_high",
    "schools_n",
)
YEARS_BACK = 2
GROWTH_YEARS = 3
LEAST_TRUE = 0.1
"""With less variance than this between schools, as a share of chance, a result does not tell schools apart."""


def looked_at(
    frame: pd.DataFrame, school: School, ids: list[str], worth: float
) -> tuple[list[tuple[Any, ...]], dict[str, str]]:
    """Give one row (see FRAME) a measure that can be ranked for the school, and for each that cannot the reason."""
    rows: list[tuple[Any, ...]] = []
    gone: dict[str, str] = {}
    found: dict[int, Needs | Missing] = {}
    errors = with_errors(frame)
    for about, part in each_measure(errors):
        year = last_year(part, school)
        if year is None:
            continue
        if year not in found:
            found[year] = needs(school, year)
        made = _row(about, part, school.school_id, ids, year, found[year], worth)
        if isinstance(made, str):
            gone[str(about["label"])] = made
        else:
            rows.append(made)
    return rows, gone


def with_errors(frame: pd.DataFrame) -> pd.DataFrame:
    """Fill the standard errors that the panel does not give from changes over the years (`noise`), where these tell."""
    lacking = frame.groupby("measure")["se"].transform("count") == 0
    frame = frame.assign(percent_n=np.where((frame["unit"] == "pct") & ~lacking, frame["size"], np.nan))
    if not lacking.any():
        return frame
    chance = noise(frame[lacking])
    if isinstance(chance, Noise):
        known = frame["measure"].isin(chance.frame["measure"])
        frame["se"] = frame["se"].where(~(lacking & known), chance.se(frame))
    return frame


def last_year(part: pd.DataFrame, school: School) -> int | None:
    """Give the school's year, or the last of the two before it, in which it has a value whose error is known."""
    own = part[(part["school_id"] == school.school_id) & part["value"].notna() & part["se"].notna()]
    years = own.loc[(own["year"] <= school.year) & (own["year"] >= school.year - YEARS_BACK), "year"]
    return int(years.max()) if len(years) else None


def _row(
    about: dict[str, Any],
    part: pd.DataFrame,
    school_id: str,
    ids: list[str],
    year: int,
    known: Needs | Missing,
    worth: float,
) -> tuple[Any, ...] | str:
    values = part[(part["year"] == year) & part["value"].notna() & part["se"].notna()].set_index("school_id")
    values = values.sort_index()
    if len(values) < LEAST:
        return f"of fewer than {LEAST} schools with a figure nobody can say what to expect of one"
    if _alone(values, school_id):
        return f"fewer than {LEAST_SIMILAR} other schools of its level can be set beside this school"
    sd = _true_sd(values)
    if not sd > 0:
        return "schools do not differ in it by more than chance"
    fit, x, variance = steadied_by_need(values, known)
    at = int(values.index.get_loc(school_id))  # type: ignore[arg-type]
    sign = -1.0 if values["better"].iloc[0] == "higher" else 1.0
    behind = sign * float(fit.shrunken[at] - fit.expected[at]) / sd
    error = float(np.sqrt(_deviation_mse(fit, x, variance)[at])) / sd
    chance = float(norm.sf((worth - behind) / error)) if error > 0 else float(behind >= worth)
    own: Any = values.loc[school_id]
    return (
        *(about["measure"], about["label"], own["theme"], own["group"], about["unit"], about["difference"]),
        *(own["better"], year, float(own["value"]), own["value__why"], shown(own)),
        *(float(own["size"]), own["size_basis"]),
        *_beside(values["value"].reindex(ids).dropna(), float(own["value"]), float(own["se"])),
        *(float(fit.expected[at]), float(fit.shrunken[at]), sd, float(fit.reliability[at])),
        *(behind, behind - Z * error, behind + Z * error, chance),
        float(fit.reliability[at]) * float(np.sqrt(variance[at])) / sd,
        *_growth(part, school_id, ids, year),
        len(values),
    )


def _alone(values: pd.DataFrame, school_id: str) -> bool:
    """Say whether so few schools of its level have a value that its level says no more than the school does."""
    level: Any = values.get("school_level")
    if level is None or not isinstance(level[school_id], str):
        return False
    return bool((level == level[school_id]).sum() - 1 < LEAST_SIMILAR)


def _true_sd(values: pd.DataFrame) -> float:
    """Give the standard deviation of schools' true values: what chance does not make, level means taken out."""
    level = values["school_level"].fillna("") if "school_level" in values else pd.Series("", index=values.index)
    y = values["value"].astype(float)
    n, groups = len(y), int(level.nunique())
    apart = y - y.groupby(level).transform("mean")
    if n <= groups:
        return 0.0
    chance = float((values["se"] ** 2).mean())
    true = float((apart**2).sum()) / (n - groups) - chance
    return float(np.sqrt(true)) if true > LEAST_TRUE * chance else 0.0


def steadied_by_need(values: pd.DataFrame, known: Needs | Missing) -> tuple[Steadied, Any, Any]:
    """Fit the area model; the errors of shares are taken at what is expected, so that luck lends itself no weight."""
    x, _ = on_need(values, known)
    y, variance = values["value"].to_numpy(float), values["se"].to_numpy(float) ** 2
    fit = fay_herriot(y, x, variance)
    n = values["percent_n"].to_numpy(float)
    if np.isfinite(n).any():
        level = np.clip(fit.expected, 2, 98)
        wide = values["width"].fillna(0.0).to_numpy(float) ** 2 / 12
        variance = np.where(np.isfinite(n), level * (100 - level) / n + wide, variance)
        fit = fay_herriot(y, x, variance)
    return fit, x, variance


def _deviation_mse(fit: Steadied, x: Any, variance: Any) -> Any:
    """Give the mean squared error of u: that of x'b + u, with the share that b's error has in u instead."""
    w = 1 / np.maximum(fit.omega2 + variance, 1e-12)
    h = np.einsum("ij,jk,ik->i", x, np.linalg.pinv((x * w[:, None]).T @ x, hermitian=True), x)
    g = fit.reliability
    return np.maximum(fit.wide_mse + (2 * g - 1) * h, 1e-12)


def _beside(theirs: pd.Series, own: float, se: float) -> tuple[float, float, float, float, int]:
    """Give the mean of similar schools, the difference with its 95% interval, and how many there are."""
    if len(theirs) < LEAST_SIMILAR:
        return np.nan, np.nan, np.nan, np.nan, len(theirs)
    half = half_width(se**2, np.inf, float(theirs.var(ddof=1)) / len(theirs), float(len(theirs) - 1))
    mean = float(theirs.mean())
    return mean, own - mean, own - mean - half, own - mean + half, len(theirs)


def _growth(part: pd.DataFrame, school_id: str, ids: list[str], year: int) -> tuple[float, float, float, float]:
    """Give the year it starts from, and this school's change less that of similar schools with its 95% interval."""
    none = (np.nan, np.nan, np.nan, np.nan)
    known = part[part["value"].notna() & part["se"].notna()]
    pooled = known["size_basis"].astype(str).str.contains("years together").any()
    own = known[known["school_id"] == school_id]
    latest = year - GROWTH_YEARS if pooled else year - 1
    starts = own.loc[(own["year"] >= year - GROWTH_YEARS) & (own["year"] <= latest), "year"]
    if not len(starts) or grades_change(known):
        return none
    since = int(starts.min())
    both = known[known["year"].isin([since, year])].set_index(["school_id", "year"])[["value", "se"]]
    wide = both.unstack("year").dropna()  # noqa: PD010 - there is one row a school and year, nothing to aggregate
    if school_id not in wide.index:
        return none
    change = wide["value"][year] - wide["value"][since]
    theirs = change.reindex(ids).dropna()
    if len(theirs) < LEAST_SIMILAR:
        return none
    error = float((wide["se"].loc[school_id] ** 2).sum())
    half = half_width(error, np.inf, float(theirs.var(ddof=1)) / len(theirs), float(len(theirs) - 1))
    value = float(change[school_id] - theirs.mean())
    return float(since), value, value - half, value + half


def shown(row: Any) -> str:
    """Write a value as it may be shown: a coded share as under or over its limit."""
    value, unit = float(row["value"]), str(row["unit"])
    if row["value__why"] == "range" and unit == "pct":
        if row["width"] > 0:
            side, limit = ("under", 2 * value) if value < 50 else ("over", 2 * value - 100)
            return f"{side} {show(limit, 'pct')}"
        return f"{show(value, 'pct')} or {'more' if value > 50 else 'less'}"
    return show(value, unit)
