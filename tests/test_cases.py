"""Every case keeps the rules for cases, each rule finds one that breaks it, and together they teach what they must."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from lessons_samples import put_case
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from leadlib.lessons.keys import Choice, Number, keys
from leadlib.lessons.listed import entries
from tools import case_rules, house_rules, notebooks

CASES = {
    path.relative_to(notebooks.NOTEBOOKS).as_posix(): path
    for path in notebooks.every_notebook()
    if path.parent.name == "cases"
}
RULES = case_rules.CASE_RULES
EXERCISES = {f"99.{k}": f"Exercise {k}" for k in (1, 2)}

NARRATIVE = "word " * 1200
PARTS = [
    "# Whom to hire?\n\n*About 60 minutes. Standards: PSEL 4, 6 and 9, NELP 6.*",
    f"## (A) The letter\n\n{NARRATIVE}",
    "## (B) A year later",
    "## Ask yourself\n\n## Action plan\n\n"
    "| Finding | Step | Owner | By when | Evidence |\n|---|---|---|---|---|\n"
    "| Few visits | The AP takes over bus duty | Principal | May 2 | Number of visits |\n\n## Limits\n\n## Sources",
]
NOTES = "## Teaching notes\n\n**Timing.** **Discussion plan.** **Common\nwrong answers.** **Rubric.**"


def good_case() -> Any:
    """Make a case that breaks no rule, with two exhibits of three cells each, and four exercises."""
    text = [new_markdown_cell(part) for part in PARTS]
    exhibits = [
        part for k in (1, 2) for part in (new_markdown_cell(f"### Exhibit {k}. A table"), *_tagged("exhibit", 3))
    ]
    checks = [
        part
        for name, title in EXERCISES.items()
        for part in (new_markdown_cell(f"**{title}.** How much?"), *_tagged("exercise", 1, _check(name)))
    ]
    decision = _tagged("exercise", 1, 'my_decision = ""  # one of: a, b\nll.lessons.commit(my_decision)')
    plan = _tagged("exercise", 1, "my_plan = [{}]\nll.lessons.check_plan(my_plan)")
    notes = new_markdown_cell(NOTES, metadata={"tags": ["instructor"]})
    cells = [*text[:2], *exhibits, *checks, *decision, *text[2:], *plan, notes]
    for place, cell in enumerate(cells):
        cell.id = f"c{place}"
    about = {"id": "whom", "kind": "case", "minutes": 60, "concepts": ["staffing"]}
    about |= {"standards": ["PSEL 4", "PSEL 6", "PSEL 9", "NELP 6"]}
    return new_notebook(cells=cells, metadata={"leadlib": about})


def _tagged(tag: str, times: int, source: str = "week") -> list[Any]:
    return [new_code_cell(source, metadata={"tags": [tag]}) for _ in range(times)]


def _check(name: str) -> str:
    return f'my_answer = None  # how much\nll.lessons.check("{name}", my_answer, week)'


def find(notebook: Any, text: str) -> Any:
    """Give the first cell that holds a text."""
    return next(cell for cell in notebook.cells if text in cell.source)


def instead(text: str, other: str) -> Callable[[Any], None]:
    """Make a change: other words, wherever they stand first."""

    def change(notebook: Any) -> None:
        cell = find(notebook, text)
        cell.source = cell.source.replace(text, other)

    return change


def move(text: str, to: int) -> Callable[[Any], None]:
    """Make a change: a cell that holds a text goes to another place."""

    def change(notebook: Any) -> None:
        cell = find(notebook, text)
        notebook.cells.remove(cell)
        notebook.cells.insert(to, cell)

    return change


def drop(text: str) -> Callable[[Any], None]:
    """Make a change: a cell that holds a text goes away."""
    return lambda nb: nb.cells.remove(find(nb, text))


def about(**changed: Any) -> Callable[[Any], None]:
    """Make a change: other metadata."""
    return lambda nb: nb.metadata.leadlib.update(changed)


def untag(tag: str) -> Callable[[Any], None]:
    """Make a change: one cell loses a tag."""
    return lambda nb: case_rules.tagged(nb, tag)[0].metadata.update(tags=[])


def code(source: str, tag: str = "") -> Callable[[Any], None]:
    """Make a change: one more code cell at the end."""
    return lambda nb: nb.cells.append(new_code_cell(source, id="bad", metadata={"tags": [tag] if tag else []}))


BREAKS: list[tuple[str, Callable[[Any], Any], str]] = [
    ("title_is_a_decision", instead("# Whom to hire?", "# Hiring"), "title is no question"),
    ("cells_for_beginners", code("a = 1\n" * 9), "9 lines"),
    ("cells_for_beginners", code("def share(x):\n    return x"), "a function, a loop or a try"),
    ("cells_for_beginners", code("share = lambda x: x"), "a function, a loop or a try"),
    ("cells_for_beginners", code("for row in week:\n    row"), "a function, a loop or a try"),
    ("cells_for_beginners", code("try:\n    a\nexcept KeyError:\n    b"), "a function, a loop or a try"),
    ("long_enough_and_not_too_long", instead(NARRATIVE, "Too short."), "words of Markdown, not 1,200 to 3,000"),
    ("long_enough_and_not_too_long", instead(NARRATIVE, NARRATIVE * 3), "words of Markdown, not 1,200 to 3,000"),
    ("exhibits_and_exercises", untag("exhibit"), "5 code cells tagged exhibit, not 6"),
    ("exhibits_and_exercises", untag("exercise"), "3 code cells tagged exercise, not 4"),
    *(
        ("anatomy", instead(part, "Other"), f"no heading with {part!r}")
        for part in ("(A)", "(B)", "Ask yourself", "Action plan", "Limits", "Sources")
    ),
    ("anatomy", move("Ask yourself", 1), "another order"),
    *(
        ("teaching_notes", instead(word, "None"), f"teaching notes lack {word.casefold()!r}".replace("\\n", " "))
        for word in ("Timing", "Discussion", "wrong answers", "Rubric")
    ),
    ("teaching_notes", lambda nb: find(nb, "Teaching notes").metadata.update(tags=[]), "teaching notes lack"),
    ("decided_before_part_b", drop("lessons.commit("), "has no commit"),
    ("decided_before_part_b", drop("lessons.check_plan("), "has no check_plan"),
    ("decided_before_part_b", move("lessons.commit(", -1), "the decision comes before part B"),
    ("plan_that_is_shown_is_a_plan", instead("| May 2 |", "| soon |"), "'soon' is no date"),
    ("plan_that_is_shown_is_a_plan", instead("| Few visits |", "| Few | visits |"), "no table of five columns"),
    ("exercises_have_keys", code(_check("99.3"), "exercise"), "exercise 99.3 has no key"),
    ("exercises_have_keys", drop('lessons.check("99.2"'), "key 99.2 has no exercise"),
    ("exercises_have_keys", code(_check("99.1"), "exercise"), "exercise 99.1 is set twice"),
    ("exercises_have_keys", instead("my_answer = None", "my_answer = 46.6"), "an exercise opens with"),
    ("exercises_have_keys", code('ll.lessons.solution("99.1", week)'), "tells a solution to learners"),
    ("standards_and_concepts_are_listed", about(concepts=["hiring"]), "there is no concept 'hiring'"),
    ("standards_and_concepts_are_listed", about(minutes=90), "the first cell says About 60 minutes, the metadata 90"),
    ("standards_and_concepts_are_listed", about(standards=["PSEL 4", "NELP 6"]), "the first cell names"),
    ("standards_and_concepts_are_listed", instead("NELP 6", "NELP 7"), "the first cell names"),
    ("numbered_in_order", instead("### Exhibit 2", "### Exhibit 3"), "exhibits are numbered [1, 3]"),
    ("numbered_in_order", instead("**Exercise 2", "**Exercise 1"), "exercises are numbered [1, 1]"),
    ("numbered_in_order", move('lessons.check("99.2"', 2), "checks come in the order [2, 1]"),
]


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put in place the keys of the case that the samples are of."""
    put_case(monkeypatch, one=Number(1), two=Choice("a"))


