"""The simulated district's tables belong together: every sum adds up, every link holds, at any size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from leadlib import simulate as sim
from leadlib.errors import InputError
from leadlib.simulate.planted import rows
from leadlib.tables import standard
from leadlib.tables.packs import load, package
from leadlib.tables.reading import parse
from leadlib.tables.school import school

Tables = dict[str, pd.DataFrame]
ROOT = Path(__file__).resolve().parents[1]
KEYS = ["school_id", "year"]
SECONDS = 30.0
"""For 1,000 schools and 8 years; it takes about 5 on one core of 2026, and a shared runner may be slow."""
PACK_BYTES = 3_000_000


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Give a district of its own size and seed."""
    return sim.simulate(40, 6, seed=5)


@pytest.fixture(scope="module")
def enrollment(tables: Tables) -> pd.Series:
    return tables["school_years"].set_index(KEYS)["enrollment"]


def same(left: pd.Series, right: pd.Series) -> None:
    """Hold two sums by the same index to be equal, cell for cell."""
    pd.testing.assert_series_equal(left.sort_index(), right.sort_index(), check_names=False, check_dtype=False)


def test_pupils_by_grade_race_and_sex_add_up_to_the_enrollment(tables: Tables, enrollment: pd.Series) -> None:
    same(tables["enrollment"].groupby(KEYS)["enrollment"].sum(), enrollment)


def test_budget_lines_add_up_to_the_school_and_the_district(tables: Tables) -> None:
    lines, budget = tables["budget_lines"], tables["budget"]
    own = lines[lines["school_id"].notna()]
    same(own.groupby(KEYS)["spend_usd"].sum(), budget.set_index(KEYS)["spend_usd"])
    central = lines[lines["school_id"].isna()]
    total = lines.groupby("year")["spend_usd"].sum()
    same(budget.groupby("year")["spend_usd"].sum() + central.groupby("year")["spend_usd"].sum(), total)
    assert (central["unit_id"] == central["leaid"]).all()


def test_spending_per_pupil_is_the_total_over_the_enrollment(tables: Tables, enrollment: pd.Series) -> None:
    budget = tables["budget"].set_index(KEYS)
    np.testing.assert_allclose(
        budget["spend_per_pupil_usd"], budget["spend_usd"] / enrollment.reindex(budget.index), atol=0.005
    )
    parts = budget["spend_federal_per_pupil_usd"] + budget["spend_state_local_per_pupil_usd"]
    np.testing.assert_allclose(parts, budget["spend_per_pupil_usd"], atol=0.005)
    instruction = (
        tables["budget_lines"].query("function == 'exp_current_instruction_total'").groupby(KEYS)["spend_usd"].sum()
    )
    expected = instruction / enrollment.reindex(instruction.index)
    np.testing.assert_allclose(budget["spend_instruction_per_pupil_usd"].reindex(expected.index), expected, atol=0.005)


def test_teachers_salaries_fit_into_the_salaries_of_instruction(tables: Tables) -> None:
    paid = tables["teachers"].groupby(KEYS)["salary_usd"].sum()
    line = tables["budget_lines"].query("function == 'exp_current_instruction_total' and object == 'salaries'")
    share = paid / line.set_index(KEYS)["spend_usd"]
    assert share.between(0.4, 1).all()


def test_visits_and_cycles_fall_on_school_days(tables: Tables) -> None:
    for name, column in (("observations", "date"), ("coaching_cycles", "start_date"), ("coaching_cycles", "end_date")):
        day = pd.to_datetime(tables[name][column])
        assert (day.dt.day_of_week < 5).all()
        fall = tables[name]["year"]
        assert (day >= pd.to_datetime(fall.astype(str) + "-09-01")).all()
        assert (day <= pd.to_datetime((fall + 1).astype(str) + "-06-15")).all()
        assert not ((day.dt.month == 12) & (day.dt.day > 24)).any()


def test_some_schools_are_small() -> None:
    for seed in (1, 2, 3):
        size = sim.simulate(60, 1, seed=seed)["school_years"]["enrollment"]
        assert size.min() < 100 < size.median()


