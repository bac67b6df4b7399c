"""What is said of a matched comparison: how alike the arms are, who was left out, and how far it reaches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from leadlib.designs.matching.balances import AFTER, BEFORE, CLOSE, FAR
from leadlib.designs.matching.sets import Floats, Sets
from leadlib.numbers import listing, plural, show

Bools = npt.NDArray[np.bool_]


def checks(table: pd.DataFrame, strength: tuple[float, float] | None) -> tuple[str, ...]:
    """Say how alike the arms were before and after, and what an unmeasured difference would have to be."""
    by = {when: table[table["when"] == when] for when in (BEFORE, AFTER)}
    most = {when: float(part["difference_sd"].abs().max()) for when, part in by.items()}
    gaps = by[AFTER]["difference_sd"].abs()
    said = [
        f"Largest difference between the arms on a covariate: {show(most[BEFORE], 'sd')} standard deviations before"
        f" matching, {show(most[AFTER], 'sd')} after; after matching {int((gaps <= CLOSE).sum())} of {len(gaps)} lie"
        f" within {CLOSE:.2f} and {int((gaps > FAR).sum())} beyond {FAR:.2f}.",
    ]
    ratios = by[AFTER]["variance_ratio"].dropna()
    if len(ratios):
        said.append(
            f"Ratios of the arms' variances after matching: {ratios.min():.2f} to {ratios.max():.2f} (alike: 1)."
        )
    if strength is not None:
        said.append(
            "Something unmeasured would have to go with both treatment and outcome by a risk ratio of"
            f" {strength[0]:.1f} each to make the whole difference, and of {strength[1]:.1f} to bring the interval to"
            " zero (E-value; 1.0: zero lies inside already)."
        )
    return tuple(said)


def limits(
    x: Floats, treated: Bools, names: tuple[str, ...], sets: Sets, apart: list[str], word: str
) -> tuple[str, ...]:
    """Say whom the estimate leaves out, and what weakens it."""
    said = ["Matching makes units alike on what was measured; it cannot do so on what was not."]
    lost = treated & ~sets.kept
    if lost.any():
        said.append(_lost(x, treated, names, sets, lost, word))
    if apart:
        said.append(
            f"The arms still differ by more than {FAR:.2f} standard deviations on {listing(apart)}: too far for an"
            " estimate of what the program did."
        )
    return tuple(said)


def _lost(x: Floats, treated: Bools, names: tuple[str, ...], sets: Sets, lost: Bools, word: str) -> str:
    """Say who found nobody like them, by the covariate on which they differ most from those who did."""
    kept = treated & sets.kept
    spread = x.std(axis=0)
    gap = np.divide(x[lost].mean(axis=0) - x[kept].mean(axis=0), spread, out=np.zeros(len(spread)), where=spread > 0)
    k = int(np.argmax(np.abs(gap)))
    return (
        f"{int(lost.sum())} of {int(treated.sum())} treated {word}s had nobody like them and were left out"
        f" (mean {names[k]} {show(float(x[lost, k].mean()), 'value')}, of those matched"
        f" {show(float(x[kept, k].mean()), 'value')}): the estimate speaks for the"
        f" {plural(int(kept.sum()), 'matched one')} only."
    )
