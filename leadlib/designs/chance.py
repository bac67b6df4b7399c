"""How far chance alone moves a school's yearly value, and how that depends on its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from leadlib.designs.panels import Z, bounded, checked, each_measure
from leadlib.designs.variance import Fit, centred, fit_variance, pairs
from leadlib.numbers import listing, phrase, plural, show, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

LEAST_SCHOOLS = 30
"""Fewer schools with a change say too little about how changes depend on size."""
SECTION = "Every range around a result"
QUANTILES = ((0.1, "small"), (0.5, "middling"), (0.9, "large"))
FITTED, GIVEN, COUNTED = "changes between years", "spread between pupils", "number of pupils tested"
_SHARE_WITH_SD = 0.8
_PCT_ENDS = (5.0, 95.0)


@dataclass(frozen=True, repr=False)
class Noise(Result):
    """Chance variation of a school's yearly value.

    `frame` has a row a measure: measure, label, unit (of a difference), basis (where chance was read from), A (variance
    of real change between two years), B (chance: variance of one year's value is B s / size), B_low, B_high,
    schools_n, pairs_n, free (degrees of freedom that B's uncertainty leaves: 2 (B/se)^2), percent, and sd (the typical
    spread between pupils, where the basis is that).
    """

    def has(self, measure: str) -> bool:
        """Say whether chance is known for a measure."""
        return measure in set(self.frame["measure"])

    def se(self, frame: pd.DataFrame) -> pd.Series:
        """Give the standard error of one year's value for each row of a panel; NaN where size or measure is unknown."""
        out = pd.Series(np.nan, index=frame.index, dtype=float)
        for fit in self.frame.to_dict("records"):
            mine = (frame["measure"] == fit["measure"]).to_numpy()
            rows = frame[mine]
            out[mine] = np.sqrt(_variance(fit, rows["value"], rows["size"], rows["sd"]) + unsure(rows))
        return out

    def degrees(self, frame: pd.DataFrame) -> pd.Series:
        """Give the degrees of freedom of `se`: size - 1 where it rests on the school's own pupils, else those of B."""
        out = pd.Series(np.inf, index=frame.index)
        for fit in self.frame.to_dict("records"):
            mine = frame["measure"] == fit["measure"]
            own = mine & frame["sd"].notna() & (fit["basis"] == GIVEN)
            out = out.mask(mine, fit["free"]).mask(own, (frame["size"] - 1).clip(lower=1))
        return out

    def interval(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Give the 95% interval of one year's value for each row: columns low and high.

        For percents the score interval of Wilson (1927) with size/B as the number of pupils, which stays between 0 and
        100 and holds its promise in small schools; else value +- t se. A value coded as "95% or more" has the interval
        of 95%, open to the top. Of a percent known as a range, the interval runs from the lower
        end's to the upper end's.
        """
        half = self.se(frame) * student.ppf(0.975, self.degrees(frame))
        out = pd.DataFrame({"low": frame["value"] - half, "high": frame["value"] + half})
        for fit in self.frame[self.frame["percent"]].to_dict("records"):
            mine = (frame["measure"] == fit["measure"]).to_numpy()
            rows = frame[mine]
            times = student.ppf(0.975, fit["free"])
            n = rows["size"] / fit["B"] if fit["B"] > 0 else np.inf
            half_range = rows["width"] / 2 if "width" in rows else 0.0
            out.loc[mine, "low"] = wilson(rows["value"] - half_range, n, times)[0]
            out.loc[mine, "high"] = wilson(rows["value"] + half_range, n, times)[1]
        if "value__why" in frame:
            coded = frame["value__why"] == "range"
            out.loc[coded & (frame["value"] > 50), "high"] = 100.0
            out.loc[coded & (frame["value"] < 50), "low"] = 0.0
        return out

    def change_se(self, pairs: pd.DataFrame) -> pd.Series:
        """Give the standard error of the change for pairs of years (columns value, size, sd and the same `_before`)."""
        out = pd.Series(np.nan, index=pairs.index, dtype=float)
        for fit in self.frame.to_dict("records"):
            mine = (pairs["measure"] == fit["measure"]).to_numpy()
            p = pairs[mine]
            level = (p["value"] + p["value_before"]) / 2
            out[mine] = np.sqrt(
                _variance(fit, level, p["size"], p["sd"])
                + _variance(fit, level, p["size_before"], p["sd_before"])
                + unsure(p)
                + unsure(p, "width_before")
            )
        return out


def spread(value: Any) -> Any:
    """Give p(100 - p), with p kept within 5 and 95: the variance of a percent but for the number of pupils."""
    p = np.clip(value, *_PCT_ENDS)
    return p * (100 - p)


def wilson(value: Any, n: Any, times: float = Z) -> tuple[Any, Any]:
    """Give the score interval (Wilson 1927) of a percent of n pupils, `times` standard errors to each side."""
    p, w = value / 100, times**2 / n
    middle, half = p + w / 2, np.sqrt(np.maximum(w * p * (1 - p) + w**2 / 4, 0))
    return 100 * (middle - half) / (1 + w), 100 * (middle + half) / (1 + w)


def unsure(rows: pd.DataFrame, column: str = "width") -> Any:
    """Give the variance of a value that may lie anywhere in its range: a twelfth of the squared width."""
    return rows[column].fillna(0.0) ** 2 / 12 if column in rows else 0.0


def _variance(fit: dict[Any, Any], value: Any, size: pd.Series, sd: pd.Series) -> Any:
    """Give the sampling variance of one year's value."""
    if fit["basis"] == GIVEN:
        return sd.fillna(fit["sd"]).where(value.notna()) ** 2 / size
    if not fit["percent"]:
        return (fit["B"] / size).where(value.notna())
    # The value itself is off by chance; drawn a little towards 50, it does not make a lucky small school look sure.
    n = size / fit["B"] if fit["B"] > 0 else np.inf
    level = (value + 50 * Z**2 / n) / (1 + Z**2 / n)
    return fit["B"] * spread(level) / size


@passes_missing
def noise(panel: pd.DataFrame) -> Noise | Missing:
    """See how far chance alone moves a school's result, and that small schools are moved further.

    Parameters
    ----------
    panel : DataFrame
        What `measures.outcomes.panel` gives.

    Returns
    -------
    Noise or Missing
        Table: one row a measure and a small, middling and large school (10th, 50th, 90th percentile of size); `value`
        is the typical 95% margin of one year's value, in the measure's difference unit, `low` and `high` the margin at
        the ends of B's 95% interval, `n` the schools it rests on. Missing where no measure has enough schools or years.

    Notes
    -----
    Where the source gives the spread between pupils: se = sd / sqrt(size). Else chance is read from the changes d
    between neighbouring years, less the mean change of all schools that year: E[d^2] = A + B s (1/n1 + 1/n2), with
    s = 1, or s = p(100 - p) for percents (p the mean of the two years within 5 and 95). Fitted as a Gamma regression
    with identity link, whose score equations are those of maximum likelihood for normal changes (statsmodels GLM;
    checked against a direct maximisation of that likelihood; the R call would be `glm(y ~ x, Gamma("identity"))`).

    A is what changes for real from year to year, B s/n the sampling variance of one year's value. They are told apart
    by their relation to size alone: a real change that is larger in small schools would be counted as chance. Where the
    pack has several levels, each with enough schools, A may differ by level, because high schools are larger and may
    change less for other reasons. Sizes may be pupils enrolled instead of pupils tested: B then takes in the share
    tested, because it is fitted to the size used. Standard errors are clustered by school where schools have several
    changes. With A or B below zero the other is fitted alone, and `checks` says so. Where changes cannot tell, a
    percent of a known number of pupils tested gets B = 1, the binomial; a value known as a range adds width^2/12.
    Method: Kane and Staiger (2002), Journal of Economic Perspectives 16(4), 91-114, who part chance from change by size
    in the same way.

    Raises
    ------
    InputError
        If the panel lacks a column, holds text for numbers, or has rows twice.
    """
    frame = checked(panel, "noise")
    fits: list[dict[str, Any]] = []
    said: list[str] = []
    gone: list[str] = []
    for about, part in each_measure(frame):
        found = _given(about, part) or _fitted(about, part, said)
        found = (_counted(about, part, said) or found) if isinstance(found, str) else found
        if isinstance(found, str):
            gone.append(f"{about['label']}: {found}")
        else:
            fits.append(found)
    if not fits:
        return Missing(SECTION, f"{listing(gone) or 'the panel has no row'}.")
    return _result(frame, pd.DataFrame(fits), said, gone)


def _given(about: dict[str, Any], part: pd.DataFrame) -> dict[str, Any] | None:
    """Describe a measure whose spread between pupils is given."""
    rows = part[part["value"].notna()]
    known = rows["sd"].notna() & (rows["sd"] > 0)
    if rows.empty or known.mean() < _SHARE_WITH_SD or not rows["size"].notna().any():
        return None
    sd = float(rows.loc[known, "sd"].median())
    return _entry(about, GIVEN, rows, B=np.nan, B_low=np.nan, B_high=np.nan, percent=False, sd=sd)


def _counted(about: dict[str, Any], part: pd.DataFrame, said: list[str]) -> dict[str, Any] | None:
    """Describe a percent whose chance follows from the number tested, where changes cannot tell."""
    rows = part[part["value"].notna() & part["size"].notna()]
    if (
        about["unit"] != "pct"
        or rows.empty
        or not rows["size_basis"].astype("str").str.startswith("pupils tested").all()
    ):
        return None
    said.append(f"{about['label']}: chance was taken from the number of pupils tested, each by itself (binomial).")
    return _entry(about, COUNTED, rows, B=1.0, B_low=1.0, B_high=1.0, percent=True)


def _entry(about: dict[str, Any], basis: str, rows: pd.DataFrame, **more: Any) -> dict[str, Any]:
    told = {"measure": about["measure"], "label": about["label"], "unit": about["difference"], "basis": basis}
    schools = {"schools_n": int(rows["school_id"].nunique()), "pairs_n": 0}
    return {**told, "A": np.nan, **schools, "free": np.inf, "sd": np.nan, **more}


def _fitted(about: dict[str, Any], part: pd.DataFrame, said: list[str]) -> dict[str, Any] | str:
    """Describe a measure whose chance is read from changes; or say why that cannot be done."""
    percent = about["unit"] == "pct"
    part = part[part["width"].fillna(0.0) == 0] if "width" in part else part  # the middle of a range moves in steps
    usable = centred(pairs(part)).dropna(subset=["change", "size", "size_before"])
    schools = int(usable["school_id"].nunique())
    if part.loc[part["value"].notna(), "year"].nunique() < 2:
        return "only one year is known, and the spread between pupils is not given"
    if schools < LEAST_SCHOOLS:
        return f"only {plural(schools, 'school')} with size and two neighbouring years, {LEAST_SCHOOLS} are needed"
    x = (1 / usable["size"] + 1 / usable["size_before"]).to_numpy(float)
    if percent:
        x = x * spread((usable["value"] + usable["value_before"]) / 2).to_numpy(float)
    y = usable["change"].to_numpy(float) ** 2
    if not y.any():
        return "no school's value changes in any year"
    if np.ptp(x) <= 1e-9 * x.max():
        return "all schools have the same size, which leaves chance and real change together"
    fit = fit_variance(y, x, pd.factorize(usable["school_id"])[0], _levels(usable))
    said.append(_told(about, fit, schools, len(usable)))
    return _entry(
        about,
        FITTED,
        usable,
        A=fit.a,
        B=fit.b,
        B_low=fit.interval()[0],
        B_high=fit.interval()[1],
        pairs_n=len(usable),
        free=2 * (fit.b / fit.b_se) ** 2 if fit.b_se > 0 else np.inf,
        percent=percent,
    )


def _levels(usable: pd.DataFrame) -> Any:
    """Number the schools' levels; None where one is unknown or has too few schools to tell its real change."""
    if "school_level" not in usable or usable["school_level"].isna().any():
        return None
    enough = usable.groupby("school_level")["school_id"].nunique() >= LEAST_SCHOOLS
    return pd.factorize(usable["school_level"], sort=True)[0] if enough.all() else None


def _told(about: dict[str, Any], fit: Fit, schools: int, n: int) -> str:
    margin = "clustered by school" if fit.clustered else "one change a school"
    text = (
        f"{about['label']}: chance was read from {n:,} changes of {plural(schools, 'school')} ({margin});"
        f" B = {fit.b:,.4g} (95% interval {fit.interval()[0]:,.4g} to {fit.interval()[1]:,.4g}),"
        f" A = {fit.a:,.4g}."
    )
    if fit.by_level:
        text += " Real change may differ by level; A is its mean."
    if fit.said == "chance":
        text += " Changes are no larger in small schools, so that no chance could be told; only A was fitted."
    if fit.said == "real change":
        text += " No real change could be told from chance; only B was fitted."
    return text


def _counted_pupils(size_basis: pd.Series) -> str:
    """Name what sizes count most often, without the year: `pupils tested`; the first by name of two as frequent."""
    names = [(str(text).split(" in ")[0], int(n)) for text, n in size_basis.value_counts(sort=False).items()]
    often = {name: sum(n for other, n in names if other == name) for name, _ in names}
    return min(often, key=lambda name: (-often[name], name), default="") or "pupils"


def _result(frame: pd.DataFrame, fits: pd.DataFrame, said: list[str], gone: list[str]) -> Noise:
    rows: list[tuple[Any, ...]] = []
    for fit in fits.to_dict("records"):
        rows += _margins(fit, frame[(frame["measure"] == fit["measure"]) & frame["value"].notna()])
    table = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "size"])
    small, large = rows[0], rows[-1] if len(fits) == 1 else rows[2]
    counted = _counted_pupils(frame["size_basis"]) if "size_basis" in frame else "pupils"
    return Noise(
        id="noise",
        title="How far chance alone moves a school's result",
        table=table,
        text=(
            f"{small[0]}: one year's value of a school with {show(small[7])} {counted} is within"
            f" {phrase(small[2], small[6])} of its true value 95 times in 100 (margin between"
            f" {span(small[3], small[4], small[6]).replace(' to ', ' and ')});"
            f" with {show(large[7])}, within {phrase(large[2], large[6])}."
        ).replace(f" (margin between {show(np.nan)})", ""),
        claim="estimate",
        assumptions=_assumptions(fits),
        checks=tuple(said),
        limits=(
            *(f"No range is given for {g}." for g in gone),
            *_limits(fits),
        ),
        note="Typical 95% margin of one year's value, at the 10th, 50th and 90th percentile of size.",
        frame=fits,
    )


