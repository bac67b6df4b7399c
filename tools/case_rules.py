"""The house rules for cases: what makes a notebook one that somebody who never programmed can be taught from.

Each takes a notebook as nbformat reads it and says what breaks the rule, as those of `house_rules` do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from leadlib.lessons.copying import checked
from leadlib.lessons.keys import keys
from leadlib.lessons.listed import OPENS_WITH, concepts, standards
from leadlib.lessons.plan_rows import COLUMNS, check_plan
from tools.house_rules import REPORT_RULES, RULES, cells, headings, trees

LONGEST_CASE_CELL = 8
WORDS = (1_200, 3_000)
FEWEST = {"exhibit": 6, "exercise": 4}
PARTS = ("(A)", "(B)", "Ask yourself", "Action plan", "Limits", "Sources")
NOTES = ("timing", "wrong answers", "discussion", "rubric")
MARKS = ("commit", "(B)", "check_plan")
NOT_FOR_BEGINNERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.For, ast.While, ast.Try)
NUMBERED = {"exhibits": r"^###+ Exhibit (\d+)", "exercises": r"^\*\*Exercise (\d+)"}
ANSWER_LEFT_OPEN = re.compile(r'^my_\w+(?:: \w+)? = (?:None|""|\[)', re.M)
CASE_RULES: dict[str, Callable[[Any], list[str]]] = {}


def case_rule(check: Callable[[Any], Iterator[str]]) -> Callable[[Any], list[str]]:
    """Put a check in the list of rules for cases alone; the notebook that opens the workbook is none."""
    CASE_RULES[check.__name__] = lambda notebook: list(check(notebook))
    return CASE_RULES[check.__name__]


def rules_for(notebook: Any) -> dict[str, Callable[[Any], list[str]]]:
    """Give the rules that a notebook is held to, by what it says of itself."""
    about = notebook["metadata"].get("leadlib", {})
    kind = about.get("kind") if about.get("id") != OPENS_WITH else ""
    return RULES | {"report": REPORT_RULES, "case": CASE_RULES}.get(kind, {})


def tagged(notebook: Any, tag: str) -> list[Any]:
    """Give the cells with a tag."""
    return [cell for cell in notebook["cells"] if tag in cell["metadata"].get("tags", [])]


def read_by_learners(notebook: Any, kind: str) -> list[Any]:
    """Give the cells of a kind that are not for instructors alone."""
    return [cell for cell in cells(notebook, kind) if "instructor" not in cell["metadata"].get("tags", [])]


@case_rule
def title_is_a_decision(notebook: Any) -> Iterator[str]:
    """The title asks what to do."""
    title = "; ".join(headings(notebook))
    if not title.rstrip("*_ ").endswith("?"):
        yield f"title is no question: {title!r}"


@case_rule
def cells_for_beginners(notebook: Any) -> Iterator[str]:
    """A code cell has at most eight lines, and nothing that needs a programmer: no functions, no loops over rows."""
    for cell in cells(notebook, "code"):
        if (lines := len(cell["source"].splitlines())) > LONGEST_CASE_CELL:
            yield f"{cell['id']}: {lines} lines"
    for cell, tree in trees(notebook):
        if any(isinstance(node, NOT_FOR_BEGINNERS) for node in ast.walk(tree)):
            yield f"{cell['id']}: a function, a loop or a try"


@case_rule
def long_enough_and_not_too_long(notebook: Any) -> Iterator[str]:
    """What a learner reads takes one sitting."""
    words = sum(len(cell["source"].split()) for cell in read_by_learners(notebook, "markdown"))
    least, most = WORDS
    if not least <= words <= most:
        yield f"{words:,} words of Markdown, not {least:,} to {most:,}"


@case_rule
def exhibits_and_exercises(notebook: Any) -> Iterator[str]:
    """Enough to look at, enough to do, and what is tagged runs."""
    for tag, least in FEWEST.items():
        found = [cell for cell in tagged(notebook, tag) if cell["cell_type"] == "code"]
        if len(found) < least:
            yield f"{len(found)} code cells tagged {tag}, not {least}"


@case_rule
def anatomy(notebook: Any) -> Iterator[str]:
    """The parts that every case has, each by its heading, in this order."""
    prose = "\n".join(cell["source"] for cell in read_by_learners(notebook, "markdown"))
    found = re.findall(r"^##+ +(.+?) *$", prose, flags=re.M)
    places = [next((k for k, text in enumerate(found) if part in text), None) for part in PARTS]
    yield from (f"no heading with {part!r}" for part, place in zip(PARTS, places, strict=True) if place is None)
    there = [place for place in places if place is not None]
    if there != sorted(there):
        yield f"parts stand in another order than {', '.join(PARTS)}"


@case_rule
def teaching_notes(notebook: Any) -> Iterator[str]:
    """The notes for instructors say how long, what goes wrong, how to discuss, how to grade."""
    notes = [cell["source"] for cell in tagged(notebook, "instructor") if cell["cell_type"] == "markdown"]
    text = " ".join(" ".join(notes).casefold().split())
    yield from (f"teaching notes lack {word!r}" for word in NOTES if word not in text)


@case_rule
def decided_before_part_b(notebook: Any) -> Iterator[str]:
    """A learner commits to a decision before part B is read, and writes a plan of action."""
    place = {name: k for k, cell in enumerate(notebook["cells"]) for name in _marks(cell)}
    yield from (f"has no {name}" for name in MARKS if name not in place)
    if place.get("commit", -1) > place.get("(B)", len(notebook["cells"])):
        yield "the decision comes before part B"


def _marks(cell: Any) -> list[str]:
    if "instructor" in cell["metadata"].get("tags", []):
        return []
    if cell["cell_type"] == "markdown":
        return ["(B)"] if re.search(r"^## .*\(B\)", cell["source"], flags=re.M) else []
    return [name for name in ("commit", "check_plan") if f"lessons.{name}(" in cell["source"]]


@case_rule
def plan_that_is_shown_is_a_plan(notebook: Any) -> Iterator[str]:
    """The rows that learners are shown as a pattern pass the check that their own rows go through."""
    prose = "\n".join(cell["source"] for cell in read_by_learners(notebook, "markdown"))
    after = prose.partition("Action plan")[2]
    table = [
        [part.strip() for part in line.strip().strip("|").split("|")] for line in re.findall(r"^\|.*", after, re.M)
    ]
    rows = [dict(zip(COLUMNS, parts, strict=True)) for parts in table[2:] if len(parts) == len(COLUMNS)]
    found = check_plan(rows)
    if not rows:
        yield "no table of five columns under Action plan"
    elif found.state != "done":
        yield from found.sentences


@case_rule
def exercises_have_keys(notebook: Any) -> Iterator[str]:
    """Each exercise has a key, each key an exercise, each is numbered as the prose calls it; nothing is answered."""
    names = [name for cell in read_by_learners(notebook, "code") for name, _ in checked(cell)]
    cases = sorted({name.partition(".")[0] for name in names})
    keyed = {key for case in cases for key in keys(case)}
    yield from (f"exercise {name} has no key" for name in dict.fromkeys(names) if name not in keyed)
    yield from (f"key {name} has no exercise" for name in sorted(keyed - set(names)))
    yield from (f"exercise {name} is set twice" for name in dict.fromkeys(names) if names.count(name) > 1)
    if len(cases) != 1:
        yield f"exercises are of the cases {cases}, not of one"
    for cell in tagged(notebook, "exercise"):
        if cell["cell_type"] == "code" and not ANSWER_LEFT_OPEN.search(cell["source"]):
            yield f"{cell['id']}: an exercise opens with `my_... = None`, an empty text or an empty row"
    for cell in read_by_learners(notebook, "code"):
        if "lessons.solution(" in cell["source"]:
            yield f"{cell['id']}: tells a solution to learners"


@case_rule
def standards_and_concepts_are_listed(notebook: Any) -> Iterator[str]:
    """Tags are those of the lists; the line that learners read names the same standards and minutes."""
    about = notebook["metadata"]["leadlib"]
    yield from (f"there is no standard {name!r}" for name in about["standards"] if name not in standards())
    yield from (f"there is no concept {name!r}" for name in about["concepts"] if name not in concepts())
    prose = notebook["cells"][0]["source"]
    said, minutes = _standards_said(prose), re.search(r"About (\d+) minutes", prose)
    if sorted(said) != sorted(about["standards"]):
        yield f"the first cell names {sorted(said)}, the metadata {sorted(about['standards'])}"
    if not minutes or int(minutes[1]) != about["minutes"]:
        yield f"the first cell says {minutes[0] if minutes else 'no minutes'}, the metadata {about['minutes']}"


def _standards_said(prose: str) -> list[str]:
    """Read `PSEL 4, 6 and 9, NELP 4` as the standards it names."""
    found = re.findall(r"\b(PSEL|NELP)((?:[\s,;]|and|\d)+)", prose)
    return [f"{name} {number}" for name, numbers in found for number in re.findall(r"\d+", numbers)]


@case_rule
def numbered_in_order(notebook: Any) -> Iterator[str]:
    """Exhibits and exercises are counted through, so that a class can call them by their numbers."""
    prose = "\n".join(cell["source"] for cell in read_by_learners(notebook, "markdown"))
    for what, pattern in NUMBERED.items():
        found = [int(number) for number in re.findall(pattern, prose, flags=re.M)]
        if found != list(range(1, len(found) + 1)):
            yield f"{what} are numbered {found}"
    keyed = [int(name.partition(".")[2]) for cell in read_by_learners(notebook, "code") for name, _ in checked(cell)]
    if keyed != sorted(keyed):
        yield f"checks come in the order {keyed}"


def uncovered(notebooks: dict[str, Any]) -> list[str]:
    """Say which concepts no notebook teaches although a case that should is written; cases by their two digits."""
    written = {case_of(file): set(nb["metadata"]["leadlib"]["concepts"]) for file, nb in notebooks.items()}
    return [
        f"{concept}: not among the concepts of case {' or '.join(there)}"
        for concept, cases in concepts().items()
        if (there := [case for case in cases if case in written]) and not any(concept in written[c] for c in there)
    ]


def case_of(file: str) -> str:
    """Give the two digits that a case's file begins with."""
    return file.rpartition("/")[2][:2]
