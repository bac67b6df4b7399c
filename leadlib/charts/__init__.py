"""Figures of results that are already computed: a chart never computes, and a result does not know its picture."""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "attrition": "attritions",
    "balance": "balances",
    "comparison": "dots",
    "decision": "decisions",
    "decomposition": "parts",
    "discontinuity": "cutoffs",
    "evaluation": "evaluations",
    "effects": "estimates",
    "event_study": "events",
    "forest": "forests",
    "funnel": "lines",
    "interruption": "runs",
    "power_curve": "powers",
    "profile": "dots",
    "progress": "dots",
    "ranking": "rankings",
    "resources": "dots",
    "risk_ratios": "disparities",
    "sensitivity": "events",
    "small_studies": "forests",
    "specifications": "choices",
    "standing": "dots",
    "synthetic": "runs",
    "trend": "lines",
}

__all__ = [*_NAMES]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"leadlib.charts.{_NAMES[name]}"), name)
    raise AttributeError(f"leadlib.charts has no {name!r}; it has: {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted(__all__)
