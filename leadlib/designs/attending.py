"""A gap between two groups, split into who attends which school and what differs between pupils of the same school."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.decomposed import FRAME, Parts
from leadlib.designs.estimates import Detectable, Evidence, Look, Wording, finish, interval
from leadlib.designs.frames import prepared
from leadlib.designs.options import checked_options
from leadlib.errors import refuse
from leadlib.numbers import difference_unit, lower_first, phrase, plural, show, span
from leadlib.results import Missing, Result, passes_missing

WHERE = "between_within"
LEAST = 2
NAMES = {
    "gap": "The gap",
    "between": "Goes with who attends which school",
    "within": "Lies between pupils of the same school",
}
Floats = npt.NDArray[np.float64]
Part = Literal["gap", "between", "within"]


@passes_missing
@checked_options
def between_within(
    frame: pd.DataFrame, *, level: float = 0.95, look: Look = "estimate", label: str = ""
) -> Parts | Detectable | Missing:
    """See how much of a gap goes with who attends which school, and how much lies between pupils of the same school.

    Parameters
    ----------
    frame : DataFrame
        From `measures.equity.attending`: one row a school, year and group, with school_id, group (0 or 1), n (pupils),
        value (their mean), sd (between them) and unit_of.

    Returns
    -------
    Parts, or Detectable where `look` is "power"
        `value` is the gap. Table: the gap, its part by attendance ("between") and its part inside schools ("within"),
        which add up to it. `frame`: part, kind, category, value, low, high, se, df, share, unit. `part("within")`.

    Missing data
        A school without a row for both groups is left out, and a limit says how many.

    Raises
    ------
    InputError
        Fewer than two schools with both groups, a count or spread that is not positive.

    Notes
    -----
    gap = sum_c (p1 - p0)(r1 + r0)/2 + sum_c (r1 - r0)(p1 + p0)/2: p the share of a group's pupils at school c, r its
    mean there (Kitagawa 1955, Journal of the American Statistical Association 50, 1168-1194). The schools are all there
    are; chance is which pupils sit there and how they do on the day: Var(r) = sum n sd^2 / (sum n)^2 over years, the
    variance of a part that of a weighted sum, degrees of freedom by Satterthwaite. `designs.kitagawa` takes the same
    rows, gives the same parts, and takes its errors from leaving out rows, which asks for two or more a school.
    """
    data = prepared(frame, WHERE, numbers=["value", "sd", "n"], flags=["group"], labels=["school_id"])
    rows = data.frame
    if (rows["n"] <= 1).any() or (rows["sd"] < 0).any():
        raise refuse(f"{WHERE}, n and sd", "hold a group of one pupil or a spread below zero", "leave such rows out")
    cells = _cells(rows)
    if len(cells) < LEAST:
        raise refuse(f"{WHERE}, school_id", f"has {plural(len(cells), 'school')} with both groups", "give two or more")
    about = dict(frame.attrs)
    unit_of = str(frame["unit_of"].iloc[0]) if "unit_of" in frame else "value"
    found = _parts(cells, level, difference_unit(unit_of))
    return _result(
        found, cells, rows, about, label or str(about.get("label", "The outcome")), level, look, data.limits()
    )


@passes_missing
@checked_options
def gap_part(parts: Parts, which: Part = "within") -> Result | Missing:
    """See one part of a gap alone: the whole of it, who attends which school, or what lies inside the same schools.

    Parameters
    ----------
    parts : Parts
        From `between_within`.
    which : str
        "gap", "between" or "within".

    Returns
    -------
    Result
        Table: one row, the part with its interval.

    Raises
    ------
    InputError
        Something that is not the parts of a gap.
    """
    if not isinstance(parts, Parts) or "within" not in set(parts.frame["part"]):
        raise refuse("gap_part", "is not given the parts of a gap", "give what designs.between_within returned")
    row = parts.frame[parts.frame["part"] == which].iloc[0]
    table = parts.table.iloc[[list(NAMES).index(which)]].reset_index(drop=True)
    label = str(table["measure"].iloc[0])
    between = span(row["low"], row["high"], row["unit"], sign=True)
    return Result(
        id=f"{parts.id}-{which}",
        title=f"{label}: {lower_first(NAMES[which])}",
        table=table,
        text=f"{label}: {phrase(row['value'], row['unit'], sign=True)} ({100 * parts.level:g}% interval {between}).",
        claim="compare",
        note="n: pupils of both groups.",
        interval_label=parts.interval_label,
    )


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Give one row a school: n, mean, variance of the mean and its degrees of freedom, of both groups."""
    work = rows.assign(sum=rows["n"] * rows["value"], error=rows["n"] * rows["sd"] ** 2, free=rows["n"] - 1)
    sums = work.groupby(["school_id", "group"], sort=True)[["n", "sum", "error", "free"]].sum()
    sums = sums.assign(mean=sums["sum"] / sums["n"], variance=sums["error"] / sums["n"] ** 2)
    kept = sums[["n", "mean", "variance", "free"]]
    sides = [
        kept.xs(arm, level="group").add_suffix(f"_{int(arm)}") for arm in (1.0, 0.0) if arm in kept.index.levels[1]
    ]
    return pd.concat(sides, axis=1, join="inner") if len(sides) == 2 else pd.DataFrame()


