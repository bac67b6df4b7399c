"""Copies for a class: no teaching notes and no outputs for learners, answers in the copies with solutions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import leadlib as ll
from leadlib.cli import cli
from leadlib.cli.copying import AUDIENCES
from leadlib.errors import InputError
from leadlib.lessons import copying

EXERCISE = 'my_answer = None  # percent\nll.lessons.check("99.1", my_answer, week, weeks)'


def case(title: str = "# What to do?") -> Any:
    shown = new_output("stream", text="Not answered yet")
    cells = [
        new_markdown_cell(title),
        new_code_cell(EXERCISE, outputs=[shown], execution_count=1, metadata={"tags": ["exercise"]}),
        new_markdown_cell("## Teaching notes\n\nThe rubric.", metadata={"tags": ["instructor"]}),
        new_code_cell('ll.lessons.solution("99.1", week)', execution_count=2, metadata={"tags": ["instructor"]}),
    ]
    for k, cell in enumerate(cells):
        cell.id = f"c{k}"
    return new_notebook(cells=cells)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with two cases, one of them further down, and JupyterLab's own copy of one."""
    made = tmp_path / "cases"
    for name in ("01-week.ipynb", "more/02-money.ipynb", ".ipynb_checkpoints/01-week-checkpoint.ipynb"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(case(), made / name)
    return made


def sources(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_learners_get_neither_notes_nor_outputs(folder: Path, tmp_path: Path) -> None:
    written = ll.lessons.copies(folder, audience="learner", to=tmp_path / "out")
    assert written == [tmp_path / "out/01-week.ipynb", tmp_path / "out/more/02-money.ipynb"]
    assert sources(written[0]) == ["# What to do?", EXERCISE]
    text = written[0].read_text(encoding="utf-8")
    assert "rubric" not in text and "Not answered yet" not in text and '"execution_count": 1' not in text


def test_copies_with_solutions_tell_the_answer_below_each_exercise(folder: Path, tmp_path: Path) -> None:
    first = ll.lessons.copies(folder, audience="solution", to=tmp_path / "out")[0]
    assert sources(first)[1:] == [EXERCISE, 'll.lessons.solution("99.1", week, weeks)']
    nbformat.validate(nbformat.read(first, as_version=4))


def test_instructors_get_everything(folder: Path, tmp_path: Path) -> None:
    first = ll.lessons.copies(folder / "01-week.ipynb", audience="instructor", to=tmp_path / "out")[0]
    assert nbformat.read(first, as_version=4) == nbformat.read(folder / "01-week.ipynb", as_version=4)


def test_the_same_notebook_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    one, two = (ll.lessons.copies(folder, audience="solution", to=tmp_path / name)[0] for name in "ab")
    assert one.read_bytes() == two.read_bytes() and b"\r" not in one.read_bytes()


def test_making_a_copy_leaves_the_notebook_as_it_was() -> None:
    notebook, before = case(), case()
    copying.copy_of(notebook, "learner")
    copying.copy_of(notebook, "solution")
    assert notebook == before


def test_all_problems_are_told_at_once_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "more").mkdir(parents=True)
    (out / "more" / "02-money.ipynb").write_text("mine", encoding="utf-8")
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    given = [folder, tmp_path / "broken.ipynb", tmp_path / "empty", tmp_path / "notes.txt"]
    with pytest.raises(InputError) as caught:
        ll.lessons.copies(given, audience="learner", to=out)
    told = [p.what for p in caught.value.problems]
    assert told == ["holds no notebook", "is not there", "is not a notebook that can be read", "is there already"]
    assert [p.name for p in out.rglob("*.ipynb")] == ["02-money.ipynb"]


def test_copies_that_are_there_are_written_over_only_when_asked(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "01-week.ipynb"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        ll.lessons.copies(folder / "01-week.ipynb", audience="learner", to=tmp_path)
    assert target.read_text(encoding="utf-8") == "mine"
    ll.lessons.copies(folder / "01-week.ipynb", audience="learner", to=tmp_path, force=True)
    assert sources(target)[0] == "# What to do?"


def test_an_authored_notebook_is_never_written_over(folder: Path) -> None:
    before = (folder / "01-week.ipynb").read_bytes()
    with pytest.raises(InputError, match="is an authored notebook itself"):
        ll.lessons.copies(folder, audience="learner", to=folder, force=True)
    assert (folder / "01-week.ipynb").read_bytes() == before


def test_two_notebooks_do_not_become_one_copy(folder: Path, tmp_path: Path) -> None:
    nbformat.write(case(), tmp_path / "01-week.ipynb")
    with pytest.raises(InputError, match="two notebooks would become this copy"):
        ll.lessons.copies([folder, tmp_path / "01-week.ipynb"], audience="learner", to=tmp_path / "out")


def test_nobody_but_the_three_audiences_gets_copies(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'learner'"):
        ll.lessons.copies(folder, audience="learners", to=tmp_path / "out")
    with pytest.raises(InputError, match="none is named"):
        ll.lessons.copies([], audience="learner", to=tmp_path / "out")
    assert AUDIENCES == copying.AUDIENCES


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (EXERCISE, [("99.1", ["week", "weeks"])]),
        ('lessons.check("99.2", None)', [("99.2", [])]),
        ('ll.lessons.check("99.1", a, f(x)[0])\nll.lessons.check("99.2", b)', [("99.1", ["f(x)[0]"]), ("99.2", [])]),
        ('ll.check("99.1", a)', []),
        ("ll.lessons.check(name, a)", []),
        ("ll.lessons.check(", []),
        ('print("ll.lessons.check(1)")', []),
    ],
)
def test_exercises_are_found_in_the_code(source: str, found: Any) -> None:
    assert copying.checked({"cell_type": "code", "source": source}) == found
    assert copying.checked({"cell_type": "markdown", "source": source}) == []


def test_the_command_writes_copies_and_names_them(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["copies", str(folder), "--to", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert done.output.splitlines() == [str(tmp_path / "out/01-week.ipynb"), str(tmp_path / "out/more/02-money.ipynb")]
    assert sources(tmp_path / "out/01-week.ipynb") == ["# What to do?", EXERCISE]


def test_the_command_says_what_is_wrong_without_a_call_stack(folder: Path, tmp_path: Path) -> None:
    CliRunner().invoke(cli, ["copies", str(folder), "--to", str(tmp_path / "out")])
    again = CliRunner().invoke(cli, ["copies", str(folder), "--to", str(tmp_path / "out")])
    assert again.exit_code == 2 and "2 problems found" in again.output and "--force" in again.output
    forced = CliRunner().invoke(cli, ["copies", str(folder), "--to", str(tmp_path / "out"), "--force"])
    assert forced.exit_code == 0
    none = CliRunner().invoke(cli, ["copies", "--to", str(tmp_path / "out")])
    assert none.exit_code == 2 and "none is named" in none.output
