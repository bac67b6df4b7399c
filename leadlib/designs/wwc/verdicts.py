"""What the lines come to: told apart from chance or not, the tier of evidence, the verdict in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from leadlib.designs.estimates import Estimate
from leadlib.designs.wwc.clusters import benjamini_hochberg
from leadlib.designs.wwc.criteria import (
    NO_COMPARISON,
    NOT,
    NOT_TOLD,
    OWN_STANDARDS,
    WITH,
    WITHOUT,
    Line,
    Study,
    rating_line,
)
from leadlib.designs.wwc.facts import fact, tiers
from leadlib.designs.wwc.findings import Given, Sized, counted_pupils, counted_sites


@dataclass(frozen=True)
class Judged:
    """One finding: its estimate, its name for readers, how it came about, how large it is."""

    estimate: Estimate
    label: str
    study: Study
    size: Sized


def together(p: list[float], q: float) -> list[tuple[bool, float]]:
    """Say of each p-value whether it is kept, and its own limit; one that is missing is not counted."""
    known = [k for k, value in enumerate(p) if 0 <= value <= 1]
    found = [(False, math.nan)] * len(p)
    if known:
        several = benjamini_hochberg([p[k] for k in known], q=q)
        for place, k in enumerate(known):
            found[k] = bool(several.kept[place]), float(several.limit[place])
    return found


def tier_of(one: Judged, given: Given, rating: str, good: bool, against: bool) -> tuple[int | None, str]:
    """Give the tier that a finding reaches, and why no higher one."""
    if rating in (NO_COMPARISON, OWN_STANDARDS, NOT_TOLD):
        return None, "Tiers 1 to 3 need a graded comparison."
    if not good:
        return None, "Tiers 1 to 3 ask for a favorable finding that is told apart from chance, and this one is not."
    if against:
        return None, f"{fact('essa_against').told()[:1].upper()}{fact('essa_against').told()[1:]}; the domain has one."
    if one.study.confounded:
        return None, "Tiers 1 to 3 need a comparison that is not confounded."
    if rating == NOT:
        return (3, f"It asks for {asks(3)}.") if _adjusts(one) else (None, "Tier 3 asks for a comparison that adjusts.")
    return _by_size(one, given, 1 if rating == WITHOUT else 2)


def _adjusts(one: Judged) -> bool:
    measured = one.study.balance
    return bool(one.estimate.evidence.adjusted) or (measured is not None and bool(measured.table["adjusted"].any()))


def _by_size(one: Judged, given: Given, best: int) -> tuple[int, str]:
    counts = (
        (counted_pupils(one.estimate.evidence, given), "pupils"),
        (counted_sites(one.estimate.evidence, given), "sites"),
    )
    need, least = fact("essa_size").value, fact("essa_sites").value
    (pupils, _), (sites, _) = counts
    if pupils is not None and sites is not None and pupils >= need and sites >= least:
        return best, f"It asks for {asks(best)}: {pupils:,} pupils, {sites:,} sites."
    have = ", ".join(f"{n:,} {w}" if n is not None else f"the number of {w} is not known" for n, w in counts)
    small = fact("essa_small").told()
    return 3, f"Tier {best} asks for at least {need} pupils and {least} sites ({have}); {small}."


def asks(tier: int) -> str:
    """Give what a tier asks."""
    return tiers()[tier - 1].asks


def chance_line(row: pd.Series, many: int, given: Given) -> Line:
    """Say whether a finding counts as told apart from chance, and against which limit."""
    p, limit = row["p"], row["limit"]
    head = "Told apart from chance"
    if math.isnan(limit):
        return Line(head, "Not known", "The design gives no p-value.", "not known", outcome=row["outcome"])
    shown = "p below 0.001" if p < 0.001 else f"p = {p:.3f}"
    verdict = "yes" if row["stands_out"] else "no"
    why = f"{fact('alpha').told()[:1].upper()}{fact('alpha').told()[1:]}."
    if many > 1:
        why = (
            f"With {many} outcomes in the domain its own limit is {limit:.3f}, and it counts if it or a larger p-value"
            " lies within its limit (Benjamini and Hochberg)."
        )
    elif given.q != fact("alpha").value:
        why = f"The limit asked for is {given.q:g}."
    if not row["stands_out"]:
        why += " That does not say that there is nothing to find."
    return Line(head, f"{verdict[:1].upper()}{verdict[1:]} ({shown})", why, "note", float(p), row["outcome"])


def told(judged: list[Judged], rows: pd.DataFrame, rating: str, tier: int | None) -> str:
    """Say the verdict, and what counted against it because it is not known."""
    why = next(rating_line(one.study).why for one, r in zip(judged, rows["rating"], strict=True) if r == rating)
    first = f"{rating}. {why}"
    if (rows["rating"] != rows["rating"].iloc[0]).any():
        first = f"The findings differ; the lowest: {first[:1].lower()}{first[1:]} ({fact('worst_finding').told()})"
    second = f"ESSA tier {tier} ({tiers()[tier - 1].name})." if tier else "It reaches none of ESSA tiers 1 to 3."
    unknown = [line.criterion.lower() for line in judged[0].study.lines if line.status == "not known"]
    against = ", and counted against it" if rating in (WITH, NOT) else ""
    counted = [name for name in unknown if name in ("attrition", "baseline equivalence")]
    third = f"\nNot known{against}: {', '.join(counted)}." if counted else ""
    return f"{first}\n{second}{third}"
