"""From needs to a plan: what to try, who, by when, what to watch; and one page of it for the wall.

Owners are roles. Nothing here judges a person, and no step is said to work: each is a trial.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.measures import evidence
from leadlib.measures.progress_files import begins
from leadlib.numbers import difference_unit, in_100, lower_first, phrase, plural, school_year, show, span
from leadlib.results import Missing, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

CHECK_WEEKS = 4
CHECKS = 9
DECEMBER, LAST_BEFORE_BREAK, SATURDAY = 12, 20, 5
_TRIAL = "no study on the shelf: a trial"


@dataclass(frozen=True, repr=False)
class Plan(Block):
    """A plan: `rows` has a dict a need with finding, evidence, step, owner, by, goal, look_for."""

    rows: tuple[dict[str, str], ...]
    title: str = "Plan"

    def block(self) -> Block:
        """Give one row a need."""
        heads = (
            Column("finding", "Need", "left"),
            Column("step", "Step", "left"),
            Column("owner", "Owner", "left"),
            Column("by", "By", "left"),
            Column("goal", "Goal", "left"),
            Column("look_for", "Watch", "left"),
        )
        cells = tuple(tuple(r[c.key] for c in heads) for r in self.rows)
        return Table("plan", self.title, heads, cells, cells)

    def data(self) -> dict[str, Any]:
        """Give the plan as plain data."""
        return self.block().data()

    def html(self) -> str:
        """Give the plan as HTML."""
        return self.block().html()

    def plain(self) -> str:
        """Give the plan as text."""
        return self.block().plain()


def starts(school: School) -> datetime.date:
    """Give the Tuesday after the Labor Day that follows the school's year: when the plan begins."""
    return begins(school.year)


def _after(school: School, weeks: int) -> datetime.date:
    """Give the Tuesday so many weeks on; in the winter break, the first school day after it."""
    found = starts(school) + datetime.timedelta(weeks=weeks)
    if found.month == DECEMBER and found.day > LAST_BEFORE_BREAK:
        found = datetime.date(found.year + 1, 1, 3)
        found += datetime.timedelta(days=-found.weekday() % 7 if found.weekday() >= SATURDAY else 0)
    return found


