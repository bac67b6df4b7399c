"""Where a school is behind schools like it by enough to act on: results ranked by the evidence, at most three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.designs.behind import FRAME, looked_at
from leadlib.designs.panels import Z, checked, require_school
from leadlib.errors import nearest, refuse
from leadlib.measures.groups import SIMILAR, peers_may_be_missing
from leadlib.measures.shares import ALL
from leadlib.numbers import in_100, lower_first, phrase, plural, school_year, show, significant, span
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The ranking of needs"
MOST = 3
WORTH_SD = 0.25
SURE = 0.80


@dataclass(frozen=True, repr=False)
class Priorities(Result):
    """Needs in the order of the evidence for them.

    `frame` has a row a result that was looked at, in that order (see `priorities`); `needs` are those that stand out;
    `conditions` has the same columns for what the school has to work with, which is not ranked; `false_alarm` is the
    chance that a school that is behind in nothing would be given a need.
    """

    school_id: str = ""
    year: int = 0
    worth: float = WORTH_SD
    sure: float = SURE
    false_alarm: float = np.nan
    conditions: pd.DataFrame | None = None

    @property
    def needs(self) -> pd.DataFrame:
        """The needs that stand out, the best supported first; an empty frame where nothing does."""
        return self.frame[self.frame["need"] > 0].sort_values("need").reset_index(drop=True)

    def block(self) -> Block:
        """Give one row a result that was looked at, then the sentences."""
        return Stack((_table(self), Prose(tuple(self.text.split("\n")))))


@peers_may_be_missing
@passes_missing
def priorities(
    panel: pd.DataFrame,
    *,
    school: School,
    peers: Any = None,
    worth: float = WORTH_SD,
    sure: float = SURE,
    most: int = MOST,
) -> Priorities | Missing:
    """See where the school is behind schools like it by enough to act on, and how sure that is.

    Parameters
    ----------
    panel : DataFrame
        What `measures.indicators.panel` gives.
    school : School
        The school, in the year that is looked at.
    peers : Peers, None or Missing
        Its similar schools; without them the plain difference from them is left out.
    worth : float
        How far behind is worth acting on, in standard deviations of schools (see Notes).
    sure : float
        From which chance on a result counts as a need: 0.8 is four times in five.
    most : int
        How many needs are named at most, one a theme. No school can work on more than a few things at once.

    Returns
    -------
    Priorities or Missing
        Table: one row a result of kind "result" (a school, all pupils or a group): this school minus the mean of
        similar schools in the result's difference unit, with 95% interval, `n` similar schools. `frame`, the best
        supported first: measure, label, theme, group, unit, better, year, value, why (reported, range ...), shown (as
        text), size, size_basis, similar (mean of similar schools), difference, low, high, similar_n; expected (of a
        school of this need, size and level), sd (of schools, chance taken out), reliability; behind, behind_low,
        behind_high (steadied, in those standard deviations; above zero is behind, whichever direction is good), chance
        (that it is behind by `worth` or more), by_luck (how far chance alone moves `behind`, one SD); since, growth,
        growth_low, growth_high (this school's change less that of similar schools, in the result's difference unit),
        schools_n, need (1, 2, 3; 0: none). Missing where no result can be ranked.

    Notes
    -----
    Each result is steadied by the area model of Fay and Herriot (1979), as `designs.shrink` does: y = x'b + u + e, x
    need, size and level. `behind` is -u (u where lower is better) over the standard deviation of schools' true values,
    that is sqrt(var(y) - mean(se^2)) over the schools of the pack, level means taken out. Its mean squared error is
    that of the steadied value with g^2 x'Vx in place of (1-g)^2 x'Vx, because u and not x'b + u is asked about. chance
    = Phi((behind - worth) / its error). Steadied values answer the question of many looks by themselves: each is drawn
    towards schools like it (Gelman, Hill and Yajima 2012, Journal of Research on Educational Effectiveness 5, 189-211).
    A result that the school lacks for its year is taken from up to two years before, for all schools. Of each theme one
    need is named: the best supported among those of all pupils, else among those of groups. Fewer than 20 schools with
    a result: not ranked, and a limit says so.

    Raises
    ------
    InputError
        A panel without its columns; `worth` not above zero; `sure` not between 0.5 and 1; `most` below 1.
    """
    if not worth > 0 or not 0.5 <= sure < 1 or most < 1:
        raise refuse(
            "priorities", f"worth={worth}, sure={sure}, most={most} cannot be used", "leave them at 0.25, 0.8 and 3"
        )
    frame = _checked(panel, "priorities")
    require_school(frame, school.school_id, "priorities")
    ids = sorted(peers.school_ids) if peers is not None else []
    rows, gone = looked_at(frame[frame["kind"] == "result"], school, ids, worth)
    if not rows:
        why = "; ".join(sorted(set(gone.values()))) or "the school has no result in these years"
        return Missing(SECTION, f"{why}.")
    found = pd.DataFrame(rows, columns=list(FRAME))
    order = np.lexsort((found["measure"], -found["behind"], -found["chance"].round(6)))
    found = _numbered(found.iloc[order].reset_index(drop=True), sure, most)
    alarm = _false_alarm(found, worth, sure)
    behind_it, _ = looked_at(frame[frame["kind"] == "condition"], school, ids, worth)
    return _result(found, gone, school, (worth, sure, alarm), pd.DataFrame(behind_it, columns=list(FRAME)))


def _checked(panel: pd.DataFrame, where: str) -> pd.DataFrame:
    frame = checked(panel, where)
    lost = [c for c in ("theme", "kind", "better", "group", "se", "size_basis", "value__why") if c not in frame.columns]
    if lost:
        raise refuse(
            f"{where}, panel", f"lacks {', '.join(lost)}", "give what leadlib.measures.indicators.panel returns"
        )
    wrong = sorted(set(frame["better"].dropna()) - {"higher", "lower"})
    if wrong:
        raise refuse(f"{where}, panel, column better", f"holds {wrong[0]!r}", nearest(wrong[0], ["higher", "lower"]))
    return frame


def _false_alarm(found: pd.DataFrame, worth: float, sure: float) -> float:
    """Give the chance that a school behind in nothing is given a need by chance, results taken as independent."""
    error = (found["behind_high"] - found["behind"]) / Z
    beyond = (worth + float(norm.ppf(sure)) * error) / found["by_luck"].where(found["by_luck"] > 0)
    return float(1 - np.prod(1 - np.nan_to_num(norm.sf(beyond))))


def _numbered(found: pd.DataFrame, sure: float, most: int) -> pd.DataFrame:
    """Number the needs: results sure enough, one a theme, that of all pupils before that of a group."""
    enough = found[found["chance"] >= sure]
    whole_first = enough.assign(part=enough["group"] != ALL).sort_values("part", kind="stable")
    chosen = whole_first.drop_duplicates("theme").sort_index().head(most)
    number = pd.Series(range(1, len(chosen) + 1), index=chosen.index)
    return found.assign(need=number.reindex(found.index).fillna(0).astype(int))


def _result(
    found: pd.DataFrame,
    gone: dict[str, str],
    school: School,
    asked: tuple[float, float, float],
    conditions: pd.DataFrame,
) -> Priorities:
    worth, sure, alarm = asked
    table = found.rename(columns={"similar_n": "n"}).drop(columns=["group", "value", "unit"])
    table = table.assign(
        measure=found["label"], group=SIMILAR, value=found["difference"], unit=found["difference_unit"]
    )
    return Priorities(
        id="needs",
        title=f"Results against similar schools, the best supported need first, {school_year(school.year)}",
        table=table[list(RESULT_COLUMNS)],
        text="\n".join(_told(found, worth, sure, alarm)),
        claim="compare",
        assumptions=(
            "Schools alike in need, size and level scatter around one expected value in the manner of a bell curve.",
            "Chance moves each school's value independently of the others' values.",
        ),
        checks=tuple(
            f"{r['label']}: {plural(int(r['schools_n']), 'school')}; true standard deviation of schools"
            f" {phrase(r['sd'], r['difference_unit'])}; reliability of this school's value"
            f" {show(r['reliability'], 'ratio')}."
            for r in found.to_dict("records")
        ),
        limits=(
            *(f"{label} is not ranked: {why}." for label, why in gone.items()),
            *(_ALONE if found["similar"].isna().all() else ()),
            "Behind schools like it says where to look. It does not say why, or that anyone has done something wrong.",
            "What the pack does not measure cannot come up as a need.",
        ),
        note=_NOTE.format(worth=show(worth, "ratio")) + (_NO_PEERS if found["similar"].isna().all() else ""),
        frame=found,
        school_id=school.school_id,
        year=school.year,
        worth=worth,
        sure=sure,
        false_alarm=alarm,
        conditions=conditions,
    )


_ALONE = (
    "There is no plain difference from similar schools: too few are close enough to this one. Steadied values set"
    " it beside what schools of the pack of its need, size and level lead one to expect.",
)
_NO_PEERS = (
    " A dash: too few similar schools; behind is then counted from what need, size and level lead one to expect."
)
_NOTE = (
    "Difference: this school minus the mean of similar schools, with 95% interval. Behind: steadied, in standard"
    " deviations of schools; above zero is behind. Chance: in 100, that the school is behind by {worth} or more."
)


def _told(found: pd.DataFrame, worth: float, sure: float, alarm: float) -> list[str]:
    needs = found[found["need"] > 0].sort_values("need")
    looked = plural(len(found), "result")
    if needs.empty:
        top = found.iloc[0]
        return [
            f"Nothing stands out: of {looked} looked at, none is behind schools of the same need, size and level by"
            f" {show(worth, 'ratio')} standard deviations or more with a chance of {in_100(sure)} or more. The highest"
            f" chance is {in_100(top['chance'])} ({lower_first(top['label'])}). That is a finding too: what the school"
            " wants to do next can be chosen by its own people, and need not be read out of these numbers.",
        ]
    said = [_said(r, worth) for r in needs.to_dict("records")]
    wrong = float((1 - needs["chance"]).sum())
    also = found[(found["chance"] >= sure) & (found["need"] == 0)]
    said.append(
        f"Looked at: {looked}. Some lie low by chance alone: of schools that are in all of them just what"
        f" their need, size and level lead one to expect, {in_100(alarm)} would be given a need, too."
        f" Of the {plural(len(needs), 'need')} named, {show(wrong, 'level')} can be expected to be smaller than"
        f" {show(worth, 'ratio')} standard deviations."
    )
    if len(also):
        said.append(
            f"Also behind, but of a theme that is named or below the first {MOST}:"
            f" {'; '.join(lower_first(v) for v in also['label'])}."
        )
    return said


def _said(r: dict[Any, Any], worth: float) -> str:
    side = "lower" if (r["difference"] < 0) else "higher"
    text = f"{int(r['need'])}. {r['label']}: "
    if np.isfinite(r["difference"]):
        text += (
            f"{phrase(abs(r['difference']), r['difference_unit'])} {side} than at similar schools (95% interval"
            f" {span(r['low'], r['high'], r['difference_unit'], sign=True)}). "
        )
    first = "Steadied" if np.isfinite(r["difference"]) else "steadied"
    text += (
        f"{first}, it is {show(r['behind'], 'ratio')} standard deviations of schools behind what schools of its kind"
        f" have; the chance that it is {show(worth, 'ratio')} or more is {in_100(r['chance'])}."
    )
    return text + _grown(r)


def _grown(r: dict[Any, Any]) -> str:
    if not np.isfinite(r["growth"]):
        return ""
    between = span(r["growth_low"], r["growth_high"], r["difference_unit"], sign=True)
    start = f" Since {school_year(int(r['since']))}"
    if r["growth_low"] <= 0 <= r["growth_high"]:
        return f"{start} the data do not tell whether the distance grew or shrank ({between})."
    better = (r["growth"] > 0) == (r["better"] == "higher")
    return f"{start} the distance has {'shrunk' if better else 'grown'} ({between})."


def _table(result: Priorities) -> Table:
    rows = result.frame.to_dict("records")
    heads = (
        Column("measure", "Result", "left"),
        Column("value", "This school"),
        Column("similar", "Similar schools"),
        Column("difference", "Difference"),
        Column("behind", "Behind, SD"),
        Column("chance", "Chance"),
    )
    cells = tuple(
        (
            (f"{int(r['need'])}. " if r["need"] else "") + r["label"] + _when(r, result.year),
            r["shown"],
            show(r["similar"], r["unit"]),
            _between(r["difference"], r["low"], r["high"], r["difference_unit"]),
            _between(r["behind"], r["behind_low"], r["behind_high"], "ratio"),
            in_100(r["chance"]).replace(" in 100", "").replace("more than", ">").replace("less than", "<"),
        )
        for r in rows
    )
    keys = ("value", "similar", "difference", "behind", "chance")
    values = tuple((r["label"], *(significant(r[k]) for k in keys)) for r in rows)
    mark = tuple(k for k, r in enumerate(rows) if r["need"])
    return Table(result.id, result.title, heads, cells, values, result.note, mark)


def _when(r: dict[Any, Any], year: int) -> str:
    return "" if int(r["year"]) == year else f" ({school_year(int(r['year']))})"


def _between(value: float, low: float, high: float, unit: str) -> str:
    text = show(value, unit, sign=True)
    return f"{text} ({span(low, high, unit, sign=True)})" if np.isfinite(value) else text
