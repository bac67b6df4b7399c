"""Designs: from a panel of outcomes to results with intervals, one module a design; the only place that estimates."""

from leadlib.designs.aims import progress
from leadlib.designs.chance import Noise, noise
from leadlib.designs.comparing import compare
from leadlib.designs.funnels import funnel
from leadlib.designs.steadying import shrink
from leadlib.designs.trends import trend

__all__ = ["Noise", "compare", "funnel", "noise", "progress", "shrink", "trend"]
