"""What a notebook can be asked, and what is refused before it runs."""

from __future__ import annotations

from pathlib import Path

import batch_samples as samples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlib.batch import parameters
from leadlib.errors import InputError

CELL = """# what may be asked
pack: str = "tiny"
school_id: str = "010000500770"  # the id
year: int = 1999  # the fall; one of: 1998, 1999
audience: str = "principal"  # who reads it; one of: principal, board.
share: float = 0.5
deep: bool = False
group: str | None = None
design: Literal["did", "rd"] = "did"
untyped = 3
"""


@pytest.fixture
def declared() -> dict[str, parameters.Parameter]:
    return parameters.read_cell(CELL, "n.ipynb")


def problems_of(given: dict, declared: dict[str, parameters.Parameter]) -> list[str]:
    return [str(p) for p in parameters.check(given, declared, "here")[1]]


def test_types_defaults_help_and_allowed_values_are_read(declared: dict[str, parameters.Parameter]) -> None:
    assert [(p.name, p.type, p.default) for p in declared.values()] == [
        ("pack", "str", "tiny"),
        ("school_id", "str", "010000500770"),
        ("year", "int", 1999),
        ("audience", "str", "principal"),
        ("share", "float", 0.5),
        ("deep", "bool", False),
        ("group", "str", None),
        ("design", "str", "did"),
        ("untyped", "int", 3),
    ]
    assert declared["year"].allowed == (1998, 1999)
    assert declared["audience"].allowed == ("principal", "board")
    assert declared["design"].allowed == ("did", "rd")
    assert declared["school_id"].help == "the id"


@pytest.mark.parametrize("text", ["010000500770", "4.8E+11", "NO", "null", "1e5", " 7 ", "0x10", "true", "\u2028", "'"])
def test_a_text_parameter_keeps_every_letter(text: str, declared: dict[str, parameters.Parameter]) -> None:
    assert parameters.convert(text, declared["pack"]) == text


@given(st.text())
def test_no_text_is_ever_changed(text: str) -> None:
    assert parameters.convert(text, parameters.Parameter("x", "str", "")) == text


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("year", "1998", 1998),
        ("year", " 1999 ", 1999),
        ("share", "0.25", 0.25),
        ("share", "1e-2", 0.01),
        ("share", "3", 3.0),
        ("deep", "YES", True),
        ("deep", "no", False),
        ("deep", "true", True),
        ("group", "", None),
        ("group", "None", None),
        ("group", "EL", "EL"),
        ("design", "rd", "rd"),
    ],
)
def test_a_typed_text_becomes_its_value(
    name: str, text: str, value: object, declared: dict[str, parameters.Parameter]
) -> None:
    made = parameters.convert(text, declared[name])
    assert (made, type(made)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("year", "1999.0"),
        ("year", "19x9"),
        ("year", "4.8E+11"),
        ("year", "1_999"),
        ("year", "\u0661"),
        ("year", ""),
        ("year", True),
        ("year", 1999.0),
        ("share", "half"),
        ("share", "nan"),
        ("share", "1e999"),
        ("share", float("inf")),
        ("deep", "2"),
        ("deep", 1),
        ("pack", 7),
        ("pack", None),
        ("school_id", 10000500770),
        ("untyped", "x"),
        ("untyped", True),
    ],
)
def test_a_value_of_another_type_is_refused(
    name: str, value: object, declared: dict[str, parameters.Parameter]
) -> None:
    (problem,) = problems_of({name: value}, declared)
    assert f"parameter {name!r}" in problem and " is not " in problem


def test_a_value_that_is_not_allowed_is_refused_with_the_nearest(declared: dict[str, parameters.Parameter]) -> None:
    assert problems_of({"audience": "prncipal"}, declared) == [
        "here: parameter 'audience': 'prncipal' is not a value it takes; did you mean 'principal'?"
    ]


def test_a_misspelt_name_is_refused_with_the_nearest(declared: dict[str, parameters.Parameter]) -> None:
    assert problems_of({"audence": "board"}, declared) == [
        "here: the notebook has no parameter 'audence' -> did you mean 'audience'?"
    ]


@pytest.mark.parametrize("name", ["a b", "1x", "x=1\nimport os;os.system('true')\ny", "class", "", "a-b", "a.b"])
def test_a_name_that_is_no_name_is_refused(name: str, declared: dict[str, parameters.Parameter]) -> None:
    (problem,) = problems_of({name: "1"}, declared)
    assert "cannot be the name of a parameter" in problem


def test_all_that_is_wrong_is_told_at_once_and_the_rest_is_kept(declared: dict[str, parameters.Parameter]) -> None:
    values, problems = parameters.check({"yaer": "1", "share": "x", "deep": "yes"}, declared, "here")
    assert values == {"deep": True} and len(problems) == 2


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("year: int = 'x'", "is not a whole number"),
        ("year: int", "no default"),
        ("a = [1]", "cannot be given"),
        ("a: str = 'x'  # one of: y, z", "is not a value it takes"),
        ("a: int = open('x')", "line 1: a: "),
        ("a: str = ", "not Python"),
        ("a: Path = 'x'", "cannot be given"),
    ],
)
def test_a_parameters_cell_that_cannot_be_read_is_refused(cell: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parameters.read_cell(cell, "n.ipynb")


def test_a_notebook_without_a_parameters_cell_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no cell is tagged 'parameters'"):
        parameters.read(samples.notebook(tmp_path / "n.ipynb", parameters=None))


def test_a_notebook_with_one_is_read(tmp_path: Path) -> None:
    assert list(parameters.read(samples.notebook(tmp_path / "n.ipynb"))) == [
        "pack",
        "school_id",
        "year",
        "audience",
        "share",
        "deep",
    ]


def test_a_notebook_of_another_language_is_refused(tmp_path: Path) -> None:
    path = samples.notebook(tmp_path / "n.ipynb")
    text = path.read_text(encoding="utf-8").replace('"language": "python"', '"language": "R"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not in Python"):
        parameters.read(path)


@pytest.mark.parametrize("content", ["", "{}", "no", '{"cells": 1, "nbformat": 4}', "\0"])
def test_a_file_that_is_no_notebook_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError):
        parameters.read(path)


def test_a_notebook_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such notebook"):
        parameters.read(tmp_path / "n.ipynb")
