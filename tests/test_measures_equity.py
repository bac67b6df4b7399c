"""Two groups of pupils: nothing small is shown or follows from what is, and a gap falls into parts that add up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import leadlib as ll
from leadlib.errors import InputError
from leadlib.measures import equity
from leadlib.measures.equity_panel import ALL, KEY, RACES, SETS, protected
from leadlib.privacy import K
from leadlib.results import Missing
from leadlib.tables.packs import package

MONEY, REST = "Economically disadvantaged", "Not economically disadvantaged"
LEARNING, FLUENT = "English learners", "Not English learners"


@dataclass(frozen=True, eq=False)
class Made:
    """A school of a pack that fits in the head."""

    tables: dict[str, pd.DataFrame]
    school_id: str = "a"
    year: int = 2021
    level: str | None = "Primary"
    name: str = "School a"
    pack: str = "cedar-valley"
    row: dict[str, str] = field(default_factory=lambda: {"leaid": "d"})

    def has(self, table: str) -> bool:
        return table in self.tables

    def table(self, table: str) -> pd.DataFrame:
        return self.tables[table].copy()

    def fields(self, table: str) -> Any:
        return package(self.pack).table(table).fields


def schools(*ids: str) -> pd.DataFrame:
    rows = [(i, f"School {i}", "d", "Primary") for i in ids]
    return pd.DataFrame(rows, columns=["school_id", "school_name", "leaid", "school_level"])


def outcomes(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Give rows of school, group, value, sd and n."""
    frame = pd.DataFrame(rows, columns=["school_id", "group", "value", "value_sd", "tested_n"])
    return frame.assign(year=2021, measure="math", grade="All")


MEASURES = pd.DataFrame(
    [("math", "Mathematics", "score", 0.0, 1000.0, True)],
    columns=["measure", "label", "unit", "value_low", "value_high", "comparable_over_years"],
)
THREE = (
    ("a", ALL, 560.0, 60.0, 100), ("a", MONEY, 500.0, 40.0, 40), ("a", REST, 600.0, 50.0, 60),
    ("b", ALL, 700.0, 60.0, 100), ("b", MONEY, 680.0, 45.0, 20), ("b", REST, 705.0, 55.0, 80),
    ("c", ALL, 640.0, 60.0, 100), ("c", MONEY, 620.0, 45.0, 50), ("c", REST, 660.0, 55.0, 50),
)  # fmt: skip


def made(*rows: tuple[Any, ...], **tables: pd.DataFrame) -> Any:
    frame = outcomes(*rows)
    base = {"schools": schools(*sorted(frame["school_id"].unique())), "measures": MEASURES, "outcomes": frame}
    return Made(base | tables)


@pytest.fixture(scope="module")
def school() -> Any:
    return ll.school("cedar-valley", "990000100011", 2021)


@pytest.fixture(scope="module")
def peers(school: Any) -> Any:
    return ll.measures.similar.schools(school)


# -- protection -------------------------------------------------------------------------------------------------------


def cells(counts: dict[str, float], total: float, *, unit: str = "score", x: Any = None) -> pd.DataFrame:
    """Give one table of groups that together are `total`."""
    groups = {ALL: total, **counts}
    frame = pd.DataFrame({"group": list(groups), "n": [float(n) for n in groups.values()]})
    frame["x"] = np.nan if x is None else [float(v) for v in x]
    frame["value"] = 50.0 if x is None else 100 * frame["x"] / frame["n"]
    return frame.assign(source="s", measure="m", school_id="a", year=2021, unit=unit, sd=1.0)


def shown(frame: pd.DataFrame) -> list[str]:
    found = protected(frame, K)
    return [g for g in found.loc[found["n"].notna(), "group"] if g != ALL]


def test_of_two_groups_both_are_hidden_where_one_is_too_small() -> None:
    assert shown(cells({MONEY: 9, REST: 91}, 100)) == []
    assert shown(cells({MONEY: 10, REST: 90}, 100)) == [MONEY, REST]


def test_the_other_group_is_hidden_where_the_source_leaves_the_small_one_out() -> None:
    assert shown(cells({REST: 96}, 100)) == []
    assert shown(cells({MONEY: np.nan, REST: 96}, 100)) == []


