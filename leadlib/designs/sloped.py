"""What slopes say: a row an exposure, words that go no further than "goes with", and what they rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from leadlib.designs.estimates import (
    Detectable,
    Estimate,
    Evidence,
    Look,
    Wording,
    detectable,
    finish,
    interval,
    p_value,
)
from leadlib.designs.frames import Prepared
from leadlib.designs.slope_fits import Effects, Rows, Slope
from leadlib.designs.wwc import benjamini_hochberg
from leadlib.numbers import difference_unit, listing, lower_first, phrase, plural, show, span
from leadlib.results import RESULT_COLUMNS

GROUPS = {
    "both": "Within {unit}s, over years",
    "time": "Between {unit}s, same year",
    "none": "Between {unit}s and years",
}
_HOW = {
    "both": "This compares the same {unit}s in years with more and with less of it",
    "time": "This compares {unit}s with more and with less of it in the same year",
    "none": "This compares {unit}s and years with more and with less of it",
}


@dataclass(frozen=True, repr=False)
class Slopes(Estimate):
    """Slopes of an outcome on one or several exposures; `value` and its like are those of the first.

    `frame` has one row an exposure: exposure, measure, value, low, high, se, df, p, p_adjusted, kept (whether it still
    stands out when it counts how many were looked at), raw, raw_low, raw_high (before the correction), reliability,
    used (share of its variation that effects and covariates leave).
    """

    effects: str = "both"


@dataclass(frozen=True)
class Asked:
    """What was asked: the columns by their role, and the names that readers see."""

    outcome: str
    of: tuple[str, ...]
    unit: str
    time: str
    covariates: tuple[str, ...]
    cluster: str | None
    effects: Effects
    labels: Mapping[str, str]
    unit_word: str

    def name(self, exposure: str) -> str:
        """Give a column's name for readers."""
        return str(self.labels.get(exposure, exposure))


def slope_frame(fitted: Sequence[Slope], asked: Asked, level: float) -> pd.DataFrame:
    """Give one row an exposure: its slope with interval and p-values, before and after the correction."""
    rows = []
    for c, s in zip(asked.of, fitted, strict=True):
        low, high = interval(s.value, s.se, s.df, level)
        raw_low, raw_high = interval(s.raw, s.raw_se, s.df, level)
        rows.append(
            {"exposure": c, "measure": asked.name(c), "value": s.value, "low": low, "high": high, "se": s.se,
             "df": s.df, "p": p_value(s.value, s.se, s.df), "raw": s.raw, "raw_low": raw_low, "raw_high": raw_high,
             "reliability": s.reliability, "used": s.used}
        )  # fmt: skip
    found = pd.DataFrame(rows)
    several = benjamini_hochberg(found["p"].to_numpy(), q=1 - level)
    return found.assign(p_adjusted=several.adjusted, kept=several.kept)


def sloped(
    asked: Asked,
    data: Prepared,
    rows: Rows,
    found: pd.DataFrame,
    given: Mapping[str, Any],
    level: float,
    look: Look,
    label: str,
    unit_of: str,
    sd: float | None,
) -> Slopes | Detectable:
    """Make the result, or what the comparison could find where `look` is "power"."""
    unit, n = difference_unit(unit_of), int(rows.unit.max()) + 1
    limits = _limits(asked, data)
    spread = float(rows.y.std(ddof=1)) if sd is None else sd
    if look == "power":
        return _power(asked, found, label, unit, n, limits, level, spread)
    head = found.iloc[0]
    group = GROUPS[asked.effects].format(unit=asked.unit_word)
    made: Slopes = finish(
        id=f"within-{asked.outcome}-{asked.effects}",
        title=f"What goes with more of it: {lower_first(label)}",
        design="within",
        outcome=asked.outcome,
        label=label,
        unit=unit,
        value=float(head["value"]),
        se=float(head["se"]),
        df=float(head["df"]),
        evidence=Evidence(assignment="none", units=(n, 0), unit_word=asked.unit_word),
        wording=Wording("more of it", "less of it"),
        asked=_repeat(asked) | dict(given),
        sd=spread,
        sd_of=f"{asked.unit_word}s and years" if sd is None else "given",
        claim="compare",
        level=level,
        assumptions=_assumptions(asked),
        checks=_checks(found, asked),
        limits=limits,
        note=f"n counts {asked.unit_word}s; there are {len(rows.y):,} rows, one a {asked.unit_word} and year.",
        frame=found,
        kind=Slopes,
        effects=asked.effects,
    )
    table = [(r["measure"], group, r["value"], r["low"], r["high"], n, unit) for r in found.to_dict("records")]
    return replace(
        made, table=pd.DataFrame(table, columns=list(RESULT_COLUMNS)), text=_told(asked, found, label, unit, level)
    )


