"""Whether a school's mean of a survey scale may be shown: one result that says so in words, with its reasons."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student

from leadlib.designs.options import checked_options
from leadlib.designs.survey import scales
from leadlib.designs.survey.agreement import null_variance, within
from leadlib.designs.survey.answers import Answers, answers
from leadlib.designs.survey.grouping import Grouping, checked, grouping, respondents_for
from leadlib.designs.survey.reliability import rest_correlations
from leadlib.errors import refuse
from leadlib.numbers import listing, plural, show
from leadlib.results import RESULT_COLUMNS, Result, passes_missing

Verdict = Literal["show", "show with care", "do not show"]
WHERE = "survey quality"
VIEWS = (
    "Answers are views, no measure of what leaders do: in the United States in PISA 2015, principals' view of their own"
    " leadership and their teachers' view of it correlated .125.",
    "Scales of leadership, trust and collaboration mostly measure one thing (in New York City they correlated .87 to"
    " .90): do not read a gap between two of them as a finding.",
)


@dataclass(frozen=True)
class Rule:
    """A threshold of common practice, with its source and whether it was looked up there."""

    name: str
    value: float
    what: str
    source: str
    verified: bool


def rules() -> dict[str, Rule]:
    """Give the thresholds by name."""
    text = (Path(__file__).parent / "rules.json").read_text(encoding="utf-8")
    return {r["name"]: Rule(**r) for r in json.loads(text)}


@dataclass(frozen=True, repr=False)
class Quality(Result):
    """Whether school means of a scale may be shown.

    `verdict` is "show", "show with care" or "do not show"; `units` has one row a school: `unit, n, shown, mean, low,
    high, reliability, r_wg, reason`; `items` one row an item; `grouping` is the result behind ICC(1) and ICC(2);
    `needed` how many respondents a school needs.
    """

    verdict: Verdict = "do not show"
    units: pd.DataFrame = field(default_factory=pd.DataFrame)
    items: pd.DataFrame = field(default_factory=pd.DataFrame)
    alpha: float = math.nan
    omega: float = math.nan
    agreement: float = math.nan
    needed: float = math.nan
    grouping: Grouping | None = None


@passes_missing
@checked_options
def quality(
    frame: pd.DataFrame,
    *,
    unit: str,
    items: Sequence[str] = (),
    item: str | None = None,
    response: str | None = None,
    respondent: str | None = None,
    scale: tuple[float, float] | None = None,
    reverse: Sequence[str] = (),
    null: str | float = "uniform",
    hidden_below: int | None = None,
    self_report: bool = False,
    level: float = 0.95,
    label: str = "The scale",
) -> Any:
    """See whether a school's mean of this survey scale may be shown, and how far it can be trusted.

    Parameters
    ----------
    frame : DataFrame
        One survey: one row a respondent with `items` as columns, or one row a respondent and item with `item, response,
        respondent`. Give the raters of one kind only, such as teachers.
    unit : column
        The school.
    scale : pair of numbers, optional
        Lowest and highest answer that could be given; else those found.
    reverse : sequence of items
        Items worded the other way, to be turned first.
    null : {"uniform", "slight skew"} or number
        As for `r_wg`.
    hidden_below : int, optional
        Schools with fewer respondents are hidden; 10 if left out.
    self_report : bool
        Whether leaders rate themselves.

    Returns
    -------
    Quality
        Means in the scale's own unit; `reliability` and `r_wg` from 0 to 1; `reason` says why a school is not shown.

    Raises
    ------
    InputError
        Fewer than two items or two schools, no answers, answers outside the scale.

    Notes
    -----
    A respondent's score is the mean of the items answered, where at least half are (`rules.json`). Generalizability
    over respondents: a school's mean of n has reliability n ICC(1) / (1 + (n - 1) ICC(1)); items count as fixed. Items
    with one answer from everyone are left out. An item against the others' main direction is named, not turned.
    """
    limit = rules()
    least = int(limit["respondents"].value if hidden_below is None else hidden_below)
    given = answers(
        frame, WHERE, items=items, item=item, response=response, respondent=respondent, unit=unit, reverse=reverse,
        scale=scale,
    )  # fmt: skip
    by_item = _items(given, limit["reversed"].value)
    varied = given.only(np.ones(given.n, bool), ~by_item["constant"].to_numpy(bool))
    if len(varied.items) < 2:
        raise refuse(
            WHERE, f"has {plural(len(varied.items), 'item')} that anyone answers differently", "give two or more"
        )
    score, said = _scores(varied, limit["answered_pct"].value)
    scored = np.isfinite(score)
    codes, present = np.unique(varied.units[scored], return_inverse=True)[::-1]
    names = tuple(varied.unit_names[k] for k in present)
    v = checked(score[scored], codes, WHERE)
    group = grouping(v, names, label, "weighted", level)
    agreed = within(varied, null_variance(varied.scale, null)).set_index("unit")["r_wg"]
    units = _units(score[scored], codes, v.means, group, agreed, least, level)
    whole = varied.values[np.isfinite(varied.values).all(axis=1)]
    alpha, omega = _reliabilities(whole)
    shown = units.loc[units["shown"], "r_wg"]
    middle = float(shown.median()) if shown.notna().any() else math.nan
    verdict, why = _verdict(group, alpha, middle, units, limit, by_item)
    return _result(
        label,
        level,
        verdict,
        why,
        said,
        units,
        by_item,
        alpha,
        omega,
        middle,
        group,
        len(whole),
        limit,
        least,
        self_report,
    )


def _items(given: Answers, bound: float) -> pd.DataFrame:
    """Describe the items; name those that nobody answers differently and those that go against the rest."""
    seen = np.isfinite(given.values)
    n = seen.sum(axis=0)
    mean = np.where(seen, given.values, 0.0).sum(axis=0) / np.maximum(n, 1)
    z = np.where(seen, given.values - mean, 0.0)  # an answer left out counts as the item's mean
    sd = np.sqrt((z**2).sum(axis=0) / np.maximum(n - 1, 1))
    flat = sd <= 1e-12
    against, rest = np.zeros(len(given.items), bool), np.full(len(given.items), np.nan)
    if (~flat).sum() > 1:
        direction = _direction(z[:, ~flat])
        rest[~flat] = rest_correlations(z[:, ~flat] * direction) * direction
        against[~flat] = (direction < 0) & (rest[~flat] < bound)
    return pd.DataFrame(
        {
            "item": given.items, "n": n, "mean": mean, "sd": sd, "rest_r": rest,
            "missing_pct": 100 * (1 - n / max(given.n, 1)), "constant": flat, "reversed": against,
        }
    )  # fmt: skip


def _direction(z: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give each item's side of the main direction: 1, or -1 for the fewer."""
    first = np.linalg.eigh(np.corrcoef(z.T))[1][:, -1]
    side = np.where(first < 0, -1.0, 1.0)
    return side if side.sum() > 0 or (side.sum() == 0 and side[0] > 0) else -side


