"""Measures: from a pack's tables to what a leader looks at, one module for each thing; frame in, frame out."""

from leadlib.measures import context, outcomes, programs, progress, resources, similar

__all__ = ["context", "outcomes", "programs", "progress", "resources", "similar"]