def _told(asked: Asked, found: pd.DataFrame, label: str, unit: str, level: float) -> str:
    """Say of each exposure what goes with more of it, or that the data do not tell; then what that leaves open."""
    said = []
    for r in found.to_dict("records"):
        between = f"{100 * level:g}% interval {span(r['low'], r['high'], unit, sign=True)}"
        if r["low"] <= 0 <= r["high"]:
            told = f"the data do not tell whether {lower_first(label)} is higher or lower with it"
            said.append(f"{r['measure']}: {told} ({phrase(r['value'], unit, sign=True)}, {between}).")
        else:
            side = "higher" if r["value"] > 0 else "lower"
            said.append(f"{r['measure']}: {lower_first(label)} is {phrase(abs(r['value']), unit)} {side} ({between}).")
    said.append(f"{_HOW[asked.effects].format(unit=asked.unit_word)}. It does not say what made the difference.")
    if ((found["low"] <= 0) & (found["high"] >= 0)).any():
        said.append("That the data do not tell a slope from zero is no sign that there is none.")
    if len(found) > 1:
        said.append(_several(found, level))
    return "\n".join(said)


def _several(found: pd.DataFrame, level: float) -> str:
    kept = [lower_first(str(m)) for m in found.loc[found["kept"], "measure"]]
    start = f"{plural(len(found), 'slope')} were looked at together, and one may stand out by chance."
    rule = f"Once that is counted (Benjamini and Hochberg, {100 * (1 - level):.0f}%)"
    return f"{start} {rule}, {'none stands out' if not kept else 'what still stands out: ' + '; '.join(kept)}."


def _limits(asked: Asked, data: Prepared) -> tuple[str, ...]:
    lacking = tuple(w for w in data.without if not w.endswith("there."))
    named = tuple(lower_first(asked.name(c)).split(", ")[0] for c in lacking)
    missing = replace(data, without=named).limits()
    lone = tuple(w for w in data.without if w.endswith("there."))
    if asked.effects == "both":
        open_ = "Whatever else changed in the same years, such as who leads, is not held constant."
    else:
        open_ = (
            f"Whatever else sets {asked.unit_word}s apart, such as need that is not in the columns, is in the slope."
        )
    return (open_, *missing, *lone)


def _assumptions(asked: Asked) -> tuple[str, ...]:
    named = [lower_first(asked.name(c)) for c in asked.covariates]
    held = f", with {listing(named)} held constant" if named else ""
    return (f"One more of it goes with the same difference everywhere{held}.",)


def _checks(found: pd.DataFrame, asked: Asked) -> tuple[str, ...]:
    used = "; ".join(f"{lower_first(r['measure'])} {show(r['used'], 'ratio')}" for r in found.to_dict("records"))
    first = f"Of what varies in the table, the comparison uses this share: {used}."
    measured = found[found["reliability"] < 1]
    if measured.empty:
        return (first,)
    real = "; ".join(
        f"{lower_first(r['measure'])} {show(r['reliability'], 'ratio')}" for r in measured.to_dict("records")
    )
    return (
        first,
        "The slopes are corrected for error in what was measured. Of the variation the comparison uses, this share is"
        f" taken as real: {real}. The rest would pull a slope toward zero.",
    )


def _repeat(asked: Asked) -> dict[str, Any]:
    return {
        "of": list(asked.of),
        "unit": asked.unit,
        "time": asked.time,
        "covariates": list(asked.covariates),
        "cluster": asked.cluster,
        "effects": asked.effects,
    }


def _power(
    asked: Asked, found: pd.DataFrame, label: str, unit: str, n: int, limits: tuple[str, ...], level: float, sd: float
) -> Detectable:
    """Say which slopes such a comparison finds four times in five, and nothing of what it found."""
    least = [detectable(r["se"], r["df"], level) for r in found.to_dict("records")]
    nan = math.nan
    rows = [
        (m, "Smallest slope found four times in five", x, nan, nan, n, unit)
        for m, x in zip(found["measure"], least, strict=True)
    ]
    parts = [f"{lower_first(m)}, {phrase(x, unit)}" for m, x in zip(found["measure"], least, strict=True)]
    return Detectable(
        id=f"within-{asked.outcome}-power",
        title="What this comparison could find, before its slopes are looked at",
        table=pd.DataFrame(rows, columns=list(RESULT_COLUMNS)),
        text=f"{label}: differences of this size or more are found four times in five: {'; '.join(parts)}.",
        claim="describe",
        assumptions=_assumptions(asked),
        limits=limits,
        note="The standard errors behind it are the comparison's own; the slopes were not shown.",
        mdes=least[0],
        mdes_sd=least[0] / sd,
    )
