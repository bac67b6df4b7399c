"""The rows of a program's study by role: at which level the program was given, and whether there is enough of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.frames import Prepared, prepared
from leadlib.designs.levels import shared
from leadlib.designs.levels.fitting import columns
from leadlib.designs.levels.sums import Floats, Ints, codes
from leadlib.errors import nearest, refuse
from leadlib.numbers import plural

WHERE = "multilevel"
Center = Literal["grand", "cluster"]


@dataclass(frozen=True)
class Study:
    """The rows by role, and the level at which the program was given."""

    frame: pd.DataFrame
    outcome: str
    treated: Floats
    cluster: Ints
    within: Ints | None
    words: tuple[str, str, str]
    level: str

    @property
    def assigned(self) -> Ints | None:
        """The groups that share the program; None where pupils have it."""
        return {"cluster": self.cluster, "within": self.within}.get(self.level)


def study_of(
    frame: Any,
    outcome: str,
    treated: str,
    cluster: str,
    within: str | None,
    covariates: Sequence[str],
    slope: str | None,
    words: tuple[str, str, str],
) -> tuple[Prepared, Study]:
    """Give the rows kept and the study; refuse what is lacking, by name."""
    given = shared.as_list(covariates)
    roles = {"outcome": outcome, "treated": treated, "cluster": cluster, "within": within, "covariates": given}
    shared.refuse_twice(WHERE, roles)
    if slope is not None and slope not in (*given, treated):
        raise refuse(f"{WHERE}, slope {slope!r}", "is no covariate", nearest(slope, [*given, treated]))
    labels = [cluster] if within is None else [cluster, within]
    kept = prepared(frame, WHERE, numbers=[outcome, *given], flags=[treated], labels=labels)
    if len(kept.frame) < 3:
        raise refuse(
            WHERE, f"{plural(len(kept.frame), 'row')} with values", "the design needs pupils in several clusters"
        )
    rows = kept.frame
    t = rows[treated].to_numpy(dtype=float)
    shared.need_arms(WHERE, t, words[2])
    group = codes(rows[cluster])
    inner = None if within is None else shared.nested(group, rows[within])
    shared.need_within(WHERE, group, words[0], words[2])
    if inner is not None:
        shared.need_within(WHERE, inner, words[1], words[2])
        if int(inner.max()) == int(group.max()):
            raise refuse(WHERE, f"every {words[0]} has one {words[1]}", "leave out within: the two levels are one")
    level = "cluster" if shared.constant_within(t, group) else "unit"
    if level == "unit" and inner is not None and shared.constant_within(t, inner):
        level = "within"
    study = Study(rows, outcome, t, group, inner, words, level)
    _refuse_few(study, slope == treated)
    return kept, study


def _refuse_few(study: Study, varies: bool) -> None:
    """Refuse fewer groups than the interval was found to hold for."""
    if study.level == "cluster":
        if varies:
            raise refuse(f"{WHERE}, slope", "is given to whole clusters", "its coefficient cannot differ between them")
        arms = study.treated[shared.firsts(study.cluster)]
        shared.need_arms(WHERE, arms, study.words[0], shared.LEAST_ARM)
        return
    if study.level == "within" and study.within is not None:
        shared.need_arms(WHERE, study.treated[shared.firsts(study.within)], study.words[1], shared.LEAST_ARM)
    clusters = int(study.cluster.max()) + 1
    if clusters < 2 * shared.LEAST_ARM and (varies or study.level == "within"):
        raise refuse(WHERE, plural(clusters, study.words[0]), f"the design needs at least {2 * shared.LEAST_ARM}")
    if clusters < 2:
        raise refuse(WHERE, f"has one {study.words[0]}", "the design needs several")


def fixed_part(
    study: Study, treated: str, covariates: Sequence[str], center: Center | None, slope: str | None
) -> tuple[tuple[str, ...], Floats]:
    """Give the fixed part's columns: constant, program, covariates as they are centered."""
    names, parts = ["constant", treated], [study.treated]
    count = np.bincount(study.cluster)
    for name in shared.as_list(covariates):
        values = study.frame[name].to_numpy(dtype=float)
        if center == "cluster" and not shared.constant_within(values, study.cluster):
            mean = (np.bincount(study.cluster, values) / count)[study.cluster]
            names += [name, f"{name}, {study.words[0]} mean"]
            parts += [values - mean, mean]
        else:
            names += [name]
            parts += [values - values.mean() if center == "grand" else values]
    if slope is not None and shared.constant_within(parts[names.index(slope) - 1], study.cluster):
        raise refuse(f"{WHERE}, slope {slope!r}", "does not vary within any cluster", "leave it out")
    return tuple(names), columns(*parts)
