"""The prose of a program evaluation: cover, findings, the brief for a decision, what to ask, and the record.

Every number comes from a result. Words go as far as the design, and never to "no effect" or to a verdict on a person.
"""

from __future__ import annotations

from typing import Any

from leadlib.blocks import Block, Column, Prose, Stack, Table
from leadlib.numbers import in_100, listing, lower_first, phrase, plural, school_year, show
from leadlib.results import Missing
from leadlib.words.report import Audience

_FOR = {
    "principal": "It is written for principals and leadership teams.",
    "board": "It is written for members of the school board.",
    "evaluator": "It is written for an evaluator, and shows the checks behind each number.",
}


def cover(program: Any, panel: Any, *, audience: Audience) -> Prose:
    """Read which program and outcome this is about, who began when, and whom it is written for.

    Parameters
    ----------
    program, panel
        From `measures.programs`.
    audience
        Who will read it.
    """
    begun = [f"{plural(int(n), 'school')} in {school_year(int(y))}" for y, n in program.started.items()]
    how = (
        f"Schools came to it by {program.assignment}."
        if program.lottery
        else f"Schools came to it so: {program.assignment}."
    )
    told = [
        f"{program.description} {how}".strip(),
        f"It began in {listing(begun)}; {plural(program.never_n, 'school')} of the same levels never had it. The"
        f" outcome looked at is {lower_first(str(panel.attrs['label']))}. {_FOR[audience]}",
    ]
    if panel.attrs.get("note"):
        told.append(str(panel.attrs["note"]))
    if program.record_type == "synthetic":
        told.append("This district is invented. Its data were made for teaching and describe no real school.")
    return Prose(tuple(told), role="lead", title=f"{program.name}: what the data say", level=1)


def findings(estimate: Any, card: Any, decision: Any) -> Prose:
    """Read the evaluation in three sentences: the estimate, how good the evidence is, and what it means for a decision.

    Parameters
    ----------
    estimate, card, decision
        What `designs.evaluate`, `designs.wwc.card` and `designs.decide` gave, or why they are missing.
    """
    if isinstance(estimate, Missing):
        return Prose((f"There is no estimate: {estimate.reason}",), role="finding", title="In short", bullets=True)
    told = [estimate.text.replace("\n", " ")]
    if not isinstance(card, Missing):
        told.append(f"How good the evidence is: {lower_first(card.text.split(chr(10))[0])}")
    if not isinstance(decision, Missing):
        told.append(decision.text.split("\n")[0])
    return Prose(
        tuple(told), role="finding", title="In three sentences" if len(told) == 3 else "In short", bullets=True
    )


def brief(estimate: Any, decision: Any, program: Any, *, audience: Audience) -> Block:
    """Read what the evidence allows: to go on, to change, to stop or to learn more, and what each would rest on.

    Parameters
    ----------
    estimate, decision, program
        What `designs.evaluate`, `designs.decide` and `measures.programs.program` gave, or why they are missing.
    audience
        Who decides.
    """
    if isinstance(estimate, Missing) or isinstance(decision, Missing):
        return Prose(("Without an estimate the data give no ground for a decision on the program's effect.",))
    cost = program.cost_per_pupil_usd
    price = (
        f"It costs {show(cost, 'usd')} per pupil a year. " if cost == cost else "The pack does not say what it costs. "
    )
    rows = [
        ("Go on", _go_on(decision), price + "Look at the same outcome again after another year."),
        ("Change", _change(estimate), "Say beforehand what should move, by how much, and by when."),
        ("Stop", _stop(decision), "Name what takes its place: the money and the time do not vanish."),
        ("Learn more", _learn(estimate), "Let chance decide who begins first where not all can begin at once."),
    ]
    columns = (
        Column("option", "Option", "left"),
        Column("evidence", "What the evidence says for it", "left"),
        Column("then", "What goes with it", "left"),
    )
    table = Table("brief", "Options, and what they rest on", columns, tuple(rows))
    asked = Prose(tuple(_asked(estimate, program, audience)), role="question", title="Ask yourself", bullets=True)
    return Stack((table, asked))


def _go_on(decision: Any) -> str:
    return f"The chance that it does at least what was asked of it: {in_100(decision.beats)}."


def _change(estimate: Any) -> str:
    if estimate.low <= 0 <= estimate.high:
        return "The data do not tell whether it helped as it was run, so they do not say what to change either."
    return "The estimate is an average over schools and years; the picture above shows whether it grew or faded."


def _stop(decision: Any) -> str:
    return f"The chance that the effect is on the wrong side of zero: {in_100(1 - decision.helps)}."


def _learn(estimate: Any) -> str:
    size = phrase(estimate.mdes, estimate.unit)
    return f"This study finds effects of {size} or more four times in five. Is a smaller one worth knowing about?"


_ASKED = {
    "compare": "Were schools lost after the lottery, or did any trade places?",
    "did": "What else began at these schools in the same year, and at the others?",
    "staggered": "Why did some schools begin earlier, and could that reason have moved the outcome by itself?",
    "series": "What else changed in the year of the start?",
    "matched": "What do the people who chose these schools know about them that the data do not?",
    "rd": "Could anyone have nudged a school over the cut?",
    "synthetic": "Did anything happen to the schools that the comparison is built from?",
}
_CLOSING = {
    "principal": "Which of your teachers would tell this story differently, and have you asked them?",
    "board": "What would you have to see in a year to change your mind, and is somebody collecting it?",
    "evaluator": "Which assumption would a hostile reviewer attack first, and what could you show then?",
}


def _asked(estimate: Any, program: Any, audience: Audience) -> list[str]:
    return [
        _ASKED.get(estimate.design, "What else could explain the difference?"),
        "Which groups of pupils does this average hide, and for whom could the program work otherwise?",
        f"Was {lower_first(program.name)} run as it was meant to be, in every school?",
        _CLOSING[audience],
    ]


def record(program: Any, panel: Any, plan: Any, *, audience: Audience) -> Table:
    """Read what this page was made from, so that anyone can make it again.

    Parameters
    ----------
    program, panel, plan
        From `measures.programs` and `ll.plan`.
    audience
        The report's reader, a parameter of the run.
    """
    from leadlib import __version__

    lines = (
        ("Program", f"{program.name} ({program.program_id})"),
        ("Outcome", f"{panel.attrs['label']} ({panel.attrs['outcome']})"),
        ("Years in the data", listing([school_year(y) for y in (min(program.years), max(program.years))], "to")),
        ("Plan", plan.digest[:12]),
        ("Written for", audience),
        ("Data pack", program.pack),
        ("Made with", f"leadlib {__version__}"),
    )
    heads = (Column("what", "What", "left"), Column("which", "Which", "left"))
    return Table("run-record", "What this page was made from", heads, lines, lines)
