"""What four resources of a school are made of: its principal's minutes, its dollars, its people, its periods."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from leadlib.measures.taxonomy import SHOWN, groups, kinds, lines
from leadlib.results import Missing

if TYPE_CHECKING:
    from leadlib.tables import School

KEYS = ["school_id", "year"]
_BUDGET = {"instructional": "spend_instruction_per_pupil_usd", "administrative": "spend_administration_per_pupil_usd"}
_ADMINISTRATORS = "school_administrators_fte"
_WHY = {
    "minutes": "the pack holds no log of principals' time.",
    "dollars": "the pack does not part spending by function.",
    "people": "the pack does not count both teachers and administrators.",
    "periods": "the pack holds no bell schedule.",
}


def amounts(school: School, resource: str) -> pd.DataFrame | Missing:
    """See what a resource went to, line by line of the taxonomy, at every school and in every year of the pack.

    Parameters
    ----------
    school : School
        A school of the pack.
    resource : str
        One of minutes, dollars, people, periods.

    Returns
    -------
    DataFrame or Missing
        One row a school, year and key of the taxonomy: school_id, year, key, amount. The amount is in minutes over the
        logged weeks, dollars of current spending, full-time posts, or minutes of the bell schedule a week. A school
        without a figure has no row. Missing where the pack does not hold the tables.

    Notes
    -----
    Dollars: where a pack records spending by function for districts alone, a school has its district's. Where it gives
    instruction and administration only, all the rest has the key `rest`. People: a school counts only if both teachers
    and administrators are reported; a support role that is not reported counts as no post.

    Raises
    ------
    InputError
        If there is no such resource.
    """
    lines(resource)
    found = _MAKERS[resource](school)
    if found is None:
        return Missing(f"The part of the ledger on {resource}", _WHY[resource])
    whole = found.groupby([*KEYS, "key"], sort=True)["amount"].sum().reset_index()
    return whole[whole["amount"] >= 0].reset_index(drop=True)


def compositions(school: School, resource: str) -> pd.DataFrame | Missing:
    """See what percent of a resource is instructional, administrative and other, at every school and in every year.

    Parameters
    ----------
    school : School
        A school of the pack.
    resource : str
        One of minutes, dollars, people, periods.

    Returns
    -------
    DataFrame or Missing
        One row a school and year: school_id, year, instructional, administrative, other (percent, together 100), and
        total (in the unit of `amounts`). Missing where the pack does not hold the tables.

    Notes
    -----
    100 times the amount of a kind over the amount of all lines. A school whose lines add up to nothing has no row.

    Raises
    ------
    InputError
        If there is no such resource.
    """
    found = amounts(school, resource)
    if isinstance(found, Missing):
        return found
    kind = kinds(resource, shown=True) | {"rest": "other"}
    parted = found.assign(kind=found["key"].map(kind).fillna("other"))
    wide = parted.pivot_table(index=KEYS, columns="kind", values="amount", aggfunc="sum", fill_value=0.0)
    wide = wide.reindex(columns=list(SHOWN), fill_value=0.0).astype(float)
    total = wide.sum(axis=1)
    shares = wide[total > 0].div(total[total > 0], axis=0) * 100
    return shares.assign(total=total[total > 0]).rename_axis(columns=None).reset_index()


def of_district(school: School) -> bool:
    """Say whether the pack records spending by function for districts alone."""
    return school.has("budget_lines") and bool(school.table("budget_lines")["school_id"].isna().all())


def _minutes(school: School) -> pd.DataFrame | None:
    if not school.has("principal_time"):
        return None
    return _long(school.table("principal_time"), "activity", "minutes")


def _dollars(school: School) -> pd.DataFrame | None:
    if not school.has("budget_lines"):
        return _from_budget(school)
    table = school.table("budget_lines")
    current = groups("dollars")
    table = table[table["function"].map(current).ne("not current")]
    if of_district(school):
        places = school.table("schools")[["school_id", "leaid"]].dropna().drop_duplicates("school_id")
        table = table.drop(columns="school_id").merge(places, on="leaid")
    return _long(table[table["school_id"].notna()], "function", "spend_usd")


def _from_budget(school: School) -> pd.DataFrame | None:
    """Take instruction and administration per pupil from `budget`, where it has both, and call the rest the rest."""
    wanted = [*_BUDGET.values(), "spend_per_pupil_usd"]
    if not school.has("budget") or not {f.name for f in school.fields("budget")} >= set(wanted):
        return None
    table = school.table("budget").dropna(subset=wanted)
    parts = {
        "exp_current_instruction_total": table[_BUDGET["instructional"]],
        "exp_current_sch_admin": table[_BUDGET["administrative"]],
    }
    rest = (table["spend_per_pupil_usd"] - table[_BUDGET["instructional"]] - table[_BUDGET["administrative"]]).clip(0)
    return _stacked(table[KEYS], parts | {"rest": rest})


def posts(school: School) -> pd.DataFrame | None:
    """Give every school's full-time posts by role of the taxonomy: school_id, year, key, amount; None without any."""
    names = [f.name for f in school.fields("staff_years")] if school.has("staff_years") else []
    known = [line.key for line in lines("people") if line.key in names]
    parts = [_long_of(school.table("staff_years"), key) for key in known]
    if school.has("support_staff"):
        parts.append(_long(school.table("support_staff"), "role", "fte"))
    return pd.concat(parts) if parts else None


def _people(school: School) -> pd.DataFrame | None:
    found = posts(school)
    if found is None or not {"teachers_fte", _ADMINISTRATORS} <= set(found["key"]):
        return None
    needed = [found.loc[found["key"] == key, KEYS].drop_duplicates() for key in ("teachers_fte", _ADMINISTRATORS)]
    if school.has("support_staff"):
        needed.append(school.table("support_staff").dropna(subset=["fte"])[KEYS].drop_duplicates())
    for keys in needed:
        found = found.merge(keys, on=KEYS)
    return found


def _periods(school: School) -> pd.DataFrame | None:
    if not school.has("bells"):
        return None
    table = school.table("bells")
    return _long(table.assign(week_min=table["minutes"] * table["days_per_week"]), "kind", "week_min")


def _long(table: pd.DataFrame, key: str, amount: str) -> pd.DataFrame:
    known = table.dropna(subset=[key, amount])
    return pd.DataFrame(
        {**{k: known[k] for k in KEYS}, "key": known[key].astype(str), "amount": known[amount].astype(float)}
    )


def _long_of(table: pd.DataFrame, key: str) -> pd.DataFrame:
    return _long(table.assign(role=key), "role", key)


def _stacked(keys: pd.DataFrame, parts: dict[str, pd.Series]) -> pd.DataFrame:
    return pd.concat([keys.assign(key=key, amount=values.astype(float)) for key, values in parts.items()])


_MAKERS: dict[str, Callable[[School], pd.DataFrame | None]] = {
    "minutes": _minutes,
    "dollars": _dollars,
    "people": _people,
    "periods": _periods,
}
