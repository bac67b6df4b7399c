"""Where the money goes, why it changed, what a teacher costs, and which frames a design gets: worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from designs_samples import FakeSchool, about

from leadlib import measures
from leadlib.charts import moneys
from leadlib.errors import InputError
from leadlib.measures import money
from leadlib.measures.groups import DISTRICT, THIS
from leadlib.measures.money_change import DOLLARS, PUPILS, WHOLE
from leadlib.measures.spending import ALL, CENTRAL
from leadlib.results import Missing
from leadlib.tables import school as real_school

INSTRUCTION, PLANT, OUTLAY = "exp_current_instruction_total", "exp_current_operation_plant", "outlay_capital_total"
OFFICE = "exp_current_general_admin"
YEARS = (2000, 2001)
PUPIL_COUNT = {"s00": (100, 120), "s01": (100, 100), "s02": (200, 200), "s03": (100, 80)}
PER_PUPIL = {"s00": (10_000, 11_000), "s01": (9_000, 9_000), "s02": (8_000, 8_000), "s03": (7_000, 7_000)}


def pack(**more: Any) -> FakeSchool:
    """Make four schools of one district: half of what each spends goes to teachers' pay, three tenths to benefits."""
    ids = list(PUPIL_COUNT)
    schools = pd.DataFrame(
        {"school_id": ids, "school_name": ids, "leaid": "d0", "lea_name": "D", "school_level": "High"}
    )
    each = [(i, y, PUPIL_COUNT[i][k], PER_PUPIL[i][k]) for i in ids for k, y in enumerate(YEARS)]
    lines = []
    for i, year, n, dollars in each:
        parts = {(INSTRUCTION, "salaries"): 0.5, (INSTRUCTION, "benefits"): 0.3, (PLANT, "supplies"): 0.2}
        lines += [(i, i, year, *at, n * dollars * part, n * dollars * part * 0.8) for at, part in parts.items()]
        lines.append((i, i, year, OUTLAY, "other", 1e6, 1e6))
    lines += [("d0", None, year, OFFICE, "salaries", 50_000.0, 50_000.0) for year in YEARS]
    columns = ["unit_id", "school_id", "year", "function", "object", "spend_usd", "budgeted_usd"]
    tables = {
        "schools": schools,
        "school_years": pd.DataFrame([r[:3] for r in each], columns=["school_id", "year", "enrollment"]),
        "budget": pd.DataFrame(
            [(i, y, n * d, float(d)) for i, y, n, d in each],
            columns=["school_id", "year", "spend_usd", "spend_per_pupil_usd"],
        ),
        "budget_lines": pd.DataFrame(lines, columns=columns).assign(leaid="d0"),
    }
    dictionary = {
        "school_years": (about("enrollment", "Pupils", "pupils", role="size"),),
        "budget": (about("spend_per_pupil_usd", "Spending per pupil", "usd"),),
    }
    return FakeSchool(tables | more, dictionary)


def cell(result: Any, measure: str, group: str = THIS, column: str = "value") -> float:
    rows = result.table[(result.table["measure"] == measure) & (result.table["group"] == group)]
    assert len(rows) == 1
    return float(rows[column].iloc[0])


def test_each_line_is_dollars_a_pupil_and_a_share_of_current_spending() -> None:
    found = money.functions(pack(), None)
    assert cell(found, "Instruction") == 8_800.0 and cell(found, "Operation and maintenance of buildings") == 2_200.0
    assert cell(found, ALL) == 11_000.0 + 50_000 / 500
    assert cell(found, "Instruction", column="share") == pytest.approx(100 * 8_800 / 11_100)
    assert not found.table["measure"].str.contains("Capital").any(), "building and buying is no current spending"


def test_the_districts_own_spending_is_shared_out_by_pupils_and_said() -> None:
    found = money.functions(pack(), None)
    assert cell(found, "General administration" + CENTRAL) == 100.0
    assert "$100 a pupil is the district's own spending" in found.text


