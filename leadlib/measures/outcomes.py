"""Every school's outcomes in one frame, coded for privacy, with the number of pupils behind each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from leadlib.numbers import school_year
from leadlib.privacy import K, code_extremes
from leadlib.results import Missing, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "Outcomes"
COLUMNS = [
    "school_id",
    "year",
    "measure",
    "label",
    "unit",
    "value",
    "value__why",
    "sd",
    "size",
    "size_basis",
    "comparable",
    "value_low",
    "value_high",
    "grade",
    "leaid",
    "school_level",
    "width",
]
TESTED, ENROLLED = "pupils tested", "pupils enrolled"


@passes_missing
def panel(school: School, *, k: int = K) -> pd.DataFrame | Missing:
    """See every school's results, year by year, as far as they may be shown.

    One row a school, year and measure (all pupils together), sorted by measure, school and year. Nothing computed from
    this frame can give away what it hides.

    Parameters
    ----------
    school : School
        The school of the report; the frame holds all schools of its pack, and `attrs["year"]` is its year.
    k : int
        The fewest pupils that may stand behind a value.

    Returns
    -------
    DataFrame or Missing
        school_id, year (fall), measure, label, unit; value (in the unit), value__why (reported, between, range,
        suppressed or not_reported); sd (between pupils, where the source gives it); size and size_basis (which count it
        is, in words); comparable (whether years are on one scale); value_low and value_high (ends of the scale); grade;
        leaid and school_level of the school; width (of the range, where the source gives a range alone, else 0).

    Notes
    -----
    A value of fewer than k tested pupils is suppressed; where the number tested is unknown, of fewer than k enrolled.
    Where the source gives a range alone, `value` is its middle and `value__why` says between; what is computed from it
    counts the `width` in. Percents near 0 and 100 are coded by the number of pupils (`privacy.code_extremes`), at 95
    and 5 where that is unknown. `size` is the pupils tested, else those of the school's nearest year, else the pupils
    enrolled (same or nearest year). Several grades of one year are pooled, weighted by pupils tested.
    """
    if not (school.has("outcomes") and school.has("measures")):
        return Missing(SECTION, "this pack holds no outcomes.")
    raw = school.table("outcomes")
    frame = _one_row_each(raw[raw["group"] == "All"])
    if frame.empty or not frame["value"].notna().any():
        return Missing(SECTION, "this pack holds no outcome for all pupils of a school.")
    frame = _sized(frame, school)
    frame = _protected(frame.merge(_measures(school), on="measure", how="left"), k)
    schools = school.table("schools")
    about = [c for c in ("school_id", "leaid", "school_level") if c in schools]
    frame = frame.merge(schools[about].drop_duplicates("school_id"), on="school_id", how="left")
    frame = frame.reindex(columns=COLUMNS).sort_values(["measure", "school_id", "year"], kind="stable")
    frame = frame.reset_index(drop=True)
    frame.attrs["year"] = school.year
    return frame


def _measures(school: School) -> pd.DataFrame:
    table = school.table("measures").rename(columns={"comparable_over_years": "comparable"})
    wanted = ["measure", "label", "unit", "value_low", "value_high", "comparable"]
    table = table.reindex(columns=wanted)
    return table.assign(comparable=table["comparable"].fillna(False).astype(bool))


def _one_row_each(raw: pd.DataFrame) -> pd.DataFrame:
    """Give one row a school, year and measure: the row of all grades, or the grades pooled."""
    keys = ["school_id", "year", "measure"]
    frame = _ranged(raw).rename(columns={"value_sd": "sd"})
    frame = frame.reindex(columns=[*keys, "grade", "value", "sd", "tested_n", "width"])
    many = frame.duplicated(keys, keep=False)
    if not many.any():
        return frame
    whole = frame[many & (frame["grade"] == "All")]
    rest = frame[many].merge(whole[keys], on=keys, how="left", indicator=True)
    parts = rest[rest["_merge"] == "left_only"].drop(columns="_merge")
    pooled = [_pooled(key, part) for key, part in parts.groupby(keys, sort=True)]
    found = [frame[~many], whole, *([pd.DataFrame(pooled, columns=frame.columns)] if pooled else [])]
    return pd.concat(found, ignore_index=True).astype(frame.dtypes.to_dict())


def _ranged(raw: pd.DataFrame) -> pd.DataFrame:
    """Put the middle in place of a value of which the source gives the range alone; `width` keeps how wide that is."""
    ends = raw.reindex(columns=["value_low", "value_high"]).astype(float)
    only = raw["value"].isna() & ends.notna().all(axis=1)
    width = (ends["value_high"] - ends["value_low"]).where(only, 0.0)
    return raw.assign(value=raw["value"].astype(float).where(~only, ends.mean(axis=1)), width=width)


def _pooled(key: tuple, part: pd.DataFrame) -> tuple:
    known = part.dropna(subset=["value"]).sort_values("grade")
    n = known["tested_n"].to_numpy(float)
    weight = n if len(n) and np.isfinite(n).all() and n.sum() > 0 else np.ones(len(known))
    if not len(known):
        return (*key, "", np.nan, np.nan, np.nan, 0.0)
    value = float(np.average(known["value"], weights=weight))
    spread = float(np.average(known["sd"] ** 2 + (known["value"] - value) ** 2, weights=weight)) ** 0.5
    width = float(np.average(known["width"], weights=weight))
    return (*key, "+".join(known["grade"].astype(str)), value, spread, float(n.sum()), width)


def _sized(frame: pd.DataFrame, school: School) -> pd.DataFrame:
    """Add size and size_basis, and the pupils enrolled in the same year."""
    tested = frame[["school_id", "measure", "year", "tested_n"]].rename(columns={"tested_n": "n"})
    frame = frame.assign(enrolled=np.nan)
    size = frame["tested_n"].astype(float).copy()
    basis = pd.Series(np.where(size.notna(), TESTED, ""), index=frame.index, dtype=object)
    size, basis = _from_nearest(frame, size, basis, tested, ["school_id", "measure"], TESTED)
    name = (
        next((f.name for f in school.fields("school_years") if f.role == "size"), None)
        if (school.has("school_years"))
        else None
    )
    if name:
        table = school.table("school_years")
        counts = table[["school_id", "year", name]].rename(columns={name: "n"}).drop_duplicates(["school_id", "year"])
        frame["enrolled"] = frame[["school_id", "year"]].merge(counts, how="left")["n"].to_numpy(float)
        same = size.isna() & frame["enrolled"].notna()
        size, basis = size.where(~same, frame["enrolled"]), basis.mask(same, ENROLLED)
        size, basis = _from_nearest(frame, size, basis, counts, ["school_id"], ENROLLED)
    return frame.assign(size=size.where(size > 0), size_basis=basis.where(size > 0, ""))


def _from_nearest(
    frame: pd.DataFrame, size: pd.Series, basis: pd.Series, counts: pd.DataFrame, by: list[str], words: str
) -> tuple[pd.Series, pd.Series]:
    """Fill sizes from the same school's nearest year, the earlier of two."""
    gaps = frame.loc[size.isna(), [*by, "year"]].assign(row=lambda f: f.index)
    offers = counts[counts["n"] > 0].rename(columns={"year": "then"})
    found = gaps.merge(offers, on=by)
    if found.empty:
        return size, basis
    found = found.assign(far=(found["then"] - found["year"]).abs()).sort_values(["row", "far", "then"], kind="stable")
    best = found.drop_duplicates("row").set_index("row")
    size.loc[best.index] = best["n"].astype(float)
    names = {int(y): f"{words} in {school_year(int(y))}" for y in sorted(best["then"].unique())}
    basis.loc[best.index] = best["then"].map(names)
    return size, basis