@pytest.mark.parametrize(("sizes", "total"), [((20, 12, 3), 35), ((5, 100, 95), 200), ((4, 3, 50, 40), 97)])
def test_a_small_group_among_several_takes_others_with_it(sizes: tuple[int, ...], total: int) -> None:
    counts = dict(zip(RACES, sizes, strict=False))
    seen = shown(cells(counts, total))
    gone = [g for g in counts if g not in seen]
    assert len(gone) >= 2
    assert sum(counts[g] for g in gone) >= K
    assert min(counts[g] for g in seen) >= K if seen else True


def test_nothing_is_hidden_where_no_group_is_small() -> None:
    assert len(shown(cells(dict(zip(RACES, (10, 40, 50), strict=False)), 100))) == 3


def test_a_share_behind_or_outside_which_few_stand_is_hidden_with_its_complement() -> None:
    assert shown(cells({MONEY: 50, REST: 50}, 100, unit="pct", x=(29, 20, 9))) == []
    assert shown(cells({MONEY: 50, REST: 50}, 100, unit="pct", x=(61, 20, 41))) == []
    assert shown(cells({MONEY: 50, REST: 50}, 100, unit="pct", x=(41, 20, 21))) == [MONEY, REST]


def test_a_percent_coded_at_its_end_takes_the_other_group_with_it() -> None:
    frame = cells({MONEY: 50, REST: 50}, 100, unit="pct")
    frame.loc[frame["group"] == MONEY, "value"] = 99.0
    found = protected(frame, K).set_index("group")
    assert found.loc[MONEY, "value__why"] == "range"
    assert found.loc[MONEY, "value"] == 95.0
    assert found.loc[REST, "value__why"] == "complement"
    assert np.isnan(found.loc[REST, "value"])


def test_no_hidden_group_of_the_district_follows_from_the_others(school: Any) -> None:
    found = equity.panel(school)
    raw = school.table("outcomes")
    raw = raw[(raw["grade"] == "All") & (raw["measure"] == "math")]
    truth = raw.set_index(["school_id", "year", "group"])["tested_n"]
    rows = found[(found["source"] == "outcomes") & (found["measure"] == "math")]
    looked = 0
    for (sid, year), part in rows.groupby(["school_id", "year"]):
        seen = part.set_index("group")["n"].dropna()
        if ALL not in seen:
            continue
        for groups in SETS:
            there = [g for g in groups if (sid, year, g) in truth.index]
            visible = [g for g in there if g in seen.index]
            gone = [g for g in there if g not in visible]
            left = seen[ALL] - seen[visible].sum()
            assert not visible or seen[visible].min() >= K
            assert not visible or not gone or (len(gone) >= 2 and left >= K)
            looked += len(gone) > 0 and len(visible) > 0
    assert looked > 100


# -- gaps -------------------------------------------------------------------------------------------------------------


def test_a_gap_is_in_standard_deviations_of_all_pupils_of_the_pack() -> None:
    wide = equity.both(made(*THREE))
    values = np.array([560.0, 700.0, 640.0])
    sd = np.sqrt(60.0**2 + values.var())
    assert wide["gap"].tolist() == pytest.approx([-100 / sd, -25 / sd, -40 / sd])
    assert wide["se"].iloc[0] == pytest.approx(np.sqrt(40**2 / 40 + 50**2 / 60) / sd)
    assert wide["value_group"].iloc[0] == pytest.approx((500 - values.mean()) / sd)
    assert set(wide["unit"]) == {"sd"}


def test_grades_are_pooled_by_pupils_where_no_row_stands_for_the_whole_school() -> None:
    one, two = outcomes(*THREE), outcomes(*THREE)
    two = two.assign(grade="4", value=two["value"] + 30, tested_n=3 * two["tested_n"])
    both = pd.concat([one.assign(grade="3"), two])
    tables = {"schools": schools("a", "b", "c"), "measures": MEASURES, "outcomes": both}
    found = equity.panel(Made(tables))  # type: ignore[arg-type]
    row = found[(found["school_id"] == "a") & (found["group"] == MONEY)].iloc[0]
    assert row["n"] == 160
    assert row["value"] == pytest.approx(500 + 0.75 * 30)
    assert row["sd"] == pytest.approx(np.sqrt(40**2 + 0.75 * 0.25 * 30**2))


