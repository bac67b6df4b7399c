"""Power: what a planned study could find, how large it must be, and how that compares with earlier programs.

Used by its own name, as in `ll.designs.power.mdes(design="cluster", clusters=20, cluster_n=60, icc=0.2)`.
"""

from leadlib.designs.power.answers import mdes, power, sample_size
from leadlib.designs.power.curves import Curve, curve
from leadlib.designs.power.formulas import Precision, chance_found, multiplier
from leadlib.designs.power.planning import Inputs, from_data
from leadlib.designs.power.plans import DESIGNS
from leadlib.designs.power.telling import Planned
from leadlib.designs.power.yardsticks import Beside, benchmarks, beside

__all__ = [
    "DESIGNS",
    "Beside",
    "Curve",
    "Inputs",
    "Planned",
    "Precision",
    "benchmarks",
    "beside",
    "chance_found",
    "curve",
    "from_data",
    "mdes",
    "multiplier",
    "power",
    "sample_size",
]
