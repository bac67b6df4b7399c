"""What is asked of a planned study: its settings read, checked all at once, and told in words."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, TypedDict

from leadlib.designs.power.formulas import FORMULAS, Precision
from leadlib.designs.power.yardsticks import published
from leadlib.errors import InputError, Problem, nearest
from leadlib.numbers import listing, plural

Design = Literal[
    "individual", "blocked individual", "cluster", "three-level cluster", "blocked cluster", "comparative series"
]
DESIGNS = (
    "individual",
    "blocked individual",
    "cluster",
    "three-level cluster",
    "blocked cluster",
    "comparative series",
)
GROWS = {
    "individual": "pupils",
    "blocked individual": "blocks",
    "cluster": "clusters",
    "three-level cluster": "clusters",
    "blocked cluster": "blocks",
    "comparative series": "clusters",
}
"""What is drawn at the top: the count that a design is made larger by."""
EFFECTS = {"blocked individual": ("fixed", "random", "constant"), "blocked cluster": ("fixed", "random")}
WHOLE = {"pupils", "blocks", "years_before", "years_after", "year_after"}
SIZES = {"cluster_n", "class_n", "block_n", "classes", "clusters"}
MEASURES = {
    "pupils": "pupils",
    "blocks": "blocks",
    "clusters": "schools",
    "classes": "classes in each school",
    "cluster_n": "pupils in each school",
    "class_n": "pupils in each class",
    "block_n": "pupils in each block",
}
NAMES = {
    "years_before": "years before",
    "years_after": "years after",
    "autocorrelation": "correlation of one year with the next",
    "share_treated": "share in the program",
    "icc": "share of variance between schools",
    "icc_class": "share of variance between classes",
    "icc_block": "share of variance between blocks",
    "icc_year": "share of variance from year to year",
    "effect_sd": "how far effects differ between blocks (sd)",
    "r2_pupil": "share explained among pupils",
    "r2_class": "share explained among classes",
    "r2_school": "share explained among schools",
    "r2_year": "share explained among years",
    "r2_effect": "share explained of differing effects",
}
LEAST_IN_ARM = 2


class Settings(TypedDict, total=False):
    """Everything a design may be told; which of them it takes depends on the design (see `mdes`)."""

    block_effects: Literal["fixed", "random", "constant"]
    pupils: float
    blocks: float
    block_n: Any
    clusters: Any
    cluster_n: Any
    classes: Any
    class_n: Any
    years_before: int
    years_after: int
    year_after: int | None
    trend: Literal["common", "own"]
    autocorrelation: float
    share_treated: float
    icc: float | str
    icc_class: float | str
    icc_block: float | str
    icc_year: float | str
    effect_sd: float | str
    r2_pupil: float | str
    r2_class: float | str
    r2_school: float | str
    r2_year: float | str
    r2_effect: float | str
    covariates_pupil: int
    covariates_school: int
    covariates_block: int


@dataclass(frozen=True)
class Plan:
    """A study as planned: its design, every setting as a number, and how exact that makes it."""

    design: str
    variant: str
    values: Mapping[str, Any]
    chosen: tuple[str, ...]

    def with_value(self, name: str, value: Any) -> Plan:
        """Give the same study with one setting changed."""
        return Plan(self.design, self.variant, {**self.values, name: value}, self.chosen)

    def precision(self) -> Precision:
        """Give the standard error and the degrees of freedom."""
        return FORMULAS[self.variant](**self.values)

    def problems(self, where: str) -> list[Problem]:
        """Say why the study cannot be done with these numbers: too few in an arm, no degrees of freedom, no error."""
        found = _arms(self, where)
        se, df = self.precision()
        top = MEASURES[GROWS[self.design]]
        if df < 1:
            covariates = sum(v for k, v in self.values.items() if k.startswith("covariates_"))
            less = " or fewer covariates" if covariates else ""
            less += f", with more in each (`{within}`)" if (within := _inside(self)) else ""
            found.append(
                Problem(where, f"leaves no degrees of freedom ({df:g}) to judge chance by", f"plan more {top}{less}")
            )
        elif not se > 0:
            found.append(Problem(where, "leaves nothing to chance: the standard error is zero", "check the R2 values"))
        return found


def planned(where: str, design: str, settings: Mapping[str, Any], *, free: str | None = None) -> Plan:
    """Read the settings of a design; refuse everything that is wrong with them at once.

    Parameters
    ----------
    where : str
        The function, for messages.
    design : str
        One of the designs.
    settings : mapping
        What was given.
    free : str, optional
        The count that is to be found, and so may not be given.

    Raises
    ------
    InputError
        Unknown, lacking or unusable settings; too few schools in an arm; no degrees of freedom left.
    """
    if design not in DESIGNS:
        raise InputError(Problem(f"{where}, design {design!r}", "is not one of them", nearest(design, DESIGNS)))
    given = dict(settings)
    variant, problems = _variant(where, design, given)
    takes = inspect.signature(FORMULAS[variant]).parameters
    needs = [n for n, p in takes.items() if p.default is inspect.Parameter.empty and n != free]
    problems += [_unknown(where, design, n, takes) for n in given if n not in takes]
    problems += [
        Problem(f"{where}, {n}", f"is to be found for {design!r} and cannot be given", "leave it out")
        for n in given
        if n == free
    ]
    problems += [
        Problem(f"{where}, {n}", f"is lacking: {design!r} needs {listing(needs)}", _advice(n))
        for n in needs
        if n not in given
    ]
    values = {n: p.default for n, p in takes.items() if p.default is not inspect.Parameter.empty}
    chosen = []
    for name in takes:
        if name in given and name != free:
            values[name], note, wrong = _read(where, design, name, given[name])
            problems += wrong
            chosen += [note] if note else []
    problems += [] if problems else _together(where, values)
    if free is not None:
        values[free] = 1
    plan = Plan(design, variant, values, tuple(chosen))
    if not problems and free is None:
        problems = plan.problems(where)
    if problems:
        raise InputError(problems)
    return plan


def _inside(plan: Plan) -> str:
    """Name the count whose growth gives degrees of freedom where blocks of two give none."""
    return {"blocked cluster, fixed": "clusters", "blocked individual, fixed": "block_n"}.get(plan.variant, "")


def _variant(where: str, design: str, given: dict[str, Any]) -> tuple[str, list[Problem]]:
    if design not in EFFECTS:
        return design, []
    effects = given.pop("block_effects", "fixed")
    if effects in EFFECTS[design]:
        return f"{design}, {effects}", []
    fix = nearest(effects, EFFECTS[design])
    return f"{design}, fixed", [Problem(f"{where}, block_effects {effects!r}", "is not one of them", fix)]


def _unknown(where: str, design: str, name: str, takes: Mapping[str, Any]) -> Problem:
    known = name in Settings.__annotations__
    said = f"has no meaning for {design!r}" if known else "is not a setting"
    random = name in {"effect_sd", "icc_block", "r2_effect", "covariates_block"} and design in EFFECTS
    return Problem(
        f"{where}, {name}", said, 'it belongs to block_effects="random"' if random else nearest(name, list(takes))
    )


def _advice(name: str) -> str:
    keys = [f'"{b["key"]}"' for b in published()["planning"] if b["setting"] == name]
    return f"published values can be given by name: {', '.join(keys)}" if keys else ""


def _read(where: str, design: str, name: str, value: Any) -> tuple[Any, str, list[Problem]]:
    """Give a setting as the formulas take it, a note where it was looked up or averaged, and what is wrong with it."""
    at = f"{where}, {name} {value!r}"
    if name == "trend":
        ok = value in ("common", "own")
        return value, "", [] if ok else [Problem(at, "is not one of them", nearest(value, ("common", "own")))]
    if name == "year_after" and value is None:
        return None, "", []
    if isinstance(value, str):
        return _looked_up(at, name, value)
    note = ""
    if name in SIZES and not _is_number(value):
        value, note = _harmonic(name, value)
    if not _is_number(value) or not math.isfinite(float(value)):
        return math.nan, "", [Problem(at, "is not a number", "give one finite number")]
    wrong = _outside(design, name, float(value))
    return value, note, [Problem(at, *wrong)] if wrong else []


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _looked_up(at: str, name: str, key: str) -> tuple[Any, str, list[Problem]]:
    known = {b["key"]: b for b in published()["planning"] if b["setting"] == name}
    if key not in known:
        fix = nearest(key, known) if known else "give a number"
        return math.nan, "", [Problem(at, "is no published value", fix)]
    entry = known[key]
    checked = "" if entry["verified"] else " (not checked in the source)"
    return float(entry["value"]), f"{name} {entry['value']:g}: {entry['what']}, {entry['source']}{checked}.", []


def _harmonic(name: str, value: Any) -> tuple[Any, str]:
    """Give the harmonic mean of sizes, which is what unequal groups count for when their plain means are compared."""
    try:
        sizes = [float(v) for v in value]
    except (TypeError, ValueError):
        return math.nan, ""
    if not sizes or not all(s > 0 and math.isfinite(s) for s in sizes):
        return math.nan, ""
    mean = len(sizes) / sum(1 / s for s in sizes)
    return mean, f"{name} {mean:.4g}: the harmonic mean of {len(sizes)} sizes from {min(sizes):g} to {max(sizes):g}."


def _outside(design: str, name: str, value: float) -> tuple[str, str] | None:
    if name == "share_treated":
        return None if 0 < value < 1 else ("leaves an arm empty", "give a share between 0 and 1, as 0.5")
    if name.startswith("covariates_"):
        return None if value >= 0 and value == int(value) else ("is not a count", "give a whole number, 0 for none")
    if name in WHOLE or (name == "clusters" and design != "blocked cluster"):
        return None if value >= 1 and value == int(value) else ("is not a count", "give a whole number")
    if name in SIZES:
        return None if value >= 1 else ("is less than one", "give how many there are in each group")
    if name == "effect_sd":
        return None if value >= 0 else ("is below zero", "give a standard deviation, 0 for the same effect everywhere")
    if name == "autocorrelation":
        return None if -1 < value < 1 else ("is not between -1 and 1", "give the correlation of one year with the next")
    return None if 0 <= value <= 1 else ("is not a share", "give a number from 0 to 1")


def _together(where: str, values: Mapping[str, Any]) -> list[Problem]:
    shares = [n for n in ("icc", "icc_class", "icc_block", "icc_year") if n in values]
    problems = []
    if sum(values[n] for n in shares) > 1 + 1e-12:
        problems.append(Problem(f"{where}, {' + '.join(shares)}", "is more than all variance", "let them add up to 1"))
    if values.get("trend") == "own" and values["years_before"] < 2:
        problems.append(Problem(f"{where}, years_before", "is too few for a line of its own", "give 2 years or more"))
    year, after = values.get("year_after"), values.get("years_after")
    if year is not None and after is not None and not 1 <= year <= after:
        problems.append(
            Problem(f"{where}, year_after {year}", f"is not one of the {after} years after", "count from 1")
        )
    return problems


def _arms(plan: Plan, where: str) -> list[Problem]:
    """Refuse fewer than two schools an arm: one tells nothing about how schools of its arm differ."""
    if GROWS[plan.design] not in ("clusters", "pupils"):
        return []
    top = plan.values[GROWS[plan.design]]
    treated = round(plan.values["share_treated"] * top)
    if min(treated, top - treated) >= LEAST_IN_ARM:
        return []
    word = "schools" if GROWS[plan.design] == "clusters" else "pupils"
    said = f"puts {treated} of {top:g} {word} into the program"
    return [
        Problem(where, said, f"each arm needs at least {LEAST_IN_ARM}: plan more {word} or a share nearer one half")
    ]


def measure_of(name: str, design: str) -> str:
    """Name a setting for an axis or a table: `schools`, `share of variance between schools`."""
    if name == "clusters" and design == "blocked cluster":
        return "schools in each block"
    return MEASURES.get(name) or NAMES.get(name) or name.replace("_", " ")


def sample(plan: Plan) -> str:
    """Say what is planned: `20 schools of 60 pupils each, 50% of the schools in the program`."""
    v = plan.values
    count = {n: f"{v[n]:,.0f}" if float(v[n]).is_integer() else f"{v[n]:,.1f}" for n in MEASURES if n in v}
    text = {
        "individual": "{pupils} pupils",
        "blocked individual": "{blocks} blocks of {block_n} pupils",
        "cluster": "{clusters} schools of {cluster_n} pupils",
        "three-level cluster": "{clusters} schools of {classes} classes of {class_n} pupils",
        "blocked cluster": "{blocks} blocks of {clusters} schools of {cluster_n} pupils",
        "comparative series": "{clusters} schools of {cluster_n} pupils a year",
    }[plan.design].format(**count)
    if plan.design == "comparative series":
        text += f", {plural(int(v['years_before']), 'year')} before and {plural(int(v['years_after']), 'year')} after"
    who = {"clusters": "schools", "pupils": "pupils", "blocks": "schools"}[GROWS[plan.design]]
    who = "pupils" if plan.design == "blocked individual" else who
    return f"{text}, {100 * v['share_treated']:g}% of the {who} in the program"