def _parts(cells: pd.DataFrame, level: float, unit: str) -> pd.DataFrame:
    n1, n0, r1, r0, v1, v0, f1, f0 = (
        cells[f"{name}_{arm}"].to_numpy(float) for name in ("n", "mean", "variance", "free") for arm in (1, 0)
    )
    p1, p0 = n1 / n1.sum(), n0 / n0.sum()
    weights: dict[str, tuple[Floats, Floats]] = {
        "gap": (p1, -p0),
        "between": ((p1 - p0) / 2, (p1 - p0) / 2),
        "within": ((p1 + p0) / 2, -(p1 + p0) / 2),
    }
    lines: list[list[Any]] = []
    for name, (a, b) in weights.items():
        value = float((a * r1 + b * r0).sum())
        parts = np.concatenate([a**2 * v1, b**2 * v0])
        free = np.concatenate([f1, f0])
        total = float(parts.sum())
        df = total**2 / float((parts**2 / free).sum()) if total > 0 else np.inf
        low, high = interval(value, total**0.5, df, level)
        lines.append([name, "gap" if name == "gap" else "part", "", value, low, high, total**0.5, df, np.nan, unit])
    out = pd.DataFrame(lines, columns=list(FRAME))
    if not out["low"].iloc[0] <= 0 <= out["high"].iloc[0]:
        out["share"] = out["value"] / out["value"].iloc[0]
    return out


def _result(
    found: pd.DataFrame, cells: pd.DataFrame, rows: pd.DataFrame, about: dict[str, Any], label: str, level: float,
    look: Look, limits: tuple[str, ...],
) -> Any:  # fmt: skip
    gap, n, unit = found.iloc[0], int(rows["n"].sum()), str(found["unit"].iloc[0])
    where = str(about.get("where", "the schools"))
    words = Wording(str(about.get("who", "the one group")), str(about.get("whom", "the other group")))
    left = int(about.get("left_out", 0))
    told = [
        f"Not in it: {plural(left, 'school')} of the same place and level, for too few pupils or for want of figures."
    ]
    more = ["Years are counted as if each had other pupils."] if about.get("years", 1) > 1 else []
    result = finish(
        id=f"{WHERE}-{about.get('measure', 'gap')}",
        title=f"{label}: the parts of the gap, {where}",
        design=WHERE,
        outcome=str(about.get("measure", label)),
        label=label,
        unit=unit,
        value=float(gap["value"]),
        se=float(gap["se"]),
        df=float(gap["df"]),
        evidence=Evidence(
            assignment="none", units=(int(cells["n_1"].sum()), int(cells["n_0"].sum())), unit_word="pupil",
            adjusted=("school",), inference_clustered=False,
        ),
        wording=words,
        asked={"group": "group", "category": "school_id"},
        claim="compare",
        level=level,
        look=look,
        rows=tuple(
            (label, NAMES[r["part"]], r["value"], r["low"], r["high"], n, unit)
            for r in found.iloc[1:].to_dict("records")
        ),
        assumptions=("Who attends which school is taken as it is; both groups’ shares and means count half each.",),
        checks=(_differ(cells, unit, len(cells)),),
        limits=(*limits, *(told if left else []), *more),
        note="n: pupils of both groups. The two parts add up to the gap.",
        frame=found,
        kind=Parts,
    )  # fmt: skip
    if isinstance(result, Detectable):
        return result
    return _with_words(result, found, unit)


def _with_words(result: Parts, found: pd.DataFrame, unit: str) -> Parts:
    between, within = (
        f"{phrase(r['value'], unit, sign=True)} ({span(r['low'], r['high'], unit, sign=True)})"
        for r in found.iloc[1:].to_dict("records")
    )
    said = (
        f"Of the gap of {phrase(result.value, unit, sign=True)}, {between} goes with who attends which school, and"
        f" {within} lies between pupils of the same school. The split describes the gap; it does not say what made it."
    )
    return replace(result, text=f"{result.text}\n{said}")


def _differ(cells: pd.DataFrame, unit: str, n: int) -> str:
    """Say by how much the schools' own gaps differ beyond chance (DerSimonian and Laird 1986)."""
    gap = (cells["mean_1"] - cells["mean_0"]).to_numpy(float)
    variance = (cells["variance_1"] + cells["variance_0"]).to_numpy(float)
    if n < 3 or not (variance > 0).all():
        return f"{plural(n, 'school')} with both groups."
    w = 1 / variance
    q = float((w * (gap - (w * gap).sum() / w.sum()) ** 2).sum())
    true = max(0.0, (q - (n - 1)) / float(w.sum() - (w**2).sum() / w.sum())) ** 0.5
    seen = show(float(gap.std(ddof=1)), unit)
    if true == 0:
        return (
            f"The gaps of the {n} schools differ (standard deviation {seen}), but no more than chance alone would give."
        )
    return (
        f"The gaps of the {n} schools differ with a standard deviation of {seen}; about {show(true, unit)} is left once"
        " chance is taken out."
    )
