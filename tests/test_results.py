"""Results hold to their columns, show value, interval and n, and hand on what is missing."""

import pandas as pd
import pytest
from IPython.core.formatters import DisplayFormatter

from leadlib.results import Missing, Result, passes_missing, quiet_about_missing


def result(**options) -> Result:
    rows = [
        ("Reading", "This school", 61.0, 58.0, 64.0, 120, "pct"),
        ("Reading", "Similar schools", 55.5, None, None, 20, "pct"),
    ]
    table = pd.DataFrame(rows, columns=["measure", "group", "value", "low", "high", "n", "unit"])
    return Result("reading", "Reading scores", table, "Reading was 61.0%.", **options)


def test_a_long_table_shows_value_interval_and_n():
    table = result().block().parts[0]
    assert table.cells[0] == ("Reading", "This school", "61.0%", "58.0% to 64.0%", "120")
    assert table.cells[1][3] == "—"
    assert table.values[0] == ("Reading", "This school", 61.0, [58.0, 64.0], 120.0)


def test_a_wide_table_has_a_column_a_group_and_a_dash_where_a_group_has_no_value():
    shown = result(wide=True).block().parts[0]
    assert [c.label for c in shown.columns] == ["Measure", "This school", "Similar schools"]
    assert shown.cells == (("Reading", "61.0% (58.0% to 64.0%)", "55.5%"),)


def test_a_protected_cell_is_shown_as_its_text():
    base = result(wide=True)
    table = base.table.assign(shown=["under 8%", ""])
    assert Result("r", "t", table, "", wide=True).block().cells == (("Reading", "under 8%", "55.5%"),)


def test_a_result_without_its_columns_is_refused():
    with pytest.raises(TypeError, match="'unit'"):
        Result("r", "t", result().table.drop(columns="unit"), "")


def test_what_is_missing_is_handed_on_and_told_once_a_section():
    @passes_missing
    def double(a, *, b=0):
        return a * 2 + b

    @quiet_about_missing
    def draw(a, b=0):
        return a * 2 + b

    lost = Missing("Progress", "the pack has no targets.")
    assert double(2, b=1) == draw(2, 1) == 5
    show = DisplayFormatter().format
    for passed in (lost, double(lost), double(2, b=lost), double(draw(lost))):
        assert passed == lost
        assert show(passed)[0]["text/plain"] == "Progress is left out: the pack has no targets."
    for drawn in (draw(lost), draw(2, lost), draw(double(lost))):
        assert drawn == Missing("Progress", "the pack has no targets.", told=True)
        assert show(drawn) == ({}, {})
