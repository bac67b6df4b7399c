"""Where a principal's working week goes: its seven kinds of work, what instruction consists of, one week or eight."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.groups import SIMILAR, THIS, middle, peers_may_be_missing
from leadlib.measures.taxonomy import kinds
from leadlib.measures.time_panel import held, panel
from leadlib.measures.time_parts import MEASURES, evaluation, minutes, posts
from leadlib.measures.time_weeks import TAKEN, weeks
from leadlib.measures.timelogs import (
    Log,
    activities,
    centers,
    closed,
    clr,
    mean_interval,
    no_weeks,
    read,
    share_intervals,
    study,
)
from leadlib.numbers import phrase, school_year, show
from leadlib.privacy import K, small
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

__all__ = ["MEASURES", "held", "instruction", "panel", "week", "weeks"]

LEAST = 3
"""Fewer similar schools with a log than this make no group."""
_OWN = "One person's log: it says where the time went, not what it was worth, and nobody checked it against a calendar."


@peers_may_be_missing
@passes_missing
def week(school: School, peers: Peers | Missing | None = None, *, level: float = 0.95) -> Result | Missing:
    """See where the principal's week goes, in seven kinds of work, beside similar schools and a published study.

    Parameters
    ----------
    school : School
        The school and year.
    peers : Peers, None or Missing
        Its similar schools; without them, or with fewer than three that kept a log, their row is left out.
    level : float
        Of the interval over logged weeks.

    Returns
    -------
    Result or Missing
        Table: one row a kind of work and group, in percent of the working week; for this school `n` is its logged weeks
        and `low`, `high` the interval; for similar schools the center over schools with the quartiles of the schools'
        shares. Further columns: leadership (instructional, administrative, shared or neither, as
        `ll.measures.taxonomy` sorts it) and minutes (a week, this school's mean). `frame`: one row a logged week, in
        minutes. Missing where this school's principal kept no log in the year.

    Missing data
        A week that lacks one of the seven kinds of work, or whose minutes miss the working week by more than 5%, is
        left out and named.

    Notes
    -----
    Shares are parts of one whole, so they are averaged as compositions: the mean of the centered log-ratios over weeks
    (over schools for a group), turned back into shares that add up to 100. Zeros are replaced by 65% of the log's
    five-minute step. Interval: t on the logit of the share (delta method over weeks), from four weeks on. Aitchison, J.
    (1986), The Statistical Analysis of Compositional Data. Shares of the study: measures/published/time_use.json.
    """
    log = read(school)
    if isinstance(log, Missing):
        return log
    lacking = no_weeks(log, school)
    if lacking:
        return lacking
    assert not isinstance(peers, Missing)
    rows = [*_own_shares(log, school, level), *_peer_shares(log, school, peers), *_published()]
    table = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "leadership", "minutes"])
    return Result(
        id="principal-week",
        title=f"The principal's week, {school_year(school.year)}",
        table=table,
        text=" ".join([_told(table), log.said(school)]),
        checks=(log.said(school),),
        limits=(_OWN, TAKEN, "The published study's shares are unverified: they set the scale, not a standard."),
        note=_noted("Percent of the working week.", "their center, in brackets the middle half of the schools.", table),
        frame=log.own(school).reset_index(drop=True),
        wide=True,
        interval_label=f"{100 * level:g}% interval",
    )


def _own_shares(log: Log, school: School, level: float) -> list[tuple[Any, ...]]:
    own, kind = log.own(school), kinds("minutes")
    logs = clr(own[list(activities())])
    low, high = share_intervals(logs, level)
    value = closed(logs.mean(axis=0))
    spent = own[list(activities())].mean()
    return [
        (label, THIS, value[j], low[j], high[j], len(own), "pct", kind[key], float(spent[key]))
        for j, (key, label) in enumerate(activities().items())
    ]


def _peer_shares(log: Log, school: School, peers: Peers | None) -> list[tuple[Any, ...]]:
    if peers is None:
        return []
    all_ = centers(log.frame[log.frame["year"] == school.year]).droplevel("year")
    theirs = all_[all_.index.isin(peers.school_ids)]
    if len(theirs) < LEAST:
        return []
    center, shares, kind = closed(theirs.mean()), closed(theirs), kinds("minutes")
    quartiles = np.quantile(shares, [0.25, 0.75], axis=0)
    return [
        (label, SIMILAR, center[j], quartiles[0, j], quartiles[1, j], len(theirs), "pct", kind[key], math.nan)
        for j, (key, label) in enumerate(activities().items())
    ]


def _published() -> list[tuple[Any, ...]]:
    found, kind = study("horng_2010"), kinds("minutes")
    return [
        (label, found["label"], found["shares_pct"][key], math.nan, math.nan, math.nan, "pct", kind[key], math.nan)
        for key, label in activities().items()
    ]


def _told(table: pd.DataFrame) -> str:
    """Say how much is instructional and administrative, here and at similar schools."""
    here, theirs = (table[table["group"] == g].groupby("leadership")["value"].sum() for g in (THIS, SIMILAR))
    spent = table[table["group"] == THIS].groupby("leadership")["minutes"].sum() / 60
    parts = [
        f"{show(here[kind], 'pct')} of the logged week ({phrase(spent[kind], 'hours')}) went to {kind} work"
        for kind in ("instructional", "administrative")
    ]
    said = f"{parts[0]}, {parts[1]}."
    if len(theirs):
        said += (
            f" At the center of similar schools the shares are {show(theirs['instructional'], 'pct')} and"
            f" {show(theirs['administrative'], 'pct')}."
        )
    return (
        said
        + " The rest is internal relations, which can serve either, and external relations and other work, which are"
        " counted as neither."
    )


def _noted(unit: str, theirs: str, table: pd.DataFrame) -> str:
    """Say how to read the figures, and those of similar schools where there are some."""
    return (
        f"{unit} Similar schools: {theirs}"
        if SIMILAR in set(table["group"])
        else f"{unit} This school: in brackets its interval."
    )


@peers_may_be_missing
@passes_missing
def instruction(school: School, peers: Peers | Missing | None = None, *, level: float = 0.95) -> Result | Missing:
    """See what the principal's instructional time consists of, and how long teachers are formally observed.

    Parameters
    ----------
    school : School
        The school and year.
    peers : Peers, None or Missing
        Its similar schools.
    level : float
        Of the interval over logged weeks.

    Returns
    -------
    Result or Missing
        Table: minutes a week on walkthroughs, coaching, other day-to-day instruction and the instructional program, and
        all of these; then formal observation in hours a teacher a year. For similar schools the median school with
        quartiles; there `n` counts schools, here logged weeks or teachers. Missing where there is no log.

    Missing data
        As `week`. Hours of observation are left out where fewer than ten teachers stand behind them.

    Notes
    -----
    Interval: t over logged weeks, none below zero, from four weeks on. Observations are counted, not sampled, and
    have none. All observers are counted: principals and others.
    """
    log = read(school)
    if isinstance(log, Missing):
        return log
    lacking = no_weeks(log, school)
    if lacking:
        return lacking
    assert not isinstance(peers, Missing)
    own, all_ = minutes(log.own(school)), minutes(log.frame)
    by_school = all_[all_["year"] == school.year].groupby("school_id").mean(numeric_only=True)
    rows: list[tuple[Any, ...]] = []
    for key, label in _PARTS.items():
        mean, low, high = mean_interval(own[key], level, floor=0.0)
        rows.append((label, THIS, mean, low, high, len(own), "minutes"))
        rows += _beside(label, by_school[key], peers, "minutes")
    observed, sentence = _observed(school, peers)
    table = pd.DataFrame([*rows, *observed], columns=list(RESULT_COLUMNS))
    return Result(
        id="principal-instruction",
        title=f"What the principal's time on instruction consists of, {school_year(school.year)}",
        table=table,
        text=" ".join([_parts_told(table), *sentence, *_posts_told(school)]),
        limits=(_OWN, TAKEN),
        note=_noted("Minutes a week; observation in hours.", "the median, in brackets the middle half of them.", table),
        frame=own.reset_index(drop=True),
        wide=True,
        interval_label=f"{100 * level:g}% interval",
    )


_PARTS = {key: label for key, label in MEASURES.items() if key != "organization"}
_OBSERVED = "Formal observation, hours a teacher a year"


def _beside(label: str, values: pd.Series, peers: Peers | None, unit: str) -> list[tuple[Any, ...]]:
    if peers is None:
        return []
    value, low, high, n = middle(values.reindex(peers.school_ids))
    return [(label, SIMILAR, value, low, high, n, unit)] if n >= LEAST else []


def _observed(school: School, peers: Peers | None) -> tuple[list[tuple[Any, ...]], tuple[str, ...]]:
    """Give the rows of formal observation, and a sentence where there can be none for this school."""
    table = evaluation(school)
    if table is None:
        return [], ("The pack holds no formal observations.",)
    table = table[table["year"] == school.year].set_index("school_id")
    shown = table["hours"].mask(table["teachers"] < K)
    rows = _beside(_OBSERVED, shown, peers, "hours")
    if school.school_id not in table.index:
        return rows, ("The pack counts no teachers for this school in this year, so no hours of observation.",)
    own, n = float(shown[school.school_id]), float(table.loc[school.school_id, "teachers"])
    if small(n):
        return rows, (f"Hours of observation are not shown: fewer than {K} teachers stand behind them.",)
    return [(_OBSERVED, THIS, own, math.nan, math.nan, int(n), "hours"), *rows], ()


def _posts_told(school: School) -> tuple[str, ...]:
    """Say how many full-time posts of teachers there are, for whoever shares minutes among them."""
    found = posts(school)
    return () if found is None else (f"The pack counts {phrase(found, 'fte')} of teachers here.",)


def _parts_told(table: pd.DataFrame) -> str:
    here = table[table["group"] == THIS].set_index("measure")["value"]
    whole = here["All instruction"]
    if not np.isfinite(whole) or whole <= 0:
        return "No minute of instruction is logged."
    total = f"{phrase(whole, 'minutes')} ({phrase(whole / 60, 'hours')}) a week on instruction"
    walked, coached = (100 * here[k] / whole for k in ("Walkthroughs", "Coaching of teachers"))
    if not np.isfinite(walked + coached):
        return f"{total}; the log does not part them into kinds."
    shares = [show(s, "whole_pct") if s >= 0.5 or s == 0 else "less than 1%" for s in (walked, coached)]
    return f"Of {total}, {shares[0]} are walkthroughs and {shares[1]} are coaching of teachers."
