"""An action plan, read row by row: what each row still lacks before somebody else could carry it out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadlib.errors import nearest
from leadlib.lessons import dates
from leadlib.lessons.feedback import Feedback
from leadlib.numbers import listing, plural

COLUMNS = ("finding", "step", "owner", "by", "look_for")
NOT_WRITTEN = "Write a row for each step, and run the cell again. A row says {}."
SAYS = (
    "finding, step, owner, by and look_for",
    "what was found, who does what by when, and what will show that it worked",
)
COMPLETE = (
    "Whether it is the right plan, the people named in it can tell you. Read it to one of them, and ask what would "
    "have to stop so that this can start."
)
RESTS_ON = "Ask once more of {}: which exhibit or figure does the finding rest on?"
LOOKS_WHEN = "Ask once more of {}: on which day will somebody look for the evidence?"
ONE_OWNER = "One person owns every step. Whose work would have to change for this to happen?"
LINES = 7
LEAST_WORDS = 4

NOBODY = re.compile(
    r"(the |all |all the |our |every |each )*(everyone|everybody|all|staff|all staff|teachers?|we|us|they|team|school|"
    r"district|admin|administration|leadership|leaders|faculty|people|someone|somebody|anyone|tbd|tba|n/?a|nobody|students?|"
    r"pupils?|parents?|families|stakeholders|community)( members?| team| staff)?"
)
NAMED = re.compile(r"\b(mr|mrs|ms|miss|mx|dr)\b\.?\s+\w+", re.IGNORECASE)
VAGUE = re.compile(
    r"^(we (will|should|must) |to )?(improve|increase|reduce|raise|boost|enhance|strengthen|address|promote|encourage|"
    r"ensure|foster|support|focus|work|try|strive|explore|consider|continue|be|become|think|look|discuss|aim|hope|"
    r"do better|close)\b"
)
NUMBER = re.compile(
    r"\d|%|\b(percent|half|third|tenth|quarter of|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|none|"
    r"no more than)\b"
)
COUNTED = re.compile(
    r"\b(number|count|counts|share|rate|percent|percentage|minutes|hours|days|periods|visits|cycles|dollars|points|scores?|"
    r"absences|suspensions|referrals|observations|how (many|often|much)|meetings|sections|weeks|mornings|lessons|"
    r"classes|posts|talks|responses|attendance|enrollments?|proportion|ratio|"
    r"lists?|records?|pages?|letters?|answers?|sheets?|protocols?|"
    r"[a-z]{3,}s (who|that|in which|with|without|of|from|left|open|named|handed))\b"
)
WHEN = re.compile(
    r"\b(daily|weekly|monthly|quarterly|yearly|each|every|weeks?|months?|quarter|semester|term|year|spring|fall|winter|summer|"
    r"within|after|before|until|by the|end of|at the|midyear|mid-year|next)\b"
)


def check_plan(rows: Any) -> Feedback:
    """Read an action plan as a colleague would who has to carry it out: say row by row what it still lacks.

    Parameters
    ----------
    rows
        A list of rows; each a dict with `finding` (what was found, with its figure or exhibit), `step` (what somebody
        will do), `owner` (one role, or initials), `by` (a date), `look_for` (something that can be counted, and when).
        A table with these columns will do too. Nothing is judged but whether the row can be carried out and checked.
    """
    listed, trouble = _listed(rows)
    if trouble:
        return Feedback("again", (trouble,), lines=LINES)
    written = [(k, row) for k, row in enumerate(listed, 1) if any(_text(v) for v in row.values())]
    if not written:
        told = f"{SAYS[0]}: {SAYS[1]}"
        return Feedback("open", (NOT_WRITTEN.format(told),), "Not written yet", lines=LINES, room="Your rows")
    lacking = [f"Row {k}, {what}" for k, row in written for what in _lacking(row)] + _twice(written)
    if lacking:
        title = f"{plural(len(lacking), 'thing')} to add or to sharpen"
        return Feedback("again", tuple(lacking), title, bullets=True, lines=LINES)
    owners = {_text(row["owner"]).casefold() for _, row in written}
    more = [ONE_OWNER] if len(written) > 2 and len(owners) == 1 else []
    for question, answered in ((RESTS_ON, _rests_on), (LOOKS_WHEN, _looks_when)):
        left = [f"row {k}" for k, row in written if not answered(row)]
        more += [question.format(listing(left))] if left else []
    first = f"{plural(len(written), 'row')}: each says what was found, who does what by when, and what to look for."
    return Feedback("done", (first, COMPLETE, *more), "A plan that can be carried out")


def _listed(rows: Any) -> tuple[list[dict[str, Any]], str]:
    """Give the rows as dicts, or a sentence on why they cannot be read."""
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        rows = rows.astype(object).where(rows.notna(), None).to_dict("records")
    if rows is None or rows is ... or rows == "":
        return [], ""
    if isinstance(rows, Mapping):
        rows = [rows]
    if not isinstance(rows, list | tuple):
        return [], "Give the plan as a list of rows, each with finding, step, owner, by and look_for."
    for k, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            return [], f"Row {k} is not a row: it needs finding, step, owner, by and look_for."
        unknown = [str(name) for name in row if name not in COLUMNS]
        if unknown:
            return [], f"Row {k} has a part {unknown[0]!r} that no plan has: {nearest(unknown[0], COLUMNS)}"
    return [{name: row.get(name) for name in COLUMNS} for row in rows], ""


def _text(value: Any) -> str:
    text = " ".join(str(value).split()) if value is not None and value is not ... else ""
    return "" if text in ("...", "…", "nan") else text


def _lacking(row: Mapping[str, Any]) -> Iterator[str]:
    """Say what one row lacks, part by part."""
    absent = [name for name in COLUMNS if not _text(row[name])]
    if absent:
        yield f"{listing(absent)}: not written yet."
    looks = {"step": _step, "owner": _owner, "by": _by, "look_for": _look_for}
    for name, look in looks.items():
        if name not in absent and (said := look(row[name])):
            yield f"{name}: {said}"


def _step(value: Any) -> str:
    text = _text(value).casefold()
    if VAGUE.search(text):
        return "that is what is hoped for. Say what somebody will do, so that a camera could film it."
    if len(text.split()) < LEAST_WORDS:
        return "say what will be done, with whom and how often."
    return ""


def _owner(value: Any) -> str:
    text = _text(value)
    if NOBODY.fullmatch(text.casefold().strip(" .")):
        return f"{text!r} is nobody in particular. Name one role or one person's initials."
    if NAMED.search(text):
        return "a plan goes from hand to hand: write the role or initials, not a name."
    if len(re.split(r",|;|/|&|\band\b", text)) > 2:
        return "three owners are none. Name the one who will be asked."
    return ""


def _by(value: Any) -> str:
    said = dates.trouble(value)
    return f"{_text(value)!r} {said}." if said else ""


def _look_for(value: Any) -> str:
    low = _text(value).casefold()
    return (
        "" if NUMBER.search(low) or COUNTED.search(low) else "say what will be counted, or what will lie on the table."
    )


def _rests_on(row: Mapping[str, Any]) -> bool:
    """Whether a finding names its exhibit or a figure."""
    text = _text(row["finding"]).casefold()
    return "exhibit" in text or NUMBER.search(text) is not None


def _looks_when(row: Mapping[str, Any]) -> bool:
    """Whether a row says when somebody will look for the evidence."""
    text = _text(row["look_for"])
    return WHEN.search(text.casefold()) is not None or dates.names_one(text)


def _twice(written: Sequence[tuple[int, Mapping[str, Any]]]) -> list[str]:
    """Say which rows hold the same step."""
    seen: dict[str, int] = {}
    said = []
    for k, row in written:
        step = _text(row["step"]).casefold()
        if step and step in seen:
            said.append(f"Row {k}, step: it is the same as in row {seen[step]}.")
        seen.setdefault(step, k)
    return said
