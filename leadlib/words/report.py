"""The prose of the school report: cover, three findings, questions, method, and the record of the run.

All of it is made from result objects; nothing here knows a number that a result did not give. Sentences describe, and
compare where the design compares. They never judge a person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from leadlib.blocks import Column, Prose, Stack, Table
from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import lower_first, phrase, school_year, show, span
from leadlib.results import Missing, Result
from leadlib.words.captions import at_whom, beside_similar, position, rows

Audience = Literal["principal", "board", "evaluator"]

_FOR: dict[str, str] = {
    "principal": "It is written for the principal and the leadership team.",
    "board": "It is written for members of the school board.",
    "evaluator": "It is written for an evaluator, and shows the checks behind each number.",
}


def cover(school: Any, *, audience: Audience) -> Prose:
    """Read which school, which year and which data this report is about, and whom it is written for.

    Parameters
    ----------
    school
        The school, as `ll.school` gives it.
    audience
        Who will read it; the method section shows checks to an evaluator only.
    """
    level = f"{school.level.lower()} school" if school.level else "school"
    article = "an" if level[0] in "aeiou" else "a"
    told = [
        f"{school.name} is {article} {level} in {school.lea_name}. The report looks at {school_year(school.year)}"
        f" and the years before it, with data from {school.pack_title}. {_FOR[audience]}"
    ]
    if school.record_type == "synthetic":
        told.append("This school is invented. Its data were made for teaching and describe no real school.")
    return Prose(tuple(told), role="lead", title=school.name, level=1)


def findings(gap: Any, change: Any, target: Any, serves: Any) -> Prose:
    """Read the report in three sentences: against similar schools, the last change, and the target or the pupils.

    Parameters
    ----------
    gap, change, target, serves
        What `designs.school_gap`, `designs.funnel`, `designs.progress` and `measures.context.serves` gave, or why they
        are missing. A missing one makes room for the next.
    """
    makers: tuple[tuple[Any, Callable[[Result], str]], ...] = (
        (gap, _against),
        (change, _moved),
        (target, _aimed),
        (serves, _served),
    )
    told = [make(result) for result, make in makers if not isinstance(result, Missing)]
    kept = tuple(t for t in told if t)[:3]
    if not kept:
        kept = ("The data of this pack do not allow a finding about this school; the sections below say why.",)
    return Prose(kept, role="finding", title="In three sentences" if len(kept) == 3 else "In short", bullets=True)


def _against(gap: Result) -> str:
    drawn = [r for r in rows(gap) if r["group"].startswith(SIMILAR)] or rows(gap)
    if not drawn:
        return ""
    lead = drawn[0]
    between, n = span(lead["low"], lead["high"], lead["unit"], sign=True), show(lead["n"])
    others = at_whom(lead["group"])
    if position(lead) == "not separated":
        return (
            f"{lead['measure']}: the data do not separate this school from {n} {others}"
            f" ({phrase(lead['value'], lead['unit'], sign=True)}; 95% interval {between})."
        )
    return (
        f"{lead['measure']}: {phrase(abs(lead['value']), lead['unit'])} {position(lead)} than at {n} {others}"
        f" (95% interval {between})."
    )


def _moved(change: Result) -> str:
    here = rows(change, THIS)
    if not here:
        return ""
    row = here[0]
    inside = row["low"] <= row["value"] <= row["high"]
    limits = span(row["low"], row["high"], row["unit"], sign=True)
    verdict = (
        "no more than chance alone can give a school of this size"
        if inside
        else "more than chance alone would usually give a school of this size"
    )
    return (
        f"Since the year before, {lower_first(row['measure'])} moved by {phrase(row['value'], row['unit'], sign=True)}"
        f" against the average of {row.get('against', 'all schools')}: {verdict} ({limits})."
    )


def _aimed(target: Result) -> str:
    return target.text.split("\n")[0]


def _served(serves: Result) -> str:
    pairs = [pair for pair in beside_similar(serves) if pair[0]["unit"] == "pct"]
    if not pairs:
        return ""
    a, b = pairs[0]  # a dictionary names need first
    shown = a.get("shown") or show(a["value"], a["unit"])
    return (
        f"{a['measure']}: {shown} of this school's pupils, against {show(b['value'], b['unit'])} at the middle one of"
        " the similar schools."
    )


def questions(gap: Any, change: Any, serves: Any, resources: Any, *, audience: Audience) -> Prose:
    """Read what to ask next: questions that these numbers raise and cannot answer.

    Parameters
    ----------
    gap, change, serves, resources
        The report's results, or why they are missing.
    audience
        A board is asked about oversight and support, a principal about practice, an evaluator about design.
    """
    asked = [_ask_gap(gap), _ask_change(change), *_ask_resources(resources), _ask_served(serves), _CLOSING[audience]]
    return Prose(tuple(q for q in asked if q), role="question", title="Ask next", bullets=True)


_CLOSING: dict[str, str] = {
    "principal": "Which of these numbers would your teachers, pupils and families explain differently, and whom have"
    " you asked?",
    "board": "What would the school need from the board, in time, money or policy, before next year's numbers come in?",
    "evaluator": "Which rival explanation could you rule out with a comparison group, and what would it take to have"
    " one?",
}


def _ask_gap(gap: Any) -> str:
    if isinstance(gap, Missing) or not rows(gap):
        return "Which schools would be a fair comparison for this one, and what would you need to know to choose them?"
    side = position(rows(gap)[0])
    if side == "lower":
        return (
            "Which of the similar schools scored higher, and what could a visit to one of them show about how teachers"
            " are coached and how time is protected?"
        )
    if side == "higher":
        return "What does this school do that similar schools could learn from, and how would you know it is that?"
    return "What, other than test results, would tell this school apart from similar ones?"


def _ask_change(change: Any) -> str:
    if isinstance(change, Missing) or not rows(change, THIS):
        return ""
    row = rows(change, THIS)[0]
    if row["low"] <= row["value"] <= row["high"]:
        return "If the last change may be chance, what would you want to see for two more years before acting on it?"
    return "What changed in the school in that year: the pupils who came, the teachers, the program, or the test?"


def _ask_resources(resources: Any) -> list[str]:
    if isinstance(resources, Missing):
        return []
    asked = []
    kinds = set(resources.table["leadership"])
    if "administrative" in kinds:
        asked.append(
            "Administration keeps the school running: what does the school get for what it spends, and who decides?"
        )
    if "instructional" in kinds:
        asked.append(
            "Instructional leadership is about what pupils learn: who coaches new teachers here, and which classes"
            " do they teach?"
        )
    return asked


def _ask_served(serves: Any) -> str:
    if isinstance(serves, Missing):
        return ""
    return "Which groups of pupils does an average hide here, and which of them are too small to be shown?"


def method(*results: Any, audience: Audience) -> Stack:
    """Read how each number was made, what it takes for granted, and what it cannot say.

    Parameters
    ----------
    results
        The report's results; missing ones are passed over.
    audience
        An evaluator also reads every check.
    """
    held = [r for r in results if isinstance(r, Result)]
    parts = [
        _points("What these numbers take for granted", [a for r in held for a in r.assumptions]),
        _points("What they cannot say", [t for r in held for t in r.limits]),
    ]
    if audience == "evaluator":
        parts.append(_points("Checks", [c for r in held for c in r.checks]))
    return Stack(tuple(p for p in parts if p.paragraphs))


def _points(title: str, points: list[str]) -> Prose:
    return Prose(tuple(dict.fromkeys(points)), role="note", title=title, bullets=True, level=3)


def record(school: Any, *, audience: Audience) -> Table:
    """Read what this page was made from, so that anyone can make it again.

    Parameters
    ----------
    school
        The school, with its pack and the pack's files.
    audience
        The report's reader, a parameter of the run.
    """
    from leadlib import __version__

    lines = [
        ("School", f"{school.name} ({school.school_id})"),
        ("School year", school_year(school.year)),
        ("Written for", audience),
        ("Data pack", school.pack),
        *(("Source", s) for s in school.sources),
        ("Made with", f"leadlib {__version__}"),
    ]
    return Table(
        "run-record",
        "What this page was made from",
        (Column("what", "What", "left"), Column("which", "Which", "left")),
        tuple(lines),
        tuple(lines),
    )
