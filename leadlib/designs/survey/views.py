"""One school's survey means beside similar schools, each shown only where it is steady enough to stand for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from leadlib.designs.survey.advice import Quality, quality
from leadlib.designs.survey.agreement import null_variance
from leadlib.designs.survey.grouping import Variances, grouping, spearman_brown
from leadlib.designs.survey.showing import decided
from leadlib.errors import InputError
from leadlib.measures.climate import CLIMATE, LEADERSHIP, PRINCIPAL, TEACHER, asked_text
from leadlib.measures.groups import LEAST, SIMILAR, THIS, middle
from leadlib.numbers import listing, plural, school_year, show, span
from leadlib.privacy import NOT_SHOWN, K, code_shares, share_text
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

SCALE = (1.0, 5.0)
SELF_REPORT_R = 0.125
"""Principals' view of their own leadership and their teachers' view of it, United States, PISA 2015."""
LEVEL = 0.95
VIEW, OWN_VIEW, ANSWERED = "Teachers' view of leadership", "Principals' view of themselves", "Teachers who answered"
RELIABILITY, AGREEMENT = "Steadiness of the mean (reliability)", "Agreement (r_wg)"


@dataclass(frozen=True, repr=False)
class Views(Result):
    """Survey means of one school beside similar ones.

    `shown` lists the measures whose mean of this school is shown; `reasons` says for each measure why not, or what to
    mind. `frame` has one row a measure and school: `measure, school_id, n, shown, reason, mean, low, high, reliability,
    r_wg`, without numbers where the school is not shown. For leadership: `self_r` (with `self_low, self_high`) is how
    principals' view of their own leadership goes with their teachers' view over `self_n` schools, `self_gap` by how
    much principals rate themselves higher.
    """

    shown: tuple[str, ...] = ()
    reasons: dict[str, str] = field(default_factory=dict)
    self_r: float = math.nan
    self_low: float = math.nan
    self_high: float = math.nan
    self_n: int = 0
    self_gap: float = math.nan


@passes_missing
def leadership(answers: pd.DataFrame, *, hidden_below: int = K) -> Views | Missing:
    """See how teachers see leadership here beside similar schools, if their mean is steady enough to be shown.

    Parameters
    ----------
    answers : DataFrame
        From `measures.climate.answers`.
    hidden_below : int
        Schools with fewer answers are not shown.

    Returns
    -------
    Views or Missing
        Table: reliability, agreement and share of teachers who answered first, then the mean on the scale from 1 to 5,
        with its interval. For groups `value` is the median over schools that may be shown, `low` and `high` the
        quartiles. One principal is one person: only groups of at least `hidden_below` principals are shown.

    Notes
    -----
    `quality` scores the items of all ten functions together. A school's mean is left out where fewer than
    `hidden_below` answered, where the survey does not tell schools apart, where the mean's own reliability n ICC(1) /
    (1 + (n - 1) ICC(1)) is below .70, or where r_wg(j) is .50 or less (`rules.json`). Correlation of the two views over
    schools: Pearson's, with Fisher's interval.
    """
    about = answers.attrs
    teachers = answers[answers["respondent_role"] == TEACHER]
    try:
        found = _quality(teachers, hidden_below)
    except InputError as error:
        return Missing(LEADERSHIP, "; ".join(p.what for p in error.problems) + ".")
    units = decided(found.units.rename(columns={"unit": "school_id"}), found.verdict != "do not show", hidden_below)
    units.insert(0, "measure", VIEW)
    own = _own_views(answers[answers["respondent_role"] == PRINCIPAL])
    rows = _quality_rows(units, about)
    rows += _answered(units, about, hidden_below)
    rows += _mean_rows(units, about, VIEW)
    rows += _own_rows(own, about, hidden_below)
    both = units[units["shown"]].set_index("school_id")["mean"].to_frame("seen").join(own.rename("own"), how="inner")
    r, low, high = _correlation(both["own"], both["seen"])
    gap = float((both["own"] - both["seen"]).mean()) if len(both) >= hidden_below else math.nan
    reason = _reason(units, about["school_id"])
    text = [_first(units, about, VIEW), asked_text(about["year"], about["of"])]
    if math.isfinite(r):
        text.append(_self_text(r, low, high, gap, len(both)))
    return Views(
        id="leadership-views",
        title=f"How teachers see leadership, {school_year(about['year'])}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text=" ".join(t for t in text if t),
        claim="compare",
        assumptions=found.assumptions,
        checks=(found.text.replace("\n", " "), *found.checks),
        limits=(*found.limits, *about["left_out"], "Teachers who think little of leadership may answer less often."),
        note=_NOTE,
        frame=units,
        wide=True,
        shown=(VIEW,) if _here(units, about["school_id"])["shown"] else (),
        reasons={VIEW: reason},
        self_r=r,
        self_low=low,
        self_high=high,
        self_n=len(both),
        self_gap=gap,
    )


_NOTE = (
    "Scale from 1 (almost never) to 5 (almost always). Groups: the median school, in brackets the middle half; this"
    " school: 95% interval. Steadiness and agreement run from 0 to 1."
)


def _quality(teachers: pd.DataFrame, hidden_below: int) -> Quality:
    found: Quality = quality(
        teachers, unit="school_id", item="item", response="response", respondent="respondent_id", scale=SCALE,
        hidden_below=hidden_below, label=VIEW,
    )  # fmt: skip
    return found


@passes_missing
def climate(pupils: pd.DataFrame, *, hidden_below: int = K) -> Views | Missing:
    """See how safe, at home and supported pupils feel here, beside similar schools, where a mean may be shown.

    Parameters
    ----------
    pupils : DataFrame
        From `measures.climate.pupils`: means and standard deviations, one row a school and item.
    hidden_below : int
        Schools with fewer answers are not shown.

    Returns
    -------
    Views or Missing
        As from `leadership`, for each item.

    Notes
    -----
    The spread within schools is pooled from their standard deviations, that between from their means weighted by
    answers; then as in `leadership`, with r_wg = 1 - sd^2 / variance of answers that follow nothing.
    """
    about = pupils.attrs
    kept, rows, told, checks, reasons = [], [], [], [], {}
    for item, part in pupils.groupby("item", sort=True):
        name = str(item)[:1].upper() + str(item)[1:]
        units, check = _summaries(part, hidden_below, name)
        if units is None or about["school_id"] not in set(units["school_id"]):
            told.append(f"{name}: {check}" if units is None else f"{name}: no answers of this school.")
            continue
        checks.append(check)
        units.insert(0, "measure", name)
        rows += [*_quality_rows(units, about, f"{name}: "), *_mean_rows(units, about, name)]
        told.append(_first(units, about, name, mind=False))
        reasons[name] = _reason(units, about["school_id"])
        kept.append(units)
    if not kept:
        return Missing(CLIMATE, " ".join(told) or "there are no answers.")
    frame = pd.concat(kept, ignore_index=True)
    told.append(_differ(frame[frame["school_id"] == about["school_id"]]))
    return Views(
        id="climate-views",
        title=f"How pupils see their school, {school_year(about['year'])}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text=" ".join(t for t in (*told, asked_text(about["year"], about["of"])) if t),
        claim="compare",
        assumptions=("Pupils answer independently once their school is given.",),
        checks=tuple(checks),
        limits=("Pupils who feel less at home may answer less often.", *about["left_out"]),
        note=_NOTE.replace("(almost never) ", "").replace("(almost always)", "(best)"),
        frame=frame,
        wide=True,
        shown=tuple(n for n in reasons if _here(frame[frame["measure"] == n], about["school_id"])["shown"]),
        reasons=reasons,
    )


def _summaries(part: pd.DataFrame, least: int, name: str) -> tuple[pd.DataFrame | None, str]:
    """Judge one item from each school's mean, standard deviation and number of answers."""
    whole = part[part["mean"].notna() & part["sd"].notna() & (part["respondents_n"] >= max(least, 2))]
    n, mean, sd = (whole[c].to_numpy(float) for c in ("respondents_n", "mean", "sd"))
    if len(whole) < LEAST or not (sd > 0).any():
        return None, f"fewer than {LEAST} schools have enough answers that differ."
    centre = float((n * mean).sum() / n.sum())
    between = float((n * (mean - centre) ** 2).sum()) / (len(n) - 1)
    within = float(((n - 1) * sd**2).sum()) / float(n.sum() - len(n))
    group = grouping(Variances(between, within, n, mean), tuple(whole["school_id"]), name, "weighted", LEVEL)
    scale = float(whole["scale_low"].min()), float(whole["scale_high"].max())
    half = student.ppf(1 - (1 - LEVEL) / 2, n - 1) * sd / np.sqrt(n)
    units = pd.DataFrame(
        {
            "school_id": whole["school_id"].to_numpy(), "n": n.astype(int), "shown": True, "mean": mean,
            "low": np.maximum(mean - half, scale[0]), "high": np.minimum(mean + half, scale[1]),
            "reliability": [spearman_brown(max(group.value, 0.0), float(k)) for k in n],
            "r_wg": np.maximum(1 - sd**2 / null_variance(scale, "uniform"), 0.0), "reason": "",
        }
    )  # fmt: skip
    return decided(units, group.low > 0, least), group.text