@pytest.mark.parametrize("file", CASES)
@pytest.mark.parametrize("rule", RULES)
def test_every_case_keeps_the_rule(rule: str, file: str) -> None:
    assert RULES[rule](nbformat.read(CASES[file], as_version=4)) == []


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize("rule", RULES)
def test_a_good_case_breaks_no_rule(rule: str) -> None:
    assert RULES[rule](good_case()) == []


@pytest.mark.usefixtures("keyed")
@pytest.mark.parametrize(("rule", "change", "told"), BREAKS, ids=[f"{b[0]}-{k}" for k, b in enumerate(BREAKS)])
def test_the_rule_finds_a_case_that_breaks_it(rule: str, change: Callable[[Any], Any], told: str) -> None:
    bad = good_case()
    change(bad)
    assert any(told in problem for problem in RULES[rule](bad)), RULES[rule](bad)


def test_every_rule_has_a_case_that_breaks_it() -> None:
    assert {rule for rule, _, _ in BREAKS} == set(RULES)


@pytest.mark.usefixtures("keyed")
def test_a_standard_that_is_in_no_list_is_found() -> None:
    bad = good_case()
    bad.metadata.leadlib.standards.append("PSEL 11")
    assert "there is no standard 'PSEL 11'" in RULES["standards_and_concepts_are_listed"](bad)


