"""How a school's results moved over the years, beside similar schools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.designs.chance import Noise, reach
from leadlib.designs.panels import checked, each_measure, require_school, scale_words, scales
from leadlib.measures.groups import LEAST, SIMILAR, THIS, peers_may_be_missing
from leadlib.numbers import NO_VALUE, listing, phrase, school_year, show, significant, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

SECTION = "Outcomes over time"


@dataclass(frozen=True, repr=False)
class Trend(Result):
    """A result by year: its block has a table a measure, with this school and similar schools side by side."""

    def block(self) -> Block:
        """Give a table a measure, then the sentences."""
        measures = list(dict.fromkeys(self.table["measure"]))
        tables = [_by_year(self, self.table[self.table["measure"] == m]) for m in measures]
        return Stack((*tables, Prose(tuple(self.text.split("\n")))))


def _by_year(result: Result, table: pd.DataFrame) -> Table:
    """Show one measure, a row a year: this school's value, interval and n, then those of similar schools."""
    groups = [g for g in (THIS, SIMILAR) if (table["group"] == g).any()]
    found = {(r["year"], r["group"]): r for r in table.to_dict("records")}
    columns = [Column("year", "School year", "left")]
    for key, group in zip(("", "similar_"), groups, strict=False):
        columns += [Column(f"{key}value", group), Column(f"{key}interval", "95% interval"), Column(f"{key}n", "n")]
    cells, values = [], []
    for year in sorted(dict.fromkeys(table["year"])):
        rows = [found.get((year, group)) for group in groups]
        cells.append((school_year(year), *(c for r in rows for c in _shown(r))))
        values.append((int(year), *(v for r in rows for v in _numbers(r))))
    return Table(result.id, table["measure"].iloc[0], tuple(columns), tuple(cells), tuple(values), result.note)


def _shown(row: dict[Any, Any] | None) -> tuple[str, str, str]:
    if row is None:
        return NO_VALUE, NO_VALUE, NO_VALUE
    sign = bool(row["relative"])
    value = row["mark"] + show(row["value"], row["unit"], sign=sign)
    return value, span(row["low"], row["high"], row["unit"], sign=sign), show(row["n"])


def _numbers(row: dict[Any, Any] | None) -> tuple[Any, Any, Any]:
    if row is None:
        return None, [None, None], None
    return significant(row["value"]), [significant(row["low"]), significant(row["high"])], significant(row["n"])


@peers_may_be_missing
@passes_missing
def trend(
    panel: pd.DataFrame,
    noise: Noise,
    *,
    school_id: str,
    peers: Any = None,
    year: int | None = None,
) -> Trend | Missing:
    """See how the school's results moved from year to year, each with its range, beside similar schools.

    Parameters
    ----------
    panel : DataFrame
        What `measures.outcomes.panel` gives.
    noise : Noise
        Chance variation, from `noise(panel)`.
    school_id : str
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them only the school itself is shown.
    year : int, optional
        The last year shown; by default the panel's own (`panel.attrs["year"]`), else its last.

    Returns
    -------
    Trend or Missing
        Table: one row a measure, group ("This school", "Similar schools") and year, with the columns year, mark
        ("at least " or "at most " before a coded percent, "about " before the middle of a range) and relative (whether
        values are against all schools). This school: its value and 95% interval, `n` its pupils. Similar schools: the
        mean of their values, its 95% interval (t with k - 1 degrees of freedom), `n` the schools. A year without a
        value has no row, and the text names it. Missing where the school has no value at all.

    Notes
    -----
    Measures that are not comparable over years are shown as the difference from the mean of all schools of the pack
    that year, in the measure's difference unit; where the years test different grades, in standard deviations of
    schools. The text says which. The similar schools are the same in all years: those matched in the report's year.
    """
    frame = checked(panel, "trend")
    require_school(frame, school_id, "trend")
    last = year if year is not None else frame.attrs.get("year")
    frame = frame[frame["year"] <= last] if last is not None else frame
    rows: list[tuple[Any, ...]] = []
    said: list[str] = []
    scaled: list[tuple[str, str]] = []
    for about, part in each_measure(frame):
        mine = _own(about, part, noise, school_id)
        if mine:
            rows += mine + (_similar(about, part, peers.school_ids) if peers is not None else [])
            said.append(_told(about, part, mine))
            scaled.append((str(about["label"]), scale_words(part, about)[1]))
    if not rows:
        return Missing(SECTION, "this school has no result that may be shown.")
    return _result(
        pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "year", "mark", "relative"]), said, _together(scaled), peers
    )


def _together(scaled: list[tuple[str, str]]) -> list[str]:
    """Say once what holds for several measures."""
    names: dict[str, list[str]] = {}
    for label, sentence in scaled:
        if sentence:
            names.setdefault(sentence.removeprefix(f"{label}: "), []).append(label)
    return [f"{listing(labels)}: {sentence}" for sentence, labels in names.items()]


