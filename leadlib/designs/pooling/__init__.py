"""Meta-analysis: the average of several studies, its spread, and what a new school could expect."""

from leadlib.designs.pooling.pooled import Pooling, meta

__all__ = ["Pooling", "meta"]
