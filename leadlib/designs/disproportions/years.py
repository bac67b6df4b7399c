"""Years running above a threshold, and whether a ratio has been falling: what the federal rule asks before it names."""

from __future__ import annotations

import numpy as np
import pandas as pd


def with_years(frame: pd.DataFrame, threshold: float | None, years: int, progress: float | None) -> pd.DataFrame:
    """Add `above` (over the threshold), `running` (years in a row up to this one), `falling` and `status`.

    A year without a ratio, or missing from the table, ends a run. `falling`: lower than the year before in each of the
    two last years, by at least `progress`.
    """
    out = frame.sort_values(["unit", "group", "time"], kind="stable").reset_index(drop=True)
    ratio = out["ratio"].to_numpy(float)
    above = np.isfinite(ratio) & (ratio > (np.inf if threshold is None else threshold))
    same = np.zeros(len(out), bool)
    if len(out) > 1:
        codes = pd.factorize(pd.MultiIndex.from_frame(out[["unit", "group"]]))[0]
        same[1:] = (codes[1:] == codes[:-1]) & (np.diff(out["time"].to_numpy(float)) == 1)
    running = np.zeros(len(out), dtype=int)
    for k in range(len(out)):
        running[k] = (running[k - 1] + 1 if same[k] else 1) if above[k] else 0
    drop = np.r_[np.nan, ratio[:-1] - ratio[1:]] if len(out) else np.array([])
    fell = same & (np.nan_to_num(drop, nan=-1.0) >= max(progress or 0.0, 1e-12))
    falling = fell & np.r_[False, fell[:-1]] if len(out) else fell
    out["above"], out["running"], out["falling"] = above, running, falling
    long = running >= years
    out["status"] = np.select(
        [
            out["reason"] != "",
            np.full(len(out), threshold is None),
            long & falling & (progress is not None),
            long,
            above,
        ],
        ["not computed", "", "above, making progress", f"above {years} years running", "above"],
        default="not above",
    )
    return out