def _limits(fits: pd.DataFrame) -> tuple[str, ...]:
    told = []
    if (fits["basis"] == FITTED).any():
        told.append("Real change and chance are told apart only by how changes depend on size.")
    if fits["basis"].isin([GIVEN, COUNTED]).any():
        told.append(
            "Pupils of one class share a teacher; a range that takes each pupil by itself is rather too narrow."
        )
    return tuple(told)


def _assumptions(fits: pd.DataFrame) -> tuple[str, ...]:
    made = []
    if (fits["basis"] == FITTED).any():
        made.append("Real change from year to year is as large in small schools as in large ones.")
        made.append("Where the number tested is not known, the share of the enrolled who are tested is alike in all.")
    if fits["basis"].isin([GIVEN, COUNTED]).any():
        made.append(
            "A school's pupils are like a sample of the pupils it might have had, each independent of the others."
        )
    return tuple(made)


def _margins(fit: dict[Any, Any], part: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Give the typical margin of a small, a middling and a large school."""
    sizes = part["size"].dropna()
    out: list[tuple[Any, ...]] = []
    s = float(spread(part["value"].mean())) if fit["percent"] else 1.0
    for q, word in QUANTILES:
        n = float(sizes.quantile(q, interpolation="nearest"))
        if fit["basis"] == GIVEN:
            value, low, high = student.ppf(0.975, n - 1) * fit["sd"] / np.sqrt(n), np.nan, np.nan
        else:
            value, low, high = (Z * np.sqrt(fit[b] * s / n) for b in ("B", "B_low", "B_high"))
        group = f"A {word} school ({show(n)} pupils)"
        out.append((fit["label"], group, float(value), low, high, fit["schools_n"], fit["unit"], n))
    return out


def reach(low: Any, high: Any, value: Any, about: dict[str, Any]) -> tuple[Any, Any]:
    """Keep an interval on the measure's scale; without a value there is none."""
    low, high = bounded(low, high, about)
    known = np.isfinite(np.asarray(value, dtype=float))
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
