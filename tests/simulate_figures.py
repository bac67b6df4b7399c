"""Figures of a simulated district that stand beside published ones in calibration.json."""

from __future__ import annotations

import numpy as np
import pandas as pd
from simulate_oracles import correlation, icc, scores

Tables = dict[str, pd.DataFrame]


def figures(tables: Tables) -> dict[str, float]:
    """Work out every figure of calibration.json from the tables of a district."""
    return _time(tables) | _leaders(tables) | _staff(tables) | _pupils(tables) | _money(tables) | _results(tables)


def _time(tables: Tables) -> dict[str, float]:
    log = tables["principal_time"]
    total = float(log["minutes"].sum())
    shares = (100 * log.groupby("activity")["minutes"].sum() / total).to_dict()
    found = {f"time_{name.replace(' ', '_').replace('-', '_')}_pct": float(v) for name, v in shares.items()}
    found["time_walkthrough_pct"] = 100 * float(log["walkthrough_min"].sum()) / total
    found["time_coaching_pct"] = 100 * float(log["coaching_min"].sum()) / total
    return found | {
        "time_instruction_pct": found["time_day_to_day_instruction_pct"] + found["time_instructional_program_pct"]
    }


def _leaders(tables: Tables) -> dict[str, float]:
    survey, staff = tables["leadership_survey"], tables["staff_years"]
    person = survey.groupby(["school_id", "year", "respondent_role", "respondent_id"])["response"].mean().reset_index()
    teachers = person[person["respondent_role"] == "teacher"]
    seen = teachers.groupby(["school_id", "year"])["response"].mean().rename("seen")
    own = person[person["respondent_role"] == "principal"].set_index(["school_id", "year"])["response"].rename("own")
    both = pd.concat([seen, own], axis=1).dropna().reset_index()
    one = teachers[teachers["year"] == teachers["year"].min()]
    functions = survey[survey["respondent_role"] == "teacher"].pivot_table(
        index=["school_id", "year"], columns="function", values="response"
    )
    r = functions.corr().to_numpy()
    math, read = scores(tables, "math"), scores(tables, "read")
    growth = math.assign(year=math["year"] + 1).merge(math, on=["school_id", "year"], suffixes=("_old", ""))
    growth["growth"] = growth["math"] - growth["math_old"] * correlation(growth, "math_old", "math")
    rated = growth.merge(staff, on=["school_id", "year"])
    with_need = (
        seen.reset_index().merge(read, on=["school_id", "year"]).merge(tables["school_years"], on=["school_id", "year"])
    )
    with_need["z"] = (with_need["seen"] - with_need["seen"].mean()) / with_need["seen"].std()
    x = np.column_stack([np.ones(len(with_need)), with_need["z"], with_need["free_or_reduced_price_lunch_pct"]])
    years = sorted(staff["year"].unique())
    person_id = staff.set_index(["school_id", "year"])["principal_id"].unstack("year")  # noqa: PD010  (text has no mean)
    two = [
        (person_id[a] != person_id[b])[person_id[[a, b]].notna().all(axis=1)]
        for a, b in zip(years, years[2:], strict=False)
    ]
    wide = seen.reset_index().pivot_table(index="school_id", columns="year", values="seen")
    apart = [[wide[[a, b]].dropna().corr().iloc[0, 1] for a, b in zip(wide.columns, wide.columns[n:], strict=False)]
             for n in (1, 2)]  # fmt: skip
    return {
        "self_and_teachers_r": correlation(both, "seen", "own"),
        "survey_icc1": icc(one["response"], one["school_id"]),
        "survey_functions_r": float(r[np.triu_indices_from(r, 1)].mean()),
        "survey_three_years_apart_r": float(np.mean([np.mean(r) for r in apart])),
        "ratings_r": correlation(staff, "principal_rating_instructional", "principal_rating_managerial"),
        "instructional_rating_growth_r": correlation(rated, "principal_rating_instructional", "growth"),
        "managerial_rating_growth_r": correlation(rated, "principal_rating_managerial", "growth"),
        "leadership_reading_raw_r": correlation(with_need, "seen", "read"),
        "leadership_reading_given_need_sd": float(np.linalg.lstsq(x, with_need["read"].to_numpy(), rcond=None)[0][1]),
        "principal_changed_in_two_years_pct": 100 * float(np.concatenate([t.to_numpy() for t in two]).mean()),
    }


def _staff(tables: Tables) -> dict[str, float]:
    teachers = tables["teachers"]
    known = teachers[teachers["year"] < teachers["year"].max()]
    left = known["left_next_year"].astype(float)
    ratio = tables["support_staff"].query("role == 'counselor'").merge(tables["school_years"], on=["school_id", "year"])
    late = ratio[ratio["year"] >= ratio["year"].max() - 1]
    pupils = tables["school_years"]["enrollment"].sum()
    return {
        "teachers_left_pct": 100 * float(left.mean()),
        "new_teachers_left_pct": 100 * float(left[known["experience_years"] < 2].mean()),
        "pupils_per_teacher": float(pupils / tables["staff_years"]["teachers_fte"].sum()),
        "teacher_experience_years": float(teachers["experience_years"].mean()),
        "pupils_per_counselor": float(late["enrollment"].sum() / late["fte"].sum()),
    }


def _pupils(tables: Tables) -> dict[str, float]:
    away = tables["attendance"].query("group == 'All'").dropna(subset=["absent_10_pct_n"])
    years = tables["school_years"]
    return {
        "absent_10_pct": 100 * float(away["absent_10_pct_n"].sum() / away["enrolled_n"].sum()),
        "disability_pct": float(np.average(years["students_with_disabilities_pct"], weights=years["enrollment"])),
        "english_learners_pct": float(np.average(years["english_language_learners_pct"], weights=years["enrollment"])),
        "lunch_pct": float(years["free_or_reduced_price_lunch_pct"].mean()),
    }


def _money(tables: Tables) -> dict[str, float]:
    lines = tables["budget_lines"]
    total = float(lines["spend_usd"].sum())
    share = (100 * lines.groupby("function")["spend_usd"].sum() / total).to_dict()
    return {f"{name}_pct": float(v) for name, v in share.items()} | {
        "spending_per_pupil_usd": total / float(tables["school_years"]["enrollment"].sum())
    }


def _results(tables: Tables) -> dict[str, float]:
    math = scores(tables, "math").merge(tables["school_years"], on=["school_id", "year"])
    spread = (
        tables["outcomes"].query("grade == 'All' and group == 'All' and measure == 'math'").dropna(subset=["value_sd"])
    )
    last = spread[spread["year"] == spread["year"].max()]
    between = float(math[math["year"] == math["year"].max()]["math"].var())
    inside = float((last["value_sd"] ** 2).mean() / 50**2)
    return {
        "score_and_lunch_r": correlation(math, "math", "free_or_reduced_price_lunch_pct"),
        "score_icc": between / (between + inside),
        "score_spread_sd": float(np.sqrt(between + inside)),
    }
