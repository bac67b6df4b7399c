"""The result of splitting a gap: its table, its words, what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from leadlib.designs.estimates import Detectable, Estimate, Evidence, Look, Wording, finish, interval
from leadlib.designs.frames import Prepared
from leadlib.designs.jackknifed import Spread
from leadlib.numbers import difference_unit, listing, phrase, plural, span

FRAME = ("part", "kind", "category", "value", "low", "high", "se", "df", "share", "unit")
FEW = 4
NAMES = {
    "composition": "goes with who is in each group",
    "rates": "goes with how the same categories fare",
    "measured": "goes with what was measured",
    "unmeasured": "goes with what was not measured",
}


@dataclass(frozen=True, repr=False)
class Parts(Estimate):
    """A gap and the parts that add up to it; `value` is the gap."""

    def part(self, name: str) -> pd.Series:
        """Give the row of one part: "composition" or "rates", "measured" or "unmeasured"."""
        found = self.frame[(self.frame["part"] == name) & (self.frame["kind"] == "part")]
        return found.iloc[0]


@dataclass(frozen=True)
class Parted:
    """What was asked for, and how the result is told."""

    design: str
    outcome: str
    label: str
    unit_of: str
    level: float
    look: Look
    words: Wording
    unit_word: str
    cluster_word: str
    asked: Mapping[str, Any]


def parted(
    about: Parted,
    data: Prepared,
    found: Spread,
    lines: Sequence[tuple[str, str, str]],
    *,
    codes: Any,
    group: Any,
    clustered: bool,
    over: Sequence[str],
    detail: bool = True,
) -> Parts | Detectable:
    """Make the result from the parts.

    Parameters
    ----------
    lines
        Each part's name, kind and category, in the order of `found`; the gap first.
    codes, group
        Each row's cluster and group.
    over
        The columns that the gap was split over.
    """
    unit = difference_unit(about.unit_of)
    frame = _frame(found, lines, about.level, unit)
    frame = frame if detail else frame[frame["kind"] != "detail"].reset_index(drop=True)
    arms: list[Any] = [codes[group == arm] for arm in (1.0, 0.0)]
    held: list[Any] = [np.unique(a) for a in arms]
    nested = clustered and not len(np.intersect1d(held[0], held[1]))
    y = data.frame[about.outcome].to_numpy()
    result: Parts | Detectable = finish(
        id=f"{about.design}-{about.outcome}",
        title=f"{about.label}: the parts of the gap",
        design=about.design,
        outcome=about.outcome,
        label=about.label,
        unit=unit,
        value=float(found.value[0]),
        se=float(found.se[0]),
        df=float(found.df[0]),
        evidence=Evidence(
            assignment="none",
            units=(len(arms[0]), len(arms[1])),
            clusters=(len(held[0]), len(held[1])) if nested else None,
            unit_word=about.unit_word,
            cluster_word=about.cluster_word,
            adjusted=tuple(over),
            inference_clustered=clustered,
        ),
        wording=about.words,
        asked=about.asked,
        claim="compare",
        level=about.level,
        look=about.look,
        sd=_within(y, group),
        sd_of=f"{about.unit_word}s",
        rows=_table(frame, about.label, len(y)),
        assumptions=_assumptions(about),
        checks=(_check(held, found, about, clustered),),
        limits=(*data.limits(), *_limits(about, found)),
        note=f"n: {about.unit_word}s. The parts add up to the gap.",
        frame=frame,
        kind=Parts,
    )
    if isinstance(result, Detectable):
        return result
    return replace(result, text=f"{result.text}\n{_told(frame, unit, over, about.design)}")


def _frame(found: Spread, lines: Sequence[tuple[str, str, str]], level: float, unit: str) -> pd.DataFrame:
    ends = [interval(*row, level) for row in zip(found.value, found.se, found.df, strict=True)]
    clear = not ends[0][0] <= 0 <= ends[0][1]
    rows = [
        (*line, value, *end, se, df, value / found.value[0] if clear else np.nan, unit)
        for line, value, end, se, df in zip(lines, found.value, ends, found.se, found.df, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(FRAME))


def _within(y: Any, group: Any) -> float:
    arms = [y[group == arm] for arm in (1.0, 0.0)]
    free = len(y) - 2
    return float(np.sqrt(sum(((a - a.mean()) ** 2).sum() for a in arms) / free)) if free > 0 else float("nan")


def _table(frame: pd.DataFrame, label: str, n: int) -> tuple[tuple[Any, ...], ...]:
    rows = frame[frame["kind"].isin(["part", "detail"])].to_dict("records")
    return tuple((label, _named(r), r["value"], r["low"], r["high"], n, r["unit"]) for r in rows)


def _named(row: dict[Any, Any]) -> str:
    name = NAMES[row["part"]]
    whole = f"{name[:1].upper()}{name[1:]}"
    if row["kind"] == "part":
        return whole
    return f"of that, {row['category']}" if row["part"] == "measured" else f"{row['category']}: {name}"


def _told(frame: pd.DataFrame, unit: str, over: Sequence[str], design: str) -> str:
    """Say what each part comes to; never what made it."""
    gap, one, two = frame[frame["kind"].isin(["gap", "part"])].to_dict("records")
    first, second = (
        f"{phrase(r['value'], unit, sign=True)} ({span(r['low'], r['high'], unit, sign=True)})" for r in (one, two)
    )
    total = phrase(gap["value"], unit, sign=True)
    if design == "kitagawa":
        return (
            f"Of the gap of {total}, {first} goes with the groups' different make-up by {over[0]}, and {second} with"
            f" different results in the same {over[0]}. The split describes the gap; it does not say what made it."
        )
    return (
        f"Of the gap of {total}, {first} goes with differences in {listing(list(over))}, and {second} does not."
        " What is left holds everything that was not measured; it says neither that the groups were served alike nor"
        " that they were not."
    )


def _assumptions(about: Parted) -> tuple[str, ...]:
    if about.design == "kitagawa":
        return ("A category means the same in both groups; both groups' shares and rates count half each.",)
    return ("Covariates act along straight lines; what is not measured is not part of any of them.",)


def _check(held: list[Any], found: Spread, about: Parted, clustered: bool) -> str:
    word = about.cluster_word if clustered else about.unit_word
    return (
        f"Intervals from leaving out one {word} at a time: {plural(len(held[0]), word)} in {about.words.who},"
        f" {len(held[1]):,} in {about.words.whom}; {found.df[0]:.1f} degrees of freedom for the gap."
    )


def _limits(about: Parted, found: Spread) -> tuple[str, ...]:
    lines = []
    if about.design == "kitagawa":
        lines.append("The make-up part by category hangs on where the outcome has its zero; its total does not.")
    if np.nanmin(found.df[:3]) < FEW:
        lines.append("With so few degrees of freedom the intervals are rough ones.")
    return tuple(lines)