def test_minutes_of_a_logged_week_add_up_to_the_working_week(tables: Tables) -> None:
    log = tables["principal_time"]
    weeks = log.groupby([*KEYS, "week"])["minutes"].sum().reset_index()
    hours = weeks.merge(tables["staff_years"][[*KEYS, "principal_week_min"]], on=KEYS)
    assert len(hours) == 8 * len(tables["staff_years"])
    assert (hours["minutes"] == hours["principal_week_min"]).all()
    inside = log[["walkthrough_min", "coaching_min"]].fillna(0).sum(axis=1)
    assert (inside <= log["minutes"]).all()
    assert log.loc[log["activity"] == "administration", "coaching_min"].isna().all()


def test_bells_follow_one_another_and_fill_the_day(tables: Tables) -> None:
    bells = tables["bells"]
    start, end = (pd.to_timedelta(bells[c] + ":00").dt.total_seconds() / 60 for c in ("start_time", "end_time"))
    assert (end - start == bells["minutes"]).all()
    same(bells.groupby(KEYS)["minutes"].sum(), tables["school_years"].set_index(KEYS)["day_min"])
    ordered = bells.assign(start=start, end=end).sort_values([*KEYS, "start", "end"])
    before = ordered.groupby(KEYS)["end"].shift()
    assert (ordered["start"] == before)[before.notna()].all()


def test_every_pupil_sits_in_one_class_in_every_period(tables: Tables, enrollment: pd.Series) -> None:
    sections = tables["sections"]
    grade = tables["enrollment"].groupby([*KEYS, "grade"])["enrollment"].sum()
    seats = sections.groupby([*KEYS, "grade", "period"])["enrolled_n"].sum().reset_index()
    seats = seats.join(grade, on=[*KEYS, "grade"])
    assert (seats["enrolled_n"] == seats["enrollment"]).all()
    assert set(map(tuple, seats[[*KEYS, "grade"]].to_numpy())) == set(grade.index)
    assert (sections["enrolled_n"] <= sections["capacity_n"]).all()


def test_no_teacher_and_no_room_is_taken_twice_in_a_period(tables: Tables) -> None:
    sections = tables["sections"]
    assert not sections.duplicated(["teacher_id", "year", "period"]).any()
    assert not sections.duplicated([*KEYS, "room", "period"]).any()
    assert sections.groupby(["teacher_id", "year"]).size().max() <= 5
    at_home = sections.merge(tables["teachers"], on=["teacher_id", "year"], suffixes=("", "_own"))
    assert len(at_home) == len(sections)
    assert (at_home["school_id"] == at_home["school_id_own"]).all()


def test_attendance_stays_within_the_enrollment_and_groups_add_up(tables: Tables, enrollment: pd.Series) -> None:
    away = tables["attendance"]
    same(away[away["group"] == "All"].set_index(KEYS)["enrolled_n"], enrollment)
    for column in ("absent_10_pct_n", "absent_15_days_n"):
        assert (away[column] <= away["enrolled_n"])[away[column].notna()].all()
        wide = away.pivot_table(index=KEYS, columns="group", values=column).dropna(subset=["All", "Female", "Male"])
        assert (wide["Female"] + wide["Male"] == wide["All"]).all()
        assert len(wide) > 100
    both = away.dropna(subset=["absent_10_pct_n", "absent_15_days_n"])
    assert (both["absent_15_days_n"] >= both["absent_10_pct_n"]).all()
    race = tables["enrollment"].groupby([*KEYS, "race"])["enrollment"].sum()
    named = away.set_index([*KEYS, "group"])["enrolled_n"]
    common = named.index.intersection(race.index)
    assert (named[common] == race[common]).all()
    assert len(common) > 1000


def test_discipline_stays_within_the_enrollment_and_kinds_add_up(tables: Tables) -> None:
    acts = tables["discipline"]
    known = acts.dropna(subset=["pupils_n"])
    assert (known["pupils_n"] <= known["enrolled_n"]).all()
    assert (known["incidents_n"] >= known["pupils_n"]).all()
    wide = acts.pivot_table(index=[*KEYS, "group"], columns="action", values=["pupils_n", "incidents_n"])
    for what in ("pupils_n", "incidents_n"):
        part = wide[what].dropna()
        total = part["one out-of-school suspension"] + part["more than one out-of-school suspension"]
        assert (total == part["out-of-school suspension"]).all()
        assert len(part) > 50


