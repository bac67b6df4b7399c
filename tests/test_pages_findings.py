"""Findings: everything a report says, as plain data."""

import json
import math

import nbformat.v4 as v4
from pages_samples import TABLE, markdown, notebook, report, shown

from leadlib.blocks import Caption, Column, Notice, Prose, Stack, Table
from leadlib.pages import findings


def test_every_piece_comes_in_the_order_of_the_page():
    found = findings(report())["blocks"]
    assert [b["kind"] for b in found] == ["prose", "prose", "figure", "table", "prose", "notice"]


def test_tables_keep_shown_cells_and_the_numbers_behind_them():
    table = findings(report())["blocks"][3]
    assert (
        table["id"] == "similar"
        and table["cells"][0][1] == "1,640"
        and table["values"][0] == ["Lincoln", 1640.0, [10.0, 15.0]]
    )


def test_figures_keep_what_was_drawn():
    assert findings(report())["blocks"][2]["drawn"] == {"year": [1998, 1999], "value": [602.0, 640.0]}


def test_stacks_are_opened_and_captions_left_to_their_figure():
    cell = shown(Stack((Caption("A title"), Stack((TABLE, Notice("No."))), Prose(("Yes.",)))))
    assert [b["kind"] for b in findings(notebook(cell))["blocks"]] == ["table", "notice", "prose"]


def test_parameters_are_the_defaults_and_what_was_put_over_them():
    assert findings(report())["parameters"] == {"pack": "california-2000", "year": 1999}


def test_parameters_that_are_computed_or_broken_are_left_out_not_run():
    cell = v4.new_code_cell("a = 1\nb = a + 1\nc: str\nx, y = 1, 2\nid = '0100'", metadata={"tags": ["parameters"]})
    broken = v4.new_code_cell("a = = 2", metadata={"tags": ["injected-parameters"]})
    assert findings(notebook(cell, broken))["parameters"] == {"a": 1, "id": "0100"}


def test_title_is_the_heading_of_the_results_or_the_first_of_the_text():
    assert findings(report())["title"] == "Lincoln Elementary, 1999-00"
    assert findings(notebook(markdown("Words\n# A case\nmore")))["title"] == "A case"
    assert findings(notebook(markdown("Words")))["title"] is None


def test_a_missing_number_is_none_so_that_any_reader_of_json_takes_it():
    table = Table("t", "T", (Column("a", "A"),), (("-",),), ((math.nan,),))
    found = findings(notebook(shown(table)))
    assert found["blocks"][0]["values"] == [[None]]
    assert json.loads(json.dumps(found, sort_keys=True, allow_nan=False)) == found