def _scores(given: Answers, answered_pct: float) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    seen = np.isfinite(given.values)
    enough = seen.mean(axis=1) * 100 >= answered_pct
    total = np.where(seen, given.values, 0.0).sum(axis=1)
    score = np.where(enough, total / np.maximum(seen.sum(axis=1), 1), np.nan)
    gone = int((~enough).sum())
    said = f"{plural(gone, 'respondent')} with fewer than {answered_pct:g}% of the items answered left out."
    return score, (said,) if gone else ()


def _units(
    score: npt.NDArray[np.float64],
    codes: npt.NDArray[np.intp],
    means: npt.NDArray[np.float64],
    group: Grouping,
    agreed: pd.Series,
    least: int,
    level: float,
) -> pd.DataFrame:
    units = group.frame.copy()
    units["mean"] = means
    apart = np.bincount(codes, (score - means[codes]) ** 2)
    n = units["n"].to_numpy(float)
    error = np.sqrt(apart / np.maximum(n - 1, 1) / n)
    half = student.ppf(1 - (1 - level) / 2, np.maximum(n - 1, 1)) * error
    units["low"], units["high"] = units["mean"] - half, units["mean"] + half
    units["r_wg"] = agreed.reindex(units["unit"]).to_numpy()
    units["shown"] = n >= max(least, 2)
    units["reason"] = np.where(units["shown"], "", f"fewer than {least} respondents")
    units.loc[~units["shown"], ["mean", "low", "high", "r_wg"]] = np.nan
    return units[["unit", "n", "shown", "mean", "low", "high", "reliability", "r_wg", "reason"]]


