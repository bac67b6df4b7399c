"""Jobs on a result that is there already: wwc.card, decide, sensitivity. Nothing else gives them in one call."""

from __future__ import annotations

from typing import Any

from tools.bench_designs.jobs import Job
from tools.bench_designs.years import DID


def estimate(d: Any) -> Any:
    """Make the estimate before the clock starts."""
    from leadlib import designs

    return designs.compare(
        d, outcome="score", group="treated", cluster="district", covariates=["prior"], baseline=["prior"],
        assignment="random",
    )  # fmt: skip


def path(d: Any) -> Any:
    """Make the event study before the clock starts."""
    from leadlib import designs

    return designs.did(d, **DID, cluster="district")


def card(found: Any) -> float:
    from leadlib import designs

    return float(designs.wwc.card(found).frame["effect_size"].iloc[0])


def decide(found: Any) -> float:
    from leadlib import designs

    return float(designs.decide(found, threshold=0.5, cost_per_pupil_usd=300.0).beats)


def sensitivity(found: Any) -> float:
    from leadlib import designs

    return float(designs.sensitivity(found).breakdown)


JOBS = (
    Job("wwc.card", "schools", card, given=estimate),
    Job("decide", "schools", decide, given=estimate),
    Job("sensitivity", "panel", sensitivity, given=path),
)
