"""A principal's week: compositions by hand, weeks that are not whole, intervals that hold, what may not be shown."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student_t
from time_truth import Made

from leadlib import charts
from leadlib.errors import InputError
from leadlib.measures import time, timelogs
from leadlib.measures.groups import SIMILAR
from leadlib.measures.time_weeks import reliability
from leadlib.results import Missing

KINDS = list(timelogs.activities())
DAY, PROGRAM = "day-to-day instruction", "instructional program"
WEEK = {"administration": 900, "organization management": 700, DAY: 300, PROGRAM: 200, "internal relations": 500,
        "external relations": 100, "other": 300}  # fmt: skip


def logged(minutes=WEEK, *, walked=150, coached=60, in_program=20, school="A", year=2021, week=1):
    """Give one logged week, as `principal_time` holds it."""
    rows = [(school, year, week, kind, float(m), np.nan, np.nan) for kind, m in minutes.items()]
    frame = pd.DataFrame(
        rows, columns=["school_id", "year", "week", "activity", "minutes", "walkthrough_min", "coaching_min"]
    )
    frame.loc[frame["activity"] == DAY, ["walkthrough_min", "coaching_min"]] = walked, coached - in_program
    frame.loc[frame["activity"] == PROGRAM, "coaching_min"] = in_program
    return frame


def moved(by, **changes):
    """Give the week with minutes moved from administration to organization, or other changes."""
    return WEEK | {"administration": 900 - by, "organization management": 700 + by} | changes


def school_of(log, year=2021, school="A", **tables):
    places = sorted(log["school_id"].unique())
    base = {"schools": pd.DataFrame({"school_id": places, "leaid": "1", "school_level": "Primary"})}
    return Made(base | {"principal_time": log} | tables, school, year)


def weeks_of(school="A", shifts=(-200, -100, 0, 100, 200), **more):
    return pd.concat([logged(moved(s), school=school, week=k + 1, **more) for k, s in enumerate(shifts)])


def peers(*ids):
    return SimpleNamespace(school_ids=ids)


def test_shares_are_geometric_means_over_weeks_closed_to_100():
    found = time.week(school_of(weeks_of())).table.query("group == 'This school'").set_index("measure")
    part = {k: math.exp(np.mean([math.log(moved(s)[k]) for s in (-200, -100, 0, 100, 200)])) for k in KINDS}
    for kind, label in timelogs.activities().items():
        assert found.loc[label, "value"] == pytest.approx(100 * part[kind] / sum(part.values()))
    assert found["value"].sum() == pytest.approx(100)
    assert found["minutes"].sum() == pytest.approx(3000) and (found["n"] == 5).all()
    assert (found["low"] < found["value"]).all() and (found["value"] < found["high"]).all()


def test_a_kind_without_a_minute_is_taken_as_65_percent_of_a_step():
    minutes = WEEK | {"external relations": 0, "other": 400}
    found = time.week(school_of(logged(minutes))).table.query("group == 'This school'").set_index("measure")
    assert found.loc["External relations", "value"] == pytest.approx(100 * 3.25 / 3000)
    assert found.loc["Administration", "value"] == pytest.approx(30 * (1 - 3.25 / 3000))
    assert found["low"].isna().all(), "one week has no interval"


def test_weeks_that_lack_a_kind_or_do_not_add_up_are_left_out_and_named():
    short = {k: m for k, m in WEEK.items() if k != "other"}
    log = pd.concat([weeks_of(), logged(short, week=8), logged(moved(0, other=700), week=9)])
    staff = pd.DataFrame({"school_id": ["A"], "year": [2021], "principal_week_min": [3000]})
    found = time.week(school_of(log, staff_years=staff))
    assert (found.table.query("group == 'This school'")["n"] == 5).all()
    assert "Weeks 8 and 9 of the log are left out" in found.text
    whole = time.week(school_of(weeks_of(), staff_years=staff))
    assert "each week adds up" in whole.text and "left out" not in whole.text


def test_a_part_larger_than_its_whole_is_no_whole_week():
    log = pd.concat([weeks_of(), logged(walked=290, coached=80, week=9)])
    assert "Week 9 of the log is left out" in time.week(school_of(log)).text


def test_similar_schools_have_the_center_of_their_centers_and_quartiles_of_their_shares():
    others = pd.concat([weeks_of(name, (100 * k,)) for k, name in enumerate("BCDE")])
    found = time.week(school_of(pd.concat([weeks_of(), others])), peers(*"BCDE", "Z"))
    row = found.table.query("group == 'Similar schools'").set_index("measure").loc["Administration"]
    logs = np.log([[moved(100 * k)[kind] for kind in KINDS] for k in range(4)])
    center = np.exp(logs.mean(axis=0))
    assert row["value"] == pytest.approx(100 * center[KINDS.index("administration")] / center.sum())
    shares = [100 * (900 - 100 * k) / 3000 for k in range(4)]
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(shares, [0.25, 0.75])))
    assert row["n"] == 4
    few = time.week(school_of(pd.concat([weeks_of(), others])), peers("B", "C"))
    assert not (few.table["group"] == SIMILAR).any()


def test_the_published_shares_add_up_and_are_marked_unverified():
    found = time.week(school_of(weeks_of()))
    study = found.table[found.table["group"].str.contains("study")]
    assert study["value"].sum() == pytest.approx(100, abs=0.5) and len(study) == 7
    assert "unverified" in study["group"].iloc[0] and any("unverified" in limit for limit in found.limits)


def test_intervals_of_shares_hold_the_true_composition_as_often_as_they_say():
    rng, true, held = np.random.default_rng(5), np.array([0.30, 0.25, 0.04, 0.06, 0.15, 0.02, 0.18]), []
    for _ in range(1500):
        shares = true * np.exp(rng.normal(0, 0.35, (8, 7)))
        low, high = timelogs.share_intervals(timelogs.clr(3000 * shares / shares.sum(axis=1, keepdims=True)))
        held.append((low <= 100 * true) & (100 * true <= high))
    np.testing.assert_allclose(np.mean(held, axis=0), 0.95, atol=0.02)


@pytest.mark.parametrize("df", [3, 4, 7, 15, 40, 10**6])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_t_quantiles_are_those_of_the_distribution(df, level):
    assert timelogs.student(df, level) == pytest.approx(student_t.ppf(0.5 + level / 2, df), abs=0.005)


def taught(n, school="A", year=2021, formal=90):
    """Give n teachers, each with a formal observation and a walkthrough."""
    who = [f"{school}{k}" for k in range(n)]
    teachers = pd.DataFrame({"teacher_id": who, "school_id": school, "year": year})
    seen = pd.concat([teachers.assign(kind=k, observation_min=m) for k, m in (("formal", formal), ("walkthrough", 10))])
    return {"teachers": teachers, "observations": seen}


def test_instruction_parts_add_up_and_observation_is_hours_a_teacher():
    found = time.instruction(school_of(weeks_of(), **taught(10))).table.set_index("measure")
    assert found["value"].to_dict() == pytest.approx(
        {"Walkthroughs": 150, "Coaching of teachers": 60, "Other day-to-day instruction": 110,
         "Instructional program": 180, "All instruction": 500, "Formal observation, hours a teacher a year": 1.5}
    )  # fmt: skip
    assert found.loc["Formal observation, hours a teacher a year", "n"] == 10


def test_the_posts_that_minutes_are_shared_among_are_told_where_the_pack_counts_them():
    staff = pd.DataFrame({"school_id": ["A", "A", "B"], "year": [2020, 2021, 2021], "teachers_fte": [9.0, 12.5, 7.0]})
    assert "counts 12.50 full-time posts of teachers" in time.instruction(school_of(weeks_of(), staff_years=staff)).text
    unknown = staff.assign(teachers_fte=np.nan)
    for tables in ({}, {"staff_years": unknown}, {"staff_years": staff.drop(columns="teachers_fte")}):
        assert "posts" not in time.instruction(school_of(weeks_of(), **tables)).text


def test_the_note_speaks_of_similar_schools_only_where_there_are_some():
    log = school_of(pd.concat([weeks_of(), *(weeks_of(name) for name in "BCDE")]))
    for told in (time.week, time.instruction):
        assert "Similar schools" in told(log, peers(*"BCDE")).note
        assert "Similar schools" not in told(log, peers("B")).note


def test_observation_of_fewer_than_ten_teachers_is_not_shown():
    found = time.instruction(school_of(weeks_of(), **taught(9)))
    assert not found.table["measure"].str.contains("observation").any()
    assert "fewer than 10 teachers" in found.text and "1.5" not in found.plain()
    others = pd.concat([weeks_of(name) for name in "BCDE"])
    tables = [
        taught(n, name, formal=60 * (k + 1)) for k, (name, n) in enumerate(zip("BCDE", (20, 20, 20, 5), strict=True))
    ]
    tables.append(taught(9))
    both = {t: pd.concat([made[t] for made in tables]) for t in ("teachers", "observations")}
    beside = time.instruction(school_of(pd.concat([weeks_of(), others]), **both), peers(*"BCDE")).table
    row = beside[beside["measure"].str.contains("observation")].iloc[0]
    assert (row["group"], row["value"], row["n"]) == (SIMILAR, 2.0, 3)


def test_reliability_is_the_intraclass_correlation_of_a_one_way_analysis():
    values = {"A": [10, 14, 12, 16], "B": [30, 26, 28, 32], "C": [18, 22, 20, 24]}
    frame = pd.DataFrame(
        [(s, w, v) for s, vs in values.items() for w, v in enumerate(vs)], columns=["school_id", "week", "x"]
    )
    inside = np.mean([np.var(vs, ddof=1) for vs in values.values()])
    between = 4 * np.var([np.mean(vs) for vs in values.values()], ddof=1)
    one, several, deviation, n = reliability(frame, "x")
    assert one == pytest.approx((between - inside) / (between + 3 * inside))
    assert several == pytest.approx((between - inside) / between)
    assert (deviation, n) == (pytest.approx(math.sqrt(inside)), 3)
    equal = frame.assign(x=frame["week"] * 1.0)
    assert reliability(equal, "x")[:2] == (0.0, 0.0), "schools that do not differ are told apart by nothing"


def test_one_week_against_several_and_how_many_to_log():
    log = pd.concat([
        pd.concat([logged(WEEK | {PROGRAM: 200 + base + s, "other": 300 - base - s}, school=name, week=k + 1)
                   for k, s in enumerate((-60, -20, 20, 60))])
        for name, base in zip("ABCD", (0, 20, 40, 60), strict=True)
    ])  # fmt: skip
    found = time.weeks(school_of(log), within=30)
    rows = found.table.set_index("group")
    assert rows.loc["Mean of 4 logged weeks", "value"] == 500
    single = rows.loc["A single week, lowest to highest"]
    assert (single["low"], single["high"]) == (440, 560)
    unbounded = (1.959964 * math.sqrt(8000 / 3) / 30) ** 2
    needed = math.ceil(unbounded / (1 + unbounded / 36))
    assert rows.loc["Weeks to log, to come within 30 minutes", "value"] == needed == 9
    assert f"about {needed} weeks would have to be logged" in found.text
    assert charts.weeks(found).title == "A single week shows anything from 440 to 560 minutes of instruction"
    assert time.weeks(school_of(log), within=1e6).table["value"].iloc[-1] == 1
    with pytest.raises(InputError, match="nothing that the log holds"):
        time.weeks(school_of(log), of="meetings")
    with pytest.raises(InputError, match="not above zero"):
        time.weeks(school_of(log), within=0)


def test_what_a_school_lacks_is_told_in_a_sentence():
    bare = Made({"schools": pd.DataFrame({"school_id": ["A"]})}, "A")
    for found in (time.week(bare), time.instruction(bare), time.weeks(bare), time.panel(bare)):
        assert isinstance(found, Missing) and "no log of principals" in found.text
    later = time.week(school_of(weeks_of(), year=2022))
    assert isinstance(later, Missing) and "kept no log in this year; there is one for 1 other year" in later.text
    few = time.weeks(school_of(weeks_of(shifts=(0, 100))))
    assert isinstance(few, Missing) and "has only 2 whole weeks" in few.text
    blank = weeks_of(walked=np.nan, coached=np.nan, in_program=np.nan)
    unparted = time.instruction(school_of(blank))
    assert "does not part them into kinds" in unparted.text
    assert isinstance(time.weeks(school_of(blank), of="coaching"), Missing)


def outcome_tables(values, sd, n):
    """Give an outcome of schools A to D in 2021."""
    measures = pd.DataFrame({"measure": ["math"], "label": ["Mathematics, mean score"], "unit": ["score"],
                             "comparable_over_years": [True], "value_low": [0.0], "value_high": [1000.0]})  # fmt: skip
    rows = pd.DataFrame({"school_id": list("ABCD"), "year": 2021, "measure": "math", "grade": "All", "group": "All",
                         "value": values, "value_sd": sd, "tested_n": n})  # fmt: skip
    return {"measures": measures, "outcomes": rows}


def test_the_panel_is_in_pupil_deviations_and_in_the_units_of_the_planted_slopes():
    values, sd, n = np.array([640.0, 650, 660, 700]), np.array([40.0, 36, 44, 40]), np.array([100.0, 50, 150, 9])
    log = pd.concat([weeks_of(name) for name in "ABCD"])
    need = pd.DataFrame({"school_id": list("ABCD"), "year": 2021, "enrollment": 400,
                         "free_or_reduced_price_lunch_pct": [30.0, 1.0, 50, 60],
                         "english_language_learners_pct": [10.0, 20, 30, 40]})  # fmt: skip
    found = time.panel(school_of(log, **outcome_tables(values, sd, n), **taught(12), school_years=need), "math")
    assert list(found["school_id"]) == ["A", "B", "C"], "nine pupils stand behind nothing that is shown"
    mean = np.average(values[:3], weights=n[:3])
    spread = math.sqrt(np.average(sd[:3] ** 2 + (values[:3] - mean) ** 2, weights=n[:3]))
    np.testing.assert_allclose(found["outcome_sd"], (values[:3] - mean) / spread)
    first = found.iloc[0]
    assert (first["walkthrough_hours"], first["coaching_hours"]) == (2.5, 1.0)
    assert first["instruction_hours"] == pytest.approx(440 / 60)
    assert first["other_instruction_hours"] == pytest.approx(290 / 60)
    assert first["organization_tenths"] == pytest.approx(7000 / 3000)
    assert first["evaluation_hours"] == 1.5
    assert found["free_or_reduced_price_lunch_pct"].iloc[1] == 1.25, "4 of 400 pupils are not shown: under 2.5%"
    assert first["log_size"] == pytest.approx(math.log(400))


def test_the_noise_of_logged_means_is_the_pooled_covariance_of_weeks_over_their_number():
    rng, parts = np.random.default_rng(2), []
    for name, weeks in (("A", 4), ("B", 5), ("C", 6), ("D", 8)):
        for w in range(weeks):
            shift = int(rng.integers(-100, 100))
            minutes = moved(shift, **{DAY: 300 + int(rng.integers(-50, 50))})
            parts.append(logged(minutes, school=name, week=w, walked=float(rng.integers(80, 180))))
    log = pd.concat(parts)
    made = school_of(log, **outcome_tables(np.array([640.0, 650, 660, 700]), np.full(4, 40.0), np.full(4, 100.0)))
    found = time.panel(made, "math")
    first, second = "walkthrough_hours", "organization_tenths"
    whole = log.assign(total=log.groupby(["school_id", "week"])["minutes"].transform("sum"))
    walks = whole[whole["activity"] == DAY].set_index(["school_id", "week"])["walkthrough_min"] / 60
    tenths = (10 * whole["minutes"] / whole["total"])[whole["activity"] == "organization management"].to_numpy()
    both = pd.DataFrame({first: walks, second: pd.Series(tenths, index=walks.index)})
    apart = both - both.groupby("school_id").transform("mean")
    expected = float((apart[first] * apart[second]).sum()) / (23 - 4) * np.mean([1 / 4, 1 / 5, 1 / 6, 1 / 8])
    assert found.attrs["noise"][first][second] == pytest.approx(expected)
    assert found.attrs["noise"][second][first] == pytest.approx(expected)
    variance = float((apart[first] ** 2).sum()) / 19 * np.mean([1 / 4, 1 / 5, 1 / 6, 1 / 8])
    means = both.groupby("school_id")[first].mean()
    assert found.attrs["reliability"][first] == pytest.approx(max(0, 1 - variance / means.var(ddof=1)))


def test_an_unknown_outcome_is_told_in_a_sentence():
    tables = outcome_tables(np.full(4, 650.0), np.full(4, 40.0), np.full(4, 100.0))
    found = time.panel(school_of(weeks_of(), **tables), "art")
    assert isinstance(found, Missing) and "'art'" in found.text


def test_figures_name_the_numbers_and_stay_quiet_where_there_is_none():
    found = time.week(school_of(weeks_of()))
    figure = charts.composition(found)
    assert figure.title.startswith("Instructional work takes 16.") and "similar" not in figure.title
    assert "This school: day-to-day instruction" in figure.alt and "study (unverified)" in figure.alt
    absent = charts.weeks(Missing("The log", "there is none."))
    assert isinstance(absent, Missing) and absent.told


def test_what_is_held_constant_comes_with_the_panel_and_is_handed_on_where_there_is_none():
    tables = outcome_tables(np.array([640.0, 650, 660, 700]), np.full(4, 40.0), np.full(4, 100.0))
    panel = time.panel(school_of(pd.concat([weeks_of(name) for name in "ABCD"]), **tables), "math")
    assert time.held(panel)["noise"] == panel.attrs["noise"] and time.held(panel)["covariates"] == panel.attrs["needs"]
    assert time.held(Missing("The log", "there is none.")) == {}