def _here(units: pd.DataFrame, school_id: str) -> dict[Any, Any]:
    own = units[units["school_id"] == school_id]
    return own.iloc[0].to_dict() if len(own) else {"shown": False, "n": 0, "reason": "nobody answered"}


def _reason(units: pd.DataFrame, school_id: str) -> str:
    return str(_here(units, school_id)["reason"])


def _hidden(row: dict[Any, Any], column: str) -> bool:
    return not math.isfinite(row.get(column, math.nan))


def _quality_rows(units: pd.DataFrame, about: dict[str, Any], prefix: str = "") -> list[tuple[Any, ...]]:
    here, rows = _here(units, about["school_id"]), []
    for title, column in ((RELIABILITY, "reliability"), (AGREEMENT, "r_wg")):
        value = here.get(column, math.nan)
        short = prefix + (title[:1].lower() + title[1:] if prefix else title)
        text = NOT_SHOWN if _hidden(here, column) else ""
        rows.append((short, THIS, value, math.nan, math.nan, _counted(here, column), "ratio", text))
        rows += _group_rows(short, units.set_index("school_id")[column], about, "ratio")
    return rows


def _mean_rows(units: pd.DataFrame, about: dict[str, Any], name: str) -> list[tuple[Any, ...]]:
    here = _here(units, about["school_id"])
    ends = here.get("low", math.nan), here.get("high", math.nan)
    text = "" if here["shown"] else NOT_SHOWN
    own = (name, THIS, here.get("mean", math.nan), *ends, _counted(here, "reliability"), "level", text)
    return [own, *_group_rows(name, units.set_index("school_id")["mean"], about, "level")]