def test_gaps_in_a_panel_keep_their_standard_error(school: Any) -> None:
    wide = equity.both(school)
    wide = wide[wide["source"] == "outcomes"].reset_index(drop=True)
    panel = equity.gaps(school)
    assert (panel["sd"] / np.sqrt(panel["size"])).tolist() == pytest.approx(wide["se"].tolist())
    assert panel["value"].tolist() == wide["gap"].tolist()
    noise = ll.designs.noise(panel)
    here = panel[panel["measure"] == "math"]
    assert noise.se(here).tolist() == pytest.approx(wide.loc[wide["measure"] == "math", "se"].tolist())


def test_real_pupils_give_group_means_and_no_row_of_a_pupil() -> None:
    star = ll.school("tennessee-star", "11", 1985)
    found = equity.panel(star)
    pupils = ll.load("tennessee-star/pupil_years")
    mine = pupils[(pupils["school_id"] == "11") & (pupils["year"] == 1985) & (pupils["lunch"] == "free")]["math_score"]
    row = found[(found["school_id"] == "11") & (found["year"] == 1985) & (found["measure"] == "math_score")]
    row = row[row["group"] == MONEY].iloc[0]
    assert (row["value"], row["sd"], row["n"]) == pytest.approx((mine.mean(), mine.std(), mine.count()))
    assert "pupil_id" not in found
    assert found["n"].dropna().min() >= K


def test_packs_without_groups_say_so_and_still_tell_who_attends_what() -> None:
    for pack, sid, year in (("california-2000", "01611190130229", 1999), ("michigan-1993-98", "03030002", 1995)):
        ids = ll.load(f"{pack}/schools")["school_id"]
        here = ll.school(pack, sid if sid in set(ids) else ids.iloc[0], year)
        for found in (equity.panel(here), equity.both(here), equity.gaps(here), equity.attending(here, measure="math")):
            assert isinstance(found, Missing)
            assert "tells groups of pupils apart" in found.text
        assert not isinstance(equity.exposure(here), Missing)


def test_california_tells_its_target_for_groups(peers: Any) -> None:
    del peers
    here = ll.school("california-2000", "01611190132878", 1999)
    found = equity.group_targets(here, ll.measures.similar.schools(here))
    own = found.table[found.table["group"] == "This school"].set_index("measure")["value"]
    assert own.to_dict() == {"Target for all pupils": 100.0, "Target for groups of pupils": 0.0}
    rows = ll.load("california-2000/targets").set_index("school_id")["met_comparable_improvement"]
    ids = list(ll.measures.similar.schools(here).school_ids)
    other = found.table[found.table["group"] == "Similar schools"].set_index("measure")["value"]
    assert other["Target for groups of pupils"] == pytest.approx(100 * rows.reindex(ids).mean())


def test_the_school_of_the_average_pupil_is_a_mean_over_pupils() -> None:
    years = pd.DataFrame(
        {"school_id": ["a", "b", "c"], "year": 2021, "enrollment": [100.0, 200.0, 100.0],
         "free_or_reduced_price_lunch_pct": [80.0, 20.0, 40.0]}
    )  # fmt: skip
    columns = [f.name for f in package("cedar-valley").table("school_years").fields]
    found = equity.exposure(made(*THREE, school_years=years.reindex(columns=columns)))
    value = found.table.set_index(["measure", "group"])["value"]
    first = (80 * 560 + 40 * 700 + 40 * 640) / 160
    second = (20 * 560 + 160 * 700 + 60 * 640) / 240
    assert value["Mathematics, all pupils", "Pupils from households with little money"] == pytest.approx(first)
    assert value["Mathematics, all pupils", "Other pupils"] == pytest.approx(second)
    assert value["Mathematics, all pupils", "Difference"] == pytest.approx(first - second)


def test_the_list_of_small_gaps_goes_by_distance_from_zero_and_looks_up_the_same_schools_later(school: Any) -> None:
    now, later = equity.ranked(school, measure="math"), equity.ranked(school, measure="math", later=1)
    wide = equity.both(school)
    level = wide[(wide["measure"] == "math") & (wide["year"] == 2021) & (wide["school_level"] == "Primary")]
    five = level.assign(far=level["gap"].abs()).sort_values("far")["school_name"].head(5).tolist()
    assert now.table["measure"].tolist() == five
    after = wide[(wide["measure"] == "math") & (wide["year"] == 2022)].set_index("school_name")["gap"]
    told = later.table[later.table["group"] == "2022–23"].set_index("measure")["value"]
    assert told.to_dict() == pytest.approx(after.reindex(told.index).to_dict())
    assert abs(told.mean()) > abs(now.table["value"].mean())  # what was lucky falls back


