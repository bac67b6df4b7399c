"""Names of schools that are nowhere: plants, waters and landforms, no person's name."""

from __future__ import annotations

import numpy as np

_FIRST = (
    "Alder Amber Aspen Birch Bramble Bright Clover Copper Coral Cypress Dogwood Elder Fern Foxglove Golden Granite "
    "Green Hawthorn High Juniper Larch Linden Little Long Maple Meadow Mossy Mulberry North "
    "Oak Pebble Pine Poplar Quiet Red Sage Sandy Silver South Spruce Stony Sumac Sunny Sweetgum Sycamore "
    "Tall Thistle Upper Walnut West White Willow Yarrow"
)
_SECOND = (
    "Bank Bay Bend Bluff Bridge Brook Cliff Cove Creek Crossing Dale Delta Falls Field Flat Ford Gate Glen Grove Hill "
    "Hollow Island Knoll Lake Landing Marsh Mill Orchard Pass Pond Prairie Ridge River Rock Run Shore Spring Terrace "
    "Trail Valley View Wood"
)
FIRST, SECOND = _FIRST.split(), _SECOND.split()
KIND = {"Primary": "Elementary", "Middle": "Middle", "High": "High", "Other": "School"}


def school_names(levels: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Name each school; a name stands once, with a number behind it where the words run out."""
    pairs = len(FIRST) * len(SECOND)
    order = np.concatenate([rng.permutation(pairs) for _ in range(len(levels) // pairs + 1)])[: len(levels)]
    names = []
    for place, (pair, level) in enumerate(zip(order.tolist(), levels.tolist(), strict=True)):
        again = f" No. {place // pairs + 1}" if place >= pairs else ""
        kind = KIND[level] if level == "Other" else f"{KIND[level]} School"
        names.append(f"{FIRST[pair // len(SECOND)]} {SECOND[pair % len(SECOND)]} {kind}{again}")
    return names