def test_shares_of_the_school_add_up() -> None:
    for by in ("function", "object"):
        here = money.functions(pack(), None, by=by).table.query("group == @THIS and measure != @ALL")
        assert here["share"].sum() == pytest.approx(100)


def test_the_group_is_the_median_school_and_not_this_one() -> None:
    found = money.functions(pack(), None)
    assert cell(found, "Instruction", DISTRICT) == 0.8 * 8_000
    assert cell(found, "Instruction", DISTRICT, "n") == 3
    assert cell(found, "Instruction", DISTRICT, "share") == pytest.approx(100 * 6_400 / 8_100)


def test_functions_are_sorted_into_kinds_of_leadership() -> None:
    kinds = money.functions(pack(), None).table.drop_duplicates("measure").set_index("measure")["kind"]
    assert kinds["Instruction"] == "instructional" and kinds["General administration" + CENTRAL] == "administrative"
    assert kinds["Operation and maintenance of buildings"] == "neither"


def test_a_year_without_lines_is_taken_from_the_nearest_which_is_named() -> None:
    school = pack()
    lines = school.table("budget_lines").query("year == 2000 or school_id != 's00'")
    found = money.functions(pack(budget_lines=lines), None)
    assert cell(found, ALL) == 10_100.0 and "2000–01, the nearest year" in found.text


def test_a_pack_with_one_total_says_so_and_one_without_money_too() -> None:
    school = pack()
    tables = {k: v for k, v in school.tables.items() if k != "budget_lines"}
    total = money.functions(FakeSchool(tables, school.dictionary), None)
    nothing = money.functions(FakeSchool({"schools": school.tables["schools"]}, {}), None)
    assert isinstance(total, Missing) and "one total" in total.text
    assert isinstance(nothing, Missing) and "no figures on money" in nothing.text
    assert isinstance(money.planned(FakeSchool(tables, school.dictionary)), Missing)


def test_the_change_parts_into_pupils_and_dollars_a_pupil_exactly() -> None:
    found = money.change(pack())
    first = found.table[found.table["group"] == "Pupils and dollars a pupil"].set_index("measure")["value"]
    assert first[PUPILS] == 20 * 10_500 and first[DOLLARS] == 1_000 * 110
    assert first[WHOLE] == 120 * 11_000 - 100 * 10_000
    for _, part in found.table.groupby("group"):
        assert part.loc[part["measure"] != WHOLE, "value"].sum() == pytest.approx(320_000)
        assert part.loc[part["measure"] == WHOLE, "value"].iloc[0] == pytest.approx(320_000)


def test_neither_factor_gets_what_belongs_to_both() -> None:
    school = pack()
    fewer = FakeSchool(school.tables, school.dictionary, school_id="s03")
    first = money.change(fewer).table.set_index(["group", "measure"])["value"]["Pupils and dollars a pupil"]
    assert first[PUPILS] == -20 * 7_000 and first[DOLLARS] == 0


@pytest.mark.parametrize("since", [None, 2001, 1990])
def test_a_change_needs_an_earlier_year(since: int | None) -> None:
    school = pack()
    early = FakeSchool(school.tables, school.dictionary, year=2000)
    found = money.change(early, since=since)
    assert isinstance(found, Missing)
    assert "earlier year" in found.text or "before this year" in found.text


def test_a_handful_of_pupils_is_not_counted_out() -> None:
    school = pack()
    years = school.table("school_years")
    years.loc[(years["school_id"] == "s00") & (years["year"] == 2000), "enrollment"] = 7
    few = pack(school_years=years)
    assert "fewer than 10 pupils" in money.change(few).text and "7" not in money.change(few).text
    years.loc[years["school_id"] == "s00", "enrollment"] = 7
    assert "fewer than 10 pupils" in money.buys(pack(school_years=years), dollars=500.0).text


