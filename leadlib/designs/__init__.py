"""Designs: from data to results with intervals; the only place that estimates.

Each design is a function: data first, then columns named by their role. `power`, `wwc` and `survey` hold several and
are used by their own name, as in `ll.designs.power.mdes`. Every part is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

_PARTS = ("coaching", "power", "survey", "wwc")
_NAMES = {
    "Estimate": "estimates",
    "Noise": "chance",
    "noise": "chance",
    "progress": "aims",
    "priorities": "ranking_needs",
    "gap_part": "attending",
    "goals": "aiming",
    "goals_each": "aiming_each",
    "school_gap": "gaps",
    "funnel": "funnels",
    "shrink": "steadying",
    "trend": "trends",
    "between_within": "attending",
    "compare": "comparing",
    "comparisons": "several",
    "decide": "decisions",
    "did": "differences",
    "doubts": "evaluating",
    "evaluate": "evaluating",
    "expected": "expecting",
    "menu": "offers",
    "more_of_it": "steps",
    "same_age": "rollouts",
    "weigh": "steps",
    "graded": "steps",
    "planned": "steps",
    "usual": "rollouts",
    "freeze": "steps",
    "departures": "steps",
    "by_wave": "rollouts",
    "disproportion": "disproportions",
    "growth": "levels",
    "kitagawa": "decomposing",
    "looks": "several",
    "matched": "matching",
    "meta": "pooling",
    "money_slope": "money_slopes",
    "multilevel": "levels",
    "oaxaca": "decomposing",
    "rd": "cutoffs",
    "sensitivity": "differences",
    "series": "interrupted",
    "specifications": "choices",
    "staggered": "differences",
    "steadied": "small_units",
    "synthetic": "donors",
    "value_added": "levels",
    "ways": "evaluating",
    "within": "slopes",
}

__all__ = [*_PARTS, *_NAMES]


def __getattr__(name: str) -> Any:
    if name in _PARTS:
        return importlib.import_module(f"leadlib.designs.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"leadlib.designs.{_NAMES[name]}"), name)
    raise AttributeError(f"leadlib.designs has no {name!r}; it has: {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted(__all__)