def test_a_school_with_a_small_group_gets_a_sentence() -> None:
    rows = [r for r in THREE if r[0] != "a"] + [("a", ALL, 560.0, 60.0, 100), ("a", MONEY, 500.0, 40.0, 8)]
    here = made(*rows, ("a", REST, 600.0, 50.0, 92))
    for found in (equity.reached(here, None), equity.side_by_side(here, None, measure="math"), equity.gaps(here)):
        assert isinstance(found, Missing)
        assert "too few pupils" in found.text
        assert "8" not in found.text


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: equity.both(s, pair="monney"),
        lambda s: equity.attending(s, measure="maths and more"),
        lambda s: equity.attending(s, measure="math", years=0),
        lambda s: equity.ranked(s, measure="math", first=0),
        lambda s: equity.ranked(s, measure="math", later=-1),
        lambda s: ll.designs.looks(0),
        lambda s: ll.designs.comparisons(pd.DataFrame({"name": []})),
        lambda s: ll.designs.between_within(pd.DataFrame({"school_id": ["a"]})),
        lambda s: ll.designs.gap_part(equity.ranked(s, measure="math")),
    ],
)
def test_bad_input_is_refused_with_what_to_do(wrong: Any, school: Any) -> None:
    with pytest.raises(InputError):
        wrong(school)


# -- the split --------------------------------------------------------------------------------------------------------


def pupils_of(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["school_id", "group", "n", "value", "sd"]).assign(unit_of="sd", year=2021)


def part(found: Any, name: str) -> float:
    return float(found.frame.set_index("part").loc[name, "value"])


def test_the_parts_of_two_schools_are_as_worked_out_by_hand() -> None:
    found = ll.designs.between_within(
        pupils_of(("a", 1, 80, -0.6, 0.9), ("a", 0, 20, -0.2, 0.9), ("b", 1, 20, 0.2, 0.9), ("b", 0, 80, 0.5, 0.9))
    )
    assert part(found, "gap") == pytest.approx((0.8 * -0.6 + 0.2 * 0.2) - (0.2 * -0.2 + 0.8 * 0.5))
    assert part(found, "between") == pytest.approx(0.6 * -0.4 - 0.6 * 0.35)
    assert part(found, "within") == pytest.approx(0.5 * -0.4 + 0.5 * -0.3)
    variance = 0.25 * 0.81 * (1 / 80 + 1 / 20 + 1 / 20 + 1 / 80)
    assert found.frame.set_index("part").loc["within", "se"] == pytest.approx(np.sqrt(variance))


def test_groups_spread_alike_leave_nothing_to_who_attends_and_equal_results_nothing_inside() -> None:
    alike = pupils_of(("a", 1, 30, -0.6, 1), ("a", 0, 60, -0.2, 1), ("b", 1, 20, 0.2, 1), ("b", 0, 40, 0.5, 1))
    same = pupils_of(("a", 1, 80, -0.3, 1), ("a", 0, 20, -0.3, 1), ("b", 1, 20, 0.4, 1), ("b", 0, 80, 0.4, 1))
    assert part(ll.designs.between_within(alike), "between") == pytest.approx(0)
    assert part(ll.designs.between_within(same), "within") == pytest.approx(0)
    assert part(ll.designs.between_within(same), "gap") == pytest.approx(
        part(ll.designs.between_within(same), "between")
    )


def test_the_parts_are_those_of_kitagawa_on_the_same_rows(school: Any) -> None:
    rows = equity.attending(school, measure="math", years=3)
    rows = rows[rows.groupby("school_id")["year"].transform("nunique") > 1]
    ours = ll.designs.between_within(rows)
    theirs = ll.designs.kitagawa(rows, outcome="value", group="group", category="school_id", weights="n")
    assert part(ours, "between") == pytest.approx(theirs.part("composition")["value"])
    assert part(ours, "within") == pytest.approx(theirs.part("rates")["value"])
    assert any("Years are counted" in limit for limit in ours.limits)


def test_a_split_that_is_to_stay_hidden_shows_no_gap(school: Any) -> None:
    rows = equity.attending(school, measure="math")
    hidden = ll.designs.between_within(rows, look="power")
    told = f"{hidden.plain()} {hidden.data()}"
    for value in ll.designs.between_within(rows).frame["value"]:
        assert f"{abs(value):.2f}" not in told


