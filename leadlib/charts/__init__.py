"""Figures of results that are already computed: a chart never computes, and a result does not know its picture."""

from __future__ import annotations

import importlib
from typing import Any

_NAMES = {
    "weeks": "weeklong",
    "slopes": "weeklong",
    "composition": "weeklong",
    "attrition": "attritions",
    "balance": "balances",
    "beside_published": "coachings",
    "comparison": "dots",
    "decision": "decisions",
    "decomposition": "parts",
    "discontinuity": "cutoffs",
    "evaluation": "evaluations",
    "expected_gain": "moneys",
    "dose": "coachings",
    "effects": "estimates",
    "event_study": "events",
    "forest": "forests",
    "funnel": "lines",
    "interruption": "runs",
    "ledger": "ledgers",
    "listed": "equities",
    "power_curve": "powers",
    "priorities": "plans_needs",
    "goals": "plans_goals",
    "run_chart": "plans_runs",
    "profile": "dots",
    "progress": "dots",
    "ranking": "rankings",
    "resources": "dots",
    "own_change": "rollouts",
    "rollout": "rollouts",
    "usual_weights": "rollouts",
    "wave_paths": "rollouts",
    "risk_ratios": "disparities",
    "sensitivity": "events",
    "small_studies": "forests",
    "specifications": "choices",
    "split": "equities",
    "spending_and_scores": "moneys",
    "spending_change": "moneys",
    "spending_mix": "moneys",
    "standing": "dots",
    "survey_means": "surveys",
    "synthetic": "runs",
    "trend": "lines",
    "two_groups": "equities",
}

__all__ = [*_NAMES]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"leadlib.charts.{_NAMES[name]}"), name)
    raise AttributeError(f"leadlib.charts has no {name!r}; it has: {', '.join(sorted(__all__))}")


def __dir__() -> list[str]:
    return sorted(__all__)
