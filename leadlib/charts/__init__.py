"""Figures of results that are already computed: a chart never computes, and a result does not know its picture."""

from leadlib.charts.dots import comparison, profile, progress, resources, standing
from leadlib.charts.lines import funnel, trend

__all__ = ["comparison", "funnel", "profile", "progress", "resources", "standing", "trend"]