def test_intervals_hold_the_planted_gap_and_the_raw_gap_does_not() -> None:
    inside, raw = [], []
    for seed in range(8):
        tables = ll.simulate.simulate(30, 6, seed=seed)
        first = tables["schools"].query("school_level == 'Primary'").iloc[0]
        here = Made(tables, first["school_id"], 2020, row=dict(first))
        for measure in ("math", "read"):
            found = ll.designs.between_within(equity.attending(here, measure=measure))  # type: ignore[arg-type]
            rows = found.frame.set_index("part")
            inside.append(rows.loc["within", "low"] <= -0.35 <= rows.loc["within", "high"])
            raw.append(rows.loc["gap", "low"] <= -0.35 <= rows.loc["gap", "high"])
    # 14 or more of 16 hold it with probability 0.96 where each does 95 times in 100; see the figures of 100 districts.
    assert sum(inside) >= 13
    assert sum(raw) <= 3


# -- the list ---------------------------------------------------------------------------------------------------------


def listed(*rows: tuple[Any, ...]) -> pd.DataFrame:
    names = ["name", "value_group", "sd_group", "n_group", "value_other", "sd_other", "n_other", "unit", "reason"]
    return pd.DataFrame(rows, columns=names)


def test_the_whole_list_counts_also_what_could_not_be_made() -> None:
    nothing = ("none", *[np.nan] * 6, None, "too few pupils")
    found = ll.designs.comparisons(listed(("one", -0.3, 0.9, 50, 0.1, 1.0, 80, "sd", ""), nothing, nothing, nothing))
    row = found.frame.iloc[0]
    welch = stats.ttest_ind_from_stats(-0.3, 0.9, 50, 0.1, 1.0, 80, equal_var=False)
    se = np.sqrt(0.81 / 50 + 1 / 80)
    df = se**4 / ((0.81 / 50) ** 2 / 49 + (1 / 80) ** 2 / 79)
    assert row["p"] == pytest.approx(welch.pvalue)
    assert row["alone_high"] == pytest.approx(-0.4 + stats.t.ppf(0.975, df) * se)
    assert row["high"] == pytest.approx(-0.4 + stats.t.ppf(1 - 0.0125 / 2, df) * se)
    assert (found.listed, found.alone, found.together) == (4, 1, 0)  # p is 0.02, and the list asks for 0.0125
    assert found.frame["reason"].tolist() == ["", *["too few pupils"] * 3]


def test_shares_get_the_score_interval_and_a_longer_list_a_wider_one() -> None:
    one = ("share", 40.0, 0.0, 50, 20.0, 0.0, 100, "pct_points", "")
    alone, many = (ll.designs.comparisons(listed(*[one] * m)).frame.iloc[0] for m in (1, 9))
    # Newcombe's method 10 by its formula, from Wilson's limits of 20 of 50 and 20 of 100.
    z = stats.norm.ppf(0.975)

    def wilson(x: float, n: float) -> tuple[float, float]:
        p, half = x / n, z * np.sqrt(x / n * (1 - x / n) / n + z**2 / (4 * n**2))
        return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)

    (l1, u1), (l2, u2) = wilson(20, 50), wilson(20, 100)
    low, high = 0.2 - np.hypot(0.4 - l1, u2 - 0.2), 0.2 + np.hypot(u1 - 0.4, 0.2 - l2)
    assert (alone["low"], alone["high"]) == pytest.approx((100 * low, 100 * high))
    assert (many["alone_low"], many["alone_high"]) == pytest.approx((100 * low, 100 * high))
    assert many["low"] < alone["low"]
    assert many["high"] > alone["high"]


def test_nine_comparisons_and_no_difference_still_give_something() -> None:
    value = ll.designs.looks(9).table["value"].tolist()
    assert value == pytest.approx([9, 0.45, 100 * (1 - 0.95**9), 100 * (1 - 0.05 / 9)])