def _named(about: dict[str, Any]) -> str:
    return str(about["label"]) if about["comparable"] else f"{about['label']}, against all schools"


def _own(about: dict[str, Any], part: pd.DataFrame, noise: Noise, school_id: str) -> list[tuple[Any, ...]]:
    own = part[(part["school_id"] == school_id) & part["value"].notna()].set_index("year", drop=False)
    unit, _ = scale_words(part, about)
    scale = scales(part).reindex(own.index)
    ranges = noise.interval(own)
    low, high = reach(ranges["low"], ranges["high"], own["value"], about)
    found = []
    for k, r in enumerate(own.to_dict("records")):
        centre, of = scale["centre"].iloc[k], scale["unit_of"].iloc[k]
        ends = [(float(v) - centre) / of for v in (r["value"], low[k], high[k])]
        if np.isfinite(ends[0]):
            found.append(
                (_named(about), THIS, *ends, r["size"], unit, int(r["year"]), _mark(r), not about["comparable"])
            )
    return found


def _mark(row: dict[Any, Any]) -> str:
    if row.get("value__why") == "between":
        return "about "
    if row.get("value__why") != "range":
        return ""
    return "at least " if row["value"] > 50 else "at most "


def _similar(about: dict[str, Any], part: pd.DataFrame, ids: tuple[str, ...]) -> list[tuple[Any, ...]]:
    theirs = part[part["school_id"].isin(list(ids)) & part["value"].notna()]
    unit, _ = scale_words(part, about)
    scale = scales(part)
    found = []
    for year in sorted(theirs["year"].unique().tolist()):
        rows = theirs[theirs["year"] == year]
        k = len(rows)
        if k < LEAST:
            continue
        centre, of = scale["centre"][year], scale["unit_of"][year]
        mean = (rows["value"].mean() - centre) / of
        half = student.ppf(0.975, k - 1) * rows["value"].std(ddof=1) / of / np.sqrt(k)
        found.append(
            (_named(about), SIMILAR, mean, mean - half, mean + half, k, unit, int(year), "", not about["comparable"])
        )
    return found


def _told(about: dict[str, Any], part: pd.DataFrame, mine: list[tuple[Any, ...]]) -> str:
    unit, signed = mine[0][6], not about["comparable"]
    first, last = mine[0], mine[-1]
    years = sorted(part["year"].unique())
    gaps = [school_year(y) for y in years if y not in [r[7] for r in mine]]
    points = [f"{r[8]}{phrase(r[2], unit, sign=signed)} in {school_year(r[7])}" for r in (first, last)]
    text = f"{_named(about)}: {' and '.join(dict.fromkeys(points))}"
    if np.isfinite(last[3]):
        text += f" (95% interval {span(last[3], last[4], unit, sign=signed)})"
    if first is not last:
        text += _moved(first, last, "sd" if unit == "sd" else about["difference"])
    text += "."
    return text + (f" No result that may be shown for {listing(gaps)}." if gaps else "")


def _moved(first: tuple[Any, ...], last: tuple[Any, ...], unit: str) -> str:
    """Say whether first and last year are further apart than chance gives."""
    half = np.sqrt(sum(((r[4] - r[3]) / 2) ** 2 for r in (first, last)))
    move = last[2] - first[2]
    if not np.isfinite(half) or first[8] or last[8]:
        return ""
    between = span(move - half, move + half, unit, sign=True)
    if abs(move) <= half:
        return f"; such a move, {phrase(move, unit, sign=True)}, can be chance (95% interval {between})"
    return (
        f"; it moved by {phrase(move, unit, sign=True)}, more than chance alone usually gives (95% interval {between})"
    )


def _result(table: pd.DataFrame, said: list[str], scaled: list[str], peers: Any) -> Trend:
    limits = ["The pupils tested are others each year; a change is not growth of the same pupils."]
    if peers is None or not (table["group"] == SIMILAR).any():
        limits.append("Similar schools are not shown beside this one: too few have results or are close enough.")
    if table["mark"].isin(["at least ", "at most "]).any():
        limits.append("A percent near 0 or 100 is given as at most or at least a limit, to protect pupils.")
    if (table["mark"] == "about ").any():
        limits.append("About: the source gives a range alone; its middle is shown, and the interval holds the range.")
    return Trend(
        id="trend",
        title="Outcomes by year",
        table=table,
        text="\n".join([*said, *scaled]),
        assumptions=(
            "The range of a school's value holds chance alone: which pupils came and how their day went.",
            "Similar schools were matched in the report's year and are the same in every year.",
        ),
        limits=tuple(limits),
        note="n: pupils behind this school's value; number of similar schools.",
    )
