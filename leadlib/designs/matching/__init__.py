"""Matching: what like units did without the program, and how alike they were."""

from leadlib.designs.matching.balances import balance, e_value, e_values
from leadlib.designs.matching.design import Matched, matched

__all__ = ["Matched", "balance", "e_value", "e_values", "matched"]
