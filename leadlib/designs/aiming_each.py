"""A goal for each need that stands out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from leadlib.blocks import Block, Notice, Stack
from leadlib.designs.aiming import Goals, goals
from leadlib.measures.groups import peers_may_be_missing
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School


@dataclass(frozen=True, repr=False)
class Aims(Result):
    """A goal for each need, in the order of the needs; where there can be none, the reason.

    `each` has a `Goals` or a `Missing` a need, `needs` the rows of the needs.
    """

    each: tuple[Goals | Missing, ...] = ()
    needs: pd.DataFrame = field(default_factory=pd.DataFrame)

    def block(self) -> Block:
        """Give each goal's table and sentences, or why there is none."""
        named = zip(self.needs["label"], self.each, strict=True)
        return Stack(tuple(_shown(str(label), goal) for label, goal in named))


def _shown(label: str, goal: Goals | Missing) -> Block:
    if isinstance(goal, Missing):
        return Notice(f"{label}: no goal is worked out, because {goal.reason}")
    return goal.block()


@peers_may_be_missing
@passes_missing
def goals_each(panel: pd.DataFrame, needs: Any, *, school: School, peers: Any = None, years: int = 2) -> Aims | Missing:
    """See a goal for each need that stands out: attainable, by what similar schools reached, and detectable.

    Parameters
    ----------
    panel, school, peers, years
        As for `goals`.
    needs : Priorities
        What `priorities` gives.
    """
    if needs.needs.empty:
        return Missing("The section on goals", "no need stands out, so none is worked out.")
    found = needs.needs
    each = tuple(goals(panel, school=school, peers=peers, indicator=m, years=years) for m in found["measure"])
    made = [g for g in each if isinstance(g, Goals)]
    tables = [g.table for g in made] or [pd.DataFrame(columns=list(RESULT_COLUMNS))]
    return Aims(
        id="goals",
        title="A goal for each need",
        table=pd.concat(tables, ignore_index=True),
        text="",
        assumptions=_once(g.assumptions for g in made),
        checks=_once(g.checks for g in made),
        limits=_once(g.limits for g in made),
        each=each,
        needs=found,
    )


def _once(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for lines in lists for line in lines))
