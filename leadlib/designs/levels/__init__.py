"""Pupils in classes in schools: programs, growth and units' contributions, with what lies between and within.

`sums` holds all that a likelihood needs of the data, `likelihood` works it out, `engines` finds the best fit and
refuses one that is not, `fitting` turns it into coefficients, variances and errors; the other modules are the
designs.
"""

from __future__ import annotations

from leadlib.designs.levels.contributions import ValueAdded, value_added
from leadlib.designs.levels.programs import Multilevel, multilevel
from leadlib.designs.levels.slopes import growth

__all__ = ["Multilevel", "ValueAdded", "growth", "multilevel", "value_added"]