def test_planned_and_spent_stand_side_by_side() -> None:
    found = money.planned(pack())
    assert cell(found, "Instruction", "Planned") == pytest.approx(0.8 * cell(found, "Instruction", "Spent"))
    assert cell(found, "Operation and maintenance of buildings", "Spent minus planned") == pytest.approx(52_800)
    assert cell(found, "Instruction", "Spent", "share") == pytest.approx(25)


def teachers(counts: dict[str, int], pay: dict[str, float]) -> pd.DataFrame:
    rows = [(i, 2001, 1.0, 5.0 + k % 2, pay[i]) for i, n in counts.items() for k in range(n)]
    return pd.DataFrame(rows, columns=["school_id", "year", "fte", "experience_years", "salary_usd"])


PAY = {"s00": 60_000.0, "s01": 50_000.0, "s02": 55_000.0, "s03": 45_000.0}


def test_the_same_dollars_pay_more_teachers_where_each_costs_less() -> None:
    found = money.salaries(pack(teachers=teachers({"s00": 12, "s01": 10, "s02": 10, "s03": 10}, PAY)), None)
    assert cell(found, "Average salary of a teacher") == 60_000 and cell(found, "Teachers for 100 pupils") == 10.0
    assert cell(found, "Average salary of a teacher", DISTRICT) == 50_000
    assert cell(found, "The same, at the others' average salary") == pytest.approx(12.0)


def test_the_pay_of_few_teachers_is_not_shown_and_is_in_no_median() -> None:
    few = pack(teachers=teachers({"s00": 9, "s01": 10, "s02": 10, "s03": 10}, PAY))
    found = money.salaries(few, None)
    assert np.isnan(cell(found, "Average salary of a teacher")) and "60,000" not in found.plain()
    assert "fewer than 10 teachers" in found.plain()
    assert not found.table["measure"].str.startswith("The same").any()
    others = money.salaries(pack(teachers=teachers({"s00": 12, "s01": 9, "s02": 10, "s03": 10}, PAY)), None)
    assert np.isnan(cell(others, "Average salary of a teacher", DISTRICT)), "two schools make no median"


def test_a_sum_a_pupil_is_told_in_dollars_share_and_posts() -> None:
    found = money.buys(pack(teachers=teachers({"s00": 12, "s01": 10}, PAY)), dollars=500.0)
    assert cell(found, "In a year") == 60_000 and cell(found, "As a share of what it spends") == pytest.approx(100 / 22)
    assert cell(found, "Teachers with benefits") == pytest.approx(60_000 / (60_000 * 1.6))
    cut = money.buys(pack(teachers=teachers({"s00": 12}, PAY)), dollars=-500.0)
    assert cell(cut, "Teachers with benefits") == pytest.approx(-0.625)


def test_few_teachers_take_the_districts_pay_and_no_salaries_leave_posts_out() -> None:
    few = money.buys(pack(teachers=teachers({"s00": 2, "s01": 10}, PAY)), dollars=500.0)
    assert cell(few, "Teachers with benefits") == pytest.approx(60_000 / ((2 * 60_000 + 500_000) / 12 * 1.6))
    assert "of all schools" in few.text
    none = money.buys(pack(), dollars=500.0)
    assert "not turned into posts" in none.text and len(none.table) == 2


@pytest.mark.parametrize("dollars", [0.0, float("nan"), float("inf")])
def test_no_sum_is_refused(dollars: float) -> None:
    with pytest.raises(InputError, match="no sum"):
        money.buys(pack(), dollars=dollars)


LONG = (2000, 2001, 2002, 2003, 2004, 2005)


