"""Estimates graded against the standards of the What Works Clearinghouse: effect sizes, attrition, baseline, one card.

Used by its own name, as in `ll.designs.wwc.card(estimate)`. Every fact of the standards stands in a JSON file here with
its source; one whose source was not seen is told with that remark.
"""

from leadlib.designs.wwc.balance import Baseline, baseline
from leadlib.designs.wwc.cards import Card, card
from leadlib.designs.wwc.clusters import (
    Corrected,
    Several,
    benjamini_hochberg,
    cluster_correction,
    cluster_df,
    cluster_g,
    cluster_gamma,
)
from leadlib.designs.wwc.criteria import Line
from leadlib.designs.wwc.facts import Fact, Tier, fact, facts, tiers
from leadlib.designs.wwc.losses import Attrition, allowed_difference, attrition, curve
from leadlib.designs.wwc.sizes import (
    EffectSize,
    cox_index,
    did_effect,
    equivalence,
    hedges_g,
    improvement_index,
    omega,
)

__all__ = [
    "Attrition",
    "Baseline",
    "Card",
    "Corrected",
    "EffectSize",
    "Fact",
    "Line",
    "Several",
    "Tier",
    "allowed_difference",
    "attrition",
    "baseline",
    "benjamini_hochberg",
    "card",
    "cluster_correction",
    "cluster_df",
    "cluster_g",
    "cluster_gamma",
    "cox_index",
    "curve",
    "did_effect",
    "equivalence",
    "fact",
    "facts",
    "hedges_g",
    "improvement_index",
    "omega",
    "tiers",
]
