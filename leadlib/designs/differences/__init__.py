"""Differences in differences: two groups, staggered starts, and what is left if trends were not parallel."""

from leadlib.designs.differences.events import EventStudy, GroupTime
from leadlib.designs.differences.honest import Sensitivity, sensitivity
from leadlib.designs.differences.two_groups import did
from leadlib.designs.differences.waves import staggered

__all__ = ["EventStudy", "GroupTime", "Sensitivity", "did", "sensitivity", "staggered"]