def many(n: int = 20, *, assignment: str = "lottery", year: int = 2005) -> FakeSchool:
    """Make n schools; odd ones win $1,000 from 2002 on; school k spends 5,000 + 100 k, one more a year, scores k."""
    ids = [f"s{k:02d}" for k in range(n)]
    rows = [(i, y, k) for k, i in enumerate(ids) for y in LONG]
    frame = pd.DataFrame(rows, columns=["school_id", "year", "k"])
    won = (frame["k"] % 2 == 1) & (frame["year"] >= 2002)
    frame = frame.assign(enrollment=200, free_lunch_pct=40.0 + frame["k"], value=frame["k"] + 50.0, tested_n=100)
    frame["spend_per_pupil_usd"] = 5_000.0 + 100 * frame["k"] + (frame["year"] - 2000)
    frame["spend_federal_per_pupil_usd"] = 300.0 + 5 * (frame["year"] - 2000) + 1_000 * won
    outcomes = frame[["school_id", "year", "value", "tested_n"]].assign(measure="m", grade="4", group="All")
    measures_table = pd.DataFrame(
        {"measure": ["m"], "label": ["Mathematics"], "unit": ["points"], "comparable_over_years": [True]}
    )
    starts = pd.DataFrame(
        {
            "program_id": "school-grant",
            "school_id": ids,
            "first_year": [2002.0 if k % 2 else np.nan for k in range(n)],
            "assignment": assignment,
        }
    )
    programs = pd.DataFrame({"program_id": ["school-grant"], "name": ["Grant"], "cost_per_pupil_usd": [1500.0]})
    schools = pd.DataFrame(
        {"school_id": ids, "school_name": ids, "leaid": "d0", "lea_name": "D", "school_level": "High"}
    )
    tables = {
        "schools": schools,
        "school_years": frame[["school_id", "year", "enrollment", "free_lunch_pct"]],
        "budget": frame[["school_id", "year", "spend_per_pupil_usd", "spend_federal_per_pupil_usd"]],
        "outcomes": outcomes,
        "measures": measures_table,
        "programs": programs,
        "program_starts": starts,
    }
    years = (about("enrollment", "Pupils", "pupils", role="size"), about("free_lunch_pct", "Free lunch", role="need"))
    spent = (about("spend_per_pupil_usd", "Spending per pupil", "usd"),)
    return FakeSchool(tables, {"school_years": years, "budget": spent}, school_id="s01", year=year)


def test_spending_is_the_mean_of_four_years_in_thousands() -> None:
    frame = money.panel(many())
    assert sorted(frame["year"].unique()) == [2003, 2004, 2005]
    row = frame.query("school_id == 's03' and year == 2005").iloc[0]
    assert row["spending"] == pytest.approx((5_300 + (2 + 3 + 4 + 5) / 4) / 1000)
    assert row["m"] == 53.0 and row["Free lunch"] == 43.0
    assert frame.attrs["outcome"] == "m" and frame.attrs["unit"] == "points"


def test_a_gap_in_spending_leaves_the_years_out_that_need_it() -> None:
    school = many()
    budget = school.tables["budget"]
    gone = (budget["school_id"] == "s03") & (budget["year"] == 2001)
    school.tables["budget"] = budget.assign(spend_per_pupil_usd=budget["spend_per_pupil_usd"].mask(gone))
    assert money.panel(school).query("school_id == 's03'")["year"].tolist() == [2005]


def test_years_after_the_decision_are_kept_back() -> None:
    assert money.panel(many(year=2004))["year"].max() == 2004
    assert money.granted(many(year=2003))["year"].max() == 2003


def test_the_grant_grows_by_a_quarter_of_its_dollars_a_year_for_four_years() -> None:
    frame = money.granted(many()).set_index(["school_id", "year"])["grant"]
    assert frame["s01"].to_numpy() == pytest.approx([0, 0, 0.25, 0.5, 0.75, 1.0])
    assert (frame["s00"] == 0).all()


def test_what_a_grant_brought_is_federal_money_less_what_others_gained() -> None:
    found = money.lottery(many())
    assert cell(found, "Dollars a pupil and year that the lottery brought", "Won") == pytest.approx(1_000)
    assert cell(found, "Schools", "Won") == 10 and cell(found, "Schools", "Did not win") == 10
    assert cell(found, "Mathematics, 2001–02", "Won") == 60.0
    assert cell(found, "Mathematics, 2001–02", "Did not win") == 59.0
    assert "This school won." in found.text