def _counted(here: dict[Any, Any], column: str) -> float:
    return math.nan if _hidden(here, column) else float(here["n"])


def _group_rows(name: str, values: pd.Series, about: dict[str, Any], unit: str) -> list[tuple[Any, ...]]:
    rows = []
    for group, ids in about["groups"].items():
        value, low, high, n = middle(values.reindex(ids))
        rows.append((name, group, value, low, high, n, unit, ""))
    return rows


def _answered(units: pd.DataFrame, about: dict[str, Any], least: int) -> list[tuple[Any, ...]]:
    """Give the share of teachers who answered."""
    asked = pd.Series(about["asked"], dtype=float)
    if asked.empty:
        return []
    n = units.set_index("school_id")["n"].reindex(asked.index).fillna(0).astype(float)
    rate = (100 * n / asked.where(asked > 0)).clip(upper=100)
    coded = pd.Series(code_shares(rate, asked, least), index=asked.index)
    here, of = about["school_id"], float(asked.get(about["school_id"], math.nan))
    rows: list[tuple[Any, ...]] = []
    if math.isfinite(of):
        text = share_text(float(rate[here]), of, least)
        behind = of if of >= least else math.nan
        rows.append((ANSWERED, THIS, float(coded[here]), math.nan, math.nan, behind, "pct", text))
    return [*rows, *_group_rows(ANSWERED, coded, about, "pct")]