def test_course_access_stays_within_who_is_eligible_and_agrees_with_the_sections(tables: Tables) -> None:
    access = tables["course_access"]
    known = access.dropna(subset=["enrolled_n"])
    assert (known["enrolled_n"] <= known["eligible_n"]).all()
    assert (known["passed_n"] <= known["enrolled_n"]).all()
    ready = known.dropna(subset=["ready_n"])
    assert (ready["enrolled_n"] <= ready["ready_n"]).all() and (ready["ready_n"] <= ready["eligible_n"]).all()
    algebra = access.query("course == 'algebra_1_grade_8' and group == 'All'").set_index(KEYS)
    classes = tables["sections"].query("course == 'Algebra 1'").groupby(KEYS)["enrolled_n"]
    counted = algebra["enrolled_n"].dropna()
    same(classes.sum().reindex(counted.index), counted)
    same(classes.size().reindex(algebra.index).fillna(0), algebra["sections_n"])
    eighth = tables["enrollment"].query("grade == '8'").groupby(KEYS)["enrollment"].sum()
    same(algebra["eligible_n"], eighth)


def test_staff_figures_are_those_of_the_teachers(tables: Tables) -> None:
    staff, teachers = tables["staff_years"].set_index(KEYS), tables["teachers"]
    by = teachers.groupby(KEYS)
    same(by.size(), staff["teachers_fte"])
    np.testing.assert_allclose(
        staff["teacher_experience_years"], by["experience_years"].mean().reindex(staff.index), atol=0.051
    )
    known = teachers.dropna(subset=["left_next_year"])
    gone = 100 * known["left_next_year"].astype(float).groupby([known["school_id"], known["year"]]).mean()
    np.testing.assert_allclose(staff["teachers_left_pct"].reindex(gone.index), gone, atol=0.051)


def test_who_left_is_not_at_the_school_the_next_year(tables: Tables) -> None:
    teachers = tables["teachers"]
    after = teachers[["teacher_id", "school_id", "year", "experience_years"]].assign(year=teachers["year"] - 1)
    both = teachers.merge(after, on=["teacher_id", "year"], how="left", suffixes=("", "_next"))
    known = both[both["left_next_year"].notna()]
    assert ((known["school_id"] != known["school_id_next"]) == known["left_next_year"].astype(bool)).all()
    assert (known["school_id_next"].notna() == known["next_year"].isin(["stays", "moves in the district"])).all()
    stays = known[known["school_id_next"].notna()]
    assert (stays["experience_years_next"] == stays["experience_years"] + 1).all()
    assert both.loc[both["left_next_year"].isna(), "year"].eq(teachers["year"].max()).all()
    assert set(teachers["next_year"].dropna()) == {"stays", "moves in the district", "leaves the district", "retires"}


def test_coaching_and_observations_belong_to_a_teacher_of_that_school_and_year(tables: Tables) -> None:
    teachers = tables["teachers"].set_index(["teacher_id", "year"])
    for name in ("coaching_cycles", "observations"):
        rows_ = tables[name]
        home = teachers["school_id"].reindex(pd.MultiIndex.from_frame(rows_[["teacher_id", "year"]]))
        assert (home.to_numpy() == rows_["school_id"].to_numpy()).all()
    minutes = tables["coaching_cycles"].groupby(["teacher_id", "year"])["coaching_min"].sum()
    same(minutes, teachers.loc[teachers["coached"], "coaching_min"])
    assert (teachers.loc[~teachers["coached"], "coaching_min"] == 0).all()
    coached = tables["program_starts"].query("program_id == 'coaching'").set_index("school_id")["first_year"]
    assert (tables["coaching_cycles"]["year"] >= tables["coaching_cycles"]["school_id"].map(coached)).all()


def test_means_of_groups_and_grades_average_to_the_schools_mean(tables: Tables) -> None:
    marks = tables["outcomes"].query("measure == 'math'")
    all_ = marks.query("grade == 'All' and group == 'All'").set_index(KEYS)
    for part in (marks.query("grade != 'All'"), marks[marks["group"].isin(["Female", "Male"])]):
        whole = part.assign(sum=part["value"] * part["tested_n"], gap=part["value"].isna())
        sums = whole.groupby(KEYS)[["sum", "tested_n", "gap"]].sum()
        full = sums[sums["gap"] == 0].join(all_[["value", "tested_n"]].add_suffix("_all")).dropna()
        assert len(full) > 100
        assert (full["tested_n"] == full["tested_n_all"]).all()
        np.testing.assert_allclose(full["sum"] / full["tested_n"], full["value_all"], atol=0.11)


