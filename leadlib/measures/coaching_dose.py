"""How much coaching a school's teachers have, who has it, what it works on, and the observations beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.measures.groups import LEAST, THIS, middle, peers_may_be_missing
from leadlib.numbers import plural, school_year
from leadlib.privacy import NOT_SHOWN, K, code_shares, share_text
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

SECTION = "The section on coaching"
FULL_DOSE_MIN = 600.0
"""Ten hours with a coach in a year count as a full dose for one teacher; more counts no further."""
NEW_YEARS = 2
"""Teachers with fewer years of teaching than this before the year count as new."""
COACHED, ALL_COACHED = "Similar schools with coaching", "All schools with coaching"
NOTE = "Groups: the median school, in brackets the middle half. This school is not in its groups."
Row = tuple[Any, ...]


@peers_may_be_missing
@passes_missing
def dose(school: School, peers: Peers | Missing | None, *, privacy_k: int = K) -> Result | Missing:
    """See how many of the school's teachers are coached and how much, beside similar schools that have coaching.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools.
    privacy_k : int
        The fewest teachers who may be seen.

    Returns
    -------
    Result or Missing
        Table: share of teachers coached, share of a full dose (mean over all teachers of coaching minutes / 600, at
        most 1), hours a teacher and hours a coached teacher, share of cycles finished; `n` counts teachers, or schools.
        `shown` is the protected text. Missing where the pack has no record of coaching, or none of this school's
        teachers in its year.
    """
    table = _teachers(school)
    if isinstance(table, Missing):
        return table
    by = _by_school(table).join(_finished(school, privacy_k))
    rows = [r for line in _LINES for r in _dose_rows(line, by, school, peers, privacy_k)]
    own = by.loc[school.school_id]
    told = (
        f"{plural(int(own['teachers']), 'teacher')} taught here."
        if own["teachers"] >= privacy_k
        else "Few taught here."
    )
    if own["coached"] == 0:
        told += " None of them was coached that year."
    return Result(
        id="coaching-dose",
        title=f"How much coaching there was, {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text=f"{told} A full dose is ten hours with a coach in the year; more counts no further.",
        limits=_limits(rows, privacy_k),
        note=NOTE,
        wide=True,
    )


_LINES = (
    ("Teachers coached", "coached_pct", "teachers", "pct"),
    ("Share of a full dose, all teachers", "dose_pct", "teachers", "pct"),
    ("Hours with a coach, all teachers", "hours", "teachers", "hours"),
    ("Hours with a coach, coached teachers", "hours_each", "coached", "hours"),
    ("Coaching cycles finished", "finished_pct", "coached", "pct"),
)


def _limits(rows: list[Row], k: int) -> tuple[str, ...]:
    groups = {r[1] for r in rows}
    gone = [g for g in (COACHED, ALL_COACHED) if g not in groups]
    lacking = tuple(f"There is no column for {g[:1].lower()}{g[1:]}: fewer than {LEAST} were coached." for g in gone)
    return (
        *lacking,
        f"Figures behind which fewer than {k} teachers stand are not shown.",
        "Minutes say nothing of how good the coaching was.",
    )


def _teachers(school: School) -> pd.DataFrame | Missing:
    """Give the school year's teachers with share of a full dose, and whether they are new."""
    wanted = {"school_id", "year", "teacher_id", "coached", "coaching_min"}
    if not school.has("teachers") or not wanted <= {f.name for f in school.fields("teachers")}:
        return Missing(SECTION, "the pack holds no record of which teachers were coached.")
    table = school.table("teachers")
    table = table[(table["year"] == school.year) & table["coaching_min"].notna()]
    if school.school_id not in set(table["school_id"]):
        return Missing(SECTION, f"the pack knows no teachers of this school in {school_year(school.year)}.")
    return marked(table)


def marked(table: pd.DataFrame) -> pd.DataFrame:
    """Add to teachers their dose (0 to 1), whether they were coached, and whether they are new."""
    minutes = table["coaching_min"].astype(float)
    years = table["experience_years"].astype(float) if "experience_years" in table else pd.Series(np.nan, table.index)
    return table.assign(
        dose=np.minimum(minutes / FULL_DOSE_MIN, 1.0),
        coached=(minutes > 0).astype(float),
        new=np.where(years.isna(), np.nan, (years < NEW_YEARS).astype(float)),
    )


