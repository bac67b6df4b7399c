"""The evidence shelf: what published research found for each kind of need, what it cost, and how far to trust it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.errors import nearest, refuse
from leadlib.numbers import NO_VALUE, show, significant
from leadlib.results import RESULT_COLUMNS, Missing, Result

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "Published evidence"
UNVERIFIED = "one number was not yet checked against its source"
_FILE = Path(__file__).parent / "published" / "evidence.json"
_NOTE = (
    "Effects were found elsewhere, with other pupils and teachers. SD: standard deviations. Checked: the number was"
    " read in its source; the kind of evidence is general knowledge of the field."
)
_KINDS = {
    "learning": ("coaching", "curriculum", "leadership"),
    "attendance": ("support",),
    "climate": ("support",),
    "discipline": ("support",),
    "access": ("schedule", "policy"),
    "staffing": ("staffing",),
    "coaching": ("coaching",),
    "support": ("support",),
}


@functools.cache
def published() -> dict[str, Any]:
    """Give the data file of the shelf: yardstick, claims, themes and steps, each with source and verified."""
    return dict(json.loads(_FILE.read_text(encoding="utf-8")))


@dataclass(frozen=True, repr=False)
class Shelf(Result):
    """What research found on one theme; `claims` holds all that the shelf knows of each finding."""

    theme: str = ""
    claims: tuple[Mapping[str, Any], ...] = ()

    def block(self) -> Block:
        """Give a row a finding, the yardstick beside it, and the cautions."""
        said = Prose((yardstick(), *self.limits), "note", bullets=True)
        return Stack((_table(self), said))


def shelf(need: Any) -> Shelf | Missing:
    """Read what published research supports for a need, how large it was, at what price, and with what caution.

    One row a finding.

    Parameters
    ----------
    need : str, Series or dict
        A theme ("learning", "attendance", "climate", "discipline", "access", "staffing", "coaching", "support"), or a
        row of `designs.priorities(...).needs`.

    Returns
    -------
    Shelf or Missing
        Table: measure (the practice), group (what changed), value, low, high, n (studies), unit, and further source,
        verified. `low` and `high` are there only where the source gives a range. Missing where the shelf holds no
        study: then what is tried is a trial.

    Notes
    -----
    Every row names its source; `verified` is true only where the number was read in it. Whether an effect found
    elsewhere will be found here is not in any of them.

    Raises
    ------
    InputError
        An unknown theme.
    """
    theme = need if isinstance(need, str) else str(need["theme"])
    themes = published()["themes"]
    if theme not in themes:
        raise refuse(f"evidence shelf, theme {theme!r}", "is not on the shelf", nearest(theme, themes))
    claims = tuple(c for c in published()["claims"] if theme in c["themes"])
    if not claims:
        return Missing(
            f"{SECTION} on {themes[theme]}",
            "the shelf holds no study of it. What is tried there is a trial: start small, and measure.",
        )
    rows = [
        (c["practice"], c["outcome"], *(_number(c[k]) for k in ("value", "low", "high", "studies_n")), c["unit"])
        for c in claims
    ]
    table = pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
    return Shelf(
        id=f"shelf-{theme}",
        title=f"What research says on {themes[theme]}",
        table=table.assign(source=[c["source"] for c in claims], verified=[c["verified"] for c in claims]),
        text="",
        claim="describe",
        limits=tuple(dict.fromkeys(t for c in claims for t in _cautions(c))),
        note=_NOTE,
        theme=theme,
        claims=claims,
    )


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _cautions(claim: Mapping[str, Any]) -> list[str]:
    told = [f"{claim['cite']}, {claim['practice'][0].lower()}{claim['practice'][1:]}: {c}" for c in claim["cautions"]]
    return [*told, *([] if claim["verified"] else [f"{claim['cite']}: {UNVERIFIED}."])]


def yardstick() -> str:
    """Give the reader's yardstick for effect sizes in one sentence (Kraft 2020)."""
    y = published()["yardstick"]
    return (
        f"A yardstick: of {y['effects_n']:,} effects in {y['trials_n']} trials with a lottery, half were under"
        f" {show(y['median_sd'], 'sd')} SD and nine in ten under {show(y['p90_sd'], 'sd')} SD. Kraft (2020) calls an"
        f" effect under {show(y['small_below_sd'], 'sd')} SD small and one of {show(y['large_from_sd'], 'sd')} SD or"
        " more large."
    )


def _table(result: Shelf) -> Table:
    heads = (
        Column("practice", "Practice", "left"),
        Column("outcome", "What changed", "left"),
        Column("effect", "How much", "left"),
        Column("studies", "Studies"),
        Column("kind", "Kind of evidence", "left"),
        Column("cost", "Cost a pupil", "left"),
        Column("verified", "Checked", "left"),
    )
    cells = tuple(
        (
            c["practice"],
            c["outcome"],
            c["shown"],
            NO_VALUE if c["studies_n"] is None else show(c["studies_n"]),
            c["tier"],
            c["cost_shown"],
            "yes" if c["verified"] else "not yet",
        )
        for c in result.claims
    )
    values = tuple(
        (c["practice"], c["outcome"], significant(_number(c["value"])), c["studies_n"], c["tier"], None, c["verified"])
        for c in result.claims
    )
    return Table(result.id, result.title, heads, cells, values, result.note)


def steps(theme: str) -> pd.DataFrame:
    """Give the steps that this workbook suggests for a theme: step, owner (a role), look_for, series, weeks, claims.

    One row a step. They are suggestions, not findings; `claims` names the findings on the shelf that a step rests on,
    and is empty where there is none.
    """
    rows = [s for s in published()["steps"] if s["theme"] == theme]
    return pd.DataFrame(rows, columns=["theme", "step", "owner", "look_for", "series", "weeks", "claims"])


def offered(school: School, theme: str) -> pd.DataFrame:
    """Give the programs of the pack that fit a theme: name, cost_per_pupil_usd, here (the school has it by its year).

    One row a program that any school of this level had by the year, by name; empty where the pack has none. That a
    program is offered says nothing about its effect.
    """
    columns = ["name", "cost_per_pupil_usd", "here"]
    if not (school.has("programs") and school.has("program_starts")):
        return pd.DataFrame(columns=columns)
    programs, starts = school.table("programs"), school.table("program_starts")
    begun = starts[starts["first_year"] <= school.year]
    own = begun[begun["school_id"] == school.school_id]
    schools = school.table("schools")
    alike = schools if school.level is None else schools[schools["school_level"] == school.level]
    around = begun.loc[begun["school_id"].isin(alike["school_id"]), "program_id"]
    fitting = programs[programs["kind"].isin(_KINDS.get(theme, ())) & programs["program_id"].isin(around)]
    fitting = fitting.assign(here=fitting["program_id"].isin(own["program_id"]))
    return fitting.reindex(columns=columns).sort_values("name", kind="stable").reset_index(drop=True)
