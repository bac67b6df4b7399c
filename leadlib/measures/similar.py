"""Which schools do the same work: the nearest in need and size within the same level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.errors import refuse
from leadlib.measures.groups import SIMILAR, THIS, middle
from leadlib.measures.needs import LOG_SIZE, Needs, needs
from leadlib.numbers import listing, lower_first, plural, school_year, show, significant
from leadlib.privacy import K, share_text
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

LEAST = 8
"""Fewer similar schools than this say too little about schools of this kind."""
SECTION = "The comparison with similar schools"


@dataclass(frozen=True, repr=False)
class Peers(Result):
    """The similar schools of one school, and the rule they were found by.

    `frame` has a row a similar school, the nearest first: school_id, school_name, lea_name, distance, one column a need
    field (coded), size, and for each share `<field>__shown`.
    """

    rule: str = ""
    school_ids: tuple[str, ...] = ()
    own: tuple[Any, ...] = ()
    headings: tuple[Column, ...] = ()

    def block(self) -> Block:
        """Give the matched list with the school itself first and marked, then the rule."""
        rows = [self.own, *(self._row(r) for r in self.frame.to_dict("records"))]
        values = [self._numbers(r) for r in self.frame.to_dict("records")]
        blank = (self.own[0], self.own[1], *([None] * (len(self.headings) - 2)))
        table = Table(self.id, self.title, self.headings, tuple(rows), (blank, *values), self.note, (0,))
        return Stack((table, Prose((self.text,))))

    def _row(self, row: dict[Any, Any]) -> tuple[str, ...]:
        between = [c.key for c in self.headings[2:-1]]
        cells = [row.get(f"{c}__shown") or show(row[c], "pupils" if c == "size" else "level") for c in between]
        return (row["school_name"], row["lea_name"], *cells, show(row["distance"], "ratio"))

    def _numbers(self, row: dict[Any, Any]) -> tuple[Any, ...]:
        return (row["school_name"], row["lea_name"], *(significant(row[c.key]) for c in self.headings[2:]))


@passes_missing
def schools(school: School, *, k: int = 20, caliper: float = 1.0, privacy_k: int = K) -> Peers | Missing:
    """See which schools serve pupils of the same need in a school of the same size and level.

    One row of `frame` is a similar school. Distances are in standard deviations.

    Parameters
    ----------
    school : School
        The school, as `leadlib.school` gives it.
    k : int
        How many similar schools are wanted at most.
    caliper : float
        How far a similar school may lie: at most this many standard deviations on average (root mean square) over the
        fields, and at most twice as many in any one of them.
    privacy_k : int
        The fewest pupils that may stand behind a share.

    Returns
    -------
    Peers or Missing
        Missing where fewer than eight schools (or k, if that is less) lie close enough.

    Notes
    -----
    Distance: d = sqrt(mean of ((x_j - x_i) / SD_j)^2) over the fields of role "need" and the logarithm of the size,
    with SD_j over the schools of the same level in that year. The k nearest are taken, ties in the order of
    school_id. Shares are coded for privacy before they are matched. A school that lacks a field is not matched and is
    counted. A field this school lacks, or in which the level's schools do not differ, is not used. Where this school
    has no figures for the year, the nearest year it has is used and named. Nearest-neighbour matching within a caliper:
    Stuart, E. A. (2010), Statistical Science 25(1), 1-21.

    Raises
    ------
    InputError
        If `k` or `caliper` is not positive.
    """
    if k < 1 or not caliper > 0:
        raise refuse("similar schools", f"k={k} and caliper={caliper} must be positive", "leave them at 20 and 1.0")
    known = needs(school, school.year, privacy_k)
    if isinstance(known, Missing):
        return Missing(SECTION, known.reason)
    return _matched(school, known, k, caliper, privacy_k)


def _matched(school: School, known: Needs, k: int, caliper: float, privacy_k: int) -> Peers | Missing:
    frame = known.frame
    if "school_level" in frame and isinstance(school.level, str):
        frame = frame[frame["school_level"] == school.level]
    spread = frame[[*known.fields, LOG_SIZE]].std(ddof=1)
    own = frame.loc[school.school_id]
    used = [c for c in spread.index if spread[c] > 0 and np.isfinite(own[c])]
    if not used:
        return Missing(SECTION, "no figure on need or size tells this school's pupils from those of other schools.")
    others = frame.drop(index=school.school_id)
    complete = others.dropna(subset=used)
    apart = (complete[used] - own[used].astype(float)) / spread[used]
    distance = np.sqrt((apart**2).mean(axis=1))
    close = (distance <= caliper) & (apart.abs().max(axis=1) <= 2 * caliper)
    found = complete.assign(distance=distance)[close].sort_index().sort_values("distance", kind="stable").head(k)
    if len(found) < min(LEAST, k):
        return Missing(SECTION, _too_few(school, len(found), len(complete), caliper))
    return _peers(school, known, found, used, (len(complete), len(others) - len(complete), caliper, privacy_k))


def _too_few(school: School, found: int, of: int, caliper: float) -> str:
    level = f"{school.level.lower()} schools" if isinstance(school.level, str) else "schools"
    close = f"none of {of:,} {level} is" if found == 0 else f"only {found} of {of:,} {level} are"
    return f"{close} close enough to this one in need and size (within {show(caliper, 'ratio')} standard deviations)."


def _peers(
    school: School, known: Needs, found: pd.DataFrame, used: list[str], counts: tuple[int, int, float, int]
) -> Peers:
    candidates, lacking, caliper, privacy_k = counts
    units = {f.name: f.unit or "level" for f in school.fields("school_years")}
    shown = [c for c in known.fields if c in used]
    raw = _shown(school, known, [school.school_id, *found.index], shown, units, privacy_k)
    frame = found[["school_name", "lea_name", "distance", *shown, "size"]].join(raw).reset_index()
    frame = frame.rename(columns={"index": "school_id"})
    rule = _rule(school, known, used, caliper, len(found))
    own: Any = known.frame.loc[school.school_id]
    cells = [raw.loc[school.school_id].get(f"{c}__shown") or show(own[c], units[c]) for c in shown]
    size = show(own["size"], "pupils")
    heads = [Column(c, known.titles[c]) for c in shown]
    limits = ["Similar schools are alike in need, size and level; they differ in ways that are not measured here."]
    if lacking:
        limits.append(f"{plural(lacking, 'school')} of the level could not be matched for want of a figure.")
    return Peers(
        id="similar-schools",
        title=f"The {len(found)} schools most like this one, {school_year(known.year)}",
        table=_table(known, own, found, shown, units),
        text=rule,
        claim="describe",
        assumptions=("Schools alike in need, size and level do comparable work.",),
        checks=(
            f"The farthest similar school lies {show(float(found['distance'].max()), 'ratio')} standard deviations away"
            f" (the limit is {show(caliper, 'ratio')}); {plural(candidates, 'school')} could have been matched.",
        ),
        limits=tuple(limits),
        note="Distance: in standard deviations, on average over the columns. 0 would be a twin.",
        frame=frame,
        rule=rule,
        school_ids=tuple(frame["school_id"]),
        own=(f"{school.name} ({THIS.lower()})", school.lea_name, *cells, size, show(0.0, "ratio")),
        headings=(
            Column("school_name", "School", "left"),
            Column("lea_name", "District", "left"),
            *heads,
            Column("size", known.titles.get(LOG_SIZE, "Size")),
            Column("distance", "Distance"),
        ),
    )


def _shown(
    school: School, known: Needs, ids: list[str], shown: list[str], units: dict[str, str], privacy_k: int
) -> pd.DataFrame:
    """Write the shares of the listed schools as they may be shown."""
    table = school.table("school_years")
    figures = table[(table["year"] == known.year) & table["school_id"].isin(ids)].set_index("school_id")
    sizes = known.frame["size"]
    columns = {
        f"{c}__shown": [share_text(float(figures[c][i]), float(sizes[i]), privacy_k) for i in ids]
        for c in shown
        if units[c] == "pct"
    }
    return pd.DataFrame(columns, index=pd.Index(ids, name="school_id"), dtype=object)


def _rule(school: School, known: Needs, used: list[str], caliper: float, n: int) -> str:
    level = f"{school.level.lower()} schools" if isinstance(school.level, str) else "schools"
    names = [lower_first(known.titles[c]) for c in used]
    when = school_year(known.year)
    text = (
        f"The {n} {level} of this pack closest to {school.name} in {listing(names)} in {when}, each counted in"
        f" standard deviations among all {level} (size on a log scale)."
        f" None lies farther than {show(caliper, 'ratio')} on average, or {show(2 * caliper, 'ratio')} in any one."
    )
    if known.year != school.year:
        text += f" For {school_year(school.year)} the pack has no such figures; those of {when} are used."
    return text


def _table(known: Needs, own: pd.Series, found: pd.DataFrame, shown: list[str], units: dict[str, str]) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for name in [*shown, "size"]:
        title, unit = known.titles.get(LOG_SIZE if name == "size" else name, "Size"), units.get(name, "pupils")
        value, low, high, n = middle(found[name])
        rows.append((title, THIS, float(own[name]), np.nan, np.nan, 1, unit))
        rows.append((title, SIMILAR, value, low, high, n, unit))
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