def _by_school(table: pd.DataFrame) -> pd.DataFrame:
    groups = table.groupby("school_id")
    by = pd.DataFrame(
        {"teachers": groups.size(), "coached": groups["coached"].sum(), "minutes": groups["coaching_min"].sum()}
    ).astype(float)
    by["coached_pct"] = 100 * by["coached"] / by["teachers"]
    by["dose_pct"] = 100 * groups["dose"].mean()
    by["hours"] = by["minutes"] / 60 / by["teachers"]
    by["hours_each"] = by["minutes"] / 60 / by["coached"].where(by["coached"] > 0)
    return by


def _finished(school: School, k: int) -> pd.DataFrame:
    """Give the share of each school's cycles that were finished; coded like every share."""
    if not school.has("coaching_cycles"):
        return pd.DataFrame({"finished_pct": pd.Series(dtype=float)})
    table = school.table("coaching_cycles")
    table = table[(table["year"] == school.year) & table["completed"].notna()]
    share = 100 * table["completed"].astype(float).groupby(table["school_id"]).mean()
    return pd.DataFrame({"finished_pct": share})


def _dose_rows(line: tuple[str, str, str, str], by: pd.DataFrame, school: School, peers: Any, k: int) -> list[Row]:
    name, column, behind, unit = line
    if column == "finished_pct" and not by[column].notna().any():
        return []
    own, none = by.loc[school.school_id], bool(by.loc[school.school_id, "coached"] == 0)
    few = own[behind] < k or (0 < own["coached"] < k and column != "coached_pct")
    value, text = float(own[column]), ""
    if none:
        value, text = (0.0, "none") if behind == "teachers" else (np.nan, "none")
    elif unit == "pct" and column != "dose_pct":
        text = share_text(value, float(own[behind]), k)
        value = float(code_shares([value], [own[behind]], k)[0])
    if few and not none and (text == "" or own[behind] < k):
        value, text = np.nan, NOT_SHOWN
    n = np.nan if own[behind] < k else float(own[behind])
    rows: list[Row] = [(name, THIS, value, np.nan, np.nan, n, unit, text)]
    known = by[(by["coached"] > 0) & (by[behind] >= k) & (by["coached"] >= k)][column]
    for group, ids in _groups(known.index, school.school_id, peers).items():
        mid, low, high, schools_n = middle(known.reindex(ids))
        rows.append((name, group, mid, low, high, schools_n, unit, ""))
    return rows


def _groups(coached: Any, school_id: str, peers: Any) -> dict[str, list[str]]:
    """Give the coached schools among the similar ones, and all coached schools, without this one."""
    ids = sorted(s for s in coached if s != school_id)
    near = [s for s in ids if peers is not None and s in set(peers.school_ids)]
    return {name: found for name, found in ((COACHED, near), (ALL_COACHED, ids)) if len(found) >= LEAST}


@passes_missing
def reach(school: School, *, privacy_k: int = K) -> Result | Missing:
    """See who is coached: new teachers and others, and whom the coached schools serve.

    Parameters
    ----------
    school : School
        The school.
    privacy_k : int
        The fewest teachers who may be seen.

    Returns
    -------
    Result or Missing
        Table: share coached of teachers in their first two years and of the others, here and in all coached schools
        together (`n` teachers); and the need of coached and other schools, in the middle one (`n` schools). Missing as
        for `dose`.
    """
    table = _teachers(school)
    if isinstance(table, Missing):
        return table
    coached = set(table.loc[table["coached"] > 0, "school_id"])
    own = table[table["school_id"] == school.school_id]
    rows: list[Row] = []
    for name, new in (("New teachers coached (first two years)", 1.0), ("Other teachers coached", 0.0)):
        part = table[table["new"] == new]
        rows.append((name, THIS, *_here(own, new, privacy_k)))
        rows += _shared(name, WITH, part[part["school_id"].isin(coached)], privacy_k)
    new_share = table[table["new"].notna()]
    for group, inside in (
        (WITH, new_share["school_id"].isin(coached)),
        (WITHOUT, ~new_share["school_id"].isin(coached)),
    ):
        rows += _shared("Teachers who are new", group, new_share[inside].assign(coached=new_share["new"]), privacy_k)
    rows += _needs(school, coached, privacy_k)
    return Result(
        id="coaching-reach",
        title=f"Who is coached, {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text="Who gets coaching, and which schools do, was somebody's choice. Where the choice went by need or by"
        " experience, coached and other teachers differed before the first session.",
        note="Shares of teachers: all together. Shares of pupils: the middle school, in brackets the middle half. A"
        " dash: not asked there. Where one kind of teachers is too few to be shown, the other is hidden too.",
        wide=True,
    )


