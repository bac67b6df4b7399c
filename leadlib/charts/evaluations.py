"""The picture that belongs to an estimate's design."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from leadlib.blocks import Figure
from leadlib.results import quiet_about_missing

if TYPE_CHECKING:
    from leadlib.designs.estimates import Estimate

_PICTURES = {
    "did": ("events", "event_study"),
    "staggered": ("events", "event_study"),
    "series": ("runs", "interruption"),
    "synthetic": ("runs", "synthetic"),
    "rd": ("cutoffs", "discontinuity"),
}


@quiet_about_missing
def evaluation(result: Estimate) -> Figure:
    """See an estimate as its design shows it: by year for differences, a jump at a cut, a line and what it left.

    Parameters
    ----------
    result
        What `designs.evaluate` or any design gives; a design without a picture of its own is drawn as a dot with its
        interval.
    """
    module, name = _PICTURES.get(result.design, ("estimates", "effects"))
    figure: Figure = getattr(importlib.import_module(f"leadlib.charts.{module}"), name)(result)
    return figure
