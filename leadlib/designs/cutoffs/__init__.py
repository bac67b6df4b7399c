"""Regression discontinuity: what a rule with a cutoff on a score lets one say about those near it."""

from leadlib.designs.cutoffs.density import Density, density_jump
from leadlib.designs.cutoffs.design import Cutoff, rd

__all__ = ["Cutoff", "Density", "density_jump", "rd"]