def test_the_list_is_what_the_plan_says_and_nothing_else(school: Any) -> None:
    plan = ll.plan(
        question="q", design="comparisons", pack="cedar-valley", outcome=("math", "absent_10_pct", "chess"),
        subgroups=("money", "language"),
    )  # fmt: skip
    found = equity.planned(school, plan)
    assert found[["pair", "measure"]].apply(tuple, axis=1).tolist() == [
        (pair, measure) for pair in ("money", "language") for measure in ("math", "absent_10_pct", "chess")
    ]
    assert found.loc[found["measure"] == "chess", "reason"].str.contains("no such outcome").all()
    assert ll.designs.comparisons(found).listed == 6


def test_risks_by_race_feed_the_rule_on_disproportion_and_hide_small_cells(school: Any) -> None:
    counts = equity.risks(school)
    assert counts["outcome_n"].dropna().min() >= K
    found = ll.designs.disproportion(
        counts, group="group", outcome_n="outcome_n", total_n="total_n", unit="school_id", everyone=ALL,
        groups=counts.attrs["groups"],
    )  # fmt: skip
    row = found.frame[found.frame["ratio"].notna()].iloc[0]
    own = counts[counts["school_id"] == row["unit"]].set_index("group")
    x, n = own.loc[row["group"], ["outcome_n", "total_n"]]
    rest = own.loc[ALL, ["outcome_n", "total_n"]] - [x, n]
    assert row["ratio"] == pytest.approx((x / n) / (rest["outcome_n"] / rest["total_n"]))


# -- pictures and words -----------------------------------------------------------------------------------------------


def test_the_map_draws_every_school_of_the_level_and_says_both_heights(school: Any, peers: Any) -> None:
    both = equity.side_by_side(school, peers, measure="math")
    figure = ll.charts.two_groups(both)
    assert len(figure.drawn["school_name"]) == len(both.frame)
    assert figure.drawn["place"].count("This school") == 1
    own = both.frame[both.frame["place"] == "This school"].iloc[0]
    assert f"{abs(own['gap']):.2f}" in figure.title
    assert "similar school" in figure.alt


def test_the_split_is_drawn_as_three_bars_and_the_list_as_it_was_fixed(school: Any) -> None:
    parts = ll.designs.between_within(equity.attending(school, measure="math"))
    assert ll.charts.split(parts).drawn["part"] == ["gap", "between", "within"]
    plan = ll.plan(question="q", design="comparisons", outcome=("math", "absent_10_pct"), subgroups=("money",))
    found = ll.designs.comparisons(equity.planned(school, plan))
    assert ll.charts.listed(found).drawn["unit"] == ["sd", "pct_points"]
    assert ll.charts.split(Missing("A", "b.")).told


DEFICIT = (
    *("achievement gap", "at-risk", "at risk", "low kids", "low children", "poor kids", "poor children", "poor pupils"),
    *(
        "disadvantaged pupils",
        "underperform",
        "underachiev",
        "failing",
        "deficit",
        "deficien",
        "weak pupils",
        "minorit",
    ),
    *("slow learner", "low-income kids", "these kids", "broken homes", "culture of poverty", "non-white", "handicap"),
    *("limited english", "illegal", "normal pupils"),
)
SOURCES = (
    *(f"measures/equity{part}.py" for part in ("", "_panel", "_pairs", "_places", "_exposure", "_standing")),
    *("designs/attending.py", "designs/several.py", "charts/equities.py", "words/captions_equity.py"),
    "lessons/case_12.py",
)


@pytest.mark.parametrize("file", SOURCES)
def test_no_word_labels_pupils(file: str, root: Path) -> None:
    text = (root / "leadlib" / file).read_text(encoding="utf-8").casefold()
    assert [word for word in DEFICIT if re.search(rf"\b{re.escape(word)}", text)] == []


def test_results_call_the_groups_by_what_a_form_says_and_never_speak_of_causes(school: Any, peers: Any) -> None:
    told = " ".join(
        block.plain()
        for block in (
            equity.reached(school, peers), equity.exposure(school), equity.ranked(school, measure="math", later=1),
            ll.designs.between_within(equity.attending(school, measure="math")),
        )
    )  # fmt: skip
    assert "households with little money" in told.casefold()
    assert MONEY not in told
    for word in (*DEFICIT, "caused", "because of", "no effect", "significant", "proves"):
        assert word not in told.casefold()


def test_the_panel_has_one_row_each_and_is_the_callers_own(school: Any) -> None:
    found = equity.panel(school)
    assert not found.duplicated([*KEY, "group"]).any()
    found["n"] = -1.0
    assert (equity.panel(school)["n"].dropna() > 0).all()
