"""Run charts: the rules, and the file in which a school keeps its leading indicators."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from action_samples import Bare

import leadlib as ll
from leadlib.errors import InputError
from leadlib.measures.progress_files import read, template
from leadlib.measures.run_charts import follow, rules, run, runs_limits
from leadlib.results import Missing

UPS_AND_DOWNS = [3, 7, 2, 8, 4, 6, 9, 1, 7, 3, 8, 2]


def points(values) -> pd.DataFrame:
    days = pd.date_range("2022-09-05", periods=len(values), freq="7D").strftime("%Y-%m-%d")
    return pd.DataFrame({"when": days, "value": np.asarray(values, float)})


def signals(values, **more):
    return follow(points(values), label="Calls", **more).signals


def test_ups_and_downs_give_no_signal_but_perhaps_too_many_runs():
    assert "a shift" not in signals(UPS_AND_DOWNS)
    assert "a trend" not in signals(UPS_AND_DOWNS)


def test_six_on_one_side_are_a_shift_and_five_are_none():
    low, high = [4, 5, 3, 5, 4, 3], [9, 8, 9, 7, 9, 8]
    assert "a shift" in signals([*low, *high])
    five = [1, 9, 1, 9, 8, 9, 7, 9, 1, 2, 1, 2]
    assert "a shift" not in signals(five)


def test_points_on_the_median_neither_make_nor_break_a_shift():
    values = [5, 9, 8, 5, 9, 7, 8, 9, 1, 2, 3, 1, 2, 1, 5]
    made = follow(points(values), label="Calls")
    assert made.median == 5
    assert made.frame["side"].tolist()[:4] == [0, 1, 1, 0]
    assert made.frame["shift"].sum() == 12


def test_five_that_rise_are_a_trend_and_a_tie_is_passed_over():
    rising = [5, 2, 6, 3, 4, 4, 5, 7, 1, 6, 2, 5]
    made = follow(points(rising), label="Calls")
    assert "a trend" not in made.signals  # 3 4 5 7 are four different points
    rising[7:9] = [6, 7]
    assert "a trend" in follow(points(rising), label="Calls").signals


def test_limits_on_runs_are_those_of_every_order_counted_one_by_one():
    for above, below in ((5, 5), (6, 4), (3, 8)):
        orders = [o for o in product((0, 1), repeat=above + below) if sum(o) == above]
        counts = np.array([1 + sum(a != b for a, b in pairwise(o)) for o in orders])
        low, high = runs_limits(above, below, 0.05)
        assert (counts <= low).mean() <= 0.025 < (counts <= low + 1).mean()
        assert (counts >= high).mean() <= 0.025 < (counts >= high - 1).mean()


def test_fewer_than_ten_points_are_only_shown():
    made = follow(points([1, 2, 3, 4, 5, 6, 7]), label="Calls")
    assert made.signals == ()
    assert "from 10 on" in made.text


def test_the_median_is_of_the_points_before_the_work_began():
    values = [4, 6] * 6 + [9] * 6
    made = follow(points(values), label="Calls", start="2022-11-28")
    assert made.median == 5
    assert "a shift" in made.signals
    assert "before the work began" in made.text


def test_the_rules_name_their_source():
    assert "Perla" in rules()["source"]
    assert rules()["verified"] is False


def test_a_file_is_read_in_the_order_of_its_days_and_lines_without_a_value_wait(tmp_path):
    path = tmp_path / "progress.csv"
    path.write_text("date,indicator,value\n2022-09-12,Calls,7\n2022-09-05,Calls,4\n2022-09-19,Calls,\n", "utf-8")
    assert read(path)["value"].tolist() == [4.0, 7.0]
    made = run(Bare(), progress_file=str(path))
    assert made.label == "Calls"
    assert made.origin == "the progress file"


def test_one_file_serves_several_schools(tmp_path):
    path = tmp_path / "progress.csv"
    path.write_text("school_id,date,indicator,value\ns00,2022-09-12,Calls,7\ns01,2022-09-12,Calls,4\n", "utf-8")
    assert read(path, school_id="s00")["value"].tolist() == [7.0]
    assert isinstance(run(Bare("s05"), progress_file=str(path)), Missing)


def test_everything_wrong_with_a_file_is_said_at_once(tmp_path):
    path = tmp_path / "progress.csv"
    lines = ("date,indicator,value", "2022-9-5,Calls,4", "2022-09-12,,x", "2022-09-19,Calls,3", "2022-09-19,Calls,4")
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(InputError) as caught:
        read(path)
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    for part in ("line 2", "is no day", "line 3", "names no indicator", "is no number", "line 5", "repeats"):
        assert part in text


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "is empty"), (b"day,what\n1,2\n", "no column"), (b"\xff\xfe\x00", "UTF-8")]
)
def test_a_file_that_is_none_is_refused(tmp_path, content, said):
    path = tmp_path / "progress.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(path)


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="is not there"):
        read("nowhere.csv")


def test_an_unknown_indicator_is_refused(tmp_path):
    path = tmp_path / "progress.csv"
    path.write_text("date,indicator,value\n2022-09-12,Calls,7\n", "utf-8")
    with pytest.raises(InputError, match="did you mean 'Calls'"):
        run(Bare(), progress_file=str(path), indicator="Call")


def test_the_template_begins_on_a_monday_of_the_next_fall_and_can_be_read_back(tmp_path):
    made = template(Bare(year=2021), "Calls")
    assert made.cells[0] == ("2022-09-06", "Calls", "")
    path = tmp_path / "progress.csv"
    header = ",".join(c.label for c in made.columns)
    path.write_text("\n".join([header, *(",".join(row) for row in made.cells)]), "utf-8")
    assert read(path).empty


def test_without_a_file_the_pack_s_weeks_are_shown_up_to_the_school_s_year():
    made = run(ll.school("cedar-valley", "990000100004", 2021))
    assert len(made.frame) == 24
    assert made.frame["when"].str[:4].max() == "2021"


def test_a_pack_without_weeks_gets_a_sentence():
    assert "no weekly figures" in run(ll.school("tennessee-star", "01", 1988)).text