@pytest.mark.usefixtures("keyed")
def test_exercises_of_two_cases_do_not_stand_in_one() -> None:
    bad = good_case()
    code(_check("98.1"), "exercise")(bad)
    assert "exercises are of the cases ['98', '99'], not of one" in RULES["exercises_have_keys"](bad)


@pytest.mark.usefixtures("keyed")
def test_what_only_instructors_see_does_not_count_for_learners() -> None:
    notebook = good_case()
    notes = find(notebook, "Teaching notes")
    notes.source += "\n\n" + NARRATIVE * 3 + "\n\n## (B) Limits\n\n### Exhibit 9"
    code('ll.lessons.solution("99.1", week)', "instructor")(notebook)
    assert [problem for rule in RULES.values() for problem in rule(notebook)] == []


def test_a_notebook_is_held_to_the_rules_of_its_kind() -> None:
    case, report, start = good_case(), good_case(), good_case()
    report.metadata.leadlib.kind, start.metadata.leadlib.id = "report", "start-here"
    assert "anatomy" in case_rules.rules_for(case) and "no_try" not in case_rules.rules_for(case)
    assert "no_try" in case_rules.rules_for(report) and "anatomy" not in case_rules.rules_for(report)
    assert set(case_rules.rules_for(start)) == set(house_rules.RULES)


def test_every_case_is_listed_as_a_case_and_named_by_its_number() -> None:
    listed = {e["file"] for e in entries() if e["kind"] == "case"} - {"00-start-here.ipynb"}
    assert listed == set(CASES)
    assert all(re.fullmatch(r"cases/\d\d-[a-z0-9-]+\.ipynb", file) for file in CASES)
    numbers = [case_rules.case_of(file) for file in CASES]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("file", CASES)
def test_the_keys_of_a_case_are_those_of_its_number(file: str) -> None:
    number = case_rules.case_of(file)
    names = {name for cell in case_rules.cells(nbformat.read(CASES[file], as_version=4), "code")
             for name, _ in case_rules.checked(cell)}  # fmt: skip
    assert names and {name.partition(".")[0] for name in names} == {number}
    assert set(keys(number)) == names


def test_the_cases_that_are_written_teach_what_the_catalog_gives_them() -> None:
    assert case_rules.uncovered({file: nbformat.read(path, as_version=4) for file, path in CASES.items()}) == []


def test_a_concept_that_no_case_teaches_although_one_should_is_found() -> None:
    notebook = good_case()
    notebook.metadata.leadlib.concepts = ["equity efforts"]
    assert case_rules.uncovered({"cases/12-two-gaps.ipynb": notebook}) == []
    other = copy.deepcopy(notebook)
    other.metadata.leadlib.concepts = ["staffing"]
    assert case_rules.uncovered({"cases/12-two-gaps.ipynb": other}) == [
        "equity efforts: not among the concepts of case 12"
    ]
    assert case_rules.uncovered({}) == []
