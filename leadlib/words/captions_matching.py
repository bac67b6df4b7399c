"""What the figure of a matched comparison's balance says."""

from __future__ import annotations

from typing import Any

import pandas as pd

from leadlib.numbers import plural, show

FAR = 0.25


def balance(table: pd.DataFrame) -> tuple[str, str]:
    """Give title and alt text of the differences between the arms before and after matching."""
    by: dict[str, Any] = {
        w: part.set_index("measure")["difference_sd"] for w, part in table.groupby("when", sort=False)
    }
    before, after = by["before"], by["after"]
    far, k = int((after.abs() > FAR).sum()), len(after)
    if far:
        differ = "differs" if far == 1 else "differ"
        title = f"After matching, {far} of {plural(k, 'measure')} still {differ} by more than {FAR} SD"
    else:
        most = show(float(after.abs().max()), "sd")
        title = f"After matching, no measured difference is larger than {most} SD"
    parts = [
        f"{name}: {show(before[name], 'sd', sign=True)} before, {show(after[name], 'sd', sign=True)} after"
        for name in before.index
    ]
    return title, f"Differences between treated and comparison units in standard deviations. {'; '.join(parts)}."
