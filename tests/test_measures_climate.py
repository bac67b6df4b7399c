"""Survey means: reliability before any average, few people not shown, a leader's own view no measure."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import leadlib as ll
from leadlib.designs import survey
from leadlib.measures import climate
from leadlib.measures.groups import SIMILAR, THIS
from leadlib.results import Missing

PACK = "cedar-valley"
NOBODY = {"school_id": "A", "year": 2020, "of": 2021, "groups": {}, "left_out": (), "asked": {}}


def own(result, measure):
    table = result.table
    return table[(table["measure"] == measure) & (table["group"] == THIS)].iloc[0]


def answers(
    schools: dict[str, list[list[int]]], principals: dict[str, list[int]] | None = None, **more
) -> pd.DataFrame:
    """One list of answers a teacher, by school; one a principal."""
    rows, n = [], 0
    for role, given in (("teacher", schools), ("principal", {s: [a] for s, a in (principals or {}).items()})):
        for school, people in given.items():
            for person in people:
                n += 1
                rows += [(f"P{n}", school, role, f"q{k}", "goals", a) for k, a in enumerate(person)]
    columns = ["respondent_id", "school_id", "respondent_role", "item", "function", "response"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.attrs = NOBODY | more
    return frame


def agreeing(level: int, n: int, seed: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    lean = rng.integers(-1, 2, n)
    return [
        [int(np.clip(level + d + rng.integers(-1, 2) * (rng.random() < 0.3), 1, 5)) for _ in range(4)] for d in lean
    ]


@pytest.fixture(scope="module")
def school():
    return ll.school(PACK, "990000100023", 2021)


@pytest.fixture(scope="module")
def views(school):
    return survey.leadership(climate.answers(school, None))


def test_the_last_survey_up_to_the_year_is_used_and_never_a_later_one(school):
    found = climate.answers(school, None)
    assert found.attrs["year"] == 2020 and set(found.columns) >= {"item", "response", "respondent_role"}
    assert survey.leadership(found).text.count("2020\N{EN DASH}21, 1 year before") == 1


def test_reliability_of_a_school_is_spearman_brown_of_an_anova_done_apart(school, views):
    table = ll.load(f"{PACK}/leadership_survey")
    table = table[(table["year"] == 2020) & (table["respondent_role"] == "teacher")]
    score = table.groupby(["school_id", "respondent_id"])["response"].mean().reset_index()
    groups = score.groupby("school_id")["response"]
    n, n_all, j = groups.size(), len(score), score["school_id"].nunique()
    within = (groups.var(ddof=1).fillna(0) * (n - 1)).sum() / (n_all - j)
    between = (n * (groups.mean() - score["response"].mean()) ** 2).sum() / (j - 1)
    k = (n_all - (n**2).sum() / n_all) / (j - 1)
    icc1 = (between - within) / (between + (k - 1) * within)
    m = n[school.school_id]
    row = own(views, "Steadiness of the mean (reliability)")
    assert row["value"] == pytest.approx(m * icc1 / (1 + (m - 1) * icc1), rel=1e-9)
    assert own(views, "Teachers' view of leadership")["value"] == pytest.approx(
        groups.mean()[school.school_id], rel=1e-9
    )
    assert own(views, "Teachers' view of leadership")["n"] == m


def test_reliability_and_agreement_stand_before_the_mean(views):
    measures = list(dict.fromkeys(views.table["measure"]))
    assert measures.index("Steadiness of the mean (reliability)") < measures.index("Teachers' view of leadership")
    assert measures.index("Agreement (r_wg)") < measures.index("Teachers' view of leadership")


def test_nine_teachers_are_not_shown_and_ten_are():
    schools = {"A": agreeing(2, 9, 1), "B": agreeing(4, 12, 2), "C": agreeing(3, 12, 3), "D": agreeing(5, 12, 4)}
    nine = survey.leadership(answers(schools))
    row = own(nine, "Teachers' view of leadership")
    assert nine.shown == () and math.isnan(row["value"]) and math.isnan(row["n"]) and row["shown"] == "not shown"
    assert math.isnan(own(nine, "Steadiness of the mean (reliability)")["value"])
    assert "fewer than 10 people answered" in nine.text
    ten = survey.leadership(answers(schools | {"A": agreeing(2, 10, 1)}))
    assert ten.shown == ("Teachers' view of leadership",)
    assert own(ten, "Teachers' view of leadership")["value"] == pytest.approx(np.mean(agreeing(2, 10, 1)))


def test_no_mean_is_shown_where_the_survey_does_not_tell_schools_apart():
    same = survey.leadership(answers({s: agreeing(3, 12, k) for k, s in enumerate("ABCD")}))
    assert same.shown == () and "does not tell schools apart" in same.text


def test_a_principal_is_one_person_and_never_shown_alone(views):
    row = own(views, "Principals' view of themselves")
    assert math.isnan(row["value"]) and row["shown"] == "not shown"
    few = {s: agreeing(2 + k, 12, k) for k, s in enumerate("ABCD")}
    told = survey.leadership(answers(few, {s: [5, 5, 4, 5] for s in "ABCD"}, groups={SIMILAR: ["B", "C", "D"]}))
    rows = told.table[told.table["measure"] == "Principals' view of themselves"]
    assert rows["value"].isna().all() and math.isnan(told.self_r)


def test_the_two_views_correlate_as_numpy_says_and_the_words_call_it_no_measure(views):
    table = ll.load(f"{PACK}/leadership_survey")
    table = table[table["year"] == 2020]
    means = table.groupby(["respondent_role", "school_id"])["response"].mean()
    shown = views.frame.loc[views.frame["shown"], "school_id"]
    both = pd.DataFrame({r: means[r].reindex(shown) for r in ("principal", "teacher")}).dropna()
    assert views.self_r == pytest.approx(np.corrcoef(both["principal"], both["teacher"])[0, 1], abs=1e-9)
    assert views.self_low < views.self_r < views.self_high and views.self_n == len(both)
    assert "a leader's own view is no measure" in views.text


def summaries(rows: list[tuple[str, float, float, int]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["school_id", "mean", "sd", "respondents_n"])
    frame = frame.assign(item="safety", invited_n=frame["respondents_n"] + 20, scale_low=1.0, scale_high=5.0)
    frame.attrs = NOBODY
    return frame


def test_summaries_give_the_same_icc_as_the_pupils_behind_them():
    rng = np.random.default_rng(5)
    raw = pd.concat([pd.DataFrame({"s": s, "y": rng.normal(m, 0.8, n)}) for s, m, n in
                     (("A", 3.0, 40), ("B", 3.6, 25), ("C", 4.2, 60), ("D", 3.3, 31))])  # fmt: skip
    groups = raw.groupby("s")["y"]
    rows = [(s, groups.mean()[s], groups.std()[s], int(groups.size()[s])) for s in "ABCD"]
    apart = survey.icc(raw, outcome="y", unit="s")
    n = 40
    expected = n * apart.value / (1 + (n - 1) * apart.value)
    assert own(survey.climate(summaries(rows)), "Safety: steadiness of the mean (reliability)")[
        "value"
    ] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("sd", "shown", "words"),
    [(0.5, True, ""), (0.9, True, "differ in what they say"), (1.2, False, "a mean stands for nobody")],
)
def test_agreement_decides_whether_a_mean_is_shown_and_with_which_words(sd, shown, words):
    rows = [("A", 3.0, sd, 80), *((s, m, 0.6, 80) for s, m in (("B", 3.9), ("C", 4.4), ("D", 2.2)))]
    found = survey.climate(summaries(rows))
    row = own(found, "Safety")
    assert (found.shown == ("Safety",)) is shown and words in found.text
    assert own(found, "Safety: agreement (r_wg)")["value"] == pytest.approx(1 - sd**2 / 2)
    assert row["value"] == 3.0 if shown else math.isnan(row["value"])


def test_a_small_unsteady_mean_is_not_shown():
    rows = [("A", 3.0, 0.9, 11), *((s, 3 + k / 9, 0.9, 400) for k, s in enumerate("BCDE"))]
    found = survey.climate(summaries(rows))
    assert found.shown == () and "the mean of so few is unsteady" in found.text


def test_who_answered_hides_a_handful_who_did_not(monkeypatch, school):
    table = climate.who_answered(school, None).table
    here = table[(table["group"] == THIS) & (table["measure"] == "All pupils")].iloc[0]
    raw = ll.load(f"{PACK}/student_climate")
    raw = raw[(raw["school_id"] == school.school_id) & (raw["year"] == 2021) & (raw["group"] == "All")].iloc[0]
    assert here["value"] == pytest.approx(100 * raw["respondents_n"] / raw["invited_n"])
    rows = climate._rates("All", pd.DataFrame({"respondents_n": [97.0], "invited_n": [100.0]}, ["A"]), "A", {}, 10)
    assert rows[0][-1] == "over 90.0%" and rows[0][2] == 95.0


@pytest.mark.parametrize("pack", ["california-2000", "michigan-1993-98", "tennessee-star"])
def test_packs_without_surveys_get_a_sentence(pack):
    schools = ll.load(f"{pack}/school_years").iloc[0]
    found = ll.school(pack, schools["school_id"], int(schools["year"]))
    for given in (climate.answers(found, None), climate.pupils(found, None), climate.who_answered(found, None)):
        assert isinstance(given, Missing) and given.reason.endswith(".")
    assert isinstance(survey.leadership(climate.answers(found, None)), Missing)


def test_the_picture_names_what_is_not_shown(school):
    rows = [("A", 3.0, 1.2, 80), *((s, m, 0.6, 80) for s, m in (("B", 3.9), ("C", 4.4), ("D", 2.2)))]
    frame = summaries(rows)
    frame.attrs = NOBODY | {"groups": {SIMILAR: ["B", "C", "D"]}}
    figure = ll.charts.survey_means(survey.climate(frame))
    assert figure.title == "No mean of this school may be shown" and "this school not shown" in figure.alt
    drawn = ll.charts.survey_means(survey.climate(climate.pupils(school, None)))
    assert drawn.title.startswith("Belonging:") and "95% intervals" in drawn.alt