def _day(day: datetime.date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def plan(school: School, needs: Any, aims: Any) -> Plan:
    """Read the plan: one row a need, with a first step, its owner (a role), a date, a goal, and what to watch.

    Parameters
    ----------
    school : School
        The school.
    needs : Priorities or Missing
        What `designs.priorities` gives.
    aims : Aims or Missing
        What `designs.goals_each` gives.

    Returns
    -------
    Plan
        Where nothing stands out, or nothing can be ranked, one row says how to choose an aim of one's own.
    """
    title = f"Plan for {school_year(school.year + 1)}"
    if isinstance(needs, Missing) or needs.needs.empty:
        unknown = isinstance(needs, Missing)
        return Plan(
            (
                _own_choice(
                    school, "Needs cannot be ranked from these data" if unknown else "No need stands out in these data"
                ),
            ),
            title,
        )
    goals = [None] * len(needs.needs) if isinstance(aims, Missing) else list(aims.each)
    rows = [_row(school, need, goal) for need, goal in zip(needs.needs.to_dict("records"), goals, strict=True)]
    return Plan(tuple(rows), title)


def _own_choice(school: School, finding: str) -> dict[str, str]:
    return {
        "finding": finding,
        "evidence": "Not asked: there is no need to ask about",
        "step": "Choose one aim of the school's own, and write down beforehand which number would show it",
        "owner": "Leadership team",
        "by": _day(_after(school, CHECK_WEEKS)),
        "goal": "Set by the team",
        "look_for": "The number that the team chose",
    }


def _row(school: School, need: dict[Any, Any], goal: Any) -> dict[str, str]:
    first = evidence.steps(str(need["theme"])).iloc[0]
    return {
        "finding": str(need["label"]),
        "evidence": _rests_on(first["claims"]),
        "step": str(first["step"]),
        "owner": str(first["owner"]),
        "by": _day(_after(school, int(first["weeks"]))),
        "goal": _goal(goal),
        "look_for": str(first["look_for"]),
    }


def _rests_on(claims: list[str]) -> str:
    known = {c["id"]: c for c in evidence.published()["claims"]}
    told = [f"{known[c]['cite']}: {known[c]['shown']}, {known[c]['tier']}" for c in claims if c in known]
    return "; ".join(told) if told else _TRIAL


def _goal(goal: Any) -> str:
    if goal is None or isinstance(goal, Missing):
        return "Set by the team; the data give none"
    unit = difference_unit(goal.unit)
    against = "" if goal.aim == goal.aim else " against the average school"
    text = f"{phrase(goal.goal, unit, sign=True)}{against} by {school_year(goal.year + goal.years)}"
    marks = [
        w
        for w, said in (("farther than most got", goal.too_far), ("too small for one year's data", _unseen(goal)))
        if said
    ]
    return f"{text} ({'; '.join(marks)})" if marks else text


def _unseen(goal: Any) -> bool:
    return not goal.told_from_chance


def page(school: School, needs: Any, made: Plan, *, level: int = 1) -> Stack:
    """Read the plan on one page for the wall: the needs, the steps, who, by when, and lines to write on.

    Parameters
    ----------
    school : School
        The school.
    needs : Priorities or Missing
        What `designs.priorities` gives.
    made : Plan
        What `plan` gives.
    level : int
        The level of the heading, which is the school's name; 0 where the page stands inside another one.
    """
    head = Prose((_lead(school, needs),), role="lead", title=school.name, level=level)
    return Stack((head, made.block(), _log(school)))


def _lead(school: School, needs: Any) -> str:
    when = school_year(school.year)
    invented = " The school is invented." if school.record_type == "synthetic" else ""
    if isinstance(needs, Missing):
        return f"The data of {when} do not allow a ranking of needs: {needs.reason}{invented}"
    looked = plural(len(needs.frame), "result")
    if len(needs.frame) == 1:
        stands = "does not stand" if needs.needs.empty else "stands"
        return f"Only one result of {when} can be ranked. It {stands} out against schools like this one.{invented}"
    if needs.needs.empty:
        return f"Of {looked} of {when}, none stands out against schools like this one.{invented}"
    n = len(needs.needs)
    count = {1: "one stands", 2: "two stand", 3: "three stand"}.get(n, f"{n} stand")
    return f"Of {looked} of {when}, {count} out against schools like this one.{invented}"


def _log(school: School) -> Table:
    """Give lines to write on: the days on which the team meets, what it saw, what it keeps or changes."""
    days = [_after(school, CHECK_WEEKS * k) for k in range(1, CHECKS + 1)]
    heads = (
        Column("day", "We meet on", "left"),
        Column("saw", "What we saw", "left"),
        Column("next", "What we keep, change or stop", "left"),
    )
    cells = tuple((_day(d), "", "") for d in days)
    note = "Plan, do, study, act: small trials, one look every four weeks. Names go on the wall, not into this file."
    return Table("log", "Every four weeks", heads, cells, cells, note)


@passes_missing
def summary(needs: Any) -> Prose:
    """Read in short what stands out, how sure it is, and how many results were looked at.

    Parameters
    ----------
    needs : Priorities
        What `designs.priorities` gives.
    """
    found = needs.needs.to_dict("records")
    if not found:
        nothing = (
            f"Nothing stands out among {plural(len(needs.frame), 'result')}. What to work on next is the school's own"
            " choice: these numbers do not make it."
        )
        return Prose((nothing,), role="finding", title="In short")
    told = [
        f"{r['label']}: {_apart(r)}the chance that it is behind by enough to act on is {in_100(r['chance'])}."
        for r in found
    ]
    looked = plural(len(needs.frame), "result")
    told.append(
        f"Looked at: {looked}. Behind schools like it says where to look, not why, and nothing about any person."
    )
    return Prose(tuple(told), role="finding", title="In short", bullets=True)


def _apart(r: dict[Any, Any]) -> str:
    if r["difference"] != r["difference"]:
        return ""
    side = "lower" if r["difference"] < 0 else "higher"
    return f"{phrase(abs(r['difference']), r['difference_unit'])} {side} than at similar schools; "


def options(school: School, needs: Any) -> Stack:
    """Read for each need what could be tried, who would do it, what research says, and what stands behind the need.

    Parameters
    ----------
    school : School
        The school.
    needs : Priorities
        What `designs.priorities` gives; without needs the themes of the results closest to one are shown, and where
        nothing can be ranked what there is for pupils' learning.
    """
    if isinstance(needs, Missing):
        return Stack((Prose((_NOT_RANKED,)), _choices(school, "learning"), _shelf("learning")))
    themes = list(dict.fromkeys((needs.frame if needs.needs.empty else needs.needs)["theme"]))[:3]
    parts: list[Block] = [Prose((_NOT_ASKED,))] if needs.needs.empty else []
    for theme in themes:
        parts += [_choices(school, theme), _shelf(theme)]
    behind = _conditions(needs)
    return Stack((*parts, *([behind] if behind else [])))


_NOT_RANKED = "Needs cannot be ranked here. This is what there would be for what pupils learn."
_NOT_ASKED = "No need stands out. This is what there would be for the results that come closest to one."


def _choices(school: School, theme: str) -> Table:
    steps = evidence.steps(theme).to_dict("records")
    cells = [(s["step"], s["owner"], s["look_for"], _rests_on(s["claims"])) for s in steps]
    for p in evidence.offered(school, theme).to_dict("records"):
        cost = f"{show(p['cost_per_pupil_usd'], 'usd')} a pupil a year"
        here = "the school has it already" if p["here"] else "not at this school yet"
        cells.append(
            (
                f"The district's program: {p['name']} ({cost}; {here})",
                "Principal",
                "Ask who runs it",
                "See its evaluation",
            )
        )
    heads = (
        Column("step", "Step", "left"),
        Column("owner", "Owner", "left"),
        Column("look_for", "Moves within weeks", "left"),
        Column("rests_on", "Rests on", "left"),
    )
    title = f"What could be tried: {evidence.published()['themes'][theme]}"
    return Table(f"options-{theme}", title, heads, tuple(cells), tuple(cells), _SUGGESTED)


_SUGGESTED = (
    "Suggestions to choose from, not orders. Owners are roles. An effect found elsewhere is no promise for this school."
)


def _shelf(theme: str) -> Block:
    found = evidence.shelf(theme)
    return found if isinstance(found, Missing) else found.block()


def _conditions(needs: Any) -> Prose | None:
    frame = needs.conditions
    if frame is None or frame.empty:
        return None
    told = [
        f"{r['label']}: {_figure(r, 'value')} here, {_figure(r, 'similar')} at similar schools"
        f" (difference {span(r['low'], r['high'], r['difference_unit'], sign=True)})."
        for r in frame.to_dict("records")
        if r["similar"] == r["similar"]
    ]
    if not told:
        return None
    return Prose((*told, _NO_CAUSE), title="What the school has to work with", bullets=True)


def _figure(r: dict[Any, Any], which: str) -> str:
    return str(r["shown"]) if which == "value" and r["unit"] == "pct" else phrase(r[which], r["unit"])


_NO_CAUSE = "That a school has less of something does not say that the need comes from it."


def questions(needs: Any) -> Prose:
    """Read what the team asks itself before it signs the plan.

    Parameters
    ----------
    needs : Priorities or Missing
        What `designs.priorities` gives.
    """
    first = (
        "Which need do you know of that these data do not hold?"
        if isinstance(needs, Missing) or needs.needs.empty
        else f"What do pupils, families and teachers say about {lower_first(str(needs.needs['label'].iloc[0]))}, and"
        " whom have you asked?"
    )
    asked = (
        first,
        "Which pupils would the first step miss, and who speaks for them?",
        "What will you stop doing, so that there is time for it?",
        "What would you have to see within six weeks to change the step, or to stop it?",
    )
    return Prose(asked, role="question", title="Ask yourselves", bullets=True)