def _own_views(principals: pd.DataFrame) -> pd.Series:
    """Give each principal's mean over the items."""
    return principals.groupby("school_id")["response"].mean().astype(float)


def _own_rows(own: pd.Series, about: dict[str, Any], least: int) -> list[tuple[Any, ...]]:
    nothing = (math.nan, math.nan, math.nan, math.nan)
    rows: list[tuple[Any, ...]] = [(OWN_VIEW, THIS, *nothing, "level", NOT_SHOWN)]
    for group, ids in about["groups"].items():
        values = own.reindex(ids)
        if values.notna().sum() >= least:
            rows.append((OWN_VIEW, group, *middle(values), "level", ""))
    return rows


def _correlation(a: pd.Series, b: pd.Series) -> tuple[float, float, float]:
    """Give Pearson's correlation with Fisher's interval."""
    if len(a) < K or not (a.std() > 0 and b.std() > 0):
        return math.nan, math.nan, math.nan
    r = float(np.corrcoef(a, b)[0, 1])
    half = float(norm.ppf(1 - (1 - LEVEL) / 2)) / math.sqrt(len(a) - 3)
    z = math.atanh(min(max(r, -0.999999), 0.999999))
    return r, math.tanh(z - half), math.tanh(z + half)


def _self_text(r: float, low: float, high: float, gap: float, n: int) -> str:
    side = "higher" if gap >= 0 else "lower"
    return (
        f"Over {plural(n, 'school')} principals rate themselves {show(abs(gap), 'level')} points {side} than their"
        f" teachers do, and the two views correlate {show(r, 'ratio')} (95% interval {span(low, high, 'ratio')}). In"
        f" PISA 2015 they correlated {SELF_REPORT_R:.3f} in the United States: a leader's own view is no measure."
    )


def _differ(own: pd.DataFrame) -> str:
    """Say of which of the shown means pupils of this school think differently."""
    rows = own[own["shown"] & (own["reason"] != "")]
    if rows.empty:
        return ""
    agreed = [show(v, "ratio") for v in (rows["r_wg"].min(), rows["r_wg"].max())]
    ends = agreed[0] if agreed[0] == agreed[1] else " to ".join(agreed)
    return (
        f"Pupils here differ in what they say of {listing([m.lower() for m in rows['measure']])} (agreement, r_wg,"
        f" {ends}): such a mean is an average of different experiences."
    )


def _first(units: pd.DataFrame, about: dict[str, Any], name: str, *, mind: bool = True) -> str:
    """Say what is shown of this school, and beside what."""
    here = _here(units, about["school_id"])
    if not here["shown"]:
        return f"{name}: this school's mean is not shown, since {here['reason'] or 'nobody answered'}."
    ends = span(here["low"], here["high"], "level")
    told = [f"{name}: {show(here['mean'], 'level')} (95% interval {ends}) on the scale to 5"]
    for group, ids in list(about["groups"].items())[:1]:
        value, low, high, n = middle(units.set_index("school_id")["mean"].reindex(ids))
        if math.isfinite(value):
            whom = "similar schools" if group == SIMILAR else "other schools of its level"
            told.append(f"the middle half of {n} {whom} lies from {span(low, high, 'level')}")
    return f"{'; '.join(told)}." + (f" But {here['reason']}." if here["reason"] and mind else "")
