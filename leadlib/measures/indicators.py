"""Every indicator of every school in one frame: learning, attendance, climate, discipline, access and staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures import conditions, outcomes
from leadlib.measures.shares import ALL, MEANS, counted, counts_of, means, without_remainder
from leadlib.privacy import K, code_extremes
from leadlib.results import Missing, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "The list of indicators"
GROUPS = ("Economically disadvantaged", "English learners", "Students with disabilities")
"""The groups of pupils looked at beside all pupils: fixed before any value is read."""
COLUMNS = [
    "school_id",
    "year",
    "measure",
    "label",
    "theme",
    "group",
    "kind",
    "better",
    "unit",
    "value",
    "value__why",
    "se",
    "sd",
    "size",
    "size_basis",
    "width",
    "comparable",
    "value_low",
    "value_high",
    "grade",
    "leaid",
    "school_level",
]
RESULT, CONDITION, ALSO = "result", "condition", "also"
_ACTIONS = {"out-of-school suspension": ("suspended_out", RESULT), "in-school suspension": ("suspended_in", ALSO)}
_COURSES = {
    "algebra_1_grade_8": "Algebra I in grade 8, pupils ready for it who take it",
    "ap_any": "Advanced Placement, pupils who take a course",
    "gifted": "Gifted education, pupils who take part",
    "calculus": "Calculus, pupils who take it",
}
_ITEMS = {
    "belonging": "Belonging, pupils' mean answer",
    "safety": "Safety, pupils' mean answer",
    "support": "Support from adults, pupils' mean answer",
}


@passes_missing
def panel(school: School, *, groups: tuple[str, ...] = GROUPS, k: int = K) -> pd.DataFrame | Missing:
    """See everything that the pack knows of how each school is doing, on one list, with how sure each figure is.

    One row a school, year and measure. Nothing computed from this frame can give away what it hides. It has all columns
    that `designs.trend`, `designs.school_gap` and `designs.funnel` ask of a panel.

    Parameters
    ----------
    school : School
        The school; the frame holds all schools of its pack, and `attrs["year"]` is its year.
    groups : tuple of str
        Groups of pupils whose learning and attendance are listed beside those of all pupils.
    k : int
        The fewest people, pupils or staff, that may stand behind a figure.

    Returns
    -------
    DataFrame or Missing
        school_id, year (fall), measure (short name; of a group `<measure>|<group>`), label, theme (learning,
        attendance, climate, discipline, access, staffing, coaching, support), group, kind ("result": may be a need;
        "condition": what the school has to work with; "also": a second count of the same), better ("higher" or
        "lower"), unit, value, value__why (reported, between, range, suppressed, not_reported), se (standard error of
        one year's value; missing where it has to be read from changes over the years, as `designs.priorities` does), sd
        (between people, where known), size and size_basis (people behind the value), width (of the range a coded value
        stands for), comparable (whether years are on one scale), value_low, value_high, grade, leaid, school_level.

    Notes
    -----
    Learning: one measure a subject, the mean score before the percent proficient, because proficiency hides change on
    both sides of the cut; an index only where there is nothing else. Chronic absence: a tenth of the days (most states)
    and, as "also", 15 days (the federal count). Shares of pupils are coded as `privacy.code_shares` does; a group is
    left blank where the pupils outside it would be fewer than k or could be counted by subtraction. Staff: three years
    pooled, coded the same. Standard errors: sd / sqrt(n); of shares sqrt(p(1 - p) / n), p drawn two people of each kind
    towards the middle (Agresti and Coull 1998); a coded value adds width^2 / 12.
    """
    parts = [
        _learning(school, groups, k),
        _attendance(school, groups, k),
        _climate(school, k),
        _discipline(school, k),
        _access(school, k),
        conditions.staffing(school, k),
        conditions.coaching(school, k),
        conditions.support(school, k),
    ]
    found = [p.reindex(columns=[*COLUMNS[:-2]]) for p in parts if len(p)]
    if not found or not any(p["value"].notna().any() for p in found):
        return Missing(SECTION, "this pack holds no figure on how its schools are doing.")
    frame = pd.concat([_typed(p) for p in found], ignore_index=True)
    schools = school.table("schools").drop_duplicates("school_id")
    about = [c for c in ("school_id", "leaid", "school_level") if c in schools]
    frame = frame.merge(schools[about], on="school_id", how="inner").reindex(columns=COLUMNS)
    frame = frame.sort_values(["measure", "school_id", "year"], kind="stable").reset_index(drop=True)
    frame.attrs["year"] = school.year
    return frame


def _typed(part: pd.DataFrame) -> pd.DataFrame:
    numbers = ("value", "se", "sd", "size", "width", "value_low", "value_high")
    words = ("school_id", "measure", "label", "theme", "group", "kind", "better", "unit", "value__why", "grade")
    types: dict[str, Any] = dict.fromkeys(numbers, float) | dict.fromkeys((*words, "size_basis"), object)
    part = part.assign(
        width=part["width"].fillna(0.0),
        comparable=part["comparable"].map(lambda v: True if pd.isna(v) else bool(v)),
        grade=part["grade"].where(part["grade"].notna(), ""),
        size_basis=part["size_basis"].where(part["size_basis"].notna(), ""),
    )
    return part.astype({**types, "comparable": bool, "year": int})


def _learning(school: School, groups: tuple[str, ...], k: int) -> pd.DataFrame:
    every = outcomes.panel(school, k=k)
    if isinstance(every, Missing):
        return pd.DataFrame()
    kept = _leading(school)
    frame = every[every["measure"].isin(kept)].copy()
    given = frame["sd"] / np.sqrt(frame["size"].where(frame["size"] > 0))
    frame["se"] = given.where(frame["width"].fillna(0.0) == 0)
    # One error for all schools of a measure: where some lack the spread, it is read from changes instead.
    share = frame["se"].notna().groupby(frame["measure"]).transform("sum") / frame["value"].notna().groupby(
        frame["measure"]
    ).transform("sum").clip(lower=1)
    frame["se"] = frame["se"].where(share > 0.8)
    frame = frame.assign(theme="learning", group=ALL, kind=RESULT, better="higher")
    return pd.concat([frame, *(_group_learning(school, frame, g, k) for g in groups)], ignore_index=True)


def _leading(school: School) -> list[str]:
    """Give one measure a subject: a mean score before a percent; an index or other composite only for want of one."""
    table = school.table("measures")
    if "subject" not in table or table["subject"].isna().all():
        return table["measure"].tolist()
    subjects = table["subject"].fillna("other")
    if (subjects != "other").any():
        table, subjects = table[subjects != "other"], subjects[subjects != "other"]
    order = table.assign(subject=subjects, second=(table["unit"] == "pct").astype(int))
    return order.sort_values("second", kind="stable").drop_duplicates("subject")["measure"].sort_values().tolist()


def _group_learning(school: School, whole: pd.DataFrame, group: str, k: int) -> pd.DataFrame:
    raw = school.table("outcomes")
    rows = raw[(raw["group"] == group) & (raw["grade"] == ALL) & raw["measure"].isin(whole["measure"].unique())]
    if rows.empty or "tested_n" not in rows:
        return pd.DataFrame()
    rows = rows.reindex(columns=["school_id", "year", "measure", "value", "value_sd", "tested_n"])
    about = ["label", "unit", "comparable", "value_low", "value_high", "theme", "kind", "better"]
    keys = ["school_id", "year", "measure"]
    frame = rows.merge(whole[[*keys, "size", "size_basis", *about]], on=keys, how="inner", suffixes=("", "_all"))
    n, everyone = frame["tested_n"].astype(float), frame["size"].where(frame["size_basis"] == outcomes.TESTED)
    hidden = ~(n >= k) | ~((everyone - n >= k) | (everyone == n))
    value = frame["value"].astype(float)
    coded, how = code_extremes(value, n)
    percent = frame["unit"] == "pct"
    why = np.where(value.isna(), "not_reported", np.where(hidden, "suppressed", np.where(percent, how, "reported")))
    sd = frame["value_sd"].astype(float).mask(hidden)
    share = value.where(percent) / 100
    se = (sd / np.sqrt(n)).where(~percent, 100 * np.sqrt(share.clip(0.05, 0.95) * (1 - share.clip(0.05, 0.95)) / n))
    return frame.assign(
        measure=frame["measure"] + "|" + group,
        label=frame["label"] + f" ({group.lower() if group != 'English learners' else group})",
        group=group,
        value=value.where(~percent, coded).mask(hidden),
        value__why=why,
        sd=sd,
        se=se.mask(hidden),
        size=n.mask(hidden),
        size_basis=outcomes.TESTED,
    )


def _attendance(school: School, groups: tuple[str, ...], k: int) -> pd.DataFrame:
    if not school.has("attendance"):
        return pd.DataFrame()
    table = counts_of(school, "attendance")
    kinds = (
        ("absent_10_pct_n", "absent_10", "Chronic absence, a tenth of the days", RESULT),
        ("absent_15_days_n", "absent_15", "Chronic absence, 15 days", ALSO),
    )
    parts = []
    for column, name, label, kind in kinds:
        if column not in table:
            continue
        rows = table[["school_id", "year", "group", column, "enrolled_n"]].rename(columns={column: "inside"})
        about = {"theme": "attendance", "better": "lower", "kind": kind, "size_basis": "pupils enrolled"}
        whole = rows[rows["group"] == ALL]
        parts.append(counted(whole, "inside", "enrolled_n", measure=name, label=label, k=k, **about))
        for group in groups if kind == RESULT else ():
            part = without_remainder(rows[rows["group"] == group], whole, k)
            said = f"{label} ({group.lower() if group != 'English learners' else group})"
            parts.append(counted(part, "inside", "enrolled_n", measure=f"{name}|{group}", label=said, k=k, **about))
    return pd.concat([p for p in parts if len(p)], ignore_index=True) if any(len(p) for p in parts) else pd.DataFrame()


def _climate(school: School, k: int) -> pd.DataFrame:
    if not school.has("student_climate"):
        return pd.DataFrame()
    table = school.table("student_climate")
    table = table[(table["group"] == ALL) & table["item"].isin(list(_ITEMS))]
    rows = table.rename(columns={"mean": "value", "respondents_n": "n"}).reindex(columns=["item", *MEANS])
    parts = [
        means(
            part,
            measure=str(item),
            label=_ITEMS[str(item)],
            theme="climate",
            better="higher",
            kind=RESULT,
            size_basis="pupils who answered",
            k=k,
        )
        for item, part in rows.groupby("item", sort=True)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _discipline(school: School, k: int) -> pd.DataFrame:
    if not school.has("discipline"):
        return pd.DataFrame()
    table = counts_of(school, "discipline")
    parts = []
    for action, (name, kind) in _ACTIONS.items():
        rows = table[(table["group"] == ALL) & (table["action"] == action)]
        about = {"theme": "discipline", "better": "lower", "kind": kind, "size_basis": "pupils enrolled"}
        label = f"Pupils with {'an' if action[0] in 'aeiou' else 'a'} {action}"
        parts.append(counted(rows, "pupils_n", "enrolled_n", measure=name, label=label, k=k, **about))
    return pd.concat(parts, ignore_index=True)


def _access(school: School, k: int) -> pd.DataFrame:
    """Give who takes a course, of those ready for it where that is known, else of those of its grades."""
    if not school.has("course_access"):
        return pd.DataFrame()
    table = school.table("course_access")
    table = table[table["group"] == ALL]
    ready = table["ready_n"] if "ready_n" in table else pd.Series(np.nan, index=table.index)
    table = table.assign(of_n=ready.astype(float).fillna(table["eligible_n"].astype(float)))
    parts = []
    for course, rows in table.groupby("course", sort=True):
        about = {"theme": "access", "better": "higher", "kind": RESULT, "size_basis": "pupils who could take it"}
        label = _COURSES.get(str(course), f"{str(course).replace('_', ' ').capitalize()}, pupils who take it")
        parts.append(counted(rows, "enrolled_n", "of_n", measure=str(course), label=label, k=k, **about))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
