"""Disproportionality: how often something happens to one group beside all others, by the federal rule."""

from leadlib.designs.disproportions.ratios import Disproportion, disproportion

__all__ = ["Disproportion", "disproportion"]