def _protected(frame: pd.DataFrame, k: int) -> pd.DataFrame:
    """Suppress what too few pupils stand behind and code the extremes of percents."""
    behind = frame["tested_n"].astype(float).fillna(frame["enrolled"])
    hidden = ((behind < k) | (frame["size"] < k)) & frame["value"].notna()
    why = pd.Series(np.where(frame["value"].isna(), "not_reported", "reported"), index=frame.index, dtype=object)
    # All enrolled bound those tested from above, so they can only make the coding wider than 95 and 5.
    pupils = frame["tested_n"].astype(float).fillna(frame["enrolled"].clip(upper=99))
    coded, how = code_extremes(frame["value"], pupils)
    percent = frame["unit"] == "pct"
    value = frame["value"].astype(float).where(~percent, coded)
    at_limit = percent & (how == "range")
    why = why.mask(frame["width"] > 0, "between").mask(at_limit, "range").mask(hidden, "suppressed")
    few = hidden | (frame["size"] < k)
    return frame.assign(
        value=value.mask(hidden),
        value__why=why,
        sd=frame["sd"].astype(float).mask(hidden),
        width=frame["width"].mask(hidden | at_limit, 0.0),
        size=frame["size"].mask(few),
        size_basis=frame["size_basis"].mask(few, ""),
    )