WITH, WITHOUT = "Schools with coaching", "Schools without"


def _here(own: pd.DataFrame, new: float, k: int) -> Row:
    """Give this school's share of one kind of teachers; hidden with the other kind, which the total would give away."""
    part, others = own[own["new"] == new], own[own["new"] != new]
    if not own["coached"].any():
        return (0.0, np.nan, np.nan, float(len(part)) if len(part) >= k else np.nan, "pct", "none")
    if len(part) < k or len(others) < k:
        return (np.nan, np.nan, np.nan, np.nan, "pct", NOT_SHOWN)
    return _shared("", THIS, part, k)[0][2:]


def _shared(name: str, group: str, part: pd.DataFrame, k: int) -> list[Row]:
    """Give one share of teachers, protected."""
    n = len(part)
    if not n:
        return []
    pct = 100 * float(part["coached"].mean())
    text = share_text(pct, n, k)
    value = float(code_shares([pct], [n], k)[0])
    return [(name, group, value, np.nan, np.nan, float(n) if n >= k else np.nan, "pct", text)]


def _needs(school: School, coached: set[str], k: int) -> list[Row]:
    """Give the middle of each need over coached and over other schools."""
    if not school.has("school_years"):
        return []
    fields = [f for f in school.fields("school_years") if f.role == "need"]
    size = next((f.name for f in school.fields("school_years") if f.role == "size"), None)
    year = school.table("school_years")
    year = year[year["year"] == school.year].set_index("school_id")
    n = year[size].astype(float) if size else pd.Series(np.nan, year.index)
    rows = []
    for f in fields[:1]:
        coded = pd.Series(code_shares(year[f.name].astype(float), n, k), index=year.index)
        for group, inside in ((WITH, year.index.isin(list(coached))), (WITHOUT, ~year.index.isin(list(coached)))):
            mid, low, high, schools_n = middle(coded[inside])
            rows.append((f.title, group, mid, low, high, schools_n, "pct", ""))
    return rows


@passes_missing
def focus(school: School, *, privacy_k: int = K) -> Result | Missing:
    """See what the school's coaching cycles work on, beside those of all coached schools.

    Returns
    -------
    Result or Missing
        Table: one row a focus and group, share of teachers coached who had a cycle on it; `n` coached teachers. A focus
        that fewer than `privacy_k` of them had is given as under a limit. Missing where the pack has no cycles, or none
        of this school that year.
    """
    if not school.has("coaching_cycles"):
        return Missing(SECTION, "the pack holds no record of coaching cycles.")
    table = school.table("coaching_cycles")
    table = table[(table["year"] == school.year) & table["focus"].notna()]
    if school.school_id not in set(table["school_id"]):
        return Missing(
            "What coaching works on", f"no teacher of this school was coached in {school_year(school.year)}."
        )
    sides = ((THIS, table[table["school_id"] == school.school_id]), (WITH, table))
    rows: list[Row] = []
    for name in sorted(table["focus"].unique()):
        for group, part in sides:
            n = part["teacher_id"].nunique()
            pct = 100 * part.loc[part["focus"] == name, "teacher_id"].nunique() / n
            value = float(code_shares([pct], [n], privacy_k)[0])
            behind = float(n) if n >= privacy_k else np.nan
            label = f"{name[:1].upper()}{name[1:]}"
            rows.append((label, group, value, np.nan, np.nan, behind, "pct", share_text(pct, n, privacy_k)))
    return Result(
        id="coaching-focus",
        title=f"What coaching works on, {school_year(school.year)}",
        table=pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]),
        text="A teacher with two cycles may stand in two rows.",
        note="Share of coached teachers.",
        wide=True,
    )
