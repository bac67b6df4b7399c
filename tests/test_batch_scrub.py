"""Executed notebooks without what differs from run to run."""

from __future__ import annotations

import nbformat
import pytest

from leadlib.engines.scrub import scrub

OUTPUTS = [
    (
        {"output_type": "stream", "name": "stderr", "text": "/x/ipykernel_123/772.py:1: UserWarning: hm"},
        "text",
        "cell-772.py:1: UserWarning: hm",
    ),
    ({"output_type": "stream", "name": "stderr", "text": "C:\\T\\ipykernel_9\\7.py:1: hm"}, "text", "cell-7.py:1: hm"),
    ({"output_type": "stream", "name": "stdout", "text": "<Axes at 0x7f12AB34>"}, "text", "<Axes at 0x0>"),
    (
        {"output_type": "error", "ename": "E", "evalue": "<X at 0x1>", "traceback": ["/x/ipykernel_1/2.py"]},
        "evalue",
        "<X at 0x0>",
    ),
    (
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["in /x/ipykernel_1/2.py line"]},
        "traceback",
        ["in cell-2.py line"],
    ),
    ({"output_type": "stream", "name": "stdout", "text": "at 10 o'clock, id 0x7f"}, "text", "at 10 o'clock, id 0x7f"),
]


def cell(**about: object) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell("1", **about)


@pytest.mark.parametrize(("output", "key", "clean"), OUTPUTS)
def test_process_numbers_and_addresses_are_taken_out_and_nothing_else(output: dict, key: str, clean: object) -> None:
    book = nbformat.v4.new_notebook(cells=[cell(outputs=[nbformat.from_dict(output)])])
    assert scrub(book, ()).cells[0].outputs[0][key] == clean


def test_pictures_and_html_are_let_be() -> None:
    data = {"text/html": "<b>at 0x7f12</b>", "text/plain": "at 0x7f12"}
    book = nbformat.v4.new_notebook(cells=[cell(outputs=[nbformat.v4.new_output("display_data", data=data)])])
    assert scrub(book, ()).cells[0].outputs[0].data == {"text/html": "<b>at 0x7f12</b>", "text/plain": "at 0x0"}


def test_times_and_papermills_notes_go_and_parameters_stay() -> None:
    metadata = {"papermill": {"duration": 1}, "execution": {"iopub.busy": "now"}, "tags": [], "kept": 1}
    book = nbformat.v4.new_notebook(
        cells=[cell(metadata=metadata)], metadata={"papermill": {"duration": 2, "parameters": {"year": 1999}}}
    )
    clean = scrub(book, ())
    assert clean.metadata == {"papermill": {"parameters": {"year": 1999}}} and clean.cells[0].metadata == {"kept": 1}


def test_ids_of_the_notebook_stay_and_new_ones_are_numbered() -> None:
    injected, banner = {"tags": ["injected-parameters"]}, {"tags": ["papermill-error-cell-tag"]}
    cells = [cell(id="a1", metadata=banner), cell(id="mine"), cell(id="x9", metadata=injected), cell(id="random")]
    book = scrub(nbformat.v4.new_notebook(cells=cells), ("mine",))
    assert [c.id for c in book.cells] == ["mine", "injected-parameters", "cell-2"]