def _reliabilities(whole: npt.NDArray[np.float64]) -> tuple[float, float]:
    if len(whole) <= whole.shape[1] + 1 or (whole.std(axis=0) == 0).any():
        return math.nan, math.nan
    cov = np.cov(whole.T)
    alpha = scales.cronbach(cov)
    return alpha, scales.omega_of(*scales.one_factor(cov)) if len(cov) > 2 else math.nan


def _verdict(
    group: Grouping, alpha: float, agreed: float, units: pd.DataFrame, limit: dict[str, Rule], by_item: pd.DataFrame
) -> tuple[Verdict, list[str]]:
    if not units["shown"].any():
        return "do not show", ["no school has enough respondents"]
    if group.low <= 0:
        return "do not show", ["the data do not tell schools apart"]
    if alpha < limit["alpha_least"].value:
        return "do not show", [f"the items do not go together (alpha {show(alpha, 'ratio')})"]
    why = []
    if not alpha >= limit["alpha"].value:
        why.append(f"the items go together only loosely (alpha {show(alpha, 'ratio')})")
    if not group.icc2 >= limit["icc2"].value:
        why.append(f"one school's mean is unsteady (reliability {show(group.icc2, 'ratio')})")
    if not agreed >= limit["r_wg"].value:
        why.append(f"people of one school differ in what they say (r_wg {show(agreed, 'ratio')})")
    if by_item["reversed"].any():
        why.append("an item seems worded the other way")
    return ("show with care", why) if why else ("show", [])


def _result(
    label: str,
    level: float,
    verdict: Verdict,
    why: list[str],
    said: tuple[str, ...],
    units: pd.DataFrame,
    by_item: pd.DataFrame,
    alpha: float,
    omega: float,
    agreed: float,
    group: Grouping,
    whole_n: int,
    limit: dict[str, Rule],
    least: int,
    self_report: bool,
) -> Quality:
    needed = respondents_for(group.value, limit["icc2"].value)
    none = (math.nan, math.nan)
    extra = [
        (label, "Cronbach's alpha", alpha, *none, whole_n, "ratio"),
        (label, "McDonald's omega", omega, *none, whole_n, "ratio"),
        (label, "Median r_wg(j) of schools shown", agreed, *none, int(units["shown"].sum()), "ratio"),
    ]
    table = pd.concat([group.table, pd.DataFrame(extra, columns=list(RESULT_COLUMNS))], ignore_index=True)
    own = ("Leaders rate themselves here: that is no measure of leadership.",) if self_report else ()
    return Quality(
        id="survey-quality",
        title="May a school's mean of this scale be shown?",
        table=table,
        text="\n".join(_sentences(label, verdict, why, needed, limit, units, least)),
        claim="describe",
        assumptions=group.assumptions,
        checks=(*group.checks, *_item_checks(by_item)),
        limits=(*said, *group.limits, *own, *VIEWS),
        note="Thresholds are common practice, not law; their sources stand in the survey rules.",
        frame=units,
        interval_label=f"{100 * level:g}% interval",
        verdict=verdict,
        units=units,
        items=by_item,
        alpha=alpha,
        omega=omega,
        agreement=agreed,
        needed=needed,
        grouping=group,
    )


def _sentences(
    label: str, verdict: Verdict, why: list[str], needed: float, limit: dict[str, Rule], units: pd.DataFrame, least: int
) -> list[str]:
    first = {
        "show": f"{label}: school means may be shown, each with its interval.",
        "show with care": f"{label}: show school means only with intervals and in no ranking, for {listing(why)}.",
        "do not show": f"{label}: show no school means, for {listing(why)}.",
    }[verdict]
    lines = [first]
    if math.isfinite(needed):
        wanted = limit["icc2"].value
        lines.append(
            f"A school's mean needs {plural(math.ceil(needed), 'respondent')} for a reliability of"
            f" {show(wanted, 'ratio')}."
        )
    gone = int((~units["shown"]).sum())
    if gone:
        lines.append(f"{plural(gone, 'school')} with fewer than {least} respondents hidden.")
    return lines


def _item_checks(by_item: pd.DataFrame) -> tuple[str, ...]:
    found = []
    flat = by_item.loc[by_item["constant"], "item"].tolist()
    turned = by_item.loc[by_item["reversed"], "item"].tolist()
    if flat:
        found.append(f"Left out, since everyone gives the same answer: {listing(flat)}.")
    if turned:
        found.append(
            f"Against the rest, perhaps worded the other way: {listing(turned)}. If so, name them in reverse=."
        )
    return tuple(found)
