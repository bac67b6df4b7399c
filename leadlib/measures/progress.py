"""What the school was asked to reach: its targets, and what the source says about meeting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.results import Missing, passes_missing

if TYPE_CHECKING:
    from leadlib.tables import School

SECTION = "Progress against the target"
COLUMNS = ("school_id", "year", "measure", "growth_target", "source_says")


@passes_missing
def targets(school: School) -> pd.DataFrame | Missing:
    """See which growth the school was asked for, year by year, and whether the source says it was reached.

    One row a year and measure of this school. Columns: school_id, year, measure, growth_target (in the measure's
    unit; NaN where none was set), source_says (each yes-or-no field of the source with its answer, in words).

    Returns
    -------
    DataFrame or Missing
        Missing where the pack has no targets, or none for this school.

    Notes
    -----
    The growth the source reports is left aside: `designs.progress` takes it from the coded panel.
    """
    if not school.has("targets"):
        return Missing(SECTION, "this pack holds no targets.")
    table = school.table("targets")
    own = table[table["school_id"] == school.school_id].sort_values(["measure", "year"], kind="stable")
    if own.empty:
        return Missing(SECTION, "the pack holds no target for this school.")
    said = [f for f in school.fields("targets") if f.type == "boolean"]
    rows = [
        (r["school_id"], int(r["year"]), r["measure"], float(r.get("growth_target", np.nan)), _said(r, said))
        for r in own.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _said(row: dict[Any, Any], fields: list[Any]) -> str:
    answers = [(f.title, row.get(f.name)) for f in fields]
    return "; ".join(
        f"{title}: {'yes' if bool(a) else 'no'}" for title, a in answers if isinstance(a, (bool, np.bool_))
    )