def test_without_federal_money_the_programs_cost_stands_in() -> None:
    school = many()
    school.tables["budget"] = school.tables["budget"].drop(columns="spend_federal_per_pupil_usd")
    assert money.granted(school)["grant"].max() == pytest.approx(1.5)


def test_a_school_that_opened_after_the_draw_is_no_loser() -> None:
    school = many()
    years = school.tables["school_years"]
    school.tables["school_years"] = years[(years["school_id"] != "s00") | (years["year"] >= 2003)]
    assert "s00" not in set(money.granted(school)["school_id"])


def test_money_that_chance_did_not_give_is_no_lottery() -> None:
    chosen = money.granted(many(assignment="chosen by the district"))
    assert isinstance(chosen, Missing) and "by lottery" in chosen.text
    assert isinstance(money.granted(many(), program_id="other"), Missing)
    assert isinstance(money.lottery(pack()), Missing)


def test_an_unknown_outcome_is_refused_with_what_there_is() -> None:
    for ask in (money.panel, money.granted, money.against, money.lottery):
        with pytest.raises(InputError, match="use one of: m"):
            ask(many(), outcome="reading")


def test_thirds_of_schools_are_told_by_their_medians() -> None:
    found = money.against(many(21), need=True)
    thirds = ["Lowest third", "Middle third", "Highest third"]
    assert [cell(found, "Mathematics", t) for t in thirds] == [53.0, 60.0, 67.0]
    assert [cell(found, "Free lunch", t) for t in thirds] == [43.0, 50.0, 57.0]
    assert [cell(found, "Spending per pupil", t, "n") for t in thirds] == [7, 7, 7]
    figure = moneys.spending_and_scores(found)
    assert "14 points higher than the third that spends least" in figure.title
    with pytest.raises(InputError, match="cannot be parted"):
        money.against(many(), by="luck")  # type: ignore[arg-type]


def test_few_schools_are_not_parted() -> None:
    assert isinstance(money.against(many(14)), Missing)


def test_figures_draw_what_the_tables_hold() -> None:
    mix = moneys.spending_mix(money.functions(pack(), None))
    assert (
        mix.title == "Instruction: 79.3% of current spending here, 79.0% at the median of other schools of its district"
    )
    assert mix.drawn["value"][0] == 8_800.0 and "General administration (district): $100 (0.9%)" in mix.alt
    moved = moneys.spending_change(money.change(pack()))
    assert moved.title.startswith("Spending changed by +$320,000: +$210,000 with pupils")
    assert moved.drawn["part"][0] == WHOLE and moved.drawn["value"][:3] == [320_000, 210_000, 110_000]


def test_michigan_has_real_dollars_and_its_split_adds_up() -> None:
    school = real_school("michigan-1993-98", "00001", 1997)
    found = money.change(school)
    assert "constant prices" in found.text and set(found.table["group"]) == {"Pupils and dollars a pupil"}
    first = found.table.set_index("measure")["value"]
    assert first[PUPILS] + first[DOLLARS] == pytest.approx(first[WHOLE])
    budget = school.table("budget").query("school_id == '00001'").set_index("year")["spend_per_pupil_real_usd"]
    pupils = school.table("school_years").query("school_id == '00001'").set_index("year")["enrollment"]
    spend = (budget * pupils).dropna()
    assert first[WHOLE] == pytest.approx(spend[1997] - spend.iloc[0])


def test_the_lines_of_the_simulated_district_add_up_to_what_its_schools_spend() -> None:
    school = real_school("cedar-valley", "990000100001", 2021)
    lines = measures.spending.per_pupil(school)
    own = lines[[c for c in lines if not c.endswith(CENTRAL) and c != ALL]].sum(axis=1)
    budget = school.table("budget").query("year == 2021").set_index("school_id")["spend_per_pupil_usd"]
    assert np.abs(own - budget.reindex(own.index)).max() < 0.01
