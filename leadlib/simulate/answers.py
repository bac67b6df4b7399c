"""What was planted in a district, and what that came to in this one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from leadlib.simulate.coaching import RUBRIC_POINTS
from leadlib.simulate.district import District
from leadlib.simulate.outcomes import new_test
from leadlib.simulate.planted import FIRST_YEAR, FULL_DOSE_MIN, planted, rows

COLUMNS = ["question", "parameter", "value", "unit", "acts_on", "recover", "naive", "case", "source"]


def frame(made: District) -> pd.DataFrame:
    """List what is planted: one row a parameter, then what it came to in this district."""
    found = [*rows(), *_fixed(made), *_policy(made), *_coaching(made), *_boundary(made)]
    return pd.DataFrame(found, columns=COLUMNS).fillna({"recover": "", "naive": "", "source": ""})


def _row(
    parameter: str, value: float, unit: str, acts_on: str, question: str, case: str, recover: str = ""
) -> dict[str, Any]:
    about = {"question": question, "parameter": parameter, "value": round(float(value), 6), "unit": unit}
    return about | {"acts_on": acts_on, "recover": recover, "naive": "", "case": case, "source": "this district"}


def _fixed(made: District) -> list[dict[str, Any]]:
    w, lives = made.world, "Which schools closed, merged or opened?"
    found = [
        _row("full_dose", FULL_DOSE_MIN, "minutes a year", "coaching_cycles", "What is a full dose of coaching?", "08"),
        _row("rubric_points", RUBRIC_POINTS, "points of the rubric per SD of true instruction",
             "observations.rubric_score", "What is a point of the rubric?", "08"),
    ]  # fmt: skip
    if new_test(w.years) < w.years:
        year = FIRST_YEAR + new_test(w.years)
        found.append(
            _row("new_test", year, "first fall of the new test", "outcomes", "When did the test change?", "07")
        )
    for school in np.flatnonzero(~w.always).tolist():
        opened = np.flatnonzero(w.open[school])
        what = "opened" if opened[0] > 0 else "closed"
        year = FIRST_YEAR + int(opened[0] if opened[0] > 0 else opened[-1])
        found.append(_row(f"school_{what}", year, "first fall" if what == "opened" else "last fall",
                          f"school {w.school_id[school]}", lives, "16"))  # fmt: skip
    return found


def _policy(made: District) -> list[dict[str, Any]]:
    """Give the policy's true effect by wave and year, and its mean over treated schools' years."""
    p, w, found = planted(), made.world, []
    sums, count = 0.0, 0
    for wave in (1, 2, 3):
        inside = made.programs.wave == wave
        if not inside.any():
            continue
        start = int(made.programs.start["literacy-block"][inside][0])
        for year in range(start, w.years):
            effect = p["policy_step"] * min(year - start + 1, 4) * p[f"policy_wave_{wave}"]
            sums, count = sums + effect * inside.sum(), count + int(inside.sum())
            found.append(_row(f"policy_att_{FIRST_YEAR + start}_{FIRST_YEAR + year}", effect, "pupil SD",
                              f"reading, schools that began in {FIRST_YEAR + start}, year {FIRST_YEAR + year}",
                              "Did the literacy policy raise reading?", "07", "Group-time average."))  # fmt: skip
    if count:
        found.append(_row("policy_att", sums / count, "pupil SD", "reading, mean over treated schools' years",
                          "Did the literacy policy raise reading?", "07", "Mean of the group-time ones."))  # fmt: skip
    return found


def _coaching(made: District) -> list[dict[str, Any]]:
    hidden, found = made.hidden["school_years"], []
    on = hidden[hidden["dose"] > 0]
    for year, part in on.groupby("year"):
        words = "Does coaching raise achievement?", "08", "Difference in differences against schools not yet coached."
        found.append(_row(f"coaching_att_{year}", part["effect_coaching"].mean(), "pupil SD",
                          f"mathematics and reading, schools coached in {year}", *words))  # fmt: skip
        found.append(_row(f"coaching_scale_{year}", part["scale"].mean(), "factor", f"coaching in {year}", *words))
    return found


def dissimilarity(counts: np.ndarray, group: int = 0) -> float:
    """Give the index of dissimilarity of one group against all others over schools (rows) and groups (columns)."""
    own, rest = counts[:, group], counts.sum(axis=1) - counts[:, group]
    return float(0.5 * np.abs(own / own.sum() - rest / rest.sum()).sum())


def _boundary(made: District) -> list[dict[str, Any]]:
    w = made.world
    if w.boundary_year >= w.years:
        return []
    inside = (w.level == 0) & w.always
    found = []
    for name, year in (("before", w.boundary_year - 1), ("after", w.boundary_year)):
        expected = w.race[inside, year] * w.size[inside, w.boundary_year][:, None]
        found.append(_row(f"boundary_dissimilarity_{name}", dissimilarity(expected), "index from 0 to 1",
                          "enrollment: White and all other pupils, primary schools open in all years; expected counts",
                          "What did the boundary change do?", "16", "Dissimilarity of the counts, less what chance"
                          " gives."))  # fmt: skip
    found.append(_row("boundary_change", FIRST_YEAR + w.boundary_year, "first fall", "program boundary-change",
                      "What did the boundary change do?", "16"))  # fmt: skip
    return found
