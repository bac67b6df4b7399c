"""Two groups of pupils side by side at every school, on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.errors import nearest, refuse
from leadlib.measures.equity_panel import PAIRS, SECTION, SHOWN, Pair, panel, spreads
from leadlib.numbers import school_year
from leadlib.privacy import K
from leadlib.results import Missing, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

ABOUT = ["source", "measure", "label", "school_id", "school_name", "leaid", "school_level", "year"]
SIDES = ["value_group", "value_other", "sd_group", "sd_other", "n_group", "n_other"]


def pair_of(key: str) -> Pair:
    """Give a pair of groups by its short name: money, language, disability or gender."""
    if key not in PAIRS:
        raise refuse(f"pair {key!r}", "is not one of the pairs of groups", nearest(key, PAIRS))
    return PAIRS[key]


def named(measure: str, known: set[str]) -> str:
    """Give the measure meant: by its name, or the first whose name begins so ("math" is `math_score` in some packs)."""
    longer = sorted(name for name in known if name.startswith(measure)) if measure else []
    if measure in known or not longer:
        if measure not in known:
            raise refuse(f"measure {measure!r}", "has no groups of pupils in this pack", nearest(measure, known))
        return measure
    return longer[0]


@passes_missing
def both(school: School, *, pair: str = "money", k: int = K) -> pd.DataFrame | Missing:
    """See two groups side by side at every school, and how far apart they are.

    One row a school, year and measure for which both groups may be shown.

    Parameters
    ----------
    school : School
        The school; the frame holds all schools of its pack.
    pair : str
        "money" (pupils from households with little money and other pupils), "language", "disability" or "gender".
    k : int
        The fewest pupils that may stand behind a value.

    Returns
    -------
    DataFrame or Missing
        source, measure, label, school_id, school_name, leaid, school_level, year; raw_group, raw_other (in the source's
        unit, `raw_unit`); value_group, value_other (scores: standard deviations from the mean of all pupils of the pack
        in that year; shares: percent), sd_group, sd_other (same unit), n_group, n_other (pupils), gap (group minus
        other), se, unit ("sd" or "pct_points"), scale (what scores were divided by; 1 for shares).

    Missing data
        A school where one of the groups is hidden or not reported has no row: see `equity_panel.panel`. Scores whose
        spread between pupils is not given are left out.

    Notes
    -----
    Gap over SD of all pupils of the pack in that year (Glass's delta with the population's SD, so that schools are on
    one scale); se = sqrt(s1^2/n1 + s0^2/n0) / SD.
    """
    two = pair_of(pair)
    frame = panel(school, k=k)
    if isinstance(frame, Missing):
        return frame
    keys = [*ABOUT, "unit"]
    sides = []
    for name, side in ((two.group, "group"), (two.other, "other")):
        part = frame[(frame["group"] == name) & frame["value"].notna() & (frame["value__why"] == SHOWN)]
        part = part.rename(columns={"value": f"raw_{side}", "sd": f"sd_{side}", "n": f"n_{side}"})
        sides.append(part[[*keys, f"raw_{side}", f"sd_{side}", f"n_{side}"]])
    wide = sides[0].merge(sides[1], on=keys, how="inner").rename(columns={"unit": "raw_unit"})
    wide = _scaled(wide, spreads(school, k))
    if wide.empty:
        return Missing(SECTION, f"no school of this pack shows {two.who} beside {two.whom}.")
    wide.attrs = {"pair": pair, "year": school.year}
    return wide.sort_values(["source", "measure", "school_id", "year"], kind="stable").reset_index(drop=True)


def _scaled(wide: pd.DataFrame, whole: Any) -> pd.DataFrame:
    """Put scores into standard deviations of all pupils of their year; shares stay percents."""
    percent = (wide["raw_unit"] == "pct").to_numpy()
    known = whole if isinstance(whole, pd.DataFrame) else pd.DataFrame({"mean": [], "sd": []})
    at = known.reindex(pd.MultiIndex.from_frame(wide[["measure", "year"]])) if len(known) else None
    mean = np.where(percent, 0.0, np.nan if at is None else at["mean"].to_numpy(float))
    spread = np.where(percent, 1.0, np.nan if at is None else at["sd"].to_numpy(float))
    out = wide.assign(unit=np.where(percent, "pct_points", "sd"), scale=spread)
    for side in ("group", "other"):
        out[f"value_{side}"] = (out[f"raw_{side}"] - mean) / spread
        out[f"sd_{side}"] = out[f"sd_{side}"].astype(float) / spread
    out["gap"] = out["value_group"] - out["value_other"]
    out["se"] = np.sqrt(out["sd_group"] ** 2 / out["n_group"] + out["sd_other"] ** 2 / out["n_other"])
    return out[out["gap"].notna() & (out["se"] > 0)]


def hidden_here(two: Pair, school: School) -> str:
    """Say why a school shows nothing on two groups."""
    return (
        f"{school.name} shows no figure for {two.who} beside {two.whom} in {school_year(school.year)}: one of the"
        " groups has too few pupils to be shown, or no figure was reported."
    )
