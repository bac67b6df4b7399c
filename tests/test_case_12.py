"""Case 12: its keys follow the school at hand, its cells run where much is missing, and nothing gives answers away."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest

import leadlib as ll
from leadlib.blocks import Block
from leadlib.designs.decomposed import FRAME
from leadlib.lessons import case_12
from leadlib.lessons.keys import Choice, Number, keys
from leadlib.measures.groups import DISTRICT, SIMILAR
from leadlib.results import RESULT_COLUMNS, Missing, Result
from tools import notebooks

FILE = notebooks.NOTEBOOKS / "cases" / "12-two-gaps.ipynb"


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(FILE, as_version=4)


def run(notebook: Any, **parameters: Any) -> dict[str, Any]:
    """Run the code cells one by one, as a learner does; give every name that they made."""
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        exec(cell.source, names)
        if "parameters" in cell.metadata.get("tags", []):
            names.update(parameters)
    return names


@pytest.fixture(scope="module")
def default(notebook: Any) -> dict[str, Any]:
    return run(notebook)


def answer(name: str, given: Any, *results: Any) -> str:
    return ll.lessons.check(name, given, *results).plain()


AGREES = "agrees with the evidence"


def test_every_exercise_has_a_key_and_every_key_an_exercise(notebook: Any) -> None:
    asked = set(re.findall(r'check\("(12\.\d)"', "\n".join(c.source for c in notebook.cells)))
    assert asked == set(keys("12")) == {f"12.{k}" for k in range(1, 7)}


def test_twice_the_list_is_twice_the_luck(default: dict[str, Any]) -> None:
    assert AGREES in answer("12.1", 2 * 9 * 0.05, default["luck"])
    assert "as it stands" in answer("12.1", 9 * 0.05, default["luck"])


def test_the_share_inside_is_worked_out_from_the_two_means_of_every_school(default: dict[str, Any]) -> None:
    rows = default["attending"].pivot_table(index="school_id", columns="group", values=["n", "value"])
    n, r = rows["n"].to_numpy(), rows["value"].to_numpy()
    p = n / n.sum(axis=0)
    whole = (p[:, 1] * r[:, 1]).sum() - (p[:, 0] * r[:, 0]).sum()
    inside = ((r[:, 1] - r[:, 0]) * p.mean(axis=1)).sum()
    assert AGREES in answer("12.4", round(100 * inside / whole), default["parts"])
    assert "Take the other part" in answer("12.4", 100 - 100 * inside / whole, default["parts"])


def test_where_the_gap_is_not_told_from_zero_no_share_is_asked_for(default: dict[str, Any]) -> None:
    frame = default["parts"].frame.assign(share=np.nan)
    assert list(frame.columns) == list(FRAME)

    class Flat:
        pass

    flat = Flat()
    flat.frame = frame  # type: ignore[attr-defined]
    assert isinstance(case_12.share_inside(flat), Missing)


@pytest.mark.parametrize(("value", "low", "high"), [(0.3, 0.1, 0.5), (-0.3, -0.5, -0.1), (0.3, -0.1, 0.7)])
def test_the_worst_that_the_data_allow_is_the_lower_end_beside_similar_schools(
    value: float, low: float, high: float
) -> None:
    rows = [
        ("Mathematics", DISTRICT, -value, -high, -low, 9, "sd"),
        ("Mathematics", SIMILAR, value, low, high, 9, "sd"),
    ]
    beside = Result("gap", "Gap", pd.DataFrame(rows, columns=list(RESULT_COLUMNS)), "")
    found = case_12.against_similar(beside)
    assert isinstance(found, Number)
    assert found.value == low
    assert AGREES in answer("12.5", low, beside)
    assert "Which end is the worse" in answer("12.5", high, beside)
    assert "middle of the interval" in answer("12.5", value, beside)


def test_what_the_whole_list_takes_away_is_counted_in_both_intervals(default: dict[str, Any]) -> None:
    frame = default["found"].frame
    left = int(((frame["low"] > 0) | (frame["high"] < 0)).sum())
    alone = int(((frame["alone_low"] > 0) | (frame["alone_high"] < 0)).sum())
    assert alone > left  # or this school would teach nothing
    assert AGREES in answer("12.6", alone - left, default["found"])
    assert "intervals alone" in answer("12.6", alone, default["found"])


def test_no_hint_names_the_right_answer(default: dict[str, Any]) -> None:
    given = {"12.1": "luck", "12.2": "whole", "12.3": "both", "12.4": "parts", "12.5": "beside", "12.6": "found"}
    for name, result in given.items():
        key = keys("12")[name](default[result])
        hints = key.slips if isinstance(key, Number) else key.hints.values()
        for hint in hints:
            assert not re.search(r"\d", hint), hint
        if isinstance(key, Choice):
            assert set(key.rights).isdisjoint(key.hints)


def test_learners_outputs_hold_no_answer(notebook: Any, default: dict[str, Any]) -> None:
    key = case_12.share_inside(default["parts"])
    assert isinstance(key, Number)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "instructor" not in cell.metadata.get("tags", []):
            told = "".join(str(o.get("data", {}).get("text/plain", "")) for o in cell.outputs)
            assert f"{key.value:.1f}%" not in told
            assert not re.search(r"\b[abc] is right", told)


def test_the_list_is_frozen_before_the_school_is_opened(notebook: Any) -> None:
    code = [c.source for c in notebook.cells if c.cell_type == "code"]
    frozen = next(k for k, source in enumerate(code) if "ll.plan(" in source)
    assert frozen < next(k for k, source in enumerate(code) if "ll.school(" in source)


def test_a_list_frozen_to_a_file_says_where_it_was_left(notebook: Any, tmp_path: Path) -> None:
    first = next(c.source for c in notebook.cells if "ll.plan(" in c.source)
    file = tmp_path / "list.json"
    names = {"ll": ll, "pack": "cedar-valley", "outcome": "math", "second": "read", "plan_file": str(file)}
    exec(first, names)
    exec(first, longer := names | {"outcome": "index"})
    assert longer["plan"].changed  # type: ignore[attr-defined]
    assert longer["plan"].outcome[0] == "math"  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("pack", "school_id", "year", "lacks"),
    [
        ("cedar-valley", "990000100013", 2020, ("after",)),
        ("california-2000", "01611190130229", 1999, ("here", "parts", "both", "found", "beside", "after")),
        ("tennessee-star", "33", 1985, ("here", "both", "found", "beside")),
    ],
)
def test_a_school_that_lacks_something_gets_sentences(
    notebook: Any, pack: str, school_id: str, year: int, lacks: tuple[str, ...]
) -> None:
    names = run(notebook, pack=pack, school_id=school_id, year=year)
    for name in ("here", "parts", "both", "found", "beside", "after"):
        if name in lacks:
            assert isinstance(names[name], Missing), name
            assert re.fullmatch(r"[A-Z].+\.", names[name].text)
        elif name != "after":
            assert isinstance(names[name], Block) and not isinstance(names[name], Missing), name