def test_no_more_pupils_are_tested_than_are_in_the_grade(tables: Tables) -> None:
    marks = tables["outcomes"].query("group == 'All' and grade != 'All' and measure == 'math'")
    grade = tables["enrollment"].groupby([*KEYS, "grade"])["enrollment"].sum()
    both = marks.join(grade, on=[*KEYS, "grade"]).dropna(subset=["tested_n"])
    assert (both["tested_n"] <= both["enrollment"]).all()


def test_no_figure_of_fewer_than_ten_pupils_is_shown_and_each_gap_says_why(tables: Tables) -> None:
    marks = tables["outcomes"]
    assert marks["tested_n"].dropna().min() >= 10
    assert (marks.loc[marks["value"].isna(), "value__why"] == "suppressed").all()
    assert marks["value"].isna().any()
    for name, column in (
        ("attendance", "absent_10_pct_n"),
        ("discipline", "pupils_n"),
        ("course_access", "enrolled_n"),
    ):
        shown = tables[name][column].dropna()
        assert not shown.between(1, 9).any()
        assert (tables[name][column].isna() == (tables[name][f"{column}__why"] != "reported")).all()


def test_targets_are_growth_since_the_year_before_and_skip_the_new_test(tables: Tables) -> None:
    targets, years = tables["targets"], sorted(tables["school_years"]["year"].unique())
    assert set(targets["year"]) == set(years[1:]) - {years[len(years) // 2]}
    value = tables["outcomes"].query("grade == 'All' and group == 'All'").set_index([*KEYS, "measure"])["value"]
    now = value.reindex(pd.MultiIndex.from_frame(targets[[*KEYS, "measure"]])).to_numpy()
    before = targets.assign(year=targets["year"] - 1)
    then = value.reindex(pd.MultiIndex.from_frame(before[[*KEYS, "measure"]])).to_numpy()
    np.testing.assert_allclose(targets["growth"], now - then, atol=0.051)
    aimed = targets["growth_target"].notna()
    assert ((targets["growth"] >= targets["growth_target"]) == targets["met_school_wide"])[aimed].all()


def test_a_school_closes_and_two_merge_and_none_has_rows_outside_its_years(tables: Tables) -> None:
    schools = tables["schools"].set_index("school_id")
    assert schools["closed_year"].notna().sum() == 3
    assert schools["opened_year"].notna().sum() == 1
    assert schools["successor_id"].dropna().isin(schools.index).all()
    merged = schools.index[schools["opened_year"].notna()][0]
    assert (schools["successor_id"] == merged).sum() == 2
    for name in ("school_years", "teachers", "budget", "outcomes", "sections", "facilities", "attendance"):
        rows_ = tables[name].merge(schools[["opened_year", "closed_year"]], left_on="school_id", right_index=True)
        assert (rows_["year"] <= rows_["closed_year"].fillna(9999)).all()
        assert (rows_["year"] >= rows_["opened_year"].fillna(0)).all()


def test_programs_start_in_a_year_the_school_is_open(tables: Tables) -> None:
    starts = tables["program_starts"].dropna(subset=["first_year"])
    years = set(map(tuple, tables["school_years"][KEYS].to_numpy().tolist()))
    assert set(zip(starts["school_id"], starts["first_year"].astype(int), strict=True)) <= years
    assert set(tables["program_starts"]["program_id"]) == set(tables["programs"]["program_id"])


def test_condition_of_a_building_follows_from_its_index(tables: Tables) -> None:
    built = tables["facilities"]
    index = built["deferred_maintenance_usd"] / built["replacement_value_usd"]
    bands = pd.cut(index, [-1, 0.05, 0.1, 0.3, 2], labels=["good", "fair", "poor", "critical"]).astype(str)
    assert (bands == built["condition"]).all()


def test_every_name_is_used_once_and_no_federal_id_is_real(tables: Tables) -> None:
    schools = sim.simulate(3000, 1, seed=1)["schools"]
    assert schools["school_name"].is_unique and schools["school_id"].is_unique
    assert schools["school_id"].str.fullmatch("99[0-9]{10}").all()


@pytest.mark.parametrize(
    ("schools", "years"), [(1, 1), (1, 8), (2, 3), (3, 1), (3, 8), (5, 4), (6, 4), (12, 2), (25, 15)]
)
def test_any_small_size_makes_a_valid_pack(schools: int, years: int, tmp_path: Path) -> None:
    info = sim.write(tmp_path / "small", schools, years, seed=3)
    ids = load(f"{tmp_path / 'small'}/schools")["school_id"].tolist()
    assert len(ids) == schools
    assert {t.name for t in info.tables} >= {"schools", "school_years", "measures", "outcomes", "staff_years", "budget"}
    year = int(load(f"{tmp_path / 'small'}/school_years").set_index("school_id").loc[[ids[0]], "year"].iloc[0])
    one = school(str(tmp_path / "small"), ids[0], year)
    assert one.record_type == "synthetic"
    assert len(sim.truth(schools, years, seed=3)) >= len(rows())


def test_impossible_sizes_are_refused_all_at_once() -> None:
    with pytest.raises(InputError) as told:
        sim.simulate(0, 1.5, seed="x")  # type: ignore[arg-type]
    assert [p.where for p in told.value.problems] == ["simulate, schools", "simulate, years", "simulate, seed"]


def test_the_dictionary_is_the_standard_and_its_extra_fields() -> None:
    info = package("cedar-valley")
    for table in info.tables:
        known = {f.name: f for f in standard.table(table.name).fields}
        assert table.key == standard.table(table.name).key
        own = [f.name for f in table.fields if f.name not in known]
        assert own == [] or (table.name == "staff_years" and all(n.startswith("principal_") for n in own))
        for field in table.fields:
            if field.name in known:
                assert (field.type, field.unit, field.role) == (
                    known[field.name].type,
                    known[field.name].unit,
                    known[field.name].role,
                )


def test_leadership_labels_and_roles_that_the_report_needs_are_there() -> None:
    info = package("cedar-valley")
    roles = {f.role for f in info.table("school_years").fields}
    assert {"need", "size"} <= roles
    for name in ("staff_years", "budget"):
        labels = {f.leadership for f in info.table(name).fields if f.unit}
        assert labels == {"administrative", "instructional"}


def test_the_stored_pack_is_what_its_seed_makes() -> None:
    document = json.loads((ROOT / "data" / "cedar-valley" / "datapackage.json").read_text(encoding="utf-8"))
    made = document["simulated"]
    assert made == {"schools": 60, "years": 8, "seed": sim.SEED}
    fresh = sim.simulate(made["schools"], made["years"], seed=made["seed"])
    info = parse(document)
    assert [t.name for t in info.tables] == [t for t in standard.tables() if t in fresh]
    for table in info.tables:
        stored = load(f"cedar-valley/{table.name}").sort_values(list(table.key)).reset_index(drop=True)
        again = fresh[table.name].sort_values(list(table.key)).reset_index(drop=True)[stored.columns]
        for column in stored:
            assert stored[column].isna().tolist() == again[column].isna().tolist(), (table.name, column)
            left, right = stored[column].dropna(), again[column].dropna()
            if pd.api.types.is_float_dtype(left.dtype):  # the last bits depend on the processor
                np.testing.assert_allclose(left, right.astype(float), rtol=1e-9)
            else:
                assert left.tolist() == right.tolist(), (table.name, column)


def test_the_stored_pack_is_small() -> None:
    assert sum(p.stat().st_size for p in (ROOT / "data" / "cedar-valley").glob("*.*")) < PACK_BYTES


HASHES = """
import sys, hashlib, pandas as pd
from leadlib import simulate as sim
from leadlib.simulate.document import document
from leadlib.tables.write import rendered
frames = sim.simulate(9, 4, seed=2)
files, _ = rendered(document(frames, "x", {}), frames, "x")
text = b"".join(files[n] for n in sorted(files)) + sim.truth(9, 4, seed=2).to_csv().encode()
print(hashlib.sha256(text).hexdigest())
"""


def test_same_seed_gives_the_same_bytes_under_any_hash_seed() -> None:
    found = set()
    for seed in ("0", "1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", HASHES], env=env, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


def test_another_seed_gives_another_district(tables: Tables) -> None:
    other = sim.simulate(40, 6, seed=6)
    assert not other["school_years"]["enrollment"].equals(tables["school_years"]["enrollment"])


def test_changing_a_frame_does_not_change_the_next_one() -> None:
    first = sim.simulate(3, 2, seed=1)["schools"]
    first["school_name"] = "changed"
    assert (sim.simulate(3, 2, seed=1)["schools"]["school_name"] != "changed").all()


def test_a_thousand_schools_take_seconds() -> None:
    start = time.perf_counter()
    assert len(sim.simulate(1000, 8, seed=77)["schools"]) == 1000
    assert time.perf_counter() - start < SECONDS
